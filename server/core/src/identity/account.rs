//! The own account of a signed-in person, in any realm.

use chrono::{DateTime, Utc};
use domain::fields::FieldCode;
use domain::ids::{PartnerId, PortalUserId, StaffId};
use secrecy::SecretString;
use uuid::Uuid;

use crate::db::purpose::SignIn;
use crate::db::{StoreError, SystemTx};
use crate::identity::actors::{Actor, Contact, Partner, Staff, TenantId};
use crate::identity::shown_once::SecretOwner;
use crate::identity::sign_in;
use crate::identity::store::sessions::Realm;
use crate::secrets::sha256;
use crate::{Core, CoreError, CoreResult};

/// An account of staff, of a portal user or of a partner.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AccountKey {
    pub(crate) realm: Realm,
    /// The live tenant, also in test mode.
    pub(crate) tenant: TenantId,
    pub(crate) id: Uuid,
}

impl AccountKey {
    pub(crate) fn portal(tenant: TenantId, id: PortalUserId) -> Self {
        Self {
            realm: Realm::Portal,
            tenant,
            id: id.uuid(),
        }
    }

    /// Returns the ID as text, with the prefix of its kind.
    pub(crate) fn id_text(self) -> String {
        match self.realm {
            Realm::Staff => StaffId::from_uuid(self.id).to_string(),
            Realm::Portal => PortalUserId::from_uuid(self.id).to_string(),
            Realm::Partner => PartnerId::from_uuid(self.id).to_string(),
        }
    }

    /// Returns the name in the audit log.
    pub(crate) fn label(self) -> String {
        let realm = match self.realm {
            Realm::Staff => "staff",
            Realm::Portal => "portal",
            Realm::Partner => "partner",
        };
        format!("{realm}:{}", self.id_text())
    }
}

/// A signed-in person with an account of their own.
pub trait AccountHolder: Actor + SecretOwner {
    fn account(&self) -> AccountKey;
    /// Returns the names of the organisation and of the person, and the time zone.
    fn names(&self) -> [&str; 3];
    /// Returns whether two-factor authentication must be set up before anything else.
    fn must_set_up_two_factor(&self) -> bool {
        false
    }
    /// Returns whether the sign-in stands for the password of an account that has none.
    fn has_shown_link(&self, _now: DateTime<Utc>) -> bool {
        false
    }
}

impl AccountHolder for Staff {
    fn account(&self) -> AccountKey {
        AccountKey {
            realm: Realm::Staff,
            tenant: self.live_tenant,
            id: self.id().uuid(),
        }
    }
    fn names(&self) -> [&str; 3] {
        [self.tenant_name(), self.display_name(), self.zone()]
    }
    fn must_set_up_two_factor(&self) -> bool {
        self.must_set_up
    }
}

impl AccountHolder for Contact {
    fn account(&self) -> AccountKey {
        AccountKey::portal(self.tenant(), self.id())
    }
    fn names(&self) -> [&str; 3] {
        [self.tenant_name(), self.display_name(), self.zone()]
    }
    fn has_shown_link(&self, now: DateTime<Utc>) -> bool {
        self.is_freshly_signed_in(now)
    }
}

impl AccountHolder for Partner {
    fn account(&self) -> AccountKey {
        AccountKey {
            realm: Realm::Partner,
            tenant: self.live_tenant(),
            id: self.id.uuid(),
        }
    }
    fn names(&self) -> [&str; 3] {
        [self.tenant_name(), self.display_name(), self.zone()]
    }
    fn must_set_up_two_factor(&self) -> bool {
        self.must_set_up
    }
}

/// Begins a transaction on the own account, which is in the live tenant also in test mode.
///
/// # Errors
/// For a read-only session.
pub(in crate::identity) async fn begin_own<'a>(
    core: &'a Core,
    holder: &impl AccountHolder,
) -> CoreResult<SystemTx<'a, SignIn>> {
    if !holder.may_write() {
        return Err(StoreError::ReadOnlySession.into());
    }
    Ok(core.store.begin_system::<SignIn>().await?)
}

/// Verifies the current password before a change to sign-in settings, and returns the account's address. For accounts
/// without a password, a mailed link that has just signed in stands for it.
///
/// # Errors
/// Field `current`.
pub(crate) async fn check_password(
    core: &Core,
    holder: &impl AccountHolder,
    password: &SecretString,
) -> CoreResult<String> {
    let account = holder.account();
    let (email, stored) = core.store.read_system().await?.account_credentials(account).await?;
    let Some(stored) = stored.filter(|stored| !stored.is_empty()) else {
        return if holder.has_shown_link(core.clock.now()) {
            Ok(email)
        } else {
            Err(CoreError::field("current", FieldCode::NewLinkRequired))
        };
    };
    // Admitted before it is counted: a full queue must not lock out those who wait for it.
    let place = core.passwords.admit(None)?;
    let key = sha256(format!("own password\n{}", account.label()).as_bytes());
    let mut tx = core.store.begin_system::<SignIn>().await?;
    let attempt = sign_in::count_attempt(core, &mut tx, &key).await?;
    tx.lock_out(&key, core.clock.now() + sign_in::lockout_after(attempt))
        .await?;
    tx.commit().await?;
    if !core.passwords.verify_in(&place, password, Some(&stored)).await? {
        return Err(CoreError::field("current", FieldCode::WrongPassword));
    }
    let mut tx = core.store.begin_system::<SignIn>().await?;
    tx.clear_attempts(&key).await?;
    tx.commit().await?;
    Ok(email)
}
