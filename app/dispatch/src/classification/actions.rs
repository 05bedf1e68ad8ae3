//! Actions on classification rules.

use domain::ids;
use domain::ids::RuleId;
use domain::intake::classification::{Conditions, Outcome};
use domain::requests::{Channel, Priority, ServiceType};
use leptos::prelude::*;
use leptos::server_fn::codec::{MultipartData, MultipartFormData};
use ordinavo_core::classification;
use ordinavo_core::classification::Direction;
use ordinavo_core::identity::actors::Staff;
use ordinavo_core::{Core, CoreError};
use serde::{Deserialize, Serialize};
use ui::actions::{ActionForm, FormId, FormSubmission, Redirect, run_action, submit};
use ui::uploads::{self, FormParts};

const LIST: &str = "/app/settings/rules";

/// Returns the path of a rule. Text that is not an ID leads to the list.
fn rule_path(id: Option<RuleId>) -> String {
    id.map_or_else(|| LIST.to_owned(), |id| format!("{LIST}/{id}"))
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
            .filter_map(|name| name.strip_prefix("form_")?.parse::<ids::FormId>().ok())
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
        rule_path(id.parse().ok())
    };
    let submission = FormSubmission {
        form: "rule",
        values: &values,
        back,
    };
    run_action(submission, async |core: Core, staff: Staff| {
        parts.ensure_complete()?;
        let permit = staff.may()?;
        let id = if id.is_empty() {
            None
        } else {
            Some(id.parse().map_err(|_| CoreError::not_found())?)
        };
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

/// A button on the page of a rule.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct RuleButton {
    id: FormId<RuleId>,
    /// Whether to enable the rule: `on` or absent.
    on: Option<String>,
}

impl ActionForm for RuleButton {
    fn back(&self) -> String {
        rule_path(self.id.ok())
    }
}

#[server(prefix = "/app/fn", endpoint = "test-rule")]
pub async fn test_rule(#[server(flatten)] form: RuleButton) -> Result<(), ServerFnError> {
    submit(form, async |core: Core, staff: Staff, form: RuleButton| {
        classification::mark_tried(&core, staff.may()?, form.id.get()?).await?;
        Ok(Redirect::to(form.back(), "done-rule-tested"))
    })
    .await
}

#[server(prefix = "/app/fn", endpoint = "set-rule-enabled")]
pub async fn set_rule_enabled(#[server(flatten)] form: RuleButton) -> Result<(), ServerFnError> {
    submit(form, async |core: Core, staff: Staff, form: RuleButton| {
        let on = form.on.is_some();
        classification::set_active(&core, staff.may()?, form.id.get()?, on).await?;
        let done = if on { "done-rule-enabled" } else { "done-rule-disabled" };
        Ok(Redirect::to(form.back(), done))
    })
    .await
}

/// A button that leads to the list of rules.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct RuleListButton {
    id: FormId<RuleId>,
    /// Where to move the rule: `earlier` or `later`.
    way: String,
}

impl ActionForm for RuleListButton {
    fn back(&self) -> String {
        LIST.to_owned()
    }
}

#[server(prefix = "/app/fn", endpoint = "move-rule")]
pub async fn move_rule(#[server(flatten)] form: RuleListButton) -> Result<(), ServerFnError> {
    submit(form, async |core: Core, staff: Staff, form: RuleListButton| {
        let way = if form.way == "earlier" {
            Direction::Earlier
        } else {
            Direction::Later
        };
        classification::move_rule(&core, staff.may()?, form.id.get()?, way).await?;
        Ok(Redirect::to(form.back(), "done-rule-moved"))
    })
    .await
}

#[server(prefix = "/app/fn", endpoint = "delete-rule")]
pub async fn delete_rule(#[server(flatten)] form: RuleListButton) -> Result<(), ServerFnError> {
    submit(form, async |core: Core, staff: Staff, form: RuleListButton| {
        classification::delete(&core, staff.may()?, form.id.get()?).await?;
        Ok(Redirect::to(form.back(), "done-rule-deleted"))
    })
    .await
}
