//! The inbox over HTTP: filters, single and bulk decisions, undo, calls and live updates.

use ordinavo_core::Engine;
use rstest::rstest;
use std::time::Duration;

use crate::portal_access::access::send_parts;
use crate::support::forms::hidden;
use crate::support::public::{COMPLETE, visitor};
use crate::support::{World, link, world, world_at};
use chrono::{TimeDelta, TimeZone as _, Utc};
use ordinavo_core::clock::Clock;
use reqwest::header::{HeaderMap, HeaderValue};
use reqwest::{Client, Method, StatusCode};
use serde_json::json;

pub fn monday() -> Clock {
    Clock::manual(Utc.with_ymd_and_hms(2026, 11, 23, 8, 30, 0).single().unwrap())
}

/// Submits a form with this description and returns the request ID and the tracking path.
pub async fn request(world: &World, staff: &Client, description: &str) -> (String, String) {
    let mut fields = COMPLETE.to_vec();
    fields[1] = ("description", description);
    let tracking = world.submit(&fields, &[]).await;
    let inside = world.in_inbox(staff, description).await;
    (inside.rsplit('/').next().unwrap().to_owned(), tracking)
}

#[rstest]
#[case::sqlite(Engine::Sqlite)]
#[case::postgres(Engine::Postgres)]
#[tokio::test]
async fn inbox_with_query_shows_matching_requests(#[case] engine: Engine) {
    let Some(world) = world_at(engine, monday()).await else {
        return;
    };
    let staff = world.staff("nordlicht", "dispatcher").await;
    let (id, _) = request(&world, &staff, "Alpha pump of the fountain").await;
    let shows = async |query: &str| {
        world
            .content(&staff, &format!("/app/inbox?{query}"))
            .await
            .contains(&id)
    };
    for (query, expected) in [
        ("q=alpha+PUMP", true),
        ("q=alpha+%25", false),
        ("q=mona@example.org", true),
        ("q=praxis", true),
        ("q=nothing-like-it", false),
        ("q=alpha&channel=web_form", true),
        ("q=alpha&channel=portal", false),
        ("q=alpha&service=repair", true),
        ("q=alpha&service=support", false),
        ("q=alpha&priority=normal", true),
        ("q=alpha&priority=urgent", false),
        ("q=alpha&assigned=unassigned", true),
        ("q=alpha&assigned=me", false),
        ("q=alpha&only=unmatched", true),
        ("q=alpha&only=snoozed", false),
        ("q=alpha&status=submitted", true),
        ("q=alpha&status=rejected", false),
        ("q=alpha&status=no-such-status", true),
    ] {
        assert_eq!(shows(query).await, expected, "{} {query}", world.engine);
    }
    // Search by request number.
    let page = world.content(&staff, &format!("/app/inbox/{id}")).await;
    let number = page
        .split("data-testid=\"request-number\"")
        .nth(1)
        .unwrap()
        .split("REQ-")
        .nth(1)
        .unwrap()
        .split('<')
        .next()
        .unwrap()
        .to_owned();
    assert!(shows(&format!("q=REQ-{number}")).await && shows(&format!("q={number}")).await);
    // A snoozed request leaves the open list and returns when the time has passed.
    let until = [("request", id.as_str()), ("until", "1h")];
    world.send(&staff, "/app/fn/snooze-request", &until).await;
    assert!(!shows("q=alpha").await && shows("q=alpha&only=snoozed").await);
    world.core.clock().advance(TimeDelta::minutes(61));
    assert!(shows("q=alpha").await);
    // Opening a request keeps the filters.
    let list = world.content(&staff, "/app/inbox?q=alpha&channel=web_form").await;
    assert!(
        list.contains(&format!("/app/inbox/{id}?q=alpha&amp;channel=web_form")),
        "{list}"
    );
}

