//! The throttle of sign-in: by network, by account, and not against the owner. Networks come from `X-Forwarded-For`, which
//! loopback is trusted with.

use chrono::{TimeDelta, TimeZone as _, Utc};
use ordinavo_core::Engine;
use ordinavo_core::clock::Clock;
use reqwest::{Method, StatusCode};
use rstest::rstest;

use crate::support::{SAME_ORIGIN, World, world_at};

fn morning() -> Clock {
    Clock::manual(Utc.with_ymd_and_hms(2026, 11, 23, 8, 0, 0).single().unwrap())
}

async fn attempt(world: &World, from: &str, email: &str, password: &str) -> StatusCode {
    let browser = crate::support::client_builder()
        .redirect(reqwest::redirect::Policy::none())
        .build()
        .unwrap();
    let answer = browser
        .post(format!("{}/app/fn/sign-in", world.url))
        .header(SAME_ORIGIN.0, SAME_ORIGIN.1)
        .header("x-forwarded-for", from)
        .form(&[("email", email), ("password", password)])
        .send()
        .await
        .unwrap();
    if answer.headers().contains_key("location") {
        return StatusCode::SEE_OTHER;
    }
    answer.status()
}

const WRONG: &str = "not the password";

#[rstest]
#[case::sqlite(Engine::Sqlite)]
#[case::postgres(Engine::Postgres)]
#[tokio::test]
async fn passwords_sprayed_from_one_network_are_slowed_there_only(#[case] engine: Engine) {
    let clock = morning();
    let Some(world) = world_at(engine, clock.clone()).await else {
        return;
    };
    let ipv4 = |_: usize| "203.0.113.9".to_owned();
    let ipv6 = |number: usize| format!("[2001:db8:1:2:{number:x}::7]:4711");
    for address in [&ipv4 as &dyn Fn(usize) -> String, &ipv6] {
        let mut statuses = Vec::new();
        for number in 0..33 {
            let email = format!("person-{number}@example.org");
            statuses.push(attempt(&world, &address(number), &email, WRONG).await);
        }
        assert_eq!(statuses[..31], [StatusCode::UNAUTHORIZED; 31], "{}", world.engine);
        assert_eq!(statuses[31..], [StatusCode::TOO_MANY_REQUESTS; 2], "{}", world.engine);
    }
    let account = world.tenant("nordlicht").staff("dispatcher").unwrap().clone();
    let from_another = attempt(&world, "2001:db8:1:3::7", &account.email, &account.password).await;
    assert_eq!(from_another, StatusCode::SEE_OTHER);
    clock.advance(TimeDelta::seconds(2));
    let later = attempt(&world, &ipv4(0), &account.email, &account.password).await;
    assert_eq!(later, StatusCode::SEE_OTHER, "the lock ends by itself");
}

#[rstest]
#[case::sqlite(Engine::Sqlite)]
#[case::postgres(Engine::Postgres)]
#[tokio::test]
async fn account_guessed_from_many_networks_is_open_to_its_owner(#[case] engine: Engine) {
    let clock = morning();
    let Some(world) = world_at(engine, clock.clone()).await else {
        return;
    };
    let owner = world.tenant("nordlicht").staff("manager").unwrap().clone();
    let home = "198.51.100.1";
    assert_eq!(
        attempt(&world, home, &owner.email, &owner.password).await,
        StatusCode::SEE_OTHER
    );
    let (mut failed, mut slowed) = (0, 0);
    while failed < 20 {
        match attempt(&world, &format!("203.0.113.{failed}"), &owner.email, WRONG).await {
            StatusCode::UNAUTHORIZED => failed += 1,
            StatusCode::TOO_MANY_REQUESTS => {
                slowed += 1;
                clock.advance(TimeDelta::seconds(60));
            }
            other => panic!("{other}"),
        }
    }
    assert_eq!(slowed, 9, "{}", world.engine);
    let elsewhere = attempt(&world, "198.51.100.2", &owner.email, &owner.password).await;
    assert_eq!(elsewhere, StatusCode::TOO_MANY_REQUESTS);
    assert_eq!(
        attempt(&world, home, &owner.email, &owner.password).await,
        StatusCode::SEE_OTHER
    );
    let told = world
        .texts("SELECT recipient FROM mail WHERE kind = 'staff_sign_in_failures'")
        .await;
    assert_eq!(told, [[owner.email]], "{}", world.engine);
}

