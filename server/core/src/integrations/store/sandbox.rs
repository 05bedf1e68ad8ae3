//! The sandbox tenant of test keys.

use chrono::{DateTime, Utc};
use uuid::Uuid;

use crate::db::{StoreError, TenantTx, Tx};
use crate::identity::actors::Administrator;

/// The sandbox is a separate tenant with the same source systems, clients and gates. Data of test keys is therefore
/// isolated from live data in the same way as data of two tenants.
const INSERT_SANDBOX_TENANT: &str = r"
    INSERT INTO tenant (id, slug, name, zone, locale, shows_technician, is_demo, live_tenant_id, created_at)
    SELECT $2, slug || '~test', name, zone, locale, shows_technician, is_demo, id, $3
    FROM tenant
    WHERE id = $1
    ON CONFLICT (live_tenant_id) DO NOTHING
";
const COPY_SOURCES_TO_SANDBOX: &str = r"
    INSERT INTO source_system (
        tenant_id, id, key, create_customers, create_locations, create_contacts, auto_update,
        customer_required, problem_policy, duplicate_names, blocked_external_ids, created_at
    )
    SELECT
        sandbox.id, source.id, source.key, source.create_customers, source.create_locations,
        source.create_contacts, source.auto_update, source.customer_required, source.problem_policy,
        source.duplicate_names, source.blocked_external_ids, source.created_at
    FROM source_system AS source
    JOIN tenant AS sandbox ON sandbox.live_tenant_id = source.tenant_id
    WHERE source.tenant_id = $1
    ON CONFLICT (tenant_id, id)
    DO UPDATE SET
        create_customers = excluded.create_customers, create_locations = excluded.create_locations,
        create_contacts = excluded.create_contacts, auto_update = excluded.auto_update,
        customer_required = excluded.customer_required, problem_policy = excluded.problem_policy,
        duplicate_names = excluded.duplicate_names, blocked_external_ids = excluded.blocked_external_ids
";
const COPY_CLIENTS_TO_SANDBOX: &str = r"
    INSERT INTO integration_client (tenant_id, id, name, source_system_id, scopes, created_at, revoked_at)
    SELECT
        sandbox.id, client.id, client.name, client.source_system_id, client.scopes, client.created_at,
        client.revoked_at
    FROM integration_client AS client
    JOIN tenant AS sandbox ON sandbox.live_tenant_id = client.tenant_id
    WHERE client.tenant_id = $1
    ON CONFLICT (tenant_id, id)
    DO UPDATE SET scopes = excluded.scopes, revoked_at = excluded.revoked_at
";
const COPY_GATES_TO_SANDBOX: &str = r"
    INSERT INTO feature_gate (tenant_id, gate, enabled)
    SELECT sandbox.id, gate.gate, gate.enabled
    FROM feature_gate AS gate
    JOIN tenant AS sandbox ON sandbox.live_tenant_id = gate.tenant_id
    WHERE gate.tenant_id = $1
    ON CONFLICT (tenant_id, gate)
    DO UPDATE SET enabled = excluded.enabled
";

/// Updates the sandbox if there is one; `create` creates it.
async fn sync_sandbox_tenant(
    tx: &mut Tx,
    tenant: Uuid,
    create: Option<(Uuid, DateTime<Utc>)>,
) -> Result<(), StoreError> {
    if let Some((id, now)) = create {
        tx.execute(INSERT_SANDBOX_TENANT, (tenant, id, now)).await?;
    }
    for sql in [COPY_SOURCES_TO_SANDBOX, COPY_CLIENTS_TO_SANDBOX, COPY_GATES_TO_SANDBOX] {
        tx.execute(sql, (tenant,)).await?;
    }
    Ok(())
}

impl<A: Administrator> TenantTx<'_, A> {
    /// Updates the sandbox of the tenant if there is one; `create` creates it. The row-level security setting is
    /// widened to all tenants for these statements, since they write to another tenant, and restored afterwards.
    pub(crate) async fn sync_sandbox(&mut self, create: bool) -> Result<(), StoreError> {
        let tenant = self.tenant();
        let id = self.store.randomness.uuid_v7(self.now);
        self.tx.set_tenant("*").await?;
        sync_sandbox_tenant(&mut self.tx, tenant, create.then_some((id, self.now))).await?;
        self.tx.set_tenant(&tenant.to_string()).await
    }
}
