//! Isolation of portal users. Every page, action, feed and file of the portal is requested by every user and compared
//! with an independent implementation of the access rules on the database content.

use std::collections::{BTreeMap, BTreeSet};

use crate::portal_access::access::{PASSWORD, access_page, browser, invite, location_field, token};
use crate::portal_access::calendar::create_feed;
use crate::portal_access::visibility::{Person, people};
use crate::support::forms::hidden;
use crate::support::{SAME_ORIGIN, World, link, worlds_with};
use chrono::{DateTime, TimeDelta, TimeZone as _, Utc};
use domain::ids::{AppointmentId, AttachmentId, GrantId, LocationId, ReleaseId, RequestId};
use leptos::server_fn::axum::server_fn_paths;
use ordinavo_core::clock::Clock;
use reqwest::{Client, Response, StatusCode};
use uuid::Uuid;

/// An object of a customer, as stored in the database.
struct Object {
    id: Uuid,
    customer: String,
    location: String,
    /// Whether it can be visible at all: a shared appointment or a published report.
    is_published: bool,
    /// Whether it was replaced and its URL shows the replacement.
    has_replacement: bool,
    /// The account that submitted a request.
    account: String,
}

struct Grant {
    account: String,
    customer: String,
    location: String,
    submit: bool,
    appointments: bool,
    reports: bool,
    downloads: bool,
    all_requests: bool,
    from: DateTime<Utc>,
    until: Option<DateTime<Utc>>,
    is_revoked: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Kind {
    Request,
    Appointment,
    Report,
    File,
}

impl Kind {
    const ALL: [Self; 4] = [Self::Request, Self::Appointment, Self::Report, Self::File];

