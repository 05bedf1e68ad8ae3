//! The own account of staff and partners: new password, list of sessions, signing out everywhere.

use chrono::TimeDelta;
use ordinavo_core::Engine;
use reqwest::StatusCode;
use rstest::rstest;

use crate::identity::access::morning;
use crate::portal_access::access::{PASSWORD, browser, mails, status};
use crate::support::forms::hidden;
use crate::support::world_at;

const SESSION: &str = "data-testid=\"session\"";

#[rstest]
#[case::sqlite(Engine::Sqlite)]
#[case::postgres(Engine::Postgres)]
#[tokio::test]
async fn staff_and_partner_change_password_and_end_sessions(#[case] engine: Engine) {
    let clock = morning();
    let Some(world) = world_at(engine, clock.clone()).await else {
        return;
    };
    let tenant = world.tenant("nordlicht");
    let (staff, partner) = (tenant.staff("dispatcher").unwrap(), &tenant.partners[0]);
    for (app, home, email, password) in [
        ("/app", "/app/inbox", &staff.email, &staff.password),
        ("/partner", "/partner/jobs", &partner.email, &partner.password),
    ] {
        let page = format!("{app}/security");
        mails(&world).await;
        let own = world.browser(app, email, password).await;
        let second = world.browser(app, email, password).await;
        let third = world.browser(app, email, password).await;
        assert_eq!(world.content(&own, &page).await.matches(SESSION).count(), 3);
        let session = hidden(&world.content(&own, &page).await, "session").unwrap();
        world
            .send(&own, &format!("{app}/fn/end-session"), &[("session", &session)])
            .await;
        assert_eq!(world.content(&own, &page).await.matches(SESSION).count(), 2);
        let open = [status(&world, &second, home).await, status(&world, &third, home).await];
        assert_eq!(open.iter().filter(|status| **status == StatusCode::OK).count(), 1);

        let change = format!("{app}/fn/change-password");
        let wrong = [("current", "not the password at all"), ("password", PASSWORD)];
        world.send(&own, &change, &wrong).await;
        assert!(world.content(&own, &page).await.contains("aria-invalid=\"true\""));
        clock.advance(TimeDelta::seconds(2));
        let weak = [("current", password.as_str()), ("password", "password1234")];
        world.send(&own, &change, &weak).await;
        clock.advance(TimeDelta::seconds(2));
        let right = [("current", password.as_str()), ("password", PASSWORD)];
        assert_eq!(world.send(&own, &change, &right).await, page, "{} {app}", world.engine);
        assert_eq!(status(&world, &own, home).await, StatusCode::OK, "signed in again");
        assert_eq!(world.content(&own, &page).await.matches(SESSION).count(), 1);
        let sent = mails(&world).await;
        assert!(
            sent.iter()
                .any(|(to, kind, _)| to == email && kind == "account_password_changed"),
            "{sent:?}"
        );
        let again = world.browser(app, email, PASSWORD).await;
        let old = browser();
        let fields = [("email", email.as_str()), ("password", password.as_str())];
        world.send(&old, &format!("{app}/fn/sign-in"), &fields).await;
        assert_eq!(status(&world, &old, home).await, StatusCode::SEE_OTHER, "old password");

        world.send(&again, &format!("{app}/fn/end-sessions"), &[]).await;
        for browser in [&again, &own] {
            assert_eq!(status(&world, browser, home).await, StatusCode::SEE_OTHER);
        }
    }
}

