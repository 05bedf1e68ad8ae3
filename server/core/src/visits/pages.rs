//! What the pages of My day show: the visits of a day, one visit, and the sheet for paper.

use std::collections::HashMap;

use chrono::{DateTime, Datelike as _, NaiveDate, Utc};
use domain::identity::permissions::PerformVisits;
use domain::ids::{AttachmentId, TargetId};
use domain::lateness::awaits_arrival;
use domain::requests::Channel;
use domain::scheduling::technicians::WorkingWeek;

use crate::db::TenantTx;
use crate::identity::actors::{Permit, Staff};
use crate::intake::model::FileSummary;
use crate::portal_access::view_as;
use crate::requests;
use crate::requests::of_job::RequestOfJob;
use crate::scheduling::TechnicianView;
use crate::scheduling::appointments::SCHEDULABLE_YEARS;
use crate::scheduling::board::parse_zone;
use crate::secrets::{hex, sha256};
use crate::visits::changes;
use crate::visits::changes::Changes;
use crate::visits::model::{AttachmentSummary, DayStop, ReportText};
use crate::visits::notices::VisitNotice;
use crate::visits::report_review;
use crate::visits::report_review::Download;
use crate::visits::store::under_way::VisitUnderWay;
use crate::{Core, CoreError, CoreResult};

/// A technician's day.
#[derive(Debug, Clone)]
pub struct Day {
    pub date: NaiveDate,
    /// The technician's zone.
    pub zone: String,
    /// When the day ends.
    pub until: DateTime<Utc>,
    /// Planned and completed stops in chronological order.
    pub stops: Vec<DayStop>,
    /// Stops of any day whose report was returned for correction.
    pub returned: Vec<DayStop>,
    /// Number of unresolved sync conflicts on all days.
    pub waiting: i64,
    /// The visit of another day that is under way.
    pub under_way: Option<VisitUnderWay>,
    /// What has changed on any day and was not confirmed.
    pub changes: Changes,
    /// What the technician has told dispatch about visits that are still ahead, newest first.
    pub notices: Vec<VisitNotice>,
    /// Sequence number of the latest audit entry, from which the page listens for changes.
    pub audit_sequence: i64,
}

impl Day {
    /// Returns a text that is another one as soon as the page shows anything else.
    pub fn version(&self) -> String {
        let shown = self.stops.iter().chain(&self.returned).chain(&self.changes.stops);
        let parts = shown.map(stop_version).chain([
            self.changes.to_form(),
            notices_version(&self.notices),
            self.waiting.to_string(),
            self.under_way
                .as_ref()
                .map(|visit| visit.number.to_string())
                .unwrap_or_default(),
        ]);
        digest(parts)
    }
}

/// Returns what a page shows of a stop.
fn stop_version(stop: &DayStop) -> String {
    format!(
        "{} {} {} {} {:?} {:?} {:?}",
        stop.appointment_id,
        stop.appointment().text(),
        stop.status.name(),
        stop.is_shared,
        stop.change(),
        stop.new_message_at,
        stop.report_status,
    )
}

fn notices_version(notices: &[VisitNotice]) -> String {
    notices.iter().map(|notice| format!("{} ", notice.id)).collect()
}

fn digest(parts: impl Iterator<Item = String>) -> String {
    let text = parts.collect::<Vec<_>>().join("\n");
    let mut digest = hex(&sha256(text.as_bytes()));
    digest.truncate(16);
    digest
}

