//! File storage: uploads are validated, re-encoded and stored by content hash outside any static root.

use domain::fields::FieldCode;
use std::io::Cursor;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use domain::problems::Cause;
use image::{ImageDecoder as _, ImageReader, Limits};
use object_store::aws::{AmazonS3Builder, AmazonS3ConfigKey};
use object_store::path::Path;
use object_store::{ClientConfigKey, ObjectStore, ObjectStoreExt as _, RetryConfig};
use tokio::sync::Semaphore;

use crate::identity::actors::TenantId;
use crate::secrets::{hex, sha256};
use crate::{CoreError, CoreResult};

/// Maximum size of an uploaded photo.
pub const MAX_PHOTO_BYTES: usize = 15 * 1024 * 1024;
/// Longer side of a stored photo: enough to read a type plate, small enough for a phone.
const MAX_SIDE_PIXELS: u32 = 2_560;
/// Longer side of an image that is still decoded; larger images are treated as decompression bombs.
const MAX_DECODED_SIDE_PIXELS: u32 = 12_000;
/// Memory that decoding one image may use.
const MAX_DECODED_BYTES: u64 = 256 * 1024 * 1024;
/// Free disk space below which uploads are rejected.
pub const MIN_FREE_BYTES: u64 = 64 * 1024 * 1024;
/// How long a silent S3 service is waited for.
const DEFAULT_TIMEOUT: Duration = Duration::from_secs(10);
const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);
/// A whole transfer may take this many times as long as a silence.
const MAX_TRANSFER_FACTOR: u32 = 6;
/// Retries of a request to S3.
const MAX_RETRIES: usize = 2;
const MAX_CONCURRENT_DECODERS: usize = 2;
/// Uploads that may be decoding or waiting for a decoder. Further ones are rejected to bound memory use under load.
const MAX_QUEUED_UPLOADS: usize = 16;

/// File storage backend: a local folder, an S3 bucket or memory.
#[derive(Clone)]
pub struct FileStore {
    store: Arc<dyn ObjectStore>,
    /// Folder of a local store, whose free space is checked before each write.
    folder: Option<PathBuf>,
    prefix: Path,
    decoders: Arc<Semaphore>,
    waiting: Arc<Semaphore>,
}

/// A validated and re-encoded photo.
#[derive(Debug, Clone)]
pub struct CleanPhoto {
    /// Sanitized file name.
    pub file_name: String,
    /// JPEG without any metadata of the original.
    pub bytes: Vec<u8>,
    /// SHA-256 of the bytes.
    pub content_hash: Vec<u8>,
}

impl FileStore {
    /// Opens `file://folder`, `s3://bucket/prefix` or `memory:///`. S3 credentials come from the `AWS_*` variables.
    ///
    /// # Errors
    /// The URL is not supported, or the folder cannot be created.
    pub fn open(address: &str) -> Result<Self, String> {
        Self::open_with(address, DEFAULT_TIMEOUT)
    }

