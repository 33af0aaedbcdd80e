//! Swarm testing: every seed has a random subset of all faults, at random strengths. Runs with all
//! faults at once find less, since one of them hides what another would show.

use crate::chance::{Chance, Use};
use crate::scenario::Faults;

/// The most of each fault that is drawn, in the order of [`Faults::EACH`].
const MOST: [f64; 15] = [
    0.5, 0.2, 0.2, 0.05, 0.5, 0.1, 0.5, 0.3, 12.0, 6.0, 4.0, 4.0, 60.0, 0.3, 0.5,
];

/// The faults of a scenario; in a swarm, those that its seed draws, where the scenario says nothing
/// itself.
pub(crate) fn draw(faults: &Faults, seed: u64) -> Faults {
    let mut drawn = faults.clone();
    if !faults.swarm {
        return drawn;
    }
    drawn.swarm = false;
    let mut chance = Chance::new(seed, Use::Swarm);
    for (strength, most) in Faults::EACH.iter().zip(MOST) {
        let strength = strength(&mut drawn);
        // Both are drawn for each, so that one that is given changes no other.
        let (on, part) = (chance.below(2) == 0, chance.below(1_000) + 1);
        if *strength == 0.0 && on {
            *strength = most * f64::from(part) / 1_000.0;
        }
    }
    drawn
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn seeds_draw_different_faults_and_what_is_given_stays() {
        let swarm = Faults {
            swarm: true,
            loss: 0.25,
            ..Faults::default()
        };
        let drawn: Vec<_> = (0..20).map(|seed| draw(&swarm, seed)).collect();
        assert!(drawn.iter().all(|it| (it.loss - 0.25).abs() < 1e-9));
        assert!(drawn.iter().any(|it| it.crashes > 0.0));
        assert!(drawn.iter().any(|it| it.crashes == 0.0));
        assert_eq!(drawn[0], draw(&swarm, 0));
        assert_ne!(drawn[0], drawn[1]);
    }
}
