//! The differences between the SQL dialects of the engines.
//!
//! A statement is written once, as PostgreSQL runs it; [`EngineSql`] translates what SQLite writes in another way. A test
//! prepares every statement on both engines.
//!
//! | PostgreSQL | SQLite |
//! |---|---|
//! | `jsonb_to_recordset($2) AS input (id UUID, …)` | a subquery that reads each column with `json_each` |
//! | `= ANY (ARRAY(SELECT jsonb_array_elements_text($2)::UUID))` | `IN (SELECT unhex(value) FROM json_each($2))` |
//! | `jsonb_array_elements(column) AS note (value)` | `json_each(column) AS note` |
//! | `extract(epoch FROM (a - b))` | the difference of `unixepoch` |
//! | `decode(column, 'hex')` | `unhex(column)` |
//! | `value::TYPE` | the value: columns have no strict type |
//! | `FOR UPDATE OF target SKIP LOCKED` | nothing: there is a single writer |

use std::sync::OnceLock;

use crate::db::{Engine, StoreError, Tx};

/// A statement whose text depends on the engine.
pub(crate) struct EngineSql {
    postgres: &'static str,
    /// The text with hints for the planner of PostgreSQL.
    planned: OnceLock<String>,
    sqlite: SqliteText,
}

enum SqliteText {
    Translated(OnceLock<String>),
    Own(&'static str),
}

impl EngineSql {
    /// Creates a statement from its PostgreSQL text.
    pub(crate) const fn new(postgres: &'static str) -> Self {
        Self {
            postgres,
            planned: OnceLock::new(),
            sqlite: SqliteText::Translated(OnceLock::new()),
        }
    }

    /// Creates a statement that is written for each engine, because the dialects have no common way.
    pub(crate) const fn each(sqlite: &'static str, postgres: &'static str) -> Self {
        Self {
            postgres,
            planned: OnceLock::new(),
            sqlite: SqliteText::Own(sqlite),
        }
    }
}

/// A statement that a transaction can run: a text that both engines accept, or an [`EngineSql`].
pub(crate) trait Sql: Send {
    fn text(self, engine: Engine) -> &'static str;
}

impl Sql for &'static str {
    fn text(self, _: Engine) -> &'static str {
        self
    }
}

impl Sql for &'static EngineSql {
    fn text(self, engine: Engine) -> &'static str {
        match (engine, &self.sqlite) {
            (Engine::Postgres, _) => self.planned.get_or_init(|| for_postgres(self.postgres)),
            (Engine::Sqlite, SqliteText::Own(text)) => text,
            (Engine::Sqlite, SqliteText::Translated(text)) => text.get_or_init(|| for_sqlite(self.postgres)),
        }
    }
}

/// Allows or forbids deletions from the audit log, which a trigger refuses, within a transaction.
pub(crate) static ALLOW_AUDIT_DELETION: EngineSql = EngineSql::each(
    "DROP TRIGGER audit_entry_no_delete",
    "ALTER TABLE audit_entry DISABLE TRIGGER audit_entry_append_only",
);
pub(crate) static FORBID_AUDIT_DELETION: EngineSql = EngineSql::each(
    "CREATE TRIGGER audit_entry_no_delete BEFORE DELETE ON audit_entry BEGIN SELECT RAISE(ABORT, 'the audit log is append-only'); END",
    "ALTER TABLE audit_entry ENABLE TRIGGER audit_entry_append_only",
);

const LOCK_NAME: &str = "SELECT pg_advisory_xact_lock(hashtextextended($1, 0))";
const PLAN_FOR_VALUES: &str = "SELECT set_config('plan_cache_mode', 'force_custom_plan', true)";
const NOTIFY: &str = "SELECT pg_notify($1, '')";

impl Tx {
    /// Locks a name until the transaction ends. SQLite has a single writer and needs no lock.
    pub(crate) async fn lock_name(&mut self, name: &str) -> Result<(), StoreError> {
        match self {
            Self::Sqlite(_) => Ok(()),
            Self::Postgres(_) => self.execute(LOCK_NAME, (name,)).await.map(drop),
        }
    }

    /// Plans each statement of the transaction for its values, where one plan for all values would be slow for some. SQLite has no
    /// choice of plans.
    pub(crate) async fn plan_for_values(&mut self) -> Result<(), StoreError> {
        match self {
            Self::Sqlite(_) => Ok(()),
            Self::Postgres(_) => self.execute(PLAN_FOR_VALUES, ()).await.map(drop),
        }
    }

    /// Notifies the listeners of a channel in other processes when the transaction commits. SQLite has one process.
    pub(crate) async fn notify(&mut self, channel: &str) -> Result<(), StoreError> {
        match self {
            Self::Sqlite(_) => Ok(()),
            Self::Postgres(_) => self.execute(NOTIFY, (channel,)).await.map(drop),
        }
    }
}

/// The planner assumes that a record set has a hundred rows, and would rather read a table of some thousand rows than look up a
/// hundred of them. With its length as a limit it knows how few there are, and uses the index.
pub(crate) fn for_postgres(text: &str) -> String {
    let is_insert = text.trim_start().starts_with("INSERT");
    match record_set(text).filter(|_| !is_insert) {
        None => text.to_owned(),
        Some(RecordSet {
            before,
            bind,
            alias,
            columns,
            rest,
        }) => format!(
            "{before}(SELECT * FROM jsonb_to_recordset({bind}) AS {alias} ({columns}) LIMIT jsonb_array_length({bind})) AS \
             {alias}{}",
            for_postgres(rest)
        ),
    }
}

