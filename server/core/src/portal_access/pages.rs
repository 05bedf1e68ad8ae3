//! The customer's side. Every function takes a [`Contact`]; what it may see is decided by the store's joins with its
//! grants, so there is nothing here to forget.

use chrono::{DateTime, Utc};
use domain::events::EventType;
use domain::ids::{AppointmentId, AttachmentId, FollowUpId, LocationId, ReleaseId, RequestId};
use domain::intake::{MOST_WINDOWS, PreferredWindow};
use domain::locale::Locale;
use domain::problems::Problem;
use domain::public::{
    PublicAppointment, PublicAttachment, PublicFollowUp, PublicLocation, PublicMilestone, PublicReport, PublicRequest,
};
use domain::public_language::PublicVisit;
use domain::requests::{Channel, Priority, RequestStatus, ServiceType};
use domain::text;
use serde_json::json;
use uuid::Uuid;

use crate::audit::NewEntry;
use crate::commit::finish;
use crate::events::NewEvent;
use crate::files::Upload;
use crate::form::Form;
use crate::identity::actors::{Actor as _, Contact};
use crate::intake;
use crate::page::{PAGE, Page};
use crate::portal_access::store::requests::NewPortalRequest;
use crate::requests::conversation;
use crate::requests::model::{PublicMessage, SlotOption};
use crate::visits::report_review::{Download, fetch};
use crate::{Core, CoreError, CoreResult};

/// The longest description of a request, in characters.
pub const MOST_DESCRIPTION: usize = 4_000;
/// How many requests that wait for their customer are shown at once.
const MOST_NEEDS: i64 = 20;

/// What the home page shows.
#[derive(Debug, Clone)]
pub struct Home {
    /// Whether anything is granted at all.
    pub has_access: bool,
    /// Own requests that wait for an answer of this person.
    pub needs_you: Vec<PublicRequest>,
    /// Upcoming appointments, the next one first.
    pub upcoming: Vec<PublicAppointment>,
    /// Requests that are not done.
    pub requests: Vec<PublicRequest>,
    /// Recent reports.
    pub reports: Vec<PublicReport>,
    /// What is still to be done after a visit.
    pub follow_ups: Vec<PublicFollowUp>,
}

/// The home page.
///
/// # Errors
/// The database does not answer.
pub async fn home(core: &Core, contact: &Contact) -> CoreResult<Home> {
    let mut tx = core.store.read(contact).await?;
    Ok(Home {
        has_access: !tx.own_grants().await?.is_empty(),
        needs_you: tx.needs_you(MOST_NEEDS).await?,
        upcoming: tx.upcoming_appointments(5).await?,
        requests: tx.requests(true, None, 5).await?,
        reports: tx.reports(None, 5).await?,
        follow_ups: tx.follow_ups(true, None, 5).await?,
    })
}

/// Everything that is not done.
#[derive(Debug, Clone)]
pub struct OpenWork {
    /// Own requests that wait for an answer of this person.
    pub needs_you: Vec<PublicRequest>,
    /// A page of requests that are not done, newest first.
    pub requests: Page<PublicRequest>,
    /// Upcoming appointments, the next one first.
    pub upcoming: Page<PublicAppointment>,
    /// What is still to be done after a visit, newest first.
    pub follow_ups: Page<PublicFollowUp>,
}

/// Everything that is not done: requests, visits ahead, follow-ups. Further requests come with `before`.
///
/// # Errors
/// The database does not answer.
pub async fn open_work(
    core: &Core,
    contact: &Contact,
    before: Option<(DateTime<Utc>, RequestId)>,
) -> CoreResult<OpenWork> {
    let mut tx = core.store.read(contact).await?;
    Ok(OpenWork {
        needs_you: tx.needs_you(MOST_NEEDS).await?,
        requests: Page::cut(tx.requests(true, before, PAGE + 1).await?, PAGE),
        upcoming: Page::cut(tx.upcoming_appointments(PAGE + 1).await?, PAGE),
        follow_ups: Page::cut(tx.follow_ups(true, None, PAGE + 1).await?, PAGE),
    })
}

/// A page of follow-ups, newest first.
///
/// # Errors
/// The database does not answer.
pub async fn follow_ups(
    core: &Core,
    contact: &Contact,
    before: Option<(DateTime<Utc>, FollowUpId)>,
) -> CoreResult<Page<PublicFollowUp>> {
    let rows = core
        .store
        .read(contact)
        .await?
        .follow_ups(false, before, PAGE + 1)
        .await?;
    Ok(Page::cut(rows, PAGE))
}

