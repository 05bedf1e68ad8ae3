//! What the staff are told about who sees what is what the portal does, for every thing and every account; and a look
//! through somebody's eyes shows the same and changes nothing.

use ordinavo_core::Engine;
use rstest::rstest;
use std::collections::BTreeSet;

use crate::portal_access::access::{PASSWORD, access_page, box_of, browser, invite, status, token};
use crate::support::forms::hidden;
use crate::support::{OWN_PAGE, World, link, world, world_at};
use chrono::{TimeDelta, TimeZone as _, Utc};
use domain::ids::{AppointmentId, AttachmentId, ReleaseId, RequestId, TargetId, VisitReportId};
use ordinavo_core::clock::Clock;
use reqwest::{Client, StatusCode};

/// Somebody with an account, signed in.
pub struct Person {
    pub email: String,
    pub browser: Client,
}

/// The addresses in the list of who can see a thing; the second one is of those who can download.
fn named(html: &str) -> (BTreeSet<String>, BTreeSet<String>) {
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

/// The demo's people and some with odd grants.
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
    let (essen, depot) = (box_of(&html, "Essen Center"), box_of(&html, "Essen Depot"));
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
            vec![("whole", "on"), ("may_reports", "on"), ("Until", "2026-11-23")],
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
async fn who_can_see_this_is_who_sees_it(#[case] engine: Engine) {
    let clock = Clock::manual(Utc.with_ymd_and_hms(2026, 11, 23, 20, 30, 0).single().unwrap());
    let Some(world) = world_at(engine, clock.clone()).await else {
        return;
    };
    let begin = clock.now();
    let staff = world.staff("nordlicht", "admin").await;
    let people = people(&world, &staff).await;
    // Past midnight in Berlin: one of the grants has ended since.
    clock.advance(TimeDelta::hours(3));
    let tenant = "(SELECT id FROM tenant WHERE slug = 'nordlicht')";
    let mut counts = [0_usize; 2];
    let mut compare = |what: String, said: &BTreeSet<String>, seen: &BTreeSet<String>| {
        assert_eq!(said, seen, "{} {what}", world.engine);
        counts[usize::from(seen.is_empty())] += 1;
    };
    let requests = world
        .pairs(&format!(
            "SELECT id, id FROM request WHERE tenant_id = {tenant} AND portal_account_id IS NOT NULL"
        ))
        .await;
    for (id, _) in requests {
        let id = RequestId::from_uuid(id);
        let (said, _) = named(&world.content(&staff, &format!("/app/inbox/{id}")).await);
        let seen = seen_by(&world, &people, &format!("/portal/requests/{id}")).await;
        compare(format!("request {id}"), &said, &seen);
    }
    // One of them is not shared, which nothing in the demo is.
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
        let (said, _) = named(&world.content(&staff, &format!("/app/targets/{target}")).await);
        let seen = seen_by(&world, &people, &format!("/portal/appointments/{appointment}")).await;
        compare(format!("appointment {appointment}"), &said, &seen);
    }
    let releases = world
        .pairs(&format!(
            "SELECT visit_report_id, id FROM portal_release WHERE tenant_id = {tenant} AND status = 'published' ORDER BY id LIMIT 8"
        ))
        .await;
    for (report, release) in releases {
        let (report, release) = (VisitReportId::from_uuid(report), ReleaseId::from_uuid(release));
        let (said, _) = named(&world.content(&staff, &format!("/app/reports/{report}")).await);
        let seen = seen_by(&world, &people, &format!("/portal/reports/{release}")).await;
        compare(format!("report {report}"), &said, &seen);
    }
    let files = world
        .pairs(&format!(
            "SELECT p.visit_report_id, x.attachment_id FROM released_attachment x JOIN portal_release p ON p.tenant_id = x.tenant_id AND p.id = x.release_id WHERE x.tenant_id = {tenant} AND p.status = 'published' ORDER BY x.attachment_id LIMIT 6"
        ))
        .await;
    assert!(!files.is_empty());
    for (report, file) in files {
        let (report, file) = (VisitReportId::from_uuid(report), AttachmentId::from_uuid(file));
        let (_, said) = named(&world.content(&staff, &format!("/app/reports/{report}")).await);
        let seen = seen_by(&world, &people, &format!("/portal/files/{file}")).await;
        compare(format!("file {file}"), &said, &seen);
    }
    assert!(counts[0] > 5 && counts[1] > 0, "both kinds were compared: {counts:?}");
    clock.advance(begin - clock.now());
}