    fn path(self, id: Uuid) -> String {
        match self {
            Self::Request => format!("/portal/requests/{}", RequestId::from_uuid(id)),
            Self::Appointment => format!("/portal/appointments/{}", AppointmentId::from_uuid(id)),
            Self::Report => format!("/portal/reports/{}", ReleaseId::from_uuid(id)),
            Self::File => format!("/portal/files/{}", AttachmentId::from_uuid(id)),
        }
    }
}

/// The expected access: all objects and grants.
struct Expected {
    now: DateTime<Utc>,
    accounts: BTreeMap<String, String>,
    grants: Vec<Grant>,
    objects: BTreeMap<Kind, Vec<Object>>,
    /// (ID, customer, name).
    locations: Vec<(String, String, String)>,
    customers: Vec<(String, String)>,
}

fn moment(text: &str) -> Option<DateTime<Utc>> {
    let text = text.replacen(' ', "T", 1);
    let text = if text.ends_with("+00") {
        format!("{text}:00")
    } else {
        text
    };
    DateTime::parse_from_rfc3339(&text).ok().map(|at| at.to_utc())
}

impl Expected {
    async fn read(world: &World, now: DateTime<Utc>) -> Self {
        let is_sqlite = world.engine == "sqlite";
        let id = |column: &str| {
            if is_sqlite {
                format!("coalesce(lower(hex({column})), '')")
            } else {
                format!("coalesce(replace(CAST({column} AS TEXT), '-', ''), '')")
            }
        };
        let yes = |condition: &str| format!("CASE WHEN {condition} THEN '1' ELSE '0' END");
        let text = |column: &str| format!("coalesce(CAST({column} AS TEXT), '')");
        let objects = async |query: String| -> Vec<Object> {
            let rows = world.texts(&query).await;
            rows.into_iter()
                .map(|row| Object {
                    id: Uuid::parse_str(&row[0]).unwrap(),
                    customer: row[1].clone(),
                    location: row[2].clone(),
                    is_published: row[3] == "1",
                    account: row[4].clone(),
                    has_replacement: row[5] == "1",
                })
                .collect()
        };
        let requests = format!(
            "SELECT {}, {}, {}, '1', {}, '0' FROM request",
            id("id"),
            id("customer_id"),
            id("location_id"),
            id("portal_account_id")
        );
        let appointments = format!(
            "SELECT {}, {}, {}, {}, '', '0' FROM appointment a JOIN target t ON t.id = a.target_id",
            id("a.id"),
            id("t.customer_id"),
            id("t.location_id"),
            yes("a.is_shared")
        );
        let reports = format!(
            "SELECT {}, {}, {}, {}, '', {} FROM portal_release p JOIN visit_report v ON v.id = p.visit_report_id JOIN target t ON t.id = v.target_id",
            id("p.id"),
            id("t.customer_id"),
            id("t.location_id"),
            yes("p.status = 'published'"),
            yes(
                "p.status = 'replaced' AND EXISTS (SELECT 1 FROM portal_release q WHERE q.visit_report_id = p.visit_report_id AND q.status = 'published')"
            )
        );
        let files = format!(
            "SELECT {}, {}, {}, {}, '', '0' FROM attachment a JOIN visit_report v ON v.id = a.visit_report_id JOIN target t ON t.id = v.target_id",
            id("a.id"),
            id("t.customer_id"),
            id("t.location_id"),
            yes(
                "EXISTS (SELECT 1 FROM released_attachment x JOIN portal_release p ON p.id = x.release_id WHERE x.attachment_id = a.id AND p.status = 'published')"
            )
        );
        let grants = format!(
            "SELECT {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {} FROM portal_grant",
            id("portal_account_id"),
            id("customer_id"),
            id("location_id"),
            yes("may_submit"),
            yes("may_see_appointments"),
            yes("may_see_reports"),
            yes("may_download"),
            yes("sees_all_requests"),
            text("valid_from"),
            text("valid_until"),
            yes("revoked_at IS NOT NULL")
        );
        let grants = world.texts(&grants).await.into_iter().map(|row| Grant {
            account: row[0].clone(),
            customer: row[1].clone(),
            location: row[2].clone(),
            submit: row[3] == "1",
            appointments: row[4] == "1",
            reports: row[5] == "1",
            downloads: row[6] == "1",
            all_requests: row[7] == "1",
            from: moment(&row[8]).unwrap(),
            until: moment(&row[9]),
            is_revoked: row[10] == "1",
        });
        let accounts = world
            .texts(&format!("SELECT email, {} FROM portal_account", id("id")))
            .await;
        let locations = world
            .texts(&format!(
                "SELECT {}, {}, name FROM location",
                id("id"),
                id("customer_id")
            ))
            .await;
        let customers = world.texts(&format!("SELECT {}, name FROM customer", id("id"))).await;
        Self {
            now,
            accounts: accounts
                .into_iter()
                .map(|row| (row[0].clone(), row[1].clone()))
                .collect(),
            grants: grants.collect(),
            objects: BTreeMap::from([
                (Kind::Request, objects(requests).await),
                (Kind::Appointment, objects(appointments).await),
                (Kind::Report, objects(reports).await),
                (Kind::File, objects(files).await),
            ]),
            locations: locations
                .into_iter()
                .map(|row| (row[0].clone(), row[1].clone(), row[2].clone()))
                .collect(),
            customers: customers
                .into_iter()
                .map(|row| (row[0].clone(), row[1].clone()))
                .collect(),
        }
    }

    fn grants_of<'a>(&'a self, email: &str) -> impl Iterator<Item = &'a Grant> {
        let account = self.accounts[email].clone();
        self.grants.iter().filter(move |grant| {
            grant.account == account
                && !grant.is_revoked
                && grant.from <= self.now
                && grant.until.is_none_or(|until| until > self.now)
        })
    }

    fn sees(&self, email: &str, kind: Kind, object: &Object) -> bool {
        object.is_published && self.reaches(email, kind, object)
    }

    /// Whether its URL shows something: a replaced revision leads to its replacement.
    fn opens(&self, email: &str, kind: Kind, object: &Object) -> bool {
        (object.is_published || object.has_replacement) && self.reaches(email, kind, object)
    }

    fn reaches(&self, email: &str, kind: Kind, object: &Object) -> bool {
        self.grants_of(email).any(|grant| {
            let covers = grant.customer == object.customer && !object.customer.is_empty();
            let here = grant.location.is_empty() || grant.location == object.location;
            covers
                && match kind {
                    // Of what has no location, a grant for a location reaches the user's own requests only.
                    Kind::Request => {
                        let is_own = object.account == grant.account;
                        (here && grant.all_requests) || (is_own && (here || object.location.is_empty()))
                    }
                    Kind::Appointment => here && grant.appointments,
                    Kind::Report => here && grant.reports,
                    Kind::File => here && grant.reports && grant.downloads,
                }
        })
    }

    /// Returns the paths of all objects of a kind that the user can see.
    fn paths(&self, email: &str, kind: Kind) -> BTreeSet<String> {
        let objects = self.objects[&kind].iter();
        objects
            .filter(|object| self.sees(email, kind, object))
            .map(|object| kind.path(object.id))
            .collect()
    }

    /// Returns the names of locations and customers that the user must never see.
    fn hidden_names(&self, email: &str) -> Vec<&str> {
        let grants: Vec<&Grant> = self.grants_of(email).collect();
        let reaches = |customer: &str, location: &str| {
            grants
                .iter()
                .any(|grant| grant.customer == customer && (grant.location.is_empty() || grant.location == location))
        };
        let has = |customer: &str| grants.iter().any(|grant| grant.customer == customer);
        let mut shown: Vec<&str> = Vec::new();
        let mut hidden: Vec<&str> = Vec::new();
        for (id, customer, name) in &self.locations {
            if reaches(customer, id) { &mut shown } else { &mut hidden }.push(name);
        }
        for (id, name) in &self.customers {
            if has(id) { &mut shown } else { &mut hidden }.push(name);
        }
        // A name that is part of a visible name proves nothing.
        hidden.retain(|name| !shown.iter().any(|other| other.contains(name)));
        hidden
    }
}

