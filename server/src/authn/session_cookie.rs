//! The session cookie: its name per realm, and the session layer as the carrier of session IDs.

use std::sync::Arc;

use axum::extract::Request;
use axum::http::header::USER_AGENT;
use futures::FutureExt as _;
use futures::future::BoxFuture;
use ordinavo_core::identity::sessions::{Realm, RequestSession, SessionCarrier, SessionId};
use ordinavo_core::{CoreError, CoreResult};
use tower_sessions::Session;

use crate::public_limits::client_network;

/// The longest user agent that is stored for the list of sessions.
const MAX_USER_AGENT_CHARS: usize = 200;

/// Returns the name of a realm's session cookie, without the prefix that https adds.
pub const fn name(realm: Realm) -> &'static str {
    match realm {
        Realm::Staff => "ordinavo_staff",
        Realm::Portal => "ordinavo_portal",
        Realm::Partner => "ordinavo_partner",
    }
}

/// Returns the session of a request for the use cases of sign-in.
pub fn request_session(realm: Realm, session: Session, request: &Request) -> RequestSession {
    let user_agent = request
        .headers()
        .get(USER_AGENT)
        .and_then(|value| value.to_str().ok())
        .unwrap_or_default();
    RequestSession::new(
        realm,
        user_agent.chars().take(MAX_USER_AGENT_CHARS).collect(),
        client_network(request),
        Arc::new(CookieSession(session)),
    )
}

struct CookieSession(Session);

fn internal_error(error: impl std::fmt::Display) -> CoreError {
    CoreError::internal(error)
}

impl SessionCarrier for CookieSession {
    fn id(&self) -> Option<SessionId> {
        self.0.id().map(|id| SessionId(id.0))
    }

    fn renew(&self) -> BoxFuture<'_, CoreResult<SessionId>> {
        async {
            self.0.clear().await;
            self.0.cycle_id().await.map_err(internal_error)?;
            // Assigns the new ID, under which the use case stores the data.
            self.0.save().await.map_err(internal_error)?;
            self.id().ok_or_else(|| internal_error("the session has no ID"))
        }
        .boxed()
    }

    fn end(&self) -> BoxFuture<'_, CoreResult<()>> {
        async { self.0.flush().await.map_err(internal_error) }.boxed()
    }
}
