//! The visibility list shown to staff matches what portal users can open, and a view-as session shows the same pages
//! and changes nothing.

use ordinavo_core::Engine;
use rstest::rstest;
use std::collections::BTreeSet;

use crate::portal_access::access::{PASSWORD, access_page, browser, invite, location_field, status, token};
use crate::support::forms::hidden;
use crate::support::{SAME_ORIGIN, World, link, world, world_at};
use chrono::{TimeDelta, TimeZone as _, Utc};
use domain::ids::{AppointmentId, AttachmentId, ReleaseId, RequestId, TargetId, VisitReportId};
use ordinavo_core::clock::Clock;
use reqwest::{Client, StatusCode};

/// A signed-in portal user.
pub struct Person {
    pub email: String,
    pub browser: Client,
}

/// Returns the email addresses in the visibility list: users who can see the object, and users who can download it.
fn visible_to(html: &str) -> (BTreeSet<String>, BTreeSet<String>) {
    let details = html
        .split("<details class=\"who\"")
        .nth(1)
        .unwrap()
        .split("</details>")
        .next()
        .unwrap();
    let addresses = |part: &str| {
        part.split("<bdi dir=\"ltr\">")
            .skip(1)
            .filter_map(|rest| rest.split('<').next().map(str::to_owned))
            .collect()
    };
    match details.split_once("<h3>") {
        Some((people, files)) => (addresses(people), addresses(files)),
        None => (addresses(details), BTreeSet::new()),
    }
}

async fn seen_by(world: &World, people: &[Person], path: &str) -> BTreeSet<String> {
    let mut seen = BTreeSet::new();
    for person in people {
        if status(world, &person.browser, path).await == StatusCode::OK {
            seen.insert(person.email.clone());
        }
    }
    seen
}

/// Signs in the demo users and users with unusual grants.
pub async fn people(world: &World, staff: &Client) -> Vec<Person> {
    let mut people = Vec::new();
    for account in &world.tenant("nordlicht").portal {
        people.push(Person {
            browser: world.browser("/portal", &account.email, &account.password).await,
            email: account.email.clone(),
        });
    }
    let page = access_page(world).await;
    let html = world.content(staff, &page).await;
    let (essen, depot) = (
        location_field(&html, "Essen Center"),
        location_field(&html, "Essen Depot"),
    );
    for (email, fields) in [
        (
            "reports@odd.example",
            vec![(essen.as_str(), "on"), ("may_reports", "on")],
        ),
        ("visits@odd.example", vec![("whole", "on"), ("may_appointments", "on")]),
        (
            "depot@odd.example",
            vec![
                (depot.as_str(), "on"),
                ("may_all_requests", "on"),
                ("may_downloads", "on"),
            ],
        ),
        (
            "asks@odd.example",
            vec![("whole", "on"), ("may_submit", "on"), ("may_all_requests", "on")],
        ),
        (
            "short@odd.example",
            vec![("whole", "on"), ("may_reports", "on"), ("until", "2026-11-23")],
        ),
    ] {
        let all: Vec<_> = [("name", "Odd"), ("email", email)].into_iter().chain(fields).collect();
        let link = invite(world, staff, &page, &all).await.unwrap();
        let browser = browser();
        let accept = [("token", token(&link)), ("password", PASSWORD)];
        world.send(&browser, "/portal/fn/accept-invitation", &accept).await;
        people.push(Person {
            browser,
            email: email.to_owned(),
        });
    }
    people
}

