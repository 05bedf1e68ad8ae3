//! How test keys advance a job of the sandbox through its life, step by step as in live operation.

use crate::jobs::targets::TargetStatus;

crate::stored_names! {
    /// How far a job of the sandbox is advanced.
    SandboxStage {
        /// An appointment is scheduled.
        Scheduled = "scheduled",
        /// The technician is on the way.
        EnRoute = "en_route",
        /// The technician is on site.
        OnSite = "on_site",
        /// The visit is done and its report submitted.
        Completed = "completed",
        /// The visit ended without completing the work, and its report is submitted.
        NotCompleted = "not_completed",
        /// The report is approved.
        Approved = "approved",
        /// The report is released to the customer.
        Released = "released",
    }
}

/// Returns the next stage of a job on the way to `to`; `None` if it is there, or past it.
///
/// # Errors
/// The status of a job that takes no further steps.
pub const fn next_stage(status: TargetStatus, to: SandboxStage) -> Result<Option<SandboxStage>, TargetStatus> {
    use SandboxStage as S;
    use TargetStatus as T;
    let ends_without_completion = matches!(to, S::NotCompleted);
    Ok(match status {
        T::Cancelled => return Err(status),
        T::Open => Some(S::Scheduled),
        T::Scheduled | T::Dispatched if matches!(to, S::Scheduled) => None,
        T::Scheduled | T::Dispatched => Some(S::EnRoute),
        T::EnRoute if matches!(to, S::Scheduled | S::EnRoute) => None,
        T::EnRoute => Some(S::OnSite),
        T::OnSite if matches!(to, S::Scheduled | S::EnRoute | S::OnSite) => None,
        T::OnSite if ends_without_completion => Some(S::NotCompleted),
        T::OnSite => Some(S::Completed),
        T::Completed if ends_without_completion => return Err(status),
        T::NotCompleted if matches!(to, S::Completed) => return Err(status),
        T::Completed | T::NotCompleted => match to {
            S::Approved => Some(S::Approved),
            S::Released => Some(S::Released),
            _ => None,
        },
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn next_stage_leads_from_every_status_to_the_stage_or_says_why_not() {
        for to in SandboxStage::ALL.iter().copied() {
            let (mut status, mut stages) = (TargetStatus::Open, Vec::new());
            while let Ok(Some(stage)) = next_stage(status, to) {
                stages.push(stage.name());
                status = match stage {
                    SandboxStage::Scheduled => TargetStatus::Scheduled,
                    SandboxStage::EnRoute => TargetStatus::EnRoute,
                    SandboxStage::OnSite => TargetStatus::OnSite,
                    SandboxStage::Completed => TargetStatus::Completed,
                    SandboxStage::NotCompleted => TargetStatus::NotCompleted,
                    // Reports have a state of their own.
                    SandboxStage::Approved | SandboxStage::Released => break,
                };
            }
            assert_eq!(stages.last(), Some(&to.name()), "{stages:?}");
        }
        assert_eq!(
            next_stage(TargetStatus::Cancelled, SandboxStage::Scheduled),
            Err(TargetStatus::Cancelled)
        );
        assert_eq!(
            next_stage(TargetStatus::Completed, SandboxStage::NotCompleted),
            Err(TargetStatus::Completed)
        );
        assert_eq!(next_stage(TargetStatus::OnSite, SandboxStage::EnRoute), Ok(None));
        assert_eq!(TargetStatus::OnSite.name(), "on_site");
    }
}
