//! Pages: read what they show, then render once; every refusal has its own page with the right status.

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

use crate::flash;
use crate::flash::Flash;
use crate::parts::Instead;
use crate::viewer::Viewer;
use crate::word;

/// What a page needs of its request.
pub struct PageRequest {
    /// The use cases.
    pub core: Core,
    /// Who looks and how.
    pub viewer: Viewer,
    /// What the form before left behind.
    pub flash: Option<Flash>,
    params: ParamsMap,
    query: ParamsMap,
}

impl PageRequest {
    /// An id in the path.
    ///
    /// # Errors
    /// `not_found`: a path with something else leads nowhere.
    pub fn id<T: std::str::FromStr>(&self, name: &str) -> CoreResult<T> {
        self.params
            .get(name)
            .and_then(|text| text.parse().ok())
            .ok_or_else(CoreError::not_found)
    }

    /// A text in the query; empty if there is none.
    pub fn query(&self, name: &str) -> String {
        self.query.get(name).unwrap_or_default()
    }

    /// A place in a list, written by [`place`].
    pub fn place<T: std::str::FromStr>(&self, name: &str) -> Option<(chrono::DateTime<chrono::Utc>, T)> {
        let text = self.query.get(name)?;
        let (micros, id) = text.split_once('.')?;
        Some((
            chrono::DateTime::from_timestamp_micros(micros.parse().ok()?)?,
            id.parse().ok()?,
        ))
    }
}

/// Writes a row's place in a list for the query of the next page.
pub fn place(at: chrono::DateTime<chrono::Utc>, id: impl std::fmt::Display) -> String {
    format!("{}.{id}", at.timestamp_micros())
}

/// Renders a page whose content is read first.
pub fn page<Fut>(make: impl FnOnce(PageRequest) -> Fut) -> impl IntoView
where
    Fut: Future<Output = CoreResult<AnyView>> + Send + 'static,
{
    // At start the router is walked without a request.
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
    let content = make(request);
    Some(view! {
        <Suspense>
            {Suspend::new(async move {
                match content.await {
                    Ok(view) => view,
                    Err(error) => refused(&error, &viewer, &response),
                }
            })}
        </Suspense>
    })
}

/// Takes the message that the form before left in the session, once.
pub async fn take_flash(session: &Session) -> Option<Flash> {
    let flash = session.remove::<Flash>(flash::KEY).await.ok().flatten()?;
    // Saved at once: the answer's headers may be on their way before the page is rendered.
    if let Err(error) = session.save().await {
        tracing::warn!(%error, "a session could not be saved");
    }
    Some(flash)
}

/// The page in the place of one that cannot be shown. Hidden, foreign and missing things answer the same.
fn refused(error: &CoreError, viewer: &Viewer, response: &ResponseOptions) -> AnyView {
    let locale = viewer.locale;
    response.set_status(StatusCode::from_u16(error.problem.status()).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR));
    let (title, text) = match error.problem {
        Problem::NotFound => (word!(locale, "not-found-title"), word!(locale, "not-found-text")),
        Problem::PermissionDenied => (word!(locale, "denied-title"), word!(locale, "denied-text")),
        _ => (word!(locale, "server-error-title"), word!(locale, "server-error-text")),
    };
    view! {
        <Title text=title.clone()/>
        <Instead title text locale request_id=viewer.request_id.clone()/>
    }
    .into_any()
}

/// The page for an address that no route knows.
#[component]
pub fn NotFound() -> impl IntoView {
    page(|_| async { Err(CoreError::not_found()) })
}
