//! What a submission stores: the files of one submission for each form, and nothing before it is accepted.

use chrono::{TimeDelta, TimeZone as _, Utc};
use ordinavo_core::Engine;
use ordinavo_core::clock::Clock;
use ordinavo_core::files::worker;
use reqwest::StatusCode;
use reqwest::multipart::{Form, Part};
use rstest::rstest;

use crate::support::public::{COMPLETE, filled_form, solve, visitor};
use crate::support::{SAME_ORIGIN, World, world_at, world_with};

const FORM: &str = "nordlicht-service";

fn monday() -> Clock {
    Clock::manual(Utc.with_ymd_and_hms(2026, 11, 23, 8, 30, 0).single().unwrap())
}

/// Returns the number of rows of a table.
async fn count(world: &World, table: &str) -> usize {
    let rows = world
        .texts(&format!("SELECT CAST(count(*) AS TEXT) FROM {table}"))
        .await;
    rows[0][0].parse().unwrap()
}

#[rstest]
#[case::sqlite(Engine::Sqlite)]
#[case::postgres(Engine::Postgres)]
#[tokio::test(flavor = "multi_thread")]
async fn form_ticket_sent_200_times_stores_one_submission(#[case] engine: Engine) {
    const POSTS: usize = 200;
    let Some(world) = world_at(engine, monday()).await else {
        return;
    };
    let ticket = world.ticket(FORM).await;
    let proof = solve(&ticket);
    world.core.clock().advance(TimeDelta::seconds(5));
    let before = (count(&world, "request").await, count(&world, "blob").await);
    let posts = (0..POSTS).map(|number| {
        let content = format!("%PDF-1.7 content of post {number}").into_bytes();
        let form = filled_form(
            &ticket,
            Some(proof),
            &COMPLETE,
            &[("plan.pdf", "application/pdf", content)],
        );
        let post = visitor()
            .post(format!("{}/intake/{FORM}", world.url))
            .header(SAME_ORIGIN.0, SAME_ORIGIN.1)
            .header("x-forwarded-for", format!("198.51.100.{number}"))
            .multipart(form);
        async move {
            let answer = post.send().await.unwrap();
            let path = answer
                .headers()
                .get("location")
                .map(|path| path.to_str().unwrap().to_owned());
            (answer.status(), path)
        }
    });
    let answers = futures::future::join_all(posts).await;
    let mut paths: Vec<&String> = answers.iter().filter_map(|(_, path)| path.as_ref()).collect();
    assert!(!paths.is_empty());
    paths.dedup();
    assert_eq!(paths.len(), 1, "every accepted post returns the same receipt");
    for (status, _) in &answers {
        // Without a receipt, the earlier submission was still under way.
        let expected = [StatusCode::SEE_OTHER, StatusCode::CONFLICT];
        assert!(expected.contains(status), "{status}");
    }
    let after = (count(&world, "request").await, count(&world, "blob").await);
    assert_eq!(after, (before.0 + 1, before.1 + 1));
    assert_eq!(count(&world, "upload").await, 0);
    // Nothing is left for the sweeper, now or later.
    world.core.clock().advance(TimeDelta::days(2));
    assert_eq!(worker::sweep(&world.core).await.unwrap(), 0);
    assert_eq!(count(&world, "blob").await, after.1);
}

#[rstest]
#[case::sqlite(Engine::Sqlite)]
#[case::postgres(Engine::Postgres)]
#[tokio::test]
async fn form_rejected_stores_nothing_and_can_be_submitted_again(#[case] engine: Engine) {
    let Some(world) = world_at(engine, monday()).await else {
        return;
    };
    let before = count(&world, "blob").await;
    let ticket = world.ticket(FORM).await;
    world.core.clock().advance(TimeDelta::seconds(5));
    let plan = || ("plan.pdf", "application/pdf", b"%PDF-1.7 a rejected plan".to_vec());
    let unreadable = ("plate.png", "image/png", b"\x89PNG\r\n\x1a\n".to_vec());
    let mut invalid = COMPLETE.to_vec();
    invalid[3] = ("email", "no address");
    for (fields, files) in [(invalid, vec![plan()]), (COMPLETE.to_vec(), vec![unreadable])] {
        let answer = world.send_form(FORM, &ticket, true, &fields, &files).await;
        assert_eq!(answer.status(), StatusCode::UNPROCESSABLE_ENTITY);
        assert_eq!(count(&world, "blob").await, before);
    }
    let answer = world.send_form(FORM, &ticket, true, &COMPLETE, &[plan()]).await;
    assert_eq!(answer.status(), StatusCode::SEE_OTHER);
    assert_eq!(count(&world, "blob").await, before + 1);
}

