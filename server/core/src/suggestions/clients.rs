//! Route suggestions as partners see them: their own targets, opaque technicians, reasons without names or places.

use std::collections::{BTreeMap, HashMap, HashSet};

use chrono::{DateTime, NaiveDate, Utc};
use domain::fields::FieldError;
use domain::ids::{RouteSuggestionId, TargetId};
use domain::scopes::markers::RoutesSuggestScope;
use serde_json::json;

use crate::commit::finish;
use crate::db::TenantTx;
use crate::identity::actors::ClientPermit;
use crate::integrations::idempotency::{Answer, IdempotencyKey, keep, replay, with_tries};
use crate::page::Page;
use crate::suggestions::store::SuggestionView;
use crate::suggestions::{FARTHEST, MOST_DAYS, MOST_OPEN, is_day, too_many};
use crate::{Core, CoreError, CoreResult};
use domain::suggestions::{Options, Outcome, Rule};

/// How many targets one suggestion may have.
pub const MOST_TARGETS: usize = 200;

/// Which targets a client means.
#[derive(Debug, Clone)]
pub enum Named {
    /// By our ids.
    Ids(Vec<TargetId>),
    /// By the ids of their source.
    ExternalIds(Vec<String>),
}

/// A stop as a client sees it.
#[derive(Debug, Clone)]
pub struct OwnStop {
    /// The target.
    pub target: TargetId,
    /// Its id in the source.
    pub external_id: Option<String>,
    /// When somebody would be there.
    pub arrival: DateTime<Utc>,
    /// When they would be done.
    pub departure: DateTime<Utc>,
}

/// A target that is left out.
#[derive(Debug, Clone)]
pub struct OwnLeft {
    /// The target.
    pub target: TargetId,
    /// Its id in the source.
    pub external_id: Option<String>,
    /// Code and a sentence, each code once.
    pub reasons: Vec<(String, String)>,
}

/// A suggestion as a client sees it.
#[derive(Debug, Clone)]
pub struct OwnSuggestion {
    /// The suggestion.
    pub suggestion: SuggestionView,
    /// Stops by day and opaque technician.
    pub routes: Vec<(String, NaiveDate, Vec<OwnStop>)>,
    /// What is left out.
    pub left: Vec<OwnLeft>,
}

/// Asks for a suggestion for own targets.
///
/// # Errors
/// Fields `/date`, `/horizonDays`, `/targetIds/{n}`, `/externalIds/{n}`; `rate_limited`.
pub async fn ask(
    core: &Core,
    by: ClientPermit<'_, RoutesSuggestScope>,
    date: NaiveDate,
    days: u32,
    named: &Named,
    key: Option<&IdempotencyKey>,
    render: impl Fn(RouteSuggestionId) -> Answer,
) -> CoreResult<Answer> {
    let client = by.client();
    let mut errors = Vec::new();
    let today = core.clock.now().date_naive();
    // It may be tomorrow already where the targets are, or still yesterday.
    let (before, after) = (today.pred_opt().unwrap_or(today), today);
    if !is_day(before, date) && !is_day(after, date) {
        errors.push(FieldError::new(
            "/date",
            "day_to_come",
            format!("A day from today on, at most {FARTHEST} days ahead, is required."),
        ));
    }
    if !(1..=MOST_DAYS).contains(&days) {
        errors.push(FieldError::new(
            "/horizonDays",
            "invalid_number",
            format!("1 to {MOST_DAYS} days are allowed."),
        ));
    }
    if !errors.is_empty() {
        return Err(CoreError::invalid(errors));
    }
    let answer = with_tries!({
        let mut tx = core.store.begin(client).await?;
        if let Some(answer) = replay(&mut tx, key).await? {
            return Ok(answer);
        }
        let targets = own(&mut tx, named).await?;
        if tx.open_suggestions().await? >= MOST_OPEN {
            return Err(too_many().into());
        }
        let id: RouteSuggestionId = tx.new_id();
        let count = targets.len();
        let options = Options {
            targets: Some(targets),
            days,
        };
        tx.insert_suggestion(id, date, Some(client.source_system), &options)
            .await?;
        tx.audit("route_suggestion.asked", id, json!({ "date": date, "targets": count }));
        let answer = render(id);
        keep(&mut tx, key, &answer).await?;
        finish(core, tx).await?;
        Ok(answer)
    })?;
    core.wake_planner.notify_one();
    Ok(answer)
}

