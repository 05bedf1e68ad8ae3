//! Contacts of a client.

use domain::fields::FieldCode;
use domain::ids::{ContactId, ContactKind, CustomerId, LocationId};
use domain::problems::Cause;

use crate::customers::client_records::put::{
    ClientTx, Condition, RecordForm, RecordWriter, check_gate, named_customer, put_once,
};
use crate::customers::model::{ClientContact, ClientCustomer};
use crate::imports::{ContactRow, ReferenceKind};
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
    pub display_name: String,
    pub email: Option<String>,
    pub phone: Option<String>,
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

    const REFERENCE: ReferenceKind = ReferenceKind::Contact;
    const CREATED: &'static str = "contact.created";
    const UPDATED: &'static str = "contact.updated";

    async fn find(tx: &mut ClientTx<'_>, external_id: &str) -> CoreResult<Option<ClientContact>> {
        Ok(tx.find_client_contact(RecordKey::ExternalId(external_id)).await?)
    }

    async fn customer(&self, tx: &mut ClientTx<'_>) -> CoreResult<Option<ClientCustomer>> {
        named_customer(tx, self.customer_external_id.as_deref()).await
    }

    async fn update(
        &self,
        tx: &mut ClientTx<'_>,
        customer: Option<ClientCustomer>,
        known: ClientContact,
    ) -> CoreResult<Option<ContactId>> {
        if customer.is_some_and(|customer| customer.id != known.customer_id) {
            return Err(CoreError::new(Cause::ContactOfOtherCustomer));
        }
        tx.set_contact(
            known.id,
            &self.display_name,
            self.email.as_deref(),
            self.phone.as_deref(),
        )
        .await?;
        Ok(Some(known.id))
    }

    async fn check_new(
        &self,
        tx: &mut ClientTx<'_>,
        customer: Option<ClientCustomer>,
    ) -> CoreResult<(CustomerId, Option<LocationId>)> {
        let customer = customer.ok_or_else(|| CoreError::field("/customerExternalId", FieldCode::Required))?;
        let location = self.named_location(tx, &customer).await?;
        check_gate(tx).await?;
        Ok((customer.id, location))
    }

    async fn insert(
        &self,
        tx: &mut ClientTx<'_>,
        id: ContactId,
        (customer, location): (CustomerId, Option<LocationId>),
    ) -> CoreResult<()> {
        let row = ContactRow {
            id,
            customer,
            location,
            display_name: self.display_name.clone(),
            email: self.email.clone(),
            phone: self.phone.clone(),
        };
        tx.insert_contacts(&[row]).await?;
        Ok(())
    }
}
