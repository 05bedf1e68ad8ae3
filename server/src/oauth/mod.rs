//! OAuth 2.0 for machines: token, revocation and metadata. Errors here are those of RFC 6749, section 5.2, not problems.

use std::net::SocketAddr;

use axum::Router;
use axum::extract::{ConnectInfo, Request, State};
use axum::http::header::{AUTHORIZATION, CACHE_CONTROL, CONTENT_TYPE, PRAGMA, RETRY_AFTER, WWW_AUTHENTICATE};
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use axum::response::{IntoResponse as _, Response};
use axum::routing::{get, post};
use axum::{Extension, Json};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use domain::scopes::Scope;
use ordinavo_core::integrations::oauth;
use ordinavo_core::integrations::oauth::{LIFETIME, Refusal};
use secrecy::{ExposeSecret as _, SecretString};
use serde::Serialize;
use serde_json::{Value, json};
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::serve::AppState;

/// The largest body of these endpoints, in bytes.
const MOST_BYTES: usize = 16 * 1024;

/// How long a body may take to arrive.
const LONGEST_BODY: std::time::Duration = std::time::Duration::from_secs(10);

/// Token and revocation, as the description of the API has them.
pub fn described_routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .routes(routes!(create_token))
        .routes(routes!(revoke_token))
}

/// The addresses that other texts prescribe: the short one for revocation, and where RFC 8414 looks for the metadata.
pub fn prescribed_routes() -> Router<AppState> {
    Router::new()
        .route("/oauth/revoke", post(revoke_token))
        .route("/.well-known/oauth-authorization-server", get(metadata))
}

/// What is sent for a token.
#[derive(Debug, Serialize, ToSchema)]
pub struct TokenRequest {
    /// The grant; there is one.
    #[schema(pattern = "^client_credentials$", example = "client_credentials")]
    pub grant_type: String,
    /// Scopes, separated by spaces; all that were granted when absent.
    #[schema(required = false, min_length = 1)]
    pub scope: Option<String>,
    /// The client's id, if it is not sent by HTTP Basic.
    #[schema(required = false, min_length = 1)]
    pub client_id: Option<String>,
    /// The client's secret, if it is not sent by HTTP Basic.
    #[schema(required = false, min_length = 1)]
    pub client_secret: Option<String>,
}

/// A token. It cannot be printed, so that it reaches no log.
#[derive(Serialize, ToSchema)]
pub struct Token {
    /// What to send as `Authorization: Bearer …`.
    pub access_token: String,
    /// Always `Bearer`.
    pub token_type: String,
    /// For how many seconds it holds.
    #[schema(minimum = 1)]
    pub expires_in: i64,
    /// The scopes that it has, separated by spaces.
    pub scope: String,
}

/// What is sent to end a token.
#[derive(Debug, Serialize, ToSchema)]
pub struct RevocationRequest {
    /// The token.
    #[schema(min_length = 1)]
    pub token: String,
    /// Only tokens of one kind are made, so nothing depends on it.
    #[schema(required = false)]
    pub token_type_hint: Option<String>,
    /// The client's id, if it is not sent by HTTP Basic.
    #[schema(required = false, min_length = 1)]
    pub client_id: Option<String>,
    /// The client's secret, if it is not sent by HTTP Basic.
    #[schema(required = false, min_length = 1)]
    pub client_secret: Option<String>,
}

/// A refusal (RFC 6749, section 5.2).
#[derive(Debug, Serialize, ToSchema)]
pub struct OauthError {
    /// What is wrong, as a code.
    #[schema(example = "invalid_client")]
    pub error: String,
    /// What is wrong, in words.
    pub error_description: String,
}

/// Why a request is refused, with the header that goes with it.
struct Refused {
    status: StatusCode,
    error: &'static str,
    description: &'static str,
    challenge: bool,
}

