//! Use cases of the customer portal. Every function takes a [`Contact`]; the store's statements join its grants, so access
//! is never checked here.

use chrono::{DateTime, Utc};
use domain::audit::TimelineKind;
use domain::events::EventType;
use domain::ids::{AppointmentId, AttachmentId, FollowUpId, LocationId, MessageId, ReleaseId, RequestId};
use domain::locale::Locale;
use domain::portal_access::Capabilities;
use domain::problems::Cause;
use domain::public::{
    PublicAppointment, PublicAttachment, PublicFollowUp, PublicLocation, PublicMilestone, PublicReport, PublicRequest,
};
use domain::public_language::PublicVisit;
use domain::requests::RequestStatus;
use serde_json::json;
use uuid::Uuid;

use crate::audit::NewTimelineEntry;
use crate::commit::finish;
use crate::db::TenantTx;
use crate::db::purpose::Auditing;
use crate::events::NewEvent;
use crate::files::Upload;
use crate::identity::actors::{Actor as _, Contact};
use crate::intake::{self, FileSender, PreparedFiles, Submitted};
use crate::page::{PAGE_SIZE, Page};
use crate::portal_access::calendar;
use crate::portal_access::model::GrantSummary;
use crate::portal_access::profile::Proof;
use crate::portal_access::store::requests::Extent;
use crate::requests::conversation;
use crate::requests::model::{PublicMessage, SlotOption};
use crate::visits::FileRow;
use crate::visits::report_review::{Download, fetch, fetch_thumbnail};
use crate::{Core, CoreError, CoreResult};

/// The number of requests waiting for the customer that are shown at once.
const MAX_WAITING_REQUESTS: i64 = 20;

/// The contents of the home page.
#[derive(Debug, Clone)]
pub struct Home {
    /// Whether the user has a valid grant.
    pub has_access: bool,
    /// What the user may do anywhere.
    pub may: Capabilities,
    /// The locations to which the user has access.
    pub locations: Vec<PublicLocation>,
    /// Access that others offer to the user.
    pub offers: Vec<GrantSummary>,
    /// The user's requests that wait for a response from them.
    pub action_required: Vec<PublicRequest>,
    /// Upcoming appointments, earliest first.
    pub upcoming: Vec<PublicAppointment>,
    /// The next appointment at each location, of whatever location is chosen.
    pub next_by_location: Vec<PublicAppointment>,
    /// Open requests.
    pub requests: Vec<PublicRequest>,
    /// Requests that have ended.
    pub recent: Vec<PublicRequest>,
    pub reports: Vec<PublicReport>,
    /// Open follow-ups.
    pub follow_ups: Vec<PublicFollowUp>,
}

/// The next appointment and a few after it.
const MAX_UPCOMING: i64 = 4;
/// The number of locations whose next appointment is read.
const MAX_NEXT: i64 = 50;

/// Returns the contents of the home page, for all locations or one of them.
pub async fn home(core: &Core, contact: &Contact, location: Option<LocationId>) -> CoreResult<Home> {
    let mut tx = core.store.read(contact).await?;
    let grants = tx.own_grants().await?;
    Ok(Home {
        has_access: !grants.is_empty(),
        may: anywhere(&grants),
        locations: tx.locations().await?,
        offers: tx.own_offers().await?,
        action_required: tx.action_required(location, MAX_WAITING_REQUESTS).await?,
        upcoming: tx.upcoming_appointments(location, MAX_UPCOMING).await?,
        next_by_location: tx.next_appointments(MAX_NEXT).await?,
        requests: tx.requests(Extent::Open, location, None, 5).await?,
        recent: tx.requests(Extent::Ended, location, None, 3).await?,
        reports: tx.reports(location, None, 3).await?,
        follow_ups: tx.follow_ups(true, location, None, 3).await?,
    })
}

/// Returns what a user may do at any of the granted customers and locations.
fn anywhere(grants: &[GrantSummary]) -> Capabilities {
    let list: Vec<_> = grants.iter().flat_map(|grant| grant.may.all().list()).collect();
    Capabilities::of(&list)
}

