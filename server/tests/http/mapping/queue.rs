//! The mapping review as a queue: the next case follows a decision, whatever the decision is.

use ordinavo_core::Engine;
use reqwest::Method;
use rstest::rstest;

use crate::requests::slot_offers::monday;
use crate::support::{World, world_at};

const LIST: &str = "/app/imports/mapping";

async fn status(world: &World, target: &str) -> String {
    let path = format!("/api/v1/targets/{target}");
    let (_, found) = world.call("erp-strict", Method::GET, &path, None).await;
    found["status"].as_str().unwrap().to_owned()
}

#[rstest]
#[case::sqlite(Engine::Sqlite)]
#[case::postgres(Engine::Postgres)]
#[tokio::test]
async fn mapping_decisions_lead_to_next_case(#[case] engine: Engine) {
    let Some(world) = world_at(engine, monday()).await else {
        return;
    };
    // The demo's own cases are settled, so that the queue has these four only.
    world.sql("UPDATE target SET needs_mapping = (1 = 0)").await;
    let mut cases = Vec::new();
    for number in 1..=4 {
        world.core.clock().advance(chrono::TimeDelta::minutes(1));
        let (id, customer) = (format!("QUEUE-{number}"), format!("QUEUE-C{number}"));
        cases.push(world.import_for_review(&id, &customer, "").await);
    }
    let staff = world.staff("nordlicht", "dispatcher").await;
    let page = |target: &str| format!("{LIST}/{target}");

    // Snoozed: listed apart until the time has come.
    let fields = [("target", cases[0].as_str()), ("until", "1h")];
    assert_eq!(
        world.send(&staff, "/app/fn/snooze-mapping", &fields).await,
        page(&cases[1])
    );
    assert!(!world.content(&staff, LIST).await.contains(&cases[0]));
    assert!(
        world
            .content(&staff, &format!("{LIST}?only=snoozed"))
            .await
            .contains(&cases[0])
    );

    // A new customer, linked to the external ID that was sent.
    let fields = [
        ("target", cases[1].as_str()),
        ("new_name", "Queue Customer Ltd"),
        ("pin", "on"),
    ];
    let to = world.send(&staff, "/app/fn/create-mapping-customer", &fields).await;
    assert_eq!(to, page(&cases[2]));
    let (_, found) = world
        .call("erp-strict", Method::GET, "/api/v1/customers?externalId=QUEUE-C2", None)
        .await;
    assert_eq!(found["data"][0]["name"], "Queue Customer Ltd", "{found}");
    // Nothing is created with an error.
    let fields = [("target", cases[2].as_str()), ("new_name", ""), ("pin", "on")];
    let to = world.send(&staff, "/app/fn/create-mapping-customer", &fields).await;
    assert_eq!(to, page(&cases[2]));
    assert!(world.content(&staff, &to).await.contains("data-code="));

    // Rejected with a reason, which is required.
    let fields = [("target", cases[2].as_str()), ("reason", "")];
    assert_eq!(
        world.send(&staff, "/app/fn/reject-mapping", &fields).await,
        page(&cases[2])
    );
    assert_eq!(status(&world, &cases[2]).await, "open");
    let fields = [("target", cases[2].as_str()), ("reason", "Sent by mistake")];
    assert_eq!(
        world.send(&staff, "/app/fn/reject-mapping", &fields).await,
        page(&cases[3])
    );
    assert_eq!(status(&world, &cases[2]).await, "cancelled");

    // An existing customer; after the last case comes the empty queue.
    let customer = world.customer("CUST-10042").await;
    let fields = [("target", cases[3].as_str()), ("customer", customer.as_str())];
    assert_eq!(world.send(&staff, "/app/fn/resolve-mapping", &fields).await, LIST);
    world.core.clock().advance(chrono::TimeDelta::hours(2));
    assert!(
        world.content(&staff, LIST).await.contains(&cases[0]),
        "the snooze is over"
    );
}
