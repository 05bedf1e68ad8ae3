//! Test keys carry a job of the sandbox through its whole life, and trigger events of every type.

use domain::events::{EventType, Member};
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

use crate::support::receiver::Receiver;
use crate::support::webhooks::quiet_worlds;
use crate::support::{World, read};

struct Sandbox<'a> {
    world: &'a World,
    key: String,
}

impl<'a> Sandbox<'a> {
    fn of(world: &'a World) -> Self {
        Self {
            world,
            key: world.tenant("nordlicht").client("erp").unwrap().test_api_key.clone(),
        }
    }

    async fn call(&self, method: Method, path: &str, body: Option<Value>) -> (StatusCode, Value) {
        let mut request = self.world.api(method, path, &self.key);
        if let Some(body) = body {
            request = request.json(&body);
        }
        read(request.send().await.unwrap()).await
    }

    /// Imports a job that the sandbox can schedule, and returns its ID.
    async fn import(&self, external_id: &str) -> String {
        let body = json!({ "externalId": external_id, "customer": { "externalId": "SBX-1", "name": "Sandbox Ltd" },
            "location": { "externalId": "SBX-L", "city": "Essen" } });
        let (status, answer) = self.call(Method::POST, "/api/v1/targets", Some(body)).await;
        assert!(status.is_success(), "{answer}");
        answer["targetId"].as_str().unwrap().to_owned()
    }

    async fn advance(&self, target: &str, body: Value) -> (StatusCode, Value) {
        let path = format!("/api/v1/sandbox/targets/{target}/advance");
        self.call(Method::POST, &path, Some(body)).await
    }
}

#[tokio::test]
async fn sandbox_job_is_advanced_to_billing_with_events_of_live_operation() {
    let (_, worlds) = quiet_worlds().await;
    for world in worlds {
        let sandbox = Sandbox::of(&world);
        let receiver = Receiver::start().await;
        let types: Vec<&str> = EventType::ALL
            .iter()
            .filter(|kind| **kind != EventType::WebhookTest)
            .map(|kind| kind.name())
            .collect();
        let endpoint = json!({ "url": receiver.url, "eventTypes": types, "ordering": "per_target" });
        let (status, made) = sandbox
            .call(Method::POST, "/api/v1/webhook-endpoints", Some(endpoint))
            .await;
        assert_eq!(status, StatusCode::CREATED, "{made}");
        let target = sandbox.import("LIFE-1").await;
        // Stage by stage, and each stage twice: the second call changes nothing.
        for (stage, status_after) in [
            ("scheduled", "scheduled"),
            ("en_route", "en_route"),
            ("on_site", "on_site"),
            ("completed", "completed"),
        ] {
            for _ in 0..2 {
                let (status, found) = sandbox.advance(&target, json!({ "to": stage })).await;
                assert_eq!(
                    (status, &found["status"]),
                    (StatusCode::OK, &json!(status_after)),
                    "{found}"
                );
            }
        }
        let (_, reports) = sandbox.call(Method::GET, "/api/v1/visit-reports", None).await;
        assert_eq!(reports["data"].as_array().unwrap().len(), 0, "not approved yet");
        let (status, found) = sandbox.advance(&target, json!({ "to": "released" })).await;
        assert_eq!(status, StatusCode::OK, "{found}");
        for path in ["/api/v1/visit-reports", "/api/v1/billing-triggers"] {
            let (_, found) = sandbox.call(Method::GET, path, None).await;
            assert_eq!(found["data"].as_array().unwrap().len(), 1, "{path} {found}");
        }
        world.settle().await;
        let kinds: Vec<String> = receiver.received().iter().map(|one| one.kind()).collect();
        for kind in [
            "target.created",
            "target.scheduled",
            "target.en_route",
            "target.completed",
            "visit_report.approved",
            "billing.triggered",
        ] {
            assert_eq!(
                kinds.iter().filter(|found| *found == kind).count(),
                1,
                "{kind} in {kinds:?}"
            );
        }

        // A second job in one call, with a follow-up and without billing.
        let second = sandbox.import("LIFE-2").await;
        let body = json!({ "to": "approved", "billable": false, "workMinutes": 30, "summary": "Done.",
            "followUp": "Order a part", "start": "2027-01-04T09:00:00+01:00" });
        let (status, found) = sandbox.advance(&second, body).await;
        assert_eq!(status, StatusCode::OK, "{found}");
        let (_, follow_ups) = sandbox.call(Method::GET, "/api/v1/follow-ups", None).await;
        assert_eq!(follow_ups["data"].as_array().unwrap().len(), 1, "{follow_ups}");
        let (_, billed) = sandbox.call(Method::GET, "/api/v1/billing-triggers", None).await;
        assert_eq!(billed["data"].as_array().unwrap().len(), 1);

        // What cannot be advanced says so; live data and other tenants are out of reach.
        let third = sandbox.import("LIFE-3").await;
        let cancel = format!("/api/v1/targets/{third}/cancel");
        assert!(sandbox.call(Method::POST, &cancel, None).await.0.is_success());
        let (status, problem) = sandbox.advance(&third, json!({ "to": "completed" })).await;
        assert_eq!(
            (status, &problem["code"]),
            (StatusCode::CONFLICT, &json!("target_locked"))
        );
        let live = world.new_target("LIFE-LIVE").await["targetId"]
            .as_str()
            .unwrap()
            .to_owned();
        assert_eq!(
            sandbox.advance(&live, json!({ "to": "scheduled" })).await.0,
            StatusCode::NOT_FOUND
        );
        for (body, pointer) in [
            (json!({ "to": "finished" }), "/to"),
            (json!({}), "/to"),
            (json!({ "to": "scheduled", "start": "tomorrow" }), "/start"),
            (json!({ "to": "completed", "workMinutes": 0 }), "/workMinutes"),
        ] {
            let (status, problem) = sandbox.advance(&second, body).await;
            assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY);
            assert_eq!(problem["errors"][0]["pointer"], pointer, "{problem}");
        }
    }
}

