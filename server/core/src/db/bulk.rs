//! Values of bulk statements: rows are bound as one JSON array, so a statement is prepared once for any number of rows. It
//! reads them with `jsonb_to_recordset`, which [`crate::db::dialect`] translates for SQLite.

use chrono::{DateTime, SecondsFormat, Utc};
use domain::ids::{Id, Kind};
use uuid::Uuid;

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
