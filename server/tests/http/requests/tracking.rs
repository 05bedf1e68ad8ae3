//! The tracking page: the whole story of a request, and what its holder can ask for.

use super::slot_offers::{accepted_job, job, monday, offer, offer_id, technicians};
use crate::scheduling::board::technician;
use crate::support::forms::hidden;
use crate::support::public::{COMPLETE, png, visitor};
use crate::support::{SAME_ORIGIN, World, link, world_at};
use ordinavo_core::Engine;
use reqwest::{Client, StatusCode};
use rstest::rstest;

async fn page(world: &World, tracking: &str) -> String {
    let (status, html) = world.get(&visitor(), tracking).await;
    assert_eq!(status, StatusCode::OK, "{tracking}");
    html
}

async fn ask(world: &World, tracking: &str, action: &str, fields: &[(&str, &str)]) -> StatusCode {
    let nonce = hidden(&page(world, tracking).await, "nonce").unwrap();
    let fields = [&[("nonce", nonce.as_str())], fields].concat();
    let answer = visitor()
        .post(format!("{}{tracking}/{action}", world.url))
        .header(SAME_ORIGIN.0, SAME_ORIGIN.1)
        .form(&fields)
        .send()
        .await
        .unwrap();
    answer.status()
}

async fn schedule(world: &World, staff: &Client, target: &str, is_shared: bool) {
    let tom = technician(world, "Tom Becker").await;
    let mut fields = vec![
        ("target", target),
        ("technician", tom.as_str()),
        ("date", "2026-11-24"),
        ("start", "10:00"),
        ("end", "11:00"),
    ];
    if is_shared {
        fields.push(("shared", "on"));
    }
    world.schedule_anyway(staff, &fields).await;
}

fn visit_state(html: &str) -> Option<&str> {
    html.split("data-visit=\"").nth(1)?.split('"').next()
}

#[rstest]
#[case::sqlite(Engine::Sqlite)]
#[case::postgres(Engine::Postgres)]
#[tokio::test]
async fn tracking_page_tells_the_story_to_its_end(#[case] engine: Engine) {
    let Some(world) = world_at(engine, monday()).await else {
        return;
    };
    let staff = world.staff("nordlicht", "dispatcher").await;
    let tom = world.staff("nordlicht", "technician").await;
    let mut fields = COMPLETE.to_vec();
    fields[1] = ("description", "Rho story");
    let files = [("lift.png", "image/png", png())];
    let (target, tracking) = accepted_job(&world, &staff, &fields, &files, "Rho story").await;
    let id = target.rsplit('/').next().unwrap().to_owned();
    let ics = format!("{tracking}/appointment.ics");
    // What the requester sent can be downloaded again; another link does not open it.
    let html = page(&world, &tracking).await;
    let file = link(&html, &format!("{tracking}/files/att_")).unwrap();
    assert_eq!(world.get(&visitor(), &file).await.0, StatusCode::OK);
    let (_, other) = job(&world, &staff, "Sigma other").await;
    let foreign = file.replace(&tracking, &other);
    assert_eq!(world.get(&visitor(), &foreign).await.0, StatusCode::NOT_FOUND);
    assert!(["lang=de", "lang=ar"].iter().all(|lang| html.contains(lang)), "{html}");

    // An appointment that is not shared stays unseen.
    schedule(&world, &staff, &id, false).await;
    let html = page(&world, &tracking).await;
    assert!(
        !html.contains("data-testid=\"appointment\"") && !html.contains("/reschedule"),
        "{html}"
    );
    assert_eq!(
        world.get(&visitor(), &ics).await.0,
        StatusCode::NOT_FOUND,
        "{}",
        world.engine
    );

    schedule(&world, &staff, &id, true).await;
    let html = page(&world, &tracking).await;
    assert!(
        html.contains("data-testid=\"appointment\"") && html.contains(&ics),
        "{html}"
    );
    assert_eq!(visit_state(&html), None);
    assert!(!html.contains("/portal"), "{html}");
    let (status, calendar) = world.get(&visitor(), &ics).await;
    assert_eq!(status, StatusCode::OK);
    assert!(
        calendar.contains("BEGIN:VEVENT") && calendar.contains("DTSTART;TZID=Europe/Berlin:20261124T100000"),
        "{calendar}"
    );

    // A delay is announced by mail and on the page, without the words for dispatch.
    let late = [("target", id.as_str()), ("minutes", "30"), ("text", "Flat tyre")];
    world.send(&tom, "/app/fn/report-late", &late).await;
    let html = page(&world, &tracking).await;
    assert!(
        html.contains("data-testid=\"delay\"") && !html.contains("Flat tyre"),
        "{html}"
    );
    let mails = world
        .texts("SELECT kind FROM mail WHERE kind = 'appointment_delayed'")
        .await;
    assert_eq!(mails.len(), 1, "{}", world.engine);

    for (action, state) in [("start-travel", "on_the_way"), ("arrive", "in_progress")] {
        world.send(&tom, &format!("/app/fn/{action}"), &[("target", &id)]).await;
        let html = page(&world, &tracking).await;
        assert_eq!(visit_state(&html), Some(state), "{html}");
        assert!(!html.contains("/cancel?") && !html.contains("data-testid=\"delay\"") || state == "on_the_way");
    }
    let report = reqwest::multipart::Form::new()
        .text("target", id.clone())
        .text("summary", "Internal words")
        .text("work_minutes", "30");
    world.send_multipart(&tom, "/app/fn/submit-report", report).await;
    let html = page(&world, &tracking).await;
    assert_eq!(visit_state(&html), Some("not_completed"), "{html}");
    assert!(!html.contains("Internal words"), "{html}");
}

