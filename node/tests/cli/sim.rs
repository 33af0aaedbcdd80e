//! `pex sim`.

use std::fs;
use std::path::Path;

use pex_sim::show::read_json;

use crate::command::{Run, pex};

/// A network that takes no time to run.
const SMALL: [&str; 5] = ["sim", "--nodes", "12", "--duration", "8s"];

fn text(path: &Path) -> &str {
    path.to_str().unwrap()
}

fn with<'a>(more: &[&'a str]) -> Vec<&'a str> {
    SMALL.iter().copied().chain(more.iter().copied()).collect()
}

#[test]
fn a_network_of_flags_is_run_and_what_it_took_is_the_last_line() {
    let run = pex(&with(&["--seed", "3"]), "");
    assert_eq!((run.code, run.err.as_str()), (Some(0), ""));
    for begins in ["a network\n", "seed 3, 8 s, ", "known  ", "in-degree  "] {
        let begins = begins.trim_end_matches('\n');
        let found = run.out.lines().any(|line| line.starts_with(begins));
        assert!(found, "{begins} not in\n{}", run.out);
    }
    let last = run.out.lines().last().unwrap();
    assert!(
        last.contains(" events in ") && last.contains(" a second"),
        "{last}"
    );
    if cfg!(target_os = "linux") {
        assert!(
            last.contains("; this process had ") && last.ends_with(" MiB at most"),
            "{last}"
        );
    }
}

#[test]
fn one_seed_writes_the_same_bytes_and_another_does_not() {
    let folder = tempfile::tempdir().unwrap();
    let [a, b, c] = ["a.json", "b.json", "c.json"].map(|name| folder.path().join(name));
    for (path, seed) in [(&a, "1"), (&b, "1"), (&c, "2")] {
        let run = pex(
            &with(&["--seed", seed, "--quiet", "--json", text(path)]),
            "",
        );
        assert_eq!((run.code, run.err.as_str()), (Some(0), ""));
        assert_eq!(run.out.lines().count(), 1, "{}", run.out);
    }
    let [a, b, c] = [a, b, c].map(|path| fs::read_to_string(path).unwrap());
    assert!(a == b, "the same seed");
    let [a, c] = [a, c].map(|text| read_json(&text).unwrap().remove(0));
    assert_ne!(a.digest, c.digest);
    assert_eq!((a.seed, c.seed, a.population[0].born), (1, 2, 12));
}

#[test]
fn json_can_be_printed_and_nothing_else_is_then() {
    let run = pex(&with(&["--json", "-"]), "");
    assert_eq!(run.code, Some(0), "{}", run.err);
    assert_eq!(read_json(&run.out).unwrap().len(), 1);
    assert!(run.err.contains(" events in "), "{}", run.err);
}

#[test]
fn the_scenario_of_the_flags_is_printed_and_runs_as_a_file() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("some.toml");
    let flags = [
        "--newcomers",
        "2",
        "--connected",
        "6",
        "--until-known",
        "0.99",
    ];
    let printed = pex(&with(&[&flags[..], &["--print"]].concat()), "");
    assert_eq!((printed.code, printed.err.as_str()), (Some(0), ""));
    assert!(
        printed.out.contains("knows = \"everyone\""),
        "{}",
        printed.out
    );
    assert!(
        printed.out.contains("until-known = 0.99"),
        "{}",
        printed.out
    );
    fs::write(&file, &printed.out).unwrap();
    let json = ["--seed", "5", "--json", "-"];
    let of_flags = pex(&with(&[&flags[..], &json[..]].concat()), "");
    let of_file = pex(&[&["sim", text(&file)], &json[..]].concat(), "");
    assert_eq!(of_file.code, Some(0), "{}", of_file.err);
    assert!(of_flags.out == of_file.out, "they are the same scenario");
    let newcomers = read_json(&of_file.out).unwrap().remove(0).newcomers;
    assert_eq!(newcomers.len(), 2);
    assert!(
        newcomers.iter().all(|it| it.to_99.is_some()),
        "{newcomers:?}"
    );
}

