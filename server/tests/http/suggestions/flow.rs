//! Route suggestions: made in the background, with true reasons; nothing is an appointment before it is committed, and what
//! changed meanwhile is asked again.

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

/// Asks on the board; the answer is the page of the suggestion.
async fn ask(world: &World, staff: &Client) -> String {
    world.send(staff, "/app/fn/suggest-routes", &[("date", DAY)]).await
}

/// The page of a suggestion once it has ended.
async fn ended(world: &World, staff: &Client, page: &str) -> String {
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
async fn a_suggestion_plans_nothing_until_it_is_committed(#[case] engine: Engine) {
    let Some(world) = world_at(engine, monday()).await else {
        return;
    };
    let staff = world.staff("nordlicht", "dispatcher").await;
    let near = job(&world, "SUGGEST-1", json!({})).await;
    let diver = job(&world, "SUGGEST-2", json!({ "requiredSkills": ["diving"] })).await;
    let (planned, told) = (
        count(&world, "appointment").await,
        world.texts("SELECT type FROM event").await.len(),
    );
    let page = ask(&world, &staff).await;
    let html = ended(&world, &staff, &page).await;
    assert!(!planner::run_next(&world.core).await.unwrap(), "there was one");
    assert!(
        html.contains("Ready") && html.contains("Commit all"),
        "{} {html}",
        world.engine
    );
    assert!(html.contains(&format!("/app/targets/{near}")), "{html}");
    assert!(html.contains("Why here?"), "{html}");
    // Nobody dives: each technician is told with what is missing, and what would do.
    let left = html
        .split("class=\"card left\"")
        .find(|part| part.contains(&diver))
        .unwrap();
    assert!(left.contains("not possible on this day"), "{left}");
    assert!(left.matches("lacks diving").count() >= 5, "{left}");
    // Whose day is full as well is helped by no single change.
    let helped = left.matches("add skills: diving").count();
    assert_eq!(
        helped + left.matches("no single change is enough").count(),
        left.matches("lacks diving").count(),
        "{left}"
    );
    assert!(helped >= 5, "{left}");
    // Nothing has happened yet, for nobody.
    assert_eq!(count(&world, "appointment").await, planned);
    assert_eq!(world.texts("SELECT type FROM event").await.len(), told);
    // One stop.
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
    assert!(!stop.contains("stop-warning"), "what was suggested holds: {stop}");
    // The same again is nothing.
    world.send(&staff, "/app/fn/commit-suggestion", &one).await;
    assert_eq!(count(&world, "appointment").await, planned + 1, "{}", world.engine);
    // The rest, and then it cannot be committed once it is discarded.
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
    // Nobody else's organisation has it.
    let other = world.staff("suedwind", "admin").await;
    assert_eq!(world.get(&other, &page).await.0, StatusCode::NOT_FOUND);
}

#[rstest]
#[case::sqlite(Engine::Sqlite)]
#[case::postgres(Engine::Postgres)]
#[tokio::test]
async fn what_changed_meanwhile_is_asked_again_at_commit(#[case] engine: Engine) {
    let Some(world) = world_at(engine, monday()).await else {
        return;
    };
    let staff = world.staff("nordlicht", "dispatcher").await;
    let first = job(&world, "CHANGED-1", json!({})).await;
    let second = job(&world, "CHANGED-2", json!({})).await;
    let page = ask(&world, &staff).await;
    ended(&world, &staff, &page).await;
    // One is cancelled by its source meanwhile, the other needs what nobody has.
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
    assert_eq!(html.matches("Does not hold any more").count(), 2, "{html}");
    assert!(html.contains("It is planned, done or cancelled by now"), "{html}");
    assert!(html.contains("The technician lacks these skills: diving."), "{html}");
}

#[rstest]
#[case::sqlite(Engine::Sqlite)]
#[case::postgres(Engine::Postgres)]
#[tokio::test]
async fn a_suggestion_on_its_way_is_stopped(#[case] engine: Engine) {
    let Some(world) = world_at(engine, monday()).await else {
        return;
    };
    let staff = world.staff("nordlicht", "dispatcher").await;
    job(&world, "STOP-1", json!({})).await;
    let page = ask(&world, &staff).await;
    let id = hidden(&world.content(&staff, &page).await, "id").unwrap();
    world.send(&staff, "/app/fn/stop-suggestion", &[("id", &id)]).await;
    let html = ended(&world, &staff, &page).await;
    assert!(
        html.contains("Cancelled") && !html.contains("Commit all"),
        "{} {html}",
        world.engine
    );
    // A day that is over cannot be planned.
    let back = world
        .send(&staff, "/app/fn/suggest-routes", &[("date", "2026-11-01")])
        .await;
    assert!(back.starts_with("/app/board"), "{back}");
    // Too many at once are refused.
    for _ in 0..20 {
        ask(&world, &staff).await;
    }
    assert!(ask(&world, &staff).await.starts_with("/app/board?"), "{}", world.engine);
}

#[rstest]
#[case::sqlite(Engine::Sqlite)]
#[case::postgres(Engine::Postgres)]
#[tokio::test]
async fn what_is_fixed_stays_and_nothing_is_put_into_its_time(#[case] engine: Engine) {
    let Some(world) = world_at(engine, monday()).await else {
        return;
    };
    let staff = world.staff("nordlicht", "dispatcher").await;
    // Everybody but one is away: the day of the one is half full of a visit that takes less than was agreed.
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
    let fixed = job(&world, "FIXED-1", json!({ "durationMinutes": 30 })).await;
    let fields = [
        ("target", fixed.as_str()),
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
    let page = ask(&world, &staff).await;
    let html = ended(&world, &staff, &page).await;
    let id = hidden(&html, "id").unwrap();
    // Half past seven to nine and three to five are three hours; the way takes some of it.
    let proposed = waiting
        .iter()
        .filter(|target| html.contains(&format!("name=\"target\" value=\"{target}\"")))
        .count();
    assert!((2..=3).contains(&proposed), "{} {proposed}: {html}", world.engine);
    assert!(html.contains("possible, but other jobs take priority"), "{html}");
    let before = count(&world, "appointment").await;
    world.send(&staff, "/app/fn/commit-suggestion", &[("id", &id)]).await;
    let html = world.content(&staff, &page).await;
    assert!(!html.contains("Does not hold any more"), "{} {html}", world.engine);
    assert!(count(&world, "appointment").await >= before + proposed);
    let board = world.content(&staff, &format!("/app/board?date={DAY}&view=list")).await;
    assert!(
        board.contains("09:00–15:00") && !board.contains("At the same time"),
        "{board}"
    );
}
