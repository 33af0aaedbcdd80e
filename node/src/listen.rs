//! A place to listen at.

use core::net::SocketAddr;
use std::io;

use tokio::net::{TcpListener, TcpSocket};

/// Connections that may wait to be taken. Whoever comes to a full queue tries again after a second,
/// so a crowd that comes at once has to fit into it; the system may allow fewer.
const BACKLOG: u32 = 4_096;

/// Listens at a place; port 0 takes a free one.
///
/// # Errors
///
/// What the system says, such as that the port is taken. A runtime with I/O is needed.
pub fn listen(place: SocketAddr) -> io::Result<TcpListener> {
    let socket = if place.is_ipv4() {
        TcpSocket::new_v4()?
    } else {
        TcpSocket::new_v6()?
    };
    // A port is free again as soon as its process has ended.
    socket.set_reuseaddr(true)?;
    socket.bind(place)?;
    socket.listen(BACKLOG)
}
