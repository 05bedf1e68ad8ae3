//! Statements for route suggestions.

use chrono::{DateTime, NaiveDate, Utc};
use domain::ids::{RouteSuggestionId, RouteSuggestionKind, SourceSystemId, SourceSystemKind};
use sqlx::FromRow;
use sqlx::types::Json;
use uuid::Uuid;

use crate::db::EngineSql;
use crate::db::Key;
use crate::db::StoreError;
use crate::db::purpose::{Purge, SuggestionQueue};
use crate::db::{SystemTx, TenantTx};
use crate::identity::actors::{Administrator, ApiClient, Operator};
use domain::suggestions::{Options, Outcome, StopOutcomes, SuggestionStatus};

/// A suggestion with its plan and decisions.
#[derive(Debug, Clone, FromRow)]
pub struct SuggestionView {
    pub id: Key<RouteSuggestionKind>,
    /// The first day of the plan.
    pub date: NaiveDate,
    #[sqlx(try_from = "String")]
    pub status: SuggestionStatus,
    pub options: Json<Options>,
    /// Progress of the search in thousandths.
    pub progress: i64,
    pub cancel_requested: bool,
    /// The plan, once the status is completed.
    pub result: Option<Json<Outcome>>,
    /// The stops that were committed or found stale.
    pub decided: Json<StopOutcomes>,
    /// Incremented with every decision.
    pub revision: i64,
    pub created_at: DateTime<Utc>,
    pub finished_at: Option<DateTime<Utc>>,
}

/// The actions on a suggestion that are open.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SuggestionActions {
    /// Cancel the computation, unless that was requested already.
    pub can_cancel: bool,
    /// Commit stops or discard the suggestion.
    pub can_decide: bool,
}

impl SuggestionView {
    /// Returns the actions that are open. Reading a suggestion and deciding about it take the same permission.
    pub fn actions(&self) -> SuggestionActions {
        SuggestionActions {
            can_cancel: self.status.is_pending() && !self.cancel_requested,
            can_decide: self.status.is_decidable(),
        }
    }
}

/// A suggestion in a list.
#[derive(Debug, Clone, FromRow)]
pub struct SuggestionSummary {
    pub id: Key<RouteSuggestionKind>,
    /// The first day of the plan.
    pub date: NaiveDate,
    #[sqlx(try_from = "String")]
    pub status: SuggestionStatus,
    pub created_at: DateTime<Utc>,
}

/// A suggestion that a worker has claimed.
#[derive(Debug, Clone, FromRow)]
pub(crate) struct ClaimedSuggestion {
    pub tenant_id: Uuid,
    pub id: Key<RouteSuggestionKind>,
    pub date: NaiveDate,
    pub options: Json<Options>,
    pub source_system_id: Option<Key<SourceSystemKind>>,
}

const INSERT_SUGGESTION: &str = r"
    INSERT INTO route_suggestion (
        tenant_id, id, date, status, requested_by, source_system_id, options, progress, cancel_requested, decided,
        revision, created_at
    )
    VALUES ($1, $2, $3, 'queued', $4, $5, $6, 0, $7, $8, 0, $9)
";
macro_rules! select_suggestion {
    ($rest:literal) => {
        concat!(
            r"
                SELECT
                    id, date, status, options, progress, cancel_requested, result, decided, revision,
                    created_at, finished_at
                FROM route_suggestion
                WHERE tenant_id = $1
            ",
            $rest
        )
    };
}
const SELECT_SUGGESTION: &str = select_suggestion!("AND id = $2");
const SELECT_OWN_SUGGESTION: &str = select_suggestion!("AND id = $2 AND source_system_id = $3");
const SELECT_OWN_SUGGESTIONS: &str = select_suggestion!(
    "AND source_system_id = $2 AND (created_at, id) < ($3, $4) ORDER BY created_at DESC, id DESC LIMIT $5"
);
const SELECT_SUGGESTIONS: &str = r"
    SELECT id, date, status, created_at
    FROM route_suggestion
    WHERE tenant_id = $1
    ORDER BY created_at DESC, id DESC
    LIMIT $2
";
const COUNT_OPEN_SUGGESTIONS: &str =
    "SELECT count(*) FROM route_suggestion WHERE tenant_id = $1 AND status IN ('queued', 'running')";
const REQUEST_CANCEL: &str = r"
    UPDATE route_suggestion
    SET cancel_requested = $3, revision = revision + 1
    WHERE tenant_id = $1
      AND id = $2
      AND status IN ('queued', 'running')
