//! What the timeline of a record tells.

crate::stored_names! {
    /// What happened. The staff app has a text for each kind; the portal shows those that are milestones.
    TimelineKind {
        /// Request submitted.
        RequestSubmitted = "request_submitted",
        /// Request accepted.
        RequestAccepted = "request_accepted",
        /// Request rejected.
        RequestRejected = "request_rejected",
        /// Request cancelled.
        RequestCancelled = "request_cancelled",
        /// Request matched.
        RequestMatched = "request_matched",
        /// Target created.
        TargetCreated = "target_created",
        /// Target updated.
        TargetUpdated = "target_updated",
        /// Target cancelled.
        TargetCancelled = "target_cancelled",
        /// Target reopened.
        TargetReopened = "target_reopened",
        /// Target planned internally.
        TargetPlannedInternally = "target_planned_internally",
        /// Target dispatched.
        TargetDispatched = "target_dispatched",
        /// Target en route.
        TargetEnRoute = "target_en_route",
        /// Target en route reverted.
        TargetEnRouteReverted = "target_en_route_reverted",
        /// Target on site.
        TargetOnSite = "target_on_site",
        /// Target completed.
        TargetCompleted = "target_completed",
        /// Target not completed.
        TargetNotCompleted = "target_not_completed",
        /// Appointment scheduled.
        AppointmentScheduled = "appointment_scheduled",
        /// Appointment moved.
        AppointmentMoved = "appointment_moved",
        /// Appointment cancelled.
        AppointmentCancelled = "appointment_cancelled",
        /// Change proposed.
        ChangeProposed = "change_proposed",
        /// Customer change proposed.
        CustomerChangeProposed = "customer_change_proposed",
        /// Mapping resolved.
        MappingResolved = "mapping_resolved",
        /// Visit completed.
        VisitCompleted = "visit_completed",
        /// Report shared.
        ReportShared = "report_shared",
        /// Report replaced.
        ReportReplaced = "report_replaced",
        /// Report withdrawn.
        ReportWithdrawn = "report_withdrawn",
        /// Follow up required.
        FollowUpRequired = "follow_up_required",
        /// Follow up planned.
        FollowUpPlanned = "follow_up_planned",
    }
}