/// Returns the response without the parts that differ between requests.
async fn comparable(answer: Response) -> (StatusCode, Vec<(String, String)>, String) {
    let status = answer.status();
    let request_id = answer
        .headers()
        .get("x-request-id")
        .map(|id| id.to_str().unwrap().to_owned())
        .unwrap_or_default();
    let policy = answer
        .headers()
        .get("content-security-policy")
        .map(|policy| policy.to_str().unwrap().to_owned())
        .unwrap_or_default();
    let nonce = policy
        .split("'nonce-")
        .nth(1)
        .and_then(|rest| rest.split('\'').next())
        .unwrap_or("no nonce")
        .to_owned();
    // The language form returns to the requested path, whether or not it exists.
    let here = format!("name=\"back\" value=\"{}\"", answer.url().path());
    let without = |text: &str| text.replace(&nonce, "").replace(&request_id, "").replace(&here, "");
    let mut headers: Vec<(String, String)> = answer
        .headers()
        .iter()
        .filter(|(name, _)| !["date", "x-request-id", "set-cookie"].contains(&name.as_str()))
        .map(|(name, value)| (name.to_string(), without(value.to_str().unwrap_or("binary"))))
        .collect();
    headers.sort();
    (status, headers, without(&answer.text().await.unwrap()))
}

async fn get_page(world: &World, browser: &Client, path: &str) -> Response {
    let request = browser
        .get(format!("{}{path}", world.url))
        .header("accept", "text/html");
    request.send().await.unwrap()
}

/// Returns the number of SQL statements of a request, as a measure of its duration. Takes the minimum of three
/// requests, because the server stores API usage on the same thread every ten seconds.
async fn statement_count(world: &World, browser: &Client, path: &str) -> u64 {
    let mut least = u64::MAX;
    for _ in 0..3 {
        let before = ordinavo_core::thread_statement_count();
        get_page(world, browser, path).await.bytes().await.unwrap();
        least = least.min(ordinavo_core::thread_statement_count() - before);
    }
    least
}

/// Returns all object IDs of a page, with their prefixes.
fn ids(html: &str) -> BTreeSet<&str> {
    let is_letter = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit();
    html.match_indices('_')
        .filter_map(|(at, _)| {
            let start = at.checked_sub(3)?;
            let id = html.get(start..at + 27)?;
            let bytes = id.as_bytes();
            let whole = bytes[..3].iter().all(u8::is_ascii_lowercase)
                && bytes[4..].iter().all(|byte| is_letter(*byte))
                && !html.as_bytes().get(at + 27).copied().is_some_and(is_letter)
                && !start
                    .checked_sub(1)
                    .is_some_and(|before| is_letter(html.as_bytes()[before]));
            whole.then_some(id)
        })
        .collect()
}

/// Returns all pages of a list.
async fn all_list_pages(world: &World, person: &Person, list: &str) -> String {
    let mut all = String::new();
    let mut next = Some(list.to_owned());
    while let Some(path) = next {
        let (status, html) = world.get(&person.browser, &path).await;
        assert_eq!(status, StatusCode::OK, "{path}");
        next = link(&html, &format!("{list}?before=")).map(|path| path.replace("&amp;", "&"));
        all += &html;
    }
    all
}

