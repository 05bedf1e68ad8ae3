//! Portal access: invitations, grants, links in emails, colleagues and the own account.

use ordinavo_core::Engine;
use rstest::rstest;
use std::collections::BTreeMap;
use std::sync::Arc;

use crate::support::forms::hidden;
use crate::support::public::visitor;
use crate::support::{SAME_ORIGIN, World, world, world_at};
use chrono::{TimeDelta, TimeZone as _, Utc};
use ordinavo_core::clock::Clock;
use ordinavo_core::notifications::outbox;
use ordinavo_core::portal_access::links;
use reqwest::{Client, StatusCode};

pub const PASSWORD: &str = "seven quiet harbours";
const ESSEN: &str = "Essen Center";

/// Returns a new browser with a cookie jar.
pub fn browser() -> Client {
    crate::support::client_builder()
        .cookie_store(true)
        .redirect(reqwest::redirect::Policy::none())
        .build()
        .unwrap()
}

/// Sends a multipart form and returns the redirect path.
pub async fn send_parts(world: &World, browser: &Client, path: &str, fields: &[(&str, &str)]) -> String {
    let form = fields
        .iter()
        .fold(reqwest::multipart::Form::new(), |form, (name, value)| {
            form.text((*name).to_owned(), (*value).to_owned())
        });
    world.send_multipart(browser, path, form).await
}

/// Returns the field name of the checkbox of a location, found by its label.
pub fn location_field(html: &str, words: &str) -> String {
    let found = html
        .split("name=\"location_")
        .skip(1)
        .find(|part| part.split("</label>").next().is_some_and(|label| label.contains(words)))
        .unwrap();
    format!("location_{}", found.split('"').next().unwrap())
}

/// Returns the invitation path that the access page shows once.
pub fn shown_link(html: &str) -> Option<String> {
    let link = html.split("/portal/link/").nth(1)?;
    Some(format!("/portal/link/{}", link.split('<').next()?.split('"').next()?))
}

pub fn token(link: &str) -> &str {
    link.rsplit('/').next().unwrap()
}

/// Returns the access page of Rhein-Ruhr Medical Supply.
pub async fn access_page(world: &World) -> String {
    format!("/app/customers/{}/access", world.customer("CUST-10042").await)
}

/// Invites a user with the form of an access page and returns the link, if one is shown.
pub async fn invite(world: &World, staff: &Client, page: &str, fields: &[(&str, &str)]) -> Option<String> {
    let customer = page.split('/').nth(3).unwrap();
    let mut all = vec![("customer", customer), ("reason", "Runs the site"), ("locale", "en")];
    all.extend(fields);
    send_parts(world, staff, "/app/fn/invite-contact", &all).await;
    shown_link(&world.content(staff, page).await)
}

/// Returns the emails that are due now as (recipient, kind, link).
pub async fn mails(world: &World) -> Vec<(String, String, String)> {
    links::send_requested_links(&world.core).await.unwrap();
    let mut all = Vec::new();
    loop {
        let some = outbox::claim(&world.core).await.unwrap();
        if some.is_empty() {
            return all;
        }
        all.extend(
            some.into_iter()
                .map(|mail| (mail.recipient, mail.kind.name().to_owned(), mail.link)),
        );
    }
}

pub async fn status(world: &World, browser: &Client, path: &str) -> StatusCode {
    world.get(browser, path).await.0
}

