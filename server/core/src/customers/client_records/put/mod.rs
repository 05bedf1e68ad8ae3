//! Writing a record of a client by external ID: the precondition, the lookup, creation or update, the audit row and the
//! external reference are the same for every kind of record.

mod contact;
mod customer;
mod location;

pub use self::contact::{ContactForm, put_contact};
pub use self::customer::put_customer;
pub(crate) use self::location::StoredLocation;
pub use self::location::{LocationForm, put_location};

use domain::feature_gates::FeatureGate;
use domain::fields::FieldCode;
use domain::ids::{Id, Kind};
use domain::mapping::MappingSettings;
use domain::mapping::MappingType;
use domain::problems::Cause;
use domain::scopes::markers::{CustomersMapScope, CustomersWriteScope};
use serde_json::json;

use crate::commit::finish;
use crate::customers::model::ClientCustomer;
use crate::db::TenantTx;
use crate::identity::actors::{ApiClient, ClientPermit};
use crate::imports::{ReferenceRow, source_settings};
use crate::integrations::RecordKey;
use crate::mapping::references::{normalize_external_id, parse_external_id, placeholder_error};
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

/// Checks that gates, settings and scopes allow a new record, as they do for imports.
fn check_create(settings: &MappingSettings, setting: bool) -> CoreResult<()> {
    match settings.create_refusal(setting) {
        None => Ok(()),
        Some(code) => Err(refusal(code, settings.create_gate, FeatureGate::AutoCreate)),
    }
}

/// Checks that gates, settings and scopes allow an update, as they do for imports.
fn check_update(settings: &MappingSettings) -> CoreResult<()> {
    match settings.update_refusal() {
        None => Ok(()),
        Some(code) => Err(refusal(code, settings.update_gate, FeatureGate::AutoUpdate)),
    }
}

fn refusal(code: &str, is_gate_open: bool, gate: FeatureGate) -> CoreError {
    if is_gate_open {
        CoreError::field("", FieldCode::Mapping(code.to_owned()))
    } else {
        CoreError::new(Cause::FeatureDisabled {
            gate: gate.name().to_owned(),
        })
    }
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

/// The transaction in which a client writes a record.
type ClientTx<'a> = TenantTx<'a, ApiClient>;

/// The parts of writing a record by external ID that differ between the kinds of records.
trait RecordForm: Sync {
    type Kind: Kind;
    type Record: Send + Sync;
    /// The customer that the form names, where a record belongs to one.
    type Customer: Send + Sync;
    /// What is looked up before a new record is inserted.
    type New: Send + Sync;

    const REFERENCE: MappingType;
    const CREATED: &'static str;
    const UPDATED: &'static str;

    async fn find(tx: &mut ClientTx<'_>, external_id: &str) -> CoreResult<Option<Self::Record>>;

    async fn customer(&self, tx: &mut ClientTx<'_>) -> CoreResult<Self::Customer>;

    /// Checks that an existing record may be changed, and returns whether anything would change.
    async fn check_known(
        &self,
        tx: &mut ClientTx<'_>,
        customer: Self::Customer,
        known: &Self::Record,
    ) -> CoreResult<bool>;

    /// Updates an existing record and returns its ID.
    async fn update(&self, tx: &mut ClientTx<'_>, known: Self::Record) -> CoreResult<Id<Self::Kind>>;

    /// Checks that a new record may be created.
    async fn check_new(
        &self,
        tx: &mut ClientTx<'_>,
        customer: Self::Customer,
        settings: &MappingSettings,
    ) -> CoreResult<Self::New>;

    async fn insert(&self, tx: &mut ClientTx<'_>, id: Id<Self::Kind>, new: Self::New) -> CoreResult<()>;
}

/// Creates or updates a record and returns it, and whether it is new. Repeating what is stored is not an update.
async fn put_once<F: RecordForm>(
    core: &Core,
    by: RecordWriter<'_>,
    external_id: &str,
    condition: Condition,
    form: &F,
) -> CoreResult<(F::Record, bool)> {
    let external_id = parse_external_id(external_id)?;
    let mut tx = core.store.begin(by.client).await?;
    let (settings, _) = source_settings(&mut tx, true, true).await?;
    if settings.is_placeholder(&external_id) {
        return Err(placeholder_error());
    }
    let customer = form.customer(&mut tx).await?;
    let known = F::find(&mut tx, external_id.as_str()).await?;
    condition.check(known.is_some())?;
    let is_new = known.is_none();
    if let Some(known) = known {
        if form.check_known(&mut tx, customer, &known).await? {
            check_update(&settings)?;
            let id = form.update(&mut tx, known).await?;
            tx.audit(F::UPDATED, id, json!({ "by": "client" }));
        }
    } else {
        let new = form.check_new(&mut tx, customer, &settings).await?;
        let id: Id<F::Kind> = tx.new_id();
        tx.insert_references(&mut [ReferenceRow {
            kind: F::REFERENCE,
            external_id: external_id.as_str().to_owned(),
            id: id.uuid(),
            vouches: true,
        }])
        .await?;
        form.insert(&mut tx, id, new).await?;
        tx.audit(F::CREATED, id, json!({ "by": "client" }));
    }
    let stored = F::find(&mut tx, external_id.as_str())
        .await?
        .ok_or_else(CoreError::not_found)?;
    finish(core, tx).await?;
    Ok((stored, is_new))
}