/// Pages with many objects, and the kind that they list completely.
const LISTS: [(&str, Option<Kind>); 10] = [
    ("/portal", None),
    ("/portal/in-progress", None),
    ("/portal/requests", Some(Kind::Request)),
    ("/portal/requests/new", None),
    ("/portal/appointments", Some(Kind::Appointment)),
    ("/portal/reports", Some(Kind::Report)),
    ("/portal/follow-ups", None),
    ("/portal/timeline", None),
    ("/portal/profile", None),
    ("/portal/colleagues", None),
];
/// Pages and files of a single object.
const SINGLE: [&str; 7] = [
    "/portal/requests/{id}",
    "/portal/appointments/{id}",
    "/portal/appointments/{id}/calendar.ics",
    "/portal/reports/{id}",
    "/portal/files/{id}",
    "/portal/files/{id}/picture",
    "/portal/files/{id}/thumbnail",
];
/// Public paths. They contain no customer data.
const PUBLIC_PATHS: [&str; 9] = [
    "/portal/sign-in",
    "/portal/sign-in/choose",
    "/portal/sign-in/code",
    "/portal/sign-in/link",
    "/portal/link/{token}",
    "/portal/feed/{token}",
    "/portal/feed/{token}/calendar.ics",
    "/portal/branding/{version}/style.css",
    "/portal/branding/{version}/logo.png",
];
/// Actions on an object, with the field that names it.
const OBJECT_ACTIONS: [(&str, &str); 10] = [
    ("submit-request", "location"),
    ("answer-request", "request"),
    ("choose-slot", "request"),
    ("decline-slots", "request"),
    ("request-cancellation", "request"),
    ("request-reschedule", "request"),
    ("withdraw-request", "request"),
    ("revoke-colleague", "grant"),
    ("answer-offer", "grant"),
    ("end-session", "session"),
];
/// Actions without an object: they concern the own account or sign-in. They are not covered here;
/// `portal_access::access` tests the grants of colleagues.
const OTHER_ACTIONS: [&str; 27] = [
    "set-notifications",
    "save-draft",
    "discard-draft",
    "invite-colleague",
    "change-password",
    "change-email",
    "end-sessions",
    "renew-calendar-feed",
    "revoke-calendar-feed",
    "request-own-link",
    "begin-two-factor",
    "cancel-two-factor",
    "confirm-two-factor",
    "change-two-factor",
    "begin-passkey",
    "add-passkey",
    "remove-passkey",
    "passkey-sign-in",
    "verify-code",
    "sign-in",
    "sign-out",
    "choose-organization",
    "language",
    "request-sign-in-link",
    "open-link",
    "set-password",
    "accept-invitation",
];

#[tokio::test]
async fn portal_paths_and_actions_are_all_covered() {
    let world = &worlds_with(Clock::system(), |_| {}).await[0];
    let mut known: BTreeSet<String> = LISTS.iter().map(|(path, _)| (*path).to_owned()).collect();
    known.extend(SINGLE.iter().chain(&PUBLIC_PATHS).map(|path| (*path).to_owned()));
    let source = include_str!("../../../src/serve.rs");
    let routed = source.split(".route(\"/portal").skip(1);
    let mut found: BTreeSet<String> = routed
        .map(|rest| format!("/portal{}", rest.split('"').next().unwrap()))
        .collect();
    let keyring = ordinavo_core::secrets::Keyring::generate(&ordinavo_core::randomness::Randomness::from_system());
    let state = ordinavo::serve::AppState::new(world.core.clone(), ordinavo::config::Config::default(), &keyring);
    let pages = ordinavo::pages::portal_paths(&state);
    found.extend(pages.into_iter().filter(|path| !path.contains('*')));
    assert_eq!(found, known);
    let actions: BTreeSet<String> = server_fn_paths()
        .filter_map(|(path, _)| path.strip_prefix("/portal/fn/").map(str::to_owned))
        .collect();
    let known: BTreeSet<String> = OBJECT_ACTIONS
        .iter()
        .map(|(action, _)| *action)
        .chain(OTHER_ACTIONS)
        .map(str::to_owned)
        .collect();
    assert_eq!(actions, known);
}

