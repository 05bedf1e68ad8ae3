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
        let requested = location.parse::<LocationId>().ok();
        let locations = tx.locations_of(customer.id).await?;
        let active = locations.iter().filter(|line| !line.is_archived);
        chosen.location = active.map(|line| line.id).find(|id| Some(*id) == requested);
        if chosen.location.is_none() {
            form.add_error("location", FieldCode::Required);
        }
    }
    if !contact.is_empty() {
        let requested = contact.parse::<ContactId>().ok();
        let contacts = tx.contacts_of(customer.id).await?;
        let active = contacts.iter().filter(|line| !line.is_archived);
        chosen.contact = active.map(|line| line.id).find(|id| Some(*id) == requested);
        if chosen.contact.is_none() {
            form.add_error("contact", FieldCode::Required);
        }
    }
    Ok(Some(chosen))
}
