//! SQL statements for partner accounts, their invitations and the API usage of their source system.

use chrono::{DateTime, Utc};
use domain::ids::{PartnerId, PartnerKind, SourceSystemId, SourceSystemKind};
use domain::locale::Locale;
use serde_json::Value;
use sqlx::types::Json;
use uuid::Uuid;

use crate::db::Key;
use crate::db::StoreError;
use crate::db::purpose::{Administration, ChangesAccounts, SignIn};
use crate::db::{SystemTx, TenantTx};
use crate::identity::actors::{Administrator, Partner, TenantId};
use crate::identity::model::PartnerSummary;
use crate::identity::session_data::StoredSessionData;
use crate::identity::store::access::{EndedAccess, end_access};
use crate::identity::store::sessions::Realm;
use crate::integrations::model::UsageEntry;

/// The columns of a partner account that sign-in needs.
#[derive(Debug, Clone, sqlx::FromRow)]
pub(crate) struct PartnerIdentity {
    /// Whether the role must use two-factor authentication.
    pub is_factor_required: bool,
    /// Whether two-factor authentication is on.
    pub has_second_factor: bool,
    pub tenant_id: Uuid,
    pub epoch: i64,
    pub id: Key<PartnerKind>,
    pub password_hash: Option<String>,
    pub tenant_name: String,
    pub locked_at: Option<DateTime<Utc>>,
}

/// A partner session with its account.
#[derive(Debug, sqlx::FromRow)]
pub(crate) struct PartnerSession {
    pub tenant_id: Uuid,
    pub epoch: i64,
    pub has_second_factor: bool,
    pub id: Key<PartnerKind>,
    pub source_system_id: Key<SourceSystemKind>,
    pub source_key: String,
    pub display_name: String,
    pub locale: Option<String>,
    pub tenant_name: String,
    pub zone: String,
    pub last_seen_at: DateTime<Utc>,
    pub data: Json<StoredSessionData>,
    /// The tenant's sandbox, if there is one.
    pub sandbox_id: Option<Uuid>,
}

/// An invitation that can still be accepted.
#[derive(Debug, sqlx::FromRow)]
pub(crate) struct OpenInvitation {
    pub tenant_id: Uuid,
    pub id: Key<PartnerKind>,
    pub email: String,
    pub display_name: String,
    pub tenant_name: String,
    pub source_key: String,
}

/// The result of an import item, for error and warning rates.
#[derive(Debug, sqlx::FromRow)]
pub(crate) struct ItemResult {
    pub mapping: Json<Value>,
    pub warnings: Json<Value>,
    pub errors: Json<Value>,
}

const SELECT_PARTNERS_BY_EMAIL: &str = r"
    SELECT
        EXISTS (
            SELECT 1
            FROM two_factor_requirement AS requirement
            WHERE requirement.tenant_id = account.tenant_id AND requirement.role = 'partner'
        ) AS is_factor_required,
        account.second_factor IS NOT NULL AS has_second_factor, account.tenant_id, account.id, account.epoch,
        account.password_hash, tenant.name AS tenant_name, account.locked_at
    FROM partner_account AS account
    JOIN tenant ON tenant.id = account.tenant_id
    WHERE account.email = $1
    ORDER BY tenant.name
    LIMIT 8
";
const SELECT_PARTNER_OF_SESSION: &str = r"
    SELECT
        account.tenant_id, account.id, account.epoch, account.second_factor IS NOT NULL AS has_second_factor,
        account.source_system_id, source.key AS source_key,
        account.display_name, account.locale, tenant.name AS tenant_name, tenant.zone, session.last_seen_at,
        session.data, sandbox.id AS sandbox_id
    FROM partner_session AS session
    JOIN partner_account AS account ON account.tenant_id = session.tenant_id
        AND account.id = session.account_id
    JOIN tenant ON tenant.id = account.tenant_id
    JOIN source_system AS source ON source.tenant_id = account.tenant_id
        AND source.id = account.source_system_id
    LEFT JOIN tenant AS sandbox ON sandbox.live_tenant_id = tenant.id
    WHERE session.id_hash = $1
      AND session.expires_at > $2
      AND session.last_seen_at > $3
      AND session.signed_in_at > $4
      AND account.locked_at IS NULL
";
const SELECT_INVITATION: &str = r"
    SELECT
        account.tenant_id, account.id, account.email, account.display_name, tenant.name AS tenant_name,
        source.key AS source_key
    FROM partner_account AS account
    JOIN tenant ON tenant.id = account.tenant_id
    JOIN source_system AS source ON source.tenant_id = account.tenant_id
        AND source.id = account.source_system_id
    WHERE account.invitation_hash = $1
      AND account.invitation_expires_at > $2
      AND account.locked_at IS NULL
