//! One who lets everybody in and never says a word.

use super::{Happening, Hostile, Order, Sight};

#[derive(Debug)]
pub(super) struct Silent;

impl Hostile for Silent {
    fn happen(&mut self, _: Happening<'_>, _: &mut Sight<'_>, _: &mut Vec<Order>) {}
}
