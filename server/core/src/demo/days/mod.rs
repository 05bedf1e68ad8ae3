//! Simulates four weeks of work, day by day: imports and requests in the morning, decisions, scheduling, visits,
//! reports, approvals and releases.

mod portal_day;
mod special_cases;
mod visits;

use chrono::{DateTime, Days, NaiveDate, TimeDelta, TimeZone as _, Utc};
use chrono_tz::Tz;
use domain::ids::{TargetId, VisitReportId};
use domain::imports::TargetImport;
use domain::imports::results::ImportItemResult;
use domain::scheduling::consent::AcceptedConflicts;
use serde_json::{Value, json};

use crate::demo::DemoSize;
use crate::demo::inbox;
use crate::demo::places::REQUEST_TEXTS;
use crate::demo::tenants::{DemoSite, DemoWorld};
use crate::identity::actors::ApiClient;
use crate::imports::{ApiResponse, ImportPermits, import_one, is_zone};
use crate::intake::form_nonce;
use crate::portal_access::new_request::{RequestForm, submit_request};
use crate::portal_access::pages::locations;
use crate::randomness::Randomness;
use crate::requests::review;
use crate::requests::review::Decision;
use crate::scheduling::appointments::{ScheduleForm, schedule};
use crate::{Core, CoreError, CoreResult};
use crate::{jobs, requests};

use self::special_cases::import_special_cases;
use self::visits::{approve_reports, perform_visits};

/// Start, end and start hour of the four visits of a technician's day.
const SLOTS: [(&str, &str, i64); 4] = [
    ("08:00", "10:00", 8),
    ("10:00", "12:00", 10),
    ("13:00", "15:00", 13),
    ("15:00", "17:00", 15),
];

/// A scheduled visit that has not been performed yet.
struct PlannedVisit {
    target: TargetId,
    technician: usize,
    date: NaiveDate,
    slot: usize,
}

/// The state of the simulation.
struct Progress {
    planned: Vec<PlannedVisit>,
    to_schedule: Vec<TargetId>,
    to_approve: Vec<(VisitReportId, usize)>,
    next_job: usize,
}

pub(crate) async fn simulate(
    core: &Core,
    world: &DemoWorld,
    size: DemoSize,
    randomness: &Randomness,
    present: DateTime<Utc>,
) -> CoreResult<()> {
    let zone: Tz = world.dispatcher.zone().parse().unwrap_or(Tz::UTC);
    let today = present.with_timezone(&zone).date_naive();
    let first = core.clock.now().with_timezone(&zone).date_naive();
    let mut progress = Progress {
        planned: Vec::new(),
        to_schedule: Vec::new(),
        to_approve: Vec::new(),
        next_job: 1,
    };
    let per_day = if size == DemoSize::Full { 5 } else { 3 };
    let mut date = first;
    while date <= today {
        let is_today = date == today;
        // Today's work must end before the present, even if it is before 6:00.
        move_clock(core, at(zone, date, 6).min(present - MORNING_DURATION));
        approve_reports(core, world, randomness, &mut progress, size, is_today).await?;
        for _ in 0..per_day {
            // The small demo uses only the main customer, so that its contacts have data in the portal.
            let site = &world.sites[if size == DemoSize::Full {
                randomness.index_below(world.sites.len())
            } else {
                (progress.next_job - 1) % 3
            }];
            let target = import_job(core, world, site, randomness, &mut progress).await?;
            progress.to_schedule.extend(target);
        }
        submit_portal_requests(core, world, randomness, &mut progress, date, today).await?;
        inbox::submit_web_requests(
            core,
            &world.dispatcher,
            "nordlicht-service",
            randomness,
            (today - date).num_days(),
        )
        .await?;
        // Half of today's targets stay unscheduled, so that the board has open work.
        let unscheduled = if is_today {
            progress.to_schedule.split_off(progress.to_schedule.len() / 2)
        } else {
            Vec::new()
        };
        schedule_targets(core, world, randomness, &mut progress, date, today).await?;
        progress.to_schedule = unscheduled;
        perform_visits(core, world, randomness, &mut progress, date, zone, present).await?;
        date = date.checked_add_days(Days::new(1)).ok_or_else(CoreError::not_found)?;
    }
    move_clock(core, present);
    if size == DemoSize::Full {
        portal_day::prepare(core, world, today).await?;
    }
    import_special_cases(core, world).await
}

fn at(zone: Tz, date: NaiveDate, hour: u32) -> DateTime<Utc> {
    zone.from_local_datetime(&date.and_hms_opt(hour, 0, 0).unwrap_or_default())
        .earliest()
        .map_or(DateTime::UNIX_EPOCH, |moment| moment.with_timezone(&Utc))
}

/// Maximum duration of the simulated work of a morning, which advances the clock for each form.
const MORNING_DURATION: TimeDelta = TimeDelta::minutes(30);

/// Moves the clock of the demo forward; an earlier time has no effect.
fn move_clock(core: &Core, to: DateTime<Utc>) {
    let duration = to - core.clock.now();
    if duration > TimeDelta::zero() {
        core.clock.advance(duration);
    }
}

async fn import_payload(core: &Core, client: &ApiClient, payload: &Value) -> CoreResult<Option<TargetId>> {
    let import = TargetImport::read(payload, is_zone).map_err(CoreError::invalid)?;
    let target = std::sync::Mutex::new(None);
    import_one(
        core,
        ImportPermits::of(client)?,
        payload,
        &import,
        None,
        |result: &ImportItemResult| {
            if let Ok(mut slot) = target.lock() {
                *slot = result
                    .target_id
                    .filter(|_| result.outcome == Some(domain::imports::ItemOutcome::Created));
            }
            ApiResponse {
                status: 200,
                location: None,
                body: String::new(),
                replayed: false,
            }
        },
    )
    .await?;
    Ok(target.into_inner().unwrap_or_default())
}