/// The locations for which a request may be submitted.
///
/// # Errors
/// The database does not answer.
pub async fn locations(core: &Core, contact: &Contact) -> CoreResult<Vec<PublicLocation>> {
    Ok(core.store.read(contact).await?.locations_for_requests().await?)
}

/// A page of requests, newest first.
///
/// # Errors
/// The database does not answer.
pub async fn requests(
    core: &Core,
    contact: &Contact,
    before: Option<(DateTime<Utc>, RequestId)>,
) -> CoreResult<Page<PublicRequest>> {
    Ok(Page::cut(
        core.store
            .read(contact)
            .await?
            .requests(false, before, PAGE + 1)
            .await?,
        PAGE,
    ))
}

/// One request.
///
/// # Errors
/// `not_found`.
pub async fn request(core: &Core, contact: &Contact, id: RequestId) -> CoreResult<PublicRequest> {
    core.store
        .read(contact)
        .await?
        .request(id)
        .await?
        .ok_or_else(CoreError::not_found)
}

/// What the request form sends, as text.
#[derive(Debug, Clone, Default)]
pub struct RequestForm {
    /// A granted location's id.
    pub location: String,
    /// A service type's name.
    pub service_type: String,
    /// What is needed.
    pub description: String,
    /// When it would suit, in the customer's words.
    pub preferred: String,
    /// Days with their parts.
    pub windows: Vec<(String, String)>,
    /// Whether "urgent" is ticked.
    pub urgent: bool,
    /// Made with the form: the same form sent twice is one request.
    pub nonce: String,
}

/// Submits a request; it stays in review until the staff decide. The same form sent again answers with the same request.
///
/// # Errors
/// Fields. A location outside the grants and one that does not exist are the same.
pub async fn submit_request(
    core: &Core,
    contact: &Contact,
    input: &RequestForm,
    uploads: Vec<Upload>,
) -> CoreResult<RequestId> {
    let mut form = Form::default();
    let description = form.text(
        "description",
        MOST_DESCRIPTION,
        text::paragraphs(&input.description, MOST_DESCRIPTION),
    );
    let preferred = form
        .text("preferred", 200, text::optional_line(&input.preferred, 200))
        .flatten();
    let nonce = form.text("description", 100, text::line(&input.nonce, 100));
    let service_type = ServiceType::from_name(&input.service_type);
    if service_type.is_none() {
        form.wrong("service_type", "required", "Choose what you need.");
    }
    let location = input.location.parse::<LocationId>().ok();
    if location.is_none() {
        form.wrong("location", "required", "Choose a location.");
    }
    let zone: chrono_tz::Tz = contact.zone().parse().unwrap_or(chrono_tz::UTC);
    let today = core.clock.now().with_timezone(&zone).date_naive();
    let mut windows = Vec::new();
    for (date, part) in input.windows.iter().take(MOST_WINDOWS) {
        match PreferredWindow::read(date, part, today) {
            Ok(Some(window)) if !windows.contains(&window) => windows.push(window),
            Ok(_) => {}
            Err(code) => form.wrong("date_1", code, "Choose days to come, at most a year ahead."),
        }
    }
    form.finish()?;
    let (Some(description), Some(nonce), Some(service_type), Some(location)) =
        (description, nonce, service_type, location)
    else {
        return Err(CoreError::new(Problem::ValidationFailed, "The input is not valid."));
    };
    let files = intake::keep_files(core, contact.tenant(), uploads).await?;
    let mut tx = core.store.begin(contact).await?;
    if let Some(earlier) = tx.request_by_nonce(&nonce).await? {
        return Ok(earlier);
    }
    let id: RequestId = tx.new_id();
    let number = tx.next_number("request").await?;
    let (_, tracking) = intake::new_token(core, contact.tenant(), id)?;
    let new = NewPortalRequest {
        id,
        number,
        location,
        service_type,
        description: &description,
        preferred: preferred.as_deref(),
        priority: if input.urgent { Priority::High } else { Priority::Normal },
        windows: &windows,
        tracking: &tracking,
        nonce: &nonce,
    };
    if !tx.insert_portal_request(&new).await? {
        // Either another tab was faster with this form, or no grant covers the location.
        return match tx.request_by_nonce(&nonce).await? {
            Some(earlier) => Ok(earlier),
            None => Err(CoreError::field("location", "required", "Choose a location.")),
        };
    }
    let customer = tx.customer_of_location(location).await?;
    intake::attach(&mut tx, id, &files).await?;
    intake::arrived(core, &mut tx, id, Channel::Portal, customer, Some(location)).await?;
    finish(core, tx).await?;
    Ok(id)
}

