//! Actions: what a form or button runs. A plain form post ends in a redirect, and validation errors and typed values
//! are stored for the next page, in the session or, without an account, in a cookie; any other caller gets the status and the error code.

use std::collections::BTreeMap;
use std::fmt::Display;
use std::future::Future;
use std::pin::Pin;
use std::str::FromStr;

use axum::http::header::{ACCEPT, LOCATION, SET_COOKIE};
use axum::http::{HeaderValue, StatusCode};
use domain::fields::FieldError;
use domain::problems::Cause;
use http::request::Parts;
use leptos::prelude::*;
use leptos_axum::ResponseOptions;
use ordinavo_core::identity::actors::Author;
use ordinavo_core::{Core, CoreError, CoreResult};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::Value;
use tower_sessions::Session;

use crate::drafts;
use crate::drafts::SubmittedFor;
use crate::flash;
use crate::flash::Flash;
use crate::flash_cookie::FlashCookie;
use crate::i18n;
use crate::shell::locale;

/// Longest value stored for redisplay. Larger than any field allows, so that a valid value is never cut.
const MAX_FLASH_VALUE_CHARS: usize = 10_000;

/// Where to go after an action, and what to show there.
pub struct Redirect {
    pub to: String,
    /// A key of the app's texts; `None` shows no message.
    pub done: Option<&'static str>,
    /// A value that only the next page shows, sealed before it is stored in the session.
    pub shown_once: Option<String>,
    /// The token that undoes the action while that is possible.
    pub undo: Option<String>,
    /// Files of the form that were left out, with the reason.
    pub refused: Vec<FieldError>,
    /// Whether the form was only previewed, so that its draft is kept.
    pub keeps_draft: bool,
}

impl Redirect {
    /// Redirects to a page and shows a success message there.
    pub fn to(path: impl Into<String>, done: &'static str) -> Self {
        Self {
            to: path.into(),
            done: Some(done),
            shown_once: None,
            undo: None,
            refused: Vec::new(),
            keeps_draft: false,
        }
    }

    /// Redirects to a page without a message.
    pub fn without_message(path: impl Into<String>) -> Self {
        Self {
            to: path.into(),
            done: None,
            shown_once: None,
            undo: None,
            refused: Vec::new(),
            keeps_draft: false,
        }
    }

    /// Shows a sealed secret on the next page only.
    pub fn with_secret(mut self, sealed: String) -> Self {
        self.shown_once = Some(sealed);
        self
    }

    /// Tells on the next page which files were left out.
    pub fn without_files(mut self, refused: Vec<FieldError>) -> Self {
        self.refused = refused;
        self
    }
}

/// The form that called an action, what was typed into it, and the page that contains it.
pub struct FormSubmission<'a> {
    /// The form's name; empty for a button without fields.
    pub form: &'static str,
    /// The typed values by field, without secrets.
    pub values: &'a [(&'a str, &'a str)],
    /// The path of the page that contains the form.
    pub back: String,
    /// See [`ActionForm::item`].
    pub item: String,
}

/// The typed input of an action: the fields that a form or button sends.
pub trait ActionForm: Serialize {
    /// The form's name, unique on its page; empty for a button without fields.
    const NAME: &'static str = "";
    /// Fields that are never stored for redisplay, such as passwords.
    const TRANSIENT_FIELDS: &'static [&'static str] = &[];

    /// Returns the path of the page that contains the form.
    fn back(&self) -> String;

    /// Returns the record that the form is about, if its page shows the form for several, or if the path of the page does not
    /// name it. A draft belongs to one record.
    fn item(&self) -> String {
        String::new()
    }
}

/// An ID in a form. An ID that cannot be parsed leads to the same error as that of a record that does not exist.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FormId<T>(Option<T>);

impl<T: Copy> FormId<T> {
    /// Returns the ID.
    ///
    /// # Errors
    /// `not_found` for anything but an ID of this kind.
    pub fn get(self) -> CoreResult<T> {
        self.0.ok_or_else(CoreError::not_found)
    }

