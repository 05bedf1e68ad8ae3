//! The forms in which technicians tell dispatch about a visit and confirm changes, and the button with which dispatch deals with it.

use chrono::NaiveDate;
use domain::identity::permissions::{PerformVisits, PlanTargets};
use domain::ids::{TargetId, VisitNoticeId};
use domain::visits::notices::NoticeKind;
use leptos::prelude::*;
use ordinavo_core::Core;
use ordinavo_core::identity::actors::Staff;
use ordinavo_core::visits::changes;
use ordinavo_core::visits::notices;
use ordinavo_core::visits::notices::NoticeForm;
use serde::{Deserialize, Serialize};
use ui::actions::{ActionForm, FormId, Redirect, submit};

/// The form that tells dispatch that a visit cannot take place.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct CannotDoForm {
    target: FormId<TargetId>,
    /// The name of a [`domain::visits::notices::CannotDoReason`].
    reason: String,
    text: String,
}

impl ActionForm for CannotDoForm {
    const NAME: &'static str = "cannot-do";

    fn back(&self) -> String {
        self.target.path_below("/app/day")
    }
}

#[server(prefix = "/app/fn", endpoint = "report-cannot-do")]
pub async fn report_cannot_do(#[server(flatten)] form: CannotDoForm) -> Result<(), ServerFnError> {
    submit(form, async |core: Core, staff: Staff, form: CannotDoForm| {
        let (permit, target, back) = (staff.may::<PerformVisits>()?, form.target.get()?, form.back());
        let notice = NoticeForm {
            kind: NoticeKind::CannotDo.name().to_owned(),
            reason: form.reason,
            text: form.text,
            ..NoticeForm::default()
        };
        notices::report(&core, permit, target, &notice).await?;
        Ok(Redirect::to(back, "done-notice-sent"))
    })
    .await
}

/// The form that tells dispatch about a delay.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct LateForm {
    target: FormId<TargetId>,
    minutes: String,
    text: String,
}

impl ActionForm for LateForm {
    const NAME: &'static str = "late";

    fn back(&self) -> String {
        self.target.path_below("/app/day")
    }
}

#[server(prefix = "/app/fn", endpoint = "report-late")]
pub async fn report_late(#[server(flatten)] form: LateForm) -> Result<(), ServerFnError> {
    submit(form, async |core: Core, staff: Staff, form: LateForm| {
        let (permit, target, back) = (staff.may::<PerformVisits>()?, form.target.get()?, form.back());
        let notice = NoticeForm {
            kind: NoticeKind::Late.name().to_owned(),
            minutes: form.minutes,
            text: form.text,
            ..NoticeForm::default()
        };
        notices::report(&core, permit, target, &notice).await?;
        Ok(Redirect::to(back, "done-notice-sent"))
    })
    .await
}

/// The button that marks a technician's notice as dealt with.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct NoticeButton {
    notice: FormId<VisitNoticeId>,
    target: FormId<TargetId>,
}

impl ActionForm for NoticeButton {
    fn back(&self) -> String {
        self.target.path_below("/app/targets")
    }
}

#[server(prefix = "/app/fn", endpoint = "resolve-visit-notice")]
pub async fn resolve_visit_notice(#[server(flatten)] form: NoticeButton) -> Result<(), ServerFnError> {
    submit(form, async |core: Core, staff: Staff, form: NoticeButton| {
        notices::resolve(&core, staff.may::<PlanTargets>()?, form.notice.get()?).await?;
        Ok(Redirect::to(form.back(), "done-notice-resolved"))
    })
    .await
}

/// The button that confirms changes of a technician's visits.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct ChangesButton {
    /// The changes that the page showed.
    changes: String,
    /// When the page was rendered.
    shown_at: String,
    /// The date of the day that the page showed; empty for today.
    date: String,
}

impl ActionForm for ChangesButton {
    fn back(&self) -> String {
        NaiveDate::parse_from_str(&self.date, "%Y-%m-%d").map_or_else(
            |_| "/app/day".to_owned(),
            |date| format!("/app/day?date={}", date.format("%Y-%m-%d")),
        )
    }
}

#[server(prefix = "/app/fn", endpoint = "confirm-changes")]
pub async fn confirm_changes(#[server(flatten)] form: ChangesButton) -> Result<(), ServerFnError> {
    submit(form, async |core: Core, staff: Staff, form: ChangesButton| {
        changes::confirm(&core, staff.may::<PerformVisits>()?, &form.changes, &form.shown_at).await?;
        Ok(Redirect::to(form.back(), "done-changes-confirmed"))
    })
    .await
}
