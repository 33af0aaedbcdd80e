//! Whoever dials us: through the door, and into a handshake.

use core::mem;
use core::net::SocketAddr;
use core::time::Duration;
use std::io;
use std::sync::Arc;

use tokio::net::{TcpListener, TcpStream};
use tokio::time::Instant;

use super::{Input, Links};
use crate::crowd::Crowd;
use crate::door::{Door, Place, Seated};
use crate::handshakes::Handshakes;
use crate::refusals::Refusals;
use crate::transport::{
    Direction, InboundLimits, TransportError, establish, is_out_of_descriptors,
};

impl Links {
    pub(crate) fn listen(&mut self, listener: TcpListener) {
        let (local, config) = (Arc::clone(&self.local), self.config.clone());
        let inputs = self.inputs.clone();
        let mut limits = self.limits.subscribe();
        let listens = self.spawn(async move {
            let first = limits.borrow_and_update().clone();
            let (mut door, mut refusals) = (Door::new(first.clone()), Refusals::default());
            let mut handshakes = Handshakes::new(first);
            // Told once, not at every try.
            let mut is_out = false;
            loop {
                let next = async {
                    handshakes.room().await;
                    next_stream(&listener).await
                };
                let next = tokio::select! {
                    next = next => next,
                    () = at(refusals.due()) => {
                        while let Some(why) = refusals.rest(Instant::now()) {
                            let _ended = inputs.send(Input::AcceptFailed(why)).await;
                        }
                        continue;
                    }
                };
                let (stream, from) = match next {
                    Ok(next) => next,
                    Err(error) => {
                        let why = TransportError::OutOfDescriptors;
                        if is_out_of_descriptors(&error) && !mem::replace(&mut is_out, true) {
                            let _ended = inputs.send(Input::AcceptFailed(why)).await;
                        }
                        continue;
                    }
                };
                is_out = false;
                if limits.has_changed().unwrap_or_default() {
                    let new = limits.borrow_and_update().clone();
                    door.hold_to(new.clone());
                    handshakes.hold_to(new);
                }
                let (place, now) = (Place::of(from.ip()), Instant::now());
                let seat = match door.enter(place, now) {
                    Ok(seat) => seat,
                    Err(crowd) => {
                        drop(stream);
                        if let Some(why) = refusals.count(crowd, 1, now) {
                            let _ended = inputs.send(Input::AcceptFailed(why)).await;
                        }
                        continue;
                    }
                };
                let (local, config, outcomes) =
                    (Arc::clone(&local), config.clone(), inputs.clone());
                let lost = handshakes.start(place, async move {
                    // Messages are few and go out whole: waiting to fill a segment makes them late.
                    let _kept = stream.set_nodelay(true);
                    let (stream, by) = (Seated::new(stream, seat), Direction::Inbound);
                    let outcome = match establish(&local, &config, stream, from, by, None).await {
                        Ok(connection) => Input::Up {
                            connection: Box::new(connection),
                            dialed: None,
                        },
                        Err(why) => Input::AcceptFailed(why),
                    };
                    let _ended = outcomes.send(outcome).await;
                });
                if lost > 0
                    && let Some(why) = refusals.count(Crowd::Handshakes, lost, now)
                {
                    let _ended = inputs.send(Input::AcceptFailed(why)).await;
                }
            }
        });
        self.listening.push(listens);
    }

    /// Holds whoever comes from now on to other limits; nobody who is in is sent away.
    pub(crate) fn hold_to(&self, limits: InboundLimits) {
        self.limits.send_replace(limits);
    }

    /// Whether every listener is still served, and there is one.
    pub(crate) fn is_listening(&self) -> bool {
        let served = self.listening.iter().all(|task| !task.is_finished());
        served && !self.listening.is_empty()
    }
}

/// Waits until then, or for ever.
async fn at(then: Option<Instant>) {
    match then {
        Some(then) => tokio::time::sleep_until(then).await,
        None => core::future::pending().await,
    }
}

/// The next who dials us. An error is of that connection, or of a process out of descriptors;
/// either way the listener goes on, after a moment in which descriptors may come free.
async fn next_stream(listener: &TcpListener) -> io::Result<(TcpStream, SocketAddr)> {
    match listener.accept().await {
        Ok(next) => Ok(next),
        Err(error) => {
            tokio::time::sleep(Duration::from_millis(50)).await;
            Err(error)
        }
    }
}