#[test]
fn a_sweep_is_run_on_all_processors_and_has_a_line_a_scenario() {
    let folder = tempfile::tempdir().unwrap();
    let html = folder.path().join("sweep.html");
    let sweep = [
        "--sweep",
        "nodes.0.count=6,12",
        "--seeds",
        "3",
        "--jobs",
        "2",
    ];
    let run = pex(&with(&[&sweep[..], &["--html", text(&html)]].concat()), "");
    assert_eq!(run.code, Some(0), "{}", run.err);
    let lines: Vec<&str> = run.out.lines().collect();
    assert!(
        lines[0].starts_with("scenario ") && lines[0].contains("known"),
        "{}",
        run.out
    );
    for begins in [
        "nodes.0.count = 6   1 to 3 ",
        "nodes.0.count = 12  1 to 3 ",
        "6 runs, ",
    ] {
        let found = lines.iter().any(|it| it.starts_with(begins));
        assert!(found, "{begins} not in\n{}", run.out);
    }
    assert_eq!(run.err.lines().count(), 6, "a line a run: {}", run.err);
    assert!(
        run.err.lines().all(|it| it.contains(" MiB at most")),
        "{}",
        run.err
    );
    let html = fs::read_to_string(html).unwrap();
    assert_eq!(html.matches("<details").count(), 2);
}

#[test]
fn the_commands_of_a_sweep_do_by_themselves_what_the_sweep_does() {
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().join("it's runs");
    fs::create_dir(&out).unwrap();
    let sweep = [
        "--sweep",
        "nodes.0.count=6,12",
        "--seeds",
        "2",
        "--out",
        text(&out),
    ];
    let printed = pex(&with(&[&sweep[..], &["--print-commands"]].concat()), "");
    assert_eq!((printed.code, printed.err.as_str()), (Some(0), ""));
    let commands: Vec<&str> = printed.out.lines().collect();
    assert_eq!(commands.len(), 4);
    assert_eq!(fs::read_dir(&out).unwrap().count(), 0, "nothing was run");
    for command in commands {
        let own = command.replacen("pex ", concat!(env!("CARGO_BIN_EXE_pex"), " "), 1);
        let status = std::process::Command::new("sh").args(["-c", &own]).output();
        assert!(status.unwrap().status.success(), "{command}");
    }
    let gathered = folder.path().join("gathered.json");
    let report = pex(
        &["sim", "report", text(&out), "--json", text(&gathered)],
        "",
    );
    assert_eq!((report.code, report.err.as_str()), (Some(0), ""));
    let itself = folder.path().join("itself.json");
    let run = pex(
        &with(&[&sweep[..4], &["--json", text(&itself)]].concat()),
        "",
    );
    assert_eq!(run.code, Some(0), "{}", run.err);
    let read = |path: &Path| fs::read_to_string(path).unwrap();
    assert!(read(&gathered) == read(&itself));
    assert!(
        run.out
            .starts_with(&report.out[..report.out.rfind("\n\n").unwrap()])
    );
}

/// It ends with this code, and with one line that says this.
fn assert_ends(code: i32, arguments: &[&str], says: &str) {
    let run = pex(arguments, "");
    assert_eq!(run.code, Some(code), "{arguments:?}: {}", run.err);
    assert!(
        run.err.starts_with("pex: ") && run.err.contains(says),
        "{}",
        run.err
    );
    assert_eq!(run.err.lines().count(), 1, "{}", run.err);
}

#[test]
fn what_is_wrong_in_a_file_is_named_by_its_line_and_what_is_no_such_file_by_its_path() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| text(&folder.path().join(name)).to_owned();
    fs::write(
        path("bad.toml"),
        "[[nodes]]\ncount = 8\n[faults]\nloss = 7\n",
    )
    .unwrap();
    let crowded = "[[nodes]]\ncount = 8\nconnected = 0\n";
    fs::write(path("crowded.toml"), crowded).unwrap();
    fs::write(path("no.json"), "{}\n").unwrap();
    fs::create_dir(path("empty")).unwrap();
    let loss = "bad.toml: line 4: faults.loss: 7";
    assert_ends(2, &["sim", &path("bad.toml")], loss);
    let connected = "crowded.toml: line 3: connected: 0 can't be";
    assert_ends(2, &["sim", &path("crowded.toml")], connected);
    assert_ends(1, &["sim", "/nowhere.toml"], "/nowhere.toml: ");
    let no_json = "no.json: this is not what";
    assert_ends(1, &["sim", "report", &path("no.json")], no_json);
    assert_ends(1, &["sim", "report", &path("empty")], "no JSON of a run");
    // Before it has run for hours.
    let long = ["sim", "--nodes", "50", "--duration", "9000h"];
    for (option, path, says) in [
        ("--json", "/nowhere/a.json", "there is no folder /nowhere"),
        ("--html", &path("empty"), "this is a folder"),
    ] {
        let says = format!("cannot write {path}: {says}");
        assert_ends(1, &[&long[..], &[option, path]].concat(), &says);
    }
}

