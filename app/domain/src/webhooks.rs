//! Webhook endpoints and deliveries: states and the retry schedule.

use std::time::Duration;

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
        InFlight -> Delivered,
        InFlight -> Pending,
        InFlight -> Failed,
        InFlight -> Held,
        Held -> Pending,
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

/// How many failures in a row make an endpoint `failing`.
pub const FAILURES_UNTIL_FAILING: i64 = 5;

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
