//! Route suggestions for API clients: only their own targets, opaque technician labels, reasons without names or
//! places.

use std::collections::{BTreeMap, HashMap, HashSet};

use chrono::{DateTime, NaiveDate, Utc};
use domain::fields::{FieldCode, FieldError};
use domain::ids::{RouteSuggestionId, TargetId};
use domain::scopes::markers::RoutesSuggestScope;
use serde_json::json;

use crate::commit::finish;
use crate::db::TenantTx;
use crate::identity::actors::ClientPermit;
use crate::identity::sandbox_crew;
use crate::integrations::idempotency::{ApiResponse, IdempotencyKey, replay_response, store_response, with_retries};
use crate::page::Page;
use crate::suggestions::store::SuggestionView;
use crate::suggestions::{MAX_DAYS, MAX_OPEN, is_schedulable_day, too_many_open};
use crate::{Core, CoreError, CoreResult};
use domain::suggestions::{Options, Outcome, RuleViolation};

/// Maximum number of targets of a suggestion.
pub const MAX_TARGETS: usize = 200;

/// The targets that a client requests.
#[derive(Debug, Clone)]
pub enum TargetSelection {
    Ids(Vec<TargetId>),
    /// IDs of the client's source system.
    ExternalIds(Vec<String>),
}

/// A stop of one of the client's targets.
#[derive(Debug, Clone)]
pub struct OwnStop {
    pub target: TargetId,
    pub external_id: Option<String>,
    pub arrival: DateTime<Utc>,
    pub departure: DateTime<Utc>,
}

/// One of the client's targets that could not be scheduled.
#[derive(Debug, Clone)]
pub struct OwnUnscheduled {
    pub target: TargetId,
    pub external_id: Option<String>,
    /// Distinct codes, each with a sentence.
    pub reasons: Vec<(String, String)>,
}

/// A suggestion reduced to what its client may see.
#[derive(Debug, Clone)]
pub struct OwnSuggestion {
    pub suggestion: SuggestionView,
    /// Technician label, day and stops.
    pub routes: Vec<(String, NaiveDate, Vec<OwnStop>)>,
    /// Targets that could not be scheduled.
    pub left: Vec<OwnUnscheduled>,
}

/// Requests a suggestion for the client's own targets.
///
/// # Errors
/// Fields `/date`, `/horizonDays`, `/targetIds/{n}`, `/externalIds/{n}`; `rate_limited`.
pub async fn request(
    core: &Core,
    by: ClientPermit<'_, RoutesSuggestScope>,
    date: NaiveDate,
    days: u32,
    named: &TargetSelection,
    key: Option<&IdempotencyKey>,
    render: impl Fn(RouteSuggestionId) -> ApiResponse,
) -> CoreResult<ApiResponse> {
    let client = by.client();
    let mut errors = Vec::new();
    let today = core.clock.now().date_naive();
    // In the zone of the targets it may still be yesterday in UTC terms.
    let yesterday = today.pred_opt().unwrap_or(today);
    if !is_schedulable_day(yesterday, date) && !is_schedulable_day(today, date) {
        errors.push(FieldError::new("/date", FieldCode::NotInFuture));
    }
    if !(1..=MAX_DAYS).contains(&days) {
        errors.push(FieldError::new(
            "/horizonDays",
            FieldCode::InvalidNumber {
                min: 1,
                max: i64::from(MAX_DAYS),
            },
        ));
    }
    if !errors.is_empty() {
        return Err(CoreError::invalid(errors));
    }
    if client.is_test() {
        // The technicians of the sandbox, who are created when they are needed for the first time.
        sandbox_crew::of_client(core, client).await?;
    }
    let answer = with_retries!({
        let mut tx = core.store.begin(client).await?;
        if let Some(answer) = replay_response(&mut tx, key).await? {
            return Ok(answer);
        }
        let targets = find_targets(&mut tx, named).await?;
        if tx.count_open_suggestions().await? >= MAX_OPEN {
            return Err(too_many_open().into());
        }
        let id: RouteSuggestionId = tx.new_id();
        let count = targets.len();
        let options = Options {
            targets: Some(targets),
            days,
        };
        tx.insert_suggestion(id, date, Some(client.source_system()), &options)
            .await?;
        tx.audit("route_suggestion.asked", id, json!({ "date": date, "targets": count }));
        let answer = render(id);
        store_response(&mut tx, key, &answer).await?;
        finish(core, tx).await?;
        Ok(answer)
    })?;
    core.wake_planner.notify_one();
    Ok(answer)
}

/// Finds the requested targets of the client's source system, without duplicates and in the requested order. A target
/// of another source system is reported as missing.
async fn find_targets(
    tx: &mut TenantTx<'_, crate::identity::actors::ApiClient>,
    named: &TargetSelection,
) -> CoreResult<Vec<TargetId>> {
    let missing = |field: &str, index: usize| FieldError::new(format!("/{field}/{index}"), FieldCode::TargetNotFound);
    let mut errors = Vec::new();
    let mut seen = HashSet::new();
    let mut found = Vec::new();
    match named {
        TargetSelection::Ids(ids) => {
            let known: HashSet<TargetId> = tx
                .own_targets_among(ids)
                .await?
                .into_iter()
                .map(|(id, _)| id.0)
                .collect();
            for (index, id) in ids.iter().enumerate() {
                if !known.contains(id) {
                    errors.push(missing("targetIds", index));
                } else if seen.insert(*id) {
                    found.push(*id);
                }
            }
        }
        TargetSelection::ExternalIds(ids) => {
            let known: HashMap<String, TargetId> = tx
                .own_targets_by_external_ids(ids)
                .await?
                .into_iter()
                .filter_map(|(id, external_id)| Some((external_id?, id.0)))
                .collect();
            for (index, external_id) in ids.iter().enumerate() {
                match known.get(external_id) {
                    None => errors.push(missing("externalIds", index)),
                    Some(id) if seen.insert(*id) => found.push(*id),
                    Some(_) => {}
                }
            }
        }
    }
    if errors.is_empty() {
        Ok(found)
    } else {
        Err(CoreError::invalid(errors))
    }
}

