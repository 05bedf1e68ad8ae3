//! People without an account: visitors of a form, holders of a tracking link, users of a terminal.

use std::sync::Arc;

use chrono::{DateTime, Utc};
use domain::branding::OrganisationContact;
use domain::ids::{CustomerId, FormId, LocationId, RequestId, TerminalId};
use domain::terminology::Terminology;

use crate::identity::actors::{Actor, TenantId};

/// A visitor of a public form, without an account.
#[derive(Debug, Clone)]
pub struct FormVisitor {
    pub(in crate::identity) tenant: TenantId,
    pub(in crate::identity) form: FormId,
    pub(in crate::identity) tenant_name: String,
    pub(in crate::identity) zone: String,
    pub(in crate::identity) terminology: Arc<Terminology>,
}

impl FormVisitor {
    pub(crate) fn form(&self) -> FormId {
        self.form
    }
    /// Returns the organisation's IANA time zone.
    pub(crate) fn zone(&self) -> &str {
        &self.zone
    }
    pub fn terminology(&self) -> Arc<Terminology> {
        self.terminology.clone()
    }
    pub fn tenant_name(&self) -> &str {
        &self.tenant_name
    }
}

impl Actor for FormVisitor {
    fn tenant(&self) -> TenantId {
        self.tenant
    }
    fn label(&self) -> String {
        format!("form:{}", self.form)
    }
}

/// The holder of a request's tracking link.
#[derive(Debug, Clone)]
pub struct TrackingRequester {
    pub(in crate::identity) tenant: TenantId,
    pub(in crate::identity) request: RequestId,
    pub(in crate::identity) tenant_name: String,
    pub(in crate::identity) zone: String,
    pub(in crate::identity) terminology: Arc<Terminology>,
    pub(in crate::identity) contact: OrganisationContact,
}

impl TrackingRequester {
    /// Returns how the requester reaches the organisation.
    pub fn organisation_contact(&self) -> OrganisationContact {
        self.contact.clone()
    }
    pub(crate) fn request(&self) -> RequestId {
        self.request
    }
    pub fn terminology(&self) -> Arc<Terminology> {
        self.terminology.clone()
    }
    pub fn tenant_name(&self) -> &str {
        &self.tenant_name
    }
    /// Returns the organisation's IANA time zone.
    pub fn zone(&self) -> &str {
        &self.zone
    }
}

impl Actor for TrackingRequester {
    fn tenant(&self) -> TenantId {
        self.tenant
    }
    fn label(&self) -> String {
        format!("requester:{}", self.request)
    }
}

/// A paired on-site device, bound to one location and one form.
#[derive(Debug, Clone)]
pub struct Terminal {
    pub(in crate::identity) tenant: TenantId,
    pub(in crate::identity) id: TerminalId,
    pub(in crate::identity) location: LocationId,
    pub(in crate::identity) customer: CustomerId,
    pub(in crate::identity) form: FormId,
    pub(in crate::identity) tenant_name: String,
    pub(in crate::identity) location_name: String,
    pub(in crate::identity) zone: String,
    pub(in crate::identity) last_seen_at: Option<DateTime<Utc>>,
    pub(in crate::identity) terminology: Arc<Terminology>,
}

impl Terminal {
    pub(crate) fn location(&self) -> LocationId {
        self.location
    }
    pub(crate) fn customer(&self) -> CustomerId {
        self.customer
    }
    pub(crate) fn form(&self) -> FormId {
        self.form
    }
    pub(crate) fn last_seen_at(&self) -> Option<DateTime<Utc>> {
        self.last_seen_at
    }
    pub fn terminology(&self) -> Arc<Terminology> {
        self.terminology.clone()
    }
    pub fn id(&self) -> TerminalId {
        self.id
    }
    pub fn tenant_name(&self) -> &str {
        &self.tenant_name
    }
    pub fn location_name(&self) -> &str {
        &self.location_name
    }
    /// Returns the organisation's IANA time zone.
    pub fn zone(&self) -> &str {
        &self.zone
    }
}

impl Actor for Terminal {
    fn tenant(&self) -> TenantId {
        self.tenant
    }
    fn label(&self) -> String {
        format!("terminal:{}", self.id)
    }
}
