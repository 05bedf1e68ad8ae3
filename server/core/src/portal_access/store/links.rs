//! Links in mails that work once, and the wishes for them.

use chrono::{DateTime, Utc};
use domain::ids::{PortalUserId, PortalUserKind};
use domain::portal_access::LinkPurpose;
use uuid::Uuid;

use crate::db::Key;
use crate::db::{StoreError, all, maybe, one, run};
use crate::db::{SystemTx, TenantTx};
use crate::identity::actors::{Actor as _, Contact, Inviter, Staff, TenantId};
use crate::intake::ClosedToken;

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
    /// Who of the staff looks, if that is its purpose.
    pub made_by: Option<Uuid>,
    pub account_email: String,
    pub display_name: String,
    pub tenant_name: String,
    /// What the account signs in with, and whether a code is asked for after it.
    pub password_hash: String,
    pub has_second_factor: bool,
}

/// An account that a link is wanted for.
#[derive(Debug, Clone, sqlx::FromRow)]
pub(crate) struct LinkAccount {
    pub tenant_id: Uuid,
    pub account_id: Key<PortalUserKind>,
    pub display_name: String,
    pub locale: Option<String>,
    pub tenant_name: String,
    pub tenant_locale: String,
    pub zone: String,
}

/// A link to make.
pub(crate) struct NewLink<'a> {
    pub id: Uuid,
    pub account: PortalUserId,
    pub purpose: LinkPurpose,
    pub token: &'a ClosedToken,
    pub email: Option<&'a str>,
    pub made_by: Option<Uuid>,
    pub expires_at: DateTime<Utc>,
}

const END: &str = "UPDATE portal_link SET used_at = $4 WHERE tenant_id = $1 AND portal_account_id = $2 AND purpose = $3 AND used_at IS NULL";
const INSERT: &str = "INSERT INTO portal_link (tenant_id, id, portal_account_id, purpose, token_hash, token, email, expires_at, created_at, made_by) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)";
/// An invitation is for an account that is not active yet, everything else for one that is.
const OPEN: &str = "SELECT k.tenant_id, k.id, k.portal_account_id AS account_id, k.purpose, k.email, k.made_by, a.email AS account_email, c.display_name, t.name AS tenant_name, a.password_hash, a.second_factor IS NOT NULL AS has_second_factor \
    FROM portal_link k JOIN portal_account a ON a.tenant_id = k.tenant_id AND a.id = k.portal_account_id JOIN contact c ON c.tenant_id = a.tenant_id AND c.id = a.contact_id \
    JOIN tenant t ON t.id = k.tenant_id \
    WHERE k.token_hash = $1 AND k.used_at IS NULL AND k.expires_at > $2 AND a.locked_at IS NULL AND ((k.purpose = 'invitation') = (a.activated_at IS NULL))";
const USE: &str =
    "UPDATE portal_link SET used_at = $3 WHERE tenant_id = $1 AND id = $2 AND used_at IS NULL AND expires_at > $3";
const ACCOUNT_LOCALE: &str = "SELECT locale FROM portal_account WHERE tenant_id = $1 AND id = $2";
const END_ALL: &str =
    "UPDATE portal_link SET used_at = $3 WHERE tenant_id = $1 AND portal_account_id = $2 AND used_at IS NULL";
const ACTIVATE: &str =
    "UPDATE portal_account SET activated_at = $3 WHERE tenant_id = $1 AND id = $2 AND activated_at IS NULL";
const EMAIL_TAKEN: &str = "SELECT count(*) FROM portal_account WHERE tenant_id = $1 AND email = $2 AND id <> $3";
const SET_EMAIL: &str = "UPDATE portal_account SET email = $3 WHERE tenant_id = $1 AND id = $2";
const WISH: &str = "INSERT INTO portal_link_wish (id, email, purpose, created_at) VALUES ($1, $2, $3, $4)";
const WISHES: &str = "SELECT id, email, purpose FROM portal_link_wish ORDER BY id LIMIT $1";
const FULFILLED: &str = "DELETE FROM portal_link_wish WHERE id = $1";
const ACCOUNTS: &str = "SELECT a.tenant_id, a.id AS account_id, c.display_name, a.locale, t.name AS tenant_name, t.locale AS tenant_locale, t.zone \
    FROM portal_account a JOIN contact c ON c.tenant_id = a.tenant_id AND c.id = a.contact_id JOIN tenant t ON t.id = a.tenant_id \
    WHERE a.email = $1 AND a.locked_at IS NULL AND a.activated_at IS NOT NULL ORDER BY t.name LIMIT 8";
