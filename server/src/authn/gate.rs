//! The gates of the apps: who is behind the session, in which language they read, and who is sent to sign in.

use axum::extract::{Request, State};
use axum::http::header::{ACCEPT, ACCEPT_LANGUAGE, COOKIE, SET_COOKIE};
use axum::http::{HeaderMap, HeaderValue, StatusCode, Uri};
use axum::middleware::Next;
use axum::response::{IntoResponse as _, Redirect, Response};
use domain::locale::Locale;
use ordinavo_core::CoreResult;
use ordinavo_core::branding;
use ordinavo_core::branding::{Brand, PortalDoor};
use ordinavo_core::identity::actors::{Contact, Partner, Staff};
use ordinavo_core::identity::authentication;
use ordinavo_core::identity::sessions::{Door, SessionId};
use tower_sessions::Session;
use ui::door::LANGUAGE_COOKIE;
use ui::load::take_flash;
use ui::viewer::Viewer;

use crate::http_layers::RequestId;
use crate::public_limits;
use crate::serve::AppState;

/// The staff app's gate.
pub async fn staff(State(state): State<AppState>, session: Session, request: Request, next: Next) -> Response {
    let found = match session.id() {
        Some(id) => authentication::staff(&state.core, SessionId(id.0)).await,
        None => Ok(None),
    };
    enter(state, session, request, next, Door::Staff, found, Staff::locale).await
}

/// The portal's gate.
pub async fn portal(State(state): State<AppState>, session: Session, mut request: Request, next: Next) -> Response {
    if let Err(seconds) = state.portal_limits.address(public_limits::address(&request)) {
        return public_limits::too_often(seconds);
    }
    let found = match session.id() {
        Some(id) => authentication::contact(&state.core, SessionId(id.0)).await,
        None => Ok(None),
    };
    // Who looks through somebody else's eyes changes nothing, whatever an act would do; leaving is allowed.
    if let Ok(Some(contact)) = &found
        && contact.is_looked_at()
        && !request.method().is_safe()
        && request.uri().path() != "/portal/fn/sign-out"
    {
        return crate::pages::only_a_look(&state, request).await;
    }
    let mut door = None;
    let brand = match &found {
        // A link says whose it is, whoever happens to be signed in here.
        Ok(Some(contact)) if !request.uri().path().starts_with(LINK) => {
            if let Err(seconds) = state.portal_limits.account(contact.id()) {
                return public_limits::too_often(seconds);
            }
            Some(Brand {
                name: contact.tenant_name().to_owned(),
                look: contact.look().clone(),
            })
        }
        // Nobody is known yet; the link, or where one was before, tells whose door it is.
        _ => {
            door = whose_door(&state, request.uri().clone(), request.headers().clone()).await;
            door.as_ref().map(|(door, _)| door.brand.clone())
        }
    };
    if let Some(brand) = brand {
        request.extensions_mut().insert(brand);
    }
    let Some((door, is_news)) = door else {
        return enter(state, session, request, next, Door::Portal, found, Contact::locale).await;
    };
    if let Some(locale) = door.locale {
        request.extensions_mut().insert(LinkLocale(locale));
    }
    let mut response = enter(state, session, request, next, Door::Portal, found, Contact::locale).await;
    // The door looks the same the next time; style sheets, calendars and whatever comes again say nothing new.
    if is_news
        && let Ok(cookie) = HeaderValue::from_str(&format!(
            "{DOOR_COOKIE}={}; Path=/portal; Max-Age=31536000; SameSite=Lax; HttpOnly",
            door.slug
        ))
    {
        response.headers_mut().append(SET_COOKIE, cookie);
    }
    response
}

/// The cookie that says at whose portal one was last; it is read only where nobody is known.
const DOOR_COOKIE: &str = "portal_at";
/// Where links in mails lead.
const LINK: &str = "/portal/link/";

/// The language in which somebody was written to who comes by a link.
#[derive(Debug, Clone, Copy)]
struct LinkLocale(Locale);

/// Whose door a page of the portal is: `/portal/link/{token}`, `?at=` with the organisation's name in its addresses, or what
/// the browser remembers; and whether the browser does not know it yet.
async fn whose_door(state: &AppState, uri: Uri, headers: HeaderMap) -> Option<(PortalDoor, bool)> {
    let link = uri.path().strip_prefix(LINK);
    let query = uri.query().unwrap_or_default();
    let asked = query.split('&').find_map(|pair| pair.strip_prefix("at="));
    let kept = cookie(&headers, DOOR_COOKIE);
    let door = branding::door(&state.core, link, asked.or(kept))
        .await
        .unwrap_or_default()?;
    let is_news = (link.is_some() || asked.is_some()) && kept != Some(&door.slug);
    Some((door, is_news))
}

