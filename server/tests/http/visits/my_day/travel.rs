//! Starting travel, reverting it, and one visit under way at a time.

use super::{KEYS, Phone, count, done, planned_job, status, waiting};
use crate::scheduling::board::monday;
use crate::support::{World, world_at};
use chrono::TimeDelta;
use ordinavo_core::Engine;
use reqwest::Client;
use rstest::rstest;

#[rstest]
#[case::sqlite(Engine::Sqlite)]
#[case::postgres(Engine::Postgres)]
#[tokio::test]
async fn travel_reverted_by_technician_soon_or_by_dispatch_later(#[case] engine: Engine) {
    let Some(world) = world_at(engine, monday()).await else {
        return;
    };
    let staff = world.staff("nordlicht", "dispatcher").await;
    let phone = Phone::of(&world, world.staff("nordlicht", "technician").await).await;
    let target = planned_job(&world, &staff, "TRAVEL-1", 9).await;
    let now = world.core.clock().now().to_rfc3339();
    let travel = [
        ("target", target.as_str()),
        ("step", "start_travel"),
        ("noted_at", now.as_str()),
    ];
    let button = [("target", target.as_str())];
    // Nothing can be reverted before travel has started.
    world.send(&phone.browser, "/app/fn/revert-travel", &button).await;
    assert_eq!(status(&world, &target).await, "scheduled");
    assert_eq!(phone.entry(KEYS[0], &travel).await, done());
    let page = world.content(&phone.browser, &format!("/app/day/{target}")).await;
    assert!(page.contains("/app/fn/revert-travel"), "{page}");
    for _ in 0..2 {
        world.send(&phone.browser, "/app/fn/revert-travel", &button).await;
        assert_eq!(status(&world, &target).await, "dispatched", "{}", world.engine);
    }
    let reverted = "event WHERE type = 'target.en_route_reverted'";
    assert_eq!(count(&world, reverted).await, "1");
    assert_eq!(
        count(&world, "timeline_entry WHERE kind = 'target_en_route_reverted'").await,
        "1"
    );

    // After two minutes only a dispatcher can revert travel.
    assert_eq!(phone.entry(KEYS[1], &travel).await, done());
    world.core.clock().advance(TimeDelta::minutes(3));
    let page = world.content(&phone.browser, &format!("/app/day/{target}")).await;
    assert!(!page.contains("/app/fn/revert-travel"), "{page}");
    world.send(&phone.browser, "/app/fn/revert-travel", &button).await;
    assert_eq!(status(&world, &target).await, "en_route");
    world.send(&staff, "/app/fn/revert-travel-of-technician", &button).await;
    assert_eq!(status(&world, &target).await, "dispatched");
    assert_eq!(count(&world, reverted).await, "2", "{}", world.engine);
}

/// Starts travel and returns the page of the visit.
async fn start_travel(world: &World, browser: &Client, target: &str) -> String {
    world.send(browser, "/app/fn/start-travel", &[("target", target)]).await;
    world.content(browser, &format!("/app/day/{target}")).await
}

#[rstest]
#[case::sqlite(Engine::Sqlite)]
#[case::postgres(Engine::Postgres)]
#[tokio::test]
async fn start_travel_confirmation_mentions_customer_only_if_appointment_is_shared(#[case] engine: Engine) {
    let Some(world) = world_at(engine, monday()).await else {
        return;
    };
    let staff = world.staff("nordlicht", "dispatcher").await;
    let tom = world.staff("nordlicht", "technician").await;
    let target = planned_job(&world, &staff, "TRAVEL-4", 9).await;
    for shared in [false, true] {
        let is_shared = if shared { "1" } else { "0" };
        let is_shared = if engine == Engine::Sqlite {
            is_shared.to_owned()
        } else {
            shared.to_string()
        };
        world
            .sql(&format!(
                "UPDATE appointment SET is_shared = {is_shared} WHERE status = 'planned'"
            ))
            .await;
        let page = start_travel(&world, &tom, &target).await;
        assert_eq!(
            page.contains("data-done=\"done-en-route-visible\""),
            shared,
            "{} {page}",
            world.engine
        );
        world
            .send(&staff, "/app/fn/revert-travel-of-technician", &[("target", &target)])
            .await;
    }
}

