//! What was written wrongly: it is named as it was written, and the exit code is two, whichever command
//! it was written for.

use std::process::Command;

use crate::command::pex;
use crate::running_seed::text;

const SEED: &str = "00112233445566778899aabbccddeeff00112233@h:1";

/// The commands that take part in a network, with all that they need but its name.
const IN_A_NETWORK: [&[&str]; 6] = [
    &["node", "--listen", "127.0.0.1:0"],
    &["serve", "--listen", "127.0.0.1:0"],
    &["crawl", "--seed", SEED],
    &["testnet", "--nodes", "2"],
    &["seed", "--listen", "127.0.0.1:0"],
    &["init"],
];

#[test]
fn what_one_command_refuses_as_the_id_of_a_chain_all_do_in_the_same_words() {
    let home = tempfile::tempdir().unwrap();
    let long = "x".repeat(51);
    for chain in ["", "a b", "caf\u{e9}", "a\tb", &long] {
        for command in IN_A_NETWORK {
            let own_home = ["--home", text(home.path())];
            let own_home = &own_home[..if ["seed", "init"].contains(&command[0]) {
                2
            } else {
                0
            }];
            let run = pex(&[command, own_home, &["--chain-id", chain]].concat(), "");
            assert_eq!(run.code, Some(2), "{command:?} {chain:?}: {}", run.err);
            assert_eq!(run.out, "");
            for says in [
                "--chain-id",
                "write the id of the chain as its genesis file has it",
            ] {
                assert!(run.err.contains(says), "{command:?}: {}", run.err);
            }
        }
    }
}

#[test]
fn a_value_that_can_not_be_is_told_under_the_flag_that_has_it() {
    let node = ["node", "--chain-id", "c", "--listen", "127.0.0.1:0"];
    let serve = ["serve", "--chain-id", "c", "--listen", "127.0.0.1:0"];
    let crawl = ["crawl", "--chain-id", "c", "--seed", SEED];
    let many = vec![SEED; 1_025].join(",");
    for (command, flag, value, says) in [
        (node, "--log-level", "loud", "write error, warn, info"),
        (serve, "--log-level", "loud", "write error, warn, info"),
        (node, "--log-format", "xml", "plain, json"),
        (node, "--moniker", " ", "the moniker must not be blank"),
        (crawl, "--moniker", "caf\u{e9}", "printable ASCII"),
        (node, "--metrics-namespace", "1 a", "letters, digits and _"),
        (node, "--external-address", "foo", "write host:port"),
        (node, "--external-address", "h:0", "write host:port"),
        (node, "--external-address", "", "write host:port"),
        (node, "--seeds", "http://h:1", "put the node id"),
        (node, "--seeds", &SEED[..42], "the port is missing"),
        (
            node,
            "--persistent-peers",
            &SEED[..42],
            "the port is missing",
        ),
        (serve, "--known", &SEED[..42], "the port is missing"),
        (node, "--seeds", &many, "1025 nodes are named"),
        (node, "--persistent-peers", &many, "1025 nodes are named"),
        (node, "--max-num-outbound-peers", "1000001", "0 to 1000000"),
        (node, "--max-num-inbound-peers", "1000001", "0 to 1000000"),
        (crawl, "--rate", "0", "--rate is 0"),
        (crawl, "--rate", "10001/s", "--rate is 10001"),
        (crawl, "--workers", "0", "--workers is 0"),
        (crawl, "--per-host", "0", "--per-host is 0"),
        (crawl, "--retries", "6", "--retries is 6"),
        (crawl, "--retry-after", "0s", "--retry-after is less than"),
        (crawl, "--retry-after", "61s", "--retry-after is longer"),
    ] {
        let run = pex(&[&command[..], &[flag, value]].concat(), "");
        assert_eq!(run.code, Some(2), "{flag} {value:?}: {}", run.err);
        assert_eq!(run.out, "");
        assert!(run.err.contains(flag), "{flag} {value:?}: {}", run.err);
        assert!(run.err.contains(says), "{flag} {value:?}: {}", run.err);
    }
}

#[test]
fn a_value_in_a_variable_is_told_under_its_name() {
    let home = tempfile::tempdir().unwrap();
    for (variable, value, says) in [
        ("PEX_CHAIN_ID", "a b", "write the id of the chain"),
        ("PEX_SEEDS", "http://h:1", "put the node id"),
        ("PEX_LOG_LEVEL", "loud", "write none, error"),
    ] {
        let run = Command::new(env!("CARGO_BIN_EXE_pex"))
            .args(["seed", "--home", text(home.path())])
            .env("PEX_CHAIN_ID", "c")
            .env(variable, value)
            .output()
            .unwrap();
        let err = String::from_utf8(run.stderr).unwrap();
        assert_eq!(run.status.code(), Some(2), "{err}");
        let begins = format!("pex: {variable}: ");
        assert!(err.starts_with(&begins) && err.contains(says), "{err}");
    }
}
