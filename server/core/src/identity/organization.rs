//! The settings of an organization.

use domain::fields::FieldCode;
use domain::identity::permissions::ManageOrganization;
use domain::locale::Locale;
use domain::problems::{Cause, Record};
use domain::text;
use serde_json::json;

pub use crate::identity::model::OrganizationSettings;

use crate::commit::finish;
use crate::form::Form;
use crate::identity::actors::Permit;
use crate::version::Version;
use crate::{Core, CoreError, CoreResult};

/// The longest name of an organization, in characters.
pub const MAX_NAME_CHARS: usize = 200;

/// The unparsed settings.
#[derive(Debug, Clone, Default)]
pub struct OrganizationInput {
    pub name: String,
    /// IANA name of a time zone.
    pub zone: String,
    /// Tag of the language of messages to people whose language is not known.
    pub locale: String,
    /// Whether customers see the name of the technician.
    pub shows_technician: bool,
}

impl OrganizationSettings {
    pub fn version(&self) -> Version {
        Version::of(&(&self.name, &self.zone, &self.locale, self.shows_technician))
    }
}

/// Returns the settings of the organization.
///
/// # Errors
/// The database is unavailable.
pub async fn settings(core: &Core, by: Permit<'_, ManageOrganization>) -> CoreResult<OrganizationSettings> {
    Ok(core.store.read(by.staff()).await?.organization_settings().await?)
}

/// Changes the settings, also of the sandbox. `shown` is the version that the form shows. Locations, technicians and appointments keep
/// their time zones.
///
/// # Errors
/// Fields `name`, `zone`, `locale`; `concurrent_modification`.
pub async fn set(
    core: &Core,
    by: Permit<'_, ManageOrganization>,
    shown: &str,
    input: &OrganizationInput,
) -> CoreResult<()> {
    let mut form = Form::default();
    let name = form.text("name", MAX_NAME_CHARS, text::line(&input.name, MAX_NAME_CHARS));
    let zone = input.zone.trim().parse::<chrono_tz::Tz>().ok();
    if zone.is_none() {
        form.add_error("zone", FieldCode::InvalidZone);
    }
    let locale = Locale::from_tag(&input.locale);
    if locale.is_none() {
        form.add_error("locale", FieldCode::NotInList);
    }
    form.finish()?;
    let (Some(name), Some(zone), Some(locale)) = (name, zone, locale) else {
        return Err(CoreError::new(Cause::InvalidFields));
    };
    let mut tx = core.store.begin(by.staff()).await?;
    tx.lock("organization").await?;
    let stored = tx.organization_settings().await?;
    stored.version().ensure_shown(Some(shown), Record::Other)?;
    let new = OrganizationSettings {
        name,
        zone: zone.name().to_owned(),
        locale: locale.tag().to_owned(),
        shows_technician: input.shows_technician,
    };
    if new.version() == stored.version() {
        return Ok(());
    }
    tx.set_organization(&new).await?;
    let change = |old: &str, new: &str| (old != new).then(|| json!({ "from": old, "to": new }));
    tx.audit(
        "organization.changed",
        "organization",
        json!({
            "name": change(&stored.name, &new.name), "zone": change(&stored.zone, &new.zone),
            "locale": change(&stored.locale, &new.locale), "showsTechnician": new.shows_technician,
        }),
    );
    finish(core, tx).await
}
