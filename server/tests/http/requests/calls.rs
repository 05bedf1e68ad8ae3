//! Calls that staff record: the customer's words and the team's notes, and the customer that is chosen or created.

use ordinavo_core::Engine;
use rstest::rstest;

use crate::portal_access::access::status;
use crate::requests::slot_offers::{monday, technicians};
use crate::support::forms::hidden;
use crate::support::public::COMPLETE;
use crate::support::{World, read, world, world_at};
use reqwest::{Client, Method, StatusCode};
use serde_json::json;

const PAGE: &str = "/app/inbox/new";

/// The fields of a call; `nonce` identifies it.
fn call<'a>(nonce: &'a str, more: &[(&'a str, &'a str)]) -> Vec<(&'a str, &'a str)> {
    let mut fields = vec![
        ("service_type", "repair"),
        ("priority", "normal"),
        ("description", "Sigma: the door does not close"),
        ("internal_notes", "sigma-internal: pays late"),
        ("locale", "de"),
        ("nonce", nonce),
    ];
    fields.extend_from_slice(more);
    fields
}

async fn nonce(world: &World, staff: &Client) -> String {
    hidden(&world.content(staff, PAGE).await, "nonce").unwrap()
}

/// Returns the value of the option or button with this text.
fn value_of(html: &str, text: &str) -> String {
    let before = html.split(text).next().unwrap();
    let value = before.rsplit("value=\"").next().unwrap();
    value.split('"').next().unwrap().to_owned()
}

/// Returns the path of a request in the portal.
fn in_portal(request: &str) -> String {
    format!("/portal/requests/{}", request.rsplit('/').next().unwrap())
}

#[rstest]
#[case::sqlite(Engine::Sqlite)]
#[case::postgres(Engine::Postgres)]
#[tokio::test]
async fn call_of_contact_is_theirs_and_notes_stay_internal(#[case] engine: Engine) {
    let Some(world) = world(engine).await else { return };
    let staff = world.staff("nordlicht", "dispatcher").await;
    let customer = world.customer("CUST-10042").await;
    let nonce = nonce(&world, &staff).await;
    world
        .send(
            &staff,
            "/app/fn/record-call",
            &call(&nonce, &[("choose", customer.as_str())]),
        )
        .await;
    let contact = value_of(&world.content(&staff, PAGE).await, ">Anna Weber<");
    assert!(contact.starts_with("con_"), "{contact}");
    let fields = [
        ("step", "save"),
        ("customer", customer.as_str()),
        ("contact", contact.as_str()),
    ];
    let request = world.send(&staff, "/app/fn/record-call", &call(&nonce, &fields)).await;
    let inside = world.content(&staff, &request).await;
    assert!(inside.contains("sigma-internal") && inside.contains("data-testid=\"request-notes\""));
    // The caller reads their words, and who wrote them down; a colleague with a grant for a location does not.
    let anna = world.contact("nordlicht", "anna").await;
    let page = world.content(&anna, &in_portal(&request)).await;
    assert!(
        page.contains("Sigma: the door") && page.contains("data-source=\"call\""),
        "{page}"
    );
    assert!(!page.contains("sigma-internal"), "{}", world.engine);
    let listed = world.content(&anna, "/portal/requests").await;
    assert!(listed.contains(&in_portal(&request)));
    // The technician reads both.
    let id = request.rsplit('/').next().unwrap();
    world.send(&staff, "/app/fn/accept-request", &[("request", id)]).await;
    let job = world.send(&staff, "/app/fn/convert-request", &[("request", id)]).await;
    let job = world.content(&staff, &job).await;
    assert!(job.contains("Sigma: the door") && job.contains("sigma-internal"));
}

#[rstest]
#[case::sqlite(Engine::Sqlite)]
#[case::postgres(Engine::Postgres)]
#[tokio::test]
async fn call_customer_search_keeps_what_was_typed(#[case] engine: Engine) {
    let Some(world) = world(engine).await else { return };
    let staff = world.staff("nordlicht", "dispatcher").await;
    let nonce = nonce(&world, &staff).await;
    let search = call(
        &nonce,
        &[("step", "search"), ("match", "rhein-ruhr"), ("name", "Frau Lindner")],
    );
    assert_eq!(world.send(&staff, "/app/fn/record-call", &search).await, PAGE);
    let page = world.content(&staff, PAGE).await;
    for kept in ["Sigma: the door", "sigma-internal", "Frau Lindner", &nonce] {
        assert!(page.contains(kept), "{kept}");
    }
    let customer = value_of(&page, "<bdi>Rhein-Ruhr Medical Supply");
    assert!(customer.starts_with("cus_"), "{customer}");
    let choose = call(&nonce, &[("choose", customer.as_str()), ("name", "Frau Lindner")]);
    assert_eq!(world.send(&staff, "/app/fn/record-call", &choose).await, PAGE);
    let page = world.content(&staff, PAGE).await;
    assert!(page.contains("Sigma: the door") && page.contains("Frau Lindner"));
    assert_eq!(hidden(&page, "customer").unwrap(), customer);
    let found = world
        .texts("SELECT description FROM request WHERE description LIKE 'Sigma%'")
        .await;
    assert!(found.is_empty(), "choosing a customer saves nothing");
}

