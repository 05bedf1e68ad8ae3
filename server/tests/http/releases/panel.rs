//! The release panel: preview before publishing, and the list of recipients.

use chrono::{TimeDelta, TimeZone as _, Utc};
use ordinavo_core::Engine;
use ordinavo_core::clock::Clock;
use reqwest::{Client, StatusCode};
use rstest::rstest;

use crate::portal_access::access::{access_page, browser, invite, token};
use crate::support::forms::hidden;
use crate::support::{SAME_ORIGIN, link, world, world_at};

fn monday() -> Clock {
    Clock::manual(Utc.with_ymd_and_hms(2026, 11, 23, 8, 30, 0).single().unwrap())
}

#[rstest]
#[case::sqlite(Engine::Sqlite)]
#[case::postgres(Engine::Postgres)]
#[tokio::test]
async fn release_preview_publishes_nothing(#[case] engine: Engine) {
    let Some(world) = world_at(engine, monday()).await else {
        return;
    };
    let manager = world.staff("nordlicht", "manager").await;
    let list = world.get(&manager, "/app/reports?status=approved").await.1;
    let path = link(&list, "/app/reports/vrp_").unwrap();
    let id = path.rsplit('/').next().unwrap().to_owned();
    let before = world.texts("SELECT title FROM portal_release").await.len();
    let draft = [
        ("report", id.as_str()),
        ("title", "Pump <replaced>"),
        ("summary", "The pump runs again."),
        ("message", "See you in spring."),
        ("follow_up", ""),
        ("look", "on"),
    ];
    let back = world.send(&manager, "/app/fn/publish-report", &draft).await;
    assert!(back.ends_with("#draft"), "{back}");
    let page = world.get(&manager, &path).await.1;
    let shown = page
        .split("id=\"draft\"")
        .nth(1)
        .unwrap()
        .split("<form")
        .next()
        .unwrap();
    for part in [
        "Pump &lt;replaced&gt;",
        "The pump runs again.",
        "See you in spring.",
        "Mo. 23. Nov.",
    ] {
        assert!(shown.contains(part), "{part}: {shown}");
    }
    assert!(
        page.contains("Not published yet") && page.contains("value=\"Pump &lt;replaced&gt;\""),
        "{page}"
    );
    assert_eq!(world.texts("SELECT title FROM portal_release").await.len(), before);
    // Input that cannot be published cannot be previewed either.
    let wrong = [("report", id.as_str()), ("title", ""), ("summary", "x"), ("look", "on")];
    world.send(&manager, "/app/fn/publish-report", &wrong).await;
    let page = world.get(&manager, &path).await.1;
    assert!(
        page.contains("role=\"alert\"") && !page.contains("id=\"draft\""),
        "{page}"
    );
    world.send(&manager, "/app/fn/publish-report", &draft[..5]).await;
    let after = world
        .texts("SELECT title FROM portal_release WHERE status = 'published'")
        .await;
    assert!(after.iter().any(|row| row[0] == "Pump <replaced>"), "{after:?}");
}

