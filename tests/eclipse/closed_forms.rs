//! The buckets of the models against closed forms: how many a group reaches, how often an attacker has
//! all the addresses picked, and how often at most where each is tested before it makes room.

#[cfg(test)]
mod tests {
    use core::time::Duration;
    use std::collections::BTreeSet;
    use std::rc::Rc;

    use pex::Time;

    use crate::addrman::{Addrman, BUCKET_SIZE, NEW, Size, TRIED};
    use crate::chance::Chance;
    use crate::reference_v1_book::{Book, NEW_BUCKETS, NEW_PER_GROUP, OLD_BUCKETS, OLD_PER_GROUP};
    use crate::table::Mean;
    use crate::world::{Attacker, Node, Population, World};

    const SEEDS: u64 = 200;
    const PICKS: u32 = 1_000;

    /// Honest addresses enough to be in every bucket, and in none more than fit.
    const HONEST: Population = Population {
        honest: 4_096,
        groups: 300,
        alive: 4_096,
    };

    /// What fills a bucket.
    const FULL: u32 = 65;

    fn book(addresses: u32, groups: usize, seed: u64) -> (Rc<World>, Book) {
        let attacker = Attacker { addresses, groups };
        let world = Rc::new(World::new(HONEST, attacker, seed));
        let book = Book::new(world.clone(), Chance::new(seed, 3));
        (world, book)
    }

    /// Buckets reached: B (1 - (1 - 1/B)^(s k)).
    fn reached(buckets: u64, groups: u64, per_group: u64) -> f64 {
        let float = |n: u64| f64::from(u32::try_from(n).unwrap());
        let missed = (1.0 - 1.0 / float(buckets)).powf(float(groups * per_group));
        float(buckets) * (1.0 - missed)
    }

    fn count(buckets: impl Iterator<Item = usize>) -> f64 {
        let distinct: BTreeSet<_> = buckets.collect();
        f64::from(u32::try_from(distinct.len()).unwrap())
    }

    #[test]
    fn what_was_reached_in_32_networks_is_in_as_many_buckets_as_the_closed_form_says() {
        let buckets = (0..SEEDS).map(|seed| {
            let (world, book) = book(8_192, 32, seed);
            count(world.attackers().map(|node| book.old_bucket(node)))
        });
        let expected = reached(OLD_BUCKETS, 32, OLD_PER_GROUP);
        assert!((expected - 55.5).abs() < 0.1, "{expected}");
        Mean::assert_close("old buckets of 32 networks", buckets, expected);
    }

    #[test]
    fn what_sources_of_4_networks_tell_is_in_as_many_buckets_as_the_closed_form_says() {
        let buckets = (0..SEEDS).map(|seed| {
            let (world, book) = book(4, 4, seed);
            let told = |source| {
                let (world, book) = (&world, &book);
                let all = world.honest();
                all.map(move |node| book.new_bucket(node, source))
            };
            count(world.attackers().flat_map(told))
        });
        let expected = reached(NEW_BUCKETS, 4, NEW_PER_GROUP);
        Mean::assert_close("new buckets of sources in 4 networks", buckets, expected);
    }

    /// The share of the buckets that the attacker's guests fill, and of so many series of picks
    /// those in which each is one of them.
    fn visit(groups: u32, picks: u32, seed: u64) -> (f64, f64) {
        let (world, mut book) = book(groups * FULL, usize::try_from(groups).unwrap(), seed);
        let honest: Vec<_> = world.honest().collect();
        for (node, source) in honest.iter().zip(honest.iter().rev()) {
            book.add(*node, *source, Time::EPOCH);
        }
        let later = Time::EPOCH + Duration::from_secs(1);
        for guest in world.attackers() {
            book.add(guest, guest, later);
        }
        let filled = count(world.attackers().map(|node| book.new_bucket(node, node)));
        let is_its = |node: Option<Node>| world.is_attacker(node.unwrap());
        let mut eclipses = 0;
        for _ in 0..PICKS {
            let drawn = (0..picks).filter(|_| is_its(book.pick(100))).count();
            eclipses += u32::from(drawn == usize::try_from(picks).unwrap());
        }
        let buckets = f64::from(u32::try_from(NEW_BUCKETS).unwrap());
        (filled / buckets, f64::from(eclipses) / f64::from(PICKS))
    }

