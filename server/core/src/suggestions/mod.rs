//! Route suggestions: requested, computed in the background, reviewed with their reasons, and committed (as a whole or
//! stop by stop) or discarded. A suggestion changes no appointment until one of its stops is committed.

pub(crate) mod build;
pub mod clients;
pub(crate) mod commit;
pub(crate) mod render;
pub mod run;
#[expect(clippy::disallowed_methods, reason = "SQL lives in the store of a slice")]
mod store;
pub use self::store::{SuggestionActions, SuggestionView};

use chrono::{Days, NaiveDate};
use domain::fields::FieldCode;
use domain::identity::permissions::PlanTargets;
use domain::ids::RouteSuggestionId;
use domain::problems::Cause;
use serde_json::json;

pub use commit::{Committed, commit};
use domain::suggestions::Options;

use crate::commit::finish;
use crate::db::purpose::Purge;
use crate::identity::actors::Permit;
use crate::suggestions::store::SuggestionSummary;
use crate::visits;
use crate::{Core, CoreError, CoreResult};

/// Maximum number of days of a suggestion.
pub const MAX_DAYS: u32 = 7;
/// How many days ahead a suggestion can be requested.
const MAX_DAYS_AHEAD: u64 = 366;
/// Maximum number of queued and running suggestions of an organization.
const MAX_OPEN: i64 = 20;
/// Maximum number of suggestions in a list.
const MAX_LISTED: i64 = 50;

fn is_schedulable_day(today: NaiveDate, date: NaiveDate) -> bool {
    let last = today.checked_add_days(Days::new(MAX_DAYS_AHEAD)).unwrap_or(today);
    (today..=last).contains(&date)
}

/// The error for an organization that has reached [`MAX_OPEN`]; the limit keeps the queue short for all organizations.
fn too_many_open() -> CoreError {
    CoreError::new(Cause::TooManySuggestions { max: MAX_OPEN })
}

/// Requests a suggestion that schedules the unscheduled jobs on a day.
///
/// # Errors
/// Field `date`; `rate_limited` while too many suggestions are queued or running.
pub async fn request(core: &Core, by: Permit<'_, PlanTargets>, date: NaiveDate) -> CoreResult<RouteSuggestionId> {
    let staff = by.staff();
    if !is_schedulable_day(visits::today(core, staff), date) {
        return Err(CoreError::field("date", FieldCode::NotInFuture));
    }
    let mut tx = core.store.begin(staff).await?;
    if tx.count_open_suggestions().await? >= MAX_OPEN {
        return Err(too_many_open());
    }
    let id: RouteSuggestionId = tx.new_id();
    let options = Options { targets: None, days: 1 };
    tx.insert_suggestion(id, date, None, &options).await?;
    tx.audit("route_suggestion.asked", id, json!({ "date": date }));
    finish(core, tx).await?;
    core.wake_planner.notify_one();
    Ok(id)
}

/// Returns a suggestion.
pub async fn get(core: &Core, by: Permit<'_, PlanTargets>, id: RouteSuggestionId) -> CoreResult<SuggestionView> {
    core.store
        .read(by.staff())
        .await?
        .suggestion(id)
        .await?
        .ok_or_else(CoreError::not_found)
}

/// Lists the latest suggestions.
pub async fn list(core: &Core, by: Permit<'_, PlanTargets>) -> CoreResult<Vec<SuggestionSummary>> {
    Ok(core.store.read(by.staff()).await?.suggestions(MAX_LISTED).await?)
}

/// Requests that a queued or running suggestion be cancelled; the worker stops at its next progress report.
///
/// # Errors
/// `illegal_transition` once it has ended.
pub async fn cancel(core: &Core, by: Permit<'_, PlanTargets>, id: RouteSuggestionId) -> CoreResult<()> {
    let mut tx = core.store.begin(by.staff()).await?;
    tx.suggestion(id).await?.ok_or_else(CoreError::not_found)?;
    if !tx.request_suggestion_cancel(id).await? {
        return Err(CoreError::new(Cause::SuggestionEnded));
    }
    tx.audit("route_suggestion.stop_asked", id, json!({}));
    finish(core, tx).await
}

/// Discards a suggestion. Stops that were committed stay scheduled.
///
/// # Errors
/// `illegal_transition` unless the suggestion is completed.
pub async fn discard(core: &Core, by: Permit<'_, PlanTargets>, id: RouteSuggestionId) -> CoreResult<()> {
    let mut tx = core.store.begin(by.staff()).await?;
    tx.suggestion(id).await?.ok_or_else(CoreError::not_found)?;
    if !tx.discard_suggestion(id).await? {
        return Err(CoreError::new(Cause::SuggestionNotDiscardable));
    }
    tx.audit("route_suggestion.discarded", id, json!({}));
    finish(core, tx).await
}

/// Deletes suggestions older than 30 days, since they contain personal names. Called by the worker.
pub async fn purge_old(core: &Core) -> CoreResult<()> {
    let mut tx = core.store.begin_system::<Purge>().await?;
    tx.purge_suggestions(core.clock.now() - chrono::TimeDelta::days(30))
        .await?;
    Ok(tx.commit().await?)
}
