//! What a check of the installation looks at in the database.

use chrono::{DateTime, TimeDelta, Utc};

use crate::{Core, CoreResult};

/// The clock of the database server minus the clock of this machine; `None` on SQLite, which has no clock of its own.
///
/// # Errors
/// The database cannot be reached.
pub async fn clock_offset(core: &Core) -> CoreResult<Option<TimeDelta>> {
    let before = core.clock.now();
    let Some(database) = core.store.database_time().await? else {
        return Ok(None);
    };
    let after = core.clock.now();
    // The question takes time, too.
    Ok(Some(database - (before + (after - before) / 2)))
}

/// The time of the latest entry of any audit log. It is in the future if the clock was set back.
///
/// # Errors
/// The database cannot be reached.
pub async fn latest_entry(core: &Core) -> CoreResult<Option<DateTime<Utc>>> {
    Ok(core.store.read_system().await?.latest_audit_time().await?)
}
