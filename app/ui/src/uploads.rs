//! Forms that are sent as multipart: with files, or with fields whose names are only known at run time.

use std::collections::BTreeMap;
use std::future::Future;

use domain::fields::FieldCode;
use leptos::prelude::ServerFnError;
use leptos::server_fn::codec::MultipartData;
use ordinavo_core::files::Upload;
use ordinavo_core::identity::actors::Author;
use ordinavo_core::{Core, CoreError, CoreResult};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::actions::{ActionForm, Redirect, submit};

/// Maximum number of fields read from a form.
const MAX_FIELDS: usize = 256;

/// The typed fields of a multipart form, and the files that it accepts.
pub trait UploadForm: DeserializeOwned + Default {
    /// The field with files; empty if the form has none.
    const FILE_FIELD: &'static str = "";
    /// The maximum number of files. One more is kept, so that validation can reject the excess.
    const MAX_FILES: usize = 0;

    /// Returns the error of a form that ended early: it was too large, or the connection was lost.
    fn interrupted() -> CoreError {
        CoreError::field(Self::FILE_FIELD, FieldCode::UploadInterrupted)
    }
}

/// Fields whose names are only known at run time, such as a box for each location.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Fields(BTreeMap<String, String>);

impl Fields {
    /// Returns a field's text; empty if it was not sent.
    pub fn text(&self, name: &str) -> String {
        self.0.get(name).cloned().unwrap_or_default()
    }

    /// Returns whether a box is ticked.
    pub fn is_ticked(&self, name: &str) -> bool {
        self.0.contains_key(name)
    }

    /// Returns the rest of the names that start with `prefix`.
    pub fn with_prefix<'a>(&'a self, prefix: &'a str) -> impl Iterator<Item = &'a str> {
        self.0.keys().filter_map(move |name| name.strip_prefix(prefix))
    }
}

/// A multipart form as it arrived.
pub struct ReceivedForm<F> {
    form: F,
    files: Vec<Upload>,
    is_incomplete: bool,
}

impl<F: UploadForm> ReceivedForm<F> {
    /// Returns the form and its files. A form that was cut off never changes anything.
    ///
    /// # Errors
    /// [`UploadForm::interrupted`].
    pub fn complete(self) -> CoreResult<(F, Vec<Upload>)> {
        if self.is_incomplete {
            Err(F::interrupted())
        } else {
            Ok((self.form, self.files))
        }
    }
}

/// Runs an action of a signed-in actor on the fields and files of a form. After an error the page shows the typed values
/// again.
///
/// # Errors
/// Only for callers that do not accept HTML: the code of the problem.
pub async fn submit_upload<A, F, Fut>(
    data: MultipartData,
    work: impl FnOnce(Core, A, F, Vec<Upload>) -> Fut + Send,
) -> Result<(), ServerFnError>
where
    A: Author + Clone + 'static,
    F: ActionForm + UploadForm + Send,
    Fut: Future<Output = CoreResult<Redirect>> + Send,
{
    let ReceivedForm {
        form,
        files,
        is_incomplete,
    } = receive::<F>(data).await;
    submit(form, move |core: Core, actor: A, form: F| async move {
        if is_incomplete {
            return Err(F::interrupted());
        }
        work(core, actor, form, files).await
    })
    .await
}

/// Reads a form.
pub async fn receive<F: UploadForm>(data: MultipartData) -> ReceivedForm<F> {
    let (mut fields, mut files) = (serde_json::Map::new(), Vec::new());
    let is_complete = read(data, |part| match part {
        Part::File(name, file) if name == F::FILE_FIELD && !file.bytes.is_empty() && files.len() <= F::MAX_FILES => {
            files.push(file);
        }
        Part::Text(name, text) if fields.len() < MAX_FIELDS => {
            fields.insert(name, Value::String(text));
        }
        Part::File(..) | Part::Text(..) => {}
    })
    .await;
    ReceivedForm {
        form: serde_json::from_value(Value::Object(fields)).unwrap_or_default(),
        files,
        is_incomplete: is_complete.is_none(),
    }
}

enum Part {
    Text(String, String),
    File(String, Upload),
}

/// Passes every part of a form on; `None` if the form ended early.
async fn read(data: MultipartData, mut keep: impl FnMut(Part)) -> Option<()> {
    let mut form = data.into_inner()?;
    while let Some(field) = form.next_field().await.ok()? {
        let name = field.name().unwrap_or_default().to_owned();
        let file_name = field.file_name().map(str::to_owned);
        let media_type = field.content_type().map(ToString::to_string).unwrap_or_default();
        let bytes = field.bytes().await.ok()?;
        keep(match file_name {
            Some(file_name) => {
                let file = Upload {
                    file_name,
                    media_type,
                    bytes: bytes.to_vec(),
                };
                Part::File(name, file)
            }
            None => Part::Text(name, String::from_utf8_lossy(&bytes).into_owned()),
        });
    }
    Some(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, Default, Serialize, Deserialize)]
    #[serde(default)]
    struct TestForm {
        name: String,
        closed: Option<String>,
        #[serde(flatten)]
        ticked: Fields,
    }

    #[test]
    fn form_with_unnamed_fields_reads_and_writes_every_field() {
        let sent = serde_json::json!({ "name": "North", "form_1": "on", "form_2": "on", "service": "repair" });
        let form: TestForm = serde_json::from_value(sent).expect("form is read");
        assert_eq!(form.name, "North");
        assert!(form.closed.is_none());
        assert_eq!(form.ticked.with_prefix("form_").collect::<Vec<_>>(), ["1", "2"]);
        assert!(form.ticked.is_ticked("form_1") && !form.ticked.is_ticked("name"));
        assert_eq!(form.ticked.text("service"), "repair");
        let shown = serde_json::to_value(&form).expect("form is written");
        assert_eq!(shown["form_2"], "on");
    }
}
