//! Mounts the apps: their pages, their acts and the nonce of their scripts.

use axum::Router;
use axum::body::Body;
use axum::extract::{Path, Request, State};
use axum::http::header::{CONTENT_SECURITY_POLICY, CONTENT_TYPE};
use axum::http::{HeaderValue, StatusCode};
use axum::response::{IntoResponse as _, Response};
use axum::routing::{get, post};
use domain::problems::Problem;
use leptos::prelude::{IntoView, provide_context, use_context};
use leptos::server_fn::axum::get_server_fn_service;
use leptos_axum::{
    LeptosRoutes as _, ResponseOptions, generate_route_list, handle_server_fns_with_context,
    render_app_async_with_context, render_route_with_context,
};
use ordinavo_core::branding::Brand;
use ordinavo_core::identity::actors::{Contact, Partner, Staff};
use public::docs::{self, Prose};
use tower_http::limit::RequestBodyLimitLayer;
use ui::flash::Flash;
use ui::shell::{App, Assets};
use ui::viewer::Viewer;

use crate::authn::gate::viewer;
use crate::serve::AppState;

/// The largest report with its photos, in bytes.
const MOST_REPORT_BYTES: usize = 64 * 1024 * 1024;
/// The largest request with its files, in bytes.
const MOST_UPLOAD_BYTES: usize = 25 * 1024 * 1024;
/// The largest file of imports with what stands around it, in bytes.
const MOST_CSV_BYTES: usize = 3 * 1024 * 1024;
/// The largest logo with what stands around it, in bytes: more than is taken, so that the form can say so.
const MOST_LOGO_BYTES: usize = 3 * 1024 * 1024;
/// The largest photo on its own, in bytes, with the fields around it.
const MOST_ONE_PHOTO_BYTES: usize = ordinavo_core::files::MOST_PHOTO_BYTES + 64 * 1024;
/// The largest other form, in bytes: the longest texts in the longest encoding.
const MOST_FORM_BYTES: usize = 256 * 1024;

/// The routes of the staff app.
pub fn dispatch(state: &AppState) -> Router<AppState> {
    app(state, App::Dispatch, dispatch::app::document)
        .route(
            "/app/fn/file-report",
            post(act).layer(RequestBodyLimitLayer::new(MOST_REPORT_BYTES)),
        )
        .route(
            "/app/fn/send-photo",
            post(act).layer(RequestBodyLimitLayer::new(MOST_ONE_PHOTO_BYTES)),
        )
        .route(
            "/app/fn/upload-csv",
            post(act).layer(RequestBodyLimitLayer::new(MOST_CSV_BYTES)),
        )
        .route(
            "/app/fn/set-portal-logo",
            post(act).layer(RequestBodyLimitLayer::new(MOST_LOGO_BYTES)),
        )
        .route(
            "/app/fn/{*name}",
            post(act).layer(RequestBodyLimitLayer::new(MOST_FORM_BYTES)),
        )
}

/// The routes of the portal.
pub fn portal(state: &AppState) -> Router<AppState> {
    let upload = RequestBodyLimitLayer::new(MOST_UPLOAD_BYTES);
    app(state, App::Portal, portal::app::document)
        .route("/portal/fn/submit-request", post(act).layer(upload))
        .route(
            "/portal/fn/{*name}",
            post(act).layer(RequestBodyLimitLayer::new(MOST_FORM_BYTES)),
        )
}

/// The paths of the portal's pages, for tests that walk all of them.
pub fn portal_paths(state: &AppState) -> Vec<String> {
    let assets = state.manifest.of(App::Portal);
    generate_route_list(move || portal::app::document(&assets))
        .iter()
        .map(|route| route.path().to_owned())
        .collect()
}

/// The routes of the partner console.
pub fn partner(state: &AppState) -> Router<AppState> {
    app(state, App::Partner, partner::app::document).route(
        "/partner/fn/{*name}",
        post(act).layer(RequestBodyLimitLayer::new(MOST_FORM_BYTES)),
    )
}

