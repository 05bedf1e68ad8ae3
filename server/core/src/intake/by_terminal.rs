//! Requests from terminals. Customer and location are known, since each terminal is bound to a location.

use domain::intake::form::FormSettings;
use domain::intake::submission::{self, RawSubmission};
use domain::intake::terminal::is_token;
use domain::locale::Locale;
use domain::requests::Channel;

use crate::identity::actors::{Actor as _, Terminal};
use crate::intake::terminals;
use crate::intake::{Content, KnownRecords, Receipt, generate_token, submit_with_receipt};
use crate::secrets::sha256;
use crate::{Core, CoreError, CoreResult};

/// Metadata that a device sends with the fields of a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Envelope {
    /// ID of the terminal for which the page was rendered.
    pub terminal: String,
    pub sending: Sending,
}

/// How a device sends a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Sending {
    /// Submitted online.
    Online {
        /// Generated with the page to detect repeated submissions.
        nonce: String,
    },
    /// Queued on the device, which has already shown a receipt.
    Queued {
        /// The device's sequence number of the request, constant across retries.
        sequence: u64,
        /// The tracking token of the receipt.
        token: String,
    },
}

/// Submits a request. Repeating it returns the first receipt. A request recorded for one terminal is rejected by
/// another: a device that was paired with another location may still have queued requests of the previous one.
///
/// # Errors
/// Invalid fields; `terminal` with code `other_terminal`; `token` with code `token_taken`.
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
            "This request was recorded at another terminal. Reload the page.",
        ));
    }
    let (settings, nonce, token) = match &envelope.sending {
        Sending::Online { nonce } => {
            let nonce = domain::text::line(nonce, 100)
                .map_err(|_| CoreError::field("nonce", "form_expired", "Reload the page and try again."))?;
            (settings.for_terminal(), nonce, generate_token(core))
        }
        Sending::Queued { sequence, token } => {
            if !is_token(token) {
                return Err(CoreError::field(
                    "token",
                    "validation_failed",
                    "A token of 27 base64url characters is required.",
                ));
            }
            // A device that lost its counter restarts it; the receipt code keeps the nonce unique.
            let code = terminals::code_of(token);
            (
                settings.for_late_terminal(),
                format!("{sequence}-{code}"),
                token.clone(),
            )
        }
    };
    let zone: chrono_tz::Tz = terminal.zone().parse().unwrap_or(chrono_tz::UTC);
    let today = core.clock.now().with_timezone(&zone).date_naive();
    let content = submission::read(&settings, raw, locale, today).map_err(CoreError::invalid)?;
    let code = terminals::code_of(&token);
    // A token must not be reused for another request, even if a device forges one that exists.
    let mut tx = core.store.read_system().await?;
    let existing = tx.token_use(&sha256(token.as_bytes())).await?;
    drop(tx);
    let is_own = |(tenant, origin, used): &(uuid::Uuid, Option<uuid::Uuid>, Option<String>)| {
        *tenant == terminal.tenant().uuid() && *origin == Some(terminal.id().uuid()) && used.as_deref() == Some(&nonce)
    };
    if existing.as_ref().is_some_and(|existing| !is_own(existing)) {
        return Err(CoreError::field(
            "token",
            "token_taken",
            "This receipt was already used. Request a new one.",
        ));
    }
    submit_with_receipt(
        core,
        terminal,
        KnownRecords {
            customer: Some(terminal.customer()),
            location: Some(terminal.location()),
            contact: None,
            form: Some(terminal.form()),
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
