//! Rate limits of the portal, per IP address and per account. They are separate, so that a flood of portal requests does
//! not affect partners or staff.

use std::net::IpAddr;

use domain::ids::PortalUserId;
use governor::{DefaultKeyedRateLimiter, RateLimiter};

use crate::api::limits::Rate;
use crate::public_limits::{check_rate, rate_limit_key};

/// The token buckets of this process.
pub struct PortalLimits {
    addresses: DefaultKeyedRateLimiter<IpAddr>,
    accounts: DefaultKeyedRateLimiter<PortalUserId>,
}

impl PortalLimits {
    /// Creates the buckets with the given rates.
    pub fn new(address: Rate, account: Rate) -> Self {
        Self {
            addresses: RateLimiter::keyed(address.quota()),
            accounts: RateLimiter::keyed(account.quota()),
        }
    }

    /// Returns the default limits.
    pub fn default_limits() -> Self {
        Self::new(Rate::new(50, 600), Rate::new(10, 200))
    }

    /// Consumes a token of an IP address.
    ///
    /// # Errors
    /// Returns the seconds to wait.
    pub fn check_address(&self, address: IpAddr) -> Result<(), u64> {
        check_rate(&self.addresses, &rate_limit_key(address))
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
        self.addresses.retain_recent();
        self.accounts.retain_recent();
    }
}
