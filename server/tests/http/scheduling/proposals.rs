//! The visit that is proposed for a job, and the conflicts that it is scheduled in spite of.

use super::board::{job, monday, move_page, technician};
use crate::support::forms::hidden;
use crate::support::{World, world_at};
use chrono::{DateTime, TimeZone as _, Utc};
use ordinavo_core::Engine;
use reqwest::Client;
use rstest::rstest;
use serde_json::json;

/// Returns the codes of the conflicts that the page shows.
fn conflicts(page: &str) -> Vec<String> {
    let form = page.split("action=\"/app/fn/move-target").nth(1).unwrap();
    let accepted = hidden(form, "overlap").unwrap_or_default();
    let codes = accepted.split(' ').filter(|key| !key.is_empty());
    codes.map(|key| key.split(':').next().unwrap().to_owned()).collect()
}

async fn move_to(world: &World, staff: &Client, target: &str, technician: &str, at: DateTime<Utc>) -> String {
    world.content(staff, &move_page(target, technician, at)).await
}

/// Returns the day that a form proposes.
fn proposed_day(page: &str) -> &str {
    let input = page
        .split("<input")
        .find(|input| input.contains("type=\"date\""))
        .unwrap();
    input.split("value=\"").nth(1).unwrap().split('"').next().unwrap()
}

#[rstest]
#[case::sqlite(Engine::Sqlite)]
#[case::postgres(Engine::Postgres)]
#[tokio::test]
async fn visit_in_past_is_recorded_with_reason(#[case] engine: Engine) {
    let Some(world) = world_at(engine, monday()).await else {
        return;
    };
    let staff = world.staff("nordlicht", "dispatcher").await;
    let tom = technician(&world, "Tom Becker").await;
    let target = job(&world, "PAST-1", json!({})).await;
    let at = Utc.with_ymd_and_hms(2026, 11, 13, 9, 0, 0).single().unwrap();
    let page = move_to(&world, &staff, &target, &tom, at).await;
    assert!(conflicts(&page).contains(&"in_the_past".to_owned()), "{page}");
    assert!(page.contains("name=\"reason\""), "{page}");
    let form = page.split("action=\"/app/fn/move-target").nth(1).unwrap();
    let value = |name| hidden(form, name).unwrap_or_default();
    let names = ["target", "back", "technician", "date", "start", "end", "was", "overlap"];
    let values: Vec<String> = names.into_iter().map(value).collect();
    let mut fields: Vec<(&str, &str)> = names.into_iter().zip(values.iter().map(String::as_str)).collect();
    fields.push(("shared", "on"));
    let mails = world.texts("SELECT CAST(count(*) AS TEXT) FROM mail").await;
    world.send(&staff, "/app/fn/move-target", &fields).await;
    let page = world.content(&staff, &format!("/app/targets/{target}")).await;
    assert!(
        !page.contains("data-testid=\"recorded-reason\""),
        "a reason is required"
    );
    fields.push(("reason", "The technician was there on demand."));
    world.send(&staff, "/app/fn/move-target", &fields).await;
    let page = world.content(&staff, &format!("/app/targets/{target}")).await;
    assert!(
        page.contains("data-testid=\"recorded-reason\"") && page.contains("The technician was there on demand."),
        "{page}"
    );
    let after = world.texts("SELECT CAST(count(*) AS TEXT) FROM mail").await;
    assert_eq!(mails, after, "nobody is told to expect a visit that is over");
}

#[rstest]
#[case::sqlite(Engine::Sqlite)]
#[case::postgres(Engine::Postgres)]
#[tokio::test]
async fn visit_at_unusual_time_or_too_short_is_conflict(#[case] engine: Engine) {
    let Some(world) = world_at(engine, monday()).await else {
        return;
    };
    let staff = world.staff("nordlicht", "dispatcher").await;
    let tom = technician(&world, "Tom Becker").await;
    let target = job(&world, "ODD-1", json!({ "durationMinutes": 60 })).await;
    world.sql("DELETE FROM technician").await;
    // 14 March 2027 is a Sunday.
    let night = Utc.with_ymd_and_hms(2027, 3, 14, 2, 0, 0).single().unwrap();
    let page = move_to(&world, &staff, &target, &tom, night).await;
    assert_eq!(conflicts(&page), ["unusual_time"], "{}", world.engine);
    let day = Utc.with_ymd_and_hms(2027, 3, 15, 9, 0, 0).single().unwrap();
    let page = move_to(&world, &staff, &target, &tom, day).await;
    assert!(conflicts(&page).is_empty(), "{page}");
    let short = format!(
        "/app/board/move?target={target}&technician={tom}&date=2027-03-15&start=10:00&end=10:05&back=%2Fapp%2Fboard"
    );
    let page = world.content(&staff, &short).await;
    assert_eq!(conflicts(&page), ["too_short"], "{}", world.engine);
}

#[rstest]
#[case::sqlite(Engine::Sqlite)]
#[case::postgres(Engine::Postgres)]
#[tokio::test]
async fn proposed_day_is_that_on_screen_then_requested_then_working_day(#[case] engine: Engine) {
    let Some(world) = world_at(engine, monday()).await else {
        return;
    };
    let staff = world.staff("nordlicht", "dispatcher").await;
    let window = json!({ "start": "2027-03-20T08:00:00Z", "end": "2027-03-20T12:00:00Z", "zone": "Europe/Berlin" });
    let wanted = job(&world, "DAY-1", json!({ "timeWindow": window })).await;
    let other = job(&world, "DAY-2", json!({})).await;
    let on_board = async |target: &str, date: &str| {
        let path = format!("/app/board/move?target={target}&back=%2Fapp%2Fboard%3Fdate%3D{date}");
        world.content(&staff, &path).await
    };
    assert_eq!(proposed_day(&on_board(&wanted, "2026-12-02").await), "2026-12-02");
    // A day that is over is not proposed.
    assert_eq!(proposed_day(&on_board(&wanted, "2026-11-20").await), "2027-03-20");
    assert_eq!(proposed_day(&on_board(&other, "2026-11-20").await), "2026-11-24");
    let page = world.content(&staff, &format!("/app/targets/{wanted}")).await;
    assert_eq!(proposed_day(&page), "2027-03-20");
    assert!(page.contains("value=\"09:00\""), "the window begins at nine in Berlin");
    // After Friday comes Monday.
    world.core.clock().advance(chrono::TimeDelta::days(4));
    let staff = world.staff("nordlicht", "dispatcher").await;
    let page = world.content(&staff, &format!("/app/targets/{other}")).await;
    assert_eq!(proposed_day(&page), "2026-11-30", "{}", world.engine);
}
