//! Actions on webhook endpoints.

use domain::fields::Patch;
use domain::ids::ClientId;
use domain::permissions::ManageIntegrations;
use domain::webhooks::{DataOption, Ordering};
use leptos::prelude::*;
use ordinavo_core::identity::actors::Staff;
use ordinavo_core::identity::shown_once;
use ordinavo_core::webhooks::endpoints;
use ordinavo_core::webhooks::endpoints::{Act, EndpointForm, EndpointPatch, local_moment};
use ordinavo_core::{Core, CoreError, CoreResult};
use ui::actions::{FormSubmission, Redirect, run_action};

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

fn endpoint_path(endpoint: &str) -> String {
    format!("/app/integrations/endpoints/{endpoint}")
}

/// The submission of a button without fields on the page of an endpoint.
fn endpoint_submission(endpoint: &str) -> FormSubmission<'static> {
    FormSubmission {
        form: "",
        values: &[],
        back: endpoint_path(endpoint),
    }
}

async fn run_endpoint_action(
    core: &Core,
    staff: &Staff,
    endpoint: &str,
    action: &Act,
    done: &'static str,
) -> CoreResult<Redirect> {
    let permit = staff.may::<ManageIntegrations>()?;
    let id = endpoint.parse().map_err(|_| CoreError::not_found())?;
    let result = endpoints::perform_action(core, permit, id, action)
        .await
        .map_err(map_error_fields)?;
    Ok(Redirect {
        to: endpoint_path(endpoint),
        done: Some(done),
        undo: None,
        shown_once: result
            .secret
            .map(|secret| shown_once::seal(core, staff, &secret))
            .transpose()?,
    })
}

#[server(prefix = "/app/fn", endpoint = "create-endpoint")]
pub async fn create_endpoint(
    #[server(default)] client: String,
    #[server(default)] url: String,
    #[server(default)] description: String,
    #[server(default)] event_types: Vec<String>,
    #[server(default)] data_options: Vec<String>,
    #[server(default)] ordering: String,
    #[server(default)] asymmetric: String,
) -> Result<(), ServerFnError> {
    let (types, options) = (event_types.join(" "), data_options.join(" "));
    let submission = FormSubmission {
        form: "endpoint",
        values: &[
            ("client", &client),
            ("url", &url),
            ("description", &description),
            ("eventTypes", &types),
            ("dataOptions", &options),
            ("ordering", &ordering),
        ],
        back: "/app/integrations/endpoints/new".to_owned(),
    };
    run_action(submission, async |core: Core, staff: Staff| {
        let permit = staff.may::<ManageIntegrations>()?;
        let id: ClientId = client.parse().map_err(|_| CoreError::not_found())?;
        let form = EndpointForm {
            url: parse_line("url", &url, endpoints::MAX_URL_CHARS)?,
            event_types,
            data_options,
            ordering: Ordering::from_name(&ordering).unwrap_or(Ordering::None),
            asymmetric: !asymmetric.is_empty(),
            description: parse_optional_line("description", &description)?,
        };
        let (endpoint, secret) = endpoints::create(&core, permit, id, &form)
            .await
            .map_err(map_error_fields)?;
        Ok(Redirect {
            to: endpoint_path(&endpoint.to_string()),
            done: Some("done-endpoint-created"),
            shown_once: Some(shown_once::seal(&core, &staff, &secret)?),
            undo: None,
        })
    })
    .await
}

fn parse_line(name: &str, text: &str, max_chars: usize) -> CoreResult<String> {
    domain::text::line(text.trim(), max_chars)
        .map_err(|error| CoreError::invalid(vec![domain::fields::FieldError::text(name, error, max_chars)]))
}

fn parse_optional_line(name: &str, text: &str) -> CoreResult<Option<String>> {
    if text.trim().is_empty() {
        return Ok(None);
    }
    parse_line(name, text, endpoints::MAX_DESCRIPTION_CHARS).map(Some)
}

#[server(prefix = "/app/fn", endpoint = "update-endpoint")]
pub async fn update_endpoint(
    #[server(default)] endpoint: String,
    #[server(default)] url: String,
    #[server(default)] description: String,
    #[server(default)] event_types: Vec<String>,
    #[server(default)] data_options: Vec<String>,
    #[server(default)] ordering: String,
) -> Result<(), ServerFnError> {
    let (types, options) = (event_types.join(" "), data_options.join(" "));
    let submission = FormSubmission {
        form: "endpoint",
        values: &[
            ("url", &url),
            ("description", &description),
            ("eventTypes", &types),
            ("dataOptions", &options),
            ("ordering", &ordering),
        ],
        back: endpoint_path(&endpoint),
    };
    run_action(submission, async |core: Core, staff: Staff| {
        staff.may::<ManageIntegrations>()?;
        endpoint
            .parse::<domain::ids::WebhookEndpointId>()
            .map_err(|_| CoreError::not_found())?;
        let patch = EndpointPatch {
            url: Some(parse_line("url", &url, endpoints::MAX_URL_CHARS)?),
            event_types: Some(event_types),
            data_options: DataOption::ALL
                .iter()
                .map(|option| {
                    (
                        option.name().to_owned(),
                        data_options.iter().any(|name| name == option.name()),
                    )
                })
                .collect(),
            ordering: Ordering::from_name(&ordering),
            description: parse_optional_line("description", &description)?.map_or(Patch::Null, Patch::Value),
        };
        run_endpoint_action(&core, &staff, &endpoint, &Act::Update(patch), "done-saved").await
    })
    .await
}

