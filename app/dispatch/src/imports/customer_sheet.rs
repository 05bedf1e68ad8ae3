//! Customers from a spreadsheet: upload it, see what it would add, import.

use domain::fields::FieldCode;
use domain::identity::permissions::ManageCustomers;
use domain::imports::customer_sheet::{Kept, Refusal, RowPlan};
use domain::locale::Locale;
use domain::public_language::Tone;
use leptos::prelude::*;
use leptos::server_fn::codec::{MultipartData, MultipartFormData};
use ordinavo_core::identity::actors::Staff;
use ordinavo_core::imports::customer_sheets;
use ordinavo_core::imports::customer_sheets::{CellProblem, CustomerSheet, FIELDS, MAX_ROWS, RowResult, SheetCounts};
use ordinavo_core::imports::spreadsheets::{Column, ENCODINGS, TableSource};
use ordinavo_core::{Core, CoreError};
use serde::{Deserialize, Serialize};
use ui::actions::{ActionForm, Redirect, submit};
use ui::components::{Chip, ProblemNotice};
use ui::drafts::owned;
use ui::flash::Flash;
use ui::format;
use ui::forms::{ErrorSummary, FileField, FormState};
use ui::i18n::{by_key as shared_text, errors};
use ui::islands::SubmitOnce;
use ui::page::{PageRequest, page};
use ui::title::Title;
use ui::uploads::{UploadForm, submit_upload};

use crate::i18n::by_key;
use crate::imports::upload::redirect_to;
use crate::shared::{DoneNotice, viewer_staff};
use crate::shell::{AppFrame, PageBar, Parent};
use crate::t;

pub const PAGE: &str = "/app/customers/import";
/// How many rows of the file are listed.
const SHOWN_ROWS: usize = 200;

/// `/app/customers/import`.
#[component]
pub fn CustomerImportPage() -> impl IntoView {
    let staff = viewer_staff();
    let content = page(|request| async move {
        let staff = staff?;
        staff.may::<ManageCustomers>()?;
        let locale = request.viewer.locale;
        let form = FormState::new("upload-customers", locale, request.flash.as_ref());
        Ok(view! {
            <Title text=t!(locale, "customer-import-title")/>
            <PageBar locale title=t!(locale, "customer-import-title") parent=Parent::new("/app/customers", t!(locale, "customers-title"))/>
            <p class="lead">{t!(locale, "customer-import-intro")}</p>
            <section class="card narrow">
                <SubmitOnce><form method="post" action=owned("/app/fn/upload-customers") enctype="multipart/form-data">
                    <ErrorSummary form=form.clone()/>
                    <FileField form field="file" label=t!(locale, "upload-file") help=t!(locale, "customer-import-file-help", rows = format::number(locale, i64::try_from(MAX_ROWS).unwrap_or(0))) accept=".csv,.txt,.tsv,.xlsx,.ods,text/csv"/>
                    <button class="button button-primary" type="submit">{t!(locale, "customer-import-check")}</button>
                </form></SubmitOnce>
                <p class="help">{t!(locale, "customer-import-rules")}</p>
            </section>
        }
        .into_any())
    });
    view! { <AppFrame current="/app/customers">{content}</AppFrame> }
}

/// Returns the fields that were chosen for the columns; `None` if none were chosen yet.
fn chosen_columns(request: &PageRequest) -> Option<Vec<String>> {
    let text = request.query("columns");
    (!text.is_empty()).then(|| text.split(',').map(str::to_owned).collect())
}

/// `/app/customers/import/{file}`: what the file would add.
#[component]
pub fn CustomerSheetPage() -> impl IntoView {
    let staff = viewer_staff();
    let content = page(|request| async move {
        let staff = staff?;
        let locale = request.viewer.locale;
        let permit = staff.may::<ManageCustomers>()?;
        let (file, encoding): (String, String) = (request.id("file")?, request.query("encoding"));
        let encoding_choice = Some(encoding.as_str()).filter(|name| !name.is_empty());
        let chosen = chosen_columns(&request);
        let core = &request.core;
        let (sheet, problem) =
            match customer_sheets::preview(core, permit, &file, encoding_choice, chosen.as_deref()).await {
                Ok(sheet) => (sheet, None),
                // A choice of columns that does not work is shown beside the columns as they were guessed.
                Err(error) if chosen.is_some() && !error.fields.is_empty() => {
                    let sheet = customer_sheets::preview(core, permit, &file, encoding_choice, None).await?;
                    (sheet, Some(error))
                }
                Err(error) => return Err(error),
            };
        let flash = problem.map(|error| Flash {
            errors: error.fields,
            ..Flash::default()
        });
        let flash = flash.or(request.flash.clone());
        Ok(view! {
            <Title text=t!(locale, "customer-import-title")/>
            <PageBar locale title=t!(locale, "customer-import-check-title") parent=Parent::new(PAGE, t!(locale, "customer-import-title"))/>
            <DoneNotice locale flash=flash.clone()/>
            <ProblemNotice locale flash request_id=request.viewer.request_id.clone()/>
            <Summary file=file.clone() encoding=encoding.clone() sheet=sheet.clone() locale/>
            <Columns file encoding sheet=sheet.clone() locale/>
            <Rows sheet locale/>
        }
        .into_any())
    });
    view! { <AppFrame current="/app/customers">{content}</AppFrame> }
}

