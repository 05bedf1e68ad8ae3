//! Statements for classification rules, their input and their results.

use chrono::{DateTime, Utc};
use domain::customers::Address;
use domain::ids::{FormKind, RequestId, RequestKind, RuleId};
use domain::intake::classification::{Classification, ClassifiedField, Conditions, Outcome, RequestFacts, Rule};
use domain::requests::{Channel, Priority, ServiceType};
use sqlx::FromRow;
use sqlx::types::Json;

use crate::classification::model::RuleView;
use crate::db::Key;
use crate::db::StoreError;
use crate::db::TenantTx;
use crate::identity::actors::{Administrator, MayClassify, Staff};

/// The fields of a request that rules evaluate.
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
    /// Returns the facts and the priority as submitted, ignoring values that rules have set since.
    pub(crate) fn facts(&self) -> (RequestFacts<'_>, Priority) {
        let classification = self.classification.as_ref().map(|classification| &classification.0);
        let facts = RequestFacts {
            channel: self.channel,
            form: self.form_id.map(|form| form.0),
            service_type: classification
                .and_then(|classification| classification.chosen_service_type)
                .unwrap_or(self.service_type),
            description: &self.description,
            postal_code: self
                .location_postal_code
                .as_deref()
                .or_else(|| self.place.as_ref()?.0.postal_code.as_deref()),
        };
        let priority = classification
            .and_then(|classification| classification.chosen_priority)
            .unwrap_or(self.priority);
        (facts, priority)
    }
}

impl RuleView {
    /// Converts the row to the domain type.
    pub(crate) fn into_rule(self) -> Rule {
        Rule {
            id: self.id,
            name: self.name,
            conditions: self.conditions,
            outcome: self.outcome,
        }
    }
}

macro_rules! select_facts {
    () => {
        r"
            SELECT
                request.id, request.number, request.channel, request.form_id, request.service_type,
                request.priority, request.description, request.place, request.classification,
                location.postal_code AS location_postal_code
            FROM request
            LEFT JOIN location ON location.tenant_id = request.tenant_id
                AND location.id = request.location_id
            WHERE request.tenant_id = $1 AND
        "
    };
}
macro_rules! select_rule {
    () => {
        r"
            SELECT id, name, position, conditions, outcome, tried_at, active_since, updated_at
            FROM classification_rule
            WHERE tenant_id = $1
        "
    };
}
const SELECT_ACTIVE_RULES: &str = concat!(select_rule!(), " AND active_since IS NOT NULL ORDER BY position, id");
const SELECT_FACTS_OF_REQUEST: &str = concat!(select_facts!(), "request.id = $2");
const SELECT_FACTS_OF_LATEST: &str = concat!(
    select_facts!(),
    "true ORDER BY request.submitted_at DESC, request.id DESC LIMIT $2"
);
const UPDATE_CLASSIFICATION: &str = r"
    UPDATE request
    SET classification = $3, region = $4, service_type = $5, priority = $6
    WHERE tenant_id = $1
      AND id = $2
";
const SELECT_RULES: &str = concat!(select_rule!(), " ORDER BY position, id LIMIT 200");
const SELECT_RULE: &str = concat!(select_rule!(), " AND id = $2");
const INSERT_RULE: &str = r"
    INSERT INTO classification_rule (
        tenant_id, id, name, position, conditions, outcome, created_at, updated_at
    )
    VALUES (
        $1, $2, $3,
        (SELECT coalesce(max(position), 0) + 1 FROM classification_rule WHERE tenant_id = $1),
        $4, $5, $6, $6
    )
";
/// An updated rule is inactive until it is tried again.
const UPDATE_RULE: &str = r"
    UPDATE classification_rule
    SET name = $3, conditions = $4, outcome = $5, tried_at = NULL, active_since = NULL, updated_at = $6
    WHERE tenant_id = $1
      AND id = $2
";
const MARK_RULE_TRIED: &str = "UPDATE classification_rule SET tried_at = $3 WHERE tenant_id = $1 AND id = $2";
const ACTIVATE_RULE: &str = r"
    UPDATE classification_rule
    SET active_since = $3
    WHERE tenant_id = $1
      AND id = $2
      AND tried_at IS NOT NULL
      AND active_since IS NULL
";
const DEACTIVATE_RULE: &str = r"
    UPDATE classification_rule
    SET active_since = NULL
    WHERE tenant_id = $1
      AND id = $2
      AND active_since IS NOT NULL
