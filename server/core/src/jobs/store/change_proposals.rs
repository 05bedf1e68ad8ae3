//! Changes that a source proposes and a person decides about.

use domain::ids::{ProposalId, ProposalKind, TargetId};
use domain::proposals::Proposal;
use domain::targets::TargetStatus;
use serde_json::json;
use sqlx::types::Json;

use crate::db::TenantTx;
use crate::db::bulk::hex_id;
use crate::db::{StoreError, maybe, run};
use crate::identity::actors::{Actor as _, ApiClient, Operator};
use crate::jobs::model::ProposalView;
use crate::jobs::store::targets::TargetRecord;

const REPLACE_SQLITE: &str = "UPDATE change_proposal SET decided_at = $3, decision = 'replaced' WHERE tenant_id = $1 AND decided_at IS NULL AND target_id IN (SELECT unhex(value->>'target_id') FROM json_each($2))";
const REPLACE_POSTGRES: &str = "UPDATE change_proposal SET decided_at = $3, decision = 'replaced' WHERE tenant_id = $1 AND decided_at IS NULL AND target_id IN (SELECT x.target_id FROM jsonb_to_recordset($2) AS x (target_id UUID))";
const INSERT_SQLITE: &str = "INSERT INTO change_proposal (tenant_id, id, target_id, proposed, created_at) SELECT $1, unhex(value->>'id'), unhex(value->>'target_id'), value->'proposed', $3 FROM json_each($2)";
const INSERT_POSTGRES: &str = "INSERT INTO change_proposal (tenant_id, id, target_id, proposed, created_at) SELECT $1, x.id, x.target_id, x.proposed, $3 FROM jsonb_to_recordset($2) AS x (id UUID, target_id UUID, proposed JSONB)";
const OPEN: &str = "SELECT p.id, p.target_id, p.proposed, p.created_at FROM change_proposal p WHERE p.tenant_id = $1 AND p.target_id = $2 AND p.decided_at IS NULL";
const ONE: &str = "SELECT p.id, p.target_id, p.proposed, p.created_at FROM change_proposal p WHERE p.tenant_id = $1 AND p.id = $2 AND p.decided_at IS NULL";
const DECIDE: &str =
    "UPDATE change_proposal SET decided_at = $3, decision = $4 WHERE tenant_id = $1 AND id = $2 AND decided_at IS NULL";
const APPLY: &str = "UPDATE target SET customer_id = $3, location_id = $4, contact_id = $5, window_start = $6, window_end = $7, window_zone = $8, duration_minutes = $9, place = $10, needs_mapping = $11, updated_at = $12 \
    WHERE tenant_id = $1 AND id = $2 AND status = $13";
const NAMES: &str = "SELECT (SELECT c.name FROM customer c WHERE c.tenant_id = $1 AND c.id = $2) AS customer, (SELECT l.name FROM location l WHERE l.tenant_id = $1 AND l.id = $3) AS location";

impl TenantTx<'_, ApiClient> {
    /// Notes proposals; the newest of a target takes the place of the one before.
    pub(crate) async fn insert_proposals(&mut self, proposals: &[(TargetId, Proposal)]) -> Result<(), StoreError> {
        if proposals.is_empty() {
            return Ok(());
        }
        let rows: Vec<_> = proposals
            .iter()
            .map(|(target, proposed)| {
                json!({ "id": hex_id(self.new_id::<ProposalKind>()), "target_id": hex_id(*target), "proposed": proposed })
            })
            .collect();
        let (tenant, now) = (self.actor.tenant().uuid(), self.now);
        let sql = self.tx.dialect(REPLACE_SQLITE, REPLACE_POSTGRES);
        run!(&mut self.tx, sql, tenant, Json(&rows), now)?;
        let sql = self.tx.dialect(INSERT_SQLITE, INSERT_POSTGRES);
        run!(&mut self.tx, sql, tenant, Json(&rows), now).map(drop)
    }
}

impl<A: Operator> TenantTx<'_, A> {
    /// What waits for a decision about a target.
    pub(crate) async fn open_proposal(&mut self, target: TargetId) -> Result<Option<ProposalView>, StoreError> {
        let tenant = self.tenant();
        maybe!(&mut self.tx, ProposalView, OPEN, tenant, target.uuid())
    }

    pub(crate) async fn proposal(&mut self, id: ProposalId) -> Result<Option<ProposalView>, StoreError> {
        let tenant = self.tenant();
        maybe!(&mut self.tx, ProposalView, ONE, tenant, id.uuid())
    }

    /// The names of the customer and the location that are proposed.
    pub(crate) async fn names_of_proposal(
        &mut self,
        proposal: &Proposal,
    ) -> Result<(Option<String>, Option<String>), StoreError> {
        let tenant = self.tenant();
        let names: Option<(Option<String>, Option<String>)> = maybe!(
            &mut self.tx,
            (Option<String>, Option<String>),
            NAMES,
            tenant,
            proposal.customer.map(domain::ids::Id::uuid),
            proposal.location.flatten().map(domain::ids::Id::uuid)
        )?;
        Ok(names.unwrap_or_default())
    }

    /// Ends a proposal; false if somebody else was faster.
    pub(crate) async fn decide_proposal(&mut self, id: ProposalId, decision: &'static str) -> Result<bool, StoreError> {
        let (tenant, now) = (self.tenant(), self.now);
        Ok(run!(&mut self.tx, DECIDE, tenant, id.uuid(), now, decision)? == 1)
    }

    /// Writes what a person took over; false if the target is no longer in the state in which it was read.
    pub(crate) async fn apply_to_target(
        &mut self,
        target: &TargetRecord,
        read_as: TargetStatus,
    ) -> Result<bool, StoreError> {
        let (tenant, now) = (self.tenant(), self.now);
        Ok(run!(
            &mut self.tx,
            APPLY,
            tenant,
            target.id,
            target.customer_id,
            target.location_id,
            target.contact_id,
            target.window_start,
            target.window_end,
            target.window_zone.as_deref(),
            target.duration_minutes,
            &target.place,
            target.needs_mapping,
            now,
            domain::lifecycle::Lifecycle::name(read_as)
        )? == 1)
    }
}