#[tokio::test]
async fn live_key_cannot_use_sandbox_operations() {
    let (_, worlds) = quiet_worlds().await;
    for world in worlds {
        let live = world.new_target("LIVE-1").await["targetId"]
            .as_str()
            .unwrap()
            .to_owned();
        let path = format!("/api/v1/sandbox/targets/{live}/advance");
        for (path, body) in [
            (path.as_str(), json!({ "to": "scheduled" })),
            ("/api/v1/sandbox/events", json!({ "type": "import_job.completed" })),
        ] {
            let (status, problem) = world.call("erp", Method::POST, path, Some(&body)).await;
            assert_eq!(
                (status, &problem["code"]),
                (StatusCode::FORBIDDEN, &json!("feature_not_enabled")),
                "{path}"
            );
        }
        let accounts = world
            .texts("SELECT email FROM staff_account WHERE email LIKE '%@sandbox.invalid'")
            .await;
        assert!(accounts.is_empty(), "{accounts:?}");
    }
}

#[tokio::test]
async fn sandbox_event_of_every_type_is_delivered() {
    let (_, worlds) = quiet_worlds().await;
    for world in worlds {
        let sandbox = Sandbox::of(&world);
        let receiver = Receiver::start().await;
        let kinds: Vec<EventType> = EventType::ALL
            .iter()
            .copied()
            .filter(|kind| *kind != EventType::WebhookTest)
            .collect();
        let names: Vec<&str> = kinds.iter().map(|kind| kind.name()).collect();
        let endpoint = json!({ "url": receiver.url, "eventTypes": names, "dataOptions": { "billingDetails": true } });
        let (status, made) = sandbox
            .call(Method::POST, "/api/v1/webhook-endpoints", Some(endpoint))
            .await;
        assert_eq!(status, StatusCode::CREATED, "{made}");
        let target = sandbox.import("TRIGGER-1").await;
        world.settle().await;
        receiver.clear();
        for kind in &kinds {
            let mut body = json!({ "type": kind.name() });
            if kind.members().contains(&Member::Target) {
                body["targetId"] = json!(target);
            }
            let (status, answer) = sandbox.call(Method::POST, "/api/v1/sandbox/events", Some(body)).await;
            assert_eq!(status, StatusCode::ACCEPTED, "{kind:?} {answer}");
        }
        world.settle().await;
        let received = receiver.received();
        for kind in &kinds {
            let found = received.iter().find(|one| one.kind() == kind.name()).unwrap();
            let body = found.json();
            if kind.members().contains(&Member::Target) {
                assert_eq!(body["data"]["target"]["id"], json!(target), "{body}");
            }
        }
        let billed = received
            .iter()
            .find(|one| one.kind() == "billing.triggered")
            .unwrap()
            .json();
        assert_eq!(billed["data"]["workMinutes"], 95, "{billed}");
        // Nothing else has happened.
        let path = format!("/api/v1/targets/{target}");
        assert_eq!(sandbox.call(Method::GET, &path, None).await.1["status"], "open");
        for (body, pointer) in [
            (json!({ "type": "target.completed" }), "/targetId"),
            (json!({ "type": "webhook.test" }), "/type"),
            (json!({ "type": "target.exploded" }), "/type"),
        ] {
            let (status, problem) = sandbox.call(Method::POST, "/api/v1/sandbox/events", Some(body)).await;
            assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY);
            assert_eq!(problem["errors"][0]["pointer"], pointer, "{problem}");
        }
    }
}
