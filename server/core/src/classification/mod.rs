//! Classification rules: editing, trial runs on past requests, activation, and evaluation of new requests.

pub mod model;
#[expect(clippy::disallowed_methods, reason = "SQL lives in the store of a slice")]
mod store;

use domain::fields::FieldCode;
use domain::identity::permissions::ManageIntake;
use domain::ids::{RequestId, RuleId};
use domain::intake::classification::{self, Classification, ClassifiedField, Conditions, MatchReason, Outcome, Rule};
use domain::problems::{Cause, Record};
use domain::text;
use serde_json::json;

use crate::classification::model::RuleView;
use crate::classification::store::FactsRow;
use crate::commit::finish;
use crate::db::TenantTx;
use crate::form::Form;
use crate::identity::actors::{Administrator, MayClassify, Permit, Staff};
use crate::intake::model::FormSummary;
use crate::version::Version;
use crate::{Core, CoreError, CoreResult};

/// Maximum number of rules of an organization.
pub const MAX_RULES: usize = 100;
/// Number of past requests on which a rule is tried.
pub const TRIAL_REQUESTS: i64 = 500;
/// Maximum number of matching requests in a trial result.
const MAX_TRIAL_LINES: usize = 50;

/// Classifies a request within the transaction that inserted it.
pub(crate) async fn classify<A: MayClassify>(tx: &mut TenantTx<'_, A>, id: RequestId) -> CoreResult<()> {
    let rules = tx.active_rules().await?;
    if rules.is_empty() {
        return Ok(());
    }
    let row = tx.facts_of_request(id).await?.ok_or_else(CoreError::not_found)?;
    let (facts, priority) = row.facts();
    let result = classification::classify(&rules, &facts, priority);
    if result.decided.is_empty() {
        return Ok(());
    }
    let service_type = result.service_type().unwrap_or(facts.service_type);
    tx.set_classification(id, &result, service_type, result.priority().unwrap_or(priority))
        .await?;
    tx.audit("request.classified", id, json!({ "decided": result.decided }));
    Ok(())
}

/// Classifies a request again after its location was set. Only missing regions and use cases are added; earlier results
/// are kept, since staff may have relied on them.
pub(crate) async fn reclassify<A: Administrator>(tx: &mut TenantTx<'_, A>, id: RequestId) -> CoreResult<()> {
    let rules = tx.active_rules().await?;
    if rules.is_empty() {
        return Ok(());
    }
    let row = tx.facts_of_request(id).await?.ok_or_else(CoreError::not_found)?;
    let (facts, priority) = row.facts();
    let result = classification::classify(&rules, &facts, priority);
    let mut classification = row
        .classification
        .clone()
        .map(|classification| classification.0)
        .unwrap_or_default();
    let added: Vec<_> = result
        .decided
        .into_iter()
        .filter(|decided| matches!(decided.field, ClassifiedField::Region | ClassifiedField::UseCase))
        .filter(|decided| classification.of(decided.field).is_none())
        .collect();
    if added.is_empty() {
        return Ok(());
    }
    tx.audit("request.classified", id, json!({ "decided": added }));
    classification.decided.extend(added);
    Ok(tx
        .set_classification(id, &classification, row.service_type, row.priority)
        .await?)
}

/// The rules, and the forms that their conditions name.
#[derive(Debug, Clone)]
pub struct RulesPage {
    /// In evaluation order.
    pub rules: Vec<RuleView>,
    /// Sorted by name.
    pub forms: Vec<FormSummary>,
}

/// Lists the rules in evaluation order.
pub async fn list(core: &Core, by: Permit<'_, ManageIntake>) -> CoreResult<RulesPage> {
    let mut tx = core.store.read(by.staff()).await?;
    Ok(RulesPage {
        rules: tx.rules().await?,
        forms: tx.forms().await?,
    })
}

/// A rule with everything that its page shows.
#[derive(Debug, Clone)]
pub struct RulePage {
    pub rule: RuleView,
    /// The forms that a condition can name, sorted by name.
    pub forms: Vec<FormSummary>,
    /// The result of its trial, if its current version was tried.
    pub trial: Option<Trial>,
    /// Whether it can be activated: it is inactive, and its current version was tried.
    pub can_activate: bool,
    pub can_deactivate: bool,
}

