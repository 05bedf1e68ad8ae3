//! The import worker: claims a job, processes its items in chunks, and records each chunk with its items and counts in
//! one transaction. If a worker dies, its chunk is rolled back, and the next worker continues after the last recorded
//! item.

use chrono::TimeDelta;
use domain::events::EventType;
use domain::imports::jobs::{CONFLICTING_DUPLICATE, DUPLICATE, ImportMode, JobCounts};
use domain::imports::results::{ItemNote, ItemStatus, MappingEntries, MappingEntry};
use domain::imports::{ImportJobStatus, ItemOutcome, TargetImport};
use domain::mapping::MappingStatus;
use serde_json::{Value, json};
use tracing::Instrument as _;
use uuid::Uuid;

use crate::db::purpose::ImportQueue;
use crate::db::{StoreError, TenantTx};
use crate::events::NewEvent;
use crate::identity::actors::ApiClient;
use crate::identity::authentication;
use crate::imports::store::items::{ImportItemRow, PendingItem};
use crate::imports::store::jobs::ClaimedJob;
use crate::imports::{Prepared, audit_item, count, is_zone, payload_hash, run};
use crate::{Core, CoreResult};

/// Items in one transaction: enough to amortise the commit, few enough that other writers wait only milliseconds.
const CHUNK_ITEMS: i64 = 100;
/// How long a claim is valid: longer than the longest transaction, so that a running worker never loses its claim.
const LEASE: TimeDelta = TimeDelta::seconds(20);
/// How often a transaction is retried after a conflict.
const MAX_RETRIES: usize = 8;
/// The maximum number of items of a job that runs in a single transaction.
const MAX_SINGLE_TRANSACTION_ITEMS: i64 = 500;

/// Runs the oldest runnable job to its end. Returns false if there is none.
///
/// # Errors
/// The database is unavailable; the job is claimed again later.
pub async fn run_next(core: &Core) -> CoreResult<bool> {
    run_next_until(core, std::future::pending()).await
}

/// Like [`run_next`], but gives the job back when `stop` completes first: another worker continues after the last recorded
/// item.
///
/// # Errors
/// Same as [`run_next`].
pub async fn run_next_until(core: &Core, stop: impl Future<Output = ()>) -> CoreResult<bool> {
    if !core.store.read_system().await?.has_runnable_job().await? {
        return Ok(false);
    }
    let claim = core.randomness.uuid_v7(core.clock.now());
    let mut tx = core.store.begin_system::<ImportQueue>().await?;
    let job = tx.claim_job(claim, core.clock.now() + LEASE).await?;
    tx.commit().await?;
    let Some(job) = job else { return Ok(false) };
    let span = tracing::error_span!("job", worker = "imports", tenant = %job.tenant_id, job = %job.id);
    let running = RunningJob {
        core,
        client: authentication::client_of_job(&job),
        job,
        claim,
    };
    tokio::select! {
        result = run_job(running).instrument(span) => result?,
        () = stop => {
            let mut tx = core.store.begin_system::<ImportQueue>().await?;
            tx.release_job(claim).await?;
            tx.commit().await?;
        }
    }
    Ok(true)
}

async fn run_job(running: RunningJob<'_>) -> CoreResult<()> {
    let result = if running.job.mode == ImportMode::Atomic || running.job.dry_run {
        running.run_in_one_transaction().await
    } else {
        running.run_in_chunks().await
    };
    match result {
        Ok(()) => Ok(()),
        // The job was cancelled or claimed by another worker; the last transaction was rolled back.
        Err(StoreError::Conflict(text)) => {
            tracing::info!(%text, "import job abandoned");
            Ok(())
        }
        // A permanent failure must not block the jobs behind it.
        Err(StoreError::Broken(text) | StoreError::Forbidden(text) | StoreError::Invalid(text)) => {
            tracing::error!(error = %text, "import job failed");
            Ok(running.mark_failed().await?)
        }
        Err(error) => {
            if let Ok(mut tx) = running.core.store.begin_system::<ImportQueue>().await
                && tx.release_job(running.claim).await.is_ok()
            {
                let _ = tx.commit().await;
            }
            Err(error.into())
        }
    }
}

struct RunningJob<'a> {
    core: &'a Core,
    client: ApiClient,
    job: ClaimedJob,
    claim: Uuid,
}

