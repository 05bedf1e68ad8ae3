//! Text from users and partners is never rendered as markup. Every text in the database ends with an element that no
//! page uses, and every page is parsed like in a browser.

use ordinavo_core::Engine;
use rstest::rstest;
use std::collections::{BTreeMap, BTreeSet, VecDeque};

use reqwest::{Client, StatusCode};
use scraper::{Html, Selector};
use serde_json::{Value, json};

use crate::identity::access::{morning, open_link, view_as_link};
use crate::identity::password_links;
use crate::intake::terminals::paired;
use crate::integrations::partner_console::invitation;
use crate::permissions::canaries::{OTHER_COLUMNS, canary_columns, columns_of};
use crate::permissions::every_route::{PARTNER_PAGES, PORTAL_PAGES, STAFF_PAGES};
use crate::portal_access::access::{access_page, invite, location_field};
use crate::support::public::COMPLETE;
use crate::support::receiver::{Receiver, Reply};
use crate::support::{World, link, world_at};

/// Closes every context in which a page can show text (title, text area, quoted attribute, comment, style), then opens
/// an element.
const MARKUP: &str = "</title></textarea>--></style>\"''><i id=x>";

/// Text columns that users or partners fill in, in addition to the internal ones in `seed.sql`.
const TYPED: &[(&str, &[&str])] = &[
    ("api_call", &["path"]),
    ("attachment", &["file_name"]),
    ("blob", &["finding"]),
    ("contact", &["display_name", "phone", "email"]),
    ("customer", &["name", "customer_number"]),
    ("customer_message", &["text"]),
    ("external_reference", &["external_id", "created_by"]),
    (
        "import_item",
        &[
            "external_id",
            "customer_external_id",
            "location_external_id",
            "contact_external_id",
        ],
    ),
    ("intake_form", &["name"]),
    ("location", &["name", "street", "postal_code", "city"]),
    ("mail", &["recipient"]),
    ("partner_account", &["invited_by"]),
    ("partner_passkey", &["name"]),
    (
        "portal_branding",
        &[
            "organisation_phone",
            "organisation_email",
            "organisation_hours",
            "organisation_emergency",
        ],
    ),
    ("portal_grant", &["offered_name", "offered_email"]),
    ("portal_passkey", &["name"]),
    ("portal_release", &["title", "summary", "message", "follow_up"]),
    (
        "request",
        &["description", "preferred", "rejection_reason", "region", "external_id"],
    ),
    ("record_change", &["old_value", "new_value", "changed_by"]),
    ("request_attachment", &["file_name"]),
    ("route_suggestion", &["requested_by"]),
    ("staff_passkey", &["name"]),
    ("technician", &["start_name", "end_name"]),
    ("target", &["external_id", "service_type"]),
    ("tenant", &["name"]),
    ("terminal", &["name"]),
    ("timeline_entry", &["actor"]),
    ("webhook_attempt", &["url"]),
    ("webhook_recovery", &["requested_by"]),
    ("webhook_replay", &["requested_by"]),
];

