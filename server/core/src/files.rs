//! Files: checked, re-encoded, kept by content hash outside any static root.

use std::io::Cursor;
use std::path::PathBuf;
use std::sync::Arc;

use domain::problems::Problem;
use image::{ImageDecoder as _, ImageReader, Limits};
use object_store::path::Path;
use object_store::{ObjectStore, ObjectStoreExt as _};
use tokio::sync::Semaphore;

use crate::identity::actors::TenantId;
use crate::secrets::{hex, sha256};
use crate::{CoreError, CoreResult};

/// The largest photo that is accepted, in bytes.
pub const MOST_PHOTO_BYTES: usize = 15 * 1024 * 1024;
/// The longest side of a kept photo, in pixels: enough to read a type plate, small enough for a phone.
const LONGEST_SIDE: u32 = 2_560;
/// The longest side that is decoded at all; more is an attack.
const LONGEST_DECODED_SIDE: u32 = 12_000;
/// How much memory decoding one photo may take.
const MOST_DECODED_BYTES: u64 = 256 * 1024 * 1024;
/// Free disk space below which no file is stored any more.
pub const MIN_FREE_BYTES: u64 = 64 * 1024 * 1024;
/// How many photos are decoded at a time.
const DECODERS: usize = 2;
/// How many uploads may wait for a decoder; more are turned away, so that memory stays flat under a flood.
const MOST_WAITING: usize = 16;

/// Where files are kept: a folder or a bucket.
#[derive(Clone)]
pub struct FileStore {
    store: Arc<dyn ObjectStore>,
    /// The folder of a local store, whose free space is watched.
    folder: Option<PathBuf>,
    prefix: Path,
    decoders: Arc<Semaphore>,
    waiting: Arc<Semaphore>,
}

/// A photo after checks and re-encoding.
#[derive(Debug, Clone)]
pub struct CleanPhoto {
    /// A safe file name.
    pub file_name: String,
    /// Its bytes, without any metadata of the original.
    pub bytes: Vec<u8>,
    /// SHA-256 of the bytes.
    pub content_hash: Vec<u8>,
}

impl FileStore {
    /// Opens `file://folder`, `s3://bucket/prefix` or `memory:///`. S3 credentials come from the `AWS_*` variables.
    ///
    /// # Errors
    /// The address is not understood, or the folder cannot be made.
    pub fn open(address: &str) -> Result<Self, String> {
        if let Some(folder) = address.strip_prefix("file://") {
            std::fs::create_dir_all(folder).map_err(|error| format!("{folder}: {error}"))?;
            let store =
                object_store::local::LocalFileSystem::new_with_prefix(folder).map_err(|error| error.to_string())?;
            return Ok(Self {
                folder: Some(PathBuf::from(folder)),
                ..Self::over(Arc::new(store), Path::default())
            });
        }
        if address == "memory:///" {
            return Ok(Self::over(
                Arc::new(object_store::memory::InMemory::new()),
                Path::default(),
            ));
        }
        let Some(rest) = address.strip_prefix("s3://") else {
            return Err(format!("{address}: file://folder or s3://bucket/prefix is required"));
        };
        let (bucket, prefix) = rest.split_once('/').unwrap_or((rest, ""));
        let store = object_store::aws::AmazonS3Builder::from_env()
            .with_bucket_name(bucket)
            .build()
            .map_err(|error| error.to_string())?;
        Ok(Self::over(Arc::new(store), Path::from(prefix)))
    }

    fn over(store: Arc<dyn ObjectStore>, prefix: Path) -> Self {
        Self {
            store,
            folder: None,
            prefix,
            decoders: Arc::new(Semaphore::new(DECODERS)),
            waiting: Arc::new(Semaphore::new(MOST_WAITING)),
        }
    }

