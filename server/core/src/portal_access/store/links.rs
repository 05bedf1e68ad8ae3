//! Statements for single-use links in mails and the requests for them.

use chrono::{DateTime, Utc};
use domain::ids::{PortalUserId, PortalUserKind};
use domain::portal_access::LinkPurpose;
use uuid::Uuid;

use crate::db::Key;
use crate::db::StoreError;
use crate::db::purpose::{KeyRotation, LinkRequests, Purge, SignIn};
use crate::db::{SystemTx, TenantTx};
use crate::identity::actors::{Actor as _, Contact, Inviter, Staff, TenantId};
use crate::intake::SealedToken;

/// The account behind an open link.
#[derive(Debug, Clone, sqlx::FromRow)]
pub(crate) struct LinkIdentity {
    pub tenant_id: Uuid,
    pub id: Uuid,
    pub account_id: Key<PortalUserKind>,
    #[sqlx(try_from = "String")]
    pub purpose: LinkPurpose,
    /// The address that the link confirms, if that is its purpose.
    pub email: Option<String>,
    /// The staff member who views the portal as this account, and the session that began it, if that is its purpose.
    pub created_by: Option<Uuid>,
    pub staff_session: Option<Vec<u8>>,
    pub account_email: String,
    pub display_name: String,
    pub tenant_name: String,
    /// The epoch of the account.
    pub epoch: i64,
    pub has_second_factor: bool,
}

/// An account that a link was requested for.
#[derive(Debug, Clone, sqlx::FromRow)]
pub(crate) struct LinkAccount {
    pub tenant_id: Uuid,
    pub account_id: Key<PortalUserKind>,
    pub display_name: String,
    pub locale: Option<String>,
    pub tenant_name: String,
    pub tenant_locale: String,
    pub zone: String,
    /// Whether the invitation was accepted.
    pub is_active: bool,
}

/// A link to insert.
pub(crate) struct NewLink<'a> {
    pub id: Uuid,
    pub account: PortalUserId,
    pub purpose: LinkPurpose,
    pub token: &'a SealedToken,
    pub email: Option<&'a str>,
    /// The staff member and the session of a view-as link.
    pub created_by: Option<(Uuid, &'a [u8])>,
    pub expires_at: DateTime<Utc>,
}

const REVOKE_LINKS: &str = r"
    UPDATE portal_link
    SET used_at = $4
    WHERE tenant_id = $1
      AND portal_account_id = $2
      AND purpose = $3
      AND used_at IS NULL
";
const COUNT_INVITATION: &str = r"
    INSERT INTO invitation_count (tenant_id, actor, day, invitations)
    VALUES ($1, $2, $3, 1)
    ON CONFLICT (tenant_id, actor, day)
    DO UPDATE SET invitations = invitation_count.invitations + 1
    RETURNING invitations
";
const INSERT_LINK: &str = r"
    INSERT INTO portal_link (
        tenant_id, id, portal_account_id, purpose, token_hash, token, email, expires_at, created_at, created_by,
        staff_session, epoch
    )
    VALUES (
        $1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11,
        (SELECT epoch FROM portal_account WHERE tenant_id = $1 AND id = $3)
    )
";
/// Invitations work for inactive accounts only, all other links for active ones only, and in the epoch of their creation.
const SELECT_OPEN_LINK: &str = r"
    SELECT
        link.tenant_id, link.id, link.portal_account_id AS account_id, link.purpose, link.email,
        link.created_by, link.staff_session, account.email AS account_email, contact.display_name,
        tenant.name AS tenant_name, account.epoch, account.second_factor IS NOT NULL AS has_second_factor
    FROM portal_link AS link
    JOIN portal_account AS account ON account.tenant_id = link.tenant_id
        AND account.id = link.portal_account_id
    JOIN contact ON contact.tenant_id = account.tenant_id AND contact.id = account.contact_id
    JOIN tenant ON tenant.id = link.tenant_id
    WHERE link.token_hash = $1
      AND link.used_at IS NULL
      AND link.expires_at > $2
      AND account.locked_at IS NULL
      AND ((link.purpose = 'invitation') = (account.activated_at IS NULL))
      AND (link.purpose = 'invitation' OR link.epoch = account.epoch)
";
const USE_LINK: &str = r"
    UPDATE portal_link
    SET used_at = $3
    WHERE tenant_id = $1
      AND id = $2
      AND used_at IS NULL
      AND expires_at > $3
