//! What befalls a message on its way.

use pex::wire::MAX_MESSAGE_BYTES;

use super::Faults;
use crate::simulation::Load;

/// The longest that a message waits that is overtaken.
const LONGEST: u64 = 30_000_000_000;

/// What becomes of a message.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Fate {
    /// How long it waits on the way, and is overtaken by others; zero if it keeps its place.
    pub(crate) delay: u64,
    /// How often it arrives.
    pub(crate) copies: u32,
}

impl Faults {
    /// What becomes of a message between two nodes; it may be another one afterwards.
    pub(crate) fn fate(&mut self, nodes: [u32; 2], load: &mut Load) -> Fate {
        let odds = self.odds;
        let lost = self.parts(nodes[0], nodes[1]) || self.chance.happens(odds.loss);
        let mut fate = Fate {
            delay: 0,
            copies: u32::from(!lost),
        };
        if self.chance.happens(odds.duplicate) {
            fate.copies *= 2 + self.chance.below(4);
        }
        if self.chance.happens(odds.delay) {
            fate.delay = 1 + self.chance.up_to(LONGEST);
        }
        if self.chance.happens(odds.garble) {
            *load = Load::Bytes(self.garble(load));
        }
        fate
    }

    /// Bytes in place of a message: cut, bent, rubbish, or far too many.
    fn garble(&mut self, load: &Load) -> Vec<u8> {
        let mut bytes = match load {
            Load::Message(message) => message.to_bytes(),
            Load::Bytes(bytes) => bytes.clone(),
        };
        match self.chance.below(4) {
            0 => bytes.truncate(self.chance.index(bytes.len())),
            1 => {
                for _ in 0..=self.chance.below(8) {
                    let bit = self.chance.index(bytes.len() * 8);
                    if let Some(byte) = bytes.get_mut(bit / 8) {
                        *byte ^= 1 << (bit % 8);
                    }
                }
            }
            2 => {
                bytes = vec![0; 1 + self.chance.index(200)];
                self.chance.fill(&mut bytes);
            }
            _ => bytes.resize(MAX_MESSAGE_BYTES + 1, 0x0a),
        }
        bytes
    }
}
