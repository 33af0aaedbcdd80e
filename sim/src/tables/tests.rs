//! The tables: that they can be made, and what stands in them.

use super::*;
use crate::Outcome;
use crate::show::tests::outcome;

#[test]
fn every_row_of_the_guide_s_tables_is_a_scenario_of_its_own() {
    let tables = tables().unwrap();
    assert!(tables.len() >= 4);
    let mut scenarios: Vec<Scenario> = Vec::new();
    for quick in [false, true] {
        for table in &tables {
            for entry in table.entries(quick).unwrap() {
                assert!(
                    !scenarios.contains(&entry.scenario),
                    "{}",
                    entry.scenario.title
                );
                scenarios.push(entry.scenario);
            }
        }
    }
    let counts = |it: &Scenario| it.nodes.iter().map(|it| it.count).collect::<Vec<_>>();
    let mixed = scenarios.iter().find(|it| it.nodes.len() == 3).unwrap();
    assert_eq!(counts(mixed), [250, 750, 1]);
}

#[test]
fn what_is_wrong_with_a_table_is_said() {
    let text = "[[table]]\nname = 't'\ntitle = ''\nabout = ''\nsizes = [1, 2]\nquick = [1]\n";
    for (rest, says) in [
        ("measures = ['speed']\nrow = []", "no measure speed"),
        (
            "measures = ['to-99']\n[[table.row]]\nname = 'r'\ngoal = { to-99 = ['<= 1'] }\nscenario = {}",
            "one goal of to-99 a size",
        ),
        (
            "measures = ['to-99']\n[[table.row]]\nname = 'r'\ngoal = { to-99 = ['', 'soon'] }\nscenario = {}",
            "soon is no goal",
        ),
    ] {
        let error = parse(&format!("{text}{rest}")).unwrap_err();
        assert!(error.to_string().contains(says), "{error}");
    }
}

/// Two rows at two sizes, with goals.
fn small() -> Table {
    let text = "
        [[table]]
        name = 'small'
        title = 'Two rows'
        about = 'What it is.'
        sizes = [8, 16]
        quick = [4]
        measures = ['answers', 'to-99']
        [[table.row]]
        name = 'fast'
        goal = { to-99 = ['<= 3', '<= 2'] }
        scenario.nodes = [{ share = 0.5 }, { share = 0.5, runs = 'uniform' }]
        [[table.row]]
        name = 'slow'
        scenario.nodes = [{ share = 1.0 }]
    ";
    parse(text).unwrap().remove(0)
}

/// What came out of all of them.
fn runs(table: &Table) -> Vec<Outcome> {
    let entries = table.entries(false).unwrap();
    let both = entries.iter().flat_map(|entry| [(entry, 1), (entry, 2)]);
    both.map(|(entry, seed)| {
        let mut run = outcome(seed);
        run.scenario = entry.scenario.clone();
        if entry.row == 1 {
            run.newcomers.iter_mut().for_each(|it| it.to_99 = None);
        }
        run
    })
    .collect()
}

#[test]
fn a_table_has_a_line_a_row_with_its_goal_below_and_says_what_misses_it() {
    let table = small();
    let mut out = Vec::new();
    write_markdown(&table, false, &runs(&table), &mut out).unwrap();
    let text = String::from_utf8(out).unwrap();
    for line in [
        "### Two rows",
        "| | 8 nodes | 16 nodes |",
        "|---|---|---|",
        "| fast | 23.5 answers, 2.4 s | 23.5 answers, **2.4 s** |",
        "| *goal* | ≤ 3 s | ≤ 2 s |",
        "| slow | never (98 %) | never (98 %) |",
        "Medians, seeds 1, 2; what misses its goal is **bold**. `pex sim tables --only small` makes it again.",
    ] {
        assert!(text.lines().any(|it| it == line), "{line}\nnot in\n{text}");
    }
}

#[test]
fn a_column_is_of_the_median_or_the_twentieth_above_or_the_mean() {
    let mut table = small();
    table.measures = ["answers", "answers@high", "answers@mean"]
        .map(String::from)
        .into();
    let mut runs = runs(&table);
    for run in &mut runs {
        run.newcomers.truncate(3);
        for (newcomer, answers) in run.newcomers.iter_mut().zip([10, 20, 60]) {
            newcomer.to_99 = Some(1.0);
            newcomer.answers = answers;
        }
    }
    let mut out = Vec::new();
    write_markdown(&table, false, &runs, &mut out).unwrap();
    let text = String::from_utf8(out).unwrap();
    assert!(
        text.contains("20 answers, 60 answers, 30 answers"),
        "{text}"
    );
}

#[test]
fn a_table_says_with_which_seeds_the_networks_of_each_size_were_run() {
    let table = small();
    let mut runs = runs(&table);
    runs.retain(|run| run.seed == 1 || run.scenario.title.ends_with(", 8 nodes"));
    let mut out = Vec::new();
    write_markdown(&table, false, &runs, &mut out).unwrap();
    let text = String::from_utf8(out).unwrap();
    assert!(
        text.contains("Medians, seeds 1, 2; of 16 nodes 1; what misses"),
        "{text}"
    );
}

#[test]
fn a_table_is_run_with_as_many_seeds_as_it_says_for_a_size() {
    let steady = tables().unwrap().remove(3);
    assert_eq!(
        (steady.seeds(1_000, false), steady.seeds(100, true)),
        (3, 2)
    );
    assert_eq!(small().seeds(8, false), 10);
}

#[test]
fn a_goal_is_reached_at_its_end_and_by_nothing_that_never_came() {
    let goal = |text: &str| text.parse::<Goal>().unwrap();
    assert!(goal("<= 30").is_met(Some(30.0)) && !goal("<= 30").is_met(Some(30.1)));
    assert!(goal(">= 0.5").is_met(Some(0.5)) && !goal(">= 0.5").is_met(Some(0.4)));
    let within = goal("0.92 to 0.98");
    assert!(within.is_met(Some(0.92)) && !within.is_met(Some(0.99)));
    assert!(!within.is_met(None) && !goal("<= 30").is_met(None));
}

#[test]
fn what_was_not_run_is_no_number() {
    let table = small();
    let mut out = Vec::new();
    write_markdown(&table, false, &[], &mut out).unwrap();
    let text = String::from_utf8(out).unwrap();
    assert!(text.contains("| slow | – | – |"), "{text}");
    assert!(
        text.contains("Not run yet: `pex sim tables --only small` does."),
        "{text}"
    );
}
