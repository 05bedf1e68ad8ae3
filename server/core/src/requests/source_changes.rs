//! A request that its source sends again with other content: updated while it is in review, a proposal to dispatch later.

use domain::audit::TimelineKind;
use domain::events::EventType;
use domain::identity::permissions::ReviewRequests;
use domain::ids::TargetId;
use domain::imports::ItemOutcome;
use domain::imports::results::ItemNote;
use domain::problems::{Cause, Record};
use serde_json::json;

use crate::audit::NewTimelineEntry;
use crate::commit::finish;
use crate::db::TenantTx;
use crate::events::NewEvent;
use crate::identity::actors::{ApiClient, Permit, Staff};
use crate::integrations::idempotency::AttemptError;
use crate::requests::client_requests::RequestContext;
use crate::requests::client_requests::RequestForm;
use crate::requests::job_notes;
use crate::requests::model::{ClientRequest, RequestChange, RequestView};
use crate::version::Version;
use crate::{Core, CoreError, CoreResult, classification, intake, requests};

impl RequestChange {
    /// Returns the version that a form to decide about it carries.
    pub fn version(&self) -> Version {
        Version::of(self)
    }

    fn of(form: &RequestForm) -> Self {
        Self {
            service_type: form.service_type,
            priority: form.priority,
            description: form.description.clone(),
            internal_notes: form.internal_notes.clone(),
            preferred: form.preferred.clone(),
            windows: form.windows.clone(),
        }
    }
}

fn waiting() -> Vec<ItemNote> {
    vec![ItemNote::new("change_requires_review", "").explained()]
}

/// Returns whether the source sends the same content again.
pub(super) fn is_repeat(known: &ClientRequest, form: &RequestForm) -> bool {
    match &known.payload_hash {
        Some(hash) => *hash == form.payload_hash,
        // A request of an earlier version.
        None => known.description == form.description && known.preferred == form.preferred,
    }
}

/// Returns the outcome and the warnings of a repeated request.
pub(super) fn repeat(known: &ClientRequest) -> (ItemOutcome, Vec<ItemNote>) {
    let warnings = if known.has_proposed_change {
        waiting()
    } else {
        Vec::new()
    };
    (ItemOutcome::Unchanged, warnings)
}

/// Applies or proposes new content of a request that is known already. Returns the outcome and its warnings.
pub(super) async fn resubmit(
    tx: &mut TenantTx<'_, ApiClient>,
    known: &ClientRequest,
    form: &RequestForm,
    context: &RequestContext,
) -> Result<(ItemOutcome, Vec<ItemNote>), AttemptError> {
    // The new text may be about the new customer, so that the stored one must not read it.
    if context.names_other(known, form) {
        let refused = ItemNote::new("target_customer_change_requires_review", "/customer").explained();
        return Ok((ItemOutcome::Unchanged, vec![refused]));
    }
    let change = RequestChange::of(form);
    if known.status.is_undecided() && known.target_id.is_none() {
        if !tx.update_client_request(known, &change, &form.payload_hash).await? {
            return Err(CoreError::conflict(Record::Request).into());
        }
        if known.customer_id.is_none() && context.customer.is_some() {
            tx.set_client_request_customer(known.id, context).await?;
        }
        tx.audit("request.updated", known.id, json!({ "by": "client" }));
        return Ok((ItemOutcome::Updated, Vec::new()));
    }
    tx.propose_request_change(known.id, &change, &form.payload_hash).await?;
    tx.audit("request.change_proposed", known.id, json!({ "by": "client" }));
    tx.add_timeline_entry(
        NewTimelineEntry::for_request(TimelineKind::ChangeProposed, known.id)
            .with_customer(known.customer_id)
            .with_location(known.location_id),
    )
    .await?;
    Ok((ItemOutcome::Unchanged, waiting()))
}

/// Applies the proposed content to a request and to its job, or discards it.
///
/// # Errors
/// `not_found`; `concurrent_modification` if the proposal is no longer the one whose version was `shown`; `target_locked` if
/// work on the job has started.
pub async fn decide(
    core: &Core,
    by: Permit<'_, ReviewRequests>,
    id: domain::ids::RequestId,
    applies: bool,
    shown: &str,
) -> CoreResult<()> {
    let mut tx = core.store.begin(by.staff()).await?;
    let request = requests::load(&mut tx, id).await?;
    let Some(change) = request.proposed_change.clone() else {
        return Err(CoreError::new(Cause::Conflict {
            record: Record::Request,
        }));
    };
    change.version().ensure_shown(Some(shown), Record::Request)?;
    let search_key = intake::search_key(
        &change.description,
        request.requester.as_ref(),
        request.place.as_ref(),
        request.receipt_code.as_deref(),
    );
    let applied = applies.then_some((&change, search_key.as_str()));
    if !tx.settle_request_change(id, applied, request.updated_at).await? {
        return Err(CoreError::conflict(Record::Request));
    }
    if applies {
        // The rules see the new text, so that its region and use case are found too.
        classification::reclassify(&mut tx, id).await?;
        if let Some(target) = request.target_id {
            let changed = requests::load(&mut tx, id).await?;
            apply_to_job(&mut tx, target, &job_notes(&request), &changed).await?;
        }
    }
    let action = if applies {
        "request.change_accepted"
    } else {
        "request.change_declined"
    };
    tx.audit(action, id, json!({}));
    finish(core, tx).await
}

/// Gives the job of a request its new content. Notes that the team has added to the job stay below the new words.
async fn apply_to_job(
    tx: &mut TenantTx<'_, Staff>,
    id: TargetId,
    notes_before: &str,
    request: &RequestView,
) -> CoreResult<()> {
    tx.lock_target(id).await?;
    let target = tx.target_record(id).await?.ok_or_else(CoreError::not_found)?;
    if target.status.is_locked_for_imports() {
        return Err(CoreError::new(Cause::WorkStarted));
    }
    let notes = job_notes(request);
    let notes = match target.notes.as_deref() {
        Some(stored) => match stored.strip_prefix(notes_before) {
            Some(added) => format!("{notes}{added}"),
            None => format!("{notes}\n\n{stored}"),
        },
        None => notes,
    };
    let service_type = request.service_type.name();
    if !tx
        .set_target_content(&target, service_type, request.priority, &notes)
        .await?
    {
        return Err(CoreError::conflict(Record::Job));
    }
    tx.audit(
        "target.updated",
        id,
        json!({ "by": "request_change", "request": request.id }),
    );
    tx.add_timeline_entry(
        NewTimelineEntry::for_target(TimelineKind::TargetUpdated, id)
            .with_request(Some(request.id))
            .with_customer(request.customer_id)
            .with_location(request.location_id),
    )
    .await?;
    tx.emit(
        NewEvent::for_target(EventType::TargetUpdated, id)
            .with_source(request.source_system_id)
            .with_customer(request.customer_id)
            .with_location(request.location_id)
            .with_contact(request.contact_id)
            .with_details(json!({ "status": target.status.name() })),
    );
    Ok(())
}
