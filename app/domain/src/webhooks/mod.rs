//! Webhook endpoints and deliveries: statuses, data options, endpoint health and the retry schedule.

mod billing;
mod health;
mod options;

use std::time::Duration;

pub use billing::BillingStatus;
pub use health::{
    FAILED_UNTIL_DISABLED, FAILING_UNTIL_DISABLED, FAILURES_UNTIL_FAILING, Health, HealthChange, Outcome,
};
pub use options::{DataOption, reduce};

crate::lifecycle! {
    /// Status of a delivery.
    DeliveryStatus {
        /// Waits for the next attempt.
        Pending = "pending",
        /// Claimed by a worker.
        InFlight = "in_flight",
        /// The receiver responded with 2xx.
        Delivered = "delivered",
        /// All attempts failed.
        Failed = "failed",
        /// The endpoint is disabled; the delivery can be recovered.
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
    /// Status of an endpoint.
    EndpointStatus {
        /// Deliveries are sent.
        Active = "active",
        /// Five consecutive failures; deliveries are sent one at a time.
        Failing = "failing",
        /// Disabled automatically, by the receiver or by a user; events are held.
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
    /// Delivery order of an endpoint.
    Ordering {
        /// No ordering guarantee.
        None = "none",
        /// Sequential per ordering key: each delivery waits until the previous one has been delivered or has failed.
        PerTarget = "per_target",
    }
}

crate::stored_names! {
    /// Trigger of an attempt.
    Trigger {
        /// The retry schedule.
        Automatic = "automatic",
        /// A user or client; does not count toward the retry schedule.
        Manual = "manual",
    }
}

crate::stored_names! {
    /// Queue of a delivery. First attempts have their own, so that they do not wait behind retries.
    DeliveryQueue {
        /// Not yet attempted.
        First = "first",
        /// Attempted before, or recovered after the endpoint was disabled.
        Retry = "retry",
    }
}

crate::stored_names! {
    /// Reason why an endpoint was disabled.
    DisabledReason {
        /// Continued failures.
        Failures = "failures",
        /// Requested by the receiver with status 410 or `webhook-delivery: disable`.
        Receiver = "receiver",
        /// Disabled by a user or its client.
        Person = "person",
        /// The client was revoked.
        ClientRevoked = "client_revoked",
    }
}

crate::stored_names! {
    /// Reason why an attempt failed.
    FailureKind {
        /// The host name could not be resolved.
        Dns = "dns",
        /// The connection could not be established.
        Connect = "connect",
        /// The TLS handshake failed or the certificate is invalid.
        Tls = "tls",
        /// The receiver did not respond in time.
        Timeout = "timeout",
        /// The receiver responded with a status other than 2xx.
        Status = "status",
        /// The receiver responded with a redirect, which is never followed.
        Redirect = "redirect",
        /// The address is not allowed.
        Forbidden = "forbidden",
        /// The connection was interrupted.
        Interrupted = "broken",
        /// The secret or URL of the endpoint is unusable.
        Configuration = "setup",
    }
}

/// Maximum grace period of a rotated secret.
pub const MAX_GRACE_PERIOD: Duration = Duration::from_secs(7 * 24 * 3600);
/// Grace period of a rotated secret if none is requested.
pub const DEFAULT_GRACE_PERIOD: Duration = Duration::from_secs(24 * 3600);
/// Period for which held deliveries can be recovered.
pub const RECOVERY_WINDOW: Duration = Duration::from_secs(14 * 24 * 3600);
/// Retention period of events, deliveries and attempts.
pub const RETENTION: Duration = Duration::from_secs(30 * 24 * 3600);
/// Version of event bodies, pinned for each endpoint when it is created.
pub const API_VERSION: &str = "2026-11-01";

/// Delays before attempts 1 to 10, each counted from the previous attempt (Connect API documentation, section 6).
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

/// Longer `Retry-After` values are capped at this.
pub const MAX_RETRY_AFTER: Duration = Duration::from_secs(24 * 3600);

/// Returns the delay after `attempts` attempts; `None` if no attempts are left.
///
/// `jitter` is a random fraction from 0 to 1 that extends the delay by up to 20 %, so that deliveries that failed
/// together are not retried together. The delay is never shorter than the receiver's `Retry-After`.
pub fn next_delay(
    delays: &[Duration],
    attempts: usize,
    jitter: f64,
    retry_after: Option<Duration>,
) -> Option<Duration> {
    let delay = delays.get(attempts)?;
    let with_jitter = delay.mul_f64(1.0 + 0.2 * jitter.clamp(0.0, 1.0));
    let requested = retry_after.unwrap_or_default().min(MAX_RETRY_AFTER);
    Some(with_jitter.max(requested))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn next_delay_after_tenth_attempt_returns_none() {
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
        fn next_delay_is_within_bounds(attempts in 0_usize..10, jitter in 0.0_f64..=1.0, requested in 0_u64..200_000) {
            let delay = next_delay(&DEFAULT_RETRY_DELAYS, attempts, jitter, Some(Duration::from_secs(requested))).expect("attempts are left");
            let requested = Duration::from_secs(requested).min(MAX_RETRY_AFTER);
            prop_assert!(delay >= DEFAULT_RETRY_DELAYS[attempts] && delay >= requested);
            prop_assert!(delay <= DEFAULT_RETRY_DELAYS[attempts].mul_f64(1.2).max(requested));
        }
    }
}
