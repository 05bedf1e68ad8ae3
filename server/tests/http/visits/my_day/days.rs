//! The day pages: clock changes, night shifts, time zones and the web app manifest.

use crate::scheduling::board::{job, monday, move_page, press, technician, works};
use crate::support::{World, world_at};
use chrono::{TimeZone as _, Utc};
use ordinavo_core::Engine;
use reqwest::Client;
use reqwest::StatusCode;
use rstest::rstest;
use serde_json::json;

/// Returns the page of a day without its notice of new visits, which are those of any day.
async fn own_day(world: &World, own: &Client, path: &str) -> String {
    let html = world.content(own, path).await;
    let Some((before, notice)) = html.split_once("data-testid=\"changes\"") else {
        return html;
    };
    let (_, after) = notice.split_once("</section>").unwrap();
    format!("{before}{after}")
}

#[rstest]
#[case::sqlite(Engine::Sqlite)]
#[case::postgres(Engine::Postgres)]
#[tokio::test]
async fn day_pages_across_clock_change_and_zones_show_local_times(#[case] engine: Engine) {
    let Some(world) = world_at(engine, monday()).await else {
        return;
    };
    let admin = world.staff("nordlicht", "admin").await;
    let own = world.staff("nordlicht", "technician").await;
    let tom = technician(&world, "Tom Becker").await;
    works(&world, &admin, &tom, "Europe/Berlin", ("22:00", "06:00")).await;
    let moment = |day: (i32, u32, u32), hour, minute| {
        Utc.with_ymd_and_hms(day.0, day.1, day.2, hour, minute, 0)
            .single()
            .unwrap()
    };
    // In the night to 28 March 2027, the clock in Berlin skips from 2:00 to 3:00.
    for (external_id, when) in [
        ("SHEET-1", moment((2027, 3, 27), 22, 30)),
        ("SHEET-2", moment((2027, 3, 28), 1, 30)),
        ("SHEET-3", moment((2027, 3, 28), 21, 0)),
    ] {
        let target = job(&world, external_id, json!({ "durationMinutes": 60 })).await;
        let page = world.content(&admin, &move_page(&target, &tom, when)).await;
        press(&world, &admin, &page).await;
    }
    // A night shift belongs to the day on which it starts; the next evening to the next day.
    let night = ["23:30–00:30", "03:30–04:30"];
    let next = ["23:00–00:00"];
    for page in ["/app/day", "/app/day/sheet"] {
        let html = own_day(&world, &own, &format!("{page}?date=2027-03-27")).await;
        assert!(night.iter().all(|time| html.contains(time)), "{page} {html}");
        assert!(!next.iter().any(|time| html.contains(time)), "{page}");
        let html = own_day(&world, &own, &format!("{page}?date=2027-03-28")).await;
        assert!(next.iter().all(|time| html.contains(time)), "{page} {html}");
        assert!(!night.iter().any(|time| html.contains(time)), "{page}");
    }
    // With a shift in London, the page also shows the technician's own time, one hour earlier.
    works(&world, &admin, &tom, "Europe/London", ("21:00", "05:00")).await;
    for page in ["/app/day", "/app/day/sheet"] {
        let html = world.content(&own, &format!("{page}?date=2027-03-27")).await;
        for time in [
            "23:30–00:30 (your time: 22:30–23:30)",
            "03:30–04:30 (your time: 02:30–03:30)",
        ] {
            assert!(html.contains(time), "{page} {time}: {html}");
        }
    }
    let html = world.content(&own, "/app/day/sheet?date=2027-03-27").await;
    assert!(html.contains("London time"), "{html}");
    for date in ["-262143-01-01", "262142-12-31", "2027-02-30", "x"] {
        let (status, _) = world.get(&own, &format!("/app/day/sheet?date={date}")).await;
        assert_eq!(status, StatusCode::OK, "{date}");
    }
}

#[rstest]
#[case::sqlite(Engine::Sqlite)]
#[case::postgres(Engine::Postgres)]
#[tokio::test]
async fn offline_app_assets_are_public(#[case] engine: Engine) {
    let Some(world) = world_at(engine, monday()).await else {
        return;
    };
    let anonymous = crate::support::client();
    for (path, kind) in [
        ("/app/day/worker.js", "text/javascript; charset=utf-8"),
        ("/app/day/keeper.js", "text/javascript; charset=utf-8"),
        ("/app/day/manifest.webmanifest?lang=de", "application/manifest+json"),
        ("/app/day/icons/icon-192.png", "image/png"),
        ("/app/day/icons/icon-512.png", "image/png"),
    ] {
        let answer = anonymous.get(format!("{}{path}", world.url)).send().await.unwrap();
        assert_eq!(answer.status(), StatusCode::OK, "{path}");
        assert_eq!(answer.headers()["content-type"], kind, "{path}");
    }
    let worker = anonymous
        .get(format!("{}/app/day/worker.js", world.url))
        .send()
        .await
        .unwrap();
    assert_eq!(worker.headers()["service-worker-allowed"], "/app");
    let (_, manifest) = crate::support::read(
        anonymous
            .get(format!("{}/app/day/manifest.webmanifest?lang=ar", world.url))
            .send()
            .await
            .unwrap(),
    )
    .await;
    assert_eq!(
        (&manifest["dir"], &manifest["start_url"]),
        (&json!("rtl"), &json!("/app/day"))
    );
    let gone = anonymous
        .get(format!("{}/app/day/icons/x.png", world.url))
        .send()
        .await
        .unwrap();
    assert_eq!(gone.status(), StatusCode::NOT_FOUND);
}
