//! Webhook endpoints (create, update, delete) and the events API, on both databases.

use std::collections::BTreeMap;

use crate::support::receiver::Receiver;
use crate::support::webhooks::quiet_worlds;
use crate::support::{World, read};
use chrono::TimeDelta;
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

#[tokio::test]
async fn endpoint_secret_is_returned_once() {
    let (_, worlds) = quiet_worlds().await;
    for world in worlds {
        let receiver = Receiver::start().await;
        let body = json!({ "url": receiver.url, "eventTypes": ["target.created"] });
        let make = async || {
            let request = world
                .api(
                    Method::POST,
                    "/api/v1/webhook-endpoints",
                    &world.key("nordlicht", "erp"),
                )
                .header("idempotency-key", "make")
                .json(&body);
            read(request.send().await.unwrap()).await
        };
        let (status, made) = make().await;
        assert_eq!(status, StatusCode::CREATED);
        let (status, again) = make().await;
        assert_eq!(
            (status, &again["id"], &again["secret"]),
            (StatusCode::CREATED, &made["id"], &Value::Null)
        );
        let (_, rotated) = world
            .endpoint_action("erp", &made, "rotate-secret", Some(&json!({ "gracePeriodSeconds": 0 })))
            .await;
        let secrets = [made["secret"].as_str().unwrap(), rotated["secret"].as_str().unwrap()];
        assert!(
            secrets
                .iter()
                .all(|secret| secret.starts_with("whsec_") && secret.len() == 50)
        );
        world.new_target("SECRET-1").await;
        world.settle().await;
        let delivery = world.deliveries("erp", &made, "").await[0].clone();
        let id = made["id"].as_str().unwrap();
        let admin = world.staff("nordlicht", "admin").await;
        let mut texts = Vec::new();
        for path in [
            "/api/v1/webhook-endpoints".to_owned(),
            format!("/api/v1/webhook-endpoints/{id}"),
            format!("/api/v1/webhook-endpoints/{id}/deliveries"),
            format!("/api/v1/webhook-deliveries/{}", delivery["id"].as_str().unwrap()),
            format!(
                "/api/v1/webhook-deliveries/{}/attempts",
                delivery["id"].as_str().unwrap()
            ),
        ] {
            texts.push(world.call("erp", Method::GET, &path, None).await.1.to_string());
        }
        for path in [
            format!("/app/integrations/endpoints/{id}"),
            format!("/app/integrations/deliveries/{}", delivery["id"].as_str().unwrap()),
        ] {
            let (status, html) = world.get(&admin, &path).await;
            assert_eq!(status, StatusCode::OK);
            texts.push(html);
        }
        for text in texts {
            assert!(secrets.iter().all(|secret| !text.contains(secret)), "{text}");
        }
        for seconds in [-1, 604_801] {
            let (status, problem) = world
                .endpoint_action(
                    "erp",
                    &made,
                    "rotate-secret",
                    Some(&json!({ "gracePeriodSeconds": seconds })),
                )
                .await;
            assert_eq!(
                (status.as_u16(), &problem["errors"][0]["pointer"]),
                (422, &json!("/gracePeriodSeconds"))
            );
        }
    }
}

