//! `pex serve`.

use std::io::{Write, stdout};

use pex_node::Notice;
use pex_node::serve::Server;
use pex_node::transport::TransportConfig;
use tokio::net::TcpListener;
use tokio::signal::unix::{SignalKind, signal};

use super::{Failure, Outcome, ServeArgs, setup};

pub(super) async fn run(args: &ServeArgs) -> Result<Outcome, Failure> {
    let listener = TcpListener::bind(args.listen).await.map_err(|error| {
        Failure::new(format_args!(
            "cannot listen on {}: {error}; choose another port",
            args.listen
        ))
    })?;
    let place = listener.local_addr()?;
    let local = setup::local(&args.identity, &args.chain_id, &format!("tcp://{place}"))?;
    let id = local.id();
    let (config, seed) = (TransportConfig::default(), setup::seed()?);
    let mut server = Server::new(local, config, seed, listener, &args.known)?;
    writeln!(stdout(), "listening on {id}@{place}")?;
    stdout().flush()?;

    let mut terminate = signal(SignalKind::terminate())?;
    loop {
        tokio::select! {
            notice = server.next() => log(&notice),
            _ = terminate.recv() => break,
            _ = tokio::signal::ctrl_c() => break,
        }
    }
    Ok(Outcome::Done)
}

/// One line on standard error for what an operator may want to know.
fn log(notice: &Notice) {
    match notice {
        Notice::Up(remote) => {
            let moniker = remote.info.moniker().escape_debug();
            eprintln!("up {} at {} ({moniker})", remote.id, remote.socket_addr);
        }
        Notice::Down { peer, why } => eprintln!("down {peer}: {why}"),
        Notice::AcceptFailed(why) => eprintln!("refused: {why}"),
        Notice::Fault { peer, fault, cut } => {
            eprintln!("{} {peer}: it {fault}", if *cut { "cut" } else { "fault" });
        }
        Notice::Heard { address, from } => eprintln!("heard of {address} from {from}"),
        _ => {}
    }
}
