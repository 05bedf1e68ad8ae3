//! Sync conflicts: entries that conflict with later changes are kept until they are resolved.

use super::{KEYS, Phone, count, done, planned_job, seen, status, waiting};
use crate::scheduling::board::{at, monday, move_page, press, technician};
use crate::support::public::png;
use crate::support::{World, world_at};
use chrono::TimeDelta;
use ordinavo_core::Engine;
use reqwest::{Client, StatusCode};
use rstest::rstest;

#[rstest]
#[case::sqlite(Engine::Sqlite)]
#[case::postgres(Engine::Postgres)]
#[tokio::test]
async fn sync_conflict_kept_by_technician_applies_entries(#[case] engine: Engine) {
    let Some(world) = world_at(engine, monday()).await else {
        return;
    };
    let staff = world.staff("nordlicht", "dispatcher").await;
    let phone = Phone::of(&world, world.staff("nordlicht", "technician").await).await;
    let tom = technician(&world, "Tom Becker").await;
    let target = planned_job(&world, &staff, "MOVED-1", 9).await;
    // Dispatch reschedules the visit in the meantime.
    let page = world.content(&staff, &move_page(&target, &tom, at(13, 0))).await;
    press(&world, &staff, &page).await;
    let old = seen((9, 0), (10, 0));
    let base = [("target", target.as_str()), ("seen", old.as_str())];
    let with = |more: &[(&'static str, &'static str)]| [&base[..], more].concat();
    assert_eq!(
        phone.entry(KEYS[0], &with(&[("step", "start_travel")])).await,
        waiting()
    );
    // The clock of the device was set back; entries stay in the order in which they were received.
    let early = [("step", "arrive"), ("noted_at", "2026-11-23T06:00:00Z")];
    world.core.clock().advance(TimeDelta::seconds(1));
    assert_eq!(phone.entry(KEYS[1], &with(&early)).await, waiting());
    world.core.clock().advance(TimeDelta::seconds(1));
    assert_eq!(phone.photo(KEYS[2], "0", png()).await, StatusCode::OK);
    let report = with(&[
        ("step", "report"),
        ("photos", "1"),
        ("summary", "Done before the move <b>was known</b>."),
        ("work_minutes", "30"),
        ("completed", "on"),
    ]);
    assert_eq!(phone.entry(KEYS[2], &report).await, waiting());
    assert_eq!(
        phone.entry(KEYS[2], &report).await,
        waiting(),
        "repeated entry gets the same response"
    );
    assert_eq!(status(&world, &target).await, "scheduled", "no entry is applied yet");
    // The page shows both versions, in the order of the entries.
    let day = world.content(&phone.browser, "/app/day").await;
    assert!(day.contains("3 sync conflicts with offline entries"), "{day}");
    let page = world.content(&phone.browser, "/app/day/sync-conflicts").await;
    for words in [
        "The appointment was rescheduled in the meantime.",
        "10:00–11:00",
        "14:00–15:00",
        "Done before the move &lt;b&gt;was known&lt;/b&gt;.",
        "Keep my version",
        "p0.jpg",
    ] {
        assert!(page.contains(words), "{words}: {page}");
    }
    // Only entries that were shown can be resolved.
    let all = KEYS[..3].join(",");
    for (action, shown) in [
        ("keep-my-entries", ""),
        ("keep-my-entries", KEYS[0]),
        ("discard-my-entries", KEYS[0]),
        ("send-entries-to-dispatch", &all[1..]),
    ] {
        let fields = [("target", target.as_str()), ("entries", shown)];
        world.send(&phone.browser, &format!("/app/fn/{action}"), &fields).await;
        assert_eq!(
            count(&world, "day_entry WHERE state = 'waiting'").await,
            "3",
            "{action}"
        );
    }
    let fields = [("target", target.as_str()), ("entries", all.as_str())];
    let to = world.send(&phone.browser, "/app/fn/keep-my-entries", &fields).await;
    assert_eq!(to, "/app/day/sync-conflicts");
    assert_eq!(status(&world, &target).await, "completed");
    assert_eq!(
        count(&world, "visit_report WHERE summary LIKE 'Done before the move%'").await,
        "1"
    );
    assert_eq!(count(&world, "day_entry WHERE form IS NOT NULL").await, "0");
    let page = world.content(&phone.browser, "/app/day/sync-conflicts").await;
    assert!(page.contains("No sync conflicts"), "{page}");
    // A resolved conflict stays resolved.
    world.send(&phone.browser, "/app/fn/discard-my-entries", &fields).await;
    assert_eq!(status(&world, &target).await, "completed");
    assert_eq!(phone.entry(KEYS[2], &report).await, done());
}

