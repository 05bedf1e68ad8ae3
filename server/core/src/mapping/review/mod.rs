//! The mapping review: a person decides once about what could not be mapped, and can undo a wrong link.

pub(crate) mod links;
pub(crate) mod resolve;

use chrono::{DateTime, Utc};
use domain::identity::permissions::{PlanTargets, ResolveMappings, ViewImports};
use domain::ids::{CustomerId, TargetId};
use domain::text::{ExternalId, name_for_comparison};
use serde_json::{Value, json};

use crate::commit::finish;
use crate::db::TenantTx;
use crate::identity::actors::{Permit, Staff};
use crate::imports::model::ImportItemView;
use crate::jobs::model::{TargetSummary, TargetView};
use crate::mapping::model::{CandidateSummary, ContactChoice, KnownReference, LocationChoice};
pub use crate::mapping::review::links::{LinkPage, link, undo_link};
pub use crate::mapping::review::resolve::{Choice, NewCustomerCase, Resolution, resolve, resolve_with_new_customer};
use crate::page::{PAGE_SIZE, Page};
use crate::requests::review::SnoozeUntil;
use crate::{Core, CoreError, CoreResult};

/// How many cases of the queue are looked at for the next one.
const NEXT_CASES: i64 = 20;

/// Returns a page of targets that need a mapping review, oldest first: those that are snoozed, or all others.
pub async fn list(
    core: &Core,
    by: Permit<'_, ViewImports>,
    after: Option<(DateTime<Utc>, TargetId)>,
    snoozed: bool,
) -> CoreResult<Page<TargetSummary>> {
    let mut tx = core.store.read(by.staff()).await?;
    Ok(Page::from_rows(
        tx.list_targets_needing_mapping(after, snoozed, PAGE_SIZE + 1).await?,
        PAGE_SIZE,
    ))
}

/// Returns the case that follows a target in the queue, or else the first one; `None` if no other waits. Cases with the same
/// external ID of a customer are left out: the worker applies a decision that was kept for future imports to them.
pub async fn next_case(core: &Core, by: Permit<'_, ResolveMappings>, after: TargetId) -> CoreResult<Option<TargetId>> {
    let mut tx = core.store.read(by.staff()).await?;
    let decided = tx.target_view(after).await?.ok_or_else(CoreError::not_found)?;
    let sent = sent_customer(&mut tx, after).await?;
    for start in [Some((decided.created_at, after)), None] {
        for next in tx.list_targets_needing_mapping(start, false, NEXT_CASES).await? {
            let is_same = sent.is_some() && sent_customer(&mut tx, next.id).await? == sent;
            if next.id != after && !is_same {
                return Ok(Some(next.id));
            }
        }
    }
    Ok(None)
}

/// Returns the external ID of the customer that the source sent with a target.
async fn sent_customer(tx: &mut TenantTx<'_, Staff>, id: TargetId) -> CoreResult<Option<String>> {
    let Some(item) = tx.applied_item_of_target(id).await? else {
        return Ok(None);
    };
    let payload = tx.find_payload_of_item(item.id).await?.unwrap_or(Value::Null);
    Ok(payload["customer"]["externalId"].as_str().map(str::to_owned))
}

/// Puts off the decision about a target, or puts it back into the queue.
///
/// # Errors
/// `not_found` if it needs no review.
pub async fn snooze(
    core: &Core,
    by: Permit<'_, ResolveMappings>,
    id: TargetId,
    until: Option<SnoozeUntil>,
) -> CoreResult<()> {
    let staff = by.staff();
    let end = until.and_then(|until| until.end(core.clock.now(), staff.zone()));
    let mut tx = core.store.begin(staff).await?;
    if !tx.snooze_mapping(id, end).await? {
        return Err(CoreError::not_found());
    }
    tx.audit("mapping.snoozed", id, json!({ "until": end }));
    finish(core, tx).await
}

