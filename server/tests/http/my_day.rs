//! My day: what a phone sends is taken once, what does not fit is kept until somebody decides, and nobody sends or sees
//! what somebody else noted.

use crate::board::{at, job, monday, move_page, press, technician, works};
use crate::support::public::png;
use crate::support::{OWN_PAGE, World, worlds_at};
use chrono::{TimeDelta, TimeZone as _, Utc};
use domain::day_entries::SeenAppointment;
use reqwest::multipart::{Form, Part};
use reqwest::{Client, StatusCode};
use serde_json::json;

const KEYS: [&str; 6] = [
    "0f3f7d1a-6a55-4a0e-8d63-5b7f9f0c0001",
    "0f3f7d1a-6a55-4a0e-8d63-5b7f9f0c0002",
    "0f3f7d1a-6a55-4a0e-8d63-5b7f9f0c0003",
    "0f3f7d1a-6a55-4a0e-8d63-5b7f9f0c0004",
    "0f3f7d1a-6a55-4a0e-8d63-5b7f9f0c0005",
    "0f3f7d1a-6a55-4a0e-8d63-5b7f9f0c0006",
];
const NOTED: &str = "2026-11-23T07:12:00Z";

/// A phone: a browser with the id of whoever is signed in.
struct Phone<'a> {
    world: &'a World,
    browser: Client,
    person: String,
}

impl<'a> Phone<'a> {
    async fn of(world: &'a World, browser: Client) -> Self {
        let html = world.content(&browser, "/app/day").await;
        let person = html.split("data-keeper=\"").nth(1).unwrap().split('"').next().unwrap();
        Self {
            world,
            person: person.to_owned(),
            browser,
        }
    }

    async fn post(&self, act: &str, form: Form) -> (StatusCode, String) {
        let answer = self
            .browser
            .post(format!("{}/app/fn/{act}", self.world.url))
            .header(OWN_PAGE.0, OWN_PAGE.1)
            .header("accept", "application/json")
            .multipart(form)
            .send()
            .await
            .unwrap();
        (answer.status(), answer.text().await.unwrap())
    }

    fn form(&self, key: &str, fields: &[(&str, &str)]) -> Form {
        let base = [("key", key), ("person", self.person.as_str()), ("noted_at", NOTED)];
        let is_told = |name: &str| fields.iter().any(|(told, _)| *told == name);
        let base = base.into_iter().filter(|(name, _)| !is_told(name));
        base.chain(fields.iter().copied())
            .fold(Form::new(), |form, (name, value)| {
                form.text(name.to_owned(), value.to_owned())
            })
    }

    async fn entry(&self, key: &str, fields: &[(&str, &str)]) -> (StatusCode, String) {
        self.post("send-entry", self.form(key, fields)).await
    }

    async fn photo(&self, key: &str, position: &str, bytes: Vec<u8>) -> StatusCode {
        let form = self
            .form(key, &[("position", position)])
            .part("photo", Part::bytes(bytes).file_name(format!("p{position}.png")));
        self.post("send-photo", form).await.0
    }
}

fn done() -> (StatusCode, String) {
    (StatusCode::OK, "\"done\"".to_owned())
}

fn waiting() -> (StatusCode, String) {
    (StatusCode::OK, "\"waiting\"".to_owned())
}

fn seen(from: (u32, u32), until: (u32, u32)) -> String {
    SeenAppointment {
        starts_at: at(from.0, from.1),
        ends_at: at(until.0, until.1),
    }
    .text()
}

/// A job that is planned for Tom from ten to eleven, in the world's time nine to ten.
async fn planned_job(world: &World, staff: &Client, external_id: &str, hour: u32) -> String {
    let tom = technician(world, "Tom Becker").await;
    let target = job(world, external_id, json!({})).await;
    let page = world.content(staff, &move_page(&target, &tom, at(hour, 0))).await;
    press(world, staff, &page).await;
    target
}

async fn status(world: &World, target: &str) -> String {
    let id: domain::ids::TargetId = target.parse().unwrap();
    let is_own = if world.engine == "sqlite" {
        format!("hex(id) = '{}'", id.uuid().simple().to_string().to_uppercase())
    } else {
        format!("id = '{}'", id.uuid())
    };
    world.texts(&format!("SELECT status FROM target WHERE {is_own}")).await[0][0].clone()
}

