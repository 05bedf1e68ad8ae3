//! Jobs that staff create and edit.

use ordinavo_core::Engine;
use reqwest::{Client, StatusCode};
use rstest::rstest;
use serde_json::json;

use crate::customers::by_hand::new_customer;
use crate::support::forms::hidden;
use crate::support::{World, link, world};

/// Creates a customer with a location and a contact; returns the IDs of the three.
async fn customer(world: &World, staff: &Client, name: &str) -> (String, String, String) {
    let fields = [
        ("new_name", name),
        ("new_street", "Gasse 5"),
        ("new_city", "Wien"),
        ("new_contact", "Eva Klein"),
    ];
    let page = new_customer(world, staff, &fields).await;
    let html = world.content(staff, &page).await;
    let id = |path: &str| path.rsplit('/').next().unwrap().to_owned();
    (
        id(&page),
        id(&link(&html, "/app/locations/").unwrap()),
        id(&link(&html, "/app/contacts/").unwrap()),
    )
}

fn has_error(html: &str, code: &str) -> bool {
    html.contains(&format!("data-code=\"{code}\""))
}

async fn count(world: &World) -> usize {
    world.texts("SELECT status FROM target").await.len()
}

#[rstest]
#[case::sqlite(Engine::Sqlite)]
#[case::postgres(Engine::Postgres)]
#[tokio::test]
async fn job_is_created_once_with_all_of_its_fields(#[case] engine: Engine) {
    let Some(world) = world(engine).await else { return };
    let staff = world.staff("nordlicht", "dispatcher").await;
    let (customer_id, location, contact) = customer(&world, &staff, "Klein und Söhne").await;
    let page = world
        .content(&staff, &format!("/app/jobs/new?customer={customer_id}"))
        .await;
    let nonce = hidden(&page, "nonce").unwrap();
    let fields = vec![
        ("customer", customer_id.as_str()),
        ("location", location.as_str()),
        ("contact", contact.as_str()),
        ("service_type", "maintenance"),
        ("priority", "high"),
        ("duration", "95"),
        ("date", "2031-03-05"),
        ("start", "08:00"),
        ("end", "12:30"),
        ("skills", "gas, heating ,gas"),
        ("notes", "Boiler in the cellar"),
        ("nonce", nonce.as_str()),
    ];
    let before = count(&world).await;
    let (first, second) = tokio::join!(
        world.send(&staff, "/app/fn/new-job", &fields),
        world.send(&staff, "/app/fn/new-job", &fields)
    );
    assert_eq!(first, second, "a double click");
    assert_eq!(count(&world).await, before + 1, "{}", world.engine);
    let html = world.content(&staff, &first).await;
    for shown in [
        "Klein und Söhne",
        "Eva Klein",
        "95",
        "gas, heating",
        "Boiler in the cellar",
        "08:00",
    ] {
        assert!(html.contains(shown), "{} {shown}: {html}", world.engine);
    }
    // It can be scheduled, and the customer's page lists it.
    assert!(html.contains("/app/fn/schedule-target"), "{html}");
    let list = world.content(&staff, &format!("/app/customers/{customer_id}")).await;
    assert!(list.contains(&first), "{list}");
    // Going back and changing the form creates another one.
    let mut other = fields.clone();
    other.retain(|(name, _)| *name != "notes");
    assert_ne!(world.send(&staff, "/app/fn/new-job", &other).await, first);
    // What was typed for one customer is not in the form for another.
    let (other_customer, ..) = customer(&world, &staff, "Gross und Töchter").await;
    let mut draft = fields.clone();
    draft.retain(|(name, _)| *name != "location");
    draft.push(("location", ""));
    let back = world.send(&staff, "/app/fn/new-job", &draft).await;
    assert_eq!(back, format!("/app/jobs/new?customer={customer_id}"));
    let html = world.content(&staff, &back).await;
    assert!(html.contains("Boiler in the cellar"), "{html}");
    let html = world
        .content(&staff, &format!("/app/jobs/new?customer={other_customer}"))
        .await;
    assert!(
        html.contains("Gross und Töchter") && !html.contains("Boiler in the cellar"),
        "{html}"
    );
    assert!(!html.contains(&customer_id), "{html}");
    // A copy opens with the fields but without the day.
    let target = first.rsplit('/').next().unwrap();
    let copy = world.content(&staff, &format!("/app/jobs/new?copy={target}")).await;
    assert!(
        copy.contains("Boiler in the cellar") && !copy.contains("2031-03-05"),
        "{copy}"
    );
    for (field, value, code) in [
        ("customer", "cus_x", "required"),
        ("location", "", "required"),
        ("contact", "con_x", "required"),
        ("service_type", "magic", "required"),
        ("priority", "asap", "validation_failed"),
        ("duration", "0", "validation_failed"),
        ("duration", "1441", "validation_failed"),
        ("date", "5.3.2031", "invalid_date"),
        ("date", "", "required"),
        ("date", "2301-01-01", "invalid_date"),
        ("start", "8 o'clock", "invalid_time"),
        ("end", "07:00", "end_before_start"),
        ("skills", &"x".repeat(65), "validation_failed"),
        ("notes", &"x".repeat(4001), "value_too_long"),
    ] {
        let mut wrong = fields.clone();
        wrong.iter_mut().find(|(name, _)| *name == field).unwrap().1 = value;
        let before = count(&world).await;
        let back = world.send(&staff, "/app/fn/new-job", &wrong).await;
        assert!(back.starts_with("/app/jobs/new"), "{field}={value}: {back}");
        let html = world.content(&staff, &back).await;
        // Without a customer, the page asks for one and the form waits.
        assert!(
            field == "customer" || has_error(&html, code),
            "{} {field}={value}: {html}",
            world.engine
        );
        assert_eq!(count(&world).await, before);
    }
}

