//! Files what a technician wrote offline and sent to dispatch: as the report of the planned visit, as an additional visit, or
//! as a note on the job. Whichever is chosen, the text and the photos stay readable.

use chrono::{DateTime, TimeDelta, Utc};
use domain::audit::TimelineKind;
use domain::events::EventType;
use domain::identity::permissions::PlanTargets;
use domain::ids::{AppointmentId, StaffId, TargetId, VisitReportId};
use domain::jobs::targets::{AppointmentStatus, TargetStatus};
use domain::lifecycle::Lifecycle as _;
use domain::problems::Record;
use domain::requests::RequestStatus;
use domain::visits::day_entries::{DayEntryState, DayStep, Filing};
use serde_json::json;

use crate::audit::NewTimelineEntry;
use crate::commit::finish;
use crate::db::TenantTx;
use crate::follow_ups;
use crate::identity::actors::{Permit, Staff};
use crate::jobs::model::TargetView;
use crate::scheduling::NewAppointment;
use crate::visits::emit;
use crate::visits::report;
use crate::visits::report::{Report, StoredPhoto};
use crate::visits::store::day_entries::DayEntryView;
use crate::visits::store::day_photos::DayPhoto;
use crate::visits::store::reports::NewAttachment;
use crate::visits::sync_conflicts::{check_shown, resolve};
use crate::{Core, CoreError, CoreResult};

/// The shortest visit that is recorded, for a report without a work time.
const MIN_VISIT: TimeDelta = TimeDelta::minutes(5);

/// Decides about the entries that a technician has sent to dispatch for one job.
///
/// # Errors
/// `not_found` without such entries, or without a report among them that could be filed; `concurrent_modification` unless `shown` lists exactly these entries;
/// `illegal_transition` if the job has no visit that the report could belong to.
pub async fn file(
    core: &Core,
    by: Permit<'_, PlanTargets>,
    target: TargetId,
    technician: StaffId,
    shown: &str,
    filing: Filing,
) -> CoreResult<()> {
    let mut tx = core.store.begin(by.staff()).await?;
    tx.lock_target(target).await?;
    let entries: Vec<DayEntryView> = tx
        .forwarded_entries(target)
        .await?
        .into_iter()
        .filter(|entry| entry.technician_id.0 == technician)
        .collect();
    check_shown(&entries, shown)?;
    if filing != Filing::Note {
        let photos = tx.photos_of_forwarded_entries(target).await?;
        file_reports(&mut tx, target, technician, &entries, &photos, filing).await?;
    }
    let state = if filing == Filing::Note {
        DayEntryState::Resolved
    } else {
        DayEntryState::Done
    };
    for entry in &entries {
        resolve(&mut tx, entry, state).await?;
    }
    finish(core, tx).await
}

/// Files the reports among the entries. Of several, the last one is that of the planned visit.
async fn file_reports(
    tx: &mut TenantTx<'_, Staff>,
    target: TargetId,
    technician: StaffId,
    entries: &[DayEntryView],
    photos: &[DayPhoto],
    filing: Filing,
) -> CoreResult<()> {
    let reports: Vec<&DayEntryView> = entries.iter().filter(|entry| entry.step == DayStep::Report).collect();
    let Some(last) = reports.last().map(|entry| entry.id.0) else {
        return Err(CoreError::not_found());
    };
    for entry in reports {
        let form = entry.form.as_ref().ok_or_else(CoreError::not_found)?;
        let mut written = report::read(&form.0)?;
        let own = photos.iter().filter(|photo| photo.entry_id == entry.id);
        written.photos = own
            .map(|photo| StoredPhoto {
                file_name: photo.file_name.clone(),
                size_bytes: photo.size_bytes,
                content_hash: photo.content_hash.clone(),
                mark: photo.mark,
            })
            .collect();
        let visit = PastVisit::of(entry, technician, &written);
        let is_planned_visit = filing == Filing::PlannedVisit && entry.id.0 == last;
        file_report(tx, target, &visit, &written, is_planned_visit).await?;
    }
    Ok(())
}

/// When and by whom a visit took place.
struct PastVisit {
    technician: StaffId,
    starts_at: DateTime<Utc>,
    ends_at: DateTime<Utc>,
    noted_at: DateTime<Utc>,
}

