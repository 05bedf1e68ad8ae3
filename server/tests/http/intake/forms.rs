//! Public forms and the tracking page over HTTP: idempotent submission, invalid files, and what a tracking link shows.

use crate::support::forms::hidden;
use crate::support::public::{COMPLETE, png, visitor};
use crate::support::{SAME_ORIGIN, World, world, world_at};
use chrono::{TimeDelta, TimeZone as _, Utc};
use ordinavo_core::Engine;
use ordinavo_core::clock::Clock;
use reqwest::multipart::{Form, Part};
use reqwest::{Method, StatusCode};
use rstest::rstest;
use serde_json::json;

fn monday() -> Clock {
    Clock::manual(Utc.with_ymd_and_hms(2026, 11, 23, 8, 30, 0).single().unwrap())
}

async fn count(world: &World) -> usize {
    let staff = world.staff("nordlicht", "dispatcher").await;
    let html = world
        .content(&staff, "/app/inbox?q=lift+stands+still+between+two+floors")
        .await;
    html.matches("href=\"/app/inbox/req_").count()
}

#[rstest]
#[case::sqlite(Engine::Sqlite)]
#[case::postgres(Engine::Postgres)]
#[tokio::test]
async fn form_submitted_repeatedly_creates_one_request(#[case] engine: Engine) {
    let Some(world) = world_at(engine, monday()).await else {
        return;
    };
    let ticket = world.ticket("nordlicht-service").await;
    world.core.clock().advance(TimeDelta::seconds(5));
    // Two submissions at once, then a retry because the response was lost.
    let send = || world.send_form("nordlicht-service", &ticket, true, &COMPLETE, &[]);
    let (first, second) = tokio::join!(send(), send());
    let third = send().await;
    let paths: Vec<String> = [first, second, third]
        .iter()
        .map(|answer| {
            assert_eq!(answer.status(), StatusCode::SEE_OTHER);
            answer.headers()["location"].to_str().unwrap().to_owned()
        })
        .collect();
    assert!(paths[0].starts_with("/track/"));
    assert!(paths.iter().all(|path| *path == paths[0]), "{paths:?}");
    assert_eq!(count(&world).await, 1, "{}", world.engine);

    let (status, page) = world.get(&visitor(), &paths[0]).await;
    assert_eq!(status, StatusCode::OK);
    assert!(page.contains("Your request has been submitted.") && page.contains("The lift stands still"));
    assert!(
        page.contains("Thank you. Keep this page"),
        "confirmation message of the form"
    );
    for internal in ["Rhein-Ruhr", "req_", "cus_", "Internal", "/app/"] {
        assert!(!page.contains(internal), "{internal}");
    }
}

#[rstest]
#[case::sqlite(Engine::Sqlite)]
#[case::postgres(Engine::Postgres)]
#[tokio::test]
async fn form_sent_again_with_other_text_is_another_request(#[case] engine: Engine) {
    let Some(world) = world_at(engine, monday()).await else {
        return;
    };
    let ticket = world.ticket("nordlicht-service").await;
    world.core.clock().advance(TimeDelta::seconds(5));
    let send = async |description: &str| {
        let mut fields = COMPLETE.to_vec();
        fields[1] = ("description", description);
        let answer = world.send_form("nordlicht-service", &ticket, true, &fields, &[]).await;
        let place = answer
            .headers()
            .get("location")
            .map(|place| place.to_str().unwrap().to_owned());
        (answer.status(), place, answer.text().await.unwrap())
    };
    let first = send("The pump drips").await;
    let second = send("The pump has burst").await;
    assert_eq!((first.0, second.0), (StatusCode::SEE_OTHER, StatusCode::SEE_OTHER));
    assert_ne!(first.1, second.1, "{}", world.engine);
    let page = world.get(&visitor(), second.1.as_deref().unwrap()).await.1;
    assert!(page.contains("The pump has burst"), "{page}");
    // The same text leads to its own request, also after another one was sent.
    assert_eq!(send("The pump drips").await.1, first.1);
    assert_eq!(send("The pump has burst").await.1, second.1);
    // A page cannot be used for any number of requests; the text is kept.
    assert_eq!(send("The cellar is full").await.0, StatusCode::SEE_OTHER);
    let (status, _, page) = send("The water reaches the stairs").await;
    assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(
        page.contains("The water reaches the stairs") && !page.contains(&ticket),
        "{page}"
    );
}

