//! Calendars: one appointment as a file, and the subscription whose URL can be replaced, turned off and revoked.

use crate::portal_access::access::{PASSWORD, status};
use crate::support::public::visitor;
use crate::support::{World, link, world_at};
use chrono::{TimeDelta, TimeZone as _, Utc};
use ordinavo_core::Engine;
use ordinavo_core::clock::Clock;
use reqwest::{Client, StatusCode};
use rstest::rstest;
use serde_json::json;

/// Start of the demo week: visits of that day are still upcoming.
fn monday() -> Clock {
    Clock::manual(Utc.with_ymd_and_hms(2026, 11, 23, 8, 30, 0).single().unwrap())
}

/// Returns the path of the user's calendar feed.
async fn feed(world: &World, browser: &Client) -> Option<String> {
    let html = world.content(browser, "/portal/appointments").await;
    let rest = html.split("/portal/feed/").nth(1)?;
    Some(format!("/portal/feed/{}", rest.split('<').next()?.split('"').next()?))
}

/// Creates or replaces the feed of a user whose address starts with `name`.
pub async fn create_feed(world: &World, browser: &Client, name: &str) {
    let password = world.portal_password(name).unwrap_or_else(|| PASSWORD.to_owned());
    let fields = [("current", password.as_str())];
    world.send(browser, "/portal/fn/renew-calendar-feed", &fields).await;
}

async fn read(world: &World, path: &str) -> (StatusCode, String) {
    let answer = visitor().get(format!("{}{path}", world.url)).send().await.unwrap();
    let status = answer.status();
    if status == StatusCode::OK {
        assert_eq!(answer.headers()["content-type"], "text/calendar; charset=utf-8");
        assert_eq!(answer.headers()["cache-control"], "private, no-cache");
    }
    (status, answer.text().await.unwrap())
}

/// Returns the events of a calendar as text.
fn events(text: &str) -> Vec<String> {
    let unfolded = text.replace("\r\n ", "");
    unfolded
        .split("BEGIN:VEVENT")
        .skip(1)
        .map(|event| event.split("END:VEVENT").next().unwrap().to_owned())
        .collect()
}

fn value(event: &str, name: &str) -> String {
    let line = event
        .lines()
        .find(|line| line.starts_with(name))
        .unwrap_or_else(|| panic!("{name}"));
    line.split_once(':').unwrap().1.to_owned()
}

/// Returns the ID of the demo tenant, which is the host part of UIDs.
async fn tenant_of(world: &World) -> String {
    let pairs = world.pairs("SELECT id, id FROM tenant WHERE slug = 'nordlicht'").await;
    format!("@{}", pairs[0].0)
}

#[rstest]
#[case::sqlite(Engine::Sqlite)]
#[case::postgres(Engine::Postgres)]
#[tokio::test]
async fn calendar_feed_works_until_replaced_or_turned_off(#[case] engine: Engine) {
    let Some(world) = world_at(engine, monday()).await else {
        return;
    };
    let petra = world.contact("nordlicht", "petra").await;
    assert!(feed(&world, &petra).await.is_none(), "no feed exists by default");
    create_feed(&world, &petra, "petra").await;
    let first = feed(&world, &petra).await.unwrap();
    let (status, text) = read(&world, &first).await;
    assert_eq!(status, StatusCode::OK, "{}", world.engine);
    assert!(text.starts_with("BEGIN:VCALENDAR\r\n") && text.contains("BEGIN:VTIMEZONE\r\nTZID:Europe/Berlin"));
    let all = events(&text);
    assert!(!all.is_empty());
    for event in &all {
        assert!(event.contains("DTSTART;TZID=Europe/Berlin:"), "{event}");
        assert!(!event.contains("tgt_") && !event.contains("TGT-"), "{event}");
    }
    // The earlier address works as well; a program that has the calendar already gets nothing again.
    assert!(first.ends_with("/calendar.ics"), "{first}");
    let earlier = first.trim_end_matches("/calendar.ics");
    assert_eq!(read(&world, earlier).await.1, text, "{}", world.engine);
    let again = async |tag: &str| {
        let request = visitor()
            .get(format!("{}{first}", world.url))
            .header("if-none-match", tag);
        request.send().await.unwrap()
    };
    let tag = again("\"other\"").await.headers()["etag"].to_str().unwrap().to_owned();
    let known = again(&tag).await;
    assert_eq!(known.status(), StatusCode::NOT_MODIFIED, "{}", world.engine);
    assert!(known.text().await.unwrap().is_empty());
    create_feed(&world, &petra, "petra").await;
    let second = feed(&world, &petra).await.unwrap();
    assert_ne!(first, second);
    let missing = read(&world, "/portal/feed/AAAAAAAAAAAAAAAAAAAAAAAAAAA").await;
    assert_eq!(missing.0, StatusCode::NOT_FOUND);
    // The answer is in the language of the calendar program.
    let german = visitor()
        .get(format!("{}/portal/feed/AAAAAAAAAAAAAAAAAAAAAAAAAAA", world.url))
        .header("accept-language", "de");
    assert_ne!(
        german.send().await.unwrap().text().await.unwrap(),
        missing.1,
        "{}",
        world.engine
    );
    assert_eq!(
        read(&world, &first).await,
        missing,
        "replaced and unknown URLs get the same response"
    );
    assert_eq!(read(&world, &second).await.0, StatusCode::OK);
    world.send(&petra, "/portal/fn/revoke-calendar-feed", &[]).await;
    assert!(feed(&world, &petra).await.is_none());
    assert_eq!(read(&world, &second).await, missing);

    // Only granted locations are included, and a revoked grant takes effect on the next request.
    let anna = world.contact("nordlicht", "anna").await;
    create_feed(&world, &anna, "anna").await;
    let annas = feed(&world, &anna).await.unwrap();
    let (_, text) = read(&world, &annas).await;
    let hers = events(&text);
    assert!(!hers.is_empty() && hers.len() < all.len());
    assert!(
        hers.iter()
            .all(|event| value(event, "LOCATION").contains("Essen Center"))
    );
    let email = &world
        .tenant("nordlicht")
        .portal
        .iter()
        .find(|account| account.email.starts_with("anna"))
        .unwrap()
        .email;
    ordinavo_core::identity::administration::revoke_grants(&world.core, "nordlicht", email)
        .await
        .unwrap();
    assert!(events(&read(&world, &annas).await.1).is_empty(), "{}", world.engine);
    ordinavo_core::identity::administration::lock_account(&world.core, "nordlicht", email, true)
        .await
        .unwrap();
    assert_eq!(read(&world, &annas).await, missing);
}

