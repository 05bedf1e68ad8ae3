//! What did not fit: both versions of a visit, and what is decided about the one from the phone.

use domain::day_entries::{DayEntryState, DayStep};
use domain::ids::TargetId;
use domain::permissions::{PerformVisits, PlanTargets, ViewOperations};
use domain::problems::Problem;
use domain::targets::TargetStatus;
use serde_json::json;

use super::entries::photos;
use super::report::{self, Report};
use super::{Fit, Step, fit, own_stop, perform, refusal};
use crate::actors::{Permit, Staff};
use crate::services::finish;
use crate::store::{DayEntryView, DayPhoto, TenantTx};
use crate::views::DayStop;
use crate::{Core, CoreError, CoreResult};

/// What waits for the technician's decision about one visit, beside the visit as it is now.
#[derive(Debug, Clone)]
pub struct Collision {
    /// The entries in the order in which they were noted.
    pub entries: Vec<DayEntryView>,
    /// The photos of each.
    pub photos: Vec<Vec<DayPhoto>>,
    /// The visit, if it is still the technician's.
    pub stop: Option<DayStop>,
    /// The state of the job.
    pub status: TargetStatus,
    /// Whether the entries would hold now.
    pub is_usable: bool,
}

/// The visits about which something waits, with the number of entries.
///
/// # Errors
/// The database does not answer.
pub async fn waiting(core: &Core, by: Permit<'_, PerformVisits>) -> CoreResult<Vec<DayEntryView>> {
    Ok(core.store.read(by.staff()).await?.own_waiting_entries().await?)
}

/// Both versions of one visit.
///
/// # Errors
/// `not_found` if nothing waits.
pub async fn collision(core: &Core, by: Permit<'_, PerformVisits>, target: TargetId) -> CoreResult<Collision> {
    let mut tx = core.store.read(by.staff()).await?;
    let entries = tx.own_waiting_entries_of(target).await?;
    if entries.is_empty() {
        return Err(CoreError::not_found());
    }
    let mut kept = Vec::with_capacity(entries.len());
    for entry in &entries {
        kept.push(tx.day_photos(entry.id.0, by.staff().id()).await?);
    }
    let record = tx.target_record(target).await?.ok_or_else(CoreError::not_found)?;
    let stop = tx.own_stop(target).await?;
    Ok(Collision {
        is_usable: stop.as_ref().is_some_and(|stop| would_hold(stop, &entries)),
        photos: kept,
        status: record.status,
        entries,
        stop,
    })
}

/// The step that an entry was, with its report if it had one.
pub(super) fn step_of(step: DayStep, report: Option<&Report>) -> Step<'_> {
    match (step, report) {
        (_, Some(report)) => Step::Report(report),
        (DayStep::Arrive, None) => Step::Arrive,
        (_, None) => Step::SetOut,
    }
}

/// Whether entries would hold one after the other. A report after all others ends it, so only the first step is asked.
fn would_hold(stop: &DayStop, entries: &[DayEntryView]) -> bool {
    let mut stop = stop.clone();
    entries.iter().all(|entry| {
        let report = entry.form.as_ref().and_then(|form| report::read(&form.0).ok());
        let step = step_of(entry.step, report.as_ref());
        let fits = fit(&stop, &step, None).is_ok();
        stop.status = step.end();
        fits
    })
}

/// Lets the own version hold: every entry in its order, or none.
///
/// # Errors
/// `not_found`, `illegal_transition`; `concurrent_modification` unless exactly what waits was shown.
pub async fn use_mine(core: &Core, by: Permit<'_, PerformVisits>, target: TargetId, shown: &str) -> CoreResult<()> {
    let mut tx = core.store.begin(by.staff()).await?;
    let entries = own_waiting(&mut tx, target, shown).await?;
    for entry in &entries {
        let stop = own_stop(&mut tx, target).await?.ok_or_else(CoreError::not_found)?;
        let mut report = entry.form.as_ref().map(|form| report::read(&form.0)).transpose()?;
        if let Some(report) = &mut report {
            report.photos = photos(&mut tx, entry.id.0, by.staff().id()).await?;
        }
        let step = step_of(entry.step, report.as_ref());
        match fit(&stop, &step, None) {
            Ok(Fit::Now) => perform(&mut tx, &stop, &step, Some(entry.noted_at)).await?,
            Ok(Fit::Already) => {}
            Err(misfit) => return Err(refusal(&stop, &step, misfit)),
        }
        end(&mut tx, entry, DayEntryState::Done).await?;
    }
    finish(core, tx).await
}

