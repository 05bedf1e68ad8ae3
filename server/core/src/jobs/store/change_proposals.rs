//! Changes that a source proposes and a dispatcher decides about.

use std::collections::HashMap;

use domain::ids::{CustomerId, Id, ProposalId, ProposalKind, TargetId};
use domain::jobs::change_proposals::Proposal;
use domain::jobs::targets::TargetStatus;
use serde_json::json;
use sqlx::types::Json;

use crate::db::EngineSql;
use crate::db::StoreError;
use crate::db::TenantTx;
use crate::db::bulk::hex_id;
use crate::identity::actors::{Actor as _, ApiClient, Operator};
use crate::jobs::model::{ProposalNames, ProposalView};
use crate::jobs::store::targets::TargetRecord;

static SUPERSEDE_PROPOSALS: EngineSql = EngineSql::new(
    r"
    UPDATE change_proposal
    SET decided_at = $3, decision = 'replaced'
    WHERE tenant_id = $1
      AND decided_at IS NULL
      AND target_id IN (
          SELECT input.target_id
          FROM jsonb_to_recordset($2) AS input (target_id UUID)
      )
",
);
static INSERT_PROPOSALS: EngineSql = EngineSql::new(
    r"
    INSERT INTO change_proposal (tenant_id, id, target_id, proposed, created_at)
    SELECT $1, input.id, input.target_id, input.proposed, $3
    FROM jsonb_to_recordset($2) AS input (id UUID, target_id UUID, proposed JSONB)
",
);
static SELECT_OPEN_PROPOSALS: EngineSql = EngineSql::new(
    r"
    SELECT proposal.id, proposal.target_id, proposal.proposed, proposal.created_at
    FROM change_proposal AS proposal
    WHERE proposal.tenant_id = $1
      AND proposal.target_id = ANY (ARRAY(SELECT jsonb_array_elements_text($2)::UUID))
      AND proposal.decided_at IS NULL
",
);
const SELECT_OPEN_PROPOSAL_OF_TARGET: &str = r"
    SELECT proposal.id, proposal.target_id, proposal.proposed, proposal.created_at
    FROM change_proposal AS proposal
    WHERE proposal.tenant_id = $1
      AND proposal.target_id = $2
      AND proposal.decided_at IS NULL
";
const SELECT_OPEN_PROPOSAL: &str = r"
    SELECT proposal.id, proposal.target_id, proposal.proposed, proposal.created_at
    FROM change_proposal AS proposal
    WHERE proposal.tenant_id = $1
      AND proposal.id = $2
      AND proposal.decided_at IS NULL
";
const DECIDE_PROPOSAL: &str = r"
    UPDATE change_proposal
    SET decided_at = $3, decision = $4
    WHERE tenant_id = $1
      AND id = $2
      AND decided_at IS NULL
";
const UPDATE_TARGET: &str = r"
    UPDATE target
    SET
        customer_id = $3, location_id = $4, contact_id = $5, window_start = $6, window_end = $7,
        window_zone = $8, duration_minutes = $9, place = $10, needs_mapping = $11, updated_at = $12,
        service_type = $14, required_skills = $15, declined_changes = $16
    WHERE tenant_id = $1
      AND id = $2
      AND status = $13
";
const SELECT_OPEN_NAME_PROPOSALS: &str = r"
    SELECT proposal.id, proposal.target_id, proposal.proposed, proposal.created_at
    FROM change_proposal AS proposal
    JOIN target ON target.tenant_id = proposal.tenant_id AND target.id = proposal.target_id
    WHERE proposal.tenant_id = $1
      AND target.customer_id = $2
      AND proposal.decided_at IS NULL
    ORDER BY proposal.id
";
const INSERT_PROPOSAL: &str = r"
    INSERT INTO change_proposal (tenant_id, id, target_id, proposed, created_at)
    VALUES ($1, $2, $3, $4, $5)
";
const DECLINE_CHANGES: &str = r"
    UPDATE target
    SET declined_changes = $3, updated_at = $4
    WHERE tenant_id = $1
      AND id = $2
";
const SELECT_PROPOSED_NAMES: &str = r"
    SELECT
        (
            SELECT customer.name
            FROM customer
            WHERE customer.tenant_id = $1
              AND customer.id = $2
        ) AS customer,
        (
            SELECT location.name
            FROM location
            WHERE location.tenant_id = $1
              AND location.id = $3
        ) AS location,
        (
            SELECT contact.display_name
            FROM contact
            WHERE contact.tenant_id = $1
              AND contact.id = $4
        ) AS contact,
        (
            SELECT customer.name
            FROM customer
            WHERE customer.tenant_id = $1
              AND customer.id = $5
        ) AS current_name
";

