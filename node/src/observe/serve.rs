//! The server: small, patient with nobody, and apart from the loop that it shows.

mod body;
mod events;
mod visitors;

use core::convert::Infallible;
use core::pin::pin;
use core::time::Duration;
use std::io;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use hyper::header::{self, HeaderValue};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Method, Request, Response, StatusCode};
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpListener;
use tokio::sync::{Semaphore, watch};
use tokio::time::{Instant, sleep_until};

use super::page::{self, Pages};
use super::status::Status;
use super::{Observatory, health, metrics};
use body::Body;
use events::Events;
use visitors::{Stays, Visitors};

/// The part of all connections that may get events as they come.
const STREAMS_PART: usize = 3;

/// How long a connection may take for its request and its answer.
const PATIENCE: Duration = Duration::from_secs(10);

/// Bytes of a request's head.
const HEAD_BYTES_MAX: usize = 16 * 1_024;

const JSON: &str = "application/json; charset=utf-8";
const HTML: &str = "text/html; charset=utf-8";
const PLAIN: &str = "text/plain; charset=utf-8";

/// Serves what an observatory sees over HTTP, for as long as it is polled: run it on a task of its
/// own. Whoever is slow or many is cut, and nobody makes a node wait.
///
/// # Errors
///
/// Only if the listener can't be used at all. That one connection fails is no error.
pub async fn serve(
    listener: TcpListener,
    observatory: Observatory,
    pages: Pages,
) -> io::Result<()> {
    listener.local_addr()?;
    let site = Arc::new(Site::new(observatory, pages)?);
    let mut visitors = Visitors::new(site.pages.visitors);
    loop {
        let Ok((stream, _)) = listener.accept().await else {
            // Out of descriptors: some may come free in a moment.
            tokio::time::sleep(Duration::from_millis(50)).await;
            continue;
        };
        let stays = Stays::default();
        let visit = visit(Arc::clone(&site), stream, Arc::clone(&stays));
        visitors.start(stays, visit);
    }
}

/// What every connection needs.
#[derive(Debug)]
struct Site {
    observatory: Observatory,
    pages: Pages,
    policy: HeaderValue,
    events: Events,
    streams: Arc<Semaphore>,
}

/// One connection: one request, one answer.
async fn visit<S>(site: Arc<Site>, stream: S, stays: Stays)
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    let (deadline, mut put_off) = watch::channel(Instant::now() + PATIENCE);
    let deadline = Arc::new(deadline);
    let service = service_fn(|request: Request<hyper::body::Incoming>| {
        let answer = site.answer(request.method(), request.uri().path(), &stays, &deadline);
        core::future::ready(Ok::<_, Infallible>(answer))
    });
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(PATIENCE)
        .keep_alive(false)
        .max_buf_size(HEAD_BYTES_MAX)
        .max_headers(64)
        .serve_connection(TokioIo::new(stream), service);
    let mut connection = pin!(connection);
    loop {
        let until = *put_off.borrow_and_update();
        tokio::select! {
            // Served or failed, it is over.
            _over = &mut connection => return,
            // The deadline of a stream moves on as long as it is read.
            Ok(()) = put_off.changed() => {}
            () = sleep_until(until) => return,
        }
    }
}

impl Site {
    fn new(observatory: Observatory, pages: Pages) -> io::Result<Self> {
        Ok(Self {
            policy: HeaderValue::try_from(page::policy()).map_err(io::Error::other)?,
            events: Events::start(observatory.clone()),
            streams: Arc::new(Semaphore::new(pages.visitors / STREAMS_PART)),
            observatory,
            pages,
        })
    }

    fn answer(
        &self,
        method: &Method,
        path: &str,
        stays: &Stays,
        deadline: &Arc<watch::Sender<Instant>>,
    ) -> Response<Body> {
        if !matches!(*method, Method::GET | Method::HEAD) {
            let mut answer = plain(StatusCode::METHOD_NOT_ALLOWED, "only GET and HEAD\n");
            let allowed = HeaderValue::from_static("GET, HEAD");
            answer.headers_mut().insert(header::ALLOW, allowed);
            return answer;
        }
        let Pages {
            metrics, status, ..
        } = self.pages;
        match path {
            "/healthz" => self.health(),
            "/metrics" if metrics => {
                let text = metrics::text(&self.observatory.look(), &self.pages.namespace);
                answer(StatusCode::OK, metrics::CONTENT_TYPE, text.into())
            }
            "/" if status => self.page(),
            "/status.json" if status => {
                let json = Status::of(&self.observatory.look(), true).to_json();
                answer(StatusCode::OK, JSON, json.into())
            }
            "/events" if status && method == Method::GET => self.stream(stays, deadline),
            _ => plain(StatusCode::NOT_FOUND, "no such page\n"),
        }
    }

    fn health(&self) -> Response<Body> {
        let (healthy, text) = health::check(&self.observatory.look());
        let status = if healthy {
            StatusCode::OK
        } else {
            StatusCode::SERVICE_UNAVAILABLE
        };
        answer(status, PLAIN, text.into())
    }

    fn page(&self) -> Response<Body> {
        let mut answer = answer(StatusCode::OK, HTML, page::HTML.to_owned().into());
        let policy = self.policy.clone();
        let headers = answer.headers_mut();
        headers.insert(header::CONTENT_SECURITY_POLICY, policy);
        answer
    }

    fn stream(&self, stays: &Stays, deadline: &Arc<watch::Sender<Instant>>) -> Response<Body> {
        let Ok(place) = Arc::clone(&self.streams).try_acquire_owned() else {
            let status = StatusCode::SERVICE_UNAVAILABLE;
            let mut answer = plain(status, "too many watch already; come back later\n");
            let later = HeaderValue::from_static("10");
            answer.headers_mut().insert(header::RETRY_AFTER, later);
            return answer;
        };
        stays.store(true, Ordering::Relaxed);
        let parts = self.events.follow(Arc::clone(deadline), place);
        answer(StatusCode::OK, "text/event-stream", Body::Stream(parts))
    }
}

fn plain(status: StatusCode, text: &str) -> Response<Body> {
    answer(status, PLAIN, text.to_owned().into())
}

fn answer(status: StatusCode, content_type: &'static str, body: Body) -> Response<Body> {
    let mut answer = Response::new(body);
    *answer.status_mut() = status;
    let headers = answer.headers_mut();
    for (name, value) in [
        (header::CONTENT_TYPE, content_type),
        (header::CACHE_CONTROL, "no-store"),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::REFERRER_POLICY, "no-referrer"),
    ] {
        headers.insert(name, HeaderValue::from_static(value));
    }
    answer
}

#[cfg(test)]
mod tests;
