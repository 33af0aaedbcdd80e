//! What `pex --help` says.

use crate::command::pex;

const COMMANDS: [&str; 13] = [
    "demo",
    "crawl",
    "sim",
    "testnet",
    "seed",
    "init",
    "show-node-id",
    "serve",
    "node",
    "peers",
    "book",
    "address",
    "message",
];

#[test]
fn help_explains_every_command_with_an_example() {
    let help = pex(&["--help"], "");
    assert_eq!((help.code, help.err.as_str()), (Some(0), ""));
    let (_, examples) = help.out.split_once("Examples:").unwrap();
    let (examples, codes) = examples.split_once("Exit codes:").unwrap();
    for command in COMMANDS {
        let listed = |line: &str| line.starts_with(&format!("  {command} "));
        assert!(help.out.lines().any(listed), "{command} is not explained");
        assert!(examples.contains(&format!("pex {command}")), "{command}");
    }
    for code in ["0  done", "1  failed", "2  the command line", "3  a crawl"] {
        assert!(codes.contains(code), "{code}");
    }
}

#[test]
fn the_help_of_each_command_has_an_example_of_it() {
    for command in COMMANDS {
        let help = pex(&[command, "--help"], "");
        assert_eq!(help.code, Some(0));
        let example = help.out.lines().find(|line| line.starts_with("Example: "));
        assert!(
            example.unwrap().contains(&format!("pex {command}")),
            "{}",
            help.out
        );
    }
}

#[test]
fn the_examples_of_address_and_message_work() {
    let id = "00112233445566778899aabbccddeeff00112233";
    let address = pex(&["address"], format!("\"{id}@127.0.0.1:26656\"\n"));
    assert_eq!((address.code, address.err.as_str()), (Some(0), ""));
    assert!(
        address
            .out
            .contains(&format!("\"string\":\"mconn://{id}@127.0.0.1:26656\""))
    );
    let message = pex(&["message"], "1a00\n");
    let expected = r#"{"hex":"1a00","ok":true,"kind":"request_v2","reencoded":"1a00"}"#;
    assert_eq!((message.code, message.out.trim_end()), (Some(0), expected));
}

#[test]
fn a_command_line_that_is_wrong_exits_with_two_and_says_what_is_wrong() {
    for (arguments, says) in [
        (&["dance"][..], "unrecognized subcommand 'dance'"),
        (&["crawl", "--chain-id", "c"], "--seed"),
        (
            &[
                "crawl",
                "--seed",
                "00112233445566778899aabbccddeeff00112233@h:1",
            ],
            "--chain-id",
        ),
        (
            &["crawl", "--chain-id", "c", "--seed", "garbage"],
            "invalid value 'garbage'",
        ),
        (&["demo", "--nodes", "0"], "0 is not in 1..=500"),
        (&["demo", "--nodes", "501"], "501 is not in 1..=500"),
        (
            &["serve", "--listen", "nowhere", "--chain-id", "c"],
            "invalid value 'nowhere'",
        ),
        (
            &[
                "crawl",
                "--chain-id",
                "c",
                "--seed",
                "x",
                "--max-time",
                "soon",
            ],
            "invalid value",
        ),
    ] {
        let run = pex(arguments, "");
        assert_eq!(run.code, Some(2), "{arguments:?}");
        assert!(run.err.contains(says), "{arguments:?}: {}", run.err);
        assert_eq!(run.out, "");
    }
}
