//! A draft belongs to one record: another one's form on the same page, or on the same path, does not contain it.

use chrono::TimeDelta;
use ordinavo_core::Engine;
use rstest::rstest;
use serde_json::json;

use super::{TEXT, monday};
use crate::scheduling::board::{move_page, technician};
use crate::support::world_at;

#[rstest]
#[case::sqlite(Engine::Sqlite)]
#[case::postgres(Engine::Postgres)]
#[tokio::test]
async fn draft_of_one_location_is_not_in_the_form_of_another(#[case] engine: Engine) {
    let Some(world) = world_at(engine, monday()).await else {
        return;
    };
    let staff = world.staff("nordlicht", "dispatcher").await;
    let customer = world.customer("CUST-10042").await;
    let html = world.content(&staff, &format!("/app/customers/{customer}")).await;
    let mut pages: Vec<String> = html
        .split("href=\"/app/locations/")
        .skip(1)
        .map(|rest| format!("/app/locations/{}", rest.split('"').next().unwrap()))
        .collect();
    pages.truncate(2);
    let location = pages[0].rsplit('/').next().unwrap();
    let fields = [("location", location), ("name", "Typed"), ("zone", "Gulf Time")];
    world.send(&staff, "/app/fn/edit-location", &fields).await;
    // First with the errors, then from the draft.
    for shown in ["rejected", "draft"] {
        for (page, expected) in pages.iter().zip([1, 0]) {
            let html = world.content(&staff, page).await;
            assert_eq!(
                html.matches("value=\"Typed\"").count(),
                expected,
                "{} {shown}: {html}",
                world.engine
            );
        }
    }
}

#[rstest]
#[case::sqlite(Engine::Sqlite)]
#[case::postgres(Engine::Postgres)]
#[tokio::test]
async fn draft_of_one_job_is_not_in_the_plan_of_another(#[case] engine: Engine) {
    let Some(world) = world_at(engine, monday()).await else {
        return;
    };
    let staff = world.staff("nordlicht", "dispatcher").await;
    let tom = technician(&world, "Tom Becker").await;
    let mut pages = Vec::new();
    for number in 1..=2 {
        let job = json!({ "externalId": format!("DRAFT-{number}"), "customer": { "externalId": "CUST-10042" } });
        let (_, item) = world.import("erp", &job).await;
        let target = item["targetId"].as_str().unwrap().to_owned();
        // A time that is over asks for a reason.
        let past = world.core.clock().now() - TimeDelta::days(3);
        pages.push((move_page(&target, &tom, past), target));
    }
    // Rejected, because the plan has no end.
    let fields = [
        ("target", pages[0].1.as_str()),
        ("technician", tom.as_str()),
        ("date", "2026-11-20"),
        ("start", "09:00"),
        ("end", ""),
        ("reason", TEXT),
    ];
    world.send(&staff, "/app/fn/move-target", &fields).await;
    world.content(&staff, "/app/inbox").await;
    let own = world.content(&staff, &pages[0].0).await;
    assert!(own.contains("neighbour"), "{} {own}", world.engine);
    let other = world.content(&staff, &pages[1].0).await;
    assert!(
        other.contains("name=\"reason\"") && !other.contains("neighbour"),
        "{} {other}",
        world.engine
    );
}
