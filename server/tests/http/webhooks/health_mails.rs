//! Who is told when an endpoint fails or is disabled, and where it is shown until it works again.

use chrono::{DateTime, TimeDelta, Utc};
use domain::intake::mails::MailKind;
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

use crate::support::World;
use crate::support::receiver::{Receiver, Reply};
use crate::support::webhooks::{moment, quiet_worlds};

/// An email about an endpoint: kind, recipient and stored data.
async fn health_mails(world: &World) -> Vec<(MailKind, String, Value)> {
    let rows = world
        .texts(
            "SELECT kind, recipient, CAST(data AS TEXT) FROM mail WHERE kind LIKE 'endpoint_%' ORDER BY created_at, recipient",
        )
        .await;
    rows.into_iter()
        .map(|row| {
            let kind = MailKind::from_name(&row[0]).unwrap();
            (kind, row[1].clone(), serde_json::from_str(&row[2]).unwrap())
        })
        .collect()
}

fn emails_of(world: &World) -> (String, String) {
    let tenant = world.tenant("nordlicht");
    let admin = tenant.staff.iter().find(|account| account.role == "admin").unwrap();
    let partner = tenant
        .partners
        .iter()
        .find(|partner| partner.source_system == "erp")
        .unwrap();
    (admin.email.clone(), partner.email.clone())
}

#[tokio::test]
async fn endpoint_disabled_by_receiver_is_mailed_with_last_recovery() {
    let (_, worlds) = quiet_worlds().await;
    for world in worlds {
        let receiver = Receiver::start().await;
        let endpoint = world
            .endpoint("erp", &receiver.url, &["target.created"], json!({}))
            .await;
        receiver.usually(|_| Reply::status(410));
        world.new_target("GONE-1").await;
        world.settle().await;
        assert_eq!(world.read_endpoint("erp", &endpoint).await["status"], "disabled");

        let (admin, partner) = emails_of(&world);
        let mails = health_mails(&world).await;
        let told: Vec<(MailKind, &str)> = mails.iter().map(|(kind, to, _)| (*kind, to.as_str())).collect();
        for (who, page) in [
            (&admin, "/app/integrations/endpoints"),
            (&partner, "/partner/endpoints"),
        ] {
            assert!(
                told.contains(&(MailKind::EndpointDisabledByReceiver, who.as_str())),
                "{told:?}"
            );
            let (_, _, data) = mails.iter().find(|(_, to, _)| to == who).unwrap();
            let created = moment(&world.deliveries("erp", &endpoint, "").await[0]["createdAt"]);
            let until: DateTime<Utc> = data["until"].as_str().unwrap().parse().unwrap();
            assert_eq!(until, created + TimeDelta::days(14));
            assert_eq!(data["page"], format!("{page}/{}", endpoint["id"].as_str().unwrap()));
            assert!(data["text"].as_str().unwrap().contains(&receiver.url));
        }

        // The home pages of those who can look after it name it until it works; others are not told.
        let id = endpoint["id"].as_str().unwrap();
        let row = format!("data-broken-endpoint=\"{id}\"");
        let admin = world.staff("nordlicht", "admin").await;
        for (role, path, is_shown) in [
            ("admin", "/app/inbox", true),
            ("manager", "/app/reports", true),
            ("dispatcher", "/app/inbox", false),
        ] {
            let staff = world.staff("nordlicht", role).await;
            assert_eq!(world.content(&staff, path).await.contains(&row), is_shown, "{role}");
        }
        let page = world
            .content(&admin, &format!("/app/integrations/endpoints/{id}"))
            .await;
        assert!(page.contains("data-recoverable-until"), "{page}");
        receiver.usually(|_| Reply::status(200));
        assert_eq!(
            world.endpoint_action("erp", &endpoint, "enable", None).await.0,
            StatusCode::OK
        );
        assert!(!world.content(&admin, "/app/inbox").await.contains(&row));
    }
}

#[tokio::test]
async fn failing_endpoint_is_mailed_once_a_day_then_when_disabled() {
    let (clock, worlds) = quiet_worlds().await;
    for world in worlds {
        let receiver = Receiver::start().await;
        let endpoint = world
            .endpoint("erp", &receiver.url, &["target.created"], json!({}))
            .await;
        let count = async |kind: MailKind| {
            let mails = health_mails(&world).await;
            mails.iter().filter(|(found, ..)| *found == kind).count()
        };
        let fail = async |name: &str| {
            receiver.usually(|_| Reply::status(500));
            for number in 0..5 {
                world.new_target(&format!("{name}-{number}")).await;
            }
            world.settle().await;
        };
        fail("FAIL-A").await;
        assert_eq!(world.read_endpoint("erp", &endpoint).await["status"], "failing");
        let told = count(MailKind::EndpointFailing).await;
        assert!(told >= 2, "administrators and partners");
        // It recovers and fails again within a day, and is not reported twice.
        receiver.usually(|_| Reply::status(200));
        clock.advance(TimeDelta::hours(1));
        world.settle().await;
        assert_eq!(world.read_endpoint("erp", &endpoint).await["status"], "active");
        fail("FAIL-B").await;
        assert_eq!(world.read_endpoint("erp", &endpoint).await["status"], "failing");
        assert_eq!(count(MailKind::EndpointFailing).await, told);
        assert_eq!(count(MailKind::EndpointDisabled).await, 0);
    }
}

#[tokio::test]
async fn endpoint_disabled_by_administrator_is_mailed_to_partner() {
    let (_, worlds) = quiet_worlds().await;
    for world in worlds {
        let endpoint = world
            .endpoint("erp", "http://127.0.0.1:9/hook", &["target.created"], json!({}))
            .await;
        let admin = world.staff("nordlicht", "admin").await;
        let fields = [("endpoint", endpoint["id"].as_str().unwrap())];
        world.send(&admin, "/app/fn/disable-endpoint", &fields).await;
        assert_eq!(world.read_endpoint("erp", &endpoint).await["status"], "disabled");
        let (_, partner) = emails_of(&world);
        let mails = health_mails(&world).await;
        let found = mails.iter().find(|(_, to, _)| *to == partner).unwrap();
        assert_eq!(found.0, MailKind::EndpointDisabledByPerson);
        assert_eq!(found.2["until"], Value::Null, "nothing waits");
        // Intended, so it is no row of the home page.
        assert!(
            !world
                .content(&admin, "/app/inbox")
                .await
                .contains("data-broken-endpoint")
        );
    }
}

#[tokio::test]
async fn sandbox_endpoint_disabled_by_receiver_is_mailed_to_people_of_live_tenant() {
    let (_, worlds) = quiet_worlds().await;
    for world in worlds {
        let receiver = Receiver::start().await;
        receiver.usually(|_| Reply::status(410));
        let key = world.tenant("nordlicht").client("erp").unwrap().test_api_key.clone();
        let created = world
            .api(Method::POST, "/api/v1/webhook-endpoints", &key)
            .json(&json!({ "url": receiver.url, "eventTypes": ["target.created"] }))
            .send()
            .await
            .unwrap();
        assert_eq!(created.status(), StatusCode::CREATED);
        let imported = world
            .api(Method::POST, "/api/v1/targets", &key)
            .json(&json!({ "externalId": "SANDBOX-1" }))
            .send()
            .await
            .unwrap();
        assert!(imported.status().is_success());
        world.settle().await;
        let (admin, partner) = emails_of(&world);
        let told: Vec<String> = health_mails(&world).await.into_iter().map(|(_, to, _)| to).collect();
        assert!(told.contains(&admin) && told.contains(&partner), "{told:?}");
    }
}
