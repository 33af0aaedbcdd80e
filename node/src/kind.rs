//! Which dialect a node speaks, from what it tells about itself.

use pex::Kind;

use crate::transport::NodeInfo;

/// What this software calls itself in [`NodeInfo::version`].
pub const VERSION: &str = concat!("pex/", env!("CARGO_PKG_VERSION"));

/// The kind of a node, from the version in its node info.
///
/// Only Tendermint 0.35 and 0.36 speak V2. Everything else is taken to speak V1: every node does
/// but those of 0.36, and a Tendermint 0.34 node that is asked in V2 panics. There is nothing else
/// to go by: the releases do not differ in their protocol versions.
///
/// ```
/// use pex::Kind;
/// use pex_node::kind_of_version;
///
/// assert_eq!(kind_of_version("0.38.17"), Kind::V1);
/// assert_eq!(kind_of_version("0.35.9"), Kind::V2);
/// assert_eq!(kind_of_version("pex/0.1.0"), Kind::Kin);
/// ```
#[must_use]
pub fn kind_of_version(version: &str) -> Kind {
    let version = version.trim_start_matches('v');
    if version.starts_with("pex/") {
        Kind::Kin
    } else if version.starts_with("0.35.") || version.starts_with("0.36.") {
        Kind::V2
    } else {
        Kind::V1
    }
}

pub(crate) fn kind_of(info: &NodeInfo) -> Kind {
    kind_of_version(info.version())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_kind_is_told_from_the_version_and_v1_is_what_is_not_known() {
        for (version, kind) in [
            ("0.34.24", Kind::V1),
            ("0.38.17", Kind::V1),
            ("1.0.1", Kind::V1),
            ("0.350.1", Kind::V1),
            ("10.35.1", Kind::V1),
            ("", Kind::V1),
            ("pex", Kind::V1),
            ("0.35.9", Kind::V2),
            ("v0.35.0-unreleased", Kind::V2),
            ("0.36.0-dev", Kind::V2),
            (VERSION, Kind::Kin),
        ] {
            assert_eq!(kind_of_version(version), kind, "{version}");
        }
    }
}
