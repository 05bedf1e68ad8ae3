//! Requests that the staff write down for somebody who calls.

use domain::customers::Address;
use domain::ids::{CustomerId, LocationId};
use domain::intake::{MOST_DESCRIPTION, Requester};
use domain::locale::Locale;
use domain::permissions::ReviewRequests;
use domain::problems::Problem;
use domain::requests::{Channel, Priority, ServiceType};
use domain::text;

use crate::form::Form;
use crate::identity::actors::Permit;
use crate::intake::{Content, Known, Receipt, submit};
use crate::{Core, CoreError, CoreResult};

/// What the form sends, as text.
#[derive(Debug, Clone, Default)]
pub struct CallForm {
    /// A customer's id; empty if it is not known.
    pub customer: String,
    /// One of its locations; empty if it is not known.
    pub location: String,
    /// A service type's name.
    pub service_type: String,
    /// A priority's name.
    pub priority: String,
    /// What is needed.
    pub description: String,
    /// Who called.
    pub name: String,
    /// Where they are called back.
    pub phone: String,
    /// Where they are written to.
    pub email: String,
    /// The language in which they are answered.
    pub locale: String,
    /// Made with the form: the same form sent twice is one request.
    pub nonce: String,
}

/// Writes a request down.
///
/// # Errors
/// Fields; a customer or location that does not exist is one.
pub async fn take_call(core: &Core, by: Permit<'_, ReviewRequests>, input: &CallForm) -> CoreResult<Receipt> {
    let staff = by.staff();
    let mut form = Form::default();
    let description = form.text(
        "description",
        MOST_DESCRIPTION,
        text::paragraphs(&input.description, MOST_DESCRIPTION),
    );
    let nonce = form.text("description", 100, text::line(&input.nonce, 100));
    let name = form.text("name", 120, text::optional_line(&input.name, 120)).flatten();
    let phone = form.text("phone", 40, text::optional_line(&input.phone, 40)).flatten();
    let email = if input.email.trim().is_empty() {
        None
    } else {
        form.text("email", 254, text::email(&input.email))
    };
    let service_type = ServiceType::from_name(&input.service_type);
    if service_type.is_none() {
        form.wrong("service_type", "required", "Choose what is needed.");
    }
    let priority = Priority::from_name(&input.priority).unwrap_or(Priority::Normal);
    let mut parts = Known::default();
    if !input.customer.is_empty() {
        let mut tx = core.store.read(staff).await?;
        let customer = match input.customer.parse::<CustomerId>() {
            Ok(id) => tx.customer(id).await?.filter(|customer| !customer.is_archived),
            Err(_) => None,
        };
        match customer {
            None => form.wrong("customer", "required", "Choose a customer."),
            Some(customer) => {
                parts.customer = Some(customer.id.0);
                if !input.location.is_empty() {
                    let wanted = input.location.parse::<LocationId>().ok();
                    let own = tx.locations_of(customer.id.0).await?;
                    parts.location = own.iter().map(|location| location.id.0).find(|id| Some(*id) == wanted);
                    if parts.location.is_none() {
                        form.wrong("location", "required", "Choose a location of this customer.");
                    }
                }
            }
        }
    }
    form.finish()?;
    let (Some(description), Some(nonce), Some(service_type)) = (description, nonce, service_type) else {
        return Err(CoreError::new(Problem::ValidationFailed, "The input is not valid."));
    };
    let requester = Requester {
        name,
        organisation: None,
        email,
        phone,
        locale: Locale::from_tag(&input.locale).unwrap_or_default(),
    };
    let nobody = Requester {
        locale: requester.locale,
        ..Requester::default()
    };
    submit(
        core,
        staff,
        parts,
        &[],
        &Content {
            channel: Channel::Staff,
            service_type,
            priority,
            description: &description,
            windows: &[],
            requester: (requester != nobody).then_some(&requester),
            place: None::<&Address>,
            origin: staff.id().uuid(),
            nonce: &nonce,
        },
    )
    .await
}
