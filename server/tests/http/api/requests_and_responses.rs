//! Tests of the Connect API over HTTP, on both databases.

use crate::support::{read, world};
use ordinavo_core::Engine;
use reqwest::{Method, StatusCode};
use rstest::rstest;
use serde_json::{Value, json};

fn seed(external_id: &str) -> Value {
    json!({
        "externalId": external_id,
        "customer": {"externalId": "CUST-10042", "customerNumber": "RRM-001", "name": "Rhein-Ruhr Medical Supply"},
        "location": {"externalId": "LOC-ESSEN-01", "name": "Essen Center", "city": "Essen"},
        "contact": {"externalId": "CONT-44", "displayName": "Anna Weber"}
    })
}

#[rstest]
#[case::sqlite(Engine::Sqlite)]
#[case::postgres(Engine::Postgres)]
#[tokio::test]
async fn seed_example_posted_twice_creates_one_target(#[case] engine: Engine) {
    let Some(world) = world(engine).await else { return };
    let (status, first) = world.import("erp", &seed("JOB-2026-000918-T")).await;
    assert_eq!(
        (status, &first["outcome"]),
        (StatusCode::CREATED, &json!("created")),
        "{}: {first}",
        world.engine
    );
    for (part, rule) in [("customer", "C6"), ("location", "L3"), ("contact", "K2")] {
        assert_eq!(
            (&first["mapping"][part]["status"], &first["mapping"][part]["rule"]),
            (&json!("mapped"), &json!(rule)),
            "{first}"
        );
    }
    let (status, second) = world.import("erp", &seed("JOB-2026-000918-T")).await;
    assert_eq!(
        (status, &second["outcome"], &second["targetId"]),
        (StatusCode::OK, &json!("unchanged"), &first["targetId"])
    );
    // The same external IDs in the other tenant refer to other records.
    let key = world.key("suedwind", "erp");
    let (status, other) = read(
        world
            .api(Method::POST, "/api/v1/targets", &key)
            .json(&seed("JOB-2026-000918-T"))
            .send()
            .await
            .unwrap(),
    )
    .await;
    assert_eq!(status, StatusCode::CREATED);
    assert_ne!(other["targetId"], first["targetId"]);
    assert_ne!(other["mapping"]["customer"]["id"], first["mapping"]["customer"]["id"]);
    // The ID of another tenant and a random ID get the same response, except for request ID and path.
    let foreign = format!("/api/v1/targets/{}", first["targetId"].as_str().unwrap());
    let random = "/api/v1/targets/tgt_01k9zzzzzzzzzzzzzzzzzzzzzz";
    let mut responses = Vec::new();
    for path in [foreign.as_str(), random] {
        let (status, mut body) = read(world.api(Method::GET, path, &key).send().await.unwrap()).await;
        assert_eq!(status, StatusCode::NOT_FOUND);
        body["requestId"] = Value::Null;
        body["instance"] = Value::Null;
        responses.push(body);
    }
    assert_eq!(responses[0], responses[1]);
}

