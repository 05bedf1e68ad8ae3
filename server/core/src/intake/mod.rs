//! Intake of requests from all channels. Each channel authorizes the sender; the shared part is here: number, tracking
//! link, files, timeline, audit entry and confirmation email.

mod attachments;
pub mod by_staff;
pub mod by_terminal;
pub mod forms;
pub mod model;
#[expect(clippy::disallowed_methods, reason = "SQL lives in the store of a slice")]
mod store;
pub mod terminals;
pub mod ticket;
pub mod web_form;
pub use self::attachments::Submitted;
pub(crate) use self::attachments::{FileSender, PreparedFiles, attach, prepare_files};
pub(crate) use self::store::request_files::{NewFile, RequestFileWriter, is_from_staff};
pub(crate) use self::store::requests::SealedToken;
pub(crate) use self::store::requests::search_key;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use domain::audit::TimelineKind;
use domain::ids::{CustomerId, LocationId, RequestId};
use domain::intake::mails::MailKind;
use domain::requests::Channel;
use serde_json::json;

use crate::audit::NewTimelineEntry;
use crate::db::TenantTx;
use crate::identity::actors::{MayAnnotate, MayClassify, MayNotify, Submitter, TenantId};
use crate::intake::store::requests::NewRequest;
use crate::notifications;
use crate::secrets::{AssociatedData, sha256};
use crate::{Core, CoreError, CoreResult};

/// Table and column of the sealed tracking token, part of its associated data.
pub(crate) const TOKEN_COLUMN: &str = "request.tracking_token";

/// The confirmation of a submission; repeated submissions return the same one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Receipt {
    pub id: RequestId,
    /// The token of the tracking link.
    pub token: String,
}

/// Generates a nonce for a form, by which repeated submissions are detected.
pub fn form_nonce(core: &Core) -> String {
    core.randomness.token()
}

/// Generates a tracking token and seals it.
pub(crate) fn generate_tracking_token(
    core: &Core,
    tenant: TenantId,
    request: RequestId,
) -> CoreResult<(String, SealedToken)> {
    let token = generate_token(core);
    let sealed = seal_token(core, &seal_context(tenant.uuid(), request.uuid()), &token)?;
    Ok((token, sealed))
}

/// Generates a token with 160 bits of entropy.
pub(crate) fn generate_token(core: &Core) -> String {
    URL_SAFE_NO_PAD.encode(core.randomness.bytes::<20>())
}

/// Seals a token for storage; its SHA-256 finds the row, and the sealed value allows displaying the token again.
pub(crate) fn seal_token(core: &Core, place: &AssociatedData<'_>, token: &str) -> CoreResult<SealedToken> {
    let closed = core
        .keyring
        .seal(token.as_bytes(), place, &core.randomness)
        .map_err(CoreError::internal)?;
    let hash = sha256(token.as_bytes());
    Ok(SealedToken { hash, closed })
}

/// Opens a sealed tracking token.
pub(crate) fn open_token(core: &Core, tenant: uuid::Uuid, request: uuid::Uuid, closed: &[u8]) -> CoreResult<String> {
    let bytes = core
        .keyring
        .unseal(closed, &seal_context(tenant, request))
        .map_err(CoreError::internal)?;
    String::from_utf8(bytes).map_err(|_| CoreError::not_found())
}

pub(crate) fn seal_context<'a>(tenant: uuid::Uuid, request: uuid::Uuid) -> AssociatedData<'a> {
    AssociatedData {
        tenant,
        kind: TOKEN_COLUMN,
        row: request,
    }
}

/// Completes a submission of any channel within the transaction that inserted the request: timeline, audit entry,
/// classification and confirmation email.
pub(crate) async fn complete_submission<A: MayAnnotate + MayClassify + MayNotify>(
    core: &Core,
    tx: &mut TenantTx<'_, A>,
    id: RequestId,
    channel: Channel,
    customer: Option<CustomerId>,
    location: Option<LocationId>,
) -> CoreResult<()> {
    tx.add_timeline_entry(
        NewTimelineEntry::for_request(TimelineKind::RequestSubmitted, id)
            .with_customer(customer)
            .with_location(location),
    )
    .await?;
    tx.audit("request.submitted", id, json!({ "channel": channel.name() }));
    crate::classification::classify(tx, id).await?;
    // A partner's system notifies its own users.
    if channel != Channel::Api {
        notifications::enqueue(
            core,
            tx,
            id,
            notifications::NotificationTrigger::new(MailKind::Received),
        )
        .await?;
    }
    Ok(())
}