/// Returns a rule with its trial.
///
/// # Errors
/// `not_found`.
pub async fn page(core: &Core, by: Permit<'_, ManageIntake>, id: RuleId) -> CoreResult<RulePage> {
    let mut tx = core.store.read(by.staff()).await?;
    let rule = tx.rule(id).await?.ok_or_else(CoreError::not_found)?;
    Ok(RulePage {
        forms: tx.forms().await?,
        trial: if rule.is_tried() {
            Some(trial(&mut tx, id).await?)
        } else {
            None
        },
        can_activate: rule.active_since.is_none() && rule.is_tried(),
        can_deactivate: rule.active_since.is_some(),
        rule,
    })
}

/// Locks a rule and returns it, if it still has the version that its page shows.
///
/// # Errors
/// `not_found`; `concurrent_modification`.
async fn lock_shown_rule(tx: &mut TenantTx<'_, Staff>, id: RuleId, shown: Option<&str>) -> CoreResult<RuleView> {
    tx.lock(id).await?;
    let rule = tx.rule(id).await?.ok_or_else(CoreError::not_found)?;
    rule.version().ensure_shown(shown, Record::Rule)?;
    Ok(rule)
}

/// Creates or updates a rule. Either way it is inactive until it is tried and activated.
///
/// # Errors
/// Field `name`, or one of the conditions or results; `concurrent_modification` unless `shown` is the current version.
pub async fn save(
    core: &Core,
    by: Permit<'_, ManageIntake>,
    id: Option<RuleId>,
    shown: Option<&str>,
    name: &str,
    conditions: Conditions,
    outcome: Outcome,
) -> CoreResult<RuleId> {
    let mut tx = core.store.begin(by.staff()).await?;
    if let Some(id) = id {
        lock_shown_rule(&mut tx, id, shown).await?;
    }
    let id = save_in(&mut tx, id, name, conditions, outcome).await?;
    finish(core, tx).await?;
    Ok(id)
}

/// Saves like [`save`] within a transaction; also used by the demo data.
pub(crate) async fn save_in<A: Administrator>(
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
        return Err(CoreError::new(Cause::InvalidFields));
    };
    let content = json!({ "name": name, "conditions": conditions, "outcome": outcome });
    if let Some(id) = id {
        if !tx.update_rule(id, &name, &conditions, &outcome).await? {
            return Err(CoreError::not_found());
        }
        tx.audit("rule.updated", id, content);
        return Ok(id);
    }
    if tx.rules().await?.len() >= MAX_RULES {
        return Err(CoreError::field("name", FieldCode::TooMany { max: MAX_RULES }));
    }
    let id: RuleId = tx.new_id();
    tx.insert_rule(id, &name, &conditions, &outcome).await?;
    tx.audit("rule.created", id, content);
    Ok(id)
}

/// The trial result of one past request.
#[derive(Debug, Clone)]
pub struct TrialEntry {
    pub id: RequestId,
    pub number: i64,
    /// The first 120 characters of the description.
    pub description: String,
    /// The conditions that matched.
    pub because: Vec<MatchReason>,
    /// Field, current value and value that the rule would have set.
    pub would_set: Vec<(ClassifiedField, Option<String>, String)>,
    /// Names of earlier rules that take precedence for one of the fields.
    pub decided_before: Vec<String>,
}

/// The result of a trial run.
#[derive(Debug, Clone)]
pub struct Trial {
    /// Number of requests that were checked.
    pub checked_count: usize,
    /// Number of requests that match.
    pub match_count: usize,
    /// The newest matching requests.
    pub lines: Vec<TrialEntry>,
}

/// Marks a rule as tried, which allows activating it.
pub async fn mark_tried(core: &Core, by: Permit<'_, ManageIntake>, id: RuleId, shown: Option<&str>) -> CoreResult<()> {
    let mut tx = core.store.begin(by.staff()).await?;
    lock_shown_rule(&mut tx, id, shown).await?;
    if !tx.set_rule_tried(id).await? {
        return Err(CoreError::not_found());
    }
    tx.audit("rule.tried", id, json!({}));
    finish(core, tx).await
}

