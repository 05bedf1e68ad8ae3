//! What a portal user reaches, compared with a naive model for random grants and for random places of the demo's records.

use std::collections::BTreeSet;

use chrono::{DateTime, TimeDelta, Utc};
use domain::ids::{AppointmentId, AttachmentId, LocationId, ReleaseId, RequestId};
use proptest::prelude::*;
use proptest::strategy::ValueTree as _;
use proptest::test_runner::TestRunner;
use uuid::Uuid;

use crate::Core;
use crate::conformance::{demo_systems, staff};
use crate::db::TenantTx;
use crate::identity::actors::{Actor as _, Contact, Staff};
use crate::identity::{Realm, authentication, demo as demo_actors};
use crate::portal_access::Extent;

const ROUNDS: usize = 24;
const ALL: i64 = 10_000;

/// A grant of a customer, or of one of its locations.
#[derive(Debug, Clone)]
struct Grant {
    place: (Uuid, Option<Uuid>),
    submit: bool,
    appointments: bool,
    reports: bool,
    downloads: bool,
    all_requests: bool,
    from_hours: i64,
    until_hours: Option<i64>,
    is_revoked: bool,
}

impl Grant {
    fn is_in_force(&self) -> bool {
        !self.is_revoked && self.from_hours <= 0 && self.until_hours.is_none_or(|until| until > 0)
    }
}

/// Any grant of one of the places.
fn any_grant(places: Vec<(Uuid, Option<Uuid>)>) -> impl Strategy<Value = Grant> {
    let hours = prop_oneof![3 => Just(None), 1 => (-30_i64..30).prop_map(Some)];
    let may = proptest::array::uniform5(proptest::bool::weighted(0.7));
    (
        proptest::sample::select(places),
        may,
        prop_oneof![3 => Just(-1_i64), 1 => -30_i64..30],
        hours,
        proptest::bool::weighted(0.1),
    )
        .prop_map(|(place, may, from_hours, until_hours, is_revoked)| Grant {
            place,
            submit: may[0],
            appointments: may[1],
            reports: may[2],
            downloads: may[3],
            all_requests: may[4],
            from_hours,
            until_hours,
            is_revoked,
        })
}

/// A record that belongs to a customer and may be at one of its locations.
struct Thing {
    id: Uuid,
    customer: Option<Uuid>,
    location: Option<Uuid>,
    account: Option<Uuid>,
}

type ThingRow = (Uuid, Option<Uuid>, Option<Uuid>, Option<Uuid>);

/// Everything that could be seen, by kind.
struct Things {
    locations: Vec<Thing>,
    requests: Vec<Thing>,
    appointments: Vec<Thing>,
    releases: Vec<Thing>,
    follow_ups: Vec<Thing>,
    files: Vec<Thing>,
}

const SELECT_LOCATIONS: &str =
    "SELECT id, customer_id, id, NULL FROM location WHERE tenant_id = $1 AND archived_at IS NULL";
const SELECT_REQUESTS: &str =
    "SELECT id, customer_id, location_id, portal_account_id FROM request WHERE tenant_id = $1";
/// An appointment without a location is never shown.
const SELECT_APPOINTMENTS: &str = r"
    SELECT appointment.id, target.customer_id, target.location_id, NULL
    FROM appointment
    JOIN target ON target.tenant_id = appointment.tenant_id AND target.id = appointment.target_id
    WHERE appointment.tenant_id = $1 AND appointment.is_shared AND target.location_id IS NOT NULL
";
const SELECT_RELEASES: &str = r"
    SELECT portal_release.id, target.customer_id, target.location_id, NULL
    FROM portal_release
    JOIN visit_report AS report ON report.tenant_id = portal_release.tenant_id AND report.id = portal_release.visit_report_id
    JOIN target ON target.tenant_id = report.tenant_id AND target.id = report.target_id
    WHERE portal_release.tenant_id = $1 AND portal_release.status = 'published'
";
const SELECT_FOLLOW_UPS: &str = r"
    SELECT follow_up.id, target.customer_id, target.location_id, NULL
    FROM follow_up
    JOIN portal_release ON portal_release.tenant_id = follow_up.tenant_id
        AND portal_release.visit_report_id = follow_up.visit_report_id
        AND portal_release.status = 'published' AND portal_release.follow_up IS NOT NULL
    JOIN target ON target.tenant_id = follow_up.tenant_id AND target.id = follow_up.target_id
    WHERE follow_up.tenant_id = $1 AND follow_up.status <> 'dismissed'
