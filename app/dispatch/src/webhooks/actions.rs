//! Actions on webhook endpoints.

use chrono::{DateTime, Utc};
use domain::fields::Patch;
use domain::identity::permissions::ManageIntegrations;
use domain::ids::{ClientId, WebhookEndpointId};
use domain::webhooks::{DataOption, Ordering};
use leptos::prelude::*;
use ordinavo_core::identity::actors::{Permit, Staff};
use ordinavo_core::identity::shown_once;
use ordinavo_core::webhooks::endpoints;
use ordinavo_core::webhooks::endpoints::{Act, EndpointForm, EndpointPatch, local_moment};
use ordinavo_core::{Core, CoreError, CoreResult};
use serde::{Deserialize, Serialize};
use ui::actions::{ActionForm, FormId, Redirect, submit};

use crate::integrations::clients::LIST;

/// Maps the pointers of validation errors to the fields of the form.
fn map_error_fields(mut error: CoreError) -> CoreError {
    for field in &mut error.fields {
        let name = field
            .pointer
            .trim_start_matches('/')
            .split('/')
            .next()
            .unwrap_or_default();
        field.pointer = name.to_owned();
    }
    error
}

fn endpoint_path(endpoint: WebhookEndpointId) -> String {
    format!("{LIST}/endpoints/{endpoint}")
}

/// Returns the path of the endpoint of a form. Text that is not an ID leads to the list.
fn endpoint_page(endpoint: FormId<WebhookEndpointId>) -> String {
    endpoint.ok().map_or_else(|| LIST.to_owned(), endpoint_path)
}

/// Performs an action on an endpoint, then redirects to its page, which shows a new secret once.
async fn perform(
    core: &Core,
    permit: Permit<'_, ManageIntegrations>,
    id: WebhookEndpointId,
    action: &Act,
    done: &'static str,
) -> CoreResult<Redirect> {
    let result = endpoints::perform_action(core, permit, id, action)
        .await
        .map_err(map_error_fields)?;
    Ok(Redirect {
        to: endpoint_path(id),
        done: Some(done),
        undo: None,
        refused: Vec::new(),
        keeps_draft: false,
        shown_once: result
            .secret
            .map(|secret| shown_once::seal(core, permit.staff(), &secret))
            .transpose()?,
    })
}

/// The fields that the forms for creating and updating an endpoint share.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct EndpointSettings {
    url: String,
    description: String,
    event_types: Vec<String>,
    data_options: Vec<String>,
    ordering: String,
}

impl EndpointSettings {
    fn parse_url(&self) -> CoreResult<String> {
        parse_line("url", &self.url, endpoints::MAX_URL_CHARS)
    }

    /// Parses the description; `None` if it is empty.
    fn parse_description(&self) -> CoreResult<Option<String>> {
        if self.description.trim().is_empty() {
            return Ok(None);
        }
        parse_line("description", &self.description, endpoints::MAX_DESCRIPTION_CHARS).map(Some)
    }

    fn ordering(&self) -> Option<Ordering> {
        Ordering::from_name(&self.ordering)
    }
}

fn parse_line(name: &str, text: &str, max_chars: usize) -> CoreResult<String> {
    domain::text::line(text.trim(), max_chars)
        .map_err(|error| CoreError::invalid(vec![domain::fields::FieldError::text(name, error, max_chars)]))
}

/// The form that creates an endpoint.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct NewEndpointForm {
    client: FormId<ClientId>,
    #[serde(flatten)]
    settings: EndpointSettings,
    /// Whether to sign with a key pair: `on` or absent.
    asymmetric: Option<String>,
}

impl ActionForm for NewEndpointForm {
    const NAME: &'static str = "endpoint";

    fn back(&self) -> String {
        format!("{LIST}/endpoints/new")
    }
}

#[server(prefix = "/app/fn", endpoint = "create-endpoint")]
pub async fn create_endpoint(#[server(flatten)] form: NewEndpointForm) -> Result<(), ServerFnError> {
    submit(form, async |core: Core, staff: Staff, form: NewEndpointForm| {
        let (permit, client) = (staff.may()?, form.client.get()?);
        let input = EndpointForm {
            url: form.settings.parse_url()?,
            description: form.settings.parse_description()?,
            ordering: form.settings.ordering().unwrap_or(Ordering::None),
            event_types: form.settings.event_types,
            data_options: form.settings.data_options,
            asymmetric: form.asymmetric.is_some(),
        };
        let (id, secret) = endpoints::create(&core, permit, client, &input)
            .await
            .map_err(map_error_fields)?;
        Ok(Redirect {
            to: endpoint_path(id),
            done: Some("done-endpoint-created"),
            shown_once: Some(shown_once::seal(&core, &staff, &secret)?),
            undo: None,
            refused: Vec::new(),
            keeps_draft: false,
        })
    })
    .await
}

/// The form that updates an endpoint.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct EndpointSettingsForm {
    endpoint: FormId<WebhookEndpointId>,
    /// The version that the page shows.
    version: Option<String>,
    #[serde(flatten)]
    settings: EndpointSettings,
}

impl ActionForm for EndpointSettingsForm {
    const NAME: &'static str = "endpoint";

    fn back(&self) -> String {
        endpoint_page(self.endpoint)
    }
}

