//! Two-factor authentication of staff and partners: turned on with a first code, asked for at every sign-in, required of roles.

use chrono::TimeDelta;
use ordinavo_core::Engine;
use ordinavo_core::clock::Clock;
use ordinavo_core::identity::{administration, password_links};
use reqwest::{Client, StatusCode};
use rstest::rstest;

use crate::identity::access::{morning, post};
use crate::identity::two_factor::{app_code, recovery_codes, secret_on_page};
use crate::portal_access::access::{PASSWORD, browser, mails, status, token};
use crate::support::{World, world_at};

const REALMS: [(&str, &str); 2] = [("/app", "/app/inbox"), ("/partner", "/partner/jobs")];

fn account(world: &World, app: &str) -> (String, String) {
    let tenant = world.tenant("nordlicht");
    if app == "/app" {
        let staff = tenant.staff("dispatcher").unwrap();
        (staff.email.clone(), staff.password.clone())
    } else {
        (tenant.partners[0].email.clone(), tenant.partners[0].password.clone())
    }
}

/// Sets two-factor authentication up and returns the secret and the recovery codes.
async fn set_up(world: &World, clock: &Clock, app: &str, browser: &Client, password: &str) -> (String, Vec<String>) {
    let page = format!("{app}/security");
    let begin = format!("{app}/fn/begin-two-factor");
    world
        .send(browser, &begin, &[("current", "not the password at all")])
        .await;
    assert!(secret_on_page(&world.content(browser, &page).await).is_none());
    clock.advance(TimeDelta::seconds(2));
    world.send(browser, &begin, &[("current", password)]).await;
    let secret = secret_on_page(&world.content(browser, &page).await).unwrap();
    let code = app_code(&secret, clock);
    world
        .send(browser, &format!("{app}/fn/confirm-two-factor"), &[("code", &code)])
        .await;
    let codes = recovery_codes(&world.content(browser, &page).await);
    assert_eq!(codes.len(), 10, "{}", world.engine);
    assert!(
        recovery_codes(&world.content(browser, &page).await).is_empty(),
        "shown once"
    );
    (secret, codes)
}

async fn sign_in(world: &World, app: &str, email: &str, password: &str) -> (Client, String) {
    let browser = browser();
    let fields = [("email", email), ("password", password)];
    let to = world.send(&browser, &format!("{app}/fn/sign-in"), &fields).await;
    (browser, to)
}

async fn submit_code(world: &World, app: &str, browser: &Client, code: &str) {
    world
        .send(browser, &format!("{app}/fn/verify-code"), &[("code", code)])
        .await;
}

#[rstest]
#[case::sqlite(Engine::Sqlite)]
#[case::postgres(Engine::Postgres)]
#[tokio::test]
async fn staff_and_partner_sign_in_with_two_factor_requires_code(#[case] engine: Engine) {
    let clock = morning();
    let Some(world) = world_at(engine, clock.clone()).await else {
        return;
    };
    let begin = clock.now();
    mails(&world).await;
    for (app, home) in REALMS {
        let code_page = format!("{app}/sign-in/code");
        let (email, password) = account(&world, app);
        let own = world.browser(app, &email, &password).await;
        let (secret, codes) = set_up(&world, &clock, app, &own, &password).await;
        let (other, to) = sign_in(&world, app, &email, &password).await;
        assert_eq!(to, code_page, "{}", world.engine);
        assert_eq!(status(&world, &other, home).await, StatusCode::SEE_OTHER);
        assert_eq!(status(&world, &other, &code_page).await, StatusCode::OK);
        submit_code(&world, app, &other, &app_code(&secret, &clock)).await;
        assert_eq!(
            status(&world, &other, home).await,
            StatusCode::SEE_OTHER,
            "used at setup"
        );
        clock.advance(TimeDelta::seconds(30));
        submit_code(&world, app, &other, &app_code(&secret, &clock)).await;
        assert_eq!(status(&world, &other, home).await, StatusCode::OK, "{}", world.engine);
        // A forgotten password does not stand for the second factor.
        world
            .send(
                &browser(),
                &format!("{app}/fn/request-password-link"),
                &[("email", &email)],
            )
            .await;
        password_links::send_requested(&world.core).await.unwrap();
        let sent = mails(&world).await;
        assert!(
            sent.iter()
                .any(|(to, kind, _)| *to == email && kind == "account_two_factor_on")
        );
        let (.., link) = sent.iter().find(|(_, kind, _)| kind == "account_password").unwrap();
        let reset = browser();
        let fields = [("token", token(link)), ("password", PASSWORD)];
        let to = world.send(&reset, &format!("{app}/fn/set-password"), &fields).await;
        assert_eq!(to, code_page);
        assert_eq!(status(&world, &reset, home).await, StatusCode::SEE_OTHER);
        submit_code(&world, app, &reset, &codes[0]).await;
        assert_eq!(status(&world, &reset, home).await, StatusCode::OK);
        let (again, _) = sign_in(&world, app, &email, PASSWORD).await;
        submit_code(&world, app, &again, &codes[0]).await;
        assert_eq!(status(&world, &again, home).await, StatusCode::SEE_OTHER, "works once");
        // An operator helps a person who has lost everything; their sessions end.
        administration::turn_off_two_factor(&world.core, "nordlicht", &email)
            .await
            .unwrap();
        assert_eq!(status(&world, &reset, home).await, StatusCode::SEE_OTHER);
        let (last, _) = sign_in(&world, app, &email, PASSWORD).await;
        assert_eq!(status(&world, &last, home).await, StatusCode::OK, "{}", world.engine);
        assert!(
            administration::turn_off_two_factor(&world.core, "nordlicht", &email)
                .await
                .is_err()
        );
    }
    clock.advance(begin - clock.now());
}