/// Text columns that stay as they are, with the reason. A column of `other_columns.txt` that is neither here nor above fails
/// the test.
const UNMARKED: &str = "\
# names that the code chooses or checks against a list
access_token: scopes
api_call: method code
appointment: status zone seen_status
attachment: media_type mark
audit_entry: at action
blob: owner media_type state scan
contact: locale
counter: name
customer_message: nonce
day_entry: step state conflict_reason seen_from
day_photo: mark
draft: realm page form
event: type ordering_key
external_reference: entity_type
feature_gate: gate
file_sweep: legacy_before
file_usage: owner day
follow_up: status
idempotency_key: route key response_location response_body
import_item: status outcome
import_job: status mode channel settings
integration_client: scopes
intake_form: slug
invitation_count: actor day
location: country zone
mail: kind locale status
partner_account: locale
password_link_request: realm
portal_account: locale muted_mails
portal_branding: colour version
portal_grant: valid_from
portal_link: purpose
portal_link_request: purpose
portal_release: status
request_attachment: media_type
record_change: at field kind
request: channel status priority service_type preferred_windows nonce
route_suggestion: date status decided
slot_offer: status zone
source_system: key problem_policy duplicate_names blocked_external_ids
staff_account: role locale skills
target: status service_type priority window_start window_end window_zone required_skills declined_changes
technician: zone week
technician_absence: first_day last_day kind
tenant: slug zone locale
timeline_entry: at kind
two_factor_requirement: role
upload: nonce
visit_notice: kind reason
visit_report: status
webhook_attempt: cause signature failure
webhook_delivery: ordering_key status lane body_options
webhook_endpoint: event_types data_options ordering api_version status disabled_reason
webhook_recovery: since until
# an entry with the markup is added: none can be changed
audit_entry: actor subject details
# hashes, keys and sessions, which no page shows, or only as far as they are hexadecimal
api_key: public_id hint
api_use: day
api_call: request_id
client_secret: hint
contact: updated_by
customer: number_key name_key updated_by
decision_undo: earlier
location: updated_by
partner_account: password_hash
partner_passkey: credential
partner_session: data web_state
portal_account: password_hash
portal_passkey: credential
portal_session: data web_state
request: search_key receipt_code
staff_account: password_hash
staff_passkey: credential
staff_session: data web_state
search_entry: kind
search_stale: kind
webhook_secret: public_key
classification_rule: active_since
# addresses that were parsed, with which the actors of this test sign in or to which webhooks go
partner_account: email
password_link: new_email
password_link_request: email
portal_account: email
portal_link: email
portal_link_request: email
staff_account: email
webhook_endpoint: url
# web addresses: parsed, and escaped where they contain markup
portal_branding: organisation_privacy organisation_imprint
";

/// Columns whose JSON contains texts of users or partners.
const JSON: &[(&str, &[&str])] = &[
    ("change_proposal", &["proposed", "decision"]),
    ("classification_rule", &["conditions", "outcome"]),
    ("day_entry", &["form"]),
    ("draft", &["fields"]),
    ("event", &["details"]),
    ("import_item", &["payload", "mapping", "warnings", "errors", "decision"]),
    ("intake_form", &["settings"]),
    ("mail", &["data"]),
    ("portal_branding", &["words"]),
    ("request", &["requester", "place", "classification", "proposed_change"]),
    ("route_suggestion", &["options", "result"]),
    ("target", &["attributes", "place"]),
    ("visit_report", &["material"]),
    ("webhook_delivery", &["body"]),
];

/// Columns with canaries whose content is not plain text.
const STRUCTURED: &[(&str, &str)] = &[
    ("target", "attributes"),
    ("day_entry", "form"),
    ("visit_report", "signature"),
    ("visit_report", "material"),
];

/// Pages per route that each actor opens; further pages use the same template.
const MAX_PAGES_PER_ROUTE: usize = 2;

async fn fill_with_markup(world: &World) {
    let canary_columns = canary_columns();
    let canary_columns = canary_columns
        .iter()
        .map(|(table, column)| (table.as_str(), column.as_str()))
        .filter(|column| !STRUCTURED.contains(column));
    let typed = TYPED
        .iter()
        .flat_map(|(table, columns)| columns.iter().map(|column| (*table, *column)));
    for (table, column) in canary_columns.chain(typed) {
        let text = MARKUP.replace('\'', "''");
        world
            .sql(&format!(
                "UPDATE {table} SET {column} = {column} || '{text}' WHERE {column} IS NOT NULL"
            ))
            .await;
    }
    let (markup, details) = (MARKUP.replace('\'', "''"), json!({ "name": format!("a {MARKUP}") }));
    let details = details.to_string().replace('\'', "''");
    let cast = if world.engine == "sqlite" { "" } else { "::jsonb" };
    world
        .sql(&format!(
            "INSERT INTO audit_entry (tenant_id, sequence, at, actor, action, subject, details, previous_hash, hash) \
             SELECT tenant_id, sequence + 1000000, at, actor || '{markup}', action, subject || '{markup}', '{details}'{cast}, hash, hash \
             FROM audit_entry AS last WHERE sequence = (SELECT max(sequence) FROM audit_entry WHERE tenant_id = last.tenant_id)"
        ))
        .await;
    for (table, columns) in JSON {
        for column in *columns {
            mark_json(world, table, column).await;
        }
    }
}

