//! One program on both sides, compared after each step.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::LazyLock;

use pex::book::{AddError, Added, AddrBook, Crowd};
use pex::{NetAddress, Seed, Time};

use crate::naive::{Entry, Naive, Places};
use crate::program::{NODES, OURS, Op, PRIVATE, Program, Spot, Step, address, node, teller};

const SEED: Seed = Seed::new([7; 32]);

static PLACES: LazyLock<Places> = LazyLock::new(|| {
    let spots = (0..NODES).flat_map(|node| (0..5).map(move |place| Spot(node, place)));
    let addresses: Vec<NetAddress> = spots.map(address).collect();
    let tellers: Vec<NetAddress> = (0..6).map(teller).collect();
    Places::of(SEED, &addresses, &tellers)
});

const START: Time = Time::from_secs(1_700_000_000);

/// Steps between two comparisons of everything.
const CHECKED_EVERY: usize = 10;

struct Both {
    book: AddrBook,
    naive: Naive,
    loads: u8,
}

/// Runs a program; what happened in it, and how often.
pub(crate) fn run(program: &Program) -> Result<BTreeMap<&'static str, u64>, String> {
    let ours = address(Spot(OURS, 0));
    let mut both = Both {
        book: AddrBook::new(false, SEED),
        naive: Naive::new(START, PLACES.clone(), ours, node(PRIVATE)),
        loads: 0,
    };
    both.protect();
    for (at, step) in program.0.iter().enumerate() {
        let named = |what| format!("step {at}, {step:?}: {what}");
        both.step(step).map_err(named)?;
        if at % CHECKED_EVERY == 0 {
            both.compare().map_err(named)?;
        }
    }
    both.compare()?;
    Ok(both.naive.fired)
}

#[expect(clippy::needless_pass_by_value, reason = "it reads like assert_eq")]
fn expect<T: PartialEq + std::fmt::Debug>(what: &str, book: T, model: T) -> Result<(), String> {
    if book == model {
        Ok(())
    } else {
        Err(format!("{what}: the book {book:?}, the model {model:?}"))
    }
}

const fn name(result: Result<Added, AddError>) -> &'static str {
    match result {
        Ok(Added::New) => "new",
        Ok(Added::Again) => "again",
        Ok(Added::Known) => "known",
        Err(AddError::Banned(_)) => "banned",
        Err(AddError::Private) => "private",
        Err(AddError::PrivateSource) => "private source",
        Err(AddError::Ours) => "ours",
        Err(AddError::Crowded(Crowd::Node)) => "too many of a node",
        Err(AddError::Full) => "full",
        _ => "something else",
    }
}

impl Both {
    fn protect(&mut self) {
        self.book.add_our_address(&address(Spot(OURS, 0)));
        self.book.add_private_ids([node(PRIVATE)]);
    }

    fn step(&mut self, step: &Step) -> Result<(), String> {
        // No two things happen at one time, so it is always clear which was first.
        self.naive.now = self.naive.now + step.span + core::time::Duration::from_nanos(1);
        let now = self.naive.now;
        self.apply(&step.op, now)?;
        expect("entries", self.book.size(), self.naive.entries.len())
    }

    fn apply(&mut self, op: &Op, now: Time) -> Result<(), String> {
        match *op {
            Op::Add(spot, from) => {
                let (address, source) = (address(spot), teller(from));
                let taken = name(self.book.add_address(now, &address, &source));
                let again = taken == "again";
                let expected = self.naive.add(&address, &source, again);
                self.naive.fire(taken);
                expect("add", taken, expected)
            }
            Op::Fail(spot) => {
                let known = self.book.mark_attempt(now, &address(spot));
                let expected = self.naive.fail(&address(spot));
                expect("attempt", known, expected)
            }
            Op::Good(spot) => {
                let known = self.book.mark_good(now, &address(spot));
                let expected = self.naive.good(&address(spot), &self.book);
                expect("good", known, expected)
            }
            Op::Ban(number, ban) => {
                self.book.mark_bad(now, node(number), ban);
                self.naive.ban(node(number), ban);
                Ok(())
            }
            Op::Reinstate => self.reinstate(now),
            Op::Remove(spot) => {
                let was = self.book.remove_address(&address(spot));
                expect("remove", was, self.naive.remove(&address(spot)))
            }
            Op::Save => self.save(now),
            Op::Select(bias) => self.select(bias),
            Op::Pick(bias) => {
                let picked = self.book.pick_address(bias);
                let known = picked.is_none_or(|it| self.naive.place(&it).is_some());
                expect("picked is known", known, true)?;
                let any = !self.naive.entries.is_empty();
                expect("picks", picked.is_some(), any)
            }
        }
    }

