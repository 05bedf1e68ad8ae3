//! Import jobs: taken in, claimed by the worker, counted, stopped. Their items stand in [`crate::imports::store::items`].

use chrono::{DateTime, Utc};
use domain::ids::{ClientId, ClientKind, Id, ImportJobId, ImportJobKind, SourceSystemId, SourceSystemKind};
use domain::import_jobs::{ImportChannel, ImportMode, JobCounts};
use domain::imports::ImportJobStatus;
use domain::mapping::MappingSettings;
use sqlx::types::Json;
use uuid::Uuid;

use crate::db::Key;
use crate::db::{StoreError, all, maybe, one, run};
use crate::db::{SystemTx, TenantTx};
use crate::identity::actors::{ApiClient, OfSource, Operator, Staff};
use crate::imports::model::ImportJobView;

/// A job to record.
pub(crate) struct NewJob<'a> {
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

/// A job that this worker may work on until its lease ends.
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

const INSERT_JOB: &str = "INSERT INTO import_job (tenant_id, id, client_id, source_system_id, status, mode, dry_run, channel, settings, created_by, retried_from, \
    item_count, created_count, updated_count, unchanged_count, skipped_count, failed_count, warned_count, created_at, started_at, finished_at) \
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $20)";
macro_rules! job {
    () => {
        "SELECT j.id, j.status, j.mode, j.dry_run, j.channel, j.created_by, j.retried_from, j.failure, j.item_count, j.created_count, j.updated_count, j.unchanged_count, j.skipped_count, \
         j.failed_count, j.warned_count, j.created_at, j.started_at, j.finished_at, j.client_id, c.name AS client_name, s.key AS source_key \
         FROM import_job j JOIN integration_client c ON c.tenant_id = j.tenant_id AND c.id = j.client_id \
         JOIN source_system s ON s.tenant_id = j.tenant_id AND s.id = j.source_system_id "
    };
}
const OWN_JOBS: &str = concat!(
    job!(),
    "WHERE j.tenant_id = $1 AND j.source_system_id = $2 AND (j.created_at, j.id) < ($3, $4) ORDER BY j.created_at DESC, j.id DESC LIMIT $5"
);
const OWN_JOB: &str = concat!(
    job!(),
    "WHERE j.tenant_id = $1 AND j.source_system_id = $2 AND j.id = $3"
);
const JOBS: &str = concat!(
    job!(),
    "WHERE j.tenant_id = $1 AND (j.created_at, j.id) < ($2, $3) ORDER BY j.created_at DESC, j.id DESC LIMIT $4"
);
const JOB: &str = concat!(job!(), "WHERE j.tenant_id = $1 AND j.id = $2");
const LOCK_CLIENT_SQLITE: &str = "SELECT id FROM integration_client WHERE tenant_id = $1 AND id = $2";
const LOCK_CLIENT_POSTGRES: &str =
    "SELECT id FROM integration_client WHERE tenant_id = $1 AND id = $2 FOR NO KEY UPDATE";
const RUNNING: &str =
    "SELECT count(*) FROM import_job WHERE tenant_id = $1 AND client_id = $2 AND status IN ('accepted', 'processing')";
const CANCEL: &str = "UPDATE import_job SET status = 'cancelled', finished_at = $3, claim = NULL, claimed_until = NULL WHERE tenant_id = $1 AND id = $2 AND status IN ('accepted', 'processing')";
const WAITING: &str = "SELECT id FROM import_job WHERE status = 'accepted' OR (status = 'processing' AND (claimed_until IS NULL OR claimed_until <= $1)) LIMIT 1";
const CLAIM_SQLITE: &str = "UPDATE import_job SET status = 'processing', claim = $1, claimed_until = $2, started_at = COALESCE(started_at, $3) WHERE (tenant_id, id) IN (\
    SELECT j.tenant_id, j.id FROM import_job j WHERE j.status = 'accepted' OR (j.status = 'processing' AND (j.claimed_until IS NULL OR j.claimed_until <= $3)) \
    ORDER BY j.created_at, j.id LIMIT 1) RETURNING tenant_id, id, client_id, source_system_id, mode, dry_run, settings";
const CLAIM_POSTGRES: &str = "UPDATE import_job SET status = 'processing', claim = $1, claimed_until = $2, started_at = COALESCE(started_at, $3) WHERE (tenant_id, id) IN (\
    SELECT j.tenant_id, j.id FROM import_job j WHERE j.status = 'accepted' OR (j.status = 'processing' AND (j.claimed_until IS NULL OR j.claimed_until <= $3)) \
    ORDER BY j.created_at, j.id LIMIT 1 FOR UPDATE OF j SKIP LOCKED) RETURNING tenant_id, id, client_id, source_system_id, mode, dry_run, settings";
const PROGRESS: &str = "UPDATE import_job SET claimed_until = $4, created_count = created_count + $5, updated_count = updated_count + $6, unchanged_count = unchanged_count + $7, \
    skipped_count = skipped_count + $8, failed_count = failed_count + $9, warned_count = warned_count + $10 WHERE tenant_id = $1 AND id = $2 AND claim = $3 AND status = 'processing'";
const FINISH: &str = "UPDATE import_job SET status = $4, failure = $5, finished_at = $6, claim = NULL, claimed_until = NULL WHERE tenant_id = $1 AND id = $2 AND claim = $3 AND status = 'processing'";
const RELEASE: &str =
    "UPDATE import_job SET claim = NULL, claimed_until = NULL WHERE claim = $1 AND status = 'processing'";

