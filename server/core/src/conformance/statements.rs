//! Every statement of the crate, found in its source, is prepared on both engines and checked against the rules for SQL.

use sqlx::{AssertSqlSafe, Executor as _, SqlSafeStr as _};

use crate::clock::Clock;
use crate::conformance::new_stores;
use crate::conformance::rust_source::{SourceText, read_sources};
use crate::db::Engine;
use crate::db::engine::Pools;

/// A statement with runs of white space as one space.
struct Statement {
    /// The file and the name of the constant.
    name: String,
    text: String,
    /// The engine, if the statement is written for one.
    engine: Option<Engine>,
}

/// Constants that are the beginning of several statements.
const BEGINNINGS: &[&str] = &["INSERT_INTO_GRANT"];

/// Statements that only PostgreSQL executes, with the reason.
const ONLY_POSTGRES: &[(&str, &str)] = &[
    ("SET_TENANT", "SQLite has no row-level security"),
    ("LOCK_NAME", "SQLite has a single writer"),
    ("NOTIFY", "SQLite has one process"),
    ("PLAN_FOR_VALUES", "SQLite has no choice of plans"),
    ("SELECT_DATABASE_TIME", "SQLite has the clock of the process"),
    ("SELECT_DATABASE_ROLE", "SQLite has no roles"),
    ("COUNT_SERVERS", "SQLite has no connections of other processes"),
    ("LOCK_FOR_REPLACING", "SQLite has a lock file"),
    ("CHECK_REPLACING", "SQLite has a lock file"),
];

/// Statements that are written for each engine, with the reason. All others are written once and translated.
const WRITTEN_TWICE: &[(&str, &str)] = &[
    ("SELECT_DUE", "SQLite has no lateral joins"),
    ("ALLOW_AUDIT_DELETION", "triggers are disabled in different ways"),
    ("ALLOW_AUDIT_UPDATE", "triggers are disabled in different ways"),
    ("ALLOW_AUDIT_REMOVAL", "triggers are disabled in different ways"),
    ("FORBID_AUDIT_DELETION", "triggers are enabled in different ways"),
];

/// The files whose statements are about all tables and are built when they run; tests move a database and export a tenant.
const RUN_TIME_STATEMENTS: [&str; 2] = ["db/moving.rs", "db/export.rs"];

/// Returns every statement in the source of the crate.
fn statements() -> Vec<Statement> {
    let mut statements = Vec::new();
    for SourceText {
        file,
        name,
        text,
        engine,
        ..
    } in read_sources()
    {
        if RUN_TIME_STATEMENTS.contains(&file.as_str()) {
            continue;
        }
        let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
        let text = text.replace("( ", "(").replace(" )", ")");
        let is_statement = ["SELECT ", "INSERT ", "UPDATE ", "DELETE ", "WITH "]
            .iter()
            .any(|verb| text.starts_with(verb));
        if is_statement {
            statements.push(Statement {
                name: format!("{file} {name}"),
                text,
                engine,
            });
        }
    }
    assert!(
        statements.len() > 550,
        "only {} statements were found",
        statements.len()
    );
    statements
}

/// Returns whether PostgreSQL analyzed the statement and misses only the type of an argument, which sqlx sends with the
/// values.
fn is_missing_type(error: &sqlx::Error) -> bool {
    error
        .as_database_error()
        .and_then(sqlx::error::DatabaseError::code)
        .is_some_and(|code| ["42P08", "42P18"].contains(&code.as_ref()))
}

#[tokio::test]
async fn statement_every_one_is_prepared_on_both_engines() {
    let statements = statements();
    let mut failures = Vec::new();
    for store in new_stores(&Clock::system()).await {
        let engine = store.engine();
        let chosen = statements
            .iter()
            .filter(|statement| statement.engine.is_none_or(|other| other == engine))
            .filter(|statement| !BEGINNINGS.iter().any(|name| statement.name.ends_with(name)))
            .filter(|statement| {
                engine == Engine::Postgres || !ONLY_POSTGRES.iter().any(|(name, _)| statement.name.ends_with(name))
            });
        for Statement { name, text, .. } in chosen {
            let sql = AssertSqlSafe(text.as_str()).into_sql_str();
            let prepared = match &store.pools {
                Pools::Sqlite { writer, .. } => writer.prepare(sql).await.map(drop),
                Pools::Postgres(pool) => pool.prepare(sql).await.map(drop),
            };
            if let Err(error) = prepared
                && !is_missing_type(&error)
            {
                failures.push(format!("{engine:?} {name}: {error}\n    {text}"));
            }
        }
    }
    assert!(failures.is_empty(), "{}", failures.join("\n"));
}