#[rstest]
#[case::sqlite(Engine::Sqlite)]
#[case::postgres(Engine::Postgres)]
#[tokio::test]
async fn release_from_stale_page_is_rejected(#[case] engine: Engine) {
    let Some(world) = world_at(engine, monday()).await else {
        return;
    };
    let first = world.staff("nordlicht", "manager").await;
    let second = world.staff("nordlicht", "admin").await;
    let list = world.get(&first, "/app/reports?status=approved").await.1;
    let path = link(&list, "/app/reports/vrp_").unwrap();
    let id = path.rsplit('/').next().unwrap().to_owned();
    let revision = hidden(&world.content(&first, &path).await, "revision").unwrap();
    let form = |title: &'static str| {
        [
            ("report", id.clone()),
            ("title", title.to_owned()),
            ("summary", "The pump runs again.".to_owned()),
            ("revision", revision.clone()),
        ]
    };
    let publish = async |browser: &Client, title: &'static str| {
        let fields = form(title);
        let fields: Vec<(&str, &str)> = fields.iter().map(|(name, value)| (*name, value.as_str())).collect();
        world.send(browser, "/app/fn/publish-report", &fields).await;
    };
    let released = || world.texts("SELECT title FROM portal_release WHERE title LIKE 'Concurrent %'");
    // Two people publish the same draft at once: one succeeds, the other is told and keeps the typed text.
    tokio::join!(publish(&first, "Concurrent one"), publish(&second, "Concurrent two"));
    let titles = released().await;
    assert_eq!(titles.len(), 1, "{titles:?}");
    let (loser, typed) = if titles[0][0] == "Concurrent one" {
        (&second, "Concurrent two")
    } else {
        (&first, "Concurrent one")
    };
    let page = world.content(loser, &path).await;
    assert!(page.contains("data-code=\"concurrent_modification\""), "{page}");
    assert!(page.contains(&format!("value=\"{typed}\"")), "{page}");
    assert!(page.contains("saved-value"), "both versions are shown: {page}");
    // The same applies to withdrawing.
    let stale = [("report", id.as_str()), ("revision", revision.as_str())];
    world.send(loser, "/app/fn/withdraw-report", &stale).await;
    let published = world
        .texts("SELECT title FROM portal_release WHERE status = 'published' AND title LIKE 'Concurrent %'")
        .await;
    assert_eq!(published.len(), 1);
    let next = (revision.parse::<i64>().unwrap() + 1).to_string();
    let current = [("report", id.as_str()), ("revision", next.as_str())];
    world.send(loser, "/app/fn/withdraw-report", &current).await;
    let published = world
        .texts("SELECT title FROM portal_release WHERE status = 'published' AND title LIKE 'Concurrent %'")
        .await;
    assert!(published.is_empty(), "{published:?}");
}

#[rstest]
#[case::sqlite(Engine::Sqlite)]
#[case::postgres(Engine::Postgres)]
#[tokio::test]
async fn recipients_are_users_with_access_and_show_missing_download_permission(#[case] engine: Engine) {
    let Some(world) = world_at(engine, monday()).await else {
        return;
    };
    let admin = world.staff("nordlicht", "admin").await;
    let access = access_page(&world).await;
    let invited = [
        ("name", "Rev Oked"),
        ("email", "rev@rhein-ruhr-medical.example"),
        ("whole", "on"),
        ("may_reports", "on"),
    ];
    let link_of_rev = invite(&world, &admin, &access, &invited).await.unwrap();
    let of_essen = world
        .texts(
            "SELECT CAST(count(*) AS TEXT) FROM visit_report r JOIN target t ON t.tenant_id = r.tenant_id AND t.id = r.target_id \
             JOIN customer c ON c.tenant_id = t.tenant_id AND c.id = t.customer_id WHERE c.name = 'Rhein-Ruhr Medical Supply' AND r.status = 'approved'",
        )
        .await;
    assert_ne!(of_essen[0][0], "0");
    let list = world.get(&admin, "/app/reports?status=approved").await.1;
    let row = list
        .split("<tr>")
        .find(|row| row.contains("Rhein-Ruhr Medical Supply"))
        .unwrap();
    let path = link(row, "/app/reports/vrp_").unwrap();
    let named = async || {
        let page = world.get(&admin, &path).await.1;
        let list = page
            .split("Recipients")
            .nth(1)
            .unwrap()
            .split("</ul>")
            .next()
            .unwrap()
            .to_owned();
        let rev = list.split("<li>").find(|row| row.contains("rev@")).map(str::to_owned);
        (list.contains("petra"), rev)
    };
    assert_eq!(
        named().await,
        (true, None),
        "invited users are not listed before they accept"
    );
    let rev = browser();
    let accepted = [("token", token(&link_of_rev)), ("password", "seven quiet harbours")];
    world.send(&rev, "/portal/fn/accept-invitation", &accepted).await;
    let (_, row) = named().await;
    assert!(
        row.unwrap().contains("cannot download files"),
        "only reports were granted"
    );
}