/// Rows of the mapping tables over HTTP, each with body, client and expected decision.
#[rstest]
#[case::sqlite(Engine::Sqlite)]
#[case::postgres(Engine::Postgres)]
#[tokio::test]
async fn mapping_rows_return_documented_decisions(#[case] engine: Engine) {
    let Some(world) = world(engine).await else { return };
    let cases = [
        ("C1", "erp", json!({}), "skipped", "C1", vec![]),
        (
            "C2",
            "import-only",
            json!({"customer": {"externalId": "CUST-10042"}}),
            "",
            "",
            vec!["scope_missing_customers_map"],
        ),
        (
            "C6",
            "erp",
            json!({"customer": {"externalId": "CUST-10042", "customerNumber": "rrm-001 "}}),
            "mapped",
            "C6",
            vec![],
        ),
        (
            "C7",
            "erp",
            json!({"customer": {"externalId": "CUST-10042", "customerNumber": "NOPE-1"}}),
            "mapped",
            "C7",
            vec!["customer_number_unknown"],
        ),
        (
            "C9",
            "erp",
            json!({"customer": {"externalId": "CUST-10042", "customerNumber": "NL-1001"}}),
            "failed",
            "C9",
            vec!["customer_identifier_conflict"],
        ),
        (
            "C10",
            "partner",
            json!({"customer": {"externalId": "P-1", "customerNumber": "NL-1001", "name": "Apotheke am Markt"}}),
            "mapped",
            "C10",
            vec!["link_created"],
        ),
        (
            "C11",
            "partner",
            json!({"customer": {"externalId": "P-2", "customerNumber": "NL-1001"}}),
            "failed",
            "C11",
            vec!["customer_already_linked"],
        ),
        (
            "C12",
            "erp",
            json!({"customer": {"externalId": "E-12", "customerNumber": "OLD-1"}}),
            "failed",
            "C12",
            vec!["customer_inactive"],
        ),
        (
            "C13",
            "erp",
            json!({"customer": {"externalId": "E-13", "customerNumber": "DUP-7", "name": "New"}}),
            "skipped",
            "C13",
            vec!["customer_number_ambiguous"],
        ),
        (
            "C15",
            "erp-strict",
            json!({"customer": {"externalId": "E-15", "name": "New"}}),
            "skipped",
            "C15",
            vec!["auto_create_disabled"],
        ),
        (
            "C17",
            "erp",
            json!({"customer": {"externalId": "E-17"}}),
            "failed",
            "C17",
            vec!["customer_name_required"],
        ),
        (
            "C18",
            "erp",
            json!({"customer": {"externalId": "E-18", "customerNumber": "N-18", "name": "Neukunde"}}),
            "created",
            "C18",
            vec!["customer_number_ignored"],
        ),
        (
            "C19",
            "erp-strict",
            json!({"customer": {"customerNumber": "RRM-001"}}),
            "mapped",
            "C19",
            vec!["external_id_missing"],
        ),
        (
            "C20",
            "erp",
            json!({"customer": {"customerNumber": "N-20", "name": "New"}}),
            "skipped",
            "C20",
            vec!["external_id_required_for_create"],
        ),
        (
            "C21",
            "erp",
            json!({"customer": {"name": "Rhein-Ruhr Medical Supply"}}),
            "skipped",
            "C21",
            vec!["name_only_not_matchable"],
        ),
        (
            "L2",
            "erp",
            json!({"location": {"externalId": "LOC-ESSEN-02"}}),
            "mapped",
            "L2",
            vec!["customer_derived_from_location"],
        ),
        (
            "L4",
            "erp",
            json!({"customer": {"externalId": "CUST-20001"}, "location": {"externalId": "LOC-ESSEN-01"}}),
            "mapped",
            "C6",
            vec!["location_customer_mismatch"],
        ),
        (
            "L5",
            "erp",
            json!({"customer": {"externalId": "CUST-10042"}, "location": {"externalId": "LOC-NEW-5", "city": "Witten"}}),
            "mapped",
            "C6",
            vec!["missing_coordinates"],
        ),
        (
            "K3",
            "erp",
            json!({"customer": {"externalId": "CUST-10042"}, "contact": {"externalId": "CONT-NEW-3", "displayName": "Neue Person"}}),
            "mapped",
            "C6",
            vec![],
        ),
    ];
    for (row, client, mut body, status, rule, codes) in cases.clone() {
        body["externalId"] = json!(format!("ROW-{row}"));
        let (code, item) = world.import(client, &body).await;
        assert_eq!(code, StatusCode::CREATED, "{} {row}: {item}", world.engine);
        if client == "import-only" {
            assert_eq!(item.get("mapping"), None, "mapping requires customers.read");
        } else {
            assert_eq!(
                (
                    &item["mapping"]["customer"]["status"],
                    &item["mapping"]["customer"]["rule"]
                ),
                (&json!(status), &json!(rule)),
                "{} {row}: {item}",
                world.engine
            );
        }
        let found: Vec<_> = item["warnings"]
            .as_array()
            .unwrap()
            .iter()
            .map(|warning| warning["code"].as_str().unwrap())
            .collect();
        assert_eq!(found, codes, "{} {row}", world.engine);
    }
    // A target that must not be mapped needs manual review and is not shown in the portal.
    let (_, held) = read(
        world
            .api(
                Method::GET,
                "/api/v1/targets/by-external-id/ROW-C9",
                &world.key("nordlicht", "erp"),
            )
            .send()
            .await
            .unwrap(),
    )
    .await;
    assert_eq!(held["needsMapping"], json!(true));
}

