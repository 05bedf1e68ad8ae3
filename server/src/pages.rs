//! Mounts the web apps: their pages, form actions and Content-Security-Policy.

use axum::Router;
use axum::body::Body;
use axum::extract::{Path, Request, State};
use axum::http::header::{CONTENT_SECURITY_POLICY, CONTENT_TYPE, REFERER};
use axum::http::{HeaderValue, StatusCode, Uri};
use axum::response::{IntoResponse as _, Response};
use axum::routing::{get, post};
use domain::locale::Locale;
use domain::problems::Problem;
use leptos::prelude::{IntoView, provide_context, use_context};
use leptos::server_fn::axum::get_server_fn_service;
use leptos_axum::{
    LeptosRoutes as _, ResponseOptions, generate_route_list, handle_server_fns_with_context,
    render_app_async_with_context, render_route_with_context,
};
use mediatype::{MediaType, ReadParams as _, media_type, names};
use ordinavo_core::branding::BrandedOrganisation;
use ordinavo_core::identity::actors::{Contact, Partner, Staff};
use public::docs::{self, Article};
use tower_http::limit::RequestBodyLimitLayer;
use ui::drafts::{OwnerToken, PageDrafts, SubmittedFor};
use ui::flash::Flash;
use ui::shell::{App, Assets};
use ui::viewer::Viewer;
use uuid::Uuid;

use crate::authn::gate::viewer;
use crate::hosts;
use crate::public_limits::{client_network, too_many_requests};
use crate::serve::AppState;

/// When an account with too many uploads may try again.
const UPLOAD_RETRY_SECONDS: u64 = 5;
/// Limit for a visit report with its photos.
const MAX_REPORT_BYTES: usize = 64 * 1024 * 1024;
/// Limit for a request with its files.
const MAX_UPLOAD_BYTES: usize = 25 * 1024 * 1024;
/// Limit for a CSV file including the multipart overhead.
const MAX_CSV_BYTES: usize = 3 * 1024 * 1024;
/// Limit for a logo upload; higher than the accepted size, so that the form can show an error.
const MAX_LOGO_BYTES: usize = 3 * 1024 * 1024;
/// Limit for a single photo including the other form fields.
const MAX_PHOTO_FORM_BYTES: usize = ordinavo_core::files::MAX_PHOTO_BYTES + 64 * 1024;
/// Limit for all other forms: the longest texts in the longest encoding.
const MAX_FORM_BYTES: usize = 256 * 1024;

/// Returns the routes of the staff app.
pub fn dispatch(state: &AppState) -> Router<AppState> {
    app(state, App::Dispatch, dispatch::app::document)
        .route(
            "/app/fn/submit-report",
            post(action).layer(RequestBodyLimitLayer::new(MAX_REPORT_BYTES)),
        )
        .route(
            "/app/fn/send-photo",
            post(action).layer(RequestBodyLimitLayer::new(MAX_PHOTO_FORM_BYTES)),
        )
        .route(
            "/app/fn/upload-csv",
            post(action).layer(RequestBodyLimitLayer::new(MAX_CSV_BYTES)),
        )
        .route(
            "/app/fn/upload-customers",
            post(action).layer(RequestBodyLimitLayer::new(MAX_CSV_BYTES)),
        )
        .route(
            "/app/fn/set-portal-logo",
            post(action).layer(RequestBodyLimitLayer::new(MAX_LOGO_BYTES)),
        )
        .route(
            "/app/fn/{*name}",
            post(action).layer(RequestBodyLimitLayer::new(MAX_FORM_BYTES)),
        )
}

/// Returns the routes of the portal.
pub fn portal(state: &AppState) -> Router<AppState> {
    let upload = RequestBodyLimitLayer::new(MAX_UPLOAD_BYTES);
    app(state, App::Portal, portal::app::document)
        .route("/portal/fn/submit-request", post(action).layer(upload))
        .route("/portal/fn/answer-request", post(action).layer(upload))
        .route(
            "/portal/fn/{*name}",
            post(action).layer(RequestBodyLimitLayer::new(MAX_FORM_BYTES)),
        )
}

