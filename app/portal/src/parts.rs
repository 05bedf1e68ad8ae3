//! Building blocks of the portal's pages: rows, the way back, the choice of a location.

use domain::locale::Locale;
use domain::public::PublicLocation;
use leptos::prelude::*;
use ui::format;
use ui::icons::Icon;

use crate::t;

/// The link to the page that contains this one.
#[component]
pub(crate) fn BackLink(href: &'static str, label: String) -> impl IntoView {
    view! { <p class="back"><a href=href><Icon name="chevron-left"/>{label}</a></p> }
}

/// A row that is a link as a whole: a title, a secondary line, and a trailing part.
#[component]
pub(crate) fn Row(
    href: String,
    /// An icon or a picture before the title.
    #[prop(optional)]
    lead: Option<AnyView>,
    title: AnyView,
    line: AnyView,
    /// A chip.
    #[prop(optional)]
    end: Option<AnyView>,
) -> impl IntoView {
    view! {
        <li><a class="row-link" href=href>{lead}<span class="row-text"><strong>{title}</strong><span class="quiet">{line}</span></span>{end.map(|end| view! { <span class="row-end">{end}</span> })}<Icon name="chevron-right"/></a></li>
    }
}

/// An icon on a tinted tile.
#[component]
pub(crate) fn Tile(icon: &'static str, #[prop(default = "icon-tile")] class: &'static str) -> impl IntoView {
    view! { <span class=class><Icon name=icon/></span> }
}

/// The most locations that are shown beside each other; with more of them, one is chosen from a list.
const MAX_PILLS: usize = 6;

/// Filters a page by location; nothing where the user has access to a single one.
#[component]
pub(crate) fn LocationFilter(
    locations: Vec<PublicLocation>,
    /// The query parameter `location`; empty for all.
    chosen: String,
    page: &'static str,
    /// Other parameters of the page that are kept, as name and value.
    #[prop(optional)]
    kept: Vec<(&'static str, String)>,
    locale: Locale,
) -> impl IntoView {
    if locations.len() < 2 {
        return ().into_any();
    }
    if locations.len() > MAX_PILLS {
        return view! {
            <form class="location-choice" method="get" action=page>
                {kept.into_iter().map(|(name, value)| view! { <input type="hidden" name=name value=value/> }).collect_view()}
                <label for="location-choice" class="hidden">{t!(locale, "filter-location")}</label>
                <select id="location-choice" name="location"><option value="">{t!(locale, "all-locations")}</option>
                    {locations.into_iter().map(|location| {
                        let id = location.id.to_string();
                        let is_chosen = id == chosen;
                        view! { <option value=id selected=is_chosen>{location.name}</option> }
                    }).collect_view()}
                </select>
                <button class="button" type="submit">{t!(locale, "filter-show")}</button>
            </form>
        }
        .into_any();
    }
    let href = |location: &str| {
        let kept = kept.iter().map(|(name, value)| (*name, value.as_str()));
        let filters: Vec<_> = kept.chain([("location", location)]).collect();
        first_page(page, &filters)
    };
    view! {
        <nav class="pills" aria-label=t!(locale, "filter-location")>
            <a href=href("") aria-current=chosen.is_empty().then_some("true")>{t!(locale, "all-locations")}</a>
            {locations.iter().map(|location| {
                let id = location.id.to_string();
                let is_chosen = (id == chosen).then_some("true");
                view! { <a href=href(&id) aria-current=is_chosen><bdi>{location.name.clone()}</bdi></a> }
            }).collect_view()}
        </nav>
    }
    .into_any()
}

/// Returns the address of the first page of a list that keeps its filters.
pub(crate) fn first_page(page: &str, filters: &[(&str, &str)]) -> String {
    let filters = filters.iter().filter(|(_, value)| !value.is_empty()).copied();
    match format::query(filters) {
        query if query.is_empty() => page.to_owned(),
        query => format!("{page}?{query}"),
    }
}

/// Returns the address of the next page of a list that keeps its filters.
pub(crate) fn page_link(page: &str, filters: &[(&str, &str)], before: String) -> String {
    let filters = filters.iter().filter(|(_, value)| !value.is_empty()).copied();
    format!("{page}?{}", format::query(filters.chain([("before", before.as_str())])))
}
