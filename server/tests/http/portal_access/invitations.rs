//! Invitations that expired before they were accepted.

use chrono::{TimeDelta, TimeZone as _, Utc};
use domain::ids::ContactId;
use ordinavo_core::Engine;
use ordinavo_core::clock::Clock;
use reqwest::StatusCode;
use rstest::rstest;

use super::access::{access_page, browser, invite, location_field, mails, send_parts, status, token};
use crate::support::forms::hidden;
use crate::support::public::COMPLETE;
use crate::support::{World, world, world_at};

#[rstest]
#[case::sqlite(Engine::Sqlite)]
#[case::postgres(Engine::Postgres)]
#[tokio::test]
async fn expired_invitation_is_renewed_by_asking_for_a_link(#[case] engine: Engine) {
    let clock = Clock::manual(Utc.with_ymd_and_hms(2026, 11, 23, 8, 30, 0).single().unwrap());
    let Some(world) = world_at(engine, clock.clone()).await else {
        return;
    };
    let email = "late@rhein-ruhr-medical.example";
    let staff = world.staff("nordlicht", "manager").await;
    let page = access_page(&world).await;
    let essen = location_field(&world.content(&staff, &page).await, "Essen Center");
    let fields = [
        ("name", "Late Comer"),
        ("email", email),
        (essen.as_str(), "on"),
        ("may_appointments", "on"),
    ];
    invite(&world, &staff, &page, &fields).await.unwrap();
    let of_invitation = |mails: Vec<(String, String, String)>| {
        let invitations = mails
            .into_iter()
            .filter(|(recipient, kind, _)| recipient == email && kind == "portal_invitation");
        invitations.map(|(_, _, link)| link).collect::<Vec<_>>()
    };
    assert_eq!(of_invitation(mails(&world).await).len(), 1);
    world
        .sql("UPDATE portal_link SET expires_at = created_at WHERE purpose = 'invitation' AND used_at IS NULL")
        .await;
    let html = world.content(&staff, &page).await;
    assert!(html.contains("Invitation expired"), "{html}");
    let inbox = world.content(&staff, "/app/inbox").await;
    let expired = inbox.split("data-testid=\"expired-invitations\"").nth(1).unwrap();
    assert!(
        expired.split("</details>").next().unwrap().contains(email),
        "{}",
        world.engine
    );
    let dispatcher = world.staff("nordlicht", "dispatcher").await;
    assert!(
        !world
            .content(&dispatcher, "/app/inbox")
            .await
            .contains("data-testid=\"expired-invitations\"")
    );
    world
        .send(&browser(), "/portal/fn/request-sign-in-link", &[("email", email)])
        .await;
    let links = of_invitation(mails(&world).await);
    assert_eq!(links.len(), 1, "{}", world.engine);
    let path = &links[0][links[0].find("/portal/").unwrap()..];
    assert!(world.content(&browser(), path).await.contains(email));
    // An invitation that was revoked is not renewed.
    let account = world
        .content(&staff, &page)
        .await
        .split(email)
        .nth(1)
        .and_then(|rest| {
            rest.split("name=\"account\" value=\"")
                .nth(1)?
                .split('"')
                .next()
                .map(str::to_owned)
        })
        .unwrap();
    let customer = page.split('/').nth(3).unwrap();
    let revoke = [("customer", customer), ("account", account.as_str())];
    world.send(&staff, "/app/fn/revoke-invitation", &revoke).await;
    clock.advance(TimeDelta::days(2));
    world
        .send(&browser(), "/portal/fn/request-sign-in-link", &[("email", email)])
        .await;
    assert!(of_invitation(mails(&world).await).is_empty(), "{}", world.engine);
}

/// The card of a colleague, without what the inviting person typed and without IDs.
fn card_of(html: &str, name: &str, email: &str) -> String {
    let card = html
        .split("<li class=\"card\"")
        .find(|card| card.contains(email))
        .unwrap_or_else(|| panic!("{email} is not listed"));
    let grant = hidden(card, "grant").unwrap();
    let card = card.split("</li>").next().unwrap();
    [name, email, grant.as_str()]
        .iter()
        .fold(card.to_owned(), |card, typed| card.replace(typed, ""))
}

