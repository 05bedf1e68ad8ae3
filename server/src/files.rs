//! Downloads: every one asks again whether it is allowed, and is handed out so that no browser runs anything in it.

use axum::body::Body;
use axum::extract::{Extension, Path, State};
use axum::http::header::{CONTENT_DISPOSITION, CONTENT_LENGTH, CONTENT_SECURITY_POLICY, CONTENT_TYPE};
use axum::http::{HeaderValue, StatusCode};
use axum::response::{IntoResponse as _, Response};
use domain::ids::AttachmentId;
use domain::permissions::{PerformVisits, ViewOperations, ViewReports};
use ordinavo_core::actors::{Contact, Staff};
use ordinavo_core::services::reports::{self, Download};
use ordinavo_core::services::{inbox, portal};
use ordinavo_core::{CoreError, CoreResult};

use crate::serve::AppState;

/// `/app/files/{id}`.
pub async fn staff(
    State(state): State<AppState>,
    Extension(staff): Extension<Staff>,
    Path(id): Path<String>,
) -> Response {
    let result = async {
        let id: AttachmentId = id.parse().map_err(|_| CoreError::not_found())?;
        // A file came with a request or with a report; each has people of its own.
        if let Ok(permit) = staff.may::<ViewOperations>()
            && let Ok(file) = inbox::file(&state.core, permit, id).await
        {
            return Ok(file);
        }
        if let Ok(permit) = staff.may::<PerformVisits>() {
            return reports::own_file(&state.core, permit, id).await;
        }
        reports::file(&state.core, staff.may::<ViewReports>()?, id).await
    };
    answer(result.await)
}

/// `/portal/files/{id}`.
pub async fn portal(
    State(state): State<AppState>,
    Extension(contact): Extension<Contact>,
    Path(id): Path<String>,
) -> Response {
    let result = async {
        let id: AttachmentId = id.parse().map_err(|_| CoreError::not_found())?;
        portal::download(&state.core, &contact, id).await
    };
    answer(result.await)
}

fn answer(result: CoreResult<Download>) -> Response {
    match result {
        Ok(file) => {
            let length = file.bytes.len();
            let mut response = Response::new(Body::from(file.bytes));
            let headers = response.headers_mut();
            headers.insert(
                CONTENT_TYPE,
                HeaderValue::from_str(&file.media_type).unwrap_or(HeaderValue::from_static("application/octet-stream")),
            );
            headers.insert(CONTENT_LENGTH, HeaderValue::from(length));
            headers.insert(
                CONTENT_SECURITY_POLICY,
                HeaderValue::from_static("sandbox; default-src 'none'"),
            );
            headers.insert(CONTENT_DISPOSITION, disposition(&file.file_name));
            response
        }
        Err(error) => (
            StatusCode::from_u16(error.problem.status()).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR),
            error.detail,
        )
            .into_response(),
    }
}

/// `attachment` with the name in both forms of RFC 6266.
fn disposition(file_name: &str) -> HeaderValue {
    let plain: String = file_name
        .chars()
        .map(|letter| {
            if letter.is_ascii_alphanumeric() || matches!(letter, '.' | '-' | '_' | ' ') {
                letter
            } else {
                '_'
            }
        })
        .collect();
    let encoded: String = file_name
        .bytes()
        .map(|byte| {
            if byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-' | b'_') {
                char::from(byte).to_string()
            } else {
                format!("%{byte:02X}")
            }
        })
        .collect();
    HeaderValue::from_str(&format!("attachment; filename=\"{plain}\"; filename*=UTF-8''{encoded}"))
        .unwrap_or(HeaderValue::from_static("attachment"))
}

#[cfg(test)]
mod tests {
    use super::disposition;

    #[test]
    fn names_cannot_break_the_header() {
        assert_eq!(
            disposition("Keller \"links\"\r\n.jpg"),
            "attachment; filename=\"Keller _links___.jpg\"; filename*=UTF-8''Keller%20%22links%22%0D%0A.jpg"
        );
    }
}
