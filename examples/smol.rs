//! A driver for smol: one task for the machine, one a connection.
//!
//! `cargo run -p pex-examples --bin smol -- 127.0.0.1:0 [ID@HOST:PORT]...`

use std::{io, net::Shutdown, sync::Arc, time::Duration};

use pex::NodeAddress;
use pex_examples::{CONNECTIONS, INPUTS, LINGER, PATIENCE, QUEUE, place_of, resolved};
use pex_examples::{Failure, Job, Link, Machine, Setup};
use pex_node::{Report, transport::Local};
use smol::io::{AsyncReadExt as _, AsyncWriteExt as _, copy, sink};
use smol::net::{TcpListener, TcpStream};
use smol::{Timer, channel::Sender, channel::bounded, future::or, spawn, unblock};

/// Where the messages to a peer wait.
type Queue = Sender<Vec<u8>>;
/// Who we are, and where reports wait: that of a new connection brings its queue.
type Desk = (Arc<Local>, Sender<(Report, Option<Queue>)>);
type Opened = Result<TcpStream, Failure>;

fn main() -> Result<(), Failure> {
    smol::block_on(run(Setup::from_args()?))
}

async fn run((setup, listener): (Setup, std::net::TcpListener)) -> Result<(), Failure> {
    let (inputs, reports) = bounded(INPUTS);
    let desk = Arc::new((setup.local.clone(), inputs));
    let doorman = desk.clone();
    let listener = TcpListener::try_from(listener)?;
    let _doorman = spawn(async move {
        loop {
            let (stream, desk) = (listener.accept().await, doorman.clone());
            if Arc::strong_count(&desk) <= CONNECTIONS {
                let open = stream.map_err(Failure::from).map(|(stream, _)| stream);
                spawn(carry(open, None, desk)).detach();
            }
        }
    });
    let mut machine = Machine::new(setup, |queue: &Queue, bytes| queue.try_send(bytes).is_ok());
    loop {
        while let Some(job) = machine.next_job() {
            spawn(work(job, desk.clone())).detach();
        }
        let input = within(machine.wait(), reports.recv()).await;
        machine.handle(input.ok().and_then(Result::ok));
    }
}

async fn work(job: Job, desk: Arc<Desk>) -> Result<(), Failure> {
    match job {
        Job::Dial(address, nearest) => {
            let dialed = Some(address.clone());
            let dial = async {
                let place = unblock(move || place_of(&address, nearest)).await?;
                Ok(within(PATIENCE, TcpStream::connect(place)).await??)
            };
            carry(dial.await, dialed, desk).await
        }
        Job::Resolve(query, name) => {
            let report = unblock(move || resolved(query, &name)).await;
            Ok(desk.1.send((report, None)).await?)
        }
    }
}

/// Carries a connection to its end, if it is open, and reports that.
async fn carry(open: Opened, dialed: Option<NodeAddress>, desk: Arc<Desk>) -> Result<(), Failure> {
    let mut link = Link::new(&desk.0, dialed)?;
    let ended = converse(open, &mut link, &desk).await;
    let over = link.over(ended).ok_or("nobody was there")?;
    Ok(desk.1.send((over, None)).await?)
}

async fn converse(open: Opened, link: &mut Link, desk: &Desk) -> Result<(), Failure> {
    let mut stream = open?;
    link.opened(stream.peer_addr()?);
    let (queue, messages) = bounded::<Vec<u8>>(QUEUE);
    let (mut queue, mut piece) = (Some(queue), [0; 4_096]);
    loop {
        while let Some(report) = link.report()? {
            desk.1.send((report, queue.take())).await?;
        }
        within(PATIENCE, stream.write_all(&link.take_unwritten())).await??;
        let read = async { Err(within(link.patience(), stream.read(&mut piece)).await) };
        match or(async { Ok(messages.recv().await) }, read).await {
            Ok(Ok(message)) => drop(link.send(&message)),
            // The machine has hung up, and all that was queued is written.
            Ok(Err(_)) => break,
            Err(read) => link.on_read(read.unwrap_or_else(Err), &piece)?,
        }
    }
    stream.shutdown(Shutdown::Write)?;
    Ok(within(LINGER, copy(&mut stream, sink())).await?.map(drop)?)
}

async fn within<T>(time: Duration, it: impl Future<Output = T>) -> io::Result<T> {
    let late = async { Err(Timer::after(time).await).map_err(|_| io::ErrorKind::TimedOut.into()) };
    or(async { Ok(it.await) }, late).await
}