#[rstest]
#[case::sqlite(Engine::Sqlite)]
#[case::postgres(Engine::Postgres)]
#[tokio::test]
async fn form_with_invalid_fields_is_returned_with_input(#[case] engine: Engine) {
    let Some(world) = world_at(engine, monday()).await else {
        return;
    };
    let ticket = world.ticket("nordlicht-service").await;
    world.core.clock().advance(TimeDelta::seconds(5));
    let mut fields: Vec<(&str, &str)> = COMPLETE.to_vec();
    fields[3] = ("email", "no address");
    fields.push(("date_1", "2026-11-01"));
    let answer = world.send_form("nordlicht-service", &ticket, true, &fields, &[]).await;
    assert_eq!(answer.status(), StatusCode::UNPROCESSABLE_ENTITY);
    let page = answer.text().await.unwrap();
    for part in [
        "value=\"no address\"",
        "value=\"Mona Haddad\"",
        "Enter an email address such as",
        "This time is in the past",
        "The lift stands still",
    ] {
        assert!(page.contains(part), "{part}");
    }
    assert_eq!(count(&world).await, 0, "no request is stored");
    // The returned page can be submitted again.
    let ticket = hidden(&page, "ticket").unwrap();
    world.core.clock().advance(TimeDelta::seconds(5));
    let answer = world
        .send_form("nordlicht-service", &ticket, true, &COMPLETE, &[])
        .await;
    assert_eq!(answer.status(), StatusCode::SEE_OTHER);
}

#[rstest]
#[case::sqlite(Engine::Sqlite)]
#[case::postgres(Engine::Postgres)]
#[tokio::test]
async fn form_submitted_too_fast_or_by_bot_is_rejected(#[case] engine: Engine) {
    let Some(world) = world_at(engine, monday()).await else {
        return;
    };
    let slug = "nordlicht-service";
    let ticket = world.ticket(slug).await;
    let status_and_page = |answer: reqwest::Response| async move {
        let status = answer.status();
        let page = answer.text().await.unwrap();
        (status, page)
    };
    // Immediate submission is too fast, even with a proof of work.
    let (status, page) = status_and_page(world.send_form(slug, &ticket, true, &COMPLETE, &[]).await).await;
    assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(page.contains("The form was sent too quickly"), "{page}");
    // After five seconds: accepted with a proof of work, too fast without.
    world.core.clock().advance(TimeDelta::seconds(5));
    let (status, page) = status_and_page(world.send_form(slug, &ticket, false, &COMPLETE, &[]).await).await;
    assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(
        page.contains("Wait 15 seconds") || page.contains("Wait 16 seconds"),
        "{page}"
    );
    // Without a script, a longer wait replaces the proof of work.
    world.core.clock().advance(TimeDelta::seconds(20));
    let slow = world.send_form(slug, &ticket, false, &COMPLETE, &[]).await;
    assert_eq!(slow.status(), StatusCode::SEE_OTHER);
    // The hidden field that only bots fill in.
    let ticket = world.ticket(slug).await;
    world.core.clock().advance(TimeDelta::seconds(30));
    let mut fields = COMPLETE.to_vec();
    fields.push(("website", "https://spam.example"));
    let (status, _) = status_and_page(world.send_form(slug, &ticket, true, &fields, &[]).await).await;
    assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY);
    // A ticket of another form, a forged ticket and a missing ticket.
    let other = world.ticket("suedwind-service").await;
    world.core.clock().advance(TimeDelta::seconds(30));
    for wrong in [other, format!("{ticket}x"), String::new()] {
        let (status, page) = status_and_page(world.send_form(slug, &wrong, false, &COMPLETE, &[]).await).await;
        assert!(!status.is_success() && page.contains("open too long"), "{status}");
    }
    assert_eq!(count(&world).await, 1);
}