    /// Returns the ID, if it is one.
    pub const fn ok(self) -> Option<T> {
        self.0
    }

    /// Returns the path of the record below the path of the list, or that of the list for anything but an ID.
    pub fn path_below(self, list: &str) -> String
    where
        T: Display,
    {
        match self.0 {
            Some(id) => format!("{list}/{id}"),
            None => list.to_owned(),
        }
    }
}

impl<T> Default for FormId<T> {
    fn default() -> Self {
        Self(None)
    }
}

impl<T: Display> Serialize for FormId<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match &self.0 {
            Some(id) => serializer.collect_str(id),
            None => serializer.serialize_str(""),
        }
    }
}

impl<'de, T: FromStr> Deserialize<'de> for FormId<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer).map(|text| Self(text.parse().ok()))
    }
}

/// Runs an action of a signed-in actor on the fields of a form. After an error the page shows the typed values again.
///
/// # Errors
/// Only for callers that do not accept HTML: the code of the problem.
pub async fn submit<A, F, Fut>(form: F, work: impl FnOnce(Core, A, F) -> Fut + Send) -> Result<(), ServerFnError>
where
    A: Author + Clone + 'static,
    F: ActionForm + Send,
    Fut: Future<Output = CoreResult<Redirect>> + Send,
{
    let (typed, back, item) = (typed_values(&form), form.back(), form.item());
    let values = borrow_values(&typed);
    let submission = FormSubmission {
        form: F::NAME,
        values: &values,
        back,
        item,
    };
    // Boxed: what follows is compiled once for an actor, not once for each form.
    run_action(submission, Box::new(|core, actor| Box::pin(work(core, actor, form)))).await
}

/// Runs an action that needs no account, such as sign-in, on the fields of a form. After an error the page shows the
/// typed values again.
///
/// # Errors
/// As [`submit`].
pub async fn submit_public<F, Fut>(form: F, work: impl FnOnce(Core, F) -> Fut) -> Result<(), ServerFnError>
where
    F: ActionForm,
    Fut: Future<Output = CoreResult<Redirect>>,
{
    let (typed, back, item) = (typed_values(&form), form.back(), form.item());
    let result = match use_context::<Core>() {
        Some(core) => work(core, form).await,
        None => Err(CoreError::new(Cause::Internal)),
    };
    let submission = FormSubmission {
        form: F::NAME,
        values: &borrow_values(&typed),
        back,
        item,
    };
    respond_to_form(submission, result).await
}

/// Returns the fields that a form shows again, as text; the values of a list are joined with spaces, as forms read them
/// back. A form without a name shows nothing again.
pub fn typed_values<F: ActionForm>(form: &F) -> BTreeMap<String, String> {
    if F::NAME.is_empty() {
        return BTreeMap::new();
    }
    serde_json::to_value(form)
        .map(|fields| texts_of_fields(fields, F::TRANSIENT_FIELDS))
        .unwrap_or_default()
}

fn texts_of_fields(fields: Value, transient: &[&str]) -> BTreeMap<String, String> {
    let Value::Object(fields) = fields else {
        return BTreeMap::new();
    };
    let text = |value: Value| match value {
        Value::Null => None,
        Value::String(text) => Some(text),
        Value::Array(items) => {
            let items: Vec<&str> = items.iter().filter_map(Value::as_str).collect();
            Some(items.join(" "))
        }
        other => Some(other.to_string()),
    };
    fields
        .into_iter()
        .filter(|(name, _)| !transient.contains(&name.as_str()))
        .filter_map(|(name, value)| Some((name, text(value)?)))
        .collect()
}

fn borrow_values(typed: &BTreeMap<String, String>) -> Vec<(&str, &str)> {
    let typed = typed.iter();
    typed.map(|(name, value)| (name.as_str(), value.as_str())).collect()
}