    /// Like [`Self::open`], with the time after which a silent S3 service is given up.
    ///
    /// # Errors
    /// The URL is not supported, or the folder cannot be created.
    pub fn open_with(address: &str, timeout: Duration) -> Result<Self, String> {
        if let Some(folder) = address.strip_prefix("file://") {
            std::fs::create_dir_all(folder).map_err(|error| format!("{folder}: {error}"))?;
            let store =
                object_store::local::LocalFileSystem::new_with_prefix(folder).map_err(|error| error.to_string())?;
            return Ok(Self {
                folder: Some(PathBuf::from(folder)),
                ..Self::with_store(Arc::new(store), Path::default())
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
            decoders: Arc::new(Semaphore::new(MAX_CONCURRENT_DECODERS)),
            waiting: Arc::new(Semaphore::new(MAX_QUEUED_UPLOADS)),
        }
    }

    /// Runs image decoding on the blocking thread pool with limited concurrency.
    ///
    /// # Errors
    /// Returns the error of `work`, or `temporarily_unavailable` if the queue is full.
    pub(crate) async fn decode<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> CoreResult<T> + Send + 'static,
    ) -> CoreResult<T> {
        let busy = || CoreError::new(Cause::TooManyFilesInProgress);
        let _queue_slot = self.waiting.clone().try_acquire_owned().map_err(|_| busy())?;
        let permit = self.decoders.clone().acquire_owned().await.map_err(|_| busy())?;
        tokio::task::spawn_blocking(move || {
            let result = work();
            drop(permit);
            result
        })
        .await
        .map_err(|_| CoreError::internal("The file could not be processed."))?
    }

    /// Writes, reads and deletes a small file to detect a wrong configuration or an outage.
    ///
    /// # Errors
    /// Returns the message of the store.
    pub async fn check(&self) -> Result<(), String> {
        // Writing would create a folder that was deleted, next to the one that is to be mounted again.
        if let Some(folder) = self.folder.as_deref().filter(|folder| !folder.is_dir()) {
            return Err(format!("{}: the folder does not exist", folder.display()));
        }
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

    fn path(&self, tenant: TenantId, content_hash: &[u8]) -> Path {
        let name = hex(content_hash);
        self.prefix.clone().join(tenant.uuid().simple().to_string()).join(name)
    }

    /// Returns the free bytes of the disk that holds the folder; `None` for a remote or in-memory store.
    pub fn free_bytes(&self) -> Option<std::io::Result<u64>> {
        self.folder.as_deref().map(fs4::available_space)
    }

    /// Rejects a file before the disk is full: the database usually shares the disk and needs the remaining space.
    fn ensure_space(&self, bytes: usize) -> CoreResult<()> {
        let needed = MIN_FREE_BYTES.saturating_add(u64::try_from(bytes).unwrap_or(u64::MAX));
        match self.free_bytes() {
            Some(Ok(free)) if free < needed => {
                tracing::error!(free, needed, "upload rejected: disk almost full");
                Err(CoreError::new(Cause::FileStorageFull))
            }
            _ => Ok(()),
        }
    }

    pub(crate) async fn put(&self, tenant: TenantId, content_hash: &[u8], bytes: Vec<u8>) -> CoreResult<()> {
        self.ensure_space(bytes.len())?;
        self.store
            .put(&self.path(tenant, content_hash), bytes.into())
            .await
            .map(drop)
            .map_err(|error| unavailable(&error))
    }

    /// Returns a file; `None` if there is none with this hash.
    pub(crate) async fn find(&self, tenant: TenantId, content_hash: &[u8]) -> CoreResult<Option<bytes::Bytes>> {
        match self.store.get(&self.path(tenant, content_hash)).await {
            Ok(found) => found.bytes().await.map(Some).map_err(|error| unavailable(&error)),
            Err(object_store::Error::NotFound { .. }) => Ok(None),
            Err(error) => Err(unavailable(&error)),
        }
    }

    pub(crate) async fn get(&self, tenant: TenantId, content_hash: &[u8]) -> CoreResult<bytes::Bytes> {
        let found = self
            .store
            .get(&self.path(tenant, content_hash))
            .await
            .map_err(|error| unavailable(&error))?;
        found.bytes().await.map_err(|error| unavailable(&error))
    }
}

fn unavailable(error: &object_store::Error) -> CoreError {
    CoreError::failed(Cause::FileStorageUnavailable, error)
}

/// Validates a photo by its content, not its name, and re-encodes it upright as JPEG. Re-encoding removes location
/// metadata and embedded scripts.
///
/// # Errors
/// Field `photo`: not a JPEG, PNG or WebP, too large, or not decodable.
pub fn clean_photo(file_name: &str, bytes: &[u8]) -> CoreResult<CleanPhoto> {
    if bytes.len() > MAX_PHOTO_BYTES {
        return Err(CoreError::field(
            "photo",
            FieldCode::FileTooLarge {
                file: None,
                max_megabytes: MAX_PHOTO_BYTES / 1024 / 1024,
            },
        ));
    }
    let kind = infer::get(bytes).map(|kind| kind.mime_type());
    if !kind.is_some_and(|kind| IMAGE_MEDIA_TYPES.contains(&kind)) {
        return Err(CoreError::field(
            "photo",
            FieldCode::FileTypeNotAllowed {
                file: None,
                allowed: ["JPEG", "PNG", "WebP"].map(str::to_owned).to_vec(),
            },
        ));
    }
    let output =
        reencode_as_jpeg(bytes).ok_or_else(|| CoreError::field("photo", FieldCode::FileNotReadable { file: None }))?;
    Ok(CleanPhoto {
        file_name: safe_name(file_name, "photo", "jpg"),
        content_hash: sha256(&output),
        bytes: output,
    })
}

/// Accepted image types.
const IMAGE_MEDIA_TYPES: [&str; 3] = ["image/jpeg", "image/png", "image/webp"];

/// Decodes an image within the limits and applies its EXIF orientation; `None` if it cannot be decoded.
fn decode_image(bytes: &[u8]) -> Option<image::DynamicImage> {
    let mut reader = ImageReader::new(Cursor::new(bytes)).with_guessed_format().ok()?;
    let mut limits = Limits::default();
    limits.max_image_width = Some(MAX_DECODED_SIDE_PIXELS);
    limits.max_image_height = Some(MAX_DECODED_SIDE_PIXELS);
    limits.max_alloc = Some(MAX_DECODED_BYTES);
    reader.limits(limits);
    let mut decoder = reader.into_decoder().ok()?;
    // Not every decoder enforces `max_alloc`; the decoded size is known before any allocation.
    if decoder.total_bytes() > MAX_DECODED_BYTES {
        return None;
    }
    let orientation = decoder.orientation().ok()?;
    let mut image = image::DynamicImage::from_decoder(decoder).ok()?;
    image.apply_orientation(orientation);
    Some(image)
}

/// Re-encodes an image as an upright JPEG without metadata; `None` if it cannot be decoded.
fn reencode_as_jpeg(bytes: &[u8]) -> Option<Vec<u8>> {
    let mut image = decode_image(bytes)?;
    if image.width().max(image.height()) > MAX_SIDE_PIXELS {
        image = image.resize(MAX_SIDE_PIXELS, MAX_SIDE_PIXELS, image::imageops::FilterType::Triangle);
    }
    let mut output = Vec::new();
    let encoder = image::codecs::jpeg::JpegEncoder::new_with_quality(&mut output, 85);
    image.to_rgb8().write_with_encoder(encoder).ok()?;
    Some(output)
}

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
    pub bytes: Vec<u8>,
    /// SHA-256 of the bytes.
    pub content_hash: Vec<u8>,
}

/// Validates an uploaded file. Its extension, claimed media type and content must agree on an image or a PDF.
///
/// # Errors
/// Field `files`: too large, type not allowed, type and name or content differ, or not decodable.
pub fn clean_file(upload: &Upload) -> CoreResult<CleanFile> {
    let file = Some(display_name(&upload.file_name));
    let reject = |code| Err(CoreError::field("files", code));
    if upload.bytes.len() > domain::intake::MAX_FILE_BYTES {
        return reject(FieldCode::FileTooLarge {
            file,
            max_megabytes: domain::intake::MAX_FILE_BYTES / 1024 / 1024,
        });
    }
    let allowed: [(&'static str, &[&str]); 4] = [
        ("image/jpeg", &["jpg", "jpeg"]),
        ("image/png", &["png"]),
        ("image/webp", &["webp"]),
        ("application/pdf", &["pdf"]),
    ];
    let detected = infer::get(&upload.bytes).map(|kind| kind.mime_type());
    let Some((kind, extensions)) = allowed.into_iter().find(|(kind, _)| detected == Some(kind)) else {
        return reject(FieldCode::FileTypeNotAllowed {
            file,
            allowed: ["JPEG", "PNG", "WebP", "PDF"].map(str::to_owned).to_vec(),
        });
    };
    let extension = upload
        .file_name
        .rsplit_once('.')
        .map(|(_, extension)| extension.to_lowercase());
    let declared = upload
        .media_type
        .split(';')
        .next()
        .unwrap_or_default()
        .trim()
        .to_lowercase();
    let matches_claim = declared.is_empty() || declared == "application/octet-stream" || declared == kind;
    if !matches_claim || !extension.is_some_and(|extension| extensions.contains(&extension.as_str())) {
        return reject(FieldCode::FileTypeDiffers { file });
    }
    let (bytes, media_type, extension) = if kind == "application/pdf" {
        (upload.bytes.clone(), kind, "pdf")
    } else {
        match reencode_as_jpeg(&upload.bytes) {
            Some(bytes) => (bytes, "image/jpeg", "jpg"),
            None => return reject(FieldCode::FileNotReadable { file }),
        }
    };
    Ok(CleanFile {
        file_name: safe_name(&upload.file_name, "file", extension),
        media_type,
        content_hash: sha256(&bytes),
        bytes,
    })
}

/// Maximum size of an uploaded logo.
pub const MAX_LOGO_BYTES: usize = 2 * 1024 * 1024;
/// Maximum width and height of a stored logo: three times its display size, for high-density screens.
const MAX_LOGO_SIZE_PIXELS: (u32, u32) = (480, 120);

/// Validates a logo and re-encodes it as a small PNG, preserving transparency.
///
/// # Errors
/// Field `logo`: too large, type not allowed, or not decodable.
pub fn clean_logo(upload: &Upload) -> CoreResult<Vec<u8>> {
    if upload.bytes.len() > MAX_LOGO_BYTES {
        return Err(CoreError::field(
            "logo",
            FieldCode::FileTooLarge {
                file: None,
                max_megabytes: MAX_LOGO_BYTES / 1024 / 1024,
            },
        ));
    }
    let kind = infer::get(&upload.bytes).map(|kind| kind.mime_type());
    if !kind.is_some_and(|kind| IMAGE_MEDIA_TYPES.contains(&kind)) {
        return Err(CoreError::field(
            "logo",
            FieldCode::FileTypeNotAllowed {
                file: None,
                allowed: ["JPEG", "PNG", "WebP"].map(str::to_owned).to_vec(),
            },
        ));
    }
    let reencode_as_png = || {
        let mut image = decode_image(&upload.bytes)?;
        let (width, height) = MAX_LOGO_SIZE_PIXELS;
        if image.width() > width || image.height() > height {
            image = image.resize(width, height, image::imageops::FilterType::Lanczos3);
        }
        let mut output = Vec::new();
        let image = image::DynamicImage::ImageRgba8(image.to_rgba8());
        image
            .write_to(&mut Cursor::new(&mut output), image::ImageFormat::Png)
            .ok()?;
        Some(output)
    };
    reencode_as_png().ok_or_else(|| CoreError::field("logo", FieldCode::FileNotReadable { file: None }))
}

/// Returns the last path segment, at most 80 characters, without control characters and bidirectional overrides.
fn display_name(file_name: &str) -> String {
    let last = file_name.rsplit(['/', '\\']).next().unwrap_or_default();
    last.chars()
        .filter(|character| !character.is_control() && !domain::text::is_bidi_override(*character))
        .take(80)
        .collect()
}

/// Returns a file name without path and special characters and with the given extension.
fn safe_name(file_name: &str, fallback: &str, extension: &str) -> String {
    let last = display_name(file_name);
    let stem = last.rsplit_once('.').map_or(last.as_str(), |(stem, _)| stem);
    let stem: String = stem
        .chars()
        .filter(|character| character.is_alphanumeric() || matches!(character, '-' | '_' | ' '))
        .collect();
    let stem = stem.trim();
    format!("{}.{extension}", if stem.is_empty() { fallback } else { stem })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn png(width: u32, height: u32) -> Vec<u8> {
        let mut bytes = Vec::new();
        image::RgbImage::from_pixel(width, height, image::Rgb([10, 120, 90]))
            .write_to(&mut Cursor::new(&mut bytes), image::ImageFormat::Png)
            .expect("image is encoded");
        bytes
    }

    #[test]
    fn photo_too_wide_is_reencoded_and_resized() {
        let photo = clean_photo("../../etc/Keller links.PNG", &png(3_000, 30)).expect("photo is accepted");
        assert_eq!(photo.file_name, "Keller links.jpg");
        let decoded = image::load_from_memory(&photo.bytes).expect("output is an image");
        assert_eq!(decoded.width(), MAX_SIDE_PIXELS);
    }

    #[test]
    fn photo_invalid_content_is_rejected() {
        for (bytes, code) in [
            (b"<svg onload=alert(1)>".to_vec(), "file_type_not_allowed"),
            (b"%PDF-1.7".to_vec(), "file_type_not_allowed"),
            (png(20, 20)[..40].to_vec(), "file_not_readable"),
            (vec![0; MAX_PHOTO_BYTES + 1], "file_too_large"),
        ] {
            assert_eq!(
                clean_photo("x.jpg", &bytes).expect_err("photo is rejected").fields[0]
                    .code
                    .code(),
                code
            );
        }
    }

    /// A PNG whose header claims 60,000 by 60,000 pixels: 10 GB from a few hundred bytes.
    fn decompression_bomb() -> Vec<u8> {
        let mut bytes = png(8, 8);
        bytes[16..20].copy_from_slice(&60_000u32.to_be_bytes());
        bytes[20..24].copy_from_slice(&60_000u32.to_be_bytes());
        let mut crc = flate2::Crc::new();
        crc.update(&bytes[12..29]);
        bytes[29..33].copy_from_slice(&crc.sum().to_be_bytes());
        bytes
    }

    #[test]
    fn upload_claimed_type_differs_from_content_is_rejected() {
        let upload = |file_name: &str, media_type: &str, bytes: Vec<u8>| Upload {
            file_name: file_name.to_owned(),
            media_type: media_type.to_owned(),
            bytes,
        };
        let pdf = b"%PDF-1.7 and more".to_vec();
        for (file, expected) in [
            (upload("../../etc/plate.PNG", "image/png", png(9, 9)), Ok("plate.jpg")),
            (upload("plan.pdf", "application/pdf", pdf.clone()), Ok("plan.pdf")),
            (upload("a\\b\\..pdf", "", pdf.clone()), Ok("file.pdf")),
            (upload("plan.jpg", "image/jpeg", pdf.clone()), Err("file_type_differs")),
            (upload("plan.pdf", "image/png", pdf.clone()), Err("file_type_differs")),
            (
                upload("plate.png.exe", "image/png", png(9, 9)),
                Err("file_type_differs"),
            ),
            (
                upload("x.svg", "image/svg+xml", b"<svg onload=alert(1)>".to_vec()),
                Err("file_type_not_allowed"),
            ),
            (
                upload("x.html", "text/html", b"<!doctype html><script>1</script>".to_vec()),
                Err("file_type_not_allowed"),
            ),
            (
                upload("x.png", "image/png", decompression_bomb()),
                Err("file_not_readable"),
            ),
            (
                upload("x.pdf", "", vec![b'%'; domain::intake::MAX_FILE_BYTES + 1]),
                Err("file_too_large"),
            ),
        ] {
            let clean = clean_file(&file);
            let actual = clean
                .as_ref()
                .map(|clean| clean.file_name.as_str())
                .map_err(|error| error.fields[0].code.code());
            assert_eq!(actual, expected, "{}", file.file_name);
        }
    }
}