#[rstest]
#[case::sqlite(Engine::Sqlite)]
#[case::postgres(Engine::Postgres)]
#[tokio::test]
async fn appointment_rescheduled_keeps_uid_and_raises_sequence(#[case] engine: Engine) {
    let clock = monday();
    let Some(world) = world_at(engine, clock.clone()).await else {
        return;
    };
    let staff = world.staff("nordlicht", "dispatcher").await;
    let petra = world.contact("nordlicht", "petra").await;
    create_feed(&world, &petra, "petra").await;
    let address = feed(&world, &petra).await.unwrap();
    let job = json!({ "externalId": "MOVE-1", "customer": { "externalId": "CUST-10042" }, "location": { "externalId": "LOC-ESSEN-01" } });
    let (_, item) = world.import("erp", &job).await;
    let target = item["targetId"].as_str().unwrap().to_owned();
    let page = world.content(&staff, &format!("/app/targets/{target}")).await;
    let technician = page
        .split("<select")
        .find(|select| select.contains("name=\"technician\""))
        .and_then(|select| select.split("value=\"stf_").nth(1))
        .map(|rest| format!("stf_{}", rest.split('"').next().unwrap()))
        .unwrap();
    let schedule = async |date: &str| {
        let fields = [
            ("target", target.as_str()),
            ("technician", technician.as_str()),
            ("date", date),
            ("start", "09:00"),
            ("end", "10:00"),
            ("shared", "on"),
        ];
        world.schedule_anyway(&staff, &fields).await;
    };
    schedule("2026-12-14").await;
    let id: domain::ids::TargetId = target.parse().unwrap();
    let pairs = world.pairs("SELECT target_id, id FROM appointment").await;
    let appointment = pairs.iter().find(|(of, _)| *of == id.uuid()).unwrap().1;
    let appointment = format!(
        "/portal/appointments/{}",
        domain::ids::AppointmentId::from_uuid(appointment)
    );
    let file = format!("{appointment}/calendar.ics");
    let (code, before) = world.get(&petra, &file).await;
    assert_eq!(code, StatusCode::OK);
    let before = events(&before).pop().unwrap();
    let (uid, sequence) = (value(&before, "UID"), value(&before, "SEQUENCE"));
    let feed_before = read(&world, &address).await.1;
    assert!(events(&feed_before).iter().any(|event| value(event, "UID") == uid));
    // Appointments of others do not exist.
    for name in ["kontakt", "anna"] {
        let other = world.contact("nordlicht", name).await;
        let expected = if world.get(&other, &appointment).await.0 == StatusCode::OK {
            StatusCode::OK
        } else {
            StatusCode::NOT_FOUND
        };
        assert_eq!(status(&world, &other, &file).await, expected, "{name}");
    }
    clock.advance(TimeDelta::minutes(5));
    schedule("2027-01-04").await;
    let after = read(&world, &address).await.1;
    let after: Vec<String> = events(&after)
        .into_iter()
        .filter(|event| value(event, "UID") == uid)
        .collect();
    assert_eq!(after.len(), 1, "{} one event through every move", world.engine);
    assert!(value(&after[0], "DTSTART").starts_with("20270104"), "{}", after[0]);
    let raised: u32 = value(&after[0], "SEQUENCE").parse().unwrap();
    assert!(raised > sequence.parse().unwrap());
    // The file of a rescheduled appointment contains the new time, and its page links to the new appointment.
    let moved = events(&world.get(&petra, &file).await.1).pop().unwrap();
    assert_eq!(
        (value(&moved, "UID"), value(&moved, "SEQUENCE")),
        (uid.clone(), raised.to_string())
    );
    assert!(value(&moved, "DTSTART").starts_with("20270104"), "{moved}");
    let page = world.content(&petra, &appointment).await;
    let next = link(&page, "/portal/appointments/apt_").unwrap();
    assert!(next != appointment && page.contains("New appointment:"), "{page}");
    assert!(
        world.content(&petra, &next).await.contains("Mon 4 Jan"),
        "{}",
        world.engine
    );
    // The earlier time is in the history of the new appointment, and not among the past ones.
    assert!(
        world
            .content(&petra, &next)
            .await
            .contains("data-testid=\"appointment-history\"")
    );
    assert!(
        !world
            .content(&petra, "/portal/appointments")
            .await
            .contains(&appointment),
        "{}",
        world.engine
    );
    // A cancelled appointment keeps its UID, with a higher sequence number.
    clock.advance(TimeDelta::minutes(5));
    let fields = [("target", target.as_str()), ("reason", "The part is not to be had.")];
    world.send(&staff, "/app/fn/cancel-target", &fields).await;
    let last = read(&world, &address).await.1;
    let last: Vec<String> = events(&last)
        .into_iter()
        .filter(|event| value(event, "UID") == uid)
        .collect();
    assert_eq!(last.len(), 1);
    assert_eq!(value(&last[0], "STATUS"), "CANCELLED");
    assert!(value(&last[0], "SUMMARY").starts_with("Cancelled: "), "{}", last[0]);
    assert!(
        value(&last[0], "UID").ends_with(&tenant_of(&world).await),
        "{}",
        last[0]
    );
    assert!(
        value(&last[0], "SEQUENCE").parse::<u32>().unwrap() > raised,
        "{}",
        world.engine
    );
}