/// An item with its parsed payload, or with the notes that explain why it was rejected.
type ParsedItem = (PendingItem, Result<TargetImport, Vec<ItemNote>>);

/// Parses the payload of an item. An item that was rejected on submission stays rejected.
fn parse(item: PendingItem) -> ParsedItem {
    let known_errors: Vec<ItemNote> = serde_json::from_value(item.errors.0.clone()).unwrap_or_default();
    let import = if known_errors.is_empty() {
        TargetImport::read(&item.payload.0, is_zone).map_err(|errors| {
            errors
                .iter()
                .map(|error| ItemNote::new(error.code.code(), &error.pointer))
                .collect()
        })
    } else {
        Err(known_errors)
    };
    (item, import)
}

/// Returns the mapping of an item that was not decided about or was rolled back.
fn empty_mapping() -> Result<Value, StoreError> {
    let entry = || MappingEntry {
        status: MappingStatus::Skipped,
        method: None,
        rule: String::new(),
        id: None,
        external_id: None,
    };
    let entries = MappingEntries {
        customer: entry(),
        location: entry(),
        contact: entry(),
    };
    serde_json::to_value(entries).map_err(|error| StoreError::Broken(error.to_string()))
}

/// Returns the rule for an item that occurs twice in a batch, by its code.
fn duplicate_rule(code: &str) -> Option<&'static str> {
    match code {
        DUPLICATE => Some("T9"),
        CONFLICTING_DUPLICATE => Some("T10"),
        _ => None,
    }
}

/// Builds the row of an item that ends without a decision.
fn rejected_row(item: &PendingItem, notes: &[ItemNote], outcome: ItemOutcome) -> Result<ImportItemRow, StoreError> {
    let (warnings, errors): (&[ItemNote], &[ItemNote]) = if outcome == ItemOutcome::Skipped {
        (notes, &[])
    } else {
        (&[], notes)
    };
    let json = |notes: &[ItemNote]| serde_json::to_value(notes).map_err(|error| StoreError::Broken(error.to_string()));
    Ok(ImportItemRow {
        id: item.id.0,
        position: item.position,
        external_id: item.external_id.clone(),
        status: if outcome == ItemOutcome::Failed {
            ItemStatus::Failed
        } else {
            ItemStatus::Completed
        },
        outcome: Some(outcome),
        target: None,
        payload: Value::Null,
        line: None,
        references: [None, None, None],
        mapping: empty_mapping()?,
        warnings: json(warnings)?,
        errors: json(errors)?,
        decision: json!({ "target": { "rule": notes.first().and_then(|note| duplicate_rule(&note.code)) } }),
    })
}