/// What belongs to a request besides its words: the files that this person sent with it, and the visit that it led to.
///
/// # Errors
/// `not_found`.
pub async fn besides(
    core: &Core,
    contact: &Contact,
    id: RequestId,
) -> CoreResult<(Vec<PublicAttachment>, Option<PublicAppointment>)> {
    let mut tx = core.store.read(contact).await?;
    tx.request(id).await?.ok_or_else(CoreError::not_found)?;
    Ok((tx.own_request_files(id).await?, tx.appointment_of_request(id).await?))
}

/// What was written about a request, and whether this person may answer: it is their own and has not ended.
///
/// # Errors
/// `not_found`.
pub async fn conversation(core: &Core, contact: &Contact, id: RequestId) -> CoreResult<(Vec<PublicMessage>, bool)> {
    let mut tx = core.store.read(contact).await?;
    let request = tx.request(id).await?.ok_or_else(CoreError::not_found)?;
    let is_own = tx.own_request_place(id).await?.is_some();
    let ended = request.status.has_ended();
    Ok((tx.public_messages(id).await?, is_own && !ended))
}

/// Times that are offered for an own request.
///
/// # Errors
/// `not_found`.
pub async fn slots(core: &Core, contact: &Contact, id: RequestId) -> CoreResult<Vec<SlotOption>> {
    let mut tx = core.store.read(contact).await?;
    tx.request(id).await?.ok_or_else(CoreError::not_found)?;
    match tx.own_request_place(id).await? {
        Some(_) => Ok(tx.slot_options(id).await?),
        None => Ok(Vec::new()),
    }
}

/// Writes to dispatch about an own request. The same form sent again changes nothing.
///
/// # Errors
/// Field `answer`; `not_found`; `illegal_transition` once the request has ended.
pub async fn answer(core: &Core, contact: &Contact, id: RequestId, answer: &str, nonce: &str) -> CoreResult<()> {
    let mut tx = core.store.begin(contact).await?;
    let request = tx.request(id).await?.ok_or_else(CoreError::not_found)?;
    tx.own_request_place(id).await?.ok_or_else(CoreError::not_found)?;
    let (answer, nonce) = conversation::read_answer(request.status, answer, nonce)?;
    if tx.insert_answer(id, &answer, &nonce).await? {
        tx.audit("request.answered", id, json!({}));
    }
    finish(core, tx).await
}

/// Withdraws an own request that is not converted yet.
///
/// # Errors
/// `not_found`; `illegal_transition` once it is converted or ended.
pub async fn withdraw_request(core: &Core, contact: &Contact, id: RequestId) -> CoreResult<()> {
    let mut tx = core.store.begin(contact).await?;
    let request = tx.request(id).await?.ok_or_else(CoreError::not_found)?;
    let (customer, location) = tx.own_request_place(id).await?.ok_or_else(CoreError::not_found)?;
    if !tx.withdraw_request(id).await? {
        return Err(CoreError::new(
            Problem::IllegalTransition,
            format!("It is {} and cannot be withdrawn here any more.", request.status.name()),
        ));
    }
    tx.note(NewEntry {
        kind: "request_cancelled",
        customer: Some(domain::ids::CustomerId::from_uuid(customer)),
        location: location.map(LocationId::from_uuid),
        target: None,
        request: Some(id),
    })
    .await?;
    tx.audit("request.withdrawn", id, json!({}));
    tx.emit(NewEvent {
        endpoint: None,
        source: None,
        kind: EventType::RequestStatusChanged,
        ordering_key: id.to_string(),
        target: None,
        customer: Some(domain::ids::CustomerId::from_uuid(customer)),
        location: location.map(LocationId::from_uuid),
        contact: None,
        details: json!({ "request": { "id": id, "status": RequestStatus::Cancelled.name() } }),
    });
    finish(core, tx).await
}

