//! Two-factor authentication of portal users: turned on with a first code, required after every kind of sign-in, each
//! code valid once.

use ordinavo_core::Engine;
use rstest::rstest;
use std::sync::Arc;

use crate::portal_access::access::{PASSWORD, access_page, browser, invite, mails, status, token};
use crate::support::forms::hidden;
use crate::support::{SAME_ORIGIN, World, world_at};
use chrono::{TimeDelta, TimeZone as _, Utc};
use domain::identity::two_factor::TypedCode;
use ordinavo_core::clock::Clock;
use reqwest::{Client, StatusCode};
use totp_rs::{Builder, Secret};

const EMAIL: &str = "zoe.karl@rhein-ruhr-medical.example";

fn morning() -> Clock {
    Clock::manual(Utc.with_ymd_and_hms(2026, 11, 23, 8, 30, 0).single().unwrap())
}

/// A user with an account and an authenticator app.
struct Person {
    browser: Client,
    secret: String,
    codes: Vec<String>,
}

impl Person {
    /// Returns the code that the app shows at the current time.
    fn code(&self, clock: &Clock) -> String {
        app_code(&self.secret, clock)
    }
}

/// Returns the code that an app with this secret shows at the current time.
pub fn app_code(secret: &str, clock: &Clock) -> String {
    let secret = Secret::try_from_base32(secret).unwrap();
    let now = u64::try_from(clock.now().timestamp()).unwrap();
    Builder::new()
        .with_secret(secret)
        .build()
        .unwrap()
        .generate(now)
        .to_string()
}

/// Returns the secret shown on the page, without spaces.
pub fn secret_on_page(html: &str) -> Option<String> {
    let key = html
        .split("<bdi dir=\"ltr\" class=\"mono\">")
        .nth(1)?
        .split('<')
        .next()?;
    Some(key.replace(' ', ""))
}

pub fn recovery_codes(html: &str) -> Vec<String> {
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
    // Setup requires the current password.
    let wrong = [("current", "another one entirely")];
    world.send(&browser, "/portal/fn/begin-two-factor", &wrong).await;
    let html = world.content(&browser, "/portal/profile").await;
    assert!(html.contains("The current password is incorrect") && secret_on_page(&html).is_none());
    clock.advance(TimeDelta::seconds(2));
    world
        .send(&browser, "/portal/fn/begin-two-factor", &[("current", PASSWORD)])
        .await;
    let html = world.content(&browser, "/portal/profile").await;
    let mut person = Person {
        secret: secret_on_page(&html).unwrap(),
        browser,
        codes: Vec::new(),
    };
    assert!(html.contains("<svg"), "the QR code is shown");
    // A secret that is not confirmed changes nothing; a wrong code does not confirm it.
    assert_eq!(
        sign_in(world, &crate::portal_access::access::browser()).await,
        "/portal"
    );
    world
        .send(&person.browser, "/portal/fn/confirm-two-factor", &[("code", "000000")])
        .await;
    assert!(
        world
            .content(&person.browser, "/portal/profile")
            .await
            .contains("This code is incorrect")
    );
    let code = person.code(clock);
    world
        .send(&person.browser, "/portal/fn/confirm-two-factor", &[("code", &code)])
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
        recovery_codes(&again).is_empty() && secret_on_page(&again).is_none(),
        "shown once"
    );
    assert!(again.contains("10 recovery codes left"));
    person
}

/// Submits email and password and returns the redirect path.
async fn sign_in(world: &World, browser: &Client) -> String {
    let fields = [("email", EMAIL), ("password", PASSWORD), ("next", "/portal/reports")];
    let to = world.send(browser, "/portal/fn/sign-in", &fields).await;
    if to == "/portal/reports" {
        "/portal".to_owned()
    } else {
        to
    }
}

async fn submit_code(world: &World, browser: &Client, code: &str) -> String {
    world.send(browser, "/portal/fn/verify-code", &[("code", code)]).await
}

const CODE_PAGE: &str = "/portal/sign-in/code";

