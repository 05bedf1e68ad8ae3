//! Statements for the branding and terminology of a tenant's portal.

use domain::branding::OrganisationContact;
use domain::terminology::Terminology;
use sqlx::types::Json;

use crate::db::StoreError;
use crate::db::{SystemTx, TenantTx};
use crate::identity::actors::{Branding, Staff};

/// The columns of [`BrandingRow`]; the statement must join `portal_branding`.
macro_rules! branding_columns {
    () => {
        r"
            portal_branding.words AS look_words, portal_branding.version AS look_version,
            portal_branding.colour IS NOT NULL AS has_colour, portal_branding.logo IS NOT NULL AS has_logo,
            portal_branding.organisation_phone, portal_branding.organisation_email,
            portal_branding.organisation_hours, portal_branding.organisation_emergency,
            portal_branding.organisation_privacy, portal_branding.organisation_imprint
        "
    };
}
pub(crate) use branding_columns;

/// The branding columns, to be flattened into another row.
#[derive(Debug, Clone, sqlx::FromRow)]
pub(crate) struct BrandingRow {
    look_words: Option<Json<Terminology>>,
    look_version: Option<String>,
    has_colour: bool,
    has_logo: bool,
    #[sqlx(flatten)]
    contact: ContactColumns,
}

/// How customers reach the organisation, to be flattened into another row.
#[derive(Debug, Clone, Default, sqlx::FromRow)]
pub(crate) struct ContactColumns {
    organisation_phone: Option<String>,
    organisation_email: Option<String>,
    organisation_hours: Option<String>,
    organisation_emergency: Option<String>,
    organisation_privacy: Option<String>,
    organisation_imprint: Option<String>,
}

impl From<ContactColumns> for OrganisationContact {
    fn from(row: ContactColumns) -> Self {
        Self {
            phone: row.organisation_phone,
            email: row.organisation_email,
            hours: row.organisation_hours,
            emergency: row.organisation_emergency,
            privacy: row.organisation_privacy,
            imprint: row.organisation_imprint,
        }
    }
}

impl From<BrandingRow> for Branding {
    fn from(row: BrandingRow) -> Self {
        let branding = Self::of(
            row.look_words.map(|words| words.0).unwrap_or_default(),
            &row.look_version.unwrap_or_default(),
            row.has_colour,
            row.has_logo,
        );
        Self {
            contact: row.contact.into(),
            ..branding
        }
    }
}

/// The branding as configured by staff.
#[derive(Debug, Clone, sqlx::FromRow)]
pub(crate) struct StoredBranding {
    pub words: Json<Terminology>,
    pub revision: i64,
    pub colour: Option<String>,
    pub has_logo: bool,
    pub version: String,
    #[sqlx(flatten)]
    pub contact: ContactColumns,
}

#[derive(sqlx::FromRow)]
struct OrganisationColumns {
    slug: String,
    name: String,
    #[sqlx(flatten)]
    branding: BrandingRow,
}

const SELECT_BRANDING: &str = r"
    SELECT
        words, revision, colour, logo IS NOT NULL AS has_logo, version, organisation_phone, organisation_email,
        organisation_hours, organisation_emergency, organisation_privacy, organisation_imprint
    FROM portal_branding
    WHERE tenant_id = $1
";
const INSERT_BRANDING: &str = r"
    INSERT INTO portal_branding (tenant_id, words, revision, version, updated_at)
    VALUES ($1, $2, 0, $3, $4)
    ON CONFLICT (tenant_id) DO NOTHING
";
const UPDATE_TERMINOLOGY: &str = r"
    UPDATE portal_branding
    SET words = $3, revision = revision + 1, updated_at = $4
    WHERE tenant_id = $1
      AND revision = $2
";
const UPDATE_COLOUR: &str = r"
    UPDATE portal_branding
    SET colour = $2, version = $3, updated_at = $4
    WHERE tenant_id = $1
