//! The team of a tenant: administrators invite colleagues, set their roles and lock their accounts.
//!
//! Nobody sets the password of somebody else: an invited account has none until its owner uses the link, which administrators hand
//! over.

use chrono::TimeDelta;
use domain::fields::FieldCode;
use domain::identity::permissions::{ManageTeam, Permission as _};
use domain::identity::roles::Role;
use domain::ids::StaffId;
use domain::intake::mails::MailKind;
use domain::problems::{Cause, Record};
use domain::text;
use secrecy::SecretString;
use serde_json::json;

pub use crate::identity::model::TeamMember;

use crate::addresses;
use crate::commit::finish;
use crate::db::TenantTx;
use crate::form::Form;
use crate::identity::actors::{Permit, Staff};
use crate::identity::password_links::GeneratedLink;
use crate::identity::store::sessions::Realm;
use crate::portal_access::links::mail_data;
use crate::portal_access::{AccountMail, LinkWriter as _};
use crate::scheduling::technicians::add_usual_hours;
use crate::{Core, CoreError, CoreResult};

/// How long the link of an invitation is valid.
pub const LINK_LIFETIME: TimeDelta = TimeDelta::days(7);
pub(crate) const MAX_NAME_CHARS: usize = 200;

/// Returns the accounts of the team by name.
///
/// # Errors
/// The database is unavailable.
pub async fn members(core: &Core, by: Permit<'_, ManageTeam>) -> CoreResult<Vec<TeamMember>> {
    Ok(core.store.read(by.staff()).await?.team().await?)
}

/// Begins a change of the team, one at a time. The permission is that of the beginning of the request, whose body may have taken long:
/// an administrator who was locked or has another role since then changes nothing.
pub(crate) async fn begin<'a>(core: &'a Core, by: &'a Permit<'_, ManageTeam>) -> CoreResult<TenantTx<'a, Staff>> {
    let staff = by.staff();
    let mut tx = core.store.begin(staff).await?;
    tx.lock_team().await?;
    let own = tx.member(staff.id()).await?;
    if own.is_some_and(|own| own.role == Role::Admin.name() && !own.is_locked) {
        Ok(tx)
    } else {
        Err(CoreError::new(Cause::PermissionMissing {
            permission: ManageTeam::NAME.to_owned(),
        }))
    }
}

/// Creates an account and returns the link with which its owner sets a password.
///
/// # Errors
/// Fields `name`, `email`, `role`.
pub async fn invite(
    core: &Core,
    by: Permit<'_, ManageTeam>,
    name: &str,
    email: &str,
    role: &str,
) -> CoreResult<SecretString> {
    let mut form = Form::default();
    let name = form.text("name", MAX_NAME_CHARS, text::line(name, MAX_NAME_CHARS));
    let email = form.text("email", 254, text::email(email));
    // No such address exists (RFC 2606); deleted accounts have one.
    if email.as_deref().is_some_and(|email| email.ends_with(".invalid")) {
        form.add_error("email", FieldCode::InvalidEmail);
    }
    let role = Role::from_name(role);
    if role.is_none() {
        form.add_error("role", FieldCode::NotInList);
    }
    form.finish()?;
    let (Some(name), Some(email), Some(role)) = (name, email, role) else {
        return Err(CoreError::new(Cause::InvalidFields));
    };
    let mut tx = begin(core, &by).await?;
    let id = tx
        .invite_member(&email, &name, role)
        .await?
        .ok_or_else(|| CoreError::field("email", FieldCode::Taken))?;
    if role == Role::Technician {
        add_usual_hours(&mut tx, id).await?;
    }
    tx.audit("staff.invited", id, json!({ "role": role.name() }));
    let link = add_link(core, &mut tx, id, 0).await?;
    send_invitation(core, &mut tx, &link, &email, &name).await?;
    finish(core, tx).await?;
    Ok(link.address(core))
}

