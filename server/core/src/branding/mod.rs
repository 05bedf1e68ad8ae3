//! Branding and terminology of an organisation's portal: logo, colour and label overrides.

#[expect(clippy::disallowed_methods, reason = "SQL lives in the store of a slice")]
mod store;
pub(crate) use self::store::branding_columns;
pub(crate) use self::store::{BrandingRow, ContactColumns};

use bytes::Bytes;
use domain::branding::{Color, OrganisationContact};
use domain::fields::FieldCode;
use domain::identity::permissions::{ManageBranding, ManageIntake};
use domain::locale::Locale;
use domain::problems::Record;
use domain::terminology::Terminology;
use domain::text;
use serde_json::json;

use crate::branding::store::{OrganisationRow, StoredBranding};
use crate::commit::finish;
use crate::db::TenantTx;
use crate::files::{Sender, Upload, clean_logo};
use crate::form::Form;
use crate::identity::actors::{Actor as _, Branding, Permit, Staff};
use crate::secrets::sha256;
use crate::version::Version;
use crate::{Core, CoreError, CoreResult};

/// An organisation's name and branding.
#[derive(Debug, Clone)]
pub struct BrandedOrganisation {
    pub name: String,
    pub branding: Branding,
}

/// The branding and terminology as configured by staff.
#[derive(Debug, Clone, Default)]
pub struct BrandingSettings {
    pub words: Terminology,
    /// The revision of the terminology, for optimistic concurrency.
    pub revision: i64,
    /// `#rrggbb`; `None` for the built-in colour.
    pub colour: Option<String>,
    /// The path of the logo, if there is one.
    pub logo: Option<String>,
    /// How customers reach the organisation.
    pub contact: OrganisationContact,
}

/// Returns how customers reach the organisation, and its colour.
pub(crate) async fn contact_and_colour(
    tx: &mut TenantTx<'_, Staff>,
) -> CoreResult<(OrganisationContact, Option<Color>)> {
    let Some(stored) = tx.branding().await? else {
        return Ok((OrganisationContact::default(), None));
    };
    Ok((stored.contact.into(), stored.colour.as_deref().and_then(Color::read)))
}

/// Returns the organisation's branding and terminology.
pub async fn get(core: &Core, by: Permit<'_, ManageBranding>) -> CoreResult<BrandingSettings> {
    let mut tx = core.store.read(by.staff()).await?;
    Ok(tx
        .branding()
        .await?
        .map_or_else(BrandingSettings::default, |branding| BrandingSettings {
            words: branding.words.0,
            revision: branding.revision,
            colour: branding.colour,
            contact: branding.contact.into(),
            logo: Branding::of(Terminology::default(), &branding.version, false, branding.has_logo).logo,
        }))
}

/// Returns the organisation's terminology, for the preview of a public form.
pub async fn terminology(core: &Core, by: Permit<'_, ManageIntake>) -> CoreResult<Terminology> {
    let mut tx = core.store.read(by.staff()).await?;
    Ok(tx
        .branding()
        .await?
        .map(|branding| branding.words.0)
        .unwrap_or_default())
}

/// Sets the terminology of one language.
///
/// # Errors
/// Fields, see [`Terminology::read`]; `concurrent_modification` if the terminology was changed since `revision` was read.
pub async fn set_terminology(
    core: &Core,
    by: Permit<'_, ManageBranding>,
    locale: Locale,
    revision: i64,
    typed: impl Fn(&str) -> String,
) -> CoreResult<()> {
    let mut tx = core.store.begin(by.staff()).await?;
    let stored = begin(core, &mut tx).await?;
    let words = stored.words.0.read(locale, typed).map_err(CoreError::invalid)?;
    if !tx.set_terminology(&words, revision).await? {
        return Err(CoreError::conflict(Record::Terminology));
    }
    tx.audit(
        "portal_words.changed",
        audit_subject(by.staff()),
        json!({ "locale": locale.tag() }),
    );
    finish(core, tx).await
}

/// Validates the terminology of one language as [`set_terminology`] does, without storing it.
///
/// # Errors
/// Fields, see [`Terminology::read`].
pub async fn validate_terminology(
    core: &Core,
    by: Permit<'_, ManageBranding>,
    locale: Locale,
    typed: impl Fn(&str) -> String,
) -> CoreResult<()> {
    let stored = get(core, by).await?;
    stored.words.read(locale, typed).map_err(CoreError::invalid)?;
    Ok(())
}