/// How many records are added, and the button that adds them.
#[component]
fn Summary(file: String, encoding: String, sheet: CustomerSheet, locale: Locale) -> impl IntoView {
    let SheetCounts {
        customers,
        locations,
        contacts,
        unchanged,
        refused,
    } = sheet.counts;
    let figures = [
        (t!(locale, "customer-import-customers"), customers),
        (t!(locale, "customer-import-locations"), locations),
        (t!(locale, "customer-import-contacts"), contacts),
        (t!(locale, "customer-import-unchanged"), unchanged),
        (t!(locale, "customer-import-refused"), refused),
    ];
    let columns: Vec<&str> = sheet.fields.iter().map(|field| field.unwrap_or("")).collect();
    let columns = columns.join(",");
    view! {
        <section class="card" data-testid="import-summary">
            <dl class="figures">{figures.into_iter().map(|(name, count)| view! { <div><dt>{name}</dt><dd>{format::number(locale, i64::try_from(count).unwrap_or(0))}</dd></div> }).collect_view()}</dl>
            {if sheet.counts.has_additions() {
                view! {
                    <SubmitOnce><form method="post" action=owned("/app/fn/import-customers")>
                        <input type="hidden" name="file" value=file/><input type="hidden" name="encoding" value=encoding/><input type="hidden" name="columns" value=columns/>
                        <button class="button button-primary" type="submit">{t!(locale, "customer-import-run")}</button>
                    </form></SubmitOnce>
                }.into_any()
            } else {
                view! { <p class="quiet" data-testid="import-nothing">{t!(locale, "customer-import-nothing")}</p> }.into_any()
            }}
            <p class="help">{t!(locale, "customer-import-rules")}</p>
        </section>
    }
}

