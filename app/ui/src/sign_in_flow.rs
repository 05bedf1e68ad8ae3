//! The sign-in steps that all apps share: signing in, choosing an organization, two-factor codes, signing out and
//! choosing a language. Each app has its own realm, session table and cookie.

use axum::http::HeaderValue;
use axum::http::header::SET_COOKIE;
use domain::locale::Locale;
use domain::problems::Problem;
use http::request::Parts;
use leptos::prelude::*;
use leptos_axum::ResponseOptions;
use ordinavo_core::identity::sessions::{ACCOUNT_KEY, IMPERSONATED_BY_KEY, Realm};
use ordinavo_core::identity::sign_in as service;
use ordinavo_core::identity::sign_in::SignInOutcome;
use ordinavo_core::identity::two_factor;
use ordinavo_core::portal_access::profile::USER_AGENT;
use ordinavo_core::{Core, CoreError, CoreResult};
use serde_json::Value;
use tower_sessions::Session;
use tower_sessions::cookie::{Cookie, SameSite, time};

use crate::actions::{FormSubmission, Redirect, respond_to_form};
use crate::format::escape_query;

/// Session key of the accounts a person can choose from.
const CHOICES: &str = "choices";
/// How long the choice stays open; after that the password is required again.
const CHOICE_LIFETIME: chrono::TimeDelta = chrono::TimeDelta::minutes(2);
/// The deadline of a choice, and for each account its organization name, admission and home page.
type Choices = (chrono::DateTime<chrono::Utc>, Vec<(String, SignInOutcome, String)>);
/// Session key of a sign-in that still needs a two-factor code.
const PENDING_CODE: &str = "waiting";
/// How long a code can be entered; after that sign-in starts over.
const PENDING_CODE_LIFETIME: chrono::TimeDelta = chrono::TimeDelta::minutes(5);
/// The deadline for the code, the account, and the page to go to.
type PendingCode = (chrono::DateTime<chrono::Utc>, Value, String);
/// The cookie that stores the language of visitors who are not signed in.
pub const LANGUAGE_COOKIE: &str = "ordinavo_language";

fn internal_error() -> CoreError {
    CoreError::new(Problem::InternalError, "Something went wrong on our side.")
}

fn session() -> CoreResult<Session> {
    use_context::<Parts>()
        .and_then(|parts| parts.extensions.get::<Session>().cloned())
        .ok_or_else(internal_error)
}

/// Returns the browser's user agent, at most 200 characters, for the list of sessions.
fn user_agent() -> String {
    use_context::<Parts>()
        .and_then(|parts| {
            let value = parts.headers.get(http::header::USER_AGENT)?.to_str().ok()?;
            Some(value.chars().take(200).collect())
        })
        .unwrap_or_default()
}

/// Assigns the session to an account under a new session ID, which prevents session fixation.
async fn open_session(session: &Session, account: &Value, view_as: Option<Value>) -> CoreResult<()> {
    session.clear().await;
    session
        .insert(ACCOUNT_KEY, account)
        .await
        .map_err(|_| internal_error())?;
    session
        .insert(USER_AGENT, user_agent())
        .await
        .map_err(|_| internal_error())?;
    if let Some(view_as_mark) = view_as {
        session
            .insert(IMPERSONATED_BY_KEY, view_as_mark)
            .await
            .map_err(|_| internal_error())?;
    }
    session.cycle_id().await.map_err(|_| internal_error())
}

/// Signs the account in, or sends it to the page that asks for a two-factor code. Returns the page to go to and whether
/// the account is signed in.
async fn admit(
    core: &Core,
    session: &Session,
    realm: Realm,
    outcome: &SignInOutcome,
    to: String,
) -> CoreResult<(String, bool)> {
    match outcome {
        SignInOutcome::Granted(account) => {
            open_session(session, account, None).await?;
            Ok((to, true))
        }
        SignInOutcome::NeedsCode(account) => {
            // A new session ID prevents fixation with an ID planted before the first factor.
            session.clear().await;
            let deadline = core.clock().now() + PENDING_CODE_LIFETIME;
            session
                .insert(PENDING_CODE, (deadline, account, to))
                .await
                .map_err(|_| internal_error())?;
            session.cycle_id().await.map_err(|_| internal_error())?;
            Ok((code_path(realm), false))
        }
    }
}

fn code_path(realm: Realm) -> String {
    format!("{}/sign-in/code", realm.prefix())
}

/// Returns whether this session still needs a two-factor code.
pub async fn is_code_pending(core: &Core, session: Option<&Session>) -> bool {
    match session {
        Some(session) => pending_code(core, session).await.is_some(),
        None => false,
    }
}

async fn pending_code(core: &Core, session: &Session) -> Option<(Value, String)> {
    match session.get::<PendingCode>(PENDING_CODE).await {
        Ok(Some((deadline, account, to))) if core.clock().now() < deadline => Some((account, to)),
        _ => None,
    }
}

