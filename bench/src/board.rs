//! The board with 20 technicians and 300 stops: server time of its four views, and input delay while dragging in a browser
//! with a CPU slowdown of four.

use std::process::Command;

use domain::ids::TargetId;
use serde_json::{Value, json};

use crate::ROUNDS;
use crate::measure::{figure, line, measure};
use crate::pages::fetch;
use crate::test_bed::TestBed;

/// A Tuesday without other appointments.
const DAY: &str = "2027-03-02";
const TECHNICIANS: usize = 20;
const STOPS: usize = 300;
/// Requests per view and round.
const PAGES: usize = 30;

impl TestBed {
    /// Returns an ID as an SQL literal.
    fn id(&self, number: u128) -> String {
        if self.engine == "sqlite" {
            format!("x'{number:032x}'")
        } else {
            format!("'{number:032x}'::uuid")
        }
    }

    /// Inserts the technicians and their appointments.
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
            let response: Value = api
                .post(format!("{}/api/v1/targets", self.url))
                .bearer_auth(self.key("erp"))
                .json(&body)
                .send()
                .await
                .unwrap()
                .json()
                .await
                .unwrap();
            let target: TargetId = response["targetId"].as_str().unwrap().parse().unwrap();
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
        let sql_true = if self.engine == "sqlite" { "1" } else { "true" };
        for (number, target) in targets.into_iter().enumerate() {
            let (slot, technician) = (number / TECHNICIANS, number % TECHNICIANS);
            let minute = 7 * 60 + slot * 32;
            let at = |minute: usize| format!("{DAY}T{:02}:{:02}:00+00:00", minute / 60, minute % 60);
            self.raw
                .run(&format!(
                    "INSERT INTO appointment (tenant_id, id, target_id, technician_id, status, is_shared, starts_at, ends_at, zone, created_at) \
                     VALUES ({tenant}, {id}, {target}, {technician}, 'planned', {sql_true}, '{from}', '{until}', 'Europe/Berlin', '2026-11-01T00:00:00+00:00'); \
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

pub async fn run(test_bed: &TestBed) -> Vec<Value> {
    test_bed.fill_board().await;
    let browser = test_bed.dispatcher(0).await;
    let reference_url = format!("{}/app/customers", test_bed.url);
    let mut rows = Vec::new();
    for view in ["day", "week", "list", "map"] {
        let page = format!("{}/app/board?date={DAY}&view={view}", test_bed.url);
        let html = browser.get(&page).send().await.unwrap().text().await.unwrap();
        assert!(html.contains("Board 19"), "{view} shows all technicians");
        let (mut measured, mut reference) = (vec![], vec![]);
        fetch(&browser, &page, None, 5).await;
        for _ in 0..ROUNDS {
            measured.push(measure(fetch(&browser, &page, None, PAGES)).await);
            reference.push(measure(fetch(&browser, &reference_url, None, PAGES)).await);
        }
        let name = format!("Board, {view}: {TECHNICIANS} technicians, {STOPS} stops, beside a list");
        rows.push(line(test_bed.engine, &name, "looked at", &measured, &reference, true));
    }
    rows.extend(drag(test_bed));
    rows
}

/// Measures the input delay while dragging a stop. Requires Node and Chromium.
fn drag(test_bed: &TestBed) -> Vec<Value> {
    let account = test_bed.book.tenants[0].staff("dispatcher").unwrap();
    let response = Command::new("node")
        .args(["bench/drag.mjs", &test_bed.url, &account.email, &account.password, DAY])
        .output();
    let Ok(response) = response.filter_success() else {
        println!("{:<9} Board, drag: Node or Chromium is missing", test_bed.engine);
        return Vec::new();
    };
    let result: Value = serde_json::from_slice(&response.stdout).unwrap();
    ["median", "p95"]
        .into_iter()
        .map(|part| {
            let name = format!("Board, drag at 4x slower CPU: input delay, {part}");
            figure(
                test_bed.engine,
                &name,
                "below 50 ms",
                result[part].as_f64().unwrap(),
                "ms",
            )
        })
        .collect()
}

/// Turns a non-zero exit status into an error.
trait Success: Sized {
    fn filter_success(self) -> Result<std::process::Output, String>;
}

impl Success for std::io::Result<std::process::Output> {
    fn filter_success(self) -> Result<std::process::Output, String> {
        let response = self.map_err(|error| error.to_string())?;
        if response.status.success() {
            Ok(response)
        } else {
            Err(String::from_utf8_lossy(&response.stderr).into_owned())
        }
    }
}