#[rstest]
#[case::sqlite(Engine::Sqlite)]
#[case::postgres(Engine::Postgres)]
#[tokio::test]
async fn form_files_with_wrong_content_are_rejected(#[case] engine: Engine) {
    let Some(world) = world_at(engine, monday()).await else {
        return;
    };
    let slug = "nordlicht-service";
    let pdf = b"%PDF-1.7 a plan".to_vec();
    for (name, kind, bytes, code) in [
        ("plan.jpg", "image/jpeg", pdf.clone(), "file_type_differs"),
        (
            "logo.svg",
            "image/svg+xml",
            b"<svg onload=alert(1)></svg>".to_vec(),
            "file_type_not_allowed",
        ),
        (
            "page.pdf",
            "application/pdf",
            b"<script>alert(1)</script>".to_vec(),
            "file_type_not_allowed",
        ),
        ("plate.png", "image/png", png()[..40].to_vec(), "file_not_readable"),
        (
            "big.pdf",
            "application/pdf",
            [pdf.clone(), vec![0; 11 * 1024 * 1024]].concat(),
            "file_too_large",
        ),
    ] {
        let ticket = world.ticket(slug).await;
        world.core.clock().advance(TimeDelta::seconds(5));
        let answer = world
            .send_form(slug, &ticket, true, &COMPLETE, &[(name, kind, bytes)])
            .await;
        assert_eq!(answer.status(), StatusCode::UNPROCESSABLE_ENTITY, "{name}");
        let page = answer.text().await.unwrap();
        assert!(page.contains(&format!("data-code=\"{code}\"")), "{name}: {page}");
        assert!(!page.contains("<script>alert"), "{name}");
    }
    assert_eq!(count(&world).await, 0);
    // An upload of 100 MB is rejected with a page, not with a closed connection.
    let ticket = world.ticket(slug).await;
    let huge = ("film.pdf", "application/pdf", vec![0; 100 * 1024 * 1024]);
    let answer = world.send_form(slug, &ticket, true, &COMPLETE, &[huge]).await;
    assert_eq!(answer.status(), StatusCode::PAYLOAD_TOO_LARGE);
    assert!(answer.text().await.unwrap().contains("data-code=\"upload_too_large\""));
    // Valid files are stored under a sanitized name and shown in the inbox.
    let files = [
        ("../../etc/type plate.PNG", "image/png", png()),
        ("plan <b>.pdf", "application/pdf", pdf.clone()),
    ];
    let path = world.submit(&COMPLETE, &files).await;
    let (_, page) = world.get(&visitor(), &path).await;
    assert!(
        page.contains("type plate.jpg") && page.contains("plan &lt;b&gt;.pdf"),
        "{page}"
    );
    let staff = world.staff("nordlicht", "dispatcher").await;
    let inside = world.in_inbox(&staff, "lift stands still").await;
    let page = world.content(&staff, &inside).await;
    let before = &page[..page.find("type plate.jpg").unwrap()];
    let file = before
        .rsplit("href=\"")
        .next()
        .unwrap()
        .split('"')
        .next()
        .unwrap()
        .to_owned();
    let download = staff.get(format!("{}{file}", world.url)).send().await.unwrap();
    assert_eq!(download.status(), StatusCode::OK);
    assert_eq!(download.headers()["content-type"], "image/jpeg");
    assert!(
        download.headers()["content-disposition"]
            .to_str()
            .unwrap()
            .starts_with("attachment")
    );
    // Another tenant, technicians and visitors cannot download it.
    for (browser, expected) in [
        (world.staff("suedwind", "admin").await, StatusCode::NOT_FOUND),
        (world.staff("nordlicht", "technician").await, StatusCode::NOT_FOUND),
        (visitor(), StatusCode::UNAUTHORIZED),
    ] {
        let answer = browser.get(format!("{}{file}", world.url)).send().await.unwrap();
        assert_eq!(answer.status(), expected);
    }
}

#[rstest]
#[case::sqlite(Engine::Sqlite)]
#[case::postgres(Engine::Postgres)]
#[tokio::test]
async fn form_is_embeddable_in_allowed_hosts_and_closed_returns_410(#[case] engine: Engine) {
    let Some(world) = world_at(engine, monday()).await else {
        return;
    };
    let get_page = async |path: &str| reqwest::get(format!("{}{path}", world.url)).await.unwrap();
    let policy = |answer: &reqwest::Response| answer.headers()["content-security-policy"].to_str().unwrap().to_owned();
    assert!(
        policy(&get_page("/intake/nordlicht-service").await).contains("frame-ancestors https://www.nordlicht.example;")
    );
    assert!(policy(&get_page("/intake/nordlicht-fault").await).contains("frame-ancestors 'none';"));
    // Pages after submission can be embedded in the same hosts.
    let path = world.submit(&COMPLETE, &[]).await;
    assert!(policy(&get_page(&path).await).contains("frame-ancestors https://www.nordlicht.example;"));
    assert_eq!(get_page("/intake/nothing-here").await.status(), StatusCode::NOT_FOUND);
    world
        .sql("UPDATE intake_form SET closed_at = created_at WHERE slug = 'nordlicht-fault'")
        .await;
    let closed = get_page("/intake/nordlicht-fault").await;
    assert_eq!(closed.status(), StatusCode::GONE);
    assert!(closed.text().await.unwrap().contains("This form is closed"));
    // The form is shown in the requested language.
    let arabic = get_page("/intake/nordlicht-service?lang=ar")
        .await
        .text()
        .await
        .unwrap();
    assert!(arabic.contains("dir=\"rtl\"") && arabic.contains("كيف يمكننا مساعدتك؟"));
}