/// What each column contains, to check and to change.
#[component]
fn Columns(file: String, encoding: String, sheet: CustomerSheet, locale: Locale) -> impl IntoView {
    let path = format!("{PAGE}/{file}");
    let is_uncertain = matches!(sheet.source, TableSource::Text { is_certain: false, .. });
    let read_as = match &sheet.source {
        TableSource::Text { encoding, .. } => (*encoding).to_owned(),
        TableSource::Sheet { name, .. } => name.clone(),
    };
    let shown = read_as.clone();
    let columns: Vec<(Column, Option<&'static str>)> = sheet.columns.into_iter().zip(sheet.fields).collect();
    let is_open = columns
        .iter()
        .all(|(_, field)| !matches!(field, Some("name" | "number")));
    view! {
        <details class="panel" open=is_open>
            <summary class="panel-head"><h2>{t!(locale, "upload-columns")}</h2></summary>
            <form method="post" action=owned("/app/fn/choose-customer-columns") class="panel-body stack">
                <input type="hidden" name="file" value=file.clone()/>
                {if is_uncertain {
                    view! {
                        <p class="row"><label for="encoding">{t!(locale, "upload-encoding")}</label>
                            <select id="encoding" name="encoding">{ENCODINGS.into_iter().map(|name| view! { <option value=name selected=name == shown>{name}</option> }).collect_view()}</select></p>
                    }.into_any()
                } else {
                    view! { <p class="quiet small"><bdi>{read_as}</bdi></p><input type="hidden" name="encoding" value=encoding/> }.into_any()
                }}
                <table class="table">
                    <thead><tr><th scope="col">{t!(locale, "upload-file")}</th><th scope="col">{t!(locale, "upload-example")}</th><th scope="col">{t!(locale, "customer-import-field")}</th></tr></thead>
                    <tbody>{columns.into_iter().enumerate().map(|(index, (column, field))| {
                        let id = format!("column-{index}");
                        view! {
                            <tr><th scope="row"><label for=id.clone()><bdi>{column.header}</bdi></label></th><td class="quiet"><bdi>{column.examples.join(" · ")}</bdi></td>
                                <td><select id=id name="columns[]">
                                    <option value="">{t!(locale, "upload-ignore")}</option>
                                    {FIELDS.into_iter().map(|name| view! { <option value=name selected=field == Some(name)>{field_label(locale, name)}</option> }).collect_view()}
                                </select></td></tr>
                        }
                    }).collect_view()}</tbody>
                </table>
                <p><button class="button" type="submit">{t!(locale, "customer-import-apply")}</button>" "<a href=path>{t!(locale, "customer-import-reset")}</a></p>
            </form>
        </details>
    }
}

fn field_label(locale: Locale, field: &str) -> String {
    by_key(locale, &format!("sheet-{}", field.to_lowercase()))
}

/// The rows of the file, those that are not imported first.
#[component]
fn Rows(sheet: CustomerSheet, locale: Locale) -> impl IntoView {
    let total = sheet.rows.len();
    let mut rows = sheet.rows;
    let rank = |result: &RowResult| match result {
        RowResult::Invalid(_) | RowResult::Planned(RowPlan::Refused(_)) => 0,
        RowResult::Planned(RowPlan::Imported { kept, .. }) if !kept.is_empty() => 1,
        RowResult::Planned(RowPlan::Imported { adds, .. }) if !adds.is_nothing() => 2,
        RowResult::Planned(_) => 3,
    };
    rows.sort_by_key(|(line, _, result)| (rank(result), *line));
    rows.truncate(SHOWN_ROWS);
    let shown = rows.len();
    view! {
        <section class="panel" aria-labelledby="sheet-rows">
            <div class="panel-head"><h2 id="sheet-rows">{t!(locale, "customer-import-rows")}<span class="count">{total}</span></h2>{(shown < total).then(|| view! { <span class="quiet">{t!(locale, "customer-import-shown", count = shown)}</span> })}</div>
            <table class="table stackable" data-testid="sheet-rows">
                <thead><tr><th scope="col">{t!(locale, "customer-import-line")}</th><th scope="col">{t!(locale, "customer")}</th><th scope="col">{t!(locale, "status")}</th></tr></thead>
                <tbody>{rows.into_iter().map(|(line, name, result)| view! { <tr><td class="quiet">{line}</td><th scope="row"><bdi>{name}</bdi></th><td><RowState result locale/></td></tr> }).collect_view()}</tbody>
            </table>
        </section>
    }
}

/// What happens to a row, in chips and sentences.
#[component]
fn RowState(result: RowResult, locale: Locale) -> impl IntoView {
    let (chips, sentences): (Vec<_>, Vec<_>) = match result {
        RowResult::Invalid(problems) => (
            vec![(t!(locale, "customer-import-not"), Tone::Bad)],
            problems
                .into_iter()
                .map(|problem| cell_text(locale, &problem))
                .collect(),
        ),
        RowResult::Planned(RowPlan::Refused(refusal)) => (
            vec![(t!(locale, "customer-import-not"), Tone::Bad)],
            vec![refusal_text(locale, &refusal)],
        ),
        RowResult::Planned(RowPlan::Imported { adds, kept, .. }) => {
            let added = [
                (adds.customer, t!(locale, "customer-import-new-customer")),
                (adds.location, t!(locale, "customer-import-new-location")),
                (adds.contact, t!(locale, "customer-import-new-contact")),
            ];
            let mut chips: Vec<_> = added
                .into_iter()
                .filter_map(|(is_added, label)| is_added.then_some((label, Tone::Good)))
                .collect();
            if adds.is_nothing() {
                chips.push((t!(locale, "customer-import-same"), Tone::Neutral));
            }
            (chips, kept.into_iter().map(|kept| kept_text(locale, kept)).collect())
        }
    };
    view! {
        {chips.into_iter().map(|(label, tone)| view! { <Chip label tone/>" " }).collect_view()}
        {sentences.into_iter().map(|(code, text)| view! { <span class="small" data-code=code>{text}" "</span> }).collect_view()}
    }
}

fn cell_text(locale: Locale, problem: &CellProblem) -> (String, String) {
    match problem {
        CellProblem::TooManyCells => ("too_many_cells".to_owned(), shared_text(locale, "code-too_many_cells")),
        CellProblem::NumberShortened { field } => (
            "number_shortened".to_owned(),
            format!(
                "{}: {}",
                field_label(locale, field),
                shared_text(locale, "code-number_shortened")
            ),
        ),
        CellProblem::Field(error) => (
            error.code.code().to_owned(),
            format!(
                "{}: {}",
                field_label(locale, &error.pointer),
                errors::field_code(locale, &error.code)
            ),
        ),
    }
}

fn refusal_text(locale: Locale, refusal: &Refusal) -> (String, String) {
    let (code, text) = match refusal {
        Refusal::NameRequired => ("name_required", t!(locale, "refusal-name-required")),
        Refusal::NumberOfOtherName { name } => (
            "number_of_other_name",
            t!(locale, "refusal-other-name", name = name.clone()),
        ),
        Refusal::SameName { number: Some(number) } => {
            ("same_name", t!(locale, "refusal-same-name", number = number.clone()))
        }
        Refusal::SameName { number: None } => ("same_name", t!(locale, "refusal-same-name-no-number")),
        Refusal::Archived => ("archived", t!(locale, "refusal-archived")),
    };
    (code.to_owned(), text)
}

fn kept_text(locale: Locale, kept: Kept) -> (String, String) {
    let (code, text) = match kept {
        Kept::CustomerName => ("kept_name", t!(locale, "kept-customer-name")),
        Kept::Location => ("kept_location", t!(locale, "kept-location")),
        Kept::Contact => ("kept_contact", t!(locale, "kept-contact")),
    };
    (code.to_owned(), text)
}

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
            Ok(redirect_to(format!("{PAGE}/{file}")))
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
        Ok(redirect_to(form.back()))
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
        customer_sheets::import(&core, permit, &form.file, encoding, &columns).await?;
        Ok(Redirect::to(form.back(), "done-customers-imported"))
    })
    .await
}