async fn count(world: &World, what: &str) -> String {
    world.texts(&format!("SELECT CAST(count(*) AS TEXT) FROM {what}")).await[0][0].clone()
}

#[tokio::test]
async fn an_entry_is_taken_once_however_often_it_is_sent() {
    for world in worlds_at(monday()).await {
        let staff = world.staff("nordlicht", "dispatcher").await;
        let phone = Phone::of(&world, world.staff("nordlicht", "technician").await).await;
        let target = planned_job(&world, &staff, "PHONE-1", 9).await;
        let seen = seen((9, 0), (10, 0));
        let notes = count(&world, "timeline_entry WHERE kind = 'target_en_route'").await;
        let fields = [
            ("target", target.as_str()),
            ("step", "set_out"),
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
        // The history says when it was, not when it came.
        let time = world
            .texts(
                "SELECT CAST(at AS TEXT) FROM timeline_entry WHERE kind = 'target_en_route' ORDER BY id DESC LIMIT 1",
            )
            .await;
        assert!(time[0][0].contains("07:12:00"), "{time:?}");
        // Another key for what already is so changes nothing either.
        assert_eq!(phone.entry(KEYS[1], &fields).await, done());
        let again = count(&world, "timeline_entry WHERE kind = 'target_en_route'").await;
        assert_eq!(again, after);

        let fields = [("target", target.as_str()), ("step", "arrive"), ("seen", seen.as_str())];
        assert_eq!(phone.entry(KEYS[2], &fields).await, done());
        // Photos first: a report whose photos are not there yet waits on the phone.
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
        // A photo may be as large as one of a report.
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
        // The manager sees all of it.
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
}

#[tokio::test]
async fn a_clock_that_is_wrong_is_believed_within_a_month() {
    for world in worlds_at(monday()).await {
        let staff = world.staff("nordlicht", "dispatcher").await;
        let phone = Phone::of(&world, world.staff("nordlicht", "technician").await).await;
        for (index, (told, kept)) in [
            ("2031-01-01T00:00:00Z", "2026-11-23"),
            ("1999-01-01T00:00:00Z", "2026-10-24"),
        ]
        .into_iter()
        .enumerate()
        {
            let hour = if index == 0 { 9 } else { 13 };
            let target = planned_job(&world, &staff, &format!("CLOCK-{index}"), hour).await;
            let fields = [("target", target.as_str()), ("step", "set_out"), ("noted_at", told)];
            assert_eq!(phone.entry(KEYS[index], &fields).await, done());
            let rows = world
                .texts("SELECT CAST(noted_at AS TEXT) FROM day_entry ORDER BY received_at DESC, id DESC LIMIT 1")
                .await;
            assert!(rows[0][0].starts_with(kept), "{rows:?}");
        }
    }
}

#[tokio::test]
async fn what_no_longer_fits_is_kept_whole_and_its_technician_decides() {
    for world in worlds_at(monday()).await {
        let staff = world.staff("nordlicht", "dispatcher").await;
        let phone = Phone::of(&world, world.staff("nordlicht", "technician").await).await;
        let tom = technician(&world, "Tom Becker").await;
        let target = planned_job(&world, &staff, "MOVED-1", 9).await;
        // Meanwhile dispatch agrees another time.
        let page = world.content(&staff, &move_page(&target, &tom, at(13, 0))).await;
        press(&world, &staff, &page).await;
        let old = seen((9, 0), (10, 0));
        let base = [("target", target.as_str()), ("seen", old.as_str())];
        let with = |more: &[(&'static str, &'static str)]| [&base[..], more].concat();
        assert_eq!(phone.entry(KEYS[0], &with(&[("step", "set_out")])).await, waiting());
        // The phone's clock was set back in between; what came first is first all the same.
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
        assert_eq!(phone.entry(KEYS[2], &report).await, waiting(), "sent again, the same");
        assert_eq!(status(&world, &target).await, "scheduled", "nothing of it holds yet");
        // Both versions, in the order in which they were noted.
        let day = world.content(&phone.browser, "/app/day").await;
        assert!(day.contains("3 entries did not fit"), "{day}");
        let page = world.content(&phone.browser, "/app/day/kept").await;
        for words in [
            "Another time was agreed meanwhile.",
            "10:00–11:00",
            "14:00–15:00",
            "Done before the move &lt;b&gt;was known&lt;/b&gt;.",
            "Let mine hold",
            "p0.jpg",
        ] {
            assert!(page.contains(words), "{words}: {page}");
        }
        // Nothing is decided that was not on the screen.
        let all = KEYS[..3].join(",");
        for (act, shown) in [
            ("use-my-entries", ""),
            ("use-my-entries", KEYS[0]),
            ("discard-my-entries", KEYS[0]),
            ("hand-over-my-entries", &all[1..]),
        ] {
            let fields = [("target", target.as_str()), ("entries", shown)];
            world.send(&phone.browser, &format!("/app/fn/{act}"), &fields).await;
            assert_eq!(count(&world, "day_entry WHERE state = 'waiting'").await, "3", "{act}");
        }
        let fields = [("target", target.as_str()), ("entries", all.as_str())];
        let to = world.send(&phone.browser, "/app/fn/use-my-entries", &fields).await;
        assert_eq!(to, "/app/day/kept");
        assert_eq!(status(&world, &target).await, "completed");
        assert_eq!(
            count(&world, "visit_report WHERE summary LIKE 'Done before the move%'").await,
            "1"
        );
        assert_eq!(count(&world, "day_entry WHERE form IS NOT NULL").await, "0");
        let page = world.content(&phone.browser, "/app/day/kept").await;
        assert!(page.contains("Nothing to decide"), "{page}");
        // Decided is decided.
        world.send(&phone.browser, "/app/fn/discard-my-entries", &fields).await;
        assert_eq!(status(&world, &target).await, "completed");
        assert_eq!(phone.entry(KEYS[2], &report).await, done());
    }
}

#[tokio::test]
async fn what_cannot_hold_goes_to_dispatch_or_is_dropped_on_purpose() {
    for world in worlds_at(monday()).await {
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
        let page = world.content(&phone.browser, "/app/day/kept").await;
        assert!(
            page.contains("The job was cancelled meanwhile.") && !page.contains("Let mine hold"),
            "{page}"
        );
        // Nor by asking for it.
        world
            .send(
                &phone.browser,
                "/app/fn/use-my-entries",
                &[("target", &cancelled), ("entries", KEYS[0])],
            )
            .await;
        assert_eq!(status(&world, &cancelled).await, "cancelled");
        let file = format!("/app/files/kept/{}/0", KEYS[0]);
        assert_eq!(world.get(&phone.browser, &file).await.0, StatusCode::OK);
        assert_eq!(
            world.get(&staff, &file).await.0,
            StatusCode::NOT_FOUND,
            "not before it is handed over"
        );
        let job_page = format!("/app/targets/{cancelled}");
        assert!(!world.content(&staff, &job_page).await.contains("I was there"));
        world
            .send(
                &phone.browser,
                "/app/fn/hand-over-my-entries",
                &[("target", &cancelled), ("entries", KEYS[0])],
            )
            .await;
        for list in ["/app/inbox", "/app/board"] {
            let html = world.content(&staff, list).await;
            assert!(
                html.contains("Handed over by technicians") && html.contains(&format!("{job_page}#from-phone")),
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
                "/app/fn/settle-entries",
                &[("target", &cancelled), ("entries", KEYS[0])],
            )
            .await;
        assert!(!world.content(&staff, &job_page).await.contains("I was there"));
        assert!(!world.content(&staff, "/app/inbox").await.contains("Handed over"));

        // Given to somebody else: the visit is not the technician's any more.
        let given = planned_job(&world, &staff, "GIVEN-1", 11).await;
        let aylin = technician(&world, "Aylin").await;
        let page = world.content(&staff, &move_page(&given, &aylin, at(11, 0))).await;
        press(&world, &staff, &page).await;
        let fields = [("target", given.as_str()), ("step", "set_out")];
        assert_eq!(phone.photo(KEYS[1], "0", png()).await, StatusCode::OK);
        assert_eq!(phone.entry(KEYS[1], &fields).await, waiting());
        let dropped = format!("/app/files/kept/{}/0", KEYS[1]);
        assert_eq!(world.get(&phone.browser, &dropped).await.0, StatusCode::OK);
        let page = world.content(&phone.browser, "/app/day/kept").await;
        assert!(page.contains("no longer planned for this technician"), "{page}");
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
}

#[tokio::test]
async fn an_entry_from_before_does_not_move_somebody_elses_visit() {
    for world in worlds_at(monday()).await {
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
        // Opened again and given to somebody else.
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
        let page = world.content(&phone.browser, "/app/day/kept").await;
        assert!(!page.contains("Let mine hold"), "{page}");
    }
}

#[tokio::test]
async fn nobody_sends_or_sees_what_somebody_else_noted() {
    for world in worlds_at(monday()).await {
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
        let fields = [("target", target.as_str()), ("step", "set_out")];
        // The session of another person: the entry waits on the phone.
        let theirs = [&fields[..], &[("person", phone.person.as_str())]].concat();
        assert_eq!(other.entry(KEYS[0], &theirs).await.0, StatusCode::FORBIDDEN);
        for stranger in [&other, &foreign] {
            assert_eq!(stranger.entry(KEYS[0], &fields).await.0, StatusCode::NOT_FOUND);
        }
        assert_eq!(status(&world, &target).await, "scheduled");
        assert_eq!(phone.photo(KEYS[1], "0", png()).await, StatusCode::OK);
        // Somebody else's key is nobody's.
        assert_eq!(other.photo(KEYS[1], "1", png()).await, StatusCode::NOT_FOUND);
        assert_eq!(phone.entry(KEYS[0], &fields).await, done());
        assert_eq!(other.entry(KEYS[0], &fields).await.0, StatusCode::NOT_FOUND);
        // In another organisation it is a key like any other, of a job that is not there.
        assert_eq!(foreign.entry(KEYS[0], &fields).await.0, StatusCode::NOT_FOUND);
        let file = format!("/app/files/kept/{}/0", KEYS[1]);
        for browser in [&other.browser, &foreign.browser, &staff] {
            assert_eq!(world.get(browser, &file).await.0, StatusCode::NOT_FOUND);
        }
        for act in ["use-my-entries", "hand-over-my-entries", "discard-my-entries"] {
            let to = world
                .send(&other.browser, &format!("/app/fn/{act}"), &[("target", &target)])
                .await;
            assert_eq!(to, "/app/day/kept");
        }
        // What makes no sense is refused and leaves nothing behind.
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
                .filter(|(name, told)| *name != field || *told == value)
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
        // What is wrong is told in words, with the name of its field.
        let form = phone.form(
            KEYS[2],
            &[("target", target.as_str()), ("step", "report"), ("work_minutes", "9x")],
        );
        let (status, said) = phone.post("send-entry", form).await;
        assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY);
        for words in ["Summary: ", "Minutes: "] {
            assert!(said.contains(words), "{words} {said}");
        }
        assert_eq!(count(&world, "day_entry").await, "1");
        let gone = phone.entry(KEYS[2], &[("target", "tgt_x"), ("step", "arrive")]).await;
        assert_eq!(gone.0, StatusCode::NOT_FOUND);
    }
}

#[tokio::test]
async fn an_own_report_is_there_to_read_and_one_that_came_back_is_found_on_any_day() {
    for world in worlds_at(monday()).await {
        let staff = world.staff("nordlicht", "dispatcher").await;
        let manager = world.staff("nordlicht", "manager").await;
        let phone = Phone::of(&world, world.staff("nordlicht", "technician").await).await;
        let target = planned_job(&world, &staff, "OWN-1", 9).await;
        let page = format!("/app/day/{target}");
        for (key, step) in [(KEYS[0], "set_out"), (KEYS[1], "arrive")] {
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
        for words in [
            "What you handed in",
            "The seal &lt;b&gt;leaked&lt;/b&gt;.",
            "M10 10L20 20",
            "p0.jpg",
        ] {
            assert!(html.contains(words), "{words} {html}");
        }
        assert!(
            !world
                .content(&phone.browser, "/app/day?date=2026-11-30")
                .await
                .contains("came back")
        );

        let job = world.content(&manager, &format!("/app/targets/{target}")).await;
        let id = job.split("/app/reports/").nth(1).unwrap().split('"').next().unwrap();
        let fields = [("report", id), ("reason", "Which seal?")];
        world.send(&manager, "/app/fn/send-back-report", &fields).await;
        let day = world.content(&phone.browser, "/app/day?date=2026-11-30").await;
        assert!(day.contains("One report came back") && day.contains(&page), "{day}");
        // It is filled in as it was, with the signature and the photo that are there.
        let html = world.content(&phone.browser, &page).await;
        for words in ["Which seal?", "value=\"M10 10L20 20\"", "p0.jpg"] {
            assert!(html.contains(words), "{words} {html}");
        }
        assert!(!html.contains("name=\"completed\""), "what became of the job stays");
        let corrected = report(&[("summary", "The lower seal leaked.")]);
        // What another phone wrote before it came back is no answer to why it did.
        let stale = [("noted_at", "2026-11-22T07:00:00Z"), ("target", target.as_str())];
        let fields: Vec<_> = report(&[("summary", "Old.")]).into_iter().chain(stale).collect();
        assert_eq!(phone.entry(KEYS[4], &fields).await, waiting());
        let fields = [("target", target.as_str()), ("entries", KEYS[4])];
        world.send(&phone.browser, "/app/fn/discard-my-entries", &fields).await;
        let now = [("noted_at", "2040-01-01T00:00:00Z"), ("target", target.as_str())];
        let fields: Vec<_> = corrected.into_iter().chain(now).collect();
        assert_eq!(phone.entry(KEYS[3], &fields).await, done());
        let kept =
            "visit_report WHERE summary = 'The lower seal leaked.' AND status = 'submitted' AND signature IS NULL";
        assert_eq!(count(&world, kept).await, "1");
        assert!(!world.content(&phone.browser, "/app/day").await.contains("came back"));
    }
}

#[tokio::test]
async fn a_visit_that_is_over_stays_so_when_its_job_goes_on() {
    for world in worlds_at(monday()).await {
        let staff = world.staff("nordlicht", "dispatcher").await;
        let manager = world.staff("nordlicht", "manager").await;
        let phone = Phone::of(&world, world.staff("nordlicht", "technician").await).await;
        let tom = technician(&world, "Tom Becker").await;
        let target = planned_job(&world, &staff, "AGAIN-1", 9).await;
        let first = seen((9, 0), (10, 0));
        for (key, step) in [(KEYS[0], "set_out"), (KEYS[1], "arrive"), (KEYS[2], "report")] {
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
        // It is planned again, for the same person on the same day.
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
        // The first visit's report comes back; both can be gone on with.
        let fields = [("report", report.as_str()), ("reason", "Whom did you call?")];
        world.send(&manager, "/app/fn/send-back-report", &fields).await;
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
        let second = seen((13, 0), (14, 0));
        let fields = [
            ("target", target.as_str()),
            ("step", "set_out"),
            ("seen", second.as_str()),
        ];
        assert_eq!(phone.entry(KEYS[4], &fields).await, done());
        assert_eq!(status(&world, &target).await, "en_route");
    }
}

#[tokio::test]
async fn a_page_that_is_out_of_date_sends_nobody_on_the_way() {
    for world in worlds_at(monday()).await {
        let staff = world.staff("nordlicht", "dispatcher").await;
        let technician_browser = world.staff("nordlicht", "technician").await;
        let tom = technician(&world, "Tom Becker").await;
        let target = planned_job(&world, &staff, "STALE-1", 9).await;
        let page = world.content(&staff, &move_page(&target, &tom, at(13, 0))).await;
        press(&world, &staff, &page).await;
        let old = seen((9, 0), (10, 0));
        let fields = [("target", target.as_str()), ("seen", old.as_str())];
        let back = world.send(&technician_browser, "/app/fn/set-out", &fields).await;
        let html = world.content(&technician_browser, &back).await;
        assert!(
            html.contains("role=\"alert\"") && html.contains("14:00–15:00"),
            "{html}"
        );
        assert_eq!(status(&world, &target).await, "scheduled");
        let new = seen((13, 0), (14, 0));
        let fields = [("target", target.as_str()), ("seen", new.as_str())];
        for _ in 0..2 {
            world.send(&technician_browser, "/app/fn/set-out", &fields).await;
        }
        assert_eq!(status(&world, &target).await, "en_route");
    }
}

#[tokio::test]
async fn day_and_sheet_are_right_on_clock_changes_by_night_and_in_another_zone() {
    for world in worlds_at(monday()).await {
        let admin = world.staff("nordlicht", "admin").await;
        let own = world.staff("nordlicht", "technician").await;
        let tom = technician(&world, "Tom Becker").await;
        works(&world, &admin, &tom, "Europe/Berlin", ("22:00", "06:00")).await;
        let moment = |day: (i32, u32, u32), hour, minute| {
            Utc.with_ymd_and_hms(day.0, day.1, day.2, hour, minute, 0)
                .single()
                .unwrap()
        };
        // In the night to 28 March 2027 Berlin's clock skips from two to three.
        for (external_id, when) in [
            ("SHEET-1", moment((2027, 3, 27), 22, 30)),
            ("SHEET-2", moment((2027, 3, 28), 1, 30)),
            ("SHEET-3", moment((2027, 3, 28), 21, 0)),
        ] {
            let target = job(&world, external_id, json!({ "durationMinutes": 60 })).await;
            let page = world.content(&admin, &move_page(&target, &tom, when)).await;
            press(&world, &admin, &page).await;
        }
        // The night belongs to the day on which it began; the evening after it to the next.
        let night = ["23:30–00:30", "03:30–04:30"];
        let next = ["23:00–00:00"];
        for page in ["/app/day", "/app/day/sheet"] {
            let html = world.content(&own, &format!("{page}?date=2027-03-27")).await;
            assert!(night.iter().all(|time| html.contains(time)), "{page} {html}");
            assert!(!next.iter().any(|time| html.contains(time)), "{page}");
            let html = world.content(&own, &format!("{page}?date=2027-03-28")).await;
            assert!(next.iter().all(|time| html.contains(time)), "{page} {html}");
            assert!(!night.iter().any(|time| html.contains(time)), "{page}");
        }
        // In London the same visits are an hour earlier by the technician's own clock, which is told beside the place's.
        works(&world, &admin, &tom, "Europe/London", ("21:00", "05:00")).await;
        for page in ["/app/day", "/app/day/sheet"] {
            let html = world.content(&own, &format!("{page}?date=2027-03-27")).await;
            for time in [
                "23:30–00:30 (your time 22:30–23:30)",
                "03:30–04:30 (your time 02:30–03:30)",
            ] {
                assert!(html.contains(time), "{page} {time}: {html}");
            }
        }
        let html = world.content(&own, "/app/day/sheet?date=2027-03-27").await;
        assert!(html.contains("Europe/London"), "{html}");
        for date in ["-262143-01-01", "262142-12-31", "2027-02-30", "x"] {
            let (status, _) = world.get(&own, &format!("/app/day/sheet?date={date}")).await;
            assert_eq!(status, StatusCode::OK, "{date}");
        }
    }
}

#[tokio::test]
async fn what_makes_the_day_installable_is_there_for_everybody() {
    for world in worlds_at(monday()).await {
        let nobody = Client::new();
        for (path, kind) in [
            ("/app/day/worker.js", "text/javascript; charset=utf-8"),
            ("/app/day/keeper.js", "text/javascript; charset=utf-8"),
            ("/app/day/manifest.webmanifest?lang=de", "application/manifest+json"),
            ("/app/day/icons/icon-192.png", "image/png"),
            ("/app/day/icons/icon-512.png", "image/png"),
        ] {
            let answer = nobody.get(format!("{}{path}", world.url)).send().await.unwrap();
            assert_eq!(answer.status(), StatusCode::OK, "{path}");
            assert_eq!(answer.headers()["content-type"], kind, "{path}");
        }
        let worker = nobody
            .get(format!("{}/app/day/worker.js", world.url))
            .send()
            .await
            .unwrap();
        assert_eq!(worker.headers()["service-worker-allowed"], "/app");
        let (_, manifest) = crate::support::read(
            nobody
                .get(format!("{}/app/day/manifest.webmanifest?lang=ar", world.url))
                .send()
                .await
                .unwrap(),
        )
        .await;
        assert_eq!(
            (&manifest["dir"], &manifest["start_url"]),
            (&json!("rtl"), &json!("/app/day"))
        );
        let gone = nobody
            .get(format!("{}/app/day/icons/x.png", world.url))
            .send()
            .await
            .unwrap();
        assert_eq!(gone.status(), StatusCode::NOT_FOUND);
    }
}
