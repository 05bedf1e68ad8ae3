//! Slot offers: dispatch offers two or three times for a job, and the requester's choice schedules the appointment.
//! An offered time is kept free: offering or scheduling it for another job is a conflict that dispatch has to accept. After
//! that, a choice can fail because the technician was booked.

use chrono::{DateTime, TimeDelta, Utc};
use chrono_tz::Tz;
use domain::dates::parse_day;
use domain::fields::{FieldCode, ScheduleConflict};
use domain::identity::permissions::PlanTargets;
use domain::ids::{OfferId, RequestId, StaffId, TargetId};
use domain::intake::mails::MailKind;
use domain::jobs::targets::TargetStatus;
use domain::problems::Cause;
use domain::scheduling::consent::AcceptedConflicts;
use serde_json::json;

use crate::commit::finish;
use crate::db::TenantTx;
use crate::form::Form;
use crate::identity::actors::{Actor, Contact, Permit, Staff, TenantId, TrackingRequester};
use crate::identity::authentication;
use crate::jobs;
use crate::notifications;
use crate::notifications::NotificationTrigger;
use crate::portal_access::pages;
use crate::requests::store::slot_offers::NewOption;
use crate::scheduling::appointments::{NewVisit, parse_local_time, parse_time, schedule_visit, validate_window_length};
use crate::scheduling::board::moves::load_conflicts;
use crate::{Core, CoreError, CoreResult};

/// The number of times that an offer can have.
pub const OPTION_COUNT: std::ops::RangeInclusive<usize> = 2..=3;
/// The choices for how long an offer is valid, in hours.
pub const VALIDITY_HOURS: [i64; 4] = [12, 24, 48, 96];

/// The unparsed fields of one offered time.
#[derive(Debug, Clone, Default)]
pub struct OptionForm {
    /// Staff ID.
    pub technician: String,
    /// ISO date; empty if this row of the form is not used.
    pub date: String,
    /// Local time in the location's zone, such as `09:00`.
    pub start: String,
    /// Local time in the location's zone, such as `11:00`.
    pub end: String,
    /// Which of two times is meant if the clocks go back: `first`, `second`, or empty if that is not known.
    pub occurrence: String,
}

/// Offers times for a job. Replaces an open offer.
///
/// # Errors
/// Fields `date_1`, `technician_1` and so on; `illegal_transition` unless the job is open and has a requester who can
/// choose.
pub async fn offer(
    core: &Core,
    by: Permit<'_, PlanTargets>,
    id: TargetId,
    options: &[OptionForm],
    hours: &str,
    accepted: &AcceptedConflicts,
) -> CoreResult<OfferId> {
    let staff = by.staff();
    let mut tx = core.store.begin(staff).await?;
    tx.lock_target(id).await?;
    let target = tx.target_view(id).await?.ok_or_else(CoreError::not_found)?;
    let origin = tx.origin_of_target(id).await?;
    let Some((request, channel)) = origin.filter(|(_, channel)| channel.notifies_requester()) else {
        return Err(CoreError::new(Cause::JobWithoutRequester));
    };
    if !jobs::is_offerable(target.status, target.is_mapped()) {
        return Err(CoreError::new(Cause::JobNotOpen {
            status: target.status.name().to_owned(),
        }));
    }
    let zone_name = target.location_zone.clone().unwrap_or_else(|| staff.zone().to_owned());
    let zone: Tz = zone_name.parse().unwrap_or(Tz::UTC);
    let now = core.clock.now();
    let mut form = Form::default();
    let hours = hours.parse::<i64>().ok().filter(|hours| VALIDITY_HOURS.contains(hours));
    if hours.is_none() {
        form.add_error("hours", FieldCode::Required);
    }
    let times = read_options(core, &mut tx, &mut form, id, options, zone, accepted).await?;
    form.finish()?;
    let first_start = times.iter().map(|time| time.starts_at).min().unwrap_or(now);
    let expires_at = (now + TimeDelta::hours(hours.unwrap_or_default())).min(first_start);
    let offer: OfferId = tx.new_id();
    tx.insert_offer(offer, request, id, &zone_name, expires_at, &times)
        .await?;
    tx.audit(
        "slots.offered",
        id,
        json!({ "offer": offer, "times": times.len(), "channel": channel.name() }),
    );
    let windows = times.iter().map(|time| (time.starts_at, time.ends_at)).collect();
    let trigger = NotificationTrigger::with_windows(MailKind::SlotsOffered, windows, &zone_name);
    notifications::enqueue(core, &mut tx, request, trigger).await?;
    finish(core, tx).await?;
    Ok(offer)
}

