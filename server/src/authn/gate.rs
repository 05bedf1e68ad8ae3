//! Authentication middleware of the web apps: resolves the session to an actor, determines the language and redirects to
//! the sign-in page.

use axum::extract::{Request, State};
use axum::http::header::{ACCEPT, ACCEPT_LANGUAGE, SET_COOKIE, USER_AGENT};
use axum::http::{HeaderMap, HeaderValue, StatusCode, Uri};
use axum::middleware::Next;
use axum::response::{IntoResponse as _, Redirect, Response};
use domain::locale::Locale;
use ordinavo_core::CoreResult;
use ordinavo_core::branding;
use ordinavo_core::branding::{BrandedOrganisation, PortalOrganisation};
use ordinavo_core::drafts;
use ordinavo_core::identity::actors::{Author, Contact, Partner, Staff};
use ordinavo_core::identity::authentication;
use ordinavo_core::identity::form_owner;
use ordinavo_core::identity::sessions::{Realm, SessionId};
use tower_sessions::Session;
use ui::drafts::{OWNER_PARAMETER, OwnerToken, PageDrafts, SubmittedFor};
use ui::flash_cookie;
use ui::format::escape_query;
use ui::page::take_flash;
use ui::realm::prefix;
use ui::sign_in_flow::LANGUAGE_COOKIE;
use ui::two_factor::settings_path;
use ui::viewer::Viewer;

use crate::api::problem::logged_status;
use crate::authn::session_cookie;
use crate::cookies;
use crate::http_layers::RequestId;
use crate::public_limits;
use crate::public_limits::client_network;
use crate::serve::AppState;

/// Sent by browsers with every request.
const SEC_FETCH_MODE: &str = "sec-fetch-mode";

/// Authenticates requests of the staff app.
pub async fn staff(State(state): State<AppState>, session: Session, request: Request, next: Next) -> Response {
    let found = match session.id() {
        Some(id) => authentication::staff(&state.core, SessionId(id.0)).await,
        None => Ok(None),
    };
    if let Ok(Some(staff)) = &found
        && staff.must_set_up_two_factor()
        && !is_open_during_setup(request.uri().path(), prefix(Realm::Staff))
    {
        return require_setup(&request, Realm::Staff);
    }
    authorize(state, session, request, next, Realm::Staff, found, Staff::locale).await
}

/// Authenticates requests of the portal and determines its branding.
pub async fn portal(State(state): State<AppState>, session: Session, mut request: Request, next: Next) -> Response {
    if let Err(seconds) = state.portal_limits.check_network(client_network(&request)) {
        return public_limits::too_many_requests(reader_locale(&state, &request, None), seconds);
    }
    let found = match session.id() {
        Some(id) => authentication::contact(&state.core, SessionId(id.0)).await,
        None => Ok(None),
    };
    // View-as sessions are read-only, except for leaving them.
    if let Ok(Some(contact)) = &found
        && contact.is_impersonated()
        && !request.method().is_safe()
        && request.uri().path() != "/portal/fn/sign-out"
    {
        return crate::pages::view_as_read_only(&state, request).await;
    }
    let mut portal = None;
    let brand = match &found {
        // A link determines its own tenant, whatever account is signed in.
        Ok(Some(contact)) if !request.uri().path().starts_with(LINK_PREFIX) => {
            if let Err(seconds) = state.portal_limits.check_account(contact.id()) {
                return public_limits::too_many_requests(reader_locale(&state, &request, contact.locale()), seconds);
            }
            Some(BrandedOrganisation {
                name: contact.tenant_name().to_owned(),
                branding: contact.branding().clone(),
            })
        }
        // Without an account, the link or the last visited portal determines the branding.
        _ => {
            portal = find_portal(&state, request.uri().clone(), request.headers().clone()).await;
            portal.as_ref().map(|(portal, _)| portal.brand.clone())
        }
    };
    if let Some(brand) = brand {
        request.extensions_mut().insert(brand);
    }
    let Some((portal, is_new)) = portal else {
        return authorize(state, session, request, next, Realm::Portal, found, Contact::locale).await;
    };
    if let Some(locale) = portal.locale {
        request.extensions_mut().insert(LinkLocale(locale));
    }
    let mut response = authorize(state, session, request, next, Realm::Portal, found, Contact::locale).await;
    // Remembers the portal for the next visit; the cookie is set only when it changes.
    if is_new
        && let Ok(cookie) = HeaderValue::from_str(&format!(
            "{PORTAL_COOKIE}={}; Path=/portal; Max-Age=31536000; SameSite=Lax; HttpOnly",
            portal.slug
        ))
    {
        response.headers_mut().append(SET_COOKIE, cookie);
    }
    response
}

