//! Classification rules over HTTP: tested before they are enabled, and named on the requests that they classify.

use crate::support::forms::hidden;
use crate::support::public::COMPLETE;
use crate::support::{SAME_ORIGIN, World, world_at};
use chrono::{TimeZone as _, Utc};
use ordinavo_core::Engine;
use ordinavo_core::clock::Clock;
use reqwest::multipart::Form;
use reqwest::{Client, Method, StatusCode};
use rstest::rstest;
use serde_json::json;

fn monday() -> Clock {
    Clock::manual(Utc.with_ymd_and_hms(2026, 11, 23, 8, 30, 0).single().unwrap())
}

/// Saves a rule and returns the redirect path.
async fn save(world: &World, admin: &Client, fields: &[(&str, &str)]) -> String {
    let form = fields.iter().fold(Form::new(), |form, (name, value)| {
        form.text((*name).to_owned(), (*value).to_owned())
    });
    let answer = admin
        .post(format!("{}/app/fn/save-rule", world.url))
        .header(SAME_ORIGIN.0, SAME_ORIGIN.1)
        .header("accept", "text/html")
        .multipart(form)
        .send()
        .await
        .unwrap();
    assert_eq!(answer.status(), StatusCode::SEE_OTHER);
    answer.headers()["location"].to_str().unwrap().to_owned()
}

/// Submits a form with this description and postal code and returns the path of the request page.
async fn request(world: &World, staff: &Client, description: &str, code: &str) -> String {
    let mut fields = COMPLETE.to_vec();
    fields[1] = ("description", description);
    fields[5] = ("postal_code", code);
    world.submit(&fields, &[]).await;
    world.in_inbox(staff, description).await
}

#[rstest]
#[case::sqlite(Engine::Sqlite)]
#[case::postgres(Engine::Postgres)]
#[tokio::test]
async fn rule_tested_and_enabled_classifies_new_requests(#[case] engine: Engine) {
    let Some(world) = world_at(engine, monday()).await else {
        return;
    };
    let admin = world.staff("nordlicht", "admin").await;
    let staff = world.staff("nordlicht", "dispatcher").await;
    let before = request(&world, &staff, "Zeta boiler drips a little", "99423").await;
    let rule = save(
        &world,
        &admin,
        &[
            ("name", "Boilers in Weimar"),
            ("words", "boiler\n*kessel"),
            ("postal_codes", "99423-99427"),
            ("channel_web_form", "on"),
            ("region", "Weimar"),
            ("use_case", "Boiler"),
            ("set_priority", "high"),
            ("set_service", "maintenance"),
        ],
    )
    .await;
    let id = rule.rsplit('/').next().unwrap().to_owned();
    let about = [("id", id.as_str())];
    let on = [("id", id.as_str()), ("on", "on")];
    // A rule cannot be enabled before it is tested, even with a direct request.
    world.send(&admin, "/app/fn/set-rule-enabled", &on).await;
    assert!(
        world.content(&admin, &rule).await.contains("role=\"alert\""),
        "the rule was not tested"
    );
    world.send(&admin, "/app/fn/test-rule", &about).await;
    let tried = world.content(&admin, &rule).await;
    assert!(tried.contains("Matches 1 of"));
    assert!(tried.contains("word: boiler") && tried.contains("postal code: 99423-99427"));
    assert!(
        tried.contains("<s><bdi>Normal</bdi></s>") && tried.contains("<bdi>High</bdi>"),
        "{tried}"
    );
    // A test run changes nothing.
    assert!(!world.content(&staff, &before).await.contains("Boilers in Weimar"));

    world.send(&admin, "/app/fn/set-rule-enabled", &on).await;
    let after = request(&world, &staff, "Zeta heizkessel does not start", "99425").await;
    let page = world.content(&staff, &after).await;
    assert!(
        page.contains("Weimar") && page.contains("by rule “Boilers in Weimar”"),
        "{page}"
    );
    assert!(page.contains("chosen by sender: Repair") && page.contains("chosen by sender: Normal"));
    let shows = async |query: &str, path: &str| {
        let id = path.rsplit('/').next().unwrap();
        world.content(&staff, &format!("/app/inbox?{query}")).await.contains(id)
    };
    assert!(shows("region=Weimar", &after).await && !shows("region=Weimar", &before).await);
    assert!(shows("region=Weimar&priority=high&service=maintenance", &after).await);
    assert!(!shows("region=Essen", &after).await);
    // A request that matches no rule stays unchanged.
    let other = request(&world, &staff, "Zeta boiler elsewhere", "20095").await;
    assert!(!world.content(&staff, &other).await.contains("by rule “"));

    // Changing a rule disables it.
    let changed = [
        ("id", id.as_str()),
        ("name", "Renamed"),
        ("words", "zeta"),
        ("region", "Jena"),
    ];
    save(&world, &admin, &changed).await;
    let rests = request(&world, &staff, "Zeta pump rests", "99423").await;
    assert!(!world.content(&staff, &rests).await.contains("by rule “"));
    world.send(&admin, "/app/fn/set-rule-enabled", &on).await;
    assert!(
        world.content(&admin, &rule).await.contains("role=\"alert\""),
        "the rule was not tested"
    );
    // A page that shows an earlier version changes nothing.
    let version = hidden(&world.content(&admin, &rule).await, "version").unwrap();
    let changed = [
        ("id", id.as_str()),
        ("name", "Renamed"),
        ("version", &version),
        ("region", "Jena"),
    ];
    save(&world, &admin, &changed).await;
    for path in ["save-rule", "test-rule", "set-rule-enabled"] {
        let stale = [
            ("id", id.as_str()),
            ("name", "Stale"),
            ("version", &version),
            ("region", "Gera"),
        ];
        if path == "save-rule" {
            save(&world, &admin, &stale).await;
        } else {
            world.send(&admin, &format!("/app/fn/{path}"), &stale).await;
        }
        let page = world.content(&admin, &rule).await;
        assert!(page.contains("data-code=\"concurrent_modification\""), "{path}: {page}");
        assert!(page.contains("Renamed"), "{path}: {page}");
    }
    // A deleted rule is gone; requests keep its values and its name.
    world.send(&admin, "/app/fn/delete-rule", &about).await;
    assert_eq!(world.get(&admin, &rule).await.0, StatusCode::NOT_FOUND);
    assert!(world.content(&staff, &after).await.contains("Boilers in Weimar"));
}

