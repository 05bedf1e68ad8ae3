//! Search over customers, locations, contacts, jobs, requests and reports by any word, number or part of one.

pub mod index;
mod model;
#[expect(clippy::disallowed_methods, reason = "SQL lives in the store of a slice")]
mod store;
#[cfg(test)]
#[expect(clippy::disallowed_methods, reason = "the tests run statements of their own")]
mod tests;

use std::time::Duration;

use domain::identity::permissions::{ViewImports, ViewOperations, ViewReports};
use domain::ids::ImportJobId;
use domain::search::{Kind, MIN_INDEXED_CHARS, Query};

pub use self::model::{Found, Group, Hit, State};
use crate::Core;
use crate::CoreResult;
use crate::db::TenantTx;
use crate::identity::actors::{Actor as _, Staff};

/// The most hits of a kind beside those of other kinds.
const GROUP_SIZE: usize = 5;
/// How many entries of the index are read to choose the best hits of a kind from.
const CANDIDATES: i64 = 40;
/// How long a search waits for the latest changes to be indexed.
const REFRESH_TIME: Duration = Duration::from_millis(300);
/// The hits of a page of one kind.
const PAGE_HITS: i64 = 50;

/// Returns the kinds that a person may find.
pub fn kinds(staff: &Staff) -> Vec<Kind> {
    let may_find = |kind: &Kind| match kind {
        Kind::Report => staff.has::<ViewReports>(),
        Kind::Customer | Kind::Location | Kind::Contact | Kind::Job | Kind::Request => staff.has::<ViewOperations>(),
    };
    Kind::ALL.into_iter().filter(may_find).collect()
}

/// Finds the best records of each kind that the person may see.
///
/// # Errors
/// The database is unavailable.
pub async fn find(core: &Core, staff: &Staff, text: &str) -> CoreResult<Found> {
    let Some(query) = Query::parse(text) else {
        return Ok(Found::default());
    };
    refresh(core, staff).await;
    let mut tx = core.store.read(staff).await?;
    let mut found = Found::default();
    for kind in kinds(staff) {
        let group = best(&mut tx, kind, &query, text).await?;
        if !group.hits.is_empty() {
            found.groups.push(group);
        }
    }
    if let Ok(import) = text.trim().parse::<ImportJobId>()
        && staff.has::<ViewImports>()
        && tx.import_exists(import).await?
    {
        found.import = Some(import);
    }
    Ok(found)
}

/// Returns a page of the records of one kind, the newest first. `before` continues the previous page.
///
/// # Errors
/// The database is unavailable.
pub async fn find_kind(core: &Core, staff: &Staff, text: &str, kind: Kind, before: Option<i64>) -> CoreResult<Group> {
    find_page(core, staff, text, kind, before, PAGE_HITS).await
}

async fn find_page(
    core: &Core,
    staff: &Staff,
    text: &str,
    kind: Kind,
    before: Option<i64>,
    size: i64,
) -> CoreResult<Group> {
    let Some(query) = Query::parse(text).filter(|_| kinds(staff).contains(&kind)) else {
        return Ok(Group::empty(kind));
    };
    refresh(core, staff).await;
    let mut tx = core.store.read(staff).await?;
    if query.indexed_words().is_empty() {
        return best(&mut tx, kind, &query, text).await;
    }
    let mut entries = tx.matching_entries(kind, &query, before, size + 1).await?;
    let size = usize::try_from(size).unwrap_or(usize::MAX);
    let has_more = entries.len() > size;
    entries.truncate(size);
    let next = entries.last().map(|entry| entry.id).filter(|_| has_more);
    let ids = entries
        .iter()
        .filter(|entry| query.matches(&entry.folded))
        .map(|entry| entry.record_id);
    let hits = tx.hits(kind, ids.collect()).await?;
    Ok(Group {
        kind,
        hits,
        has_more,
        next,
    })
}

/// Returns the best hits of a kind: the record with the number, then titles that begin with the query, then what is open.
/// `text` is the query as it was typed.
async fn best(tx: &mut TenantTx<'_, Staff>, kind: Kind, query: &Query, text: &str) -> CoreResult<Group> {
    let mut ids = Vec::new();
    if let Some(number) = query
        .number
        .filter(|number| number.kind.is_none_or(|wanted| wanted == kind))
    {
        ids.extend(tx.record_with_number(kind, number.value).await?);
    }
    let exact = ids.len();
    if !query.indexed_words().is_empty() {
        let entries = tx.matching_entries(kind, query, None, CANDIDATES).await?;
        ids.extend(
            entries
                .iter()
                .filter(|entry| query.matches(&entry.folded))
                .map(|entry| entry.record_id),
        );
    } else if kind == Kind::Customer && query.text().chars().count() + 1 >= MIN_INDEXED_CHARS {
        ids.extend(tx.customers_starting_with(text, CANDIDATES).await?);
    }
    let mut seen = std::collections::HashSet::new();
    ids.retain(|id| seen.insert(*id));
    let mut hits = tx.hits(kind, ids).await?;
    let first = exact.min(hits.len());
    hits[first..].sort_by_key(|hit| {
        let title = hit.title.as_deref().unwrap_or_default();
        (query.distance(title), hit.state.is_closed())
    });
    let has_more = hits.len() > GROUP_SIZE;
    hits.truncate(GROUP_SIZE);
    Ok(Group {
        kind,
        hits,
        has_more,
        next: None,
    })
}

/// Indexes what has changed a moment ago, so that a new record is found at once. Without it the worker does so; a failure, such as
/// that of a full disk, or a long import that writes must not prevent searching.
async fn refresh(core: &Core, staff: &Staff) {
    match tokio::time::timeout(REFRESH_TIME, index::refresh(core, staff.tenant())).await {
        Ok(Ok(())) => {}
        Ok(Err(error)) => tracing::warn!(%error, "failed to refresh the search index"),
        Err(_) => tracing::debug!("searching without the latest changes"),
    }
}
