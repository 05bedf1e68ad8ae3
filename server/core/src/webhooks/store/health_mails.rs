//! Who is told of the health of an endpoint, and what is still to be delivered to it.

use chrono::{DateTime, Utc};
use domain::ids::WebhookEndpointId;
use uuid::Uuid;

use crate::db::purpose::WebhookQueue;
use crate::db::{StoreError, SystemTx, TenantTx, Tx};
use crate::identity::actors::{Operator, Staff, TenantId};
use crate::notifications::{Notice, insert_notice};
use crate::webhooks::store::deliveries::EndpointKey;

/// A person who is told of the health of an endpoint.
#[derive(Debug, sqlx::FromRow)]
pub(crate) struct HealthReader {
    /// The live tenant, also of an endpoint of the sandbox.
    pub tenant_id: Uuid,
    pub is_staff: bool,
    pub email: String,
    pub locale: String,
    pub tenant_name: String,
    pub zone: String,
    pub url: String,
    pub source_key: String,
    pub is_sandbox: bool,
}

/// Administrators, and the partner users of the endpoint's source system. Those of a sandbox are accounts of the live tenant.
const SELECT_READERS: &str = r"
    SELECT
        live.id AS tenant_id, reader.is_staff, reader.email, coalesce(reader.locale, live.locale) AS locale,
        live.name AS tenant_name, live.zone, endpoint.url, source.key AS source_key,
        tenant.live_tenant_id IS NOT NULL AS is_sandbox
    FROM webhook_endpoint AS endpoint
    JOIN tenant ON tenant.id = endpoint.tenant_id
    JOIN tenant AS live ON live.id = coalesce(tenant.live_tenant_id, tenant.id)
    JOIN source_system AS source ON source.tenant_id = endpoint.tenant_id
        AND source.id = endpoint.source_system_id
    JOIN (
        SELECT
            staff.tenant_id, NULL AS source_system_id, (1 = 1) AS is_staff, staff.email, staff.locale
        FROM staff_account AS staff
        WHERE staff.role = 'admin'
          AND staff.locked_at IS NULL
        UNION ALL
        SELECT
            partner.tenant_id, partner.source_system_id, (1 = 0) AS is_staff, partner.email, partner.locale
        FROM partner_account AS partner
        WHERE partner.password_hash IS NOT NULL
          AND partner.locked_at IS NULL
    ) AS reader ON reader.tenant_id = live.id
        AND (reader.source_system_id IS NULL OR reader.source_system_id = endpoint.source_system_id)
    WHERE endpoint.tenant_id = $1
      AND endpoint.id = $2
    ORDER BY reader.email
    LIMIT 50
";
const SELECT_OLDEST_WAITING: &str = r"
    SELECT min(created_at)
    FROM webhook_delivery
    WHERE tenant_id = $1
      AND endpoint_id = $2
      AND status IN ('held', 'failed', 'pending')
      AND created_at >= $3
";
const UPDATE_WARNED: &str = r"
    UPDATE webhook_endpoint
    SET warned_at = $3
    WHERE tenant_id = $1
      AND id = $2
      AND (warned_at IS NULL OR warned_at <= $4)
";

async fn oldest_waiting(
    tx: &mut Tx,
    endpoint: EndpointKey,
    since: DateTime<Utc>,
) -> Result<Option<DateTime<Utc>>, StoreError> {
    type Row = (Option<DateTime<Utc>>,);
    let key = (endpoint.tenant_id, endpoint.endpoint_id, since);
    let (oldest,) = tx.fetch_one::<Row>(SELECT_OLDEST_WAITING, key).await?;
    Ok(oldest)
}

async fn readers(tx: &mut Tx, endpoint: EndpointKey) -> Result<Vec<HealthReader>, StoreError> {
    let key = (endpoint.tenant_id, endpoint.endpoint_id);
    tx.fetch_all::<HealthReader>(SELECT_READERS, key).await
}

