//! The pages of the settings, in groups, and the frame around each of them.

use domain::identity::permissions::{
    ManageBranding, ManageIntake, ManageOrganization, ManagePortalAccess, ManageSecurity, ManageTeam, ViewAudit,
    ViewMails, ViewOperations,
};
use domain::locale::Locale;
use leptos::prelude::*;
use ordinavo_core::identity::actors::Staff;
use ordinavo_core::identity::sessions::Realm;
use ui::i18n::shared;
use ui::shell::locale;
use ui::two_factor::settings_path;

use crate::audit::page as audit;
use crate::identity::{organization, settings, team, two_factor_policy};
use crate::installation::first_steps;
use crate::scheduling::technicians;
use crate::shell::{AppFrame, Entry, PageBar, Parent};
use crate::t;

/// Pages that belong together.
struct Group {
    heading: String,
    pages: Vec<Entry>,
}

fn page(is_allowed: bool, href: &'static str, label: String) -> Option<Entry> {
    is_allowed.then_some(Entry {
        href,
        icon: "settings",
        label,
    })
}

/// Returns the settings pages that a person may open.
fn groups(staff: &Staff, locale: Locale) -> Vec<Group> {
    let (organizes, manages_intake) = (staff.has::<ManageOrganization>(), staff.has::<ManageIntake>());
    let account = [
        page(true, settings::PAGE, t!(locale, "preferences-title")),
        page(!staff.is_test(), settings_path(Realm::Staff), shared::security(locale)),
    ];
    let company = [
        page(organizes, organization::PAGE, t!(locale, "organization-title")),
        page(organizes, first_steps::PAGE, t!(locale, "start-title")),
        page(staff.has::<ManageTeam>(), team::PAGE, t!(locale, "team-title")),
        page(
            staff.has::<ViewOperations>(),
            technicians::LIST,
            t!(locale, "technicians-title"),
        ),
        page(
            staff.has::<ManageSecurity>(),
            two_factor_policy::PAGE,
            t!(locale, "two-factor-policy-title"),
        ),
    ];
    let intake = [
        page(manages_intake, "/app/settings/forms", t!(locale, "forms-title")),
        page(manages_intake, "/app/settings/terminals", t!(locale, "terminals-title")),
        page(manages_intake, "/app/settings/rules", t!(locale, "classify-title")),
    ];
    let portal = [
        page(
            staff.has::<ManageBranding>(),
            "/app/settings/portal",
            t!(locale, "branding-title"),
        ),
        page(
            staff.has::<ManagePortalAccess>(),
            "/app/settings/access",
            t!(locale, "review-title"),
        ),
    ];
    let data = [
        page(
            staff.has::<ViewMails>(),
            "/app/settings/mails",
            t!(locale, "mails-title"),
        ),
        page(staff.has::<ViewAudit>(), audit::PAGE, t!(locale, "audit-title")),
    ];
    [
        (t!(locale, "settings-account"), account.to_vec()),
        (t!(locale, "settings-company"), company.to_vec()),
        (t!(locale, "settings-intake"), intake.to_vec()),
        (t!(locale, "settings-portal"), portal.to_vec()),
        (t!(locale, "settings-data"), data.to_vec()),
    ]
    .into_iter()
    .map(|(heading, pages)| Group {
        heading,
        pages: pages.into_iter().flatten().collect(),
    })
    .filter(|group| !group.pages.is_empty())
    .collect()
}

/// Returns all settings pages of a person but the first, which the navigation has.
pub(crate) fn links(staff: &Staff, locale: Locale) -> Vec<Entry> {
    let groups = groups(staff, locale);
    let pages = groups.into_iter().flat_map(|group| group.pages);
    pages.filter(|page| page.href != settings::PAGE).collect()
}

/// The frame of a settings page: the other settings beside its content. `current` is the path of the page in the list.
#[component]
pub fn SettingsFrame(current: &'static str, children: Children) -> impl IntoView {
    let locale = locale();
    let groups = use_context::<Staff>().map_or_else(Vec::new, |staff| groups(&staff, locale));
    let title = groups
        .iter()
        .flat_map(|group| &group.pages)
        .find(|page| page.href == current)
        .map_or_else(|| t!(locale, "settings-title"), |page| page.label.clone());
    let parent = (current != settings::PAGE).then(|| Parent::new(settings::PAGE, t!(locale, "settings-title")));
    view! {
        <AppFrame current=settings::PAGE>
            <PageBar locale title parent is_trail=true/>
            <div class="settings" class:settings-first=current == settings::PAGE>
                <nav class="settings-nav" aria-label=t!(locale, "settings-title")>{groups.into_iter().map(|group| view! {
                    <p class="nav-heading">{group.heading}</p>
                    <ul>{group.pages.into_iter().map(|page| {
                        let is_current = (page.href == current).then_some("page");
                        view! { <li><a href=page.href aria-current=is_current>{page.label}</a></li> }
                    }).collect_view()}</ul>
                }).collect_view()}</nav>
                <div class="settings-page">{children()}</div>
            </div>
        </AppFrame>
    }
}
