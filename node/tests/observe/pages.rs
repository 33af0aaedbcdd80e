//! What is shown.

use pex_node::observe::Pages;
use tokio::io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::TcpStream;
use tokio::time::timeout;

use crate::client::{PATIENCE, all, get, metric, send, until, watched};

const PEERS: &str = "cometbft_p2p_peers{chain_id=\"c\"}";
const HOSTILE: &str = "<img src=x onerror=alert(1)>";

#[tokio::test(flavor = "multi_thread")]
async fn two_nodes_that_meet_show_each_other_and_count_the_same_bytes() {
    let one = watched("one", &[], all()).await;
    let other = watched(HOSTILE, std::slice::from_ref(&one.address), all()).await;
    until(async || metric(one.at, PEERS).await == Some(1)).await;
    until(async || metric(other.at, PEERS).await == Some(1)).await;
    assert_eq!(get(one.at, "/healthz").await.1, "ok: c\n");

    // What one sends comes to the other: messages as they are, and sockets with all around them.
    let series = |what: &str| format!("cometbft_{what}");
    let same = async |sent: &str, received: &str| {
        let sent = metric(other.at, &series(sent)).await.unwrap();
        sent > 0 && metric(one.at, &series(received)).await == Some(sent)
    };
    let kind = "{chain_id=\"c\",message_type=\"p2p_PexRequestV2\"}";
    let sent = format!("p2p_message_send_bytes_total{kind}");
    let received = format!("p2p_message_receive_bytes_total{kind}");
    until(async || same(&sent, &received).await).await;
    let sent = "pex_socket_send_bytes_total{chain_id=\"c\"}";
    let received = "pex_socket_receive_bytes_total{chain_id=\"c\"}";
    until(async || same(sent, received).await).await;

    let (head, json) = get(one.at, "/status.json").await;
    assert!(head.contains("content-type: application/json"), "{head}");
    let status: serde_json::Value = serde_json::from_str(&json).unwrap();
    let network = &status["networks"][0];
    assert_eq!(network["chain_id"], "c");
    assert_eq!(network["peers"]["inbound"], 1);
    assert_eq!(network["peers"]["groups"]["most"][0]["name"], "local");
    assert_eq!(network["arrivals"][0]["moniker"], HOSTILE);
    let (id, listen) = (
        network["id"].as_str().unwrap(),
        network["listen"].as_str().unwrap(),
    );
    assert_eq!(format!("mconn://{id}@{listen}"), one.address.to_string());
    // Names of strangers are no labels.
    assert!(!get(one.at, "/metrics").await.1.contains("img"));
}

#[tokio::test]
async fn the_page_may_load_nothing_and_run_nothing_but_itself() {
    let node = watched("one", &[], all()).await;
    let (head, page) = get(node.at, "/").await;
    assert!(head.starts_with("HTTP/1.1 200 "), "{head}");
    assert!(page.starts_with("<!doctype html>"));
    let policy = head
        .lines()
        .find_map(|it| it.strip_prefix("content-security-policy: "));
    let policy = policy.unwrap();
    for rule in [
        "default-src 'none'",
        "script-src 'sha256-",
        "connect-src 'self'",
        "frame-ancestors 'none'",
    ] {
        assert!(policy.contains(rule), "{policy}");
    }
    assert!(!policy.contains("unsafe"), "{policy}");
    assert!(head.contains("x-content-type-options: nosniff"), "{head}");
}

#[tokio::test]
async fn only_what_the_operator_wants_is_shown() {
    let status = |head: &str| head.split(' ').nth(1).unwrap_or("").to_owned();
    for (pages, expected) in [
        (Pages::new(), ["200", "404", "404", "404", "404"]),
        (
            Pages::new().metrics(true),
            ["200", "200", "404", "404", "404"],
        ),
        (
            Pages::new().status(true),
            ["200", "404", "200", "200", "404"],
        ),
    ] {
        let node = watched("one", &[], pages).await;
        until(async || get(node.at, "/healthz").await.1 == "ok: c\n").await;
        for (path, expected) in ["/healthz", "/metrics", "/", "/status.json", "/x"]
            .into_iter()
            .zip(expected)
        {
            let (head, _) = get(node.at, path).await;
            assert_eq!(status(&head), expected, "{path}");
        }
        if expected[2] == "404" {
            assert_eq!(status(&get(node.at, "/events").await.0), "404");
        }
        let post = send(
            node.at,
            b"POST /healthz HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n",
        )
        .await;
        assert!(
            post.contains(" 405 ") && post.contains("allow: GET, HEAD"),
            "{post}"
        );
        let head = send(node.at, b"HEAD /healthz HTTP/1.1\r\nHost: a\r\n\r\n").await;
        assert!(
            head.starts_with("HTTP/1.1 200 ") && head.ends_with("\r\n\r\n"),
            "{head}"
        );
    }
}

#[tokio::test]
async fn events_bring_everything_first_and_then_what_is_now() {
    let node = watched("one", &[], all()).await;
    until(async || get(node.at, "/healthz").await.1 == "ok: c\n").await;
    let mut stream = TcpStream::connect(node.at).await.unwrap();
    let request = b"GET /events HTTP/1.1\r\nHost: a\r\nAccept: text/event-stream\r\n\r\n";
    stream.write_all(request).await.unwrap();
    let mut lines = BufReader::new(stream).lines();
    let mut events: Vec<serde_json::Value> = Vec::new();
    let read = async {
        while events.len() < 3 {
            let line = lines.next_line().await.unwrap().unwrap();
            let event = line.strip_prefix("data: ");
            events.extend(event.map(|json| serde_json::from_str(json).unwrap()));
        }
    };
    timeout(PATIENCE, read).await.unwrap();
    let history = |event: &serde_json::Value| event["networks"][0]["history"].is_object();
    assert_eq!(
        events.iter().map(history).collect::<Vec<_>>(),
        [true, false, false]
    );
    let now = |event: &serde_json::Value| event["now"].as_u64().unwrap();
    assert!(now(&events[2]) > now(&events[0]));
}
