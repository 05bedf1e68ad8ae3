//! Customers, locations and contacts that staff create, edit, archive and restore.

use ordinavo_core::Engine;
use reqwest::{Client, Method, StatusCode};
use rstest::rstest;
use serde_json::json;

use crate::portal_access::access::invite;
use crate::support::forms::hidden;
use crate::support::{World, link, world};

const NEW: &str = "/app/fn/new-customer";

/// Creates a customer and returns the path of its page.
pub async fn new_customer(world: &World, staff: &Client, fields: &[(&str, &str)]) -> String {
    let to = world.send(staff, NEW, fields).await;
    assert!(to.starts_with("/app/customers/cus_"), "{to}");
    to
}

/// Returns whether a page shows an error with this code.
fn has_error(html: &str, code: &str) -> bool {
    html.contains(&format!("data-code=\"{code}\""))
}

#[rstest]
#[case::sqlite(Engine::Sqlite)]
#[case::postgres(Engine::Postgres)]
#[tokio::test]
async fn customer_is_created_with_location_and_contact(#[case] engine: Engine) {
    let Some(world) = world(engine).await else { return };
    let staff = world.staff("nordlicht", "dispatcher").await;
    let fields = [
        ("new_name", "Bäckerei Krüger"),
        ("new_number", " bk-7 "),
        ("new_street", "Lindenallee 4"),
        ("new_postal_code", "45127"),
        ("new_city", "Essen"),
        ("new_country", "ae"),
        ("new_contact", "Ute Krüger"),
        ("phone", "+49 201 55 66"),
        ("email", "ute@krueger.example"),
    ];
    let page = new_customer(&world, &staff, &fields).await;
    let html = world.content(&staff, &page).await;
    for shown in [
        "Bäckerei Krüger",
        "bk-7",
        "Lindenallee 4, 45127 Essen",
        "Ute Krüger",
        "ute@krueger.example",
    ] {
        assert!(html.contains(shown), "{} {shown}: {html}", world.engine);
    }
    assert!(
        html.contains("data-zone=\"Asia/Dubai\""),
        "the zone is that of the country"
    );
    // What is wrong is named, and what was typed is kept.
    for (field, value, code) in [
        ("new_name", " ", "required"),
        ("new_number", "BK-7", "taken"),
        ("new_number", "a\u{200b}b", "invalid_character"),
        ("new_country", "Germany", "invalid_country"),
        ("email", "no address", "invalid_email"),
        ("new_contact", "", "required"),
        ("new_city", &"x".repeat(101), "value_too_long"),
    ] {
        let mut other: Vec<(&str, &str)> = vec![
            ("new_name", "Metzgerei Sommer"),
            ("new_number", "MS-1"),
            ("new_contact", "Ida Sommer"),
            ("phone", "0201 77"),
        ];
        match other.iter_mut().find(|(name, _)| *name == field) {
            Some(entry) => entry.1 = value,
            None => other.push((field, value)),
        }
        assert_eq!(world.send(&staff, NEW, &other).await, "/app/customers/new");
        let html = world.content(&staff, "/app/customers/new").await;
        assert!(has_error(&html, code), "{} {field}={value}: {html}", world.engine);
        let kept = if field == "new_name" {
            "MS-1"
        } else {
            "Metzgerei Sommer"
        };
        assert!(html.contains(&format!("value=\"{kept}\"")), "{field}: {html}");
    }
    let count = world
        .texts("SELECT name FROM customer WHERE name = 'Metzgerei Sommer'")
        .await;
    assert!(count.is_empty(), "nothing is half-written");
}

