//! A decision is about the request that the page shows.

use ordinavo_core::Engine;
use rstest::rstest;

use crate::requests::inbox::{monday, request};
use crate::support::forms::hidden;
use crate::support::world_at;

#[rstest]
#[case::sqlite(Engine::Sqlite)]
#[case::postgres(Engine::Postgres)]
#[tokio::test]
async fn decision_about_changed_request_is_rejected_and_reason_kept(#[case] engine: Engine) {
    let Some(world) = world_at(engine, monday()).await else {
        return;
    };
    let (staff, colleague) = (
        world.staff("nordlicht", "dispatcher").await,
        world.staff("nordlicht", "manager").await,
    );
    let (id, _) = request(&world, &staff, "The pump of the fountain hums").await;
    let path = format!("/app/inbox/{id}");
    let shown = async || hidden(&world.content(&staff, &path).await, "version").unwrap();
    let stale = shown().await;
    // Assigning and snoozing change nothing that a decision is about.
    let priority = [("request", id.as_str()), ("priority", "high")];
    world.send(&colleague, "/app/fn/set-priority", &priority).await;
    assert_eq!(shown().await, stale);
    let customer = world.customer("CUST-10042").await;
    let assigned = [("request", id.as_str()), ("customer", customer.as_str())];
    world.send(&colleague, "/app/fn/assign-customer", &assigned).await;
    assert_ne!(shown().await, stale);
    let status = async || {
        let query = "SELECT status FROM request WHERE description LIKE 'The pump of the fountain%'";
        world.texts(query).await[0][0].clone()
    };
    let before = status().await;
    let reason = ("reason", "We no longer serve fountains.");
    for (action, more) in [("accept-request", None), ("reject-request", Some(reason))] {
        let mut fields = vec![("request", id.as_str()), ("version", stale.as_str())];
        fields.extend(more);
        world.send(&staff, &format!("/app/fn/{action}"), &fields).await;
        let page = world.content(&staff, &path).await;
        assert!(
            page.contains("data-code=\"concurrent_modification\""),
            "{action}: {page}"
        );
        assert_eq!(page.contains(reason.1), more.is_some(), "{action}");
        assert_eq!(status().await, before, "{}: {action}", world.engine);
    }
    let fresh = shown().await;
    let fields = [("request", id.as_str()), ("version", fresh.as_str())];
    world.send(&staff, "/app/fn/accept-request", &fields).await;
    assert_eq!(status().await, "accepted", "{}", world.engine);
    let to = world.send(&staff, "/app/fn/convert-request", &fields).await;
    assert!(
        !to.contains("/app/targets/"),
        "converted from a page of before the acceptance: {to}"
    );
    let fresh = shown().await;
    let fields = [("request", id.as_str()), ("version", fresh.as_str())];
    let to = world.send(&staff, "/app/fn/convert-request", &fields).await;
    assert!(to.contains("/app/targets/tgt_"), "{}: {to}", world.engine);
}
