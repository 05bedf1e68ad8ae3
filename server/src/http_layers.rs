//! Middleware for all requests: request ID, span, access log, security headers and the check for a request origin.

use std::borrow::Cow;
use std::net::{IpAddr, SocketAddr};
use std::time::{Duration, Instant};

use axum::Router;
use axum::extract::{ConnectInfo, MatchedPath, Request, State};
use axum::http::header::{
    ALLOW, CACHE_CONTROL, LOCATION, ORIGIN, REFERRER_POLICY, STRICT_TRANSPORT_SECURITY, X_CONTENT_TYPE_OPTIONS,
};
use axum::http::{HeaderName, HeaderValue, Method, StatusCode};
use axum::middleware::{self, Next};
use axum::response::{IntoResponse as _, Response};
use domain::network::{Network, parse_forwarded};
use ipnet::IpNet;
use ordinavo_core::activity;
use tower_http::request_id::{self, MakeRequestId, PropagateRequestIdLayer, SetRequestIdLayer};
use tower_http::trace::TraceLayer;
use tracing::Span;
use tracing::field::Empty;

use crate::metrics;
use crate::metrics::InFlight;
use crate::serve::AppState;

const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");
const UPLOAD: HeaderName = HeaderName::from_static("x-upload");
const NEXT_PAGE: HeaderName = HeaderName::from_static("x-location");
const FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");

/// The ID of a request, as it appears in the log.
#[derive(Debug, Clone)]
pub struct RequestId(pub String);

tokio::task_local! {
    /// ID and path of the current request, for problem responses.
    pub static CURRENT_REQUEST: (String, String);
}

/// Wraps all routes: every request has an ID, which is also in the response, a span for its log lines, and the security
/// headers.
pub fn instrument(routes: Router<AppState>, state: &AppState) -> Router<AppState> {
    routes
        .layer(middleware::from_fn_with_state(state.clone(), finish_response))
        .layer(
            TraceLayer::new_for_http()
                .make_span_with(request_span)
                .on_request(())
                .on_response(log_response)
                .on_body_chunk(())
                .on_eos(())
                .on_failure(()),
        )
        .layer(PropagateRequestIdLayer::new(REQUEST_ID))
        .layer(SetRequestIdLayer::new(REQUEST_ID, NewRequestId(state.clone())))
        .layer(middleware::map_request_with_state(state.clone(), resolve_client))
        .layer(middleware::from_fn(reject_tunnels))
}

/// Answers a script that sends a form and shows its progress with the address of the next page: it cannot see a redirect, and by
/// following it would use up the message for that page.
pub async fn name_next_page(request: Request, next: Next) -> Response {
    let is_upload = request.headers().contains_key(UPLOAD) && request.method() == Method::POST;
    let mut response = next.run(request).await;
    if is_upload
        && response.status().is_redirection()
        && let Some(address) = response.headers_mut().remove(LOCATION)
    {
        response.headers_mut().insert(NEXT_PAGE, address);
        *response.status_mut() = StatusCode::OK;
    }
    response
}

/// The methods that the server knows.
const METHODS: HeaderValue = HeaderValue::from_static("GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS");

/// Refuses CONNECT, whose target is no path: this server is no proxy.
async fn reject_tunnels(request: Request, next: Next) -> Response {
    if request.method() == Method::CONNECT {
        return (StatusCode::METHOD_NOT_ALLOWED, [(ALLOW, METHODS)]).into_response();
    }
    next.run(request).await
}

/// Generates the ID of a request that brings none.
#[derive(Clone)]
struct NewRequestId(AppState);

impl MakeRequestId for NewRequestId {
    fn make_request_id<B>(&mut self, _: &http::Request<B>) -> Option<request_id::RequestId> {
        let id = HeaderValue::from_str(&self.0.new_request_id()).ok()?;
        Some(request_id::RequestId::new(id))
    }
}