#[rstest]
#[case::sqlite(Engine::Sqlite)]
#[case::postgres(Engine::Postgres)]
#[tokio::test]
async fn invitation_accepted_grants_access_once(#[case] engine: Engine) {
    let Some(world) = world(engine).await else { return };
    let staff = world.staff("nordlicht", "manager").await;
    let page = access_page(&world).await;
    let essen = location_field(&world.content(&staff, &page).await, ESSEN);
    let fields = [
        ("name", "Nora Busch"),
        ("email", "Nora.Busch@rhein-ruhr-medical.example"),
        (essen.as_str(), "on"),
        ("may_appointments", "on"),
    ];
    let link = invite(&world, &staff, &page, &fields).await.unwrap();
    let html = world.content(&staff, &page).await;
    assert!(
        html.contains("Nora Busch") && html.contains("Invited"),
        "{}",
        world.engine
    );
    assert!(shown_link(&html).is_none(), "the link is shown once");

    let nora = browser();
    let html = world.content(&nora, &link).await;
    assert!(html.contains("nora.busch@rhein-ruhr-medical.example"));
    world
        .send(
            &nora,
            "/portal/fn/accept-invitation",
            &[("token", token(&link)), ("password", "short")],
        )
        .await;
    assert!(world.content(&nora, &link).await.contains("too short"));
    assert_eq!(status(&world, &nora, "/portal").await, StatusCode::SEE_OTHER);
    let to = world
        .send(
            &nora,
            "/portal/fn/accept-invitation",
            &[("token", token(&link)), ("password", PASSWORD)],
        )
        .await;
    assert_eq!(to, "/portal");
    let visits = world.content(&nora, "/portal/appointments").await;
    assert!(
        visits.contains(ESSEN) && !visits.contains("Essen Depot"),
        "{}",
        world.engine
    );
    // With appointments only, there are no reports and no locations for requests.
    assert!(
        world
            .content(&nora, "/portal/reports")
            .await
            .contains("Not included in your access")
    );
    assert!(
        world
            .content(&nora, "/portal/requests/new")
            .await
            .contains("no location")
    );
    // The link is used up, for other browsers too.
    let other = browser();
    assert!(world.content(&other, &link).await.contains("no longer works"));
    world
        .send(
            &other,
            "/portal/fn/accept-invitation",
            &[("token", token(&link)), ("password", PASSWORD)],
        )
        .await;
    assert_eq!(status(&world, &other, "/portal").await, StatusCode::SEE_OTHER);
    assert!(world.content(&staff, &page).await.contains("Active"));
    let again = world
        .browser("/portal", "nora.busch@rhein-ruhr-medical.example", PASSWORD)
        .await;
    assert_eq!(status(&world, &again, "/portal").await, StatusCode::OK);
}

#[rstest]
#[case::sqlite(Engine::Sqlite)]
#[case::postgres(Engine::Postgres)]
#[tokio::test]
async fn invitation_resent_voids_first_link_and_email(#[case] engine: Engine) {
    let Some(world) = world(engine).await else { return };
    let staff = world.staff("nordlicht", "admin").await;
    let page = access_page(&world).await;
    let fields = [
        ("name", "Nora Busch"),
        ("email", "nora@rhein-ruhr-medical.example"),
        ("whole", "on"),
        ("may_reports", "on"),
    ];
    let first = invite(&world, &staff, &page, &fields).await.unwrap();
    let html = world.content(&staff, &page).await;
    let form = html.split("action=\"/app/fn/invite-contact-again").nth(1).unwrap();
    let (customer, account) = (hidden(form, "customer").unwrap(), hidden(form, "account").unwrap());
    let ids = [("customer", customer.as_str()), ("account", account.as_str())];
    world.send(&staff, "/app/fn/invite-contact-again", &ids).await;
    let second = shown_link(&world.content(&staff, &page).await).unwrap();
    assert_ne!(first, second);
    let sent: Vec<_> = mails(&world)
        .await
        .into_iter()
        .filter(|(to, _, _)| to == "nora@rhein-ruhr-medical.example")
        .collect();
    assert_eq!(sent.len(), 1, "{sent:?}");
    assert!(sent[0].2.ends_with(&second), "the mail carries the new link");
    let nora = browser();
    assert!(world.content(&nora, &first).await.contains("no longer works"));
    assert!(world.content(&nora, &second).await.contains("Nora Busch"));
    // After revocation, the second link is void too, and it cannot be revoked again.
    world.send(&staff, "/app/fn/revoke-invitation", &ids).await;
    assert!(world.content(&nora, &second).await.contains("no longer works"));
    assert!(world.content(&staff, &page).await.contains("No access"));
    let refused = staff
        .post(format!("{}/app/fn/revoke-invitation", world.url))
        .header(SAME_ORIGIN.0, SAME_ORIGIN.1)
        .form(&ids)
        .send()
        .await
        .unwrap();
    assert_eq!(refused.status(), StatusCode::NOT_FOUND);
}

