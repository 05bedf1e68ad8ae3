//! Slot offers over HTTP: dispatch offers times, the requester chooses one, and late choices are rejected.

use crate::support::public::{COMPLETE, File, visitor};
use crate::support::{SAME_ORIGIN, World, world_at};
use chrono::{TimeDelta, TimeZone as _, Utc};
use ordinavo_core::Engine;
use ordinavo_core::clock::Clock;
use reqwest::{Client, StatusCode};
use rstest::rstest;

pub fn monday() -> Clock {
    Clock::manual(Utc.with_ymd_and_hms(2026, 11, 23, 8, 30, 0).single().unwrap())
}

/// Creates a job from a form and returns its page and the tracking page of its request.
pub async fn job(world: &World, staff: &Client, description: &str) -> (String, String) {
    let mut fields = COMPLETE.to_vec();
    fields[1] = ("description", description);
    accepted_job(world, staff, &fields, &[], description).await
}

/// The same with these fields and files.
pub async fn accepted_job(
    world: &World,
    staff: &Client,
    fields: &[(&str, &str)],
    files: &[File<'_>],
    description: &str,
) -> (String, String) {
    let tracking = world.submit(fields, files).await;
    let inside = world.in_inbox(staff, description).await;
    let id = inside.rsplit('/').next().unwrap().to_owned();
    let customer = world.customer("CUST-10042").await;
    world.send(staff, "/app/fn/accept-request", &[("request", &id)]).await;
    world
        .send(
            staff,
            "/app/fn/assign-customer",
            &[("request", &id), ("customer", &customer)],
        )
        .await;
    (
        world.send(staff, "/app/fn/convert-request", &[("request", &id)]).await,
        tracking,
    )
}

pub fn technicians(page: &str) -> Vec<String> {
    let list = page
        .split("name=\"technician\"")
        .nth(1)
        .unwrap()
        .split("</select>")
        .next()
        .unwrap();
    list.split("value=\"stf_")
        .skip(1)
        .map(|part| format!("stf_{}", part.split('"').next().unwrap()))
        .collect()
}

pub async fn offer(world: &World, staff: &Client, target: &str, technician: &str, dates: [&str; 2], start: &str) {
    offer_accepting(world, staff, target, technician, dates, start, "").await;
}

/// Offers times and accepts the conflicts that the page of the job then shows.
async fn offer_anyway(
    world: &World,
    staff: &Client,
    target: &str,
    technician: &str,
    dates: [&str; 2],
    start: &str,
) -> String {
    offer(world, staff, target, technician, dates, start).await;
    let page = world.content(staff, target).await;
    let form = page.split("/app/fn/offer-slots").nth(1).unwrap();
    let shown = crate::support::forms::checkbox(form, "overlap").expect("the conflict is shown");
    offer_accepting(world, staff, target, technician, dates, start, &shown).await;
    shown
}

async fn offer_accepting(
    world: &World,
    staff: &Client,
    target: &str,
    technician: &str,
    dates: [&str; 2],
    start: &str,
    overlap: &str,
) {
    let fields = [
        ("overlap", overlap),
        ("target", target.rsplit('/').next().unwrap()),
        ("technician_1", technician),
        ("date_1", dates[0]),
        ("start_1", start),
        ("end_1", "16:00"),
        ("technician_2", technician),
        ("date_2", dates[1]),
        ("start_2", start),
        ("end_2", "16:00"),
        ("start_3", "09:00"),
        ("end_3", "11:00"),
        ("hours", "24"),
    ];
    world.send(staff, "/app/fn/offer-slots", &fields).await;
}

async fn choose(world: &World, tracking: &str, offer: &str, position: &str) -> (StatusCode, String) {
    let answer = visitor()
        .post(format!("{}{tracking}/choose", world.url))
        .header(SAME_ORIGIN.0, SAME_ORIGIN.1)
        .form(&[("offer", offer), ("position", position)])
        .send()
        .await
        .unwrap();
    let status = answer.status();
    (status, answer.text().await.unwrap())
}

pub fn offer_id(page: &str) -> String {
    crate::support::forms::hidden(page, "offer").unwrap()
}

#[rstest]
#[case::sqlite(Engine::Sqlite)]
#[case::postgres(Engine::Postgres)]
#[tokio::test]
async fn slot_offer_chosen_schedules_appointment_once(#[case] engine: Engine) {
    let Some(world) = world_at(engine, monday()).await else {
        return;
    };
    let staff = world.staff("nordlicht", "dispatcher").await;
    let (target, tracking) = job(&world, &staff, "Iota one").await;
    let technician = technicians(&world.content(&staff, &target).await).pop().unwrap();
    // A single time is not an offer, and times in the past are rejected.
    offer(&world, &staff, &target, &technician, ["2026-12-08", ""], "13:00").await;
    assert!(
        world
            .content(&staff, &target)
            .await
            .contains("Offer two or three times.")
    );
    offer(
        &world,
        &staff,
        &target,
        &technician,
        ["2026-12-08", "2026-11-01"],
        "13:00",
    )
    .await;
    assert!(
        world
            .content(&staff, &target)
            .await
            .contains("This time is in the past")
    );
    offer(
        &world,
        &staff,
        &target,
        &technician,
        ["2026-12-08", "2026-12-09"],
        "13:00",
    )
    .await;
    let page = world.content(&staff, &target).await;
    assert!(
        page.contains("Offered, valid until") && page.contains("Not scheduled yet"),
        "{page}"
    );

    let (_, page) = world.get(&visitor(), &tracking).await;
    assert!(page.contains("Choose a time") && page.contains("13–16"));
    let offered = offer_id(&page);
    // An offer of another request and an invalid position change nothing.
    let (other_target, other) = job(&world, &staff, "Kappa two").await;
    assert_eq!(choose(&world, &other, &offered, "1").await.0, StatusCode::CONFLICT);
    assert_eq!(choose(&world, &tracking, &offered, "3").await.0, StatusCode::CONFLICT);
    assert!(world.content(&staff, &target).await.contains("Not scheduled yet"));

    // Two choices at once: one succeeds, the other is rejected.
    let (first, second) = tokio::join!(
        choose(&world, &tracking, &offered, "1"),
        choose(&world, &tracking, &offered, "2")
    );
    let mut statuses = [first.0, second.0];
    statuses.sort();
    assert_eq!(
        statuses,
        [StatusCode::SEE_OTHER, StatusCode::CONFLICT],
        "{}",
        world.engine
    );
    let late = if first.0 == StatusCode::CONFLICT {
        first.1
    } else {
        second.1
    };
    assert!(late.contains("already been answered"), "{late}");
    let (_, page) = world.get(&visitor(), &tracking).await;
    assert!(page.contains("Your appointment") && page.contains("Planned") && !page.contains("Choose a time"));
    assert_eq!(
        world.content(&staff, &target).await.matches(">Planned</span>").count(),
        1
    );

    // Two customers are offered the same time of one technician: the second choice is rejected.
    let technicians = technicians(&world.content(&staff, &other_target).await);
    let free = technicians.first().unwrap();
    offer(
        &world,
        &staff,
        &other_target,
        free,
        ["2026-12-15", "2026-12-16"],
        "13:00",
    )
    .await;
    let (third_target, third) = job(&world, &staff, "Lambda three").await;
    let shown = offer_anyway(
        &world,
        &staff,
        &third_target,
        free,
        ["2026-12-15", "2026-12-17"],
        "13:00",
    )
    .await;
    assert!(shown.starts_with("technician_offered:"), "{shown}");
    let of = async |tracking: &str| offer_id(&world.get(&visitor(), tracking).await.1);
    let (one, two) = (of(&other).await, of(&third).await);
    let (first, second) = tokio::join!(choose(&world, &other, &one, "1"), choose(&world, &third, &two, "1"));
    let mut statuses = [first.0, second.0];
    statuses.sort();
    assert_eq!(
        statuses,
        [StatusCode::SEE_OTHER, StatusCode::CONFLICT],
        "{}",
        world.engine
    );
    let (late_tracking, page) = if first.0 == StatusCode::CONFLICT {
        (&other, first.1)
    } else {
        (&third, second.1)
    };
    assert!(
        page.contains("has just been taken") && page.contains("no longer available"),
        "{page}"
    );
    // The other time of the offer is still available.
    let again = of(late_tracking).await;
    assert_eq!(
        choose(&world, late_tracking, &again, "2").await.0,
        StatusCode::SEE_OTHER
    );
}

#[rstest]
#[case::sqlite(Engine::Sqlite)]
#[case::postgres(Engine::Postgres)]
#[tokio::test]
async fn slot_offer_expired_or_superseded_is_rejected(#[case] engine: Engine) {
    let Some(world) = world_at(engine, monday()).await else {
        return;
    };
    let staff = world.staff("nordlicht", "dispatcher").await;
    let (target, tracking) = job(&world, &staff, "Mu one").await;
    let technician = technicians(&world.content(&staff, &target).await).pop().unwrap();
    offer(
        &world,
        &staff,
        &target,
        &technician,
        ["2026-12-08", "2026-12-09"],
        "13:00",
    )
    .await;
    let offered = offer_id(&world.get(&visitor(), &tracking).await.1);
    world.core.clock().advance(TimeDelta::hours(25));
    let (status, page) = choose(&world, &tracking, &offered, "1").await;
    assert_eq!(status, StatusCode::CONFLICT);
    assert!(page.contains("has expired") && !page.contains("Choose a time"));

    let staff = world.staff("nordlicht", "dispatcher").await;
    offer(
        &world,
        &staff,
        &target,
        &technician,
        ["2026-12-08", "2026-12-09"],
        "13:00",
    )
    .await;
    let offered = offer_id(&world.get(&visitor(), &tracking).await.1);
    let plan = [
        ("target", target.rsplit('/').next().unwrap()),
        ("technician", technician.as_str()),
        ("date", "2026-12-10"),
        ("start", "13:00"),
        ("end", "15:00"),
        ("shared", "on"),
    ];
    world.send(&staff, "/app/fn/schedule-target", &plan).await;
    assert_eq!(choose(&world, &tracking, &offered, "1").await.0, StatusCode::CONFLICT);
    let page = world.content(&staff, &target).await;
    assert_eq!(page.matches(">Planned</span>").count(), 1);
}

#[rstest]
#[case::sqlite(Engine::Sqlite)]
#[case::postgres(Engine::Postgres)]
#[tokio::test]
async fn job_cancelled_ends_appointment_offer_and_request(#[case] engine: Engine) {
    let Some(world) = world_at(engine, monday()).await else {
        return;
    };
    let staff = world.staff("nordlicht", "dispatcher").await;
    let admin = world.staff("nordlicht", "admin").await;
    let cancel = async |target: &str, reason: &str, message: &str| {
        let target = target.rsplit('/').next().unwrap();
        let fields = [("target", target), ("reason", reason), ("message", message)];
        world.send(&staff, "/app/fn/cancel-target", &fields).await;
    };
    let mails = async |subject: &str| {
        world
            .content(&admin, "/app/settings/mails")
            .await
            .matches(subject)
            .count()
    };
    // A job with an appointment: the cancellation is sent by email.
    let (target, tracking) = job(&world, &staff, "Pi planned").await;
    let technician = technicians(&world.content(&staff, &target).await).pop().unwrap();
    let plan = [
        ("target", target.rsplit('/').next().unwrap()),
        ("technician", technician.as_str()),
        ("date", "2026-12-10"),
        ("start", "13:00"),
        ("end", "15:00"),
        ("shared", "on"),
    ];
    world.send(&staff, "/app/fn/schedule-target", &plan).await;
    assert!(world.get(&visitor(), &tracking).await.1.contains("13:00–15:00"));
    cancel(&target, " ", "Not without a reason").await;
    assert!(
        world.content(&staff, &target).await.contains("Scheduled"),
        "a reason is required"
    );
    let internal = "Customer pays late, canary-reason";
    cancel(&target, internal, "The spare part is no longer made.").await;
    let (_, page) = world.get(&visitor(), &tracking).await;
    assert!(page.contains("The spare part is no longer made.") && !page.contains("13:00–15:00"));
    assert!(!page.contains("canary-reason"), "{}", world.engine);
    let stored = world.texts("SELECT CAST(data AS TEXT) FROM mail").await;
    assert!(!stored.iter().any(|row| row[0].contains("canary-reason")));
    let audited = world
        .texts("SELECT CAST(subject AS TEXT) FROM audit_entry WHERE action = 'target.cancelled' AND CAST(details AS TEXT) LIKE '%canary-reason%'")
        .await;
    assert_eq!(audited.len(), 1, "{}", world.engine);
    assert_eq!(mails("Your appointment is cancelled").await, 1);
    let shown = world.content(&staff, &target).await;
    assert!(shown.contains("Job cancelled") && !shown.contains("/app/fn/cancel-target"));
    // A second cancellation is rejected and sends no email.
    cancel(&target, "Again", "").await;
    assert_eq!(mails("Your appointment is cancelled").await, 1);

    // An unscheduled job: its request ends with it, and the offer is void.
    let (target, tracking) = job(&world, &staff, "Rho unplanned").await;
    let days = ["2026-12-08", "2026-12-09"];
    offer(&world, &staff, &target, &technician, days, "13:00").await;
    let offered = offer_id(&world.get(&visitor(), &tracking).await.1);
    cancel(&target, "We do not offer this service.", "").await;
    let (_, page) = world.get(&visitor(), &tracking).await;
    assert!(page.contains(">Cancelled</span>") && !page.contains("We do not offer this service."));
    let told = world
        .texts("SELECT recipient FROM mail WHERE kind = 'request_cancelled'")
        .await;
    assert_eq!(told.len(), 1, "{}", world.engine);
    assert_eq!(choose(&world, &tracking, &offered, "1").await.0, StatusCode::CONFLICT);
    assert_eq!(
        mails("Your appointment is cancelled").await,
        1,
        "there was no appointment"
    );
}

#[rstest]
#[case::sqlite(Engine::Sqlite)]
#[case::postgres(Engine::Postgres)]
#[tokio::test]
async fn cancellation_requested_is_answered_by_dispatch(#[case] engine: Engine) {
    let Some(world) = world_at(engine, monday()).await else {
        return;
    };
    let staff = world.staff("nordlicht", "dispatcher").await;
    let petra = world.contact("nordlicht", "petra").await;
    let anna = world.contact("nordlicht", "anna").await;
    let form = world.content(&petra, "/portal/requests/new").await;
    let location = form.split("value=\"loc_").nth(1).unwrap().split('"').next().unwrap();
    let location = format!("loc_{location}");
    let fields = [
        ("location", location.as_str()),
        ("service_type", "repair"),
        ("description", "The gate does not close."),
        ("nonce", "gate-1"),
    ];
    let parts = fields
        .iter()
        .fold(reqwest::multipart::Form::new(), |form, (name, value)| {
            form.text((*name).to_owned(), (*value).to_owned())
        });
    let answer = petra
        .post(format!("{}/portal/fn/submit-request", world.url))
        .header(SAME_ORIGIN.0, SAME_ORIGIN.1)
        .header("accept", "text/html")
        .multipart(parts)
        .send()
        .await
        .unwrap();
    let page = answer.headers()["location"].to_str().unwrap().to_owned();
    let id = page.rsplit('/').next().unwrap().to_owned();
    let ask = async |who: &Client, nonce: &str| {
        who.post(format!("{}/portal/fn/request-cancellation", world.url))
            .header(SAME_ORIGIN.0, SAME_ORIGIN.1)
            .form(&[
                ("request", id.as_str()),
                ("answer", "We sold the gate."),
                ("nonce", nonce),
            ])
            .send()
            .await
            .unwrap()
            .status()
    };
    // Before conversion to a job, the request can be withdrawn; cancellation cannot be requested.
    let html = world.content(&petra, &page).await;
    assert!(html.contains("withdraw-request") && !html.contains("request-cancellation"));
    assert_eq!(ask(&petra, "a").await, StatusCode::CONFLICT);
    world.send(&staff, "/app/fn/accept-request", &[("request", &id)]).await;
    let target = world.send(&staff, "/app/fn/convert-request", &[("request", &id)]).await;
    let html = world.content(&petra, &page).await;
    assert!(
        !html.contains("withdraw-request") && html.contains("request-cancellation"),
        "{}",
        world.engine
    );
    assert_eq!(ask(&anna, "b").await, StatusCode::NOT_FOUND, "request of another user");
    assert_eq!(ask(&petra, "c").await, StatusCode::SEE_OTHER);
    assert_eq!(
        ask(&petra, "c").await,
        StatusCode::SEE_OTHER,
        "the same form again changes nothing"
    );
    assert_eq!(ask(&petra, "d").await, StatusCode::CONFLICT, "once");
    let html = world.content(&petra, &page).await;
    assert!(html.contains("Cancellation was requested on") && html.contains("We sold the gate."));
    let inside = world.content(&staff, &format!("/app/inbox/{id}")).await;
    assert!(inside.contains("asked to cancel on") && inside.contains("We sold the gate."));
    assert!(
        world
            .content(&staff, "/app/inbox?only=answered")
            .await
            .contains("Cancellation requested")
    );
    // A message from dispatch answers the request for cancellation; it can be requested again.
    let answer = [
        ("request", id.as_str()),
        ("message", "We have ordered the parts already."),
    ];
    world.send_message(&staff, &answer).await;
    assert!(
        !world
            .content(&staff, &format!("/app/inbox/{id}"))
            .await
            .contains("asked to cancel on")
    );
    let html = world.content(&petra, &page).await;
    assert!(!html.contains("Cancellation was requested on") && html.contains("request-cancellation"));
    assert_eq!(ask(&petra, "e").await, StatusCode::SEE_OTHER);
    // Once as it was sent, once as the draft of the second try, which was rejected.
    assert_eq!(html.matches("We sold the gate.").count(), 2);
    // Dispatch schedules an appointment, then cancels the job: the request ends with it.
    let job = world.content(&staff, &target).await;
    let technician = technicians(&job)[0].clone();
    let target_id = target.rsplit('/').next().unwrap();
    let fields = [
        ("target", target_id),
        ("technician", technician.as_str()),
        ("date", "2026-12-08"),
        ("start", "09:00"),
        ("end", "10:00"),
        ("shared", "on"),
    ];
    world.schedule_anyway(&staff, &fields).await;
    assert!(world.content(&petra, &page).await.contains("Planned"));
    let cancel = [
        ("target", target_id),
        ("reason", "Customer asked"),
        ("message", "As you wished."),
    ];
    world.send(&staff, "/app/fn/cancel-target", &cancel).await;
    let html = world.content(&petra, &page).await;
    assert!(
        html.contains("As you wished.") && html.contains("Cancelled"),
        "{}",
        world.engine
    );
    assert!(!html.contains("Planned"), "{}", world.engine);
}

async fn decline(world: &World, tracking: &str, offer: &str, proposal: &str) -> (StatusCode, String) {
    let answer = visitor()
        .post(format!("{}{tracking}/decline", world.url))
        .header(SAME_ORIGIN.0, SAME_ORIGIN.1)
        .form(&[
            ("offer", offer),
            ("answer", proposal),
            ("nonce", &format!("decline-{offer}")),
        ])
        .send()
        .await
        .unwrap();
    let status = answer.status();
    (status, answer.text().await.unwrap())
}

#[rstest]
#[case::sqlite(Engine::Sqlite)]
#[case::postgres(Engine::Postgres)]
#[tokio::test]
async fn slot_offer_declined_with_proposal_is_back_in_inbox(#[case] engine: Engine) {
    let Some(world) = world_at(engine, monday()).await else {
        return;
    };
    let staff = world.staff("nordlicht", "dispatcher").await;
    let (target, tracking) = job(&world, &staff, "Omega none suits").await;
    let technician = technicians(&world.content(&staff, &target).await).pop().unwrap();
    offer(
        &world,
        &staff,
        &target,
        &technician,
        ["2026-12-08", "2026-12-09"],
        "13:00",
    )
    .await;
    let (_, page) = world.get(&visitor(), &tracking).await;
    assert!(page.contains("/decline?lang="), "{page}");
    let offered = offer_id(&page);
    // A proposal is required; without one nothing happens.
    let (status, page) = decline(&world, &tracking, &offered, "").await;
    assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(page.contains("/decline?lang="), "the offer is still open");
    let (status, _) = decline(&world, &tracking, &offered, "Only Fridays after 14:00, please").await;
    assert_eq!(status, StatusCode::SEE_OTHER);
    let (_, page) = world.get(&visitor(), &tracking).await;
    assert!(!page.contains("data-testid=\"decline-slots\"") && page.contains("Only Fridays after 14:00"));
    assert_eq!(choose(&world, &tracking, &offered, "1").await.0, StatusCode::CONFLICT);
    // Dispatch sees it at once, among what has to be answered.
    let inbox = world
        .content(&staff, "/app/inbox?only=answered&q=Omega+none+suits")
        .await;
    assert_eq!(inbox.matches("/app/inbox/req_").count(), 1, "{inbox}");
    // The times are free again.
    let (other, _) = job(&world, &staff, "Omega second").await;
    offer(
        &world,
        &staff,
        &other,
        &technician,
        ["2026-12-08", "2026-12-09"],
        "13:00",
    )
    .await;
    assert!(!world.content(&staff, &other).await.contains("technician_offered"));
}

#[rstest]
#[case::sqlite(Engine::Sqlite)]
#[case::postgres(Engine::Postgres)]
#[tokio::test]
async fn offered_time_is_conflict_for_other_appointment(#[case] engine: Engine) {
    let Some(world) = world_at(engine, monday()).await else {
        return;
    };
    let staff = world.staff("nordlicht", "dispatcher").await;
    let (target, _) = job(&world, &staff, "Sigma offered").await;
    let technician = technicians(&world.content(&staff, &target).await).pop().unwrap();
    offer(
        &world,
        &staff,
        &target,
        &technician,
        ["2026-12-08", "2026-12-09"],
        "13:00",
    )
    .await;
    let (other, _) = job(&world, &staff, "Sigma scheduled").await;
    let fields = [
        ("target", other.rsplit('/').next().unwrap()),
        ("technician", technician.as_str()),
        ("date", "2026-12-08"),
        ("start", "14:00"),
        ("end", "16:00"),
        ("shared", "on"),
        ("was", ""),
    ];
    world.send(&staff, "/app/fn/schedule-target", &fields).await;
    let page = world.content(&staff, &other).await;
    assert!(page.contains("data-code=\"technician_offered\""), "{page}");
    world.schedule_anyway(&staff, &fields).await;
    assert!(!world.content(&staff, &other).await.contains("data-code="));
}

#[rstest]
#[case::sqlite(Engine::Sqlite)]
#[case::postgres(Engine::Postgres)]
#[tokio::test]
async fn offered_time_with_conflict_is_asked_about(#[case] engine: Engine) {
    let Some(world) = world_at(engine, monday()).await else {
        return;
    };
    let staff = world.staff("nordlicht", "dispatcher").await;
    let (target, tracking) = job(&world, &staff, "Sigma on a Sunday").await;
    let technicians = technicians(&world.content(&staff, &target).await);
    let technician = technicians.first().unwrap();
    // Two Sundays.
    let days = ["2026-12-06", "2026-12-13"];
    offer(&world, &staff, &target, technician, days, "15:00").await;
    let offers = async || world.get(&visitor(), &tracking).await.1.contains("name=\"offer\"");
    assert!(!offers().await, "{}", world.engine);
    let shown = offer_anyway(&world, &staff, &target, technician, days, "15:00").await;
    assert!(
        ["unusual_time", "no_shift"].iter().any(|code| shown.contains(code)),
        "{shown}"
    );
    assert!(offers().await, "{}", world.engine);
}

#[rstest]
#[case::sqlite(Engine::Sqlite)]
#[case::postgres(Engine::Postgres)]
#[tokio::test]
async fn offer_without_a_choice_is_back_on_today(#[case] engine: Engine) {
    let Some(world) = world_at(engine, monday()).await else {
        return;
    };
    let staff = world.staff("nordlicht", "dispatcher").await;
    world
        .sql("UPDATE slot_offer SET status = 'withdrawn' WHERE status = 'open'")
        .await;
    let (target, _) = job(&world, &staff, "Tau without an answer").await;
    let technicians = technicians(&world.content(&staff, &target).await);
    let technician = technicians.first().unwrap();
    offer(
        &world,
        &staff,
        &target,
        technician,
        ["2026-12-15", "2026-12-16"],
        "13:00",
    )
    .await;
    let listed = async || {
        let staff = world.staff("nordlicht", "dispatcher").await;
        let html = world.content(&staff, "/app/today").await;
        let of_list = |name: &str| {
            let card = html.split(&format!("id=\"{name}\"")).nth(1)?;
            let card = card.split("</section>").next()?;
            Some(card.contains(&target) || card.contains("Tau without an answer"))
        };
        (of_list("waiting").unwrap_or(false), of_list("offers").unwrap_or(false))
    };
    // It waits for the customer first; the demo's own requests are older.
    assert!(!listed().await.1, "{}", world.engine);
    world.core.clock().advance(TimeDelta::hours(25));
    assert_eq!(listed().await, (false, true), "{}", world.engine);
}