/// Returns the signed-in technician's stops of a date, or of today. A night shift belongs to the day on which it
/// starts, in the technician's zone.
pub async fn day(core: &Core, by: Permit<'_, PerformVisits>, date: Option<NaiveDate>) -> CoreResult<Day> {
    let mut tx = core.store.read(by.staff()).await?;
    let technician = tx.technician(by.staff().id()).await?;
    let week = working_week(technician.as_ref());
    let zone = technician_zone(by.staff(), technician);
    let tz = parse_zone(&zone);
    // A date outside of the supported years falls back to today.
    let date = date
        .filter(|date| SCHEDULABLE_YEARS.contains(&date.year()))
        .unwrap_or_else(|| week.day_of(core.clock.now(), &tz));
    let (from, until) = week.span(date, &tz).ok_or_else(CoreError::not_found)?;
    let mut day = Day {
        // Read first: a change that the lists do not show yet must reload the page.
        audit_sequence: tx.latest_audit_sequence().await?,
        date,
        until,
        stops: tx.own_stops(from, until).await?,
        returned: tx.own_returned_stops().await?,
        waiting: tx.count_own_queued_entries().await?,
        under_way: None,
        changes: own_changes(&mut tx, core.clock.now()).await?,
        notices: tx.own_open_visit_notices().await?,
        zone,
    };
    let mut under_way = tx.own_visits_under_way().await?.into_iter();
    day.under_way = under_way.find(|visit| day.stops.iter().all(|stop| stop.target_id != visit.target_id));
    drop(tx);
    changes::mark_shown(core, by.staff(), day.stops.iter().chain(&day.changes.stops)).await?;
    Ok(day)
}

/// Returns the technician's day with the photos of the requesters, for paper.
pub async fn sheet(
    core: &Core,
    by: Permit<'_, PerformVisits>,
    date: Option<NaiveDate>,
) -> CoreResult<(Day, HashMap<TargetId, Vec<FileSummary>>)> {
    let day = day(core, by, date).await?;
    let mut tx = core.store.read(by.staff()).await?;
    let mut files = HashMap::new();
    for stop in &day.stops {
        files.insert(stop.target_id, tx.request_files_of_job(stop.target_id).await?);
    }
    Ok((day, files))
}

async fn own_changes(tx: &mut TenantTx<'_, Staff>, now: DateTime<Utc>) -> CoreResult<Changes> {
    let since = now - changes::NEWS_AFTER_END;
    let stops = tx.own_changed_stops(since).await?;
    Ok(Changes {
        stops: stops.into_iter().filter(|stop| stop.change().is_some()).collect(),
        removed: tx.own_removed_stops(since).await?,
    })
}

/// Returns the technician's zone, or the organization's if no technician is set up.
fn technician_zone(staff: &Staff, technician: Option<TechnicianView>) -> String {
    technician.map_or_else(|| staff.zone().to_owned(), |technician| technician.zone)
}

fn working_week(technician: Option<&TechnicianView>) -> WorkingWeek {
    technician
        .and_then(|technician| technician.week.clone())
        .map_or_else(WorkingWeek::default, |week| week.0)
}

/// A stop of the signed-in technician.
pub struct OwnStop {
    pub stop: DayStop,
    /// The technician's zone.
    pub zone: String,
    /// Whether the report of an earlier visit of the same job was returned for correction.
    pub has_returned: bool,
    /// The report that the technician wrote for it, with its attachments. A returned report is corrected, not created
    /// again.
    pub own_report: Option<(ReportText, Vec<AttachmentSummary>)>,
    /// The request that the job was created from, with files and messages.
    pub request: Option<RequestOfJob>,
    /// What the technician has told dispatch about it, newest first.
    pub notices: Vec<VisitNotice>,
    /// The other visit that the technician has under way, which has to end before travel to this one starts.
    pub under_way: Option<VisitUnderWay>,
    /// Number of the job whose visit comes first on the same day.
    pub comes_after: Option<i64>,
    /// Sequence number of the latest audit entry, from which the page listens for changes.
    pub audit_sequence: i64,
}

impl OwnStop {
    /// Returns a text that is another one as soon as the page shows anything else.
    pub fn version(&self) -> String {
        let request = self.request.iter().flat_map(|request| {
            let messages = request.messages.iter().map(|message| message.id.to_string());
            let files = request
                .files
                .iter()
                .map(|file| format!("{} {}", file.id, file.scan.name()));
            messages.chain(files).collect::<Vec<_>>()
        });
        let others = (self.under_way.as_ref().map(|visit| visit.number), self.comes_after);
        digest(
            [
                stop_version(&self.stop),
                notices_version(&self.notices),
                format!("{others:?}"),
            ]
            .into_iter()
            .chain(request),
        )
    }
}