/// A transaction that can tell people of the health of an endpoint.
pub(crate) trait HealthNotifier: Send {
    /// Returns when the oldest delivery that has not arrived was created, if not before `since`.
    fn oldest_waiting(
        &mut self,
        endpoint: EndpointKey,
        since: DateTime<Utc>,
    ) -> impl Future<Output = Result<Option<DateTime<Utc>>, StoreError>> + Send;
    /// Returns the people who are told.
    fn health_readers(
        &mut self,
        endpoint: EndpointKey,
    ) -> impl Future<Output = Result<Vec<HealthReader>, StoreError>> + Send;
    /// Enqueues an email to one of them.
    fn enqueue_health_mail(
        &mut self,
        tenant: TenantId,
        notice: &Notice<'_>,
    ) -> impl Future<Output = Result<(), StoreError>> + Send;
}

impl HealthNotifier for SystemTx<'_, WebhookQueue> {
    async fn oldest_waiting(
        &mut self,
        endpoint: EndpointKey,
        since: DateTime<Utc>,
    ) -> Result<Option<DateTime<Utc>>, StoreError> {
        oldest_waiting(&mut self.tx, endpoint, since).await
    }

    async fn health_readers(&mut self, endpoint: EndpointKey) -> Result<Vec<HealthReader>, StoreError> {
        readers(&mut self.tx, endpoint).await
    }

    async fn enqueue_health_mail(&mut self, tenant: TenantId, notice: &Notice<'_>) -> Result<(), StoreError> {
        let id = self.store.randomness.uuid_v7(self.now);
        insert_notice(&mut self.tx, tenant, id, self.now, notice).await
    }
}

impl SystemTx<'_, WebhookQueue> {
    /// Notes that people are told that an endpoint fails. Returns `false` if they were told after `before`.
    pub(crate) async fn mark_warned(
        &mut self,
        endpoint: EndpointKey,
        before: DateTime<Utc>,
    ) -> Result<bool, StoreError> {
        let key = (endpoint.tenant_id, endpoint.endpoint_id, self.now, before);
        Ok(self.tx.execute(UPDATE_WARNED, key).await? == 1)
    }
}

/// The row-level security setting is widened for each statement, because the accounts that are told of an endpoint of the
/// sandbox belong to the live tenant.
impl<A: Operator> HealthNotifier for TenantTx<'_, A> {
    async fn oldest_waiting(
        &mut self,
        endpoint: EndpointKey,
        since: DateTime<Utc>,
    ) -> Result<Option<DateTime<Utc>>, StoreError> {
        oldest_waiting(&mut self.tx, endpoint, since).await
    }

    async fn health_readers(&mut self, endpoint: EndpointKey) -> Result<Vec<HealthReader>, StoreError> {
        let tenant = self.tenant();
        self.tx.set_tenant("*").await?;
        let found = readers(&mut self.tx, endpoint).await?;
        self.tx.set_tenant(&tenant.to_string()).await?;
        Ok(found)
    }

    async fn enqueue_health_mail(&mut self, to: TenantId, notice: &Notice<'_>) -> Result<(), StoreError> {
        let (tenant, id) = (self.tenant(), self.store.randomness.uuid_v7(self.now));
        self.tx.set_tenant("*").await?;
        insert_notice(&mut self.tx, to, id, self.now, notice).await?;
        self.tx.set_tenant(&tenant.to_string()).await
    }
}

impl TenantTx<'_, Staff> {
    /// Returns when the oldest delivery that has not arrived was created, if not before `since`.
    pub(crate) async fn oldest_waiting_delivery(
        &mut self,
        endpoint: WebhookEndpointId,
        since: DateTime<Utc>,
    ) -> Result<Option<DateTime<Utc>>, StoreError> {
        let key = EndpointKey {
            tenant_id: self.tenant(),
            endpoint_id: endpoint.uuid(),
        };
        oldest_waiting(&mut self.tx, key, since).await
    }
}