/// Determines the network of the client, and removes a request ID that does not come from a trusted proxy or is unsuitable
/// for the log, so that a new one is generated.
async fn resolve_client(State(state): State<AppState>, mut request: Request) -> Request {
    let from_proxy = peer(&request).is_none_or(|peer| is_proxy(peer, &state.trusted_proxies));
    let is_valid = request.headers().get(&REQUEST_ID).is_some_and(|id| {
        let id = id.as_bytes();
        (8..=64).contains(&id.len())
            && id
                .iter()
                .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'))
    });
    if !from_proxy || !is_valid {
        request.headers_mut().remove(&REQUEST_ID);
    }
    if let Some(peer) = peer(&request) {
        let forwarded = request.headers().get_all(&FORWARDED_FOR).iter();
        let forwarded: Vec<_> = forwarded.filter_map(|value| value.to_str().ok()).collect();
        let client = client_address(peer, &forwarded.join(","), &state.trusted_proxies);
        request.extensions_mut().insert(Network::of(client));
        // Nothing behind this layer sees a full address.
        request.extensions_mut().remove::<ConnectInfo<SocketAddr>>();
    }
    request
}

/// Returns the address at the other end of the connection.
fn peer(request: &Request) -> Option<IpAddr> {
    let info = request.extensions().get::<ConnectInfo<SocketAddr>>()?;
    Some(info.0.ip())
}

fn is_proxy(address: IpAddr, trusted: &[IpNet]) -> bool {
    trusted.iter().any(|net| net.contains(&address.to_canonical()))
}

/// Returns the ID of a request, as it appears in the log and the response.
pub fn request_id(request: &Request) -> &str {
    request
        .headers()
        .get(&REQUEST_ID)
        .and_then(|id| id.to_str().ok())
        .unwrap_or_default()
}

/// Creates the span of a request. Authentication adds the actor. The level is that of errors, so that no log filter
/// separates a line from its request.
fn request_span(request: &Request) -> Span {
    let route = request.extensions().get::<MatchedPath>().map(MatchedPath::as_str);
    tracing::error_span!(
        "request",
        request_id = request_id(request),
        method = %request.method(),
        path = %loggable(request.uri().path()),
        route,
        tenant = Empty,
        actor = Empty,
    )
}

/// Writes the access log.
fn log_response<B>(response: &http::Response<B>, latency: Duration, _: &Span) {
    tracing::info!(
        status = response.status().as_u16(),
        ms = latency.as_millis(),
        "request completed"
    );
}

/// Runs the request with its ID at hand, counts the response and sets the security headers.
async fn finish_response(State(state): State<AppState>, mut request: Request, next: Next) -> Response {
    let id = request_id(&request).to_owned();
    request.extensions_mut().insert(RequestId(id.clone()));
    let (method, path) = (request.method().clone(), request.uri().path().to_owned());
    let route = request.extensions().get::<MatchedPath>().cloned();
    let _in_flight = InFlight::start();
    let started = Instant::now();
    let answer = activity::scope(Span::current(), next.run(request));
    let mut response = CURRENT_REQUEST.scope((id, path.clone()), answer).await;
    let route = route.as_ref().map(MatchedPath::as_str);
    metrics::record_response(&method, &path, route, response.status(), started.elapsed());
    let headers = response.headers_mut();
    headers.insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    headers.insert(REFERRER_POLICY, HeaderValue::from_static("same-origin"));
    headers.insert(
        HeaderName::from_static("cross-origin-opener-policy"),
        HeaderValue::from_static("same-origin"),
    );
    headers.insert(
        HeaderName::from_static("permissions-policy"),
        HeaderValue::from_static("camera=(self), geolocation=(self), microphone=(), payment=(), usb=()"),
    );
    headers
        .entry(CACHE_CONTROL)
        .or_insert(HeaderValue::from_static("no-store"));
    headers
        .entry(HeaderName::from_static("content-security-policy"))
        .or_insert(HeaderValue::from_static("default-src 'none'; frame-ancestors 'none'"));
    if state.config.is_https() {
        headers.insert(
            STRICT_TRANSPORT_SECURITY,
            HeaderValue::from_static("max-age=63072000; includeSubDomains"),
        );
    }
    response
}

