//! The story of a request from its submission to its end, with everything that the customer can do on the way.

use std::io::Cursor;

use chrono::TimeDelta;
use ordinavo_core::Engine;
use ordinavo_core::files::thumbnails;
use reqwest::{Client, StatusCode};
use rstest::rstest;

use crate::portal_access::access::{PASSWORD, access_page, browser, invite, location_field, token};
use crate::requests::slot_offers::{monday, technicians};
use crate::support::forms::hidden;
use crate::support::{World, link, world_at};

/// Returns the step that the page of a request shows as reached.
fn step(html: &str) -> &str {
    let part = html.split("data-step=\"").nth(1).expect("the page shows the steps");
    part.split('"').next().unwrap()
}

/// Submits a request with a photo and returns its portal path.
async fn submit(world: &World, person: &Client, description: &str, photo: Option<Vec<u8>>) -> String {
    let form = world.content(person, "/portal/requests/new").await;
    let before = form.split("Essen Center").next().unwrap();
    let location = before.rsplit("value=\"").next().unwrap().split('"').next().unwrap();
    let parts = reqwest::multipart::Form::new()
        .text("location", location.to_owned())
        .text("service_type", "repair")
        .text("description", description.to_owned())
        .text("nonce", hidden(&form, "nonce").unwrap());
    let parts = match photo {
        Some(bytes) => {
            let file = reqwest::multipart::Part::bytes(bytes).file_name("door.png");
            parts.part("files", file.mime_str("image/png").unwrap())
        }
        None => parts,
    };
    world.send_multipart(person, "/portal/fn/submit-request", parts).await
}

/// Accepts and converts a request; returns the page of its job.
async fn convert(world: &World, staff: &Client, request: &str) -> String {
    let id = request.rsplit('/').next().unwrap();
    world.send(staff, "/app/fn/accept-request", &[("request", id)]).await;
    world.send(staff, "/app/fn/convert-request", &[("request", id)]).await
}

async fn schedule(world: &World, staff: &Client, target: &str, date: &str) {
    let technician = technicians(&world.content(staff, target).await).pop().unwrap();
    let fields = [
        ("target", target.rsplit('/').next().unwrap()),
        ("technician", technician.as_str()),
        ("date", date),
        ("start", "09:00"),
        ("end", "11:00"),
        ("shared", "on"),
    ];
    world.schedule_anyway(staff, &fields).await;
}

/// A portal user of Essen Center with these capabilities.
async fn colleague(world: &World, name: &str, capabilities: &[&str]) -> Client {
    let manager = world.staff("nordlicht", "manager").await;
    let page = access_page(world).await;
    let essen = location_field(&world.content(&manager, &page).await, "Essen Center");
    let email = format!("{name}@rhein-ruhr-medical.example");
    let mut fields = vec![("name", name), ("email", email.as_str()), (essen.as_str(), "on")];
    fields.extend(capabilities.iter().map(|capability| (*capability, "on")));
    let invitation = invite(world, &manager, &page, &fields).await.unwrap();
    let person = browser();
    let accept = [("token", token(&invitation)), ("password", PASSWORD)];
    world.send(&person, "/portal/fn/accept-invitation", &accept).await;
    person
}

