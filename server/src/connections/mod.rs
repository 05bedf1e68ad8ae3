//! Connections of the public address: how many there may be, how long they may be silent, and how they end.
//!
//! Above a limit, a new connection takes the place of one that waits for a request, first of those that never sent one, then of
//! one that waits for the rest of a request or for its response to be read, in the network with most connections. Only
//! connections whose requests the server works on are safe.

pub mod acme;
mod body;
mod places;
mod stream;
pub mod tls;

use std::convert::Infallible;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::extract::ConnectInfo;
use axum::http::Request;
use domain::network::Network;
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::conn::auto;
use ipnet::IpNet;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio_rustls::server::TlsStream;
use tokio_util::either::Either;
use tower::ServiceExt as _;

use self::body::{CountedBody, PacedBody};
use self::places::{Place, Places};
use self::stream::TimedStream;
use self::tls::Tls;

/// How long requests in flight may take after the signal to stop.
pub const DRAIN_TIMEOUT: Duration = Duration::from_secs(10);
/// How long a request head may be incomplete after the signal to stop.
const DRAIN_HEADER_TIMEOUT: Duration = Duration::from_secs(1);
/// Reverse proxies keep idle connections open, for a minute or two by default, and should be the ones to close them.
const PROXY_IDLE_TIMEOUT: Duration = Duration::from_secs(150);
/// How long no connection is accepted when the process has no descriptor or memory left.
const ACCEPT_PAUSE: Duration = Duration::from_millis(200);
/// Connections without a place.
const REFUSED: &str = "ordinavo_http_connections_refused_total";
const MAX_HEADER_BYTES: usize = 64 * 1024;
const MAX_HEADERS: usize = 100;
/// Streams of an HTTP/2 connection: as many requests as a page and its live updates need at once.
const MAX_STREAMS: u32 = 64;
const PING_INTERVAL: Duration = Duration::from_secs(20);

/// Limits of the connections.
#[derive(Debug, Clone)]
pub struct ConnectionLimits {
    /// Connections in all.
    pub max: usize,
    /// Connections of a network that is no trusted proxy.
    pub max_per_network: usize,
    /// How long a connection may be without a complete request head.
    pub header_timeout: Duration,
    /// How far a request body may fall behind its minimum rate.
    pub body_timeout: Duration,
    /// The minimum rate of a request body, in bytes per second.
    pub body_rate: u64,
    /// How long a client may take to read a part of a response, of 64 KiB.
    pub response_timeout: Duration,
}

/// What the listeners of a server share: their connections count together.
#[derive(Clone)]
pub struct Listening {
    places: Places,
    limits: Arc<ConnectionLimits>,
    proxies: Arc<[IpNet]>,
    stopping: watch::Receiver<bool>,
}

impl Listening {
    pub fn new(limits: ConnectionLimits, proxies: Arc<[IpNet]>, stopping: watch::Receiver<bool>) -> Self {
        Self {
            places: Places::new(limits.max, limits.max_per_network),
            limits: Arc::new(limits),
            proxies,
            stopping,
        }
    }
}

/// Serves until the server stops, then lets requests in flight finish within [`DRAIN_TIMEOUT`].
pub async fn serve(listener: TcpListener, tls: Option<Arc<Tls>>, routes: Router, listening: Listening) {
    let Listening {
        places,
        limits,
        proxies,
        mut stopping,
    } = listening;
    metrics::counter!(REFUSED).increment(0);
    let mut connections = JoinSet::new();
    loop {
        let accepted = tokio::select! {
            _ = stopping.wait_for(|stopping| *stopping) => break,
            Some(_) = connections.join_next() => continue,
            accepted = listener.accept() => accepted,
        };
        let (stream, peer) = match accepted {
            Ok(accepted) => accepted,
            Err(error) if is_of_connection(&error) => continue,
            Err(error) => {
                tracing::error!(%error, "failed to accept connections");
                places.close_idle();
                tokio::select! {
                    () = tokio::time::sleep(ACCEPT_PAUSE) => {}
                    _ = stopping.wait_for(|stopping| *stopping) => break,
                }
                continue;
            }
        };
        let is_proxy = proxies.iter().any(|net| net.contains(&peer.ip().to_canonical()));
        let network = (!is_proxy).then(|| Network::of(peer.ip()));
        // Without a place, the connection is dropped, which costs nothing but the descriptor.
        let Some(place) = places.take(network) else {
            metrics::counter!(REFUSED).increment(1);
            continue;
        };
        let connection = Connection {
            tls: tls.clone(),
            peer,
            is_proxy,
            place,
            limits: limits.clone(),
        };
        connections.spawn(connection.serve(stream, routes.clone(), stopping.clone()));
    }
    drop(listener);
    let drained = async { while connections.join_next().await.is_some() {} };
    if tokio::time::timeout(DRAIN_TIMEOUT, drained).await.is_err() {
        tracing::warn!(count = connections.len(), "connections closed with requests in flight");
        connections.shutdown().await;
    }
}

