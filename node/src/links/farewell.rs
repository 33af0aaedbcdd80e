//! The end of all connections, once everything queued is sent.

use core::time::Duration;

use tokio::time::{Instant, timeout_at};

use super::{Input, Links};

impl Links {
    /// Hangs up on everybody, and waits until what was queued for them is sent; no longer than
    /// `patience`, whoever is slow. Whoever connects meanwhile is hung up on as well.
    pub(crate) async fn farewell(&mut self, patience: Duration) {
        for link in self.open.values_mut() {
            if let Some(sender) = link.sender.take() {
                sender.close_after_flush();
            }
        }
        let end = Instant::now() + patience;
        while !self.open.is_empty() {
            match timeout_at(end, self.next()).await {
                Ok(Input::Down { peer, epoch, .. }) => {
                    self.forget(peer, epoch);
                }
                Ok(_) => {}
                Err(_) => return,
            }
        }
    }
}
