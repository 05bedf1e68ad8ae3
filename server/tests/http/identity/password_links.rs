//! "Forgot password?" of staff and partners: the same answer for every address, a link that works once and for an hour.

use chrono::TimeDelta;
use ordinavo_core::Engine;
use ordinavo_core::identity::password_links;
use reqwest::{Client, StatusCode};
use rstest::rstest;

use crate::identity::access::morning;
use crate::portal_access::access::{PASSWORD, browser, mails, status, token};
use crate::support::{World, world_at};

const REALMS: [(&str, &str); 2] = [("/app", "/app/inbox"), ("/partner", "/partner")];

/// Returns the address and the password of the account under test.
fn account(world: &World, app: &str) -> (String, String) {
    let tenant = world.tenant("nordlicht");
    if app == "/app" {
        let staff = tenant.staff("dispatcher").unwrap();
        (staff.email.clone(), staff.password.clone())
    } else {
        (tenant.partners[0].email.clone(), tenant.partners[0].password.clone())
    }
}

/// Requests a link and returns the emails with one.
pub async fn request(world: &World, app: &str, email: &str) -> Vec<(String, String, String)> {
    let action = format!("{app}/fn/request-password-link");
    let to = world.send(&browser(), &action, &[("email", email)]).await;
    assert_eq!(
        to,
        format!("{app}/sign-in/password"),
        "the same answer for every address"
    );
    password_links::send_requested(&world.core).await.unwrap();
    let mut sent = mails(world).await;
    sent.retain(|(_, kind, _)| kind == "account_password");
    sent
}

async fn set_password(world: &World, app: &str, link: &str, password: &str) -> (Client, String) {
    let browser = browser();
    let fields = [("token", token(link)), ("password", password)];
    let to = world.send(&browser, &format!("{app}/fn/set-password"), &fields).await;
    (browser, to)
}

#[rstest]
#[case::sqlite(Engine::Sqlite)]
#[case::postgres(Engine::Postgres)]
#[tokio::test]
async fn forgotten_password_link_works_once_and_ends_other_access(#[case] engine: Engine) {
    let clock = morning();
    let Some(world) = world_at(engine, clock.clone()).await else {
        return;
    };
    let begin = clock.now();
    mails(&world).await;
    for (app, home) in REALMS {
        let (email, password) = account(&world, app);
        let before = world.browser(app, &email, &password).await;
        world
            .sql(&format!(
                "UPDATE {}_account SET locale = 'ar' WHERE email = '{email}'",
                if app == "/app" { "staff" } else { "partner" }
            ))
            .await;
        assert!(request(&world, app, "nobody@example.org").await.is_empty());
        let other = if app == "/app" { "/partner" } else { "/app" };
        assert!(
            request(&world, other, &email).await.is_empty(),
            "no account in that realm"
        );
        let sent = request(&world, app, &email).await;
        let [(to, kind, first)] = sent.as_slice() else {
            panic!("{sent:?}");
        };
        assert_eq!((to.as_str(), kind.as_str()), (email.as_str(), "account_password"));
        assert!(request(&world, app, &email).await.is_empty(), "one email per minute");
        let locales = world
            .texts("SELECT locale, kind FROM mail WHERE kind = 'account_password'")
            .await;
        assert!(locales.iter().all(|row| row[0] == "ar"), "{locales:?}");
        // A newer link, which anybody can request, leaves the first one valid; opening the page uses nothing.
        clock.advance(TimeDelta::minutes(2));
        let second = request(&world, app, &email).await.remove(0).2;
        let path = second.strip_prefix(&world.url).unwrap().to_owned();
        assert!(world.content(&browser(), &path).await.contains(&email));
        let earlier = first.strip_prefix(&world.url).unwrap().to_owned();
        assert!(world.content(&browser(), &earlier).await.contains(&email));
        let (_, to) = set_password(&world, app, &second, "short").await;
        assert!(to.contains("/password/"), "{to}");
        let (_, to) = set_password(&world, other, &second, PASSWORD).await;
        assert!(
            to.contains("/password/"),
            "a link of one realm does not work in another: {to}"
        );
        let (own, _) = set_password(&world, app, &second, PASSWORD).await;
        assert_eq!(status(&world, &own, home).await, StatusCode::OK, "{}", world.engine);
        assert_eq!(status(&world, &before, home).await, StatusCode::SEE_OTHER);
        for used in [&second, first] {
            let (_, to) = set_password(&world, app, used, PASSWORD).await;
            assert!(to.contains("/password/"), "one of them was used: {to}");
        }
        let sent = mails(&world).await;
        assert!(
            sent.iter().any(|(to, kind, link)| *to == email
                && kind == "account_password_changed"
                && link.ends_with(&format!("{app}/sign-in"))),
            "{sent:?}"
        );
        assert_eq!(
            status(&world, &world.browser(app, &email, PASSWORD).await, home).await,
            StatusCode::OK
        );
    }
    clock.advance(begin - clock.now());
}

#[rstest]
#[case::sqlite(Engine::Sqlite)]
#[case::postgres(Engine::Postgres)]
#[tokio::test]
async fn forgotten_password_link_ends_after_an_hour_or_a_lock(#[case] engine: Engine) {
    let clock = morning();
    let Some(world) = world_at(engine, clock.clone()).await else {
        return;
    };
    let begin = clock.now();
    mails(&world).await;
    for (app, _) in REALMS {
        let (email, _) = account(&world, app);
        let link = request(&world, app, &email).await.remove(0).2;
        clock.advance(TimeDelta::minutes(61));
        let (late, to) = set_password(&world, app, &link, PASSWORD).await;
        assert!(to.contains("/password/"), "{} {to}", world.engine);
        assert_eq!(status(&world, &late, app).await, StatusCode::SEE_OTHER);
        let link = request(&world, app, &email).await.remove(0).2;
        for locked in [true, false] {
            ordinavo_core::identity::administration::lock_account(&world.core, "nordlicht", &email, locked)
                .await
                .unwrap();
        }
        let (_, to) = set_password(&world, app, &link, PASSWORD).await;
        assert!(to.contains("/password/"), "{} {to}", world.engine);
    }
    // The stored hash is not the digest of the token: the key of the server is needed to find the row.
    let (email, _) = account(&world, "/app");
    clock.advance(TimeDelta::minutes(2));
    let link = request(&world, "/app", &email).await.remove(0).2;
    let digest = ordinavo_core::secrets::hex(&ordinavo_core::secrets::sha256(token(&link).as_bytes()));
    let column = if world.engine == "sqlite" {
        "lower(hex(token_hash))"
    } else {
        "encode(token_hash, 'hex')"
    };
    let hashes = world.texts(&format!("SELECT {column} FROM password_link")).await;
    assert!(!hashes.is_empty() && hashes.iter().all(|row| row[0] != digest));
    clock.advance(begin - clock.now());
}