#[rstest]
#[case::sqlite(Engine::Sqlite)]
#[case::postgres(Engine::Postgres)]
#[tokio::test]
async fn invitation_expires_after_fourteen_days_and_grant_after_last_day(#[case] engine: Engine) {
    let clock = Clock::manual(Utc.with_ymd_and_hms(2026, 11, 23, 8, 30, 0).single().unwrap());
    let Some(world) = world_at(engine, clock.clone()).await else {
        return;
    };
    let begin = clock.now();
    let staff = world.staff("nordlicht", "admin").await;
    let page = access_page(&world).await;
    let fields = [
        ("name", "Nora Busch"),
        ("email", "nora@rhein-ruhr-medical.example"),
        ("whole", "on"),
        ("may_reports", "on"),
        ("until", "2026-11-24"),
    ];
    let late = [
        ("name", "Late"),
        ("email", "late@rhein-ruhr-medical.example"),
        ("whole", "on"),
        ("may_reports", "on"),
    ];
    let late = invite(&world, &staff, &page, &late).await.unwrap();
    let link = invite(&world, &staff, &page, &fields).await.unwrap();
    let address = "nora@rhein-ruhr-medical.example";
    let accept = [("token", token(&link)), ("password", PASSWORD)];
    world.send(&browser(), "/portal/fn/accept-invitation", &accept).await;
    let sees_essen = async || {
        let nora = world.browser("/portal", address, PASSWORD).await;
        world.content(&nora, "/portal/reports").await.contains(ESSEN)
    };
    assert!(sees_essen().await, "{}", world.engine);
    // Midnight in Berlin after the last day is 23:00 UTC.
    clock.advance(TimeDelta::hours(38));
    assert!(sees_essen().await, "the last day is included");
    clock.advance(TimeDelta::minutes(31));
    assert!(!sees_essen().await, "{}", world.engine);
    let visitor_browser = browser();
    clock.advance(TimeDelta::days(12));
    assert!(world.content(&visitor_browser, &late).await.contains("Late"));
    clock.advance(TimeDelta::days(1));
    assert!(world.content(&visitor_browser, &late).await.contains("no longer works"));
    clock.advance(begin - clock.now());
}

#[rstest]
#[case::sqlite(Engine::Sqlite)]
#[case::postgres(Engine::Postgres)]
#[tokio::test]
async fn user_with_several_customers_blocked_loses_all_access(#[case] engine: Engine) {
    let Some(world) = world(engine).await else { return };
    let staff = world.staff("nordlicht", "admin").await;
    let other = world.customer("CUST-20001").await;
    let page = format!("/app/customers/{other}/access");
    let anna_address = world
        .tenant("nordlicht")
        .portal
        .iter()
        .find(|one| one.email.starts_with("anna"))
        .unwrap();
    let anna_address = anna_address.email.clone();
    let anna = world.contact("nordlicht", "anna").await;
    let places = |html: String| html.matches("value=\"loc_").count();
    let before = places(world.content(&anna, "/portal/requests/new").await);
    let fields = [
        ("name", "Anna"),
        ("email", anna_address.as_str()),
        ("whole", "on"),
        ("may_submit", "on"),
    ];
    assert!(
        invite(&world, &staff, &page, &fields).await.is_none(),
        "existing accounts receive no invitation"
    );
    let html = world.content(&staff, &page).await;
    assert!(html.contains("Contact of another customer") && html.contains(&anna_address));
    assert!(
        places(world.content(&anna, "/portal/requests/new").await) > before,
        "{}",
        world.engine
    );
    // Every card has its own form; use the one on Anna's card.
    let card = html
        .split("<section")
        .find(|card| card.contains(&anna_address))
        .unwrap();
    let account = hidden(card, "account").unwrap();
    let ids = [
        ("customer", other.as_str()),
        ("account", account.as_str()),
        ("blocked", "on"),
    ];
    world.send(&staff, "/app/fn/block-account", &ids).await;
    assert_eq!(status(&world, &anna, "/portal").await, StatusCode::SEE_OTHER);
    let ids = [
        ("customer", other.as_str()),
        ("account", account.as_str()),
        ("blocked", ""),
    ];
    world.send(&staff, "/app/fn/block-account", &ids).await;
    assert_eq!(
        status(&world, &anna, "/portal").await,
        StatusCode::SEE_OTHER,
        "the session stays ended"
    );
    let anna = world.contact("nordlicht", "anna").await;
    assert_eq!(status(&world, &anna, "/portal").await, StatusCode::OK);
}

