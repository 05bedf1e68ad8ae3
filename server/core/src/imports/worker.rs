//! The worker's share of imports: claim a job, run its items a chunk at a time, record each chunk with its items and counts
//! in one transaction. A worker that dies keeps nothing of its chunk; the next one goes on after the last recorded item.

use chrono::TimeDelta;
use domain::events::EventType;
use domain::import_jobs::{CONTRADICTION, DUPLICATE, ImportMode, JobCounts};
use domain::import_results::{ItemNote, ItemStatus, MappingEntries, MappingEntry};
use domain::imports::{ImportJobStatus, ItemOutcome, TargetImport};
use domain::mapping::MappingStatus;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::db::{StoreError, TenantTx};
use crate::events::NewEvent;
use crate::identity::actors::ApiClient;
use crate::identity::authentication;
use crate::imports::store::items::{ItemRow, WaitingItem};
use crate::imports::store::jobs::ClaimedJob;
use crate::imports::{Prepared, audit_item, count, is_zone, payload_hash, run};
use crate::{Core, CoreResult};

/// How many items one transaction takes: long enough that committing costs little, short enough that others who want to
/// write wait for milliseconds only.
const CHUNK: i64 = 100;
/// How long a claim holds: longer than the longest transaction, so that a living worker never loses one.
const LEASE: TimeDelta = TimeDelta::seconds(20);
/// The most items of a job that is one transaction.
const WHOLE: i64 = 500;

/// Works on the oldest waiting job until it ends; false if none waits.
///
/// # Errors
/// The database does not answer; the job is taken up again later.
pub async fn run_next(core: &Core) -> CoreResult<bool> {
    if !core.store.read_system().await?.is_job_waiting().await? {
        return Ok(false);
    }
    let claim = core.randomness.uuid_v7(core.clock.now());
    let mut tx = core.store.begin_system().await?;
    let job = tx.claim_job(claim, core.clock.now() + LEASE).await?;
    tx.commit().await?;
    let Some(job) = job else { return Ok(false) };
    let running = Running {
        core,
        client: authentication::client_of_job(&job),
        job,
        claim,
    };
    let result = if running.job.mode == ImportMode::Atomic || running.job.dry_run {
        running.as_one().await
    } else {
        running.in_chunks().await
    };
    match result {
        Ok(()) => Ok(true),
        // Somebody stopped the job, or another worker took it over: nothing of the last transaction was kept.
        Err(StoreError::Conflict(text)) => {
            tracing::info!(job = %running.job.id, %text, "an import job was left");
            Ok(true)
        }
        // What cannot be written today cannot be written tomorrow: the job ends, and the ones behind it go on.
        Err(StoreError::Broken(text)) => {
            tracing::error!(job = %running.job.id, error = %text, "an import job could not run");
            running.give_up().await?;
            Ok(true)
        }
        Err(error) => {
            if let Ok(mut tx) = core.store.begin_system().await
                && tx.release_job(claim).await.is_ok()
            {
                let _ = tx.commit().await;
            }
            Err(error.into())
        }
    }
}

/// A claimed job.
struct Running<'a> {
    core: &'a Core,
    client: ApiClient,
    job: ClaimedJob,
    claim: Uuid,
}

/// An item that was read again: understood, or refused with its notes.
type Read = (WaitingItem, Result<TargetImport, Vec<ItemNote>>);

/// What was refused when the batch was read stays refused; everything else is read as it was then.
fn read(item: WaitingItem) -> Read {
    let known: Vec<ItemNote> = serde_json::from_value(item.errors.0.clone()).unwrap_or_default();
    let import = if known.is_empty() {
        TargetImport::read(&item.payload.0, is_zone).map_err(|errors| {
            errors
                .iter()
                .map(|error| ItemNote::new(&error.code, &error.pointer))
                .collect()
        })
    } else {
        Err(known)
    };
    (item, import)
}

/// The mapping of an item about which nothing was decided, or of which nothing was kept.
fn nothing_mapped() -> Result<Value, StoreError> {
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

/// The row about an item that stands twice in a batch, by its code.
fn rule_of_repetition(code: &str) -> Option<&'static str> {
    match code {
        DUPLICATE => Some("T9"),
        CONTRADICTION => Some("T10"),
        _ => None,
    }
}

