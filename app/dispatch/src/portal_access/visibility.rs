//! The list of portal users who can see a record.

use domain::locale::Locale;
use leptos::prelude::*;
use ordinavo_core::portal_access::view_as::Viewer;
use ui::icons::Icon;

use crate::t;

/// The portal users who can currently see a record. `files` are those who can download its published files.
#[component]
pub fn VisibleTo(
    locale: Locale,
    viewers: Vec<Viewer>,
    #[prop(optional_no_strip)] files: Option<Vec<Viewer>>,
) -> impl IntoView {
    let count = viewers.len();
    let is_empty = viewers.is_empty();
    view! {
        <details class="who"><summary><Icon name="eye"/>{t!(locale, "visible-to", count = count)}</summary>
            {is_empty.then(|| view! { <p class="quiet">{t!(locale, "visible-to-none")}</p> })}
            <ViewerList viewers/>
            {files.map(|files| view! { <h3>{t!(locale, "visible-files")}</h3>{files.is_empty().then(|| view! { <p class="quiet">{t!(locale, "visible-to-none")}</p> })}<ViewerList viewers=files/> })}
        </details>
    }
}

#[component]
fn ViewerList(viewers: Vec<Viewer>) -> impl IntoView {
    view! {
        <ul class="plain">{viewers.into_iter().map(|viewer| view! { <li><bdi>{viewer.display_name}</bdi>" "<span class="quiet"><bdi dir="ltr">{viewer.email}</bdi></span></li> }).collect_view()}</ul>
    }
}
