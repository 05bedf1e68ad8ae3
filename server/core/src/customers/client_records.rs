//! Customers, locations and contacts of a client's own source: read, created and updated by external ID.

use domain::customers::{Address, Coordinates};
use domain::feature_gates::FeatureGate;
use domain::fields::FieldCode;
use domain::ids::{ContactId, CustomerId, LocationId};
use domain::problems::Cause;
use domain::scopes::markers::{CustomersMapScope, CustomersReadScope, CustomersWriteScope};
use domain::text::{CustomerNumber, ExternalId};
use serde_json::json;

use crate::commit::finish;
use crate::customers::model::{ClientContact, ClientCustomer, ClientLocation};
use crate::db::TenantTx;
use crate::identity::actors::{ApiClient, ClientPermit};
use crate::imports::{ContactRow, LocationRow, ReferenceKind, ReferenceRow};
use crate::integrations::RecordKey;
use crate::integrations::idempotency::retry_on_conflict;
use crate::mapping::references::{normalize_external_id, parse_external_id};
use crate::page::Page;
use crate::{Core, CoreError, CoreResult};

/// The precondition of a write request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Condition {
    /// Creates or updates.
    None,
    /// `If-None-Match: *`: only creates.
    MustBeNew,
    /// `If-Match: *`: only updates.
    MustExist,
}

impl Condition {
    fn check(self, exists: bool) -> CoreResult<()> {
        match (self, exists) {
            (Self::MustBeNew, true) => Err(CoreError::new(Cause::RecordExists)),
            (Self::MustExist, false) => Err(CoreError::new(Cause::RecordMissing)),
            _ => Ok(()),
        }
    }
}

/// Proof that a client may write records of its own source.
#[derive(Debug, Clone, Copy)]
pub struct RecordWriter<'a> {
    client: &'a ApiClient,
}

impl<'a> RecordWriter<'a> {
    /// Checks the scopes `customers.map` and `customers.write`.
    ///
    /// # Errors
    /// `insufficient_scope`.
    pub fn of(client: &'a ApiClient) -> CoreResult<Self> {
        let _: ClientPermit<'_, CustomersMapScope> = client.require()?;
        let _: ClientPermit<'_, CustomersWriteScope> = client.require()?;
        Ok(Self { client })
    }
}

/// Returns a page of customers by external ID, optionally only those with a number.
pub async fn list_customers(
    core: &Core,
    by: ClientPermit<'_, CustomersReadScope>,
    number: Option<&str>,
    after: &str,
    limit: i64,
) -> CoreResult<Page<ClientCustomer>> {
    let number = match number {
        None => None,
        Some(text) => match CustomerNumber::parse(text) {
            Ok(Some(number)) => Some(CustomerNumber::for_comparison(&number)),
            _ => return Ok(Page::from_rows(Vec::new(), limit)),
        },
    };
    let mut tx = core.store.read(by.client()).await?;
    Ok(Page::from_rows(
        tx.list_client_customers(number.as_deref(), after, limit + 1).await?,
        limit,
    ))
}

/// Returns one customer by ID.
///
/// # Errors
/// `not_found`.
pub async fn get_customer(
    core: &Core,
    by: ClientPermit<'_, CustomersReadScope>,
    id: CustomerId,
) -> CoreResult<ClientCustomer> {
    let mut tx = core.store.read(by.client()).await?;
    tx.find_client_customer(RecordKey::Id(id.uuid()))
        .await?
        .ok_or_else(CoreError::not_found)
}

/// Returns the customer with an external ID, if there is one.
pub async fn find_customer_by_external_id(
    core: &Core,
    by: ClientPermit<'_, CustomersReadScope>,
    external_id: &str,
) -> CoreResult<Option<ClientCustomer>> {
    let mut tx = core.store.read(by.client()).await?;
    Ok(tx
        .find_client_customer(RecordKey::ExternalId(&normalize_external_id(external_id)))
        .await?)
}

