//! That a file can't be written is to be known before what it is for has taken its time.

use std::path::Path;

use super::Failure;

/// Fails if it is clear already that nothing can be written there.
pub(super) fn must_be_writable(path: &Path) -> Result<(), Failure> {
    let name = path.display();
    if path.is_dir() {
        return Err(Failure::new(format_args!(
            "cannot write {name}: this is a folder; name a file in it"
        )));
    }
    let folder = path.parent().filter(|it| !it.as_os_str().is_empty());
    match folder {
        Some(folder) if !folder.is_dir() => Err(Failure::new(format_args!(
            "cannot write {name}: there is no folder {}; make it first, or choose another",
            folder.display()
        ))),
        _ => Ok(()),
    }
}
