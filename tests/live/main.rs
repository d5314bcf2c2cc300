//! gavel against real Asterisk servers. `tests/run` prepares them and says where they are.
//!
//! Each story is a function of the version; each starts a server of its own, so that they run side by side.
#![allow(clippy::disallowed_methods, reason = "these tests watch real servers by the real clock")]
#![allow(clippy::expect_used, reason = "a test may fail")]

#[path = "../support/asterisk.rs"]
mod asterisk;
#[path = "../support/backend.rs"]
mod backend;
#[cfg(feature = "matrix")]
#[path = "../support/community.rs"]
mod community;
#[path = "../support/control.rs"]
mod control;
#[path = "../support/gavel.rs"]
mod gavel;
#[cfg(feature = "discord")]
#[path = "../support/guild.rs"]
mod guild;
#[path = "../support/machine.rs"]
mod machine;
#[path = "../support/proxy.rs"]
mod proxy;
#[path = "../support/sim.rs"]
mod sim;
#[path = "../support/tls.rs"]
mod tls;
#[path = "../support/words.rs"]
mod words;

mod console;
mod core;
#[cfg(feature = "discord")]
mod discord;
mod link;
mod load;
#[cfg(feature = "matrix")]
mod matrix;
#[cfg(feature = "discord")]
mod memory;
mod people;
mod room;
mod server;
mod table;

use std::time::{Duration, Instant};

/// Asks again and again until there is an answer. For what can't be waited for otherwise.
#[track_caller]
fn until<T>(patience: Duration, what: &str, mut ask: impl FnMut() -> Option<T>) -> T {
    let deadline = Instant::now() + patience;
    loop {
        if let Some(answer) = ask() {
            return answer;
        }
        assert!(Instant::now() < deadline, "not within {patience:?}: {what}");
        std::thread::sleep(Duration::from_millis(10));
    }
}

/// Makes each story a test on each phone system named: `group::asterisk_22::module::story`.
macro_rules! stories {
    ($group:ident on [$($backend:ident)*] $stories:tt) => {
        mod $group {
            $(mod $backend {
                stories!(@modules $backend $stories);
            })*
        }
    };
    (@modules $backend:ident { $($module:ident $stories:tt)* }) => {
        $(mod $module {
            stories!(@tests $backend $module $stories);
        })*
    };
    (@tests $backend:ident $module:ident { $($(#[$attribute:meta])* $story:ident),* $(,)? }) => {
        $(#[test]
        $(#[$attribute])*
        fn $story() {
            crate::$module::$story(crate::backend::Backend::named(stringify!($backend)));
        })*
    };
}

stories! {
    everywhere on [asterisk_22 asterisk_16 meetme_22 sim_22 sim_16 sim_11 sim_meetme_22 sim_meetme_11] {
        console {
            #[ignore = "long"]
            asterisk_is_killed_for_20_s,
            asterisk_is_killed_mid_conference,
            check_says_what_the_user_may_do,
            commands_from_a_pipe,
            hostile_names,
            #[ignore = "long"]
            link_is_cut_for_20_s,
            link_is_cut_while_callers_move,
            numbers_outlive_gavel,
            two_hundred_join,
        }
        link {
            a_user_with_too_few_rights,
            a_wrong_secret,
            asterisk_is_killed_and_all_call_again,
            #[ignore = "long"]
            asterisk_is_killed_for_20_s,
            asterisk_is_stopped_and_started,
            #[ignore = "long"]
            link_falls_silent,
            link_is_cut_before_the_answer,
            #[ignore = "long"]
            link_is_cut_for_20_s,
            link_is_cut_while_callers_move,
            link_is_cut_within_a_frame,
            login_without_the_secret_on_the_wire,
        }
        load {
            all_leave_while_lists_run,
            two_hundred_are_muted,
            two_hundred_join,
        }
        people {
            hostile_names,
            join_talk_and_leave,
            kick,
            kick_of_one_who_just_left,
            lock_refuses_a_caller,
            mute_all_with_late_joiners,
            mute_and_unmute,
            redirect_between_lobby_and_room,
        }
        room {
            mutes_themselves_by_phone,
            topic_and_note_reach_the_dialplan,
        }
        server { starts_and_takes_calls, returns_after_its_death, proxy_cuts_within_a_packet }
    }
}

// The machine's manager interface has no certificate; TLS is the same code in every Asterisk.
stories! {
    with_tls on [asterisk_22 asterisk_16 sim_22 sim_16 sim_11 sim_meetme_22 sim_meetme_11] {
        link { tls_with_an_authority_of_its_own }
    }
}

// MeetMe has no limit that a dialplan can set, and its mutes go by number, not by the beginning of a name.
stories! {
    confbridge on [asterisk_22 asterisk_16 sim_22 sim_16 sim_11] {
        people { a_name_that_begins_another }
        room { full_room_refuses_a_caller }
    }
}

// MeetMe and Asterisk 11 tell nobody who waits or whether the conference is recorded.
stories! {
    confbridge_tells on [asterisk_22 asterisk_16 sim_22 sim_16] {
        room { records_itself, waits_for_a_marked_user }
    }
}

// Words are the same everywhere; one of each kind shows it.
stories! {
    of_each_kind on [asterisk_22 meetme_22 sim_22 sim_meetme_11] {
        table { every_command_for_every_role }
    }
}

#[cfg(feature = "discord")]
stories! {
    on_discord on [asterisk_22 meetme_22 sim_22 sim_meetme_11] {
        discord {
            a_lost_link_calls_who_is_on_duty,
            buttons_ask_once,
            every_command_for_every_role,
            the_crew_moderates,
        }
    }
}

// With a real homeserver; `tests/run` names these groups by themselves.
#[cfg(feature = "matrix")]
stories! {
    on_matrix on [asterisk_22 sim_22] {
        matrix {
            #[ignore = "long"]
            every_command_for_every_role,
            reactions_and_replies,
            some_commands_for_some_roles,
            the_crew_moderates,
        }
    }
}

#[cfg(feature = "matrix")]
stories! {
    on_matrix_alone on [sim_22] {
        matrix {
            #[ignore = "long"]
            command_to_act,
            commands_while_gavel_was_away,
            fifty_join_with_default_limits,
            forged_commands_change_nothing,
            forged_reactions_change_nothing,
            its_state_is_lost,
            killed_at_5_points,
            #[ignore = "long"]
            killed_at_50_points,
            thirty_commands_at_once,
            thirty_commands_at_once_with_default_limits,
        }
    }
}

#[cfg(all(feature = "discord", feature = "matrix"))]
stories! {
    on_matrix_and_discord on [sim_22] {
        matrix {
            homeserver_is_away_for_10_s,
            #[ignore = "long"]
            homeserver_is_away_for_60_s,
            one_crew_on_three_networks,
            two_networks_race,
        }
    }
}

#[cfg(feature = "discord")]
stories! {
    in_little_memory on [sim_22] {
        memory { a_busy_evening_on_discord }
    }
}

// ConfBridge has neither numbers nor requests to talk.
stories! {
    meetme on [meetme_22 sim_meetme_22 sim_meetme_11] {
        people { numbers_are_given_again }
        room { the_muted_ask_to_talk }
    }
}