#[rstest]
#[case::sqlite(Engine::Sqlite)]
#[case::postgres(Engine::Postgres)]
#[tokio::test]
async fn similar_customers_are_shown_and_must_be_confirmed(#[case] engine: Engine) {
    let Some(world) = world(engine).await else { return };
    let staff = world.staff("nordlicht", "manager").await;
    let original = [
        ("new_name", "Möller Heizung GmbH"),
        ("new_street", "Ringstraße 9"),
        ("new_postal_code", "50667"),
        ("new_contact", "Jo Möller"),
        ("phone", "0221 4711"),
        ("email", "Jo@Moeller.example"),
    ];
    let page = new_customer(&world, &staff, &original).await;
    let long = format!("new_name={}", "a".repeat(60_000));
    // While typing: the page shows what is similar to its query, without anything being saved.
    for (query, is_similar) in [
        ("new_name=m%C3%B6ller", true),
        ("new_name=M%C3%96LLER+Heizung+AG", true),
        ("new_name=m%C3%B6", false),
        ("email=jo%40moeller.example", true),
        ("phone=0221+4711", true),
        ("new_street=ringstra%C3%9Fe+9&new_postal_code=50667", true),
        ("new_street=ringstra%C3%9Fe+9&new_postal_code=50668", false),
        ("new_name=100%25", false),
        (long.as_str(), false),
        ("", false),
    ] {
        let html = world.content(&staff, &format!("/app/customers/new?{query}")).await;
        assert_eq!(
            html.contains(&format!("href=\"{page}\"")),
            is_similar,
            "{} {query}",
            world.engine
        );
    }
    // Saved: name, person or address must be confirmed, a part of a name need not.
    for (fields, must_confirm) in [
        (vec![("new_name", "möller  heizung gmbh")], true),
        (
            vec![
                ("new_name", "Other Person"),
                ("new_contact", "Jo"),
                ("email", "jo@moeller.example"),
            ],
            true,
        ),
        (vec![("new_name", "Möller Heizung")], false),
    ] {
        let to = world.send(&staff, NEW, &fields).await;
        assert_eq!(to == "/app/customers/new", must_confirm, "{} {fields:?}", world.engine);
        if must_confirm {
            let html = world.content(&staff, &to).await;
            assert!(has_error(&html, "possible_duplicate"), "{html}");
            assert!(
                html.contains(&format!("href=\"{page}\"")) && html.contains("name=\"is_other\""),
                "{html}"
            );
            let mut confirmed = fields.clone();
            confirmed.push(("is_other", "on"));
            new_customer(&world, &staff, &confirmed).await;
        }
    }
    // Customers of another organization are never similar.
    let foreign = world.staff("suedwind", "admin").await;
    let html = world
        .content(&foreign, "/app/customers/new?new_name=M%C3%B6ller+Heizung+GmbH")
        .await;
    assert!(!html.contains("Möller Heizung GmbH</bdi>"), "{html}");
}

