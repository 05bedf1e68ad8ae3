//! The actions on a release: preview, publish, withdraw.

use domain::identity::permissions::{ApproveReports, ReleaseReports, ViewReports};
use domain::ids::VisitReportId;
use leptos::prelude::*;
use ordinavo_core::Core;
use ordinavo_core::identity::actors::Staff;
use ordinavo_core::releases;
use ordinavo_core::releases::ReleaseForm;
use ordinavo_core::visits::report_review;
use serde::{Deserialize, Serialize};
use ui::actions::{ActionForm, FormId, Redirect, submit, typed_values};

use crate::visits::report::shown_version;

/// The success key of a release preview.
pub(crate) const PREVIEWED: &str = "done-release-previewed";

/// Reads the revision that a form shows. Text that is no number is that of no revision.
fn shown_revision(shown: Option<&str>) -> Option<i64> {
    shown.map(|shown| shown.parse().unwrap_or(-1))
}

/// The form that previews or publishes a release.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct PublishForm {
    report: FormId<VisitReportId>,
    title: String,
    summary: String,
    message: String,
    follow_up: String,
    attachments: Vec<String>,
    /// The latest revision that the form shows, 0 for none.
    revision: Option<String>,
    /// Shows a preview unless empty.
    look: String,
    /// When the report that the page shows was submitted, if publishing also approves it.
    approved_submitted_at: String,
}

impl ActionForm for PublishForm {
    const NAME: &'static str = "release";

    fn back(&self) -> String {
        self.report.path_below("/app/reports")
    }
}

#[server(prefix = "/app/fn", endpoint = "publish-report")]
pub async fn publish_report(#[server(flatten)] form: PublishForm) -> Result<(), ServerFnError> {
    submit(form, async |core: Core, staff: Staff, form: PublishForm| {
        let (permit, id, back) = (staff.may::<ReleaseReports>()?, form.report.get()?, form.back());
        let preview = (!form.look.is_empty()).then(|| typed_values(&form));
        let input = ReleaseForm {
            title: form.title,
            summary: form.summary,
            message: form.message,
            follow_up: form.follow_up,
            attachments: form.attachments,
            shown_revision: shown_revision(form.revision.as_deref()),
        };
        if let Some(typed) = preview {
            releases::preview(&core, permit, id, &input).await?;
            return Ok(Redirect {
                shown_once: serde_json::to_string(&typed).ok(),
                keeps_draft: true,
                ..Redirect::to(format!("{back}#draft"), PREVIEWED)
            });
        }
        if form.approved_submitted_at.is_empty() {
            releases::publish(&core, permit, id, &input).await?;
            return Ok(Redirect::to(back, "done-published"));
        }
        let shown = shown_version(&form.approved_submitted_at)?;
        releases::approve_and_publish(&core, permit, staff.may::<ApproveReports>()?, id, Some(shown), &input).await?;
        Ok(
            match report_review::next_to_approve(&core, staff.may::<ViewReports>()?, id).await? {
                Some(next) => Redirect::to(format!("/app/reports/{next}"), "done-approved-next"),
                None => Redirect::to("/app/reports", "done-approved-last"),
            },
        )
    })
    .await
}

/// The button that withdraws a published release.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct WithdrawButton {
    report: FormId<VisitReportId>,
    /// The latest revision that the page shows.
    revision: Option<String>,
}

impl ActionForm for WithdrawButton {
    fn back(&self) -> String {
        self.report.path_below("/app/reports")
    }
}

#[server(prefix = "/app/fn", endpoint = "withdraw-report")]
pub async fn withdraw_report(#[server(flatten)] form: WithdrawButton) -> Result<(), ServerFnError> {
    submit(form, async |core: Core, staff: Staff, form: WithdrawButton| {
        releases::withdraw(
            &core,
            staff.may::<ReleaseReports>()?,
            form.report.get()?,
            shown_revision(form.revision.as_deref()),
        )
        .await?;
        Ok(Redirect::to(form.back(), "done-withdrawn"))
    })
    .await
}
