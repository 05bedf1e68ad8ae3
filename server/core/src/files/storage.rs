//! Where the content of files is: a local folder, an S3 bucket or memory.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use chrono::{DateTime, Utc};
use domain::problems::Cause;
use futures::{Stream, StreamExt as _};
use object_store::aws::{AmazonS3Builder, AmazonS3ConfigKey};
use object_store::path::Path;
use object_store::{ClientConfigKey, ObjectStore, ObjectStoreExt as _, RetryConfig};

use crate::files::decoding::{Decoders, Sender};
use crate::files::model::BlobKey;
use crate::identity::actors::TenantId;
use crate::{CoreError, CoreResult};

/// How long a silent S3 service is waited for.
const DEFAULT_TIMEOUT: Duration = Duration::from_secs(10);
const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);
/// A whole transfer may take this many times as long as a silence.
const MAX_TRANSFER_FACTOR: u32 = 6;
/// Retries of a request to S3.
const MAX_RETRIES: usize = 2;

/// File storage backend: a local folder, an S3 bucket or memory.
#[derive(Clone)]
pub struct FileStore {
    store: Arc<dyn ObjectStore>,
    /// Folder of a local store, whose free space is checked before each write.
    folder: Option<PathBuf>,
    prefix: Path,
    decoders: Decoders,
}

impl FileStore {
    /// Opens `file://folder`, `s3://bucket/prefix` or `memory:///`. S3 credentials come from the `AWS_*` variables.
    ///
    /// # Errors
    /// The URL is not supported, or the folder cannot be created.
    pub fn open(address: &str) -> Result<Self, String> {
        Self::open_with(address, DEFAULT_TIMEOUT, true)
    }

    /// Like [`Self::open`], with the time after which a silent S3 service is given up. A missing folder is only created for a new
    /// installation: instead of one that was not mounted, it would look like one without files.
    ///
    /// # Errors
    /// The URL is not supported, or the folder cannot be created.
    pub fn open_with(address: &str, timeout: Duration, creates: bool) -> Result<Self, String> {
        crate::tls::install();
        if let Some(folder) = address.strip_prefix("file://") {
            let fail = |error: &dyn std::fmt::Display| format!("{folder}: {error}");
            let path = std::path::Path::new(folder);
            if creates {
                crate::private_folder::create(path).map_err(|error| fail(&error))?;
            }
            let absolute = resolve(path).map_err(|error| fail(&error))?;
            let prefix = Path::from_absolute_path(&absolute).map_err(|error| fail(&error))?;
            return Ok(Self {
                folder: Some(absolute),
                ..Self::with_store(Arc::new(object_store::local::LocalFileSystem::new()), prefix)
            });
        }
        if address == "memory:///" {
            return Ok(Self::with_store(
                Arc::new(object_store::memory::InMemory::new()),
                Path::default(),
            ));
        }
        let Some(rest) = address.strip_prefix("s3://") else {
            return Err(format!("{address}: file://folder or s3://bucket/prefix is required"));
        };
        let (bucket, prefix) = rest.split_once('/').unwrap_or((rest, ""));
        let milliseconds = |duration: Duration| format!("{}ms", duration.as_millis());
        let client = |key, value: String| (AmazonS3ConfigKey::Client(key), value);
        let mut builder = AmazonS3Builder::from_env().with_bucket_name(bucket);
        for (key, value) in [
            client(
                ClientConfigKey::ConnectTimeout,
                milliseconds(timeout.min(CONNECT_TIMEOUT)),
            ),
            client(ClientConfigKey::ReadTimeout, milliseconds(timeout)),
            client(ClientConfigKey::Timeout, milliseconds(timeout * MAX_TRANSFER_FACTOR)),
        ] {
            builder = builder.with_config(key, value);
        }
        let store = builder
            // A service that refuses or fails at once is asked again within the same time; a silent one is not.
            .with_retry(RetryConfig {
                max_retries: MAX_RETRIES,
                retry_timeout: timeout,
                ..RetryConfig::default()
            })
            .build()
            .map_err(|error| error.to_string())?;
        Ok(Self::with_store(Arc::new(store), Path::from(prefix)))
    }

    fn with_store(store: Arc<dyn ObjectStore>, prefix: Path) -> Self {
        Self {
            store,
            folder: None,
            prefix,
            decoders: Decoders::new(),
        }
    }