";
const UPDATE_DECIDED: &str = r"
    UPDATE route_suggestion
    SET decided = $3, revision = revision + 1
    WHERE tenant_id = $1
      AND id = $2
      AND revision = $4
      AND status = 'completed'
";
const DISCARD: &str = r"
    UPDATE route_suggestion
    SET status = 'discarded', revision = revision + 1
    WHERE tenant_id = $1
      AND id = $2
      AND status = 'completed'
";
static CLAIM: EngineSql = EngineSql::new(
    r"
    UPDATE route_suggestion
    SET status = 'running', claim = $1, claimed_until = $2
    WHERE (tenant_id, id) IN (
        SELECT candidate.tenant_id, candidate.id
        FROM route_suggestion AS candidate
        WHERE candidate.status = 'queued' OR (candidate.status = 'running' AND candidate.claimed_until <= $3)
        ORDER BY candidate.created_at, candidate.id
        LIMIT 1
        FOR UPDATE OF candidate SKIP LOCKED
    )
    RETURNING tenant_id, id, date, options, source_system_id
",
);
const SELECT_CLAIMABLE: &str = r"
    SELECT id
    FROM route_suggestion
    WHERE status = 'queued' OR (status = 'running' AND claimed_until <= $1)
    LIMIT 1
";
/// Returns no row if the claim is lost.
const RENEW_CLAIM: &str = r"
    UPDATE route_suggestion
    SET progress = $4, claimed_until = $5
    WHERE tenant_id = $1
      AND id = $2
      AND claim = $3
      AND status = 'running'
    RETURNING cancel_requested
";
const RELEASE_CLAIM: &str = r"
    UPDATE route_suggestion
    SET status = 'queued', claim = NULL, claimed_until = NULL
    WHERE claim = $1
      AND status = 'running'
";
const FINISH: &str = r"
    UPDATE route_suggestion
    SET
        status = $4, result = $5, progress = 1000, finished_at = $6, claim = NULL, claimed_until = NULL,
        revision = revision + 1
    WHERE tenant_id = $1
      AND id = $2
      AND claim = $3
      AND status = 'running'
";
const PURGE: &str = "DELETE FROM route_suggestion WHERE created_at < $1";

impl<A: Operator> TenantTx<'_, A> {
    pub(crate) async fn insert_suggestion(
        &mut self,
        id: RouteSuggestionId,
        date: NaiveDate,
        source: Option<SourceSystemId>,
        options: &Options,
    ) -> Result<(), StoreError> {
        let (tenant, now, label) = (self.tenant(), self.now, self.actor.label());
        self.tx
            .execute(
                INSERT_SUGGESTION,
                (
                    tenant,
                    id.uuid(),
                    date,
                    label,
                    source.map(domain::ids::Id::uuid),
                    Json(options),
                    false,
                    Json(StopOutcomes::default()),
                    now,
                ),
            )
            .await
            .map(drop)
    }

    /// Counts queued and running suggestions.
    pub(crate) async fn count_open_suggestions(&mut self) -> Result<i64, StoreError> {
        let tenant = self.tenant();
        let (count,) = self.tx.fetch_one::<(i64,)>(COUNT_OPEN_SUGGESTIONS, (tenant,)).await?;
        Ok(count)
    }
}

