//! Contacts of a client.

use domain::fields::{FieldCode, Patch};
use domain::ids::{ContactId, ContactKind, CustomerId, LocationId};
use domain::mapping::MappingSettings;
use domain::mapping::MappingType;
use domain::problems::Cause;

use crate::customers::client_records::put::{
    ClientTx, Condition, RecordForm, RecordWriter, check_create, named_customer, put_once,
};
use crate::customers::model::{ClientContact, ClientCustomer};
use crate::imports::ContactRow;
use crate::integrations::RecordKey;
use crate::integrations::idempotency::retry_on_conflict;
use crate::mapping::references::normalize_external_id;
use crate::{Core, CoreError, CoreResult};

/// The fields of a contact that a client sends.
#[derive(Debug, Clone)]
pub struct ContactForm {
    /// The external ID of its customer; required on creation.
    pub customer_external_id: Option<String>,
    /// The external ID of its location; only used on creation.
    pub location_external_id: Option<String>,
    /// Absent keeps the stored name; required on creation.
    pub display_name: Option<String>,
    pub email: Patch<String>,
    pub phone: Patch<String>,
}

/// Creates or updates a contact. Its customer cannot be changed.
///
/// # Errors
/// `precondition_failed`, `feature_not_enabled`, `mapping_conflict`, fields `/customerExternalId`,
/// `/locationExternalId`.
pub async fn put_contact(
    core: &Core,
    by: RecordWriter<'_>,
    external_id: &str,
    condition: Condition,
    form: &ContactForm,
) -> CoreResult<(ClientContact, bool)> {
    retry_on_conflict!(put_once(core, by, external_id, condition, form))
}

impl ContactForm {
    /// Returns name, email and phone after the write: named fields replace, absent ones are kept, null clears.
    fn values(&self, known: Option<&ClientContact>) -> (String, Option<String>, Option<String>) {
        let stored_name = || known.map(|known| known.display_name.clone()).unwrap_or_default();
        (
            self.display_name.clone().unwrap_or_else(stored_name),
            self.email.clone().over(known.and_then(|known| known.email.clone())),
            self.phone.clone().over(known.and_then(|known| known.phone.clone())),
        )
    }

    /// Returns the location that the form names by external ID; it must belong to the customer.
    async fn named_location(&self, tx: &mut ClientTx<'_>, customer: &ClientCustomer) -> CoreResult<Option<LocationId>> {
        let Some(text) = self.location_external_id.as_deref() else {
            return Ok(None);
        };
        let found = tx
            .find_client_location(RecordKey::ExternalId(&normalize_external_id(text)))
            .await?;
        let location = found
            .filter(|location| location.customer_id == customer.id)
            .ok_or_else(|| CoreError::field("/locationExternalId", FieldCode::NoSuchLocation))?;
        Ok(Some(location.id))
    }
}

impl RecordForm for ContactForm {
    type Kind = ContactKind;
    type Record = ClientContact;
    type Customer = Option<ClientCustomer>;
    /// The customer and the location.
    type New = (CustomerId, Option<LocationId>);

    const REFERENCE: MappingType = MappingType::Contact;
    const CREATED: &'static str = "contact.created";
    const UPDATED: &'static str = "contact.updated";

    async fn find(tx: &mut ClientTx<'_>, external_id: &str) -> CoreResult<Option<ClientContact>> {
        Ok(tx.find_client_contact(RecordKey::ExternalId(external_id)).await?)
    }

    async fn customer(&self, tx: &mut ClientTx<'_>) -> CoreResult<Option<ClientCustomer>> {
        named_customer(tx, self.customer_external_id.as_deref()).await
    }

    async fn check_known(
        &self,
        _: &mut ClientTx<'_>,
        customer: Option<ClientCustomer>,
        known: &ClientContact,
    ) -> CoreResult<bool> {
        if customer.is_some_and(|customer| customer.id != known.customer_id) {
            return Err(CoreError::new(Cause::ContactOfOtherCustomer));
        }
        let (display_name, email, phone) = self.values(Some(known));
        Ok(display_name != known.display_name || email != known.email || phone != known.phone)
    }

    async fn update(&self, tx: &mut ClientTx<'_>, known: ClientContact) -> CoreResult<ContactId> {
        let (display_name, email, phone) = self.values(Some(&known));
        tx.set_contact(known.id, &display_name, email.as_deref(), phone.as_deref())
            .await?;
        Ok(known.id)
    }

    async fn check_new(
        &self,
        tx: &mut ClientTx<'_>,
        customer: Option<ClientCustomer>,
        settings: &MappingSettings,
    ) -> CoreResult<(CustomerId, Option<LocationId>)> {
        let customer = customer.ok_or_else(|| CoreError::field("/customerExternalId", FieldCode::Required))?;
        if self.display_name.is_none() {
            return Err(CoreError::field("/displayName", FieldCode::Required));
        }
        let location = self.named_location(tx, &customer).await?;
        check_create(settings, settings.create_contacts)?;
        Ok((customer.id, location))
    }

    async fn insert(
        &self,
        tx: &mut ClientTx<'_>,
        id: ContactId,
        (customer, location): (CustomerId, Option<LocationId>),
    ) -> CoreResult<()> {
        let (display_name, email, phone) = self.values(None);
        let row = ContactRow {
            id,
            customer,
            location,
            display_name,
            email,
            phone,
        };
        tx.insert_contacts(&[row]).await?;
        Ok(())
    }
}
