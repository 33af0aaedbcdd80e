//! Where a node shows itself.

use core::net::SocketAddr;

use clap::Args;
use pex_node::Descriptors;
use pex_node::observe::{Observatory, Pages, serve};
use tokio::net::TcpListener;
use tokio::task::JoinSet;

use super::log::Log;
use super::{Failure, serve as command, values};

/// Where a node shows itself; nowhere unless it is told to.
#[derive(Clone, Debug, Default, Args)]
pub(super) struct ObserveArgs {
    /// Where to show metrics for Prometheus, at /metrics, and /healthz [default: nowhere]
    #[arg(long, value_name = "IP:PORT")]
    metrics: Option<SocketAddr>,
    /// What the names of metrics begin with
    #[arg(long, value_name = "NAME", default_value = "cometbft", value_parser = values::namespace)]
    metrics_namespace: String,
    /// Where to show a status page, at /, and /healthz [default: nowhere]
    #[arg(long, value_name = "IP:PORT")]
    status: Option<SocketAddr>,
}

/// The places where an observatory is to be seen, taken and not yet served.
#[derive(Debug)]
pub(super) struct Windows(Vec<(TcpListener, Pages)>);

impl ObserveArgs {
    /// The same as the flags say.
    pub(super) fn new(
        metrics: Option<SocketAddr>,
        metrics_namespace: &str,
        status: Option<SocketAddr>,
    ) -> Self {
        Self {
            metrics,
            metrics_namespace: metrics_namespace.to_owned(),
            status,
        }
    }

    /// Takes the places. One that is named for both shows both.
    pub(super) fn open(&self) -> Result<Windows, Failure> {
        let pages = Pages::new().visitors(Descriptors::raise()?.for_visitors());
        let pages = pages.namespace(&self.metrics_namespace);
        let pages = pages.map_err(Failure::usage)?;
        let mut wanted = Vec::new();
        match (self.metrics, self.status) {
            (Some(one), Some(other)) if one == other && one.port() != 0 => {
                wanted.push((one, pages.metrics(true).status(true)));
            }
            (metrics, status) => {
                wanted.extend(metrics.map(|place| (place, pages.clone().metrics(true))));
                wanted.extend(status.map(|place| (place, pages.status(true))));
            }
        }
        let mut windows = Vec::new();
        for (place, pages) in wanted {
            windows.push((command::listen(place)?, pages));
        }
        Ok(Windows(windows))
    }
}

impl Windows {
    /// Whether anybody can look.
    pub(super) const fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// How many files and sockets those who look may take.
    pub(super) fn visitors(&self) -> Result<usize, Failure> {
        let each = Descriptors::raise()?.for_visitors();
        Ok(each.saturating_mul(self.0.len()))
    }

    /// Serves all of them, for as long as what is returned lives, and says where.
    pub(super) fn serve(self, observatory: &Observatory, log: &Log) -> JoinSet<()> {
        let mut servers = JoinSet::new();
        for (listener, pages) in self.0 {
            if let Ok(place) = listener.local_addr() {
                let what = pages.paths();
                log.line(format_args!("shows itself at http://{place} ({what})"));
            }
            let server = serve(listener, observatory.clone(), pages);
            servers.spawn(async move {
                // It ends with the process alone.
                let _ended = server.await;
            });
        }
        servers
    }
}
