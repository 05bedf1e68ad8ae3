//! Import jobs: taken in, read, stopped and repeated by clients; read by the staff.

use chrono::{DateTime, Utc};
use domain::ids::{ClientId, ImportItemId, ImportJobId, SourceSystemId};
use domain::import_jobs::{
    CONTRADICTION, DUPLICATE, ImportChannel, ImportJob, ImportMode, JobCounts, MOST_JOBS, TargetBatch,
};
use domain::import_results::{ImportItemResult, ItemNote, ItemStatus};
use domain::imports::ImportJobStatus;
use domain::mapping::MappingSettings;
use domain::permissions::ViewImports;
use domain::problems::Problem;
use domain::scopes::markers::{CustomersReadScope, TargetsReadScope, TargetsWriteScope};
use serde_json::{Value, json};

use crate::commit::finish;
use crate::db::TenantTx;
use crate::identity::actors::{Actor as _, ApiClient, ClientPermit, Operator, Permit};
use crate::imports::model::{ImportItemView, ImportJobView};
pub use crate::imports::store::items::ItemFilter;
use crate::imports::store::items::ItemRow;
use crate::imports::store::jobs::NewJob;
use crate::imports::{
    Answer, Failed, IdempotencyKey, ImportPermits, check_source, is_zone, item_of_view, keep, replay, source_settings,
    with_tries,
};
use crate::page::{PAGE, Page};
use crate::{Core, CoreError, CoreResult};

/// Proof that a client may look at its jobs: it may import, or read targets. The mapping needs `customers.read` too.
#[derive(Debug, Clone, Copy)]
pub struct JobReader<'a> {
    client: &'a ApiClient,
    sees_mapping: bool,
}

impl<'a> JobReader<'a> {
    /// Collects the proof.
    ///
    /// # Errors
    /// `insufficient_scope`.
    pub fn of(client: &'a ApiClient) -> CoreResult<Self> {
        let may = client.optional::<TargetsWriteScope>().is_some() || client.optional::<TargetsReadScope>().is_some();
        if !may {
            client.require::<TargetsReadScope>()?;
        }
        Ok(Self {
            client,
            sees_mapping: client.optional::<CustomersReadScope>().is_some(),
        })
    }
}

/// What a job is made of, whoever makes it.
pub(crate) struct Taking<'a> {
    pub client: ClientId,
    pub source_system: SourceSystemId,
    pub mode: ImportMode,
    pub dry_run: bool,
    pub channel: ImportChannel,
    pub settings: &'a MappingSettings,
    pub created_by: &'a str,
    pub retried_from: Option<ImportJobId>,
}

/// Takes a batch in: its items wait for the worker, which is woken by the caller after the commit.
///
/// # Errors
/// `too_many_concurrent_jobs`.
pub(crate) async fn take_in<A: Operator>(
    tx: &mut TenantTx<'_, A>,
    taking: &Taking<'_>,
    batch: &TargetBatch,
) -> Result<ImportJobId, Failed> {
    tx.lock_client(taking.client).await?;
    if tx.running_jobs(taking.client).await? >= MOST_JOBS {
        return Err(CoreError::new(
            Problem::TooManyConcurrentJobs,
            format!("{MOST_JOBS} jobs of this client wait or run already."),
        )
        .into());
    }
    let id: ImportJobId = tx.new_id();
    tx.insert_job(&NewJob {
        id,
        client: taking.client,
        source_system: taking.source_system,
        status: ImportJobStatus::Accepted,
        mode: taking.mode,
        dry_run: taking.dry_run,
        channel: taking.channel,
        settings: taking.settings,
        created_by: taking.created_by,
        retried_from: taking.retried_from,
        counts: JobCounts {
            total: i64::try_from(batch.items.len()).unwrap_or(i64::MAX),
            ..JobCounts::default()
        },
    })
    .await?;
    let mut rows = Vec::with_capacity(batch.items.len());
    for (position, item) in (0..).zip(&batch.items) {
        // What was refused at reading is known now; the worker ends the item when its turn comes.
        let errors: &[ItemNote] = item.import.as_ref().err().map_or(&[], Vec::as_slice);
        rows.push(ItemRow {
            id: tx.new_id::<domain::ids::ImportItemKind>(),
            position,
            external_id: item.external_id.clone(),
            status: ItemStatus::Pending,
            outcome: None,
            target: None,
            payload: item.payload.clone(),
            references: [None, None, None],
            mapping: json!({}),
            warnings: json!([]),
            errors: serde_json::to_value(errors).map_err(CoreError::from)?,
            decision: json!({}),
        });
    }
    tx.insert_items(id, &rows).await?;
    tx.wake_workers().await?;
    tx.audit(
        "import_job.accepted",
        id,
        json!({ "items": rows.len(), "mode": taking.mode.name(), "dryRun": taking.dry_run }),
    );
    Ok(id)
}

