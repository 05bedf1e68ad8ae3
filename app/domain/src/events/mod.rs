//! The catalogue of events that partners can receive, with a schema and an example for each type.

mod example;
mod schema;

pub use example::example;
pub use schema::schema;

crate::stored_names! {
    /// What happened.
    EventType {
        /// A target came into being.
        TargetCreated = "target.created",
        /// A target changed.
        TargetUpdated = "target.updated",
        /// A target got an appointment.
        TargetScheduled = "target.scheduled",
        /// The technician is on the way.
        TargetEnRoute = "target.en_route",
        /// The visit was completed.
        TargetCompleted = "target.completed",
        /// A target was cancelled.
        TargetCancelled = "target.cancelled",
        /// A request moved on.
        RequestStatusChanged = "request.status_changed",
        /// An import job ran to its end.
        ImportJobCompleted = "import_job.completed",
        /// A target could not be linked; a person must look.
        MappingReviewRequired = "mapping.review_required",
        /// A target was linked after all.
        MappingResolved = "mapping.resolved",
        /// A visit report was approved.
        VisitReportApproved = "visit_report.approved",
        /// A follow-up is needed.
        FollowUpCreated = "follow_up.created",
        /// A follow-up got an appointment.
        FollowUpPlanned = "follow_up.planned",
        /// An approved report is billable.
        BillingTriggered = "billing.triggered",
        /// A route suggestion is ready.
        RouteSuggestionCompleted = "route_suggestion.completed",
        /// A webhook endpoint has begun to fail.
        EndpointFailing = "webhook_endpoint.failing",
        /// A webhook endpoint was disabled; its events are held.
        EndpointDisabled = "webhook_endpoint.disabled",
        /// Somebody asked for a test delivery.
        WebhookTest = "webhook.test",
    }
}

impl EventType {
    /// What it tells, in a sentence.
    pub const fn meaning(self) -> &'static str {
        match self {
            Self::TargetCreated => "A target came into being, by an import or from an accepted request.",
            Self::TargetUpdated => "A target changed: its data, or its state in a way that has no event of its own.",
            Self::TargetScheduled => "A target got an appointment, or its appointment was moved.",
            Self::TargetEnRoute => "The technician is on the way.",
            Self::TargetCompleted => "The visit was completed.",
            Self::TargetCancelled => "A target was cancelled.",
            Self::RequestStatusChanged => "A request was submitted or moved on.",
            Self::ImportJobCompleted => "An import job ran to its end, with the counts of its items.",
            Self::MappingReviewRequired => "A target could not be linked to a customer safely; a person looks at it.",
            Self::MappingResolved => "A target that waited was linked to a customer.",
            Self::VisitReportApproved => "A visit report was approved.",
            Self::FollowUpCreated => "A visit left work to be done.",
            Self::FollowUpPlanned => "Work that a visit left has an appointment now.",
            Self::BillingTriggered => "An approved, billable report may be relevant for billing elsewhere.",
            Self::RouteSuggestionCompleted => "A route suggestion that was asked for is ready.",
            Self::EndpointFailing => "A webhook endpoint failed five times in a row; deliveries go out one at a time.",
            Self::EndpointDisabled => {
                "A webhook endpoint was disabled; its events are held and can be recovered for 14 days."
            }
            Self::WebhookTest => "Somebody asked for a test delivery. It goes to that endpoint only.",
        }
    }

    /// The members that the type adds to `data` besides `customerContext`.
    pub const fn members(self) -> &'static [Member] {
        use Member::{
            Appointment, BillingTrigger, Endpoint, FollowUp, ImportJob, Request, RouteSuggestion, Summary, Target,
            VisitReport, WorkMinutes,
        };
        match self {
            Self::TargetCreated
            | Self::TargetUpdated
            | Self::TargetEnRoute
            | Self::TargetCompleted
            | Self::TargetCancelled
            | Self::MappingReviewRequired
            | Self::MappingResolved => &[Target],
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

/// A member of `data`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Member {
    /// The target that it is about.
    Target,
    /// Its appointment.
    Appointment,
    /// The request that it is about.
    Request,
    /// The import job.
    ImportJob,
    /// The visit report.
    VisitReport,
    /// The beginning of its summary; only with `summaryPreviews`.
    Summary,
    /// The follow-up.
    FollowUp,
    /// The billing trigger.
    BillingTrigger,
    /// How long the work took; only with `billingDetails`.
    WorkMinutes,
    /// The route suggestion.
    RouteSuggestion,
    /// The webhook endpoint.
    Endpoint,
}
