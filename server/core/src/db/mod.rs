//! Database access: engines, transactions on behalf of an actor, and differences between the SQL dialects.
//!
//! The statements are in the `store` module of each slice. The pools are private; use cases start with [`Store::begin`].

#![expect(clippy::disallowed_methods, reason = "the engine runs the statements of the stores")]

pub(crate) mod bulk;
pub(crate) mod dialect;
pub(crate) mod engine;
mod export;
pub(crate) mod key;
pub(crate) mod migrations;
mod moving;
mod open;
mod postgres_role;
pub(crate) mod purpose;
mod running;
mod sqlite_file;
mod statement;
pub(crate) mod transaction;

use chrono::{DateTime, Utc};

/// The channel on which processes tell each other of new work.
pub(crate) const WORK_CHANNEL: &str = "ordinavo_work";

pub(crate) use dialect::EngineSql;
pub(crate) use engine::Tx;
pub use engine::{Engine, PoolUse, Store, StoreError, statement_count, thread_statement_count};
pub use export::TABLES as EXPORTED_TABLES;
pub use key::Key;
pub(crate) use key::{OptionalKey, OptionalName};
pub use migrations::Schema;
pub use moving::MovedTable;
pub use open::PoolOptions;
pub use postgres_role::DatabaseRole;
pub use running::{DatabaseUse, Process, ReplacingSession, UseLock};
pub(crate) use statement::Row;
pub(crate) use transaction::{SystemTx, TenantLookup, TenantTx};

/// Returns the upper bound of keyset lists that are read newest first: the year 3000.
pub(crate) fn far_future() -> DateTime<Utc> {
    DateTime::from_timestamp(32_503_680_000, 0).unwrap_or_default()
}