/// Returns a suggestion of the client's source system.
pub async fn get(
    core: &Core,
    by: ClientPermit<'_, RoutesSuggestScope>,
    id: RouteSuggestionId,
) -> CoreResult<OwnSuggestion> {
    let mut tx = core.store.read(by.client()).await?;
    let found = tx.own_suggestion(id).await?.ok_or_else(CoreError::not_found)?;
    let ids = found.options.targets.clone().unwrap_or_default();
    let names = tx.own_targets_among(&ids).await?;
    Ok(client_view(
        found,
        &names.into_iter().map(|(id, name)| (id.0, name)).collect(),
    ))
}

/// Lists a page of the client's suggestions, newest first.
pub async fn list(
    core: &Core,
    by: ClientPermit<'_, RoutesSuggestScope>,
    before: Option<(DateTime<Utc>, RouteSuggestionId)>,
    limit: i64,
) -> CoreResult<Page<OwnSuggestion>> {
    let mut tx = core.store.read(by.client()).await?;
    let page = Page::from_rows(tx.own_suggestions(before, limit + 1).await?, limit);
    let ids: Vec<TargetId> = page
        .rows
        .iter()
        .flat_map(|row| row.options.targets.clone().unwrap_or_default())
        .collect();
    let names: HashMap<TargetId, Option<String>> = tx
        .own_targets_among(&ids)
        .await?
        .into_iter()
        .map(|(id, name)| (id.0, name))
        .collect();
    Ok(Page {
        has_more: page.has_more,
        rows: page.rows.into_iter().map(|row| client_view(row, &names)).collect(),
    })
}

/// Reduces a suggestion to the client's own targets, without any names or places.
fn client_view(suggestion: SuggestionView, names: &HashMap<TargetId, Option<String>>) -> OwnSuggestion {
    let empty = Outcome::default();
    let outcome = suggestion.result.as_ref().map_or(&empty, |result| &result.0);
    let name = |target: &TargetId| names.get(target).cloned().flatten();
    // A label only shows which routes share a technician.
    let mut labels = BTreeMap::new();
    for route in &outcome.routes {
        if route.stops.iter().any(|stop| stop.is_new) {
            let next = labels.len() + 1;
            labels
                .entry(route.technician)
                .or_insert_with(|| format!("technician-{next}"));
        }
    }
    let routes = outcome.routes.iter().filter_map(|route| {
        let stops: Vec<OwnStop> = route
            .stops
            .iter()
            .filter(|stop| stop.is_new && names.contains_key(&stop.target))
            .map(|stop| OwnStop {
                target: stop.target,
                external_id: name(&stop.target),
                arrival: stop.begin,
                departure: stop.end,
            })
            .collect();
        (!stops.is_empty()).then(|| {
            (
                labels.get(&route.technician).cloned().unwrap_or_default(),
                route.day,
                stops,
            )
        })
    });
    let routes = routes.collect();
    let left = outcome
        .left
        .iter()
        .filter(|left| names.contains_key(&left.target))
        .map(|left| OwnUnscheduled {
            target: left.target,
            external_id: name(&left.target),
            reasons: match &left.code {
                Some(code) => vec![(code.clone(), code_sentence(code).to_owned())],
                None => reasons(left.hindrances.iter().map(|hindrance| &hindrance.rule)),
            },
        })
        .collect();
    OwnSuggestion {
        suggestion,
        routes,
        left,
    }
}

fn code_sentence(code: &str) -> &'static str {
    match code {
        "location_unknown" => "The location has no coordinates.",
        "not_open" => "The target is already scheduled, completed or cancelled.",
        "other_days" => "The time window is on other days.",
        "needs_mapping" => "The customer is not resolved yet.",
        "too_many_skills" => "The suggestion requires too many different skills.",
        _ => "No technician works on these days.",
    }
}

/// Returns each code once, with the smallest amount by which it fails across all technicians.
fn reasons<'a>(rules: impl Iterator<Item = &'a RuleViolation>) -> Vec<(String, String)> {
    let mut smallest: BTreeMap<&str, &RuleViolation> = BTreeMap::new();
    for rule in rules {
        smallest
            .entry(rule.code.as_str())
            .and_modify(|known| {
                if rule.by < known.by {
                    *known = rule;
                }
            })
            .or_insert(rule);
    }
    smallest
        .into_values()
        .map(|rule| {
            let minutes = (rule.by + 59) / 60;
            let detail = match rule.code.as_str() {
                "skill" => "A skill that the target requires is missing.".to_owned(),
                "window" => format!("The time window would be missed by at least {minutes} minutes."),
                "shift" => format!("The working hours would be exceeded by at least {minutes} minutes."),
                "break" => format!("A break would be missed by at least {minutes} minutes."),
                "kept" => format!("Scheduled visits would be delayed by at least {minutes} minutes."),
                "higher_priority" => format!("Higher-priority jobs would be delayed by at least {minutes} minutes."),
                _ => format!("The day is full; at least {minutes} more minutes would be needed."),
            };
            (rule.code.clone(), detail)
        })
        .collect()
}
