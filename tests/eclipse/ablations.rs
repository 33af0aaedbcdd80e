//! What a part of ours is worth: our nodes without it, or with more or less of it.

use core::time::Duration;
use std::rc::Rc;

use pex::{peers, v1};

use crate::ours::{PATIENTLY_V1, v1, v2};
use crate::reference_v1::PATIENTLY;
use crate::victim::{Arm, V1, V2, Victim};
use crate::world::World;

const HOUR: Duration = Duration::from_secs(3_600);

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

const fn of_v2(name: &'static str, build: fn(Rc<World>, u64) -> Box<dyn Victim>) -> Arm {
    let protocol = V2;
    Arm {
        name,
        protocol,
        build,
    }
}

fn with(
    world: Rc<World>,
    seed: u64,
    change: fn(peers::OptionsBuilder) -> peers::OptionsBuilder,
) -> Box<dyn Victim> {
    v2(
        world,
        seed,
        change(peers::Options::builder()).build().unwrap(),
    )
}

/// Places last for as long as their connections.
const UNROTATED: Arm = of_v2("ours without rotation", |world, seed| {
    with(world, seed, |it| it.outbound_life(None))
});

/// Places change hands thrice as often as by default, and half as often.
const LIFE_OF_12: Arm = of_v2("ours, a place for 12 h", |world, seed| {
    with(world, seed, |it| it.outbound_life(Some(HOUR * 12)))
});
const LIFE_OF_72: Arm = of_v2("ours, a place for 72 h", |world, seed| {
    with(world, seed, |it| it.outbound_life(Some(HOUR * 72)))
});

/// Nobody is dialed to see whether he is there.
const WITHOUT_FEELERS: Arm = of_v2("ours without feelers", |world, seed| {
    with(world, seed, |it| it.feeler_every(None))
});

/// No peer of the life before is dialed first.
const WITHOUT_ANCHORS: Arm = of_v2("ours without anchors", |world, seed| {
    with(world, seed, |it| it.anchors(0))
});

/// Who is drawn is dialed, and not the one of a dozen known for longest.
const OF_ANY_AGE: Arm = of_v2("ours, of any age", |world, seed| {
    with(world, seed, |it| it.oldest_of(1))
});

/// The same as the first, of V1.
const UNROTATED_V1: Arm = Arm {
    name: "ours, V1, without rotation",
    protocol: V1,
    build: |world, seed| {
        let options = v1::Options::builder().outbound_life(None).build();
        v1(world, seed, options.unwrap())
    },
};
