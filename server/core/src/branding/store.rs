//! How a tenant's portal looks and speaks.

use domain::public_words::OwnWords;
use sqlx::types::Json;

use crate::db::{StoreError, all, maybe, run};
use crate::db::{SystemTx, TenantTx};
use crate::identity::actors::{Look, Staff};

/// The columns of [`LookRow`], of a table that is joined as `w`.
macro_rules! look_columns {
    () => {
        "w.words AS look_words, w.version AS look_version, w.colour IS NOT NULL AS has_colour, w.logo IS NOT NULL AS has_logo"
    };
}
pub(crate) use look_columns;

/// The look beside whatever else a statement finds.
#[derive(Debug, Clone, sqlx::FromRow)]
pub(crate) struct LookRow {
    look_words: Option<Json<OwnWords>>,
    look_version: Option<String>,
    has_colour: bool,
    has_logo: bool,
}

impl From<LookRow> for Look {
    fn from(row: LookRow) -> Self {
        Self::of(
            row.look_words.map(|words| words.0).unwrap_or_default(),
            &row.look_version.unwrap_or_default(),
            row.has_colour,
            row.has_logo,
        )
    }
}

/// The look as the staff set it.
#[derive(Debug, Clone, sqlx::FromRow)]
pub(crate) struct StoredLook {
    pub words: Json<OwnWords>,
    pub revision: i64,
    pub colour: Option<String>,
    pub has_logo: bool,
    pub version: String,
}

#[derive(sqlx::FromRow)]
struct Named {
    slug: String,
    name: String,
    #[sqlx(flatten)]
    look: LookRow,
}

const OWN: &str =
    "SELECT words, revision, colour, logo IS NOT NULL AS has_logo, version FROM portal_look WHERE tenant_id = $1";
const INSERT: &str = "INSERT INTO portal_look (tenant_id, words, revision, version, updated_at) VALUES ($1, $2, 0, $3, $4) ON CONFLICT (tenant_id) DO NOTHING";
const SET_WORDS: &str = "UPDATE portal_look SET words = $3, revision = revision + 1, updated_at = $4 WHERE tenant_id = $1 AND revision = $2";
const SET_COLOUR: &str = "UPDATE portal_look SET colour = $2, version = $3, updated_at = $4 WHERE tenant_id = $1";
const SET_LOGO: &str = "UPDATE portal_look SET logo = $2, version = $3, updated_at = $4 WHERE tenant_id = $1";
/// Two, to know whether there is only one.
const ORGANISATIONS: &str = concat!(
    "SELECT t.slug, t.name, ",
    look_columns!(),
    " FROM tenant t LEFT JOIN portal_look w ON w.tenant_id = t.id WHERE t.live_tenant_id IS NULL ORDER BY t.id LIMIT 2"
);
const ORGANISATION: &str = concat!(
    "SELECT t.slug, t.name, ",
    look_columns!(),
    " FROM tenant t LEFT JOIN portal_look w ON w.tenant_id = t.id WHERE t.slug = $1 AND t.live_tenant_id IS NULL"
);
/// Whose door a link in a mail opens, or opened, and in which language its reader was written to.
const ORGANISATION_OF_LINK: &str = concat!(
    "SELECT a.locale, t.slug, t.name, ",
    look_columns!(),
    " FROM portal_link k JOIN portal_account a ON a.tenant_id = k.tenant_id AND a.id = k.portal_account_id \
     JOIN tenant t ON t.id = k.tenant_id LEFT JOIN portal_look w ON w.tenant_id = t.id \
     WHERE k.token_hash = $1"
);
const COLOUR: &str = "SELECT colour FROM portal_look WHERE version = $1 AND colour IS NOT NULL";
const LOGO: &str = "SELECT logo FROM portal_look WHERE version = $1 AND logo IS NOT NULL";

/// An organisation whose door it is.
pub(crate) struct DoorRow {
    pub slug: String,
    pub name: String,
    pub look: Look,
}

impl From<Named> for DoorRow {
    fn from(row: Named) -> Self {
        Self {
            slug: row.slug,
            name: row.name,
            look: row.look.into(),
        }
    }
}

#[derive(sqlx::FromRow)]
struct LinkDoor {
    locale: Option<String>,
    #[sqlx(flatten)]
    door: Named,
}