/// Sets or removes the colour. `shown` is the version on the form; see [`colour_version`].
///
/// # Errors
/// Field `colour`; `concurrent_modification`.
pub async fn set_colour(
    core: &Core,
    by: Permit<'_, ManageBranding>,
    shown: &str,
    colour: Option<&str>,
) -> CoreResult<()> {
    let colour = colour
        .map(|text| Color::read(text.trim()).ok_or_else(|| CoreError::field("colour", FieldCode::InvalidColor)))
        .transpose()?
        .map(Color::text);
    let mut tx = core.store.begin(by.staff()).await?;
    let stored = begin(core, &mut tx).await?;
    colour_version(stored.colour.as_deref()).ensure_shown(Some(shown), Record::Other)?;
    tx.set_colour(colour.as_deref(), &version(core)).await?;
    tx.audit(
        "portal_branding.colour_changed",
        audit_subject(by.staff()),
        json!({ "colour": colour }),
    );
    finish(core, tx).await
}

const MAX_PHONE_CHARS: usize = 40;
const MAX_HOURS_CHARS: usize = 200;
const MAX_ADDRESS_CHARS: usize = 500;

/// How customers reach the organisation, as typed.
#[derive(Debug, Clone, Copy, Default)]
pub struct TypedContact<'a> {
    pub phone: &'a str,
    pub email: &'a str,
    pub hours: &'a str,
    /// The number to call in danger.
    pub emergency: &'a str,
    /// Web address of the privacy notice.
    pub privacy: &'a str,
    /// Web address of the imprint.
    pub imprint: &'a str,
}

/// Returns the version of the contact data, for its form.
pub fn contact_version(contact: &OrganisationContact) -> Version {
    Version::of(contact)
}

/// Returns the version of the colour, for its form.
pub fn colour_version(colour: Option<&str>) -> Version {
    Version::of(&colour)
}

/// Sets how customers reach the organisation; empty texts are removed. `shown` is the version on the form.
///
/// # Errors
/// Fields `phone`, `email`, `hours`, `emergency`, `privacy`, `imprint`; `concurrent_modification`.
pub async fn set_contact(
    core: &Core,
    by: Permit<'_, ManageBranding>,
    shown: Option<&str>,
    typed: &TypedContact<'_>,
) -> CoreResult<()> {
    let mut form = Form::default();
    let line = |form: &mut Form, field: &str, typed: &str, max: usize| {
        form.text(field, max, text::optional_line(typed, max)).flatten()
    };
    let web_address = |form: &mut Form, field: &str, typed: &str| {
        let address = form
            .text(field, MAX_ADDRESS_CHARS, text::optional_line(typed, MAX_ADDRESS_CHARS))
            .flatten()?;
        match url::Url::parse(&address) {
            Ok(url) if matches!(url.scheme(), "http" | "https") && url.host_str().is_some() => Some(url.into()),
            _ => {
                form.add_error(field, FieldCode::InvalidWebAddress);
                None
            }
        }
    };
    let email = match typed.email.trim() {
        "" => None,
        address => form.text("email", 254, text::email(address)),
    };
    let contact = OrganisationContact {
        phone: line(&mut form, "phone", typed.phone, MAX_PHONE_CHARS),
        email,
        hours: line(&mut form, "hours", typed.hours, MAX_HOURS_CHARS),
        emergency: line(&mut form, "emergency", typed.emergency, MAX_PHONE_CHARS),
        privacy: web_address(&mut form, "privacy", typed.privacy),
        imprint: web_address(&mut form, "imprint", typed.imprint),
    };
    form.finish()?;
    let mut tx = core.store.begin(by.staff()).await?;
    let stored = begin(core, &mut tx).await?;
    contact_version(&stored.contact.into()).ensure_shown(shown, Record::Other)?;
    tx.set_organisation_contact(&contact).await?;
    tx.audit(
        "portal_branding.contact_changed",
        audit_subject(by.staff()),
        json!(contact),
    );
    finish(core, tx).await
}

