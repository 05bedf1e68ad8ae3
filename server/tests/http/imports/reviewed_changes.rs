//! Changes of scheduled jobs and names of customers that wait for dispatch: they merge, are withdrawn, accepted, declined,
//! and repeated imports report them.

use crate::support::forms::hidden;
use crate::support::{World, world};
use ordinavo_core::Engine;
use reqwest::{Client, Method, StatusCode};
use rstest::rstest;
use serde_json::{Value, json};

fn codes(item: &Value) -> Vec<&str> {
    ["warnings", "errors"]
        .iter()
        .flat_map(|member| item[*member].as_array().into_iter().flatten())
        .filter_map(|note| note["code"].as_str())
        .collect()
}

async fn target(world: &World, external_id: &str) -> Value {
    let path = format!("/api/v1/targets/by-external-id/{external_id}");
    world.call("erp", Method::GET, &path, None).await.1
}

/// Imports a job for a known customer and sets its status.
async fn job_with_status(world: &World, external_id: &str, status: &str) -> String {
    let (_, made) = world
        .import(
            "erp",
            &json!({ "externalId": external_id, "customer": { "externalId": "CUST-10042" }, "location": { "externalId": "LOC-ESSEN-01" }, "contact": { "externalId": "CONT-44" } }),
        )
        .await;
    world
        .sql(&format!(
            "UPDATE target SET status = '{status}' WHERE external_id = '{external_id}'"
        ))
        .await;
    made["targetId"].as_str().unwrap().to_owned()
}

/// Accepts or dismisses the open proposal of a job.
async fn decide(world: &World, dispatcher: &Client, target: &str, action: &str) {
    let page = world.content(dispatcher, &format!("/app/targets/{target}")).await;
    let proposal = hidden(&page, "proposal").expect("a proposal is open");
    let path = format!("/app/fn/{action}-proposal");
    world
        .send(dispatcher, &path, &[("proposal", &proposal), ("target", target)])
        .await;
}

async fn event_count(world: &World, kind: &str, target: &str) -> usize {
    let path = format!("/api/v1/events?limit=200&type={kind}");
    let (_, events) = world.call("erp", Method::GET, &path, None).await;
    events["data"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|event| event["data"]["target"]["id"] == target)
        .count()
}

