//! The actions of the review queue; each is a form that works without scripts.

use domain::fields::FieldCode;
use domain::ids::{RequestId, TargetId};
use domain::intake::MAX_FILES;
use domain::requests::{Priority, ServiceType};
use leptos::prelude::*;
use leptos::server_fn::codec::{MultipartData, MultipartFormData};
use ordinavo_core::identity::actors::Staff;
use ordinavo_core::requests;
use ordinavo_core::requests::conversation::StaffMessage;
use ordinavo_core::requests::review;
use ordinavo_core::requests::review::{Decision, SnoozeUntil};
use ordinavo_core::requests::{conversation, customer_assignment};
use ordinavo_core::{Core, CoreError, CoreResult};
use serde::{Deserialize, Serialize};
use ui::actions::{ActionForm, FormId, Redirect, submit};
use ui::format;
use ui::uploads::{UploadForm, submit_upload};

use crate::requests::call::NewCustomerInput;
use crate::requests::inbox::request_id;

/// Returns the path of a request with the filters of the list. `view` is only accepted as a query.
fn request_path(request: FormId<RequestId>, view: &str) -> String {
    let view = if is_view(view) { view } else { "" };
    match request.ok() {
        Some(id) => format!("/app/inbox/{id}{view}"),
        None => format!("/app/inbox{view}"),
    }
}

/// Returns the path of the job of a request, which leads back to the list with its filters.
fn job_path(target: TargetId, view: &str) -> String {
    if is_view(view) {
        format!("/app/targets/{target}?{}", format::query([("inbox", view)]))
    } else {
        format!("/app/targets/{target}")
    }
}

/// Returns whether a text is the query of the list.
pub(crate) fn is_view(text: &str) -> bool {
    text.starts_with('?') && text.len() < 2_000 && text.bytes().all(|byte| byte.is_ascii_graphic())
}

/// Returns `path` if it is a page of the inbox. Prevents open redirects.
fn inbox_path(path: &str) -> String {
    let is_inbox = path == "/app/inbox" || path.starts_with("/app/inbox/") || path.starts_with("/app/inbox?");
    if is_inbox && path.len() < 2_000 && path.bytes().all(|byte| byte.is_ascii_graphic()) {
        path.to_owned()
    } else {
        "/app/inbox".to_owned()
    }
}

fn redirect_with_undo(to: String, done: &'static str, decided: &review::Decided) -> Redirect {
    Redirect {
        undo: decided.undo.map(|undo| undo.to_string()),
        ..Redirect::to(to, done)
    }
}

/// A button on the page of a request.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct RequestButton {
    request: FormId<RequestId>,
    /// The filters of the list from which the request was opened, as a query.
    view: String,
    /// The version of the request that the page shows.
    version: Option<String>,
}

impl ActionForm for RequestButton {
    fn back(&self) -> String {
        request_path(self.request, &self.view)
    }
}

/// Applies a decision to the request of a form, then redirects to `to`. The decision is parsed after the permission and the
/// request were checked.
async fn decide(
    core: &Core,
    staff: &Staff,
    (request, shown): (FormId<RequestId>, Option<&str>),
    decision: CoreResult<Decision>,
    to: String,
    done: &'static str,
) -> CoreResult<Redirect> {
    let (permit, id) = (staff.may()?, request.get()?);
    let decided = review::decide(core, permit, id, decision?, shown).await?;
    Ok(redirect_with_undo(to, done, &decided))
}

#[server(prefix = "/app/fn", endpoint = "start-review")]
pub async fn start_review(#[server(flatten)] form: RequestButton) -> Result<(), ServerFnError> {
    submit(form, async |core: Core, staff: Staff, form: RequestButton| {
        requests::start_review(&core, staff.may()?, form.request.get()?).await?;
        Ok(Redirect::to(form.back(), "done-review-started"))
    })
    .await
}

#[server(prefix = "/app/fn", endpoint = "accept-request")]
pub async fn accept_request(#[server(flatten)] form: RequestButton) -> Result<(), ServerFnError> {
    submit(form, async |core: Core, staff: Staff, form: RequestButton| {
        decide(
            &core,
            &staff,
            (form.request, form.version.as_deref()),
            Ok(Decision::Accept),
            form.back(),
            "done-accepted",
        )
        .await
    })
    .await
}

