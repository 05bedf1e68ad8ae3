//! Public forms, as an administrator makes them.

use domain::ids::FormId;
use domain::intake::form::{FormSettings, is_slug};
use domain::permissions::ManageIntake;
use domain::problems::Problem;
use domain::text;
use serde_json::json;

use crate::commit::finish;
use crate::db::TenantTx;
use crate::form::Form;
use crate::identity::actors::{Administrator, Permit};
use crate::intake::model::FormLine;
use crate::{Core, CoreError, CoreResult};

/// How many forms an organisation may have.
pub const MOST_FORMS: i64 = 200;

/// The forms, by name.
///
/// # Errors
/// The database does not answer.
pub async fn list(core: &Core, by: Permit<'_, ManageIntake>) -> CoreResult<Vec<FormLine>> {
    Ok(core.store.read(by.staff()).await?.forms().await?)
}

/// One form.
///
/// # Errors
/// `not_found`.
pub async fn get(core: &Core, by: Permit<'_, ManageIntake>, id: FormId) -> CoreResult<FormLine> {
    core.store
        .read(by.staff())
        .await?
        .form(id)
        .await?
        .ok_or_else(CoreError::not_found)
}

/// Makes a form.
///
/// # Errors
/// Field `slug`, `name` or one of the settings.
pub async fn create(
    core: &Core,
    by: Permit<'_, ManageIntake>,
    slug: &str,
    name: &str,
    settings: FormSettings,
) -> CoreResult<FormId> {
    let mut tx = core.store.begin(by.staff()).await?;
    let id = make(&mut tx, slug, name, settings).await?;
    finish(core, tx).await?;
    Ok(id)
}

/// Makes a form in a transaction, as administration and the demo do too.
pub(crate) async fn make<A: Administrator>(
    tx: &mut TenantTx<'_, A>,
    slug: &str,
    name: &str,
    settings: FormSettings,
) -> CoreResult<FormId> {
    let mut form = Form::default();
    let name = form.text("name", 80, text::line(name, 80));
    let slug = slug.trim();
    if !is_slug(slug) {
        form.wrong(
            "slug",
            "invalid_slug",
            "3 to 60 small letters, digits and hyphens are required.",
        );
    }
    let settings = settings.checked();
    if let Err(errors) = &settings {
        form.0.extend(errors.iter().cloned());
    }
    form.finish()?;
    let (Some(name), Ok(settings)) = (name, settings) else {
        return Err(CoreError::new(Problem::ValidationFailed, "The input is not valid."));
    };
    if tx.count_forms().await? >= MOST_FORMS {
        return Err(CoreError::field(
            "name",
            "too_many",
            format!("At most {MOST_FORMS} forms are allowed."),
        ));
    }
    let id: FormId = tx.new_id();
    if !tx.insert_form(id, slug, &name, &settings).await? {
        return Err(CoreError::field(
            "slug",
            "slug_taken",
            "This address is taken; choose another.",
        ));
    }
    tx.audit("form.created", id, json!({ "slug": slug }));
    Ok(id)
}

/// Changes a form. Its address stays, because it stands on paper and in other people's pages.
///
/// # Errors
/// Field `name` or one of the settings; `not_found`.
pub async fn update(
    core: &Core,
    by: Permit<'_, ManageIntake>,
    id: FormId,
    name: &str,
    settings: FormSettings,
) -> CoreResult<()> {
    let mut form = Form::default();
    let name = form.text("name", 80, text::line(name, 80));
    let settings = settings.checked();
    if let Err(errors) = &settings {
        form.0.extend(errors.iter().cloned());
    }
    form.finish()?;
    let (Some(name), Ok(settings)) = (name, settings) else {
        return Err(CoreError::new(Problem::ValidationFailed, "The input is not valid."));
    };
    let mut tx = core.store.begin(by.staff()).await?;
    if !tx.update_form(id, &name, &settings).await? {
        return Err(CoreError::not_found());
    }
    tx.audit("form.updated", id, json!({ "settings": settings }));
    finish(core, tx).await
}

/// Closes a form for new requests, or opens it again.
///
/// # Errors
/// `not_found`.
pub async fn set_closed(core: &Core, by: Permit<'_, ManageIntake>, id: FormId, closed: bool) -> CoreResult<()> {
    let mut tx = core.store.begin(by.staff()).await?;
    if !tx.close_form(id, closed).await? {
        return Err(CoreError::not_found());
    }
    tx.audit(if closed { "form.closed" } else { "form.opened" }, id, json!({}));
    finish(core, tx).await
}
