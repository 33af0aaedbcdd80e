//! Commands that are printed, and what is said when something does not hold.

use clap::Parser as _;
use pex_sim::Simulation;

use super::job::{Job, file_name, in_shell};
use super::plan::{Plan, paths};
use super::{SimArgs, children, one};
use crate::commands::{Cli, Command, Failure};

fn args(line: &[&str]) -> Box<SimArgs> {
    let line = [&["pex", "sim"], line].concat();
    match Cli::try_parse_from(line).unwrap().command {
        Some(Command::Sim(args)) => args,
        other => panic!("{other:?}"),
    }
}

fn jobs(line: &[&str]) -> Vec<Job> {
    Plan::of(&args(line))
        .map_err(|it| it.to_string())
        .unwrap()
        .jobs
}

#[test]
fn a_shell_takes_what_is_printed_as_the_arguments_that_it_is_of() {
    let arguments = [
        "sim",
        "it's a.toml",
        "--set",
        "a={ b = \"c\" }",
        "d=e,f.0@1",
        "",
    ];
    let said = in_shell(&arguments.map(str::to_owned));
    assert_eq!(
        said,
        "pex sim 'it'\\''s a.toml' --set 'a={ b = \"c\" }' d=e,f.0@1 ''"
    );
}

#[test]
fn the_command_of_a_run_makes_the_same_run() {
    for job in jobs(&[
        "--nodes",
        "9",
        "--newcomers",
        "1",
        "--churn",
        "0.1",
        "--no-check",
        "--swarm",
        "--knows",
        "everyone",
        "--duration",
        "90s",
        "--sweep",
        "faults.loss=0,0.5",
        "--seeds",
        "2",
    ]) {
        let arguments = job.arguments();
        let arguments: Vec<&str> = arguments.iter().skip(1).map(String::as_str).collect();
        let again = jobs(&arguments).remove(0);
        assert_eq!(
            (again.scenario, again.seed),
            (job.scenario.clone(), job.seed)
        );
        assert!(!job.scenario.check && job.scenario.faults.swarm);
        assert_eq!(job.scenario.duration.as_secs(), 90);
    }
}

#[test]
fn a_random_scenario_is_made_of_its_seed_alone() {
    let jobs = jobs(&["--random", "--seed", "7", "--seeds", "2"]);
    assert_eq!(jobs[1].command(), "pex sim --random --seed 8");
    assert_eq!(jobs[1].scenario, pex_sim::swarm(8));
    assert_ne!(jobs[0].scenario, jobs[1].scenario);
}

#[test]
fn each_run_has_a_file_of_its_own() {
    let jobs = jobs(&[
        "--nodes",
        "9",
        "--sweep",
        "title='a/b','a:b'",
        "--seeds",
        "2",
    ]);
    let paths = paths(&jobs, "out".as_ref());
    let names: Vec<_> = paths.iter().map(|it| it.to_str().unwrap()).collect();
    assert_eq!(
        names,
        [
            "out/title=_a_b__seed=1.json",
            "out/title=_a_b__seed=2.json",
            "out/title=_a_b__seed=1-2.json",
            "out/title=_a_b__seed=2-2.json",
        ]
    );
    assert_eq!(file_name(&"x".repeat(1_000)).len(), 180);
}

#[test]
fn what_does_not_hold_is_said_with_the_command_that_shows_it_again() {
    let job = jobs(&["--nodes", "4", "--duration", "1s", "--seed", "77"]).remove(0);
    let mut outcome = Simulation::new(job.scenario.clone(), job.seed)
        .unwrap()
        .run();
    let breach = serde_json::json!({
        "invariant": 12, "what": "it holds", "node": 3, "at": 0.5, "event": 9,
    });
    outcome.breach = serde_json::from_value(breach).unwrap();
    assert_eq!(
        one::failure(&outcome, &job).to_string(),
        "invariant 12 does not hold: it holds: node 3, 0.5 s from the beginning, event 9, seed 77; \
         to see it again: pex sim --set duration=1s --set nodes.0.count=4 \
         --set nodes.0.watched=true --seed 77"
    );
}

#[test]
fn a_run_that_panics_is_told_of_with_the_command_that_shows_it_again() {
    let job = jobs(&["--nodes", "4", "--seed", "77"]).remove(0);
    let told = one::or_panicked(&job, || -> Result<(), Failure> { panic!("of no use") });
    assert_eq!(
        told.unwrap_err().to_string(),
        "it panicked, which no machine of a node may; to see it again: \
         pex sim --set nodes.0.count=4 --set nodes.0.watched=true --seed 77"
    );
}

#[cfg(unix)]
#[test]
fn of_a_run_in_which_something_does_not_hold_its_command_is_said_and_that_it_is_broken() {
    use std::fs::{self, Permissions};
    use std::os::unix::fs::PermissionsExt as _;

    let folder = tempfile::tempdir().unwrap();
    let (program, path) = (
        folder.path().join("program"),
        folder.path().join("run.json"),
    );
    for (code, is_broken, line) in [
        (0, false, "9 events"),
        (
            1,
            true,
            "9 events; invariant 12 does not hold; to see it again: pex sim",
        ),
    ] {
        // The file of what came out is its last argument.
        let script = format!(
            "#!/bin/sh\nfor last; do :; done\necho {{}} >\"$last\"\necho 9 events\n\
             echo 'pex: invariant 12 does not hold; to see it again: pex sim' >&2\nexit {code}\n"
        );
        fs::write(&program, script).unwrap();
        fs::set_permissions(&program, Permissions::from_mode(0o755)).unwrap();
        let job = jobs(&["--nodes", "4", "--seed", "77"]).remove(0);
        let last = children::one(&children::Processes::default(), &program, &job, &path);
        let line = line.to_owned();
        assert_eq!(last, Ok(Some(children::Last { line, is_broken })));
    }
}
