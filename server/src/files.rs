//! File downloads. Each request checks the permission again, and the response headers prevent browsers from executing
//! content of the file.

use axum::body::Body;
use axum::extract::{Extension, Path, State};
use axum::http::header::{
    ACCEPT_RANGES, CONTENT_DISPOSITION, CONTENT_RANGE, CONTENT_SECURITY_POLICY, CONTENT_TYPE, ETAG, IF_RANGE, RANGE,
};
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use axum::response::{IntoResponse as _, Response};
use domain::identity::permissions::{PerformVisits, ViewOperations, ViewReports};
use domain::ids::AttachmentId;
use domain::locale::Locale;
use domain::problems::Problem;
use ordinavo_core::identity::actors::{Contact, Staff};
use ordinavo_core::portal_access::pages;
use ordinavo_core::requests::inbox;
use ordinavo_core::visits;
use ordinavo_core::visits::entries;
use ordinavo_core::visits::report_review;
use ordinavo_core::visits::report_review::Download;
use ordinavo_core::{CoreError, CoreResult};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use ui::viewer::Viewer;

use crate::api::problem::logged_status;
use crate::serve::AppState;

/// `/app/files/{id}`.
pub async fn staff(
    State(state): State<AppState>,
    Extension(staff): Extension<Staff>,
    Path(id): Path<String>,
    Extension(viewer): Extension<Viewer>,
    headers: HeaderMap,
) -> Response {
    let result = async {
        let id: AttachmentId = id.parse().map_err(|_| CoreError::not_found())?;
        // A file belongs to a request or to a report, which require different permissions.
        if let Ok(permit) = staff.may::<ViewOperations>() {
            match inbox::file(&state.core, permit, id).await {
                Err(error) if error.problem == Problem::NotFound => {}
                found => return found,
            }
        }
        if let Ok(permit) = staff.may::<PerformVisits>() {
            return report_review::own_file(&state.core, permit, id).await;
        }
        report_review::file(&state.core, staff.may::<ViewReports>()?, id).await
    };
    answer(result.await, viewer.locale, &headers)
}

/// `/app/files/{id}/thumbnail`: the smaller version of a picture.
pub async fn staff_thumbnail(
    State(state): State<AppState>,
    Extension(staff): Extension<Staff>,
    Path(id): Path<String>,
    Extension(viewer): Extension<Viewer>,
    headers: HeaderMap,
) -> Response {
    let result = async {
        let id: AttachmentId = id.parse().map_err(|_| CoreError::not_found())?;
        if let Ok(permit) = staff.may::<ViewOperations>() {
            match inbox::thumbnail(&state.core, permit, id).await {
                Err(error) if error.problem == Problem::NotFound => {}
                found => return found,
            }
        }
        if let Ok(permit) = staff.may::<PerformVisits>() {
            return report_review::own_thumbnail(&state.core, permit, id).await;
        }
        report_review::thumbnail(&state.core, staff.may::<ViewReports>()?, id).await
    };
    answer(result.await, viewer.locale, &headers)
}

/// `/app/files/kept/{key}/{position}`: a photo of an entry with a sync conflict.
pub async fn conflict_photo(
    State(state): State<AppState>,
    Extension(staff): Extension<Staff>,
    Path((key, position)): Path<(String, String)>,
    Extension(viewer): Extension<Viewer>,
    headers: HeaderMap,
) -> Response {
    let result = async {
        let position = position.parse().map_err(|_| CoreError::not_found())?;
        if let Ok(permit) = staff.may::<ViewOperations>() {
            match entries::forwarded_photo(&state.core, permit, &key, position).await {
                Err(error) if error.problem == Problem::NotFound => {}
                found => return found,
            }
        }
        // A missing permission returns `not_found`, like an unknown photo.
        let permit = staff.may::<PerformVisits>().map_err(|_| CoreError::not_found())?;
        entries::own_photo(&state.core, permit, &key, position).await
    };
    answer(result.await, viewer.locale, &headers)
}