fn cookie<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    let cookies = headers.get(COOKIE)?.to_str().ok()?;
    cookies
        .split(';')
        .find_map(|pair| pair.trim().strip_prefix(name)?.strip_prefix('='))
}

/// The partner console's gate.
pub async fn partner(State(state): State<AppState>, session: Session, request: Request, next: Next) -> Response {
    let found = match session.id() {
        Some(id) => authentication::partner(&state.core, SessionId(id.0)).await,
        None => Ok(None),
    };
    enter(state, session, request, next, Door::Partner, found, Partner::locale).await
}

/// Lets an actor pass, and nobody where nobody may; the rest is sent to the door.
async fn enter<A: Clone + Send + Sync + 'static>(
    state: AppState,
    session: Session,
    mut request: Request,
    next: Next,
    door: Door,
    found: CoreResult<Option<A>>,
    language: fn(&A) -> Option<Locale>,
) -> Response {
    let actor = match found {
        Ok(actor) => actor,
        Err(error) => return unavailable(&error),
    };
    let locale = actor.as_ref().and_then(language);
    if actor.is_none() && needs_account(request.uri().path(), door.prefix()) {
        return sign_in_first(&request, door.prefix());
    }
    if let Some(actor) = actor {
        request.extensions_mut().insert(actor);
    }
    pass(state, session, request, next, locale).await
}

async fn pass(state: AppState, session: Session, mut request: Request, next: Next, chosen: Option<Locale>) -> Response {
    let viewer = viewer(&state, request.headers(), &request, chosen);
    // An open page that reads itself again shows no messages, so it takes none away from the page that is on its way.
    if request.method().is_safe()
        && !request.headers().contains_key("x-refresh")
        && let Some(flash) = take_flash(&session).await
    {
        request.extensions_mut().insert(flash);
    }
    request.extensions_mut().insert(viewer);
    next.run(request).await
}

/// Who looks and how: the account's language, then the cookie's, then that of the link by which one came, then the browser's.
pub fn viewer(state: &AppState, headers: &HeaderMap, request: &Request, chosen: Option<Locale>) -> Viewer {
    let accepted = headers
        .get(ACCEPT_LANGUAGE)
        .and_then(|value| value.to_str().ok())
        .unwrap_or_default();
    let of_link = request.extensions().get::<LinkLocale>().map(|locale| locale.0);
    Viewer {
        locale: chosen
            .or_else(|| cookie(headers, LANGUAGE_COOKIE).and_then(Locale::from_tag))
            .or(of_link)
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
    }
}

/// The pages and acts that are there for people who have not signed in.
fn needs_account(path: &str, prefix: &str) -> bool {
    let open = [
        "/sign-in",
        "/sign-in/choose",
        "/fn/sign-in",
        "/fn/sign-out",
        "/fn/choose-tenant",
        "/fn/language",
        "/fn/accept-invitation",
        "/sign-in/code",
        "/sign-in/link",
        "/fn/give-code",
        "/fn/ask-link",
        "/fn/use-link",
        "/fn/set-password",
    ];
    !path.strip_prefix(prefix).is_some_and(|rest| {
        open.contains(&rest)
            || rest.starts_with("/invitation/")
            || rest.starts_with("/link/")
            || rest.starts_with("/feed/")
            || rest.starts_with("/look/")
    })
}

/// People are led to the form; anything else is told 401.
fn sign_in_first(request: &Request, prefix: &str) -> Response {
    let takes_html = request
        .headers()
        .get(ACCEPT)
        .and_then(|value| value.to_str().ok())
        .is_some_and(|value| value.contains("text/html"));
    if !takes_html {
        return (StatusCode::UNAUTHORIZED, "Sign in first.").into_response();
    }
    let next = request
        .uri()
        .path_and_query()
        .filter(|_| request.method().is_safe())
        .map_or_else(String::new, |next| format!("?next={}", encode(next.as_str())));
    Redirect::to(&format!("{prefix}/sign-in{next}")).into_response()
}

/// Escapes a text for a query.
fn encode(text: &str) -> String {
    text.bytes()
        .map(|byte| {
            if byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~' | b'/') {
                char::from(byte).to_string()
            } else {
                format!("%{byte:02X}")
            }
        })
        .collect()
}

fn unavailable(error: &ordinavo_core::CoreError) -> Response {
    let status = StatusCode::from_u16(error.problem.status()).unwrap_or(StatusCode::SERVICE_UNAVAILABLE);
    (status, [("retry-after", "5")], error.detail.clone()).into_response()
}
