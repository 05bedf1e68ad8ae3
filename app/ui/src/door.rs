//! What the sign-in pages of both apps share: entering, choosing a tenant, leaving, choosing a language. Each app has its
//! own door, session table and cookie; only the steps are the same.

use axum::http::HeaderValue;
use axum::http::header::SET_COOKIE;
use domain::locale::Locale;
use domain::problems::Problem;
use http::request::Parts;
use leptos::prelude::*;
use leptos_axum::ResponseOptions;
use ordinavo_core::identity::sessions::{ACCOUNT, Door, LOOK};
use ordinavo_core::identity::sign_in as service;
use ordinavo_core::identity::sign_in::Admission;
use ordinavo_core::identity::two_factor;
use ordinavo_core::portal_access::profile::AGENT;
use ordinavo_core::{Core, CoreError, CoreResult};
use serde_json::Value;
use tower_sessions::Session;

use crate::acts::{Next, Sent, finish};
use crate::format::escape_query;

/// Where the session keeps the accounts among which a person chooses: tenant, account, home.
const CHOICES: &str = "choices";
/// How long the choice stays open; then the password is asked again.
const CHOICE_LASTS: chrono::TimeDelta = chrono::TimeDelta::minutes(2);
/// Until when one may choose, and among which: tenant, account, home.
type Choices = (chrono::DateTime<chrono::Utc>, Vec<(String, Admission, String)>);
/// Where the session keeps who has yet to give a code.
const WAITING: &str = "waiting";
/// How long a code may take; then signing in begins anew.
const WAITING_LASTS: chrono::TimeDelta = chrono::TimeDelta::minutes(5);
/// Until when a code may be given, for which account, and where one wants to go.
type Waiting = (chrono::DateTime<chrono::Utc>, Value, String);
/// The cookie that keeps the language of people who have not signed in.
pub const LANGUAGE_COOKIE: &str = "ordinavo_language";

fn broken() -> CoreError {
    CoreError::new(Problem::InternalError, "Something went wrong on our side.")
}

fn session() -> CoreResult<Session> {
    use_context::<Parts>()
        .and_then(|parts| parts.extensions.get::<Session>().cloned())
        .ok_or_else(broken)
}

/// What the browser calls itself, for the list of one's sessions.
fn agent() -> String {
    use_context::<Parts>()
        .and_then(|parts| {
            let value = parts.headers.get(http::header::USER_AGENT)?.to_str().ok()?;
            Some(value.chars().take(200).collect())
        })
        .unwrap_or_default()
}

/// Gives the session to an account under a new id, so that an id planted before sign-in is worth nothing.
async fn enter(session: &Session, account: &Value, look: Option<Value>) -> CoreResult<()> {
    session.clear().await;
    session.insert(ACCOUNT, account).await.map_err(|_| broken())?;
    session.insert(AGENT, agent()).await.map_err(|_| broken())?;
    if let Some(by) = look {
        session.insert(LOOK, by).await.map_err(|_| broken())?;
    }
    session.cycle_id().await.map_err(|_| broken())
}

/// Lets whoever has given every proof in, and sends whoever has yet to give a code to the page for it. The answer is where
/// to go, and whether they are in.
async fn admit(
    core: &Core,
    session: &Session,
    door: Door,
    admission: &Admission,
    to: String,
) -> CoreResult<(String, bool)> {
    match admission {
        Admission::Granted(account) => {
            enter(session, account, None).await?;
            Ok((to, true))
        }
        Admission::NeedsCode(account) => {
            // Under a new id: an id that was planted before the first proof is worth nothing now.
            session.clear().await;
            let deadline = core.clock().now() + WAITING_LASTS;
            session
                .insert(WAITING, (deadline, account, to))
                .await
                .map_err(|_| broken())?;
            session.cycle_id().await.map_err(|_| broken())?;
            Ok((code_page(door), false))
        }
    }
}

fn code_page(door: Door) -> String {
    format!("{}/sign-in/code", door.prefix())
}

/// Whether somebody in this session has yet to give a code.
pub async fn waits_for_code(core: &Core, session: Option<&Session>) -> bool {
    match session {
        Some(session) => open_waiting(core, session).await.is_some(),
        None => false,
    }
}

async fn open_waiting(core: &Core, session: &Session) -> Option<(Value, String)> {
    match session.get::<Waiting>(WAITING).await {
        Ok(Some((deadline, account, to))) if core.clock().now() < deadline => Some((account, to)),
        _ => None,
    }
}