#[rstest]
#[case::sqlite(Engine::Sqlite)]
#[case::postgres(Engine::Postgres)]
#[tokio::test]
async fn concurrent_imports_of_new_customer_create_one(#[case] engine: Engine) {
    let Some(world) = world(engine).await else { return };
    let imports = (0..50).map(|number| {
        let world = world.clone();
        tokio::spawn(async move { world.import("erp", &json!({"externalId": format!("RACE-{number}"), "customer": {"externalId": "RACE-CUST", "name": "Race"}})).await })
    });
    let mut created = 0;
    let mut ids = std::collections::BTreeSet::new();
    for import in imports.collect::<Vec<_>>() {
        let (status, item) = import.await.unwrap();
        assert_eq!(status, StatusCode::CREATED, "{}: {item}", world.engine);
        created += usize::from(item["mapping"]["customer"]["status"] == "created");
        ids.insert(item["mapping"]["customer"]["id"].as_str().unwrap().to_owned());
    }
    assert_eq!((created, ids.len()), (1, 1), "{}", world.engine);
}

#[rstest]
#[case::sqlite(Engine::Sqlite)]
#[case::postgres(Engine::Postgres)]
#[tokio::test]
async fn invalid_input_returns_pointer_and_writes_nothing(#[case] engine: Engine) {
    let Some(world) = world(engine).await else { return };
    let key_error = |pointer: &str, code: &str| (pointer.to_owned(), code.to_owned());
    let key = world.key("nordlicht", "erp");
    for (body, status, code, error) in [
        (
            json!({}),
            422,
            "validation_failed",
            key_error("/externalId", "external_id_required"),
        ),
        (
            json!({"externalId": "X", "colour": 1}),
            422,
            "unknown_field",
            key_error("/colour", "unknown_field"),
        ),
        (
            json!({"externalId": "X\u{0}"}),
            422,
            "invalid_character",
            key_error("/externalId", "invalid_character"),
        ),
        (
            json!({"externalId": "x".repeat(129)}),
            422,
            "value_too_long",
            key_error("/externalId", "value_too_long"),
        ),
        (
            json!({"externalId": "X", "timeWindow": {"start": "now"}}),
            422,
            "validation_failed",
            key_error("/timeWindow/start", "validation_failed"),
        ),
    ] {
        let (found, problem) = read(
            world
                .api(Method::POST, "/api/v1/targets", &key)
                .json(&body)
                .send()
                .await
                .unwrap(),
        )
        .await;
        assert_eq!(
            (found.as_u16(), problem["code"].as_str().unwrap()),
            (status, code),
            "{problem}"
        );
        assert_eq!(
            key_error(
                problem["errors"][0]["pointer"].as_str().unwrap(),
                problem["errors"][0]["code"].as_str().unwrap()
            ),
            error
        );
    }
    let send = |kind: &'static str, body: Vec<u8>| {
        world
            .api(Method::POST, "/api/v1/targets", &key)
            .header("content-type", kind)
            .body(body)
            .send()
    };
    for (kind, body, status, code) in [
        ("text/plain", b"{}".to_vec(), 415, "unsupported_media_type"),
        ("application/json", b"{".to_vec(), 400, "malformed_json"),
        ("application/json", b"\xff\xfe".to_vec(), 400, "malformed_json"),
        ("application/json", vec![b' '; 65 * 1024], 413, "payload_too_large"),
        (
            "application/json",
            format!("{}1{}", "[".repeat(20), "]".repeat(20)).into_bytes(),
            422,
            "validation_failed",
        ),
    ] {
        let (found, problem) = read(send(kind, body).await.unwrap()).await;
        assert_eq!(
            (found.as_u16(), problem["code"].as_str().unwrap()),
            (status, code),
            "{problem}"
        );
        assert_eq!(problem["type"], json!(format!("/docs/problems/{code}")));
    }
    let (status, _) = read(
        world
            .api(Method::GET, "/api/v1/targets/by-external-id/X", &key)
            .send()
            .await
            .unwrap(),
    )
    .await;
    assert_eq!(status, StatusCode::NOT_FOUND, "nothing was written");
    let answer = world.api(Method::DELETE, "/api/v1/targets", &key).send().await.unwrap();
    assert!(answer.headers()["allow"].to_str().unwrap().contains("POST"));
    assert_eq!(read(answer).await.1["code"], json!("method_not_allowed"));
}

