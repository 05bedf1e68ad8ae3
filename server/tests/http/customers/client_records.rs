//! Connect API over HTTP, on both databases: mappings, records, requests, test keys, OAuth, rate limits and concurrent
//! jobs.

use ordinavo_core::Engine;
use rstest::rstest;
use std::sync::Arc;

use crate::support::forms::hidden;
use crate::support::{World, read, world};
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

fn job_body(external_id: &str, customer: &str) -> Value {
    json!({ "externalId": external_id, "customer": { "externalId": customer, "name": format!("Customer {customer}") } })
}

#[rstest]
#[case::sqlite(Engine::Sqlite)]
#[case::postgres(Engine::Postgres)]
#[tokio::test]
async fn records_and_mappings_are_created_updated_and_deleted_by_api(#[case] engine: Engine) {
    let Some(world) = world(engine).await else { return };
    let put = async |path: &str, body: Value, condition: Option<(&str, &str)>| {
        let mut request = world.api(Method::PUT, path, &world.key("nordlicht", "erp")).json(&body);
        if let Some((name, value)) = condition {
            request = request.header(name, value);
        }
        read(request.send().await.unwrap()).await
    };
    let path = "/api/v1/customers/by-external-id/HAND-1";
    let (status, problem) = put(path, json!({ "name": "Hand" }), Some(("if-match", "*"))).await;
    assert_eq!(
        (status.as_u16(), &problem["code"]),
        (412, &json!("precondition_failed"))
    );
    let (status, customer) = put(
        path,
        json!({ "name": "Hand", "customerNumber": "HN-1" }),
        Some(("if-none-match", "*")),
    )
    .await;
    assert_eq!(status, StatusCode::CREATED, "{customer}");
    let (status, _) = put(path, json!({ "name": "Hand" }), Some(("if-none-match", "*"))).await;
    assert_eq!(status, StatusCode::PRECONDITION_FAILED);
    let (status, renamed) = put(path, json!({ "name": "Hand two" }), None).await;
    assert_eq!(
        (status, &renamed["name"], &renamed["customerNumber"]),
        (StatusCode::OK, &json!("Hand two"), &json!("HN-1"))
    );
    let (_, problem) = put(path, json!({ "name": "Hand", "customerNumber": "HN-2" }), None).await;
    assert_eq!(problem["errors"][0]["pointer"], "/customerNumber");
    let (_, problem) = put(
        "/api/v1/customers/by-external-id/HAND-2",
        json!({ "name": "Other", "customerNumber": "hn-1 " }),
        None,
    )
    .await;
    assert_eq!(problem["code"], "mapping_conflict", "customer numbers are unique");
    let (status, problem) = put(path, json!({ "name": "x" }), Some(("if-match", "\"v1\""))).await;
    assert_eq!((status.as_u16(), &problem["code"]), (400, &json!("invalid_header")));
    let (status, location) = put(
        "/api/v1/locations/by-external-id/HAND-L",
        json!({ "name": "Yard", "customerExternalId": "HAND-1", "city": "Essen", "coordinates": { "lat": 51.4, "lon": 7.0 } }),
        None,
    )
    .await;
    assert_eq!(status, StatusCode::CREATED, "{location}");
    assert_eq!(location["customerId"], customer["id"]);
    let (_, problem) = put(
        "/api/v1/locations/by-external-id/HAND-L",
        json!({ "name": "Yard", "customerExternalId": "CUST-10042" }),
        None,
    )
    .await;
    assert_eq!(problem["code"], "mapping_conflict", "a location is never moved");
    let (status, contact) = put(
        "/api/v1/contacts/by-external-id/HAND-K",
        json!({ "displayName": "Kim", "customerExternalId": "HAND-1", "locationExternalId": "HAND-L", "email": "kim@example.org" }),
        None,
    )
    .await;
    assert_eq!(status, StatusCode::CREATED, "{contact}");
    for (path, id) in [
        ("customers", &customer["id"]),
        ("locations", &location["id"]),
        ("contacts", &contact["id"]),
    ] {
        let id = id.as_str().unwrap();
        let (status, _) = world
            .call("erp", Method::GET, &format!("/api/v1/{path}/{id}"), None)
            .await;
        assert_eq!(status, StatusCode::OK);
        // Another source system of the tenant has no reference to the record, and the other tenant does not have
        // the record.
        let (status, _) = world
            .call("partner", Method::GET, &format!("/api/v1/{path}/{id}"), None)
            .await;
        assert_eq!(status, StatusCode::NOT_FOUND, "{path} of another source");
        let other = world.api(
            Method::GET,
            &format!("/api/v1/{path}/{id}"),
            &world.key("suedwind", "erp"),
        );
        assert_eq!(
            other.send().await.unwrap().status(),
            StatusCode::NOT_FOUND,
            "{path} of another tenant"
        );
    }
    let (_, found) = world
        .call("erp", Method::GET, "/api/v1/customers?externalId=HAND-1", None)
        .await;
    assert_eq!(found["data"][0]["id"], customer["id"]);
    let (_, found) = world
        .call("erp", Method::GET, "/api/v1/customers?customerNumber=hn-1", None)
        .await;
    assert_eq!(found["data"][0]["id"], customer["id"]);
    // An existing reference never changes its record.
    let id = customer["id"].as_str().unwrap();
    let (status, _) = put("/api/v1/mappings/customer/HAND-1", json!({ "id": id }), None).await;
    assert_eq!(status, StatusCode::OK);
    let (_, other) = world
        .call("erp", Method::GET, "/api/v1/customers?externalId=CUST-10042", None)
        .await;
    let other = other["data"][0]["id"].as_str().unwrap().to_owned();
    let (_, problem) = put("/api/v1/mappings/customer/HAND-1", json!({ "id": other }), None).await;
    assert_eq!(problem["code"], "mapping_exists");
    let (_, problem) = put("/api/v1/mappings/customer/HAND-9", json!({ "id": id }), None).await;
    assert_eq!(problem["code"], "mapping_conflict");
    let (status, _) = put(
        "/api/v1/mappings/customer/HAND-9",
        json!({ "id": "cus_01k9zzzzzzzzzzzzzzzzzzzzzz" }),
        None,
    )
    .await;
    assert_eq!(status, StatusCode::NOT_FOUND);
    let (status, _) = world
        .call("erp", Method::DELETE, "/api/v1/mappings/customer/HAND-1", None)
        .await;
    assert_eq!(status, StatusCode::NO_CONTENT);
    let (status, _) = put("/api/v1/mappings/customer/HAND-9", json!({ "id": id }), None).await;
    assert_eq!(status, StatusCode::CREATED, "{}", world.engine);
}