/// `/app/day/files/{id}`: a file of the request behind a visit of the signed-in technician.
pub async fn own_stop(
    State(state): State<AppState>,
    Extension(staff): Extension<Staff>,
    Extension(viewer): Extension<Viewer>,
    Path(id): Path<String>,
    headers: HeaderMap,
) -> Response {
    let result = async {
        let id: AttachmentId = id.parse().map_err(|_| CoreError::not_found())?;
        // A missing permission returns `not_found`, like an unknown file.
        let permit = staff.may::<PerformVisits>().map_err(|_| CoreError::not_found())?;
        visits::request_file(&state.core, permit, id).await
    };
    answer(result.await, viewer.locale, &headers)
}

/// `/portal/files/{id}`.
pub async fn portal(
    State(state): State<AppState>,
    Extension(contact): Extension<Contact>,
    Path(id): Path<String>,
    Extension(viewer): Extension<Viewer>,
    headers: HeaderMap,
) -> Response {
    let result = async {
        let id: AttachmentId = id.parse().map_err(|_| CoreError::not_found())?;
        pages::download(&state.core, &contact, id).await
    };
    answer(result.await, viewer.locale, &headers)
}

/// `/portal/files/{id}/picture`: a released photo as part of its report.
pub async fn portal_picture(
    State(state): State<AppState>,
    Extension(contact): Extension<Contact>,
    Extension(viewer): Extension<Viewer>,
    Path(id): Path<String>,
    headers: HeaderMap,
) -> Response {
    let result = async {
        let id: AttachmentId = id.parse().map_err(|_| CoreError::not_found())?;
        pages::picture(&state.core, &contact, id).await
    };
    answer(result.await, viewer.locale, &headers)
}

/// `/portal/files/{id}/thumbnail`: the smaller version of a photo.
pub async fn portal_thumbnail(
    State(state): State<AppState>,
    Extension(contact): Extension<Contact>,
    Extension(viewer): Extension<Viewer>,
    Path(id): Path<String>,
    headers: HeaderMap,
) -> Response {
    let result = async {
        let id: AttachmentId = id.parse().map_err(|_| CoreError::not_found())?;
        pages::thumbnail(&state.core, &contact, id).await
    };
    answer(result.await, viewer.locale, &headers)
}

pub(crate) fn answer(result: CoreResult<Download>, locale: Locale, request_headers: &HeaderMap) -> Response {
    let file = match result {
        Ok(file) => file,
        Err(error) => {
            let status = logged_status(&error);
            return (status, ui::i18n::errors::cause(locale, &error.cause)).into_response();
        }
    };
    let text = |name| request_headers.get(name).and_then(|value| value.to_str().ok());
    let length = file.bytes.len() as u64;
    let range = parse_range(text(RANGE), text(IF_RANGE), &file.etag, length);
    let mut response = match &range {
        ByteRange::Whole => Response::new(Body::from(file.bytes)),
        ByteRange::Partial(first, last) => {
            let from_to = usize::try_from(*first).unwrap_or_default()..=usize::try_from(*last).unwrap_or_default();
            let mut response = Response::new(Body::from(file.bytes.slice(from_to)));
            *response.status_mut() = StatusCode::PARTIAL_CONTENT;
            set(&mut response, CONTENT_RANGE, &format!("bytes {first}-{last}/{length}"));
            response
        }
        ByteRange::NotSatisfiable => {
            let mut response = StatusCode::RANGE_NOT_SATISFIABLE.into_response();
            set(&mut response, CONTENT_RANGE, &format!("bytes */{length}"));
            return response;
        }
    };
    set(&mut response, ETAG, &file.etag);
    set(&mut response, CONTENT_TYPE, &file.media_type);
    let headers = response.headers_mut();
    headers.insert(ACCEPT_RANGES, HeaderValue::from_static("bytes"));
    headers.insert(
        CONTENT_SECURITY_POLICY,
        HeaderValue::from_static("sandbox; default-src 'none'"),
    );
    headers.insert(CONTENT_DISPOSITION, disposition(&file.file_name));
    response
}

