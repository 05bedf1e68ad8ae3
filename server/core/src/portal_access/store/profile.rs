//! Statements for a portal user's own account, sessions and calendar feed.

use domain::ids::{ContactKind, PortalUserKind};
use domain::intake::mails::MailTopic;
use sqlx::types::Json;
use uuid::Uuid;

use crate::branding::{BrandingRow, branding_columns};
use crate::db::Key;
use crate::db::StoreError;
use crate::db::purpose::KeyRotation;
use crate::db::{SystemTx, TenantTx};
use crate::identity::Realm;
use crate::identity::SET_PORTAL_PASSWORD;
use crate::identity::access::{EndedAccess, end_access};
use crate::identity::actors::{Actor as _, Contact};
use crate::intake::SealedToken;

/// The signed-in portal user's account.
#[derive(Debug, sqlx::FromRow)]
pub(crate) struct OwnAccount {
    pub email: String,
    pub password_hash: String,
    /// The names of the topics of emails that the user has turned off.
    pub muted_mails: Json<Vec<String>>,
}

/// The account behind a calendar feed token.
#[derive(Debug, sqlx::FromRow)]
pub(crate) struct FeedContact {
    pub tenant_id: Uuid,
    pub id: Key<PortalUserKind>,
    pub contact_id: Key<ContactKind>,
    pub display_name: String,
    pub locale: Option<String>,
    pub tenant_name: String,
    pub zone: String,
    #[sqlx(flatten)]
    pub branding: BrandingRow,
}

const SELECT_FEED_TOKEN: &str = r"
    SELECT feed_token
    FROM portal_account
    WHERE tenant_id = $1
      AND id = $2
      AND feed_epoch = epoch
";
const UPDATE_FEED: &str = r"
    UPDATE portal_account
    SET feed_hash = $3, feed_token = $4, feed_epoch = epoch
    WHERE tenant_id = $1
      AND id = $2
";
const SELECT_CONTACT_OF_FEED: &str = concat!(
    r"
        SELECT
            account.tenant_id, account.id, account.contact_id, contact.display_name, account.locale,
            tenant.name AS tenant_name, tenant.zone,
    ",
    branding_columns!(),
    r"
        FROM portal_account AS account
        JOIN tenant ON tenant.id = account.tenant_id
        JOIN contact ON contact.tenant_id = account.tenant_id AND contact.id = account.contact_id
        LEFT JOIN portal_branding ON portal_branding.tenant_id = account.tenant_id
        WHERE account.feed_hash = $1
          AND account.feed_epoch = account.epoch
          AND account.locked_at IS NULL
          AND account.activated_at IS NOT NULL
    "
);
const SELECT_FEED_TOKENS: &str = r"
    SELECT tenant_id, id, feed_token
    FROM portal_account
    WHERE feed_token IS NOT NULL
    ORDER BY tenant_id, id
";
const UPDATE_FEED_TOKEN: &str = "UPDATE portal_account SET feed_token = $3 WHERE tenant_id = $1 AND id = $2";
const UPDATE_MUTED_MAILS: &str = "UPDATE portal_account SET muted_mails = $3 WHERE tenant_id = $1 AND id = $2";
const SELECT_OWN_ACCOUNT: &str = r"
    SELECT email, password_hash, muted_mails
    FROM portal_account
    WHERE tenant_id = $1
      AND id = $2
";

impl TenantTx<'_, Contact> {
    fn account_key(&self) -> (Uuid, Uuid) {
        (self.actor.tenant().uuid(), self.actor.id().uuid())
    }

    pub(crate) async fn own_account(&mut self) -> Result<OwnAccount, StoreError> {
        let (tenant, account) = self.account_key();
        self.tx
            .fetch_one::<OwnAccount>(SELECT_OWN_ACCOUNT, (tenant, account))
            .await
    }

    /// Sets the topics of emails that the user has turned off.
    pub(crate) async fn set_muted_mails(&mut self, topics: &[MailTopic]) -> Result<(), StoreError> {
        let (tenant, account) = self.account_key();
        let names: Vec<&str> = topics.iter().map(|topic| topic.name()).collect();
        self.tx
            .execute(UPDATE_MUTED_MAILS, (tenant, account, Json(names)))
            .await
            .map(drop)
    }

    /// Returns the sealed token of the user's calendar feed, if there is one.
    pub(crate) async fn own_feed(&mut self) -> Result<Option<Vec<u8>>, StoreError> {
        let (tenant, account) = self.account_key();
        Ok(self
            .tx
            .fetch_optional::<(Option<Vec<u8>>,)>(SELECT_FEED_TOKEN, (tenant, account))
            .await?
            .and_then(|(token,)| token))
    }

    /// Replaces or removes the token of the user's calendar feed.
    pub(crate) async fn set_own_feed(&mut self, token: Option<&SealedToken>) -> Result<(), StoreError> {
        let (tenant, account) = self.account_key();
        self.tx
            .execute(
                UPDATE_FEED,
                (
                    tenant,
                    account,
                    token.map(|token| token.hash.clone()),
                    token.map(|token| token.closed.clone()),
                ),
            )
            .await
            .map(drop)
    }

    /// Sets the user's password and ends the access of the account.
    pub(crate) async fn set_own_password(&mut self, hash: &str) -> Result<EndedAccess, StoreError> {
        let ((tenant, account), now) = (self.account_key(), self.now);
        self.tx
            .execute(SET_PORTAL_PASSWORD, (tenant, account, hash, now))
            .await?;
        self.end_own_access().await
    }

    pub(crate) async fn end_own_access(&mut self) -> Result<EndedAccess, StoreError> {
        let (tenant, account) = (self.actor.tenant(), self.actor.id().uuid());
        end_access(&mut self.tx, Realm::Portal, tenant, account).await
    }
}

impl<P> SystemTx<'_, P> {
    pub(crate) async fn contact_of_feed(&mut self, hash: &[u8]) -> Result<Option<FeedContact>, StoreError> {
        self.tx
            .fetch_optional::<FeedContact>(SELECT_CONTACT_OF_FEED, (hash,))
            .await
    }
}

impl SystemTx<'_, KeyRotation> {
    /// Returns the sealed tokens of all calendar feeds, for re-encryption.
    pub(crate) async fn feed_tokens(&mut self) -> Result<Vec<(Uuid, Uuid, Vec<u8>)>, StoreError> {
        self.tx.fetch_all::<(Uuid, Uuid, Vec<u8>)>(SELECT_FEED_TOKENS, ()).await
    }

    pub(crate) async fn set_feed_token(&mut self, tenant: Uuid, id: Uuid, token: &[u8]) -> Result<(), StoreError> {
        self.tx.execute(UPDATE_FEED_TOKEN, (tenant, id, token)).await.map(drop)
    }
}
