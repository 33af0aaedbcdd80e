//! `pex serve`, and what strangers can do to it.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpStream;
use std::process::{Command, Stdio};
use std::thread;
use std::time::Duration;

use pex::NodeAddress;
use pex::wire::{Dialect, Entry, Message, ResponseBuilder};
use pex_node::transport::{Handshake, TransportConfig, connect};

use crate::command::{Outcome, Run, pex, pex_beside, said};
use crate::nodes::local;

const KNOWN: &str = "00112233445566778899aabbccddeeff00112233@127.0.0.1:1";

/// A server, and where it listens.
fn serve(more: &[&str]) -> (Run, NodeAddress) {
    let listen = ["serve", "--listen", "127.0.0.1:0", "--chain-id", "c"];
    let mut run = Run::start(&[&listen, more].concat(), Vec::new());
    let line = run.line();
    let address = line.strip_prefix("listening on ").unwrap();
    (run, NodeAddress::parse(address).unwrap())
}

fn crawl(seed: &NodeAddress) -> Outcome {
    pex(
        &["crawl", "--chain-id", "c", "--seed", &seed.to_string()],
        "",
    )
}

fn place(address: &NodeAddress) -> (String, u16) {
    (address.ip().unwrap().to_string(), address.port())
}

#[test]
fn a_server_tells_the_addresses_it_knows_and_ends_when_it_is_told_to() {
    for signal in ["INT", "TERM"] {
        let (server, address) = serve(&["--known", KNOWN, "--moniker", "s"]);
        let run = crawl(&address);
        assert_eq!(run.code, Some(0), "{}", run.err);
        assert!(
            run.out.contains("2 nodes found, 1 reached, 1 unreachable"),
            "{}",
            run.out
        );
        server.signal(signal);
        let end = server.end();
        assert_eq!(end.code, Some(0));
        let lines = said(&end.err);
        assert!(lines[0].starts_with("up "), "{}", end.err);
        assert!(lines[0].ends_with("(pex)"), "{}", end.err);
        assert!(
            lines.iter().any(|line| line.starts_with("down ")),
            "{}",
            end.err
        );
    }
}

#[test]
fn a_port_in_use_is_named_with_what_to_do() {
    let (_server, address) = serve(&[]);
    let taken = format!("127.0.0.1:{}", address.port());
    let run = pex(&["serve", "--listen", &taken, "--chain-id", "c"], "");
    assert_eq!((run.code, run.out.as_str()), (Some(1), ""));
    assert_eq!(run.err.lines().count(), 1, "{}", run.err);
    for says in [&taken, "in use", "choose another port"] {
        assert!(run.err.contains(says), "{}", run.err);
    }
}

#[test]
fn an_address_of_another_machine_is_told_from_a_port_in_use() {
    let theirs = "192.0.2.1:26656";
    let run = pex(&["serve", "--listen", theirs, "--chain-id", "c"], "");
    assert_eq!((run.code, run.out.as_str()), (Some(1), ""));
    for says in [theirs, "choose an address of this machine"] {
        assert!(run.err.contains(says), "{}", run.err);
    }
    assert!(!run.err.contains("another port"), "{}", run.err);
}

#[test]
fn addresses_that_do_not_fit_are_said_so() {
    let (server, _) = serve(&["--known", &format!("{KNOWN},{KNOWN}")]);
    server.signal("TERM");
    let end = server.end();
    assert!(
        end.err.contains("1 of 2 known addresses are kept"),
        "{}",
        end.err
    );
}

#[test]
fn a_server_keeps_its_key_in_a_file() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("node_key.json");
    let file = file.to_str().unwrap();
    let id = || serve(&["--node-key", file]).1.id();
    assert_eq!(id(), id());
    std::fs::write(file, "{").unwrap();
    let listen = [
        "serve",
        "--listen",
        "127.0.0.1:0",
        "--chain-id",
        "c",
        "--node-key",
        file,
    ];
    let run = pex(&listen, "");
    assert_eq!(run.code, Some(1));
    assert!(
        run.err.contains(file) && run.err.lines().count() == 1,
        "{}",
        run.err
    );
}