#[rstest]
#[case::sqlite(Engine::Sqlite)]
#[case::postgres(Engine::Postgres)]
#[tokio::test]
async fn mapping_resolve_writes_nothing_and_predicts_import(#[case] engine: Engine) {
    let Some(world) = world(engine).await else { return };
    let context = json!({ "customer": { "externalId": "NEW-1", "name": "New customer" }, "location": { "externalId": "NEW-L", "city": "Essen" } });
    let (status, decision) = world
        .call("erp", Method::POST, "/api/v1/mappings/resolve", Some(&context))
        .await;
    assert_eq!(status, StatusCode::OK, "{decision}");
    assert_eq!(
        (
            &decision["mapping"]["customer"]["rule"],
            &decision["mapping"]["customer"]["status"]
        ),
        (&json!("C18"), &json!("created"))
    );
    assert!(
        decision["mapping"]["customer"].get("id").is_none(),
        "nothing was created: {decision}"
    );
    let (_, again) = world
        .call("erp", Method::POST, "/api/v1/mappings/resolve", Some(&context))
        .await;
    assert_eq!(again, decision);
    let mut import = context.clone();
    import["externalId"] = json!("R-1");
    let (_, item) = world.import("erp", &import).await;
    for part in ["customer", "location", "contact"] {
        assert_eq!(item["mapping"][part]["rule"], decision["mapping"][part]["rule"]);
        assert_eq!(item["mapping"][part]["status"], decision["mapping"][part]["status"]);
    }
    // Resolving requires the scope `customers.read`.
    let (status, problem) = world
        .call("import-only", Method::POST, "/api/v1/mappings/resolve", Some(&context))
        .await;
    assert_eq!((status.as_u16(), &problem["code"]), (403, &json!("insufficient_scope")));
}

