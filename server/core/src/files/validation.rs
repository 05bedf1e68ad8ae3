//! Validates uploads by their content and re-encodes images.

use std::io::Cursor;

use domain::fields::FieldCode;
use image::{ImageDecoder as _, ImageReader, Limits};
use unicode_normalization::UnicodeNormalization as _;

use crate::files::model::{CleanFile, CleanPhoto, Upload};
use crate::secrets::sha256;
use crate::{CoreError, CoreResult};

/// Maximum size of an uploaded photo.
pub const MAX_PHOTO_BYTES: usize = 15 * 1024 * 1024;
/// Longer side of a stored photo: enough to read a type plate, small enough for a phone.
const MAX_SIDE_PIXELS: u32 = 2_560;
/// Pixels of an image that is still decoded: more than a phone takes, few enough to decode within seconds.
const MAX_PIXELS: u64 = 50_000_000;
/// Longer side of an image that is still decoded.
const MAX_DECODED_SIDE_PIXELS: u32 = 30_000;
/// Memory that decoding one image may use.
const MAX_DECODED_BYTES: u64 = 256 * 1024 * 1024;

/// Checks size, type and dimensions of a photo by its header, without decoding it.
///
/// # Errors
/// Field `photo`: not a JPEG, PNG or WebP, too large, or not readable.
pub(crate) fn check_photo(bytes: &[u8]) -> CoreResult<()> {
    let reject = |code| Err(CoreError::field("photo", code));
    if bytes.len() > MAX_PHOTO_BYTES {
        return reject(FieldCode::FileTooLarge {
            file: None,
            max_megabytes: MAX_PHOTO_BYTES / 1024 / 1024,
        });
    }
    let kind = infer::get(bytes).map(|kind| kind.mime_type());
    if !kind.is_some_and(|kind| IMAGE_MEDIA_TYPES.contains(&kind)) {
        return reject(FieldCode::FileTypeNotAllowed {
            file: None,
            allowed: ["JPEG", "PNG", "WebP"].map(str::to_owned).to_vec(),
        });
    }
    check_dimensions(bytes, None).or_else(reject)
}

/// Validates a photo by its content, not its name, and re-encodes it upright as JPEG. Re-encoding removes location
/// metadata and embedded scripts.
///
/// # Errors
/// Field `photo`: see [`check_photo`]; not decodable.
pub fn clean_photo(file_name: &str, bytes: &[u8]) -> CoreResult<CleanPhoto> {
    check_photo(bytes)?;
    let output =
        reencode_as_jpeg(bytes).ok_or_else(|| CoreError::field("photo", FieldCode::FileNotReadable { file: None }))?;
    Ok(CleanPhoto {
        file_name: safe_name(file_name, "photo", "jpg"),
        content_hash: sha256(&output),
        bytes: output.into(),
    })
}

/// Accepted image types.
const IMAGE_MEDIA_TYPES: [&str; 3] = ["image/jpeg", "image/png", "image/webp"];

/// Reads the dimensions from the header of an image and compares them with the limits. Nothing is decoded.
fn check_dimensions(bytes: &[u8], file: Option<String>) -> Result<(), FieldCode> {
    let reader = ImageReader::new(Cursor::new(bytes)).with_guessed_format();
    let Some((width, height)) = reader.ok().and_then(|reader| reader.into_dimensions().ok()) else {
        return Err(FieldCode::FileNotReadable { file });
    };
    let pixels = u64::from(width) * u64::from(height);
    if pixels > MAX_PIXELS || width.max(height) > MAX_DECODED_SIDE_PIXELS {
        return Err(FieldCode::ImageTooLarge {
            file,
            max_megapixels: usize::try_from(MAX_PIXELS / 1_000_000).unwrap_or(usize::MAX),
        });
    }
    Ok(())
}

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

/// Longer side of a photo in lists and galleries, for screens with two pixels per point.
const MAX_THUMBNAIL_SIDE_PIXELS: u32 = 640;

