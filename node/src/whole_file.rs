//! Files that are written whole or not at all.
//!
//! A [`Draft`] is a file beside the one that is to be written, which takes its name once every byte
//! is on the disk. Whoever reads meanwhile has the old file or the new one, and so has whoever comes
//! after a crash.

use core::time::Duration;
use std::ffi::OsString;
use std::fs::{self, File, Metadata, OpenOptions, TryLockError};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::thread;

use tokio::time::Instant;

/// Links that are followed one after another before they are said to go in a circle.
const LINKS_MAX: usize = 40;

/// How long we wait for others who write the same file. Nobody takes that long who gets on.
const PATIENCE: Duration = Duration::from_secs(30);

/// How long we wait before we look again whether they are done.
const LOOK_AGAIN: Duration = Duration::from_millis(2);

/// A draft that is being written. Others who would write the same file wait for it; if we are
/// killed, the next to come uses what is left of it.
#[derive(Debug)]
pub(crate) struct Draft {
    file: File,
    path: PathBuf,
    /// What is to be written.
    target: PathBuf,
    /// Whose a new file is to be.
    #[cfg(unix)]
    owner: (u32, u32),
}

impl Draft {
    /// Begins to write the file at `path`, or the one to which a link there leads. Waits for others
    /// who write it, but not for ever.
    pub(crate) fn begin(path: &Path) -> io::Result<Self> {
        Self::begin_within(path, PATIENCE)
    }

    fn begin_within(path: &Path, patience: Duration) -> io::Result<Self> {
        let target = follow(path)?;
        if let Some(found) = metadata(&target)?.filter(|found| !found.is_file()) {
            return Err(not_a_file(&found));
        }
        let path = with_ending(&target, ".new");
        let begun = Instant::now();
        while begun.elapsed() < patience {
            let Some(file) = open_as_it_is(&path)? else {
                continue;
            };
            match file.try_lock() {
                Ok(()) => {}
                Err(TryLockError::WouldBlock) => {
                    thread::sleep(LOOK_AGAIN);
                    continue;
                }
                // There is nothing to wait with on such a disk.
                Err(TryLockError::Error(error)) if error.kind() == io::ErrorKind::Unsupported => {}
                Err(TryLockError::Error(error)) => return Err(error),
            }
            if is_at(&file, &path)? {
                #[cfg(unix)]
                let owner = owner_of(&file)?;
                give_to_owner_of_folder(&file, &path);
                return Ok(Self {
                    file,
                    path,
                    target,
                    #[cfg(unix)]
                    owner,
                });
            }
        }
        let why = format!(
            "another process has been writing it for {patience:?}, and holds {} locked",
            path.display()
        );
        Err(io::Error::new(io::ErrorKind::ResourceBusy, why))
    }

    /// The file that is to be written.
    pub(crate) fn target(&self) -> &Path {
        &self.target
    }

    /// Puts these bytes in the place of the file. It keeps its owner and its mode; a new one can be
    /// read by everybody. All is on the disk when this returns.
    pub(crate) fn finish(mut self, bytes: &[u8]) -> io::Result<()> {
        self.file.set_len(0)?;
        self.file.write_all(bytes)?;
        self.dress(metadata(&self.target)?.as_ref())?;
        self.file.sync_all()?;
        fs::rename(&self.path, &self.target)?;
        sync_folder_of(&self.target)
    }

    /// Gives these bytes the name of the file, unless something has that name already; their owner
    /// alone can read them. All is on the disk when this returns.
    pub(crate) fn finish_new(mut self, bytes: &[u8]) -> io::Result<()> {
        // What was left of a draft may be there for everybody.
        #[cfg(unix)]
        {
            self.take_back()?;
            let mode = std::os::unix::fs::PermissionsExt::from_mode(0o600);
            self.file.set_permissions(mode)?;
        }
        self.file.set_len(0)?;
        self.file.write_all(bytes)?;
        self.file.sync_all()?;
        place_new(&self.path, &self.target)
    }

    #[cfg(unix)]
    fn dress(&self, like: Option<&Metadata>) -> io::Result<()> {
        use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _, fchown};
        let Some(like) = like else {
            self.take_back()?;
            return self.file.set_permissions(fs::Permissions::from_mode(0o644));
        };
        if owner_of(&self.file)? != (like.uid(), like.gid()) {
            // A file of root's that the node can't read would be worse than none. Who is not root
            // can give nothing away, and keeps the group if he is in it.
            let given = fchown(&self.file, Some(like.uid()), Some(like.gid()));
            let _kept = given.or_else(|_| fchown(&self.file, None, Some(like.gid())));
        }
        self.file.set_permissions(like.permissions())
    }

    /// The draft was the folder's owner's while it was written; the file is not.
    #[cfg(unix)]
    fn take_back(&self) -> io::Result<()> {
        let (user, group) = self.owner;
        if owner_of(&self.file)? == self.owner {
            return Ok(());
        }
        std::os::unix::fs::fchown(&self.file, Some(user), Some(group))
    }

    #[cfg(not(unix))]
    fn dress(&self, like: Option<&Metadata>) -> io::Result<()> {
        like.map_or(Ok(()), |like| self.file.set_permissions(like.permissions()))
    }
}

