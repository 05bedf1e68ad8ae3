//! Requests from terminals. Customer and location are known, since each terminal is bound to a location.

use domain::fields::FieldCode;
use domain::intake::form::FormSettings;
use domain::intake::submission::{self, RawSubmission};
use domain::intake::terminal::is_token;
use domain::locale::Locale;
use domain::requests::Channel;

use crate::identity::actors::{Actor as _, Terminal};
use crate::intake::terminals;
use crate::intake::{Content, KnownRecords, PreparedFiles, Receipt, generate_token, submit_with_receipt};
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
        return Err(CoreError::field("terminal", FieldCode::OtherTerminal));
    }
    let (settings, nonce, token) = read_sending(core, settings, &envelope.sending)?;
    let zone: chrono_tz::Tz = terminal.zone().parse().unwrap_or(chrono_tz::UTC);
    let today = core.clock.now().with_timezone(&zone).date_naive();
    let content = submission::read(&settings, raw, locale, today).map_err(CoreError::invalid)?;
    let code = terminals::code_of(&token);
    ensure_token_is_unused(core, terminal, &token, &nonce).await?;
    submit_with_receipt(
        core,
        terminal,
        KnownRecords {
            customer: Some(terminal.customer()),
            location: Some(terminal.location()),
            contact: None,
            form: Some(terminal.form()),
        },
        &PreparedFiles::default(),
        &Content {
            channel: Channel::Terminal,
            service_type: content.service_type,
            priority: content.priority,
            description: &content.description,
            internal_notes: None,
            content_hash: None,
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

/// Returns the settings that apply, the nonce that identifies the request, and its tracking token.
fn read_sending(core: &Core, settings: &FormSettings, sending: &Sending) -> CoreResult<(FormSettings, String, String)> {
    match sending {
        Sending::Online { nonce } => {
            let nonce =
                domain::text::line(nonce, 100).map_err(|_| CoreError::field("nonce", FieldCode::FormExpired))?;
            Ok((settings.for_terminal(), nonce, generate_token(core)))
        }
        Sending::Queued { sequence, token } => {
            if !is_token(token) {
                return Err(CoreError::field("token", FieldCode::InvalidToken));
            }
            // A device that lost its counter restarts it; the receipt code keeps the nonce unique.
            let code = terminals::code_of(token);
            Ok((
                settings.for_late_terminal(),
                format!("{sequence}-{code}"),
                token.clone(),
            ))
        }
    }
}

/// Ensures that a token is not reused for another request, even if a device forges one that exists.
async fn ensure_token_is_unused(core: &Core, terminal: &Terminal, token: &str, nonce: &str) -> CoreResult<()> {
    let existing = core
        .store
        .read_system()
        .await?
        .token_use(&sha256(token.as_bytes()))
        .await?;
    let is_own = |(tenant, origin, used): &(uuid::Uuid, Option<uuid::Uuid>, Option<String>)| {
        *tenant == terminal.tenant().uuid() && *origin == Some(terminal.id().uuid()) && used.as_deref() == Some(nonce)
    };
    if existing.as_ref().is_some_and(|existing| !is_own(existing)) {
        return Err(CoreError::field("token", FieldCode::TokenTaken));
    }
    Ok(())
}
