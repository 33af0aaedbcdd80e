//! Nodes that are out for harm, among nodes that are not: what each sort does where nothing is held
//! against it, and what it does to ours.

use pex_sim::{Outcome, Scenario, Simulation, Tally, swarm};

/// Sixteen honest nodes, four newcomers and three hostile nodes, for so many seconds.
fn among(sort: &str, tuning: &str, seconds: u32) -> Outcome {
    let honest =
        format!("knows = {{ some = 4 }}\nkeeps-private = 1\nstore = 200\ntuning = '{tuning}'\n");
    let text = format!(
        "duration = '{seconds}s'\nsample-every = '10s'\n\
         [[nodes]]\ncount = 16\n{honest}\
         [[nodes]]\ncount = 4\nstarts = '10s'\n{honest}\
         [[nodes]]\ncount = 3\nruns = {{ hostile = '{sort}' }}\n"
    );
    let scenario = Scenario::parse(&text).unwrap_or_else(|error| panic!("{error}"));
    Simulation::new(scenario, 1).unwrap().run()
}

fn ours(sort: &str) -> Outcome {
    let outcome = among(sort, "default", 40);
    assert_eq!(outcome.breach, None, "{sort}");
    outcome
}

fn undefended(sort: &str) -> Outcome {
    among(sort, "undefended", 40)
}

fn gain(outcome: &Outcome, what: &str) -> f64 {
    let gain = outcome.gains.iter().find(|gain| gain.what == what);
    gain.unwrap_or_else(|| panic!("{:?}", outcome.gains)).value
}

/// How long the slowest newcomer took, if all came so far.
fn slowest(outcome: &Outcome, time: fn(&Tally) -> Option<f64>) -> Option<f64> {
    let times: Option<Vec<_>> = outcome.newcomers.iter().map(time).collect();
    times?.into_iter().max_by(f64::total_cmp)
}

/// Everybody knows everybody, but for a few.
fn knows_all(outcome: &Outcome) -> bool {
    let known = outcome.samples.last().unwrap().known;
    known.median > 0.999 && known.min >= 0.7
}

#[test]
fn a_sort_that_there_is_not_is_answered_with_those_there_are() {
    let text = "[[nodes]]\ncount = 2\nruns = { hostile = 'nobody' }\n";
    let error = Scenario::parse(text).unwrap_err().to_string();
    assert!(
        error.starts_with("line 3: runs.hostile: 'nobody' is no sort"),
        "{error}"
    );
    assert!(error.contains("topology-spy"), "{error}");
}

#[test]
fn who_has_nothing_new_or_nothing_at_all_to_say_holds_nobody_up() {
    for sort in ["freezer", "silent", "slow"] {
        let (ours, other) = (ours(sort), undefended(sort));
        let time = slowest(&ours, |it| it.to_90).expect("all newcomers know 90 %");
        let before = slowest(&other, |it| it.to_90).unwrap_or(30.0);
        assert!(time < 1.5 && before > time, "{sort}: {time} s, {before} s");
        assert!(knows_all(&ours), "{sort}");
    }
}

#[test]
fn a_flood_of_questions_is_answered_for_a_moment_and_then_cut() {
    let (ours, other) = (ours("flooder"), undefended("flooder"));
    let answers = |it: &Outcome| gain(it, "answers to the flood");
    let share = answers(&other) / gain(&other, "questions in the flood");
    assert!(share > 0.9, "{share}");
    assert!(
        answers(&ours) * 5.0 < answers(&other),
        "{:?} {:?}",
        ours.gains,
        other.gains
    );
}

#[test]
fn coming_again_does_not_make_new_questions_free() {
    // It takes a while until the strikes add up.
    let [ours, other] = ["default", "undefended"].map(|tuning| among("reconnector", tuning, 90));
    assert_eq!(ours.breach, None);
    let share = |it: &Outcome| gain(it, "answers") / gain(it, "questions");
    assert!(share(&other) > 0.9, "{}", share(&other));
    assert!(share(&ours) < 0.5, "{}", share(&ours));
    assert!(knows_all(&ours));
}

#[test]
fn a_victim_is_left_alone_whoever_is_said_to_live_there() {
    let (ours, other) = (ours("amplifier"), undefended("amplifier"));
    let most = |it: &Outcome| gain(it, "most by one in a day");
    assert!(most(&ours) <= 4.0, "{}", most(&ours));
    // Whoever dials what he is told does so nine times within seconds, and the world breaks off.
    assert_eq!(other.breach.as_ref().map(|it| it.invariant), Some(25));
    assert!(most(&other) > 8.0, "{}", most(&other));
}

#[test]
fn many_ids_at_one_place_get_few_connections_of_ours() {
    let many = |tuning: &str| {
        let text = format!(
            "duration = '5min'\nsample-every = '1min'\n\
             [[nodes]]\ncount = 20\nknows = {{ some = 4 }}\ntuning = '{tuning}'\n\
             [[nodes]]\ncount = 60\nruns = {{ hostile = 'sybil' }}\n"
        );
        let outcome = Simulation::new(Scenario::parse(&text).unwrap(), 1)
            .unwrap()
            .run();
        assert_eq!(outcome.breach, None);
        gain(&outcome, "outbound held")
    };
    let (ours, other) = (many("default"), many("undefended"));
    // One of twelve, and by chance two.
    assert!(ours <= 0.15, "{ours}");
    assert!(other > 2.0 * ours, "{other}, {ours}");
}

