//! The board: views, conflicts shown before scheduling, and concurrent changes.

use crate::support::forms::hidden;
use crate::support::{World, world_at, worlds_with};
use chrono::{DateTime, TimeZone as _, Utc};
use domain::ids::{AppointmentId, StaffId};
use ordinavo_core::Engine;
use ordinavo_core::clock::Clock;
use reqwest::{Client, StatusCode};
use rstest::rstest;
use serde_json::json;

pub fn monday() -> Clock {
    Clock::manual(Utc.with_ymd_and_hms(2026, 11, 23, 8, 30, 0).single().unwrap())
}

/// A day without appointments.
const DAY: &str = "2027-02-16";

pub async fn job(world: &World, external_id: &str, more: serde_json::Value) -> String {
    let mut body = json!({ "externalId": external_id, "customer": { "externalId": "CUST-10042" }, "location": { "externalId": "LOC-ESSEN-01" } });
    body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    let (status, item) = world.import("erp", &body).await;
    assert!(status.is_success(), "{item}");
    item["targetId"].as_str().unwrap().to_owned()
}

/// Returns the ID of the technician whose name starts with this text.
pub async fn technician(world: &World, name: &str) -> String {
    let rows = world
        .pairs(&format!(
            "SELECT s.id, s.id FROM staff_account s JOIN tenant t ON t.id = s.tenant_id WHERE t.slug = 'nordlicht' AND s.role = 'technician' AND s.display_name LIKE '{name}%'"
        ))
        .await;
    StaffId::from_uuid(rows[0].0).to_string()
}

async fn planned(world: &World, target: &str) -> Vec<(String, String)> {
    let id: domain::ids::TargetId = target.parse().unwrap();
    world
        .pairs("SELECT target_id, id FROM appointment WHERE status = 'planned'")
        .await
        .into_iter()
        .filter(|(of, _)| *of == id.uuid())
        .map(|(_, id)| (target.to_owned(), AppointmentId::from_uuid(id).to_string()))
        .collect()
}

pub fn move_page(target: &str, technician: &str, at: DateTime<Utc>) -> String {
    format!(
        "/app/board/move?target={target}&technician={technician}&at={}&back=%2Fapp%2Fboard%3Fdate%3D{DAY}",
        at.timestamp()
    )
}

/// Submits the form of the page.
pub async fn press(world: &World, staff: &Client, page: &str) -> String {
    let form = page.split("action=\"/app/fn/move-target").nth(1).unwrap();
    let value = |name| hidden(form, name).unwrap_or_default();
    let names = ["target", "back", "technician", "date", "start", "end", "was", "overlap"];
    let fields: Vec<(&str, String)> = names.into_iter().map(|name| (name, value(name))).collect();
    let mut fields: Vec<(&str, &str)> = fields
        .iter()
        .filter(|(name, value)| *name != "overlap" || !value.is_empty())
        .map(|(name, value)| (*name, value.as_str()))
        .collect();
    fields.push(("shared", "on"));
    world.send(staff, "/app/fn/move-target", &fields).await
}

pub fn at(hour: u32, minute: u32) -> DateTime<Utc> {
    Utc.with_ymd_and_hms(2027, 2, 16, hour, minute, 0).single().unwrap()
}

