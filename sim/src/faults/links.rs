//! Connections that break.

use crate::links::State;
use crate::simulation::{Simulation, What};

impl Simulation {
    /// A connection breaks: both ends learn it at once, or one of them only by the silence.
    pub(super) fn cut_some_link(&mut self) {
        let place = self.faults.chance.index(self.links.places());
        let Some(epoch) = self.links.near(place).map(|link| link.epoch) else {
            return;
        };
        let how = self.faults.chance.below(3);
        for side in [0, 1] {
            if how == side {
                self.silence(epoch, side as usize);
            } else {
                self.sever(epoch, side as usize);
            }
        }
    }

    /// One end learns that the connection is over.
    pub(super) fn sever(&mut self, epoch: pex::Epoch, side: usize) {
        let at = self.now + self.network.latency();
        let side = side as u8;
        self.queue.push(at, What::Farewell { epoch, side });
    }

    /// One end hears nothing any more, and is not heard, until it notices.
    pub(super) fn silence(&mut self, epoch: pex::Epoch, side: usize) {
        if let Some(link) = self.links.get_mut(epoch)
            && link.ends[side].state != State::Gone
        {
            link.ends[side].mute = true;
            self.fall_silent(epoch, side);
        }
    }
}
