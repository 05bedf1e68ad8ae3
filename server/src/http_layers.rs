//! Middleware for all requests: request ID, access log, security headers and the check for a request origin.

use std::net::{IpAddr, SocketAddr};
use std::time::Instant;

use axum::extract::{ConnectInfo, Request, State};
use axum::http::header::{CACHE_CONTROL, ORIGIN, REFERRER_POLICY, STRICT_TRANSPORT_SECURITY, X_CONTENT_TYPE_OPTIONS};
use axum::http::{HeaderName, HeaderValue, Method, StatusCode};
use axum::middleware::Next;
use axum::response::{IntoResponse as _, Response};
use ipnet::IpNet;

use crate::serve::AppState;

pub const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// The ID of a request, as it appears in the log.
#[derive(Debug, Clone)]
pub struct RequestId(pub String);

tokio::task_local! {
    /// ID and path of the current request, for problem responses.
    pub static CURRENT_REQUEST: (String, String);
}

/// Assigns the request ID (a valid ID from a proxy is reused), resolves the client address behind proxies, writes the
/// access log and sets the security headers.
pub async fn instrument_request(State(state): State<AppState>, mut request: Request, next: Next) -> Response {
    let proxy_id = request.headers().get(&REQUEST_ID).and_then(|value| value.to_str().ok());
    let id = proxy_id
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
    let mut response = CURRENT_REQUEST
        .scope((id.clone(), path.clone()), next.run(request))
        .await;
    let path = loggable(path);
    tracing::info!(request_id = %id, %method, %path, status = response.status().as_u16(), ms = started.elapsed().as_millis(), "request completed");
    crate::metrics::record_response(&method, &path, response.status(), started.elapsed());
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

/// Path prefixes that are followed by a secret token.
const TOKEN_PREFIXES: [&str; 4] = ["/track/", "/portal/link/", "/portal/feed/", "/partner/invitation/"];

/// Returns the path without secret tokens, which would give readers of the log access to the linked pages.
fn loggable(path: String) -> String {
    let found = TOKEN_PREFIXES
        .iter()
        .find_map(|prefix| Some((prefix, path.strip_prefix(prefix)?)));
    match found {
        Some((prefix, rest)) => {
            let suffix = rest
                .split_once('/')
                .map(|(_, suffix)| format!("/{suffix}"))
                .unwrap_or_default();
            format!("{prefix}…{suffix}")
        }
        None => path,
    }
}

/// Returns the address of the client: the peer or, behind trusted proxies, the last untrusted address in
/// `X-Forwarded-For`. Earlier entries come from the client and cannot be trusted.
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
            ("/partner/invitation/abc", "/partner/invitation/…"),
            ("/portal/links", "/portal/links"),
            ("/app/inbox", "/app/inbox"),
        ] {
            assert_eq!(loggable(path.to_owned()), logged);
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
