//! Many runs, and the table of what became of their victims.

use core::fmt;
use std::thread::{self, ScopedJoinHandle};

use crate::experiment::{self, Course, Held, Outcome};
use crate::victim::Arm;
use crate::world::Attacker;

/// A mean, with the standard error of it; `None` of no value.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Mean {
    pub(crate) value: f64,
    pub(crate) error: f64,
}

impl Mean {
    pub(crate) fn of(values: impl Iterator<Item = f64> + Clone) -> Option<Self> {
        let count = f64::from(u32::try_from(values.clone().count()).expect("runs are few"));
        if count == 0.0 {
            return None;
        }
        let value = values.clone().sum::<f64>() / count;
        let squares: f64 = values.map(|one| (one - value) * (one - value)).sum();
        let error = if count > 1.0 {
            (squares / (count - 1.0) / count).sqrt()
        } else {
            f64::INFINITY // a single value does not say how far off it is
        };
        Some(Self { value, error })
    }

    /// That the mean of these is what a closed form says, to within two in a hundred. Prints both.
    #[cfg(test)]
    pub(crate) fn assert_close(what: &str, values: impl Iterator<Item = f64>, expected: f64) {
        let values: Vec<f64> = values.collect();
        let mean = Self::of(values.into_iter()).unwrap();
        println!(
            "{what}: {:.4} ± {:.4}, by the closed form {expected:.4}",
            mean.value,
            1.96 * mean.error
        );
        assert!((mean.value / expected - 1.0).abs() < 0.02, "{what}");
    }
}

/// All runs of one kind of victim against one attacker.
#[derive(Debug)]
pub(crate) struct Row {
    arm: Arm,
    attacker: Attacker,
    outcomes: Vec<Outcome>,
}

impl Row {
    pub(crate) fn run(arm: Arm, attacker: Attacker, course: Course, seeds: u64) -> Self {
        let cores = thread::available_parallelism().map_or(1, usize::from);
        let part = |core| {
            let mine = (core as u64..seeds).step_by(cores);
            mine.map(move |seed| (seed, experiment::run(arm, attacker, course, seed)))
        };
        let mut outcomes: Vec<_> = thread::scope(|scope| {
            let start = |core| scope.spawn(move || part(core).collect::<Vec<_>>());
            let parts: Vec<_> = (0..cores).map(start).collect();
            let joined = parts.into_iter().map(ScopedJoinHandle::join);
            joined
                .flat_map(|part| part.expect("a run failed"))
                .collect()
        });
        outcomes.sort_by_key(|(seed, _)| *seed);
        let outcomes = outcomes.into_iter().map(|(_, outcome)| outcome).collect();
        Self {
            arm,
            attacker,
            outcomes,
        }
    }

    pub(crate) fn arm(&self) -> &'static str {
        self.arm.name
    }

    /// The mean over the runs of whatever they have.
    pub(crate) fn mean(&self, of: impl Fn(&Outcome) -> Option<f64> + Copy) -> Option<Mean> {
        Mean::of(self.outcomes.iter().filter_map(of))
    }

    /// The mean share of the outbound slots that the attacker holds at the end of the siege.
    pub(crate) fn besieged(&self) -> Mean {
        let mean = self.mean(|outcome| Some(outcome.besieged.attacker));
        mean.expect("there are runs")
    }

    /// The same after the restart.
    pub(crate) fn restarted(&self) -> Mean {
        let mean = self.mean(|outcome| Some(outcome.restarted.attacker));
        mean.expect("there are runs")
    }
}

/// The heading of the table.
pub(crate) struct Heading {
    pub(crate) seeds: u64,
    pub(crate) course: Course,
}

impl fmt::Display for Heading {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (
            seeds,
            Course {
                network,
                siege_hours,
            },
        ) = (self.seeds, self.course);
        writeln!(
            f,
            "Means over {seeds} seeds with 95 % intervals, among {} honest nodes, after \
             {siege_hours} h of siege.\n",
            network.honest
        )?;
        writeln!(
            f,
            "| victim | attacker | outbound % | filled % | P(all) % | after restart % | filled % \
             | P(all) % | untested % | tested % | first 8 peers, s | dials/h |"
        )?;
        f.write_str("|---|---|---:|---:|---:|---:|---:|---:|---:|---:|---:|---:|")
    }
}

impl fmt::Display for Row {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Attacker { addresses, groups } = self.attacker;
        write!(f, "| {} | ({addresses}, {groups}) |", self.arm.name)?;
        for held in [
            |outcome: &Outcome| outcome.besieged,
            |outcome: &Outcome| outcome.restarted,
        ] as [fn(&Outcome) -> Held; 2]
        {
            let percent = |of: fn(Held) -> f64| self.mean(|run| Some(100.0 * of(held(run))));
            cell(f, percent(|held| held.attacker))?;
            cell(f, percent(|held| held.filled))?;
            cell(f, percent(|held| f64::from(u8::from(held.eclipsed))))?;
        }
        cell(f, self.mean(|run| run.untested.map(|share| 100.0 * share)))?;
        cell(f, self.mean(|run| run.tested.map(|share| 100.0 * share)))?;
        cell(f, self.mean(|run| run.first_eight))?;
        cell(f, self.mean(|run| Some(run.dials_an_hour)))
    }
}

fn cell(f: &mut fmt::Formatter<'_>, mean: Option<Mean>) -> fmt::Result {
    match mean {
        None => f.write_str(" - |"),
        Some(Mean { value, error }) => write!(f, " {value:.1} ± {:.1} |", 1.96 * error),
    }
}
