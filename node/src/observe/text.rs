//! Texts that strangers chose, made fit to be shown.

/// At most so many characters of one text.
pub(super) const CHARS_MAX: usize = 120;

/// The text, cut to a bounded length, with whatever could move a cursor, break a line or turn the
/// direction of writing shown as its code.
pub(super) fn shown(text: &str) -> String {
    let mut shown = String::new();
    let mut length = 0_usize;
    for char in text.chars() {
        length += 1;
        if length > CHARS_MAX {
            shown.push('…');
            break;
        }
        if is_harmless(char) {
            shown.push(char);
        } else {
            shown.extend(char.escape_unicode());
        }
    }
    shown
}

/// Whether a character does nothing but stand there.
fn is_harmless(char: char) -> bool {
    !char.is_control()
        && !matches!(
            char,
            '\u{061c}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}'
                | '\u{feff}' | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e007f}'
        )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_stranger_wrote_is_cut_and_cannot_move_anything() {
        assert_eq!(shown("Ünïcode <b>"), "Ünïcode <b>");
        assert_eq!(
            shown("a\u{1b}[2Jb\nc\u{202e}d"),
            r"a\u{1b}[2Jb\u{a}c\u{202e}d"
        );
        let long = shown(&"x".repeat(10_000));
        assert_eq!(long.chars().count(), CHARS_MAX + 1);
        assert!(long.ends_with('…'));
        let longest = shown(&"\u{1b}".repeat(10_000));
        assert!(longest.len() <= CHARS_MAX * 6 + 3, "{}", longest.len());
    }
}
