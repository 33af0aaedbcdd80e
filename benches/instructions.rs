//! Runs one scene so many times, for a tool that counts instructions: `benches/instructions.sh`.
//!
//! Without a scene, prints the names of all, with what Go takes and what we want, in nanoseconds.

mod scenes;

use std::hint::black_box;

use scenes::{Made, Operation, SCENES};

/// What Go takes for each scene, and what we want to take, in nanoseconds: measured with Go 1.19.
const FIGURES: [(&str, Option<u32>, Option<u32>); 14] = [
    ("parse 1 address", Some(805), None),
    ("format 1 address", Some(352), None),
    ("decode a response of 100", Some(5_100), None),
    ("decode and parse 100", Some(86_000), None),
    ("format and encode 100", Some(37_800), None),
    ("response of 100, all known", Some(100_000), Some(8_000)),
    ("response of 100, all fresh", Some(100_000), None),
    ("request, answer of 100 encoded", Some(40_000), Some(4_000)),
    ("tick, nothing to do", None, Some(100)),
    ("peer up", None, Some(100)),
    ("peer down", None, Some(100)),
    ("peer up and down", None, Some(200)),
    ("node of 1,000 peers: request, answer of 100", None, None),
    ("node of 1,000 peers: message of nobody", None, None),
];

/// The tool counts in here and nowhere else.
#[inline(never)]
fn measured(operation: &mut Operation) -> Made {
    operation()
}

fn main() {
    // Cargo adds `--bench`.
    let mut words = std::env::args().skip(1).filter(|word| word != "--bench");
    let (Some(name), Some(times)) = (words.next(), words.next()) else {
        let text = |ns: Option<u32>| ns.map_or_else(|| "-".to_owned(), |ns| ns.to_string());
        for (name, go, goal) in FIGURES {
            println!("{name}\t{}\t{}", text(go), text(goal));
        }
        return;
    };
    let times: u32 = times.parse().unwrap_or(1);
    let Some(scene) = SCENES.iter().find(|scene| scene.name == name) else {
        eprintln!("there is no scene {name:?}; without a name, all are listed");
        std::process::exit(2);
    };
    for _ in 0..times {
        let mut operation = (scene.prepare)();
        drop(black_box(measured(black_box(&mut operation))));
    }
}
