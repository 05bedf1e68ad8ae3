//! Statements for the email outbox.

use chrono::{DateTime, Utc};
use domain::ids::{MailId, MailKindMarker, RequestId, UndoId};
use domain::intake::Requester;
use domain::intake::mails::{MailData, MailKind, MailStatus, MailTopic};
use domain::locale::Locale;
use domain::requests::ServiceType;
use sqlx::FromRow;
use sqlx::types::Json;
use uuid::Uuid;

use crate::branding::ContactColumns;
use crate::db::EngineSql;
use crate::db::Key;
use crate::db::far_future;
use crate::db::purpose::{MailQueue, Purge};
use crate::db::{StoreError, Tx};
use crate::db::{SystemTx, TenantTx};
use crate::identity::actors::{MayNotify, Staff, TenantId, TrackingRequester};
use crate::notifications::held::{HELD_AFTER, HeldDecision};
use crate::notifications::model::MailSummary;
use crate::notifications::reach::FailedMail;
use crate::portal_access::{in_force, reaches, reaches_own};

/// The data of a request that an email needs.
#[derive(Debug, FromRow)]
pub(crate) struct MailContext {
    pub number: i64,
    #[sqlx(try_from = "String")]
    pub service_type: ServiceType,
    pub requester: Option<Json<Requester>>,
    pub portal_email: Option<String>,
    pub portal_locale: Option<String>,
    pub portal_name: Option<String>,
    /// The names of the topics that the portal user has turned off.
    pub muted_mails: Option<Json<Vec<String>>>,
    pub tenant_name: String,
    pub tenant_locale: String,
    pub words: Option<Json<domain::terminology::Terminology>>,
}

impl MailContext {
    /// Returns the topics that the portal user has turned off.
    pub(crate) fn muted(&self) -> Vec<MailTopic> {
        let names = self.muted_mails.iter().flat_map(|names| &names.0);
        names.filter_map(|name| MailTopic::from_name(name)).collect()
    }
}

/// An email to enqueue.
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

/// An email that this worker has claimed.
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
    /// The realm of a link that sets a new password of staff or partners.
    pub link_realm: Option<String>,
    /// Whether the link of the email was used, has expired or was deleted.
    pub link_is_void: bool,
    pub attempts: i64,
    pub tracking_token: Option<Vec<u8>>,
    pub portal_account_id: Option<Uuid>,
    /// How customers reach the organization.
    #[sqlx(flatten)]
    pub contact: ContactColumns,
}

const SELECT_CONTEXT: &str = concat!(
    r"
    SELECT
        request.number, request.service_type, request.requester, account.email AS portal_email,
        account.locale AS portal_locale, contact.display_name AS portal_name, account.muted_mails,
        tenant.name AS tenant_name, tenant.locale AS tenant_locale, branding.words
    FROM request
    JOIN tenant ON tenant.id = request.tenant_id
    LEFT JOIN portal_branding AS branding ON branding.tenant_id = tenant.id
    LEFT JOIN portal_account AS account ON account.tenant_id = request.tenant_id
        AND account.id = request.portal_account_id
        AND account.locked_at IS NULL
        AND EXISTS (
            SELECT 1
            FROM portal_grant
            WHERE portal_grant.tenant_id = account.tenant_id
              AND portal_grant.portal_account_id = account.id
              AND
    ",
    in_force!("portal_grant", "$3"),
    " AND ",
    reaches_own!("portal_grant", "request.customer_id", "request.location_id"),
    r"
        )
    LEFT JOIN contact ON contact.tenant_id = account.tenant_id AND contact.id = account.contact_id
    WHERE request.tenant_id = $1
      AND request.id = $2
    "
);
/// An email that is about no request, such as the state of an integration.
pub(crate) struct Notice<'a> {
    pub kind: MailKind,
    pub recipient: &'a str,
    pub locale: Locale,
    pub data: &'a MailData,
}

