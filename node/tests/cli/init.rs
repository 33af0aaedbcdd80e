//! `pex init` and `pex show-node-id`.

use std::fs;
use std::path::Path;

use crate::command::{Run, pex};

fn text(path: &Path) -> &str {
    path.to_str().unwrap()
}

#[test]
fn a_seed_starts_from_the_file_that_init_writes() {
    let home = tempfile::tempdir().unwrap();
    let home = text(home.path());
    let run = pex(
        &[
            "init",
            "--home",
            home,
            "--chain-id",
            "c",
            "--listen",
            "127.0.0.1:0",
        ],
        "",
    );
    assert_eq!((run.code, run.err.as_str()), (Some(0), ""));
    assert!(
        run.out.contains("back it up") && run.out.contains("next: pex seed"),
        "{}",
        run.out
    );
    let id = pex(&["show-node-id", "--home", home], "").out;
    assert!(run.out.contains(id.trim()), "{}", run.out);

    let mut seed = Run::start(&["seed", "--home", home], Vec::new());
    let line = seed.line();
    assert!(
        line.starts_with(&format!("listening on {}@127.0.0.1:", id.trim())),
        "{line}"
    );
    seed.signal("INT");
    assert_eq!(seed.end().code, Some(0));
}

#[test]
fn init_never_writes_over_what_is_there() {
    let folder = tempfile::tempdir().unwrap();
    let home = text(folder.path());
    assert_eq!(
        pex(&["init", "--home", home, "--chain-id", "c"], "").code,
        Some(0)
    );
    let (file, key) = (
        folder.path().join("config/config.toml"),
        folder.path().join("config/node_key.json"),
    );
    let read = || {
        (
            fs::read_to_string(&file).unwrap(),
            fs::read_to_string(&key).unwrap(),
        )
    };
    let before = read();
    let run = pex(&["init", "--home", home, "--chain-id", "d"], "");
    assert_eq!(run.code, Some(1));
    assert!(
        run.err.contains("is there already") && run.err.contains("--home"),
        "{}",
        run.err
    );
    assert_eq!(read(), before);
    // A key that was brought along is kept.
    fs::remove_file(&file).unwrap();
    let run = pex(&["init", "--home", home, "--chain-id", "d"], "");
    assert_eq!(run.code, Some(0), "{}", run.err);
    assert!(run.out.contains("which was there"), "{}", run.out);
    assert_eq!(read().1, before.1);
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        assert_eq!(
            fs::metadata(&key).unwrap().permissions().mode() & 0o777,
            0o600
        );
    }
}

#[test]
fn what_others_write_as_their_seed_is_shown_once_it_is_known() {
    let folder = tempfile::tempdir().unwrap();
    let home = text(folder.path());
    assert_eq!(
        pex(&["init", "--home", home], "").code,
        Some(0),
        "without a chain as well"
    );
    let shown = pex(&["show-node-id", "--home", home], "");
    let id = shown.out.trim();
    assert_eq!((shown.code, id.len()), (Some(0), 40));
    assert!(
        shown.err.contains(&format!("{id}@HOST:26656")),
        "{}",
        shown.err
    );
    let none = pex(&["show-node-id", "--home", home, "--address"], "");
    assert_eq!(none.code, Some(2));
    assert!(
        none.err.contains("external_address is not set"),
        "{}",
        none.err
    );

    let file = folder.path().join("config/config.toml");
    let set = fs::read_to_string(&file).unwrap();
    let set = set.replace(
        "# external_address = \"\"",
        "external_address = \"seed.example.com:26656\"",
    );
    fs::write(&file, set).unwrap();
    let shown = pex(&["show-node-id", "--home", home, "--address"], "");
    assert_eq!(shown.out.trim(), format!("{id}@seed.example.com:26656"));
}

#[test]
fn without_a_key_it_is_said_where_it_was_looked_for() {
    let folder = tempfile::tempdir().unwrap();
    let run = pex(&["show-node-id", "--home", text(folder.path())], "");
    assert_eq!(run.code, Some(1));
    assert!(run.err.contains("config/node_key.json"), "{}", run.err);
}

#[test]
fn the_version_names_the_commit_where_there_is_one() {
    let version = pex(&["--version"], "").out;
    let rest = version.trim().strip_prefix("pex ").unwrap();
    let (number, commit) = rest.split_once(' ').unwrap_or((rest, "(0123456)"));
    assert_eq!(number, env!("CARGO_PKG_VERSION"));
    let commit = commit
        .strip_prefix('(')
        .and_then(|it| it.strip_suffix(')'))
        .unwrap();
    assert!(commit.len() >= 7, "{version}");
}