#[rstest]
#[case::sqlite(Engine::Sqlite)]
#[case::postgres(Engine::Postgres)]
#[tokio::test]
async fn portal_request_stores_accepted_files_once_and_nothing_outside_grants(#[case] engine: Engine) {
    let Some(world) = world_at(engine, monday()).await else {
        return;
    };
    let before = count(&world, "blob").await;
    let anna = world.contact("nordlicht", "anna").await;
    let (_, page) = world.get(&anna, "/portal/requests/new").await;
    let own = page.split("value=\"loc_").nth(1).unwrap().split('"').next().unwrap();
    let own = format!("loc_{own}");
    let send = async |location: &str| {
        let part = Part::bytes(b"%PDF-1.7 a plan from the portal".to_vec())
            .file_name("plan.pdf")
            .mime_str("application/pdf")
            .unwrap();
        let form = Form::new()
            .text("location", location.to_owned())
            .text("service_type", "repair")
            .text("description", "The heating is cold.")
            .text("nonce", "one-nonce")
            .part("files", part)
            .part("files", Part::bytes(b"<svg></svg>".to_vec()).file_name("drawing.svg"));
        let answer = anna
            .post(format!("{}/portal/fn/submit-request", world.url))
            .header(SAME_ORIGIN.0, SAME_ORIGIN.1)
            .header("accept", "text/html")
            .multipart(form)
            .send()
            .await
            .unwrap();
        answer.headers()["location"].to_str().unwrap().to_owned()
    };
    assert!(!send("loc_00000000000000000000000000").await.contains("/requests/req_"));
    assert_eq!(count(&world, "blob").await, before);
    let first = send(&own).await;
    assert!(first.contains("/requests/req_"), "{first}");
    let page = world.get(&anna, &first).await.1;
    let refused = page.split("data-testid=\"refused-files\"").nth(1).unwrap();
    assert!(
        refused.contains("file_type_not_allowed") && refused.contains("drawing.svg"),
        "{page}"
    );
    assert!(
        page.contains("plan.pdf") && page.contains("data-done=\"done-request-submitted\""),
        "{page}"
    );
    assert_eq!(send(&own).await.split('?').next(), first.split('?').next());
    assert_eq!(count(&world, "blob").await, before + 1);
}

/// A PDF of about 600 bytes.
fn plan(number: usize) -> (&'static str, &'static str, Vec<u8>) {
    let content = format!("%PDF-1.7 plan {number}{}", " ".repeat(600));
    ("plan.pdf", "application/pdf", content.into_bytes())
}

#[rstest]
#[case::sqlite(Engine::Sqlite)]
#[case::postgres(Engine::Postgres)]
#[tokio::test]
async fn form_files_above_daily_quota_are_rejected_and_text_is_kept(#[case] engine: Engine) {
    let settings = |config: &mut ordinavo::config::Config| config.files_form_quota = "1KiB".to_owned();
    let Some(world) = world_with(engine, monday(), settings).await else {
        return;
    };
    world.submit(&COMPLETE, &[plan(1)]).await;
    let before = (count(&world, "request").await, count(&world, "blob").await);
    let ticket = world.ticket(FORM).await;
    world.core.clock().advance(TimeDelta::seconds(5));
    let answer = world.send_form(FORM, &ticket, true, &COMPLETE, &[plan(2)]).await;
    assert_eq!(answer.status(), StatusCode::SERVICE_UNAVAILABLE);
    assert!(answer.headers().contains_key("retry-after"));
    let page = answer.text().await.unwrap();
    assert!(page.contains("data-code=\"temporarily_unavailable\""), "{page}");
    assert!(page.contains("value=\"Mona Haddad\"") && page.contains("The lift stands still"));
    assert_eq!((count(&world, "request").await, count(&world, "blob").await), before);
    // The same page can be sent without files, and files are accepted on the next day.
    let answer = world.send_form(FORM, &ticket, true, &COMPLETE, &[]).await;
    assert_eq!(answer.status(), StatusCode::SEE_OTHER);
    world.core.clock().advance(TimeDelta::days(1));
    world.submit(&COMPLETE, &[plan(2)]).await;
}

#[rstest]
#[case::sqlite(Engine::Sqlite)]
#[case::postgres(Engine::Postgres)]
#[tokio::test]
async fn form_files_above_organization_quota_are_rejected(#[case] engine: Engine) {
    // The photos of the demo are more than this.
    let settings = |config: &mut ordinavo::config::Config| config.files_quota = "1KiB".to_owned();
    let Some(world) = world_with(engine, monday(), settings).await else {
        return;
    };
    let before = count(&world, "blob").await;
    let ticket = world.ticket(FORM).await;
    world.core.clock().advance(TimeDelta::seconds(5));
    let answer = world.send_form(FORM, &ticket, true, &COMPLETE, &[plan(3)]).await;
    assert_eq!(answer.status(), StatusCode::SERVICE_UNAVAILABLE);
    assert_eq!(count(&world, "blob").await, before);
}

/// A PNG of a few bytes whose header names 64 million pixels.
fn many_pixels() -> Vec<u8> {
    let mut bytes = crate::support::public::png();
    bytes[16..20].copy_from_slice(&8_000u32.to_be_bytes());
    bytes[20..24].copy_from_slice(&8_000u32.to_be_bytes());
    let checksum = bytes[12..29].iter().fold(u32::MAX, |sum, byte| {
        (0..8).fold(sum ^ u32::from(*byte), |sum, _| {
            (sum >> 1) ^ if sum & 1 == 1 { 0xedb8_8320 } else { 0 }
        })
    });
    bytes[29..33].copy_from_slice(&(!checksum).to_be_bytes());
    bytes
}

#[rstest]
#[case::sqlite(Engine::Sqlite)]
#[case::postgres(Engine::Postgres)]
#[tokio::test]
async fn form_image_with_many_pixels_is_rejected_before_decoding(#[case] engine: Engine) {
    let Some(world) = world_at(engine, monday()).await else {
        return;
    };
    let ticket = world.ticket(FORM).await;
    world.core.clock().advance(TimeDelta::seconds(5));
    let image = ("plate.png", "image/png", many_pixels());
    let answer = world.send_form(FORM, &ticket, true, &COMPLETE, &[image]).await;
    assert_eq!(answer.status(), StatusCode::UNPROCESSABLE_ENTITY);
    let page = answer.text().await.unwrap();
    // Decoding would report that the content is damaged.
    assert!(page.contains("data-code=\"image_too_large\""), "{page}");
    assert_eq!(count(&world, "upload").await, 0);
}
