//! Edge cases of the Connect API: events to the wrong partner, blocked queues, dry runs that write, and unwanted
//! records.

use crate::support::{World, link, read, world};
use ordinavo_core::Engine;
use reqwest::{Method, StatusCode};
use rstest::rstest;
use serde_json::{Value, json};

/// Installs a trigger that rejects targets with the external ID `POISON`, like a value that the database cannot store.
async fn install_poison_trigger(world: &World) {
    if world.engine == "sqlite" {
        world
            .sql("CREATE TRIGGER poison BEFORE INSERT ON target WHEN NEW.external_id = 'POISON' BEGIN SELECT RAISE(ABORT, 'poison'); END")
            .await;
    } else {
        world
            .sql("CREATE FUNCTION poison() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'poison'; END $$")
            .await;
        world
            .sql("CREATE TRIGGER poison BEFORE INSERT ON target FOR EACH ROW WHEN (NEW.external_id = 'POISON') EXECUTE FUNCTION poison()")
            .await;
    }
}

#[rstest]
#[case::sqlite(Engine::Sqlite)]
#[case::postgres(Engine::Postgres)]
#[tokio::test]
async fn import_job_that_fails_does_not_block_others(#[case] engine: Engine) {
    let Some(world) = world(engine).await else { return };
    install_poison_trigger(&world).await;
    for (key, body, status) in [
        (
            "dry",
            json!({ "dryRun": true, "items": [{ "externalId": "POISON" }, { "externalId": "FINE-1" }] }),
            "failed",
        ),
        (
            "atomic",
            json!({ "mode": "atomic", "items": [{ "externalId": "POISON" }] }),
            "failed",
        ),
        (
            "partial",
            json!({ "items": [{ "externalId": "POISON" }, { "externalId": "FINE-2" }] }),
            "completed",
        ),
    ] {
        let (accepted, job) = world.batch("erp", key, &body).await;
        assert_eq!(accepted, StatusCode::ACCEPTED, "{job}");
        let job = world.wait_for_job("erp", &job).await;
        assert_eq!(job["status"], status, "{} {key}: {job}", world.engine);
        let counts = &job["counts"];
        let ended: i64 = ["created", "updated", "unchanged", "skipped", "failed"]
            .iter()
            .map(|name| counts[name].as_i64().unwrap())
            .sum();
        assert_eq!(counts["total"], ended, "{key}: {job}");
        let items = world.items("erp", &job, "").await;
        assert_eq!(items[0]["errors"][0]["code"], "internal_error", "{key}: {items:?}");
    }
    let (status, _) = world
        .call("erp", Method::GET, "/api/v1/targets/by-external-id/FINE-2", None)
        .await;
    assert_eq!(status, StatusCode::OK, "the other item was imported");
}

#[rstest]
#[case::sqlite(Engine::Sqlite)]
#[case::postgres(Engine::Postgres)]
#[tokio::test]
async fn timestamps_out_of_range_are_rejected_and_precision_is_kept(#[case] engine: Engine) {
    let Some(world) = world(engine).await else { return };
    for moment in ["0000-01-01T00:00:00Z", "9999-12-31T23:30:00-01:00"] {
        let (status, answer) = world
            .import("erp", &json!({ "externalId": "YEAR", "sourceUpdatedAt": moment }))
            .await;
        assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY, "{answer}");
        assert_eq!(answer["errors"][0]["pointer"], "/sourceUpdatedAt");
    }
    // Some systems send seven decimal places.
    let body = json!({ "externalId": "DECIMALS", "sourceUpdatedAt": "2026-11-24T09:00:00.1234567Z", "notes": "a" });
    assert_eq!(world.import("erp", &body).await.1["outcome"], "created");
    assert_eq!(
        world.import("erp", &body).await.1["outcome"],
        "unchanged",
        "{}",
        world.engine
    );
    let body = json!({ "externalId": "DECIMALS", "sourceUpdatedAt": "2026-11-24T09:00:00.1234567Z", "notes": "b" });
    assert_eq!(
        world.import("erp", &body).await.1["outcome"],
        "updated",
        "{}",
        world.engine
    );
}