#[rstest]
#[case::sqlite(Engine::Sqlite)]
#[case::postgres(Engine::Postgres)]
#[tokio::test]
async fn edits_are_kept_with_author_and_old_forms_are_refused(#[case] engine: Engine) {
    let Some(world) = world(engine).await else { return };
    let staff = world.staff("nordlicht", "dispatcher").await;
    let fields = [
        ("new_name", "Nordhof"),
        ("new_street", "Am Hof 1"),
        ("new_contact", "Kim"),
    ];
    let page = new_customer(&world, &staff, &fields).await;
    let customer = page.rsplit('/').next().unwrap().to_owned();
    let version = hidden(&world.content(&staff, &format!("{page}/edit")).await, "version").unwrap();
    let edit = [
        ("customer", customer.as_str()),
        ("version", &version),
        ("name", "Nordhof KG"),
        ("number", "N-1"),
    ];
    assert_eq!(world.send(&staff, "/app/fn/edit-customer", &edit).await, page);
    // The same form again shows both values instead of overwriting.
    let stale = [
        ("customer", customer.as_str()),
        ("version", &version),
        ("name", "Nordhof AG"),
        ("number", ""),
    ];
    let back = world.send(&staff, "/app/fn/edit-customer", &stale).await;
    let html = world.content(&staff, &back).await;
    assert!(has_error(&html, "concurrent_modification"), "{html}");
    assert!(html.contains("Nordhof AG") && html.contains("Nordhof KG"), "{html}");
    // Location and contact.
    let html = world.content(&staff, &page).await;
    let (location, contact) = (
        link(&html, "/app/locations/").unwrap(),
        link(&html, "/app/contacts/").unwrap(),
    );
    for (path, action, kind, changed) in [
        (
            &location,
            "/app/fn/edit-location",
            "location",
            [("name", "Hof"), ("city", "Kiel"), ("zone", "Europe/Berlin")],
        ),
        (
            &contact,
            "/app/fn/edit-contact",
            "contact",
            [("name", "Kim Lee"), ("phone", "0431 5"), ("email", "")],
        ),
    ] {
        let html = world.content(&staff, path).await;
        let (id, version) = (path.rsplit('/').next().unwrap(), hidden(&html, "version").unwrap());
        let mut fields = vec![(kind, id), ("version", version.as_str())];
        fields.extend(changed);
        assert_eq!(&world.send(&staff, action, &fields).await, path);
        let html = world.content(&staff, path).await;
        assert!(html.contains("data-done=\"done-saved\""), "{html}");
        world.send(&staff, action, &fields).await;
        let html = world.content(&staff, path).await;
        assert!(has_error(&html, "concurrent_modification"), "{html}");
    }
    let html = world.content(&staff, &page).await;
    let history = html.split("data-testid=\"record-changes\"").nth(1).unwrap();
    let email = &world
        .tenant("nordlicht")
        .staff
        .iter()
        .find(|person| person.role == "dispatcher")
        .unwrap()
        .email;
    let author = world
        .texts(&format!(
            "SELECT display_name FROM staff_account WHERE email = '{email}'"
        ))
        .await;
    assert!(history.contains(&author[0][0]), "{history}");
    for shown in ["Nordhof KG", "N-1", "Am Hof 1", "Kiel", "Kim Lee", "0431 5"] {
        assert!(history.contains(shown), "{} {shown}: {history}", world.engine);
    }
    // Another organization sees and changes nothing.
    let foreign = world.staff("suedwind", "admin").await;
    for path in [
        &page,
        &format!("{page}/edit"),
        &format!("{page}/new-location"),
        &location,
        &contact,
    ] {
        assert_eq!(world.get(&foreign, path).await.0, StatusCode::NOT_FOUND, "{path}");
    }
    for (action, field, id) in [
        ("archive-customer", "customer", &page),
        ("archive-location", "location", &location),
        ("archive-contact", "contact", &contact),
        ("new-location", "customer", &page),
        ("new-contact", "customer", &page),
    ] {
        let id = id.rsplit('/').next().unwrap();
        let fields = [(field, id), ("archive", "on"), ("name", "Foreign")];
        world.send(&foreign, &format!("/app/fn/{action}"), &fields).await;
    }
    let html = world.content(&staff, &page).await;
    assert!(
        !html.contains("Foreign") && html.contains("/new-location\""),
        "{} {html}",
        world.engine
    );
}

#[rstest]
#[case::sqlite(Engine::Sqlite)]
#[case::postgres(Engine::Postgres)]
#[tokio::test]
async fn imports_and_the_api_write_the_history_too(#[case] engine: Engine) {
    let Some(world) = world(engine).await else { return };
    let staff = world.staff("nordlicht", "dispatcher").await;
    let put = async |path: &str, body: serde_json::Value| {
        let (status, answer) = world.call("erp", Method::PUT, path, Some(&body)).await;
        assert!(status.is_success(), "{answer}");
    };
    put(
        "/api/v1/customers/by-external-id/HIST-1",
        json!({ "name": "First name" }),
    )
    .await;
    put(
        "/api/v1/customers/by-external-id/HIST-1",
        json!({ "name": "Second name" }),
    )
    .await;
    let location = json!({ "name": "Yard", "customerExternalId": "HIST-1", "street": "Old street 1" });
    put("/api/v1/locations/by-external-id/HIST-L", location).await;
    let job = json!({
        "externalId": "HIST-J", "customer": { "externalId": "HIST-1" },
        "location": { "externalId": "HIST-L", "street": "New street 2" }
    });
    let (status, answer) = world.import("erp", &job).await;
    assert!(status.is_success(), "{answer}");
    let customer = world.customer("HIST-1").await;
    let html = world.content(&staff, &format!("/app/customers/{customer}")).await;
    let history = html.split("data-testid=\"record-changes\"").nth(1).unwrap_or_default();
    for shown in ["First name", "Second name", "Old street 1", "New street 2"] {
        assert!(history.contains(shown), "{} {shown}: {history}", world.engine);
    }
    let authors = world
        .texts("SELECT DISTINCT COALESCE(changed_by, 'missing') FROM record_change WHERE old_value IN ('First name', 'Old street 1')")
        .await;
    assert_eq!(authors.len(), 1, "{authors:?}");
    assert!(authors[0][0].starts_with("client:"), "{authors:?}");
}

