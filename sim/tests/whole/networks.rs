//! Whole networks, and what becomes of them.

use pex_sim::show::Measure;
use pex_sim::{Outcome, Sample, Scenario, Simulation, Tally};

/// Runs a scenario, and expects that nothing breaks.
fn run(text: &str, seed: u64) -> Outcome {
    let scenario = Scenario::parse(text).unwrap_or_else(|error| panic!("{error}"));
    let outcome = Simulation::new(scenario, seed).unwrap().run();
    assert_eq!(outcome.breach, None, "seed {seed}");
    outcome
}

const SIXTEEN: &str = "duration = '2min'\n[[nodes]]\ncount = 16\nknows = { some = 2 }\n";

#[test]
fn the_same_seed_gives_the_same_run_and_another_one_another() {
    let one = run(SIXTEEN, 1);
    assert_eq!(one, run(SIXTEEN, 1));
    assert_ne!(one.digest, run(SIXTEEN, 2).digest);
}

#[test]
fn sixteen_nodes_who_know_two_others_each_soon_know_all() {
    for runs in ["pex", "pex-plain", "pex-v1"] {
        let outcome = run(&format!("{SIXTEEN}runs = '{runs}'\n"), 3);
        let last = outcome.samples.last().unwrap();
        assert!(last.known.min >= 1.0, "{runs}: {:?}", last.known);
        assert!(last.peers.min >= 10.0, "{runs}: {:?}", last.peers);
        assert_eq!(outcome.population[0].faults_seen, 0, "{runs}");
    }
}

#[test]
fn nodes_that_all_live_in_one_network_find_each_other_and_so_do_those_without_the_extension() {
    for more in [
        "runs = 'pex'\nneighbours = true",
        "runs = 'pex-v1'\nneighbours = true",
        "runs = 'pex-v1'\nclaims = 'v1'",
    ] {
        let text = SIXTEEN.replace("2min", "20min");
        let outcome = run(&format!("{text}{more}\n"), 3);
        let last = outcome.samples.last().unwrap();
        assert!(last.known.min >= 1.0, "{more}: {:?}", last.known);
        assert_eq!(outcome.population[0].faults_seen, 0, "{more}");
    }
}

#[test]
fn steps_of_any_length_lead_to_the_same_end() {
    let scenario = Scenario::parse(SIXTEEN).unwrap();
    let mut in_steps = Simulation::new(scenario, 1).unwrap();
    let mut at = core::time::Duration::ZERO;
    while !in_steps.run_until(at) {
        at += core::time::Duration::from_millis(777);
    }
    assert_eq!(in_steps.outcome(), run(SIXTEEN, 1));
}

#[test]
fn nodes_behind_nat_are_known_and_nobody_reaches_them() {
    let text = "duration = '3min'\n[[nodes]]\ncount = 8\nknows = { first = 2 }\n\
                [[nodes]]\ncount = 8\nknows = { first = 2 }\nbehind-nat = true\n";
    let outcome = run(text, 4);
    assert!(outcome.samples.last().unwrap().known.min >= 1.0);
    // Half of all were dialed by nobody.
    assert!(outcome.in_degree.min < 1.0);
    assert!(outcome.in_degree.p5 < 1.0);
    assert!(outcome.in_degree.p95 >= 6.0, "{:?}", outcome.in_degree);
}

#[test]
fn a_network_that_fell_in_two_is_one_again() {
    let text = "duration = '90min'\nsample-every = '1min'\n[[nodes]]\ncount = 16\n\
                [faults]\npartitions = 20\nuntil = '25min'\n";
    let outcome = run(text, 5);
    // It did fall in two: somebody lost peers.
    let fewest = outcome
        .samples
        .iter()
        .skip(1)
        .map(|sample| sample.peers.min);
    assert!(fewest.fold(f64::MAX, f64::min) < 10.0);
    assert!(outcome.samples.last().unwrap().peers.min >= 13.0);
}

/// Of 27 honest nodes among three liars, of all of whom one of a hundred is replaced a minute: between
/// how many one gets over their connections, every ten seconds from the tenth minute on.
fn together(runs: &str, liars: &str) -> Vec<f64> {
    let text = format!(
        "duration = '15min'\nsample-every = '10s'\ncheck = false\nchurn = {{ replaced-a-minute = 0.01 }}\n\
         [[nodes]]\ncount = 27\nruns = '{runs}'\nknows = {{ some = 8 }}\n\
         [[nodes]]\ncount = 3\nruns = {{ hostile = '{liars}' }}\n"
    );
    let samples = run(&text, 1).samples.into_iter();
    let late = samples.filter(|it| it.at >= 600.0);
    late.map(|it| it.together.expect("somebody honest"))
        .collect()
}

