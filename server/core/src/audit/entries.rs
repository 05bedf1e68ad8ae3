//! Builds entries of the audit log and the timeline.

use domain::audit::TimelineKind;
use domain::ids::{
    CustomerId, CustomerKind, Id, LocationId, LocationKind, RequestId, RequestKind, TargetId, TargetKind,
};
use serde_json::{Value, json};

/// An audit entry to append.
pub(crate) struct NewAuditEntry {
    pub actor: String,
    pub action: &'static str,
    pub subject: String,
    pub details: Value,
}

impl NewAuditEntry {
    /// Creates an entry about an action of an actor on a subject.
    pub(crate) fn new(actor: impl Into<String>, action: &'static str, subject: impl std::fmt::Display) -> Self {
        Self {
            actor: actor.into(),
            action,
            subject: subject.to_string(),
            details: json!({}),
        }
    }

    pub(crate) fn with_details(mut self, details: Value) -> Self {
        self.details = details;
        self
    }
}

/// A timeline entry to insert.
#[derive(Debug, Clone)]
pub(crate) struct NewTimelineEntry {
    pub(super) kind: TimelineKind,
    pub(super) customer: Option<CustomerId>,
    pub(super) location: Option<LocationId>,
    pub(super) target: Option<TargetId>,
    pub(super) request: Option<RequestId>,
}

impl NewTimelineEntry {
    pub(crate) fn for_target(kind: TimelineKind, target: impl Into<Id<TargetKind>>) -> Self {
        Self::new(kind).with_target(Some(target))
    }

    pub(crate) fn for_request(kind: TimelineKind, request: impl Into<Id<RequestKind>>) -> Self {
        Self::new(kind).with_request(Some(request))
    }

    const fn new(kind: TimelineKind) -> Self {
        Self {
            kind,
            customer: None,
            location: None,
            target: None,
            request: None,
        }
    }

    /// Replaces the kind, for a second entry about the same objects.
    pub(crate) const fn with_kind(mut self, kind: TimelineKind) -> Self {
        self.kind = kind;
        self
    }

    pub(crate) fn with_customer(mut self, customer: Option<impl Into<Id<CustomerKind>>>) -> Self {
        self.customer = customer.map(Into::into);
        self
    }

    pub(crate) fn with_location(mut self, location: Option<impl Into<Id<LocationKind>>>) -> Self {
        self.location = location.map(Into::into);
        self
    }

    pub(crate) fn with_target(mut self, target: Option<impl Into<Id<TargetKind>>>) -> Self {
        self.target = target.map(Into::into);
        self
    }

    pub(crate) fn with_request(mut self, request: Option<impl Into<Id<RequestKind>>>) -> Self {
        self.request = request.map(Into::into);
        self
    }

    pub(crate) const fn target(&self) -> Option<TargetId> {
        self.target
    }
}
