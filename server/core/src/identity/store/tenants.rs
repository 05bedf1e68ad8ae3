//! Statements for tenants, portal accounts and grants, for administration and demo data.

use chrono::{DateTime, Utc};
use domain::feature_gates::FeatureGate;
use domain::ids::{ContactId, CustomerId, GrantKind, Id, LocationId, PortalUserId};
use domain::locale::Locale;
use uuid::Uuid;

use crate::db::StoreError;
use crate::db::SystemTx;
use crate::db::dialect::{ALLOW_AUDIT_DELETION, FORBID_AUDIT_DELETION};
use crate::db::purpose::{Administration, KeyRotation};
use crate::identity::actors::TenantId;

/// A tenant to insert.
pub(crate) struct NewTenant<'a> {
    pub slug: &'a str,
    pub name: &'a str,
    pub zone: &'a str,
    pub locale: Locale,
    pub is_demo: bool,
}

/// A grant to insert.
pub(crate) struct NewGrant<'a> {
    pub account: PortalUserId,
    pub customer: CustomerId,
    pub location: Option<LocationId>,
    pub may_download: bool,
    pub sees_all_requests: bool,
    pub may_manage: bool,
    pub valid_from: DateTime<Utc>,
    pub valid_until: Option<DateTime<Utc>>,
    pub granted_by: &'a str,
    pub reason: &'a str,
}

const INSERT_TENANT: &str = r"
    INSERT INTO tenant (id, slug, name, zone, locale, shows_technician, is_demo, created_at)
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
";
const UPSERT_FEATURE_GATE: &str = r"
    INSERT INTO feature_gate (tenant_id, gate, enabled)
    VALUES ($1, $2, $3)
    ON CONFLICT (tenant_id, gate)
    DO UPDATE SET enabled = excluded.enabled
";
const INSERT_PORTAL_ACCOUNT: &str = r"
    INSERT INTO portal_account (
        tenant_id, id, contact_id, email, password_hash, locale, created_at, activated_at
    )
    VALUES ($1, $2, $3, $4, $5, $6, $7, $7)
";
const INSERT_GRANT: &str = r"
    INSERT INTO portal_grant (
        tenant_id, id, portal_account_id, customer_id, location_id, may_submit, may_see_appointments,
        may_see_reports, may_download, sees_all_requests, valid_from, valid_until, granted_by, reason,
        may_manage
    )
    VALUES ($1, $2, $3, $4, $5, $6, $6, $6, $7, $8, $9, $10, $11, $12, $13)
";
const REVOKE_GRANTS: &str = r"
    UPDATE portal_grant
    SET revoked_at = $2
    WHERE tenant_id = $1
      AND portal_account_id = $3
      AND revoked_at IS NULL
";
const COUNT_TENANTS: &str = "SELECT count(*), coalesce(sum(CASE WHEN is_demo THEN 0 ELSE 1 END), 0) FROM tenant";
const SELECT_WEBHOOK_SECRETS: &str = r"
    SELECT tenant_id, id, secret, signing_key
    FROM webhook_secret
    ORDER BY tenant_id, id
";
const UPDATE_WEBHOOK_SECRET: &str = r"
    UPDATE webhook_secret
    SET secret = $3, signing_key = $4
    WHERE tenant_id = $1
      AND id = $2
";
const SELECT_TENANT_IDS: &str = "SELECT id FROM tenant ORDER BY slug";

/// Tenant, ID, sealed secret and sealed signing key.
pub(crate) type SealedSecret = (Uuid, Uuid, Vec<u8>, Option<Vec<u8>>);

