//! Times as Go writes them: RFC 3339 with as many decimals as it takes.

use alloc::string::String;
use core::fmt::Write as _;

use ::time::OffsetDateTime;
use ::time::format_description::well_known::Rfc3339;

use crate::Time;

/// Go's zero time, which stands for never.
const NEVER: &str = "0001-01-01T00:00:00Z";

/// Writes a time, in UTC.
pub(super) fn write(time: Option<Time>) -> String {
    let at = time.map(|time| OffsetDateTime::from_unix_timestamp_nanos(time.as_nanos().into()));
    let Some(Ok(at)) = at else {
        return String::from(NEVER);
    };
    let mut text = String::with_capacity(30);
    let (date, month) = (at.date(), u8::from(at.month()));
    let (year, day) = (date.year(), date.day());
    let (hour, minute, second) = (at.hour(), at.minute(), at.second());
    // Writing to memory does not fail.
    let _ = write!(
        text,
        "{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}"
    );
    let decimals = at.nanosecond();
    if decimals > 0 {
        let _ = write!(text, ".{decimals:09}");
        text.truncate(text.trim_end_matches('0').len());
    }
    text.push('Z');
    text
}

/// Reads a time of any zone: none if it is before 1970, which stands for never, and an error if it
/// is no time, or later than the year 2554.
pub(super) fn read(text: &str) -> Result<Option<Time>, ()> {
    let at = OffsetDateTime::parse(text, &Rfc3339).map_err(|_| ())?;
    let nanos = at.unix_timestamp_nanos();
    if nanos < 0 {
        return Ok(None);
    }
    let nanos = u64::try_from(nanos).map_err(|_| ())?;
    Ok(Some(Time::from_nanos(nanos)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_is_written_as_go_writes_it_and_read_back() {
        for (nanos, text) in [
            (1_700_000_000_000_000_000, "2023-11-14T22:13:20Z"),
            (1_700_000_000_120_000_000, "2023-11-14T22:13:20.12Z"),
            (1, "1970-01-01T00:00:00.000000001Z"),
            // Where a simulation begins, which is not never.
            (0, "1970-01-01T00:00:00Z"),
        ] {
            let time = Time::from_nanos(nanos);
            assert_eq!(write(Some(time)), text);
            assert_eq!(read(text), Ok(Some(time)));
        }
        assert_eq!(write(None), NEVER);
        assert_eq!(read(NEVER), Ok(None));
    }

    #[test]
    fn a_time_of_any_zone_is_read() {
        let time = Time::from_secs(1_700_000_000);
        assert_eq!(read("2023-11-15T00:13:20+02:00"), Ok(Some(time)));
        for wrong in [
            "",
            "yesterday",
            "2023-13-01T00:00:00Z",
            "9999-01-01T00:00:00Z",
        ] {
            assert_eq!(read(wrong), Err(()), "{wrong}");
        }
    }
}