async fn endpoint(world: &World, client: &str) -> String {
    let body = json!({ "url": "http://127.0.0.1:9/hook", "eventTypes": ["request.status_changed", "target.created"] });
    let (status, answer) = world
        .call(client, Method::POST, "/api/v1/webhook-endpoints", Some(&body))
        .await;
    assert_eq!(status, StatusCode::CREATED, "{answer}");
    answer["id"].as_str().unwrap().to_owned()
}

#[rstest]
#[case::sqlite(Engine::Sqlite)]
#[case::postgres(Engine::Postgres)]
#[tokio::test]
async fn partner_request_events_are_sent_to_that_partner_only(#[case] engine: Engine) {
    let Some(world) = world(engine).await else { return };
    let rrm = world.customer("CUST-10042").await;
    // Another source system knows the same customer under its own ID.
    let path = "/api/v1/mappings/customer/STRICT-RRM";
    let (status, answer) = world
        .call("erp-strict", Method::PUT, path, Some(&json!({ "id": rrm })))
        .await;
    assert!(status.is_success() || answer["code"] == "mapping_conflict", "{answer}");
    let (own, other) = (endpoint(&world, "erp").await, endpoint(&world, "erp-strict").await);
    let body =
        json!({ "customer": { "externalId": "CUST-10042" }, "serviceType": "repair", "description": "Only for erp" });
    let request = world
        .api(Method::POST, "/api/v1/requests", &world.key("nordlicht", "erp"))
        .header("idempotency-key", "only-for-erp")
        .json(&body)
        .send()
        .await
        .unwrap();
    let (status, request) = read(request).await;
    assert_eq!(status, StatusCode::CREATED, "{request}");
    let id = request["id"].as_str().unwrap();
    let dispatcher = world.staff("nordlicht", "dispatcher").await;
    for action in ["accept-request", "convert-request"] {
        world
            .send(&dispatcher, &format!("/app/fn/{action}"), &[("request", id)])
            .await;
    }
    let (_, request) = world
        .call("erp", Method::GET, &format!("/api/v1/requests/{id}"), None)
        .await;
    let target = request["targetId"].as_str().unwrap();
    let path = format!("/api/v1/targets/{target}");
    assert_eq!(world.call("erp", Method::GET, &path, None).await.0, StatusCode::OK);
    assert_eq!(
        world.call("erp-strict", Method::GET, &path, None).await.0,
        StatusCode::NOT_FOUND
    );
    let event_counts = async |client: &str, endpoint: &str| {
        let path = format!("/api/v1/webhook-endpoints/{endpoint}/deliveries?limit=200");
        let (_, page) = world.call(client, Method::GET, &path, None).await;
        let of = |kind: &str| {
            let rows = page["data"].as_array().unwrap();
            rows.iter().filter(|delivery| delivery["eventType"] == kind).count()
        };
        (of("request.status_changed"), of("target.created"))
    };
    let (mine, theirs) = (
        event_counts("erp", &own).await,
        event_counts("erp-strict", &other).await,
    );
    assert!(mine.0 >= 2 && mine.1 >= 1, "{} {mine:?}", world.engine);
    assert_eq!(theirs, (0, 0), "{}", world.engine);
}

#[rstest]
#[case::sqlite(Engine::Sqlite)]
#[case::postgres(Engine::Postgres)]
#[tokio::test]
async fn revoked_client_receives_no_events(#[case] engine: Engine) {
    let Some(world) = world(engine).await else { return };
    let own = endpoint(&world, "erp").await;
    let admin = world.staff("nordlicht", "admin").await;
    let html = world.get(&admin, "/app/integrations").await.1;
    let mut rest = html.as_str();
    let client = loop {
        let path = link(rest, "/app/integrations/clients/cli_").expect("client is listed");
        rest = &rest[rest.find(&path).unwrap() + path.len()..];
        if rest.split("</a>").next().unwrap().contains(">erp ") {
            break path.rsplit('/').next().unwrap().to_owned();
        }
    };
    world
        .send(&admin, "/app/fn/revoke-client", &[("client", &client)])
        .await;
    let page = async || world.get(&admin, &format!("/app/integrations/endpoints/{own}")).await.1;
    let before = page().await.matches("target.created").count();
    // A job of the same source system, but its client is revoked: the event has no endpoint.
    let dispatcher = world.staff("nordlicht", "dispatcher").await;
    let request = link(&world.get(&dispatcher, "/app/inbox").await.1, "/app/inbox/req_").unwrap();
    let id = request.rsplit('/').next().unwrap().to_owned();
    for action in ["accept-request", "convert-request"] {
        world
            .send(&dispatcher, &format!("/app/fn/{action}"), &[("request", &id)])
            .await;
    }
    assert_eq!(
        page().await.matches("target.created").count(),
        before,
        "{}",
        world.engine
    );
    assert!(page().await.contains("Disabled") || page().await.contains("disabled"));
}

