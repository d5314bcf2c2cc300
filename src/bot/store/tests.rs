//! The store from outside: what comes back, what is left alone, what goes on when the disk does not.

use std::fs;
use std::time::Duration;

use gavel_ami::Now;
use gavel_ami::model::{
    By, CallId, Caller, LedgerRow, Note, PhoneNumber, RoomName, Since, Stage, Tech, Topic, What, Wish,
};
use proptest::prelude::*;
use tempfile::TempDir;

use super::*;

const DAY: u64 = 86_400_000;
const START: u64 = 1_790_000_000_000;

fn state(folder: &TempDir) -> State {
    State { path: folder.path().join("gavel.db"), keep_callers: Duration::from_secs(7 * 86_400) }
}

fn clock_at(wall: u64) -> Clock {
    Clock::new(move || Now { wall, ..Clock::system().now() })
}

fn opened(state: &State) -> Opened {
    open(state, clock_at(START)).unwrap()
}

fn server() -> ServerName {
    ServerName::new("main")
}

fn room() -> RoomName {
    RoomName::new("thursday")
}

fn call(n: u32) -> CallId {
    CallId { server: server(), uniqueid: format!("1790000000.{n}").into() }
}

fn by() -> By {
    By { who: "Sam".into(), place: "console".into(), rank: 2 }
}

fn order(id: u64) -> Order {
    let wish = Wish::Mute { call: call(1), on: true };
    Order { id: OrderId(id), by: by(), wish, reason: Some("noise".into()), epoch: 3 }
}

fn entry(seq: u64, what: What) -> Arc<Entry> {
    let caller = Caller {
        name: Some("Marta Example".into()),
        phone: PhoneNumber::new("+441135550117"),
        tech: Tech::Sip,
        crew: false,
    };
    Arc::new(Entry {
        seq,
        at: START,
        epoch: 3,
        room: Some(room()),
        call: Some(call(1)),
        number: Some(4),
        what,
        by: None,
        resync: false,
        caller: Some(Arc::new(caller)),
    })
}

fn joined(seq: u64) -> Arc<Entry> {
    entry(seq, What::Joined { muted: false, waiting: false, count: 1 })
}

fn rows() -> Vec<LedgerRow> {
    let note = Note { text: "the night bus".into(), by: by(), at: START };
    let topic = Topic { text: "buses".into(), by: by(), at: START };
    vec![
        LedgerRow::Startup { mark: "2026-11-23 16:00:00".into() },
        LedgerRow::Show { room: room(), show: 2, began: START, highest: 4, empty_since: None },
        LedgerRow::Number { room: room(), call: call(1), number: 4, joined: START },
        LedgerRow::Topic { room: room(), topic: Some(topic) },
        LedgerRow::Note { room: room(), call: call(1), note: Some(note) },
        LedgerRow::MuteAll { room: room(), standing: Some(Since { at: START, by: Some(by()) }) },
        LedgerRow::MutedByAll { room: room(), call: call(1), on: true },
    ]
}

/// Everything that a store can hold, in the file, closed.
async fn filled(state: &State) {
    let store = opened(state).store;
    for row in rows() {
        store.ledger(&server(), LedgerFeed::Row(row)).await;
    }
    store.entry(&server(), &joined(1));
    store.intend(&server(), &order(7), START).await.unwrap();
    store.intend(&server(), &order(8), START).await.unwrap();
    let settled = What::Order { order: Box::new(order(7)), stage: Stage::Settled(Outcome::Done) };
    store.entry(&server(), &entry(2, settled));
    store.card(&PlaceId::new("console"), &Key::Roster, Some(&MessageRef::new("m1")));
    store.card(&PlaceId::new("console"), &Key::Answer(1), Some(&MessageRef::new("m2")));
    store.card(&PlaceId::new("console"), &Key::Answer(1), None);
    store.close().await;
}

fn assert_filled(mut opened: Opened) {
    let restored = opened.restored(&server());
    assert_eq!((restored.seq, restored.epoch), (2, 3));
    assert_eq!(restored.rows, rows());
    assert_eq!(restored.orders, [order(8)]);
    assert_eq!(opened.next_order, OrderId(9));
    assert_eq!(opened.cards, [(PlaceId::new("console"), Key::Roster, MessageRef::new("m1"))]);
    assert_eq!(opened.restored(&ServerName::new("other")), Restored::default());
}