#[rstest]
#[case::sqlite(Engine::Sqlite)]
#[case::postgres(Engine::Postgres)]
#[tokio::test]
async fn appointment_across_clock_change_has_local_times(#[case] engine: Engine) {
    let clock = monday();
    let Some(world) = world_at(engine, clock.clone()).await else {
        return;
    };
    let staff = world.staff("nordlicht", "dispatcher").await;
    let petra = world.contact("nordlicht", "petra").await;
    let job = json!({ "externalId": "CLOCK-1", "customer": { "externalId": "CUST-10042" }, "location": { "externalId": "LOC-ESSEN-01" } });
    let (_, item) = world.import("erp", &job).await;
    let target = item["targetId"].as_str().unwrap().to_owned();
    let page = world.content(&staff, &format!("/app/targets/{target}")).await;
    let technician = crate::requests::slot_offers::technicians(&page).pop().unwrap();
    // The nights with an hour less and an hour more: 1.5 and 3.5 hours long, with the same local times.
    for (date, day, length) in [("2027-03-28", "28 Mar", 90), ("2027-10-31", "31 Oct", 210)] {
        clock.advance(TimeDelta::minutes(5));
        let fields = [
            ("target", target.as_str()),
            ("technician", technician.as_str()),
            ("date", date),
            ("start", "01:30"),
            ("end", "04:00"),
            ("shared", "on"),
        ];
        world.schedule_anyway(&staff, &fields).await;
        let id: domain::ids::TargetId = target.parse().unwrap();
        let planned = world
            .pairs("SELECT target_id, id FROM appointment WHERE status = 'planned'")
            .await;
        let appointment = planned.iter().find(|(of, _)| *of == id.uuid()).unwrap().1;
        let path = format!(
            "/portal/appointments/{}",
            domain::ids::AppointmentId::from_uuid(appointment)
        );
        for path in [path.as_str(), "/portal/in-progress", "/portal/appointments"] {
            let html = world.content(&petra, path).await;
            assert!(
                html.contains(day) && html.contains("1:30–4:00"),
                "{} {path}: {html}",
                world.engine
            );
        }
        let (_, file) = world.get(&petra, &format!("{path}/calendar.ics")).await;
        let plain = date.replace('-', "");
        assert!(
            file.contains(&format!("DTSTART;TZID=Europe/Berlin:{plain}T013000")),
            "{file}"
        );
        assert!(
            file.contains(&format!("DTEND;TZID=Europe/Berlin:{plain}T040000")),
            "{file}"
        );
        let whole = if world.engine == "sqlite" {
            "CAST(round((julianday(ends_at) - julianday(starts_at)) * 1440) AS INTEGER)"
        } else {
            "CAST(extract(epoch FROM ends_at - starts_at) / 60 AS BIGINT)"
        };
        let found = world
            .texts(&format!(
                "SELECT CAST({whole} AS TEXT) FROM appointment WHERE status = 'planned' AND {whole} = {length}"
            ))
            .await;
        assert_eq!(found.len(), 1, "{} {date}", world.engine);
    }
}
