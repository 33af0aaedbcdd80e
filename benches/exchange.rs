//! Times and allocations: `cargo bench --bench exchange`.
//!
//! Times depend on the machine; `instructions.sh` counts what does not.

mod scenes;

use std::hint::black_box;

use divan::{AllocProfiler, Bencher};
use scenes::{SCENES, Scene};

#[global_allocator]
static ALLOCATOR: AllocProfiler = AllocProfiler::system();

fn main() {
    divan::main();
}

/// Scenes whose operation can run again and again on what it left behind.
const REPEATABLE: [&str; 8] = [
    "parse 1 address",
    "format 1 address",
    "decode a response of 100",
    "decode and parse 100",
    "format and encode 100",
    "request, answer of 100 encoded",
    "tick, nothing to do",
    "peer up and down",
];

/// Scenes that use up what was prepared.
const SINGLE: [&str; 2] = ["response of 100, all known", "response of 100, all fresh"];

fn named(name: &str) -> &'static Scene {
    let found = SCENES.iter().find(|scene| scene.name == name);
    found.unwrap_or_else(|| unreachable!("no scene {name}"))
}

#[divan::bench(args = REPEATABLE)]
fn again(bencher: Bencher<'_, '_>, name: &str) {
    let mut operation = (named(name).prepare)();
    bencher.bench_local(move || black_box(operation()));
}

#[divan::bench(args = SINGLE, sample_count = 200, sample_size = 20)]
fn once(bencher: Bencher<'_, '_>, name: &str) {
    let prepare = named(name).prepare;
    bencher
        .with_inputs(prepare)
        .bench_local_refs(|operation| black_box(operation()));
}