impl TenantTx<'_, ApiClient> {
    /// Returns the open changes of targets.
    pub(crate) async fn open_proposals_of(
        &mut self,
        targets: &[TargetId],
    ) -> Result<HashMap<TargetId, Proposal>, StoreError> {
        if targets.is_empty() {
            return Ok(HashMap::new());
        }
        let (tenant, sql) = (self.actor.tenant().uuid(), &SELECT_OPEN_PROPOSALS);
        let ids: Vec<_> = targets.iter().map(|id| hex_id(*id)).collect();
        let rows: Vec<ProposalView> = self.tx.fetch_all::<ProposalView>(sql, (tenant, Json(&ids))).await?;
        Ok(rows.into_iter().map(|row| (row.target_id, row.proposed)).collect())
    }

    /// Stores the open changes of targets in place of the earlier ones; an empty proposal withdraws them.
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
        let sql = &SUPERSEDE_PROPOSALS;
        self.tx.execute(sql, (tenant, Json(&rows), now)).await?;
        let rows: Vec<_> = rows
            .into_iter()
            .zip(proposals)
            .filter_map(|(row, (_, proposed))| (!proposed.is_empty()).then_some(row))
            .collect();
        if rows.is_empty() {
            return Ok(());
        }
        let sql = &INSERT_PROPOSALS;
        self.tx.execute(sql, (tenant, Json(&rows), now)).await.map(drop)
    }
}

impl<A: Operator> TenantTx<'_, A> {
    /// Returns the open proposal of a target.
    pub(crate) async fn open_proposal(&mut self, target: TargetId) -> Result<Option<ProposalView>, StoreError> {
        let tenant = self.tenant();
        self.tx
            .fetch_optional::<ProposalView>(SELECT_OPEN_PROPOSAL_OF_TARGET, (tenant, target.uuid()))
            .await
    }

    pub(crate) async fn proposal(&mut self, id: ProposalId) -> Result<Option<ProposalView>, StoreError> {
        let tenant = self.tenant();
        self.tx
            .fetch_optional::<ProposalView>(SELECT_OPEN_PROPOSAL, (tenant, id.uuid()))
            .await
    }

    /// Returns the names of the proposed records.
    pub(crate) async fn find_proposed_names(&mut self, proposal: &Proposal) -> Result<ProposalNames, StoreError> {
        let tenant = self.tenant();
        self.tx
            .fetch_one::<ProposalNames>(
                SELECT_PROPOSED_NAMES,
                (
                    tenant,
                    proposal.customer.map(Id::uuid),
                    proposal.location.flatten().map(Id::uuid),
                    proposal.contact.flatten().map(Id::uuid),
                    proposal.customer_name.as_ref().map(|name| name.customer.uuid()),
                ),
            )
            .await
    }

    /// Closes a proposal; false if it was already closed.
    pub(crate) async fn decide_proposal(&mut self, id: ProposalId, decision: &'static str) -> Result<bool, StoreError> {
        let (tenant, now) = (self.tenant(), self.now);
        Ok(self
            .tx
            .execute(DECIDE_PROPOSAL, (tenant, id.uuid(), now, decision))
            .await?
            == 1)
    }

    /// Returns the open proposals of the targets of a customer.
    pub(crate) async fn open_name_proposals(&mut self, customer: CustomerId) -> Result<Vec<ProposalView>, StoreError> {
        let tenant = self.tenant();
        self.tx
            .fetch_all::<ProposalView>(SELECT_OPEN_NAME_PROPOSALS, (tenant, customer.uuid()))
            .await
    }

    /// Replaces an open proposal by what is left of it, which may be nothing.
    pub(crate) async fn replace_proposal(
        &mut self,
        id: ProposalId,
        target: TargetId,
        rest: &Proposal,
    ) -> Result<(), StoreError> {
        // It was decided or withdrawn in the meantime.
        if !self.decide_proposal(id, "replaced").await? {
            return Ok(());
        }
        if rest.is_empty() {
            return Ok(());
        }
        let (tenant, now, new) = (self.tenant(), self.now, self.new_id::<ProposalKind>());
        self.tx
            .execute(INSERT_PROPOSAL, (tenant, new.uuid(), target.uuid(), Json(rest), now))
            .await
            .map(drop)
    }

    /// Stores which changes of its source dispatch has declined.
    pub(crate) async fn decline_changes(&mut self, target: TargetId, declined: &Proposal) -> Result<bool, StoreError> {
        let (tenant, now) = (self.tenant(), self.now);
        Ok(self
            .tx
            .execute(DECLINE_CHANGES, (tenant, target.uuid(), Json(declined), now))
            .await?
            == 1)
    }

    /// Applies an accepted proposal; false if the target does not have the status in which it was read.
    pub(crate) async fn apply_proposal(
        &mut self,
        target: &TargetRecord,
        read_as: TargetStatus,
    ) -> Result<bool, StoreError> {
        let (tenant, now) = (self.tenant(), self.now);
        Ok(self
            .tx
            .execute(
                UPDATE_TARGET,
                (
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
                    domain::lifecycle::Lifecycle::name(read_as),
                    target.service_type.as_deref(),
                    &target.required_skills,
                    &target.declined_changes,
                ),
            )
            .await?
            == 1)
    }
}
