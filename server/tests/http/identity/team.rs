//! The team page: invitations, roles and locks.

use chrono::TimeDelta;
use ordinavo_core::Engine;
use reqwest::{Client, StatusCode};
use rstest::rstest;

use crate::identity::access::morning;
use crate::portal_access::access::{PASSWORD, browser, mails, status, token};
use crate::support::{World, world_at, world_with};

const PAGE: &str = "/app/settings/team";

/// Returns the link that the page shows once.
async fn shown_link(world: &World, admin: &Client) -> Option<String> {
    let page = world.content(admin, PAGE).await;
    let rest = page.split("data-testid=\"team-link\"").nth(1)?;
    let start = rest.find(&format!("{}/app/password/", world.url))?;
    let link = rest[start..].split(['<', '"', ' ']).next()?;
    Some(link.to_owned())
}

async fn invite(world: &World, admin: &Client, email: &str, role: &str) -> String {
    let fields = [("name", "Nora Neu"), ("email", email), ("role", role)];
    assert_eq!(world.send(admin, "/app/fn/invite-member", &fields).await, PAGE);
    let link = shown_link(world, admin).await.expect("the link is shown");
    assert!(shown_link(world, admin).await.is_none(), "once");
    link
}

/// Returns whether a link leads to a form for a password.
async fn is_open(world: &World, link: &str) -> bool {
    let path = link.strip_prefix(&world.url).unwrap();
    let (_, page) = world.get(&browser(), path).await;
    page.contains("name=\"password\"")
}

async fn accept(world: &World, link: &str) -> (Client, String) {
    let browser = browser();
    let fields = [("token", token(link)), ("password", PASSWORD)];
    let to = world.send(&browser, "/app/fn/set-password", &fields).await;
    (browser, to)
}

/// Returns the ID of a staff account as the pages write it.
async fn member(world: &World, email: &str) -> String {
    let hex = match world.engine {
        "sqlite" => "lower(hex(id))",
        _ => "replace(id::text, '-', '')",
    };
    let rows = world
        .texts(&format!(
            "SELECT {hex} FROM staff_account WHERE email = '{email}' AND tenant_id = (SELECT id FROM tenant WHERE slug = 'nordlicht')"
        ))
        .await;
    let id = uuid::Uuid::parse_str(&rows[0][0]).unwrap();
    domain::ids::StaffId::from_uuid(id).to_string()
}

async fn role_of(world: &World, email: &str) -> String {
    world
        .texts(&format!("SELECT role FROM staff_account WHERE email = '{email}'"))
        .await
        .remove(0)
        .remove(0)
}

