//! Rules that classify requests: made, tried on past requests, switched on, and asked when a request arrives.

pub mod model;
#[expect(clippy::disallowed_methods, reason = "SQL lives in the store of a slice")]
mod store;

use domain::ids::{RequestId, RuleId};
use domain::intake::classification::{self, Because, Classification, Classified, Conditions, Outcome, Rule};
use domain::permissions::ManageIntake;
use domain::problems::Problem;
use domain::text;
use serde_json::json;

use crate::classification::model::RuleView;
use crate::classification::store::FactsRow;
use crate::commit::finish;
use crate::db::TenantTx;
use crate::form::Form;
use crate::identity::actors::{Actor, Administrator, Permit};
use crate::{Core, CoreError, CoreResult};

/// How many rules an organisation may have.
pub const MOST_RULES: usize = 100;
/// On how many past requests a rule is tried.
pub const MOST_TRIED: i64 = 500;
/// How many of the requests that it fits are shown.
const MOST_SHOWN: usize = 50;

/// Asks the rules about a request that was just written, in its transaction.
pub(crate) async fn arrived<A: Actor>(tx: &mut TenantTx<'_, A>, id: RequestId) -> CoreResult<()> {
    let rules = tx.active_rules().await?;
    if rules.is_empty() {
        return Ok(());
    }
    let row = tx.facts_of_request(id).await?.ok_or_else(CoreError::not_found)?;
    let (facts, priority) = row.facts();
    let said = classification::classify(&rules, &facts, priority);
    if said.decided.is_empty() {
        return Ok(());
    }
    let service_type = said.service_type().unwrap_or(facts.service_type);
    tx.set_classification(id, &said, service_type, said.priority().unwrap_or(priority))
        .await?;
    tx.audit("request.classified", id, json!({ "decided": said.decided }));
    Ok(())
}

/// Asks again once a person has said where it is: what no rule could decide without the place is added, the rest stays,
/// because people have decided by it meanwhile.
pub(crate) async fn place_known<A: Administrator>(tx: &mut TenantTx<'_, A>, id: RequestId) -> CoreResult<()> {
    let rules = tx.active_rules().await?;
    if rules.is_empty() {
        return Ok(());
    }
    let row = tx.facts_of_request(id).await?.ok_or_else(CoreError::not_found)?;
    let (facts, priority) = row.facts();
    let new = classification::classify(&rules, &facts, priority);
    let mut said = row.classification.clone().map(|said| said.0).unwrap_or_default();
    let added: Vec<_> = new
        .decided
        .into_iter()
        .filter(|decided| matches!(decided.field, Classified::Region | Classified::UseCase))
        .filter(|decided| said.of(decided.field).is_none())
        .collect();
    if added.is_empty() {
        return Ok(());
    }
    tx.audit("request.classified", id, json!({ "decided": added }));
    said.decided.extend(added);
    Ok(tx.set_classification(id, &said, row.service_type, row.priority).await?)
}

/// The rules, in the order in which they are asked.
///
/// # Errors
/// The database does not answer.
pub async fn list(core: &Core, by: Permit<'_, ManageIntake>) -> CoreResult<Vec<RuleView>> {
    Ok(core.store.read(by.staff()).await?.rules().await?)
}

/// One rule.
///
/// # Errors
/// `not_found`.
pub async fn get(core: &Core, by: Permit<'_, ManageIntake>, id: RuleId) -> CoreResult<RuleView> {
    let mut tx = core.store.read(by.staff()).await?;
    tx.rule(id).await?.ok_or_else(CoreError::not_found)
}

/// Makes a rule, or changes one. Either way it rests until it was tried and switched on.
///
/// # Errors
/// Field `name`, one of the conditions or what it sets; `not_found`.
pub async fn save(
    core: &Core,
    by: Permit<'_, ManageIntake>,
    id: Option<RuleId>,
    name: &str,
    conditions: Conditions,
    outcome: Outcome,
) -> CoreResult<RuleId> {
    let mut tx = core.store.begin(by.staff()).await?;
    let id = write(&mut tx, id, name, conditions, outcome).await?;
    finish(core, tx).await?;
    Ok(id)
}