#[rstest]
#[case::sqlite(Engine::Sqlite)]
#[case::postgres(Engine::Postgres)]
#[tokio::test]
async fn job_is_edited_until_the_technician_is_on_the_way(#[case] engine: Engine) {
    let Some(world) = world(engine).await else { return };
    let staff = world.staff("nordlicht", "dispatcher").await;
    let (customer_id, location, contact) = customer(&world, &staff, "Haus am See").await;
    let (_, foreign_location, _) = customer(&world, &staff, "Nachbar").await;
    let fields = vec![
        ("customer", customer_id.as_str()),
        ("location", location.as_str()),
        ("contact", contact.as_str()),
        ("service_type", "repair"),
        ("priority", "normal"),
        ("duration", "60"),
        ("date", "2031-10-26"),
        ("nonce", "edit-1"),
    ];
    let page = world.send(&staff, "/app/fn/new-job", &fields).await;
    let target = page.rsplit('/').next().unwrap().to_owned();
    let edit_page = format!("{page}/edit");
    let version = hidden(&world.content(&staff, &edit_page).await, "version").unwrap();
    let edit = async |changes: &[(&str, &str)], version: &str| {
        let mut form: Vec<(&str, &str)> = fields.clone();
        form.retain(|(name, _)| *name != "nonce" && *name != "customer");
        form.extend([("target", target.as_str()), ("version", version)]);
        for (field, value) in changes {
            form.retain(|(name, _)| name != field);
            form.push((*field, *value));
        }
        world.send(&staff, "/app/fn/edit-job", &form).await
    };
    assert_eq!(
        edit(&[("duration", "120"), ("notes", "Two people")], &version).await,
        page
    );
    let html = world.content(&staff, &page).await;
    assert!(html.contains("120") && html.contains("Two people"), "{html}");
    // The version is that of another form now.
    let back = edit(&[("duration", "30")], &version).await;
    assert!(has_error(
        &world.content(&staff, &back).await,
        "concurrent_modification"
    ));
    let version = hidden(&world.content(&staff, &edit_page).await, "version").unwrap();
    let back = edit(&[("location", &foreign_location), ("duration", "120")], &version).await;
    assert!(
        has_error(&world.content(&staff, &back).await, "required"),
        "of another customer"
    );
    // At a location in another zone, the times that are shown count there.
    let place = [("customer", customer_id.as_str()), ("name", "Dubai"), ("country", "AE")];
    world.send(&staff, "/app/fn/new-location", &place).await;
    let html = world.content(&staff, &format!("/app/customers/{customer_id}")).await;
    let dubai = html
        .split("href=\"/app/locations/")
        .skip(1)
        .find(|row| row.contains(">Dubai<"))
        .unwrap();
    let dubai = dubai.split('"').next().unwrap();
    let times = [
        ("location", dubai),
        ("start", "00:00"),
        ("end", "23:59"),
        ("duration", "120"),
        ("notes", "Two people"),
    ];
    assert_eq!(edit(&times, &version).await, page);
    let zone = world
        .texts("SELECT window_zone FROM target WHERE notes = 'Two people'")
        .await;
    assert_eq!(zone, [["Asia/Dubai"]], "{}", world.engine);
    let version = hidden(&world.content(&staff, &edit_page).await, "version").unwrap();
    // An imported job belongs to its source.
    let body = json!({ "externalId": "HAND-J", "customer": { "externalId": "CUST-10042" } });
    let (_, item) = world.import("erp", &body).await;
    let imported = item["targetId"].as_str().unwrap();
    let (status, _) = world.get(&staff, &format!("/app/targets/{imported}/edit")).await;
    assert_eq!(status, StatusCode::NOT_FOUND);
    let foreign = world.staff("suedwind", "admin").await;
    assert_eq!(world.get(&foreign, &edit_page).await.0, StatusCode::NOT_FOUND);
    // Once the technician is on the way, the job stays as it is.
    world
        .sql("UPDATE target SET status = 'en_route' WHERE notes = 'Two people'")
        .await;
    let back = edit(&[("notes", "Three people"), ("duration", "120")], &version).await;
    assert_eq!(back, edit_page);
    let html = world.content(&staff, &page).await;
    assert!(html.contains("Two people") && !html.contains("Three people"), "{html}");
}