/// Returns what the user may do anywhere. Pages leave out or explain what is not granted.
pub async fn capabilities(core: &Core, contact: &Contact) -> CoreResult<Capabilities> {
    let grants = core.store.read(contact).await?.own_grants().await?;
    Ok(anywhere(&grants))
}

/// Everything in progress.
#[derive(Debug, Clone)]
pub struct OpenItems {
    /// The user's requests that wait for a response from them.
    pub action_required: Vec<PublicRequest>,
    /// A page of open requests, newest first.
    pub requests: Page<PublicRequest>,
    /// Upcoming appointments, earliest first.
    pub upcoming: Page<PublicAppointment>,
    /// Open follow-ups, newest first.
    pub follow_ups: Page<PublicFollowUp>,
}

/// Returns open requests, upcoming appointments and follow-ups; `before` is the cursor of the requests.
pub async fn open_work(
    core: &Core,
    contact: &Contact,
    before: Option<(DateTime<Utc>, RequestId)>,
) -> CoreResult<OpenItems> {
    let mut tx = core.store.read(contact).await?;
    Ok(OpenItems {
        action_required: tx.action_required(None, MAX_WAITING_REQUESTS).await?,
        requests: Page::from_rows(tx.requests(Extent::Open, None, before, PAGE_SIZE + 1).await?, PAGE_SIZE),
        upcoming: Page::from_rows(tx.upcoming_appointments(None, PAGE_SIZE + 1).await?, PAGE_SIZE),
        follow_ups: Page::from_rows(tx.follow_ups(true, None, None, PAGE_SIZE + 1).await?, PAGE_SIZE),
    })
}

/// Returns a page of follow-ups, newest first.
pub async fn follow_ups(
    core: &Core,
    contact: &Contact,
    before: Option<(DateTime<Utc>, FollowUpId)>,
) -> CoreResult<Page<PublicFollowUp>> {
    let rows = core
        .store
        .read(contact)
        .await?
        .follow_ups(false, None, before, PAGE_SIZE + 1)
        .await?;
    Ok(Page::from_rows(rows, PAGE_SIZE))
}

/// Returns the locations for which the user may submit requests.
pub async fn locations(core: &Core, contact: &Contact) -> CoreResult<Vec<PublicLocation>> {
    Ok(core.store.read(contact).await?.locations_for_requests().await?)
}

/// A list that is filtered by location.
#[derive(Debug, Clone)]
pub struct ListPage<T> {
    pub rows: Page<T>,
    /// What the user may do anywhere.
    pub may: Capabilities,
    /// The locations to which the user has access.
    pub locations: Vec<PublicLocation>,
}

/// Returns a page of requests, newest first: of all locations or one of them.
pub async fn requests(
    core: &Core,
    contact: &Contact,
    location: Option<LocationId>,
    before: Option<(DateTime<Utc>, RequestId)>,
) -> CoreResult<ListPage<PublicRequest>> {
    let mut tx = core.store.read(contact).await?;
    let rows = tx.requests(Extent::All, location, before, PAGE_SIZE + 1).await?;
    list_page(&mut tx, rows).await
}

async fn list_page<T>(tx: &mut TenantTx<'_, Contact>, rows: Vec<T>) -> CoreResult<ListPage<T>> {
    Ok(ListPage {
        rows: Page::from_rows(rows, PAGE_SIZE),
        may: anywhere(&tx.own_grants().await?),
        locations: tx.locations().await?,
    })
}

/// The actions on a request that are open to a portal user.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RequestActions {
    /// Reply to dispatch: only to a request of the user's own that has not ended.
    pub can_answer: bool,
    pub can_withdraw: bool,
    pub can_request_cancellation: bool,
    pub can_request_reschedule: bool,
}

impl RequestActions {
    const fn of(request: &PublicRequest, is_own: bool) -> Self {
        Self {
            can_answer: is_own && !request.status.has_ended(),
            can_withdraw: request.may_withdraw,
            can_request_cancellation: request.may_ask_to_cancel,
            can_request_reschedule: request.may_ask_for_another_time,
        }
    }
}

