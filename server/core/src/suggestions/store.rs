//! Route suggestions: asked for, claimed by the worker, kept with their reasons, decided stop by stop.

use chrono::{DateTime, NaiveDate, Utc};
use domain::ids::{RouteSuggestionId, RouteSuggestionKind, SourceSystemId, SourceSystemKind};
use sqlx::FromRow;
use sqlx::types::Json;
use uuid::Uuid;

use crate::db::Key;
use crate::db::{StoreError, all, maybe, run};
use crate::db::{SystemTx, TenantTx};
use crate::identity::actors::{Administrator, ApiClient, Operator};
use domain::suggestions::{Decided, Options, Outcome, SuggestionStatus};

/// A suggestion as it is kept.
#[derive(Debug, Clone, FromRow)]
pub struct SuggestionView {
    /// Its id.
    pub id: Key<RouteSuggestionKind>,
    /// The first day.
    pub date: NaiveDate,
    /// How far it is.
    #[sqlx(try_from = "String")]
    pub status: SuggestionStatus,
    /// What was asked.
    pub options: Json<Options>,
    /// In thousandths.
    pub progress: i64,
    /// Whether somebody wants it stopped.
    pub cancel_asked: bool,
    /// The plan, once it is there.
    pub result: Option<Json<Outcome>>,
    /// What became of its stops.
    pub decided: Json<Decided>,
    /// Counts the changes.
    pub revision: i64,
    /// When it was asked for.
    pub created_at: DateTime<Utc>,
    /// When it ended.
    pub finished_at: Option<DateTime<Utc>>,
}

/// A suggestion in a list.
#[derive(Debug, Clone, FromRow)]
pub struct SuggestionLine {
    /// Its id.
    pub id: Key<RouteSuggestionKind>,
    /// The first day.
    pub date: NaiveDate,
    /// How far it is.
    #[sqlx(try_from = "String")]
    pub status: SuggestionStatus,
    /// When it was asked for.
    pub created_at: DateTime<Utc>,
}

/// A suggestion that the worker holds.
#[derive(Debug, Clone, FromRow)]
pub(crate) struct ClaimedSuggestion {
    pub tenant_id: Uuid,
    pub id: Key<RouteSuggestionKind>,
    pub date: NaiveDate,
    pub options: Json<Options>,
    pub source_system_id: Option<Key<SourceSystemKind>>,
}

const INSERT: &str = "INSERT INTO route_suggestion (tenant_id, id, date, status, asked_by, source_system_id, options, progress, cancel_asked, decided, revision, created_at) \
    VALUES ($1, $2, $3, 'queued', $4, $5, $6, 0, $7, $8, 0, $9)";
macro_rules! view {
    ($rest:literal) => {
        concat!(
            "SELECT id, date, status, options, progress, cancel_asked, result, decided, revision, created_at, finished_at FROM route_suggestion WHERE tenant_id = $1 ",
            $rest
        )
    };
}
const ONE: &str = view!("AND id = $2");
const OWN: &str = view!("AND id = $2 AND source_system_id = $3");
const OWN_LIST: &str =
    view!("AND source_system_id = $2 AND (created_at, id) < ($3, $4) ORDER BY created_at DESC, id DESC LIMIT $5");
const LIST: &str = "SELECT id, date, status, created_at FROM route_suggestion WHERE tenant_id = $1 ORDER BY created_at DESC, id DESC LIMIT $2";
const OPEN: &str = "SELECT count(*) FROM route_suggestion WHERE tenant_id = $1 AND status IN ('queued', 'running')";
const ASK_CANCEL: &str = "UPDATE route_suggestion SET cancel_asked = $3, revision = revision + 1 WHERE tenant_id = $1 AND id = $2 AND status IN ('queued', 'running')";
const SET_DECIDED: &str = "UPDATE route_suggestion SET decided = $3, revision = revision + 1 WHERE tenant_id = $1 AND id = $2 AND revision = $4 AND status = 'completed'";
const DISCARD: &str = "UPDATE route_suggestion SET status = 'discarded', revision = revision + 1 WHERE tenant_id = $1 AND id = $2 AND status = 'completed'";
const CLAIM_SQLITE: &str = "UPDATE route_suggestion SET status = 'running', claim = $1, claimed_until = $2 WHERE (tenant_id, id) IN (\
    SELECT s.tenant_id, s.id FROM route_suggestion s WHERE s.status = 'queued' OR (s.status = 'running' AND s.claimed_until <= $3) ORDER BY s.created_at, s.id LIMIT 1) \
    RETURNING tenant_id, id, date, options, source_system_id";
const CLAIM_POSTGRES: &str = "UPDATE route_suggestion SET status = 'running', claim = $1, claimed_until = $2 WHERE (tenant_id, id) IN (\
    SELECT s.tenant_id, s.id FROM route_suggestion s WHERE s.status = 'queued' OR (s.status = 'running' AND s.claimed_until <= $3) ORDER BY s.created_at, s.id LIMIT 1 FOR UPDATE OF s SKIP LOCKED) \
    RETURNING tenant_id, id, date, options, source_system_id";
const WAITING: &str =
    "SELECT id FROM route_suggestion WHERE status = 'queued' OR (status = 'running' AND claimed_until <= $1) LIMIT 1";
/// The answer says whether somebody wants it stopped; none if the claim is lost.
const RENEW: &str = "UPDATE route_suggestion SET progress = $4, claimed_until = $5 WHERE tenant_id = $1 AND id = $2 AND claim = $3 AND status = 'running' RETURNING cancel_asked";
const FINISH: &str = "UPDATE route_suggestion SET status = $4, result = $5, progress = 1000, finished_at = $6, claim = NULL, claimed_until = NULL, revision = revision + 1 WHERE tenant_id = $1 AND id = $2 AND claim = $3 AND status = 'running'";
const FORGET: &str = "DELETE FROM route_suggestion WHERE created_at < $1";

