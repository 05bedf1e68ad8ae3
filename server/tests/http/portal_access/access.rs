//! Access to the portal: invitations, grants, links in mails, colleagues and the own account.

use ordinavo_core::Engine;
use rstest::rstest;
use std::collections::BTreeMap;
use std::sync::Arc;

use crate::support::forms::hidden;
use crate::support::public::visitor;
use crate::support::{OWN_PAGE, World, world, world_at};
use chrono::{TimeDelta, TimeZone as _, Utc};
use ordinavo_core::clock::Clock;
use ordinavo_core::notifications::outbox;
use ordinavo_core::portal_access::links;
use reqwest::{Client, StatusCode};

pub const PASSWORD: &str = "seven quiet harbours";
const ESSEN: &str = "Essen Center";

/// A browser of its own, with a cookie jar.
pub fn browser() -> Client {
    Client::builder()
        .cookie_store(true)
        .redirect(reqwest::redirect::Policy::none())
        .build()
        .unwrap()
}

/// Sends a form as one with files is sent; the answer is where it leads.
pub async fn send_parts(world: &World, browser: &Client, path: &str, fields: &[(&str, &str)]) -> String {
    let form = fields
        .iter()
        .fold(reqwest::multipart::Form::new(), |form, (name, value)| {
            form.text((*name).to_owned(), (*value).to_owned())
        });
    world.send_multipart(browser, path, form).await
}

/// The field of a box for a place, found by its words.
pub fn box_of(html: &str, words: &str) -> String {
    let found = html
        .split("name=\"location_")
        .skip(1)
        .find(|part| part.split("</label>").next().is_some_and(|label| label.contains(words)))
        .unwrap();
    format!("location_{}", found.split('"').next().unwrap())
}

/// The link that the page of access shows once.
pub fn shown_link(html: &str) -> Option<String> {
    let link = html.split("/portal/link/").nth(1)?;
    Some(format!("/portal/link/{}", link.split('<').next()?.split('"').next()?))
}

pub fn token(link: &str) -> &str {
    link.rsplit('/').next().unwrap()
}

/// The page of the access to Rhein-Ruhr Medical Supply.
pub async fn access_page(world: &World) -> String {
    format!("/app/customers/{}/access", world.customer("CUST-10042").await)
}

/// Invites by the form of a page of access; the answer is the link, if one was shown.
pub async fn invite(world: &World, staff: &Client, page: &str, fields: &[(&str, &str)]) -> Option<String> {
    let customer = page.split('/').nth(3).unwrap();
    let mut all = vec![("customer", customer), ("reason", "Runs the site"), ("locale", "en")];
    all.extend(fields);
    send_parts(world, staff, "/app/fn/invite-contact", &all).await;
    shown_link(&world.content(staff, page).await)
}

