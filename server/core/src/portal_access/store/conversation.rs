//! Portal statements for what belongs to a request: messages, offered time slots, uploaded files. They join the user's
//! grants through the request.

use domain::ids::{MessageId, RequestId};
use uuid::Uuid;

use crate::db::StoreError;
use crate::db::TenantTx;
use crate::identity::actors::Contact;
use crate::intake::{NewFile, RequestFileWriter};
use crate::portal_access::store::granted::{
    has_grant, in_force, is_own_request, may_read_request, reaches, reaches_own,
};
use crate::requests::model::{PublicMessage, SlotOption};
use crate::requests::{is_gone_option, select_slot_options};

/// Omits the author's name: to the requester, messages come from the organization.
const SELECT_MESSAGES: &str = concat!(
    r"
        SELECT *
        FROM (
            SELECT
                customer_message.id, customer_message.text, customer_message.asks, customer_message.created_at,
                customer_message.staff_id IS NULL AS is_own
            FROM customer_message
            JOIN request ON request.tenant_id = customer_message.tenant_id
                AND request.id = customer_message.request_id
            WHERE customer_message.tenant_id = $1
              AND customer_message.request_id = $4
              AND
    ",
    may_read_request!(),
    r"
            ORDER BY customer_message.created_at DESC, customer_message.id DESC
            LIMIT 200
        ) AS newest
        ORDER BY created_at, id
    "
);
const INSERT_ANSWER: &str = concat!(
    r"
        INSERT INTO customer_message (tenant_id, id, request_id, asks, text, nonce, created_at)
        SELECT request.tenant_id, $5, request.id, $6, $7, $8, $3
        FROM request
        WHERE request.tenant_id = $1
          AND request.id = $4
          AND
    ",
    is_own_request!(),
    r"
        ON CONFLICT (tenant_id, request_id, nonce) DO NOTHING
    "
);
const MARK_ANSWERED: &str = concat!(
    r"
        UPDATE request
        SET asked_at = NULL, answered_at = $3, snoozed_until = NULL, updated_at = $3
        WHERE tenant_id = $1
          AND id = $4
          AND
    ",
    is_own_request!()
);
const SELECT_SLOT_OPTIONS: &str = select_slot_options!(concat!(
    r"
        AND slot_offer.request_id = $4
        AND EXISTS (
            SELECT 1
            FROM request
            WHERE request.tenant_id = slot_offer.tenant_id
              AND request.id = slot_offer.request_id
              AND
    ",
    is_own_request!(),
    ")"
));
const INSERT_FILE: &str = concat!(
    r"
        INSERT INTO request_attachment (
            tenant_id, id, request_id, file_name, media_type, size_bytes, content_hash, created_at, message_id
        )
        SELECT request.tenant_id, $5, request.id, $6, $7, $8, $9, $3, $10
        FROM request
        WHERE request.tenant_id = $1
          AND request.id = $4
          AND
    ",
    is_own_request!()
);

impl TenantTx<'_, Contact> {
    pub(crate) async fn public_messages(&mut self, request: RequestId) -> Result<Vec<PublicMessage>, StoreError> {
        let (tenant, account, now) = self.scope();
        self.tx
            .fetch_all::<PublicMessage>(SELECT_MESSAGES, (tenant, account, now, request.uuid()))
            .await
    }

    /// Inserts a message to dispatch about one of the user's requests; `None` if the nonce was used before.
    pub(crate) async fn insert_answer(
        &mut self,
        request: RequestId,
        text: &str,
        nonce: &str,
    ) -> Result<Option<MessageId>, StoreError> {
        let (tenant, account, now) = self.scope();
        let id: MessageId = self.new_id();
        let written = self
            .tx
            .execute(
                INSERT_ANSWER,
                (tenant, account, now, request.uuid(), id.uuid(), false, text, nonce),
            )
            .await?;
        if written == 1 {
            self.tx
                .execute(MARK_ANSWERED, (tenant, account, now, request.uuid()))
                .await?;
        }
        Ok((written == 1).then_some(id))
    }

    /// Lists the options of the open offer for one of the user's requests, and whether each is still available.
    pub(crate) async fn slot_options(&mut self, request: RequestId) -> Result<Vec<SlotOption>, StoreError> {
        let (tenant, account, now) = self.scope();
        self.tx
            .fetch_all::<SlotOption>(SELECT_SLOT_OPTIONS, (tenant, account, now, request.uuid()))
            .await
    }
}

impl RequestFileWriter for TenantTx<'_, Contact> {
    /// The origin is the account.
    async fn submitted_request(&mut self, _: Uuid, nonce: &str) -> Result<Option<RequestId>, StoreError> {
        self.request_by_nonce(nonce).await
    }

    /// Inserts a file of one of the user's requests.
    async fn insert_request_file(&mut self, request: RequestId, file: &NewFile<'_>) -> Result<(), StoreError> {
        let (tenant, account, now) = self.scope();
        self.tx
            .execute(
                INSERT_FILE,
                (
                    tenant,
                    account,
                    now,
                    request.uuid(),
                    file.id.uuid(),
                    file.file_name,
                    file.media_type,
                    file.size_bytes,
                    file.content_hash,
                    file.message.map(MessageId::uuid),
                ),
            )
            .await
            .map(drop)
    }
}
