//! How technicians work: skills, a week of shifts with breaks, days off, and where their day begins and ends.

use chrono::NaiveDate;
use domain::customers::Coordinates;
use domain::ids::{AbsenceId, StaffId};
use domain::permissions::{ManageTechnicians, ViewOperations};
use domain::problems::Problem;
use domain::technicians::{self, AbsenceKind, Rest, Shift, WorkingWeek};
use domain::text;
use serde_json::json;

use crate::commit::finish;
use crate::form::Form;
use crate::identity::actors::Permit;
use crate::scheduling::store::technicians::{AbsenceView, TechnicianView};
use crate::scheduling::store::technicians::{DayPlace, TechnicianRow};
use crate::{Core, CoreError, CoreResult};

/// How many days off one entry may have.
const LONGEST_ABSENCE: i64 = 366;
/// How many entries of days off somebody may have ahead.
const MOST_ABSENCES: usize = 200;

/// A technician with the days off that are ahead or now.
#[derive(Debug, Clone)]
pub struct TechnicianPage {
    /// The technician.
    pub technician: TechnicianView,
    /// Days off, the first ones first.
    pub absences: Vec<AbsenceView>,
}

/// Today, as a technician in a zone has it.
fn today(core: &Core, zone: &str) -> NaiveDate {
    let zone = zone.parse().unwrap_or(chrono_tz::UTC);
    core.clock.now().with_timezone(&zone).date_naive()
}

/// All technicians with their days off, by name.
///
/// # Errors
/// The database does not answer.
pub async fn list(core: &Core, by: Permit<'_, ViewOperations>) -> CoreResult<Vec<TechnicianPage>> {
    let mut tx = core.store.read(by.staff()).await?;
    let found = tx.technicians_set_up().await?;
    // The earliest day that anybody has; the rest is sorted out for each one.
    let earliest = core.clock.now().date_naive().pred_opt().unwrap_or_default();
    let absences = tx.absences(earliest).await?;
    Ok(found
        .into_iter()
        .map(|technician| {
            let day = today(core, &technician.zone);
            let own = absences
                .iter()
                .filter(|absence| absence.staff_id == technician.id && absence.last_day >= day)
                .cloned()
                .collect();
            TechnicianPage {
                technician,
                absences: own,
            }
        })
        .collect())
}

/// One technician.
///
/// # Errors
/// `not_found`.
pub async fn one(core: &Core, by: Permit<'_, ViewOperations>, id: StaffId) -> CoreResult<TechnicianPage> {
    let mut tx = core.store.read(by.staff()).await?;
    let technician = tx.technician(id).await?.ok_or_else(CoreError::not_found)?;
    let day = today(core, &technician.zone);
    let absences = tx.absences_of(id, day).await?;
    Ok(TechnicianPage { technician, absences })
}

/// What a form says about how somebody works; texts as they were typed.
#[derive(Debug, Clone, Default)]
pub struct WorkingInput {
    /// Skills, with commas or line ends between them.
    pub skills: String,
    /// An IANA zone.
    pub zone: String,
    /// Beginning and end of each weekday's shift, Monday first; both empty on free days.
    pub days: [(String, String); 7],
    /// Earliest and latest beginning of each break, and its minutes; all empty for none.
    pub rests: [(String, String, String); 2],
    /// Where the day begins: name, and degrees as "51.4508, 7.0131".
    pub start: (String, String),
    /// Where it ends; both empty for where it begins.
    pub end: (String, String),
    /// The revision that the form began with.
    pub revision: i64,
}

/// Names of the fields of the weekdays, in their order.
pub const DAYS: [&str; 7] = [
    "monday",
    "tuesday",
    "wednesday",
    "thursday",
    "friday",
    "saturday",
    "sunday",
];

fn read_week(input: &WorkingInput, form: &mut Form) -> WorkingWeek {
    let mut week = WorkingWeek::default();
    for (index, (from, until)) in input.days.iter().enumerate() {
        if from.trim().is_empty() && until.trim().is_empty() {
            continue;
        }
        match (technicians::minute(from), technicians::minute(until)) {
            (Some(from), Some(until)) if from != until => week.days[index] = Some(Shift { from, until }),
            _ => form.wrong(
                DAYS[index],
                "invalid_shift",
                "Two different times such as 07:30 and 16:00, or none.",
            ),
        }
    }
    let mut wrong_rest = |index: usize| {
        form.wrong(
            &format!("rest{}", index + 1),
            "invalid_break",
            "Two times within a shift and 1 to 240 minutes, or nothing.",
        );
    };
    for (index, (from, until, minutes)) in input.rests.iter().enumerate() {
        if [from, until, minutes].iter().all(|text| text.trim().is_empty()) {
            continue;
        }
        let times = technicians::minute(from).zip(technicians::minute(until));
        let read = times.zip(minutes.trim().parse().ok());
        let rest = read.map(|((from, until), minutes)| Rest { from, until, minutes });
        match rest.filter(|rest| week.holds(*rest)) {
            Some(rest) => week.rests.push(rest),
            None => wrong_rest(index),
        }
    }
    week
}

