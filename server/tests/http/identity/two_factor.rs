//! The second step of signing in to the portal: turned on with a first code, asked for at every door, once for each code.

use ordinavo_core::Engine;
use rstest::rstest;
use std::sync::Arc;

use crate::portal_access::access::{PASSWORD, access_page, browser, invite, mails, status, token};
use crate::support::forms::hidden;
use crate::support::{OWN_PAGE, World, world_at};
use chrono::{TimeDelta, TimeZone as _, Utc};
use domain::two_factor::TypedCode;
use ordinavo_core::clock::Clock;
use reqwest::{Client, StatusCode};
use totp_rs::{Builder, Secret};

const EMAIL: &str = "zoe.karl@rhein-ruhr-medical.example";

fn morning() -> Clock {
    Clock::manual(Utc.with_ymd_and_hms(2026, 11, 23, 8, 30, 0).single().unwrap())
}

/// Somebody with an account and an app on their phone.
struct Person {
    browser: Client,
    secret: String,
    codes: Vec<String>,
}

impl Person {
    /// What the app shows now.
    fn code(&self, clock: &Clock) -> String {
        let secret = Secret::try_from_base32(&self.secret).unwrap();
        let now = u64::try_from(clock.now().timestamp()).unwrap();
        Builder::new()
            .with_secret(secret)
            .build()
            .unwrap()
            .generate(now)
            .to_string()
    }
}

/// The key of the page, without its blanks.
fn key_on(html: &str) -> Option<String> {
    let key = html
        .split("<bdi dir=\"ltr\" class=\"mono\">")
        .nth(1)?
        .split('<')
        .next()?;
    Some(key.replace(' ', ""))
}

fn recovery_codes(html: &str) -> Vec<String> {
    let Some(list) = html.split("recovery mono").nth(1) else {
        return Vec::new();
    };
    list.split("</ul>")
        .next()
        .unwrap()
        .split("<li>")
        .skip(1)
        .map(|item| item.split('<').next().unwrap().to_owned())
        .collect()
}

async fn person(world: &Arc<World>, clock: &Clock) -> Person {
    let staff = world.staff("nordlicht", "manager").await;
    let page = access_page(world).await;
    let fields = [
        ("name", "Zoe Karl"),
        ("email", EMAIL),
        ("whole", "on"),
        ("may_reports", "on"),
    ];
    let link = invite(world, &staff, &page, &fields).await.unwrap();
    let browser = browser();
    let accept = [("token", token(&link)), ("password", PASSWORD)];
    world.send(&browser, "/portal/fn/accept-invitation", &accept).await;
    // Only who knows the password begins.
    let wrong = [("current", "another one entirely")];
    world.send(&browser, "/portal/fn/begin-second-step", &wrong).await;
    let html = world.content(&browser, "/portal/profile").await;
    assert!(html.contains("This is not your present password") && key_on(&html).is_none());
    clock.advance(TimeDelta::seconds(2));
    world
        .send(&browser, "/portal/fn/begin-second-step", &[("current", PASSWORD)])
        .await;
    let html = world.content(&browser, "/portal/profile").await;
    let mut person = Person {
        secret: key_on(&html).unwrap(),
        browser,
        codes: Vec::new(),
    };
    assert!(html.contains("<svg"), "there is a picture to scan");
    // Shown and not confirmed, it changes nothing; a wrong code does not confirm it.
    assert_eq!(
        sign_in(world, &crate::portal_access::access::browser()).await,
        "/portal"
    );
    world
        .send(&person.browser, "/portal/fn/confirm-second-step", &[("code", "000000")])
        .await;
    assert!(
        world
            .content(&person.browser, "/portal/profile")
            .await
            .contains("This code is wrong")
    );
    let code = person.code(clock);
    world
        .send(&person.browser, "/portal/fn/confirm-second-step", &[("code", &code)])
        .await;
    let html = world.content(&person.browser, "/portal/profile").await;
    person.codes = recovery_codes(&html);
    assert_eq!(person.codes.len(), 10, "{}", world.engine);
    assert!(
        person
            .codes
            .iter()
            .all(|code| matches!(TypedCode::read(code), Some(TypedCode::Recovery(_))))
    );
    let again = world.content(&person.browser, "/portal/profile").await;
    assert!(
        recovery_codes(&again).is_empty() && key_on(&again).is_none(),
        "shown once"
    );
    assert!(again.contains("10 recovery codes are left"));
    person
}

