//! Malformed input is answered with 4xx, and never with a redirect to where it came from.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ordinavo_core::Engine;
use reqwest::{Method, StatusCode};
use rstest::rstest;
use serde_json::{Value, json};

use crate::support::{SAME_ORIGIN, World, read, world};

async fn post(world: &World, path: &str, body: &'static str, accept: &str) -> reqwest::Response {
    let browser = crate::support::client_builder()
        .redirect(reqwest::redirect::Policy::none())
        .build()
        .unwrap();
    let request = browser
        .post(format!("{}{path}", world.url))
        .header("accept", accept)
        .header("referer", "https://evil.example/page")
        .header("content-type", "application/x-www-form-urlencoded")
        .header(SAME_ORIGIN.0, SAME_ORIGIN.1)
        .body(body);
    request.send().await.unwrap()
}

#[rstest]
#[case::sqlite(Engine::Sqlite)]
#[case::postgres(Engine::Postgres)]
#[tokio::test]
async fn malformed_arguments_return_400_without_redirect(#[case] engine: Engine) {
    let Some(world) = world(engine).await else { return };
    for (app, name, body) in [
        ("/app", "sign-in", "email=a&email=b&password=x"),
        ("/portal", "sign-in", "email[x]=a"),
        ("/partner", "choose-organization", "choice=1&choice=2"),
    ] {
        for accept in ["text/html", "application/json"] {
            let answer = post(&world, &format!("{app}/fn/{name}"), body, accept).await;
            assert_eq!(answer.status(), StatusCode::BAD_REQUEST, "{app} {name} {accept}");
            assert!(!answer.headers().contains_key("location"), "{app} {name} {accept}");
        }
    }
}

#[rstest]
#[case::sqlite(Engine::Sqlite)]
#[case::postgres(Engine::Postgres)]
#[tokio::test]
async fn text_with_nul_without_account_returns_4xx(#[case] engine: Engine) {
    let Some(world) = world(engine).await else { return };
    for (path, body) in [
        ("/app/fn/sign-in", "email=a%00b%40example.org&password=x%00&next=%00"),
        (
            "/portal/fn/sign-in",
            "email=a%40example.org&password=%00&next=%2Fportal%2F%00",
        ),
        (
            "/portal/fn/request-sign-in-link",
            "email=a%00%40example.org&purpose=sign_in",
        ),
        ("/portal/fn/open-link", "token=%00"),
        ("/portal/fn/accept-invitation", "token=%00&password=five+slow+tramways"),
        ("/partner/fn/accept-invitation", "token=%00&password=five+slow+tramways"),
        ("/track/%00/answer", "text=%00"),
        (
            "/intake/nordlicht-service",
            "name=%00&email=a%00%40example.org&description=%00&ticket=%00&place=%00",
        ),
    ] {
        let answer = post(&world, path, body, "application/json").await;
        assert!(
            answer.status().is_client_error(),
            "{}: {path} {}",
            world.engine,
            answer.status()
        );
        // A browser is shown the form again.
        let answer = post(&world, path, body, "text/html").await;
        assert!(
            !answer.status().is_server_error(),
            "{}: {path} {}",
            world.engine,
            answer.status()
        );
    }
    for path in [
        "/intake/%00",
        "/track/%00",
        "/portal/link/%00",
        "/portal/sign-in?at=%00",
        "/portal/feed/%00",
    ] {
        let answer = crate::support::client()
            .get(format!("{}{path}", world.url))
            .send()
            .await
            .unwrap();
        assert!(
            !answer.status().is_server_error(),
            "{}: {path} {}",
            world.engine,
            answer.status()
        );
    }
}

#[rstest]
#[case::sqlite(Engine::Sqlite)]
#[case::postgres(Engine::Postgres)]
#[tokio::test]
async fn csv_file_that_was_never_uploaded_is_not_found(#[case] engine: Engine) {
    let Some(world) = world(engine).await else { return };
    let staff = world.staff("nordlicht", "manager").await;
    let path = format!("/app/imports/upload/{}", "0".repeat(64));
    assert_eq!(world.get(&staff, &path).await.0, StatusCode::NOT_FOUND);
}

#[rstest]
#[case::sqlite(Engine::Sqlite)]
#[case::postgres(Engine::Postgres)]
#[tokio::test]
async fn times_out_of_range_are_rejected_or_clamped(#[case] engine: Engine) {
    let Some(world) = world(engine).await else { return };
    let key = world.key("nordlicht", "erp");
    let list = async |query: &str| {
        let path = format!("/api/v1/targets?limit=1{query}");
        read(world.api(Method::GET, &path, &key).send().await.unwrap()).await
    };
    let (_, page) = list("").await;
    let cursor = URL_SAFE_NO_PAD.decode(page["nextCursor"].as_str().unwrap()).unwrap();
    let mut cursor: Value = serde_json::from_slice(&cursor).unwrap();
    for micros in [i64::MIN, -300_000_000_000_000_000, i64::MAX] {
        cursor["p"][0] = json!(micros.to_string());
        let changed = URL_SAFE_NO_PAD.encode(cursor.to_string());
        let (status, answer) = list(&format!("&cursor={changed}")).await;
        assert_eq!(status, StatusCode::OK, "{}: {micros} {answer}", world.engine);
    }
    for date in ["-4800-1-01", "-4800-01-01", "0000-01-01"] {
        let request = world.api(Method::POST, "/api/v1/route-suggestions", &key);
        let request = request.header("idempotency-key", date).json(&json!({ "date": date }));
        let (status, answer) = read(request.send().await.unwrap()).await;
        assert!(status.is_client_error(), "{}: {date} {answer}", world.engine);
    }
    let staff = world.staff("nordlicht", "dispatcher").await;
    for path in [
        "/app/board?date=-4800-01-01",
        "/app/board?after=0~-9000-01-01T00:00:00Z~tgt_00000000000000000000000000",
        "/app/imports?before=-9223372036854775808.imp_00000000000000000000000000",
    ] {
        assert_eq!(
            world.get(&staff, path).await.0,
            StatusCode::OK,
            "{}: {path}",
            world.engine
        );
    }
}
