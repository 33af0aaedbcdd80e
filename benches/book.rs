//! V1's address book at a thousand and at ten thousand addresses: `cargo bench --bench book`, with
//! `-- selection` behind it for the operations of that name alone.
//!
//! With a name, a size and a count it runs that one operation so often, for a tool that counts
//! instructions: `benches/count.sh`.
//!
//! Prints the time of each operation, and the memory of a book. Times depend on the machine, and so
//! the reference's own book is measured in the same run by `benches/book.sh`, where there is Go: what
//! counts is the ratio. Both sides time a round in parts of a hundred and add up the medians that the
//! parts have over many rounds: so all growth of tables and lists is within, and what else the
//! machine did is not.
#![expect(clippy::disallowed_types, reason = "times are what it prints")]

mod reference;

use std::hint::black_box;
use std::net::Ipv4Addr;
use std::time::Instant;

use allocation_counter::measure;
use pex::book::AddrBook;
use pex::{NetAddress, NodeId, Seed, Time};
use reference::{Reference, beside, time};

const SIZES: [u32; 2] = [1_000, 10_000];

/// How often an operation is prepared anew and timed.
const ROUNDS: usize = 25;

/// How many of an operation are timed in one, as on the other side.
const TOGETHER: u32 = 100;

const NOW: Time = Time::from_secs(1_700_000_000);

/// Addresses that one teller tells in a row: an answer.
const TOLD: u32 = 100;

/// An operation, by the name that the Go side gives it too; how it is prepared, and how often it runs
/// in a round, by the size of the book, as there.
const OPERATIONS: [(&str, Prepare, Round); 9] = [
    ("add, into an empty book up to n", fill, |size| size),
    ("add, fresh, to a book of n", add_fresh, |size| size / 4),
    ("add, known, same source", add_known, |size| size),
    ("pick, bias 30", pick, |_| 10_000),
    ("selection", selection, |_| 100),
    ("selection, bias 30", selection_with_bias, |_| 100),
    ("good, of new addresses", mark_good, |size| size),
    ("save", save, |_| 1),
    ("load", load, |_| 1),
];

type Prepare = fn(u32) -> Operation;

type Round = fn(u32) -> u32;

/// Runs once for each number it is given, from 0 up.
type Operation = Box<dyn FnMut(u32) -> usize>;

/// Scatters numbers, so that neighbours have nothing in common.
const fn mix(number: u32) -> u32 {
    let mixed = (number ^ number >> 16).wrapping_mul(0x7feb_352d);
    let mixed = (mixed ^ mixed >> 15).wrapping_mul(0x846c_a68b);
    mixed ^ mixed >> 16
}

/// A node somewhere in what anybody can reach.
fn address(number: u32) -> NetAddress {
    let mut id = [0x5a; 20];
    id[..4].copy_from_slice(&mix(number).to_be_bytes());
    let [a, b, c, d] = mix(number).to_be_bytes();
    // Some two thousand networks.
    let ip = Ipv4Addr::new(20 + a % 70, b % 30, c, d);
    NetAddress::new(NodeId::new(id), ip.into(), 26_656)
}

/// So many nodes from this number on, each with who tells of it.
fn heard(first: u32, count: u32) -> Vec<(NetAddress, NetAddress)> {
    let told = (0..count).map(|n| (address(first + n), teller(n)));
    told.collect()
}

/// Who tells of a node.
fn teller(number: u32) -> NetAddress {
    address(2_000_000_000 + number / TOLD)
}

/// A book of so many addresses, a third of which has proved good.
fn book(size: u32) -> AddrBook {
    let mut book = AddrBook::new(true, Seed::new([7; 32]));
    let mut number = 0;
    while book.size() < size as usize && number < 4 * size {
        let address = address(number);
        let taken = book.add_address(NOW, &address, &teller(number));
        if taken.is_ok() && number % 3 == 0 {
            book.mark_good(NOW, &address);
        }
        number += 1;
    }
    book
}

fn fill(size: u32) -> Operation {
    add_to(AddrBook::new(true, Seed::new([7; 32])), heard(0, size))
}

fn add_fresh(size: u32) -> Operation {
    add_to(book(size), heard(1_000_000, size / 4))
}

fn add_known(size: u32) -> Operation {
    add_to(book(size), heard(0, size))
}