#[rstest]
#[case::sqlite(Engine::Sqlite)]
#[case::postgres(Engine::Postgres)]
#[tokio::test]
async fn customer_mapped_by_number_is_not_renamed_until_dispatch_accepts(#[case] engine: Engine) {
    let Some(world) = world(engine).await else { return };
    let dispatcher = world.staff("nordlicht", "dispatcher").await;
    let name = async |external_id: &str| target(&world, external_id).await["customer"]["name"].clone();
    world
        .sql("DELETE FROM external_reference WHERE source_system_id IN (SELECT id FROM source_system WHERE key = 'erp-strict')")
        .await;
    let known = json!({ "externalId": "NAME-0", "customer": { "customerNumber": "RRM-001" } });
    world.import("erp", &known).await;
    let original = name("NAME-0").await;
    let body = |job: &str| json!({ "externalId": job, "customer": { "customerNumber": "RRM-001", "name": "Falsch" } });
    let (_, item) = world.import("erp", &body("NAME-1")).await;
    assert_eq!(
        (
            &item["mapping"]["customer"]["rule"],
            &item["mapping"]["customer"]["status"]
        ),
        (&json!("C19"), &json!("mapped"))
    );
    assert!(codes(&item).contains(&"customer_name_mismatch"), "{item}");
    assert_eq!(name("NAME-1").await, original, "{}", world.engine);
    let pending = target(&world, "NAME-1").await["pendingChange"].clone();
    assert_eq!(pending["customerName"], "Falsch", "{pending}");
    // A retry changes nothing and reports the same.
    let (_, again) = world.import("erp", &body("NAME-1")).await;
    assert_eq!(
        (&again["outcome"], &again["warnings"]),
        (&json!("unchanged"), &item["warnings"])
    );
    // Another system links the customer by its number under another name: its ID does not vouch for the customer either.
    let linked = |job: &str| json!({ "externalId": job, "customer": { "externalId": "STRICT-1", "customerNumber": "RRM-001", "name": "Falsch" } });
    world
        .sql("UPDATE source_system SET auto_update = (1 = 1) WHERE key = 'erp-strict'")
        .await;
    let (_, item) = world.import("erp-strict", &linked("NAME-2")).await;
    assert_eq!(item["mapping"]["customer"]["rule"], "C10", "{item}");
    for job in ["NAME-2", "NAME-3"] {
        let (_, item) = world.import("erp-strict", &linked(job)).await;
        assert_eq!(
            (
                &item["mapping"]["customer"]["rule"],
                &item["mapping"]["customer"]["status"]
            ),
            (&json!("C6"), &json!("mapped")),
            "{item}"
        );
        assert!(codes(&item).contains(&"customer_name_mismatch"), "{item}");
    }
    let path = "/api/v1/customers/by-external-id/STRICT-1";
    let (status, problem) = world
        .call("erp-strict", Method::PUT, path, Some(&json!({ "name": "Falsch" })))
        .await;
    assert_eq!(
        (status, &problem["errors"][0]["code"]),
        (StatusCode::UNPROCESSABLE_ENTITY, &json!("customer_name_mismatch"))
    );
    assert_eq!(name("NAME-1").await, original, "{}", world.engine);
    // Dispatch accepts the name once: the other proposals with that name are settled, and the ID vouches from now on.
    let (_, made) = world
        .call("erp-strict", Method::GET, "/api/v1/targets/by-external-id/NAME-2", None)
        .await;
    decide(&world, &dispatcher, made["id"].as_str().unwrap(), "accept").await;
    assert_eq!(name("NAME-1").await, "Falsch");
    assert_eq!(target(&world, "NAME-1").await["pendingChange"], Value::Null);
    let renamed = json!({ "externalId": "NAME-4", "customer": { "externalId": "STRICT-1", "name": original } });
    let (_, item) = world.import("erp-strict", &renamed).await;
    assert_eq!(item["mapping"]["customer"]["status"], "updated", "{item}");
    assert_eq!(name("NAME-1").await, original);
}

#[rstest]
#[case::sqlite(Engine::Sqlite)]
#[case::postgres(Engine::Postgres)]
#[tokio::test]
async fn proposals_merge_field_by_field_and_are_withdrawn(#[case] engine: Engine) {
    let Some(world) = world(engine).await else { return };
    let dispatcher = world.staff("nordlicht", "dispatcher").await;
    let id = job_with_status(&world, "MERGE", "scheduled").await;
    let window = json!({ "start": "2031-03-03T09:00:00Z", "end": "2031-03-03T12:00:00Z", "zone": "Europe/Berlin" });
    for body in [
        json!({ "externalId": "MERGE", "durationMinutes": 90 }),
        json!({ "externalId": "MERGE", "timeWindow": window }),
        json!({ "externalId": "MERGE", "requiredSkills": ["gas"], "serviceType": "inspection" }),
    ] {
        let (_, item) = world.import("erp", &body).await;
        assert!(codes(&item).contains(&"change_requires_review"), "{item}");
        let (_, again) = world.import("erp", &body).await;
        assert_eq!(
            (&again["outcome"], &again["warnings"]),
            (&json!("unchanged"), &item["warnings"]),
            "{}",
            world.engine
        );
    }
    let stored = target(&world, "MERGE").await;
    let pending = &stored["pendingChange"];
    assert_eq!(
        (
            &pending["durationMinutes"],
            &pending["requiredSkills"],
            &pending["serviceType"]
        ),
        (&json!(90), &json!(["gas"]), &json!("inspection")),
        "{stored}"
    );
    assert!(pending["timeWindow"]["start"].is_string() && pending["proposedAt"].is_string());
    assert_eq!(
        stored["requiredSkills"],
        json!([]),
        "skills are reviewed like time and place"
    );
    // The stored value withdraws its field, and the last one the proposal.
    world
        .import(
            "erp",
            &json!({ "externalId": "MERGE", "durationMinutes": 60, "requiredSkills": null, "serviceType": null }),
        )
        .await;
    let pending = target(&world, "MERGE").await["pendingChange"].clone();
    assert!(
        pending["timeWindow"].is_object() && pending["durationMinutes"].is_null(),
        "{pending}"
    );
    let (_, item) = world
        .import("erp", &json!({ "externalId": "MERGE", "timeWindow": null }))
        .await;
    assert!(codes(&item).is_empty(), "{item}");
    assert_eq!(target(&world, "MERGE").await["pendingChange"], Value::Null);
    let page = world.content(&dispatcher, &format!("/app/targets/{id}")).await;
    assert!(hidden(&page, "proposal").is_none());
}

