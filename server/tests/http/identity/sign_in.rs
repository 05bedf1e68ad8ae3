//! Sessions: renewed at sign-in, ended by time, lock and a new password, and chosen where an address has several tenants.

use crate::support::{OWN_PAGE, World, world, world_at};
use chrono::{TimeDelta, Utc};
use domain::roles::Role;
use ordinavo_core::Engine;
use ordinavo_core::clock::Clock;
use ordinavo_core::identity::administration;
use reqwest::{Client, Response, StatusCode};
use rstest::rstest;

/// A browser that keeps no cookies by itself.
fn plain_browser() -> Client {
    Client::builder()
        .redirect(reqwest::redirect::Policy::none())
        .build()
        .unwrap()
}

async fn sign_in(world: &World, browser: &Client, cookie: &str, email: &str, password: &str) -> Response {
    browser
        .post(format!("{}/app/fn/sign-in", world.url))
        .header("accept", "text/html")
        .header("cookie", cookie)
        .header(OWN_PAGE.0, OWN_PAGE.1)
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

async fn opens_the_inbox(world: &World, browser: &Client, cookie: &str) -> bool {
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
async fn an_id_planted_before_sign_in_is_worth_nothing_afterwards(#[case] engine: Engine) {
    let Some(world) = world(engine).await else { return };
    let account = world.tenant("nordlicht").staff("dispatcher").unwrap().clone();
    let browser = plain_browser();
    // A failed attempt leaves a session that carries what was typed: the id that an attacker could plant.
    let failed = sign_in(&world, &browser, "", &account.email, "not the password").await;
    let planted = session_cookie(&failed);
    assert!(!opens_the_inbox(&world, &browser, &planted).await);
    let answer = loop {
        let answer = sign_in(&world, &browser, &planted, &account.email, &account.password).await;
        // The short lock after the failure ends by itself.
        if !answer.headers()["location"].to_str().unwrap().contains("sign-in") {
            break answer;
        }
        tokio::task::yield_now().await;
    };
    let renewed = session_cookie(&answer);
    assert_ne!(planted, renewed);
    assert!(opens_the_inbox(&world, &browser, &renewed).await);
    assert!(!opens_the_inbox(&world, &browser, &planted).await, "{}", world.engine);
}

#[rstest]
#[case::sqlite(Engine::Sqlite)]
#[case::postgres(Engine::Postgres)]
#[tokio::test]
async fn a_lock_and_a_new_password_end_running_sessions(#[case] engine: Engine) {
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
async fn sessions_end_when_idle(#[case] engine: Engine) {
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
async fn sessions_end_when_old_though_used_every_day(#[case] engine: Engine) {
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
    // The cookie's own time runs by the machine's clock, so the next world begins where this one began.
    clock.advance(-TimeDelta::hours(169));
}

#[rstest]
#[case::sqlite(Engine::Sqlite)]
#[case::postgres(Engine::Postgres)]
#[tokio::test]
async fn an_address_with_two_tenants_chooses_and_the_choice_closes(#[case] engine: Engine) {
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
    let browser = Client::builder()
        .cookie_store(true)
        .redirect(reqwest::redirect::Policy::none())
        .build()
        .unwrap();
    let choose = async |choice: &str| {
        let answer = browser
            .post(format!("{}/app/fn/choose-tenant", world.url))
            .header("accept", "text/html")
            .header(OWN_PAGE.0, OWN_PAGE.1)
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
        "nobody is in before the choice"
    );
    let (status, page) = world.get(&browser, "/app/sign-in/choose").await;
    assert_eq!(status, StatusCode::OK);
    assert!(page.contains("Nordlicht Technik") && page.contains("dwind"));
    assert!(choose("7").await.contains("sign-in"), "a choice that was not offered");
    clock.advance(TimeDelta::minutes(3));
    assert!(
        choose("0").await.contains("sign-in"),
        "the choice stays open for two minutes"
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
