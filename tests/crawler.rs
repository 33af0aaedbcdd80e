//! The node with the options of a crawler: whom it visits, where it knocks, and what it keeps to
//! itself.

#[cfg(test)]
#[path = "crawler/machine.rs"]
mod machine;
#[cfg(test)]
#[path = "crawler/places.rs"]
mod places;
#[cfg(test)]
#[path = "crawler/recall.rs"]
mod recall;
#[cfg(test)]
#[path = "crawler/turns.rs"]
mod turns;