const INSERT_MAIL: &str = "INSERT INTO mail (tenant_id, id, kind, recipient, locale, data, link_id, status, attempts, next_attempt_at, created_at) VALUES ($1, $2, $3, $4, $5, $6, $7, 'waiting', 0, $8, $8)";
const TOKENS: &str =
    "SELECT tenant_id, id, token FROM portal_link WHERE used_at IS NULL AND expires_at > $1 ORDER BY tenant_id, id";
const SET_TOKEN: &str = "UPDATE portal_link SET token = $3 WHERE tenant_id = $1 AND id = $2";
const FORGET: &str = "DELETE FROM portal_link WHERE expires_at < $1";

/// A mail about an account.
pub(crate) struct AccountMail<'a> {
    pub kind: domain::intake::mails::MailKind,
    pub recipient: &'a str,
    pub locale: domain::locale::Locale,
    pub data: &'a domain::intake::mails::MailData,
    pub link: Option<Uuid>,
}

/// A transaction that makes links and writes the mails that carry them.
pub(crate) trait WritesLinks: Send {
    /// Makes a link; the ones before for the same purpose end.
    fn insert_link(
        &mut self,
        tenant: TenantId,
        new: &NewLink<'_>,
    ) -> impl Future<Output = Result<(), StoreError>> + Send;
    /// Writes a mail about an account into the outbox.
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
            run!(
                &mut self.tx,
                END,
                tenant.uuid(),
                new.account.uuid(),
                new.purpose.name(),
                now
            )?;
            run!(
                &mut self.tx,
                INSERT,
                tenant.uuid(),
                new.id,
                new.account.uuid(),
                new.purpose.name(),
                &new.token.hash,
                &new.token.closed,
                new.email,
                new.expires_at,
                now,
                new.made_by
            )
            .map(drop)
        }

        async fn insert_account_mail(&mut self, tenant: TenantId, mail: &AccountMail<'_>) -> Result<(), StoreError> {
            let now = self.now;
            let id = self.store.randomness.uuid_v7(now);
            run!(
                &mut self.tx,
                INSERT_MAIL,
                tenant.uuid(),
                id,
                mail.kind.name(),
                mail.recipient,
                mail.locale.tag(),
                sqlx::types::Json(mail.data),
                mail.link,
                now
            )
            .map(drop)
        }
    };
}

impl<A: Inviter> WritesLinks for TenantTx<'_, A> {
    link_statements!();
}

impl WritesLinks for SystemTx<'_> {
    link_statements!();
}

impl<A: Inviter> TenantTx<'_, A> {
    /// Ends an invitation that is open; false if there is none.
    pub(crate) async fn end_links(&mut self, account: PortalUserId, purpose: LinkPurpose) -> Result<bool, StoreError> {
        let (tenant, now) = (self.tenant(), self.now);
        Ok(run!(&mut self.tx, END, tenant, account.uuid(), purpose.name(), now)? > 0)
    }
}

impl TenantTx<'_, Contact> {
    /// Whether another account of the organisation has this address.
    pub(crate) async fn is_email_taken(&mut self, email: &str) -> Result<bool, StoreError> {
        let (tenant, own) = (self.tenant(), self.actor.id().uuid());
        let (count,) = one!(&mut self.tx, (i64,), EMAIL_TAKEN, tenant, email, own)?;
        Ok(count > 0)
    }

    /// Ends every link of the own account, whatever it is for.
    pub(crate) async fn end_own_links(&mut self) -> Result<(), StoreError> {
        let (tenant, own, now) = (self.actor.tenant().uuid(), self.actor.id().uuid(), self.now);
        run!(&mut self.tx, END_ALL, tenant, own, now).map(drop)
    }
}

