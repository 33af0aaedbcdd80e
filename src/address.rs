//! Where a node may be reached.

use crate::NodeId;

/// A node's address. (Stub.)
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct NodeAddress {
    id: NodeId,
}

impl NodeAddress {
    /// Whose address this is.
    #[must_use]
    pub const fn id(&self) -> NodeId {
        self.id
    }
}
