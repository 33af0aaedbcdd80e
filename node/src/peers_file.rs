//! Peer records as people and programs read them: a table, and one JSON object a line.

use std::io::{self, BufRead, Write};

use pex::peers::{AddressRecord, PeerRecord};
use pex::{NodeAddress, NodeId, Time};
use serde::{Deserialize, Serialize};

/// A record as JSON. Times are seconds since 1970 with nine decimals, as text, so that no reader
/// rounds them. What is not known is left out.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Line {
    id: String,
    addresses: Vec<AddressLine>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    last_connected: Option<String>,
    #[serde(default, skip_serializing_if = "is_default")]
    inactive: bool,
    #[serde(default, skip_serializing_if = "is_default")]
    score: i32,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    banned_until: Option<String>,
    #[serde(default, skip_serializing_if = "is_default")]
    anchor: bool,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct AddressLine {
    address: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    last_success: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    first_success: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    last_failure: Option<String>,
    #[serde(default, skip_serializing_if = "is_default")]
    failures: u32,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    source: Option<String>,
    #[serde(default, skip_serializing_if = "is_default")]
    source_group: u64,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    heard: Option<String>,
}

fn is_default<T: Default + PartialEq>(value: &T) -> bool {
    *value == T::default()
}

fn text(time: Option<Time>) -> Option<String> {
    time.map(|time| time.to_string())
}

fn line(record: &PeerRecord) -> Line {
    let address = |kept: &AddressRecord| AddressLine {
        address: kept.address.to_string(),
        last_success: text(kept.last_success),
        first_success: text(kept.first_success),
        last_failure: text(kept.last_failure),
        failures: kept.failures,
        source: kept.source.map(|id| id.to_string()),
        source_group: kept.source_group,
        heard: text(kept.heard),
    };
    Line {
        id: record.id.to_string(),
        addresses: record.addresses.iter().map(address).collect(),
        last_connected: text(record.last_connected),
        inactive: record.inactive,
        score: record.score,
        banned_until: text(record.banned_until),
        anchor: record.anchor,
    }
}

fn time(text: Option<&str>) -> Result<Option<Time>, String> {
    let Some(text) = text else {
        return Ok(None);
    };
    let wrong =
        || format!("{text:?} is no time, which is seconds since 1970 as \"1700000000.000000000\"");
    let (secs, nanos) = text.split_once('.').unwrap_or((text, "0"));
    let secs: u64 = secs.parse().map_err(|_| wrong())?;
    let digits = nanos.len() <= 9 && nanos.bytes().all(|digit| digit.is_ascii_digit());
    let nanos: u64 = format!("{nanos:0<9}").parse().map_err(|_| wrong())?;
    let all = secs
        .checked_mul(1_000_000_000)
        .and_then(|it| it.checked_add(nanos));
    all.filter(|_| digits)
        .map(|it| Some(Time::from_nanos(it)))
        .ok_or_else(wrong)
}

fn record(line: Line) -> Result<PeerRecord, String> {
    let id = |text: &str| NodeId::parse(text).map_err(|error| format!("{text:?}: {error}"));
    let mut record = PeerRecord::new(id(&line.id)?);
    for kept in line.addresses {
        let address = NodeAddress::parse(&kept.address);
        let address = address.map_err(|error| format!("{:?}: {error}", kept.address))?;
        if address.id() != record.id {
            return Err(format!("{address} is not an address of {}", record.id));
        }
        let mut known = AddressRecord::new(address);
        known.last_success = time(kept.last_success.as_deref())?;
        known.first_success = time(kept.first_success.as_deref())?;
        known.last_failure = time(kept.last_failure.as_deref())?;
        known.failures = kept.failures;
        known.source = kept.source.as_deref().map(id).transpose()?;
        known.source_group = kept.source_group;
        known.heard = time(kept.heard.as_deref())?;
        record.addresses.push(known);
    }
    record.last_connected = time(line.last_connected.as_deref())?;
    record.inactive = line.inactive;
    record.score = line.score;
    record.banned_until = time(line.banned_until.as_deref())?;
    record.anchor = line.anchor;
    // What can't be written can't be kept either.
    PeerRecord::decode(&record.encode()).map_err(|error| error.to_string())
}

