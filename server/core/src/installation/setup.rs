//! The setup of a new installation in the browser: its first organization and administrator.
//!
//! The address of the page contains a code that is derived from the master key, so all servers know it and nothing is stored. It
//! is void as soon as there is an organization.

use domain::fields::FieldCode;
use domain::identity::roles::Role;
use domain::locale::Locale;
use domain::problems::Cause;
use domain::{slug, text};
use secrecy::SecretString;
use subtle::ConstantTimeEq as _;

use crate::db::purpose::Administration;
use crate::form::Form;
use crate::identity::administration::{NewOrganization, add_organization, add_staff};
use crate::secrets::hex;
use crate::{Core, CoreError, CoreResult};

/// Bytes of the code in the address.
const CODE_BYTES: usize = 20;

/// What the setup page asks for.
#[derive(Debug, Clone)]
pub struct Setup {
    pub organisation: String,
    /// The name in addresses; derived from the organization's name if empty.
    pub short_name: String,
    pub zone: String,
    pub locale: String,
    pub name: String,
    pub email: String,
    pub password: SecretString,
}

/// Returns the time zones to choose from: those that are named after a place, and UTC.
pub fn zones() -> Vec<&'static str> {
    chrono_tz::TZ_VARIANTS
        .iter()
        .map(|zone| zone.name())
        .filter(|name| name.contains('/') && !name.starts_with("Etc/") && !name.starts_with("US/"))
        .chain(["UTC"])
        .collect()
}

fn code(core: &Core) -> String {
    hex(&core.keyring.derive("setup")[..CODE_BYTES])
}

/// Returns the address of the setup page; `None` if there is or was an organization.
///
/// # Errors
/// The database is unavailable.
pub async fn address(core: &Core) -> CoreResult<Option<String>> {
    let is_open = core.store.read_system().await?.is_setup_open().await?;
    Ok(is_open.then(|| format!("{}/setup/{}", core.settings.public_url, code(core))))
}

/// Returns whether the page with this code is to be shown.
///
/// # Errors
/// The database is unavailable.
pub async fn is_open(core: &Core, typed: &str) -> CoreResult<bool> {
    let is_code = bool::from(code(core).as_bytes().ct_eq(typed.as_bytes()));
    Ok(is_code && core.store.read_system().await?.is_setup_open().await?)
}

/// Creates the organization and its administrator, once.
///
/// # Errors
/// `not_found` for a wrong code or after the setup; fields `organisation`, `short_name`, `zone`, `locale`, `name`, `email`, `password`.
pub async fn complete(core: &Core, typed: &str, setup: &Setup) -> CoreResult<()> {
    if !is_open(core, typed).await? {
        return Err(CoreError::not_found());
    }
    let mut form = Form::default();
    let organisation = form.text("organisation", 200, text::line(&setup.organisation, 200));
    let short_name = match setup.short_name.trim() {
        "" => slug::from_name(&setup.organisation),
        typed => typed.to_owned(),
    };
    if organisation.is_some() && short_name.is_empty() {
        form.add_error("short_name", FieldCode::Required);
    } else if !short_name.is_empty() && !slug::is_slug(&short_name) {
        form.add_error(
            "short_name",
            FieldCode::InvalidSlug {
                min: 1,
                max: slug::MAX_SLUG,
            },
        );
    }
    if setup.zone.parse::<chrono_tz::Tz>().is_err() {
        form.add_error("zone", FieldCode::InvalidZone);
    }
    let locale = Locale::from_tag(&setup.locale);
    if locale.is_none() {
        form.add_error("locale", FieldCode::NotInList);
    }
    let name = form.text("name", 200, text::line(&setup.name, 200));
    let email = form.text("email", 254, text::email(&setup.email));
    // Before the other fields are known to be right, so that all errors are shown at once.
    let typed_email = email.clone().unwrap_or_default();
    let hashed = core.passwords.hash(&setup.password, &typed_email).await;
    let password_hash = match hashed {
        Ok(hash) => hash,
        Err(error) if error.fields.is_empty() => return Err(error),
        Err(error) => {
            form.add_errors(error.fields);
            String::new()
        }
    };
    form.finish()?;
    let (Some(organisation), Some(locale), Some(name), Some(email)) = (organisation, locale, name, email) else {
        return Err(CoreError::new(Cause::InvalidFields));
    };
    let mut tx = core.store.begin_system::<Administration>().await?;
    // Of two that arrive at once, one creates the organization.
    if !tx.is_setup_open().await? || !tx.close_setup().await? {
        return Err(CoreError::not_found());
    }
    let new = NewOrganization {
        slug: &short_name,
        name: &organisation,
        zone: &setup.zone,
        locale,
    };
    let tenant = add_organization(&mut tx, &new, "setup").await?;
    add_staff(&mut tx, tenant, &email, &name, Role::Admin, &password_hash, "setup").await?;
    Ok(tx.commit().await?)
}
