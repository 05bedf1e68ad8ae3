//! Who may enter the portal and what they see there: invitations and grants by the staff, colleagues by a customer's own
//! people, links in mails, and the own profile.

pub mod calendar;
pub mod colleagues;
pub(crate) mod invitation;
pub mod links;
pub mod model;
pub mod pages;
pub mod profile;
#[expect(clippy::disallowed_methods, reason = "SQL lives in the store of a slice")]
mod store;
pub mod view_as;
pub(crate) use self::store::links::AccountMail;
pub(crate) use self::store::links::WritesLinks;

use chrono::{DateTime, Utc};
use domain::ids::{CustomerId, GrantId, PortalUserId};
use domain::locale::Locale;
use domain::permissions::{ManagePortalAccess, ViewOperations};
use domain::portal_access::{ENDS_SOON, LinkPurpose, UNUSED_AFTER};
use domain::problems::Problem;
use secrecy::SecretString;
use serde_json::json;

use crate::commit::finish;
use crate::customers::model::{ContactLine, LocationLine};
use crate::identity::actors::{Actor as _, Permit};
use crate::page::{PAGE, Page};
pub use crate::portal_access::invitation::InviteForm;
use crate::portal_access::model::{AccessLine, GrantLine, ReviewLine};
use crate::portal_access::store::grants::GrantToGive;
use crate::{Core, CoreError, CoreResult};

/// Everything about the access to one customer.
#[derive(Debug, Clone)]
pub struct CustomerAccess {
    /// The customer's name.
    pub customer_name: String,
    /// Whether the customer is archived; then nobody is invited any more.
    pub is_archived: bool,
    /// The accounts of its contacts, and of whoever else has a grant.
    pub accounts: Vec<AccessLine>,
    /// Their grants for this customer.
    pub grants: Vec<GrantLine>,
    /// Its contacts, to be invited.
    pub contacts: Vec<ContactLine>,
    /// Its locations, to be granted.
    pub locations: Vec<LocationLine>,
    /// When this was read.
    pub now: DateTime<Utc>,
}

/// Who may see what of a customer.
///
/// # Errors
/// `not_found`.
pub async fn of_customer(core: &Core, by: Permit<'_, ViewOperations>, id: CustomerId) -> CoreResult<CustomerAccess> {
    let mut tx = core.store.read(by.staff()).await?;
    let customer = tx.customer(id).await?.ok_or_else(CoreError::not_found)?;
    Ok(CustomerAccess {
        customer_name: customer.name,
        is_archived: customer.is_archived,
        accounts: tx.portal_accounts_of(id).await?,
        grants: tx.grants_of_customer(id).await?,
        contacts: tx.contacts_of(id).await?,
        locations: tx.locations_of(id).await?,
        now: core.clock.now(),
    })
}

/// Invites a contact with grants chosen at once, or gives further grants to somebody who has access already. The answer is
/// the link of the invitation, which is also sent by mail; `None` if there is nothing to accept any more.
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
    let known = tx.contacts_of(customer).await?;
    let person = invitation::person(&checked, &known)?;
    let account = invitation::account(&mut tx, customer, &person, &checked).await?;
    for location in &checked.places {
        let grant = GrantToGive {
            account: account.id,
            customer,
            location: *location,
            capabilities: checked.capabilities,
            valid_from: checked.from,
            valid_until: checked.until,
            reason: &checked.reason,
        };
        if !tx.give_grant(&grant).await? {
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
            .await?,
        )
    };
    finish(core, tx).await?;
    Ok(link)
}

