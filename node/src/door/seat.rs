//! A place at the door, and a socket that holds one.

use core::pin::Pin;
use core::task::{Context, Poll};
use std::io;
use std::sync::{Arc, Mutex, PoisonError};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;

use super::{Place, Taken};

/// Somebody is in, until this is dropped.
#[derive(Debug)]
pub(crate) struct Seat {
    from: Place,
    taken: Arc<Mutex<Taken>>,
}

impl Seat {
    pub(super) fn new(from: Place, taken: &Arc<Mutex<Taken>>) -> Self {
        Self {
            from,
            taken: Arc::clone(taken),
        }
    }
}

impl Drop for Seat {
    fn drop(&mut self) {
        let mut taken = self.taken.lock().unwrap_or_else(PoisonError::into_inner);
        taken.leave(self.from);
    }
}

/// A socket whose seat is taken as long as it is open.
#[derive(Debug)]
pub(crate) struct Seated {
    stream: TcpStream,
    _seat: Seat,
}

impl Seated {
    pub(crate) const fn new(stream: TcpStream, seat: Seat) -> Self {
        Self {
            stream,
            _seat: seat,
        }
    }
}

impl AsyncRead for Seated {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_read(cx, buf)
    }
}

impl AsyncWrite for Seated {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write(cx, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}