/// Gives address and password; the answer is where that leads.
async fn sign_in(world: &World, browser: &Client) -> String {
    let fields = [("email", EMAIL), ("password", PASSWORD), ("next", "/portal/reports")];
    let to = world.send(browser, "/portal/fn/sign-in", &fields).await;
    if to == "/portal/reports" {
        "/portal".to_owned()
    } else {
        to
    }
}

async fn give(world: &World, browser: &Client, code: &str) -> String {
    world.send(browser, "/portal/fn/give-code", &[("code", code)]).await
}

const CODE_PAGE: &str = "/portal/sign-in/code";

#[rstest]
#[case::sqlite(Engine::Sqlite)]
#[case::postgres(Engine::Postgres)]
#[tokio::test]
async fn a_code_is_asked_for_after_the_password_and_works_once(#[case] engine: Engine) {
    let clock = morning();
    let Some(world) = world_at(engine, clock.clone()).await else {
        return;
    };
    let begin = clock.now();
    let person = person(&world, &clock).await;
    let other = browser();
    assert_eq!(status(&world, &other, CODE_PAGE).await, StatusCode::NOT_FOUND);
    assert_eq!(give(&world, &other, &person.code(&clock)).await, "/portal/sign-in");
    assert_eq!(sign_in(&world, &other).await, CODE_PAGE, "{}", world.engine);
    // The password alone opens nothing.
    for path in ["/portal", "/portal/profile", "/portal/reports"] {
        assert_eq!(status(&world, &other, path).await, StatusCode::SEE_OTHER, "{path}");
    }
    assert!(
        world
            .content(&other, CODE_PAGE)
            .await
            .contains("Two-factor authentication")
    );
    // The code that turned it on is used up, although its half minute is not over.
    assert_eq!(give(&world, &other, &person.code(&clock)).await, CODE_PAGE);
    assert!(
        world
            .content(&other, CODE_PAGE)
            .await
            .contains("This code is wrong, or was used")
    );
    assert_eq!(status(&world, &other, "/portal").await, StatusCode::SEE_OTHER);
    clock.advance(TimeDelta::seconds(30));
    let code = person.code(&clock);
    assert_eq!(
        give(&world, &other, &code).await,
        "/portal/reports",
        "where one wanted to go"
    );
    assert_eq!(status(&world, &other, "/portal").await, StatusCode::OK);
    let third = browser();
    assert_eq!(sign_in(&world, &third).await, CODE_PAGE);
    assert_eq!(give(&world, &third, &code).await, CODE_PAGE, "once for everybody");
    // A recovery code works while guesses at the app's code are locked, and works once.
    let typed = person.codes[0].to_uppercase().replace('-', " ");
    assert_eq!(give(&world, &third, &typed).await, "/portal/reports");
    let fourth = browser();
    assert_eq!(sign_in(&world, &fourth).await, CODE_PAGE);
    assert_eq!(give(&world, &fourth, &person.codes[0]).await, CODE_PAGE);
    assert!(
        world
            .content(&person.browser, "/portal/profile")
            .await
            .contains("9 recovery codes are left")
    );
    // Too late: it begins anew.
    clock.advance(TimeDelta::minutes(6));
    assert_eq!(status(&world, &fourth, CODE_PAGE).await, StatusCode::NOT_FOUND);
    assert_eq!(give(&world, &fourth, &person.code(&clock)).await, "/portal/sign-in");
    let kinds: Vec<_> = mails(&world).await.into_iter().filter(|mail| mail.0 == EMAIL).collect();
    assert!(kinds.iter().any(|mail| mail.1 == "portal_second_step_on"), "{kinds:?}");
    clock.advance(begin - clock.now());
}

