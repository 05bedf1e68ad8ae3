//! Import jobs: insert, claim, progress, cancellation. Their items are in [`crate::imports::store::items`].

use chrono::{DateTime, Utc};
use domain::ids::{ClientId, ClientKind, Id, ImportJobId, ImportJobKind, SourceSystemId, SourceSystemKind};
use domain::imports::ImportJobStatus;
use domain::imports::jobs::{ImportChannel, ImportMode, JobCounts};
use domain::mapping::MappingSettings;
use sqlx::types::Json;
use uuid::Uuid;

use crate::db::EngineSql;
use crate::db::Key;
use crate::db::StoreError;
use crate::db::purpose::ImportQueue;
use crate::db::{SystemTx, TenantTx};
use crate::identity::actors::{ApiClient, Operator, SourceScoped, Staff};
use crate::imports::model::ImportJobView;

/// A job to insert.
pub(crate) struct ImportJobRow<'a> {
    pub id: ImportJobId,
    pub client: ClientId,
    pub source_system: SourceSystemId,
    pub status: ImportJobStatus,
    pub mode: ImportMode,
    pub dry_run: bool,
    pub channel: ImportChannel,
    pub settings: &'a MappingSettings,
    pub created_by: &'a str,
    pub retried_from: Option<ImportJobId>,
    pub counts: JobCounts,
}

/// A job that this worker may process until its lease ends.
#[derive(Debug, Clone, sqlx::FromRow)]
pub(crate) struct ClaimedJob {
    pub tenant_id: Uuid,
    pub id: Key<ImportJobKind>,
    pub client_id: Key<ClientKind>,
    pub source_system_id: Key<SourceSystemKind>,
    #[sqlx(try_from = "String")]
    pub mode: ImportMode,
    pub dry_run: bool,
    pub settings: Json<MappingSettings>,
}

const INSERT_JOB: &str = r"
    INSERT INTO import_job (
        tenant_id, id, client_id, source_system_id, status, mode, dry_run, channel, settings, created_by,
        retried_from, item_count, created_count, updated_count, unchanged_count, skipped_count,
        failed_count, warned_count, created_at, started_at, finished_at
    )
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $20)
";
macro_rules! select_job {
    () => {
        r"
            SELECT
                job.id, job.status, job.mode, job.dry_run, job.channel, job.created_by, job.retried_from,
                job.failure, job.item_count, job.created_count, job.updated_count, job.unchanged_count,
                job.skipped_count, job.failed_count, job.warned_count, job.created_at, job.started_at,
                job.finished_at, job.client_id, client.name AS client_name, source.key AS source_key
            FROM import_job AS job
            JOIN integration_client AS client ON client.tenant_id = job.tenant_id
                AND client.id = job.client_id
            JOIN source_system AS source ON source.tenant_id = job.tenant_id
                AND source.id = job.source_system_id
        "
    };
}
const SELECT_JOBS_OF_SOURCE: &str = concat!(
    select_job!(),
    r"
        WHERE job.tenant_id = $1
          AND job.source_system_id = $2
          AND (job.created_at, job.id) < ($3, $4)
        ORDER BY job.created_at DESC, job.id DESC
        LIMIT $5
    "
);
const SELECT_JOB_OF_SOURCE: &str = concat!(
    select_job!(),
    r"
        WHERE job.tenant_id = $1
          AND job.source_system_id = $2
          AND job.id = $3
    "
);
const SELECT_JOBS: &str = concat!(
    select_job!(),
    r"
        WHERE job.tenant_id = $1
          AND (job.created_at, job.id) < ($2, $3)
        ORDER BY job.created_at DESC, job.id DESC
        LIMIT $4
    "
);
const SELECT_JOB: &str = concat!(select_job!(), "WHERE job.tenant_id = $1 AND job.id = $2");
static LOCK_CLIENT: EngineSql = EngineSql::new(
    r"
    SELECT id
    FROM integration_client
    WHERE tenant_id = $1
      AND id = $2
    FOR NO KEY UPDATE
",
);
const COUNT_ACTIVE_JOBS: &str = r"
    SELECT count(*)
    FROM import_job
    WHERE tenant_id = $1
      AND client_id = $2
      AND status IN ('accepted', 'processing')
";
const CANCEL_JOB: &str = r"
    UPDATE import_job
    SET status = 'cancelled', finished_at = $3, claim = NULL, claimed_until = NULL
    WHERE tenant_id = $1
      AND id = $2
      AND status IN ('accepted', 'processing')
