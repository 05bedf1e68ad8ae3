//! What technicians tell dispatch before a visit: it cannot take place, or it will be late.

use super::{KEYS, Phone, count, done, planned_job, seen};
use crate::scheduling::board::{at, job, monday, move_page, press, technician};
use crate::support::world_at;
use ordinavo_core::Engine;
use reqwest::StatusCode;
use rstest::rstest;
use serde_json::json;

#[rstest]
#[case::sqlite(Engine::Sqlite)]
#[case::postgres(Engine::Postgres)]
#[tokio::test]
async fn cannot_do_reaches_dispatch_until_visit_is_rescheduled(#[case] engine: Engine) {
    let Some(world) = world_at(engine, monday()).await else {
        return;
    };
    let staff = world.staff("nordlicht", "dispatcher").await;
    let tom = world.staff("nordlicht", "technician").await;
    let target = planned_job(&world, &staff, "CANNOT-1", 9).await;
    let page = world.content(&tom, &format!("/app/day/{target}")).await;
    assert!(
        page.contains("/app/fn/report-cannot-do") && page.contains("value=\"vehicle\""),
        "{page}"
    );
    // "Other" needs words, and what was chosen comes back.
    let fields = [("target", target.as_str()), ("reason", "other"), ("text", " ")];
    let back = world.send(&tom, "/app/fn/report-cannot-do", &fields).await;
    assert!(world.content(&tom, &back).await.contains("aria-invalid=\"true\""));
    assert_eq!(count(&world, "visit_notice").await, "0");

    let fields = [
        ("target", target.as_str()),
        ("reason", "vehicle"),
        ("text", "Engine warning light"),
    ];
    for _ in 0..2 {
        world.send(&tom, "/app/fn/report-cannot-do", &fields).await;
    }
    assert_eq!(count(&world, "visit_notice").await, "1", "{}", world.engine);
    for path in ["/app/inbox", "/app/board", "/app/board?view=week"] {
        let page = world.content(&staff, path).await;
        let shown = page
            .split("data-testid=\"visit-notices\"")
            .nth(1)
            .unwrap_or_else(|| panic!("{path}: {page}"));
        assert!(shown.contains(&target), "{path}");
    }
    let job_page = world.content(&staff, &format!("/app/targets/{target}")).await;
    assert!(job_page.contains("Engine warning light") && job_page.contains("data-notice=\"cannot_do\""));
    assert!(
        world
            .content(&tom, "/app/day?date=2027-02-16")
            .await
            .contains("data-notice=\"cannot_do\"")
    );
    // No customer is told before dispatch has decided.
    assert_eq!(count(&world, "mail WHERE kind = 'appointment_delayed'").await, "0");

    // A new appointment answers it; the text stays on the page of the job.
    let id = technician(&world, "Tom Becker").await;
    let page = world.content(&staff, &move_page(&target, &id, at(13, 0))).await;
    press(&world, &staff, &page).await;
    assert!(
        !world
            .content(&staff, "/app/inbox")
            .await
            .contains("data-testid=\"visit-notices\"")
    );
    assert!(
        world
            .content(&staff, &format!("/app/targets/{target}"))
            .await
            .contains("Engine warning light")
    );
}

#[rstest]
#[case::sqlite(Engine::Sqlite)]
#[case::postgres(Engine::Postgres)]
#[tokio::test]
async fn notice_from_offline_queue_is_stored_once_and_outlives_a_move(#[case] engine: Engine) {
    let Some(world) = world_at(engine, monday()).await else {
        return;
    };
    let staff = world.staff("nordlicht", "dispatcher").await;
    let phone = Phone::of(&world, world.staff("nordlicht", "technician").await).await;
    let target = planned_job(&world, &staff, "CANNOT-2", 9).await;
    let shown = seen((9, 0), (10, 0));
    let late = [
        ("target", target.as_str()),
        ("step", "late"),
        ("seen", shown.as_str()),
        ("minutes", "45"),
        ("text", ""),
    ];
    let both = tokio::join!(phone.entry(KEYS[0], &late), phone.entry(KEYS[0], &late));
    assert_eq!((both.0, both.1), (done(), done()), "{}", world.engine);
    assert_eq!(count(&world, "visit_notice WHERE minutes = 45").await, "1");

    // Dispatch gives the visit to a colleague while the phone has no network.
    let other = technician(&world, "Aylin").await;
    let page = world.content(&staff, &move_page(&target, &other, at(9, 0))).await;
    press(&world, &staff, &page).await;
    let cannot = [
        ("target", target.as_str()),
        ("step", "cannot_do"),
        ("seen", shown.as_str()),
        ("reason", "other"),
        ("text", "The bridge is closed"),
    ];
    assert_eq!(phone.entry(KEYS[1], &cannot).await, done());
    let inbox = world.content(&staff, "/app/inbox").await;
    assert!(
        inbox.contains("data-notice=\"cannot_do\"") && !inbox.contains("data-notice=\"late\""),
        "{inbox}"
    );
    // Dispatch marks it as dealt with; it stays on the page of the job.
    let job_page = world.content(&staff, &format!("/app/targets/{target}")).await;
    let notice = crate::support::forms::hidden(&job_page, "notice").unwrap();
    let button = [("target", target.as_str()), ("notice", notice.as_str())];
    for _ in 0..2 {
        world.send(&staff, "/app/fn/resolve-visit-notice", &button).await;
    }
    assert!(
        !world
            .content(&staff, "/app/inbox")
            .await
            .contains("data-testid=\"visit-notices\"")
    );
    assert!(
        world
            .content(&staff, &format!("/app/targets/{target}"))
            .await
            .contains("The bridge is closed")
    );
    // A job that was never the technician's, and fields that cannot be read.
    let foreign = job(&world, "CANNOT-3", json!({})).await;
    let entry = phone
        .entry(
            KEYS[2],
            &[("target", foreign.as_str()), ("step", "late"), ("minutes", "10")],
        )
        .await;
    assert_eq!(entry.0, StatusCode::NOT_FOUND);
    let entry = phone
        .entry(
            KEYS[2],
            &[("target", target.as_str()), ("step", "late"), ("minutes", "0")],
        )
        .await;
    assert_eq!(entry.0, StatusCode::UNPROCESSABLE_ENTITY);
}