/// Returns the paths of all portal pages, for tests.
pub fn portal_paths(state: &AppState) -> Vec<String> {
    let assets = state.manifest.assets(App::Portal);
    generate_route_list(move || portal::app::document(&assets))
        .iter()
        .map(|route| route.path().to_owned())
        .collect()
}

/// Returns the routes of the partner console.
pub fn partner(state: &AppState) -> Router<AppState> {
    app(state, App::Partner, partner::app::document).route(
        "/partner/fn/{*name}",
        post(action).layer(RequestBodyLimitLayer::new(MAX_FORM_BYTES)),
    )
}

/// Returns the page routes of an app.
fn app<V: IntoView + 'static>(state: &AppState, app: App, document: fn(&Assets) -> V) -> Router<AppState> {
    let assets = state.manifest.assets(app);
    let list_assets = assets.clone();
    let routes = generate_route_list(move || document(&list_assets));
    let route_list = routes.clone();
    Router::new().leptos_routes_with_handler(
        routes,
        get(move |State(state): State<AppState>, request: Request| {
            let (route_list, assets) = (route_list.clone(), assets.clone());
            async move {
                let context = context(&state, &request);
                render_route_with_context(route_list, context, move || document(&assets))(State(state), request).await
            }
        }),
    )
}

/// Returns the public pages.
pub fn public() -> Router<AppState> {
    Router::new()
        .route("/", get(landing_page))
        .route("/docs", get(guide))
        .route("/docs/webhooks", get(webhooks))
        .route("/docs/reference", get(reference))
        .route("/docs/scopes", get(scopes))
        .route("/docs/events", get(events))
        .route("/docs/mapping", get(mapping))
        .route("/docs/problems", get(problems_page))
        .route("/docs/problems/{code}", get(problem_page))
}

/// The actions with multipart forms; other content types are rejected before the body is read. A test compares this list
/// with the actions.
pub const MULTIPART_ACTIONS: &[&str] = &[
    "/app/fn/send-message",
    "/app/fn/create-form",
    "/app/fn/submit-report",
    "/app/fn/invite-contact",
    "/app/fn/save-rule",
    "/app/fn/send-entry",
    "/app/fn/send-photo",
    "/app/fn/set-portal-logo",
    "/app/fn/set-terminology",
    "/app/fn/update-technician",
    "/app/fn/update-form",
    "/app/fn/upload-csv",
    "/app/fn/upload-customers",
    "/portal/fn/answer-request",
    "/portal/fn/invite-colleague",
    "/portal/fn/submit-request",
];

/// Handles a form action of any app.
async fn action(State(state): State<AppState>, request: Request) -> Response {
    let path = request.uri().path();
    if get_server_fn_service(path, request.method().clone()).is_none() {
        return not_found_page(State(state), request).await;
    }
    if MULTIPART_ACTIONS.contains(&path) && !is_multipart(&request) {
        return StatusCode::UNSUPPORTED_MEDIA_TYPE.into_response();
    }
    let locale = request
        .extensions()
        .get::<Viewer>()
        .map_or_else(Locale::default, |viewer| viewer.locale);
    let (mut of_account, mut of_network) = (None, None);
    if MULTIPART_ACTIONS.contains(&path) {
        let has_place = if let Some(account) = account(&request) {
            of_account = state.account_uploads.acquire(account).await;
            of_account.is_some()
        } else {
            of_network = state.public_limits.acquire_arrival(client_network(&request)).await;
            of_network.is_some()
        };
        if !has_place {
            return too_many_requests(locale, UPLOAD_RETRY_SECONDS);
        }
    }
    let context = context(&state, &request);
    let mut request = request;
    if MULTIPART_ACTIONS.contains(&request.uri().path()) {
        request = receive(&state, request).await;
    }
    // Leptos would redirect to it, unchecked, when it cannot read the arguments.
    request.headers_mut().remove(REFERER);
    let response = handle_server_fns_with_context(context, request).await.into_response();
    drop((of_account, of_network));
    refuse_malformed(response, locale).await
}