";
const ACCEPT_INVITATION: &str = r"
    UPDATE partner_account
    SET password_hash = $3, invitation_hash = NULL, invitation_expires_at = NULL
    WHERE tenant_id = $1
      AND id = $2
      AND invitation_hash = $4
      AND invitation_expires_at > $5
      AND locked_at IS NULL
";
const UPDATE_PASSWORD: &str = r"
    UPDATE partner_account
    SET password_hash = $3, invitation_hash = NULL, invitation_expires_at = NULL
    WHERE tenant_id = $1
      AND id = $2
";
const UPDATE_LOCK: &str = "UPDATE partner_account SET locked_at = $3 WHERE tenant_id = $1 AND id = $2";
const INSERT_INVITED_PARTNER: &str = r"
    INSERT INTO partner_account (
        tenant_id, id, source_system_id, email, display_name, invitation_hash, invitation_expires_at,
        invited_by, created_at
    )
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)
    ON CONFLICT (tenant_id, email) DO NOTHING
";
const UPDATE_INVITATION: &str = r"
    UPDATE partner_account
    SET invitation_hash = $4, invitation_expires_at = $5, invited_by = $6
    WHERE tenant_id = $1
      AND id = $2
      AND source_system_id = $3
      AND locked_at IS NULL
";
const SELECT_PARTNERS: &str = r"
    SELECT
        id, email, display_name, password_hash IS NOT NULL AS has_password, invitation_expires_at,
        locked_at, last_sign_in_at
    FROM partner_account
    WHERE tenant_id = $1
      AND source_system_id = $2
    ORDER BY display_name, id
    LIMIT 200
";
const UPDATE_LOCK_OF_SOURCE: &str = r"
    UPDATE partner_account
    SET locked_at = $3
    WHERE tenant_id = $1
      AND id = $2
      AND source_system_id = $4
";
const UPDATE_LOCALE: &str = "UPDATE partner_account SET locale = $3 WHERE tenant_id = $1 AND id = $2";
const SELECT_USAGE: &str = r"
    SELECT
        api_use.day, CAST(sum(api_use.answered) AS BIGINT) AS answered,
        CAST(sum(api_use.refused) AS BIGINT) AS refused, CAST(sum(api_use.limited) AS BIGINT) AS limited
    FROM api_use
    JOIN integration_client AS client ON client.tenant_id = api_use.tenant_id
        AND client.id = api_use.client_id
    WHERE api_use.tenant_id = $1
      AND client.source_system_id = $2
      AND api_use.day >= $3
    GROUP BY api_use.day
    ORDER BY api_use.day DESC
    LIMIT 14
";
const SELECT_LATEST_ITEMS: &str = r"
    SELECT item.mapping, item.warnings, item.errors
    FROM import_job AS job
    JOIN import_item AS item ON item.tenant_id = job.tenant_id AND item.job_id = job.id
    WHERE job.tenant_id = $1
      AND job.source_system_id = $2
      AND NOT job.dry_run
      AND item.outcome IS NOT NULL
    ORDER BY job.created_at DESC, job.id DESC, item.position
    LIMIT $3
";

impl<P> SystemTx<'_, P> {
    pub(crate) async fn partner_of_session(
        &mut self,
        id_hash: &[u8],
        idle_since: DateTime<Utc>,
        signed_in_since: DateTime<Utc>,
    ) -> Result<Option<PartnerSession>, StoreError> {
        self.tx
            .fetch_optional::<PartnerSession>(
                SELECT_PARTNER_OF_SESSION,
                (id_hash, self.now, idle_since, signed_in_since),
            )
            .await
    }

    pub(crate) async fn open_invitation(&mut self, hash: &[u8]) -> Result<Option<OpenInvitation>, StoreError> {
        self.tx
            .fetch_optional::<OpenInvitation>(SELECT_INVITATION, (hash, self.now))
            .await
    }
}

impl<P> SystemTx<'_, P> {
    pub(crate) async fn partners_by_email(&mut self, email: &str) -> Result<Vec<PartnerIdentity>, StoreError> {
        self.tx
            .fetch_all::<PartnerIdentity>(SELECT_PARTNERS_BY_EMAIL, (email,))
            .await
    }
}

impl SystemTx<'_, SignIn> {
    /// Sets the account's password and ends its access; false if the invitation was used or expired in the meantime.
    pub(crate) async fn accept_invitation(
        &mut self,
        tenant: TenantId,
        id: PartnerId,
        invitation: &[u8],
        password_hash: &str,
    ) -> Result<bool, StoreError> {
        let accepted = self
            .tx
            .execute(
                ACCEPT_INVITATION,
                (tenant.uuid(), id.uuid(), password_hash, invitation, self.now),
            )
            .await?;
        end_access(&mut self.tx, Realm::Partner, tenant, id.uuid()).await?;
        Ok(accepted == 1)
    }
}