#[rstest]
#[case::sqlite(Engine::Sqlite)]
#[case::postgres(Engine::Postgres)]
#[tokio::test]
async fn tracking_link_shows_request_and_allows_answer_and_withdrawal(#[case] engine: Engine) {
    let Some(world) = world_at(engine, monday()).await else {
        return;
    };
    let path = world.submit(&COMPLETE, &[]).await;
    let staff = world.staff("nordlicht", "dispatcher").await;
    let inside = world.in_inbox(&staff, "lift stands still").await;
    let id = inside.rsplit('/').next().unwrap().to_owned();
    world
        .send(
            &staff,
            "/app/fn/add-note",
            &[("request", &id), ("note", "CANARY-internal note")],
        )
        .await;
    let question = [
        ("request", id.as_str()),
        ("message", "Which of the two lifts?"),
        ("asks", "on"),
    ];
    world.send_message(&staff, &question).await;

    let (_, page) = world.get(&visitor(), &path).await;
    assert!(page.contains("Which of the two lifts?") && page.contains("We need an answer"));
    assert!(
        !page.contains("CANARY") && !page.contains("Dora"),
        "names of staff are internal"
    );
    let nonce = hidden(&page, "nonce").unwrap();
    let answer = async || {
        visitor()
            .post(format!("{}{path}/answer", world.url))
            .header(SAME_ORIGIN.0, SAME_ORIGIN.1)
            .multipart(
                Form::new()
                    .text("answer", "The left one.")
                    .text("nonce", nonce.clone())
                    .part("files", Part::bytes(png()).file_name("left.png")),
            )
            .send()
            .await
            .unwrap()
            .status()
    };
    assert_eq!(answer().await, StatusCode::SEE_OTHER);
    assert_eq!(answer().await, StatusCode::SEE_OTHER, "a double click");
    let page = world.content(&staff, &inside).await;
    assert_eq!(page.matches("The left one.").count(), 1);
    let message = page
        .split("The left one.")
        .nth(1)
        .unwrap()
        .split("</ol>")
        .next()
        .unwrap();
    assert!(
        message.contains("data-testid=\"message-files\"") && message.contains("left.jpg"),
        "{message}"
    );
    assert!(world.get(&visitor(), &path).await.1.contains("left.jpg"));
    assert!(world.content(&staff, "/app/inbox?only=answered").await.contains(&id));

    // Requests from another site are rejected.
    let foreign = visitor()
        .post(format!("{}{path}/withdraw", world.url))
        .header("sec-fetch-site", "cross-site")
        .send()
        .await
        .unwrap();
    assert_eq!(foreign.status(), StatusCode::FORBIDDEN);
    let withdraw = async || {
        let request = visitor().post(format!("{}{path}/withdraw", world.url));
        request
            .header(SAME_ORIGIN.0, SAME_ORIGIN.1)
            .send()
            .await
            .unwrap()
            .status()
    };
    assert_eq!(withdraw().await, StatusCode::SEE_OTHER);
    let (_, page) = world.get(&visitor(), &path).await;
    assert!(page.contains("Cancelled") && !page.contains("/withdraw"));
    assert_eq!(answer().await, StatusCode::CONFLICT, "the request is closed");

    // A malformed token and a token with one changed character get the same response.
    let token = path.rsplit('/').next().unwrap();
    let changed = format!(
        "{}{}",
        &token[..token.len() - 1],
        if token.ends_with('A') { 'B' } else { 'A' }
    );
    for wrong in ["x", changed.as_str()] {
        let (status, _) = world.get(&visitor(), &format!("/track/{wrong}")).await;
        assert_eq!(status, StatusCode::NOT_FOUND, "{wrong}");
    }
}

