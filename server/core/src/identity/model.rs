//! Return types of the identity use cases.
#![allow(missing_docs, reason = "the fields are the columns of the same names")]

use crate::db::Key;
use chrono::{DateTime, Utc};
use domain::ids::{PartnerId, PartnerKind, PasskeyId, PasskeyKind, StaffId, StaffKind};
use sqlx::FromRow;

/// A partner account, as shown to administrators.
#[derive(Debug, Clone, FromRow)]
pub struct PartnerSummary {
    #[sqlx(try_from = "Key<PartnerKind>")]
    pub id: PartnerId,
    pub email: String,
    pub display_name: String,
    pub has_password: bool,
    pub invitation_expires_at: Option<DateTime<Utc>>,
    pub locked_at: Option<DateTime<Utc>>,
    pub last_sign_in_at: Option<DateTime<Utc>>,
}

/// A staff account, as shown to administrators.
#[derive(Debug, Clone, FromRow)]
pub struct TeamMember {
    #[sqlx(try_from = "Key<StaffKind>")]
    pub id: StaffId,
    pub email: String,
    pub display_name: String,
    pub role: String,
    pub has_password: bool,
    /// When the latest open link to set a password expires.
    pub link_expires_at: Option<DateTime<Utc>>,
    pub has_second_factor: bool,
    pub locked_at: Option<DateTime<Utc>>,
    pub last_sign_in_at: Option<DateTime<Utc>>,
}

/// A passkey of the own account.
#[derive(Debug, Clone, FromRow)]
pub struct PasskeySummary {
    #[sqlx(try_from = "Key<PasskeyKind>")]
    pub id: PasskeyId,
    pub name: String,
    pub created_at: DateTime<Utc>,
    pub last_used_at: Option<DateTime<Utc>>,
}

/// The settings of an organization.
#[derive(Debug, Clone, FromRow)]
pub struct OrganizationSettings {
    pub name: String,
    pub zone: String,
    pub locale: String,
    pub shows_technician: bool,
}