";
const SELECT_ACCOUNT_LOCALE: &str = r"
    SELECT locale
    FROM portal_account
    WHERE tenant_id = $1
      AND id = $2
";
const REVOKE_ALL_LINKS: &str = r"
    UPDATE portal_link
    SET used_at = $3
    WHERE tenant_id = $1
      AND portal_account_id = $2
      AND used_at IS NULL
";
const ACTIVATE_ACCOUNT: &str = r"
    UPDATE portal_account
    SET activated_at = $3
    WHERE tenant_id = $1
      AND id = $2
      AND activated_at IS NULL
";
const COUNT_OTHER_ACCOUNTS_WITH_EMAIL: &str = r"
    SELECT count(*)
    FROM portal_account
    WHERE tenant_id = $1
      AND email = $2
      AND id <> $3
";
const UPDATE_EMAIL: &str = "UPDATE portal_account SET email = $3 WHERE tenant_id = $1 AND id = $2";
const INSERT_LINK_REQUEST: &str = r"
    INSERT INTO portal_link_request (id, email, purpose, created_at)
    VALUES ($1, $2, $3, $4)
";
const SELECT_LINK_REQUESTS: &str = "SELECT id, email, purpose FROM portal_link_request ORDER BY id LIMIT $1";
const DELETE_LINK_REQUEST: &str = "DELETE FROM portal_link_request WHERE id = $1";
/// Accounts that can sign in, and those whose invitation was neither accepted nor revoked: asking for a link renews it.
/// An invitation that waits for an administrator, or was dropped, is not sent by another way.
const SELECT_ACCOUNTS_BY_EMAIL: &str = r"
    SELECT
        account.tenant_id, account.id AS account_id, contact.display_name, account.locale,
        tenant.name AS tenant_name, tenant.locale AS tenant_locale, tenant.zone,
        account.activated_at IS NOT NULL AS is_active
    FROM portal_account AS account
    JOIN contact ON contact.tenant_id = account.tenant_id AND contact.id = account.contact_id
    JOIN tenant ON tenant.id = account.tenant_id
    WHERE account.email = $1
      AND account.locked_at IS NULL
      AND (
          account.activated_at IS NOT NULL
          OR (
              EXISTS (
                  SELECT 1
                  FROM portal_link AS link
                  WHERE link.tenant_id = account.tenant_id
                    AND link.portal_account_id = account.id
                    AND link.purpose = 'invitation'
                    AND link.used_at IS NULL
                    AND NOT EXISTS (
                        SELECT 1
                        FROM mail
                        WHERE mail.tenant_id = link.tenant_id
                          AND mail.link_id = link.id
                          AND mail.needs_review
                          AND (mail.released_at IS NULL OR mail.status = 'cancelled')
                    )
              )
              AND EXISTS (
                  SELECT 1
                  FROM portal_grant
                  WHERE portal_grant.tenant_id = account.tenant_id
                    AND portal_grant.portal_account_id = account.id
                    AND portal_grant.revoked_at IS NULL
                    AND (portal_grant.valid_until IS NULL OR portal_grant.valid_until > $2)
              )
          )
      )
    ORDER BY tenant.name
    LIMIT 8
";
const INSERT_MAIL: &str = r"
    INSERT INTO mail (
        tenant_id, id, kind, recipient, locale, data, link_id, needs_review, status, attempts, next_attempt_at,
        created_at
    )
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8, 'waiting', 0, $9, $9)
";
const SELECT_TOKENS: &str = r"
    SELECT tenant_id, id, token
    FROM portal_link
    WHERE used_at IS NULL
      AND expires_at > $1
    ORDER BY tenant_id, id
";
const UPDATE_TOKEN: &str = "UPDATE portal_link SET token = $3 WHERE tenant_id = $1 AND id = $2";
const PURGE_LINKS: &str = "DELETE FROM portal_link WHERE expires_at < $1";

/// A mail about an account.
pub(crate) struct AccountMail<'a> {
    pub kind: domain::intake::mails::MailKind,
    pub recipient: &'a str,
    pub locale: domain::locale::Locale,
    pub data: &'a domain::intake::mails::MailData,
    pub link: Option<Uuid>,
    /// Whether an administrator decides before it is sent.
    pub needs_review: bool,
}

