//! Bulk statements: rows are bound as one JSON array, so a statement is prepared once for any number of rows. SQLite reads
//! the array with `json_each`, PostgreSQL with `jsonb_to_recordset`.

use chrono::{DateTime, SecondsFormat, Utc};
use domain::ids::{Id, Kind};
use uuid::Uuid;

/// Defines a statement for both dialects that compares a column with a JSON array of texts (`text`) or IDs (`id`).
/// PostgreSQL gets an array instead of a subquery: it then uses the index even without table statistics, where a subquery
/// led to a hash join over the whole table.
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

/// Encodes an ID for a JSON bind.
pub(crate) fn hex(id: Uuid) -> String {
    id.simple().to_string()
}

/// Encodes a typed ID for a JSON bind.
pub(crate) fn hex_id<K: Kind>(id: Id<K>) -> String {
    hex(id.uuid())
}

/// Escapes wildcards in a text for `LIKE … ESCAPE '!'`.
pub(crate) fn escape_like(text: &str) -> String {
    text.replace('!', "!!").replace('%', "!%").replace('_', "!_")
}

/// Encodes bytes for a JSON bind.
pub(crate) fn hex_bytes(bytes: &[u8]) -> String {
    crate::secrets::hex(bytes)
}

/// Formats a timestamp as SQLite stores it; PostgreSQL parses the same format.
pub(crate) fn format_timestamp(timestamp: DateTime<Utc>) -> String {
    timestamp.to_rfc3339_opts(SecondsFormat::AutoSi, false)
}
