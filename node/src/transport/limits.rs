//! How many connections others may open.

/// Limits on connections that others open, which hold before anything is known of who they are.
///
/// Those *by place* are on an IP address, and on the network around it: a /24 of IPv4, a /48 of IPv6.
/// An address of IPv6 counts as its /64, which is what one customer gets. They hold for places that
/// the whole world can reach, unless [`near`](Self::near) says otherwise: behind a proxy or in a test
/// network, everybody comes from the same address.
///
/// The defaults let a few hundred nodes behind one gateway in: a seed node answers and hangs up, so
/// places are for those who come in the same minute.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct InboundLimits {
    /// Sockets at once, from the first packet to the end of the connection. Default: any number; set
    /// it below what the system lets a process open.
    pub sockets: usize,

    /// Sockets at once from one IP address. Default 128.
    pub per_ip: usize,

    /// Sockets at once from one network. Default 1,024.
    pub per_network: usize,

    /// Handshakes under way at once. Default 1,024. Whoever comes then takes the place of an older
    /// one, of the network that has most; where nobody has many, he waits for a moment.
    pub handshakes: usize,

    /// Handshakes under way at once with one IP address. Default 64. Whoever comes then takes the
    /// place of the oldest from there.
    pub handshakes_per_ip: usize,

    /// Handshakes under way at once with one network. Default 256.
    pub handshakes_per_network: usize,

    /// New connections a second from one IP address, in the long run. Default 20.
    pub rate_per_ip: u32,

    /// New connections that one IP address may open at once, if it has opened none for a while.
    /// Default 200.
    pub burst_per_ip: u32,

    /// Whether the limits by place hold for places that only this machine or site can reach too.
    /// Default: no.
    pub near: bool,
}

impl Default for InboundLimits {
    fn default() -> Self {
        Self {
            sockets: usize::MAX,
            per_ip: 128,
            per_network: 1_024,
            handshakes: 1_024,
            handshakes_per_ip: 64,
            handshakes_per_network: 256,
            rate_per_ip: 20,
            burst_per_ip: 200,
            near: false,
        }
    }
}