#[rstest]
#[case::sqlite(Engine::Sqlite)]
#[case::postgres(Engine::Postgres)]
#[tokio::test]
async fn keys_guessed_from_one_network_are_limited_there_only(#[case] engine: Engine) {
    let Some(world) = world_at(engine, morning()).await else {
        return;
    };
    let status = async |from: &'static str, key: &str| {
        let answer = world
            .api(Method::GET, "/api/v1/targets", key)
            .header("x-forwarded-for", from);
        answer.send().await.unwrap().status()
    };
    let mut refused = 0;
    while status("203.0.113.9", "ord_live_wrong").await == StatusCode::UNAUTHORIZED {
        refused += 1;
        assert!(refused < 1_000, "wrong keys are never limited");
    }
    assert!(refused >= 60, "{refused}");
    let key = world.key("nordlicht", "erp");
    assert_eq!(status("203.0.113.9", &key).await, StatusCode::OK, "a right key works");
    assert_eq!(status("203.0.113.10", "ord_live_wrong").await, StatusCode::UNAUTHORIZED);
}

#[rstest]
#[case::sqlite(Engine::Sqlite)]
#[case::postgres(Engine::Postgres)]
#[tokio::test]
async fn client_secrets_guessed_from_one_network_are_limited_there_only(#[case] engine: Engine) {
    let Some(world) = world_at(engine, morning()).await else {
        return;
    };
    let status = async |from: String| {
        let answer = crate::support::client()
            .post(format!("{}/api/v1/oauth/token", world.url))
            .header("x-forwarded-for", from)
            .form(&[
                ("grant_type", "client_credentials"),
                ("client_id", "cli_00000000000000000000000000"),
                ("client_secret", "wrong"),
            ]);
        answer.send().await.unwrap().status()
    };
    let mut refused = 0;
    while status("203.0.113.9".to_owned()).await != StatusCode::TOO_MANY_REQUESTS {
        refused += 1;
        assert!(refused < 1_000, "wrong secrets are never limited");
    }
    assert!(refused >= 10, "{refused}");
    let another = status("203.0.113.10".to_owned()).await;
    assert_eq!(another, StatusCode::UNAUTHORIZED, "{}", world.engine);
}

#[rstest]
#[case::sqlite(Engine::Sqlite)]
#[case::postgres(Engine::Postgres)]
#[tokio::test]
async fn password_of_one_organization_does_not_excuse_guesses_of_another(#[case] engine: Engine) {
    let clock = morning();
    let Some(world) = world_at(engine, clock.clone()).await else {
        return;
    };
    let victim = world.tenant("nordlicht").staff("manager").unwrap().clone();
    let other = world.tenant("suedwind").staff("auditor").unwrap().clone();
    let email = &other.email;
    // The same address in another organization, with a password that its administrator knows.
    world
        .sql(&format!(
            "UPDATE staff_account SET email = '{}' WHERE email = '{email}'",
            victim.email
        ))
        .await;
    let mut statuses = Vec::new();
    for _ in 0..12 {
        statuses.push(attempt(&world, "203.0.113.77", &victim.email, WRONG).await);
        // As long as one failure locks.
        clock.advance(TimeDelta::milliseconds(1_100));
        statuses.push(attempt(&world, "203.0.113.77", &victim.email, &other.password).await);
    }
    assert_eq!(statuses[1], StatusCode::SEE_OTHER, "{}: {statuses:?}", world.engine);
    assert!(
        statuses.contains(&StatusCode::TOO_MANY_REQUESTS),
        "{}: {statuses:?}",
        world.engine
    );
    world
        .sql(&format!(
            "UPDATE staff_account SET email = '{email}' WHERE email = '{}' AND role = 'auditor'",
            victim.email
        ))
        .await;
    // The lock ends by itself.
    clock.advance(TimeDelta::hours(2));
    assert_eq!(
        attempt(&world, "203.0.113.78", &victim.email, &victim.password).await,
        StatusCode::SEE_OTHER
    );
}
