//! Who is told about a request: pages say what really happens.

use ordinavo_core::Engine;
use reqwest::{Client, Method};
use rstest::rstest;
use serde_json::json;

use crate::portal_access::access::send_parts;
use crate::requests::slot_offers::{monday, offer, technicians};
use crate::support::forms::hidden;
use crate::support::public::COMPLETE;
use crate::support::receiver::Receiver;
use crate::support::{World, world_at, world_with};

/// Returns how the requester is told, by the first block of the page that says so.
fn reach(html: &str) -> String {
    let rest = html.split("data-reach=\"").nth(1).expect("the page says who is told");
    rest.split('"').next().unwrap().to_owned()
}

async fn reach_of(world: &World, staff: &Client, page: &str) -> String {
    reach(&world.content(staff, page).await)
}

/// Submits a portal request of Petra and returns its ID.
async fn portal_request(world: &World, petra: &Client, description: &str) -> String {
    let form = world.content(petra, "/portal/requests/new").await;
    let location = form.split("value=\"loc_").nth(1).unwrap().split('"').next().unwrap();
    let fields = [
        ("location", format!("loc_{location}")),
        ("service_type", "repair".to_owned()),
        ("description", description.to_owned()),
        ("nonce", hidden(&form, "nonce").unwrap()),
    ];
    let fields: Vec<(&str, &str)> = fields.iter().map(|(name, value)| (*name, value.as_str())).collect();
    let path = send_parts(world, petra, "/portal/fn/submit-request", &fields).await;
    path.rsplit('/').next().unwrap().to_owned()
}

#[rstest]
#[case::sqlite(Engine::Sqlite)]
#[case::postgres(Engine::Postgres)]
#[tokio::test]
async fn request_page_says_who_is_told(#[case] engine: Engine) {
    let configure = |config: &mut ordinavo::config::Config| config.smtp_url = Some("smtp://127.0.0.1:9".to_owned());
    let Some(world) = world_with(engine, monday(), configure).await else {
        return;
    };
    let staff = world.staff("nordlicht", "dispatcher").await;
    let mut with_email = COMPLETE.to_vec();
    with_email[1] = ("description", "Kappa with an address");
    world.submit(&with_email, &[]).await;
    let page = world.in_inbox(&staff, "Kappa with an address").await;
    assert_eq!(reach_of(&world, &staff, &page).await, "email", "{}", world.engine);
    // Once the requester has unsubscribed from news, the page no longer says that they are told of the decision.
    let tracking = world
        .submit(
            &[
                &with_email[..1],
                &[("description", "Kappa, unsubscribed")],
                &with_email[2..],
            ]
            .concat(),
            &[],
        )
        .await;
    let silent = world.in_inbox(&staff, "Kappa, unsubscribed").await;
    assert!(!world.content(&staff, &silent).await.contains("data-reach=\"muted\""));
    let unsubscribe = crate::support::public::visitor().post(format!("{}{tracking}/no-mails", world.url));
    let answer = unsubscribe
        .form(&[("List-Unsubscribe", "One-Click")])
        .send()
        .await
        .unwrap();
    assert_eq!(answer.status(), reqwest::StatusCode::OK);
    assert!(
        world.content(&staff, &silent).await.contains("data-reach=\"muted\""),
        "{}",
        world.engine
    );
    // A failed email is shown at the request until a later one is sent.
    let failed = async || {
        world
            .content(&staff, &page)
            .await
            .contains("data-testid=\"mail-failed\"")
    };
    assert!(!failed().await);
    world
        .sql("UPDATE mail SET status = 'failed', last_error = '550 no such mailbox' WHERE recipient = 'mona@example.org'")
        .await;
    assert!(failed().await, "{}", world.engine);
    let id = page.rsplit('/').next().unwrap().to_owned();
    world.core.clock().advance(chrono::TimeDelta::minutes(1));
    world
        .send_message(&staff, &[("request", &id), ("message", "Which floor?")])
        .await;
    world
        .sql("UPDATE mail SET status = 'sent' WHERE recipient = 'mona@example.org' AND kind = 'message'")
        .await;
    assert!(!failed().await, "{}", world.engine);

    // Requests of partners: by webhook, if there is an endpoint.
    let body = json!({
        "externalId": "REACH-1", "description": "Kappa from a system", "serviceType": "repair",
        "customer": { "externalId": "CUST-10042" }
    });
    let answer = world
        .api(Method::POST, "/api/v1/requests", &world.key("nordlicht", "erp"))
        .header("idempotency-key", "reach")
        .json(&body)
        .send()
        .await
        .unwrap();
    assert!(answer.status().is_success(), "{}", answer.text().await.unwrap());
    let page = world.in_inbox(&staff, "Kappa from a system").await;
    let receiver = Receiver::start().await;
    let types = ["target.created"];
    world.endpoint("erp", &receiver.url, &types, json!({})).await;
    let before = reach_of(&world, &staff, &page).await;
    world.sql("UPDATE webhook_endpoint SET status = 'disabled'").await;
    let after = reach_of(&world, &staff, &page).await;
    assert_eq!(
        (before.as_str(), after.as_str()),
        ("webhook", "no_webhook"),
        "{}",
        world.engine
    );
}