/// Asks dispatch to cancel an own request that is a job already, with a reason. Dispatch decides; until then it stands.
///
/// # Errors
/// Field `answer`; `not_found`; `illegal_transition` once somebody has set out, or if it was asked before.
pub async fn ask_to_cancel(core: &Core, contact: &Contact, id: RequestId, reason: &str, nonce: &str) -> CoreResult<()> {
    let mut tx = core.store.begin(contact).await?;
    let request = tx.request(id).await?.ok_or_else(CoreError::not_found)?;
    tx.own_request_place(id).await?.ok_or_else(CoreError::not_found)?;
    let (reason, nonce) = conversation::read_answer(request.status, reason, nonce)?;
    // The same form sent again changes nothing.
    if !tx.insert_answer(id, &reason, &nonce).await? {
        return finish(core, tx).await;
    }
    if !tx.ask_to_cancel(id).await? {
        return Err(CoreError::new(
            Problem::IllegalTransition,
            "It cannot be asked to cancel this any more.",
        ));
    }
    tx.audit("request.cancellation_asked", id, json!({}));
    finish(core, tx).await
}

/// Upcoming appointments and a page of past ones.
///
/// # Errors
/// The database does not answer.
pub async fn appointments(
    core: &Core,
    contact: &Contact,
    before: Option<(DateTime<Utc>, AppointmentId)>,
) -> CoreResult<(Vec<PublicAppointment>, Page<PublicAppointment>)> {
    let mut tx = core.store.read(contact).await?;
    let upcoming = tx.upcoming_appointments(PAGE).await?;
    Ok((upcoming, Page::cut(tx.past_appointments(before, PAGE + 1).await?, PAGE)))
}

/// One appointment; of one that was moved also where it moved to, if that is known yet.
///
/// # Errors
/// `not_found`.
pub async fn appointment(
    core: &Core,
    contact: &Contact,
    id: AppointmentId,
) -> CoreResult<(PublicAppointment, Option<PublicAppointment>)> {
    let mut tx = core.store.read(contact).await?;
    let found = tx.appointment(id).await?.ok_or_else(CoreError::not_found)?;
    let next = if found.status == PublicVisit::Moved {
        tx.calendar_entry(id).await?.map(|(_, _, appointment)| appointment)
    } else {
        None
    };
    Ok((found, next))
}

/// A page of published reports, newest first.
///
/// # Errors
/// The database does not answer.
pub async fn reports(
    core: &Core,
    contact: &Contact,
    before: Option<(DateTime<Utc>, ReleaseId)>,
) -> CoreResult<Page<PublicReport>> {
    Ok(Page::cut(
        core.store.read(contact).await?.reports(before, PAGE + 1).await?,
        PAGE,
    ))
}

/// One published report.
///
/// # Errors
/// `not_found`.
pub async fn report(core: &Core, contact: &Contact, id: ReleaseId) -> CoreResult<PublicReport> {
    core.store
        .read(contact)
        .await?
        .report(id)
        .await?
        .ok_or_else(CoreError::not_found)
}

/// A released file, or one that this person sent. Every download asks again for grant, capability and release, and is
/// audited: under the member of the staff who only looks, too.
///
/// # Errors
/// `not_found`.
pub async fn download(core: &Core, contact: &Contact, id: AttachmentId) -> CoreResult<Download> {
    if let Some(staff) = contact.looked_at_by {
        let mut tx = core.store.read(contact).await?;
        let row = match tx.released_file(id).await? {
            Some(row) => row,
            None => tx.own_request_file(id).await?.ok_or_else(CoreError::not_found)?,
        };
        drop(tx);
        let mut tx = core.store.begin_system().await?;
        let who = format!("staff:{staff}");
        tx.audit(contact.tenant(), &who, "attachment.looked_at", &id.to_string())
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

/// A page of milestones, newest first.
///
/// # Errors
/// The database does not answer.
pub async fn timeline(
    core: &Core,
    contact: &Contact,
    before: Option<(DateTime<Utc>, Uuid)>,
) -> CoreResult<Page<PublicMilestone>> {
    let rows = core.store.read(contact).await?.milestones(before, PAGE + 1).await?;
    Ok(Page::cut(rows, PAGE))
}

/// Chooses the own language.
///
/// # Errors
/// The database does not answer.
pub async fn set_locale(core: &Core, contact: &Contact, locale: Locale) -> CoreResult<()> {
    let mut tx = core.store.begin(contact).await?;
    tx.set_own_locale(locale).await?;
    finish(core, tx).await
}