#[rstest]
#[case::sqlite(Engine::Sqlite)]
#[case::postgres(Engine::Postgres)]
#[tokio::test]
async fn archived_records_are_kept_but_not_chosen(#[case] engine: Engine) {
    let Some(world) = world(engine).await else { return };
    let staff = world.staff("nordlicht", "admin").await;
    let fields = [
        ("new_name", "Ostwerk"),
        ("new_street", "Kai 3"),
        ("new_contact", "Ben Ost"),
    ];
    let page = new_customer(&world, &staff, &fields).await;
    let customer = page.rsplit('/').next().unwrap().to_owned();
    let html = world.content(&staff, &page).await;
    let (location, contact) = (
        link(&html, "/app/locations/").unwrap(),
        link(&html, "/app/contacts/").unwrap(),
    );
    let (location_id, contact_id) = (
        location.rsplit('/').next().unwrap(),
        contact.rsplit('/').next().unwrap(),
    );
    let archive = async |kind: &str, id: &str, is_archived: bool| {
        let archive = if is_archived { "on" } else { "" };
        let fields = [(kind, id), ("archive", archive)];
        world.send(&staff, &format!("/app/fn/archive-{kind}"), &fields).await
    };
    // An open job keeps its customer and its location.
    let job = [
        ("customer", customer.as_str()),
        ("location", location_id),
        ("service_type", "repair"),
        ("priority", "normal"),
        ("duration", "60"),
        ("nonce", "archive-1"),
    ];
    let job_page = world.send(&staff, "/app/fn/new-job", &job).await;
    for (kind, id) in [("customer", customer.as_str()), ("location", location_id)] {
        let back = archive(kind, id, true).await;
        assert!(
            has_error(&world.content(&staff, &back).await, "open_work"),
            "{} {kind}",
            world.engine
        );
    }
    let target = job_page.rsplit('/').next().unwrap();
    world
        .send(
            &staff,
            "/app/fn/cancel-target",
            &[("target", target), ("reason", "Not needed")],
        )
        .await;
    // A contact with portal access keeps it until it is blocked.
    let access = format!("{page}/access");
    let fields = [
        ("contact", contact_id),
        ("email", "ben@ost.example"),
        ("whole", "on"),
        ("may_appointments", "on"),
    ];
    invite(&world, &staff, &access, &fields).await.unwrap();
    let back = archive("contact", contact_id, true).await;
    let html = world.content(&staff, &back).await;
    assert!(has_error(&html, "portal_access_active"), "{} {html}", world.engine);
    world
        .sql("UPDATE portal_account SET locked_at = created_at WHERE email = 'ben@ost.example'")
        .await;
    let account = world
        .content(&staff, &access)
        .await
        .split("name=\"account\" value=\"")
        .nth(1)
        .map(|rest| rest.split('"').next().unwrap().to_owned())
        .unwrap();
    archive("contact", contact_id, true).await;
    // The account of an archived contact stays blocked.
    let unblock = [
        ("customer", customer.as_str()),
        ("account", account.as_str()),
        ("blocked", ""),
    ];
    world.send(&staff, "/app/fn/block-account", &unblock).await;
    let blocked = world
        .texts("SELECT email FROM portal_account WHERE email = 'ben@ost.example' AND locked_at IS NOT NULL")
        .await;
    assert_eq!(blocked.len(), 1, "{}", world.engine);
    archive("location", location_id, true).await;
    let html = world
        .content(&staff, &format!("/app/jobs/new?customer={customer}"))
        .await;
    assert!(
        !html.contains(location_id) && !html.contains(contact_id),
        "{} {html}",
        world.engine
    );
    for (action, fields) in [
        ("new-job", job.to_vec()),
        (
            "record-call",
            vec![
                ("customer", customer.as_str()),
                ("location", location_id),
                ("description", "x"),
                ("service_type", "repair"),
                ("nonce", "c"),
            ],
        ),
    ] {
        let back = world.send(&staff, &format!("/app/fn/{action}"), &fields).await;
        let html = world.content(&staff, &back).await;
        // The submission of the same form leads to the job that exists.
        assert!(
            has_error(&html, "required") || back == job_page,
            "{action} {back}: {html}"
        );
    }
    // An archived customer gets nothing new, and its records stay archived until it is restored.
    archive("customer", &customer, true).await;
    for (action, field, id) in [
        ("new-location", "customer", customer.as_str()),
        ("new-contact", "customer", customer.as_str()),
        ("archive-location", "location", location_id),
        ("archive-contact", "contact", contact_id),
    ] {
        let fields = [(field, id), ("name", "Added later"), ("archive", "")];
        let back = world.send(&staff, &format!("/app/fn/{action}"), &fields).await;
        let html = world.content(&staff, &back).await;
        assert!(
            has_error(&html, "customer_inactive"),
            "{} {action}: {html}",
            world.engine
        );
    }
    for (query, is_listed) in [("q=Ostwerk", false), ("q=Ostwerk&archived=1", true)] {
        let html = world.content(&staff, &format!("/app/customers?{query}")).await;
        assert_eq!(html.contains("Ostwerk</bdi>"), is_listed, "{} {query}", world.engine);
    }
    let html = world.content(&staff, "/app/inbox/new?match=Ostwerk").await;
    assert!(!html.contains("Ostwerk</bdi>"), "{html}");
    archive("customer", &customer, false).await;
    archive("location", location_id, false).await;
    let html = world
        .content(&staff, &format!("/app/jobs/new?customer={customer}"))
        .await;
    assert!(
        html.contains(location_id) && !html.contains(contact_id),
        "{} {html}",
        world.engine
    );
}