#[rstest]
#[case::sqlite(Engine::Sqlite)]
#[case::postgres(Engine::Postgres)]
#[tokio::test]
async fn declined_change_is_reported_and_not_proposed_again(#[case] engine: Engine) {
    let Some(world) = world(engine).await else { return };
    let dispatcher = world.staff("nordlicht", "dispatcher").await;
    let id = job_with_status(&world, "DECLINE", "scheduled").await;
    let longer = json!({ "externalId": "DECLINE", "durationMinutes": 200 });
    world.import("erp", &longer).await;
    decide(&world, &dispatcher, &id, "dismiss").await;
    assert_eq!(event_count(&world, "target.change_declined", &id).await, 1);
    for (body, outcome) in [
        (longer.clone(), "unchanged"),
        (
            json!({ "externalId": "DECLINE", "durationMinutes": 200, "notes": "hurry" }),
            "updated",
        ),
    ] {
        let (_, item) = world.import("erp", &body).await;
        assert_eq!(
            (&item["outcome"], codes(&item)),
            (&json!(outcome), vec!["change_declined"]),
            "{item}"
        );
    }
    let stored = target(&world, "DECLINE").await;
    assert_eq!(
        (&stored["pendingChange"], &stored["declinedChange"]["durationMinutes"]),
        (&Value::Null, &json!(200))
    );
    // Another value is a new proposal; accepting it settles both.
    world
        .import("erp", &json!({ "externalId": "DECLINE", "durationMinutes": 120 }))
        .await;
    decide(&world, &dispatcher, &id, "accept").await;
    assert_eq!(event_count(&world, "target.change_accepted", &id).await, 1);
    let stored = target(&world, "DECLINE").await;
    assert_eq!(
        (
            &stored["durationMinutes"],
            &stored["pendingChange"],
            &stored["declinedChange"]
        ),
        (&json!(120), &Value::Null, &Value::Null)
    );
}

