//! Files as they are uploaded, validated and registered.

use bytes::Bytes;
use uuid::Uuid;

use crate::identity::actors::TenantId;
use crate::secrets::{hex, parse_digest};

/// A file as uploaded, not yet validated.
#[derive(Debug, Clone, Default)]
pub struct Upload {
    /// Name claimed by the client.
    pub file_name: String,
    /// Media type claimed by the client.
    pub media_type: String,
    pub bytes: Vec<u8>,
}

/// A validated file: a re-encoded image or a PDF.
#[derive(Debug, Clone)]
pub struct CleanFile {
    /// Sanitized file name with the extension of the detected type.
    pub file_name: String,
    /// Detected type, not the claimed one.
    pub media_type: &'static str,
    pub bytes: Bytes,
    /// SHA-256 of the bytes.
    pub content_hash: Vec<u8>,
}

/// A validated and re-encoded photo.
#[derive(Debug, Clone)]
pub struct CleanPhoto {
    /// Sanitized file name.
    pub file_name: String,
    /// JPEG without any metadata of the original.
    pub bytes: Bytes,
    /// SHA-256 of the bytes.
    pub content_hash: Vec<u8>,
}

/// Which content of the storage a row of the register means.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct BlobKey {
    pub tenant: TenantId,
    /// SHA-256 of the content.
    pub digest: Vec<u8>,
    /// Distinguishes content that is stored again while the earlier one is being deleted.
    pub generation: i64,
}

impl BlobKey {
    /// Returns the name of the content within the folder of its tenant.
    pub(super) fn name(&self) -> String {
        match self.generation {
            0 => hex(&self.digest),
            generation => format!("{}-{generation}", hex(&self.digest)),
        }
    }

    /// Parses a name; `None` for a name that [`Self::name`] does not return.
    pub(super) fn parse(tenant: TenantId, name: &str) -> Option<Self> {
        let (digest, generation) = match name.split_once('-') {
            Some((digest, generation)) => (digest, generation.parse().ok().filter(|number| *number > 0)?),
            None => (name, 0),
        };
        let key = Self {
            tenant,
            digest: parse_digest(digest)?.to_vec(),
            generation,
        };
        (key.name() == name).then_some(key)
    }
}

/// Validated content to store.
#[derive(Debug, Clone)]
pub(crate) struct NewBlob {
    /// SHA-256 of the bytes.
    pub digest: Vec<u8>,
    pub media_type: &'static str,
    pub bytes: Bytes,
}

impl From<&CleanFile> for NewBlob {
    fn from(file: &CleanFile) -> Self {
        Self {
            digest: file.content_hash.clone(),
            media_type: file.media_type,
            bytes: file.bytes.clone(),
        }
    }
}

impl From<&CleanPhoto> for NewBlob {
    fn from(photo: &CleanPhoto) -> Self {
        Self {
            digest: photo.content_hash.clone(),
            media_type: "image/jpeg",
            bytes: photo.bytes.clone(),
        }
    }
}

/// The nonce of a form, held while the files of its submission are stored.
#[derive(Debug, Clone)]
pub(crate) struct Reservation {
    /// ID of the form or account that generated the nonce.
    pub origin: Uuid,
    pub nonce: String,
    pub claim: Uuid,
}