#[rstest]
#[case::sqlite(Engine::Sqlite)]
#[case::postgres(Engine::Postgres)]
#[tokio::test]
async fn decision_undone_within_ten_seconds_is_reverted(#[case] engine: Engine) {
    let Some(world) = world_at(engine, monday()).await else {
        return;
    };
    let staff = world.staff("nordlicht", "dispatcher").await;
    let (id, tracking) = request(&world, &staff, "Beta gate does not close").await;
    let page = async || world.content(&staff, &format!("/app/inbox/{id}")).await;
    let status = async || {
        let (_, page) = world.get(&visitor(), &tracking).await;
        ["Submitted", "In review", "Accepted", "Rejected"]
            .into_iter()
            .find(|word| page.contains("<h1>Repair") && page.contains(&format!(">{word}</span></span></header>")))
            .unwrap_or("?")
    };
    // Undoing a rejection restores status, reason and email.
    let reject = [("request", id.as_str()), ("reason", "CANARY wrong button")];
    world.send(&staff, "/app/fn/reject-request", &reject).await;
    let shown = page().await;
    assert_eq!(status().await, "Rejected");
    let undo = hidden(&shown, "undo").unwrap();
    let back = format!("/app/inbox/{id}");
    // Another user cannot undo it.
    let other = world.staff("nordlicht", "manager").await;
    world
        .send(&other, "/app/fn/undo-decision", &[("undo", &undo), ("path", &back)])
        .await;
    assert_eq!(status().await, "Rejected");
    world
        .send(&staff, "/app/fn/undo-decision", &[("undo", &undo), ("path", &back)])
        .await;
    assert_eq!(status().await, "Submitted");
    let (_, public) = world.get(&visitor(), &tracking).await;
    assert!(!public.contains("CANARY"));
    // Undo works once.
    world
        .send(&staff, "/app/fn/undo-decision", &[("undo", &undo), ("path", &back)])
        .await;
    assert!(page().await.contains("can no longer be undone"));

    // Undo expires after ten seconds.
    world.send(&staff, "/app/fn/accept-request", &[("request", &id)]).await;
    let undo = hidden(&page().await, "undo").unwrap();
    world.core.clock().advance(TimeDelta::seconds(13));
    world
        .send(&staff, "/app/fn/undo-decision", &[("undo", &undo), ("path", &back)])
        .await;
    assert_eq!(status().await, "Accepted");

    // Later changes stay: another user set the priority afterwards.
    let set = [("request", id.as_str()), ("priority", "urgent")];
    world.send(&staff, "/app/fn/set-priority", &set).await;
    let undo = hidden(&page().await, "undo").unwrap();
    world.core.clock().advance(TimeDelta::seconds(1));
    world
        .send(&other, "/app/fn/set-priority", &[("request", &id), ("priority", "low")])
        .await;
    world
        .send(&staff, "/app/fn/undo-decision", &[("undo", &undo), ("path", &back)])
        .await;
    assert!(page().await.contains("value=\"low\" aria-current=\"true\""));
}

