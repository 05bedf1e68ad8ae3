//! The history of the fields of a customer, location or contact: who changed what, and when.

use domain::locale::Locale;
use leptos::prelude::*;
use ordinavo_core::customers::model::RecordChange;
use ui::format;

use crate::i18n::by_key;
use crate::t;

/// The changes, newest first.
#[component]
pub(crate) fn Changes(
    changes: Vec<RecordChange>,
    /// Whether to name the record of each change.
    #[prop(optional)]
    names_record: bool,
    locale: Locale,
    zone: String,
) -> impl IntoView {
    (!changes.is_empty()).then(|| view! {
        <details class="card" data-testid="record-changes">
            <summary><h2 class="inline">{t!(locale, "record-changes")}</h2></summary>
            <div class="table-frame"><table class="table">
                <thead><tr>
                    <th scope="col">{t!(locale, "time")}</th><th scope="col">{t!(locale, "record-changed-by")}</th>
                    <th scope="col">{t!(locale, "record-field")}</th><th scope="col">{t!(locale, "record-before")}</th>
                    <th scope="col">{t!(locale, "record-after")}</th>
                </tr></thead>
                <tbody>{changes.into_iter().map(|change| view! { <Change change names_record locale zone=zone.clone()/> }).collect_view()}</tbody>
            </table></div>
        </details>
    })
}

#[component]
fn Change(change: RecordChange, names_record: bool, locale: Locale, zone: String) -> impl IntoView {
    let field = by_key(locale, &format!("record-field-{}", change.field));
    let record = change.record_name.filter(|_| names_record);
    let is_state = change.field == "archived";
    let value = move |value: Option<String>| match value {
        Some(_) if is_state => t!(locale, "yes"),
        None if is_state => t!(locale, "no"),
        other => other.unwrap_or_else(|| "–".to_owned()),
    };
    let actor = change.actor_name.unwrap_or_else(|| t!(locale, "record-actor-unknown"));
    view! {
        <tr>
            <td><time datetime=change.at.to_rfc3339()>{format::moment(locale, change.at, &zone)}</time></td>
            <td><bdi>{actor}</bdi></td>
            <td>{field}{record.map(|name| view! { <span class="quiet">" · "<bdi>{name}</bdi></span> })}</td>
            <td dir="auto">{value(change.old_value)}</td>
            <td dir="auto">{value(change.new_value)}</td>
        </tr>
    }
}
