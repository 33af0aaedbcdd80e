//! Dials: where an address leads, and who is there.

use core::net::SocketAddr;
use core::time::Duration;
use std::sync::Arc;

use pex::{NodeAddress, NodeId, Reach};

use super::resolve::Lookups;
use super::{Input, Links};
use crate::hosts::{Dialed, Hosts, Places};
use crate::notice::DialError;
use crate::transport::{Connection, Local, Step, TransportConfig, TransportError, connect};

/// IP addresses of a name that are dialed, one after another.
const DIALS_OF_A_NAME: usize = 4;

/// How long we wait before we knock again.
const COME_BACK: Duration = Duration::from_millis(150);

impl Links {
    /// Dials an address, unless its places lie nearer than `nearest`.
    pub(crate) fn dial(&mut self, address: NodeAddress, nearest: Reach) {
        self.dialing += 1;
        let dialer = Dialer {
            local: Arc::clone(&self.local),
            config: self.config.clone(),
            lookups: self.lookups.clone(),
            hosts: self.hosts.clone(),
        };
        let inputs = self.inputs.clone();
        self.spawn(async move {
            let outcome = match dialer.dial(&address, nearest).await {
                Ok((connection, places)) => Input::Up {
                    connection: Box::new(connection),
                    dialed: Some(Dialed { address, places }),
                },
                Err(why) => Input::DialFailed { address, why },
            };
            let _ended = inputs.send(outcome).await;
        });
    }
}

/// What one dial needs.
struct Dialer {
    local: Arc<Local>,
    config: TransportConfig,
    lookups: Lookups,
    hosts: Hosts,
}

impl Dialer {
    async fn dial(
        self,
        address: &NodeAddress,
        nearest: Reach,
    ) -> Result<(Connection, Places), DialError> {
        let at_name = match address.name() {
            Some(name) => Some(self.hosts.enter_name(name).ok_or(DialError::HostBusy)?),
            None => None,
        };
        let mut why = DialError::UnknownName;
        for place in self.places(address).await? {
            let reach = Reach::of(place.ip());
            if reach < nearest {
                why = match reach {
                    Reach::Nowhere => DialError::Nowhere,
                    _ => DialError::TooNear,
                };
                continue;
            }
            let Some(at_ip) = self.hosts.enter_ip(place.ip()) else {
                why = DialError::HostBusy;
                continue;
            };
            match self.connect_twice(place, address.id()).await {
                Ok(connection) => return Ok((connection, (at_name, at_ip))),
                Err(error) => why = DialError::Transport(error),
            }
        }
        Err(why)
    }

    /// Where an address leads; no place if it has a name that nobody knows.
    async fn places(&self, address: &NodeAddress) -> Result<Vec<SocketAddr>, DialError> {
        let supported = matches!(address.protocol(), "mconn" | "tcp") && address.port() != 0;
        match (address.ip(), address.name()) {
            (Some(ip), _) if supported => Ok(vec![(ip, address.port()).into()]),
            (None, Some(name)) if supported => {
                let (name, patience) = (name.into(), self.config.dial_timeout);
                let lookup = self.lookups.resolve(name, address.port(), patience);
                let mut places = lookup.await.ok_or(DialError::NameBusy)?;
                places.truncate(DIALS_OF_A_NAME);
                Ok(places)
            }
            _ => Err(DialError::Unsupported),
        }
    }

    /// Connects; and again after a moment, if the other side hung up before a word was said.
    /// Tendermint 0.35 does so to whoever comes back within 100 ms.
    async fn connect_twice(
        &self,
        place: SocketAddr,
        id: NodeId,
    ) -> Result<Connection, TransportError> {
        match connect(&self.local, &self.config, place, Some(id)).await {
            Err(TransportError::HungUp {
                step: Step::KeyExchange,
            }) => {
                tokio::time::sleep(COME_BACK).await;
                connect(&self.local, &self.config, place, Some(id)).await
            }
            outcome => outcome,
        }
    }
}
