//! A signed-in portal user.

use std::sync::Arc;

use chrono::{DateTime, Utc};
use domain::branding::OrganisationContact;
use domain::ids::{ContactId, PortalUserId, StaffId};
use domain::locale::Locale;
use domain::terminology::Terminology;

use crate::addresses;
use crate::identity::access::is_fresh;
use crate::identity::actors::{Actor, TenantId};

/// The branding and terminology of an organisation's portal.
#[derive(Debug, Clone, Default)]
pub struct Branding {
    pub terminology: Arc<Terminology>,
    /// The path of the style sheet with the organisation's colour, if it has one.
    pub sheet: Option<String>,
    /// The path of the logo, if there is one.
    pub logo: Option<String>,
    /// How customers reach the organisation.
    pub contact: OrganisationContact,
}

impl Branding {
    /// Builds the branding of a version, which changes with every update.
    pub(crate) fn of(terminology: Terminology, version: &str, has_colour: bool, has_logo: bool) -> Self {
        let path = |file| addresses::branding_file(version, file);
        Self {
            terminology: Arc::new(terminology),
            sheet: has_colour.then(|| path("style.css")),
            logo: has_logo.then(|| path("logo.png")),
            contact: OrganisationContact::default(),
        }
    }
}

/// A signed-in portal user: a customer's contact. Its grants are not part of it; every portal query joins them.
#[derive(Debug, Clone)]
pub struct Contact {
    pub(in crate::identity) tenant: TenantId,
    pub(in crate::identity) id: PortalUserId,
    pub(in crate::identity) contact: ContactId,
    /// The staff member who views the portal as this account; such a session is read-only.
    pub(in crate::identity) impersonated_by: Option<StaffId>,
    /// Whether the actor was authenticated by a calendar feed token, which allows reading only.
    pub(in crate::identity) is_read_only: bool,
    pub(in crate::identity) signed_in_at: DateTime<Utc>,
    pub(in crate::identity) branding: Branding,
    pub(in crate::identity) display_name: String,
    pub(in crate::identity) locale: Option<Locale>,
    pub(in crate::identity) tenant_name: String,
    pub(in crate::identity) zone: String,
}

impl Contact {
    /// Returns whether a staff member views the portal as this account.
    pub fn is_impersonated(&self) -> bool {
        self.impersonated_by.is_some()
    }
    /// Returns the staff member who views the portal as this account.
    pub(crate) fn viewing_staff(&self) -> Option<StaffId> {
        self.impersonated_by
    }
    /// Returns whether the sign-in is recent enough to stand for the password of an account that has none.
    pub(crate) fn is_freshly_signed_in(&self, now: DateTime<Utc>) -> bool {
        is_fresh(self.signed_in_at, now)
    }
    pub fn branding(&self) -> &Branding {
        &self.branding
    }
    pub fn terminology(&self) -> Arc<Terminology> {
        self.branding.terminology.clone()
    }
    /// Returns the organisation's IANA time zone.
    pub fn zone(&self) -> &str {
        &self.zone
    }
    /// Returns the customer's contact that the account belongs to.
    pub(crate) fn contact(&self) -> ContactId {
        self.contact
    }
    pub fn id(&self) -> PortalUserId {
        self.id
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
}

impl Actor for Contact {
    fn tenant(&self) -> TenantId {
        self.tenant
    }
    fn label(&self) -> String {
        format!("portal:{}", self.id)
    }
    fn may_write(&self) -> bool {
        self.impersonated_by.is_none() && !self.is_read_only
    }
}
