//! The first moment of a vault: no file is ever at its path that is half of one.

use std::fs::{self, File, OpenOptions};
use std::io;
use std::path::Path;

use redb::backends::FileBackend;

use super::VaultError;
use super::disk::{builder, guarded, lay_out};
use crate::whole_file::{remove_if_there, sync_folder_of, with_ending};

/// Makes an empty vault at `path`. If somebody else has made one in the meantime, it stays.
pub(super) fn create(path: &Path) -> Result<(), VaultError> {
    let draft = with_ending(path, ".new");
    // What is left of somebody who was killed just here. If he is alive, he fails below.
    remove_if_there(&draft).map_err(VaultError::Io)?;
    guarded(|| {
        let backend = FileBackend::new(private_file(&draft)?).map_err(redb::Error::from)?;
        let database = builder().create_with_backend(backend);
        Ok(lay_out(&database.map_err(redb::Error::from)?)?)
    })?;
    File::open(&draft)
        .and_then(|file| file.sync_all())
        .map_err(VaultError::Io)?;
    let placed = place(&draft, path);
    remove_if_there(&draft).map_err(VaultError::Io)?;
    placed.map_err(VaultError::Io)
}

/// Gives the draft its name, unless something has that name already.
fn place(draft: &Path, path: &Path) -> io::Result<()> {
    match fs::hard_link(draft, path) {
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => return Ok(()),
        // Some file systems have no links.
        Err(_) if !path.exists() => fs::rename(draft, path)?,
        linked => linked?,
    }
    sync_folder_of(path)
}

/// A new file that its owner alone can read.
fn private_file(path: &Path) -> Result<File, VaultError> {
    let mut options = OpenOptions::new();
    options.read(true).write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path).map_err(VaultError::Io)
}