/// A transaction that can create links and enqueue account mails.
pub(crate) trait LinkWriter: Send {
    /// Inserts a link and revokes earlier ones for the same purpose, unless anybody can request them.
    fn insert_link(
        &mut self,
        tenant: TenantId,
        new: &NewLink<'_>,
    ) -> impl Future<Output = Result<(), StoreError>> + Send;
    /// Enqueues a mail about an account.
    fn insert_account_mail(
        &mut self,
        tenant: TenantId,
        mail: &AccountMail<'_>,
    ) -> impl Future<Output = Result<(), StoreError>> + Send;
}

macro_rules! link_statements {
    () => {
        async fn insert_link(&mut self, tenant: TenantId, new: &NewLink<'_>) -> Result<(), StoreError> {
            let now = self.now;
            if !new.purpose.keeps_earlier_links() {
                self.tx
                    .execute(
                        REVOKE_LINKS,
                        (tenant.uuid(), new.account.uuid(), new.purpose.name(), now),
                    )
                    .await?;
            }
            self.tx
                .execute(
                    INSERT_LINK,
                    (
                        tenant.uuid(),
                        new.id,
                        new.account.uuid(),
                        new.purpose.name(),
                        &new.token.hash,
                        &new.token.closed,
                        new.email,
                        new.expires_at,
                        now,
                        new.created_by.map(|(staff, _)| staff),
                        new.created_by.map(|(_, session)| session),
                    ),
                )
                .await
                .map(drop)
        }

        async fn insert_account_mail(&mut self, tenant: TenantId, mail: &AccountMail<'_>) -> Result<(), StoreError> {
            let now = self.now;
            let id = self.store.randomness.uuid_v7(now);
            self.tx
                .execute(
                    INSERT_MAIL,
                    (
                        tenant.uuid(),
                        id,
                        mail.kind.name(),
                        mail.recipient,
                        mail.locale.tag(),
                        sqlx::types::Json(mail.data),
                        mail.link,
                        mail.needs_review,
                        now,
                    ),
                )
                .await
                .map(drop)
        }
    };
}

impl<A: Inviter> LinkWriter for TenantTx<'_, A> {
    link_statements!();
}

impl LinkWriter for SystemTx<'_, SignIn> {
    link_statements!();
}

impl LinkWriter for SystemTx<'_, LinkRequests> {
    link_statements!();
}

impl<A: Inviter> TenantTx<'_, A> {
    /// Counts an invitation and returns the number of the actor's invitations of this day.
    pub(crate) async fn count_invitation(&mut self) -> Result<i64, StoreError> {
        let (tenant, label, day) = (self.tenant(), self.actor.label(), self.now.date_naive());
        let (count,) = self
            .tx
            .fetch_one::<(i64,)>(COUNT_INVITATION, (tenant, label, day))
            .await?;
        Ok(count)
    }

    /// Revokes the open links of an account for a purpose; false if there are none.
    pub(crate) async fn revoke_links(
        &mut self,
        account: PortalUserId,
        purpose: LinkPurpose,
    ) -> Result<bool, StoreError> {
        let (tenant, now) = (self.tenant(), self.now);
        Ok(self
            .tx
            .execute(REVOKE_LINKS, (tenant, account.uuid(), purpose.name(), now))
            .await?
            > 0)
    }
}

impl TenantTx<'_, Contact> {
    /// Returns whether another account of the organisation has this address.
    pub(crate) async fn is_email_taken(&mut self, email: &str) -> Result<bool, StoreError> {
        let (tenant, account) = (self.tenant(), self.actor.id().uuid());
        let (count,) = self
            .tx
            .fetch_one::<(i64,)>(COUNT_OTHER_ACCOUNTS_WITH_EMAIL, (tenant, email, account))
            .await?;
        Ok(count > 0)
    }

    /// Revokes every link of the user's account.
    pub(crate) async fn revoke_own_links(&mut self) -> Result<(), StoreError> {
        let (tenant, account, now) = (self.actor.tenant().uuid(), self.actor.id().uuid(), self.now);
        self.tx
            .execute(REVOKE_ALL_LINKS, (tenant, account, now))
            .await
            .map(drop)
    }
}

impl<P> SystemTx<'_, P> {
    pub(crate) async fn open_link(&mut self, hash: &[u8]) -> Result<Option<LinkIdentity>, StoreError> {
        self.tx
            .fetch_optional::<LinkIdentity>(SELECT_OPEN_LINK, (hash, self.now))
            .await
    }

    pub(crate) async fn pending_link_requests(
        &mut self,
        limit: i64,
    ) -> Result<Vec<(Uuid, String, String)>, StoreError> {
        self.tx
            .fetch_all::<(Uuid, String, String)>(SELECT_LINK_REQUESTS, (limit,))
            .await
    }
}

