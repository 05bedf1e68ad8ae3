//! The columns of an uploaded file, each with the field that it contains.

use domain::locale::Locale;
use leptos::prelude::*;
use ordinavo_core::imports::spreadsheets::Column;
use ui::page::PageRequest;

use crate::t;

/// Returns the fields that were chosen for the columns; `None` if none were chosen yet.
pub(super) fn chosen_columns(request: &PageRequest) -> Option<Vec<String>> {
    let text = request.query("columns");
    (!text.is_empty()).then(|| text.split(',').map(str::to_owned).collect())
}

/// A select for each column, with its header and examples.
#[component]
pub(super) fn ColumnTable(
    /// Each column with its field, if it has one.
    columns: Vec<(Column, Option<String>)>,
    /// The names of all fields, each with its label.
    fields: Vec<(&'static str, String)>,
    locale: Locale,
) -> impl IntoView {
    view! {
        <div class="table-frame"><table class="table stackable column-table">
            <thead><tr><th scope="col">{t!(locale, "upload-file")}</th><th scope="col">{t!(locale, "upload-example")}</th><th scope="col">{t!(locale, "customer-import-field")}</th></tr></thead>
            <tbody>{columns.into_iter().enumerate().map(|(index, (column, chosen))| {
                let id = format!("column-{index}");
                let options = fields.iter().map(|(name, label)| view! {
                    <option value=*name selected=chosen.as_deref() == Some(name)>{label.clone()}</option>
                });
                view! {
                    <tr><th scope="row"><label for=id.clone()><bdi>{column.header}</bdi></label></th>
                        <td class="quiet"><bdi>{column.examples.join(" · ")}</bdi></td>
                        <td><select id=id name="columns[]"><option value="">{t!(locale, "upload-ignore")}</option>{options.collect_view()}</select></td></tr>
                }
            }).collect_view()}</tbody>
        </table></div>
    }
}
