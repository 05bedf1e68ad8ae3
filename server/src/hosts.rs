//! Host-based routing for installations whose portal has its own host: portal pages are served only there, and nothing
//! else is.

use axum::extract::{Request, State};
use axum::http::header::HOST;
use axum::http::{StatusCode, Uri};
use axum::middleware::Next;
use axum::response::{IntoResponse as _, Redirect, Response};

use crate::serve::AppState;

/// What to do with a request, based on its host and path.
#[derive(Debug, PartialEq, Eq)]
enum Routing {
    Serve,
    /// Redirect to the same path on the portal host.
    RedirectToPortalHost,
    /// Redirect from the root of the portal host to the portal.
    RedirectToPortalHome,
    NotFound,
}

/// Returns whether a path is served on the portal host only. The staff app previews logo and style sheet, so these are not.
fn is_portal(path: &str) -> bool {
    (path == "/portal" || path.starts_with("/portal/")) && !is_shared(path)
}

/// Returns whether a path is served on both hosts.
fn is_shared(path: &str) -> bool {
    path == "/healthz" || path.starts_with("/pkg/") || path.starts_with("/portal/branding/")
}

/// Decides what to do with a request for `path` on `host`.
fn route(portal_host: &str, host: &str, path: &str) -> Routing {
    if !host.eq_ignore_ascii_case(portal_host) {
        return if is_portal(path) {
            Routing::RedirectToPortalHost
        } else {
            Routing::Serve
        };
    }
    match path {
        "/" => Routing::RedirectToPortalHome,
        path if is_portal(path) || is_shared(path) => Routing::Serve,
        _ => Routing::NotFound,
    }
}

/// Middleware that serves, redirects or rejects requests by host.
pub async fn route_by_host(State(state): State<AppState>, request: Request, next: Next) -> Response {
    let Some(portal_host) = state.config.portal_host() else {
        return next.run(request).await;
    };
    match route(portal_host, host(&request), request.uri().path()) {
        Routing::Serve => next.run(request).await,
        Routing::RedirectToPortalHome => Redirect::to("/portal").into_response(),
        // Only safe methods are redirected; the browser would send others as cross-origin requests.
        Routing::RedirectToPortalHost if request.method().is_safe() => {
            let path = request.uri().path_and_query().map_or("/portal", |path| path.as_str());
            Redirect::temporary(&format!("{}{path}", state.config.portal_url())).into_response()
        }
        Routing::RedirectToPortalHost | Routing::NotFound => (StatusCode::NOT_FOUND, "Page not found.").into_response(),
    }
}

/// Returns the host of a request; HTTP/2 sends it as the authority of the URI instead of a header.
pub fn host(request: &Request) -> &str {
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

/// Returns whether a text is a host with an optional port and nothing else.
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
    fn route_by_host_and_path_returns_routing() {
        for (host, path, expected) in [
            ("service.example", "/app/inbox", Routing::Serve),
            ("service.example", "/track/abc", Routing::Serve),
            ("service.example", "/portal", Routing::RedirectToPortalHost),
            ("service.example", "/portal/link/abc", Routing::RedirectToPortalHost),
            ("service.example", "/portal/branding/v/logo.png", Routing::Serve),
            ("portal.example", "/portal/branding/v/logo.png", Routing::Serve),
            ("service.example", "/portalx", Routing::Serve),
            ("Portal.Example", "/portal/requests", Routing::Serve),
            ("portal.example", "/pkg/portal.css", Routing::Serve),
            ("portal.example", "/", Routing::RedirectToPortalHome),
            ("portal.example", "/app", Routing::NotFound),
            ("portal.example", "/app/sign-in", Routing::NotFound),
            ("portal.example", "/api/v1/targets", Routing::NotFound),
            ("portal.example", "/docs", Routing::NotFound),
            ("portal.example", "/partner", Routing::NotFound),
            ("portal.example:8443", "/app", Routing::Serve),
        ] {
            assert_eq!(route("portal.example", host, path), expected, "{host}{path}");
        }
    }

    #[test]
    fn is_host_accepts_host_with_optional_port() {
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