#[rstest]
#[case::sqlite(Engine::Sqlite)]
#[case::postgres(Engine::Postgres)]
#[tokio::test]
async fn unchanged_import_creates_no_customer(#[case] engine: Engine) {
    let Some(world) = world(engine).await else { return };
    let target = world.import_for_review("SAME-1", "SAME-CUSTOMER", "x").await;
    let rrm = world.customer("CUST-10042").await;
    let admin = world.staff("nordlicht", "admin").await;
    let fields = [("target", target.as_str()), ("customer", &rrm)];
    world.send(&admin, "/app/fn/resolve-mapping", &fields).await;
    world
        .sql("UPDATE source_system SET create_customers = (1 = 1) WHERE key = 'erp-strict'")
        .await;
    let body = json!({ "externalId": "SAME-1", "notes": "x", "customer": { "externalId": "SAME-CUSTOMER", "name": "Unknown customer" } });
    let (_, answer) = world.import("erp-strict", &body).await;
    assert_eq!(answer["outcome"], "unchanged", "{answer}");
    assert_eq!(answer["mapping"]["customer"]["id"], rrm.as_str(), "{answer}");
    let (_, found) = world
        .call(
            "erp-strict",
            Method::GET,
            "/api/v1/customers?externalId=SAME-CUSTOMER",
            None,
        )
        .await;
    assert_eq!(found["data"], json!([]), "{} a customer was created", world.engine);
}

#[rstest]
#[case::sqlite(Engine::Sqlite)]
#[case::postgres(Engine::Postgres)]
#[tokio::test]
async fn replayed_response_is_limited_to_credential_scopes(#[case] engine: Engine) {
    let Some(world) = world(engine).await else { return };
    let client = world.tenant("nordlicht").client("erp").unwrap().clone();
    let body =
        json!({ "externalId": "KEPT-1", "customer": { "externalId": "CUST-10042", "customerNumber": "NO-SUCH" } });
    let post = async |credential: &str| {
        let answer = world
            .api(Method::POST, "/api/v1/targets", credential)
            .header("idempotency-key", "kept-1")
            .json(&body)
            .send()
            .await
            .unwrap();
        read(answer).await.1
    };
    let full = post(&client.api_key).await;
    assert_eq!(full["mapping"]["customer"]["status"], "mapped", "{full}");
    assert!(full["warnings"][0]["detail"].is_string(), "{full}");
    let token = crate::support::client()
        .post(format!("{}/api/v1/oauth/token", world.url))
        .basic_auth(&client.client_id, Some(&client.client_secret))
        .form(&[("grant_type", "client_credentials"), ("scope", "targets.write")])
        .send()
        .await
        .unwrap();
    let token = read(token).await.1["access_token"].as_str().unwrap().to_owned();
    let narrow = post(&token).await;
    assert_eq!(narrow["targetId"], full["targetId"], "the same answer");
    assert!(
        narrow["mapping"].is_null() && narrow["warnings"][0]["detail"].is_null(),
        "{narrow}"
    );
    assert_eq!(narrow["warnings"][0]["code"], full["warnings"][0]["code"]);
}

