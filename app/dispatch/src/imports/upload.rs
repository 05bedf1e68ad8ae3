//! Imports from a spreadsheet: upload it, check how it was read and map its columns, run a dry run, then import.

use domain::fields::FieldCode;
use domain::identity::permissions::ResolveMappings;
use domain::ids::{ClientId, ImportJobId};
use domain::locale::Locale;
use leptos::prelude::*;
use leptos::server_fn::codec::{MultipartData, MultipartFormData};
use ordinavo_core::identity::actors::Staff;
use ordinavo_core::imports::spreadsheets;
use ordinavo_core::imports::spreadsheets::{ENCODINGS, FIELDS, Preview, TableSource};
use ordinavo_core::integrations;
use ordinavo_core::{Core, CoreError};
use serde::{Deserialize, Serialize};
use ui::actions::{ActionForm, FormId, Redirect, submit};
use ui::components::ProblemNotice;
use ui::drafts::owned;
use ui::format;
use ui::forms::{ErrorSummary, FileField, FormState, SelectField};
use ui::islands::SubmitOnce;
use ui::page::page;
use ui::title::Title;
use ui::uploads::{UploadForm, submit_upload};

use crate::i18n::by_key;
use crate::imports::columns::{ColumnTable, chosen_columns};
use crate::shared::viewer_staff;
use crate::shell::{AppFrame, PageBar, Parent};
use crate::t;

#[component]
pub fn UploadPage() -> impl IntoView {
    let staff = viewer_staff();
    let content = page(|request| async move {
        let staff = staff?;
        let locale = request.viewer.locale;
        let clients = integrations::list_import_clients(&request.core, staff.may::<ResolveMappings>()?).await?;
        let options: Vec<(String, String)> = clients
            .into_iter()
            .map(|client| {
                (
                    client.id.to_string(),
                    format!("{} ({})", client.name, client.source_key),
                )
            })
            .collect();
        let form = FormState::new("upload", locale, request.flash.as_ref());
        Ok(view! {
            <Title text=t!(locale, "upload-title")/>
            <PageBar locale title=t!(locale, "upload-title") parent=Parent::new("/app/imports", t!(locale, "imports-title"))/>
            <p class="lead">{t!(locale, "upload-intro")}</p>
            <section class="card">
                <SubmitOnce><form method="post" action=owned("/app/fn/upload-csv") enctype="multipart/form-data">
                    <ErrorSummary form=form.clone()/>
                    <SelectField form=form.clone() field="client" label=t!(locale, "upload-client") help=t!(locale, "upload-client-help") choices=options/>
                    <FileField form field="file" label=t!(locale, "upload-file") help=t!(locale, "upload-file-help") accept=".csv,.txt,.tsv,.xlsx,.ods,text/csv"/>
                    <button class="button button-primary" type="submit">{t!(locale, "upload-map-columns")}</button>
                </form></SubmitOnce>
            </section>
        }
        .into_any())
    });
    view! { <AppFrame current="/app/imports">{content}</AppFrame> }
}

/// `/app/imports/upload/{file}`: maps the columns of the file.
#[component]
pub fn ColumnsPage() -> impl IntoView {
    let staff = viewer_staff();
    let content = page(|request| async move {
        let staff = staff?;
        let locale = request.viewer.locale;
        let file: String = request.id("file")?;
        let client = request.query("client");
        let encoding = request.query("encoding");
        let chosen = Some(encoding.as_str()).filter(|name| !name.is_empty());
        let permit = staff.may::<ResolveMappings>()?;
        let preview = spreadsheets::preview(&request.core, permit, &file, chosen).await?;
        let fields = FIELDS.map(|field| (field, by_key(locale, &format!("field-{field}"))));
        let fields = fields.to_vec();
        let typed = chosen_columns(&request);
        let columns = preview.columns.clone().into_iter().enumerate().map(|(at, column)| {
            let field = match &typed {
                Some(typed) => typed.get(at).cloned(),
                None => column.guess.map(str::to_owned),
            };
            (column, field)
        });
        let columns = columns.collect();
        Ok(view! {
            <Title text=t!(locale, "upload-columns")/>
            <PageBar locale title=t!(locale, "upload-columns") parent=Parent::new("/app/imports/upload", t!(locale, "upload-title"))/>
            <ProblemNotice locale flash=request.flash.clone() request_id=request.viewer.request_id.clone()/>
            <ReadAs locale preview client=client.clone()/>
            <SubmitOnce><form method="post" action=owned("/app/fn/dry-run-csv")>
                <input type="hidden" name="file" value=file/><input type="hidden" name="client" value=client/><input type="hidden" name="encoding" value=encoding/>
                <ColumnTable columns fields locale/>
                <button class="button button-primary" type="submit">{t!(locale, "upload-dry-run")}</button>
            </form></SubmitOnce>
        }
        .into_any())
    });
    view! { <AppFrame current="/app/imports">{content}</AppFrame> }
}

