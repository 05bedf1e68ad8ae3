//! The report of a visit: read, with its photos, and handed in.

use chrono::{DateTime, Utc};
use domain::day_entries::{DayStep, Fit, SeenAppointment, WrittenReport};
use domain::events::EventType;
use domain::ids::{TargetId, VisitReportId};
use domain::permissions::PerformVisits;
use domain::problems::Problem;
use domain::targets::{AppointmentStatus, TargetStatus};
use domain::text;
use domain::visit_reports::{self, MOST_MATERIAL, MOST_MATERIAL_LINE, MOST_SIGNATURE};
use serde_json::json;

use crate::commit::finish;
use crate::db::TenantTx;
use crate::files::clean_photo;
use crate::follow_ups;
use crate::form::Form;
use crate::identity::actors::{Actor as _, Permit, Staff};
use crate::visits::model::DayStop;
use crate::visits::store::reports::{NewAttachment, NewReport};
use crate::visits::{Step, emit, fit, move_target, note, own_stop, refusal, stop_of};
use crate::{Core, CoreError, CoreResult};

/// The longest text of a report, in characters.
pub const MOST_TEXT: usize = 4_000;
/// The most photos of one report.
pub const MOST_PHOTOS: usize = 10;
/// The longest description of what is still to be done, in characters.
pub const MOST_FOLLOW_UP: usize = 500;
/// The longest name of who signs, in characters.
pub const MOST_NAME: usize = 200;
/// The longest work time, in minutes.
pub const MOST_WORK_MINUTES: i64 = 24 * 60;

/// A report whose fields are right.
pub(crate) struct Report {
    completed: bool,
    summary: String,
    internal_notes: Option<String>,
    work_minutes: i64,
    material: Option<String>,
    signed_by: Option<String>,
    signature: Option<String>,
    billable: bool,
    follow_up: Option<String>,
    /// Photos that are kept.
    pub(crate) photos: Vec<KeptPhoto>,
}

impl Report {
    /// Where it leads.
    pub(crate) const fn end(&self) -> TargetStatus {
        if self.completed {
            TargetStatus::Completed
        } else {
            TargetStatus::NotCompleted
        }
    }
}

/// A photo that is kept under its hash.
#[derive(Debug, Clone)]
pub(crate) struct KeptPhoto {
    pub(crate) file_name: String,
    pub(crate) size_bytes: i64,
    pub(crate) content_hash: Vec<u8>,
}

/// Reads what was written into the form.
///
/// # Errors
/// Fields `summary`, `internal_notes`, `work_minutes`, `material`, `signed_by`, `signature`, `follow_up`.
pub(crate) fn read(written: &WrittenReport) -> CoreResult<Report> {
    let mut form = Form::default();
    let summary = form.text("summary", MOST_TEXT, text::paragraphs(&written.summary, MOST_TEXT));
    let internal_notes = form
        .text(
            "internal_notes",
            MOST_TEXT,
            text::optional_paragraphs(&written.internal_notes, MOST_TEXT),
        )
        .flatten();
    let follow_up = form
        .text(
            "follow_up",
            MOST_FOLLOW_UP,
            text::optional_paragraphs(&written.follow_up, MOST_FOLLOW_UP),
        )
        .flatten();
    let signed_by = form
        .text(
            "signed_by",
            MOST_NAME,
            text::optional_line(&written.signed_by, MOST_NAME),
        )
        .flatten();
    let work_minutes = written
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
    let material = visit_reports::material(&written.material);
    if material.is_none() {
        form.wrong(
            "material",
            "invalid_material",
            format!("At most {MOST_MATERIAL} lines of at most {MOST_MATERIAL_LINE} characters are allowed."),
        );
    }
    let signature = Some(written.signature.trim()).filter(|signature| !signature.is_empty());
    if signature.is_some_and(|signature| !visit_reports::is_signature(signature)) {
        form.wrong(
            "signature",
            "invalid_signature",
            format!("A drawing of at most {MOST_SIGNATURE} characters is allowed."),
        );
    }
    form.finish()?;
    let (Some(summary), Some(work_minutes)) = (summary, work_minutes) else {
        return Err(CoreError::new(Problem::ValidationFailed, "The input is not valid."));
    };
    let material = material.filter(|lines| !lines.is_empty());
    Ok(Report {
        completed: written.completed,
        summary,
        internal_notes,
        work_minutes,
        material: material.map(|lines| visit_reports::material_text(&lines)),
        signed_by,
        signature: signature.map(str::to_owned),
        billable: written.billable,
        follow_up,
        photos: Vec::new(),
    })
}