#[rstest]
#[case::sqlite(Engine::Sqlite)]
#[case::postgres(Engine::Postgres)]
#[tokio::test]
async fn sign_in_with_two_factor_requires_code_that_works_once(#[case] engine: Engine) {
    let clock = morning();
    let Some(world) = world_at(engine, clock.clone()).await else {
        return;
    };
    let begin = clock.now();
    let person = person(&world, &clock).await;
    let other = browser();
    assert_eq!(status(&world, &other, CODE_PAGE).await, StatusCode::NOT_FOUND);
    assert_eq!(
        submit_code(&world, &other, &person.code(&clock)).await,
        "/portal/sign-in"
    );
    assert_eq!(sign_in(&world, &other).await, CODE_PAGE, "{}", world.engine);
    // The password alone gives no access.
    for path in ["/portal", "/portal/profile", "/portal/reports"] {
        assert_eq!(status(&world, &other, path).await, StatusCode::SEE_OTHER, "{path}");
    }
    assert!(
        world
            .content(&other, CODE_PAGE)
            .await
            .contains("/portal/fn/verify-code")
    );
    // The code that confirmed the setup is used up, even within its 30 seconds.
    assert_eq!(submit_code(&world, &other, &person.code(&clock)).await, CODE_PAGE);
    assert!(
        world
            .content(&other, CODE_PAGE)
            .await
            .contains("This code is incorrect or has already been used")
    );
    assert_eq!(status(&world, &other, "/portal").await, StatusCode::SEE_OTHER);
    clock.advance(TimeDelta::seconds(30));
    let code = person.code(&clock);
    assert_eq!(
        submit_code(&world, &other, &code).await,
        "/portal/reports",
        "redirect to the requested page"
    );
    assert_eq!(status(&world, &other, "/portal").await, StatusCode::OK);
    let third = browser();
    assert_eq!(sign_in(&world, &third).await, CODE_PAGE);
    assert_eq!(
        submit_code(&world, &third, &code).await,
        CODE_PAGE,
        "the code works once"
    );
    // A recovery code works once, even while app codes are locked.
    let typed = person.codes[0].to_uppercase().replace('-', " ");
    assert_eq!(submit_code(&world, &third, &typed).await, "/portal/reports");
    let fourth = browser();
    assert_eq!(sign_in(&world, &fourth).await, CODE_PAGE);
    assert_eq!(submit_code(&world, &fourth, &person.codes[0]).await, CODE_PAGE);
    assert!(
        world
            .content(&person.browser, "/portal/profile")
            .await
            .contains("9 recovery codes left")
    );
    // After the timeout, sign-in has to start again.
    clock.advance(TimeDelta::minutes(6));
    assert_eq!(status(&world, &fourth, CODE_PAGE).await, StatusCode::NOT_FOUND);
    assert_eq!(
        submit_code(&world, &fourth, &person.code(&clock)).await,
        "/portal/sign-in"
    );
    let kinds: Vec<_> = mails(&world).await.into_iter().filter(|mail| mail.0 == EMAIL).collect();
    assert!(kinds.iter().any(|mail| mail.1 == "portal_second_step_on"), "{kinds:?}");
    clock.advance(begin - clock.now());
}

#[rstest]
#[case::sqlite(Engine::Sqlite)]
#[case::postgres(Engine::Postgres)]
#[tokio::test]
async fn wrong_codes_repeated_double_the_lock(#[case] engine: Engine) {
    let clock = morning();
    let Some(world) = world_at(engine, clock.clone()).await else {
        return;
    };
    let begin = clock.now();
    let person = person(&world, &clock).await;
    clock.advance(TimeDelta::seconds(30));
    let attacker = browser();
    assert_eq!(sign_in(&world, &attacker).await, CODE_PAGE);
    let guess = async || {
        attacker
            .post(format!("{}/portal/fn/verify-code", world.url))
            .header(SAME_ORIGIN.0, SAME_ORIGIN.1)
            .form(&[("code", "111111")])
            .send()
            .await
            .unwrap()
            .status()
    };
    for lock in [2, 4, 8, 16] {
        assert_eq!(guess().await, StatusCode::UNPROCESSABLE_ENTITY, "{}", world.engine);
        // During the lock, even the correct code is rejected.
        assert_eq!(submit_code(&world, &attacker, &person.code(&clock)).await, CODE_PAGE);
        clock.advance(TimeDelta::seconds(lock) - TimeDelta::milliseconds(1));
        assert_eq!(guess().await, StatusCode::TOO_MANY_REQUESTS);
        clock.advance(TimeDelta::milliseconds(1));
    }
    assert_eq!(
        submit_code(&world, &attacker, &person.code(&clock)).await,
        "/portal/reports"
    );
    clock.advance(begin - clock.now());
}