impl RunningJob<'_> {
    async fn zone(&self, tx: &mut TenantTx<'_, ApiClient>) -> Result<String, StoreError> {
        Ok(tx.source_settings().await?.zone)
    }

    /// Decides and writes items inside a transaction. Returns the rows to record.
    async fn decide(
        &self,
        tx: &mut TenantTx<'_, ApiClient>,
        items: &[ParsedItem],
        is_dry_run: bool,
    ) -> Result<Vec<ImportItemRow>, StoreError> {
        let zone = self.zone(tx).await?;
        let valid: Vec<(&PendingItem, &TargetImport)> = items
            .iter()
            .filter_map(|(item, import)| Some((item, import.as_ref().ok()?)))
            .collect();
        let prepared: Vec<Prepared<'_>> = valid
            .iter()
            .map(|(item, import)| Prepared {
                import,
                payload_hash: payload_hash(&item.payload.0),
            })
            .collect();
        let (outcomes, created) = run(self.core, tx, &prepared, &self.job.settings.0, &zone).await?;
        let mut decided = valid.into_iter().zip(outcomes);
        let mut rows = Vec::with_capacity(items.len());
        for (item, import) in items {
            let row = match import {
                Ok(_) => {
                    let Some(((item, import), outcome)) = decided.next() else {
                        return Err(StoreError::Broken("item without an outcome".to_owned()));
                    };
                    let outcome = if is_dry_run {
                        outcome.into_dry_run(&created)
                    } else {
                        outcome
                    };
                    outcome
                        .into_row(item.id.0, item.position, &item.payload.0, import, &self.job.settings.0)
                        .map_err(|error| StoreError::Broken(error.to_string()))?
                }
                Err(notes) if notes.iter().any(|note| note.code == DUPLICATE) => {
                    rejected_row(item, notes, ItemOutcome::Skipped)?
                }
                Err(notes) => rejected_row(item, notes, ItemOutcome::Failed)?,
            };
            rows.push(row);
        }
        Ok(rows)
    }

    /// Records processed items and their counts if the claim is still valid.
    async fn record(&self, tx: &mut TenantTx<'_, ApiClient>, rows: &[ImportItemRow]) -> Result<(), StoreError> {
        let mut counts = JobCounts::default();
        for row in rows {
            count(&mut counts, row);
            audit_item(tx, row);
        }
        tx.complete_items(rows).await?;
        let lease_until = self.core.clock.now() + LEASE;
        if tx
            .record_job_progress(self.job.id.0, self.claim, lease_until, &counts)
            .await?
        {
            Ok(())
        } else {
            Err(StoreError::Conflict("claim lost".to_owned()))
        }
    }

    /// Marks the job and its pending items as failed.
    async fn mark_failed(&self) -> Result<(), StoreError> {
        let mut tx = self.core.store.begin(&self.client).await?;
        let note = [ItemNote::new("internal_error", "")];
        let rows = tx
            .list_pending_items(self.job.id.0, MAX_SINGLE_TRANSACTION_ITEMS)
            .await?
            .iter()
            .map(|item| rejected_row(item, &note, ItemOutcome::Failed))
            .collect::<Result<Vec<_>, _>>()?;
        self.record(&mut tx, &rows).await?;
        self.finish(&mut tx, ImportJobStatus::Failed).await?;
        commit(self.core, tx).await
    }

    async fn finish(&self, tx: &mut TenantTx<'_, ApiClient>, status: ImportJobStatus) -> Result<(), StoreError> {
        let id = self.job.id.0;
        let failure = (status == ImportJobStatus::Failed).then_some("internal_error");
        if !tx.finish_job(id, self.claim, status, failure).await? {
            return Err(StoreError::Conflict("claim lost".to_owned()));
        }
        let counts = tx.find_job_of_source(id).await?.map(|job| job.public().counts);
        tx.audit("import_job.completed", id, json!({ "status": status.name() }));
        let import_job = json!({ "id": id, "status": status.name(), "dryRun": self.job.dry_run, "counts": counts });
        tx.emit(
            NewEvent::for_source(EventType::ImportJobCompleted, self.client.source_system(), id)
                .with_details(json!({ "importJob": import_job })),
        );
        Ok(())
    }

    /// Processes independent items chunk by chunk.
    async fn run_in_chunks(&self) -> Result<(), StoreError> {
        loop {
            let mut tx = self.core.store.begin(&self.client).await?;
            let pending = tx.list_pending_items(self.job.id.0, CHUNK_ITEMS).await?;
            if pending.is_empty() {
                self.finish(&mut tx, ImportJobStatus::Completed).await?;
                return commit(self.core, tx).await;
            }
            drop(tx);
            let items: Vec<ParsedItem> = pending.into_iter().map(parse).collect();
            match self.process_chunk(&items).await {
                // Retries the items one by one, so that only the broken one fails.
                Err(StoreError::Broken(text) | StoreError::Forbidden(text) | StoreError::Invalid(text)) => {
                    tracing::warn!(error = %text, "failed to write import chunk, retrying items one by one");
                    for item in &items {
                        self.process_single(item).await?;
                    }
                }
                other => other?,
            }
        }
    }

    /// Processes a chunk in one transaction and retries after a conflict with another import.
    async fn process_chunk(&self, items: &[ParsedItem]) -> Result<(), StoreError> {
        let mut retries = 0;
        loop {
            let mut tx = self.core.store.begin(&self.client).await?;
            let decided = self.decide(&mut tx, items, false).await;
            match decided {
                Ok(rows) => {
                    self.record(&mut tx, &rows).await?;
                    match commit(self.core, tx).await {
                        Err(StoreError::Conflict(_)) if retries < MAX_RETRIES => retries += 1,
                        other => return other,
                    }
                }
                Err(StoreError::Conflict(_)) if retries < MAX_RETRIES => retries += 1,
                Err(error) => return Err(error),
            }
        }
    }

    async fn process_single(&self, item: &ParsedItem) -> Result<(), StoreError> {
        match self.process_chunk(std::slice::from_ref(item)).await {
            Err(StoreError::Broken(text) | StoreError::Forbidden(text) | StoreError::Invalid(text)) => {
                tracing::error!(item = %item.0.id, error = %text, "failed to write import item");
                let row = rejected_row(&item.0, &[ItemNote::new("internal_error", "")], ItemOutcome::Failed)?;
                let mut tx = self.core.store.begin(&self.client).await?;
                self.record(&mut tx, &[row]).await?;
                commit(self.core, tx).await
            }
            other => other,
        }
    }

    /// Processes the whole job in one transaction: an atomic batch, which is committed only if no item failed, or a
    /// dry run, which is never committed. The results are recorded either way.
    async fn run_in_one_transaction(&self) -> Result<(), StoreError> {
        let mut retries = 0;
        loop {
            let mut tx = self.core.store.begin(&self.client).await?;
            let pending = tx
                .list_pending_items(self.job.id.0, MAX_SINGLE_TRANSACTION_ITEMS)
                .await?;
            let items: Vec<ParsedItem> = pending.into_iter().map(parse).collect();
            let mut rows = match self.decide(&mut tx, &items, self.job.dry_run).await {
                Ok(rows) => rows,
                Err(StoreError::Conflict(_)) if retries < MAX_RETRIES => {
                    retries += 1;
                    continue;
                }
                Err(error) => return Err(error),
            };
            // An item that was not applied fails an atomic batch as well, since the batch is applied completely or not at all.
            if self.job.mode == ImportMode::Atomic {
                fail_unapplied(&mut rows)?;
            }
            let failed = rows.iter().any(|row| row.outcome == Some(ItemOutcome::Failed));
            let is_committed = !self.job.dry_run && !failed;
            if !is_committed {
                drop(tx);
                tx = self.core.store.begin(&self.client).await?;
                if self.job.mode == ImportMode::Atomic && failed {
                    roll_back(&mut rows)?;
                }
            }
            self.record(&mut tx, &rows).await?;
            self.finish(&mut tx, ImportJobStatus::Completed).await?;
            match commit(self.core, tx).await {
                Err(StoreError::Conflict(_)) if retries < MAX_RETRIES => retries += 1,
                other => return other,
            }
        }
    }
}