";
const UPDATE_LOGO: &str = "UPDATE portal_branding SET logo = $2, version = $3, updated_at = $4 WHERE tenant_id = $1";
const UPDATE_CONTACT: &str = r"
    UPDATE portal_branding
    SET organisation_phone = $2, organisation_email = $3, organisation_hours = $4, organisation_emergency = $6,
        organisation_privacy = $7, organisation_imprint = $8, updated_at = $5
    WHERE tenant_id = $1
";
/// Two rows suffice to know whether there is only one organisation.
const SELECT_ORGANISATIONS: &str = concat!(
    "SELECT tenant.slug, tenant.name, ",
    branding_columns!(),
    r"
        FROM tenant
        LEFT JOIN portal_branding ON portal_branding.tenant_id = tenant.id
        WHERE tenant.live_tenant_id IS NULL
        ORDER BY tenant.id
        LIMIT 2
    "
);
const SELECT_ORGANISATION: &str = concat!(
    "SELECT tenant.slug, tenant.name, ",
    branding_columns!(),
    r"
        FROM tenant
        LEFT JOIN portal_branding ON portal_branding.tenant_id = tenant.id
        WHERE tenant.slug = $1
          AND tenant.live_tenant_id IS NULL
    "
);
/// The organisation of a portal link, used or not, and the language of the account that it was sent to.
const SELECT_ORGANISATION_OF_LINK: &str = concat!(
    "SELECT account.locale, tenant.slug, tenant.name, ",
    branding_columns!(),
    r"
        FROM portal_link AS link
        JOIN portal_account AS account ON account.tenant_id = link.tenant_id
            AND account.id = link.portal_account_id
        JOIN tenant ON tenant.id = link.tenant_id
        LEFT JOIN portal_branding ON portal_branding.tenant_id = tenant.id
        WHERE link.token_hash = $1
    "
);
const SELECT_COLOUR: &str = r"
    SELECT colour
    FROM portal_branding
    WHERE version = $1
      AND colour IS NOT NULL
";
const SELECT_LOGO: &str = r"
    SELECT logo
    FROM portal_branding
    WHERE version = $1
      AND logo IS NOT NULL
";

/// An organisation with its branding.
pub(crate) struct OrganisationRow {
    pub slug: String,
    pub name: String,
    pub branding: Branding,
}

impl From<OrganisationColumns> for OrganisationRow {
    fn from(row: OrganisationColumns) -> Self {
        Self {
            slug: row.slug,
            name: row.name,
            branding: row.branding.into(),
        }
    }
}

#[derive(sqlx::FromRow)]
struct LinkOrganisationRow {
    locale: Option<String>,
    #[sqlx(flatten)]
    organisation: OrganisationColumns,
}

impl TenantTx<'_, Staff> {
    pub(crate) async fn branding(&mut self) -> Result<Option<StoredBranding>, StoreError> {
        let tenant = self.tenant();
        self.tx
            .fetch_optional::<StoredBranding>(SELECT_BRANDING, (tenant,))
            .await
    }

    /// Inserts the row that the other statements update, if it is missing.
    pub(crate) async fn ensure_branding(&mut self, version: &str) -> Result<(), StoreError> {
        let (tenant, now) = (self.tenant(), self.now);
        self.tx
            .execute(INSERT_BRANDING, (tenant, Json(Terminology::default()), version, now))
            .await
            .map(drop)
    }

    /// Sets the terminology; false if it was changed since `revision` was read.
    pub(crate) async fn set_terminology(&mut self, words: &Terminology, revision: i64) -> Result<bool, StoreError> {
        let (tenant, now) = (self.tenant(), self.now);
        Ok(self
            .tx
            .execute(UPDATE_TERMINOLOGY, (tenant, revision, Json(words), now))
            .await?
            == 1)
    }

    pub(crate) async fn set_colour(&mut self, colour: Option<&str>, version: &str) -> Result<(), StoreError> {
        let (tenant, now) = (self.tenant(), self.now);
        self.tx
            .execute(UPDATE_COLOUR, (tenant, colour, version, now))
            .await
            .map(drop)
    }

    pub(crate) async fn set_organisation_contact(&mut self, contact: &OrganisationContact) -> Result<(), StoreError> {
        let (tenant, now) = (self.tenant(), self.now);
        let OrganisationContact {
            phone,
            email,
            hours,
            emergency,
            privacy,
            imprint,
        } = contact;
        let binds = (
            tenant,
            phone.as_deref(),
            email.as_deref(),
            hours.as_deref(),
            now,
            emergency.as_deref(),
            privacy.as_deref(),
            imprint.as_deref(),
        );
        self.tx.execute(UPDATE_CONTACT, binds).await.map(drop)
    }

    pub(crate) async fn set_logo(&mut self, logo: Option<&[u8]>, version: &str) -> Result<(), StoreError> {
        let (tenant, now) = (self.tenant(), self.now);
        self.tx
            .execute(UPDATE_LOGO, (tenant, logo, version, now))
            .await
            .map(drop)
    }
}