#[rstest]
#[case::sqlite(Engine::Sqlite)]
#[case::postgres(Engine::Postgres)]
#[tokio::test]
async fn import_retry_skips_items_imported_later(#[case] engine: Engine) {
    let Some(world) = world(engine).await else { return };
    let body = json!({ "items": [{ "externalId": "TWICE", "notes": "x" }, { "externalId": "TWICE", "notes": "y" }] });
    let (_, job) = world.batch("erp", "twice", &body).await;
    let job = world.wait_for_job("erp", &job).await;
    assert_eq!(job["counts"]["failed"], 1, "{job}");
    let path = format!("/api/v1/import-jobs/{}/retry", job["id"].as_str().unwrap());
    let (status, answer) = world.call("erp", Method::POST, &path, None).await;
    assert_eq!(
        status,
        StatusCode::UNPROCESSABLE_ENTITY,
        "a conflicting duplicate cannot be retried: {answer}"
    );

    let window = json!({ "start": "2026-12-01T10:00:00Z", "end": "2026-12-01T09:00:00Z", "zone": "Europe/Berlin" });
    let body = json!({ "items": [{ "externalId": "LATER", "notes": "old", "timeWindow": window }, { "externalId": "NEVER", "timeWindow": window }] });
    let (_, job) = world.batch("erp", "later", &body).await;
    let job = world.wait_for_job("erp", &job).await;
    assert_eq!(job["counts"]["failed"], 2, "{job}");
    assert!(
        world
            .import("erp", &json!({ "externalId": "LATER", "notes": "new" }))
            .await
            .0
            .is_success()
    );
    let path = format!("/api/v1/import-jobs/{}/retry", job["id"].as_str().unwrap());
    let (status, again) = world.call("erp", Method::POST, &path, None).await;
    assert_eq!(status, StatusCode::ACCEPTED, "{again}");
    assert_eq!(
        again["counts"]["total"], 1,
        "only items that were not imported since: {again}"
    );
}

#[rstest]
#[case::sqlite(Engine::Sqlite)]
#[case::postgres(Engine::Postgres)]
#[tokio::test]
async fn rejected_import_returns_deciding_code(#[case] engine: Engine) {
    let Some(world) = world(engine).await else { return };
    world
        .sql("UPDATE source_system SET problem_policy = 'reject', duplicate_names = 'block' WHERE key = 'erp'")
        .await;
    let body = json!({ "externalId": "CODE-1", "customer": { "externalId": "CODE-C", "customerNumber": "NO-SUCH-NUMBER", "name": "Rhein-Ruhr Medical Supply" } });
    let (status, answer) = world.import("erp", &body).await;
    assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY, "{answer}");
    assert_eq!(
        answer["item"]["errors"][0]["code"], "possible_duplicate_name",
        "{answer}"
    );
    let body = json!({ "externalId": "CODE-2", "customer": { "externalId": "n/a", "name": "Nobody" } });
    let (_, answer) = world.import("erp", &body).await;
    assert_eq!(
        answer["item"]["errors"][0]["code"], "name_only_not_matchable",
        "{answer}"
    );
}

#[rstest]
#[case::sqlite(Engine::Sqlite)]
#[case::postgres(Engine::Postgres)]
#[tokio::test]
async fn external_ids_are_found_in_any_unicode_form(#[case] engine: Engine) {
    let Some(world) = world(engine).await else { return };
    let rrm = world.customer("CUST-10042").await;
    let decomposed = "/api/v1/mappings/customer/Mu%CC%88ller";
    let body = json!({ "id": rrm });
    let (status, answer) = world.call("partner", Method::PUT, decomposed, Some(&body)).await;
    if answer["code"] == "mapping_conflict" {
        // The demo data already links the customer to another ID; remove that link first.
        let (_, list) = world
            .call("partner", Method::GET, "/api/v1/mappings?type=customer&limit=200", None)
            .await;
        let known = list["data"]
            .as_array()
            .unwrap()
            .iter()
            .find(|line| line["id"] == rrm.as_str())
            .unwrap()["externalId"]
            .as_str()
            .unwrap()
            .to_owned();
        let path = format!("/api/v1/mappings/customer/{known}");
        world.call("partner", Method::DELETE, &path, None).await;
        let (status, _) = world.call("partner", Method::PUT, decomposed, Some(&body)).await;
        assert_eq!(status, StatusCode::CREATED);
    } else {
        assert_eq!(status, StatusCode::CREATED, "{answer}");
    }
    let path = "/api/v1/customers?externalId=Mu%CC%88ller";
    let (_, page) = world.call("partner", Method::GET, path, None).await;
    assert_eq!(page["data"][0]["id"], rrm.as_str(), "{page}");
    let (status, _) = world.call("partner", Method::DELETE, decomposed, None).await;
    assert_eq!(status, StatusCode::NO_CONTENT);

    assert!(
        world
            .import("erp", &json!({ "externalId": "Gro\u{308}\u{df}e" }))
            .await
            .0
            .is_success()
    );
    let query = json!({ "externalIds": ["Gro\u{308}\u{df}e", "Gr\u{f6}\u{df}e", "NO-SUCH"] });
    let (_, answer) = world
        .call("erp", Method::POST, "/api/v1/targets/status-query", Some(&query))
        .await;
    assert_eq!(answer["data"].as_array().unwrap().len(), 1, "{answer}");
    assert_eq!(answer["notFound"], json!(["NO-SUCH"]), "{answer}");
}

