//! What is late is marked wherever it is listed, and listed first.

use chrono::{DateTime, TimeDelta, TimeZone as _, Utc};
use ordinavo_core::Engine;
use rstest::rstest;
use serde_json::json;

use crate::requests::slot_offers::monday;
use crate::scheduling::board::{job, move_page, press, technician};
use crate::support::public::COMPLETE;
use crate::support::{World, world_at};

/// An hour of the day on which the clock starts, at half past eight.
fn at(hour: u32) -> DateTime<Utc> {
    Utc.with_ymd_and_hms(2026, 11, 23, hour, 0, 0).single().unwrap()
}

async fn submit(world: &World, description: &str) {
    let mut fields = COMPLETE.to_vec();
    fields[1] = ("description", description);
    world.submit(&fields, &[]).await;
}

#[rstest]
#[case::sqlite(Engine::Sqlite)]
#[case::postgres(Engine::Postgres)]
#[tokio::test]
async fn late_requests_are_first_then_urgent_ones(#[case] engine: Engine) {
    let Some(world) = world_at(engine, monday()).await else {
        return;
    };
    submit(&world, "Lateness oldest").await;
    world.core.clock().advance(TimeDelta::days(4));
    submit(&world, "Lateness normal").await;
    world.core.clock().advance(TimeDelta::minutes(5));
    submit(&world, "Lateness urgent").await;
    world
        .sql("UPDATE request SET priority = 'urgent' WHERE description = 'Lateness urgent'")
        .await;
    let staff = world.staff("nordlicht", "dispatcher").await;
    let order = async || {
        let list = world.content(&staff, "/app/inbox?q=lateness").await;
        let mut found: Vec<(usize, &str)> = ["oldest", "normal", "urgent"]
            .into_iter()
            .map(|name| (list.find(&format!("Lateness {name}")).unwrap(), name))
            .collect();
        found.sort_unstable();
        let names: Vec<&str> = found.into_iter().map(|(_, name)| name).collect();
        (names, list.matches("data-late=\"request\"").count())
    };
    assert_eq!(order().await, (vec!["oldest", "urgent", "normal"], 1));
    // The urgent one becomes late long before the others.
    world.core.clock().advance(TimeDelta::hours(5));
    assert_eq!(order().await, (vec!["oldest", "urgent", "normal"], 2));
}

#[rstest]
#[case::sqlite(Engine::Sqlite)]
#[case::postgres(Engine::Postgres)]
#[tokio::test]
async fn late_visit_is_named_in_inbox_and_marked_on_board(#[case] engine: Engine) {
    let Some(world) = world_at(engine, monday()).await else {
        return;
    };
    let staff = world.staff("nordlicht", "dispatcher").await;
    let tom = technician(&world, "Tom Becker").await;
    let target = job(&world, "LATE-1", json!({})).await;
    let page = world.content(&staff, &move_page(&target, &tom, at(10))).await;
    press(&world, &staff, &page).await;
    let row = format!("data-late-visit=\"{target}\"");
    assert!(!world.content(&staff, "/app/inbox").await.contains(&row));
    world.core.clock().advance(TimeDelta::hours(4));
    assert!(world.content(&staff, "/app/inbox").await.contains(&row));
    for path in [
        format!("/app/targets/{target}"),
        format!("/app/board?view=list&date={}", at(10).format("%Y-%m-%d")),
        format!("/app/board?date={}", at(10).format("%Y-%m-%d")),
    ] {
        assert!(
            world.content(&staff, &path).await.contains("data-late=\"visit\""),
            "{path}"
        );
    }
}
