//! Public forms and the tracking page over HTTP: one request whatever is repeated, files that lie, and what a link shows.

use crate::support::forms::hidden;
use crate::support::public::{COMPLETE, png, visitor};
use crate::support::{OWN_PAGE, World, world, world_at};
use chrono::{TimeDelta, TimeZone as _, Utc};
use ordinavo_core::Engine;
use ordinavo_core::clock::Clock;
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
async fn a_form_becomes_one_request_however_often_it_is_sent(#[case] engine: Engine) {
    let Some(world) = world_at(engine, monday()).await else {
        return;
    };
    let ticket = world.ticket("nordlicht-service").await;
    world.core.clock().advance(TimeDelta::seconds(5));
    // Two tabs at once, then a repetition because the answer was lost.
    let send = || world.send_form("nordlicht-service", &ticket, true, &COMPLETE, &[]);
    let (first, second) = tokio::join!(send(), send());
    let third = send().await;
    let places: Vec<String> = [first, second, third]
        .iter()
        .map(|answer| {
            assert_eq!(answer.status(), StatusCode::SEE_OTHER);
            answer.headers()["location"].to_str().unwrap().to_owned()
        })
        .collect();
    assert!(places[0].starts_with("/track/"));
    assert!(places.iter().all(|place| *place == places[0]), "{places:?}");
    assert_eq!(count(&world).await, 1, "{}", world.engine);

    let (status, page) = world.get(&visitor(), &places[0]).await;
    assert_eq!(status, StatusCode::OK);
    assert!(page.contains("Your request has been submitted.") && page.contains("The lift stands still"));
    assert!(page.contains("Thank you. Keep this page"), "the form's own words");
    for internal in ["Rhein-Ruhr", "req_", "cus_", "Internal", "/app/"] {
        assert!(!page.contains(internal), "{internal}");
    }
}

#[rstest]
#[case::sqlite(Engine::Sqlite)]
#[case::postgres(Engine::Postgres)]
#[tokio::test]
async fn mistakes_come_back_with_what_was_typed(#[case] engine: Engine) {
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
        "Enter an address such as",
        "This time has passed",
        "The lift stands still",
    ] {
        assert!(page.contains(part), "{part}");
    }
    assert_eq!(count(&world).await, 0, "nothing is half-written");
    // The page that came back can be sent again.
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
async fn programs_are_slowed_down_and_people_are_not(#[case] engine: Engine) {
    let Some(world) = world_at(engine, monday()).await else {
        return;
    };
    let slug = "nordlicht-service";
    let ticket = world.ticket(slug).await;
    let refused = |answer: reqwest::Response| async move {
        let status = answer.status();
        let page = answer.text().await.unwrap();
        (status, page)
    };
    // At once: too fast even with a proof.
    let (status, page) = refused(world.send_form(slug, &ticket, true, &COMPLETE, &[]).await).await;
    assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(page.contains("That was very quick"), "{page}");
    // After five seconds: fine with a proof, too fast without.
    world.core.clock().advance(TimeDelta::seconds(5));
    let (status, page) = refused(world.send_form(slug, &ticket, false, &COMPLETE, &[]).await).await;
    assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(
        page.contains("wait 15 seconds") || page.contains("wait 16 seconds"),
        "{page}"
    );
    // The slower lane without a script.
    world.core.clock().advance(TimeDelta::seconds(20));
    let slow = world.send_form(slug, &ticket, false, &COMPLETE, &[]).await;
    assert_eq!(slow.status(), StatusCode::SEE_OTHER);
    // The field that only programs fill in.
    let ticket = world.ticket(slug).await;
    world.core.clock().advance(TimeDelta::seconds(30));
    let mut fields = COMPLETE.to_vec();
    fields.push(("website", "https://spam.example"));
    let (status, _) = refused(world.send_form(slug, &ticket, true, &fields, &[]).await).await;
    assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY);
    // A ticket of another form, a forged one, and one of yesterday.
    let other = world.ticket("suedwind-service").await;
    world.core.clock().advance(TimeDelta::seconds(30));
    for wrong in [other, format!("{ticket}x"), String::new()] {
        let (status, page) = refused(world.send_form(slug, &wrong, false, &COMPLETE, &[]).await).await;
        assert!(!status.is_success() && page.contains("open too long"), "{status}");
    }
    assert_eq!(count(&world).await, 1);
}