";
const SELECT_RUNNABLE_JOB: &str = r"
    SELECT id
    FROM import_job
    WHERE status = 'accepted' OR (status = 'processing' AND (claimed_until IS NULL OR claimed_until <= $1))
    LIMIT 1
";
static CLAIM_JOB: EngineSql = EngineSql::new(
    r"
    UPDATE import_job
    SET status = 'processing', claim = $1, claimed_until = $2, started_at = COALESCE(started_at, $3)
    WHERE (tenant_id, id) IN (
        SELECT job.tenant_id, job.id
        FROM import_job AS job
        WHERE job.status = 'accepted'
           OR (job.status = 'processing' AND (job.claimed_until IS NULL OR job.claimed_until <= $3))
        ORDER BY job.created_at, job.id
        LIMIT 1
        FOR UPDATE OF job SKIP LOCKED
    )
    RETURNING tenant_id, id, client_id, source_system_id, mode, dry_run, settings
",
);
const UPDATE_JOB_PROGRESS: &str = r"
    UPDATE import_job
    SET
        claimed_until = $4, created_count = created_count + $5, updated_count = updated_count + $6,
        unchanged_count = unchanged_count + $7, skipped_count = skipped_count + $8,
        failed_count = failed_count + $9, warned_count = warned_count + $10
    WHERE tenant_id = $1
      AND id = $2
      AND claim = $3
      AND status = 'processing'
";
const FINISH_JOB: &str = r"
    UPDATE import_job
    SET status = $4, failure = $5, finished_at = $6, claim = NULL, claimed_until = NULL
    WHERE tenant_id = $1
      AND id = $2
      AND claim = $3
      AND status = 'processing'
";
const RELEASE_CLAIM: &str = r"
    UPDATE import_job
    SET claim = NULL, claimed_until = NULL
    WHERE claim = $1
      AND status = 'processing'
";

impl<A: Operator> TenantTx<'_, A> {
    pub(crate) async fn insert_job(&mut self, new: &ImportJobRow<'_>) -> Result<(), StoreError> {
        let (tenant, now) = (self.tenant(), self.now);
        let ended = matches!(new.status, ImportJobStatus::Completed).then_some(now);
        self.tx
            .execute(
                INSERT_JOB,
                (
                    tenant,
                    new.id.uuid(),
                    new.client.uuid(),
                    new.source_system.uuid(),
                    new.status.name(),
                    new.mode.name(),
                    new.dry_run,
                    new.channel.name(),
                    Json(new.settings),
                    new.created_by,
                    new.retried_from.map(Id::uuid),
                    new.counts.total,
                    new.counts.created,
                    new.counts.updated,
                    new.counts.unchanged,
                    new.counts.skipped,
                    new.counts.failed,
                    new.counts.warnings,
                    now,
                    ended,
                ),
            )
            .await?;
        Ok(())
    }

    /// Locks a client until the end of the transaction, so that a limit that was checked before an insert still holds.
    /// SQLite has a single writer and needs no lock.
    pub(crate) async fn lock_client(&mut self, client: ClientId) -> Result<(), StoreError> {
        let tenant = self.tenant();
        let sql = &LOCK_CLIENT;
        self.tx
            .fetch_optional::<(Uuid,)>(sql, (tenant, client.uuid()))
            .await
            .map(drop)
    }

    /// Returns how many jobs of a client are queued or running.
    pub(crate) async fn count_active_jobs(&mut self, client: ClientId) -> Result<i64, StoreError> {
        let tenant = self.tenant();
        let (count,) = self
            .tx
            .fetch_one::<(i64,)>(COUNT_ACTIVE_JOBS, (tenant, client.uuid()))
            .await?;
        Ok(count)
    }

    /// Cancels a job that has not ended; false if it has. A worker that processes it loses its claim and rolls back.
    pub(crate) async fn cancel_job(&mut self, id: ImportJobId) -> Result<bool, StoreError> {
        let (tenant, now) = (self.tenant(), self.now);
        Ok(self.tx.execute(CANCEL_JOB, (tenant, id.uuid(), now)).await? == 1)
    }
}