#[rstest]
#[case::sqlite(Engine::Sqlite)]
#[case::postgres(Engine::Postgres)]
#[tokio::test]
async fn form_with_known_email_is_not_assigned_automatically(#[case] engine: Engine) {
    let Some(world) = world_at(engine, monday()).await else {
        return;
    };
    // The email address of an existing contact.
    let mut fields = COMPLETE.to_vec();
    fields[3] = ("email", "anna.weber@rhein-ruhr-medical.example");
    fields[7] = ("organisation", "Rhein-Ruhr Medical Supply");
    world.submit(&fields, &[]).await;
    let staff = world.staff("nordlicht", "dispatcher").await;
    let inside = world.in_inbox(&staff, "lift stands still").await;
    let id = inside.rsplit('/').next().unwrap().to_owned();
    let page = world.content(&staff, &inside).await;
    assert!(page.contains("No customer assigned yet") && page.contains("Same email address:"));
    // Anna does not see the request in her portal.
    let anna = world.contact("nordlicht", "anna").await;
    assert!(
        !world
            .content(&anna, "/portal/requests")
            .await
            .contains("lift stands still")
    );

    world.send(&staff, "/app/fn/accept-request", &[("request", &id)]).await;
    world.send(&staff, "/app/fn/convert-request", &[("request", &id)]).await;
    assert!(
        world
            .content(&staff, &inside)
            .await
            .contains("data-code=\"customer_unknown\"")
    );
    // An unknown customer is rejected.
    let customer = world.customer("CUST-10042").await;
    world
        .send(
            &staff,
            "/app/fn/assign-customer",
            &[("request", &id), ("customer", "cus_00000000000000000000000000")],
        )
        .await;
    assert!(
        world
            .content(&staff, &inside)
            .await
            .contains("No customer assigned yet")
    );
    world
        .send(
            &staff,
            "/app/fn/assign-customer",
            &[("request", &id), ("customer", &customer)],
        )
        .await;
    let page = world.content(&staff, &inside).await;
    assert!(page.contains("Customer assigned.") && page.contains("Rhein-Ruhr Medical Supply"));
    // After a wrong assignment is corrected, the history of the wrong customer no longer shows the request.
    let number = page
        .split("data-testid=\"request-number\"")
        .nth(1)
        .and_then(|rest| rest.split("REQ-").nth(1)?.split('<').next())
        .map(|number| format!("REQ-{number}"))
        .unwrap();
    let petra = world.contact("nordlicht", "petra").await;
    assert!(world.content(&petra, "/portal/timeline").await.contains(&number));
    let other = world.other_customer(&customer).await;
    let fields = [("request", id.as_str()), ("customer", other.as_str())];
    world.send(&staff, "/app/fn/assign-customer", &fields).await;
    assert!(!world.content(&petra, "/portal/timeline").await.contains(&number));
    world
        .send(
            &staff,
            "/app/fn/assign-customer",
            &[("request", &id), ("customer", &customer)],
        )
        .await;
    let target = world.send(&staff, "/app/fn/convert-request", &[("request", &id)]).await;
    assert!(target.starts_with("/app/targets/tgt_"));
    let page = world.content(&staff, &target).await;
    assert!(
        page.contains("Rathausplatz 4") && page.contains("lift stands still"),
        "the job contains the provided address"
    );
    // Once the request is a job, its customer cannot change. Portal and partner requests never allow it.
    world
        .send(
            &staff,
            "/app/fn/assign-customer",
            &[("request", &id), ("customer", &customer)],
        )
        .await;
    assert!(
        world
            .content(&staff, &inside)
            .await
            .contains("data-code=\"illegal_transition\"")
    );
    let body = json!({ "customer": { "externalId": "CUST-10042" }, "serviceType": "repair", "description": "From the ERP",
        "preferredWindows": [{ "date": "2026-12-01", "part": "morning" }] });
    let answer = world
        .api(Method::POST, "/api/v1/requests", &world.key("nordlicht", "erp"))
        .header("idempotency-key", "windows-1")
        .json(&body)
        .send()
        .await
        .unwrap();
    let (status, made) = crate::support::read(answer).await;
    assert_eq!(status, StatusCode::CREATED, "{made}");
    assert_eq!(made["preferredWindows"][0]["part"], "morning");
    let path = format!("/app/inbox/{}", made["id"].as_str().unwrap());
    world
        .send(
            &staff,
            "/app/fn/assign-customer",
            &[("request", made["id"].as_str().unwrap()), ("customer", &customer)],
        )
        .await;
    assert!(
        world
            .content(&staff, &path)
            .await
            .contains("data-code=\"illegal_transition\"")
    );
}

