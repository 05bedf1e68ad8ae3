//! Records written by external ID: settings, gates and partial updates hold as in imports; acknowledged billing triggers
//! are corrected by their version.

use crate::support::{World, world};
use ordinavo_core::Engine;
use reqwest::{Method, StatusCode};
use rstest::rstest;
use serde_json::{Value, json};

async fn put(world: &World, client: &str, path: &str, body: &Value) -> (StatusCode, Value) {
    world
        .call(client, Method::PUT, &format!("/api/v1/{path}"), Some(body))
        .await
}

#[rstest]
#[case::sqlite(Engine::Sqlite)]
#[case::postgres(Engine::Postgres)]
#[tokio::test]
async fn record_writes_follow_settings_and_gates(#[case] engine: Engine) {
    let Some(world) = world(engine).await else { return };
    let customer = "customers/by-external-id/PUT-1";
    let body = json!({ "name": "Put & Co" });
    let (status, problem) = put(&world, "erp-strict", customer, &body).await;
    assert_eq!(
        (status, &problem["errors"][0]["code"]),
        (StatusCode::UNPROCESSABLE_ENTITY, &json!("auto_create_disabled")),
        "{problem}"
    );
    assert_eq!(put(&world, "erp", customer, &body).await.0, StatusCode::CREATED);
    world
        .sql("UPDATE source_system SET auto_update = (1 = 0), duplicate_names = 'block' WHERE key = 'erp'")
        .await;
    assert_eq!(
        put(&world, "erp", customer, &body).await.0,
        StatusCode::OK,
        "nothing changes"
    );
    let renamed = json!({ "name": "Put & Sons" });
    let (status, problem) = put(&world, "erp", customer, &renamed).await;
    assert_eq!(
        (status, &problem["errors"][0]["code"]),
        (StatusCode::UNPROCESSABLE_ENTITY, &json!("auto_update_disabled"))
    );
    let (status, problem) = put(&world, "erp", "customers/by-external-id/PUT-2", &body).await;
    assert_eq!(
        (status, &problem["errors"][0]["code"]),
        (StatusCode::UNPROCESSABLE_ENTITY, &json!("possible_duplicate_name"))
    );
    world
        .sql("UPDATE source_system SET auto_update = (1 = 1) WHERE key = 'erp'")
        .await;
    world
        .sql("UPDATE feature_gate SET enabled = (1 = 0) WHERE gate = 'customer_auto_update'")
        .await;
    let (status, problem) = put(&world, "erp", customer, &renamed).await;
    assert_eq!(
        (status, &problem["code"]),
        (StatusCode::FORBIDDEN, &json!("feature_not_enabled"))
    );
    world
        .sql("UPDATE feature_gate SET enabled = (1 = 1) WHERE gate = 'customer_auto_update'")
        .await;
    let (status, answer) = put(&world, "erp", customer, &renamed).await;
    assert_eq!((status, &answer["name"]), (StatusCode::OK, &json!("Put & Sons")));
}

