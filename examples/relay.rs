//! Sockets for a driver that has none: its host. It listens and dials, and carries the connections in
//! frames over the standard input and the standard error of the command that it starts.
//!
//! `cargo run -p pex-examples --bin relay -- 127.0.0.1:0 [ID@HOST:PORT]... -- COMMAND [ARG]...`

use std::collections::BTreeMap;
use std::io::{self, ErrorKind, Read as _, Write as _};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::process::{ChildStdin, Command, Stdio};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::{sleep, spawn};
use std::time::Duration;

use pex_examples::{CONNECTIONS, Failure, Frame, LINGER, PATIENCE, What, read_frame, write_frame};

/// Pieces that may wait for one peer.
const PIECES: usize = 64;
const TICK: Duration = Duration::from_millis(100);

/// What waits to be written to one peer.
type Pieces = Receiver<Vec<u8>>;

struct Host {
    driver: Mutex<ChildStdin>,
    /// Where what goes to each peer waits, until the driver has hung up.
    queues: Mutex<BTreeMap<u32, SyncSender<Vec<u8>>>>,
}

fn main() -> Result<(), Failure> {
    let mut args = std::env::args().skip(1);
    let listener = TcpListener::bind(args.next().ok_or("give an address to listen on")?)?;
    let known: Vec<String> = args.by_ref().take_while(|arg| arg != "--").collect();
    let program = args.next().ok_or("give -- and the command of the driver")?;
    let mut driver = Command::new(program)
        .args(args)
        .arg(listener.local_addr()?.to_string())
        .args(known)
        .stdin(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()?;
    let (to_it, from_it) = (driver.stdin.take(), driver.stderr.take());
    let mut from_it = from_it.ok_or("the driver says nothing")?;
    let host = Arc::new(Host {
        driver: Mutex::new(to_it.ok_or("the driver hears nothing")?),
        queues: Mutex::default(),
    });
    let (doorman, clock) = (host.clone(), host.clone());
    spawn(move || {
        for (of, stream) in (0..).step_by(2).zip(listener.incoming()) {
            let host = doorman.clone();
            if Arc::strong_count(&host) <= CONNECTIONS {
                let pieces = host.expect(of);
                spawn(move || host.carry(of, stream, pieces));
            }
        }
    });
    spawn(move || {
        while clock.tell(What::Tick, 0, "").is_ok() {
            sleep(TICK);
        }
    });
    loop {
        let frame = read_frame(&mut from_it).inspect_err(|_| {
            // It has ended, and what it wrote last was for people.
            let _over = io::copy(&mut from_it, &mut io::stderr());
        })?;
        match frame.what {
            What::Dial => {
                let (host, place) = (host.clone(), String::from_utf8(frame.bytes)?.parse()?);
                // The driver may speak before the socket is open.
                let pieces = host.expect(frame.of);
                spawn(move || {
                    host.carry(
                        frame.of,
                        TcpStream::connect_timeout(&place, PATIENCE),
                        pieces,
                    )
                });
            }
            // Who does not read what is for him, and has so much waiting, is hung up on.
            What::Bytes if host.queue(frame.of, frame.bytes) => {}
            _ => drop(host.queues().remove(&frame.of)),
        }
    }
}

impl Host {
    fn tell(&self, what: What, of: u32, bytes: impl Into<Vec<u8>>) -> io::Result<()> {
        let driver = self.driver.lock().unwrap_or_else(PoisonError::into_inner);
        write_frame(&*driver, &Frame::new(what, of, bytes))
    }

    fn queues(&self) -> impl std::ops::DerefMut<Target = BTreeMap<u32, SyncSender<Vec<u8>>>> {
        self.queues.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn queue(&self, of: u32, bytes: Vec<u8>) -> bool {
        let queues = self.queues();
        queues
            .get(&of)
            .is_some_and(|queue| queue.try_send(bytes).is_ok())
    }

    /// Has what goes to a peer wait from now on.
    fn expect(&self, of: u32) -> Pieces {
        let (queue, pieces) = sync_channel(PIECES);
        self.queues().insert(of, queue);
        pieces
    }

    /// Carries a connection to its end, if it is open, and tells the driver that.
    fn carry(&self, of: u32, stream: io::Result<TcpStream>, to_it: Pieces) -> io::Result<()> {
        let _read = stream.and_then(|stream| self.read(of, &stream, to_it));
        self.queues().remove(&of);
        self.tell(What::End, of, "")
    }

    fn read(&self, of: u32, mut stream: &TcpStream, to_it: Pieces) -> io::Result<()> {
        let writer = stream.try_clone()?;
        writer.set_write_timeout(Some(PATIENCE))?;
        spawn(move || write(&writer, &to_it));
        self.tell(What::Open, of, stream.peer_addr()?.to_string())?;
        let mut piece = [0; 4_096];
        loop {
            match stream.read(&mut piece)? {
                0 => return Err(ErrorKind::UnexpectedEof.into()),
                bytes => self.tell(What::Bytes, of, piece.get(..bytes).unwrap_or(&piece))?,
            }
        }
    }
}

/// Ends when the driver hangs up, or has heard that the connection is over.
fn write(mut stream: &TcpStream, pieces: &Pieces) {
    let _late = pieces.iter().try_for_each(|piece| stream.write_all(&piece));
    let _over = stream.shutdown(Shutdown::Write);
    sleep(LINGER);
    let _over = stream.shutdown(Shutdown::Both);
}