const INSERT_NOTICE: &str = r"
    INSERT INTO mail (
        tenant_id, id, kind, recipient, locale, data, status, attempts, next_attempt_at, created_at
    )
    VALUES ($1, $2, $3, $4, $5, $6, 'waiting', 0, $7, $7)
";

/// Enqueues an email that is about no request.
pub(crate) async fn insert_notice(
    tx: &mut Tx,
    tenant: TenantId,
    id: Uuid,
    now: DateTime<Utc>,
    notice: &Notice<'_>,
) -> Result<(), StoreError> {
    let row = (
        tenant.uuid(),
        id,
        notice.kind.name(),
        notice.recipient,
        notice.locale.tag(),
        Json(notice.data),
        now,
    );
    tx.execute(INSERT_NOTICE, row).await.map(drop)
}

const COUNT_UNSUBSCRIPTIONS: &str = r"
    SELECT count(*)
    FROM mail_unsubscribe
    WHERE tenant_id = $1
      AND request_id = $2
";
const COUNT_RECEIPTS_SINCE: &str = r"
    SELECT count(*)
    FROM mail
    WHERE tenant_id = $1
      AND recipient = $2
      AND created_at > $3
      AND kind = 'received'
      AND status <> 'refused'
";
const INSERT_MAIL: &str = r"
    INSERT INTO mail (
        tenant_id, id, kind, recipient, locale, data, request_id, undo_id, status, attempts,
        next_attempt_at, created_at
    )
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, 0, $10, $11)
";
const CANCEL_MAILS: &str = r"
    UPDATE mail
    SET status = 'cancelled'
    WHERE tenant_id = $1
      AND undo_id = $2
      AND request_id = $4
      AND status = 'waiting'
      AND (claimed_until IS NULL OR claimed_until < $3)
";
const COUNT_UNCANCELLED_MAILS: &str = r"
    SELECT count(*)
    FROM mail
    WHERE tenant_id = $1
      AND undo_id = $2
      AND request_id = $3
      AND status IN ('waiting', 'sent', 'failed')
";
const INSERT_UNSUBSCRIPTION: &str = r"
    INSERT INTO mail_unsubscribe (tenant_id, request_id, created_at)
    VALUES ($1, $2, $3)
    ON CONFLICT (tenant_id, request_id) DO NOTHING
";
const SELECT_MAILS: &str = r"
    SELECT
        mail.id, mail.kind, mail.recipient, mail.locale, mail.data, mail.request_id, mail.status,
        mail.attempts, mail.last_error, mail.created_at, mail.sent_at,
        (
            mail.status = 'waiting' AND mail.attempts = 0 AND mail.released_at IS NULL
            AND (mail.needs_review OR mail.next_attempt_at <= $5)
        ) AS is_held, mail.needs_review
    FROM mail
    WHERE mail.tenant_id = $1
      AND (mail.created_at, mail.id) < ($2, $3)
    ORDER BY mail.created_at DESC, mail.id DESC
    LIMIT $4
";
const SELECT_MAIL: &str = r"
    SELECT
        mail.id, mail.kind, mail.recipient, mail.locale, mail.data, mail.request_id, mail.status,
        mail.attempts, mail.last_error, mail.created_at, mail.sent_at,
        (
            mail.status = 'waiting' AND mail.attempts = 0 AND mail.released_at IS NULL
            AND (mail.needs_review OR mail.next_attempt_at <= $3)
        ) AS is_held, mail.needs_review
    FROM mail
    WHERE mail.tenant_id = $1
      AND mail.id = $2
";

const SELECT_SOURCE_OF_REQUEST: &str = r"
    SELECT source.key
    FROM request
    JOIN source_system AS source ON source.tenant_id = request.tenant_id
        AND source.id = request.source_system_id
    WHERE request.tenant_id = $1
      AND request.id = $2
