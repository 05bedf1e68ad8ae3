//! A request that its source sends again with other content: updated while it is in review, a proposal to dispatch later.

use domain::audit::TimelineKind;
use domain::identity::permissions::ReviewRequests;
use domain::imports::ItemOutcome;
use domain::imports::results::ItemNote;
use domain::problems::{Cause, Record};
use serde_json::json;

use crate::audit::NewTimelineEntry;
use crate::commit::finish;
use crate::db::TenantTx;
use crate::identity::actors::{ApiClient, Permit};
use crate::integrations::idempotency::AttemptError;
use crate::requests::client_requests::RequestContext;
use crate::requests::client_requests::RequestForm;
use crate::requests::model::{ClientRequest, RequestChange};
use crate::version::Version;
use crate::{Core, CoreError, CoreResult, requests};

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

/// Applies the proposed content to a request, or discards it.
///
/// # Errors
/// `not_found`; `concurrent_modification` if the proposal is no longer the one whose version was `shown`.
pub async fn decide(
    core: &Core,
    by: Permit<'_, ReviewRequests>,
    id: domain::ids::RequestId,
    applies: bool,
    shown: &str,
) -> CoreResult<()> {
    let mut tx = core.store.begin(by.staff()).await?;
    let request = requests::load(&mut tx, id).await?;
    let Some(change) = request.proposed_change else {
        return Err(CoreError::new(Cause::Conflict {
            record: Record::Request,
        }));
    };
    change.version().ensure_shown(Some(shown), Record::Request)?;
    let read_at = request.updated_at;
    if !tx
        .settle_request_change(id, applies.then_some(&change), read_at)
        .await?
    {
        return Err(CoreError::conflict(Record::Request));
    }
    let action = if applies {
        "request.change_accepted"
    } else {
        "request.change_declined"
    };
    tx.audit(action, id, json!({}));
    finish(core, tx).await
}
