//! What must hold of an address book, whatever happens to it.

use core::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use core::time::Duration;

use arbitrary::{Arbitrary, Unstructured};
use pex::book::{AddError, Added, AddrBook};
use pex::{NetAddress, NodeId, Seed, Time};

/// Calls of one program that are made: bounds the time of a run.
const OPS_MAX: usize = 1_000;

const SEED: Seed = Seed::new([7; 32]);

#[derive(Arbitrary, Debug)]
struct Program {
    strict: bool,
    ops: Vec<(u16, Op)>,
}

/// A node at a place: few enough of each that they meet.
#[derive(Arbitrary, Clone, Copy, Debug)]
struct Node {
    number: u16,
    network: u8,
    host: u8,
}

#[derive(Arbitrary, Debug)]
enum Op {
    Add(Node, Node),
    /// As many, of which one counts on in the hosts of a network: fills buckets.
    Flood(Node, Node, u8),
    /// The same, and each proves good.
    Crowd(Node, u8),
    Good(Node),
    Attempt(Node),
    /// Of those that the book picks.
    Picked {
        bias: u8,
        good: bool,
    },
    Challenged {
        good: bool,
    },
    Bad(Node, u16),
    Reinstate,
    RemoveAddress(Node),
    RemoveNode(Node),
    Ours(Node),
    Private(Node),
    Select(u8),
    Days(u8),
    Rewind(u16),
    SaveLoad,
}

/// Reads a program from the bytes, and makes its calls.
pub(crate) fn book_ops(data: &[u8]) {
    let Ok(program) = Program::arbitrary_take_rest(Unstructured::new(data)) else {
        return;
    };
    let mut run = Run {
        book: AddrBook::new(program.strict, SEED),
        now: Time::from_secs(1_700_000_000),
        private: Vec::new(),
        ours: Vec::new(),
    };
    for (seconds, op) in program.ops.iter().take(OPS_MAX) {
        run.now = run.now + Duration::from_secs((*seconds).into());
        run.step(op);
        assert_eq!(run.book.check(), Ok(()), "{op:?}");
        let (book, now) = (&run.book, run.now);
        assert_eq!(book.old() + book.new_ones(), book.size());
        assert!(book.is_strict() == program.strict);
        for (id, ban) in book.bans() {
            assert!(ban.until <= now || !book.has_node(id), "{op:?}");
        }
    }
}

struct Run {
    book: AddrBook,
    now: Time,
    private: Vec<NodeId>,
    ours: Vec<NetAddress>,
}

impl Run {
    fn step(&mut self, op: &Op) {
        let (now, book) = (self.now, &mut self.book);
        match op {
            Op::Add(node, source) => add(book, now, &node.address(), &source.address()),
            Op::Flood(node, source, count) => {
                for (number, address) in node.neighbours(*count) {
                    let source = NetAddress::new(address.id(), source.address().ip(), number);
                    add(book, now, &address, &source);
                }
            }
            Op::Crowd(node, count) => {
                for (_, address) in node.neighbours(*count) {
                    add(book, now, &address, &address);
                    let known = book.has_address(&address);
                    assert!(book.mark_good(now, &address) || !known);
                }
            }
            Op::Good(node) => {
                let address = node.address();
                if book.mark_good(now, &address) {
                    assert_eq!(book.banned_until(now, address.id()), None);
                }
            }
            Op::Attempt(node) => {
                let known = book.has_address(&node.address());
                assert_eq!(book.mark_attempt(now, &node.address()), known);
            }
            Op::Picked { bias, good } => {
                let picked = book.pick_address(*bias);
                assert_eq!(picked.is_none(), book.is_empty());
                if let Some(address) = picked {
                    mark(book, now, &address, *good);
                }
            }
            Op::Challenged { good } => {
                if let Some(holder) = book.challenged() {
                    assert!(book.is_good(holder.id()));
                    mark(book, now, &holder, *good);
                    assert_ne!(book.challenged(), Some(holder));
                }
            }
            Op::Bad(node, seconds) => {
                let id = node.address().id();
                book.mark_bad(now, id, Duration::from_secs((*seconds).into()));
                assert!(!book.has_node(id));
            }
            Op::Reinstate => {
                let over = book.bans().filter(|(_, ban)| ban.until <= now).count();
                assert_eq!(book.reinstate_bad_peers(now), over);
            }
            Op::RemoveAddress(node) => {
                let known = book.has_address(&node.address());
                assert_eq!(book.remove_address(&node.address()), known);
            }
            Op::RemoveNode(node) => {
                let id = node.address().id();
                let known = book.has_node(id);
                assert_eq!(book.remove_node(id), known);
            }
            Op::Ours(node) => {
                book.add_our_address(&node.address());
                self.ours.push(node.address());
            }
            Op::Private(node) => {
                book.add_private_ids([node.address().id()]);
                self.private.push(node.address().id());
            }
            Op::Select(bias) => {
                let count = book.selection_size();
                for selection in [book.selection(), book.selection_with_bias(*bias)] {
                    assert_eq!(selection.len(), count);
                    assert!(selection.iter().all(|it| book.has_address(it)));
                }
            }
            Op::Days(days) => self.now = now + Duration::from_secs(86_400 * u64::from(*days)),
            Op::Rewind(seconds) => {
                let back = Duration::from_secs((*seconds).into());
                self.now = Time::from_nanos(
                    now.since(Time::EPOCH + back)
                        .as_nanos()
                        .try_into()
                        .unwrap_or(u64::MAX),
                );
                book.rewind(self.now, back);
            }
            Op::SaveLoad => self.save_and_load(),
        }
    }