/// The pages of an app.
fn app<V: IntoView + 'static>(state: &AppState, app: App, document: fn(&Assets) -> V) -> Router<AppState> {
    let assets = state.manifest.of(app);
    let for_list = assets.clone();
    let routes = generate_route_list(move || document(&for_list));
    let listed = routes.clone();
    Router::new().leptos_routes_with_handler(
        routes,
        get(move |State(state): State<AppState>, request: Request| {
            let (listed, assets) = (listed.clone(), assets.clone());
            async move {
                let context = context(&state, &request);
                render_route_with_context(listed, context, move || document(&assets))(State(state), request).await
            }
        }),
    )
}

/// The pages without an account.
pub fn public() -> Router<AppState> {
    Router::new()
        .route("/", get(front_door))
        .route("/docs", get(guide))
        .route("/docs/webhooks", get(webhooks))
        .route("/docs/reference", get(reference))
        .route("/docs/scopes", get(scopes))
        .route("/docs/events", get(events))
        .route("/docs/mapping", get(mapping))
        .route("/docs/problems", get(problem_list))
        .route("/docs/problems/{code}", get(problem_page))
}

/// The acts whose forms have parts; whatever else is sent to them is refused before it is read. A test compares the list with
/// the acts.
pub const MULTIPART_ACTS: &[&str] = &[
    "/app/fn/create-form",
    "/app/fn/file-report",
    "/app/fn/invite-contact",
    "/app/fn/save-rule",
    "/app/fn/send-entry",
    "/app/fn/send-photo",
    "/app/fn/set-portal-logo",
    "/app/fn/set-portal-words",
    "/app/fn/set-up-technician",
    "/app/fn/update-form",
    "/app/fn/upload-csv",
    "/portal/fn/invite-colleague",
    "/portal/fn/submit-request",
];

/// One act of any app.
async fn act(State(state): State<AppState>, request: Request) -> Response {
    let path = request.uri().path();
    if get_server_fn_service(path, request.method().clone()).is_none() {
        return nothing_here(State(state), request).await;
    }
    if MULTIPART_ACTS.contains(&path) && !has_parts(&request) {
        return StatusCode::UNSUPPORTED_MEDIA_TYPE.into_response();
    }
    let context = context(&state, &request);
    handle_server_fns_with_context(context, request).await.into_response()
}

/// Whether a request says that its body is a form with parts, and what lies between them.
fn has_parts(request: &Request) -> bool {
    let kind = request
        .headers()
        .get(CONTENT_TYPE)
        .and_then(|value| value.to_str().ok());
    kind.is_some_and(|kind| {
        let kind = kind.to_ascii_lowercase();
        kind.starts_with("multipart/form-data") && kind.contains("boundary=") && !kind.ends_with("boundary=")
    })
}

/// What pages and acts find: the use cases, who looks, who acts, what the form before left behind; and the policy for the
/// scripts of this very answer.
fn context(state: &AppState, request: &Request) -> impl Fn() + Clone + Send + Sync + 'static {
    let core = state.core.clone();
    let extensions = request.extensions();
    let hosts = extensions.get::<FrameHosts>().cloned().unwrap_or_default();
    // Who looks at the portal as somebody sees it is led there from a form of the staff app.
    let portal = state
        .config
        .portal_host()
        .filter(|_| extensions.get::<Staff>().is_some());
    let leads_to = portal.map(|_| state.config.portal_url()).unwrap_or_default();
    // The board's map may show an operator's pictures; nothing else may.
    let is_board = extensions.get::<Staff>().is_some() && request.uri().path() == "/app/board";
    let pictures = state
        .core
        .tiles()
        .filter(|_| is_board)
        .map(|tiles| tiles.origin().to_owned())
        .unwrap_or_default();
    let (viewer, staff, contact, partner, flash, brand) = (
        extensions.get::<Viewer>().cloned(),
        extensions.get::<Staff>().cloned(),
        extensions.get::<Contact>().cloned(),
        extensions.get::<Partner>().cloned(),
        extensions.get::<Flash>().cloned(),
        extensions.get::<Brand>().cloned(),
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
        if let Some(response) = use_context::<ResponseOptions>() {
            response.insert_header(CONTENT_SECURITY_POLICY, policy(&hosts, &leads_to, &pictures));
        }
    }
}