#[rstest]
#[case::sqlite(Engine::Sqlite)]
#[case::postgres(Engine::Postgres)]
#[tokio::test]
async fn request_is_followed_from_its_submission_to_its_end(#[case] engine: Engine) {
    let clock = monday();
    let Some(world) = world_at(engine, clock.clone()).await else {
        return;
    };
    let begin = clock.now();
    let staff = world.staff("nordlicht", "dispatcher").await;
    let petra = world.contact("nordlicht", "petra").await;
    let request = submit(&world, &petra, "Cold room 2 is too warm. Since last night.", None).await;
    let id = request.rsplit('/').next().unwrap().to_owned();
    let page = async |person: &Client| world.content(person, &request).await;
    let html = page(&petra).await;
    assert_eq!(step(&html), "submitted");
    assert!(
        html.contains("Cold room 2 is too warm"),
        "the subject is the first sentence"
    );
    world.send(&staff, "/app/fn/start-review", &[("request", &id)]).await;
    let target = convert(&world, &staff, &request).await;
    assert_eq!(step(&page(&petra).await), "accepted");
    assert!(!page(&petra).await.contains("/portal/fn/request-reschedule"));
    schedule(&world, &staff, &target, "2026-12-08").await;
    let html = page(&petra).await;
    assert_eq!(step(&html), "planned");
    let appointment = link(&html, "/portal/appointments/apt_").expect("the appointment is part of the story");
    let html = world.content(&petra, &appointment).await;
    for part in ["conversation", "another-time", "cancellation"] {
        assert!(html.contains(&format!("{request}#{part}")), "{} {part}", world.engine);
    }

    // The visit ends with a report that is expected for two weeks.
    let job = target
        .rsplit('/')
        .next()
        .unwrap()
        .parse::<domain::ids::TargetId>()
        .unwrap();
    let literal = match world.engine {
        "sqlite" => format!("X'{}'", job.uuid().simple()),
        _ => format!("'{}'", job.uuid()),
    };
    for (status, visit, reached) in [
        ("en_route", "planned", "visit"),
        ("on_site", "planned", "visit"),
        ("not_completed", "done", "visit"),
        ("open", "done", "visit"),
        ("completed", "done", "report"),
    ] {
        world
            .sql(&format!(
                "UPDATE target SET status = '{status}' WHERE id = {literal}; \
                 UPDATE appointment SET status = '{visit}' WHERE target_id = {literal}"
            ))
            .await;
        assert_eq!(step(&page(&petra).await), reached, "{} {status}", world.engine);
    }
    // Who sees no reports does not wait for one.
    let viewer = colleague(&world, "ole", &["may_all_requests", "may_appointments"]).await;
    assert_eq!(step(&page(&viewer).await), "done");
    // Who sees neither visit nor report does not learn of its end.
    let reader = colleague(&world, "ida", &["may_all_requests"]).await;
    assert_eq!(step(&page(&reader).await), "planned");
    let earlier = (begin - TimeDelta::days(15)).format("%Y-%m-%dT%H:%M:%S.000000Z");
    world
        .sql(&format!(
            "UPDATE target SET updated_at = '{earlier}' WHERE id = {literal}"
        ))
        .await;
    let html = page(&petra).await;
    assert_eq!(step(&html), "done");
    // What has ended can be requested again, with the same words.
    let again = format!("/portal/requests/new?again={id}");
    assert!(html.contains(&again), "{html}");
    let form = world.content(&petra, &again).await;
    assert!(form.contains("Cold room 2 is too warm. Since last night."), "{form}");
    let stranger = world.contact("nordlicht", "kontakt").await;
    assert!(!world.content(&stranger, &again).await.contains("Cold room 2"));
}