/// Like [`save`], in a transaction, as the demo does too.
pub(crate) async fn write<A: Administrator>(
    tx: &mut TenantTx<'_, A>,
    id: Option<RuleId>,
    name: &str,
    conditions: Conditions,
    outcome: Outcome,
) -> CoreResult<RuleId> {
    let mut form = Form::default();
    let name = form.text("name", 80, text::line(name, 80));
    let checked = classification::checked(conditions, outcome);
    if let Err(errors) = &checked {
        form.0.extend(errors.iter().cloned());
    }
    form.finish()?;
    let (Some(name), Ok((conditions, outcome))) = (name, checked) else {
        return Err(CoreError::new(Problem::ValidationFailed, "The input is not valid."));
    };
    let content = json!({ "name": name, "conditions": conditions, "outcome": outcome });
    if let Some(id) = id {
        if !tx.update_rule(id, &name, &conditions, &outcome).await? {
            return Err(CoreError::not_found());
        }
        tx.audit("rule.updated", id, content);
        return Ok(id);
    }
    if tx.rules().await?.len() >= MOST_RULES {
        return Err(CoreError::field(
            "name",
            "too_many",
            format!("At most {MOST_RULES} rules are allowed."),
        ));
    }
    let id: RuleId = tx.new_id();
    tx.insert_rule(id, &name, &conditions, &outcome).await?;
    tx.audit("rule.created", id, content);
    Ok(id)
}

/// What a rule would have done to a past request.
#[derive(Debug, Clone)]
pub struct TrialLine {
    /// The request.
    pub id: RequestId,
    /// Its number.
    pub number: i64,
    /// The beginning of what was written.
    pub description: String,
    /// Why the rule fits.
    pub because: Vec<Because>,
    /// What the rule would have set, with what it is now.
    pub would_set: Vec<(Classified, Option<String>, String)>,
    /// Rules before it that decide something which it would set too, by name.
    pub decided_before: Vec<String>,
}

/// What a rule would have done.
#[derive(Debug, Clone)]
pub struct Trial {
    /// On how many requests it was tried.
    pub looked_at: usize,
    /// How many of them it fits.
    pub fits: usize,
    /// The newest of those.
    pub lines: Vec<TrialLine>,
}

/// Notes that a rule is tried, which allows to switch it on.
///
/// # Errors
/// `not_found`.
pub async fn try_out(core: &Core, by: Permit<'_, ManageIntake>, id: RuleId) -> CoreResult<()> {
    let mut tx = core.store.begin(by.staff()).await?;
    if !tx.set_rule_tried(id).await? {
        return Err(CoreError::not_found());
    }
    tx.audit("rule.tried", id, json!({}));
    finish(core, tx).await
}

/// What a rule would have done to the requests that came last, among the rules that are switched on.
///
/// # Errors
/// `not_found`.
pub async fn trial(core: &Core, by: Permit<'_, ManageIntake>, id: RuleId) -> CoreResult<Trial> {
    let mut tx = core.store.read(by.staff()).await?;
    let all = tx.rules().await?;
    let rules: Vec<Rule> = all
        .into_iter()
        .filter(|rule| rule.active_since.is_some() || rule.id.0 == id)
        .map(RuleView::into_rule)
        .collect();
    let rule = rules
        .iter()
        .find(|rule| rule.id == id)
        .ok_or_else(CoreError::not_found)?;
    let rows = tx.facts_of_latest(MOST_TRIED).await?;
    let fitting: Vec<(&FactsRow, Vec<Because>)> = rows
        .iter()
        .filter_map(|row| Some((row, rule.conditions.fit(&row.facts().0)?)))
        .collect();
    let lines = fitting
        .iter()
        .take(MOST_SHOWN)
        .map(|(row, because)| line(row, because, rule, &rules))
        .collect();
    Ok(Trial {
        looked_at: rows.len(),
        fits: fitting.len(),
        lines,
    })
}

