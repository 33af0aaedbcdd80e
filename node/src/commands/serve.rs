//! `pex serve`.

use core::net::SocketAddr;
use std::io::Write as _;
use std::path::Path;

use pex::peers::PeerRecord;
use pex_node::Archive;
use pex_node::Descriptors;
use pex_node::serve::{PEERS_MAX, Server};
use pex_node::transport::TransportConfig;
use pex_node::vault::{DiskVault, Vault as _, VaultError};
use tokio::net::TcpListener;

use super::log::Log;
use super::signals::Stop;
use super::terminal::{Output, complain};
use super::{Failure, Outcome, ServeArgs, setup, what_to_do};

/// Sockets for looking names up, about as many as may be looked up at once.
const LOOKUPS: usize = 64;

pub(super) async fn run(args: &ServeArgs, stop: &Stop) -> Result<Outcome, Failure> {
    let log = Log::start(&args.log)?;
    let listener = listen(args.listen)?;
    let place = listener.local_addr()?;
    let local = setup::local(&args.identity, &args.chain_id, &format!("tcp://{place}"))?;
    let id = local.id();
    let (mut config, seed) = (TransportConfig::default(), setup::seed()?);
    fit(&mut config)?;
    let store = args.store.as_deref().map(open).transpose()?;
    let mut server = Server::keeping(local, config, seed, listener, &args.known, store)?
        .with_extension(!args.extension.no_extension);
    if server.given() < args.known.len() {
        let (kept, given) = (server.given(), args.known.len());
        complain(format_args!(
            "pex: {kept} of {given} known addresses are kept; the others are doubles, too many, or this node's own"
        ));
    }
    let mut out = Output::new();
    writeln!(out, "listening on {id}@{place}")?;
    out.flush()?;

    loop {
        tokio::select! {
            notice = server.next() => log.tell(None, &notice),
            () = stop.asked() => break,
        }
    }
    let closed = server.close().map_err(|error| {
        let store = args
            .store
            .as_deref()
            .unwrap_or_else(|| Path::new(""))
            .display();
        Failure::new(format_args!(
            "store {store}: what has changed last is not written: {error}"
        ))
    });
    log.end();
    closed?;
    Ok(Outcome::Done)
}

/// Lets no more in than there are files and sockets for, beside the store and whoever looks names up.
fn fit(config: &mut TransportConfig) -> Result<(), Failure> {
    let files = Descriptors::raise()?;
    let peers = files.fit(&mut config.inbound, LOOKUPS, PEERS_MAX);
    if peers < PEERS_MAX {
        complain(format_args!(
            "pex: {peers} of {PEERS_MAX} peers are possible, as {} files and sockets may be open; raise \
             the limit with ulimit -n, or LimitNOFILE of systemd",
            files.limit()
        ));
    }
    Ok(())
}

/// Takes a place to listen at.
pub(super) fn listen(place: SocketAddr) -> Result<TcpListener, Failure> {
    pex_node::listen(place).map_err(|error| {
        let why = what_to_do(&error);
        Failure::new(format_args!("cannot listen on {place}: {why}"))
    })
}

/// Opens a store and reads it. What can't be read is left where it is, and named.
fn open(path: &Path) -> Result<(Archive, Vec<PeerRecord>), Failure> {
    let failed = |why: VaultError| Failure::new(format_args!("{}: {why}", path.display()));
    let mut vault = DiskVault::open_or_create(path).map_err(failed)?;
    let loaded = vault.load().map_err(failed)?;
    for damaged in &loaded.damaged {
        complain(format_args!("pex: {}: {damaged}", path.display()));
    }
    Ok((Archive::new(vault)?, loaded.records))
}
