//! The server functions of sign-in that all apps share: signing in, choosing an organization, two-factor codes, signing
//! out and choosing a language. The rules are in `core::identity`; this module parses forms and answers them.

use axum::http::HeaderValue;
use axum::http::header::SET_COOKIE;
use domain::fields::FieldCode;
use domain::locale::Locale;
use domain::network::Network;
use domain::problems::{Cause, Problem};
use http::request::Parts;
use leptos::prelude::*;
use leptos_axum::ResponseOptions;
use ordinavo_core::identity::admission::{Admission, SignedIn};
use ordinavo_core::identity::sessions::{Realm, RequestSession};
use ordinavo_core::identity::sign_in_steps as steps;
use ordinavo_core::identity::sign_in_steps::NextStep;
use ordinavo_core::{Core, CoreError, CoreResult};
use serde::{Deserialize, Serialize};
use tower_sessions::cookie::{Cookie, SameSite, time};

use crate::actions::{ActionForm, FormId, FormSubmission, Redirect, respond_to_form, submit_public};
use crate::format::escape_query;
use crate::realm::{home_path, prefix};

/// The cookie that stores the language of visitors who are not signed in.
pub const LANGUAGE_COOKIE: &str = "ordinavo_language";

/// Returns the session of the request.
pub fn request_session() -> Option<RequestSession> {
    use_context::<Parts>().and_then(|parts| parts.extensions.get::<RequestSession>().cloned())
}

fn require_session() -> CoreResult<RequestSession> {
    request_session().ok_or_else(|| CoreError::new(Cause::Internal))
}

/// Returns the network of the caller.
pub fn client_network() -> Network {
    use_context::<Parts>()
        .and_then(|parts| parts.extensions.get().copied())
        .unwrap_or(Network::UNKNOWN)
}

pub(crate) fn sign_in_path(realm: Realm) -> String {
    format!("{}/sign-in", prefix(realm))
}

/// Returns the path of the sign-in page that leads to the requested page.
fn sign_in_path_with(realm: Realm, next: &str) -> String {
    let path = sign_in_path(realm);
    match own_page(realm, next) {
        Some(page) => format!("{path}?next={}", escape_query(&page)),
        None => path,
    }
}

fn code_path(realm: Realm) -> String {
    format!("{}/sign-in/code", prefix(realm))
}

/// A form of sign-in. Every app contains it below its own prefix.
pub(crate) trait RealmForm: Serialize {
    const NAME: &'static str = "";
    const TRANSIENT_FIELDS: &'static [&'static str] = &[];

    /// Returns the path of the page that contains the form.
    fn back(&self, realm: Realm) -> String {
        sign_in_path(realm)
    }
}

/// A form of sign-in in one of the apps.
#[derive(Serialize)]
pub(crate) struct InRealm<F> {
    #[serde(skip)]
    pub(crate) realm: Realm,
    #[serde(flatten)]
    pub(crate) form: F,
}

impl<F: RealmForm> ActionForm for InRealm<F> {
    const NAME: &'static str = F::NAME;
    const TRANSIENT_FIELDS: &'static [&'static str] = F::TRANSIENT_FIELDS;

    fn back(&self) -> String {
        self.form.back(self.realm)
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

/// The form that asks for a two-factor code.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct CodeForm {
    code: String,
}

/// Completes sign-in with a two-factor code.
///
/// # Errors
/// Only for callers that do not accept HTML.
pub async fn verify_code(realm: Realm, form: CodeForm) -> Result<(), ServerFnError> {
    let core = use_context::<Core>().ok_or_else(|| CoreError::new(Cause::Internal));
    let session = require_session();
    let result = async {
        let step = steps::with_code(&core?, &session?, &form.code).await?;
        CoreResult::Ok(Redirect::without_message(path_of(realm, step)))
    }
    .await;
    // Without a pending sign-in, or after the account changed in the meantime, it starts over. The page after an error
    // therefore depends on the error, not only on the form.
    let must_start_over = matches!(&result, Err(error) if error.problem == Problem::MissingCredentials);
    let submission = FormSubmission {
        form: "code",
        values: &[],
        back: if must_start_over {
            sign_in_path(realm)
        } else {
            code_path(realm)
        },
        item: String::new(),
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

/// The form that signs in with email and password.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct SignInForm {
    email: String,
    password: String,
    /// The page that was requested before sign-in.
    next: String,
}

impl RealmForm for SignInForm {
    const NAME: &'static str = "sign-in";
    const TRANSIENT_FIELDS: &'static [&'static str] = &["password"];

    /// A wrong password keeps the requested page.
    fn back(&self, realm: Realm) -> String {
        sign_in_path_with(realm, &self.next)
    }
}

/// Signs in with email and password.
///
/// # Errors
/// Only for callers that do not accept HTML.
pub async fn sign_in(realm: Realm, form: SignInForm) -> Result<(), ServerFnError> {
    submit_public(InRealm { realm, form }, async |core: Core, InRealm { form, .. }| {
        let session = require_session()?;
        let page = own_page(realm, &form.next);
        let step = steps::with_password(&core, &session, &form.email, form.password.into(), page).await?;
        Ok(Redirect::without_message(path_of(realm, step)))
    })
    .await
}

