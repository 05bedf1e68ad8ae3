//! How an organisation's portal looks and speaks: its logo, its colour, its own words.

#[expect(clippy::disallowed_methods, reason = "SQL lives in the store of a slice")]
mod store;
pub(crate) use self::store::LookRow;
pub(crate) use self::store::look_columns;

use bytes::Bytes;
use domain::locale::Locale;
use domain::permissions::{ManageIntake, ManagePortalLook};
use domain::portal_look::Colour;
use domain::problems::Problem;
use domain::public_words::OwnWords;
use serde_json::json;

use crate::branding::store::{DoorRow, StoredLook};
use crate::commit::finish;
use crate::db::TenantTx;
use crate::files::{Upload, clean_logo};
use crate::identity::actors::{Look, Permit, Staff};
use crate::secrets::fingerprint;
use crate::{Core, CoreError, CoreResult};

/// An organisation as its portal shows it.
#[derive(Debug, Clone)]
pub struct Brand {
    /// Its name.
    pub name: String,
    /// Its look.
    pub look: Look,
}

/// The look as the staff set it.
#[derive(Debug, Clone, Default)]
pub struct OwnLook {
    /// The own words.
    pub words: OwnWords,
    /// How often the words were changed; a change names the one that it was made upon.
    pub revision: i64,
    /// `#rrggbb`; `None` for the built-in colour.
    pub colour: Option<String>,
    /// The address of the logo, if there is one.
    pub logo: Option<String>,
}

/// The look of the own organisation.
///
/// # Errors
/// The database does not answer.
pub async fn get(core: &Core, by: Permit<'_, ManagePortalLook>) -> CoreResult<OwnLook> {
    let mut tx = core.store.read(by.staff()).await?;
    Ok(tx.look().await?.map_or_else(OwnLook::default, |look| OwnLook {
        words: look.words.0,
        revision: look.revision,
        colour: look.colour,
        logo: Look::of(OwnWords::default(), &look.version, false, look.has_logo).logo,
    }))
}

/// The own words of the organisation, for whoever looks at a public form before it is public.
///
/// # Errors
/// The database does not answer.
pub async fn words(core: &Core, by: Permit<'_, ManageIntake>) -> CoreResult<OwnWords> {
    let mut tx = core.store.read(by.staff()).await?;
    Ok(tx.look().await?.map(|look| look.words.0).unwrap_or_default())
}

/// Sets the words of one language.
///
/// # Errors
/// Fields, see [`OwnWords::read`]; `concurrent_modification` if somebody else has changed the words since they were read.
pub async fn set_words(
    core: &Core,
    by: Permit<'_, ManagePortalLook>,
    locale: Locale,
    revision: i64,
    typed: impl Fn(&str) -> String,
) -> CoreResult<()> {
    let mut tx = core.store.begin(by.staff()).await?;
    let stored = begin(core, &mut tx).await?;
    let words = stored.words.0.read(locale, typed).map_err(CoreError::invalid)?;
    if !tx.set_words(&words, revision).await? {
        return Err(CoreError::new(
            Problem::ConcurrentModification,
            "Somebody else has changed the words meanwhile.",
        ));
    }
    tx.audit(
        "portal_words.changed",
        organisation(by.staff()),
        json!({ "locale": locale.tag() }),
    );
    finish(core, tx).await
}

/// Checks words of one language as [`set_words`] does, and changes nothing.
///
/// # Errors
/// Fields, see [`OwnWords::read`].
pub async fn try_words(
    core: &Core,
    by: Permit<'_, ManagePortalLook>,
    locale: Locale,
    typed: impl Fn(&str) -> String,
) -> CoreResult<()> {
    let stored = get(core, by).await?;
    stored.words.read(locale, typed).map_err(CoreError::invalid)?;
    Ok(())
}