#[server(prefix = "/app/fn", endpoint = "update-endpoint")]
pub async fn update_endpoint(#[server(flatten)] form: EndpointSettingsForm) -> Result<(), ServerFnError> {
    submit(form, async |core: Core, staff: Staff, form: EndpointSettingsForm| {
        let (permit, id, settings) = (staff.may()?, form.endpoint.get()?, form.settings);
        let patch = EndpointPatch {
            shown: form.version,
            url: Some(settings.parse_url()?),
            data_options: DataOption::ALL
                .iter()
                .map(|option| {
                    let is_chosen = settings.data_options.iter().any(|name| name == option.name());
                    (option.name().to_owned(), is_chosen)
                })
                .collect(),
            ordering: settings.ordering(),
            description: settings.parse_description()?.map_or(Patch::Null, Patch::Value),
            event_types: Some(settings.event_types),
        };
        perform(&core, permit, id, &Act::Update(patch), "done-saved").await
    })
    .await
}

/// A button on the page of an endpoint.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct EndpointButton {
    endpoint: FormId<WebhookEndpointId>,
}

impl ActionForm for EndpointButton {
    fn back(&self) -> String {
        endpoint_page(self.endpoint)
    }
}

#[server(prefix = "/app/fn", endpoint = "test-endpoint")]
pub async fn test_endpoint(#[server(flatten)] form: EndpointButton) -> Result<(), ServerFnError> {
    submit(form, async |core: Core, staff: Staff, form: EndpointButton| {
        let (permit, id) = (staff.may()?, form.endpoint.get()?);
        perform(&core, permit, id, &Act::Test, "done-endpoint-tested").await
    })
    .await
}

#[server(prefix = "/app/fn", endpoint = "enable-endpoint")]
pub async fn enable_endpoint(#[server(flatten)] form: EndpointButton) -> Result<(), ServerFnError> {
    submit(form, async |core: Core, staff: Staff, form: EndpointButton| {
        let (permit, id) = (staff.may()?, form.endpoint.get()?);
        perform(&core, permit, id, &Act::Enable, "done-endpoint-enabled").await
    })
    .await
}

#[server(prefix = "/app/fn", endpoint = "disable-endpoint")]
pub async fn disable_endpoint(#[server(flatten)] form: EndpointButton) -> Result<(), ServerFnError> {
    submit(form, async |core: Core, staff: Staff, form: EndpointButton| {
        let (permit, id) = (staff.may()?, form.endpoint.get()?);
        perform(&core, permit, id, &Act::Disable, "done-endpoint-disabled").await
    })
    .await
}

#[server(prefix = "/app/fn", endpoint = "delete-endpoint")]
pub async fn delete_endpoint(#[server(flatten)] form: EndpointButton) -> Result<(), ServerFnError> {
    submit(form, async |core: Core, staff: Staff, form: EndpointButton| {
        let (permit, id) = (staff.may()?, form.endpoint.get()?);
        let next = perform(&core, permit, id, &Act::Delete, "done-endpoint-deleted").await?;
        Ok(Redirect {
            to: LIST.to_owned(),
            ..next
        })
    })
    .await
}

/// The form that replaces the signing secret.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct RotationForm {
    endpoint: FormId<WebhookEndpointId>,
    /// How many seconds the previous secret stays valid.
    grace: String,
}

impl ActionForm for RotationForm {
    fn back(&self) -> String {
        endpoint_page(self.endpoint)
    }
}

#[server(prefix = "/app/fn", endpoint = "rotate-endpoint")]
pub async fn rotate_endpoint(#[server(flatten)] form: RotationForm) -> Result<(), ServerFnError> {
    submit(form, async |core: Core, staff: Staff, form: RotationForm| {
        let (permit, id) = (staff.may()?, form.endpoint.get()?);
        let grace = endpoints::grace(form.grace.parse().ok()).map_err(map_error_fields)?;
        perform(&core, permit, id, &Act::RotateSecret(grace), "done-endpoint-rotated").await
    })
    .await
}

/// A period of an endpoint, in the organization's zone.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct EndpointPeriod {
    endpoint: FormId<WebhookEndpointId>,
    since: String,
    /// Empty for now.
    until: String,
}

impl EndpointPeriod {
    fn parse(&self, staff: &Staff) -> CoreResult<(DateTime<Utc>, Option<DateTime<Utc>>)> {
        let since = local_moment("since", &self.since, staff.zone())?;
        let until = (!self.until.is_empty())
            .then(|| local_moment("until", &self.until, staff.zone()))
            .transpose()?;
        Ok((since, until))
    }
}

/// The form that recovers the deliveries of a period.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct RecoveryForm {
    period: EndpointPeriod,
}

impl ActionForm for RecoveryForm {
    const NAME: &'static str = "recover";

    fn back(&self) -> String {
        endpoint_page(self.period.endpoint)
    }
}

#[server(prefix = "/app/fn", endpoint = "recover-endpoint")]
pub async fn recover_endpoint(#[server(flatten)] form: RecoveryForm) -> Result<(), ServerFnError> {
    submit(form, async |core: Core, staff: Staff, form: RecoveryForm| {
        let (permit, id) = (staff.may()?, form.period.endpoint.get()?);
        let (since, until) = form.period.parse(&staff)?;
        let action = Act::Recover { since, until };
        perform(&core, permit, id, &action, "done-endpoint-recovered").await
    })
    .await
}

/// The form that replays the deliveries of a period.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct ReplayForm {
    period: EndpointPeriod,
}

impl ActionForm for ReplayForm {
    const NAME: &'static str = "replay-range";

    fn back(&self) -> String {
        endpoint_page(self.period.endpoint)
    }
}

#[server(prefix = "/app/fn", endpoint = "replay-range")]
pub async fn replay_range(#[server(flatten)] form: ReplayForm) -> Result<(), ServerFnError> {
    submit(form, async |core: Core, staff: Staff, form: ReplayForm| {
        let (permit, id) = (staff.may()?, form.period.endpoint.get()?);
        let (since, until) = form.period.parse(&staff)?;
        let action = Act::ReplayRange { since, until };
        perform(&core, permit, id, &action, "done-endpoint-replayed").await
    })
    .await
}
