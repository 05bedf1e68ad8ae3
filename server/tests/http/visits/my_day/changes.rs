//! New, moved, cancelled and removed visits, and messages of customers: shown until the technician confirms them.

use super::planned_job;
use crate::scheduling::board::{at, monday, move_page, press, technician};
use crate::support::forms::hidden;
use crate::support::{World, world_at};
use chrono::TimeDelta;
use ordinavo_core::Engine;
use reqwest::Client;
use rstest::rstest;

/// Returns the changes that My day shows, in order.
async fn changes(world: &World, tom: &Client) -> Vec<String> {
    let page = world.content(tom, "/app/day").await;
    let Some(notice) = page.split("data-testid=\"changes\"").nth(1) else {
        return Vec::new();
    };
    let notice = notice.split("</section>").next().unwrap();
    let mut found = Vec::new();
    for part in notice.split("data-change=\"").skip(1) {
        found.push(part.split('"').next().unwrap().to_owned());
    }
    found
}

async fn confirm(world: &World, tom: &Client) {
    let page = world.content(tom, "/app/day").await;
    let value = |name| hidden(&page, name).unwrap();
    let fields = [("changes", value("changes")), ("shown_at", value("shown_at"))];
    let fields: Vec<(&str, &str)> = fields.iter().map(|(name, value)| (*name, value.as_str())).collect();
    assert_eq!(world.send(tom, "/app/fn/confirm-changes", &fields).await, "/app/day");
}

fn version(page: &str) -> String {
    page.split("data-version=\"")
        .nth(1)
        .unwrap()
        .split('"')
        .next()
        .unwrap()
        .to_owned()
}

#[rstest]
#[case::sqlite(Engine::Sqlite)]
#[case::postgres(Engine::Postgres)]
#[tokio::test]
async fn changes_stay_until_confirmed_and_nothing_vanishes(#[case] engine: Engine) {
    let Some(world) = world_at(engine, monday()).await else {
        return;
    };
    let staff = world.staff("nordlicht", "dispatcher").await;
    let tom = world.staff("nordlicht", "technician").await;
    let (id, other) = (
        technician(&world, "Tom Becker").await,
        technician(&world, "Aylin").await,
    );
    assert_eq!(changes(&world, &tom).await, Vec::<String>::new(), "{}", world.engine);
    let before = version(&world.content(&tom, "/app/day").await);

    let target = planned_job(&world, &staff, "CHANGE-1", 9).await;
    assert_eq!(changes(&world, &tom).await, ["new"]);
    let after = version(&world.content(&tom, "/app/day").await);
    assert_ne!(before, after, "an open page learns of the change");
    assert!(
        world
            .content(&tom, "/app/day?date=2027-02-16")
            .await
            .contains("data-change=\"new\"")
    );
    confirm(&world, &tom).await;
    assert_eq!(changes(&world, &tom).await, Vec::<String>::new());

    // Moved within the technician's own days.
    world.core.clock().advance(TimeDelta::minutes(1));
    let page = world.content(&staff, &move_page(&target, &id, at(13, 0))).await;
    press(&world, &staff, &page).await;
    assert_eq!(changes(&world, &tom).await, ["moved"]);
    // What changes after the page was rendered is not confirmed with it.
    let shown = world.content(&tom, "/app/day").await;
    world.core.clock().advance(TimeDelta::minutes(1));
    let page = world.content(&staff, &move_page(&target, &other, at(13, 0))).await;
    press(&world, &staff, &page).await;
    let value = |name| hidden(&shown, name).unwrap();
    let (list, when) = (value("changes"), value("shown_at"));
    let fields = [("changes", list.as_str()), ("shown_at", when.as_str())];
    world.send(&tom, "/app/fn/confirm-changes", &fields).await;
    assert_eq!(changes(&world, &tom).await, ["removed"], "{}", world.engine);
    confirm(&world, &tom).await;
    assert_eq!(changes(&world, &tom).await, Vec::<String>::new());

    // A visit that comes and goes before it has reached the phone is no news.
    let unseen = planned_job(&world, &staff, "CHANGE-2", 10).await;
    let page = world.content(&staff, &move_page(&unseen, &other, at(15, 0))).await;
    press(&world, &staff, &page).await;
    assert_eq!(changes(&world, &tom).await, Vec::<String>::new());

    // A cancelled visit is said to be cancelled.
    let cancelled = planned_job(&world, &staff, "CHANGE-3", 11).await;
    assert_eq!(changes(&world, &tom).await, ["new"]);
    let fields = [("target", cancelled.as_str()), ("reason", "No longer needed.")];
    world.send(&staff, "/app/fn/cancel-target", &fields).await;
    assert_eq!(changes(&world, &tom).await, ["cancelled"]);
    // Another technician confirms nothing of it.
    let page = world.content(&tom, "/app/day").await;
    let list = hidden(&page, "changes").unwrap();
    for wrong in ["apt_x:planned", "nonsense", &list.replace("cancelled", "planned")] {
        world
            .send(
                &tom,
                "/app/fn/confirm-changes",
                &[("changes", wrong), ("shown_at", "2026-11-23T09:00:00Z")],
            )
            .await;
    }
    assert_eq!(changes(&world, &tom).await, ["cancelled"]);
}

#[rstest]
#[case::sqlite(Engine::Sqlite)]
#[case::postgres(Engine::Postgres)]
#[tokio::test]
async fn day_lists_current_stop_first_and_one_site_as_one_group(#[case] engine: Engine) {
    let Some(world) = world_at(engine, monday()).await else {
        return;
    };
    let staff = world.staff("nordlicht", "dispatcher").await;
    let tom = world.staff("nordlicht", "technician").await;
    let mut targets = Vec::new();
    for (number, hour) in (1..=3).zip(8..) {
        targets.push(planned_job(&world, &staff, &format!("SITE-{number}"), hour).await);
    }
    let page = world.content(&tom, "/app/day?date=2027-02-16").await;
    assert_eq!(page.matches("class=\"site-head\"").count(), 1, "{page}");
    // The second visit is under way, so it comes first; two visits are left at the site.
    world
        .send(&tom, "/app/fn/start-travel", &[("target", &targets[1])])
        .await;
    let page = world.content(&tom, "/app/day?date=2027-02-16").await;
    let position = |target: &str| page.find(&format!("data-stop=\"{target}\"")).unwrap();
    assert!(position(&targets[1]) < position(&targets[0]), "{page}");
    assert!(position(&targets[0]) < position(&targets[2]));
    // Words say what is late.
    assert!(page.contains("data-testid=\"late\""), "{page}");
}