    /// Runs work that decodes pictures away from the request threads, a few at a time.
    ///
    /// # Errors
    /// What the work says; `temporarily_unavailable` when too many wait already.
    pub(crate) async fn decode<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> CoreResult<T> + Send + 'static,
    ) -> CoreResult<T> {
        let busy = || {
            CoreError::new(
                Problem::TemporarilyUnavailable,
                "Many files are being read right now; try again in a moment.",
            )
        };
        let _place = self.waiting.clone().try_acquire_owned().map_err(|_| busy())?;
        let permit = self.decoders.clone().acquire_owned().await.map_err(|_| busy())?;
        tokio::task::spawn_blocking(move || {
            let result = work();
            drop(permit);
            result
        })
        .await
        .map_err(|_| CoreError::new(Problem::InternalError, "A file could not be read."))?
    }

    /// Writes, reads and removes a small file, to find a wrong setting before a technician does.
    ///
    /// # Errors
    /// What the store said.
    pub async fn check(&self) -> Result<(), String> {
        let path = self.prefix.clone().join("doctor-check");
        self.store
            .put(&path, "ok".into())
            .await
            .map_err(|error| error.to_string())?;
        self.store.get(&path).await.map_err(|error| error.to_string())?;
        self.store.delete(&path).await.map_err(|error| error.to_string())
    }

    fn path(&self, tenant: TenantId, content_hash: &[u8]) -> Path {
        let name = hex(content_hash);
        self.prefix.clone().join(tenant.uuid().simple().to_string()).join(name)
    }

    /// Returns the free bytes of the disk that holds the folder; `None` for stores elsewhere.
    ///
    /// # Errors
    /// The operating system's message.
    pub fn free_bytes(&self) -> Option<std::io::Result<u64>> {
        self.folder.as_deref().map(fs4::available_space)
    }

    /// Refuses a file before the disk is full: the database usually shares it and needs the rest.
    fn ensure_space(&self, bytes: usize) -> CoreResult<()> {
        let needed = MIN_FREE_BYTES.saturating_add(u64::try_from(bytes).unwrap_or(u64::MAX));
        match self.free_bytes() {
            Some(Ok(free)) if free < needed => {
                tracing::error!(free, needed, "a file was refused: the disk is almost full");
                Err(CoreError::new(
                    Problem::TemporarilyUnavailable,
                    "There is not enough space for files right now.",
                ))
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
    tracing::error!(%error, "the file store does not answer");
    CoreError::new(
        Problem::TemporarilyUnavailable,
        "The files cannot be reached right now.",
    )
}

/// Checks that bytes are a photo (by content, not by name) and re-encodes it upright as JPEG, so that neither location
/// nor scripts travel along.
///
/// # Errors
/// Field `photo`: not a JPEG, PNG or WebP, too large, or not decodable.
pub fn clean_photo(file_name: &str, bytes: &[u8]) -> CoreResult<CleanPhoto> {
    if bytes.len() > MOST_PHOTO_BYTES {
        return Err(CoreError::field(
            "photo",
            "file_too_large",
            "At most 15 MB are allowed.",
        ));
    }
    let kind = infer::get(bytes).map(|kind| kind.mime_type());
    if !kind.is_some_and(|kind| PICTURES.contains(&kind)) {
        return Err(CoreError::field(
            "photo",
            "file_type_not_allowed",
            "A photo in JPEG, PNG or WebP is required.",
        ));
    }
    let output = re_encoded(bytes)
        .ok_or_else(|| CoreError::field("photo", "file_not_readable", "This photo cannot be read."))?;
    Ok(CleanPhoto {
        file_name: safe_name(file_name, "photo", "jpg"),
        content_hash: sha256(&output),
        bytes: output,
    })
}

/// The media types of pictures that are taken in.
const PICTURES: [&str; 3] = ["image/jpeg", "image/png", "image/webp"];

/// Decodes within limits, upright; `None` if it cannot be read.
fn decoded(bytes: &[u8]) -> Option<image::DynamicImage> {
    let mut reader = ImageReader::new(Cursor::new(bytes)).with_guessed_format().ok()?;
    let mut limits = Limits::default();
    limits.max_image_width = Some(LONGEST_DECODED_SIDE);
    limits.max_image_height = Some(LONGEST_DECODED_SIDE);
    limits.max_alloc = Some(MOST_DECODED_BYTES);
    reader.limits(limits);
    let mut decoder = reader.into_decoder().ok()?;
    // Not every decoder counts what it hands out; the size is known before anything is.
    if decoder.total_bytes() > MOST_DECODED_BYTES {
        return None;
    }
    let orientation = decoder.orientation().ok()?;
    let mut picture = image::DynamicImage::from_decoder(decoder).ok()?;
    picture.apply_orientation(orientation);
    Some(picture)
}

/// Writes a JPEG, upright and without metadata; `None` if it cannot be read.
fn re_encoded(bytes: &[u8]) -> Option<Vec<u8>> {
    let mut picture = decoded(bytes)?;
    if picture.width().max(picture.height()) > LONGEST_SIDE {
        picture = picture.resize(LONGEST_SIDE, LONGEST_SIDE, image::imageops::FilterType::Triangle);
    }
    let mut output = Vec::new();
    let encoder = image::codecs::jpeg::JpegEncoder::new_with_quality(&mut output, 85);
    picture.to_rgb8().write_with_encoder(encoder).ok()?;
    Some(output)
}

/// A file as somebody uploads it.
#[derive(Debug, Clone, Default)]
pub struct Upload {
    /// The name that the sender's device gave it.
    pub file_name: String,
    /// The type that the sender's device claims.
    pub media_type: String,
    /// Its content.
    pub bytes: Vec<u8>,
}

/// A file after checks: a re-encoded picture or a PDF.
#[derive(Debug, Clone)]
pub struct CleanFile {
    /// A safe file name with the extension of what it is.
    pub file_name: String,
    /// What it is.
    pub media_type: &'static str,
    /// Its bytes.
    pub bytes: Vec<u8>,
    /// SHA-256 of the bytes.
    pub content_hash: Vec<u8>,
}

/// Takes a file in: what its name says, what its sender says and what it is must agree, and be a picture or a PDF.
///
/// # Errors
/// Field `files`: too large, another type, a type other than it says, or not readable.
pub fn clean_file(upload: &Upload) -> CoreResult<CleanFile> {
    let refuse = |code, detail: &str| {
        Err(CoreError::field(
            "files",
            code,
            format!("{}: {detail}", plain_name(&upload.file_name)),
        ))
    };
    if upload.bytes.len() > domain::intake::MAX_FILE_BYTES {
        return refuse("file_too_large", "at most 10 MB are allowed.");
    }
    let allowed: [(&'static str, &[&str]); 4] = [
        ("image/jpeg", &["jpg", "jpeg"]),
        ("image/png", &["png"]),
        ("image/webp", &["webp"]),
        ("application/pdf", &["pdf"]),
    ];
    let sniffed = infer::get(&upload.bytes).map(|kind| kind.mime_type());
    let Some((kind, extensions)) = allowed.into_iter().find(|(kind, _)| sniffed == Some(kind)) else {
        return refuse(
            "file_type_not_allowed",
            "a picture (JPEG, PNG, WebP) or a PDF is required.",
        );
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
    let says_so = declared.is_empty() || declared == "application/octet-stream" || declared == kind;
    if !says_so || !extension.is_some_and(|extension| extensions.contains(&extension.as_str())) {
        return refuse("file_type_differs", "its name says something else than its content.");
    }
    let (bytes, media_type, extension) = if kind == "application/pdf" {
        (upload.bytes.clone(), kind, "pdf")
    } else {
        match re_encoded(&upload.bytes) {
            Some(bytes) => (bytes, "image/jpeg", "jpg"),
            None => return refuse("file_not_readable", "it cannot be read."),
        }
    };
    Ok(CleanFile {
        file_name: safe_name(&upload.file_name, "file", extension),
        media_type,
        content_hash: sha256(&bytes),
        bytes,
    })
}

/// The largest logo that is accepted, in bytes.
pub const MOST_LOGO_BYTES: usize = 2 * 1024 * 1024;
/// The box that a kept logo fits into, in pixels: three times its place on the page, for dense screens.
const LOGO_BOX: (u32, u32) = (480, 120);

/// Takes a logo in: a small PNG, whatever picture it was, with what can be seen through kept.
///
/// # Errors
/// Field `logo`: too large, no picture, or not readable.
pub fn clean_logo(upload: &Upload) -> CoreResult<Vec<u8>> {
    if upload.bytes.len() > MOST_LOGO_BYTES {
        return Err(CoreError::field("logo", "file_too_large", "At most 2 MB are allowed."));
    }
    let kind = infer::get(&upload.bytes).map(|kind| kind.mime_type());
    if !kind.is_some_and(|kind| PICTURES.contains(&kind)) {
        return Err(CoreError::field(
            "logo",
            "file_type_not_allowed",
            "A picture in PNG, JPEG or WebP is required.",
        ));
    }
    let small = || {
        let mut picture = decoded(&upload.bytes)?;
        let (width, height) = LOGO_BOX;
        if picture.width() > width || picture.height() > height {
            picture = picture.resize(width, height, image::imageops::FilterType::Lanczos3);
        }
        let mut output = Vec::new();
        let picture = image::DynamicImage::ImageRgba8(picture.to_rgba8());
        picture
            .write_to(&mut Cursor::new(&mut output), image::ImageFormat::Png)
            .ok()?;
        Some(output)
    };
    small().ok_or_else(|| CoreError::field("logo", "file_not_readable", "This picture cannot be read."))
}

/// The last part of a name, without anything that could disturb a page or a log.
fn plain_name(file_name: &str) -> String {
    let last = file_name.rsplit(['/', '\\']).next().unwrap_or_default();
    last.chars()
        .filter(|character| !character.is_control() && !domain::text::is_bidi_override(*character))
        .take(80)
        .collect()
}

/// A file name without path, control characters or a lying extension.
fn safe_name(file_name: &str, otherwise: &str, extension: &str) -> String {
    let last = plain_name(file_name);
    let stem = last.rsplit_once('.').map_or(last.as_str(), |(stem, _)| stem);
    let stem: String = stem
        .chars()
        .filter(|character| character.is_alphanumeric() || matches!(character, '-' | '_' | ' '))
        .collect();
    let stem = stem.trim();
    format!("{}.{extension}", if stem.is_empty() { otherwise } else { stem })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn png(width: u32, height: u32) -> Vec<u8> {
        let mut bytes = Vec::new();
        image::RgbImage::from_pixel(width, height, image::Rgb([10, 120, 90]))
            .write_to(&mut Cursor::new(&mut bytes), image::ImageFormat::Png)
            .expect("encodes");
        bytes
    }

    #[test]
    fn photos_are_re_encoded_and_bounded() {
        let photo = clean_photo("../../etc/Keller links.PNG", &png(3_000, 30)).expect("a photo");
        assert_eq!(photo.file_name, "Keller links.jpg");
        let again = image::load_from_memory(&photo.bytes).expect("a picture");
        assert_eq!(again.width(), LONGEST_SIDE);
    }

    #[test]
    fn files_that_lie_are_refused() {
        for (bytes, code) in [
            (b"<svg onload=alert(1)>".to_vec(), "file_type_not_allowed"),
            (b"%PDF-1.7".to_vec(), "file_type_not_allowed"),
            (png(20, 20)[..40].to_vec(), "file_not_readable"),
            (vec![0; MOST_PHOTO_BYTES + 1], "file_too_large"),
        ] {
            assert_eq!(clean_photo("x.jpg", &bytes).expect_err("refused").fields[0].code, code);
        }
    }

    /// A PNG whose head claims 60,000 by 60,000 pixels: 10 GB from a few hundred bytes.
    fn bomb() -> Vec<u8> {
        let mut bytes = png(8, 8);
        bytes[16..20].copy_from_slice(&60_000u32.to_be_bytes());
        bytes[20..24].copy_from_slice(&60_000u32.to_be_bytes());
        let mut crc = flate2::Crc::new();
        crc.update(&bytes[12..29]);
        bytes[29..33].copy_from_slice(&crc.sum().to_be_bytes());
        bytes
    }

    #[test]
    fn uploads_are_what_they_say_or_are_refused() {
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
            (upload("x.png", "image/png", bomb()), Err("file_not_readable")),
            (
                upload("x.pdf", "", vec![b'%'; domain::intake::MAX_FILE_BYTES + 1]),
                Err("file_too_large"),
            ),
        ] {
            let clean = clean_file(&file);
            let got = clean
                .as_ref()
                .map(|clean| clean.file_name.as_str())
                .map_err(|error| error.fields[0].code.as_str());
            assert_eq!(got, expected, "{}", file.file_name);
        }
    }
}