";
const SELECT_FILES: &str = r"
    SELECT DISTINCT attachment.id, target.customer_id, target.location_id, NULL
    FROM attachment
    JOIN released_attachment ON released_attachment.tenant_id = attachment.tenant_id
        AND released_attachment.attachment_id = attachment.id
    JOIN portal_release ON portal_release.tenant_id = attachment.tenant_id
        AND portal_release.id = released_attachment.release_id AND portal_release.status = 'published'
    JOIN visit_report AS report ON report.tenant_id = attachment.tenant_id AND report.id = attachment.visit_report_id
    JOIN target ON target.tenant_id = report.tenant_id AND target.id = report.target_id
    WHERE attachment.tenant_id = $1
";

impl Things {
    async fn read(tx: &mut TenantTx<'_, Staff>) -> Self {
        let tenant = tx.tenant();
        let mut of = async |sql: &'static str| -> Vec<Thing> {
            let rows = tx
                .tx
                .fetch_all::<ThingRow>(sql, (tenant,))
                .await
                .expect("query succeeds");
            let thing = |(id, customer, location, account)| Thing {
                id,
                customer,
                location,
                account,
            };
            rows.into_iter().map(thing).collect()
        };
        Self {
            locations: of(SELECT_LOCATIONS).await,
            requests: of(SELECT_REQUESTS).await,
            appointments: of(SELECT_APPOINTMENTS).await,
            releases: of(SELECT_RELEASES).await,
            follow_ups: of(SELECT_FOLLOW_UPS).await,
            files: of(SELECT_FILES).await,
        }
    }
}

/// What an account with these grants may see, by the rules of the documentation and without their SQL.
struct Model<'a> {
    account: Uuid,
    grants: Vec<&'a Grant>,
}

impl Model<'_> {
    fn reaches(grant: &Grant, thing: &Thing) -> bool {
        match grant.place {
            (customer, None) => thing.customer == Some(customer),
            (customer, location) => thing.customer == Some(customer) && thing.location == location,
        }
    }

    fn owns(&self, grant: &Grant, thing: &Thing) -> bool {
        let is_at_customer = thing.customer == Some(grant.place.0);
        thing.account == Some(self.account)
            && is_at_customer
            && (thing.location.is_none() || Self::reaches(grant, thing))
    }

    fn seen(&self, things: &[Thing], may: impl Fn(&Grant, &Thing) -> bool) -> BTreeSet<Uuid> {
        let is_seen = |thing: &&Thing| self.grants.iter().any(|grant| may(grant, thing));
        things.iter().filter(is_seen).map(|thing| thing.id).collect()
    }
}

/// Places random grants and reads what the portal shows, on both engines.
#[tokio::test]
async fn portal_random_grants_show_what_the_model_allows() {
    for (core, book) in demo_systems().await {
        let dispatcher = staff(&core, &book, "dispatcher").await;
        let account = &book.tenants[0].portal[0];
        let session = demo_actors::sign_in(&core, Realm::Portal, &account.email, &account.password).await;
        let contact = authentication::contact(&core, session).await.expect("session is read");
        let contact = contact.expect("session belongs to a portal user");
        let mut runner = TestRunner::deterministic();
        for round in 0..ROUNDS {
            move_records(&core, &dispatcher, &contact, &mut runner).await;
            let mut tx = core.store.begin(&dispatcher).await.expect("transaction begins");
            let things = Things::read(&mut tx).await;
            // Every location and its customer, and each customer as a whole.
            let at_locations = things
                .locations
                .iter()
                .filter_map(|place| Some((place.customer?, place.location)));
            let places: BTreeSet<(Uuid, Option<Uuid>)> = at_locations
                .clone()
                .chain(at_locations.map(|(customer, _)| (customer, None)))
                .collect();
            let grants = proptest::collection::vec(any_grant(places.into_iter().collect()), 0..5);
            let grants = grants.new_tree(&mut runner).expect("grants are generated").current();
            replace_grants(&mut tx, contact.id().uuid(), &grants, core.clock.now()).await;
            crate::commit::finish(&core, tx).await.expect("transaction commits");
            let model = Model {
                account: contact.id().uuid(),
                grants: grants.iter().filter(|grant| grant.is_in_force()).collect(),
            };
            compare(&core, &contact, &things, &model, round).await;
        }
    }
}

