//! The frame of the staff app: navigation, the menu with what can be created, search, and sign-out.

mod bar;

use domain::identity::permissions::{
    ManageCustomers, ManageTeam, PerformVisits, PlanTargets, ReviewRequests, ViewImports, ViewIntegrations,
    ViewOperations, ViewReports,
};
use domain::locale::Locale;
use leptos::prelude::*;
use ordinavo_core::Core;
use ordinavo_core::identity::actors::Staff;
use ordinavo_core::search::kinds;
use ordinavo_core::today::{OpenWork, open_work};
use ui::drafts::DiscardDraftForm;
use ui::drafts::owned;
use ui::format;
use ui::i18n::shared;
use ui::icons::Icon;
use ui::islands::KeepDrafts;
use ui::shell::locale;

pub use self::bar::{PageBar, Parent};
use crate::identity::settings_pages;
use crate::islands::{KeepPosition, Palette};
use crate::shared::capped_count;
use crate::{search, t};

/// The ID of the navigation, whose counts change while a page is open.
pub const NAVIGATION: &str = "live-navigation";
/// How many pages the tab bar of a phone shows beside "More".
const TABS: usize = 4;

/// A page of the navigation.
#[derive(Clone)]
pub(crate) struct Entry {
    pub href: &'static str,
    pub icon: &'static str,
    pub label: String,
}

/// Pages that belong together, below a heading if they have one.
struct Section {
    heading: Option<String>,
    entries: Vec<Entry>,
}

fn entry(is_allowed: bool, href: &'static str, icon: &'static str, label: String) -> Option<Entry> {
    is_allowed.then_some(Entry { href, icon, label })
}

/// Returns the navigation of a person. The last section is that of the account and the settings.
fn sections(staff: &Staff, locale: Locale) -> Vec<Section> {
    let views = staff.has::<ViewOperations>();
    let work = [
        entry(views, "/app/today", "sun", t!(locale, "today")),
        entry(views, "/app/inbox", "inbox", t!(locale, "nav-inbox")),
        entry(views, "/app/board", "board", t!(locale, "nav-board")),
        entry(
            staff.has::<PerformVisits>(),
            "/app/day",
            "calendar",
            t!(locale, "nav-day"),
        ),
        entry(
            staff.has::<ViewReports>(),
            "/app/reports",
            "clipboard",
            t!(locale, "nav-reports"),
        ),
    ];
    let records = [
        entry(views, "/app/jobs", "wrench", t!(locale, "jobs-title")),
        entry(views, "/app/customers", "users", t!(locale, "nav-customers")),
    ];
    let imports = staff.has::<ViewImports>();
    let data = [
        entry(
            imports,
            "/app/imports/mapping",
            "link",
            t!(locale, "mapping-review-title"),
        ),
        entry(imports, "/app/imports", "import", t!(locale, "nav-imports")),
        entry(
            staff.has::<ViewIntegrations>(),
            "/app/integrations",
            "plug",
            t!(locale, "nav-integrations"),
        ),
    ];
    let own = [
        entry(true, "/app/help", "help", t!(locale, "help-title")),
        entry(true, "/app/settings", "settings", t!(locale, "nav-settings")),
    ];
    [
        (None, work.to_vec()),
        (Some(t!(locale, "nav-records")), records.to_vec()),
        (Some(t!(locale, "nav-data")), data.to_vec()),
        (None, own.to_vec()),
    ]
    .into_iter()
    .map(|(heading, entries)| Section {
        heading,
        entries: entries.into_iter().flatten().collect(),
    })
    .filter(|section| !section.entries.is_empty())
    .collect()
}