/// Defines the statements that delete the rows of all tenants and those of one tenant.
macro_rules! delete_tenant_rows {
    ($($table:literal,)*) => {
        const DELETE_ROWS_OF_ALL: &[&str] = &[$(concat!("DELETE FROM ", $table)),*];
        const DELETE_ROWS_OF_ONE: &[&str] = &[$(concat!("DELETE FROM ", $table, " WHERE tenant_id = $1")),*];
    };
}
// Every table with rows of tenants, children first. The audit log has statements of its own; the register of files is emptied by
// the worker, together with the content.
delete_tenant_rows! {
    "webhook_attempt",
    "webhook_replay",
    "webhook_delivery",
    "webhook_recovery",
    "event",
    "webhook_secret",
    "webhook_endpoint",
    "idempotency_key",
    "import_item",
    "import_job",
    "timeline_entry",
    "change_proposal",
    "billing_trigger",
    "follow_up",
    "released_attachment",
    "portal_release",
    "attachment",
    "visit_report",
    "day_photo",
    "day_entry",
    "visit_notice",
    "appointment",
    "classification_rule",
    "terminal",
    "slot_option",
    "slot_offer",
    "mail",
    "mail_unsubscribe",
    "decision_undo",
    "request_presence",
    "customer_message",
    "internal_note",
    "request_attachment",
    "request",
    "upload",
    "intake_form",
    "target",
    "external_reference",
    "api_key",
    "client_secret",
    "access_token",
    "api_use",
    "api_call",
    "integration_client",
    "password_link",
    "two_factor_requirement",
    "partner_recovery_code",
    "partner_session",
    "partner_passkey",
    "partner_account",
    "source_system",
    "staff_session",
    "portal_session",
    "invitation_count",
    "portal_link",
    "portal_grant",
    "portal_recovery_code",
    "portal_passkey",
    "portal_account",
    "portal_branding",
    "route_suggestion",
    "technician_absence",
    "technician",
    "staff_recovery_code",
    "staff_passkey",
    "staff_account",
    "contact",
    "location",
    "customer",
    "feature_gate",
    "draft",
    "audit_checkpoint",
    "search_entry",
    "search_stale",
    "counter",
}
/// Tables for people who are not known yet.
const DELETE_ANONYMOUS_ROWS: &[&str] = &[
    "DELETE FROM password_link_request",
    "DELETE FROM sign_in_throttle",
    "DELETE FROM known_network",
    "DELETE FROM portal_link_request",
];
const DELETE_AUDIT_ENTRIES: &str = "DELETE FROM audit_entry WHERE tenant_id = $1";
const DELETE_TENANT: &str = "DELETE FROM tenant WHERE id = $1";
const SELECT_SANDBOX: &str = "SELECT id FROM tenant WHERE live_tenant_id = $1";

impl<P> SystemTx<'_, P> {
    pub(crate) async fn tenant_ids(&mut self) -> Result<Vec<TenantId>, StoreError> {
        let rows: Vec<(Uuid,)> = self.tx.fetch_all::<(Uuid,)>(SELECT_TENANT_IDS, ()).await?;
        Ok(rows.into_iter().map(|(id,)| TenantId::from_uuid(id)).collect())
    }
}