/// Waits until the health is as `wanted` says.
async fn until(store: &Store, wanted: impl FnMut(&StoreHealth) -> bool) -> StoreHealth {
    let mut health = store.health();
    let seen = tokio::time::timeout(Duration::from_secs(20), health.wait_for(wanted)).await;
    seen.expect("health did not change").unwrap().clone()
}

fn failing_as(kind: TroubleKind) -> impl FnMut(&StoreHealth) -> bool {
    move |health| matches!(health, StoreHealth::Failing { trouble, .. } if trouble.kind == kind)
}

fn is_good(health: &StoreHealth) -> bool {
    matches!(health, StoreHealth::Good { .. })
}

fn off(opened: &Opened) -> Trouble {
    match &*opened.store.health().borrow() {
        StoreHealth::Off { trouble } => trouble.clone(),
        other => panic!("{other:?}"),
    }
}

/// Runs something on the thread's own connection.
async fn with_connection(store: &Store, act: impl FnOnce(&Connection) + Send + 'static) {
    assert!(store.messages.send(Message::Do(Box::new(act))).await.is_ok());
}

fn count(state: &State, sql: &str) -> i64 {
    Connection::open(&state.path).unwrap().query_row(sql, [], |row| row.get(0)).unwrap()
}

#[tokio::test]
async fn what_was_written_comes_back() {
    let folder = TempDir::new().unwrap();
    filled(&state(&folder)).await;
    assert_filled(opened(&state(&folder)));
}

#[tokio::test]
async fn a_whole_ledger_replaces_what_was_there() {
    let folder = TempDir::new().unwrap();
    filled(&state(&folder)).await;
    let store = opened(&state(&folder)).store;
    let whole = vec![LedgerRow::Show { room: room(), show: 1, began: 1, highest: 1, empty_since: Some(2) }];
    store.ledger(&server(), LedgerFeed::Whole(whole.clone())).await;
    store.close().await;
    assert_eq!(opened(&state(&folder)).restored(&server()).rows, whole);
}

#[tokio::test]
async fn the_journal_and_the_file_hold_no_whole_number() {
    let folder = TempDir::new().unwrap();
    filled(&state(&folder)).await;
    let person = "SELECT count(*) FROM people WHERE name = 'Marta Example' AND ends = '17'";
    assert_eq!(count(&state(&folder), person), 1);
    assert_eq!(count(&state(&folder), "SELECT count(*) FROM journal WHERE entry LIKE '%Marta%'"), 0);
    let file = fs::read(state(&folder).path).unwrap();
    assert!(!contains(&file, b"5550117") && contains(&file, b"Marta"));
}

#[tokio::test]
async fn a_number_for_a_name_is_no_name() {
    let folder = TempDir::new().unwrap();
    let store = opened(&state(&folder)).store;
    let mut spoken = Arc::unwrap_or_clone(joined(1));
    let caller = spoken.caller.take().unwrap();
    let caller =
        Caller { name: Some("0113 555 0142".into()), phone: PhoneNumber::new(""), ..(*caller).clone() };
    spoken.caller = Some(Arc::new(caller));
    store.entry(&server(), &Arc::new(spoken));
    store.close().await;
    assert_eq!(count(&state(&folder), "SELECT count(*) FROM people WHERE name IS NULL AND ends = '42'"), 1);
}

#[tokio::test]
async fn retention_leaves_no_trace_of_a_person() {
    let folder = TempDir::new().unwrap();
    filled(&state(&folder)).await;
    open(&state(&folder), clock_at(START + 6 * DAY)).unwrap().store.close().await;
    assert_eq!(count(&state(&folder), "SELECT count(*) FROM people"), 1);
    open(&state(&folder), clock_at(START + 8 * DAY)).unwrap().store.close().await;
    assert_eq!(count(&state(&folder), "SELECT count(*) FROM people"), 0);
    assert_eq!(count(&state(&folder), "SELECT count(*) FROM journal"), 2);
    assert_eq!(count(&state(&folder), "SELECT count(*) FROM intents"), 1);
    assert!(!contains(&fs::read(state(&folder).path).unwrap(), b"Marta"));
    assert_eq!(opened(&state(&folder)).next_order, OrderId(9));
}