#[rstest]
#[case::sqlite(Engine::Sqlite)]
#[case::postgres(Engine::Postgres)]
#[tokio::test]
async fn guesses_are_locked_longer_and_longer(#[case] engine: Engine) {
    let clock = morning();
    let Some(world) = world_at(engine, clock.clone()).await else {
        return;
    };
    let begin = clock.now();
    let person = person(&world, &clock).await;
    clock.advance(TimeDelta::seconds(30));
    let guesser = browser();
    assert_eq!(sign_in(&world, &guesser).await, CODE_PAGE);
    let guess = async || {
        guesser
            .post(format!("{}/portal/fn/give-code", world.url))
            .header(OWN_PAGE.0, OWN_PAGE.1)
            .form(&[("code", "111111")])
            .send()
            .await
            .unwrap()
            .status()
    };
    for lock in [2, 4, 8, 16] {
        assert_eq!(guess().await, StatusCode::UNPROCESSABLE_ENTITY, "{}", world.engine);
        // Even the right one is not looked at while it is locked.
        assert_eq!(give(&world, &guesser, &person.code(&clock)).await, CODE_PAGE);
        clock.advance(TimeDelta::seconds(lock) - TimeDelta::milliseconds(1));
        assert_eq!(guess().await, StatusCode::TOO_MANY_REQUESTS);
        clock.advance(TimeDelta::milliseconds(1));
    }
    assert_eq!(give(&world, &guesser, &person.code(&clock)).await, "/portal/reports");
    clock.advance(begin - clock.now());
}

#[rstest]
#[case::sqlite(Engine::Sqlite)]
#[case::postgres(Engine::Postgres)]
#[tokio::test]
async fn mailed_links_do_not_go_round_the_code_and_a_new_password_ends_the_waiting(#[case] engine: Engine) {
    let clock = morning();
    let Some(world) = world_at(engine, clock.clone()).await else {
        return;
    };
    let begin = clock.now();
    let person = person(&world, &clock).await;
    mails(&world).await;
    let waiting = browser();
    assert_eq!(sign_in(&world, &waiting).await, CODE_PAGE);
    let link = async |purpose: &str, kind: &str| {
        let fields = [("email", EMAIL), ("purpose", purpose)];
        world.send(&browser(), "/portal/fn/ask-link", &fields).await;
        let all = mails(&world).await;
        all.into_iter().find(|mail| mail.1 == kind).unwrap().2
    };
    let mailed = link("sign_in", "portal_sign_in").await;
    let by_link = browser();
    let fields = [("token", token(&mailed))];
    assert_eq!(
        world.send(&by_link, "/portal/fn/use-link", &fields).await,
        CODE_PAGE,
        "{}",
        world.engine
    );
    assert_eq!(status(&world, &by_link, "/portal").await, StatusCode::SEE_OTHER);
    clock.advance(TimeDelta::seconds(30));
    assert_eq!(give(&world, &by_link, &person.code(&clock)).await, "/portal");
    assert_eq!(status(&world, &by_link, "/portal").await, StatusCode::OK);
    let mailed = link("password", "portal_password").await;
    let by_password = browser();
    let fields = [("token", token(&mailed)), ("password", "five slow tramways")];
    assert_eq!(
        world.send(&by_password, "/portal/fn/set-password", &fields).await,
        CODE_PAGE
    );
    assert_eq!(
        status(&world, &by_link, "/portal").await,
        StatusCode::SEE_OTHER,
        "sessions end"
    );
    // Who gave the password before waits in vain.
    clock.advance(TimeDelta::seconds(30));
    let code = person.code(&clock);
    assert_eq!(give(&world, &waiting, &code).await, "/portal/sign-in");
    assert_eq!(status(&world, &waiting, "/portal").await, StatusCode::SEE_OTHER);
    clock.advance(TimeDelta::seconds(30));
    assert_eq!(give(&world, &by_password, &person.code(&clock)).await, "/portal");
    assert_eq!(status(&world, &by_password, "/portal").await, StatusCode::OK);
    clock.advance(begin - clock.now());
}

