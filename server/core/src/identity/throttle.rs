//! Attempts to sign in are counted before they are made, for an account from a network, for a network and for an account.
//! Each count has a lock that grows with it and ends by itself.
//!
//! The lock of an account does not apply to networks from which the account signed in before: a guesser locks out
//! other guessers, not the owner.

use chrono::TimeDelta;
use domain::intake::mails::MailKind;
use domain::locale::Locale;
use domain::network::Network;

use crate::db::SystemTx;
use crate::db::purpose::SignIn;
use crate::identity::actors::TenantId;
use crate::identity::sign_in::count_attempt;
use crate::identity::store::sessions::Realm;
use crate::portal_access::links::mail_data;
use crate::portal_access::{AccountMail, LinkWriter as _};
use crate::secrets::sha256;
use crate::{Core, CoreResult};

/// Attempts of a network that are not slowed down, within [`NETWORK_WINDOW`].
const FREE_OF_NETWORK: i64 = 30;
const NETWORK_WINDOW: TimeDelta = TimeDelta::minutes(15);
/// Attempts on an account from unknown networks that are not slowed down, within [`ACCOUNT_WINDOW`].
const FREE_OF_ACCOUNT: i64 = 10;
const ACCOUNT_WINDOW: TimeDelta = TimeDelta::hours(1);
/// Failures within [`WARNING_WINDOW`] of which the owner of the account is told.
const WARNING_FAILURES: i64 = 20;
const WARNING_WINDOW: TimeDelta = TimeDelta::days(1);

/// Length of the keys of counters.
const KEY_BYTES: usize = 16;

/// What is tried.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Secret {
    Password,
    AppCode,
    RecoveryCode,
}

impl Secret {
    const fn name(self) -> &'static str {
        match self {
            Self::Password => "password",
            Self::AppCode => "app code",
            Self::RecoveryCode => "recovery code",
        }
    }

    /// Returns the length of the lock after a number of attempts from one network. A code is short, so guessing it has to
    /// become hopeless.
    fn lock_of_pair(self, attempts: i64) -> TimeDelta {
        TimeDelta::seconds(match self {
            // 1 s, 3 s, 5 s and so on.
            Self::Password => (attempts * 2 - 1).min(300),
            // 2 s, 4 s, 8 s and so on.
            Self::AppCode | Self::RecoveryCode => (1_i64 << attempts.clamp(1, 12)).min(3600),
        })
    }

    /// Returns the length of the lock for unknown networks after a number of attempts on an account.
    fn lock_of_account(self, attempts: i64) -> TimeDelta {
        let excess = (attempts - FREE_OF_ACCOUNT).max(0);
        TimeDelta::seconds(match self {
            Self::Password => (excess * 2).min(60),
            _ if excess == 0 => 0,
            Self::AppCode | Self::RecoveryCode => (1_i64 << excess.min(12)).min(3600),
        })
    }
}

/// Returns the length of the lock of a network after a number of attempts.
fn lock_of_network(attempts: i64) -> TimeDelta {
    TimeDelta::seconds(((attempts - FREE_OF_NETWORK).max(0) * 2).min(300))
}

/// A counted attempt.
pub(crate) struct Attempt {
    secret: Secret,
    number: i64,
    pair: Vec<u8>,
    /// `None` for a person who has a session.
    by_network: Option<Vec<u8>>,
    /// `None` from a known network.
    by_account: Option<Vec<u8>>,
    known: Vec<u8>,
    warning: Vec<u8>,
}

impl Attempt {
    /// Counts an attempt on an account, which need not exist. [`Network::UNKNOWN`] stands for a person who has a session.
    ///
    /// # Errors
    /// `rate_limited` while locked, with the seconds in the detail. The caller drops the transaction then, so that nothing
    /// is counted.
    pub(crate) async fn count(
        core: &Core,
        tx: &mut SystemTx<'_, SignIn>,
        secret: Secret,
        account: &str,
        network: Network,
    ) -> CoreResult<Self> {
        let name = secret.name();
        let now = core.clock.now();
        // Half a hash is unique enough for counters, which a flood makes many of.
        let key = |text: String| sha256(text.as_bytes())[..KEY_BYTES].to_vec();
        let window = |length: TimeDelta| now.timestamp().div_euclid(length.num_seconds());
        let known = sha256(format!("known\n{name}\n{account}\n{network}").as_bytes());
        let by_account = key(format!("account\n{name}\n{account}\n{}", window(ACCOUNT_WINDOW)));
        let mut attempt = Self {
            secret,
            number: 0,
            pair: key(format!("pair\n{name}\n{account}\n{network}")),
            by_network: (network != Network::UNKNOWN)
                .then(|| key(format!("network\n{network}\n{}", window(NETWORK_WINDOW)))),
            by_account: (!tx.is_known_network(&known).await?).then_some(by_account),
            known,
            warning: key(format!("warning\n{account}\n{}", window(WARNING_WINDOW))),
        };
        attempt.number = count_attempt(core, tx, &attempt.pair).await?;
        if attempt.number > 1 || secret != Secret::Password {
            // Concurrent attempts cannot bypass the lock. A first password is not locked, so that a form sent twice works.
            let failures = if secret == Secret::Password {
                attempt.number - 1
            } else {
                attempt.number
            };
            tx.lock_out(&attempt.pair, now + secret.lock_of_pair(failures)).await?;
        }
        if let Some(key) = &attempt.by_network {
            let of_network = count_attempt(core, tx, key).await?;
            tx.lock_out(key, now + lock_of_network(of_network)).await?;
        }
        if let Some(key) = &attempt.by_account {
            let of_account = count_attempt(core, tx, key).await?;
            tx.lock_out(key, now + secret.lock_of_account(of_account)).await?;
        }
        Ok(attempt)
    }

