//! The status page, and what a server shows.

use core::fmt;

use base64ct::{Base64, Encoding as _};
use sha2::{Digest as _, Sha256};

use super::metrics;

/// The whole page: it loads nothing but its own numbers.
pub(super) const HTML: &str = include_str!("page.html");

/// What a server shows, and to how many at once. `/healthz` is always there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pages {
    pub(super) metrics: bool,
    pub(super) status: bool,
    pub(super) namespace: String,
    pub(super) visitors: usize,
}

impl Pages {
    /// How many may look at once, unless it is said otherwise.
    pub const VISITORS: usize = 96;

    /// Nothing but `/healthz`; metrics have CometBFT's namespace, `cometbft`.
    #[must_use]
    pub fn new() -> Self {
        Self {
            metrics: false,
            status: false,
            namespace: "cometbft".to_owned(),
            visitors: Self::VISITORS,
        }
    }

    /// Whether there is `/metrics`.
    #[must_use]
    pub const fn metrics(mut self, shown: bool) -> Self {
        self.metrics = shown;
        self
    }

    /// Whether there is the status page, with `/status.json` and `/events`.
    #[must_use]
    pub const fn status(mut self, shown: bool) -> Self {
        self.status = shown;
        self
    }

    /// How many may look at once, each of whom takes a descriptor; 0 counts as 1. A third of them may
    /// stay and get events as they come.
    #[must_use]
    pub const fn visitors(mut self, most: usize) -> Self {
        self.visitors = if most == 0 { 1 } else { most };
        self
    }

    /// The paths that are served.
    #[must_use]
    pub const fn paths(&self) -> &'static str {
        match (self.metrics, self.status) {
            (true, true) => "/ /status.json /metrics /healthz",
            (true, false) => "/metrics /healthz",
            (false, true) => "/ /status.json /healthz",
            (false, false) => "/healthz",
        }
    }

    /// What the names of all metrics begin with.
    ///
    /// # Errors
    ///
    /// [`NamespaceError`] if names can't begin so.
    pub fn namespace(mut self, namespace: &str) -> Result<Self, NamespaceError> {
        if !metrics::is_namespace(namespace) {
            return Err(NamespaceError);
        }
        namespace.clone_into(&mut self.namespace);
        Ok(self)
    }
}

impl Default for Pages {
    fn default() -> Self {
        Self::new()
    }
}

/// The name of a metric can't begin so.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct NamespaceError;

impl fmt::Display for NamespaceError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the namespace of metrics is letters, digits and _, and no digit first")
    }
}

impl core::error::Error for NamespaceError {}

/// What the page may do: run its own script and style, which are named by their hashes, and ask its
/// own server. So a text that got into it as markup, by whatever mistake, could do nothing.
pub(super) fn policy() -> String {
    let hash = |tag: &str| Base64::encode_string(&Sha256::digest(inside(tag)));
    format!(
        "default-src 'none'; script-src 'sha256-{}'; style-src 'sha256-{}'; connect-src 'self'; \
         img-src data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
        hash("script"),
        hash("style")
    )
}

/// What stands in the page's only element of this name.
fn inside(tag: &str) -> &'static str {
    let begin = HTML.split_once(&format!("<{tag}>"));
    let rest = begin.map_or("", |(_, rest)| rest);
    rest.split_once(&format!("</{tag}>"))
        .map_or("", |(inside, _)| inside)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_page_has_one_script_and_one_style_and_loads_nothing() {
        for tag in ["script", "style"] {
            assert_eq!(HTML.matches(&format!("<{tag}")).count(), 1, "{tag}");
            assert!(inside(tag).len() > 1_000, "{tag}");
        }
        for outside in ["http:", "https:", "//cdn", "@import", "url(", "src="] {
            let html = HTML.replace("http://www.w3.org/2000/svg", "");
            assert!(!html.contains(outside), "{outside}");
        }
        for markup in [
            "innerHTML",
            "outerHTML",
            "insertAdjacent",
            "document.write",
            "eval(",
        ] {
            assert!(!HTML.contains(markup), "{markup}");
        }
    }

    #[test]
    fn a_namespace_is_one_that_prometheus_takes() {
        for wrong in ["", "1a", "a-b", "a b", "ä", "a\n"] {
            assert_eq!(
                Pages::new().namespace(wrong),
                Err(NamespaceError),
                "{wrong}"
            );
        }
        assert_eq!(Pages::new().namespace("pex_2").unwrap().namespace, "pex_2");
    }
}