#[rstest]
#[case::sqlite(Engine::Sqlite)]
#[case::postgres(Engine::Postgres)]
#[tokio::test]
async fn sync_conflict_not_applicable_is_forwarded_or_discarded(#[case] engine: Engine) {
    let Some(world) = world_at(engine, monday()).await else {
        return;
    };
    let staff = world.staff("nordlicht", "dispatcher").await;
    let phone = Phone::of(&world, world.staff("nordlicht", "technician").await).await;
    let cancelled = planned_job(&world, &staff, "GONE-1", 9).await;
    world
        .send(
            &staff,
            "/app/fn/cancel-target",
            &[("target", cancelled.as_str()), ("reason", "No longer needed.")],
        )
        .await;
    let seen = seen((9, 0), (10, 0));
    assert_eq!(phone.photo(KEYS[0], "0", png()).await, StatusCode::OK);
    let report = [
        ("target", cancelled.as_str()),
        ("step", "report"),
        ("seen", seen.as_str()),
        ("photos", "1"),
        ("summary", "I was there all the same."),
        ("work_minutes", "20"),
    ];
    assert_eq!(phone.entry(KEYS[0], &report).await, waiting());
    let page = world.content(&phone.browser, "/app/day/sync-conflicts").await;
    assert!(
        page.contains("The job was cancelled in the meantime.") && !page.contains("Keep my version"),
        "{page}"
    );
    // A direct request cannot apply the entry either.
    world
        .send(
            &phone.browser,
            "/app/fn/keep-my-entries",
            &[("target", &cancelled), ("entries", KEYS[0])],
        )
        .await;
    assert_eq!(status(&world, &cancelled).await, "cancelled");
    let file_path = format!("/app/files/kept/{}/0", KEYS[0]);
    assert_eq!(world.get(&phone.browser, &file_path).await.0, StatusCode::OK);
    assert_eq!(
        world.get(&staff, &file_path).await.0,
        StatusCode::NOT_FOUND,
        "not visible before it is sent to dispatch"
    );
    let job_page = format!("/app/targets/{cancelled}");
    assert!(!world.content(&staff, &job_page).await.contains("I was there"));
    world
        .send(
            &phone.browser,
            "/app/fn/send-entries-to-dispatch",
            &[("target", &cancelled), ("entries", KEYS[0])],
        )
        .await;
    for list in ["/app/inbox", "/app/board"] {
        let html = world.content(&staff, list).await;
        assert!(
            html.contains("Sync conflicts sent by technicians") && html.contains(&format!("{job_page}#from-phone")),
            "{list}"
        );
    }
    let html = world.content(&staff, &job_page).await;
    assert!(
        html.contains("I was there all the same.") && html.contains(&file_path),
        "{html}"
    );
    assert_eq!(world.get(&staff, &file_path).await.0, StatusCode::OK);
    // A cancelled job has no visit that the report could be of.
    file(&world, &staff, &phone, &cancelled, KEYS[0], "planned_visit").await;
    assert_eq!(status(&world, &cancelled).await, "cancelled");
    file(&world, &staff, &phone, &cancelled, KEYS[0], "note").await;
    // What was written stays on the page of the job, also after the retention of other entries.
    world.core.clock().advance(TimeDelta::days(400));
    ordinavo_core::visits::entries::purge_old(&world.core).await.unwrap();
    world.core.clock().advance(TimeDelta::days(-400));
    let html = world.content(&staff, &job_page).await;
    assert!(html.contains("data-testid=\"kept-notes\"") && html.contains("I was there all the same."));
    assert_eq!(world.get(&staff, &file_path).await.0, StatusCode::OK);
    assert!(
        !world
            .content(&staff, "/app/inbox")
            .await
            .contains("Sync conflicts sent by technicians")
    );

    // The visit is assigned to another technician.
    let given = planned_job(&world, &staff, "GIVEN-1", 11).await;
    let aylin = technician(&world, "Aylin").await;
    let page = world.content(&staff, &move_page(&given, &aylin, at(11, 0))).await;
    press(&world, &staff, &page).await;
    let fields = [("target", given.as_str()), ("step", "start_travel")];
    assert_eq!(phone.photo(KEYS[1], "0", png()).await, StatusCode::OK);
    assert_eq!(phone.entry(KEYS[1], &fields).await, waiting());
    let dropped = format!("/app/files/kept/{}/0", KEYS[1]);
    assert_eq!(world.get(&phone.browser, &dropped).await.0, StatusCode::OK);
    let page = world.content(&phone.browser, "/app/day/sync-conflicts").await;
    assert!(page.contains("no longer assigned to this technician"), "{page}");
    assert_eq!(status(&world, &given).await, "scheduled");
    world
        .send(
            &phone.browser,
            "/app/fn/discard-my-entries",
            &[("target", &given), ("entries", KEYS[1])],
        )
        .await;
    assert_eq!(count(&world, "day_entry WHERE state = 'waiting'").await, "0");
    assert_eq!(world.get(&phone.browser, &dropped).await.0, StatusCode::NOT_FOUND);
    assert_eq!(
        count(&world, "audit_entry WHERE action = 'day_entry.decided'").await,
        "3"
    );
}