async fn import_job(
    core: &Core,
    world: &DemoWorld,
    site: &DemoSite,
    randomness: &Randomness,
    progress: &mut Progress,
) -> CoreResult<Option<TargetId>> {
    let (service, description) = REQUEST_TEXTS[randomness.index_below(REQUEST_TEXTS.len())];
    let number = progress.next_job;
    progress.next_job += 1;
    let priority = ["low", "normal", "normal", "normal", "high", "urgent"][randomness.index_below(6)];
    let minutes = [45, 60, 90, 120][randomness.index_below(4)];
    let mut payload = json!({
        "externalId": format!("JOB-2026-{number:06}"),
        "customer": { "customerNumber": site.customer_number },
        "serviceType": service,
        "notes": description,
        "priority": priority,
        "durationMinutes": minutes,
    });
    if let Some(reference) = &site.customer_reference {
        payload["customer"]["externalId"] = json!(reference);
    }
    if let Some(reference) = &site.location_reference {
        payload["location"] = json!({ "externalId": reference });
    }
    if let Some(reference) = &site.contact_reference {
        payload["contact"] = json!({ "externalId": reference });
    }
    import_payload(core, &world.erp, &payload).await
}

async fn submit_portal_requests(
    core: &Core,
    world: &DemoWorld,
    randomness: &Randomness,
    progress: &mut Progress,
    date: NaiveDate,
    today: NaiveDate,
) -> CoreResult<()> {
    let age = (today - date).num_days();
    for (index, contact) in [&world.anna, &world.petra].into_iter().enumerate() {
        if age > 1 && randomness.index_below(3) != 0 {
            continue;
        }
        let visible = locations(core, contact).await?;
        let Some(location) = visible.get(randomness.index_below(visible.len().max(1))) else {
            continue;
        };
        let (service, description) = REQUEST_TEXTS[randomness.index_below(REQUEST_TEXTS.len())];
        let preferred = [
            "",
            "Tuesday morning",
            "any day after 14:00",
            "before the end of the week",
        ][randomness.index_below(4)];
        let form = RequestForm {
            location: location.id.to_string(),
            service_type: service.to_owned(),
            description: description.to_owned(),
            preferred: preferred.to_owned(),
            windows: Vec::new(),
            urgent: false,
            nonce: form_nonce(core),
        };
        let id = submit_request(core, contact, &form, Vec::new()).await?.value;
        let review = || world.dispatcher.may();
        match (age, randomness.index_below(8)) {
            (0, _) if index == 0 => {}
            (0, _) => requests::start_review(core, review()?, id).await?,
            (_, 0) => review::decide(core, review()?, id, Decision::Reject("This is covered by the manufacturer's warranty; please contact them directly. We gladly help if they do not answer.".to_owned()), None).await.map(drop)?,
            (_, 1) => crate::portal_access::pages::withdraw_request(core, contact, id).await?,
            (1, _) => review::decide(core, review()?, id, Decision::Accept, None).await.map(drop)?,
            _ => {
                review::decide(core, review()?, id, Decision::Accept, None).await?;
                progress.to_schedule.push(requests::convert(core, review()?, id, None).await?);
            }
        }
    }
    Ok(())
}

/// Schedules the open targets into the next free slots of the following days.
async fn schedule_targets(
    core: &Core,
    world: &DemoWorld,
    randomness: &Randomness,
    progress: &mut Progress,
    date: NaiveDate,
    today: NaiveDate,
) -> CoreResult<()> {
    for target in std::mem::take(&mut progress.to_schedule) {
        let page = jobs::page(core, world.dispatcher.may()?, target).await?;
        if page.target.needs_mapping
            || page.target.customer_id.is_none()
            || randomness.index_below(12) == 0 && today - date < TimeDelta::days(4)
        {
            continue;
        }
        let Some((technician, day, slot)) =
            next_free_slot(world, progress, date, today - date == TimeDelta::days(1), randomness)
        else {
            continue;
        };
        let form = ScheduleForm {
            technician: world.technicians[technician].id().to_string(),
            date: day.format("%Y-%m-%d").to_string(),
            start: SLOTS[slot].0.to_owned(),
            end: SLOTS[slot].1.to_owned(),
            shared: true,
            // Some days are overbooked on purpose, to show conflicts.
            accepted: AcceptedConflicts::all(),
            ..ScheduleForm::default()
        };
        schedule(core, world.dispatcher.may()?, target, &form).await?;
        progress.planned.push(PlannedVisit {
            target,
            technician,
            date: day,
            slot,
        });
    }
    Ok(())
}

/// Returns the first free slot from the next day on, starting with a random technician.
fn next_free_slot(
    world: &DemoWorld,
    progress: &Progress,
    date: NaiveDate,
    is_yesterday: bool,
    randomness: &Randomness,
) -> Option<(usize, NaiveDate, usize)> {
    // Today's slots go to the first technician first, because the demo shows this technician's day.
    let first_technician = if is_yesterday {
        0
    } else {
        randomness.index_below(world.technicians.len().min(4))
    };
    for ahead in 1..6 {
        let day = date.checked_add_days(Days::new(ahead))?;
        for slot in 0..SLOTS.len() {
            for offset in 0..world.technicians.len() {
                let technician = (first_technician + offset) % world.technicians.len();
                if offset < 3
                    && !progress
                        .planned
                        .iter()
                        .any(|visit| visit.technician == technician && visit.date == day && visit.slot == slot)
                {
                    return Some((technician, day, slot));
                }
            }
        }
    }
    None
}
