//! Webhook deliveries to a real receiver on loopback, on both databases, with a manual clock.

use std::collections::BTreeMap;

use crate::support::read;
use crate::support::receiver::{Received, Receiver, Reply};
use crate::support::webhooks::{moment, quiet_worlds, seconds};
use chrono::TimeDelta;
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};
use standardwebhooks::Webhook;

const NONE: fn() -> Value = || json!({});

fn verifies(secret: &Value, received: &Received) -> bool {
    // The verifiers use the system clock, but these signatures have the time of the manual clock, so compare them.
    let webhook = Webhook::new(secret.as_str().unwrap()).unwrap();
    let expected = webhook
        .sign(
            &received.header("webhook-id"),
            received.header("webhook-timestamp").parse().unwrap(),
            received.body.as_bytes(),
        )
        .unwrap();
    received
        .header("webhook-signature")
        .split(' ')
        .any(|signature| signature == expected)
}

/// Returns the versions of the signatures, in order.
fn versions(received: &Received) -> Vec<String> {
    let header = received.header("webhook-signature");
    assert!(
        !header.contains("  ") && header.trim() == header,
        "one space between signatures: {header}"
    );
    header
        .split(' ')
        .map(|signature| signature.split(',').next().unwrap().to_owned())
        .collect()
}

