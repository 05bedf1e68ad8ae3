//! Requests from public forms. The customer of such a request is unknown until a person says whose it is: what somebody
//! types about themselves never identifies anybody.

use domain::intake::form::FormSettings;
use domain::intake::submission::{self, RawSubmission};
use domain::locale::Locale;
use domain::requests::Channel;

use crate::files::Upload;
use crate::identity::actors::{Actor as _, FormVisitor};
use crate::intake::{Content, Known, Receipt, keep_files, submit, ticket};
use crate::{Core, CoreError, CoreResult};

/// What a form sends besides its fields.
#[derive(Debug, Clone, Default)]
pub struct Envelope {
    /// The ticket of the page.
    pub ticket: String,
    /// The proof of work, if the browser made one.
    pub proof: String,
    /// A field that people do not see; programs fill it in.
    pub website: String,
}

/// A new ticket for the page of a form.
pub fn new_ticket(core: &Core, visitor: &FormVisitor) -> String {
    ticket::issue(core, visitor.form)
}

/// Submits a form. The same page sent again, by a double click or because the answer was lost, gives the first receipt.
///
/// # Errors
/// Fields, each with what is allowed; `form_expired`, `form_too_fast`, `leave_empty`.
pub async fn submit_form(
    core: &Core,
    visitor: &FormVisitor,
    settings: &FormSettings,
    raw: &RawSubmission,
    uploads: Vec<Upload>,
    envelope: &Envelope,
    locale: Locale,
) -> CoreResult<Receipt> {
    if !envelope.website.is_empty() {
        return Err(CoreError::field("website", "leave_empty", "Leave this field empty."));
    }
    let zone: chrono_tz::Tz = visitor.zone.parse().unwrap_or(chrono_tz::UTC);
    let today = core.clock.now().with_timezone(&zone).date_naive();
    let content = submission::read(settings, raw, locale, today).map_err(CoreError::invalid)?;
    let nonce = ticket::check(core, visitor.form, &envelope.ticket, envelope.proof.parse().ok())?;
    let uploads = if settings.mode(domain::intake::form::FormField::Files) == domain::intake::form::FieldMode::Off {
        Vec::new()
    } else {
        uploads
    };
    let files = keep_files(core, visitor.tenant(), uploads).await?;
    submit(
        core,
        visitor,
        Known {
            form: Some(visitor.form),
            ..Known::default()
        },
        &files,
        &Content {
            channel: Channel::WebForm,
            service_type: content.service_type,
            priority: content.priority,
            description: &content.description,
            windows: &content.windows,
            requester: Some(&content.requester),
            place: content.address.as_ref(),
            origin: visitor.form.uuid(),
            nonce,
        },
    )
    .await
}
