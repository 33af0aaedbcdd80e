//! Runs one scene so many times, for a tool that counts instructions: `benches/instructions.sh`.
//!
//! Without a scene, prints the names of all, with what Go takes and what we want, in nanoseconds.

mod scenes;

use std::hint::black_box;

use scenes::{Made, Operation, SCENES};

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
        for scene in SCENES {
            println!(
                "{}\t{}\t{}",
                scene.name,
                text(scene.go_ns),
                text(scene.goal_ns)
            );
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
