//! A signed-in partner user.

use domain::ids::{PartnerId, SourceSystemId};
use domain::locale::Locale;

use crate::identity::actors::{Actor, TenantId};

/// A signed-in partner user, who can see the jobs, items and calls of one source system only.
#[derive(Debug, Clone)]
pub struct Partner {
    pub(in crate::identity) tenant: TenantId,
    /// The live tenant; differs from `tenant` in test mode.
    pub(in crate::identity) live_tenant: TenantId,
    pub(in crate::identity) id: PartnerId,
    pub(in crate::identity) source_system: SourceSystemId,
    pub(in crate::identity) source_key: String,
    pub(in crate::identity) display_name: String,
    pub(in crate::identity) locale: Option<Locale>,
    pub(in crate::identity) tenant_name: String,
    pub(in crate::identity) zone: String,
    pub(in crate::identity) must_set_up: bool,
}

impl Partner {
    /// Returns whether the session is in test mode, which shows what test keys sent.
    pub fn is_test(&self) -> bool {
        self.tenant != self.live_tenant
    }
    /// Returns the live tenant, to which limits and usage are charged.
    pub(crate) fn live_tenant(&self) -> TenantId {
        self.live_tenant
    }
    pub(crate) fn source_system(&self) -> SourceSystemId {
        self.source_system
    }
    /// Returns whether two-factor authentication is required and must be set up before anything else.
    pub fn must_set_up_two_factor(&self) -> bool {
        self.must_set_up
    }
    pub fn source_key(&self) -> &str {
        &self.source_key
    }
    pub fn display_name(&self) -> &str {
        &self.display_name
    }
    /// Returns the language of the account, if one was chosen.
    pub fn locale(&self) -> Option<Locale> {
        self.locale
    }
    pub fn tenant_name(&self) -> &str {
        &self.tenant_name
    }
    /// Returns the organisation's IANA time zone.
    pub fn zone(&self) -> &str {
        &self.zone
    }
}

impl Actor for Partner {
    fn tenant(&self) -> TenantId {
        self.tenant
    }
    fn label(&self) -> String {
        format!("partner:{}", self.id)
    }
}