impl<A: Operator> TenantTx<'_, A> {
    pub(crate) async fn insert_job(&mut self, new: &NewJob<'_>) -> Result<(), StoreError> {
        let (tenant, now) = (self.tenant(), self.now);
        let ended = matches!(new.status, ImportJobStatus::Completed).then_some(now);
        run!(
            &mut self.tx,
            INSERT_JOB,
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
            ended
        )?;
        Ok(())
    }

    /// Keeps others from making anything for a client until the end of the transaction, so that a limit that was just
    /// counted still holds when it is written. SQLite has one writer anyway.
    pub(crate) async fn lock_client(&mut self, client: ClientId) -> Result<(), StoreError> {
        let tenant = self.tenant();
        let sql = self.tx.dialect(LOCK_CLIENT_SQLITE, LOCK_CLIENT_POSTGRES);
        maybe!(&mut self.tx, (Uuid,), sql, tenant, client.uuid()).map(drop)
    }

    /// How many jobs of a client wait or run.
    pub(crate) async fn running_jobs(&mut self, client: ClientId) -> Result<i64, StoreError> {
        let tenant = self.tenant();
        let (count,) = one!(&mut self.tx, (i64,), RUNNING, tenant, client.uuid())?;
        Ok(count)
    }

    /// Stops a job that has not ended; false if it has. A worker on it loses its claim and keeps nothing more.
    pub(crate) async fn cancel_job(&mut self, id: ImportJobId) -> Result<bool, StoreError> {
        let (tenant, now) = (self.tenant(), self.now);
        Ok(run!(&mut self.tx, CANCEL, tenant, id.uuid(), now)? == 1)
    }
}

impl<A: OfSource> TenantTx<'_, A> {
    /// A page of the own source's jobs, newest first.
    pub(crate) async fn own_jobs(
        &mut self,
        before: Option<(DateTime<Utc>, ImportJobId)>,
        limit: i64,
    ) -> Result<Vec<ImportJobView>, StoreError> {
        let (tenant, source) = (self.tenant(), self.actor.source_system().uuid());
        let (at, id) = before.map_or((crate::db::far_future(), Uuid::max()), |(at, id)| (at, id.uuid()));
        all!(&mut self.tx, ImportJobView, OWN_JOBS, tenant, source, at, id, limit)
    }

    pub(crate) async fn own_job(&mut self, id: ImportJobId) -> Result<Option<ImportJobView>, StoreError> {
        let (tenant, source) = (self.tenant(), self.actor.source_system().uuid());
        maybe!(&mut self.tx, ImportJobView, OWN_JOB, tenant, source, id.uuid())
    }
}

impl TenantTx<'_, ApiClient> {
    /// Adds to the counts of a claimed job and holds the claim on; false if the claim is lost, and then nothing of this
    /// transaction may stay.
    pub(crate) async fn job_progress(
        &mut self,
        id: ImportJobId,
        claim: Uuid,
        lease_until: DateTime<Utc>,
        counts: &JobCounts,
    ) -> Result<bool, StoreError> {
        let tenant = self.tenant();
        Ok(run!(
            &mut self.tx,
            PROGRESS,
            tenant,
            id.uuid(),
            claim,
            lease_until,
            counts.created,
            counts.updated,
            counts.unchanged,
            counts.skipped,
            counts.failed,
            counts.warnings
        )? == 1)
    }

    /// Ends a claimed job; false if the claim is lost.
    pub(crate) async fn finish_job(
        &mut self,
        id: ImportJobId,
        claim: Uuid,
        status: ImportJobStatus,
        failure: Option<&str>,
    ) -> Result<bool, StoreError> {
        let (tenant, now) = (self.tenant(), self.now);
        Ok(run!(
            &mut self.tx,
            FINISH,
            tenant,
            id.uuid(),
            claim,
            status.name(),
            failure,
            now
        )? == 1)
    }
}

impl TenantTx<'_, Staff> {
    /// A page of all jobs, newest first.
    pub(crate) async fn import_jobs(
        &mut self,
        before: Option<(DateTime<Utc>, ImportJobId)>,
        limit: i64,
    ) -> Result<Vec<ImportJobView>, StoreError> {
        let tenant = self.tenant();
        let (at, id) = before.map_or((crate::db::far_future(), Uuid::max()), |(at, id)| (at, id.uuid()));
        all!(&mut self.tx, ImportJobView, JOBS, tenant, at, id, limit)
    }

    pub(crate) async fn import_job(&mut self, id: ImportJobId) -> Result<Option<ImportJobView>, StoreError> {
        let tenant = self.tenant();
        maybe!(&mut self.tx, ImportJobView, JOB, tenant, id.uuid())
    }
}

impl SystemTx<'_> {
    /// Whether a job waits; a cheap look without the writer's place.
    pub(crate) async fn is_job_waiting(&mut self) -> Result<bool, StoreError> {
        Ok(maybe!(&mut self.tx, (Uuid,), WAITING, self.now)?.is_some())
    }

    /// Claims the oldest waiting job, or one whose claim ran out because a worker died.
    pub(crate) async fn claim_job(
        &mut self,
        claim: Uuid,
        lease_until: DateTime<Utc>,
    ) -> Result<Option<ClaimedJob>, StoreError> {
        let sql = self.tx.dialect(CLAIM_SQLITE, CLAIM_POSTGRES);
        maybe!(&mut self.tx, ClaimedJob, sql, claim, lease_until, self.now)
    }

    /// Gives a claim back, so that another worker need not wait for its lease to end.
    pub(crate) async fn release_job(&mut self, claim: Uuid) -> Result<(), StoreError> {
        run!(&mut self.tx, RELEASE, claim).map(drop)
    }
}