/// Receives the body of an upload completely before it is read into memory.
async fn receive(state: &AppState, request: Request) -> Request {
    let (parts, body) = request.into_parts();
    Request::from_parts(parts, state.spool.receive(body).await)
}

/// Returns the ID of the signed-in account.
fn account(request: &Request) -> Option<Uuid> {
    let extensions = request.extensions();
    let staff = extensions.get::<Staff>().map(|staff| staff.id().uuid());
    staff.or_else(|| extensions.get::<Contact>().map(|contact| contact.id().uuid()))
}

/// Answers with 400 where Leptos could not read the arguments of an action. Without that, it redirects (302) a browser, and
/// answers others with 500; an action that ran redirects with 303, or sets a status and a server error.
async fn refuse_malformed(response: Response, locale: Locale) -> Response {
    const SERVER_ERROR: &[u8] = b"ServerError|";
    const MAX_ERROR_BYTES: usize = 64 * 1024;
    let malformed = || (StatusCode::BAD_REQUEST, ui::i18n::shared::form_not_readable(locale)).into_response();
    match response.status() {
        StatusCode::FOUND => malformed(),
        StatusCode::INTERNAL_SERVER_ERROR => {
            let (parts, body) = response.into_parts();
            match axum::body::to_bytes(body, MAX_ERROR_BYTES).await {
                Ok(bytes) if bytes.starts_with(SERVER_ERROR) => Response::from_parts(parts, Body::from(bytes)),
                _ => malformed(),
            }
        }
        _ => response,
    }
}

/// Returns whether a request has the content type `multipart/form-data` with a boundary.
fn is_multipart(request: &Request) -> bool {
    let content_type = request
        .headers()
        .get(CONTENT_TYPE)
        .and_then(|value| value.to_str().ok());
    content_type
        .and_then(|value| MediaType::parse(value).ok())
        .is_some_and(|media_type| {
            media_type.essence() == media_type!(MULTIPART / FORM_DATA)
                && media_type
                    .get_param(names::BOUNDARY)
                    .is_some_and(|boundary| !boundary.as_str().is_empty())
        })
}

/// Returns the context of a page or action: services, viewer, actor, flash and branding. It also sets the
/// Content-Security-Policy with the nonce of this response.
fn context(state: &AppState, request: &Request) -> impl Fn() + Clone + Send + Sync + 'static {
    let core = state.core.clone();
    let extensions = request.extensions();
    let frame_hosts = extensions.get::<FrameHosts>().cloned().unwrap_or_default();
    // "View as" in the staff app submits a form that redirects to the portal host.
    let portal_host = state
        .config
        .portal_host()
        .filter(|_| extensions.get::<Staff>().is_some());
    let portal_url = portal_host.map(|_| state.config.portal_url()).unwrap_or_default();
    let targets = form_targets(request.uri().path(), &page_hosts(state, request));
    let form_target = format!("{targets} {portal_url}");
    // Only the map of the board may load tiles from another origin.
    let is_board = extensions.get::<Staff>().is_some() && request.uri().path() == "/app/board";
    let tile_origin = state
        .core
        .tiles()
        .filter(|_| is_board)
        .map(|tiles| tiles.origin().to_owned())
        .unwrap_or_default();
    let (owner_token, submitted_for, drafts) = (
        extensions.get::<OwnerToken>().cloned(),
        extensions.get::<SubmittedFor>().cloned(),
        extensions.get::<PageDrafts>().cloned(),
    );
    let (viewer, staff, contact, partner, flash, brand) = (
        extensions.get::<Viewer>().cloned(),
        extensions.get::<Staff>().cloned(),
        extensions.get::<Contact>().cloned(),
        extensions.get::<Partner>().cloned(),
        extensions.get::<Flash>().cloned(),
        extensions.get::<BrandedOrganisation>().cloned(),
    );
    move || {
        provide_context(core.clone());
        if let Some(viewer) = viewer.clone() {
            provide_context(viewer);
        }
        if let Some(staff) = staff.clone() {
            provide_context(staff);
        }
        if let Some(contact) = contact.clone() {
            provide_context(contact);
        }
        if let Some(partner) = partner.clone() {
            provide_context(partner);
        }
        if let Some(flash) = flash.clone() {
            provide_context(flash);
        }
        if let Some(brand) = brand.clone() {
            provide_context(brand);
        }
        if let Some(token) = owner_token.clone() {
            provide_context(token);
        }
        if let Some(submitted_for) = submitted_for.clone() {
            provide_context(submitted_for);
        }
        if let Some(drafts) = drafts.clone() {
            provide_context(drafts);
        }
        if let Some(response) = use_context::<ResponseOptions>() {
            response.insert_header(
                CONTENT_SECURITY_POLICY,
                policy(&frame_hosts, &form_target, &tile_origin),
            );
        }
    }
}

