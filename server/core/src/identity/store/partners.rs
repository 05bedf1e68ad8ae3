//! Partner accounts, and what a partner sees: the jobs, items and calls of its own source system.

use chrono::{DateTime, Utc};
use domain::ids::{PartnerId, PartnerKind, SourceSystemId, SourceSystemKind};
use domain::locale::Locale;
use serde_json::Value;
use sqlx::types::Json;
use uuid::Uuid;

use crate::db::Key;
use crate::db::{StoreError, all, maybe, run};
use crate::db::{SystemTx, TenantTx};
use crate::identity::actors::{Administrator, Partner, TenantId};
use crate::identity::model::PartnerLine;
use crate::integrations::model::UseLine;

/// What sign-in needs of a partner's account.
#[derive(Debug, Clone, sqlx::FromRow)]
pub(crate) struct PartnerIdentity {
    pub tenant_id: Uuid,
    pub id: Key<PartnerKind>,
    pub password_hash: Option<String>,
    pub tenant_name: String,
    pub locked_at: Option<DateTime<Utc>>,
}

/// A partner session with its account.
#[derive(Debug, sqlx::FromRow)]
pub(crate) struct PartnerSession {
    pub tenant_id: Uuid,
    pub id: Key<PartnerKind>,
    pub source_system_id: Key<SourceSystemKind>,
    pub source_key: String,
    pub display_name: String,
    pub locale: Option<String>,
    pub tenant_name: String,
    pub zone: String,
    pub last_seen_at: DateTime<Utc>,
    pub data: Json<Value>,
    /// Where the tenant's test data is, if there is any.
    pub twin_id: Option<Uuid>,
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

/// What an item came to, for the rates.
#[derive(Debug, sqlx::FromRow)]
pub(crate) struct ItemNotes {
    pub mapping: Json<Value>,
    pub warnings: Json<Value>,
    pub errors: Json<Value>,
}

const BY_EMAIL: &str = "SELECT a.tenant_id, a.id, a.password_hash, t.name AS tenant_name, a.locked_at \
    FROM partner_account a JOIN tenant t ON t.id = a.tenant_id WHERE a.email = $1 ORDER BY t.name LIMIT 8";
const SIGNED_IN: &str = "UPDATE partner_account SET last_sign_in_at = $3 WHERE tenant_id = $1 AND id = $2";
const OF_SESSION: &str = "SELECT a.tenant_id, a.id, a.source_system_id, src.key AS source_key, a.display_name, a.locale, t.name AS tenant_name, t.zone, s.last_seen_at, s.data, twin.id AS twin_id \
    FROM partner_session s JOIN partner_account a ON a.tenant_id = s.tenant_id AND a.id = s.account_id JOIN tenant t ON t.id = a.tenant_id \
    JOIN source_system src ON src.tenant_id = a.tenant_id AND src.id = a.source_system_id LEFT JOIN tenant twin ON twin.live_tenant_id = t.id \
    WHERE s.id_hash = $1 AND s.expires_at > $2 AND s.last_seen_at > $3 AND s.signed_in_at > $4 AND a.locked_at IS NULL";
const INVITATION: &str = "SELECT a.tenant_id, a.id, a.email, a.display_name, t.name AS tenant_name, src.key AS source_key \
    FROM partner_account a JOIN tenant t ON t.id = a.tenant_id JOIN source_system src ON src.tenant_id = a.tenant_id AND src.id = a.source_system_id \
    WHERE a.invitation_hash = $1 AND a.invitation_expires_at > $2 AND a.locked_at IS NULL";
const ACCEPT: &str = "UPDATE partner_account SET password_hash = $3, invitation_hash = NULL, invitation_expires_at = NULL \
    WHERE tenant_id = $1 AND id = $2 AND invitation_hash = $4 AND invitation_expires_at > $5";
const SET_PASSWORD: &str = "UPDATE partner_account SET password_hash = $3, invitation_hash = NULL, invitation_expires_at = NULL WHERE tenant_id = $1 AND id = $2";
const LOCK: &str = "UPDATE partner_account SET locked_at = $3 WHERE tenant_id = $1 AND id = $2";
const INVITE: &str = "INSERT INTO partner_account (tenant_id, id, source_system_id, email, display_name, invitation_hash, invitation_expires_at, invited_by, created_at) \
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9) ON CONFLICT (tenant_id, email) DO NOTHING";
const INVITE_AGAIN: &str = "UPDATE partner_account SET invitation_hash = $4, invitation_expires_at = $5, invited_by = $6 \
    WHERE tenant_id = $1 AND id = $2 AND source_system_id = $3 AND locked_at IS NULL";
const LINES: &str = "SELECT id, email, display_name, password_hash IS NOT NULL AS has_password, invitation_expires_at, locked_at, last_sign_in_at \
    FROM partner_account WHERE tenant_id = $1 AND source_system_id = $2 ORDER BY display_name, id LIMIT 200";
const LOCK_OF_SOURCE: &str =
    "UPDATE partner_account SET locked_at = $3 WHERE tenant_id = $1 AND id = $2 AND source_system_id = $4";
const END_SESSIONS: &str = "DELETE FROM partner_session WHERE tenant_id = $1 AND account_id = $2";
const SET_LOCALE: &str = "UPDATE partner_account SET locale = $3 WHERE tenant_id = $1 AND id = $2";
const OWN_USE: &str = "SELECT u.day, CAST(sum(u.answered) AS BIGINT) AS answered, CAST(sum(u.refused) AS BIGINT) AS refused, CAST(sum(u.limited) AS BIGINT) AS limited \
    FROM api_use u JOIN integration_client c ON c.tenant_id = u.tenant_id AND c.id = u.client_id \
    WHERE u.tenant_id = $1 AND c.source_system_id = $2 AND u.day >= $3 GROUP BY u.day ORDER BY u.day DESC LIMIT 14";
const LATEST_ITEMS: &str = "SELECT i.mapping, i.warnings, i.errors FROM import_job j JOIN import_item i ON i.tenant_id = j.tenant_id AND i.job_id = j.id \
    WHERE j.tenant_id = $1 AND j.source_system_id = $2 AND NOT j.dry_run AND i.outcome IS NOT NULL ORDER BY j.created_at DESC, j.id DESC, i.position LIMIT $3";

impl SystemTx<'_> {
    pub(crate) async fn partners_by_email(&mut self, email: &str) -> Result<Vec<PartnerIdentity>, StoreError> {
        all!(&mut self.tx, PartnerIdentity, BY_EMAIL, email)
    }

