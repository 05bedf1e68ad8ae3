//! The pages of a day: clock changes, nights, zones, and what makes them installable.

use crate::scheduling::board::{job, monday, move_page, press, technician, works};
use crate::support::world_at;
use chrono::{TimeZone as _, Utc};
use ordinavo_core::Engine;
use reqwest::{Client, StatusCode};
use rstest::rstest;
use serde_json::json;

#[rstest]
#[case::sqlite(Engine::Sqlite)]
#[case::postgres(Engine::Postgres)]
#[tokio::test]
async fn day_and_sheet_are_right_on_clock_changes_by_night_and_in_another_zone(#[case] engine: Engine) {
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
    // In the night to 28 March 2027 Berlin's clock skips from two to three.
    for (external_id, when) in [
        ("SHEET-1", moment((2027, 3, 27), 22, 30)),
        ("SHEET-2", moment((2027, 3, 28), 1, 30)),
        ("SHEET-3", moment((2027, 3, 28), 21, 0)),
    ] {
        let target = job(&world, external_id, json!({ "durationMinutes": 60 })).await;
        let page = world.content(&admin, &move_page(&target, &tom, when)).await;
        press(&world, &admin, &page).await;
    }
    // The night belongs to the day on which it began; the evening after it to the next.
    let night = ["23:30–00:30", "03:30–04:30"];
    let next = ["23:00–00:00"];
    for page in ["/app/day", "/app/day/sheet"] {
        let html = world.content(&own, &format!("{page}?date=2027-03-27")).await;
        assert!(night.iter().all(|time| html.contains(time)), "{page} {html}");
        assert!(!next.iter().any(|time| html.contains(time)), "{page}");
        let html = world.content(&own, &format!("{page}?date=2027-03-28")).await;
        assert!(next.iter().all(|time| html.contains(time)), "{page} {html}");
        assert!(!night.iter().any(|time| html.contains(time)), "{page}");
    }
    // In London the same visits are an hour earlier by the technician's own clock, which is told beside the place's.
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
    assert!(html.contains("Europe/London"), "{html}");
    for date in ["-262143-01-01", "262142-12-31", "2027-02-30", "x"] {
        let (status, _) = world.get(&own, &format!("/app/day/sheet?date={date}")).await;
        assert_eq!(status, StatusCode::OK, "{date}");
    }
}

#[rstest]
#[case::sqlite(Engine::Sqlite)]
#[case::postgres(Engine::Postgres)]
#[tokio::test]
async fn what_makes_the_day_installable_is_there_for_everybody(#[case] engine: Engine) {
    let Some(world) = world_at(engine, monday()).await else {
        return;
    };
    let nobody = Client::new();
    for (path, kind) in [
        ("/app/day/worker.js", "text/javascript; charset=utf-8"),
        ("/app/day/keeper.js", "text/javascript; charset=utf-8"),
        ("/app/day/manifest.webmanifest?lang=de", "application/manifest+json"),
        ("/app/day/icons/icon-192.png", "image/png"),
        ("/app/day/icons/icon-512.png", "image/png"),
    ] {
        let answer = nobody.get(format!("{}{path}", world.url)).send().await.unwrap();
        assert_eq!(answer.status(), StatusCode::OK, "{path}");
        assert_eq!(answer.headers()["content-type"], kind, "{path}");
    }
    let worker = nobody
        .get(format!("{}/app/day/worker.js", world.url))
        .send()
        .await
        .unwrap();
    assert_eq!(worker.headers()["service-worker-allowed"], "/app");
    let (_, manifest) = crate::support::read(
        nobody
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
    let gone = nobody
        .get(format!("{}/app/day/icons/x.png", world.url))
        .send()
        .await
        .unwrap();
    assert_eq!(gone.status(), StatusCode::NOT_FOUND);
}
