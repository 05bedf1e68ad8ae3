//! Actions on classification rules.

use domain::fields::FieldCode;
use domain::ids;
use domain::ids::RuleId;
use domain::intake::classification::{Conditions, Outcome};
use domain::requests::{Channel, Priority, ServiceType};
use leptos::prelude::*;
use leptos::server_fn::codec::{MultipartData, MultipartFormData};
use ordinavo_core::classification;
use ordinavo_core::classification::Direction;
use ordinavo_core::identity::actors::Staff;
use ordinavo_core::{Core, CoreError, CoreResult};
use serde::{Deserialize, Serialize};
use ui::actions::{ActionForm, FormId, Redirect, submit};
use ui::uploads::{Fields, UploadForm, submit_upload};

const LIST: &str = "/app/settings/rules";

/// Returns the path of a rule. Text that is not an ID leads to the list.
fn rule_path(id: Option<RuleId>) -> String {
    id.map_or_else(|| LIST.to_owned(), |id| format!("{LIST}/{id}"))
}

fn trimmed_lines(text: &str) -> Vec<String> {
    text.lines().map(|line| line.trim().to_owned()).collect()
}

/// The form of a rule.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct RuleForm {
    /// Absent for a new rule.
    id: Option<FormId<RuleId>>,
    /// The version that the page shows.
    version: Option<String>,
    name: String,
    words: String,
    postal_codes: String,
    use_case: String,
    region: String,
    set_service: String,
    set_priority: String,
    /// The ticked channels, forms and service types.
    #[serde(flatten)]
    ticked: Fields,
}

impl ActionForm for RuleForm {
    const NAME: &'static str = "rule";

    fn back(&self) -> String {
        self.id.map_or_else(|| format!("{LIST}/new"), |id| rule_path(id.ok()))
    }
}

impl UploadForm for RuleForm {}

impl RuleForm {
    /// Returns the conditions. One that is not understood is an error: a rule without it would apply to more requests.
    fn conditions(&self) -> CoreResult<Conditions> {
        Ok(Conditions {
            channels: self.ticked_as("channel_", "channels", Channel::from_name)?,
            forms: self.ticked_as("form_", "forms", |id| id.parse::<ids::FormId>().ok())?,
            service_types: self.ticked_as("service_", "service_types", ServiceType::from_name)?,
            words: trimmed_lines(&self.words),
            postal_codes: trimmed_lines(&self.postal_codes),
        })
    }

    /// Parses the rest of each ticked name that starts with `prefix`; `field` is named in the error.
    fn ticked_as<T>(&self, prefix: &str, field: &str, parse: impl Fn(&str) -> Option<T>) -> CoreResult<Vec<T>> {
        self.ticked
            .with_prefix(prefix)
            .map(|name| parse(name).ok_or_else(|| CoreError::field(field, FieldCode::NotInList)))
            .collect()
    }

    fn outcome(&self) -> CoreResult<Outcome> {
        fn chosen<T>(field: &str, text: &str, parse: impl Fn(&str) -> Option<T>) -> CoreResult<Option<T>> {
            match text {
                "" => Ok(None),
                text => parse(text)
                    .map(Some)
                    .ok_or_else(|| CoreError::field(field, FieldCode::NotInList)),
            }
        }
        Ok(Outcome {
            use_case: Some(self.use_case.clone()),
            region: Some(self.region.clone()),
            service_type: chosen("set_service", &self.set_service, ServiceType::from_name)?,
            priority: chosen("set_priority", &self.set_priority, Priority::from_name)?,
        })
    }
}

#[server(prefix = "/app/fn", endpoint = "save-rule", input = MultipartFormData)]
pub async fn save_rule(data: MultipartData) -> Result<(), ServerFnError> {
    submit_upload(data, async |core: Core, staff: Staff, form: RuleForm, _| {
        let (permit, id) = (staff.may()?, form.id.map(FormId::get).transpose()?);
        let (shown, conditions, outcome) = (form.version.as_deref(), form.conditions()?, form.outcome()?);
        let id = classification::save(&core, permit, id, shown, &form.name, conditions, outcome).await?;
        Ok(Redirect::to(format!("{LIST}/{id}"), "done-rule-saved"))
    })
    .await
}

/// A button on the page of a rule.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct RuleButton {
    id: FormId<RuleId>,
    /// The version that the page shows.
    version: Option<String>,
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
        classification::mark_tried(&core, staff.may()?, form.id.get()?, form.version.as_deref()).await?;
        Ok(Redirect::to(form.back(), "done-rule-tested"))
    })
    .await
}

#[server(prefix = "/app/fn", endpoint = "set-rule-enabled")]
pub async fn set_rule_enabled(#[server(flatten)] form: RuleButton) -> Result<(), ServerFnError> {
    submit(form, async |core: Core, staff: Staff, form: RuleButton| {
        let on = form.on.is_some();
        classification::set_active(&core, staff.may()?, form.id.get()?, form.version.as_deref(), on).await?;
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
    /// The version of the order that the list shows.
    order: Option<String>,
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
        classification::move_rule(&core, staff.may()?, form.id.get()?, form.order.as_deref(), way).await?;
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