/// Appends the markup to the texts in a JSON column. Words without a space are names and IDs that the pages parse.
async fn mark_json(world: &World, table: &str, column: &str) {
    let (row, cast) = match world.engine {
        "sqlite" => ("rowid", ""),
        _ => ("ctid", "::jsonb"),
    };
    let query = format!("SELECT CAST({row} AS TEXT), CAST({column} AS TEXT) FROM {table} WHERE {column} IS NOT NULL");
    let mut statements = String::new();
    for found in world.texts(&query).await {
        let Ok(mut value) = serde_json::from_str::<Value>(&found[1]) else {
            continue;
        };
        mark_texts(&mut value);
        let json = value.to_string().replace('\'', "''");
        statements += &format!(
            "UPDATE {table} SET {column} = '{json}'{cast} WHERE {row} = '{}';\n",
            found[0]
        );
    }
    if !statements.is_empty() {
        world.sql(&statements).await;
    }
}

fn mark_texts(value: &mut Value) {
    match value {
        Value::String(text) if text.contains(' ') => text.push_str(MARKUP),
        Value::Array(items) => items.iter_mut().for_each(mark_texts),
        Value::Object(members) => members.values_mut().for_each(mark_texts),
        _ => {}
    }
}

/// Returns the path with IDs replaced, and the parameter names of its query.
fn route(path: &str) -> String {
    let (path, query) = path.split_once('?').unwrap_or((path, ""));
    let parts: Vec<&str> = path
        .split('/')
        .map(|part| {
            if part.chars().any(|letter| letter.is_ascii_digit()) {
                "*"
            } else {
                part
            }
        })
        .collect();
    let names: BTreeSet<&str> = query.split('&').filter_map(|pair| pair.split('=').next()).collect();
    format!(
        "{}?{}",
        parts.join("/"),
        names.into_iter().collect::<Vec<_>>().join("&")
    )
}

fn path_of(route: &str) -> &str {
    route.split_once('?').map_or(route, |(path, _)| path)
}

/// Returns the path of a page with its parameters replaced, as [`route`] does.
fn pattern(page: &str) -> String {
    let parts = path_of(page)
        .split('/')
        .map(|part| if part.starts_with('{') { "*" } else { part });
    parts.collect::<Vec<_>>().join("/")
}

