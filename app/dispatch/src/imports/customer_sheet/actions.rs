//! The actions of the import of customers: upload a file, choose its columns, import it.

use domain::fields::FieldCode;
use domain::identity::permissions::ManageCustomers;
use leptos::prelude::*;
use leptos::server_fn::codec::{MultipartData, MultipartFormData};
use ordinavo_core::identity::actors::Staff;
use ordinavo_core::imports::customer_sheets;
use ordinavo_core::{Core, CoreError};
use serde::{Deserialize, Serialize};
use ui::actions::{ActionForm, Redirect, submit};
use ui::format;
use ui::uploads::{UploadForm, submit_upload};

use super::PAGE;

/// The form that uploads a file.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct CustomerFileForm {}

impl ActionForm for CustomerFileForm {
    const NAME: &'static str = "upload-customers";

    fn back(&self) -> String {
        PAGE.to_owned()
    }
}

impl UploadForm for CustomerFileForm {
    const FILE_FIELD: &'static str = "file";
    const MAX_FILES: usize = 1;
}

#[server(prefix = "/app/fn", endpoint = "upload-customers", input = MultipartFormData)]
pub async fn upload_customers(data: MultipartData) -> Result<(), ServerFnError> {
    submit_upload(
        data,
        async |core: Core, staff: Staff, _: CustomerFileForm, mut files| {
            let permit = staff.may::<ManageCustomers>()?;
            // A missing file is an empty one, which has no header.
            let bytes = files.pop().map(|file| file.bytes).unwrap_or_default();
            let file = customer_sheets::store_file(&core, permit, bytes).await?;
            Ok(Redirect::without_message(format!("{PAGE}/{file}")))
        },
    )
    .await
}

/// The form that chooses what the columns contain.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct CustomerColumnsForm {
    file: String,
    encoding: String,
    columns: Vec<String>,
}

/// Returns the path of a file with its columns. The name of a file has hexadecimal digits only.
fn sheet_path(file: &str, encoding: &str, columns: &str) -> String {
    let file: String = file.chars().filter(char::is_ascii_hexdigit).collect();
    format!(
        "{PAGE}/{file}?{}",
        format::query([("columns", columns), ("encoding", encoding)])
    )
}

impl ActionForm for CustomerColumnsForm {
    fn back(&self) -> String {
        sheet_path(&self.file, &self.encoding, &self.columns.join(","))
    }
}

#[server(prefix = "/app/fn", endpoint = "choose-customer-columns")]
pub async fn choose_customer_columns(#[server(flatten)] form: CustomerColumnsForm) -> Result<(), ServerFnError> {
    submit(form, async |_: Core, staff: Staff, form: CustomerColumnsForm| {
        staff.may::<ManageCustomers>()?;
        Ok(Redirect::without_message(form.back()))
    })
    .await
}

/// The button that imports a file as it was checked.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct CustomerImportForm {
    file: String,
    encoding: String,
    /// The field of each column, separated by commas.
    columns: String,
}

impl ActionForm for CustomerImportForm {
    fn back(&self) -> String {
        sheet_path(&self.file, &self.encoding, &self.columns)
    }
}

#[server(prefix = "/app/fn", endpoint = "import-customers")]
pub async fn import_customers(#[server(flatten)] form: CustomerImportForm) -> Result<(), ServerFnError> {
    submit(form, async |core: Core, staff: Staff, form: CustomerImportForm| {
        let permit = staff.may::<ManageCustomers>()?;
        if form.columns.is_empty() {
            return Err(CoreError::field("columns", FieldCode::Required));
        }
        let columns: Vec<String> = form.columns.split(',').map(str::to_owned).collect();
        let encoding = Some(form.encoding.as_str()).filter(|name| !name.is_empty());
        let added = customer_sheets::import(&core, permit, &form.file, encoding, &columns).await?;
        Ok(Redirect {
            shown_once: serde_json::to_string(&added).ok(),
            ..Redirect::to(form.back(), "done-customers-imported")
        })
    })
    .await
}