";
/// The latest email about a request, if it failed.
const SELECT_LATEST_FAILED_MAIL: &str = r"
    SELECT mail.id, mail.recipient, mail.last_error, mail.created_at
    FROM mail
    WHERE mail.tenant_id = $1
      AND mail.request_id = $2
      AND mail.status = 'failed'
      AND NOT EXISTS (
          SELECT 1
          FROM mail AS later
          WHERE later.tenant_id = mail.tenant_id
            AND later.request_id = mail.request_id
            AND later.status = 'sent'
            AND (later.created_at, later.id) > (mail.created_at, mail.id)
      )
    ORDER BY mail.created_at DESC, mail.id DESC
    LIMIT 1
";

/// Claims due emails without a valid claim, oldest first.
static CLAIM_MAILS: EngineSql = EngineSql::new(
    r"
    UPDATE mail
    SET claim = $1, claimed_until = $2, attempts = attempts + 1
    WHERE (tenant_id, id) IN (
        SELECT tenant_id, id
        FROM mail
        WHERE status = 'waiting'
          AND next_attempt_at <= $3
          AND (attempts > 0 OR released_at IS NOT NULL OR (next_attempt_at > $5 AND NOT needs_review))
          AND (claimed_until IS NULL OR claimed_until < $3)
        ORDER BY next_attempt_at
        LIMIT $4
        FOR UPDATE SKIP LOCKED
    )
",
);
const SELECT_CLAIMED_MAILS: &str = r"
    SELECT
        mail.tenant_id, mail.id, mail.kind, mail.recipient, mail.locale, mail.data, mail.request_id,
        mail.link_id, coalesce(link.token, password_link.token) AS link_token,
        CASE
            WHEN password_link.staff_account_id IS NOT NULL THEN 'staff'
            WHEN password_link.partner_account_id IS NOT NULL THEN 'partner'
        END AS link_realm,
        (
            mail.link_id IS NOT NULL
            AND (link.id IS NULL OR link.used_at IS NOT NULL OR link.expires_at <= $2)
            AND (
                password_link.id IS NULL OR password_link.used_at IS NOT NULL
                OR password_link.expires_at <= $2
            )
        ) AS link_is_void,
        mail.attempts, request.tracking_token, request.portal_account_id, branding.organisation_phone,
        branding.organisation_email, branding.organisation_hours
    FROM mail
    LEFT JOIN portal_branding AS branding ON branding.tenant_id = mail.tenant_id
    LEFT JOIN request ON request.tenant_id = mail.tenant_id AND request.id = mail.request_id
    LEFT JOIN portal_link AS link ON link.tenant_id = mail.tenant_id AND link.id = mail.link_id
    LEFT JOIN password_link ON password_link.tenant_id = mail.tenant_id AND password_link.id = mail.link_id
    WHERE mail.status = 'waiting'
      AND mail.claim = $1
    ORDER BY mail.created_at, mail.id
";
const COUNT_HELD_MAILS: &str = r"
    SELECT count(*), min(next_attempt_at)
    FROM mail
    WHERE tenant_id = $1
      AND status = 'waiting'
      AND attempts = 0
      AND released_at IS NULL
      AND (needs_review OR next_attempt_at <= $2)
";
const SEND_HELD_MAILS: &str = r"
    UPDATE mail
    SET released_at = $3, next_attempt_at = $3
    WHERE tenant_id = $1
      AND status = 'waiting'
      AND attempts = 0
      AND released_at IS NULL
      AND (needs_review OR next_attempt_at <= $2)
      AND ($4 IS NULL OR id = $4)
";
const DROP_HELD_MAILS: &str = r"
    UPDATE mail
    SET status = 'cancelled', released_at = $3
    WHERE tenant_id = $1
      AND status = 'waiting'
      AND attempts = 0
      AND released_at IS NULL
      AND (needs_review OR next_attempt_at <= $2)
      AND ($4 IS NULL OR id = $4)
