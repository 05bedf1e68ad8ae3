//! Customers from a spreadsheet: upload it, see what it would add, import.

mod actions;
mod rows;

use domain::identity::permissions::ManageCustomers;
use domain::locale::Locale;
use leptos::prelude::*;
use ordinavo_core::identity::actors::Staff;
use ordinavo_core::imports::customer_sheets;
use ordinavo_core::imports::customer_sheets::{CustomerSheet, FIELDS, MAX_ROWS, SheetCounts};
use ordinavo_core::imports::spreadsheets::{ENCODINGS, TableSource};
use ordinavo_core::{Core, CoreResult};
use ui::components::{ProblemNotice, SuccessNotice};
use ui::drafts::owned;
use ui::flash::{Flash, SHOWN_ONCE};
use ui::format;
use ui::forms::{ErrorSummary, FileField, FormState};
use ui::islands::SubmitOnce;
use ui::page::page;
use ui::title::Title;

use self::rows::Rows;
use crate::exports::{Cell, ExportMenu, List, Sheet};
use crate::i18n::by_key;
use crate::imports::columns::{ColumnTable, chosen_columns};
use crate::shared::{DoneNotice, viewer_staff};
use crate::shell::{AppFrame, PageBar, Parent};
use crate::t;

pub const PAGE: &str = "/app/customers/import";

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
                    <FileField form field="file" label=t!(locale, "upload-file") help=t!(locale, "customer-import-file-help", rows = count(locale, MAX_ROWS)) accept=".csv,.txt,.tsv,.xlsx,.ods,text/csv"/>
                    <button class="button button-primary" type="submit">{t!(locale, "customer-import-check")}</button>
                </form></SubmitOnce>
                <p class="help">{t!(locale, "customer-import-rules")}</p>
            </section>
        }
        .into_any())
    });
    view! { <AppFrame current="/app/customers">{content}</AppFrame> }
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
        let sheet = customer_sheets::preview(&request.core, permit, &file, encoding_choice, chosen.as_deref()).await?;
        let added = added_counts(request.flash.as_ref());
        let flash = match sheet.problem.clone() {
            Some(problem) => Some(Flash {
                errors: vec![problem],
                ..Flash::default()
            }),
            None => request.flash.clone(),
        };
        let is_readable = sheet.problem.is_none();
        Ok(view! {
            <Title text=t!(locale, "customer-import-title")/>
            <PageBar locale title=t!(locale, "customer-import-check-title") parent=Parent::new(PAGE, t!(locale, "customer-import-title"))/>
            {added.map_or_else(
                || view! { <DoneNotice locale flash=flash.clone()/> }.into_any(),
                |added| view! { <Added added locale/> }.into_any(),
            )}
            <ProblemNotice locale flash=flash.clone() request_id=request.viewer.request_id.clone()/>
            {is_readable.then(|| view! { <Summary file=file.clone() encoding=encoding.clone() sheet=sheet.clone() locale/> })}
            <Columns file encoding sheet=sheet.clone() locale/>
            {is_readable.then(|| view! { <Rows sheet locale/> })}
        }
        .into_any())
    });
    view! { <AppFrame current="/app/customers">{content}</AppFrame> }
}

/// Returns what an import has added that ended in a redirect to this page.
fn added_counts(flash: Option<&Flash>) -> Option<SheetCounts> {
    serde_json::from_str(flash?.values.get(SHOWN_ONCE)?).ok()
}

/// How many records were added.
#[component]
fn Added(added: SheetCounts, locale: Locale) -> impl IntoView {
    let text = t!(
        locale,
        "customer-import-added",
        customers = count(locale, added.customers),
        locations = count(locale, added.locations),
        contacts = count(locale, added.contacts)
    );
    view! { <div data-testid="import-added"><SuccessNotice text key="done-customers-imported"/></div> }
}

fn count(locale: Locale, count: usize) -> String {
    format::number(locale, i64::try_from(count).unwrap_or(i64::MAX))
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
    let refused_rows = vec![
        ("file", file.clone()),
        ("encoding", encoding.clone()),
        ("columns", columns.clone()),
    ];
    view! {
        <section class="card" data-testid="import-summary">
            <dl class="figures">{figures.into_iter().map(|(name, count)| view! { <div><dt>{name}</dt><dd>{self::count(locale, count)}</dd></div> }).collect_view()}</dl>
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
            {(refused > 0).then(|| view! { <ExportMenu list=List::RefusedRows filters=refused_rows label=t!(locale, "customer-import-refused-file") locale/> })}
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
    let is_open = sheet.problem.is_some()
        || sheet
            .fields
            .iter()
            .all(|field| !matches!(field, Some("name" | "number")));
    let fields = FIELDS.map(|field| (field, field_label(locale, field))).to_vec();
    let chosen = sheet.fields.into_iter().map(|field| field.map(str::to_owned));
    let columns = sheet.columns.into_iter().zip(chosen).collect();
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
                <ColumnTable columns fields locale/>
                <p><button class="button" type="submit">{t!(locale, "customer-import-apply")}</button>" "<a href=path>{t!(locale, "customer-import-reset")}</a></p>
            </form>
        </details>
    }
}

/// Returns the rows that are not imported as they are in the file, each with the reason in front. Corrected, the same file is
/// imported: its first column is none of a customer.
///
/// # Errors
/// A missing permission; `not_found`; field `file`.
pub(crate) async fn refused_rows(
    core: &Core,
    staff: &Staff,
    locale: Locale,
    file: &str,
    encoding: &str,
    columns: &str,
) -> CoreResult<Sheet> {
    let encoding = Some(encoding).filter(|name| !name.is_empty());
    let chosen: Option<Vec<String>> = (!columns.is_empty()).then(|| columns.split(',').map(str::to_owned).collect());
    let found = customer_sheets::preview(core, staff.may()?, file, encoding, chosen.as_deref()).await?;
    let reason_header = t!(locale, "customer-import-reason");
    let rows = found.lines.into_iter().filter_map(|line| {
        let reason = rows::reason(locale, &line.result)?;
        Some(std::iter::once(reason).chain(line.cells).map(Cell::from).collect())
    });
    Ok(Sheet {
        title: t!(locale, "customer-import-refused"),
        rows: rows.collect(),
        headers: std::iter::once(reason_header)
            .chain(found.columns.into_iter().map(|column| column.header))
            .collect(),
    })
}

fn field_label(locale: Locale, field: &str) -> String {
    by_key(locale, &format!("sheet-{}", field.to_lowercase()))
}