#[rstest]
#[case::sqlite(Engine::Sqlite)]
#[case::postgres(Engine::Postgres)]
#[tokio::test]
async fn call_unknown_customer_is_created_once(#[case] engine: Engine) {
    let Some(world) = world(engine).await else { return };
    let staff = world.staff("nordlicht", "dispatcher").await;
    let nonce = nonce(&world, &staff).await;
    let create = call(&nonce, &[("step", "create"), ("match", "Omega Bakery")]);
    world.send(&staff, "/app/fn/record-call", &create).await;
    let page = world.content(&staff, PAGE).await;
    assert!(
        page.contains("name=\"new_name\"") && page.contains("Omega Bakery"),
        "{page}"
    );
    let new = [
        ("step", "save"),
        ("new_name", "Omega Bakery"),
        ("new_street", "Ofenweg 3"),
        ("new_city", "Essen"),
        ("name", "Ole Omega"),
        ("phone", "+49 201 777"),
        ("email", "ole@omega.example"),
    ];
    let request = world.send(&staff, "/app/fn/record-call", &call(&nonce, &new)).await;
    let again = world.send(&staff, "/app/fn/record-call", &call(&nonce, &new)).await;
    assert_eq!(request, again, "a double click");
    let page = world.content(&staff, &request).await;
    assert!(page.contains("Omega Bakery") && page.contains("Ofenweg 3") && page.contains("Ole Omega"));
    let created = world
        .texts("SELECT c.name, l.city, k.email FROM customer c JOIN location l ON l.customer_id = c.id JOIN contact k ON k.customer_id = c.id WHERE c.name = 'Omega Bakery'")
        .await;
    assert_eq!(created, [["Omega Bakery", "Essen", "ole@omega.example"]]);
    // Nothing is created if a field is wrong.
    let wrong = [("step", "save"), ("new_name", "Omega Two"), ("email", "no address")];
    world
        .send(&staff, "/app/fn/record-call", &call("another", &wrong))
        .await;
    let found = world.texts("SELECT name FROM customer WHERE name = 'Omega Two'").await;
    assert!(found.is_empty(), "{}", world.engine);
}

#[rstest]
#[case::sqlite(Engine::Sqlite)]
#[case::postgres(Engine::Postgres)]
#[tokio::test]
async fn request_of_unknown_customer_becomes_a_job(#[case] engine: Engine) {
    let Some(world) = world_at(engine, monday()).await else {
        return;
    };
    let staff = world.staff("nordlicht", "dispatcher").await;
    let mut fields = COMPLETE.to_vec();
    fields[1] = ("description", "Tau: the oven is cold");
    world.submit(&fields, &[]).await;
    let inside = world.in_inbox(&staff, "Tau: the oven").await;
    let id = inside.rsplit('/').next().unwrap();
    let page = world.content(&staff, &inside).await;
    assert!(page.contains("data-testid=\"create-customer\""), "{page}");
    let create = [
        ("request", id),
        ("new_name", "Tau Hotel"),
        ("new_street", "Seeweg 1"),
        ("new_city", "Kiel"),
        ("new_contact", "Tilda Tau"),
        ("email", "tilda@tau.example"),
    ];
    world.send(&staff, "/app/fn/create-customer", &create).await;
    let page = world.content(&staff, &inside).await;
    assert!(page.contains("Tau Hotel") && page.contains("Tilda Tau"));
    world.send(&staff, "/app/fn/accept-request", &[("request", id)]).await;
    let job = world.send(&staff, "/app/fn/convert-request", &[("request", id)]).await;
    assert!(job.starts_with("/app/targets/"), "{job}");
    let job = world.content(&staff, &job).await;
    assert!(job.contains("Tau Hotel") && job.contains("Seeweg 1"));
    // The request is a job now: its customer is final.
    let again = world
        .texts("SELECT CAST(count(*) AS TEXT) FROM customer WHERE name = 'Tau Hotel'")
        .await;
    world.send(&staff, "/app/fn/create-customer", &create).await;
    let after = world
        .texts("SELECT CAST(count(*) AS TEXT) FROM customer WHERE name = 'Tau Hotel'")
        .await;
    assert_eq!(again, after, "{}", world.engine);
}

