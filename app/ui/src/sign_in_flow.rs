//! The server functions of sign-in that all apps share: signing in, choosing an organization, two-factor codes, signing
//! out and choosing a language. The rules are in `core::identity`; this module parses forms and answers them.

use axum::http::HeaderValue;
use axum::http::header::SET_COOKIE;
use domain::fields::FieldCode;
use domain::locale::Locale;
use domain::problems::{Cause, Problem};
use http::request::Parts;
use leptos::prelude::*;
use leptos_axum::ResponseOptions;
use ordinavo_core::identity::admission::{Admission, SignedIn};
use ordinavo_core::identity::sessions::{Realm, RequestSession};
use ordinavo_core::identity::sign_in_steps as steps;
use ordinavo_core::identity::sign_in_steps::NextStep;
use ordinavo_core::{Core, CoreError, CoreResult};
use tower_sessions::cookie::{Cookie, SameSite, time};

use crate::actions::{FormSubmission, Redirect, respond_to_form};
use crate::format::escape_query;
use crate::realm::{home_path, prefix};

/// The cookie that stores the language of visitors who are not signed in.
pub const LANGUAGE_COOKIE: &str = "ordinavo_language";

fn internal_error() -> CoreError {
    CoreError::new(Cause::Internal)
}

/// Returns the session of the request.
pub fn request_session() -> Option<RequestSession> {
    use_context::<Parts>().and_then(|parts| parts.extensions.get::<RequestSession>().cloned())
}

/// Returns the core and the session of the request.
fn request_parts() -> CoreResult<(Core, RequestSession)> {
    use_context::<Core>().zip(request_session()).ok_or_else(internal_error)
}

fn sign_in_path(realm: Realm) -> String {
    format!("{}/sign-in", prefix(realm))
}

fn code_path(realm: Realm) -> String {
    format!("{}/sign-in/code", prefix(realm))
}

/// Redirects without a message.
fn silently(to: String) -> Redirect {
    Redirect {
        to,
        done: None,
        shown_once: None,
        undo: None,
    }
}

/// Returns the path of the page that follows a step of sign-in.
fn path_of(realm: Realm, step: NextStep) -> String {
    match step {
        NextStep::Enter { page, home } => page.unwrap_or_else(|| home_path(home).to_owned()),
        NextStep::EnterCode => code_path(realm),
        NextStep::ChooseTenant => format!("{}/sign-in/choose", prefix(realm)),
    }
}

/// Returns whether this session still needs a two-factor code.
pub async fn is_code_pending(core: &Core, session: Option<&RequestSession>) -> bool {
    match session {
        Some(session) => steps::is_code_pending(core, session).await.unwrap_or_default(),
        None => false,
    }
}

/// Completes sign-in with a two-factor code.
///
/// # Errors
/// Only for callers that do not accept HTML.
pub async fn verify_code(realm: Realm, code: &str) -> Result<(), ServerFnError> {
    let parts = request_parts();
    let result = async {
        let (core, session) = parts?;
        let step = steps::with_code(&core, &session, code).await?;
        CoreResult::Ok(silently(path_of(realm, step)))
    }
    .await;
    // Without a pending sign-in, or after the account changed in the meantime, it starts over.
    let must_start_over = matches!(&result, Err(error) if error.problem == Problem::MissingCredentials);
    let submission = FormSubmission {
        form: "code",
        values: &[],
        back: if must_start_over {
            sign_in_path(realm)
        } else {
            code_path(realm)
        },
    };
    respond_to_form(submission, result).await
}

/// Returns `next` if it is a page of the same app. Prevents open redirects.
fn own_page(realm: Realm, next: &str) -> Option<String> {
    let prefix = prefix(realm);
    let is_own_page = next == prefix
        || next
            .strip_prefix(prefix)
            .is_some_and(|rest| rest.starts_with('/') && !rest.starts_with("/fn/"));
    (is_own_page && !next.contains(['\\', '\r', '\n']) && !next.contains("//")).then(|| next.to_owned())
}

/// Signs in with email and password.
///
/// # Errors
/// Only for callers that do not accept HTML.
pub async fn sign_in(realm: Realm, email: &str, password: String, next: &str) -> Result<(), ServerFnError> {
    let page = own_page(realm, next);
    // A wrong password keeps the requested page.
    let back = page.as_ref().map_or_else(
        || sign_in_path(realm),
        |page| format!("{}?next={}", sign_in_path(realm), escape_query(page)),
    );
    let submission = FormSubmission {
        form: "sign-in",
        values: &[("email", email)],
        back,
    };
    let client_address = use_context::<Parts>()
        .and_then(|parts| {
            parts
                .extensions
                .get::<axum::extract::ConnectInfo<std::net::SocketAddr>>()
                .map(|info| info.0.ip().to_string())
        })
        .unwrap_or_default();
    let parts = request_parts();
    let result = async {
        let (core, session) = parts?;
        let step = steps::with_password(&core, &session, email, password.into(), &client_address, page).await?;
        Ok(silently(path_of(realm, step)))
    };
    respond_to_form(submission, result.await).await
}