/// Takes the location from some requests and jobs, and makes some requests the account's own.
async fn move_records(core: &Core, dispatcher: &Staff, contact: &Contact, runner: &mut TestRunner) {
    let mut tx = core.store.begin(dispatcher).await.expect("transaction begins");
    let tenant = tx.tenant();
    let mut any = |count: usize| (0..count).new_tree(runner).expect("number is generated").current();
    let ids = |sql: &'static str| (sql, (tenant,));
    let (sql, binds) = ids("SELECT id FROM request WHERE tenant_id = $1 ORDER BY id");
    let requests = tx.tx.fetch_all::<(Uuid,)>(sql, binds).await.expect("query succeeds");
    let (sql, binds) = ids("SELECT id FROM target WHERE tenant_id = $1 ORDER BY id");
    let targets = tx.tx.fetch_all::<(Uuid,)>(sql, binds).await.expect("query succeeds");
    let (lost, own, target) = (any(requests.len()), any(requests.len()), any(targets.len()));
    for (sql, id) in [
        (
            "UPDATE request SET location_id = NULL WHERE tenant_id = $1 AND id = $2",
            requests[lost].0,
        ),
        (
            "UPDATE target SET location_id = NULL WHERE tenant_id = $1 AND id = $2",
            targets[target].0,
        ),
    ] {
        tx.tx.execute(sql, (tenant, id)).await.expect("row is changed");
    }
    let sql =
        "UPDATE request SET portal_account_id = $3 WHERE tenant_id = $1 AND id = $2 AND portal_account_id IS NULL";
    let binds = (tenant, requests[own].0, contact.id().uuid());
    tx.tx.execute(sql, binds).await.expect("row is changed");
    crate::commit::finish(core, tx).await.expect("transaction commits");
}

async fn replace_grants(tx: &mut TenantTx<'_, Staff>, account: Uuid, grants: &[Grant], now: DateTime<Utc>) {
    const INSERT: &str = r"
        INSERT INTO portal_grant (
            tenant_id, id, portal_account_id, customer_id, location_id, may_submit, may_see_appointments, may_see_reports,
            may_download, sees_all_requests, valid_from, valid_until, revoked_at, granted_by, reason
        )
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, 'test', 'test')
    ";
    let tenant = tx.tenant();
    let delete = "DELETE FROM portal_grant WHERE tenant_id = $1 AND portal_account_id = $2";
    tx.tx
        .execute(delete, (tenant, account))
        .await
        .expect("rows are deleted");
    for grant in grants {
        let id: domain::ids::GrantId = tx.new_id();
        let hours = |hours| now + TimeDelta::hours(hours);
        let binds = (
            tenant,
            id.uuid(),
            account,
            grant.place.0,
            grant.place.1,
            grant.submit,
            grant.appointments,
            grant.reports,
            grant.downloads,
            grant.all_requests,
            hours(grant.from_hours),
            grant.until_hours.map(hours),
            grant.is_revoked.then_some(now),
        );
        tx.tx.execute(INSERT, binds).await.expect("row is inserted");
    }
}

