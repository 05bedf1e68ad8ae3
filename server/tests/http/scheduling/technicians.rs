//! Technicians: set up by managers, read by all roles that schedule, isolated by tenant.

use chrono::{TimeZone as _, Utc};
use ordinavo_core::Engine;
use ordinavo_core::clock::Clock;
use reqwest::StatusCode;
use reqwest::multipart::Form;
use rstest::rstest;

use crate::support::{SAME_ORIGIN, World, link, world_at};

fn monday() -> Clock {
    Clock::manual(Utc.with_ymd_and_hms(2026, 11, 23, 8, 30, 0).single().unwrap())
}

/// Fields of the technician form.
const FORM_FIELDS: [(&str, &str); 13] = [
    ("skills", "doors, heating"),
    ("zone", "Europe/Berlin"),
    ("monday_from", "07:30"),
    ("monday_until", "16:00"),
    ("friday_from", "22:00"),
    ("friday_until", "06:00"),
    ("rest1_from", "11:30"),
    ("rest1_until", "13:00"),
    ("rest1_minutes", "30"),
    ("start_name", "Depot"),
    ("start", "51.4508, 7.0131"),
    ("end_name", ""),
    ("end", ""),
];

async fn set_up(world: &World, staff: &reqwest::Client, id: &str, revision: i64, changes: &[(&str, &str)]) -> String {
    let mut form = Form::new()
        .text("id", id.to_owned())
        .text("revision", revision.to_string());
    for (name, value) in FORM_FIELDS {
        let changed = changes.iter().find(|(field, _)| *field == name);
        form = form.text(name, changed.map_or(value, |(_, value)| value).to_owned());
    }
    for (name, value) in changes
        .iter()
        .filter(|(name, _)| !FORM_FIELDS.iter().any(|(field, _)| field == name))
    {
        form = form.text((*name).to_owned(), (*value).to_owned());
    }
    let answer = staff
        .post(format!("{}/app/fn/update-technician", world.url))
        .header("accept", "text/html")
        .header(SAME_ORIGIN.0, SAME_ORIGIN.1)
        .multipart(form)
        .send()
        .await
        .unwrap();
    assert_eq!(answer.status(), StatusCode::SEE_OTHER);
    let page = answer.headers()["location"].to_str().unwrap().to_owned();
    world.get(staff, &page).await.1
}

/// Returns ID and page of the technician with this name.
async fn technician_page(world: &World, staff: &reqwest::Client, name: &str) -> (String, String) {
    let list = world.get(staff, "/app/settings/technicians").await.1;
    let row = list.split("<tr>").find(|row| row.contains(name)).unwrap();
    let path = link(row, "/app/settings/technicians/stf_").unwrap();
    (
        path.rsplit('/').next().unwrap().to_owned(),
        world.get(staff, &path).await.1,
    )
}

#[rstest]
#[case::sqlite(Engine::Sqlite)]
#[case::postgres(Engine::Postgres)]
#[tokio::test]
async fn technician_saved_with_old_revision_is_not_overwritten(#[case] engine: Engine) {
    let Some(world) = world_at(engine, monday()).await else {
        return;
    };
    let manager = world.staff("nordlicht", "manager").await;
    let (id, page) = technician_page(&world, &manager, "Tom Becker").await;
    assert!(
        page.contains("value=\"Depot Essen\"") && page.contains("value=\"07:30\""),
        "{page}"
    );
    let saved = set_up(&world, &manager, &id, 1, &[]).await;
    assert!(saved.contains("Technician saved."), "{saved}");
    let list = world.get(&manager, "/app/settings/technicians").await.1;
    assert!(
        list.contains("Mon 07:30–16:00, Fri 22:00–06:00") && list.contains("doors, heating"),
        "{list}"
    );
    // A form with an old revision is rejected and changes nothing, not even the skills.
    let late = set_up(&world, &manager, &id, 1, &[("skills", "lifts")]).await;
    assert!(!late.contains("Technician saved."), "{late}");
    assert!(
        !world
            .get(&manager, "/app/settings/technicians")
            .await
            .1
            .contains(">lifts, ")
    );
    let (_, page) = technician_page(&world, &manager, "Tom Becker").await;
    assert!(page.contains("doors, heating"));
}

#[rstest]
#[case::sqlite(Engine::Sqlite)]
#[case::postgres(Engine::Postgres)]
#[tokio::test]
async fn technician_with_invalid_fields_is_rejected(#[case] engine: Engine) {
    let Some(world) = world_at(engine, monday()).await else {
        return;
    };
    let manager = world.staff("nordlicht", "manager").await;
    let (id, _) = technician_page(&world, &manager, "Aylin Kaya").await;
    for (field, value, expected) in [
        ("zone", "Europe/Atlantis", "Enter an IANA time zone"),
        ("monday_until", "", "Enter two different times"),
        ("monday_until", "07:30", "Enter two different times"),
        ("monday_from", "25:00", "Enter two different times"),
        ("rest1_minutes", "0", "1 to 240 minutes"),
        ("rest1_minutes", "241", "1 to 240 minutes"),
        ("rest1_until", "", "1 to 240 minutes"),
        ("rest1_until", "09:00", "1 to 240 minutes"),
        ("start", "51.4508", "Enter latitude and longitude"),
        ("start", "91, 7", "Enter latitude and longitude"),
        ("start", "NaN, 7", "Enter latitude and longitude"),
        ("end_name", "Home", "Enter latitude and longitude"),
        ("skills", &"x".repeat(65), "Enter at most 50 skills"),
    ] {
        let page = set_up(&world, &manager, &id, 1, &[(field, value)]).await;
        assert!(
            page.contains(expected) && page.contains("role=\"alert\""),
            "{field}={value}: {page}"
        );
        assert!(value.is_empty() || page.contains(value), "{field}={value} is not kept");
    }
    let list = world.get(&manager, "/app/settings/technicians").await.1;
    let row = list.split("<tr>").find(|row| row.contains("Aylin Kaya")).unwrap();
    assert!(
        row.contains("Mon–Fri 08:00–17:30") && row.contains("electrical"),
        "{row}"
    );
}

