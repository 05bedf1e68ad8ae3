//! Rows that the `scheduling` module returns.

use crate::db::Key;
use chrono::{DateTime, Utc};
use domain::ids::{AppointmentId, AppointmentKind, StaffId, StaffKind};
use domain::jobs::targets::AppointmentStatus;
use sqlx::FromRow;

#[derive(Debug, Clone, FromRow)]
pub struct TechnicianChoice {
    #[sqlx(try_from = "Key<StaffKind>")]
    pub id: StaffId,
    pub display_name: String,
}

#[derive(Debug, Clone, FromRow)]
pub struct AppointmentSummary {
    #[sqlx(try_from = "Key<AppointmentKind>")]
    pub id: AppointmentId,
    #[sqlx(try_from = "String")]
    pub status: AppointmentStatus,
    pub is_shared: bool,
    pub starts_at: DateTime<Utc>,
    pub ends_at: DateTime<Utc>,
    pub zone: String,
    #[sqlx(try_from = "Key<StaffKind>")]
    pub technician_id: StaffId,
    pub technician: String,
    /// Why it was entered only after it had ended.
    pub recorded_reason: Option<String>,
}