";
const UPDATE_MAIL: &str = r"
    UPDATE mail
    SET status = $4, last_error = $5, next_attempt_at = $6, sent_at = $7, claim = NULL, claimed_until = NULL
    WHERE tenant_id = $1
      AND id = $2
      AND claim = $3
      AND status = 'waiting'
";
/// An email that was not attempted.
const RELEASE_MAIL: &str = r"
    UPDATE mail
    SET attempts = attempts - 1, claim = NULL, claimed_until = NULL
    WHERE tenant_id = $1
      AND id = $2
      AND claim = $3
      AND status = 'waiting'
";
const PURGE_MAILS: &str = "DELETE FROM mail WHERE created_at < $1 AND status <> 'waiting'";

/// Returns the number of held emails of a tenant and when the oldest was due.
pub(crate) async fn count_held(
    tx: &mut Tx,
    tenant: TenantId,
    now: DateTime<Utc>,
) -> Result<(i64, Option<DateTime<Utc>>), StoreError> {
    tx.fetch_one::<(i64, Option<DateTime<Utc>>)>(COUNT_HELD_MAILS, (tenant.uuid(), now - HELD_AFTER))
        .await
}

/// Releases held emails, all or one, and returns their number.
pub(crate) async fn decide_held(
    tx: &mut Tx,
    tenant: TenantId,
    now: DateTime<Utc>,
    decision: HeldDecision,
    id: Option<MailId>,
) -> Result<u64, StoreError> {
    let sql = match decision {
        HeldDecision::Send => SEND_HELD_MAILS,
        HeldDecision::Drop => DROP_HELD_MAILS,
    };
    let id = id.map(domain::ids::Id::uuid);
    tx.execute(sql, (tenant.uuid(), now - HELD_AFTER, now, id)).await
}

impl<A: MayNotify> TenantTx<'_, A> {
    pub(crate) async fn mail_context(&mut self, request: RequestId) -> Result<Option<MailContext>, StoreError> {
        let (tenant, now) = (self.tenant(), self.now);
        self.tx
            .fetch_optional::<MailContext>(SELECT_CONTEXT, (tenant, request.uuid(), now))
            .await
    }

    /// Returns whether the requester has unsubscribed from emails about the request.
    pub(crate) async fn has_unsubscribed(&mut self, request: RequestId) -> Result<bool, StoreError> {
        let tenant = self.tenant();
        let (count,) = self
            .tx
            .fetch_one::<(i64,)>(COUNT_UNSUBSCRIPTIONS, (tenant, request.uuid()))
            .await?;
        Ok(count > 0)
    }

    pub(crate) async fn count_receipts_since(
        &mut self,
        recipient: &str,
        since: DateTime<Utc>,
    ) -> Result<i64, StoreError> {
        let tenant = self.tenant();
        let (count,) = self
            .tx
            .fetch_one::<(i64,)>(COUNT_RECEIPTS_SINCE, (tenant, recipient, since))
            .await?;
        Ok(count)
    }

    pub(crate) async fn insert_mail(&mut self, mail: &NewMail<'_>) -> Result<(), StoreError> {
        let (tenant, now) = (self.tenant(), self.now);
        let id: MailId = self.new_id();
        self.tx
            .execute(
                INSERT_MAIL,
                (
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
                    now,
                ),
            )
            .await
            .map(drop)
    }
}

impl TenantTx<'_, TrackingRequester> {
    pub(crate) async fn insert_unsubscription(&mut self, request: RequestId) -> Result<bool, StoreError> {
        let (tenant, now) = (self.tenant(), self.now);
        Ok(self
            .tx
            .execute(INSERT_UNSUBSCRIPTION, (tenant, request.uuid(), now))
            .await?
            == 1)
    }
}

