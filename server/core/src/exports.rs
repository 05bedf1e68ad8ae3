//! Whole lists, for spreadsheets: their limit and their trace in the audit log.

use domain::fields::FieldCode;
use serde_json::json;

use crate::commit::finish;
use crate::identity::actors::{Actor as _, Staff};
use crate::{Core, CoreError, CoreResult};

/// Maximum number of rows of an export.
pub const MAX_ROWS: usize = 100_000;
/// Rows that are read at once.
pub(crate) const CHUNK: i64 = 1_000;

/// Returns whether a chunk was the last one.
pub(crate) fn is_last(chunk: usize) -> bool {
    i64::try_from(chunk).is_ok_and(|rows| rows < CHUNK)
}

/// Checks the number of rows. An export is never cut off in silence.
///
/// # Errors
/// Field `rows`.
pub(crate) fn check_size(rows: usize) -> CoreResult<()> {
    if rows <= MAX_ROWS {
        return Ok(());
    }
    Err(CoreError::field("rows", FieldCode::TooMany { max: MAX_ROWS }))
}

/// Writes to the audit log who exported how much of which list; data leaves only after that.
pub(crate) async fn record(core: &Core, staff: &Staff, list: &'static str, rows: usize) -> CoreResult<()> {
    check_size(rows)?;
    let mut tx = core.store.begin(staff).await?;
    let subject = staff.tenant().uuid().simple().to_string();
    tx.audit("list.exported", subject, json!({ "list": list, "rows": rows }));
    finish(core, tx).await
}
