//! The nodes of a crawl counted by what they have in common.

use std::collections::BTreeMap;

use pex::Group;

use super::{Report, dialect};
use crate::crawl::map::{Found, Outcome};

/// How many nodes are of each sort, the most first; equals in the order of their names.
pub(super) type Counts = Vec<(String, usize)>;

/// The nodes counted, by several measures.
#[derive(Debug)]
pub(super) struct Groups {
    /// Those reached, by what their version says.
    pub(super) versions: Counts,
    /// Those reached, by the dialect they speak.
    pub(super) dialects: Counts,
    /// Those not reached, by the sort of failure.
    pub(super) errors: Counts,
    /// All, by the network of their IP address.
    pub(super) networks: Counts,
    /// How many nodes were told of by so many others.
    pub(super) in_degrees: BTreeMap<usize, usize>,
}

impl Groups {
    pub(super) fn of(report: &Report) -> Self {
        let (mut versions, mut dialects) = (BTreeMap::new(), BTreeMap::new());
        let (mut errors, mut networks) = (BTreeMap::new(), BTreeMap::new());
        let mut in_degrees = BTreeMap::new();
        for found in report.map.nodes().values() {
            count(&mut networks, network(found));
            *in_degrees.entry(found.told_by.len()).or_default() += 1;
            match &found.outcome {
                Outcome::Unvisited => count(&mut errors, unvisited(found).to_owned()),
                Outcome::Failed { sort, .. } => count(&mut errors, sort.to_string()),
                Outcome::Reached { version, kind, .. } => {
                    count(&mut versions, version.clone());
                    count(&mut dialects, dialect(*kind).to_owned());
                }
            }
        }
        Self {
            versions: most_first(versions),
            dialects: most_first(dialects),
            errors: most_first(errors),
            networks: most_first(networks),
            in_degrees,
        }
    }
}

/// Why a node that nobody tried to reach was not, in a few words.
pub(super) const fn unvisited(found: &Found) -> &'static str {
    let [dialed, not] = UNVISITED;
    if found.is_dialed { dialed } else { not }
}

/// For whom the time was over: those being dialed, and the others.
pub(crate) const UNVISITED: [&str; 2] =
    ["not reached before the end", "not visited before the end"];

/// The network of a node: the /16 or /32 of its IP address; its name, if it has none.
pub(super) fn network(found: &Found) -> String {
    let name = found.address.as_ref().and_then(|address| address.name());
    match (found.ip, name) {
        (Some(ip), _) => Group::of(ip).to_string(),
        (None, Some(_)) => "a name".to_owned(),
        (None, None) => "no host".to_owned(),
    }
}

fn count(counts: &mut BTreeMap<String, usize>, name: String) {
    *counts.entry(name).or_default() += 1;
}

fn most_first(counts: BTreeMap<String, usize>) -> Counts {
    let mut counts: Counts = counts.into_iter().collect();
    counts.sort_by(|(one, of_one), (two, of_two)| of_two.cmp(of_one).then_with(|| one.cmp(two)));
    counts
}
