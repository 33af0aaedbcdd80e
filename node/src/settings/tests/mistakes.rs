//! How each mistake is told.

use std::path::Path;

use super::{inputs, refused};
use crate::settings::Inputs;

#[test]
fn each_mistake_is_told_with_its_line_and_what_to_write_instead() {
    for (line, says) in [
        (
            "max_num_inbound_pers = 5",
            "no key max_num_inbound_pers; did you mean max_num_inbound_peers?",
        ),
        (
            "max_num_inbound_peers = \"many\"",
            "write a whole number from 0 to 1000000",
        ),
        (
            "max_num_inbound_peers = 2000000",
            "write a whole number from 0 to 1000000",
        ),
        ("max_num_inbound_peers = -1", "write a whole number"),
        (
            "max_num_inbound_peers = 1.5",
            "is a number with a point; write a whole number",
        ),
        ("addr_book_strict = \"yes\"", "write true or false"),
        ("addr_book_strict = 1", "is a number; write true or false"),
        ("dial_timeout = 3", "write a duration in quotes"),
        (
            "dial_timeout = \"3 parsecs\"",
            "write a duration from 1ms to 24h",
        ),
        (
            "seed_disconnect_wait_period = \"0s\"",
            "write a duration from 1s to 24h",
        ),
        ("check_workers = 0", "from 1 to 10000"),
        (
            "laddr = \"seed.example.com:26656\"",
            "write an IP address of this machine and a port",
        ),
        ("laddr = \"tcp://0.0.0.0\"", "write an IP address"),
        ("laddr = [\"a\"]", "is a list; write it in quotes"),
        (
            "external_address = \"203.0.113.7\"",
            "write host:port where others reach this node",
        ),
        (
            "external_address = \"0.0.0.0:26656\"",
            "write host:port where others reach this node",
        ),
        (
            "external_address = \"seed.example.com:26656/path\"",
            "write host:port where others reach this node",
        ),
        (
            "persistent_peers_max_dial_period = \"500us\"",
            "write a duration from 1ms to 24h, or 0s",
        ),
        ("seeds = \"nobody\"", "\"nobody\": "),
        (
            "seeds = \"nobody\"",
            "write id@host:port, with commas between several",
        ),
        ("seeds = [1]", "write each of them in quotes"),
        (
            "private_peer_ids = \"xyz\"",
            "\"xyz\" is no node id; write 40 hexadecimal digits",
        ),
        (
            "log_level = \"loud\"",
            "write none, error, warn, info, debug or trace",
        ),
        ("log_format = \"xml\"", "write plain or json"),
        ("moniker = 5", "is a number; write it in quotes"),
        ("addr_book_file = \"\"", "write the path of a file"),
        (
            "metrics_listen_addr = \"\"",
            "it is called prometheus_listen_addr",
        ),
        (
            "prometheus = true",
            "prometheus stands in [instrumentation]",
        ),
        ("cheese = 1", "remove it"),
        ("chain_id = \"d\"", "duplicate key"),
        ("a b = 1", "this is not TOML"),
        ("[p2pp]", "no table [p2pp]; did you mean [p2p]?"),
        ("[network]", "write [[network]], with two brackets"),
        ("[cheese]", "the tables are [p2p]"),
    ] {
        let why = refused(&format!("chain_id = \"c\"\n\n{line}\n"));
        assert!(why.starts_with("c.toml:3: "), "{line}: {why}");
        assert!(why.contains(says), "{line}: {why}");
    }
}

#[test]
fn all_mistakes_of_a_file_are_told_at_once_in_order() {
    let wrong =
        inputs("chain_id = \"c\"\nz = 1\n[p2p]\nladdr = 1\n[status]\nlisten = \"\"\n").read();
    let wrong = wrong.unwrap_err();
    let lines: Vec<_> = wrong
        .problems()
        .iter()
        .map(|problem| problem.at.to_string())
        .collect();
    assert_eq!(lines, ["c.toml:2", "c.toml:4", "c.toml:6"]);
}

#[test]
fn a_key_at_the_top_and_in_its_table_is_named_with_both_lines() {
    let why =
        refused("chain_id = \"c\"\nladdr = \"127.0.0.1:1\"\n[p2p]\nladdr = \"127.0.0.1:2\"\n");
    assert!(
        why.contains("c.toml:2") && why.contains("c.toml:4"),
        "{why}"
    );
}

#[test]
fn a_wrong_flag_and_a_wrong_variable_are_called_by_their_names() {
    let why = inputs("chain_id = \"c\"")
        .with_flag("laddr", "x")
        .read()
        .unwrap_err()
        .to_string();
    assert!(
        why.starts_with("--listen: \"x\" is wrong; write an IP address"),
        "{why}"
    );
    let variable = [("PEX_CHECK_WORKERS".to_owned(), "x".to_owned())];
    let why = inputs("chain_id = \"c\"")
        .with_variables(variable)
        .read()
        .unwrap_err()
        .to_string();
    assert!(
        why.starts_with("PEX_CHECK_WORKERS: \"x\" is wrong; write a whole number"),
        "{why}"
    );
}

#[test]
fn a_slip_in_the_name_of_a_variable_is_told_and_others_are_left_alone() {
    let names = ["PEX_SEED", "PEX_SERVICE_HOST", "PEXY"];
    let variables = names.map(|name| (name.to_owned(), String::new()));
    let notes = inputs("chain_id = \"c\"")
        .with_variables(variables)
        .read()
        .unwrap()
        .notes;
    assert_eq!(notes, ["PEX_SEED has no effect; did you mean PEX_SEEDS?"]);
}

#[test]
fn without_a_chain_id_it_is_said_where_to_write_one() {
    let why = refused("[p2p]\n");
    assert!(
        why.contains("c.toml") && why.contains("--chain-id"),
        "{why}"
    );
    let why = Inputs::new(Path::new("/home"))
        .read()
        .unwrap_err()
        .to_string();
    assert!(why.contains("pex init"), "{why}");
    assert!(
        refused("[[network]]\nladdr = \"127.0.0.1:1\"\n").contains("this network has no chain_id")
    );
}
