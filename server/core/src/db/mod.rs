//! The database: engines, transactions with an actor, and what the two dialects do not share.
//!
//! SQL itself stands in the `store` of each slice. The pools are private; the way in is [`Store::begin`] with an actor.

#![expect(clippy::disallowed_methods, reason = "the engine runs the statements of the stores")]

pub(crate) mod bulk;
pub(crate) mod engine;
pub(crate) mod key;
pub(crate) mod migrations;
pub(crate) mod transaction;

use chrono::{DateTime, Utc};

pub use engine::{Engine, Store, StoreError, statements, statements_of_thread};
pub(crate) use engine::{Tx, all, maybe, one, run};
pub use key::Key;
pub(crate) use transaction::{SystemTx, TenantTx};

/// Stands for "no upper bound" in keyset lists that are read newest first: the year 3000.
pub(crate) fn far_future() -> DateTime<Utc> {
    DateTime::from_timestamp(32_503_680_000, 0).unwrap_or_default()
}
