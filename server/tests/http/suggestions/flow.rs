//! Route suggestions: calculated in the background, with exclusion reasons; only a commit schedules appointments, and
//! it checks conflicts again.

use crate::support::forms::hidden;
use crate::support::{World, world_at};
use chrono::{TimeZone as _, Utc};
use ordinavo_core::Engine;
use ordinavo_core::clock::Clock;
use ordinavo_core::suggestions::run as planner;
use reqwest::{Client, StatusCode};
use rstest::rstest;
use serde_json::{Value, json};

fn monday() -> Clock {
    Clock::manual(Utc.with_ymd_and_hms(2026, 11, 23, 8, 30, 0).single().unwrap())
}

const DAY: &str = "2027-02-16";

async fn job(world: &World, external_id: &str, more: Value) -> String {
    let mut body = json!({ "externalId": external_id, "priority": "urgent", "durationMinutes": 60,
        "customer": { "externalId": "CUST-10042" }, "location": { "externalId": "LOC-ESSEN-01" } });
    body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    let (status, item) = world.import("erp", &body).await;
    assert!(status.is_success(), "{item}");
    item["targetId"].as_str().unwrap().to_owned()
}

/// Requests a suggestion on the board and returns the path of its page.
async fn request_suggestion(world: &World, staff: &Client) -> String {
    world.send(staff, "/app/fn/suggest-routes", &[("date", DAY)]).await
}

/// Returns the page of a suggestion once it has ended.
async fn wait_until_ended(world: &World, staff: &Client, page: &str) -> String {
    let deadline = std::time::Instant::now() + std::time::Duration::from_secs(60);
    loop {
        let html = world.content(staff, page).await;
        if !html.contains("<progress") {
            return html;
        }
        assert!(std::time::Instant::now() < deadline, "{html}");
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    }
}

async fn count(world: &World, table: &str) -> usize {
    world
        .texts(&format!(
            "SELECT status FROM {table} WHERE status IN ('planned', 'queued', 'waiting')"
        ))
        .await
        .len()
}

