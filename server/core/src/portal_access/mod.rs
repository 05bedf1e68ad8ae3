//! Portal access: invitations and grants by staff and portal users, links in mails, the portal's pages and profiles.

mod actions;
pub mod calendar;
pub mod colleagues;
pub(crate) mod invitation;
pub(crate) mod key_rotation;
pub mod links;
pub mod model;
pub mod new_request;
pub mod pages;
pub mod profile;
#[expect(clippy::disallowed_methods, reason = "SQL lives in the store of a slice")]
mod store;
pub mod view_as;
pub(crate) use self::store::granted::{has_tracking_page, in_force, reaches, reaches_own, reading_account};
pub(crate) use self::store::links::AccountMail;
pub(crate) use self::store::links::LinkWriter;
#[cfg(test)]
pub(crate) use self::store::requests::Extent;

use chrono::{DateTime, Utc};
use domain::fields::FieldCode;
use domain::identity::permissions::{ManagePortalAccess, ViewOperations};
use domain::ids::{CustomerId, GrantId, PortalUserId};
use domain::locale::Locale;
use domain::portal_access::{EXPIRING_WITHIN, INACTIVE_AFTER, LinkPurpose};
use domain::problems::Cause;
use secrecy::SecretString;
use serde_json::json;

use crate::commit::finish;
use crate::customers::model::{ContactSummary, LocationSummary};
use crate::db::TenantTx;
use crate::identity::actors::{Permit, Staff};
use crate::page::{PAGE_SIZE, Page};
use crate::portal_access::actions::{is_invitable, is_viewable};
pub use crate::portal_access::invitation::InviteForm;
use crate::portal_access::model::{AccessSummary, AccountAccess, AccountActions, ReviewSummary};
use crate::portal_access::store::grants::NewPortalGrant;
use crate::{Core, CoreError, CoreResult};

/// The portal access to one customer.
#[derive(Debug, Clone)]
pub struct CustomerAccess {
    pub customer_name: String,
    /// The accounts of its contacts and all other accounts with a grant.
    pub accounts: Vec<AccountAccess>,
    /// Whether the viewer can invite contacts; the contacts of an archived customer cannot be invited.
    pub can_invite: bool,
    /// The contacts that can be invited.
    pub contacts: Vec<ContactSummary>,
    /// The locations that can be granted.
    pub locations: Vec<LocationSummary>,
    /// The time of the query.
    pub now: DateTime<Utc>,
}

/// Returns the portal access to a customer.
pub async fn of_customer(core: &Core, by: Permit<'_, ViewOperations>, id: CustomerId) -> CoreResult<CustomerAccess> {
    let mut tx = core.store.read(by.staff()).await?;
    let customer = tx.customer(id).await?.ok_or_else(CoreError::not_found)?;
    let now = core.clock.now();
    let may_manage = by.staff().has::<ManagePortalAccess>();
    let grants = tx.grants_of_customer(id).await?;
    let accounts = tx.portal_accounts_of(id).await?.into_iter().map(|account| {
        let status = account.status(now);
        AccountAccess {
            status,
            grants: grants
                .iter()
                .filter(|grant| grant.account_id == account.id)
                .cloned()
                .collect(),
            actions: AccountActions::of(status, account.has_second_factor, may_manage),
            account,
        }
    });
    let (mut contacts, mut locations) = (tx.contacts_of(id).await?, tx.locations_of(id).await?);
    contacts.retain(|contact| !contact.is_archived);
    locations.retain(|location| !location.is_archived);
    Ok(CustomerAccess {
        customer_name: customer.name,
        accounts: accounts.collect(),
        can_invite: may_manage && !customer.is_archived,
        contacts,
        locations,
        now,
    })
}

/// Invites a contact with grants, or gives further grants to an existing account. Returns the invitation link, which is
/// also sent by mail; `None` if the account is active.
///
/// # Errors
/// Fields; `not_found`.
pub async fn invite(
    core: &Core,
    by: Permit<'_, ManagePortalAccess>,
    customer: CustomerId,
    input: &InviteForm,
) -> CoreResult<Option<SecretString>> {
    let staff = by.staff();
    let zone = staff.zone().parse().unwrap_or(chrono_tz::UTC);
    let checked = input.check(zone, core.clock.now())?;
    let mut tx = core.store.begin(staff).await?;
    let mut contacts = tx.contacts_of(customer).await?;
    contacts.retain(|contact| !contact.is_archived);
    let person = invitation::person(&checked, &contacts)?;
    let account = invitation::account(&mut tx, customer, &person, &checked).await?;
    for location in &checked.places {
        let grant = NewPortalGrant {
            account: account.id,
            customer,
            location: *location,
            capabilities: checked.capabilities,
            valid_from: checked.from,
            valid_until: checked.until,
            reason: &checked.reason,
        };
        if !tx.create_grant(&grant).await? {
            return Err(CoreError::not_found());
        }
    }
    tx.audit(
        "portal.granted",
        account.id,
        json!({ "customer": customer, "places": checked.places.len(), "from": checked.from, "until": checked.until }),
    );
    let link = if account.is_active {
        None
    } else {
        Some(
            invitation::send(
                core,
                &mut tx,
                staff.tenant_name(),
                staff.zone(),
                account.id,
                &person,
                checked.locale,
            )
            .await?
            .link,
        )
    };
    finish(core, tx).await?;
    Ok(link)
}

