//! Sessions: renewed at sign-in, ended by timeout, lock and password reset, and the choice between several tenants.

use crate::support::{SAME_ORIGIN, World, world, world_at};
use chrono::{TimeDelta, Utc};
use domain::identity::roles::Role;
use ordinavo_core::Engine;
use ordinavo_core::clock::Clock;
use ordinavo_core::identity::administration;
use reqwest::{Client, Response, StatusCode};
use rstest::rstest;

/// Returns a browser without a cookie jar.
fn browser_without_cookies() -> Client {
    crate::support::client_builder()
        .redirect(reqwest::redirect::Policy::none())
        .build()
        .unwrap()
}

async fn sign_in(world: &World, browser: &Client, cookie: &str, email: &str, password: &str) -> Response {
    browser
        .post(format!("{}/app/fn/sign-in", world.url))
        .header("accept", "text/html")
        .header("cookie", cookie)
        .header(SAME_ORIGIN.0, SAME_ORIGIN.1)
        .form(&[("email", email), ("password", password)])
        .send()
        .await
        .unwrap()
}

fn session_cookie(answer: &Response) -> String {
    answer
        .headers()
        .get_all("set-cookie")
        .iter()
        .filter_map(|value| value.to_str().ok())
        .find(|value| value.starts_with("ordinavo_staff="))
        .and_then(|value| value.split(';').next())
        .unwrap()
        .to_owned()
}

async fn can_open_inbox(world: &World, browser: &Client, cookie: &str) -> bool {
    let answer = browser
        .get(format!("{}/app/inbox", world.url))
        .header("accept", "text/html")
        .header("cookie", cookie)
        .send()
        .await
        .unwrap();
    answer.status() == StatusCode::OK
}

#[rstest]
#[case::sqlite(Engine::Sqlite)]
#[case::postgres(Engine::Postgres)]
#[tokio::test]
async fn session_id_planted_before_sign_in_is_not_signed_in(#[case] engine: Engine) {
    let Some(world) = world(engine).await else { return };
    let account = world.tenant("nordlicht").staff("dispatcher").unwrap().clone();
    let browser = browser_without_cookies();
    // An attacker could plant the ID of a session that is open for another account.
    let attacker = world.tenant("nordlicht").staff("technician").unwrap().clone();
    let opened = sign_in(&world, &browser, "", &attacker.email, &attacker.password).await;
    let planted = session_cookie(&opened);
    let answer = sign_in(&world, &browser, &planted, &account.email, &account.password).await;
    let renewed = session_cookie(&answer);
    assert_ne!(planted, renewed);
    assert!(can_open_inbox(&world, &browser, &renewed).await);
    assert!(!can_open_inbox(&world, &browser, &planted).await, "{}", world.engine);
}

#[rstest]
#[case::sqlite(Engine::Sqlite)]
#[case::postgres(Engine::Postgres)]
#[tokio::test]
async fn sessions_after_lock_or_password_reset_are_ended(#[case] engine: Engine) {
    let Some(world) = world(engine).await else { return };
    let account = world.tenant("nordlicht").staff("manager").unwrap().clone();
    let browser = world.browser("/app", &account.email, &account.password).await;
    assert_eq!(world.get(&browser, "/app/inbox").await.0, StatusCode::OK);
    administration::lock_account(&world.core, "nordlicht", &account.email, true)
        .await
        .unwrap();
    assert_eq!(world.get(&browser, "/app/inbox").await.0, StatusCode::SEE_OTHER);
    administration::lock_account(&world.core, "nordlicht", &account.email, false)
        .await
        .unwrap();
    let browser = world.browser("/app", &account.email, &account.password).await;
    let other = "another fine passphrase".to_owned();
    administration::reset_password(&world.core, "nordlicht", &account.email, &other.clone().into())
        .await
        .unwrap();
    assert_eq!(world.get(&browser, "/app/inbox").await.0, StatusCode::SEE_OTHER);
    let browser = world.browser("/app", &account.email, &other).await;
    assert_eq!(
        world.get(&browser, "/app/inbox").await.0,
        StatusCode::OK,
        "{}",
        world.engine
    );
}