/// The form that rejects a request.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct RejectForm {
    request: FormId<RequestId>,
    view: String,
    /// The next request of the list, to which the page leads so that the queue can be worked through.
    next: FormId<RequestId>,
    /// The version of the request that the page shows.
    version: Option<String>,
    reason: String,
}

impl ActionForm for RejectForm {
    const NAME: &'static str = "reject";

    fn back(&self) -> String {
        request_path(self.request, &self.view)
    }
}

/// Returns the path of the next request of the list; the last request stays open.
fn next_path(request: FormId<RequestId>, next: FormId<RequestId>, view: &str) -> String {
    request_path(if next.ok().is_some() { next } else { request }, view)
}

#[server(prefix = "/app/fn", endpoint = "reject-request")]
pub async fn reject_request(#[server(flatten)] form: RejectForm) -> Result<(), ServerFnError> {
    submit(form, async |core: Core, staff: Staff, form: RejectForm| {
        let to = next_path(form.request, form.next, &form.view);
        let decision = Ok(Decision::Reject(form.reason));
        let shown = (form.request, form.version.as_deref());
        decide(&core, &staff, shown, decision, to, "done-rejected").await
    })
    .await
}

/// The form that changes one property of a request; only one of the properties is sent.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct ChangeForm {
    request: FormId<RequestId>,
    view: String,
    priority: String,
    service: String,
    /// Staff ID, or empty to unassign; a form without the field changes nothing.
    assignee: Option<String>,
}

impl ActionForm for ChangeForm {
    fn back(&self) -> String {
        request_path(self.request, &self.view)
    }
}

#[server(prefix = "/app/fn", endpoint = "set-priority")]
pub async fn set_priority(#[server(flatten)] form: ChangeForm) -> Result<(), ServerFnError> {
    submit(form, async |core: Core, staff: Staff, form: ChangeForm| {
        let decision = Priority::from_name(&form.priority)
            .map(Decision::Priority)
            .ok_or_else(|| CoreError::field("priority", FieldCode::Required));
        decide(
            &core,
            &staff,
            (form.request, None),
            decision,
            form.back(),
            "done-priority",
        )
        .await
    })
    .await
}

#[server(prefix = "/app/fn", endpoint = "set-service")]
pub async fn set_service(#[server(flatten)] form: ChangeForm) -> Result<(), ServerFnError> {
    submit(form, async |core: Core, staff: Staff, form: ChangeForm| {
        let decision = ServiceType::from_name(&form.service)
            .map(Decision::ServiceType)
            .ok_or_else(|| CoreError::field("service", FieldCode::Required));
        decide(
            &core,
            &staff,
            (form.request, None),
            decision,
            form.back(),
            "done-service",
        )
        .await
    })
    .await
}

#[server(prefix = "/app/fn", endpoint = "assign-request")]
pub async fn assign_request(#[server(flatten)] form: ChangeForm) -> Result<(), ServerFnError> {
    submit(form, async |core: Core, staff: Staff, form: ChangeForm| {
        let decision = parse_assignee(form.assignee.as_deref());
        decide(
            &core,
            &staff,
            (form.request, None),
            decision,
            form.back(),
            "done-assigned",
        )
        .await
    })
    .await
}

fn parse_assignee(assignee: Option<&str>) -> CoreResult<Decision> {
    match assignee {
        Some("") => Ok(Decision::Assign(None)),
        person => person
            .and_then(|person| person.parse().ok())
            .map(|person| Decision::Assign(Some(person)))
            .ok_or_else(|| CoreError::field("assignee", FieldCode::Required)),
    }
}

/// The form that snoozes a request; an empty time ends the snooze, a missing one changes nothing.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct SnoozeForm {
    request: FormId<RequestId>,
    view: String,
    next: FormId<RequestId>,
    until: Option<String>,
}

impl ActionForm for SnoozeForm {
    fn back(&self) -> String {
        request_path(self.request, &self.view)
    }
}

