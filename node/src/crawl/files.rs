//! Results in files: written whole or not at all, dated, and at most so many kept.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::time::UNIX_EPOCH;

use core::time::Duration;

use pex::Time;

use crate::whole_file::Draft;

/// What the names of dated files begin and end with.
const BEGIN: &str = "crawl-";
const END: &str = ".json";

/// Puts these bytes into the file at `path`, whole or not at all. What is no file, such as a pipe,
/// is written to as it is.
///
/// # Errors
///
/// What the disk fails with.
pub fn save(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let is_other = fs::metadata(path).is_ok_and(|found| !found.is_file() && !found.is_dir());
    if is_other {
        return fs::write(path, bytes);
    }
    Draft::begin(path)?.finish(bytes)
}

/// The file in this folder for a crawl that began then. Names are in the order of the times.
#[must_use]
pub fn dated(folder: &Path, began: Time) -> PathBuf {
    let began = UNIX_EPOCH + Duration::from_nanos(began.as_nanos());
    // Colons are not for the names of files everywhere.
    let text = humantime::format_rfc3339_millis(began).to_string();
    folder.join(format!("{BEGIN}{}{END}", text.replace(':', "-")))
}

/// The newest of the dated files in a folder.
///
/// # Errors
///
/// If the folder can't be read.
pub fn newest(folder: &Path) -> io::Result<Option<PathBuf>> {
    Ok(all(folder)?.pop())
}

/// Removes the oldest of the dated files in a folder until there are at most so many. That of `latest`
/// stays, which is not the newest by its name where a clock was ahead once.
///
/// # Errors
///
/// If the folder can't be read, or a file can't be removed.
pub fn prune(folder: &Path, keep: usize, latest: &Path) -> io::Result<()> {
    let files = all(folder)?;
    let over = files.len().saturating_sub(keep);
    let others = files.into_iter().filter(|path| path != latest);
    others.take(over).try_for_each(fs::remove_file)
}

/// The dated files of a folder, the oldest first. Other files are not ours.
fn all(folder: &Path) -> io::Result<Vec<PathBuf>> {
    let mut files = Vec::new();
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        let name = path.file_name().and_then(|name| name.to_str());
        if name.is_some_and(is_dated) {
            files.push(path);
        }
    }
    files.sort_unstable();
    Ok(files)
}

fn is_dated(name: &str) -> bool {
    let date = name.strip_prefix(BEGIN).and_then(|it| it.strip_suffix(END));
    // As in 2026-11-27T19-48-25.123Z.
    date.is_some_and(|date| {
        date.len() == 24
            && date
                .bytes()
                .all(|it| it.is_ascii_digit() || b"-T.Z".contains(&it))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_oldest_results_go_and_the_files_of_others_stay() {
        let folder = tempfile::tempdir().unwrap();
        let at = |secs: u64| dated(folder.path(), Time::from_secs(1_700_000_000 + secs));
        for secs in [3, 1, 100_000, 2] {
            save(&at(secs), b"{}\n").unwrap();
        }
        let others = ["crawl-mine.json", "notes.txt", "crawl-2026.json.new"];
        for name in others {
            fs::write(folder.path().join(name), "").unwrap();
        }
        assert_eq!(newest(folder.path()).unwrap(), Some(at(100_000)));
        prune(folder.path(), 2, &at(2)).unwrap();
        assert_eq!(all(folder.path()).unwrap(), [at(2), at(100_000)]);
        save(&at(3), b"{}\n").unwrap();
        prune(folder.path(), 2, &at(3)).unwrap();
        assert_eq!(all(folder.path()).unwrap(), [at(3), at(100_000)]);
        for name in others {
            assert!(folder.path().join(name).exists(), "{name}");
        }
    }
}
