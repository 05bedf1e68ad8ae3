//! Connect API over HTTP, on both databases: batches, lists, limits and hostile bodies.

use ordinavo_core::Engine;
use rstest::rstest;
use std::io::Write as _;

use crate::support::{read, world};
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

fn job_body(external_id: &str, customer: &str) -> Value {
    json!({ "externalId": external_id, "customer": { "externalId": customer, "name": format!("Customer {customer}") } })
}

#[rstest]
#[case::sqlite(Engine::Sqlite)]
#[case::postgres(Engine::Postgres)]
#[tokio::test]
async fn batch_returns_items_in_input_order_and_dry_run_predicts_them(#[case] engine: Engine) {
    let Some(world) = world(engine).await else { return };
    let mut items: Vec<Value> = (0..230)
        .map(|index| job_body(&format!("B-{index:03}"), &format!("BC-{}", index % 7)))
        .collect();
    items[3] = json!({ "externalId": "B-003", "timeWindow": { "start": "2026-12-01T09:00:00Z", "end": "2026-12-01T10:00:00Z", "zone": "Mars/Base" } });
    items[4] = json!({ "customer": { "externalId": "BC-1" } });
    items[5] = items[0].clone();
    items[6] = json!({ "externalId": "B-000", "notes": "other" });
    let body = json!({ "items": items, "dryRun": true });
    let (status, job) = world.batch("erp", "dry", &body).await;
    assert_eq!(status, StatusCode::ACCEPTED, "{job}");
    let dry = world.wait_for_job("erp", &job).await;
    let predicted = world.items("erp", &job, "").await;
    let (_, list) = world
        .call("erp", Method::GET, "/api/v1/targets/by-external-id/B-001", None)
        .await;
    assert_eq!(list["code"], "not_found", "a dry run writes nothing: {list}");

    let body = json!({ "items": items });
    let (_, job) = world.batch("erp", "real", &body).await;
    let real = world.wait_for_job("erp", &job).await;
    let items = world.items("erp", &job, "").await;
    assert_eq!(real["status"], "completed");
    assert_eq!(dry["counts"], real["counts"], "{}", world.engine);
    assert_eq!(
        (
            &real["counts"]["total"],
            &real["counts"]["created"],
            &real["counts"]["failed"],
            &real["counts"]["skipped"]
        ),
        (&json!(230), &json!(226), &json!(3), &json!(1)),
        "{real}"
    );
    assert_eq!(items.len(), 230);
    for (index, (item, prediction)) in items.iter().zip(&predicted).enumerate() {
        assert_eq!(item["index"], index);
        for member in ["externalId", "status", "outcome", "warnings", "errors"] {
            assert_eq!(item[member], prediction[member], "{} {index} {member}", world.engine);
        }
        assert_eq!(
            item["mapping"]["customer"]["rule"],
            prediction["mapping"]["customer"]["rule"]
        );
    }
    let code = |index: usize| {
        items[index]["errors"][0]["code"]
            .as_str()
            .unwrap_or_default()
            .to_owned()
    };
    assert_eq!(code(3), "invalid_time_window");
    assert_eq!(code(4), "external_id_required");
    assert_eq!(
        (&items[5]["outcome"], &items[5]["warnings"][0]["code"]),
        (&json!("skipped"), &json!("duplicate_in_batch"))
    );
    assert_eq!(code(6), "duplicate_external_id_in_batch");
    // The first item that names a customer creates it; the others are mapped to the same record.
    let of = |customer: usize| {
        items
            .iter()
            .filter(|item| item["mapping"]["customer"]["externalId"] == format!("BC-{customer}"))
            .map(|item| {
                (
                    item["mapping"]["customer"]["status"].clone(),
                    item["mapping"]["customer"]["id"].clone(),
                )
            })
            .collect::<Vec<_>>()
    };
    let seen = of(2);
    assert_eq!(seen[0].0, "created");
    assert!(
        seen[1..]
            .iter()
            .all(|(status, id)| status == "mapped" && *id == seen[0].1),
        "{seen:?}"
    );
    // Filters, and a repeated idempotency key.
    assert_eq!(world.items("erp", &job, "&status=failed").await.len(), 3);
    assert_eq!(
        world.items("erp", &job, "&warningCode=duplicate_in_batch").await.len(),
        1
    );
    let (_, again) = world.batch("erp", "real", &body).await;
    assert_eq!(again["id"], job["id"]);
    let (status, problem) = world
        .batch("erp", "real", &json!({ "items": [job_body("X", "Y")] }))
        .await;
    assert_eq!(
        (status.as_u16(), &problem["code"]),
        (422, &json!("idempotency_key_reused"))
    );
    // The same items under another key change nothing.
    let (_, repeat) = world.batch("erp", "third", &body).await;
    let repeat = world.wait_for_job("erp", &repeat).await;
    assert_eq!(repeat["counts"]["unchanged"], 226, "{repeat}");
    let (status, retried) = world
        .call(
            "erp",
            Method::POST,
            &format!("/api/v1/import-jobs/{}/retry", job["id"].as_str().unwrap()),
            None,
        )
        .await;
    assert_eq!(status, StatusCode::ACCEPTED, "{retried}");
    assert_eq!(
        world.wait_for_job("erp", &retried).await["counts"]["total"],
        2,
        "only failed items, without conflicting duplicates"
    );
}

