//! Statements for the queue of emails: those that are due, held and done.

use chrono::{DateTime, Utc};
use domain::ids::{MailId, MailKindMarker};
use domain::intake::mails::{MailData, MailKind, MailStatus};
use sqlx::FromRow;
use sqlx::types::Json;
use uuid::Uuid;

use crate::branding::ContactColumns;
use crate::db::purpose::{MailQueue, Purge};
use crate::db::{EngineSql, Key, StoreError, SystemTx, Tx};
use crate::identity::actors::TenantId;
use crate::notifications::held::{HELD_AFTER, HeldDecision};
use crate::portal_access::has_tracking_page;

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
    /// Whether the recipient reads the request in the portal.
    pub is_read_in_portal: bool,
    /// The color of the organization.
    pub colour: Option<String>,
    /// How customers reach the organization.
    #[sqlx(flatten)]
    pub contact: ContactColumns,
}

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
const SELECT_CLAIMED_MAILS: &str = concat!(
    r"
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
        mail.attempts, request.tracking_token,
        (request.id IS NOT NULL AND NOT
    ",
    has_tracking_page!(),
    r"
        ) AS is_read_in_portal,
        branding.colour, branding.organisation_phone, branding.organisation_email, branding.organisation_hours, branding.organisation_emergency,
        branding.organisation_privacy, branding.organisation_imprint
    FROM mail
    LEFT JOIN portal_branding AS branding ON branding.tenant_id = mail.tenant_id
    LEFT JOIN request ON request.tenant_id = mail.tenant_id AND request.id = mail.request_id
    LEFT JOIN portal_link AS link ON link.tenant_id = mail.tenant_id AND link.id = mail.link_id
    LEFT JOIN password_link ON password_link.tenant_id = mail.tenant_id AND password_link.id = mail.link_id
    WHERE mail.status = 'waiting'
      AND mail.claim = $1
    ORDER BY mail.created_at, mail.id
    "
);
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
