//! The system as an actor.

use crate::identity::actors::{Actor, TenantId};

/// The system acting for a tenant, such as a background job.
#[derive(Debug, Clone)]
pub struct System {
    pub(in crate::identity) tenant: TenantId,
    pub(in crate::identity) reason: &'static str,
    /// The label of the actor who caused the action, if any; the audit log then names it instead of the system.
    pub(in crate::identity) on_behalf_of: Option<String>,
}

impl Actor for System {
    fn tenant(&self) -> TenantId {
        self.tenant
    }
    fn label(&self) -> String {
        self.on_behalf_of
            .clone()
            .unwrap_or_else(|| format!("system:{}", self.reason))
    }
}