#[test]
fn early_and_doubled_answers_end_the_connection() {
    let outcome = ours("hasty");
    assert!(
        gain(&outcome, "outbound held") <= 0.05,
        "{:?}",
        outcome.gains
    );
    assert!(knows_all(&outcome));
}

#[test]
fn whoever_asks_for_it_hears_of_nobody_private() {
    // The world looks at each answer, and breaks off where it has a private node in it.
    let outcome = ours("private-prober");
    assert!(gain(&outcome, "answers") > 500.0);
    assert!(gain(&outcome, "ids read") >= 20.0, "{:?}", outcome.gains);
}

#[test]
fn those_who_come_and_go_or_tell_honest_ids_at_wrong_places_do_no_harm() {
    for sort in [
        "hanger-up",
        "echo",
        "squatter",
        "slot-holder",
        "arc-grinder",
    ] {
        let outcome = ours(sort);
        assert!(knows_all(&outcome), "{sort}");
        assert!(
            slowest(&outcome, |it| it.to_90).is_some_and(|it| it < 5.0),
            "{sort}"
        );
    }
}

#[test]
fn among_made_up_nodes_a_newcomer_soon_knows_those_who_are_there() {
    // Three of 23 tell of nobody but nodes that do not exist, and all others pass them on. After a minute
    // these are hundreds of times as many as the true ones.
    // Without telling apart those who were reached, a newcomer knew half of them after thirty seconds.
    // Of the first 48 seeds eleven have a node that knows less than 85 % by then, and none a mean below 91.
    for seed in [1, 3] {
        let text = "duration = '70s'\nsample-every = '1s'\n\
                    [[nodes]]\ncount = 16\nknows = { some = 4 }\n\
                    [[nodes]]\ncount = 1\nknows = { some = 4 }\nstarts = '60s'\n\
                    [[nodes]]\ncount = 3\nruns = { hostile = 'inflater' }\n";
        let mut scenario = Scenario::parse(text).unwrap();
        scenario.check_budget = Some(32);
        let outcome = Simulation::new(scenario, seed).unwrap().run();
        assert_eq!(outcome.breach, None, "seed {seed}");
        let newcomer = outcome.newcomers.last().unwrap();
        let half = newcomer.to_half.expect("it knows half of them");
        assert!(half < 1.0, "seed {seed}: {half} s");
        let known = outcome.samples.last().unwrap().known;
        assert!(known.min >= 0.85, "seed {seed}: {known:?}");
        assert!(known.mean >= 0.91, "seed {seed}: {known:?}");
    }
}

#[test]
fn swarms_of_every_sort_break_no_invariant() {
    let mut events = 0;
    for seed in 1_000..1_006 {
        let outcome = Simulation::new(swarm(seed), seed).unwrap().run();
        assert_eq!(outcome.breach, None, "seed {seed}");
        events += outcome.events;
    }
    assert!(events > 30_000, "{events}");
}

/// Runs what these seeds have drawn.
fn hold(seeds: &[u64]) {
    for &seed in seeds {
        let mut scenario = swarm(seed);
        scenario.check_budget = Some(32);
        let outcome = Simulation::new(scenario, seed).unwrap().run();
        assert_eq!(outcome.breach, None, "seed {seed}");
    }
}

#[test]
fn what_onlookers_took_for_faults_is_none() {
    // That an answer ends as all others do, where one alone was never reached; that a second answer
    // comes after the first; what time it is for whoever starts when the clock is behind; that those
    // never meet of whom nobody dials, or who began as two islands; that answers end alike, which begin
    // at different places; that a node counts anew how often it dials a victim, once it was started anew;
    // that an answer may have waited for names; that an exchange for one peer releases all others; that the
    // options of a node may let strangers have it dial a victim as often as they like; that whom nobody knew
    // but one who has died, nobody may ever hear of, nor whoever knows none but those who have all their
    // peers, or is known to nobody but seed nodes; that options may leave alone for thirty days whom a dial
    // did not reach once; that a seed node's exchange may have more questions open than its options say;
    // that who may dial nobody meets nobody by what he knows, nor anybody by what a full store did not keep;
    // that an empty disk knows nobody whom its node had known; that whoever failed four times in trouble
    // is left alone for more than an hour; that the clock may be set forward while an answer waits for
    // names; and that nobody is told of a seed node that has hung up on all.
    hold(&[
        49, 1_402, 1_525, 1_047, 1_500, 138, 1_821, 1_192, 6_478, 7_685, 12_561, 14_112, 17_899,
        24_016, 26_870, 33_439, 37_446, 40_246, 44_280, 107_801, 107_950, 119_129, 102_284,
        105_080,
    ]);
}

#[test]
fn nothing_breaks_where_some_have_persistent_peers() {
    let seeds = [26_001, 26_006, 26_007];
    for seed in seeds {
        assert!(swarm(seed).nodes.iter().any(|it| it.persists > 0), "{seed}");
    }
    hold(&seeds);
}

#[test]
fn what_swarms_have_found_does_not_come_again() {
    // A ninth dial of a place in a day: a victim's, and a squatter's of whose lies some were in store. An
    // address that waits for an hour, where the options have nobody left alone for as long. A clique of five,
    // one of them a seed, who kept a newborn node from its other seeds. What was of no connection had a node
    // look anew for somebody to dial. An answer at an older time.
    hold(&[1_285, 1_322, 1_218, 100_197, 106_977, 106_051]);
}
