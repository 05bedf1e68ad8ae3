//! Technicians' own reports: reading, correcting returned ones, and jobs that are scheduled again.

use super::{KEYS, Phone, count, done, planned_job, seen, status, waiting};
use crate::scheduling::board::{at, monday, move_page, press, technician};
use crate::support::forms::hidden;
use crate::support::public::png;
use crate::support::world_at;
use chrono::TimeDelta;
use ordinavo_core::Engine;
use reqwest::StatusCode;
use rstest::rstest;

#[rstest]
#[case::sqlite(Engine::Sqlite)]
#[case::postgres(Engine::Postgres)]
#[tokio::test]
async fn returned_report_is_listed_on_every_day(#[case] engine: Engine) {
    let Some(world) = world_at(engine, monday()).await else {
        return;
    };
    let staff = world.staff("nordlicht", "dispatcher").await;
    let manager = world.staff("nordlicht", "manager").await;
    let phone = Phone::of(&world, world.staff("nordlicht", "technician").await).await;
    let target = planned_job(&world, &staff, "OWN-1", 9).await;
    let page = format!("/app/day/{target}");
    for (key, step) in [(KEYS[0], "start_travel"), (KEYS[1], "arrive")] {
        let fields = [("target", target.as_str()), ("step", step)];
        assert_eq!(phone.entry(key, &fields).await, done());
    }
    let report = |more: &[(&'static str, &'static str)]| {
        let base = [("step", "report"), ("work_minutes", "30"), ("completed", "on")];
        [&base[..], more].concat()
    };
    assert_eq!(phone.photo(KEYS[2], "0", png()).await, StatusCode::OK);
    let fields = [
        ("photos", "1"),
        ("summary", "The seal <b>leaked</b>."),
        ("signature", "M10 10L20 20"),
    ];
    let mut fields = report(&fields);
    fields.push(("target", ""));
    let fields: Vec<_> = fields
        .iter()
        .map(|(name, value)| (*name, if *name == "target" { target.as_str() } else { *value }))
        .collect();
    assert_eq!(phone.entry(KEYS[2], &fields).await, done());
    let html = world.content(&phone.browser, &page).await;
    for part in [
        "data-own-report",
        "The seal &lt;b&gt;leaked&lt;/b&gt;.",
        "M10 10L20 20",
        "p0.jpg",
    ] {
        assert!(html.contains(part), "{part} {html}");
    }
    assert!(
        !world
            .content(&phone.browser, "/app/day?date=2026-11-30")
            .await
            .contains("returned-reports")
    );

    let job = world.content(&manager, &format!("/app/targets/{target}")).await;
    let id = job.split("/app/reports/").nth(1).unwrap().split('"').next().unwrap();
    let review = format!("/app/reports/{id}");
    let shown = hidden(&world.content(&manager, &review).await, "submitted_at").unwrap();
    // A decision that does not name the version it is about is refused.
    let fields = [("report", id), ("reason", "Which seal?"), ("submitted_at", "")];
    world.send(&manager, "/app/fn/return-report", &fields).await;
    assert_eq!(
        hidden(&world.content(&manager, &review).await, "submitted_at"),
        Some(shown.clone())
    );
    let fields = [("report", id), ("reason", "Which seal?"), ("submitted_at", &shown)];
    world.send(&manager, "/app/fn/return-report", &fields).await;
    let day = world.content(&phone.browser, "/app/day?date=2026-11-30").await;
    assert!(day.contains("returned-reports") && day.contains(&page), "{day}");
    // The form contains the submitted values, with signature and photo.
    let html = world.content(&phone.browser, &page).await;
    for part in ["Which seal?", "value=\"M10 10L20 20\"", "p0.jpg"] {
        assert!(html.contains(part), "{part} {html}");
    }
    assert!(
        !html.contains("name=\"completed\""),
        "the outcome of the job cannot change"
    );
    let corrected = report(&[("summary", "The lower seal leaked.")]);
    // An entry from before the return does not count as a correction.
    let stale = [("noted_at", "2026-11-22T07:00:00Z"), ("target", target.as_str())];
    let fields: Vec<_> = report(&[("summary", "Old.")]).into_iter().chain(stale).collect();
    assert_eq!(phone.entry(KEYS[4], &fields).await, waiting());
    let fields = [("target", target.as_str()), ("entries", KEYS[4])];
    world.send(&phone.browser, "/app/fn/discard-my-entries", &fields).await;
    let later = [("noted_at", "2040-01-01T00:00:00Z"), ("target", target.as_str())];
    let fields: Vec<_> = corrected.into_iter().chain(later).collect();
    assert_eq!(phone.entry(KEYS[3], &fields).await, done());
    let resubmitted =
        "visit_report WHERE summary = 'The lower seal leaked.' AND status = 'submitted' AND signature IS NULL";
    assert_eq!(count(&world, resubmitted).await, "1");
    assert!(
        !world
            .content(&phone.browser, "/app/day")
            .await
            .contains("returned-reports")
    );
}

