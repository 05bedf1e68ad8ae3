//! Passkeys: added with the password, used instead of password and code, once for each challenge.

use std::sync::Arc;

use chrono::TimeDelta;
use ordinavo_core::Engine;
use ordinavo_core::clock::Clock;
use ordinavo_core::identity::{administration, passkeys};
use reqwest::{Client, StatusCode};
use rstest::rstest;
use scraper::{Html, Selector};
use serde_json::Value;

use crate::identity::access::morning;
use crate::portal_access::access::{browser, mails, status};
use crate::support::passkeys::Passkey;
use crate::support::{World, world_with};

/// Realm, page with the section, start page.
const REALMS: [(&str, &str, &str); 3] = [
    ("/app", "/app/security", "/app/inbox"),
    ("/portal", "/portal/profile", "/portal"),
    ("/partner", "/partner/security", "/partner/jobs"),
];

/// A world at a host name: browsers offer no passkeys at IP addresses.
async fn named_world(engine: Engine, clock: &Clock) -> Option<Arc<World>> {
    world_with(engine, clock.clone(), |config| {
        config.public_url = config.public_url.replace("127.0.0.1", "localhost");
    })
    .await
}

fn account(world: &World, app: &str) -> (String, String) {
    let tenant = world.tenant("nordlicht");
    match app {
        "/app" => {
            let staff = tenant.staff("dispatcher").unwrap();
            (staff.email.clone(), staff.password.clone())
        }
        "/portal" => (tenant.portal[0].email.clone(), tenant.portal[0].password.clone()),
        _ => (tenant.partners[0].email.clone(), tenant.partners[0].password.clone()),
    }
}

/// What a page carries for the device: the options and the sealed challenge.
struct Challenge {
    options: Value,
    state: String,
}

/// Reads the challenge of a form.
fn challenge(html: &str, form: &str) -> Option<Challenge> {
    let page = Html::parse_document(html);
    let field = Selector::parse(&format!("form#{form} input[name=challenge]")).unwrap();
    let state = page.select(&field).next()?.attr("value")?.to_owned();
    let island = Selector::parse("leptos-island[data-props]").unwrap();
    let options = page
        .select(&island)
        .filter_map(|island| serde_json::from_str::<Value>(island.attr("data-props")?).ok())
        .find(|props| props["form"] == form)?;
    let options = serde_json::from_str(options["options"].as_str()?).ok()?;
    Some(Challenge { options, state })
}

async fn sign_in_challenge(world: &World, app: &str) -> Challenge {
    let (_, html) = world.get(&browser(), &format!("{app}/sign-in")).await;
    challenge(&html, "passkey-sign-in").unwrap()
}

/// Adds a passkey to the account of a browser.
async fn add(world: &World, (app, page): (&str, &str), signed_in: &Client, password: &str, seed: u8) -> Passkey {
    let fields = [("name", "Work laptop"), ("current", password)];
    world.send(signed_in, &format!("{app}/fn/begin-passkey"), &fields).await;
    let (_, html) = world.get(signed_in, page).await;
    let setup = challenge(&html, "add-passkey").unwrap();
    let (passkey, credential) = Passkey::create(&setup.options, world.core.public_url(), seed);
    let fields = [("challenge", setup.state.as_str()), ("credential", &credential)];
    world.send(signed_in, &format!("{app}/fn/add-passkey"), &fields).await;
    passkey
}

/// Sends an answer to a challenge and returns the browser.
async fn sign_in(world: &World, app: &str, challenge: &Challenge, credential: &str) -> Client {
    let browser = browser();
    let fields = [
        ("challenge", challenge.state.as_str()),
        ("credential", credential),
        ("next", ""),
    ];
    world
        .send(&browser, &format!("{app}/fn/passkey-sign-in"), &fields)
        .await;
    browser
}

async fn sign_in_with(world: &World, app: &str, passkey: &Passkey) -> Client {
    let challenge = sign_in_challenge(world, app).await;
    let answer = passkey.answer(&challenge.options, world.core.public_url());
    sign_in(world, app, &challenge, &answer).await
}

fn count(html: &str) -> usize {
    html.matches("data-testid=\"passkey\"").count()
}

