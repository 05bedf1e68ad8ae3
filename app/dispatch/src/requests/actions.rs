//! The actions of the review queue; each is a form that works without scripts.

use domain::fields::FieldCode;
use domain::requests::{Priority, ServiceType};
use leptos::prelude::*;
use ordinavo_core::identity::actors::Staff;
use ordinavo_core::requests;
use ordinavo_core::requests::review;
use ordinavo_core::requests::review::{Decision, SnoozeUntil};
use ordinavo_core::requests::{conversation, customer_assignment};
use ordinavo_core::{Core, CoreError, CoreResult};
use ui::actions::{FormSubmission, Redirect, run_action};

use crate::requests::inbox::request_id;

/// Returns the path of a request with the filters of the list. `view` is only accepted as a query.
fn request_path(request: &str, view: &str) -> String {
    let view = if view.starts_with('?') && view.len() < 2_000 && view.bytes().all(|byte| byte.is_ascii_graphic()) {
        view
    } else {
        ""
    };
    match request.parse::<domain::ids::RequestId>() {
        Ok(id) => format!("/app/inbox/{id}{view}"),
        Err(_) => format!("/app/inbox{view}"),
    }
}

/// Returns `path` if it is a page of the inbox. Prevents open redirects.
fn inbox_path(path: &str) -> String {
    let is_inbox = path == "/app/inbox" || path.starts_with("/app/inbox/") || path.starts_with("/app/inbox?");
    if is_inbox && path.len() < 2_000 && path.bytes().all(|byte| byte.is_ascii_graphic()) {
        path.to_owned()
    } else {
        "/app/inbox".to_owned()
    }
}

fn redirect_with_undo(to: String, done: &'static str, decided: &review::Decided) -> Redirect {
    Redirect {
        undo: decided.undo.map(|undo| undo.to_string()),
        ..Redirect::to(to, done)
    }
}

