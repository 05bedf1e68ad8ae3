//! Reads multipart forms that are sent to a server function.

use std::collections::BTreeMap;

use domain::fields::FieldCode;
use leptos::server_fn::codec::MultipartData;
use ordinavo_core::files::Upload;
use ordinavo_core::{CoreError, CoreResult};

/// Maximum number of fields read from a form.
const MAX_FIELDS: usize = 256;

/// The contents of a multipart form.
#[derive(Default)]
pub struct FormParts {
    /// Texts by field.
    pub fields: BTreeMap<String, String>,
    /// Files in the order in which they were chosen.
    pub files: Vec<Upload>,
    /// Whether the form ended early: it was too large, or the connection was lost.
    pub is_incomplete: bool,
}

impl FormParts {
    /// Returns a field's text; empty if it was not sent.
    pub fn text(&self, name: &str) -> String {
        self.fields.get(name).cloned().unwrap_or_default()
    }

    /// Checks that the whole form arrived, so that a cut-off form never changes anything.
    ///
    /// # Errors
    /// [`FieldCode::UploadInterrupted`] for the form as a whole.
    pub fn ensure_complete(&self) -> CoreResult<()> {
        if self.is_incomplete {
            Err(CoreError::field("", FieldCode::UploadInterrupted))
        } else {
            Ok(())
        }
    }

    /// Returns every field and its text, to show them again after an error.
    pub fn values(&self) -> Vec<(&str, &str)> {
        let fields = self.fields.iter();
        fields.map(|(name, value)| (name.as_str(), value.as_str())).collect()
    }
}

/// Reads a form. Keeps at most one file more than `max_files`, so that validation can reject the excess.
pub async fn read(data: MultipartData, file_field: &str, max_files: usize) -> FormParts {
    let mut parts = FormParts::default();
    let Some(mut form) = data.into_inner() else {
        parts.is_incomplete = true;
        return parts;
    };
    loop {
        let field = match form.next_field().await {
            Ok(Some(field)) => field,
            Ok(None) => return parts,
            Err(_) => break,
        };
        let name = field.name().unwrap_or_default().to_owned();
        let file_name = field.file_name().map(str::to_owned);
        let media_type = field.content_type().map(ToString::to_string).unwrap_or_default();
        let Ok(bytes) = field.bytes().await else {
            break;
        };
        match file_name {
            Some(file_name) => {
                let is_wanted = name == file_field && !bytes.is_empty() && parts.files.len() <= max_files;
                if is_wanted {
                    parts.files.push(Upload {
                        file_name,
                        media_type,
                        bytes: bytes.to_vec(),
                    });
                }
            }
            None if parts.fields.len() < MAX_FIELDS => {
                parts.fields.insert(name, String::from_utf8_lossy(&bytes).into_owned());
            }
            None => {}
        }
    }
    parts.is_incomplete = true;
    parts
}
