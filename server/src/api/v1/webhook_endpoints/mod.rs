//! Webhook endpoints.

pub mod create;
pub mod get;
pub mod list;

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use ordinavo_core::views::EndpointLine;
use serde::Serialize;

/// An endpoint; its secret is never in it.
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
    /// Its health.
    pub status: domain::webhooks::EndpointStatus,
    /// When it was made.
    pub created_at: DateTime<Utc>,
}

impl From<EndpointLine> for WebhookEndpoint {
    fn from(row: EndpointLine) -> Self {
        Self {
            id: row.id.to_string(),
            url: row.url,
            description: row.description,
            event_types: row.event_types.0,
            data_options: row.data_options.0.into_iter().map(|option| (option, true)).collect(),
            status: row.status,
            created_at: row.created_at,
        }
    }
}