/// Applies a decision to a request, then redirects to `to`.
async fn decide(
    form: &'static str,
    values: &[(&'static str, &str)],
    request: &str,
    view: &str,
    to: &str,
    done: &'static str,
    decision: impl FnOnce(&Staff) -> CoreResult<Decision> + Send,
) -> Result<(), ServerFnError> {
    let submission = FormSubmission {
        form,
        values,
        back: request_path(request, view),
    };
    let to = request_path(to, view);
    run_action(submission, async |core: Core, staff: Staff| {
        let permit = staff.may()?;
        let id = request_id(request)?;
        let decided = review::decide(&core, permit, id, decision(&staff)?).await?;
        Ok(redirect_with_undo(to, done, &decided))
    })
    .await
}

#[server(prefix = "/app/fn", endpoint = "start-review")]
pub async fn start_review(
    #[server(default)] request: String,
    #[server(default)] view: String,
) -> Result<(), ServerFnError> {
    let back = request_path(&request, &view);
    let submission = FormSubmission {
        form: "",
        values: &[],
        back: back.clone(),
    };
    run_action(submission, async |core: Core, staff: Staff| {
        requests::start_review(&core, staff.may()?, request_id(&request)?).await?;
        Ok(Redirect::to(back, "done-review-started"))
    })
    .await
}

#[server(prefix = "/app/fn", endpoint = "accept-request")]
pub async fn accept_request(
    #[server(default)] request: String,
    #[server(default)] view: String,
) -> Result<(), ServerFnError> {
    decide("", &[], &request, &view, &request, "done-accepted", |_| {
        Ok(Decision::Accept)
    })
    .await
}

#[server(prefix = "/app/fn", endpoint = "reject-request")]
pub async fn reject_request(
    #[server(default)] request: String,
    #[server(default)] view: String,
    #[server(default)] next: String,
    #[server(default)] reason: String,
) -> Result<(), ServerFnError> {
    let values = [("reason", reason.as_str())];
    // Leads to the next request of the list, so that the queue can be worked through; the last request stays open.
    let to = if next.is_empty() { &request } else { &next };
    decide("reject", &values, &request, &view, to, "done-rejected", |_| {
        Ok(Decision::Reject(reason.clone()))
    })
    .await
}

#[server(prefix = "/app/fn", endpoint = "set-priority")]
pub async fn set_priority(
    #[server(default)] request: String,
    #[server(default)] view: String,
    #[server(default)] priority: String,
) -> Result<(), ServerFnError> {
    decide("", &[], &request, &view, &request, "done-priority", |_| {
        Priority::from_name(&priority)
            .map(Decision::Priority)
            .ok_or_else(|| CoreError::field("priority", FieldCode::Required))
    })
    .await
}

#[server(prefix = "/app/fn", endpoint = "set-service")]
pub async fn set_service(
    #[server(default)] request: String,
    #[server(default)] view: String,
    #[server(default)] service: String,
) -> Result<(), ServerFnError> {
    decide("", &[], &request, &view, &request, "done-service", |_| {
        ServiceType::from_name(&service)
            .map(Decision::ServiceType)
            .ok_or_else(|| CoreError::field("service", FieldCode::Required))
    })
    .await
}

#[server(prefix = "/app/fn", endpoint = "assign-request")]
pub async fn assign_request(
    #[server(default)] request: String,
    #[server(default)] view: String,
    #[server(default)] assignee: String,
) -> Result<(), ServerFnError> {
    decide("", &[], &request, &view, &request, "done-assigned", |_| {
        parse_assignee(&assignee)
    })
    .await
}

fn parse_assignee(assignee: &str) -> CoreResult<Decision> {
    if assignee.is_empty() {
        return Ok(Decision::Assign(None));
    }
    assignee
        .parse()
        .map(|person| Decision::Assign(Some(person)))
        .map_err(|_| CoreError::field("assignee", FieldCode::Required))
}

#[server(prefix = "/app/fn", endpoint = "snooze-request")]
pub async fn snooze_request(
    #[server(default)] request: String,
    #[server(default)] view: String,
    #[server(default)] next: String,
    #[server(default)] until: String,
) -> Result<(), ServerFnError> {
    let ends_snooze = until.is_empty();
    let to = if ends_snooze || next.is_empty() {
        &request
    } else {
        &next
    };
    let done = if ends_snooze {
        "done-snooze-ended"
    } else {
        "done-snoozed"
    };
    decide("", &[], &request, &view, to, done, |_| {
        if ends_snooze {
            return Ok(Decision::Snooze(None));
        }
        SnoozeUntil::from_name(&until)
            .map(|pause| Decision::Snooze(Some(pause)))
            .ok_or_else(|| CoreError::field("until", FieldCode::Required))
    })
    .await
}

#[server(prefix = "/app/fn", endpoint = "decide-many")]
pub async fn decide_many(
    #[server(default)] requests: Vec<String>,
    #[server(default)] decision: String,
    #[server(default)] reason: String,
    #[server(default)] assignee: String,
    #[server(default)] path: String,
) -> Result<(), ServerFnError> {
    let back = inbox_path(&path);
    let submission = FormSubmission {
        form: "",
        values: &[],
        back: back.clone(),
    };
    run_action(submission, async |core: Core, staff: Staff| {
        let permit = staff.may()?;
        let ids = requests
            .iter()
            .map(|id| request_id(id))
            .collect::<CoreResult<Vec<_>>>()?;
        let decision = match decision.as_str() {
            "accept" => Decision::Accept,
            "reject" => Decision::Reject(reason),
            "assign" => parse_assignee(&assignee)?,
            _ => return Err(CoreError::field("decision", FieldCode::Required)),
        };
        let decided = review::decide_many(&core, permit, &ids, decision).await?;
        let done = if decided.left.is_empty() {
            "done-bulk-updated"
        } else {
            "done-bulk-partly-updated"
        };
        Ok(redirect_with_undo(back, done, &decided))
    })
    .await
}

#[server(prefix = "/app/fn", endpoint = "undo-decision")]
pub async fn undo_decision(
    #[server(default)] undo: String,
    #[server(default)] path: String,
) -> Result<(), ServerFnError> {
    let back = inbox_path(&path);
    let submission = FormSubmission {
        form: "",
        values: &[],
        back: back.clone(),
    };
    run_action(submission, async |core: Core, staff: Staff| {
        let permit = staff.may()?;
        let id = undo.parse().map_err(|_| CoreError::not_found())?;
        review::undo(&core, permit, id).await?;
        Ok(Redirect::to(back, "done-decision-undone"))
    })
    .await
}

#[server(prefix = "/app/fn", endpoint = "convert-request")]
pub async fn convert_request(
    #[server(default)] request: String,
    #[server(default)] view: String,
) -> Result<(), ServerFnError> {
    let submission = FormSubmission {
        form: "",
        values: &[],
        back: request_path(&request, &view),
    };
    run_action(submission, async |core: Core, staff: Staff| {
        let target = requests::convert(&core, staff.may()?, request_id(&request)?).await?;
        Ok(Redirect::to(format!("/app/targets/{target}"), "done-converted"))
    })
    .await
}

#[server(prefix = "/app/fn", endpoint = "assign-customer")]
pub async fn assign_customer(
    #[server(default)] request: String,
    #[server(default)] view: String,
    #[server(default)] customer: String,
    #[server(default)] location: String,
    #[server(default)] contact: String,
) -> Result<(), ServerFnError> {
    let back = request_path(&request, &view);
    let submission = FormSubmission {
        form: "",
        values: &[],
        back: back.clone(),
    };
    run_action(submission, async |core: Core, staff: Staff| {
        let (permit, id) = (staff.may()?, request_id(&request)?);
        customer_assignment::assign_customer(&core, permit, id, &customer, &location, &contact).await?;
        Ok(Redirect::to(back, "done-customer-assigned"))
    })
    .await
}

#[server(prefix = "/app/fn", endpoint = "add-note")]
pub async fn add_note(
    #[server(default)] request: String,
    #[server(default)] note: String,
) -> Result<(), ServerFnError> {
    let back = request_path(&request, "");
    let submission = FormSubmission {
        form: "note",
        values: &[("note", &note)],
        back: back.clone(),
    };
    run_action(submission, async |core: Core, staff: Staff| {
        conversation::add_note(&core, staff.may()?, request_id(&request)?, &note).await?;
        Ok(Redirect::to(back, "done-note"))
    })
    .await
}

#[server(prefix = "/app/fn", endpoint = "send-message")]
pub async fn send_message(
    #[server(default)] request: String,
    #[server(default)] message: String,
    #[server(default)] asks: Option<String>,
) -> Result<(), ServerFnError> {
    let back = request_path(&request, "");
    let mut values = vec![("message", message.as_str())];
    if asks.is_some() {
        values.push(("asks", "on"));
    }
    let submission = FormSubmission {
        form: "message",
        values: &values,
        back: back.clone(),
    };
    run_action(submission, async |core: Core, staff: Staff| {
        let (permit, id) = (staff.may()?, request_id(&request)?);
        conversation::send_message(&core, permit, id, &message, asks.is_some()).await?;
        Ok(Redirect::to(back, "done-message"))
    })
    .await
}

#[server(prefix = "/app/fn", endpoint = "read-answer")]
pub async fn mark_answer_read(#[server(default)] request: String) -> Result<(), ServerFnError> {
    let back = request_path(&request, "");
    let submission = FormSubmission {
        form: "",
        values: &[],
        back: back.clone(),
    };
    run_action(submission, async |core: Core, staff: Staff| {
        conversation::mark_answer_as_read(&core, staff.may()?, request_id(&request)?).await?;
        Ok(Redirect::to(back, "done-reply-read"))
    })
    .await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_outside_inbox_return_inbox() {
        for (path, expected) in [
            ("/app/inbox?q=lift", "/app/inbox?q=lift"),
            ("/app/inbox/req_1", "/app/inbox/req_1"),
            ("//evil.example/app/inbox", "/app/inbox"),
            ("/app/inboxes", "/app/inbox"),
            ("/app/inbox?q=\r\nset-cookie: a", "/app/inbox"),
        ] {
            assert_eq!(inbox_path(path), expected, "{path}");
        }
        assert_eq!(request_path("../settings", "?q=a"), "/app/inbox?q=a");
        assert_eq!(request_path("../settings", "//evil.example"), "/app/inbox");
    }
}