#[rstest]
#[case::sqlite(Engine::Sqlite)]
#[case::postgres(Engine::Postgres)]
#[tokio::test]
async fn invited_colleague_sets_password_and_has_the_role(#[case] engine: Engine) {
    let clock = morning();
    let Some(world) = world_at(engine, clock.clone()).await else {
        return;
    };
    let begin = clock.now();
    let admin = world.staff("nordlicht", "admin").await;
    let email = "nora@nordlicht.example";
    let link = invite(&world, &admin, email, "dispatcher").await;
    assert!(world.content(&admin, PAGE).await.contains(email));
    // Without the link, nobody gets in: there is no password to guess.
    for guess in ["", " ", PASSWORD] {
        let attempt = browser();
        let fields = [("email", email), ("password", guess)];
        world.send(&attempt, "/app/fn/sign-in", &fields).await;
        assert_ne!(
            status(&world, &attempt, "/app/inbox").await,
            StatusCode::OK,
            "{guess:?}"
        );
        clock.advance(TimeDelta::seconds(20));
    }
    // The same address is refused, and what was typed is kept.
    for (field, value) in [
        ("email", email),
        ("email", "no address"),
        ("email", "x@deleted.invalid"),
        ("name", " "),
        ("role", "king"),
    ] {
        let mut fields = vec![
            ("name", "Otto Anders"),
            ("email", "otto@nordlicht.example"),
            ("role", "manager"),
        ];
        fields.iter_mut().find(|(name, _)| *name == field).unwrap().1 = value;
        world.send(&admin, "/app/fn/invite-member", &fields).await;
        let page = world.content(&admin, PAGE).await;
        assert!(page.contains("aria-invalid=\"true\""), "{field} {value}");
        let kept = if field == "name" {
            "otto@nordlicht.example"
        } else {
            "Otto Anders"
        };
        assert!(page.contains(kept), "{field} {value}");
        assert!(!page.contains("data-testid=\"team-link\""));
    }
    // A new link ends the first one, and works once.
    let id = member(&world, email).await;
    world
        .send(&admin, "/app/fn/renew-member-link", &[("member", &id)])
        .await;
    let second = shown_link(&world, &admin).await.unwrap();
    assert_ne!(link, second);
    assert!(!is_open(&world, &link).await);
    let (nora, to) = accept(&world, &second).await;
    assert_eq!(to, "/app/today");
    assert_eq!(status(&world, &nora, "/app/inbox").await, StatusCode::OK);
    assert_eq!(status(&world, &nora, PAGE).await, StatusCode::FORBIDDEN);
    for used in [&link, &second] {
        assert!(!is_open(&world, used).await);
    }
    // An invitation expires after a week.
    let late = invite(&world, &admin, "late@nordlicht.example", "technician").await;
    assert!(is_open(&world, &late).await);
    clock.advance(TimeDelta::days(7) + TimeDelta::minutes(1));
    assert!(!is_open(&world, &late).await);
    clock.advance(begin - clock.now());
}

#[rstest]
#[case::sqlite(Engine::Sqlite)]
#[case::postgres(Engine::Postgres)]
#[tokio::test]
async fn role_and_lock_end_access_and_last_administrator_stays(#[case] engine: Engine) {
    let clock = morning();
    let Some(world) = world_at(engine, clock.clone()).await else {
        return;
    };
    let begin = clock.now();
    let tenant = world.tenant("nordlicht");
    let own = tenant.staff("admin").unwrap().email.clone();
    let admin = world.staff("nordlicht", "admin").await;
    let own_id = member(&world, &own).await;
    // The only administrator stays one, whoever asks.
    let demote = [("member", own_id.as_str()), ("shown", "admin"), ("role", "auditor")];
    world.send(&admin, "/app/fn/set-member-role", &demote).await;
    assert!(
        world
            .content(&admin, PAGE)
            .await
            .contains("data-code=\"last_administrator\"")
    );
    let lock = [("member", own_id.as_str()), ("locked", "on")];
    world.send(&admin, "/app/fn/lock-member", &lock).await;
    assert!(
        world
            .content(&admin, PAGE)
            .await
            .contains("data-code=\"last_administrator\"")
    );
    // An invited administrator who has not accepted does not count.
    let email = "second@nordlicht.example";
    let link = invite(&world, &admin, email, "admin").await;
    world.send(&admin, "/app/fn/set-member-role", &demote).await;
    assert_eq!(role_of(&world, &own).await, "admin");
    let (second, _) = accept(&world, &link).await;
    assert_eq!(status(&world, &second, PAGE).await, StatusCode::OK);

    // Another role ends the sessions; a page that shows an earlier role changes nothing.
    let id = member(&world, email).await;
    let stale = [("member", id.as_str()), ("shown", "manager"), ("role", "auditor")];
    world.send(&admin, "/app/fn/set-member-role", &stale).await;
    assert_eq!(role_of(&world, email).await, "admin");
    let change = [("member", id.as_str()), ("shown", "admin"), ("role", "auditor")];
    world.send(&admin, "/app/fn/set-member-role", &change).await;
    assert_eq!(role_of(&world, email).await, "auditor");
    assert_ne!(
        status(&world, &second, "/app/customers").await,
        StatusCode::OK,
        "signed out"
    );
    let again = world.browser("/app", email, PASSWORD).await;
    assert_eq!(status(&world, &again, "/app/customers").await, StatusCode::OK);
    assert_eq!(status(&world, &again, PAGE).await, StatusCode::FORBIDDEN);

    // A lock ends everything, also open links; unlocking lets the person in again.
    world
        .send(&admin, "/app/fn/renew-member-link", &[("member", &id)])
        .await;
    let link = shown_link(&world, &admin).await.unwrap();
    world
        .send(&admin, "/app/fn/lock-member", &[("member", &id), ("locked", "on")])
        .await;
    assert_ne!(status(&world, &again, "/app/customers").await, StatusCode::OK);
    assert!(!is_open(&world, &link).await);
    world
        .send(&admin, "/app/fn/renew-member-link", &[("member", &id)])
        .await;
    assert!(
        shown_link(&world, &admin).await.is_none(),
        "no link for a locked account"
    );
    world
        .send(&admin, "/app/fn/lock-member", &[("member", &id), ("locked", "")])
        .await;
    assert!(!is_open(&world, &link).await, "the link stays void");
    let back = world.browser("/app", email, PASSWORD).await;
    assert_eq!(status(&world, &back, "/app/customers").await, StatusCode::OK);

    // Accounts of another organization are not found.
    let foreign = world.staff("suedwind", "admin").await;
    for action in ["set-member-role", "renew-member-link", "lock-member"] {
        let fields = [
            ("member", id.as_str()),
            ("shown", "auditor"),
            ("role", "manager"),
            ("locked", "on"),
        ];
        world.send(&foreign, &format!("/app/fn/{action}"), &fields).await;
    }
    assert_eq!(role_of(&world, email).await, "auditor");
    assert_eq!(status(&world, &back, "/app/customers").await, StatusCode::OK);
    assert!(!world.content(&foreign, PAGE).await.contains(email));
    let audited = world
        .texts("SELECT action FROM audit_entry WHERE action IN ('staff.invited', 'staff.role_set', 'account.locked', 'account.unlocked')")
        .await;
    assert_eq!(audited.len(), 4, "{audited:?}");
    clock.advance(begin - clock.now());
}