#[rstest]
#[case::sqlite(Engine::Sqlite)]
#[case::postgres(Engine::Postgres)]
#[tokio::test]
async fn schedule_with_conflicts_requires_confirmation(#[case] engine: Engine) {
    let Some(world) = world_at(engine, monday()).await else {
        return;
    };
    let staff = world.staff("nordlicht", "dispatcher").await;
    let tom = technician(&world, "Tom Becker").await;
    let target = job(
        &world,
        "BOARD-1",
        json!({ "requiredSkills": ["diving"], "durationMinutes": 90,
            "timeWindow": { "start": "2027-02-16T08:00:00Z", "end": "2027-02-16T10:00:00Z", "zone": "Europe/Berlin" } }),
    )
    .await;
    // Without a time, there is only the form with the current appointment.
    let page = world.content(&staff, &format!("/app/board/move?target={target}")).await;
    assert!(
        page.contains("Not scheduled yet") && !page.contains("move-summary"),
        "{page}"
    );
    // Before the shift, without the skill and outside the requested window.
    let page = world.content(&staff, &move_page(&target, &tom, at(5, 30))).await;
    for words in [
        "outside the shift",
        "Missing skills: diving",
        "outside the requested window",
        "Schedule anyway",
        "Petra Schulte",
    ] {
        assert!(page.contains(words), "{} {words}: {page}", world.engine);
    }
    assert!(page.contains("06:30–08:00"), "{page}");
    assert!(
        planned(&world, &target).await.is_empty(),
        "opening the page schedules nothing"
    );
    // Without the confirmation, the conflicts are shown again.
    let bare = [
        ("target", target.as_str()),
        ("technician", &tom),
        ("date", DAY),
        ("start", "06:30"),
        ("end", "08:00"),
        ("was", ""),
        ("shared", "on"),
    ];
    let back = world.send(&staff, "/app/fn/move-target", &bare).await;
    assert!(back.starts_with("/app/board/move?"), "{back}");
    let page = world.content(&staff, &back).await;
    assert!(
        page.contains("role=\"alert\"") && planned(&world, &target).await.is_empty(),
        "{page}"
    );
    // With the confirmation, the appointment is scheduled.
    let page = world.content(&staff, &move_page(&target, &tom, at(9, 0))).await;
    assert!(
        page.contains("Missing skills: diving") && !page.contains("outside"),
        "{page}"
    );
    let back = press(&world, &staff, &page).await;
    assert_eq!(back, format!("/app/board?date={DAY}"));
    assert_eq!(planned(&world, &target).await.len(), 1);
    // For a second job, travel from the first and an overlap are shown.
    let second = job(
        &world,
        "BOARD-2",
        json!({ "coordinates": { "lat": 51.2277, "lon": 6.7735 } }),
    )
    .await;
    let page = world.content(&staff, &move_page(&second, &tom, at(10, 30))).await;
    assert!(page.contains("from J-") && page.contains("available: 0 min"), "{page}");
    let page = world.content(&staff, &move_page(&second, &tom, at(10, 0))).await;
    assert!(page.contains("Overlaps with J-"), "{page}");
    // Consent to one conflict is no consent to another that appeared meanwhile.
    let form = page.split("action=\"/app/fn/move-target").nth(1).unwrap();
    let shown = hidden(form, "overlap").unwrap();
    assert!(shown.starts_with("technician_busy:"), "{shown}");
    for overlap in ["no_shift", "technician_busy:0", "on"] {
        let fields = [
            ("target", second.as_str()),
            ("technician", &tom),
            ("date", DAY),
            ("start", "11:00"),
            ("end", "12:30"),
            ("was", ""),
            ("overlap", overlap),
        ];
        let back = world.send(&staff, "/app/fn/move-target", &fields).await;
        assert!(back.starts_with("/app/board/move?"), "{overlap}: {back}");
        assert!(
            planned(&world, &second).await.is_empty(),
            "{overlap} accepts nothing that was not shown"
        );
    }
    let page = world.content(&staff, &move_page(&second, &tom, at(12, 30))).await;
    assert!(
        page.contains("No conflicts") && page.contains("Schedule appointment<"),
        "{page}"
    );
}

