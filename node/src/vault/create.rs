//! The first moment of a vault: no file is ever at its path that is half of one.

use std::fs::{File, OpenOptions};
use std::io;
use std::path::Path;

use redb::backends::FileBackend;

use super::VaultError;
use super::disk::{builder, guarded, lay_out};
use crate::whole_file::{place_new, remove_if_there, with_ending};

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
    let placed = match place_new(&draft, path) {
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(()),
        placed => placed,
    };
    remove_if_there(&draft).map_err(VaultError::Io)?;
    placed.map_err(VaultError::Io)
}

/// A new file that its owner alone can read.
fn private_file(path: &Path) -> Result<File, VaultError> {
    let mut options = OpenOptions::new();
    options.read(true).write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path).map_err(VaultError::Io)
}
