//! What members of the staff choose for themselves.

use domain::locale::Locale;

use crate::commit::finish;
use crate::identity::actors::{Actor as _, Staff};
use crate::{Core, CoreResult};

/// Chooses the own language.
///
/// # Errors
/// The database does not answer.
pub async fn set_locale(core: &Core, staff: &Staff, locale: Locale) -> CoreResult<()> {
    let mut tx = core.store.begin(staff).await?;
    tx.set_own_locale(locale).await?;
    tracing::debug!(actor = %staff.label(), "language chosen");
    finish(core, tx).await
}
