//! One table of transitions for each lifecycle, and the error for a step that the table does not have.

use std::fmt;

/// A lifecycle: its states, their stored names and the steps between them.
pub trait Lifecycle: Copy + Eq + fmt::Debug + 'static {
    /// Every state, in the order of a life without detours.
    const ALL: &'static [Self];
    /// Every legal step `(from, to)`.
    const STEPS: &'static [(Self, Self)];

    /// The name in the database, the API and the tests.
    fn name(self) -> &'static str;

    /// Reads a stored name.
    fn from_name(name: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|state| state.name() == name)
    }

    /// The states that may follow this one.
    fn next(self) -> Vec<Self> {
        Self::STEPS
            .iter()
            .filter(|(from, _)| *from == self)
            .map(|(_, to)| *to)
            .collect()
    }

    /// Takes a step.
    ///
    /// # Errors
    /// [`IllegalStep`] names the current state and the allowed next ones.
    fn step(self, to: Self) -> Result<Self, IllegalStep> {
        if Self::STEPS.contains(&(self, to)) {
            Ok(to)
        } else {
            Err(IllegalStep {
                current: self.name(),
                wanted: to.name(),
                allowed: self.next().into_iter().map(Self::name).collect(),
            })
        }
    }
}

/// A step that the lifecycle does not have.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IllegalStep {
    /// Where the thing is now.
    pub current: &'static str,
    /// Where somebody wanted it to go.
    pub wanted: &'static str,
    /// Where it may go instead; empty for an end state.
    pub allowed: Vec<&'static str>,
}

impl fmt::Display for IllegalStep {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            formatter,
            "cannot go from {} to {}; allowed next: ",
            self.current, self.wanted
        )?;
        if self.allowed.is_empty() {
            formatter.write_str("none")
        } else {
            formatter.write_str(&self.allowed.join(", "))
        }
    }
}
impl std::error::Error for IllegalStep {}

/// A name in the database that is not a state; it means that the database was edited by hand.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UnknownName(pub String);

impl fmt::Display for UnknownName {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "unknown stored name {:?}", self.0)
    }
}
impl std::error::Error for UnknownName {}

