//! Administration of public request forms.

use domain::fields::FieldCode;
use domain::identity::permissions::ManageIntake;
use domain::ids::FormId;
use domain::intake::form::{FormSettings, is_slug};
use domain::problems::{Cause, Record};
use domain::text;
use serde_json::json;

use crate::commit::finish;
use crate::db::TenantTx;
use crate::form::Form;
use crate::identity::actors::{Administrator, Permit};
use crate::intake::model::FormSummary;
use crate::{Core, CoreError, CoreResult};

/// Maximum number of forms of an organization.
pub const MAX_FORMS: i64 = 200;

/// Lists the forms, sorted by name.
pub async fn list(core: &Core, by: Permit<'_, ManageIntake>) -> CoreResult<Vec<FormSummary>> {
    Ok(core.store.read(by.staff()).await?.forms().await?)
}

/// Returns a form.
pub async fn get(core: &Core, by: Permit<'_, ManageIntake>, id: FormId) -> CoreResult<FormSummary> {
    core.store
        .read(by.staff())
        .await?
        .form(id)
        .await?
        .ok_or_else(CoreError::not_found)
}

/// Creates a form.
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
    let id = create_in(&mut tx, slug, name, settings).await?;
    finish(core, tx).await?;
    Ok(id)
}

/// Creates a form within a transaction; also used by the demo data.
pub(crate) async fn create_in<A: Administrator>(
    tx: &mut TenantTx<'_, A>,
    slug: &str,
    name: &str,
    settings: FormSettings,
) -> CoreResult<FormId> {
    let mut form = Form::default();
    let name = form.text("name", 80, text::line(name, 80));
    let slug = slug.trim();
    if !is_slug(slug) {
        form.add_error("slug", FieldCode::InvalidSlug { min: 3, max: 60 });
    }
    let settings = settings.checked();
    if let Err(errors) = &settings {
        form.0.extend(errors.iter().cloned());
    }
    form.finish()?;
    let (Some(name), Ok(settings)) = (name, settings) else {
        return Err(CoreError::new(Cause::InvalidFields));
    };
    if tx.count_forms().await? >= MAX_FORMS {
        return Err(CoreError::field(
            "name",
            FieldCode::TooMany {
                max: usize::try_from(MAX_FORMS).unwrap_or_default(),
            },
        ));
    }
    let id: FormId = tx.new_id();
    if !tx.insert_form(id, slug, &name, &settings).await? {
        return Err(CoreError::field("slug", FieldCode::SlugTaken));
    }
    tx.audit("form.created", id, json!({ "slug": slug }));
    Ok(id)
}

/// Updates a form. The slug cannot be changed, since it is printed and embedded in other websites.
///
/// # Errors
/// Field `name` or one of the settings; `concurrent_modification` unless `shown` is the current version.
pub async fn update(
    core: &Core,
    by: Permit<'_, ManageIntake>,
    id: FormId,
    shown: Option<&str>,
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
        return Err(CoreError::new(Cause::InvalidFields));
    };
    let mut tx = core.store.begin(by.staff()).await?;
    tx.lock(id).await?;
    let current = tx.form(id).await?.ok_or_else(CoreError::not_found)?;
    current.version().ensure_shown(shown, Record::Other)?;
    if !tx.update_form(id, &name, &settings).await? {
        return Err(CoreError::not_found());
    }
    tx.audit("form.updated", id, json!({ "settings": settings }));
    finish(core, tx).await
}

/// Closes a form for new requests, or reopens it.
pub async fn set_closed(core: &Core, by: Permit<'_, ManageIntake>, id: FormId, closed: bool) -> CoreResult<()> {
    let mut tx = core.store.begin(by.staff()).await?;
    if !tx.close_form(id, closed).await? {
        return Err(CoreError::not_found());
    }
    tx.audit(if closed { "form.closed" } else { "form.opened" }, id, json!({}));
    finish(core, tx).await
}
