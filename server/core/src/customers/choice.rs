//! The customer, location and contact that staff choose on a form.

use domain::fields::FieldCode;
use domain::ids::{ContactId, CustomerId, LocationId};

use crate::CoreResult;
use crate::db::TenantTx;
use crate::form::Form;
use crate::identity::actors::Staff;

/// What was chosen.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Chosen {
    pub customer: CustomerId,
    pub location: Option<LocationId>,
    pub contact: Option<ContactId>,
}

/// Reads the choice of an active customer, and of its location and contact if they are not empty; errors name the fields `customer`,
/// `location` and `contact`.
pub(crate) async fn read(
    tx: &mut TenantTx<'_, Staff>,
    form: &mut Form,
    customer: &str,
    location: &str,
    contact: &str,
) -> CoreResult<Option<Chosen>> {
    let customer = match customer.parse::<CustomerId>() {
        Ok(id) => tx.customer(id).await?.filter(|customer| !customer.is_archived),
        Err(_) => None,
    };
    let Some(customer) = customer else {
        form.add_error("customer", FieldCode::Required);
        return Ok(None);
    };
    let mut chosen = Chosen {
        customer: customer.id,
        location: None,
        contact: None,
    };
    if !location.is_empty() {
        let found = match location.parse::<LocationId>() {
            Ok(id) => tx.location_of(customer.id, id).await?,
            Err(_) => None,
        };
        chosen.location = found.filter(|line| !line.is_archived).map(|line| line.id);
        if chosen.location.is_none() {
            form.add_error("location", FieldCode::Required);
        }
    }
    if !contact.is_empty() {
        chosen.contact = contact_of(tx, customer.id, contact, None).await?;
        if chosen.contact.is_none() {
            form.add_error("contact", FieldCode::Required);
        }
    }
    Ok(Some(chosen))
}

/// Reads one of the customer's contacts that is not archived, or is the one that was `kept` before.
pub(crate) async fn contact_of(
    tx: &mut TenantTx<'_, Staff>,
    customer: CustomerId,
    contact: &str,
    kept: Option<ContactId>,
) -> CoreResult<Option<ContactId>> {
    let Ok(id) = contact.parse::<ContactId>() else {
        return Ok(None);
    };
    let is_archived = tx.is_contact_archived(customer, id).await?;
    Ok(is_archived
        .filter(|is_archived| !is_archived || kept == Some(id))
        .map(|_| id))
}