#[test]
fn statement_is_written_once_for_both_engines() {
    for source in read_sources() {
        assert!(
            !source.is_own || WRITTEN_TWICE.iter().any(|(name, _)| *name == source.name),
            "{} {}: write it for PostgreSQL, the dialect translates it",
            source.file,
            source.name
        );
    }
}

/// Without `MATERIALIZED`, SQLite evaluates the list for each row and scans the tenant's rows instead of using the key.
#[test]
fn bulk_update_sqlite_materializes_the_list() {
    let mut updates = 0;
    for Statement { name, text, engine } in statements() {
        let Some((before, after)) = text.split_once("UPDATE ") else {
            continue;
        };
        if engine == Some(Engine::Sqlite) {
            assert!(
                !after.contains("json_each") || after.contains("IN (SELECT"),
                "{name}: {text}"
            );
            updates += usize::from(before.contains("MATERIALIZED"));
        }
    }
    assert!(updates >= 10, "only {updates} bulk updates were found");
}

/// The history of records names who changed them (decision 0036).
#[test]
fn changes_of_records_name_their_author() {
    let mut updates = 0;
    for Statement { name, text, .. } in statements() {
        let changed = text.split_once("UPDATE ").map_or("", |(_, rest)| rest);
        let is_record = ["customer SET", "location SET", "contact SET"]
            .iter()
            .any(|start| changed.starts_with(start));
        assert!(!is_record || changed.contains("updated_by = "), "{name}: {text}");
        updates += usize::from(is_record);
    }
    assert!(updates >= 10, "only {updates} updates of records were found");
}

/// Keyset pagination compares rows, `(a, b) > ($1, $2)`: PostgreSQL then starts at that index entry. Written with OR, it
/// scans everything before the cursor.
#[test]
fn keyset_pagination_compares_rows() {
    let mut rows = 0;
    for Statement { name, text, .. } in statements() {
        let uses_or = text.split(" OR (").skip(1).any(|rest| {
            rest.split_once(" AND ").is_some_and(|(equal, after)| {
                equal.contains(" = $") && (after.contains(" > $") || after.contains(" < $")) && after.contains("))")
            })
        });
        assert!(!uses_or, "{name}: {text}");
        rows += text.matches(") > ($").count() + text.matches(") < ($").count();
    }
    assert!(rows >= 20, "only {rows} keyset comparisons were found");
}

/// A statement with a list that also searches the names of a tenant's customers by their parts, for which there is no key.
const SEARCH_BY_PART_OF_NAME: &str = "mapping/store/review_choices.rs SELECT_CANDIDATES";

/// A list is a handful of rows, a tenant has millions: what is found by a list has to be found by a key.
#[tokio::test]
async fn statement_with_list_finds_rows_by_key_on_sqlite() {
    let stores = new_stores(&Clock::system()).await;
    let store = stores.first().expect("there is a store");
    let Pools::Sqlite { writer, .. } = &store.pools else {
        panic!("the first store is SQLite");
    };
    let mut lists = 0;
    let mut failures = Vec::new();
    for Statement { name, text, engine } in statements() {
        // The plan of an insertion also contains the checks of references to the new rows, which do not run.
        let is_exempt = text.starts_with("INSERT ") || name.ends_with(SEARCH_BY_PART_OF_NAME);
        if engine == Some(Engine::Postgres) || !text.contains("json_each($") || is_exempt {
            continue;
        }
        let sql = format!("EXPLAIN QUERY PLAN {text}");
        let plan: Vec<(i64, i64, i64, String)> = sqlx::query_as(AssertSqlSafe(sql.as_str()).into_sql_str())
            .fetch_all(writer)
            .await
            .expect("statement is explained");
        lists += 1;
        for (.., step) in plan {
            if step.starts_with("SEARCH") && step.ends_with("(tenant_id=?)") {
                failures.push(format!("{name}: {step}"));
            }
        }
    }
    assert!(lists > 20, "only {lists} lists were found");
    assert!(failures.is_empty(), "{}", failures.join("\n"));
}

#[tokio::test]
async fn refreshed_statistics_cover_growing_tables_on_sqlite() {
    for (core, _) in crate::conformance::demo_systems().await {
        let Pools::Sqlite { writer, .. } = &core.store.pools else {
            continue;
        };
        core.refresh_statistics().await.expect("statistics are refreshed");
        let tables: Vec<(String,)> =
            sqlx::query_as("SELECT DISTINCT tbl FROM sqlite_stat1 WHERE tbl IN ('target', 'event')")
                .fetch_all(writer)
                .await
                .expect("statistics are read");
        assert_eq!(tables.len(), 2, "{tables:?}");
    }
}