/// Everything needed to decide about one target.
#[derive(Debug, Clone)]
pub struct MappingReviewPage {
    pub target: TargetView,
    /// The latest applied import of the target, with its decision.
    pub item: Option<ImportItemView>,
    /// The latest payload of the source.
    pub payload: Value,
    /// The usable external IDs of the payload.
    pub sent: SentExternalIds,
    /// The key of the source, if the target was imported.
    pub source_key: Option<String>,
    /// The current records of those external IDs.
    pub known: Vec<KnownReference>,
    /// Possible customers: the candidates of the rules, customers with the same name (a hint only), and search
    /// results.
    pub candidates: Vec<CandidateSummary>,
    /// The locations of the candidates.
    pub locations: Vec<LocationChoice>,
    /// The contacts of the candidates.
    pub contacts: Vec<ContactChoice>,
    /// The number of other targets that wait with the same external ID of the customer.
    pub waiting_with_same_customer: i64,
    /// Whether the viewer can assign the target to a customer, existing or new, or snooze it.
    pub can_resolve: bool,
    /// Whether the viewer can reject the job.
    pub can_reject: bool,
}

/// Returns the IDs of the customers that a decision considered.
fn considered_customers(decision: &Value) -> Vec<CustomerId> {
    let candidates = &decision["customer"]["candidates"];
    std::iter::once(&candidates["byReference"])
        .chain(candidates["byNumber"].as_array().into_iter().flatten())
        .filter_map(|candidate| candidate["id"].as_str()?.parse().ok())
        .collect()
}

/// Returns one target with its candidates.
///
/// # Errors
/// `not_found` if the target does not exist or needs no review.
pub async fn page(
    core: &Core,
    by: Permit<'_, ViewImports>,
    id: TargetId,
    search: &str,
) -> CoreResult<MappingReviewPage> {
    let mut tx = core.store.read(by.staff()).await?;
    let target = tx
        .target_view(id)
        .await?
        .filter(|target| target.needs_mapping)
        .ok_or_else(CoreError::not_found)?;
    let item = tx.applied_item_of_target(id).await?;
    let payload = match &item {
        Some(item) => tx.find_payload_of_item(item.id).await?.unwrap_or(Value::Null),
        None => Value::Null,
    };
    let name = payload["customer"]["name"].as_str().map(name_for_comparison);
    let ids = item
        .as_ref()
        .map(|item| considered_customers(&item.decision))
        .unwrap_or_default();
    let source = tx.source_of_target(id).await?;
    let candidates = tx
        .mapping_candidates(source, &ids, name.as_deref(), search.trim())
        .await?;
    let customers: Vec<CustomerId> = candidates.iter().map(|candidate| candidate.id).collect();
    let (locations, contacts) = tx.list_choices(source, &customers).await?;
    let sent = SentExternalIds::of(&payload);
    let (known, waiting_with_same_customer) = match source {
        Some(source) => {
            let ids = [&sent.customer, &sent.location, &sent.contact].map(Option::as_deref);
            let known = tx.known_references(source, ids).await?;
            let waiting = match &sent.customer {
                Some(external_id) => tx.count_waiting_with_customer(source, external_id, id).await?,
                None => 0,
            };
            (known, waiting)
        }
        None => (Vec::new(), 0),
    };
    Ok(MappingReviewPage {
        target,
        source_key: item.as_ref().map(|item| item.source_key.clone()),
        item,
        payload,
        sent,
        known,
        candidates,
        locations,
        contacts,
        waiting_with_same_customer,
        can_resolve: by.staff().has::<ResolveMappings>(),
        can_reject: by.staff().has::<ResolveMappings>() && by.staff().has::<PlanTargets>(),
    })
}

/// The external IDs of an import in normalized form. Placeholders such as `n/a` are left out, since they must never be
/// linked.
#[derive(Debug, Clone, Default)]
pub struct SentExternalIds {
    pub customer: Option<String>,
    pub location: Option<String>,
    pub contact: Option<String>,
}

impl SentExternalIds {
    /// Extracts the external IDs from a payload.
    fn of(payload: &Value) -> Self {
        let id = |part: &str| {
            let id = ExternalId::parse(payload[part]["externalId"].as_str()?).ok()?;
            (!id.is_placeholder()).then(|| id.as_str().to_owned())
        };
        Self {
            customer: id("customer"),
            location: id("location"),
            contact: id("contact"),
        }
    }
}
