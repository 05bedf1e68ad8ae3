//! Mapping review: one decision resolves all waiting imports, and removing a wrong link reverts its effects.

use crate::support::{World, world};
use ordinavo_core::Engine;
use reqwest::{Client, Method};
use rstest::rstest;
use serde_json::{Value, json};

#[rstest]
#[case::sqlite(Engine::Sqlite)]
#[case::postgres(Engine::Postgres)]
#[tokio::test]
async fn mapping_review_retries_imports_not_dry_runs(#[case] engine: Engine) {
    let Some(world) = world(engine).await else { return };
    let first = world.import_for_review("REVIEW-1", "REVIEW-CUSTOMER", "first").await;
    let second = world
        .import_for_review("REVIEW-2", "REVIEW-CUSTOMER", "as imported")
        .await;
    let tried = json!({ "dryRun": true, "items": [{ "externalId": "REVIEW-2", "notes": "only tried", "customer": { "externalId": "REVIEW-CUSTOMER", "name": "Unknown customer" } }] });
    let (_, job) = world.batch("erp-strict", "review-dry", &tried).await;
    world.wait_for_job("erp-strict", &job).await;
    let dispatcher = world.staff("nordlicht", "dispatcher").await;
    // A customer without a reference in this source system.
    let body =
        json!({ "externalId": "OTHER", "customer": { "externalId": "REVIEW-OTHER", "name": "Review Other GmbH" } });
    assert!(world.import("erp", &body).await.0.is_success());
    let chosen = world.customer("REVIEW-OTHER").await;
    let fields = [
        ("target", first.as_str()),
        ("customer", &chosen),
        ("pin", "on"),
        ("again", "on"),
    ];
    world.send(&dispatcher, "/app/fn/resolve-mapping", &fields).await;
    let path = format!("/app/targets/{second}");
    let mut html = String::new();
    for _ in 0..400 {
        html = world.get(&dispatcher, &path).await.1;
        if html.contains("Review Other GmbH") {
            break;
        }
        tokio::time::sleep(std::time::Duration::from_millis(25)).await;
    }
    assert!(
        html.contains("Review Other GmbH"),
        "{} mapped together with the first job",
        world.engine
    );
    assert!(html.contains("as imported"));
    let main = html.split("<main").nth(1).unwrap();
    let details = main.split("Imports of this job").next().unwrap();
    assert!(
        details.contains("as imported") && !details.contains("only tried"),
        "{details}"
    );
    let (_, page) = world
        .call("erp-strict", Method::GET, "/api/v1/import-jobs?limit=1", None)
        .await;
    let items = world.items("erp-strict", &page["data"][0], "").await;
    assert_ne!(items[0]["outcome"], "failed", "{items:?}");
}

#[rstest]
#[case::sqlite(Engine::Sqlite)]
#[case::postgres(Engine::Postgres)]
#[tokio::test]
async fn mapping_review_links_normalized_ids_and_no_placeholders(#[case] engine: Engine) {
    let Some(world) = world(engine).await else { return };
    let dispatcher = world.staff("nordlicht", "dispatcher").await;
    for (index, sent, kept) in [(1, "Mu\u{308}ller-1", Some("M\u{fc}ller-1")), (2, "n/a", None)] {
        let target = world.import_for_review(&format!("PIN-{index}"), sent, "x").await;
        let name = format!("Pinned {index} GmbH");
        let body = json!({ "externalId": format!("PIN-OTHER-{index}"), "customer": { "externalId": format!("PIN-C-{index}"), "name": name } });
        assert!(world.import("erp", &body).await.0.is_success());
        let chosen = world.customer(&format!("PIN-C-{index}")).await;
        let page = world
            .get(&dispatcher, &format!("/app/imports/mapping/{target}?q=Pinned"))
            .await
            .1;
        assert_eq!(page.contains("name=\"pin\""), kept.is_some(), "{sent}");
        let fields = [("target", target.as_str()), ("customer", &chosen), ("pin", "on")];
        world.send(&dispatcher, "/app/fn/resolve-mapping", &fields).await;
        let (_, list) = world
            .call(
                "erp-strict",
                Method::GET,
                "/api/v1/mappings?type=customer&limit=200",
                None,
            )
            .await;
        let found: Vec<&Value> = list["data"]
            .as_array()
            .unwrap()
            .iter()
            .filter(|line| line["id"] == chosen.as_str())
            .collect();
        assert_eq!(
            found.first().map(|line| line["externalId"].as_str().unwrap()),
            kept,
            "{list}"
        );
    }
    // The next import finds the linked ID in both Unicode forms.
    let again =
        json!({ "externalId": "PIN-NEXT", "customer": { "externalId": "Mu\u{308}ller-1", "name": "Pinned 1 GmbH" } });
    let (_, answer) = world.import("erp-strict", &again).await;
    assert_eq!(answer["mapping"]["customer"]["rule"], "C6", "{} {answer}", world.engine);
}