#[rstest]
#[case::sqlite(Engine::Sqlite)]
#[case::postgres(Engine::Postgres)]
#[tokio::test]
async fn import_without_customer_scopes_returns_no_mapping(#[case] engine: Engine) {
    let Some(world) = world(engine).await else { return };
    let known = json!({ "externalId": "S-1", "customer": { "externalId": "CUST-10042", "customerNumber": "RRM-001", "name": "x" } });
    let unknown =
        json!({ "externalId": "S-2", "customer": { "externalId": "NOBODY", "customerNumber": "NONE-1", "name": "x" } });
    let mut answers = Vec::new();
    for body in [&known, &unknown] {
        let (status, mut item) = world.import("import-only", body).await;
        assert_eq!(status, StatusCode::CREATED);
        assert!(item.get("mapping").is_none());
        for note in item["warnings"].as_array().unwrap() {
            assert_eq!(note.as_object().unwrap().len(), 2, "only code and pointer: {note}");
        }
        for member in ["id", "targetId", "externalId"] {
            item[member] = Value::Null;
        }
        answers.push(item);
    }
    assert_eq!(
        answers[0], answers[1],
        "known and unknown customers get the same response"
    );
    let (_, page) = world
        .call("import-only", Method::GET, "/api/v1/import-jobs?limit=1", None)
        .await;
    let items = world.items("import-only", &page["data"][0], "").await;
    assert!(items[0].get("mapping").is_none());
}