#[rstest]
#[case::sqlite(Engine::Sqlite)]
#[case::postgres(Engine::Postgres)]
#[tokio::test]
async fn completed_visit_stays_completed_when_job_is_reopened(#[case] engine: Engine) {
    let Some(world) = world_at(engine, monday()).await else {
        return;
    };
    let staff = world.staff("nordlicht", "dispatcher").await;
    let manager = world.staff("nordlicht", "manager").await;
    let phone = Phone::of(&world, world.staff("nordlicht", "technician").await).await;
    let tom = technician(&world, "Tom Becker").await;
    let target = planned_job(&world, &staff, "AGAIN-1", 9).await;
    let first = seen((9, 0), (10, 0));
    for (key, step) in [(KEYS[0], "start_travel"), (KEYS[1], "arrive"), (KEYS[2], "report")] {
        let fields = [
            ("target", target.as_str()),
            ("step", step),
            ("seen", first.as_str()),
            ("summary", "Nobody was there."),
            ("work_minutes", "5"),
        ];
        assert_eq!(phone.entry(key, &fields).await, done());
    }
    assert_eq!(status(&world, &target).await, "not_completed");
    let job = world.content(&manager, &format!("/app/targets/{target}")).await;
    let report = job
        .split("/app/reports/")
        .nth(1)
        .unwrap()
        .split('"')
        .next()
        .unwrap()
        .to_owned();
    // Scheduled again for the same technician on the same day.
    world
        .send(&staff, "/app/fn/reopen-target", &[("target", target.as_str())])
        .await;
    let page = world.content(&staff, &move_page(&target, &tom, at(13, 0))).await;
    press(&world, &staff, &page).await;
    let day = world.content(&phone.browser, "/app/day?date=2027-02-16").await;
    let states: Vec<_> = day
        .split(&format!("data-stop=\"{target}\" data-status=\""))
        .skip(1)
        .map(|rest| rest.split('"').next().unwrap())
        .collect();
    assert_eq!(states, ["scheduled", "completed"], "{day}");
    // The report of the first visit is returned; both visits can continue.
    let before = world.content(&manager, &format!("/app/reports/{report}")).await;
    let shown = hidden(&before, "submitted_at").unwrap();
    world.core.clock().advance(TimeDelta::minutes(1));
    let fields = [
        ("report", report.as_str()),
        ("reason", "Whom did you call?"),
        ("submitted_at", shown.as_str()),
    ];
    world.send(&manager, "/app/fn/return-report", &fields).await;
    let page = format!("/app/day/{target}");
    let latest = world.content(&phone.browser, &page).await;
    assert!(
        latest.contains("?returned=yes") && !latest.contains("Whom did you call?"),
        "{latest}"
    );
    let back = world.content(&phone.browser, &format!("{page}?returned=yes")).await;
    assert!(
        back.contains("Whom did you call?") && back.contains(&first) && back.contains("Nobody was there."),
        "{back}"
    );
    let fields = [
        ("target", target.as_str()),
        ("step", "report"),
        ("seen", first.as_str()),
        ("noted_at", "2040-01-01T00:00:00Z"),
        ("summary", "Nobody was there; I called Ms Adler."),
        ("work_minutes", "5"),
    ];
    assert_eq!(phone.entry(KEYS[3], &fields).await, done());
    assert_eq!(
        status(&world, &target).await,
        "scheduled",
        "the second visit is untouched"
    );
    let corrected = "visit_report WHERE summary LIKE '%Ms Adler.' AND status = 'submitted'";
    assert_eq!(count(&world, corrected).await, "1");
    // Approving from a page with the earlier text is rejected.
    let stale = [("report", report.as_str()), ("submitted_at", shown.as_str())];
    world.send(&manager, "/app/fn/approve-report", &stale).await;
    assert_eq!(count(&world, corrected).await, "1", "{}", world.engine);
    let again = world.content(&manager, &format!("/app/reports/{report}")).await;
    assert!(again.contains("concurrent_modification"), "{again}");
    let shown = hidden(&again, "submitted_at").unwrap();
    let fields = [("report", report.as_str()), ("submitted_at", shown.as_str())];
    world.send(&manager, "/app/fn/approve-report", &fields).await;
    assert_eq!(count(&world, corrected).await, "0", "{}", world.engine);
    let second = seen((13, 0), (14, 0));
    let fields = [
        ("target", target.as_str()),
        ("step", "start_travel"),
        ("seen", second.as_str()),
    ];
    assert_eq!(phone.entry(KEYS[4], &fields).await, done());
    assert_eq!(status(&world, &target).await, "en_route");
}
