//! Intake: the one way in for requests of every channel. A channel checks who may submit and where; what is the same for
//! all stands here: the number, the tracking link, files, the internal timeline, the audit row and the mail to the sender.

pub mod by_staff;
pub mod by_terminal;
pub mod forms;
pub mod model;
#[expect(clippy::disallowed_methods, reason = "SQL lives in the store of a slice")]
mod store;
pub mod terminals;
pub mod ticket;
pub mod web_form;
pub(crate) use self::store::requests::ClosedToken;
pub(crate) use self::store::requests::search_key;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use domain::ids::{CustomerId, LocationId, RequestId};
use domain::intake::MOST_FILES;
use domain::intake::mails::MailKind;
use domain::requests::Channel;
use serde_json::json;

use crate::audit::NewEntry;
use crate::db::TenantTx;
use crate::files::{CleanFile, Upload, clean_file};
use crate::identity::actors::{Actor, BringsFiles, Submitter, TenantId};
use crate::intake::store::requests::{NewFile, NewRequest};
use crate::notifications;
use crate::secrets::{Place, fingerprint};
use crate::{Core, CoreError, CoreResult};

/// What the encrypted token belongs to.
pub(crate) const TOKEN_PLACE: &str = "request.tracking_token";

/// What the sender is told: always the same, however often the same thing is sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Receipt {
    /// The request.
    pub id: RequestId,
    /// The token of the tracking link.
    pub token: String,
}

/// A new nonce for a form: the same form sent twice is recognised by it.
pub fn form_nonce(core: &Core) -> String {
    core.randomness.token()
}

/// A new tracking token, and the form in which it is kept.
pub(crate) fn new_token(core: &Core, tenant: TenantId, request: RequestId) -> CoreResult<(String, ClosedToken)> {
    let token = fresh_token(core);
    let closed = close_token(core, &place(tenant.uuid(), request.uuid()), &token)?;
    Ok((token, closed))
}

/// A text for a tracking link that nobody guesses.
pub(crate) fn fresh_token(core: &Core) -> String {
    URL_SAFE_NO_PAD.encode(core.randomness.bytes::<20>())
}

/// The form in which a token is kept: what finds it, and what opens it for whoever must show it again.
pub(crate) fn close_token(core: &Core, place: &Place<'_>, token: &str) -> CoreResult<ClosedToken> {
    let closed = core
        .keyring
        .close(token.as_bytes(), place, &core.randomness)
        .map_err(|error| broken(&error))?;
    let hash = fingerprint(token.as_bytes());
    Ok(ClosedToken { hash, closed })
}

/// Opens a tracking token for its requester.
pub(crate) fn open_token(core: &Core, tenant: uuid::Uuid, request: uuid::Uuid, closed: &[u8]) -> CoreResult<String> {
    let bytes = core
        .keyring
        .open_value(closed, &place(tenant, request))
        .map_err(|error| broken(&error))?;
    String::from_utf8(bytes).map_err(|_| CoreError::not_found())
}

pub(crate) fn place<'a>(tenant: uuid::Uuid, request: uuid::Uuid) -> Place<'a> {
    Place {
        tenant,
        kind: TOKEN_PLACE,
        row: request,
    }
}

fn broken(error: &crate::secrets::SecretError) -> CoreError {
    tracing::error!(%error, "a token that is kept encrypted");
    CoreError::new(
        domain::problems::Problem::InternalError,
        "Something went wrong on our side.",
    )
}

/// What is the same for requests of all channels, in the transaction that wrote the request.
pub(crate) async fn arrived<A: Actor>(
    core: &Core,
    tx: &mut TenantTx<'_, A>,
    id: RequestId,
    channel: Channel,
    customer: Option<CustomerId>,
    location: Option<LocationId>,
) -> CoreResult<()> {
    tx.note(NewEntry {
        kind: "request_submitted",
        customer,
        location,
        target: None,
        request: Some(id),
    })
    .await?;
    tx.audit("request.submitted", id, json!({ "channel": channel.name() }));
    crate::classification::arrived(tx, id).await?;
    // A partner's system tells its own people.
    if channel != Channel::Api {
        notifications::write(core, tx, id, notifications::Occasion::plain(MailKind::Received)).await?;
    }
    Ok(())
}

/// Writes a request that has no grant and no source system behind it. The same nonce again gives the first receipt.
async fn submit<A: Submitter>(
    core: &Core,
    actor: &A,
    parts: Known,
    files: &[CleanFile],
    content: &Content<'_>,
) -> CoreResult<Receipt> {
    submit_with(core, actor, parts, files, content, None).await
}

