//! The technician's day: on my way, arrived, done or not, and the report.

use chrono::{DateTime, Days, NaiveDate, TimeZone as _, Utc};
use chrono_tz::Tz;
use domain::events::EventType;
use domain::ids::{TargetId, VisitReportId};
use domain::lifecycle::Lifecycle as _;
use domain::permissions::PerformVisits;
use domain::problems::Problem;
use domain::targets::{AppointmentStatus, TargetStatus};
use domain::text;
use domain::visit_reports::ReportStatus;
use serde_json::json;

use super::{Form, finish};
use crate::actors::{Actor as _, Permit, Staff};
use crate::files::{CleanPhoto, clean_photo};
use crate::store::{NewEntry, NewEvent, NewReport, TenantTx};
use crate::views::{DayStop, ReportText};
use crate::{Core, CoreError, CoreResult};

/// The longest text of a report, in characters.
pub const MOST_TEXT: usize = 4_000;
/// The most photos of one report.
pub const MOST_PHOTOS: usize = 10;
/// The longest work time, in minutes.
const MOST_WORK_MINUTES: i64 = 24 * 60;

/// The own stops of a date in the tenant's zone.
///
/// # Errors
/// The database does not answer.
pub async fn day(core: &Core, by: Permit<'_, PerformVisits>, date: NaiveDate) -> CoreResult<Vec<DayStop>> {
    let (from, until) = day_bounds(by.staff().zone(), date);
    Ok(core.store.read(by.staff()).await?.own_stops(from, until).await?)
}

/// Today in the tenant's zone.
pub fn today(core: &Core, staff: &Staff) -> NaiveDate {
    core.clock
        .now()
        .with_timezone(&staff.zone().parse::<Tz>().unwrap_or(Tz::UTC))
        .date_naive()
}

/// The first moment of a date and of the date after, in a zone. A midnight that the clock skips begins an hour later.
pub(super) fn day_bounds(zone: &str, date: NaiveDate) -> (DateTime<Utc>, DateTime<Utc>) {
    let zone: Tz = zone.parse().unwrap_or(Tz::UTC);
    let midnight = |date: NaiveDate| {
        let local = date.and_hms_opt(0, 0, 0).unwrap_or_default();
        zone.from_local_datetime(&local)
            .earliest()
            .or_else(|| {
                zone.from_local_datetime(&(local + chrono::TimeDelta::hours(1)))
                    .earliest()
            })
            .map_or_else(|| Utc.from_utc_datetime(&local), |moment| moment.with_timezone(&Utc))
    };
    (
        midnight(date),
        midnight(date.checked_add_days(Days::new(1)).unwrap_or(date)),
    )
}

/// One of the own stops.
///
/// # Errors
/// `not_found`.
pub async fn stop(core: &Core, by: Permit<'_, PerformVisits>, id: TargetId) -> CoreResult<DayStop> {
    core.store
        .read(by.staff())
        .await?
        .own_stop(id)
        .await?
        .ok_or_else(CoreError::not_found)
}

/// What one has written in the report of a stop that was sent back.
///
/// # Errors
/// The database does not answer.
pub async fn own_report(core: &Core, by: Permit<'_, PerformVisits>, stop: &DayStop) -> CoreResult<Option<ReportText>> {
    match stop.report_id {
        Some(id) if stop.report_status.as_deref() == Some("returned") => {
            Ok(core.store.read(by.staff()).await?.own_report_text(id.0).await?)
        }
        _ => Ok(None),
    }
}

/// "On my way". A scheduled target is dispatched on the way, since the technician has evidently got it.
///
/// # Errors
/// `not_found`, `illegal_transition`.
pub async fn set_out(core: &Core, by: Permit<'_, PerformVisits>, id: TargetId) -> CoreResult<()> {
    let mut tx = core.store.begin(by.staff()).await?;
    let stop = own_stop(&mut tx, id).await?;
    let mut status = stop.status;
    if status == TargetStatus::Scheduled {
        move_target(&mut tx, &stop, status, TargetStatus::Dispatched).await?;
        status = TargetStatus::Dispatched;
    }
    move_target(&mut tx, &stop, status, TargetStatus::EnRoute).await?;
    emit(&mut tx, EventType::TargetEnRoute, id, TargetStatus::EnRoute).await?;
    finish(core, tx).await
}