#[rstest]
#[case::sqlite(Engine::Sqlite)]
#[case::postgres(Engine::Postgres)]
#[tokio::test]
async fn bulk_decision_updates_open_requests_only(#[case] engine: Engine) {
    let Some(world) = world_at(engine, monday()).await else {
        return;
    };
    let staff = world.staff("nordlicht", "dispatcher").await;
    let (first, _) = request(&world, &staff, "Gamma one").await;
    let (second, _) = request(&world, &staff, "Gamma two").await;
    let (third, _) = request(&world, &staff, "Gamma three").await;
    world
        .send(
            &staff,
            "/app/fn/reject-request",
            &[("request", &third), ("reason", "no")],
        )
        .await;
    let many = |decision: &'static str| {
        vec![
            ("requests[]", first.clone()),
            ("requests[]", second.clone()),
            ("requests[]", third.clone()),
            ("decision", decision.to_owned()),
            ("reason", "Not in winter.".to_owned()),
            ("path", "/app/inbox?q=gamma".to_owned()),
        ]
    };
    let send = async |fields: Vec<(&str, String)>| {
        let fields: Vec<(&str, &str)> = fields.iter().map(|(name, value)| (*name, value.as_str())).collect();
        world.send(&staff, "/app/fn/update-requests", &fields).await
    };
    assert_eq!(send(many("accept")).await, "/app/inbox?q=gamma");
    let page = world.content(&staff, "/app/inbox?q=gamma").await;
    assert!(page.contains("The others had changed in the meantime"), "{page}");
    assert_eq!(page.matches(">Accepted</span>").count(), 2);
    let undo = hidden(&page, "undo").unwrap();
    world
        .send(
            &staff,
            "/app/fn/undo-decision",
            &[("undo", &undo), ("path", "/app/inbox?q=gamma")],
        )
        .await;
    assert!(
        !world
            .content(&staff, "/app/inbox?q=gamma")
            .await
            .contains(">Accepted</span>")
    );
    send(many("reject")).await;
    let rejected = world.content(&staff, "/app/inbox?q=gamma&status=rejected").await;
    assert_eq!(rejected.matches("href=\"/app/inbox/req_").count(), 3);
    // No selection, a request of another tenant and an invalid decision.
    let foreign = world.staff("suedwind", "admin").await;
    let fields = [
        ("requests[]", first.as_str()),
        ("decision", "accept"),
        ("path", "//evil.example"),
    ];
    assert_eq!(
        world.send(&foreign, "/app/fn/update-requests", &fields).await,
        "/app/inbox"
    );
    assert!(
        world
            .content(&staff, "/app/inbox?q=gamma+one&status=rejected")
            .await
            .contains(&first)
    );
    world
        .send(&staff, "/app/fn/update-requests", &[("decision", "accept")])
        .await;
    assert!(
        world
            .content(&staff, "/app/inbox")
            .await
            .contains("data-code=\"nothing_selected\"")
    );
    // A rejected form keeps the selection and the typed reason.
    let (fourth, _) = request(&world, &staff, "Gamma four").await;
    let long = "x".repeat(1_100);
    let fields = [
        ("requests[]", fourth.as_str()),
        ("decision", "reject"),
        ("reason", &long),
    ];
    world.send(&staff, "/app/fn/update-requests", &fields).await;
    let page = world.content(&staff, "/app/inbox").await;
    assert!(page.contains(&long));
    let checkbox = page.split(&format!("value=\"{fourth}\"")).nth(1).unwrap();
    assert!(checkbox.split('>').next().unwrap().contains("checked"), "{checkbox}");
}

#[rstest]
#[case::sqlite(Engine::Sqlite)]
#[case::postgres(Engine::Postgres)]
#[tokio::test]
async fn call_logged_twice_creates_one_request(#[case] engine: Engine) {
    let Some(world) = world(engine).await else { return };
    let staff = world.staff("nordlicht", "dispatcher").await;
    let page = world.content(&staff, "/app/inbox/new").await;
    let nonce = hidden(&page, "nonce").unwrap();
    let customer = world.customer("CUST-10042").await;
    let fields = [
        ("customer", customer.as_str()),
        ("service_type", "repair"),
        ("priority", "urgent"),
        ("description", "Delta: water below the reception desk"),
        ("name", "Frau Lindner"),
        ("phone", "+49 201 5550900"),
        ("locale", "de"),
        ("nonce", &nonce),
    ];
    let made = world.send(&staff, "/app/fn/record-call", &fields).await;
    assert_eq!(
        world.send(&staff, "/app/fn/record-call", &fields).await,
        made,
        "a double click"
    );
    let page = world.content(&staff, &made).await;
    for part in ["Rhein-Ruhr Medical Supply", "Frau Lindner", "Urgent", "Team"] {
        assert!(page.contains(part), "{part}");
    }
    // A location of another customer is rejected, and the input is kept.
    let mut wrong = fields.to_vec();
    wrong[7] = ("nonce", "another");
    wrong.push(("location", "loc_00000000000000000000000000"));
    world.send(&staff, "/app/fn/record-call", &wrong).await;
    let page = world.content(&staff, "/app/inbox/new").await;
    assert!(page.contains("Delta: water below") && page.contains("A value is required."));
}

