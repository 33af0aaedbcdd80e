//! What every command that talks to peers needs.

use std::path::Path;
use std::sync::Arc;

use pex::Seed;
use pex_node::fresh_seed;
use pex_node::transport::{Local, NodeInfo, NodeKey};

use super::{Failure, IdentityArgs};

/// Who we are to the nodes of a chain.
pub(super) fn local(
    identity: &IdentityArgs,
    chain_id: &str,
    listens: &str,
) -> Result<Arc<Local>, Failure> {
    let key = match &identity.node_key {
        Some(path) => load(path)?,
        None => NodeKey::generate().map_err(Failure::new)?,
    };
    let info =
        NodeInfo::new(key.id(), chain_id, &identity.moniker, listens).map_err(Failure::usage)?;
    Ok(Arc::new(Local::new(key, info).map_err(Failure::new)?))
}

fn load(path: &Path) -> Result<NodeKey, Failure> {
    NodeKey::load_or_generate(path)
        .map_err(|error| Failure::new(format_args!("{}: {error}", path.display())))
}

/// A seed from the operating system.
pub(super) fn seed() -> Result<Seed, Failure> {
    fresh_seed().map_err(Failure::new)
}