#[rstest]
#[case::sqlite(Engine::Sqlite)]
#[case::postgres(Engine::Postgres)]
#[tokio::test]
async fn idempotency_key_repeated_returns_first_response(#[case] engine: Engine) {
    let Some(world) = world(engine).await else { return };
    let key = world.key("nordlicht", "erp");
    let post = |body: Value, idempotency: &'static str| {
        world
            .api(Method::POST, "/api/v1/targets", &key)
            .header("idempotency-key", idempotency)
            .json(&body)
            .send()
    };
    let first = post(seed("IDEM-1"), "k-1").await.unwrap();
    assert_eq!(first.status(), StatusCode::CREATED);
    let first: Value = first.json().await.unwrap();
    let again = post(seed("IDEM-1"), "k-1").await.unwrap();
    assert_eq!(
        (
            again.status(),
            again.headers()["idempotency-replayed"].to_str().unwrap()
        ),
        (StatusCode::CREATED, "true")
    );
    assert_eq!(again.json::<Value>().await.unwrap(), first);
    let (status, problem) = read(post(seed("IDEM-2"), "k-1").await.unwrap()).await;
    assert_eq!(
        (status.as_u16(), problem["code"].as_str().unwrap()),
        (422, "idempotency_key_reused")
    );
    let (status, problem) = read(post(seed("IDEM-3"), "").await.unwrap()).await;
    assert_eq!(
        (status.as_u16(), problem["code"].as_str().unwrap()),
        (400, "idempotency_key_invalid")
    );
    // Rejected input stores no key, so the key can be used again.
    post(json!({"externalId": 5}), "k-2").await.unwrap();
    assert_eq!(post(seed("IDEM-4"), "k-2").await.unwrap().status(), StatusCode::CREATED);
}

#[rstest]
#[case::sqlite(Engine::Sqlite)]
#[case::postgres(Engine::Postgres)]
#[tokio::test]
async fn missing_credentials_and_scopes_return_distinct_codes(#[case] engine: Engine) {
    let Some(world) = world(engine).await else { return };
    let good = world.key("nordlicht", "import-only");
    let without = reqwest::get(format!("{}/api/v1/targets", world.url)).await.unwrap();
    assert_eq!(without.headers()["www-authenticate"], "Bearer");
    assert_eq!(read(without).await.1["code"], json!("missing_credentials"));
    let wrong = world
        .api(Method::GET, "/api/v1/targets", &format!("{good}x"))
        .send()
        .await
        .unwrap();
    assert_eq!(wrong.headers()["www-authenticate"], "Bearer error=\"invalid_token\"");
    let narrow = world.api(Method::GET, "/api/v1/targets", &good).send().await.unwrap();
    assert_eq!(
        narrow.headers()["www-authenticate"],
        "Bearer error=\"insufficient_scope\", scope=\"targets.read\""
    );
    assert_eq!(read(narrow).await.1["code"], json!("insufficient_scope"));
    let (_, problem) = world
        .import("erp", &json!({"externalId": "S-1", "sourceSystem": "partner-b"}))
        .await;
    assert_eq!(problem["code"], json!("source_system_not_allowed"));
}

#[rstest]
#[case::sqlite(Engine::Sqlite)]
#[case::postgres(Engine::Postgres)]
#[tokio::test]
async fn lists_are_paged_without_gaps_or_duplicates(#[case] engine: Engine) {
    let Some(world) = world(engine).await else { return };
    let key = world.key("nordlicht", "partner");
    for number in 0..7 {
        world
            .import("erp", &json!({"externalId": format!("PAGE-{number}")}))
            .await;
    }
    let erp = world.key("nordlicht", "erp");
    let mut seen = Vec::new();
    let mut path = "/api/v1/targets?limit=3".to_owned();
    loop {
        let (status, page) = read(world.api(Method::GET, &path, &erp).send().await.unwrap()).await;
        assert_eq!(status, StatusCode::OK);
        seen.extend(
            page["data"]
                .as_array()
                .unwrap()
                .iter()
                .map(|row| row["id"].as_str().unwrap().to_owned()),
        );
        let Some(cursor) = page["nextCursor"].as_str() else {
            break;
        };
        path = format!("/api/v1/targets?limit=3&cursor={cursor}");
    }
    let distinct: std::collections::BTreeSet<_> = seen.iter().collect();
    assert_eq!(distinct.len(), seen.len());
    let (_, whole) = read(
        world
            .api(Method::GET, "/api/v1/targets?limit=999", &erp)
            .send()
            .await
            .unwrap(),
    )
    .await;
    assert_eq!(whole["data"].as_array().unwrap().len(), seen.len());
    for (query, code) in [("cursor=garbage", "invalid_cursor"), ("limit=0", "validation_failed")] {
        let (status, problem) = read(
            world
                .api(Method::GET, &format!("/api/v1/targets?{query}"), &erp)
                .send()
                .await
                .unwrap(),
        )
        .await;
        assert_eq!((status.as_u16(), problem["code"].as_str().unwrap()), (422, code));
    }
    assert_eq!(
        world
            .api(Method::GET, "/api/v1/targets", &key)
            .send()
            .await
            .unwrap()
            .status(),
        StatusCode::FORBIDDEN
    );
}

