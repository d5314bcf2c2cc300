//! gavel against real Asterisk servers. `tests/run` prepares them and says where they are.
//!
//! Each story is a function of the version; each starts a server of its own, so that they run side by side.
#![allow(clippy::disallowed_methods, reason = "these tests watch real servers by the real clock")]
#![allow(clippy::expect_used, reason = "a test may fail")]

#[path = "../support/asterisk.rs"]
mod asterisk;
#[path = "../support/control.rs"]
mod control;
#[path = "../support/gavel.rs"]
mod gavel;
#[path = "../support/proxy.rs"]
mod proxy;

mod console;
mod core;
mod link;
mod load;
mod people;
mod room;
mod server;

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

/// Makes each story a test on each version: `asterisk_22::module::story`.
macro_rules! stories {
    ($($module:ident { $($(#[$attribute:meta])* $story:ident),* $(,)? })*) => {
        stories!(@on asterisk_22 V22 $($module { $($(#[$attribute])* $story),* })*);
        stories!(@on asterisk_16 V16 $($module { $($(#[$attribute])* $story),* })*);
    };
    (@on $name:ident $version:ident $($module:ident { $($(#[$attribute:meta])* $story:ident),* })*) => {
        mod $name {
            $(mod $module {
                $(#[test]
                $(#[$attribute])*
                fn $story() {
                    crate::$module::$story(crate::asterisk::Version::$version);
                })*
            })*
        }
    };
}

stories! {
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
        tls_with_an_authority_of_its_own,
    }
    load {
        all_leave_while_lists_run,
        two_hundred_are_muted,
        two_hundred_join,
    }
    people {
        a_name_that_begins_another,
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
        full_room_refuses_a_caller,
        mutes_themselves_by_phone,
        records_itself,
        topic_and_note_reach_the_dialplan,
        waits_for_a_marked_user,
    }
    server { starts_and_takes_calls, returns_after_its_death, proxy_cuts_within_a_packet }
}