#[rstest]
#[case::sqlite(Engine::Sqlite)]
#[case::postgres(Engine::Postgres)]
#[tokio::test]
async fn reschedule_with_stale_page_is_rejected(#[case] engine: Engine) {
    let Some(world) = world_at(engine, monday()).await else {
        return;
    };
    let (one, two) = (
        world.staff("nordlicht", "dispatcher").await,
        world.staff("nordlicht", "manager").await,
    );
    let (tom, aylin) = (
        technician(&world, "Tom Becker").await,
        technician(&world, "Aylin").await,
    );
    let target = job(&world, "RACE-1", json!({})).await;
    let first = world.content(&one, &move_page(&target, &tom, at(9, 0))).await;
    let second = world.content(&two, &move_page(&target, &aylin, at(10, 0))).await;
    assert_eq!(press(&world, &one, &first).await, format!("/app/board?date={DAY}"));
    let winner = planned(&world, &target).await;
    let back = press(&world, &two, &second).await;
    assert!(back.starts_with("/app/board/move?"), "{back}");
    let page = world.content(&two, &back).await;
    assert!(
        page.contains("Current appointment: Tue 16 Feb 2027, 10:00–11:00, Tom Becker")
            && page.contains("role=\"alert\""),
        "{} {page}",
        world.engine
    );
    assert_eq!(planned(&world, &target).await, winner, "{}", world.engine);
    // After seeing the current appointment, the user can reschedule it and sees who loses the visit.
    assert!(page.contains("no longer has this visit."), "{page}");
    assert_eq!(press(&world, &two, &page).await, format!("/app/board?date={DAY}"));
    assert_ne!(planned(&world, &target).await, winner);
    // Of two concurrent changes, one succeeds.
    let (first, second) = (
        world.content(&one, &move_page(&target, &tom, at(13, 0))).await,
        world.content(&two, &move_page(&target, &tom, at(14, 0))).await,
    );
    let both = tokio::join!(press(&world, &one, &first), press(&world, &two, &second));
    let won = [both.0, both.1]
        .iter()
        .filter(|to| to.starts_with("/app/board?"))
        .count();
    assert_eq!((won, planned(&world, &target).await.len()), (1, 1), "{}", world.engine);
}

#[rstest]
#[case::sqlite(Engine::Sqlite)]
#[case::postgres(Engine::Postgres)]
#[tokio::test]
async fn board_views_show_the_same_visits(#[case] engine: Engine) {
    let Some(world) = world_at(engine, monday()).await else {
        return;
    };
    let staff = world.staff("nordlicht", "dispatcher").await;
    let tom = technician(&world, "Tom Becker").await;
    let target = job(&world, "VIEWS-1", json!({})).await;
    let page = world.content(&staff, &move_page(&target, &tom, at(9, 0))).await;
    let number = page.split(">J-").nth(1).unwrap().split('<').next().unwrap().to_owned();
    let waiting = |html: &str| {
        html.split("board-frame")
            .next()
            .unwrap()
            .contains(&format!(">J-{number}<"))
    };
    let day = format!("/app/board?date={DAY}");
    let before = world.content(&staff, &day).await;
    assert!(!before.contains("class=\"stop ") || waiting(&before), "{before}");
    press(&world, &staff, &page).await;
    for view in ["day", "week", "list", "map"] {
        let html = world.content(&staff, &format!("{day}&view={view}")).await;
        assert!(html.contains(&format!("/app/targets/{target}")), "{view}: {html}");
        assert!(html.contains("10:00–11:00"), "{view}: {html}");
    }
    let html = world.content(&staff, &day).await;
    assert!(!waiting(&html), "the job is scheduled");
    // Tom's shift starts at 7:30, so the board starts at 7:00: 10:00 is slot 36, and an hour has twelve slots.
    assert!(html.contains("at-36 for-12"), "{html}");
    // The board of another tenant does not contain it.
    let other = world.staff("suedwind", "admin").await;
    for view in ["day", "week", "list", "map"] {
        let html = world.content(&other, &format!("{day}&view={view}")).await;
        assert!(!html.contains(&target) && !html.contains("Tom Becker"), "{view}");
    }
    let (status, _) = world.get(&other, &move_page(&target, &tom, at(9, 0))).await;
    assert_eq!(status, StatusCode::NOT_FOUND, "{}", world.engine);
}

/// Sets the working hours of a technician with the form.
pub async fn works(world: &World, admin: &Client, who: &str, zone: &str, shift: (&str, &str)) {
    let page = format!("/app/settings/technicians/{who}");
    let html = world.content(admin, &page).await;
    let revision = hidden(&html, "revision").unwrap();
    let mut form = reqwest::multipart::Form::new()
        .text("id", who.to_owned())
        .text("revision", revision)
        .text("zone", zone.to_owned())
        .text("skills", "")
        .text("start_degrees", "51.45, 7.01");
    for day in [
        "monday",
        "tuesday",
        "wednesday",
        "thursday",
        "friday",
        "saturday",
        "sunday",
    ] {
        form = form
            .text(format!("{day}_from"), shift.0.to_owned())
            .text(format!("{day}_until"), shift.1.to_owned());
    }
    world.send_multipart(admin, "/app/fn/update-technician", form).await;
    assert!(!world.content(admin, &page).await.contains("role=\"alert\""));
}

