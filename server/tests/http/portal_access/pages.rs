//! Pages of the portal: contact details of the organization, what is not granted, time zones, and how requests, reports and
//! follow-ups lead to each other.

use ordinavo_core::Engine;
use reqwest::{Method, StatusCode};
use rstest::rstest;
use serde_json::json;

use crate::portal_access::access::{PASSWORD, access_page, browser, invite, location_field, token};
use crate::requests::slot_offers::{monday, technicians};
use crate::support::forms::hidden;
use crate::support::public::{COMPLETE, visitor};
use crate::support::{link, read, world, world_at};

#[rstest]
#[case::sqlite(Engine::Sqlite)]
#[case::postgres(Engine::Postgres)]
#[tokio::test]
async fn contact_details_are_on_every_customer_page_and_in_emails(#[case] engine: Engine) {
    let Some(world) = world_at(engine, monday()).await else {
        return;
    };
    let admin = world.staff("nordlicht", "admin").await;
    let petra = world.contact("nordlicht", "petra").await;
    let tracking = world.submit(&COMPLETE, &[]).await;
    let shows = |html: &str| html.contains("data-testid=\"organisation-contact\"");
    assert!(!shows(&world.get(&petra, "/portal").await.1), "{}", world.engine);
    let wrong = [
        ("phone", "+49 201 5550"),
        ("email", "service@nordlicht..example"),
        ("hours", ""),
    ];
    world
        .send_shown(&admin, "/app/settings/portal", "/app/fn/set-portal-contact", &wrong)
        .await;
    let html = world.content(&admin, "/app/settings/portal").await;
    assert!(html.contains("data-code=\"invalid_email\""), "{}", world.engine);
    let contact = [
        ("phone", "+49 201 5550"),
        ("email", "service@nordlicht.example"),
        ("hours", "Mo–Fr 8–17"),
    ];
    world
        .send_shown(&admin, "/app/settings/portal", "/app/fn/set-portal-contact", &contact)
        .await;
    for (browser, path) in [
        (&petra, "/portal"),
        (&petra, "/portal/requests/new"),
        (&petra, "/portal/profile"),
        (&visitor(), "/portal/sign-in?at=nordlicht"),
        (&visitor(), tracking.as_str()),
    ] {
        let (status, html) = world.get(browser, path).await;
        assert_eq!(status, StatusCode::OK, "{path}");
        assert!(shows(&html), "{} {path}", world.engine);
        for text in ["tel:+492015550", "service@nordlicht.example", "Mo–Fr 8–17"] {
            assert!(html.contains(text), "{} {path}: {text}", world.engine);
        }
    }
    // Emails contain the details that are current when they are sent.
    let mails = ordinavo_core::notifications::outbox::claim(&world.core).await.unwrap();
    let mail = mails.iter().find(|mail| mail.recipient == "mona@example.org").unwrap();
    assert_eq!(
        mail.data.contact.phone.as_deref(),
        Some("+49 201 5550"),
        "{}",
        world.engine
    );
}

#[rstest]
#[case::sqlite(Engine::Sqlite)]
#[case::postgres(Engine::Postgres)]
#[tokio::test]
async fn what_is_not_granted_is_absent_or_explained(#[case] engine: Engine) {
    let Some(world) = world(engine).await else { return };
    let manager = world.staff("nordlicht", "manager").await;
    let page = access_page(&world).await;
    let essen = location_field(&world.content(&manager, &page).await, "Essen Center");
    let fields = [
        ("name", "Ole Nix"),
        ("email", "ole.nix@rhein-ruhr-medical.example"),
        (essen.as_str(), "on"),
        ("may_submit", "on"),
    ];
    let invitation = invite(&world, &manager, &page, &fields).await.unwrap();
    let ole = browser();
    let accept = [("token", token(&invitation)), ("password", PASSWORD)];
    world.send(&ole, "/portal/fn/accept-invitation", &accept).await;
    let home = world.content(&ole, "/portal").await;
    assert!(home.contains("/portal/requests/new"), "{}", world.engine);
    for absent in ["#icon-clipboard", "No reports yet", "No upcoming appointments"] {
        assert!(!home.contains(absent), "{} {absent}", world.engine);
    }
    for path in ["/portal/reports", "/portal/appointments"] {
        let html = world.content(&ole, path).await;
        assert!(html.contains("Not included in your access"), "{} {path}", world.engine);
    }
}

