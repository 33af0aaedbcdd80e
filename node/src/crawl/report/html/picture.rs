//! The picture of the network.

use core::fmt::Write as _;
use std::collections::BTreeMap;

use pex::NodeId;

use super::escaped;
use super::layout::{HALF, Layout};
use crate::crawl::map::{Found, Outcome};
use crate::crawl::report::Report;
use crate::crawl::report::groups::Groups;

/// Versions that have a colour of their own.
const COLOURS: usize = 6;

/// Lines that are drawn beside those of the tree.
const LINES_MAX: usize = 2_500;

pub(super) fn draw(report: &Report, groups: &Groups, page: &mut String) {
    let layout = Layout::of(&report.map);
    let lines = lines(report, &layout);
    let _ = write!(
        page,
        "<figure><svg class=\"network\" viewBox=\"-{HALF} -{HALF} {0} {0}\" role=\"img\" \
         aria-label=\"The nodes around the seeds, each beyond the one that told of it first\">",
        2.0 * HALF
    );
    let size = size(layout.spots.len());
    others(&layout, &lines, page);
    tree(&layout, page);
    for spot in &layout.spots {
        let Some(found) = report.map.nodes().get(&spot.id) else {
            continue;
        };
        let radius = if found.is_seed { size + 3.0 } else { size };
        let _ = write!(
            page,
            "<circle class=\"{}\" cx=\"{:.1}\" cy=\"{:.1}\" r=\"{radius:.1}\" data-id=\"{}\"><title>{}</title></circle>",
            class(found, groups),
            spot.x,
            spot.y,
            spot.id,
            label(spot.id, found),
        );
    }
    page.push_str("</svg>");
    legend(groups, page);
    caption(&layout, lines.drawn.len(), lines.all, page);
    page.push_str("</figure>");
}

/// The radius of a node among so many.
#[expect(clippy::cast_precision_loss, reason = "few nodes are drawn")]
fn size(nodes: usize) -> f64 {
    (110.0 / (nodes.max(1) as f64).sqrt()).clamp(2.4, 8.0)
}

/// Who told of whom, beside the first who did.
struct Lines {
    drawn: Vec<(usize, usize)>,
    all: usize,
}

/// Those that are drawn are spread evenly over all.
fn lines(report: &Report, layout: &Layout) -> Lines {
    let places: BTreeMap<NodeId, usize> = layout.spots.iter().map(|it| it.id).zip(0..).collect();
    let mut drawn = Vec::new();
    for (place, spot) in layout.spots.iter().enumerate() {
        let found = report.map.nodes().get(&spot.id);
        for teller in found.iter().flat_map(|found| &found.told_by) {
            let teller = places.get(teller).filter(|it| Some(**it) != spot.parent);
            drawn.extend(teller.map(|teller| (*teller, place)));
        }
    }
    let all = drawn.len();
    let step = all.div_ceil(LINES_MAX).max(1);
    let drawn = drawn.into_iter().step_by(step).collect();
    Lines { drawn, all }
}

/// One path for all lines of a kind: thousands of elements would make a browser slow.
fn tree(layout: &Layout, page: &mut String) {
    page.push_str("<path class=\"tree\" d=\"");
    for spot in &layout.spots {
        if let Some(parent) = spot.parent.and_then(|place| layout.spots.get(place)) {
            let (x, y) = ((parent.x + spot.x) * 0.5, (parent.y + spot.y) * 0.5);
            let _ = write!(
                page,
                "M{:.0} {:.0}Q{x:.0} {y:.0} {:.0} {:.0}",
                parent.x, parent.y, spot.x, spot.y
            );
        }
    }
    page.push_str("\"/>");
}

fn others(layout: &Layout, lines: &Lines, page: &mut String) {
    page.push_str("<path class=\"told\" d=\"");
    for (from, to) in &lines.drawn {
        if let (Some(from), Some(to)) = (layout.spots.get(*from), layout.spots.get(*to)) {
            // Bent towards the middle, so that lines between neighbours do not hide them.
            let (x, y) = ((from.x + to.x) * 0.3, (from.y + to.y) * 0.3);
            let _ = write!(
                page,
                "M{:.0} {:.0}Q{x:.0} {y:.0} {:.0} {:.0}",
                from.x, from.y, to.x, to.y
            );
        }
    }
    page.push_str("\"/>");
}

/// The colour of a node is that of its version.
fn class(found: &Found, groups: &Groups) -> String {
    let class = match &found.outcome {
        Outcome::Reached { version, .. } => {
            let place = groups.versions.iter().position(|(name, _)| name == version);
            format!("v{}", place.unwrap_or(COLOURS).min(COLOURS))
        }
        Outcome::Failed { .. } => "lost".to_owned(),
        Outcome::Unvisited => "open".to_owned(),
    };
    if found.is_seed {
        format!("{class} seed")
    } else {
        class
    }
}

fn label(id: NodeId, found: &Found) -> String {
    let what = match &found.outcome {
        Outcome::Reached {
            moniker, version, ..
        } => format!("{moniker}, {version}"),
        Outcome::Failed { sort, .. } => format!("not reached: {sort}"),
        Outcome::Unvisited => "not visited".to_owned(),
    };
    let short: String = id.to_string().chars().take(8).collect();
    escaped(&format!(
        "{short}… {what}; told of by {}",
        found.told_by.len()
    ))
}

fn legend(groups: &Groups, page: &mut String) {
    page.push_str("<ul class=\"legend\">");
    let key = |page: &mut String, class: &str, text: &str| {
        let _ = write!(
            page,
            "<li><svg viewBox=\"-6 -6 12 12\" aria-hidden=\"true\"><circle class=\"{class}\" r=\"4.5\"/></svg>{}</li>",
            escaped(text)
        );
    };
    for (place, (name, _)) in groups.versions.iter().take(COLOURS).enumerate() {
        key(page, &format!("v{place}"), name);
    }
    if groups.versions.len() > COLOURS {
        key(page, &format!("v{COLOURS}"), "other versions");
    }
    if !groups.errors.is_empty() {
        key(page, "lost", "not reached");
    }
    page.push_str("</ul>");
}

fn caption(layout: &Layout, drawn: usize, all: usize, page: &mut String) {
    page.push_str("<figcaption>In the middle the seeds; each node stands one ring beyond the one that told of it first. ");
    let (spots, rings) = (layout.spots.len(), layout.rings);
    let _ = write!(page, "{rings} rings. ");
    if spots < layout.all {
        let left = layout.all - spots;
        let _ = write!(
            page,
            "{spots} of {} nodes are drawn, {left} are left out. ",
            layout.all
        );
    }
    if drawn < all {
        let left = all - drawn;
        let _ = write!(
            page,
            "Of {all} further lines between them {drawn} are drawn, faintly, and {left} are left out."
        );
    } else if all > 0 {
        let _ = write!(page, "The {all} faint lines say who else told of whom.");
    }
    page.push_str("</figcaption>");
}