#[rstest]
#[case::sqlite(Engine::Sqlite)]
#[case::postgres(Engine::Postgres)]
#[tokio::test]
async fn accepted_customer_change_names_location_and_contact(#[case] engine: Engine) {
    let Some(world) = world(engine).await else { return };
    let dispatcher = world.staff("nordlicht", "dispatcher").await;
    let id = job_with_status(&world, "MOVE", "scheduled").await;
    let (_, item) = world
        .import(
            "erp",
            &json!({ "externalId": "MOVE", "customer": { "externalId": "CUST-20001" } }),
        )
        .await;
    assert!(
        codes(&item).contains(&"target_customer_change_requires_review"),
        "{item}"
    );
    let pending = target(&world, "MOVE").await["pendingChange"].clone();
    assert_eq!(pending["customerId"], world.customer("CUST-20001").await.as_str());
    let members: Vec<&String> = pending.as_object().unwrap().keys().collect();
    for member in ["locationId", "contactId"] {
        assert!(
            pending[member].is_null() && members.iter().any(|name| *name == member),
            "{pending}"
        );
    }
    // The original customer withdraws all of it.
    world
        .import(
            "erp",
            &json!({ "externalId": "MOVE", "customer": { "externalId": "CUST-10042" } }),
        )
        .await;
    assert_eq!(target(&world, "MOVE").await["pendingChange"], Value::Null);
    world
        .import(
            "erp",
            &json!({ "externalId": "MOVE", "customer": { "externalId": "CUST-20001" } }),
        )
        .await;
    let page = world.content(&dispatcher, &format!("/app/targets/{id}")).await;
    assert!(page.contains("data-testid=\"change-proposal\"") && page.contains("notice-warn"));
    decide(&world, &dispatcher, &id, "accept").await;
    let stored = target(&world, "MOVE").await;
    assert_eq!(
        (
            &stored["customer"]["externalId"],
            &stored["location"],
            &stored["contact"]
        ),
        (&json!("CUST-20001"), &Value::Null, &Value::Null)
    );
}

#[rstest]
#[case::sqlite(Engine::Sqlite)]
#[case::postgres(Engine::Postgres)]
#[tokio::test]
async fn cancelled_job_is_reported_and_can_be_reopened(#[case] engine: Engine) {
    let Some(world) = world(engine).await else { return };
    let body = json!({ "externalId": "AGAIN", "customer": { "externalId": "CUST-10042" } });
    let (_, made) = world.import("erp", &body).await;
    let id = made["targetId"].as_str().unwrap().to_owned();
    let cancel = format!("/api/v1/targets/{id}/cancel");
    let reopen = format!("/api/v1/targets/{id}/reopen");
    let (status, _) = world.call("erp", Method::POST, &cancel, None).await;
    assert_eq!(status, StatusCode::OK);
    let (_, item) = world.import("erp", &body).await;
    assert_eq!(
        (&item["outcome"], codes(&item)),
        (&json!("unchanged"), vec!["target_cancelled"])
    );
    let changed = json!({ "externalId": "AGAIN", "notes": "changed" });
    let (status, item) = world.import("erp", &changed).await;
    assert_eq!(
        (status, &item["outcome"], codes(&item)),
        (StatusCode::OK, &json!("skipped"), vec!["target_cancelled"])
    );
    // An atomic batch with a cancelled job is not applied at all.
    let batch = json!({ "mode": "atomic", "items": [{ "externalId": "AGAIN-NEW" }, changed] });
    let (_, job) = world.batch("erp", "atomic-cancelled", &batch).await;
    let job = world.wait_for_job("erp", &job).await;
    let items = world.items("erp", &job, "").await;
    assert_eq!(
        (&job["counts"]["failed"], codes(&items[0])),
        (&json!(2), vec!["atomic_rollback"]),
        "{items:?}"
    );
    assert_eq!(codes(&items[1]), ["target_cancelled"]);
    let missing = target(&world, "AGAIN-NEW").await;
    assert_eq!(missing["code"], "not_found");
    // Reopened by an import, which updates it, and by its own operation.
    let (_, item) = world
        .import(
            "erp",
            &json!({ "externalId": "AGAIN", "action": "reopen", "notes": "once more" }),
        )
        .await;
    assert_eq!(item["outcome"], "updated", "{item}");
    let stored = target(&world, "AGAIN").await;
    assert_eq!(
        (&stored["status"], &stored["notes"]),
        (&json!("open"), &json!("once more"))
    );
    world.call("erp", Method::POST, &cancel, None).await;
    let (status, opened) = world.call("erp", Method::POST, &reopen, None).await;
    assert_eq!((status, &opened["status"]), (StatusCode::OK, &json!("open")));
    world
        .sql("UPDATE target SET status = 'completed' WHERE external_id = 'AGAIN'")
        .await;
    let (status, problem) = world.call("erp", Method::POST, &reopen, None).await;
    assert_eq!(
        (status, &problem["code"]),
        (StatusCode::CONFLICT, &json!("target_locked"))
    );
    let (_, item) = world
        .import("erp", &json!({ "externalId": "NEVER", "action": "reopen" }))
        .await;
    assert_eq!(item["item"]["errors"][0]["code"], "not_found", "{item}");
}

