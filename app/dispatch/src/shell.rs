//! The frame of the staff app: navigation, command palette and sign-out.

use domain::identity::permissions::{
    ManageCustomers, PerformVisits, PlanTargets, ReviewRequests, ViewImports, ViewIntegrations, ViewOperations,
    ViewReports,
};
use leptos::prelude::*;
use ordinavo_core::identity::actors::Staff;
use ui::drafts::owned;
use ui::i18n::shared;
use ui::icons::Icon;
use ui::islands::KeepDrafts;
use ui::shell::locale;

use crate::islands::{KeepPosition, Palette};
use crate::t;

/// Returns the actions that the command palette offers beside the pages.
fn actions(staff: &Staff) -> Vec<(&'static str, String)> {
    let locale = locale();
    [
        (staff.has::<PlanTargets>(), "/app/jobs/new", t!(locale, "job-new")),
        (
            staff.has::<ManageCustomers>(),
            "/app/customers/new",
            t!(locale, "customer-new"),
        ),
        (staff.has::<ReviewRequests>(), "/app/inbox/new", t!(locale, "log-call")),
    ]
    .into_iter()
    .filter_map(|(is_allowed, href, name)| is_allowed.then_some((href, name)))
    .collect()
}

/// Renders navigation and content. `current` is the navigation entry of the page, for `aria-current`.
#[component]
pub fn AppFrame(current: &'static str, children: Children) -> impl IntoView {
    let locale = locale();
    let staff = use_context::<Staff>();
    let entries = staff.as_ref().map_or_else(Vec::new, |staff| {
        let mut entries = Vec::new();
        if staff.has::<ViewOperations>() {
            entries.push(("/app/inbox", "inbox", t!(locale, "nav-inbox")));
            entries.push(("/app/board", "board", t!(locale, "nav-board")));
            entries.push(("/app/jobs", "wrench", t!(locale, "jobs-title")));
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
    let actions = staff.as_ref().map_or_else(Vec::new, actions);
    let destinations: Vec<String> = entries
        .iter()
        .map(|(href, _, name)| (*href, name))
        .chain(actions.iter().map(|(href, name)| (*href, name)))
        .map(|(href, name)| format!("{name}\t{href}"))
        .collect();
    let destinations = destinations.join("\n");
    let is_test = staff.as_ref().is_some_and(Staff::is_test);
    let staff_id = staff.as_ref().map(|staff| staff.id().to_string()).unwrap_or_default();
    let has_no_shortcuts = staff.as_ref().is_some_and(|staff| !staff.has_shortcuts());
    let (tenant, person) = staff.map_or_else(Default::default, |staff| {
        (staff.tenant_name().to_owned(), staff.display_name().to_owned())
    });
    view! {
        <a class="skip" href="#main">{shared::skip_to_content(locale)}</a>
        <div class="frame" class:no-shortcuts=has_no_shortcuts>
            <header class="side">
                <p class="brand"><span class="brand-mark" aria-hidden="true"></span><bdi>{tenant}</bdi></p>
                <nav aria-label=t!(locale, "nav-main")>
                    <ul>
                        {entries.into_iter().map(|(href, icon, label)| {
                            let is_current = (href == current).then_some("page");
                            view! { <li><a href=href aria-current=is_current><Icon name=icon/><span>{label}</span></a></li> }
                        }).collect_view()}
                    </ul>
                </nav>
                <form class="side-foot" method="post" action="/app/fn/sign-out">
                    <input type="hidden" name="person" value=staff_id/>
                    <span class="quiet"><bdi>{person}</bdi></span>
                    <button class="button button-quiet" type="submit"><Icon name="log-out"/>{shared::sign_out(locale)}</button>
                </form>
            </header>
            <KeepDrafts/>
            <KeepPosition/>
            <Palette destinations label=t!(locale, "command-palette-label") search="/app/inbox?q=".to_owned()/>
            <main id="main" tabindex="-1">
                {is_test.then(|| view! {
                    <form class="notice notice-warn test-banner" method="post" action=owned("/app/fn/set-test-mode")><strong>{t!(locale, "test-banner")}</strong>" "<button class="button" type="submit">{t!(locale, "test-mode-exit")}</button></form>
                })}
                {children()}
            </main>
        </div>
    }
}