#[rstest]
#[case::sqlite(Engine::Sqlite)]
#[case::postgres(Engine::Postgres)]
#[tokio::test]
async fn sign_in_link_request_reveals_nothing_and_link_works_once(#[case] engine: Engine) {
    let clock = Clock::manual(Utc.with_ymd_and_hms(2026, 11, 23, 8, 30, 0).single().unwrap());
    let Some(world) = world_at(engine, clock.clone()).await else {
        return;
    };
    let address = world
        .tenant("nordlicht")
        .portal
        .iter()
        .find(|one| one.email.starts_with("petra"))
        .unwrap();
    let address = address.email.clone();
    let request_link = async |email: &str, purpose: &str| {
        let asker = browser();
        let to = world
            .send(
                &asker,
                "/portal/fn/request-sign-in-link",
                &[("email", email), ("purpose", purpose)],
            )
            .await;
        let page = world.content(&asker, "/portal/sign-in/link").await;
        (to, page.split("</main>").next().unwrap().to_owned())
    };
    mails(&world).await;
    let known = request_link(&address, "sign_in").await;
    let unknown = request_link("nobody@example.org", "sign_in").await;
    assert_eq!(known, unknown, "{}", world.engine);
    // An immediate second request gets the same response and sends no second email.
    assert_eq!(request_link(&address, "sign_in").await, known);
    let sent = mails(&world).await;
    let to_petra: Vec<_> = sent.iter().filter(|(to, _, _)| *to == address).collect();
    assert_eq!(to_petra.len(), 1, "{sent:?}");
    assert!(!sent.iter().any(|(to, _, _)| to == "nobody@example.org"));
    let link = to_petra[0].2.strip_prefix(&world.url).unwrap().to_owned();
    let petra = browser();
    // Opening the link does not use it up.
    for _ in 0..2 {
        assert!(world.content(&petra, &link).await.contains("Sign in"));
    }
    world
        .send(&petra, "/portal/fn/open-link", &[("token", token(&link))])
        .await;
    assert_eq!(status(&world, &petra, "/portal").await, StatusCode::OK);
    let second = browser();
    world
        .send(&second, "/portal/fn/open-link", &[("token", token(&link))])
        .await;
    assert_eq!(status(&world, &second, "/portal").await, StatusCode::SEE_OTHER);

    // Setting a new password by link ends all other sessions.
    clock.advance(TimeDelta::minutes(2));
    request_link(&address, "password").await;
    let link = mails(&world)
        .await
        .into_iter()
        .find(|(to, _, _)| *to == address)
        .unwrap()
        .2;
    let link = link.strip_prefix(&world.url).unwrap().to_owned();
    // A link works for its own purpose only.
    world
        .send(&second, "/portal/fn/open-link", &[("token", token(&link))])
        .await;
    assert_eq!(status(&world, &second, "/portal").await, StatusCode::SEE_OTHER);
    let third = browser();
    world
        .send(
            &third,
            "/portal/fn/set-password",
            &[("token", token(&link)), ("password", PASSWORD)],
        )
        .await;
    assert_eq!(status(&world, &third, "/portal").await, StatusCode::OK);
    assert_eq!(
        status(&world, &petra, "/portal").await,
        StatusCode::SEE_OTHER,
        "{}",
        world.engine
    );
    let fresh = world.browser("/portal", &address, PASSWORD).await;
    assert_eq!(status(&world, &fresh, "/portal").await, StatusCode::OK);
    // The account is notified by email.
    let notified = mails(&world).await;
    let notified: Vec<_> = notified.iter().filter(|(to, _, _)| *to == address).collect();
    assert!(
        notified.len() == 1 && notified[0].1 == "portal_password_changed",
        "{notified:?}"
    );

    // An expired link.
    clock.advance(TimeDelta::minutes(2));
    request_link(&address, "sign_in").await;
    let link = mails(&world)
        .await
        .into_iter()
        .find(|(to, _, _)| *to == address)
        .unwrap()
        .2;
    clock.advance(TimeDelta::minutes(31));
    let link = link.strip_prefix(&world.url).unwrap().to_owned();
    assert!(world.content(&petra, &link).await.contains("no longer works"));
}