#[tokio::test]
async fn endpoints_are_updated_tested_disabled_and_deleted() {
    let (_, worlds) = quiet_worlds().await;
    for world in worlds {
        let receiver = Receiver::start().await;
        let endpoint = world
            .endpoint(
                "erp",
                &receiver.url,
                &["target.created"],
                json!({ "description": "ERP" }),
            )
            .await;
        let path = format!("/api/v1/webhook-endpoints/{}", endpoint["id"].as_str().unwrap());
        for (body, status, code) in [
            (json!({ "eventTypes": [] }), 422, "validation_failed"),
            (json!({ "eventTypes": ["target.exploded"] }), 422, "unknown_event_type"),
            (json!({ "url": "https://10.0.0.1/" }), 422, "forbidden_webhook_target"),
            (json!({ "url": "ftp://example.org" }), 422, "invalid_webhook_url"),
            (json!({ "dataOptions": { "everything": true } }), 422, "unknown_field"),
            (json!({ "secret": "x" }), 422, "unknown_field"),
            (json!({ "ordering": "global" }), 422, "validation_failed"),
        ] {
            let (found, problem) = world.call("erp", Method::PATCH, &path, Some(&body)).await;
            assert_eq!(
                (found.as_u16(), problem["code"].as_str().unwrap()),
                (status, code),
                "{body}"
            );
        }
        let (_, changed) = world
            .call(
                "erp",
                Method::PATCH,
                &path,
                Some(&json!({ "eventTypes": ["target.cancelled", "target.created"], "description": null })),
            )
            .await;
        assert_eq!(
            (&changed["eventTypes"], &changed["description"], &changed["url"]),
            (
                &json!(["target.cancelled", "target.created"]),
                &Value::Null,
                &json!(receiver.url)
            )
        );
        let (status, tested) = world.endpoint_action("erp", &endpoint, "test", None).await;
        assert_eq!(status, StatusCode::ACCEPTED);
        world.settle().await;
        let received = receiver.received();
        assert_eq!(
            (received[0].kind().as_str(), received[0].header("webhook-id")),
            ("webhook.test", tested["eventId"].as_str().unwrap().to_owned())
        );
        let (_, disabled) = world.endpoint_action("erp", &endpoint, "disable", None).await;
        assert_eq!(
            (&disabled["status"], &disabled["disabledReason"]),
            (&json!("disabled"), &json!("person"))
        );
        world.new_target("MANAGED-1").await;
        world.settle().await;
        assert_eq!(receiver.received().len(), 1);
        assert_eq!(
            world.call("erp-strict", Method::DELETE, &path, None).await.0,
            StatusCode::NOT_FOUND
        );
        assert_eq!(
            world.call("erp", Method::DELETE, &path, None).await.0,
            StatusCode::NO_CONTENT
        );
        assert_eq!(
            world.call("erp", Method::GET, &path, None).await.0,
            StatusCode::NOT_FOUND
        );
        assert_eq!(
            world.call("erp", Method::DELETE, &path, None).await.0,
            StatusCode::NOT_FOUND
        );
    }
}

/// Returns all events that a client can read.
async fn all_events(world: &World, client: &str, query: &str) -> Vec<Value> {
    let (mut events, mut cursor) = (Vec::new(), String::new());
    loop {
        let (status, page) = world
            .call(
                client,
                Method::GET,
                &format!("/api/v1/events?limit=3{query}{cursor}"),
                None,
            )
            .await;
        assert_eq!(status, StatusCode::OK, "{page}");
        events.extend(page["data"].as_array().unwrap().clone());
        match page["nextCursor"].as_str() {
            Some(next) => cursor = format!("&cursor={next}"),
            None => return events,
        }
    }
}