/// Returns a page of locations by external ID.
pub async fn list_locations(
    core: &Core,
    by: ClientPermit<'_, CustomersReadScope>,
    after: &str,
    limit: i64,
) -> CoreResult<Page<ClientLocation>> {
    let mut tx = core.store.read(by.client()).await?;
    Ok(Page::from_rows(
        tx.list_client_locations(after, limit + 1).await?,
        limit,
    ))
}

/// Returns one location by ID.
///
/// # Errors
/// `not_found`.
pub async fn get_location(
    core: &Core,
    by: ClientPermit<'_, CustomersReadScope>,
    id: LocationId,
) -> CoreResult<ClientLocation> {
    let mut tx = core.store.read(by.client()).await?;
    tx.find_client_location(RecordKey::Id(id.uuid()))
        .await?
        .ok_or_else(CoreError::not_found)
}

/// Returns the location with an external ID, if there is one.
pub async fn find_location_by_external_id(
    core: &Core,
    by: ClientPermit<'_, CustomersReadScope>,
    external_id: &str,
) -> CoreResult<Option<ClientLocation>> {
    let mut tx = core.store.read(by.client()).await?;
    Ok(tx
        .find_client_location(RecordKey::ExternalId(&normalize_external_id(external_id)))
        .await?)
}

/// Returns a page of contacts by external ID.
pub async fn list_contacts(
    core: &Core,
    by: ClientPermit<'_, CustomersReadScope>,
    after: &str,
    limit: i64,
) -> CoreResult<Page<ClientContact>> {
    let mut tx = core.store.read(by.client()).await?;
    Ok(Page::from_rows(tx.list_client_contacts(after, limit + 1).await?, limit))
}

/// Returns one contact by ID.
///
/// # Errors
/// `not_found`.
pub async fn get_contact(
    core: &Core,
    by: ClientPermit<'_, CustomersReadScope>,
    id: ContactId,
) -> CoreResult<ClientContact> {
    let mut tx = core.store.read(by.client()).await?;
    tx.find_client_contact(RecordKey::Id(id.uuid()))
        .await?
        .ok_or_else(CoreError::not_found)
}

/// Returns the contact with an external ID, if there is one.
pub async fn find_contact_by_external_id(
    core: &Core,
    by: ClientPermit<'_, CustomersReadScope>,
    external_id: &str,
) -> CoreResult<Option<ClientContact>> {
    let mut tx = core.store.read(by.client()).await?;
    Ok(tx
        .find_client_contact(RecordKey::ExternalId(&normalize_external_id(external_id)))
        .await?)
}

/// Returns whether a customer has a number, in normalized form.
pub fn has_number(customer: &ClientCustomer, number: &str) -> bool {
    let normalize = |text: &str| {
        CustomerNumber::parse(text)
            .ok()
            .flatten()
            .map(|number| number.for_comparison())
    };
    let expected = normalize(number);
    expected.is_some() && expected == customer.customer_number.as_deref().and_then(normalize)
}

/// Checks the feature gate that also controls records created by imports.
async fn check_gate(tx: &mut TenantTx<'_, ApiClient>) -> CoreResult<()> {
    if tx
        .list_enabled_gates()
        .await?
        .iter()
        .any(|gate| gate == FeatureGate::AutoCreate.name())
    {
        Ok(())
    } else {
        Err(CoreError::new(Cause::FeatureDisabled {
            gate: FeatureGate::AutoCreate.name().to_owned(),
        }))
    }
}

fn reference(kind: ReferenceKind, external_id: &ExternalId, id: uuid::Uuid) -> [ReferenceRow; 1] {
    [ReferenceRow {
        kind,
        external_id: external_id.as_str().to_owned(),
        id,
    }]
}

/// Creates or renames a customer. A number can only be set on creation and must be unused. Also returns whether the
/// record is new.
///
/// # Errors
/// `precondition_failed`, `feature_not_enabled`, `mapping_conflict` if the number is taken, field `/customerNumber` if
/// it would change.
pub async fn put_customer(
    core: &Core,
    by: RecordWriter<'_>,
    external_id: &str,
    condition: Condition,
    name: &str,
    number: Option<&CustomerNumber>,
) -> CoreResult<(ClientCustomer, bool)> {
    retry_on_conflict!(put_customer_once(core, by, external_id, condition, name, number))
}