/// The form that signs in with a passkey.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct PasskeyForm {
    challenge: String,
    /// The answer of the device, as JSON.
    credential: String,
    /// The page that was requested before sign-in.
    next: String,
}

impl RealmForm for PasskeyForm {
    const NAME: &'static str = "passkey";
    const TRANSIENT_FIELDS: &'static [&'static str] = &["challenge", "credential"];

    fn back(&self, realm: Realm) -> String {
        sign_in_path_with(realm, &self.next)
    }
}

/// Signs in with a passkey.
///
/// # Errors
/// Only for callers that do not accept HTML.
pub async fn sign_in_with_passkey(realm: Realm, form: PasskeyForm) -> Result<(), ServerFnError> {
    submit_public(InRealm { realm, form }, async |core: Core, InRealm { form, .. }| {
        let session = require_session()?;
        let page = own_page(realm, &form.next);
        let step = steps::with_passkey(&core, &session, &form.challenge, &form.credential, page).await?;
        Ok(Redirect::without_message(path_of(realm, step)))
    })
    .await
}

/// Signs in an account that proved who it is, such as with a link in an email. `page` is shown afterwards, or else the
/// account's start page.
///
/// # Errors
/// The session cannot be stored.
pub async fn enter(
    core: &Core,
    realm: Realm,
    account: SignedIn,
    done: &'static str,
    page: Option<&str>,
) -> CoreResult<Redirect> {
    let session = require_session()?;
    let step = steps::enter(core, &session, account, page.map(str::to_owned)).await?;
    let is_signed_in = matches!(step, NextStep::Enter { .. });
    Ok(Redirect {
        done: is_signed_in.then_some(done),
        ..Redirect::without_message(path_of(realm, step))
    })
}

/// Starts a view-as session: a staff member sees the portal as the admitted account.
///
/// # Errors
/// The session cannot be stored.
pub async fn enter_view_as(core: &Core, admission: Admission, home: &str) -> CoreResult<Redirect> {
    require_session()?.open(core, admission).await?;
    Ok(Redirect::without_message(home))
}

/// Returns the names of the organizations a person can choose from.
///
/// # Errors
/// `not_found` if there is nothing to choose.
pub async fn tenant_choices(core: &Core, session: Option<RequestSession>) -> CoreResult<Vec<String>> {
    let session = session.ok_or_else(CoreError::not_found)?;
    steps::tenant_choices(core, &session).await
}

/// The button that chooses one of several organizations.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct TenantButton {
    /// The position in the list of [`tenant_choices`].
    choice: FormId<usize>,
}

impl RealmForm for TenantButton {}

/// Signs in to one of several organizations.
///
/// # Errors
/// Only for callers that do not accept HTML.
pub async fn choose_organization(realm: Realm, form: TenantButton) -> Result<(), ServerFnError> {
    submit_public(InRealm { realm, form }, async |core: Core, InRealm { form, .. }| {
        let step = steps::choose_organization(&core, &require_session()?, form.choice.get()?).await?;
        Ok(Redirect::without_message(path_of(realm, step)))
    })
    .await
}

/// The button that signs out.
#[derive(Serialize)]
struct SignOutButton {}

impl RealmForm for SignOutButton {}

/// Signs out.
///
/// # Errors
/// Only for callers that do not accept HTML.
pub async fn sign_out(realm: Realm) -> Result<(), ServerFnError> {
    let form = SignOutButton {};
    submit_public(InRealm { realm, form }, async |_, _| {
        require_session()?.end().await?;
        Ok(Redirect::without_message(sign_in_path(realm)))
    })
    .await
}

/// The buttons that choose a language.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct LanguageForm {
    locale: String,
    /// The page that contains the buttons.
    back: String,
}

impl RealmForm for LanguageForm {
    fn back(&self, realm: Realm) -> String {
        own_page(realm, &self.back).unwrap_or_else(|| sign_in_path(realm))
    }
}

/// Sets the language: in a cookie for every visitor, and in the account through `save` for signed-in users.
///
/// # Errors
/// Only for callers that do not accept HTML.
pub async fn choose_language(
    realm: Realm,
    form: LanguageForm,
    save: impl AsyncFnOnce(Locale) -> CoreResult<()>,
) -> Result<(), ServerFnError> {
    submit_public(InRealm { realm, form }, async |_, InRealm { form, .. }| {
        let locale = Locale::from_tag(&form.locale).ok_or_else(|| CoreError::field("locale", FieldCode::Required))?;
        save(locale).await?;
        set_language_cookie(realm, locale);
        Ok(Redirect::without_message(form.back(realm)))
    })
    .await
}

fn set_language_cookie(realm: Realm, locale: Locale) {
    let cookie = Cookie::build((LANGUAGE_COOKIE, locale.tag()))
        .path(prefix(realm))
        .max_age(time::Duration::days(365))
        .same_site(SameSite::Lax)
        .to_string();
    if let (Some(response), Ok(cookie)) = (use_context::<ResponseOptions>(), HeaderValue::from_str(&cookie)) {
        response.append_header(SET_COOKIE, cookie);
    }
}

/// Renders the language switch. Works without JavaScript and before sign-in.
#[component]
pub fn LanguageRow(locale: Locale, #[prop(into)] action: String, #[prop(into)] back: String) -> impl IntoView {
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