#[rstest]
#[case::sqlite(Engine::Sqlite)]
#[case::postgres(Engine::Postgres)]
#[tokio::test]
async fn files_are_what_they_say_or_are_refused(#[case] engine: Engine) {
    let Some(world) = world_at(engine, monday()).await else {
        return;
    };
    let slug = "nordlicht-service";
    let pdf = b"%PDF-1.7 a plan".to_vec();
    for (name, kind, bytes, words) in [
        ("plan.jpg", "image/jpeg", pdf.clone(), "does not fit its content"),
        (
            "logo.svg",
            "image/svg+xml",
            b"<svg onload=alert(1)></svg>".to_vec(),
            "cannot be taken",
        ),
        (
            "page.pdf",
            "application/pdf",
            b"<script>alert(1)</script>".to_vec(),
            "cannot be taken",
        ),
        ("plate.png", "image/png", png()[..40].to_vec(), "cannot be read"),
        (
            "big.pdf",
            "application/pdf",
            [pdf.clone(), vec![0; 11 * 1024 * 1024]].concat(),
            "too large",
        ),
    ] {
        let ticket = world.ticket(slug).await;
        world.core.clock().advance(TimeDelta::seconds(5));
        let answer = world
            .send_form(slug, &ticket, true, &COMPLETE, &[(name, kind, bytes)])
            .await;
        assert_eq!(answer.status(), StatusCode::UNPROCESSABLE_ENTITY, "{name}");
        let page = answer.text().await.unwrap();
        assert!(page.contains(words), "{name}: {page}");
        assert!(!page.contains("<script>alert"), "{name}");
    }
    assert_eq!(count(&world).await, 0);
    // A hundred megabytes are refused with a page, not with a broken line.
    let ticket = world.ticket(slug).await;
    let huge = ("film.pdf", "application/pdf", vec![0; 100 * 1024 * 1024]);
    let answer = world.send_form(slug, &ticket, true, &COMPLETE, &[huge]).await;
    assert_eq!(answer.status(), StatusCode::PAYLOAD_TOO_LARGE);
    assert!(answer.text().await.unwrap().contains("too large"));
    // What is right is kept under a harmless name, and found in the inbox.
    let files = [
        ("../../etc/type plate.PNG", "image/png", png()),
        ("plan <b>.pdf", "application/pdf", pdf.clone()),
    ];
    let place = world.submit(&COMPLETE, &files).await;
    let (_, page) = world.get(&visitor(), &place).await;
    assert!(page.contains("type plate.jpg") && page.contains("plan b.pdf"), "{page}");
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
    // Of another organisation it is nothing, and nothing for a technician or a customer.
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
async fn a_form_may_be_framed_by_its_hosts_only_and_can_be_closed(#[case] engine: Engine) {
    let Some(world) = world_at(engine, monday()).await else {
        return;
    };
    let look = async |path: &str| reqwest::get(format!("{}{path}", world.url)).await.unwrap();
    let policy = |answer: &reqwest::Response| answer.headers()["content-security-policy"].to_str().unwrap().to_owned();
    assert!(
        policy(&look("/intake/nordlicht-service").await).contains("frame-ancestors https://www.nordlicht.example;")
    );
    assert!(policy(&look("/intake/nordlicht-fault").await).contains("frame-ancestors 'none';"));
    // What a form leads to is shown in the same frame.
    let place = world.submit(&COMPLETE, &[]).await;
    assert!(policy(&look(&place).await).contains("frame-ancestors https://www.nordlicht.example;"));
    assert_eq!(look("/intake/nothing-here").await.status(), StatusCode::NOT_FOUND);
    world
        .sql("UPDATE intake_form SET closed_at = created_at WHERE slug = 'nordlicht-fault'")
        .await;
    let closed = look("/intake/nordlicht-fault").await;
    assert_eq!(closed.status(), StatusCode::GONE);
    assert!(closed.text().await.unwrap().contains("This form is closed"));
    // In the language that was asked for.
    let arabic = look("/intake/nordlicht-service?lang=ar").await.text().await.unwrap();
    assert!(arabic.contains("dir=\"rtl\"") && arabic.contains("كيف يمكننا مساعدتك؟"));
}

#[rstest]
#[case::sqlite(Engine::Sqlite)]
#[case::postgres(Engine::Postgres)]
#[tokio::test]
async fn a_tracking_link_shows_one_request_and_lets_answer_and_withdraw(#[case] engine: Engine) {
    let Some(world) = world_at(engine, monday()).await else {
        return;
    };
    let place = world.submit(&COMPLETE, &[]).await;
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
    world.send(&staff, "/app/fn/send-message", &question).await;

    let (_, page) = world.get(&visitor(), &place).await;
    assert!(page.contains("Which of the two lifts?") && page.contains("We need an answer"));
    assert!(
        !page.contains("CANARY") && !page.contains("Dora"),
        "who wrote is nobody's business"
    );
    let nonce = hidden(&page, "nonce").unwrap();
    let answer = async || {
        visitor()
            .post(format!("{}{place}/answer", world.url))
            .header(OWN_PAGE.0, OWN_PAGE.1)
            .form(&[("answer", "The left one."), ("nonce", &nonce)])
            .send()
            .await
            .unwrap()
            .status()
    };
    assert_eq!(answer().await, StatusCode::SEE_OTHER);
    assert_eq!(answer().await, StatusCode::SEE_OTHER, "a double click");
    let page = world.content(&staff, &inside).await;
    assert_eq!(page.matches("The left one.").count(), 1);
    assert!(world.content(&staff, "/app/inbox?only=answered").await.contains(&id));

    // From another site nothing is taken.
    let foreign = visitor()
        .post(format!("{}{place}/withdraw", world.url))
        .header("sec-fetch-site", "cross-site")
        .send()
        .await
        .unwrap();
    assert_eq!(foreign.status(), StatusCode::FORBIDDEN);
    let withdraw = async || {
        let request = visitor().post(format!("{}{place}/withdraw", world.url));
        request.header(OWN_PAGE.0, OWN_PAGE.1).send().await.unwrap().status()
    };
    assert_eq!(withdraw().await, StatusCode::SEE_OTHER);
    let (_, page) = world.get(&visitor(), &place).await;
    assert!(page.contains("Cancelled") && !page.contains("/withdraw"));
    assert_eq!(answer().await, StatusCode::CONFLICT, "it has ended");

    // A token that is not one, and one with another letter, are the same nothing.
    let token = place.rsplit('/').next().unwrap();
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
async fn nobody_is_matched_by_what_they_type(#[case] engine: Engine) {
    let Some(world) = world_at(engine, monday()).await else {
        return;
    };
    // The address of a real contact of a real customer.
    let mut fields = COMPLETE.to_vec();
    fields[3] = ("email", "anna.weber@rhein-ruhr-medical.example");
    fields[7] = ("organisation", "Rhein-Ruhr Medical Supply");
    world.submit(&fields, &[]).await;
    let staff = world.staff("nordlicht", "dispatcher").await;
    let inside = world.in_inbox(&staff, "lift stands still").await;
    let id = inside.rsplit('/').next().unwrap().to_owned();
    let page = world.content(&staff, &inside).await;
    assert!(page.contains("nobody has said yet") && page.contains("Same email address:"));
    // Anna's portal shows nothing of it.
    let anna = world.contact("nordlicht", "anna").await;
    assert!(
        !world
            .content(&anna, "/portal/requests")
            .await
            .contains("lift stands still")
    );

    world.send(&staff, "/app/fn/accept-request", &[("request", &id)]).await;
    world.send(&staff, "/app/fn/convert-request", &[("request", &id)]).await;
    assert!(world.content(&staff, &inside).await.contains("Say whose request it is"));
    // A customer that is not there is refused.
    let customer = world.customer("CUST-10042").await;
    world
        .send(
            &staff,
            "/app/fn/assign-customer",
            &[("request", &id), ("customer", "cus_00000000000000000000000000")],
        )
        .await;
    assert!(world.content(&staff, &inside).await.contains("nobody has said yet"));
    world
        .send(
            &staff,
            "/app/fn/assign-customer",
            &[("request", &id), ("customer", &customer)],
        )
        .await;
    let page = world.content(&staff, &inside).await;
    assert!(page.contains("Customer assigned.") && page.contains("Rhein-Ruhr Medical Supply"));
    // Said wrongly at first: what was noted of it is then nobody's but the right customer's.
    let number = page
        .split("request-title\"><bdi")
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
        "what was typed leads the technician"
    );
    // Once it is a job, whose it is cannot change any more; nor can that of a portal or partner request ever.
    world
        .send(
            &staff,
            "/app/fn/assign-customer",
            &[("request", &id), ("customer", &customer)],
        )
        .await;
    assert!(world.content(&staff, &inside).await.contains("not possible any more"));
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
    assert!(world.content(&staff, &path).await.contains("not possible any more"));
}

#[rstest]
#[case::sqlite(Engine::Sqlite)]
#[case::postgres(Engine::Postgres)]
#[tokio::test]
async fn a_flood_is_turned_away(#[case] engine: Engine) {
    let Some(world) = world(engine).await else { return };
    let visitor = visitor();
    let mut limited = 0;
    for _ in 0..200 {
        let answer = visitor
            .get(format!("{}/intake/nordlicht-service", world.url))
            .send()
            .await
            .unwrap();
        if answer.status() == StatusCode::TOO_MANY_REQUESTS {
            assert!(answer.headers().contains_key("retry-after"));
            limited += 1;
        }
    }
    assert!(limited > 60, "{limited}");
    // The rest of the house does not notice.
    let staff = world.staff("nordlicht", "dispatcher").await;
    assert_eq!(world.get(&staff, "/app/inbox").await.0, StatusCode::OK);
}