async fn put_customer_once(
    core: &Core,
    by: RecordWriter<'_>,
    external_id: &str,
    condition: Condition,
    name: &str,
    number: Option<&CustomerNumber>,
) -> CoreResult<(ClientCustomer, bool)> {
    let external_id = parse_external_id(external_id)?;
    let mut tx = core.store.begin(by.client).await?;
    let known = tx
        .find_client_customer(RecordKey::ExternalId(external_id.as_str()))
        .await?;
    condition.check(known.is_some())?;
    let is_new = known.is_none();
    match known {
        Some(known) => {
            if known.is_archived || known.merged_into.is_some() {
                return Err(CoreError::new(Cause::CustomerInactive));
            }
            if number.is_some_and(|sent| !has_number(&known, sent.as_str())) {
                return Err(CoreError::field("/customerNumber", FieldCode::NumberIsFixed));
            }
            if known.name != name {
                tx.rename_customer(known.id.0, name).await?;
                tx.audit("customer.updated", known.id, json!({ "by": "client" }));
            }
        }
        None => {
            check_gate(&mut tx).await?;
            if let Some(number) = number {
                tx.lock_customer_number(number).await?;
            }
            if let Some(number) = number
                && tx.is_customer_number_used(number).await?
            {
                return Err(CoreError::new(Cause::CustomerNumberTaken));
            }
            let id: CustomerId = tx.new_id();
            tx.insert_references(&mut reference(ReferenceKind::Customer, &external_id, id.uuid()))
                .await?;
            tx.insert_customer(id, number, name, false).await?;
            tx.audit("customer.created", id, json!({ "by": "client" }));
        }
    }
    let stored = tx
        .find_client_customer(RecordKey::ExternalId(external_id.as_str()))
        .await?
        .ok_or_else(CoreError::not_found)?;
    finish(core, tx).await?;
    Ok((stored, is_new))
}

/// The fields of a location that a client sends.
#[derive(Debug, Clone)]
pub struct LocationForm {
    /// The external ID of its customer; required on creation.
    pub customer_external_id: Option<String>,
    pub name: String,
    pub address: Address,
    pub coordinates: Option<Coordinates>,
}

/// Returns the customer that a form names by external ID.
async fn named_customer(
    tx: &mut TenantTx<'_, ApiClient>,
    external_id: Option<&str>,
) -> CoreResult<Option<ClientCustomer>> {
    match external_id {
        None => Ok(None),
        Some(text) => tx
            .find_client_customer(RecordKey::ExternalId(&normalize_external_id(text)))
            .await?
            .map(Some)
            .ok_or_else(|| CoreError::field("/customerExternalId", FieldCode::NoSuchCustomer))
            .and_then(|customer| match &customer {
                Some(known) if known.is_archived || known.merged_into.is_some() => {
                    Err(CoreError::field("/customerExternalId", FieldCode::CustomerInactive))
                }
                _ => Ok(customer),
            }),
    }
}

/// Creates or updates a location. Its customer cannot be changed.
///
/// # Errors
/// `precondition_failed`, `feature_not_enabled`, `mapping_conflict`, field `/customerExternalId`.
pub async fn put_location(
    core: &Core,
    by: RecordWriter<'_>,
    external_id: &str,
    condition: Condition,
    form: &LocationForm,
) -> CoreResult<(ClientLocation, bool)> {
    retry_on_conflict!(put_location_once(core, by, external_id, condition, form))
}

