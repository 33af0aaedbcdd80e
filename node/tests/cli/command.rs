//! Runs the command.

use std::io::{BufRead as _, BufReader, Read, Write as _};
use std::process::{Child, ChildStdout, Command, Stdio};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use tokio::time::Instant;

/// No run of a test takes that long, unless it hangs.
const PATIENCE: Duration = Duration::from_secs(60);

/// What a run came to.
#[derive(Debug)]
pub(crate) struct Outcome {
    pub(crate) code: Option<i32>,
    pub(crate) out: String,
    pub(crate) err: String,
    pub(crate) took: Duration,
}

/// A run under way. It is killed when it is dropped.
pub(crate) struct Run {
    child: Child,
    started: Instant,
    out: Option<BufReader<ChildStdout>>,
    err: Option<JoinHandle<String>>,
}

impl Run {
    /// Starts `pex` with these arguments, and with this on its standard input.
    pub(crate) fn start(arguments: &[&str], input: Vec<u8>) -> Self {
        let mut child = Command::new(env!("CARGO_BIN_EXE_pex"))
            .args(arguments)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut stdin = child.stdin.take().unwrap();
        // On a thread, as it may write before it has read everything; it need not read at all.
        thread::spawn(move || stdin.write_all(&input));
        let err = child.stderr.take().unwrap();
        Self {
            out: child.stdout.take().map(BufReader::new),
            err: Some(read_all(err)),
            child,
            started: Instant::now(),
        }
    }

    /// The next line of standard output.
    pub(crate) fn line(&mut self) -> String {
        let mut line = String::new();
        self.out.as_mut().unwrap().read_line(&mut line).unwrap();
        line.trim_end().to_owned()
    }

    /// Reads no more, as `head` does when it has enough.
    pub(crate) fn close_output(&mut self) {
        self.out = None;
    }

    /// The process.
    pub(crate) fn id(&self) -> u32 {
        self.child.id()
    }

    /// Sends a signal, such as `INT`.
    pub(crate) fn signal(&self, name: &str) {
        let id = self.child.id().to_string();
        let sent = Command::new("kill").args(["-s", name, &id]).status();
        assert!(sent.unwrap().success());
    }

    /// Whether it has not ended.
    pub(crate) fn goes_on(&mut self) -> bool {
        self.child.try_wait().unwrap().is_none()
    }

    /// How many files and sockets the command has open.
    pub(crate) fn descriptors(&self) -> usize {
        let folder = format!("/proc/{}/fd", self.child.id());
        std::fs::read_dir(folder).unwrap().count()
    }

    /// Waits for the end.
    pub(crate) fn end(mut self) -> Outcome {
        let out = self.out.take().map(read_all);
        let code = loop {
            if let Some(status) = self.child.try_wait().unwrap() {
                break status.code();
            }
            assert!(self.started.elapsed() < PATIENCE, "the command hangs");
            thread::sleep(Duration::from_millis(5));
        };
        Outcome {
            code,
            took: self.started.elapsed(),
            out: out.map(|thread| thread.join().unwrap()).unwrap_or_default(),
            err: self.err.take().unwrap().join().unwrap(),
        }
    }
}

impl Drop for Run {
    fn drop(&mut self) {
        // Both fail for a run that has ended, and that is fine.
        let _ended = self.child.kill();
        let _ended = self.child.wait();
    }
}

fn read_all(mut from: impl Read + Send + 'static) -> JoinHandle<String> {
    thread::spawn(move || {
        let mut text = String::new();
        from.read_to_string(&mut text).unwrap();
        text
    })
}

/// What the lines of a log say, behind the time and the level that each must have. Lines from before
/// the log began are left out.
pub(crate) fn said(err: &str) -> Vec<&str> {
    let lines = err.lines().filter(|line| !line.starts_with("pex: "));
    let said = lines.map(|line| {
        let (time, rest) = line.split_at_checked(24).unwrap();
        assert!(time.starts_with("20") && time.ends_with('Z'), "{line}");
        let (level, said) = rest.split_at_checked(7).unwrap();
        let levels = ["ERROR", "WARN", "INFO", "DEBUG", "TRACE"];
        assert!(levels.contains(&level.trim()), "{line}");
        said
    });
    said.collect()
}

/// Runs `pex` to its end.
pub(crate) fn pex(arguments: &[&str], input: impl Into<Vec<u8>>) -> Outcome {
    Run::start(arguments, input.into()).end()
}

/// Runs `pex` to its end beside the nodes of a test.
pub(crate) async fn pex_beside(arguments: &[&str]) -> Outcome {
    let arguments: Vec<String> = arguments.iter().map(|&text| text.to_owned()).collect();
    let run = move || {
        let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
        pex(&arguments, "")
    };
    tokio::task::spawn_blocking(run).await.unwrap()
}
