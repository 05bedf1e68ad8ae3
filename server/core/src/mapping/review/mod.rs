//! The warning desk: what could not be mapped, decided by a person once; and the way back from a link that was wrong.

pub(crate) mod links;
pub(crate) mod resolve;

use chrono::{DateTime, Utc};
use domain::ids::{CustomerId, TargetId};
use domain::permissions::ViewImports;
use domain::text::{ExternalId, name_for_comparison};
use serde_json::Value;

use crate::identity::actors::Permit;
use crate::imports::model::ImportItemView;
use crate::jobs::model::{TargetLine, TargetView};
use crate::mapping::model::{CandidateLine, ContactChoice, KnownReference, LocationChoice};
pub use crate::mapping::review::links::{LinkPage, link, undo_link};
pub use crate::mapping::review::resolve::{Choice, Resolution, resolve};
use crate::page::{PAGE, Page};
use crate::{Core, CoreError, CoreResult};

/// How many targets wait for a person.
///
/// # Errors
/// The database does not answer.
pub async fn count(core: &Core, by: Permit<'_, ViewImports>) -> CoreResult<i64> {
    Ok(core.store.read(by.staff()).await?.count_needing_mapping().await?)
}

/// A page of targets that wait for a person, oldest first.
///
/// # Errors
/// The database does not answer.
pub async fn list(
    core: &Core,
    by: Permit<'_, ViewImports>,
    after: Option<(DateTime<Utc>, TargetId)>,
) -> CoreResult<Page<TargetLine>> {
    let mut tx = core.store.read(by.staff()).await?;
    Ok(Page::cut(tx.needing_mapping(after, PAGE + 1).await?, PAGE))
}

/// What a person needs to decide about one target.
#[derive(Debug, Clone)]
pub struct DeskPage {
    /// The target.
    pub target: TargetView,
    /// The latest import of it, with its decision.
    pub item: Option<ImportItemView>,
    /// What the source sent last.
    pub payload: Value,
    /// The external ids that were sent, each if it can stand for a record.
    pub sent: SentIds,
    /// The key of the source, if the target came from one.
    pub source_key: Option<String>,
    /// What those external ids stand for today.
    pub known: Vec<KnownReference>,
    /// Whom it may belong to: what the rules found, customers of the same name (only a hint), and what was searched for.
    pub candidates: Vec<CandidateLine>,
    /// The locations of the candidates.
    pub locations: Vec<LocationChoice>,
    /// The contacts of the candidates.
    pub contacts: Vec<ContactChoice>,
    /// How many other targets wait with the same external id of the customer.
    pub held_alike: i64,
}

/// Reads the ids of the customers that a decision looked at.
fn looked_at(decision: &Value) -> Vec<CustomerId> {
    let candidates = &decision["customer"]["candidates"];
    std::iter::once(&candidates["byReference"])
        .chain(candidates["byNumber"].as_array().into_iter().flatten())
        .filter_map(|candidate| candidate["id"].as_str()?.parse().ok())
        .collect()
}

/// One target with its candidates.
///
/// # Errors
/// `not_found` if the target is not there or waits for nobody.
pub async fn page(core: &Core, by: Permit<'_, ViewImports>, id: TargetId, search: &str) -> CoreResult<DeskPage> {
    let mut tx = core.store.read(by.staff()).await?;
    let target = tx
        .target_view(id)
        .await?
        .filter(|target| target.needs_mapping)
        .ok_or_else(CoreError::not_found)?;
    let item = tx.applied_item_of_target(id).await?;
    let payload = match &item {
        Some(item) => tx.payload_of_item(item.id.0).await?.unwrap_or(Value::Null),
        None => Value::Null,
    };
    let name = payload["customer"]["name"].as_str().map(name_for_comparison);
    let ids = item
        .as_ref()
        .map(|item| looked_at(&item.decision.0))
        .unwrap_or_default();
    let source = tx.source_of_target(id).await?;
    let candidates = tx
        .mapping_candidates(source, &ids, name.as_deref(), search.trim())
        .await?;
    let customers: Vec<CustomerId> = candidates.iter().map(|candidate| candidate.id.0).collect();
    let (locations, contacts) = tx.choices_of(source, &customers).await?;
    let sent = SentIds::of(&payload);
    let (known, held_alike) = match source {
        Some(source) => {
            let ids = [&sent.customer, &sent.location, &sent.contact].map(Option::as_deref);
            let known = tx.known_references(source, ids).await?;
            let held = match &sent.customer {
                Some(external_id) => tx.held_alike(source, external_id, id).await?,
                None => 0,
            };
            (known, held)
        }
        None => (Vec::new(), 0),
    };
    Ok(DeskPage {
        target,
        source_key: item.as_ref().map(|item| item.source_key.clone()),
        item,
        payload,
        sent,
        known,
        candidates,
        locations,
        contacts,
        held_alike,
    })
}

/// The external ids of an import, in the form in which references are kept; without those that only say that there is no
/// id, which must never stand for anybody.
#[derive(Debug, Clone, Default)]
pub struct SentIds {
    /// Of the customer.
    pub customer: Option<String>,
    /// Of the location.
    pub location: Option<String>,
    /// Of the contact.
    pub contact: Option<String>,
}

impl SentIds {
    /// Reads what a source sent.
    fn of(payload: &Value) -> Self {
        let id = |part: &str| {
            let id = ExternalId::parse(payload[part]["externalId"].as_str()?).ok()?;
            (!id.is_blank_like()).then(|| id.as_str().to_owned())
        };
        Self {
            customer: id("customer"),
            location: id("location"),
            contact: id("contact"),
        }
    }
}