/// Sends the link of an invitation. Without a mail server, it is only handed over.
async fn send_invitation(
    core: &Core,
    tx: &mut TenantTx<'_, Staff>,
    link: &GeneratedLink,
    email: &str,
    name: &str,
) -> CoreResult<()> {
    if !core.sends_mail() {
        return Ok(());
    }
    let tenant = tx.tenant_id();
    let staff = tx.staff();
    let data = mail_data(staff.tenant_name(), name, staff.zone(), Some(link.expires_at));
    // Nobody has chosen a language yet; that of the inviting colleague is a good guess.
    let locale = staff.locale().unwrap_or_default();
    let mail = AccountMail {
        kind: MailKind::AccountInvitation,
        recipient: email,
        locale,
        data: &data,
        link: Some(link.id),
        needs_review: false,
    };
    Ok(tx.insert_account_mail(tenant, &mail).await?)
}

/// Returns a new link for an account, after a lost invitation or for a person who cannot read their email. Earlier links are void;
/// password and sessions stay valid until the link is used.
///
/// # Errors
/// `not_found`, also for a locked account.
pub async fn renew_link(core: &Core, by: Permit<'_, ManageTeam>, id: StaffId) -> CoreResult<SecretString> {
    let mut tx = begin(core, &by).await?;
    let member = tx.member(id).await?.ok_or_else(CoreError::not_found)?;
    if member.is_locked {
        return Err(CoreError::not_found());
    }
    tx.revoke_member_links(id).await?;
    tx.audit("staff.link_created", id, json!({}));
    let link = add_link(core, &mut tx, id, member.epoch).await?;
    if !member.has_password {
        send_invitation(core, &mut tx, &link, &member.email, &member.display_name).await?;
    }
    finish(core, tx).await?;
    Ok(link.address(core))
}

async fn add_link(core: &Core, tx: &mut TenantTx<'_, Staff>, id: StaffId, epoch: i64) -> CoreResult<GeneratedLink> {
    let link = GeneratedLink::new(core, tx.tenant(), LINK_LIFETIME)?;
    tx.insert_member_link(&link.row(id.uuid(), epoch)).await?;
    Ok(link)
}

impl GeneratedLink {
    /// Returns the address of the page on which a staff account sets its password.
    fn address(&self, core: &Core) -> SecretString {
        addresses::password_link(&core.settings, Realm::Staff, &self.token).into()
    }
}

/// Sets a role and ends the sessions of the account. `shown` is the role that the page shows.
///
/// # Errors
/// `not_found`; `stale` if the role has changed since; field `role`, also for the last administrator.
pub async fn set_role(core: &Core, by: Permit<'_, ManageTeam>, id: StaffId, shown: &str, role: &str) -> CoreResult<()> {
    let role = Role::from_name(role).ok_or_else(|| CoreError::field("role", FieldCode::NotInList))?;
    let mut tx = begin(core, &by).await?;
    let member = tx.member(id).await?.ok_or_else(CoreError::not_found)?;
    if member.role != shown {
        return Err(CoreError::conflict(Record::Other));
    }
    if member.role == role.name() {
        return Ok(());
    }
    if member.role == Role::Admin.name() && !tx.has_other_administrator(id).await? {
        return Err(CoreError::field("role", FieldCode::LastAdministrator));
    }
    tx.set_member_role(id, role).await?;
    if role == Role::Technician {
        add_usual_hours(&mut tx, id).await?;
    }
    tx.audit("staff.role_set", id, json!({ "from": member.role, "to": role.name() }));
    finish(core, tx).await
}

/// Locks or unlocks an account; locking ends its sessions, feeds and links.
///
/// # Errors
/// `not_found`; field `role` for the last administrator.
pub async fn lock(core: &Core, by: Permit<'_, ManageTeam>, id: StaffId, is_locked: bool) -> CoreResult<()> {
    let mut tx = begin(core, &by).await?;
    let member = tx.member(id).await?.ok_or_else(CoreError::not_found)?;
    if member.is_locked == is_locked {
        return Ok(());
    }
    if is_locked && member.role == Role::Admin.name() && !tx.has_other_administrator(id).await? {
        return Err(CoreError::field("role", FieldCode::LastAdministrator));
    }
    tx.set_member_lock(id, is_locked).await?;
    let action = if is_locked {
        "account.locked"
    } else {
        "account.unlocked"
    };
    tx.audit(action, id, json!({}));
    finish(core, tx).await
}
