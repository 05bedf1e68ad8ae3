//! Requests from terminals. Where it is and whose it is is known: the device is bound to a location.

use domain::intake::form::FormSettings;
use domain::intake::submission::{self, RawSubmission};
use domain::intake::terminal::is_token;
use domain::locale::Locale;
use domain::requests::Channel;

use crate::identity::actors::{Actor as _, Terminal};
use crate::intake::terminals;
use crate::intake::{Content, Known, Receipt, fresh_token, submit_with};
use crate::secrets::fingerprint;
use crate::{Core, CoreError, CoreResult};

/// What a device says about a request besides its fields: for which terminal the page was made, and what makes a repetition
/// recognisable.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Envelope {
    /// The terminal's id, as the page has it.
    pub terminal: String,
    /// How it was sent.
    pub sending: Sending,
}

/// How a device sends a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Sending {
    /// The page was sent as it is; its nonce makes a repetition recognisable.
    Page {
        /// The nonce of the page.
        nonce: String,
    },
    /// The device keeps what it sends, numbers it, and has given a receipt already.
    Kept {
        /// The device's own number; the same request has the same one, however often it is sent.
        sequence: u64,
        /// The token of the receipt.
        token: String,
    },
}

/// Submits a request. The same one again gives the first receipt. What was written at one terminal never comes in by
/// another: a device that was paired anew, perhaps for somebody else's place, may still keep what belongs to the one before.
///
/// # Errors
/// Fields, each with what is allowed; `terminal` with the code `other_terminal`.
pub async fn submit_at_terminal(
    core: &Core,
    terminal: &Terminal,
    settings: &FormSettings,
    raw: &RawSubmission,
    envelope: &Envelope,
    locale: Locale,
) -> CoreResult<Receipt> {
    if envelope.terminal.parse() != Ok(terminal.id()) {
        return Err(CoreError::field(
            "terminal",
            "other_terminal",
            "This was written at another terminal; load the page again.",
        ));
    }
    let (settings, nonce, token) = match &envelope.sending {
        Sending::Page { nonce } => {
            let nonce = domain::text::line(nonce, 100)
                .map_err(|_| CoreError::field("nonce", "form_expired", "Load the page again, then send it."))?;
            (settings.for_terminal(), nonce, fresh_token(core))
        }
        Sending::Kept { sequence, token } => {
            if !is_token(token) {
                return Err(CoreError::field(
                    "token",
                    "validation_failed",
                    "27 letters of base64url are required.",
                ));
            }
            // A device that has lost its count begins anew; the receipt tells its requests apart all the same.
            let mark = terminals::code_of(token);
            (
                settings.for_late_terminal(),
                format!("{sequence}-{mark}"),
                token.clone(),
            )
        }
    };
    let zone: chrono_tz::Tz = terminal.zone().parse().unwrap_or(chrono_tz::UTC);
    let today = core.clock.now().with_timezone(&zone).date_naive();
    let content = submission::read(&settings, raw, locale, today).map_err(CoreError::invalid)?;
    let code = terminals::code_of(&token);
    // Nobody else's request may be found by this token; a device that makes up one that exists is told so.
    let mut tx = core.store.read_system().await?;
    let taken = tx.use_of_token(&fingerprint(token.as_bytes())).await?;
    drop(tx);
    let is_own = |(tenant, origin, used): &(uuid::Uuid, Option<uuid::Uuid>, Option<String>)| {
        *tenant == terminal.tenant().uuid() && *origin == Some(terminal.id().uuid()) && used.as_deref() == Some(&nonce)
    };
    if taken.as_ref().is_some_and(|taken| !is_own(taken)) {
        return Err(CoreError::field(
            "token",
            "token_taken",
            "This receipt was given out already; take another.",
        ));
    }
    submit_with(
        core,
        terminal,
        Known {
            customer: Some(terminal.customer),
            location: Some(terminal.location),
            contact: None,
            form: Some(terminal.form),
        },
        &[],
        &Content {
            channel: Channel::Terminal,
            service_type: content.service_type,
            priority: content.priority,
            description: &content.description,
            windows: &content.windows,
            requester: Some(&content.requester),
            place: None,
            origin: terminal.id().uuid(),
            nonce: &nonce,
        },
        Some((token, code)),
    )
    .await
}
