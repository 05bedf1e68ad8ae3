//! Customers of a client.

use domain::fields::FieldCode;
use domain::ids::{CustomerId, CustomerKind};
use domain::mapping::MappingType;
use domain::mapping::{DuplicateNamePolicy, MappingSettings};
use domain::problems::Cause;
use domain::text::{CustomerNumber, name_for_comparison};

use crate::customers::client_records::has_number;
use crate::customers::client_records::put::{ClientTx, Condition, RecordForm, RecordWriter, check_create, put_once};
use crate::customers::model::ClientCustomer;
use crate::integrations::RecordKey;
use crate::integrations::idempotency::retry_on_conflict;
use crate::{Core, CoreError, CoreResult};

/// The fields of a customer that a client sends.
struct CustomerForm<'a> {
    /// Absent keeps the stored name; required on creation.
    name: Option<&'a str>,
    number: Option<&'a CustomerNumber>,
}

/// Creates or renames a customer. A number can only be set on creation and must be unused. Also returns whether the
/// record is new.
///
/// # Errors
/// `precondition_failed`, `feature_not_enabled`, a code of the mapping rules if the settings of the source refuse,
/// `mapping_conflict` if the number is taken, field `/customerNumber` if it would change.
pub async fn put_customer(
    core: &Core,
    by: RecordWriter<'_>,
    external_id: &str,
    condition: Condition,
    name: Option<&str>,
    number: Option<&CustomerNumber>,
) -> CoreResult<(ClientCustomer, bool)> {
    let form = CustomerForm { name, number };
    retry_on_conflict!(put_once(core, by, external_id, condition, &form))
}

impl RecordForm for CustomerForm<'_> {
    type Kind = CustomerKind;
    type Record = ClientCustomer;
    type Customer = ();
    type New = ();

    const REFERENCE: MappingType = MappingType::Customer;
    const CREATED: &'static str = "customer.created";
    const UPDATED: &'static str = "customer.updated";

    async fn find(tx: &mut ClientTx<'_>, external_id: &str) -> CoreResult<Option<ClientCustomer>> {
        Ok(tx.find_client_customer(RecordKey::ExternalId(external_id)).await?)
    }

    async fn customer(&self, _: &mut ClientTx<'_>) -> CoreResult<()> {
        Ok(())
    }

    async fn check_known(&self, tx: &mut ClientTx<'_>, (): (), known: &ClientCustomer) -> CoreResult<bool> {
        if known.is_archived || known.merged_into.is_some() {
            return Err(CoreError::new(Cause::CustomerInactive));
        }
        if self.number.is_some_and(|sent| !has_number(known, sent.as_str())) {
            return Err(CoreError::field("/customerNumber", FieldCode::NumberIsFixed));
        }
        let Some(name) = self.name.filter(|name| *name != known.name) else {
            return Ok(false);
        };
        if !tx.is_customer_vouched(&known.external_id).await?
            && name_for_comparison(name) != name_for_comparison(&known.name)
        {
            return Err(CoreError::field(
                "/name",
                FieldCode::Mapping("customer_name_mismatch".to_owned()),
            ));
        }
        Ok(true)
    }

    async fn update(&self, tx: &mut ClientTx<'_>, known: ClientCustomer) -> CoreResult<CustomerId> {
        if let Some(name) = self.name {
            tx.rename_customer(known.id, name).await?;
        }
        Ok(known.id)
    }

    async fn check_new(&self, tx: &mut ClientTx<'_>, (): (), settings: &MappingSettings) -> CoreResult<()> {
        check_create(settings, settings.create_customers)?;
        let name = self
            .name
            .ok_or_else(|| CoreError::field("/name", FieldCode::Required))?;
        if settings.duplicate_names == DuplicateNamePolicy::Block && tx.is_customer_name_used(name).await? {
            return Err(CoreError::field(
                "/name",
                FieldCode::Mapping("possible_duplicate_name".to_owned()),
            ));
        }
        let Some(number) = self.number else {
            return Ok(());
        };
        tx.lock_customer_number(number).await?;
        if tx.is_customer_number_used(number).await? {
            return Err(CoreError::new(Cause::CustomerNumberTaken));
        }
        Ok(())
    }

    async fn insert(&self, tx: &mut ClientTx<'_>, id: CustomerId, (): ()) -> CoreResult<()> {
        Ok(tx
            .insert_customer(id, self.number, self.name.unwrap_or_default(), false)
            .await?)
    }
}