/// Returns the grant IDs of the forms that revoke access of colleagues, by name.
fn colleague_grants(html: &str) -> BTreeMap<String, String> {
    html.split("<li class=\"card\"")
        .skip(1)
        .filter_map(|card| {
            let name = card.split("<bdi>").nth(1)?.split('<').next()?.to_owned();
            Some((name, hidden(card, "grant")?))
        })
        .collect()
}

#[rstest]
#[case::sqlite(Engine::Sqlite)]
#[case::postgres(Engine::Postgres)]
#[tokio::test]
async fn colleague_invitation_is_limited_to_own_access(#[case] engine: Engine) {
    let Some(world) = world(engine).await else { return };
    let petra = world.contact("nordlicht", "petra").await;
    let anna = world.contact("nordlicht", "anna").await;
    let stranger = world.contact("nordlicht", "kontakt").await;
    let html = world.content(&petra, "/portal/colleagues").await;
    assert!(html.contains("Anna Weber"), "{}", world.engine);
    let (customer, essen) = (hidden(&html, "customer").unwrap(), location_field(&html, ESSEN));
    // Anna may not manage access: neither page nor action exists for her.
    assert_eq!(status(&world, &anna, "/portal/colleagues").await, StatusCode::NOT_FOUND);
    let fields = [
        ("customer", customer.as_str()),
        ("name", "Nora Busch"),
        ("email", "nora@rhein-ruhr-medical.example"),
        (essen.as_str(), "on"),
        ("may_reports", "on"),
        ("may_manage", "on"),
        ("reason", "Deputy"),
        ("locale", "de"),
    ];
    let form = |fields: &[(&str, &str)]| {
        fields
            .iter()
            .fold(reqwest::multipart::Form::new(), |form, (name, value)| {
                form.text((*name).to_owned(), (*value).to_owned())
            })
    };
    let attempt = async |who: &Client, fields: &[(&str, &str)]| {
        who.post(format!("{}/portal/fn/invite-colleague", world.url))
            .header(SAME_ORIGIN.0, SAME_ORIGIN.1)
            .multipart(form(fields))
            .send()
            .await
            .unwrap()
            .status()
    };
    assert_eq!(attempt(&anna, &fields).await, StatusCode::NOT_FOUND);
    // A user who manages access of another customer cannot reach this one.
    let other = world.customer("CUST-20001").await;
    assert_eq!(attempt(&stranger, &fields).await, StatusCode::NOT_FOUND);
    let mut foreign = fields;
    foreign[0].1 = other.as_str();
    assert_eq!(attempt(&petra, &foreign).await, StatusCode::NOT_FOUND);

    mails(&world).await;
    send_parts(&world, &petra, "/portal/fn/invite-colleague", &fields).await;
    let sent = mails(&world).await;
    let (_, kind, link) = sent
        .iter()
        .find(|(to, _, _)| to == "nora@rhein-ruhr-medical.example")
        .unwrap();
    assert_eq!(kind, "portal_invitation");
    let link = link.strip_prefix(&world.url).unwrap().to_owned();
    let nora = browser();
    world
        .send(
            &nora,
            "/portal/fn/accept-invitation",
            &[("token", token(&link)), ("without", "on")],
        )
        .await;
    let reports = world.content(&nora, "/portal/reports").await;
    assert!(reports.contains(ESSEN) && !reports.contains("Essen Depot"));
    // The permission to manage access was not passed on, whatever the form sent.
    assert_eq!(status(&world, &nora, "/portal/colleagues").await, StatusCode::NOT_FOUND);
    assert!(!world.content(&nora, "/portal/appointments").await.contains(ESSEN));

    let grants = colleague_grants(&world.content(&petra, "/portal/colleagues").await);
    let grant = grants["Nora Busch"].clone();
    let revoke = async |who: &Client, grant: &str| {
        who.post(format!("{}/portal/fn/revoke-colleague", world.url))
            .header(SAME_ORIGIN.0, SAME_ORIGIN.1)
            .form(&[("grant", grant)])
            .send()
            .await
            .unwrap()
            .status()
    };
    for other in [&anna, &stranger, &nora] {
        assert_eq!(revoke(other, &grant).await, StatusCode::NOT_FOUND);
    }
    assert_eq!(status(&world, &nora, "/portal/reports").await, StatusCode::OK);
    assert_eq!(revoke(&petra, &grant).await, StatusCode::SEE_OTHER);
    // Without a grant, there is no session.
    assert_eq!(
        status(&world, &nora, "/portal/reports").await,
        StatusCode::SEE_OTHER,
        "{}",
        world.engine
    );
    assert_eq!(revoke(&petra, &grant).await, StatusCode::NOT_FOUND, "once");
}

