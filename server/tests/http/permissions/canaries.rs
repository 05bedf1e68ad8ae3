//! Tests of the leak watch: internal columns have canaries, canaries sent to customers are reported, and every text
//! column is classified.

use ordinavo_core::Engine;
use rstest::rstest;
use std::collections::BTreeSet;

use crate::support::leak_watch::{CANARY, Reader, forbidden, foreign_names};
use crate::support::{link, world, worlds};

const SEED: &str = include_str!("../../canaries/seed.sql");
pub const OTHER_COLUMNS: &str = include_str!("../../canaries/other_columns.txt");

/// Returns table and column of each canary.
pub fn canary_columns() -> BTreeSet<(String, String)> {
    SEED.lines()
        .filter_map(|line| line.strip_prefix("UPDATE "))
        .map(|line| {
            let mut words = line.split_whitespace();
            let (table, column) = (words.next().unwrap(), words.nth(1).unwrap());
            assert!(line.contains(&format!("{CANARY}{table}-{column}")), "{line}");
            (table.to_owned(), column.to_owned())
        })
        .collect()
}

#[test]
fn leak_watch_finds_internal_text() {
    let secret = "9".repeat(24);
    for (text, what) in [
        ("Key safe zqcanary-target-notes</p>".to_owned(), "zqcanary-target-notes"),
        (r#"{"internalNotes":null}"#.to_owned(), "the key internalNotes"),
        ("x-note: access_notes".to_owned(), "the key access_notes"),
        (format!("whsec_{secret}"), "the key whsec_"),
        ("<p>Sent by webhook.</p>".to_owned(), "the word webhook"),
        ("<p>Interne Notiz</p>".to_owned(), "the word interne notiz"),
        (format!("/portal/targets/tgt_{secret}"), "an id of the kind tgt"),
    ] {
        assert_eq!(
            forbidden(&text, Reader::Customer),
            BTreeSet::from([what.to_owned()]),
            "{text}"
        );
    }
    for text in [
        "Underscored, a webhooker's mapping-free page".to_owned(),
        format!("/portal/requests/req_{secret}"),
        "the contact_person of your contact".to_owned(),
    ] {
        assert_eq!(forbidden(&text, Reader::Customer), BTreeSet::new(), "{text}");
    }
    let all = [
        "Muster GmbH".to_owned(),
        "Muster GmbH &amp; Co".to_owned(),
        "Else & Sons".to_owned(),
    ];
    let own = ["Muster GmbH".to_owned()];
    assert!(foreign_names("Muster GmbH", &own, &all).is_empty());
    assert_eq!(foreign_names("<td>Else &amp; Sons</td>", &own, &all), ["Else & Sons"]);
}

/// Reads lines such as `table: column column`.
pub fn columns_of(text: &str) -> impl Iterator<Item = (String, String)> {
    text.lines()
        .filter(|line| !line.starts_with('#'))
        .filter_map(|line| line.split_once(": "))
        .flat_map(|(table, columns)| columns.split(' ').map(|column| (table.to_owned(), column.to_owned())))
}

#[tokio::test(flavor = "multi_thread")]
async fn text_columns_are_all_classified() {
    let world = worlds().await.swap_remove(0);
    let schema = world
        .texts(
            "SELECT t.name, c.name FROM sqlite_master t JOIN pragma_table_info(t.name) c \
             WHERE t.type = 'table' AND t.name NOT LIKE '\\_sqlx%' ESCAPE '\\' AND t.name NOT LIKE 'sqlite%' AND c.type = 'TEXT'",
        )
        .await;
    let is_time = |column: &str| column.ends_with("_at") || column.ends_with("_until");
    let schema: BTreeSet<(String, String)> = schema
        .into_iter()
        .map(|mut row| (std::mem::take(&mut row[0]), std::mem::take(&mut row[1])))
        .filter(|(_, column)| !is_time(column))
        .collect();
    let mut known = canary_columns();
    known.extend(columns_of(OTHER_COLUMNS));
    let unclassified: Vec<_> = schema.difference(&known).collect();
    assert!(
        unclassified.is_empty(),
        "in neither seed.sql nor other_columns.txt: {unclassified:?}"
    );
    let unknown: Vec<_> = known.difference(&schema).collect();
    assert!(unknown.is_empty(), "no such column of text: {unknown:?}");
}

#[rstest]
#[case::sqlite(Engine::Sqlite)]
#[case::postgres(Engine::Postgres)]
#[tokio::test(flavor = "multi_thread")]
async fn canaries_are_stored_and_visible_to_staff(#[case] engine: Engine) {
    let Some(world) = world(engine).await else { return };
    let mut canary_count = 0;
    for (table, column) in canary_columns() {
        let has_canary = format!("CAST({column} AS TEXT) LIKE '%{CANARY}{table}-{column}%'");
        let without_canary = world
            .texts(&format!(
                "SELECT CAST({column} AS TEXT) FROM {table} WHERE {column} IS NOT NULL AND NOT {has_canary}"
            ))
            .await;
        assert!(
            without_canary.is_empty(),
            "{}: {table}.{column}: {without_canary:?}",
            world.engine
        );
        canary_count += world
            .texts(&format!("SELECT 'x' FROM {table} WHERE {has_canary}"))
            .await
            .len();
    }
    assert!(canary_count > 100, "{canary_count}");
    let manager = world.staff("nordlicht", "manager").await;
    let list = world.get(&manager, "/app/reports").await.1;
    let report = world.get(&manager, &link(&list, "/app/reports/vrp_").unwrap()).await.1;
    for column in ["summary", "internal_notes"] {
        assert!(report.contains(&format!("{CANARY}visit_report-{column}")), "{report}");
    }
}

#[rstest]
#[case::sqlite(Engine::Sqlite)]
#[case::postgres(Engine::Postgres)]
#[tokio::test(flavor = "multi_thread")]
async fn leaks_in_pages_and_emails_are_reported(#[case] engine: Engine) {
    let Some(world) = world(engine).await else { return };
    let anna = world.contact("nordlicht", "anna").await;
    assert_eq!(world.get(&anna, "/portal").await.0, reqwest::StatusCode::OK);
    assert_eq!(world.watch.take_leaks(), Vec::<String>::new());
    // Simulates a product bug that copies internal text into public text.
    world.sql("UPDATE portal_release SET summary = 'zqcanary-as-if'").await;
    let list = world.get(&anna, "/portal/reports").await.1;
    world.get(&anna, &link(&list, "/portal/reports/rel_").unwrap()).await;
    let found = world.watch.take_leaks();
    assert!(
        found
            .iter()
            .any(|what| what.contains("/portal/reports/rel_") && what.ends_with("zqcanary-as-if")),
        "{found:?}"
    );
    // Simulates the name of another customer in a report.
    world
        .sql(
            "UPDATE portal_release SET summary = (SELECT min(c.name) FROM customer c WHERE NOT EXISTS \
             (SELECT 1 FROM portal_grant g WHERE g.customer_id = c.id))",
        )
        .await;
    world.get(&anna, &link(&list, "/portal/reports/rel_").unwrap()).await;
    let found = world.watch.take_leaks();
    assert!(found.iter().any(|what| what.contains("the customer ")), "{found:?}");
    let rename = |from: &str, to: &str| {
        let renamed = format!("replace(CAST(data AS TEXT), '{from}', '{to}')");
        let kind = if world.engine == "sqlite" { "TEXT" } else { "JSONB" };
        format!("UPDATE mail SET data = CAST({renamed} AS {kind})")
    };
    world.sql(&rename("Nordlicht", "zqcanary-mail")).await;
    let found = world.watch.finish();
    assert!(
        found
            .iter()
            .any(|what| what.starts_with("mail ") && what.ends_with("zqcanary-mail")),
        "{found:?}"
    );
    world.sql(&rename("zqcanary-mail", "Nordlicht")).await;
}