#[server(prefix = "/app/fn", endpoint = "snooze-request")]
pub async fn snooze_request(#[server(flatten)] form: SnoozeForm) -> Result<(), ServerFnError> {
    submit(form, async |core: Core, staff: Staff, form: SnoozeForm| {
        if form.until.as_deref() == Some("") {
            let decision = Ok(Decision::Snooze(None));
            return decide(
                &core,
                &staff,
                (form.request, None),
                decision,
                form.back(),
                "done-snooze-ended",
            )
            .await;
        }
        let to = next_path(form.request, form.next, &form.view);
        let decision = form
            .until
            .as_deref()
            .and_then(SnoozeUntil::from_name)
            .map(|until| Decision::Snooze(Some(until)))
            .ok_or_else(|| CoreError::field("until", FieldCode::Required));
        decide(&core, &staff, (form.request, None), decision, to, "done-snoozed").await
    })
    .await
}

/// The form that decides on all selected requests of the list.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct BulkDecisionForm {
    requests: Vec<String>,
    decision: String,
    reason: String,
    assignee: Option<String>,
    path: String,
}

impl ActionForm for BulkDecisionForm {
    const NAME: &'static str = "bulk";

    fn back(&self) -> String {
        inbox_path(&self.path)
    }
}

#[server(prefix = "/app/fn", endpoint = "update-requests")]
pub async fn update_requests(#[server(flatten)] form: BulkDecisionForm) -> Result<(), ServerFnError> {
    submit(form, async |core: Core, staff: Staff, form: BulkDecisionForm| {
        let (permit, back) = (staff.may()?, form.back());
        let ids = form
            .requests
            .iter()
            .map(|id| request_id(id))
            .collect::<CoreResult<Vec<_>>>()?;
        let decision = match form.decision.as_str() {
            "accept" => Decision::Accept,
            "reject" => Decision::Reject(form.reason),
            "assign" => parse_assignee(form.assignee.as_deref())?,
            _ => return Err(CoreError::field("decision", FieldCode::Required)),
        };
        let decided = review::update_requests(&core, permit, &ids, decision).await?;
        let done = if decided.left.is_empty() {
            "done-bulk-updated"
        } else {
            "done-bulk-partly-updated"
        };
        Ok(redirect_with_undo(back, done, &decided))
    })
    .await
}

/// The button that undoes a decision.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct UndoForm {
    undo: String,
    path: String,
}

impl ActionForm for UndoForm {
    fn back(&self) -> String {
        inbox_path(&self.path)
    }
}

#[server(prefix = "/app/fn", endpoint = "undo-decision")]
pub async fn undo_decision(#[server(flatten)] form: UndoForm) -> Result<(), ServerFnError> {
    submit(form, async |core: Core, staff: Staff, form: UndoForm| {
        let permit = staff.may()?;
        let id = form.undo.parse().map_err(|_| CoreError::not_found())?;
        review::undo(&core, permit, id).await?;
        Ok(Redirect::to(form.back(), "done-decision-undone"))
    })
    .await
}

#[server(prefix = "/app/fn", endpoint = "convert-request")]
pub async fn convert_request(#[server(flatten)] form: RequestButton) -> Result<(), ServerFnError> {
    submit(form, async |core: Core, staff: Staff, form: RequestButton| {
        let shown = form.version.as_deref();
        let target = requests::convert(&core, staff.may()?, form.request.get()?, shown).await?;
        Ok(Redirect::to(job_path(target, &form.view), "done-converted"))
    })
    .await
}

/// The form that assigns a customer to a request.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct CustomerForm {
    request: FormId<RequestId>,
    view: String,
    customer: String,
    location: String,
    contact: String,
}

impl ActionForm for CustomerForm {
    fn back(&self) -> String {
        request_path(self.request, &self.view)
    }
}

#[server(prefix = "/app/fn", endpoint = "assign-customer")]
pub async fn assign_customer(#[server(flatten)] form: CustomerForm) -> Result<(), ServerFnError> {
    submit(form, async |core: Core, staff: Staff, form: CustomerForm| {
        let (permit, id) = (staff.may()?, form.request.get()?);
        customer_assignment::assign_customer(&core, permit, id, &form.customer, &form.location, &form.contact).await?;
        Ok(Redirect::to(form.back(), "done-customer-assigned"))
    })
    .await
}

/// The form that creates the customer of a request.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct CreateCustomerForm {
    request: FormId<RequestId>,
    view: String,
    #[serde(flatten)]
    new_customer: NewCustomerInput,
    new_contact: String,
    phone: String,
    email: String,
}

