//! Customers, locations and contacts as a client handles those of its own source: read, made and changed by external id.

use domain::customers::{Address, Coordinates};
use domain::feature_gates::FeatureGate;
use domain::ids::{ContactId, CustomerId, LocationId};
use domain::problems::Problem;
use domain::scopes::markers::{CustomersMapScope, CustomersReadScope, CustomersWriteScope};
use domain::text::{CustomerNumber, ExternalId};
use serde_json::json;

use crate::commit::finish;
use crate::customers::model::{ClientContact, ClientCustomer, ClientLocation};
use crate::db::TenantTx;
use crate::identity::actors::{ApiClient, ClientPermit};
use crate::imports::{ContactRow, LocationRow, ReferenceKind, ReferenceRow};
use crate::integrations::Which;
use crate::integrations::idempotency::while_contested;
use crate::mapping::references::{external_id_of, known_form};
use crate::page::Page;
use crate::{Core, CoreError, CoreResult};

/// What a request demands of the record before it is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Condition {
    /// Create or update.
    None,
    /// `If-None-Match: *`: only create.
    MustBeNew,
    /// `If-Match: *`: only update.
    MustExist,
}

impl Condition {
    fn check(self, exists: bool) -> CoreResult<()> {
        match (self, exists) {
            (Self::MustBeNew, true) => Err(CoreError::new(
                Problem::PreconditionFailed,
                "The record exists, and If-None-Match asks for a new one.",
            )),
            (Self::MustExist, false) => Err(CoreError::new(
                Problem::PreconditionFailed,
                "The record does not exist, and If-Match asks for one that does.",
            )),
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
    /// Collects the proof: `customers.map` and `customers.write`.
    ///
    /// # Errors
    /// `insufficient_scope`.
    pub fn of(client: &'a ApiClient) -> CoreResult<Self> {
        let _: ClientPermit<'_, CustomersMapScope> = client.require()?;
        let _: ClientPermit<'_, CustomersWriteScope> = client.require()?;
        Ok(Self { client })
    }
}

/// A page of customers by external id, or those with a number.
///
/// # Errors
/// The database does not answer.
pub async fn customers(
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
            _ => return Ok(Page::cut(Vec::new(), limit)),
        },
    };
    let mut tx = core.store.read(by.client()).await?;
    Ok(Page::cut(
        tx.own_customers(number.as_deref(), after, limit + 1).await?,
        limit,
    ))
}

/// One customer by id.
///
/// # Errors
/// `not_found`.
pub async fn customer(
    core: &Core,
    by: ClientPermit<'_, CustomersReadScope>,
    id: CustomerId,
) -> CoreResult<ClientCustomer> {
    let mut tx = core.store.read(by.client()).await?;
    tx.own_customer(Which::Id(id.uuid()))
        .await?
        .ok_or_else(CoreError::not_found)
}

/// One customer by external id, if there is one.
///
/// # Errors
/// The database does not answer.
pub async fn customer_by_external_id(
    core: &Core,
    by: ClientPermit<'_, CustomersReadScope>,
    external_id: &str,
) -> CoreResult<Option<ClientCustomer>> {
    let mut tx = core.store.read(by.client()).await?;
    Ok(tx.own_customer(Which::ExternalId(&known_form(external_id))).await?)
}

/// A page of locations by external id.
///
/// # Errors
/// The database does not answer.
pub async fn locations(
    core: &Core,
    by: ClientPermit<'_, CustomersReadScope>,
    after: &str,
    limit: i64,
) -> CoreResult<Page<ClientLocation>> {
    let mut tx = core.store.read(by.client()).await?;
    Ok(Page::cut(tx.own_locations(after, limit + 1).await?, limit))
}

/// One location by id.
///
/// # Errors
/// `not_found`.
pub async fn location(
    core: &Core,
    by: ClientPermit<'_, CustomersReadScope>,
    id: LocationId,
) -> CoreResult<ClientLocation> {
    let mut tx = core.store.read(by.client()).await?;
    tx.own_location(Which::Id(id.uuid()))
        .await?
        .ok_or_else(CoreError::not_found)
}

/// One location by external id, if there is one.
///
/// # Errors
/// The database does not answer.
pub async fn location_by_external_id(
    core: &Core,
    by: ClientPermit<'_, CustomersReadScope>,
    external_id: &str,
) -> CoreResult<Option<ClientLocation>> {
    let mut tx = core.store.read(by.client()).await?;
    Ok(tx.own_location(Which::ExternalId(&known_form(external_id))).await?)
}

/// A page of contacts by external id.
///
/// # Errors
/// The database does not answer.
pub async fn contacts(
    core: &Core,
    by: ClientPermit<'_, CustomersReadScope>,
    after: &str,
    limit: i64,
) -> CoreResult<Page<ClientContact>> {
    let mut tx = core.store.read(by.client()).await?;
    Ok(Page::cut(tx.own_contacts(after, limit + 1).await?, limit))
}