#[rstest]
#[case::sqlite(Engine::Sqlite)]
#[case::postgres(Engine::Postgres)]
#[tokio::test]
async fn a_look_shows_the_same_and_changes_nothing(#[case] engine: Engine) {
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
    let path = world.send(&staff, "/app/fn/see-as-contact", &ids).await;
    let looker = browser();
    assert!(world.content(&looker, &path).await.contains("Petra Schulte"));
    let to = world
        .send(&looker, "/portal/fn/use-link", &[("token", token(&path))])
        .await;
    assert_eq!(to, "/portal");
    // The very same, but for the banner.
    let own = world.content(&petra, "/portal/reports").await;
    let seen = world.content(&looker, "/portal/reports").await;
    let bare = |html: &str| html.split("</main>").next().unwrap().to_owned();
    assert_eq!(bare(&own), bare(&seen), "{}", world.engine);
    let banner = world.get(&looker, "/portal/reports").await.1;
    assert!(banner.contains("Nothing can be changed here"));
    assert!(
        !world
            .get(&petra, "/portal/reports")
            .await
            .1
            .contains("Nothing can be changed here")
    );
    let file = link(&world.get(&petra, "/portal/requests").await.1, "/portal/requests/req_").unwrap();
    assert_eq!(status(&world, &looker, &file).await, StatusCode::OK);
    // Every act is refused, and what would have been changed is as it was.
    for act in [
        "submit-request",
        "withdraw-request",
        "change-password",
        "change-email",
        "end-sessions",
        "invite-colleague",
        "language",
        "use-link",
    ] {
        let answer = looker
            .post(format!("{}/portal/fn/{act}", world.url))
            .header(OWN_PAGE.0, OWN_PAGE.1)
            .form(&[("locale", "ar")])
            .send()
            .await
            .unwrap();
        assert_eq!(answer.status(), StatusCode::FORBIDDEN, "{act}");
        assert!(answer.text().await.unwrap().contains("You are only looking"), "{act}");
    }
    // A released file opens, and the log names the one who looked and not the one who was looked at.
    let pairs = world
        .pairs("SELECT x.attachment_id, x.release_id FROM released_attachment x JOIN portal_release p ON p.tenant_id = x.tenant_id AND p.id = x.release_id WHERE p.status = 'published' ORDER BY x.attachment_id")
        .await;
    let mut opened = 0;
    for (file, _) in pairs {
        let path = format!("/portal/files/{}", AttachmentId::from_uuid(file));
        let own = status(&world, &petra, &path).await;
        assert_eq!(status(&world, &looker, &path).await, own, "{}", world.engine);
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
    // The contact's own list of sessions does not name it; the organisation's audit log does.
    let sessions = |html: String| html.matches("last used").count();
    let before = sessions(world.content(&petra, "/portal/profile").await);
    world.send(&looker, "/portal/fn/sign-out", &[]).await;
    assert_eq!(sessions(world.content(&petra, "/portal/profile").await), before);
    assert_eq!(status(&world, &looker, "/portal").await, StatusCode::SEE_OTHER);
    let auditor = world.staff("nordlicht", "auditor").await;
    assert!(
        world
            .content(&auditor, "/app/settings")
            .await
            .contains("portal.looked_at")
    );
    // The link does not open it twice.
    world
        .send(&looker, "/portal/fn/use-link", &[("token", token(&path))])
        .await;
    assert_eq!(status(&world, &looker, "/portal").await, StatusCode::SEE_OTHER);
}

#[rstest]
#[case::sqlite(Engine::Sqlite)]
#[case::postgres(Engine::Postgres)]
#[tokio::test]
async fn a_look_ends_by_itself_and_with_the_right_to_look(#[case] engine: Engine) {
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
    let look = async || {
        let path = world.send(&staff, "/app/fn/see-as-contact", &ids).await;
        let looker = browser();
        world
            .send(&looker, "/portal/fn/use-link", &[("token", token(&path))])
            .await;
        looker
    };
    let first = look().await;
    assert_eq!(status(&world, &first, "/portal").await, StatusCode::OK);
    clock.advance(TimeDelta::minutes(31));
    assert_eq!(
        status(&world, &first, "/portal").await,
        StatusCode::SEE_OTHER,
        "{}",
        world.engine
    );
    let second = look().await;
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