#[rstest]
#[case::sqlite(Engine::Sqlite)]
#[case::postgres(Engine::Postgres)]
#[tokio::test]
async fn colleague_grant_longer_than_own_is_rejected(#[case] engine: Engine) {
    let Some(world) = world(engine).await else { return };
    let staff = world.staff("nordlicht", "admin").await;
    let page = access_page(&world).await;
    let end = (Utc::now() + TimeDelta::days(20)).format("%Y-%m-%d").to_string();
    let later = (Utc::now() + TimeDelta::days(21)).format("%Y-%m-%d").to_string();
    let fields = [
        ("name", "Nora Busch"),
        ("email", "nora@rhein-ruhr-medical.example"),
        ("whole", "on"),
        ("may_reports", "on"),
        ("may_manage", "on"),
        ("until", end.as_str()),
    ];
    let link = invite(&world, &staff, &page, &fields).await.unwrap();
    let nora = browser();
    world
        .send(
            &nora,
            "/portal/fn/accept-invitation",
            &[("token", token(&link)), ("without", "on")],
        )
        .await;
    let html = world.content(&nora, "/portal/colleagues").await;
    let customer = hidden(&html, "customer").unwrap();
    let colleague = [
        ("customer", customer.as_str()),
        ("name", "Otto"),
        ("email", "otto@rhein-ruhr-medical.example"),
        ("whole", "on"),
        ("reason", "Deputy"),
    ];
    for (extra, words) in [
        (vec![("may_reports", "on")], "last longer than your own"),
        (
            vec![("may_reports", "on"), ("until", later.as_str())],
            "last longer than your own",
        ),
        (
            vec![("may_downloads", "on"), ("until", end.as_str())],
            "only grant permissions that you have",
        ),
    ] {
        let fields: Vec<_> = colleague.iter().copied().chain(extra).collect();
        send_parts(&world, &nora, "/portal/fn/invite-colleague", &fields).await;
        let html = world.content(&nora, "/portal/colleagues").await;
        assert!(html.contains(words), "{words}");
        assert!(
            !html.contains("otto@rhein-ruhr-medical.example</bdi>"),
            "no access is stored"
        );
    }
    let fields: Vec<_> = colleague
        .iter()
        .copied()
        .chain([("may_reports", "on"), ("until", end.as_str())])
        .collect();
    send_parts(&world, &nora, "/portal/fn/invite-colleague", &fields).await;
    let html = world.content(&nora, "/portal/colleagues").await;
    assert!(
        html.contains("otto@rhein-ruhr-medical.example</bdi>"),
        "{}",
        world.engine
    );
    // Access that expires within 30 days appears in the access review.
    let review = world.content(&staff, "/app/settings/access").await;
    assert!(review.contains("Nora Busch") && review.contains("Otto"));
    assert!(
        !review.contains("Anna Weber"),
        "access in use without an end date is not listed"
    );
}

