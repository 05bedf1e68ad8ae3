//! Forms of the apps, sent as a browser without scripts sends them.

use reqwest::{Client, Method, StatusCode};
use serde_json::json;

use super::{OWN_PAGE, World};

impl World {
    /// Sends a form; the answer is where it leads.
    pub async fn send(&self, browser: &Client, path: &str, fields: &[(&str, &str)]) -> String {
        let answer = browser
            .post(format!("{}{path}", self.url))
            .header(OWN_PAGE.0, OWN_PAGE.1)
            .header("accept", "text/html")
            .form(fields)
            .send()
            .await
            .unwrap();
        assert_eq!(answer.status(), StatusCode::SEE_OTHER, "{path}");
        answer.headers()["location"].to_str().unwrap().to_owned()
    }

    /// Sends a form with files; the answer is where it leads.
    pub async fn send_multipart(&self, browser: &Client, path: &str, form: reqwest::multipart::Form) -> String {
        let answer = browser
            .post(format!("{}{path}", self.url))
            .header(OWN_PAGE.0, OWN_PAGE.1)
            .header("accept", "text/html")
            .multipart(form)
            .send()
            .await
            .unwrap();
        assert_eq!(answer.status(), StatusCode::SEE_OTHER, "{path}");
        answer.headers()["location"].to_str().unwrap().to_owned()
    }

    /// The content of a page, without navigation.
    pub async fn content(&self, browser: &Client, path: &str) -> String {
        let (status, html) = self.get(browser, path).await;
        assert_eq!(status, StatusCode::OK, "{path}");
        html.split("<main").nth(1).unwrap().to_owned()
    }

    /// The id of the customer behind an external id of the source `erp`.
    pub async fn customer(&self, external_id: &str) -> String {
        let path = format!("/api/v1/customers?externalId={external_id}");
        let (_, page) = self.call("erp", Method::GET, &path, None).await;
        page["data"][0]["id"].as_str().unwrap().to_owned()
    }

    /// Imports for a customer that nobody knows, which waits at the desk.
    pub async fn held(&self, external_id: &str, customer: &str, notes: &str) -> String {
        let body = json!({ "externalId": external_id, "notes": notes, "customer": { "externalId": customer, "name": "Somebody" } });
        let (status, answer) = self.import("erp-strict", &body).await;
        assert!(status.is_success(), "{answer}");
        answer["targetId"].as_str().unwrap().to_owned()
    }
}

/// The value of a hidden field, as the page has it.
pub fn hidden(html: &str, name: &str) -> Option<String> {
    let rest = html.split(&format!("name=\"{name}\" value=\"")).nth(1)?;
    rest.split('"').next().map(str::to_owned)
}