#[test]
fn a_crawl_with_the_key_of_its_own_seed_is_told_that_it_is_the_same_node() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("node_key.json");
    let key = ["--node-key", file.to_str().unwrap()];
    let (_server, address) = serve(&key);
    let seed = &address.to_string();
    let crawl = ["crawl", "--chain-id", "c", "--seed", seed];
    let run = pex(&[&crawl[..], &key].concat(), "");
    assert_eq!(run.code, Some(1));
    let says = format!("pex: no node was reached; seed {seed}: connected to ourselves");
    assert!(run.err.starts_with(&says), "{}", run.err);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_asks_who_comes_and_tells_others_what_it_heard() {
    let (server, address) = serve(&[]);
    let place = (address.ip().unwrap(), address.port()).into();
    let peer = local("c", "m", pex_node::VERSION, ([127, 0, 0, 1], 0).into());
    let id = peer.id();
    let config = TransportConfig::default();
    let connection = connect(&peer, &config, place, None).await.unwrap();
    let (sender, mut receiver) = connection.split();
    // It asks, and is told of a node.
    assert_eq!(receiver.recv().await.unwrap(), [0x1a, 0x00]);
    let mut answer = ResponseBuilder::new(Dialect::V2);
    answer.push(&Entry::V2 { url: KNOWN }).unwrap();
    let answer = Message::Response(answer.finish()).to_bytes();
    sender.try_send(answer).unwrap();
    let run = loop {
        let seed = address.to_string();
        let run = pex_beside(&["crawl", "--chain-id", "c", "--seed", &seed]).await;
        // The server has the answer soon.
        if !run.out.contains("1 node found") {
            break run;
        }
    };
    assert!(run.out.contains("2 nodes found, 1 reached"), "{}", run.out);
    server.signal("TERM");
    let end = tokio::task::spawn_blocking(|| server.end()).await.unwrap();
    let heard = format!("heard of mconn://{KNOWN} from {id}");
    let lines = said(&end.err);
    let heard = lines.iter().filter(|line| **line == heard);
    assert_eq!(heard.count(), 1, "{}", end.err);
}

/// How many descriptors a server has open, once they are at most this many, or some time is over.
fn settled(server: &Run, most: usize) -> usize {
    let mut open = server.descriptors();
    for _ in 0..500 {
        if open <= most {
            break;
        }
        thread::sleep(Duration::from_millis(10));
        open = server.descriptors();
    }
    open
}

#[test]
fn a_server_answers_honest_nodes_whatever_strangers_do_to_it() {
    let (server, address) = serve(&["--known", KNOWN]);
    assert_eq!(crawl(&address).code, Some(0));
    let descriptors = server.descriptors();
    let knock = || TcpStream::connect(place(&address)).unwrap();

    let mut strangers: Vec<TcpStream> = (0..300).map(|_| knock()).collect();
    for (number, stream) in strangers.iter_mut().enumerate() {
        // Some have been shown the door by now, and their writes fail.
        let _refused = match number % 4 {
            0 => stream.write_all(&[b'G'; 1_000]),
            1 => stream.write_all(&Handshake::new().unwrap().first_flight()),
            2 => stream.write_all(&Handshake::new().unwrap().first_flight()[..20]),
            _ => Ok(()),
        };
    }
    for _ in 0..20 {
        drop(knock());
    }
    let run = crawl(&address);
    assert_eq!(run.code, Some(0), "{}", run.err);
    assert!(run.out.contains("2 nodes found, 1 reached"), "{}", run.out);
    // Sooner than the first stranger's handshake is out of time.
    assert!(run.took < Duration::from_secs(5), "{:?}", run.took);

    for mut stream in strangers {
        let limit = Some(Duration::from_secs(20));
        stream.set_read_timeout(limit).unwrap();
        let mut rest = Vec::new();
        // Closed, be it with a reset: every one of them is shown the door in the end.
        if let Err(error) = stream.read_to_end(&mut rest) {
            assert_eq!(error.kind(), std::io::ErrorKind::ConnectionReset, "{error}");
        }
    }
    assert_eq!(crawl(&address).code, Some(0));
    assert!(settled(&server, descriptors) <= descriptors);
    server.signal("TERM");
    assert_eq!(server.end().code, Some(0));
}

#[test]
fn a_server_whose_messages_nobody_reads_goes_on_and_can_be_ended() {
    let listen = ["serve", "--listen", "127.0.0.1:0", "--chain-id", "c"];
    let mut server = Command::new(env!("CARGO_BIN_EXE_pex"))
        .args(listen)
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut line = String::new();
    let mut out = BufReader::new(server.stdout.take().unwrap());
    out.read_line(&mut line).unwrap();
    let address = line.trim().strip_prefix("listening on ").unwrap();
    let address = NodeAddress::parse(address).unwrap();

    // Each makes a line of some hundred bytes, and a pipe holds 64 KiB.
    for _ in 0..1_500 {
        let mut stranger = TcpStream::connect(place(&address)).unwrap();
        let _refused = stranger.write_all(b"GET / HTTP/1.1");
    }
    assert_eq!(crawl(&address).code, Some(0));
    let pid = server.id().to_string();
    let kill = Command::new("kill").args(["-TERM", &pid]).status();
    assert!(kill.unwrap().success());
    let ended = (0..100).any(|_| {
        thread::sleep(Duration::from_millis(50));
        server.try_wait().unwrap().is_some()
    });
    server.kill().unwrap();
    assert!(ended, "the server hangs on a full pipe");
}