/// Runs a rule together with the active rules on the latest requests, without changing them.
async fn trial(tx: &mut TenantTx<'_, Staff>, id: RuleId) -> CoreResult<Trial> {
    let all = tx.rules().await?;
    let rules: Vec<Rule> = all
        .into_iter()
        .filter(|rule| rule.active_since.is_some() || rule.id == id)
        .map(RuleView::into_rule)
        .collect();
    let rule = rules
        .iter()
        .find(|rule| rule.id == id)
        .ok_or_else(CoreError::not_found)?;
    let rows = tx.facts_of_latest(TRIAL_REQUESTS).await?;
    let matches: Vec<(&FactsRow, Vec<MatchReason>)> = rows
        .iter()
        .filter_map(|row| Some((row, rule.conditions.match_reasons(&row.facts().0)?)))
        .collect();
    let lines = matches
        .iter()
        .take(MAX_TRIAL_LINES)
        .map(|(row, because)| trial_line(row, because, rule, &rules))
        .collect();
    Ok(Trial {
        checked_count: rows.len(),
        match_count: matches.len(),
        lines,
    })
}

fn trial_line(row: &FactsRow, because: &[MatchReason], rule: &Rule, rules: &[Rule]) -> TrialEntry {
    let (facts, priority) = row.facts();
    let classification = row.classification.as_ref().map(|classification| &classification.0);
    let current = |field: ClassifiedField| match field {
        ClassifiedField::ServiceType => Some(row.service_type.name().to_owned()),
        ClassifiedField::Priority => Some(row.priority.name().to_owned()),
        ClassifiedField::Region | ClassifiedField::UseCase => {
            classification.and_then(|classification: &Classification| classification.value(field).map(str::to_owned))
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
    TrialEntry {
        id: row.id.0,
        number: row.number,
        description: row.description.chars().take(120).collect(),
        because: because.to_vec(),
        would_set,
        decided_before,
    }
}

/// Activates a rule for new requests, or deactivates it.
///
/// # Errors
/// `illegal_transition` if its current version has not been tried; `concurrent_modification` unless `shown` is the
/// current version.
pub async fn set_active(
    core: &Core,
    by: Permit<'_, ManageIntake>,
    id: RuleId,
    shown: Option<&str>,
    on: bool,
) -> CoreResult<()> {
    let mut tx = core.store.begin(by.staff()).await?;
    let rule = lock_shown_rule(&mut tx, id, shown).await?;
    if on && !rule.is_tried() {
        return Err(CoreError::new(Cause::RuleNotTried));
    }
    if tx.set_rule_active(id, on).await? {
        tx.audit(if on { "rule.switched_on" } else { "rule.switched_off" }, id, json!({}));
    }
    finish(core, tx).await
}

/// The direction in which a rule is moved.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Direction {
    Earlier,
    Later,
}

/// Returns the version of the evaluation order, for the buttons that change it.
pub fn order_version(rules: &[RuleView]) -> Version {
    Version::of(&rules.iter().map(|rule| rule.id.to_string()).collect::<Vec<_>>())
}

/// Swaps a rule with its neighbor in the evaluation order. At the end of the list nothing happens. `shown` is the version of
/// the order on the page: in another order, the neighbor would be another rule.
pub async fn move_rule(
    core: &Core,
    by: Permit<'_, ManageIntake>,
    id: RuleId,
    shown: Option<&str>,
    way: Direction,
) -> CoreResult<()> {
    let mut tx = core.store.begin(by.staff()).await?;
    tx.lock("rule_order").await?;
    let rules = tx.rules().await?;
    order_version(&rules).ensure_shown(shown, Record::Other)?;
    let index = rules
        .iter()
        .position(|rule| rule.id == id)
        .ok_or_else(CoreError::not_found)?;
    let other = match way {
        Direction::Earlier => index.checked_sub(1),
        Direction::Later => Some(index + 1),
    };
    let Some(other) = other.and_then(|index| rules.get(index)) else {
        return Ok(());
    };
    tx.set_rule_position(id, other.position).await?;
    tx.set_rule_position(other.id, rules[index].position).await?;
    tx.audit("rule.moved", id, json!({ "past": other.id }));
    finish(core, tx).await
}

/// Deletes a rule. Its past results are kept with its name.
pub async fn delete(core: &Core, by: Permit<'_, ManageIntake>, id: RuleId) -> CoreResult<()> {
    let mut tx = core.store.begin(by.staff()).await?;
    let rule = tx.rule(id).await?.ok_or_else(CoreError::not_found)?;
    tx.delete_rule(id).await?;
    tx.audit("rule.deleted", id, json!({ "name": rule.name }));
    finish(core, tx).await
}