#[rstest]
#[case::sqlite(Engine::Sqlite)]
#[case::postgres(Engine::Postgres)]
#[tokio::test]
async fn emails_turned_off_by_topic_are_not_sent_and_dispatch_sees_it(#[case] engine: Engine) {
    let configure = |config: &mut ordinavo::config::Config| config.smtp_url = Some("smtp://127.0.0.1:9".to_owned());
    let Some(world) = world_with(engine, monday(), configure).await else {
        return;
    };
    let staff = world.staff("nordlicht", "dispatcher").await;
    let petra = world.contact("nordlicht", "petra").await;
    let id = portal_request(&world, &petra, "Lambda hums").await;
    world.send(&staff, "/app/fn/accept-request", &[("request", &id)]).await;
    let target = world.send(&staff, "/app/fn/convert-request", &[("request", &id)]).await;
    let html = world.content(&staff, &target).await;
    assert_eq!(reach(&html), "email", "{}", world.engine);
    // Everything but offers.
    let wanted = [("news", "on"), ("messages", "on"), ("appointments", "on")];
    world.send(&petra, "/portal/fn/set-notifications", &wanted).await;
    let profile = world.content(&petra, "/portal/profile").await;
    assert!(profile.contains("data-muted=\"offers\"") && !profile.contains("data-muted=\"messages\""));
    let html = world.content(&staff, &target).await;
    assert_eq!(reach(&html), "muted", "{}", world.engine);
    let technician = technicians(&html).pop().unwrap();
    offer(
        &world,
        &staff,
        &target,
        &technician,
        ["2026-12-08", "2026-12-09"],
        "13:00",
    )
    .await;
    world
        .send_message(&staff, &[("request", &id), ("message", "Which room?")])
        .await;
    let mails = world
        .texts("SELECT kind, status FROM mail WHERE recipient LIKE 'petra.%' AND kind IN ('slots_offered', 'message') ORDER BY kind")
        .await;
    let newest: std::collections::BTreeMap<&str, &str> =
        mails.iter().map(|row| (row[0].as_str(), row[1].as_str())).collect();
    assert_eq!(newest["slots_offered"], "refused", "{} {mails:?}", world.engine);
    assert_eq!(newest["message"], "waiting", "{} {mails:?}", world.engine);
}

#[rstest]
#[case::sqlite(Engine::Sqlite)]
#[case::postgres(Engine::Postgres)]
#[tokio::test]
async fn request_page_without_mail_server_says_that_no_email_is_sent(#[case] engine: Engine) {
    let Some(world) = world_at(engine, monday()).await else {
        return;
    };
    let staff = world.staff("nordlicht", "dispatcher").await;
    let mut fields = COMPLETE.to_vec();
    fields[1] = ("description", "Kappa without a server");
    world.submit(&fields, &[]).await;
    let page = world.in_inbox(&staff, "Kappa without a server").await;
    assert_eq!(reach_of(&world, &staff, &page).await, "no_server", "{}", world.engine);
}

#[rstest]
#[case::sqlite(Engine::Sqlite)]
#[case::postgres(Engine::Postgres)]
#[tokio::test]
async fn pages_that_promise_an_email_say_when_none_can_be_sent(#[case] engine: Engine) {
    for has_server in [false, true] {
        let configure = |config: &mut ordinavo::config::Config| {
            config.smtp_url = has_server.then(|| "smtp://127.0.0.1:9".to_owned());
        };
        let Some(world) = world_with(engine, monday(), configure).await else {
            return;
        };
        let petra = world.contact("nordlicht", "petra").await;
        let staff = world.staff("nordlicht", "dispatcher").await;
        let visitor = crate::support::public::visitor();
        for (browser, page) in [
            (&petra, "/portal/profile"),
            (&petra, "/portal/colleagues"),
            (&visitor, "/portal/sign-in/link"),
            (&staff, "/app/inbox/new"),
        ] {
            let (_, html) = world.get(browser, page).await;
            let says_so = html.contains("data-testid=\"no-mail-server\"");
            assert_ne!(says_so, has_server, "{} {page}: {html}", world.engine);
        }
    }
}