#[rstest]
#[case::sqlite(Engine::Sqlite)]
#[case::postgres(Engine::Postgres)]
#[tokio::test]
async fn required_two_factor_is_set_up_at_next_sign_in(#[case] engine: Engine) {
    let clock = morning();
    let Some(world) = world_at(engine, clock.clone()).await else {
        return;
    };
    let begin = clock.now();
    let admin = world.tenant("nordlicht").staff("admin").unwrap().clone();
    let signed_in = world.browser("/app", &admin.email, &admin.password).await;
    let auditor = world.tenant("nordlicht").staff("auditor").unwrap().clone();
    let roles = [("admin", "on"), ("partner", "on")];
    world
        .send_shown(
            &signed_in,
            "/app/settings/two-factor",
            "/app/fn/set-two-factor-roles",
            &roles,
        )
        .await;
    let html = world.content(&signed_in, "/app/settings/two-factor").await;
    assert_eq!(
        html.matches(" checked").count(),
        2,
        "{}: the open session goes on",
        world.engine
    );
    let (email, password) = account(&world, "/partner");
    for (app, home, email, password) in [
        ("/app", "/app/inbox", &admin.email, &admin.password),
        ("/partner", "/partner/jobs", &email, &password),
    ] {
        let (browser, _) = sign_in(&world, app, email, password).await;
        let page = format!("{app}/security");
        for path in [home, if app == "/app" { "/app/settings" } else { app }] {
            let answer = world.get(&browser, path).await.0;
            assert_eq!(answer, StatusCode::SEE_OTHER, "{} {path}", world.engine);
        }
        let action = if app == "/app" {
            "/app/fn/set-two-factor-roles"
        } else {
            "/partner/fn/set-test-mode"
        };
        assert_eq!(post(&world, &browser, action, &[]).await, StatusCode::FORBIDDEN);
        assert_eq!(status(&world, &browser, &page).await, StatusCode::OK);
        let (_, codes) = set_up(&world, &clock, app, &browser, password).await;
        assert_eq!(
            status(&world, &browser, home).await,
            StatusCode::OK,
            "the same session goes on"
        );
        // Who must use it cannot turn it off.
        let change = [("to", "off"), ("code", codes[0].as_str())];
        let refused = post(&world, &browser, &format!("{app}/fn/change-two-factor"), &change).await;
        assert_eq!(refused, StatusCode::CONFLICT, "{}", world.engine);
        let (_, to) = sign_in(&world, app, email, password).await;
        assert_eq!(to, format!("{app}/sign-in/code"));
        // Turned off by an operator, it is set up again.
        administration::turn_off_two_factor(&world.core, "nordlicht", email)
            .await
            .unwrap();
        let (browser, _) = sign_in(&world, app, email, password).await;
        assert_eq!(status(&world, &browser, home).await, StatusCode::SEE_OTHER);
        assert_eq!(status(&world, &browser, &page).await, StatusCode::OK);
    }
    let (other, _) = sign_in(&world, "/app", &auditor.email, &auditor.password).await;
    assert_eq!(
        status(&world, &other, "/app/inbox").await,
        StatusCode::OK,
        "other roles sign in as before"
    );
    clock.advance(begin - clock.now());
}
