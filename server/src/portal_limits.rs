//! How often the portal may be asked: by one address, before it is known who it is, and by one account. The portal has its
//! own buckets, so that a flood there takes nothing from partners or staff.

use std::net::IpAddr;

use domain::ids::PortalUserId;
use governor::{DefaultKeyedRateLimiter, RateLimiter};

use crate::api::limits::Rate;
use crate::public_limits::{network, take};

/// The buckets of this process.
pub struct PortalLimits {
    addresses: DefaultKeyedRateLimiter<IpAddr>,
    accounts: DefaultKeyedRateLimiter<PortalUserId>,
}

impl PortalLimits {
    /// Empty buckets with these rates.
    pub fn new(address: Rate, account: Rate) -> Self {
        Self {
            addresses: RateLimiter::keyed(address.quota()),
            accounts: RateLimiter::keyed(account.quota()),
        }
    }

    /// The rates that hold when nothing is configured.
    pub fn usual() -> Self {
        Self::new(Rate::new(50, 600), Rate::new(10, 200))
    }

    /// An address asks.
    ///
    /// # Errors
    /// The seconds to wait.
    pub fn address(&self, address: IpAddr) -> Result<(), u64> {
        take(&self.addresses, &network(address))
    }

    /// An account asks.
    ///
    /// # Errors
    /// The seconds to wait.
    pub fn account(&self, account: PortalUserId) -> Result<(), u64> {
        take(&self.accounts, &account)
    }

    /// Forgets buckets that are full again.
    pub fn forget_idle(&self) {
        self.addresses.retain_recent();
        self.accounts.retain_recent();
    }
}