#[rstest]
#[case::sqlite(Engine::Sqlite)]
#[case::postgres(Engine::Postgres)]
#[tokio::test]
async fn requests_are_submitted_read_and_cancelled(#[case] engine: Engine) {
    let Some(world) = world(engine).await else { return };
    let key = world.key("nordlicht", "erp");
    let body = json!({
        "externalId": "CASE-1", "customer": { "externalId": "CUST-10042" }, "location": { "externalId": "LOC-ESSEN-01" },
        "serviceType": "repair", "priority": "high", "description": "It beeps."
    });
    let send = async |idempotency: Option<&str>, body: &Value| {
        let mut request = world.api(Method::POST, "/api/v1/requests", &key).json(body);
        if let Some(idempotency) = idempotency {
            request = request.header("idempotency-key", idempotency);
        }
        read(request.send().await.unwrap()).await
    };
    assert_eq!(send(None, &body).await.1["code"], "idempotency_key_required");
    let (status, request) = send(Some("r1"), &body).await;
    assert_eq!(
        (status, &request["status"]),
        (StatusCode::CREATED, &json!("submitted")),
        "{request}"
    );
    let (status, again) = send(Some("r2"), &body).await;
    assert_eq!(
        (status, &again["id"]),
        (StatusCode::OK, &request["id"]),
        "the external ID identifies the request"
    );
    assert_eq!(again["outcome"], "unchanged");
    // Other content updates the request while it is in review, and is a proposal to dispatch afterwards.
    let mut other = body.clone();
    other["description"] = json!("It beeps and leaks.");
    let (status, updated) = send(Some("r2b"), &other).await;
    assert_eq!(
        (status, &updated["outcome"], &updated["description"]),
        (StatusCode::OK, &json!("updated"), &other["description"])
    );
    world
        .sql("UPDATE request SET status = 'accepted' WHERE external_id = 'CASE-1'")
        .await;
    other["description"] = json!("It smokes.");
    for key in ["r2c", "r2d"] {
        let (status, late) = send(Some(key), &other).await;
        assert_eq!(
            (
                status,
                &late["outcome"],
                &late["warnings"][0]["code"],
                &late["description"]
            ),
            (
                StatusCode::OK,
                &json!("unchanged"),
                &json!("change_requires_review"),
                &json!("It beeps and leaks.")
            ),
            "{late}"
        );
    }
    let reviewer = world.staff("nordlicht", "dispatcher").await;
    let id = request["id"].as_str().unwrap();
    let page = world.content(&reviewer, &format!("/app/inbox/{id}")).await;
    assert!(page.contains("data-testid=\"request-change\"") && page.contains("It smokes."));
    let version = hidden(&page, "version").unwrap();
    for (version, expected) in [("another", "It beeps and leaks."), (version.as_str(), "It smokes.")] {
        let fields = [("request", id), ("applies", "on"), ("version", version)];
        world.send(&reviewer, "/app/fn/decide-request-change", &fields).await;
        let (_, shown) = world
            .call("erp", Method::GET, &format!("/api/v1/requests/{id}"), None)
            .await;
        assert_eq!(shown["description"], expected, "only what was shown is applied");
    }
    let (_, applied) = world
        .call("erp", Method::GET, &format!("/api/v1/requests/{id}"), None)
        .await;
    assert_eq!(applied["description"], "It smokes.");
    // An accepted change also reaches the job of the request, and the search.
    let job = world
        .send(&reviewer, "/app/fn/convert-request", &[("request", id)])
        .await;
    let job = job.rsplit('/').next().unwrap();
    other["description"] = json!("It burns brightly.");
    other["serviceType"] = json!("support");
    other["priority"] = json!("urgent");
    assert_eq!(send(Some("r2e"), &other).await.1["outcome"], "unchanged");
    let page = world.content(&reviewer, &format!("/app/inbox/{id}")).await;
    let version = hidden(page.split("data-testid=\"request-change\"").nth(1).unwrap(), "version").unwrap();
    let fields = [("request", id), ("applies", "on"), ("version", version.as_str())];
    world.send(&reviewer, "/app/fn/decide-request-change", &fields).await;
    let (_, target) = world
        .call("erp", Method::GET, &format!("/api/v1/targets/{job}"), None)
        .await;
    assert_eq!(
        (&target["notes"], &target["serviceType"], &target["priority"]),
        (&json!("It burns brightly."), &json!("support"), &json!("urgent")),
        "{target}"
    );
    let found = world
        .content(&reviewer, "/app/inbox?q=burns+brightly&status=accepted")
        .await;
    assert!(found.contains(id), "the search finds the new text");
    let mut unknown = body.clone();
    unknown["externalId"] = json!("CASE-2");
    unknown["customer"] = json!({ "externalId": "NOBODY-AT-ALL", "name": "New" });
    let (status, unclear) = send(Some("r3"), &unknown).await;
    assert_eq!(
        (status, &unclear["needsMapping"]),
        (StatusCode::CREATED, &json!(true)),
        "{unclear}"
    );
    assert_eq!(
        (&unclear["warnings"][0]["pointer"], &unclear["warnings"][0]["code"]),
        (&json!("/customer"), &json!("customer_unresolved")),
        "the customer is not created, for the true reason: {unclear}"
    );
    let references = "SELECT external_id FROM external_reference WHERE external_id = 'NOBODY-AT-ALL'";
    assert!(world.texts(references).await.is_empty());
    // Without a customer it is a request for review as well, unless the source demands one.
    let mut nobody = body.clone();
    nobody["externalId"] = json!("CASE-3");
    for part in ["customer", "location"] {
        nobody.as_object_mut().unwrap().remove(part);
    }
    let (status, unclear) = send(Some("r4"), &nobody).await;
    assert_eq!(
        (status, &unclear["needsMapping"]),
        (StatusCode::CREATED, &json!(true)),
        "{unclear}"
    );
    world
        .sql("UPDATE source_system SET customer_required = (1 = 1), problem_policy = 'reject' WHERE key = 'erp'")
        .await;
    for (key, sent, code) in [
        ("CASE-4", &nobody, "customer_required"),
        ("CASE-5", &unknown, "customer_unresolved"),
    ] {
        let mut sent = sent.clone();
        sent["externalId"] = json!(key);
        let (status, problem) = send(Some(key), &sent).await;
        assert_eq!(
            (status.as_u16(), &problem["errors"][0]["code"]),
            (422, &json!(code)),
            "{problem}"
        );
    }
    let dispatcher = world.staff("nordlicht", "dispatcher").await;
    // Dispatch assigns the customer.
    let unclear = unclear["id"].as_str().unwrap();
    let page = world.content(&dispatcher, &format!("/app/inbox/{unclear}")).await;
    assert!(page.contains("id=\"whose-search\""));
    let customer = world.customer("CUST-10042").await;
    world
        .send(
            &dispatcher,
            "/app/fn/assign-customer",
            &[("request", unclear), ("customer", &customer)],
        )
        .await;
    let (_, assigned) = world
        .call("erp", Method::GET, &format!("/api/v1/requests/{unclear}"), None)
        .await;
    assert_eq!(assigned["needsMapping"], json!(false), "{assigned}");
    // The first request became a job, so the assigned one is cancelled.
    let path = format!("/api/v1/requests/{unclear}/cancel");
    let (status, cancelled) = world.call("erp", Method::POST, &path, None).await;
    assert_eq!((status, &cancelled["status"]), (StatusCode::OK, &json!("cancelled")));
    let (status, problem) = world.call("erp", Method::POST, &path, None).await;
    assert_eq!((status.as_u16(), &problem["code"]), (409, &json!("illegal_transition")));
    let (status, _) = world
        .call("erp-strict", Method::GET, path.trim_end_matches("/cancel"), None)
        .await;
    assert_eq!(status, StatusCode::NOT_FOUND, "another source of the same tenant");
}

