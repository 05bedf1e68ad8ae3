//! Offline entries: processed once, with their own time, and private to their technician.

use super::{KEYS, Phone, count, done, planned_job, seen, status};
use crate::scheduling::board::monday;
use crate::support::public::png;
use crate::support::world_at;
use ordinavo_core::Engine;
use reqwest::StatusCode;
use rstest::rstest;

#[rstest]
#[case::sqlite(Engine::Sqlite)]
#[case::postgres(Engine::Postgres)]
#[tokio::test]
async fn entry_sent_repeatedly_is_processed_once(#[case] engine: Engine) {
    let Some(world) = world_at(engine, monday()).await else {
        return;
    };
    let staff = world.staff("nordlicht", "dispatcher").await;
    let phone = Phone::of(&world, world.staff("nordlicht", "technician").await).await;
    let target = planned_job(&world, &staff, "PHONE-1", 9).await;
    let seen = seen((9, 0), (10, 0));
    let notes = count(&world, "timeline_entry WHERE kind = 'target_en_route'").await;
    let fields = [
        ("target", target.as_str()),
        ("step", "start_travel"),
        ("seen", seen.as_str()),
    ];
    let all = tokio::join!(
        phone.entry(KEYS[0], &fields),
        phone.entry(KEYS[0], &fields),
        phone.entry(KEYS[0], &fields)
    );
    assert_eq!((all.0, all.1, all.2), (done(), done(), done()), "{}", world.engine);
    assert_eq!(phone.entry(KEYS[0], &fields).await, done());
    assert_eq!(status(&world, &target).await, "en_route");
    let after = count(&world, "timeline_entry WHERE kind = 'target_en_route'").await;
    assert_eq!(after.parse::<u32>().unwrap(), notes.parse::<u32>().unwrap() + 1);
    // The history has the time of the entry, not of its upload.
    let time = world
        .texts("SELECT CAST(at AS TEXT) FROM timeline_entry WHERE kind = 'target_en_route' ORDER BY id DESC LIMIT 1")
        .await;
    assert!(time[0][0].contains("07:12:00"), "{time:?}");
    // Another key for a status that is already reached changes nothing.
    assert_eq!(phone.entry(KEYS[1], &fields).await, done());
    let again = count(&world, "timeline_entry WHERE kind = 'target_en_route'").await;
    assert_eq!(again, after);

    let fields = [("target", target.as_str()), ("step", "arrive"), ("seen", seen.as_str())];
    assert_eq!(phone.entry(KEYS[2], &fields).await, done());
    // A report is rejected until its photos are uploaded.
    let report = [
        ("target", target.as_str()),
        ("step", "report"),
        ("seen", seen.as_str()),
        ("photos", "2"),
        ("summary", "Pump replaced."),
        ("work_minutes", "45"),
        ("material", "2 x Seal\n1,5 m Hose"),
        ("signed_by", "Petra Schulte"),
        ("signature", "M10 20L30 40L50 60"),
        ("completed", "on"),
    ];
    let (refused, _) = phone.entry(KEYS[3], &report).await;
    assert_eq!(refused, StatusCode::PRECONDITION_FAILED);
    // A photo can be as large as in the report form.
    let large = [png(), vec![0; 14 << 20]].concat();
    for (position, photo) in [("0", large), ("1", png()), ("0", png())] {
        assert_eq!(phone.photo(KEYS[3], position, photo).await, StatusCode::OK);
    }
    let too_large = [png(), vec![0; 16 << 20]].concat();
    assert!(phone.photo(KEYS[4], "0", too_large).await.is_client_error());
    let both = tokio::join!(phone.entry(KEYS[3], &report), phone.entry(KEYS[3], &report));
    assert_eq!((both.0, both.1), (done(), done()), "{}", world.engine);
    assert_eq!(status(&world, &target).await, "completed");
    let rows = world
        .texts("SELECT CAST(written_at AS TEXT), material, signed_by, signature FROM visit_report WHERE summary = 'Pump replaced.'")
        .await;
    assert_eq!(rows.len(), 1);
    assert!(rows[0][0].contains("07:12:00"), "{rows:?}");
    assert_eq!(
        rows[0][1..],
        ["2 x Seal\n1.5 x m Hose", "Petra Schulte", "M10 20L30 40L50 60"]
    );
    let files = count(
        &world,
        "attachment a JOIN visit_report r ON r.id = a.visit_report_id WHERE r.summary = 'Pump replaced.'",
    )
    .await;
    assert_eq!(files, "2");
    // The manager sees the complete report.
    let manager = world.staff("nordlicht", "manager").await;
    let list = world.content(&manager, "/app/reports").await;
    let page = list
        .split("href=\"/app/reports/vrp_")
        .nth(1)
        .map(|rest| rest.split('"').next().unwrap());
    let page = world
        .content(&manager, &format!("/app/reports/vrp_{}", page.unwrap()))
        .await;
    for words in [
        "Written on site",
        "Seal",
        "Petra Schulte",
        "M10 20L30 40L50 60",
        "p1.jpg",
    ] {
        assert!(page.contains(words), "{words}: {page}");
    }
}

