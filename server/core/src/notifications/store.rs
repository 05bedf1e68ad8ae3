//! The outbox of mails.

use chrono::{DateTime, Utc};
use domain::ids::{MailId, MailKindMarker, RequestId, UndoId};
use domain::intake::Requester;
use domain::intake::mails::{MailData, MailKind, MailStatus};
use domain::locale::Locale;
use domain::requests::ServiceType;
use sqlx::FromRow;
use sqlx::types::Json;
use uuid::Uuid;

use crate::db::Key;
use crate::db::far_future;
use crate::db::{StoreError, Tx, all, maybe, one, run};
use crate::db::{SystemTx, TenantTx};
use crate::identity::actors::{Actor, Staff};
use crate::notifications::model::MailLine;

/// What a mail about a request needs to know.
#[derive(Debug, FromRow)]
pub(crate) struct MailContext {
    pub number: i64,
    #[sqlx(try_from = "String")]
    pub service_type: ServiceType,
    pub requester: Option<Json<Requester>>,
    pub portal_email: Option<String>,
    pub portal_locale: Option<String>,
    pub portal_name: Option<String>,
    pub tenant_name: String,
    pub tenant_locale: String,
    pub words: Option<Json<domain::terminology::Terminology>>,
}

/// A mail to write.
pub(crate) struct NewMail<'a> {
    pub kind: MailKind,
    pub recipient: &'a str,
    pub locale: Locale,
    pub data: &'a MailData,
    pub request: RequestId,
    pub undo: Option<UndoId>,
    pub status: MailStatus,
    pub not_before: DateTime<Utc>,
}

/// A mail that this worker has claimed.
#[derive(Debug, Clone, FromRow)]
pub(crate) struct ClaimedMail {
    pub tenant_id: Uuid,
    pub id: Key<MailKindMarker>,
    #[sqlx(try_from = "String")]
    pub kind: MailKind,
    pub recipient: String,
    pub locale: String,
    pub data: Json<MailData>,
    pub request_id: Option<Uuid>,
    pub link_id: Option<Uuid>,
    pub link_token: Option<Vec<u8>>,
    /// Whether the link of the mail was used or has ended meanwhile.
    pub link_is_void: bool,
    pub attempts: i64,
    pub tracking_token: Option<Vec<u8>>,
    pub portal_account_id: Option<Uuid>,
}

const CONTEXT: &str = "SELECT r.number, r.service_type, r.requester, p.email AS portal_email, p.locale AS portal_locale, k.display_name AS portal_name, t.name AS tenant_name, t.locale AS tenant_locale, w.words \
    FROM request r JOIN tenant t ON t.id = r.tenant_id LEFT JOIN portal_look w ON w.tenant_id = t.id \
    LEFT JOIN portal_account p ON p.tenant_id = r.tenant_id AND p.id = r.portal_account_id AND p.locked_at IS NULL AND EXISTS (SELECT 1 FROM portal_grant g WHERE g.tenant_id = p.tenant_id AND g.portal_account_id = p.id \
      AND g.customer_id = r.customer_id AND (g.location_id IS NULL OR g.location_id = r.location_id) AND g.revoked_at IS NULL AND g.valid_from <= $3 AND (g.valid_until IS NULL OR g.valid_until > $3)) \
    LEFT JOIN contact k ON k.tenant_id = p.tenant_id AND k.id = p.contact_id \
    WHERE r.tenant_id = $1 AND r.id = $2";