#[rstest]
#[case::sqlite(Engine::Sqlite)]
#[case::postgres(Engine::Postgres)]
#[tokio::test]
async fn new_address_is_in_force_when_its_link_is_confirmed(#[case] engine: Engine) {
    let clock = morning();
    let Some(world) = world_at(engine, clock.clone()).await else {
        return;
    };
    let tenant = world.tenant("nordlicht");
    let (staff, colleague) = (tenant.staff("dispatcher").unwrap(), tenant.staff("manager").unwrap());
    let partner = &tenant.partners[0];
    for (app, home, email, password) in [
        ("/app", "/app/inbox", &staff.email, &staff.password),
        ("/partner", "/partner/jobs", &partner.email, &partner.password),
    ] {
        let (page, change) = (format!("{app}/security"), format!("{app}/fn/change-email"));
        let new = format!("new{}@elsewhere.example", app.replace('/', "-"));
        let own = world.browser(app, email, password).await;
        mails(&world).await;
        for (address, current, code) in [
            (new.as_str(), "not the password at all", "wrong_password"),
            ("no address", password, "invalid_email"),
            (email, password, "unchanged"),
        ] {
            let fields = [("email", address), ("current", current)];
            world.send(&own, &change, &fields).await;
            let shown = world.content(&own, &page).await;
            assert!(
                shown.contains(&format!("data-code=\"{code}\"")),
                "{app} {code}: {shown}"
            );
            clock.advance(TimeDelta::seconds(10));
        }
        if app == "/app" {
            let fields = [("email", colleague.email.as_str()), ("current", password.as_str())];
            world.send(&own, &change, &fields).await;
            assert!(world.content(&own, &page).await.contains("data-code=\"taken\""));
            clock.advance(TimeDelta::seconds(10));
        }
        assert!(mails(&world).await.is_empty(), "{app}");
        let fields = [("email", new.as_str()), ("current", password.as_str())];
        assert_eq!(world.send(&own, &change, &fields).await, page);
        let sent = mails(&world).await;
        let [(to, kind, link)] = &sent[..] else {
            panic!("{sent:?}")
        };
        assert_eq!((to, kind.as_str()), (&new, "account_email"));
        let path = link.strip_prefix(&world.url).unwrap();
        assert!(path.starts_with(&format!("{app}/email/")), "{path}");
        // Nothing has changed, also not when a mail program opens the link; and it is no link for a password.
        let stranger = browser();
        assert!(world.get(&stranger, path).await.1.contains(&new));
        world.browser(app, email, password).await;
        let token = path.rsplit('/').next().unwrap();
        let as_password = [("token", token), ("password", PASSWORD)];
        world
            .send(&stranger, &format!("{app}/fn/set-password"), &as_password)
            .await;
        let fields = [("email", email.as_str()), ("password", password.as_str())];
        world.send(&browser(), &format!("{app}/fn/sign-in"), &fields).await;
        world.browser(app, email, password).await;
        let confirm = format!("{app}/fn/confirm-email");
        let to = world.send(&stranger, &confirm, &[("token", token)]).await;
        assert!(to.starts_with(&format!("{app}/sign-in")), "{to}");
        assert_eq!(status(&world, &own, home).await, StatusCode::SEE_OTHER, "signed out");
        let sent = mails(&world).await;
        assert!(
            sent.iter()
                .any(|(to, kind, _)| to == email && kind == "account_email_changed"),
            "{sent:?}"
        );
        // The link works once; the new address signs in, the former one does not.
        world.send(&stranger, &confirm, &[("token", token)]).await;
        let again = world.browser(app, &new, password).await;
        assert_eq!(status(&world, &again, home).await, StatusCode::OK);
        let former = browser();
        world.send(&former, &format!("{app}/fn/sign-in"), &fields).await;
        assert_eq!(
            status(&world, &former, home).await,
            StatusCode::SEE_OTHER,
            "former address"
        );
    }
}

#[rstest]
#[case::sqlite(Engine::Sqlite)]
#[case::postgres(Engine::Postgres)]
#[tokio::test]
async fn link_of_a_new_address_ends_with_the_access_and_after_an_hour(#[case] engine: Engine) {
    let clock = morning();
    let Some(world) = world_at(engine, clock.clone()).await else {
        return;
    };
    let staff = world.tenant("nordlicht").staff("dispatcher").unwrap();
    let (email, password) = (staff.email.clone(), staff.password.clone());
    for ends_by_time in [true, false] {
        let own = world.browser("/app", &email, &password).await;
        mails(&world).await;
        let fields = [("email", "later@elsewhere.example"), ("current", password.as_str())];
        world.send(&own, "/app/fn/change-email", &fields).await;
        let link = mails(&world).await.remove(0).2;
        let token = link.rsplit('/').next().unwrap();
        if ends_by_time {
            clock.advance(TimeDelta::minutes(61));
        } else {
            world.send(&own, "/app/fn/end-sessions", &[]).await;
        }
        world
            .send(&browser(), "/app/fn/confirm-email", &[("token", token)])
            .await;
        world.browser("/app", &email, &password).await;
    }
}

#[rstest]
#[case::sqlite(Engine::Sqlite)]
#[case::postgres(Engine::Postgres)]
#[tokio::test]
async fn own_name_is_set_unless_it_was_changed_meanwhile(#[case] engine: Engine) {
    let Some(world) = world_at(engine, morning()).await else {
        return;
    };
    let own = world.staff("nordlicht", "technician").await;
    let page = world.content(&own, "/app/settings").await;
    let shown = hidden(&page, "shown").unwrap();
    let set = async |name: &str| {
        let fields = [("name", name), ("shown", shown.as_str())];
        world.send(&own, "/app/fn/set-own-name", &fields).await;
        world.content(&own, "/app/settings").await
    };
    assert!(set(" ").await.contains("aria-invalid=\"true\""));
    assert!(set("Ada Sommer").await.contains("value=\"Ada Sommer\""));
    assert!(
        set("Somebody Else")
            .await
            .contains("data-code=\"concurrent_modification\"")
    );
    let board = world.staff("nordlicht", "dispatcher").await;
    assert!(
        world
            .content(&board, "/app/settings/technicians")
            .await
            .contains("Ada Sommer")
    );
}
