//! What the staff write about a request: notes for the team, and messages and questions to the requester.

use domain::ids::RequestId;
use domain::intake::MOST_MESSAGE;
use domain::intake::mails::MailKind;
use domain::permissions::ReviewRequests;
use domain::problems::Problem;
use domain::requests::{Channel, RequestStatus};
use domain::text;
use serde_json::json;

use crate::commit::finish;
use crate::db::TenantTx;
use crate::form::Form;
use crate::identity::actors::{Permit, Staff};
use crate::notifications;
use crate::notifications::Occasion;
use crate::requests;
use crate::{Core, CoreError, CoreResult};

/// Writes a note that only the team sees.
///
/// # Errors
/// Field `note`; `not_found`.
pub async fn add_note(core: &Core, by: Permit<'_, ReviewRequests>, id: RequestId, note: &str) -> CoreResult<()> {
    let mut form = Form::default();
    let note = form.text("note", MOST_MESSAGE, text::paragraphs(note, MOST_MESSAGE));
    form.finish()?;
    let mut tx = core.store.begin(by.staff()).await?;
    requests::load(&mut tx, id).await?;
    let written = tx.insert_note(id, &note.unwrap_or_default()).await?;
    tx.audit("request.note_added", id, json!({ "note": written }));
    finish(core, tx).await
}

/// Writes to the requester, who reads it in the portal or on the tracking page and is told by mail. A question is marked
/// until it is answered.
///
/// # Errors
/// Field `message`; `no_reader` for a request of a partner's system, whose people do not read here; `not_found`.
pub async fn send_message(
    core: &Core,
    by: Permit<'_, ReviewRequests>,
    id: RequestId,
    message: &str,
    asks: bool,
) -> CoreResult<()> {
    let mut form = Form::default();
    let message = form.text("message", MOST_MESSAGE, text::paragraphs(message, MOST_MESSAGE));
    form.finish()?;
    let message = message.unwrap_or_default();
    let mut tx = core.store.begin(by.staff()).await?;
    let request = requests::load(&mut tx, id).await?;
    if request.channel == Channel::Api {
        return Err(CoreError::field(
            "message",
            "no_reader",
            "It came from a partner's system; there is nobody who would read this.",
        ));
    }
    let kind = if asks { MailKind::Question } else { MailKind::Message };
    write(core, &mut tx, id, &message, kind).await?;
    finish(core, tx).await
}

/// Writes to a requester who reads here, in a transaction; the mail says on which occasion.
pub(crate) async fn write(
    core: &Core,
    tx: &mut TenantTx<'_, Staff>,
    id: RequestId,
    message: &str,
    kind: MailKind,
) -> CoreResult<()> {
    let asks = kind == MailKind::Question;
    let written = tx.insert_staff_message(id, message, asks).await?;
    tx.audit("request.message_sent", id, json!({ "message": written, "asks": asks }));
    notifications::write(core, tx, id, Occasion::with_text(kind, message)).await?;
    Ok(())
}

/// Reads what a requester writes, with the nonce that makes a repetition recognisable.
///
/// # Errors
/// Field `answer`; `illegal_transition` once the request has ended.
pub(crate) fn read_answer(status: RequestStatus, answer: &str, nonce: &str) -> CoreResult<(String, String)> {
    let mut form = Form::default();
    let answer = form.text("answer", MOST_MESSAGE, text::paragraphs(answer, MOST_MESSAGE));
    let nonce = form.text("answer", 100, text::line(nonce, 100));
    form.finish()?;
    if status.has_ended() {
        return Err(CoreError::new(
            Problem::IllegalTransition,
            "This request has ended; submit a new one.",
        ));
    }
    answer
        .zip(nonce)
        .ok_or_else(|| CoreError::new(Problem::ValidationFailed, "The input is not valid."))
}

/// Takes note of an answer.
///
/// # Errors
/// `not_found`.
pub async fn take_note_of_answer(core: &Core, by: Permit<'_, ReviewRequests>, id: RequestId) -> CoreResult<()> {
    let mut tx = core.store.begin(by.staff()).await?;
    requests::load(&mut tx, id).await?;
    if tx.mark_answer_read(id).await? {
        tx.audit("request.answer_read", id, json!({}));
    }
    finish(core, tx).await
}
