//! Sync conflicts: shows the server's and the phone's version of a visit, and resolves the conflict.

use domain::identity::permissions::PerformVisits;
use domain::ids::TargetId;
use domain::problems::Cause;
use domain::visits::day_entries::{DayEntryState, DayStep, SeenAppointment, StepCheck};
use serde_json::json;

use crate::commit::finish;
use crate::db::TenantTx;
use crate::identity::actors::{Permit, Staff};
use crate::visits::entries::photos;
use crate::visits::model::DayStop;
use crate::visits::report;
use crate::visits::report::Report;
use crate::visits::store::day_entries::DayEntryView;
use crate::visits::store::day_photos::DayPhoto;
use crate::visits::{Step, fit, other_under_way, own_stop, perform, refusal};
use crate::{Core, CoreError, CoreResult};

/// An entry with its photos.
pub type WithPhotos = (DayEntryView, Vec<DayPhoto>);

/// The queued entries of one visit and the visit's current state.
#[derive(Debug, Clone)]
pub struct SyncConflict {
    /// At least one entry, in the order of arrival.
    pub entries: Vec<WithPhotos>,
    /// The visit, if it is still assigned to the technician.
    pub stop: Option<DayStop>,
    /// Whether the entries could be applied to the current state.
    pub is_usable: bool,
}

/// Groups photos by entry.
fn with_photos(entries: Vec<DayEntryView>, photos: &[DayPhoto]) -> Vec<WithPhotos> {
    let photos_of = |id| photos.iter().filter(|photo| photo.entry_id == id).cloned().collect();
    entries
        .into_iter()
        .map(|entry| (entry.clone(), photos_of(entry.id)))
        .collect()
}

/// Lists the signed-in technician's unresolved sync conflicts, one for each visit.
pub async fn list(core: &Core, by: Permit<'_, PerformVisits>) -> CoreResult<Vec<SyncConflict>> {
    let mut tx = core.store.read(by.staff()).await?;
    let (entries, photos) = (tx.own_queued_entries().await?, tx.photos_of_queued_entries().await?);
    let stops = tx.own_stops_with_queued_entries().await?;
    let under_way = tx.own_visits_under_way().await?;
    drop(tx);
    let other_of = |target| under_way.iter().all(|visit| visit.target_id != target) && !under_way.is_empty();
    let conflicts = entries
        .chunk_by(|one, other| one.target_id == other.target_id)
        .map(|entries| {
            let stop = stops
                .iter()
                .find(|stop| stop.target_id == entries[0].target_id.0)
                .cloned();
            SyncConflict {
                is_usable: stop
                    .as_ref()
                    .is_some_and(|stop| can_apply(stop, entries, other_of(stop.target_id))),
                entries: with_photos(entries.to_vec(), &photos),
                stop,
            }
        });
    Ok(conflicts.collect())
}

/// Builds the step of an entry; a report takes precedence over the step name.
pub(crate) fn step_of(step: DayStep, report: Option<&Report>) -> Step<'_> {
    match (step, report) {
        (_, Some(report)) => Step::Report(report),
        (DayStep::Arrive, None) => Step::Arrive,
        (_, None) => Step::StartTravel,
    }
}

/// Checks whether entries could be applied one after the other, while another visit is under way or none is.
fn can_apply(stop: &DayStop, entries: &[DayEntryView], has_other: bool) -> bool {
    let mut stop = stop.clone();
    entries.iter().all(|entry| {
        let report = entry.form.as_ref().and_then(|form| report::read(&form.0).ok());
        let step = step_of(entry.step, report.as_ref());
        let is_possible = fit(&stop, &step, None, None).is_ok() && !(has_other && entry.step == DayStep::StartTravel);
        stop.status = step.end();
        is_possible
    })
}

