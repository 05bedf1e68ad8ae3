//! Actions on classification rules.

use domain::ids::{FormId, RuleId};
use domain::intake::classification::{Conditions, Outcome};
use domain::permissions::ManageIntake;
use domain::requests::{Channel, Priority, ServiceType};
use leptos::prelude::*;
use leptos::server_fn::codec::{MultipartData, MultipartFormData};
use ordinavo_core::classification;
use ordinavo_core::classification::Direction;
use ordinavo_core::identity::actors::Staff;
use ordinavo_core::{Core, CoreError, CoreResult};
use ui::actions::{FormSubmission, Redirect, run_action};
use ui::uploads::{self, FormParts};

const LIST: &str = "/app/settings/rules";

/// Returns the path of a rule. Text that is not an ID leads to the list.
fn rule_path(id: &str) -> String {
    id.parse::<RuleId>()
        .map_or_else(|_| LIST.to_owned(), |id| format!("{LIST}/{id}"))
}

fn parse_rule_id(id: &str) -> CoreResult<RuleId> {
    id.parse().map_err(|_| CoreError::not_found())
}

fn trimmed_lines(text: &str) -> Vec<String> {
    text.lines().map(|line| line.trim().to_owned()).collect()
}

fn conditions(parts: &FormParts) -> Conditions {
    let is_ticked = |name: String| parts.fields.contains_key(&name);
    Conditions {
        channels: Channel::ALL
            .iter()
            .copied()
            .filter(|one| is_ticked(format!("channel_{}", one.name())))
            .collect(),
        forms: parts
            .fields
            .keys()
            .filter_map(|name| name.strip_prefix("form_")?.parse::<FormId>().ok())
            .collect(),
        service_types: ServiceType::ALL
            .iter()
            .copied()
            .filter(|one| is_ticked(format!("service_{}", one.name())))
            .collect(),
        words: trimmed_lines(&parts.text("words")),
        postal_codes: trimmed_lines(&parts.text("postal_codes")),
    }
}

fn outcome(parts: &FormParts) -> Outcome {
    Outcome {
        use_case: Some(parts.text("use_case")),
        region: Some(parts.text("region")),
        service_type: ServiceType::from_name(&parts.text("set_service")),
        priority: Priority::from_name(&parts.text("set_priority")),
    }
}

#[server(prefix = "/app/fn", endpoint = "save-rule", input = MultipartFormData)]
pub async fn save_rule(data: MultipartData) -> Result<(), ServerFnError> {
    let parts = uploads::read(data, "", 0).await;
    let id = parts.text("id");
    let values = parts.values();
    let back = if id.is_empty() {
        format!("{LIST}/new")
    } else {
        rule_path(&id)
    };
    let submission = FormSubmission {
        form: "rule",
        values: &values,
        back,
    };
    run_action(submission, async |core: Core, staff: Staff| {
        let permit = staff.may()?;
        let id = if id.is_empty() { None } else { Some(parse_rule_id(&id)?) };
        let id = classification::save(
            &core,
            permit,
            id,
            &parts.text("name"),
            conditions(&parts),
            outcome(&parts),
        )
        .await?;
        Ok(Redirect::to(format!("{LIST}/{id}"), "done-rule-saved"))
    })
    .await
}

/// Runs an action on a rule and returns to its page.
async fn run_rule_action<Fut: Future<Output = CoreResult<()>> + Send>(
    id: String,
    done: &'static str,
    work: impl FnOnce(Core, Staff, RuleId) -> Fut + Send,
) -> Result<(), ServerFnError> {
    let back = rule_path(&id);
    let submission = FormSubmission {
        form: "",
        values: &[],
        back: back.clone(),
    };
    run_action(submission, async |core: Core, staff: Staff| {
        staff.may::<ManageIntake>()?;
        work(core, staff, parse_rule_id(&id)?).await?;
        Ok(Redirect::to(back, done))
    })
    .await
}

#[server(prefix = "/app/fn", endpoint = "try-rule")]
pub async fn try_rule(#[server(default)] id: String) -> Result<(), ServerFnError> {
    run_rule_action(id, "done-rule-tested", async |core, staff, id| {
        classification::mark_tried(&core, staff.may()?, id).await
    })
    .await
}

#[server(prefix = "/app/fn", endpoint = "switch-rule")]
pub async fn switch_rule(
    #[server(default)] id: String,
    #[server(default)] on: Option<String>,
) -> Result<(), ServerFnError> {
    let on = on.is_some();
    let done = if on { "done-rule-enabled" } else { "done-rule-disabled" };
    run_rule_action(id, done, async move |core, staff, id| {
        classification::set_active(&core, staff.may()?, id, on).await
    })
    .await
}

#[server(prefix = "/app/fn", endpoint = "move-rule")]
pub async fn move_rule(#[server(default)] id: String, #[server(default)] way: String) -> Result<(), ServerFnError> {
    let submission = FormSubmission {
        form: "",
        values: &[],
        back: LIST.to_owned(),
    };
    run_action(submission, async |core: Core, staff: Staff| {
        let way = if way == "earlier" {
            Direction::Earlier
        } else {
            Direction::Later
        };
        let permit = staff.may()?;
        classification::move_rule(&core, permit, parse_rule_id(&id)?, way).await?;
        Ok(Redirect::to(LIST.to_owned(), "done-rule-moved"))
    })
    .await
}

#[server(prefix = "/app/fn", endpoint = "delete-rule")]
pub async fn delete_rule(#[server(default)] id: String) -> Result<(), ServerFnError> {
    let submission = FormSubmission {
        form: "",
        values: &[],
        back: LIST.to_owned(),
    };
    run_action(submission, async |core: Core, staff: Staff| {
        let permit = staff.may()?;
        classification::delete(&core, permit, parse_rule_id(&id)?).await?;
        Ok(Redirect::to(LIST.to_owned(), "done-rule-deleted"))
    })
    .await
}
