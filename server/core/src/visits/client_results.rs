//! Results of an API client's jobs: approved visit reports, follow-ups and billing triggers.

use chrono::{DateTime, Utc};
use domain::ids::{BillingTriggerId, FollowUpId, VisitReportId};
use domain::problems::Cause;
use domain::scopes::markers::{BillingReadScope, ReportsReadScope};
use serde_json::json;

use crate::billing::model::ClientBillingTrigger;
use crate::commit::finish;
use crate::db::StoreError;
use crate::follow_ups::model::ClientFollowUp;
use crate::identity::actors::ClientPermit;
use crate::integrations::idempotency::{ApiResponse, IdempotencyKey, replay_response, store_response, with_retries};
use crate::page::Page;
use crate::visits::model::ClientReport;
use crate::{Core, CoreError, CoreResult};

/// The longest reference of an acknowledgment, in characters.
pub const MAX_REFERENCE_CHARS: usize = 128;

/// Lists a page of approved reports, newest first.
pub async fn reports(
    core: &Core,
    by: ClientPermit<'_, ReportsReadScope>,
    before: Option<(DateTime<Utc>, VisitReportId)>,
    limit: i64,
) -> CoreResult<Page<ClientReport>> {
    let mut tx = core.store.read(by.client()).await?;
    Ok(Page::from_rows(tx.list_client_reports(before, limit + 1).await?, limit))
}

/// Returns an approved report.
pub async fn report(
    core: &Core,
    by: ClientPermit<'_, ReportsReadScope>,
    id: VisitReportId,
) -> CoreResult<ClientReport> {
    let found = core.store.read(by.client()).await?.find_client_report(id).await?;
    found.ok_or_else(CoreError::not_found)
}

/// Lists a page of follow-ups, newest first.
pub async fn follow_ups(
    core: &Core,
    by: ClientPermit<'_, ReportsReadScope>,
    before: Option<(DateTime<Utc>, FollowUpId)>,
    limit: i64,
) -> CoreResult<Page<ClientFollowUp>> {
    let mut tx = core.store.read(by.client()).await?;
    Ok(Page::from_rows(
        tx.list_client_follow_ups(before, limit + 1).await?,
        limit,
    ))
}

/// Returns a follow-up.
pub async fn follow_up(
    core: &Core,
    by: ClientPermit<'_, ReportsReadScope>,
    id: FollowUpId,
) -> CoreResult<ClientFollowUp> {
    let found = core.store.read(by.client()).await?.find_client_follow_up(id).await?;
    found.ok_or_else(CoreError::not_found)
}

/// Tells whether a billing trigger is the version that the client has read.
pub type VersionCheck<'a> = dyn Fn(&ClientBillingTrigger) -> CoreResult<bool> + Sync + 'a;

/// Lists a page of billing triggers, newest first; `acknowledged` filters by acknowledgement.
pub async fn billing_triggers(
    core: &Core,
    by: ClientPermit<'_, BillingReadScope>,
    acknowledged: Option<bool>,
    before: Option<(DateTime<Utc>, BillingTriggerId)>,
    limit: i64,
) -> CoreResult<Page<ClientBillingTrigger>> {
    let mut tx = core.store.read(by.client()).await?;
    Ok(Page::from_rows(
        tx.list_client_billing_triggers(acknowledged, before, limit + 1).await?,
        limit,
    ))
}

/// Returns a billing trigger.
pub async fn billing_trigger(
    core: &Core,
    by: ClientPermit<'_, BillingReadScope>,
    id: BillingTriggerId,
) -> CoreResult<ClientBillingTrigger> {
    let found = core
        .store
        .read(by.client())
        .await?
        .find_client_billing_trigger(id)
        .await?;
    found.ok_or_else(CoreError::not_found)
}

/// Acknowledges a billing trigger under a reference of the client's system. Repeating the same reference succeeds.
///
/// # Errors
/// `already_acknowledged` if it was acknowledged under another reference, unless `is_expected` accepts the stored version;
/// `precondition_failed` if it does not.
pub async fn acknowledge(
    core: &Core,
    by: ClientPermit<'_, BillingReadScope>,
    id: BillingTriggerId,
    reference: &str,
    is_expected: Option<&VersionCheck<'_>>,
    idempotency: Option<&IdempotencyKey>,
    render: impl Fn(ClientBillingTrigger) -> ApiResponse,
) -> CoreResult<ApiResponse> {
    with_retries!({
        let mut tx = core.store.begin(by.client()).await?;
        if let Some(answer) = replay_response(&mut tx, idempotency).await? {
            return Ok(answer);
        }
        let known = tx
            .find_client_billing_trigger(id)
            .await?
            .ok_or_else(CoreError::not_found)?;
        if let Some(is_expected) = is_expected
            && !is_expected(&known)?
        {
            return Err(CoreError::new(Cause::VersionDiffers).into());
        }
        match known.reference.as_deref() {
            Some(stored) if stored != reference => {
                if is_expected.is_none() {
                    let reference = stored.to_owned();
                    return Err(CoreError::new(Cause::AcknowledgedDifferently { reference }).into());
                }
                if !tx.correct_billing_reference(id, stored, reference).await? {
                    return Err(StoreError::Conflict("the reference was corrected concurrently".to_owned()).into());
                }
                let details = json!({ "reference": reference, "before": stored });
                tx.audit("billing_trigger.corrected", id, details);
            }
            Some(_) => {}
            None => {
                if !tx.acknowledge_billing(id, reference).await? {
                    return Err(
                        StoreError::Conflict("the billing trigger was acknowledged concurrently".to_owned()).into(),
                    );
                }
                tx.audit("billing_trigger.acknowledged", id, json!({ "reference": reference }));
            }
        }
        let written = tx
            .find_client_billing_trigger(id)
            .await?
            .ok_or_else(CoreError::not_found)?;
        let answer = render(written);
        store_response(&mut tx, idempotency, &answer).await?;
        finish(core, tx).await?;
        Ok(answer)
    })
}