#[rstest]
#[case::sqlite(Engine::Sqlite)]
#[case::postgres(Engine::Postgres)]
#[tokio::test]
async fn targets_are_filtered_tagged_and_name_their_context(#[case] engine: Engine) {
    let Some(world) = world(engine).await else { return };
    job_with_status(&world, "LIST-1", "scheduled").await;
    job_with_status(&world, "LIST-2", "open").await;
    world
        .import(
            "erp",
            &json!({ "externalId": "LIST-3", "customer": { "name": "Nobody" } }),
        )
        .await;
    let ids = async |query: &str| {
        let path = format!("/api/v1/targets?externalIdPrefix=LIST-{query}");
        let (status, page) = world.call("erp", Method::GET, &path, None).await;
        assert_eq!(status, StatusCode::OK, "{page}");
        page["data"]
            .as_array()
            .unwrap()
            .iter()
            .map(|target| target["externalId"].as_str().unwrap().to_owned())
            .collect::<Vec<_>>()
    };
    assert_eq!(ids("").await, ["LIST-1", "LIST-2", "LIST-3"], "{}", world.engine);
    assert_eq!(ids("&status=scheduled").await, ["LIST-1"]);
    assert_eq!(ids("&needsMapping=true").await, ["LIST-3"]);
    assert_eq!(ids("&needsMapping=false&status=open").await, ["LIST-2"]);
    assert!(ids("&updatedSince=2100-01-01T00:00:00Z").await.is_empty());
    assert_eq!(ids("&updatedSince=2000-01-01T00:00:00Z").await.len(), 3);
    for query in ["status=gone", "needsMapping=yes", "updatedSince=today"] {
        let (status, _) = world
            .call("erp", Method::GET, &format!("/api/v1/targets?{query}"), None)
            .await;
        assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY, "{query}");
    }
    let stored = target(&world, "LIST-2").await;
    assert_eq!(
        (
            &stored["customer"]["externalId"],
            &stored["customer"]["customerNumber"],
            &stored["location"]["externalId"],
            &stored["contact"]["externalId"]
        ),
        (
            &json!("CUST-10042"),
            &json!("RRM-001"),
            &json!("LOC-ESSEN-01"),
            &json!("CONT-44")
        )
    );
    let key = world.key("nordlicht", "erp");
    let get = async |path: &str, tag: Option<&str>| {
        let mut request = world.api(Method::GET, path, &key);
        if let Some(tag) = tag {
            request = request.header("if-none-match", tag);
        }
        let answer = request.send().await.unwrap();
        let tag = answer.headers()["etag"].to_str().unwrap().to_owned();
        (answer.status(), tag)
    };
    for path in [
        "/api/v1/targets?externalIdPrefix=LIST-",
        "/api/v1/targets/by-external-id/LIST-2",
    ] {
        let (status, tag) = get(path, None).await;
        assert_eq!(status, StatusCode::OK);
        assert_eq!(get(path, Some(&tag)).await, (StatusCode::NOT_MODIFIED, tag.clone()));
        assert_eq!(get(path, Some("\"other\"")).await.0, StatusCode::OK);
        world
            .import("erp", &json!({ "externalId": "LIST-2", "notes": path }))
            .await;
        assert_eq!(get(path, Some(&tag)).await.0, StatusCode::OK, "the target has changed");
    }
}

