//! Internal notes about a request, and messages and questions to the requester.

use domain::fields::FieldCode;
use domain::identity::permissions::ReviewRequests;
use domain::ids::RequestId;
use domain::intake::MAX_MESSAGE_CHARS;
use domain::intake::mails::MailKind;
use domain::problems::Cause;
use domain::requests::RequestStatus;
use domain::text;
use serde_json::json;

use crate::commit::finish;
use crate::db::TenantTx;
use crate::form::Form;
use crate::identity::actors::{Permit, Staff};
use crate::notifications;
use crate::notifications::NotificationTrigger;
use crate::requests;
use crate::{Core, CoreError, CoreResult};

/// Adds a note that only staff can read.
///
/// # Errors
/// Field `note`.
pub async fn add_note(core: &Core, by: Permit<'_, ReviewRequests>, id: RequestId, note: &str) -> CoreResult<()> {
    let mut form = Form::default();
    let note = form.text("note", MAX_MESSAGE_CHARS, text::paragraphs(note, MAX_MESSAGE_CHARS));
    form.finish()?;
    let mut tx = core.store.begin(by.staff()).await?;
    requests::load(&mut tx, id).await?;
    let written = tx.insert_note(id, &note.unwrap_or_default()).await?;
    tx.audit("request.note_added", id, json!({ "note": written }));
    finish(core, tx).await
}

/// Sends a message to the requester, who is notified by email and reads it in the portal or on the tracking page. A
/// question stays open until it is answered.
///
/// # Errors
/// Field `message`, with code `no_reader` for a request from the API, whose requester has no access to messages.
pub async fn send_message(
    core: &Core,
    by: Permit<'_, ReviewRequests>,
    id: RequestId,
    message: &str,
    asks: bool,
) -> CoreResult<()> {
    let mut form = Form::default();
    let message = form.text(
        "message",
        MAX_MESSAGE_CHARS,
        text::paragraphs(message, MAX_MESSAGE_CHARS),
    );
    form.finish()?;
    let message = message.unwrap_or_default();
    let mut tx = core.store.begin(by.staff()).await?;
    let request = requests::load(&mut tx, id).await?;
    if !request.channel.notifies_requester() {
        return Err(CoreError::field("message", FieldCode::NoReader));
    }
    let kind = if asks { MailKind::Question } else { MailKind::Message };
    write(core, &mut tx, id, &message, kind).await?;
    finish(core, tx).await
}

/// Sends a message within a transaction; the kind selects the email template.
pub(crate) async fn write(
    core: &Core,
    tx: &mut TenantTx<'_, Staff>,
    id: RequestId,
    message: &str,
    kind: MailKind,
) -> CoreResult<()> {
    write_with(core, tx, id, message, NotificationTrigger::new(kind)).await
}

/// Sends a message within a transaction, as the text of an email about something else.
pub(crate) async fn write_with(
    core: &Core,
    tx: &mut TenantTx<'_, Staff>,
    id: RequestId,
    message: &str,
    trigger: NotificationTrigger<'_>,
) -> CoreResult<()> {
    let asks = trigger.kind == MailKind::Question;
    let written = tx.insert_staff_message(id, message, asks).await?;
    tx.audit("request.message_sent", id, json!({ "message": written, "asks": asks }));
    let trigger = NotificationTrigger {
        text: Some(message),
        ..trigger
    };
    notifications::enqueue(core, tx, id, trigger).await?;
    Ok(())
}

/// Validates a requester's answer and the nonce that detects repeated submissions.
///
/// # Errors
/// Field `answer`; `illegal_transition` once the request has ended.
pub(crate) fn read_answer(status: RequestStatus, answer: &str, nonce: &str) -> CoreResult<(String, String)> {
    let mut form = Form::default();
    let answer = form.text("answer", MAX_MESSAGE_CHARS, text::paragraphs(answer, MAX_MESSAGE_CHARS));
    let nonce = form.text("answer", 100, text::line(nonce, 100));
    form.finish()?;
    if status.has_ended() {
        return Err(CoreError::new(Cause::RequestClosed));
    }
    answer.zip(nonce).ok_or_else(|| CoreError::new(Cause::InvalidFields))
}

/// Returns the nonce under which the files of an answer are stored.
pub(crate) fn upload_nonce(request: RequestId, nonce: &str) -> String {
    format!("{request}.{nonce}")
}

/// Marks the requester's answer as read.
pub async fn mark_answer_as_read(core: &Core, by: Permit<'_, ReviewRequests>, id: RequestId) -> CoreResult<()> {
    let mut tx = core.store.begin(by.staff()).await?;
    requests::load(&mut tx, id).await?;
    if tx.mark_reply_read(id).await? {
        tx.audit("request.answer_read", id, json!({}));
    }
    finish(core, tx).await
}
