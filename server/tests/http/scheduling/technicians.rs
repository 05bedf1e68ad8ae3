//! Technicians are set up by managers, seen by everybody who plans, and kept apart by tenant.

use chrono::{TimeZone as _, Utc};
use ordinavo_core::Engine;
use ordinavo_core::clock::Clock;
use reqwest::StatusCode;
use reqwest::multipart::Form;
use rstest::rstest;

use crate::support::{OWN_PAGE, World, link, world_at};

fn monday() -> Clock {
    Clock::manual(Utc.with_ymd_and_hms(2026, 11, 23, 8, 30, 0).single().unwrap())
}

/// What the form of the technician's page would send with nothing changed.
const GOOD: [(&str, &str); 13] = [
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
    for (name, value) in GOOD {
        let changed = changes.iter().find(|(field, _)| *field == name);
        form = form.text(name, changed.map_or(value, |(_, value)| value).to_owned());
    }
    for (name, value) in changes
        .iter()
        .filter(|(name, _)| !GOOD.iter().any(|(field, _)| field == name))
    {
        form = form.text((*name).to_owned(), (*value).to_owned());
    }
    let answer = staff
        .post(format!("{}/app/fn/set-up-technician", world.url))
        .header("accept", "text/html")
        .header(OWN_PAGE.0, OWN_PAGE.1)
        .multipart(form)
        .send()
        .await
        .unwrap();
    assert_eq!(answer.status(), StatusCode::SEE_OTHER);
    let page = answer.headers()["location"].to_str().unwrap().to_owned();
    world.get(staff, &page).await.1
}