#[rstest]
#[case::sqlite(Engine::Sqlite)]
#[case::postgres(Engine::Postgres)]
#[tokio::test]
async fn blocked_and_hidden_identifiers_are_refused(#[case] engine: Engine) {
    let Some(world) = world(engine).await else { return };
    for (part, body) in [
        (
            "customer",
            json!({ "customer": { "externalId": "None", "customerNumber": "RRM-001" } }),
        ),
        (
            "location",
            json!({ "customer": { "externalId": "CUST-10042" }, "location": { "externalId": "undefined", "city": "Essen" } }),
        ),
        (
            "contact",
            json!({ "customer": { "externalId": "CUST-10042" }, "contact": { "externalId": "#N/A", "displayName": "Kim" } }),
        ),
    ] {
        let mut body = body;
        body["externalId"] = json!(format!("BLOCK-{part}"));
        let (_, item) = world.import("erp", &body).await;
        let blocked = item["warnings"]
            .as_array()
            .unwrap()
            .iter()
            .find(|warning| warning["code"] == "external_id_blocked_value")
            .unwrap_or_else(|| panic!("{item}"));
        assert_eq!(blocked["pointer"], format!("/{part}/externalId"));
    }
    let references =
        "SELECT external_id FROM external_reference WHERE lower(external_id) IN ('none', 'undefined', '#n/a')";
    assert!(world.texts(references).await.is_empty());
    let (status, problem) = world.import("erp", &json!({ "externalId": "None" })).await;
    assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(codes(&problem).contains(&"external_id_blocked_value"), "{problem}");
    // A source blocks values of its own.
    let admin = world.staff("nordlicht", "admin").await;
    let list = world.content(&admin, "/app/integrations").await;
    let source = crate::support::link(&list, "/app/integrations/sources/").unwrap();
    let page = world.content(&admin, &source).await;
    assert!(page.contains("name=\"blocked_external_ids\""));
    world
        .sql("UPDATE source_system SET blocked_external_ids = '[\"DUMMY\"]' WHERE key = 'erp'")
        .await;
    let (status, problem) = world.import("erp", &json!({ "externalId": "dummy" })).await;
    assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY);
    assert_eq!(
        problem["item"]["errors"][0]["code"], "external_id_blocked_value",
        "{problem}"
    );
    let path = "/api/v1/customers/by-external-id/DUMMY";
    let (status, _) = world
        .call("erp", Method::PUT, path, Some(&json!({ "name": "X" })))
        .await;
    assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY);
    let (status, problem) = world
        .import(
            "erp",
            &json!({ "externalId": "HIDDEN", "customer": { "externalId": "CUST-77\u{200b}", "customerNumber": "RRM\u{a0}001" } }),
        )
        .await;
    assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY);
    let errors = problem["errors"].as_array().unwrap();
    assert_eq!(errors.len(), 2, "{problem}");
    for (error, (pointer, point)) in errors.iter().zip([
        ("/customer/externalId", "U+200B"),
        ("/customer/customerNumber", "U+00A0"),
    ]) {
        assert_eq!(
            (&error["pointer"], &error["code"]),
            (&json!(pointer), &json!("invalid_character"))
        );
        assert!(error["detail"].as_str().unwrap().contains(point), "{error}");
    }
}

#[rstest]
#[case::sqlite(Engine::Sqlite)]
#[case::postgres(Engine::Postgres)]
#[tokio::test]
async fn partial_batch_keeps_faults_with_their_items(#[case] engine: Engine) {
    let Some(world) = world(engine).await else { return };
    let batch = json!({ "items": [
        { "externalId": "FAULT-1", "durationMinutes": 90.0, "priority": "" }, { "externalId": "FAULT-2", "priority": "asap" },
        { "externalId": "FAULT-3", "notes": "a\u{0}b" }, 7, { "externalId": "FAULT-4", "sourceSystem": "another" },
        { "externalId": "FAULT-5 " }, { "externalId": "FAULT-6", "coordinates": { "lat": 0, "lon": 0 } }] });
    let (status, job) = world.batch("erp", "faults", &batch).await;
    assert_eq!(status, StatusCode::ACCEPTED, "{job}");
    let job = world.wait_for_job("erp", &job).await;
    let items = world.items("erp", &job, "").await;
    let found: Vec<_> = items.iter().map(|item| codes(item).join(",")).collect();
    assert_eq!(
        found,
        [
            "",
            "validation_failed",
            "invalid_character",
            "validation_failed",
            "source_system_not_allowed",
            "surrounding_space",
            "location_not_identified,implausible_coordinates"
        ],
        "{items:?}"
    );
    assert_eq!(
        (&job["counts"]["created"], &job["counts"]["failed"]),
        (&json!(2), &json!(5))
    );
    assert_eq!(target(&world, "FAULT-1").await["durationMinutes"], 90);
}

