//! Targets (jobs) of the client's source system.

pub mod batch;
pub mod cancel;
pub mod create;
pub mod get;
pub mod get_by_external_id;
pub mod list;
pub mod reopen;
pub mod status_query;

use chrono::{DateTime, Utc};
use domain::customers::{Address, Coordinates};
use domain::jobs::change_proposals::Proposal;
use domain::scheduling::windows::TimeWindow;
use domain::scopes::Scope;
use ordinavo_core::identity::actors::ApiClient;
use ordinavo_core::jobs::model::ClientTarget;
use serde::Serialize;

/// A target.
#[derive(Debug, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Target {
    /// Unique identifier.
    pub id: String,
    /// ID in the source system.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub external_id: Option<String>,
    /// Current status.
    pub status: domain::jobs::targets::TargetStatus,
    /// Whether dispatch must review the mapping before the target can be scheduled.
    pub needs_mapping: bool,
    /// Priority.
    pub priority: domain::requests::Priority,
    /// Type of service.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub service_type: Option<String>,
    /// Estimated duration, in minutes.
    pub duration_minutes: i64,
    /// Requested time window.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub time_window: Option<TimeWindow>,
    /// Skills that the job requires.
    pub required_skills: Vec<String>,
    /// Internal notes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub notes: Option<String>,
    /// Address of the job.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub address: Option<Address>,
    /// Coordinates of the job.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub coordinates: Option<Coordinates>,
    /// Customer; only with the scope `customers.read`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub customer: Option<LinkedCustomer>,
    /// Location; only with the scope `customers.read`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub location: Option<LinkedRecord>,
    /// Contact; only with the scope `customers.read`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub contact: Option<LinkedRecord>,
    /// Changes that were sent and wait for a decision by dispatch.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pending_change: Option<UnappliedChange>,
    /// Changes that were sent and that dispatch has declined.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub declined_change: Option<UnappliedChange>,
    /// Scheduled appointment.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub appointment: Option<TimeWindow>,
    /// When it was created.
    pub created_at: DateTime<Utc>,
    /// When it was last updated.
    pub updated_at: DateTime<Utc>,
}

/// The customer of a target.
#[derive(Debug, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct LinkedCustomer {
    /// Unique identifier.
    pub id: String,
    /// ID in the source system.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub external_id: Option<String>,
    /// Customer number.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub customer_number: Option<String>,
    /// Name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
}

/// The location or contact of a target.
#[derive(Debug, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct LinkedRecord {
    /// Unique identifier.
    pub id: String,
    /// ID in the source system.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub external_id: Option<String>,
    /// Name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
}

/// A change of a scheduled target that is not applied. Contains only the values that differ; null removes a value.
#[derive(Debug, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct UnappliedChange {
    /// When the change was sent; absent once it is declined.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub proposed_at: Option<DateTime<Utc>>,
    /// Requested time window.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<TimeWindow>, required = false)]
    pub time_window: Option<Option<TimeWindow>>,
    /// Estimated duration, in minutes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub duration_minutes: Option<i64>,
    /// Type of service.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, required = false)]
    pub service_type: Option<Option<String>>,
    /// Skills that the job requires.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub required_skills: Option<Vec<String>>,
    /// Address of the job.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub address: Option<Address>,
    /// Coordinates of the job.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub coordinates: Option<Coordinates>,
    /// ID of the customer; only with the scope `customers.read`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub customer_id: Option<String>,
    /// Name of the customer's record; only with the scope `customers.read`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub customer_name: Option<String>,
    /// ID of the location; only with the scope `customers.read`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, required = false)]
    pub location_id: Option<Option<String>>,
    /// ID of the contact; only with the scope `customers.read`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, required = false)]
    pub contact_id: Option<Option<String>>,
}

impl UnappliedChange {
    /// Returns the change, or `None` if it is empty.
    fn of(change: Proposal, proposed_at: Option<DateTime<Utc>>, sees_customers: bool) -> Option<Self> {
        if change.is_empty() {
            return None;
        }
        let place = change.place;
        Some(Self {
            proposed_at,
            time_window: change.window,
            duration_minutes: change.duration_minutes,
            service_type: change.service_type,
            required_skills: change.required_skills,
            coordinates: place.as_ref().and_then(|place| place.coordinates),
            address: place.map(|place| place.address),
            customer_id: change.customer.filter(|_| sees_customers).map(|id| id.to_string()),
            customer_name: change.customer_name.filter(|_| sees_customers).map(|name| name.name),
            location_id: change
                .location
                .filter(|_| sees_customers)
                .map(|id| id.map(|id| id.to_string())),
            contact_id: change
                .contact
                .filter(|_| sees_customers)
                .map(|id| id.map(|id| id.to_string())),
        })
    }
}

/// A page of targets.
#[derive(Debug, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct TargetPage {
    /// The items of this page.
    pub data: Vec<Target>,
    /// Cursor of the next page; null on the last page.
    #[schema(required)]
    pub next_cursor: Option<String>,
}

impl Target {
    /// Renders a target for a client. Customer, location and contact require the scope `customers.read`.
    pub fn of(row: ClientTarget, client: &ApiClient) -> Self {
        let sees_customers = client.has(Scope::CustomersRead);
        let window = |start: Option<DateTime<Utc>>, end: Option<DateTime<Utc>>, zone: Option<String>| {
            Some(TimeWindow {
                start: start?,
                end: end?,
                zone: zone?,
            })
        };
        let linked = |id: Option<String>, external_id, name| {
            id.filter(|_| sees_customers)
                .map(|id| LinkedRecord { id, external_id, name })
        };
        let address = Some(row.place.address).filter(|address| *address != Address::default());
        let proposed = row.proposed.map(|proposed| proposed.0).unwrap_or_default();
        Self {
            id: row.id.to_string(),
            external_id: row.external_id,
            status: row.status,
            needs_mapping: row.needs_mapping,
            priority: row.priority,
            service_type: row.service_type,
            duration_minutes: row.duration_minutes,
            time_window: window(row.window_start, row.window_end, row.window_zone),
            required_skills: row.required_skills,
            notes: row.notes,
            address,
            coordinates: row.place.coordinates,
            customer: row.customer_id.filter(|_| sees_customers).map(|id| LinkedCustomer {
                id: id.to_string(),
                external_id: row.customer_external_id,
                customer_number: row.customer_number,
                name: row.customer_name,
            }),
            location: linked(
                row.location_id.map(|id| id.to_string()),
                row.location_external_id,
                row.location_name,
            ),
            contact: linked(
                row.contact_id.map(|id| id.to_string()),
                row.contact_external_id,
                row.contact_name,
            ),
            pending_change: UnappliedChange::of(proposed, row.proposed_at, sees_customers),
            declined_change: UnappliedChange::of(row.declined_changes, None, sees_customers),
            appointment: window(row.starts_at, row.ends_at, row.appointment_zone),
            created_at: row.created_at,
            updated_at: row.updated_at,
        }
    }
}