    pub(crate) async fn partner_signed_in(&mut self, tenant: TenantId, id: PartnerId) -> Result<(), StoreError> {
        run!(&mut self.tx, SIGNED_IN, tenant.uuid(), id.uuid(), self.now).map(drop)
    }

    pub(crate) async fn partner_of_session(
        &mut self,
        id_hash: &[u8],
        idle_since: DateTime<Utc>,
        signed_in_since: DateTime<Utc>,
    ) -> Result<Option<PartnerSession>, StoreError> {
        maybe!(
            &mut self.tx,
            PartnerSession,
            OF_SESSION,
            id_hash,
            self.now,
            idle_since,
            signed_in_since
        )
    }

    pub(crate) async fn open_invitation(&mut self, hash: &[u8]) -> Result<Option<OpenInvitation>, StoreError> {
        maybe!(&mut self.tx, OpenInvitation, INVITATION, hash, self.now)
    }

    /// Gives the account its first or a new password; false if the invitation was used or has ended meanwhile. Sessions
    /// from before end.
    pub(crate) async fn accept_invitation(
        &mut self,
        tenant: TenantId,
        id: PartnerId,
        invitation: &[u8],
        password_hash: &str,
    ) -> Result<bool, StoreError> {
        let accepted = run!(
            &mut self.tx,
            ACCEPT,
            tenant.uuid(),
            id.uuid(),
            password_hash,
            invitation,
            self.now
        )?;
        self.end_partner_sessions(tenant, id).await?;
        Ok(accepted == 1)
    }

    /// Sets a password and ends every session and invitation of the account.
    pub(crate) async fn set_partner_password(
        &mut self,
        tenant: TenantId,
        id: PartnerId,
        password_hash: &str,
    ) -> Result<(), StoreError> {
        run!(&mut self.tx, SET_PASSWORD, tenant.uuid(), id.uuid(), password_hash)?;
        self.end_partner_sessions(tenant, id).await
    }

