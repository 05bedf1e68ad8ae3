//! The warning desk: a person decides once, what was held follows, and a wrong link is taken back with all that came of it.

use crate::support::{World, world};
use ordinavo_core::Engine;
use reqwest::{Client, Method};
use rstest::rstest;
use serde_json::{Value, json};

#[rstest]
#[case::sqlite(Engine::Sqlite)]
#[case::postgres(Engine::Postgres)]
#[tokio::test]
async fn the_desk_repeats_what_was_imported_and_not_what_was_tried(#[case] engine: Engine) {
    let Some(world) = world(engine).await else { return };
    let first = world.held("DESK-1", "DESK-CUSTOMER", "first").await;
    let second = world.held("DESK-2", "DESK-CUSTOMER", "as imported").await;
    let tried = json!({ "dryRun": true, "items": [{ "externalId": "DESK-2", "notes": "only tried", "customer": { "externalId": "DESK-CUSTOMER", "name": "Somebody" } }] });
    let (_, job) = world.batch("erp-strict", "desk-dry", &tried).await;
    world.ended("erp-strict", &job).await;
    let dispatcher = world.staff("nordlicht", "dispatcher").await;
    // A customer that has no reference in this source.
    let body = json!({ "externalId": "OTHER", "customer": { "externalId": "DESK-OTHER", "name": "Desk Other GmbH" } });
    assert!(world.import("erp", &body).await.0.is_success());
    let chosen = world.customer("DESK-OTHER").await;
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
        if html.contains("Desk Other GmbH") {
            break;
        }
        tokio::time::sleep(std::time::Duration::from_millis(25)).await;
    }
    assert!(
        html.contains("Desk Other GmbH"),
        "{} linked with the other one",
        world.engine
    );
    assert!(html.contains("as imported"));
    let main = html.split("<main").nth(1).unwrap();
    let details = main.split("imports-of-job").next().unwrap();
    assert!(!details.contains("only tried") || details.matches("as imported").count() > 0);
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
async fn the_desk_pins_ids_as_they_are_looked_up_and_never_a_blank(#[case] engine: Engine) {
    let Some(world) = world(engine).await else { return };
    let dispatcher = world.staff("nordlicht", "dispatcher").await;
    for (index, sent, kept) in [(1, "Mu\u{308}ller-1", Some("M\u{fc}ller-1")), (2, "n/a", None)] {
        let target = world.held(&format!("PIN-{index}"), sent, "x").await;
        let name = format!("Pinned {index} GmbH");
        let body = json!({ "externalId": format!("PIN-OTHER-{index}"), "customer": { "externalId": format!("PIN-C-{index}"), "name": name } });
        assert!(world.import("erp", &body).await.0.is_success());
        let chosen = world.customer(&format!("PIN-C-{index}")).await;
        let page = world
            .get(&dispatcher, &format!("/app/imports/desk/{target}?q=Pinned"))
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
    // What was pinned is found by the next import, in either form.
    let again =
        json!({ "externalId": "PIN-NEXT", "customer": { "externalId": "Mu\u{308}ller-1", "name": "Pinned 1 GmbH" } });
    let (_, answer) = world.import("erp-strict", &again).await;
    assert_eq!(answer["mapping"]["customer"]["rule"], "C6", "{} {answer}", world.engine);
}

/// The references of a kind that a client sees, as `external id -> record`.
async fn references(world: &World, client: &str, kind: &str) -> Vec<(String, String)> {
    let path = format!("/api/v1/mappings?type={kind}&limit=200");
    let (_, list) = world.call(client, Method::GET, &path, None).await;
    let text = |line: &Value, member: &str| line[member].as_str().unwrap().to_owned();
    list["data"]
        .as_array()
        .unwrap()
        .iter()
        .map(|line| (text(line, "externalId"), text(line, "id")))
        // The demo has references of its own.
        .filter(|(external_id, _)| ["PARTS-", "WRONG-"].iter().any(|start| external_id.starts_with(start)))
        .collect()
}

/// The record behind an external id of `erp`.
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
async fn the_desk_pins_location_and_contact_too_and_refuses_those_of_others(#[case] engine: Engine) {
    let Some(world) = world(engine).await else { return };
    let dispatcher = world.staff("nordlicht", "dispatcher").await;
    let body = |job: &str| {
        json!({ "externalId": job, "customer": { "externalId": "PARTS-C", "name": "Somebody" },
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
    // A location of somebody else is refused, and nothing is pinned.
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
    assert!(send(fields(&foreign)).await.contains("/app/imports/desk/"));
    assert!(
        references(&world, "erp-strict", "location").await.is_empty(),
        "{}",
        world.engine
    );
    assert!(references(&world, "erp-strict", "contact").await.is_empty());
    let page = world
        .content(&dispatcher, &format!("/app/imports/desk/{target}?q=Parts+Home"))
        .await;
    assert!(
        page.contains(&location) && page.contains(&contact),
        "both can be chosen"
    );
    assert!(send(fields(&location)).await.contains("/app/targets/"));
    assert_eq!(
        references(&world, "erp-strict", "location").await,
        [("PARTS-L".to_owned(), location.clone())]
    );
    assert_eq!(
        references(&world, "erp-strict", "contact").await,
        [("PARTS-K".to_owned(), contact.clone())]
    );
    // Nobody asked to pin the customer, so its id still stands for nobody; the parts decide by themselves.
    assert!(references(&world, "erp-strict", "customer").await.is_empty());
    let next = json!({ "externalId": "PARTS-2", "location": { "externalId": "PARTS-L" }, "contact": { "externalId": "PARTS-K" } });
    let (_, answer) = world.import("erp-strict", &next).await;
    assert_eq!(answer["mapping"]["customer"]["rule"], "L2", "{} {answer}", world.engine);
    assert_eq!(answer["mapping"]["location"]["id"], location.as_str());
    assert_eq!(answer["mapping"]["contact"]["id"], contact.as_str());
}

/// Undoes a link as a dispatcher.
async fn undo(world: &World, dispatcher: &Client, kind: &str, external_id: &str) {
    let fields = [("kind", kind), ("source", "erp"), ("external_id", external_id)];
    let next = world.send(dispatcher, "/app/fn/undo-link", &fields).await;
    assert_eq!(next, "/app/imports/desk");
}

#[rstest]
#[case::sqlite(Engine::Sqlite)]
#[case::postgres(Engine::Postgres)]
#[tokio::test]
async fn what_came_with_a_wrong_customer_goes_with_it(#[case] engine: Engine) {
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
    // Sent without a customer, it followed the place to the wrong one.
    let followed = json!({ "externalId": "WRONG-F", "location": { "externalId": "WRONG-L1" } });
    let followed = world.import("erp", &followed).await.1;
    assert_eq!(followed["mapping"]["customer"]["rule"], "L2", "{followed}");
    let wrong = world.customer("WRONG-C").await;
    // The second job is done, so its place and person stay with it.
    world
        .sql("UPDATE target SET status = 'completed' WHERE external_id = 'WRONG-2'")
        .await;
    let page = world
        .content(&dispatcher, "/app/imports/links?type=customer&source=erp&id=WRONG-C")
        .await;
    for part in [
        "WRONG-1", "WRONG-2", "WRONG-F", "WRONG-L1", "WRONG-L2", "WRONG-K1", "WRONG-K2",
    ] {
        assert!(page.contains(part), "{part} came through the link");
    }
    undo(&world, &dispatcher, "customer", "WRONG-C").await;
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
            "{external_id} stands for nothing"
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
            "{} {name}: finished work keeps what it has",
            world.engine
        );
    }
    // The same sent again makes customer, place and person where they belong, without a mismatch.
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
async fn a_wrong_location_or_contact_is_taken_back_and_the_customer_stays(#[case] engine: Engine) {
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
    undo(&world, &dispatcher, "contact", "PLACE-K").await;
    let page = world.content(&dispatcher, &format!("/app/targets/{target}")).await;
    assert!(
        !page.contains("Kim Place"),
        "{} the contact is gone from the job",
        world.engine
    );
    assert_eq!(read().await["needsMapping"], false, "whom to call can be found out");
    undo(&world, &dispatcher, "location", "PLACE-L").await;
    assert_eq!(read().await["needsMapping"], true, "a person must say where it is");
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
                &format!("/app/imports/links?type={kind}&source=erp&id={id}"),
            )
            .await;
        assert_eq!(status, 404, "{kind} {id}");
    }
}

#[rstest]
#[case::sqlite(Engine::Sqlite)]
#[case::postgres(Engine::Postgres)]
#[tokio::test]
async fn the_decision_keeps_what_the_rules_looked_at(#[case] engine: Engine) {
    let Some(world) = world(engine).await else { return };
    let dispatcher = world.staff("nordlicht", "dispatcher").await;
    let made = json!({ "externalId": "KEPT-1", "customer": { "externalId": "KEPT-C", "name": "Kept GmbH" },
        "location": { "externalId": "KEPT-L", "name": "Kept place" }, "contact": { "externalId": "KEPT-K", "displayName": "Kept person" } });
    assert!(world.import("erp", &made).await.0.is_success());
    // Both belong to Kept GmbH, so the rules refuse them here and say whose they are.
    let body = json!({ "externalId": "KEPT-2", "customer": { "externalId": "CUST-10042" }, "location": { "externalId": "KEPT-L" }, "contact": { "externalId": "KEPT-K" } });
    let (_, answer) = world.import("erp", &body).await;
    assert_eq!(answer["mapping"]["location"]["rule"], "L4", "{answer}");
    assert_eq!(answer["mapping"]["contact"]["rule"], "K1", "{answer}");
    let target = answer["targetId"].as_str().unwrap();
    let page = world.content(&dispatcher, &format!("/app/imports/desk/{target}")).await;
    for words in [
        "Location found by external ID:",
        "Kept place",
        "Contact found by external ID:",
        "Kept person",
        "Existing links",
    ] {
        assert!(page.contains(words), "{} {words}", world.engine);
    }
    // An item that was not decided about says why, too.
    let items = json!([{ "externalId": "KEPT-3", "notes": "a" }, { "externalId": "KEPT-3", "notes": "a" }, { "externalId": "KEPT-3", "notes": "b" }]);
    let (_, job) = world.batch("erp", "kept-batch", &json!({ "items": items })).await;
    let job = world.ended("erp", &job).await;
    let page = world
        .content(&dispatcher, &format!("/app/imports/{}", job["id"].as_str().unwrap()))
        .await;
    for rule in ["(T1)", "(T9)", "(T10)"] {
        assert!(page.contains(rule), "{} {rule}", world.engine);
    }
}