/// The mails that would go out now: recipient, and where the mail leads to.
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
async fn an_invitation_is_accepted_once_and_shows_what_was_granted(#[case] engine: Engine) {
    let Some(world) = world(engine).await else { return };
    let staff = world.staff("nordlicht", "manager").await;
    let page = access_page(&world).await;
    let essen = box_of(&world.content(&staff, &page).await, ESSEN);
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
    // Appointments only: no reports, no place to ask for anything.
    assert!(world.content(&nora, "/portal/reports").await.contains("No reports yet"));
    assert!(
        world
            .content(&nora, "/portal/requests/new")
            .await
            .contains("no location")
    );
    // The link has done its work, also for somebody else who has it.
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
async fn a_second_invitation_voids_the_first_and_its_mail(#[case] engine: Engine) {
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
    let form = html.split("action=\"/app/fn/invite-contact-again\"").nth(1).unwrap();
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
    // Taken back, the second one is void too, and there is nothing to take back any more.
    world.send(&staff, "/app/fn/revoke-invitation", &ids).await;
    assert!(world.content(&nora, &second).await.contains("no longer works"));
    assert!(world.content(&staff, &page).await.contains("No access"));
    let refused = staff
        .post(format!("{}/app/fn/revoke-invitation", world.url))
        .header(OWN_PAGE.0, OWN_PAGE.1)
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
async fn an_invitation_ends_after_fourteen_days_and_a_grant_on_its_last_day(#[case] engine: Engine) {
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
        ("Until", "2026-11-24"),
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
    // Berlin's midnight after the last day is 23:00 UTC.
    clock.advance(TimeDelta::hours(38));
    assert!(sees_essen().await, "the last day is a day");
    clock.advance(TimeDelta::minutes(31));
    assert!(!sees_essen().await, "{}", world.engine);
    let somebody = browser();
    clock.advance(TimeDelta::days(12));
    assert!(world.content(&somebody, &late).await.contains("Late"));
    clock.advance(TimeDelta::days(1));
    assert!(world.content(&somebody, &late).await.contains("no longer works"));
    clock.advance(begin - clock.now());
}

#[rstest]
#[case::sqlite(Engine::Sqlite)]
#[case::postgres(Engine::Postgres)]
#[tokio::test]
async fn one_person_serves_several_customers_and_a_block_ends_everything_at_once(#[case] engine: Engine) {
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
    let places = |html: String| html.matches("<option value=\"loc_").count();
    let before = places(world.content(&anna, "/portal/requests/new").await);
    let fields = [
        ("name", "Anna"),
        ("email", anna_address.as_str()),
        ("whole", "on"),
        ("may_submit", "on"),
    ];
    assert!(
        invite(&world, &staff, &page, &fields).await.is_none(),
        "nothing is to be accepted"
    );
    let html = world.content(&staff, &page).await;
    assert!(html.contains("contact of another customer") && html.contains(&anna_address));
    assert!(
        places(world.content(&anna, "/portal/requests/new").await) > before,
        "{}",
        world.engine
    );
    // Every card has its own form; take the one on Anna's card.
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
async fn asking_for_a_link_tells_nothing_and_a_link_works_once(#[case] engine: Engine) {
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
    let ask = async |email: &str, purpose: &str| {
        let asker = browser();
        let to = world
            .send(&asker, "/portal/fn/ask-link", &[("email", email), ("purpose", purpose)])
            .await;
        let page = world.content(&asker, "/portal/sign-in/link").await;
        (to, page.split("</main>").next().unwrap().to_owned())
    };
    mails(&world).await;
    let known = ask(&address, "sign_in").await;
    let unknown = ask("nobody@example.org", "sign_in").await;
    assert_eq!(known, unknown, "{}", world.engine);
    // At once again: the same answer, and no second mail.
    assert_eq!(ask(&address, "sign_in").await, known);
    let sent = mails(&world).await;
    let to_petra: Vec<_> = sent.iter().filter(|(to, _, _)| *to == address).collect();
    assert_eq!(to_petra.len(), 1, "{sent:?}");
    assert!(!sent.iter().any(|(to, _, _)| to == "nobody@example.org"));
    let link = to_petra[0].2.strip_prefix(&world.url).unwrap().to_owned();
    let petra = browser();
    // Looking does not use it up.
    for _ in 0..2 {
        assert!(world.content(&petra, &link).await.contains("Sign in"));
    }
    world
        .send(&petra, "/portal/fn/use-link", &[("token", token(&link))])
        .await;
    assert_eq!(status(&world, &petra, "/portal").await, StatusCode::OK);
    let second = browser();
    world
        .send(&second, "/portal/fn/use-link", &[("token", token(&link))])
        .await;
    assert_eq!(status(&world, &second, "/portal").await, StatusCode::SEE_OTHER);

    // A new password by link ends the sessions before.
    clock.advance(TimeDelta::minutes(2));
    ask(&address, "password").await;
    let link = mails(&world)
        .await
        .into_iter()
        .find(|(to, _, _)| *to == address)
        .unwrap()
        .2;
    let link = link.strip_prefix(&world.url).unwrap().to_owned();
    // A link for one thing is no link for another.
    world
        .send(&second, "/portal/fn/use-link", &[("token", token(&link))])
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
    // The address is told.
    let told = mails(&world).await;
    let told: Vec<_> = told.iter().filter(|(to, _, _)| *to == address).collect();
    assert!(told.len() == 1 && told[0].1 == "portal_password_changed", "{told:?}");

    // A link that nobody used in time.
    clock.advance(TimeDelta::minutes(2));
    ask(&address, "sign_in").await;
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

/// The ids of the forms that revoke colleagues, by the words on their card.
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
async fn colleagues_are_invited_within_ones_own_access_and_no_further(#[case] engine: Engine) {
    let Some(world) = world(engine).await else { return };
    let petra = world.contact("nordlicht", "petra").await;
    let anna = world.contact("nordlicht", "anna").await;
    let stranger = world.contact("nordlicht", "kontakt").await;
    let html = world.content(&petra, "/portal/colleagues").await;
    assert!(html.contains("Anna Weber"), "{}", world.engine);
    let (customer, essen) = (hidden(&html, "customer").unwrap(), box_of(&html, ESSEN));
    // Anna may not give access: the page is not there, and the act neither.
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
            .header(OWN_PAGE.0, OWN_PAGE.1)
            .multipart(form(fields))
            .send()
            .await
            .unwrap()
            .status()
    };
    assert_eq!(attempt(&anna, &fields).await, StatusCode::NOT_FOUND);
    // Somebody who gives access at another customer does not reach this one.
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
    // The right to give access was not given on, whatever the form said.
    assert_eq!(status(&world, &nora, "/portal/colleagues").await, StatusCode::NOT_FOUND);
    assert!(!world.content(&nora, "/portal/appointments").await.contains(ESSEN));

    let grants = colleague_grants(&world.content(&petra, "/portal/colleagues").await);
    let grant = grants["Nora Busch"].clone();
    let revoke = async |who: &Client, grant: &str| {
        who.post(format!("{}/portal/fn/revoke-colleague", world.url))
            .header(OWN_PAGE.0, OWN_PAGE.1)
            .form(&[("grant", grant)])
            .send()
            .await
            .unwrap()
            .status()
    };
    for nobody in [&anna, &stranger, &nora] {
        assert_eq!(revoke(nobody, &grant).await, StatusCode::NOT_FOUND);
    }
    assert_eq!(status(&world, &nora, "/portal/reports").await, StatusCode::OK);
    assert_eq!(revoke(&petra, &grant).await, StatusCode::SEE_OTHER);
    // Without any grant left there is no session left.
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
async fn whoever_has_an_end_gives_nothing_that_lasts_longer(#[case] engine: Engine) {
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
        ("Until", end.as_str()),
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
            vec![("may_reports", "on"), ("Until", later.as_str())],
            "last longer than your own",
        ),
        (
            vec![("may_downloads", "on"), ("Until", end.as_str())],
            "only give what you may do",
        ),
    ] {
        let fields: Vec<_> = colleague.iter().copied().chain(extra).collect();
        send_parts(&world, &nora, "/portal/fn/invite-colleague", &fields).await;
        let html = world.content(&nora, "/portal/colleagues").await;
        assert!(html.contains(words), "{words}");
        assert!(
            !html.contains("otto@rhein-ruhr-medical.example</bdi>"),
            "nothing is half-written"
        );
    }
    let fields: Vec<_> = colleague
        .iter()
        .copied()
        .chain([("may_reports", "on"), ("Until", end.as_str())])
        .collect();
    send_parts(&world, &nora, "/portal/fn/invite-colleague", &fields).await;
    let html = world.content(&nora, "/portal/colleagues").await;
    assert!(
        html.contains("otto@rhein-ruhr-medical.example</bdi>"),
        "{}",
        world.engine
    );
    // Access that ends within a month is worth a look; so is what the review says about it.
    let review = world.content(&staff, "/app/settings/access").await;
    assert!(review.contains("Nora Busch") && review.contains("Otto"));
    assert!(!review.contains("Anna Weber"), "used today and without an end");
}

async fn own_sessions(world: &World, browser: &Client) -> usize {
    let html = world.content(browser, "/portal/profile").await;
    html.matches("last used").count()
}

#[rstest]
#[case::sqlite(Engine::Sqlite)]
#[case::postgres(Engine::Postgres)]
#[tokio::test]
async fn people_change_what_they_sign_in_with_and_end_sessions(#[case] engine: Engine) {
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
    // Nobody ends somebody else's session.
    let foreign = anna
        .post(format!("{}/portal/fn/end-session", world.url))
        .header(OWN_PAGE.0, OWN_PAGE.1)
        .form(&[("session", session.as_str())])
        .send()
        .await
        .unwrap();
    assert_eq!(foreign.status(), StatusCode::NOT_FOUND);
    world
        .send(&first, "/portal/fn/end-session", &[("session", &session)])
        .await;
    assert_eq!(own_sessions(&world, &first).await, count - 1);

    // The present password is asked for, and a new one ends every other session.
    let change = [("current", "not the password at all"), ("password", PASSWORD)];
    world.send(&first, "/portal/fn/change-password", &change).await;
    assert!(
        world
            .content(&first, "/portal/profile")
            .await
            .contains("not your present password")
    );
    let change = [("current", account.password.as_str()), ("password", PASSWORD)];
    loop {
        world.send(&first, "/portal/fn/change-password", &change).await;
        // The short lock after the failure ends by itself.
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

    // A new address is confirmed where it is read, and the old one is told.
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
        .send(&reader, "/portal/fn/use-link", &[("token", token(&link))])
        .await;
    assert_eq!(
        status(&world, &reader, "/portal").await,
        StatusCode::SEE_OTHER,
        "no sign-in by the way"
    );
    let told = mails(&world).await;
    assert!(
        told.iter()
            .any(|(to, kind, _)| *to == account.email && kind == "portal_email_changed"),
        "{told:?}"
    );
    let petra = world.browser("/portal", "petra@new.example", PASSWORD).await;
    assert_eq!(status(&world, &petra, "/portal").await, StatusCode::OK);
    // Somebody else's address: the same answer, no mail.
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
            .contains("mail with a link")
    );
    assert!(mails(&world).await.iter().all(|(to, _, _)| *to != taken));
    world.send(&petra, "/portal/fn/end-sessions", &[]).await;
    assert_eq!(status(&world, &petra, "/portal").await, StatusCode::SEE_OTHER);
}

#[rstest]
#[case::sqlite(Engine::Sqlite)]
#[case::postgres(Engine::Postgres)]
#[tokio::test]
async fn a_form_that_says_too_little_gives_nothing(#[case] engine: Engine) {
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
    for (left_out, words) in [
        ("name", "say who it is"),
        ("email", "A value is required"),
        ("whole", "A value is required"),
        ("may_reports", "A value is required"),
        ("reason", "A value is required"),
    ] {
        let customer = page.split('/').nth(3).unwrap();
        let fields: Vec<_> = complete
            .iter()
            .copied()
            .filter(|(name, _)| *name != left_out)
            .chain([("customer", customer)])
            .collect();
        send_parts(&world, &staff, "/app/fn/invite-contact", &fields).await;
        let html = world.content(&staff, &page).await;
        assert!(html.contains("role=\"alert\""), "{left_out}: {words}");
        assert!(!html.contains("nora@rhein-ruhr-medical.example</bdi>"), "{left_out}");
    }
    // A location of another customer is not there to be granted, and nothing is left of the attempt.
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
    assert!(
        !world
            .content(&staff, &page)
            .await
            .contains("nora@rhein-ruhr-medical.example")
    );
}

#[rstest]
#[case::sqlite(Engine::Sqlite)]
#[case::postgres(Engine::Postgres)]
#[tokio::test]
async fn an_account_without_a_password_is_not_entered_with_one(#[case] engine: Engine) {
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
