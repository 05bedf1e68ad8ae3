//! The schemas of both engines.

use crate::clock::Clock;
use crate::conformance::new_stores;
use crate::db::Engine;

// The text index of search is a table of its own kind on each engine (decision 0037).
#[tokio::test]
async fn schema_both_engines_same_tables_and_columns() {
    const SQLITE: &str = "SELECT m.name || '.' || p.name || CASE WHEN p.\"notnull\" = 1 OR p.pk > 0 THEN '!' ELSE '' END FROM sqlite_master m, pragma_table_info(m.name) p \
        WHERE m.type = 'table' AND m.name NOT LIKE '\\_sqlx%' ESCAPE '\\' AND m.name NOT LIKE 'sqlite%' AND m.name NOT LIKE 'search_text%'";
    const POSTGRES: &str = "SELECT table_name || '.' || column_name || CASE WHEN is_nullable = 'NO' THEN '!' ELSE '' END FROM information_schema.columns \
        WHERE table_schema = 'public' AND table_name NOT LIKE '\\_sqlx%' AND table_name <> 'search_text'";
    const SQLITE_INDEXES: &str = "SELECT name FROM sqlite_master WHERE type = 'index' AND name NOT LIKE 'sqlite_autoindex%' AND name NOT LIKE '\\_sqlx%' ESCAPE '\\'";
    const POSTGRES_INDEXES: &str = "SELECT indexname::text FROM pg_indexes WHERE schemaname = 'public' AND indexname NOT LIKE '%\\_key' AND indexname NOT LIKE '%\\_pkey' AND indexname NOT LIKE '\\_sqlx%' AND indexname <> 'search_text_by_word'";
    let stores = new_stores(&Clock::system()).await;
    let mut schemas = Vec::new();
    for store in &stores {
        let mut tx = store.begin_reading().await.expect("transaction begins");
        let (columns, indexes) = match store.engine() {
            Engine::Sqlite => (SQLITE, SQLITE_INDEXES),
            Engine::Postgres => (POSTGRES, POSTGRES_INDEXES),
        };
        let mut schema: Vec<(String,)> = tx.fetch_all::<(String,)>(columns, ()).await.expect("columns are read");
        schema.extend(tx.fetch_all::<(String,)>(indexes, ()).await.expect("indexes are read"));
        schema.sort();
        assert!(schema.len() > 200);
        schemas.push(schema);
    }
    assert!(
        schemas.windows(2).all(|pair| pair[0] == pair[1]),
        "the schemas differ: {:?}",
        schemas[0]
            .iter()
            .filter(|part| !schemas.last().expect("there is a schema").contains(part))
            .collect::<Vec<_>>()
    );
}

#[tokio::test]
async fn migrations_both_engines_same_numbers_and_names() {
    let names = |engine: &str| {
        let mut names: Vec<_> = std::fs::read_dir(format!("{}/../../migrations/{engine}", env!("CARGO_MANIFEST_DIR")))
            .expect("migrations directory exists")
            .map(|entry| entry.expect("directory entry is readable").file_name())
            .collect();
        names.sort();
        names
    };
    assert_eq!(names("sqlite"), names("postgres"));
}
