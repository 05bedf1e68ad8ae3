//! Imports for jobs that are already scheduled: proposed changes, locations, contacts and follow-ups.

use crate::support::forms::hidden;
use crate::support::{World, link, world};
use ordinavo_core::Engine;
use reqwest::{Client, Method};
use rstest::rstest;
use serde_json::{Value, json};

async fn schedule(world: &World, dispatcher: &Client, target: &str, hour: u32) {
    let page = world.content(dispatcher, &format!("/app/targets/{target}")).await;
    let technician = page
        .split("value=\"stf_")
        .nth(1)
        .unwrap()
        .split('"')
        .next()
        .unwrap()
        .to_owned();
    let fields = [
        ("target", target),
        ("technician", &format!("stf_{technician}")),
        ("date", "2031-03-03"),
        ("start", &format!("{hour:02}:00")),
        ("end", &format!("{:02}:00", hour + 1)),
        ("shared", "on"),
    ];
    world.schedule_anyway(dispatcher, &fields).await;
}

fn job(external_id: &str) -> Value {
    json!({ "externalId": external_id, "customer": { "externalId": "CUST-10042" }, "location": { "externalId": "LOC-ESSEN-01" }, "contact": { "externalId": "CONT-44" } })
}

#[rstest]
#[case::sqlite(Engine::Sqlite)]
#[case::postgres(Engine::Postgres)]
#[tokio::test]
async fn scheduled_job_changes_when_proposal_is_accepted(#[case] engine: Engine) {
    let Some(world) = world(engine).await else { return };
    let dispatcher = world.staff("nordlicht", "dispatcher").await;
    let (_, made) = world.import("erp", &job("PLANNED-1")).await;
    let target = made["targetId"].as_str().unwrap();
    schedule(&world, &dispatcher, target, 9).await;
    let path = format!("/app/targets/{target}");
    let mut changed = job("PLANNED-1");
    changed["durationMinutes"] = json!(150);
    changed["address"] = json!({ "street": "Neue Gasse 7", "city": "Essen" });
    changed["coordinates"] = json!({ "lat": 51.25, "lon": 7.5 });
    let (_, item) = world.import("erp", &changed).await;
    assert_eq!(
        item["warnings"].as_array().unwrap().last().unwrap()["code"],
        "change_requires_review",
        "{item}"
    );
    let page = world.content(&dispatcher, &path).await;
    assert!(
        page.contains("Neue Gasse 7") && page.contains("51.25, 7.5"),
        "the proposal shows the new values"
    );
    let status = async || {
        world
            .call("erp", Method::GET, &format!("/api/v1/targets/{target}"), None)
            .await
            .1
    };
    assert_eq!(status().await["durationMinutes"], 60, "nothing changes by itself");
    // A newer proposal replaces the older one.
    changed["durationMinutes"] = json!(90);
    world.import("erp", &changed).await;
    let page = world.content(&dispatcher, &path).await;
    let proposal = hidden(&page, "proposal").unwrap();
    world
        .send(
            &dispatcher,
            "/app/fn/accept-proposal",
            &[("proposal", &proposal), ("target", target)],
        )
        .await;
    assert_eq!(status().await["durationMinutes"], 90);
    let page = world.content(&dispatcher, &path).await;
    assert!(
        hidden(&page, "proposal").is_none() && page.contains("Neue Gasse 7"),
        "{}",
        world.engine
    );
    assert!(status().await["appointment"].is_object(), "the appointment stays");
    // A change of the customer is never applied automatically and can be dismissed.
    let (_, item) = world
        .import(
            "erp",
            &json!({ "externalId": "PLANNED-1", "customer": { "externalId": "CUST-20001" } }),
        )
        .await;
    assert!(
        item.to_string().contains("target_customer_change_requires_review"),
        "{item}"
    );
    let page = world.content(&dispatcher, &path).await;
    let proposal = hidden(&page, "proposal").unwrap();
    world
        .send(
            &dispatcher,
            "/app/fn/dismiss-proposal",
            &[("proposal", &proposal), ("target", target)],
        )
        .await;
    let page = world.content(&dispatcher, &path).await;
    assert!(hidden(&page, "proposal").is_none() && page.contains("Rhein-Ruhr Medical Supply"));
    // The contact can change at any time.
    let (_, item) = world
        .import(
            "erp",
            &json!({ "externalId": "PLANNED-1", "customer": { "externalId": "CUST-10042" }, "contact": null }),
        )
        .await;
    assert_eq!(item["outcome"], "updated", "{item}");
    assert!(!facts(&world.content(&dispatcher, &path).await).contains("Anna Weber"));
}