/// Ends signing in with a code.
///
/// # Errors
/// Only to callers that do not take HTML.
pub async fn give_code(door: Door, code: &str) -> Result<(), ServerFnError> {
    let (core, session) = (use_context::<Core>(), session());
    let mut back = code_page(door);
    let result = async {
        let (core, session) = (core.ok_or_else(broken)?, session?);
        let Some((account, to)) = open_waiting(&core, &session).await else {
            back = format!("{}/sign-in", door.prefix());
            return Err(CoreError::new(Problem::MissingCredentials, "Sign in first."));
        };
        let signed_in = two_factor::complete(&core, &account, code).await;
        // Whoever changed the password meanwhile has sent everybody back to the beginning.
        if matches!(&signed_in, Err(error) if error.problem == Problem::MissingCredentials) {
            back = format!("{}/sign-in", door.prefix());
        }
        let (to, _) = admit(&core, &session, door, &signed_in?.admission, to).await?;
        Ok(Next {
            to,
            done: None,
            shown_once: None,
            undo: None,
        })
    }
    .await;
    let sent = Sent {
        form: "code",
        values: &[],
        back,
    };
    finish(sent, result).await
}

/// Only a page of the same app is followed after sign-in.
fn safe_next(door: Door, next: &str, home: &str) -> String {
    let own = next == door.prefix()
        || next
            .strip_prefix(door.prefix())
            .is_some_and(|rest| rest.starts_with('/') && !rest.starts_with("/fn/"));
    if own && !next.contains(['\\', '\r', '\n']) && !next.contains("//") {
        next.to_owned()
    } else {
        home.to_owned()
    }
}

/// Signs in with e-mail and password.
///
/// # Errors
/// Only to callers that do not take HTML.
pub async fn sign_in(door: Door, email: &str, password: String, next: &str) -> Result<(), ServerFnError> {
    // A mistyped password does not forget where one wanted to go.
    let wanted = safe_next(door, next, "");
    let back = if wanted.is_empty() {
        format!("{}/sign-in", door.prefix())
    } else {
        format!("{}/sign-in?next={}", door.prefix(), escape_query(&wanted))
    };
    let sent = Sent {
        form: "sign-in",
        values: &[("email", email)],
        back,
    };
    let core = use_context::<Core>();
    let address = use_context::<Parts>()
        .and_then(|parts| {
            parts
                .extensions
                .get::<axum::extract::ConnectInfo<std::net::SocketAddr>>()
                .map(|info| info.0.ip().to_string())
        })
        .unwrap_or_default();
    let session = session();
    let result = async {
        let (core, session) = (core.ok_or_else(broken)?, session?);
        let mut accounts = service::sign_in(&core, door, email, password.into(), &address).await?;
        if accounts.len() > 1 {
            let choices: Vec<_> = accounts
                .into_iter()
                .map(|account| (account.tenant_name, account.admission, account.home))
                .collect();
            // Under a new id: an id that was planted before the password is worth nothing now.
            session.clear().await;
            let deadline = core.clock().now() + CHOICE_LASTS;
            session
                .insert(CHOICES, (deadline, choices))
                .await
                .map_err(|_| broken())?;
            session.cycle_id().await.map_err(|_| broken())?;
            return Ok(Next {
                to: format!("{}/sign-in/choose", door.prefix()),
                done: None,
                shown_once: None,
                undo: None,
            });
        }
        let account = accounts.pop().ok_or_else(broken)?;
        let to = safe_next(door, next, account.home);
        let (to, _) = admit(&core, &session, door, &account.admission, to).await?;
        Ok(Next {
            to,
            done: None,
            shown_once: None,
            undo: None,
        })
    };
    finish(sent, result.await).await
}

/// Ends an act that shows who somebody is, for example by a link in a mail: gives the session to the account.
///
/// # Errors
/// Only to callers that do not take HTML.
pub async fn enter_by(
    sent: Sent<'_>,
    door: Door,
    done: &'static str,
    work: impl Future<Output = CoreResult<(Admission, String)>>,
) -> Result<(), ServerFnError> {
    let (core, session) = (use_context::<Core>(), session());
    let result = async {
        let (admission, home) = work.await?;
        let (to, is_in) = admit(&core.ok_or_else(broken)?, &session?, door, &admission, home).await?;
        Ok(Next {
            to,
            done: is_in.then_some(done),
            shown_once: None,
            undo: None,
        })
    };
    finish(sent, result.await).await
}