#[rstest]
#[case::sqlite(Engine::Sqlite)]
#[case::postgres(Engine::Postgres)]
#[tokio::test]
async fn suggestion_schedules_nothing_until_committed(#[case] engine: Engine) {
    let Some(world) = world_at(engine, monday()).await else {
        return;
    };
    let staff = world.staff("nordlicht", "dispatcher").await;
    let near = job(&world, "SUGGEST-1", json!({})).await;
    let diver = job(&world, "SUGGEST-2", json!({ "requiredSkills": ["diving"] })).await;
    let (planned, event_count) = (
        count(&world, "appointment").await,
        world.texts("SELECT type FROM event").await.len(),
    );
    let page = request_suggestion(&world, &staff).await;
    let html = wait_until_ended(&world, &staff, &page).await;
    assert!(
        !planner::run_next(&world.core).await.unwrap(),
        "a second suggestion is queued"
    );
    assert!(
        html.contains("Ready") && html.contains("Commit all"),
        "{} {html}",
        world.engine
    );
    assert!(html.contains(&format!("/app/targets/{near}")), "{html}");
    assert!(html.contains("Why here?"), "{html}");
    // No technician can dive: each one is listed with the missing skill and a solution.
    let left = html
        .split("class=\"card left\"")
        .find(|part| part.contains(&diver))
        .unwrap();
    assert!(left.contains("not possible on this day"), "{left}");
    assert!(left.matches("missing skills: diving").count() >= 5, "{left}");
    // For technicians whose day is also full, no single change is enough.
    let solvable = left.matches("add skills: diving").count();
    assert_eq!(
        solvable + left.matches("no single change is enough").count(),
        left.matches("missing skills: diving").count(),
        "{left}"
    );
    assert!(solvable >= 5, "{left}");
    // Nothing is scheduled and no event is sent before the commit.
    assert_eq!(count(&world, "appointment").await, planned);
    assert_eq!(world.texts("SELECT type FROM event").await.len(), event_count);
    // Commit one stop.
    let id = hidden(&html, "id").unwrap();
    let one = [("id", id.as_str()), ("target", near.as_str()), ("shared", "on")];
    assert_eq!(world.send(&staff, "/app/fn/commit-suggestion", &one).await, page);
    let html = world.content(&staff, &page).await;
    assert!(
        html.contains("Appointments scheduled.") && html.contains("Committed"),
        "{html}"
    );
    assert_eq!(count(&world, "appointment").await, planned + 1);
    let board = world.content(&staff, &format!("/app/board?date={DAY}")).await;
    let stop = board.split("class=\"stop ").find(|part| part.contains(&near)).unwrap();
    assert!(!stop.contains("stop-warning"), "committed stop has conflicts: {stop}");
    // A repeated commit changes nothing.
    world.send(&staff, "/app/fn/commit-suggestion", &one).await;
    assert_eq!(count(&world, "appointment").await, planned + 1, "{}", world.engine);
    // Commit the rest. A discarded suggestion cannot be committed.
    world.send(&staff, "/app/fn/commit-suggestion", &[("id", &id)]).await;
    let all = count(&world, "appointment").await;
    assert!(all > planned + 1, "{}", world.engine);
    world.send(&staff, "/app/fn/discard-suggestion", &[("id", &id)]).await;
    let html = world.content(&staff, &page).await;
    assert!(
        html.contains("Discarded") && !html.contains("commit-suggestion"),
        "{html}"
    );
    world.send(&staff, "/app/fn/commit-suggestion", &[("id", &id)]).await;
    assert_eq!(count(&world, "appointment").await, all);
    let log = world
        .texts("SELECT action FROM audit_entry WHERE action LIKE 'route_suggestion.%' ORDER BY sequence")
        .await;
    let actions: Vec<&str> = log.iter().map(|row| row[0].as_str()).collect();
    assert_eq!(
        actions[..3],
        [
            "route_suggestion.asked",
            "route_suggestion.ended",
            "route_suggestion.stop_committed"
        ]
    );
    assert_eq!(actions.last(), Some(&"route_suggestion.discarded"));
    for role in ["technician", "auditor"] {
        let browser = world.staff("nordlicht", role).await;
        assert_eq!(world.get(&browser, &page).await.0, StatusCode::FORBIDDEN, "{role}");
    }
    // The suggestion does not exist for another tenant.
    let other = world.staff("suedwind", "admin").await;
    assert_eq!(world.get(&other, &page).await.0, StatusCode::NOT_FOUND);
}

#[rstest]
#[case::sqlite(Engine::Sqlite)]
#[case::postgres(Engine::Postgres)]
#[tokio::test]
async fn suggestion_commit_after_changes_is_rejected(#[case] engine: Engine) {
    let Some(world) = world_at(engine, monday()).await else {
        return;
    };
    let staff = world.staff("nordlicht", "dispatcher").await;
    let first = job(&world, "CHANGED-1", json!({})).await;
    let second = job(&world, "CHANGED-2", json!({})).await;
    let page = request_suggestion(&world, &staff).await;
    wait_until_ended(&world, &staff, &page).await;
    // One job is cancelled by its source system, the other requires a skill that no technician has.
    let (status, _) = world
        .import("erp", &json!({ "externalId": "CHANGED-1", "action": "cancel" }))
        .await;
    assert!(status.is_success());
    job(&world, "CHANGED-2", json!({ "requiredSkills": ["diving"] })).await;
    let html = world.content(&staff, &page).await;
    let id = hidden(&html, "id").unwrap();
    let before = count(&world, "appointment").await;
    for target in [&first, &second] {
        world
            .send(
                &staff,
                "/app/fn/commit-suggestion",
                &[("id", id.as_str()), ("target", target)],
            )
            .await;
    }
    let html = world.content(&staff, &page).await;
    assert_eq!(count(&world, "appointment").await, before, "{}", world.engine);
    assert_eq!(html.matches("class=\"stop-warning\"").count(), 2, "{html}");
    assert!(
        html.contains("This job has already been scheduled, completed or cancelled."),
        "{html}"
    );
    assert!(html.contains("The technician lacks these skills: diving."), "{html}");
}