/// "Arrived".
///
/// # Errors
/// `not_found`, `illegal_transition`.
pub async fn arrive(core: &Core, by: Permit<'_, PerformVisits>, id: TargetId) -> CoreResult<()> {
    let mut tx = core.store.begin(by.staff()).await?;
    let stop = own_stop(&mut tx, id).await?;
    move_target(&mut tx, &stop, stop.status, TargetStatus::OnSite).await?;
    emit(&mut tx, EventType::TargetUpdated, id, TargetStatus::OnSite).await?;
    finish(core, tx).await
}

/// What the report form sends.
#[derive(Debug, Clone, Default)]
pub struct ReportForm {
    /// Whether the work was done.
    pub completed: bool,
    /// What was done; internal until a manager writes the customer's version.
    pub summary: String,
    /// For the own team only.
    pub internal_notes: String,
    /// Minutes, as text.
    pub work_minutes: String,
    /// Whether it may be billed.
    pub billable: bool,
    /// What is still needed; empty for nothing.
    pub follow_up: String,
    /// Photos: name and bytes.
    pub photos: Vec<(String, Vec<u8>)>,
}

/// Files the report of a visit, or hands in a returned one again. The photos are kept before the row that names them, so
/// a crash leaves at most a file that nobody knows.
///
/// # Errors
/// Fields; `not_found`; `illegal_transition` unless on site (or the report was returned).
pub async fn file_report(
    core: &Core,
    by: Permit<'_, PerformVisits>,
    id: TargetId,
    input: ReportForm,
) -> CoreResult<VisitReportId> {
    let mut form = Form::default();
    let summary = form.text("summary", MOST_TEXT, text::paragraphs(&input.summary, MOST_TEXT));
    let internal_notes = form
        .text(
            "internal_notes",
            MOST_TEXT,
            text::optional_paragraphs(&input.internal_notes, MOST_TEXT),
        )
        .flatten();
    let follow_up = form
        .text("follow_up", 500, text::optional_paragraphs(&input.follow_up, 500))
        .flatten();
    let work_minutes = input
        .work_minutes
        .trim()
        .parse::<i64>()
        .ok()
        .filter(|minutes| (0..=MOST_WORK_MINUTES).contains(minutes));
    if work_minutes.is_none() {
        form.wrong(
            "work_minutes",
            "invalid_number",
            format!("Minutes from 0 to {MOST_WORK_MINUTES} are required."),
        );
    }
    if input.photos.len() > MOST_PHOTOS {
        form.wrong(
            "photo",
            "too_many_files",
            format!("At most {MOST_PHOTOS} photos are allowed."),
        );
    }
    form.finish()?;
    let (Some(summary), Some(work_minutes)) = (summary, work_minutes) else {
        return Err(CoreError::new(Problem::ValidationFailed, "The input is not valid."));
    };
    // Refuse before the work of decoding pictures, and again inside the transaction.
    let found = stop(core, by, id).await?;
    let returned = found.report_status.as_deref() == Some(ReportStatus::Returned.name());
    if !returned {
        found.status.step(if input.completed {
            TargetStatus::Completed
        } else {
            TargetStatus::NotCompleted
        })?;
    }
    let photos = clean_photos(core, by.staff(), input.photos).await?;

    let mut tx = core.store.begin(by.staff()).await?;
    let stop = own_stop(&mut tx, id).await?;
    let report = NewReport {
        id: stop.report_id.map_or_else(|| tx.new_id(), |key| key.0),
        target: id,
        appointment: stop.appointment_id.0,
        summary: &summary,
        internal_notes: internal_notes.as_deref(),
        work_minutes,
        billable: input.billable,
        follow_up: follow_up.as_deref(),
    };
    if returned {
        if !tx.resubmit_report(&report).await? {
            return Err(CoreError::new(
                Problem::ConcurrentModification,
                "This report was changed at the same time.",
            ));
        }
    } else {
        let end = if input.completed {
            TargetStatus::Completed
        } else {
            TargetStatus::NotCompleted
        };
        move_target(&mut tx, &stop, stop.status, end).await?;
        tx.end_planned_appointment(id, AppointmentStatus::Done).await?;
        tx.insert_report(&report).await?;
        if input.completed {
            super::follow_ups::completed(&mut tx, id).await?;
        }
        if input.completed && stop.is_shared {
            note(&mut tx, id, "visit_completed").await?;
        }
        emit(
            &mut tx,
            if input.completed {
                EventType::TargetCompleted
            } else {
                EventType::TargetUpdated
            },
            id,
            end,
        )
        .await?;
    }
    for photo in &photos {
        tx.insert_attachment(report.id, photo).await?;
    }
    tx.audit(
        "visit_report.submitted",
        report.id,
        json!({ "target": id, "photos": photos.len() }),
    );
    finish(core, tx).await?;
    Ok(report.id)
}