/// Opens the portal for a member of the staff as an account sees it: the account, and what marks the session as a look.
///
/// # Errors
/// Only to callers that do not take HTML.
pub async fn look_by(
    sent: Sent<'_>,
    home: &str,
    work: impl Future<Output = CoreResult<(Value, Value)>>,
) -> Result<(), ServerFnError> {
    let session = session();
    let result = async {
        let (account, by) = work.await?;
        enter(&session?, &account, Some(by)).await?;
        Ok(Next {
            to: home.to_owned(),
            done: None,
            shown_once: None,
            undo: None,
        })
    };
    finish(sent, result.await).await
}

/// What a session may still choose among.
async fn open_choices(core: &Core, session: &Session) -> Vec<(String, Admission, String)> {
    match session.get::<Choices>(CHOICES).await {
        Ok(Some((deadline, choices))) if core.clock().now() < deadline => choices,
        _ => Vec::new(),
    }
}

/// The names of the tenants among which a person chooses.
///
/// # Errors
/// `not_found` if there is nothing to choose.
pub async fn choices(core: &Core, session: Option<Session>) -> CoreResult<Vec<String>> {
    let choices = match session {
        Some(session) => open_choices(core, &session).await,
        None => Vec::new(),
    };
    if choices.is_empty() {
        Err(CoreError::not_found())
    } else {
        Ok(choices.into_iter().map(|(name, _, _)| name).collect())
    }
}

/// The session of the request, for pages.
pub fn request_session() -> Option<Session> {
    session().ok()
}

/// Enters one of several tenants.
///
/// # Errors
/// Only to callers that do not take HTML.
pub async fn choose_tenant(door: Door, choice: usize) -> Result<(), ServerFnError> {
    let sent = Sent {
        form: "",
        values: &[],
        back: format!("{}/sign-in", door.prefix()),
    };
    let (core, session) = (use_context::<Core>(), session());
    let result = async {
        let (core, session) = (core.ok_or_else(broken)?, session?);
        let mut choices = open_choices(&core, &session).await;
        if choice >= choices.len() {
            return Err(CoreError::new(Problem::MissingCredentials, "Sign in first."));
        }
        let (_, admission, home) = choices.swap_remove(choice);
        let (to, _) = admit(&core, &session, door, &admission, home).await?;
        Ok(Next {
            to,
            done: None,
            shown_once: None,
            undo: None,
        })
    };
    finish(sent, result.await).await
}

/// Ends the session.
///
/// # Errors
/// Only to callers that do not take HTML.
pub async fn sign_out(door: Door) -> Result<(), ServerFnError> {
    let to = format!("{}/sign-in", door.prefix());
    let sent = Sent {
        form: "",
        values: &[],
        back: to.clone(),
    };
    let session = session();
    let result = async {
        session?.flush().await.map_err(|_| broken())?;
        Ok(Next {
            to,
            done: None,
            shown_once: None,
            undo: None,
        })
    };
    finish(sent, result.await).await
}

/// Chooses the language: in a cookie for everybody, and in the account by `save` for who is signed in.
///
/// # Errors
/// Only to callers that do not take HTML.
pub async fn choose_language(
    door: Door,
    locale: &str,
    back: &str,
    save: impl AsyncFnOnce(Locale) -> CoreResult<()>,
) -> Result<(), ServerFnError> {
    let back = safe_next(door, back, &format!("{}/sign-in", door.prefix()));
    let sent = Sent {
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
            HeaderValue::from_str(&format!(
                "{LANGUAGE_COOKIE}={}; Path={}; Max-Age=31536000; SameSite=Lax",
                locale.tag(),
                door.prefix()
            )),
        ) {
            response.append_header(SET_COOKIE, cookie);
        }
        Ok(Next {
            to: back,
            done: None,
            shown_once: None,
            undo: None,
        })
    };
    finish(sent, result.await).await
}

/// A row of languages; works without JavaScript and before sign-in.
#[component]
pub fn LanguageRow(locale: Locale, action: &'static str, #[prop(into)] back: String) -> impl IntoView {
    view! {
        <form class="languages" method="post" action=action>
            <input type="hidden" name="back" value=back/>
            {Locale::ALL.into_iter().map(|choice| {
                let here = (choice == locale).then_some("true");
                view! { <button class="button button-quiet" type="submit" name="locale" value=choice.tag() lang=choice.tag() aria-current=here>{choice.own_name()}</button> }
            }).collect_view()}
        </form>
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_own_pages_are_followed() {
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
            assert_eq!(safe_next(Door::Staff, next, "/home"), expected, "{next}");
        }
    }
}
