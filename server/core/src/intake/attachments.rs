//! Files of a request: stored for one submission of a form only, and only once it is accepted.

use std::time::Duration;

use domain::fields::{FieldCode, FieldError};
use domain::files::FileOwner;
use domain::ids::{MessageId, RequestId};
use domain::intake::MAX_FILES;
use domain::network::Network;
use domain::problems::Cause;
use uuid::Uuid;

use crate::db::TenantTx;
use crate::files::{self, CleanFile, NewBlob, Reservation, Sender, Upload, check_file, clean_file};
use crate::identity::actors::FileUploader;
use crate::intake::store::request_files::{NewFile, RequestFileWriter};
use crate::{Core, CoreError, CoreResult};

/// How often and how long a repeated submission waits for the one under way, such as after a double click.
const MAX_WAITS: usize = 25;
const WAIT: Duration = Duration::from_millis(200);

/// Who submits files.
#[derive(Debug, Clone, Copy)]
pub(crate) enum FileSender {
    Staff,
    Contact,
    /// A visitor of a form, with the network.
    Visitor(Option<Network>),
}

/// Files that are stored and that no row names yet, with the nonce of their submission.
#[derive(Debug, Default)]
pub(crate) struct PreparedFiles {
    files: Vec<CleanFile>,
    reservation: Option<Reservation>,
    /// Why files were left out, one entry for each.
    refused: Vec<FieldError>,
}

/// What was submitted, and why some of its files were left out. The submitter hears of each one.
#[derive(Debug)]
pub struct Submitted<T> {
    pub value: T,
    pub refused: Vec<FieldError>,
}

impl<T> Submitted<T> {
    /// Returns a submission with all of its files.
    pub(crate) const fn whole(value: T) -> Self {
        Self {
            value,
            refused: Vec::new(),
        }
    }
}

impl PreparedFiles {
    /// Returns the result of the submission with the files that were left out.
    pub(crate) fn submitted<T>(self, value: T) -> Submitted<T> {
        Submitted {
            value,
            refused: self.refused,
        }
    }

    /// Releases the nonce after the submission has failed.
    pub(crate) async fn release<A: FileUploader>(&self, core: &Core, actor: &A) {
        if let Some(reservation) = &self.reservation
            && let Err(error) = files::release(core, actor, reservation).await
        {
            // It is released by itself after a minute.
            tracing::warn!(%error, "failed to release a submission");
        }
    }
}

/// Reserves the nonce of a form, then validates, re-encodes and stores its files. `None` if an earlier submission with the nonce
/// has completed. Call it when everything else about the submission is decided. A file that cannot be accepted does not keep
/// the others from being sent.
///
/// # Errors
/// Field `files`, with the file name and the problem, if no file can be accepted; `concurrent_modification` while an earlier submission is under way.
pub(crate) async fn prepare_files<'a, A: FileUploader>(
    core: &'a Core,
    actor: &'a A,
    from: FileSender,
    origin: Uuid,
    nonce: &str,
    uploads: Vec<Upload>,
) -> CoreResult<Option<PreparedFiles>>
where
    TenantTx<'a, A>: RequestFileWriter,
{
    let uploads: Vec<Upload> = uploads
        .into_iter()
        .filter(|upload| !upload.bytes.is_empty() || !upload.file_name.is_empty())
        .collect();
    if uploads.is_empty() {
        return Ok(Some(PreparedFiles::default()));
    }
    if uploads.len() > MAX_FILES {
        return Err(CoreError::field("files", FieldCode::TooManyFiles { max: MAX_FILES }));
    }
    // By the header: what is too large or of another type is rejected without holding anything.
    let mut refused = Vec::new();
    let uploads: Vec<Upload> = uploads
        .into_iter()
        .filter(|upload| match check_file(upload) {
            Ok(_) => true,
            Err(error) => {
                refused.extend(error.fields);
                false
            }
        })
        .collect();
    if uploads.is_empty() {
        return Err(CoreError::invalid(refused));
    }
    let Some(reservation) = reserve(core, actor, origin, nonce).await? else {
        return Ok(None);
    };
    let mut prepared = PreparedFiles {
        files: Vec::new(),
        reservation: Some(reservation),
        refused,
    };
    match store_files(core, actor, from, uploads).await {
        Ok((files, unreadable)) => {
            prepared.files = files;
            prepared.refused.extend(unreadable);
            Ok(Some(prepared))
        }
        Err(error) => {
            prepared.release(core, actor).await;
            Err(error)
        }
    }
}

