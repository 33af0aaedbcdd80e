//! Reading a scenario, and what its numbers may be.

use core::time::Duration;

use super::{Claim, Depth, Group, Program, Range, Scenario, ScenarioError};
use crate::blueprint::Blueprint;
use crate::hostile::operator;

/// The most nodes of a run.
const NODES: u64 = 4_000_000;

/// The longest run: a hundred years, so that no clock ends.
const LONGEST: Duration = Duration::from_secs(100 * 365 * 86_400);

impl Scenario {
    /// Reads a scenario.
    ///
    /// # Errors
    ///
    /// [`ScenarioError`] says on which line something is wrong, and what to write instead.
    ///
    /// ```
    /// use pex_sim::Scenario;
    ///
    /// let error = Scenario::parse("[[nodes]]\ncount = 8\n[faults]\nloss = 7\n").unwrap_err();
    /// assert_eq!(error.to_string(), "line 4: faults.loss: 7 is no share; write a number from 0 to 1");
    /// ```
    pub fn parse(text: &str) -> Result<Self, ScenarioError> {
        let scenario: Self =
            toml::from_str(text).map_err(|error| ScenarioError::of_toml(&error, text))?;
        scenario.validate().map_err(|error| error.within(text))?;
        Ok(scenario)
    }

    /// The scenario as text, which [`Scenario::parse`] reads.
    ///
    /// # Errors
    ///
    /// If it holds what TOML has no form for, such as a number that is none.
    pub fn to_toml(&self) -> Result<String, ScenarioError> {
        toml::to_string_pretty(self).map_err(|error| ScenarioError::new("", error.to_string()))
    }

    /// Whether all numbers are such that the scenario can be run.
    ///
    /// # Errors
    ///
    /// The first that is not.
    pub fn validate(&self) -> Result<(), ScenarioError> {
        let nodes: u64 = self.nodes.iter().map(|group| u64::from(group.count)).sum();
        if nodes == 0 || nodes > NODES {
            let what = format!("{nodes} nodes in all; write counts that add up to 1 to {NODES}");
            return Err(ScenarioError::new("count", what));
        }
        for (number, group) in self.nodes.iter().enumerate() {
            let checked = group.validate();
            checked.map_err(|error| error.of_group(number))?;
        }
        let (network, churn, faults) = (&self.network, &self.churn, &self.faults);
        for (key, share) in [
            ("until-known", self.until_known.unwrap_or_default()),
            ("network.dials-fail", network.dials_fail),
            ("churn.replaced-a-minute", churn.replaced_a_minute),
            ("churn.restarted-a-minute", churn.restarted_a_minute),
            ("faults.loss", faults.loss),
            ("faults.duplicate", faults.duplicate),
            ("faults.delay", faults.delay),
            ("faults.garble", faults.garble),
            ("faults.cuts", faults.cuts),
            ("faults.driver", faults.driver),
            ("faults.ticks", faults.ticks),
            ("faults.dials", faults.dials),
            ("faults.strangers", faults.strangers),
            ("faults.old-disks", faults.old_disks),
        ] {
            if !(0.0..=1.0).contains(&share) {
                let what = format!("{share} is no share; write a number from 0 to 1");
                return Err(ScenarioError::new(key, what));
            }
        }
        for (key, rate) in [
            ("faults.partitions", faults.partitions),
            ("faults.clock-jumps", faults.clock_jumps),
            ("faults.crashes", faults.crashes),
            ("faults.hangs", faults.hangs),
            ("faults.inventions", faults.inventions),
        ] {
            if !(0.0..=3_600.0).contains(&rate) {
                let what = format!("{rate} in an hour; write a number from 0 to 3600");
                return Err(ScenarioError::new(key, what));
            }
        }
        for (key, range) in [
            ("network.latency", network.latency),
            ("network.dial", network.dial),
        ] {
            check_range(key, range)?;
        }
        let millisecond = Duration::from_millis(1);
        for (key, time, least) in [
            ("duration", self.duration, millisecond),
            ("sample-every", self.sample_every, millisecond),
            ("churn.after", churn.after, Duration::ZERO),
        ] {
            if time < least || time > LONGEST {
                let time = humantime::format_duration(time);
                let what = format!("{time} can't be; write a time from 1ms to 100years, as '90s'");
                return Err(ScenarioError::new(key, what));
            }
        }
        Ok(())
    }
}