#[test]
fn a_network_with_liars_and_churn_is_one_within_ten_minutes_and_stays_one() {
    let liars = [
        "amplifier",
        "freezer",
        "inflater",
        "misnamer",
        "poisoner",
        "shared-inflater",
        "slot-holder",
        "squatter",
        "sybil",
    ];
    for runs in ["pex", "pex-v1"] {
        for liars in liars {
            let together = together(runs, liars);
            // Who was born a moment ago dials his first peer; if that is a liar, he asks another soon.
            let least = together.iter().copied().fold(1.0, f64::min);
            let whole = together.iter().filter(|share| **share >= 1.0).count();
            assert_eq!(together.len(), 31);
            assert!(
                least >= 26.0 / 27.0 && whole >= 28,
                "{runs}, {liars}: {whole} of 31, {least}"
            );
        }
    }
}

#[test]
fn nodes_that_know_nobody_are_not_together() {
    let outcome = run(
        "duration = '10s'\ncheck = false\n[[nodes]]\ncount = 8\nknows = { some = 0 }\n",
        1,
    );
    let together = outcome.samples.last().unwrap().together;
    assert!(
        together.is_some_and(|share| (share - 0.125).abs() < 1e-9),
        "{together:?}"
    );
}

#[test]
fn who_finds_all_places_taken_may_stay_alone() {
    // Found by the swarm, with seed 3173: each of seven has two places, and will not store two of the
    // others; one of them dials those it knows again and again, who are full.
    let seven = "duration = '20min'\nsample-every = '1min'\n\
                 [[nodes]]\ncount = 7\nruns = 'pex-v1'\nknows = 'everyone'\nconnected = 2\nkeeps-private = 2\n\
                 [network]\ndials-fail = 0.39\n\
                 latency = { from = '59ms', to = '372ms' }\n\
                 dial = { from = '1s 592ms', to = '3s 570ms' }\n";
    let outcome = run(seven, 3_173);
    let last = outcome.samples.last().unwrap();
    assert!(
        last.peers.min < 1.0 && last.peers.median > 1.0,
        "{:?}",
        last.peers
    );
}

#[test]
fn whoever_restarts_finds_the_others_by_what_it_had_written_down() {
    for runs in ["pex", "pex-v1"] {
        // The two first nodes, whom all others know at the start, are gone soon; there is nobody to
        // begin with again but those whom one has on disk.
        let text = format!(
            "duration = '12min'\nsample-every = '10s'\n[[nodes]]\ncount = 12\nruns = '{runs}'\n\
             knows = {{ some = 2 }}\n[churn]\nrestarted-a-minute = 0.1\nafter = '3min'\nuntil = '9min'\n"
        );
        let outcome = run(&text, 6);
        let fewest = outcome.samples.iter().map(|sample| sample.living);
        assert!(fewest.min().unwrap() < 12, "{runs}: nobody was down");
        let last = outcome.samples.last().unwrap();
        assert!(
            last.living == 12 && last.known.min >= 1.0,
            "{runs}: {last:?}"
        );
    }
}

#[test]
fn newcomers_are_timed_from_when_they_start() {
    let text = "duration = '20s'\nsample-every = '1s'\n[[nodes]]\ncount = 300\ndepth = 'thin'\n\
                [[nodes]]\ncount = 2\ndepth = 'exchange'\nknows = { some = 16 }\nconnected = 16\n\
                starts = '5s'\n";
    let outcome = run(text, 7);
    assert_eq!(outcome.newcomers.len(), 2);
    for newcomer in &outcome.newcomers {
        assert!((newcomer.started - 5.0).abs() < 1e-6);
        let (half, most) = (newcomer.to_half.unwrap(), newcomer.to_99.unwrap());
        assert!(half <= most && most < 10.0, "{newcomer:?}");
        // 99 % of 300 nodes take three answers at least.
        assert!(newcomer.answers >= 3, "{newcomer:?}");
    }
}

#[test]
fn the_reference_tells_a_newcomer_the_same_hundred_again_and_ours_all_it_knows() {
    let known = |runs: &str| {
        let text = format!(
            "duration = '2min'\n[[nodes]]\ncount = 1000\nruns = '{runs}'\ndepth = 'thin'\nwatched = false\n\
             [[nodes]]\ncount = 1\ndepth = 'exchange'\nknows = {{ some = 4 }}\nconnected = 4\nstarts = '1s'\n"
        );
        run(&text, 8).samples.last().unwrap().known.median
    };
    assert!(known("tendermint-0.35.9") < 0.45);
    assert!(known("pex") > 0.99);
    assert!(known("uniform") > 0.99);
}