#[rstest]
#[case::sqlite(Engine::Sqlite)]
#[case::postgres(Engine::Postgres)]
#[tokio::test]
async fn coordinates_are_pasted_and_wrong_ones_are_named(#[case] engine: Engine) {
    let Some(world) = world(engine).await else { return };
    let staff = world.staff("nordlicht", "dispatcher").await;
    let page = new_customer(&world, &staff, &[("new_name", "Turmbau")]).await;
    let customer = page.rsplit('/').next().unwrap();
    let pasted = "https://www.openstreetmap.org/?mlat=52.5163&mlon=13.3777#map=17/52.5/13.3";
    let place = [("customer", customer), ("name", "Turm"), ("coordinates", pasted)];
    world.send(&staff, "/app/fn/new-location", &place).await;
    let html = world.content(&staff, &page).await;
    let location = world.content(&staff, &link(&html, "/app/locations/").unwrap()).await;
    assert!(location.contains("52.5163, 13.3777"), "{} {location}", world.engine);
    for (field, value, code) in [
        ("coordinates", "somewhere", "invalid_coordinates"),
        ("coordinates", "95, 13", "invalid_coordinates"),
        ("zone", "Gulf Time", "invalid_zone"),
        ("name", "", "required"),
    ] {
        let mut fields = vec![("customer", customer), ("name", "Dach"), ("access_notes", "Ring twice")];
        fields.retain(|(name, _)| *name != field);
        fields.push((field, value));
        let back = world.send(&staff, "/app/fn/new-location", &fields).await;
        assert_eq!(back, format!("{page}/new-location"));
        let html = world.content(&staff, &back).await;
        assert!(
            has_error(&html, code) && html.contains("Ring twice"),
            "{field}={value}: {html}"
        );
    }
}

