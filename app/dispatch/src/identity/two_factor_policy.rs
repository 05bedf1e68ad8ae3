//! The roles that must use two-factor authentication.

use domain::identity::two_factor::AccountRole;
use domain::locale::Locale;
use leptos::prelude::*;
use ordinavo_core::Core;
use ordinavo_core::identity::actors::Staff;
use ordinavo_core::identity::two_factor::requirement;
use serde::{Deserialize, Serialize};
use ui::actions::{ActionForm, Redirect, submit};
use ui::drafts::owned;
use ui::forms::{CheckField, ErrorSummary, FormState};
use ui::page::page;
use ui::title::Title;

use crate::identity::settings_pages::SettingsFrame;
use crate::shared::{DoneNotice, viewer_staff};
use crate::t;

/// The path of the page.
pub const PAGE: &str = "/app/settings/two-factor";

#[component]
pub fn TwoFactorPolicyPage() -> impl IntoView {
    let staff = viewer_staff();
    let content = page(|request| async move {
        let staff = staff?;
        let locale = request.viewer.locale;
        let required = requirement::required_roles(&request.core, staff.may()?).await?;
        let form = FormState::new(RolesForm::NAME, locale, request.flash.as_ref());
        Ok(view! {
            <Title text=t!(locale, "two-factor-policy-title")/>
            <h1>{t!(locale, "two-factor-policy-title")}</h1>
            <DoneNotice locale flash=request.flash.clone()/>
            <form class="card" method="post" action=owned("/app/fn/set-two-factor-roles")>
                <ErrorSummary form=form.clone()/>
                <input type="hidden" name="version" value=requirement::version(&required).as_str().to_owned()/>
                <p>{t!(locale, "two-factor-policy-text")}</p>
                <fieldset class="group"><legend>{t!(locale, "two-factor-policy-intro")}</legend>
                    {AccountRole::ALL.iter().map(|role| {
                        let checked = required.contains(role);
                        view! { <CheckField form=form.clone() field=role.name() label=role_label(locale, *role) checked/> }
                    }).collect_view()}
                </fieldset>
                <button class="button button-primary" type="submit">{t!(locale, "two-factor-policy-save")}</button>
            </form>
        }
        .into_any())
    });
    view! { <SettingsFrame current=PAGE>{content}</SettingsFrame> }
}

fn role_label(locale: Locale, role: AccountRole) -> String {
    match role {
        AccountRole::Admin => t!(locale, "two-factor-role-admin"),
        AccountRole::Manager => t!(locale, "two-factor-role-manager"),
        AccountRole::Dispatcher => t!(locale, "two-factor-role-dispatcher"),
        AccountRole::Technician => t!(locale, "two-factor-role-technician"),
        AccountRole::Auditor => t!(locale, "two-factor-role-auditor"),
        AccountRole::Partner => t!(locale, "two-factor-role-partner"),
    }
}

/// The form with a box for each role, which is sent if it is ticked.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct RolesForm {
    /// The version that the page shows.
    version: String,
    admin: Option<String>,
    manager: Option<String>,
    dispatcher: Option<String>,
    technician: Option<String>,
    auditor: Option<String>,
    partner: Option<String>,
}

impl RolesForm {
    fn roles(&self) -> Vec<AccountRole> {
        let is_required = |role: &AccountRole| {
            match role {
                AccountRole::Admin => &self.admin,
                AccountRole::Manager => &self.manager,
                AccountRole::Dispatcher => &self.dispatcher,
                AccountRole::Technician => &self.technician,
                AccountRole::Auditor => &self.auditor,
                AccountRole::Partner => &self.partner,
            }
            .is_some()
        };
        AccountRole::ALL.iter().copied().filter(is_required).collect()
    }
}

impl ActionForm for RolesForm {
    const NAME: &'static str = "two-factor-roles";

    fn back(&self) -> String {
        PAGE.to_owned()
    }
}

#[server(prefix = "/app/fn", endpoint = "set-two-factor-roles")]
pub async fn set_two_factor_roles(#[server(flatten)] form: RolesForm) -> Result<(), ServerFnError> {
    submit(form, async |core: Core, staff: Staff, form: RolesForm| {
        requirement::set_required_roles(&core, staff.may()?, &form.version, &form.roles()).await?;
        Ok(Redirect::to(PAGE, "done-two-factor-policy"))
    })
    .await
}