impl<P> SystemTx<'_, P> {
    /// Returns the only organisation of an installation with its branding; `None` if there are several.
    pub(crate) async fn only_organisation(&mut self) -> Result<Option<OrganisationRow>, StoreError> {
        let mut found = self
            .tx
            .fetch_all::<OrganisationColumns>(SELECT_ORGANISATIONS, ())
            .await?;
        Ok(match (found.pop(), found.is_empty()) {
            (Some(only), true) => Some(only.into()),
            _ => None,
        })
    }

    /// Returns an organisation by its slug.
    pub(crate) async fn organisation(&mut self, slug: &str) -> Result<Option<OrganisationRow>, StoreError> {
        Ok(self
            .tx
            .fetch_optional::<OrganisationColumns>(SELECT_ORGANISATION, (slug,))
            .await?
            .map(Into::into))
    }

    /// Returns the organisation of a portal link and the language of its account.
    pub(crate) async fn organisation_of_link(
        &mut self,
        token_hash: &[u8],
    ) -> Result<Option<(OrganisationRow, Option<String>)>, StoreError> {
        Ok(self
            .tx
            .fetch_optional::<LinkOrganisationRow>(SELECT_ORGANISATION_OF_LINK, (token_hash,))
            .await?
            .map(|row| (row.organisation.into(), row.locale)))
    }

    pub(crate) async fn colour_of_version(&mut self, version: &str) -> Result<Option<String>, StoreError> {
        Ok(self
            .tx
            .fetch_optional::<(String,)>(SELECT_COLOUR, (version,))
            .await?
            .map(|(colour,)| colour))
    }

    pub(crate) async fn logo_of_version(&mut self, version: &str) -> Result<Option<Vec<u8>>, StoreError> {
        Ok(self
            .tx
            .fetch_optional::<(Vec<u8>,)>(SELECT_LOGO, (version,))
            .await?
            .map(|(logo,)| logo))
    }
}

#[cfg(test)]
mod tests {
    use domain::locale::Locale;

    use crate::clock::Clock;
    use crate::conformance::new_stores;
    use crate::identity::NewTenant;

    #[tokio::test]
    async fn only_organisation_several_tenants_returns_none() {
        for store in new_stores(&Clock::system()).await {
            let mut tx = store
                .begin_system::<crate::db::purpose::Administration>()
                .await
                .expect("begins");
            assert!(tx.only_organisation().await.expect("answers").is_none());
            for (slug, only) in [("one", Some("One")), ("two", None)] {
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
                let found = found.map(|organisation| {
                    (
                        organisation.name,
                        organisation.branding.sheet.is_some() || organisation.branding.logo.is_some(),
                    )
                });
                assert_eq!(found, only.map(|name| (name.to_owned(), false)));
            }
        }
    }
}
