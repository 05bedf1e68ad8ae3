//! Slot offers: dispatch proposes two or three times for a job, whoever asked for it chooses one, and only then is the
//! appointment fixed. Until then nothing is reserved, so a time can be gone when it is chosen; the answer then says so and
//! shows the rest.

use chrono::{NaiveDate, TimeDelta};
use chrono_tz::Tz;
use domain::ids::{OfferId, RequestId, StaffId, TargetId};
use domain::intake::mails::MailKind;
use domain::permissions::PlanTargets;
use domain::problems::Problem;
use domain::requests::Channel;
use domain::targets::TargetStatus;
use serde_json::json;

use crate::commit::finish;
use crate::form::Form;
use crate::identity::actors::{Actor, Contact, Permit, TenantId, TrackingRequester};
use crate::identity::authentication;
use crate::notifications;
use crate::notifications::Occasion;
use crate::requests::store::slot_offers::NewOption;
use crate::scheduling::appointments::{Visit, check_length, fix, read_moment, read_time};
use crate::{Core, CoreError, CoreResult};

/// How many times an offer has at least and at most.
pub const OPTIONS: std::ops::RangeInclusive<usize> = 2..=3;
/// How long an offer can be open, in hours.
pub const HOURS: [i64; 4] = [12, 24, 48, 96];

/// One time, as the form sends it.
#[derive(Debug, Clone, Default)]
pub struct OptionForm {
    /// Technician's id.
    pub technician: String,
    /// `2026-11-24`; empty for a time that is not offered.
    pub date: String,
    /// `09:00`, in the location's zone.
    pub start: String,
    /// `11:00`, in the location's zone.
    pub end: String,
}

/// Offers times. An offer that was open before is replaced.
///
/// # Errors
/// Fields `date_1` and so on; `not_found`; `illegal_transition` for a job that is not open, or that nobody asked for who
/// could choose.
pub async fn offer(
    core: &Core,
    by: Permit<'_, PlanTargets>,
    id: TargetId,
    options: &[OptionForm],
    hours: &str,
) -> CoreResult<OfferId> {
    let staff = by.staff();
    let mut tx = core.store.begin(staff).await?;
    tx.lock_target(id).await?;
    let target = tx.target_view(id).await?.ok_or_else(CoreError::not_found)?;
    let origin = tx.origin_of_target(id).await?;
    let Some((request, channel)) = origin.filter(|(_, channel)| *channel != Channel::Api) else {
        return Err(CoreError::new(
            Problem::IllegalTransition,
            "Nobody asked for this job who could choose.",
        ));
    };
    if target.status != TargetStatus::Open || target.needs_mapping || target.customer_id.is_none() {
        return Err(CoreError::new(
            Problem::IllegalTransition,
            format!("It is {}; only an open job can be offered times.", target.status.name()),
        ));
    }
    let zone_name = target.location_zone.clone().unwrap_or_else(|| staff.zone().to_owned());
    let zone: Tz = zone_name.parse().unwrap_or(Tz::UTC);
    let now = core.clock.now();
    let mut form = Form::default();
    let hours = hours.parse::<i64>().ok().filter(|hours| HOURS.contains(hours));
    if hours.is_none() {
        form.wrong("hours", "required", "Choose how long the offer is open.");
    }
    let mut times: Vec<NewOption> = Vec::new();
    for (index, option) in options.iter().enumerate().take(*OPTIONS.end()) {
        if option.date.trim().is_empty() {
            continue;
        }
        let field = format!("date_{}", index + 1);
        let technician = match option.technician.parse::<StaffId>() {
            Ok(technician) if tx.is_technician(technician).await? => technician,
            _ => {
                form.wrong(&format!("technician_{}", index + 1), "required", "Choose a technician.");
                continue;
            }
        };
        let Ok(date) = NaiveDate::parse_from_str(&option.date, "%Y-%m-%d") else {
            form.wrong(&field, "invalid_date", "Choose a date.");
            continue;
        };
        let (start, end) = (
            read_time(&mut form, &field, &option.start),
            read_time(&mut form, &field, &option.end),
        );
        let (Some(start), Some(end)) = (start, end) else {
            continue;
        };
        let starts_at = read_moment(&mut form, &field, zone, date, start);
        let ends_at = read_moment(&mut form, &field, zone, date, end);
        let (Some(starts_at), Some(ends_at)) = (starts_at, ends_at) else {
            continue;
        };
        check_length(&mut form, &field, starts_at, ends_at);
        if starts_at <= now {
            form.wrong(&field, "in_the_past", "This time has passed.");
        }
        if let Some(number) = tx.overlapping_target(technician, id, starts_at, ends_at).await? {
            form.wrong(
                &format!("technician_{}", index + 1),
                "technician_busy",
                number.to_string(),
            );
        }
        if times
            .iter()
            .any(|other| other.starts_at == starts_at && other.ends_at == ends_at)
        {
            form.wrong(&field, "slot_twice", "This time is offered already.");
        }
        times.push(NewOption {
            technician,
            starts_at,
            ends_at,
        });
    }
    if form.0.is_empty() && !OPTIONS.contains(&times.len()) {
        form.wrong("date_1", "too_few_slots", "Offer two or three times.");
    }
    form.finish()?;
    let first = times.iter().map(|time| time.starts_at).min().unwrap_or(now);
    let expires_at = (now + TimeDelta::hours(hours.unwrap_or_default())).min(first);
    let offer: OfferId = tx.new_id();
    tx.insert_offer(offer, request, id, &zone_name, expires_at, &times)
        .await?;
    tx.audit(
        "slots.offered",
        id,
        json!({ "offer": offer, "times": times.len(), "channel": channel.name() }),
    );
    let windows = times.iter().map(|time| (time.starts_at, time.ends_at)).collect();
    let occasion = Occasion::at(MailKind::SlotsOffered, windows, &zone_name);
    notifications::write(core, &mut tx, request, occasion).await?;
    finish(core, tx).await?;
    Ok(offer)
}