#[rstest]
#[case::sqlite(Engine::Sqlite)]
#[case::postgres(Engine::Postgres)]
#[tokio::test]
async fn targets_are_queried_and_cancelled(#[case] engine: Engine) {
    let Some(world) = world(engine).await else { return };
    let (_, one) = world.import("erp", &job_body("Q-1", "CUST-10042")).await;
    let question = json!({ "externalIds": ["Q-1", "Q-none"], "ids": [one["targetId"], "tgt_nothing"] });
    let (status, answer) = world
        .call("erp", Method::POST, "/api/v1/targets/status-query", Some(&question))
        .await;
    assert_eq!(status, StatusCode::OK, "{answer}");
    assert_eq!(answer["notFound"], json!(["Q-none", "tgt_nothing"]));
    assert_eq!(answer["data"][0]["status"], "open");
    let path = format!("/api/v1/targets/{}/cancel", one["targetId"].as_str().unwrap());
    let (status, _) = world.call("erp-strict", Method::POST, &path, None).await;
    assert_eq!(status, StatusCode::NOT_FOUND);
    let (status, target) = world.call("erp", Method::POST, &path, None).await;
    assert_eq!(
        (status, &target["status"]),
        (StatusCode::OK, &json!("cancelled")),
        "{target}"
    );
    let (status, _) = world
        .call("erp", Method::POST, &path, Some(&json!({ "why": "x" })))
        .await;
    assert_eq!(status.as_u16(), 422, "an unknown body is rejected");
}

#[rstest]
#[case::sqlite(Engine::Sqlite)]
#[case::postgres(Engine::Postgres)]
#[tokio::test]
async fn test_keys_are_isolated_from_live_data(#[case] engine: Engine) {
    let Some(world) = world(engine).await else { return };
    let test_key = world.tenant("nordlicht").client("erp").unwrap().test_api_key.clone();
    let body = job_body("T-1", "CUST-10042");
    let (status, item) = read(
        world
            .api(Method::POST, "/api/v1/targets", &test_key)
            .json(&body)
            .send()
            .await
            .unwrap(),
    )
    .await;
    assert_eq!(status, StatusCode::CREATED, "{item}");
    assert_eq!(
        item["mapping"]["customer"]["status"], "created",
        "live customers are unknown to test keys"
    );
    let (status, _) = world
        .call("erp", Method::GET, "/api/v1/targets/by-external-id/T-1", None)
        .await;
    assert_eq!(status, StatusCode::NOT_FOUND, "live keys do not see test data");
    let live_target = world.import("erp", &job_body("L-1", "CUST-10042")).await.1["targetId"].clone();
    let path = format!("/api/v1/targets/{}", live_target.as_str().unwrap());
    let answer = world.api(Method::GET, &path, &test_key).send().await.unwrap();
    assert_eq!(answer.status(), StatusCode::NOT_FOUND, "test keys do not see live data");
}