/// Validates the offered times. Skips the rows of the form without a date.
async fn read_options(
    core: &Core,
    tx: &mut TenantTx<'_, Staff>,
    form: &mut Form,
    target: TargetId,
    options: &[OptionForm],
    zone: Tz,
    accepted: &AcceptedConflicts,
) -> CoreResult<Vec<NewOption>> {
    let mut times: Vec<NewOption> = Vec::new();
    for (index, option) in options.iter().enumerate().take(*OPTION_COUNT.end()) {
        if option.date.trim().is_empty() {
            continue;
        }
        let number = index + 1;
        let Some(time) = read_option(core, tx, form, target, (number, option), zone, accepted).await? else {
            continue;
        };
        if times
            .iter()
            .any(|other| other.starts_at == time.starts_at && other.ends_at == time.ends_at)
        {
            form.add_error(&format!("date_{number}"), FieldCode::SlotTwice);
        }
        times.push(time);
    }
    if form.0.is_empty() && !OPTION_COUNT.contains(&times.len()) {
        form.add_error("date_1", FieldCode::TooFewSlots);
    }
    Ok(times)
}

/// Returns whether a time can be offered in spite of a conflict. A booked or past time cannot.
pub fn is_acceptable(conflict: &ScheduleConflict) -> bool {
    !matches!(conflict, ScheduleConflict::Overlap { .. } | ScheduleConflict::InThePast)
}

/// Validates one offered time. Returns `None` if a field of it cannot be parsed.
async fn read_option(
    core: &Core,
    tx: &mut TenantTx<'_, Staff>,
    form: &mut Form,
    target: TargetId,
    (number, option): (usize, &OptionForm),
    zone: Tz,
    accepted: &AcceptedConflicts,
) -> CoreResult<Option<NewOption>> {
    let (date_field, technician_field) = (format!("date_{number}"), format!("technician_{number}"));
    let technician = match option.technician.parse::<StaffId>() {
        Ok(technician) if tx.is_technician(technician).await? => technician,
        _ => {
            form.add_error(&technician_field, FieldCode::Required);
            return Ok(None);
        }
    };
    let Some((starts_at, ends_at)) = read_times(form, &date_field, option, zone) else {
        return Ok(None);
    };
    validate_window_length(form, &date_field, starts_at, ends_at);
    if starts_at <= tx.now {
        form.add_error(&date_field, FieldCode::InThePast);
    }
    if let Some(number) = tx.overlapping_target(technician, target, starts_at, ends_at).await? {
        let conflict = ScheduleConflict::Overlap { job: number };
        form.add_error(&technician_field, FieldCode::Schedule(conflict));
    }
    // The requester's choice schedules the appointment, so what scheduling would ask about is asked now.
    let job = tx.board_job(target).await?.ok_or_else(CoreError::not_found)?;
    let conflicts = load_conflicts(core, tx, &job, technician, starts_at, ends_at).await?;
    for conflict in conflicts.iter().map(ScheduleConflict::from) {
        if is_acceptable(&conflict) && !accepted.covers(&conflict) {
            form.add_error(&technician_field, FieldCode::Schedule(conflict));
        }
    }
    Ok(Some(NewOption {
        technician,
        starts_at,
        ends_at,
    }))
}

fn read_times(form: &mut Form, field: &str, option: &OptionForm, zone: Tz) -> Option<(DateTime<Utc>, DateTime<Utc>)> {
    let Some(date) = parse_day(&option.date) else {
        form.add_error(field, FieldCode::InvalidDate);
        return None;
    };
    let start = parse_time(form, field, &option.start);
    let end = parse_time(form, field, &option.end);
    let (start, end) = start.zip(end)?;
    let starts_at = parse_local_time(form, field, zone, date, start, &option.occurrence);
    let ends_at = parse_local_time(form, field, zone, date, end, &option.occurrence);
    starts_at.zip(ends_at)
}