/// Signs in the demo users, users with unusual grants, a user of another tenant and a user whose location was revoked.
async fn all_users(world: &World) -> Vec<Person> {
    let staff = world.staff("nordlicht", "admin").await;
    let mut all = people(world, &staff).await;
    let albert = &world.tenant("suedwind").portal[0];
    all.push(Person {
        browser: world.browser("/portal", &albert.email, &albert.password).await,
        email: albert.email.clone(),
    });
    let page = access_page(world).await;
    let html = world.content(&staff, &page).await;
    let (essen, depot) = (
        location_field(&html, "Essen Center"),
        location_field(&html, "Essen Depot"),
    );
    let email = "taken@odd.example";
    let mut fields = vec![
        ("name", "Odd"),
        ("email", email),
        (essen.as_str(), "on"),
        (depot.as_str(), "on"),
    ];
    fields.extend(
        [
            "may_appointments",
            "may_reports",
            "may_downloads",
            "may_all_requests",
            "may_submit",
        ]
        .map(|may| (may, "on")),
    );
    let invitation = invite(world, &staff, &page, &fields).await.unwrap();
    let browser = browser();
    let accept = [("token", token(&invitation)), ("password", PASSWORD)];
    world.send(&browser, "/portal/fn/accept-invitation", &accept).await;
    let html = world.content(&staff, &page).await;
    let card = html.split("<section").find(|card| card.contains(email)).unwrap();
    let grant = card.split("<li>").find(|line| line.contains("Essen Depot")).unwrap();
    let ids = [
        ("customer", hidden(card, "customer").unwrap()),
        ("grant", hidden(grant, "grant").unwrap()),
    ];
    let ids: Vec<(&str, &str)> = ids.iter().map(|(name, id)| (*name, id.as_str())).collect();
    world.send(&staff, "/app/fn/revoke-grant", &ids).await;
    all.push(Person {
        email: email.to_owned(),
        browser,
    });
    all
}

#[tokio::test]
async fn portal_objects_are_visible_to_granted_users_only() {
    let clock = Clock::manual(Utc.with_ymd_and_hms(2026, 11, 23, 20, 30, 0).single().unwrap());
    let worlds = worlds_with(clock.clone(), |config| {
        config.portal_rate_address = "100000/100000".to_owned();
        config.portal_rate_account = "100000/100000".to_owned();
        // The worker would send statements while they are counted.
        config.worker = false;
    });
    for world in worlds.await {
        let begin = clock.now();
        let people = all_users(&world).await;
        let engine = world.engine;
        // After midnight in Berlin, one of the grants has expired.
        clock.advance(TimeDelta::hours(3));
        let nothing = Uuid::from_u128(0x0199_0000_0000_7000_8000_0000_0000_0001);
        let expected_access = Expected::read(&world, clock.now()).await;
        let mut counts: BTreeMap<(Kind, bool), usize> = BTreeMap::new();
        for person in &people {
            let email = &person.email;
            for kind in Kind::ALL {
                let missing = comparable(get_page(&world, &person.browser, &kind.path(nothing)).await).await;
                let missing_work = statement_count(&world, &person.browser, &kind.path(nothing)).await;
                assert_eq!(missing.0, StatusCode::NOT_FOUND);
                for object in &expected_access.objects[&kind] {
                    let path = kind.path(object.id);
                    let sees = expected_access.opens(email, kind, object);
                    *counts.entry((kind, sees)).or_default() += 1;
                    if sees {
                        let answer = get_page(&world, &person.browser, &path).await;
                        assert_eq!(answer.status(), StatusCode::OK, "{engine} {email} {path}");
                        if kind == Kind::File {
                            for part in ["picture", "thumbnail"] {
                                let picture = get_page(&world, &person.browser, &format!("{path}/{part}")).await;
                                assert_eq!(picture.status(), StatusCode::OK, "{engine} {email} {path}/{part}");
                            }
                        }
                        continue;
                    }
                    let asked = statement_count(&world, &person.browser, &path).await;
                    assert_eq!(
                        asked, missing_work,
                        "{engine} {email} {path}: different work than for a missing object"
                    );
                    let hidden = comparable(get_page(&world, &person.browser, &path).await).await;
                    assert_eq!(hidden, missing, "{engine} {email} {path}");
                    if let Kind::Appointment | Kind::File = kind {
                        let parts: &[&str] = match kind {
                            Kind::File => &["picture", "thumbnail"],
                            _ => &["calendar.ics"],
                        };
                        for part in parts {
                            let file = |path: &str| format!("{path}/{part}");
                            let hidden = comparable(get_page(&world, &person.browser, &file(&path)).await).await;
                            let missing =
                                comparable(get_page(&world, &person.browser, &file(&kind.path(nothing))).await).await;
                            assert_eq!(hidden, missing, "{engine} {email} {path}/{part}");
                        }
                    }
                }
            }
            check_lists(&world, person, &expected_access).await;
            check_actions(&world, person, &expected_access).await;
        }
        for kind in Kind::ALL {
            for sees in [true, false] {
                assert!(
                    counts.get(&(kind, sees)).is_some_and(|count| *count > 2),
                    "{kind:?} {sees} {counts:?}"
                );
            }
        }
        // Users without a portal session are redirected to sign-in, whether or not the object exists.
        let staff = world.staff("nordlicht", "admin").await;
        for visitor in [&browser(), &staff] {
            for kind in Kind::ALL {
                let there = kind.path(expected_access.objects[&kind][0].id);
                let nowhere = kind.path(nothing);
                let (status, headers, body) = comparable(get_page(&world, visitor, &there).await).await;
                let missing = comparable(get_page(&world, visitor, &nowhere).await).await;
                assert_eq!((status, missing.0), (StatusCode::SEE_OTHER, StatusCode::SEE_OTHER));
                assert_eq!(body, missing.2);
                let end = |path: &str| path.rsplit('/').next().unwrap().to_owned();
                let expected: Vec<_> = headers
                    .into_iter()
                    .map(|(name, value)| (name, value.replace(&end(&there), &end(&nowhere))))
                    .collect();
                assert_eq!(expected, missing.1, "{engine} {there}");
            }
        }
        clock.advance(begin - clock.now());
    }
}