#[tokio::test]
async fn an_intent_outlives_a_gavel_that_was_killed() {
    let folder = TempDir::new().unwrap();
    let store = opened(&state(&folder)).store;
    store.intend(&server(), &order(1), START).await.unwrap();
    // Killed: the files are what they are at this moment.
    let copy = TempDir::new().unwrap();
    for name in ["gavel.db", "gavel.db-wal"] {
        fs::copy(folder.path().join(name), copy.path().join(name)).unwrap();
    }
    let mut after = opened(&state(&copy));
    assert_eq!(after.restored(&server()).orders, [order(1)]);
    assert_eq!(after.next_order, OrderId(2));
}

#[tokio::test]
async fn an_intent_is_written_even_if_nobody_waits() {
    let folder = TempDir::new().unwrap();
    let store = opened(&state(&folder)).store;
    drop(store.intend(&server(), &order(1), START));
    store.settle(OrderId(1), &Outcome::Gone, START);
    drop(store.intend(&server(), &order(2), START));
    store.close().await;
    assert_eq!(opened(&state(&folder)).restored(&server()).orders, [order(2)]);
}

#[tokio::test]
#[cfg(unix)]
async fn only_one_gavel() {
    let folder = TempDir::new().unwrap();
    let first = opened(&state(&folder));
    let second = open(&state(&folder), Clock::system()).unwrap_err();
    assert!(matches!(&second, OpenError::Held(path) if path.ends_with("gavel.db")));
    let other = State { path: folder.path().join("other.db"), ..state(&folder) };
    std::os::unix::fs::symlink(state(&folder).path, &other.path).unwrap();
    assert!(
        matches!(open(&other, Clock::system()), Err(OpenError::Held(_))),
        "another name for the same file"
    );
    first.store.close().await;
    assert!(open(&state(&folder), Clock::system()).is_ok());
}

#[tokio::test]
#[cfg(unix)]
async fn the_files_are_for_our_user_alone() {
    use std::os::unix::fs::PermissionsExt;
    let folder = TempDir::new().unwrap();
    let _open = opened(&state(&folder));
    for file in fs::read_dir(folder.path()).unwrap() {
        let file = file.unwrap();
        assert_eq!(file.metadata().unwrap().permissions().mode() & 0o077, 0, "{file:?}");
    }
}

#[tokio::test]
async fn a_folder_that_cant_be_written_stops_nothing() {
    let folder = TempDir::new().unwrap();
    fs::write(folder.path().join("file"), "").unwrap();
    for path in ["file/gavel.db", "absent/gavel.db"] {
        let state = State { path: folder.path().join(path), ..state(&folder) };
        let opened = opened(&state);
        let trouble = off(&opened);
        assert_eq!(trouble.kind, TroubleKind::Unopened);
        assert!(trouble.to_string().contains("make sure that its folder exists"), "{trouble}");
        assert_eq!(opened.next_order, OrderId(1));
        let store = opened.store;
        for seq in 0..10_000 {
            store.ledger(&server(), LedgerFeed::Row(rows().remove(2))).await;
            store.entry(&server(), &joined(seq));
        }
        assert_eq!(store.intend(&server(), &order(1), START).await, Err(NotDurable));
        store.close().await;
    }
}

