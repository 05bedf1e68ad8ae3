//! A customer's own people give access to colleagues: only within a grant of their own that allows it, in place, in kind and
//! in time. The store's statements decide that; nothing is checked here that they would not refuse.

use chrono::{DateTime, Utc};
use domain::ids::{CustomerId, GrantId, LocationId};
use domain::portal_access::{AccessStatus, Capabilities, Capability};
use serde_json::json;

use crate::commit::finish;
use crate::identity::actors::Contact;
use crate::portal_access::invitation;
use crate::portal_access::invitation::InviteForm;
use crate::portal_access::model::{ColleagueLine, GrantLine};
use crate::portal_access::store::grants::GrantToGive;
use crate::{Core, CoreError, CoreResult};

/// A place for which access can be given.
#[derive(Debug, Clone)]
pub struct ManagedPlace {
    /// The customer.
    pub customer: CustomerId,
    /// Its name.
    pub customer_name: String,
    /// The whole customer, or one location of it.
    pub location: Option<(LocationId, String)>,
}

/// What the page of colleagues shows.
#[derive(Debug, Clone)]
pub struct Colleagues {
    /// Their grants.
    pub grants: Vec<ColleagueLine>,
    /// For what access can be given; empty for somebody who may not.
    pub places: Vec<ManagedPlace>,
    /// What can be given.
    pub capabilities: Vec<Capability>,
    /// When this was read.
    pub now: DateTime<Utc>,
}

impl ColleagueLine {
    /// Where the access stands.
    pub fn status(&self, now: DateTime<Utc>) -> AccessStatus {
        AccessStatus::of(self.is_blocked, self.is_active, self.invitation_ends, now)
    }
}

/// The colleagues, and what can be given to them.
///
/// # Errors
/// `not_found` for somebody who may not give access.
pub async fn list(core: &Core, contact: &Contact) -> CoreResult<Colleagues> {
    let mut tx = core.store.read(contact).await?;
    let own: Vec<GrantLine> = tx.own_grants().await?;
    let managing: Vec<&GrantLine> = own.iter().filter(|grant| grant.may.all().manage).collect();
    if managing.is_empty() {
        return Err(CoreError::not_found());
    }
    let mut places: Vec<ManagedPlace> = managing
        .iter()
        .filter(|grant| grant.location_id.is_none())
        .map(|grant| ManagedPlace {
            customer: grant.customer_id.0,
            customer_name: grant.customer_name.clone(),
            location: None,
        })
        .collect();
    for (location, customer, name) in tx.managed_locations().await? {
        let customer_name = managing
            .iter()
            .find(|grant| grant.customer_id.0 == customer.0)
            .map_or_else(String::new, |grant| grant.customer_name.clone());
        places.push(ManagedPlace {
            customer: customer.0,
            customer_name,
            location: Some((location.0, name)),
        });
    }
    let given = |capability: &Capability| {
        *capability != Capability::Manage && managing.iter().any(|grant| grant.may.all().has(*capability))
    };
    Ok(Colleagues {
        grants: tx.colleagues().await?,
        capabilities: Capability::ALL.iter().copied().filter(given).collect(),
        places,
        now: core.clock.now(),
    })
}

/// Invites a colleague. The answer is the same whether or not the address has an account; the list of colleagues shows
/// from then on where that account stands, which whoever gave access must see.
///
/// # Errors
/// Fields; `not_found` for a place that one's own grant does not reach; field `capabilities` or `until` for more than it
/// allows.
pub async fn invite(core: &Core, contact: &Contact, customer: CustomerId, input: &InviteForm) -> CoreResult<()> {
    let zone = contact.zone().parse().unwrap_or(chrono_tz::UTC);
    let checked = InviteForm {
        contact: String::new(),
        ..input.clone()
    }
    .check(zone, core.clock.now())?;
    let mut tx = core.store.begin(contact).await?;
    let own = tx.own_grants().await?;
    let managing: Vec<&GrantLine> = own
        .iter()
        .filter(|grant| grant.customer_id.0 == customer && grant.may.all().manage)
        .collect();
    if managing.is_empty() {
        return Err(CoreError::not_found());
    }
    let wanted = Capabilities {
        manage: false,
        ..checked.capabilities
    };
    explain(&managing, wanted, checked.until)?;
    let person = invitation::person(&checked, &[])?;
    let account = invitation::account(&mut tx, customer, &person, &checked).await;
    let account = account.map_err(|error| {
        // That an account is blocked is the organisation's business.
        if error.fields.iter().any(|field| field.code == "account_blocked") {
            CoreError::field("email", "cannot_be_invited", "This address cannot be invited.")
        } else {
            error
        }
    })?;
    if account.id == contact.id() {
        return Err(CoreError::field(
            "email",
            "cannot_be_invited",
            "This is your own address.",
        ));
    }
    for location in &checked.places {
        let grant = GrantToGive {
            account: account.id,
            customer,
            location: *location,
            capabilities: wanted,
            valid_from: checked.from,
            valid_until: checked.until,
            reason: &checked.reason,
        };
        if !tx.give_grant_within(&grant).await? {
            return Err(CoreError::not_found());
        }
    }
    tx.audit(
        "portal.granted",
        account.id,
        json!({ "customer": customer, "places": checked.places.len(), "from": checked.from, "until": checked.until }),
    );
    if !account.is_active {
        let (name, zone) = (contact.tenant_name(), contact.zone());
        invitation::send(core, &mut tx, name, zone, account.id, &person, checked.locale).await?;
    }
    finish(core, tx).await?;
    Ok(())
}

/// Says what no own grant of this customer allows, before the statements refuse it without a reason.
fn explain(managing: &[&GrantLine], wanted: Capabilities, until: Option<DateTime<Utc>>) -> CoreResult<()> {
    if !managing.iter().any(|grant| wanted.within(grant.may.all())) {
        return Err(CoreError::field(
            "capabilities",
            "more_than_own",
            "You can only give what you may do yourself.",
        ));
    }
    let ends_in_time = managing.iter().any(|grant| {
        grant
            .valid_until
            .is_none_or(|end| until.is_some_and(|until| until <= end))
    });
    if ends_in_time {
        Ok(())
    } else {
        Err(CoreError::field(
            "until",
            "longer_than_own",
            "It cannot last longer than your own access.",
        ))
    }
}

/// Takes a colleague's grant back. Whoever has none left is signed out.
///
/// # Errors
/// `not_found` for a grant out of reach, and for one of somebody who may give access too.
pub async fn revoke(core: &Core, contact: &Contact, id: GrantId) -> CoreResult<()> {
    let mut tx = core.store.begin(contact).await?;
    if !tx.revoke_grant_within(id).await? {
        return Err(CoreError::not_found());
    }
    let account = tx.account_of_grant(id).await?.ok_or_else(CoreError::not_found)?;
    if !tx.has_grants(account).await? {
        tx.end_sessions_of(account).await?;
    }
    tx.audit("portal.grant_revoked", id, json!({ "account": account }));
    finish(core, tx).await
}