/// Returns the signed-in technician's latest stop of a job, or the one whose report was returned.
pub async fn stop(core: &Core, by: Permit<'_, PerformVisits>, id: TargetId, returned: bool) -> CoreResult<OwnStop> {
    let mut tx = core.store.read(by.staff()).await?;
    let audit_sequence = tx.latest_audit_sequence().await?;
    let latest = tx.own_stop(id).await?.ok_or_else(CoreError::not_found)?;
    let returned_stop = tx.own_returned_stop(id).await?;
    let technician = tx.technician(by.staff().id()).await?;
    let week = working_week(technician.as_ref());
    let zone = technician_zone(by.staff(), technician);
    let is_other = returned_stop
        .as_ref()
        .is_some_and(|stop| stop.appointment_id != latest.appointment_id);
    let stop = returned_stop.filter(|_| returned).unwrap_or(latest);
    let mut notices = tx.own_open_visit_notices().await?;
    notices.retain(|notice| notice.appointment_id == stop.appointment_id);
    let found = OwnStop {
        own_report: own_report(&mut tx, &stop).await?,
        has_returned: is_other && !stop.is_returned(),
        request: requests::of_job::load(&mut tx, id).await?,
        under_way: tx
            .own_visits_under_way()
            .await?
            .into_iter()
            .find(|visit| visit.target_id != id),
        comes_after: earlier_visit(&mut tx, &stop, &week, &zone).await?,
        notices,
        audit_sequence,
        stop,
        zone,
    };
    drop(tx);
    changes::mark_shown(core, by.staff(), std::iter::once(&found.stop)).await?;
    Ok(found)
}

/// Returns the job whose visit comes first on the day of a visit that has not begun.
async fn earlier_visit(
    tx: &mut TenantTx<'_, Staff>,
    stop: &DayStop,
    week: &WorkingWeek,
    zone: &str,
) -> CoreResult<Option<i64>> {
    let tz = parse_zone(zone);
    let Some((from, until)) = week.span(week.day_of(stop.starts_at, &tz), &tz) else {
        return Ok(None);
    };
    if !awaits_arrival(stop.status) {
        return Ok(None);
    }
    let stops = tx.own_stops(from, until).await?;
    let first = stops
        .into_iter()
        .find(|other| !other.is_finished() && !other.is_returned());
    Ok(first
        .filter(|first| first.target_id != stop.target_id)
        .map(|first| first.number))
}

/// Downloads a file of the request behind a stop of the signed-in technician.
///
/// # Errors
/// `not_found`.
pub async fn request_file(core: &Core, by: Permit<'_, PerformVisits>, id: AttachmentId) -> CoreResult<Download> {
    let row = core.store.read(by.staff()).await?.request_file_of_own_stop(id).await?;
    report_review::fetch(core, by.staff(), row).await
}

/// Returns the report text that the signed-in technician wrote for a stop, and its attachments.
async fn own_report(
    tx: &mut TenantTx<'_, Staff>,
    stop: &DayStop,
) -> CoreResult<Option<(ReportText, Vec<AttachmentSummary>)>> {
    let Some(id) = stop.report_id else { return Ok(None) };
    let Some(text) = tx.own_report_text(id).await? else {
        return Ok(None);
    };
    Ok(Some((text, tx.attachments_of(id).await?)))
}

/// Returns whether a customer can see what happens at a visit of the signed-in technician: the appointment is shared, and there is a
/// portal user who may see it or a requester with a tracking link.
///
/// # Errors
/// `not_found`.
pub async fn is_visible_to_customer(core: &Core, by: Permit<'_, PerformVisits>, id: TargetId) -> CoreResult<bool> {
    let mut tx = core.store.read(by.staff()).await?;
    let stop = tx.own_stop(id).await?.ok_or_else(CoreError::not_found)?;
    if !stop.is_shared {
        return Ok(false);
    }
    if !view_as::viewers_of_appointments(&mut tx, id).await?.is_empty() {
        return Ok(true);
    }
    let request = tx.request_of_target(id).await?;
    Ok(request.is_some_and(|request| match request.channel {
        Channel::WebForm | Channel::Terminal => true,
        // The link is sent by email.
        Channel::Staff => request.requester.is_some_and(|requester| requester.email.is_some()),
        Channel::Api | Channel::Portal => false,
    }))
}
