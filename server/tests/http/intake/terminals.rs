//! Terminals over HTTP: pairing with a one-time code, bound to one location, idempotent submission and immediate
//! unpairing.

use crate::support::forms::hidden;
use crate::support::public::visitor;
use crate::support::{SAME_ORIGIN, World, world_at};
use chrono::{TimeDelta, TimeZone as _, Utc};
use ordinavo_core::Engine;
use ordinavo_core::clock::Clock;
use ordinavo_core::secrets::{hex, sha256};
use reqwest::{Client, Response, StatusCode};
use rstest::rstest;
use serde_json::{Value, json};

fn monday() -> Clock {
    Clock::manual(Utc.with_ymd_and_hms(2026, 11, 23, 8, 30, 0).single().unwrap())
}

/// Returns a device without cookies.
fn device() -> Client {
    crate::support::client_builder()
        .cookie_store(true)
        .redirect(reqwest::redirect::Policy::none())
        .build()
        .unwrap()
}

async fn post(world: &World, device: &Client, path: &str, fields: &[(&str, &str)]) -> Response {
    device
        .post(format!("{}{path}", world.url))
        .header(SAME_ORIGIN.0, SAME_ORIGIN.1)
        .header("accept", "text/html")
        .form(fields)
        .send()
        .await
        .unwrap()
}

fn demo_code(world: &World) -> String {
    world.tenant("nordlicht").terminals[0].pairing_code.clone()
}

pub async fn paired(world: &World) -> Client {
    let device = device();
    let answer = post(world, &device, "/terminal/pair", &[("code", &demo_code(world))]).await;
    assert_eq!(answer.status(), StatusCode::SEE_OTHER, "{}", world.engine);
    device
}

/// Sends a request that a device queued offline.
async fn send_queued(world: &World, device: &Client, body: &Value) -> (StatusCode, Value) {
    let answer = device
        .post(format!("{}/terminal/kept", world.url))
        .header(SAME_ORIGIN.0, SAME_ORIGIN.1)
        .json(body)
        .send()
        .await
        .unwrap();
    let status = answer.status();
    (status, answer.json().await.unwrap_or(Value::Null))
}

/// Returns the ID of the terminal that the device is paired with.
async fn terminal_id(world: &World, device: &Client) -> String {
    hidden(&world.get(device, "/terminal").await.1, "terminal").unwrap()
}

async fn offline_receipt(world: &World, device: &Client) -> Value {
    let path = format!("{}/terminal/state?slips=1", world.url);
    let answer: Value = device.get(path).send().await.unwrap().json().await.unwrap();
    answer["slips"][0].clone()
}

fn request(terminal: &str, offline_receipt: &Value, sequence: u64, description: &str) -> Value {
    json!({
        "terminal": terminal, "sequence": sequence, "token": offline_receipt["token"], "locale": "de",
        "fields": { "service_type": "repair", "description": description, "name": "Mona", "phone": "", "email": "" }
    })
}

/// Returns how many terminal requests in the inbox match a text.
async fn count(world: &World, text: &str) -> usize {
    let staff = world.staff("nordlicht", "dispatcher").await;
    let query = text.replace(' ', "+");
    let list = world
        .content(&staff, &format!("/app/inbox?q={query}&channel=terminal"))
        .await;
    list.matches("name=\"requests[]\"").count()
}

