//! The key of an account in any realm.

use domain::ids::{PartnerId, PortalUserId, StaffId};
use uuid::Uuid;

use crate::identity::actors::TenantId;
use crate::identity::store::sessions::Realm;

/// An account of staff, of a portal user or of a partner.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AccountKey {
    pub(crate) realm: Realm,
    /// The live tenant, also in test mode.
    pub(crate) tenant: TenantId,
    pub(crate) id: Uuid,
}

impl AccountKey {
    pub(crate) fn portal(tenant: TenantId, id: PortalUserId) -> Self {
        Self {
            realm: Realm::Portal,
            tenant,
            id: id.uuid(),
        }
    }

    /// Returns the name in the audit log.
    pub(crate) fn label(self) -> String {
        match self.realm {
            Realm::Staff => format!("staff:{}", StaffId::from_uuid(self.id)),
            Realm::Portal => format!("portal:{}", PortalUserId::from_uuid(self.id)),
            Realm::Partner => format!("partner:{}", PartnerId::from_uuid(self.id)),
        }
    }
}
