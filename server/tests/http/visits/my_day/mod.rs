//! My day, as the offline app sends and shows it.

mod changes;
mod days;
mod entries;
mod notices;
mod own_reports;
mod property;
mod requester;
mod sync_conflicts;
mod travel;

use crate::scheduling::board::{at, job, move_page, press, technician};
use crate::support::{SAME_ORIGIN, World};
use domain::visits::day_entries::SeenAppointment;
use reqwest::multipart::{Form, Part};
use reqwest::{Client, StatusCode};
use serde_json::json;

const KEYS: [&str; 6] = [
    "0f3f7d1a-6a55-4a0e-8d63-5b7f9f0c0001",
    "0f3f7d1a-6a55-4a0e-8d63-5b7f9f0c0002",
    "0f3f7d1a-6a55-4a0e-8d63-5b7f9f0c0003",
    "0f3f7d1a-6a55-4a0e-8d63-5b7f9f0c0004",
    "0f3f7d1a-6a55-4a0e-8d63-5b7f9f0c0005",
    "0f3f7d1a-6a55-4a0e-8d63-5b7f9f0c0006",
];
const NOTED: &str = "2026-11-23T07:12:00Z";

/// A device: a browser with the ID of the signed-in user.
struct Phone<'a> {
    world: &'a World,
    browser: Client,
    person: String,
}

impl<'a> Phone<'a> {
    async fn of(world: &'a World, browser: Client) -> Self {
        let html = world.content(&browser, "/app/day").await;
        let person = html.split("data-keeper=\"").nth(1).unwrap().split('"').next().unwrap();
        Self {
            world,
            person: person.to_owned(),
            browser,
        }
    }

    async fn post(&self, action: &str, form: Form) -> (StatusCode, String) {
        let answer = self
            .browser
            .post(format!("{}/app/fn/{action}", self.world.url))
            .header(SAME_ORIGIN.0, SAME_ORIGIN.1)
            .header("accept", "application/json")
            .multipart(form)
            .send()
            .await
            .unwrap();
        (answer.status(), answer.text().await.unwrap())
    }

    fn form(&self, key: &str, fields: &[(&str, &str)]) -> Form {
        let base = [("key", key), ("person", self.person.as_str()), ("noted_at", NOTED)];
        let is_overridden = |name: &str| fields.iter().any(|(given, _)| *given == name);
        let base = base.into_iter().filter(|(name, _)| !is_overridden(name));
        base.chain(fields.iter().copied())
            .fold(Form::new(), |form, (name, value)| {
                form.text(name.to_owned(), value.to_owned())
            })
    }

    async fn entry(&self, key: &str, fields: &[(&str, &str)]) -> (StatusCode, String) {
        self.post("send-entry", self.form(key, fields)).await
    }

    async fn photo(&self, key: &str, position: &str, bytes: Vec<u8>) -> StatusCode {
        let form = self
            .form(key, &[("position", position)])
            .part("photo", Part::bytes(bytes).file_name(format!("p{position}.png")));
        self.post("send-photo", form).await.0
    }
}

fn done() -> (StatusCode, String) {
    (StatusCode::OK, "\"done\"".to_owned())
}

fn waiting() -> (StatusCode, String) {
    (StatusCode::OK, "\"waiting\"".to_owned())
}

fn seen(from: (u32, u32), until: (u32, u32)) -> String {
    SeenAppointment {
        starts_at: at(from.0, from.1),
        ends_at: at(until.0, until.1),
    }
    .text()
}

/// Schedules a job for Tom at this hour (UTC) for one hour.
async fn planned_job(world: &World, staff: &Client, external_id: &str, hour: u32) -> String {
    let tom = technician(world, "Tom Becker").await;
    let target = job(world, external_id, json!({})).await;
    let page = world.content(staff, &move_page(&target, &tom, at(hour, 0))).await;
    press(world, staff, &page).await;
    target
}

async fn status(world: &World, target: &str) -> String {
    let id: domain::ids::TargetId = target.parse().unwrap();
    let is_own = if world.engine == "sqlite" {
        format!("hex(id) = '{}'", id.uuid().simple().to_string().to_uppercase())
    } else {
        format!("id = '{}'", id.uuid())
    };
    world.texts(&format!("SELECT status FROM target WHERE {is_own}")).await[0][0].clone()
}

async fn count(world: &World, what: &str) -> String {
    world.texts(&format!("SELECT CAST(count(*) AS TEXT) FROM {what}")).await[0][0].clone()
}