/// A request with everything that its page shows.
#[derive(Debug, Clone)]
pub struct RequestPage {
    pub request: PublicRequest,
    pub messages: Vec<PublicMessage>,
    /// The offered time slots, if it is one of the user's own requests.
    pub slots: Vec<SlotOption>,
    /// The files that the user uploaded with it, each with the message that it came with.
    pub files: Vec<(PublicAttachment, Option<MessageId>)>,
    /// What happened, earliest first.
    pub milestones: Vec<PublicMilestone>,
    /// The appointment of its job.
    pub appointment: Option<PublicAppointment>,
    /// The appointments that it replaced, latest first.
    pub earlier: Vec<PublicAppointment>,
    /// The reports of its job that the user can read, newest first.
    pub reports: Vec<PublicReport>,
    /// The released files of the latest report.
    pub report_files: Vec<PublicAttachment>,
    /// What remains to be done after the visits of its job.
    pub follow_ups: Vec<PublicFollowUp>,
    pub actions: RequestActions,
    /// What the user may do anywhere.
    pub may: Capabilities,
}

/// Returns one request with everything that its page shows.
///
/// # Errors
/// `not_found`.
pub async fn request(core: &Core, contact: &Contact, id: RequestId) -> CoreResult<RequestPage> {
    let mut tx = core.store.read(contact).await?;
    let request = tx.request(id).await?.ok_or_else(CoreError::not_found)?;
    let is_own = tx.own_request_location(id).await?.is_some();
    let appointment = tx.appointment_of_request(id).await?;
    let earlier = match &appointment {
        Some(appointment) => tx.earlier_appointments(appointment.id).await?,
        None => Vec::new(),
    };
    let reports = tx.reports_of_request(id).await?;
    let report_files = match reports.first() {
        Some(latest) => tx.report(latest.id).await?.map(|report| report.attachments),
        None => None,
    };
    Ok(RequestPage {
        messages: tx.public_messages(id).await?,
        slots: if is_own { tx.slot_options(id).await? } else { Vec::new() },
        files: tx.own_request_files(id).await?,
        milestones: tx.milestones_of_request(id).await?,
        appointment,
        earlier,
        reports,
        report_files: report_files.unwrap_or_default(),
        follow_ups: tx.follow_ups_of_request(id).await?,
        actions: RequestActions::of(&request, is_own),
        may: anywhere(&tx.own_grants().await?),
        request,
    })
}

/// Sends a message with files to dispatch about one of the user's requests. Submitting the same form again has no effect.
///
/// # Errors
/// Fields `answer`, `files`; `not_found`; `illegal_transition` once the request has ended.
pub async fn answer(
    core: &Core,
    contact: &Contact,
    id: RequestId,
    answer: &str,
    nonce: &str,
    uploads: Vec<Upload>,
) -> CoreResult<Submitted<()>> {
    let mut tx = core.store.read(contact).await?;
    let request = tx.request(id).await?.ok_or_else(CoreError::not_found)?;
    tx.own_request_location(id).await?.ok_or_else(CoreError::not_found)?;
    let (answer, nonce) = conversation::read_answer(request.status, answer, nonce, &uploads)?;
    drop(tx);
    let account = contact.id().uuid();
    let reserved = conversation::upload_nonce(id, &nonce);
    let prepared = intake::prepare_files(core, contact, FileSender::Contact, account, &reserved, uploads).await?;
    let Some(files) = prepared else {
        return Ok(Submitted::whole(()));
    };
    let sent = send_answer(core, contact, id, &answer, &nonce, &files).await;
    if !matches!(sent, Ok(true)) {
        files.release(core, contact).await;
    }
    sent.map(|_| files.submitted(()))
}

