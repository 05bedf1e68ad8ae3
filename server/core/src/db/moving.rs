//! Copies an SQLite database to an empty PostgreSQL database, and compares each row.
//!
//! SQLite writes each row as JSON, and PostgreSQL reads it as a row of its table, so the conversion of types is the one of
//! PostgreSQL. Foreign keys are removed for the copy and added again, which checks them.

use serde_json::Value;
use sqlx::pool::PoolConnection;
use sqlx::types::Json;
use sqlx::{AssertSqlSafe, Postgres, Row as _, Sqlite, Transaction};

use crate::db::engine::Pools;
use crate::db::{Store, StoreError};

/// Rows that are copied at once.
const PAGE_ROWS: i64 = 500;

/// What was copied from a table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MovedTable {
    pub name: String,
    pub rows: i64,
}

/// A table of the target.
struct Table {
    name: String,
    /// Column names with their types on PostgreSQL.
    columns: Vec<(String, String)>,
    key: Vec<String>,
}

const SELECT_COLUMNS: &str = r"
    SELECT c.table_name::text, c.column_name::text, c.udt_name::text
    FROM information_schema.columns AS c
    JOIN information_schema.tables AS t ON t.table_schema = c.table_schema AND t.table_name = c.table_name
    WHERE c.table_schema = 'public'
      AND t.table_type = 'BASE TABLE'
      AND c.table_name NOT LIKE '\_sqlx%'
      -- The target builds its own search index: its triggers name every copied record.
      AND c.table_name NOT LIKE 'search\_%'
    ORDER BY c.table_name, c.ordinal_position
";
const SELECT_KEYS: &str = r"
    SELECT relation.relname::text, attribute.attname::text
    FROM pg_constraint AS pk
    JOIN pg_class AS relation ON relation.oid = pk.conrelid
    JOIN pg_attribute AS attribute ON attribute.attrelid = pk.conrelid AND attribute.attnum = ANY (pk.conkey)
    WHERE pk.contype = 'p'
      AND relation.relnamespace = 'public'::regnamespace
    ORDER BY relation.relname, array_position(pk.conkey, attribute.attnum)
";
const SELECT_FOREIGN_KEYS: &str = r"
    SELECT conrelid::regclass::text, quote_ident(conname), pg_get_constraintdef(oid)
    FROM pg_constraint
    WHERE contype = 'f'
      AND connamespace = 'public'::regnamespace
";

impl Store {
    /// Copies everything to a migrated PostgreSQL database without tenants, in one transaction. Nobody can write to the
    /// source meanwhile.
    ///
    /// # Errors
    /// A row differs afterwards, a table of the target is not empty, or a database fails.
    pub async fn copy_to_postgres(&self, target: &Self) -> Result<Vec<MovedTable>, StoreError> {
        let (Pools::Sqlite { writer, .. }, Pools::Postgres(pool)) = (&self.pools, &target.pools) else {
            return Err(StoreError::Broken("only SQLite can be moved, to PostgreSQL".to_owned()));
        };
        let mut source = writer.begin_with("BEGIN IMMEDIATE").await?;
        let mut connection = pool.acquire().await?;
        let moved = copy(&mut source, &mut connection).await?;
        source.rollback().await?;
        Ok(moved)
    }
}

async fn copy(
    source: &mut Transaction<'_, Sqlite>,
    connection: &mut PoolConnection<Postgres>,
) -> Result<Vec<MovedTable>, StoreError> {
    let mut target = sqlx::Connection::begin(&mut **connection).await?;
    sqlx::query("SELECT set_config('ordinavo.tenant', '*', true)")
        .execute(&mut *target)
        .await?;
    let tables = tables(&mut target).await?;
    let keys: Vec<(String, String, String)> = sqlx::query_as(SELECT_FOREIGN_KEYS).fetch_all(&mut *target).await?;
    for (table, name, _) in &keys {
        execute(&mut target, format!("ALTER TABLE {table} DROP CONSTRAINT {name}")).await?;
    }
    let mut moved = Vec::new();
    for table in &tables {
        moved.push(copy_table(source, &mut target, table).await?);
    }
    for (table, name, definition) in &keys {
        execute(
            &mut target,
            format!("ALTER TABLE {table} ADD CONSTRAINT {name} {definition}"),
        )
        .await?;
    }
    target.commit().await?;
    Ok(moved)
}

async fn execute(target: &mut Transaction<'_, Postgres>, statement: String) -> Result<(), StoreError> {
    sqlx::query(AssertSqlSafe(statement)).execute(&mut **target).await?;
    Ok(())
}