#[rstest]
#[case::sqlite(Engine::Sqlite)]
#[case::postgres(Engine::Postgres)]
#[tokio::test]
async fn grant_of_revoked_manager_is_listed_for_review(#[case] engine: Engine) {
    let Some(world) = world(engine).await else { return };
    let staff = world.staff("nordlicht", "admin").await;
    let page = access_page(&world).await;
    let email = "nora@rhein-ruhr-medical.example";
    let fields = [
        ("name", "Nora Busch"),
        ("email", email),
        ("whole", "on"),
        ("may_reports", "on"),
        ("may_manage", "on"),
    ];
    let link = invite(&world, &staff, &page, &fields).await.unwrap();
    let nora = browser();
    let accept = [("token", token(&link)), ("without", "on")];
    world.send(&nora, "/portal/fn/accept-invitation", &accept).await;
    let html = world.content(&nora, "/portal/colleagues").await;
    let customer = hidden(&html, "customer").unwrap();
    let colleague = [
        ("customer", customer.as_str()),
        ("name", "Otto"),
        ("email", "otto@rhein-ruhr-medical.example"),
        ("whole", "on"),
        ("may_reports", "on"),
        ("reason", "Deputy"),
    ];
    send_parts(&world, &nora, "/portal/fn/invite-colleague", &colleague).await;
    let review = async || world.content(&staff, "/app/settings/access").await;
    assert!(!review().await.contains("data-code=\"lost_granter\""));
    let html = world.content(&staff, &page).await;
    let card = html.split("<section").find(|card| card.contains(email)).unwrap();
    let ids = ["customer", "grant"].map(|name| (name, hidden(card, name).unwrap()));
    let ids = ids.each_ref().map(|(name, id)| (*name, id.as_str()));
    world.send(&staff, "/app/fn/revoke-grant", &ids).await;
    let html = review().await;
    let row = html.split("<tr").find(|row| row.contains("otto@")).unwrap();
    assert!(row.contains("data-code=\"lost_granter\""), "{}", world.engine);
}

async fn own_sessions(world: &World, browser: &Client) -> usize {
    let html = world.content(browser, "/portal/profile").await;
    html.matches("last used").count()
}

#[rstest]
#[case::sqlite(Engine::Sqlite)]
#[case::postgres(Engine::Postgres)]
#[tokio::test]
async fn profile_changes_password_email_and_sessions(#[case] engine: Engine) {
    let Some(world) = world(engine).await else { return };
    let account = world
        .tenant("nordlicht")
        .portal
        .iter()
        .find(|one| one.email.starts_with("petra"))
        .unwrap()
        .clone();
    let first = world.contact("nordlicht", "petra").await;
    let second = world.contact("nordlicht", "petra").await;
    let third = world.contact("nordlicht", "petra").await;
    let anna = world.contact("nordlicht", "anna").await;
    let count = own_sessions(&world, &first).await;
    assert!(count >= 3, "{count}");
    let html = world.content(&first, "/portal/profile").await;
    let session = hidden(&html, "session").unwrap();
    // Users cannot end sessions of others.
    let foreign = anna
        .post(format!("{}/portal/fn/end-session", world.url))
        .header(SAME_ORIGIN.0, SAME_ORIGIN.1)
        .form(&[("session", session.as_str())])
        .send()
        .await
        .unwrap();
    assert_eq!(foreign.status(), StatusCode::NOT_FOUND);
    world
        .send(&first, "/portal/fn/end-session", &[("session", &session)])
        .await;
    assert_eq!(own_sessions(&world, &first).await, count - 1);

    // Changing the password requires the current one and ends all other sessions.
    let change = [("current", "not the password at all"), ("password", PASSWORD)];
    world.send(&first, "/portal/fn/change-password", &change).await;
    assert!(
        world
            .content(&first, "/portal/profile")
            .await
            .contains("The current password is incorrect")
    );
    let change = [("current", account.password.as_str()), ("password", PASSWORD)];
    loop {
        world.send(&first, "/portal/fn/change-password", &change).await;
        // The short lock after the failed attempt expires by itself.
        if !world
            .content(&first, "/portal/profile")
            .await
            .contains("role=\"alert\"")
        {
            break;
        }
    }
    assert_eq!(own_sessions(&world, &first).await, 1, "{}", world.engine);
    for other in [&second, &third] {
        assert_eq!(status(&world, other, "/portal").await, StatusCode::SEE_OTHER);
    }

    // The new email address is confirmed by its link, and the old address is notified.
    mails(&world).await;
    let change = [("current", PASSWORD), ("email", "petra@new.example")];
    world.send(&first, "/portal/fn/change-email", &change).await;
    let (_, kind, link) = mails(&world)
        .await
        .into_iter()
        .find(|(to, _, _)| to == "petra@new.example")
        .unwrap();
    assert_eq!(kind, "portal_email");
    let link = link.strip_prefix(&world.url).unwrap().to_owned();
    let reader = browser();
    world.content(&reader, &link).await;
    world
        .send(&reader, "/portal/fn/open-link", &[("token", token(&link))])
        .await;
    assert_eq!(
        status(&world, &reader, "/portal").await,
        StatusCode::SEE_OTHER,
        "confirming the address does not sign in"
    );
    let notified = mails(&world).await;
    assert!(
        notified
            .iter()
            .any(|(to, kind, _)| *to == account.email && kind == "portal_email_changed"),
        "{notified:?}"
    );
    let petra = world.browser("/portal", "petra@new.example", PASSWORD).await;
    assert_eq!(status(&world, &petra, "/portal").await, StatusCode::OK);
    // For an address of another account, the response is the same and no email is sent.
    let taken = world
        .tenant("nordlicht")
        .portal
        .iter()
        .find(|one| one.email.starts_with("anna"))
        .unwrap()
        .email
        .clone();
    world
        .send(
            &petra,
            "/portal/fn/change-email",
            &[("current", PASSWORD), ("email", &taken)],
        )
        .await;
    assert!(
        world
            .content(&petra, "/portal/profile")
            .await
            .contains("we have sent an email with a link to it")
    );
    assert!(mails(&world).await.iter().all(|(to, _, _)| *to != taken));
    world.send(&petra, "/portal/fn/end-sessions", &[]).await;
    assert_eq!(status(&world, &petra, "/portal").await, StatusCode::SEE_OTHER);
}

