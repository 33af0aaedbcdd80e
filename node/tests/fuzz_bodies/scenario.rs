//! What must hold of any bytes taken for a scenario of the simulator.

use pex_sim::Scenario;

/// Reads the bytes as a scenario, and writes what was read.
pub(crate) fn scenario(data: &[u8]) {
    let Ok(text) = str::from_utf8(data) else {
        return;
    };
    let scenario = match Scenario::parse(text) {
        Ok(scenario) => scenario,
        Err(error) => {
            assert!(!error.what.is_empty());
            let lines = text.split('\n').count();
            assert!(
                error.line.is_none_or(|line| (1..=lines).contains(&line)),
                "{error}"
            );
            return;
        }
    };
    assert_eq!(scenario.validate(), Ok(()));
    let written = scenario.to_toml();
    assert!(written.is_ok(), "{written:?}");
    let written = written.unwrap_or_default();
    assert_eq!(
        Scenario::parse(&written).as_ref(),
        Ok(&scenario),
        "{written}"
    );
}