#[rstest]
#[case::sqlite(Engine::Sqlite)]
#[case::postgres(Engine::Postgres)]
#[tokio::test]
async fn visibility_list_matches_portal_access(#[case] engine: Engine) {
    let clock = Clock::manual(Utc.with_ymd_and_hms(2026, 11, 23, 20, 30, 0).single().unwrap());
    let Some(world) = world_at(engine, clock.clone()).await else {
        return;
    };
    let begin = clock.now();
    let staff = world.staff("nordlicht", "admin").await;
    let people = people(&world, &staff).await;
    // After midnight in Berlin, one of the grants has expired.
    clock.advance(TimeDelta::hours(3));
    let tenant = "(SELECT id FROM tenant WHERE slug = 'nordlicht')";
    let mut counts = [0_usize; 2];
    let mut compare = |what: String, listed: &BTreeSet<String>, seen: &BTreeSet<String>| {
        assert_eq!(listed, seen, "{} {what}", world.engine);
        counts[usize::from(seen.is_empty())] += 1;
    };
    let requests = world
        .pairs(&format!(
            "SELECT id, id FROM request WHERE tenant_id = {tenant} AND portal_account_id IS NOT NULL"
        ))
        .await;
    for (id, _) in requests {
        let id = RequestId::from_uuid(id);
        let (listed, _) = visible_to(&world.content(&staff, &format!("/app/inbox/{id}")).await);
        let seen = seen_by(&world, &people, &format!("/portal/requests/{id}")).await;
        compare(format!("request {id}"), &listed, &seen);
    }
    // One appointment is not shared; the demo data has none.
    world
        .sql(&format!(
            "UPDATE appointment SET is_shared = (1 = 0) WHERE id = (SELECT a.id FROM appointment a JOIN target t ON t.tenant_id = a.tenant_id AND t.id = a.target_id WHERE a.tenant_id = {tenant} AND t.customer_id IS NOT NULL ORDER BY a.id LIMIT 1)"
        ))
        .await;
    let appointments = world
        .pairs(&format!(
            "SELECT a.target_id, a.id FROM appointment a JOIN target t ON t.tenant_id = a.tenant_id AND t.id = a.target_id WHERE a.tenant_id = {tenant} AND t.customer_id IS NOT NULL ORDER BY a.id LIMIT 12"
        ))
        .await;
    for (target, appointment) in appointments {
        let (target, appointment) = (TargetId::from_uuid(target), AppointmentId::from_uuid(appointment));
        let (listed, _) = visible_to(&world.content(&staff, &format!("/app/targets/{target}")).await);
        let seen = seen_by(&world, &people, &format!("/portal/appointments/{appointment}")).await;
        compare(format!("appointment {appointment}"), &listed, &seen);
    }
    let releases = world
        .pairs(&format!(
            "SELECT visit_report_id, id FROM portal_release WHERE tenant_id = {tenant} AND status = 'published' ORDER BY id LIMIT 8"
        ))
        .await;
    for (report, release) in releases {
        let (report, release) = (VisitReportId::from_uuid(report), ReleaseId::from_uuid(release));
        let (listed, _) = visible_to(&world.content(&staff, &format!("/app/reports/{report}")).await);
        let seen = seen_by(&world, &people, &format!("/portal/reports/{release}")).await;
        compare(format!("report {report}"), &listed, &seen);
    }
    let files = world
        .pairs(&format!(
            "SELECT p.visit_report_id, x.attachment_id FROM released_attachment x JOIN portal_release p ON p.tenant_id = x.tenant_id AND p.id = x.release_id WHERE x.tenant_id = {tenant} AND p.status = 'published' ORDER BY x.attachment_id LIMIT 6"
        ))
        .await;
    assert!(!files.is_empty());
    for (report, file) in files {
        let (report, file) = (VisitReportId::from_uuid(report), AttachmentId::from_uuid(file));
        let (_, listed) = visible_to(&world.content(&staff, &format!("/app/reports/{report}")).await);
        let seen = seen_by(&world, &people, &format!("/portal/files/{file}")).await;
        compare(format!("file {file}"), &listed, &seen);
    }
    assert!(counts[0] > 5 && counts[1] > 0, "both kinds were compared: {counts:?}");
    clock.advance(begin - clock.now());
}

