//! Many rows with one statement: they travel as one JSON array, so that a statement is prepared once whatever the number
//! of rows is. SQLite reads it with `json_each`, PostgreSQL with `jsonb_to_recordset`.

use chrono::{DateTime, SecondsFormat, Utc};
use domain::ids::{Id, Kind};
use uuid::Uuid;

/// A statement that takes a list of texts or ids as one JSON array: the two dialects of
/// `before … after`. `text` compares with texts, `id` with ids. On PostgreSQL an array made once is looked up by index whatever
/// the statistics say; a subquery became a hash join over a whole young table.
macro_rules! listed {
    (text $sqlite:ident, $postgres:ident, $before:expr, $bind:literal, $after:expr) => {
        const $sqlite: &str = concat!($before, "IN (SELECT value FROM json_each(", $bind, "))", $after);
        const $postgres: &str = concat!(
            $before,
            "= ANY (ARRAY(SELECT jsonb_array_elements_text(",
            $bind,
            ")))",
            $after
        );
    };
    (id $sqlite:ident, $postgres:ident, $before:expr, $bind:literal, $after:expr) => {
        const $sqlite: &str = concat!(
            $before,
            "IN (SELECT unhex(value) FROM json_each(",
            $bind,
            "))",
            $after
        );
        const $postgres: &str = concat!(
            $before,
            "= ANY (ARRAY(SELECT jsonb_array_elements_text(",
            $bind,
            ")::uuid))",
            $after
        );
    };
}
pub(crate) use listed;

/// An id in the form that both databases read back from JSON.
pub(crate) fn hex(id: Uuid) -> String {
    id.simple().to_string()
}

/// An id in the form that both databases read back from JSON.
pub(crate) fn hex_id<K: Kind>(id: Id<K>) -> String {
    hex(id.uuid())
}

/// A text for LIKE with `ESCAPE '!'`, in which nothing stands for anything else.
pub(crate) fn escape_like(text: &str) -> String {
    text.replace('!', "!!").replace('%', "!%").replace('_', "!_")
}

/// Bytes in the form that both databases read back from JSON.
pub(crate) fn hex_bytes(bytes: &[u8]) -> String {
    use std::fmt::Write as _;
    bytes
        .iter()
        .fold(String::with_capacity(bytes.len() * 2), |mut text, byte| {
            let _ = write!(text, "{byte:02x}");
            text
        })
}

/// A moment in the form in which SQLite keeps it; PostgreSQL reads it too.
pub(crate) fn stamp(moment: DateTime<Utc>) -> String {
    moment.to_rfc3339_opts(SecondsFormat::AutoSi, false)
}
