//! Access management by portal users: they can give colleagues access only within one of their managing grants, limited to
//! its locations, capabilities and end. The store's statements enforce this; checks here only produce better error messages.

use chrono::{DateTime, Utc};
use domain::fields::FieldCode;
use domain::ids::{CustomerId, GrantId, LocationId};
use domain::portal_access::{AccessStatus, Capabilities, Capability};
use serde_json::json;

use crate::commit::finish;
use crate::identity::actors::Contact;
use crate::portal_access::invitation;
use crate::portal_access::invitation::InviteForm;
use crate::portal_access::model::{ColleagueSummary, GrantSummary};
use crate::portal_access::store::grants::NewPortalGrant;
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

/// Invites a colleague, and returns whether the mail is held for review because the user has invited many people today. The
/// list of colleagues then shows the account's status.
///
/// # Errors
/// Fields; `not_found` for a location that none of the user's grants covers; field `capabilities` or `until` for more than
/// they allow.
pub async fn invite(core: &Core, contact: &Contact, customer: CustomerId, input: &InviteForm) -> CoreResult<bool> {
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
        if !tx.create_grant_within(&grant).await? {
            return Err(CoreError::not_found());
        }
    }
    tx.audit(
        "portal.granted",
        account.id,
        json!({ "customer": customer, "places": checked.places.len(), "from": checked.from, "until": checked.until }),
    );
    let mut is_held = false;
    if !account.is_active {
        let (name, zone) = (contact.tenant_name(), contact.zone());
        let sent = invitation::send(core, &mut tx, name, zone, account.id, &person, checked.locale).await?;
        is_held = sent.is_held;
    }
    finish(core, tx).await?;
    Ok(is_held)
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