fn add_to(mut book: AddrBook, heard: Vec<(NetAddress, NetAddress)>) -> Operation {
    Box::new(move |n| {
        let (address, source) = &heard[n as usize];
        usize::from(book.add_address(NOW, address, source).is_ok())
    })
}

fn pick(size: u32) -> Operation {
    let mut book = book(size);
    Box::new(move |_| usize::from(book.pick_address(30).is_some()))
}

fn selection(size: u32) -> Operation {
    let mut book = book(size);
    Box::new(move |_| book.selection().len())
}

fn selection_with_bias(size: u32) -> Operation {
    let mut book = book(size);
    Box::new(move |_| book.selection_with_bias(30).len())
}

fn mark_good(size: u32) -> Operation {
    let mut book = AddrBook::new(true, Seed::new([7; 32]));
    let heard = heard(0, size);
    for (address, source) in &heard {
        let _full = book.add_address(NOW, address, source);
    }
    Box::new(move |n| usize::from(book.mark_good(NOW, &heard[n as usize].0)))
}

fn save(size: u32) -> Operation {
    let book = book(size);
    Box::new(move |_| book.to_json().len())
}

fn load(size: u32) -> Operation {
    let text = book(size).to_json();
    Box::new(move |_| {
        let loaded = AddrBook::read(text.as_bytes(), true, Seed::new([7; 32]), NOW);
        loaded.map_or(0, |it| it.book.size())
    })
}

/// What an operation takes, in nanoseconds: of each part of a round the median counts.
fn nanos(prepare: impl Fn() -> Operation, round: u32) -> f64 {
    let starts = (0..round).step_by(TOGETHER as usize);
    let mut parts: Vec<(u32, Vec<f64>)> = starts.map(|start| (start, Vec::new())).collect();
    for _ in 0..ROUNDS {
        let mut operation = prepare();
        for (start, times) in &mut parts {
            let began = Instant::now();
            for n in *start..round.min(*start + TOGETHER) {
                black_box(operation(black_box(n)));
            }
            times.push(began.elapsed().as_secs_f64() * 1e9);
        }
    }
    let medians = parts.iter_mut().map(|(_, times)| {
        times.sort_by(f64::total_cmp);
        times[times.len() / 2]
    });
    medians.sum::<f64>() / f64::from(round)
}

/// The tool counts in here and nowhere else.
#[inline(never)]
fn measured(operation: &mut Operation, number: u32) -> usize {
    operation(number)
}

/// Runs an operation so often, on books made anew as often as needed.
fn count(name: &str, size: u32, times: u32) {
    let Some((_, prepare, round)) = OPERATIONS.iter().find(|it| it.0 == name) else {
        eprintln!("there is no operation {name:?}; without a name, all are measured");
        std::process::exit(2);
    };
    let round = round(size).max(1);
    let mut operation = prepare(size);
    for number in 0..times {
        if number > 0 && number % round == 0 {
            operation = prepare(size);
        }
        black_box(measured(&mut operation, number % round));
    }
}

fn main() {
    // Cargo itself adds an option.
    let words: Vec<String> = std::env::args()
        .skip(1)
        .filter(|word| !word.starts_with('-'))
        .collect();
    if let [name, size, times] = words.as_slice()
        && let (Ok(size), Ok(times)) = (size.parse(), times.parse())
    {
        return count(name, size, times);
    }
    let reference = Reference::read();
    let wanted = words.first().cloned().unwrap_or_default();
    println!(
        "{:<32} {:>6} {:>12} {:>12} {:>6}",
        "operation", "size", "ours", "Go", "ratio"
    );
    for (name, prepare, round) in OPERATIONS {
        for size in SIZES {
            if !name.contains(&wanted) {
                continue;
            }
            let ours = nanos(|| prepare(size), round(size));
            let go = reference.of(name, size).map(|it| it.ns);
            let [go, ratio] = beside(go, ours, time);
            println!(
                "{name:<32} {size:>6} {:>12} {go:>12} {ratio:>6}",
                time(ours)
            );
        }
    }
    for size in [1_000, 10_000, 16_000] {
        let mut kept = None;
        let memory = measure(|| kept = Some(book(size)));
        let addresses = kept.as_ref().map_or(0, AddrBook::size);
        println!(
            "{addresses} addresses take {} bytes, {} each",
            memory.bytes_current,
            memory.bytes_current / i64::try_from(addresses).unwrap_or(1).max(1)
        );
    }
}
