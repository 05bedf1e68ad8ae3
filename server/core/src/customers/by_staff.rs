//! Customers that staff create from what a requester said or typed.

use domain::customers::{Address, MAX_CITY_CHARS, MAX_PHONE_CHARS, MAX_POSTAL_CODE_CHARS, MAX_STREET_CHARS};
use domain::ids::{ContactId, CustomerId, LocationId};
use domain::imports::MAX_NAME_CHARS;
use domain::text;
use domain::text::CustomerNumber;
use serde_json::json;

use crate::CoreResult;
use crate::customers::editing::reserve_number;
use crate::customers::{NewContact, NewLocation, zone_of};
use crate::db::TenantTx;
use crate::form::Form;
use crate::identity::actors::Staff;

/// The unparsed fields of a new customer with its first location and contact.
#[derive(Debug, Clone, Default)]
pub struct NewCustomerForm {
    pub name: String,
    pub number: String,
    /// Name of the location; without one, the location is named after its address.
    pub location: String,
    pub street: String,
    pub postal_code: String,
    pub city: String,
    pub country: String,
    /// Name of the contact; without one, no contact is created.
    pub contact: String,
    pub phone: String,
    pub email: String,
}

/// A validated customer.
pub(crate) struct NewCustomer {
    name: String,
    number: Option<CustomerNumber>,
    location: Option<String>,
    address: Address,
    contact: Option<String>,
    phone: Option<String>,
    email: Option<String>,
}

/// The records that were created.
#[derive(Debug, Clone, Copy)]
pub(crate) struct CreatedRecords {
    pub customer: CustomerId,
    pub location: Option<LocationId>,
    pub contact: Option<ContactId>,
}

impl NewCustomerForm {
    /// Validates the fields; errors name the fields `new_name`, `new_number`, `new_location`, `new_street`,
    /// `new_postal_code`, `new_city`, `new_country`, `new_contact`, `phone` and `email`.
    pub(crate) fn check(&self, form: &mut Form) -> Option<NewCustomer> {
        let name = form.text("new_name", MAX_NAME_CHARS, text::line(&self.name, MAX_NAME_CHARS));
        let number = form.text(
            "new_number",
            CustomerNumber::MAX_CHARS,
            CustomerNumber::parse(&self.number),
        );
        let country = if self.country.trim().is_empty() {
            None
        } else {
            form.text("new_country", 2, text::country(&self.country))
        };
        let mut line =
            |field: &str, value: &str, max: usize| form.text(field, max, text::optional_line(value, max)).flatten();
        let location = line("new_location", &self.location, MAX_NAME_CHARS);
        let address = Address {
            street: line("new_street", &self.street, MAX_STREET_CHARS),
            postal_code: line("new_postal_code", &self.postal_code, MAX_POSTAL_CODE_CHARS),
            city: line("new_city", &self.city, MAX_CITY_CHARS),
            country,
        };
        let contact = line("new_contact", &self.contact, MAX_NAME_CHARS);
        let phone = line("phone", &self.phone, MAX_PHONE_CHARS);
        let email = if self.email.trim().is_empty() {
            None
        } else {
            form.text("email", 254, text::email(&self.email))
        };
        Some(NewCustomer {
            name: name?,
            number: number.flatten(),
            location,
            address,
            contact,
            phone,
            email,
        })
    }
}

impl NewCustomer {
    /// Sets the contact to a person whose details were validated elsewhere.
    pub(crate) fn with_contact(self, name: Option<String>, phone: Option<String>, email: Option<String>) -> Self {
        Self {
            contact: name,
            phone,
            email,
            ..self
        }
    }

    /// Returns the name of the location, if one is described at all.
    fn location_name(&self) -> Option<String> {
        self.location.clone().or_else(|| self.address.as_name())
    }
}

/// Creates a customer with its first location and contact in the transaction that needs it.
pub(crate) async fn create(tx: &mut TenantTx<'_, Staff>, new: &NewCustomer) -> CoreResult<CreatedRecords> {
    let customer: CustomerId = tx.new_id();
    if let Some(number) = &new.number {
        reserve_number(tx, "new_number", number).await?;
    }
    tx.insert_customer(customer, new.number.as_ref(), &new.name, false)
        .await?;
    let zone = zone_of(new.address.country.as_deref(), tx.staff().zone());
    let location = match new.location_name() {
        Some(name) => {
            let id: LocationId = tx.new_id();
            tx.insert_location(
                id,
                &NewLocation {
                    customer,
                    name: &name,
                    address: &new.address,
                    coordinates: None,
                    zone: &zone,
                    access_notes: None,
                },
            )
            .await?;
            Some(id)
        }
        None => None,
    };
    let contact = match &new.contact {
        Some(name) => {
            let id: ContactId = tx.new_id();
            tx.insert_contact(
                id,
                &NewContact {
                    customer,
                    location,
                    display_name: name,
                    email: new.email.as_deref(),
                    phone: new.phone.as_deref(),
                },
            )
            .await?;
            Some(id)
        }
        None => None,
    };
    tx.audit(
        "customer.created",
        customer,
        json!({ "by": "staff", "location": location, "contact": contact }),
    );
    Ok(CreatedRecords {
        customer,
        location,
        contact,
    })
}