impl Refused {
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
            description: "The client is not known or its secret is wrong.",
            challenge: true,
        }
    }

    fn of(refusal: Refusal) -> Self {
        match refusal {
            Refusal::InvalidClient => Self::client(),
            Refusal::InvalidScope => Self {
                status: StatusCode::BAD_REQUEST,
                error: "invalid_scope",
                description: "A scope is not known or was not granted to this client.",
                challenge: false,
            },
            Refusal::Unavailable(error) => {
                tracing::warn!(%error, "a token could not be made");
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

/// The members of a form, each at most once.
struct Form(Vec<(String, String)>);

impl Form {
    fn get(&self, name: &str) -> Option<&str> {
        self.0
            .iter()
            .find(|(key, value)| key == name && !value.is_empty())
            .map(|(_, value)| value.as_str())
    }
}

async fn read_form(request: Request) -> Result<(HeaderMap, Form), Refused> {
    let headers = request.headers().clone();
    let kind = headers
        .get(CONTENT_TYPE)
        .and_then(|value| value.to_str().ok())
        .unwrap_or_default();
    let essence = kind.split(';').next().unwrap_or_default().trim();
    if !essence.eq_ignore_ascii_case("application/x-www-form-urlencoded") {
        return Err(Refused::request(
            "Send the parameters as application/x-www-form-urlencoded.",
        ));
    }
    let body = tokio::time::timeout(LONGEST_BODY, axum::body::to_bytes(request.into_body(), MOST_BYTES))
        .await
        .map_err(|_| Refused::request("The body did not arrive in time."))?
        .map_err(|_| Refused::request("The body is too large."))?;
    let members: Vec<(String, String)> = url::form_urlencoded::parse(&body).into_owned().collect();
    for (index, (name, _)) in members.iter().enumerate() {
        if members[..index].iter().any(|(earlier, _)| earlier == name) {
            return Err(Refused::request("A parameter stands twice."));
        }
    }
    Ok((headers, Form(members)))
}

/// Who asks: by HTTP Basic or in the form, never by both.
fn credentials(headers: &HeaderMap, form: &Form) -> Result<(String, SecretString), Refused> {
    let in_form = form.get("client_id").zip(form.get("client_secret"));
    let Some(header) = headers.get(AUTHORIZATION) else {
        let (id, secret) = in_form.ok_or(Refused::client())?;
        return Ok((id.to_owned(), secret.to_owned().into()));
    };
    if form.get("client_secret").is_some() {
        return Err(Refused::request("Use one way of client authentication, not two."));
    }
    let read = || {
        let (scheme, encoded) = header.to_str().ok()?.split_once(' ')?;
        if !scheme.eq_ignore_ascii_case("basic") {
            return None;
        }
        let decoded = String::from_utf8(STANDARD.decode(encoded.trim()).ok()?).ok()?;
        let (id, secret) = decoded.split_once(':')?;
        // RFC 6749, section 2.3.1: both parts are form-encoded before they are joined.
        let plain = |text: &str| {
            url::form_urlencoded::parse(format!("x={text}").as_bytes())
                .next()
                .map(|(_, value)| value.into_owned())
        };
        Some((plain(id)?, SecretString::from(plain(secret)?)))
    };
    read().ok_or(Refused::client())
}

/// One address may not ask without end.
fn check_address(state: &AppState, address: Option<Extension<ConnectInfo<SocketAddr>>>) -> Result<(), Box<Response>> {
    let Some(Extension(ConnectInfo(address))) = address else {
        return Ok(());
    };
    state.limits.address(address.ip()).map_err(|error| {
        let body = Json(json!({ "error": "temporarily_unavailable", "error_description": error.detail }));
        let mut response = (StatusCode::TOO_MANY_REQUESTS, no_store(), body).into_response();
        response
            .headers_mut()
            .insert(RETRY_AFTER, HeaderValue::from_static("1"));
        Box::new(response)
    })
}

/// Get a token.
///
/// The client credentials grant of RFC 6749. The client proves itself by HTTP Basic or with `client_id` and
/// `client_secret` in the form, never with both. A scope outside the grant is `invalid_scope`, never left out silently.
#[utoipa::path(
    post, path = "/oauth/token", operation_id = "createToken", tag = "oauth", security(("clientSecret" = [])),
    request_body(content = TokenRequest, content_type = "application/x-www-form-urlencoded", description = "The parameters, as a form"),
    responses(
        (status = 200, description = "The token", body = Token),
        (status = "4XX", description = "Refused", body = OauthError),
        (status = "5XX", description = "Try again later", body = OauthError)
    )
)]
async fn create_token(
    State(state): State<AppState>,
    address: Option<Extension<ConnectInfo<SocketAddr>>>,
    request: Request,
) -> Response {
    if let Err(response) = check_address(&state, address) {
        return *response;
    }
    match give_token(&state, request).await {
        Ok(token) => (no_store(), Json(token)).into_response(),
        Err(refused) => refused.into_response(),
    }
}

async fn give_token(state: &AppState, request: Request) -> Result<Token, Refused> {
    let (headers, form) = read_form(request).await?;
    match form.get("grant_type") {
        Some("client_credentials") => {}
        Some(_) => {
            return Err(Refused {
                status: StatusCode::BAD_REQUEST,
                error: "unsupported_grant_type",
                description: "Only client_credentials is supported.",
                challenge: false,
            });
        }
        None => return Err(Refused::request("The parameter grant_type is missing.")),
    }
    let (id, secret) = credentials(&headers, &form)?;
    let token = oauth::token(&state.core, &id, &secret, form.get("scope"))
        .await
        .map_err(Refused::of)?;
    let scope: Vec<&str> = token.scopes.iter().map(|scope| scope.name()).collect();
    Ok(Token {
        access_token: token.text.expose_secret().to_owned(),
        token_type: "Bearer".to_owned(),
        expires_in: LIFETIME.num_seconds(),
        scope: scope.join(" "),
    })
}

/// End a token.
///
/// RFC 7009: the answer is 200 also for a token that is not known. The same at `/oauth/revoke`.
#[utoipa::path(
    post, path = "/oauth/revoke", operation_id = "revokeToken", tag = "oauth", security(("clientSecret" = [])),
    request_body(content = RevocationRequest, content_type = "application/x-www-form-urlencoded", description = "The parameters, as a form"),
    responses(
        (status = 200, description = "The token does not hold any more"),
        (status = "4XX", description = "Refused", body = OauthError),
        (status = "5XX", description = "Try again later", body = OauthError)
    )
)]
async fn revoke_token(
    State(state): State<AppState>,
    address: Option<Extension<ConnectInfo<SocketAddr>>>,
    request: Request,
) -> Response {
    if let Err(response) = check_address(&state, address) {
        return *response;
    }
    let end = async {
        let (headers, form) = read_form(request).await?;
        let (id, secret) = credentials(&headers, &form)?;
        let token = form
            .get("token")
            .ok_or(Refused::request("The parameter token is missing."))?;
        oauth::revoke(&state.core, &id, &secret, token)
            .await
            .map_err(Refused::of)
    };
    match end.await {
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