#[rstest]
#[case::sqlite(Engine::Sqlite)]
#[case::postgres(Engine::Postgres)]
#[tokio::test]
async fn rule_order_decides_and_partner_values_stay(#[case] engine: Engine) {
    let Some(world) = world_at(engine, monday()).await else {
        return;
    };
    let admin = world.staff("nordlicht", "admin").await;
    let staff = world.staff("nordlicht", "dispatcher").await;
    let mut rules = Vec::new();
    for (name, region) in [("First", "North"), ("Second", "South")] {
        let fields = [
            ("name", name),
            ("words", "kappa"),
            ("region", region),
            ("set_priority", "urgent"),
        ];
        let rule = save(&world, &admin, &fields).await;
        let id = rule.rsplit('/').next().unwrap().to_owned();
        world.send(&admin, "/app/fn/test-rule", &[("id", id.as_str())]).await;
        let on = [("id", id.as_str()), ("on", "on")];
        world.send(&admin, "/app/fn/set-rule-enabled", &on).await;
        rules.push((rule, id));
    }
    let first = request(&world, &staff, "Kappa one", "20095").await;
    assert!(world.content(&staff, &first).await.contains("by rule “First”"));
    assert!(
        world
            .content(&admin, &rules[1].0)
            .await
            .contains("Already decided by an earlier rule: First"),
        "the test names the earlier rule"
    );
    let list = world.content(&admin, "/app/settings/rules").await;
    let order = hidden(&list, "order").unwrap();
    let earlier = [
        ("id", rules[1].1.as_str()),
        ("order", order.as_str()),
        ("way", "earlier"),
    ];
    world.send(&admin, "/app/fn/move-rule", &earlier).await;
    // The same button of a page that shows the earlier order would swap other rules.
    world.send(&admin, "/app/fn/move-rule", &earlier).await;
    let refused = world.content(&admin, "/app/settings/rules").await;
    assert!(refused.contains("data-code=\"concurrent_modification\""), "{refused}");
    let second = request(&world, &staff, "Kappa two", "20095").await;
    let page = world.content(&staff, &second).await;
    assert!(page.contains("by rule “Second”") && !page.contains("by rule “First”"));

    // The priority sent by a partner stays; the region is added.
    let body = json!({
        "serviceType": "repair", "priority": "low", "description": "Kappa from a partner",
        "customer": { "customerNumber": "RRM-001" }
    });
    let answer = world
        .api(Method::POST, "/api/v1/requests", &world.key("nordlicht", "erp"))
        .header("idempotency-key", "kappa")
        .json(&body)
        .send()
        .await
        .unwrap();
    assert_eq!(answer.status(), StatusCode::CREATED);
    let answer: serde_json::Value = answer.json().await.unwrap();
    assert_eq!(answer["priority"], "low");
    let inside = world.in_inbox(&staff, "Kappa from a partner").await;
    assert!(world.content(&staff, &inside).await.contains("by rule “Second”"));
    assert!(!answer.to_string().contains("South"), "regions are internal");

    // Invalid input is shown at its field and kept.
    let wrong = [("name", "Wrong"), ("postal_codes", "45359-45000"), ("region", "East")];
    let back = save(&world, &admin, &wrong).await;
    let form = world.content(&admin, &back).await;
    assert!(
        form.contains("45000-45359 per line") && form.contains("value=\"East\""),
        "{form}"
    );
    let nothing = save(&world, &admin, &[("name", "Nothing"), ("words", "kappa")]).await;
    assert!(
        world
            .content(&admin, &nothing)
            .await
            .contains("Choose what the rule sets")
    );
}

