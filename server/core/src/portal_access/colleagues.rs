//! Access management by portal users: they can give colleagues access only within one of their managing grants, limited to
//! its locations, capabilities and end. The store's statements enforce this; checks here only produce better error messages.

use chrono::{DateTime, Utc};
use domain::fields::FieldCode;
use domain::ids::{CustomerId, GrantId, LocationId};
use domain::intake::mails::MailKind;
use domain::locale::Locale;
use domain::portal_access::{AccessStatus, Capabilities, Capability, INVITATION_LIFETIME};
use serde_json::json;

use crate::commit::finish;
use crate::db::TenantTx;
use crate::identity::actors::Contact;
use crate::portal_access::invitation::{Checked, InviteForm, Person};
use crate::portal_access::model::{ColleagueSummary, GrantSummary};
use crate::portal_access::store::grants::{AddressedAccount, NewPortalGrant};
use crate::portal_access::store::links::{AccountMail, LinkWriter as _};
use crate::portal_access::{invitation, links};
use crate::{Core, CoreError, CoreResult};

/// A customer or location for which the user can give access.
#[derive(Debug, Clone)]
pub struct GrantableLocation {
    pub customer: CustomerId,
    pub customer_name: String,
    /// `None` means the whole customer.
    pub location: Option<(LocationId, String)>,
}

/// The colleagues' grants, and what the user can give.
#[derive(Debug, Clone)]
pub struct Colleagues {
    pub grants: Vec<ColleagueSummary>,
    /// The customers and locations for which the user can give access.
    pub places: Vec<GrantableLocation>,
    /// The capabilities that the user can give.
    pub capabilities: Vec<Capability>,
    /// The time of the query.
    pub now: DateTime<Utc>,
}

/// What an invitation led to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Invited {
    /// A colleague has the access now.
    Granted,
    /// The person gets an email and has the access once they accept.
    ByEmail,
    /// The same, but an administrator looks at the email first, because the user has invited many people in a day.
    Held,
}

impl Invited {
    const fn by_email(is_held: bool) -> Self {
        if is_held { Self::Held } else { Self::ByEmail }
    }
}

/// What is offered, and the person as the offering user typed it.
struct Offered<'a> {
    customer: CustomerId,
    customer_name: Option<&'a str>,
    checked: &'a Checked,
    capabilities: Capabilities,
    person: &'a Person,
}

impl ColleagueSummary {
    /// Returns the status of the account's access.
    pub fn status(&self, now: DateTime<Utc>) -> AccessStatus {
        AccessStatus::of(self.is_blocked, self.is_active, self.invitation_ends, now)
    }
}

/// Returns the colleagues' grants and what the user can give.
///
/// # Errors
/// `not_found` if the user may not manage access.
pub async fn list(core: &Core, contact: &Contact) -> CoreResult<Colleagues> {
    let mut tx = core.store.read(contact).await?;
    let own_grants: Vec<GrantSummary> = tx.own_grants().await?;
    let managing: Vec<&GrantSummary> = own_grants.iter().filter(|grant| grant.may.all().manage).collect();
    if managing.is_empty() {
        return Err(CoreError::not_found());
    }
    let mut places: Vec<GrantableLocation> = managing
        .iter()
        .filter(|grant| grant.location_id.is_none())
        .map(|grant| GrantableLocation {
            customer: grant.customer_id,
            customer_name: grant.customer_name.clone(),
            location: None,
        })
        .collect();
    for (location, customer, name) in tx.managed_locations().await? {
        let customer_name = managing
            .iter()
            .find(|grant| grant.customer_id == customer.0)
            .map_or_else(String::new, |grant| grant.customer_name.clone());
        places.push(GrantableLocation {
            customer: customer.0,
            customer_name,
            location: Some((location.0, name)),
        });
    }
    let can_give = |capability: &Capability| {
        *capability != Capability::Manage && managing.iter().any(|grant| grant.may.all().has(*capability))
    };
    Ok(Colleagues {
        grants: tx.colleagues().await?,
        capabilities: Capability::ALL.iter().copied().filter(can_give).collect(),
        places,
        now: core.clock.now(),
    })
}

/// Invites a colleague. A person who has an account already, and is no colleague yet, gets an offer to accept: neither the
/// response nor the list of colleagues then tells whether the address has an account.
///
/// # Errors
/// Fields; `not_found` for a location that none of the user's grants covers; field `capabilities` or `until` for more than
/// they allow.
pub async fn invite(core: &Core, contact: &Contact, customer: CustomerId, input: &InviteForm) -> CoreResult<Invited> {
    let zone = contact.zone().parse().unwrap_or(chrono_tz::UTC);
    let checked = InviteForm {
        contact: String::new(),
        ..input.clone()
    }
    .check(zone, core.clock.now())?;
    let mut tx = core.store.begin(contact).await?;
    let own_grants = tx.own_grants().await?;
    let managing: Vec<&GrantSummary> = own_grants
        .iter()
        .filter(|grant| grant.customer_id == customer && grant.may.all().manage)
        .collect();
    if managing.is_empty() {
        return Err(CoreError::not_found());
    }
    let requested = Capabilities {
        manage: false,
        ..checked.capabilities
    };
    check_within(&managing, requested, checked.until)?;
    let person = invitation::person(&checked, &[])?;
    if let Some(holder) = tx.account_by_email(&person.email).await? {
        let is_pending_here = !holder.is_active && holder.home_customer_id.0 == customer;
        if holder.id.0 != contact.id() && !is_pending_here && !tx.is_colleague(holder.id.0, customer).await? {
            let offered = Offered {
                customer,
                customer_name: managing.first().map(|grant| grant.customer_name.as_str()),
                checked: &checked,
                capabilities: requested,
                person: &person,
            };
            let is_held = offer(core, contact, tx, offered, &holder).await?;
            return Ok(Invited::by_email(is_held));
        }
    }
    let account = invitation::account(&mut tx, customer, &person, &checked).await;
    let account = account.map_err(|error| {
        // Only staff may learn that an account is blocked.
        if error.has_field(&FieldCode::AccountBlocked) {
            CoreError::field("email", FieldCode::CannotBeInvited)
        } else {
            error
        }
    })?;
    if account.id == contact.id() {
        return Err(CoreError::field("email", FieldCode::CannotBeInvited));
    }
    for location in &checked.places {
        let grant = NewPortalGrant {
            account: account.id,
            customer,
            location: *location,
            capabilities: requested,
            valid_from: checked.from,
            valid_until: checked.until,
            reason: &checked.reason,
        };
        tx.create_grant_within(&grant).await?.ok_or_else(CoreError::not_found)?;
    }
    tx.audit(
        "portal.granted",
        account.id,
        json!({ "customer": customer, "places": checked.places.len(), "from": checked.from, "until": checked.until }),
    );
    let invited = if account.is_active {
        Invited::Granted
    } else {
        let (name, zone) = (contact.tenant_name(), contact.zone());
        let sent = invitation::send(core, &mut tx, name, zone, account.id, &person, checked.locale).await?;
        Invited::by_email(sent.is_held)
    };
    finish(core, tx).await?;
    Ok(invited)
}

