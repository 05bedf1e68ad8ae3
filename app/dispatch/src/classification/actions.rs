//! What can be done with rules that classify requests.

use domain::ids::{FormId, RuleId};
use domain::intake::classification::{Conditions, Outcome};
use domain::permissions::ManageIntake;
use domain::requests::{Channel, Priority, ServiceType};
use leptos::prelude::*;
use leptos::server_fn::codec::{MultipartData, MultipartFormData};
use ordinavo_core::classification;
use ordinavo_core::classification::Way;
use ordinavo_core::identity::actors::Staff;
use ordinavo_core::{Core, CoreError, CoreResult};
use ui::acts::{Next, Sent, act};
use ui::uploads::{self, Parts};

const LIST: &str = "/app/settings/rules";

/// The page of a rule; an id that is none leads to the list.
fn rule_page(id: &str) -> String {
    id.parse::<RuleId>()
        .map_or_else(|_| LIST.to_owned(), |id| format!("{LIST}/{id}"))
}

fn rule_id(id: &str) -> CoreResult<RuleId> {
    id.parse().map_err(|_| CoreError::not_found())
}

fn lines(text: &str) -> Vec<String> {
    text.lines().map(|line| line.trim().to_owned()).collect()
}

fn conditions(parts: &Parts) -> Conditions {
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
        words: lines(&parts.text("words")),
        postal_codes: lines(&parts.text("postal_codes")),
    }
}

fn outcome(parts: &Parts) -> Outcome {
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
        rule_page(&id)
    };
    let sent = Sent {
        form: "rule",
        values: &values,
        back,
    };
    act(sent, async |core: Core, staff: Staff| {
        let permit = staff.may()?;
        let id = if id.is_empty() { None } else { Some(rule_id(&id)?) };
        let id = classification::save(
            &core,
            permit,
            id,
            &parts.text("name"),
            conditions(&parts),
            outcome(&parts),
        )
        .await?;
        Ok(Next::to(format!("{LIST}/{id}"), "done-rule-saved"))
    })
    .await
}

/// An act with one rule that ends on its page.
async fn on_rule<Fut: Future<Output = CoreResult<()>> + Send>(
    id: String,
    done: &'static str,
    work: impl FnOnce(Core, Staff, RuleId) -> Fut + Send,
) -> Result<(), ServerFnError> {
    let back = rule_page(&id);
    let sent = Sent {
        form: "",
        values: &[],
        back: back.clone(),
    };
    act(sent, async |core: Core, staff: Staff| {
        staff.may::<ManageIntake>()?;
        work(core, staff, rule_id(&id)?).await?;
        Ok(Next::to(back, done))
    })
    .await
}

#[server(prefix = "/app/fn", endpoint = "try-rule")]
pub async fn try_rule(#[server(default)] id: String) -> Result<(), ServerFnError> {
    on_rule(id, "done-rule-tested", async |core, staff, id| {
        classification::try_out(&core, staff.may()?, id).await
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
    on_rule(id, done, async move |core, staff, id| {
        classification::switch(&core, staff.may()?, id, on).await
    })
    .await
}

#[server(prefix = "/app/fn", endpoint = "move-rule")]
pub async fn move_rule(#[server(default)] id: String, #[server(default)] way: String) -> Result<(), ServerFnError> {
    let sent = Sent {
        form: "",
        values: &[],
        back: LIST.to_owned(),
    };
    act(sent, async |core: Core, staff: Staff| {
        let way = if way == "earlier" { Way::Earlier } else { Way::Later };
        let permit = staff.may()?;
        classification::shift(&core, permit, rule_id(&id)?, way).await?;
        Ok(Next::to(LIST.to_owned(), "done-rule-moved"))
    })
    .await
}

#[server(prefix = "/app/fn", endpoint = "delete-rule")]
pub async fn delete_rule(#[server(default)] id: String) -> Result<(), ServerFnError> {
    let sent = Sent {
        form: "",
        values: &[],
        back: LIST.to_owned(),
    };
    act(sent, async |core: Core, staff: Staff| {
        let permit = staff.may()?;
        classification::delete(&core, permit, rule_id(&id)?).await?;
        Ok(Next::to(LIST.to_owned(), "done-rule-deleted"))
    })
    .await
}
