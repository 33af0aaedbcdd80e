//! Which of a seed's files can't be written.

use std::collections::BTreeSet;

use crate::notice::Notice;

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum File {
    Book,
    Store,
}

/// Those that can't be written. That all is written again is to be told when all is.
#[derive(Debug, Default)]
pub(super) struct Unwritten(BTreeSet<File>);

impl Unwritten {
    /// Takes note of what a notice says of this file; whether the notice is to be told.
    pub(super) fn is_news(&mut self, file: File, notice: &Notice) -> bool {
        match notice {
            Notice::NotWritten(_) => {
                self.0.insert(file);
                true
            }
            Notice::WrittenAgain => {
                self.0.remove(&file);
                self.0.is_empty()
            }
            _ => true,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_is_written_again_once_both_files_are() {
        let failed = Notice::NotWritten("no room".to_owned());
        let mut unwritten = Unwritten::default();
        assert!(unwritten.is_news(File::Book, &failed));
        assert!(unwritten.is_news(File::Store, &failed));
        assert!(!unwritten.is_news(File::Book, &Notice::WrittenAgain));
        assert!(unwritten.is_news(File::Book, &failed));
        assert!(!unwritten.is_news(File::Store, &Notice::WrittenAgain));
        assert!(unwritten.is_news(File::Book, &Notice::WrittenAgain));
        assert!(unwritten.is_news(File::Book, &Notice::SaveBook));
    }
}