/// The cookie with the slug of the last visited portal, read only without a session.
const PORTAL_COOKIE: &str = "portal_at";
/// The path prefix of links in mails.
const LINK_PREFIX: &str = "/portal/link/";

/// The language of the mail that contained the link.
#[derive(Debug, Clone, Copy)]
struct LinkLocale(Locale);

/// Finds the tenant of a portal page without a session: from the link token, from `?at=` with the slug of the tenant, or
/// from the cookie. Also returns whether the cookie must be set.
async fn find_portal(state: &AppState, uri: Uri, headers: HeaderMap) -> Option<(PortalOrganisation, bool)> {
    let link = uri.path().strip_prefix(LINK_PREFIX);
    let query = uri.query().unwrap_or_default();
    let requested = query.split('&').find_map(|pair| pair.strip_prefix("at="));
    let remembered = cookies::value(&headers, PORTAL_COOKIE);
    let portal = branding::find_organisation(&state.core, link, requested.or(remembered))
        .await
        .unwrap_or_default()?;
    let is_new = (link.is_some() || requested.is_some()) && remembered != Some(&portal.slug);
    Some((portal, is_new))
}

/// Authenticates requests of the partner console.
pub async fn partner(State(state): State<AppState>, session: Session, request: Request, next: Next) -> Response {
    let found = match session.id() {
        Some(id) => authentication::partner(&state.core, SessionId(id.0)).await,
        None => Ok(None),
    };
    if let Ok(Some(partner)) = &found
        && partner.must_set_up_two_factor()
        && !is_open_during_setup(request.uri().path(), prefix(Realm::Partner))
    {
        return require_setup(&request, Realm::Partner);
    }
    authorize(state, session, request, next, Realm::Partner, found, Partner::locale).await
}

/// Runs the request with its actor, or redirects to the sign-in page if the path requires one.
async fn authorize<A: Author + Clone + 'static>(
    state: AppState,
    session: Session,
    mut request: Request,
    next: Next,
    realm: Realm,
    found: CoreResult<Option<A>>,
    language: fn(&A) -> Option<Locale>,
) -> Response {
    let actor = match found {
        Ok(actor) => actor,
        Err(error) => return unavailable(&error, reader_locale(&state, &request, None)),
    };
    let locale = actor.as_ref().and_then(language);
    let submitted_for = submitted_for(&state, &request);
    // A form that was rendered for an account is kept for it; nothing else is done without a session.
    let is_kept = matches!(&submitted_for, Some(SubmittedFor(Some(owner))) if owner.realm() == realm);
    if actor.is_none() && needs_account(request.uri().path(), prefix(realm)) && !is_kept {
        return require_sign_in(&request, prefix(realm));
    }
    if actor.is_none() {
        if !request.method().is_safe()
            && let Err(seconds) = state.public_limits.check_action(client_network(&request))
        {
            return public_limits::too_many_requests(reader_locale(&state, &request, None), seconds);
        }
        request.extensions_mut().insert(state.flash_cookie(realm));
    }
    if let Some(submitted_for) = submitted_for {
        request.extensions_mut().insert(submitted_for);
    }
    let carried = session_cookie::request_session(realm, session.clone(), &request);
    request.extensions_mut().insert(carried);
    if let Some(actor) = actor {
        let token = OwnerToken(form_owner::issue(&state.core, &actor));
        request.extensions_mut().insert(token);
        if is_page(&request) {
            let drafts = page_drafts(&state, &actor, request.uri().path().to_owned()).await;
            request.extensions_mut().insert(drafts);
        }
        request.extensions_mut().insert(actor);
    }
    run_request(state, session, request, next, realm, locale).await
}

