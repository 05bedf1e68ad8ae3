//! Personal settings of staff members.

use domain::locale::Locale;

use crate::commit::finish;
use crate::identity::actors::{Actor as _, Staff};
use crate::{Core, CoreResult};

/// Sets the staff member's language.
pub async fn set_locale(core: &Core, staff: &Staff, locale: Locale) -> CoreResult<()> {
    let mut tx = core.store.begin(staff).await?;
    tx.set_own_locale(locale).await?;
    tracing::debug!(actor = %staff.label(), "language changed");
    finish(core, tx).await
}

/// Turns single letters as keyboard shortcuts on or off, for the staff member only.
pub async fn set_shortcuts(core: &Core, staff: &Staff, on: bool) -> CoreResult<()> {
    let mut tx = core.store.begin(staff).await?;
    tx.set_own_shortcuts(on).await?;
    finish(core, tx).await
}
