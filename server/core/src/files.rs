//! Files: checked, re-encoded, kept by content hash outside any static root.

use std::io::Cursor;
use std::sync::Arc;

use domain::problems::Problem;
use image::{ImageDecoder as _, ImageReader, Limits};
use object_store::path::Path;
use object_store::{ObjectStore, ObjectStoreExt as _};

use crate::actors::TenantId;
use crate::secrets::fingerprint;
use crate::{CoreError, CoreResult};

/// The largest photo that is accepted, in bytes.
pub const MOST_PHOTO_BYTES: usize = 15 * 1024 * 1024;
/// The longest side of a kept photo, in pixels: enough to read a type plate, small enough for a phone.
const LONGEST_SIDE: u32 = 2_560;
/// The longest side that is decoded at all; more is an attack.
const LONGEST_DECODED_SIDE: u32 = 12_000;
/// How much memory decoding one photo may take.
const MOST_DECODED_BYTES: u64 = 512 * 1024 * 1024;

/// Where files are kept: a folder or a bucket.
#[derive(Clone)]
pub struct FileStore {
    store: Arc<dyn ObjectStore>,
    prefix: Path,
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
                store: Arc::new(store),
                prefix: Path::default(),
            });
        }
        if address == "memory:///" {
            return Ok(Self {
                store: Arc::new(object_store::memory::InMemory::new()),
                prefix: Path::default(),
            });
        }
        let Some(rest) = address.strip_prefix("s3://") else {
            return Err(format!("{address}: file://folder or s3://bucket/prefix is required"));
        };
        let (bucket, prefix) = rest.split_once('/').unwrap_or((rest, ""));
        let store = object_store::aws::AmazonS3Builder::from_env()
            .with_bucket_name(bucket)
            .build()
            .map_err(|error| error.to_string())?;
        Ok(Self {
            store: Arc::new(store),
            prefix: Path::from(prefix),
        })
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
        let name: String = content_hash.iter().map(|byte| format!("{byte:02x}")).collect();
        self.prefix.clone().join(tenant.uuid().simple().to_string()).join(name)
    }

    pub(crate) async fn put(&self, tenant: TenantId, content_hash: &[u8], bytes: Vec<u8>) -> CoreResult<()> {
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
    let wrong_type = || {
        CoreError::field(
            "photo",
            "file_type_not_allowed",
            "A photo in JPEG, PNG or WebP is required.",
        )
    };
    let broken = || CoreError::field("photo", "file_not_readable", "This photo cannot be read.");
    let kind = infer::get(bytes).map(|kind| kind.mime_type()).ok_or_else(wrong_type)?;
    if !matches!(kind, "image/jpeg" | "image/png" | "image/webp") {
        return Err(wrong_type());
    }
    let mut reader = ImageReader::new(Cursor::new(bytes))
        .with_guessed_format()
        .map_err(|_| broken())?;
    let mut limits = Limits::default();
    limits.max_image_width = Some(LONGEST_DECODED_SIDE);
    limits.max_image_height = Some(LONGEST_DECODED_SIDE);
    limits.max_alloc = Some(MOST_DECODED_BYTES);
    reader.limits(limits);
    let mut decoder = reader.into_decoder().map_err(|_| broken())?;
    let orientation = decoder.orientation().map_err(|_| broken())?;
    let mut picture = image::DynamicImage::from_decoder(decoder).map_err(|_| broken())?;
    picture.apply_orientation(orientation);
    if picture.width().max(picture.height()) > LONGEST_SIDE {
        picture = picture.resize(LONGEST_SIDE, LONGEST_SIDE, image::imageops::FilterType::Triangle);
    }
    let mut output = Vec::new();
    let encoder = image::codecs::jpeg::JpegEncoder::new_with_quality(&mut output, 85);
    picture.to_rgb8().write_with_encoder(encoder).map_err(|_| broken())?;
    Ok(CleanPhoto {
        file_name: safe_name(file_name),
        content_hash: fingerprint(&output),
        bytes: output,
    })
}

/// A file name without path, control characters or a lying extension.
fn safe_name(file_name: &str) -> String {
    let last = file_name.rsplit(['/', '\\']).next().unwrap_or_default();
    let stem = last.rsplit_once('.').map_or(last, |(stem, _)| stem);
    let stem: String = stem
        .chars()
        .filter(|character| character.is_alphanumeric() || matches!(character, '-' | '_' | ' '))
        .take(80)
        .collect();
    let stem = stem.trim();
    format!("{}.jpg", if stem.is_empty() { "photo" } else { stem })
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
}
