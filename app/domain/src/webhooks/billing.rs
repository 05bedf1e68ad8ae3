//! Delivery status of billing triggers with the external billing system.

/// Delivery status of a billing trigger.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BillingStatus {
    /// The client acknowledged it.
    Acknowledged,
    /// No endpoint is subscribed to it.
    NoEndpoint,
    /// Delivered to at least one endpoint.
    Sent,
    /// Not delivered, and at least one delivery failed or is held.
    Stuck,
    /// Delivery is pending.
    Waiting,
}

impl BillingStatus {
    /// Derives the status from the acknowledgement and the total, delivered, and failed or held deliveries.
    pub fn of(is_acknowledged: bool, deliveries: i64, delivered: i64, stuck: i64) -> Self {
        if is_acknowledged {
            Self::Acknowledged
        } else if deliveries == 0 {
            Self::NoEndpoint
        } else if delivered > 0 {
            Self::Sent
        } else if stuck > 0 {
            Self::Stuck
        } else {
            Self::Waiting
        }
    }
}

#[cfg(test)]
mod tests {
    use super::BillingStatus::{self, Acknowledged, NoEndpoint, Sent, Stuck, Waiting};

    #[test]
    fn acknowledgement_takes_precedence_over_delivered_over_stuck() {
        for (is_acknowledged, deliveries, delivered, stuck, standing) in [
            (true, 0, 0, 0, Acknowledged),
            (true, 2, 0, 2, Acknowledged),
            (false, 0, 0, 0, NoEndpoint),
            (false, 2, 1, 1, Sent),
            (false, 2, 0, 1, Stuck),
            (false, 2, 0, 0, Waiting),
        ] {
            assert_eq!(
                BillingStatus::of(is_acknowledged, deliveries, delivered, stuck),
                standing
            );
        }
    }
}