/// Returns the account for which a submitted form was rendered, if the form says so.
fn submitted_for(state: &AppState, request: &Request) -> Option<SubmittedFor> {
    if request.method().is_safe() {
        return None;
    }
    let query = request.uri().query().unwrap_or_default();
    let token = query
        .split('&')
        .find_map(|pair| pair.strip_prefix(OWNER_PARAMETER)?.strip_prefix('='))?;
    Some(SubmittedFor(form_owner::verify(&state.core, token)))
}

/// What a script says that it loads a page for, if it shows it as a dialog.
const DIALOG: &str = "dialog";

/// Returns whether a browser opens a page or a dialog, rather than refreshing a part of a page or loading a file.
fn is_page(request: &Request) -> bool {
    let refresh = request.headers().get("x-refresh");
    let opens = refresh.is_none_or(|what| what.as_bytes() == DIALOG.as_bytes());
    request.method().is_safe() && accepts_html(request) && opens
}

/// Returns whether the response shows the message of the previous action. A background refresh, a stream of changes and a
/// picture do not: they would take the message from the page that is being opened. Clients that are no browsers name no mode.
fn shows_messages(request: &Request) -> bool {
    let headers = request.headers();
    let is_page = accepts_html(request) || !headers.contains_key(SEC_FETCH_MODE);
    request.method().is_safe() && is_page && !headers.contains_key("x-refresh")
}

/// Returns what the reader has typed into the forms of a page and not sent. A page is shown without it after an error.
async fn page_drafts<A: Author>(state: &AppState, actor: &A, page: String) -> PageDrafts {
    match drafts::of_page(&state.core, actor, &page).await {
        Ok(drafts) => PageDrafts::new(drafts),
        Err(error) => {
            error.log();
            PageDrafts::default()
        }
    }
}

async fn run_request(
    state: AppState,
    session: Session,
    mut request: Request,
    next: Next,
    realm: Realm,
    chosen: Option<Locale>,
) -> Response {
    let viewer = viewer(&state, request.headers(), &request, chosen);
    let shows_messages = shows_messages(&request);
    let sealed = cookies::value(request.headers(), flash_cookie::NAME).filter(|_| shows_messages);
    let cookie = sealed.map(|sealed| {
        let cookie = state.flash_cookie(realm);
        (cookie.open(sealed), cookie)
    });
    if shows_messages {
        // A message in the session is newer: the cookie is from before the account signed in.
        let in_session = take_flash(&session).await;
        let in_cookie = cookie.as_ref().and_then(|(flash, _)| flash.clone());
        if let Some(flash) = in_session.or(in_cookie) {
            request.extensions_mut().insert(flash);
        }
    }
    request.extensions_mut().insert(viewer);
    let mut response = next.run(request).await;
    if let Some(removal) = cookie.and_then(|(_, cookie)| cookie.removal()) {
        response.headers_mut().append(SET_COOKIE, removal);
    }
    response
}