/// Returns what a person can create.
fn creations(staff: &Staff, locale: Locale) -> Vec<Entry> {
    [
        entry(
            staff.has::<ReviewRequests>(),
            "/app/inbox/new",
            "phone",
            t!(locale, "log-call"),
        ),
        entry(
            staff.has::<PlanTargets>(),
            "/app/jobs/new",
            "wrench",
            t!(locale, "job-new"),
        ),
        entry(
            staff.has::<ManageCustomers>(),
            "/app/customers/new",
            "users",
            t!(locale, "customer-new"),
        ),
        entry(
            staff.has::<ManageTeam>(),
            "/app/settings/team",
            "user",
            t!(locale, "nav-invite"),
        ),
    ]
    .into_iter()
    .flatten()
    .collect()
}

/// Renders navigation and content. `current` is the navigation entry of the page, for `aria-current`.
#[component]
pub fn AppFrame(current: &'static str, children: Children) -> impl IntoView {
    let locale = locale();
    let staff = use_context::<Staff>();
    let reader = staff.clone();
    let sections = staff.as_ref().map_or_else(Vec::new, |staff| sections(staff, locale));
    let creations = staff.as_ref().map_or_else(Vec::new, |staff| creations(staff, locale));
    let may_search = staff.as_ref().is_some_and(|staff| !kinds(staff).is_empty());
    let is_test = staff.as_ref().is_some_and(Staff::is_test);
    let has_shortcuts = staff.as_ref().is_none_or(Staff::has_shortcuts);
    let (tenant, account) = staff.map_or_else(Default::default, |staff| {
        let account = Account {
            id: staff.id().to_string(),
            name: staff.display_name().to_owned(),
        };
        (staff.tenant_name().to_owned(), account)
    });
    let search = if may_search {
        format!("{}?q=", search::page::PAGE)
    } else {
        String::new()
    };
    let pages: Vec<Entry> = sections.iter().flat_map(|section| section.entries.clone()).collect();
    let settings = reader
        .as_ref()
        .map_or_else(Vec::new, |staff| settings_pages::links(staff, locale));
    let destinations: Vec<Entry> = pages.iter().chain(&creations).cloned().chain(settings).collect();
    let core = use_context::<Core>();
    view! {
        <a class="skip" href="#main">{shared::skip_to_content(locale)}</a>
        <div class="frame" class:no-shortcuts=!has_shortcuts>
            <header class="side">
                <p class="brand"><span class="brand-mark" aria-hidden="true"></span><bdi>{tenant}</bdi></p>
                {may_search.then(|| view! { <a class="button side-search" href=search::page::PAGE><Icon name="search"/><span class="hidden">{t!(locale, "search-title")}</span></a> })}
                <NewMenu creations locale/>
                <Suspense>{Suspend::new(async move {
                    let work = waiting_work(core, reader).await;
                    view! { <nav id=NAVIGATION aria-label=t!(locale, "nav-main")>{sections.into_iter().map(|section| view! { <NavSection section current work/> }).collect_view()}</nav> }
                })}</Suspense>
                <SignOut account=account.clone() locale/>
            </header>
            <KeepDrafts/>
            <DiscardDraftForm/>
            <KeepPosition/>
            <Palette label=t!(locale, "search-open") search has_shortcuts>
                <ul id="palette-pages" class="hits">{destinations.into_iter().map(|entry| view! {
                    <li><a href=entry.href><span class="hit-icon"><Icon name=entry.icon/></span><span class="hit-text">{entry.label}</span></a></li>
                }).collect_view()}</ul>
                <p class="palette-foot"><kbd>"↑"</kbd>" "<kbd>"↓"</kbd>" "{t!(locale, "search-keys-move")}" "<kbd>"↵"</kbd>" "{t!(locale, "search-keys-open")}<span>{t!(locale, "search-hint")}</span></p>
            </Palette>
            <main id="main" tabindex="-1">
                {is_test.then(|| view! {
                    <form class="notice notice-warn test-banner" method="post" action=owned("/app/fn/set-test-mode")><strong>{t!(locale, "test-banner")}</strong>" "<button class="button" type="submit">{t!(locale, "test-mode-exit")}</button></form>
                })}
                {children()}
            </main>
            <TabBar pages current account locale/>
        </div>
    }
}