impl SystemTx<'_, Administration> {
    /// Locks or unlocks an account; locking ends its access.
    pub(crate) async fn lock_partner(
        &mut self,
        tenant: TenantId,
        id: PartnerId,
        locked: bool,
    ) -> Result<(), StoreError> {
        let locked_at = locked.then_some(self.now);
        self.tx
            .execute(UPDATE_LOCK, (tenant.uuid(), id.uuid(), locked_at))
            .await?;
        if locked {
            end_access(&mut self.tx, Realm::Partner, tenant, id.uuid()).await?;
        }
        Ok(())
    }
}

impl<A: Administrator> TenantTx<'_, A> {
    /// Inserts an invited account for a source system; `None` if the email has an account in this tenant.
    pub(crate) async fn invite_partner(
        &mut self,
        source: SourceSystemId,
        email: &str,
        display_name: &str,
        invitation: (&[u8], DateTime<Utc>),
    ) -> Result<Option<PartnerId>, StoreError> {
        let id: PartnerId = self.new_id();
        let (tenant, now, by) = (self.tenant(), self.now, self.actor.label());
        let written = self
            .tx
            .execute(
                INSERT_INVITED_PARTNER,
                (
                    tenant,
                    id.uuid(),
                    source.uuid(),
                    email,
                    display_name,
                    invitation.0,
                    invitation.1,
                    by,
                    now,
                ),
            )
            .await?;
        Ok((written == 1).then_some(id))
    }

    /// Replaces the invitation of an account; false if there is no such account or it is locked.
    pub(crate) async fn replace_invitation(
        &mut self,
        source: SourceSystemId,
        id: PartnerId,
        invitation: (&[u8], DateTime<Utc>),
    ) -> Result<bool, StoreError> {
        let (tenant, by) = (self.tenant(), self.actor.label());
        let written = self
            .tx
            .execute(
                UPDATE_INVITATION,
                (tenant, id.uuid(), source.uuid(), invitation.0, invitation.1, by),
            )
            .await?;
        Ok(written == 1)
    }

    pub(crate) async fn partners_of_source(
        &mut self,
        source: SourceSystemId,
    ) -> Result<Vec<PartnerSummary>, StoreError> {
        let tenant = self.tenant();
        self.tx
            .fetch_all::<PartnerSummary>(SELECT_PARTNERS, (tenant, source.uuid()))
            .await
    }

    /// Locks or unlocks an account of a source system; false if there is none. Locking ends its access.
    pub(crate) async fn lock_partner_of_source(
        &mut self,
        source: SourceSystemId,
        id: PartnerId,
        locked: bool,
    ) -> Result<bool, StoreError> {
        let (tenant, locked_at) = (self.tenant(), locked.then_some(self.now));
        let found = self
            .tx
            .execute(UPDATE_LOCK_OF_SOURCE, (tenant, id.uuid(), locked_at, source.uuid()))
            .await?
            == 1;
        if found && locked {
            let tenant = self.tenant_id();
            end_access(&mut self.tx, Realm::Partner, tenant, id.uuid()).await?;
        }
        Ok(found)
    }
}

impl<P: ChangesAccounts> SystemTx<'_, P> {
    /// Sets a password and ends the access and the invitation of the account.
    pub(crate) async fn set_partner_password(
        &mut self,
        tenant: TenantId,
        id: PartnerId,
        password_hash: &str,
    ) -> Result<EndedAccess, StoreError> {
        self.tx
            .execute(UPDATE_PASSWORD, (tenant.uuid(), id.uuid(), password_hash))
            .await?;
        end_access(&mut self.tx, Realm::Partner, tenant, id.uuid()).await
    }
}

impl TenantTx<'_, Partner> {
    /// Returns the results of the source's latest items, without dry runs.
    pub(crate) async fn latest_items(&mut self, limit: i64) -> Result<Vec<ItemResult>, StoreError> {
        let (tenant, source) = (self.tenant(), self.actor.source_system().uuid());
        self.tx
            .fetch_all::<ItemResult>(SELECT_LATEST_ITEMS, (tenant, source, limit))
            .await
    }
}

/// In test mode the actor's tenant is the sandbox, but accounts and API usage are stored with the live tenant.
impl<P> SystemTx<'_, P> {
    /// Returns the daily API usage of the source's clients.
    pub(crate) async fn usage_of_source(&mut self, by: &Partner, since: &str) -> Result<Vec<UsageEntry>, StoreError> {
        let (tenant, source) = (by.live_tenant.uuid(), by.source_system.uuid());
        self.tx
            .fetch_all::<UsageEntry>(SELECT_USAGE, (tenant, source, since))
            .await
    }
}

impl SystemTx<'_, SignIn> {
    pub(crate) async fn set_partner_locale(&mut self, by: &Partner, locale: Locale) -> Result<(), StoreError> {
        let (tenant, id) = (by.live_tenant.uuid(), by.id.uuid());
        self.tx
            .execute(UPDATE_LOCALE, (tenant, id, locale.tag()))
            .await
            .map(drop)
    }
}