/// Returns whether an error of `accept` concerns only the connection that was about to be accepted.
fn is_of_connection(error: &std::io::Error) -> bool {
    use std::io::ErrorKind::{ConnectionAborted, ConnectionRefused, ConnectionReset, Interrupted};
    matches!(
        error.kind(),
        ConnectionAborted | ConnectionRefused | ConnectionReset | Interrupted
    )
}

/// A connection with or without TLS.
type Stream = Either<TcpStream, Box<TlsStream<TcpStream>>>;

struct Connection {
    tls: Option<Arc<Tls>>,
    peer: SocketAddr,
    is_proxy: bool,
    place: Place,
    limits: Arc<ConnectionLimits>,
}

impl Connection {
    /// Serves the requests of a connection until it ends, is idle for too long or loses its place.
    async fn serve(self, stream: TcpStream, routes: Router, mut stopping: watch::Receiver<bool>) {
        let _ = stream.set_nodelay(true);
        let Some(stream) = self.secure(stream, &mut stopping).await else {
            return;
        };
        let mut idle_timeout = if self.is_proxy {
            PROXY_IDLE_TIMEOUT.max(self.limits.header_timeout)
        } else {
            self.limits.header_timeout
        };
        let service = {
            let (peer, usage, limits) = (self.peer, self.place.usage(), self.limits.clone());
            service_fn(move |request: Request<Incoming>| {
                let in_flight = usage.start_request();
                let exchange = in_flight.exchange().clone();
                let mut request = request
                    .map(|body| Body::new(PacedBody::new(body, limits.body_timeout, limits.body_rate, exchange)));
                request.extensions_mut().insert(ConnectInfo(peer));
                let response = routes.clone().oneshot(request);
                async move {
                    let response = response.await?;
                    Ok::<_, Infallible>(response.map(|body| CountedBody::new(body, in_flight)))
                }
            })
        };
        let builder = builder(idle_timeout);
        let stream = TokioIo::new(TimedStream::new(stream, self.limits.response_timeout));
        let mut connection = std::pin::pin!(builder.serve_connection(stream, service));
        let usage = self.place.usage();
        let mut is_stopping = false;
        loop {
            tokio::select! {
                // An error of the client, such as a head that is no HTTP, ends the connection and needs no line in the log.
                _ = connection.as_mut() => return,
                () = self.place.lost() => return,
                () = tokio::time::sleep_until(usage.deadline(idle_timeout, self.limits.response_timeout)) => {
                    if usage.is_idle_for(idle_timeout) || usage.is_unread_for(self.limits.response_timeout) {
                        return;
                    }
                }
                _ = stopping.wait_for(|stopping| *stopping), if !is_stopping => {
                    is_stopping = true;
                    idle_timeout = DRAIN_HEADER_TIMEOUT;
                    connection.as_mut().graceful_shutdown();
                }
            }
        }
    }
}

impl Connection {
    /// Negotiates TLS where the server has a certificate; `None` for a client that fails or takes too long.
    async fn secure(&self, stream: TcpStream, stopping: &mut watch::Receiver<bool>) -> Option<Stream> {
        let Some(tls) = &self.tls else {
            return Some(Either::Left(stream));
        };
        tokio::select! {
            accepted = tls.acceptor().accept(stream) => accepted.ok().map(|stream| Either::Right(Box::new(stream))),
            () = self.place.lost() => None,
            () = tokio::time::sleep(self.limits.header_timeout) => None,
            _ = stopping.wait_for(|stopping| *stopping) => None,
        }
    }
}

/// Returns the settings of a connection. The version of HTTP is read without a time limit, which the idle timeout sets.
fn builder(header_timeout: Duration) -> auto::Builder<TokioExecutor> {
    let mut builder = auto::Builder::new(TokioExecutor::new());
    builder
        .http1()
        .timer(TokioTimer::new())
        .header_read_timeout(header_timeout)
        .max_buf_size(MAX_HEADER_BYTES)
        .max_headers(MAX_HEADERS);
    builder
        .http2()
        .timer(TokioTimer::new())
        .max_concurrent_streams(MAX_STREAMS)
        .max_header_list_size(u32::try_from(MAX_HEADER_BYTES).unwrap_or(u32::MAX))
        .keep_alive_interval(PING_INTERVAL)
        .keep_alive_timeout(PING_INTERVAL);
    builder
}