#[test]
fn what_is_wrong_on_the_command_line_is_named_as_it_was_written() {
    for (more, says) in [
        (["--set", "nodes.0.pace=3"], "--set nodes.0.pace=3: "),
        (
            ["--set", "nodes.9.count=3"],
            "nodes.9.count: there is no place",
        ),
        (
            ["--sweep", "faults.loss=0,7"],
            "--sweep faults.loss=7: 7 is no share",
        ),
        (["--policy", "best"], "--policy: unknown variant `best`"),
        (["--policy", "hostile"], "such as runs = { hostile = "),
        (["--churn", "2"], "--churn: 2 is no share"),
        (["--connected", "0"], "--connected: 0 can't be"),
        (["--knows", "few"], "--knows: invalid type"),
        (["--newcomers", "5000000"], "--newcomers: 5000012 nodes"),
    ] {
        assert_ends(2, &with(&more), says);
    }
    for (arguments, says) in [
        (&["sim"][..], "nothing to run"),
        (&["sim", "--duration", "5s"], "nothing to run"),
        (
            &with(&["--minimise", "--seeds", "2"]),
            "--minimise is of one run",
        ),
        (
            &with(&["--print-commands", "--html", "a.html"]),
            "--print-commands runs nothing",
        ),
        (
            &["sim", "tables", "--only", "speed"],
            "there is no table speed",
        ),
        (
            &["sim", "tables", "--sweep", "nodes.0.count=1,2"],
            "--sweep: the tables have",
        ),
    ] {
        assert_ends(2, arguments, says);
    }
    for arguments in [
        with(&["--sweep", "nodes"]),
        with(&["--set", "nodes"]),
        vec!["sim", "--policy", "pex"],
        vec!["sim", "--nodes", "3", "file.toml"],
        with(&["--print", "--json", "a.json"]),
        vec!["sim", "tables", "--from", "runs", "--seeds", "2"],
    ] {
        assert_eq!(pex(&arguments, "").code, Some(2), "{arguments:?}");
    }
}

#[test]
fn what_a_seed_draws_by_itself_can_not_be_said_beside_it() {
    for (option, value) in [
        ("--set", Some("duration=1s")),
        ("--sweep", Some("duration=1s,2s")),
        ("--nodes", Some("3")),
        ("--policy", Some("pex")),
        ("--depth", Some("thin")),
        ("--knows", Some("2")),
        ("--connected", Some("4")),
        ("--store", Some("100")),
        ("--newcomers", Some("1")),
        ("--newcomer-policy", Some("pex")),
        ("--duration", Some("1s")),
        ("--sample-every", Some("1s")),
        ("--until-known", Some("0.9")),
        ("--churn", Some("0.1")),
        ("--loss", Some("0.1")),
        ("--swarm", None),
        ("--check", None),
        ("--no-check", None),
    ] {
        let line: Vec<&str> = ["sim", "--random", option]
            .into_iter()
            .chain(value)
            .collect();
        let run = pex(&line, "");
        assert_eq!(run.code, Some(2), "{option}: {}", run.out);
        assert!(
            run.err.contains("cannot be used with") && run.err.contains(option),
            "{}",
            run.err
        );
    }
}

/// How many processes have this in their command line.
#[cfg(target_os = "linux")]
fn processes(with: &str) -> usize {
    let lines = fs::read_dir("/proc").unwrap().map_while(Result::ok);
    lines
        .filter_map(|it| fs::read(it.path().join("cmdline")).ok())
        .filter(|line| String::from_utf8_lossy(line).contains(with))
        .count()
}

#[cfg(target_os = "linux")]
#[test]
fn whoever_is_stopped_stops_the_runs_that_it_has_started() {
    let folder = tempfile::tempdir().unwrap();
    let out = text(folder.path());
    let sim = ["sim", "--nodes", "500", "--duration", "1000h"];
    let several = ["--seeds", "3", "--jobs", "2", "--out", out];
    for signal in ["TERM", "INT"] {
        let run = Run::start(&[&sim[..], &several[..]].concat(), Vec::new());
        while processes(out) < 3 {
            std::thread::sleep(std::time::Duration::from_millis(20));
        }
        run.signal(signal);
        let run = run.end();
        assert_eq!(
            (run.code, run.err.as_str()),
            (Some(1), "pex: stopped when 0 of 3 runs were done\n")
        );
        assert_eq!(processes(out), 0);
    }
}

#[test]
fn the_quick_tables_have_a_line_for_each_row() {
    let run = pex(&["sim", "tables", "--quick", "--only", "fairness"], "");
    assert_eq!(run.code, Some(0), "{}", run.err);
    assert!(
        run.out.contains("| | 500 nodes |\n|---|---|\n| ours | 1"),
        "{}",
        run.out
    );
    assert!(run.out.contains("Medians, seeds 1, 2."), "{}", run.out);
}