/// Offers grants to the holder of an account, and returns whether the email is held. To the offering person, this looks like the invitation of an unknown address.
async fn offer(
    core: &Core,
    contact: &Contact,
    mut tx: TenantTx<'_, Contact>,
    offered: Offered<'_>,
    holder: &AddressedAccount,
) -> CoreResult<bool> {
    let Offered {
        customer,
        customer_name,
        checked,
        capabilities,
        person,
    } = offered;
    let until = core.clock.now() + INVITATION_LIFETIME;
    for location in &checked.places {
        let grant = NewPortalGrant {
            account: holder.id.0,
            customer,
            location: *location,
            capabilities,
            valid_from: checked.from,
            valid_until: checked.until,
            reason: &checked.reason,
        };
        let id = tx.create_grant_within(&grant).await?.ok_or_else(CoreError::not_found)?;
        tx.mark_offered(id, until, &person.name, &person.email).await?;
    }
    tx.audit(
        "portal.access_offered",
        holder.id.0,
        json!({ "customer": customer, "places": checked.places.len(), "from": checked.from, "until": checked.until }),
    );
    let (tenant_name, zone) = (contact.tenant_name(), contact.zone());
    let is_held = if holder.is_active || holder.is_blocked {
        invitation::count(core, &mut tx).await?
    } else {
        // The person accepts the invitation to the portal first, and then this offer.
        let sent = invitation::send(core, &mut tx, tenant_name, zone, holder.id.0, person, checked.locale).await?;
        sent.is_held
    };
    if holder.is_active && !holder.is_blocked {
        let locale = holder.locale.as_deref().and_then(Locale::from_tag);
        let mut data = links::mail_data(tenant_name, &person.name, zone, None);
        data.text = customer_name.map(str::to_owned);
        let mail = AccountMail {
            kind: MailKind::PortalAccessOffered,
            recipient: &person.email,
            locale: locale.unwrap_or(checked.locale),
            data: &data,
            link: None,
            needs_review: is_held,
        };
        let tenant = tx.tenant_id();
        tx.insert_account_mail(tenant, &mail).await?;
    }
    finish(core, tx).await?;
    Ok(is_held)
}

/// Accepts an offer of access, or declines it.
///
/// # Errors
/// `not_found` if it is not an open offer to the user.
pub async fn answer_offer(core: &Core, contact: &Contact, id: GrantId, accept: bool) -> CoreResult<()> {
    let mut tx = core.store.begin(contact).await?;
    if !tx.answer_offer(id, accept).await? {
        return Err(CoreError::not_found());
    }
    let action = if accept {
        "portal.offer_accepted"
    } else {
        "portal.offer_declined"
    };
    tx.audit(action, id, json!({}));
    finish(core, tx).await
}

/// Checks that one of the user's grants allows the capabilities and the end; the statements would reject them without a
/// reason.
fn check_within(managing: &[&GrantSummary], requested: Capabilities, until: Option<DateTime<Utc>>) -> CoreResult<()> {
    if !managing.iter().any(|grant| requested.within(grant.may.all())) {
        return Err(CoreError::field("capabilities", FieldCode::MoreThanOwn));
    }
    let ends_in_time = managing.iter().any(|grant| {
        grant
            .valid_until
            .is_none_or(|end| until.is_some_and(|until| until <= end))
    });
    if ends_in_time {
        Ok(())
    } else {
        Err(CoreError::field("until", FieldCode::LongerThanOwn))
    }
}

/// Revokes a colleague's grant. An account without grants is signed out.
///
/// # Errors
/// `not_found` for a grant that none of the user's grants covers, or that allows managing access.
pub async fn revoke(core: &Core, contact: &Contact, id: GrantId) -> CoreResult<()> {
    let mut tx = core.store.begin(contact).await?;
    if !tx.revoke_grant_within(id).await? {
        return Err(CoreError::not_found());
    }
    let account = tx
        .account_of_managed_grant(id)
        .await?
        .ok_or_else(CoreError::not_found)?;
    tx.end_access_without_grants(id).await?;
    tx.audit("portal.grant_revoked", id, json!({ "account": account }));
    finish(core, tx).await
}