/// Like [`submit`], with a receipt that was given out before: its token and its code.
async fn submit_with<A: Submitter>(
    core: &Core,
    actor: &A,
    parts: Known,
    files: &[CleanFile],
    content: &Content<'_>,
    given: Option<(String, String)>,
) -> CoreResult<Receipt> {
    let tenant = actor.tenant();
    let mut tx = core.store.begin(actor).await?;
    if let Some(receipt) = earlier(core, &mut tx, content.origin, content.nonce).await? {
        return Ok(receipt);
    }
    let id: RequestId = tx.new_id();
    let number = tx.next_number("request").await?;
    let (token, tracking, code) = match given {
        Some((token, code)) => {
            let tracking = close_token(core, &place(tenant.uuid(), id.uuid()), &token)?;
            (token, tracking, Some(code))
        }
        None => {
            let (token, tracking) = new_token(core, tenant, id)?;
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
        // Another tab or a repeated call was faster with this very form.
        return earlier(core, &mut tx, content.origin, content.nonce)
            .await?
            .ok_or_else(CoreError::not_found);
    }
    attach(&mut tx, id, files).await?;
    arrived(core, &mut tx, id, content.channel, parts.customer, parts.location).await?;
    crate::commit::finish(core, tx).await?;
    Ok(Receipt { id, token })
}

/// Notes the files of a request whose content is kept.
pub(crate) async fn attach<A: BringsFiles>(
    tx: &mut TenantTx<'_, A>,
    request: RequestId,
    files: &[CleanFile],
) -> CoreResult<()> {
    for file in files {
        let id = tx.new_id();
        tx.insert_request_file(
            request,
            &NewFile {
                id,
                file_name: &file.file_name,
                media_type: file.media_type,
                size_bytes: i64::try_from(file.bytes.len()).unwrap_or(i64::MAX),
                content_hash: &file.content_hash,
            },
        )
        .await?;
    }
    Ok(())
}

async fn earlier<A: Submitter>(
    core: &Core,
    tx: &mut TenantTx<'_, A>,
    origin: uuid::Uuid,
    nonce: &str,
) -> CoreResult<Option<Receipt>> {
    let tenant = tx.tenant();
    match tx.request_of_nonce(origin, nonce).await? {
        Some((id, closed)) => Ok(Some(Receipt {
            id,
            token: open_token(core, tenant, id.uuid(), &closed)?,
        })),
        None => Ok(None),
    }
}

/// Where a request belongs, as far as its channel knows.
#[derive(Debug, Clone, Copy, Default)]
struct Known {
    customer: Option<CustomerId>,
    location: Option<LocationId>,
    contact: Option<domain::ids::ContactId>,
    form: Option<domain::ids::FormId>,
}

/// What was asked for, and what makes a repetition recognisable.
struct Content<'a> {
    channel: Channel,
    service_type: domain::requests::ServiceType,
    priority: domain::requests::Priority,
    description: &'a str,
    windows: &'a [domain::intake::PreferredWindow],
    requester: Option<&'a domain::intake::Requester>,
    place: Option<&'a domain::customers::Address>,
    origin: uuid::Uuid,
    nonce: &'a str,
}

/// Checks files, re-encodes pictures, and keeps the content. A file that is kept and then belongs to no request is found
/// under its hash again and costs only its room.
///
/// # Errors
/// Field `files`, with the file's name and what is wrong.
pub(crate) async fn keep_files(core: &Core, tenant: TenantId, uploads: Vec<Upload>) -> CoreResult<Vec<CleanFile>> {
    let uploads: Vec<Upload> = uploads
        .into_iter()
        .filter(|upload| !upload.bytes.is_empty() || !upload.file_name.is_empty())
        .collect();
    if uploads.is_empty() {
        return Ok(Vec::new());
    }
    if uploads.len() > MOST_FILES {
        return Err(CoreError::field(
            "files",
            "too_many_files",
            format!("At most {MOST_FILES} files are allowed."),
        ));
    }
    let clean = core
        .files
        .decode(move || uploads.iter().map(clean_file).collect::<CoreResult<Vec<_>>>())
        .await?;
    for file in &clean {
        core.files.put(tenant, &file.content_hash, file.bytes.clone()).await?;
    }
    Ok(clean)
}