/// Breaks the connection with `breaking`, says what must be told, mends it, and expects nothing to be lost.
async fn breaks_and_comes_back(breaking: &'static str, mending: &'static str, kind: TroubleKind) {
    let folder = TempDir::new().unwrap();
    let store = opened(&state(&folder)).store;
    store.intend(&server(), &order(1), START).await.unwrap();
    with_connection(&store, move |connection| connection.execute_batch(breaking).unwrap()).await;
    for seq in 1..=300 {
        store.entry(&server(), &joined(seq));
    }
    for row in rows() {
        store.ledger(&server(), LedgerFeed::Row(row)).await;
    }
    store.card(&PlaceId::new("console"), &Key::Roster, Some(&MessageRef::new("m1")));
    until(&store, failing_as(kind)).await;
    assert_eq!(store.intend(&server(), &order(2), START).await, Err(NotDurable));
    store.settle(OrderId(1), &Outcome::Done, START);
    with_connection(&store, move |connection| connection.execute_batch(mending).unwrap()).await;
    assert_eq!(until(&store, is_good).await, StoreHealth::Good { missed: 0 });
    store.close().await;
    assert_eq!(count(&state(&folder), "SELECT count(*) FROM journal"), 300);
    let mut after = opened(&state(&folder));
    let restored = after.restored(&server());
    assert_eq!((restored.seq, restored.rows, restored.orders), (300, rows(), vec![]));
    assert_eq!(after.cards.len(), 1);
}

#[tokio::test]
async fn a_full_disk_that_gets_room_again() {
    // SQLite's own limit answers as a full disk does; 1 means: no more pages than there are.
    let (full, room) = ("PRAGMA max_page_count = 1", "PRAGMA max_page_count = 1000000");
    breaks_and_comes_back(full, room, TroubleKind::Full).await;
}

#[tokio::test]
async fn a_disk_that_is_read_only_for_a_while() {
    let (closed, open) = ("PRAGMA query_only = 1", "PRAGMA query_only = 0");
    breaks_and_comes_back(closed, open, TroubleKind::ReadOnly).await;
}

#[tokio::test]
async fn another_program_that_holds_the_file() {
    let folder = TempDir::new().unwrap();
    let store = opened(&state(&folder)).store;
    let other = Connection::open(state(&folder).path).unwrap();
    other.execute_batch("BEGIN IMMEDIATE").unwrap();
    store.entry(&server(), &joined(1));
    let told = until(&store, failing_as(TroubleKind::Busy)).await;
    assert!(matches!(told, StoreHealth::Failing { since: START, .. }));
    other.execute_batch("ROLLBACK").unwrap();
    until(&store, is_good).await;
    store.close().await;
    assert_eq!(count(&state(&folder), "SELECT count(*) FROM journal"), 1);
}

#[tokio::test]
async fn entries_beyond_the_backlog_are_counted() {
    let folder = TempDir::new().unwrap();
    let store = opened(&state(&folder)).store;
    with_connection(&store, |connection| connection.execute_batch("PRAGMA query_only = 1").unwrap()).await;
    store.entry(&server(), &joined(1));
    until(&store, failing_as(TroubleKind::ReadOnly)).await;
    let mut sent = 1;
    while sent < 5000 {
        let room = store.messages.capacity().min(5000 - sent);
        (0..room).for_each(|n| store.entry(&server(), &joined((sent + n) as u64)));
        sent += room;
        tokio::task::yield_now().await;
    }
    with_connection(&store, |connection| connection.execute_batch("PRAGMA query_only = 0").unwrap()).await;
    let StoreHealth::Good { missed } = until(&store, is_good).await else { unreachable!() };
    store.close().await;
    assert!(missed > 0);
    assert_eq!(count(&state(&folder), "SELECT count(*) FROM journal"), 5000 - missed as i64);
}

/// As on a full disk: no file for shared memory can be made. What is there is read and written all the same.
#[tokio::test]
#[cfg(unix)]
async fn without_room_for_shared_memory() {
    let folder = TempDir::new().unwrap();
    filled(&state(&folder)).await;
    let shared_memory = folder.path().join("gavel.db-shm");
    std::os::unix::fs::symlink("/nowhere/at/all", &shared_memory).unwrap();
    let store = opened(&state(&folder)).store;
    store.intend(&server(), &order(9), START).await.unwrap();
    store.close().await;
    fs::remove_file(shared_memory).unwrap();
    assert_eq!(opened(&state(&folder)).restored(&server()).orders, [order(8), order(9)]);
}

