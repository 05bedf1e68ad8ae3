//! Import jobs: enqueued, read, cancelled and retried by clients; read by staff.

use chrono::{DateTime, Utc};
use domain::fields::FieldCode;
use domain::identity::permissions::{ResolveMappings, ViewImports};
use domain::ids::{ClientId, ImportItemId, ImportJobId, SourceSystemId};
use domain::imports::ImportJobStatus;
use domain::imports::jobs::{
    CONFLICTING_DUPLICATE, DUPLICATE, ImportChannel, ImportJob, ImportMode, JobCounts, MAX_ACTIVE_JOBS, TargetBatch,
    is_rejected_line,
};
use domain::imports::results::{ImportItemResult, ItemNote, ItemStatus};
use domain::mapping::MappingSettings;
use domain::problems::Cause;
use domain::scopes::markers::{CustomersReadScope, TargetsReadScope, TargetsWriteScope};
use serde_json::{Value, json};

use crate::commit::finish;
use crate::db::TenantTx;
use crate::identity::actors::{Actor as _, ApiClient, ClientPermit, Operator, Permit};
use crate::imports::model::{ImportItemView, ImportJobView};
use crate::imports::store::items::ImportItemRow;
pub use crate::imports::store::items::ItemFilter;
use crate::imports::store::jobs::ImportJobRow;
use crate::imports::{
    ApiResponse, AttemptError, IdempotencyKey, ImportPermits, check_source, is_zone, item_from_view, replay_response,
    source_settings, store_response, with_retries,
};
use crate::page::{PAGE_SIZE, Page};
use crate::{Core, CoreError, CoreResult};

/// Proof that a client may read its import jobs: with the scope `targets.write` or `targets.read`. The mapping also
/// requires `customers.read`.
#[derive(Debug, Clone, Copy)]
pub struct JobReader<'a> {
    client: &'a ApiClient,
    sees_mapping: bool,
}

impl<'a> JobReader<'a> {
    /// Checks the scopes of a client.
    ///
    /// # Errors
    /// `insufficient_scope`.
    pub fn of(client: &'a ApiClient) -> CoreResult<Self> {
        let has_scope =
            client.optional::<TargetsWriteScope>().is_some() || client.optional::<TargetsReadScope>().is_some();
        if !has_scope {
            client.require::<TargetsReadScope>()?;
        }
        Ok(Self {
            client,
            sees_mapping: client.optional::<CustomersReadScope>().is_some(),
        })
    }
}

/// A job to enqueue, from any channel.
pub(crate) struct NewImportJob<'a> {
    pub client: ClientId,
    pub source_system: SourceSystemId,
    pub mode: ImportMode,
    pub dry_run: bool,
    pub channel: ImportChannel,
    pub settings: &'a MappingSettings,
    pub created_by: &'a str,
    pub retried_from: Option<ImportJobId>,
}

