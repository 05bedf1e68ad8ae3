//! Forms of the apps, submitted like by a browser without scripts.

use reqwest::{Client, Method, StatusCode};
use serde_json::json;

use super::{SAME_ORIGIN, World};

impl World {
    /// Submits a form and returns the redirect path.
    pub async fn send(&self, browser: &Client, path: &str, fields: &[(&str, &str)]) -> String {
        let answer = browser
            .post(format!("{}{path}", self.url))
            .header(SAME_ORIGIN.0, SAME_ORIGIN.1)
            .header("accept", "text/html")
            .form(fields)
            .send()
            .await
            .unwrap();
        assert_eq!(answer.status(), StatusCode::SEE_OTHER, "{path}");
        answer.headers()["location"].to_str().unwrap().to_owned()
    }

    /// Sends the form of a page with the version of the record that it shows, as a browser does.
    pub async fn send_shown(&self, browser: &Client, page: &str, action: &str, fields: &[(&str, &str)]) -> String {
        let html = self.content(browser, page).await;
        let form = html.split(&format!("action=\"{action}")).nth(1);
        let version = form.and_then(|form| hidden(form, "version"));
        let version = version.unwrap_or_else(|| panic!("the form of {action} has a version"));
        self.send(browser, action, &[&[("version", version.as_str())], fields].concat())
            .await
    }

    /// Schedules a job and accepts the conflicts that its page then shows.
    pub async fn schedule_anyway(&self, staff: &Client, fields: &[(&str, &str)]) {
        let back = self.send(staff, "/app/fn/schedule-target", fields).await;
        let page = self.content(staff, &back).await;
        let Some(shown) = checkbox(&page, "overlap") else {
            return;
        };
        let mut fields = fields.to_vec();
        fields.push(("overlap", &shown));
        self.send(staff, "/app/fn/schedule-target", &fields).await;
    }

    /// Sends a message to the requester without files and returns the redirect path.
    pub async fn send_message(&self, staff: &Client, fields: &[(&str, &str)]) -> String {
        let form = fields
            .iter()
            .fold(reqwest::multipart::Form::new(), |form, (name, value)| {
                form.text((*name).to_owned(), (*value).to_owned())
            });
        self.send_multipart(staff, "/app/fn/send-message", form).await
    }

    /// Submits a multipart form and returns the redirect path.
    pub async fn send_multipart(&self, browser: &Client, path: &str, form: reqwest::multipart::Form) -> String {
        let answer = browser
            .post(format!("{}{path}", self.url))
            .header(SAME_ORIGIN.0, SAME_ORIGIN.1)
            .header("accept", "text/html")
            .multipart(form)
            .send()
            .await
            .unwrap();
        assert_eq!(answer.status(), StatusCode::SEE_OTHER, "{path}");
        answer.headers()["location"].to_str().unwrap().to_owned()
    }

    /// Returns the main content of a page, without navigation.
    pub async fn content(&self, browser: &Client, path: &str) -> String {
        let (status, html) = self.get(browser, path).await;
        assert_eq!(status, StatusCode::OK, "{path}");
        html.split("<main").nth(1).unwrap().to_owned()
    }

    /// Returns the ID of the customer with this external ID in `erp`.
    pub async fn customer(&self, external_id: &str) -> String {
        let path = format!("/api/v1/customers?externalId={external_id}");
        let (_, page) = self.call("erp", Method::GET, &path, None).await;
        page["data"][0]["id"].as_str().unwrap().to_owned()
    }

    /// Imports a target for an unknown customer, so that it waits for mapping review. Returns its ID.
    pub async fn import_for_review(&self, external_id: &str, customer: &str, notes: &str) -> String {
        let body = json!({ "externalId": external_id, "notes": notes, "customer": { "externalId": customer, "name": "Unknown customer" } });
        let (status, answer) = self.import("erp-strict", &body).await;
        assert!(status.is_success(), "{answer}");
        answer["targetId"].as_str().unwrap().to_owned()
    }
}

/// Returns the value of a hidden field.
pub fn hidden(html: &str, name: &str) -> Option<String> {
    let rest = html.split(&format!("name=\"{name}\" value=\"")).nth(1)?;
    rest.split('"').next().map(str::to_owned)
}

/// Returns what a checkbox sends when it is ticked.
pub fn checkbox(html: &str, name: &str) -> Option<String> {
    let rest = html.split(&format!("name=\"{name}\"")).nth(1)?;
    let input = rest.split('>').next()?;
    let value = input.split("value=\"").nth(1)?;
    value.split('"').next().map(str::to_owned)
}
