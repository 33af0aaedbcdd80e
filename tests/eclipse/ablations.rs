//! What a part of ours is worth: our nodes without it, or with more or less of it.

use core::time::Duration;

use pex::{peers, v1};

use crate::ours::{PATIENTLY_V1, v1, v2};
use crate::reference_v1::PATIENTLY;
use crate::victim::{Arm, V1, V2};

const HOUR: u64 = 3_600;

/// All of them, and what V1's attacker gains by patience.
pub(crate) const ABLATIONS: [Arm; 9] = [
    UNROTATED,
    LIFE_OF_12,
    LIFE_OF_72,
    WITHOUT_FEELERS,
    WITHOUT_ANCHORS,
    OF_ANY_AGE,
    PATIENTLY,
    UNROTATED_V1,
    PATIENTLY_V1,
];

/// Places last for as long as their connections.
const UNROTATED: Arm = Arm {
    name: "ours without rotation",
    protocol: V2,
    build: |world, seed| {
        let options = peers::Options::builder().outbound_life(None).build();
        v2(world, seed, options.unwrap())
    },
};

/// Places change hands thrice as often as by default.
const LIFE_OF_12: Arm = Arm {
    name: "ours, a place for 12 h",
    protocol: V2,
    build: |world, seed| {
        let options = peers::Options::builder()
            .outbound_life(Some(Duration::from_secs(12 * HOUR)))
            .build();
        v2(world, seed, options.unwrap())
    },
};

/// And half as often.
const LIFE_OF_72: Arm = Arm {
    name: "ours, a place for 72 h",
    protocol: V2,
    build: |world, seed| {
        let options = peers::Options::builder()
            .outbound_life(Some(Duration::from_secs(72 * HOUR)))
            .build();
        v2(world, seed, options.unwrap())
    },
};

/// Nobody is dialed to see whether he is there.
const WITHOUT_FEELERS: Arm = Arm {
    name: "ours without feelers",
    protocol: V2,
    build: |world, seed| {
        let options = peers::Options::builder().feeler_every(None).build();
        v2(world, seed, options.unwrap())
    },
};

/// No peer of the life before is dialed first.
const WITHOUT_ANCHORS: Arm = Arm {
    name: "ours without anchors",
    protocol: V2,
    build: |world, seed| {
        let options = peers::Options::builder().anchors(0).build();
        v2(world, seed, options.unwrap())
    },
};

/// Who is drawn is dialed, and not the one of a dozen known for longest.
const OF_ANY_AGE: Arm = Arm {
    name: "ours, of any age",
    protocol: V2,
    build: |world, seed| {
        let options = peers::Options::builder().oldest_of(1).build();
        v2(world, seed, options.unwrap())
    },
};

/// The same as the first, of V1.
const UNROTATED_V1: Arm = Arm {
    name: "ours, V1, without rotation",
    protocol: V1,
    build: |world, seed| {
        let options = v1::Options::builder().outbound_life(None).build();
        v1(world, seed, options.unwrap())
    },
};
