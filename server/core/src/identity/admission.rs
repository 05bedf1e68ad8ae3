//! Admissions: proofs that a person may use an account. A session gets an account only in exchange for one.

use domain::ids::StaffId;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::identity::actors::TenantId;
use crate::secrets::{hex, sha256};

/// Proof that a person may use an account. Sign-in, an accepted invitation, a two-factor code or a view-as link make one;
/// nothing outside of this crate can.
///
/// ```compile_fail
/// use ordinavo_core::identity::admission::Admission;
/// let forged: Admission = serde_json::from_str("{}").unwrap();
/// ```
///
/// ```compile_fail
/// use ordinavo_core::identity::admission::Admission;
/// let forged = Admission { tenant: Default::default(), account: Default::default(), view_as: None };
/// ```
#[derive(Debug)]
pub struct Admission {
    tenant: Uuid,
    account: Uuid,
    view_as: Option<StaffId>,
}

impl Admission {
    /// Admits a person who has proved every required factor.
    pub(in crate::identity) const fn new(tenant: Uuid, account: Uuid) -> Self {
        Self {
            tenant,
            account,
            view_as: None,
        }
    }

    /// Admits a staff member who views the portal as an account. Only a used view-as link justifies it.
    pub(crate) fn view_as(tenant: TenantId, account: domain::ids::PortalUserId, staff: StaffId) -> Self {
        Self {
            tenant: tenant.uuid(),
            account: account.uuid(),
            view_as: Some(staff),
        }
    }

    pub(in crate::identity) const fn tenant(&self) -> Uuid {
        self.tenant
    }

    pub(in crate::identity) const fn account(&self) -> Uuid {
        self.account
    }

    pub(in crate::identity) const fn staff_viewing(&self) -> Option<StaffId> {
        self.view_as
    }
}

/// A portal account that has passed the first factor and needs a two-factor code. It grants no access by itself.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct PendingCode {
    #[serde(with = "crate::identity::session_data::uuid_text")]
    pub(in crate::identity) tenant: Uuid,
    #[serde(with = "crate::identity::session_data::uuid_text")]
    pub(in crate::identity) account: Uuid,
    /// A digest of the password hash, so that changing the password invalidates the attempt.
    password_digest: String,
}

impl PendingCode {
    pub(in crate::identity) fn new(tenant: Uuid, account: Uuid, password_hash: &str) -> Self {
        Self {
            tenant,
            account,
            password_digest: hex(&sha256(password_hash.as_bytes())),
        }
    }
}

/// What the first factor leads to.
#[derive(Debug)]
pub(crate) enum SignInOutcome {
    Granted(Admission),
    NeedsCode(PendingCode),
}

/// The start page of an account; the web apps know its address.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Home {
    /// The start page of a staff role; `None` for a role that is unknown.
    Staff(Option<domain::identity::roles::Role>),
    Portal,
    Partner,
}

/// An account that has passed the first factor.
#[derive(Debug)]
pub struct SignedIn {
    pub(crate) outcome: SignInOutcome,
    /// The tenant's name, to choose from if there are several accounts.
    pub(crate) tenant_name: String,
    pub(crate) home: Home,
}
