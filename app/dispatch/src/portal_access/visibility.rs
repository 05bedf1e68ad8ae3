//! "Who can see this?": named, on everything that may show in the portal.

use domain::locale::Locale;
use leptos::prelude::*;
use ordinavo_core::portal_access::view_as::Viewer;
use ui::icons::Icon;

use crate::t;

/// The people who see a thing in the portal at this moment. `files` are those who can download its released files.
#[component]
pub fn WhoSees(
    locale: Locale,
    people: Vec<Viewer>,
    #[prop(optional_no_strip)] files: Option<Vec<Viewer>>,
) -> impl IntoView {
    let count = people.len();
    let nobody = people.is_empty();
    view! {
        <details class="who"><summary><Icon name="eye"/>{t!(locale, "visible-to", count = count)}</summary>
            {nobody.then(|| view! { <p class="quiet">{t!(locale, "visible-to-none")}</p> })}
            <People people/>
            {files.map(|files| view! { <h3>{t!(locale, "visible-files")}</h3>{files.is_empty().then(|| view! { <p class="quiet">{t!(locale, "visible-to-none")}</p> })}<People people=files/> })}
        </details>
    }
}

#[component]
fn People(people: Vec<Viewer>) -> impl IntoView {
    view! {
        <ul class="plain">{people.into_iter().map(|person| view! { <li><bdi>{person.display_name}</bdi>" "<span class="quiet"><bdi dir="ltr">{person.email}</bdi></span></li> }).collect_view()}</ul>
    }
}