#[rstest]
#[case::sqlite(Engine::Sqlite)]
#[case::postgres(Engine::Postgres)]
#[tokio::test]
async fn terminal_is_paired_once_and_unpaired_immediately(#[case] engine: Engine) {
    let Some(world) = world_at(engine, monday()).await else {
        return;
    };
    let fresh = device();
    let (status, page) = world.get(&fresh, "/terminal").await;
    assert_eq!(status, StatusCode::UNAUTHORIZED);
    assert!(page.contains("Set up this terminal") && !page.contains("Nordlicht"));
    let wrong = post(&world, &fresh, "/terminal/pair", &[("code", "0000-0000")]).await;
    assert_eq!(wrong.status(), StatusCode::UNPROCESSABLE_ENTITY);
    assert!(wrong.text().await.unwrap().contains("This pairing code isn't valid"));
    // The stored hash is not the digest of the code: without the key of the server, codes cannot be tried.
    let digest = sha256(demo_code(&world).replace('-', "").as_bytes());
    let column = if world.engine == "sqlite" {
        "lower(hex(pairing_hash))"
    } else {
        "encode(pairing_hash, 'hex')"
    };
    let select = format!("SELECT {column} FROM terminal WHERE pairing_hash IS NOT NULL");
    let hashes = world.texts(&select).await;
    assert!(!hashes.is_empty() && hashes.iter().all(|row| row[0] != hex(&digest)));
    // The code is accepted in lower case and with spaces.
    let code = demo_code(&world).to_lowercase().replace('-', " ");
    let answer = post(&world, &fresh, "/terminal/pair", &[("code", &code)]).await;
    assert_eq!(answer.status(), StatusCode::SEE_OTHER);
    let cookie = answer.headers()["set-cookie"].to_str().unwrap().to_owned();
    for part in ["HttpOnly", "SameSite=Strict", "Path=/terminal"] {
        assert!(cookie.contains(part), "{part}");
    }
    let (status, page) = world.get(&fresh, "/terminal?lang=ar").await;
    assert_eq!(status, StatusCode::OK);
    assert!(page.contains("dir=\"rtl\"") && page.contains("Nordlicht Technik") && page.contains("Essen Center"));
    // The code can be used once.
    let second = post(&world, &device(), "/terminal/pair", &[("code", &demo_code(&world))]).await;
    assert_eq!(second.status(), StatusCode::UNPROCESSABLE_ENTITY);

    // With a new code, the first device stays paired until a second one uses the code.
    let admin = world.staff("nordlicht", "admin").await;
    let settings = async || world.content(&admin, "/app/settings/terminals").await;
    assert!(settings().await.contains("Paired"));
    let id = hidden(&settings().await, "id").unwrap();
    let about = [("id", id.as_str())];
    world.send(&admin, "/app/fn/renew-pairing-code", &about).await;
    let shown = settings().await;
    let code = shown
        .split("pairing-code\"><bdi")
        .nth(1)
        .unwrap()
        .split('>')
        .nth(1)
        .unwrap();
    let code = code.split('<').next().unwrap().to_owned();
    assert_eq!(world.get(&fresh, "/terminal").await.0, StatusCode::OK);
    let other = device();
    post(&world, &other, "/terminal/pair", &[("code", &code)]).await;
    assert_eq!(world.get(&other, "/terminal").await.0, StatusCode::OK);
    assert_eq!(world.get(&fresh, "/terminal").await.0, StatusCode::UNAUTHORIZED);

    // After unpairing, every request is rejected immediately.
    world.send(&admin, "/app/fn/unpair-terminal", &about).await;
    assert_eq!(world.get(&other, "/terminal").await.0, StatusCode::UNAUTHORIZED);
    assert_eq!(world.get(&other, "/terminal/state").await.0, StatusCode::UNAUTHORIZED);
    assert_eq!(
        world.get(&other, "/terminal/receipt?template=1").await.0,
        StatusCode::UNAUTHORIZED
    );
    let token = json!({ "token": "AAAAAAAAAAAAAAAAAAAAAAAAAAA" });
    let (status, _) = send_queued(&world, &other, &request(&id, &token, 1, "After the end")).await;
    assert_eq!(status, StatusCode::UNAUTHORIZED);
    let fields = [
        ("service_type", "repair"),
        ("description", "After the end"),
        ("nonce", "n"),
        ("terminal", id.as_str()),
    ];
    let sent = post(&world, &other, "/terminal/requests", &fields).await;
    assert_eq!(sent.status(), StatusCode::UNAUTHORIZED);
    assert_eq!(count(&world, "After the end").await, 0);
}