#[rstest]
#[case::sqlite(Engine::Sqlite)]
#[case::postgres(Engine::Postgres)]
#[tokio::test]
async fn board_across_clock_change_and_zones_shows_local_times(#[case] engine: Engine) {
    let Some(world) = world_at(engine, monday()).await else {
        return;
    };
    let admin = world.staff("nordlicht", "admin").await;
    let (tom, aylin) = (
        technician(&world, "Tom Becker").await,
        technician(&world, "Aylin").await,
    );
    // On 28 March 2027, the clock in Berlin skips from 2:00 to 3:00: 22:00 to 6:00 is seven hours long.
    works(&world, &admin, &tom, "Europe/Berlin", ("22:00", "06:00")).await;
    works(&world, &admin, &aylin, "Europe/London", ("08:00", "16:00")).await;
    let night = job(&world, "NIGHT-1", json!({ "durationMinutes": 60 })).await;
    // 03:30 in Berlin is 01:30 UTC.
    let moment = Utc.with_ymd_and_hms(2027, 3, 28, 1, 30, 0).single().unwrap();
    let page = world.content(&admin, &move_page(&night, &tom, moment)).await;
    assert!(page.contains("Sun 28 Mar"), "{page}");
    assert!(
        page.contains("03:30–04:30") && page.contains("No conflicts"),
        "{} {page}",
        world.engine
    );
    press(&world, &admin, &page).await;
    let midnight = job(&world, "NIGHT-2", json!({ "durationMinutes": 30 })).await;
    let begin = Utc.with_ymd_and_hms(2027, 3, 27, 23, 30, 0).single().unwrap();
    let page = world.content(&admin, &move_page(&midnight, &tom, begin)).await;
    assert!(page.contains("00:30–01:00"), "{page}");
    press(&world, &admin, &page).await;
    // The visit is part of the night shift of the 27th and of the calendar day of the 28th.
    for day in ["2027-03-27", "2027-03-28"] {
        let html = world.content(&admin, &format!("/app/board?date={day}")).await;
        assert!(html.contains(&format!("/app/targets/{night}")), "{day}");
        assert!(html.contains("03:30–04:30"), "{day}");
    }
    let html = world.content(&admin, "/app/board?date=2027-03-28").await;
    let hours: Vec<&str> = html
        .split("class=\"board-hours\"")
        .nth(1)
        .unwrap()
        .split("<bdi>")
        .skip(1)
        .take(5)
        .map(|rest| &rest[..5])
        .collect();
    assert_eq!(
        hours,
        ["00:00", "01:00", "03:00", "04:00", "05:00"],
        "the clock skips an hour"
    );
    // The board starts at midnight with twelve slots per hour; the skipped hour has none.
    assert!(html.contains("at-30 for-12"), "{html}");
    // 8:00 in London is 9:00 in Berlin.
    let html = world.content(&admin, &format!("/app/board?date={DAY}")).await;
    assert!(html.contains("08:00–16:00 (London time)"), "{html}");
    let early = job(&world, "LONDON-1", json!({})).await;
    let page = world.content(&admin, &move_page(&early, &aylin, at(7, 30))).await;
    assert!(page.contains("30 min outside the shift"), "{page}");
    let page = world.content(&admin, &move_page(&early, &aylin, at(8, 0))).await;
    assert!(page.contains("No conflicts") && page.contains("09:00–10:00"), "{page}");
    // Dates out of range fall back to the current day or to no date.
    for day in ["-262143-01-01", "262142-12-31", "2027-02-30", "x"] {
        for view in ["day", "week", "list", "map"] {
            let (code, _) = world.get(&admin, &format!("/app/board?date={day}&view={view}")).await;
            assert_eq!(code, StatusCode::OK, "{day} {view}");
        }
        let typed = format!("/app/board/move?target={early}&technician={aylin}&date={day}&start=09:00&end=10:00");
        assert!(
            world
                .content(&admin, &typed)
                .await
                .contains("Choose a technician, a date, a start time"),
            "{day}"
        );
    }
    for at in ["99999999999999", "-99999999999999", "9223372036854775807", "x"] {
        let moment = format!("/app/board/move?target={early}&technician={aylin}&at={at}");
        assert_eq!(world.get(&admin, &moment).await.0, StatusCode::OK, "{at}");
    }
    // Times in the skipped hour are invalid.
    let gap = format!("/app/board/move?target={early}&technician={aylin}&date=2027-03-28&start=02:30&end=03:30");
    assert!(
        world
            .content(&admin, &gap)
            .await
            .contains("Choose a technician, a date, a start time")
    );
}