/// Enqueues a batch. The caller wakes the worker after the commit.
///
/// # Errors
/// `too_many_concurrent_jobs`.
pub(crate) async fn enqueue<A: Operator>(
    tx: &mut TenantTx<'_, A>,
    new_job: &NewImportJob<'_>,
    batch: &TargetBatch,
) -> Result<ImportJobId, AttemptError> {
    tx.lock_client(new_job.client).await?;
    if tx.count_active_jobs(new_job.client).await? >= MAX_ACTIVE_JOBS {
        return Err(CoreError::new(Cause::TooManyImportJobs { max: MAX_ACTIVE_JOBS }).into());
    }
    let id: ImportJobId = tx.new_id();
    tx.insert_job(&ImportJobRow {
        id,
        client: new_job.client,
        source_system: new_job.source_system,
        status: ImportJobStatus::Accepted,
        mode: new_job.mode,
        dry_run: new_job.dry_run,
        channel: new_job.channel,
        settings: new_job.settings,
        created_by: new_job.created_by,
        retried_from: new_job.retried_from,
        counts: JobCounts {
            total: i64::try_from(batch.items.len()).unwrap_or(i64::MAX),
            ..JobCounts::default()
        },
    })
    .await?;
    let mut rows = Vec::with_capacity(batch.items.len());
    for (position, item) in (0..).zip(&batch.items) {
        // Items that failed validation keep their errors; the worker marks them as failed in input order.
        let errors: &[ItemNote] = item.import.as_ref().err().map_or(&[], Vec::as_slice);
        rows.push(ImportItemRow {
            id: tx.new_id::<domain::ids::ImportItemKind>(),
            position,
            external_id: item.external_id.clone(),
            status: ItemStatus::Pending,
            outcome: None,
            target: None,
            payload: item.payload.clone(),
            line: item.line,
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
        json!({ "items": rows.len(), "mode": new_job.mode.name(), "dryRun": new_job.dry_run }),
    );
    Ok(id)
}

/// Rejects items that name another source system than the client's own; in an atomic batch, the whole batch.
fn check_sources(client: &ApiClient, batch: &TargetBatch) -> CoreResult<TargetBatch> {
    let mut batch = batch.clone();
    for item in &mut batch.items {
        let Ok(import) = &item.import else { continue };
        match check_source(client, import) {
            Err(_) if batch.mode == ImportMode::Partial => {
                item.import = Err(vec![ItemNote::new("source_system_not_allowed", "/sourceSystem")]);
            }
            checked => checked?,
        }
    }
    Ok(batch)
}

/// Enqueues a batch and returns at once; the worker processes it.
///
/// # Errors
/// `source_system_not_allowed`, `too_many_concurrent_jobs`, `idempotency_key_reused`.
pub async fn submit(
    core: &Core,
    permits: ImportPermits<'_>,
    batch: &TargetBatch,
    idempotency: Option<&IdempotencyKey>,
    render: impl Fn(&ImportJob) -> ApiResponse,
) -> CoreResult<ApiResponse> {
    let client = permits.write.client();
    let batch = &check_sources(client, batch)?;
    let response = with_retries!({
        let mut tx = core.store.begin(client).await?;
        if let Some(response) = replay_response(&mut tx, idempotency).await? {
            return Ok(response);
        }
        let (settings, _) = source_settings(&mut tx, permits.map.is_some(), permits.create.is_some()).await?;
        let new_job = NewImportJob {
            client: client.id(),
            source_system: client.source_system(),
            mode: batch.mode,
            dry_run: batch.dry_run,
            channel: ImportChannel::Api,
            settings: &settings,
            created_by: &client.label(),
            retried_from: None,
        };
        let id = enqueue(&mut tx, &new_job, batch).await?;
        let response = respond_with_job(&mut tx, id, idempotency, &render).await?;
        finish(core, tx).await?;
        Ok(response)
    });
    core.wake_importer.notify_one();
    response
}

async fn respond_with_job(
    tx: &mut TenantTx<'_, ApiClient>,
    id: ImportJobId,
    idempotency: Option<&IdempotencyKey>,
    render: &impl Fn(&ImportJob) -> ApiResponse,
) -> Result<ApiResponse, AttemptError> {
    let job = tx.find_job_of_source(id).await?.ok_or_else(CoreError::not_found)?;
    let response = render(&job.public());
    store_response(tx, idempotency, &response).await?;
    Ok(response)
}

/// Returns a page of the jobs of the client's source, newest first.
pub async fn list(
    core: &Core,
    by: JobReader<'_>,
    before: Option<(DateTime<Utc>, ImportJobId)>,
    limit: i64,
) -> CoreResult<Page<ImportJob>> {
    let rows = core
        .store
        .read(by.client)
        .await?
        .list_jobs_of_source(before, limit + 1)
        .await?;
    Ok(Page::from_rows(rows.iter().map(ImportJobView::public).collect(), limit))
}

/// Returns one job of the client's source.
///
/// # Errors
/// `not_found`.
pub async fn get(core: &Core, by: JobReader<'_>, id: ImportJobId) -> CoreResult<ImportJob> {
    let job = core.store.read(by.client).await?.find_job_of_source(id).await?;
    job.map(|job| job.public()).ok_or_else(CoreError::not_found)
}

/// Returns a page of the items of a job in input order, after a position.
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
    tx.find_job_of_source(id).await?.ok_or_else(CoreError::not_found)?;
    let rows = tx.items_of_job(id, after, filter, limit + 1).await?;
    let results = rows.iter().map(|row| item_from_view(row, by.sees_mapping)).collect();
    Ok(Page::from_rows(results, limit))
}

/// Cancels a job that has not ended. Items that were already imported stay; pending items are cancelled.
///
/// # Errors
/// `not_found`, `job_not_cancellable`.
pub async fn cancel(
    core: &Core,
    by: ClientPermit<'_, TargetsWriteScope>,
    id: ImportJobId,
    idempotency: Option<&IdempotencyKey>,
    render: impl Fn(&ImportJob) -> ApiResponse,
) -> CoreResult<ApiResponse> {
    with_retries!({
        let mut tx = core.store.begin(by.client()).await?;
        if let Some(response) = replay_response(&mut tx, idempotency).await? {
            return Ok(response);
        }
        tx.find_job_of_source(id).await?.ok_or_else(CoreError::not_found)?;
        if !tx.cancel_job(id).await? {
            return Err(CoreError::new(Cause::ImportJobEnded).into());
        }
        tx.cancel_pending_items(id).await?;
        tx.audit("import_job.cancelled", id, json!({}));
        let response = respond_with_job(&mut tx, id, idempotency, &render).await?;
        finish(core, tx).await?;
        Ok(response)
    })
}

/// Enqueues the failed, skipped and cancelled items of an ended job again, as a new job under the current settings.
///
/// # Errors
/// `not_found`; `validation_failed` if the job has not ended or no item can be retried; `too_many_concurrent_jobs`.
pub async fn retry(
    core: &Core,
    permits: ImportPermits<'_>,
    id: ImportJobId,
    idempotency: Option<&IdempotencyKey>,
    render: impl Fn(&ImportJob) -> ApiResponse,
) -> CoreResult<ApiResponse> {
    let client = permits.write.client();
    let response = with_retries!({
        let mut tx = core.store.begin(client).await?;
        if let Some(response) = replay_response(&mut tx, idempotency).await? {
            return Ok(response);
        }
        let job = tx.find_job_of_source(id).await?.ok_or_else(CoreError::not_found)?;
        let (settings, _) = source_settings(&mut tx, permits.map.is_some(), permits.create.is_some()).await?;
        let batch = retryable_batch(&mut tx, &job).await?;
        let new_job = NewImportJob {
            client: client.id(),
            source_system: client.source_system(),
            mode: batch.mode,
            dry_run: job.dry_run,
            channel: job.channel,
            settings: &settings,
            created_by: &client.label(),
            retried_from: Some(id),
        };
        let new = enqueue(&mut tx, &new_job, &batch).await?;
        let response = respond_with_job(&mut tx, new, idempotency, &render).await?;
        finish(core, tx).await?;
        Ok(response)
    });
    core.wake_importer.notify_one();
    response
}

/// Returns the items of an ended job that may be sent again, as a batch.
async fn retryable_batch<A: Operator>(
    tx: &mut TenantTx<'_, A>,
    job: &ImportJobView,
) -> Result<TargetBatch, AttemptError> {
    if matches!(job.status, ImportJobStatus::Accepted | ImportJobStatus::Processing) {
        return Err(CoreError::field("", FieldCode::JobNotEnded).into());
    }
    // A duplicate of an earlier item adds nothing. An item that contradicted an earlier one was rejected, and retrying it
    // alone would let it win.
    let payloads: Vec<Value> = tx
        .list_retryable_items(job.id)
        .await?
        .into_iter()
        .filter(|item| item.warnings.0[0]["code"] != DUPLICATE && item.errors.0[0]["code"] != CONFLICTING_DUPLICATE)
        .filter(|item| {
            let errors: Vec<ItemNote> = serde_json::from_value(item.errors.0.clone()).unwrap_or_default();
            !is_rejected_line(&errors)
        })
        .map(|item| item.payload.0)
        .collect();
    if payloads.is_empty() {
        return Err(CoreError::field("", FieldCode::NothingToRetry).into());
    }
    let mode = match job.mode {
        ImportMode::Single => ImportMode::Partial,
        mode => mode,
    };
    Ok(TargetBatch::lenient(mode, job.dry_run, payloads, is_zone))
}

/// A page of the jobs of the tenant.
#[derive(Debug, Clone)]
pub struct ImportsPage {
    /// Newest first.
    pub jobs: Page<ImportJobView>,
    /// The number of targets that need a mapping review.
    pub unresolved_count: i64,
    /// Whether the viewer can import a file.
    pub can_upload: bool,
}

/// Returns a page of all jobs of the tenant, newest first.
pub async fn list_for_staff(
    core: &Core,
    by: Permit<'_, ViewImports>,
    before: Option<(DateTime<Utc>, ImportJobId)>,
) -> CoreResult<ImportsPage> {
    let mut tx = core.store.read(by.staff()).await?;
    Ok(ImportsPage {
        jobs: Page::from_rows(tx.import_jobs(before, PAGE_SIZE + 1).await?, PAGE_SIZE),
        unresolved_count: tx.count_targets_needing_mapping().await?,
        can_upload: by.staff().has::<ResolveMappings>(),
    })
}

/// A job with a page of its items.
#[derive(Debug, Clone)]
pub struct ImportJobPage {
    pub job: ImportJobView,
    pub items: Page<ImportItemView>,
    /// Whether the viewer can import the rows of this dry run.
    pub can_import: bool,
}

/// Returns one job with a page of its items.
///
/// # Errors
/// `not_found`.
pub async fn page_for_staff(
    core: &Core,
    by: Permit<'_, ViewImports>,
    id: ImportJobId,
    after: i64,
    filter: &ItemFilter,
) -> CoreResult<ImportJobPage> {
    let mut tx = core.store.read(by.staff()).await?;
    let job = tx.import_job(id).await?.ok_or_else(CoreError::not_found)?;
    let items = tx.items_of_job(id, after, filter, PAGE_SIZE + 1).await?;
    Ok(ImportJobPage {
        items: Page::from_rows(items, PAGE_SIZE),
        can_import: by.staff().has::<ResolveMappings>() && job.is_file_dry_run() && job.is_completed(),
        job,
    })
}

/// Returns a page of the items of all jobs, newest first.
pub async fn items_for_staff(
    core: &Core,
    by: Permit<'_, ViewImports>,
    before: Option<(DateTime<Utc>, ImportItemId)>,
) -> CoreResult<Page<ImportItemView>> {
    let rows = core
        .store
        .read(by.staff())
        .await?
        .import_items(before, PAGE_SIZE + 1)
        .await?;
    Ok(Page::from_rows(rows, PAGE_SIZE))
}