";
const DELETE_RULE: &str = "DELETE FROM classification_rule WHERE tenant_id = $1 AND id = $2";
const UPDATE_RULE_POSITION: &str = "UPDATE classification_rule SET position = $3 WHERE tenant_id = $1 AND id = $2";
impl<A: MayClassify> TenantTx<'_, A> {
    /// Lists the active rules in evaluation order.
    pub(crate) async fn active_rules(&mut self) -> Result<Vec<Rule>, StoreError> {
        let tenant = self.tenant();
        let rows = self.tx.fetch_all::<RuleView>(SELECT_ACTIVE_RULES, (tenant,)).await?;
        Ok(rows.into_iter().map(RuleView::into_rule).collect())
    }

    pub(crate) async fn facts_of_request(&mut self, id: RequestId) -> Result<Option<FactsRow>, StoreError> {
        let tenant = self.tenant();
        self.tx
            .fetch_optional::<FactsRow>(SELECT_FACTS_OF_REQUEST, (tenant, id.uuid()))
            .await
    }

    pub(crate) async fn set_classification(
        &mut self,
        id: RequestId,
        classification: &Classification,
        service_type: ServiceType,
        priority: Priority,
    ) -> Result<(), StoreError> {
        let tenant = self.tenant();
        self.tx
            .execute(
                UPDATE_CLASSIFICATION,
                (
                    tenant,
                    id.uuid(),
                    Json(classification),
                    classification.value(ClassifiedField::Region),
                    service_type.name(),
                    priority.name(),
                ),
            )
            .await
            .map(drop)
    }
}

impl<A: Administrator> TenantTx<'_, A> {
    pub(crate) async fn rules(&mut self) -> Result<Vec<RuleView>, StoreError> {
        let tenant = self.tenant();
        self.tx.fetch_all::<RuleView>(SELECT_RULES, (tenant,)).await
    }

    pub(crate) async fn rule(&mut self, id: RuleId) -> Result<Option<RuleView>, StoreError> {
        let tenant = self.tenant();
        self.tx
            .fetch_optional::<RuleView>(SELECT_RULE, (tenant, id.uuid()))
            .await
    }

    /// Inserts an inactive rule after all others.
    pub(crate) async fn insert_rule(
        &mut self,
        id: RuleId,
        name: &str,
        conditions: &Conditions,
        outcome: &Outcome,
    ) -> Result<(), StoreError> {
        let (tenant, now) = (self.tenant(), self.now);
        self.tx
            .execute(
                INSERT_RULE,
                (tenant, id.uuid(), name, Json(conditions), Json(outcome), now),
            )
            .await
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
        Ok(self
            .tx
            .execute(
                UPDATE_RULE,
                (tenant, id.uuid(), name, Json(conditions), Json(outcome), now),
            )
            .await?
            == 1)
    }

    pub(crate) async fn set_rule_tried(&mut self, id: RuleId) -> Result<bool, StoreError> {
        let (tenant, now) = (self.tenant(), self.now);
        Ok(self.tx.execute(MARK_RULE_TRIED, (tenant, id.uuid(), now)).await? == 1)
    }

    /// Activates a tried rule or deactivates a rule; returns false if nothing changed.
    pub(crate) async fn set_rule_active(&mut self, id: RuleId, on: bool) -> Result<bool, StoreError> {
        let (tenant, now): (_, DateTime<Utc>) = (self.tenant(), self.now);
        let changed = if on {
            self.tx.execute(ACTIVATE_RULE, (tenant, id.uuid(), now)).await?
        } else {
            self.tx.execute(DEACTIVATE_RULE, (tenant, id.uuid())).await?
        };
        Ok(changed == 1)
    }

    pub(crate) async fn set_rule_position(&mut self, id: RuleId, position: i64) -> Result<(), StoreError> {
        let tenant = self.tenant();
        self.tx
            .execute(UPDATE_RULE_POSITION, (tenant, id.uuid(), position))
            .await
            .map(drop)
    }

    pub(crate) async fn delete_rule(&mut self, id: RuleId) -> Result<bool, StoreError> {
        let tenant = self.tenant();
        Ok(self.tx.execute(DELETE_RULE, (tenant, id.uuid())).await? == 1)
    }
}

impl TenantTx<'_, Staff> {
    /// Lists the facts of the latest requests.
    pub(crate) async fn facts_of_latest(&mut self, limit: i64) -> Result<Vec<FactsRow>, StoreError> {
        let tenant = self.tenant();
        self.tx
            .fetch_all::<FactsRow>(SELECT_FACTS_OF_LATEST, (tenant, limit))
            .await
    }
}