/// Stores a message with its files; false if it was sent before.
async fn send_answer(
    core: &Core,
    contact: &Contact,
    id: RequestId,
    answer: &str,
    nonce: &str,
    files: &PreparedFiles,
) -> CoreResult<bool> {
    let mut tx = core.store.begin(contact).await?;
    let request = tx.request(id).await?.ok_or_else(CoreError::not_found)?;
    conversation::read_answer(request.status, answer, nonce, &[])?;
    let Some(message) = tx.insert_answer(id, answer, nonce).await? else {
        return Ok(false);
    };
    intake::attach(&mut tx, id, Some(message), files).await?;
    tx.audit("request.answered", id, json!({}));
    finish(core, tx).await?;
    Ok(true)
}

/// Withdraws one of the user's requests.
///
/// # Errors
/// `not_found`; `illegal_transition` once the request has a job or has ended.
pub async fn withdraw_request(core: &Core, contact: &Contact, id: RequestId) -> CoreResult<()> {
    let mut tx = core.store.begin(contact).await?;
    let request = tx.request(id).await?.ok_or_else(CoreError::not_found)?;
    let (customer, location) = tx.own_request_location(id).await?.ok_or_else(CoreError::not_found)?;
    if !tx.withdraw_request(id).await? {
        return Err(CoreError::new(Cause::RequestNotWithdrawable {
            status: Some(request.status.name().to_owned()),
        }));
    }
    tx.add_timeline_entry(
        NewTimelineEntry::for_request(TimelineKind::RequestCancelled, id)
            .with_customer(Some(domain::ids::CustomerId::from_uuid(customer)))
            .with_location(location.map(LocationId::from_uuid)),
    )
    .await?;
    tx.audit("request.withdrawn", id, json!({}));
    tx.emit(
        NewEvent::for_request(EventType::RequestStatusChanged, id)
            .with_customer(Some(domain::ids::CustomerId::from_uuid(customer)))
            .with_location(location.map(LocationId::from_uuid))
            .with_details(json!({ "request": { "id": id, "status": RequestStatus::Cancelled.name() } })),
    );
    finish(core, tx).await
}

/// Requests the cancellation of one of the user's requests that has a job. Dispatch decides; until then nothing changes.
///
/// # Errors
/// Field `answer`; `not_found`; `illegal_transition` once a technician is on the way, or if cancellation was requested
/// before.
pub async fn ask_to_cancel(core: &Core, contact: &Contact, id: RequestId, reason: &str, nonce: &str) -> CoreResult<()> {
    let mut tx = core.store.begin(contact).await?;
    let request = tx.request(id).await?.ok_or_else(CoreError::not_found)?;
    tx.own_request_location(id).await?.ok_or_else(CoreError::not_found)?;
    let (reason, nonce) = conversation::read_answer(request.status, reason, nonce, &[])?;
    // The same form was submitted again.
    if tx.insert_answer(id, &reason, &nonce).await?.is_none() {
        return finish(core, tx).await;
    }
    if !tx.ask_to_cancel(id).await? {
        return Err(CoreError::new(Cause::CancellationNotPossible));
    }
    tx.audit("request.cancellation_asked", id, json!({}));
    finish(core, tx).await
}

/// Asks dispatch for another time for the appointment of one of the user's requests. The appointment stays until dispatch has
/// rescheduled it. Submitting the same form again has no effect. Returns `false` if only the message was sent, because there is no
/// appointment ahead, a technician is on the way, or it was asked before.
///
/// # Errors
/// Field `answer`; `not_found`; `illegal_transition` once the request has ended.
pub async fn ask_to_reschedule(
    core: &Core,
    contact: &Contact,
    id: RequestId,
    wish: &str,
    nonce: &str,
) -> CoreResult<bool> {
    let mut tx = core.store.begin(contact).await?;
    let request = tx.request(id).await?.ok_or_else(CoreError::not_found)?;
    tx.own_request_location(id).await?.ok_or_else(CoreError::not_found)?;
    let (wish, nonce) = conversation::read_answer(request.status, wish, nonce, &[])?;
    // The same form was submitted again.
    if tx.insert_answer(id, &wish, &nonce).await?.is_none() {
        finish(core, tx).await?;
        return Ok(request.reschedule_requested_at.is_some());
    }
    let is_asked = tx.ask_to_reschedule(id).await?;
    let action = if is_asked {
        "request.reschedule_asked"
    } else {
        "request.answered"
    };
    tx.audit(action, id, json!({}));
    finish(core, tx).await?;
    Ok(is_asked)
}

