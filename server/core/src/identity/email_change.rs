//! A new email address of a staff or partner account: it takes effect when the link that was sent to it is confirmed. Portal
//! accounts have links of their own; `portal_access::profile` changes their addresses.

use domain::fields::{FieldCode, FieldError};
use domain::intake::mails::{MailData, MailKind};
use domain::locale::Locale;
use domain::text;
use secrecy::SecretString;

use crate::addresses;
use crate::db::purpose::SignIn;
use crate::identity::access::end_access;
use crate::identity::account::{AccountHolder, AccountKey, begin_own, check_password};
use crate::identity::actors::TenantId;
use crate::identity::password_links::{GeneratedLink, LINK_LIFETIME, find_row, locale_of};
use crate::identity::store::password_links::AccountLinkPurpose;
use crate::identity::store::sessions::Realm;
use crate::portal_access::links::mail_data;
use crate::portal_access::{AccountMail, LinkWriter as _};
use crate::{Core, CoreError, CoreResult};

const MAX_EMAIL_CHARS: usize = 254;

/// What the page of a link shows.
#[derive(Debug, Clone)]
pub struct EmailLink {
    pub tenant_name: String,
    pub email: String,
    pub new_email: String,
}

/// Returns the address of the own account.
///
/// # Errors
/// The database is not available.
pub async fn own_email(core: &Core, holder: &impl AccountHolder) -> CoreResult<String> {
    let (email, _) = core
        .store
        .read_system()
        .await?
        .account_credentials(holder.account())
        .await?;
    Ok(email)
}

/// Sends a link to a new address. An address that a colleague has is refused; partners are not told of each other: for them, the
/// result is the same, and no mail is sent.
///
/// # Errors
/// Field `current` for a wrong password, field `email`; `not_found` for the portal.
pub async fn request(
    core: &Core,
    holder: &impl AccountHolder,
    locale: Locale,
    current: &SecretString,
    email: &str,
) -> CoreResult<()> {
    let account = holder.account();
    if account.realm == Realm::Portal {
        return Err(CoreError::not_found());
    }
    let email = text::email(email)
        .map_err(|error| CoreError::invalid(vec![FieldError::text("email", error, MAX_EMAIL_CHARS)]))?;
    if email.ends_with(".invalid") {
        return Err(CoreError::field("email", FieldCode::InvalidEmail));
    }
    drop(begin_own(core, holder).await?);
    if check_password(core, holder, current).await? == email {
        return Err(CoreError::field("email", FieldCode::Unchanged));
    }
    let mut tx = begin_own(core, holder).await?;
    let is_taken = tx.is_account_email_taken(account, &email).await?;
    if is_taken && account.realm == Realm::Staff {
        return Err(CoreError::field("email", FieldCode::Taken));
    }
    if !is_taken {
        let epoch = tx.account_epoch(account).await?;
        let link = GeneratedLink::new(core, account.tenant.uuid(), LINK_LIFETIME)?;
        let mut row = link.row(account.id, epoch);
        row.new_email = Some(&email);
        tx.insert_password_link(account.realm, account.tenant, &row).await?;
        let [organization, name, zone] = holder.names();
        let mail = AccountMail {
            kind: MailKind::AccountEmail,
            recipient: &email,
            locale,
            data: &mail_data(organization, name, zone, Some(link.expires_at)),
            link: Some(link.id),
            needs_review: false,
        };
        tx.insert_account_mail(account.tenant, &mail).await?;
    }
    let label = account.label();
    tx.audit(account.tenant, &label, "account.email_change_requested", &label)
        .await?;
    Ok(tx.commit().await?)
}

/// Returns what the page of a link shows, without using the link, because mail programs prefetch links.
///
/// # Errors
/// `not_found` for an unknown, used or expired link.
pub async fn find(core: &Core, realm: Realm, token: &str) -> CoreResult<EmailLink> {
    let found = find_row(core, realm, AccountLinkPurpose::Email, token).await?;
    Ok(EmailLink {
        tenant_name: found.tenant_name,
        email: found.email,
        new_email: found.new_email.ok_or_else(CoreError::not_found)?,
    })
}

/// Sets the address of a link, ends all access of the account, and tells the former address.
///
/// # Errors
/// `not_found` as for [`find`]; field `email` if the address was taken meanwhile.
pub async fn confirm(core: &Core, realm: Realm, token: &str) -> CoreResult<()> {
    let found = find_row(core, realm, AccountLinkPurpose::Email, token).await?;
    let new_email = found.new_email.as_deref().ok_or_else(CoreError::not_found)?;
    let tenant = TenantId::from_uuid(found.tenant_id);
    let account = AccountKey {
        realm,
        tenant,
        id: found.account_id,
    };
    let mut tx = core.store.begin_system::<SignIn>().await?;
    if !tx
        .use_password_link(realm, tenant, (found.id, found.account_id))
        .await?
    {
        return Err(CoreError::not_found());
    }
    if tx.is_account_email_taken(account, new_email).await? {
        return Err(CoreError::field("email", FieldCode::Taken));
    }
    tx.replace_account_email(account, new_email).await?;
    end_access(&mut tx.tx, realm, tenant, account.id).await?;
    let data = MailData {
        page: Some(addresses::sign_in_path(realm).to_owned()),
        ..mail_data(&found.tenant_name, &found.display_name, &found.zone, None)
    };
    let mail = AccountMail {
        kind: MailKind::AccountEmailChanged,
        recipient: &found.email,
        locale: locale_of(found.locale.as_deref(), &found.tenant_locale),
        data: &data,
        link: None,
        needs_review: false,
    };
    tx.insert_account_mail(tenant, &mail).await?;
    let label = account.label();
    tx.audit(tenant, &label, "account.email_changed", &label).await?;
    Ok(tx.commit().await?)
}
