//! The path of an address: its escapes, its dot segments, its query and fragment.

use core::fmt::Write;

use super::escape::{Part, is_path, unescape};
use super::{AddressError, Buffer, Ink};

/// Where a path comes from decides what becomes of its dot segments.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Dots {
    /// After a written protocol they stay.
    Keep,
    /// Without one they are removed: the reference resolves the text against an empty base then.
    Remove,
}

/// The path with query and fragment, unescaped where the reference unescapes: not in the query.
pub(super) fn join(
    path: &str,
    dots: Dots,
    query: &str,
    fragment: &str,
) -> Result<Buffer, AddressError> {
    let mut whole = Buffer::new();
    unescape(path, Part::Free, &mut whole)?;
    if dots == Dots::Remove && !path.is_empty() {
        whole = without_dots(path, &whole)?;
    }
    if whole.is_empty() && (!query.is_empty() || !fragment.is_empty()) {
        whole.push(b'/');
    }
    if !query.is_empty() {
        whole.push(b'?');
        whole.extend_from_slice(query.as_bytes());
    }
    if !fragment.is_empty() {
        whole.push(b'#');
        unescape(fragment, Part::Free, &mut whole)?;
    }
    Ok(whole)
}

/// Dot segments are sought in the escaped path: as it is written if it is written as Go would
/// accept it, else as Go would write it. So `%2e` is a dot only beside a byte that needs escaping.
fn without_dots(path: &str, unescaped: &[u8]) -> Result<Buffer, AddressError> {
    let mut rewritten = Ink(Buffer::new());
    let escaped = if path.bytes().all(may_stand) {
        path.as_bytes()
    } else {
        for byte in unescaped {
            // Byte by byte: what is not UTF-8 may yet go away with its segment. Ink does
            // not run out.
            let _ = match *byte {
                plain if is_path(plain) => rewritten.write_char(char::from(plain)),
                odd => write!(rewritten, "%{odd:02X}"),
            };
        }
        &rewritten.0
    };
    let kept = remove_dots(escaped);
    let kept = core::str::from_utf8(&kept).map_err(|_| AddressError::NotUtf8)?;
    let mut out = Buffer::new();
    unescape(kept, Part::Free, &mut out)?;
    Ok(out)
}

const fn may_stand(byte: u8) -> bool {
    is_path(byte) || matches!(byte, b'!' | b'\'' | b'(' | b')' | b'*' | b'[' | b']' | b'%')
}

/// Removes `.` and `..` segments as Go 1.19 does: never above the root, and always with a leading
/// slash. Each byte is written once and looked back at once, so the time is linear.
fn remove_dots(path: &[u8]) -> Buffer {
    let mut kept = Buffer::new();
    // Whether a slash parts the next segment from what is kept.
    let mut slash = false;
    let mut ends_with_dots = false;
    for segment in path.split(|byte| *byte == b'/') {
        ends_with_dots = matches!(segment, b"." | b"..");
        match segment {
            b"." => slash = true,
            b".." => {
                let parent = kept.iter().rposition(|byte| *byte == b'/');
                // With nothing left to part from, the next segment starts afresh.
                slash &= parent.is_some();
                kept.truncate(parent.unwrap_or(0));
            }
            _ => {
                if slash {
                    kept.push(b'/');
                }
                kept.extend_from_slice(segment);
                slash = true;
            }
        }
    }
    if ends_with_dots {
        kept.push(b'/');
    }
    if kept.first() != Some(&b'/') {
        kept.insert(0, b'/');
    }
    kept
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dot_segments_go_away_as_in_go_1_19() {
        let rows = [
            ("/", "/"),
            ("/a", "/a"),
            ("//a", "//a"),
            ("/a/../b", "/b"),
            ("/./a", "/a"),
            ("/a/.", "/a/"),
            ("/a/..", "/"),
            ("/../a", "/a"),
            ("/../../a/b/../c/", "/a/c/"),
            ("/a/..//b", "//b"),
            ("/..//b", "/b"),
            ("/...", "/..."),
            ("/%2e%2e/a", "/%2e%2e/a"),
        ];
        for (path, expected) in rows {
            assert_eq!(
                remove_dots(path.as_bytes()).as_slice(),
                expected.as_bytes(),
                "{path}"
            );
        }
    }
}