#[rstest]
#[case::sqlite(Engine::Sqlite)]
#[case::postgres(Engine::Postgres)]
#[tokio::test]
async fn portal_and_partner_requests_appear_in_inbox(#[case] engine: Engine) {
    let Some(world) = world(engine).await else { return };
    let staff = world.staff("nordlicht", "dispatcher").await;
    let petra = world.contact("nordlicht", "petra").await;
    let form = world.content(&petra, "/portal/requests/new").await;
    let location = form.split("value=\"loc_").nth(1).unwrap().split('"').next().unwrap();
    let fields = [
        ("location", format!("loc_{location}")),
        ("service_type", "repair".to_owned()),
        ("description", "Epsilon from the portal".to_owned()),
        (
            "date_1",
            (Utc::now() + TimeDelta::days(3)).format("%Y-%m-%d").to_string(),
        ),
        ("part_1", "morning".to_owned()),
        ("urgent", "on".to_owned()),
        ("nonce", "epsilon".to_owned()),
    ];
    let form = fields
        .iter()
        .fold(reqwest::multipart::Form::new(), |form, (name, value)| {
            form.text(*name, value.clone())
        })
        .part(
            "files",
            reqwest::multipart::Part::bytes(crate::support::public::png())
                .file_name("plate.png")
                .mime_str("image/png")
                .unwrap(),
        );
    let answer = petra
        .post(format!("{}/portal/fn/submit-request", world.url))
        .header(crate::support::SAME_ORIGIN.0, crate::support::SAME_ORIGIN.1)
        .header("accept", "text/html")
        .multipart(form)
        .send()
        .await
        .unwrap();
    let made = answer.headers()["location"].to_str().unwrap().to_owned();
    let inside = world.in_inbox(&staff, "Epsilon from the portal").await;
    let page = world.content(&staff, &inside).await;
    assert!(
        page.contains("plate.jpg") && page.contains("morning") && page.contains("High"),
        "{page}"
    );
    // A question, answered in the portal.
    let id = inside.rsplit('/').next().unwrap().to_owned();
    let question = [("request", id.as_str()), ("message", "Which floor?"), ("asks", "on")];
    world.send_message(&staff, &question).await;
    let page = world.content(&petra, &made).await;
    assert!(page.contains("Which floor?") && page.contains("We need an answer"));
    let answer = [
        ("request", made.rsplit('/').next().unwrap()),
        ("answer", "The third."),
        ("nonce", "once"),
    ];
    send_parts(&world, &petra, "/portal/fn/answer-request", &answer).await;
    send_parts(&world, &petra, "/portal/fn/answer-request", &answer).await;
    assert_eq!(world.content(&staff, &inside).await.matches("The third.").count(), 1);
    // Replies are shown even after conversion to a job, until they are marked as read.
    world.send(&staff, "/app/fn/mark-reply-read", &[("request", &id)]).await;
    world.send(&staff, "/app/fn/accept-request", &[("request", &id)]).await;
    world.send(&staff, "/app/fn/convert-request", &[("request", &id)]).await;
    assert!(!world.content(&staff, "/app/inbox").await.contains("has a new reply"));
    let later = [answer[0], ("answer", "Use the back door."), ("nonce", "later")];
    send_parts(&world, &petra, "/portal/fn/answer-request", &later).await;
    assert!(
        world
            .content(&staff, "/app/inbox")
            .await
            .contains("1 request has a new reply")
    );
    assert!(world.content(&staff, "/app/inbox?only=answered").await.contains(&id));
    // With a photo of the size that phones take.
    let noise = image::RgbImage::from_fn(400, 400, |x, y| {
        let mixed = (x * 7919 + y * 104_729).wrapping_mul(2_654_435_761);
        image::Rgb([(mixed >> 24) as u8, (mixed >> 16) as u8, (mixed >> 8) as u8])
    });
    let mut photo = std::io::Cursor::new(Vec::new());
    noise.write_to(&mut photo, image::ImageFormat::Png).unwrap();
    assert!(
        photo.get_ref().len() > 300 * 1024,
        "larger than a form without files may be"
    );
    let part = reqwest::multipart::Part::bytes(photo.into_inner()).file_name("door.png");
    let form = [answer[0], ("answer", "This door."), ("nonce", "photo")]
        .into_iter()
        .fold(reqwest::multipart::Form::new(), |form, (name, value)| {
            form.text(name, value.to_owned())
        })
        .part("files", part.mime_str("image/png").unwrap());
    let sent = petra
        .post(format!("{}/portal/fn/answer-request", world.url))
        .header(crate::support::SAME_ORIGIN.0, crate::support::SAME_ORIGIN.1)
        .header("accept", "text/html")
        .multipart(form)
        .send()
        .await
        .unwrap();
    assert!(!sent.status().is_client_error(), "{}", sent.status());
    let page = world.content(&staff, &inside).await;
    assert!(
        page.contains("This door.") && page.contains("door.jpg"),
        "{}",
        world.engine
    );
    // A user of another customer can neither read nor write messages.
    let stranger = world.contact("nordlicht", "kontakt").await;
    assert_eq!(world.get(&stranger, &made).await.0, StatusCode::NOT_FOUND);
    let fields = [answer[0], ("answer", "CANARY"), ("nonce", "x")];
    send_parts(&world, &stranger, "/portal/fn/answer-request", &fields).await;
    assert!(!world.content(&staff, &inside).await.contains("CANARY"));

    let body = json!({ "customer": { "externalId": "CUST-10042" }, "serviceType": "repair", "description": "Zeta from the ERP" });
    let answer = world
        .api(Method::POST, "/api/v1/requests", &world.key("nordlicht", "erp"))
        .header("idempotency-key", "zeta")
        .json(&body)
        .send()
        .await
        .unwrap();
    assert_eq!(answer.status(), StatusCode::CREATED);
    let inside = world.in_inbox(&staff, "Zeta from the ERP").await;
    let id = inside.rsplit('/').next().unwrap().to_owned();
    world
        .send_message(&staff, &[("request", &id), ("message", "Hello?")])
        .await;
    assert!(
        world
            .content(&staff, &inside)
            .await
            .contains("which does not receive messages")
    );
}