#[rstest]
#[case::sqlite(Engine::Sqlite)]
#[case::postgres(Engine::Postgres)]
#[tokio::test]
async fn form_with_one_refused_file_sends_the_others_and_names_it(#[case] engine: Engine) {
    let Some(world) = world_at(engine, monday()).await else {
        return;
    };
    let slug = "nordlicht-service";
    let ticket = world.ticket(slug).await;
    world.core.clock().advance(TimeDelta::seconds(5));
    let files = [
        ("plate.png", "image/png", png()),
        ("drawing.svg", "image/svg+xml", b"<svg></svg>".to_vec()),
        ("torn.png", "image/png", png()[..40].to_vec()),
    ];
    let answer = world.send_form(slug, &ticket, true, &COMPLETE, &files).await;
    assert_eq!(answer.status(), StatusCode::SEE_OTHER, "{}", world.engine);
    assert_eq!(count(&world).await, 1);
    let path = answer.headers()["location"].to_str().unwrap().to_owned();
    // A form can be in a frame of another site, which gets no cookie.
    assert!(!answer.headers().contains_key("set-cookie"));
    let page = world.get(&visitor(), &path).await.1;
    let refused = page.split("data-testid=\"refused-files\"").nth(1).unwrap();
    for part in ["file_type_not_allowed", "drawing.svg", "file_not_readable", "torn.png"] {
        assert!(refused.contains(part), "{}: {part} {page}", world.engine);
    }
    let (request, sealed) = path.split_once("&refused=").unwrap();
    assert!(page.contains("plate.jpg"), "{page}");
    let other = world.submit(&COMPLETE, &[]).await;
    for path in [
        request.to_owned(),
        format!("{request}&refused=x"),
        format!("{other}?refused={sealed}"),
    ] {
        let page = world.get(&visitor(), &path).await.1;
        assert!(!page.contains("refused-files"), "{path}: {page}");
    }
}

#[rstest]
#[case::sqlite(Engine::Sqlite)]
#[case::postgres(Engine::Postgres)]
#[tokio::test]
async fn form_requests_above_rate_limit_return_429(#[case] engine: Engine) {
    let Some(world) = world(engine).await else { return };
    let visitor = visitor();
    // 60 at once and 10 more a second.
    let started = std::time::Instant::now();
    let views = (0..200).map(|_| visitor.get(format!("{}/intake/nordlicht-service", world.url)).send());
    let mut allowed = 0;
    for answer in futures::future::join_all(views).await {
        let answer = answer.unwrap();
        if answer.status() == StatusCode::TOO_MANY_REQUESTS {
            assert!(answer.headers().contains_key("retry-after"));
        } else {
            allowed += 1;
        }
    }
    let refilled = 10 * (started.elapsed().as_secs() + 1);
    assert!((60..=60 + refilled).contains(&allowed), "{allowed}, {refilled}");
    // Staff pages are not affected.
    let staff = world.staff("nordlicht", "dispatcher").await;
    assert_eq!(world.get(&staff, "/app/inbox").await.0, StatusCode::OK);
}

#[rstest]
#[case::sqlite(Engine::Sqlite)]
#[case::postgres(Engine::Postgres)]
#[tokio::test]
async fn tracking_link_ends_a_day_after_the_completing_visit(#[case] engine: Engine) {
    let Some(world) = world_at(engine, monday()).await else {
        return;
    };
    let path = world.submit(&COMPLETE, &[]).await;
    assert_eq!(world.get(&visitor(), &path).await.0, StatusCode::OK);
    let completed = "SELECT target.id FROM target JOIN appointment ON appointment.tenant_id = target.tenant_id \
        AND appointment.target_id = target.id WHERE target.tenant_id = request.tenant_id AND target.status = 'completed' \
        AND appointment.status = 'done' ORDER BY appointment.ends_at LIMIT 1";
    world
        .sql(&format!(
            "UPDATE request SET target_id = ({completed}) WHERE channel = 'web_form' AND number = \
             (SELECT max(latest.number) FROM request AS latest WHERE latest.tenant_id = request.tenant_id)"
        ))
        .await;
    assert_eq!(
        world.get(&visitor(), &path).await.0,
        StatusCode::NOT_FOUND,
        "{}: the visit was days ago",
        world.engine
    );
    world
        .sql("UPDATE target SET status = 'not_completed' WHERE status = 'completed'")
        .await;
    assert_eq!(
        world.get(&visitor(), &path).await.0,
        StatusCode::OK,
        "{}: the job goes on after a visit that did not complete it",
        world.engine
    );
}