/// Writes one JSON object a line.
///
/// # Errors
///
/// What the writer fails with.
pub fn write_json(records: &[PeerRecord], out: &mut impl Write) -> io::Result<()> {
    for record in records {
        serde_json::to_writer(&mut *out, &line(record))?;
        writeln!(out)?;
    }
    Ok(())
}

/// Reads what [`write_json`] wrote, a line at a time: each is a record, or the number of the line and
/// what is wrong with it.
///
/// # Errors
///
/// What the reader fails with.
pub fn read_json(from: impl BufRead) -> io::Result<Vec<Result<PeerRecord, String>>> {
    let mut records = Vec::new();
    for (number, text) in from.split(b'\n').enumerate() {
        let text = text?;
        if text.trim_ascii().is_empty() {
            continue;
        }
        let read = serde_json::from_slice(&text).map_err(|error| wrong(&error));
        let read = read.and_then(record);
        records.push(read.map_err(|why| format!("line {}: {why}", number + 1)));
    }
    Ok(records)
}

/// What is wrong with the JSON of a line, which to its reader is always the first.
fn wrong(error: &serde_json::Error) -> String {
    let (line, column) = (error.line(), error.column());
    let said = error.to_string();
    let place = format!(" at line {line} column {column}");
    let what = said.strip_suffix(&place);
    what.map_or_else(|| said.clone(), |what| format!("{what} at column {column}"))
}

/// Writes a table for people: a row an address.
///
/// # Errors
///
/// What the writer fails with.
pub fn write_table(records: &[PeerRecord], now: Time, out: &mut impl Write) -> io::Result<()> {
    writeln!(
        out,
        "{:40}  {:24}  reached   failures  score  notes",
        "id", "address"
    )?;
    for record in records {
        let notes = notes(record, now);
        for kept in &record.addresses {
            let place = kept.address.to_string();
            let place = place.split_once('@').map_or("", |(_, place)| place);
            let reached = kept
                .last_success
                .map_or_else(|| "never".to_owned(), |at| ago(now, at));
            writeln!(
                out,
                "{:40}  {:24}  {reached:8}  {:8}  {:5}  {notes}",
                record.id,
                crate::crawl::printable(place),
                kept.failures,
                record.score
            )?;
        }
        if record.addresses.is_empty() {
            writeln!(
                out,
                "{:40}  {:24}  never     {:8}  {:5}  {notes}",
                record.id, "-", 0, record.score
            )?;
        }
    }
    let addresses: usize = records.iter().map(|record| record.addresses.len()).sum();
    let reached = records
        .iter()
        .filter(|record| record.last_connected.is_some())
        .count();
    writeln!(out)?;
    writeln!(
        out,
        "{} nodes, {addresses} addresses, {reached} nodes reached",
        records.len()
    )
}

fn notes(record: &PeerRecord, now: Time) -> String {
    let mut notes = Vec::new();
    if record.anchor {
        notes.push("anchor".to_owned());
    }
    if record.inactive {
        notes.push("inactive".to_owned());
    }
    if let Some(until) = record.banned_until.filter(|until| *until > now) {
        notes.push(format!("banned for {}", span(until.since(now).as_secs())));
    }
    notes.join(", ")
}

/// How long ago that was.
pub(crate) fn ago(now: Time, at: Time) -> String {
    span(now.since(at).as_secs())
}