/// Sends the invitation again with a new link; the old link is revoked.
///
/// # Errors
/// `not_found`; `illegal_transition` if the invitation was accepted or the account is blocked.
pub async fn renew_invitation(
    core: &Core,
    by: Permit<'_, ManagePortalAccess>,
    id: PortalUserId,
) -> CoreResult<SecretString> {
    let staff = by.staff();
    let mut tx = core.store.begin(staff).await?;
    let account = tx.portal_account(id).await?.ok_or_else(CoreError::not_found)?;
    ensure_active_contact(&mut tx, id).await?;
    if !is_invitable(account.status(core.clock.now())) {
        return Err(CoreError::new(Cause::InvitationNotOpen));
    }
    let person = invitation::Person {
        contact: Some(account.contact_id),
        name: account.display_name,
        email: account.email,
    };
    // The language of the first invitation.
    let account_locale = tx.account_locale(id).await?;
    let locale = account_locale
        .as_deref()
        .and_then(Locale::from_tag)
        .or_else(|| staff.locale())
        .unwrap_or_default();
    let sent = invitation::send(core, &mut tx, staff.tenant_name(), staff.zone(), id, &person, locale).await?;
    tx.audit("portal.invited_again", id, json!({}));
    finish(core, tx).await?;
    Ok(sent.link)
}

/// Returns the accounts whose invitation expired before it was accepted, latest first.
pub async fn expired_invitations(core: &Core, by: Permit<'_, ManagePortalAccess>) -> CoreResult<Vec<AccessSummary>> {
    Ok(core.store.read(by.staff()).await?.expired_invitations().await?)
}

/// Revokes an invitation that was not accepted.
///
/// # Errors
/// `not_found` if there is none.
pub async fn revoke_invitation(core: &Core, by: Permit<'_, ManagePortalAccess>, id: PortalUserId) -> CoreResult<()> {
    let mut tx = core.store.begin(by.staff()).await?;
    if !tx.revoke_links(id, LinkPurpose::Invitation).await? {
        return Err(CoreError::not_found());
    }
    tx.audit("portal.invitation_revoked", id, json!({}));
    finish(core, tx).await
}

/// Checks that the contact of an account is not archived. The contact stays as it is until the transaction ends.
async fn ensure_active_contact(tx: &mut TenantTx<'_, Staff>, id: PortalUserId) -> CoreResult<()> {
    let account = tx.portal_account(id).await?.ok_or_else(CoreError::not_found)?;
    let contact = tx.lock_contact_record(account.contact_id).await?;
    if contact.is_some_and(|contact| contact.is_archived) {
        return Err(CoreError::field("contact", FieldCode::ContactArchived));
    }
    Ok(())
}

/// Blocks or unblocks an account; blocking ends its access.
///
/// # Errors
/// `not_found`; field `contact` if an account is unblocked whose contact is archived.
pub async fn block(core: &Core, by: Permit<'_, ManagePortalAccess>, id: PortalUserId, blocked: bool) -> CoreResult<()> {
    let mut tx = core.store.begin(by.staff()).await?;
    if !blocked {
        ensure_active_contact(&mut tx, id).await?;
    }
    if !tx.block_account(id, blocked).await? {
        return Err(CoreError::not_found());
    }
    let action = if blocked { "portal.blocked" } else { "portal.unblocked" };
    tx.audit(action, id, json!({}));
    finish(core, tx).await
}

/// Revokes a grant, effective with the next request. An account without grants is signed out.
pub async fn revoke_grant(core: &Core, by: Permit<'_, ManagePortalAccess>, id: GrantId) -> CoreResult<()> {
    let mut tx = core.store.begin(by.staff()).await?;
    let account = tx.account_of_grant(id).await?.ok_or_else(CoreError::not_found)?;
    if !tx.revoke_grant(id).await? {
        return Err(CoreError::not_found());
    }
    if !tx.has_grants(account).await? {
        tx.end_access_of(account).await?;
    }
    tx.audit("portal.grant_revoked", id, json!({ "account": account }));
    finish(core, tx).await
}

/// Creates a link for a read-only view-as session of an account and returns its path. Opening the link is audited; the view
/// ends with the staff session that began it.
///
/// # Errors
/// `not_found`, also for an account that is not active.
pub async fn start_view_as(core: &Core, by: Permit<'_, ManagePortalAccess>, id: PortalUserId) -> CoreResult<String> {
    let staff = by.staff();
    let mut tx = core.store.begin(staff).await?;
    let account = tx.portal_account(id).await?.ok_or_else(CoreError::not_found)?;
    if !is_viewable(account.status(core.clock.now())) {
        return Err(CoreError::not_found());
    }
    let path = links::create_view_as_link(core, &mut tx, staff, id).await?;
    finish(core, tx).await?;
    Ok(path)
}

/// Returns a page of grants that end soon or have been unused for a long time.
pub async fn review(
    core: &Core,
    by: Permit<'_, ManagePortalAccess>,
    after: Option<GrantId>,
) -> CoreResult<Page<ReviewSummary>> {
    let now = core.clock.now();
    let mut tx = core.store.read(by.staff()).await?;
    let rows = tx
        .grants_to_review(after, now + EXPIRING_WITHIN, now - INACTIVE_AFTER, PAGE_SIZE + 1)
        .await?;
    Ok(Page::from_rows(rows, PAGE_SIZE))
}
