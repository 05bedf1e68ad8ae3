//! Simulates four weeks of work, day by day: imports and requests in the morning, decisions, scheduling, visits,
//! reports, approvals and releases.

use std::io::Cursor;

use chrono::{DateTime, Days, NaiveDate, TimeDelta, TimeZone as _, Utc};
use chrono_tz::Tz;
use domain::ids::{TargetId, VisitReportId};
use domain::imports::TargetImport;
use domain::imports::results::ImportItemResult;
use domain::scheduling::consent::AcceptedConflicts;
use domain::visits::day_entries::WrittenReport;
use serde_json::{Value, json};

use crate::demo::DemoSize;
use crate::demo::inbox;
use crate::demo::places::{REPORT_TEXTS, REQUEST_TEXTS};
use crate::demo::tenants::{DemoSite, DemoWorld};
use crate::identity::actors::ApiClient;
use crate::imports::{ApiResponse, ImportPermits, import_one, is_zone};
use crate::intake::form_nonce;
use crate::portal_access::new_request::{RequestForm, submit_request};
use crate::portal_access::pages::locations;
use crate::randomness::Randomness;
use crate::releases::{ReleaseForm, publish};
use crate::requests::review;
use crate::requests::review::Decision;
use crate::scheduling::appointments::{ScheduleForm, schedule};
use crate::visits::report::submit_report;
use crate::visits::report_review;
use crate::visits::{arrive, start_travel};
use crate::{Core, CoreError, CoreResult};
use crate::{jobs, requests};

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
        let id = submit_request(core, contact, &form, Vec::new()).await?;
        let review = || world.dispatcher.may();
        match (age, randomness.index_below(8)) {
            (0, _) if index == 0 => {}
            (0, _) => requests::start_review(core, review()?, id).await?,
            (_, 0) => review::decide(core, review()?, id, Decision::Reject("This is covered by the manufacturer's warranty; please contact them directly. We gladly help if they do not answer.".to_owned())).await.map(drop)?,
            (_, 1) => crate::portal_access::pages::withdraw_request(core, contact, id).await?,
            (1, _) => review::decide(core, review()?, id, Decision::Accept).await.map(drop)?,
            _ => {
                review::decide(core, review()?, id, Decision::Accept).await?;
                progress.to_schedule.push(requests::convert(core, review()?, id).await?);
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
            was: None,
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

/// Performs the visits of a day up to the present. Of today's visits of the first technician, all but the first stay
/// open.
async fn perform_visits(
    core: &Core,
    world: &DemoWorld,
    randomness: &Randomness,
    progress: &mut Progress,
    date: NaiveDate,
    zone: Tz,
    present: DateTime<Utc>,
) -> CoreResult<()> {
    let mut due: Vec<usize> = progress
        .planned
        .iter()
        .enumerate()
        .filter(|(_, planned)| planned.date == date)
        .map(|(index, _)| index)
        .collect();
    due.sort_by_key(|index| progress.planned[*index].slot);
    let is_today = present.with_timezone(&zone).date_naive() == date;
    for index in due {
        let PlannedVisit {
            target,
            technician,
            slot,
            ..
        } = progress.planned[index];
        let starts_at = at(zone, date, u32::try_from(SLOTS[slot].2).unwrap_or(8));
        if starts_at > present || (is_today && technician == 0 && slot > 0) {
            continue;
        }
        let by = || world.technicians[technician].may();
        move_clock(core, starts_at - TimeDelta::minutes(25));
        start_travel(core, by()?, target, None).await?;
        if is_today && starts_at + TimeDelta::hours(1) > present {
            continue;
        }
        move_clock(core, starts_at + TimeDelta::minutes(5));
        arrive(core, by()?, target, None).await?;
        if is_today && starts_at + TimeDelta::hours(2) > present {
            continue;
        }
        let found = randomness.index_below(REPORT_TEXTS.len());
        let (summary, notes, follow_up) = REPORT_TEXTS[found];
        move_clock(core, starts_at + TimeDelta::minutes(80));
        let photos = if randomness.index_below(2) == 0 {
            vec![
                sample_photo("before.png", randomness)?,
                sample_photo("after.png", randomness)?,
            ]
        } else {
            Vec::new()
        };
        let report = WrittenReport {
            completed: found != REPORT_TEXTS.len() - 1,
            summary: summary.to_owned(),
            internal_notes: notes.unwrap_or_default().to_owned(),
            work_minutes: (35 + 5 * randomness.index_below(14)).to_string(),
            billable: randomness.index_below(4) != 0,
            follow_up: follow_up.unwrap_or_default().to_owned(),
            ..WrittenReport::default()
        };
        progress
            .to_approve
            .push((submit_report(core, by()?, target, None, &report, photos).await?, found));
    }
    Ok(())
}

/// Reviews the submitted reports: approves most of them, returns some for correction, and releases most of the approved
/// ones.
async fn approve_reports(
    core: &Core,
    world: &DemoWorld,
    randomness: &Randomness,
    progress: &mut Progress,
    size: DemoSize,
    is_today: bool,
) -> CoreResult<()> {
    for (position, (report, found)) in std::mem::take(&mut progress.to_approve).into_iter().enumerate() {
        if is_today && position % 2 == 0 {
            continue;
        }
        if size == DemoSize::Full && randomness.index_below(14) == 0 {
            report_review::return_for_correction(
                core,
                world.manager.may()?,
                report,
                "Please add the serial number of the part.",
            )
            .await?;
            continue;
        }
        report_review::approve(core, world.manager.may()?, report).await?;
        if size == DemoSize::Full && randomness.index_below(5) == 0 {
            continue;
        }
        let page = report_review::page(core, world.manager.may()?, report).await?;
        let (summary, _, follow_up) = REPORT_TEXTS[found];
        let form = ReleaseForm {
            title: format!("Visit report {}", page.report.location_name.clone().unwrap_or_default())
                .trim()
                .to_owned(),
            summary: summary.to_owned(),
            message: "Thank you for your trust. Please call us if anything is unclear.".to_owned(),
            follow_up: follow_up.unwrap_or_default().to_owned(),
            shown_revision: None,
            attachments: page
                .attachments
                .iter()
                .skip(1)
                .map(|file| file.id.to_string())
                .collect(),
        };
        publish(core, world.manager.may()?, report, &form).await?;
    }
    Ok(())
}

/// Renders a small abstract image as a sample photo.
fn sample_photo(name: &str, randomness: &Randomness) -> CoreResult<(String, Vec<u8>)> {
    let [red, green, blue, tilt] = randomness.bytes::<4>();
    let image = image::RgbImage::from_fn(480, 320, |x, y| {
        let band = ((x + y * u32::from(tilt % 5)) / 40) % 2;
        let shade = u8::try_from(y / 3).unwrap_or(100) / 2 + if band == 0 { 40 } else { 0 };
        image::Rgb([
            (red / 2).saturating_add(shade),
            (green / 2).saturating_add(shade),
            (blue / 2).saturating_add(shade),
        ])
    });
    let mut bytes = Vec::new();
    image
        .write_to(&mut Cursor::new(&mut bytes), image::ImageFormat::Png)
        .map_err(|_| CoreError::not_found())?;
    Ok((name.to_owned(), bytes))
}

/// Imports targets that cause each kind of mapping warning, through all clients.
async fn import_special_cases(core: &Core, world: &DemoWorld) -> CoreResult<()> {
    let cases: [(&ApiClient, Value); 16] = [
        (
            &world.import_only,
            json!({ "customer": { "externalId": "X-1", "name": "Whoever" } }),
        ),
        (
            &world.erp_strict,
            json!({ "customer": { "externalId": "NEW-1", "name": "Neue Firma" } }),
        ),
        (
            &world.erp_strict,
            json!({ "customer": { "externalId": "CUST-10042", "customerNumber": "NL-1001" } }),
        ),
        (
            &world.erp_strict,
            json!({ "customer": { "externalId": "CUST-10042", "customerNumber": "RRM-999" } }),
        ),
        (
            &world.erp,
            json!({ "customer": { "externalId": "NEW-7", "customerNumber": "dup-7" } }),
        ),
        (
            &world.erp,
            json!({ "customer": { "externalId": "NEW-8", "customerNumber": "OLD-1" } }),
        ),
        (
            &world.erp,
            json!({ "customer": { "externalId": "CUST-OTHER", "customerNumber": "RRM-001" } }),
        ),
        (
            &world.erp,
            json!({ "customer": { "customerNumber": "UNKNOWN-1", "name": "Unbekannt" } }),
        ),
        (
            &world.erp,
            json!({ "customer": { "name": "Rhein-Ruhr Medical Supply" } }),
        ),
        (
            &world.erp_strict,
            json!({ "customer": { "externalId": "n/a", "customerNumber": "RRM-001", "name": "Rhein-Ruhr Medical" } }),
        ),
        (&world.erp, json!({ "customer": { "externalId": "NEW-9" } })),
        (
            &world.erp,
            json!({ "customer": { "externalId": "CUST-20002" }, "location": { "externalId": "LOC-ESSEN-01" } }),
        ),
        (
            &world.erp,
            json!({ "customer": { "externalId": "CUST-10042" }, "location": { "name": "Somewhere", "city": "Essen" }, "contact": { "displayName": "Anna Weber" } }),
        ),
        (&world.erp, json!({ "location": { "externalId": "LOC-ESSEN-02" } })),
        (
            &world.erp,
            json!({ "customer": { "externalId": "NEW-10", "customerNumber": "ZZ-1", "name": "Bäckerei Kornfeld" }, "location": { "externalId": "LOC-NEW-10", "city": "Witten" } }),
        ),
        (
            &world.partner,
            json!({ "customer": { "externalId": "CUST-10042" }, "location": { "externalId": "LOC-NOWHERE" }, "contact": { "externalId": "CONT-NOBODY", "displayName": "Nobody" } }),
        ),
    ];
    for (index, (client, mut payload)) in cases.into_iter().enumerate() {
        payload["externalId"] = json!(format!("ODD-{:03}", index + 1));
        payload["notes"] = json!("Sent by a partner system");
        import_payload(core, client, &payload).await?;
    }
    Ok(())
}
