//! `pex node` shows itself, and says what happens.

use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::time::Duration;

use crate::command::{Run, pex, said};

const NODE: [&str; 5] = ["node", "--listen", "127.0.0.1:0", "--chain-id", "c"];

fn node(more: &[&str]) -> (Run, String) {
    let mut run = Run::start(&[&NODE[..], more].concat(), Vec::new());
    let line = run.line();
    let address = line.strip_prefix("listening on ").unwrap().to_owned();
    (run, address)
}

/// A port that is free now.
fn free() -> String {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    listener.local_addr().unwrap().to_string()
}

/// Waits until a node serves a page and it says this.
fn page(at: &str, path: &str, says: &str) {
    let mut answer = String::new();
    let request = format!("GET {path} HTTP/1.1\r\nHost: a\r\n\r\n");
    let said = (0..400).any(|_| {
        answer.clear();
        if let Ok(mut stream) = TcpStream::connect(at) {
            let _refused = stream.write_all(request.as_bytes());
            let _reset = stream.read_to_string(&mut answer);
        }
        let says = answer.contains(says);
        if !says {
            std::thread::sleep(Duration::from_millis(50));
        }
        says
    });
    assert!(said, "{at}{path} never said {says}: {answer}");
}

#[test]
fn a_node_shows_metrics_and_a_status_page_where_it_is_told_to() {
    let (metrics, status) = (free(), free());
    let (run, address) = node(&["--metrics", &metrics, "--status", &status]);
    let (_other, _) = node(&["--lax", "--persistent-peers", &address, "--moniker", "<b>"]);
    page(
        &metrics,
        "/metrics",
        "\ncometbft_p2p_peers{chain_id=\"c\"} 1\n",
    );
    page(&metrics, "/healthz", "ok: c\n");
    page(&metrics, "/", "404");
    page(&status, "/", "<!doctype html>");
    page(&status, "/status.json", "\"moniker\":\"<b>\"");
    page(&status, "/metrics", "404");
    run.signal("TERM");
    let end = run.end();
    assert_eq!(end.code, Some(0), "{}", end.err);
    let lines = said(&end.err);
    for at in [metrics, status] {
        let shows = format!("shows itself at http://{at} (");
        assert!(
            lines.iter().any(|line| line.starts_with(&shows)),
            "{}",
            end.err
        );
    }
}

#[test]
fn one_place_may_show_both_and_one_that_is_taken_is_named() {
    let at = free();
    let (_run, _) = node(&[
        "--metrics",
        &at,
        "--status",
        &at,
        "--metrics-namespace",
        "seed",
    ]);
    page(&at, "/metrics", "\nseed_pex_healthy{chain_id=\"c\"} 1\n");
    page(&at, "/", "<!doctype html>");
    let second = pex(&[&NODE[..], &["--metrics", &at]].concat(), "");
    assert_eq!((second.code, second.out.as_str()), (Some(1), ""));
    assert!(
        second.err.contains(&at) && second.err.contains("choose another port"),
        "{}",
        second.err
    );
    let wrong = pex(&[&NODE[..], &["--metrics-namespace", "1-a"]].concat(), "");
    assert!(wrong.err.contains("--metrics-namespace"), "{}", wrong.err);
}

#[test]
fn a_log_in_json_has_a_field_for_each_thing_and_a_hostile_name_stays_in_its_own() {
    let (run, address) = node(&["--log-format", "json", "--log-level", "pex::peer=info"]);
    let name = "\"},\"level\":\"x";
    let (_other, other) = node(&["--lax", "--persistent-peers", &address, "--moniker", name]);
    let id = other.split_once('@').unwrap().0;
    std::thread::sleep(Duration::from_secs(2));
    run.signal("TERM");
    let end = run.end();
    assert_eq!(end.code, Some(0), "{}", end.err);
    let lines: Vec<serde_json::Value> = end
        .err
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    let up = lines.iter().find(|line| line["event"] == "up").unwrap();
    assert_eq!(up["peer"], id);
    assert_eq!(up["level"], "info");
    assert_eq!(up["moniker"], name);
    assert_eq!(up["target"], "pex::peer");
    let others = lines.iter().find(|line| line["target"] != "pex::peer");
    assert_eq!(others, None);
}

#[test]
fn a_level_that_is_none_is_named_with_what_to_write() {
    for command in ["node", "serve"] {
        let listen = [command, "--listen", "127.0.0.1:0", "--chain-id", "c"];
        let run = pex(&[&listen[..], &["--log-level", "loud"]].concat(), "");
        assert_eq!((run.code, run.out.as_str()), (Some(2), ""));
        assert!(
            run.err.contains("--log-level") && run.err.contains("write error, warn"),
            "{}",
            run.err
        );
    }
}
