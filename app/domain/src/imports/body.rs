//! Import bodies for the OpenAPI description.

use chrono::{DateTime, Utc};
use serde::Serialize;
use serde_json::{Map, Value};

use super::ImportAction;
use crate::customers::{Address, Coordinates};
use crate::requests::Priority;
use crate::scheduling::windows::TimeWindow;

/// Body of `POST /targets`.
#[derive(Debug, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schema(as = TargetImport, example = json!({
    "externalId": "JOB-2026-000918",
    "customer": {"externalId": "CUST-10042", "customerNumber": "RRM-001", "name": "Rhein-Ruhr Medical Supply"},
    "location": {"externalId": "LOC-ESSEN-01", "name": "Essen Center", "city": "Essen"},
    "contact": {"externalId": "CONT-44", "displayName": "Anna Weber"}
}))]
pub struct TargetImportBody {
    /// ID of the job in the source system; the natural key of the import.
    #[schema(min_length = 1, max_length = 128)]
    pub external_id: String,
    /// A source system that the client may use; defaults to the client's own.
    #[schema(required = false)]
    pub source_system: Option<String>,
    /// When the job was last changed in the source system.
    #[schema(required = false)]
    pub source_updated_at: Option<DateTime<Utc>>,
    /// Defaults to `upsert`.
    #[schema(required = false)]
    pub action: Option<ImportAction>,
    /// Customer of the job.
    #[schema(required = false)]
    pub customer: Option<CustomerBody>,
    /// Location.
    #[schema(required = false)]
    pub location: Option<LocationBody>,
    /// Contact.
    #[schema(required = false)]
    pub contact: Option<ContactBody>,
    /// Service type.
    #[schema(required = false, max_length = 100)]
    pub service_type: Option<String>,
    /// Priority.
    #[schema(required = false)]
    pub priority: Option<Priority>,
    /// Requested time window.
    #[schema(required = false)]
    pub time_window: Option<TimeWindow>,
    /// Expected duration of the work in minutes.
    #[schema(required = false, minimum = 1, maximum = 1440)]
    pub duration_minutes: Option<i64>,
    /// Address of the job. Stored with the job and used for a new location.
    #[schema(required = false)]
    pub address: Option<Address>,
    /// Coordinates of the job. Stored with the job and used for a new location.
    #[schema(required = false)]
    pub coordinates: Option<Coordinates>,
    /// Skills that the job requires.
    #[schema(required = false, max_items = 20)]
    pub required_skills: Option<Vec<String>>,
    /// Internal notes.
    #[schema(required = false, max_length = 4000)]
    pub notes: Option<String>,
    /// Custom attributes: at most 20 scalar values.
    #[schema(required = false, value_type = Option<Object>)]
    pub attributes: Option<Map<String, Value>>,
}

/// The customer of an import.
#[derive(Debug, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct CustomerBody {
    /// ID in the source system.
    #[schema(required = false, min_length = 1, max_length = 128)]
    pub external_id: Option<String>,
    /// Customer number.
    #[schema(required = false, max_length = 64)]
    pub customer_number: Option<String>,
    /// Name; never used to identify a customer.
    #[schema(required = false, max_length = 200)]
    pub name: Option<String>,
}

/// The location of an import.
#[derive(Debug, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct LocationBody {
    /// ID in the source system.
    #[schema(required = false, min_length = 1, max_length = 128)]
    pub external_id: Option<String>,
    /// Name.
    #[schema(required = false, max_length = 200)]
    pub name: Option<String>,
    /// Street and number.
    #[schema(required = false, max_length = 200)]
    pub street: Option<String>,
    /// Postal code.
    #[schema(required = false, max_length = 20)]
    pub postal_code: Option<String>,
    /// City.
    #[schema(required = false, max_length = 100)]
    pub city: Option<String>,
    /// Two-letter country code (ISO 3166-1).
    #[schema(required = false, pattern = "^[A-Za-z]{2}$")]
    pub country: Option<String>,
    /// Coordinates.
    #[schema(required = false)]
    pub coordinates: Option<Coordinates>,
}

/// The contact of an import.
#[derive(Debug, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ContactBody {
    /// ID in the source system.
    #[schema(required = false, min_length = 1, max_length = 128)]
    pub external_id: Option<String>,
    /// Display name.
    #[schema(required = false, max_length = 200)]
    pub display_name: Option<String>,
    /// Email address.
    #[schema(required = false, max_length = 254)]
    pub email: Option<String>,
    /// Phone number.
    #[schema(required = false, max_length = 40)]
    pub phone: Option<String>,
}

/// Customer context of a job or request, sent on its own.
#[derive(Debug, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schema(as = CustomerContext, example = json!({
    "customer": {"externalId": "CUST-10042", "customerNumber": "RRM-001"},
    "location": {"externalId": "LOC-ESSEN-01"}
}))]
pub struct ContextBody {
    /// Customer.
    #[schema(required = false)]
    pub customer: Option<CustomerBody>,
    /// Location.
    #[schema(required = false)]
    pub location: Option<LocationBody>,
    /// Contact.
    #[schema(required = false)]
    pub contact: Option<ContactBody>,
}
