//! A webhook receiver: a real server on loopback that stores deliveries and replies as configured.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use axum::response::IntoResponse as _;
use axum::routing::post;
use serde_json::Value;
use tokio::net::TcpListener;
use tokio::sync::Notify;

/// A received delivery.
#[derive(Debug, Clone)]
pub struct Received {
    pub headers: HeaderMap,
    pub body: String,
}

impl Received {
    pub fn header(&self, name: &str) -> String {
        self.headers[name].to_str().unwrap().to_owned()
    }

    pub fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap()
    }

    pub fn kind(&self) -> String {
        self.json()["type"].as_str().unwrap().to_owned()
    }
}

/// A reply to a delivery.
#[derive(Debug, Clone)]
pub struct Reply {
    pub status: u16,
    pub headers: Vec<(&'static str, String)>,
    pub body: String,
    /// Does not reply until [`Receiver::release`].
    pub hangs: bool,
}

impl Reply {
    pub fn status(status: u16) -> Self {
        Self {
            status,
            headers: Vec::new(),
            body: String::new(),
            hangs: false,
        }
    }

    pub fn with(mut self, name: &'static str, value: &str) -> Self {
        self.headers.push((name, value.to_owned()));
        self
    }
}

type Choose = Arc<dyn Fn(&Received) -> Reply + Send + Sync>;

#[derive(Clone)]
struct Shared {
    received: Arc<Mutex<Vec<Received>>>,
    scripted: Arc<Mutex<VecDeque<Reply>>>,
    usual: Arc<Mutex<Choose>>,
    arrived: Arc<Notify>,
    released: Arc<Notify>,
    at_once: Arc<Mutex<(usize, usize)>>,
}

/// A running receiver.
pub struct Receiver {
    pub url: String,
    shared: Shared,
}

async fn take(State(shared): State<Shared>, headers: HeaderMap, body: Bytes) -> axum::response::Response {
    let received = Received {
        headers,
        body: String::from_utf8(body.to_vec()).unwrap(),
    };
    {
        let mut at_once = shared.at_once.lock().unwrap();
        at_once.0 += 1;
        at_once.1 = at_once.1.max(at_once.0);
    }
    let scripted = shared.scripted.lock().unwrap().pop_front();
    let usual = shared.usual.lock().unwrap().clone();
    let reply = scripted.unwrap_or_else(|| usual(&received));
    shared.received.lock().unwrap().push(received);
    shared.arrived.notify_waiters();
    if reply.hangs {
        shared.released.notified().await;
    }
    shared.at_once.lock().unwrap().0 -= 1;
    let mut answer = (StatusCode::from_u16(reply.status).unwrap(), reply.body).into_response();
    for (name, value) in reply.headers {
        answer
            .headers_mut()
            .insert(HeaderName::from_static(name), HeaderValue::from_str(&value).unwrap());
    }
    answer
}

impl Receiver {
    /// Starts a receiver that replies 204 to every delivery.
    pub async fn start() -> Self {
        let shared = Shared {
            received: Arc::default(),
            scripted: Arc::default(),
            usual: Arc::new(Mutex::new(Arc::new(|_: &Received| Reply::status(204)))),
            arrived: Arc::default(),
            released: Arc::default(),
            at_once: Arc::default(),
        };
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/hook", listener.local_addr().unwrap());
        let router = Router::new().route("/hook", post(take)).with_state(shared.clone());
        tokio::spawn(async move { axum::serve(listener, router).await });
        Self { url, shared }
    }

    /// Sets the default reply.
    pub fn usually(&self, choose: impl Fn(&Received) -> Reply + Send + Sync + 'static) {
        *self.shared.usual.lock().unwrap() = Arc::new(choose);
    }

    /// Queues replies for the next deliveries.
    pub fn next(&self, replies: impl IntoIterator<Item = Reply>) {
        self.shared.scripted.lock().unwrap().extend(replies);
    }

    /// Releases hanging replies.
    pub fn release(&self) {
        self.shared.released.notify_waiters();
    }

    /// Returns all deliveries so far.
    pub fn received(&self) -> Vec<Received> {
        self.shared.received.lock().unwrap().clone()
    }

    /// Clears the stored deliveries.
    pub fn clear(&self) {
        self.shared.received.lock().unwrap().clear();
    }

    /// Returns the maximum number of concurrent deliveries.
    pub fn most_at_once(&self) -> usize {
        self.shared.at_once.lock().unwrap().1
    }

    /// Waits until this many deliveries are received.
    pub async fn wait_for(&self, count: usize) {
        let waiting = async {
            loop {
                let arrived = self.shared.arrived.notified();
                if self.shared.received.lock().unwrap().len() >= count {
                    return;
                }
                tokio::select! {
                    () = arrived => {}
                    () = tokio::time::sleep(Duration::from_millis(50)) => {}
                }
            }
        };
        tokio::time::timeout(Duration::from_secs(30), waiting)
            .await
            .unwrap_or_else(|_| panic!("only {} of {count} deliveries received", self.received().len()));
    }
}