    fn save_and_load(&mut self) {
        let text = self.book.to_json();
        let read = AddrBook::read(text.as_bytes(), self.book.is_strict(), SEED, self.now);
        assert!(read.is_ok(), "{read:?}");
        let Ok(mut loaded) = read else { return };
        assert_eq!(loaded.repairs, [], "{text}");
        loaded.book.add_private_ids(self.private.iter().copied());
        for address in &self.ours {
            loaded.book.add_our_address(address);
        }
        assert!(
            loaded.book.to_json() == text,
            "a load changes the book: {text}"
        );
        self.book = loaded.book;
    }
}

fn mark(book: &mut AddrBook, now: Time, address: &NetAddress, good: bool) {
    if good {
        assert!(book.mark_good(now, address));
        assert!(book.has_node(address.id()));
    } else {
        assert!(book.mark_attempt(now, address));
    }
}

fn add(book: &mut AddrBook, now: Time, address: &NetAddress, source: &NetAddress) {
    let (known, size) = (book.has_address(address), book.size());
    match book.add_address(now, address, source) {
        Ok(Added::New) => assert!(!known && book.has_address(address)),
        Ok(_) => assert!(known),
        Err(error) => {
            // What is known stays, whoever goes on to tell of it.
            let of_known = matches!(error, AddError::Banned(_) | AddError::PrivateSource);
            assert!(!known || of_known, "{error}");
            assert_eq!(book.size(), size);
        }
    }
}

impl Node {
    fn address(self) -> NetAddress {
        let mut id = [0x11; 20];
        let [high, low] = (self.number % 1_024).to_be_bytes();
        (id[0], id[1]) = (high, low);
        NetAddress::new(NodeId::new(id), self.ip(), 26_656 + self.number % 3)
    }

    fn ip(self) -> IpAddr {
        let (network, host) = (self.network, self.host);
        match network {
            0..128 => Ipv4Addr::new(40 + network % 16, network % 3, 0, host).into(),
            128..160 => Ipv4Addr::new(10, network % 2, 0, host).into(),
            160..170 => Ipv4Addr::new(127, 0, 0, host).into(),
            170..180 => Ipv4Addr::new(40, 0, 0, host).to_ipv6_mapped().into(),
            180..190 => Ipv6Addr::new(0x2002, 0x2800, 0, 0, 0, 0, 0, host.into()).into(),
            190..192 => Ipv4Addr::UNSPECIFIED.into(),
            _ => Ipv6Addr::new(0x2a00, (network % 8).into(), 0, 0, 0, 0, 0, host.into()).into(),
        }
    }

    /// So many nodes from this one on, each at a host of its own.
    fn neighbours(self, count: u8) -> impl Iterator<Item = (u16, NetAddress)> {
        (0..count).map(move |step| {
            let (node, host) = (
                self.number.wrapping_add(step.into()),
                self.host.wrapping_add(step),
            );
            let it = Self {
                number: node,
                host,
                ..self
            };
            (u16::from(step) + 1, it.address())
        })
    }
}