#[rstest]
#[case::sqlite(Engine::Sqlite)]
#[case::postgres(Engine::Postgres)]
#[tokio::test]
async fn suggestion_cancelled_while_running_is_not_committable(#[case] engine: Engine) {
    let Some(world) = world_at(engine, monday()).await else {
        return;
    };
    let staff = world.staff("nordlicht", "dispatcher").await;
    job(&world, "STOP-1", json!({})).await;
    let page = request_suggestion(&world, &staff).await;
    let id = hidden(&world.content(&staff, &page).await, "id").unwrap();
    world.send(&staff, "/app/fn/cancel-suggestion", &[("id", &id)]).await;
    let html = wait_until_ended(&world, &staff, &page).await;
    assert!(
        html.contains("Cancelled") && !html.contains("Commit all"),
        "{} {html}",
        world.engine
    );
    // A past day cannot be planned.
    let back = world
        .send(&staff, "/app/fn/suggest-routes", &[("date", "2026-11-01")])
        .await;
    assert!(back.starts_with("/app/board"), "{back}");
    // The number of open suggestions is limited.
    for _ in 0..20 {
        request_suggestion(&world, &staff).await;
    }
    assert!(
        request_suggestion(&world, &staff).await.starts_with("/app/board?"),
        "{}",
        world.engine
    );
}

#[rstest]
#[case::sqlite(Engine::Sqlite)]
#[case::postgres(Engine::Postgres)]
#[tokio::test]
async fn suggestion_keeps_scheduled_appointments(#[case] engine: Engine) {
    let Some(world) = world_at(engine, monday()).await else {
        return;
    };
    let staff = world.staff("nordlicht", "dispatcher").await;
    // All technicians but one are away; his day is half full with a visit that is shorter than its appointment.
    let technicians = world
        .pairs("SELECT s.id, s.id FROM staff_account s JOIN tenant t ON t.id = s.tenant_id WHERE t.slug = 'nordlicht' AND s.role = 'technician' AND s.display_name NOT LIKE 'Tom Becker%'")
        .await;
    let admin = world.staff("nordlicht", "admin").await;
    for (id, _) in technicians {
        let id = domain::ids::StaffId::from_uuid(id).to_string();
        let fields = [("id", id.as_str()), ("first", DAY), ("last", DAY), ("kind", "training")];
        world.send(&admin, "/app/fn/add-absence", &fields).await;
    }
    let tom = world
        .pairs("SELECT s.id, s.id FROM staff_account s WHERE s.display_name LIKE 'Tom Becker%'")
        .await[0]
        .0;
    let tom = domain::ids::StaffId::from_uuid(tom).to_string();
    let scheduled = job(&world, "FIXED-1", json!({ "durationMinutes": 30 })).await;
    let fields = [
        ("target", scheduled.as_str()),
        ("technician", &tom),
        ("date", DAY),
        ("start", "09:00"),
        ("end", "15:00"),
        ("was", ""),
        ("shared", "on"),
    ];
    world.send(&staff, "/app/fn/move-target", &fields).await;
    let mut waiting = Vec::new();
    for number in 0..6 {
        waiting.push(job(&world, &format!("FULL-{number}"), json!({})).await);
    }
    let page = request_suggestion(&world, &staff).await;
    let html = wait_until_ended(&world, &staff, &page).await;
    let id = hidden(&html, "id").unwrap();
    // 7:30 to 9:00 and 15:00 to 17:00 leave three and a half hours; travel takes some of it.
    let proposed = waiting
        .iter()
        .filter(|target| html.contains(&format!("name=\"target\" value=\"{target}\"")))
        .count();
    assert!((2..=3).contains(&proposed), "{} {proposed}: {html}", world.engine);
    assert!(html.contains("possible, but other jobs take priority"), "{html}");
    let before = count(&world, "appointment").await;
    world.send(&staff, "/app/fn/commit-suggestion", &[("id", &id)]).await;
    let html = world.content(&staff, &page).await;
    assert!(!html.contains("class=\"stop-warning\""), "{} {html}", world.engine);
    assert!(count(&world, "appointment").await >= before + proposed);
    let board = world.content(&staff, &format!("/app/board?date={DAY}&view=list")).await;
    assert!(
        board.contains("09:00–15:00") && !board.contains("Overlaps with"),
        "{board}"
    );
}