#[rstest]
#[case::sqlite(Engine::Sqlite)]
#[case::postgres(Engine::Postgres)]
#[tokio::test]
async fn view_as_session_shows_same_pages_and_is_read_only(#[case] engine: Engine) {
    let Some(world) = world(engine).await else { return };
    let staff = world.staff("nordlicht", "manager").await;
    let petra = world.contact("nordlicht", "petra").await;
    let page = access_page(&world).await;
    let html = world.content(&staff, &page).await;
    let card = html
        .split("<section")
        .find(|card| card.contains("petra.schulte@"))
        .unwrap();
    let account = hidden(card, "account").unwrap();
    let customer = hidden(card, "customer").unwrap();
    let ids = [("customer", customer.as_str()), ("account", account.as_str())];
    let path = world.send(&staff, "/app/fn/view-as-contact", &ids).await;
    let viewer = browser();
    assert!(world.content(&viewer, &path).await.contains("Petra Schulte"));
    let to = world
        .send(&viewer, "/portal/fn/open-link", &[("token", token(&path))])
        .await;
    assert_eq!(to, "/portal");
    // The pages are the same, except for the banner.
    let own = world.content(&petra, "/portal/reports").await;
    let seen = world.content(&viewer, "/portal/reports").await;
    let bare = |html: &str| html.split("</main>").next().unwrap().to_owned();
    assert_eq!(bare(&own), bare(&seen), "{}", world.engine);
    let banner = world.get(&viewer, "/portal/reports").await.1;
    assert!(banner.contains("Nothing can be changed here"));
    assert!(
        !world
            .get(&petra, "/portal/reports")
            .await
            .1
            .contains("Nothing can be changed here")
    );
    let file = link(&world.get(&petra, "/portal/requests").await.1, "/portal/requests/req_").unwrap();
    assert_eq!(status(&world, &viewer, &file).await, StatusCode::OK);
    // Every action is rejected and changes nothing.
    for action in [
        "submit-request",
        "withdraw-request",
        "change-password",
        "change-email",
        "end-sessions",
        "invite-colleague",
        "language",
        "open-link",
    ] {
        let answer = viewer
            .post(format!("{}/portal/fn/{action}", world.url))
            .header(SAME_ORIGIN.0, SAME_ORIGIN.1)
            .form(&[("locale", "ar")])
            .send()
            .await
            .unwrap();
        assert_eq!(answer.status(), StatusCode::FORBIDDEN, "{action}");
        assert!(
            answer
                .text()
                .await
                .unwrap()
                .contains("Changes are not possible in this view"),
            "{action}"
        );
    }
    // A released file can be opened, and the audit log names the staff member, not the portal user.
    let pairs = world
        .pairs("SELECT x.attachment_id, x.release_id FROM released_attachment x JOIN portal_release p ON p.tenant_id = x.tenant_id AND p.id = x.release_id WHERE p.status = 'published' ORDER BY x.attachment_id")
        .await;
    let mut opened = 0;
    for (file, _) in pairs {
        let path = format!("/portal/files/{}", AttachmentId::from_uuid(file));
        let own = status(&world, &petra, &path).await;
        assert_eq!(status(&world, &viewer, &path).await, own, "{}", world.engine);
        opened += usize::from(own == StatusCode::OK);
    }
    assert!(opened > 0);
    let log = world
        .texts("SELECT action, actor FROM audit_entry WHERE action LIKE 'attachment.%'")
        .await;
    let by = |action: &str, who: &str| {
        let rows = log.iter().filter(|row| row[0] == action);
        rows.filter(|row| row[1].starts_with(who)).count()
    };
    assert_eq!(by("attachment.looked_at", "staff:"), opened);
    assert_eq!(by("attachment.downloaded", "portal:"), opened);
    assert_eq!(status(&world, &petra, "/portal").await, StatusCode::OK);
    // The user's session list does not include the view-as session; the audit log of the tenant does.
    let sessions = |html: String| html.matches("last used").count();
    let before = sessions(world.content(&petra, "/portal/profile").await);
    world.send(&viewer, "/portal/fn/sign-out", &[]).await;
    assert_eq!(sessions(world.content(&petra, "/portal/profile").await), before);
    assert_eq!(status(&world, &viewer, "/portal").await, StatusCode::SEE_OTHER);
    let auditor = world.staff("nordlicht", "auditor").await;
    assert!(
        world
            .content(&auditor, "/app/settings/audit")
            .await
            .contains("portal.looked_at")
    );
    // The link works once.
    world
        .send(&viewer, "/portal/fn/open-link", &[("token", token(&path))])
        .await;
    assert_eq!(status(&world, &viewer, "/portal").await, StatusCode::SEE_OTHER);
}

#[rstest]
#[case::sqlite(Engine::Sqlite)]
#[case::postgres(Engine::Postgres)]
#[tokio::test]
async fn view_as_session_ends_after_timeout_or_staff_lock(#[case] engine: Engine) {
    let clock = Clock::manual(Utc.with_ymd_and_hms(2026, 11, 23, 8, 30, 0).single().unwrap());
    let Some(world) = world_at(engine, clock.clone()).await else {
        return;
    };
    let begin = clock.now();
    let manager = world.tenant("nordlicht").staff("manager").unwrap().clone();
    let staff = world.staff("nordlicht", "manager").await;
    let page = access_page(&world).await;
    let html = world.content(&staff, &page).await;
    let account = hidden(&html, "account").unwrap();
    let customer = hidden(&html, "customer").unwrap();
    let ids = [("customer", customer.as_str()), ("account", account.as_str())];
    let view_as = async || {
        let path = world.send(&staff, "/app/fn/view-as-contact", &ids).await;
        let viewer = browser();
        world
            .send(&viewer, "/portal/fn/open-link", &[("token", token(&path))])
            .await;
        viewer
    };
    let first = view_as().await;
    assert_eq!(status(&world, &first, "/portal").await, StatusCode::OK);
    clock.advance(TimeDelta::minutes(31));
    assert_eq!(
        status(&world, &first, "/portal").await,
        StatusCode::SEE_OTHER,
        "{}",
        world.engine
    );
    let second = view_as().await;
    assert_eq!(status(&world, &second, "/portal").await, StatusCode::OK);
    ordinavo_core::identity::administration::lock_account(&world.core, "nordlicht", &manager.email, true)
        .await
        .unwrap();
    assert_eq!(
        status(&world, &second, "/portal").await,
        StatusCode::SEE_OTHER,
        "{}",
        world.engine
    );
    clock.advance(begin - clock.now());
}