fn read_place(field: &str, name: &str, degrees: &str, form: &mut Form) -> Option<DayPlace> {
    if name.trim().is_empty() && degrees.trim().is_empty() {
        return None;
    }
    let name = match name.trim() {
        "" => None,
        name => form.text(&format!("{field}_name"), 200, text::line(name, 200)),
    };
    let read = degrees
        .split_once(',')
        .and_then(|(lat, lon)| Some((lat.trim().parse().ok()?, lon.trim().parse().ok()?)))
        .and_then(|(lat, lon)| Coordinates::new(lat, lon));
    let Some(place) = read else {
        form.wrong(
            field,
            "invalid_coordinates",
            "Degrees north and east with a comma between them, such as 51.4508, 7.0131.",
        );
        return None;
    };
    Some(DayPlace {
        name,
        latitude: place.lat,
        longitude: place.lon,
    })
}

/// Sets up how somebody works.
///
/// # Errors
/// Fields `skills`, `zone`, `monday` to `sunday`, `rest1`, `rest2`, `start`, `end`; `not_found`;
/// `concurrent_modification` if somebody else has changed it meanwhile.
pub async fn set_up(
    core: &Core,
    by: Permit<'_, ManageTechnicians>,
    id: StaffId,
    input: &WorkingInput,
) -> CoreResult<()> {
    let mut form = Form::default();
    let skills = technicians::skills(&input.skills);
    if skills.is_none() {
        form.wrong(
            "skills",
            "invalid_skills",
            "At most 50 skills of at most 64 characters are allowed.",
        );
    }
    let zone = input.zone.trim();
    if zone.parse::<chrono_tz::Tz>().is_err() {
        form.wrong(
            "zone",
            "invalid_zone",
            "An IANA zone such as Europe/Berlin is required.",
        );
    }
    let week = read_week(input, &mut form);
    let start = read_place("start", &input.start.0, &input.start.1, &mut form);
    let end = read_place("end", &input.end.0, &input.end.1, &mut form);
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
    if !tx.set_up_technician(id, &row, input.revision).await? {
        return Err(CoreError::new(
            Problem::ConcurrentModification,
            "Somebody else has changed this technician meanwhile; look at it again.",
        ));
    }
    tx.audit(
        "technician.set_up",
        id,
        json!({ "skills": skills, "zone": zone, "week": week }),
    );
    finish(core, tx).await
}

/// Adds days off, both days included.
///
/// # Errors
/// Fields `first`, `last`, `kind`; `not_found`.
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
    let first_day = first.trim().parse::<NaiveDate>().ok();
    if first_day.is_none() {
        form.wrong("first", "invalid_date", "A date is required.");
    }
    // One day off needs no second date.
    let last_day = if last.trim().is_empty() {
        first_day
    } else {
        last.trim().parse().ok()
    };
    let is_sound = first_day
        .zip(last_day)
        .is_none_or(|(first, last)| last >= first && last >= today && (last - first).num_days() < LONGEST_ABSENCE);
    if last_day.is_none() && first_day.is_some() || !is_sound {
        form.wrong(
            "last",
            "invalid_last_day",
            "A date that is not over, on or after the first day and within a year of it.",
        );
    }
    let kind = AbsenceKind::from_name(kind);
    if kind.is_none() {
        form.wrong("kind", "required", "Choose why.");
    }
    if tx.absences_of(id, today).await?.len() >= MOST_ABSENCES {
        form.wrong("first", "too_many", format!("At most {MOST_ABSENCES} are allowed."));
    }
    form.finish()?;
    let (Some(first), Some(last), Some(kind)) = (first_day, last_day, kind) else {
        return Err(CoreError::new(Problem::ValidationFailed, "The input is not valid."));
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

/// Takes days off back.
///
/// # Errors
/// `not_found`.
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