/// Returns the references of a type that a client can read, as (external ID, record ID).
async fn references(world: &World, client: &str, kind: &str) -> Vec<(String, String)> {
    let path = format!("/api/v1/mappings?type={kind}&limit=200");
    let (_, list) = world.call(client, Method::GET, &path, None).await;
    let text = |line: &Value, member: &str| line[member].as_str().unwrap().to_owned();
    list["data"]
        .as_array()
        .unwrap()
        .iter()
        .map(|line| (text(line, "externalId"), text(line, "id")))
        // The demo data has references of its own.
        .filter(|(external_id, _)| ["PARTS-", "WRONG-"].iter().any(|start| external_id.starts_with(start)))
        .collect()
}

/// Returns the ID of the record with this external ID in `erp`.
async fn record(world: &World, kind: &str, external_id: &str) -> String {
    let (_, page) = world
        .call(
            "erp",
            Method::GET,
            &format!("/api/v1/{kind}?externalId={external_id}"),
            None,
        )
        .await;
    page["data"][0]["id"].as_str().unwrap().to_owned()
}

#[rstest]
#[case::sqlite(Engine::Sqlite)]
#[case::postgres(Engine::Postgres)]
#[tokio::test]
async fn mapping_review_links_location_and_contact_of_customer_only(#[case] engine: Engine) {
    let Some(world) = world(engine).await else { return };
    let dispatcher = world.staff("nordlicht", "dispatcher").await;
    let body = |job: &str| {
        json!({ "externalId": job, "customer": { "externalId": "PARTS-C", "name": "Unknown customer" },
            "location": { "externalId": "PARTS-L", "name": "Somewhere" }, "contact": { "externalId": "PARTS-K", "displayName": "Some One" } })
    };
    let (_, answer) = world.import("erp-strict", &body("PARTS-1")).await;
    let target = answer["targetId"].as_str().unwrap().to_owned();
    let home = json!({ "externalId": "PARTS-HOME", "customer": { "externalId": "PARTS-HC", "name": "Parts Home GmbH" },
        "location": { "externalId": "PARTS-HL", "name": "Home" }, "contact": { "externalId": "PARTS-HK", "displayName": "Home Person" } });
    assert!(world.import("erp", &home).await.0.is_success());
    let customer = world.customer("PARTS-HC").await;
    let location = record(&world, "locations", "PARTS-HL").await;
    let contact = record(&world, "contacts", "PARTS-HK").await;
    // A location of another customer is rejected, and nothing is linked.
    let made = json!({ "externalId": "PARTS-OTHER", "customer": { "externalId": "PARTS-OC", "name": "Parts Other GmbH" }, "location": { "externalId": "PARTS-OL", "name": "Other" } });
    assert!(world.import("erp", &made).await.0.is_success());
    let foreign = record(&world, "locations", "PARTS-OL").await;
    let fields = |location: &str| -> Vec<(&'static str, String)> {
        vec![
            ("target", target.clone()),
            ("customer", customer.clone()),
            ("location", location.to_owned()),
            ("contact", contact.clone()),
            ("pin_location", "on".to_owned()),
            ("pin_contact", "on".to_owned()),
        ]
    };
    let send = async |fields: Vec<(&'static str, String)>| {
        let fields: Vec<(&str, &str)> = fields.iter().map(|(name, value)| (*name, value.as_str())).collect();
        world.send(&dispatcher, "/app/fn/resolve-mapping", &fields).await
    };
    assert!(send(fields(&foreign)).await.contains("/app/imports/mapping/"));
    assert!(
        references(&world, "erp-strict", "location").await.is_empty(),
        "{}",
        world.engine
    );
    assert!(references(&world, "erp-strict", "contact").await.is_empty());
    let page = world
        .content(&dispatcher, &format!("/app/imports/mapping/{target}?q=Parts+Home"))
        .await;
    assert!(
        page.contains(&location) && page.contains(&contact),
        "both can be chosen"
    );
    let to = send(fields(&location)).await;
    assert!(
        to.starts_with("/app/imports/mapping") && !to.contains(&target),
        "the next case of the queue or the queue itself: {to}"
    );
    assert_eq!(
        references(&world, "erp-strict", "location").await,
        [("PARTS-L".to_owned(), location.clone())]
    );
    assert_eq!(
        references(&world, "erp-strict", "contact").await,
        [("PARTS-K".to_owned(), contact.clone())]
    );
    // Linking the customer was not selected, so its ID stays unlinked; location and contact are resolved on their
    // own.
    assert!(references(&world, "erp-strict", "customer").await.is_empty());
    let next = json!({ "externalId": "PARTS-2", "location": { "externalId": "PARTS-L" }, "contact": { "externalId": "PARTS-K" } });
    let (_, answer) = world.import("erp-strict", &next).await;
    assert_eq!(answer["mapping"]["customer"]["rule"], "L2", "{} {answer}", world.engine);
    assert_eq!(answer["mapping"]["location"]["id"], location.as_str());
    assert_eq!(answer["mapping"]["contact"]["id"], contact.as_str());
}