    fn reinstate(&mut self, now: Time) -> Result<(), String> {
        let (over, addresses) = self.naive.over();
        // Several at one time would come in an order that nothing lays down.
        if addresses > 1 {
            return Ok(());
        }
        let ended = self.book.reinstate_bad_peers(now);
        for id in &over {
            let ban = self.naive.bans.remove(id);
            for (address, source) in ban.into_iter().flat_map(|(_, addresses)| addresses) {
                self.naive.fire("reinstated");
                // Somebody may have told of it meanwhile; then chance decides.
                let buckets =
                    |it: Option<usize>| it.map_or(0, |at| self.naive.entries[at].buckets.len());
                let before = buckets(self.naive.place(&address));
                let after = self.book.known(&address).map_or(0, |it| it.buckets.len());
                self.naive
                    .add(&address, &source, before > 0 && after > before);
            }
        }
        expect("bans that end", ended, over.len())
    }

    fn save(&mut self, now: Time) -> Result<(), String> {
        self.loads += 1;
        let text = self.book.to_json();
        let loaded = AddrBook::read(text.as_bytes(), false, Seed::new([self.loads; 32]), now);
        let loaded = loaded.map_err(|error| error.to_string())?;
        expect("repairs", loaded.repairs.as_slice(), &[])?;
        expect("the text again", loaded.book.to_json() == text, true)?;
        self.book = loaded.book;
        self.protect();
        // Whose place is in question is not written down.
        self.naive.challenges.clear();
        self.naive.fire("read back");
        Ok(())
    }

    fn select(&mut self, bias: u8) -> Result<(), String> {
        let all = self.naive.entries.len();
        let size = (all * 23 / 100).max(all.min(32)).min(250);
        let old = self.naive.entries.iter().filter(|it| it.old).count();
        let wanted = (size * usize::from(bias) + 50) / 100;
        let new = wanted.max(size.saturating_sub(old)).min(all - old);
        for (selection, biased) in [
            (self.book.selection(), false),
            (self.book.selection_with_bias(bias), true),
        ] {
            let different: BTreeSet<NetAddress> = selection.iter().copied().collect();
            expect("nothing is told twice", different.len(), selection.len())?;
            let places: Option<Vec<usize>> =
                different.iter().map(|it| self.naive.place(it)).collect();
            let places = places.ok_or("somebody unknown is told")?;
            if biased {
                let news = places.iter().filter(|&&at| !self.naive.entries[at].old);
                expect("new ones", news.count(), new)?;
                let olds = (size - new).min(old);
                expect("with bias", selection.len(), new + olds)?;
            } else {
                expect("selected", selection.len(), size)?;
            }
        }
        Ok(())
    }

    fn compare(&self) -> Result<(), String> {
        let book: BTreeMap<NetAddress, Entry> = self
            .book
            .addresses()
            .map(|it| {
                let entry = Entry {
                    address: it.address,
                    source: it.source,
                    attempts: it.attempts,
                    last_attempt: it.last_attempt,
                    last_success: it.last_success,
                    first_success: it.first_success,
                    old: it.old,
                    buckets: it.buckets.into_iter().collect(),
                };
                (it.address, entry)
            })
            .collect();
        let naive = self.naive.entries.iter();
        let naive: BTreeMap<NetAddress, Entry> = naive.map(|it| (it.address, it.clone())).collect();
        for (address, entry) in &book {
            expect("an entry", Some(entry), naive.get(address))?;
        }
        expect("entries", book.len(), naive.len())?;
        let old = naive.values().filter(|it| it.old).count();
        expect("old ones", self.book.old(), old)?;
        let bans: Vec<_> = self.book.bans().map(|(id, ban)| (id, ban.until)).collect();
        let expected = self.naive.bans.iter();
        let expected: Vec<_> = expected.map(|(id, (until, _))| (*id, *until)).collect();
        expect("bans", bans, expected)?;
        self.book.check().map_err(|broken| broken.to_string())
    }
}