/// An item that ends without having been decided about.
fn refused(item: &WaitingItem, notes: &[ItemNote], outcome: ItemOutcome) -> Result<ItemRow, StoreError> {
    let (warnings, errors): (&[ItemNote], &[ItemNote]) = if outcome == ItemOutcome::Skipped {
        (notes, &[])
    } else {
        (&[], notes)
    };
    let json = |notes: &[ItemNote]| serde_json::to_value(notes).map_err(|error| StoreError::Broken(error.to_string()));
    Ok(ItemRow {
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
        references: [None, None, None],
        mapping: nothing_mapped()?,
        warnings: json(warnings)?,
        errors: json(errors)?,
        decision: json!({ "target": { "rule": notes.first().and_then(|note| rule_of_repetition(&note.code)) } }),
    })
}

impl Running<'_> {
    async fn zone(&self, tx: &mut TenantTx<'_, ApiClient>) -> Result<String, StoreError> {
        Ok(tx.source_settings().await?.zone)
    }

    /// Decides and writes items inside a transaction; the rows are ready to be recorded.
    async fn decide(
        &self,
        tx: &mut TenantTx<'_, ApiClient>,
        items: &[Read],
        predicts: bool,
    ) -> Result<Vec<ItemRow>, StoreError> {
        let zone = self.zone(tx).await?;
        let understood: Vec<(&WaitingItem, &TargetImport)> = items
            .iter()
            .filter_map(|(item, import)| Some((item, import.as_ref().ok()?)))
            .collect();
        let prepared: Vec<Prepared<'_>> = understood
            .iter()
            .map(|(item, import)| Prepared {
                import,
                payload_hash: payload_hash(&item.payload.0),
            })
            .collect();
        let (outcomes, made) = run(self.core, tx, &prepared, &self.job.settings.0, &zone).await?;
        let mut decided = understood.into_iter().zip(outcomes);
        let mut rows = Vec::with_capacity(items.len());
        for (item, import) in items {
            let row = match import {
                Ok(_) => {
                    let Some(((item, import), outcome)) = decided.next() else {
                        return Err(StoreError::Broken("an item without an outcome".to_owned()));
                    };
                    let outcome = if predicts { outcome.predicted(&made) } else { outcome };
                    outcome
                        .into_row(item.id.0, item.position, &item.payload.0, import)
                        .map_err(|error| StoreError::Broken(error.detail))?
                }
                Err(notes) if notes.iter().any(|note| note.code == DUPLICATE) => {
                    refused(item, notes, ItemOutcome::Skipped)?
                }
                Err(notes) => refused(item, notes, ItemOutcome::Failed)?,
            };
            rows.push(row);
        }
        Ok(rows)
    }

    /// Records ended items with their counts, if the claim still holds.
    async fn record(&self, tx: &mut TenantTx<'_, ApiClient>, rows: &[ItemRow]) -> Result<(), StoreError> {
        let mut counts = JobCounts::default();
        for row in rows {
            count(&mut counts, row);
            audit_item(tx, row);
        }
        tx.complete_items(rows).await?;
        let lease_until = self.core.clock.now() + LEASE;
        if tx.job_progress(self.job.id.0, self.claim, lease_until, &counts).await? {
            Ok(())
        } else {
            Err(StoreError::Conflict("the claim is lost".to_owned()))
        }
    }

    /// Ends the job as one that could not run; its items that have not ended fail with it.
    async fn give_up(&self) -> Result<(), StoreError> {
        let mut tx = self.core.store.begin(&self.client).await?;
        let note = [ItemNote::new("internal_error", "")];
        let rows = tx
            .waiting_items(self.job.id.0, WHOLE)
            .await?
            .iter()
            .map(|item| refused(item, &note, ItemOutcome::Failed))
            .collect::<Result<Vec<_>, _>>()?;
        self.record(&mut tx, &rows).await?;
        self.end(&mut tx, ImportJobStatus::Failed).await?;
        commit(self.core, tx).await
    }

    async fn end(&self, tx: &mut TenantTx<'_, ApiClient>, status: ImportJobStatus) -> Result<(), StoreError> {
        let id = self.job.id.0;
        let failure = (status == ImportJobStatus::Failed).then_some("internal_error");
        if !tx.finish_job(id, self.claim, status, failure).await? {
            return Err(StoreError::Conflict("the claim is lost".to_owned()));
        }
        let counts = tx.own_job(id).await?.map(|job| job.public().counts);
        tx.audit("import_job.completed", id, json!({ "status": status.name() }));
        tx.emit(NewEvent {
            endpoint: None,
            source: Some(self.client.source_system),
            kind: EventType::ImportJobCompleted,
            ordering_key: id.to_string(),
            target: None,
            customer: None,
            location: None,
            contact: None,
            details: json!({ "importJob": { "id": id, "status": status.name(), "dryRun": self.job.dry_run, "counts": counts } }),
        });
        Ok(())
    }

    /// Items each for itself, a chunk at a time.
    async fn in_chunks(&self) -> Result<(), StoreError> {
        loop {
            let mut tx = self.core.store.begin(&self.client).await?;
            let waiting = tx.waiting_items(self.job.id.0, CHUNK).await?;
            if waiting.is_empty() {
                self.end(&mut tx, ImportJobStatus::Completed).await?;
                return commit(self.core, tx).await;
            }
            drop(tx);
            let items: Vec<Read> = waiting.into_iter().map(read).collect();
            match self.chunk(&items).await {
                // One item of the chunk cannot be written: each for itself, so that it fails alone.
                Err(StoreError::Broken(text)) => {
                    tracing::warn!(job = %self.job.id, error = %text, "a chunk of an import could not be written; its items follow one by one");
                    for item in &items {
                        self.alone(item).await?;
                    }
                }
                other => other?,
            }
        }
    }

    /// A chunk in one transaction; repeated when another import was faster.
    async fn chunk(&self, items: &[Read]) -> Result<(), StoreError> {
        let mut tries = 0;
        loop {
            let mut tx = self.core.store.begin(&self.client).await?;
            let decided = self.decide(&mut tx, items, false).await;
            match decided {
                Ok(rows) => {
                    self.record(&mut tx, &rows).await?;
                    match commit(self.core, tx).await {
                        Err(StoreError::Conflict(_)) if tries < 8 => tries += 1,
                        other => return other,
                    }
                }
                Err(StoreError::Conflict(_)) if tries < 8 => tries += 1,
                Err(error) => return Err(error),
            }
        }
    }

    async fn alone(&self, item: &Read) -> Result<(), StoreError> {
        match self.chunk(std::slice::from_ref(item)).await {
            Err(StoreError::Broken(text)) => {
                tracing::error!(job = %self.job.id, item = %item.0.id, error = %text, "an import could not be written");
                let row = refused(&item.0, &[ItemNote::new("internal_error", "")], ItemOutcome::Failed)?;
                let mut tx = self.core.store.begin(&self.client).await?;
                self.record(&mut tx, &[row]).await?;
                commit(self.core, tx).await
            }
            other => other,
        }
    }

    /// The whole job in one transaction: an atomic batch, which is kept only if nothing failed, or a dry run, which is
    /// never kept. What is told about the items is recorded either way.
    async fn as_one(&self) -> Result<(), StoreError> {
        let mut tries = 0;
        loop {
            let mut tx = self.core.store.begin(&self.client).await?;
            let waiting = tx.waiting_items(self.job.id.0, WHOLE).await?;
            let items: Vec<Read> = waiting.into_iter().map(read).collect();
            let mut rows = match self.decide(&mut tx, &items, self.job.dry_run).await {
                Ok(rows) => rows,
                Err(StoreError::Conflict(_)) if tries < 8 => {
                    tries += 1;
                    continue;
                }
                Err(error) => return Err(error),
            };
            let failed = rows.iter().any(|row| row.outcome == Some(ItemOutcome::Failed));
            let keeps = !self.job.dry_run && !failed;
            if !keeps {
                drop(tx);
                tx = self.core.store.begin(&self.client).await?;
                if self.job.mode == ImportMode::Atomic && failed {
                    roll_back(&mut rows)?;
                }
            }
            self.record(&mut tx, &rows).await?;
            self.end(&mut tx, ImportJobStatus::Completed).await?;
            match commit(self.core, tx).await {
                Err(StoreError::Conflict(_)) if tries < 8 => tries += 1,
                other => return other,
            }
        }
    }
}

/// Tells the items that did not fail themselves that they went down with one that did.
fn roll_back(rows: &mut [ItemRow]) -> Result<(), StoreError> {
    let note = serde_json::to_value([ItemNote::new("atomic_rollback", "")])
        .map_err(|error| StoreError::Broken(error.to_string()))?;
    for row in rows.iter_mut().filter(|row| row.outcome != Some(ItemOutcome::Failed)) {
        if row.outcome == Some(ItemOutcome::Created) {
            row.target = None;
        }
        row.status = ItemStatus::Failed;
        row.outcome = Some(ItemOutcome::Failed);
        row.mapping = nothing_mapped()?;
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