/// Removes a link as dispatcher.
async fn remove_link(world: &World, dispatcher: &Client, kind: &str, external_id: &str) {
    let fields = [("kind", kind), ("source", "erp"), ("external_id", external_id)];
    let next = world.send(dispatcher, "/app/fn/remove-reference", &fields).await;
    assert_eq!(next, "/app/imports/mapping");
}

#[rstest]
#[case::sqlite(Engine::Sqlite)]
#[case::postgres(Engine::Postgres)]
#[tokio::test]
async fn customer_link_removed_reverts_its_imports(#[case] engine: Engine) {
    let Some(world) = world(engine).await else { return };
    let dispatcher = world.staff("nordlicht", "dispatcher").await;
    let body = |job: &str, part: &str| {
        json!({ "externalId": job, "customer": { "externalId": "WRONG-C", "name": "Wrong GmbH" },
            "location": { "externalId": format!("WRONG-L{part}"), "name": format!("Wrong place {part}") },
            "contact": { "externalId": format!("WRONG-K{part}"), "displayName": format!("Wrong person {part}") } })
    };
    for (job, part) in [("WRONG-1", "1"), ("WRONG-2", "2")] {
        assert!(world.import("erp", &body(job, part)).await.0.is_success());
    }
    // Imported without a customer, it was mapped to the wrong one by its location.
    let followed = json!({ "externalId": "WRONG-F", "location": { "externalId": "WRONG-L1" } });
    let followed = world.import("erp", &followed).await.1;
    assert_eq!(followed["mapping"]["customer"]["rule"], "L2", "{followed}");
    let wrong = world.customer("WRONG-C").await;
    // The second job is completed, so its location and contact are kept.
    world
        .sql("UPDATE target SET status = 'completed' WHERE external_id = 'WRONG-2'")
        .await;
    let page = world
        .content(
            &dispatcher,
            "/app/imports/references?type=customer&source=erp&id=WRONG-C",
        )
        .await;
    for part in [
        "WRONG-1", "WRONG-2", "WRONG-F", "WRONG-L1", "WRONG-L2", "WRONG-K1", "WRONG-K2",
    ] {
        assert!(page.contains(part), "{part} was imported through the link");
    }
    remove_link(&world, &dispatcher, "customer", "WRONG-C").await;
    for (kind, external_id) in [
        ("customer", "WRONG-C"),
        ("location", "WRONG-L1"),
        ("location", "WRONG-L2"),
        ("contact", "WRONG-K1"),
        ("contact", "WRONG-K2"),
    ] {
        let left = references(&world, "erp", kind).await;
        assert!(
            left.iter().all(|(id, _)| id != external_id),
            "{external_id} is still linked"
        );
    }
    let page = world.content(&dispatcher, &format!("/app/customers/{wrong}")).await;
    for (name, stays) in [
        ("Wrong place 2", true),
        ("Wrong person 2", true),
        ("Wrong place 1", false),
        ("Wrong person 1", false),
    ] {
        assert_eq!(
            page.contains(name),
            stays,
            "{} {name}: completed jobs keep their records",
            world.engine
        );
    }
    // The same import creates customer, location and contact again, without a mismatch.
    let again = json!({ "externalId": "WRONG-3", "customer": { "externalId": "RIGHT-C", "name": "Right GmbH" },
        "location": { "externalId": "WRONG-L1", "name": "Right place" }, "contact": { "externalId": "WRONG-K1", "displayName": "Right person" } });
    let (_, answer) = world.import("erp", &again).await;
    assert_eq!(answer["mapping"]["location"]["rule"], "L5", "{} {answer}", world.engine);
    assert_eq!(answer["mapping"]["contact"]["rule"], "K3", "{answer}");
}

