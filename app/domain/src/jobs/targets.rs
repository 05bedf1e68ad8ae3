//! Targets (operational jobs) and their appointments.

use crate::lifecycle::Lifecycle as _;

/// Duration of a visit in minutes if none was given.
pub const DEFAULT_DURATION_MINUTES: i64 = 60;

/// The work times that a job can have, in minutes.
pub const DURATION_MINUTES: std::ops::RangeInclusive<i64> = 1..=1440;

crate::lifecycle! {
    /// Status of a target.
    TargetStatus {
        /// Not yet scheduled.
        Open = "open",
        /// Has an appointment.
        Scheduled = "scheduled",
        /// Dispatched to the technician.
        Dispatched = "dispatched",
        /// The technician is on the way.
        EnRoute = "en_route",
        /// The technician is on site.
        OnSite = "on_site",
        /// The work was completed.
        Completed = "completed",
        /// The visit took place, but the work could not be completed.
        NotCompleted = "not_completed",
        /// The job was cancelled.
        Cancelled = "cancelled",
    }
    steps {
        Open -> Scheduled,
        Scheduled -> Dispatched,
        Dispatched -> EnRoute,
        EnRoute -> OnSite,
        EnRoute -> Dispatched,
        OnSite -> Completed,
        OnSite -> NotCompleted,
        Open -> Cancelled,
        Scheduled -> Cancelled,
        Dispatched -> Cancelled,
        NotCompleted -> Open,
        Cancelled -> Open,
    }
}

impl TargetStatus {
    /// Returns whether scheduling replaces the planned appointment: there is one, and travel has not started.
    pub const fn is_reschedulable(self) -> bool {
        matches!(self, Self::Scheduled | Self::Dispatched)
    }

    /// Returns whether the target can be scheduled for the first time or again.
    pub fn is_schedulable(self) -> bool {
        self.is_reschedulable() || self.step(Self::Scheduled).is_ok()
    }

    /// Returns the steps from here to the end of a visit that took place although they were not recorded; `None` if the job
    /// has no visit that could have taken place.
    pub fn steps_to_visit_end(self, end: Self) -> Option<Vec<Self>> {
        const PATH: [TargetStatus; 5] = [
            TargetStatus::Open,
            TargetStatus::Scheduled,
            TargetStatus::Dispatched,
            TargetStatus::EnRoute,
            TargetStatus::OnSite,
        ];
        let at = PATH.iter().position(|status| *status == self)?;
        let between = PATH[at + 1..].iter().copied();
        matches!(end, Self::Completed | Self::NotCompleted).then(|| between.chain([end]).collect())
    }

    /// Returns whether the visit is over: completed, not completed or cancelled. A job that was not completed can be
    /// reopened.
    pub const fn is_over(self) -> bool {
        matches!(self, Self::Completed | Self::NotCompleted | Self::Cancelled)
    }

    /// Returns whether imports can no longer change the target (mapping rules T6 and T6a).
    pub const fn is_locked_for_imports(self) -> bool {
        matches!(
            self,
            Self::EnRoute | Self::OnSite | Self::Completed | Self::NotCompleted | Self::Cancelled
        )
    }
}

crate::lifecycle! {
    /// Status of an appointment; moved appointments are kept as history.
    AppointmentStatus {
        /// Scheduled.
        Planned = "planned",
        /// Replaced by a later appointment of the same target.
        Moved = "moved",
        /// Cancelled.
        Cancelled = "cancelled",
        /// The visit took place.
        Done = "done",
    }
    steps {
        Planned -> Moved,
        Planned -> Cancelled,
        Planned -> Done,
    }
}