fn set(response: &mut Response, name: HeaderName, value: &str) {
    if let Ok(value) = HeaderValue::from_str(value) {
        response.headers_mut().insert(name, value);
    }
}

/// The requested part of a file.
#[derive(Debug, PartialEq, Eq)]
enum ByteRange {
    Whole,
    /// First and last byte, both inclusive.
    Partial(u64, u64),
    NotSatisfiable,
}

/// Parses `Range` and `If-Range` (RFC 9110, section 14). Multiple ranges, invalid ranges and ranges of a file that has
/// changed return the whole file.
fn parse_range(range: Option<&str>, if_range: Option<&str>, etag: &str, length: u64) -> ByteRange {
    let Some(range) = range.filter(|_| if_range.is_none_or(|value| value == etag)) else {
        return ByteRange::Whole;
    };
    let Ok(parsed) = http_range_header::parse_range_header(range) else {
        return ByteRange::Whole;
    };
    match parsed.validate(length) {
        Ok(ranges) => match ranges.as_slice() {
            [single] => ByteRange::Partial(*single.start(), *single.end()),
            _ => ByteRange::Whole,
        },
        Err(_) => ByteRange::NotSatisfiable,
    }
}

/// The characters that an extended parameter value (RFC 8187) contains literally.
const EXTENDED_VALUE: &AsciiSet = &NON_ALPHANUMERIC.remove(b'.').remove(b'-').remove(b'_');

/// Makes a response a download with this name.
pub(crate) fn attachment(response: &mut Response, file_name: &str) {
    response
        .headers_mut()
        .insert(CONTENT_DISPOSITION, disposition(file_name));
}

/// Returns an `attachment` disposition with the file name in both forms of RFC 6266.
fn disposition(file_name: &str) -> HeaderValue {
    let plain: String = file_name
        .chars()
        .map(|character| {
            if character.is_ascii_alphanumeric() || matches!(character, '.' | '-' | '_' | ' ') {
                character
            } else {
                '_'
            }
        })
        .collect();
    let encoded = utf8_percent_encode(file_name, EXTENDED_VALUE);
    HeaderValue::from_str(&format!("attachment; filename=\"{plain}\"; filename*=UTF-8''{encoded}"))
        .unwrap_or(HeaderValue::from_static("attachment"))
}

#[cfg(test)]
mod tests {
    use super::{ByteRange, disposition, parse_range};

    #[test]
    fn parse_range_unusual_header_returns_whole_file() {
        let whole = || ByteRange::Whole;
        for (range, if_range, expected) in [
            (None, None, whole()),
            (Some("bytes=0-0"), None, ByteRange::Partial(0, 0)),
            (Some("bytes=10-"), None, ByteRange::Partial(10, 99)),
            (Some("bytes=-5"), None, ByteRange::Partial(95, 99)),
            (Some("bytes=90-200"), None, ByteRange::Partial(90, 99)),
            (Some("bytes=100-"), None, ByteRange::NotSatisfiable),
            (Some("bytes=5-2"), None, ByteRange::NotSatisfiable),
            (Some("bytes=0-1,5-6"), None, whole()),
            (Some("lines=1-2"), None, whole()),
            (Some("bytes=a-b"), None, whole()),
            (Some("bytes=0-9"), Some("\"one\""), ByteRange::Partial(0, 9)),
            (Some("bytes=0-9"), Some("\"two\""), whole()),
        ] {
            assert_eq!(
                parse_range(range, if_range, "\"one\"", 100),
                expected,
                "{range:?} {if_range:?}"
            );
        }
    }

    #[test]
    fn disposition_special_characters_are_escaped() {
        assert_eq!(
            disposition("Keller \"links\"\r\n.jpg"),
            "attachment; filename=\"Keller _links___.jpg\"; filename*=UTF-8''Keller%20%22links%22%0D%0A.jpg"
        );
    }
}