const REFUSED: &str = "SELECT count(*) FROM mail_refusal WHERE tenant_id = $1 AND request_id = $2";
const RECENT: &str = "SELECT count(*) FROM mail WHERE tenant_id = $1 AND recipient = $2 AND created_at > $3 AND kind = 'received' AND status <> 'refused'";
const INSERT: &str = "INSERT INTO mail (tenant_id, id, kind, recipient, locale, data, request_id, undo_id, status, attempts, next_attempt_at, created_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, 0, $10, $11)";
const TAKE_BACK: &str = "UPDATE mail SET status = 'cancelled' WHERE tenant_id = $1 AND undo_id = $2 AND request_id = $4 AND status = 'waiting' AND (claimed_until IS NULL OR claimed_until < $3)";
const GONE_OUT: &str = "SELECT count(*) FROM mail WHERE tenant_id = $1 AND undo_id = $2 AND request_id = $3 AND status IN ('waiting', 'sent', 'failed')";
const REFUSE: &str = "INSERT INTO mail_refusal (tenant_id, request_id, created_at) VALUES ($1, $2, $3) ON CONFLICT (tenant_id, request_id) DO NOTHING";
const LINES: &str = "SELECT m.id, m.kind, m.recipient, m.locale, m.data, m.request_id, m.status, m.attempts, m.last_error, m.created_at, m.sent_at FROM mail m \
    WHERE m.tenant_id = $1 AND (m.created_at, m.id) < ($2, $3) ORDER BY m.created_at DESC, m.id DESC LIMIT $4";
const LINE: &str = "SELECT m.id, m.kind, m.recipient, m.locale, m.data, m.request_id, m.status, m.attempts, m.last_error, m.created_at, m.sent_at FROM mail m WHERE m.tenant_id = $1 AND m.id = $2";

/// Mails that are due and that no worker holds, the oldest first.
const CLAIM_SQLITE: &str = "UPDATE mail SET claim = $1, claimed_until = $2, attempts = attempts + 1 WHERE (tenant_id, id) IN (SELECT tenant_id, id FROM mail \
    WHERE status = 'waiting' AND next_attempt_at <= $3 AND (claimed_until IS NULL OR claimed_until < $3) ORDER BY next_attempt_at LIMIT $4)";
const CLAIM_POSTGRES: &str = "UPDATE mail SET claim = $1, claimed_until = $2, attempts = attempts + 1 WHERE (tenant_id, id) IN (SELECT tenant_id, id FROM mail \
    WHERE status = 'waiting' AND next_attempt_at <= $3 AND (claimed_until IS NULL OR claimed_until < $3) ORDER BY next_attempt_at LIMIT $4 FOR UPDATE SKIP LOCKED)";
const CLAIMED: &str = "SELECT m.tenant_id, m.id, m.kind, m.recipient, m.locale, m.data, m.request_id, m.link_id, k.token AS link_token, (m.link_id IS NOT NULL AND (k.id IS NULL OR k.used_at IS NOT NULL OR k.expires_at <= $2)) AS link_is_void, m.attempts, r.tracking_token, r.portal_account_id \
    FROM mail m LEFT JOIN request r ON r.tenant_id = m.tenant_id AND r.id = m.request_id LEFT JOIN portal_link k ON k.tenant_id = m.tenant_id AND k.id = m.link_id \
    WHERE m.status = 'waiting' AND m.claim = $1 ORDER BY m.created_at, m.id";
const RECORD: &str = "UPDATE mail SET status = $4, last_error = $5, next_attempt_at = $6, sent_at = $7, claim = NULL, claimed_until = NULL WHERE tenant_id = $1 AND id = $2 AND claim = $3 AND status = 'waiting'";
const DELETE_OLD: &str = "DELETE FROM mail WHERE created_at < $1 AND status <> 'waiting'";