/// Keeps the technician's version: applies every entry in order, or none.
///
/// # Errors
/// `illegal_transition` if a step is not possible; `concurrent_modification` unless `shown` lists exactly the queued
/// entries.
pub async fn keep_mine(core: &Core, by: Permit<'_, PerformVisits>, target: TargetId, shown: &str) -> CoreResult<()> {
    let mut tx = core.store.begin(by.staff()).await?;
    let entries = lock_queued(&mut tx, target, shown).await?;
    for entry in &entries {
        let seen = entry.seen_from.zip(entry.seen_until);
        let seen = seen.map(|(starts_at, ends_at)| SeenAppointment { starts_at, ends_at });
        let stop = own_stop(&mut tx, target, entry.step, seen)
            .await?
            .ok_or_else(CoreError::not_found)?;
        let mut report = entry.form.as_ref().map(|form| report::read(&form.0)).transpose()?;
        if let Some(report) = &mut report {
            report.photos = photos(&mut tx, entry.id.0).await?;
        }
        let step = step_of(entry.step, report.as_ref());
        if let Some(other) = other_under_way(&mut tx, target, entry.step).await? {
            return Err(other.refusal());
        }
        match fit(&stop, &step, None, None) {
            Ok(StepCheck::Applicable) => perform(&mut tx, &stop, &step, Some(entry.noted_at)).await?,
            Ok(StepCheck::AlreadyApplied) => {}
            Err(reason) => return Err(refusal(&stop, &step, reason)),
        }
        resolve(&mut tx, entry, DayEntryState::Done).await?;
    }
    finish(core, tx).await
}

/// Forwards the technician's version to dispatch.
///
/// # Errors
/// `concurrent_modification` unless `shown` lists exactly the queued entries.
pub async fn forward(core: &Core, by: Permit<'_, PerformVisits>, target: TargetId, shown: &str) -> CoreResult<()> {
    decide(core, by, target, shown, DayEntryState::Forwarded).await
}

/// Discards the technician's version.
///
/// # Errors
/// `concurrent_modification` unless `shown` lists exactly the queued entries.
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
    for entry in lock_queued(&mut tx, target, shown).await? {
        resolve(&mut tx, &entry, to).await?;
    }
    finish(core, tx).await
}

/// Joins the IDs of entries for a hidden form field, so that a decision applies only to entries that were displayed.
pub fn keys<'a>(entries: impl IntoIterator<Item = &'a DayEntryView>) -> String {
    let keys = entries.into_iter().map(|entry| entry.id.0.uuid().to_string());
    keys.collect::<Vec<_>>().join(",")
}

/// Checks that exactly these entries were displayed.
pub(super) fn check_shown(entries: &[DayEntryView], shown: &str) -> CoreResult<()> {
    if entries.is_empty() {
        return Err(CoreError::not_found());
    }
    if keys(entries) == shown {
        Ok(())
    } else {
        Err(CoreError::new(Cause::MoreEntriesArrived))
    }
}

async fn lock_queued(tx: &mut TenantTx<'_, Staff>, target: TargetId, shown: &str) -> CoreResult<Vec<DayEntryView>> {
    tx.lock_target(target).await?;
    let entries = tx.own_queued_entries_of(target).await?;
    check_shown(&entries, shown)?;
    Ok(entries)
}

pub(super) async fn resolve(tx: &mut TenantTx<'_, Staff>, entry: &DayEntryView, to: DayEntryState) -> CoreResult<()> {
    if !tx.update_day_entry_state(entry.id.0, entry.state, to).await? {
        return Err(CoreError::new(Cause::SyncConflictResolved));
    }
    if to == DayEntryState::Discarded {
        tx.delete_day_photos(entry.id.0).await?;
    }
    tx.audit(
        "day_entry.decided",
        entry.target_id,
        json!({ "step": entry.step.name(), "to": to.name(), "notedAt": entry.noted_at }),
    );
    Ok(())
}

/// Lists the entries of a job that dispatch kept as notes, grouped by technician.
pub(crate) async fn kept_notes(tx: &mut TenantTx<'_, Staff>, target: TargetId) -> CoreResult<Vec<WithPhotos>> {
    let (entries, photos) = (tx.kept_entries(target).await?, tx.photos_of_kept_entries(target).await?);
    Ok(with_photos(entries, &photos))
}

/// Lists the entries of a job that were forwarded to dispatch, grouped by technician.
pub(crate) async fn forwarded(tx: &mut TenantTx<'_, Staff>, target: TargetId) -> CoreResult<Vec<WithPhotos>> {
    let (entries, photos) = (
        tx.forwarded_entries(target).await?,
        tx.photos_of_forwarded_entries(target).await?,
    );
    Ok(with_photos(entries, &photos))
}

/// Lists ID and number of the jobs with entries that were forwarded to dispatch.
pub(crate) async fn jobs_with_forwarded(tx: &mut TenantTx<'_, Staff>) -> CoreResult<Vec<(TargetId, i64)>> {
    let found = tx.targets_with_forwarded_entries().await?;
    Ok(found.into_iter().map(|(key, number)| (key.0, number)).collect())
}