/// Takes a batch in and answers at once; the worker does the work.
///
/// # Errors
/// `source_system_not_allowed`, `too_many_concurrent_jobs`, `idempotency_key_reused`, or the database.
pub async fn submit(
    core: &Core,
    permits: ImportPermits<'_>,
    batch: &TargetBatch,
    idempotency: Option<&IdempotencyKey>,
    render: impl Fn(&ImportJob) -> Answer,
) -> CoreResult<Answer> {
    let client = permits.write.client();
    for item in &batch.items {
        if let Ok(import) = &item.import {
            check_source(client, import)?;
        }
    }
    let answer = with_tries!({
        let mut tx = core.store.begin(client).await?;
        if let Some(answer) = replay(&mut tx, idempotency).await? {
            return Ok(answer);
        }
        let (settings, _) = source_settings(&mut tx, permits.map.is_some(), permits.create.is_some()).await?;
        let taking = Taking {
            client: client.id(),
            source_system: client.source_system,
            mode: batch.mode,
            dry_run: batch.dry_run,
            channel: ImportChannel::Api,
            settings: &settings,
            created_by: &client.label(),
            retried_from: None,
        };
        let id = take_in(&mut tx, &taking, batch).await?;
        let answer = answer_with_job(&mut tx, id, idempotency, &render).await?;
        finish(core, tx).await?;
        Ok(answer)
    });
    core.wake_importer.notify_one();
    answer
}

async fn answer_with_job(
    tx: &mut TenantTx<'_, ApiClient>,
    id: ImportJobId,
    idempotency: Option<&IdempotencyKey>,
    render: &impl Fn(&ImportJob) -> Answer,
) -> Result<Answer, Failed> {
    let job = tx.own_job(id).await?.ok_or_else(CoreError::not_found)?;
    let answer = render(&job.public());
    keep(tx, idempotency, &answer).await?;
    Ok(answer)
}

/// A page of the own source's jobs, newest first.
///
/// # Errors
/// The database does not answer.
pub async fn list(
    core: &Core,
    by: JobReader<'_>,
    before: Option<(DateTime<Utc>, ImportJobId)>,
    limit: i64,
) -> CoreResult<Page<ImportJob>> {
    let rows = core.store.read(by.client).await?.own_jobs(before, limit + 1).await?;
    Ok(Page::cut(rows.iter().map(ImportJobView::public).collect(), limit))
}

/// One of the own source's jobs.
///
/// # Errors
/// `not_found`.
pub async fn get(core: &Core, by: JobReader<'_>, id: ImportJobId) -> CoreResult<ImportJob> {
    let job = core.store.read(by.client).await?.own_job(id).await?;
    job.map(|job| job.public()).ok_or_else(CoreError::not_found)
}

/// A page of the items of a job in input order, after a position.
///
/// # Errors
/// `not_found`.
pub async fn items(
    core: &Core,
    by: JobReader<'_>,
    id: ImportJobId,
    after: i64,
    filter: &ItemFilter,
    limit: i64,
) -> CoreResult<Page<ImportItemResult>> {
    let mut tx = core.store.read(by.client).await?;
    tx.own_job(id).await?.ok_or_else(CoreError::not_found)?;
    let rows = tx.items_of_job(id, after, filter, limit + 1).await?;
    let results = rows.iter().map(|row| item_of_view(row, by.sees_mapping)).collect();
    Ok(Page::cut(results, limit))
}

/// Stops a job that has not ended. What was already imported stays; the rest is not begun.
///
/// # Errors
/// `not_found`, `job_not_cancellable`.
pub async fn cancel(
    core: &Core,
    by: ClientPermit<'_, TargetsWriteScope>,
    id: ImportJobId,
    idempotency: Option<&IdempotencyKey>,
    render: impl Fn(&ImportJob) -> Answer,
) -> CoreResult<Answer> {
    with_tries!({
        let mut tx = core.store.begin(by.client()).await?;
        if let Some(answer) = replay(&mut tx, idempotency).await? {
            return Ok(answer);
        }
        tx.own_job(id).await?.ok_or_else(CoreError::not_found)?;
        if !tx.cancel_job(id).await? {
            return Err(CoreError::new(Problem::JobNotCancellable, "The job has already ended.").into());
        }
        tx.cancel_waiting_items(id).await?;
        tx.audit("import_job.cancelled", id, json!({}));
        let answer = answer_with_job(&mut tx, id, idempotency, &render).await?;
        finish(core, tx).await?;
        Ok(answer)
    })
}