/// What browsers send when they open a page.
fn navigation() -> HeaderMap {
    let mut headers = HeaderMap::new();
    headers.insert("accept", HeaderValue::from_static("text/html,*/*;q=0.8"));
    headers.insert("sec-fetch-mode", HeaderValue::from_static("navigate"));
    headers
}

#[rstest]
#[case::sqlite(Engine::Sqlite)]
#[case::postgres(Engine::Postgres)]
#[tokio::test]
async fn live_updates_report_changes_and_viewers(#[case] engine: Engine) {
    let Some(world) = world(engine).await else { return };
    let staff = world.staff("nordlicht", "dispatcher").await;
    let manager = world.staff("nordlicht", "manager").await;
    let inbox = world.content(&staff, "/app/inbox").await;
    let path = link(&inbox, "/app/inbox/req_").unwrap();
    let id = path.rsplit('/').next().unwrap().to_owned();
    let mut stream = staff
        .get(format!("{}/app/live?request={id}", world.url))
        .send()
        .await
        .unwrap();
    assert_eq!(stream.headers()["content-type"], "text/event-stream");
    let mut next_change = async || {
        let deadline = Duration::from_secs(20);
        tokio::time::timeout(deadline, async {
            loop {
                let chunk = stream.chunk().await.unwrap().expect("stream is open");
                if String::from_utf8_lossy(&chunk).contains("event: changed") {
                    return;
                }
            }
        })
        .await
        .expect("change event is received");
    };
    world
        .send(&manager, "/app/fn/add-note", &[("request", &id), ("note", "Checked")])
        .await;
    next_change().await;
    // The manager opens the same request: both see each other.
    let other = manager
        .get(format!("{}/app/live?request={id}", world.url))
        .send()
        .await
        .unwrap();
    next_change().await;
    assert!(world.content(&staff, &path).await.contains("Also viewing:"));
    drop(other);
    // A stream or a refresh between an action and its page does not take the message of the action.
    world
        .send(
            &staff,
            "/app/fn/add-note",
            &[("request", &id), ("note", "Checked again")],
        )
        .await;
    for (path, headers) in [
        (
            "/app/live",
            [("accept", "text/event-stream"), ("sec-fetch-mode", "cors")],
        ),
        ("/app/inbox", [("accept", "text/html"), ("x-refresh", "1")]),
        (
            "/app/files/none",
            [("accept", "image/avif,*/*;q=0.8"), ("sec-fetch-mode", "no-cors")],
        ),
    ] {
        let mut background = staff.get(format!("{}{path}", world.url));
        for (name, value) in headers {
            background = background.header(name, value);
        }
        drop(background.send().await.unwrap());
    }
    let page = staff
        .get(format!("{}{path}", world.url))
        .headers(navigation())
        .send()
        .await
        .unwrap();
    let page = page.text().await.unwrap();
    assert!(page.contains("data-done=\"done-note\""), "{page}");
    // Visitors and technicians cannot subscribe to live updates.
    for (browser, expected) in [
        (visitor(), StatusCode::UNAUTHORIZED),
        (world.staff("nordlicht", "technician").await, StatusCode::FORBIDDEN),
    ] {
        let answer = browser.get(format!("{}/app/live", world.url)).send().await.unwrap();
        assert_eq!(answer.status(), expected);
    }
}