impl Drop for Draft {
    fn drop(&mut self) {
        // Still under its own name, it was not finished, or has got a second name. If it can't be
        // removed, the next to come uses it.
        if is_at(&self.file, &self.path).unwrap_or(false) {
            let _left = fs::remove_file(&self.path);
        }
    }
}

#[cfg(unix)]
fn owner_of(file: &File) -> io::Result<(u32, u32)> {
    use std::os::unix::fs::MetadataExt as _;
    let found = file.metadata()?;
    Ok((found.uid(), found.gid()))
}

/// What root leaves behind when it is killed, a draft or a lock, must not keep out the user whose the
/// folder is.
#[cfg(unix)]
pub(crate) fn give_to_owner_of_folder(file: &File, path: &Path) {
    use std::os::unix::fs::{MetadataExt as _, fchown};
    let folder = path.parent().filter(|it| !it.as_os_str().is_empty());
    if let Ok(found) = folder.unwrap_or_else(|| Path::new(".")).metadata() {
        // Who is not root can give nothing away.
        let _kept = fchown(file, Some(found.uid()), Some(found.gid()));
    }
}

#[cfg(not(unix))]
pub(crate) fn give_to_owner_of_folder(_file: &File, _path: &Path) {}

/// Gives a file that is on the disk the name `path`, unless something has that name already. It may
/// keep its own name beside it.
pub(crate) fn place_new(draft: &Path, path: &Path) -> io::Result<()> {
    match fs::hard_link(draft, path) {
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => return Err(error),
        // Some file systems have no links.
        Err(_) if !path.try_exists()? => fs::rename(draft, path)?,
        linked => linked?,
    }
    sync_folder_of(path)
}

/// Opens a draft or a lock as it is, or makes it. None if it is to be tried again.
pub(crate) fn open_as_it_is(path: &Path) -> io::Result<Option<File>> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    match options.open(path) {
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
        opened => return opened.map(Some),
    }
    match fs::symlink_metadata(path) {
        Ok(found) if found.is_file() => {
            let opened = OpenOptions::new().write(true).open(path);
            none_if_missing(opened)
        }
        // Nothing that we would have left there.
        Ok(_) => none_if_missing(fs::remove_file(path)).map(|_| None),
        Err(error) => none_if_missing(Err(error)),
    }
}

/// Whether this file still has this name.
#[cfg(unix)]
pub(crate) fn is_at(file: &File, path: &Path) -> io::Result<bool> {
    use std::os::unix::fs::MetadataExt as _;
    let ours = file.metadata()?;
    let there = none_if_missing(fs::symlink_metadata(path))?;
    Ok(there.is_some_and(|it| (it.dev(), it.ino()) == (ours.dev(), ours.ino())))
}

#[cfg(not(unix))]
pub(crate) fn is_at(_file: &File, path: &Path) -> io::Result<bool> {
    path.try_exists()
}

/// Where the links that begin at `path` end, whether there is a file or not.
pub(crate) fn follow(path: &Path) -> io::Result<PathBuf> {
    let mut path = path.to_owned();
    for _ in 0..LINKS_MAX {
        match fs::symlink_metadata(&path) {
            Ok(found) if found.is_symlink() => {
                let next = fs::read_link(&path)?;
                path = path.with_file_name(next);
            }
            _ => return Ok(path),
        }
    }
    let why = "the links from here go in a circle";
    Err(io::Error::new(io::ErrorKind::InvalidInput, why))
}

/// What is at `path`, if there is something.
fn metadata(path: &Path) -> io::Result<Option<Metadata>> {
    none_if_missing(fs::metadata(path))
}

/// Why something that is no file can't be used as one.
pub(crate) fn not_a_file(found: &Metadata) -> io::Error {
    if found.is_dir() {
        io::Error::new(io::ErrorKind::IsADirectory, "this is a folder")
    } else {
        let why = "this is a device, a pipe or a socket";
        io::Error::new(io::ErrorKind::InvalidInput, why)
    }
}

/// The path with something more at its end.
pub(crate) fn with_ending(path: &Path, ending: &str) -> PathBuf {
    let mut name = OsString::from(path);
    name.push(ending);
    name.into()
}