/// Checks and re-encodes photos away from the request threads, then keeps them.
async fn clean_photos(core: &Core, staff: &Staff, photos: Vec<(String, Vec<u8>)>) -> CoreResult<Vec<CleanPhoto>> {
    let clean = core
        .files
        .decode(move || {
            photos
                .iter()
                .map(|(name, bytes)| clean_photo(name, bytes))
                .collect::<CoreResult<Vec<_>>>()
        })
        .await?;
    for photo in &clean {
        core.files
            .put(staff.tenant(), &photo.content_hash, photo.bytes.clone())
            .await?;
    }
    Ok(clean)
}

async fn own_stop(tx: &mut TenantTx<'_, Staff>, id: TargetId) -> CoreResult<DayStop> {
    tx.lock_target(id).await?;
    tx.own_stop(id).await?.ok_or_else(CoreError::not_found)
}

async fn move_target(
    tx: &mut TenantTx<'_, Staff>,
    stop: &DayStop,
    from: TargetStatus,
    to: TargetStatus,
) -> CoreResult<()> {
    let to = from.step(to)?;
    if !tx.set_target_status(stop.target_id.0, from, to).await? {
        return Err(CoreError::new(
            Problem::ConcurrentModification,
            "This job was changed at the same time.",
        ));
    }
    tx.audit(
        "target.status_changed",
        stop.target_id,
        json!({ "from": from.name(), "to": to.name() }),
    );
    note(
        tx,
        stop.target_id.0,
        match to {
            TargetStatus::EnRoute => "target_en_route",
            TargetStatus::OnSite => "target_on_site",
            TargetStatus::Completed => "target_completed",
            TargetStatus::NotCompleted => "target_not_completed",
            _ => "target_dispatched",
        },
    )
    .await
}

async fn note(tx: &mut TenantTx<'_, Staff>, id: TargetId, kind: &'static str) -> CoreResult<()> {
    let record = tx.target_record(id).await?.ok_or_else(CoreError::not_found)?;
    let entry = NewEntry {
        kind,
        customer: record.customer_id.map(|key| key.0),
        location: record.location_id.map(|key| key.0),
        target: Some(id),
        request: None,
    };
    Ok(tx.note(entry).await?)
}

async fn emit(tx: &mut TenantTx<'_, Staff>, kind: EventType, id: TargetId, status: TargetStatus) -> CoreResult<()> {
    let record = tx.target_record(id).await?.ok_or_else(CoreError::not_found)?;
    tx.emit(NewEvent {
        endpoint: None,
        source: None,
        kind,
        ordering_key: id.to_string(),
        target: Some(id),
        customer: record.customer_id.map(|key| key.0),
        location: record.location_id.map(|key| key.0),
        contact: record.contact_id.map(|key| key.0),
        details: json!({ "status": status.name() }),
    });
    Ok(())
}