/// The own targets that are named, in that order. Another source's and a missing one are the same.
async fn own(tx: &mut TenantTx<'_, crate::identity::actors::ApiClient>, named: &Named) -> CoreResult<Vec<TargetId>> {
    let missing = |field: &str, index: usize| {
        FieldError::new(
            format!("/{field}/{index}"),
            "target_not_found",
            "There is no such target of this source system.",
        )
    };
    let mut errors = Vec::new();
    let mut seen = HashSet::new();
    let mut found = Vec::new();
    match named {
        Named::Ids(ids) => {
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
        Named::ExternalIds(ids) => {
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

/// One of the own suggestions.
///
/// # Errors
/// `not_found`, also for another source's.
pub async fn get(
    core: &Core,
    by: ClientPermit<'_, RoutesSuggestScope>,
    id: RouteSuggestionId,
) -> CoreResult<OwnSuggestion> {
    let mut tx = core.store.read(by.client()).await?;
    let found = tx.own_suggestion(id).await?.ok_or_else(CoreError::not_found)?;
    let ids = found.options.targets.clone().unwrap_or_default();
    let names = tx.own_targets_among(&ids).await?;
    Ok(shown(
        found,
        &names.into_iter().map(|(id, name)| (id.0, name)).collect(),
    ))
}

/// A page of them, newest first.
///
/// # Errors
/// The database does not answer.
pub async fn list(
    core: &Core,
    by: ClientPermit<'_, RoutesSuggestScope>,
    before: Option<(DateTime<Utc>, RouteSuggestionId)>,
    limit: i64,
) -> CoreResult<Page<OwnSuggestion>> {
    let mut tx = core.store.read(by.client()).await?;
    let page = Page::cut(tx.own_suggestions(before, limit + 1).await?, limit);
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
        rows: page.rows.into_iter().map(|row| shown(row, &names)).collect(),
    })
}

/// Only what is the client's own: nobody else's stops, names or places.
fn shown(suggestion: SuggestionView, names: &HashMap<TargetId, Option<String>>) -> OwnSuggestion {
    let empty = Outcome::default();
    let outcome = suggestion.result.as_ref().map_or(&empty, |result| &result.0);
    let name = |target: &TargetId| names.get(target).cloned().flatten();
    // A label says who goes twice, and no more.
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
        .map(|left| OwnLeft {
            target: left.target,
            external_id: name(&left.target),
            reasons: match &left.code {
                Some(code) => vec![(code.clone(), fixed(code).to_owned())],
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

fn fixed(code: &str) -> &'static str {
    match code {
        "location_unknown" => "The location has no coordinates.",
        "not_open" => "The target is planned, done or cancelled already.",
        "other_days" => "The time window lies on other days.",
        "needs_mapping" => "The customer is not resolved yet.",
        "too_many_skills" => "The suggestion has more different skills than can be counted.",
        _ => "Nobody works on these days.",
    }
}

/// Each code once, with the least by which it fails, over all technicians.
fn reasons<'a>(rules: impl Iterator<Item = &'a Rule>) -> Vec<(String, String)> {
    let mut least: BTreeMap<&str, &Rule> = BTreeMap::new();
    for rule in rules {
        least
            .entry(rule.code.as_str())
            .and_modify(|known| {
                if rule.by < known.by {
                    *known = rule;
                }
            })
            .or_insert(rule);
    }
    least
        .into_values()
        .map(|rule| {
            let minutes = (rule.by + 59) / 60;
            let detail = match rule.code.as_str() {
                "skill" => "A skill that the target requires is missing.".to_owned(),
                "window" => format!("The time window would be missed by {minutes} minutes at least."),
                "shift" => format!("The working hours would be exceeded by {minutes} minutes at least."),
                "break" => format!("A break would be missed by {minutes} minutes at least."),
                "kept" => format!("What is planned already would be delayed by {minutes} minutes at least."),
                "higher_priority" => format!("Work of higher priority would be delayed by {minutes} minutes at least."),
                _ => format!("The day is full; {minutes} minutes more would be needed at least."),
            };
            (rule.code.clone(), detail)
        })
        .collect()
}