#[rstest]
#[case::sqlite(Engine::Sqlite)]
#[case::postgres(Engine::Postgres)]
#[tokio::test]
async fn same_form_twice_creates_one_location_and_one_contact(#[case] engine: Engine) {
    let Some(world) = world(engine).await else { return };
    let staff = world.staff("nordlicht", "dispatcher").await;
    let page = new_customer(&world, &staff, &[("new_name", "Doppelhaus")]).await;
    let customer = page.rsplit('/').next().unwrap();
    let location = [("customer", customer), ("name", "Haus"), ("street", "Ährenweg 3")];
    let contact = [("customer", customer), ("name", "Ina"), ("phone", "0201 1")];
    tokio::join!(
        world.send(&staff, "/app/fn/new-location", &location),
        world.send(&staff, "/app/fn/new-location", &location),
        world.send(&staff, "/app/fn/new-contact", &contact),
        world.send(&staff, "/app/fn/new-contact", &contact),
    );
    for query in [
        "SELECT name FROM location WHERE name = 'Haus'",
        "SELECT display_name FROM contact WHERE display_name = 'Ina'",
    ] {
        assert_eq!(world.texts(query).await.len(), 1, "{} {query}", world.engine);
    }
    let html = world.content(&staff, &page).await;
    let location = link(&html, "/app/locations/").unwrap();
    let location_id = location.rsplit('/').next().unwrap().to_owned();
    // What differs in any field is another one: nothing that was typed is dropped.
    for (action, fields) in [
        (
            "new-location",
            vec![
                ("name", "Haus"),
                ("street", "Ährenweg 3"),
                ("access_notes", "Ring twice"),
            ],
        ),
        (
            "new-location",
            vec![("name", "Haus"), ("street", "Ährenweg 3"), ("coordinates", "51, 7")],
        ),
        (
            "new-contact",
            vec![("name", "Ina"), ("phone", "0201 1"), ("location", location_id.as_str())],
        ),
    ] {
        let mut fields = fields;
        fields.push(("customer", customer));
        world.send(&staff, &format!("/app/fn/{action}"), &fields).await;
    }
    for (query, count) in [
        ("SELECT name FROM location WHERE name = 'Haus'", 3),
        ("SELECT display_name FROM contact WHERE display_name = 'Ina'", 2),
    ] {
        assert_eq!(world.texts(query).await.len(), count, "{} {query}", world.engine);
    }
    let fields = [
        ("new_name", "Haus eins"),
        ("new_street", "Ährenweg 3"),
        ("new_postal_code", "12345"),
    ];
    new_customer(&world, &staff, &fields).await;
    let fields = [
        ("new_name", "Haus zwei"),
        ("new_street", "Ährenweg 3"),
        ("new_postal_code", "12345"),
    ];
    assert_eq!(
        world.send(&staff, NEW, &fields).await,
        "/app/customers/new",
        "the same address"
    );
}

#[rstest]
#[case::sqlite(Engine::Sqlite)]
#[case::postgres(Engine::Postgres)]
#[tokio::test]
async fn portal_takes_no_requests_for_an_archived_customer(#[case] engine: Engine) {
    let Some(world) = world(engine).await else { return };
    let petra = world.contact("nordlicht", "petra").await;
    let has_location = async || {
        world
            .content(&petra, "/portal/requests/new")
            .await
            .contains("value=\"loc_")
    };
    assert!(has_location().await);
    world
        .sql("UPDATE customer SET archived_at = updated_at WHERE customer_number = 'RRM-001'")
        .await;
    assert!(!has_location().await, "{}", world.engine);
}
