//! How often a link can be requested by email. Anybody can request one for any address, so neither a mailbox nor its earlier links
//! suffer from it.

use chrono::TimeDelta;
use domain::network::Network;
use domain::problems::Cause;

use crate::db::SystemTx;
use crate::db::purpose::SignIn;
use crate::secrets::sha256;
use crate::{Core, CoreError, CoreResult};

/// Links that a network may request within [`NETWORK_WINDOW`].
const MAX_LINKS_PER_NETWORK: i64 = 20;
const NETWORK_WINDOW: TimeDelta = TimeDelta::minutes(15);

/// Returns the interval between mails to an address after a number of them in a day: 1, 2, 4, 8 and then always 15 minutes.
/// A link is valid for longer, so that there is always a valid one in the mailbox.
pub(crate) fn link_interval(mails: i64) -> TimeDelta {
    TimeDelta::minutes((1_i64 << (mails - 1).clamp(0, 4)).min(15))
}

/// Counts a request for a link of a kind, and returns whether one is sent to the address. [`Network::UNKNOWN`] stands for a person
/// who has a session.
///
/// # Errors
/// `rate_limited` for a network that requests many links.
pub(crate) async fn admit(
    core: &Core,
    tx: &mut SystemTx<'_, SignIn>,
    kind: &str,
    email: &str,
    network: Network,
) -> CoreResult<bool> {
    let now = core.clock.now();
    let window = |length: TimeDelta| now.timestamp().div_euclid(length.num_seconds());
    let key = |text: String| sha256(text.as_bytes());
    let of_address = key(format!("link\n{kind}\n{email}\n{}", window(TimeDelta::days(1))));
    let of_network = key(format!("links\n{network}\n{}", window(NETWORK_WINDOW)));
    if network != Network::UNKNOWN && tx.count_attempt(&of_network).await? > Some(MAX_LINKS_PER_NETWORK) {
        let seconds = u64::try_from(NETWORK_WINDOW.num_seconds()).unwrap_or_default();
        return Err(CoreError::new(Cause::RetryLater { seconds }));
    }
    let Some(mails) = tx.count_attempt(&of_address).await? else {
        return Ok(false);
    };
    tx.lock_out(&of_address, now + link_interval(mails)).await?;
    Ok(true)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn link_interval_grows_to_its_maximum() {
        let minutes = [1, 2, 3, 4, 5, 999].map(|mails| link_interval(mails).num_minutes());
        assert_eq!(minutes, [1, 2, 4, 8, 15, 15]);
        assert!(super::super::password_links::LINK_LIFETIME > link_interval(999));
    }
}
