//! Statements for the files of requests.

use domain::ids::{AttachmentId, MessageId, RequestId, TargetId};
use uuid::Uuid;

use crate::db::{StoreError, TenantTx};
use crate::files::scan_column;
use crate::identity::actors::{Actor, Staff, Submitter, TrackingRequester};
use crate::intake::model::FileSummary;
use crate::visits::FileRow;

/// A file of a request to insert; its content is already in the file store.
pub(crate) struct NewFile<'a> {
    pub id: AttachmentId,
    pub file_name: &'a str,
    pub media_type: &'a str,
    pub size_bytes: i64,
    pub content_hash: &'a [u8],
    /// The message that it came with.
    pub message: Option<MessageId>,
}

/// Whether staff sent `request_attachment` with a message.
macro_rules! is_from_staff {
    () => {
        r"
            EXISTS (
                SELECT 1
                FROM customer_message AS sent
                WHERE sent.tenant_id = request_attachment.tenant_id
                  AND sent.id = request_attachment.message_id
                  AND sent.staff_id IS NOT NULL
            )
        "
    };
}
pub(crate) use is_from_staff;

const INSERT_FILE: &str = r"
    INSERT INTO request_attachment (
        tenant_id, id, request_id, file_name, media_type, size_bytes, content_hash, created_at, message_id
    )
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)
";
const SELECT_FILES: &str = concat!(
    "SELECT id, message_id, file_name, media_type, size_bytes, ",
    scan_column!("request_attachment"),
    r"
        FROM request_attachment
        WHERE tenant_id = $1
          AND request_id = $2
        ORDER BY file_name, id
    "
);
const SELECT_FILE: &str =
    "SELECT file_name, media_type, content_hash FROM request_attachment WHERE tenant_id = $1 AND id = $2";
/// What the requester sent; files that staff sent are for the requester.
const SELECT_FILES_OF_JOB: &str = concat!(
    "SELECT request_attachment.id, request_attachment.file_name, request_attachment.media_type, request_attachment.size_bytes, \
     request_attachment.message_id, ",
    scan_column!("request_attachment"),
    r"
        FROM request_attachment
        JOIN request ON request.tenant_id = request_attachment.tenant_id
            AND request.id = request_attachment.request_id
        WHERE request_attachment.tenant_id = $1
          AND request.target_id = $2
          AND NOT
    ",
    is_from_staff!(),
    "ORDER BY request_attachment.file_name, request_attachment.id"
);
/// A file that the requester sent, of the request behind a visit of a technician.
const SELECT_FILE_OF_OWN_STOP: &str = concat!(
    r"
    SELECT request_attachment.file_name, request_attachment.media_type, request_attachment.content_hash
    FROM request_attachment
    JOIN request ON request.tenant_id = request_attachment.tenant_id
        AND request.id = request_attachment.request_id
    WHERE request_attachment.tenant_id = $1
      AND request_attachment.id = $2
      AND NOT
    ",
    is_from_staff!(),
    r"
      AND EXISTS (
          SELECT 1
          FROM appointment
          WHERE appointment.tenant_id = request.tenant_id
            AND appointment.target_id = request.target_id
            AND appointment.technician_id = $3
            AND appointment.status IN ('planned', 'done')
      )
"
);

/// A transaction that can attach files to a request. Portal users have statements of their own, which join the grant.
pub(crate) trait RequestFileWriter: Send {
    /// Finds the request that was submitted with a nonce.
    fn submitted_request(
        &mut self,
        origin: Uuid,
        nonce: &str,
    ) -> impl Future<Output = Result<Option<RequestId>, StoreError>> + Send;

    fn insert_request_file(
        &mut self,
        request: RequestId,
        file: &NewFile<'_>,
    ) -> impl Future<Output = Result<(), StoreError>> + Send;
}

impl<A: Actor> TenantTx<'_, A> {
    async fn insert_file(&mut self, request: RequestId, file: &NewFile<'_>) -> Result<(), StoreError> {
        let (tenant, now) = (self.tenant(), self.now);
        self.tx
            .execute(
                INSERT_FILE,
                (
                    tenant,
                    file.id.uuid(),
                    request.uuid(),
                    file.file_name,
                    file.media_type,
                    file.size_bytes,
                    file.content_hash,
                    now,
                    file.message.map(MessageId::uuid),
                ),
            )
            .await
            .map(drop)
    }
}

impl<A: Submitter> RequestFileWriter for TenantTx<'_, A> {
    async fn submitted_request(&mut self, origin: Uuid, nonce: &str) -> Result<Option<RequestId>, StoreError> {
        Ok(self.request_of_nonce(origin, nonce).await?.map(|(id, _)| id))
    }

    async fn insert_request_file(&mut self, request: RequestId, file: &NewFile<'_>) -> Result<(), StoreError> {
        self.insert_file(request, file).await
    }
}

impl RequestFileWriter for TenantTx<'_, TrackingRequester> {
    /// The files of a message belong to a request that is there already.
    async fn submitted_request(&mut self, _: Uuid, _: &str) -> Result<Option<RequestId>, StoreError> {
        Ok(None)
    }

    async fn insert_request_file(&mut self, request: RequestId, file: &NewFile<'_>) -> Result<(), StoreError> {
        self.insert_file(request, file).await
    }
}

/// Actors that may list a request's files: staff and the requester.
pub(crate) trait SeesFileRows: Actor {}
impl SeesFileRows for Staff {}
impl SeesFileRows for TrackingRequester {}

impl<A: SeesFileRows> TenantTx<'_, A> {
    pub(crate) async fn request_files(&mut self, request: RequestId) -> Result<Vec<FileSummary>, StoreError> {
        let tenant = self.tenant();
        self.tx
            .fetch_all::<FileSummary>(SELECT_FILES, (tenant, request.uuid()))
            .await
    }
}

impl TenantTx<'_, Staff> {
    pub(crate) async fn request_file(&mut self, id: AttachmentId) -> Result<Option<FileRow>, StoreError> {
        let tenant = self.tenant();
        self.tx
            .fetch_optional::<FileRow>(SELECT_FILE, (tenant, id.uuid()))
            .await
    }
}

impl TenantTx<'_, Staff> {
    /// Lists the files of the request behind a job.
    pub(crate) async fn request_files_of_job(&mut self, target: TargetId) -> Result<Vec<FileSummary>, StoreError> {
        let tenant = self.tenant();
        self.tx
            .fetch_all::<FileSummary>(SELECT_FILES_OF_JOB, (tenant, target.uuid()))
            .await
    }

    /// Finds a file of the request behind a visit of the signed-in technician.
    pub(crate) async fn request_file_of_own_stop(&mut self, id: AttachmentId) -> Result<Option<FileRow>, StoreError> {
        let (tenant, own) = (self.tenant(), self.actor.id().uuid());
        self.tx
            .fetch_optional::<FileRow>(SELECT_FILE_OF_OWN_STOP, (tenant, id.uuid(), own))
            .await
    }
}
