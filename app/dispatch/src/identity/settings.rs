//! Settings: language and, with permission, the audit log. Also `/app`, which redirects to the role's home page.

use domain::identity::permissions::{
    ManageBranding, ManageIntake, ManageOrganization, ManagePortalAccess, ManageSecurity, ManageTeam, ViewAudit,
    ViewMails, ViewOperations,
};
use domain::locale::Locale;
use leptos::prelude::*;
use leptos_axum::ResponseOptions;
use ordinavo_core::Core;
use ordinavo_core::audit;
use ordinavo_core::identity::actors::Staff;
use ordinavo_core::identity::sessions::Realm;
use ordinavo_core::identity::staff_settings;
use ordinavo_core::installation::first_steps;
use serde::{Deserialize, Serialize};
use ui::actions::{ActionForm, Redirect, redirect, submit};
use ui::drafts::owned;
use ui::i18n::shared;
use ui::page::page;
use ui::sign_in_flow::LanguageRow;
use ui::title::Title;
use ui::two_factor::settings_path;

use crate::audit::page::{AuditLog, verification_result};
use crate::identity::{organization, team, two_factor_policy};
use crate::installation::first_steps as first_steps_page;
use crate::scheduling::technicians;
use crate::shared::{DoneNotice, viewer_staff};
use crate::shell::AppFrame;
use crate::t;

/// `/app`.
#[component]
pub fn HomePage() -> impl IntoView {
    let staff = viewer_staff();
    let response = use_context::<ResponseOptions>();
    page(|request| async move {
        let staff = staff?;
        let home = match staff.may::<ManageOrganization>() {
            Ok(permit) if !staff.is_test() && first_steps::load(&request.core, permit).await?.is_home() => {
                first_steps_page::PAGE
            }
            _ => staff.role().home(),
        };
        if let Some(response) = response {
            redirect(&response, home);
        }
        Ok(().into_any())
    })
}

/// `/app/settings`.
#[component]
pub fn SettingsPage() -> impl IntoView {
    let staff = viewer_staff();
    let content = page(|request| async move {
        let staff = staff?;
        let locale = request.viewer.locale;
        let before: Option<i64> = request.query("before").parse().ok();
        let log = match staff.may::<ViewAudit>() {
            Ok(permit) => Some(audit::page(&request.core, permit, before).await?),
            Err(_) => None,
        };
        let zone = staff.zone().to_owned();
        let links = settings_links(&staff, locale);
        let (shortcuts_state, shortcuts_wanted, shortcuts_label) = if staff.has_shortcuts() {
            ("on", "", t!(locale, "shortcuts-turn-off"))
        } else {
            ("off", "on", t!(locale, "shortcuts-turn-on"))
        };
        Ok(view! {
            <Title text=t!(locale, "settings-title")/>
            <h1>{t!(locale, "settings-title")}</h1>
            <DoneNotice locale flash=request.flash.clone()/>
            <section><h2>{t!(locale, "shortcuts-title")}</h2><p class="help">{t!(locale, "shortcuts-text")}</p>
                <form method="post" action=owned("/app/fn/set-shortcuts") data-shortcuts=shortcuts_state><input type="hidden" name="on" value=shortcuts_wanted/><button class="button" type="submit">{shortcuts_label}</button></form></section>
            <section><h2>{shared::language(locale)}</h2><LanguageRow locale action="/app/fn/language" back="/app/settings"/></section>
            {(!links.is_empty()).then(|| view! {
                <nav aria-label=t!(locale, "settings-title")><ul class="lines lines-tall">{links.into_iter().map(|(href, name, text)| view! {
                    <li><a href=href><strong>{name}</strong></a><span class="quiet">{text}</span></li>
                }).collect_view()}</ul></nav>
            })}
            {log.map(|entries| view! { <AuditLog entries is_first=before.is_none() verification=verification_result(request.flash.as_ref()) zone locale/> })}
        }
        .into_any())
    });
    view! { <AppFrame current="/app/settings">{content}</AppFrame> }
}

/// Returns path, name and description of the settings pages that are open to the viewer.
fn settings_links(staff: &Staff, locale: Locale) -> Vec<(&'static str, String, String)> {
    let mut links = vec![(
        settings_path(Realm::Staff),
        shared::security(locale),
        shared::security_intro(locale),
    )];
    if staff.has::<ManageOrganization>() {
        links.push((
            first_steps_page::PAGE,
            t!(locale, "start-title"),
            t!(locale, "start-settings-text"),
        ));
        links.push((
            organization::PAGE,
            t!(locale, "organization-title"),
            t!(locale, "organization-intro"),
        ));
    }
    if staff.has::<ManageTeam>() {
        links.push((team::PAGE, t!(locale, "team-title"), t!(locale, "team-intro")));
    }
    if staff.has::<ManageSecurity>() {
        links.push((
            two_factor_policy::PAGE,
            t!(locale, "two-factor-policy-title"),
            t!(locale, "two-factor-policy-intro"),
        ));
    }
    if staff.has::<ViewOperations>() {
        links.push((
            technicians::LIST,
            t!(locale, "technicians-title"),
            t!(locale, "technicians-intro"),
        ));
    }
    if staff.has::<ManageIntake>() {
        links.push((
            "/app/settings/forms",
            t!(locale, "forms-title"),
            t!(locale, "forms-intro"),
        ));
        links.push((
            "/app/settings/terminals",
            t!(locale, "terminals-title"),
            t!(locale, "terminals-intro"),
        ));
        links.push((
            "/app/settings/rules",
            t!(locale, "classify-title"),
            t!(locale, "classify-intro"),
        ));
    }
    if staff.has::<ManagePortalAccess>() {
        links.push((
            "/app/settings/access",
            t!(locale, "review-title"),
            t!(locale, "review-intro"),
        ));
    }
    if staff.has::<ManageBranding>() {
        links.push((
            "/app/settings/portal",
            t!(locale, "branding-title"),
            t!(locale, "branding-intro"),
        ));
    }
    if staff.has::<ViewMails>() {
        links.push((
            "/app/settings/mails",
            t!(locale, "mails-title"),
            t!(locale, "mails-intro"),
        ));
    }
    links
}

/// The button that turns single letters as keyboard shortcuts on or off: `on` or empty.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct ShortcutsButton {
    on: String,
}

impl ActionForm for ShortcutsButton {
    fn back(&self) -> String {
        "/app/settings".to_owned()
    }
}

#[server(prefix = "/app/fn", endpoint = "set-shortcuts")]
pub async fn set_shortcuts(#[server(flatten)] form: ShortcutsButton) -> Result<(), ServerFnError> {
    submit(form, async |core: Core, staff: Staff, form: ShortcutsButton| {
        staff_settings::set_shortcuts(&core, &staff, !form.on.is_empty()).await?;
        Ok(Redirect::to(form.back(), "done-saved"))
    })
    .await
}