/// Invites again: the link before ends now, and the mail carries the new one.
///
/// # Errors
/// `not_found`; `illegal_transition` if the invitation was accepted or the account is blocked.
pub async fn invite_again(
    core: &Core,
    by: Permit<'_, ManagePortalAccess>,
    id: PortalUserId,
) -> CoreResult<SecretString> {
    let staff = by.staff();
    let mut tx = core.store.begin(staff).await?;
    let account = tx.portal_account(id).await?.ok_or_else(CoreError::not_found)?;
    if account.is_active || account.is_blocked {
        return Err(CoreError::new(
            Problem::IllegalTransition,
            "Only somebody who has not accepted an invitation and is not blocked can be invited again.",
        ));
    }
    let person = invitation::Person {
        contact: Some(account.contact_id.0),
        name: account.display_name,
        email: account.email,
    };
    // In the language in which they were written to first.
    let chosen = tx.account_locale(id).await?;
    let locale = chosen
        .as_deref()
        .and_then(Locale::from_tag)
        .or_else(|| staff.locale())
        .unwrap_or_default();
    let link = invitation::send(core, &mut tx, staff.tenant_name(), staff.zone(), id, &person, locale).await?;
    tx.audit("portal.invited_again", id, json!({}));
    finish(core, tx).await?;
    Ok(link)
}

/// Takes an invitation back that was not accepted yet.
///
/// # Errors
/// `not_found` if none is open.
pub async fn revoke_invitation(core: &Core, by: Permit<'_, ManagePortalAccess>, id: PortalUserId) -> CoreResult<()> {
    let mut tx = core.store.begin(by.staff()).await?;
    if !tx.end_links(id, LinkPurpose::Invitation).await? {
        return Err(CoreError::not_found());
    }
    tx.audit("portal.invitation_revoked", id, json!({}));
    finish(core, tx).await
}

/// Blocks an account, which ends its sessions, or lets it in again.
///
/// # Errors
/// `not_found`.
pub async fn block(core: &Core, by: Permit<'_, ManagePortalAccess>, id: PortalUserId, blocked: bool) -> CoreResult<()> {
    let mut tx = core.store.begin(by.staff()).await?;
    if !tx.block_account(id, blocked).await? {
        return Err(CoreError::not_found());
    }
    let action = if blocked { "portal.blocked" } else { "portal.unblocked" };
    tx.audit(action, id, json!({}));
    finish(core, tx).await
}

/// Takes a grant back; it takes effect on the next request. Whoever has none left is signed out.
///
/// # Errors
/// `not_found`.
pub async fn revoke_grant(core: &Core, by: Permit<'_, ManagePortalAccess>, id: GrantId) -> CoreResult<()> {
    let mut tx = core.store.begin(by.staff()).await?;
    let account = tx.account_of_grant(id).await?.ok_or_else(CoreError::not_found)?;
    if !tx.revoke_grant(id).await? {
        return Err(CoreError::not_found());
    }
    if !tx.has_grants(account).await? {
        tx.end_sessions_of(account).await?;
    }
    tx.audit("portal.grant_revoked", id, json!({ "account": account }));
    finish(core, tx).await
}

/// Opens the portal as an account sees it, for looking only; the answer is the path to open. It is noted in the audit log
/// when the look begins.
///
/// # Errors
/// `not_found` for an account that is not active: it sees nothing.
pub async fn look(core: &Core, by: Permit<'_, ManagePortalAccess>, id: PortalUserId) -> CoreResult<String> {
    let staff = by.staff();
    let mut tx = core.store.begin(staff).await?;
    let account = tx.portal_account(id).await?.ok_or_else(CoreError::not_found)?;
    if !account.is_active || account.is_blocked {
        return Err(CoreError::not_found());
    }
    let path = links::for_look(core, &mut tx, staff.tenant(), id, staff.id()).await?;
    finish(core, tx).await?;
    Ok(path)
}

/// A page of grants that are worth a look: ending soon, or not used for a long time.
///
/// # Errors
/// The database does not answer.
pub async fn review(
    core: &Core,
    by: Permit<'_, ManagePortalAccess>,
    after: Option<GrantId>,
) -> CoreResult<Page<ReviewLine>> {
    let now = core.clock.now();
    let mut tx = core.store.read(by.staff()).await?;
    let rows = tx
        .grants_to_review(after, now + ENDS_SOON, now - UNUSED_AFTER, PAGE + 1)
        .await?;
    Ok(Page::cut(rows, PAGE))
}