#[rstest]
#[case::sqlite(Engine::Sqlite)]
#[case::postgres(Engine::Postgres)]
#[tokio::test]
async fn future_grant_is_inactive_until_its_first_day(#[case] engine: Engine) {
    let clock = monday();
    let Some(world) = world_at(engine, clock.clone()).await else {
        return;
    };
    let admin = world.staff("nordlicht", "admin").await;
    let access = access_page(&world).await;
    let fields = [
        ("name", "Nora Busch"),
        ("email", "nora@rhein-ruhr-medical.example"),
        ("whole", "on"),
        ("may_reports", "on"),
        ("from", "2026-11-26"),
        ("until", "2026-11-30"),
    ];
    let first = invite(&world, &admin, &access, &fields).await.unwrap();
    let page = world.get(&admin, &access).await.1;
    assert!(
        page.contains("from Thu 26 Nov") && page.contains("until Mon 30 Nov"),
        "{page}"
    );
    let nora = browser();
    let accepted = [("token", token(&first)), ("password", "seven quiet harbours")];
    world.send(&nora, "/portal/fn/accept-invitation", &accepted).await;
    let reports = async |who: &Client| {
        world
            .get(who, "/portal/reports")
            .await
            .1
            .contains("/portal/reports/rel_")
    };
    assert!(!reports(&nora).await, "not yet");
    // A later grant for the same location leaves the current one until it starts.
    let petra = world.contact("nordlicht", "petra").await;
    assert!(reports(&petra).await);
    let known = world
        .texts("SELECT email FROM portal_account WHERE email LIKE 'petra%' ORDER BY email")
        .await;
    let later = [
        ("name", "Petra"),
        ("email", known[0][0].as_str()),
        ("whole", "on"),
        ("may_appointments", "on"),
        ("from", "2026-11-27"),
    ];
    invite(&world, &admin, &access, &later).await;
    assert!(reports(&petra).await, "the current grant still applies");
    for (wrong, value) in [("from", "soon"), ("until", "2026-11-25")] {
        let fields: Vec<_> = fields
            .iter()
            .map(|(name, old)| (*name, if *name == wrong { value } else { *old }))
            .collect();
        let grants = world.texts("SELECT reason FROM portal_grant").await.len();
        invite(&world, &admin, &access, &fields).await;
        assert_eq!(
            world.texts("SELECT reason FROM portal_grant").await.len(),
            grants,
            "{wrong}={value}"
        );
    }
    clock.advance(TimeDelta::hours(12));
    clock.advance(TimeDelta::days(3));
    let nora = world
        .browser("/portal", "nora@rhein-ruhr-medical.example", "seven quiet harbours")
        .await;
    assert!(reports(&nora).await, "Thursday has begun");
    clock.advance(TimeDelta::days(1));
    let petra = world.contact("nordlicht", "petra").await;
    assert!(!reports(&petra).await, "the new grant covers appointments only");
    clock.advance(-TimeDelta::days(4) - TimeDelta::hours(12));
}

