//! How a host carries the connections of a driver that has no sockets: in frames, each of which says
//! what has happened to a connection, or is to.

use std::io::{self, ErrorKind, Read, Write};

/// Most bytes of a frame behind its head.
pub const FRAME_BYTES: usize = 64 * 1_024;

/// What a frame says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(clippy::exhaustive_enums, reason = "both sides are of this package")]
pub enum What {
    /// From the driver: dial the place that follows.
    Dial,
    /// From the host: it is open, and leads to the place that follows.
    Open,
    /// Bytes of a connection.
    Bytes,
    /// From the driver: it is over once what was sent is written. From the host: it is over.
    End,
    /// From the host, ten times a second and of no connection: so much for waiting.
    Tick,
}

const KINDS: [(What, u8); 5] = [
    (What::Dial, b'D'),
    (What::Open, b'O'),
    (What::Bytes, b'B'),
    (What::End, b'E'),
    (What::Tick, b'T'),
];

/// Something about a connection. Those that the driver dials have odd numbers, the others even ones.
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(clippy::exhaustive_structs, reason = "both sides are of this package")]
pub struct Frame {
    /// What has happened, or is to.
    pub what: What,
    /// Which connection.
    pub of: u32,
    /// What follows: a place, or bytes.
    pub bytes: Vec<u8>,
}

impl Frame {
    /// A frame.
    #[must_use]
    pub fn new(what: What, of: u32, bytes: impl Into<Vec<u8>>) -> Self {
        let bytes = bytes.into();
        Self { what, of, bytes }
    }
}

/// Writes a frame, in more than one where its bytes are too many. No bytes of a connection are no
/// frame.
///
/// # Errors
///
/// What the other side's end of the pipe fails with.
pub fn write_frame(mut to: impl Write, frame: &Frame) -> io::Result<()> {
    let kind = KINDS.iter().find(|(what, _)| *what == frame.what);
    let kind = kind.map_or(b'?', |(_, kind)| *kind);
    let says = frame.bytes.is_empty() && frame.what != What::Bytes;
    let none = says.then_some(&[][..]);
    for part in none.into_iter().chain(frame.bytes.chunks(FRAME_BYTES)) {
        let length = u32::try_from(part.len()).map_err(io::Error::other)?;
        let head = [&[kind][..], &frame.of.to_le_bytes(), &length.to_le_bytes()];
        // At once, or what several threads write is mixed.
        to.write_all(&[&head.concat(), part].concat())?;
    }
    to.flush()
}

/// Waits for a frame.
///
/// # Errors
///
/// What the other side's end of the pipe fails with, and what is no frame.
pub fn read_frame(mut from: impl Read) -> io::Result<Frame> {
    let mut head = [0; 9];
    from.read_exact(&mut head)?;
    let [kind, a, b, c, d, length @ ..] = head;
    let length = u32::from_le_bytes(length) as usize;
    let what = KINDS.iter().find(|(_, its)| *its == kind);
    let (Some((what, _)), true) = (what, length <= FRAME_BYTES) else {
        let said = head.escape_ascii();
        return Err(io::Error::new(
            ErrorKind::InvalidData,
            format!("no frame: {said}"),
        ));
    };
    let mut bytes = vec![0; length];
    from.read_exact(&mut bytes)?;
    Ok(Frame::new(*what, u32::from_le_bytes([a, b, c, d]), bytes))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_frame_is_read_as_it_was_written_and_what_is_none_is_refused() {
        let long = vec![7; FRAME_BYTES + 1];
        let frames = [
            Frame::new(What::Dial, 1, "127.0.0.1:1"),
            Frame::new(What::Open, 2, ""),
            Frame::new(What::Bytes, u32::MAX, long.clone()),
            Frame::new(What::Tick, 0, ""),
        ];
        let mut pipe = Vec::new();
        for frame in &frames {
            write_frame(&mut pipe, frame).unwrap();
        }
        let mut pipe = &pipe[..];
        let mut next = || read_frame(&mut pipe);
        assert_eq!(next().unwrap(), frames[0]);
        assert_eq!(next().unwrap(), frames[1]);
        assert_eq!(next().unwrap().bytes, long[..FRAME_BYTES]);
        assert_eq!(next().unwrap().bytes, [7]);
        assert_eq!(next().unwrap(), frames[3]);
        assert_eq!(next().unwrap_err().kind(), ErrorKind::UnexpectedEof);

        let panics = b"\nthread 'main' panicked at";
        assert!(read_frame(&panics[..]).is_err());
        assert!(read_frame(&b"B\0\0\0\0\xff\xff\xff\xff"[..]).is_err());
    }
}