/// How the file was read, for a person to check: encoding or sheet, and the numbers of lines and jobs.
#[component]
fn ReadAs(locale: Locale, preview: Preview, client: String) -> impl IntoView {
    let counts = t!(locale, "upload-counts", lines = preview.lines, jobs = preview.jobs);
    let shifted: Vec<String> = preview.shifted.iter().map(ToString::to_string).collect();
    let source = match preview.source {
        TableSource::Sheet { name, others } => {
            view! { <p data-testid="upload-sheet">{t!(locale, "upload-sheet", name = name, others = others)}</p> }.into_any()
        }
        TableSource::Text {
            encoding,
            is_certain: true,
        } => view! { <p data-testid="upload-encoding">{t!(locale, "upload-encoding-certain", encoding = encoding)}</p> }.into_any(),
        TableSource::Text { encoding, .. } => view! {
            <form method="get" class="row" data-testid="upload-encoding">
                <input type="hidden" name="client" value=client/>
                <label for="encoding">{t!(locale, "upload-encoding")}</label>
                <select id="encoding" name="encoding">{ENCODINGS.into_iter().map(|name| view! { <option value=name selected=name == encoding>{name}</option> }).collect_view()}</select>
                <button class="button" type="submit">{t!(locale, "upload-encoding-apply")}</button>
                <p class="help">{t!(locale, "upload-encoding-help")}</p>
            </form>
        }
        .into_any(),
    };
    view! {
        <section class="card">
            <p data-testid="upload-counts">{counts}</p>
            {source}
            {(!shifted.is_empty()).then(|| view! { <p class="notice notice-warn" data-testid="upload-shifted">{t!(locale, "upload-shifted", lines = shifted.join(", "))}</p> })}
        </section>
    }
}

/// Returns the path of the page that maps the columns of a file.
fn columns_path(file: &str, client: ClientId, encoding: &str) -> String {
    let path = format!("/app/imports/upload/{file}?client={client}");
    if ENCODINGS.contains(&encoding) {
        format!("{path}&encoding={encoding}")
    } else {
        path
    }
}

fn import_path(job: ImportJobId) -> String {
    format!("/app/imports/{job}")
}

/// The form that uploads a file.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct CsvForm {
    client: FormId<ClientId>,
}

impl ActionForm for CsvForm {
    const NAME: &'static str = "upload";

    fn back(&self) -> String {
        "/app/imports/upload".to_owned()
    }
}

impl UploadForm for CsvForm {
    const FILE_FIELD: &'static str = "file";
    const MAX_FILES: usize = 1;
}

#[server(prefix = "/app/fn", endpoint = "upload-csv", input = MultipartFormData)]
pub async fn upload_csv(data: MultipartData) -> Result<(), ServerFnError> {
    submit_upload(data, async |core: Core, staff: Staff, form: CsvForm, mut files| {
        let permit = staff.may::<ResolveMappings>()?;
        let required = || CoreError::field("client", FieldCode::Required);
        let client = form.client.ok().ok_or_else(required)?;
        // A missing file is an empty one, which has no header.
        let bytes = files.pop().map(|file| file.bytes).unwrap_or_default();
        let file = spreadsheets::store_file(&core, permit, bytes).await?;
        Ok(Redirect::without_message(columns_path(&file, client, "")))
    })
    .await
}

/// The form that maps the columns of a file.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct ColumnsForm {
    file: String,
    client: FormId<ClientId>,
    /// The encoding that was chosen; empty for the detected one.
    encoding: String,
    /// The field of each column in their order; empty for a column that is ignored.
    columns: Vec<String>,
}

impl ActionForm for ColumnsForm {
    fn back(&self) -> String {
        self.client.ok().map_or_else(
            || format!("/app/imports/upload/{}", self.file),
            |client| {
                let path = columns_path(&self.file, client, &self.encoding);
                format!(
                    "{path}&{}",
                    format::query([("columns", self.columns.join(",").as_str())])
                )
            },
        )
    }
}

#[server(prefix = "/app/fn", endpoint = "dry-run-csv")]
pub async fn try_csv(#[server(flatten)] form: ColumnsForm) -> Result<(), ServerFnError> {
    submit(form, async |core: Core, staff: Staff, form: ColumnsForm| {
        let (permit, client) = (staff.may()?, form.client.get()?);
        let encoding = Some(form.encoding.as_str()).filter(|name| !name.is_empty());
        let job = spreadsheets::start_dry_run(&core, permit, &form.file, encoding, client, &form.columns).await?;
        Ok(Redirect::without_message(import_path(job)))
    })
    .await
}

/// The button that imports the jobs of a dry run.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct ImportButton {
    job: FormId<ImportJobId>,
}

impl ActionForm for ImportButton {
    fn back(&self) -> String {
        self.job.ok().map_or_else(|| "/app/imports".to_owned(), import_path)
    }
}

#[server(prefix = "/app/fn", endpoint = "import-dry-run")]
pub async fn import_after_dry_run(#[server(flatten)] form: ImportButton) -> Result<(), ServerFnError> {
    submit(form, async |core: Core, staff: Staff, form: ImportButton| {
        let import = spreadsheets::import_after_dry_run(&core, staff.may()?, form.job.get()?).await?;
        Ok(Redirect::without_message(import_path(import)))
    })
    .await
}