#[rstest]
#[case::sqlite(Engine::Sqlite)]
#[case::postgres(Engine::Postgres)]
#[tokio::test]
async fn invitation_with_missing_fields_grants_nothing(#[case] engine: Engine) {
    let Some(world) = world(engine).await else { return };
    let staff = world.staff("nordlicht", "admin").await;
    let page = access_page(&world).await;
    let complete = [
        ("name", "Nora Busch"),
        ("email", "nora@rhein-ruhr-medical.example"),
        ("whole", "on"),
        ("may_reports", "on"),
        ("reason", "Runs the site"),
    ];
    for missing in ["name", "email", "whole", "may_reports", "reason"] {
        let customer = page.split('/').nth(3).unwrap();
        let fields: Vec<_> = complete
            .iter()
            .copied()
            .filter(|(name, _)| *name != missing)
            .chain([("customer", customer)])
            .collect();
        send_parts(&world, &staff, "/app/fn/invite-contact", &fields).await;
        let html = world.content(&staff, &page).await;
        assert!(html.contains("role=\"alert\""), "{missing}");
        assert!(!html.contains("nora@rhein-ruhr-medical.example</bdi>"), "{missing}");
    }
    // A location of another customer cannot be granted, and nothing is stored.
    let other = format!("/app/customers/{}/access", world.customer("CUST-20001").await);
    let foreign = world.content(&staff, &other).await;
    let field = foreign
        .split("name=\"location_")
        .nth(1)
        .unwrap()
        .split('"')
        .next()
        .unwrap()
        .to_owned();
    let field = format!("location_{field}");
    let fields = [
        ("name", "Nora Busch"),
        ("email", "nora@rhein-ruhr-medical.example"),
        (field.as_str(), "on"),
        ("may_reports", "on"),
    ];
    assert!(invite(&world, &staff, &page, &fields).await.is_none());
    let invited = world
        .texts("SELECT email FROM portal_account WHERE email = 'nora@rhein-ruhr-medical.example'")
        .await;
    assert!(invited.is_empty(), "{invited:?}");
}

#[rstest]
#[case::sqlite(Engine::Sqlite)]
#[case::postgres(Engine::Postgres)]
#[tokio::test]
async fn account_without_password_rejects_password_sign_in(#[case] engine: Engine) {
    let Some(world) = world(engine).await else { return };
    let world: Arc<World> = world;
    let staff = world.staff("nordlicht", "admin").await;
    let page = access_page(&world).await;
    let fields = [
        ("name", "Nora Busch"),
        ("email", "nora@rhein-ruhr-medical.example"),
        ("whole", "on"),
        ("may_reports", "on"),
    ];
    invite(&world, &staff, &page, &fields).await.unwrap();
    let guest = visitor();
    for password in ["", "!", PASSWORD] {
        let to = world
            .send(
                &guest,
                "/portal/fn/sign-in",
                &[("email", "nora@rhein-ruhr-medical.example"), ("password", password)],
            )
            .await;
        assert!(to.starts_with("/portal/sign-in"), "{password:?} {to}");
    }
}
