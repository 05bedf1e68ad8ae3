//! Limits on mails that others can cause: links that anybody requests, and invitations.

use chrono::{TimeDelta, TimeZone as _, Utc};
use ordinavo_core::Engine;
use ordinavo_core::clock::Clock;
use reqwest::StatusCode;
use rstest::rstest;

use crate::portal_access::access::{browser, location_field, mails, status, token};
use crate::support::forms::hidden;
use crate::support::{SAME_ORIGIN, World, world, world_at};

fn morning() -> Clock {
    Clock::manual(Utc.with_ymd_and_hms(2026, 11, 23, 8, 0, 0).single().unwrap())
}

async fn request_link(world: &World, email: &str, from: &str) -> StatusCode {
    let answer = crate::support::client_builder()
        .redirect(reqwest::redirect::Policy::none())
        .build()
        .unwrap()
        .post(format!("{}/portal/fn/request-sign-in-link", world.url))
        .header(SAME_ORIGIN.0, SAME_ORIGIN.1)
        .header("x-forwarded-for", from)
        .form(&[("email", email), ("purpose", "sign_in")])
        .send();
    answer.await.unwrap().status()
}

#[rstest]
#[case::sqlite(Engine::Sqlite)]
#[case::postgres(Engine::Postgres)]
#[tokio::test]
async fn links_requested_by_others_do_not_void_the_earlier_one(#[case] engine: Engine) {
    let clock = morning();
    let Some(world) = world_at(engine, clock.clone()).await else {
        return;
    };
    let owner = world
        .tenant("nordlicht")
        .portal
        .iter()
        .find(|one| one.email.starts_with("petra"));
    let email = owner.unwrap().email.clone();
    mails(&world).await;
    let mut links = Vec::new();
    // The interval grows: after 1, 2, 4 and 8 minutes.
    for minute in 0..16 {
        request_link(&world, &email, &format!("203.0.113.{minute}")).await;
        let sent = mails(&world).await.into_iter().filter(|(to, ..)| *to == email);
        links.extend(sent.map(|(_, _, link)| (minute, link)));
        clock.advance(TimeDelta::minutes(1));
    }
    let minutes: Vec<i32> = links.iter().map(|(minute, _)| *minute).collect();
    assert_eq!(minutes, [0, 1, 3, 7, 15], "{}", world.engine);
    let open = async |link: &str| {
        let reader = browser();
        world
            .send(&reader, "/portal/fn/open-link", &[("token", token(link))])
            .await;
        status(&world, &reader, "/portal").await
    };
    assert_eq!(open(&links[1].1).await, StatusCode::OK, "an earlier link is valid");
    for (minute, link) in &links {
        assert_eq!(
            open(link).await,
            StatusCode::SEE_OTHER,
            "{minute}: one of them was used"
        );
    }
}

#[rstest]
#[case::sqlite(Engine::Sqlite)]
#[case::postgres(Engine::Postgres)]
#[tokio::test]
async fn links_requested_from_one_network_are_limited(#[case] engine: Engine) {
    let Some(world) = world_at(engine, morning()).await else {
        return;
    };
    for number in 0..20 {
        let email = format!("person-{number}@example.org");
        let requested = request_link(&world, &email, "203.0.113.9").await;
        assert!(!requested.is_client_error(), "{}: {number} {requested}", world.engine);
    }
    let limited = request_link(&world, "person@example.org", "203.0.113.9").await;
    assert_eq!(limited, StatusCode::TOO_MANY_REQUESTS, "{}", world.engine);
    let another = request_link(&world, "person@example.org", "203.0.113.10").await;
    assert!(!another.is_client_error(), "{another}");
}

#[rstest]
#[case::sqlite(Engine::Sqlite)]
#[case::postgres(Engine::Postgres)]
#[tokio::test]
async fn invitations_of_a_contact_are_held_when_many_and_limited_by_day(#[case] engine: Engine) {
    let Some(world) = world(engine).await else { return };
    let petra = world.contact("nordlicht", "petra").await;
    let html = world.content(&petra, "/portal/colleagues").await;
    let (customer, essen) = (
        hidden(&html, "customer").unwrap(),
        location_field(&html, "Essen Center"),
    );
    let mut statuses = Vec::new();
    for number in 0..21 {
        let email = format!("colleague-{number}@rhein-ruhr-medical.example");
        let form = [
            ("customer", customer.as_str()),
            ("name", "Nora Busch"),
            ("email", email.as_str()),
            (essen.as_str(), "on"),
            ("may_reports", "on"),
            ("reason", "Deputy"),
            ("locale", "de"),
        ]
        .into_iter()
        .fold(reqwest::multipart::Form::new(), |form, (name, value)| {
            form.text(name.to_owned(), value.to_owned())
        });
        let answer = petra
            .post(format!("{}/portal/fn/invite-colleague", world.url))
            .header(SAME_ORIGIN.0, SAME_ORIGIN.1)
            .multipart(form)
            .send()
            .await
            .unwrap();
        statuses.push(answer.status());
    }
    assert!(
        statuses[..20].iter().all(|status| !status.is_client_error()),
        "{statuses:?}"
    );
    assert_eq!(statuses[20], StatusCode::TOO_MANY_REQUESTS, "{}", world.engine);
    let held =
        "SELECT recipient, status FROM mail WHERE kind = 'portal_invitation' AND needs_review ORDER BY created_at";
    let held: Vec<String> = world.texts(held).await.into_iter().map(|row| row[0].clone()).collect();
    let later: Vec<String> = (5..20)
        .map(|number| format!("colleague-{number}@rhein-ruhr-medical.example"))
        .collect();
    assert_eq!(
        held, later,
        "the first five are sent, the others wait for an administrator"
    );
    // The public form for links does not send a held invitation by another way.
    let email = later[0].as_str();
    world
        .send(&browser(), "/portal/fn/request-sign-in-link", &[("email", email)])
        .await;
    ordinavo_core::portal_access::links::send_requested_links(&world.core)
        .await
        .unwrap();
    let sent = format!("SELECT kind, recipient FROM mail WHERE recipient = '{email}' AND NOT needs_review");
    assert_eq!(world.texts(&sent).await, Vec::<Vec<String>>::new());
}