/// The hosts whose pages may show an answer in a frame; usually none.
#[derive(Debug, Clone, Default)]
pub struct FrameHosts(pub Vec<String>);

/// The content security policy with the nonce of this answer. Forms may lead to one other host and pictures come from one, if
/// these are not empty.
fn policy(hosts: &FrameHosts, leads_to: &str, pictures: &str) -> HeaderValue {
    let ancestors = if hosts.0.is_empty() {
        "'none'".to_owned()
    } else {
        hosts.0.join(" ")
    };
    let nonce = leptos::nonce::use_nonce()
        .map(|nonce| format!("'nonce-{nonce}' "))
        .unwrap_or_default();
    let text = format!(
        "default-src 'self'; script-src 'strict-dynamic' {nonce}'wasm-unsafe-eval'; style-src 'self'; img-src 'self' data: {pictures}; worker-src 'self'; object-src 'none'; base-uri 'none'; frame-ancestors {ancestors}; form-action 'self' {leads_to}"
    );
    HeaderValue::from_str(text.trim_end()).unwrap_or(HeaderValue::from_static("default-src 'none'"))
}

async fn front_door(State(state): State<AppState>, request: Request) -> Response {
    let assets = state.manifest.of(App::Public);
    simple(&state, request, move || public::front::front_door(&assets)).await
}

async fn guide(State(state): State<AppState>, request: Request) -> Response {
    let assets = state.manifest.of(App::Public);
    simple(&state, request, move || docs::prose(&assets, Prose::Guide)).await
}

async fn webhooks(State(state): State<AppState>, request: Request) -> Response {
    let assets = state.manifest.of(App::Public);
    simple(&state, request, move || docs::prose(&assets, Prose::Webhooks)).await
}

async fn reference(State(state): State<AppState>, request: Request) -> Response {
    let assets = state.manifest.of(App::Public);
    let Ok(document) = serde_json::to_value(crate::api::document()) else {
        return StatusCode::INTERNAL_SERVER_ERROR.into_response();
    };
    simple(&state, request, move || docs::reference(&assets, document.clone())).await
}

async fn scopes(State(state): State<AppState>, request: Request) -> Response {
    let assets = state.manifest.of(App::Public);
    simple(&state, request, move || docs::scopes(&assets)).await
}

async fn events(State(state): State<AppState>, request: Request) -> Response {
    let assets = state.manifest.of(App::Public);
    simple(&state, request, move || public::events::events(&assets)).await
}

async fn mapping(State(state): State<AppState>, request: Request) -> Response {
    let assets = state.manifest.of(App::Public);
    simple(&state, request, move || docs::mapping(&assets)).await
}

/// What answers where nothing else does.
pub async fn nothing_here(State(state): State<AppState>, request: Request) -> Response {
    let assets = state.manifest.of(App::Public);
    let mut response = simple(&state, request, move || public::front::nothing_here(&assets)).await;
    *response.status_mut() = StatusCode::NOT_FOUND;
    response
}

/// What answers where somebody who only looks at the portal tries to change something.
pub async fn only_a_look(state: &AppState, request: Request) -> Response {
    let assets = state.manifest.of(App::Public);
    let mut response = simple(state, request, move || public::front::only_a_look(&assets)).await;
    *response.status_mut() = StatusCode::FORBIDDEN;
    response
}

async fn problem_list(State(state): State<AppState>, request: Request) -> Response {
    let assets = state.manifest.of(App::Public);
    simple(&state, request, move || public::front::problem_list(&assets)).await
}

async fn problem_page(State(state): State<AppState>, Path(code): Path<String>, request: Request) -> Response {
    let assets = state.manifest.of(App::Public);
    match Problem::from_code(&code) {
        Some(problem) => simple(&state, request, move || public::front::problem_page(&assets, problem)).await,
        None => nothing_here(State(state), request).await,
    }
}

/// A page without an account, for whoever asks.
pub(crate) async fn render<V: IntoView + 'static>(
    state: &AppState,
    request: Request,
    document: impl Fn() -> V + Clone + Send + Sync + 'static,
) -> Response<Body> {
    simple(state, request, document).await
}

async fn simple<V: IntoView + 'static>(
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
