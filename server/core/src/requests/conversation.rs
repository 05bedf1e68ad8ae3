//! Internal notes about a request, and messages and questions to the requester.

use domain::fields::FieldCode;
use domain::identity::permissions::ReviewRequests;
use domain::ids::{MessageId, RequestId};
use domain::intake::MAX_MESSAGE_CHARS;
use domain::intake::mails::MailKind;
use domain::problems::Cause;
use domain::requests::RequestStatus;
use domain::text;
use serde_json::json;

use crate::commit::finish;
use crate::db::TenantTx;
use crate::files::Upload;
use crate::form::Form;
use crate::identity::actors::{Permit, Staff};
use crate::intake::{self, FileSender, PreparedFiles, Submitted};
use crate::notifications;
use crate::notifications::NotificationTrigger;
use crate::requests;
use crate::secrets::{hex, sha256};
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

/// A message of staff to the requester.
#[derive(Debug, Default)]
pub struct StaffMessage {
    pub text: String,
    /// Whether the message asks for a reply: it stays open until it is answered.
    pub asks: bool,
    /// Identifies repeated submissions of the same form; empty for a form without one.
    pub nonce: String,
    pub files: Vec<Upload>,
}

/// Sends a message with files to the requester, who is notified by email and reads it in the portal or on the tracking page.
/// Submitting the same form again has no effect.
///
/// # Errors
/// Field `message`, with code `no_reader` for a request from the API, whose requester has no access to messages; field `files`.
pub async fn send_message(
    core: &Core,
    by: Permit<'_, ReviewRequests>,
    id: RequestId,
    message: StaffMessage,
) -> CoreResult<Submitted<()>> {
    let mut form = Form::default();
    let text = form.text(
        "message",
        MAX_MESSAGE_CHARS,
        text::paragraphs(&message.text, MAX_MESSAGE_CHARS),
    );
    form.finish()?;
    let text = text.unwrap_or_default();
    let staff = by.staff();
    let mut tx = core.store.read(staff).await?;
    ensure_reader(&mut tx, id).await?;
    drop(tx);
    let nonce = match text::line(&message.nonce, 100) {
        Ok(nonce) => nonce,
        Err(_) => intake::form_nonce(core),
    };
    // The same words as a question are another message, too.
    let nonce = content_nonce(&format!("{nonce}.{}", message.asks), &text, &message.files);
    let reserved = upload_nonce(id, &nonce);
    let prepared = intake::prepare_files(core, staff, FileSender::Staff, id.uuid(), &reserved, message.files).await?;
    let Some(files) = prepared else {
        return Ok(Submitted::whole(()));
    };
    let kind = if message.asks {
        MailKind::Question
    } else {
        MailKind::Message
    };
    let sent = store_message(core, staff, id, (&text, &nonce), kind, &files).await;
    if !matches!(sent, Ok(true)) {
        files.release(core, staff).await;
    }
    sent.map(|_| files.submitted(()))
}

async fn ensure_reader(tx: &mut TenantTx<'_, Staff>, id: RequestId) -> CoreResult<()> {
    if requests::load(tx, id).await?.channel.notifies_requester() {
        Ok(())
    } else {
        Err(CoreError::field("message", FieldCode::NoReader))
    }
}

/// Stores a message with its files; false if it was sent before.
async fn store_message(
    core: &Core,
    staff: &Staff,
    id: RequestId,
    (text, nonce): (&str, &str),
    kind: MailKind,
    files: &PreparedFiles,
) -> CoreResult<bool> {
    let mut tx = core.store.begin(staff).await?;
    ensure_reader(&mut tx, id).await?;
    let Some(message) = write_once(core, &mut tx, id, text, Some(nonce), NotificationTrigger::new(kind)).await? else {
        return Ok(false);
    };
    intake::attach(&mut tx, id, Some(message), files).await?;
    finish(core, tx).await?;
    Ok(true)
}

/// Sends a message within a transaction, as the text of an email about something else.
pub(crate) async fn write_with(
    core: &Core,
    tx: &mut TenantTx<'_, Staff>,
    id: RequestId,
    message: &str,
    trigger: NotificationTrigger<'_>,
) -> CoreResult<()> {
    write_once(core, tx, id, message, None, trigger).await.map(drop)
}

/// Sends a message within a transaction; `None` if the nonce was used before.
async fn write_once(
    core: &Core,
    tx: &mut TenantTx<'_, Staff>,
    id: RequestId,
    message: &str,
    nonce: Option<&str>,
    trigger: NotificationTrigger<'_>,
) -> CoreResult<Option<MessageId>> {
    let asks = trigger.kind == MailKind::Question;
    let Some(written) = tx.insert_staff_message(id, message, asks, nonce).await? else {
        return Ok(None);
    };
    tx.audit("request.message_sent", id, json!({ "message": written, "asks": asks }));
    let trigger = NotificationTrigger {
        text: Some(message),
        ..trigger
    };
    notifications::enqueue(core, tx, id, trigger).await?;
    Ok(Some(written))
}

/// Validates a requester's answer and the nonce that detects repeated submissions.
///
/// # Errors
/// Field `answer`; `illegal_transition` once the request has ended.
pub(crate) fn read_answer(
    status: RequestStatus,
    answer: &str,
    nonce: &str,
    files: &[Upload],
) -> CoreResult<(String, String)> {
    let mut form = Form::default();
    let answer = form.text("answer", MAX_MESSAGE_CHARS, text::paragraphs(answer, MAX_MESSAGE_CHARS));
    let nonce = form.text("answer", 100, text::line(nonce, 100));
    form.finish()?;
    if status.has_ended() {
        return Err(CoreError::new(Cause::RequestClosed));
    }
    let (answer, nonce) = answer.zip(nonce).ok_or_else(|| CoreError::new(Cause::InvalidFields))?;
    let nonce = content_nonce(&nonce, &answer, files);
    Ok((answer, nonce))
}

/// Returns the nonce of a submission: the one of the form and what was sent. The same form with another text is another message; it was
/// changed after an answer that did not arrive.
pub(crate) fn content_nonce(nonce: &str, text: &str, files: &[Upload]) -> String {
    let mut content = text.as_bytes().to_vec();
    for file in files.iter().filter(|file| !file.bytes.is_empty()) {
        content.extend_from_slice(&sha256(&file.bytes));
    }
    format!("{nonce}.{}", hex(&sha256(&content)[..8]))
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