#[rstest]
#[case::sqlite(Engine::Sqlite)]
#[case::postgres(Engine::Postgres)]
#[tokio::test]
async fn pairing_code_expired_is_rejected(#[case] engine: Engine) {
    let Some(world) = world_at(engine, monday()).await else {
        return;
    };
    world.core.clock().advance(TimeDelta::hours(25));
    let answer = post(&world, &device(), "/terminal/pair", &[("code", &demo_code(&world))]).await;
    assert_eq!(answer.status(), StatusCode::UNPROCESSABLE_ENTITY);
}

#[rstest]
#[case::sqlite(Engine::Sqlite)]
#[case::postgres(Engine::Postgres)]
#[tokio::test]
async fn terminal_request_without_script_is_created_once_and_receipt_expires(#[case] engine: Engine) {
    let Some(world) = world_at(engine, monday()).await else {
        return;
    };
    let device = paired(&world).await;
    let (_, page) = world.get(&device, "/terminal?lang=en").await;
    let nonce = hidden(&page, "nonce").unwrap();
    let own = hidden(&page, "terminal").unwrap();
    let fields = [
        ("service_type", "repair"),
        ("description", "Sigma escalator squeaks"),
        ("name", "Mona"),
        ("email", "mona@example.org"),
        ("nonce", nonce.as_str()),
        ("terminal", own.as_str()),
    ];
    let first = post(&world, &device, "/terminal/requests?lang=en", &fields).await;
    assert_eq!(first.status(), StatusCode::SEE_OTHER);
    let place = first.headers()["location"].to_str().unwrap().to_owned();
    // A double click, or a retry after a lost response.
    let again = post(&world, &device, "/terminal/requests?lang=en", &fields).await;
    assert_eq!(again.headers()["location"], place.as_str());
    assert_eq!(count(&world, "Sigma escalator").await, 1);

    let (status, receipt) = world.get(&device, &place).await;
    assert_eq!(status, StatusCode::OK);
    let code = receipt
        .split("receipt-code")
        .nth(1)
        .unwrap()
        .split("class=\"mono\">")
        .nth(1)
        .unwrap()
        .split('<')
        .next()
        .unwrap();
    assert!(code.len() == 7 && receipt.contains("<svg"));
    // Dispatch finds the request by its receipt code, at the location of the terminal.
    let staff = world.staff("nordlicht", "dispatcher").await;
    let inside = world.in_inbox(&staff, code).await;
    let page = world.content(&staff, &inside).await;
    assert!(page.contains("Rhein-Ruhr Medical Supply") && page.contains("Essen Center"));
    assert!(page.contains(">Terminal<") && page.contains(code));
    // The tracking page is public for everyone with the link.
    let token = place
        .split("token=")
        .nth(1)
        .unwrap()
        .split('&')
        .next()
        .unwrap()
        .to_owned();
    let (status, public) = world.get(&visitor(), &format!("/track/{token}")).await;
    assert_eq!(status, StatusCode::OK);
    assert!(public.contains("Sigma escalator") && !public.contains("Rhein-Ruhr"));
    // The receipt is not shown to the next visitor.
    world.core.clock().advance(TimeDelta::seconds(91));
    assert_eq!(world.get(&device, &place).await.0, StatusCode::SEE_OTHER);

    // Invalid input is returned to the form; required fields are checked.
    let wrong = [
        ("service_type", "repair"),
        ("description", "Tau"),
        ("email", "nonsense"),
        ("nonce", "n2"),
        ("terminal", own.as_str()),
    ];
    let answer = post(&world, &device, "/terminal/requests?lang=en", &wrong).await;
    assert_eq!(answer.status(), StatusCode::UNPROCESSABLE_ENTITY);
    let html = answer.text().await.unwrap();
    assert!(html.contains("value=\"nonsense\"") && html.contains("checked"));
    assert_eq!(count(&world, "Tau").await, 0);
}

