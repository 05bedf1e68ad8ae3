//! The bodies of imports, for the description of the API.

use chrono::{DateTime, Utc};
use serde::Serialize;
use serde_json::{Map, Value};

use super::ImportAction;
use crate::customers::{Address, Coordinates};
use crate::requests::Priority;
use crate::windows::TimeWindow;

/// The body of `POST /targets`, for the description of the API.
#[derive(Debug, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schema(as = TargetImport, example = json!({
    "externalId": "JOB-2026-000918",
    "customer": {"externalId": "CUST-10042", "customerNumber": "RRM-001", "name": "Rhein-Ruhr Medical Supply"},
    "location": {"externalId": "LOC-ESSEN-01", "name": "Essen Center", "city": "Essen"},
    "contact": {"externalId": "CONT-44", "displayName": "Anna Weber"}
}))]
pub struct TargetImportBody {
    /// Id of the job in the source system; the natural key of the import.
    #[schema(min_length = 1, max_length = 128)]
    pub external_id: String,
    /// A source system of the client's allow-list; the client's own when absent.
    #[schema(required = false)]
    pub source_system: Option<String>,
    /// When the source changed the job.
    #[schema(required = false)]
    pub source_updated_at: Option<DateTime<Utc>>,
    /// `upsert` when absent.
    #[schema(required = false)]
    pub action: Option<ImportAction>,
    /// Who the job is for.
    #[schema(required = false)]
    pub customer: Option<CustomerBody>,
    /// Where it is.
    #[schema(required = false)]
    pub location: Option<LocationBody>,
    /// Whom to talk to.
    #[schema(required = false)]
    pub contact: Option<ContactBody>,
    /// Kind of service.
    #[schema(required = false, max_length = 100)]
    pub service_type: Option<String>,
    /// Urgency.
    #[schema(required = false)]
    pub priority: Option<Priority>,
    /// When it should be done.
    #[schema(required = false)]
    pub time_window: Option<TimeWindow>,
    /// How long it takes.
    #[schema(required = false, minimum = 1, maximum = 1440)]
    pub duration_minutes: Option<i64>,
    /// Where the job is. It is kept with the job; a new location begins with it.
    #[schema(required = false)]
    pub address: Option<Address>,
    /// Coordinates of the job. They are kept with it; a new location begins with them.
    #[schema(required = false)]
    pub coordinates: Option<Coordinates>,
    /// Skills that the technician needs.
    #[schema(required = false, max_items = 20)]
    pub required_skills: Option<Vec<String>>,
    /// Internal notes.
    #[schema(required = false, max_length = 4000)]
    pub notes: Option<String>,
    /// At most 20 scalars.
    #[schema(required = false, value_type = Option<Object>)]
    pub attributes: Option<Map<String, Value>>,
}

/// The customer of an import.
#[derive(Debug, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct CustomerBody {
    /// Id in the source system.
    #[schema(required = false, min_length = 1, max_length = 128)]
    pub external_id: Option<String>,
    /// Number of the customer record.
    #[schema(required = false, max_length = 64)]
    pub customer_number: Option<String>,
    /// Name; never used to find a customer.
    #[schema(required = false, max_length = 200)]
    pub name: Option<String>,
}

/// The location of an import.
#[derive(Debug, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct LocationBody {
    /// Id in the source system.
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
    /// ISO 3166 code.
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
    /// Id in the source system.
    #[schema(required = false, min_length = 1, max_length = 128)]
    pub external_id: Option<String>,
    /// Display name.
    #[schema(required = false, max_length = 200)]
    pub display_name: Option<String>,
    /// E-mail.
    #[schema(required = false, max_length = 254)]
    pub email: Option<String>,
    /// Phone.
    #[schema(required = false, max_length = 40)]
    pub phone: Option<String>,
}

/// The customer context of a need, as it is sent on its own.
#[derive(Debug, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schema(as = CustomerContext, example = json!({
    "customer": {"externalId": "CUST-10042", "customerNumber": "RRM-001"},
    "location": {"externalId": "LOC-ESSEN-01"}
}))]
pub struct ContextBody {
    /// Who it is for.
    #[schema(required = false)]
    pub customer: Option<CustomerBody>,
    /// Where it is.
    #[schema(required = false)]
    pub location: Option<LocationBody>,
    /// Whom to talk to.
    #[schema(required = false)]
    pub contact: Option<ContactBody>,
}