/// Sets or removes the colour.
///
/// # Errors
/// Field `colour`.
pub async fn set_colour(core: &Core, by: Permit<'_, ManagePortalLook>, colour: Option<&str>) -> CoreResult<()> {
    let colour = colour
        .map(|text| {
            Colour::read(text.trim())
                .ok_or_else(|| CoreError::field("colour", "invalid_colour", "A colour such as #7a1f5c is required."))
        })
        .transpose()?
        .map(Colour::text);
    let mut tx = core.store.begin(by.staff()).await?;
    begin(core, &mut tx).await?;
    tx.set_colour(colour.as_deref(), &version(core)).await?;
    tx.audit(
        "portal_look.colour_changed",
        organisation(by.staff()),
        json!({ "colour": colour }),
    );
    finish(core, tx).await
}

/// Sets or removes the logo.
///
/// # Errors
/// Field `logo`: no picture, too large, or not readable.
pub async fn set_logo(core: &Core, by: Permit<'_, ManagePortalLook>, logo: Option<Upload>) -> CoreResult<()> {
    let logo = match logo {
        Some(upload) => Some(core.files.decode(move || clean_logo(&upload)).await?),
        None => None,
    };
    let mut tx = core.store.begin(by.staff()).await?;
    begin(core, &mut tx).await?;
    tx.set_logo(logo.as_deref(), &version(core)).await?;
    tx.audit(
        "portal_look.logo_changed",
        organisation(by.staff()),
        json!({ "bytes": logo.as_ref().map(Vec::len) }),
    );
    finish(core, tx).await
}

async fn begin(core: &Core, tx: &mut TenantTx<'_, Staff>) -> CoreResult<StoredLook> {
    tx.begin_look(&version(core)).await?;
    tx.look().await?.ok_or_else(CoreError::not_found)
}

/// A name for the style sheet and the logo that was never there before and that nobody guesses.
fn version(core: &Core) -> String {
    crate::intake::fresh_token(core)
}

/// What the audit log names as changed.
fn organisation(staff: &Staff) -> String {
    staff.tenant.uuid().simple().to_string()
}

/// Whose door a page is that knows nobody yet.
#[derive(Debug, Clone)]
pub struct PortalDoor {
    /// The organisation as it shows itself.
    pub brand: Brand,
    /// The name in its addresses.
    pub slug: String,
    /// The language of the account that a link is for.
    pub locale: Option<Locale>,
}

impl PortalDoor {
    fn of(row: DoorRow, locale: Option<Locale>) -> Self {
        Self {
            brand: Brand {
                name: row.name,
                look: row.look,
            },
            slug: row.slug,
            locale,
        }
    }
}

/// Finds out whose door a page is: by the link in a mail that leads to it, by the organisation's name in its addresses, or
/// because there is only one organisation; `None` if nothing tells.
///
/// # Errors
/// The database does not answer.
pub async fn door(core: &Core, link: Option<&str>, slug: Option<&str>) -> CoreResult<Option<PortalDoor>> {
    let mut tx = core.store.read_system().await?;
    if let Some(token) = link
        && let Some((row, locale)) = tx.organisation_of_link(&fingerprint(token.as_bytes())).await?
    {
        return Ok(Some(PortalDoor::of(row, locale.as_deref().and_then(Locale::from_tag))));
    }
    if let Some(slug) = slug
        && let Some(row) = tx.organisation(slug).await?
    {
        return Ok(Some(PortalDoor::of(row, None)));
    }
    Ok(tx.only_organisation().await?.map(|row| PortalDoor::of(row, None)))
}

/// The style sheet with an organisation's colour.
///
/// # Errors
/// `not_found`.
pub async fn style_sheet(core: &Core, version: &str) -> CoreResult<String> {
    let mut tx = core.store.read_system().await?;
    let colour = tx.colour_of_version(version).await?;
    let colour = colour
        .and_then(|text| Colour::read(&text))
        .ok_or_else(CoreError::not_found)?;
    Ok(colour.shades().style_sheet())
}

/// An organisation's logo, a PNG.
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
