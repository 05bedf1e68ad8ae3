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