/// Appointments and the calendar feed.
#[derive(Debug, Clone)]
pub struct AppointmentsPage {
    /// Earliest first.
    pub upcoming: Vec<PublicAppointment>,
    /// Latest first.
    pub past: Page<PublicAppointment>,
    /// What the user may do anywhere.
    pub may: Capabilities,
    /// The locations to which the user has access.
    pub locations: Vec<PublicLocation>,
    /// The URL of the user's calendar feed, if there is one.
    pub feed: Option<String>,
    /// What replacing the feed or turning it off asks for; `None` if the user cannot.
    pub feed_proof: Option<Proof>,
}

/// Returns upcoming appointments, a page of past ones and the calendar feed.
pub async fn appointments(
    core: &Core,
    contact: &Contact,
    location: Option<LocationId>,
    before: Option<(DateTime<Utc>, AppointmentId)>,
) -> CoreResult<AppointmentsPage> {
    let mut tx = core.store.read(contact).await?;
    Ok(AppointmentsPage {
        upcoming: tx.upcoming_appointments(location, PAGE_SIZE).await?,
        past: Page::from_rows(tx.past_appointments(location, before, PAGE_SIZE + 1).await?, PAGE_SIZE),
        may: anywhere(&tx.own_grants().await?),
        locations: tx.locations().await?,
        feed: calendar::load_feed(core, &mut tx).await?,
        feed_proof: if contact.may_write() {
            let has_password = !tx.own_account().await?.password_hash.is_empty();
            Some(Proof::of(core, contact, has_password))
        } else {
            None
        },
    })
}

/// One appointment with its history.
#[derive(Debug, Clone)]
pub struct AppointmentPage {
    pub appointment: PublicAppointment,
    /// For a rescheduled one, the latest appointment of its job.
    pub next: Option<PublicAppointment>,
    /// The appointments that it replaced, latest first.
    pub earlier: Vec<PublicAppointment>,
    /// The request of its job, if the user can read it.
    pub request: Option<PublicRequest>,
    /// The report of its visit, if the user can read it.
    pub report: Option<PublicReport>,
}

/// Returns one appointment with its history.
pub async fn appointment(core: &Core, contact: &Contact, id: AppointmentId) -> CoreResult<AppointmentPage> {
    let mut tx = core.store.read(contact).await?;
    let found = tx.appointment(id).await?.ok_or_else(CoreError::not_found)?;
    let next = if found.status == PublicVisit::Moved {
        tx.calendar_entry(id).await?.map(|entry| entry.appointment)
    } else {
        None
    };
    let earlier = if found.status == PublicVisit::Moved {
        Vec::new()
    } else {
        tx.earlier_appointments(id).await?
    };
    Ok(AppointmentPage {
        request: tx.request_of_appointment(id).await?,
        report: tx.report_of_appointment(id).await?,
        appointment: found,
        next,
        earlier,
    })
}

/// Returns a page of published reports, newest first: of all locations or one of them.
pub async fn reports(
    core: &Core,
    contact: &Contact,
    location: Option<LocationId>,
    before: Option<(DateTime<Utc>, ReleaseId)>,
) -> CoreResult<ListPage<PublicReport>> {
    let mut tx = core.store.read(contact).await?;
    let rows = tx.reports(location, before, PAGE_SIZE + 1).await?;
    list_page(&mut tx, rows).await
}

/// A published report and where it comes from.
#[derive(Debug, Clone)]
pub struct ReportPage {
    pub report: PublicReport,
    /// The request of its job, if the user can read it.
    pub request: Option<PublicRequest>,
    /// Its visit, if the user sees appointments.
    pub visit: Option<PublicAppointment>,
    /// What remains to be done after its visit.
    pub follow_ups: Vec<PublicFollowUp>,
    /// What the user may do anywhere.
    pub may: Capabilities,
}