/// Gives the own version to dispatch, with everything that was written.
///
/// # Errors
/// `not_found`; `concurrent_modification` unless exactly what waits was shown.
pub async fn hand_over(core: &Core, by: Permit<'_, PerformVisits>, target: TargetId, shown: &str) -> CoreResult<()> {
    decide(core, by, target, shown, DayEntryState::HandedOver).await
}

/// Drops the own version.
///
/// # Errors
/// `not_found`; `concurrent_modification` unless exactly what waits was shown.
pub async fn discard(core: &Core, by: Permit<'_, PerformVisits>, target: TargetId, shown: &str) -> CoreResult<()> {
    decide(core, by, target, shown, DayEntryState::Discarded).await
}

async fn decide(
    core: &Core,
    by: Permit<'_, PerformVisits>,
    target: TargetId,
    shown: &str,
    to: DayEntryState,
) -> CoreResult<()> {
    let mut tx = core.store.begin(by.staff()).await?;
    for entry in own_waiting(&mut tx, target, shown).await? {
        end(&mut tx, &entry, to).await?;
    }
    finish(core, tx).await
}

/// The keys of entries as a form carries them, so that nothing is decided that nobody has seen.
pub fn keys(entries: &[DayEntryView]) -> String {
    let keys: Vec<String> = entries.iter().map(|entry| entry.id.0.uuid().to_string()).collect();
    keys.join(",")
}

/// Refuses unless exactly these entries were on the screen.
fn as_shown(entries: &[DayEntryView], shown: &str) -> CoreResult<()> {
    if entries.is_empty() {
        return Err(CoreError::not_found());
    }
    if keys(entries) == shown {
        Ok(())
    } else {
        Err(CoreError::new(
            Problem::ConcurrentModification,
            "Something has come in meanwhile; look at it again.",
        ))
    }
}

async fn own_waiting(tx: &mut TenantTx<'_, Staff>, target: TargetId, shown: &str) -> CoreResult<Vec<DayEntryView>> {
    tx.lock_target(target).await?;
    let entries = tx.own_waiting_entries_of(target).await?;
    as_shown(&entries, shown)?;
    Ok(entries)
}

async fn end(tx: &mut TenantTx<'_, Staff>, entry: &DayEntryView, to: DayEntryState) -> CoreResult<()> {
    if !tx.end_day_entry(entry.id.0, entry.state, to).await? {
        return Err(CoreError::new(
            Problem::ConcurrentModification,
            "Somebody has decided about this meanwhile.",
        ));
    }
    tx.audit(
        "day_entry.decided",
        entry.target_id,
        json!({ "step": entry.step.name(), "to": to.name(), "notedAt": entry.noted_at }),
    );
    Ok(())
}

/// What technicians have handed over about a job, with the photos of each.
///
/// # Errors
/// The database does not answer.
pub async fn handed_over(
    core: &Core,
    by: Permit<'_, ViewOperations>,
    target: TargetId,
) -> CoreResult<Vec<(DayEntryView, Vec<DayPhoto>)>> {
    let mut tx = core.store.read(by.staff()).await?;
    let mut found = Vec::new();
    for entry in tx.handed_over_entries(target).await? {
        let photos = tx.day_photos(entry.id.0, entry.technician_id.0).await?;
        found.push((entry, photos));
    }
    Ok(found)
}

/// The jobs about which something was handed over: id and number.
///
/// # Errors
/// The database does not answer.
pub async fn with_handed_over(core: &Core, by: Permit<'_, ViewOperations>) -> CoreResult<Vec<(TargetId, i64)>> {
    let found = core.store.read(by.staff()).await?.targets_with_handed_over().await?;
    Ok(found.into_iter().map(|(key, number)| (key.0, number)).collect())
}

/// Dispatch has dealt with what was handed over about a job.
///
/// # Errors
/// `not_found`; `concurrent_modification` unless exactly what was handed over was shown.
pub async fn settle(core: &Core, by: Permit<'_, PlanTargets>, target: TargetId, shown: &str) -> CoreResult<()> {
    let mut tx = core.store.begin(by.staff()).await?;
    tx.lock_target(target).await?;
    let entries = tx.handed_over_entries(target).await?;
    as_shown(&entries, shown)?;
    for entry in &entries {
        end(&mut tx, entry, DayEntryState::Settled).await?;
    }
    finish(core, tx).await
}