    /// Runs image decoding in bounded queues.
    ///
    /// # Errors
    /// Returns the error of `work`, or `temporarily_unavailable` if the queue is full.
    pub(crate) async fn decode<T: Send + 'static>(
        &self,
        sender: Sender,
        work: impl FnOnce() -> CoreResult<T> + Send + 'static,
    ) -> CoreResult<T> {
        self.decoders.run(sender, work).await
    }

    /// Writes, reads and deletes a small file to detect a wrong configuration or an outage.
    ///
    /// # Errors
    /// Returns the message of the store.
    pub async fn check(&self) -> Result<(), String> {
        self.ensure_folder()?;
        let path = self.prefix.clone().join("doctor-check");
        let failed = |error: object_store::Error| error.to_string();
        // Another server may delete the file of this check between two steps.
        let unless_missing = |error: object_store::Error| match error {
            object_store::Error::NotFound { .. } => Ok(()),
            error => Err(failed(error)),
        };
        self.store.put(&path, "ok".into()).await.map(drop).map_err(failed)?;
        self.store.get(&path).await.map(drop).or_else(unless_missing)?;
        self.store.delete(&path).await.or_else(unless_missing)
    }

    /// Fails without the folder. Writing would create one, next to the one that is to be mounted again.
    fn ensure_folder(&self) -> Result<(), String> {
        match self.folder.as_deref().filter(|folder| !folder.is_dir()) {
            Some(folder) => Err(format!("{}: the folder does not exist", folder.display())),
            None => Ok(()),
        }
    }

    /// Returns whether each look at a file takes a request.
    pub(super) fn is_remote(&self) -> bool {
        self.folder.is_none()
    }

    /// Returns whether content is there, without reading it.
    pub(super) async fn has(&self, key: &BlobKey) -> CoreResult<bool> {
        match self.store.head(&self.path(key)).await {
            Ok(_) => Ok(true),
            Err(object_store::Error::NotFound { .. }) => Ok(false),
            Err(error) => Err(unavailable(&error)),
        }
    }

    fn path(&self, key: &BlobKey) -> Path {
        self.tenant_folder(key.tenant).join(key.name())
    }

    fn tenant_folder(&self, tenant: TenantId) -> Path {
        self.prefix.clone().join(tenant.uuid().simple().to_string())
    }

    /// Returns the free bytes of the disk that holds the folder; `None` for a remote or in-memory store.
    pub fn free_bytes(&self) -> Option<std::io::Result<u64>> {
        self.folder.as_deref().map(fs4::available_space)
    }

    /// Returns the free bytes of the disk of a folder, such as the one of the database.
    ///
    /// # Errors
    /// The folder does not exist.
    pub fn free_bytes_of(folder: &std::path::Path) -> std::io::Result<u64> {
        fs4::available_space(folder)
    }

    /// Rejects a file before the disk is full: the database usually shares the disk and needs the remaining space.
    pub(super) fn ensure_space(&self, bytes: u64, min_free_bytes: u64) -> CoreResult<()> {
        let needed = min_free_bytes.saturating_add(bytes);
        match self.free_bytes() {
            Some(Ok(free)) if free < needed => {
                tracing::error!(free, needed, "upload rejected: disk almost full");
                Err(CoreError::new(Cause::FileStorageFull))
            }
            _ => Ok(()),
        }
    }

    pub(super) async fn put(&self, key: &BlobKey, bytes: Bytes) -> CoreResult<()> {
        self.ensure_folder()
            .map_err(|error| CoreError::failed(Cause::FileStorageUnavailable, &error))?;
        self.store
            .put(&self.path(key), bytes.into())
            .await
            .map(drop)
            .map_err(|error| unavailable(&error))
    }

    pub(super) async fn get(&self, key: &BlobKey) -> CoreResult<Bytes> {
        let found = self
            .store
            .get(&self.path(key))
            .await
            .map_err(|error| unavailable(&error))?;
        found.bytes().await.map_err(|error| unavailable(&error))
    }

    /// Deletes content; content that is already gone is no error.
    pub(super) async fn delete(&self, key: &BlobKey) -> CoreResult<()> {
        match self.store.delete(&self.path(key)).await {
            Ok(()) | Err(object_store::Error::NotFound { .. }) => Ok(()),
            Err(error) => Err(unavailable(&error)),
        }
    }

    /// Lists the content of a tenant that was stored before a time. Names that this program does not give are left out.
    pub(super) fn list_before(
        &self,
        tenant: TenantId,
        before: DateTime<Utc>,
    ) -> impl Stream<Item = CoreResult<BlobKey>> + Send + 'static {
        let found = self.store.list(Some(&self.tenant_folder(tenant)));
        found.filter_map(move |item| {
            std::future::ready(match item {
                Ok(item) if item.last_modified < before => item
                    .location
                    .filename()
                    .and_then(|name| BlobKey::parse(tenant, name))
                    .map(Ok),
                Ok(_) => None,
                Err(error) => Some(Err(unavailable(&error))),
            })
        })
    }

    /// Deletes what interrupted writes have left in a local folder before a time: a file is written under a name with `#`
    /// and renamed when it is complete.
    pub(super) fn delete_partial_files(&self, tenant: TenantId, before: DateTime<Utc>) -> std::io::Result<()> {
        let Some(folder) = &self.folder else { return Ok(()) };
        let entries = match std::fs::read_dir(folder.join(tenant.uuid().simple().to_string())) {
            Ok(entries) => entries,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(()),
            Err(error) => return Err(error),
        };
        for entry in entries {
            let entry = entry?;
            let is_partial = entry.file_name().to_string_lossy().contains('#');
            if is_partial && DateTime::<Utc>::from(entry.metadata()?.modified()?) < before {
                std::fs::remove_file(entry.path())?;
            }
        }
        Ok(())
    }
}

/// Returns the absolute path of a folder that may not exist, without links and `..` in the part that does.
fn resolve(path: &std::path::Path) -> std::io::Result<PathBuf> {
    let absolute = std::path::absolute(path)?;
    for above in absolute.ancestors() {
        if let (Ok(found), Ok(rest)) = (above.canonicalize(), absolute.strip_prefix(above)) {
            return Ok(if rest.as_os_str().is_empty() {
                found
            } else {
                found.join(rest)
            });
        }
    }
    Ok(absolute)
}

fn unavailable(error: &object_store::Error) -> CoreError {
    CoreError::failed(Cause::FileStorageUnavailable, error)
}