#[rstest]
#[case::sqlite(Engine::Sqlite)]
#[case::postgres(Engine::Postgres)]
#[tokio::test]
async fn job_scheduled_again_has_one_appointment(#[case] engine: Engine) {
    let Some(world) = world(engine).await else { return };
    let dispatcher = world.staff("nordlicht", "dispatcher").await;
    let (_, made) = world.import("erp", &job("TWICE-PLANNED")).await;
    let target = made["targetId"].as_str().unwrap();
    schedule(&world, &dispatcher, target, 9).await;
    // A visit that was not completed; the job is reopened and scheduled again.
    let id = target;
    world
        .sql("UPDATE appointment SET status = 'done' WHERE target_id = (SELECT id FROM target WHERE external_id = 'TWICE-PLANNED')")
        .await;
    world
        .sql("UPDATE target SET status = 'not_completed' WHERE external_id = 'TWICE-PLANNED'")
        .await;
    world
        .send(&dispatcher, "/app/fn/reopen-target", &[("target", id)])
        .await;
    let read = async || {
        world
            .call("erp", Method::GET, &format!("/api/v1/targets/{id}"), None)
            .await
            .1
    };
    assert_eq!(
        read().await["appointment"],
        Value::Null,
        "an open job has no appointment"
    );
    schedule(&world, &dispatcher, target, 14).await;
    let (_, states) = world
        .call(
            "erp",
            Method::POST,
            "/api/v1/targets/status-query",
            Some(&json!({ "externalIds": ["TWICE-PLANNED"] })),
        )
        .await;
    assert_eq!(states["data"].as_array().unwrap().len(), 1, "{states}");
    let start = read().await["appointment"]["start"].as_str().unwrap().to_owned();
    assert!(start.contains("T13:00"), "the later one: {start}");
}

#[rstest]
#[case::sqlite(Engine::Sqlite)]
#[case::postgres(Engine::Postgres)]
#[tokio::test]
async fn imported_address_without_customer_can_be_corrected_and_cleared(#[case] engine: Engine) {
    let Some(world) = world(engine).await else { return };
    let dispatcher = world.staff("nordlicht", "dispatcher").await;
    let send = async |more: Value| {
        let mut body = json!({ "externalId": "PLACE-1", "customer": { "name": "Unknown to all" } });
        body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        let (_, item) = world.import("import-only", &body).await;
        let target = item["targetId"].as_str().unwrap().to_owned();
        world.content(&dispatcher, &format!("/app/targets/{target}")).await
    };
    let page = send(json!({ "address": { "street": "Falsche Gasse 1", "city": "Bochum" } })).await;
    assert!(page.contains("Falsche Gasse 1"));
    let page = send(json!({ "address": { "street": "Richtige Gasse 2", "city": "Bochum" }, "coordinates": { "lat": 51.5, "lon": 7.25 } })).await;
    assert!(
        page.contains("Richtige Gasse 2") && page.contains("51.5, 7.25") && !page.contains("Falsche"),
        "{}",
        world.engine
    );
    let page = send(json!({ "address": { "street": null }, "coordinates": null })).await;
    let facts = facts(&page);
    assert!(
        !facts.contains("Richtige Gasse 2") && facts.contains("Bochum") && !facts.contains("51.5"),
        "{facts}"
    );
}

#[rstest]
#[case::sqlite(Engine::Sqlite)]
#[case::postgres(Engine::Postgres)]
#[tokio::test]
async fn follow_up_scheduled_creates_job_and_event(#[case] engine: Engine) {
    let Some(world) = world(engine).await else { return };
    let manager = world.staff("nordlicht", "manager").await;
    let dispatcher = world.staff("nordlicht", "dispatcher").await;
    // An approved report with a follow-up, for a target of this source system.
    let list = world.content(&manager, "/app/reports?status=approved").await;
    let mut rest = list.as_str();
    let (report, follow_up) = loop {
        let path = link(rest, "/app/reports/vrp_").expect("a report has a follow-up");
        rest = &rest[rest.find(&path).unwrap() + path.len()..];
        if let Some(id) = hidden(&world.content(&dispatcher, &path).await, "follow_up") {
            break (path.rsplit('/').next().unwrap().to_owned(), id);
        }
    };
    let made = world
        .send(
            &dispatcher,
            "/app/fn/plan-follow-up",
            &[("follow_up", &follow_up), ("report", &report)],
        )
        .await;
    let target = made.rsplit('/').next().unwrap().to_owned();
    // A second click creates no second job.
    let again = world
        .send(
            &dispatcher,
            "/app/fn/plan-follow-up",
            &[("follow_up", &follow_up), ("report", &report)],
        )
        .await;
    assert!(again.ends_with(&report), "{again}");
    schedule(&world, &dispatcher, &target, 10).await;
    let page = world.content(&dispatcher, &format!("/app/reports/{report}")).await;
    assert!(page.contains(&target) && hidden(&page, "follow_up").is_none());
    let (_, events) = world
        .call(
            "erp",
            Method::GET,
            "/api/v1/events?limit=200&type=follow_up.planned",
            None,
        )
        .await;
    for event in events["data"].as_array().unwrap() {
        assert_eq!(event["data"]["followUp"]["status"], "planned", "{event}");
        assert!(event["data"]["appointment"]["start"].is_string());
    }
    let (_, follow_ups) = world
        .call("erp", Method::GET, "/api/v1/follow-ups?limit=200", None)
        .await;
    let own = follow_ups["data"]
        .as_array()
        .unwrap()
        .iter()
        .find(|one| one["id"] == follow_up.as_str());
    let is_event_sent = events["data"]
        .as_array()
        .unwrap()
        .iter()
        .any(|event| event["data"]["followUp"]["id"] == follow_up.as_str());
    assert_eq!(
        own.is_some(),
        is_event_sent,
        "only the source system of the job receives the event"
    );
    if let Some(own) = own {
        assert_eq!(own["status"], "planned");
    }
}

/// Returns the facts of the job on its page.
fn facts(page: &str) -> &str {
    let facts = page.split("data-testid=\"job-facts\"").nth(1).unwrap();
    facts.split("</section>").next().unwrap()
}
