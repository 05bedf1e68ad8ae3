//! Lists as spreadsheets: the menu above a list, and the rows of each list in the reader's language.

mod sheets;

use std::str::FromStr;

use chrono::{DateTime, Utc};
use domain::locale::Locale;
use domain::visits::reports::ReportStatus;
use leptos::prelude::*;
use ordinavo_core::identity::actors::Staff;
use ordinavo_core::{Core, CoreResult};
use ui::icons::Icon;

use crate::imports::customer_sheet;
use crate::t;

/// A list that can be exported.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum List {
    Customers,
    Jobs,
    Requests,
    Reports,
    /// The rows of an uploaded file of customers that are not imported.
    RefusedRows,
}

impl List {
    /// Returns the name in URLs.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Customers => "customers",
            Self::Jobs => "jobs",
            Self::Requests => "requests",
            Self::Reports => "reports",
            Self::RefusedRows => "refused-rows",
        }
    }
}

impl FromStr for List {
    type Err = ();

    fn from_str(name: &str) -> Result<Self, ()> {
        let all = [
            Self::Customers,
            Self::Jobs,
            Self::Requests,
            Self::Reports,
            Self::RefusedRows,
        ];
        all.into_iter().find(|list| list.name() == name).ok_or(())
    }
}

/// A cell of a spreadsheet.
#[derive(Debug, Clone, PartialEq)]
pub enum Cell {
    Empty,
    Text(String),
    Integer(i64),
    Decimal(f64),
    /// A moment as clocks in a time zone show it.
    Moment(DateTime<Utc>, String),
}

impl<T: Into<String>> From<Option<T>> for Cell {
    fn from(text: Option<T>) -> Self {
        text.map(Into::into)
            .filter(|text| !text.is_empty())
            .map_or(Self::Empty, Self::Text)
    }
}

impl From<String> for Cell {
    fn from(text: String) -> Self {
        Some(text).into()
    }
}

/// A list as a table of cells.
#[derive(Debug, Clone)]
pub struct Sheet {
    /// The name of the list in the reader's language.
    pub title: String,
    pub headers: Vec<String>,
    pub rows: Vec<Vec<Cell>>,
}

/// Returns all rows of a list. `field` returns the filters as the page of the list has them in its query.
///
/// # Errors
/// A missing permission; `not_found`; field `rows` if there are too many.
pub async fn sheet(
    core: &Core,
    staff: &Staff,
    locale: Locale,
    list: List,
    field: impl Fn(&str) -> String + Send,
) -> CoreResult<Sheet> {
    match list {
        List::Customers => sheets::customers(core, staff, locale, &field("q"), field("archived") == "1").await,
        List::Jobs => sheets::jobs(core, staff, locale, &field("show"), &field("q"), &field("customer")).await,
        List::Requests => sheets::requests(core, staff, locale, field).await,
        List::Reports => {
            let status = ReportStatus::from_name(&field("status")).unwrap_or(ReportStatus::Submitted);
            sheets::reports(core, staff, locale, status).await
        }
        List::RefusedRows => {
            let (file, encoding, columns) = (field("file"), field("encoding"), field("columns"));
            customer_sheet::refused_rows(core, staff, locale, &file, &encoding, &columns).await
        }
    }
}

/// The menu that downloads a list under its filters. It is a form: an export is written to the audit log, which a prefetched link
/// would be, too.
#[component]
pub fn ExportMenu(
    list: List,
    filters: Vec<(&'static str, String)>,
    /// What the button says, if not "Export".
    #[prop(optional, into)]
    label: Option<String>,
    locale: Locale,
) -> impl IntoView {
    let label = label.unwrap_or_else(|| t!(locale, "export"));
    let filters = filters.into_iter().filter(|(_, value)| !value.is_empty());
    view! {
        <details class="menu export-menu">
            <summary class="button"><Icon name="download"/>{label}</summary>
            <form method="post" action=format!("/app/export/{}", list.name()) class="menu-list" data-testid="export">
                {filters.map(|(name, value)| view! { <input type="hidden" name=name value=value/> }).collect_view()}
                <button type="submit" name="format" value="xlsx">{t!(locale, "export-xlsx")}</button>
                <button type="submit" name="format" value="csv">{t!(locale, "export-csv")}</button>
            </form>
        </details>
    }
}
