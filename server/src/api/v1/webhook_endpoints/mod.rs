//! Webhook endpoints.

pub mod create;
pub mod delete;
pub mod deliveries;
pub mod disable;
pub mod enable;
pub mod form;
pub mod get;
pub mod list;
pub mod recover;
pub mod rotate_secret;
pub mod test;
pub mod update;

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use domain::webhooks::{DataOption, DisabledReason, EndpointStatus, Ordering};
use ordinavo_core::webhooks::model::EndpointSummary;
use secrecy::{ExposeSecret as _, SecretString};
use serde::Serialize;

/// A webhook endpoint. Its secret is returned only when it is created or rotated.
#[derive(Debug, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct WebhookEndpoint {
    /// Unique identifier.
    pub id: String,
    /// URL that events are sent to.
    pub url: String,
    /// Description of the endpoint.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// Event types that the endpoint subscribes to.
    pub event_types: Vec<String>,
    /// Data options, which add data beyond IDs to the bodies.
    pub data_options: BTreeMap<String, bool>,
    /// `none`, or `per_target` to deliver events with the same `orderingKey` one after another.
    pub ordering: Ordering,
    /// API version of the bodies, fixed when the endpoint is created.
    pub api_version: String,
    /// Current status.
    pub status: EndpointStatus,
    /// Why it is disabled.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub disabled_reason: Option<DisabledReason>,
    /// When it was disabled.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub disabled_at: Option<DateTime<Utc>>,
    /// Number of failed attempts since the last success.
    pub failures_in_a_row: i64,
    /// Public key of the `v1a` signatures, if they are enabled.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub public_key: Option<String>,
    /// Until when the previous secret is also used for signatures.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rotating_until: Option<DateTime<Utc>>,
    /// When it was created.
    pub created_at: DateTime<Utc>,
    /// When it was last updated.
    pub updated_at: DateTime<Utc>,
    /// Signing secret. It is returned only once.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub secret: Option<String>,
}

impl WebhookEndpoint {
    /// Builds the response with a newly generated secret.
    pub fn with_secret(row: EndpointSummary, secret: Option<&SecretString>) -> Self {
        Self {
            secret: secret.map(|secret| secret.expose_secret().to_owned()),
            ..Self::from(row)
        }
    }
}

impl From<EndpointSummary> for WebhookEndpoint {
    fn from(row: EndpointSummary) -> Self {
        let data_options = DataOption::ALL
            .iter()
            .map(|option| {
                (
                    option.name().to_owned(),
                    row.data_options.iter().any(|name| name == option.name()),
                )
            })
            .collect();
        Self {
            id: row.id.to_string(),
            url: row.url,
            description: row.description,
            event_types: row.event_types,
            data_options,
            ordering: row.ordering,
            api_version: row.api_version,
            status: row.status,
            disabled_reason: row.disabled_reason.as_deref().and_then(DisabledReason::from_name),
            disabled_at: row.disabled_at.filter(|_| row.status == EndpointStatus::Disabled),
            failures_in_a_row: row.failures_in_a_row,
            public_key: row.public_key,
            rotating_until: row.rotating_until,
            created_at: row.created_at,
            updated_at: row.updated_at,
            secret: None,
        }
    }
}