fn check_range(key: &str, range: Range) -> Result<(), ScenarioError> {
    if range.from <= range.to && range.to <= Duration::from_secs(3_600) {
        return Ok(());
    }
    let (from, to) = (
        humantime::format_duration(range.from),
        humantime::format_duration(range.to),
    );
    let what = format!(
        "from {from} to {to} is no range; write {{ from = '25ms', to = '75ms' }}, an hour at most"
    );
    Err(ScenarioError::new(key, what))
}

impl Group {
    /// A key that says what would have no effect, and why.
    fn without_effect(&self) -> Option<(&'static str, &'static str)> {
        let plain = Self::new(self.count, self.runs.clone());
        let said = [
            ("linked", self.linked != plain.linked),
            ("dials", self.dials != plain.dials),
            ("keeps-private", self.keeps_private != plain.keeps_private),
            ("persists", self.persists != plain.persists),
            ("tuning", self.tuning != plain.tuning),
            ("store", self.store != plain.store),
            ("connected", self.connected != plain.connected),
            ("depth", self.depth != plain.depth),
            ("knows", self.knows != plain.knows),
            ("claims", self.claims != plain.claims),
            ("neighbours", self.neighbours != plain.neighbours),
        ];
        let (keys, why): (&[&str], _) = match self.runs {
            Program::Hostile(_) => (
                &[
                    "linked",
                    "dials",
                    "keeps-private",
                    "persists",
                    "tuning",
                    "store",
                    "connected",
                    "depth",
                    "knows",
                    "neighbours",
                ],
                "hostile nodes know everybody, and do what they do",
            ),
            Program::Uniform => (
                &[
                    "linked",
                    "dials",
                    "keeps-private",
                    "persists",
                    "tuning",
                    "claims",
                ],
                "nodes of 'uniform' only answer",
            ),
            Program::Tendermint0350 | Program::Tendermint0359 => (
                &["dials", "keeps-private", "persists", "claims"],
                "a model of Tendermint has no such thing",
            ),
            _ if self.depth == Depth::Thin => (
                &["linked", "dials", "keeps-private", "persists", "claims"],
                "a thin node only answers",
            ),
            _ if self.depth == Depth::Exchange => (
                &["dials", "persists", "claims"],
                "an exchange alone has no manager, and says what it is",
            ),
            _ if self.is_v1() && self.claims == Claim::V1 => (&[], ""),
            _ if self.is_v1() => (
                &["claims"],
                "an honest node of V1 says what it is, or that it is of 'v1' alone",
            ),
            _ => (&["claims"], "an honest node says what it is"),
        };
        let key = said
            .iter()
            .find(|(key, is_said)| *is_said && keys.contains(key));
        key.map(|(key, _)| (*key, why))
    }

    pub(crate) const fn is_v1(&self) -> bool {
        matches!(self.runs, Program::PexV1 | Program::PexSeed)
    }

    fn validate(&self) -> Result<(), ScenarioError> {
        if let Some((key, why)) = self.without_effect() {
            return Err(ScenarioError::new(key, format!("{why}; leave it out")));
        }
        if self.store.is_some() && self.is_v1() && self.depth == Depth::Full {
            let what = "the book of V1 has a size of its own; leave it out";
            return Err(ScenarioError::new("store", what));
        }
        let most = self.connected.unwrap_or(u32::MAX);
        for (key, count) in [("dials", self.dials.unwrap_or(0)), ("linked", self.linked)] {
            if count > most {
                let what =
                    format!("{count} of at most {most} peers; write less, or raise connected");
                return Err(ScenarioError::new(key, what));
            }
        }
        if (self.dials.is_some() || self.linked > 0) && self.connected.is_none() {
            let key = if self.dials.is_some() {
                "dials"
            } else {
                "linked"
            };
            let what = "it is a part of connected, which is left out; write connected as well";
            return Err(ScenarioError::new(key, what));
        }
        if self.starts > LONGEST {
            let what = "later than 100years; write less";
            return Err(ScenarioError::new("starts", what));
        }
        if self.clock_skew > Duration::from_secs(365 * 86_400) {
            let what = "a clock more than a year ahead; write less";
            return Err(ScenarioError::new("clock-skew", what));
        }
        // What the machines themselves refuse is known here already, and so is its line.
        operator(&self.runs)?;
        Blueprint::new(self, 0, 0).map(|_| ())
    }
}
