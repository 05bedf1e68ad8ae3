//! State machines with declarative transition tables.

use std::fmt;

/// A state machine: states, their stored names and the allowed transitions.
pub trait Lifecycle: Copy + Eq + fmt::Debug + 'static {
    /// Every state, in the order of the regular course.
    const ALL: &'static [Self];
    /// Every allowed transition `(from, to)`.
    const STEPS: &'static [(Self, Self)];

    /// Returns the name used in the database and the API.
    fn name(self) -> &'static str;

    /// Parses a stored name.
    fn from_name(name: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|state| state.name() == name)
    }

    /// Returns the states that can follow this one.
    fn next(self) -> Vec<Self> {
        Self::STEPS
            .iter()
            .filter(|(from, _)| *from == self)
            .map(|(_, to)| *to)
            .collect()
    }

    /// Performs a transition.
    ///
    /// # Errors
    /// [`IllegalTransition`] if the table does not contain the transition.
    fn step(self, to: Self) -> Result<Self, IllegalTransition> {
        if Self::STEPS.contains(&(self, to)) {
            Ok(to)
        } else {
            Err(IllegalTransition {
                current: self.name(),
                requested: to.name(),
                allowed: self.next().into_iter().map(Self::name).collect(),
            })
        }
    }
}

/// Error for a transition that is not allowed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IllegalTransition {
    /// Current state.
    pub current: &'static str,
    /// Requested state.
    pub requested: &'static str,
    /// Allowed next states; empty for a final state.
    pub allowed: Vec<&'static str>,
}

impl fmt::Display for IllegalTransition {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            formatter,
            "cannot go from {} to {}; allowed next: ",
            self.current, self.requested
        )?;
        if self.allowed.is_empty() {
            formatter.write_str("none")
        } else {
            formatter.write_str(&self.allowed.join(", "))
        }
    }
}
impl std::error::Error for IllegalTransition {}

/// Error for a stored name that is not a known value, for example after a manual edit of the database.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UnknownName(pub String);

impl fmt::Display for UnknownName {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "unknown stored name {:?}", self.0)
    }
}
impl std::error::Error for UnknownName {}

/// Declares an enum with stored names.
#[macro_export]
macro_rules! stored_names {
    ($(#[$doc:meta])* $name:ident { $($(#[$variant_doc:meta])* $variant:ident = $text:literal,)* }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, serde::Serialize, serde::Deserialize)]
        pub enum $name { $($(#[$variant_doc])* #[serde(rename = $text)] $variant,)* }
        impl $name {
            /// Every value.
            pub const ALL: &'static [Self] = &[$(Self::$variant,)*];
            /// Returns the name used in the database and the API.
            pub const fn name(self) -> &'static str { match self { $(Self::$variant => $text,)* } }
            /// Parses a stored name.
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

/// Declares a lifecycle: an enum with stored names and a transition table.
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
    use crate::follow_ups::FollowUpStatus;
    use crate::imports::ImportJobStatus;
    use crate::jobs::targets::{AppointmentStatus, TargetStatus};
    use crate::requests::RequestStatus;
    use crate::visits::day_entries::DayEntryState;
    use crate::visits::reports::{ReleaseStatus, ReportStatus};
    use crate::webhooks::{DeliveryStatus, EndpointStatus};
    use proptest::prelude::*;

    /// Asserts that names round-trip, transitions are unique, and errors list the allowed states.
    fn assert_consistent<L: Lifecycle>() {
        for (index, state) in L::ALL.iter().enumerate() {
            assert_eq!(L::from_name(state.name()), Some(*state));
            assert!(!L::ALL[..index].iter().any(|earlier| earlier.name() == state.name()));
            for requested in L::ALL {
                match state.step(*requested) {
                    Ok(reached) => assert!(state.next().contains(&reached)),
                    Err(error) => {
                        assert_eq!(error.current, state.name());
                        assert_eq!(error.allowed, state.next().into_iter().map(L::name).collect::<Vec<_>>());
                    }
                }
            }
        }
        for (index, step) in L::STEPS.iter().enumerate() {
            assert!(!L::STEPS[..index].contains(step), "duplicate transition {step:?}");
            assert_ne!(step.0, step.1);
        }
        // Every state is reachable from the first.
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
        assert_eq!(reached.len(), L::ALL.len(), "unreachable state in {:?}", L::ALL);
    }

    #[test]
    fn every_lifecycle_is_consistent() {
        assert_consistent::<RequestStatus>();
        assert_consistent::<TargetStatus>();
        assert_consistent::<AppointmentStatus>();
        assert_consistent::<ReportStatus>();
        assert_consistent::<ReleaseStatus>();
        assert_consistent::<FollowUpStatus>();
        assert_consistent::<ImportJobStatus>();
        assert_consistent::<DeliveryStatus>();
        assert_consistent::<EndpointStatus>();
        assert_consistent::<DayEntryState>();
    }

    /// Repeats the tables of the domain documentation, so that a table is not changed by accident.
    #[test]
    fn transition_tables_match_domain_documentation() {
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
                // Cancelled together with the job (decision 0012).
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
        // Reopened by its source (decision 0033).
        assert_eq!(TargetStatus::Cancelled.next(), [TargetStatus::Open]);
        assert!(ReportStatus::Draft.step(ReportStatus::Approved).is_err());
        assert!(ReportStatus::Returned.step(ReportStatus::Submitted).is_ok());
        assert_eq!(
            FollowUpStatus::Required.next(),
            [FollowUpStatus::Planned, FollowUpStatus::Dismissed]
        );
    }

    proptest! {
        /// No sequence of transitions leaves a final state.
        #[test]
        fn request_final_states_are_never_left(indices in proptest::collection::vec(0..RequestStatus::ALL.len(), 1..30)) {
            let mut state = RequestStatus::Submitted;
            for index in indices {
                let before = state;
                if let Ok(after) = state.step(RequestStatus::ALL[index]) { state = after; }
                if matches!(before, RequestStatus::Rejected | RequestStatus::Cancelled) {
                    prop_assert_eq!(before, state);
                }
            }
        }
    }
}
