//! The request that a portal user submits.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use domain::fields::FieldCode;
use domain::ids::{LocationId, RequestId};
use domain::intake::{MAX_WINDOWS, PreferredWindow};
use domain::problems::Cause;
use domain::requests::{Channel, Priority, ServiceType};
use domain::text;

use crate::commit::finish;
use crate::files::Upload;
use crate::form::Form;
use crate::identity::actors::{Actor as _, Contact};
use crate::intake::{self, FileSender, PreparedFiles, Submitted};
use crate::portal_access::store::submission::NewPortalRequest;
use crate::secrets::sha256;
use crate::{Core, CoreError, CoreResult};

pub const MAX_DESCRIPTION_CHARS: usize = 4_000;

/// The submitted request form.
#[derive(Debug, Clone, Default)]
pub struct RequestForm {
    /// The ID of a granted location.
    pub location: String,
    /// The name of a service type.
    pub service_type: String,
    pub description: String,
    /// The preferred time as free text.
    pub preferred: String,
    /// Preferred dates with the part of the day.
    pub windows: Vec<(String, String)>,
    pub urgent: bool,
    /// Generated with the form, so that submitting it twice creates one request.
    pub nonce: String,
}

/// Submits a request for review by staff. Submitting the same form again returns the same request.
///
/// # Errors
/// Fields; a location outside the grants is reported like one that does not exist.
pub async fn submit_request(
    core: &Core,
    contact: &Contact,
    input: &RequestForm,
    uploads: Vec<Upload>,
) -> CoreResult<Submitted<RequestId>> {
    let mut form = Form::default();
    let description = form.text(
        "description",
        MAX_DESCRIPTION_CHARS,
        text::paragraphs(&input.description, MAX_DESCRIPTION_CHARS),
    );
    let preferred = form
        .text("preferred", 200, text::optional_line(&input.preferred, 200))
        .flatten();
    let nonce = form.text("description", 100, text::line(&input.nonce, 100));
    let service_type = ServiceType::from_name(&input.service_type);
    if service_type.is_none() {
        form.add_error("service_type", FieldCode::Required);
    }
    let location = input.location.parse::<LocationId>().ok();
    if location.is_none() {
        form.add_error("location", FieldCode::Required);
    }
    let zone: chrono_tz::Tz = contact.zone().parse().unwrap_or(chrono_tz::UTC);
    let today = core.clock.now().with_timezone(&zone).date_naive();
    let mut windows = Vec::new();
    for (date, part) in input.windows.iter().take(MAX_WINDOWS) {
        match PreferredWindow::read(date, part, today) {
            Ok(Some(window)) if !windows.contains(&window) => windows.push(window),
            Ok(_) => {}
            Err(code) => form.add_error("date_1", code),
        }
    }
    form.finish()?;
    let (Some(description), Some(nonce), Some(service_type), Some(location)) =
        (description, nonce, service_type, location)
    else {
        return Err(CoreError::new(Cause::InvalidFields));
    };
    let nonce = nonce_of_content(&nonce, input, &uploads);
    let mut tx = core.store.read(contact).await?;
    if let Some(earlier) = tx.request_by_nonce(&nonce).await? {
        return Ok(Submitted::whole(earlier));
    }
    // Nothing is stored for a location outside the grants.
    let customer = tx.customer_of_location(location).await?;
    drop(tx);
    if customer.is_none() {
        return Err(CoreError::field("location", FieldCode::Required));
    }
    let account = contact.id().uuid();
    let Some(files) = intake::prepare_files(core, contact, FileSender::Contact, account, &nonce, uploads).await? else {
        let mut tx = core.store.read(contact).await?;
        let earlier = tx.request_by_nonce(&nonce).await?.ok_or_else(CoreError::not_found)?;
        return Ok(Submitted::whole(earlier));
    };
    let new = AcceptedRequest {
        location,
        service_type,
        description: &description,
        preferred: preferred.as_deref(),
        priority: if input.urgent { Priority::High } else { Priority::Normal },
        windows: &windows,
        nonce: &nonce,
    };
    match insert_request(core, contact, &new, &files).await {
        Ok(request) => Ok(files.submitted(request)),
        Err(error) => {
            files.release(core, contact).await;
            Err(error)
        }
    }
}

/// Returns the nonce of a request with this content: going back to the page and changing the text submits another
/// request.
fn nonce_of_content(nonce: &str, input: &RequestForm, uploads: &[Upload]) -> String {
    let mut content: Vec<u8> = Vec::new();
    let texts = [
        &input.location,
        &input.service_type,
        &input.description,
        &input.preferred,
    ];
    let windows = input.windows.iter().flat_map(|(date, part)| [date, part]);
    let names = uploads.iter().map(|upload| &upload.file_name);
    for text in texts.into_iter().chain(windows).chain(names) {
        content.extend(text.as_bytes());
        content.push(0);
    }
    content.push(u8::from(input.urgent));
    for upload in uploads {
        content.extend(sha256(&upload.bytes));
    }
    format!("{nonce}.{}", URL_SAFE_NO_PAD.encode(&sha256(&content)[..12]))
}

/// The validated content of a request.
struct AcceptedRequest<'a> {
    location: LocationId,
    service_type: ServiceType,
    description: &'a str,
    preferred: Option<&'a str>,
    priority: Priority,
    windows: &'a [PreferredWindow],
    nonce: &'a str,
}

async fn insert_request(
    core: &Core,
    contact: &Contact,
    accepted: &AcceptedRequest<'_>,
    files: &PreparedFiles,
) -> CoreResult<RequestId> {
    let (location, nonce) = (accepted.location, accepted.nonce);
    let mut tx = core.store.begin(contact).await?;
    if let Some(earlier) = tx.request_by_nonce(nonce).await? {
        return Ok(earlier);
    }
    let id: RequestId = tx.new_id();
    let number = tx.next_number("request").await?;
    let (_, tracking) = intake::generate_tracking_token(core, contact.tenant(), id)?;
    let new = NewPortalRequest {
        id,
        number,
        location,
        service_type: accepted.service_type,
        description: accepted.description,
        preferred: accepted.preferred,
        priority: accepted.priority,
        windows: accepted.windows,
        tracking: &tracking,
        nonce,
    };
    if !tx.insert_portal_request(&new).await? {
        // Either the same form was submitted concurrently, or no grant covers the location.
        return match tx.request_by_nonce(nonce).await? {
            Some(earlier) => Ok(earlier),
            None => Err(CoreError::field("location", FieldCode::Required)),
        };
    }
    let customer = tx.customer_of_location(location).await?;
    intake::attach(&mut tx, id, None, files).await?;
    intake::complete_submission(core, &mut tx, id, Channel::Portal, customer, Some(location)).await?;
    finish(core, tx).await?;
    Ok(id)
}
