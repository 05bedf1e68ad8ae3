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