#[rstest]
#[case::sqlite(Engine::Sqlite)]
#[case::postgres(Engine::Postgres)]
#[tokio::test]
async fn request_with_unknown_location_or_contact_is_rejected(#[case] engine: Engine) {
    let Some(world) = world(engine).await else { return };
    let send = async |key: &str, more: Value| {
        let mut body =
            json!({ "customer": { "externalId": "CUST-10042" }, "serviceType": "repair", "description": "Door stuck" });
        body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        let request = world
            .api(Method::POST, "/api/v1/requests", &world.key("nordlicht", "erp"))
            .header("idempotency-key", key)
            .json(&body);
        read(request.send().await.unwrap()).await
    };
    for (key, more, pointer) in [
        (
            "r1",
            json!({ "location": { "externalId": "LOC-NOWHERE", "city": "Essen" } }),
            "/location",
        ),
        (
            "r2",
            json!({ "contact": { "displayName": "Unknown contact" } }),
            "/contact",
        ),
    ] {
        let (status, problem) = send(key, more).await;
        assert_eq!(status.as_u16(), 422, "{problem}");
        assert!(
            problem["errors"][0]["pointer"].as_str().unwrap().starts_with(pointer),
            "{problem}"
        );
    }
    let known = json!({ "location": { "externalId": "LOC-ESSEN-01" }, "contact": { "externalId": "CONT-44" } });
    assert_eq!(send("r3", known).await.0, StatusCode::CREATED, "{}", world.engine);
}

#[rstest]
#[case::sqlite(Engine::Sqlite)]
#[case::postgres(Engine::Postgres)]
#[tokio::test]
async fn atomic_batch_with_failed_item_is_rolled_back(#[case] engine: Engine) {
    let Some(world) = world(engine).await else { return };
    let good: Vec<Value> = (0..5).map(|index| job_body(&format!("A-{index}"), "AC-1")).collect();
    let mut bad = good.clone();
    bad.push(json!({ "externalId": "A-9", "action": "cancel" }));
    let (_, job) = world
        .batch("erp", "a1", &json!({ "mode": "atomic", "items": bad }))
        .await;
    let ended = world.wait_for_job("erp", &job).await;
    assert_eq!(
        (&ended["status"], &ended["counts"]["failed"]),
        (&json!("completed"), &json!(6))
    );
    let items = world.items("erp", &job, "").await;
    assert_eq!(items[5]["errors"][0]["code"], "not_found");
    assert!(
        items[..5]
            .iter()
            .all(|item| item["errors"][0]["code"] == "atomic_rollback")
    );
    let (status, _) = world
        .call("erp", Method::GET, "/api/v1/targets/by-external-id/A-0", None)
        .await;
    assert_eq!(status, StatusCode::NOT_FOUND, "{}", world.engine);
    let (_, job) = world
        .batch("erp", "a2", &json!({ "mode": "atomic", "items": good }))
        .await;
    assert_eq!(world.wait_for_job("erp", &job).await["counts"]["created"], 5);
    let too_many: Vec<Value> = (0..101).map(|index| job_body(&format!("M-{index}"), "AC-1")).collect();
    let (status, problem) = world
        .batch("erp", "a3", &json!({ "mode": "atomic", "items": too_many }))
        .await;
    assert_eq!(
        (status.as_u16(), &problem["code"]),
        (422, &json!("atomic_batch_too_large"))
    );
}

