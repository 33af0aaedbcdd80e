//! What `pex seed` is told in its settings, and what it says of them.

use std::process::Command;

use crate::command::pex;
use crate::running_seed::{home, near, text};

#[test]
fn a_wrong_setting_is_told_with_its_line_and_nothing_is_started() {
    let home = home(&near("max_num_inbound_pers = 5"));
    for arguments in [&["seed"][..], &["seed", "--check-config"]] {
        let run = pex(&[arguments, &["--home", text(home.path())]].concat(), "");
        assert_eq!((run.code, run.out.as_str()), (Some(2), ""));
        let says = "config.toml:5: there is no key max_num_inbound_pers; did you mean max_num_inbound_peers?";
        assert!(run.err.contains(says), "{}", run.err);
    }
    assert!(!home.path().join("config/node_key.json").exists());
}

#[test]
fn a_wrong_flag_ends_with_two_and_what_to_write() {
    for (flag, value, says) in [
        (
            "--listen",
            "nowhere",
            "write an IP address of this machine and a port",
        ),
        ("--seeds", "nobody", "write id@host:port"),
        ("--check-period", "often", "write a duration"),
        ("--lisen", "127.0.0.1:0", "--listen"),
    ] {
        let run = pex(&["seed", "--chain-id", "c", flag, value], "");
        assert_eq!(run.code, Some(2), "{}", run.err);
        assert!(run.err.contains(says), "{flag}: {}", run.err);
    }
}

#[test]
fn a_name_that_the_start_would_refuse_is_a_wrong_setting_in_the_same_words() {
    let ascii = "the moniker must be printable ASCII";
    let metrics = "the namespace of metrics is letters, digits and _, and no digit first";
    for (key, flag, value, says) in [
        ("moniker", "--moniker", "a\tb", ascii),
        ("moniker", "--moniker", "caf\u{e9}", ascii),
        (
            "moniker",
            "--moniker",
            "",
            "the moniker must not be blank; set it",
        ),
        ("instrumentation.namespace", "--namespace", "1 a", metrics),
    ] {
        let empty = tempfile::tempdir().unwrap();
        for arguments in [
            &["init"][..],
            &["seed", "--check-config", "--prometheus", "--chain-id", "c"],
        ] {
            let home = ["--home", text(empty.path()), flag, value];
            let run = pex(&[arguments, &home].concat(), "");
            assert_eq!((run.code, run.out.as_str()), (Some(2), ""), "{value:?}");
            assert!(run.err.contains(says), "{value:?}: {}", run.err);
        }
        assert!(!empty.path().join("config").exists());

        let home = home(&format!("{key} = {value:?}\n{}", near("")));
        let run = pex(&["seed", "--check-config", "--home", text(home.path())], "");
        assert_eq!(run.code, Some(2), "{value:?}: {}", run.out);
        assert!(run.err.contains("config.toml:1: "), "{}", run.err);
        assert!(run.err.contains(says), "{value:?}: {}", run.err);
    }
}

#[test]
fn what_is_in_force_is_printed_with_where_it_comes_from() {
    let home = home(&near(""));
    let run = Command::new(env!("CARGO_BIN_EXE_pex"))
        .args([
            "seed",
            "--check-config",
            "--home",
            text(home.path()),
            "--check-workers",
            "9",
        ])
        .env("PEX_CHECK_PERIOD", "1h")
        .output()
        .unwrap();
    let out = String::from_utf8(run.stdout).unwrap();
    assert_eq!(run.status.code(), Some(0), "{out}");
    for line in [
        "check_workers = 9  # --check-workers",
        "check_period = \"1h\"  # PEX_CHECK_PERIOD",
        "save_every = \"2m\"",
    ] {
        assert!(out.lines().any(|it| it == line), "{line}: {out}");
    }
    assert!(out.contains("config/config.toml:2"), "{out}");
}