/// A call of `jsonb_to_recordset` in a statement.
struct RecordSet<'a> {
    before: &'a str,
    bind: &'a str,
    alias: &'a str,
    columns: &'a str,
    rest: &'a str,
}

fn record_set(text: &str) -> Option<RecordSet<'_>> {
    let (before, after) = text.split_once("jsonb_to_recordset(")?;
    let (bind, after) = after.split_once(") AS ")?;
    let (alias, after) = after.split_once(" (")?;
    let (columns, rest) = after.split_once(')')?;
    Some(RecordSet {
        before,
        bind,
        alias,
        columns,
        rest,
    })
}

/// Translates a statement of PostgreSQL for SQLite.
pub(crate) fn for_sqlite(postgres: &str) -> String {
    let text = translate_lists(postgres);
    let text = translate_elements(&text);
    let text = translate_record_sets(&text);
    let text = replace_calls(&text, "decode(", |inside| {
        format!(
            "unhex({})",
            inside.trim_end_matches("'hex'").trim_end_matches([',', ' '])
        )
    });
    let text = replace_calls(&text, "extract(epoch FROM ", |inside| {
        let (later, earlier) = inside
            .trim_matches(['(', ')'])
            .split_once(" - ")
            .unwrap_or((inside, "0"));
        format!("(unixepoch({later}) - unixepoch({earlier}))")
    });
    remove_row_locks(&remove_casts(&text))
}

const LIST: &str = "= ANY (ARRAY(SELECT jsonb_array_elements_text(";

/// An array of the values uses the index on PostgreSQL even without table statistics, where a subquery led to a hash join
/// over the whole table. SQLite uses the index with a subquery.
fn translate_lists(text: &str) -> String {
    let mut parts = text.split(LIST);
    let mut result = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let (bind, rest) = part.split_once(')').unwrap_or((part, ""));
        let (cast, rest) = rest.split_once("))").unwrap_or(("", rest));
        let value = if cast.eq_ignore_ascii_case("::UUID") {
            "unhex(value)"
        } else {
            "value"
        };
        result.push_str(&format!("IN (SELECT {value} FROM json_each({bind})){rest}"));
    }
    result
}

fn translate_elements(text: &str) -> String {
    let text = text.replace("jsonb_array_elements_text(", "json_each(");
    let text = text.replace("jsonb_array_elements(", "json_each(");
    text.replace(" (value)", "")
}

/// Each column of the record set is read from the JSON rows. An update reads them before it starts and finds each row by its
/// key: otherwise SQLite evaluates the list for each of the tenant's rows.
fn translate_record_sets(text: &str) -> String {
    let Some(RecordSet {
        before,
        bind,
        alias,
        columns,
        rest,
    }) = record_set(text)
    else {
        return text.to_owned();
    };
    let columns: Vec<String> = columns.split(',').map(column_of_row).collect();
    let select = |columns: &str| format!("(SELECT {columns} FROM json_each({bind}))");
    let columns = columns.join(", ");
    let is_update =
        before.trim_start().starts_with("UPDATE ") && before.matches('(').count() == before.matches(')').count();
    let rest = translate_record_sets(rest);
    if is_update {
        // A condition on the tenant alone would have an index, and SQLite would begin with the tenant's rows.
        let query = select(&format!("$1 AS tenant_of_rows, {columns}"));
        let rest = rest.replace(".tenant_id = $1", &format!(".tenant_id = {alias}.tenant_of_rows"));
        let list = format!("{alias} AS MATERIALIZED {query}");
        ["WITH ", &list, " ", before, alias, &rest].concat()
    } else {
        format!("{before}{} AS {alias}{rest}", select(&columns))
    }
}

/// Returns the expression for a column `name TYPE` of the JSON rows. JSON's `null` is SQL's NULL on both engines.
fn column_of_row(column: &str) -> String {
    let (name, kind) = column.trim().split_once(' ').unwrap_or((column, "TEXT"));
    let value = match kind.trim() {
        "UUID" => format!("unhex(value->>'{name}')"),
        "JSONB" => format!("NULLIF(value->'{name}', 'null')"),
        _ => format!("value->>'{name}'"),
    };
    format!("{value} AS {name}")
}

/// Replaces the calls of a function; `replacement` gets the text between its brackets.
fn replace_calls(text: &str, call: &str, replacement: impl Fn(&str) -> String) -> String {
    let mut result = String::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once(call) {
        let mut depth = 1;
        let end = after
            .find(|character| {
                match character {
                    '(' => depth += 1,
                    ')' => depth -= 1,
                    _ => {}
                }
                depth == 0
            })
            .unwrap_or(after.len());
        result.push_str(before);
        result.push_str(&replacement(&after[..end]));
        rest = after.get(end + 1..).unwrap_or_default();
    }
    result + rest
}

fn is_name(character: char) -> bool {
    character.is_ascii_alphanumeric() || character == '_'
}

fn remove_casts(text: &str) -> String {
    let mut parts = text.split("::");
    let mut result = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        result.push_str(part.trim_start_matches(is_name));
    }
    result
}

fn remove_row_locks(text: &str) -> String {
    let mut result = text.to_owned();
    for lock in ["FOR UPDATE", "FOR NO KEY UPDATE", "FOR SHARE"] {
        while let Some((before, after)) = result.split_once(lock) {
            let after = match after.trim_start().strip_prefix("OF ") {
                Some(tables) => tables.trim_start_matches(|c: char| c.is_ascii_lowercase() || "_, ".contains(c)),
                None => after,
            };
            let after = after.trim_start().strip_prefix("SKIP LOCKED").unwrap_or(after);
            result = format!("{}{after}", before.trim_end());
        }
    }
    result
}