#[rstest]
#[case::sqlite(Engine::Sqlite)]
#[case::postgres(Engine::Postgres)]
#[tokio::test]
async fn email_links_with_two_factor_require_code(#[case] engine: Engine) {
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
        world.send(&browser(), "/portal/fn/request-sign-in-link", &fields).await;
        let all = mails(&world).await;
        all.into_iter().find(|mail| mail.1 == kind).unwrap().2
    };
    let mailed = link("sign_in", "portal_sign_in").await;
    let by_link = browser();
    let fields = [("token", token(&mailed))];
    assert_eq!(
        world.send(&by_link, "/portal/fn/open-link", &fields).await,
        CODE_PAGE,
        "{}",
        world.engine
    );
    assert_eq!(status(&world, &by_link, "/portal").await, StatusCode::SEE_OTHER);
    clock.advance(TimeDelta::seconds(30));
    assert_eq!(submit_code(&world, &by_link, &person.code(&clock)).await, "/portal");
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
    // A password reset ends sign-ins that still wait for a code.
    clock.advance(TimeDelta::seconds(30));
    let code = person.code(&clock);
    assert_eq!(submit_code(&world, &waiting, &code).await, "/portal/sign-in");
    assert_eq!(status(&world, &waiting, "/portal").await, StatusCode::SEE_OTHER);
    clock.advance(TimeDelta::seconds(30));
    assert_eq!(submit_code(&world, &by_password, &person.code(&clock)).await, "/portal");
    assert_eq!(status(&world, &by_password, "/portal").await, StatusCode::OK);
    clock.advance(begin - clock.now());
}