#[rstest]
#[case::sqlite(Engine::Sqlite)]
#[case::postgres(Engine::Postgres)]
#[tokio::test]
async fn decision_on_changed_request_is_rejected_and_input_kept(#[case] engine: Engine) {
    let Some(world) = world(engine).await else { return };
    let (first, second) = (
        world.staff("nordlicht", "dispatcher").await,
        world.staff("nordlicht", "manager").await,
    );
    let list = world.content(&first, "/app/inbox?status=submitted").await;
    let page = link(&list, "/app/inbox/req_").unwrap().replace("&amp;", "&");
    let id = page.split('?').next().unwrap().rsplit('/').next().unwrap().to_owned();
    world.send(&first, "/app/fn/accept-request", &[("request", &id)]).await;
    let fields = [("request", id.as_str()), ("reason", "We do not serve this building.")];
    let to = world.send(&second, "/app/fn/reject-request", &fields).await;
    let html = world.content(&second, &to.replace("&amp;", "&")).await;
    assert!(html.contains("role=\"alert\""), "{} {to}", world.engine);
    assert!(html.contains("We do not serve this building.") && html.contains("Not sent"));
}

#[rstest]
#[case::sqlite(Engine::Sqlite)]
#[case::postgres(Engine::Postgres)]
#[tokio::test]
async fn filters_stay_after_actions_on_request(#[case] engine: Engine) {
    let Some(world) = world_at(engine, monday()).await else {
        return;
    };
    let staff = world.staff("nordlicht", "dispatcher").await;
    let (id, _) = request(&world, &staff, "Filters stay").await;
    let view = "?q=filters&channel=web_form";
    let base = [("request", id.as_str()), ("view", view)];
    for (action, field) in [
        ("add-note", ("note", "Checked.")),
        ("send-message", ("message", "Hello.")),
    ] {
        let fields = [base[0], base[1], field];
        let to = if action == "send-message" {
            world.send_message(&staff, &fields).await
        } else {
            world.send(&staff, &format!("/app/fn/{action}"), &fields).await
        };
        assert_eq!(to, format!("/app/inbox/{id}{view}"), "{action}");
    }
    let page = world.content(&staff, &format!("/app/inbox/{id}{view}")).await;
    for action in ["add-note", "send-message"] {
        let form = page.split(&format!("/app/fn/{action}")).nth(1).unwrap();
        assert_eq!(hidden(form, "view").unwrap().replace("&amp;", "&"), view, "{action}");
    }
    world.send(&staff, "/app/fn/accept-request", &base).await;
    let customer = world.customer("CUST-10042").await;
    let fields = [base[0], base[1], ("customer", customer.as_str())];
    world.send(&staff, "/app/fn/assign-customer", &fields).await;
    let job = world.send(&staff, "/app/fn/convert-request", &base).await;
    let page = world.content(&staff, &job).await.replace("&amp;", "&");
    assert!(page.contains(&format!("href=\"/app/inbox{view}\"")), "{page}");
}

