//! What stands below a card: buttons alone, the same few in the same order, so that a thumb finds them again.
//!
//! What a press means is the desk's business. Here it is only drawn from the state that the board shows.

use crate::{Board, Control, CrewView, Freshness, Press, Style};

/// The verb that opens the panel: a select of callers, for the presser alone.
pub const MANAGE: &str = "manage";
/// The verb that draws the card again. A network may answer it by itself: the place may see its board anyway.
pub const REFRESH: &str = "refresh";
/// Stands before a command's words where a button may ask before it acts: `ask mute all`.
pub const ASK: &str = "ask ";

/// What can be pressed below the card of this board.
pub fn controls(board: &Board) -> Vec<Control> {
    match board {
        Board::Crew(view) if !matches!(view.fresh, Freshness::Never { .. }) => crew(view),
        Board::Crew(_) | Board::Public(_) => vec![button("Refresh", REFRESH.to_owned(), 0, 0)],
    }
}

fn crew(view: &CrewView) -> Vec<Control> {
    let mute = if view.mute_all.is_some() { ("Unmute all", "unmute all") } else { ("Mute all", "mute all") };
    let door = if view.locked { ("Unlock", "unlock") } else { ("Lock", "lock") };
    let asked = |words: &str| format!("{ASK}{words}");
    [
        ("Manage", MANAGE.to_owned()),
        (mute.0, asked(mute.1)),
        (door.0, asked(door.1)),
        ("Refresh", REFRESH.to_owned()),
    ]
    .into_iter()
    .map(|(label, verb)| button(label, verb, view.show, view.version))
    .collect()
}

fn button(label: &str, verb: String, show: u32, version: u32) -> Control {
    let press = Press { verb, show, number: None, version };
    Control::Button { label: label.to_owned(), style: Style::Plain, press }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::Done;
    use crate::testing::{crew_view, public_view};

    fn drawn(board: &Board) -> Vec<(String, String, u32, u32)> {
        let drawn = controls(board).into_iter().map(|control| match control {
            Control::Button { label, press, .. } => (label, press.verb, press.show, press.version),
            Control::Select { .. } => panic!("phones lose a choice on a message that is edited"),
        });
        drawn.collect()
    }

    fn labels(view: CrewView) -> Vec<(String, String)> {
        drawn(&Board::Crew(Arc::new(view))).into_iter().map(|(label, verb, ..)| (label, verb)).collect()
    }

    fn pairs<const N: usize>(pairs: [(&str, &str); N]) -> Vec<(String, String)> {
        pairs.map(|(label, verb)| (label.to_owned(), verb.to_owned())).to_vec()
    }

    #[test]
    fn the_crew_s_buttons_follow_the_state() {
        let still = [("Manage", "manage"), ("Mute all", "ask mute all"), ("Lock", "ask lock")];
        let [manage, mute, lock] = still;
        let refresh = ("Refresh", "refresh");
        assert_eq!(labels(crew_view("x")), pairs([manage, mute, lock, refresh]));
        let done = Some(Done { at: 0, by: None });
        let view = CrewView { locked: true, mute_all: done, ..crew_view("x") };
        let (unmute, unlock) = (("Unmute all", "ask unmute all"), ("Unlock", "ask unlock"));
        assert_eq!(labels(view), pairs([manage, unmute, unlock, refresh]));
        let view = CrewView { fresh: Freshness::Never { since: 1 }, ..crew_view("x") };
        assert_eq!(labels(view), pairs([refresh]), "nothing is known that could be acted on");
    }

    #[test]
    fn the_public_may_look_alone() {
        let board = Board::Public(Arc::new(public_view("x")));
        assert_eq!(drawn(&board), [("Refresh".to_owned(), "refresh".to_owned(), 0, 0)]);
    }

    #[test]
    fn they_carry_what_they_were_drawn_from() {
        let board = Board::Crew(Arc::new(CrewView { show: 6, version: 9, ..crew_view("x") }));
        assert!(drawn(&board).iter().all(|(_, _, show, version)| (*show, *version) == (6, 9)));
    }
}