#[test]
fn nodes_modelled_on_the_reference_find_each_other_and_ours() {
    let text = "duration = '10min'\nsample-every = '10s'\n[[nodes]]\ncount = 12\n\
                runs = 'tendermint-0.35.9'\nknows = { some = 2 }\nwatched = true\n\
                [[nodes]]\ncount = 4\nruns = 'pex'\nknows = { some = 2 }\n";
    let outcome = run(text, 9);
    let last = outcome.samples.last().unwrap();
    assert!(last.known.min > 0.9, "{:?}", last.known);
    assert!(last.peers.min >= 8.0, "{:?}", last.peers);
}

#[test]
fn a_network_of_whom_a_third_never_say_a_word_learns_itself() {
    let text = "duration = '10min'\nsample-every = '10s'\n[[nodes]]\ncount = 12\nknows = { some = 4 }\n\
                [[nodes]]\ncount = 6\nruns = { hostile = 'silent' }\n";
    let outcome = run(text, 10);
    let last = outcome.samples.last().unwrap();
    assert!(last.known.min > 0.8, "{:?}", last.known);
    let ours = &outcome.population[0];
    assert!(ours.requests > ours.answers, "{ours:?}");
}

#[test]
fn who_is_born_is_known_and_who_is_dead_is_not_counted() {
    let text = "duration = '10min'\nsample-every = '10s'\n[[nodes]]\ncount = 20\nknows = { first = 3 }\n\
                [churn]\nreplaced-a-minute = 0.05\nafter = '1min'\nuntil = '8min'\n";
    let outcome = run(text, 11);
    assert!(outcome.population[0].born > 22, "{:?}", outcome.population);
    assert_eq!(outcome.population[0].living, 20);
    assert_eq!(
        outcome.newcomers.len() as u64,
        outcome.population[0].born - 20
    );
    assert!(outcome.samples.last().unwrap().known.median > 0.95);
}

#[test]
fn how_many_come_and_go_is_a_share_of_those_who_are_there_when_that_begins() {
    // One node alone would be replaced once in fifty minutes; a hundred and one, about twice a minute.
    let text = "duration = '6min'\nsample-every = '1min'\n[[nodes]]\ncount = 1\n\
                [[nodes]]\ncount = 100\nstarts = '1s'\n[churn]\nreplaced-a-minute = 0.02\nafter = '1min'\n";
    let outcome = run(text, 12);
    let born: u64 = outcome.population.iter().map(|it| it.born).sum();
    assert!((106..=118).contains(&born), "{born}");
}

#[test]
fn kin_that_is_told_in_the_order_of_ids_needs_fewer_answers_than_by_chance() {
    let answers = |runs: &str, depth: &str| {
        let text = format!(
            "duration = '2min'\nuntil-known = 0.99\nsample-every = '100ms'\n\
             [[nodes]]\ncount = 2000\nruns = '{runs}'\ndepth = '{depth}'\nwatched = false\nknows = 'everyone'\n\
             [[nodes]]\ncount = 1\ndepth = 'exchange'\nknows = {{ some = 16 }}\nconnected = 16\nstarts = '1s'\n"
        );
        let outcome = run(&text, 12);
        let newcomer = &outcome.newcomers[0];
        assert!(newcomer.to_99.is_some(), "{runs} {depth}: {newcomer:?}");
        newcomer.answers
    };
    let by_chance = answers("uniform", "thin");
    for depth in ["thin", "exchange"] {
        let by_arc = answers("pex", depth);
        assert!(
            by_arc * 3 < by_chance * 2,
            "{depth}: {by_arc}, by chance {by_chance}"
        );
    }
}

/// What it takes a newcomer that begins with 64 peers to know 99 of 100 of a thousand nodes: seconds
/// and answers.
fn learns(others: &str, newcomer: &str, seed: u64) -> Tally {
    let text = format!(
        "duration = '600s'\nuntil-known = 0.99\nsample-every = '100ms'\ncheck = false\n{others}\
         [[nodes]]\ncount = 1\nknows = {{ some = 64 }}\nconnected = 64\nlinked = 64\nstarts = '1s'\n\
         watched = true\n{newcomer}\n"
    );
    run(&text, seed).newcomers[0].clone()
}

