//! What a client of `nordlicht` does over HTTP.

use std::time::Duration;

use reqwest::{Method, StatusCode};
use serde_json::Value;

use super::{World, read};

impl World {
    /// A request of a client of `nordlicht`.
    pub async fn call(&self, client: &str, method: Method, path: &str, body: Option<&Value>) -> (StatusCode, Value) {
        let mut request = self.api(method, path, &self.key("nordlicht", client));
        if let Some(body) = body {
            request = request.json(body);
        }
        let answer = request.send().await.unwrap();
        let status = answer.status();
        (status, answer.json().await.unwrap_or(Value::Null))
    }

    pub async fn batch(&self, client: &str, key: &str, body: &Value) -> (StatusCode, Value) {
        read(
            self.api(Method::POST, "/api/v1/targets/batch", &self.key("nordlicht", client))
                .header("idempotency-key", key)
                .json(body)
                .send()
                .await
                .unwrap(),
        )
        .await
    }

    /// The job once it has ended.
    pub async fn ended(&self, client: &str, job: &Value) -> Value {
        let path = format!("/api/v1/import-jobs/{}", job["id"].as_str().unwrap());
        let deadline = tokio::time::Instant::now() + Duration::from_secs(60);
        loop {
            let (status, job) = self.call(client, Method::GET, &path, None).await;
            assert_eq!(status, StatusCode::OK, "{job}");
            if !matches!(job["status"].as_str(), Some("accepted" | "processing")) {
                return job;
            }
            assert!(tokio::time::Instant::now() < deadline, "the job does not end: {job}");
            // Not for time to pass, but for the server to have the processor between two questions.
            tokio::time::sleep(Duration::from_millis(25)).await;
        }
    }

    pub async fn items(&self, client: &str, job: &Value, query: &str) -> Vec<Value> {
        let mut items = Vec::new();
        let mut cursor = String::new();
        loop {
            let path = format!(
                "/api/v1/import-jobs/{}/items?limit=200{query}{cursor}",
                job["id"].as_str().unwrap()
            );
            let (status, page) = self.call(client, Method::GET, &path, None).await;
            assert_eq!(status, StatusCode::OK, "{page}");
            items.extend(page["data"].as_array().unwrap().clone());
            match page["nextCursor"].as_str() {
                Some(next) => cursor = format!("&cursor={next}"),
                None => return items,
            }
        }
    }
}
