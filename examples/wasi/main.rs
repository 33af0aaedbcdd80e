//! A driver for WASI, where there is neither a socket nor a thread: the host, `relay.rs`, carries its
//! connections in frames on standard input and standard error.

use std::collections::BTreeMap;
use std::io::{ErrorKind, stderr, stdin};
use std::sync::mpsc::{Receiver, SyncSender, TryRecvError, sync_channel};

use pex_examples::{CONNECTIONS, Failure, Frame, Job, Link, Machine, QUEUE, Setup, What};
use pex_examples::{place_of, read_frame, resolved, write_frame};

/// Where the messages to a peer wait.
type Queue = SyncSender<Vec<u8>>;
type Us = Machine<Queue>;

/// A connection. Its queue goes to the machine with the first report.
struct Carried {
    link: Link,
    queue: Option<Queue>,
    messages: Receiver<Vec<u8>>,
}

impl Carried {
    fn new(link: Link) -> Self {
        let (queue, messages) = sync_channel(QUEUE);
        Self {
            link,
            queue: Some(queue),
            messages,
        }
    }

    /// Takes what the host says of it, and tells the machine and the host what comes of that. Whether
    /// the machine has hung up, and all is written.
    fn turn(&mut self, said: Option<&Frame>, of: u32, us: &mut Us) -> Result<bool, Failure> {
        let nothing = ErrorKind::TimedOut;
        match said.map(|frame| (frame.what, &frame.bytes[..])) {
            Some((What::Open, place)) => self.link.opened(std::str::from_utf8(place)?.parse()?),
            Some((What::Bytes, bytes)) => self.link.on_read(Ok(bytes.len()), bytes)?,
            Some(_) => self.link.on_read(Ok(0), &[])?,
            None if self.link.is_late() => self.link.on_read(Err(nothing.into()), &[])?,
            None => {}
        }
        while let Some(report) = self.link.report()? {
            us.handle(Some((report, self.queue.take())));
        }
        let hung_up = loop {
            match self.messages.try_recv() {
                Ok(message) => drop(self.link.send(&message)),
                Err(why) => break why == TryRecvError::Disconnected,
            }
        };
        let bytes = Frame::new(What::Bytes, of, self.link.take_unwritten());
        write_frame(stderr(), &bytes)?;
        Ok(hung_up)
    }
}

fn main() -> Result<(), Failure> {
    let setup = Setup::from_args_of_a_host()?;
    let (local, mut all, mut dials) = (setup.local.clone(), BTreeMap::new(), (1..).step_by(2));
    let mut machine = Us::new(setup, |queue: &Queue, bytes| queue.try_send(bytes).is_ok());
    loop {
        while let Some(job) = machine.next_job() {
            let (address, nearest) = match job {
                Job::Dial(address, nearest) => (address, nearest),
                Job::Resolve(query, name) => {
                    machine.handle(Some((resolved(query, &name), None)));
                    continue;
                }
            };
            let place = place_of(&address, nearest);
            let (link, of) = (Link::new(&local, Some(address))?, dials.next().unwrap_or(1));
            match place {
                Ok(place) => {
                    write_frame(stderr(), &Frame::new(What::Dial, of, place.to_string()))?;
                    all.insert(of, Carried::new(link));
                }
                Err(why) => machine.handle(link.over(Err(why)).map(|over| (over, None))),
            }
        }
        let frame = read_frame(stdin())?;
        if frame.what == What::Open && !all.contains_key(&frame.of) && all.len() < CONNECTIONS {
            all.insert(frame.of, Carried::new(Link::new(&local, None)?));
        }
        // What the machine has queued goes out as well; there is a frame every tenth of a second.
        for (of, mut carried) in std::mem::take(&mut all) {
            let said = Some(&frame).filter(|it| it.of == of && it.what != What::Tick);
            match carried.turn(said, of, &mut machine) {
                Ok(false) => drop(all.insert(of, carried)),
                ended => {
                    write_frame(stderr(), &Frame::new(What::End, of, ""))?;
                    let over = carried.link.over(ended.map(drop));
                    machine.handle(over.map(|over| (over, None)));
                }
            }
        }
        machine.handle(None);
    }
}
