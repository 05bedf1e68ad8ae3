//! Read models of webhook endpoints, deliveries and attempts.
#![allow(missing_docs, reason = "the fields are the columns of the same names")]

use crate::db::Key;
use chrono::{DateTime, Utc};
use domain::ids::{
    AttemptId, AttemptKind, ClientId, ClientKind, DeliveryId, DeliveryKind, EventId, EventKind, RecoveryId,
    RecoveryKind, SourceSystemId, SourceSystemKind, WebhookEndpointId, WebhookEndpointKind,
};
use domain::scopes::Scope;
use domain::webhooks::{DataOption, DeliveryStatus, DisabledReason, EndpointStatus, Ordering, Trigger};
use sqlx::FromRow;

use crate::version::Version;

/// The actions on an endpoint that are open to the viewer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct EndpointActions {
    /// Change settings, rotate the secret or delete the endpoint.
    pub can_manage: bool,
    /// Send a test event, recover or replay deliveries.
    pub can_send: bool,
    pub can_enable: bool,
    pub can_disable: bool,
}

#[derive(Debug, Clone, FromRow)]
pub struct EndpointSummary {
    #[sqlx(try_from = "Key<WebhookEndpointKind>")]
    pub id: WebhookEndpointId,
    #[sqlx(try_from = "Key<ClientKind>")]
    pub client_id: ClientId,
    #[sqlx(try_from = "Key<SourceSystemKind>")]
    pub source_system_id: SourceSystemId,
    pub url: String,
    pub description: Option<String>,
    #[sqlx(json)]
    pub event_types: Vec<String>,
    #[sqlx(json)]
    pub data_options: Vec<String>,
    #[sqlx(try_from = "String")]
    pub ordering: Ordering,
    pub api_version: String,
    #[sqlx(try_from = "String")]
    pub status: EndpointStatus,
    pub failures_in_a_row: i64,
    pub failed_deliveries: i64,
    pub first_failure_at: Option<DateTime<Utc>>,
    pub last_success_at: Option<DateTime<Utc>>,
    pub disabled_at: Option<DateTime<Utc>>,
    pub disabled_reason: Option<String>,
    pub created_at: DateTime<Utc>,
    pub updated_at: DateTime<Utc>,
    pub source_key: String,
    pub client_name: String,
    #[sqlx(json)]
    pub client_scopes: Vec<String>,
    pub is_client_revoked: bool,
    /// Public Ed25519 key, if the endpoint has asymmetric signatures.
    pub public_key: Option<String>,
    /// Expiry of the previous secret, which also signs until then.
    pub rotating_until: Option<DateTime<Utc>>,
}

/// Returns the selected data options for which the client has the required scope.
pub(crate) fn effective(selected: &[String], scopes: &[String]) -> Vec<DataOption> {
    let has_scope = |scope: Scope| scopes.iter().any(|name| name == scope.name());
    DataOption::ALL
        .iter()
        .copied()
        .filter(|option| selected.iter().any(|name| name == option.name()) && has_scope(option.scope()))
        .collect()
}

impl EndpointSummary {
    /// Returns the version of what its settings form replaces.
    pub fn version(&self) -> Version {
        Version::of(&(
            (&self.url, &self.description),
            (&self.event_types, &self.data_options),
            self.ordering.name(),
        ))
    }

    /// Returns whether it fails, or was disabled other than on purpose.
    pub fn is_broken(&self) -> bool {
        match self.status {
            EndpointStatus::Active => false,
            EndpointStatus::Failing => true,
            EndpointStatus::Disabled => self
                .disabled_reason
                .as_deref()
                .and_then(DisabledReason::from_name)
                .is_some_and(|reason| matches!(reason, DisabledReason::Failures | DisabledReason::Receiver)),
        }
    }

    /// Returns the data options that delivery bodies currently include.
    pub fn effective_options(&self) -> Vec<DataOption> {
        effective(&self.data_options, &self.client_scopes)
    }
}

#[derive(Debug, Clone, FromRow)]
pub struct DeliverySummary {
    #[sqlx(try_from = "Key<DeliveryKind>")]
    pub id: DeliveryId,
    #[sqlx(try_from = "Key<WebhookEndpointKind>")]
    pub endpoint_id: WebhookEndpointId,
    #[sqlx(try_from = "Key<EventKind>")]
    pub event_id: EventId,
    #[sqlx(try_from = "String")]
    pub status: DeliveryStatus,
    pub attempts: i64,
    pub next_attempt_at: DateTime<Utc>,
    pub created_at: DateTime<Utc>,
    pub delivered_at: Option<DateTime<Utc>>,
    pub last_status: Option<i64>,
    pub last_failure: Option<String>,
    body: Option<String>,
    #[sqlx(json(nullable))]
    body_options: Option<Vec<String>>,
    #[sqlx(rename = "type")]
    pub event_type: String,
    pub sequence: i64,
    pub ordering_key: String,
    pub url: String,
    #[sqlx(try_from = "String")]
    pub endpoint_status: EndpointStatus,
    #[sqlx(json)]
    data_options: Vec<String>,
    #[sqlx(json)]
    scopes: Vec<String>,
}

impl DeliverySummary {
    /// Excludes data options from the body whose scope the reader does not have.
    pub(crate) fn hide(&mut self, has_scope: impl Fn(Scope) -> bool) {
        self.data_options
            .retain(|name| DataOption::from_name(name).is_some_and(|option| has_scope(option.scope())));
    }

    /// Returns the body as it would be sent: without the members of data options that have been turned off since it was
    /// rendered.
    pub fn body(&self) -> Option<String> {
        let enabled = effective(&self.data_options, &self.scopes);
        let disabled: Vec<DataOption> = self
            .body_options
            .iter()
            .flat_map(|options| options.iter())
            .filter_map(|name| DataOption::from_name(name))
            .filter(|option| !enabled.contains(option))
            .collect();
        self.body
            .as_deref()
            .map(|body| domain::webhooks::reduce(body, &disabled))
    }

    /// Returns the body with line breaks, for people.
    pub fn pretty_body(&self) -> Option<String> {
        self.body().map(|body| {
            serde_json::from_str::<serde_json::Value>(&body)
                .and_then(|value| serde_json::to_string_pretty(&value))
                .unwrap_or(body)
        })
    }
}

#[derive(Debug, Clone, FromRow)]
pub struct AttemptEntry {
    #[sqlx(try_from = "Key<AttemptKind>")]
    pub id: AttemptId,
    #[sqlx(try_from = "Key<DeliveryKind>")]
    pub delivery_id: DeliveryId,
    pub number: i64,
    #[sqlx(try_from = "String")]
    pub cause: Trigger,
    pub url: String,
    pub signature: String,
    pub started_at: DateTime<Utc>,
    pub duration_ms: i64,
    pub response_status: Option<i64>,
    pub failure: Option<String>,
    pub error: Option<String>,
    pub response_excerpt: Option<String>,
}

#[derive(Debug, Clone, FromRow)]
pub struct RecoverySummary {
    #[sqlx(try_from = "Key<RecoveryKind>")]
    pub id: RecoveryId,
    pub since: DateTime<Utc>,
    pub until: DateTime<Utc>,
    pub deliveries: i64,
    pub requested_by: String,
    pub created_at: DateTime<Utc>,
    pub delivered: i64,
    pub waiting: i64,
}

#[derive(Debug, Clone, FromRow)]
pub struct DeliveryCount {
    #[sqlx(try_from = "String")]
    pub status: DeliveryStatus,
    pub deliveries: i64,
}