/// Removes what only a real run can know: the IDs of the item, and of records that it creates.
pub fn comparable(mut item: Value) -> Value {
    let created = |entry: &Value| entry["status"] == "created";
    let is_created = item["outcome"] == "created";
    let members = item.as_object_mut().unwrap();
    members.remove("id");
    if is_created {
        members.remove("targetId");
    }
    for part in ["customer", "location", "contact"] {
        let entry = &mut item["mapping"][part];
        if created(entry) {
            entry.as_object_mut().unwrap().remove("id");
        }
    }
    item
}

#[rstest]
#[case::sqlite(Engine::Sqlite)]
#[case::postgres(Engine::Postgres)]
#[tokio::test]
async fn dry_run_resolve_and_run_agree_in_every_field(#[case] engine: Engine) {
    let Some(world) = world(engine).await else { return };
    job_with_status(&world, "AGREE-PLANNED", "scheduled").await;
    let contexts = [
        json!({ "customer": { "externalId": "CUST-10042", "name": "Another name" }, "location": { "externalId": "LOC-ESSEN-01", "name": "West" } }),
        json!({ "customer": { "customerNumber": "RRM-001", "name": "Another" } }),
        json!({ "customer": { "externalId": "AGREE-NEW", "name": "New" }, "location": { "externalId": "AGREE-LOC", "city": "Essen" }, "contact": { "externalId": "AGREE-CON", "displayName": "Kim" } }),
        json!({ "customer": { "name": "Only a name" } }),
        json!({ "location": { "externalId": "LOC-ESSEN-01" } }),
        json!({ "customer": { "externalId": "None", "customerNumber": "NOPE" } }),
    ];
    for (number, context) in contexts.iter().enumerate() {
        let (_, decision) = world
            .call("erp", Method::POST, "/api/v1/mappings/resolve", Some(context))
            .await;
        let mut item = context.clone();
        item["externalId"] = json!("AGREE-ONE");
        let body = json!({ "dryRun": true, "items": [item] });
        let (_, job) = world.batch("erp", &format!("resolve-{number}"), &body).await;
        let job = world.wait_for_job("erp", &job).await;
        let items = world.items("erp", &job, "").await;
        assert_eq!(decision["mapping"], items[0]["mapping"], "{context}");
        assert_eq!(decision["warnings"], items[0]["warnings"], "{context}");
    }
    let mut items: Vec<Value> = contexts.to_vec();
    items.push(json!({ "externalId": "AGREE-PLANNED", "durationMinutes": 200, "notes": "x" }));
    items.push(json!({ "externalId": "AGREE-BAD", "priority": "asap" }));
    for (index, item) in items.iter_mut().enumerate() {
        if item.get("externalId").is_none() {
            item["externalId"] = json!(format!("AGREE-{index}"));
        }
    }
    let mut results = Vec::new();
    for (key, is_dry_run) in [("agree-dry", true), ("agree-run", false)] {
        let body = json!({ "dryRun": is_dry_run, "items": items });
        let (_, job) = world.batch("erp", key, &body).await;
        let job = world.wait_for_job("erp", &job).await;
        let found = world.items("erp", &job, "").await;
        results.push(found.into_iter().map(comparable).collect::<Vec<_>>());
    }
    assert_eq!(results[0], results[1], "{}", world.engine);
}