#[rstest]
#[case::sqlite(Engine::Sqlite)]
#[case::postgres(Engine::Postgres)]
#[tokio::test]
async fn day_sheet_isolates_numbers_and_stop_without_coordinates_links_to_address_search(#[case] engine: Engine) {
    let Some(world) = world_at(engine, monday()).await else {
        return;
    };
    let staff = world.staff("nordlicht", "dispatcher").await;
    let tom = world.staff("nordlicht", "technician").await;
    let target = planned_job(&world, &staff, "TRAVEL-5", 9).await;
    world
        .sql("UPDATE contact SET display_name = 'أحمد', phone = '+49 201 123 456'")
        .await;
    world.sql("UPDATE location SET latitude = NULL, longitude = NULL").await;
    world
        .sql("UPDATE target SET contact_id = (SELECT first_contact.id FROM contact AS first_contact WHERE first_contact.tenant_id = target.tenant_id AND first_contact.customer_id = target.customer_id ORDER BY first_contact.id LIMIT 1) WHERE external_id = 'TRAVEL-5'")
        .await;
    let sheet = world.content(&tom, "/app/day/sheet?date=2027-02-16").await;
    assert!(
        sheet.contains("<bdi dir=\"ltr\">+49 201 123 456</bdi>"),
        "{} {sheet}",
        world.engine
    );
    let page = world.content(&tom, &format!("/app/day/{target}")).await;
    assert!(page.contains("href=\"geo:0,0?q="), "{} {page}", world.engine);
    let request = tom
        .get(format!("{}/app/day/{target}", world.url))
        .header("user-agent", "Mozilla/5.0 (iPhone; CPU iPhone OS 19_0 like Mac OS X)");
    let page = request.send().await.unwrap().text().await.unwrap();
    assert!(
        page.contains("href=\"https://maps.apple.com/?daddr="),
        "{} {page}",
        world.engine
    );
}

#[rstest]
#[case::sqlite(Engine::Sqlite)]
#[case::postgres(Engine::Postgres)]
#[tokio::test]
async fn start_travel_with_another_visit_under_way_is_rejected(#[case] engine: Engine) {
    let Some(world) = world_at(engine, monday()).await else {
        return;
    };
    let staff = world.staff("nordlicht", "dispatcher").await;
    let phone = Phone::of(&world, world.staff("nordlicht", "technician").await).await;
    let first = planned_job(&world, &staff, "TRAVEL-2", 9).await;
    let second = planned_job(&world, &staff, "TRAVEL-3", 11).await;
    let now = world.core.clock().now().to_rfc3339();
    let step = |target, step| [("target", target), ("step", step), ("noted_at", now.as_str())];
    assert_eq!(phone.entry(KEYS[0], &step(&first, "start_travel")).await, done());
    for status_of_first in ["en_route", "on_site"] {
        assert_eq!(status(&world, &first).await, status_of_first);
        world
            .send(&phone.browser, "/app/fn/start-travel", &[("target", &second)])
            .await;
        assert_eq!(status(&world, &second).await, "scheduled", "{}", world.engine);
        world
            .send(&phone.browser, "/app/fn/arrive", &[("target", &first)])
            .await;
    }
    // Recorded offline, the step becomes a conflict, which can be applied after the first visit has ended.
    assert_eq!(phone.entry(KEYS[1], &step(&second, "start_travel")).await, waiting());
    let reason = "SELECT conflict_reason FROM day_entry WHERE state = 'waiting'";
    assert_eq!(world.texts(reason).await, [["another_under_way"]]);
    let keep = async || {
        let fields = [("target", second.as_str()), ("entries", KEYS[1])];
        world.send(&phone.browser, "/app/fn/keep-my-entries", &fields).await;
        status(&world, &second).await
    };
    let page = world.content(&phone.browser, "/app/day/sync-conflicts").await;
    assert!(
        page.contains("send-entries-to-dispatch") && !page.contains("keep-my-entries"),
        "{page}"
    );
    assert_eq!(keep().await, "scheduled");
    let report = [
        ("target", first.as_str()),
        ("step", "report"),
        ("noted_at", now.as_str()),
        ("summary", "Filter replaced."),
        ("work_minutes", "20"),
        ("completed", "on"),
    ];
    assert_eq!(phone.entry(KEYS[2], &report).await, done());
    assert_eq!(keep().await, "en_route", "{}", world.engine);
}
