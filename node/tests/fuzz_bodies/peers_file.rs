//! What must hold of any bytes taken for a file of peer records.

use pex::Time;
use pex_node::peers_file::{read_json, write_json, write_table};

/// Reads the bytes a line at a time, and writes what was read.
pub(crate) fn peers_file(data: &[u8]) {
    let read = read_json(data).unwrap();
    let lines = data.split(|byte| *byte == b'\n').count();
    let mut records = Vec::new();
    let mut last = 0;
    for one in read {
        let why = match one {
            Ok(record) => {
                records.push(record);
                continue;
            }
            Err(why) => why,
        };
        let (line, what) = why.split_once(": ").unwrap();
        let line: usize = line.strip_prefix("line ").unwrap().parse().unwrap();
        assert!(last < line && line <= lines, "{why}");
        assert!(!what.is_empty(), "{why}");
        last = line;
    }
    let mut written = Vec::new();
    write_json(&records, &mut written).unwrap();
    let again = read_json(written.as_slice()).unwrap();
    let again: Result<Vec<_>, _> = again.into_iter().collect();
    assert_eq!(again.as_ref(), Ok(&records));

    let mut table = Vec::new();
    write_table(&records, Time::from_secs(1_700_000_000), &mut table).unwrap();
    let rows: usize = records.iter().map(|it| it.addresses.len().max(1)).sum();
    let table = String::from_utf8(table).unwrap();
    assert_eq!(table.lines().count(), 1 + rows + 2, "{table}");
    assert!(
        !table.chars().any(|c| c.is_control() && c != '\n'),
        "{table}"
    );
}
