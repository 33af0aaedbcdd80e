//! `pex address` and `pex message`.

use std::io::{self, BufRead, Write, stdin, stdout};

use pex_node::inspect;
use serde::Serialize;

use super::{Failure, Outcome};

pub(super) fn addresses() -> Result<Outcome, Failure> {
    each_line(|line, out| {
        let text: String = serde_json::from_str(line)
            .map_err(|error| format!("not a JSON string ({error}); put it in double quotes"))?;
        print(&inspect::address(&text), out).map_err(|error| error.to_string())
    })
}

pub(super) fn messages() -> Result<Outcome, Failure> {
    each_line(|line, out| {
        let hex = line.trim().trim_matches('"');
        print(&inspect::message(hex), out).map_err(|error| error.to_string())
    })
}

fn print(record: &impl Serialize, out: &mut impl Write) -> io::Result<()> {
    serde_json::to_writer(&mut *out, record)?;
    writeln!(out)
}

/// Does something with each line of standard input. A line that is wrong is named on standard
/// error, and the others are done all the same.
fn each_line(
    mut with: impl FnMut(&str, &mut io::StdoutLock<'static>) -> Result<(), String>,
) -> Result<Outcome, Failure> {
    let mut out = stdout().lock();
    let mut wrong = 0;
    for (number, line) in (1..).zip(stdin().lock().split(b'\n')) {
        let line = line?;
        let done = match core::str::from_utf8(line.trim_ascii_end()) {
            Ok("") => Ok(()),
            Ok(text) => with(text, &mut out),
            Err(_) => Err("not UTF-8".to_owned()),
        };
        if let Err(why) = done {
            eprintln!("pex: line {number}: {why}");
            wrong += 1;
        }
    }
    match wrong {
        0 => Ok(Outcome::Done),
        1 => Err(Failure::new("1 line was wrong")),
        _ => Err(Failure::new(format_args!("{wrong} lines were wrong"))),
    }
}