/// A time span in its largest unit.
pub(crate) fn span(secs: u64) -> String {
    match secs {
        0..60 => format!("{secs} s"),
        60..3_600 => format!("{} min", secs / 60),
        3_600..172_800 => format!("{} h", secs / 3_600),
        _ => format!("{} d", secs / 86_400),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const U: &str = "00112233445566778899aabbccddeeff00112233";

    fn known() -> PeerRecord {
        let address = NodeAddress::parse(&format!("{U}@10.0.0.1:26656")).unwrap();
        let mut record = PeerRecord::new(address.id());
        let mut kept = AddressRecord::new(address);
        kept.last_success = Some(Time::from_nanos(1_700_000_000_000_000_001));
        kept.failures = 2;
        kept.source = Some(NodeId::new([9; 20]));
        kept.source_group = u64::MAX;
        record.addresses.push(kept);
        record.last_connected = Some(Time::from_secs(1_700_000_000));
        record.banned_until = Some(Time::from_secs(1_700_003_600));
        record.score = -7;
        record.anchor = true;
        record
    }

    #[test]
    fn what_is_written_is_read_back_to_the_nanosecond() {
        let records = [known(), PeerRecord::new(NodeId::new([2; 20]))];
        let mut out = Vec::new();
        write_json(&records, &mut out).unwrap();
        let read = read_json(out.as_slice()).unwrap();
        let read: Vec<_> = read.into_iter().map(Result::unwrap).collect();
        assert_eq!(read, records);
    }

    #[test]
    fn what_is_wrong_is_told_with_its_line_and_the_others_are_read() {
        let text = format!(
            "{{\"id\":\"{U}\",\"addresses\":[]}}\n\nnone\n{{\"id\":\"x\",\"addresses\":[]}}\n\
             {{\"id\":\"{U}\",\"addresses\":[{{\"address\":\"{}@h:1\"}}]}}\n\
             {{\"id\":\"{U}\",\"addresses\":[],\"last_connected\":\"noon\"}}\n\
             {{\"id\":\"{U}\",\"addresses\":[],\"colour\":1}}\n",
            NodeId::new([3; 20])
        );
        let read = read_json(text.as_bytes()).unwrap();
        assert_eq!(read.len(), 6);
        assert!(read[0].is_ok());
        for (read, (number, what)) in read[1..].iter().zip([
            (3, "expected"),
            (4, "40 hexadecimal digits"),
            (5, "is not an address of"),
            (6, "no time"),
            (7, "colour"),
        ]) {
            let why = read.as_ref().unwrap_err();
            assert!(why.starts_with(&format!("line {number}: ")), "{why}");
            assert!(why.contains(what), "{why}");
        }
    }

    #[test]
    fn a_line_that_is_no_text_is_told_like_any_other_mistake() {
        let text = [
            &b"{\"id\":\"\xff\"}\n"[..],
            format!("{{\"id\":\"{U}\",\"addresses\":[]}}\n").as_bytes(),
        ]
        .concat();
        let read = read_json(text.as_slice()).unwrap();
        assert_eq!(read.len(), 2);
        assert!(read[0].as_ref().unwrap_err().starts_with("line 1: "));
        assert!(read[1].is_ok());
    }

    #[test]
    fn a_mistake_has_one_line_and_a_column_in_it() {
        let read = read_json(&b"\n\n{\"id\":5}\n"[..]).unwrap();
        let why = read[0].as_ref().unwrap_err();
        assert!(why.starts_with("line 3: "), "{why}");
        assert!(why.ends_with(" at column 7"), "{why}");
    }

    #[test]
    fn a_table_has_a_row_an_address_and_says_who_is_banned() {
        let mut out = Vec::new();
        write_table(&[known()], Time::from_secs(1_700_000_060), &mut out).unwrap();
        let text = String::from_utf8(out).unwrap();
        assert!(text.contains("10.0.0.1:26656"), "{text}");
        assert!(
            text.contains("59 s") && text.contains("anchor, banned for 59 min"),
            "{text}"
        );
        assert!(
            text.ends_with("1 nodes, 1 addresses, 1 nodes reached\n"),
            "{text}"
        );
    }
}
