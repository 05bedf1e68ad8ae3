//! The actions on a release: preview, publish, withdraw.

use domain::permissions::ReleaseReports;
use leptos::prelude::*;
use ordinavo_core::Core;
use ordinavo_core::identity::actors::Staff;
use ordinavo_core::releases;
use ordinavo_core::releases::ReleaseForm;
use serde_json::json;
use ui::actions::{FormSubmission, Redirect, run_action};

use crate::visits::report::parse_report_id;

/// The success key of a release preview.
pub(crate) const PREVIEWED: &str = "done-release-previewed";

#[server(prefix = "/app/fn", endpoint = "publish-report")]
pub async fn publish_report(
    #[server(default)] report: String,
    #[server(default)] title: String,
    #[server(default)] summary: String,
    #[server(default)] message: String,
    #[server(default)] follow_up: String,
    #[server(default)] attachments: Vec<String>,
    #[server(default)] look: String,
) -> Result<(), ServerFnError> {
    let back = format!("/app/reports/{report}");
    let chosen = attachments.join(" ");
    let submission = FormSubmission {
        form: "release",
        values: &[
            ("title", &title),
            ("summary", &summary),
            ("message", &message),
            ("follow_up", &follow_up),
            ("attachments", &chosen),
        ],
        back: back.clone(),
    };
    run_action(submission, async |core: Core, staff: Staff| {
        let input = ReleaseForm {
            title: title.clone(),
            summary: summary.clone(),
            message: message.clone(),
            follow_up: follow_up.clone(),
            attachments,
        };
        if !look.is_empty() {
            releases::preview(&core, staff.may::<ReleaseReports>()?, parse_report_id(&report)?, &input).await?;
            return Ok(Redirect {
                to: format!("{back}#draft"),
                done: Some(PREVIEWED),
                shown_once: serde_json::to_string(&json!({
                    "title": title,
                    "summary": summary,
                    "message": message,
                    "follow_up": follow_up,
                    "attachments": chosen,
                }))
                .ok(),
                undo: None,
            });
        }
        releases::publish(&core, staff.may::<ReleaseReports>()?, parse_report_id(&report)?, &input).await?;
        Ok(Redirect::to(back, "done-published"))
    })
    .await
}

#[server(prefix = "/app/fn", endpoint = "withdraw-report")]
pub async fn withdraw_report(#[server(default)] report: String) -> Result<(), ServerFnError> {
    let back = format!("/app/reports/{report}");
    let submission = FormSubmission {
        form: "",
        values: &[],
        back: back.clone(),
    };
    run_action(submission, async |core: Core, staff: Staff| {
        releases::withdraw(&core, staff.may::<ReleaseReports>()?, parse_report_id(&report)?).await?;
        Ok(Redirect::to(back, "done-withdrawn"))
    })
    .await
}
