//! Builds entries of the audit log and the timeline.

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

/// What happened. The staff app has a text for each kind; the portal shows those that are milestones.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum TimelineKind {
    RequestSubmitted,
    RequestAccepted,
    RequestRejected,
    RequestCancelled,
    RequestMatched,
    TargetCreated,
    TargetUpdated,
    TargetCancelled,
    TargetReopened,
    TargetPlannedInternally,
    TargetDispatched,
    TargetEnRoute,
    TargetEnRouteReverted,
    TargetOnSite,
    TargetCompleted,
    TargetNotCompleted,
    AppointmentScheduled,
    AppointmentMoved,
    AppointmentCancelled,
    ChangeProposed,
    CustomerChangeProposed,
    MappingResolved,
    VisitCompleted,
    ReportShared,
    ReportReplaced,
    ReportWithdrawn,
    FollowUpRequired,
    FollowUpPlanned,
}

impl TimelineKind {
    /// Returns the stored name.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::RequestSubmitted => "request_submitted",
            Self::RequestAccepted => "request_accepted",
            Self::RequestRejected => "request_rejected",
            Self::RequestCancelled => "request_cancelled",
            Self::RequestMatched => "request_matched",
            Self::TargetCreated => "target_created",
            Self::TargetUpdated => "target_updated",
            Self::TargetCancelled => "target_cancelled",
            Self::TargetReopened => "target_reopened",
            Self::TargetPlannedInternally => "target_planned_internally",
            Self::TargetDispatched => "target_dispatched",
            Self::TargetEnRoute => "target_en_route",
            Self::TargetEnRouteReverted => "target_en_route_reverted",
            Self::TargetOnSite => "target_on_site",
            Self::TargetCompleted => "target_completed",
            Self::TargetNotCompleted => "target_not_completed",
            Self::AppointmentScheduled => "appointment_scheduled",
            Self::AppointmentMoved => "appointment_moved",
            Self::AppointmentCancelled => "appointment_cancelled",
            Self::ChangeProposed => "change_proposed",
            Self::CustomerChangeProposed => "customer_change_proposed",
            Self::MappingResolved => "mapping_resolved",
            Self::VisitCompleted => "visit_completed",
            Self::ReportShared => "report_shared",
            Self::ReportReplaced => "report_replaced",
            Self::ReportWithdrawn => "report_withdrawn",
            Self::FollowUpRequired => "follow_up_required",
            Self::FollowUpPlanned => "follow_up_planned",
        }
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