#[rstest]
#[case::sqlite(Engine::Sqlite)]
#[case::postgres(Engine::Postgres)]
#[tokio::test]
async fn two_factor_turned_off_by_user_or_staff_is_no_longer_required(#[case] engine: Engine) {
    let clock = morning();
    let Some(world) = world_at(engine, clock.clone()).await else {
        return;
    };
    let begin = clock.now();
    let person = person(&world, &clock).await;
    let change = async |to: &str, code: &str| {
        let fields = [("to", to), ("code", code)];
        world
            .send(&person.browser, "/portal/fn/change-two-factor", &fields)
            .await;
        world.content(&person.browser, "/portal/profile").await
    };
    assert!(
        change("off", "").await.contains("This code is incorrect"),
        "{}",
        world.engine
    );
    // New recovery codes replace the existing ones.
    let new = recovery_codes(&change("codes", &person.codes[1]).await);
    assert_eq!(new.len(), 10);
    let other = browser();
    assert_eq!(sign_in(&world, &other).await, CODE_PAGE);
    assert_eq!(submit_code(&world, &other, &person.codes[2]).await, CODE_PAGE);
    clock.advance(TimeDelta::seconds(30));
    assert_eq!(submit_code(&world, &other, &new[0]).await, "/portal/reports");
    assert!(change("off", &new[1]).await.contains("/portal/fn/begin-two-factor"));
    assert_eq!(sign_in(&world, &browser()).await, "/portal");

    // Set up again, then turned off by staff; a view-as session shows no secret.
    world
        .send(&person.browser, "/portal/fn/begin-two-factor", &[("current", PASSWORD)])
        .await;
    let html = world.content(&person.browser, "/portal/profile").await;
    let person = Person {
        secret: secret_on_page(&html).unwrap(),
        ..person
    };
    let staff = world.staff("nordlicht", "manager").await;
    let page = access_page(&world).await;
    let html = world.content(&staff, &page).await;
    let card = html.split("<section").find(|card| card.contains(EMAIL)).unwrap();
    let (account, customer) = (hidden(card, "account").unwrap(), hidden(card, "customer").unwrap());
    let ids = [("customer", customer.as_str()), ("account", account.as_str())];
    let view_as_link = world.send(&staff, "/app/fn/view-as-contact", &ids).await;
    let viewer = browser();
    world
        .send(&viewer, "/portal/fn/open-link", &[("token", token(&view_as_link))])
        .await;
    let seen = world.content(&viewer, "/portal/profile").await;
    assert!(seen.contains("id=\"second-step\"") && secret_on_page(&seen).is_none() && !seen.contains("otpauth"));
    let nothing = staff
        .post(format!("{}/app/fn/turn-off-two-factor", world.url))
        .header(SAME_ORIGIN.0, SAME_ORIGIN.1)
        .form(&ids)
        .send()
        .await
        .unwrap();
    assert_eq!(nothing.status(), StatusCode::NOT_FOUND, "2FA is not turned on yet");
    let code = person.code(&clock);
    world
        .send(&person.browser, "/portal/fn/confirm-two-factor", &[("code", &code)])
        .await;
    assert_eq!(sign_in(&world, &browser()).await, CODE_PAGE);
    assert!(world.content(&staff, &page).await.contains("2FA on"));
    mails(&world).await;
    world.send(&staff, "/app/fn/turn-off-two-factor", &ids).await;
    assert!(
        world
            .content(&staff, &page)
            .await
            .contains("Two-factor authentication turned off.")
    );
    assert_eq!(sign_in(&world, &browser()).await, "/portal");
    let sent = mails(&world).await;
    assert!(
        sent.iter()
            .any(|mail| mail.0 == EMAIL && mail.1 == "portal_second_step_off"),
        "{sent:?}"
    );
    let auditor = world.staff("nordlicht", "auditor").await;
    let log = world.content(&auditor, "/app/settings/audit").await;
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

#[rstest]
#[case::sqlite(Engine::Sqlite)]
#[case::postgres(Engine::Postgres)]
#[tokio::test]
async fn codes_guessed_from_other_networks_do_not_lock_out_owner(#[case] engine: Engine) {
    let clock = morning();
    let Some(world) = world_at(engine, clock.clone()).await else {
        return;
    };
    let begin = clock.now();
    let person = person(&world, &clock).await;
    clock.advance(TimeDelta::seconds(30));
    // The owner has used a code from home before.
    let home = browser();
    assert_eq!(sign_in(&world, &home).await, CODE_PAGE);
    assert_eq!(
        submit_code(&world, &home, &person.code(&clock)).await,
        "/portal/reports"
    );
    let attacker = browser();
    assert_eq!(sign_in(&world, &attacker).await, CODE_PAGE);
    let mut statuses = Vec::new();
    for network in 1..=12 {
        let answer = attacker
            .post(format!("{}/portal/fn/verify-code", world.url))
            .header(SAME_ORIGIN.0, SAME_ORIGIN.1)
            .header("x-forwarded-for", format!("203.0.113.{network}"))
            .form(&[("code", "111111")])
            .send();
        statuses.push(answer.await.unwrap().status());
    }
    assert_eq!(
        statuses[..11],
        [StatusCode::UNPROCESSABLE_ENTITY; 11],
        "{}",
        world.engine
    );
    assert_eq!(statuses[11], StatusCode::TOO_MANY_REQUESTS, "{}", world.engine);
    clock.advance(TimeDelta::seconds(30));
    let again = browser();
    assert_eq!(sign_in(&world, &again).await, CODE_PAGE);
    assert_eq!(
        submit_code(&world, &again, &person.code(&clock)).await,
        "/portal/reports"
    );
    clock.advance(begin - clock.now());
}
