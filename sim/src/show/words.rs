//! Numbers as people read them.

/// With a comma between thousands.
pub(crate) fn thousands(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::new();
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// With as many decimals as it takes to tell it from its neighbours, and no more.
pub(crate) fn number(value: f64) -> String {
    let size = value.abs();
    if size >= 1_000.0 {
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "it saturates, and numbers for people are no larger"
        )]
        let whole = size.round() as u64;
        let sign = if value < 0.0 { "-" } else { "" };
        return format!("{sign}{}", thousands(whole));
    }
    let decimals = match size {
        it if it >= 100.0 => 0,
        it if it >= 10.0 => 1,
        it if it >= 1.0 => 2,
        _ => 3,
    };
    let text = format!("{value:.decimals$}");
    if text.contains('.') {
        let text = text.trim_end_matches('0').trim_end_matches('.');
        return if text == "-0" { "0" } else { text }.to_owned();
    }
    text
}

/// A share as per cent.
pub(crate) fn percent(share: f64) -> String {
    format!("{} %", number((share * 10_000.0).round() / 100.0))
}

/// Numbers as ranges: `1 to 3, 7`.
pub(crate) fn ranges(numbers: impl Iterator<Item = u64>) -> String {
    let mut all: Vec<u64> = numbers.collect();
    all.sort_unstable();
    all.dedup();
    let mut ranges: Vec<(u64, u64)> = Vec::new();
    for number in all {
        match ranges.last_mut() {
            Some((_, last)) if last.checked_add(1) == Some(number) => *last = number,
            _ => ranges.push((number, number)),
        }
    }
    let said: Vec<String> = ranges
        .into_iter()
        .map(|(first, last)| match last - first {
            0 => format!("{first}"),
            1 => format!("{first}, {last}"),
            _ => format!("{first} to {last}"),
        })
        .collect();
    said.join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_have_as_many_decimals_as_they_need() {
        for (value, text) in [
            (0.0, "0"),
            (0.034_56, "0.035"),
            (-0.000_1, "0"),
            (1.0, "1"),
            (1.234, "1.23"),
            (12.34, "12.3"),
            (100.0, "100"),
            (123.4, "123"),
            (1_234_567.8, "1,234,568"),
            (-1_234.0, "-1,234"),
        ] {
            assert_eq!(number(value), text);
        }
        assert_eq!(percent(0.998_76), "99.9 %");
        assert_eq!(percent(0.05), "5 %");
        assert_eq!(thousands(1_000), "1,000");
    }

    #[test]
    fn numbers_that_follow_each_other_are_a_range() {
        assert_eq!(ranges([3, 1, 2, 7].into_iter()), "1 to 3, 7");
        assert_eq!(
            ranges([4, 5, u64::MAX].into_iter()),
            format!("4, 5, {}", u64::MAX)
        );
    }
}
