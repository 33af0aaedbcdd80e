//! Finds out which commit is built, for `pex --version`.

use std::env;
use std::path::Path;
use std::process::Command;

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    println!("cargo::rerun-if-env-changed=PEX_COMMIT");
    let version = env!("CARGO_PKG_VERSION");
    // Whoever builds without the repository, such as in a container, can say which commit it is.
    let told = env::var("PEX_COMMIT")
        .ok()
        .filter(|commit| !commit.is_empty());
    let version = match told.or_else(commit) {
        Some(commit) => format!("{version} ({commit})"),
        None => version.to_owned(),
    };
    println!("cargo::rustc-env=PEX_VERSION={version}");
}

/// The commit of the repository that this file is of; none if it is of none.
fn commit() -> Option<String> {
    // Sources that were unpacked somewhere within another repository are not of that one.
    git(&["ls-files", "--error-unmatch", "build.rs"])?;
    let commit = git(&["rev-parse", "--short=12", "HEAD"])?;
    // What changes with a commit, and no more, or each build would begin here again.
    let branch = git(&["symbolic-ref", "--quiet", "HEAD"]);
    for name in ["HEAD", "packed-refs"].into_iter().chain(branch.as_deref()) {
        let path = git(&["rev-parse", "--git-path", name]);
        if let Some(path) = path.filter(|path| Path::new(path).exists()) {
            println!("cargo::rerun-if-changed={path}");
        }
    }
    Some(commit)
}

fn git(arguments: &[&str]) -> Option<String> {
    let run = Command::new("git").args(arguments).output().ok()?;
    let text = run.status.success().then_some(run.stdout)?;
    let text = String::from_utf8(text).ok()?;
    Some(text.trim().to_owned())
}
