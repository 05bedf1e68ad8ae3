//! The board with 20 technicians and 300 stops: its four views on the server, and how late a drag is in a browser whose
//! processor is four times slower.

use std::process::Command;

use domain::ids::TargetId;
use serde_json::{Value, json};

use crate::ROUNDS;
use crate::measure::{figure, line, measure};
use crate::pages::fetch;
use crate::stand::Stand;

/// A day on which nothing else is planned: a Tuesday.
const DAY: &str = "2027-03-02";
const TECHNICIANS: usize = 20;
const STOPS: usize = 300;
/// Requests of a view in each round.
const PAGES: usize = 30;

impl Stand {
    /// An id as a statement has it.
    fn id(&self, number: u128) -> String {
        if self.engine == "sqlite" {
            format!("x'{number:032x}'")
        } else {
            format!("'{number:032x}'::uuid")
        }
    }

    /// Twenty technicians who all work that day, with fifteen visits each, all over a town.
    async fn fill_board(&self) {
        let api = reqwest::Client::new();
        let mut targets = Vec::with_capacity(STOPS);
        for number in 0..STOPS {
            let (row, column) = (number / TECHNICIANS, number % TECHNICIANS);
            let body = json!({
                "externalId": format!("BENCH-BOARD-{number}"),
                "durationMinutes": 20,
                "customer": { "externalId": "CUST-10042" },
                "location": { "externalId": "LOC-ESSEN-01" },
                "coordinates": { "lat": 51.40 + row as f64 * 0.01, "lon": 6.90 + column as f64 * 0.015 },
            });
            let answer: Value = api
                .post(format!("{}/api/v1/targets", self.url))
                .bearer_auth(self.key("erp"))
                .json(&body)
                .send()
                .await
                .unwrap()
                .json()
                .await
                .unwrap();
            let target: TargetId = answer["targetId"].as_str().unwrap().parse().unwrap();
            targets.push(target.uuid().as_u128());
        }
        let (tenant, first) = (
            "(SELECT id FROM tenant WHERE slug = 'nordlicht')",
            "(SELECT s.id FROM staff_account s JOIN technician w ON w.tenant_id = s.tenant_id AND w.staff_id = s.id WHERE s.tenant_id = (SELECT id FROM tenant WHERE slug = 'nordlicht') ORDER BY s.id LIMIT 1)",
        );
        let base = 0xbeef_u128 << 64;
        for number in 0..TECHNICIANS {
            let id = self.id(base + number as u128);
            self.raw
                .run(&format!(
                    "INSERT INTO staff_account (tenant_id, id, email, display_name, role, password_hash, skills, created_at) \
                     SELECT tenant_id, {id}, 'board{number}@nordlicht.example', 'Board {number:02}', role, password_hash, skills, created_at FROM staff_account WHERE id = {first} AND tenant_id = {tenant}; \
                     INSERT INTO technician (tenant_id, staff_id, zone, week, start_name, start_latitude, start_longitude, revision, updated_at) \
                     SELECT tenant_id, {id}, zone, week, start_name, start_latitude, start_longitude, revision, updated_at FROM technician WHERE staff_id = {first} AND tenant_id = {tenant}"
                ))
                .await;
        }
        let yes = if self.engine == "sqlite" { "1" } else { "true" };
        for (number, target) in targets.into_iter().enumerate() {
            let (slot, technician) = (number / TECHNICIANS, number % TECHNICIANS);
            let minute = 7 * 60 + slot * 32;
            let at = |minute: usize| format!("{DAY}T{:02}:{:02}:00+00:00", minute / 60, minute % 60);
            self.raw
                .run(&format!(
                    "INSERT INTO appointment (tenant_id, id, target_id, technician_id, status, is_shared, starts_at, ends_at, zone, created_at) \
                     VALUES ({tenant}, {id}, {target}, {technician}, 'planned', {yes}, '{from}', '{until}', 'Europe/Berlin', '2026-11-01T00:00:00+00:00'); \
                     UPDATE target SET status = 'scheduled' WHERE id = {target} AND tenant_id = {tenant}",
                    id = self.id((base << 8) + number as u128),
                    target = self.id(target),
                    technician = self.id(base + technician as u128),
                    from = at(minute),
                    until = at(minute + 20),
                ))
                .await;
        }
        self.raw.run("ANALYZE").await;
    }
}

pub async fn run(stand: &Stand) -> Vec<Value> {
    stand.fill_board().await;
    let browser = stand.dispatcher(0).await;
    let beside = format!("{}/app/customers", stand.url);
    let mut rows = Vec::new();
    for view in ["day", "week", "list", "map"] {
        let page = format!("{}/app/board?date={DAY}&view={view}", stand.url);
        let html = browser.get(&page).send().await.unwrap().text().await.unwrap();
        assert!(html.contains("Board 19"), "{view} shows everybody");
        let (mut ours, mut list) = (vec![], vec![]);
        fetch(&browser, &page, None, 5).await;
        for _ in 0..ROUNDS {
            ours.push(measure(fetch(&browser, &page, None, PAGES)).await);
            list.push(measure(fetch(&browser, &beside, None, PAGES)).await);
        }
        let name = format!("Board, {view}: {TECHNICIANS} technicians, {STOPS} stops, beside a list");
        rows.push(line(stand.engine, &name, "looked at", &ours, &list, true));
    }
    rows.extend(drag(stand));
    rows
}

/// How late the browser hears of the pointer while a stop is dragged, where Node and Chromium are installed.
fn drag(stand: &Stand) -> Vec<Value> {
    let account = stand.book.tenants[0].staff("dispatcher").unwrap();
    let answer = Command::new("node")
        .args(["bench/drag.mjs", &stand.url, &account.email, &account.password, DAY])
        .output();
    let Ok(answer) = answer.filter_success() else {
        println!("{:<9} Board, drag: Node or Chromium is missing", stand.engine);
        return Vec::new();
    };
    let told: Value = serde_json::from_slice(&answer.stdout).unwrap();
    ["median", "p95"]
        .into_iter()
        .map(|part| {
            let name = format!("Board, drag at 4x slower CPU: input delay, {part}");
            figure(stand.engine, &name, "below 50 ms", told[part].as_f64().unwrap(), "ms")
        })
        .collect()
}

/// Programs that ran and ended well.
trait Success: Sized {
    fn filter_success(self) -> Result<std::process::Output, String>;
}

impl Success for std::io::Result<std::process::Output> {
    fn filter_success(self) -> Result<std::process::Output, String> {
        let answer = self.map_err(|error| error.to_string())?;
        if answer.status.success() {
            Ok(answer)
        } else {
            Err(String::from_utf8_lossy(&answer.stderr).into_owned())
        }
    }
}