#[rstest]
#[case::sqlite(Engine::Sqlite)]
#[case::postgres(Engine::Postgres)]
#[tokio::test]
async fn record_writes_keep_absent_fields_and_clear_null(#[case] engine: Engine) {
    let Some(world) = world(engine).await else { return };
    let path = "locations/by-external-id/PUT-LOC";
    let full = json!({ "customerExternalId": "CUST-10042", "name": "Depot", "street": "Weg 1", "city": "Essen", "country": "DE",
        "coordinates": { "lat": 51.45, "lon": 7.01 }, "zone": "Europe/Vienna", "accessNotes": "Ring twice" });
    let (status, made) = put(&world, "erp", path, &full).await;
    assert_eq!(
        (status, &made["zone"]),
        (StatusCode::CREATED, &json!("Europe/Vienna")),
        "{made}"
    );
    let (status, kept) = put(&world, "erp", path, &json!({ "name": "Depot West" })).await;
    assert_eq!(status, StatusCode::OK, "{kept}");
    assert_eq!(
        (
            &kept["name"],
            &kept["address"]["street"],
            &kept["coordinates"]["lat"],
            &kept["zone"]
        ),
        (
            &json!("Depot West"),
            &json!("Weg 1"),
            &json!(51.45),
            &json!("Europe/Vienna")
        ),
        "{}",
        world.engine
    );
    let notes = "SELECT access_notes FROM location WHERE name = 'Depot West'";
    assert_eq!(world.texts(notes).await, [["Ring twice"]]);
    let (_, cleared) = put(
        &world,
        "erp",
        path,
        &json!({ "street": null, "coordinates": null, "accessNotes": null }),
    )
    .await;
    assert_eq!(
        (&cleared["address"]["street"], &cleared["coordinates"]),
        (&Value::Null, &Value::Null)
    );
    assert_eq!(cleared["address"]["city"], "Essen");
    for (body, pointer) in [
        (json!({ "name": null }), "/name"),
        (json!({ "zone": "Mars/Olympus" }), "/zone"),
    ] {
        let (status, problem) = put(&world, "erp", path, &body).await;
        assert_eq!(
            (status, &problem["errors"][0]["pointer"]),
            (StatusCode::UNPROCESSABLE_ENTITY, &json!(pointer))
        );
    }
    let path = "contacts/by-external-id/PUT-CON";
    let full =
        json!({ "customerExternalId": "CUST-10042", "displayName": "Kim", "email": "kim@example.org", "phone": "123" });
    assert_eq!(put(&world, "erp", path, &full).await.0, StatusCode::CREATED);
    let (_, kept) = put(&world, "erp", path, &json!({ "phone": null })).await;
    assert_eq!(
        (&kept["displayName"], &kept["email"], &kept["phone"]),
        (&json!("Kim"), &json!("kim@example.org"), &Value::Null)
    );
    let (status, _) = put(
        &world,
        "erp",
        "contacts/by-external-id/PUT-NEW",
        &json!({ "customerExternalId": "CUST-10042" }),
    )
    .await;
    assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY, "a new contact needs a name");
}

#[rstest]
#[case::sqlite(Engine::Sqlite)]
#[case::postgres(Engine::Postgres)]
#[tokio::test]
async fn acknowledged_trigger_names_its_reference_and_is_corrected_by_version(#[case] engine: Engine) {
    let Some(world) = world(engine).await else { return };
    // The test data gives triggers a reference before they are acknowledged.
    world.sql("UPDATE billing_trigger SET reference = NULL").await;
    let (_, page) = world
        .call("erp", Method::GET, "/api/v1/billing-triggers?acknowledged=false", None)
        .await;
    let trigger = page["data"][0]["id"].as_str().expect("a trigger is open").to_owned();
    assert!(page["data"][0]["customer"]["id"].is_string(), "{page}");
    let path = format!("/api/v1/billing-triggers/{trigger}");
    let acknowledge = format!("{path}/acknowledge");
    let key = world.key("nordlicht", "erp");
    let send = async |reference: &str, tag: Option<&str>| {
        let mut request = world
            .api(Method::POST, &acknowledge, &key)
            .json(&json!({ "reference": reference }));
        if let Some(tag) = tag {
            request = request.header("if-match", tag);
        }
        crate::support::read(request.send().await.unwrap()).await
    };
    for _ in 0..2 {
        let (status, answer) = send("INV-1", None).await;
        assert_eq!(status, StatusCode::OK, "{answer}, {page}");
    }
    let (status, problem) = send("INV-2", None).await;
    assert_eq!(
        (status, &problem["code"]),
        (StatusCode::CONFLICT, &json!("already_acknowledged"))
    );
    assert!(problem["detail"].as_str().unwrap().contains("INV-1"), "{problem}");
    assert_eq!(
        send("INV-2", Some("\"other\"")).await.0,
        StatusCode::PRECONDITION_FAILED
    );
    let answer = world.api(Method::GET, &path, &key).send().await.unwrap();
    let tag = answer.headers()["etag"].to_str().unwrap().to_owned();
    let (status, corrected) = send("INV-2", Some(&tag)).await;
    assert_eq!((status, &corrected["reference"]), (StatusCode::OK, &json!("INV-2")));
    let list = async |acknowledged: bool| {
        let path = format!("/api/v1/billing-triggers?limit=200&acknowledged={acknowledged}");
        let (_, page) = world.call("erp", Method::GET, &path, None).await;
        page["data"]
            .as_array()
            .unwrap()
            .iter()
            .any(|one| one["id"] == trigger.as_str())
    };
    assert_eq!((list(true).await, list(false).await), (true, false));
}