fn line(row: &FactsRow, because: &[Because], rule: &Rule, rules: &[Rule]) -> TrialLine {
    let (facts, priority) = row.facts();
    let now = row.classification.as_ref().map(|said| &said.0);
    let current = |field: Classified| match field {
        Classified::ServiceType => Some(row.service_type.name().to_owned()),
        Classified::Priority => Some(row.priority.name().to_owned()),
        Classified::Region | Classified::UseCase => {
            now.and_then(|said: &Classification| said.value(field).map(str::to_owned))
        }
    };
    let alone = classification::classify(std::slice::from_ref(rule), &facts, priority);
    let together = classification::classify(rules, &facts, priority);
    let mut would_set = Vec::new();
    let mut decided_before = Vec::new();
    for decided in alone.decided {
        match together.of(decided.field).filter(|other| other.rule != rule.id) {
            Some(other) if decided_before.contains(&other.rule_name) => {}
            Some(other) => decided_before.push(other.rule_name.clone()),
            None => would_set.push((decided.field, current(decided.field), decided.value)),
        }
    }
    TrialLine {
        id: row.id.0,
        number: row.number,
        description: row.description.chars().take(120).collect(),
        because: because.to_vec(),
        would_set,
        decided_before,
    }
}

/// Switches a rule on for requests to come, or off.
///
/// # Errors
/// `illegal_transition`: its present form was not tried yet; `not_found`.
pub async fn switch(core: &Core, by: Permit<'_, ManageIntake>, id: RuleId, on: bool) -> CoreResult<()> {
    let mut tx = core.store.begin(by.staff()).await?;
    let rule = tx.rule(id).await?.ok_or_else(CoreError::not_found)?;
    if on && rule.tried_at.is_none() {
        return Err(CoreError::new(
            Problem::IllegalTransition,
            "Try it on past requests first; then it can be switched on.",
        ));
    }
    if tx.switch_rule(id, on).await? {
        tx.audit(if on { "rule.switched_on" } else { "rule.switched_off" }, id, json!({}));
    }
    finish(core, tx).await
}

/// Which way a rule is moved in the order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Way {
    /// It is asked earlier.
    Earlier,
    /// It is asked later.
    Later,
}

/// Changes places with its neighbour. At the end of the list nothing happens.
///
/// # Errors
/// `not_found`.
pub async fn shift(core: &Core, by: Permit<'_, ManageIntake>, id: RuleId, way: Way) -> CoreResult<()> {
    let mut tx = core.store.begin(by.staff()).await?;
    let rules = tx.rules().await?;
    let at = rules
        .iter()
        .position(|rule| rule.id.0 == id)
        .ok_or_else(CoreError::not_found)?;
    let other = match way {
        Way::Earlier => at.checked_sub(1),
        Way::Later => Some(at + 1),
    };
    let Some(other) = other.and_then(|at| rules.get(at)) else {
        return Ok(());
    };
    tx.set_rule_position(id, other.position).await?;
    tx.set_rule_position(other.id.0, rules[at].position).await?;
    tx.audit("rule.moved", id, json!({ "past": other.id.0 }));
    finish(core, tx).await
}

/// Takes a rule away. What it decided stays, with its name.
///
/// # Errors
/// `not_found`.
pub async fn delete(core: &Core, by: Permit<'_, ManageIntake>, id: RuleId) -> CoreResult<()> {
    let mut tx = core.store.begin(by.staff()).await?;
    let rule = tx.rule(id).await?.ok_or_else(CoreError::not_found)?;
    tx.delete_rule(id).await?;
    tx.audit("rule.deleted", id, json!({ "name": rule.name }));
    finish(core, tx).await
}