/// Completes sign-in with a two-factor code.
///
/// # Errors
/// Only for callers that do not accept HTML.
pub async fn verify_code(realm: Realm, code: &str) -> Result<(), ServerFnError> {
    let (core, session) = (use_context::<Core>(), session());
    let mut back = code_path(realm);
    let result = async {
        let (core, session) = (core.ok_or_else(internal_error)?, session?);
        let Some((account, to)) = pending_code(&core, &session).await else {
            back = format!("{}/sign-in", realm.prefix());
            return Err(CoreError::new(Problem::MissingCredentials, "Sign in first."));
        };
        let signed_in = two_factor::complete(&core, &account, code).await;
        // The account is gone or its password was changed in the meantime: sign-in starts over.
        if matches!(&signed_in, Err(error) if error.problem == Problem::MissingCredentials) {
            back = format!("{}/sign-in", realm.prefix());
        }
        let (to, _) = admit(&core, &session, realm, &signed_in?.outcome, to).await?;
        Ok(Redirect {
            to,
            done: None,
            shown_once: None,
            undo: None,
        })
    }
    .await;
    let submission = FormSubmission {
        form: "code",
        values: &[],
        back,
    };
    respond_to_form(submission, result).await
}

/// Returns `next` if it is a page of the same app, otherwise `home`. Prevents open redirects.
fn safe_next(realm: Realm, next: &str, home: &str) -> String {
    let is_own_page = next == realm.prefix()
        || next
            .strip_prefix(realm.prefix())
            .is_some_and(|rest| rest.starts_with('/') && !rest.starts_with("/fn/"));
    if is_own_page && !next.contains(['\\', '\r', '\n']) && !next.contains("//") {
        next.to_owned()
    } else {
        home.to_owned()
    }
}

/// Signs in with email and password.
///
/// # Errors
/// Only for callers that do not accept HTML.
pub async fn sign_in(realm: Realm, email: &str, password: String, next: &str) -> Result<(), ServerFnError> {
    // A wrong password keeps the requested page.
    let requested_page = safe_next(realm, next, "");
    let back = if requested_page.is_empty() {
        format!("{}/sign-in", realm.prefix())
    } else {
        format!("{}/sign-in?next={}", realm.prefix(), escape_query(&requested_page))
    };
    let submission = FormSubmission {
        form: "sign-in",
        values: &[("email", email)],
        back,
    };
    let core = use_context::<Core>();
    let client_address = use_context::<Parts>()
        .and_then(|parts| {
            parts
                .extensions
                .get::<axum::extract::ConnectInfo<std::net::SocketAddr>>()
                .map(|info| info.0.ip().to_string())
        })
        .unwrap_or_default();
    let session = session();
    let result = async {
        let (core, session) = (core.ok_or_else(internal_error)?, session?);
        let mut accounts = service::sign_in(&core, realm, email, password.into(), &client_address).await?;
        if accounts.len() > 1 {
            let choices: Vec<_> = accounts
                .into_iter()
                .map(|account| (account.tenant_name, account.outcome, account.home))
                .collect();
            // A new session ID prevents fixation with an ID planted before the password was checked.
            session.clear().await;
            let deadline = core.clock().now() + CHOICE_LIFETIME;
            session
                .insert(CHOICES, (deadline, choices))
                .await
                .map_err(|_| internal_error())?;
            session.cycle_id().await.map_err(|_| internal_error())?;
            return Ok(Redirect {
                to: format!("{}/sign-in/choose", realm.prefix()),
                done: None,
                shown_once: None,
                undo: None,
            });
        }
        let account = accounts.pop().ok_or_else(internal_error)?;
        let to = safe_next(realm, next, account.home);
        let (to, _) = admit(&core, &session, realm, &account.outcome, to).await?;
        Ok(Redirect {
            to,
            done: None,
            shown_once: None,
            undo: None,
        })
    };
    respond_to_form(submission, result.await).await
}

/// Completes an action that proves who the user is, such as a link in an email, and signs the account in.
///
/// # Errors
/// Only for callers that do not accept HTML.
pub async fn complete_sign_in(
    submission: FormSubmission<'_>,
    realm: Realm,
    done: &'static str,
    work: impl Future<Output = CoreResult<(SignInOutcome, String)>>,
) -> Result<(), ServerFnError> {
    let (core, session) = (use_context::<Core>(), session());
    let result = async {
        let (outcome, home) = work.await?;
        let (to, is_signed_in) = admit(&core.ok_or_else(internal_error)?, &session?, realm, &outcome, home).await?;
        Ok(Redirect {
            to,
            done: is_signed_in.then_some(done),
            shown_once: None,
            undo: None,
        })
    };
    respond_to_form(submission, result.await).await
}

/// Starts a view-as session: a staff member sees the portal as the given account. `work` returns the account and the
/// mark of the session.
///
/// # Errors
/// Only for callers that do not accept HTML.
pub async fn start_view_as(
    submission: FormSubmission<'_>,
    home: &str,
    work: impl Future<Output = CoreResult<(Value, Value)>>,
) -> Result<(), ServerFnError> {
    let session = session();
    let result = async {
        let (account, view_as_mark) = work.await?;
        open_session(&session?, &account, Some(view_as_mark)).await?;
        Ok(Redirect {
            to: home.to_owned(),
            done: None,
            shown_once: None,
            undo: None,
        })
    };
    respond_to_form(submission, result.await).await
}