#[rstest]
#[case::sqlite(Engine::Sqlite)]
#[case::postgres(Engine::Postgres)]
#[tokio::test]
async fn dry_run_returns_no_record_ids(#[case] engine: Engine) {
    let Some(world) = world(engine).await else { return };
    let customer = json!({ "externalId": "DRY-C", "name": "Dry GmbH" });
    let body = json!({ "dryRun": true, "items": [
        { "externalId": "DRY-1", "customer": customer, "location": { "externalId": "DRY-L", "name": "Dry" } },
        { "externalId": "DRY-2", "customer": customer, "location": { "externalId": "DRY-L", "name": "Dry" } },
        { "externalId": "" }] });
    let (status, job) = world.batch("erp", "dry-ids", &body).await;
    assert_eq!(
        status,
        StatusCode::ACCEPTED,
        "an empty id fails its item and not the batch: {job}"
    );
    world.wait_for_job("erp", &job).await;
    let items = world.items("erp", &job, "").await;
    for item in &items {
        for part in ["customer", "location", "contact"] {
            let entry = &item["mapping"][part];
            assert!(entry["status"].is_string(), "{item}");
            assert!(entry["id"].is_null(), "{} {item}", world.engine);
        }
    }
    assert_eq!(items[1]["mapping"]["customer"]["status"], "mapped", "{}", items[1]);
    assert_eq!(items[2]["errors"][0]["code"], "external_id_required", "{}", items[2]);
}

#[rstest]
#[case::sqlite(Engine::Sqlite)]
#[case::postgres(Engine::Postgres)]
#[tokio::test]
async fn cursor_of_other_list_is_rejected(#[case] engine: Engine) {
    let Some(world) = world(engine).await else { return };
    let items: Vec<Value> = (0..3)
        .map(|index| json!({ "externalId": format!("CURSOR-{index}") }))
        .collect();
    let mut jobs = Vec::new();
    for key in ["cursor-a", "cursor-b"] {
        let (_, job) = world.batch("erp", key, &json!({ "items": items })).await;
        jobs.push(world.wait_for_job("erp", &job).await["id"].as_str().unwrap().to_owned());
    }
    let path = |job: &str, query: &str| format!("/api/v1/import-jobs/{job}/items?limit=1{query}");
    let (_, page) = world.call("erp", Method::GET, &path(&jobs[0], ""), None).await;
    let cursor = page["nextCursor"].as_str().unwrap();
    let next = format!("&cursor={cursor}");
    let (_, second) = world.call("erp", Method::GET, &path(&jobs[0], &next), None).await;
    assert_eq!(second["data"][0]["index"], 1, "{second}");
    let (_, other) = world.call("erp", Method::GET, &path(&jobs[1], &next), None).await;
    assert_eq!(other["code"], "cursor_filter_mismatch", "{other}");
    for query in ["&cursor=nonsense", "&cursor=eyJmIjoiIiwicCI6WyJ4Il19"] {
        let (status, answer) = world.call("erp", Method::GET, &path(&jobs[0], query), None).await;
        assert_eq!(status.as_u16() / 100, 4, "{answer}");
    }
}