#[tokio::test]
async fn map_tiles_configured_are_allowed_on_board_only() {
    let address = "https://tiles.example.org/{z}/{x}/{y}.png © Example Maps";
    for (tiles, is_shown) in [("", false), (address, true)] {
        for world in worlds_with(monday(), |config| config.tiles = tiles.to_owned()).await {
            let staff = world.staff("nordlicht", "dispatcher").await;
            let tom = technician(&world, "Tom Becker").await;
            let target = job(&world, "TILES-1", json!({})).await;
            let page = world.content(&staff, &move_page(&target, &tom, at(9, 0))).await;
            press(&world, &staff, &page).await;
            let html = world.content(&staff, &format!("/app/board?date={DAY}&view=map")).await;
            assert_eq!(html.contains("href=\"https://tiles.example.org/"), is_shown, "{html}");
            assert_eq!(html.contains("© Example Maps"), is_shown);
            for (path, may) in [("/app/board", is_shown), ("/app/inbox", false)] {
                let answer = staff.get(format!("{}{path}", world.url)).send().await.unwrap();
                let policy = answer.headers()["content-security-policy"].to_str().unwrap();
                assert_eq!(policy.contains("https://tiles.example.org;"), may, "{path} {policy}");
            }
        }
    }
}

#[rstest]
#[case::sqlite(Engine::Sqlite)]
#[case::postgres(Engine::Postgres)]
#[tokio::test]
async fn job_page_of_another_dispatcher_does_not_replace_new_appointment(#[case] engine: Engine) {
    let Some(world) = world_at(engine, monday()).await else {
        return;
    };
    let first = world.staff("nordlicht", "dispatcher").await;
    let second = world.staff("nordlicht", "manager").await;
    let target = job(&world, "JOB-PAGE-1", json!({})).await;
    let page = format!("/app/targets/{target}");
    let was = hidden(&world.content(&second, &page).await, "was").unwrap();
    assert_eq!(was, "");
    let technician = technician(&world, "").await;
    let fields = |start: &'static str, end: &'static str| {
        [
            ("target", target.clone()),
            ("technician", technician.clone()),
            ("date", DAY.to_owned()),
            ("start", start.to_owned()),
            ("end", end.to_owned()),
            ("was", was.clone()),
        ]
    };
    let send = async |browser: &Client, fields: [(&'static str, String); 6]| {
        let fields: Vec<(&str, &str)> = fields.iter().map(|(name, value)| (*name, value.as_str())).collect();
        world.schedule_anyway(browser, &fields).await;
    };
    send(&first, fields("09:00", "10:00")).await;
    let planned_first = planned(&world, &target).await;
    assert_eq!(planned_first.len(), 1);
    let late = fields("13:00", "14:00");
    let late: Vec<(&str, &str)> = late.iter().map(|(name, value)| (*name, value.as_str())).collect();
    world.send(&second, "/app/fn/schedule-target", &late).await;
    assert!(
        world
            .content(&second, &page)
            .await
            .contains("data-code=\"concurrent_modification\"")
    );
    assert_eq!(planned(&world, &target).await, planned_first);
}
