//! Targets and appointments: the operational job and its agreed time.

crate::lifecycle! {
    /// Where a target stands.
    TargetStatus {
        /// Not planned yet.
        Open = "open",
        /// Has an appointment.
        Scheduled = "scheduled",
        /// Handed to the technician.
        Dispatched = "dispatched",
        /// The technician is on the way.
        EnRoute = "en_route",
        /// The technician is there.
        OnSite = "on_site",
        /// Done.
        Completed = "completed",
        /// The technician was there, but it could not be done.
        NotCompleted = "not_completed",
        /// Will not be done.
        Cancelled = "cancelled",
    }
    steps {
        Open -> Scheduled,
        Scheduled -> Dispatched,
        Dispatched -> EnRoute,
        EnRoute -> OnSite,
        OnSite -> Completed,
        OnSite -> NotCompleted,
        Open -> Cancelled,
        Scheduled -> Cancelled,
        Dispatched -> Cancelled,
        NotCompleted -> Open,
    }
}

impl TargetStatus {
    /// Whether the visit is over: done, not done, or not to be done. A job that was not done may be opened again.
    pub const fn is_over(self) -> bool {
        matches!(self, Self::Completed | Self::NotCompleted | Self::Cancelled)
    }

    /// Whether a changed import may still touch it at all (rule T6 of the mapping tables).
    pub const fn is_locked_for_imports(self) -> bool {
        matches!(
            self,
            Self::EnRoute | Self::OnSite | Self::Completed | Self::NotCompleted | Self::Cancelled
        )
    }
}

crate::lifecycle! {
    /// Where an appointment stands; a moved one stays as history.
    AppointmentStatus {
        /// Agreed.
        Planned = "planned",
        /// Replaced by a later appointment of the same target.
        Moved = "moved",
        /// Will not take place.
        Cancelled = "cancelled",
        /// Took place.
        Done = "done",
    }
    steps {
        Planned -> Moved,
        Planned -> Cancelled,
        Planned -> Done,
    }
}