/// Gives `path` a second name, which nothing else has yet, and returns it: `ending`, then `ending`
/// and a number, are tried. Where the disk has no second names it is a copy.
pub(crate) fn keep_as(path: &Path, ending: &str) -> io::Result<PathBuf> {
    let endings = (1_u32..).map(|n| format!("{ending}.{n}"));
    for ending in std::iter::once(ending.to_owned()).chain(endings) {
        let name = with_ending(path, &ending);
        if is_one_file(path, &name)? {
            return Ok(name);
        }
        let kept = match fs::hard_link(path, &name) {
            Err(error) if error.kind() != io::ErrorKind::AlreadyExists => copy(path, &name),
            linked => linked,
        };
        match kept {
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
            kept => {
                kept?;
                sync_folder_of(&name)?;
                return Ok(name);
            }
        }
    }
    Err(io::Error::from(io::ErrorKind::AlreadyExists))
}

/// Gives the file at `path`, if there is one, this name as well, in the place of what has it.
pub(crate) fn keep_at(path: &Path, name: &Path) -> io::Result<()> {
    if metadata(path)?.is_none() || is_one_file(path, name)? {
        return Ok(());
    }
    remove_if_there(name)?;
    fs::hard_link(path, name).or_else(|_| copy(path, name))?;
    sync_folder_of(name)
}

/// Whether two names are of one file.
#[cfg(unix)]
fn is_one_file(one: &Path, other: &Path) -> io::Result<bool> {
    use std::os::unix::fs::MetadataExt as _;
    let which = |found: Metadata| (found.dev(), found.ino());
    let other = none_if_missing(fs::symlink_metadata(other))?.map(which);
    Ok(other.is_some() && metadata(one)?.map(which) == other)
}

#[cfg(not(unix))]
fn is_one_file(_one: &Path, _other: &Path) -> io::Result<bool> {
    Ok(false)
}

fn copy(from: &Path, to: &Path) -> io::Result<()> {
    let mut from = File::open(from)?;
    let mut copy = File::create_new(to)?;
    copy.set_permissions(from.metadata()?.permissions())?;
    io::copy(&mut from, &mut copy)?;
    copy.sync_all()
}

/// Sees to it that the names in the folder of `path` are on the disk.
pub(crate) fn sync_folder_of(path: &Path) -> io::Result<()> {
    let folder = path
        .parent()
        .filter(|folder| !folder.as_os_str().is_empty());
    File::open(folder.unwrap_or_else(|| Path::new(".")))?.sync_all()
}

/// Removes a file, if there is one.
pub(crate) fn remove_if_there(path: &Path) -> io::Result<()> {
    none_if_missing(fs::remove_file(path)).map(|_| ())
}

fn none_if_missing<T>(result: io::Result<T>) -> io::Result<Option<T>> {
    match result {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        other => other.map(Some),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_new_file_takes_the_place_of_none_and_is_for_its_owner_alone() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("key");
        // What somebody left who was killed, and for everybody to read.
        fs::write(with_ending(&path, ".new"), "half of something longer").unwrap();
        Draft::begin(&path).unwrap().finish_new(b"one").unwrap();
        let other = Draft::begin(&path).unwrap().finish_new(b"other");
        assert_eq!(other.unwrap_err().kind(), io::ErrorKind::AlreadyExists);
        assert_eq!(fs::read(&path).unwrap(), b"one");
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt as _;
            let mode = fs::metadata(&path).unwrap().permissions().mode();
            assert_eq!(mode & 0o777, 0o600);
        }
    }

    #[cfg(unix)]
    #[test]
    fn a_draft_of_root_is_the_folder_owners_and_the_file_is_not() {
        use std::os::unix::fs::{MetadataExt as _, chown};
        let owner = |path: &Path| fs::metadata(path).unwrap().uid();
        let folder = tempfile::tempdir().unwrap();
        let us = owner(folder.path());
        // Who is not root can give nothing away.
        let them = chown(folder.path(), Some(65_534), Some(65_534)).map_or(us, |()| 65_534);
        for name in ["read by all", "read by its owner"] {
            let path = folder.path().join(name);
            let draft = Draft::begin(&path).unwrap();
            assert_eq!(owner(&with_ending(&path, ".new")), them, "{name}");
            match name {
                "read by all" => draft.finish(b"one").unwrap(),
                _ => draft.finish_new(b"one").unwrap(),
            }
            assert_eq!(owner(&path), us, "{name}");
        }
    }

    #[test]
    fn whoever_holds_the_draft_for_ever_is_named_and_not_waited_for() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("addrbook.json");
        let held = Draft::begin(&path).unwrap();
        let moment = Duration::from_millis(50);
        let error = Draft::begin_within(&path, moment).unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::ResourceBusy);
        let draft = with_ending(&path, ".new").display().to_string();
        assert!(error.to_string().contains(&draft), "{error}");
        drop(held);
        Draft::begin_within(&path, PATIENCE).unwrap();
    }
}