#[rstest]
#[case::sqlite(Engine::Sqlite)]
#[case::postgres(Engine::Postgres)]
#[tokio::test]
async fn queued_request_sent_repeatedly_is_created_once(#[case] engine: Engine) {
    let Some(world) = world_at(engine, monday()).await else {
        return;
    };
    let device = paired(&world).await;
    let first = offline_receipt(&world, &device).await;
    let own = terminal_id(&world, &device).await;
    let body = request(&own, &first, 7, "Omega tap drips at the basin");
    // Two concurrent submissions and a late retry after a lost response.
    let (one, two) = tokio::join!(send_queued(&world, &device, &body), send_queued(&world, &device, &body));
    assert_eq!((one.0, two.0), (StatusCode::OK, StatusCode::OK), "{one:?} {two:?}");
    assert_eq!(one.1, two.1);
    assert_eq!(one.1["code"], first["code"], "the receipt code stays the same");
    world.core.clock().advance(TimeDelta::hours(2));
    let late = send_queued(&world, &device, &body).await;
    assert_eq!(late, one);
    assert_eq!(count(&world, "Omega tap drips").await, 1);
    let path = format!("/track/{}", first["token"].as_str().unwrap());
    assert_eq!(world.get(&visitor(), &path).await.0, StatusCode::OK);

    // A device whose storage was cleared starts counting again; its requests are new ones.
    let other = offline_receipt(&world, &device).await;
    let (status, _) = send_queued(&world, &device, &request(&own, &other, 7, "Omega window is broken")).await;
    assert_eq!(status, StatusCode::OK);
    assert_eq!(count(&world, "Omega window").await, 1);

    // A receipt token that is already in use is rejected with its own code.
    let (status, errors) = send_queued(&world, &device, &request(&own, &first, 8, "Omega intruder")).await;
    assert_eq!(
        (status, &errors[0]["code"]),
        (StatusCode::UNPROCESSABLE_ENTITY, &json!("token_taken"))
    );
    for token in [
        "",
        "short",
        "AAAAAAAAAAAAAAAAAAAAAAAAA\u{e4}",
        "../../../../../../../../../",
    ] {
        let (status, _) = send_queued(
            &world,
            &device,
            &request(&own, &json!({ "token": token }), 9, "Omega token"),
        )
        .await;
        assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY, "{token}");
    }
    let (status, errors) = send_queued(&world, &device, &request(&own, &other, 10, "")).await;
    assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY, "{errors}");
    // Requests from another site are rejected.
    let foreign = device
        .post(format!("{}/terminal/kept", world.url))
        .header("sec-fetch-site", "cross-site")
        .json(&body)
        .send()
        .await
        .unwrap();
    assert_eq!(foreign.status(), StatusCode::FORBIDDEN);
}