#[rstest]
#[case::sqlite(Engine::Sqlite)]
#[case::postgres(Engine::Postgres)]
#[tokio::test]
async fn customer_location_assigned_adds_region(#[case] engine: Engine) {
    let Some(world) = world_at(engine, monday()).await else {
        return;
    };
    let staff = world.staff("nordlicht", "dispatcher").await;
    let inside = request(&world, &staff, "Lambda without a known place", "20095").await;
    assert!(!world.content(&staff, &inside).await.contains("by rule “"));
    let customer = world.customer("CUST-10042").await;
    let (_, places) = world
        .call("erp", Method::GET, "/api/v1/locations?externalId=LOC-ESSEN-01", None)
        .await;
    let location = places["data"][0]["id"].as_str().unwrap().to_owned();
    let id = inside.rsplit('/').next().unwrap();
    let whose = [
        ("request", id),
        ("customer", customer.as_str()),
        ("location", location.as_str()),
    ];
    world.send(&staff, "/app/fn/assign-customer", &whose).await;
    let page = world.content(&staff, &inside).await;
    assert!(page.contains("by rule “Essen") && page.contains("” (postal code: 45)"));
}

#[rstest]
#[case::sqlite(Engine::Sqlite)]
#[case::postgres(Engine::Postgres)]
#[tokio::test]
async fn rules_are_limited_to_administrators_of_tenant(#[case] engine: Engine) {
    let Some(world) = world_at(engine, monday()).await else {
        return;
    };
    let admin = world.staff("nordlicht", "admin").await;
    let rule = save(&world, &admin, &[("name", "Own"), ("region", "North")]).await;
    for role in ["manager", "dispatcher", "auditor", "technician"] {
        let other = world.staff("nordlicht", role).await;
        for path in ["/app/settings/rules", "/app/settings/rules/new", &rule] {
            assert_eq!(world.get(&other, path).await.0, StatusCode::FORBIDDEN, "{role} {path}");
        }
        let id = rule.rsplit('/').next().unwrap();
        world.send(&other, "/app/fn/delete-rule", &[("id", id)]).await;
    }
    // The administrator of another tenant cannot find the rule.
    let foreign = world.staff("suedwind", "admin").await;
    assert_eq!(world.get(&foreign, &rule).await.0, StatusCode::NOT_FOUND);
    let id = rule.rsplit('/').next().unwrap();
    world.send(&foreign, "/app/fn/delete-rule", &[("id", id)]).await;
    assert_eq!(world.get(&admin, &rule).await.0, StatusCode::OK);
}
