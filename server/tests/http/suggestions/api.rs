//! Route suggestions for partners: only their own targets, without data of others, and nothing is scheduled.

use crate::support::{World, world_at};
use chrono::{TimeZone as _, Utc};
use ordinavo_core::Engine;
use ordinavo_core::clock::Clock;
use reqwest::{Method, StatusCode};
use rstest::rstest;
use serde_json::{Value, json};

fn monday() -> Clock {
    Clock::manual(Utc.with_ymd_and_hms(2026, 11, 23, 8, 30, 0).single().unwrap())
}

const PATH: &str = "/api/v1/route-suggestions";

async fn job(world: &World, client: &str, external_id: &str, more: Value) -> String {
    let mut body = json!({ "externalId": external_id, "durationMinutes": 60, "customer": { "externalId": "CUST-10042" }, "location": { "externalId": "LOC-ESSEN-01" } });
    body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    let (status, item) = world.import(client, &body).await;
    assert!(status.is_success(), "{item}");
    item["targetId"].as_str().unwrap().to_owned()
}

async fn wait_until_ended(world: &World, id: &str) -> Value {
    let deadline = std::time::Instant::now() + std::time::Duration::from_secs(60);
    loop {
        let (status, found) = world.call("erp", Method::GET, &format!("{PATH}/{id}"), None).await;
        assert_eq!(status, StatusCode::OK, "{found}");
        if !["queued", "running"].contains(&found["status"].as_str().unwrap()) {
            return found;
        }
        assert!(std::time::Instant::now() < deadline, "{found}");
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    }
}

#[rstest]
#[case::sqlite(Engine::Sqlite)]
#[case::postgres(Engine::Postgres)]
#[tokio::test]
async fn suggestion_for_partner_covers_own_targets_only(#[case] engine: Engine) {
    let Some(world) = world_at(engine, monday()).await else {
        return;
    };
    let near = job(&world, "erp", "ROUTE-1", json!({})).await;
    let diver = job(&world, "erp", "ROUTE-2", json!({ "requiredSkills": ["diving"] })).await;
    let late = job(
        &world,
        "erp",
        "ROUTE-3",
        json!({ "timeWindow": { "start": "2027-02-16T22:00:00Z", "end": "2027-02-16T23:00:00Z", "zone": "Europe/Berlin" } }),
    )
    .await;
    let window = json!({ "timeWindow": { "start": "2027-02-20T09:00:00Z", "end": "2027-02-20T10:00:00Z", "zone": "Europe/Berlin" } });
    let other = job(&world, "erp", "ROUTE-4", window).await;
    let far = json!({ "coordinates": { "lat": -33.87, "lon": 151.21 } });
    let far = job(&world, "erp", "ROUTE-5", far).await;
    let appointments = world.texts("SELECT status FROM appointment").await.len();
    let body = json!({ "date": "2027-02-16", "externalIds": ["ROUTE-1", "ROUTE-2", "ROUTE-3", "ROUTE-4", "ROUTE-5", "ROUTE-1"] });
    let answer = world
        .api(Method::POST, PATH, &world.key("nordlicht", "erp"))
        .header("idempotency-key", "once")
        .json(&body)
        .send()
        .await
        .unwrap();
    assert_eq!(answer.status(), StatusCode::ACCEPTED);
    let location = answer.headers()["location"].to_str().unwrap().to_owned();
    let made: Value = answer.json().await.unwrap();
    let id = made["id"].as_str().unwrap().to_owned();
    assert_eq!(location, format!("{PATH}/{id}"));
    // The same idempotency key returns the same suggestion.
    let again = world
        .api(Method::POST, PATH, &world.key("nordlicht", "erp"))
        .header("idempotency-key", "once")
        .json(&body)
        .send()
        .await
        .unwrap();
    assert_eq!(again.json::<Value>().await.unwrap()["id"], id.as_str());
    let found = wait_until_ended(&world, &id).await;
    assert_eq!(found["status"], "completed", "{found}");
    let routes = found["routes"].as_array().unwrap();
    assert_eq!(routes.len(), 1, "{found}");
    assert_eq!(routes[0]["technician"], "technician-1");
    assert_eq!(routes[0]["date"], "2027-02-16");
    assert_eq!(routes[0]["stops"][0]["targetId"], near.as_str());
    assert_eq!(routes[0]["stops"][0]["externalId"], "ROUTE-1");
    assert_eq!(routes[0]["stops"].as_array().unwrap().len(), 1);
    let left = found["unassigned"].as_array().unwrap();
    let reason = |target: &str| {
        let row = left.iter().find(|row| row["targetId"] == target).unwrap();
        row["reasons"]
            .as_array()
            .unwrap()
            .iter()
            .map(|one| one["code"].as_str().unwrap().to_owned())
            .collect::<Vec<_>>()
    };
    assert_eq!(reason(&diver), ["skill"]);
    assert_eq!(reason(&other), ["other_days"]);
    assert_eq!(reason(&far), ["shift"], "a job without a window cannot be late for it");
    // The longest shift is exceeded on the way back, and no shift starts late enough to miss the window.
    assert!(
        reason(&late)
            .iter()
            .all(|code| ["shift", "window"].contains(&code.as_str())),
        "{found}"
    );
    let text = found.to_string();
    for word in ["Becker", "Kaya", "stf_", "Essen", "Rhein-Ruhr"] {
        assert!(!text.contains(word), "{word}: {text}");
    }
    assert_eq!(
        world.texts("SELECT status FROM appointment").await.len(),
        appointments,
        "{}",
        world.engine
    );
    // The client is notified by an event.
    let events = world
        .texts("SELECT CAST(details AS TEXT) FROM event WHERE type = 'route_suggestion.completed'")
        .await;
    assert_eq!(events.len(), 1);
    assert!(events[0][0].contains(&id), "{events:?}");
    let (_, page) = world.call("erp", Method::GET, &format!("{PATH}?limit=1"), None).await;
    assert_eq!(page["data"][0]["id"], id.as_str());
    // Another source system cannot read it.
    let (status, _) = world
        .call("erp-strict", Method::GET, &format!("{PATH}/{id}"), None)
        .await;
    assert!(
        [StatusCode::NOT_FOUND, StatusCode::FORBIDDEN].contains(&status),
        "{status}"
    );
}

