//! Personal settings of staff members.

use domain::locale::Locale;
use domain::problems::{Cause, Record};
use domain::text;
use serde_json::json;

use crate::commit::finish;
use crate::form::Form;
use crate::identity::actors::{Actor as _, Staff};
use crate::identity::team::MAX_NAME_CHARS;
use crate::{Core, CoreError, CoreResult};

/// Sets the staff member's language.
pub async fn set_locale(core: &Core, staff: &Staff, locale: Locale) -> CoreResult<()> {
    let mut tx = core.store.begin(staff).await?;
    tx.set_own_locale(locale).await?;
    tracing::debug!(actor = %staff.label(), "language changed");
    finish(core, tx).await
}

/// Sets the staff member's name, as colleagues and customers read it. `shown` is the name on the form.
///
/// # Errors
/// Field `name`; `concurrent_modification` if the name was changed meanwhile.
pub async fn set_name(core: &Core, staff: &Staff, shown: &str, name: &str) -> CoreResult<()> {
    let mut form = Form::default();
    let name = form.text("name", MAX_NAME_CHARS, text::line(name, MAX_NAME_CHARS));
    form.finish()?;
    let Some(name) = name else {
        return Err(CoreError::new(Cause::InvalidFields));
    };
    if staff.display_name() != shown {
        return Err(CoreError::conflict(Record::Other));
    }
    let mut tx = core.store.begin(staff).await?;
    tx.set_own_name(&name).await?;
    tx.audit("staff.renamed", staff.id(), json!({}));
    finish(core, tx).await
}

/// Turns single letters as keyboard shortcuts on or off, for the staff member only.
pub async fn set_shortcuts(core: &Core, staff: &Staff, on: bool) -> CoreResult<()> {
    let mut tx = core.store.begin(staff).await?;
    tx.set_own_shortcuts(on).await?;
    finish(core, tx).await
}