#[test]
fn a_newcomer_of_ours_that_begins_with_its_peers_reaches_the_goals_of_the_tables() {
    let all = |runs: &str, share: u32| {
        format!(
            "[[nodes]]\ncount = {share}\nruns = {runs}\ndepth = 'exchange'\nknows = 'everyone'\nwatched = false\n"
        )
    };
    let mixed = all("'pex'", 250) + &all("'tendermint-0.35.0'", 750);
    let uniform = "[[nodes]]\ncount = 1000\nruns = 'uniform'\ndepth = 'thin'\nwatched = false\n";
    let rows = [
        (all("'pex'", 1_000), 30, 1.0),
        (uniform.to_owned(), 46, 2.0),
        (mixed, 46, 2.0),
    ];
    for (others, answers, seconds) in rows {
        let ours = learns(&others, "store = 100000", 1);
        assert!(ours.answers <= answers, "{others} {ours:?}");
        assert!(
            ours.to_99.is_some_and(|it| it <= seconds),
            "{others} {ours:?}"
        );
    }
    for sort in ["inflater", "shared-inflater", "freezer"] {
        let others = all("'pex'", 900)
            + &format!("[[nodes]]\ncount = 100\nruns = {{ hostile = '{sort}' }}\n");
        let ours = learns(&others, "store = 100000", 1);
        assert!(ours.answers <= 46, "{sort} {ours:?}");
        assert!(ours.to_99.is_some_and(|it| it <= 2.0), "{sort} {ours:?}");
    }
}

#[test]
fn a_newcomer_of_the_reference_is_served_by_ours_no_slower_than_by_uniform_answers() {
    let theirs = "runs = 'tendermint-0.35.0'\ndepth = 'exchange'";
    let by_ours =
        "[[nodes]]\ncount = 1000\ndepth = 'exchange'\nknows = 'everyone'\nwatched = false\n";
    let by_chance = "[[nodes]]\ncount = 1000\nruns = 'uniform'\ndepth = 'thin'\nwatched = false\n";
    // Its last hundredth takes it from half a minute to five, by chance alone: nine tenths are compared.
    let [by_ours, by_chance] = [by_ours, by_chance].map(|others| {
        let mut seconds =
            [1, 2, 3, 4, 5, 6, 7].map(|seed| learns(others, theirs, seed).to_90.unwrap());
        seconds.sort_by(f64::total_cmp);
        seconds[3]
    });
    assert!(by_ours <= by_chance, "{by_ours} {by_chance}");
}

#[test]
fn a_network_at_rest_asks_little_even_with_feelers() {
    let text = "duration = '10min'\nsample-every = '30s'\ncheck = false\n\
                [[nodes]]\ncount = 120\nconnected = 24\ndials = 8\n";
    let outcome = run(text, 1);
    let late = &outcome.samples[outcome.samples.len() / 2..];
    let counted: Vec<f64> = late.iter().map(|it| it.requests).collect();
    // Ten samples of half a minute.
    assert_eq!(counted.len(), 11);
    let requests = counted.iter().sum::<f64>() / 11.0;
    assert!(requests <= 0.6, "{requests}");
    assert!(late.iter().all(|it| it.known.mean > 0.999));
}

/// Of two hundred ten are replaced a minute, as of a thousand of the tables: how soon one is heard of
/// goes by how much there is to hear.
#[test]
fn a_network_whose_nodes_come_and_go_hears_of_the_new_and_asks_little() {
    let text = "duration = '8min'\nsample-every = '15s'\ncheck = false\n\
                [[nodes]]\ncount = 200\nconnected = 24\ndials = 8\n\
                [churn]\nreplaced-a-minute = 0.05\n";
    let outcome = run(text, 1);
    let late = &outcome.samples[outcome.samples.len() / 2..];
    // Four minutes in quarters, both ends counted.
    assert_eq!(late.len(), 17);
    let mean = |of: fn(&Sample) -> f64| late.iter().map(of).sum::<f64>() / 17.0;
    let (requests, known) = (mean(|it| it.requests), mean(|it| it.known.mean));
    assert!(requests <= 9.0, "{requests} requests a node and minute");
    // Who was born within the last half minute is not known yet.
    assert!(known >= 0.97, "{known} known");
    let heard = outcome.newcomers.iter().filter_map(|it| it.known_to_half);
    let mut seconds: Vec<f64> = heard.collect();
    seconds.sort_by(f64::total_cmp);
    assert!(seconds.len() >= 60, "{}", seconds.len());
    let median = seconds[seconds.len() / 2];
    assert!(median <= 75.0, "known to half after {median} s");
}

#[test]
fn no_peer_is_asked_much_more_often_than_the_others() {
    let text = "duration = '600s'\nuntil-known = 0.99\nsample-every = '1s'\ncheck = false\n\
                [[nodes]]\ncount = 20000\nruns = 'uniform'\ndepth = 'thin'\nwatched = false\n\
                [[nodes]]\ncount = 1\ndepth = 'exchange'\nknows = { some = 64 }\nconnected = 64\nlinked = 64\n\
                starts = '1s'\nwatched = true\n";
    let outcome = run(text, 1);
    assert!(outcome.newcomers[0].to_99.is_some());
    let busiest = Measure::named("busiest").unwrap().of(&[outcome]).unwrap();
    let median = busiest.median.unwrap();
    assert!((1.0..=1.08).contains(&median), "{median}");
}