impl<A: Administrator> TenantTx<'_, A> {
    pub(crate) async fn suggestion(&mut self, id: RouteSuggestionId) -> Result<Option<SuggestionView>, StoreError> {
        let tenant = self.tenant();
        self.tx
            .fetch_optional::<SuggestionView>(SELECT_SUGGESTION, (tenant, id.uuid()))
            .await
    }

    /// Lists the latest suggestions.
    pub(crate) async fn suggestions(&mut self, limit: i64) -> Result<Vec<SuggestionSummary>, StoreError> {
        let tenant = self.tenant();
        self.tx
            .fetch_all::<SuggestionSummary>(SELECT_SUGGESTIONS, (tenant, limit))
            .await
    }

    /// Sets the cancel flag; returns false if the suggestion has ended.
    pub(crate) async fn request_suggestion_cancel(&mut self, id: RouteSuggestionId) -> Result<bool, StoreError> {
        let tenant = self.tenant();
        Ok(self.tx.execute(REQUEST_CANCEL, (tenant, id.uuid(), true)).await? == 1)
    }

    /// Stores the decisions about its stops; returns false if the revision is outdated.
    pub(crate) async fn set_decided(
        &mut self,
        id: RouteSuggestionId,
        decided: &StopOutcomes,
        revision: i64,
    ) -> Result<bool, StoreError> {
        let tenant = self.tenant();
        Ok(self
            .tx
            .execute(UPDATE_DECIDED, (tenant, id.uuid(), Json(decided), revision))
            .await?
            == 1)
    }

    pub(crate) async fn discard_suggestion(&mut self, id: RouteSuggestionId) -> Result<bool, StoreError> {
        let tenant = self.tenant();
        Ok(self.tx.execute(DISCARD, (tenant, id.uuid())).await? == 1)
    }

    /// Stores the progress and renews the claim; returns the cancel flag, or `None` if the claim is lost.
    pub(crate) async fn renew_suggestion(
        &mut self,
        id: RouteSuggestionId,
        claim: Uuid,
        progress: i64,
        until: DateTime<Utc>,
    ) -> Result<Option<bool>, StoreError> {
        let tenant = self.tenant();
        Ok(self
            .tx
            .fetch_optional::<(bool,)>(RENEW_CLAIM, (tenant, id.uuid(), claim, progress, until))
            .await?
            .map(|(cancel_requested,)| cancel_requested))
    }

    /// Stores the final status and plan; returns false if the claim is lost.
    pub(crate) async fn finish_suggestion(
        &mut self,
        id: RouteSuggestionId,
        claim: Uuid,
        status: SuggestionStatus,
        outcome: Option<&Outcome>,
    ) -> Result<bool, StoreError> {
        let (tenant, now) = (self.tenant(), self.now);
        let changed = self
            .tx
            .execute(
                FINISH,
                (tenant, id.uuid(), claim, status.name(), outcome.map(Json), now),
            )
            .await?;
        Ok(changed == 1)
    }
}

impl TenantTx<'_, ApiClient> {
    /// Finds a suggestion of the client's source system.
    pub(crate) async fn own_suggestion(&mut self, id: RouteSuggestionId) -> Result<Option<SuggestionView>, StoreError> {
        let (tenant, source) = (self.tenant(), self.actor.source_system().uuid());
        self.tx
            .fetch_optional::<SuggestionView>(SELECT_OWN_SUGGESTION, (tenant, id.uuid(), source))
            .await
    }

    /// Lists a page of the client's suggestions, newest first.
    pub(crate) async fn own_suggestions(
        &mut self,
        before: Option<(DateTime<Utc>, RouteSuggestionId)>,
        limit: i64,
    ) -> Result<Vec<SuggestionView>, StoreError> {
        let (tenant, source) = (self.tenant(), self.actor.source_system().uuid());
        let (at, id) = before.map_or((crate::db::far_future(), Uuid::max()), |(at, id)| (at, id.uuid()));
        self.tx
            .fetch_all::<SuggestionView>(SELECT_OWN_SUGGESTIONS, (tenant, source, at, id, limit))
            .await
    }
}

impl<P> SystemTx<'_, P> {
    pub(crate) async fn has_claimable_suggestion(&mut self) -> Result<bool, StoreError> {
        let now = self.now;
        Ok(self
            .tx
            .fetch_optional::<(Key<RouteSuggestionKind>,)>(SELECT_CLAIMABLE, (now,))
            .await?
            .is_some())
    }
}

impl SystemTx<'_, SuggestionQueue> {
    pub(crate) async fn claim_suggestion(
        &mut self,
        claim: Uuid,
        until: DateTime<Utc>,
    ) -> Result<Option<ClaimedSuggestion>, StoreError> {
        let sql = &CLAIM;
        self.tx
            .fetch_optional::<ClaimedSuggestion>(sql, (claim, until, self.now))
            .await
    }

    /// Releases a claim, so that another worker need not wait for the lease to end.
    pub(crate) async fn release_suggestion(&mut self, claim: Uuid) -> Result<(), StoreError> {
        self.tx.execute(RELEASE_CLAIM, (claim,)).await.map(drop)
    }
}

impl SystemTx<'_, Purge> {
    /// Deletes suggestions created before a time.
    pub(crate) async fn purge_suggestions(&mut self, before: DateTime<Utc>) -> Result<u64, StoreError> {
        self.tx.execute(PURGE, (before,)).await
    }
}