impl PastVisit {
    /// The visit took place at the appointment that the technician saw, or else before the report was written.
    fn of(entry: &DayEntryView, technician: StaffId, report: &Report) -> Self {
        let worked = TimeDelta::minutes(report.work_minutes()).max(MIN_VISIT);
        let (starts_at, ends_at) = entry
            .seen_from
            .zip(entry.seen_until)
            .unwrap_or((entry.noted_at - worked, entry.noted_at));
        Self {
            technician,
            starts_at,
            ends_at,
            noted_at: entry.noted_at,
        }
    }
}

async fn file_report(
    tx: &mut TenantTx<'_, Staff>,
    target: TargetId,
    visit: &PastVisit,
    written: &Report,
    is_planned_visit: bool,
) -> CoreResult<VisitReportId> {
    let job = tx.target_view(target).await?.ok_or_else(CoreError::not_found)?;
    // An additional visit was not announced to the customer, who reads its report once that is released.
    let is_shared = if is_planned_visit {
        end_planned_visit(tx, &job, visit, written).await?
    } else {
        false
    };
    let appointment: AppointmentId = tx.new_id();
    let zone = job
        .location_zone
        .clone()
        .unwrap_or_else(|| tx.staff().zone().to_owned());
    tx.insert_past_appointment(&NewAppointment {
        id: appointment,
        target,
        technician: visit.technician,
        is_shared,
        starts_at: visit.starts_at,
        ends_at: visit.ends_at,
        zone: &zone,
        recorded_reason: None,
    })
    .await?;
    let row = written.row(
        tx.new_id(),
        target,
        (appointment, visit.technician),
        Some(visit.noted_at),
    );
    tx.insert_report(&row).await?;
    for photo in &written.photos {
        let file = NewAttachment {
            file_name: &photo.file_name,
            size_bytes: photo.size_bytes,
            content_hash: &photo.content_hash,
            mark: photo.mark,
        };
        tx.insert_attachment(row.id, &file).await?;
    }
    tx.audit(
        "visit_report.filed",
        row.id,
        json!({
            "target": target, "technician": visit.technician, "notedAt": visit.noted_at,
            "photos": written.photos.len(), "plannedVisit": is_planned_visit,
        }),
    );
    Ok(row.id)
}

/// Ends the planned visit of a job with the outcome of the report. Returns whether the customer saw its appointment.
async fn end_planned_visit(
    tx: &mut TenantTx<'_, Staff>,
    job: &TargetView,
    visit: &PastVisit,
    written: &Report,
) -> CoreResult<bool> {
    let end = written.end();
    let steps = job.status.steps_to_visit_end(end).ok_or_else(|| {
        let illegal = job.status.step(end).err();
        illegal.map_or_else(|| CoreError::conflict(Record::Job), CoreError::from)
    })?;
    let was_shared = tx
        .appointments_of(job.id)
        .await?
        .iter()
        .any(|appointment| appointment.status == AppointmentStatus::Planned && appointment.is_shared);
    tx.close_planned_appointment(job.id, AppointmentStatus::Moved).await?;
    let mut from = job.status;
    for to in steps {
        let to = from.step(to)?;
        if !tx.set_target_status(job.id, from, to).await? {
            return Err(CoreError::conflict(Record::Job));
        }
        from = to;
    }
    let is_completed = end == TargetStatus::Completed;
    let mut kinds = vec![if is_completed {
        TimelineKind::TargetCompleted
    } else {
        TimelineKind::TargetNotCompleted
    }];
    if is_completed {
        follow_ups::mark_done(tx, job.id).await?;
        kinds.extend(was_shared.then_some(TimelineKind::VisitCompleted));
    }
    for kind in kinds {
        let entry = NewTimelineEntry::for_target(kind, job.id)
            .with_customer(job.customer_id)
            .with_location(job.location_id);
        tx.add_timeline_entry_at(entry, visit.noted_at).await?;
    }
    tx.withdraw_offer(job.id).await?;
    if let Some(request) = tx.request_of_target(job.id).await?
        && request.status == RequestStatus::Accepted
    {
        crate::requests::change_status(tx, &request, RequestStatus::Planned, None).await?;
    }
    let event = if is_completed {
        EventType::TargetCompleted
    } else {
        EventType::TargetUpdated
    };
    emit(tx, event, job.id, end).await?;
    Ok(was_shared)
}