#[rstest]
#[case::sqlite(Engine::Sqlite)]
#[case::postgres(Engine::Postgres)]
#[tokio::test]
async fn oauth_tokens_are_issued_and_revoked(#[case] engine: Engine) {
    let Some(world) = world(engine).await else { return };
    let client = world.tenant("nordlicht").client("partner").unwrap().clone();
    let token = async |form: &[(&str, &str)], basic: bool| {
        let mut request = crate::support::client()
            .post(format!("{}/api/v1/oauth/token", world.url))
            .form(form);
        if basic {
            request = request.basic_auth(&client.client_id, Some(&client.client_secret));
        }
        let answer = request.send().await.unwrap();
        assert_eq!(answer.headers()["cache-control"], "no-store");
        read(answer).await
    };
    let grant = ("grant_type", "client_credentials");
    let (status, body) = token(&[grant], true).await;
    assert_eq!(status, StatusCode::OK, "{body}");
    assert_eq!(
        (&body["token_type"], &body["expires_in"]),
        (&json!("Bearer"), &json!(3600))
    );
    let access = body["access_token"].as_str().unwrap().to_owned();
    let use_it = async |token: &str, path: &str| world.api(Method::GET, path, token).send().await.unwrap().status();
    assert_eq!(use_it(&access, "/api/v1/mappings").await, StatusCode::OK);
    assert_eq!(
        use_it(&access, "/api/v1/targets").await,
        StatusCode::FORBIDDEN,
        "token has the scopes of the client"
    );
    let (_, narrow) = token(&[grant, ("scope", "targets.write")], true).await;
    assert_eq!(narrow["scope"], "targets.write");
    assert_eq!(
        use_it(narrow["access_token"].as_str().unwrap(), "/api/v1/mappings").await,
        StatusCode::FORBIDDEN
    );
    for (form, basic, status, error) in [
        (
            vec![grant, ("scope", "targets.write billing.read")],
            true,
            400,
            "invalid_scope",
        ),
        (vec![grant, ("scope", "nonsense")], true, 400, "invalid_scope"),
        (vec![("grant_type", "password")], true, 400, "unsupported_grant_type"),
        (vec![], true, 400, "invalid_request"),
        (
            vec![grant, ("client_id", "cli_x"), ("client_secret", "y")],
            false,
            401,
            "invalid_client",
        ),
        (vec![grant], false, 401, "invalid_client"),
        (
            vec![grant, ("client_id", "cli_x"), ("client_secret", "y")],
            true,
            400,
            "invalid_request",
        ),
    ] {
        let (found, body) = token(&form, basic).await;
        assert_eq!((found.as_u16(), &body["error"]), (status, &json!(error)), "{form:?}");
    }
    let json_body = crate::support::client()
        .post(format!("{}/api/v1/oauth/token", world.url))
        .json(&json!({ "grant_type": "client_credentials" }))
        .send()
        .await
        .unwrap();
    assert_eq!(
        json_body.status(),
        StatusCode::BAD_REQUEST,
        "only form bodies are accepted"
    );
    let (status, posted) = token(
        &[
            grant,
            ("client_id", &client.client_id),
            ("client_secret", &client.client_secret),
        ],
        false,
    )
    .await;
    assert_eq!(status, StatusCode::OK, "{posted}");
    for (path, ended) in [
        ("/api/v1/oauth/revoke", &access),
        ("/oauth/revoke", &posted["access_token"].as_str().unwrap().to_owned()),
    ] {
        let revoke = crate::support::client()
            .post(format!("{}{path}", world.url))
            .basic_auth(&client.client_id, Some(&client.client_secret))
            .form(&[("token", ended)]);
        assert_eq!(revoke.send().await.unwrap().status(), StatusCode::OK);
        assert_eq!(use_it(ended, "/api/v1/mappings").await, StatusCode::UNAUTHORIZED);
    }
    let metadata: Value = crate::support::client()
        .get(format!("{}/.well-known/oauth-authorization-server", world.url))
        .send()
        .await
        .unwrap()
        .json()
        .await
        .unwrap();
    assert_eq!(metadata["issuer"], world.url);
    assert_eq!(metadata["grant_types_supported"], json!(["client_credentials"]));
}

