//! Times and allocations: `cargo bench --bench exchange`.
//!
//! Times depend on the machine; `instructions.sh` counts what does not. So the reference is measured in
//! the same run by `benches/tendermint.sh`, where there is Go: what counts is the ratio.
#![expect(
    clippy::disallowed_types,
    clippy::cast_precision_loss,
    reason = "times and means are what it prints"
)]

mod reference;
mod scenes;

use std::hint::black_box;
use std::time::Instant;

use allocation_counter::measure;
use reference::{Figure, Reference, beside, time};
use scenes::{Made, Operation, SCENES, STORE, Scene};

/// How often a scene is timed; the median counts.
const ROUNDS: usize = 200;

/// How many of an operation are timed in one.
const TOGETHER: usize = 50;

/// Scenes that use up what was prepared: each operation needs another.
const SINGLE: [&str; 2] = ["response of 100, all known", "response of 100, all fresh"];

/// Of these only instructions are counted: what is timed is both together, over again, since on machines
/// that were prepared apart it is the cache that would be timed.
const NOT_TIMED: [&str; 2] = ["peer up", "peer down"];

/// The time of one operation of a scene, in nanoseconds.
fn nanos(scene: &Scene) -> f64 {
    let mut again = (scene.prepare)();
    let mut times: Vec<f64> = (0..ROUNDS)
        .map(|_| {
            if SINGLE.contains(&scene.name) {
                let prepared = (0..TOGETHER).map(|_| (scene.prepare)());
                let mut operations: Vec<Operation> = prepared.collect();
                batch(operations.iter_mut(), |operation| operation())
            } else {
                batch(0..TOGETHER, |_| again())
            }
        })
        .collect();
    times.sort_by(f64::total_cmp);
    times[ROUNDS / 2]
}

/// What one of them takes, in nanoseconds. What they make is thrown away when all is over.
fn batch<T>(each: impl Iterator<Item = T>, mut run: impl FnMut(T) -> Made) -> f64 {
    let mut made = Vec::with_capacity(TOGETHER);
    let began = Instant::now();
    for it in each {
        made.push(black_box(run(it)));
    }
    began.elapsed().as_secs_f64() * 1e9 / TOGETHER as f64
}

/// The allocations of one operation that is not the first of its kind.
fn allocations(scene: &Scene) -> u64 {
    let mut operation = (scene.prepare)();
    if !SINGLE.contains(&scene.name) {
        drop(operation());
    }
    let mut made = None;
    let counted = measure(|| made = Some(black_box(operation())));
    counted.count_total
}

fn main() {
    let reference = Reference::read();
    println!("| operation | ours | allocations | Tendermint | allocations | ratio |");
    println!("|---|---:|---:|---:|---:|---:|");
    for scene in SCENES.iter().filter(|it| !NOT_TIMED.contains(&it.name)) {
        let (name, ours) = (scene.name, nanos(scene));
        let theirs = reference.of(name, STORE);
        let [its_time, ratio] = beside(theirs.map(|it| it.ns), ours, time);
        let its_allocations = theirs.map_or_else(
            || "-".to_owned(),
            |Figure { allocations, .. }| format!("{allocations:.0}"),
        );
        println!(
            "| {name} | {} | {} | {its_time} | {its_allocations} | {ratio} |",
            time(ours),
            allocations(scene),
        );
    }
}