#[rstest]
#[case::sqlite(Engine::Sqlite)]
#[case::postgres(Engine::Postgres)]
#[tokio::test]
async fn another_time_is_requested_once_and_by_the_requester_only(#[case] engine: Engine) {
    let Some(world) = world_at(engine, monday()).await else {
        return;
    };
    let staff = world.staff("nordlicht", "dispatcher").await;
    let petra = world.contact("nordlicht", "petra").await;
    let request = submit(&world, &petra, "The gate is stuck at the ramp.", None).await;
    let id = request.rsplit('/').next().unwrap();
    let ask = async |person: &Client, wish: &str, nonce: &str| {
        let fields = [("request", id), ("answer", wish), ("nonce", nonce)];
        world.send(person, "/portal/fn/request-reschedule", &fields).await
    };
    // Without an appointment there is nothing to move: the wish is a message.
    ask(&petra, "On Friday, please", "w1").await;
    let html = world.content(&petra, &request).await;
    assert!(html.contains("On Friday, please") && step(&html) == "submitted");
    let target = convert(&world, &staff, &request).await;
    schedule(&world, &staff, &target, "2026-12-08").await;
    // An empty wish is refused, and what the form holds is kept.
    ask(&petra, "  ", "w2").await;
    let html = world.content(&petra, &request).await;
    assert!(html.contains("aria-invalid=\"true\""), "{html}");
    // A colleague who reads the request cannot ask in its name.
    let colleague = colleague(&world, "ole", &["may_all_requests", "may_appointments", "may_submit"]).await;
    assert!(!world.content(&colleague, &request).await.contains("request-reschedule"));
    ask(&colleague, "Never", "w3").await;
    let shows_wish = async || {
        world
            .content(&staff, &target)
            .await
            .contains("data-testid=\"reschedule-requested\"")
    };
    assert!(!shows_wish().await);
    for _ in 0..2 {
        ask(&petra, "Thursday morning", "w4").await;
    }
    let html = world.content(&petra, &request).await;
    assert_eq!(html.matches("Thursday morning").count(), 1, "{}", world.engine);
    assert!(!html.contains("/portal/fn/request-reschedule") && !html.contains("Never"));
    assert!(html.contains("Change requested"), "{html}");
    assert_eq!(step(&html), "planned");
    assert!(shows_wish().await, "{}", world.engine);
    // A new appointment answers it.
    schedule(&world, &staff, &target, "2026-12-10").await;
    assert!(!shows_wish().await);
    let html = world.content(&petra, &request).await;
    assert!(
        !html.contains("Change requested") && html.contains("Tue 8 Dec"),
        "{html}"
    );
}

#[rstest]
#[case::sqlite(Engine::Sqlite)]
#[case::postgres(Engine::Postgres)]
#[tokio::test]
async fn lists_are_filtered_by_location_and_history_by_kind(#[case] engine: Engine) {
    let Some(world) = world_at(engine, monday()).await else {
        return;
    };
    let petra = world.contact("nordlicht", "petra").await;
    let home = world.content(&petra, "/portal").await;
    let places: Vec<&str> = home
        .split("/portal?location=")
        .skip(1)
        .map(|part| part.split('"').next().unwrap())
        .collect();
    let essen = home
        .split("Essen Center")
        .next()
        .unwrap()
        .rsplit("?location=")
        .next()
        .unwrap();
    let first = essen.split('"').next().unwrap();
    let other = places.iter().copied().find(|place| *place != first).unwrap();
    let request = submit(&world, &petra, "The lamp flickers in the hall.", None).await;
    for page in ["/portal", "/portal/requests"] {
        let shown = async |query: &str| {
            world
                .content(&petra, &format!("{page}{query}"))
                .await
                .contains(&request)
        };
        assert!(shown("").await && shown(&format!("?location={first}")).await, "{page}");
        assert!(!shown(&format!("?location={other}")).await, "{page}");
        // What is no location filters nothing.
        assert!(shown("?location=nowhere").await, "{page}");
    }
    // The next appointment at every location is named, whichever is chosen; the first page keeps the filters.
    let staff = world.staff("nordlicht", "dispatcher").await;
    let target = convert(&world, &staff, &request).await;
    schedule(&world, &staff, &target, "2026-12-08").await;
    let locations = |html: &str| -> String {
        let list = html.split("location-list").nth(1).expect("the locations are listed");
        list.split("</section>").next().unwrap().to_owned()
    };
    let everywhere = locations(&world.content(&petra, "/portal").await);
    assert!(everywhere.contains('–'), "a time is named: {everywhere}");
    let chosen = world.content(&petra, &format!("/portal?location={other}")).await;
    assert_eq!(locations(&chosen), everywhere, "{}", world.engine);
    let later = format!("/portal/requests?location={first}&before=1.req_00000000000000000000000000");
    let back = world.content(&petra, &later).await;
    assert!(
        back.contains(&format!("href=\"/portal/requests?location={first}\"")),
        "{back}"
    );
    let history = async |query: &str| world.content(&petra, &format!("/portal/timeline{query}")).await;
    let of_requests = history(&format!("?kind=requests&location={first}")).await;
    assert!(of_requests.contains(&request));
    for link in ["/portal/appointments/apt_", "/portal/reports/rel_"] {
        assert!(!of_requests.contains(link), "{link}");
    }
    assert!(
        !history(&format!("?kind=reports&location={first}"))
            .await
            .contains("/portal/requests/req_")
    );
    assert!(!history(&format!("?location={other}")).await.contains(&request));
    for page in ["/portal/appointments", "/portal/reports"] {
        let all = world.content(&petra, page).await;
        assert!(link(&all, &format!("{page}/")).is_some(), "{page}");
        assert!(all.contains(&format!("{page}?location={other}")), "{page}");
    }
    // A user of one location has nothing to filter.
    let anna = world.contact("nordlicht", "anna").await;
    assert!(!world.content(&anna, "/portal").await.contains("?location="));
    // The foreign location of another customer finds nothing, as if it did not exist.
    let stranger = world.contact("nordlicht", "kontakt").await;
    let foreign = world
        .content(&stranger, &format!("/portal/requests?location={first}"))
        .await;
    assert!(!foreign.contains("/portal/requests/req_"), "{foreign}");
}

