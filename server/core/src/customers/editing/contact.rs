//! Contacts that staff create and edit.

use domain::customers::MAX_PHONE_CHARS;
use domain::fields::FieldCode;
use domain::identity::permissions::{ManageCustomers, ViewOperations};
use domain::ids::{ContactId, CustomerId, LocationId};
use domain::imports::MAX_NAME_CHARS;
use domain::problems::{Cause, Record};
use domain::text;
use serde_json::json;

use crate::commit::finish;
use crate::customers::NewContact;
use crate::customers::editing::customer::changed_fields;
use crate::customers::editing::{active_customer, changes_of};
use crate::customers::model::{ContactRecord, CustomerRecord, LocationSummary, RecordChange};
use crate::db::TenantTx;
use crate::form::Form;
use crate::identity::actors::{Permit, Staff};
use crate::{Core, CoreError, CoreResult};

/// The unparsed fields of a contact.
#[derive(Debug, Clone, Default)]
pub struct ContactInput {
    pub name: String,
    pub email: String,
    pub phone: String,
    /// ID of one of the customer's locations; empty for all of them.
    pub location: String,
}

/// A validated contact.
struct Values {
    name: String,
    email: Option<String>,
    phone: Option<String>,
    location: Option<LocationId>,
}

impl ContactInput {
    /// Validates the fields; errors name the fields as they are called here. `kept` is the location that the contact has already: it
    /// may be archived.
    async fn check(
        &self,
        tx: &mut TenantTx<'_, Staff>,
        customer: CustomerId,
        kept: Option<LocationId>,
    ) -> CoreResult<Values> {
        let mut form = Form::default();
        let name = form.text("name", MAX_NAME_CHARS, text::line(&self.name, MAX_NAME_CHARS));
        let email = if self.email.trim().is_empty() {
            None
        } else {
            form.text("email", 254, text::email(&self.email))
        };
        let phone = form.text(
            "phone",
            MAX_PHONE_CHARS,
            text::optional_line(&self.phone, MAX_PHONE_CHARS),
        );
        let mut location = None;
        if !self.location.is_empty() {
            let found = match self.location.parse::<LocationId>() {
                Ok(id) => tx.location_of(customer, id).await?,
                Err(_) => None,
            };
            location = found
                .filter(|line| !line.is_archived || Some(line.id) == kept)
                .map(|line| line.id);
            if location.is_none() {
                form.add_error("location", FieldCode::NotInList);
            }
        }
        form.finish()?;
        Ok(Values {
            name: name.ok_or_else(|| CoreError::new(Cause::InvalidFields))?,
            email,
            phone: phone.flatten(),
            location,
        })
    }
}

/// A contact with everything that its page shows.
#[derive(Debug, Clone)]
pub struct ContactPage {
    pub customer: CustomerRecord,
    pub contact: ContactRecord,
    pub locations: Vec<LocationSummary>,
    /// Newest first.
    pub changes: Vec<RecordChange>,
}

/// Returns one contact.
///
/// # Errors
/// `not_found`.
pub async fn contact(core: &Core, by: Permit<'_, ViewOperations>, id: ContactId) -> CoreResult<ContactPage> {
    let mut tx = core.store.read(by.staff()).await?;
    let contact = tx.contact_record(id).await?.ok_or_else(CoreError::not_found)?;
    let customer = tx.customer_record(contact.customer_id).await?;
    let mut locations = tx.locations_of(contact.customer_id).await?;
    // The list is limited, and a form without the stored location would remove it.
    if let Some(id) = contact.location_id
        && locations.iter().all(|line| line.id != id)
    {
        locations.extend(tx.location_of(contact.customer_id, id).await?);
    }
    Ok(ContactPage {
        customer: customer.ok_or_else(CoreError::not_found)?,
        locations,
        changes: changes_of(&mut tx, contact.customer_id, id).await?,
        contact,
    })
}

/// Adds a contact to a customer.
///
/// # Errors
/// The fields of [`ContactInput`]; field `customer` if the customer is archived; `not_found`.
pub async fn create_contact(
    core: &Core,
    by: Permit<'_, ManageCustomers>,
    customer: CustomerId,
    input: &ContactInput,
) -> CoreResult<ContactId> {
    let mut tx = core.store.begin(by.staff()).await?;
    active_customer(&mut tx, customer).await?;
    let values = input.check(&mut tx, customer, None).await?;
    let (email, phone) = (values.email.as_deref(), values.phone.as_deref());
    // The same form again must not create the contact again.
    let new = NewContact {
        customer,
        location: values.location,
        display_name: &values.name,
        email,
        phone,
    };
    if let Some(known) = tx.same_contact(&new).await? {
        return Ok(known);
    }
    let id: ContactId = tx.new_id();
    tx.insert_contact(id, &new).await?;
    tx.audit("contact.created", id, json!({ "by": "staff", "customer": customer }));
    finish(core, tx).await?;
    Ok(id)
}

/// Changes a contact. `shown` is the version that the form shows.
///
/// # Errors
/// The fields of [`ContactInput`]; `not_found`; `concurrent_modification`.
pub async fn update_contact(
    core: &Core,
    by: Permit<'_, ManageCustomers>,
    id: ContactId,
    shown: &str,
    input: &ContactInput,
) -> CoreResult<()> {
    let mut tx = core.store.begin(by.staff()).await?;
    let known = tx.lock_contact_record(id).await?.ok_or_else(CoreError::not_found)?;
    let values = input.check(&mut tx, known.customer_id, known.location_id).await?;
    known.version().ensure_shown(Some(shown), Record::Other)?;
    let changed = changed_fields([
        ("name", known.display_name != values.name),
        ("email", known.email != values.email),
        ("phone", known.phone != values.phone),
        ("location", known.location_id != values.location),
    ]);
    if changed.is_empty() {
        return Ok(());
    }
    let (email, phone) = (values.email.as_deref(), values.phone.as_deref());
    tx.update_contact(id, &values.name, email, phone, values.location)
        .await?;
    tx.audit("contact.updated", id, json!({ "by": "staff", "fields": changed }));
    finish(core, tx).await
}

/// Archives or restores a contact.
///
/// # Errors
/// `not_found`; field `name` while the contact has access to the portal; field `customer` if its customer is archived.
pub async fn archive_contact(
    core: &Core,
    by: Permit<'_, ManageCustomers>,
    id: ContactId,
    is_archived: bool,
) -> CoreResult<()> {
    let mut tx = core.store.begin(by.staff()).await?;
    let customer = tx
        .contact_record(id)
        .await?
        .ok_or_else(CoreError::not_found)?
        .customer_id;
    let customer = tx
        .lock_customer_record(customer)
        .await?
        .ok_or_else(CoreError::not_found)?;
    tx.lock_contact_record(id).await?;
    // After the lock: access may have been granted while waiting for it.
    let known = tx.contact_record(id).await?.ok_or_else(CoreError::not_found)?;
    if known.is_archived == is_archived {
        return Ok(());
    }
    if is_archived && known.has_portal_access {
        return Err(CoreError::field("name", FieldCode::PortalAccess));
    }
    if !is_archived && !customer.is_active() {
        return Err(CoreError::field("customer", FieldCode::CustomerInactive));
    }
    tx.archive_contact(id, is_archived).await?;
    let action = if is_archived {
        "contact.archived"
    } else {
        "contact.restored"
    };
    tx.audit(action, id, json!({ "by": "staff" }));
    finish(core, tx).await
}