/// As on a disk that became read-only.
#[tokio::test]
async fn a_frozen_file_is_read() {
    let folder = TempDir::new().unwrap();
    let odd = State { path: folder.path().join("a b%20#1?.db"), ..state(&folder) };
    filled(&odd).await;
    let frozen = schema::open_frozen(&odd.path).unwrap();
    let left = load::load(&frozen).unwrap();
    assert_eq!(left.restored[&server()].rows, rows());
    assert!(frozen.execute_batch("DELETE FROM cards").is_err());
    fs::write(folder.path().join("a b%20#1?.db-wal"), "not yet in the file").unwrap();
    assert!(schema::open_frozen(&odd.path).is_err());
}

/// Opens a file that must be left as it is, uses the store, and compares the bytes.
async fn left_alone(state: &State, kind: TroubleKind) {
    let before = fs::read(&state.path).unwrap();
    let opened = opened(state);
    assert_eq!(off(&opened).kind, kind);
    opened.store.entry(&server(), &joined(1));
    for row in rows() {
        opened.store.ledger(&server(), LedgerFeed::Row(row)).await;
    }
    opened.store.close().await;
    assert_eq!(fs::read(&state.path).unwrap(), before);
    assert_eq!(examine(&state.path).unwrap().unwrap_err().kind, kind);
}

#[tokio::test]
async fn a_damaged_file_is_left_as_it_is() {
    let folder = TempDir::new().unwrap();
    let state = state(&folder);
    filled(&state).await;
    let whole = fs::read(&state.path).unwrap();
    let mut torn = whole.clone();
    // Everything behind the first page, where the tables are.
    torn[4096..].fill(0xa5);
    for damaged in [b"not a database, but long enough to look at ".repeat(40), torn, whole[..5000].to_vec()] {
        fs::write(&state.path, damaged).unwrap();
        left_alone(&state, TroubleKind::Corrupt).await;
    }
}

#[tokio::test]
async fn a_file_that_breaks_while_gavel_runs_is_not_written_again() {
    let folder = TempDir::new().unwrap();
    let store = opened(&state(&folder)).store;
    with_connection(&store, |connection| {
        connection
            .execute_batch("PRAGMA writable_schema = 1; UPDATE sqlite_master SET rootpage = 9999")
            .unwrap();
        connection.execute_batch("PRAGMA writable_schema = RESET").unwrap();
    })
    .await;
    store.entry(&server(), &joined(1));
    let told = until(&store, |health| matches!(health, StoreHealth::Off { .. })).await;
    assert!(matches!(told, StoreHealth::Off { trouble } if trouble.kind == TroubleKind::Corrupt));
    assert_eq!(store.intend(&server(), &order(1), START).await, Err(NotDurable));
}

#[tokio::test]
async fn a_newer_or_foreign_file_is_left_as_it_is() {
    let folder = TempDir::new().unwrap();
    let state = state(&folder);
    filled(&state).await;
    Connection::open(&state.path).unwrap().pragma_update(None, "user_version", schema::VERSION + 1).unwrap();
    left_alone(&state, TroubleKind::Newer).await;
    fs::remove_file(&state.path).unwrap();
    Connection::open(&state.path).unwrap().execute_batch("CREATE TABLE messages (id INTEGER)").unwrap();
    left_alone(&state, TroubleKind::Foreign).await;
}

#[tokio::test]
async fn examining_changes_nothing() {
    let folder = TempDir::new().unwrap();
    let state = state(&folder);
    assert_eq!(examine(&state.path), None);
    filled(&state).await;
    let before = fs::read(&state.path).unwrap();
    assert_eq!(examine(&state.path), Some(Ok(())));
    assert_eq!(fs::read(&state.path).unwrap(), before);
}

/// Each schema version leaves a small database behind, made by that version's own code with
/// `cargo test -p gavel --lib leave_a_fixture -- --ignored`, and kept for good.
#[tokio::test]
#[ignore = "writes tests/fixtures/state/vN.db; run once per schema version"]
async fn leave_a_fixture() {
    let folder = TempDir::new().unwrap();
    filled(&state(&folder)).await;
    fs::copy(state(&folder).path, fixture(schema::VERSION)).unwrap();
}

