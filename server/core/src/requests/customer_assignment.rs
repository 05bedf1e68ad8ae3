//! Saying whose a request is that came without a customer. A person does it, every time: likeness is only a hint.

use domain::ids::{ContactId, CustomerId, LocationId, RequestId};
use domain::permissions::{ReviewRequests, ViewOperations};
use domain::problems::Problem;
use domain::text;
use serde_json::json;

use crate::commit::finish;
use crate::customers::model::{ContactLine, CustomerLine, LocationLine};
use crate::form::Form;
use crate::identity::actors::Permit;
use crate::{Core, CoreError, CoreResult};
use crate::{classification, requests};

/// How many customers a search shows.
const MOST_FOUND: i64 = 20;

/// Customers to choose from, or the locations and contacts of the one that was chosen.
#[derive(Debug, Clone)]
pub struct Choices {
    /// What a search found.
    pub customers: Vec<CustomerLine>,
    /// The customer that was chosen.
    pub chosen: Option<CustomerLine>,
    /// Its locations.
    pub locations: Vec<LocationLine>,
    /// Its contacts.
    pub contacts: Vec<ContactLine>,
}

/// What can be chosen.
///
/// # Errors
/// The database does not answer.
pub async fn choices(
    core: &Core,
    by: Permit<'_, ViewOperations>,
    search: &str,
    chosen: Option<CustomerId>,
) -> CoreResult<Choices> {
    let mut tx = core.store.read(by.staff()).await?;
    let chosen = match chosen {
        Some(id) => tx.customer(id).await?.filter(|customer| !customer.is_archived),
        None => None,
    };
    let (locations, contacts) = match &chosen {
        Some(customer) => (
            tx.locations_of(customer.id.0).await?,
            tx.contacts_of(customer.id.0).await?,
        ),
        None => (Vec::new(), Vec::new()),
    };
    let search = text::optional_line(search, 100).ok().flatten().unwrap_or_default();
    let customers = if search.is_empty() || chosen.is_some() {
        Vec::new()
    } else {
        let found = tx.customers(&search, None, MOST_FOUND).await?;
        found.into_iter().filter(|customer| !customer.is_archived).collect()
    };
    Ok(Choices {
        customers,
        chosen,
        locations,
        contacts,
    })
}

/// Says whose a request is and where. It can be said again as long as it is no job.
///
/// # Errors
/// Field `customer`, `location` or `contact`; `illegal_transition` once it is a job; for a request of the portal or a
/// partner, whose customer is certain.
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
    if !request.channel.takes_customer_from_people() {
        return Err(CoreError::new(
            Problem::IllegalTransition,
            "Whose it is was certain from the beginning.",
        ));
    }
    let mut form = Form::default();
    let chosen = match customer.parse::<CustomerId>() {
        Ok(customer) => tx.customer(customer).await?.filter(|customer| !customer.is_archived),
        Err(_) => None,
    };
    let mut place: Option<LocationId> = None;
    let mut person: Option<ContactId> = None;
    match &chosen {
        None => form.wrong("customer", "required", "Choose a customer."),
        Some(customer) => {
            if !location.is_empty() {
                let wanted = location.parse::<LocationId>().ok();
                let own = tx.locations_of(customer.id.0).await?;
                place = own.iter().map(|line| line.id.0).find(|id| Some(*id) == wanted);
                if place.is_none() {
                    form.wrong("location", "required", "Choose a location of this customer.");
                }
            }
            if !contact.is_empty() {
                let wanted = contact.parse::<ContactId>().ok();
                let own = tx.contacts_of(customer.id.0).await?;
                person = own.iter().map(|line| line.id.0).find(|id| Some(*id) == wanted);
                if person.is_none() {
                    form.wrong("contact", "required", "Choose a contact of this customer.");
                }
            }
        }
    }
    form.finish()?;
    let customer = chosen.map(|customer| customer.id.0);
    if !tx.set_request_customer(id, customer, place, person).await? {
        return Err(CoreError::new(
            Problem::IllegalTransition,
            "It is a job already; change the job instead.",
        ));
    }
    tx.move_milestones(id, customer, place).await?;
    classification::place_known(&mut tx, id).await?;
    tx.note(crate::audit::NewEntry {
        kind: "request_matched",
        customer,
        location: place,
        target: None,
        request: Some(id),
    })
    .await?;
    tx.audit(
        "request.customer_assigned",
        id,
        json!({ "customer": customer, "location": place, "contact": person, "before": request.customer_id.map(|key| key.0) }),
    );
    finish(core, tx).await
}
