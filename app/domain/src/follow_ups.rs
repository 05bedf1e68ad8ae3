//! Follow-ups: work that is still needed after a visit.

crate::lifecycle! {
    /// Status of a follow-up.
    FollowUpStatus {
        /// Waits to be scheduled.
        Required = "required",
        /// An appointment exists for it.
        Planned = "planned",
        /// The work is complete.
        Done = "done",
        /// Dispatch decided that it is not needed.
        Dismissed = "dismissed",
    }
    steps {
        Required -> Planned,
        Required -> Dismissed,
        Planned -> Done,
    }
}