/// Returns the viewer of a page. The language is that of the account, the cookie, the mail link or the browser, in this
/// order.
pub fn viewer(state: &AppState, headers: &HeaderMap, request: &Request, chosen: Option<Locale>) -> Viewer {
    let accepted = headers
        .get(ACCEPT_LANGUAGE)
        .and_then(|value| value.to_str().ok())
        .unwrap_or_default();
    let link_locale = request.extensions().get::<LinkLocale>().map(|locale| locale.0);
    Viewer {
        locale: chosen
            .or_else(|| cookies::value(headers, LANGUAGE_COOKIE).and_then(Locale::from_tag))
            .or(link_locale)
            .or_else(|| Locale::from_accept_language(accepted))
            .unwrap_or_default(),
        now: state.core.clock().now(),
        path: request
            .uri()
            .path_and_query()
            .map_or_else(String::new, ToString::to_string),
        request_id: request
            .extensions()
            .get::<RequestId>()
            .map(|id| id.0.clone())
            .unwrap_or_default(),
        is_apple: headers
            .get(USER_AGENT)
            .and_then(|value| value.to_str().ok())
            .is_some_and(is_apple_device),
    }
}

/// Returns the language of a reader who gets no page.
fn reader_locale(state: &AppState, request: &Request, chosen: Option<Locale>) -> Locale {
    viewer(state, request.headers(), request, chosen).locale
}

/// Returns whether a user agent is that of an Apple device. An iPad calls itself a Mac.
fn is_apple_device(user_agent: &str) -> bool {
    ["iPhone", "iPad", "iPod", "Macintosh"]
        .iter()
        .any(|name| user_agent.contains(name))
}

/// Returns whether a page or action requires a session.
fn needs_account(path: &str, prefix: &str) -> bool {
    let public_paths = [
        "/sign-in",
        "/sign-in/choose",
        "/fn/sign-in",
        "/fn/passkey-sign-in",
        "/fn/sign-out",
        "/fn/choose-organization",
        "/fn/language",
        "/fn/accept-invitation",
        "/sign-in/code",
        "/sign-in/link",
        "/fn/verify-code",
        "/fn/request-sign-in-link",
        "/sign-in/password",
        "/fn/request-password-link",
        "/fn/open-link",
        "/fn/set-password",
        "/fn/confirm-email",
    ];
    !path.strip_prefix(prefix).is_some_and(|rest| {
        public_paths.contains(&rest)
            || rest.starts_with("/invitation/")
            || rest.starts_with("/link/")
            || rest.starts_with("/password/")
            || rest.starts_with("/email/")
            || rest.starts_with("/feed/")
            || rest.starts_with("/branding/")
    })
}

/// Returns whether a page or action is open to a person who must set up two-factor authentication first.
fn is_open_during_setup(path: &str, prefix: &str) -> bool {
    let is_setup = path.strip_prefix(prefix).is_some_and(|rest| {
        matches!(
            rest,
            "/security" | "/fn/begin-two-factor" | "/fn/cancel-two-factor" | "/fn/confirm-two-factor"
        )
    });
    is_setup || !needs_account(path, prefix)
}

/// Redirects browsers to the setup of two-factor authentication; other clients get `403`.
fn require_setup(request: &Request, realm: Realm) -> Response {
    if request.method().is_safe() && accepts_html(request) {
        Redirect::to(settings_path(realm)).into_response()
    } else {
        (StatusCode::FORBIDDEN, "Set up two-factor authentication first.").into_response()
    }
}

fn accepts_html(request: &Request) -> bool {
    let accepted = request.headers().get(ACCEPT).and_then(|value| value.to_str().ok());
    accepted.is_some_and(|value| value.contains("text/html"))
}

/// Redirects browsers to the sign-in page; other clients get `401`.
fn require_sign_in(request: &Request, prefix: &str) -> Response {
    if !accepts_html(request) {
        return (StatusCode::UNAUTHORIZED, "Authentication required.").into_response();
    }
    let next = request
        .uri()
        .path_and_query()
        .filter(|_| request.method().is_safe())
        .map_or_else(String::new, |next| format!("?next={}", escape_query(next.as_str())));
    Redirect::to(&format!("{prefix}/sign-in{next}")).into_response()
}

fn unavailable(error: &ordinavo_core::CoreError, locale: Locale) -> Response {
    let status = logged_status(error);
    (
        status,
        [("retry-after", "5")],
        ui::i18n::errors::cause(locale, &error.cause),
    )
        .into_response()
}