/// Returns one published report.
pub async fn report(core: &Core, contact: &Contact, id: ReleaseId) -> CoreResult<ReportPage> {
    let mut tx = core.store.read(contact).await?;
    let report = tx.report(id).await?.ok_or_else(CoreError::not_found)?;
    Ok(ReportPage {
        request: tx.request_of_report(report.id).await?,
        visit: tx.appointment_of_report(report.id).await?,
        follow_ups: tx.follow_ups_of_report(report.id).await?,
        may: anywhere(&tx.own_grants().await?),
        report,
    })
}

/// Downloads a released file or one that the user uploaded. Every download checks grant, capability and release and is
/// audited; in a view-as session, with the staff member as actor.
pub async fn download(core: &Core, contact: &Contact, id: AttachmentId) -> CoreResult<Download> {
    if let Some(staff) = contact.viewing_staff() {
        let mut tx = core.store.read(contact).await?;
        let row = match tx.released_file(id).await? {
            Some(row) => row,
            None => tx.own_request_file(id).await?.ok_or_else(CoreError::not_found)?,
        };
        drop(tx);
        let mut tx = core.store.begin_system::<Auditing>().await?;
        let actor = format!("staff:{staff}");
        tx.audit(contact.tenant(), &actor, "attachment.looked_at", &id.to_string())
            .await?;
        tx.commit().await?;
        return fetch(core, contact, Some(row)).await;
    }
    let mut tx = core.store.begin(contact).await?;
    let row = match tx.released_file(id).await? {
        Some(row) => row,
        None => tx.own_request_file(id).await?.ok_or_else(CoreError::not_found)?,
    };
    tx.audit("attachment.downloaded", id, json!({}));
    finish(core, tx).await?;
    fetch(core, contact, Some(row)).await
}

/// Returns a photo for display on a page: a released one, or one of a request. Grant, capability and release are checked as for a
/// download; reading a page is not a download and is not recorded as one.
///
/// # Errors
/// `not_found`, also for a file that is no picture.
pub async fn picture(core: &Core, contact: &Contact, id: AttachmentId) -> CoreResult<Download> {
    let row = shown_file(core, contact, id).await?;
    fetch(core, contact, row.filter(|row| row.media_type.starts_with("image/"))).await
}

/// Returns the smaller version of a photo, under the conditions of [`picture`].
///
/// # Errors
/// `not_found`, also for a file that is no picture.
pub async fn thumbnail(core: &Core, contact: &Contact, id: AttachmentId) -> CoreResult<Download> {
    let row = shown_file(core, contact, id).await?;
    fetch_thumbnail(core, contact, row).await
}

async fn shown_file(core: &Core, contact: &Contact, id: AttachmentId) -> CoreResult<Option<FileRow>> {
    let mut tx = core.store.read(contact).await?;
    Ok(match tx.released_file(id).await? {
        Some(row) => Some(row),
        None => tx.own_request_file(id).await?,
    })
}

/// Returns a page of milestones, newest first: of all locations or one of them, of all families or one of them (`requests`,
/// `appointments`, `reports`, `follow-ups`).
pub async fn timeline(
    core: &Core,
    contact: &Contact,
    location: Option<LocationId>,
    family: &str,
    before: Option<(DateTime<Utc>, Uuid)>,
) -> CoreResult<ListPage<PublicMilestone>> {
    let mut tx = core.store.read(contact).await?;
    let rows = tx.milestones(location, family, before, PAGE_SIZE + 1).await?;
    list_page(&mut tx, rows).await
}

/// Sets the user's language.
pub async fn set_locale(core: &Core, contact: &Contact, locale: Locale) -> CoreResult<()> {
    let mut tx = core.store.begin(contact).await?;
    tx.set_own_locale(locale).await?;
    finish(core, tx).await
}
