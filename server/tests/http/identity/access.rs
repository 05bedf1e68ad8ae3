//! The end of access: each kind of access to an account ends after each act that ends it.

use chrono::{TimeDelta, TimeZone as _, Utc};
use ordinavo_core::Engine;
use ordinavo_core::clock::Clock;
use ordinavo_core::identity::administration;
use ordinavo_core::portal_access::links;
use reqwest::{Client, StatusCode};
use rstest::rstest;

use crate::portal_access::access::{PASSWORD, access_page, browser, invite, mails, status, token};
use crate::support::forms::hidden;
use crate::support::{SAME_ORIGIN, World, world_at};

const EMAIL: &str = "both@rhein-ruhr-medical.example";
const TENANTS: [&str; 2] = ["nordlicht", "suedwind"];

pub fn morning() -> Clock {
    Clock::manual(Utc.with_ymd_and_hms(2026, 11, 23, 8, 30, 0).single().unwrap())
}

/// Gives Petra and a user of another tenant the same address and password, so that sign-in asks for the organisation.
async fn share_address(world: &World) {
    for slug in TENANTS {
        let account = &world.tenant(slug).portal[0].email;
        world
            .sql(&format!(
                "UPDATE portal_account SET email = '{EMAIL}' WHERE email = '{account}'"
            ))
            .await;
        administration::reset_password(&world.core, slug, EMAIL, &PASSWORD.into())
            .await
            .unwrap();
    }
}

/// Signs in up to the choice of the organisation.
async fn at_choice(world: &World) -> Client {
    let browser = browser();
    let fields = [("email", EMAIL), ("password", PASSWORD)];
    let to = world.send(&browser, "/portal/fn/sign-in", &fields).await;
    assert_eq!(to, "/portal/sign-in/choose");
    browser
}

async fn choose(world: &World, browser: &Client) {
    world
        .send(browser, "/portal/fn/choose-organization", &[("choice", "0")])
        .await;
}

/// Requests a link and returns its token for the account in the first tenant.
async fn mailed(world: &World, purpose: &str) -> String {
    let fields = [("email", EMAIL), ("purpose", purpose)];
    world.send(&browser(), "/portal/fn/request-sign-in-link", &fields).await;
    let kind = format!("portal_{purpose}");
    let mut found = None;
    for (.., link) in mails(world).await.into_iter().filter(|mail| mail.1 == kind) {
        // Earlier links have ended.
        let Ok(page) = links::find(&world.core, token(&link)).await else {
            continue;
        };
        if page.tenant_name.starts_with("Nordlicht") {
            found = Some(token(&link).to_owned());
        }
    }
    found.expect("a link was sent")
}

/// The hidden fields of the account on the access page of its customer.
async fn ids(world: &World, staff: &Client, email: &str) -> [(&'static str, String); 2] {
    let html = world.content(staff, &access_page(world).await).await;
    let card = html.split("<section").find(|card| card.contains(email)).unwrap();
    ["customer", "account"].map(|name| (name, hidden(card, name).unwrap()))
}

pub async fn view_as_link(world: &World, staff: &Client, email: &str) -> String {
    let ids = ids(world, staff, email).await;
    let fields = ids.each_ref().map(|(name, id)| (*name, id.as_str()));
    let path = world.send(staff, "/app/fn/view-as-contact", &fields).await;
    token(&path).to_owned()
}

pub async fn open_link(world: &World, token: &str) -> Client {
    let browser = browser();
    world.send(&browser, "/portal/fn/open-link", &[("token", token)]).await;
    browser
}

/// One of each kind of access to the account.
struct Access {
    session: Client,
    /// A sign-in that waits for the choice of the organisation.
    choice: Client,
    feed: String,
    view_as: Client,
    link: String,
}

impl Access {
    async fn open(world: &World, staff: &Client) -> Self {
        let session = at_choice(world).await;
        choose(world, &session).await;
        world
            .send(&session, "/portal/fn/renew-calendar-feed", &[("current", PASSWORD)])
            .await;
        let html = world.content(&session, "/portal/appointments").await;
        let feed = html.split("/portal/feed/").nth(1).unwrap();
        let access = Self {
            feed: format!("/portal/feed/{}", feed.split(['<', '"']).next().unwrap()),
            view_as: open_link(world, &view_as_link(world, staff, EMAIL).await).await,
            link: mailed(world, "sign_in").await,
            choice: at_choice(world).await,
            session,
        };
        assert_eq!(status(world, &access.session, "/portal").await, StatusCode::OK);
        assert_eq!(status(world, &access.view_as, "/portal").await, StatusCode::OK);
        assert_eq!(status(world, &browser(), &access.feed).await, StatusCode::OK);
        access
    }

    async fn assert_ended(&self, world: &World, act: Act) {
        let closed = async |browser: &Client, kind: &str| {
            let found = status(world, browser, "/portal").await;
            assert_eq!(found, StatusCode::SEE_OTHER, "{} {act:?}: {kind}", world.engine);
        };
        closed(&self.session, "session").await;
        closed(&self.view_as, "view-as session").await;
        choose(world, &self.choice).await;
        closed(&self.choice, "choice of the organisation").await;
        closed(&open_link(world, &self.link).await, "mailed link").await;
        let feed = status(world, &browser(), &self.feed).await;
        assert_eq!(feed, StatusCode::NOT_FOUND, "{} {act:?}: feed", world.engine);
    }
}

/// What ends the access of an account.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Act {
    NewPassword,
    ResetByLink,
    ResetByOperator,
    SignOutEverywhere,
    NewAddress,
    BlockedByStaff,
    LockedByOperator,
}

