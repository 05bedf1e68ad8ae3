//! Statements for internal notes and for messages between dispatch and the requester. They use separate tables, and
//! only the staff actor has statements that read notes.

use domain::ids::{MessageId, NoteId, RequestId, StaffId};

use crate::db::StoreError;
use crate::db::TenantTx;
use crate::identity::actors::{Staff, TrackingRequester};
use crate::requests::model::{MessageEntry, NoteEntry, PublicMessage};

const INSERT_NOTE: &str = r"
    INSERT INTO internal_note (tenant_id, id, request_id, staff_id, text, created_at)
    VALUES ($1, $2, $3, $4, $5, $6)
";
const SELECT_NOTES: &str = r"
    SELECT *
    FROM (
        SELECT
            internal_note.id, internal_note.text, internal_note.created_at,
            staff_account.display_name AS author
        FROM internal_note
        JOIN staff_account ON staff_account.tenant_id = internal_note.tenant_id
            AND staff_account.id = internal_note.staff_id
        WHERE internal_note.tenant_id = $1
          AND internal_note.request_id = $2
        ORDER BY internal_note.created_at DESC, internal_note.id DESC
        LIMIT 200
    ) AS newest
    ORDER BY created_at, id
";
const INSERT_MESSAGE: &str = r"
    INSERT INTO customer_message (tenant_id, id, request_id, staff_id, asks, text, nonce, created_at)
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
    ON CONFLICT (tenant_id, request_id, nonce) DO NOTHING
";
const SELECT_MESSAGES: &str = r"
    SELECT *
    FROM (
        SELECT
            customer_message.id, customer_message.text, customer_message.asks, customer_message.created_at,
            staff_account.display_name AS author
        FROM customer_message
        LEFT JOIN staff_account ON staff_account.tenant_id = customer_message.tenant_id
            AND staff_account.id = customer_message.staff_id
        WHERE customer_message.tenant_id = $1
          AND customer_message.request_id = $2
        ORDER BY customer_message.created_at DESC, customer_message.id DESC
        LIMIT 200
    ) AS newest
    ORDER BY created_at, id
";
/// Omits the author's name: to the requester, messages come from the organization.
const SELECT_PUBLIC_MESSAGES: &str = r"
    SELECT *
    FROM (
        SELECT
            customer_message.id, customer_message.text, customer_message.asks, customer_message.created_at,
            customer_message.staff_id IS NULL AS is_own
        FROM customer_message
        WHERE customer_message.tenant_id = $1
          AND customer_message.request_id = $2
        ORDER BY customer_message.created_at DESC, customer_message.id DESC
        LIMIT 200
    ) AS newest
    ORDER BY created_at, id
";
const MARK_ASKED: &str =
    "UPDATE request SET asked_at = $3, answered_at = NULL, updated_at = $3 WHERE tenant_id = $1 AND id = $2";
const MARK_ANSWERED: &str = r"
    UPDATE request
    SET asked_at = NULL, answered_at = $3, snoozed_until = NULL, updated_at = $3
    WHERE tenant_id = $1
      AND id = $2
";
/// Any message from dispatch answers a request to cancel or to reschedule; the requester can ask again.
const CLEAR_CHANGE_REQUESTS: &str = r"
    UPDATE request
    SET cancellation_requested_at = NULL, reschedule_requested_at = NULL
    WHERE tenant_id = $1
      AND id = $2
      AND (cancellation_requested_at IS NOT NULL OR reschedule_requested_at IS NOT NULL)
";
const MARK_ANSWER_READ: &str = r"
    UPDATE request
    SET answered_at = NULL
    WHERE tenant_id = $1
      AND id = $2
      AND answered_at IS NOT NULL
";

impl TenantTx<'_, Staff> {
    pub(crate) async fn insert_note(&mut self, request: RequestId, text: &str) -> Result<NoteId, StoreError> {
        let (tenant, now, author) = (self.tenant(), self.now, self.actor.id().uuid());
        let id: NoteId = self.new_id();
        self.tx
            .execute(INSERT_NOTE, (tenant, id.uuid(), request.uuid(), author, text, now))
            .await?;
        Ok(id)
    }

    pub(crate) async fn notes(&mut self, request: RequestId) -> Result<Vec<NoteEntry>, StoreError> {
        let tenant = self.tenant();
        self.tx
            .fetch_all::<NoteEntry>(SELECT_NOTES, (tenant, request.uuid()))
            .await
    }

    /// Inserts a message to the requester; `None` if the nonce was used before. A question is marked as open until it is
    /// answered.
    pub(crate) async fn insert_staff_message(
        &mut self,
        request: RequestId,
        text: &str,
        asks: bool,
        nonce: Option<&str>,
    ) -> Result<Option<MessageId>, StoreError> {
        let (tenant, now, author) = (self.tenant(), self.now, self.actor.id().uuid());
        let id: MessageId = self.new_id();
        let row = (tenant, id.uuid(), request.uuid(), Some(author), asks, text, nonce, now);
        if self.tx.execute(INSERT_MESSAGE, row).await? == 0 {
            return Ok(None);
        }
        self.tx.execute(CLEAR_CHANGE_REQUESTS, (tenant, request.uuid())).await?;
        if asks {
            self.tx.execute(MARK_ASKED, (tenant, request.uuid(), now)).await?;
        }
        Ok(Some(id))
    }

    pub(crate) async fn messages(&mut self, request: RequestId) -> Result<Vec<MessageEntry>, StoreError> {
        let tenant = self.tenant();
        self.tx
            .fetch_all::<MessageEntry>(SELECT_MESSAGES, (tenant, request.uuid()))
            .await
    }

    /// Marks the answer as read; returns false if there was no unread answer.
    pub(crate) async fn mark_reply_read(&mut self, request: RequestId) -> Result<bool, StoreError> {
        let tenant = self.tenant();
        Ok(self.tx.execute(MARK_ANSWER_READ, (tenant, request.uuid())).await? == 1)
    }
}

/// The requester's view of the conversation through a tracking link. Portal users have statements of their own, which
/// join the grant.
impl TenantTx<'_, TrackingRequester> {
    pub(crate) async fn public_messages(&mut self, request: RequestId) -> Result<Vec<PublicMessage>, StoreError> {
        let tenant = self.tenant();
        self.tx
            .fetch_all::<PublicMessage>(SELECT_PUBLIC_MESSAGES, (tenant, request.uuid()))
            .await
    }

    /// Inserts a message to dispatch; `None` if the nonce was used before.
    pub(crate) async fn insert_answer(
        &mut self,
        request: RequestId,
        text: &str,
        nonce: &str,
    ) -> Result<Option<MessageId>, StoreError> {
        let (tenant, now) = (self.tenant(), self.now);
        let id: MessageId = self.new_id();
        let none: Option<StaffId> = None;
        let written = self
            .tx
            .execute(
                INSERT_MESSAGE,
                (
                    tenant,
                    id.uuid(),
                    request.uuid(),
                    none.map(domain::ids::Id::uuid),
                    false,
                    text,
                    Some(nonce),
                    now,
                ),
            )
            .await?;
        if written == 1 {
            self.tx.execute(MARK_ANSWERED, (tenant, request.uuid(), now)).await?;
        }
        Ok((written == 1).then_some(id))
    }
}