/// Returns the accounts this session can still choose from.
async fn pending_choices(core: &Core, session: &Session) -> Vec<(String, SignInOutcome, String)> {
    match session.get::<Choices>(CHOICES).await {
        Ok(Some((deadline, choices))) if core.clock().now() < deadline => choices,
        _ => Vec::new(),
    }
}

/// Returns the names of the organizations a person can choose from.
///
/// # Errors
/// `not_found` if there is nothing to choose.
pub async fn tenant_choices(core: &Core, session: Option<Session>) -> CoreResult<Vec<String>> {
    let choices = match session {
        Some(session) => pending_choices(core, &session).await,
        None => Vec::new(),
    };
    if choices.is_empty() {
        Err(CoreError::not_found())
    } else {
        Ok(choices.into_iter().map(|(name, _, _)| name).collect())
    }
}

/// Returns the session of the request.
pub fn request_session() -> Option<Session> {
    session().ok()
}

/// Signs in to one of several organizations.
///
/// # Errors
/// Only for callers that do not accept HTML.
pub async fn choose_tenant(realm: Realm, choice: usize) -> Result<(), ServerFnError> {
    let submission = FormSubmission {
        form: "",
        values: &[],
        back: format!("{}/sign-in", realm.prefix()),
    };
    let (core, session) = (use_context::<Core>(), session());
    let result = async {
        let (core, session) = (core.ok_or_else(internal_error)?, session?);
        let mut choices = pending_choices(&core, &session).await;
        if choice >= choices.len() {
            return Err(CoreError::new(Problem::MissingCredentials, "Sign in first."));
        }
        let (_, outcome, home) = choices.swap_remove(choice);
        let (to, _) = admit(&core, &session, realm, &outcome, home).await?;
        Ok(Redirect {
            to,
            done: None,
            shown_once: None,
            undo: None,
        })
    };
    respond_to_form(submission, result.await).await
}

/// Signs out.
///
/// # Errors
/// Only for callers that do not accept HTML.
pub async fn sign_out(realm: Realm) -> Result<(), ServerFnError> {
    let to = format!("{}/sign-in", realm.prefix());
    let submission = FormSubmission {
        form: "",
        values: &[],
        back: to.clone(),
    };
    let session = session();
    let result = async {
        session?.flush().await.map_err(|_| internal_error())?;
        Ok(Redirect {
            to,
            done: None,
            shown_once: None,
            undo: None,
        })
    };
    respond_to_form(submission, result.await).await
}

/// Sets the language: in a cookie for every visitor, and in the account through `save` for signed-in users.
///
/// # Errors
/// Only for callers that do not accept HTML.
pub async fn choose_language(
    realm: Realm,
    locale: &str,
    back: &str,
    save: impl AsyncFnOnce(Locale) -> CoreResult<()>,
) -> Result<(), ServerFnError> {
    let back = safe_next(realm, back, &format!("{}/sign-in", realm.prefix()));
    let submission = FormSubmission {
        form: "",
        values: &[],
        back: back.clone(),
    };
    let response = use_context::<ResponseOptions>();
    let result = async {
        let locale =
            Locale::from_tag(locale).ok_or_else(|| CoreError::field("locale", "required", "Choose a language."))?;
        save(locale).await?;
        if let (Some(response), Ok(cookie)) = (
            response,
            HeaderValue::from_str(
                &Cookie::build((LANGUAGE_COOKIE, locale.tag()))
                    .path(realm.prefix())
                    .max_age(time::Duration::days(365))
                    .same_site(SameSite::Lax)
                    .to_string(),
            ),
        ) {
            response.append_header(SET_COOKIE, cookie);
        }
        Ok(Redirect {
            to: back,
            done: None,
            shown_once: None,
            undo: None,
        })
    };
    respond_to_form(submission, result.await).await
}

/// Renders the language switch. Works without JavaScript and before sign-in.
#[component]
pub fn LanguageRow(locale: Locale, action: &'static str, #[prop(into)] back: String) -> impl IntoView {
    view! {
        <form class="languages" method="post" action=action>
            <input type="hidden" name="back" value=back/>
            {Locale::ALL.into_iter().map(|choice| {
                let is_current = (choice == locale).then_some("true");
                view! { <button class="button button-quiet" type="submit" name="locale" value=choice.tag() lang=choice.tag() aria-current=is_current>{choice.own_name()}</button> }
            }).collect_view()}
        </form>
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn safe_next_foreign_page_returns_home() {
        for (next, expected) in [
            ("/app/inbox", "/app/inbox"),
            ("/app/day?date=2026-11-24", "/app/day?date=2026-11-24"),
            ("/app/fn/sign-out", "/home"),
            ("/apple", "/home"),
            ("//evil.example", "/home"),
            ("/app//evil.example", "/home"),
            ("https://evil.example/app/", "/home"),
            ("/app/\\evil", "/home"),
            ("/portal", "/home"),
            ("", "/home"),
        ] {
            assert_eq!(safe_next(Realm::Staff, next, "/home"), expected, "{next}");
        }
    }
}
