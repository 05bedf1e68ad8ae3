//! OAuth 2.0 client credentials: token, revocation and metadata endpoints. Errors follow RFC 6749, section 5.2, instead of
//! problem details.

use axum::Json;
use axum::Router;
use axum::extract::{Request, State};
use axum::http::header::{AUTHORIZATION, CACHE_CONTROL, CONTENT_TYPE, PRAGMA, RETRY_AFTER, WWW_AUTHENTICATE};
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use axum::response::{IntoResponse as _, Response};
use axum::routing::{get, post};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use domain::scopes::Scope;
use mediatype::{MediaType, media_type};
use ordinavo_core::integrations::oauth;
use ordinavo_core::integrations::oauth::{Refusal, TOKEN_LIFETIME};
use secrecy::{ExposeSecret as _, SecretString};
use serde::Serialize;
use serde_json::{Value, json};
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::api::texts;
use crate::public_limits::client_network;
use crate::serve::AppState;

const MAX_BODY_BYTES: usize = 16 * 1024;

const BODY_TIMEOUT: std::time::Duration = std::time::Duration::from_secs(10);

/// Returns the token and revocation routes that are part of the OpenAPI document.
pub fn documented_routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .routes(routes!(create_token))
        .routes(routes!(revoke_token))
}

/// Returns the routes outside the API prefix: the short revocation URL and the metadata URL of RFC 8414.
pub fn standard_routes() -> Router<AppState> {
    Router::new()
        .route("/oauth/revoke", post(revoke_token))
        .route("/.well-known/oauth-authorization-server", get(metadata))
}

/// Parameters of a token request.
#[derive(Debug, Serialize, ToSchema)]
pub struct TokenRequest {
    /// Grant type; only `client_credentials` is supported.
    #[schema(pattern = "^client_credentials$", example = "client_credentials")]
    pub grant_type: String,
    /// Requested scopes, separated by spaces. Defaults to all granted scopes.
    #[schema(required = false, min_length = 1)]
    pub scope: Option<String>,
    /// Client ID, unless it is sent with HTTP Basic authentication.
    #[schema(required = false, min_length = 1)]
    pub client_id: Option<String>,
    /// Client secret, unless it is sent with HTTP Basic authentication.
    #[schema(required = false, min_length = 1)]
    pub client_secret: Option<String>,
}

/// An access token.
// No `Debug`, so that the token cannot end up in a log.
#[derive(Serialize, ToSchema)]
pub struct Token {
    /// Access token to send as `Authorization: Bearer …`.
    pub access_token: String,
    /// Always `Bearer`.
    pub token_type: String,
    /// Lifetime of the token, in seconds.
    #[schema(minimum = 1)]
    pub expires_in: i64,
    /// Scopes of the token, separated by spaces.
    pub scope: String,
}

/// Parameters of a revocation request.
#[derive(Debug, Serialize, ToSchema)]
pub struct RevocationRequest {
    /// Access token to revoke.
    #[schema(min_length = 1)]
    pub token: String,
    /// Ignored, because there is only one type of token.
    #[schema(required = false)]
    pub token_type_hint: Option<String>,
    /// Client ID, unless it is sent with HTTP Basic authentication.
    #[schema(required = false, min_length = 1)]
    pub client_id: Option<String>,
    /// Client secret, unless it is sent with HTTP Basic authentication.
    #[schema(required = false, min_length = 1)]
    pub client_secret: Option<String>,
}

/// OAuth error (RFC 6749, section 5.2).
#[derive(Debug, Serialize, ToSchema)]
pub struct OauthError {
    /// Error code.
    #[schema(example = "invalid_client")]
    pub error: String,
    /// Human-readable explanation.
    pub error_description: String,
}

/// An OAuth error response.
struct ErrorResponse {
    status: StatusCode,
    error: &'static str,
    description: &'static str,
    challenge: bool,
}

impl ErrorResponse {
    const fn request(description: &'static str) -> Self {
        Self {
            status: StatusCode::BAD_REQUEST,
            error: "invalid_request",
            description,
            challenge: false,
        }
    }

    const fn client() -> Self {
        Self {
            status: StatusCode::UNAUTHORIZED,
            error: "invalid_client",
            description: "Unknown client or invalid client secret.",
            challenge: true,
        }
    }

