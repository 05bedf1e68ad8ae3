//! Keeps the search index up to date. Triggers name what changed (decision 0037); here its text is read, folded and written.

use std::collections::{BTreeMap, BTreeSet};

use domain::search::{IndexText, Kind};
use uuid::Uuid;

use crate::db::SystemTx;
use crate::db::purpose::SearchIndexing;
use crate::identity::actors::TenantId;
use crate::search::store::{Document, EntryText, Stale, Target};
use crate::{Core, CoreResult};

/// How many changed records are indexed in one transaction.
const BATCH: i64 = 200;

/// Indexes a batch of changed records of some tenant; returns whether there were any. Called by the worker.
///
/// # Errors
/// The database is unavailable.
pub async fn run_next(core: &Core) -> CoreResult<bool> {
    let Some(tenant) = core.store.read_system().await?.tenant_with_stale_entries().await? else {
        return Ok(false);
    };
    refresh(core, tenant).await?;
    Ok(true)
}

/// Indexes a batch of changed records of a tenant.
pub(crate) async fn refresh(core: &Core, tenant: TenantId) -> CoreResult<()> {
    if !core.store.read_system().await?.has_stale_entries(tenant).await? {
        return Ok(());
    }
    let mut tx = core.store.begin_system::<SearchIndexing>().await?;
    // Two that index the same record could write its text in the wrong order.
    tx.lock_search_index(tenant).await?;
    let stale = tx.stale_entries(tenant, BATCH).await?;
    tx.delete_stale_entries(tenant, &stale).await?;
    let mut changed: BTreeMap<Kind, BTreeSet<Uuid>> = BTreeMap::new();
    for Stale { target, record_id, .. } in stale {
        match target {
            Target::Record(kind) => drop(changed.entry(kind).or_default().insert(record_id)),
            Target::CustomerName => tx.enqueue_records_of_customer(tenant, record_id).await?,
            Target::LocationName => tx.enqueue_records_of_location(tenant, record_id).await?,
        }
    }
    for (kind, ids) in changed {
        let ids: Vec<Uuid> = ids.into_iter().collect();
        index(&mut tx, tenant, kind, &ids).await?;
    }
    Ok(tx.commit().await?)
}

async fn index(tx: &mut SystemTx<'_, SearchIndexing>, tenant: TenantId, kind: Kind, ids: &[Uuid]) -> CoreResult<()> {
    if kind == Kind::Job {
        // The text of a report has the customer and the place of its job.
        tx.enqueue_reports_of_jobs(tenant, ids).await?;
    }
    let documents = tx.documents(tenant, kind, ids).await?;
    let texts: Vec<EntryText> = documents
        .into_iter()
        .map(|document| EntryText {
            record_id: document.record_id,
            number: document.number,
            folded: text(document),
        })
        .collect();
    tx.write_entries(tenant, kind, &texts).await?;
    Ok(())
}

/// Returns the text of a record.
pub(crate) fn text(document: Document) -> String {
    let mut text = IndexText::default();
    for value in document.texts {
        text.add(&value);
    }
    for number in document.numbers {
        text.add_number(&number);
    }
    text.finish()
}
