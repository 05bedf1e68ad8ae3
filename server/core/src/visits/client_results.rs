//! What became of a client's jobs: approved visit reports, follow-ups, billing triggers.

use chrono::{DateTime, Utc};
use domain::ids::{BillingTriggerId, FollowUpId, VisitReportId};
use domain::problems::Problem;
use domain::scopes::markers::{BillingReadScope, ReportsReadScope};
use serde_json::json;

use crate::billing::model::ClientBillingTrigger;
use crate::commit::finish;
use crate::db::StoreError;
use crate::follow_ups::model::ClientFollowUp;
use crate::identity::actors::ClientPermit;
use crate::integrations::idempotency::{Answer, IdempotencyKey, keep, replay, with_tries};
use crate::page::Page;
use crate::visits::model::ClientReport;
use crate::{Core, CoreError, CoreResult};

/// The longest reference of an acknowledgement, in characters.
pub const MOST_REFERENCE: usize = 128;

/// A page of approved reports, newest first.
///
/// # Errors
/// The database does not answer.
pub async fn reports(
    core: &Core,
    by: ClientPermit<'_, ReportsReadScope>,
    before: Option<(DateTime<Utc>, VisitReportId)>,
    limit: i64,
) -> CoreResult<Page<ClientReport>> {
    let mut tx = core.store.read(by.client()).await?;
    Ok(Page::cut(tx.own_reports(before, limit + 1).await?, limit))
}

/// One approved report.
///
/// # Errors
/// `not_found`.
pub async fn report(
    core: &Core,
    by: ClientPermit<'_, ReportsReadScope>,
    id: VisitReportId,
) -> CoreResult<ClientReport> {
    let found = core.store.read(by.client()).await?.own_report(id).await?;
    found.ok_or_else(CoreError::not_found)
}

/// A page of follow-ups, newest first.
///
/// # Errors
/// The database does not answer.
pub async fn follow_ups(
    core: &Core,
    by: ClientPermit<'_, ReportsReadScope>,
    before: Option<(DateTime<Utc>, FollowUpId)>,
    limit: i64,
) -> CoreResult<Page<ClientFollowUp>> {
    let mut tx = core.store.read(by.client()).await?;
    Ok(Page::cut(tx.own_follow_ups(before, limit + 1).await?, limit))
}

/// One follow-up.
///
/// # Errors
/// `not_found`.
pub async fn follow_up(
    core: &Core,
    by: ClientPermit<'_, ReportsReadScope>,
    id: FollowUpId,
) -> CoreResult<ClientFollowUp> {
    let found = core.store.read(by.client()).await?.own_follow_up(id).await?;
    found.ok_or_else(CoreError::not_found)
}

/// A page of billing triggers, newest first.
///
/// # Errors
/// The database does not answer.
pub async fn billing_triggers(
    core: &Core,
    by: ClientPermit<'_, BillingReadScope>,
    before: Option<(DateTime<Utc>, BillingTriggerId)>,
    limit: i64,
) -> CoreResult<Page<ClientBillingTrigger>> {
    let mut tx = core.store.read(by.client()).await?;
    Ok(Page::cut(tx.own_billing_triggers(before, limit + 1).await?, limit))
}

/// One billing trigger.
///
/// # Errors
/// `not_found`.
pub async fn billing_trigger(
    core: &Core,
    by: ClientPermit<'_, BillingReadScope>,
    id: BillingTriggerId,
) -> CoreResult<ClientBillingTrigger> {
    let found = core.store.read(by.client()).await?.own_billing_trigger(id).await?;
    found.ok_or_else(CoreError::not_found)
}

/// Notes that the client's system has taken a trigger over, under its own reference. Saying the same again is no mistake.
///
/// # Errors
/// `not_found`; `concurrent_modification` if it was acknowledged under another reference.
pub async fn acknowledge(
    core: &Core,
    by: ClientPermit<'_, BillingReadScope>,
    id: BillingTriggerId,
    reference: &str,
    idempotency: Option<&IdempotencyKey>,
    render: impl Fn(ClientBillingTrigger) -> Answer,
) -> CoreResult<Answer> {
    with_tries!({
        let mut tx = core.store.begin(by.client()).await?;
        if let Some(answer) = replay(&mut tx, idempotency).await? {
            return Ok(answer);
        }
        let known = tx.own_billing_trigger(id).await?.ok_or_else(CoreError::not_found)?;
        match known.reference.as_deref() {
            Some(stored) if stored != reference => {
                return Err(CoreError::new(
                    Problem::ConcurrentModification,
                    "It was acknowledged before under another reference.",
                )
                .into());
            }
            Some(_) => {}
            None => {
                if !tx.acknowledge_billing(id, reference).await? {
                    return Err(StoreError::Conflict("it was acknowledged at the same time".to_owned()).into());
                }
                tx.audit("billing_trigger.acknowledged", id, json!({ "reference": reference }));
            }
        }
        let written = tx.own_billing_trigger(id).await?.ok_or_else(CoreError::not_found)?;
        let answer = render(written);
        keep(&mut tx, idempotency, &answer).await?;
        finish(core, tx).await?;
        Ok(answer)
    })
}