    fn of(refusal: Refusal) -> Self {
        match refusal {
            Refusal::InvalidClient => Self::client(),
            Refusal::InvalidScope => Self {
                status: StatusCode::BAD_REQUEST,
                error: "invalid_scope",
                description: "A scope is unknown or was not granted to this client.",
                challenge: false,
            },
            Refusal::Unavailable(error) => {
                tracing::warn!(%error, "failed to issue access token");
                Self {
                    status: StatusCode::SERVICE_UNAVAILABLE,
                    error: "temporarily_unavailable",
                    description: "Try again later.",
                    challenge: false,
                }
            }
        }
    }

    fn into_response(self) -> Response {
        let body = Json(json!({ "error": self.error, "error_description": self.description }));
        let mut response = (self.status, no_store(), body).into_response();
        if self.challenge {
            response
                .headers_mut()
                .insert(WWW_AUTHENTICATE, HeaderValue::from_static("Basic realm=\"oauth\""));
        }
        if self.status == StatusCode::SERVICE_UNAVAILABLE {
            response
                .headers_mut()
                .insert(RETRY_AFTER, HeaderValue::from_static("5"));
        }
        response
    }
}

fn no_store() -> [(HeaderName, HeaderValue); 2] {
    [
        (CACHE_CONTROL, HeaderValue::from_static("no-store")),
        (PRAGMA, HeaderValue::from_static("no-cache")),
    ]
}

/// The parameters of a form, without duplicates.
struct Form(Vec<(String, String)>);

impl Form {
    fn get(&self, name: &str) -> Option<&str> {
        self.0
            .iter()
            .find(|(key, value)| key == name && !value.is_empty())
            .map(|(_, value)| value.as_str())
    }
}

async fn read_form(request: Request) -> Result<(HeaderMap, Form), ErrorResponse> {
    let headers = request.headers().clone();
    let content_type = headers
        .get(CONTENT_TYPE)
        .and_then(|value| value.to_str().ok())
        .unwrap_or_default();
    let is_form = MediaType::parse(content_type.trim())
        .is_ok_and(|media_type| media_type.essence() == media_type!(APPLICATION / x_::WWW_FORM_URLENCODED));
    if !is_form {
        return Err(ErrorResponse::request(
            "Send the parameters as application/x-www-form-urlencoded.",
        ));
    }
    let body = tokio::time::timeout(BODY_TIMEOUT, axum::body::to_bytes(request.into_body(), MAX_BODY_BYTES))
        .await
        .map_err(|_| ErrorResponse::request("The request body was not received in time."))?
        .map_err(|_| ErrorResponse::request("The request body is too large."))?;
    let parameters: Vec<(String, String)> = url::form_urlencoded::parse(&body).into_owned().collect();
    for (index, (name, _)) in parameters.iter().enumerate() {
        if parameters[..index].iter().any(|(earlier, _)| earlier == name) {
            return Err(ErrorResponse::request("A parameter is repeated."));
        }
    }
    Ok((headers, Form(parameters)))
}

/// Returns client ID and secret, sent either with HTTP Basic authentication or in the form.
fn credentials(headers: &HeaderMap, form: &Form) -> Result<(String, SecretString), ErrorResponse> {
    let in_form = form.get("client_id").zip(form.get("client_secret"));
    let Some(header) = headers.get(AUTHORIZATION) else {
        let (id, secret) = in_form.ok_or(ErrorResponse::client())?;
        return Ok((id.to_owned(), secret.to_owned().into()));
    };
    if form.get("client_secret").is_some() {
        return Err(ErrorResponse::request("Use only one method of client authentication."));
    }
    let parse_basic = || {
        let (scheme, encoded) = header.to_str().ok()?.split_once(' ')?;
        if !scheme.eq_ignore_ascii_case("basic") {
            return None;
        }
        let decoded = String::from_utf8(STANDARD.decode(encoded.trim()).ok()?).ok()?;
        let (id, secret) = decoded.split_once(':')?;
        // Both parts are form-encoded before they are joined (RFC 6749, section 2.3.1).
        let decode = |text: &str| {
            url::form_urlencoded::parse(format!("x={text}").as_bytes())
                .next()
                .map(|(_, value)| value.into_owned())
        };
        Some((decode(id)?, SecretString::from(decode(secret)?)))
    };
    parse_basic().ok_or(ErrorResponse::client())
}

/// Applies the rate limit per network.
fn check_network(state: &AppState, request: &Request) -> Result<(), Box<Response>> {
    state.limits.check_network(client_network(request)).map_err(|error| {
        let body = Json(json!({ "error": "temporarily_unavailable", "error_description": texts::cause(&error.cause) }));
        let mut response = (StatusCode::TOO_MANY_REQUESTS, no_store(), body).into_response();
        response
            .headers_mut()
            .insert(RETRY_AFTER, HeaderValue::from_static("1"));
        Box::new(response)
    })
}