/// Completes an action that proves who the user is, such as a link in an email, and signs the account in. `page` is shown
/// afterwards, or else the account's start page.
///
/// # Errors
/// Only for callers that do not accept HTML.
pub async fn complete_sign_in(
    submission: FormSubmission<'_>,
    realm: Realm,
    done: &'static str,
    page: Option<&str>,
    work: impl Future<Output = CoreResult<SignedIn>>,
) -> Result<(), ServerFnError> {
    let parts = request_parts();
    let result = async {
        let account = work.await?;
        let (core, session) = parts?;
        let step = steps::enter(&core, &session, account, page.map(str::to_owned)).await?;
        let is_signed_in = matches!(step, NextStep::Enter { .. });
        Ok(Redirect {
            done: is_signed_in.then_some(done),
            ..silently(path_of(realm, step))
        })
    };
    respond_to_form(submission, result.await).await
}

/// Starts a view-as session: a staff member sees the portal as the admitted account.
///
/// # Errors
/// Only for callers that do not accept HTML.
pub async fn start_view_as(
    submission: FormSubmission<'_>,
    home: &str,
    work: impl Future<Output = CoreResult<Admission>>,
) -> Result<(), ServerFnError> {
    let parts = request_parts();
    let result = async {
        let admission = work.await?;
        let (core, session) = parts?;
        session.open(&core, admission).await?;
        Ok(silently(home.to_owned()))
    };
    respond_to_form(submission, result.await).await
}

/// Returns the names of the organizations a person can choose from.
///
/// # Errors
/// `not_found` if there is nothing to choose.
pub async fn tenant_choices(core: &Core, session: Option<RequestSession>) -> CoreResult<Vec<String>> {
    let session = session.ok_or_else(CoreError::not_found)?;
    steps::tenant_choices(core, &session).await
}

/// Signs in to one of several organizations.
///
/// # Errors
/// Only for callers that do not accept HTML.
pub async fn choose_tenant(realm: Realm, choice: usize) -> Result<(), ServerFnError> {
    let submission = FormSubmission {
        form: "",
        values: &[],
        back: sign_in_path(realm),
    };
    let parts = request_parts();
    let result = async {
        let (core, session) = parts?;
        let step = steps::choose_tenant(&core, &session, choice).await?;
        Ok(silently(path_of(realm, step)))
    };
    respond_to_form(submission, result.await).await
}

/// Signs out.
///
/// # Errors
/// Only for callers that do not accept HTML.
pub async fn sign_out(realm: Realm) -> Result<(), ServerFnError> {
    let to = sign_in_path(realm);
    let submission = FormSubmission {
        form: "",
        values: &[],
        back: to.clone(),
    };
    let session = request_session();
    let result = async {
        session.ok_or_else(internal_error)?.end().await?;
        Ok(silently(to))
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
    let back = own_page(realm, back).unwrap_or_else(|| sign_in_path(realm));
    let submission = FormSubmission {
        form: "",
        values: &[],
        back: back.clone(),
    };
    let response = use_context::<ResponseOptions>();
    let result = async {
        let locale = Locale::from_tag(locale).ok_or_else(|| CoreError::field("locale", FieldCode::Required))?;
        save(locale).await?;
        if let (Some(response), Ok(cookie)) = (
            response,
            HeaderValue::from_str(
                &Cookie::build((LANGUAGE_COOKIE, locale.tag()))
                    .path(prefix(realm))
                    .max_age(time::Duration::days(365))
                    .same_site(SameSite::Lax)
                    .to_string(),
            ),
        ) {
            response.append_header(SET_COOKIE, cookie);
        }
        Ok(silently(back))
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
    fn own_page_rejects_foreign_pages() {
        for (next, is_own) in [
            ("/app/inbox", true),
            ("/app/day?date=2026-11-24", true),
            ("/app/fn/sign-out", false),
            ("/apple", false),
            ("//evil.example", false),
            ("/app//evil.example", false),
            ("https://evil.example/app/", false),
            ("/app/\\evil", false),
            ("/portal", false),
            ("", false),
        ] {
            assert_eq!(own_page(Realm::Staff, next).is_some(), is_own, "{next}");
        }
    }
}
