//! Customers that staff create and edit.

use domain::fields::FieldCode;
use domain::identity::permissions::ManageCustomers;
use domain::ids::CustomerId;
use domain::imports::MAX_NAME_CHARS;
use domain::jobs::change_proposals::CustomerName;
use domain::problems::{Cause, Record};
use domain::text;
use domain::text::CustomerNumber;
use serde_json::json;

use crate::commit::finish;
use crate::customers::by_staff;
use crate::customers::by_staff::NewCustomerForm;
use crate::customers::editing::SimilarTo;
use crate::db::TenantTx;
use crate::form::Form;
use crate::identity::actors::{Permit, Staff};
use crate::jobs::change_proposals::settle_name_proposals;
use crate::{Core, CoreError, CoreResult};

/// The unparsed fields of a customer.
#[derive(Debug, Clone, Default)]
pub struct CustomerInput {
    pub name: String,
    pub number: String,
}

/// Creates a customer, with its first location and contact where they are described. `is_other` says that the customer is none of the
/// similar ones.
///
/// # Errors
/// The fields of [`NewCustomerForm`]; field `new_name` if there is a similar customer.
pub async fn create_customer(
    core: &Core,
    by: Permit<'_, ManageCustomers>,
    input: &NewCustomerForm,
    is_other: bool,
) -> CoreResult<CustomerId> {
    let mut form = Form::default();
    let new = input.check(&mut form);
    // The details of a person without a name would be dropped.
    let has_details = !input.phone.trim().is_empty() || !input.email.trim().is_empty();
    if has_details && input.contact.trim().is_empty() {
        form.add_error("new_contact", FieldCode::Required);
    }
    form.finish()?;
    let new = new.ok_or_else(|| CoreError::new(Cause::InvalidFields))?;
    let mut tx = core.store.begin(by.staff()).await?;
    // Two forms at the same time would not see each other's customer.
    tx.lock(format!("customer-name:{}", text::name_for_comparison(&input.name)))
        .await?;
    if !is_other {
        let similar = tx.similar_customers(&SimilarTo::from(input)).await?;
        if similar.iter().any(|customer| customer.is_likely()) {
            return Err(CoreError::field("new_name", FieldCode::PossibleDuplicate));
        }
    }
    let created = by_staff::create(&mut tx, &new).await?;
    finish(core, tx).await?;
    Ok(created.customer)
}

impl From<&NewCustomerForm> for SimilarTo {
    fn from(form: &NewCustomerForm) -> Self {
        let line = |text: &str| {
            text::optional_line(text, MAX_NAME_CHARS)
                .ok()
                .flatten()
                .unwrap_or_default()
        };
        Self {
            name: line(&form.name),
            email: line(&form.email),
            phone: line(&form.phone),
            street: line(&form.street),
            postal_code: line(&form.postal_code),
        }
    }
}

/// Checks that a number is free, and keeps it so until the transaction ends.
pub(in crate::customers) async fn reserve_number(
    tx: &mut TenantTx<'_, Staff>,
    field: &str,
    number: &CustomerNumber,
) -> CoreResult<()> {
    tx.lock_customer_number(number).await?;
    if tx.is_customer_number_used(number).await? {
        return Err(CoreError::field(field, FieldCode::Taken));
    }
    Ok(())
}

/// Changes name and number of a customer. `shown` is the version that the form shows.
///
/// # Errors
/// Fields `name` and `number`; `not_found`; `concurrent_modification`.
pub async fn update_customer(
    core: &Core,
    by: Permit<'_, ManageCustomers>,
    id: CustomerId,
    shown: &str,
    input: &CustomerInput,
) -> CoreResult<()> {
    let mut form = Form::default();
    let name = form.text("name", MAX_NAME_CHARS, text::line(&input.name, MAX_NAME_CHARS));
    let number = form.text(
        "number",
        CustomerNumber::MAX_CHARS,
        CustomerNumber::parse(&input.number),
    );
    form.finish()?;
    let (Some(name), Some(number)) = (name, number) else {
        return Err(CoreError::new(Cause::InvalidFields));
    };
    let mut tx = core.store.begin(by.staff()).await?;
    let known = tx.lock_customer_record(id).await?.ok_or_else(CoreError::not_found)?;
    known.version().ensure_shown(Some(shown), Record::Other)?;
    let key = |number: &CustomerNumber| number.for_comparison();
    let stored = known
        .customer_number
        .as_deref()
        .and_then(|number| CustomerNumber::parse(number).ok().flatten());
    if let Some(new) = number.as_ref().filter(|new| stored.as_ref().map(key) != Some(key(new))) {
        reserve_number(&mut tx, "number", new).await?;
    }
    let stored = known.customer_number.as_deref();
    let changed = changed_fields([
        ("name", known.name != name),
        ("customer_number", stored != number.as_ref().map(CustomerNumber::as_str)),
    ]);
    if changed.is_empty() {
        return Ok(());
    }
    tx.update_customer(id, &name, number.as_ref()).await?;
    let new_name = CustomerName { customer: id, name };
    settle_name_proposals(&mut tx, &new_name, None).await?;
    tx.audit("customer.updated", id, json!({ "by": "staff", "fields": changed }));
    finish(core, tx).await
}

/// Returns the names of the fields that differ; the audit log has no values.
pub(super) fn changed_fields<const N: usize>(fields: [(&'static str, bool); N]) -> Vec<&'static str> {
    fields
        .into_iter()
        .filter_map(|(name, is_changed)| is_changed.then_some(name))
        .collect()
}

/// Archives or restores a customer. Nothing is deleted; no locations, contacts, jobs or requests are added to an archived one.
///
/// # Errors
/// `not_found`; field `name` while the customer has open jobs or requests.
pub async fn archive_customer(
    core: &Core,
    by: Permit<'_, ManageCustomers>,
    id: CustomerId,
    is_archived: bool,
) -> CoreResult<()> {
    let mut tx = core.store.begin(by.staff()).await?;
    let known = tx.lock_customer_record(id).await?.ok_or_else(CoreError::not_found)?;
    if known.is_merged {
        return Err(CoreError::not_found());
    }
    if known.is_archived == is_archived {
        return Ok(());
    }
    if is_archived && tx.open_work_of_customer(id).await? > 0 {
        return Err(CoreError::field("name", FieldCode::OpenWork));
    }
    tx.archive_customer(id, is_archived).await?;
    let action = if is_archived {
        "customer.archived"
    } else {
        "customer.restored"
    };
    tx.audit(action, id, json!({ "by": "staff" }));
    finish(core, tx).await
}