/// Issues an access token.
///
/// Implements the client credentials grant of RFC 6749. The client authenticates with HTTP Basic or with `client_id` and
/// `client_secret` in the form, not with both. A scope that was not granted returns `invalid_scope`.
#[utoipa::path(
    post, path = "/oauth/token", operation_id = "createToken", tag = "oauth", security(("clientSecret" = [])),
    request_body(content = TokenRequest, content_type = "application/x-www-form-urlencoded", description = "Form parameters"),
    responses(
        (status = 200, description = "The token", body = Token),
        (status = "4XX", description = "The request was rejected", body = OauthError),
        (status = "5XX", description = "The server cannot process the request; retry later", body = OauthError)
    )
)]
async fn create_token(State(state): State<AppState>, request: Request) -> Response {
    if let Err(response) = check_network(&state, &request) {
        return *response;
    }
    match issue_token(&state, request).await {
        Ok(token) => (no_store(), Json(token)).into_response(),
        Err(refused) => refused.into_response(),
    }
}

async fn issue_token(state: &AppState, request: Request) -> Result<Token, ErrorResponse> {
    let (headers, form) = read_form(request).await?;
    match form.get("grant_type") {
        Some("client_credentials") => {}
        Some(_) => {
            return Err(ErrorResponse {
                status: StatusCode::BAD_REQUEST,
                error: "unsupported_grant_type",
                description: "Only client_credentials is supported.",
                challenge: false,
            });
        }
        None => return Err(ErrorResponse::request("The parameter grant_type is missing.")),
    }
    let (id, secret) = credentials(&headers, &form)?;
    let token = oauth::token(&state.core, &id, &secret, form.get("scope"))
        .await
        .map_err(ErrorResponse::of)?;
    let scope: Vec<&str> = token.scopes.iter().map(|scope| scope.name()).collect();
    Ok(Token {
        access_token: token.text.expose_secret().to_owned(),
        token_type: "Bearer".to_owned(),
        expires_in: TOKEN_LIFETIME.num_seconds(),
        scope: scope.join(" "),
    })
}

/// Revokes an access token.
///
/// Implements RFC 7009: an unknown token also returns `200`. Also available at `/oauth/revoke`.
#[utoipa::path(
    post, path = "/oauth/revoke", operation_id = "revokeToken", tag = "oauth", security(("clientSecret" = [])),
    request_body(content = RevocationRequest, content_type = "application/x-www-form-urlencoded", description = "Form parameters"),
    responses(
        (status = 200, description = "The token is revoked"),
        (status = "4XX", description = "The request was rejected", body = OauthError),
        (status = "5XX", description = "The server cannot process the request; retry later", body = OauthError)
    )
)]
async fn revoke_token(State(state): State<AppState>, request: Request) -> Response {
    if let Err(response) = check_network(&state, &request) {
        return *response;
    }
    let revoke = async {
        let (headers, form) = read_form(request).await?;
        let (id, secret) = credentials(&headers, &form)?;
        let token = form
            .get("token")
            .ok_or(ErrorResponse::request("The parameter token is missing."))?;
        oauth::revoke(&state.core, &id, &secret, token)
            .await
            .map_err(ErrorResponse::of)
    };
    match revoke.await {
        Ok(()) => (StatusCode::OK, no_store()).into_response(),
        Err(refused) => refused.into_response(),
    }
}

/// `GET /.well-known/oauth-authorization-server` (RFC 8414).
async fn metadata(State(state): State<AppState>) -> Json<Value> {
    let base = &state.config.public_url;
    let scopes: Vec<&str> = Scope::ALL.iter().map(|scope| scope.name()).collect();
    Json(json!({
        "issuer": base,
        "token_endpoint": format!("{base}/api/v1/oauth/token"),
        "token_endpoint_auth_methods_supported": ["client_secret_basic", "client_secret_post"],
        "revocation_endpoint": format!("{base}/api/v1/oauth/revoke"),
        "revocation_endpoint_auth_methods_supported": ["client_secret_basic", "client_secret_post"],
        "grant_types_supported": ["client_credentials"],
        "response_types_supported": [],
        "scopes_supported": scopes,
        "service_documentation": format!("{base}/docs"),
    }))
}
