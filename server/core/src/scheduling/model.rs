//! Rows that the `scheduling` module returns.

use crate::db::Key;
use chrono::{DateTime, Utc};
use domain::ids::{AppointmentKind, StaffKind};
use domain::jobs::targets::AppointmentStatus;
use sqlx::FromRow;

#[derive(Debug, Clone, FromRow)]
pub struct TechnicianChoice {
    pub id: Key<StaffKind>,
    pub display_name: String,
}

#[derive(Debug, Clone, FromRow)]
pub struct AppointmentLine {
    pub id: Key<AppointmentKind>,
    #[sqlx(try_from = "String")]
    pub status: AppointmentStatus,
    pub is_shared: bool,
    pub starts_at: DateTime<Utc>,
    pub ends_at: DateTime<Utc>,
    pub zone: String,
    pub technician_id: Key<StaffKind>,
    pub technician: String,
}