/// Chooses a time by the tracking link.
///
/// # Errors
/// Field `slot`: `slot_gone` when the offer was decided or has expired, `slot_taken` when this time is no longer free.
pub async fn choose_by_link(core: &Core, by: &TrackingRequester, offer: &str, position: &str) -> CoreResult<()> {
    choose(core, by.tenant(), by.request, &by.label(), offer, position).await
}

/// Chooses a time for an own request in the portal.
///
/// # Errors
/// As [`choose_by_link`]; `not_found` for a request that is not the person's own.
pub async fn choose_in_portal(
    core: &Core,
    by: &Contact,
    request: RequestId,
    offer: &str,
    position: &str,
) -> CoreResult<()> {
    let mut tx = core.store.read(by).await?;
    tx.request(request).await?.ok_or_else(CoreError::not_found)?;
    tx.own_request_place(request).await?.ok_or_else(CoreError::not_found)?;
    drop(tx);
    choose(core, by.tenant(), request, &by.label(), offer, position).await
}

async fn choose(
    core: &Core,
    tenant: TenantId,
    request: RequestId,
    chooser: &str,
    offer: &str,
    position: &str,
) -> CoreResult<()> {
    let gone = || CoreError::field("slot", "slot_gone", "This offer was answered already, or has expired.");
    let (Ok(offer), Ok(position)) = (offer.parse::<OfferId>(), position.parse::<i64>()) else {
        return Err(gone());
    };
    // What follows changes the plan, which the requester has no statements for: the system acts on the offer that the
    // staff made, for the request that the requester was proven to hold.
    let mut system = authentication::system(tenant, "slot_offer");
    system.for_whom = Some(chooser.to_owned());
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
    // Locks the technician on PostgreSQL, so that two who choose the same hour of one person follow one another.
    let is_there = tx.is_technician(time.technician_id.0).await?;
    let busy = tx
        .overlapping_target(time.technician_id.0, target.id.0, time.starts_at, time.ends_at)
        .await?;
    if !is_there || busy.is_some() || time.starts_at <= core.clock.now() {
        return Err(CoreError::field(
            "slot",
            "slot_taken",
            "This time was taken a moment ago; choose another one.",
        ));
    }
    tx.audit(
        "slots.chosen",
        target.id.0,
        json!({ "offer": offer, "position": position }),
    );
    let visit = Visit {
        technician: time.technician_id.0,
        starts_at: time.starts_at,
        ends_at: time.ends_at,
        zone: &open.zone,
        shared: true,
    };
    fix(core, &mut tx, &target, &visit).await?;
    finish(core, tx).await
}