#[rstest]
#[case::sqlite(Engine::Sqlite)]
#[case::postgres(Engine::Postgres)]
#[tokio::test]
async fn absence_added_and_removed_updates_page(#[case] engine: Engine) {
    let Some(world) = world_at(engine, monday()).await else {
        return;
    };
    let manager = world.staff("nordlicht", "manager").await;
    let (id, page) = technician_page(&world, &manager, "Jan Nowak").await;
    assert!(page.contains("No upcoming time off."));
    for (first, last, expected) in [
        ("", "", "Choose a date."),
        ("2026-12-24", "2026-12-23", "Choose today or a later date"),
        ("2026-11-20", "2026-11-22", "Choose today or a later date"),
        ("2026-12-24", "2028-01-01", "Choose today or a later date"),
        ("2026-12-24", "soon", "Choose today or a later date"),
    ] {
        let fields = [
            ("id", id.as_str()),
            ("first", first),
            ("last", last),
            ("kind", "vacation"),
        ];
        let back = world.send(&manager, "/app/fn/add-absence", &fields).await;
        let page = world.get(&manager, &back).await.1;
        assert!(page.contains(expected), "{first} {last}: {page}");
    }
    let one = [
        ("id", id.as_str()),
        ("first", "2026-12-23"),
        ("last", ""),
        ("kind", "training"),
    ];
    world.send(&manager, "/app/fn/add-absence", &one).await;
    let long = [
        ("id", id.as_str()),
        ("first", "2026-11-20"),
        ("last", "2026-11-23"),
        ("kind", "sick"),
    ];
    world.send(&manager, "/app/fn/add-absence", &long).await;
    let (_, page) = technician_page(&world, &manager, "Jan Nowak").await;
    let (sick, training) = (
        page.find("Fri 20 Nov – Mon 23 Nov · Sick leave"),
        page.find("Wed 23 Dec · Training"),
    );
    assert!(sick.is_some() && sick < training, "{page}");
    let absence = page.split("value=\"abs_").nth(1).unwrap().split('"').next().unwrap();
    let absence = format!("abs_{absence}");
    // Time off of one technician cannot be removed through another one.
    let (other, _) = technician_page(&world, &manager, "Tom Becker").await;
    world
        .send(
            &manager,
            "/app/fn/remove-absence",
            &[("id", &other), ("absence", &absence)],
        )
        .await;
    assert!(
        technician_page(&world, &manager, "Jan Nowak")
            .await
            .1
            .contains("Nov · Sick leave")
    );
    world
        .send(
            &manager,
            "/app/fn/remove-absence",
            &[("id", &id), ("absence", &absence)],
        )
        .await;
    assert!(
        !technician_page(&world, &manager, "Jan Nowak")
            .await
            .1
            .contains("Nov · Sick leave")
    );
}

#[rstest]
#[case::sqlite(Engine::Sqlite)]
#[case::postgres(Engine::Postgres)]
#[tokio::test]
async fn technician_page_is_read_only_for_other_roles_and_hidden_from_other_tenants(#[case] engine: Engine) {
    let Some(world) = world_at(engine, monday()).await else {
        return;
    };
    let manager = world.staff("nordlicht", "manager").await;
    let (id, _) = technician_page(&world, &manager, "Tom Becker").await;
    let dispatcher = world.staff("nordlicht", "dispatcher").await;
    let (_, page) = technician_page(&world, &dispatcher, "Tom Becker").await;
    assert!(page.contains("Mon–Fri 07:30–17:00") && !page.contains("update-technician"));
    let foreign = world.staff("suedwind", "manager").await;
    let (status, _) = world.get(&foreign, &format!("/app/settings/technicians/{id}")).await;
    assert_eq!(status, StatusCode::NOT_FOUND);
    let fields = [
        ("id", id.as_str()),
        ("first", "2026-12-23"),
        ("last", ""),
        ("kind", "sick"),
    ];
    world.send(&foreign, "/app/fn/add-absence", &fields).await;
    assert!(
        !technician_page(&world, &manager, "Tom Becker")
            .await
            .1
            .contains("23 Dec")
    );
    set_up(&world, &foreign, &id, 0, &[("skills", "theirs")]).await;
    assert!(
        !technician_page(&world, &manager, "Tom Becker")
            .await
            .1
            .contains("theirs")
    );
}
