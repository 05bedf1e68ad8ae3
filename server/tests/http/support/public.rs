//! Visitors without an account.

use domain::intake::proof;
use reqwest::multipart::{Form, Part};
use reqwest::{Client, Response, StatusCode};

use super::forms::hidden;
use super::{SAME_ORIGIN, World};

/// A valid submission of the demo form.
pub const COMPLETE: [(&str, &str); 8] = [
    ("service_type", "repair"),
    ("description", "The lift stands still between two floors."),
    ("name", "Mona Haddad"),
    ("email", "mona@example.org"),
    ("street", "Rathausplatz 4"),
    ("postal_code", "45127"),
    ("city", "Essen"),
    ("organisation", "Praxis am Rathaus"),
];

/// Returns a browser without cookies and redirects.
pub fn visitor() -> Client {
    crate::support::client_builder()
        .redirect(reqwest::redirect::Policy::none())
        .build()
        .unwrap()
}

/// File name, media type and content.
pub type File<'a> = (&'a str, &'a str, Vec<u8>);

/// Returns the proof of work for a ticket.
pub fn solve(ticket: &str) -> u64 {
    proof::search(ticket, 0, u64::from(u32::MAX)).unwrap()
}

/// Returns a form as a browser sends it.
pub fn filled_form(ticket: &str, proof: Option<u64>, fields: &[(&str, &str)], files: &[File<'_>]) -> Form {
    let mut form = Form::new().text("ticket", ticket.to_owned());
    if let Some(number) = proof {
        form = form.text("proof", number.to_string());
    }
    for (name, value) in fields {
        form = form.text((*name).to_owned(), (*value).to_owned());
    }
    for (name, kind, bytes) in files {
        let part = Part::bytes(bytes.clone())
            .file_name((*name).to_owned())
            .mime_str(kind)
            .unwrap();
        form = form.part("files", part);
    }
    form
}

impl World {
    /// Returns the ticket on the page of a form.
    pub async fn ticket(&self, slug: &str) -> String {
        let (status, html) = self.get(&visitor(), &format!("/intake/{slug}")).await;
        assert_eq!(status, StatusCode::OK);
        hidden(&html, "ticket").unwrap()
    }

    /// Submits a form with a ticket; with a proof of work if `proven`.
    pub async fn send_form(
        &self,
        slug: &str,
        ticket: &str,
        proven: bool,
        fields: &[(&str, &str)],
        files: &[File<'_>],
    ) -> Response {
        let proof = proven.then(|| solve(ticket));
        visitor()
            .post(format!("{}/intake/{slug}", self.url))
            .header(SAME_ORIGIN.0, SAME_ORIGIN.1)
            .header("accept", "text/html")
            .multipart(filled_form(ticket, proof, fields, files))
            .send()
            .await
            .unwrap()
    }

    /// Submits the demo form and returns the tracking path.
    pub async fn submit(&self, fields: &[(&str, &str)], files: &[File<'_>]) -> String {
        let ticket = self.ticket("nordlicht-service").await;
        self.core.clock().advance(chrono::TimeDelta::seconds(5));
        let answer = self.send_form("nordlicht-service", &ticket, true, fields, files).await;
        assert_eq!(answer.status(), StatusCode::SEE_OTHER);
        let place = answer.headers()["location"].to_str().unwrap().to_owned();
        place.split('?').next().unwrap().to_owned()
    }

    /// Returns the ID of a customer of `erp` other than this one.
    pub async fn other_customer(&self, than: &str) -> String {
        let (_, page) = self.call("erp", reqwest::Method::GET, "/api/v1/customers", None).await;
        let ids = page["data"]
            .as_array()
            .unwrap()
            .iter()
            .filter_map(|customer| customer["id"].as_str());
        ids.into_iter().find(|id| *id != than).unwrap().to_owned()
    }

    /// Returns the page of the inbox request whose description contains a text.
    pub async fn in_inbox(&self, staff: &Client, text: &str) -> String {
        let query: String = text
            .chars()
            .map(|letter| if letter == ' ' { '+' } else { letter })
            .collect();
        let html = self.content(staff, &format!("/app/inbox?q={query}")).await;
        let link = super::link(&html, "/app/inbox/req_").unwrap_or_else(|| panic!("{text} is in the inbox"));
        link.split('?').next().unwrap().to_owned()
    }
}

/// Returns a small PNG.
pub fn png() -> Vec<u8> {
    // 1 x 1 pixel, gray.
    const PIXEL: &[u8] = &[
        0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a, 0, 0, 0, 13, 0x49, 0x48, 0x44, 0x52, 0, 0, 0, 1, 0, 0, 0, 1, 8,
        0, 0, 0, 0, 0x3a, 0x7e, 0x9b, 0x55, 0, 0, 0, 10, 0x49, 0x44, 0x41, 0x54, 0x78, 0x9c, 0x63, 0x68, 0, 0, 0, 0x82,
        0, 0x81, 0x77, 0xcd, 0x72, 0xb6, 0, 0, 0, 0, 0x49, 0x45, 0x4e, 0x44, 0xae, 0x42, 0x60, 0x82,
    ];
    PIXEL.to_vec()
}