#[rstest]
#[case::sqlite(Engine::Sqlite)]
#[case::postgres(Engine::Postgres)]
#[tokio::test]
async fn first_password_is_a_welcome_and_not_a_change(#[case] engine: Engine) {
    let clock = morning();
    let Some(world) = world_at(engine, clock.clone()).await else {
        return;
    };
    let admin = world.staff("nordlicht", "admin").await;
    let link = invite(&world, &admin, "nora@nordlicht.example", "dispatcher").await;
    let mails = async || {
        world
            .texts("SELECT kind FROM mail WHERE kind = 'account_password_changed' AND recipient = 'nora@nordlicht.example'")
            .await
            .len()
    };
    let (nora, to) = accept(&world, &link).await;
    let html = world.content(&nora, &to).await;
    assert!(html.contains("data-done=\"done-first-password\""), "{html}");
    assert_eq!(mails().await, 0, "there was no password to change");
    // A new link for the same account changes the password.
    let id = member(&world, "nora@nordlicht.example").await;
    world
        .send(&admin, "/app/fn/renew-member-link", &[("member", &id)])
        .await;
    let link = shown_link(&world, &admin).await.unwrap();
    let (nora, to) = accept(&world, &link).await;
    let html = world.content(&nora, &to).await;
    assert!(html.contains("data-done=\"done-password\""), "{html}");
    assert_eq!(mails().await, 1, "{}", world.engine);
}