#[tokio::test]
async fn every_version_left_a_fixture_that_opens() {
    for version in 1..=schema::VERSION {
        let folder = TempDir::new().unwrap();
        fs::copy(fixture(version), state(&folder).path).unwrap();
        assert_filled(opened(&state(&folder)));
        assert_eq!(count(&state(&folder), "PRAGMA user_version"), i64::from(schema::VERSION));
    }
}

fn fixture(version: i32) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("tests/fixtures/state/v{version}.db"))
}

fn contains(haystack: &[u8], needle: &[u8]) -> bool {
    haystack.windows(needle.len()).any(|window| window == needle)
}

fn any_row() -> impl Strategy<Value = LedgerRow> {
    let room = || prop_oneof![Just(RoomName::new("a")), Just(RoomName::new("b"))];
    let call = || (0..3_u32).prop_map(call);
    let topic = || proptest::option::of(Just(Topic { text: "t".into(), by: by(), at: 1 }));
    let note = || proptest::option::of(Just(Note { text: "n".into(), by: by(), at: 1 }));
    let since = || proptest::option::of(Just(Since { at: 1, by: None }));
    prop_oneof![
        (room(), 1..4_u32, 0..9_u32).prop_map(|(room, show, highest)| {
            LedgerRow::Show { room, show, began: 1, highest, empty_since: None }
        }),
        (room(), call(), 1..9_u32)
            .prop_map(|(room, call, number)| { LedgerRow::Number { room, call, number, joined: 1 } }),
        room().prop_map(|room| LedgerRow::Unbind { room }),
        (room(), topic()).prop_map(|(room, topic)| LedgerRow::Topic { room, topic }),
        (room(), call(), note()).prop_map(|(room, call, note)| LedgerRow::Note { room, call, note }),
        (room(), since()).prop_map(|(room, standing)| LedgerRow::MuteAll { room, standing }),
        (room(), call(), any::<bool>()).prop_map(|(room, call, on)| LedgerRow::MutedByAll { room, call, on }),
        Just(LedgerRow::Startup { mark: "m".into() }),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    /// The file follows memory through any sequence of rows, over a restart in the middle.
    #[test]
    fn the_file_equals_the_ledger(first in proptest::collection::vec(any_row(), 0..30),
                                  second in proptest::collection::vec(any_row(), 0..30)) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
        let folder = TempDir::new().unwrap();
        let mut expected = ledger::Ledger::default();
        for part in [first, second] {
            let store = opened(&state(&folder)).store;
            for row in part {
                expected.apply(row.clone());
                runtime.block_on(store.ledger(&server(), LedgerFeed::Row(row)));
            }
            runtime.block_on(store.close());
        }
        let expected: Vec<LedgerRow> = expected.rows().into_iter().map(|(_, _, row)| row.clone()).collect();
        prop_assert_eq!(opened(&state(&folder)).restored(&server()).rows, expected);
    }
}

#[test]
fn a_new_show_ends_what_belonged_to_the_old_one() {
    let mut ledger = ledger::Ledger::default();
    rows().into_iter().for_each(|row| drop(ledger.apply(row)));
    let other = LedgerRow::Topic {
        room: RoomName::new("friday"),
        topic: Some(Topic { text: "x".into(), by: by(), at: 1 }),
    };
    ledger.apply(other.clone());
    let show = LedgerRow::Show { room: room(), show: 3, began: START, highest: 0, empty_since: None };
    ledger.apply(show.clone());
    let left: Vec<LedgerRow> = ledger.rows().into_iter().map(|(_, _, row)| row.clone()).collect();
    let [startup, _, _, _, _, mute_all, _] = &rows()[..] else { unreachable!() };
    assert_eq!(left, [startup.clone(), show, mute_all.clone(), other]);
}

#[test]
fn a_restart_of_asterisk_ends_all_bindings_and_keeps_the_topic() {
    let mut ledger = ledger::Ledger::default();
    rows().into_iter().for_each(|row| drop(ledger.apply(row)));
    ledger.apply(LedgerRow::Unbind { room: room() });
    let left: Vec<&str> = ledger.rows().into_iter().map(|(key, _, _)| key.kind).collect();
    assert_eq!(left, ["startup", "show", "topic", "mute_all"]);
}
