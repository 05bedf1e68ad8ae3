//! Visitors without an account write nothing to the database but counters.

use ordinavo_core::Engine;
use reqwest::StatusCode;
use rstest::rstest;

use crate::support::{SAME_ORIGIN, world};

const ATTEMPTS: usize = 40;

#[rstest]
#[case::sqlite(Engine::Sqlite)]
#[case::postgres(Engine::Postgres)]
#[tokio::test]
async fn failed_sign_ins_leave_counters_only(#[case] engine: Engine) {
    let Some(world) = world(engine).await else { return };
    let browser = crate::support::client_builder()
        .redirect(reqwest::redirect::Policy::none())
        .build()
        .unwrap();
    let flood = "x".repeat(9_000);
    for (app, path) in [("staff", "/app"), ("portal", "/portal"), ("partner", "/partner")] {
        let attempt = async |number: usize| {
            let email = if number.is_multiple_of(2) {
                format!("person-{number}@example.org")
            } else {
                format!("{flood}@example.org")
            };
            let answer = browser
                .post(format!("{}{path}/fn/sign-in", world.url))
                .header("accept", "text/html")
                .header(SAME_ORIGIN.0, SAME_ORIGIN.1)
                .header("x-forwarded-for", format!("203.0.113.{number}"))
                .form(&[("email", email.as_str()), ("password", "wrong"), ("next", &flood)])
                .send()
                .await
                .unwrap();
            assert_eq!(answer.status(), StatusCode::SEE_OTHER);
            for cookie in answer.headers().get_all("set-cookie") {
                let cookie = cookie.to_str().unwrap();
                assert!(
                    cookie.starts_with("ordinavo_flash=") && cookie.len() < 4_096,
                    "{cookie}"
                );
            }
        };
        // A few at once: each failed attempt is answered after a fixed time.
        for first in (0..ATTEMPTS).step_by(4) {
            futures::join!(
                attempt(first),
                attempt(first + 1),
                attempt(first + 2),
                attempt(first + 3)
            );
        }
        let sessions = world.texts(&format!("SELECT web_state FROM {app}_session")).await;
        assert!(sessions.is_empty(), "{}: {app}", world.engine);
    }
    // Under 500 bytes each, so 2,000 attempts take less than 1 MB.
    let sum = "SELECT CAST(sum(length(key_hash) + 62) AS TEXT) FROM sign_in_throttle";
    let bytes: usize = world.texts(sum).await[0][0].parse().unwrap();
    assert!(bytes < ATTEMPTS * 3 * 500, "{}: {bytes}", world.engine);
}

#[tokio::test]
async fn message_to_visitor_is_shown_once() {
    let world = world(Engine::Sqlite).await.unwrap();
    let browser = crate::support::client_builder().cookie_store(true).build().unwrap();
    let form = [("email", "person@example.org"), ("password", "wrong")];
    let page = browser
        .post(format!("{}/app/fn/sign-in", world.url))
        .header("accept", "text/html")
        .header(SAME_ORIGIN.0, SAME_ORIGIN.1)
        .form(&form)
        .send()
        .await
        .unwrap();
    assert!(page.text().await.unwrap().contains("value=\"person@example.org\""));
    let (_, again) = world.get(&browser, "/app/sign-in").await;
    assert!(!again.contains("person@example.org"));
}

#[tokio::test]
async fn actions_without_account_are_limited_per_network() {
    let world = world(Engine::Sqlite).await.unwrap();
    let client = crate::support::client();
    let act = async |from: &'static str| {
        let answer = client
            .post(format!("{}/partner/fn/sign-out", world.url))
            .header(SAME_ORIGIN.0, SAME_ORIGIN.1)
            .header("x-forwarded-for", from)
            .send();
        answer.await.unwrap().status() != StatusCode::TOO_MANY_REQUESTS
    };
    // 240 at once and 2 more a second, for both addresses of one /64 together.
    let started = std::time::Instant::now();
    let mut allowed = 0;
    for _ in 0..20 {
        let pairs = (0..15).map(|_| async { futures::join!(act("2001:db8::1"), act("2001:db8::2")) });
        for (one, other) in futures::future::join_all(pairs).await {
            allowed += u64::from(one) + u64::from(other);
        }
    }
    let refilled = 2 * (started.elapsed().as_secs() + 1);
    assert!((240..=240 + refilled).contains(&allowed), "{allowed}, {refilled}");
    assert!(act("2001:db8:0:1::2").await, "another network");
}