impl SystemTx<'_, Administration> {
    pub(crate) async fn insert_tenant(&mut self, new: &NewTenant<'_>) -> Result<TenantId, StoreError> {
        let id = self.store.randomness.uuid_v7(self.now);
        self.tx
            .execute(
                INSERT_TENANT,
                (
                    id,
                    new.slug,
                    new.name,
                    new.zone,
                    new.locale.tag(),
                    true,
                    new.is_demo,
                    self.now,
                ),
            )
            .await?;
        Ok(TenantId::from_uuid(id))
    }

    pub(crate) async fn set_gate(
        &mut self,
        tenant: TenantId,
        gate: FeatureGate,
        enabled: bool,
    ) -> Result<(), StoreError> {
        self.tx
            .execute(UPSERT_FEATURE_GATE, (tenant.uuid(), gate.name(), enabled))
            .await
            .map(drop)
    }

    pub(crate) async fn insert_portal_account(
        &mut self,
        tenant: TenantId,
        contact: ContactId,
        email: &str,
        password_hash: &str,
        locale: Option<Locale>,
    ) -> Result<PortalUserId, StoreError> {
        let id: PortalUserId = Id::from_uuid(self.store.randomness.uuid_v7(self.now));
        self.tx
            .execute(
                INSERT_PORTAL_ACCOUNT,
                (
                    tenant.uuid(),
                    id.uuid(),
                    contact.uuid(),
                    email,
                    password_hash,
                    locale.map(Locale::tag),
                    self.now,
                ),
            )
            .await?;
        Ok(id)
    }

    pub(crate) async fn insert_grant(&mut self, tenant: TenantId, new: &NewGrant<'_>) -> Result<(), StoreError> {
        let id: Id<GrantKind> = Id::from_uuid(self.store.randomness.uuid_v7(self.now));
        self.tx
            .execute(
                INSERT_GRANT,
                (
                    tenant.uuid(),
                    id.uuid(),
                    new.account.uuid(),
                    new.customer.uuid(),
                    new.location.map(Id::uuid),
                    true,
                    new.may_download,
                    new.sees_all_requests,
                    new.valid_from,
                    new.valid_until,
                    new.granted_by,
                    new.reason,
                    new.may_manage,
                ),
            )
            .await?;
        Ok(())
    }

    pub(crate) async fn revoke_grants(&mut self, tenant: TenantId, account: PortalUserId) -> Result<u64, StoreError> {
        self.tx
            .execute(REVOKE_GRANTS, (tenant.uuid(), self.now, account.uuid()))
            .await
    }

    /// Empties every table. The caller must make sure that there are only demo tenants.
    pub(crate) async fn delete_all_tenant_data(&mut self) -> Result<(), StoreError> {
        for statement in DELETE_ROWS_OF_ALL.iter().chain(DELETE_ANONYMOUS_ROWS) {
            self.tx.execute(*statement, ()).await?;
        }
        self.tx.execute(&ALLOW_AUDIT_DELETION, ()).await?;
        self.tx.execute("DELETE FROM audit_entry", ()).await?;
        self.tx.execute(&FORBID_AUDIT_DELETION, ()).await?;
        self.tx.execute("DELETE FROM tenant", ()).await.map(drop)
    }

    /// Deletes a tenant and its sandbox with everything that belongs to them, except the register of their files.
    pub(crate) async fn delete_tenant(&mut self, tenant: TenantId) -> Result<(), StoreError> {
        let sandboxes = self.tx.fetch_all::<(Uuid,)>(SELECT_SANDBOX, (tenant.uuid(),)).await?;
        let tenants: Vec<Uuid> = sandboxes.into_iter().map(|(id,)| id).chain([tenant.uuid()]).collect();
        self.tx.execute(&ALLOW_AUDIT_DELETION, ()).await?;
        for id in tenants {
            for statement in DELETE_ROWS_OF_ONE {
                self.tx.execute(*statement, (id,)).await?;
            }
            self.tx.execute(DELETE_AUDIT_ENTRIES, (id,)).await?;
            self.tx.execute(DELETE_TENANT, (id,)).await?;
        }
        self.tx.execute(&FORBID_AUDIT_DELETION, ()).await.map(drop)
    }
}

impl<P> SystemTx<'_, P> {
    /// Returns the number of tenants and the number of those that are not demo tenants.
    pub(crate) async fn count_tenants(&mut self) -> Result<(i64, i64), StoreError> {
        self.tx.fetch_one::<(i64, i64)>(COUNT_TENANTS, ()).await
    }
}

impl SystemTx<'_, KeyRotation> {
    pub(crate) async fn webhook_secrets(&mut self) -> Result<Vec<SealedSecret>, StoreError> {
        self.tx.fetch_all::<SealedSecret>(SELECT_WEBHOOK_SECRETS, ()).await
    }

    pub(crate) async fn set_webhook_secret(
        &mut self,
        tenant: Uuid,
        id: Uuid,
        secret: &[u8],
        signing_key: Option<&[u8]>,
    ) -> Result<(), StoreError> {
        self.tx
            .execute(UPDATE_WEBHOOK_SECRET, (tenant, id, secret, signing_key))
            .await
            .map(drop)
    }
}
