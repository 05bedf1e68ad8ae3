//! The catalogue of events that partners can receive.

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
        /// An approved report is billable.
        BillingTriggered = "billing.triggered",
    }
}