/// Compares each list of the portal, and each record opened by its ID, with the model.
async fn compare(core: &Core, contact: &Contact, things: &Things, model: &Model<'_>, round: usize) {
    let case = format!("{:?} round {round}: {:#?}", core.store.engine(), model.grants);
    let mut tx = core.store.read(contact).await.expect("transaction begins");
    let requests = model.seen(&things.requests, |grant, thing| {
        model.owns(grant, thing) || (grant.all_requests && Model::reaches(grant, thing))
    });
    let found = tx.requests(Extent::All, None, None, ALL).await.expect("query succeeds");
    let found: BTreeSet<Uuid> = found.iter().map(|request| request.id.uuid()).collect();
    assert_eq!(found, requests, "requests, {case}");
    let own = model.seen(&things.requests, |grant, thing| model.owns(grant, thing));
    for thing in &things.requests {
        let id = RequestId::from_uuid(thing.id);
        let (is_seen, is_own) = (requests.contains(&thing.id), own.contains(&thing.id));
        assert_eq!(
            tx.request(id).await.expect("query succeeds").is_some(),
            is_seen,
            "{id}, {case}"
        );
        let messages = tx.public_messages(id).await.expect("query succeeds");
        assert!(is_seen || messages.is_empty(), "messages of {id}, {case}");
        let found = tx.own_request_location(id).await.expect("query succeeds");
        assert_eq!(found.is_some(), is_own, "own {id}, {case}");
        let milestones = tx.milestones_of_request(id).await.expect("query succeeds");
        let of_others = milestones.iter().filter_map(|entry| entry.request);
        let leaks = of_others.filter(|id| !requests.contains(&id.uuid())).count();
        assert_eq!(leaks, 0, "milestones of {id}, {case}");
    }
    let appointments = model.seen(&things.appointments, |grant, thing| {
        grant.appointments && Model::reaches(grant, thing)
    });
    let upcoming = tx.upcoming_appointments(None, ALL).await.expect("query succeeds");
    let past = tx.past_appointments(None, None, ALL).await.expect("query succeeds");
    let found: BTreeSet<Uuid> = upcoming.iter().chain(&past).map(|visit| visit.id.uuid()).collect();
    assert_eq!(found, appointments, "appointments, {case}");
    for thing in &things.appointments {
        let found = tx
            .appointment(AppointmentId::from_uuid(thing.id))
            .await
            .expect("query succeeds");
        assert_eq!(found.is_some(), appointments.contains(&thing.id), "appointment, {case}");
        let id = AppointmentId::from_uuid(thing.id);
        let origin = tx.request_of_appointment(id).await.expect("query succeeds");
        let is_hidden = origin.is_some_and(|request| !requests.contains(&request.id.uuid()));
        assert!(!is_hidden, "request of {id}, {case}");
    }
    let may_read = |grant: &Grant, thing: &Thing| grant.reports && Model::reaches(grant, thing);
    let releases = model.seen(&things.releases, may_read);
    let found = tx.reports(None, None, ALL).await.expect("query succeeds");
    let covers: BTreeSet<Uuid> = found
        .iter()
        .filter_map(|report| report.cover)
        .map(|id| id.uuid())
        .collect();
    let found: BTreeSet<Uuid> = found.iter().map(|report| report.id.uuid()).collect();
    assert_eq!(found, releases, "reports, {case}");
    for thing in &things.releases {
        let found = tx.report(ReleaseId::from_uuid(thing.id)).await.expect("query succeeds");
        assert_eq!(found.is_some(), releases.contains(&thing.id), "report, {case}");
        let id = ReleaseId::from_uuid(thing.id);
        let visit = tx.appointment_of_report(id).await.expect("query succeeds");
        let is_hidden = visit.is_some_and(|visit| !appointments.contains(&visit.id.uuid()));
        assert!(!is_hidden, "visit of {id}, {case}");
    }
    for thing in &things.appointments {
        let id = AppointmentId::from_uuid(thing.id);
        let report = tx.report_of_appointment(id).await.expect("query succeeds");
        let is_hidden = report.is_some_and(|report| !releases.contains(&report.id.uuid()));
        assert!(!is_hidden, "report of {id}, {case}");
    }
    let found = tx.follow_ups(false, None, None, ALL).await.expect("query succeeds");
    let found: BTreeSet<Uuid> = found.iter().map(|follow_up| follow_up.id.uuid()).collect();
    assert_eq!(found, model.seen(&things.follow_ups, may_read), "follow-ups, {case}");
    let files = model.seen(&things.files, |grant, thing| grant.downloads && may_read(grant, thing));
    assert!(covers.is_subset(&files), "covers, {case}");
    for thing in &things.files {
        let found = tx
            .released_file(AttachmentId::from_uuid(thing.id))
            .await
            .expect("query succeeds");
        assert_eq!(found.is_some(), files.contains(&thing.id), "file, {case}");
    }
    let found = tx.locations_for_requests().await.expect("query succeeds");
    let found: BTreeSet<Uuid> = found.iter().map(|location| location.id.uuid()).collect();
    let locations = model.seen(&things.locations, |grant, thing| {
        grant.submit && Model::reaches(grant, thing)
    });
    assert_eq!(found, locations, "locations, {case}");
    let found = tx.locations().await.expect("query succeeds");
    let found: BTreeSet<Uuid> = found.iter().map(|location| location.id.uuid()).collect();
    let reached = model.seen(&things.locations, Model::reaches);
    assert_eq!(found, reached, "locations of any grant, {case}");
    compare_facts(&mut tx, &releases, &case).await;
    let readable = Readable {
        requests,
        appointments,
        releases,
    };
    compare_milestones(&mut tx, things, model, &readable, &case).await;
    for thing in &things.locations {
        compare_location(&mut tx, things, thing.id, &readable, &case).await;
    }
}

/// What the model says can be read.
struct Readable {
    requests: BTreeSet<Uuid>,
    appointments: BTreeSet<Uuid>,
    releases: BTreeSet<Uuid>,
}

/// A request tells of a report only if one can be read.
async fn compare_facts(tx: &mut TenantTx<'_, Contact>, releases: &BTreeSet<Uuid>, case: &str) {
    for request in tx.requests(Extent::All, None, None, ALL).await.expect("query succeeds") {
        let reports = tx.reports_of_request(request.id).await.expect("query succeeds");
        assert_eq!(request.has_report, !reports.is_empty(), "{}, {case}", request.id);
        let is_readable = reports.iter().all(|report| releases.contains(&report.id.uuid()));
        assert!(is_readable, "{}, {case}", request.id);
        assert!(request.sees_reports || reports.is_empty(), "{}, {case}", request.id);
        let is_told = request.visit.is_some() || request.has_report;
        assert!(request.completed_at.is_none() || is_told, "{}, {case}", request.id);
    }
}