#[rstest]
#[case::sqlite(Engine::Sqlite)]
#[case::postgres(Engine::Postgres)]
#[tokio::test]
async fn multipart_actions_reject_other_content_types(#[case] engine: Engine) {
    let Some(world) = world(engine).await else { return };
    let named: std::collections::BTreeSet<String> = ["dispatch", "portal", "partner"]
        .into_iter()
        .flat_map(|app| sources(&format!("{}/../app/{app}/src", env!("CARGO_MANIFEST_DIR"))))
        .flat_map(|source| {
            let lines: Vec<String> = source
                .lines()
                .filter(|line| line.starts_with("#[server(") && line.contains("input = MultipartFormData"))
                .map(|line| {
                    let part = |name: &str| {
                        line.split(&format!("{name} = \""))
                            .nth(1)
                            .unwrap()
                            .split('"')
                            .next()
                            .unwrap()
                            .to_owned()
                    };
                    format!("{}/{}", part("prefix"), part("endpoint"))
                })
                .collect();
            lines
        })
        .collect();
    let listed: std::collections::BTreeSet<String> = ordinavo::pages::MULTIPART_ACTIONS
        .iter()
        .map(|path| (*path).to_owned())
        .collect();
    assert_eq!(named, listed);
    let admin = world.staff("nordlicht", "admin").await;
    let anna = world.contact("nordlicht", "anna").await;
    for path in listed
        .iter()
        .map(String::as_str)
        .chain(["/app/fn/nothing", "/portal/fn/nothing"])
    {
        let who = if path.starts_with("/app") { &admin } else { &anna };
        for kind in [
            "application/x-www-form-urlencoded",
            "multipart/form-data",
            "multipart/form-data; boundary=",
            "text/plain",
        ] {
            let answer = who
                .post(format!("{}{path}", world.url))
                .header("accept", "text/html")
                .header("content-type", kind)
                .header(SAME_ORIGIN.0, SAME_ORIGIN.1)
                .send()
                .await
                .unwrap();
            let expected = if path.ends_with("nothing") {
                StatusCode::NOT_FOUND
            } else {
                StatusCode::UNSUPPORTED_MEDIA_TYPE
            };
            assert_eq!(answer.status(), expected, "{path} {kind}");
            assert!(!answer.text().await.unwrap().contains("register_explicit"));
        }
    }
}

/// Returns the content of all Rust files below a folder.
fn sources(folder: &str) -> Vec<String> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap().map(Result::unwrap) {
        let path = entry.path();
        if path.is_dir() {
            found.extend(sources(path.to_str().unwrap()));
        } else if path.extension().is_some_and(|end| end == "rs") {
            found.push(std::fs::read_to_string(&path).unwrap());
        }
    }
    found
}

#[rstest]
#[case::sqlite(Engine::Sqlite)]
#[case::postgres(Engine::Postgres)]
#[tokio::test]
async fn portal_report_replaced_shows_new_revision_and_withdrawn_returns_404(#[case] engine: Engine) {
    let Some(world) = world_at(engine, monday()).await else {
        return;
    };
    let manager = world.staff("nordlicht", "manager").await;
    let petra = world.contact("nordlicht", "petra").await;
    let list = world.get(&petra, "/portal/reports").await.1;
    let old = link(&list, "/portal/reports/rel_").unwrap();
    let shown = world.get(&petra, &old).await.1;
    let title = shown
        .split("<h1 dir=\"auto\">")
        .nth(1)
        .unwrap()
        .split('<')
        .next()
        .unwrap()
        .to_owned();
    let release: domain::ids::ReleaseId = old.rsplit('/').next().unwrap().parse().unwrap();
    let pairs = world.pairs("SELECT id, visit_report_id FROM portal_release").await;
    let report = pairs.iter().find(|(id, _)| *id == release.uuid()).unwrap().1;
    let report = domain::ids::VisitReportId::from_uuid(report).to_string();
    let revised = [
        ("report", report.as_str()),
        ("title", "Second thoughts"),
        ("summary", "Corrected."),
    ];
    world.send(&manager, "/app/fn/publish-report", &revised).await;
    let (status, page) = world.get(&petra, &old).await;
    assert_eq!(status, StatusCode::OK);
    assert!(page.contains("Second thoughts") && !page.contains(&title), "{page}");
    // A withdrawn report is gone at every URL.
    world
        .send(&manager, "/app/fn/withdraw-report", &[("report", &report)])
        .await;
    assert_eq!(world.get(&petra, &old).await.0, StatusCode::NOT_FOUND);
}