#[rstest]
#[case::sqlite(Engine::Sqlite)]
#[case::postgres(Engine::Postgres)]
#[tokio::test]
async fn suggestion_with_invalid_input_returns_pointer(#[case] engine: Engine) {
    let Some(world) = world_at(engine, monday()).await else {
        return;
    };
    let own = job(&world, "erp", "FIELD-1", json!({})).await;
    let foreign = job(&world, "erp-strict", "FIELD-2", json!({})).await;
    let too_many: Vec<String> = (0..201).map(|number| format!("X-{number}")).collect();
    for (body, pointers) in [
        (json!({}), vec!["/date", "/targetIds"]),
        (json!({ "date": "tomorrow", "targetIds": [own] }), vec!["/date"]),
        (json!({ "date": "2026-11-01", "targetIds": [own] }), vec!["/date"]),
        (json!({ "date": "2030-01-01", "targetIds": [own] }), vec!["/date"]),
        (
            json!({ "date": "2027-02-16", "targetIds": [own], "horizonDays": 8 }),
            vec!["/horizonDays"],
        ),
        (
            json!({ "date": "2027-02-16", "targetIds": [own], "horizonDays": "two" }),
            vec!["/horizonDays"],
        ),
        (json!({ "date": "2027-02-16", "targetIds": [] }), vec!["/targetIds"]),
        (
            json!({ "date": "2027-02-16", "externalIds": too_many }),
            vec!["/externalIds"],
        ),
        (
            json!({ "date": "2027-02-16", "targetIds": [own], "externalIds": ["FIELD-1"] }),
            vec!["/externalIds"],
        ),
        // A target of another source system and a missing target get the same error.
        (
            json!({ "date": "2027-02-16", "targetIds": [own, foreign] }),
            vec!["/targetIds/1"],
        ),
        (
            json!({ "date": "2027-02-16", "targetIds": ["tgt_x"] }),
            vec!["/targetIds/0"],
        ),
        (
            json!({ "date": "2027-02-16", "externalIds": ["FIELD-1", "NOBODY"] }),
            vec!["/externalIds/1"],
        ),
        (
            json!({ "date": "2027-02-16", "targetIds": [own], "urgent": true }),
            vec!["/urgent"],
        ),
    ] {
        let (status, problem) = world.call("erp", Method::POST, PATH, Some(&body)).await;
        assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY, "{body}: {problem}");
        let found: Vec<&str> = problem["errors"]
            .as_array()
            .unwrap()
            .iter()
            .map(|error| error["pointer"].as_str().unwrap())
            .collect();
        assert_eq!(found, pointers, "{} {body}: {problem}", world.engine);
    }
    assert_eq!(
        world.texts("SELECT status FROM route_suggestion").await.len(),
        0,
        "{}",
        world.engine
    );
}
