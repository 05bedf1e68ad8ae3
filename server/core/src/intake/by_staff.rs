//! Requests that staff enter for a caller.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use domain::customers::Address;
use domain::fields::FieldCode;
use domain::identity::permissions::ReviewRequests;
use domain::intake::{MAX_DESCRIPTION_CHARS, Requester};
use domain::locale::Locale;
use domain::problems::Cause;
use domain::requests::{Channel, Priority, ServiceType};
use domain::text;

use crate::customers::by_staff::NewCustomerForm;
use crate::customers::{by_staff, choice};
use crate::form::Form;
use crate::identity::actors::Permit;
use crate::intake::{Content, KnownRecords, PreparedFiles, Receipt, find_receipt, submit_in};
use crate::secrets::sha256;
use crate::{Core, CoreError, CoreResult};

/// The unparsed fields of the form.
#[derive(Debug, Clone, Default)]
pub struct CallForm {
    /// Customer ID; empty if unknown.
    pub customer: String,
    /// ID of one of the customer's locations; empty if unknown.
    pub location: String,
    /// ID of one of the customer's contacts; empty if the caller is none of them.
    pub contact: String,
    /// The customer to create if none is chosen; its contact has the name, phone and email of the caller.
    pub new_customer: Option<NewCustomerForm>,
    pub service_type: String,
    pub priority: String,
    /// The caller's words; the customer reads them again.
    pub description: String,
    /// For the team; the customer never reads them.
    pub internal_notes: String,
    /// The caller's name.
    pub name: String,
    pub phone: String,
    pub email: String,
    /// The language of emails to the caller.
    pub locale: String,
    /// Generated with the form to detect repeated submissions.
    pub nonce: String,
}

/// Returns the nonce of a call with this text: going back to the page and changing it records another call.
fn nonce_of_content(nonce: &str, description: &str, notes: Option<&str>) -> String {
    let text = format!("{description}\0{}", notes.unwrap_or_default());
    format!("{nonce}.{}", URL_SAFE_NO_PAD.encode(&sha256(text.as_bytes())[..12]))
}

/// Creates a request for a caller, and the customer if it is new.
///
/// # Errors
/// Invalid fields, including a customer or location that does not exist.
pub async fn create_for_caller(core: &Core, by: Permit<'_, ReviewRequests>, input: &CallForm) -> CoreResult<Receipt> {
    let staff = by.staff();
    let mut form = Form::default();
    let description = form.text(
        "description",
        MAX_DESCRIPTION_CHARS,
        text::paragraphs(&input.description, MAX_DESCRIPTION_CHARS),
    );
    let internal_notes = form.text(
        "internal_notes",
        MAX_DESCRIPTION_CHARS,
        text::optional_paragraphs(&input.internal_notes, MAX_DESCRIPTION_CHARS),
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
        form.add_error("service_type", FieldCode::Required);
    }
    let priority = Priority::from_name(&input.priority).unwrap_or(Priority::Normal);
    let mut parts = KnownRecords::default();
    if !input.customer.is_empty() {
        let mut tx = core.store.read(staff).await?;
        let chosen = choice::read(&mut tx, &mut form, &input.customer, &input.location, &input.contact).await?;
        if let Some(chosen) = chosen {
            parts.customer = Some(chosen.customer);
            parts.location = chosen.location;
            parts.contact = chosen.contact;
        }
    }
    let new_customer = input
        .new_customer
        .as_ref()
        .filter(|_| input.customer.is_empty())
        .and_then(|new| new.check(&mut form));
    form.finish()?;
    let (Some(description), Some(nonce), Some(service_type)) = (description, nonce, service_type) else {
        return Err(CoreError::new(Cause::InvalidFields));
    };
    let requester = Requester {
        name,
        organisation: None,
        email,
        phone,
        locale: Locale::from_tag(&input.locale).unwrap_or_default(),
    };
    let empty = Requester {
        locale: requester.locale,
        ..Requester::default()
    };
    let internal_notes = internal_notes.flatten();
    let nonce = nonce_of_content(&nonce, &description, internal_notes.as_deref());
    let content = Content {
        channel: Channel::Staff,
        service_type,
        priority,
        description: &description,
        internal_notes: internal_notes.as_deref(),
        content_hash: None,
        windows: &[],
        requester: (requester != empty).then_some(&requester),
        place: None::<&Address>,
        origin: staff.id().uuid(),
        nonce: &nonce,
    };
    let mut tx = core.store.begin(staff).await?;
    // The same form again must not create the customer again.
    if let Some(receipt) = find_receipt(core, &mut tx, content.origin, content.nonce).await? {
        return Ok(receipt);
    }
    if let Some(new) = new_customer {
        let new = new.with_contact(requester.name.clone(), requester.phone.clone(), requester.email.clone());
        let created = by_staff::create(&mut tx, &new).await?;
        parts.customer = Some(created.customer);
        parts.location = created.location;
        parts.contact = created.contact;
    }
    let receipt = submit_in(core, &mut tx, parts, &PreparedFiles::default(), &content, None).await?;
    crate::commit::finish(core, tx).await?;
    Ok(receipt)
}