#[rstest]
#[case::sqlite(Engine::Sqlite)]
#[case::postgres(Engine::Postgres)]
#[tokio::test]
async fn it_is_turned_off_with_a_code_or_by_the_staff(#[case] engine: Engine) {
    let clock = morning();
    let Some(world) = world_at(engine, clock.clone()).await else {
        return;
    };
    let begin = clock.now();
    let person = person(&world, &clock).await;
    let change = async |to: &str, code: &str| {
        let fields = [("to", to), ("code", code)];
        world
            .send(&person.browser, "/portal/fn/change-second-step", &fields)
            .await;
        world.content(&person.browser, "/portal/profile").await
    };
    assert!(
        change("off", "").await.contains("This code is wrong"),
        "{}",
        world.engine
    );
    // New recovery codes end the ones before.
    let new = recovery_codes(&change("codes", &person.codes[1]).await);
    assert_eq!(new.len(), 10);
    let other = browser();
    assert_eq!(sign_in(&world, &other).await, CODE_PAGE);
    assert_eq!(give(&world, &other, &person.codes[2]).await, CODE_PAGE);
    clock.advance(TimeDelta::seconds(30));
    assert_eq!(give(&world, &other, &new[0]).await, "/portal/reports");
    assert!(change("off", &new[1]).await.contains("Set it up"));
    assert_eq!(sign_in(&world, &browser()).await, "/portal");

    // On again, and taken away by the staff; who looks on sees no key.
    world
        .send(
            &person.browser,
            "/portal/fn/begin-second-step",
            &[("current", PASSWORD)],
        )
        .await;
    let html = world.content(&person.browser, "/portal/profile").await;
    let person = Person {
        secret: key_on(&html).unwrap(),
        ..person
    };
    let staff = world.staff("nordlicht", "manager").await;
    let page = access_page(&world).await;
    let html = world.content(&staff, &page).await;
    let card = html.split("<section").find(|card| card.contains(EMAIL)).unwrap();
    let (account, customer) = (hidden(card, "account").unwrap(), hidden(card, "customer").unwrap());
    let ids = [("customer", customer.as_str()), ("account", account.as_str())];
    let look = world.send(&staff, "/app/fn/see-as-contact", &ids).await;
    let looker = browser();
    world
        .send(&looker, "/portal/fn/use-link", &[("token", token(&look))])
        .await;
    let seen = world.content(&looker, "/portal/profile").await;
    assert!(seen.contains("Second step") && key_on(&seen).is_none() && !seen.contains("otpauth"));
    let nothing = staff
        .post(format!("{}/app/fn/remove-second-step", world.url))
        .header(OWN_PAGE.0, OWN_PAGE.1)
        .form(&ids)
        .send()
        .await
        .unwrap();
    assert_eq!(
        nothing.status(),
        StatusCode::NOT_FOUND,
        "there is nothing to take away yet"
    );
    let code = person.code(&clock);
    world
        .send(&person.browser, "/portal/fn/confirm-second-step", &[("code", &code)])
        .await;
    assert_eq!(sign_in(&world, &browser()).await, CODE_PAGE);
    assert!(world.content(&staff, &page).await.contains("2FA on"));
    mails(&world).await;
    world.send(&staff, "/app/fn/remove-second-step", &ids).await;
    assert!(
        world
            .content(&staff, &page)
            .await
            .contains("The second step is taken away")
    );
    assert_eq!(sign_in(&world, &browser()).await, "/portal");
    let told = mails(&world).await;
    assert!(
        told.iter()
            .any(|mail| mail.0 == EMAIL && mail.1 == "portal_second_step_off"),
        "{told:?}"
    );
    let auditor = world.staff("nordlicht", "auditor").await;
    let log = world.content(&auditor, "/app/settings").await;
    for entry in [
        "portal.second_step_on",
        "portal.second_step_off",
        "portal.second_step_removed",
        "portal.recovery_code_used",
    ] {
        assert!(log.contains(entry), "{entry}");
    }
    clock.advance(begin - clock.now());
}
