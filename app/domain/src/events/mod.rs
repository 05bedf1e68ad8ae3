//! Catalog of webhook event types with a JSON Schema and an example for each.

mod example;
mod schema;

pub use example::example;
pub use schema::schema;

crate::stored_names! {
    /// Type of a webhook event.
    EventType {
        /// A target was created.
        TargetCreated = "target.created",
        /// A target was updated.
        TargetUpdated = "target.updated",
        /// A target was scheduled or rescheduled.
        TargetScheduled = "target.scheduled",
        /// The technician is on the way.
        TargetEnRoute = "target.en_route",
        /// The technician is not on the way after all.
        TargetEnRouteReverted = "target.en_route_reverted",
        /// The visit was completed.
        TargetCompleted = "target.completed",
        /// A target was cancelled.
        TargetCancelled = "target.cancelled",
        /// The status of a request changed.
        RequestStatusChanged = "request.status_changed",
        /// An import job was completed.
        ImportJobCompleted = "import_job.completed",
        /// A target could not be mapped and needs a manual review.
        MappingReviewRequired = "mapping.review_required",
        /// A target that needed a review was mapped.
        MappingResolved = "mapping.resolved",
        /// Dispatch accepted a change that the source system sent for a scheduled target.
        TargetChangeAccepted = "target.change_accepted",
        /// Dispatch declined a change that the source system sent for a scheduled target.
        TargetChangeDeclined = "target.change_declined",
        /// A visit report was approved.
        VisitReportApproved = "visit_report.approved",
        /// A follow-up was created.
        FollowUpCreated = "follow_up.created",
        /// A follow-up was scheduled.
        FollowUpPlanned = "follow_up.planned",
        /// A billable visit report was approved.
        BillingTriggered = "billing.triggered",
        /// A route suggestion is ready.
        RouteSuggestionCompleted = "route_suggestion.completed",
        /// A webhook endpoint is failing.
        EndpointFailing = "webhook_endpoint.failing",
        /// A webhook endpoint was disabled.
        EndpointDisabled = "webhook_endpoint.disabled",
        /// A test delivery was requested.
        WebhookTest = "webhook.test",
    }
}

impl EventType {
    /// Returns a description of the event type.
    pub const fn meaning(self) -> &'static str {
        match self {
            Self::TargetCreated => "A target was created by an import or from an accepted request.",
            Self::TargetUpdated => {
                "The data of a target changed, or its status changed in a way that has no event type of its own."
            }
            Self::TargetScheduled => "An appointment was scheduled or rescheduled.",
            Self::TargetEnRoute => "The technician is on the way.",
            Self::TargetEnRouteReverted => {
                "The technician is not on the way after all; the appointment stays as it was."
            }
            Self::TargetCompleted => "The visit was completed.",
            Self::TargetCancelled => "A target was cancelled.",
            Self::RequestStatusChanged => "A request was submitted, or its status changed.",
            Self::ImportJobCompleted => "An import job was completed. Includes the counts of its items.",
            Self::MappingReviewRequired => "A target could not be mapped to a customer and needs a manual review.",
            Self::MappingResolved => "A target that needed a review was mapped to a customer.",
            Self::TargetChangeAccepted => {
                "Dispatch accepted a change that was sent for a scheduled target, and the target was updated."
            }
            Self::TargetChangeDeclined => {
                "Dispatch declined a change that was sent for a scheduled target. The target is unchanged."
            }
            Self::VisitReportApproved => "A visit report was approved.",
            Self::FollowUpCreated => "A follow-up was created after a visit.",
            Self::FollowUpPlanned => "An appointment was scheduled for a follow-up.",
            Self::BillingTriggered => "A billable visit report was approved and may be relevant for external billing.",
            Self::RouteSuggestionCompleted => "A requested route suggestion is ready.",
            Self::EndpointFailing => {
                "A webhook endpoint failed five times in a row. Deliveries are sent one at a time."
            }
            Self::EndpointDisabled => {
                "A webhook endpoint was disabled. Its events are held and can be recovered for 14 days."
            }
            Self::WebhookTest => "A test delivery was requested. It is sent to that endpoint only.",
        }
    }

    /// Returns the members of `data` besides `customerContext`.
    pub const fn members(self) -> &'static [Member] {
        use Member::{
            Appointment, BillingTrigger, Endpoint, FollowUp, ImportJob, Request, RouteSuggestion, Summary, Target,
            VisitReport, WorkMinutes,
        };
        match self {
            Self::TargetCreated
            | Self::TargetUpdated
            | Self::TargetEnRoute
            | Self::TargetEnRouteReverted
            | Self::TargetCompleted
            | Self::TargetCancelled
            | Self::MappingReviewRequired
            | Self::MappingResolved
            | Self::TargetChangeAccepted
            | Self::TargetChangeDeclined => &[Target],
            Self::TargetScheduled => &[Target, Appointment],
            Self::RequestStatusChanged => &[Target, Request],
            Self::ImportJobCompleted => &[ImportJob],
            Self::VisitReportApproved => &[Target, VisitReport, Summary],
            Self::FollowUpCreated => &[Target, FollowUp],
            Self::FollowUpPlanned => &[Target, FollowUp, Appointment],
            Self::BillingTriggered => &[Target, BillingTrigger, WorkMinutes],
            Self::RouteSuggestionCompleted => &[RouteSuggestion],
            Self::EndpointFailing | Self::EndpointDisabled | Self::WebhookTest => &[Endpoint],
        }
    }
}

/// A member of the event's `data` object.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Member {
    /// The affected target.
    Target,
    /// The appointment of the target.
    Appointment,
    /// The affected request.
    Request,
    /// The completed import job.
    ImportJob,
    /// The approved visit report.
    VisitReport,
    /// The beginning of the report summary; only with `summaryPreviews`.
    Summary,
    /// The affected follow-up.
    FollowUp,
    /// The created billing trigger.
    BillingTrigger,
    /// The work time in minutes; only with `billingDetails`.
    WorkMinutes,
    /// The completed route suggestion.
    RouteSuggestion,
    /// The affected webhook endpoint.
    Endpoint,
}
