//! Two hosts, if the operator wants the portal under one of its own: what belongs to the portal is there and nowhere else,
//! and nothing else is there.

use axum::extract::{Request, State};
use axum::http::header::HOST;
use axum::http::{StatusCode, Uri};
use axum::middleware::Next;
use axum::response::{IntoResponse as _, Redirect, Response};

use crate::serve::AppState;

/// Where a request belongs.
#[derive(Debug, PartialEq, Eq)]
enum Place {
    /// Here.
    Here,
    /// At the portal's own host, under the same path.
    AtPortal,
    /// The portal's host was typed without a path.
    PortalHome,
    /// Nowhere.
    Nowhere,
}

/// Whether a path belongs to the portal alone. Logo and style sheet are shown to the staff who set them, too.
fn is_portal(path: &str) -> bool {
    (path == "/portal" || path.starts_with("/portal/")) && !is_shared(path)
}

/// Whether a path is there at both hosts.
fn is_shared(path: &str) -> bool {
    path == "/healthz" || path.starts_with("/pkg/") || path.starts_with("/portal/look/")
}

/// Sorts a request by the host that it was sent to. `own` is the portal's host.
fn place(own: &str, host: &str, path: &str) -> Place {
    if !host.eq_ignore_ascii_case(own) {
        return if is_portal(path) { Place::AtPortal } else { Place::Here };
    }
    match path {
        "/" => Place::PortalHome,
        path if is_portal(path) || is_shared(path) => Place::Here,
        _ => Place::Nowhere,
    }
}

/// Sends each request where it belongs.
pub async fn sort(State(state): State<AppState>, request: Request, next: Next) -> Response {
    let Some(own) = state.config.portal_host() else {
        return next.run(request).await;
    };
    match place(own, host(&request), request.uri().path()) {
        Place::Here => next.run(request).await,
        Place::PortalHome => Redirect::to("/portal").into_response(),
        // What changes something is not sent on: it would arrive as coming from elsewhere.
        Place::AtPortal if request.method().is_safe() => {
            let rest = request.uri().path_and_query().map_or("/portal", |rest| rest.as_str());
            Redirect::temporary(&format!("{}{rest}", state.config.portal_url())).into_response()
        }
        Place::AtPortal | Place::Nowhere => (StatusCode::NOT_FOUND, "There is nothing here.").into_response(),
    }
}

/// The host that a request was sent to: with HTTP/2 it stands in the address.
fn host(request: &Request) -> &str {
    request
        .uri()
        .authority()
        .map(|authority| authority.as_str())
        .unwrap_or_else(|| {
            request
                .headers()
                .get(HOST)
                .and_then(|value| value.to_str().ok())
                .unwrap_or_default()
        })
}

/// Whether a text is a host with or without a port, and nothing else.
pub fn is_host(text: &str) -> bool {
    let parsed = format!("http://{text}/").parse::<Uri>();
    !text.is_empty()
        && !text.contains(['/', '@', '?', '#', ' '])
        && parsed.is_ok_and(|uri| uri.authority().is_some_and(|authority| authority.as_str() == text))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_belongs_to_the_portal_is_there_and_nowhere_else() {
        for (host, path, expected) in [
            ("service.example", "/app/inbox", Place::Here),
            ("service.example", "/track/abc", Place::Here),
            ("service.example", "/portal", Place::AtPortal),
            ("service.example", "/portal/link/abc", Place::AtPortal),
            ("service.example", "/portal/look/v/logo.png", Place::Here),
            ("portal.example", "/portal/look/v/logo.png", Place::Here),
            ("service.example", "/portalx", Place::Here),
            ("Portal.Example", "/portal/requests", Place::Here),
            ("portal.example", "/pkg/portal.css", Place::Here),
            ("portal.example", "/", Place::PortalHome),
            ("portal.example", "/app", Place::Nowhere),
            ("portal.example", "/app/sign-in", Place::Nowhere),
            ("portal.example", "/api/v1/targets", Place::Nowhere),
            ("portal.example", "/docs", Place::Nowhere),
            ("portal.example", "/partner", Place::Nowhere),
            ("portal.example:8443", "/app", Place::Here),
        ] {
            assert_eq!(place("portal.example", host, path), expected, "{host}{path}");
        }
    }

    #[test]
    fn a_host_is_a_name_with_or_without_a_port() {
        for host in [
            "portal.example.org",
            "portal.example.org:8443",
            "localhost",
            "127.0.0.1:3001",
        ] {
            assert!(is_host(host), "{host}");
        }
        for text in [
            "",
            "https://portal.example.org",
            "portal.example.org/",
            "a b",
            "user@host",
            "portal?x",
        ] {
            assert!(!is_host(text), "{text}");
        }
    }
}