#[rstest]
#[case::sqlite(Engine::Sqlite)]
#[case::postgres(Engine::Postgres)]
#[tokio::test]
async fn location_and_contact_links_removed_keep_customer(#[case] engine: Engine) {
    let Some(world) = world(engine).await else { return };
    let dispatcher = world.staff("nordlicht", "dispatcher").await;
    let body = json!({ "externalId": "PLACE-1", "customer": { "externalId": "CUST-10042" },
        "location": { "externalId": "PLACE-L", "name": "Place" }, "contact": { "externalId": "PLACE-K", "displayName": "Kim Place" } });
    let (_, answer) = world.import("erp", &body).await;
    let target = answer["targetId"].as_str().unwrap();
    let read = async || {
        world
            .call("erp", Method::GET, &format!("/api/v1/targets/{target}"), None)
            .await
            .1
    };
    remove_link(&world, &dispatcher, "contact", "PLACE-K").await;
    let page = world.content(&dispatcher, &format!("/app/targets/{target}")).await;
    assert!(
        !page.contains("Kim Place"),
        "{} the contact is gone from the job",
        world.engine
    );
    assert_eq!(read().await["needsMapping"], false, "a missing contact needs no review");
    remove_link(&world, &dispatcher, "location", "PLACE-L").await;
    assert_eq!(read().await["needsMapping"], true, "a missing location needs review");
    let page = world.content(&dispatcher, &format!("/app/targets/{target}")).await;
    assert!(page.contains("Rhein-Ruhr Medical Supply"), "the customer stays");
    for (kind, id) in [
        ("location", "PLACE-L"),
        ("contact", "PLACE-K"),
        ("customer", "NOT-THERE"),
        ("nonsense", "PLACE-L"),
    ] {
        let (status, _) = world
            .get(
                &dispatcher,
                &format!("/app/imports/references?type={kind}&source=erp&id={id}"),
            )
            .await;
        assert_eq!(status, 404, "{kind} {id}");
    }
}

#[rstest]
#[case::sqlite(Engine::Sqlite)]
#[case::postgres(Engine::Postgres)]
#[tokio::test]
async fn mapping_decision_shows_records_found(#[case] engine: Engine) {
    let Some(world) = world(engine).await else { return };
    let dispatcher = world.staff("nordlicht", "dispatcher").await;
    let made = json!({ "externalId": "KEPT-1", "customer": { "externalId": "KEPT-C", "name": "Kept GmbH" },
        "location": { "externalId": "KEPT-L", "name": "Kept place" }, "contact": { "externalId": "KEPT-K", "displayName": "Kept person" } });
    assert!(world.import("erp", &made).await.0.is_success());
    // Both belong to Kept GmbH, so the rules reject them for this customer; the page names the records found.
    let body = json!({ "externalId": "KEPT-2", "customer": { "externalId": "CUST-10042" }, "location": { "externalId": "KEPT-L" }, "contact": { "externalId": "KEPT-K" } });
    let (_, answer) = world.import("erp", &body).await;
    assert_eq!(answer["mapping"]["location"]["rule"], "L4", "{answer}");
    assert_eq!(answer["mapping"]["contact"]["rule"], "K1", "{answer}");
    let target = answer["targetId"].as_str().unwrap();
    let page = world
        .content(&dispatcher, &format!("/app/imports/mapping/{target}"))
        .await;
    for words in [
        "Location found by external ID:",
        "Kept place",
        "Contact found by external ID:",
        "Kept person",
        "Existing links",
    ] {
        assert!(page.contains(words), "{} {words}", world.engine);
    }
    // Items without a mapping decision also show their rule.
    let items = json!([{ "externalId": "KEPT-3", "notes": "a" }, { "externalId": "KEPT-3", "notes": "a" }, { "externalId": "KEPT-3", "notes": "b" }]);
    let (_, job) = world.batch("erp", "kept-batch", &json!({ "items": items })).await;
    let job = world.wait_for_job("erp", &job).await;
    let page = world
        .content(&dispatcher, &format!("/app/imports/{}", job["id"].as_str().unwrap()))
        .await;
    for rule in ["(T1)", "(T9)", "(T10)"] {
        assert!(page.contains(rule), "{} {rule}", world.engine);
    }
}
