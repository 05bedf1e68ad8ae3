//! A small S3 service on loopback that keeps objects in memory and fails as a test wants it to.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};

use axum::Router;
use axum::body::Bytes;
use axum::extract::{Request, State};
use axum::http::{Method, StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use tokio::net::TcpListener;
use tokio::sync::watch;

/// How the service answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mode {
    Normal,
    /// Accepts requests and never answers.
    Hangs,
    /// Answers every request with 503.
    Fails,
}

/// A running service; it ends with the runtime of its test.
#[derive(Clone)]
pub struct S3 {
    pub address: SocketAddr,
    objects: Arc<Mutex<BTreeMap<String, Bytes>>>,
    mode: Arc<watch::Sender<Mode>>,
}

/// The only bucket.
pub const BUCKET: &str = "files";

impl S3 {
    pub async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let service = Self {
            address: listener.local_addr().unwrap(),
            objects: Arc::default(),
            mode: Arc::new(watch::Sender::new(Mode::Normal)),
        };
        let routes = Router::new().fallback(answer).with_state(service.clone());
        tokio::spawn(async move { axum::serve(listener, routes).await });
        service
    }

    pub fn set(&self, mode: Mode) {
        self.mode.send_replace(mode);
    }

    /// Returns all objects by key.
    pub fn objects(&self) -> BTreeMap<String, Bytes> {
        self.lock().clone()
    }

    /// Returns the variables of an installation that stores its files here.
    pub fn variables(&self) -> Vec<(&'static str, String)> {
        vec![
            ("ORDINAVO_FILES", format!("s3://{BUCKET}/kept")),
            ("AWS_ENDPOINT", format!("http://{}", self.address)),
            ("AWS_ALLOW_HTTP", "true".to_owned()),
            ("AWS_REGION", "us-east-1".to_owned()),
            ("AWS_ACCESS_KEY_ID", "a".to_owned()),
            ("AWS_SECRET_ACCESS_KEY", "b".to_owned()),
        ]
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, BTreeMap<String, Bytes>> {
        self.objects.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn get(&self, key: &str, range: Option<&str>, with_body: bool) -> Response {
        let Some(object) = self.lock().get(key).cloned() else {
            return StatusCode::NOT_FOUND.into_response();
        };
        let headers = [
            (header::ETAG, "\"1\"".to_owned()),
            (header::LAST_MODIFIED, "Mon, 23 Nov 2026 08:30:00 GMT".to_owned()),
        ];
        if !with_body {
            return (headers, [(header::CONTENT_LENGTH, object.len().to_string())]).into_response();
        }
        let Some((from, until)) = range.and_then(|range| range.strip_prefix("bytes=")?.split_once('-')) else {
            return (headers, object).into_response();
        };
        let from: usize = from.parse().unwrap_or_default();
        let until = until
            .parse()
            .map_or(object.len(), |until: usize| object.len().min(until + 1));
        let content_range = format!("bytes {from}-{}/{}", until.saturating_sub(1), object.len());
        let part = object.slice(from.min(until)..until);
        (
            StatusCode::PARTIAL_CONTENT,
            headers,
            [(header::CONTENT_RANGE, content_range)],
            part,
        )
            .into_response()
    }

    /// Lists all objects whose key begins with the prefix of the query, in one page.
    fn list(&self, query: &str) -> Response {
        let prefix = form_value(query, "prefix");
        let contents: String = self
            .lock()
            .iter()
            .filter(|(key, _)| key.starts_with(&prefix))
            .map(|(key, object)| {
                format!(
                    "<Contents><Key>{key}</Key><LastModified>2026-11-23T08:30:00.000Z</LastModified><ETag>1</ETag><Size>{}</Size></Contents>",
                    object.len()
                )
            })
            .collect();
        let body = format!(
            "<?xml version=\"1.0\"?><ListBucketResult><Name>{BUCKET}</Name><IsTruncated>false</IsTruncated>{contents}</ListBucketResult>"
        );
        ([(header::CONTENT_TYPE, "application/xml")], body).into_response()
    }
}

fn form_value(query: &str, name: &str) -> String {
    query
        .split('&')
        .find_map(|pair| pair.strip_prefix(name)?.strip_prefix('='))
        .unwrap_or_default()
        .replace("%2F", "/")
}

async fn answer(State(service): State<S3>, request: Request) -> Response {
    let mode = *service.mode.borrow();
    match mode {
        Mode::Normal => {}
        Mode::Hangs => {
            // The answer comes when the test lets it.
            let mut changes = service.mode.subscribe();
            let _ = changes.wait_for(|mode| *mode != Mode::Hangs).await;
        }
        Mode::Fails => return StatusCode::SERVICE_UNAVAILABLE.into_response(),
    }
    let path = request.uri().path().trim_start_matches('/').to_owned();
    let query = request.uri().query().unwrap_or_default().to_owned();
    let range = request
        .headers()
        .get(header::RANGE)
        .and_then(|range| range.to_str().ok())
        .map(str::to_owned);
    let key = path
        .strip_prefix(BUCKET)
        .unwrap_or_default()
        .trim_start_matches('/')
        .to_owned();
    match *request.method() {
        Method::GET if key.is_empty() => service.list(&query),
        Method::GET => service.get(&key, range.as_deref(), true),
        Method::HEAD => service.get(&key, None, false),
        Method::PUT => match axum::body::to_bytes(request.into_body(), usize::MAX).await {
            Ok(body) => {
                service.lock().insert(key, body);
                [(header::ETAG, "\"1\"")].into_response()
            }
            Err(_) => StatusCode::BAD_REQUEST.into_response(),
        },
        Method::DELETE => {
            service.lock().remove(&key);
            StatusCode::NO_CONTENT.into_response()
        }
        // Deletes of several objects at once.
        Method::POST => {
            let body = axum::body::to_bytes(request.into_body(), usize::MAX)
                .await
                .unwrap_or_default();
            let text = String::from_utf8_lossy(&body).into_owned();
            let mut deleted = String::new();
            for part in text.split("<Key>").skip(1) {
                let key = part.split("</Key>").next().unwrap_or_default();
                service.lock().remove(key);
                deleted.push_str(&format!("<Deleted><Key>{key}</Key></Deleted>"));
            }
            let body = format!("<?xml version=\"1.0\"?><DeleteResult>{deleted}</DeleteResult>");
            ([(header::CONTENT_TYPE, "application/xml")], body).into_response()
        }
        _ => StatusCode::METHOD_NOT_ALLOWED.into_response(),
    }
}