#[rstest]
#[case::sqlite(Engine::Sqlite)]
#[case::postgres(Engine::Postgres)]
#[tokio::test]
async fn entry_with_wrong_clock_is_clamped_to_one_month(#[case] engine: Engine) {
    let Some(world) = world_at(engine, monday()).await else {
        return;
    };
    let staff = world.staff("nordlicht", "dispatcher").await;
    let phone = Phone::of(&world, world.staff("nordlicht", "technician").await).await;
    for (index, (sent, stored)) in [
        ("2031-01-01T00:00:00Z", "2026-11-23"),
        ("1999-01-01T00:00:00Z", "2026-10-24"),
    ]
    .into_iter()
    .enumerate()
    {
        let hour = if index == 0 { 9 } else { 13 };
        let target = planned_job(&world, &staff, &format!("CLOCK-{index}"), hour).await;
        let fields = [
            ("target", target.as_str()),
            ("step", "start_travel"),
            ("noted_at", sent),
        ];
        assert_eq!(phone.entry(KEYS[index], &fields).await, done());
        let rows = world
            .texts("SELECT CAST(noted_at AS TEXT) FROM day_entry ORDER BY received_at DESC, id DESC LIMIT 1")
            .await;
        assert!(rows[0][0].starts_with(stored), "{rows:?}");
        // The next one can start only after this one is taken back.
        world
            .send(&staff, "/app/fn/revert-travel-of-technician", &[("target", &target)])
            .await;
    }
}

#[rstest]
#[case::sqlite(Engine::Sqlite)]
#[case::postgres(Engine::Postgres)]
#[tokio::test]
async fn entries_of_others_are_rejected_and_hidden(#[case] engine: Engine) {
    let Some(world) = world_at(engine, monday()).await else {
        return;
    };
    let staff = world.staff("nordlicht", "dispatcher").await;
    let phone = Phone::of(&world, world.staff("nordlicht", "technician").await).await;
    let account = world
        .tenant("nordlicht")
        .staff
        .iter()
        .find(|account| account.email.starts_with("technician2"))
        .unwrap()
        .clone();
    let browser = world.browser("/app", &account.email, &account.password).await;
    let other = Phone::of(&world, browser).await;
    let foreign = Phone::of(&world, world.staff("suedwind", "technician").await).await;
    let target = planned_job(&world, &staff, "OWN-1", 9).await;
    let fields = [("target", target.as_str()), ("step", "start_travel")];
    // In the session of another user, the entry stays queued on the device.
    let theirs = [&fields[..], &[("person", phone.person.as_str())]].concat();
    assert_eq!(other.entry(KEYS[0], &theirs).await.0, StatusCode::FORBIDDEN);
    for stranger in [&other, &foreign] {
        assert_eq!(stranger.entry(KEYS[0], &fields).await.0, StatusCode::NOT_FOUND);
    }
    assert_eq!(status(&world, &target).await, "scheduled");
    assert_eq!(phone.photo(KEYS[1], "0", png()).await, StatusCode::OK);
    // The key of another user is not accepted.
    assert_eq!(other.photo(KEYS[1], "1", png()).await, StatusCode::NOT_FOUND);
    assert_eq!(phone.entry(KEYS[0], &fields).await, done());
    assert_eq!(other.entry(KEYS[0], &fields).await.0, StatusCode::NOT_FOUND);
    // For another tenant, the key is new and the job does not exist.
    assert_eq!(foreign.entry(KEYS[0], &fields).await.0, StatusCode::NOT_FOUND);
    let file = format!("/app/files/kept/{}/0", KEYS[1]);
    for browser in [&other.browser, &foreign.browser, &staff] {
        assert_eq!(world.get(browser, &file).await.0, StatusCode::NOT_FOUND);
    }
    for action in ["keep-my-entries", "send-entries-to-dispatch", "discard-my-entries"] {
        let to = world
            .send(&other.browser, &format!("/app/fn/{action}"), &[("target", &target)])
            .await;
        assert_eq!(to, "/app/day/sync-conflicts");
    }
    // Invalid input is rejected and leaves nothing behind.
    for (field, value) in [
        ("key", "x"),
        ("key", "00000000-0000-0000-0000-000000000000"),
        ("step", "fly"),
        ("noted_at", "yesterday"),
        ("seen", "x/y"),
        ("photos", "11"),
        ("photos", "-1"),
    ] {
        let fields = [("target", target.as_str()), ("step", "arrive"), (field, value)];
        let fields: Vec<_> = fields
            .iter()
            .filter(|(name, sent)| *name != field || *sent == value)
            .copied()
            .collect();
        let form = phone.form(if field == "key" { value } else { KEYS[2] }, &fields[..]);
        let (status, _) = phone.post("send-entry", form).await;
        assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY, "{field} {value}");
    }
    for (position, bytes) in [("0", b"<svg/>".to_vec()), ("10", png()), ("x", png())] {
        let status = phone.photo(KEYS[3], position, bytes).await;
        assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY, "{position}");
    }
    // Errors are returned as text, with the field names.
    let form = phone.form(
        KEYS[2],
        &[("target", target.as_str()), ("step", "report"), ("work_minutes", "9x")],
    );
    let (status, message) = phone.post("send-entry", form).await;
    assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY);
    for words in ["Summary: ", "Work time (minutes): "] {
        assert!(message.contains(words), "{words} {message}");
    }
    assert_eq!(count(&world, "day_entry").await, "1");
    let gone = phone.entry(KEYS[2], &[("target", "tgt_x"), ("step", "arrive")]).await;
    assert_eq!(gone.0, StatusCode::NOT_FOUND);
}