#[rstest]
#[case::sqlite(Engine::Sqlite)]
#[case::postgres(Engine::Postgres)]
#[tokio::test]
async fn list_of_jobs_is_filtered_and_paged_by_number(#[case] engine: Engine) {
    let Some(world) = world(engine).await else { return };
    let staff = world.staff("nordlicht", "auditor").await;
    for number in 0..55 {
        let body = json!({ "externalId": format!("LIST-{number}"), "customer": { "externalId": "CUST-10042" } });
        let (status, answer) = world.import("erp", &body).await;
        assert!(status.is_success(), "{answer}");
    }
    let mut seen = Vec::new();
    let mut next = Some("/app/jobs?show=to_schedule".to_owned());
    while let Some(path) = next {
        let html = world.content(&staff, &path).await;
        let rows: Vec<i64> = html
            .split(">J-")
            .skip(1)
            .map(|rest| rest.split('<').next().unwrap().parse().unwrap())
            .collect();
        assert!(!rows.is_empty(), "{path}");
        seen.extend(rows);
        next = link(&html, "/app/jobs?show=to_schedule&amp;before=").map(|href| href.replace("&amp;", "&"));
    }
    assert!(seen.windows(2).all(|pair| pair[0] > pair[1]), "{seen:?}");
    let open = world
        .texts(
            "SELECT CAST(number AS TEXT) FROM target WHERE status = 'open' \
             AND tenant_id = (SELECT id FROM tenant WHERE slug = 'nordlicht')",
        )
        .await;
    assert_eq!(seen.len(), open.len(), "{}", world.engine);
    for (query, count) in [
        ("q=LIST-7", 1),
        ("q=list-7", 0),
        ("q=LIST", 0),
        ("show=cancelled&before=0", 0),
    ] {
        let html = world.content(&staff, &format!("/app/jobs?{query}")).await;
        assert_eq!(html.matches(">J-").count(), count, "{} {query}: {html}", world.engine);
    }
    let html = world.content(&staff, &format!("/app/jobs?q=tgt-{}", seen[0])).await;
    assert!(html.contains(&format!(">J-{}<", seen[0])), "{html}");
    let foreign = world.staff("suedwind", "auditor").await;
    let html = world.content(&foreign, "/app/jobs?q=LIST-7").await;
    assert_eq!(html.matches(">J-").count(), 0, "{html}");
}
