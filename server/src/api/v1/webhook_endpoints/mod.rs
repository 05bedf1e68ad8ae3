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
use ordinavo_core::webhooks::model::EndpointLine;
use secrecy::{ExposeSecret as _, SecretString};
use serde::Serialize;

/// An endpoint. Its secret is only in the answer to the request that makes it.
#[derive(Debug, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct WebhookEndpoint {
    /// Its id.
    pub id: String,
    /// Where events go.
    pub url: String,
    /// What it is for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// Which events.
    pub event_types: Vec<String>,
    /// Which data beyond ids.
    pub data_options: BTreeMap<String, bool>,
    /// In which order: `none`, or `per_target` for one after another of the same `orderingKey`.
    pub ordering: Ordering,
    /// The version of the bodies, pinned when the endpoint was made.
    pub api_version: String,
    /// Its health.
    pub status: EndpointStatus,
    /// Why it is disabled.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub disabled_reason: Option<DisabledReason>,
    /// Since when it is disabled.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub disabled_at: Option<DateTime<Utc>>,
    /// Failed attempts since the last success.
    pub failures_in_a_row: i64,
    /// The public key of the `v1a` signatures, if the endpoint asked for them.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub public_key: Option<String>,
    /// Until when an earlier secret signs too.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rotating_until: Option<DateTime<Utc>>,
    /// When it was made.
    pub created_at: DateTime<Utc>,
    /// When it was changed.
    pub updated_at: DateTime<Utc>,
    /// The secret. Keep it: it is shown this once.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub secret: Option<String>,
}

impl WebhookEndpoint {
    /// The endpoint, with a secret that was just made.
    pub fn with_secret(row: EndpointLine, secret: Option<&SecretString>) -> Self {
        Self {
            secret: secret.map(|secret| secret.expose_secret().to_owned()),
            ..Self::from(row)
        }
    }
}

impl From<EndpointLine> for WebhookEndpoint {
    fn from(row: EndpointLine) -> Self {
        let data_options = DataOption::ALL
            .iter()
            .map(|option| {
                (
                    option.name().to_owned(),
                    row.data_options.0.iter().any(|name| name == option.name()),
                )
            })
            .collect();
        Self {
            id: row.id.to_string(),
            url: row.url,
            description: row.description,
            event_types: row.event_types.0,
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
