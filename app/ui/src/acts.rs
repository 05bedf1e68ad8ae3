//! Acts: what a form or button does. A plain form post ends in a redirect, with mistakes and what was typed kept in the
//! session; any other caller gets the status and the code.

use std::future::Future;

use axum::http::header::{ACCEPT, LOCATION};
use axum::http::{HeaderValue, StatusCode};
use domain::problems::Problem;
use http::request::Parts;
use leptos::prelude::*;
use leptos_axum::ResponseOptions;
use ordinavo_core::{Core, CoreError, CoreResult};
use tower_sessions::Session;

use crate::flash;
use crate::flash::Flash;
use crate::shell::locale;
use crate::words;

/// How much of a field is kept for the page that shows it again, in characters: more than any field may have.
const MOST_KEPT: usize = 10_000;

/// Where to go after an act, and what to say there.
pub struct Next {
    /// The page.
    pub to: String,
    /// A key of the app's words; `None` says nothing.
    pub done: Option<&'static str>,
    /// Something that only the next page shows, closed so that nobody else can read it.
    pub shown_once: Option<String>,
    /// What takes the act back, for as long as that is possible.
    pub undo: Option<String>,
}

impl Next {
    /// Goes to a page and says that it is done.
    pub fn to(path: impl Into<String>, done: &'static str) -> Self {
        Self {
            to: path.into(),
            done: Some(done),
            shown_once: None,
            undo: None,
        }
    }
}

/// Which form called, what was typed into it, and where it stands.
pub struct Sent<'a> {
    /// The form's name; empty for a button without fields.
    pub form: &'static str,
    /// What was typed, by field; secrets are left out.
    pub values: &'a [(&'a str, &'a str)],
    /// The page of the form.
    pub back: String,
}

/// Runs an act of a signed-in actor.
///
/// # Errors
/// Only to callers that do not take HTML: the code of the problem.
pub async fn act<A, Fut>(sent: Sent<'_>, work: impl FnOnce(Core, A) -> Fut) -> Result<(), ServerFnError>
where
    A: Clone + Send + Sync + 'static,
    Fut: Future<Output = CoreResult<Next>> + Send,
{
    let (Some(core), Some(actor)) = (use_context::<Core>(), use_context::<A>()) else {
        return finish(sent, Err(CoreError::new(Problem::MissingCredentials, "Sign in first."))).await;
    };
    let result = work(core, actor).await;
    finish(sent, result).await
}

/// Runs an act whose answer a script reads: what it says, or the status and what is wrong, in the reader's words.
///
/// # Errors
/// What is wrong, a line for each field.
pub async fn tell<A, T, Fut>(work: impl FnOnce(Core, A) -> Fut) -> Result<T, ServerFnError>
where
    A: Clone + Send + Sync + 'static,
    Fut: Future<Output = CoreResult<T>> + Send,
{
    let (Some(core), Some(actor)) = (use_context::<Core>(), use_context::<A>()) else {
        return Err(refuse(&CoreError::new(Problem::MissingCredentials, "Sign in first.")));
    };
    work(core, actor).await.map_err(|error| refuse(&error))
}

fn refuse(error: &CoreError) -> ServerFnError {
    if let Some(response) = use_context::<ResponseOptions>() {
        response.set_status(StatusCode::from_u16(error.problem.status()).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR));
    }
    let locale = locale();
    let lines = error
        .fields
        .iter()
        .map(|wrong| words::mistake(locale, &wrong.pointer, &wrong.code, &wrong.detail));
    let mut lines: Vec<String> = lines.collect();
    if lines.is_empty() {
        lines.push(words::error(locale, error.problem.code(), &error.detail));
    }
    ServerFnError::ServerError(lines.join("\n"))
}

/// Ends an act: redirect or status.
///
/// # Errors
/// As [`act`].
pub async fn finish(sent: Sent<'_>, result: CoreResult<Next>) -> Result<(), ServerFnError> {
    let (Some(parts), Some(response)) = (use_context::<Parts>(), use_context::<ResponseOptions>()) else {
        return Err(ServerFnError::ServerError("internal_error".to_owned()));
    };
    let takes_html = parts
        .headers
        .get(ACCEPT)
        .and_then(|value| value.to_str().ok())
        .is_some_and(|value| value.contains("text/html"));
    let session = parts.extensions.get::<Session>().cloned();
    match result {
        Ok(next) => {
            if let (Some(session), Some(done)) = (&session, next.done) {
                leave(
                    session,
                    Flash {
                        done: Some(done.to_owned()),
                        values: [(flash::SHOWN_ONCE, next.shown_once), (flash::UNDO, next.undo)]
                            .into_iter()
                            .filter_map(|(name, value)| Some((name.to_owned(), value?)))
                            .collect(),
                        ..Flash::default()
                    },
                )
                .await;
            }
            redirect(&response, &next.to);
            Ok(())
        }
        Err(error) if takes_html => {
            if let Some(session) = &session {
                let values = sent
                    .values
                    .iter()
                    .map(|(name, value)| ((*name).to_owned(), value.chars().take(MOST_KEPT).collect()))
                    .collect();
                let problem = Some((error.problem.code().to_owned(), error.detail));
                leave(
                    session,
                    Flash {
                        form: sent.form.to_owned(),
                        values,
                        errors: error.fields,
                        problem,
                        done: None,
                    },
                )
                .await;
            }
            redirect(&response, &sent.back);
            Ok(())
        }
        Err(error) => Err(refuse(&error)),
    }
}

async fn leave(session: &Session, flash: Flash) {
    if let Err(error) = session.insert(flash::KEY, flash).await {
        tracing::warn!(%error, "a message for the next page could not be kept");
    }
}

/// Sends the browser on with 303, so that going back or reloading never repeats the act.
pub fn redirect(response: &ResponseOptions, to: &str) {
    if let Ok(location) = HeaderValue::from_str(to) {
        response.insert_header(LOCATION, location);
        response.set_status(StatusCode::SEE_OTHER);
    }
}