/// A request queued at one location must never be submitted for another one, even after the device is paired again.
#[rstest]
#[case::sqlite(Engine::Sqlite)]
#[case::postgres(Engine::Postgres)]
#[tokio::test]
async fn queued_request_of_other_terminal_is_rejected(#[case] engine: Engine) {
    let Some(world) = world_at(engine, monday()).await else {
        return;
    };
    let first = paired(&world).await;
    let before = terminal_id(&world, &first).await;
    let admin = world.staff("nordlicht", "admin").await;
    let (_, places) = world
        .call(
            "erp",
            reqwest::Method::GET,
            "/api/v1/locations?externalId=LOC-DUISBURG-01",
            None,
        )
        .await;
    let location = places["data"][0]["id"].as_str().unwrap().to_owned();
    let customer = world.customer("CUST-10042").await;
    let new = format!("/app/settings/terminals/new?customer={customer}");
    let page = world.content(&admin, &new).await;
    let at = page.find("value=\"frm_").unwrap() + 7;
    let form = page[at..].split('"').next().unwrap().to_owned();
    let fields = [
        ("customer", customer.as_str()),
        ("location", location.as_str()),
        ("name", "A Duisburg"),
        ("form", form.as_str()),
    ];
    world.send(&admin, "/app/fn/create-terminal", &fields).await;
    let list = world.content(&admin, "/app/settings/terminals").await;
    let code = list
        .split("pairing-code\"><bdi")
        .nth(1)
        .unwrap()
        .split('>')
        .nth(1)
        .unwrap();
    let device = device();
    let code = code.split('<').next().unwrap();
    post(&world, &device, "/terminal/pair", &[("code", code)]).await;
    let now = terminal_id(&world, &device).await;
    assert_ne!(before, now);
    for (other, expected) in [(before.as_str(), StatusCode::CONFLICT), ("", StatusCode::CONFLICT)] {
        let offline_receipt = offline_receipt(&world, &device).await;
        let (status, _) = send_queued(
            &world,
            &device,
            &request(other, &offline_receipt, 3, "Upsilon elsewhere"),
        )
        .await;
        assert_eq!(status, expected);
    }
    let fields = [
        ("service_type", "repair"),
        ("description", "Upsilon elsewhere"),
        ("name", "Mona"),
        ("email", "mona@example.org"),
        ("nonce", "other"),
        ("terminal", before.as_str()),
    ];
    let sent = post(&world, &device, "/terminal/requests?lang=en", &fields).await;
    assert_eq!(sent.status(), StatusCode::UNPROCESSABLE_ENTITY);
    assert_eq!(count(&world, "Upsilon elsewhere").await, 0);
    // A request queued for the new terminal is accepted at its own location.
    let own = offline_receipt(&world, &device).await;
    assert_eq!(
        send_queued(&world, &device, &request(&now, &own, 4, "Upsilon here"))
            .await
            .0,
        StatusCode::OK
    );
    let staff = world.staff("nordlicht", "dispatcher").await;
    let inside = world.in_inbox(&staff, "Upsilon here").await;
    assert!(world.content(&staff, &inside).await.contains("Duisburg Hafen"));
}

#[rstest]
#[case::sqlite(Engine::Sqlite)]
#[case::postgres(Engine::Postgres)]
#[tokio::test]
async fn terminal_setup_is_limited_to_own_tenant(#[case] engine: Engine) {
    let Some(world) = world_at(engine, monday()).await else {
        return;
    };
    let admin = world.staff("nordlicht", "admin").await;
    let customer = world.customer("CUST-10042").await;
    let page = world
        .content(&admin, &format!("/app/settings/terminals/new?customer={customer}"))
        .await;
    let option = |start: &str| {
        let at = page.find(&format!("value=\"{start}")).unwrap() + 7;
        page[at..].split('"').next().unwrap().to_owned()
    };
    let (location, form) = (option("loc_"), option("frm_"));
    let fields = [
        ("customer", customer.as_str()),
        ("location", location.as_str()),
        ("name", "Second hall"),
        ("form", form.as_str()),
    ];
    // Locations and forms of another tenant do not exist.
    let foreign = world.staff("suedwind", "admin").await;
    world.send(&foreign, "/app/fn/create-terminal", &fields).await;
    assert!(
        !world
            .content(&foreign, "/app/settings/terminals")
            .await
            .contains("Second hall")
    );
    world.send(&admin, "/app/fn/create-terminal", &fields).await;
    let list = world.content(&admin, "/app/settings/terminals").await;
    assert!(list.contains("Second hall"));
    let id = list
        .split("Second hall")
        .nth(1)
        .and_then(|rest| hidden(rest, "id"))
        .unwrap();
    for (who, path) in [(&foreign, "unpair"), (&foreign, "delete")] {
        world
            .send(who, &format!("/app/fn/{path}-terminal"), &[("id", id.as_str())])
            .await;
    }
    let still = world.content(&admin, "/app/settings/terminals").await;
    assert!(still.contains("Second hall") && still.contains("Waiting for pairing"));
}