/// Path prefixes that are followed by a secret token.
const TOKEN_PREFIXES: [&str; 7] = [
    "/app/password/",
    "/partner/invitation/",
    "/partner/password/",
    "/portal/feed/",
    "/portal/link/",
    "/setup/",
    "/track/",
];

/// Returns the path without secret tokens, which would give readers of the log access to the linked pages.
fn loggable(path: &str) -> Cow<'_, str> {
    let found = TOKEN_PREFIXES
        .iter()
        .find_map(|prefix| Some((prefix, path.strip_prefix(prefix)?)));
    match found {
        Some((prefix, rest)) => {
            let suffix = rest
                .split_once('/')
                .map(|(_, suffix)| format!("/{suffix}"))
                .unwrap_or_default();
            format!("{prefix}…{suffix}").into()
        }
        None => path.into(),
    }
}

/// Returns the address of the client: the peer or, behind trusted proxies, the last untrusted address in
/// `X-Forwarded-For`. Earlier entries come from the client and cannot be trusted.
fn client_address(peer: IpAddr, forwarded: &str, trusted: &[IpNet]) -> IpAddr {
    if !is_proxy(peer, trusted) {
        return peer;
    }
    let mut client = peer;
    for part in forwarded.rsplit(',') {
        let Some(address) = parse_forwarded(part) else { break };
        client = address;
        if !is_proxy(address, trusted) {
            break;
        }
    }
    client
}

/// Rejects unsafe requests without `Sec-Fetch-Site` and `Origin`. Browsers always send one of them; `CsrfLayer` checks the
/// values.
pub async fn require_origin(request: Request, next: Next) -> Response {
    let is_safe = matches!(*request.method(), Method::GET | Method::HEAD | Method::OPTIONS);
    let has_origin = request.headers().contains_key("sec-fetch-site") || request.headers().contains_key(ORIGIN);
    if is_safe || has_origin {
        next.run(request).await
    } else {
        (
            StatusCode::FORBIDDEN,
            "The request has no Origin or Sec-Fetch-Site header.",
        )
            .into_response()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn loggable_path_with_token_is_redacted() {
        for (path, logged) in [
            ("/track/abc", "/track/…"),
            ("/track/abc/answer", "/track/…/answer"),
            ("/portal/link/abc", "/portal/link/…"),
            ("/portal/feed/abc", "/portal/feed/…"),
            ("/app/password/abc", "/app/password/…"),
            ("/partner/password/abc", "/partner/password/…"),
            ("/setup/abc", "/setup/…"),
            ("/partner/invitation/abc", "/partner/invitation/…"),
            ("/portal/links", "/portal/links"),
            ("/app/inbox", "/app/inbox"),
        ] {
            assert_eq!(loggable(path), logged);
        }
    }

    #[test]
    fn client_address_untrusted_proxy_is_ignored() {
        let trusted: Vec<IpNet> = ["127.0.0.0/8", "10.0.0.0/8"]
            .iter()
            .map(|net| net.parse().expect("network is valid"))
            .collect();
        for (peer, forwarded, client) in [
            ("203.0.113.9", "198.51.100.1", "203.0.113.9"),
            ("127.0.0.1", "", "127.0.0.1"),
            ("127.0.0.1", "198.51.100.1", "198.51.100.1"),
            ("127.0.0.1", "6.6.6.6, 198.51.100.1", "198.51.100.1"),
            ("127.0.0.1", "198.51.100.1, 10.0.0.5", "198.51.100.1"),
            ("127.0.0.1", "nonsense, 10.0.0.5", "10.0.0.5"),
            ("::ffff:127.0.0.1", "2001:db8::7", "2001:db8::7"),
            ("127.0.0.1", "6.6.6.6, 198.51.100.1:4711", "198.51.100.1"),
            ("127.0.0.1", "[2001:db8::7]:4711, 10.0.0.5:80", "2001:db8::7"),
        ] {
            let peer = peer.parse().expect("address is valid");
            assert_eq!(
                client_address(peer, forwarded, &trusted).to_string(),
                client,
                "{peer} {forwarded}"
            );
        }
    }
}