    /// Records a failure; returns whether the owner has to be told of many.
    pub(crate) async fn fail(&self, core: &Core, tx: &mut SystemTx<'_, SignIn>) -> CoreResult<bool> {
        let until = core.clock.now() + self.secret.lock_of_pair(self.number);
        tx.lock_out(&self.pair, until).await?;
        Ok(tx.count_attempt(&self.warning).await? == Some(WARNING_FAILURES))
    }

    /// Takes the attempt back, because it was right; the network is known from now on.
    pub(crate) async fn succeed(&self, tx: &mut SystemTx<'_, SignIn>) -> CoreResult<()> {
        tx.clear_attempts(&self.pair).await?;
        for key in self.by_network.iter().chain(&self.by_account) {
            tx.take_back_attempt(key).await?;
        }
        Ok(tx.know_network(&self.known).await?)
    }

    /// Takes the attempt back, but not the failed ones before it: it was right for some of the accounts with the address only,
    /// and whoever has one of them may be guessing the password of another.
    pub(crate) async fn succeed_in_part(&self, tx: &mut SystemTx<'_, SignIn>) -> CoreResult<()> {
        for key in [&self.pair].into_iter().chain(&self.by_network).chain(&self.by_account) {
            tx.take_back_attempt(key).await?;
        }
        Ok(())
    }
}

/// Tells the owners of the accounts with an address of many failed attempts.
pub(crate) async fn tell_owners(tx: &mut SystemTx<'_, SignIn>, realm: Realm, email: &str) -> CoreResult<()> {
    for account in tx.tried_accounts(realm, email).await? {
        let tag = account.locale.as_deref().unwrap_or(&account.tenant_locale);
        let mut data = mail_data(&account.tenant_name, &account.display_name, &account.zone, None);
        // Names of staff and partners appear in no mail.
        data.name = data.name.filter(|_| realm == Realm::Portal);
        let mail = AccountMail {
            kind: match realm {
                Realm::Staff => MailKind::StaffSignInFailures,
                Realm::Portal => MailKind::PortalSignInFailures,
                Realm::Partner => MailKind::PartnerSignInFailures,
            },
            recipient: email,
            locale: Locale::from_tag(tag).unwrap_or_default(),
            data: &data,
            link: None,
            needs_review: false,
        };
        tx.insert_account_mail(TenantId::from_uuid(account.tenant_id), &mail)
            .await?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lock_by_attempts_grows_to_its_maximum() {
        let seconds =
            |lock: &dyn Fn(i64) -> TimeDelta, attempts: [i64; 5]| attempts.map(|count| lock(count).num_seconds());
        let pair = |secret: Secret| move |count| secret.lock_of_pair(count);
        let account = |secret: Secret| move |count| secret.lock_of_account(count);
        assert_eq!(
            seconds(&pair(Secret::Password), [1, 2, 3, 150, 999]),
            [1, 3, 5, 299, 300]
        );
        assert_eq!(
            seconds(&pair(Secret::AppCode), [1, 2, 3, 12, 500]),
            [2, 4, 8, 3600, 3600]
        );
        assert_eq!(
            seconds(&account(Secret::Password), [1, 10, 11, 12, 999]),
            [0, 0, 2, 4, 60]
        );
        assert_eq!(
            seconds(&account(Secret::RecoveryCode), [1, 10, 11, 12, 999]),
            [0, 0, 2, 4, 3600]
        );
        assert_eq!(seconds(&lock_of_network, [1, 30, 31, 32, 999]), [0, 0, 2, 4, 300]);
    }
}