#[rstest]
#[case::sqlite(Engine::Sqlite)]
#[case::postgres(Engine::Postgres)]
#[tokio::test]
async fn invitation_is_sent_by_email_and_its_earlier_link_is_void(#[case] engine: Engine) {
    let with_mail_server = |config: &mut ordinavo::config::Config| {
        config.smtp_url = Some("smtp://127.0.0.1:9".to_owned());
    };
    let Some(world) = world_with(engine, morning(), with_mail_server).await else {
        return;
    };
    let admin = world.staff("nordlicht", "admin").await;
    let email = "nora@nordlicht.example";
    mails(&world).await;
    let first = invite(&world, &admin, email, "dispatcher").await;
    let sent = mails(&world).await;
    let [(to, kind, link)] = &sent[..] else {
        panic!("{sent:?}")
    };
    assert_eq!((to.as_str(), kind.as_str()), (email, "account_invitation"));
    assert_eq!(*link, first);
    let id = member(&world, email).await;
    world
        .send(&admin, "/app/fn/renew-member-link", &[("member", &id)])
        .await;
    let second = mails(&world).await.remove(0).2;
    assert_ne!(first, second);
    assert!(!is_open(&world, &first).await && is_open(&world, &second).await);
    accept(&world, &second).await;
    // Whoever has a password asks for a link on the sign-in page; a link from the administrator is handed over.
    world
        .send(&admin, "/app/fn/renew-member-link", &[("member", &id)])
        .await;
    assert!(mails(&world).await.is_empty());
}

#[rstest]
#[case::sqlite(Engine::Sqlite)]
#[case::postgres(Engine::Postgres)]
#[tokio::test]
async fn open_requests_of_a_colleague_who_leaves_are_handed_over(#[case] engine: Engine) {
    let Some(world) = world_at(engine, morning()).await else {
        return;
    };
    let admin = world.staff("nordlicht", "admin").await;
    let tenant = world.tenant("nordlicht");
    let leaving = member(&world, &tenant.staff("dispatcher").unwrap().email).await;
    let manager = member(&world, &tenant.staff("manager").unwrap().email).await;
    let technician = member(&world, &tenant.staff("technician").unwrap().email).await;
    let dispatcher = world.staff("nordlicht", "dispatcher").await;
    let inbox = world.content(&dispatcher, "/app/inbox").await;
    let request = crate::support::link(&inbox, "/app/inbox/req_").unwrap();
    let id = request.rsplit('/').next().unwrap().split('?').next().unwrap();
    let assign = [("request", id), ("assignee", leaving.as_str())];
    world.send(&dispatcher, "/app/fn/assign-request", &assign).await;
    let assigned = async |person: &str| {
        let page = world
            .content(&dispatcher, &format!("/app/inbox?assigned={person}"))
            .await;
        page.contains(id)
    };
    assert!(assigned(&leaving).await, "{}", world.engine);
    for (to, expected) in [
        ("", "required"),
        (technician.as_str(), "validation_failed"),
        (leaving.as_str(), "validation_failed"),
    ] {
        let fields = [("member", leaving.as_str()), ("to", to)];
        world.send(&admin, "/app/fn/hand-over-work", &fields).await;
        let page = world.content(&admin, PAGE).await;
        assert!(page.contains(&format!("data-code=\"{expected}\"")), "{to}: {page}");
    }
    assert!(assigned(&leaving).await);
    let page = world.content(&admin, PAGE).await;
    assert!(page.contains("data-testid=\"open-work\""));
    let fields = [("member", leaving.as_str()), ("to", manager.as_str())];
    world.send(&admin, "/app/fn/hand-over-work", &fields).await;
    assert!(
        assigned(&manager).await && !assigned(&leaving).await,
        "{}",
        world.engine
    );
    let timeline = world.content(&dispatcher, &format!("/app/inbox/{id}")).await;
    assert!(
        timeline.contains("request.assigned") || timeline.contains("assigned"),
        "{timeline}"
    );
    // Another organization has no such colleague.
    let other = world.staff("suedwind", "admin").await;
    world.send(&other, "/app/fn/hand-over-work", &fields).await;
    assert!(world.content(&other, PAGE).await.contains("data-code=\"not_found\""));
}