#[rstest]
#[case::sqlite(Engine::Sqlite)]
#[case::postgres(Engine::Postgres)]
#[tokio::test]
async fn passkey_signs_in_without_password_and_once_per_challenge(#[case] engine: Engine) {
    let clock = morning();
    let Some(world) = named_world(engine, &clock).await else {
        return;
    };
    let begin = clock.now();
    mails(&world).await;
    for (seed, (app, page, home)) in (1..).zip(REALMS) {
        let (email, password) = account(&world, app);
        let own = world.browser(app, &email, &password).await;
        let wrong = [("name", "Work laptop"), ("current", "not the password at all")];
        world.send(&own, &format!("{app}/fn/begin-passkey"), &wrong).await;
        let (_, html) = world.get(&own, page).await;
        assert!(challenge(&html, "add-passkey").is_none(), "{app}");
        assert!(html.contains("Work laptop"), "the typed name is kept");
        clock.advance(TimeDelta::seconds(2));
        let passkey = add(&world, (app, page), &own, &password, seed).await;
        assert_eq!(count(&world.get(&own, page).await.1), 1, "{} {app}", world.engine);
        let sent = mails(&world).await;
        assert!(
            sent.iter()
                .any(|(to, kind, _)| *to == email && kind.ends_with("_passkey_added")),
            "{sent:?}"
        );
        clock.advance(TimeDelta::seconds(1));
        let challenge = sign_in_challenge(&world, app).await;
        let answer = passkey.answer(&challenge.options, world.core.public_url());
        clock.advance(TimeDelta::seconds(1));
        let first = sign_in(&world, app, &challenge, &answer).await;
        assert_eq!(
            status(&world, &first, home).await,
            StatusCode::OK,
            "{} {app}",
            world.engine
        );
        let replayed = sign_in(&world, app, &challenge, &answer).await;
        assert_eq!(status(&world, &replayed, home).await, StatusCode::SEE_OTHER, "replayed");
        // A passkey that was removed does not sign in any more.
        clock.advance(TimeDelta::seconds(1));
        let html = world.get(&own, page).await.1;
        let id = crate::support::forms::hidden(&html, "passkey").unwrap();
        world
            .send(&own, &format!("{app}/fn/remove-passkey"), &[("passkey", &id)])
            .await;
        assert_eq!(count(&world.get(&own, page).await.1), 0);
        assert!(
            mails(&world)
                .await
                .iter()
                .any(|(to, kind, _)| *to == email && kind.ends_with("_passkey_removed")),
            "{app}: the owner is told"
        );
        let removed = sign_in_with(&world, app, &passkey).await;
        assert_eq!(status(&world, &removed, home).await, StatusCode::SEE_OTHER, "removed");
    }
    clock.advance(begin - clock.now());
}

#[rstest]
#[case::sqlite(Engine::Sqlite)]
#[case::postgres(Engine::Postgres)]
#[tokio::test]
async fn passkey_that_does_not_answer_the_challenge_is_rejected(#[case] engine: Engine) {
    let clock = morning();
    let Some(world) = named_world(engine, &clock).await else {
        return;
    };
    let begin = clock.now();
    let (app, page, home) = REALMS[0];
    let (email, password) = account(&world, app);
    let own = world.browser(app, &email, &password).await;
    let passkey = add(&world, (app, page), &own, &password, 7).await;
    let origin = world.core.public_url();
    clock.advance(TimeDelta::seconds(1));
    let mut unverified = passkey.clone();
    unverified.is_user_verified = false;
    let mut foreign = passkey.clone();
    foreign.user_handle = "AAAAAAAAAAAAAAAAAAAAAA".to_owned();
    let challenge = sign_in_challenge(&world, app).await;
    let other = sign_in_challenge(&world, app).await;
    let portal = sign_in_challenge(&world, "/portal").await;
    let attempts = [
        ("unverified", &challenge, unverified.answer(&challenge.options, origin)),
        ("other account", &challenge, foreign.answer(&challenge.options, origin)),
        ("other challenge", &challenge, passkey.answer(&other.options, origin)),
        (
            "other origin",
            &challenge,
            passkey.answer(&challenge.options, "https://evil.example"),
        ),
        ("other realm", &portal, passkey.answer(&portal.options, origin)),
        ("no answer", &challenge, String::new()),
    ];
    for (what, challenge, answer) in &attempts {
        let browser = sign_in(&world, app, challenge, answer).await;
        assert_eq!(status(&world, &browser, home).await, StatusCode::SEE_OTHER, "{what}");
    }
    clock.advance(TimeDelta::minutes(16));
    let late = passkey.answer(&challenge.options, origin);
    let late = sign_in(&world, app, &challenge, &late).await;
    assert_eq!(status(&world, &late, home).await, StatusCode::SEE_OTHER, "late");
    administration::lock_account(&world.core, "nordlicht", &email, true)
        .await
        .unwrap();
    let locked = sign_in_with(&world, app, &passkey).await;
    assert_eq!(status(&world, &locked, home).await, StatusCode::SEE_OTHER, "locked");
    administration::lock_account(&world.core, "nordlicht", &email, false)
        .await
        .unwrap();
    let unlocked = sign_in_with(&world, app, &passkey).await;
    assert_eq!(status(&world, &unlocked, home).await, StatusCode::OK);
    // An operator helps a person whose device was stolen; their sessions end.
    let removed = passkeys::removal::remove_all(&world.core, "nordlicht", &email).await;
    assert_eq!(removed.unwrap(), 1);
    assert_eq!(status(&world, &unlocked, home).await, StatusCode::SEE_OTHER);
    let removed = sign_in_with(&world, app, &passkey).await;
    assert_eq!(status(&world, &removed, home).await, StatusCode::SEE_OTHER);
    clock.advance(begin - clock.now());
}

#[tokio::test]
async fn sign_in_page_at_ip_address_offers_no_passkey() {
    let Some(world) = crate::support::world(Engine::Sqlite).await else {
        return;
    };
    for (app, ..) in REALMS {
        let (_, html) = world.get(&browser(), &format!("{app}/sign-in")).await;
        assert!(challenge(&html, "passkey-sign-in").is_none(), "{app}");
    }
}
