//! Technicians' skills, weekly shifts with breaks, absences, and where their day starts and ends.

use chrono::NaiveDate;
use domain::coordinates;
use domain::dates::parse_day;
use domain::fields::FieldCode;
use domain::identity::permissions::{ManageTechnicians, ViewOperations};
use domain::ids::{AbsenceId, StaffId};
use domain::problems::{Cause, Record};
use domain::scheduling::technicians::{self, AbsenceKind, Break, Shift, WorkingWeek};
use domain::text;
use serde_json::json;

use crate::commit::finish;
use crate::db::TenantTx;
use crate::form::Form;
use crate::identity::actors::{Permit, Staff};
use crate::scheduling::store::technicians::{AbsenceView, TechnicianView};
use crate::scheduling::store::technicians::{DayStartOrEnd, TechnicianRow};
use crate::{Core, CoreError, CoreResult};

/// The longest absence.
const MAX_ABSENCE_DAYS: i64 = 366;
/// Maximum number of current and future absences of a technician.
const MAX_ABSENCES: usize = 200;

/// A technician with current and future absences.
#[derive(Debug, Clone)]
pub struct TechnicianPage {
    pub technician: TechnicianView,
    /// Sorted by first day.
    pub absences: Vec<AbsenceView>,
}

/// The settings of a technician.
#[derive(Debug, Clone)]
pub struct TechnicianSettings {
    pub page: TechnicianPage,
    /// Whether the viewer can change working hours and absences.
    pub can_change: bool,
}

/// How many technicians a page lists.
pub const MAX_LISTED: usize = 500;

/// Returns today's date in a zone.
fn today(core: &Core, zone: &str) -> NaiveDate {
    let zone = zone.parse().unwrap_or(chrono_tz::UTC);
    core.clock.now().with_timezone(&zone).date_naive()
}

/// Lists the technicians with their absences, sorted by name: one more than [`MAX_LISTED`] if there are more.
pub async fn list(core: &Core, by: Permit<'_, ViewOperations>) -> CoreResult<Vec<TechnicianPage>> {
    let mut tx = core.store.read(by.staff()).await?;
    let found = tx.technicians_with_hours().await?;
    // Yesterday in UTC is the earliest "today" of any zone; each technician's list is filtered by their own zone below.
    let earliest = core.clock.now().date_naive().pred_opt().unwrap_or_default();
    let absences = tx.absences(earliest).await?;
    Ok(found
        .into_iter()
        .map(|technician| {
            let day = today(core, &technician.zone);
            let absences = absences
                .iter()
                .filter(|absence| absence.staff_id == technician.id && absence.last_day >= day)
                .cloned()
                .collect();
            TechnicianPage { technician, absences }
        })
        .collect())
}

/// Returns a technician with current and future absences.
pub async fn get(core: &Core, by: Permit<'_, ViewOperations>, id: StaffId) -> CoreResult<TechnicianSettings> {
    let mut tx = core.store.read(by.staff()).await?;
    let technician = tx.technician(id).await?.ok_or_else(CoreError::not_found)?;
    let day = today(core, &technician.zone);
    let absences = tx.absences_of(id, day).await?;
    Ok(TechnicianSettings {
        page: TechnicianPage { technician, absences },
        can_change: by.staff().has::<ManageTechnicians>(),
    })
}

/// The unparsed fields of the working hours form.
#[derive(Debug, Clone, Default)]
pub struct WorkingHoursInput {
    /// Skills separated by commas or line breaks.
    pub skills: String,
    /// IANA time zone.
    pub zone: String,
    /// Start and end of each weekday's shift, Monday first; both empty on days off.
    pub days: [(String, String); 7],
    /// Earliest start, latest start and minutes of each break; all empty for none.
    pub rests: [(String, String, String); 2],
    /// Name and coordinates of the place where the day starts; coordinates as "51.4508, 7.0131".
    pub start: (String, String),
    /// The same for the end of the day; both empty if it is the start.
    pub end: (String, String),
    /// The revision with which the form was rendered.
    pub revision: i64,
}

/// Field names of the weekdays, Monday first.
pub const DAYS: [&str; 7] = [
    "monday",
    "tuesday",
    "wednesday",
    "thursday",
    "friday",
    "saturday",
    "sunday",
];

fn parse_week(input: &WorkingHoursInput, form: &mut Form) -> WorkingWeek {
    let mut week = WorkingWeek::default();
    for (index, (from, until)) in input.days.iter().enumerate() {
        if from.trim().is_empty() && until.trim().is_empty() {
            continue;
        }
        match (
            technicians::parse_time_of_day(from),
            technicians::parse_time_of_day(until),
        ) {
            (Some(from), Some(until)) if from != until => week.days[index] = Some(Shift { from, until }),
            _ => form.add_error(DAYS[index], FieldCode::InvalidShift),
        }
    }
    let mut report_invalid_break = |index: usize| {
        form.add_error(&format!("rest{}", index + 1), FieldCode::InvalidBreak);
    };
    for (index, (from, until, minutes)) in input.rests.iter().enumerate() {
        if [from, until, minutes].iter().all(|text| text.trim().is_empty()) {
            continue;
        }
        let times = technicians::parse_time_of_day(from).zip(technicians::parse_time_of_day(until));
        let parsed = times.zip(minutes.trim().parse().ok());
        let rest = parsed.map(|((from, until), minutes)| Break { from, until, minutes });
        match rest.filter(|rest| week.is_valid_break(*rest)) {
            Some(rest) => week.rests.push(rest),
            None => report_invalid_break(index),
        }
    }
    week
}

