//! `pex address` and `pex message`, over everything the reference was asked and over wrong lines.

use serde_json::Value;

use crate::command::{Outcome, Run, pex};

const ADDRESSES: &str = include_str!("../../../tests/vectors/addresses.jsonl");
const MESSAGES: &str = include_str!("../../../tests/vectors/messages.jsonl");

/// Asks the command about a field of every vector; returns each vector with its answer.
fn ask(command: &str, vectors: &str, field: &str) -> Vec<(Value, Value)> {
    let vectors: Vec<Value> = parse(vectors);
    let lines: Vec<String> = vectors
        .iter()
        .map(|vector| vector[field].to_string())
        .collect();
    let run = pex(&[command], lines.join("\n"));
    assert_eq!((run.code, run.err.as_str()), (Some(0), ""));
    let answers = parse(&run.out);
    assert_eq!(answers.len(), vectors.len());
    let all: Vec<_> = vectors.into_iter().zip(answers).collect();
    assert!(
        all.iter()
            .all(|(vector, answer)| vector[field] == answer[field])
    );
    all
}

fn parse(lines: &str) -> Vec<Value> {
    lines
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect()
}

/// Whether our answer may differ: the rules that the core's own vector test names.
fn may_differ(vector: &Value) -> bool {
    let text = |field: &str| vector[field].as_str().unwrap_or_default();
    let brackets = text("host").contains(':') && vector["port"].is_null();
    let slash = text("path").starts_with(['?', '#']);
    let not_utf8 = !vector["note"].is_null();
    let too_long = text("in").len() > pex::NodeAddress::MAX_TEXT
        || text("host").len() > pex::NodeAddress::MAX_HOST
        || text("protocol").len() > pex::NodeAddress::MAX_PROTOCOL;
    vector["ok"] == true && (brackets || slash || not_utf8 || too_long)
}

#[test]
fn address_answers_every_vector_as_the_reference_does_but_for_the_named_differences() {
    let (mut equal, mut refused, mut reformatted) = (0, 0, 0);
    for (vector, answer) in ask("address", ADDRESSES, "in") {
        if may_differ(&vector) {
            let is_ok = answer["ok"] == true;
            assert_ne!(is_ok, answer["error"].is_string(), "{answer}");
            let differs = |field: &str| answer[field] != vector[field];
            assert!(!is_ok || differs("string") || differs("path"), "{answer}");
            (refused, reformatted) = (refused + u32::from(!is_ok), reformatted + u32::from(is_ok));
            continue;
        }
        equal += 1;
        for field in ["ok", "protocol", "id", "host", "port", "path", "string"] {
            assert_eq!(answer[field], vector[field], "{field} of {vector}");
        }
        assert_eq!(
            answer["reparses"], answer["ok"],
            "what we print parses again"
        );
        assert_ne!(answer["ok"], Value::Bool(answer["error"].is_string()));
    }
    assert_eq!((equal, refused, reformatted), (2_505 - 19 - 45, 19, 45));
}

#[test]
fn message_answers_every_vector_as_the_reference_does_but_for_text_that_is_not_utf8() {
    let mut refused = 0;
    for (vector, answer) in ask("message", MESSAGES, "hex") {
        if vector["ok"] == true && answer["ok"] == false {
            refused += 1;
            let why = answer["error"].as_str().unwrap();
            assert!(why.contains("UTF-8"), "{why}: {vector}");
            continue;
        }
        for field in ["ok", "kind", "addresses", "reencoded"] {
            assert_eq!(answer[field], vector[field], "{field} of {vector}");
        }
        assert_ne!(answer["ok"], Value::Bool(answer["error"].is_string()));
    }
    assert_eq!(refused, 42);
}

/// Wrong lines with a right one before and after; every wrong one must be named.
fn names_the_wrong_lines(command: &str, right: &str, wrong: &[(&[u8], &str)]) {
    let mut input = format!("{right}\n").into_bytes();
    for (line, _) in wrong {
        input.extend_from_slice(line);
        input.push(b'\n');
    }
    // The last line has no end, and counts all the same.
    input.extend_from_slice(right.as_bytes());
    let Outcome { code, out, err, .. } = pex(&[command], input);
    assert_eq!(code, Some(1));
    assert_eq!(parse(&out).len(), 2, "{out}");
    let mut lines = err.lines();
    for (number, (_, says)) in (2..).zip(wrong) {
        let line = lines.next().unwrap();
        assert!(line.starts_with(&format!("pex: line {number}: ")), "{line}");
        assert!(line.contains(says), "{line}");
    }
    assert_eq!(
        lines.next(),
        Some(&*format!("pex: {} lines were wrong", wrong.len()))
    );
    assert_eq!(lines.next(), None);
}

#[test]
fn address_names_the_lines_that_are_wrong_and_does_the_others() {
    let long = [b"\"".as_slice(), &vec![b'a'; 1 << 20], b"\""].concat();
    names_the_wrong_lines(
        "address",
        "\"00112233445566778899aabbccddeeff00112233@h:1\"",
        &[
            (b"no quotes", "not a JSON string"),
            (b"{\"in\": 1}", "not a JSON string"),
            (b"\"\\ud800\"", "not a JSON string"),
            (b"\"\xff\"", "not UTF-8"),
            (b"", "empty"),
            (b" \t\r", "empty"),
            (&long, "longer than 262144 bytes"),
        ],
    );
}

#[test]
fn message_names_the_lines_that_are_wrong_and_does_the_others() {
    names_the_wrong_lines(
        "message",
        "1a00",
        &[
            (b"1a0", "not hexadecimal"),
            (b"0x1a00", "not hexadecimal"),
            (b"1a 00", "not hexadecimal"),
            (b"\xff\xfe", "not UTF-8"),
            (b"", "empty"),
            (&vec![b'0'; 1 << 20], "longer than 262144 bytes"),
        ],
    );
}

#[test]
fn one_wrong_line_is_counted_as_one() {
    let run = pex(&["message"], "xyz\n");
    assert_eq!(run.code, Some(1));
    assert!(run.err.ends_with("pex: 1 line was wrong\n"), "{}", run.err);
}

#[test]
fn no_input_is_no_error() {
    let run = pex(&["message"], "");
    assert_eq!(
        (run.code, run.out.as_str(), run.err.as_str()),
        (Some(0), "", "")
    );
}

#[test]
fn a_reader_that_has_enough_ends_the_command_without_an_error() {
    // Far more than the pipes hold, so the command must meet the closed end.
    let mut run = Run::start(&["message"], b"1a00\n".repeat(200_000));
    assert!(run.line().contains("request_v2"));
    run.close_output();
    let end = run.end();
    assert_eq!((end.code, end.err.as_str()), (Some(0), ""));
}