/// The hosts that may embed a response in a frame; none by default.
#[derive(Debug, Clone, Default)]
pub struct FrameHosts(pub Vec<String>);

/// Returns the hosts under which a browser may have opened this page: the one that it named, and the public one, since a
/// proxy may name another host to the server than the browser did.
fn page_hosts(state: &AppState, request: &Request) -> Vec<String> {
    let public = state.config.public_url.parse::<Uri>().ok();
    let public = public.and_then(|url| url.authority().map(ToString::to_string));
    let named = Some(hosts::host(request)).filter(|host| hosts::is_host(host));
    let mut found: Vec<String> = named.map(str::to_owned).into_iter().chain(public).collect();
    found.dedup();
    found
}

/// Returns where the forms of a page may lead: the forms of an app stay in that app, so that markup in a page of one app
/// could not send a form of another one.
fn form_targets(path: &str, page_hosts: &[String]) -> String {
    let app = ["/app", "/portal", "/partner"].into_iter().find(|app| {
        path.strip_prefix(app)
            .is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
    });
    match app {
        // Without a scheme, a source has that of the page, also behind a proxy that speaks TLS.
        Some(app) if !page_hosts.is_empty() => page_hosts
            .iter()
            .map(|host| format!("{host}{app}/"))
            .collect::<Vec<_>>()
            .join(" "),
        _ => "'self'".to_owned(),
    }
}

/// Returns the Content-Security-Policy with the nonce of this response. `tile_origin` allows one more origin for images; it
/// may be empty.
fn policy(frame_hosts: &FrameHosts, form_target: &str, tile_origin: &str) -> HeaderValue {
    let ancestors = if frame_hosts.0.is_empty() {
        "'none'".to_owned()
    } else {
        frame_hosts.0.join(" ")
    };
    let nonce = leptos::nonce::use_nonce()
        .map(|nonce| format!("'nonce-{nonce}' "))
        .unwrap_or_default();
    let value = format!(
        "default-src 'self'; script-src 'strict-dynamic' {nonce}'wasm-unsafe-eval'; style-src 'self'; img-src 'self' data: {tile_origin}; worker-src 'self'; object-src 'none'; base-uri 'none'; frame-ancestors {ancestors}; form-action {form_target}"
    );
    HeaderValue::from_str(value.trim_end()).unwrap_or(HeaderValue::from_static("default-src 'none'"))
}

async fn landing_page(State(state): State<AppState>, request: Request) -> Response {
    let assets = state.manifest.assets(App::Public);
    render_public(&state, request, move || public::front::start_page(&assets)).await
}

async fn guide(State(state): State<AppState>, request: Request) -> Response {
    let assets = state.manifest.assets(App::Public);
    render_public(&state, request, move || docs::prose(&assets, Article::Guide)).await
}

