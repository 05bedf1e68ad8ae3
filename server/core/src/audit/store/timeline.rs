//! The internal timeline; the portal shows a projection of it (see `portal`).

use chrono::{DateTime, Utc};
use domain::ids::{CustomerId, LocationId, RequestId, TargetId, TimelineKindMarker};

use sqlx::types::Json;

use crate::audit::model::TimelineLine;
use crate::db::TenantTx;
use crate::db::bulk::hex_id;
use crate::db::{StoreError, all, run};
use crate::identity::actors::{Actor, Staff};

/// A line to write.
#[derive(Debug, Clone, Default)]
pub(crate) struct NewEntry {
    pub kind: &'static str,
    pub customer: Option<CustomerId>,
    pub location: Option<LocationId>,
    pub target: Option<TargetId>,
    pub request: Option<RequestId>,
}

const INSERT: &str = "INSERT INTO timeline_entry (tenant_id, id, kind, at, customer_id, location_id, target_id, request_id, actor) \
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)";
const INSERT_MANY_SQLITE: &str = "INSERT INTO timeline_entry (tenant_id, id, kind, at, customer_id, location_id, target_id, request_id, actor) \
    SELECT $1, unhex(value->>'id'), value->>'kind', $3, unhex(value->>'customer_id'), unhex(value->>'location_id'), unhex(value->>'target_id'), unhex(value->>'request_id'), $4 FROM json_each($2)";
const INSERT_MANY_POSTGRES: &str = "INSERT INTO timeline_entry (tenant_id, id, kind, at, customer_id, location_id, target_id, request_id, actor) \
    SELECT $1, x.id, x.kind, $3, x.customer_id, x.location_id, x.target_id, x.request_id, $4 \
    FROM jsonb_to_recordset($2) AS x (id UUID, kind TEXT, customer_id UUID, location_id UUID, target_id UUID, request_id UUID)";
const MOVE: &str =
    "UPDATE timeline_entry SET customer_id = $3, location_id = $4 WHERE tenant_id = $1 AND request_id = $2";
const REMOVE: &str = "DELETE FROM timeline_entry WHERE tenant_id = $1 AND request_id = $2 AND at = $3 AND kind IN ('request_accepted', 'request_rejected')";
const OF_CUSTOMER: &str = "SELECT kind, at, target_id, request_id FROM timeline_entry WHERE tenant_id = $1 AND customer_id = $2 \
    ORDER BY at DESC, id DESC LIMIT $3";
const OF_TARGET: &str = "SELECT kind, at, target_id, request_id FROM timeline_entry WHERE tenant_id = $1 AND target_id = $2 \
    ORDER BY at DESC, id DESC LIMIT $3";

impl<A: Actor> TenantTx<'_, A> {
    pub(crate) async fn note(&mut self, entry: NewEntry) -> Result<(), StoreError> {
        let now = self.now;
        self.note_at(entry, now).await
    }

    /// Notes what happened at a moment that is over.
    pub(crate) async fn note_at(&mut self, entry: NewEntry, at: DateTime<Utc>) -> Result<(), StoreError> {
        let (tenant, id, actor) = (self.tenant(), self.new_id::<TimelineKindMarker>(), self.actor.label());
        run!(
            &mut self.tx,
            INSERT,
            tenant,
            id.uuid(),
            entry.kind,
            at,
            entry.customer.map(domain::ids::Id::uuid),
            entry.location.map(domain::ids::Id::uuid),
            entry.target.map(domain::ids::Id::uuid),
            entry.request.map(domain::ids::Id::uuid),
            &actor
        )?;
        Ok(())
    }

    pub(crate) async fn note_many(&mut self, entries: &[NewEntry]) -> Result<(), StoreError> {
        if entries.is_empty() {
            return Ok(());
        }
        let rows: Vec<_> = entries
            .iter()
            .map(|entry| {
                serde_json::json!({
                    "id": hex_id(self.new_id::<TimelineKindMarker>()), "kind": entry.kind, "customer_id": entry.customer.map(hex_id),
                    "location_id": entry.location.map(hex_id), "target_id": entry.target.map(hex_id), "request_id": entry.request.map(hex_id),
                })
            })
            .collect();
        let (tenant, actor) = (self.tenant(), self.actor.label());
        let sql = self.tx.dialect(INSERT_MANY_SQLITE, INSERT_MANY_POSTGRES);
        run!(&mut self.tx, sql, tenant, Json(&rows), self.now, &actor).map(drop)
    }
}

impl TenantTx<'_, Staff> {
    /// Moves what was noted of a request to the customer that it turned out to be of.
    pub(crate) async fn move_milestones(
        &mut self,
        request: RequestId,
        customer: Option<CustomerId>,
        location: Option<LocationId>,
    ) -> Result<(), StoreError> {
        let tenant = self.tenant();
        run!(
            &mut self.tx,
            MOVE,
            tenant,
            request.uuid(),
            customer.map(domain::ids::Id::uuid),
            location.map(domain::ids::Id::uuid)
        )
        .map(drop)
    }

    /// Removes what a decision that was taken back had told.
    pub(crate) async fn remove_milestones(&mut self, request: RequestId, at: DateTime<Utc>) -> Result<(), StoreError> {
        let tenant = self.tenant();
        run!(&mut self.tx, REMOVE, tenant, request.uuid(), at).map(drop)
    }

    pub(crate) async fn timeline_of_customer(
        &mut self,
        customer: CustomerId,
        limit: i64,
    ) -> Result<Vec<TimelineLine>, StoreError> {
        let tenant = self.tenant();
        all!(&mut self.tx, TimelineLine, OF_CUSTOMER, tenant, customer.uuid(), limit)
    }

    pub(crate) async fn timeline_of_target(
        &mut self,
        target: TargetId,
        limit: i64,
    ) -> Result<Vec<TimelineLine>, StoreError> {
        let tenant = self.tenant();
        all!(&mut self.tx, TimelineLine, OF_TARGET, tenant, target.uuid(), limit)
    }
}