/// The page of a technician who is called so.
async fn page_of(world: &World, staff: &reqwest::Client, name: &str) -> (String, String) {
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
async fn a_technician_is_set_up_and_two_managers_do_not_overwrite_each_other(#[case] engine: Engine) {
    let Some(world) = world_at(engine, monday()).await else {
        return;
    };
    let manager = world.staff("nordlicht", "manager").await;
    let (id, page) = page_of(&world, &manager, "Tom Becker").await;
    assert!(
        page.contains("value=\"Depot Essen\"") && page.contains("value=\"07:30\""),
        "{page}"
    );
    let saved = set_up(&world, &manager, &id, 1, &[]).await;
    assert!(saved.contains("Saved."), "{saved}");
    let list = world.get(&manager, "/app/settings/technicians").await.1;
    assert!(
        list.contains("Mon 07:30–16:00, Fri 22:00–06:00") && list.contains("doors, heating"),
        "{list}"
    );
    // Whoever began with the first revision is told, and nothing of theirs is written, the skills neither.
    let late = set_up(&world, &manager, &id, 1, &[("skills", "lifts")]).await;
    assert!(!late.contains("Saved."), "{late}");
    assert!(
        !world
            .get(&manager, "/app/settings/technicians")
            .await
            .1
            .contains(">lifts, ")
    );
    let (_, page) = page_of(&world, &manager, "Tom Becker").await;
    assert!(page.contains("doors, heating"));
}

#[rstest]
#[case::sqlite(Engine::Sqlite)]
#[case::postgres(Engine::Postgres)]
#[tokio::test]
async fn what_cannot_be_is_told_at_its_field_and_nothing_is_written(#[case] engine: Engine) {
    let Some(world) = world_at(engine, monday()).await else {
        return;
    };
    let manager = world.staff("nordlicht", "manager").await;
    let (id, _) = page_of(&world, &manager, "Aylin Kaya").await;
    for (field, value, told) in [
        ("zone", "Europe/Atlantis", "Enter an IANA time zone"),
        ("monday_until", "", "Enter two different times"),
        ("monday_until", "07:30", "Enter two different times"),
        ("monday_from", "25:00", "Enter two different times"),
        ("rest1_minutes", "0", "1 to 240 minutes"),
        ("rest1_minutes", "241", "1 to 240 minutes"),
        ("rest1_until", "", "1 to 240 minutes"),
        ("rest1_until", "09:00", "1 to 240 minutes"),
        ("start", "51.4508", "Enter degrees north and east"),
        ("start", "91, 7", "Enter degrees north and east"),
        ("start", "NaN, 7", "Enter degrees north and east"),
        ("end_name", "Home", "Enter degrees north and east"),
        ("skills", &"x".repeat(65), "At most 50 skills"),
    ] {
        let page = set_up(&world, &manager, &id, 1, &[(field, value)]).await;
        assert!(
            page.contains(told) && page.contains("role=\"alert\""),
            "{field}={value}: {page}"
        );
        assert!(
            value.is_empty() || page.contains(value),
            "{field}={value} is still there"
        );
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
async fn days_off_come_and_go(#[case] engine: Engine) {
    let Some(world) = world_at(engine, monday()).await else {
        return;
    };
    let manager = world.staff("nordlicht", "manager").await;
    let (id, page) = page_of(&world, &manager, "Jan Nowak").await;
    assert!(page.contains("No upcoming time off."));
    for (first, last, told) in [
        ("", "", "Choose a date."),
        ("2026-12-24", "2026-12-23", "Choose a day that is not over"),
        ("2026-11-20", "2026-11-22", "Choose a day that is not over"),
        ("2026-12-24", "2028-01-01", "Choose a day that is not over"),
        ("2026-12-24", "soon", "Choose a day that is not over"),
    ] {
        let fields = [
            ("id", id.as_str()),
            ("first", first),
            ("last", last),
            ("kind", "vacation"),
        ];
        let back = world.send(&manager, "/app/fn/add-absence", &fields).await;
        let page = world.get(&manager, &back).await.1;
        assert!(page.contains(told), "{first} {last}: {page}");
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
    let (_, page) = page_of(&world, &manager, "Jan Nowak").await;
    let (sick, training) = (
        page.find("Fri 20 Nov – Mon 23 Nov · Illness"),
        page.find("Wed 23 Dec · Training"),
    );
    assert!(sick.is_some() && sick < training, "{page}");
    let absence = page.split("value=\"abs_").nth(1).unwrap().split('"').next().unwrap();
    let absence = format!("abs_{absence}");
    // Somebody else's days off are not this technician's.
    let (other, _) = page_of(&world, &manager, "Tom Becker").await;
    world
        .send(
            &manager,
            "/app/fn/remove-absence",
            &[("id", &other), ("absence", &absence)],
        )
        .await;
    assert!(page_of(&world, &manager, "Jan Nowak").await.1.contains("Sick leave"));
    world
        .send(
            &manager,
            "/app/fn/remove-absence",
            &[("id", &id), ("absence", &absence)],
        )
        .await;
    assert!(!page_of(&world, &manager, "Jan Nowak").await.1.contains("Nov · Illness"));
}

#[rstest]
#[case::sqlite(Engine::Sqlite)]
#[case::postgres(Engine::Postgres)]
#[tokio::test]
async fn other_roles_read_and_other_tenants_know_nothing_of_it(#[case] engine: Engine) {
    let Some(world) = world_at(engine, monday()).await else {
        return;
    };
    let manager = world.staff("nordlicht", "manager").await;
    let (id, _) = page_of(&world, &manager, "Tom Becker").await;
    let dispatcher = world.staff("nordlicht", "dispatcher").await;
    let (_, page) = page_of(&world, &dispatcher, "Tom Becker").await;
    assert!(page.contains("Mon–Fri 07:30–17:00") && !page.contains("set-up-technician"));
    let stranger = world.staff("suedwind", "manager").await;
    let (status, _) = world.get(&stranger, &format!("/app/settings/technicians/{id}")).await;
    assert_eq!(status, StatusCode::NOT_FOUND);
    let fields = [
        ("id", id.as_str()),
        ("first", "2026-12-23"),
        ("last", ""),
        ("kind", "sick"),
    ];
    world.send(&stranger, "/app/fn/add-absence", &fields).await;
    assert!(!page_of(&world, &manager, "Tom Becker").await.1.contains("23 Dec"));
    set_up(&world, &stranger, &id, 0, &[("skills", "theirs")]).await;
    assert!(!page_of(&world, &manager, "Tom Becker").await.1.contains("theirs"));
}