/// The person who is signed in.
#[derive(Clone, Default)]
struct Account {
    id: String,
    name: String,
}

/// Counts what waits behind the pages of the navigation. A page is shown without the counts rather than not at all.
async fn waiting_work(core: Option<Core>, staff: Option<Staff>) -> OpenWork {
    let Some((core, staff)) = core.zip(staff) else {
        return OpenWork::default();
    };
    open_work(&core, &staff).await.unwrap_or_else(|error| {
        error.log();
        OpenWork::default()
    })
}

/// Returns what waits behind a page.
fn count_of(href: &str, work: OpenWork) -> i64 {
    match href {
        "/app/inbox" => work.requests,
        "/app/reports" => work.reports,
        "/app/imports/mapping" => work.mapping,
        _ => 0,
    }
}

#[component]
fn NavSection(section: Section, current: &'static str, work: OpenWork) -> impl IntoView {
    view! {
        {section.heading.map(|heading| view! { <p class="nav-heading">{heading}</p> })}
        <ul>{section.entries.into_iter().map(|entry| {
            let count = count_of(entry.href, work);
            view! { <NavLink entry current count/> }
        }).collect_view()}</ul>
    }
}

#[component]
fn NavLink(entry: Entry, current: &'static str, #[prop(optional)] count: i64) -> impl IntoView {
    let is_current = (entry.href == current).then_some("page");
    let count = (count > 0).then(|| {
        view! { " "<span class="nav-count">{capped_count(count)}</span> }
    });
    view! { <li><a href=entry.href aria-current=is_current><Icon name=entry.icon/><span>{entry.label}</span>{count}</a></li> }
}

#[component]
fn NewMenu(creations: Vec<Entry>, locale: Locale) -> impl IntoView {
    (!creations.is_empty()).then(|| view! {
        <details class="menu new-menu">
            <summary class="button"><Icon name="plus"/><span>{t!(locale, "nav-new")}</span><kbd>"N"</kbd></summary>
            <ul class="menu-list">{creations.into_iter().map(|entry| view! { <NavLink entry current=""/> }).collect_view()}</ul>
        </details>
    })
}

#[component]
fn SignOut(account: Account, locale: Locale) -> impl IntoView {
    view! {
        <form class="side-foot" method="post" action="/app/fn/sign-out">
            <input type="hidden" name="person" value=account.id/>
            <a class="account" href="/app/security"><span class="avatar avatar-small avatar-person" aria-hidden="true">{format::initials(&account.name)}</span><span class="hidden">{t!(locale, "nav-account")}": "</span><bdi>{account.name}</bdi></a>
            <button class="button button-quiet" type="submit" title=shared::sign_out(locale)><Icon name="log-out"/><span class="sign-out-label">{shared::sign_out(locale)}</span></button>
        </form>
    }
}

/// The navigation at the bottom of a phone: the first pages, and all others behind "More".
#[component]
fn TabBar(pages: Vec<Entry>, current: &'static str, account: Account, locale: Locale) -> impl IntoView {
    let mut pages = pages;
    let more = pages.split_off(TABS.min(pages.len()));
    let is_in_more = more.iter().any(|entry| entry.href == current);
    view! {
        <nav class="tab-bar" aria-label=t!(locale, "nav-main")>
            <ul>
                {pages.into_iter().map(|entry| view! { <NavLink entry current/> }).collect_view()}
                <li><details class="menu">
                    <summary aria-current=is_in_more.then_some("true")><Icon name="ellipsis"/><span>{t!(locale, "nav-more")}</span></summary>
                    <div class="menu-list">
                        <ul>{more.into_iter().map(|entry| view! { <NavLink entry current/> }).collect_view()}</ul>
                        <SignOut account locale/>
                    </div>
                </details></li>
            </ul>
        </nav>
    }
}
