//! The page: what is in it, and what can't get in.

use crate::show::cases;
use crate::show::tests::{outcome, with};
use crate::{Breach, Outcome};

fn page(outcomes: Vec<Outcome>) -> String {
    let mut out = Vec::new();
    super::write_html(&cases(outcomes), &mut out).unwrap();
    String::from_utf8(out).unwrap()
}

#[test]
fn one_run_has_its_charts_and_says_how_to_run_it_again() {
    let page = page(vec![outcome(7)]);
    assert!(page.contains("<b id=\"to-99\">2.4</b>"), "{page}");
    assert_eq!(page.matches("<svg class=\"chart\"").count(), 7);
    assert_eq!(page.matches("role=\"img\" aria-label=\"").count(), 7);
    assert!(page.contains("pex sim scenario.toml --seed 7</pre>"));
    assert!(page.contains("[[nodes]]\ncount = 64\n"));
    assert!(!page.contains("NaN") && !page.contains("inf"));
}

#[test]
fn several_scenarios_are_side_by_side_and_each_is_below() {
    let (some, other) = (outcome(1), with("nodes.0.count=9", 1));
    let page = page(vec![some, outcome(2), other]);
    assert_eq!(page.matches("<details").count(), 2);
    assert!(page.contains("<h2>nodes.0.count = 9</h2>"));
    assert!(page.contains("pex sim scenario.toml --seed 1 --seeds 2</pre>"));
    assert!(page.contains("<td>1, 2</td>"));
}

#[test]
fn the_page_allows_itself_its_own_style_and_nothing_else() {
    let page = page(vec![outcome(1)]);
    let (_, policy) = page
        .split_once("Content-Security-Policy\" content=\"")
        .unwrap();
    let (policy, _) = policy.split_once('"').unwrap();
    assert!(policy.starts_with("default-src 'none'; style-src 'sha256-"));
    assert!(!policy.contains("script") && !policy.contains("unsafe"));
    for outside in ["http://", "https://", "src=", "href=", "<script", " style="] {
        assert!(!page.contains(outside), "{outside}");
    }
}

#[test]
fn what_the_text_of_a_scenario_says_is_text() {
    let mut hostile = outcome(1);
    hostile.scenario.title = "<img src=x onerror=alert(1)>\u{202e}".to_owned();
    hostile.breach = Some(Breach {
        invariant: 3,
        what: "<b>bold".to_owned(),
        node: 1,
        at: 2.5,
        event: 9,
    });
    let page = page(vec![hostile]);
    assert!(!page.contains("<img") && !page.contains("<b>bold") && !page.contains('\u{202e}'));
    assert!(page.contains("invariant 3 does not hold: &lt;b&gt;bold: node 1, 2.5 s"));
}

#[test]
fn what_hostile_nodes_got_is_shown_and_is_text() {
    let mut hostile = outcome(1);
    let gain = serde_json::json!({ "runs": "<b>flood", "what": "slots", "value": 0.25 });
    hostile.gains = vec![serde_json::from_value(gain).unwrap()];
    let page = page(vec![hostile]);
    let row = "<th scope=\"row\">&lt;b&gt;flood</th><td>slots</td><td>0.25</td>";
    assert!(page.contains(row), "{page}");
}

#[test]
fn a_run_that_ended_before_anything_was_seen_has_a_page_too() {
    let mut empty = outcome(1);
    empty.samples.clear();
    empty.newcomers.clear();
    empty.population.clear();
    let page = page(vec![empty]);
    assert!(page.contains("<h1>") && !page.contains("NaN"));
}