#[rstest]
#[case::sqlite(Engine::Sqlite)]
#[case::postgres(Engine::Postgres)]
#[tokio::test]
async fn client_request_notes_are_for_the_team_only(#[case] engine: Engine) {
    let Some(world) = world(engine).await else { return };
    let staff = world.staff("nordlicht", "dispatcher").await;
    let body = json!({
        "externalId": "NOTES-1", "customer": {"externalId": "CUST-10042"}, "serviceType": "repair",
        "description": "Phi: the cold store beeps.", "notes": "phi-internal: bring the old key"
    });
    let sent = world
        .api(Method::POST, "/api/v1/requests", &world.key("nordlicht", "erp"))
        .header("idempotency-key", "notes-1")
        .json(&body);
    let (code, created) = read(sent.send().await.unwrap()).await;
    assert_eq!(code, StatusCode::CREATED, "{created}");
    assert_eq!(created["notes"], "phi-internal: bring the old key");
    let id = created["id"].as_str().unwrap();
    let inside = world.content(&staff, &format!("/app/inbox/{id}")).await;
    assert!(inside.contains("phi-internal"));
    // Petra has the whole customer; a grant for one location does not reach what has none.
    let petra = world.contact("nordlicht", "petra").await;
    let page = world.content(&petra, &format!("/portal/requests/{id}")).await;
    assert!(
        page.contains("Phi: the cold store") && page.contains("data-source=\"system\""),
        "{page}"
    );
    assert!(!page.contains("phi-internal"), "{}", world.engine);
    world
        .sql("UPDATE portal_grant SET sees_all_requests = (1 = 1) WHERE location_id IS NOT NULL")
        .await;
    let anna = world.contact("nordlicht", "anna").await;
    let path = format!("/portal/requests/{id}");
    assert_eq!(
        status(&world, &anna, &path).await,
        StatusCode::NOT_FOUND,
        "{}",
        world.engine
    );
}

#[rstest]
#[case::sqlite(Engine::Sqlite)]
#[case::postgres(Engine::Postgres)]
#[tokio::test]
async fn request_is_planned_for_customer_once_appointment_is_shared(#[case] engine: Engine) {
    let Some(world) = world_at(engine, monday()).await else {
        return;
    };
    let staff = world.staff("nordlicht", "dispatcher").await;
    let customer = world.customer("CUST-10042").await;
    let nonce = nonce(&world, &staff).await;
    let mut fields = call(&nonce, &[("step", "save"), ("customer", customer.as_str())]);
    fields.push(("email", "caller@example.org"));
    let request = world.send(&staff, "/app/fn/record-call", &fields).await;
    let id = request.rsplit('/').next().unwrap();
    world.send(&staff, "/app/fn/accept-request", &[("request", id)]).await;
    let job = world.send(&staff, "/app/fn/convert-request", &[("request", id)]).await;
    let technician = technicians(&world.content(&staff, &job).await).pop().unwrap();
    let target = job.rsplit('/').next().unwrap();
    let plan = [
        ("target", target),
        ("technician", technician.as_str()),
        ("date", "2026-12-10"),
        ("start", "13:00"),
        ("end", "15:00"),
    ];
    world.schedule_anyway(&staff, &plan).await;
    let petra = world.contact("nordlicht", "petra").await;
    let path = in_portal(&request);
    let page = world.content(&petra, &path).await;
    assert!(page.contains("data-step=\"accepted\""), "{page}");
    let planned = world
        .texts("SELECT status FROM request WHERE description LIKE 'Sigma%'")
        .await;
    assert_eq!(planned, [["planned"]], "the team and partners see that it is planned");
    // An appointment of a job without a location is never shown; with one, it is.
    world
        .sql("UPDATE target SET location_id = (SELECT id FROM location WHERE name LIKE 'Essen Center%' LIMIT 1) WHERE id = (SELECT target_id FROM request WHERE description LIKE 'Sigma%')")
        .await;
    let shared = [&plan[..], &[("shared", "on")]].concat();
    world.schedule_anyway(&staff, &shared).await;
    let page = world.content(&petra, &path).await;
    assert!(page.contains(">Planned</span>"), "{page}");
    // What happens on site says more than that it is planned.
    world
        .sql("UPDATE target SET status = 'completed' WHERE id = (SELECT target_id FROM request WHERE description LIKE 'Sigma%')")
        .await;
    let page = world.content(&petra, &path).await;
    assert!(page.contains(">Completed</span>"), "{page}");
    let listed = world.content(&petra, "/portal/requests").await;
    assert!(listed.contains(">Completed</span>"), "{}", world.engine);
}