#[tokio::test]
async fn event_bodies_match_schema_and_events_api() {
    let (clock, worlds) = quiet_worlds().await;
    for world in worlds {
        let (status, types) = world.call("erp", Method::GET, "/api/v1/event-types", None).await;
        assert_eq!(status, StatusCode::OK);
        let schemas: BTreeMap<String, jsonschema::Validator> = types["data"]
            .as_array()
            .unwrap()
            .iter()
            .map(|kind| {
                let schema = jsonschema::validator_for(&kind["schema"]).unwrap();
                let errors: Vec<String> = schema
                    .iter_errors(&kind["example"])
                    .map(|error| error.to_string())
                    .collect();
                assert!(errors.is_empty(), "{}: {errors:?}", kind["type"]);
                (kind["type"].as_str().unwrap().to_owned(), schema)
            })
            .collect();
        let names: Vec<&str> = schemas
            .keys()
            .map(String::as_str)
            .filter(|name| *name != "webhook.test")
            .collect();
        let receiver = Receiver::start().await;
        let all = json!({ "dataOptions": { "contactDetails": true, "summaryPreviews": true, "billingDetails": true } });
        let endpoint = world.endpoint("erp", &receiver.url, &names, all).await;
        let thin_receiver = Receiver::start().await;
        world.endpoint("erp", &thin_receiver.url, &names, json!({})).await;
        clock.advance(TimeDelta::seconds(1));
        let since = clock.now();
        world.new_target("EVENT-1").await;
        world
            .import("erp", &json!({ "externalId": "EVENT-1", "notes": "changed" }))
            .await;
        world
            .import(
                "erp",
                &json!({ "externalId": "EVENT-2", "customer": { "name": "Nobody knows" } }),
            )
            .await;
        world
            .import("erp", &json!({ "externalId": "EVENT-1", "action": "cancel" }))
            .await;
        world.import("import-only", &json!({ "externalId": "FOREIGN-1" })).await;
        world.settle().await;
        world.endpoint_action("erp", &endpoint, "test", None).await;
        world.settle().await;
        let received = receiver.received();
        assert!(received.len() >= 6, "{}", received.len());
        for one in received.iter().chain(&thin_receiver.received()) {
            let errors: Vec<String> = schemas[&one.kind()]
                .iter_errors(&one.json())
                .map(|error| error.to_string())
                .collect();
            assert!(errors.is_empty(), "{}: {errors:?} {}", one.kind(), one.body);
        }
        assert!(
            thin_receiver.received().iter().all(|one| !one.body.contains("Anna")),
            "thin by default"
        );
        // The events API returns the same events in order, without data options and without the test event.
        let query = format!(
            "&since={}",
            since
                .to_rfc3339_opts(chrono::SecondsFormat::Micros, true)
                .replace('+', "%2B")
        );
        let events = all_events(&world, "erp", &query).await;
        let delivered_ids: Vec<Value> = thin_receiver
            .received()
            .iter()
            .map(|one| json!(one.header("webhook-id")))
            .collect();
        assert_eq!(events.len(), delivered_ids.len(), "{events:?}");
        assert!(events.iter().all(|event| delivered_ids.contains(&event["id"])));
        assert!(
            events
                .windows(2)
                .all(|pair| pair[0]["sequence"].as_i64() < pair[1]["sequence"].as_i64())
        );
        assert!(!json!(events).to_string().contains("FOREIGN-1"));
        let created = all_events(&world, "erp", &format!("{query}&type=target.created")).await;
        assert_eq!(created.len(), 2);
        let id = created[0]["id"].as_str().unwrap().to_owned();
        let (status, one) = world
            .call("erp", Method::GET, &format!("/api/v1/events/{id}"), None)
            .await;
        assert_eq!((status, &one["data"]), (StatusCode::OK, &created[0]["data"]));
        assert_eq!(
            world
                .call("erp-strict", Method::GET, &format!("/api/v1/events/{id}"), None)
                .await
                .0,
            StatusCode::NOT_FOUND
        );
        let foreign = all_events(&world, "erp-strict", &query).await;
        assert!(
            foreign
                .iter()
                .all(|event| !json!(created).to_string().contains(event["id"].as_str().unwrap()))
        );
        // The resume cursor continues where the list ended.
        let (_, page) = world
            .call("erp", Method::GET, &format!("/api/v1/events?limit=200{query}"), None)
            .await;
        let resume = page["resumeCursor"].as_str().unwrap().to_owned();
        world.new_target("EVENT-3").await;
        let (_, later) = world
            .call(
                "erp",
                Method::GET,
                &format!("/api/v1/events?limit=200{query}&cursor={resume}"),
                None,
            )
            .await;
        assert_eq!(later["data"].as_array().unwrap().len(), 1);
        // After 30 days, events and deliveries are purged.
        clock.advance(TimeDelta::days(31));
        let (status, problem) = world
            .call("erp", Method::GET, &format!("/api/v1/events/{id}"), None)
            .await;
        assert_eq!((status.as_u16(), &problem["code"]), (410, &json!("event_expired")));
        let (status, foreign) = world
            .call("erp-strict", Method::GET, &format!("/api/v1/events/{id}"), None)
            .await;
        assert_eq!(
            (status.as_u16(), &foreign["code"]),
            (410, &json!("event_expired")),
            "same code for every client"
        );
        ordinavo_core::events::purge_old(&world.core).await.unwrap();
        assert!(all_events(&world, "erp", "").await.is_empty());
        assert!(world.deliveries("erp", &endpoint, "").await.is_empty());
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn events_api_during_concurrent_writes_misses_none() {
    let (_, worlds) = quiet_worlds().await;
    for world in worlds {
        let writers: Vec<_> = (0..6)
            .map(|writer| {
                let world = world.clone();
                tokio::spawn(async move {
                    for number in 0..15 {
                        world.new_target(&format!("LATE-{writer}-{number}")).await;
                    }
                })
            })
            .collect();
        let (mut seen, mut cursor) = (Vec::new(), String::new());
        loop {
            let finished = writers.iter().all(tokio::task::JoinHandle::is_finished);
            let (status, page) = world
                .call(
                    "erp",
                    Method::GET,
                    &format!("/api/v1/events?limit=7&type=target.created{cursor}"),
                    None,
                )
                .await;
            assert_eq!(status, StatusCode::OK, "{page}");
            let rows = page["data"].as_array().unwrap();
            seen.extend(
                rows.iter()
                    .filter_map(|event| event["data"]["target"]["externalId"].as_str())
                    .filter(|id| id.starts_with("LATE-"))
                    .map(str::to_owned),
            );
            if let Some(next) = page["resumeCursor"].as_str() {
                cursor = format!("&cursor={next}");
            }
            if finished && rows.is_empty() {
                break;
            }
        }
        for writer in writers {
            writer.await.unwrap();
        }
        let count = seen.len();
        seen.sort();
        seen.dedup();
        assert_eq!((count, seen.len()), (90, 90), "{}: each once", world.engine);
    }
}
