//! A small ACME authority (RFC 8555) on loopback. It reads the requests without checking their signatures, and checks
//! HTTP-01 challenges at a port instead of 80.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::body::Body;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, HeaderValue, Request, StatusCode};
use axum::response::{IntoResponse as _, Response};
use axum::routing::{get, post};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo};
use rcgen::{BasicConstraints, CertificateParams, CertificateSigningRequestParams, IsCa, Issuer, KeyPair};
use rustls::pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};
use tokio::net::TcpListener;
use tower::ServiceExt as _;

#[derive(Default)]
struct Order {
    hosts: Vec<String>,
    /// Hosts whose challenge was answered.
    valid: Vec<String>,
    certificate: Option<String>,
}

struct Authority {
    url: String,
    challenge_port: u16,
    issuer: Issuer<'static, KeyPair>,
    thumbprint: Mutex<String>,
    orders: Mutex<BTreeMap<usize, Order>>,
    /// Whether challenges are refused, as for a host that leads elsewhere.
    refuses: Mutex<bool>,
}

/// A running authority.
pub struct Acme {
    pub directory: String,
    /// Its root certificate in PEM, which is also that of its own address.
    pub root: String,
    authority: Arc<Authority>,
}

impl Acme {
    pub async fn start(challenge_port: u16) -> Self {
        let key = KeyPair::generate().unwrap();
        let mut parameters = CertificateParams::new(Vec::new()).unwrap();
        parameters.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let root = parameters.self_signed(&key).unwrap().pem();
        let issuer = Issuer::new(parameters, key);
        let server_key = KeyPair::generate().unwrap();
        let server_certificate = CertificateParams::new(["localhost".to_owned()])
            .unwrap()
            .signed_by(&server_key, &issuer)
            .unwrap();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("https://localhost:{}", listener.local_addr().unwrap().port());
        let authority = Arc::new(Authority {
            url: url.clone(),
            challenge_port,
            issuer,
            thumbprint: Mutex::default(),
            orders: Mutex::default(),
            refuses: Mutex::new(false),
        });
        let key = PrivateKeyDer::from(PrivatePkcs8KeyDer::from(server_key.serialize_der()));
        let config = rustls::ServerConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_no_client_auth()
            .with_single_cert(vec![server_certificate.der().clone()], key)
            .unwrap();
        tokio::spawn(accept(listener, Arc::new(config).into(), routes(authority.clone())));
        Self {
            directory: format!("{url}/directory"),
            root,
            authority,
        }
    }

    pub fn refuse(&self, refuses: bool) {
        *self.authority.refuses.lock().unwrap() = refuses;
    }

    /// Returns how many certificates were ordered.
    pub fn orders(&self) -> usize {
        self.authority.orders.lock().unwrap().len()
    }

    /// Returns the hosts of the issued certificates.
    pub fn issued(&self) -> Vec<Vec<String>> {
        let orders = self.authority.orders.lock().unwrap();
        let issued = orders.values().filter(|order| order.certificate.is_some());
        issued.map(|order| order.hosts.clone()).collect()
    }
}

async fn accept(listener: TcpListener, tls: tokio_rustls::TlsAcceptor, routes: Router) {
    loop {
        let Ok((stream, _)) = listener.accept().await else {
            return;
        };
        let (tls, routes) = (tls.clone(), routes.clone());
        tokio::spawn(async move {
            let Ok(stream) = tls.accept(stream).await else { return };
            let service = service_fn(move |request: Request<hyper::body::Incoming>| {
                routes.clone().oneshot(request.map(Body::new))
            });
            let builder = hyper_util::server::conn::auto::Builder::new(TokioExecutor::new());
            let _ = builder.serve_connection(TokioIo::new(stream), service).await;
        });
    }
}

fn routes(authority: Arc<Authority>) -> Router {
    Router::new()
        .route("/directory", get(directory))
        .route("/nonce", get(nonce))
        .route("/account", post(account))
        .route("/orders", post(create_order))
        .route("/orders/{number}", post(order))
        .route("/authorizations/{number}/{host}", post(authorization))
        .route("/challenges/{number}/{host}", post(challenge))
        .route("/finalize/{number}", post(finalize))
        .route("/certificates/{number}", post(certificate))
        .layer(axum::middleware::map_response(async |mut response: Response| {
            let headers: &mut HeaderMap = response.headers_mut();
            headers.insert("replay-nonce", HeaderValue::from_static("bm9uY2U"));
            response
        }))
        .with_state(authority)
}

/// Returns the protected header and the payload of a request.
fn read(body: &Value) -> (Value, Vec<u8>) {
    let part = |name: &str| URL_SAFE_NO_PAD.decode(body[name].as_str().unwrap()).unwrap();
    (serde_json::from_slice(&part("protected")).unwrap(), part("payload"))
}

async fn directory(State(authority): State<Arc<Authority>>) -> axum::Json<Value> {
    let url = |path: &str| format!("{}/{path}", authority.url);
    axum::Json(json!({
        "newNonce": url("nonce"), "newAccount": url("account"), "newOrder": url("orders"), "revokeCert": url("revoke"),
        "keyChange": url("key"),
    }))
}

async fn nonce() -> StatusCode {
    StatusCode::OK
}