impl TenantTx<'_, Staff> {
    /// Cancels the emails of a decision about a request; returns `false` if one of them is being sent or was sent.
    pub(crate) async fn cancel_mails(&mut self, undo: UndoId, request: RequestId) -> Result<bool, StoreError> {
        let (tenant, now) = (self.tenant(), self.now);
        self.tx
            .execute(CANCEL_MAILS, (tenant, undo.uuid(), now, request.uuid()))
            .await?;
        let (uncancelled,) = self
            .tx
            .fetch_one::<(i64,)>(COUNT_UNCANCELLED_MAILS, (tenant, undo.uuid(), request.uuid()))
            .await?;
        Ok(uncancelled == 0)
    }

    /// Returns the key of the source system that a request came from.
    pub(crate) async fn source_of_request(&mut self, request: RequestId) -> Result<Option<String>, StoreError> {
        let tenant = self.tenant();
        let found = self
            .tx
            .fetch_optional::<(String,)>(SELECT_SOURCE_OF_REQUEST, (tenant, request.uuid()))
            .await?;
        Ok(found.map(|(key,)| key))
    }

    /// Returns the latest email about a request that failed, unless a later one was sent.
    pub(crate) async fn latest_failed_mail(&mut self, request: RequestId) -> Result<Option<FailedMail>, StoreError> {
        let tenant = self.tenant();
        self.tx
            .fetch_optional::<FailedMail>(SELECT_LATEST_FAILED_MAIL, (tenant, request.uuid()))
            .await
    }

    /// Returns a page of emails, newest first.
    pub(crate) async fn mails(
        &mut self,
        before: Option<(DateTime<Utc>, MailId)>,
        limit: i64,
    ) -> Result<Vec<MailSummary>, StoreError> {
        let (tenant, now) = (self.tenant(), self.now);
        let (at, id) = before.map_or((far_future(), Uuid::max()), |(at, id)| (at, id.uuid()));
        self.tx
            .fetch_all::<MailSummary>(SELECT_MAILS, (tenant, at, id, limit, now - HELD_AFTER))
            .await
    }

    pub(crate) async fn mail(&mut self, id: MailId) -> Result<Option<MailSummary>, StoreError> {
        let (tenant, now) = (self.tenant(), self.now);
        self.tx
            .fetch_optional::<MailSummary>(SELECT_MAIL, (tenant, id.uuid(), now - HELD_AFTER))
            .await
    }
}

impl SystemTx<'_, MailQueue> {
    /// Claims due emails; the claim expires at `until`.
    pub(crate) async fn claim_mails(
        &mut self,
        claim: Uuid,
        until: DateTime<Utc>,
        limit: i64,
    ) -> Result<Vec<ClaimedMail>, StoreError> {
        let now = self.now;
        let arguments = (claim, until, now, limit, now - HELD_AFTER);
        if self.tx.execute(&CLAIM_MAILS, arguments).await? == 0 {
            return Ok(Vec::new());
        }
        self.tx
            .fetch_all::<ClaimedMail>(SELECT_CLAIMED_MAILS, (claim, now))
            .await
    }

    /// Records the result of an attempt.
    pub(crate) async fn record_mail_result(
        &mut self,
        mail: &ClaimedMail,
        claim: Uuid,
        status: MailStatus,
        error: Option<&str>,
        next: DateTime<Utc>,
    ) -> Result<(), StoreError> {
        let sent = (status == MailStatus::Sent).then_some(self.now);
        self.tx
            .execute(
                UPDATE_MAIL,
                (mail.tenant_id, mail.id, claim, status.name(), error, next, sent),
            )
            .await
            .map(drop)
    }

    /// Releases the claim of an email that was not attempted.
    pub(crate) async fn release_mail(&mut self, mail: &ClaimedMail, claim: Uuid) -> Result<(), StoreError> {
        self.tx
            .execute(RELEASE_MAIL, (mail.tenant_id, mail.id, claim))
            .await
            .map(drop)
    }
}

impl SystemTx<'_, Purge> {
    /// Deletes finished emails that were created before `before`.
    pub(crate) async fn purge_mails(&mut self, before: DateTime<Utc>) -> Result<u64, StoreError> {
        self.tx.execute(PURGE_MAILS, (before,)).await
    }
}