#[server(prefix = "/app/fn", endpoint = "test-endpoint")]
pub async fn test_endpoint(#[server(default)] endpoint: String) -> Result<(), ServerFnError> {
    run_action(endpoint_submission(&endpoint), async |core: Core, staff: Staff| {
        run_endpoint_action(&core, &staff, &endpoint, &Act::Test, "done-endpoint-tested").await
    })
    .await
}

#[server(prefix = "/app/fn", endpoint = "enable-endpoint")]
pub async fn enable_endpoint(#[server(default)] endpoint: String) -> Result<(), ServerFnError> {
    run_action(endpoint_submission(&endpoint), async |core: Core, staff: Staff| {
        run_endpoint_action(&core, &staff, &endpoint, &Act::Enable, "done-endpoint-enabled").await
    })
    .await
}

#[server(prefix = "/app/fn", endpoint = "disable-endpoint")]
pub async fn disable_endpoint(#[server(default)] endpoint: String) -> Result<(), ServerFnError> {
    run_action(endpoint_submission(&endpoint), async |core: Core, staff: Staff| {
        run_endpoint_action(&core, &staff, &endpoint, &Act::Disable, "done-endpoint-disabled").await
    })
    .await
}

#[server(prefix = "/app/fn", endpoint = "delete-endpoint")]
pub async fn delete_endpoint(#[server(default)] endpoint: String) -> Result<(), ServerFnError> {
    run_action(endpoint_submission(&endpoint), async |core: Core, staff: Staff| {
        let next = run_endpoint_action(&core, &staff, &endpoint, &Act::Delete, "done-endpoint-deleted").await?;
        Ok(Redirect {
            to: "/app/integrations".to_owned(),
            ..next
        })
    })
    .await
}

#[server(prefix = "/app/fn", endpoint = "rotate-endpoint")]
pub async fn rotate_endpoint(
    #[server(default)] endpoint: String,
    #[server(default)] grace: String,
) -> Result<(), ServerFnError> {
    run_action(endpoint_submission(&endpoint), async |core: Core, staff: Staff| {
        staff.may::<ManageIntegrations>()?;
        let grace = endpoints::grace(grace.parse().ok()).map_err(map_error_fields)?;
        run_endpoint_action(
            &core,
            &staff,
            &endpoint,
            &Act::RotateSecret(grace),
            "done-endpoint-rotated",
        )
        .await
    })
    .await
}

/// Parses the time range of a form in the organization's zone.
fn parse_range(
    staff: &Staff,
    since: &str,
    until: &str,
) -> CoreResult<(chrono::DateTime<chrono::Utc>, Option<chrono::DateTime<chrono::Utc>>)> {
    let since = local_moment("since", since, staff.zone())?;
    let until = (!until.is_empty())
        .then(|| local_moment("until", until, staff.zone()))
        .transpose()?;
    Ok((since, until))
}

#[server(prefix = "/app/fn", endpoint = "recover-endpoint")]
pub async fn recover_endpoint(
    #[server(default)] endpoint: String,
    #[server(default)] since: String,
    #[server(default)] until: String,
) -> Result<(), ServerFnError> {
    let submission = FormSubmission {
        form: "recover",
        values: &[("since", &since), ("until", &until)],
        back: endpoint_path(&endpoint),
    };
    run_action(submission, async |core: Core, staff: Staff| {
        staff.may::<ManageIntegrations>()?;
        endpoint
            .parse::<domain::ids::WebhookEndpointId>()
            .map_err(|_| CoreError::not_found())?;
        let (since, until) = parse_range(&staff, &since, &until)?;
        run_endpoint_action(
            &core,
            &staff,
            &endpoint,
            &Act::Recover { since, until },
            "done-endpoint-recovered",
        )
        .await
    })
    .await
}

#[server(prefix = "/app/fn", endpoint = "replay-range")]
pub async fn replay_range(
    #[server(default)] endpoint: String,
    #[server(default)] since: String,
    #[server(default)] until: String,
) -> Result<(), ServerFnError> {
    let submission = FormSubmission {
        form: "replay-range",
        values: &[("since", &since), ("until", &until)],
        back: endpoint_path(&endpoint),
    };
    run_action(submission, async |core: Core, staff: Staff| {
        staff.may::<ManageIntegrations>()?;
        endpoint
            .parse::<domain::ids::WebhookEndpointId>()
            .map_err(|_| CoreError::not_found())?;
        let (since, until) = parse_range(&staff, &since, &until)?;
        run_endpoint_action(
            &core,
            &staff,
            &endpoint,
            &Act::ReplayRange { since, until },
            "done-endpoint-replayed",
        )
        .await
    })
    .await
}