/// Invites a colleague to the reports of Essen Center and returns the invitation's card.
async fn invite_colleague(world: &World, manager: &reqwest::Client, name: &str, email: &str) -> String {
    let html = world.content(manager, "/portal/colleagues").await;
    let (customer, essen) = (
        hidden(&html, "customer").unwrap(),
        location_field(&html, "Essen Center"),
    );
    let fields = [
        ("customer", customer.as_str()),
        ("name", name),
        ("email", email),
        (essen.as_str(), "on"),
        ("may_reports", "on"),
        ("reason", "Deputy"),
        ("locale", "en"),
    ];
    send_parts(world, manager, "/portal/fn/invite-colleague", &fields).await;
    card_of(&world.content(manager, "/portal/colleagues").await, name, email)
}

#[rstest]
#[case::sqlite(Engine::Sqlite)]
#[case::postgres(Engine::Postgres)]
#[tokio::test]
async fn invitation_of_another_customers_contact_is_an_offer_until_accepted(#[case] engine: Engine) {
    let Some(world) = world(engine).await else { return };
    let petra = world.contact("nordlicht", "petra").await;
    let other = world.contact("nordlicht", "kontakt").await;
    let accounts = &world.tenant("nordlicht").portal;
    let email = &accounts
        .iter()
        .find(|account| account.email.starts_with("kontakt"))
        .unwrap()
        .email;
    mails(&world).await;
    let unknown = invite_colleague(&world, &petra, "Nora Busch", "nora@unknown.example").await;
    let known = invite_colleague(&world, &petra, "Otto Lang", email).await;
    assert_eq!(known, unknown, "{}", world.engine);
    let sent: Vec<(String, String)> = mails(&world)
        .await
        .into_iter()
        .map(|(to, kind, _)| (to, kind))
        .collect();
    assert!(
        sent.contains(&(email.clone(), "portal_access_offered".to_owned())),
        "{sent:?}"
    );
    assert!(!world.content(&other, "/portal/reports").await.contains("Essen Center"));
    // Declining does not tell the offering person that the account exists.
    let offer = async |browser: &reqwest::Client| {
        let home = world.content(browser, "/portal").await;
        home.split("data-test=\"offers\"")
            .nth(1)
            .and_then(|section| hidden(section, "grant"))
    };
    let first = offer(&other).await.unwrap();
    world
        .send(&other, "/portal/fn/answer-offer", &[("grant", &first), ("accept", "")])
        .await;
    assert_eq!(offer(&other).await, None);
    let html = world.content(&petra, "/portal/colleagues").await;
    assert_eq!(card_of(&html, "Otto Lang", email), unknown, "{}", world.engine);
    // A later offer replaces it; accepted, it is in force.
    invite_colleague(&world, &petra, "Otto Lang", email).await;
    let second = offer(&other).await.unwrap();
    assert_ne!(second, first);
    world
        .send(
            &other,
            "/portal/fn/answer-offer",
            &[("grant", &second), ("accept", "on")],
        )
        .await;
    assert!(world.content(&other, "/portal/reports").await.contains("Essen Center"));
    let html = world.content(&petra, "/portal/colleagues").await;
    assert_ne!(card_of(&html, "Otto Lang", email), unknown, "{}", world.engine);
    // The access of the other customer's contact to their own customer is as before.
    assert_eq!(world.get(&other, "/portal/requests").await.0, StatusCode::OK);
}

#[rstest]
#[case::sqlite(Engine::Sqlite)]
#[case::postgres(Engine::Postgres)]
#[tokio::test]
async fn offer_of_revoked_manager_cannot_be_accepted(#[case] engine: Engine) {
    let Some(world) = world(engine).await else { return };
    let petra = world.contact("nordlicht", "petra").await;
    let other = world.contact("nordlicht", "kontakt").await;
    let accounts = &world.tenant("nordlicht").portal;
    let email = &accounts
        .iter()
        .find(|account| account.email.starts_with("kontakt"))
        .unwrap()
        .email;
    invite_colleague(&world, &petra, "Otto Lang", email).await;
    assert!(world.content(&other, "/portal").await.contains("data-test=\"offers\""));
    world
        .sql("UPDATE portal_grant SET revoked_at = valid_from WHERE may_manage")
        .await;
    assert!(
        !world.content(&other, "/portal").await.contains("data-test=\"offers\""),
        "{}",
        world.engine
    );
    assert!(!world.content(&other, "/portal/reports").await.contains("Essen Center"));
}