async fn tables(target: &mut Transaction<'_, Postgres>) -> Result<Vec<Table>, StoreError> {
    let columns: Vec<(String, String, String)> = sqlx::query_as(SELECT_COLUMNS).fetch_all(&mut **target).await?;
    let keys: Vec<(String, String)> = sqlx::query_as(SELECT_KEYS).fetch_all(&mut **target).await?;
    let mut tables: Vec<Table> = Vec::new();
    for (table, column, kind) in columns {
        match tables.last_mut().filter(|last| last.name == table) {
            Some(last) => last.columns.push((column, kind)),
            None => tables.push(Table {
                key: keys
                    .iter()
                    .filter(|(found, _)| *found == table)
                    .map(|(_, column)| column.clone())
                    .collect(),
                name: table,
                columns: vec![(column, kind)],
            }),
        }
    }
    Ok(tables)
}

/// Returns the SQLite expression that writes a column in the way that PostgreSQL reads it from JSON.
fn expression(column: &str, kind: &str) -> String {
    let value = match kind {
        "uuid" => format!("lower(hex(\"{column}\"))"),
        "bytea" => format!("'\\x' || lower(hex(\"{column}\"))"),
        "bool" => format!("json(CASE \"{column}\" WHEN 0 THEN 'false' ELSE 'true' END)"),
        // All digits, so that the same number is read.
        "float8" => format!("json(printf('%!.17g', \"{column}\"))"),
        "jsonb" | "json" => format!("json(\"{column}\")"),
        _ => format!("\"{column}\""),
    };
    format!("'{column}', CASE WHEN \"{column}\" IS NOT NULL THEN {value} END")
}

async fn copy_table(
    source: &mut Transaction<'_, Sqlite>,
    target: &mut Transaction<'_, Postgres>,
    table: &Table,
) -> Result<MovedTable, StoreError> {
    let name = &table.name;
    let (existing,): (i64,) = sqlx::query_as(AssertSqlSafe(format!("SELECT count(*) FROM \"{name}\"")))
        .fetch_one(&mut **target)
        .await?;
    // The migration may have created rows that the source has, too.
    if existing > 0 {
        execute(target, format!("DELETE FROM \"{name}\"")).await?;
    }
    // SQLite passes at most 127 arguments to a function.
    let objects: Vec<String> = table
        .columns
        .chunks(50)
        .map(|columns| {
            let members: Vec<String> = columns.iter().map(|(column, kind)| expression(column, kind)).collect();
            format!("json_object({})", members.join(", "))
        })
        .collect();
    let row = objects
        .into_iter()
        .reduce(|all, next| format!("json_patch({all}, {next})"))
        .unwrap_or_default();
    let select = format!("SELECT rowid, {row} FROM \"{name}\" WHERE rowid > $1 ORDER BY rowid LIMIT {PAGE_ROWS}");
    let insert = format!("INSERT INTO \"{name}\" SELECT * FROM jsonb_populate_recordset(NULL::\"{name}\", $1)");
    let equal: Vec<String> = table
        .key
        .iter()
        .map(|key| format!("stored.\"{key}\" = sent.\"{key}\""))
        .collect();
    let compare = format!(
        "SELECT count(*) FROM jsonb_populate_recordset(NULL::\"{name}\", $1) AS sent JOIN \"{name}\" AS stored ON {} \
         WHERE ROW(stored.*) IS NOT DISTINCT FROM ROW(sent.*)",
        equal.join(" AND ")
    );
    let (mut after, mut rows) = (0_i64, 0_i64);
    loop {
        let page = sqlx::query(AssertSqlSafe(select.clone()))
            .bind(after)
            .fetch_all(&mut **source)
            .await?;
        let Some(last) = page.last() else { break };
        after = last.try_get(0)?;
        let values = page
            .iter()
            .map(|row| -> Result<Value, StoreError> {
                let text: String = row.try_get(1)?;
                serde_json::from_str(&text).map_err(|error| StoreError::Broken(error.to_string()))
            })
            .collect::<Result<Vec<Value>, StoreError>>()?;
        sqlx::query(AssertSqlSafe(insert.clone()))
            .bind(Json(&values))
            .execute(&mut **target)
            .await?;
        let (same,): (i64,) = sqlx::query_as(AssertSqlSafe(compare.clone()))
            .bind(Json(&values))
            .fetch_one(&mut **target)
            .await?;
        let sent = i64::try_from(values.len()).unwrap_or(i64::MAX);
        if same != sent {
            return Err(StoreError::Broken(format!("{name}: {} rows differ", sent - same)));
        }
        rows += sent;
    }
    let (stored,): (i64,) = sqlx::query_as(AssertSqlSafe(format!("SELECT count(*) FROM \"{name}\"")))
        .fetch_one(&mut **target)
        .await?;
    if stored != rows {
        return Err(StoreError::Broken(format!("{name}: {stored} rows instead of {rows}")));
    }
    Ok(MovedTable {
        name: name.clone(),
        rows,
    })
}