impl TenantTx<'_, Staff> {
    pub(crate) async fn look(&mut self) -> Result<Option<StoredLook>, StoreError> {
        let tenant = self.tenant();
        maybe!(&mut self.tx, StoredLook, OWN, tenant)
    }

    /// Makes the row that the rest changes, if it is not there.
    pub(crate) async fn begin_look(&mut self, version: &str) -> Result<(), StoreError> {
        let (tenant, now) = (self.tenant(), self.now);
        run!(&mut self.tx, INSERT, tenant, Json(OwnWords::default()), version, now).map(drop)
    }

    /// Sets the words; false if somebody else has changed them since they were read.
    pub(crate) async fn set_words(&mut self, words: &OwnWords, revision: i64) -> Result<bool, StoreError> {
        let (tenant, now) = (self.tenant(), self.now);
        Ok(run!(&mut self.tx, SET_WORDS, tenant, revision, Json(words), now)? == 1)
    }

    pub(crate) async fn set_colour(&mut self, colour: Option<&str>, version: &str) -> Result<(), StoreError> {
        let (tenant, now) = (self.tenant(), self.now);
        run!(&mut self.tx, SET_COLOUR, tenant, colour, version, now).map(drop)
    }

    pub(crate) async fn set_logo(&mut self, logo: Option<&[u8]>, version: &str) -> Result<(), StoreError> {
        let (tenant, now) = (self.tenant(), self.now);
        run!(&mut self.tx, SET_LOGO, tenant, logo, version, now).map(drop)
    }
}

impl SystemTx<'_> {
    /// The only organisation of an installation with its look; `None` if there are several.
    pub(crate) async fn only_organisation(&mut self) -> Result<Option<DoorRow>, StoreError> {
        let mut found = all!(&mut self.tx, Named, ORGANISATIONS)?;
        Ok(match (found.pop(), found.is_empty()) {
            (Some(only), true) => Some(only.into()),
            _ => None,
        })
    }

    /// An organisation by the name in its addresses.
    pub(crate) async fn organisation(&mut self, slug: &str) -> Result<Option<DoorRow>, StoreError> {
        Ok(maybe!(&mut self.tx, Named, ORGANISATION, slug)?.map(Into::into))
    }

    /// The organisation of a link in a mail, and the language of the account that it is for.
    pub(crate) async fn organisation_of_link(
        &mut self,
        token_hash: &[u8],
    ) -> Result<Option<(DoorRow, Option<String>)>, StoreError> {
        Ok(maybe!(&mut self.tx, LinkDoor, ORGANISATION_OF_LINK, token_hash)?.map(|row| (row.door.into(), row.locale)))
    }

    pub(crate) async fn colour_of_version(&mut self, version: &str) -> Result<Option<String>, StoreError> {
        Ok(maybe!(&mut self.tx, (String,), COLOUR, version)?.map(|(colour,)| colour))
    }

    pub(crate) async fn logo_of_version(&mut self, version: &str) -> Result<Option<Vec<u8>>, StoreError> {
        Ok(maybe!(&mut self.tx, (Vec<u8>,), LOGO, version)?.map(|(logo,)| logo))
    }
}

#[cfg(test)]
mod tests {
    use domain::locale::Locale;

    use crate::clock::Clock;
    use crate::conformance::new_stores;
    use crate::identity::NewTenant;

    #[tokio::test]
    async fn only_an_organisation_that_is_alone_is_known_at_the_door() {
        for store in new_stores(&Clock::system()).await {
            let mut tx = store.begin_system().await.expect("begins");
            assert!(tx.only_organisation().await.expect("answers").is_none());
            for (slug, alone) in [("one", Some("One")), ("two", None)] {
                let name = format!("{}{}", slug[..1].to_uppercase(), &slug[1..]);
                tx.insert_tenant(&NewTenant {
                    slug,
                    name: &name,
                    zone: "Europe/Berlin",
                    locale: Locale::En,
                    is_demo: false,
                })
                .await
                .expect("inserts");
                let found = tx.only_organisation().await.expect("answers");
                let found = found.map(|door| (door.name, door.look.sheet.is_some() || door.look.logo.is_some()));
                assert_eq!(found, alone.map(|name| (name.to_owned(), false)));
            }
        }
    }
}
