//! Rules that classify requests, what they look at, and what they decided.

use chrono::{DateTime, Utc};
use domain::customers::Address;
use domain::ids::{FormKind, RequestId, RequestKind, RuleId};
use domain::intake::classification::{Classification, Classified, Conditions, Facts, Outcome, Rule};
use domain::requests::{Channel, Priority, ServiceType};
use sqlx::FromRow;
use sqlx::types::Json;

use crate::classification::model::RuleView;
use crate::db::Key;
use crate::db::TenantTx;
use crate::db::{StoreError, all, maybe, run};
use crate::identity::actors::{Actor, Administrator, Staff};

/// What the rules look at, of one request.
#[derive(Debug, Clone, FromRow)]
pub(crate) struct FactsRow {
    pub id: Key<RequestKind>,
    pub number: i64,
    #[sqlx(try_from = "String")]
    pub channel: Channel,
    pub form_id: Option<Key<FormKind>>,
    #[sqlx(try_from = "String")]
    pub service_type: ServiceType,
    #[sqlx(try_from = "String")]
    pub priority: Priority,
    pub description: String,
    pub place: Option<Json<Address>>,
    pub location_postal_code: Option<String>,
    pub classification: Option<Json<Classification>>,
}

impl FactsRow {
    /// The facts as they were when it arrived: what rules put in place of a choice is not looked at.
    pub(crate) fn facts(&self) -> (Facts<'_>, Priority) {
        let said = self.classification.as_ref().map(|said| &said.0);
        let facts = Facts {
            channel: self.channel,
            form: self.form_id.map(|form| form.0),
            service_type: said
                .and_then(|said| said.chosen_service_type)
                .unwrap_or(self.service_type),
            description: &self.description,
            postal_code: self
                .location_postal_code
                .as_deref()
                .or_else(|| self.place.as_ref()?.0.postal_code.as_deref()),
        };
        let priority = said.and_then(|said| said.chosen_priority).unwrap_or(self.priority);
        (facts, priority)
    }
}

impl RuleView {
    /// The rule as the domain asks it.
    pub(crate) fn into_rule(self) -> Rule {
        Rule {
            id: self.id.0,
            name: self.name,
            conditions: self.conditions.0,
            outcome: self.outcome.0,
        }
    }
}

macro_rules! facts {
    () => {
        "SELECT r.id, r.number, r.channel, r.form_id, r.service_type, r.priority, r.description, r.place, r.classification, l.postal_code AS location_postal_code \
         FROM request r LEFT JOIN location l ON l.tenant_id = r.tenant_id AND l.id = r.location_id WHERE r.tenant_id = $1 AND "
    };
}
macro_rules! rule {
    () => {
        "SELECT id, name, position, conditions, outcome, tried_at, active_since, updated_at FROM classification_rule WHERE tenant_id = $1"
    };
}
const ACTIVE: &str = concat!(rule!(), " AND active_since IS NOT NULL ORDER BY position, id");
const FACTS: &str = concat!(facts!(), "r.id = $2");
const LATEST: &str = concat!(facts!(), "true ORDER BY r.submitted_at DESC, r.id DESC LIMIT $2");
const SET: &str = "UPDATE request SET classification = $3, region = $4, service_type = $5, priority = $6 WHERE tenant_id = $1 AND id = $2";
const RULES: &str = concat!(rule!(), " ORDER BY position, id LIMIT 200");
const ONE_RULE: &str = concat!(rule!(), " AND id = $2");
const INSERT: &str = "INSERT INTO classification_rule (tenant_id, id, name, position, conditions, outcome, created_at, updated_at) \
    VALUES ($1, $2, $3, (SELECT coalesce(max(position), 0) + 1 FROM classification_rule WHERE tenant_id = $1), $4, $5, $6, $6)";
/// A changed rule rests until it was tried again.
const UPDATE: &str = "UPDATE classification_rule SET name = $3, conditions = $4, outcome = $5, tried_at = NULL, active_since = NULL, updated_at = $6 WHERE tenant_id = $1 AND id = $2";
const TRIED: &str = "UPDATE classification_rule SET tried_at = $3 WHERE tenant_id = $1 AND id = $2";
const SWITCH_ON: &str = "UPDATE classification_rule SET active_since = $3 WHERE tenant_id = $1 AND id = $2 AND tried_at IS NOT NULL AND active_since IS NULL";
const SWITCH_OFF: &str =
    "UPDATE classification_rule SET active_since = NULL WHERE tenant_id = $1 AND id = $2 AND active_since IS NOT NULL";
