//! What those who look can't do.

use std::net::SocketAddr;
use std::time::Duration;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::time::{Instant, timeout};

use crate::client::{PATIENCE, all, get, send, until, watched};

async fn open(at: SocketAddr, says: &[u8]) -> TcpStream {
    let mut stream = TcpStream::connect(at).await.unwrap();
    // Whoever comes too much is shown the door, and may not get to say it.
    let _refused = stream.write_all(says).await;
    stream
}

/// Whether the other side hangs up.
async fn is_cut(stream: &mut TcpStream) -> bool {
    let mut rest = Vec::new();
    timeout(PATIENCE, stream.read_to_end(&mut rest))
        .await
        .is_ok()
}

#[tokio::test(flavor = "multi_thread")]
async fn silent_and_slow_clients_keep_nobody_out_and_are_cut() {
    let node = watched("one", &[], all()).await;
    until(async || get(node.at, "/healthz").await.1 == "ok: c\n").await;
    let mut dawdlers = Vec::new();
    for number in 0..400 {
        dawdlers.push(match number % 4 {
            0 => open(node.at, b"").await,
            1 => open(node.at, b"GET /metr").await,
            2 => open(node.at, b"GET / HTTP/1.1\r\nHost: a\r\nX: ").await,
            // Wants a page, and never reads it.
            _ => open(node.at, b"GET /status.json HTTP/1.1\r\nHost: a\r\n\r\n").await,
        });
    }
    // All of them are there, and an honest client is served all the same.
    let began = Instant::now();
    assert_eq!(get(node.at, "/healthz").await.1, "ok: c\n");
    assert!(
        get(node.at, "/metrics")
            .await
            .1
            .contains("cometbft_p2p_peers")
    );
    assert!(
        began.elapsed() < Duration::from_secs(8),
        "{:?}",
        began.elapsed()
    );
    for stream in &mut dawdlers {
        assert!(is_cut(stream).await);
    }
    assert_eq!(get(node.at, "/healthz").await.1, "ok: c\n");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_crowd_that_watches_is_bounded_and_the_node_goes_on() {
    let node = watched("one", &[], all()).await;
    let request = b"GET /events HTTP/1.1\r\nHost: a\r\n\r\n";
    let (mut let_in, mut refused) = (Vec::new(), 0);
    for _ in 0..300 {
        let mut stream = open(node.at, request).await;
        let mut head = [0; 12];
        timeout(PATIENCE, stream.read_exact(&mut head))
            .await
            .unwrap()
            .unwrap();
        match &head {
            b"HTTP/1.1 200" => let_in.push(stream),
            b"HTTP/1.1 503" => refused += 1,
            other => panic!("{}", String::from_utf8_lossy(other)),
        }
    }
    assert_eq!((let_in.len(), refused), (32, 268));
    until(async || get(node.at, "/healthz").await.1 == "ok: c\n").await;
    assert!(get(node.at, "/").await.1.contains("</html>"));
    // One goes, and another may come.
    let_in.truncate(20);
    let comes = async || {
        let mut stream = open(node.at, request).await;
        let mut head = [0; 12];
        stream.read_exact(&mut head).await.is_ok() && head == *b"HTTP/1.1 200"
    };
    until(comes).await;
}

#[tokio::test]
async fn a_head_without_end_and_what_is_no_http_are_refused() {
    let node = watched("one", &[], all()).await;
    let long = format!(
        "GET / HTTP/1.1\r\nHost: a\r\nX: {}\r\n\r\n",
        "x".repeat(100_000)
    );
    let many = format!("GET / HTTP/1.1\r\n{}\r\n", "A: b\r\n".repeat(1_000));
    for request in [
        long.as_bytes(),
        many.as_bytes(),
        b"\x16\x03\x01\x00\xff\r\n\r\n",
        b"GET / HTTP/9\r\n\r\n",
    ] {
        let answer = send(node.at, request).await;
        assert!(!answer.contains("doctype"), "{answer}");
        assert!(
            answer.is_empty() || answer.starts_with("HTTP/1.1 4"),
            "{answer}"
        );
    }
    until(async || get(node.at, "/healthz").await.1 == "ok: c\n").await;
}