#[rstest]
#[case::sqlite(Engine::Sqlite)]
#[case::postgres(Engine::Postgres)]
#[tokio::test]
async fn endpoint_urls_are_validated_and_secrets_shown_once(#[case] engine: Engine) {
    let Some(world) = world(engine).await else { return };
    let key = world.key("nordlicht", "erp");
    let make = |body: Value| {
        world
            .api(Method::POST, "/api/v1/webhook-endpoints", &key)
            .json(&body)
            .send()
    };
    for (body, code) in [
        (
            json!({"url": "https://10.0.0.1/", "eventTypes": ["target.created"]}),
            "forbidden_webhook_target",
        ),
        (
            json!({"url": "ftp://example.org", "eventTypes": ["target.created"]}),
            "invalid_webhook_url",
        ),
        (
            json!({"url": "http://127.0.0.1:9/", "eventTypes": ["target.exploded"]}),
            "unknown_event_type",
        ),
        (
            json!({"url": "http://127.0.0.1:9/", "eventTypes": []}),
            "validation_failed",
        ),
        (
            json!({"url": "http://127.0.0.1:9/", "eventTypes": ["target.created"], "secret": "mine"}),
            "unknown_field",
        ),
        (json!({"eventTypes": ["target.created"]}), "validation_failed"),
    ] {
        let (status, problem) = read(make(body).await.unwrap()).await;
        assert_eq!(
            (status.as_u16(), problem["code"].as_str().unwrap()),
            (422, code),
            "{problem}"
        );
    }
    let (status, created) = read(
        make(json!({"url": "http://127.0.0.1:9/", "eventTypes": ["target.created"]}))
            .await
            .unwrap(),
    )
    .await;
    assert_eq!(status, StatusCode::CREATED);
    let secret = created["secret"].as_str().unwrap();
    for path in [
        "/api/v1/webhook-endpoints".to_owned(),
        format!("/api/v1/webhook-endpoints/{}", created["id"].as_str().unwrap()),
    ] {
        let text = world
            .api(Method::GET, &path, &key)
            .send()
            .await
            .unwrap()
            .text()
            .await
            .unwrap();
        assert!(text.contains("127.0.0.1:9") && !text.contains(secret) && !text.contains("whsec_"));
    }
    // The endpoint of another client does not exist for this client.
    let strict = world.key("nordlicht", "erp-strict");
    let other = world
        .api(
            Method::GET,
            &format!("/api/v1/webhook-endpoints/{}", created["id"].as_str().unwrap()),
            &strict,
        )
        .send()
        .await
        .unwrap();
    assert_eq!(other.status(), StatusCode::NOT_FOUND);
}

