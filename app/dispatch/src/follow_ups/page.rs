//! Follow-ups of a visit: create a job from one, or dismiss it.

use domain::follow_ups::FollowUpStatus;
use domain::identity::permissions::PlanTargets;
use domain::ids::{FollowUpId, VisitReportId};
use domain::locale::Locale;
use domain::public_language::Tone;
use leptos::prelude::*;
use ordinavo_core::Core;
use ordinavo_core::follow_ups;
use ordinavo_core::follow_ups::model::FollowUpView;
use ordinavo_core::identity::actors::Staff;
use serde::{Deserialize, Serialize};
use ui::actions::{ActionForm, FormId, Redirect, submit};
use ui::components::{Chip, ConfirmAction};
use ui::drafts::owned;
use ui::format;
use ui::islands::SubmitOnce;

use crate::i18n::by_key;
use crate::t;

const fn tone(status: FollowUpStatus) -> Tone {
    match status {
        FollowUpStatus::Required => Tone::Warn,
        FollowUpStatus::Planned => Tone::Info,
        FollowUpStatus::Done => Tone::Good,
        FollowUpStatus::Dismissed => Tone::Neutral,
    }
}

/// A follow-up on the page of its visit report.
#[component]
pub fn FollowUpCard(locale: Locale, follow_up: FollowUpView, report: String, can_decide: bool) -> impl IntoView {
    let id = follow_up.id.to_string();
    let (dismiss_id, dismiss_report) = (id.clone(), report.clone());
    view! {
        <section class="card"><header class="title-row"><h2>{t!(locale, "report-follow-up")}</h2><Chip label=by_key(locale, &format!("follow-up-{}", follow_up.status.name())) tone=tone(follow_up.status)/></header>
            <p class="prose" dir="auto">{follow_up.title}</p>
            {follow_up.planned_target_id.zip(follow_up.planned_number).map(|(target, number)| view! {
                <p><a href=format!("/app/targets/{target}")><bdi class="mono">{format::job_number(number)}</bdi></a></p>
            })}
            {can_decide.then(|| view! {
                <p class="help">{t!(locale, "follow-up-text")}</p>
                <SubmitOnce><form method="post" action=owned("/app/fn/plan-follow-up")><input type="hidden" name="follow_up" value=id/><input type="hidden" name="report" value=report/><button class="button button-primary" type="submit">{t!(locale, "follow-up-create-job")}</button></form></SubmitOnce>
                <ConfirmAction label=t!(locale, "follow-up-dismiss") consequence=t!(locale, "follow-up-dismiss-text")>
                    <form method="post" action=owned("/app/fn/dismiss-follow-up")><input type="hidden" name="follow_up" value=dismiss_id/><input type="hidden" name="report" value=dismiss_report/><button class="button" type="submit">{t!(locale, "follow-up-dismiss")}</button></form></ConfirmAction>
            })}
        </section>
    }
}

/// A button of a follow-up on the page of its visit report.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct FollowUpButton {
    follow_up: FormId<FollowUpId>,
    report: FormId<VisitReportId>,
}

impl ActionForm for FollowUpButton {
    fn back(&self) -> String {
        self.report.path_below("/app/reports")
    }
}

#[server(prefix = "/app/fn", endpoint = "plan-follow-up")]
pub async fn plan_follow_up(#[server(flatten)] form: FollowUpButton) -> Result<(), ServerFnError> {
    submit(form, async |core: Core, staff: Staff, form: FollowUpButton| {
        let permit = staff.may::<PlanTargets>()?;
        let target = follow_ups::create_target(&core, permit, form.follow_up.get()?).await?;
        Ok(Redirect::to(
            format!("/app/targets/{target}"),
            "done-follow-up-job-created",
        ))
    })
    .await
}

#[server(prefix = "/app/fn", endpoint = "dismiss-follow-up")]
pub async fn dismiss_follow_up(#[server(flatten)] form: FollowUpButton) -> Result<(), ServerFnError> {
    submit(form, async |core: Core, staff: Staff, form: FollowUpButton| {
        let permit = staff.may::<PlanTargets>()?;
        follow_ups::dismiss(&core, permit, form.follow_up.get()?).await?;
        Ok(Redirect::to(form.back(), "done-saved"))
    })
    .await
}
