//! What must hold of any bytes taken for a scenario of the simulator.

use core::time::Duration;

use pex_sim::{Scenario, Simulation};

/// Nodes of a network that is tried, and how long it is: both bound the time of a run.
const NODES_MAX: u32 = 6;
const LONG: Duration = Duration::from_secs(2);

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
            let line = error.line;
            assert!(
                line.is_some_and(|line| (1..=lines).contains(&line)),
                "{error}: {text}"
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
    let nodes = scenario.nodes.iter().map(|group| group.count);
    if nodes.sum::<u32>() <= NODES_MAX
        && let Ok(mut simulation) = Simulation::new(scenario, 1)
    {
        simulation.run_until(LONG);
        assert_eq!(simulation.outcome().breach, None, "{written}");
    }
}
