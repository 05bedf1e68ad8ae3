//! Webhook tests: endpoints created over HTTP, and a dispatcher and clock that the test controls.

use std::sync::Arc;

use chrono::{DateTime, TimeDelta, Utc};
use ordinavo_core::clock::Clock;
use ordinavo_core::webhooks::dispatch::Dispatcher;
use ordinavo_core::webhooks::guard;
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

use super::{World, read, worlds_with};

/// Starts servers without a worker, with the default retry schedule and a manual clock.
pub async fn quiet_worlds() -> (Clock, Vec<Arc<World>>) {
    #[expect(clippy::disallowed_methods, reason = "the manual clock starts at the system time")]
    let clock = Clock::manual(Utc::now());
    let worlds = worlds_with(clock.clone(), |config| {
        config.worker = false;
        config.webhook_retry = String::new();
    })
    .await;
    (clock, worlds)
}

/// Returns an HTTP client that may connect to loopback.
pub fn outbound() -> guard::Client {
    guard::client(&ordinavo_core::Settings {
        webhook_allow_http: true,
        webhook_allow_nets: vec!["127.0.0.0/8".parse().unwrap()],
        ..ordinavo_core::Settings::default()
    })
    .unwrap()
}

impl World {
    pub fn dispatcher(&self) -> Dispatcher {
        Dispatcher::new(self.core.clone(), outbound())
    }

    /// Sends all due deliveries and records the results.
    pub async fn settle(&self) {
        self.dispatcher().settle().await.unwrap();
    }

    /// Creates an endpoint for a client of `nordlicht` and returns it with its secret.
    pub async fn endpoint(&self, client: &str, url: &str, types: &[&str], more: Value) -> Value {
        let mut body = json!({ "url": url, "eventTypes": types });
        body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        let (status, answer) = self
            .call(client, Method::POST, "/api/v1/webhook-endpoints", Some(&body))
            .await;
        assert_eq!(status, StatusCode::CREATED, "{answer}");
        answer
    }

    pub async fn read_endpoint(&self, client: &str, endpoint: &Value) -> Value {
        let path = format!("/api/v1/webhook-endpoints/{}", endpoint["id"].as_str().unwrap());
        let (status, answer) = self.call(client, Method::GET, &path, None).await;
        assert_eq!(status, StatusCode::OK, "{answer}");
        answer
    }

    /// Calls an endpoint action such as `enable`.
    pub async fn endpoint_action(
        &self,
        client: &str,
        endpoint: &Value,
        action: &str,
        body: Option<&Value>,
    ) -> (StatusCode, Value) {
        let path = format!(
            "/api/v1/webhook-endpoints/{}/{action}",
            endpoint["id"].as_str().unwrap()
        );
        let mut request = self.api(Method::POST, &path, &self.key("nordlicht", client)).header(
            "idempotency-key",
            format!("{action}-{}", self.core.clock().now().timestamp_micros()),
        );
        if let Some(body) = body {
            request = request.json(body);
        }
        read(request.send().await.unwrap()).await
    }

    pub async fn deliveries(&self, client: &str, endpoint: &Value, query: &str) -> Vec<Value> {
        let path = format!(
            "/api/v1/webhook-endpoints/{}/deliveries?limit=200{query}",
            endpoint["id"].as_str().unwrap()
        );
        let (status, answer) = self.call(client, Method::GET, &path, None).await;
        assert_eq!(status, StatusCode::OK, "{answer}");
        answer["data"].as_array().unwrap().clone()
    }

    pub async fn attempts(&self, client: &str, delivery: &Value) -> Vec<Value> {
        let path = format!(
            "/api/v1/webhook-deliveries/{}/attempts",
            delivery["id"].as_str().unwrap()
        );
        let (status, answer) = self.call(client, Method::GET, &path, None).await;
        assert_eq!(status, StatusCode::OK, "{answer}");
        answer["data"].as_array().unwrap().clone()
    }

    /// Imports a new target of `erp`, which creates one `target.created` event.
    pub async fn new_target(&self, external_id: &str) -> Value {
        let body = json!({ "externalId": external_id, "customer": { "externalId": "CUST-10042" },
            "location": { "externalId": "LOC-ESSEN-01" }, "contact": { "externalId": "CONT-44" } });
        let (status, answer) = self.import("erp", &body).await;
        assert_eq!(status, StatusCode::CREATED, "{answer}");
        answer
    }
}

pub fn moment(value: &Value) -> DateTime<Utc> {
    value.as_str().unwrap().parse().unwrap()
}

pub fn seconds(delta: TimeDelta) -> i64 {
    delta.num_seconds()
}
