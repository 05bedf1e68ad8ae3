//! Consent to scheduling conflicts: it covers the conflicts that the dispatcher was shown and no others.

use std::collections::BTreeSet;

use crate::fields::ScheduleConflict;

/// The conflicts that a dispatcher accepted, in the form that the page sends back.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct AcceptedConflicts(Scope);

#[derive(Debug, Clone, PartialEq, Eq)]
enum Scope {
    Shown(BTreeSet<String>),
    All,
}

impl Default for Scope {
    fn default() -> Self {
        Self::Shown(BTreeSet::new())
    }
}

impl AcceptedConflicts {
    /// Accepts every conflict, for callers that show none, such as the demo data.
    pub const fn all() -> Self {
        Self(Scope::All)
    }

    /// Reads what [`Self::to_form`] wrote. Other text accepts nothing.
    pub fn from_form(value: Option<&str>) -> Self {
        let keys = value.unwrap_or_default().split_whitespace().map(str::to_owned);
        Self(Scope::Shown(keys.collect()))
    }

    /// Returns the value of a form field that accepts the conflicts shown beside it.
    pub fn to_form<'a>(shown: impl IntoIterator<Item = &'a ScheduleConflict>) -> String {
        let keys: BTreeSet<String> = shown.into_iter().map(key).collect();
        keys.into_iter().collect::<Vec<_>>().join(" ")
    }

    /// Returns whether a conflict was accepted.
    pub fn covers(&self, conflict: &ScheduleConflict) -> bool {
        match &self.0 {
            Scope::Shown(keys) => keys.contains(&key(conflict)),
            Scope::All => true,
        }
    }
}

/// Identifies a conflict by its code and by what it names: the other job, the skills, the number of minutes.
fn key(conflict: &ScheduleConflict) -> String {
    let code = conflict.code();
    match conflict {
        ScheduleConflict::OutsideShift { minutes }
        | ScheduleConflict::OutsideWindow { minutes }
        | ScheduleConflict::TooShort { minutes } => {
            format!("{code}:{minutes}")
        }
        ScheduleConflict::SkillsMissing { skills } => {
            let skills: Vec<String> = skills
                .iter()
                .map(|skill| skill.replace(char::is_whitespace, "_"))
                .collect();
            format!("{code}:{}", skills.join(","))
        }
        ScheduleConflict::Overlap { job } | ScheduleConflict::Offered { job } => format!("{code}:{job}"),
        ScheduleConflict::Travel { needed, available } => format!("{code}:{needed}/{available}"),
        ScheduleConflict::Absent
        | ScheduleConflict::NoShift
        | ScheduleConflict::UnusualTime
        | ScheduleConflict::JobNotOpen
        | ScheduleConflict::TechnicianGone
        | ScheduleConflict::InThePast => code.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn covers_only_conflicts_that_were_shown() {
        let overlap = |job| ScheduleConflict::Overlap { job };
        let late = |minutes| ScheduleConflict::OutsideShift { minutes };
        let skills = |names: &[&str]| ScheduleConflict::SkillsMissing {
            skills: names.iter().map(|name| (*name).to_owned()).collect(),
        };
        let cases: [(&[ScheduleConflict], ScheduleConflict, bool); 9] = [
            (&[], ScheduleConflict::NoShift, false),
            (&[ScheduleConflict::NoShift], ScheduleConflict::NoShift, true),
            (&[ScheduleConflict::NoShift], ScheduleConflict::Absent, false),
            (&[overlap(7)], overlap(7), true),
            (&[overlap(7)], overlap(8), false),
            (&[late(30)], late(45), false),
            (
                &[skills(&["lift inspection", "gas"])],
                skills(&["lift inspection", "gas"]),
                true,
            ),
            (&[skills(&["gas"])], skills(&["gas", "lift"]), false),
            (&[overlap(7), late(30)], late(30), true),
        ];
        for (shown, conflict, expected) in cases {
            let sent = AcceptedConflicts::to_form(shown);
            let accepted = AcceptedConflicts::from_form(Some(&sent));
            assert_eq!(accepted.covers(&conflict), expected, "{sent} {conflict:?}");
        }
        assert!(!AcceptedConflicts::from_form(Some("on")).covers(&ScheduleConflict::NoShift));
        assert!(!AcceptedConflicts::from_form(None).covers(&ScheduleConflict::NoShift));
        assert!(AcceptedConflicts::all().covers(&overlap(7)));
    }
}
