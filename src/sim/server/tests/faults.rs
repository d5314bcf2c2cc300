//! After every fault gavel's picture becomes the server's truth again.

use super::*;

/// A room with three callers, and gavel that sees them.
async fn rehearsal() -> (Server, Gavel) {
    let mut setup = setup(Style::V22);
    setup.write_timeout = Duration::from_secs(2);
    let server = Server::start(setup).unwrap();
    let gavel = Gavel::start(&server);
    for number in ["1001", "1002", "1003"] {
        server.call(caller("conf", "200", number));
    }
    gavel.people(3).await;
    (server, gavel)
}

async fn survives(fault: Fault) {
    let (server, gavel) = rehearsal().await;
    server.fault(fault);
    server.call(caller("conf", "200", "1004"));
    server.call(caller("conf", "lobby", "1005"));
    gavel.people(5).await;
    gavel.agrees_with(&server).await;
}

#[tokio::test]
async fn connections_drop() {
    survives(Fault::Drop).await;
}

#[tokio::test]
async fn connections_stall() {
    survives(Fault::Stall(Duration::from_millis(700))).await;
}

#[tokio::test]
async fn connections_are_half_open() {
    survives(Fault::HalfOpen).await;
}

#[tokio::test]
async fn connections_are_refused() {
    survives(Fault::Refuse(Duration::from_millis(300))).await;
}

#[tokio::test]
async fn the_stream_is_cut_within_a_packet() {
    survives(Fault::CutWithin(b"Event: ConfbridgeJoin\r\n".to_vec())).await;
    survives(Fault::CutWithin(Vec::new())).await;
}

#[tokio::test]
async fn bytes_come_one_by_one_and_are_taken_slowly() {
    survives(Fault::Dribble).await;
    survives(Fault::SlowReads(2000)).await;
}

#[tokio::test]
async fn foreign_bytes_are_in_the_stream() {
    survives(Fault::Foreign(b"\xff\xfe{\"no\": \"packet\"}\r\n\r\n".to_vec())).await;
}

#[tokio::test]
async fn the_clock_jumps() {
    survives(Fault::ClockJump(3_600_000)).await;
    survives(Fault::ClockJump(-3_600_000)).await;
}

#[tokio::test]
async fn asterisk_restarts() {
    let (server, gavel) = rehearsal().await;
    server.restart(Duration::from_millis(300));
    gavel.picture("a link again, to an empty room", |p| p.link == Link::Up && p.people.is_empty()).await;
    server.call(caller("conf", "200", "1004"));
    let picture = gavel.people(1).await;
    assert_eq!(picture.people[0].number, 4); // the show goes on
    server.stop(false);
    gavel.picture("no link", |p| p.link != Link::Up).await;
    server.start_again().unwrap();
    gavel.people(0).await;
}

/// Reads nothing, while a big room is listed again and again.
#[tokio::test]
async fn who_does_not_read_is_cut_off() {
    use std::io::{Read, Write};

    let mut setup = setup(Style::V22);
    setup.write_timeout = Duration::from_millis(200);
    let server = Server::start(setup).unwrap();
    server.call_all((0..500).map(|n| caller("conf", "200", &n.to_string())).collect());
    let gavel = Gavel::start(&server);
    gavel.people(500).await;
    let deaf = tokio::net::TcpSocket::new_v4().unwrap();
    deaf.set_recv_buffer_size(4096).unwrap(); // or the kernel reads in its place
    let deaf = deaf.connect(([127, 0, 0, 1], server.port()).into()).await.unwrap();
    let mut deaf = deaf.into_std().unwrap();
    deaf.set_nonblocking(false).unwrap();
    deaf.write_all(b"Action: Login\r\nUsername: control\r\nSecret: control-secret\r\nEvents: off\r\n\r\n")
        .unwrap();
    for _ in 0..100 {
        deaf.write_all(b"Action: ConfbridgeList\r\nConference: 200\r\n\r\n").unwrap();
    }
    server.call(caller("conf", "200", "1001")); // others are not affected
    gavel.people(501).await;
    let end = std::time::Duration::from_secs(10);
    timeout(end, async {
        while server.clients() > 1 {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    })
    .await
    .expect("it is still there");
    let mut stream = Vec::new();
    let _ = deaf.read_to_end(&mut stream); // it may end with a reset
    assert!(stream.len() > 1000 && !stream.ends_with(b"\r\n\r\n"), "{} bytes", stream.len());
}