fn parse_place(field: &str, name: &str, degrees: &str, form: &mut Form) -> Option<DayStartOrEnd> {
    if name.trim().is_empty() && degrees.trim().is_empty() {
        return None;
    }
    let name = match name.trim() {
        "" => None,
        name => form.text(&format!("{field}_name"), 200, text::line(name, 200)),
    };
    let Some(place) = coordinates::parse(degrees) else {
        form.add_error(field, FieldCode::InvalidCoordinates);
        return None;
    };
    Some(DayStartOrEnd {
        name,
        latitude: place.lat,
        longitude: place.lon,
    })
}

/// Gives a new technician usual hours in the zone of the organization, unless there are any.
pub(crate) async fn add_usual_hours(tx: &mut TenantTx<'_, Staff>, id: StaffId) -> CoreResult<()> {
    let zone = tx.tenant_zone().await?;
    let row = TechnicianRow {
        zone: &zone,
        week: &WorkingWeek::usual(),
        start: None,
        end: None,
    };
    // No row has this revision, so that stored hours stay.
    tx.upsert_technician(id, &row, -1).await?;
    Ok(())
}

/// Sets a technician's skills, working hours and start and end places.
///
/// # Errors
/// Fields `skills`, `zone`, `monday` to `sunday`, `rest1`, `rest2`, `start`, `end`; `concurrent_modification` if the
/// revision is outdated.
pub async fn set_working_hours(
    core: &Core,
    by: Permit<'_, ManageTechnicians>,
    id: StaffId,
    input: &WorkingHoursInput,
) -> CoreResult<()> {
    let mut form = Form::default();
    let skills = technicians::parse_skill_list(&input.skills);
    if skills.is_none() {
        form.add_error("skills", FieldCode::InvalidSkills);
    }
    let zone = input.zone.trim();
    if zone.parse::<chrono_tz::Tz>().is_err() {
        form.add_error("zone", FieldCode::InvalidZone);
    }
    let week = parse_week(input, &mut form);
    let start = parse_place("start", &input.start.0, &input.start.1, &mut form);
    let end = parse_place("end", &input.end.0, &input.end.1, &mut form);
    form.finish()?;
    let skills = skills.unwrap_or_default();
    let mut tx = core.store.begin(by.staff()).await?;
    if !tx.set_skills(id, &skills).await? {
        return Err(CoreError::not_found());
    }
    let row = TechnicianRow {
        zone,
        week: &week,
        start: start.as_ref(),
        end: end.as_ref(),
    };
    if !tx.upsert_technician(id, &row, input.revision).await? {
        return Err(CoreError::conflict(Record::Technician));
    }
    tx.audit(
        "technician.set_up",
        id,
        json!({ "skills": skills, "zone": zone, "week": week }),
    );
    finish(core, tx).await
}

/// Adds an absence; the first and the last day are included.
///
/// # Errors
/// Fields `first`, `last`, `kind`.
pub async fn add_absence(
    core: &Core,
    by: Permit<'_, ManageTechnicians>,
    id: StaffId,
    first: &str,
    last: &str,
    kind: &str,
) -> CoreResult<()> {
    let mut form = Form::default();
    let mut tx = core.store.begin(by.staff()).await?;
    let technician = tx.technician(id).await?.ok_or_else(CoreError::not_found)?;
    let today = today(core, &technician.zone);
    let first_day = parse_day(first.trim());
    if first_day.is_none() {
        form.add_error("first", FieldCode::InvalidDate);
    }
    // A single day needs no last day.
    let last_day = if last.trim().is_empty() {
        first_day
    } else {
        parse_day(last.trim())
    };
    let is_valid = first_day
        .zip(last_day)
        .is_none_or(|(first, last)| last >= first && last >= today && (last - first).num_days() < MAX_ABSENCE_DAYS);
    if last_day.is_none() && first_day.is_some() || !is_valid {
        form.add_error("last", FieldCode::InvalidLastDay);
    }
    let kind = AbsenceKind::from_name(kind);
    if kind.is_none() {
        form.add_error("kind", FieldCode::Required);
    }
    if tx.absences_of(id, today).await?.len() >= MAX_ABSENCES {
        form.add_error("first", FieldCode::TooMany { max: MAX_ABSENCES });
    }
    form.finish()?;
    let (Some(first), Some(last), Some(kind)) = (first_day, last_day, kind) else {
        return Err(CoreError::new(Cause::InvalidFields));
    };
    let absence: AbsenceId = tx.new_id();
    tx.insert_absence(absence, id, first, last, kind).await?;
    tx.audit(
        "technician.absence_added",
        id,
        json!({ "first": first, "last": last, "kind": kind.name() }),
    );
    finish(core, tx).await
}

/// Deletes an absence.
pub async fn remove_absence(
    core: &Core,
    by: Permit<'_, ManageTechnicians>,
    id: StaffId,
    absence: AbsenceId,
) -> CoreResult<()> {
    let mut tx = core.store.begin(by.staff()).await?;
    if !tx.delete_absence(id, absence).await? {
        return Err(CoreError::not_found());
    }
    tx.audit("technician.absence_removed", id, json!({ "absence": absence }));
    finish(core, tx).await
}
