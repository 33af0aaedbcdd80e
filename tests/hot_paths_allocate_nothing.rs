//! What a machine does all the time takes no memory that it has not got: the scenes that the benches
//! time, counted.

#[path = "../benches/scenes/mod.rs"]
mod scenes;

use allocation_counter::measure;
use scenes::SCENES;

#[cfg(test)]
fn allocations(name: &str) -> u64 {
    let scene = SCENES.iter().find(|it| it.name == name).unwrap();
    let mut operation = (scene.prepare)();
    let mut made = None;
    let counted = measure(|| made = Some(operation()));
    assert!(made.is_some());
    counted.count_total
}

#[test]
fn an_answer_of_which_all_is_known_is_handled_without_allocating() {
    assert_eq!(allocations("response of 100, all known"), 0);
}

#[test]
fn a_tick_and_a_peer_that_comes_or_goes_allocate_nothing() {
    for name in ["tick, nothing to do", "peer up", "peer down"] {
        assert_eq!(allocations(name), 0, "{name}");
    }
}

#[test]
fn a_message_of_nobody_has_a_whole_node_allocate_nothing() {
    assert_eq!(allocations("node of 1,000 peers: message of nobody"), 0);
}

#[test]
fn a_request_is_answered_with_a_few_allocations_for_all_its_hundred_addresses() {
    let counted = allocations("request, answer of 100 encoded");
    assert!((1..=16).contains(&counted), "{counted}");
}