impl<A: Actor> TenantTx<'_, A> {
    pub(crate) async fn mail_context(&mut self, request: RequestId) -> Result<Option<MailContext>, StoreError> {
        let (tenant, now) = (self.tenant(), self.now);
        maybe!(&mut self.tx, MailContext, CONTEXT, tenant, request.uuid(), now)
    }

    /// Whether no mails about how this request goes on are wanted.
    pub(crate) async fn refuses_mails(&mut self, request: RequestId) -> Result<bool, StoreError> {
        let tenant = self.tenant();
        let (count,) = one!(&mut self.tx, (i64,), REFUSED, tenant, request.uuid())?;
        Ok(count > 0)
    }

    pub(crate) async fn receipts_since(&mut self, recipient: &str, since: DateTime<Utc>) -> Result<i64, StoreError> {
        let tenant = self.tenant();
        let (count,) = one!(&mut self.tx, (i64,), RECENT, tenant, recipient, since)?;
        Ok(count)
    }

    pub(crate) async fn insert_mail(&mut self, mail: &NewMail<'_>) -> Result<(), StoreError> {
        let (tenant, now) = (self.tenant(), self.now);
        let id: MailId = self.new_id();
        run!(
            &mut self.tx,
            INSERT,
            tenant,
            id.uuid(),
            mail.kind.name(),
            mail.recipient,
            mail.locale.tag(),
            Json(mail.data),
            mail.request.uuid(),
            mail.undo.map(domain::ids::Id::uuid),
            mail.status.name(),
            mail.not_before,
            now
        )
        .map(drop)
    }

    pub(crate) async fn refuse_mails(&mut self, request: RequestId) -> Result<bool, StoreError> {
        let (tenant, now) = (self.tenant(), self.now);
        Ok(run!(&mut self.tx, REFUSE, tenant, request.uuid(), now)? == 1)
    }
}

impl TenantTx<'_, Staff> {
    /// Takes back the mails of a decision about a request; false if one of them is on its way or was sent.
    pub(crate) async fn take_mails_back(&mut self, undo: UndoId, request: RequestId) -> Result<bool, StoreError> {
        let (tenant, now) = (self.tenant(), self.now);
        run!(&mut self.tx, TAKE_BACK, tenant, undo.uuid(), now, request.uuid())?;
        let (left,) = one!(&mut self.tx, (i64,), GONE_OUT, tenant, undo.uuid(), request.uuid())?;
        Ok(left == 0)
    }

    /// A page of mails, newest first.
    pub(crate) async fn mails(
        &mut self,
        before: Option<(DateTime<Utc>, MailId)>,
        limit: i64,
    ) -> Result<Vec<MailLine>, StoreError> {
        let tenant = self.tenant();
        let (at, id) = before.map_or((far_future(), Uuid::max()), |(at, id)| (at, id.uuid()));
        all!(&mut self.tx, MailLine, LINES, tenant, at, id, limit)
    }

    pub(crate) async fn mail(&mut self, id: MailId) -> Result<Option<MailLine>, StoreError> {
        let tenant = self.tenant();
        maybe!(&mut self.tx, MailLine, LINE, tenant, id.uuid())
    }
}

impl SystemTx<'_> {
    /// Claims mails that are due until a moment.
    pub(crate) async fn claim_mails(
        &mut self,
        claim: Uuid,
        until: DateTime<Utc>,
        limit: i64,
    ) -> Result<Vec<ClaimedMail>, StoreError> {
        let now = self.now;
        let sql = match self.tx {
            Tx::Sqlite(_) => CLAIM_SQLITE,
            Tx::Postgres(_) => CLAIM_POSTGRES,
        };
        if run!(&mut self.tx, sql, claim, until, now, limit)? == 0 {
            return Ok(Vec::new());
        }
        all!(&mut self.tx, ClaimedMail, CLAIMED, claim, now)
    }

    /// Records what became of a claimed mail.
    pub(crate) async fn record_mail(
        &mut self,
        mail: &ClaimedMail,
        claim: Uuid,
        status: MailStatus,
        error: Option<&str>,
        next: DateTime<Utc>,
    ) -> Result<(), StoreError> {
        let sent = (status == MailStatus::Sent).then_some(self.now);
        run!(
            &mut self.tx,
            RECORD,
            mail.tenant_id,
            mail.id,
            claim,
            status.name(),
            error,
            next,
            sent
        )
        .map(drop)
    }

    /// Removes mails that were made before a moment and wait for nothing.
    pub(crate) async fn purge_mails(&mut self, before: DateTime<Utc>) -> Result<u64, StoreError> {
        run!(&mut self.tx, DELETE_OLD, before)
    }
}
