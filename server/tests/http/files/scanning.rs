//! Files and a malware scanner: being checked, available, blocked.

use chrono::{TimeDelta, TimeZone as _, Utc};
use ordinavo_core::Engine;
use ordinavo_core::clock::Clock;
use ordinavo_core::files::scanning::{apply_setting, scan_next};
use reqwest::StatusCode;
use rstest::rstest;

use crate::support::clamd::{Clamd, eicar};
use crate::support::public::{COMPLETE, visitor};
use crate::support::world_with;

fn monday() -> Clock {
    Clock::manual(Utc.with_ymd_and_hms(2026, 11, 23, 8, 30, 0).single().unwrap())
}

#[rstest]
#[case::sqlite(Engine::Sqlite)]
#[case::postgres(Engine::Postgres)]
#[tokio::test]
async fn file_with_malware_is_blocked_and_clean_one_available_after_check(#[case] engine: Engine) {
    let clamd = Clamd::start().await;
    let address = clamd.address.to_string();
    let settings = |config: &mut ordinavo::config::Config| {
        config.clamd = Some(address.clone());
        config.worker = false;
    };
    let Some(world) = world_with(engine, monday(), settings).await else {
        return;
    };
    // The files of the demo were stored without a scanner.
    apply_setting(&world.core).await.unwrap();
    let pdf = |text: &str| format!("%PDF-1.7 {text}").into_bytes();
    let files = [
        ("clean.pdf", "application/pdf", pdf("a clean plan")),
        ("infected.pdf", "application/pdf", pdf(&eicar())),
    ];
    let tracking = world.submit(&COMPLETE, &files).await;
    let staff = world.staff("nordlicht", "dispatcher").await;
    let inside = world.in_inbox(&staff, "lift stands still").await;
    let states = async |browser: &reqwest::Client, path: &str| {
        let page = world.get(browser, path).await.1;
        ["unchecked", "infected"].map(|state| page.matches(&format!("data-scan=\"{state}\"")).count())
    };
    assert_eq!(states(&staff, &inside).await, [2, 0]);
    assert_eq!(states(&visitor(), &tracking).await, [2, 0]);

    // While clamd is away, the files wait and nothing can be downloaded.
    clamd.set_away(true);
    assert!(scan_next(&world.core).await.is_err());
    assert_eq!(states(&staff, &inside).await, [2, 0]);
    let links = attachment_ids(&world).await;
    for (_, path) in &links {
        assert_eq!(status(&world, &staff, path).await, StatusCode::SERVICE_UNAVAILABLE);
    }
    clamd.set_away(false);
    world.core.clock().advance(TimeDelta::minutes(5));
    while scan_next(&world.core).await.unwrap() {}
    assert_eq!(states(&staff, &inside).await, [0, 1]);
    assert_eq!(states(&visitor(), &tracking).await, [0, 1]);
    for (name, path) in &links {
        let expected = if name == "clean.pdf" {
            StatusCode::OK
        } else {
            StatusCode::FORBIDDEN
        };
        assert_eq!(status(&world, &staff, path).await, expected, "{name}");
    }
    // The same content stays blocked when it is sent again.
    world
        .submit(&COMPLETE, &[("again.pdf", "application/pdf", pdf(&eicar()))])
        .await;
    let again = attachment_ids(&world).await;
    let (_, path) = again.iter().find(|(name, _)| name == "again.pdf").unwrap();
    assert_eq!(status(&world, &staff, path).await, StatusCode::FORBIDDEN);
}

async fn status(world: &crate::support::World, browser: &reqwest::Client, path: &str) -> StatusCode {
    browser
        .get(format!("{}{path}", world.url))
        .send()
        .await
        .unwrap()
        .status()
}

/// Returns name and path of the files of the form.
async fn attachment_ids(world: &crate::support::World) -> Vec<(String, String)> {
    let names = world
        .texts("SELECT file_name FROM request_attachment WHERE media_type = 'application/pdf' ORDER BY id")
        .await;
    let ids = world
        .pairs("SELECT id, request_id FROM request_attachment WHERE media_type = 'application/pdf' ORDER BY id")
        .await;
    names
        .into_iter()
        .zip(ids)
        .map(|(name, (id, _))| {
            let id = domain::ids::AttachmentId::from_uuid(id);
            (name[0].clone(), format!("/app/files/{id}"))
        })
        .collect()
}