/// What an action is going to return.
type Outcome<'a> = Pin<Box<dyn Future<Output = CoreResult<Redirect>> + Send + 'a>>;

/// Runs an action of a signed-in actor.
///
/// # Errors
/// Only for callers that do not accept HTML: the code of the problem.
async fn run_action<'a, A: Author + Clone + 'static>(
    submission: FormSubmission<'a>,
    work: Box<dyn FnOnce(Core, A) -> Outcome<'a> + Send + 'a>,
) -> Result<(), ServerFnError> {
    let (Some(core), Some(actor)) = (use_context::<Core>(), use_context::<A>()) else {
        return answer_signed_out(submission).await;
    };
    if let Err(error) = drafts::ensure_own_form(&actor) {
        if let Some(SubmittedFor(Some(owner))) = use_context::<SubmittedFor>() {
            drafts::keep_for_owner(&core, &owner, &submission).await;
        }
        let without_values = FormSubmission {
            values: &[],
            ..submission
        };
        return respond_to_form(without_values, Err(error)).await;
    }
    let result = work(core.clone(), actor.clone()).await;
    drafts::after_action(&core, &actor, &submission, &result).await;
    respond_to_form(submission, result).await
}

/// Answers a form that was sent without a session: what was typed is kept for the account for which the form was
/// rendered, and sign-in leads back to it.
async fn answer_signed_out(submission: FormSubmission<'_>) -> Result<(), ServerFnError> {
    let owner = use_context::<SubmittedFor>().and_then(|submitted| submitted.0);
    let (Some(core), Some(response), Some(owner)) = (use_context::<Core>(), use_context::<ResponseOptions>(), owner)
    else {
        return respond_to_form(submission, Err(CoreError::new(Cause::SignInRequired))).await;
    };
    drafts::keep_for_owner(&core, &owner, &submission).await;
    if !accepts_html() {
        return Err(server_error(&CoreError::new(Cause::SignInRequired)));
    }
    drafts::sign_in_to_continue(&response, &owner, &submission.back);
    Ok(())
}

/// Returns whether a browser sent the form that is being answered.
fn accepts_html() -> bool {
    let parts = use_context::<Parts>();
    let accept = parts
        .as_ref()
        .and_then(|parts| parts.headers.get(ACCEPT)?.to_str().ok());
    accept.is_some_and(|value| value.contains("text/html"))
}

/// Runs an action whose result a script reads: the value, or the status and the errors in the reader's language.
///
/// # Errors
/// The validation errors, one line for each field.
pub async fn respond<A, T, Fut>(work: impl FnOnce(Core, A) -> Fut) -> Result<T, ServerFnError>
where
    A: Clone + Send + Sync + 'static,
    Fut: Future<Output = CoreResult<T>> + Send,
{
    let (Some(core), Some(actor)) = (use_context::<Core>(), use_context::<A>()) else {
        return Err(server_error(&CoreError::new(Cause::SignInRequired)));
    };
    work(core, actor).await.map_err(|error| server_error(&error))
}

pub(crate) fn server_error(error: &CoreError) -> ServerFnError {
    error.log();
    if let Some(response) = use_context::<ResponseOptions>() {
        response.set_status(StatusCode::from_u16(error.problem.status()).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR));
    }
    let locale = locale();
    let lines = error
        .fields
        .iter()
        .map(|wrong| i18n::errors::field_error(locale, wrong));
    let mut lines: Vec<String> = lines.collect();
    if lines.is_empty() {
        lines.push(i18n::errors::cause(locale, &error.cause));
    }
    ServerFnError::ServerError(lines.join("\n"))
}