#[rstest]
#[case::sqlite(Engine::Sqlite)]
#[case::postgres(Engine::Postgres)]
#[tokio::test]
async fn location_has_zone_of_its_country_and_times_name_their_zones(#[case] engine: Engine) {
    let Some(world) = world_at(engine, monday()).await else {
        return;
    };
    let staff = world.staff("nordlicht", "dispatcher").await;
    let petra = world.contact("nordlicht", "petra").await;
    let job = json!({
        "externalId": "ZONE-1", "customer": { "externalId": "CUST-10042" },
        "location": { "externalId": "LOC-DXB-01", "name": "Dubai Depot", "street": "Al Wasl 1",
            "city": "Dubai", "country": "AE" }
    });
    let (_, item) = world.import("erp", &job).await;
    let target = item["targetId"].as_str().unwrap().to_owned();
    let customer = world.customer("CUST-10042").await;
    let customer_page = format!("/app/customers/{customer}");
    let html = world.content(&staff, &customer_page).await;
    assert!(html.contains("data-zone=\"Asia/Dubai\""), "{} {html}", world.engine);
    let page = world.content(&staff, &format!("/app/targets/{target}")).await;
    let technician = technicians(&page).pop().unwrap();
    let fields = [
        ("target", target.as_str()),
        ("technician", technician.as_str()),
        ("date", "2026-12-08"),
        ("start", "09:00"),
        ("end", "10:00"),
        ("shared", "on"),
    ];
    world.schedule_anyway(&staff, &fields).await;
    for path in ["/portal/appointments", "/portal/in-progress"] {
        let html = world.content(&petra, path).await;
        assert!(html.contains("9–10 (Dubai time)"), "{} {path}: {html}", world.engine);
        assert!(html.contains("(Berlin time)"), "{} {path}", world.engine);
    }
    // The pages of staff name the zone that all of their times are in.
    let body = json!({
        "externalId": "ZONE-CASE", "customer": { "externalId": "CUST-10042" }, "location": { "externalId": "LOC-DXB-01" },
        "serviceType": "repair", "description": "The cold store beeps."
    });
    let sent = world
        .api(Method::POST, "/api/v1/requests", &world.key("nordlicht", "erp"))
        .header("idempotency-key", "zone-1")
        .json(&body);
    let (_, request) = read(sent.send().await.unwrap()).await;
    let request = request["id"].as_str().unwrap();
    for path in [format!("/app/targets/{target}"), format!("/app/inbox/{request}")] {
        let html = world.content(&staff, &path).await;
        assert!(
            html.contains("data-testid=\"page-zone\""),
            "{} {path}: {html}",
            world.engine
        );
    }
    // Set by hand; a name that is no zone is refused.
    let row = html
        .split("href=\"/app/locations/")
        .skip(1)
        .find(|row| row.contains("Dubai Depot"))
        .unwrap();
    let location = row.split('"').next().unwrap();
    let page = format!("/app/locations/{location}");
    for (zone, shown) in [("Gulf Time", "Asia/Dubai"), ("Asia/Muscat", "Asia/Muscat")] {
        let version = hidden(&world.content(&staff, &page).await, "version").unwrap();
        let fields = [
            ("location", location),
            ("version", version.as_str()),
            ("name", "Dubai Depot"),
            ("zone", zone),
        ];
        world.send(&staff, "/app/fn/edit-location", &fields).await;
        let html = world.content(&staff, &page).await;
        assert_eq!(
            html.contains("data-code=\"invalid_zone\""),
            zone != shown,
            "{} {zone}",
            world.engine
        );
        let html = world.content(&staff, &customer_page).await;
        let row = html.split(&page).nth(1).unwrap();
        assert!(
            row.split("</li>")
                .next()
                .unwrap()
                .contains(&format!("data-zone=\"{shown}\"")),
            "{} {zone}: {row}",
            world.engine
        );
    }
}

#[rstest]
#[case::sqlite(Engine::Sqlite)]
#[case::postgres(Engine::Postgres)]
#[tokio::test]
async fn report_request_and_follow_up_link_to_each_other(#[case] engine: Engine) {
    let Some(world) = world_at(engine, monday()).await else {
        return;
    };
    let petra = world.contact("nordlicht", "petra").await;
    let html = world.content(&petra, "/portal/follow-ups").await;
    let report = link(&html, "/portal/reports/rel_").expect("follow-up links to its report");
    let html = world.content(&petra, &report).await;
    assert!(
        html.contains("data-testid=\"report-follow-ups\""),
        "{} {html}",
        world.engine
    );
    // The demo's jobs come from a partner; this one gets a request of Petra.
    let form = world.content(&petra, "/portal/requests/new").await;
    let location = form.split("value=\"loc_").nth(1).unwrap().split('"').next().unwrap();
    let location = format!("loc_{location}");
    let nonce = hidden(&form, "nonce").unwrap();
    let fields = [
        ("location", location.as_str()),
        ("service_type", "repair"),
        ("description", "The gate is stuck."),
        ("nonce", nonce.as_str()),
    ];
    let request = crate::portal_access::access::send_parts(&world, &petra, "/portal/fn/submit-request", &fields).await;
    let release = report
        .rsplit('/')
        .next()
        .unwrap()
        .parse::<domain::ids::ReleaseId>()
        .unwrap()
        .uuid();
    let literal = if world.engine == "sqlite" {
        format!("X'{}'", release.simple())
    } else {
        format!("'{release}'")
    };
    world
        .sql(&format!(
            "UPDATE request SET status = 'planned', target_id = (SELECT report.target_id FROM portal_release \
             JOIN visit_report AS report ON report.tenant_id = portal_release.tenant_id AND report.id = portal_release.visit_report_id \
             WHERE portal_release.id = {literal}) WHERE description = 'The gate is stuck.'"
        ))
        .await;
    let html = world.content(&petra, &report).await;
    assert!(
        html.contains("data-testid=\"report-request\"") && html.contains(&request),
        "{} {html}",
        world.engine
    );
    let html = world.content(&petra, &request).await;
    assert!(html.contains(&report), "{} {html}", world.engine);
    assert!(
        html.contains("data-testid=\"request-follow-ups\""),
        "{} {html}",
        world.engine
    );
}
