//! Invitations that expired before they were accepted.

use chrono::{TimeDelta, TimeZone as _, Utc};
use ordinavo_core::Engine;
use ordinavo_core::clock::Clock;
use rstest::rstest;

use super::access::{access_page, browser, invite, location_field, mails};
use crate::support::world_at;

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
