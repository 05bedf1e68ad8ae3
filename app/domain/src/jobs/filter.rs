//! Which jobs a list shows.

use super::targets::TargetStatus;

crate::stored_names! {
    /// Which jobs the list shows.
    JobFilter {
        /// All jobs.
        All = "all",
        /// Jobs without an appointment.
        ToSchedule = "to_schedule",
        /// Jobs with an appointment, up to the end of the visit.
        Active = "active",
        /// Completed jobs.
        Completed = "completed",
        /// Jobs that a visit did not complete.
        NotCompleted = "not_completed",
        /// Cancelled jobs.
        Cancelled = "cancelled",
    }
}

impl JobFilter {
    /// Returns the statuses of the jobs; empty for all.
    pub const fn statuses(self) -> &'static [TargetStatus] {
        match self {
            Self::All => &[],
            Self::ToSchedule => &[TargetStatus::Open],
            Self::Active => &[
                TargetStatus::Scheduled,
                TargetStatus::Dispatched,
                TargetStatus::EnRoute,
                TargetStatus::OnSite,
            ],
            Self::Completed => &[TargetStatus::Completed],
            Self::NotCompleted => &[TargetStatus::NotCompleted],
            Self::Cancelled => &[TargetStatus::Cancelled],
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_status_is_in_one_filter() {
        for status in TargetStatus::ALL {
            let filters = JobFilter::ALL
                .iter()
                .filter(|filter| filter.statuses().contains(status));
            assert_eq!(filters.count(), 1, "{status:?}");
        }
    }
}