const DELETE: &str = "DELETE FROM classification_rule WHERE tenant_id = $1 AND id = $2";
const SET_POSITION: &str = "UPDATE classification_rule SET position = $3 WHERE tenant_id = $1 AND id = $2";
impl<A: Actor> TenantTx<'_, A> {
    /// The rules that are switched on, in order. What they say about the sender's own request is nothing that the sender
    /// is shown.
    pub(crate) async fn active_rules(&mut self) -> Result<Vec<Rule>, StoreError> {
        let tenant = self.tenant();
        let rows = all!(&mut self.tx, RuleView, ACTIVE, tenant)?;
        Ok(rows.into_iter().map(RuleView::into_rule).collect())
    }

    pub(crate) async fn facts_of_request(&mut self, id: RequestId) -> Result<Option<FactsRow>, StoreError> {
        let tenant = self.tenant();
        maybe!(&mut self.tx, FactsRow, FACTS, tenant, id.uuid())
    }

    pub(crate) async fn set_classification(
        &mut self,
        id: RequestId,
        said: &Classification,
        service_type: ServiceType,
        priority: Priority,
    ) -> Result<(), StoreError> {
        let tenant = self.tenant();
        run!(
            &mut self.tx,
            SET,
            tenant,
            id.uuid(),
            Json(said),
            said.value(Classified::Region),
            service_type.name(),
            priority.name()
        )
        .map(drop)
    }
}

impl<A: Administrator> TenantTx<'_, A> {
    pub(crate) async fn rules(&mut self) -> Result<Vec<RuleView>, StoreError> {
        let tenant = self.tenant();
        all!(&mut self.tx, RuleView, RULES, tenant)
    }

    pub(crate) async fn rule(&mut self, id: RuleId) -> Result<Option<RuleView>, StoreError> {
        let tenant = self.tenant();
        maybe!(&mut self.tx, RuleView, ONE_RULE, tenant, id.uuid())
    }

    /// Inserts a rule behind all others. It rests.
    pub(crate) async fn insert_rule(
        &mut self,
        id: RuleId,
        name: &str,
        conditions: &Conditions,
        outcome: &Outcome,
    ) -> Result<(), StoreError> {
        let (tenant, now) = (self.tenant(), self.now);
        run!(
            &mut self.tx,
            INSERT,
            tenant,
            id.uuid(),
            name,
            Json(conditions),
            Json(outcome),
            now
        )
        .map(drop)
    }

    pub(crate) async fn update_rule(
        &mut self,
        id: RuleId,
        name: &str,
        conditions: &Conditions,
        outcome: &Outcome,
    ) -> Result<bool, StoreError> {
        let (tenant, now) = (self.tenant(), self.now);
        Ok(run!(
            &mut self.tx,
            UPDATE,
            tenant,
            id.uuid(),
            name,
            Json(conditions),
            Json(outcome),
            now
        )? == 1)
    }

    pub(crate) async fn set_rule_tried(&mut self, id: RuleId) -> Result<bool, StoreError> {
        let (tenant, now) = (self.tenant(), self.now);
        Ok(run!(&mut self.tx, TRIED, tenant, id.uuid(), now)? == 1)
    }

    /// Switches a rule on, if its present form was tried, or off; false if there was nothing to do.
    pub(crate) async fn switch_rule(&mut self, id: RuleId, on: bool) -> Result<bool, StoreError> {
        let (tenant, now): (_, DateTime<Utc>) = (self.tenant(), self.now);
        let changed = if on {
            run!(&mut self.tx, SWITCH_ON, tenant, id.uuid(), now)?
        } else {
            run!(&mut self.tx, SWITCH_OFF, tenant, id.uuid())?
        };
        Ok(changed == 1)
    }

    pub(crate) async fn set_rule_position(&mut self, id: RuleId, position: i64) -> Result<(), StoreError> {
        let tenant = self.tenant();
        run!(&mut self.tx, SET_POSITION, tenant, id.uuid(), position).map(drop)
    }

    pub(crate) async fn delete_rule(&mut self, id: RuleId) -> Result<bool, StoreError> {
        let tenant = self.tenant();
        Ok(run!(&mut self.tx, DELETE, tenant, id.uuid())? == 1)
    }
}

impl TenantTx<'_, Staff> {
    /// The requests that came last, for a trial.
    pub(crate) async fn facts_of_latest(&mut self, limit: i64) -> Result<Vec<FactsRow>, StoreError> {
        let tenant = self.tenant();
        all!(&mut self.tx, FactsRow, LATEST, tenant, limit)
    }
}
