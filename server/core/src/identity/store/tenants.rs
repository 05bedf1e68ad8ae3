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

/// Empties every table with tenant rows, children first, for `demo --reset`.
const DELETE_TENANT_DATA: &[&str] = &[
    "DELETE FROM webhook_attempt",
    "DELETE FROM webhook_replay",
    "DELETE FROM webhook_delivery",
    "DELETE FROM webhook_recovery",
    "DELETE FROM event",
    "DELETE FROM webhook_secret",
    "DELETE FROM webhook_endpoint",
    "DELETE FROM idempotency_key",
    "DELETE FROM import_item",
    "DELETE FROM import_job",
    "DELETE FROM timeline_entry",
    "DELETE FROM change_proposal",
    "DELETE FROM billing_trigger",
    "DELETE FROM follow_up",
    "DELETE FROM released_attachment",
    "DELETE FROM portal_release",
    "DELETE FROM attachment",
    "DELETE FROM visit_report",
    "DELETE FROM day_photo",
    "DELETE FROM day_entry",
    "DELETE FROM appointment",
    "DELETE FROM classification_rule",
    "DELETE FROM terminal",
    "DELETE FROM slot_option",
    "DELETE FROM slot_offer",
    "DELETE FROM mail",
    "DELETE FROM mail_unsubscribe",
    "DELETE FROM decision_undo",
    "DELETE FROM request_presence",
    "DELETE FROM customer_message",
    "DELETE FROM internal_note",
    "DELETE FROM request_attachment",
    "DELETE FROM request",
    "DELETE FROM upload",
    "DELETE FROM intake_form",
    "DELETE FROM target",
    "DELETE FROM external_reference",
    "DELETE FROM api_key",
    "DELETE FROM client_secret",
    "DELETE FROM access_token",
    "DELETE FROM api_use",
    "DELETE FROM integration_client",
    "DELETE FROM password_link_request",
    "DELETE FROM password_link",
    "DELETE FROM two_factor_requirement",
    "DELETE FROM partner_recovery_code",
    "DELETE FROM partner_session",
    "DELETE FROM partner_account",
    "DELETE FROM source_system",
    "DELETE FROM sign_in_throttle",
    "DELETE FROM known_network",
    "DELETE FROM staff_session",
    "DELETE FROM portal_session",
    "DELETE FROM invitation_count",
    "DELETE FROM portal_link_request",
    "DELETE FROM portal_link",
    "DELETE FROM portal_grant",
    "DELETE FROM portal_recovery_code",
    "DELETE FROM portal_account",
    "DELETE FROM portal_branding",
    "DELETE FROM route_suggestion",
    "DELETE FROM technician_absence",
    "DELETE FROM technician",
    "DELETE FROM staff_recovery_code",
    "DELETE FROM staff_account",
    "DELETE FROM contact",
    "DELETE FROM location",
    "DELETE FROM customer",
    "DELETE FROM feature_gate",
    "DELETE FROM audit_checkpoint",
    "DELETE FROM counter",
];

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
        for statement in DELETE_TENANT_DATA {
            self.tx.execute(*statement, ()).await?;
        }
        self.tx.execute(&ALLOW_AUDIT_DELETION, ()).await?;
        self.tx.execute("DELETE FROM audit_entry", ()).await?;
        self.tx.execute(&FORBID_AUDIT_DELETION, ()).await?;
        self.tx.execute("DELETE FROM tenant", ()).await.map(drop)
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