/// One contact by id.
///
/// # Errors
/// `not_found`.
pub async fn contact(
    core: &Core,
    by: ClientPermit<'_, CustomersReadScope>,
    id: ContactId,
) -> CoreResult<ClientContact> {
    let mut tx = core.store.read(by.client()).await?;
    tx.own_contact(Which::Id(id.uuid()))
        .await?
        .ok_or_else(CoreError::not_found)
}

/// One contact by external id, if there is one.
///
/// # Errors
/// The database does not answer.
pub async fn contact_by_external_id(
    core: &Core,
    by: ClientPermit<'_, CustomersReadScope>,
    external_id: &str,
) -> CoreResult<Option<ClientContact>> {
    let mut tx = core.store.read(by.client()).await?;
    Ok(tx.own_contact(Which::ExternalId(&known_form(external_id))).await?)
}

/// Whether a customer has a number, compared as numbers are.
pub fn has_number(customer: &ClientCustomer, number: &str) -> bool {
    let plain = |text: &str| {
        CustomerNumber::parse(text)
            .ok()
            .flatten()
            .map(|number| number.for_comparison())
    };
    let wanted = plain(number);
    wanted.is_some() && wanted == customer.customer_number.as_deref().and_then(plain)
}

/// New records need the same gate as those that imports make.
async fn check_gate(tx: &mut TenantTx<'_, ApiClient>) -> CoreResult<()> {
    if tx
        .open_gates()
        .await?
        .iter()
        .any(|gate| gate == FeatureGate::AutoCreate.name())
    {
        Ok(())
    } else {
        Err(CoreError::new(
            Problem::FeatureNotEnabled,
            format!("The feature gate {} is closed.", FeatureGate::AutoCreate.name()),
        ))
    }
}

fn reference(kind: ReferenceKind, external_id: &ExternalId, id: uuid::Uuid) -> [ReferenceRow; 1] {
    [ReferenceRow {
        kind,
        external_id: external_id.as_str().to_owned(),
        id,
    }]
}

/// Makes or renames a customer. A number is only ever given to a new customer, and only one that nobody has.
///
/// # Errors
/// `precondition_failed`, `feature_not_enabled`, `mapping_conflict` if the number is taken, field `/customerNumber` if it
/// would change. The flag says whether the record is new.
pub async fn put_customer(
    core: &Core,
    by: RecordWriter<'_>,
    external_id: &str,
    condition: Condition,
    name: &str,
    number: Option<&CustomerNumber>,
) -> CoreResult<(ClientCustomer, bool)> {
    while_contested!(put_customer_once(core, by, external_id, condition, name, number))
}

async fn put_customer_once(
    core: &Core,
    by: RecordWriter<'_>,
    external_id: &str,
    condition: Condition,
    name: &str,
    number: Option<&CustomerNumber>,
) -> CoreResult<(ClientCustomer, bool)> {
    let external_id = external_id_of(external_id)?;
    let mut tx = core.store.begin(by.client).await?;
    let known = tx.own_customer(Which::ExternalId(external_id.as_str())).await?;
    condition.check(known.is_some())?;
    let is_new = known.is_none();
    match known {
        Some(known) => {
            if known.is_archived || known.merged_into.is_some() {
                return Err(CoreError::new(
                    Problem::MappingConflict,
                    "The customer is archived or was merged into another.",
                ));
            }
            if number.is_some_and(|sent| !has_number(&known, sent.as_str())) {
                return Err(CoreError::field(
                    "/customerNumber",
                    "validation_failed",
                    "The number of a customer is never changed from outside.",
                ));
            }
            if known.name != name {
                tx.rename_customer(known.id.0, name).await?;
                tx.audit("customer.updated", known.id, json!({ "by": "client" }));
            }
        }
        None => {
            check_gate(&mut tx).await?;
            if let Some(number) = number {
                tx.lock_number(number).await?;
            }
            if let Some(number) = number
                && tx.is_number_taken(number).await?
            {
                return Err(CoreError::new(
                    Problem::MappingConflict,
                    "A customer with this number exists; link it instead of making another.",
                ));
            }
            let id: CustomerId = tx.new_id();
            tx.insert_references(&mut reference(ReferenceKind::Customer, &external_id, id.uuid()))
                .await?;
            tx.insert_customer(id, number, name, false).await?;
            tx.audit("customer.created", id, json!({ "by": "client" }));
        }
    }
    let written = tx
        .own_customer(Which::ExternalId(external_id.as_str()))
        .await?
        .ok_or_else(CoreError::not_found)?;
    finish(core, tx).await?;
    Ok((written, is_new))
}

/// What a client sends of a location.
#[derive(Debug, Clone)]
pub struct LocationForm {
    /// Whose it is, by the customer's external id; needed for a new one.
    pub customer_external_id: Option<String>,
    /// Name.
    pub name: String,
    /// Address.
    pub address: Address,
    /// Coordinates.
    pub coordinates: Option<Coordinates>,
}