fn created(location: &str, body: Value) -> Response {
    (
        StatusCode::CREATED,
        [("location", location.to_owned())],
        axum::Json(body),
    )
        .into_response()
}

async fn account(State(authority): State<Arc<Authority>>, axum::Json(body): axum::Json<Value>) -> Response {
    let jwk = &read(&body).0["jwk"];
    let text = |name: &str| jwk[name].as_str().unwrap();
    // RFC 7638: the members in lexicographic order.
    let canonical = format!(
        r#"{{"crv":"{}","kty":"{}","x":"{}","y":"{}"}}"#,
        text("crv"),
        text("kty"),
        text("x"),
        text("y")
    );
    *authority.thumbprint.lock().unwrap() = URL_SAFE_NO_PAD.encode(Sha256::digest(canonical));
    created(&format!("{}/account/1", authority.url), json!({ "status": "valid" }))
}

impl Authority {
    fn describe(&self, number: usize) -> Value {
        let orders = self.orders.lock().unwrap();
        let order = &orders[&number];
        let is_ready = order.valid.len() == order.hosts.len();
        let status = match (&order.certificate, is_ready) {
            (Some(_), _) => "valid",
            (None, true) => "ready",
            (None, false) => "pending",
        };
        let identifier = |host: &String| json!({ "type": "dns", "value": host });
        let mut value = json!({
            "status": status,
            "identifiers": order.hosts.iter().map(identifier).collect::<Vec<_>>(),
            "authorizations": order.hosts.iter().map(|host| format!("{}/authorizations/{number}/{host}", self.url)).collect::<Vec<_>>(),
            "finalize": format!("{}/finalize/{number}", self.url),
        });
        if order.certificate.is_some() {
            value["certificate"] = json!(format!("{}/certificates/{number}", self.url));
        }
        if *self.refuses.lock().unwrap() {
            value["status"] = json!("invalid");
        }
        value
    }

    fn challenge(&self, number: usize, host: &str) -> Value {
        let is_valid = self.orders.lock().unwrap()[&number]
            .valid
            .iter()
            .any(|valid| valid == host);
        let status = if is_valid { "valid" } else { "pending" };
        json!({ "type": "http-01", "url": format!("{}/challenges/{number}/{host}", self.url), "token": format!("token-{number}"),
            "status": status })
    }
}

async fn create_order(State(authority): State<Arc<Authority>>, axum::Json(body): axum::Json<Value>) -> Response {
    let payload: Value = serde_json::from_slice(&read(&body).1).unwrap();
    let hosts = payload["identifiers"].as_array().unwrap().iter();
    let hosts = hosts
        .map(|identifier| identifier["value"].as_str().unwrap().to_owned())
        .collect();
    let number = {
        let mut orders = authority.orders.lock().unwrap();
        let number = orders.len() + 1;
        orders.insert(
            number,
            Order {
                hosts,
                ..Order::default()
            },
        );
        number
    };
    created(
        &format!("{}/orders/{number}", authority.url),
        authority.describe(number),
    )
}

async fn order(State(authority): State<Arc<Authority>>, Path(number): Path<usize>) -> axum::Json<Value> {
    axum::Json(authority.describe(number))
}

async fn authorization(
    State(authority): State<Arc<Authority>>,
    Path((number, host)): Path<(usize, String)>,
) -> axum::Json<Value> {
    let challenge = authority.challenge(number, &host);
    axum::Json(json!({
        "status": challenge["status"], "identifier": { "type": "dns", "value": host }, "challenges": [challenge],
    }))
}

async fn challenge(
    State(authority): State<Arc<Authority>>,
    Path((number, host)): Path<(usize, String)>,
) -> axum::Json<Value> {
    let token = format!("token-{number}");
    let address = SocketAddr::from(([127, 0, 0, 1], authority.challenge_port));
    let answer = super::client()
        .get(format!("http://{address}/.well-known/acme-challenge/{token}"))
        .header("host", &host)
        .send();
    let answer = answer.await.unwrap().text().await.unwrap();
    let expected = format!("{token}.{}", authority.thumbprint.lock().unwrap());
    if answer == expected && !*authority.refuses.lock().unwrap() {
        authority
            .orders
            .lock()
            .unwrap()
            .get_mut(&number)
            .unwrap()
            .valid
            .push(host.clone());
    }
    axum::Json(authority.challenge(number, &host))
}

async fn finalize(
    State(authority): State<Arc<Authority>>,
    Path(number): Path<usize>,
    axum::Json(body): axum::Json<Value>,
) -> axum::Json<Value> {
    let payload: Value = serde_json::from_slice(&read(&body).1).unwrap();
    let csr = URL_SAFE_NO_PAD.decode(payload["csr"].as_str().unwrap()).unwrap();
    let csr = CertificateSigningRequestParams::from_der(&csr.into()).unwrap();
    let certificate = csr.signed_by(&authority.issuer).unwrap().pem();
    authority.orders.lock().unwrap().get_mut(&number).unwrap().certificate = Some(certificate);
    axum::Json(authority.describe(number))
}

async fn certificate(State(authority): State<Arc<Authority>>, Path(number): Path<usize>) -> String {
    authority.orders.lock().unwrap()[&number].certificate.clone().unwrap()
}