impl SystemTx<'_> {
    pub(crate) async fn open_link(&mut self, hash: &[u8]) -> Result<Option<LinkIdentity>, StoreError> {
        maybe!(&mut self.tx, LinkIdentity, OPEN, hash, self.now)
    }

    /// Uses a link up; false if it was used or ended meanwhile.
    pub(crate) async fn use_link(&mut self, link: &LinkIdentity) -> Result<bool, StoreError> {
        Ok(run!(&mut self.tx, USE, link.tenant_id, link.id, self.now)? == 1)
    }

    /// Makes the account active; false if it is.
    pub(crate) async fn activate_account(&mut self, link: &LinkIdentity) -> Result<bool, StoreError> {
        let account = link.account_id.0.uuid();
        Ok(run!(&mut self.tx, ACTIVATE, link.tenant_id, account, self.now)? == 1)
    }

    /// Ends every link of an account, whatever it is for.
    pub(crate) async fn end_every_link(&mut self, link: &LinkIdentity) -> Result<(), StoreError> {
        run!(
            &mut self.tx,
            END_ALL,
            link.tenant_id,
            link.account_id.0.uuid(),
            self.now
        )
        .map(drop)
    }

    /// Gives an account another address; false if an account of the organisation has it.
    pub(crate) async fn set_account_email(&mut self, link: &LinkIdentity, email: &str) -> Result<bool, StoreError> {
        let account = link.account_id.0.uuid();
        let (taken,) = one!(&mut self.tx, (i64,), EMAIL_TAKEN, link.tenant_id, email, account)?;
        if taken > 0 {
            return Ok(false);
        }
        run!(&mut self.tx, SET_EMAIL, link.tenant_id, account, email)?;
        Ok(true)
    }

    /// Notes that somebody wants a link to an address, whether or not there is an account.
    pub(crate) async fn wish_for_link(&mut self, email: &str, purpose: LinkPurpose) -> Result<(), StoreError> {
        let id = self.store.randomness.uuid_v7(self.now);
        run!(&mut self.tx, WISH, id, email, purpose.name(), self.now).map(drop)
    }

    pub(crate) async fn link_wishes(&mut self, limit: i64) -> Result<Vec<(Uuid, String, String)>, StoreError> {
        all!(&mut self.tx, (Uuid, String, String), WISHES, limit)
    }

    /// Removes a wish; false if another worker was faster.
    pub(crate) async fn fulfil_link_wish(&mut self, id: Uuid) -> Result<bool, StoreError> {
        Ok(run!(&mut self.tx, FULFILLED, id)? == 1)
    }

    pub(crate) async fn accounts_for_link(&mut self, email: &str) -> Result<Vec<LinkAccount>, StoreError> {
        all!(&mut self.tx, LinkAccount, ACCOUNTS, email)
    }

    /// Tokens of links that may still be sent, to be encrypted under another key.
    pub(crate) async fn link_tokens(&mut self) -> Result<Vec<(Uuid, Uuid, Vec<u8>)>, StoreError> {
        all!(&mut self.tx, (Uuid, Uuid, Vec<u8>), TOKENS, self.now)
    }

    pub(crate) async fn set_link_token(&mut self, tenant: Uuid, id: Uuid, token: &[u8]) -> Result<(), StoreError> {
        run!(&mut self.tx, SET_TOKEN, tenant, id, token).map(drop)
    }

    /// Removes links that ended before a moment.
    pub(crate) async fn forget_links(&mut self, before: DateTime<Utc>) -> Result<u64, StoreError> {
        run!(&mut self.tx, FORGET, before)
    }
}

impl TenantTx<'_, Staff> {
    /// The language that was chosen for an account, if one was.
    pub(crate) async fn account_locale(&mut self, id: PortalUserId) -> Result<Option<String>, StoreError> {
        let tenant = self.tenant();
        Ok(maybe!(&mut self.tx, (Option<String>,), ACCOUNT_LOCALE, tenant, id.uuid())?.and_then(|(locale,)| locale))
    }
}