#[rstest]
#[case::sqlite(Engine::Sqlite)]
#[case::postgres(Engine::Postgres)]
#[tokio::test]
async fn batches_are_limited_and_gzip_is_accepted(#[case] engine: Engine) {
    let Some(world) = world(engine).await else { return };
    let key = world.key("nordlicht", "erp");
    let send = async |body: Vec<u8>, encoding: Option<&str>, idempotency: Option<&str>| {
        let mut request = world
            .api(Method::POST, "/api/v1/targets/batch", &key)
            .header("content-type", "application/json");
        if let Some(encoding) = encoding {
            request = request.header("content-encoding", encoding);
        }
        if let Some(idempotency) = idempotency {
            request = request.header("idempotency-key", idempotency);
        }
        let (status, body) = read(request.body(body).send().await.unwrap()).await;
        (status.as_u16(), body["code"].as_str().unwrap_or_default().to_owned())
    };
    let pack = |plain: &[u8]| {
        let mut packer = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
        packer.write_all(plain).unwrap();
        packer.finish().unwrap()
    };
    let small = serde_json::to_vec(&json!({ "items": [job_body("G-1", "GC-1")] })).unwrap();
    assert_eq!(send(pack(&small), Some("gzip"), Some("g1")).await.0, 202);
    assert_eq!(
        send(small.clone(), None, None).await,
        (400, "idempotency_key_required".to_owned())
    );
    assert_eq!(
        send(small.clone(), Some("br"), Some("g2")).await,
        (415, "unsupported_media_type".to_owned())
    );
    assert_eq!(
        send(small.clone(), Some("gzip"), Some("g3")).await,
        (400, "malformed_json".to_owned())
    );
    // A decompression bomb: 50 MB of spaces in a few kilobytes.
    let bomb = pack(&vec![b' '; 50 * 1024 * 1024]);
    assert!(bomb.len() < 100_000);
    assert_eq!(
        send(bomb, Some("gzip"), Some("g4")).await,
        (413, "payload_too_large".to_owned())
    );
    assert_eq!(
        send(vec![b' '; 3 * 1024 * 1024], None, Some("g5")).await,
        (413, "payload_too_large".to_owned())
    );
    let many: Vec<Value> = (0..10_000)
        .map(|index| json!({ "externalId": format!("N{index}") }))
        .collect();
    let many = serde_json::to_vec(&json!({ "items": many })).unwrap();
    assert_eq!(send(many, None, Some("g6")).await, (413, "batch_too_large".to_owned()));
    let long = "k".repeat(256);
    assert_eq!(
        send(small, None, Some(&long)).await,
        (400, "idempotency_key_invalid".to_owned())
    );
}

