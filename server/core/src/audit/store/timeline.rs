//! Statements for the internal timeline. The portal shows a projection of it.

use chrono::{DateTime, Utc};
use domain::ids::{CustomerId, LocationId, RequestId, TargetId, TimelineKindMarker};

use sqlx::types::Json;

use crate::audit::NewTimelineEntry;
use crate::audit::model::TimelineEntry;
use crate::db::EngineSql;
use crate::db::StoreError;
use crate::db::TenantTx;
use crate::db::bulk::hex_id;
use crate::identity::actors::{MayAnnotate, Staff};

const INSERT_ENTRY: &str = r"
    INSERT INTO timeline_entry (
        tenant_id, id, kind, at, customer_id, location_id, target_id, request_id, actor
    )
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)
";
static INSERT_ENTRIES: EngineSql = EngineSql::new(
    r"
    INSERT INTO timeline_entry (
        tenant_id, id, kind, at, customer_id, location_id, target_id, request_id, actor
    )
    SELECT
        $1, input.id, input.kind, $3, input.customer_id, input.location_id, input.target_id,
        input.request_id, $4
    FROM jsonb_to_recordset($2) AS input (
        id UUID, kind TEXT, customer_id UUID, location_id UUID, target_id UUID, request_id UUID
    )
",
);
const UPDATE_CUSTOMER_OF_REQUEST: &str = r"
    UPDATE timeline_entry
    SET customer_id = $3, location_id = $4
    WHERE tenant_id = $1
      AND request_id = $2
";
const DELETE_DECISION: &str = r"
    DELETE FROM timeline_entry
    WHERE tenant_id = $1
      AND request_id = $2
      AND at = $3
      AND kind IN ('request_accepted', 'request_rejected')
";
const SELECT_ENTRIES_OF_CUSTOMER: &str = r"
    SELECT kind, at, target_id, request_id, actor
    FROM timeline_entry
    WHERE tenant_id = $1
      AND customer_id = $2
    ORDER BY at DESC, id DESC
    LIMIT $3
";
const SELECT_ENTRIES_OF_TARGET: &str = r"
    SELECT kind, at, target_id, request_id, actor
    FROM timeline_entry
    WHERE tenant_id = $1
      AND target_id = $2
    ORDER BY at DESC, id DESC
    LIMIT $3
";

impl<A: MayAnnotate> TenantTx<'_, A> {
    pub(crate) async fn add_timeline_entry(&mut self, entry: NewTimelineEntry) -> Result<(), StoreError> {
        let now = self.now;
        self.add_timeline_entry_at(entry, now).await
    }

    /// Adds an entry with a time in the past.
    pub(crate) async fn add_timeline_entry_at(
        &mut self,
        entry: NewTimelineEntry,
        at: DateTime<Utc>,
    ) -> Result<(), StoreError> {
        let (tenant, id, actor) = (self.tenant(), self.new_id::<TimelineKindMarker>(), self.actor.label());
        self.tx
            .execute(
                INSERT_ENTRY,
                (
                    tenant,
                    id.uuid(),
                    entry.kind.name(),
                    at,
                    entry.customer.map(domain::ids::Id::uuid),
                    entry.location.map(domain::ids::Id::uuid),
                    entry.target.map(domain::ids::Id::uuid),
                    entry.request.map(domain::ids::Id::uuid),
                    &actor,
                ),
            )
            .await?;
        Ok(())
    }

    pub(crate) async fn add_timeline_entries(&mut self, entries: &[NewTimelineEntry]) -> Result<(), StoreError> {
        if entries.is_empty() {
            return Ok(());
        }
        let rows: Vec<_> = entries
            .iter()
            .map(|entry| {
                serde_json::json!({
                    "id": hex_id(self.new_id::<TimelineKindMarker>()), "kind": entry.kind.name(),
                    "customer_id": entry.customer.map(hex_id), "location_id": entry.location.map(hex_id),
                    "target_id": entry.target.map(hex_id), "request_id": entry.request.map(hex_id),
                })
            })
            .collect();
        let (tenant, actor) = (self.tenant(), self.actor.label());
        let sql = &INSERT_ENTRIES;
        self.tx
            .execute(sql, (tenant, Json(&rows), self.now, &actor))
            .await
            .map(drop)
    }
}

impl TenantTx<'_, Staff> {
    /// Assigns the entries of a request to a customer and location.
    pub(crate) async fn assign_timeline_entries(
        &mut self,
        request: RequestId,
        customer: Option<CustomerId>,
        location: Option<LocationId>,
    ) -> Result<(), StoreError> {
        let tenant = self.tenant();
        self.tx
            .execute(
                UPDATE_CUSTOMER_OF_REQUEST,
                (
                    tenant,
                    request.uuid(),
                    customer.map(domain::ids::Id::uuid),
                    location.map(domain::ids::Id::uuid),
                ),
            )
            .await
            .map(drop)
    }

    /// Deletes the entry of a review decision that was undone; `at` is the time of the decision.
    pub(crate) async fn delete_decision_entry(
        &mut self,
        request: RequestId,
        at: DateTime<Utc>,
    ) -> Result<(), StoreError> {
        let tenant = self.tenant();
        self.tx
            .execute(DELETE_DECISION, (tenant, request.uuid(), at))
            .await
            .map(drop)
    }

    pub(crate) async fn timeline_of_customer(
        &mut self,
        customer: CustomerId,
        limit: i64,
    ) -> Result<Vec<TimelineEntry>, StoreError> {
        let tenant = self.tenant();
        self.tx
            .fetch_all::<TimelineEntry>(SELECT_ENTRIES_OF_CUSTOMER, (tenant, customer.uuid(), limit))
            .await
    }

    pub(crate) async fn timeline_of_target(
        &mut self,
        target: TargetId,
        limit: i64,
    ) -> Result<Vec<TimelineEntry>, StoreError> {
        let tenant = self.tenant();
        self.tx
            .fetch_all::<TimelineEntry>(SELECT_ENTRIES_OF_TARGET, (tenant, target.uuid(), limit))
            .await
    }
}