    #[test]
    fn guests_fill_buckets_and_are_picked_as_often_as_the_closed_forms_say() {
        let (buckets, picks) = (256.0_f64, 4);
        // Groups for a chance of one half: -S ln(1 - q^(1/n)), where each group has one slot.
        let needed = -buckets * (1.0 - 0.5_f64.powf(1.0 / f64::from(picks))).ln();
        let groups = 471;
        assert!((needed - f64::from(groups)).abs() < 0.5, "{needed}");
        let runs: Vec<_> = (0..SEEDS).map(|seed| visit(groups, picks, seed)).collect();
        // Slots filled by t groups: 1 - (1 - 1/S)^t.
        let filled = 1.0 - (1.0 - 1.0 / buckets).powf(f64::from(groups));
        Mean::assert_close(
            "buckets that 471 guests fill",
            runs.iter().map(|run| run.0),
            filled,
        );
        // All n picks: f^n.
        let (all, his) = (filled.powf(f64::from(picks)), runs.iter().map(|run| run.1));
        Mean::assert_close("four picks that are all his", his.clone(), all);
        Mean::assert_close("which it takes 471 guests to make one in two", his, 0.5);
    }

    fn at(seconds: u64) -> Time {
        Time::EPOCH + Duration::from_secs(seconds)
    }

    #[test]
    fn bitcoin_core_spreads_32_networks_over_as_many_buckets_as_the_closed_form_says() {
        let buckets = (0..SEEDS).map(|seed| {
            let (world, _) = book(8_192, 32, seed);
            let book = Addrman::new(world.clone(), Chance::new(seed, 3), NEW, TRIED);
            let bucket = |node| book.tried_place(node) / BUCKET_SIZE;
            count(world.attackers().map(bucket))
        });
        let expected = reached(TRIED.buckets, 32, TRIED.per_group);
        Mean::assert_close("tried buckets of 32 networks", buckets, expected);
    }

    /// Some honest nodes, half of them alive, are in a small tried table when the attacker takes all that
    /// he can get of it. The share of series of picks that are all his, and the bound.
    fn test_before_evict(seed: u64) -> (f64, f64) {
        let small = Size {
            buckets: 4,
            per_group: 4,
        };
        let population = Population {
            honest: 40,
            groups: 30,
            alive: 20,
        };
        let attacker = Attacker {
            addresses: 4_000,
            groups: 100,
        };
        let world = Rc::new(World::new(population, attacker, seed));
        let mut book = Addrman::new(world.clone(), Chance::new(seed, 3), NEW, small);
        for node in world.honest() {
            book.add(node, node, at(0));
            book.good(node, at(0));
        }
        book.restart();
        let alive = |book: &Addrman| {
            let tried = book.nodes(true).into_iter();
            let is_it = |node: &Node| !world.is_attacker(*node) && world.is_alive(*node);
            tried.filter(is_it).count()
        };
        let honest = alive(&book);
        let mut now = 0;
        for node in world.attackers() {
            // Later than whoever was tested before counts as reached lately.
            now += 5 * 3_600;
            book.add(node, node, at(now));
            book.good(node, at(now));
            if let Some(old) = book.select_collision() {
                book.attempt(old, true, at(now));
                if world.is_alive(old) {
                    book.good(old, at(now));
                }
            }
            book.resolve_collisions(at(now + 60));
        }
        let slots = 4 * BUCKET_SIZE;
        assert_eq!(alive(&book), honest, "who is alive stays");
        assert_eq!(book.nodes(true).len(), slots, "the rest is his");
        let later = at(now + 24 * 3_600);
        let mut is_his = || world.is_attacker(book.select_of(true, later));
        let all = (0..PICKS).filter(|_| (0..8).all(|_| is_his())).count();
        let float = |n: usize| f64::from(u32::try_from(n).unwrap());
        let bound = (1.0 - float(honest) / float(slots)).powi(8);
        (float(all) / f64::from(PICKS), bound)
    }

    #[test]
    fn an_attacker_of_any_size_is_bound_by_tests_before_evictions_as_the_closed_form_says() {
        let runs: Vec<_> = (0..SEEDS).map(test_before_evict).collect();
        // All n picks: (1 - p h / S)^n.
        let bound = Mean::of(runs.iter().map(|run| run.1)).unwrap().value;
        assert!((0.5..0.6).contains(&bound), "{bound}");
        let his = runs.iter().map(|run| run.0);
        Mean::assert_close(
            "eight picks that are all his, where who is alive stays",
            his,
            bound,
        );
    }
}