/// Files the report of a visit, or hands in a returned one again. The photos are kept before the row that names them, so
/// a crash leaves at most a file that nobody knows.
///
/// # Errors
/// Fields; `not_found`; `illegal_transition` unless on site (or the report was returned); `concurrent_modification` if
/// another time was agreed than the one that was seen.
pub async fn file_report(
    core: &Core,
    by: Permit<'_, PerformVisits>,
    id: TargetId,
    seen: Option<SeenAppointment>,
    written: &WrittenReport,
    photos: Vec<(String, Vec<u8>)>,
) -> CoreResult<VisitReportId> {
    let mut report = read(written)?;
    if photos.len() > MOST_PHOTOS {
        return Err(too_many_photos());
    }
    // Refuse before the work of decoding pictures, and again inside the transaction.
    let found = {
        let mut tx = core.store.read(by.staff()).await?;
        let found = stop_of(&mut tx, id, DayStep::Report, seen).await?;
        found.ok_or_else(CoreError::not_found)?
    };
    fit(&found, &Step::Report(&report), seen, None)
        .map_err(|misfit| refusal(&found, &Step::Report(&report), misfit))?;
    report.photos = keep_photos(core, by.staff(), photos).await?;
    let mut tx = core.store.begin(by.staff()).await?;
    let stop = own_stop(&mut tx, id, DayStep::Report, seen)
        .await?
        .ok_or_else(CoreError::not_found)?;
    let fits = fit(&stop, &Step::Report(&report), seen, None);
    if fits != Ok(Fit::Now) {
        return Err(fits.map_or_else(
            |misfit| refusal(&stop, &Step::Report(&report), misfit),
            |_| CoreError::not_found(),
        ));
    }
    let written = hand_in(&mut tx, &stop, &report, None).await?;
    finish(core, tx).await?;
    Ok(written)
}

pub(crate) fn too_many_photos() -> CoreError {
    CoreError::field(
        "photo",
        "too_many_files",
        format!("At most {MOST_PHOTOS} photos are allowed."),
    )
}

/// Writes a report that fits its visit.
pub(crate) async fn hand_in(
    tx: &mut TenantTx<'_, Staff>,
    stop: &DayStop,
    report: &Report,
    noted_at: Option<DateTime<Utc>>,
) -> CoreResult<VisitReportId> {
    let id = stop.target_id.0;
    let row = NewReport {
        id: stop.report_id.map_or_else(|| tx.new_id(), |key| key.0),
        target: id,
        appointment: stop.appointment_id.0,
        summary: &report.summary,
        internal_notes: report.internal_notes.as_deref(),
        work_minutes: report.work_minutes,
        billable: report.billable,
        follow_up: report.follow_up.as_deref(),
        material: report.material.as_deref(),
        signed_by: report.signed_by.as_deref(),
        signature: report.signature.as_deref(),
        written_at: noted_at,
    };
    if stop.is_returned() {
        if !tx.resubmit_report(&row).await? {
            return Err(CoreError::new(
                Problem::ConcurrentModification,
                "This report was changed at the same time.",
            ));
        }
    } else {
        move_target(tx, stop, stop.status, report.end(), noted_at).await?;
        tx.end_planned_appointment(id, AppointmentStatus::Done).await?;
        tx.insert_report(&row).await?;
        if report.completed {
            follow_ups::completed(tx, id).await?;
        }
        if report.completed && stop.is_shared {
            note(tx, id, "visit_completed", noted_at).await?;
        }
        let kind = if report.completed {
            EventType::TargetCompleted
        } else {
            EventType::TargetUpdated
        };
        emit(tx, kind, id, report.end()).await?;
    }
    for photo in &report.photos {
        let file = NewAttachment {
            file_name: &photo.file_name,
            size_bytes: photo.size_bytes,
            content_hash: &photo.content_hash,
        };
        tx.insert_attachment(row.id, &file).await?;
    }
    tx.audit(
        "visit_report.submitted",
        row.id,
        json!({ "target": id, "photos": report.photos.len(), "notedAt": noted_at }),
    );
    Ok(row.id)
}

/// Checks and re-encodes photos away from the request threads, then keeps them.
pub(crate) async fn keep_photos(
    core: &Core,
    staff: &Staff,
    photos: Vec<(String, Vec<u8>)>,
) -> CoreResult<Vec<KeptPhoto>> {
    let clean = core
        .files
        .decode(move || {
            photos
                .iter()
                .map(|(name, bytes)| clean_photo(name, bytes))
                .collect::<CoreResult<Vec<_>>>()
        })
        .await?;
    let mut kept = Vec::with_capacity(clean.len());
    for photo in clean {
        kept.push(KeptPhoto {
            size_bytes: i64::try_from(photo.bytes.len()).unwrap_or(i64::MAX),
            file_name: photo.file_name,
            content_hash: photo.content_hash.clone(),
        });
        core.files.put(staff.tenant(), &photo.content_hash, photo.bytes).await?;
    }
    Ok(kept)
}
