//! Statements for the links with which staff and partners set a new password.

use chrono::{DateTime, Utc};
use domain::identity::roles::Role;
use uuid::Uuid;

use crate::db::purpose::Purpose;
use crate::db::{StoreError, SystemTx, Tx};
use crate::identity::actors::TenantId;
use crate::identity::admission::Home;
use crate::identity::store::sessions::Realm;

/// An account that a link was requested for.
#[derive(Debug, sqlx::FromRow)]
pub(crate) struct LinkRecipient {
    pub tenant_id: Uuid,
    pub id: Uuid,
    pub epoch: i64,
    pub display_name: String,
    pub locale: Option<String>,
    pub tenant_name: String,
    pub tenant_locale: String,
    pub zone: String,
}

/// A link to insert.
pub(crate) struct NewPasswordLink<'a> {
    pub id: Uuid,
    pub account: Uuid,
    pub epoch: i64,
    pub token_hash: &'a [u8],
    pub token: &'a [u8],
    pub expires_at: DateTime<Utc>,
    /// The address that the link confirms; `None` for a link that sets a password.
    pub new_email: Option<&'a str>,
}

/// What a link is for. One for an address never sets a password, and the other way round.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum AccountLinkPurpose {
    Password,
    Email,
}

/// An open link with its account.
#[derive(Debug, sqlx::FromRow)]
pub(crate) struct PasswordLinkRow {
    pub tenant_id: Uuid,
    pub id: Uuid,
    pub account_id: Uuid,
    pub email: String,
    /// The address that the link confirms.
    pub new_email: Option<String>,
    pub display_name: String,
    pub locale: Option<String>,
    pub role: Option<String>,
    pub has_second_factor: bool,
    /// False for an invited account until its owner sets the first password.
    pub has_password: bool,
    /// Whether the role must use two-factor authentication.
    pub is_factor_required: bool,
    pub tenant_name: String,
    pub tenant_locale: String,
    pub zone: String,
}

impl PasswordLinkRow {
    /// Returns the start page of the account.
    pub(crate) fn home(&self, realm: Realm) -> Home {
        match realm {
            Realm::Partner => Home::Partner,
            _ => Home::Staff(self.role.as_deref().and_then(Role::from_name)),
        }
    }
}

/// Accounts with an open invitation have no password yet, so they cannot have forgotten it.
macro_rules! select_recipients {
    ($table:literal) => {
        concat!(
            r"
                SELECT
                    account.tenant_id, account.id, account.epoch, account.display_name, account.locale,
                    tenant.name AS tenant_name, tenant.locale AS tenant_locale, tenant.zone
                FROM ",
            $table,
            r" AS account
                JOIN tenant ON tenant.id = account.tenant_id
                WHERE account.email = $1
                  AND account.locked_at IS NULL
                  AND account.password_hash <> ''
                ORDER BY tenant.name
                LIMIT 8
            "
        )
    };
}
const SELECT_STAFF_RECIPIENTS: &str = select_recipients!("staff_account");
const SELECT_PARTNER_RECIPIENTS: &str = select_recipients!("partner_account");
const INSERT_REQUEST: &str = "INSERT INTO password_link_request (id, realm, email, created_at) VALUES ($1, $2, $3, $4)";
const SELECT_REQUESTS: &str = "SELECT id, realm, email FROM password_link_request ORDER BY id LIMIT $1";
const DELETE_REQUEST: &str = "DELETE FROM password_link_request WHERE id = $1";
const INSERT_LINK: &str = r"
    INSERT INTO password_link (
        tenant_id, id, staff_account_id, partner_account_id, epoch, token_hash, token, expires_at, created_at,
        new_email
    )
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
";
const SELECT_OPEN_LINK: &str = r"
    SELECT
        link.tenant_id, link.id, coalesce(staff.id, partner.id) AS account_id,
        coalesce(staff.email, partner.email) AS email, link.new_email,
        coalesce(staff.display_name, partner.display_name) AS display_name,
        coalesce(staff.locale, partner.locale) AS locale, staff.role,
        coalesce(staff.second_factor, partner.second_factor) IS NOT NULL AS has_second_factor,
        coalesce(staff.password_hash, partner.password_hash) <> '' AS has_password,
        EXISTS (
            SELECT 1
            FROM two_factor_requirement AS requirement
            WHERE requirement.tenant_id = link.tenant_id AND requirement.role = coalesce(staff.role, 'partner')
        ) AS is_factor_required,
        tenant.name AS tenant_name, tenant.locale AS tenant_locale, tenant.zone
    FROM password_link AS link
    JOIN tenant ON tenant.id = link.tenant_id
    LEFT JOIN staff_account AS staff ON staff.tenant_id = link.tenant_id AND staff.id = link.staff_account_id
    LEFT JOIN partner_account AS partner ON partner.tenant_id = link.tenant_id
        AND partner.id = link.partner_account_id
    WHERE link.token_hash = $1
      AND (link.staff_account_id IS NOT NULL) = $2
      AND (link.new_email IS NOT NULL) = $4
      AND link.used_at IS NULL
      AND link.expires_at > $3
      AND link.epoch = coalesce(staff.epoch, partner.epoch)
      AND coalesce(staff.locked_at, partner.locked_at) IS NULL
