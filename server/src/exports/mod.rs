//! `/app/export/{list}`: a list under its filters as a spreadsheet.

mod csv_file;
mod workbook;

use std::collections::BTreeMap;

use axum::body::Body;
use axum::extract::{Extension, Form, Path, State};
use axum::http::header::{CONTENT_SECURITY_POLICY, CONTENT_TYPE};
use axum::http::{HeaderValue, StatusCode};
use axum::response::{IntoResponse as _, Response};
use dispatch::exports::{List, Sheet, sheet};
use domain::fields::FieldCode;
use domain::locale::Locale;
use ordinavo_core::identity::actors::Staff;
use ordinavo_core::{CoreError, CoreResult};
use ui::viewer::Viewer;

use crate::files::attachment;
use crate::serve::AppState;

/// How many exports are written at once; each holds its whole list in memory.
pub const MAX_AT_ONCE: usize = 2;

/// Limit for the form with the filters of a list.
pub const MAX_FORM_BYTES: usize = 16 * 1024;

/// The format of a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Format {
    Csv,
    Xlsx,
}

impl Format {
    fn from_name(name: &str) -> CoreResult<Self> {
        match name {
            "csv" => Ok(Self::Csv),
            "xlsx" => Ok(Self::Xlsx),
            _ => Err(CoreError::field("format", FieldCode::NotInList)),
        }
    }

    const fn media_type(self) -> &'static str {
        match self {
            Self::Csv => "text/csv; charset=utf-8",
            Self::Xlsx => "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
        }
    }

    fn write(self, sheet: &Sheet, locale: Locale) -> Result<Vec<u8>, String> {
        match self {
            Self::Csv => csv_file::write(sheet, locale).map_err(|error| error.to_string()),
            Self::Xlsx => workbook::write(sheet, locale).map_err(|error| error.to_string()),
        }
    }

    const fn extension(self) -> &'static str {
        match self {
            Self::Csv => "csv",
            Self::Xlsx => "xlsx",
        }
    }
}

/// Answers with a list as a file.
pub async fn export(
    State(state): State<AppState>,
    Extension(staff): Extension<Staff>,
    Extension(viewer): Extension<Viewer>,
    Path(list): Path<String>,
    Form(form): Form<BTreeMap<String, String>>,
) -> Response {
    let locale = viewer.locale;
    let _place = state.exports.acquire().await;
    let result = async {
        let list: List = list.parse().map_err(|()| CoreError::not_found())?;
        let field = |name: &str| form.get(name).cloned().unwrap_or_default();
        let format = Format::from_name(&field("format"))?;
        let found = sheet(&state.core, &staff, locale, list, field).await?;
        Ok::<_, CoreError>((list, format, found))
    };
    let (list, format, found) = match result.await {
        Ok(found) => found,
        Err(error) => {
            let status = crate::api::problem::logged_status(&error);
            let fields = error
                .fields
                .iter()
                .map(|field| ui::i18n::errors::field_error(locale, field));
            let sentences: Vec<String> = std::iter::once(ui::i18n::errors::cause(locale, &error.cause))
                .chain(fields)
                .collect();
            return (status, sentences.join("\n")).into_response();
        }
    };
    let written = tokio::task::spawn_blocking(move || format.write(&found, locale)).await;
    let bytes = match written.map_err(|error| error.to_string()).and_then(|written| written) {
        Ok(bytes) => bytes,
        Err(error) => {
            tracing::error!(error, list = list.name(), "failed to write the export");
            return StatusCode::INTERNAL_SERVER_ERROR.into_response();
        }
    };
    let day = viewer.now.format("%Y-%m-%d");
    let name = format!("ordinavo-{}-{day}.{}", list.name(), format.extension());
    let mut response = Response::new(Body::from(bytes));
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static(format.media_type()));
    headers.insert(
        CONTENT_SECURITY_POLICY,
        HeaderValue::from_static("sandbox; default-src 'none'"),
    );
    attachment(&mut response, &name);
    response
}