/// Returns the version of the logo, for its forms. `path` is [`BrandingSettings::logo`].
pub fn logo_version(path: Option<&str>) -> Version {
    Version::of(&path)
}

/// Sets or removes the logo. `shown` is the version on the form; see [`logo_version`].
///
/// # Errors
/// Field `logo`: not an image, too large, or unreadable; `concurrent_modification`.
pub async fn set_logo(
    core: &Core,
    by: Permit<'_, ManageBranding>,
    shown: &str,
    logo: Option<Upload>,
) -> CoreResult<()> {
    let logo = match logo {
        Some(upload) => Some(core.files.decode(Sender::Account, move || clean_logo(&upload)).await?),
        None => None,
    };
    let mut tx = core.store.begin(by.staff()).await?;
    let stored = begin(core, &mut tx).await?;
    let path = Branding::of(Terminology::default(), &stored.version, false, stored.has_logo).logo;
    logo_version(path.as_deref()).ensure_shown(Some(shown), Record::Other)?;
    tx.set_logo(logo.as_deref(), &version(core)).await?;
    tx.audit(
        "portal_branding.logo_changed",
        audit_subject(by.staff()),
        json!({ "bytes": logo.as_ref().map(Vec::len) }),
    );
    finish(core, tx).await
}

async fn begin(core: &Core, tx: &mut TenantTx<'_, Staff>) -> CoreResult<StoredBranding> {
    // Settings are compared with what their form shows, so two changes at once are one after the other.
    tx.lock("branding").await?;
    tx.ensure_branding(&version(core)).await?;
    tx.branding().await?.ok_or_else(CoreError::not_found)
}

/// Returns a unique, unguessable version for the paths of style sheet and logo, which are cached indefinitely.
fn version(core: &Core) -> String {
    crate::intake::generate_token(core)
}

/// Returns the subject of audit entries.
fn audit_subject(staff: &Staff) -> String {
    staff.tenant().uuid().simple().to_string()
}

/// The organisation that a page without a session belongs to.
#[derive(Debug, Clone)]
pub struct PortalOrganisation {
    pub brand: BrandedOrganisation,
    /// The name in its URLs.
    pub slug: String,
    /// The language of the link's account, if it was found by a link.
    pub locale: Option<Locale>,
}

impl PortalOrganisation {
    fn of(row: OrganisationRow, locale: Option<Locale>) -> Self {
        Self {
            brand: BrandedOrganisation {
                name: row.name,
                branding: row.branding,
            },
            slug: row.slug,
            locale,
        }
    }
}

/// Finds the organisation of a page without a session: by the token of a portal link, by slug, or because there is only one
/// organisation.
pub async fn find_organisation(
    core: &Core,
    link: Option<&str>,
    slug: Option<&str>,
) -> CoreResult<Option<PortalOrganisation>> {
    let mut tx = core.store.read_system().await?;
    if let Some(token) = link
        && let Some((row, locale)) = tx.organisation_of_link(&sha256(token.as_bytes())).await?
    {
        return Ok(Some(PortalOrganisation::of(
            row,
            locale.as_deref().and_then(Locale::from_tag),
        )));
    }
    if let Some(slug) = slug
        && let Some(row) = tx.organisation(slug).await?
    {
        return Ok(Some(PortalOrganisation::of(row, None)));
    }
    Ok(tx
        .only_organisation()
        .await?
        .map(|row| PortalOrganisation::of(row, None)))
}

/// Returns the style sheet with an organisation's colour.
///
/// # Errors
/// `not_found`.
pub async fn style_sheet(core: &Core, version: &str) -> CoreResult<String> {
    let mut tx = core.store.read_system().await?;
    let colour = tx.colour_of_version(version).await?;
    let colour = colour
        .and_then(|text| Color::read(&text))
        .ok_or_else(CoreError::not_found)?;
    Ok(colour.shades().style_sheet())
}

/// Returns an organisation's logo as PNG.
///
/// # Errors
/// `not_found`.
pub async fn logo(core: &Core, version: &str) -> CoreResult<Bytes> {
    let mut tx = core.store.read_system().await?;
    tx.logo_of_version(version)
        .await?
        .map(Bytes::from)
        .ok_or_else(CoreError::not_found)
}
