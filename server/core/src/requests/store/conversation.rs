//! What is written about a request: notes of the team, and messages between dispatch and the requester. Two tables, two
//! sets of statements; nobody outside the staff has one that reads notes.

use domain::ids::{MessageId, NoteId, RequestId, StaffId};

use crate::db::TenantTx;
use crate::db::{StoreError, all, run};
use crate::identity::actors::{Contact, Staff, TrackingRequester};
use crate::requests::model::{MessageLine, NoteLine, PublicMessage};

const INSERT_NOTE: &str =
    "INSERT INTO internal_note (tenant_id, id, request_id, staff_id, text, created_at) VALUES ($1, $2, $3, $4, $5, $6)";
const NOTES: &str = "SELECT * FROM (SELECT n.id, n.text, n.created_at, s.display_name AS author FROM internal_note n JOIN staff_account s ON s.tenant_id = n.tenant_id AND s.id = n.staff_id \
    WHERE n.tenant_id = $1 AND n.request_id = $2 ORDER BY n.created_at DESC, n.id DESC LIMIT 200) AS newest ORDER BY created_at, id";
const INSERT_MESSAGE: &str = "INSERT INTO customer_message (tenant_id, id, request_id, staff_id, asks, text, nonce, created_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8) ON CONFLICT (tenant_id, request_id, nonce) DO NOTHING";
const MESSAGES: &str = "SELECT * FROM (SELECT m.id, m.text, m.asks, m.created_at, s.display_name AS author FROM customer_message m LEFT JOIN staff_account s ON s.tenant_id = m.tenant_id AND s.id = m.staff_id \
    WHERE m.tenant_id = $1 AND m.request_id = $2 ORDER BY m.created_at DESC, m.id DESC LIMIT 200) AS newest ORDER BY created_at, id";
/// The same without the name of who wrote it: to the requester it is the organisation that writes.
const PUBLIC: &str = "SELECT * FROM (SELECT m.id, m.text, m.asks, m.created_at, m.staff_id IS NULL AS is_own FROM customer_message m WHERE m.tenant_id = $1 AND m.request_id = $2 ORDER BY m.created_at DESC, m.id DESC LIMIT 200) AS newest ORDER BY created_at, id";
const ASKED: &str =
    "UPDATE request SET asked_at = $3, answered_at = NULL, updated_at = $3 WHERE tenant_id = $1 AND id = $2";
const ANSWERED: &str = "UPDATE request SET asked_at = NULL, answered_at = $3, snoozed_until = NULL, updated_at = $3 WHERE tenant_id = $1 AND id = $2";
/// Whatever dispatch writes answers the wish to cancel; it can be uttered again.
const DECIDED: &str =
    "UPDATE request SET cancel_asked_at = NULL WHERE tenant_id = $1 AND id = $2 AND cancel_asked_at IS NOT NULL";
const READ: &str = "UPDATE request SET answered_at = NULL WHERE tenant_id = $1 AND id = $2 AND answered_at IS NOT NULL";

impl TenantTx<'_, Staff> {
    pub(crate) async fn insert_note(&mut self, request: RequestId, text: &str) -> Result<NoteId, StoreError> {
        let (tenant, now, author) = (self.tenant(), self.now, self.actor.id.uuid());
        let id: NoteId = self.new_id();
        run!(
            &mut self.tx,
            INSERT_NOTE,
            tenant,
            id.uuid(),
            request.uuid(),
            author,
            text,
            now
        )?;
        Ok(id)
    }

    pub(crate) async fn notes(&mut self, request: RequestId) -> Result<Vec<NoteLine>, StoreError> {
        let tenant = self.tenant();
        all!(&mut self.tx, NoteLine, NOTES, tenant, request.uuid())
    }

    /// Writes to the requester. A question waits for an answer.
    pub(crate) async fn insert_staff_message(
        &mut self,
        request: RequestId,
        text: &str,
        asks: bool,
    ) -> Result<MessageId, StoreError> {
        let (tenant, now, author) = (self.tenant(), self.now, self.actor.id.uuid());
        let id: MessageId = self.new_id();
        run!(
            &mut self.tx,
            INSERT_MESSAGE,
            tenant,
            id.uuid(),
            request.uuid(),
            Some(author),
            asks,
            text,
            None::<&str>,
            now
        )?;
        run!(&mut self.tx, DECIDED, tenant, request.uuid())?;
        if asks {
            run!(&mut self.tx, ASKED, tenant, request.uuid(), now)?;
        }
        Ok(id)
    }

    pub(crate) async fn messages(&mut self, request: RequestId) -> Result<Vec<MessageLine>, StoreError> {
        let tenant = self.tenant();
        all!(&mut self.tx, MessageLine, MESSAGES, tenant, request.uuid())
    }

    /// Somebody has taken note of the answer.
    pub(crate) async fn mark_answer_read(&mut self, request: RequestId) -> Result<bool, StoreError> {
        let tenant = self.tenant();
        Ok(run!(&mut self.tx, READ, tenant, request.uuid())? == 1)
    }
}

/// The conversation as the requester has it: behind a tracking link, and in the portal once a grant has shown the request.
macro_rules! requester {
    ($actor:ty) => {
        impl TenantTx<'_, $actor> {
            pub(crate) async fn public_messages(
                &mut self,
                request: RequestId,
            ) -> Result<Vec<PublicMessage>, StoreError> {
                let tenant = self.tenant();
                all!(&mut self.tx, PublicMessage, PUBLIC, tenant, request.uuid())
            }

            /// Writes to dispatch; false if this very form was sent before.
            pub(crate) async fn insert_answer(
                &mut self,
                request: RequestId,
                text: &str,
                nonce: &str,
            ) -> Result<bool, StoreError> {
                let (tenant, now) = (self.tenant(), self.now);
                let id: MessageId = self.new_id();
                let none: Option<StaffId> = None;
                let written = run!(
                    &mut self.tx,
                    INSERT_MESSAGE,
                    tenant,
                    id.uuid(),
                    request.uuid(),
                    none.map(domain::ids::Id::uuid),
                    false,
                    text,
                    Some(nonce),
                    now
                )?;
                if written == 1 {
                    run!(&mut self.tx, ANSWERED, tenant, request.uuid(), now)?;
                }
                Ok(written == 1)
            }
        }
    };
}
requester!(TrackingRequester);
requester!(Contact);
