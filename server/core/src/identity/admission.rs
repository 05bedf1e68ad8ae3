//! Admissions: proofs that a person may use an account. A session gets an account only in exchange for one.

use domain::ids::StaffId;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::identity::actors::TenantId;
use crate::secrets::{hex, parse_digest};

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
/// let forged = Admission { tenant: Default::default(), account: Default::default(), epoch: 0, view_as: None, must_set_up: false };
/// ```
#[derive(Debug)]
pub struct Admission {
    tenant: Uuid,
    account: Uuid,
    /// The epoch of the account when the factors were verified.
    epoch: i64,
    view_as: Option<ViewAs>,
    /// Whether the role requires two-factor authentication that is not set up yet.
    must_set_up: bool,
}

/// The staff member and the staff session behind a view-as session, which ends with that session.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct ViewAs {
    pub staff: StaffId,
    session: String,
}

impl ViewAs {
    pub(crate) fn new(staff: StaffId, session: &[u8]) -> Self {
        Self {
            staff,
            session: hex(session),
        }
    }

    /// Returns the hash of the ID of the staff session.
    pub(in crate::identity) fn session_hash(&self) -> Option<[u8; 32]> {
        parse_digest(&self.session)
    }
}

impl Admission {
    /// Admits a person who has proved every required factor.
    pub(in crate::identity) const fn new(tenant: Uuid, account: Uuid, epoch: i64) -> Self {
        Self {
            tenant,
            account,
            epoch,
            view_as: None,
            must_set_up: false,
        }
    }

    /// Admits a staff member who views the portal as an account. Only a used view-as link justifies it.
    pub(crate) fn view_as(tenant: TenantId, account: domain::ids::PortalUserId, epoch: i64, by: ViewAs) -> Self {
        Self {
            tenant: tenant.uuid(),
            account: account.uuid(),
            epoch,
            view_as: Some(by),
            must_set_up: false,
        }
    }

    pub(in crate::identity) const fn tenant(&self) -> Uuid {
        self.tenant
    }

    pub(in crate::identity) const fn account(&self) -> Uuid {
        self.account
    }

    pub(in crate::identity) const fn epoch(&self) -> i64 {
        self.epoch
    }

    pub(in crate::identity) const fn with_setup(mut self, must_set_up: bool) -> Self {
        self.must_set_up = must_set_up;
        self
    }

    pub(in crate::identity) const fn must_set_up(&self) -> bool {
        self.must_set_up
    }

    pub(in crate::identity) fn into_view_as(self) -> Option<ViewAs> {
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
    /// The epoch of the account when the first factor was verified.
    pub(in crate::identity) epoch: i64,
}

impl PendingCode {
    pub(in crate::identity) const fn new(tenant: Uuid, account: Uuid, epoch: i64) -> Self {
        Self { tenant, account, epoch }
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