/// Answers a form post: a redirect for browsers, a status for other callers.
///
/// # Errors
/// As [`submit`].
pub async fn respond_to_form(
    submission: FormSubmission<'_>,
    result: CoreResult<Redirect>,
) -> Result<(), ServerFnError> {
    let (Some(parts), Some(response)) = (use_context::<Parts>(), use_context::<ResponseOptions>()) else {
        return Err(ServerFnError::ServerError("internal_error".to_owned()));
    };
    let accepts_html = accepts_html();
    let session = parts.extensions.get::<Session>().cloned();
    match result {
        Ok(next) => {
            let flash = Flash {
                done: next.done.map(str::to_owned),
                values: [(flash::SHOWN_ONCE, next.shown_once), (flash::UNDO, next.undo)]
                    .into_iter()
                    .filter_map(|(name, value)| Some((name.to_owned(), value?)))
                    .collect(),
                errors: next.refused,
                ..Flash::default()
            };
            let is_empty = flash.done.is_none() && flash.values.is_empty() && flash.errors.is_empty();
            if let Some(session) = session.as_ref().filter(|_| !is_empty) {
                store_flash(&parts, &response, session, flash).await;
            }
            redirect(&response, &next.to);
            Ok(())
        }
        Err(error) if accepts_html => {
            error.log();
            if let Some(session) = &session {
                let values = submission
                    .values
                    .iter()
                    .map(|(name, value)| ((*name).to_owned(), value.chars().take(MAX_FLASH_VALUE_CHARS).collect()))
                    .collect();
                store_flash(
                    &parts,
                    &response,
                    session,
                    Flash {
                        form: submission.form.to_owned(),
                        values,
                        errors: error.fields,
                        cause: Some(error.cause),
                        done: None,
                    },
                )
                .await;
            }
            redirect(&response, &submission.back);
            Ok(())
        }
        Err(error) => Err(server_error(&error)),
    }
}

/// Keeps a message for the next page. Visitors without an account must not fill the database: the message goes to a cookie.
async fn store_flash(parts: &Parts, response: &ResponseOptions, session: &Session, flash: Flash) {
    if let Some(cookie) = parts.extensions.get::<FlashCookie>() {
        if let Some(header) = cookie.seal(flash) {
            response.append_header(SET_COOKIE, header);
        }
        return;
    }
    if let Err(error) = session.insert(flash::KEY, flash).await {
        tracing::warn!(%error, "failed to store flash message");
    }
}

/// Redirects with 303, so that going back or reloading never repeats the action.
pub fn redirect(response: &ResponseOptions, to: &str) {
    if let Ok(location) = HeaderValue::from_str(to) {
        response.insert_header(LOCATION, location);
        response.set_status(StatusCode::SEE_OTHER);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Default, Serialize, Deserialize)]
    #[serde(default)]
    struct TestForm {
        id: FormId<u32>,
        password: String,
        text: String,
        files: Vec<String>,
        ticked: Option<String>,
        unticked: Option<String>,
    }

    impl ActionForm for TestForm {
        const NAME: &'static str = "test";
        const TRANSIENT_FIELDS: &'static [&'static str] = &["password"];

        fn back(&self) -> String {
            self.id.path_below("/list")
        }
    }

    #[test]
    fn typed_values_leave_out_secrets_and_unticked_boxes() {
        let form = TestForm {
            password: "secret".to_owned(),
            text: "typed".to_owned(),
            files: vec!["a".to_owned(), "b".to_owned()],
            ticked: Some("on".to_owned()),
            ..TestForm::default()
        };
        let typed = typed_values(&form);
        let expected = [("files", "a b"), ("id", ""), ("text", "typed"), ("ticked", "on")];
        assert_eq!(borrow_values(&typed), expected);
    }

    #[test]
    fn path_below_without_id_returns_list() {
        for (id, expected) in [("7", "/list/7"), ("x", "/list"), ("//evil.example", "/list")] {
            let form = serde_json::from_value::<TestForm>(serde_json::json!({ "id": id }));
            assert_eq!(form.map(|form| form.back()).ok().as_deref(), Some(expected), "{id}");
        }
    }
}
