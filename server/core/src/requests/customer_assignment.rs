//! Customer assignment: staff choose the customer of a request that arrived without one. Similar contacts are only
//! hints.

use domain::audit::TimelineKind;
use domain::fields::FieldCode;
use domain::identity::permissions::{ReviewRequests, ViewOperations};
use domain::ids::{ContactId, CustomerId, LocationId, RequestId};
use domain::problems::Cause;
use domain::text;
use serde_json::json;

use crate::audit::NewTimelineEntry;
use crate::commit::finish;
use crate::customers::by_staff::NewCustomerForm;
use crate::customers::model::{ContactSummary, CustomerSummary, LocationSummary};
use crate::customers::{by_staff, choice};
use crate::db::TenantTx;
use crate::form::Form;
use crate::identity::actors::{Permit, Staff};
use crate::requests::model::RequestView;
use crate::{Core, CoreError, CoreResult};
use crate::{classification, requests};

/// Maximum number of search results.
const MAX_RESULTS: i64 = 20;

/// Customers to choose from, or the locations and contacts of the chosen one.
#[derive(Debug, Clone)]
pub struct Choices {
    /// Search results; empty once a customer is chosen.
    pub customers: Vec<CustomerSummary>,
    pub chosen: Option<CustomerSummary>,
    /// Locations of the chosen customer.
    pub locations: Vec<LocationSummary>,
    /// Contacts of the chosen customer.
    pub contacts: Vec<ContactSummary>,
}

/// Searches customers, or loads the locations and contacts of the chosen one.
pub async fn choices(
    core: &Core,
    by: Permit<'_, ViewOperations>,
    search: &str,
    chosen: Option<CustomerId>,
) -> CoreResult<Choices> {
    load_choices(&mut core.store.read(by.staff()).await?, search, chosen).await
}

/// Loads the choices within a transaction.
pub(crate) async fn load_choices(
    tx: &mut TenantTx<'_, Staff>,
    search: &str,
    chosen: Option<CustomerId>,
) -> CoreResult<Choices> {
    let chosen = match chosen {
        Some(id) => tx.customer(id).await?.filter(|customer| !customer.is_archived),
        None => None,
    };
    let (locations, contacts) = match &chosen {
        Some(customer) => {
            let (mut locations, mut contacts) =
                (tx.locations_of(customer.id).await?, tx.contacts_of(customer.id).await?);
            locations.retain(|location| !location.is_archived);
            contacts.retain(|contact| !contact.is_archived);
            (locations, contacts)
        }
        None => (Vec::new(), Vec::new()),
    };
    let search = text::optional_line(search, 100).ok().flatten().unwrap_or_default();
    let customers = if search.is_empty() || chosen.is_some() {
        Vec::new()
    } else {
        tx.customers(&search, false, None, MAX_RESULTS).await?
    };
    Ok(Choices {
        customers,
        chosen,
        locations,
        contacts,
    })
}

/// Assigns customer, location and contact to a request. The assignment can be changed until the request becomes a job.
///
/// # Errors
/// Field `customer`, `location` or `contact`; `illegal_transition` once the request is a job, or if its channel sets
/// the customer (portal and API).
pub async fn assign_customer(
    core: &Core,
    by: Permit<'_, ReviewRequests>,
    id: RequestId,
    customer: &str,
    location: &str,
    contact: &str,
) -> CoreResult<()> {
    let mut tx = core.store.begin(by.staff()).await?;
    let request = requests::load(&mut tx, id).await?;
    if !request
        .channel
        .allows_customer_assignment(request.customer_id.is_some())
    {
        return Err(CoreError::new(Cause::CustomerFixedByChannel));
    }
    let mut form = Form::default();
    let chosen = choice::read(&mut tx, &mut form, customer, location, contact).await?;
    form.finish()?;
    let chosen = chosen.ok_or_else(|| CoreError::field("customer", FieldCode::Required))?;
    assign(
        &mut tx,
        &request,
        Some(chosen.customer),
        chosen.location,
        chosen.contact,
    )
    .await?;
    finish(core, tx).await
}

/// Creates the customer of a request from what the requester typed, with its location and contact, and assigns them.
///
/// # Errors
/// Fields of the new customer; `illegal_transition` as for [`assign_customer`].
pub async fn create_customer(
    core: &Core,
    by: Permit<'_, ReviewRequests>,
    id: RequestId,
    input: &NewCustomerForm,
) -> CoreResult<()> {
    let mut tx = core.store.begin(by.staff()).await?;
    let request = requests::load(&mut tx, id).await?;
    if !request
        .channel
        .allows_customer_assignment(request.customer_id.is_some())
    {
        return Err(CoreError::new(Cause::CustomerFixedByChannel));
    }
    let mut form = Form::default();
    let new = input.check(&mut form);
    form.finish()?;
    let new = new.ok_or_else(|| CoreError::new(Cause::InvalidFields))?;
    let created = by_staff::create(&mut tx, &new).await?;
    assign(
        &mut tx,
        &request,
        Some(created.customer),
        created.location,
        created.contact,
    )
    .await?;
    finish(core, tx).await
}

/// Assigns records of one customer to a request that is not a job.
async fn assign(
    tx: &mut TenantTx<'_, Staff>,
    request: &RequestView,
    customer: Option<CustomerId>,
    location: Option<LocationId>,
    contact: Option<ContactId>,
) -> CoreResult<()> {
    let id = request.id;
    if !tx.set_request_customer(id, customer, location, contact).await? {
        return Err(CoreError::new(Cause::RequestIsJob));
    }
    tx.assign_timeline_entries(id, customer, location).await?;
    classification::reclassify(tx, id).await?;
    tx.add_timeline_entry(
        NewTimelineEntry::for_request(TimelineKind::RequestMatched, id)
            .with_customer(customer)
            .with_location(location),
    )
    .await?;
    tx.audit(
        "request.customer_assigned",
        id,
        json!({ "customer": customer, "location": location, "contact": contact, "before": request.customer_id }),
    );
    Ok(())
}