    /// Locks or unlocks an account; locking ends its sessions.
    pub(crate) async fn lock_partner(
        &mut self,
        tenant: TenantId,
        id: PartnerId,
        locked: bool,
    ) -> Result<(), StoreError> {
        let locked_at = locked.then_some(self.now);
        run!(&mut self.tx, LOCK, tenant.uuid(), id.uuid(), locked_at)?;
        if locked {
            self.end_partner_sessions(tenant, id).await?;
        }
        Ok(())
    }
}

impl<A: Administrator> TenantTx<'_, A> {
    /// Invites somebody to see a source system; `None` if the address has an account in this tenant.
    pub(crate) async fn invite_partner(
        &mut self,
        source: SourceSystemId,
        email: &str,
        display_name: &str,
        invitation: (&[u8], DateTime<Utc>),
    ) -> Result<Option<PartnerId>, StoreError> {
        let id: PartnerId = self.new_id();
        let (tenant, now, by) = (self.tenant(), self.now, self.actor.label());
        let written = run!(
            &mut self.tx,
            INVITE,
            tenant,
            id.uuid(),
            source.uuid(),
            email,
            display_name,
            invitation.0,
            invitation.1,
            by,
            now
        )?;
        Ok((written == 1).then_some(id))
    }

    /// Makes a new invitation for an account, the old one ends; false if there is no such account or it is locked.
    pub(crate) async fn invite_partner_again(
        &mut self,
        source: SourceSystemId,
        id: PartnerId,
        invitation: (&[u8], DateTime<Utc>),
    ) -> Result<bool, StoreError> {
        let (tenant, by) = (self.tenant(), self.actor.label());
        let written = run!(
            &mut self.tx,
            INVITE_AGAIN,
            tenant,
            id.uuid(),
            source.uuid(),
            invitation.0,
            invitation.1,
            by
        )?;
        Ok(written == 1)
    }

    pub(crate) async fn partners_of(&mut self, source: SourceSystemId) -> Result<Vec<PartnerLine>, StoreError> {
        let tenant = self.tenant();
        all!(&mut self.tx, PartnerLine, LINES, tenant, source.uuid())
    }

    /// Locks or unlocks an account of a source system; false if there is none. Locking ends its sessions.
    pub(crate) async fn lock_partner_of(
        &mut self,
        source: SourceSystemId,
        id: PartnerId,
        locked: bool,
    ) -> Result<bool, StoreError> {
        let (tenant, locked_at) = (self.tenant(), locked.then_some(self.now));
        let found = run!(
            &mut self.tx,
            LOCK_OF_SOURCE,
            tenant,
            id.uuid(),
            locked_at,
            source.uuid()
        )? == 1;
        if found && locked {
            run!(&mut self.tx, END_SESSIONS, tenant, id.uuid())?;
        }
        Ok(found)
    }
}

impl TenantTx<'_, Partner> {
    /// What the latest items of the source came to, dry runs left out.
    pub(crate) async fn latest_items(&mut self, limit: i64) -> Result<Vec<ItemNotes>, StoreError> {
        let (tenant, source) = (self.tenant(), self.actor.source_system.uuid());
        all!(&mut self.tx, ItemNotes, LATEST_ITEMS, tenant, source, limit)
    }
}

/// A look at test data is a look at the twin, but accounts and calls are kept once, with the live tenant.
impl SystemTx<'_> {
    /// How often the clients of a partner's source called, a line a day.
    pub(crate) async fn use_of_partner(&mut self, by: &Partner, since: &str) -> Result<Vec<UseLine>, StoreError> {
        let (tenant, source) = (by.live_tenant.uuid(), by.source_system.uuid());
        all!(&mut self.tx, UseLine, OWN_USE, tenant, source, since)
    }

    pub(crate) async fn set_partner_locale(&mut self, by: &Partner, locale: Locale) -> Result<(), StoreError> {
        let (tenant, id) = (by.live_tenant.uuid(), by.id.uuid());
        run!(&mut self.tx, SET_LOCALE, tenant, id, locale.tag()).map(drop)
    }
}