/// Submits a request of a channel without grants or source system. Repeating the nonce returns the first receipt.
async fn submit<A: Submitter>(
    core: &Core,
    actor: &A,
    parts: KnownRecords,
    files: &PreparedFiles,
    content: &Content<'_>,
) -> CoreResult<Receipt> {
    submit_with_receipt(core, actor, parts, files, content, None).await
}

/// Submits like [`submit`], with the token and code of a receipt that was issued offline.
async fn submit_with_receipt<A: Submitter>(
    core: &Core,
    actor: &A,
    parts: KnownRecords,
    files: &PreparedFiles,
    content: &Content<'_>,
    issued: Option<(String, String)>,
) -> CoreResult<Receipt> {
    let mut tx = core.store.begin(actor).await?;
    let receipt = submit_in(core, &mut tx, parts, files, content, issued).await?;
    crate::commit::finish(core, tx).await?;
    Ok(receipt)
}

/// Submits within a transaction, which the caller commits. Repeating the nonce returns the first receipt.
async fn submit_in<A: Submitter>(
    core: &Core,
    tx: &mut TenantTx<'_, A>,
    parts: KnownRecords,
    files: &PreparedFiles,
    content: &Content<'_>,
    issued: Option<(String, String)>,
) -> CoreResult<Receipt> {
    if let Some(receipt) = find_receipt(core, tx, content.origin, content.nonce).await? {
        return Ok(receipt);
    }
    let tenant = tx.actor.tenant();
    let id: RequestId = tx.new_id();
    let number = tx.next_number("request").await?;
    let (token, tracking, code) = match issued {
        Some((token, code)) => {
            let tracking = seal_token(core, &seal_context(tenant.uuid(), id.uuid()), &token)?;
            (token, tracking, Some(code))
        }
        None => {
            let (token, tracking) = generate_tracking_token(core, tenant, id)?;
            (token, tracking, None)
        }
    };
    let new = NewRequest {
        id,
        number,
        channel: content.channel,
        service_type: content.service_type,
        priority: content.priority,
        description: content.description,
        internal_notes: content.internal_notes,
        content_hash: content.content_hash,
        windows: content.windows,
        customer: parts.customer,
        location: parts.location,
        contact: parts.contact,
        origin: content.origin,
        nonce: content.nonce,
        form: parts.form,
        requester: content.requester,
        place: content.place,
        tracking: &tracking,
        receipt_code: code.as_deref(),
    };
    if !tx.insert_request(&new).await? {
        // A concurrent submission used the same nonce.
        return find_receipt(core, tx, content.origin, content.nonce)
            .await?
            .ok_or_else(CoreError::not_found);
    }
    attach(tx, id, None, files).await?;
    complete_submission(core, tx, id, content.channel, parts.customer, parts.location).await?;
    Ok(Receipt { id, token })
}

/// Returns the receipt of a submission that has completed.
async fn find_submitted<A: Submitter>(core: &Core, actor: &A, origin: uuid::Uuid, nonce: &str) -> CoreResult<Receipt> {
    let mut tx = core.store.read(actor).await?;
    find_receipt(core, &mut tx, origin, nonce)
        .await?
        .ok_or_else(CoreError::not_found)
}

async fn find_receipt<A: Submitter>(
    core: &Core,
    tx: &mut TenantTx<'_, A>,
    origin: uuid::Uuid,
    nonce: &str,
) -> CoreResult<Option<Receipt>> {
    let tenant = tx.tenant();
    match tx.request_of_nonce(origin, nonce).await? {
        Some((id, sealed)) => Ok(Some(Receipt {
            id,
            token: open_token(core, tenant, id.uuid(), &sealed)?,
        })),
        None => Ok(None),
    }
}

/// The records that the channel already associates with a request.
#[derive(Debug, Clone, Copy, Default)]
struct KnownRecords {
    customer: Option<CustomerId>,
    location: Option<LocationId>,
    contact: Option<domain::ids::ContactId>,
    form: Option<domain::ids::FormId>,
}

/// The content of a request, and the nonce that detects repeated submissions.
struct Content<'a> {
    channel: Channel,
    service_type: domain::requests::ServiceType,
    priority: domain::requests::Priority,
    description: &'a str,
    internal_notes: Option<&'a str>,
    /// The hash of what was submitted, for forms whose page may be submitted again with another text.
    content_hash: Option<&'a [u8]>,
    windows: &'a [domain::intake::PreferredWindow],
    requester: Option<&'a domain::intake::Requester>,
    place: Option<&'a domain::customers::Address>,
    origin: uuid::Uuid,
    nonce: &'a str,
}