impl<A: SourceScoped> TenantTx<'_, A> {
    /// Returns a page of the jobs of the actor's source, newest first.
    pub(crate) async fn list_jobs_of_source(
        &mut self,
        before: Option<(DateTime<Utc>, ImportJobId)>,
        limit: i64,
    ) -> Result<Vec<ImportJobView>, StoreError> {
        let (tenant, source) = (self.tenant(), self.actor.source_system().uuid());
        let (created_before, id_before) =
            before.map_or((crate::db::far_future(), Uuid::max()), |(at, id)| (at, id.uuid()));
        self.tx
            .fetch_all::<ImportJobView>(
                SELECT_JOBS_OF_SOURCE,
                (tenant, source, created_before, id_before, limit),
            )
            .await
    }

    pub(crate) async fn find_job_of_source(&mut self, id: ImportJobId) -> Result<Option<ImportJobView>, StoreError> {
        let (tenant, source) = (self.tenant(), self.actor.source_system().uuid());
        self.tx
            .fetch_optional::<ImportJobView>(SELECT_JOB_OF_SOURCE, (tenant, source, id.uuid()))
            .await
    }
}

impl TenantTx<'_, ApiClient> {
    /// Adds to the counts of a claimed job and extends the claim. Returns false if the claim is lost; the caller must
    /// then roll back.
    pub(crate) async fn record_job_progress(
        &mut self,
        id: ImportJobId,
        claim: Uuid,
        lease_until: DateTime<Utc>,
        counts: &JobCounts,
    ) -> Result<bool, StoreError> {
        let tenant = self.tenant();
        Ok(self
            .tx
            .execute(
                UPDATE_JOB_PROGRESS,
                (
                    tenant,
                    id.uuid(),
                    claim,
                    lease_until,
                    counts.created,
                    counts.updated,
                    counts.unchanged,
                    counts.skipped,
                    counts.failed,
                    counts.warnings,
                ),
            )
            .await?
            == 1)
    }

    /// Finishes a claimed job; false if the claim is lost.
    pub(crate) async fn finish_job(
        &mut self,
        id: ImportJobId,
        claim: Uuid,
        status: ImportJobStatus,
        failure: Option<&str>,
    ) -> Result<bool, StoreError> {
        let (tenant, now) = (self.tenant(), self.now);
        Ok(self
            .tx
            .execute(FINISH_JOB, (tenant, id.uuid(), claim, status.name(), failure, now))
            .await?
            == 1)
    }
}

impl TenantTx<'_, Staff> {
    /// Returns a page of all jobs, newest first.
    pub(crate) async fn import_jobs(
        &mut self,
        before: Option<(DateTime<Utc>, ImportJobId)>,
        limit: i64,
    ) -> Result<Vec<ImportJobView>, StoreError> {
        let tenant = self.tenant();
        let (created_before, id_before) =
            before.map_or((crate::db::far_future(), Uuid::max()), |(at, id)| (at, id.uuid()));
        self.tx
            .fetch_all::<ImportJobView>(SELECT_JOBS, (tenant, created_before, id_before, limit))
            .await
    }

    pub(crate) async fn import_job(&mut self, id: ImportJobId) -> Result<Option<ImportJobView>, StoreError> {
        let tenant = self.tenant();
        self.tx
            .fetch_optional::<ImportJobView>(SELECT_JOB, (tenant, id.uuid()))
            .await
    }
}

impl<P> SystemTx<'_, P> {
    /// Returns whether a job can be claimed. A cheap read that does not take the write lock.
    pub(crate) async fn has_runnable_job(&mut self) -> Result<bool, StoreError> {
        Ok(self
            .tx
            .fetch_optional::<(Uuid,)>(SELECT_RUNNABLE_JOB, (self.now,))
            .await?
            .is_some())
    }
}

impl SystemTx<'_, ImportQueue> {
    /// Claims the oldest queued job, or one whose claim expired because its worker died.
    pub(crate) async fn claim_job(
        &mut self,
        claim: Uuid,
        lease_until: DateTime<Utc>,
    ) -> Result<Option<ClaimedJob>, StoreError> {
        let sql = &CLAIM_JOB;
        self.tx
            .fetch_optional::<ClaimedJob>(sql, (claim, lease_until, self.now))
            .await
    }

    /// Releases a claim, so that another worker need not wait for the lease to end.
    pub(crate) async fn release_job(&mut self, claim: Uuid) -> Result<(), StoreError> {
        self.tx.execute(RELEASE_CLAIM, (claim,)).await.map(drop)
    }
}
