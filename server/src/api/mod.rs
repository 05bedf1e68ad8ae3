//! The Connect REST API. One file a route: `v1/<resource>/<verb>.rs`, with its description, a short handler and nothing else.

pub mod body;
pub mod cursor;
pub mod problem;
pub mod v1;

use axum::Router;
use axum::extract::Request;
use axum::http::StatusCode;
use axum::http::header::ALLOW;
use axum::middleware::{self, Next};
use axum::response::{IntoResponse as _, Response};
use axum::routing::get;
use domain::problems::Problem;
use ordinavo_core::CoreError;
use utoipa::OpenApi;
use utoipa::openapi::OpenApi as Document;
use utoipa_axum::router::OpenApiRouter;

use self::problem::ApiError;
use crate::serve::AppState;

/// What the document says about the whole API.
#[derive(OpenApi)]
#[openapi(
    info(title = "Ordinavo Connect", version = "1.0.0", description = "Hand over jobs, have them mapped to the right customer, and hear what became of them.", license(name = "Apache-2.0", identifier = "Apache-2.0")),
    servers((url = "/")),
    tags((name = "targets", description = "Jobs"), (name = "webhook-endpoints", description = "Where events go")),
    modifiers(&BearerKey)
)]
struct Description;

struct BearerKey;

impl utoipa::Modify for BearerKey {
    fn modify(&self, document: &mut Document) {
        use utoipa::openapi::security::{Http, HttpAuthScheme, SecurityScheme};
        let components = document.components.get_or_insert_default();
        components.add_security_scheme("apiKey", SecurityScheme::Http(Http::new(HttpAuthScheme::Bearer)));
    }
}

fn described() -> (Router<AppState>, Document) {
    OpenApiRouter::with_openapi(Description::openapi())
        .nest("/api/v1", v1::routes())
        .split_for_parts()
}

/// The description of the API, made from the handlers' own types and routes.
pub fn document() -> Document {
    described().1
}

/// The routes of the API, with problems for everything that no route answers.
pub fn router() -> Router<AppState> {
    let (routes, document) = described();
    routes
        .route("/api/v1/openapi.json", get(move || async move { axum::Json(document) }))
        .route("/api/{*rest}", axum::routing::any(nothing_here))
        .layer(middleware::from_fn(method_problem))
}

async fn nothing_here() -> ApiError {
    CoreError::not_found().into()
}

/// A method that a path does not have is a problem too; the router has already set `Allow`.
async fn method_problem(request: Request, next: Next) -> Response {
    let response = next.run(request).await;
    if response.status() != StatusCode::METHOD_NOT_ALLOWED {
        return response;
    }
    let allow = response.headers().get(ALLOW).cloned();
    let mut problem = ApiError::from(CoreError::new(
        Problem::MethodNotAllowed,
        "This method is not allowed here.",
    ))
    .into_response();
    if let Some(allow) = allow {
        problem.headers_mut().insert(ALLOW, allow);
    }
    problem
}