impl Act {
    const ALL: [Self; 7] = [
        Self::NewPassword,
        Self::ResetByLink,
        Self::ResetByOperator,
        Self::SignOutEverywhere,
        Self::NewAddress,
        Self::BlockedByStaff,
        Self::LockedByOperator,
    ];

    async fn perform(self, world: &World, staff: &Client) {
        let own = at_choice(world).await;
        choose(world, &own).await;
        match self {
            Self::NewPassword => {
                let fields = [("current", PASSWORD), ("password", PASSWORD)];
                world.send(&own, "/portal/fn/change-password", &fields).await;
                assert_eq!(status(world, &own, "/portal").await, StatusCode::OK, "its own session");
            }
            Self::ResetByLink => {
                let link = mailed(world, "password").await;
                let fields = [("token", link.as_str()), ("password", PASSWORD)];
                world.send(&browser(), "/portal/fn/set-password", &fields).await;
            }
            Self::ResetByOperator => administration::reset_password(&world.core, TENANTS[0], EMAIL, &PASSWORD.into())
                .await
                .unwrap(),
            Self::SignOutEverywhere => {
                world.send(&own, "/portal/fn/end-sessions", &[]).await;
            }
            Self::NewAddress => {
                let address = "moved@rhein-ruhr-medical.example";
                let fields = [("current", PASSWORD), ("email", address)];
                world.send(&own, "/portal/fn/change-email", &fields).await;
                let sent = mails(world).await;
                let (.., link) = sent.iter().find(|(to, ..)| to == address).unwrap();
                open_link(world, token(link)).await;
                world
                    .sql(&format!(
                        "UPDATE portal_account SET email = '{EMAIL}' WHERE email = '{address}'"
                    ))
                    .await;
            }
            Self::BlockedByStaff => {
                let ids = ids(world, staff, EMAIL).await;
                for blocked in ["on", ""] {
                    let mut fields = ids.each_ref().map(|(name, id)| (*name, id.as_str())).to_vec();
                    fields.push(("blocked", blocked));
                    world.send(staff, "/app/fn/block-account", &fields).await;
                }
            }
            Self::LockedByOperator => {
                for locked in [true, false] {
                    administration::lock_account(&world.core, TENANTS[0], EMAIL, locked)
                        .await
                        .unwrap();
                }
            }
        }
    }
}

#[rstest]
#[case::sqlite(Engine::Sqlite)]
#[case::postgres(Engine::Postgres)]
#[tokio::test]
async fn portal_access_of_every_kind_ends_after_each_act(#[case] engine: Engine) {
    let clock = morning();
    let Some(world) = world_at(engine, clock.clone()).await else {
        return;
    };
    let begin = clock.now();
    share_address(&world).await;
    let staff = world.staff("nordlicht", "manager").await;
    for act in Act::ALL {
        // Links to one address are sent at intervals that grow to a quarter of an hour.
        clock.advance(TimeDelta::minutes(16));
        let access = Access::open(&world, &staff).await;
        act.perform(&world, &staff).await;
        access.assert_ended(&world, act).await;
    }
    clock.advance(begin - clock.now());
}

#[rstest]
#[case::sqlite(Engine::Sqlite)]
#[case::postgres(Engine::Postgres)]
#[tokio::test]
async fn staff_and_partner_access_ends_after_reset_and_lock(#[case] engine: Engine) {
    let clock = morning();
    let Some(world) = world_at(engine, clock.clone()).await else {
        return;
    };
    let begin = clock.now();
    let accounts = {
        let tenant = world.tenant("nordlicht");
        let (manager, partner) = (tenant.staff("manager").unwrap(), &tenant.partners[0]);
        [
            ("/app", manager.email.clone(), manager.password.clone()),
            ("/partner", partner.email.clone(), partner.password.clone()),
        ]
    };
    let petra = world.tenant("nordlicht").portal[0].email.clone();
    for (app, email, password) in accounts {
        let home = if app == "/app" { "/app/inbox" } else { app };
        for is_reset in [true, false] {
            let session = world.browser(app, &email, &password).await;
            assert_eq!(status(&world, &session, home).await, StatusCode::OK);
            let viewer = if app == "/app" {
                Some(open_link(&world, &view_as_link(&world, &session, &petra).await).await)
            } else {
                None
            };
            if is_reset {
                administration::reset_password(&world.core, "nordlicht", &email, &password.clone().into())
                    .await
                    .unwrap();
            } else {
                for locked in [true, false] {
                    administration::lock_account(&world.core, "nordlicht", &email, locked)
                        .await
                        .unwrap();
                }
            }
            assert_eq!(
                status(&world, &session, home).await,
                StatusCode::SEE_OTHER,
                "{}",
                world.engine
            );
            if let Some(viewer) = viewer {
                let found = status(&world, &viewer, "/portal").await;
                assert_eq!(found, StatusCode::SEE_OTHER, "{}: view-as", world.engine);
            }
        }
    }
    clock.advance(begin - clock.now());
}

