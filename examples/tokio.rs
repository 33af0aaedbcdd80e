//! A driver for tokio, over the library's own loop and transport: one task a connection.
//!
//! `cargo run -p pex-examples --bin tokio -- 127.0.0.1:0 [ID@HOST:PORT]...`

use std::sync::Arc;

use pex::{NodeAction, NodeAddress, NodeEvent, Reach};
use pex_examples::{CONNECTIONS, Failure, INPUTS, Peers, Setup};
use pex_examples::{dial_failed, next_epoch, place_of, ready, resolved, show};
use pex_node::transport::{Connection, Local, Sender, TransportConfig, accept, connect};
use pex_node::{Discovery, Report};
use tokio::net::TcpListener;
use tokio::sync::mpsc;
use tokio::task::{spawn, spawn_blocking};

/// Who we are, and where reports wait: that of a new connection brings the way to send on it.
type Desk = (Arc<Local>, mpsc::Sender<(Report, Option<Sender>)>);

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Failure> {
    let (setup, listener) = Setup::from_args()?;
    let (inputs, mut reports) = mpsc::channel(INPUTS);
    let desk = Arc::new((setup.local.clone(), inputs));
    spawn(listen(listener, desk.clone()));

    let mut peers = Peers::new(setup.local.id());
    let mut discovery = Discovery::new(setup.node, setup.clock);
    for address in setup.known {
        discovery.tell(NodeEvent::Named { address });
    }
    loop {
        let action = tokio::select! {
            biased; // What an event makes the machine want is done before the next event.
            action = discovery.next() => action,
            Some((report, sender)) = reports.recv() => {
                discovery.take_in(peers.note(report, sender));
                continue;
            }
        };
        show(&action);
        let desk = desk.clone();
        match action {
            NodeAction::Dial { address, nearest } => drop(spawn(dial(address, nearest, desk))),
            NodeAction::Send { to, epoch, message } => {
                let try_send = |peer: &Sender, bytes| peer.try_send(bytes).is_ok();
                discovery.take_in(peers.send(to, epoch, &message, try_send));
            }
            NodeAction::HangUp { peer, epoch, .. } => {
                peers.hang_up(peer, epoch, Sender::close_after_flush);
            }
            NodeAction::Resolve { query, name, .. } => {
                let lookup = spawn_blocking(move || resolved(query, &name));
                spawn(async move { Ok::<_, Failure>(desk.1.send((lookup.await?, None)).await?) });
            }
            // Nothing of an example is written down, and the others only tell what goes on.
            _ => {}
        }
    }
}

async fn listen(listener: std::net::TcpListener, desk: Arc<Desk>) -> Result<(), Failure> {
    listener.set_nonblocking(true)?;
    let listener = TcpListener::from_std(listener)?;
    loop {
        let (stream, desk) = (listener.accept().await, desk.clone());
        if Arc::strong_count(&desk) <= CONNECTIONS {
            spawn(async move {
                let connection = accept(&desk.0, &TransportConfig::default(), stream?.0).await?;
                carry(connection, None, &desk).await
            });
        }
    }
}

async fn dial(address: NodeAddress, nearest: Reach, desk: Arc<Desk>) -> Result<(), Failure> {
    let (id, to) = (Some(address.id()), address.clone());
    let connection = async {
        let place = spawn_blocking(move || place_of(&to, nearest)).await??;
        Ok(connect(&desk.0, &TransportConfig::default(), place, id).await?)
    };
    let report = match connection.await {
        Ok(connection) => return carry(connection, Some(address), &desk).await,
        Err(why) => dial_failed(address, Some(&why)),
    };
    Ok(desk.1.send((report, None)).await?)
}

/// Carries a connection to its end. The transport pings, and has queues and timeouts of its own.
async fn carry(of: Connection, dialed: Option<NodeAddress>, desk: &Desk) -> Result<(), Failure> {
    let (from, peer, epoch) = (of.remote.id, of.remote.id, next_epoch());
    let report = ready(&of.remote.info, of.remote.socket_addr.ip(), epoch, dialed);
    let (sender, mut receiver) = of.split();
    desk.1.send((report, Some(sender))).await?;
    while let Ok(bytes) = receiver.recv().await {
        let report = Report::Bytes { from, epoch, bytes };
        desk.1.send((report, None)).await?;
    }
    Ok(desk.1.send((Report::Down { peer, epoch }, None)).await?)
}
