//! What holds for every request: an id, one line in the log, security headers, and the guard against forged posts.

use std::net::{IpAddr, SocketAddr};
use std::time::Instant;

use axum::extract::{ConnectInfo, Request, State};
use axum::http::header::{CACHE_CONTROL, ORIGIN, REFERRER_POLICY, STRICT_TRANSPORT_SECURITY, X_CONTENT_TYPE_OPTIONS};
use axum::http::{HeaderName, HeaderValue, Method, StatusCode};
use axum::middleware::Next;
use axum::response::{IntoResponse as _, Response};
use ipnet::IpNet;

use crate::serve::AppState;

/// The header that carries the request's id.
pub const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// The id under which the log knows a request.
#[derive(Debug, Clone)]
pub struct RequestId(pub String);

tokio::task_local! {
    /// Id and path of the request that this task answers, for problem answers.
    pub static CURRENT: (String, String);
}

/// Gives a request its id (one that a proxy chose is kept if it is harmless), writes one line about it, and sets the headers
/// that every answer has.
pub async fn frame(State(state): State<AppState>, mut request: Request, next: Next) -> Response {
    let sent = request.headers().get(&REQUEST_ID).and_then(|value| value.to_str().ok());
    let id = sent
        .filter(|id| {
            (8..=64).contains(&id.len())
                && id
                    .bytes()
                    .all(|byte| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_')
        })
        .map_or_else(|| state.new_request_id(), str::to_owned);
    request.extensions_mut().insert(RequestId(id.clone()));
    let peer = request.extensions().get::<ConnectInfo<SocketAddr>>().map(|info| info.0);
    if let Some(peer) = peer {
        let forwarded = request
            .headers()
            .get_all("x-forwarded-for")
            .iter()
            .filter_map(|value| value.to_str().ok());
        let client = client_address(
            peer.ip(),
            forwarded.collect::<Vec<_>>().join(",").as_str(),
            &state.trusted_proxies,
        );
        request
            .extensions_mut()
            .insert(ConnectInfo(SocketAddr::new(client, peer.port())));
    }
    let (method, path) = (request.method().clone(), request.uri().path().to_owned());
    let started = Instant::now();
    let mut response = CURRENT.scope((id.clone(), path.clone()), next.run(request)).await;
    let path = loggable(path);
    tracing::info!(request_id = %id, %method, %path, status = response.status().as_u16(), ms = started.elapsed().as_millis(), "answered");
    crate::metrics::answered(&method, &path, response.status(), started.elapsed());
    let headers = response.headers_mut();
    if let Ok(value) = HeaderValue::from_str(&id) {
        headers.insert(REQUEST_ID, value);
    }
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

/// Where the next part of a path is a key.
const KEYS_FOLLOW: [&str; 4] = ["/track/", "/portal/link/", "/portal/feed/", "/partner/invitation/"];

/// A path without what is a key: whoever reads the log must not be able to follow a link of somebody else's.
fn loggable(path: String) -> String {
    let found = KEYS_FOLLOW
        .iter()
        .find_map(|start| Some((start, path.strip_prefix(start)?)));
    match found {
        Some((start, rest)) => {
            let act = rest
                .split_once('/')
                .map(|(_, act)| format!("/{act}"))
                .unwrap_or_default();
            format!("{start}…{act}")
        }
        None => path,
    }
}

/// Who is asking: the peer itself, or, if it is a trusted proxy, the last address in `X-Forwarded-For` that is none. What
/// stands before that was written by whoever asked and counts for nothing.
fn client_address(peer: IpAddr, forwarded: &str, trusted: &[IpNet]) -> IpAddr {
    let is_proxy = |address: &IpAddr| trusted.iter().any(|net| net.contains(&address.to_canonical()));
    if !is_proxy(&peer) {
        return peer;
    }
    let mut client = peer;
    for part in forwarded.rsplit(',') {
        let Ok(address) = part.trim().parse::<IpAddr>() else {
            break;
        };
        client = address;
        if !is_proxy(&address) {
            break;
        }
    }
    client
}

/// Refuses a post that does not say where it comes from. What it says is judged by the layer behind this one; a browser
/// always says one of the two.
pub async fn says_its_origin(request: Request, next: Next) -> Response {
    let safe = matches!(*request.method(), Method::GET | Method::HEAD | Method::OPTIONS);
    let says = request.headers().contains_key("sec-fetch-site") || request.headers().contains_key(ORIGIN);
    if safe || says {
        next.run(request).await
    } else {
        (StatusCode::FORBIDDEN, "This form must be sent from our own pages.").into_response()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_log_has_no_keys() {
        for (path, logged) in [
            ("/track/abc", "/track/…"),
            ("/track/abc/answer", "/track/…/answer"),
            ("/portal/link/abc", "/portal/link/…"),
            ("/portal/feed/abc", "/portal/feed/…"),
            ("/partner/invitation/abc", "/partner/invitation/…"),
            ("/portal/links", "/portal/links"),
            ("/app/inbox", "/app/inbox"),
        ] {
            assert_eq!(loggable(path.to_owned()), logged);
        }
    }

    #[test]
    fn only_trusted_proxies_are_believed() {
        let trusted: Vec<IpNet> = ["127.0.0.0/8", "10.0.0.0/8"]
            .iter()
            .map(|net| net.parse().expect("a network"))
            .collect();
        for (peer, forwarded, client) in [
            ("203.0.113.9", "198.51.100.1", "203.0.113.9"),
            ("127.0.0.1", "", "127.0.0.1"),
            ("127.0.0.1", "198.51.100.1", "198.51.100.1"),
            ("127.0.0.1", "6.6.6.6, 198.51.100.1", "198.51.100.1"),
            ("127.0.0.1", "198.51.100.1, 10.0.0.5", "198.51.100.1"),
            ("127.0.0.1", "nonsense, 10.0.0.5", "10.0.0.5"),
            ("::ffff:127.0.0.1", "2001:db8::7", "2001:db8::7"),
        ] {
            let peer = peer.parse().expect("an address");
            assert_eq!(
                client_address(peer, forwarded, &trusted).to_string(),
                client,
                "{peer} {forwarded}"
            );
        }
    }
}