/// Reserves the nonce; `None` if an earlier submission has completed.
async fn reserve<'a, A: FileUploader>(
    core: &'a Core,
    actor: &'a A,
    origin: Uuid,
    nonce: &str,
) -> CoreResult<Option<Reservation>>
where
    TenantTx<'a, A>: RequestFileWriter,
{
    for _ in 0..MAX_WAITS {
        let mut tx = core.store.read(actor).await?;
        if tx.submitted_request(origin, nonce).await?.is_some() {
            return Ok(None);
        }
        let is_held = files::is_reserved(&mut tx, origin, nonce).await?;
        drop(tx);
        if !is_held {
            let mut tx = core.store.begin(actor).await?;
            let reservation = files::reserve(&mut tx, origin, nonce).await?;
            // A submission releases the nonce when its request is there, so the request is looked up afterwards.
            if tx.submitted_request(origin, nonce).await?.is_some() {
                return Ok(None);
            }
            if reservation.is_some() {
                tx.commit().await?;
                return Ok(reservation);
            }
        }
        tokio::time::sleep(WAIT).await;
    }
    Err(CoreError::new(Cause::EntryInProgress))
}

async fn store_files<A: FileUploader>(
    core: &Core,
    actor: &A,
    from: FileSender,
    uploads: Vec<Upload>,
) -> CoreResult<(Vec<CleanFile>, Vec<FieldError>)> {
    let (owner, sender) = match from {
        FileSender::Staff => (FileOwner::Staff, Sender::Account),
        FileSender::Contact => (FileOwner::Portal, Sender::Account),
        FileSender::Visitor(network) => (FileOwner::Form, Sender::Visitor(network)),
    };
    let bytes = uploads.iter().map(|upload| upload.bytes.len()).sum();
    files::ensure_room(core, actor, owner, bytes).await?;
    let (clean, refused) = core
        .files
        .decode(sender, move || {
            let (mut clean, mut refused) = (Vec::new(), Vec::new());
            for upload in &uploads {
                match clean_file(upload) {
                    Ok(file) => clean.push(file),
                    Err(error) => refused.extend(error.fields),
                }
            }
            if clean.is_empty() {
                Err(CoreError::invalid(refused))
            } else {
                Ok((clean, refused))
            }
        })
        .await?;
    files::store(core, actor, owner, clean.iter().map(NewBlob::from).collect()).await?;
    Ok((clean, refused))
}

/// Attaches stored files to a request, and to the message that they came with, and releases the nonce.
pub(crate) async fn attach<'a, A: FileUploader>(
    tx: &mut TenantTx<'a, A>,
    request: RequestId,
    message: Option<MessageId>,
    prepared: &PreparedFiles,
) -> CoreResult<()>
where
    TenantTx<'a, A>: RequestFileWriter,
{
    files::keep(tx, prepared.files.iter().map(|file| file.content_hash.as_slice())).await?;
    for file in &prepared.files {
        let id = tx.new_id();
        tx.insert_request_file(
            request,
            &NewFile {
                id,
                file_name: &file.file_name,
                media_type: file.media_type,
                size_bytes: i64::try_from(file.bytes.len()).unwrap_or(i64::MAX),
                content_hash: &file.content_hash,
                message,
            },
        )
        .await?;
    }
    if let Some(reservation) = &prepared.reservation {
        files::release_with(tx, reservation).await?;
    }
    Ok(())
}
