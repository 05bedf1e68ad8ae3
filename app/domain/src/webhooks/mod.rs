//! Webhook endpoints and deliveries: states, data options, health and the retry schedule.

mod billing;
mod health;
mod options;

use std::time::Duration;

pub use billing::BillingStanding;
pub use health::{Change, FAILED_UNTIL_DISABLED, FAILING_UNTIL_DISABLED, FAILURES_UNTIL_FAILING, Health, Outcome};
pub use options::{DataOption, reduce};

crate::lifecycle! {
    /// Where one delivery stands.
    DeliveryStatus {
        /// Waits for its next attempt.
        Pending = "pending",
        /// A worker has claimed it.
        InFlight = "in_flight",
        /// The receiver answered 2xx.
        Delivered = "delivered",
        /// All attempts were used up.
        Failed = "failed",
        /// Its endpoint is disabled; nothing is lost.
        Held = "held",
    }
    steps {
        Pending -> InFlight,
        Pending -> Held,
        Pending -> Delivered,
        InFlight -> Delivered,
        InFlight -> Pending,
        InFlight -> Failed,
        InFlight -> Held,
        Held -> Pending,
        Held -> Delivered,
        Failed -> Pending,
        Failed -> Delivered,
    }
}

crate::lifecycle! {
    /// The health of an endpoint.
    EndpointStatus {
        /// Deliveries go out.
        Active = "active",
        /// Five failures in a row; one probe at a time.
        Failing = "failing",
        /// Switched off by itself, by its receiver or by a person; events are held.
        Disabled = "disabled",
    }
    steps {
        Active -> Failing,
        Active -> Disabled,
        Failing -> Active,
        Failing -> Disabled,
        Disabled -> Active,
    }
}

crate::stored_names! {
    /// In which order the deliveries of an endpoint are made.
    Ordering {
        /// As they become due.
        None = "none",
        /// One after another for each target, request or job: the next one waits until the one before has arrived or failed.
        PerTarget = "per_target",
    }
}

crate::stored_names! {
    /// What caused an attempt.
    Trigger {
        /// The schedule.
        Automatic = "automatic",
        /// A person or a client asked for it; it does not use up the schedule.
        Manual = "manual",
    }
}

crate::stored_names! {
    /// The lane of a delivery: what was never tried does not wait behind what failed before.
    Lane {
        /// Never tried.
        First = "first",
        /// Tried before, or recovered after the endpoint was disabled.
        Retry = "retry",
    }
}

crate::stored_names! {
    /// Why an endpoint is disabled.
    DisabledReason {
        /// It failed for too long.
        Failures = "failures",
        /// The receiver asked for it: status 410 or `webhook-delivery: disable`.
        Receiver = "receiver",
        /// A person or its client switched it off.
        Person = "person",
        /// Its client was revoked.
        ClientRevoked = "client_revoked",
    }
}

crate::stored_names! {
    /// Why an attempt failed.
    FailureKind {
        /// The name does not resolve.
        Dns = "dns",
        /// No connection could be made.
        Connect = "connect",
        /// The certificate or the handshake is wrong.
        Tls = "tls",
        /// The receiver took too long.
        Timeout = "timeout",
        /// The receiver answered with another status than 2xx.
        Status = "status",
        /// The receiver answered with a redirect, which is never followed.
        Redirect = "redirect",
        /// The address is out of bounds.
        Forbidden = "forbidden",
        /// The exchange broke off.
        Broken = "broken",
        /// The endpoint's secret or address cannot be used.
        Setup = "setup",
    }
}

/// The longest grace period of a rotated secret.
pub const LONGEST_GRACE: Duration = Duration::from_secs(7 * 24 * 3600);
/// The grace period when none is asked for.
pub const DEFAULT_GRACE: Duration = Duration::from_secs(24 * 3600);
/// How far back held deliveries can be recovered.
pub const RECOVERABLE: Duration = Duration::from_secs(14 * 24 * 3600);
/// How long events, deliveries and attempts are kept.
pub const KEPT: Duration = Duration::from_secs(30 * 24 * 3600);
/// The version of the bodies, pinned for each endpoint when it is made.
pub const API_VERSION: &str = "2026-11-01";

/// The delays before attempts 1 to 10, counted from the attempt before (Connect API page, section 6).
pub const DEFAULT_RETRY_DELAYS: [Duration; 10] = [
    Duration::from_secs(0),
    Duration::from_secs(5),
    Duration::from_secs(5 * 60),
    Duration::from_secs(30 * 60),
    Duration::from_secs(2 * 3600),
    Duration::from_secs(5 * 3600),
    Duration::from_secs(10 * 3600),
    Duration::from_secs(14 * 3600),
    Duration::from_secs(20 * 3600),
    Duration::from_secs(24 * 3600),
];

/// A longer `Retry-After` is cut to this.
pub const LONGEST_RETRY_AFTER: Duration = Duration::from_secs(24 * 3600);

/// When to try again after attempt number `made` (1 is the first); `None` when the attempts are used up.
///
/// `jitter` is a random share from 0 to 1 that stretches the delay by up to 20 %, so that endpoints which failed
/// together do not come back together. A `Retry-After` of the receiver is never undercut.
pub fn next_delay(delays: &[Duration], made: usize, jitter: f64, retry_after: Option<Duration>) -> Option<Duration> {
    let delay = delays.get(made)?;
    let stretched = delay.mul_f64(1.0 + 0.2 * jitter.clamp(0.0, 1.0));
    let asked = retry_after.unwrap_or_default().min(LONGEST_RETRY_AFTER);
    Some(stretched.max(asked))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn ten_attempts_and_no_more() {
        assert_eq!(
            next_delay(&DEFAULT_RETRY_DELAYS, 1, 0.0, None),
            Some(Duration::from_secs(5))
        );
        assert_eq!(
            next_delay(&DEFAULT_RETRY_DELAYS, 9, 0.0, None),
            Some(Duration::from_secs(24 * 3600))
        );
        assert_eq!(next_delay(&DEFAULT_RETRY_DELAYS, 10, 0.0, None), None);
    }

    proptest! {
        #[test]
        fn delay_is_within_its_bounds(made in 0_usize..10, jitter in 0.0_f64..=1.0, asked in 0_u64..200_000) {
            let delay = next_delay(&DEFAULT_RETRY_DELAYS, made, jitter, Some(Duration::from_secs(asked))).expect("within ten");
            let asked = Duration::from_secs(asked).min(LONGEST_RETRY_AFTER);
            prop_assert!(delay >= DEFAULT_RETRY_DELAYS[made] && delay >= asked);
            prop_assert!(delay <= DEFAULT_RETRY_DELAYS[made].mul_f64(1.2).max(asked));
        }
    }
}