/// Chooses an offered time on the tracking page.
///
/// # Errors
/// Field `slot` with code `slot_gone` if the offer was answered or has expired, or `slot_taken` if the technician is
/// booked.
pub async fn choose_by_link(core: &Core, by: &TrackingRequester, offer: &str, position: &str) -> CoreResult<()> {
    choose(core, by.tenant(), by.request(), &by.label(), offer, position).await
}

/// Chooses an offered time in the portal.
///
/// # Errors
/// As [`choose_by_link`]; `not_found` if the request is not the portal user's own.
pub async fn choose_in_portal(
    core: &Core,
    by: &Contact,
    request: RequestId,
    offer: &str,
    position: &str,
) -> CoreResult<()> {
    let mut tx = core.store.read(by).await?;
    tx.request(request).await?.ok_or_else(CoreError::not_found)?;
    tx.own_request_location(request)
        .await?
        .ok_or_else(CoreError::not_found)?;
    drop(tx);
    choose(core, by.tenant(), request, &by.label(), offer, position).await
}

/// Declines an offer in the portal because none of its times suits, with a proposal for dispatch.
///
/// # Errors
/// Field `answer`; `not_found` if the request is not the portal user's own.
pub async fn decline_in_portal(
    core: &Core,
    by: &Contact,
    request: RequestId,
    offer: &str,
    proposal: &str,
    nonce: &str,
) -> CoreResult<()> {
    let offer = offer.parse::<OfferId>().map_err(|_| CoreError::not_found())?;
    // The message first: if anything fails after it, the requester sees the offer again and nothing is lost.
    pages::answer(core, by, request, proposal, nonce, Vec::new()).await?;
    decline(core, by.tenant(), request, &by.label(), offer).await
}

/// Closes an offer. The requester's message has put the request back among those that dispatch has to answer.
async fn decline(core: &Core, tenant: TenantId, request: RequestId, by: &str, offer: OfferId) -> CoreResult<()> {
    let system = authentication::system_on_behalf_of(tenant, "slot_offer", by);
    let mut tx = core.store.begin(&system).await?;
    // The message has arrived, also about an offer that was replaced in the meantime.
    if !tx.decline_offer(offer, request).await? {
        return Ok(());
    }
    tx.audit("slots.declined", request, json!({ "offer": offer }));
    finish(core, tx).await
}

async fn choose(
    core: &Core,
    tenant: TenantId,
    request: RequestId,
    chooser: &str,
    offer: &str,
    position: &str,
) -> CoreResult<()> {
    let gone = || CoreError::field("slot", FieldCode::SlotGone);
    let (Ok(offer), Ok(position)) = (offer.parse::<OfferId>(), position.parse::<i64>()) else {
        return Err(gone());
    };
    // The requester's actor type has no scheduling statements. The system schedules on the basis of the staff's offer,
    // for a request that the requester has proven access to.
    let system = authentication::system_on_behalf_of(tenant, "slot_offer", chooser);
    let mut tx = core.store.begin(&system).await?;
    let open = tx
        .open_offer(request)
        .await?
        .filter(|open| open.id.0 == offer)
        .ok_or_else(gone)?;
    tx.lock_target(open.target_id.0).await?;
    let target = tx.target_view(open.target_id.0).await?.ok_or_else(gone)?;
    let time = tx.offered_time(offer, position).await?.ok_or_else(gone)?;
    if target.status != TargetStatus::Open || !tx.choose_offer(offer, request, position).await? {
        return Err(gone());
    }
    // Locks the technician's row on PostgreSQL, which serializes concurrent choices of the same time.
    let is_active = tx.is_technician(time.technician_id.0).await?;
    let overlap = tx
        .overlapping_target(time.technician_id.0, target.id, time.starts_at, time.ends_at)
        .await?;
    if !is_active || overlap.is_some() || time.starts_at <= core.clock.now() {
        return Err(CoreError::field("slot", FieldCode::SlotTaken));
    }
    tx.audit(
        "slots.chosen",
        target.id,
        json!({ "offer": offer, "position": position }),
    );
    let visit = NewVisit {
        technician: time.technician_id.0,
        starts_at: time.starts_at,
        ends_at: time.ends_at,
        zone: &open.zone,
        shared: true,
        recorded_reason: None,
    };
    schedule_visit(core, &mut tx, &target, &visit).await?;
    finish(core, tx).await
}