#[rstest]
#[case::sqlite(Engine::Sqlite)]
#[case::postgres(Engine::Postgres)]
#[tokio::test]
async fn view_as_works_only_with_the_staff_session_that_began_it(#[case] engine: Engine) {
    let clock = morning();
    let Some(world) = world_at(engine, clock.clone()).await else {
        return;
    };
    let petra = world.tenant("nordlicht").portal[0].email.clone();
    let staff = world.staff("nordlicht", "manager").await;
    let other = world.staff("nordlicht", "manager").await;
    let unopened = view_as_link(&world, &staff, &petra).await;
    let viewer = open_link(&world, &unopened).await;
    let unopened = view_as_link(&world, &staff, &petra).await;
    assert_eq!(status(&world, &viewer, "/portal").await, StatusCode::OK);
    world.send(&staff, "/app/fn/sign-out", &[]).await;
    assert_eq!(
        status(&world, &viewer, "/portal").await,
        StatusCode::SEE_OTHER,
        "{}: another session of the same person does not keep it open",
        world.engine
    );
    assert_eq!(status(&world, &other, "/app/inbox").await, StatusCode::OK);
    let late = open_link(&world, &unopened).await;
    assert_eq!(status(&world, &late, "/portal").await, StatusCode::SEE_OTHER);
}

pub async fn post(world: &World, browser: &Client, path: &str, fields: &[(&str, &str)]) -> StatusCode {
    browser
        .post(format!("{}{path}", world.url))
        .header(SAME_ORIGIN.0, SAME_ORIGIN.1)
        .form(fields)
        .send()
        .await
        .unwrap()
        .status()
}

#[rstest]
#[case::sqlite(Engine::Sqlite)]
#[case::postgres(Engine::Postgres)]
#[tokio::test]
async fn account_without_password_needs_new_link_for_security_settings(#[case] engine: Engine) {
    let clock = morning();
    let Some(world) = world_at(engine, clock.clone()).await else {
        return;
    };
    let begin = clock.now();
    let email = "nora@rhein-ruhr-medical.example";
    let staff = world.staff("nordlicht", "admin").await;
    let page = access_page(&world).await;
    let fields = [
        ("name", "Nora Busch"),
        ("email", email),
        ("whole", "on"),
        ("may_appointments", "on"),
    ];
    let invitation = invite(&world, &staff, &page, &fields).await.unwrap();
    let nora = browser();
    let accept = [("token", token(&invitation)), ("without", "on")];
    world.send(&nora, "/portal/fn/accept-invitation", &accept).await;
    clock.advance(TimeDelta::minutes(16));
    let changes: [(&str, &[(&str, &str)]); 4] = [
        ("/portal/fn/change-email", &[("email", "nora@new.example")]),
        ("/portal/fn/change-password", &[("password", PASSWORD)]),
        ("/portal/fn/begin-two-factor", &[]),
        ("/portal/fn/renew-calendar-feed", &[]),
    ];
    for (action, fields) in changes {
        let status = post(&world, &nora, action, fields).await;
        assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY, "{} {action}", world.engine);
    }
    // The pages offer the link instead of the forms.
    for (page, form) in [
        ("/portal/profile", "/portal/fn/change-email"),
        ("/portal/appointments", "/portal/fn/renew-calendar-feed"),
    ] {
        let html = world.content(&nora, page).await;
        assert!(
            html.contains("/portal/fn/request-own-link") && !html.contains(form),
            "{page}"
        );
    }
    mails(&world).await;
    world.send(&nora, "/portal/fn/request-own-link", &[]).await;
    let sent = mails(&world).await;
    let (.., link) = sent
        .iter()
        .find(|(to, kind, _)| to == email && kind == "portal_sign_in")
        .unwrap();
    let fresh = open_link(&world, token(link)).await;
    for (action, fields) in changes {
        if action != "/portal/fn/change-password" {
            world.send(&fresh, action, fields).await;
        }
    }
    let html = world.content(&fresh, "/portal/appointments").await;
    assert!(html.contains("/portal/feed/"), "{}", world.engine);
    assert!(mails(&world).await.iter().any(|(to, ..)| to == "nora@new.example"));
    clock.advance(begin - clock.now());
}