/// Marks skipped items whose target could not be changed (T6, T6a) as failed.
fn fail_unapplied(rows: &mut [ImportItemRow]) -> Result<(), StoreError> {
    let read = |notes: &Value| -> Vec<ItemNote> { serde_json::from_value(notes.clone()).unwrap_or_default() };
    for row in rows.iter_mut().filter(|row| row.outcome == Some(ItemOutcome::Skipped)) {
        let mut errors = read(&row.errors);
        let (cancelled, warnings): (Vec<_>, Vec<_>) = read(&row.warnings)
            .into_iter()
            .partition(|note| note.code == "target_cancelled");
        errors.extend(cancelled);
        if errors.is_empty() {
            continue;
        }
        row.status = ItemStatus::Failed;
        row.outcome = Some(ItemOutcome::Failed);
        row.warnings = serde_json::to_value(warnings).map_err(|error| StoreError::Broken(error.to_string()))?;
        row.errors = serde_json::to_value(errors).map_err(|error| StoreError::Broken(error.to_string()))?;
    }
    Ok(())
}

/// Marks the items that did not fail themselves as failed because of the rollback.
fn roll_back(rows: &mut [ImportItemRow]) -> Result<(), StoreError> {
    let note = serde_json::to_value([ItemNote::new("atomic_rollback", "")])
        .map_err(|error| StoreError::Broken(error.to_string()))?;
    for row in rows.iter_mut().filter(|row| row.outcome != Some(ItemOutcome::Failed)) {
        if row.outcome == Some(ItemOutcome::Created) {
            row.target = None;
        }
        row.status = ItemStatus::Failed;
        row.outcome = Some(ItemOutcome::Failed);
        row.mapping = empty_mapping()?;
        row.errors = note.clone();
    }
    Ok(())
}

async fn commit(core: &Core, tx: TenantTx<'_, ApiClient>) -> Result<(), StoreError> {
    if tx.commit().await? {
        core.wake_worker.notify_one();
    }
    Ok(())
}
