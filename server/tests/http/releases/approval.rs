//! A report that is approved and released with one action: both happen, or neither.

use ordinavo_core::Engine;
use rstest::rstest;

use crate::support::forms::hidden;
use crate::support::{link, world};

const REPORTS: &str = "/app/reports";

#[rstest]
#[case::sqlite(Engine::Sqlite)]
#[case::postgres(Engine::Postgres)]
#[tokio::test]
async fn report_is_approved_and_released_together_or_not_at_all(#[case] engine: Engine) {
    let Some(world) = world(engine).await else { return };
    let manager = world.staff("nordlicht", "manager").await;
    let path = link(&world.content(&manager, REPORTS).await, "/app/reports/vrp_").unwrap();
    let id = path.rsplit('/').next().unwrap().to_owned();
    let page = world.content(&manager, &path).await;
    let (shown, revision) = (
        hidden(&page, "approved_submitted_at").unwrap(),
        hidden(&page, "revision").unwrap(),
    );
    let submitted = "SELECT CAST(count(*) AS TEXT) FROM visit_report WHERE status = 'submitted'";
    let released = "SELECT title FROM portal_release WHERE title = 'Together'";
    let waiting = async || world.texts(submitted).await[0][0].parse::<i64>().unwrap();
    let before = waiting().await;
    let form = |title: &'static str, shown: &str| {
        [
            ("report", id.clone()),
            ("title", title.to_owned()),
            ("summary", "It runs again.".to_owned()),
            ("revision", revision.clone()),
            ("approved_submitted_at", shown.to_owned()),
        ]
    };
    let send = async |title: &'static str, shown: &str| {
        let fields = form(title, shown);
        let fields: Vec<(&str, &str)> = fields.iter().map(|(name, value)| (*name, value.as_str())).collect();
        world.send(&manager, "/app/fn/publish-report", &fields).await
    };
    // Without a title, and with a report that was submitted again since, neither happens; what was typed is kept.
    send("", &shown).await;
    assert!(world.content(&manager, &path).await.contains("It runs again."));
    send("Together", "2020-01-01T00:00:00.000Z").await;
    assert_eq!((waiting().await, world.texts(released).await.len()), (before, 0));
    // A preview approves nothing.
    let mut preview: Vec<(&str, String)> = form("Together", &shown).to_vec();
    preview.push(("look", "on".to_owned()));
    let fields: Vec<(&str, &str)> = preview.iter().map(|(name, value)| (*name, value.as_str())).collect();
    let back = world.send(&manager, "/app/fn/publish-report", &fields).await;
    assert!(back.ends_with("#draft"), "{back}");
    assert!(world.content(&manager, &path).await.contains("id=\"draft\""));
    assert_eq!((waiting().await, world.texts(released).await.len()), (before, 0));
    // Both happen, and the next report that waits is opened; the list if there is none.
    let next = send("Together", &shown).await;
    assert_eq!((waiting().await, world.texts(released).await.len()), (before - 1, 1));
    let (expected, done) = if before > 1 {
        ("/app/reports/vrp_", "done-approved-next")
    } else {
        (REPORTS, "done-approved-last")
    };
    assert!(next.starts_with(expected) && next != path, "{next}");
    let page = world.content(&manager, &next).await;
    assert!(page.contains(&format!("data-done=\"{done}\"")));
    // A second submission of the same form changes nothing.
    send("Together", &shown).await;
    assert_eq!((waiting().await, world.texts(released).await.len()), (before - 1, 1));
}

#[rstest]
#[case::sqlite(Engine::Sqlite)]
#[case::postgres(Engine::Postgres)]
#[tokio::test]
async fn dispatchers_neither_approve_nor_release(#[case] engine: Engine) {
    let Some(world) = world(engine).await else { return };
    let dispatcher = world.staff("nordlicht", "dispatcher").await;
    let path = link(&world.content(&dispatcher, REPORTS).await, "/app/reports/vrp_").unwrap();
    let page = world.content(&dispatcher, &path).await;
    assert!(hidden(&page, "approved_submitted_at").is_none() && !page.contains("/app/fn/publish-report"));
    let id = path.rsplit('/').next().unwrap();
    let fields = [
        ("report", id),
        ("title", "x"),
        ("summary", "x"),
        ("approved_submitted_at", "2026-01-01T00:00:00Z"),
    ];
    world.send(&dispatcher, "/app/fn/publish-report", &fields).await;
    assert!(
        world
            .texts("SELECT title FROM portal_release WHERE title = 'x'")
            .await
            .is_empty()
    );
}
