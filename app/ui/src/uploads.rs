//! Reading forms with files that come to a server function.

use std::collections::BTreeMap;

use leptos::server_fn::codec::MultipartData;
use ordinavo_core::files::Upload;

/// The most fields that a form of ours has.
const MOST_FIELDS: usize = 256;

/// The parts of a form.
#[derive(Default)]
pub struct Parts {
    /// Texts by field.
    pub fields: BTreeMap<String, String>,
    /// Files, in the order in which they were chosen.
    pub files: Vec<Upload>,
    /// The form ended early: it was too large, or the connection broke.
    pub broken: bool,
}

impl Parts {
    /// A field's text; empty if it was not sent.
    pub fn text(&self, name: &str) -> String {
        self.fields.get(name).cloned().unwrap_or_default()
    }

    /// Every text with its field, to be kept for a form that comes back.
    pub fn values(&self) -> Vec<(&str, &str)> {
        let fields = self.fields.iter();
        fields.map(|(name, value)| (name.as_str(), value.as_str())).collect()
    }
}

/// Reads a form; at most one file more than allowed is kept, so that too many are noticed.
pub async fn read(data: MultipartData, file_field: &str, most_files: usize) -> Parts {
    let mut parts = Parts::default();
    let Some(mut form) = data.into_inner() else {
        parts.broken = true;
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
                let is_wanted = name == file_field && !bytes.is_empty() && parts.files.len() <= most_files;
                if is_wanted {
                    parts.files.push(Upload {
                        file_name,
                        media_type,
                        bytes: bytes.to_vec(),
                    });
                }
            }
            None if parts.fields.len() < MOST_FIELDS => {
                parts.fields.insert(name, String::from_utf8_lossy(&bytes).into_owned());
            }
            None => {}
        }
    }
    parts.broken = true;
    parts
}
