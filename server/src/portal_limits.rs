//! Rate limits of the portal, per network and per account. They are separate, so that a flood of portal requests does
//! not affect partners or staff.

use domain::ids::PortalUserId;
use domain::network::Network;
use governor::{DefaultKeyedRateLimiter, RateLimiter};

use crate::api::limits::Rate;
use crate::public_limits::check_rate;

/// The token buckets of this process.
pub struct PortalLimits {
    networks: DefaultKeyedRateLimiter<Network>,
    accounts: DefaultKeyedRateLimiter<PortalUserId>,
}

impl PortalLimits {
    /// Creates the buckets with the given rates.
    pub fn new(network: Rate, account: Rate) -> Self {
        Self {
            networks: RateLimiter::keyed(network.quota()),
            accounts: RateLimiter::keyed(account.quota()),
        }
    }

    /// Returns the default limits.
    pub fn default_limits() -> Self {
        Self::new(Rate::new(50, 600), Rate::new(10, 200))
    }

    /// Consumes a token of a network.
    ///
    /// # Errors
    /// Returns the seconds to wait.
    pub fn check_network(&self, network: Network) -> Result<(), u64> {
        check_rate(&self.networks, &network)
    }

    /// Consumes a token of an account.
    ///
    /// # Errors
    /// Returns the seconds to wait.
    pub fn check_account(&self, account: PortalUserId) -> Result<(), u64> {
        check_rate(&self.accounts, &account)
    }

    /// Removes buckets that are full again.
    pub fn purge_idle(&self) {
        self.networks.retain_recent();
        self.accounts.retain_recent();
    }
}