#[rstest]
#[case::sqlite(Engine::Sqlite)]
#[case::postgres(Engine::Postgres)]
#[tokio::test]
async fn stale_entry_does_not_change_visit_of_other_technician(#[case] engine: Engine) {
    let Some(world) = world_at(engine, monday()).await else {
        return;
    };
    let staff = world.staff("nordlicht", "dispatcher").await;
    let phone = Phone::of(&world, world.staff("nordlicht", "technician").await).await;
    let target = planned_job(&world, &staff, "AGAIN-1", 9).await;
    let report = [("step", "report"), ("summary", "Nobody opened."), ("work_minutes", "5")];
    for (key, fields) in [
        (0, &[("step", "start_travel")][..]),
        (1, &[("step", "arrive")]),
        (2, &report),
    ] {
        let fields = [&[("target", target.as_str())], fields].concat();
        assert_eq!(phone.entry(KEYS[key], &fields).await, done());
    }
    assert_eq!(status(&world, &target).await, "not_completed");
    // Reopened and assigned to another technician.
    world
        .send(&staff, "/app/fn/reopen-target", &[("target", target.as_str())])
        .await;
    let aylin = technician(&world, "Aylin").await;
    let page = world.content(&staff, &move_page(&target, &aylin, at(9, 0))).await;
    press(&world, &staff, &page).await;
    let seen = seen((9, 0), (10, 0));
    let fields = [
        ("target", target.as_str()),
        ("step", "start_travel"),
        ("seen", seen.as_str()),
    ];
    assert_eq!(phone.entry(KEYS[3], &fields).await, waiting());
    let report = [&[("target", target.as_str())], &report[..]].concat();
    assert_eq!(phone.entry(KEYS[4], &report).await, waiting());
    assert_eq!(status(&world, &target).await, "scheduled", "{}", world.engine);
    let page = world.content(&phone.browser, "/app/day/sync-conflicts").await;
    assert!(!page.contains("Keep my version"), "{page}");
}

#[rstest]
#[case::sqlite(Engine::Sqlite)]
#[case::postgres(Engine::Postgres)]
#[tokio::test]
async fn start_travel_from_stale_page_is_rejected(#[case] engine: Engine) {
    let Some(world) = world_at(engine, monday()).await else {
        return;
    };
    let staff = world.staff("nordlicht", "dispatcher").await;
    let technician_browser = world.staff("nordlicht", "technician").await;
    let tom = technician(&world, "Tom Becker").await;
    let target = planned_job(&world, &staff, "STALE-1", 9).await;
    let page = world.content(&staff, &move_page(&target, &tom, at(13, 0))).await;
    press(&world, &staff, &page).await;
    let old = seen((9, 0), (10, 0));
    let fields = [("target", target.as_str()), ("seen", old.as_str())];
    let back = world.send(&technician_browser, "/app/fn/start-travel", &fields).await;
    let html = world.content(&technician_browser, &back).await;
    assert!(
        html.contains("role=\"alert\"") && html.contains("14:00–15:00"),
        "{html}"
    );
    assert_eq!(status(&world, &target).await, "scheduled");
    let new = seen((13, 0), (14, 0));
    let fields = [("target", target.as_str()), ("seen", new.as_str())];
    for _ in 0..2 {
        world.send(&technician_browser, "/app/fn/start-travel", &fields).await;
    }
    assert_eq!(status(&world, &target).await, "en_route");
}

/// Decides about the entries that a technician has sent to dispatch.
async fn file(world: &World, staff: &Client, phone: &Phone<'_>, target: &str, keys: &str, filing: &str) {
    let fields = [
        ("target", target),
        ("technician", phone.person.as_str()),
        ("entries", keys),
        ("filing", filing),
    ];
    world.send(staff, "/app/fn/resolve-sync-conflict", &fields).await;
}