/// Sends the failed, skipped and stopped items of an ended job again, as a new job under today's settings.
///
/// # Errors
/// `not_found`; `validation_failed` if nothing is left to repeat; `too_many_concurrent_jobs`.
pub async fn retry(
    core: &Core,
    permits: ImportPermits<'_>,
    id: ImportJobId,
    idempotency: Option<&IdempotencyKey>,
    render: impl Fn(&ImportJob) -> Answer,
) -> CoreResult<Answer> {
    let client = permits.write.client();
    let answer = with_tries!({
        let mut tx = core.store.begin(client).await?;
        if let Some(answer) = replay(&mut tx, idempotency).await? {
            return Ok(answer);
        }
        let job = tx.own_job(id).await?.ok_or_else(CoreError::not_found)?;
        let (settings, _) = source_settings(&mut tx, permits.map.is_some(), permits.create.is_some()).await?;
        let batch = repeatable(&mut tx, &job).await?;
        let taking = Taking {
            client: client.id(),
            source_system: client.source_system,
            mode: batch.mode,
            dry_run: job.dry_run,
            channel: job.channel,
            settings: &settings,
            created_by: &client.label(),
            retried_from: Some(id),
        };
        let new = take_in(&mut tx, &taking, &batch).await?;
        let answer = answer_with_job(&mut tx, new, idempotency, &render).await?;
        finish(core, tx).await?;
        Ok(answer)
    });
    core.wake_importer.notify_one();
    answer
}

/// What of an ended job may be sent again.
async fn repeatable<A: Operator>(tx: &mut TenantTx<'_, A>, job: &ImportJobView) -> Result<TargetBatch, Failed> {
    if matches!(job.status, ImportJobStatus::Accepted | ImportJobStatus::Processing) {
        return Err(CoreError::field("", "validation_failed", "The job has not ended yet.").into());
    }
    // An item whose like stood before it in the batch is not worth repeating; one that contradicted the item before it
    // lost, and must not win by being repeated alone.
    let payloads: Vec<Value> = tx
        .repeatable_items(job.id.0)
        .await?
        .into_iter()
        .filter(|item| item.warnings.0[0]["code"] != DUPLICATE && item.errors.0[0]["code"] != CONTRADICTION)
        .map(|item| item.payload.0)
        .collect();
    if payloads.is_empty() {
        return Err(CoreError::field("", "validation_failed", "No item of this job failed or was skipped.").into());
    }
    let mode = match job.mode {
        ImportMode::Single => ImportMode::Partial,
        mode => mode,
    };
    Ok(TargetBatch::lenient(mode, job.dry_run, payloads, is_zone))
}

/// A page of all jobs of the tenant, newest first.
///
/// # Errors
/// The database does not answer.
pub async fn list_for_staff(
    core: &Core,
    by: Permit<'_, ViewImports>,
    before: Option<(DateTime<Utc>, ImportJobId)>,
) -> CoreResult<Page<ImportJobView>> {
    let rows = core.store.read(by.staff()).await?.import_jobs(before, PAGE + 1).await?;
    Ok(Page::cut(rows, PAGE))
}

/// One job with a page of its items.
///
/// # Errors
/// `not_found`.
pub async fn page_for_staff(
    core: &Core,
    by: Permit<'_, ViewImports>,
    id: ImportJobId,
    after: i64,
    filter: &ItemFilter,
) -> CoreResult<(ImportJobView, Page<ImportItemView>)> {
    let mut tx = core.store.read(by.staff()).await?;
    let job = tx.import_job(id).await?.ok_or_else(CoreError::not_found)?;
    let items = tx.items_of_job(id, after, filter, PAGE + 1).await?;
    Ok((job, Page::cut(items, PAGE)))
}

/// A page of items of all jobs, newest first.
///
/// # Errors
/// The database does not answer.
pub async fn items_for_staff(
    core: &Core,
    by: Permit<'_, ViewImports>,
    before: Option<(DateTime<Utc>, ImportItemId)>,
) -> CoreResult<Page<ImportItemView>> {
    let rows = core
        .store
        .read(by.staff())
        .await?
        .import_items(before, PAGE + 1)
        .await?;
    Ok(Page::cut(rows, PAGE))
}