async fn webhooks(State(state): State<AppState>, request: Request) -> Response {
    let assets = state.manifest.assets(App::Public);
    render_public(&state, request, move || docs::prose(&assets, Article::Webhooks)).await
}

async fn reference(State(state): State<AppState>, request: Request) -> Response {
    let assets = state.manifest.assets(App::Public);
    let Ok(document) = serde_json::to_value(crate::api::document()) else {
        return StatusCode::INTERNAL_SERVER_ERROR.into_response();
    };
    render_public(&state, request, move || docs::reference(&assets, document.clone())).await
}

async fn scopes(State(state): State<AppState>, request: Request) -> Response {
    let assets = state.manifest.assets(App::Public);
    render_public(&state, request, move || docs::scopes(&assets)).await
}

async fn events(State(state): State<AppState>, request: Request) -> Response {
    let assets = state.manifest.assets(App::Public);
    render_public(&state, request, move || public::events::events(&assets)).await
}

async fn mapping(State(state): State<AppState>, request: Request) -> Response {
    let assets = state.manifest.assets(App::Public);
    render_public(&state, request, move || docs::mapping(&assets)).await
}

/// Returns the "page not found" page.
pub async fn not_found_page(State(state): State<AppState>, request: Request) -> Response {
    let assets = state.manifest.assets(App::Public);
    let mut response = render_public(&state, request, move || public::front::not_found_page(&assets)).await;
    *response.status_mut() = StatusCode::NOT_FOUND;
    response
}

/// Returns the page for a change that is attempted during a view-as session.
pub async fn view_as_read_only(state: &AppState, request: Request) -> Response {
    let assets = state.manifest.assets(App::Public);
    let mut response = render_public(state, request, move || public::front::view_as_read_only(&assets)).await;
    *response.status_mut() = StatusCode::FORBIDDEN;
    response
}

async fn problems_page(State(state): State<AppState>, request: Request) -> Response {
    let assets = state.manifest.assets(App::Public);
    render_public(&state, request, move || public::front::problems_page(&assets)).await
}

async fn problem_page(State(state): State<AppState>, Path(code): Path<String>, request: Request) -> Response {
    let assets = state.manifest.assets(App::Public);
    match Problem::from_code(&code) {
        Some(problem) => render_public(&state, request, move || public::front::problem_page(&assets, problem)).await,
        None => not_found_page(State(state), request).await,
    }
}

/// Renders a public page.
pub(crate) async fn render<V: IntoView + 'static>(
    state: &AppState,
    request: Request,
    document: impl Fn() -> V + Clone + Send + Sync + 'static,
) -> Response<Body> {
    render_public(state, request, document).await
}

async fn render_public<V: IntoView + 'static>(
    state: &AppState,
    mut request: Request,
    document: impl Fn() -> V + Clone + Send + Sync + 'static,
) -> Response<Body> {
    let viewer = viewer(state, request.headers(), &request, None);
    request.extensions_mut().insert(viewer);
    let context = context(state, &request);
    render_app_async_with_context(context, document)(request)
        .await
        .into_response()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn forms_of_an_app_lead_into_that_app_only() {
        let hosts = ["127.0.0.1:3000".to_owned(), "connect.example.org".to_owned()];
        for (path, expected) in [
            ("/app", "127.0.0.1:3000/app/ connect.example.org/app/"),
            ("/app/inbox", "127.0.0.1:3000/app/ connect.example.org/app/"),
            ("/portal/sign-in", "127.0.0.1:3000/portal/ connect.example.org/portal/"),
            ("/partner", "127.0.0.1:3000/partner/ connect.example.org/partner/"),
            ("/application", "'self'"),
            ("/intake/x", "'self'"),
        ] {
            assert_eq!(form_targets(path, &hosts), expected, "{path}");
        }
        assert_eq!(form_targets("/app", &[]), "'self'");
    }
}