#[rstest]
#[case::sqlite(Engine::Sqlite)]
#[case::postgres(Engine::Postgres)]
#[tokio::test]
async fn hostile_bodies_return_documented_codes(#[case] engine: Engine) {
    let Some(world) = world(engine).await else { return };
    let key = world.key("nordlicht", "erp");
    let deep = format!("{}1{}", "[".repeat(50), "]".repeat(50));
    let very_deep = "[".repeat(60_000);
    let large = format!("{{\"externalId\":\"x\",\"notes\":\"{}\"}}", "y".repeat(70_000));
    let ten_megabytes = vec![b'x'; 10 * 1024 * 1024];
    let cases: [(&[u8], u16, &str); 14] = [
        (b"", 400, "malformed_json"),
        (b"{", 400, "malformed_json"),
        (b"{\"externalId\":\"D1\",\"externalId\":\"D2\"}", 400, "malformed_json"),
        (
            b"{\"externalId\":\"D1\",\"customer\":{\"name\":\"a\",\"name\":\"b\"}}",
            400,
            "malformed_json",
        ),
        (b"{\"externalId\":\"\xff\xfe\"}", 400, "malformed_json"),
        (b"{\"externalId\":\"a\\u0000b\"}", 422, "invalid_character"),
        (b"{\"externalId\":\"x\",\"colour\":1}", 422, "unknown_field"),
        (b"{\"externalId\":7}", 422, "validation_failed"),
        (b"[]", 422, "validation_failed"),
        (b"{}", 422, "validation_failed"),
        (deep.as_bytes(), 422, "validation_failed"),
        (very_deep.as_bytes(), 422, "validation_failed"),
        (large.as_bytes(), 413, "payload_too_large"),
        (&ten_megabytes, 413, "payload_too_large"),
    ];
    for (body, status, code) in cases {
        let (found, problem) = read(
            world
                .api(Method::POST, "/api/v1/targets", &key)
                .header("content-type", "application/json")
                .body(body.to_vec())
                .send()
                .await
                .unwrap(),
        )
        .await;
        let shown = String::from_utf8_lossy(&body[..body.len().min(60)]).into_owned();
        assert_eq!(
            (found.as_u16(), &problem["code"]),
            (status, &json!(code)),
            "{shown}: {problem}"
        );
        assert!(problem["type"].as_str().unwrap().starts_with("/docs/problems/"));
    }
    let with = async |name: &str, value: &str| {
        read(
            world
                .api(Method::POST, "/api/v1/targets", &key)
                .header(name, value)
                .header(
                    "content-type",
                    if name == "content-type" {
                        value
                    } else {
                        "application/json"
                    },
                )
                .body("{\"externalId\":\"H\"}")
                .send()
                .await
                .unwrap(),
        )
        .await
        .1["code"]
            .clone()
    };
    assert_eq!(with("accept", "text/html").await, "not_acceptable");
    assert_eq!(with("accept", "application/json;q=0").await, "not_acceptable");
    assert_eq!(with("idempotency-key", "").await, "idempotency_key_invalid");
    for (path, code) in [
        ("/api/v1/targets?limit=0", "validation_failed"),
        ("/api/v1/targets?limit=many", "validation_failed"),
        ("/api/v1/targets?cursor=garbled", "invalid_cursor"),
        ("/api/v1/targets?colour=red", "unknown_field"),
        ("/api/v1/targets/%ff", "not_found"),
        ("/api/v1/targets/by-external-id/%ff", "not_found"),
        ("/api/v1/nothing", "not_found"),
    ] {
        let (_, problem) = world.call("erp", Method::GET, path, None).await;
        assert_eq!(problem["code"], code, "{path}: {problem}");
    }
    let (status, problem) = world.call("erp", Method::PATCH, "/api/v1/targets", None).await;
    assert_eq!((status.as_u16(), &problem["code"]), (405, &json!("method_not_allowed")));
    let (_, page) = world
        .call("erp", Method::GET, "/api/v1/mappings?limit=1&type=customer", None)
        .await;
    let cursor = page["nextCursor"].as_str().unwrap();
    let (_, problem) = world
        .call(
            "erp",
            Method::GET,
            &format!("/api/v1/mappings?limit=1&type=location&cursor={cursor}"),
            None,
        )
        .await;
    assert_eq!(problem["code"], "cursor_filter_mismatch");
}

#[rstest]
#[case::sqlite(Engine::Sqlite)]
#[case::postgres(Engine::Postgres)]
#[tokio::test]
async fn list_paged_returns_every_row_once(#[case] engine: Engine) {
    let Some(world) = world(engine).await else { return };
    let items: Vec<Value> = (0..57).map(|index| job_body(&format!("W-{index}"), "WC")).collect();
    let (_, job) = world.batch("partner", "walk", &json!({ "items": items })).await;
    world.wait_for_job("partner", &job).await;
    let key = world.key("nordlicht", "partner");
    // The demo partner must not read targets: the scope decides, not the key.
    let (status, problem) = read(world.api(Method::GET, "/api/v1/targets", &key).send().await.unwrap()).await;
    assert_eq!((status.as_u16(), &problem["code"]), (403, &json!("insufficient_scope")));
    let mut seen = Vec::new();
    let mut path = "/api/v1/targets?limit=7".to_owned();
    loop {
        let (_, page) = world.call("erp", Method::GET, &path, None).await;
        seen.extend(
            page["data"]
                .as_array()
                .unwrap()
                .iter()
                .map(|row| row["id"].as_str().unwrap().to_owned()),
        );
        match page["nextCursor"].as_str() {
            Some(cursor) => path = format!("/api/v1/targets?limit=7&cursor={cursor}"),
            None => break,
        }
    }
    let mut unique = seen.clone();
    unique.sort();
    unique.dedup();
    assert_eq!(unique.len(), seen.len());
    let (_, whole) = world.call("erp", Method::GET, "/api/v1/targets?limit=1000", None).await;
    assert_eq!(
        whole["data"].as_array().unwrap().len(),
        seen.len().min(200),
        "larger limits are cut to 200"
    );
}