impl ActionForm for CreateCustomerForm {
    const NAME: &'static str = "create-customer";

    fn back(&self) -> String {
        request_path(self.request, &self.view)
    }
}

#[server(prefix = "/app/fn", endpoint = "create-customer")]
pub async fn create_customer(#[server(flatten)] form: CreateCustomerForm) -> Result<(), ServerFnError> {
    submit(form, async |core: Core, staff: Staff, form: CreateCustomerForm| {
        let (permit, id, back) = (staff.may()?, form.request.get()?, form.back());
        let input = form.new_customer.with_contact(form.new_contact, form.phone, form.email);
        customer_assignment::create_customer(&core, permit, id, &input).await?;
        Ok(Redirect::to(back, "done-customer-created"))
    })
    .await
}

/// The form that adds an internal note to a request.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct NoteForm {
    request: FormId<RequestId>,
    view: String,
    note: String,
}

impl ActionForm for NoteForm {
    const NAME: &'static str = "note";

    fn back(&self) -> String {
        request_path(self.request, &self.view)
    }
}

#[server(prefix = "/app/fn", endpoint = "add-note")]
pub async fn add_note(#[server(flatten)] form: NoteForm) -> Result<(), ServerFnError> {
    submit(form, async |core: Core, staff: Staff, form: NoteForm| {
        conversation::add_note(&core, staff.may()?, form.request.get()?, &form.note).await?;
        Ok(Redirect::to(form.back(), "done-note"))
    })
    .await
}

/// The form that sends a message to the requester.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct MessageForm {
    request: FormId<RequestId>,
    view: String,
    message: String,
    /// Whether the message asks for a reply: `on` or absent.
    asks: Option<String>,
    nonce: String,
}

impl ActionForm for MessageForm {
    const NAME: &'static str = "message";

    fn back(&self) -> String {
        request_path(self.request, &self.view)
    }
}

impl UploadForm for MessageForm {
    const FILE_FIELD: &'static str = "files";
    const MAX_FILES: usize = MAX_FILES;

    fn interrupted() -> CoreError {
        CoreError::field("files", FieldCode::UploadTooLarge { max_megabytes: 25 })
    }
}

#[server(prefix = "/app/fn", endpoint = "send-message", input = MultipartFormData)]
pub async fn send_message(data: MultipartData) -> Result<(), ServerFnError> {
    submit_upload(data, async |core: Core, staff: Staff, form: MessageForm, files| {
        let (permit, id) = (staff.may()?, form.request.get()?);
        let back = form.back();
        let message = StaffMessage {
            text: form.message,
            asks: form.asks.is_some(),
            nonce: form.nonce,
            files,
        };
        let sent = conversation::send_message(&core, permit, id, message).await?;
        Ok(Redirect::to(back, "done-message").without_files(sent.refused))
    })
    .await
}

#[server(prefix = "/app/fn", endpoint = "mark-reply-read")]
pub async fn mark_reply_read(#[server(flatten)] form: RequestButton) -> Result<(), ServerFnError> {
    submit(form, async |core: Core, staff: Staff, form: RequestButton| {
        conversation::mark_answer_as_read(&core, staff.may()?, form.request.get()?).await?;
        Ok(Redirect::to(form.back(), "done-reply-read"))
    })
    .await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_outside_inbox_return_inbox() {
        for (path, expected) in [
            ("/app/inbox?q=lift", "/app/inbox?q=lift"),
            ("/app/inbox/req_1", "/app/inbox/req_1"),
            ("//evil.example/app/inbox", "/app/inbox"),
            ("/app/inboxes", "/app/inbox"),
            ("/app/inbox?q=\r\nset-cookie: a", "/app/inbox"),
        ] {
            assert_eq!(inbox_path(path), expected, "{path}");
        }
        assert_eq!(request_path(FormId::default(), "?q=a"), "/app/inbox?q=a");
        let target: TargetId = "tgt_01k9zzzzzzzzzzzzzzzzzzzzzz".parse().expect("ID is valid");
        assert_eq!(job_path(target, "//evil.example"), format!("/app/targets/{target}"));
        assert_eq!(
            job_path(target, "?q=a"),
            format!("/app/targets/{target}?inbox=%3Fq%3Da")
        );
        assert_eq!(request_path(FormId::default(), "//evil.example"), "/app/inbox");
    }
}