#[rstest]
#[case::sqlite(Engine::Sqlite)]
#[case::postgres(Engine::Postgres)]
#[tokio::test]
async fn authenticated_responses_have_rate_limit_headers(#[case] engine: Engine) {
    let Some(world) = world(engine).await else { return };
    let answer = world
        .api(Method::GET, "/api/v1/import-jobs", &world.key("nordlicht", "erp"))
        .send()
        .await
        .unwrap();
    let policy = answer.headers()["ratelimit-policy"].to_str().unwrap().to_owned();
    assert!(policy.starts_with("\"client\";q="), "{policy}");
    assert!(
        answer.headers()["ratelimit"]
            .to_str()
            .unwrap()
            .starts_with("\"client\";r=")
    );
    assert!(answer.headers().contains_key("x-request-id"));
    let rejected = crate::support::client()
        .get(format!("{}/api/v1/import-jobs", world.url))
        .send()
        .await
        .unwrap();
    assert!(
        !rejected.headers().contains_key("ratelimit"),
        "anonymous responses have no rate limit headers"
    );
}

#[rstest]
#[case::sqlite(Engine::Sqlite)]
#[case::postgres(Engine::Postgres)]
#[tokio::test]
async fn import_jobs_above_concurrency_limit_are_rejected_and_can_be_cancelled(#[case] engine: Engine) {
    let Some(world) = world(engine).await else { return };
    let key = world.key("nordlicht", "erp");
    let items: Vec<Value> = (0..300)
        .map(|index| job_body(&format!("F-{index}"), &format!("FC-{index}")))
        .collect();
    let mut accepted = Vec::new();
    let mut rejected = 0;
    for number in 0..8 {
        let body = json!({ "items": items.iter().map(|item| { let mut item = item.clone(); item["externalId"] = json!(format!("{number}-{}", item["externalId"].as_str().unwrap())); item }).collect::<Vec<_>>() });
        let answer = world
            .api(Method::POST, "/api/v1/targets/batch", &key)
            .header("idempotency-key", format!("five-{number}"))
            .json(&body)
            .send()
            .await
            .unwrap();
        match answer.status() {
            StatusCode::ACCEPTED => accepted.push(answer.json::<Value>().await.unwrap()),
            StatusCode::TOO_MANY_REQUESTS => {
                assert!(answer.headers().contains_key("retry-after"));
                assert_eq!(
                    answer.json::<Value>().await.unwrap()["code"],
                    "too_many_concurrent_jobs"
                );
                rejected += 1;
            }
            other => panic!("{other}"),
        }
    }
    assert!(
        rejected > 0 && accepted.len() >= 5,
        "{} accepted, {rejected} rejected",
        accepted.len()
    );
    let last = accepted.last().unwrap();
    let path = format!("/api/v1/import-jobs/{}/cancel", last["id"].as_str().unwrap());
    let (status, stopped) = world.call("erp", Method::POST, &path, None).await;
    assert_eq!(
        (status, &stopped["status"]),
        (StatusCode::OK, &json!("cancelled")),
        "{stopped}"
    );
    let (status, problem) = world.call("erp", Method::POST, &path, None).await;
    assert_eq!(
        (status.as_u16(), &problem["code"]),
        (409, &json!("job_not_cancellable"))
    );
    for job in &accepted[..accepted.len() - 1] {
        let ended = world.wait_for_job("erp", job).await;
        let counts = &ended["counts"];
        let sum: i64 = ["created", "updated", "unchanged", "skipped", "failed"]
            .iter()
            .map(|name| counts[*name].as_i64().unwrap())
            .sum();
        assert_eq!((sum, &counts["total"]), (300, &json!(300)), "{} {ended}", world.engine);
    }
}

