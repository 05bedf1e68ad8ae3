//! Sync conflicts: entries that conflict with later changes are kept until they are resolved.

use super::{KEYS, Phone, count, done, planned_job, seen, status, waiting};
use crate::scheduling::board::{at, monday, move_page, press, technician};
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
    assert_eq!(phone.entry(KEYS[0], &with(&[("step", "set_out")])).await, waiting());
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
    let file = format!("/app/files/kept/{}/0", KEYS[0]);
    assert_eq!(world.get(&phone.browser, &file).await.0, StatusCode::OK);
    assert_eq!(
        world.get(&staff, &file).await.0,
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
        html.contains("I was there all the same.") && html.contains(&file),
        "{html}"
    );
    assert_eq!(world.get(&staff, &file).await.0, StatusCode::OK);
    world
        .send(
            &staff,
            "/app/fn/resolve-sync-conflict",
            &[("target", &cancelled), ("entries", KEYS[0])],
        )
        .await;
    assert!(!world.content(&staff, &job_page).await.contains("I was there"));
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
    let fields = [("target", given.as_str()), ("step", "set_out")];
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
        (0, &[("step", "set_out")][..]),
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
        ("step", "set_out"),
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