#[rstest]
#[case::sqlite(Engine::Sqlite)]
#[case::postgres(Engine::Postgres)]
#[tokio::test]
async fn requester_asks_for_other_time_cancellation_and_other_slots(#[case] engine: Engine) {
    let Some(world) = world_at(engine, monday()).await else {
        return;
    };
    let staff = world.staff("nordlicht", "dispatcher").await;
    let (target, tracking) = job(&world, &staff, "Tau wishes").await;
    let id = target.rsplit('/').next().unwrap().to_owned();
    // None of the offered times suits: the offer is withdrawn, and dispatch reads why.
    let anyone = technicians(&world.content(&staff, &target).await).pop().unwrap();
    offer(&world, &staff, &target, &anyone, ["2026-12-08", "2026-12-09"], "13:00").await;
    let offered = offer_id(&page(&world, &tracking).await);
    let fields = [("offer", offered.as_str()), ("answer", "Only in the evening")];
    let empty = [("offer", offered.as_str()), ("answer", " ")];
    assert_eq!(
        ask(&world, &tracking, "decline", &empty).await,
        StatusCode::UNPROCESSABLE_ENTITY
    );
    assert_eq!(ask(&world, &tracking, "decline", &fields).await, StatusCode::SEE_OTHER);
    assert!(!page(&world, &tracking).await.contains("name=\"position\""));
    // About an offer that has ended it is a message.
    assert_eq!(ask(&world, &tracking, "decline", &fields).await, StatusCode::SEE_OTHER);
    assert!(world.content(&staff, &target).await.contains("Only in the evening"));

    // Without an appointment there is nothing to move; what was typed is a message.
    let wish = [("answer", "On Friday, please")];
    assert_eq!(ask(&world, &tracking, "reschedule", &wish).await, StatusCode::SEE_OTHER);
    assert!(!page(&world, &tracking).await.contains("data-testid=\"asked\""));
    assert!(page(&world, &tracking).await.contains("On Friday, please"));
    schedule(&world, &staff, &id, true).await;
    assert_eq!(ask(&world, &tracking, "reschedule", &wish).await, StatusCode::SEE_OTHER);
    let html = page(&world, &tracking).await;
    assert!(
        html.contains("data-testid=\"asked\"") && !html.contains("/reschedule?"),
        "{html}"
    );
    let job_page = world.content(&staff, &target).await;
    assert!(job_page.contains("data-testid=\"reschedule-requested\"") && job_page.contains("On Friday, please"));
    // A new appointment answers it.
    let tom = technician(&world, "Tom Becker").await;
    let fields = [
        ("target", id.as_str()),
        ("technician", tom.as_str()),
        ("date", "2026-11-27"),
        ("start", "10:00"),
        ("end", "11:00"),
        ("shared", "on"),
    ];
    world.schedule_anyway(&staff, &fields).await;
    assert!(
        !world
            .content(&staff, &target)
            .await
            .contains("data-testid=\"reschedule-requested\"")
    );
    assert!(page(&world, &tracking).await.contains("/reschedule?"));

    let reason = [("answer", "It works again")];
    assert_eq!(ask(&world, &tracking, "cancel", &reason).await, StatusCode::SEE_OTHER);
    assert!(!page(&world, &tracking).await.contains("/cancel?"));
    assert!(world.content(&staff, &target).await.contains("It works again"));
    let asked = world
        .texts("SELECT CAST(count(*) AS TEXT) FROM request WHERE cancellation_requested_at IS NOT NULL")
        .await;
    assert_eq!(asked[0][0], "1", "{}", world.engine);
}