impl<A: Operator> TenantTx<'_, A> {
    pub(crate) async fn insert_suggestion(
        &mut self,
        id: RouteSuggestionId,
        date: NaiveDate,
        source: Option<SourceSystemId>,
        options: &Options,
    ) -> Result<(), StoreError> {
        let (tenant, now, label) = (self.tenant(), self.now, self.actor.label());
        run!(
            &mut self.tx,
            INSERT,
            tenant,
            id.uuid(),
            date,
            label,
            source.map(domain::ids::Id::uuid),
            Json(options),
            false,
            Json(Decided::default()),
            now
        )
        .map(drop)
    }

    /// How many are on their way.
    pub(crate) async fn open_suggestions(&mut self) -> Result<i64, StoreError> {
        let tenant = self.tenant();
        let (count,) = crate::db::one!(&mut self.tx, (i64,), OPEN, tenant)?;
        Ok(count)
    }
}

impl<A: Administrator> TenantTx<'_, A> {
    pub(crate) async fn suggestion(&mut self, id: RouteSuggestionId) -> Result<Option<SuggestionView>, StoreError> {
        let tenant = self.tenant();
        maybe!(&mut self.tx, SuggestionView, ONE, tenant, id.uuid())
    }

    /// The latest ones.
    pub(crate) async fn suggestions(&mut self, limit: i64) -> Result<Vec<SuggestionLine>, StoreError> {
        let tenant = self.tenant();
        all!(&mut self.tx, SuggestionLine, LIST, tenant, limit)
    }

    /// Wants it stopped; false if it has ended.
    pub(crate) async fn ask_to_stop_suggestion(&mut self, id: RouteSuggestionId) -> Result<bool, StoreError> {
        let tenant = self.tenant();
        Ok(run!(&mut self.tx, ASK_CANCEL, tenant, id.uuid(), true)? == 1)
    }

    /// Notes what became of its stops; false if somebody else did meanwhile.
    pub(crate) async fn set_decided(
        &mut self,
        id: RouteSuggestionId,
        decided: &Decided,
        revision: i64,
    ) -> Result<bool, StoreError> {
        let tenant = self.tenant();
        Ok(run!(&mut self.tx, SET_DECIDED, tenant, id.uuid(), Json(decided), revision)? == 1)
    }

    pub(crate) async fn discard_suggestion(&mut self, id: RouteSuggestionId) -> Result<bool, StoreError> {
        let tenant = self.tenant();
        Ok(run!(&mut self.tx, DISCARD, tenant, id.uuid())? == 1)
    }

    /// How far it is; the answer says whether somebody wants it stopped, and is none if another worker has it.
    pub(crate) async fn renew_suggestion(
        &mut self,
        id: RouteSuggestionId,
        claim: Uuid,
        progress: i64,
        until: DateTime<Utc>,
    ) -> Result<Option<bool>, StoreError> {
        let tenant = self.tenant();
        Ok(maybe!(&mut self.tx, (bool,), RENEW, tenant, id.uuid(), claim, progress, until)?.map(|(asked,)| asked))
    }

    /// Ends it; false if another worker has it.
    pub(crate) async fn finish_suggestion(
        &mut self,
        id: RouteSuggestionId,
        claim: Uuid,
        status: SuggestionStatus,
        outcome: Option<&Outcome>,
    ) -> Result<bool, StoreError> {
        let (tenant, now) = (self.tenant(), self.now);
        let changed = run!(
            &mut self.tx,
            FINISH,
            tenant,
            id.uuid(),
            claim,
            status.name(),
            outcome.map(Json),
            now
        )?;
        Ok(changed == 1)
    }
}

impl TenantTx<'_, ApiClient> {
    /// One of the own source's suggestions.
    pub(crate) async fn own_suggestion(&mut self, id: RouteSuggestionId) -> Result<Option<SuggestionView>, StoreError> {
        let (tenant, source) = (self.tenant(), self.actor.source_system.uuid());
        maybe!(&mut self.tx, SuggestionView, OWN, tenant, id.uuid(), source)
    }

    /// A page of them, newest first.
    pub(crate) async fn own_suggestions(
        &mut self,
        before: Option<(DateTime<Utc>, RouteSuggestionId)>,
        limit: i64,
    ) -> Result<Vec<SuggestionView>, StoreError> {
        let (tenant, source) = (self.tenant(), self.actor.source_system.uuid());
        let (at, id) = before.map_or((crate::db::far_future(), Uuid::max()), |(at, id)| (at, id.uuid()));
        all!(&mut self.tx, SuggestionView, OWN_LIST, tenant, source, at, id, limit)
    }
}

impl SystemTx<'_> {
    pub(crate) async fn is_suggestion_waiting(&mut self) -> Result<bool, StoreError> {
        let now = self.now;
        Ok(maybe!(&mut self.tx, (Key<RouteSuggestionKind>,), WAITING, now)?.is_some())
    }

    pub(crate) async fn claim_suggestion(
        &mut self,
        claim: Uuid,
        until: DateTime<Utc>,
    ) -> Result<Option<ClaimedSuggestion>, StoreError> {
        let sql = self.tx.dialect(CLAIM_SQLITE, CLAIM_POSTGRES);
        maybe!(&mut self.tx, ClaimedSuggestion, sql, claim, until, self.now)
    }

    /// Removes those that were asked for before a moment.
    pub(crate) async fn forget_suggestions(&mut self, before: DateTime<Utc>) -> Result<u64, StoreError> {
        run!(&mut self.tx, FORGET, before)
    }
}
