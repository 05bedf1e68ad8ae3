//! The first steps of a new organization, as a list that ticks itself.

use domain::identity::permissions::ManageOrganization;
use domain::locale::Locale;
use leptos::prelude::*;
use ordinavo_core::Core;
use ordinavo_core::identity::actors::Staff;
use ordinavo_core::installation::first_steps;
use ordinavo_core::installation::first_steps::FirstSteps;
use serde::{Deserialize, Serialize};
use ui::actions::{ActionForm, Redirect, submit};
use ui::drafts::owned;
use ui::icons::Icon;
use ui::page::page;
use ui::title::Title;

use crate::i18n::by_key;
use crate::identity::team;
use crate::shared::{DoneNotice, viewer_staff};
use crate::shell::{AppFrame, PageBar};
use crate::t;

/// The path of the page.
pub const PAGE: &str = "/app/start";

/// The steps with the keys of their buttons and where these lead.
const STEPS: [(&str, &[(&str, &str)]); 6] = [
    (
        "organization",
        &[("start-organization-open", "/app/settings/organization")],
    ),
    ("team", &[("start-team-open", team::PAGE)]),
    ("hours", &[("start-hours-open", "/app/settings/technicians")]),
    ("customers", &[("start-customers-open", "/app/customers/new")]),
    ("job", &[("start-job-open", "/app/jobs/new")]),
    (
        "way-in",
        &[
            ("start-way-in-portal", "/app/customers"),
            ("start-way-in-form", "/app/settings/forms"),
        ],
    ),
];

#[component]
pub fn FirstStepsPage() -> impl IntoView {
    let staff = viewer_staff();
    let content = page(|request| async move {
        let staff = staff?;
        let locale = request.viewer.locale;
        let steps = first_steps::load(&request.core, staff.may::<ManageOrganization>()?).await?;
        let done = steps.done().iter().filter(|is_done| **is_done).count();
        let total = STEPS.len();
        Ok(view! {
            <Title text=t!(locale, "start-title")/>
            <PageBar locale title=t!(locale, "start-title") is_trail=true/>
            <DoneNotice locale flash=request.flash.clone()/>
            <h1>{t!(locale, "start-welcome", name = staff.display_name().to_owned())}</h1>
            <p class="lead">{t!(locale, "start-intro")}</p>
            <p class="row"><progress max=total.to_string() value=done.to_string() aria-label=t!(locale, "start-title")></progress>
                <span class="quiet">{t!(locale, "start-progress", done = done, total = total)}</span></p>
            <Steps steps locale/>
            <p><a href="/app/integrations">{t!(locale, "start-integrations")}</a></p>
            <HideForm is_hidden=steps.is_hidden locale/>
        }
        .into_any())
    });
    view! { <AppFrame current="">{content}</AppFrame> }
}

#[component]
fn Steps(steps: FirstSteps, locale: Locale) -> impl IntoView {
    let done = steps.done();
    let next = done.iter().position(|is_done| !is_done);
    view! {
        <ol class="lines lines-tall first-steps">
            {STEPS.into_iter().zip(done).enumerate().map(|(index, ((step, links), is_done))| {
                let is_next = next == Some(index);
                let state = if is_done { "done" } else { "open" };
                view! {
                    <li data-step=step data-state=state>
                        <span class="step-mark" class:step-done=is_done class:step-next=is_next>
                            {if is_done { view! { <Icon name="check"/><span class="hidden">{t!(locale, "start-done")}</span> }.into_any() } else { (index + 1).to_string().into_any() }}
                        </span>
                        <p><strong>{by_key(locale, &format!("start-{step}"))}</strong><br/><span class="quiet">{by_key(locale, &format!("start-{step}-text"))}</span></p>
                        <span class="actions">{links.iter().enumerate().map(|(place, (label, href))| {
                            let is_primary = is_next && place == 0;
                            view! { <a class="button" class:button-primary=is_primary href=*href>{by_key(locale, label)}</a> }
                        }).collect_view()}</span>
                    </li>
                }
            }).collect_view()}
        </ol>
    }
}

#[component]
fn HideForm(is_hidden: bool, locale: Locale) -> impl IntoView {
    let (hidden, label) = if is_hidden {
        ("", t!(locale, "start-show"))
    } else {
        ("on", t!(locale, "start-hide"))
    };
    view! {
        <form method="post" action=owned("/app/fn/hide-first-steps")>
            <input type="hidden" name="hidden" value=hidden/>
            <button class="button button-quiet" type="submit">{label}</button>
        </form>
    }
}

/// The button that hides the list, or shows it again.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct FirstStepsButton {
    /// Whether to hide it: `on` or empty.
    hidden: String,
}

impl ActionForm for FirstStepsButton {
    fn back(&self) -> String {
        PAGE.to_owned()
    }
}

#[server(prefix = "/app/fn", endpoint = "hide-first-steps")]
pub async fn hide_first_steps(#[server(flatten)] form: FirstStepsButton) -> Result<(), ServerFnError> {
    submit(form, async |core: Core, staff: Staff, form: FirstStepsButton| {
        let is_hidden = !form.hidden.is_empty();
        first_steps::hide(&core, staff.may()?, is_hidden).await?;
        Ok(if is_hidden {
            Redirect::to("/app/inbox", "done-first-steps-hidden")
        } else {
            Redirect::to(PAGE, "done-saved")
        })
    })
    .await
}