/// Checks that lists and the calendar feed are complete and contain nothing else.
async fn check_lists(world: &World, person: &Person, expected_access: &Expected) {
    let email = &person.email;
    let hidden = expected_access.hidden_names(email);
    assert!(!hidden.is_empty());
    let mut visible: BTreeSet<String> = BTreeSet::new();
    for kind in Kind::ALL {
        visible.extend(
            expected_access
                .paths(email, kind)
                .iter()
                .map(|path| path.rsplit('/').next().unwrap().to_owned()),
        );
    }
    let grants: Vec<&Grant> = expected_access.grants_of(email).collect();
    for (id, customer, _) in &expected_access.locations {
        let reached = grants
            .iter()
            .any(|grant| &grant.customer == customer && (grant.location.is_empty() || &grant.location == id));
        if reached {
            visible.insert(LocationId::from_uuid(Uuid::parse_str(id).unwrap()).to_string());
        }
    }
    for (list, kind) in LISTS {
        if list == "/portal/colleagues" {
            // Exists only for users who may manage access; tested in `portal_access::access`.
            continue;
        }
        let html = all_list_pages(world, person, list).await;
        for name in &hidden {
            assert!(!html.contains(name), "{} {email} {list}: {name}", world.engine);
        }
        for id in ids(&html) {
            assert!(visible.contains(id), "{} {email} {list}: {id}", world.engine);
        }
        if let Some(kind) = kind {
            let start = kind.path(Uuid::nil());
            let start = &start[..start.rfind('_').unwrap() + 1];
            let listed: BTreeSet<String> = html
                .split("href=\"")
                .skip(1)
                .filter_map(|rest| rest.split('"').next())
                .filter(|path| path.starts_with(start) && !path.ends_with(".ics"))
                .map(str::to_owned)
                .collect();
            assert_eq!(
                listed,
                expected_access.paths(email, kind),
                "{} {email} {list}",
                world.engine
            );
        }
    }
    create_feed(world, &person.browser, email).await;
    let html = world.content(&person.browser, "/portal/appointments").await;
    let address = html.split("/portal/feed/").nth(1).unwrap().split('<').next().unwrap();
    let feed = world.get(&browser(), &format!("/portal/feed/{address}")).await.1;
    let unfolded = feed.replace("\r\n ", "").replace('\\', "");
    for name in &hidden {
        assert!(!unfolded.contains(name), "{} {email} feed: {name}", world.engine);
    }
    assert!(ids(&feed).is_empty(), "{} {email}", world.engine);
    let empty = expected_access.paths(email, Kind::Appointment).is_empty();
    assert!(!empty || !feed.contains("BEGIN:VEVENT"), "{} {email}", world.engine);
    // A turned-off feed URL gets the same response as an unknown one.
    let get_page = async |address: &str| {
        let answer = browser()
            .get(format!("{}/portal/feed/{address}", world.url))
            .send()
            .await
            .unwrap();
        (answer.status(), answer.text().await.unwrap())
    };
    world
        .send(&person.browser, "/portal/fn/revoke-calendar-feed", &[])
        .await;
    let never = format!("{}.ics", "0".repeat(address.trim_end_matches(".ics").len()));
    assert_eq!(
        get_page(address).await,
        get_page(&never).await,
        "{} {email}",
        world.engine
    );
}