/// The own customer that a form names.
async fn named_customer(
    tx: &mut TenantTx<'_, ApiClient>,
    external_id: Option<&str>,
) -> CoreResult<Option<ClientCustomer>> {
    match external_id {
        None => Ok(None),
        Some(text) => tx
            .own_customer(Which::ExternalId(&known_form(text)))
            .await?
            .map(Some)
            .ok_or_else(|| {
                CoreError::field(
                    "/customerExternalId",
                    "validation_failed",
                    "No customer of this source has this external id.",
                )
            })
            .and_then(|customer| match &customer {
                Some(known) if known.is_archived || known.merged_into.is_some() => Err(CoreError::field(
                    "/customerExternalId",
                    "customer_inactive",
                    "This customer is archived or merged into another one.",
                )),
                _ => Ok(customer),
            }),
    }
}

/// Makes or changes a location. It is never moved to another customer.
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
    while_contested!(put_location_once(core, by, external_id, condition, form))
}

async fn put_location_once(
    core: &Core,
    by: RecordWriter<'_>,
    external_id: &str,
    condition: Condition,
    form: &LocationForm,
) -> CoreResult<(ClientLocation, bool)> {
    let external_id = external_id_of(external_id)?;
    let mut tx = core.store.begin(by.client).await?;
    let customer = named_customer(&mut tx, form.customer_external_id.as_deref()).await?;
    let known = tx.own_location(Which::ExternalId(external_id.as_str())).await?;
    condition.check(known.is_some())?;
    let is_new = known.is_none();
    match known {
        Some(known) => {
            if customer.is_some_and(|customer| customer.id != known.customer_id) {
                return Err(CoreError::new(
                    Problem::MappingConflict,
                    "The location belongs to another customer and is never moved.",
                ));
            }
            if known.is_archived {
                return Err(CoreError::field("", "location_inactive", "This location is archived."));
            }
            tx.set_location(known.id.0, &form.name, &form.address, form.coordinates)
                .await?;
            tx.audit("location.updated", known.id, json!({ "by": "client" }));
        }
        None => {
            let customer = customer.ok_or_else(|| {
                CoreError::field("/customerExternalId", "required", "A new location needs its customer.")
            })?;
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
    let written = tx
        .own_location(Which::ExternalId(external_id.as_str()))
        .await?
        .ok_or_else(CoreError::not_found)?;
    finish(core, tx).await?;
    Ok((written, is_new))
}

/// What a client sends of a contact.
#[derive(Debug, Clone)]
pub struct ContactForm {
    /// Whose it is, by the customer's external id; needed for a new one.
    pub customer_external_id: Option<String>,
    /// The location that it is bound to, by external id; only read for a new one.
    pub location_external_id: Option<String>,
    /// Display name.
    pub display_name: String,
    /// E-mail.
    pub email: Option<String>,
    /// Phone.
    pub phone: Option<String>,
}

/// Makes or changes a contact. It is never moved to another customer.
///
/// # Errors
/// `precondition_failed`, `feature_not_enabled`, `mapping_conflict`, fields `/customerExternalId`, `/locationExternalId`.
pub async fn put_contact(
    core: &Core,
    by: RecordWriter<'_>,
    external_id: &str,
    condition: Condition,
    form: &ContactForm,
) -> CoreResult<(ClientContact, bool)> {
    while_contested!(put_contact_once(core, by, external_id, condition, form))
}

async fn put_contact_once(
    core: &Core,
    by: RecordWriter<'_>,
    external_id: &str,
    condition: Condition,
    form: &ContactForm,
) -> CoreResult<(ClientContact, bool)> {
    let external_id = external_id_of(external_id)?;
    let mut tx = core.store.begin(by.client).await?;
    let customer = named_customer(&mut tx, form.customer_external_id.as_deref()).await?;
    let known = tx.own_contact(Which::ExternalId(external_id.as_str())).await?;
    condition.check(known.is_some())?;
    let is_new = known.is_none();
    match known {
        Some(known) => {
            if customer.is_some_and(|customer| customer.id != known.customer_id) {
                return Err(CoreError::new(
                    Problem::MappingConflict,
                    "The contact belongs to another customer and is never moved.",
                ));
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
            let customer = customer.ok_or_else(|| {
                CoreError::field("/customerExternalId", "required", "A new contact needs its customer.")
            })?;
            let location = match form.location_external_id.as_deref() {
                None => None,
                Some(text) => {
                    let found = tx.own_location(Which::ExternalId(&known_form(text))).await?;
                    Some(
                        found
                            .filter(|location| location.customer_id == customer.id)
                            .ok_or_else(|| {
                                CoreError::field(
                                    "/locationExternalId",
                                    "validation_failed",
                                    "No location of this customer has this external id.",
                                )
                            })?
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
    let written = tx
        .own_contact(Which::ExternalId(external_id.as_str()))
        .await?
        .ok_or_else(CoreError::not_found)?;
    finish(core, tx).await?;
    Ok((written, is_new))
}