#[rstest]
#[case::sqlite(Engine::Sqlite)]
#[case::postgres(Engine::Postgres)]
#[tokio::test]
async fn photo_has_a_smaller_version_that_is_made_once_under_its_permission(#[case] engine: Engine) {
    let Some(world) = world_at(engine, monday()).await else {
        return;
    };
    let petra = world.contact("nordlicht", "petra").await;
    let mut photo = Cursor::new(Vec::new());
    image::RgbImage::from_fn(1600, 1200, |x, y| image::Rgb([(x % 251) as u8, (y % 241) as u8, 90]))
        .write_to(&mut photo, image::ImageFormat::Png)
        .unwrap();
    let request = submit(&world, &petra, "See the photo of the door.", Some(photo.into_inner())).await;
    let html = world.content(&petra, &request).await;
    let small = link(&html, "/portal/files/att_").expect("the photo is shown");
    let file = small.trim_end_matches("/thumbnail").to_owned();
    let small = format!("{file}/thumbnail");
    let get = async |person: &Client, path: &str| {
        let answer = person.get(format!("{}{path}", world.url)).send().await.unwrap();
        (answer.status(), answer.bytes().await.unwrap())
    };
    let whole = get(&petra, &format!("{file}/picture")).await;
    assert_eq!(whole.0, StatusCode::OK, "{}", world.engine);
    // Until the worker has made it, the photo itself is shown.
    assert_eq!(get(&petra, &small).await, whole);
    while thumbnails::create_next(&world.core).await.unwrap() {}
    let made = get(&petra, &small).await;
    let picture = image::load_from_memory(&made.1).unwrap();
    assert_eq!((picture.width(), picture.height()), (640, 480), "{}", world.engine);
    assert_eq!(
        get(&petra, &format!("{file}/picture")).await,
        whole,
        "the photo stays as it is"
    );
    // While it waits for the malware check, the photo is shown; a photo with malware is not shown in small either.
    let name = "thumbnail_digest IS NOT NULL AND owner = 'portal'";
    let of_thumbnail = format!("digest IN (SELECT thumbnail_digest FROM blob WHERE {name})");
    world
        .sql(&format!("UPDATE blob SET scan = 'unchecked' WHERE {of_thumbnail}"))
        .await;
    assert_eq!(get(&petra, &small).await, whole, "{}", world.engine);
    world
        .sql(&format!(
            "UPDATE blob SET scan = 'clean' WHERE {of_thumbnail}; UPDATE blob SET scan = 'infected' WHERE {name}"
        ))
        .await;
    assert_eq!(get(&petra, &small).await.0, StatusCode::FORBIDDEN, "{}", world.engine);
    world.sql(&format!("UPDATE blob SET scan = 'clean' WHERE {name}")).await;
    assert_eq!(get(&petra, &small).await, made);
    let blobs = "SELECT CAST(count(*) AS TEXT) FROM blob";
    let before = world.texts(blobs).await;
    assert!(!thumbnails::create_next(&world.core).await.unwrap(), "it is made once");
    assert_eq!(world.texts(blobs).await, before);
    // Staff see it; who cannot open the photo cannot see it in small either.
    let staff = world.staff("nordlicht", "dispatcher").await;
    let id = file.rsplit('/').next().unwrap();
    assert_eq!(get(&staff, &format!("/app/files/{id}/thumbnail")).await, made);
    for person in ["anna", "kontakt"] {
        let person = world.contact("nordlicht", person).await;
        assert_eq!(get(&person, &small).await.0, StatusCode::NOT_FOUND);
    }
    let other = world.staff("suedwind", "dispatcher").await;
    assert_eq!(
        get(&other, &format!("/app/files/{id}/thumbnail")).await.0,
        StatusCode::NOT_FOUND
    );
    // It is kept as long as its photo, and deleted after it.
    world.core.clock().advance(TimeDelta::days(2));
    ordinavo_core::files::worker::sweep(&world.core).await.unwrap();
    assert_eq!(world.texts(blobs).await, before);
    world.sql("DELETE FROM request_attachment").await;
    for _ in 0..4 {
        world.core.clock().advance(TimeDelta::days(2));
        ordinavo_core::files::worker::sweep(&world.core).await.unwrap();
    }
    let rest = "SELECT CAST(count(*) AS TEXT) FROM blob WHERE thumbnail_digest IS NOT NULL AND owner = 'portal'";
    assert_eq!(world.texts(rest).await[0][0], "0", "{}", world.engine);
    let after = world.texts(blobs).await[0][0].parse::<i64>().unwrap();
    assert_eq!(after, before[0][0].parse::<i64>().unwrap() - 2, "{}", world.engine);
}

