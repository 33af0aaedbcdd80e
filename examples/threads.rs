//! A driver of plain threads and blocking sockets: one thread for the machine, two a connection.
//!
//! `cargo run -p pex-examples --bin threads -- 127.0.0.1:0 [ID@HOST:PORT]...`

use std::io::{Read as _, sink};
use std::net::{Shutdown, TcpStream};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::sync::{Arc, Mutex};
use std::thread::{sleep, spawn};

use pex::NodeAddress;
use pex_examples::{CONNECTIONS, INPUTS, LINGER, PATIENCE, QUEUE, place_of, resolved};
use pex_examples::{Failure, Job, Link, Machine, Setup};
use pex_node::{Report, transport::Local};

/// Where the messages to a peer wait.
type Queue = SyncSender<Vec<u8>>;
/// Who we are, and where reports wait: that of a new connection brings its queue.
type Desk = (Arc<Local>, SyncSender<(Report, Option<Queue>)>);
type Opened = Result<TcpStream, Failure>;

fn main() -> Result<(), Failure> {
    let (setup, listener) = Setup::from_args()?;
    let (inputs, reports) = sync_channel(INPUTS);
    let desk = Arc::new((setup.local.clone(), inputs));
    let doorman = desk.clone();
    spawn(move || {
        for stream in listener.incoming() {
            let desk = doorman.clone();
            if Arc::strong_count(&desk) <= CONNECTIONS {
                spawn(move || carry(stream.map_err(Failure::from), None, &desk));
            }
        }
    });
    let mut machine = Machine::new(setup, |queue: &Queue, bytes| queue.try_send(bytes).is_ok());
    loop {
        while let Some(job) = machine.next_job() {
            let desk = desk.clone();
            spawn(move || work(job, &desk));
        }
        let input = reports.recv_timeout(machine.wait()).ok();
        machine.handle(input);
    }
}

fn work(job: Job, desk: &Desk) -> Result<(), Failure> {
    match job {
        Job::Dial(address, nearest) => {
            let dialed = Some(address.clone());
            let dial = || {
                Ok(TcpStream::connect_timeout(
                    &place_of(&address, nearest)?,
                    PATIENCE,
                )?)
            };
            carry(dial(), dialed, desk)
        }
        Job::Resolve(query, name) => Ok(desk.1.send((resolved(query, &name), None))?),
    }
}

/// Carries a connection to its end, if it is open, and reports that.
fn carry(open: Opened, dialed: Option<NodeAddress>, desk: &Desk) -> Result<(), Failure> {
    let link = Arc::new(Mutex::new(Link::new(&desk.0, dialed)?));
    let ended = open.and_then(|stream| read(&stream, &link, desk));
    let over = Link::with(&link, sink(), |link| link.over(ended))?;
    Ok(desk.1.send((over.ok_or("nobody was there")?, None))?)
}

fn read(mut stream: &TcpStream, link: &Arc<Mutex<Link>>, desk: &Desk) -> Result<(), Failure> {
    let place = stream.peer_addr()?;
    stream.set_write_timeout(Some(PATIENCE))?;
    Link::with(link, stream, |link| link.opened(place))?;
    let (queue, messages) = sync_channel(QUEUE);
    let (writer, shared) = (stream.try_clone()?, link.clone());
    spawn(move || write(&writer, &shared, &messages));
    let (mut queue, mut piece) = (Some(queue), [0; 4_096]);
    loop {
        while let Some(report) = Link::with(link, stream, Link::report)?? {
            desk.1.send((report, queue.take()))?;
        }
        stream.set_read_timeout(Some(Link::with(link, stream, |link| link.patience())?))?;
        let read = stream.read(&mut piece);
        Link::with(link, stream, |link| link.on_read(read, &piece))??;
    }
}

/// Ends when the machine hangs up, or has heard that the connection is down.
fn write(stream: &TcpStream, link: &Mutex<Link>, messages: &Receiver<Vec<u8>>) {
    for message in messages {
        let _over = Link::with(link, stream, |link| link.send(&message));
    }
    let _over = stream.shutdown(Shutdown::Write);
    sleep(LINGER);
    let _over = stream.shutdown(Shutdown::Both);
}
