//! Text from users and partners is never rendered as markup. Every text in the database ends with an element that no
//! page uses, and every page is parsed like in a browser.

use ordinavo_core::Engine;
use rstest::rstest;
use std::collections::{BTreeMap, BTreeSet, VecDeque};

use reqwest::{Client, StatusCode};
use scraper::{Html, Selector};

use crate::permissions::canaries::canary_columns;
use crate::support::{World, world};

/// Closes every context in which a page can show text (title, text area, quoted attribute, comment, style), then opens
/// an element.
const MARKUP: &str = "</title></textarea>--></style>\"''><i id=x>";

/// Text columns that users or partners fill in, in addition to the internal ones in `seed.sql`.
const TYPED: &[(&str, &[&str])] = &[
    ("attachment", &["file_name"]),
    ("contact", &["display_name", "phone"]),
    ("customer", &["name", "customer_number"]),
    ("customer_message", &["text"]),
    ("external_reference", &["external_id"]),
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
    ("portal_release", &["title", "summary", "message"]),
    ("request", &["description", "preferred", "rejection_reason"]),
    ("request_attachment", &["file_name"]),
    ("target", &["external_id", "service_type"]),
    ("tenant", &["name"]),
    ("terminal", &["name"]),
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

/// Opens every page reachable by links from `start` and returns the opened routes.
async fn crawl(world: &World, actor: &str, browser: &Client, start: &[&str]) -> BTreeSet<String> {
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
        let page = Html::parse_document(&answer.text().await.unwrap());
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
    opened.into_keys().collect()
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
    let Some(world) = world(engine).await else { return };
    fill_with_markup(&world).await;
    for role in ["admin", "manager", "dispatcher", "technician", "auditor"] {
        let browser = world.staff("nordlicht", role).await;
        let routes = crawl(&world, role, &browser, &["/app", "/app/settings"]).await;
        let expected = if role == "technician" { 5 } else { 20 };
        assert!(routes.len() > expected, "{role}: {routes:?}");
    }
    for start in ["anna", "petra"] {
        let browser = world.contact("nordlicht", start).await;
        let routes = crawl(&world, start, &browser, &["/portal"]).await;
        assert!(routes.len() > 10, "{start}: {routes:?}");
    }
    let partner = world.partner("nordlicht", "erp").await;
    crawl(&world, "partner", &partner, &["/partner"]).await;
    let forms: Vec<String> = world
        .tenant("nordlicht")
        .forms
        .iter()
        .map(|form| form.url.clone())
        .collect();
    let forms = forms.iter().map(|url| url.trim_start_matches(&world.url));
    let start: Vec<&str> = forms.chain(["/", "/docs"]).collect();
    crawl(&world, "anonymous", &crate::support::client(), &start).await;
}
