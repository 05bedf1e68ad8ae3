//! Health of webhook endpoints as a pure state machine over delivery attempts (Connect API documentation, section 6).

use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};

use super::{DisabledReason, EndpointStatus};

/// Consecutive failed attempts after which an endpoint is `failing`.
pub const FAILURES_UNTIL_FAILING: i64 = 5;
/// Time without a success after which a failing endpoint may be disabled.
pub const FAILING_UNTIL_DISABLED: Duration = Duration::from_secs(120 * 3600);
/// Exhausted deliveries, since the last success, that are also required to disable an endpoint.
pub const FAILED_UNTIL_DISABLED: i64 = 10;

/// Health of an endpoint.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Health {
    /// Current status.
    pub status: EndpointStatus,
    /// Consecutive failed attempts since the last success.
    pub failures_in_a_row: i64,
    /// Time of the first of these failures.
    pub first_failure_at: Option<DateTime<Utc>>,
    /// Deliveries exhausted since the last success.
    pub failed_deliveries: i64,
}

/// Outcome of an attempt.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// The receiver responded with 2xx.
    Success {
        /// Whether the receiver asked to disable deliveries.
        disable_requested: bool,
    },
    /// Any other result.
    Failure {
        /// Whether it was the last attempt of the delivery.
        exhausted: bool,
        /// Whether the receiver asked to disable deliveries.
        disable_requested: bool,
    },
}

/// A status change that is published as an event.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum HealthChange {
    /// The endpoint is failing.
    Failing,
    /// The endpoint was disabled.
    Disabled(DisabledReason),
    /// The endpoint recovered.
    Recovered,
}

impl Health {
    /// Returns the health of a new or newly enabled endpoint.
    pub const fn fresh() -> Self {
        Self {
            status: EndpointStatus::Active,
            failures_in_a_row: 0,
            first_failure_at: None,
            failed_deliveries: 0,
        }
    }

    /// Returns the health after an attempt at `at` and the status change, if any. A disabled endpoint does not change
    /// until it is enabled manually.
    pub fn after(self, outcome: Outcome, at: DateTime<Utc>) -> (Self, Option<HealthChange>) {
        if self.status == EndpointStatus::Disabled {
            return (self, None);
        }
        match outcome {
            Outcome::Success {
                disable_requested: true,
            } => {
                let disabled = Self {
                    status: EndpointStatus::Disabled,
                    ..Self::fresh()
                };
                (disabled, Some(HealthChange::Disabled(DisabledReason::Receiver)))
            }
            Outcome::Success {
                disable_requested: false,
            } => {
                let change = (self.status == EndpointStatus::Failing).then_some(HealthChange::Recovered);
                (Self::fresh(), change)
            }
            Outcome::Failure {
                exhausted,
                disable_requested,
            } => {
                let first = self.first_failure_at.map_or(at, |first| first.min(at));
                let mut next = Self {
                    status: self.status,
                    failures_in_a_row: self.failures_in_a_row + 1,
                    first_failure_at: Some(first),
                    failed_deliveries: self.failed_deliveries + i64::from(exhausted),
                };
                let limit = TimeDelta::from_std(FAILING_UNTIL_DISABLED).unwrap_or(TimeDelta::MAX);
                let reason = if disable_requested {
                    Some(DisabledReason::Receiver)
                } else if next.failed_deliveries >= FAILED_UNTIL_DISABLED && at - first >= limit {
                    Some(DisabledReason::Failures)
                } else {
                    None
                };
                if let Some(reason) = reason {
                    next.status = EndpointStatus::Disabled;
                    return (next, Some(HealthChange::Disabled(reason)));
                }
                if self.status == EndpointStatus::Active && next.failures_in_a_row >= FAILURES_UNTIL_FAILING {
                    next.status = EndpointStatus::Failing;
                    return (next, Some(HealthChange::Failing));
                }
                (next, None)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lifecycle::Lifecycle as _;
    use proptest::prelude::*;

    const FAILURE: Outcome = Outcome::Failure {
        exhausted: false,
        disable_requested: false,
    };
    const SUCCESS: Outcome = Outcome::Success {
        disable_requested: false,
    };
    const LAST: Outcome = Outcome::Failure {
        exhausted: true,
        disable_requested: false,
    };

    fn moment(hour: i64) -> DateTime<Utc> {
        DateTime::from_timestamp(1_790_000_000 + hour * 3600, 0).expect("timestamp is valid")
    }

    #[test]
    fn health_five_failures_make_failing_and_success_recovers() {
        let mut health = Health::fresh();
        for number in 1..=5 {
            let (next, change) = health.after(FAILURE, moment(0));
            assert_eq!(
                change,
                (number == 5).then_some(HealthChange::Failing),
                "failure {number}"
            );
            health = next;
        }
        assert_eq!(health.after(FAILURE, moment(1)).1, None, "change is reported once");
        let (health, change) = health.after(SUCCESS, moment(2));
        assert_eq!((health, change), (Health::fresh(), Some(HealthChange::Recovered)));
    }

    #[test]
    fn health_is_disabled_after_120_hours_and_10_failed_deliveries() {
        for (hours, failed, disabled) in [(119, 30, false), (200, 9, false), (120, 10, true), (400, 40, true)] {
            let mut health = Health::fresh();
            for _ in 0..failed {
                health = health.after(LAST, moment(0)).0;
            }
            let (health, change) = health.after(FAILURE, moment(hours));
            assert_eq!(
                health.status == EndpointStatus::Disabled,
                disabled,
                "{hours} h, {failed} deliveries"
            );
            assert_eq!(
                change == Some(HealthChange::Disabled(DisabledReason::Failures)),
                disabled,
                "{hours} h, {failed} deliveries"
            );
        }
    }

    #[test]
    fn health_receiver_opt_out_disables_immediately() {
        let stop = Outcome::Failure {
            exhausted: false,
            disable_requested: true,
        };
        let (health, change) = Health::fresh().after(stop, moment(0));
        assert_eq!(change, Some(HealthChange::Disabled(DisabledReason::Receiver)));
        let (after_success, change) = Health::fresh().after(
            Outcome::Success {
                disable_requested: true,
            },
            moment(0),
        );
        assert_eq!(after_success.status, EndpointStatus::Disabled);
        assert_eq!(change, Some(HealthChange::Disabled(DisabledReason::Receiver)));
        assert_eq!(health.after(SUCCESS, moment(1)), (health, None));
    }

    proptest! {
        #[test]
        fn health_status_changes_follow_the_lifecycle(steps in prop::collection::vec((0_u8..4, 0_i64..30), 1..200)) {
            let (mut health, mut hour) = (Health::fresh(), 0);
            for (kind, hours) in steps {
                hour += hours;
                let outcome = match kind {
                    0 => SUCCESS,
                    1 => FAILURE,
                    2 => LAST,
                    _ => Outcome::Failure { exhausted: false, disable_requested: hours == 7 },
                };
                let (next, change) = health.after(outcome, moment(hour));
                prop_assert_eq!(next.status != health.status, change.is_some());
                if next.status != health.status {
                    prop_assert!(health.status.step(next.status).is_ok());
                }
                prop_assert!(next.status != EndpointStatus::Active || next.failures_in_a_row < FAILURES_UNTIL_FAILING);
                health = next;
            }
        }
    }
}
