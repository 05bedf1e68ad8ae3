//! Mounts the two apps: their pages, their acts and the nonce of their scripts.

use axum::Router;
use axum::body::Body;
use axum::extract::{Path, Request, State};
use axum::http::header::CONTENT_SECURITY_POLICY;
use axum::http::{HeaderValue, StatusCode};
use axum::response::{IntoResponse as _, Response};
use axum::routing::{get, post};
use domain::problems::Problem;
use leptos::prelude::{provide_context, use_context};
use leptos_axum::{
    LeptosRoutes as _, ResponseOptions, generate_route_list, handle_server_fns_with_context,
    render_app_async_with_context, render_route_with_context,
};
use ordinavo_core::actors::{Contact, Staff};
use public::docs::{self, Prose};
use tower_http::limit::RequestBodyLimitLayer;
use ui::flash::Flash;
use ui::shell::App;
use ui::viewer::Viewer;

use crate::authn::gate::viewer;
use crate::serve::AppState;

/// The largest report with its photos, in bytes.
const MOST_REPORT_BYTES: usize = 64 * 1024 * 1024;
/// The largest file of imports with what stands around it, in bytes.
const MOST_CSV_BYTES: usize = 3 * 1024 * 1024;
/// The largest other form, in bytes: the longest texts in the longest encoding.
const MOST_FORM_BYTES: usize = 256 * 1024;

/// The routes of the staff app.
pub fn dispatch(state: &AppState) -> Router<AppState> {
    let assets = state.manifest.of(App::Dispatch);
    let for_list = assets.clone();
    let routes = generate_route_list(move || dispatch::app::document(&for_list));
    let listed = routes.clone();
    let page_assets = assets.clone();
    Router::new()
        .leptos_routes_with_handler(
            routes,
            get(move |State(state): State<AppState>, request: Request| {
                let (listed, assets) = (listed.clone(), page_assets.clone());
                async move {
                    let context = context(&state, &request);
                    render_route_with_context(listed, context, move || dispatch::app::document(&assets))(
                        State(state),
                        request,
                    )
                    .await
                }
            }),
        )
        .route(
            "/app/fn/file-report",
            post(act).layer(RequestBodyLimitLayer::new(MOST_REPORT_BYTES)),
        )
        .route(
            "/app/fn/upload-csv",
            post(act).layer(RequestBodyLimitLayer::new(MOST_CSV_BYTES)),
        )
        .route(
            "/app/fn/{*name}",
            post(act).layer(RequestBodyLimitLayer::new(MOST_FORM_BYTES)),
        )
}

/// The routes of the portal.
pub fn portal(state: &AppState) -> Router<AppState> {
    let assets = state.manifest.of(App::Portal);
    let for_list = assets.clone();
    let routes = generate_route_list(move || portal::app::document(&for_list));
    let listed = routes.clone();
    let page_assets = assets.clone();
    Router::new()
        .leptos_routes_with_handler(
            routes,
            get(move |State(state): State<AppState>, request: Request| {
                let (listed, assets) = (listed.clone(), page_assets.clone());
                async move {
                    let context = context(&state, &request);
                    render_route_with_context(listed, context, move || portal::app::document(&assets))(
                        State(state),
                        request,
                    )
                    .await
                }
            }),
        )
        .route(
            "/portal/fn/{*name}",
            post(act).layer(RequestBodyLimitLayer::new(MOST_FORM_BYTES)),
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
        .route("/docs/mapping", get(mapping))
        .route("/docs/problems", get(problem_list))
        .route("/docs/problems/{code}", get(problem_page))
}

/// One act of either app.
async fn act(State(state): State<AppState>, request: Request) -> Response {
    let context = context(&state, &request);
    handle_server_fns_with_context(context, request).await.into_response()
}

/// What pages and acts find: the use cases, who looks, who acts, what the form before left behind; and the policy for the
/// scripts of this very answer.
fn context(state: &AppState, request: &Request) -> impl Fn() + Clone + Send + Sync + 'static {
    let core = state.core.clone();
    let extensions = request.extensions();
    let (viewer, staff, contact, flash) = (
        extensions.get::<Viewer>().cloned(),
        extensions.get::<Staff>().cloned(),
        extensions.get::<Contact>().cloned(),
        extensions.get::<Flash>().cloned(),
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
        if let Some(flash) = flash.clone() {
            provide_context(flash);
        }
        if let Some(response) = use_context::<ResponseOptions>() {
            response.insert_header(CONTENT_SECURITY_POLICY, policy());
        }
    }
}

/// The content security policy with the nonce of this answer.
fn policy() -> HeaderValue {
    let nonce = leptos::nonce::use_nonce()
        .map(|nonce| format!("'nonce-{nonce}' "))
        .unwrap_or_default();
    let text = format!(
        "default-src 'self'; script-src 'strict-dynamic' {nonce}'wasm-unsafe-eval'; style-src 'self'; img-src 'self' data:; object-src 'none'; base-uri 'none'; frame-ancestors 'none'; form-action 'self'"
    );
    HeaderValue::from_str(&text).unwrap_or(HeaderValue::from_static("default-src 'none'"))
}

async fn front_door(State(state): State<AppState>, request: Request) -> Response {
    let assets = state.manifest.of(App::Public);
    simple(&state, request, move || public::front_door(&assets)).await
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

async fn mapping(State(state): State<AppState>, request: Request) -> Response {
    let assets = state.manifest.of(App::Public);
    simple(&state, request, move || docs::mapping(&assets)).await
}

/// What answers where nothing else does.
pub async fn nothing_here(State(state): State<AppState>, request: Request) -> Response {
    let assets = state.manifest.of(App::Public);
    let mut response = simple(&state, request, move || public::nothing_here(&assets)).await;
    *response.status_mut() = StatusCode::NOT_FOUND;
    response
}

async fn problem_list(State(state): State<AppState>, request: Request) -> Response {
    let assets = state.manifest.of(App::Public);
    simple(&state, request, move || public::problem_list(&assets)).await
}

async fn problem_page(State(state): State<AppState>, Path(code): Path<String>, request: Request) -> Response {
    let assets = state.manifest.of(App::Public);
    match Problem::from_code(&code) {
        Some(problem) => simple(&state, request, move || public::problem_page(&assets, problem)).await,
        None => nothing_here(State(state), request).await,
    }
}

async fn simple<V: leptos::prelude::IntoView + 'static>(
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