async fn put_location_once(
    core: &Core,
    by: RecordWriter<'_>,
    external_id: &str,
    condition: Condition,
    form: &LocationForm,
) -> CoreResult<(ClientLocation, bool)> {
    let external_id = parse_external_id(external_id)?;
    let mut tx = core.store.begin(by.client).await?;
    let customer = named_customer(&mut tx, form.customer_external_id.as_deref()).await?;
    let known = tx
        .find_client_location(RecordKey::ExternalId(external_id.as_str()))
        .await?;
    condition.check(known.is_some())?;
    let is_new = known.is_none();
    match known {
        Some(known) => {
            if customer.is_some_and(|customer| customer.id != known.customer_id) {
                return Err(CoreError::new(Cause::LocationOfOtherCustomer));
            }
            if known.is_archived {
                return Err(CoreError::field("", FieldCode::LocationInactive));
            }
            tx.set_location(known.id.0, &form.name, &form.address, form.coordinates)
                .await?;
            tx.audit("location.updated", known.id, json!({ "by": "client" }));
        }
        None => {
            let customer = customer.ok_or_else(|| CoreError::field("/customerExternalId", FieldCode::Required))?;
            check_gate(&mut tx).await?;
            let zone = tx.source_settings().await?.zone;
            let id: LocationId = tx.new_id();
            tx.insert_references(&mut reference(ReferenceKind::Location, &external_id, id.uuid()))
                .await?;
            tx.insert_locations(&[LocationRow {
                id,
                customer: customer.id.0,
                name: form.name.clone(),
                address: form.address.clone(),
                coordinates: form.coordinates,
                zone,
            }])
            .await?;
            tx.audit("location.created", id, json!({ "by": "client" }));
        }
    }
    let stored = tx
        .find_client_location(RecordKey::ExternalId(external_id.as_str()))
        .await?
        .ok_or_else(CoreError::not_found)?;
    finish(core, tx).await?;
    Ok((stored, is_new))
}

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
    retry_on_conflict!(put_contact_once(core, by, external_id, condition, form))
}

async fn put_contact_once(
    core: &Core,
    by: RecordWriter<'_>,
    external_id: &str,
    condition: Condition,
    form: &ContactForm,
) -> CoreResult<(ClientContact, bool)> {
    let external_id = parse_external_id(external_id)?;
    let mut tx = core.store.begin(by.client).await?;
    let customer = named_customer(&mut tx, form.customer_external_id.as_deref()).await?;
    let known = tx
        .find_client_contact(RecordKey::ExternalId(external_id.as_str()))
        .await?;
    condition.check(known.is_some())?;
    let is_new = known.is_none();
    match known {
        Some(known) => {
            if customer.is_some_and(|customer| customer.id != known.customer_id) {
                return Err(CoreError::new(Cause::ContactOfOtherCustomer));
            }
            tx.set_contact(
                known.id.0,
                &form.display_name,
                form.email.as_deref(),
                form.phone.as_deref(),
            )
            .await?;
            tx.audit("contact.updated", known.id, json!({ "by": "client" }));
        }
        None => {
            let customer = customer.ok_or_else(|| CoreError::field("/customerExternalId", FieldCode::Required))?;
            let location = match form.location_external_id.as_deref() {
                None => None,
                Some(text) => {
                    let found = tx
                        .find_client_location(RecordKey::ExternalId(&normalize_external_id(text)))
                        .await?;
                    Some(
                        found
                            .filter(|location| location.customer_id == customer.id)
                            .ok_or_else(|| CoreError::field("/locationExternalId", FieldCode::NoSuchLocation))?
                            .id
                            .0,
                    )
                }
            };
            check_gate(&mut tx).await?;
            let id: ContactId = tx.new_id();
            tx.insert_references(&mut reference(ReferenceKind::Contact, &external_id, id.uuid()))
                .await?;
            tx.insert_contacts(&[ContactRow {
                id,
                customer: customer.id.0,
                location,
                display_name: form.display_name.clone(),
                email: form.email.clone(),
                phone: form.phone.clone(),
            }])
            .await?;
            tx.audit("contact.created", id, json!({ "by": "client" }));
        }
    }
    let stored = tx
        .find_client_contact(RecordKey::ExternalId(external_id.as_str()))
        .await?
        .ok_or_else(CoreError::not_found)?;
    finish(core, tx).await?;
    Ok((stored, is_new))
}
