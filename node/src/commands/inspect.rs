//! `pex address` and `pex message`.

use std::io::{self, BufRead, Read as _, Write, stdin};

use pex_node::inspect;
use serde::Serialize;

use super::terminal::{Output, complain};
use super::{Failure, Outcome};

/// The longest line that is looked at. The longest message has half as many digits.
const LINE_MAX: usize = 256 * 1024;

pub(super) fn addresses() -> Result<Outcome, Failure> {
    each_line(|line| {
        let text: String = serde_json::from_str(line)
            .map_err(|error| format!("not a JSON string ({error}); put it in double quotes"))?;
        record(&inspect::address(&text))
    })
}

pub(super) fn messages() -> Result<Outcome, Failure> {
    each_line(|line| {
        let hex = line.trim_matches('"');
        let found = inspect::message(hex);
        record(&found.ok_or("not hexadecimal; write two digits for each byte")?)
    })
}

fn record(record: &impl Serialize) -> Result<String, String> {
    serde_json::to_string(record).map_err(|error| error.to_string())
}

/// Prints what becomes of each line of standard input. A line that is wrong is named on standard
/// error, and the others are done all the same.
fn each_line(with: impl Fn(&str) -> Result<String, String>) -> Result<Outcome, Failure> {
    let (mut input, mut out) = (stdin().lock(), Output::new());
    let mut wrong = 0;
    for number in 1_u64.. {
        let Some(line) = next_line(&mut input)? else {
            break;
        };
        match line.and_then(|line| with(&line)) {
            Ok(record) => writeln!(out, "{record}")?,
            Err(why) => {
                complain(format_args!("pex: line {number}: {why}"));
                wrong += 1;
            }
        }
        if out.is_closed() {
            return Ok(Outcome::Done);
        }
    }
    match wrong {
        0 => Ok(Outcome::Done),
        1 => Err(Failure::new("1 line was wrong")),
        _ => Err(Failure::new(format_args!("{wrong} lines were wrong"))),
    }
}

/// The next line, or what is wrong with it; `None` at the end. Never holds more than a line may
/// have.
fn next_line(input: &mut impl BufRead) -> io::Result<Option<Result<String, String>>> {
    let mut line = Vec::new();
    let mut part = input.by_ref().take(LINE_MAX as u64);
    if part.read_until(b'\n', &mut line)? == 0 {
        return Ok(None);
    }
    if line.len() == LINE_MAX && !line.ends_with(b"\n") {
        input.skip_until(b'\n')?;
        return Ok(Some(Err(format!(
            "longer than {LINE_MAX} bytes; neither an address nor a message is"
        ))));
    }
    Ok(Some(match core::str::from_utf8(line.trim_ascii()) {
        Ok("") => Err("empty; write \"\" for an empty text".to_owned()),
        Ok(text) => Ok(text.to_owned()),
        Err(_) => Err("not UTF-8; escape other bytes as \\u00ff".to_owned()),
    }))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(mut input: &[u8]) -> Vec<Result<String, String>> {
        core::iter::from_fn(|| next_line(&mut input).unwrap()).collect()
    }

    #[test]
    fn a_line_that_is_too_long_is_skipped_and_the_next_is_read() {
        for length in [LINE_MAX, LINE_MAX + 1, 4 * LINE_MAX] {
            let mut input = vec![b'a'; length];
            input.extend(b"\n1a00\n");
            let read = lines(&input);
            assert_eq!(read.len(), 2, "{length}");
            assert!(read[0].as_ref().unwrap_err().starts_with("longer than"));
            assert_eq!(read[1].as_deref(), Ok("1a00"));
        }
    }

    #[test]
    fn the_longest_line_and_a_last_line_without_an_end_are_read() {
        let mut input = vec![b'a'; LINE_MAX - 1];
        input.extend(b"\n1a00");
        let read = lines(&input);
        assert_eq!(read[0].as_ref().unwrap().len(), LINE_MAX - 1);
        assert_eq!(read[1].as_deref(), Ok("1a00"));
    }
}