";
/// The account may have been locked, or its access ended, since the link was found.
const USE_LINK: &str = r"
    UPDATE password_link
    SET used_at = $3
    WHERE tenant_id = $1
      AND id = $2
      AND used_at IS NULL
      AND expires_at > $3
      AND (
          EXISTS (
              SELECT 1
              FROM staff_account AS staff
              WHERE staff.tenant_id = password_link.tenant_id
                AND staff.id = password_link.staff_account_id
                AND staff.epoch = password_link.epoch
                AND staff.locked_at IS NULL
          )
          OR EXISTS (
              SELECT 1
              FROM partner_account AS partner
              WHERE partner.tenant_id = password_link.tenant_id
                AND partner.id = password_link.partner_account_id
                AND partner.epoch = password_link.epoch
                AND partner.locked_at IS NULL
          )
      )
";
const LOCK_STAFF: &str = "UPDATE staff_account SET epoch = epoch WHERE tenant_id = $1 AND id = $2";
const LOCK_PARTNER: &str = "UPDATE partner_account SET epoch = epoch WHERE tenant_id = $1 AND id = $2";
const REVOKE_ALL_LINKS: &str = "UPDATE password_link SET used_at = $1 WHERE used_at IS NULL";
const PURGE_LINKS: &str = "DELETE FROM password_link WHERE expires_at < $1";

/// Returns the account as staff account and as partner account; one of them is set.
fn by_realm(realm: Realm, account: Uuid) -> (Option<Uuid>, Option<Uuid>) {
    match realm {
        Realm::Partner => (None, Some(account)),
        _ => (Some(account), None),
    }
}

/// Inserts a link, on behalf of the worker or of an administrator.
pub(super) async fn insert_link(
    tx: &mut Tx,
    realm: Realm,
    tenant: TenantId,
    new: &NewPasswordLink<'_>,
    now: DateTime<Utc>,
) -> Result<(), StoreError> {
    let (staff, partner) = by_realm(realm, new.account);
    tx.execute(
        INSERT_LINK,
        (
            tenant.uuid(),
            new.id,
            staff,
            partner,
            new.epoch,
            new.token_hash,
            new.token,
            new.expires_at,
            now,
            new.new_email,
        ),
    )
    .await
    .map(drop)
}

impl<P> SystemTx<'_, P> {
    pub(crate) async fn password_link_requests(
        &mut self,
        limit: i64,
    ) -> Result<Vec<(Uuid, String, String)>, StoreError> {
        self.tx
            .fetch_all::<(Uuid, String, String)>(SELECT_REQUESTS, (limit,))
            .await
    }

    pub(crate) async fn open_password_link(
        &mut self,
        realm: Realm,
        purpose: AccountLinkPurpose,
        hash: &[u8],
    ) -> Result<Option<PasswordLinkRow>, StoreError> {
        let is_for_email = purpose == AccountLinkPurpose::Email;
        self.tx
            .fetch_optional::<PasswordLinkRow>(
                SELECT_OPEN_LINK,
                (hash, realm != Realm::Partner, self.now, is_for_email),
            )
            .await
    }
}

impl<P: Purpose> SystemTx<'_, P> {
    /// Stores the request for a link, whether or not the address has an account.
    pub(crate) async fn insert_password_link_request(&mut self, realm: Realm, email: &str) -> Result<(), StoreError> {
        let id = self.store.randomness.uuid_v7(self.now);
        let realm = if realm == Realm::Partner { "partner" } else { "staff" };
        self.tx
            .execute(INSERT_REQUEST, (id, realm, email, self.now))
            .await
            .map(drop)
    }

    /// Claims and removes a request; false if another worker claimed it.
    pub(crate) async fn claim_password_link_request(&mut self, id: Uuid) -> Result<bool, StoreError> {
        Ok(self.tx.execute(DELETE_REQUEST, (id,)).await? == 1)
    }

    pub(crate) async fn password_link_recipients(
        &mut self,
        realm: Realm,
        email: &str,
    ) -> Result<Vec<LinkRecipient>, StoreError> {
        let statement = match realm {
            Realm::Partner => SELECT_PARTNER_RECIPIENTS,
            _ => SELECT_STAFF_RECIPIENTS,
        };
        self.tx.fetch_all::<LinkRecipient>(statement, (email,)).await
    }

    /// Inserts a link. Earlier ones stay valid, since anybody can request one; the first that is used changes the epoch of the
    /// account, which ends all others.
    pub(crate) async fn insert_password_link(
        &mut self,
        realm: Realm,
        tenant: TenantId,
        new: &NewPasswordLink<'_>,
    ) -> Result<(), StoreError> {
        insert_link(&mut self.tx, realm, tenant, new, self.now).await
    }

    /// Marks a link as used; false if it was used or expired in the meantime.
    /// The account is locked until the commit, so that its state does not change meanwhile.
    pub(crate) async fn use_password_link(
        &mut self,
        realm: Realm,
        tenant: TenantId,
        (id, account): (Uuid, Uuid),
    ) -> Result<bool, StoreError> {
        let lock = match realm {
            Realm::Partner => LOCK_PARTNER,
            _ => LOCK_STAFF,
        };
        self.tx.execute(lock, (tenant.uuid(), account)).await?;
        Ok(self.tx.execute(USE_LINK, (tenant.uuid(), id, self.now)).await? == 1)
    }

    /// Revokes the links of all accounts: a new master key no longer finds them.
    pub(crate) async fn revoke_all_password_links(&mut self) -> Result<(), StoreError> {
        self.tx.execute(REVOKE_ALL_LINKS, (self.now,)).await.map(drop)
    }

    /// Deletes links that expired before `before`.
    pub(crate) async fn purge_password_links(&mut self, before: DateTime<Utc>) -> Result<u64, StoreError> {
        self.tx.execute(PURGE_LINKS, (before,)).await
    }
}
