//! Page loading: reads the data of a page, then renders it once. Every error renders an error page with the matching
//! status.

use std::future::Future;

use crate::title::Title;
use axum::http::StatusCode;
use domain::problems::Problem;
use leptos::prelude::*;
use leptos_axum::ResponseOptions;
use leptos_router::hooks::{use_params_map, use_query_map};
use leptos_router::params::ParamsMap;
use ordinavo_core::{Core, CoreError, CoreResult};
use tower_sessions::Session;
use tracing::Instrument as _;

use crate::components::ErrorPage;
use crate::drafts::UnsentTexts;
use crate::flash;
use crate::flash::Flash;
use crate::viewer::Viewer;
use crate::word;

/// What a page receives from its request.
pub struct PageRequest {
    pub core: Core,
    pub viewer: Viewer,
    /// The message left by the previous form.
    pub flash: Option<Flash>,
    params: ParamsMap,
    query: ParamsMap,
}

impl PageRequest {
    /// Parses an ID from the path.
    ///
    /// # Errors
    /// `not_found` if the parameter is missing or is not a valid ID.
    pub fn id<T: std::str::FromStr>(&self, name: &str) -> CoreResult<T> {
        self.params
            .get(name)
            .and_then(|text| text.parse().ok())
            .ok_or_else(CoreError::not_found)
    }

    /// Returns a query parameter; empty if it is missing.
    pub fn query(&self, name: &str) -> String {
        self.query.get(name).unwrap_or_default()
    }

    /// Parses a cursor written by [`cursor`] from the query.
    pub fn cursor<T: std::str::FromStr>(&self, name: &str) -> Option<(chrono::DateTime<chrono::Utc>, T)> {
        let text = self.query.get(name)?;
        let (micros, id) = text.split_once('.')?;
        Some((ordinavo_core::page::cursor_time(micros.parse().ok()?), id.parse().ok()?))
    }
}

/// Formats the cursor of a row for the query of the next page.
pub fn cursor(at: chrono::DateTime<chrono::Utc>, id: impl std::fmt::Display) -> String {
    format!("{}.{id}", at.timestamp_micros())
}

/// Renders a page after its content has been loaded.
pub fn page<Fut>(load: impl FnOnce(PageRequest) -> Fut) -> impl IntoView
where
    Fut: Future<Output = CoreResult<AnyView>> + Send + 'static,
{
    // Route generation at startup runs without a request.
    let (core, viewer, response) = (
        use_context::<Core>()?,
        use_context::<Viewer>()?,
        use_context::<ResponseOptions>()?,
    );
    let params = use_params_map().get_untracked();
    let query = use_query_map().get_untracked();
    let request = PageRequest {
        core,
        viewer: viewer.clone(),
        flash: use_context::<Flash>(),
        params,
        query,
    };
    // The data may be loaded on another task, whose log lines belong to the request too.
    let content = load(request).in_current_span();
    Some(view! {
        <Suspense>
            {Suspend::new(async move {
                match content.await {
                    // The forms of the page have been rendered by now.
                    Ok(view) => view! { <UnsentTexts/>{view} }.into_any(),
                    Err(error) => error_page(&error, &viewer, &response),
                }
            })}
        </Suspense>
    })
}

/// Removes the flash message from the session and returns it.
pub async fn take_flash(session: &Session) -> Option<Flash> {
    let flash = session.remove::<Flash>(flash::KEY).await.ok().flatten()?;
    // Saved immediately: the response headers may be sent before the page is rendered.
    if let Err(error) = session.save().await {
        tracing::warn!(%error, "failed to save session");
    }
    Some(flash)
}

/// Renders the error page. Hidden, foreign and missing records give the same response.
fn error_page(error: &CoreError, viewer: &Viewer, response: &ResponseOptions) -> AnyView {
    error.log();
    let locale = viewer.locale;
    response.set_status(StatusCode::from_u16(error.problem.status()).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR));
    let (title, text) = match error.problem {
        Problem::NotFound => (word!(locale, "not-found-title"), word!(locale, "not-found-text")),
        Problem::PermissionDenied => (word!(locale, "denied-title"), word!(locale, "denied-text")),
        _ => (word!(locale, "server-error-title"), word!(locale, "server-error-text")),
    };
    view! {
        <Title text=title.clone()/>
        <ErrorPage title text locale request_id=viewer.request_id.clone()/>
    }
    .into_any()
}

/// The page for a path that matches no route.
#[component]
pub fn NotFound() -> impl IntoView {
    page(|_| async { Err(CoreError::not_found()) })
}