impl SystemTx<'_, SignIn> {
    /// Marks a link as used, and the others for the same purpose; false if it was used or expired in the meantime.
    pub(crate) async fn use_link(&mut self, link: &LinkIdentity) -> Result<bool, StoreError> {
        if self.tx.execute(USE_LINK, (link.tenant_id, link.id, self.now)).await? != 1 {
            return Ok(false);
        }
        let account = link.account_id.0.uuid();
        let others = (link.tenant_id, account, link.purpose.name(), self.now);
        self.tx.execute(REVOKE_LINKS, others).await?;
        Ok(true)
    }

    /// Activates the account; false if it was active.
    pub(crate) async fn activate_account(&mut self, link: &LinkIdentity) -> Result<bool, StoreError> {
        let account = link.account_id.0.uuid();
        Ok(self
            .tx
            .execute(ACTIVATE_ACCOUNT, (link.tenant_id, account, self.now))
            .await?
            == 1)
    }

    /// Revokes every link of an account.
    pub(crate) async fn revoke_all_links(&mut self, link: &LinkIdentity) -> Result<(), StoreError> {
        self.tx
            .execute(REVOKE_ALL_LINKS, (link.tenant_id, link.account_id.0.uuid(), self.now))
            .await
            .map(drop)
    }

    /// Changes an account's address; false if another account of the organisation has it.
    pub(crate) async fn set_account_email(&mut self, link: &LinkIdentity, email: &str) -> Result<bool, StoreError> {
        let account = link.account_id.0.uuid();
        let (taken,) = self
            .tx
            .fetch_one::<(i64,)>(COUNT_OTHER_ACCOUNTS_WITH_EMAIL, (link.tenant_id, email, account))
            .await?;
        if taken > 0 {
            return Ok(false);
        }
        self.tx.execute(UPDATE_EMAIL, (link.tenant_id, account, email)).await?;
        Ok(true)
    }

    /// Stores the request for a link, whether or not the address has an account.
    pub(crate) async fn insert_link_request(&mut self, email: &str, purpose: LinkPurpose) -> Result<(), StoreError> {
        let id = self.store.randomness.uuid_v7(self.now);
        self.tx
            .execute(INSERT_LINK_REQUEST, (id, email, purpose.name(), self.now))
            .await
            .map(drop)
    }
}

impl SystemTx<'_, LinkRequests> {
    /// Claims and removes a link request; false if another worker claimed it.
    pub(crate) async fn claim_link_request(&mut self, id: Uuid) -> Result<bool, StoreError> {
        Ok(self.tx.execute(DELETE_LINK_REQUEST, (id,)).await? == 1)
    }
}

impl<P> SystemTx<'_, P> {
    pub(crate) async fn accounts_for_link(&mut self, email: &str) -> Result<Vec<LinkAccount>, StoreError> {
        self.tx
            .fetch_all::<LinkAccount>(SELECT_ACCOUNTS_BY_EMAIL, (email, self.now))
            .await
    }
}

impl SystemTx<'_, KeyRotation> {
    /// Returns the sealed tokens of links that are still valid, for re-encryption.
    pub(crate) async fn link_tokens(&mut self) -> Result<Vec<(Uuid, Uuid, Vec<u8>)>, StoreError> {
        self.tx
            .fetch_all::<(Uuid, Uuid, Vec<u8>)>(SELECT_TOKENS, (self.now,))
            .await
    }

    pub(crate) async fn set_link_token(&mut self, tenant: Uuid, id: Uuid, token: &[u8]) -> Result<(), StoreError> {
        self.tx.execute(UPDATE_TOKEN, (tenant, id, token)).await.map(drop)
    }
}

impl SystemTx<'_, Purge> {
    /// Deletes links that expired before `before`.
    pub(crate) async fn purge_links(&mut self, before: DateTime<Utc>) -> Result<u64, StoreError> {
        self.tx.execute(PURGE_LINKS, (before,)).await
    }
}

impl TenantTx<'_, Staff> {
    /// Returns the language of an account, if one was chosen.
    pub(crate) async fn account_locale(&mut self, id: PortalUserId) -> Result<Option<String>, StoreError> {
        let tenant = self.tenant();
        Ok(self
            .tx
            .fetch_optional::<(Option<String>,)>(SELECT_ACCOUNT_LOCALE, (tenant, id.uuid()))
            .await?
            .and_then(|(locale,)| locale))
    }
}
