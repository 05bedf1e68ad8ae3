//! Follow-ups: work still needed after a visit.

crate::lifecycle! {
    /// Where a follow-up stands.
    FollowUpStatus {
        /// Somebody must plan it.
        Required = "required",
        /// Its visit has an appointment.
        Planned = "planned",
        /// Done.
        Done = "done",
        /// Not needed after all.
        Dismissed = "dismissed",
    }
    steps {
        Required -> Planned,
        Required -> Dismissed,
        Planned -> Done,
    }
}