/// Declares a closed list of stored names.
#[macro_export]
macro_rules! stored_names {
    ($(#[$doc:meta])* $name:ident { $($(#[$variant_doc:meta])* $variant:ident = $text:literal,)* }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, serde::Serialize, serde::Deserialize)]
        pub enum $name { $($(#[$variant_doc])* #[serde(rename = $text)] $variant,)* }
        impl $name {
            /// Every value.
            pub const ALL: &'static [Self] = &[$(Self::$variant,)*];
            /// The name in the database and the API.
            pub const fn name(self) -> &'static str { match self { $(Self::$variant => $text,)* } }
            /// Reads a stored name.
            pub fn from_name(name: &str) -> Option<Self> { match name { $($text => Some(Self::$variant),)* _ => None } }
        }
        impl utoipa::PartialSchema for $name {
            fn schema() -> utoipa::openapi::RefOr<utoipa::openapi::schema::Schema> {
                utoipa::openapi::schema::ObjectBuilder::new()
                    .schema_type(utoipa::openapi::schema::SchemaType::Type(utoipa::openapi::schema::Type::String))
                    .enum_values(Some([$($text,)*]))
                    .into()
            }
        }
        impl utoipa::ToSchema for $name {}
        impl TryFrom<String> for $name {
            type Error = $crate::lifecycle::UnknownName;
            fn try_from(name: String) -> Result<Self, Self::Error> {
                Self::from_name(&name).ok_or($crate::lifecycle::UnknownName(name))
            }
        }
    };
}

/// Declares a lifecycle: its stored names and its table of steps.
#[macro_export]
macro_rules! lifecycle {
    ($(#[$doc:meta])* $name:ident { $($(#[$variant_doc:meta])* $variant:ident = $text:literal,)* } steps { $($from:ident -> $to:ident,)* }) => {
        $crate::stored_names! { $(#[$doc])* $name { $($(#[$variant_doc])* $variant = $text,)* } }
        impl $crate::lifecycle::Lifecycle for $name {
            const ALL: &'static [Self] = &[$(Self::$variant,)*];
            const STEPS: &'static [(Self, Self)] = &[$((Self::$from, Self::$to),)*];
            fn name(self) -> &'static str { Self::name(self) }
        }
    };
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::day_entries::DayEntryState;
    use crate::follow_ups::FollowUpStatus;
    use crate::imports::ImportJobStatus;
    use crate::requests::RequestStatus;
    use crate::targets::{AppointmentStatus, TargetStatus};
    use crate::visit_reports::{ReleaseStatus, ReportStatus};
    use crate::webhooks::{DeliveryStatus, EndpointStatus};
    use proptest::prelude::*;

    /// What holds for every lifecycle: names round-trip, steps are unique, and an illegal step names its way out.
    fn sound<L: Lifecycle>() {
        for (index, state) in L::ALL.iter().enumerate() {
            assert_eq!(L::from_name(state.name()), Some(*state));
            assert!(!L::ALL[..index].iter().any(|earlier| earlier.name() == state.name()));
            for wanted in L::ALL {
                match state.step(*wanted) {
                    Ok(reached) => assert!(state.next().contains(&reached)),
                    Err(error) => {
                        assert_eq!(error.current, state.name());
                        assert_eq!(error.allowed, state.next().into_iter().map(L::name).collect::<Vec<_>>());
                    }
                }
            }
        }
        for (index, step) in L::STEPS.iter().enumerate() {
            assert!(!L::STEPS[..index].contains(step), "{step:?} twice");
            assert_ne!(step.0, step.1);
        }
        // Every state but the first can be reached from the first.
        let mut reached = vec![L::ALL[0]];
        let mut next = 0;
        while next < reached.len() {
            for state in reached[next].next() {
                if !reached.contains(&state) {
                    reached.push(state);
                }
            }
            next += 1;
        }
        assert_eq!(reached.len(), L::ALL.len(), "an unreachable state in {:?}", L::ALL);
    }

    #[test]
    fn every_lifecycle_is_sound() {
        sound::<RequestStatus>();
        sound::<TargetStatus>();
        sound::<AppointmentStatus>();
        sound::<ReportStatus>();
        sound::<ReleaseStatus>();
        sound::<FollowUpStatus>();
        sound::<ImportJobStatus>();
        sound::<DeliveryStatus>();
        sound::<EndpointStatus>();
        sound::<DayEntryState>();
    }

    /// The tables of the domain page, written out once more, so that a change of a table is a decision.
    #[test]
    fn tables_are_those_of_the_domain_page() {
        let table = |steps: &[(RequestStatus, RequestStatus)]| -> Vec<String> {
            steps
                .iter()
                .map(|(from, to)| format!("{}>{}", from.name(), to.name()))
                .collect()
        };
        assert_eq!(
            table(RequestStatus::STEPS),
            [
                "submitted>in_review",
                "in_review>accepted",
                "accepted>planned",
                "submitted>rejected",
                "in_review>rejected",
                "submitted>cancelled",
                "in_review>cancelled",
                "accepted>cancelled",
                // Decision 0012.
                "planned>cancelled",
            ]
        );
        for state in [TargetStatus::Open, TargetStatus::Scheduled, TargetStatus::Dispatched] {
            assert!(state.step(TargetStatus::Cancelled).is_ok());
        }
        for state in [
            TargetStatus::EnRoute,
            TargetStatus::OnSite,
            TargetStatus::Completed,
            TargetStatus::NotCompleted,
        ] {
            assert!(state.step(TargetStatus::Cancelled).is_err());
        }
        assert_eq!(TargetStatus::NotCompleted.next(), [TargetStatus::Open]);
        assert!(ReportStatus::Draft.step(ReportStatus::Approved).is_err());
        assert!(ReportStatus::Returned.step(ReportStatus::Submitted).is_ok());
        assert_eq!(
            FollowUpStatus::Required.next(),
            [FollowUpStatus::Planned, FollowUpStatus::Dismissed]
        );
    }

    proptest! {
        /// However somebody pushes a request around, an end state is never left.
        #[test]
        fn end_states_are_final(wanted in proptest::collection::vec(0..RequestStatus::ALL.len(), 1..30)) {
            let mut state = RequestStatus::Submitted;
            for index in wanted {
                let before = state;
                if let Ok(after) = state.step(RequestStatus::ALL[index]) { state = after; }
                if matches!(before, RequestStatus::Rejected | RequestStatus::Cancelled) {
                    prop_assert_eq!(before, state);
                }
            }
        }
    }
}