#[rstest]
#[case::sqlite(Engine::Sqlite)]
#[case::postgres(Engine::Postgres)]
#[tokio::test]
async fn session_idle_for_twelve_hours_is_ended(#[case] engine: Engine) {
    let clock = Clock::manual(Utc::now());
    let Some(world) = world_at(engine, clock.clone()).await else {
        return;
    };
    let browser = world.staff("nordlicht", "dispatcher").await;
    let opens = async || world.get(&browser, "/app/inbox").await.0 == StatusCode::OK;
    clock.advance(TimeDelta::hours(11));
    assert!(opens().await, "used within twelve hours");
    clock.advance(TimeDelta::hours(13));
    assert!(!opens().await, "{}: idle for more than twelve hours", world.engine);
}

#[rstest]
#[case::sqlite(Engine::Sqlite)]
#[case::postgres(Engine::Postgres)]
#[tokio::test]
async fn session_older_than_seven_days_is_ended(#[case] engine: Engine) {
    let clock = Clock::manual(Utc::now());
    let Some(world) = world_at(engine, clock.clone()).await else {
        return;
    };
    let browser = world.staff("nordlicht", "dispatcher").await;
    for _ in 0..16 {
        clock.advance(TimeDelta::hours(10));
        assert_eq!(world.get(&browser, "/app/inbox").await.0, StatusCode::OK);
    }
    clock.advance(TimeDelta::hours(9));
    assert_eq!(
        world.get(&browser, "/app/inbox").await.0,
        StatusCode::SEE_OTHER,
        "{}: older than 7 days",
        world.engine
    );
    // Cookie expiry uses the system clock, so reset the manual clock for the next server.
    clock.advance(-TimeDelta::hours(169));
}

#[rstest]
#[case::sqlite(Engine::Sqlite)]
#[case::postgres(Engine::Postgres)]
#[tokio::test]
async fn sign_in_with_two_tenants_requires_choice_within_two_minutes(#[case] engine: Engine) {
    let clock = Clock::manual(Utc::now());
    let Some(world) = world_at(engine, clock.clone()).await else {
        return;
    };
    let (email, password) = ("both@example.org", "one phrase for two tenants");
    for slug in ["nordlicht", "suedwind"] {
        administration::create_staff(
            &world.core,
            slug,
            email,
            "Both",
            Role::Dispatcher,
            &password.to_owned().into(),
        )
        .await
        .unwrap();
    }
    let browser = crate::support::client_builder()
        .cookie_store(true)
        .redirect(reqwest::redirect::Policy::none())
        .build()
        .unwrap();
    let choose = async |choice: &str| {
        let answer = browser
            .post(format!("{}/app/fn/choose-organization", world.url))
            .header("accept", "text/html")
            .header(SAME_ORIGIN.0, SAME_ORIGIN.1)
            .form(&[("choice", choice)])
            .send()
            .await
            .unwrap();
        answer.headers()["location"].to_str().unwrap().to_owned()
    };
    let answer = sign_in(&world, &browser, "", email, password).await;
    assert!(
        answer.headers()["location"]
            .to_str()
            .unwrap()
            .ends_with("/app/sign-in/choose")
    );
    assert_eq!(
        world.get(&browser, "/app/inbox").await.0,
        StatusCode::SEE_OTHER,
        "not signed in before the choice"
    );
    let (status, page) = world.get(&browser, "/app/sign-in/choose").await;
    assert_eq!(status, StatusCode::OK);
    assert!(page.contains("Nordlicht Technik") && page.contains("dwind"));
    assert!(choose("7").await.contains("sign-in"), "an invalid choice is rejected");
    clock.advance(TimeDelta::minutes(3));
    assert!(
        choose("0").await.contains("sign-in"),
        "the choice expires after two minutes"
    );
    sign_in(&world, &browser, "", email, password).await;
    assert!(!choose("0").await.contains("sign-in"));
    assert_eq!(
        world.get(&browser, "/app/inbox").await.0,
        StatusCode::OK,
        "{}",
        world.engine
    );
}