#[rstest]
#[case::sqlite(Engine::Sqlite)]
#[case::postgres(Engine::Postgres)]
#[tokio::test]
async fn form_without_its_field_changes_nothing(#[case] engine: Engine) {
    let Some(world) = world_at(engine, monday()).await else {
        return;
    };
    let staff = world.staff("nordlicht", "dispatcher").await;
    let (id, _) = request(&world, &staff, "Missing argument").await;
    let stored = async || {
        let sql = "SELECT CASE WHEN assignee_id IS NULL THEN 'none' ELSE 'one' END, \
                   CASE WHEN snoozed_until IS NULL THEN 'none' ELSE 'one' END \
                   FROM request WHERE description = 'Missing argument'";
        world.texts(sql).await[0].clone()
    };
    let page = world.content(&staff, &format!("/app/inbox/{id}")).await;
    let form = page.split("/app/fn/assign-request").nth(1).unwrap();
    let person = form.split("value=\"stf_").nth(1).unwrap().split('"').next().unwrap();
    let person = format!("stf_{person}");
    world
        .send(
            &staff,
            "/app/fn/assign-request",
            &[("request", &id), ("assignee", &person)],
        )
        .await;
    world
        .send(
            &staff,
            "/app/fn/snooze-request",
            &[("request", &id), ("until", "tomorrow")],
        )
        .await;
    assert_eq!(stored().await, ["one", "one"]);
    for action in ["assign-request", "snooze-request"] {
        let to = world
            .send(&staff, &format!("/app/fn/{action}"), &[("request", &id)])
            .await;
        assert!(world.content(&staff, &to).await.contains("data-code="), "{action}");
    }
    let bulk = [
        ("requests[]", id.as_str()),
        ("decision", "assign"),
        ("path", "/app/inbox"),
    ];
    world.send(&staff, "/app/fn/update-requests", &bulk).await;
    assert_eq!(stored().await, ["one", "one"]);
    // Empty fields still unassign and end the snooze.
    world
        .send(&staff, "/app/fn/assign-request", &[("request", &id), ("assignee", "")])
        .await;
    world
        .send(&staff, "/app/fn/snooze-request", &[("request", &id), ("until", "")])
        .await;
    assert_eq!(stored().await, ["none", "none"]);
}

#[rstest]
#[case::sqlite(Engine::Sqlite)]
#[case::postgres(Engine::Postgres)]
#[tokio::test]
async fn single_letter_shortcuts_are_turned_off_per_person(#[case] engine: Engine) {
    let Some(world) = world(engine).await else { return };
    let dispatcher = world.staff("nordlicht", "dispatcher").await;
    let manager = world.staff("nordlicht", "manager").await;
    let has_keys = async |browser: &Client| world.content(browser, "/app/inbox").await.contains("key-sheet");
    assert!(has_keys(&dispatcher).await);
    let settings = world.content(&dispatcher, "/app/settings").await;
    assert!(settings.contains("data-shortcuts=\"on\""), "{settings}");
    world.send(&dispatcher, "/app/fn/set-shortcuts", &[("on", "")]).await;
    assert!(!has_keys(&dispatcher).await && has_keys(&manager).await);
    // Also on another device, until it is turned on again.
    let again = world.staff("nordlicht", "dispatcher").await;
    assert!(!has_keys(&again).await);
    world.send(&again, "/app/fn/set-shortcuts", &[("on", "on")]).await;
    assert!(has_keys(&dispatcher).await);
}
