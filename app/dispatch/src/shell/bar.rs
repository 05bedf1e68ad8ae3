//! The bar above a page: where the page is, its title, the search and what can be done.

use domain::locale::Locale;
use leptos::prelude::*;
use ordinavo_core::identity::actors::Staff;
use ordinavo_core::search::kinds;
use ui::icons::Icon;

use crate::{search, t};

/// A page above the current one: its path and its name.
pub struct Parent {
    href: String,
    label: String,
}

impl Parent {
    pub fn new(href: impl Into<String>, label: impl Into<String>) -> Self {
        Self {
            href: href.into(),
            label: label.into(),
        }
    }
}

/// The bar of a page. Its children are the actions of the page, the primary one last.
#[component]
pub fn PageBar(
    locale: Locale,
    #[prop(into)] title: String,
    /// The page above this one.
    #[prop(optional_no_strip, into)]
    parent: Option<Parent>,
    /// Whether the page has its heading below the bar, which then only says where the page is.
    #[prop(optional)]
    is_trail: bool,
    /// Whether the page is itself a search.
    #[prop(optional)]
    is_search: bool,
    /// What stands beside the title, such as tabs.
    #[prop(optional)]
    beside: Option<AnyView>,
    #[prop(optional)] children: Option<Children>,
) -> impl IntoView {
    let title = if is_trail {
        view! { <span class="bar-title" dir="auto">{title}</span> }.into_any()
    } else {
        view! { <h1 dir="auto">{title}</h1> }.into_any()
    };
    view! {
        <div class="bar">
            {parent.map(|Parent { href, label }| view! {
                <a class="bar-parent" href=href>{label}</a><span class="bar-step" aria-hidden="true"><Icon name="chevron-right"/></span>
            })}
            {title}
            {beside}
            {(!is_search).then(|| view! { <SearchBox locale/> })}
            {children.map(|children| view! { <div class="bar-actions">{children()}</div> })}
        </div>
    }
}

/// The search field; nothing if the reader may search nothing. With the browser bundle, a click opens the palette instead.
#[component]
fn SearchBox(locale: Locale) -> impl IntoView {
    let may_search = use_context::<Staff>().is_some_and(|staff| !kinds(&staff).is_empty());
    may_search.then(|| view! {
        <form class="search-box" method="get" action=search::page::PAGE role="search" aria-label=t!(locale, "search-title") data-palette="">
            <Icon name="search"/>
            <input name="q" type="search" maxlength="200" autocomplete="off" aria-label=t!(locale, "search-open") placeholder=t!(locale, "search-field")/>
            <kbd>"Ctrl K"</kbd>
        </form>
    })
}