#[rstest]
#[case::sqlite(Engine::Sqlite)]
#[case::postgres(Engine::Postgres)]
#[tokio::test]
async fn emergency_number_and_legal_pages_are_on_every_page(#[case] engine: Engine) {
    let Some(world) = world_at(engine, monday()).await else {
        return;
    };
    let admin = world.staff("nordlicht", "admin").await;
    let petra = world.contact("nordlicht", "petra").await;
    for wrong in ["javascript:alert(1)", "example.org", "https://", "ftp://example.org"] {
        let fields = [("phone", "+49 201 5550"), ("privacy", wrong)];
        world
            .send_shown(&admin, "/app/settings/portal", "/app/fn/set-portal-contact", &fields)
            .await;
        let html = world.content(&admin, "/app/settings/portal").await;
        assert!(
            html.contains("data-code=\"invalid_web_address\"") && html.contains(wrong),
            "{wrong}"
        );
    }
    let fields = [
        ("emergency", "+49 201 5599"),
        ("privacy", "https://example.org/privacy"),
        ("imprint", "https://example.org/imprint"),
    ];
    world
        .send_shown(&admin, "/app/settings/portal", "/app/fn/set-portal-contact", &fields)
        .await;
    for path in ["/portal", "/portal/requests/new", "/portal/profile"] {
        let html = world.content(&petra, path).await;
        for part in [
            "tel:+492015599",
            "https://example.org/privacy",
            "https://example.org/imprint",
        ] {
            assert!(html.contains(part), "{} {path} {part}", world.engine);
        }
    }
    // A user without the right to submit is not led to the form.
    let reader = colleague(&world, "ole", &["may_reports"]).await;
    let html = world.content(&reader, "/portal").await;
    assert!(!html.contains("/portal/requests/new"), "{html}");
}
