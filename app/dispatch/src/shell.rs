//! The frame of the staff app: who, where, and the ways to everything the role may see.

use domain::permissions::{PerformVisits, ViewImports, ViewIntegrations, ViewOperations, ViewReports};
use leptos::prelude::*;
use ordinavo_core::identity::actors::Staff;
use ui::icons::Icon;
use ui::shell::locale;
use ui::words::shared;

use crate::islands::Palette;
use crate::t;

/// Navigation and content. `current` is the entry of the page, for `aria-current`.
#[component]
pub fn Framed(current: &'static str, children: Children) -> impl IntoView {
    let locale = locale();
    let staff = use_context::<Staff>();
    let entries = staff.as_ref().map_or_else(Vec::new, |staff| {
        let mut entries = Vec::new();
        if staff.has::<ViewOperations>() {
            entries.push(("/app/inbox", "inbox", t!(locale, "nav-inbox")));
            entries.push(("/app/board", "board", t!(locale, "nav-board")));
            entries.push(("/app/customers", "users", t!(locale, "nav-customers")));
        }
        if staff.has::<PerformVisits>() {
            entries.push(("/app/day", "calendar", t!(locale, "nav-day")));
        }
        if staff.has::<ViewReports>() {
            entries.push(("/app/reports", "clipboard", t!(locale, "nav-reports")));
        }
        if staff.has::<ViewImports>() {
            entries.push(("/app/imports", "import", t!(locale, "nav-imports")));
        }
        if staff.has::<ViewIntegrations>() {
            entries.push(("/app/integrations", "plug", t!(locale, "nav-integrations")));
        }
        entries.push(("/app/settings", "settings", t!(locale, "nav-settings")));
        entries
    });
    let places: Vec<String> = entries
        .iter()
        .map(|(href, _, name)| format!("{name}\t{href}"))
        .collect();
    let places = places.join("\n");
    let is_test = staff.as_ref().is_some_and(Staff::is_test);
    let own = staff.as_ref().map(|staff| staff.id().to_string()).unwrap_or_default();
    let (tenant, person) = staff.map_or_else(Default::default, |staff| {
        (staff.tenant_name().to_owned(), staff.display_name().to_owned())
    });
    view! {
        <a class="skip" href="#main">{shared::skip_to_content(locale)}</a>
        <div class="frame">
            <header class="side">
                <p class="brand"><span class="brand-mark" aria-hidden="true"></span><bdi>{tenant}</bdi></p>
                <nav aria-label=t!(locale, "nav-main")>
                    <ul>
                        {entries.into_iter().map(|(href, icon, words)| {
                            let here = (href == current).then_some("page");
                            view! { <li><a href=href aria-current=here><Icon name=icon/><span>{words}</span></a></li> }
                        }).collect_view()}
                    </ul>
                </nav>
                <form class="side-foot" method="post" action="/app/fn/sign-out">
                    <input type="hidden" name="person" value=own/>
                    <span class="quiet"><bdi>{person}</bdi></span>
                    <button class="button button-quiet" type="submit"><Icon name="log-out"/>{shared::sign_out(locale)}</button>
                </form>
            </header>
            <Palette places label=t!(locale, "command-palette-label") search="/app/inbox?q=".to_owned()/>
            <main id="main" tabindex="-1">
                {is_test.then(|| view! {
                    <form class="notice notice-warn test-banner" method="post" action="/app/fn/look-at-test-data"><strong>{t!(locale, "test-banner")}</strong>" "<button class="button" type="submit">{t!(locale, "test-mode-exit")}</button></form>
                })}
                {children()}
            </main>
        </div>
    }
}