/// Checks that actions on objects of others behave as for missing objects and change nothing.
async fn check_actions(world: &World, person: &Person, expected_access: &Expected) {
    let email = &person.email;
    let account = &expected_access.accounts[email];
    // Actions on a request require the user's own request.
    let foreign = expected_access.objects[&Kind::Request]
        .iter()
        .filter(|object| &object.account != account)
        .take(3)
        .map(|object| RequestId::from_uuid(object.id).to_string());
    let requests: Vec<String> = foreign.collect();
    let may_submit = |id: &str, customer: &str| {
        expected_access.grants_of(email).any(|grant| {
            grant.submit && grant.customer == customer && (grant.location.is_empty() || grant.location == id)
        })
    };
    let location = expected_access
        .locations
        .iter()
        .find(|(id, customer, _)| !may_submit(id, customer))
        .unwrap();
    let location = LocationId::from_uuid(Uuid::parse_str(&location.0).unwrap()).to_string();
    let nothing = Uuid::from_u128(0x0199_0000_0000_7000_8000_0000_0000_0001);
    let state = "SELECT CAST(count(*) AS TEXT), coalesce(CAST(max(updated_at) AS TEXT), ''), (SELECT CAST(count(*) AS TEXT) FROM customer_message), \
        (SELECT CAST(count(*) AS TEXT) FROM portal_session), (SELECT CAST(count(*) AS TEXT) FROM portal_grant WHERE revoked_at IS NULL), (SELECT CAST(count(*) AS TEXT) FROM request WHERE cancellation_requested_at IS NOT NULL) FROM request";
    let before = world.texts(state).await;
    for (action, field) in OBJECT_ACTIONS {
        let (theirs, missing): (Vec<String>, String) = match field {
            "request" => (requests.clone(), RequestId::from_uuid(nothing).to_string()),
            "location" => (vec![location.clone()], LocationId::from_uuid(nothing).to_string()),
            "grant" => {
                // Grants of customers without access for this user; users with the manage permission may revoke grants
                // of colleagues.
                let rows = world
                    .pairs("SELECT id, customer_id FROM portal_grant WHERE revoked_at IS NULL")
                    .await;
                let own = |customer: Uuid| {
                    let customer = customer.simple().to_string();
                    expected_access.grants_of(email).any(|grant| grant.customer == customer)
                };
                let grants = rows.into_iter().filter(|(_, customer)| !own(*customer)).take(2);
                let grants: Vec<_> = grants.map(|(id, _)| GrantId::from_uuid(id).to_string()).collect();
                assert!(!grants.is_empty());
                (grants, GrantId::from_uuid(nothing).to_string())
            }
            _ => (vec!["0".repeat(64)], "f".repeat(64)),
        };
        let send = async |id: &str| {
            let fields = [
                (field, id),
                ("answer", "Mine now"),
                ("offer", "off_01k9zzzzzzzzzzzzzzzzzzzzzz"),
                ("position", "1"),
                ("nonce", "walls"),
                ("description", "Mine now"),
                ("service_type", "repair"),
            ];
            let request = person
                .browser
                .post(format!("{}/portal/fn/{action}", world.url))
                .header(SAME_ORIGIN.0, SAME_ORIGIN.1)
                .header("accept", "application/json");
            let request = if ["submit-request", "answer-request"].contains(&action) {
                let form = fields
                    .iter()
                    .fold(reqwest::multipart::Form::new(), |form, (name, value)| {
                        form.text((*name).to_owned(), (*value).to_owned())
                    });
                request.multipart(form)
            } else {
                request.form(&fields)
            };
            comparable(request.send().await.unwrap()).await
        };
        let expected = send(&missing).await;
        assert!(expected.0.is_client_error(), "{action}: {}", expected.0);
        for id in theirs {
            assert_eq!(send(&id).await, expected, "{} {email} {action} {id}", world.engine);
        }
    }
    assert_eq!(
        world.texts(state).await,
        before,
        "{} {email}: data changed",
        world.engine
    );
}