/// Repeated imports of a target: the rows of table T.
#[rstest]
#[case::sqlite(Engine::Sqlite)]
#[case::postgres(Engine::Postgres)]
#[tokio::test]
async fn target_imported_again_follows_table_t(#[case] engine: Engine) {
    let Some(world) = world(engine).await else { return };
    let get = async |id: &str| {
        let path = format!("/api/v1/targets/by-external-id/{id}");
        read(
            world
                .api(Method::GET, &path, &world.key("nordlicht", "erp"))
                .send()
                .await
                .unwrap(),
        )
        .await
        .1
    };
    // T8: omitted parts keep their stored value.
    let mut first = seed("AGAIN-1");
    first["sourceUpdatedAt"] = json!("2026-11-01T10:00:00Z");
    world.import("erp", &first).await;
    let partial = json!({"externalId": "AGAIN-1", "customer": {"externalId": "CUST-10042"}, "notes": "ring twice", "sourceUpdatedAt": "2026-11-01T10:30:00Z"});
    let (_, item) = world.import("erp", &partial).await;
    assert_eq!(
        (&item["outcome"], item["warnings"].as_array().unwrap().len()),
        (&json!("updated"), 0),
        "{item}"
    );
    let staff = world.staff("nordlicht", "dispatcher").await;
    let page = world
        .get(&staff, &format!("/app/targets/{}", item["targetId"].as_str().unwrap()))
        .await
        .1;
    assert!(
        page.contains("Essen Center") && page.contains("Anna Weber") && page.contains("ring twice"),
        "{}",
        world.engine
    );
    // T3 also applies if the newer version did not change anything.
    let send = async |priority: &str, at: &str| {
        world
            .import(
                "erp",
                &json!({"externalId": "AGAIN-2", "priority": priority, "sourceUpdatedAt": at}),
            )
            .await
            .1
    };
    assert_eq!(send("high", "2026-11-01T10:00:00Z").await["outcome"], json!("created"));
    assert_eq!(
        send("high", "2026-11-01T12:00:00Z").await["outcome"],
        json!("unchanged")
    );
    let late = send("low", "2026-11-01T11:00:00Z").await;
    assert_eq!(
        (&late["outcome"], &late["warnings"][0]["code"]),
        (&json!("skipped"), &json!("stale_source_version"))
    );
    assert_eq!(get("AGAIN-2").await["priority"], json!("high"));
    // A rejected correction keeps the links and requires manual review.
    world.import("erp", &seed("AGAIN-3")).await;
    let wrong = json!({"externalId": "AGAIN-3", "customer": {"externalId": "CUST-10042"}, "location": {"externalId": "LOC-20001-1"}});
    let (_, item) = world.import("erp", &wrong).await;
    assert_eq!(item["mapping"]["location"]["rule"], json!("L4"), "{item}");
    assert_eq!(get("AGAIN-3").await["needsMapping"], json!(true));
    let (_, item) = world.import("erp", &seed("AGAIN-3")).await;
    assert_eq!(
        item["warnings"].as_array().unwrap().last().unwrap()["code"],
        json!("mapping_recovered"),
        "{item}"
    );
    assert_eq!(get("AGAIN-3").await["needsMapping"], json!(false));
    // T7: a target never changes its customer.
    let (_, item) = world
        .import(
            "erp",
            &json!({"externalId": "AGAIN-3", "customer": {"externalId": "CUST-20001"}}),
        )
        .await;
    assert_eq!(
        item["warnings"].as_array().unwrap().last().unwrap()["code"],
        json!("target_customer_change_requires_review")
    );
    // Cancelled by the source system, then T6a.
    let (_, item) = world
        .import("erp", &json!({"externalId": "AGAIN-3", "action": "cancel"}))
        .await;
    assert_eq!(item["outcome"], json!("updated"));
    let (_, item) = world.import("erp", &seed("AGAIN-3")).await;
    assert_eq!(
        (&item["outcome"], &item["warnings"][0]["code"]),
        (&json!("skipped"), &json!("target_cancelled")),
        "the client learns that nothing was changed: {item}"
    );
    // Repeating the cancellation changes nothing, however late it is (T2 precedes T6).
    let (status, item) = world
        .import("erp", &json!({"externalId": "AGAIN-3", "action": "cancel"}))
        .await;
    assert_eq!(
        (status, &item["outcome"]),
        (StatusCode::OK, &json!("unchanged")),
        "{item}"
    );
}

/// Of concurrent imports that link one customer to several IDs, one succeeds and the others fail (row C11).
#[rstest]
#[case::sqlite(Engine::Sqlite)]
#[case::postgres(Engine::Postgres)]
#[tokio::test]
async fn concurrent_links_of_one_customer_create_one_link(#[case] engine: Engine) {
    let Some(world) = world(engine).await else { return };
    let imports = (0..12).map(|number| {
        let world = world.clone();
        let body = json!({"externalId": format!("TWICE-{number}"), "customer": {"externalId": format!("TWICE-CUST-{number}"), "customerNumber": "NL-1015"}});
        tokio::spawn(async move { world.import("erp", &body).await.1 })
    });
    let mut rules = Vec::new();
    for import in imports.collect::<Vec<_>>() {
        rules.push(
            import.await.unwrap()["mapping"]["customer"]["rule"]
                .as_str()
                .unwrap()
                .to_owned(),
        );
    }
    rules.sort();
    assert_eq!(
        (rules[0].as_str(), rules.iter().filter(|rule| *rule == "C11").count()),
        ("C10", 11),
        "{} {rules:?}",
        world.engine
    );
}
