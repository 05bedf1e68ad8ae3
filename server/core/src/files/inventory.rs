//! Compares the stored content with the register of files, for backups and checks of the installation.

use uuid::Uuid;

use crate::db::purpose::FileWork;
use crate::files::model::BlobKey;
use crate::secrets::hex;
use crate::{Core, CoreResult};

/// How many rows are read at once.
const PAGE: i64 = 1_000;
/// How many files of a remote store are looked for: each takes a request.
const MAX_REMOTE: usize = 1_000;

/// Content that the register says is stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RegisteredFile {
    key: BlobKey,
}

impl RegisteredFile {
    /// Returns the path below the folder of the files, with slashes.
    pub fn path(&self) -> String {
        format!("{}/{}", self.key.tenant.uuid().simple(), self.key.name())
    }

    /// Returns the SHA-256 of the content in hexadecimal digits.
    pub fn digest(&self) -> String {
        hex(&self.key.digest)
    }
}

/// Lists the content that must be there.
///
/// # Errors
/// The database cannot be reached.
pub async fn registered_files(core: &Core) -> CoreResult<Vec<RegisteredFile>> {
    let mut found = Vec::new();
    let (mut tenant, mut digest) = (Uuid::nil(), Vec::new());
    loop {
        let mut tx = core.store.begin_system::<FileWork>().await?;
        let page = tx.stored_content_of_all((tenant, &digest), PAGE).await?;
        let Some(last) = page.last() else {
            return Ok(found);
        };
        (tenant, digest) = (last.tenant.uuid(), last.digest.clone());
        found.extend(page.into_iter().map(|key| RegisteredFile { key }));
    }
}

/// Returns whether content is still registered as stored.
///
/// # Errors
/// The database cannot be reached.
pub async fn is_registered(core: &Core, file: &RegisteredFile) -> CoreResult<bool> {
    let mut tx = core.store.begin_system::<FileWork>().await?;
    Ok(tx.is_stored(&file.key).await?)
}

/// How much of the content that must be there is missing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Missing {
    pub checked: usize,
    pub missing: usize,
}

/// Looks for the content that must be there; in a remote store, for some of it.
///
/// # Errors
/// Database or store cannot be reached.
pub async fn missing_files(core: &Core) -> CoreResult<Missing> {
    let mut files = registered_files(core).await?;
    if core.files.is_remote() {
        files.truncate(MAX_REMOTE);
    }
    let mut missing = 0_usize;
    for file in &files {
        if !core.files.has(&file.key).await? && is_registered(core, file).await? {
            missing += 1;
        }
    }
    Ok(Missing {
        checked: files.len(),
        missing,
    })
}