/// Submits a request with the public form, assigns it to the customer and the contact of a portal account, and returns its ID and
/// tracking page.
async fn assigned_request(world: &World, description: &str, email: &str) -> (String, String) {
    let staff = world.staff("nordlicht", "dispatcher").await;
    let mut fields = COMPLETE.to_vec();
    fields[1] = ("description", description);
    let tracking = world.submit(&fields, &[]).await;
    let inside = world.in_inbox(&staff, description).await;
    let id = inside.rsplit('/').next().unwrap().to_owned();
    let account = format!("SELECT contact_id, id FROM portal_account WHERE email = '{email}'");
    let contact = ContactId::from_uuid(world.pairs(&account).await[0].0).to_string();
    let customer = world.customer("CUST-10042").await;
    let fields = [("request", id.as_str()), ("customer", &customer), ("contact", &contact)];
    world.send(&staff, "/app/fn/assign-customer", &fields).await;
    (id, tracking)
}

#[rstest]
#[case::sqlite(Engine::Sqlite)]
#[case::postgres(Engine::Postgres)]
#[tokio::test]
async fn request_assigned_to_contact_is_read_in_portal_or_by_tracking_link(#[case] engine: Engine) {
    let clock = Clock::manual(Utc.with_ymd_and_hms(2026, 11, 23, 8, 30, 0).single().unwrap());
    let Some(world) = world_at(engine, clock).await else {
        return;
    };
    let anna = world.contact("nordlicht", "anna").await;
    let anna_email = world.tenant("nordlicht").portal[0].email.clone();
    let visitor = browser();
    // A portal user reads it in the portal, and the link ends.
    let (id, tracking) = assigned_request(&world, "Rho of a portal user", &anna_email).await;
    let in_portal = |id: &str| format!("/portal/requests/{id}");
    assert_eq!(
        status(&world, &anna, &in_portal(&id)).await,
        StatusCode::OK,
        "{}",
        world.engine
    );
    assert_eq!(status(&world, &visitor, &tracking).await, StatusCode::NOT_FOUND);
    // A person who was invited keeps the link until the invitation is accepted.
    let email = "late@rhein-ruhr-medical.example";
    let staff = world.staff("nordlicht", "manager").await;
    let page = access_page(&world).await;
    let essen = location_field(&world.content(&staff, &page).await, "Essen Center");
    let fields = [
        ("name", "Late Comer"),
        ("email", email),
        (essen.as_str(), "on"),
        ("may_appointments", "on"),
    ];
    let link = invite(&world, &staff, &page, &fields).await.unwrap();
    let (invited, invited_tracking) = assigned_request(&world, "Rho of an invited person", email).await;
    assert_eq!(
        status(&world, &visitor, &invited_tracking).await,
        StatusCode::OK,
        "{}",
        world.engine
    );
    let late = browser();
    let accept = [("token", token(&link)), ("without", "on")];
    world.send(&late, "/portal/fn/accept-invitation", &accept).await;
    assert_eq!(
        status(&world, &late, &in_portal(&invited)).await,
        StatusCode::OK,
        "{}",
        world.engine
    );
    assert_eq!(status(&world, &visitor, &invited_tracking).await, StatusCode::NOT_FOUND);
    // The request of an account that is locked, or that no grant lets read it, stays with its link.
    world
        .sql(&format!(
            "UPDATE portal_account SET locked_at = created_at WHERE email = '{email}'"
        ))
        .await;
    let (_, locked) = assigned_request(&world, "Rho of a locked account", email).await;
    assert_eq!(
        status(&world, &visitor, &locked).await,
        StatusCode::OK,
        "{}",
        world.engine
    );
    world
        .sql(&format!(
            "UPDATE portal_account SET locked_at = NULL WHERE email = '{email}'"
        ))
        .await;
    world
        .sql(&format!(
            "UPDATE portal_grant SET revoked_at = valid_from \
             WHERE portal_account_id = (SELECT id FROM portal_account WHERE email = '{email}')"
        ))
        .await;
    let (_, without_grant) = assigned_request(&world, "Rho of an account without a grant", email).await;
    assert_eq!(
        status(&world, &visitor, &without_grant).await,
        StatusCode::OK,
        "{}",
        world.engine
    );
}
