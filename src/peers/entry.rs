//! What is kept of one address of a node: 72 bytes.

use core::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use super::arena::Slot;
use crate::{NodeAddress, NodeId, Reach, Time};

/// A point in time to the second, or never. 32 bits of seconds last until the year 2106.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Stamp(u32);

impl Stamp {
    pub(crate) const NEVER: Self = Self(0);

    /// The second that `time` lies in; the first of all counts as the second.
    pub(crate) fn of(time: Time) -> Self {
        let secs = time.as_nanos() / 1_000_000_000;
        Self(u32::try_from(secs.max(1)).unwrap_or(u32::MAX))
    }

    pub(crate) fn time(self) -> Option<Time> {
        (self != Self::NEVER).then(|| Time::from_secs(self.0.into()))
    }

    /// Seconds from this to `now`; as many as there can be if it never was.
    pub(crate) fn age(self, now: Time) -> u32 {
        match self {
            Self::NEVER => u32::MAX,
            Self(secs) => Self::of(now).0.saturating_sub(secs),
        }
    }
}

/// How the place is held.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Form {
    /// The first four bytes are an IPv4 address.
    V4,
    /// The bytes are an IPv6 address.
    V6,
    /// The first four bytes are the number of an address in the table of unusual ones.
    Text,
}

/// What may be done with an entry now. Each is in exactly one of these.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Turn {
    /// May be dialed: in the list of its lane, or among the chosen.
    Ready,
    /// Left alone for a while: in the queue.
    Waiting,
    /// Its node is being dialed, or is connected.
    Busy,
}

/// No place in a list.
pub(crate) const NOWHERE: u32 = u32::MAX;

#[derive(Clone, Debug)]
pub(crate) struct Entry {
    pub(crate) id: NodeId,
    pub(crate) place: [u8; 16],
    pub(crate) port: u16,
    pub(crate) form: Form,
    pub(crate) turn: Turn,
    /// Reached before, its node's id proved, and the last word on it is good.
    pub(crate) tested: bool,
    /// How near it may turn out to lie when its name is looked up.
    pub(crate) nearest: Reach,
    /// Dials in a row that failed.
    pub(crate) failures: u16,
    /// Its network, by number.
    pub(crate) lane: u32,
    /// Who told us, by number.
    pub(crate) source: u32,
    /// When somebody last told of it; of one that is tested, when it was reached for the first time.
    pub(crate) known: Stamp,
    /// When it was last reached.
    pub(crate) success: Stamp,
    /// When it last failed.
    pub(crate) failure: Stamp,
    /// Where it stands in the list or the queue of its turn.
    pub(crate) rank: u32,
    /// Where it stands in the list of what is told, or [`NOWHERE`].
    pub(crate) told: u32,
}

const _: () = assert!(size_of::<Option<Entry>>() == 72);

/// These four bytes, and zeros behind them.
const fn front([a, b, c, d]: [u8; 4]) -> [u8; 16] {
    [a, b, c, d, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]
}

impl Entry {
    pub(crate) const fn new(id: NodeId, port: u16, lane: u32, source: u32) -> Self {
        Self {
            id,
            place: [0; 16],
            port,
            form: Form::Text,
            turn: Turn::Busy,
            tested: false,
            nearest: Reach::World,
            failures: 0,
            lane,
            source,
            known: Stamp::NEVER,
            success: Stamp::NEVER,
            failure: Stamp::NEVER,
            rank: NOWHERE,
            told: NOWHERE,
        }
    }

    /// Holds an IP address.
    pub(crate) const fn set_ip(&mut self, ip: IpAddr) {
        match ip {
            IpAddr::V4(ip) => {
                self.place = front(ip.octets());
                self.form = Form::V4;
            }
            IpAddr::V6(ip) => {
                self.place = ip.octets();
                self.form = Form::V6;
            }
        }
    }

    /// Holds the number of an unusual address.
    pub(crate) const fn set_text(&mut self, number: Slot) {
        self.place = front(number.to_be_bytes());
        self.form = Form::Text;
    }

    /// The IP address, or the number of an unusual address.
    pub(crate) fn ip(&self) -> Result<IpAddr, Slot> {
        let [a, b, c, d, ..] = self.place;
        match self.form {
            Form::V4 => Ok(Ipv4Addr::new(a, b, c, d).into()),
            Form::V6 => Ok(Ipv6Addr::from(self.place).into()),
            Form::Text => Err(Slot::from_be_bytes([a, b, c, d])),
        }
    }

    /// Whether a node of this kind is held without help of the table of unusual ones.
    pub(crate) fn is_usual(address: &NodeAddress, ip: IpAddr) -> bool {
        *address == NodeAddress::mconn(address.id(), ip, address.port())
    }

    /// Whether others may be told of it: it was reached and is not known to have died, or nobody
    /// has tried it yet.
    pub(crate) const fn may_be_told(&self) -> bool {
        if self.tested {
            self.failures < 3
        } else {
            self.failures == 0
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_ip_address_and_a_port_are_usual_and_a_path_or_another_protocol_is_not() {
        let is_usual = |before: &str, behind: &str| {
            let id = "00112233445566778899aabbccddeeff00112233";
            let address = alloc::format!("{before}{id}@32.1.1.1:26656{behind}");
            let address = NodeAddress::parse(&address).unwrap();
            Entry::is_usual(&address, address.ip().unwrap())
        };
        assert!(is_usual("", "") && is_usual("mconn://", ""));
        assert!(!is_usual("", "/path") && !is_usual("tcp://", ""));
    }
}
