//! Where a billing trigger stands with the system that shall charge for it.

/// Where a billing trigger stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BillingStanding {
    /// The client said that it has charged for it.
    Acknowledged,
    /// No endpoint was told of it.
    Untold,
    /// It arrived at one endpoint at least.
    Sent,
    /// It arrived nowhere, and a delivery gave up or is held.
    Stuck,
    /// It is on its way.
    Waiting,
}

impl BillingStanding {
    /// From whether it was acknowledged and how many deliveries it has, how many of them arrived and how many are stuck.
    pub fn of(is_acknowledged: bool, deliveries: i64, delivered: i64, stuck: i64) -> Self {
        if is_acknowledged {
            Self::Acknowledged
        } else if deliveries == 0 {
            Self::Untold
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
    use super::BillingStanding::{self, Acknowledged, Sent, Stuck, Untold, Waiting};

    #[test]
    fn one_arrival_outweighs_what_is_stuck_and_an_acknowledgement_outweighs_all() {
        for (is_acknowledged, deliveries, delivered, stuck, standing) in [
            (true, 0, 0, 0, Acknowledged),
            (true, 2, 0, 2, Acknowledged),
            (false, 0, 0, 0, Untold),
            (false, 2, 1, 1, Sent),
            (false, 2, 0, 1, Stuck),
            (false, 2, 0, 0, Waiting),
        ] {
            assert_eq!(
                BillingStanding::of(is_acknowledged, deliveries, delivered, stuck),
                standing
            );
        }
    }
}