#[rstest]
#[case::sqlite(Engine::Sqlite)]
#[case::postgres(Engine::Postgres)]
#[tokio::test]
async fn concurrent_imports_of_new_customer_create_it_once(#[case] engine: Engine) {
    let Some(world) = world(engine).await else { return };
    let world: Arc<World> = world;
    let mut running = Vec::new();
    for number in 0..50 {
        let world = Arc::clone(&world);
        running.push(tokio::spawn(async move {
            world
                .import("erp", &job_body(&format!("ONE-{number}"), "ONE-NEW"))
                .await
        }));
    }
    let (_, job) = world
        .batch("erp", "one", &json!({ "items": (0..40).map(|number| job_body(&format!("ONE-B-{number}"), "ONE-NEW")).collect::<Vec<_>>() }))
        .await;
    let mut statuses = Vec::new();
    let mut ids = Vec::new();
    for task in running {
        let (status, item) = task.await.unwrap();
        assert_eq!(status, StatusCode::CREATED, "{item}");
        statuses.push(item["mapping"]["customer"]["status"].as_str().unwrap().to_owned());
        ids.push(item["mapping"]["customer"]["id"].as_str().unwrap().to_owned());
    }
    world.wait_for_job("erp", &job).await;
    for item in world.items("erp", &job, "").await {
        statuses.push(item["mapping"]["customer"]["status"].as_str().unwrap().to_owned());
        ids.push(item["mapping"]["customer"]["id"].as_str().unwrap().to_owned());
    }
    assert_eq!(
        statuses.iter().filter(|status| *status == "created").count(),
        1,
        "{}",
        world.engine
    );
    ids.sort();
    ids.dedup();
    assert_eq!(ids.len(), 1);
}

#[rstest]
#[case::sqlite(Engine::Sqlite)]
#[case::postgres(Engine::Postgres)]
#[tokio::test]
async fn import_with_respond_async_returns_job(#[case] engine: Engine) {
    let Some(world) = world(engine).await else { return };
    let answer = world
        .api(Method::POST, "/api/v1/targets", &world.key("nordlicht", "erp"))
        .header("prefer", "respond-async, wait=5")
        .json(&job_body("LATER-1", "CUST-10042"))
        .send()
        .await
        .unwrap();
    assert_eq!(answer.status(), StatusCode::ACCEPTED);
    assert_eq!(answer.headers()["preference-applied"], "respond-async");
    assert!(
        answer.headers()["location"]
            .to_str()
            .unwrap()
            .starts_with("/api/v1/import-jobs/imp_")
    );
    let job = answer.json::<Value>().await.unwrap();
    assert_eq!(world.wait_for_job("erp", &job).await["counts"]["created"], 1);
}

#[rstest]
#[case::sqlite(Engine::Sqlite)]
#[case::postgres(Engine::Postgres)]
#[tokio::test]
async fn request_sent_again_for_other_customer_changes_nothing(#[case] engine: Engine) {
    let Some(world) = world(engine).await else { return };
    let key = world.key("nordlicht", "erp");
    let send = async |idempotency: &str, external_id: &str, customer: &str, description: &str| {
        let body = json!({
            "externalId": external_id, "customer": { "externalId": customer }, "serviceType": "repair", "description": description
        });
        let request = world
            .api(Method::POST, "/api/v1/requests", &key)
            .header("idempotency-key", idempotency)
            .json(&body);
        read(request.send().await.unwrap()).await.1
    };
    let first = send("a", "CASE-20", "CUST-10042", "The door does not close.").await;
    for idempotency in ["b", "c"] {
        let other = send(idempotency, "CASE-20", "CUST-20002", "Door code 4711.").await;
        assert_eq!(other["id"], first["id"]);
        assert_eq!(
            (&other["outcome"], &other["warnings"][0]["code"], &other["description"]),
            (
                &json!("unchanged"),
                &json!("target_customer_change_requires_review"),
                &first["description"]
            ),
            "{other}"
        );
    }
    // A corrected customer is assigned to a request that had none.
    let unclear = send("d", "CASE-21", "NOBODY-AT-ALL", "It drips.").await;
    assert_eq!(unclear["needsMapping"], true, "{unclear}");
    let corrected = send("e", "CASE-21", "CUST-10042", "It drips.").await;
    assert_eq!(
        (&corrected["outcome"], &corrected["needsMapping"]),
        (&json!("updated"), &json!(false)),
        "{corrected}"
    );
}
