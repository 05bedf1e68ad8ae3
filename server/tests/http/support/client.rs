//! Requests of integration clients of `nordlicht`.

use std::time::Duration;

use reqwest::{Method, StatusCode};
use serde_json::Value;

use super::{World, read};

impl World {
    /// Sends a request and returns status and body.
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

    /// Waits until the import job has ended and returns it.
    pub async fn wait_for_job(&self, client: &str, job: &Value) -> Value {
        let path = format!("/api/v1/import-jobs/{}", job["id"].as_str().unwrap());
        let deadline = tokio::time::Instant::now() + Duration::from_secs(60);
        loop {
            let (status, job) = self.call(client, Method::GET, &path, None).await;
            assert_eq!(status, StatusCode::OK, "{job}");
            if !matches!(job["status"].as_str(), Some("accepted" | "processing")) {
                return job;
            }
            assert!(tokio::time::Instant::now() < deadline, "import job did not end: {job}");
            // Gives the server CPU time between two polls.
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