/// Opens every page reachable by links from `start` and returns the opened routes.
async fn crawl(world: &World, actor: &str, browser: &Client, start: &[&str]) -> BTreeSet<String> {
    let mut with_text = 0;
    let foreign = Selector::parse("i#x, [id=x]").unwrap();
    let forms = Selector::parse("form[method=post]").unwrap();
    let links = Selector::parse("a[href]").unwrap();
    let mut opened: BTreeMap<String, usize> = BTreeMap::new();
    let mut seen: BTreeSet<String> = start.iter().map(|path| (*path).to_owned()).collect();
    let mut queue: VecDeque<String> = seen.iter().cloned().collect();
    while let Some(path) = queue.pop_front() {
        let count = opened.entry(route(&path)).or_default();
        if *count == MAX_PAGES_PER_ROUTE {
            continue;
        }
        *count += 1;
        let answer = browser
            .get(format!("{}{path}", world.url))
            .header("accept", "text/html")
            .send()
            .await
            .unwrap();
        let status = answer.status();
        assert_ne!(
            status,
            StatusCode::INTERNAL_SERVER_ERROR,
            "{} {path} as {actor}",
            world.engine
        );
        let is_html = answer
            .headers()
            .get("content-type")
            .is_some_and(|kind| kind.to_str().unwrap().starts_with("text/html"));
        if !is_html {
            continue;
        }
        let html = answer.text().await.unwrap();
        with_text += usize::from(html.contains("&lt;i id=x&gt;"));
        let page = Html::parse_document(&html);
        assert_eq!(page.select(&foreign).count(), 0, "{} {path} as {actor}", world.engine);
        for form in page.select(&forms) {
            let action = form.value().attr("action").unwrap_or_default();
            let name = action.split("/fn/").nth(1).unwrap_or_default();
            let has_account = action.contains("?by=");
            // Forms of sign-in belong to no account yet; My day sends its forms from the phone, which knows its person.
            let is_exempt = ["sign-in", "sign-out", "choose-organization", "language"].contains(&name)
                || path.starts_with("/app/day")
                || actor == "anonymous"
                || !action.contains("/fn/");
            assert!(
                has_account || is_exempt,
                "{action} on {path} as {actor} names no account"
            );
        }
        for link in page.select(&links) {
            let link = link.value().attr("href").unwrap().split('#').next().unwrap();
            if link.starts_with('/') && seen.insert(link.to_owned()) {
                queue.push_back(link.to_owned());
            }
        }
    }
    // The crawl would find nothing if the texts were not on the pages.
    assert!(
        with_text > 0,
        "{} {actor}: no page shows the markup as text",
        world.engine
    );
    opened.into_keys().collect()
}

#[test]
fn text_columns_are_all_marked_or_listed_with_reason() {
    let of_lists = TYPED.iter().chain(JSON);
    let mut listed: BTreeSet<(String, String)> = of_lists
        .flat_map(|(table, columns)| columns.iter().map(|column| ((*table).to_owned(), (*column).to_owned())))
        .collect();
    listed.extend(columns_of(UNMARKED));
    let other: BTreeSet<_> = columns_of(OTHER_COLUMNS).collect();
    let missing: Vec<_> = other.difference(&listed).collect();
    assert!(missing.is_empty(), "neither marked nor listed: {missing:?}");
    let unknown: Vec<_> = columns_of(UNMARKED).filter(|column| !other.contains(column)).collect();
    assert!(unknown.is_empty(), "no such column: {unknown:?}");
}

#[test]
fn marked_columns_are_plain_text_or_listed_as_structured() {
    let canary_columns = canary_columns();
    for (table, column) in STRUCTURED {
        assert!(
            canary_columns.contains(&((*table).to_owned(), (*column).to_owned())),
            "{table}.{column}"
        );
    }
}