/// Returns a smaller version of a photo; `None` if it is small already or cannot be decoded.
pub(crate) fn shrink_photo(bytes: &[u8]) -> Option<Vec<u8>> {
    let image = decode_image(bytes)?;
    if image.width().max(image.height()) <= MAX_THUMBNAIL_SIDE_PIXELS {
        return None;
    }
    let side = MAX_THUMBNAIL_SIDE_PIXELS;
    let image = image.resize(side, side, image::imageops::FilterType::Triangle);
    let mut output = Vec::new();
    let encoder = image::codecs::jpeg::JpegEncoder::new_with_quality(&mut output, 80);
    image.to_rgb8().write_with_encoder(encoder).ok()?;
    Some(output)
}

/// Checks an uploaded file without decoding it, and returns the detected type. An image is known by its content, whatever its
/// name and claimed type: phones and messengers name WebP files `.jpg` or not at all, and images are re-encoded. A PDF is
/// stored as it is, so its extension, claimed type and content must agree.
///
/// # Errors
/// Field `files`: too large, type not allowed, type and name or content of a PDF differ, or not readable.
pub(crate) fn check_file(upload: &Upload) -> CoreResult<&'static str> {
    let file = Some(display_name(&upload.file_name));
    let reject = |code| Err(CoreError::field("files", code));
    if upload.bytes.len() > domain::intake::MAX_FILE_BYTES {
        return reject(FieldCode::FileTooLarge {
            file,
            max_megabytes: domain::intake::MAX_FILE_BYTES / 1024 / 1024,
        });
    }
    let detected = infer::get(&upload.bytes).map(|kind| kind.mime_type());
    let allowed = IMAGE_MEDIA_TYPES.into_iter().chain([PDF]);
    let Some(kind) = allowed.into_iter().find(|kind| detected == Some(kind)) else {
        return reject(FieldCode::FileTypeNotAllowed {
            file,
            allowed: ["JPEG", "PNG", "WebP", "PDF"].map(str::to_owned).to_vec(),
        });
    };
    if kind != PDF {
        check_dimensions(&upload.bytes, file).map_err(|code| CoreError::field("files", code))?;
        return Ok(kind);
    }
    let extension = upload.file_name.rsplit_once('.').map(|(_, extension)| extension);
    let declared = upload
        .media_type
        .split(';')
        .next()
        .unwrap_or_default()
        .trim()
        .to_lowercase();
    let matches_claim = declared.is_empty() || declared == "application/octet-stream" || declared == kind;
    if !matches_claim || !extension.is_some_and(|extension| extension.eq_ignore_ascii_case("pdf")) {
        return reject(FieldCode::FileTypeDiffers { file });
    }
    Ok(kind)
}

const PDF: &str = "application/pdf";