#[tokio::test]
async fn signatures_are_accepted_by_reference_verifiers() {
    let (clock, worlds) = quiet_worlds().await;
    let mut after_rotation = Vec::new();
    for world in worlds {
        let receiver = Receiver::start().await;
        let endpoint = world
            .endpoint(
                "erp",
                &receiver.url,
                &["target.created"],
                json!({ "asymmetricSignatures": true }),
            )
            .await;
        let mut secrets = vec![endpoint["secret"].clone()];
        world.new_target("SIGN-1").await;
        world.settle().await;
        let (status, rotated) = world.endpoint_action("erp", &endpoint, "rotate-secret", None).await;
        assert_eq!(status, StatusCode::OK, "{rotated}");
        secrets.push(rotated["secret"].clone());
        assert_ne!(
            rotated["publicKey"], endpoint["publicKey"],
            "the key pair is rotated too"
        );
        world.new_target("SIGN-2").await;
        world.settle().await;
        let received = receiver.received();
        assert_eq!(received.len(), 2);
        assert_eq!(versions(&received[0]), ["v1", "v1a"]);
        assert_eq!(versions(&received[1]), ["v1", "v1a", "v1", "v1a"], "the newest first");
        assert!(verifies(&secrets[0], &received[0]));
        assert!(verifies(&secrets[0], &received[1]) && verifies(&secrets[1], &received[1]));
        assert!(
            !verifies(&secrets[1], &received[0]),
            "a new secret does not sign earlier deliveries"
        );

        // The reference verifiers in three languages, with the system clock.
        let cases: Vec<Value> = received
            .iter()
            .enumerate()
            .flat_map(|(index, one)| {
                let headers = json!({ "webhook-id": one.header("webhook-id"), "webhook-timestamp": one.header("webhook-timestamp"), "webhook-signature": one.header("webhook-signature") });
                let tampered = one.body.replacen("target.created", "target.updated", 1);
                [
                    json!({ "secret": secrets[index], "headers": headers, "body": one.body, "valid": true }),
                    json!({ "secret": secrets[0], "headers": headers, "body": one.body, "valid": true }),
                    json!({ "secret": secrets[index], "headers": headers, "body": tampered, "valid": false }),
                    json!({ "secret": "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "headers": headers, "body": one.body, "valid": false }),
                ]
            })
            .collect();
        for case in &cases {
            let mut headers = http::HeaderMap::new();
            for (name, value) in case["headers"].as_object().unwrap() {
                headers.insert(
                    http::HeaderName::try_from(name).unwrap(),
                    value.as_str().unwrap().parse().unwrap(),
                );
            }
            let webhook = Webhook::new(case["secret"].as_str().unwrap()).unwrap();
            let taken = webhook
                .verify(case["body"].as_str().unwrap().as_bytes(), &headers)
                .is_ok();
            assert_eq!(taken, case["valid"] == true, "crates.io: {case}");
        }
        let file = std::env::temp_dir().join(format!("ordinavo-signed-{}-{}.json", std::process::id(), world.engine));
        std::fs::write(&file, serde_json::to_vec(&cases).unwrap()).unwrap();
        let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../end2end");
        let mut verifiers = vec![("node".to_owned(), "verify.mjs")];
        if let Ok(python) = std::env::var("ORDINAVO_TEST_PYTHON") {
            verifiers.push((python, "verify.py"));
        }
        for (program, script) in verifiers {
            let run = std::process::Command::new(&program)
                .arg(format!("{folder}/{script}"))
                .arg(&file)
                .output()
                .unwrap();
            assert!(
                run.status.success(),
                "{script}: {}{}",
                String::from_utf8_lossy(&run.stdout),
                String::from_utf8_lossy(&run.stderr)
            );
            assert_eq!(
                String::from_utf8_lossy(&run.stdout).trim(),
                format!("{} checked", cases.len())
            );
        }
        std::fs::remove_file(&file).unwrap();
        after_rotation.push((world, receiver, secrets));
    }
    // After the grace period, the first secret no longer signs.
    clock.advance(TimeDelta::hours(25));
    for (world, receiver, secrets) in after_rotation {
        world.new_target("SIGN-3").await;
        world.settle().await;
        let last = receiver.received().pop().unwrap();
        assert_eq!(versions(&last), ["v1", "v1a"]);
        assert!(verifies(&secrets[1], &last) && !verifies(&secrets[0], &last));
    }
}

#[tokio::test]
async fn failing_delivery_is_retried_ten_times_on_schedule() {
    let (clock, worlds) = quiet_worlds().await;
    for world in worlds {
        let receiver = Receiver::start().await;
        receiver.usually(|_| Reply::status(500).with("content-type", "text/plain"));
        let endpoint = world.endpoint("erp", &receiver.url, &["target.created"], NONE()).await;
        world.new_target("RETRY-1").await;
        let waits = [0, 5, 300, 1800, 7200, 18_000, 36_000, 50_400, 72_000, 86_400];
        for (index, wait) in waits.into_iter().enumerate() {
            if index > 0 {
                clock.advance(TimeDelta::seconds(wait - 1));
                world.settle().await;
                assert_eq!(receiver.received().len(), index, "attempt {} came too early", index + 1);
                clock.advance(TimeDelta::seconds(wait / 5 + 2));
            }
            world.settle().await;
            assert_eq!(receiver.received().len(), index + 1, "attempt {} is late", index + 1);
            let delivery = &world.deliveries("erp", &endpoint, "").await[0];
            assert_eq!(delivery["attempts"], index + 1);
            if index < 9 {
                assert_eq!(delivery["status"], "pending");
                let next = waits[index + 1];
                let due = seconds(moment(&delivery["nextAttemptAt"]) - clock.now());
                assert!(
                    (next..=next + next / 5 + 1).contains(&due),
                    "attempt {}: {due} s for {next}",
                    index + 2
                );
            } else {
                assert_eq!(delivery["status"], "failed", "ten attempts at most");
            }
        }
        clock.advance(TimeDelta::hours(100));
        world.settle().await;
        assert_eq!(receiver.received().len(), 10);
        let delivery = &world.deliveries("erp", &endpoint, "").await[0];
        let attempts = world.attempts("erp", delivery).await;
        assert_eq!(attempts.len(), 10);
        assert_eq!(
            (&attempts[0]["number"], &attempts[9]["number"]),
            (&json!(10), &json!(1)),
            "newest first"
        );
        assert!(attempts.iter().all(|attempt| attempt["trigger"] == "automatic"
            && attempt["responseStatus"] == 500
            && attempt["failure"] == "status"));
        // Every attempt has the same body and ID.
        let received = receiver.received();
        assert!(received.iter().all(|one| one.body == received[0].body && one.header("webhook-id") == received[0].header("webhook-id")));
    }
}

#[tokio::test]
async fn retry_after_header_delays_next_attempt() {
    let (clock, worlds) = quiet_worlds().await;
    for world in worlds {
        let receiver = Receiver::start().await;
        let endpoint = world.endpoint("erp", &receiver.url, &["target.created"], NONE()).await;
        receiver.next([
            Reply::status(503).with("retry-after", "3600"),
            Reply::status(429).with("retry-after", "9999999"),
        ]);
        world.new_target("AFTER-1").await;
        world.settle().await;
        clock.advance(TimeDelta::seconds(3590));
        world.settle().await;
        assert_eq!(receiver.received().len(), 1, "Retry-After is one hour");
        clock.advance(TimeDelta::seconds(15));
        world.settle().await;
        assert_eq!(receiver.received().len(), 2);
        let due = moment(&world.deliveries("erp", &endpoint, "").await[0]["nextAttemptAt"]) - clock.now();
        assert!(
            due <= TimeDelta::hours(24) + TimeDelta::seconds(1) && due > TimeDelta::hours(23),
            "cut to 24 hours: {due}"
        );
        clock.advance(TimeDelta::hours(24) + TimeDelta::seconds(2));
        world.settle().await;
        assert_eq!(world.deliveries("erp", &endpoint, "").await[0]["status"], "delivered");
    }
}

#[tokio::test]
async fn failing_endpoint_is_probed_one_delivery_at_a_time() {
    let (clock, worlds) = quiet_worlds().await;
    for world in worlds {
        let (receiver, watcher) = (Receiver::start().await, Receiver::start().await);
        receiver.usually(|_| Reply::status(500));
        let endpoint = world.endpoint("erp", &receiver.url, &["target.created"], NONE()).await;
        let own = world
            .endpoint(
                "erp",
                &watcher.url,
                &["webhook_endpoint.failing", "webhook_endpoint.disabled"],
                NONE(),
            )
            .await;
        for index in 0..5 {
            world.new_target(&format!("PROBE-{index}")).await;
        }
        world.settle().await;
        assert_eq!(world.read_endpoint("erp", &endpoint).await["status"], "failing");
        world.settle().await;
        let notified = watcher.received();
        assert_eq!(notified.len(), 1, "notified once: {notified:?}");
        assert_eq!(notified[0].kind(), "webhook_endpoint.failing");
        assert_eq!(notified[0].json()["data"]["webhookEndpoint"]["id"], endpoint["id"]);
        // Ten more events: at most one delivery is in flight at a time.
        let most = receiver.most_at_once();
        for index in 5..15 {
            world.new_target(&format!("PROBE-{index}")).await;
        }
        let probes = Receiver::start().await;
        let path = format!("/api/v1/webhook-endpoints/{}", endpoint["id"].as_str().unwrap());
        let (status, _) = world
            .call("erp", Method::PATCH, &path, Some(&json!({ "url": probes.url })))
            .await;
        assert_eq!(status, StatusCode::OK);
        probes.usually(|_| Reply::status(500));
        clock.advance(TimeDelta::seconds(1));
        world.settle().await;
        assert_eq!(probes.received().len(), 10);
        assert_eq!(probes.most_at_once(), 1, "{most} at once before");
        // The first success ends probing, and all deliveries continue.
        probes.usually(|_| Reply::status(200));
        clock.advance(TimeDelta::minutes(10));
        world.settle().await;
        let endpoint_now = world.read_endpoint("erp", &endpoint).await;
        assert_eq!(
            (&endpoint_now["status"], &endpoint_now["failuresInARow"]),
            (&json!("active"), &json!(0))
        );
        clock.advance(TimeDelta::minutes(10));
        world.settle().await;
        let deliveries = world.deliveries("erp", &endpoint, "").await;
        assert_eq!(deliveries.len(), 15);
        assert!(
            deliveries.iter().all(|delivery| delivery["status"] == "delivered"),
            "{deliveries:?}"
        );
        assert_eq!(world.read_endpoint("erp", &own).await["status"], "active");
    }
}

#[tokio::test]
async fn endpoint_failing_for_120_hours_is_disabled_and_recovered() {
    let (clock, worlds) = quiet_worlds().await;
    for world in worlds {
        let (receiver, watcher) = (Receiver::start().await, Receiver::start().await);
        receiver.usually(|_| Reply::status(500));
        let endpoint = world.endpoint("erp", &receiver.url, &["target.created"], NONE()).await;
        world
            .endpoint("erp", &watcher.url, &["webhook_endpoint.disabled"], NONE())
            .await;
        for index in 0..12 {
            world.new_target(&format!("DEAD-{index}")).await;
        }
        world.settle().await;
        let start = clock.now();
        let mut hours = 0;
        while world.read_endpoint("erp", &endpoint).await["status"] != "disabled" {
            hours += 1;
            assert!(hours < 240, "the endpoint is not disabled");
            clock.advance(TimeDelta::hours(1));
            if hours == 100 || hours == 121 {
                world.new_target(&format!("DEAD-LATE-{hours}")).await;
            }
            world.settle().await;
        }
        assert!(
            clock.now() - start >= TimeDelta::hours(120),
            "disabled after {hours} hours"
        );
        let disabled = world.read_endpoint("erp", &endpoint).await;
        assert_eq!(disabled["disabledReason"], "failures");
        world.settle().await;
        assert_eq!(watcher.received().len(), 1);
        assert_eq!(
            watcher.received()[0].json()["data"]["webhookEndpoint"]["reason"],
            "failures"
        );
        // Events are held: nothing is sent, nothing is lost.
        receiver.clear();
        world.new_target("DEAD-HELD-1").await;
        world.new_target("DEAD-HELD-2").await;
        clock.advance(TimeDelta::hours(1));
        world.settle().await;
        assert_eq!(receiver.received().len(), 0);
        let held = world.deliveries("erp", &endpoint, "&status=held").await;
        assert!(held.len() >= 3, "two new events and the late one: {}", held.len());
        for action in ["test", "recover"] {
            let body = (action == "recover").then(|| json!({ "since": clock.now() - TimeDelta::days(1) }));
            let (status, problem) = world.endpoint_action("erp", &endpoint, action, body.as_ref()).await;
            assert_eq!(
                (status.as_u16(), &problem["code"]),
                (409, &json!("endpoint_disabled")),
                "{action}"
            );
        }
        receiver.usually(|_| Reply::status(204));
        let (status, enabled) = world.endpoint_action("erp", &endpoint, "enable", None).await;
        assert_eq!((status.as_u16(), &enabled["status"]), (200, &json!("active")));
        world.settle().await;
        assert_eq!(receiver.received().len(), 0, "held deliveries require a recovery");
        let (status, problem) = world
            .endpoint_action(
                "erp",
                &endpoint,
                "recover",
                Some(&json!({ "since": clock.now() - TimeDelta::days(15) })),
            )
            .await;
        assert_eq!(
            (status.as_u16(), &problem["code"]),
            (422, &json!("recover_window_too_large"))
        );
        let since = json!({ "since": clock.now() - TimeDelta::days(13) });
        let (status, recovery) = world.endpoint_action("erp", &endpoint, "recover", Some(&since)).await;
        assert_eq!(status, StatusCode::ACCEPTED, "{recovery}");
        world.settle().await;
        let deliveries = world.deliveries("erp", &endpoint, "").await;
        assert_eq!(
            recovery["deliveries"],
            deliveries.len(),
            "failed deliveries are recovered too"
        );
        assert!(
            deliveries.iter().all(|delivery| delivery["status"] == "delivered"),
            "{deliveries:?}"
        );
        assert_eq!(receiver.received().len(), deliveries.len());
    }
}

#[tokio::test]
async fn receiver_requesting_disable_is_disabled_immediately() {
    let (_, worlds) = quiet_worlds().await;
    for world in worlds {
        for reply in [
            Reply::status(410),
            Reply::status(200).with("webhook-delivery", "disable"),
            Reply::status(500).with("webhook-delivery", "disable"),
        ] {
            let receiver = Receiver::start().await;
            let endpoint = world.endpoint("erp", &receiver.url, &["target.created"], NONE()).await;
            let arrives = reply.status == 200;
            receiver.next([reply]);
            world.new_target(&format!("GONE-{}", receiver.url)).await;
            world.settle().await;
            let now = world.read_endpoint("erp", &endpoint).await;
            assert_eq!(
                (&now["status"], &now["disabledReason"]),
                (&json!("disabled"), &json!("receiver"))
            );
            let status = world.deliveries("erp", &endpoint, "").await[0]["status"].clone();
            assert_eq!(status, if arrives { "delivered" } else { "held" });
            assert_eq!(receiver.received().len(), 1);
        }
    }
}

#[tokio::test]
async fn data_option_disabled_removes_data_from_retries_and_replays() {
    let (clock, worlds) = quiet_worlds().await;
    for world in worlds {
        let receiver = Receiver::start().await;
        let on = json!({ "dataOptions": { "contactDetails": true, "summaryPreviews": true } });
        let endpoint = world.endpoint("erp", &receiver.url, &["target.created"], on).await;
        receiver.next([Reply::status(500), Reply::status(500)]);
        world.new_target("OPTION-1").await;
        world.settle().await;
        let first = receiver.received()[0].clone();
        let contact = &first.json()["data"]["customerContext"]["contact"];
        assert_eq!(contact["displayName"], "Anna Weber", "{contact}");
        assert_eq!(contact["externalId"], "CONT-44");
        // The body of the first attempt is stored, so later changes of the record do not affect it.
        world
            .sql("UPDATE contact SET display_name = 'Someone Else' WHERE display_name = 'Anna Weber'")
            .await;
        clock.advance(TimeDelta::seconds(7));
        world.settle().await;
        assert_eq!(receiver.received()[1].body, first.body, "same body");
        let path = format!("/api/v1/webhook-endpoints/{}", endpoint["id"].as_str().unwrap());
        let (status, _) = world
            .call(
                "erp",
                Method::PATCH,
                &path,
                Some(&json!({ "dataOptions": { "contactDetails": false } })),
            )
            .await;
        assert_eq!(status, StatusCode::OK);
        clock.advance(TimeDelta::minutes(7));
        world.settle().await;
        let third = receiver.received()[2].clone();
        let contact = &third.json()["data"]["customerContext"]["contact"];
        assert_eq!(
            contact,
            &json!({ "id": first.json()["data"]["customerContext"]["contact"]["id"], "externalId": "CONT-44" })
        );
        assert_eq!(third.header("webhook-id"), first.header("webhook-id"));
        // After enabling the option again, the data does not return, neither in a replay nor on the delivery page.
        let (status, _) = world
            .call(
                "erp",
                Method::PATCH,
                &path,
                Some(&json!({ "dataOptions": { "contactDetails": true } })),
            )
            .await;
        assert_eq!(status, StatusCode::OK);
        let delivery = world.deliveries("erp", &endpoint, "").await[0].clone();
        let replay = format!("/api/v1/webhook-deliveries/{}/replay", delivery["id"].as_str().unwrap());
        assert_eq!(
            world.call("erp", Method::POST, &replay, None).await.0,
            StatusCode::ACCEPTED
        );
        world.settle().await;
        assert_eq!(receiver.received()[3].body, third.body);
        let path = format!("/api/v1/webhook-deliveries/{}", delivery["id"].as_str().unwrap());
        let (_, shown) = world.call("erp", Method::GET, &path, None).await;
        assert!(!shown.to_string().contains("Anna"), "{shown}");
    }
}

/// A token with fewer scopes than its client gets no more data than its own scopes allow.
#[tokio::test]
async fn narrow_token_gets_no_additional_data_through_endpoint() {
    let (_, worlds) = quiet_worlds().await;
    for world in worlds {
        let receiver = Receiver::start().await;
        let on = json!({ "dataOptions": { "contactDetails": true } });
        let rich = world.endpoint("erp", &receiver.url, &["target.created"], on).await;
        let thin = world.endpoint("erp", &receiver.url, &["target.created"], NONE()).await;
        world.new_target("NARROW-1").await;
        world.settle().await;
        let client = world.tenant("nordlicht").client("erp").unwrap().clone();
        let token = crate::support::client()
            .post(format!("{}/api/v1/oauth/token", world.url))
            .basic_auth(&client.client_id, Some(&client.client_secret))
            .form(&[
                ("grant_type", "client_credentials"),
                ("scope", "webhooks.read webhooks.write"),
            ])
            .send()
            .await
            .unwrap();
        let (_, token) = read(token).await;
        let token = token["access_token"].as_str().unwrap().to_owned();
        let send = async |method: Method, path: String, body: Option<Value>| {
            let mut request = world.api(method, &path, &token);
            if let Some(body) = body {
                request = request.json(&body);
            }
            read(request.send().await.unwrap()).await
        };
        for (endpoint, patch) in [
            (&thin, json!({ "dataOptions": { "contactDetails": true } })),
            (&rich, json!({ "url": format!("{}?elsewhere", receiver.url) })),
        ] {
            let path = format!("/api/v1/webhook-endpoints/{}", endpoint["id"].as_str().unwrap());
            let (status, problem) = send(Method::PATCH, path, Some(patch)).await;
            assert_eq!(
                (status.as_u16(), &problem["code"]),
                (403, &json!("data_option_not_permitted"))
            );
        }
        let path = format!("/api/v1/webhook-endpoints/{}", rich["id"].as_str().unwrap());
        let both = json!({ "url": format!("{}?thin", receiver.url), "dataOptions": { "contactDetails": false } });
        let delivery = world.deliveries("erp", &rich, "").await[0].clone();
        let shown = format!("/api/v1/webhook-deliveries/{}", delivery["id"].as_str().unwrap());
        let (status, body) = send(Method::GET, shown, None).await;
        assert_eq!(status, StatusCode::OK);
        assert!(
            !body.to_string().contains("Anna") && body["body"]["type"] == "target.created",
            "{body}"
        );
        assert_eq!(send(Method::PATCH, path, Some(both)).await.0, StatusCode::OK);
    }
}

#[tokio::test]
async fn scope_removed_from_client_removes_its_data() {
    let (clock, worlds) = quiet_worlds().await;
    for world in worlds {
        let receiver = Receiver::start().await;
        let on = json!({ "dataOptions": { "contactDetails": true } });
        world.endpoint("erp", &receiver.url, &["target.created"], on).await;
        receiver.next([Reply::status(500)]);
        world.new_target("SCOPE-1").await;
        world.settle().await;
        assert!(receiver.received()[0].body.contains("Anna Weber"));
        let without = if world.engine == "sqlite" {
            "UPDATE integration_client SET scopes = '[\"targets.write\",\"customers.map\"]' WHERE name LIKE 'erp %'"
        } else {
            "UPDATE integration_client SET scopes = '[\"targets.write\",\"customers.map\"]'::jsonb WHERE name LIKE 'erp %'"
        };
        world.sql(without).await;
        clock.advance(TimeDelta::seconds(10));
        world.settle().await;
        assert!(!receiver.received()[1].body.contains("Anna Weber"));
    }
}

#[tokio::test]
async fn replays_are_attempts_outside_the_schedule() {
    let (clock, worlds) = quiet_worlds().await;
    for world in worlds {
        let receiver = Receiver::start().await;
        let endpoint = world.endpoint("erp", &receiver.url, &["target.created"], NONE()).await;
        receiver.usually(|_| Reply::status(500));
        world.new_target("REPLAY-1").await;
        world.settle().await;
        let delivery = world.deliveries("erp", &endpoint, "").await[0].clone();
        let path = format!("/api/v1/webhook-deliveries/{}/replay", delivery["id"].as_str().unwrap());
        for _ in 0..2 {
            let (status, asked) = world.call("erp", Method::POST, &path, None).await;
            assert_eq!(status, StatusCode::ACCEPTED, "{asked}");
        }
        // The same idempotency key is the same replay.
        for _ in 0..2 {
            let request = world
                .api(Method::POST, &path, &world.key("nordlicht", "erp"))
                .header("idempotency-key", "once");
            assert_eq!(request.send().await.unwrap().status(), StatusCode::ACCEPTED);
        }
        world.settle().await;
        let attempts = world.attempts("erp", &delivery).await;
        let manual = attempts.iter().filter(|attempt| attempt["trigger"] == "manual").count();
        assert_eq!((attempts.len(), manual), (4, 3), "{attempts:?}");
        let after = world.deliveries("erp", &endpoint, "").await[0].clone();
        assert_eq!((&after["attempts"], &after["status"]), (&json!(1), &json!("pending")));
        assert_eq!(after["nextAttemptAt"], delivery["nextAttemptAt"], "the schedule stays");
        assert_eq!(
            world.read_endpoint("erp", &endpoint).await["failuresInARow"],
            1,
            "replays do not count as failures"
        );
        // A successful replay ends the schedule; a further replay is still an attempt.
        receiver.usually(|_| Reply::status(204));
        world.call("erp", Method::POST, &path, None).await;
        world.settle().await;
        assert_eq!(world.deliveries("erp", &endpoint, "").await[0]["status"], "delivered");
        let count = receiver.received().len();
        clock.advance(TimeDelta::hours(80));
        world.settle().await;
        assert_eq!(receiver.received().len(), count, "no scheduled attempt follows");
        world.call("erp", Method::POST, &path, None).await;
        world.settle().await;
        assert_eq!(receiver.received().len(), count + 1);
        // The delivery of another client does not exist.
        let (status, problem) = world.call("erp-strict", Method::POST, &path, None).await;
        assert_eq!((status.as_u16(), &problem["code"]), (404, &json!("not_found")));
    }
}

#[tokio::test]
async fn ordering_per_target_delays_later_events() {
    let (clock, worlds) = quiet_worlds().await;
    for world in worlds {
        let receiver = Receiver::start().await;
        let types = ["target.created", "target.updated", "target.cancelled"];
        let endpoint = world
            .endpoint("erp", &receiver.url, &types, json!({ "ordering": "per_target" }))
            .await;
        assert_eq!(endpoint["ordering"], "per_target");
        let first = world.new_target("ORDER-A").await["targetId"]
            .as_str()
            .unwrap()
            .to_owned();
        let refused = first.clone();
        receiver.usually(move |one| {
            let blocked = one.kind() == "target.created" && one.json()["data"]["target"]["id"] == refused;
            Reply::status(if blocked { 500 } else { 204 })
        });
        world
            .import("erp", &json!({ "externalId": "ORDER-A", "notes": "changed" }))
            .await;
        world.new_target("ORDER-B").await;
        world
            .import("erp", &json!({ "externalId": "ORDER-B", "notes": "changed" }))
            .await;
        world.settle().await;
        let seen = |receiver: &Receiver| {
            let mut by_target: BTreeMap<String, Vec<String>> = BTreeMap::new();
            for one in receiver.received() {
                let target = one.json()["data"]["target"]["id"].as_str().unwrap().to_owned();
                by_target.entry(target).or_default().push(one.kind());
            }
            by_target
        };
        let now = seen(&receiver);
        assert_eq!(now[&first], ["target.created"], "the next one waits for the first");
        let other = now.iter().find(|(target, _)| **target != first).unwrap();
        assert_eq!(
            *other.1,
            ["target.created", "target.updated"],
            "another target is not held up"
        );
        receiver.usually(|_| Reply::status(204));
        clock.advance(TimeDelta::seconds(10));
        world.settle().await;
        assert_eq!(
            seen(&receiver)[&first],
            ["target.created", "target.created", "target.updated"]
        );
    }
}

#[tokio::test]
async fn worker_killed_with_claim_is_replaced_and_body_unchanged() {
    let (clock, worlds) = quiet_worlds().await;
    for world in worlds {
        let receiver = Receiver::start().await;
        let endpoint = world.endpoint("erp", &receiver.url, &["target.created"], NONE()).await;
        receiver.next([Reply {
            hangs: true,
            ..Reply::status(204)
        }]);
        world.new_target("LEASE-1").await;
        // This worker sends a delivery and dies before the response.
        let mut dying = world.dispatcher();
        assert_eq!(dying.turn().await.unwrap().claimed, 1);
        receiver.wait_for(1).await;
        assert_eq!(world.deliveries("erp", &endpoint, "").await[0]["status"], "in_flight");
        drop(dying);
        world.settle().await;
        assert_eq!(receiver.received().len(), 1, "the claim holds");
        clock.advance(TimeDelta::seconds(61));
        world.settle().await;
        world.settle().await;
        let received = receiver.received();
        assert_eq!(received.len(), 2, "{}", world.engine);
        assert_eq!(received[0].body, received[1].body);
        assert_eq!(received[0].header("webhook-id"), received[1].header("webhook-id"));
        assert_eq!(world.deliveries("erp", &endpoint, "").await[0]["status"], "delivered");
        receiver.release();
    }
}

#[tokio::test]
async fn hanging_endpoint_does_not_block_others() {
    let (_, worlds) = quiet_worlds().await;
    for world in worlds {
        let (dead, healthy) = (Receiver::start().await, Receiver::start().await);
        dead.usually(|_| Reply {
            hangs: true,
            ..Reply::status(204)
        });
        world.endpoint("erp", &dead.url, &["target.created"], NONE()).await;
        let endpoint = world.endpoint("erp", &healthy.url, &["target.created"], NONE()).await;
        let items: Vec<Value> = (0..200)
            .map(|index| json!({ "externalId": format!("BLOCK-{index}") }))
            .collect();
        let (status, job) = world.batch("import-only", "block", &json!({ "items": items })).await;
        assert_eq!(status, StatusCode::ACCEPTED);
        assert!(job["id"].is_string());
        ordinavo_core::imports::worker::run_next(&world.core).await.unwrap();
        // Targets of another source system create no deliveries for this client.
        assert_eq!(
            world.deliveries("erp", &endpoint, "").await.len(),
            0,
            "{}",
            world.engine
        );
        let items: Vec<Value> = (0..200)
            .map(|index| json!({ "externalId": format!("BLOCK-{index}") }))
            .collect();
        world.batch("erp", "block", &json!({ "items": items })).await;
        while ordinavo_core::imports::worker::run_next(&world.core).await.unwrap() {}
        let mut dispatcher = world.dispatcher();
        while healthy.received().len() < 200 {
            let turn = dispatcher.turn().await.unwrap();
            if turn == ordinavo_core::webhooks::dispatch::TurnCounts::default() {
                tokio::select! {
                    () = dispatcher.wait_for_attempt() => {}
                    () = healthy.wait_for(200) => {}
                }
            }
        }
        assert!(
            dead.received().len() <= 64,
            "concurrency limit exceeded: {}",
            dead.received().len()
        );
        dead.release();
    }
}

#[tokio::test]
async fn response_body_is_truncated_and_redirect_fails() {
    let (clock, worlds) = quiet_worlds().await;
    for world in worlds {
        let (receiver, elsewhere) = (Receiver::start().await, Receiver::start().await);
        let endpoint = world.endpoint("erp", &receiver.url, &["target.created"], NONE()).await;
        receiver.next([Reply {
            body: "x".repeat(200_000),
            ..Reply::status(500)
        }]);
        world.new_target("ANSWER-1").await;
        world.settle().await;
        clock.advance(TimeDelta::seconds(1));
        receiver.next([Reply::status(302).with("location", &elsewhere.url)]);
        world.new_target("ANSWER-2").await;
        world.settle().await;
        let deliveries = world.deliveries("erp", &endpoint, "").await;
        let long = &world.attempts("erp", &deliveries[1]).await[0];
        assert_eq!(long["responseBody"].as_str().unwrap().len(), 8 * 1024);
        let redirected = &world.attempts("erp", &deliveries[0]).await[0];
        assert_eq!(
            (&redirected["failure"], &redirected["responseStatus"]),
            (&json!("redirect"), &json!(302))
        );
        assert_eq!(elsewhere.received().len(), 0, "redirects are not followed");
    }
}