/// A technician was there and wrote a report offline, but the job was given to another technician meanwhile.
async fn report_for_moved_job(
    world: &World,
    staff: &Client,
    phone: &Phone<'_>,
    external_id: &str,
    key: &str,
) -> String {
    let target = planned_job(world, staff, external_id, 9).await;
    let aylin = technician(world, "Aylin").await;
    let page = world.content(staff, &move_page(&target, &aylin, at(14, 0))).await;
    press(world, staff, &page).await;
    let seen = seen((9, 0), (10, 0));
    assert_eq!(phone.photo(key, "0", png()).await, StatusCode::OK);
    let report = [
        ("target", target.as_str()),
        ("step", "report"),
        ("seen", seen.as_str()),
        ("photos", "1"),
        ("summary", "Bearing replaced before the move."),
        ("work_minutes", "35"),
        ("completed", "on"),
    ];
    assert_eq!(phone.entry(key, &report).await, waiting());
    let fields = [("target", target.as_str()), ("entries", key)];
    world
        .send(&phone.browser, "/app/fn/send-entries-to-dispatch", &fields)
        .await;
    target
}

#[rstest]
#[case::sqlite(Engine::Sqlite)]
#[case::postgres(Engine::Postgres)]
#[tokio::test]
async fn forwarded_report_filed_as_planned_visit_ends_job(#[case] engine: Engine) {
    let Some(world) = world_at(engine, monday()).await else {
        return;
    };
    let staff = world.staff("nordlicht", "dispatcher").await;
    let phone = Phone::of(&world, world.staff("nordlicht", "technician").await).await;
    let target = report_for_moved_job(&world, &staff, &phone, "FILE-1", KEYS[0]).await;
    // Somebody who saw fewer entries decides about nothing.
    file(&world, &staff, &phone, &target, KEYS[1], "planned_visit").await;
    assert_eq!(status(&world, &target).await, "scheduled");
    file(&world, &staff, &phone, &target, KEYS[0], "planned_visit").await;
    assert_eq!(status(&world, &target).await, "completed");
    let rows = world
        .texts("SELECT r.status, s.display_name, a.status, CAST(r.work_minutes AS TEXT) FROM visit_report r JOIN staff_account s ON s.id = r.technician_id JOIN appointment a ON a.id = r.appointment_id WHERE r.summary = 'Bearing replaced before the move.'")
        .await;
    let [row] = rows.as_slice() else { panic!("{rows:?}") };
    assert!(row[1].starts_with("Tom Becker"), "{row:?}");
    assert_eq!([&row[0], &row[2], &row[3]], ["submitted", "done", "35"]);
    assert_eq!(count(&world, "appointment WHERE status = 'planned' AND target_id = (SELECT target_id FROM visit_report WHERE summary = 'Bearing replaced before the move.')").await, "0");
    assert_eq!(count(&world, "attachment WHERE visit_report_id = (SELECT id FROM visit_report WHERE summary = 'Bearing replaced before the move.')").await, "1");
    let page = world.content(&staff, &format!("/app/targets/{target}")).await;
    assert!(!page.contains("id=\"from-phone\"") && page.contains("/app/reports/vrp_"));
}

#[rstest]
#[case::sqlite(Engine::Sqlite)]
#[case::postgres(Engine::Postgres)]
#[tokio::test]
async fn forwarded_report_filed_as_additional_visit_keeps_job(#[case] engine: Engine) {
    let Some(world) = world_at(engine, monday()).await else {
        return;
    };
    let staff = world.staff("nordlicht", "dispatcher").await;
    let phone = Phone::of(&world, world.staff("nordlicht", "technician").await).await;
    let target = report_for_moved_job(&world, &staff, &phone, "FILE-2", KEYS[0]).await;
    file(&world, &staff, &phone, &target, KEYS[0], "additional_visit").await;
    assert_eq!(status(&world, &target).await, "scheduled");
    let planned = "appointment WHERE status = 'planned' AND target_id = (SELECT target_id FROM visit_report WHERE summary = 'Bearing replaced before the move.')";
    assert_eq!(count(&world, planned).await, "1", "{}", world.engine);
    assert_eq!(count(&world, "day_entry WHERE state = 'done'").await, "1");
    // The colleague's own visit and report follow.
    let aylin = world.content(&staff, &format!("/app/targets/{target}")).await;
    assert!(aylin.contains("Aylin") && !aylin.contains("id=\"from-phone\""));
}
