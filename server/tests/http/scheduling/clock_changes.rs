//! Appointments on the days on which the clocks change.

use ordinavo_core::Engine;
use reqwest::Client;
use rstest::rstest;
use serde_json::json;

use crate::scheduling::board::{job, monday, technician};
use crate::support::forms::checkbox;
use crate::support::{World, world_at};

/// The clocks in Berlin go back on this day at 03:00.
const LONG_DAY: &str = "2027-10-31";
/// The clocks in Berlin go forward on this day at 02:00.
const SHORT_DAY: &str = "2027-03-28";

/// Sends the form, accepts the conflicts that are shown, and returns the page of the job.
async fn schedule(world: &World, staff: &Client, target: &str, fields: &[(&str, &str)]) -> String {
    let mut all = vec![("target", target), ("shared", "on"), ("was", "")];
    all.extend_from_slice(fields);
    let back = world.send(staff, "/app/fn/schedule-target", &all).await;
    let page = world.content(staff, &back).await;
    let Some(shown) = checkbox(&page, "overlap") else {
        return page;
    };
    all.push(("overlap", &shown));
    let back = world.send(staff, "/app/fn/schedule-target", &all).await;
    world.content(staff, &back).await
}

#[rstest]
#[case::sqlite(Engine::Sqlite)]
#[case::postgres(Engine::Postgres)]
#[tokio::test]
async fn time_that_occurs_twice_is_asked_about_and_printed_with_offset(#[case] engine: Engine) {
    let Some(world) = world_at(engine, monday()).await else {
        return;
    };
    let staff = world.staff("nordlicht", "dispatcher").await;
    let tom = technician(&world, "Tom Becker").await;
    for (name, occurrence, offset) in [("CLOCK-1", "first", "CEST"), ("CLOCK-2", "second", "CET")] {
        let target = job(&world, name, json!({})).await;
        let fields = [
            ("technician", tom.as_str()),
            ("date", LONG_DAY),
            ("start", "02:15"),
            ("end", "03:45"),
        ];
        let page = schedule(&world, &staff, &target, &fields).await;
        assert!(page.contains("data-code=\"time_occurs_twice\""), "{page}");
        assert!(page.contains("name=\"start_occurrence\"") && !page.contains("name=\"end_occurrence\""));
        let mut answered = fields.to_vec();
        answered.push(("start_occurrence", occurrence));
        let page = schedule(&world, &staff, &target, &answered).await;
        assert!(!page.contains("data-code="), "{page}");
        assert!(page.contains(&format!("02:15 {offset}")), "{page}");
    }
    let rows = world
        .texts(
            "SELECT CAST(appointment.starts_at AS TEXT) FROM appointment JOIN target ON target.id = appointment.target_id \
             AND target.tenant_id = appointment.tenant_id WHERE target.external_id LIKE 'CLOCK-%' ORDER BY target.external_id",
        )
        .await;
    assert_eq!(rows.len(), 2);
    assert_ne!(rows[0], rows[1], "an hour apart");
}

#[rstest]
#[case::sqlite(Engine::Sqlite)]
#[case::postgres(Engine::Postgres)]
#[tokio::test]
async fn time_that_is_skipped_is_refused_with_its_reason(#[case] engine: Engine) {
    let Some(world) = world_at(engine, monday()).await else {
        return;
    };
    let staff = world.staff("nordlicht", "dispatcher").await;
    let tom = technician(&world, "Tom Becker").await;
    let target = job(&world, "CLOCK-3", json!({})).await;
    let fields = [
        ("technician", tom.as_str()),
        ("date", SHORT_DAY),
        ("start", "02:30"),
        ("end", "04:00"),
    ];
    let page = schedule(&world, &staff, &target, &fields).await;
    assert!(page.contains("data-code=\"time_does_not_exist\""), "{page}");
    // The page that moves an appointment marks the field before anything is sent.
    let check = format!(
        "/app/board/move?target={target}&technician={tom}&date={LONG_DAY}&start=02:15&end=03:45&back=%2Fapp%2Fboard"
    );
    let page = world.content(&staff, &check).await;
    assert!(
        page.contains("data-code=\"time_occurs_twice\"") && page.contains("name=\"start_occurrence\""),
        "{page}"
    );
    let check = check.replace("start=02:15&end=03:45", "start=11:00&end=10:00");
    let page = world.content(&staff, &check).await;
    assert!(page.contains("id=\"move-end-error\""), "{page}");
}
