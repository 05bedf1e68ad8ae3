//! SQL statements of the `notifications` module: the outbox and what its readers need.

pub(crate) mod queue;

use chrono::{DateTime, Utc};
use domain::ids::{MailId, RequestId, UndoId};
use domain::intake::Requester;
use domain::intake::mails::{MailData, MailKind, MailStatus, MailTopic};
use domain::locale::Locale;
use domain::requests::ServiceType;
use sqlx::FromRow;
use sqlx::types::Json;
use uuid::Uuid;

use crate::db::TenantTx;
use crate::db::far_future;
use crate::db::{StoreError, Tx};
use crate::identity::actors::{MayNotify, Staff, TenantId, TrackingRequester};
use crate::notifications::held::HELD_AFTER;
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
    /// Whether the portal user has accepted the invitation.
    pub is_active: bool,
    /// Whether the requester has unsubscribed from news about the request with the link of an email.
    pub is_unsubscribed: bool,
    /// The names of the topics that the portal user has turned off.
    pub muted_mails: Option<Json<Vec<String>>>,
    pub tenant_name: String,
    pub tenant_locale: String,
    pub words: Option<Json<domain::terminology::Terminology>>,
}

impl MailContext {
    /// Returns the topics that the portal user has turned off, or from which the requester has unsubscribed.
    pub(crate) fn muted(&self) -> Vec<MailTopic> {
        let names = self.muted_mails.iter().flat_map(|names| &names.0);
        let unsubscribed = self.is_unsubscribed.then_some(MailTopic::News);
        names
            .filter_map(|name| MailTopic::from_name(name))
            .chain(unsubscribed)
            .collect()
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

const SELECT_CONTEXT: &str = concat!(
    r"
    SELECT
        request.number, request.service_type, request.requester, account.email AS portal_email,
        account.locale AS portal_locale, contact.display_name AS portal_name, account.muted_mails,
        account.activated_at IS NOT NULL AS is_active,
        EXISTS (
            SELECT 1
            FROM mail_unsubscribe
            WHERE mail_unsubscribe.tenant_id = request.tenant_id
              AND mail_unsubscribe.request_id = request.id
        ) AS is_unsubscribed,
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
impl<A: MayNotify> TenantTx<'_, A> {
    pub(crate) async fn mail_context(&mut self, request: RequestId) -> Result<Option<MailContext>, StoreError> {
        let (tenant, now) = (self.tenant(), self.now);
        self.tx
            .fetch_optional::<MailContext>(SELECT_CONTEXT, (tenant, request.uuid(), now))
            .await
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
