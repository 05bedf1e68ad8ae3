//! Requests from public forms. The customer is assigned by staff later, since the visitor's input does not identify
//! anyone.

use domain::network::Network;

use domain::fields::FieldCode;
use domain::intake::form::FormSettings;
use domain::intake::submission::{self, RawSubmission, Submission};
use domain::locale::Locale;
use domain::requests::Channel;

use crate::files::Upload;
use crate::identity::actors::FormVisitor;
use crate::intake::{
    Content, FileSender, KnownRecords, Receipt, Submitted, find_submitted, prepare_files, submit, ticket,
};
use crate::secrets::sha256;
use crate::{Core, CoreError, CoreResult};

/// Anti-abuse fields that a form sends with its content.
#[derive(Debug, Clone, Default)]
pub struct Envelope {
    pub ticket: String,
    /// The proof of work; empty without JavaScript.
    pub proof: String,
    /// A hidden honeypot field that only bots fill in.
    pub website: String,
    /// The network of the sender; one image of a network is decoded at a time.
    pub network: Option<Network>,
}

/// Issues a ticket for the page of a form.
pub fn new_ticket(core: &Core, visitor: &FormVisitor) -> String {
    ticket::issue(core, visitor.form())
}

/// Verifies the ticket of a form, before anything else of the form is looked at.
///
/// # Errors
/// Field `ticket`: `form_expired`.
pub fn verify_ticket(core: &Core, visitor: &FormVisitor, ticket: &str) -> CoreResult<()> {
    ticket::verify(core, visitor.form(), ticket).map(drop)
}

/// How many requests can be submitted from one page of a form, by going back and changing the text.
const MAX_REQUESTS_PER_TICKET: usize = 3;

/// Returns the hash of what a visitor types. Files do not count: a page stores the files of a text once.
fn hash(content: &Submission) -> CoreResult<Vec<u8>> {
    let parts = (
        (
            content.service_type.name(),
            content.priority.name(),
            &content.description,
        ),
        (&content.requester, &content.address, &content.windows),
    );
    serde_json::to_vec(&parts)
        .map(|bytes| sha256(&bytes))
        .map_err(CoreError::internal)
}

/// Returns the nonce of the request with this content. Going back to the page, changing the text and submitting it again
/// submits another request; only the same content is the same request.
///
/// # Errors
/// `form_expired` once a page was used for as many requests as it may be; the page is then rendered with a new ticket.
async fn nonce_of(core: &Core, visitor: &FormVisitor, ticket_nonce: &str, content_hash: &[u8]) -> CoreResult<String> {
    let mut tx = core.store.read(visitor).await?;
    for number in 0..MAX_REQUESTS_PER_TICKET {
        let nonce = if number == 0 {
            ticket_nonce.to_owned()
        } else {
            format!("{ticket_nonce}.{number}")
        };
        match tx.content_of_nonce(visitor.form().uuid(), &nonce).await? {
            None => return Ok(nonce),
            Some(submitted) if submitted.as_ref().is_none_or(|submitted| *submitted == content_hash) => {
                return Ok(nonce);
            }
            Some(_) => {}
        }
    }
    Err(CoreError::field("ticket", FieldCode::FormExpired))
}

/// Submits a form. Submitting the same page with the same content again returns the first receipt; with another content, it is
/// another request.
///
/// # Errors
/// Invalid fields; codes `form_expired`, `form_too_fast` and `leave_empty` for the envelope.
pub async fn submit_form(
    core: &Core,
    visitor: &FormVisitor,
    settings: &FormSettings,
    raw: &RawSubmission,
    uploads: Vec<Upload>,
    envelope: &Envelope,
    locale: Locale,
) -> CoreResult<Submitted<Receipt>> {
    if !envelope.website.is_empty() {
        return Err(CoreError::field("website", FieldCode::LeaveEmpty));
    }
    let zone: chrono_tz::Tz = visitor.zone().parse().unwrap_or(chrono_tz::UTC);
    let today = core.clock.now().with_timezone(&zone).date_naive();
    let content = submission::read(settings, raw, locale, today).map_err(CoreError::invalid)?;
    let nonce = ticket::check(core, visitor.form(), &envelope.ticket, envelope.proof.parse().ok())?;
    let uploads = if settings.mode(domain::intake::form::FormField::Files) == domain::intake::form::FieldMode::Off {
        Vec::new()
    } else {
        uploads
    };
    let origin = visitor.form().uuid();
    let content_hash = hash(&content)?;
    let nonce = nonce_of(core, visitor, nonce, &content_hash).await?;
    let nonce = nonce.as_str();
    let Some(files) = prepare_files(
        core,
        visitor,
        FileSender::Visitor(envelope.network),
        origin,
        nonce,
        uploads,
    )
    .await?
    else {
        return find_submitted(core, visitor, origin, nonce).await.map(Submitted::whole);
    };
    let known = KnownRecords {
        form: Some(visitor.form()),
        ..KnownRecords::default()
    };
    let content = Content {
        channel: Channel::WebForm,
        service_type: content.service_type,
        priority: content.priority,
        description: &content.description,
        internal_notes: None,
        content_hash: Some(&content_hash),
        windows: &content.windows,
        requester: Some(&content.requester),
        place: content.address.as_ref(),
        origin,
        nonce,
    };
    match submit(core, visitor, known, &files, &content).await {
        Ok(receipt) => Ok(files.submitted(receipt)),
        Err(error) => {
            files.release(core, visitor).await;
            Err(error)
        }
    }
}