#[rstest]
#[case::sqlite(Engine::Sqlite)]
#[case::postgres(Engine::Postgres)]
#[tokio::test(flavor = "multi_thread")]
async fn pages_with_markup_in_every_text_contain_no_foreign_element(#[case] engine: Engine) {
    let Some(world) = world_at(engine, morning()).await else {
        return;
    };
    let manager = world.staff("nordlicht", "manager").await;
    let email = world.tenant("nordlicht").portal[0].email.clone();
    let view_as = view_as_link(&world, &manager, &email).await;
    let device = paired(&world).await;
    let tracking = world.submit(&COMPLETE, &[]).await;
    let receiver = Receiver::start().await;
    receiver.usually(|_| Reply::status(500));
    world
        .endpoint("erp", &receiver.url, &["target.created"], json!({}))
        .await;
    world.new_target("MARKUP-1").await;
    world.settle().await;
    let links = links_in_emails(&world).await;
    fill_with_markup(&world).await;
    let mut opened = BTreeSet::new();
    for role in ["admin", "manager", "dispatcher", "technician", "auditor"] {
        let browser = world.staff("nordlicht", role).await;
        // Pages that are reached from a script, an email or by the address only.
        let start = [
            "/app",
            "/app/settings",
            "/app/security",
            "/app/day/sheet",
            "/app/day/unsent",
            "/app/day/offline",
            "/app/day/sync-conflicts",
            "/app/day/offline-data-removed",
            "/app/imports/references?source=erp&id=CUST-10042",
        ];
        opened.extend(crawl(&world, role, &browser, &start).await);
    }
    for start in ["anna", "petra"] {
        let browser = world.contact("nordlicht", start).await;
        opened.extend(crawl(&world, start, &browser, &["/portal"]).await);
    }
    crawl(&world, "view-as", &open_link(&world, &view_as).await, &["/portal"]).await;
    crawl(&world, "terminal", &device, &["/terminal"]).await;
    let partner = world.partner("nordlicht", "erp").await;
    opened.extend(crawl(&world, "partner", &partner, &["/partner"]).await);
    let staff_pages = STAFF_PAGES.iter().map(|(path, _)| *path);
    let pages = staff_pages
        .chain(PORTAL_PAGES.iter().copied())
        .chain(PARTNER_PAGES.iter().copied());
    let opened: BTreeSet<&str> = opened.iter().map(|route| path_of(route)).collect();
    let missed: Vec<String> = pages
        .map(pattern)
        .filter(|page| !opened.contains(page.as_str()))
        .collect();
    assert!(missed.is_empty(), "{} not opened: {missed:?}", world.engine);
    let forms: Vec<String> = world
        .tenant("nordlicht")
        .forms
        .iter()
        .map(|form| form.url.clone())
        .collect();
    let forms = forms.iter().map(|url| url.trim_start_matches(&world.url));
    let sign_in = [
        "/",
        "/docs",
        "/app/sign-in",
        "/partner/sign-in",
        "/portal/sign-in",
        "/portal/sign-in/link",
    ];
    let start: Vec<&str> = forms.chain(sign_in).chain([tracking.as_str()]).collect();
    let visitor = crate::support::client();
    crawl(&world, "anonymous", &visitor, &start).await;
    // Each page of a link is about a person, whose name it may show.
    for link in &links {
        assert_eq!(world.get(&visitor, link).await.0, StatusCode::OK, "{link}");
    }
    let links: Vec<&str> = links.iter().map(String::as_str).collect();
    crawl(&world, "anonymous", &visitor, &links).await;
}

/// Returns the paths of the links with which people without a session begin: invitations and new passwords.
async fn links_in_emails(world: &World) -> Vec<String> {
    let admin = world.staff("nordlicht", "admin").await;
    let page = access_page(world).await;
    let essen = location_field(&world.content(&admin, &page).await, "Essen Center");
    let fields = [
        ("name", "Late Comer"),
        ("email", "late@rhein-ruhr-medical.example"),
        (essen.as_str(), "on"),
        ("may_appointments", "on"),
    ];
    let portal = invite(world, &admin, &page, &fields).await.unwrap();
    let list = world.content(&admin, "/app/integrations").await;
    let source = link(&list, "/app/integrations/sources/src_").unwrap();
    let fields = [
        ("source", source.rsplit('/').next().unwrap()),
        ("name", "Ines Brandt"),
        ("email", "ines@partner.example"),
    ];
    world.send(&admin, "/app/fn/invite-partner", &fields).await;
    let partner = invitation(&world.content(&admin, &source).await);
    let mut links = vec![portal, partner];
    let tenant = world.tenant("nordlicht");
    let staff = tenant.staff("dispatcher").unwrap().email.clone();
    let partner = tenant.partners[0].email.clone();
    for (app, email) in [("/app", staff), ("/partner", partner)] {
        let sent = password_links::request(world, app, &email).await;
        links.push(sent[0].2.trim_start_matches(&world.url).to_owned());
    }
    links
}