/// A list of one location is the part of the whole list that is there.
async fn compare_location(
    tx: &mut TenantTx<'_, Contact>,
    things: &Things,
    place: Uuid,
    readable: &Readable,
    case: &str,
) {
    let location = Some(LocationId::from_uuid(place));
    let at = |things: &[Thing], readable: &BTreeSet<Uuid>| -> BTreeSet<Uuid> {
        let there = things.iter().filter(|thing| thing.location == Some(place));
        there.map(|thing| thing.id).filter(|id| readable.contains(id)).collect()
    };
    let found = tx
        .requests(Extent::All, location, None, ALL)
        .await
        .expect("query succeeds");
    let found: BTreeSet<Uuid> = found.iter().map(|request| request.id.uuid()).collect();
    assert_eq!(
        found,
        at(&things.requests, &readable.requests),
        "requests at {place}, {case}"
    );
    let upcoming = tx.upcoming_appointments(location, ALL).await.expect("query succeeds");
    let past = tx.past_appointments(location, None, ALL).await.expect("query succeeds");
    let found: BTreeSet<Uuid> = upcoming.iter().chain(&past).map(|visit| visit.id.uuid()).collect();
    assert_eq!(
        found,
        at(&things.appointments, &readable.appointments),
        "appointments at {place}, {case}"
    );
    let found = tx.reports(location, None, ALL).await.expect("query succeeds");
    let found: BTreeSet<Uuid> = found.iter().map(|report| report.id.uuid()).collect();
    assert_eq!(
        found,
        at(&things.releases, &readable.releases),
        "reports at {place}, {case}"
    );
}

/// A milestone tells of nothing that cannot be opened, and names no location outside the grants.
async fn compare_milestones(
    tx: &mut TenantTx<'_, Contact>,
    things: &Things,
    model: &Model<'_>,
    readable: &Readable,
    case: &str,
) {
    const SELECT_ENTRY: &str = r"
        SELECT id, request_id, location_id, kind
        FROM timeline_entry
        WHERE tenant_id = $1 AND id = $2
    ";
    let reached = model.seen(&things.locations, Model::reaches);
    let tenant = contact_tenant(tx);
    for milestone in tx.milestones(None, "", None, ALL).await.expect("query succeeds") {
        let found = tx
            .tx
            .fetch_one::<(Uuid, Option<Uuid>, Option<Uuid>, String)>(SELECT_ENTRY, (tenant, milestone.place))
            .await;
        let (_, request, location, kind) = found.expect("entry exists");
        if kind.starts_with("request_") {
            assert!(
                request.is_some_and(|id| readable.requests.contains(&id)),
                "{kind}, {case}"
            );
        }
        let links = [
            milestone
                .request
                .is_none_or(|id| readable.requests.contains(&id.uuid())),
            milestone
                .appointment
                .is_none_or(|id| readable.appointments.contains(&id.uuid())),
            milestone.report.is_none_or(|id| readable.releases.contains(&id.uuid())),
        ];
        assert_eq!(links, [true; 3], "{kind}, {case}");
        assert!(location.is_none_or(|id| reached.contains(&id)), "{kind}, {case}");
    }
}

fn contact_tenant(tx: &TenantTx<'_, Contact>) -> Uuid {
    tx.actor.tenant().uuid()
}

/// The location of a grant is compared in one place, so that no statement can reach further than the others.
#[test]
fn grant_location_is_compared_by_the_reach_predicate_only() {
    const ELSEWHERE: [&str; 2] = ["portal_access/store/granted.rs", "mapping/store/links.rs"];
    let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut folders = vec![root.clone()];
    let mut files = Vec::new();
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).expect("folder is readable") {
            let path = entry.expect("entry is readable").path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                files.push(path);
            }
        }
    }
    for path in files {
        let name = path
            .strip_prefix(&root)
            .expect("file is below src")
            .display()
            .to_string();
        if ELSEWHERE.contains(&name.as_str()) || name.starts_with("conformance/") {
            continue;
        }
        let source = std::fs::read_to_string(&path).expect("file is readable");
        for compared in [
            "grant.location_id IS NULL",
            "grant.location_id =",
            "managing.location_id",
        ] {
            assert!(
                !source.contains(compared),
                "{name}: use `reaches!` instead of {compared:?}"
            );
        }
    }
}