/// Validates an uploaded file and re-encodes images.
///
/// # Errors
/// Field `files`: see [`check_file`]; not decodable.
pub fn clean_file(upload: &Upload) -> CoreResult<CleanFile> {
    let (bytes, media_type, extension) = match check_file(upload)? {
        PDF => (upload.bytes.clone(), PDF, "pdf"),
        _ => match reencode_as_jpeg(&upload.bytes) {
            Some(bytes) => (bytes, "image/jpeg", "jpg"),
            None => {
                let file = Some(display_name(&upload.file_name));
                return Err(CoreError::field("files", FieldCode::FileNotReadable { file }));
            }
        },
    };
    Ok(CleanFile {
        file_name: safe_name(&upload.file_name, "file", extension),
        media_type,
        content_hash: sha256(&bytes),
        bytes: bytes.into(),
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
    check_dimensions(&upload.bytes, None).map_err(|code| CoreError::field("logo", code))?;
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

/// Returns the last path segment, composed (NFC) and at most 80 characters, without control characters and bidirectional
/// overrides. Macs decompose names: `ü` arrives as `u` and a combining mark.
fn display_name(file_name: &str) -> String {
    let last = file_name.rsplit(['/', '\\', ':']).next().unwrap_or_default();
    last.nfc()
        .filter(|character| !character.is_control() && !domain::text::is_bidi_override(*character))
        .take(80)
        .collect()
}

/// Returns a file name without path and with the given extension.
fn safe_name(file_name: &str, fallback: &str, extension: &str) -> String {
    let last = display_name(file_name);
    // A date such as `2026.11.29` has no extension.
    let is_extension = |end: &str| {
        (1..=5).contains(&end.len())
            && end.chars().all(|character| character.is_ascii_alphanumeric())
            && end.chars().any(|character| character.is_ascii_alphabetic())
    };
    let stem = match last.rsplit_once('.') {
        Some((stem, end)) if is_extension(end) => stem,
        _ => last.as_str(),
    };
    let stem = stem.trim_matches(|character: char| character == '.' || character.is_whitespace());
    format!("{}.{extension}", if stem.is_empty() { fallback } else { stem })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn png(width: u32, height: u32) -> Vec<u8> {
        encoded(width, height, image::ImageFormat::Png)
    }

    fn encoded(width: u32, height: u32, format: image::ImageFormat) -> Vec<u8> {
        let mut bytes = Vec::new();
        image::RgbImage::from_pixel(width, height, image::Rgb([10, 120, 90]))
            .write_to(&mut Cursor::new(&mut bytes), format)
            .expect("image is encoded");
        bytes
    }

    fn webp(width: u32, height: u32) -> Vec<u8> {
        encoded(width, height, image::ImageFormat::WebP)
    }

    fn jpeg(width: u32, height: u32) -> Vec<u8> {
        encoded(width, height, image::ImageFormat::Jpeg)
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
        claiming(60_000, 60_000)
    }

    /// A PNG whose header claims a size that its content does not have: decoding it fails.
    fn claiming(width: u32, height: u32) -> Vec<u8> {
        let mut bytes = png(8, 8);
        bytes[16..20].copy_from_slice(&width.to_be_bytes());
        bytes[20..24].copy_from_slice(&height.to_be_bytes());
        let mut crc = flate2::Crc::new();
        crc.update(&bytes[12..29]);
        bytes[29..33].copy_from_slice(&crc.sum().to_be_bytes());
        bytes
    }

    /// The codes show that nothing was decoded: decoding reports these files as not readable.
    #[test]
    fn image_too_many_pixels_is_rejected_before_decoding() {
        for (width, height, code) in [
            (7_100, 7_100, "image_too_large"),
            (40_000, 10, "image_too_large"),
            (3_000, 3_000, "file_not_readable"),
        ] {
            let bytes = claiming(width, height);
            assert!(bytes.len() < 1_000);
            let upload = Upload {
                file_name: "plate.png".to_owned(),
                media_type: "image/png".to_owned(),
                bytes: bytes.clone(),
            };
            let code_of = |error: CoreError| error.fields[0].code.code().to_owned();
            assert_eq!(code_of(clean_file(&upload).expect_err("file is rejected")), code);
            assert_eq!(code_of(clean_photo("x", &bytes).expect_err("photo is rejected")), code);
            assert_eq!(code_of(clean_logo(&upload).expect_err("logo is rejected")), code);
        }
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
            // Images are known by their content and re-encoded.
            (upload("plate.jpg", "image/jpeg", webp(9, 9)), Ok("plate.jpg")),
            (upload("plate.jfif", "image/jpg", jpeg(9, 9)), Ok("plate.jpg")),
            (upload("plate", "application/pdf", png(9, 9)), Ok("plate.jpg")),
            (upload("plate.png.exe", "image/png", png(9, 9)), Ok("plate.png.jpg")),
            // Names are composed and keep what is not a path or a control character.
            (
                upload("Pru\u{308}fbericht.pdf", "", pdf.clone()),
                Ok("Pr\u{fc}fbericht.pdf"),
            ),
            (
                upload("Anlage (2) & Foto, Nr. 7 – 50%.pdf", "", pdf.clone()),
                Ok("Anlage (2) & Foto, Nr. 7 – 50%.pdf"),
            ),
            (upload("صورة المضخة", "image/png", png(9, 9)), Ok("صورة المضخة.jpg")),
            (
                upload("Foto 2026.11.29", "image/png", png(9, 9)),
                Ok("Foto 2026.11.29.jpg"),
            ),
            (
                upload("C:\\fakepath\\a\u{202e}b\tc.pdf", "", pdf.clone()),
                Ok("abc.pdf"),
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
                Err("image_too_large"),
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
