//! What technicians tell dispatch before a visit: that it cannot take place, or that they will be late.

use crate::requests::ServiceType;

/// The longest delay that can be reported, in minutes.
pub const MAX_LATE_MINUTES: i64 = 480;
/// The delays to choose from, in minutes.
pub const LATE_CHOICES: [i64; 7] = [10, 20, 30, 45, 60, 90, 120];

crate::stored_names! {
    /// Kind of a notice.
    NoticeKind {
        /// The technician cannot make the visit.
        CannotDo = "cannot_do",
        /// The technician will be late.
        Late = "late",
    }
}

crate::stored_names! {
    /// Why a visit cannot take place.
    CannotDoReason {
        /// The vehicle has broken down.
        Vehicle = "vehicle",
        /// The technician is ill or injured.
        Ill = "ill",
        /// The visit before takes longer than the day allows.
        Overrun = "overrun",
        /// Roads or weather make the journey impossible.
        Road = "road",
        /// A part or material is missing.
        PartMissing = "part_missing",
        /// A tool or an instrument is missing.
        ToolMissing = "tool_missing",
        /// Documents that the work requires are missing.
        DocumentsMissing = "documents_missing",
        /// The work needs a skill that the technician does not have.
        SkillMissing = "skill_missing",
        /// The work needs a second person.
        SecondPerson = "second_person",
        /// The customer is not there, or has asked not to come.
        Customer = "customer",
        /// Anything else, described in words.
        Other = "other",
    }
}

/// Returns the reasons to choose from for a service, the most likely first. A service that only a partner knows has those that
/// apply to every visit.
pub fn reasons_for(service: Option<ServiceType>) -> Vec<CannotDoReason> {
    use CannotDoReason::{
        Customer, DocumentsMissing, Ill, Other, Overrun, PartMissing, Road, SecondPerson, SkillMissing, ToolMissing,
        Vehicle,
    };
    let own: &[CannotDoReason] = match service {
        Some(ServiceType::Repair) => &[PartMissing, ToolMissing, SkillMissing, SecondPerson],
        Some(ServiceType::Maintenance) => &[PartMissing, ToolMissing, DocumentsMissing],
        Some(ServiceType::Inspection) => &[ToolMissing, DocumentsMissing, SkillMissing],
        Some(ServiceType::Installation) => &[PartMissing, ToolMissing, SecondPerson, DocumentsMissing],
        Some(ServiceType::Support) => &[SkillMissing, DocumentsMissing],
        None => &[],
    };
    [Vehicle, Ill, Overrun, Road, Customer]
        .into_iter()
        .chain(own.iter().copied())
        .chain([Other])
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reasons_end_with_other_and_are_distinct_for_each_service() {
        for service in ServiceType::ALL.iter().copied().map(Some).chain([None]) {
            let reasons = reasons_for(service);
            assert_eq!(reasons.last(), Some(&CannotDoReason::Other));
            let mut names: Vec<&str> = reasons.iter().map(|reason| reason.name()).collect();
            names.sort_unstable();
            names.dedup();
            assert_eq!(names.len(), reasons.len(), "{service:?}");
        }
        // Every reason can be chosen for one of the services.
        for reason in CannotDoReason::ALL {
            assert!(
                ServiceType::ALL
                    .iter()
                    .any(|service| reasons_for(Some(*service)).contains(reason)),
                "{reason:?}"
            );
        }
    }
}
