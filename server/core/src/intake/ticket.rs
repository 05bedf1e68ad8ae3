//! The ticket of a public form: signed when the page is rendered and verified when the form is submitted. It contains
//! the form, the time and a nonce that detects repeated submissions, so that nothing has to be stored before a
//! submission.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chrono::{DateTime, TimeDelta, Utc};
use domain::fields::FieldCode;
use domain::ids::FormId;
use domain::intake::proof;
use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::Sha256;

use crate::{Core, CoreError, CoreResult};

/// Minimum time between rendering and submission; only bots are faster.
pub const MIN_FILL_TIME: TimeDelta = TimeDelta::seconds(3);
/// Minimum time for a submission without proof of work (without JavaScript).
pub const MIN_FILL_TIME_WITHOUT_PROOF: TimeDelta = TimeDelta::seconds(20);
/// How long a ticket is valid; after that the form is rendered again with its input.
pub const TICKET_TTL: TimeDelta = TimeDelta::hours(24);

/// Issues a ticket for a form.
pub(crate) fn issue(core: &Core, form: FormId) -> String {
    let nonce = URL_SAFE_NO_PAD.encode(core.randomness.bytes::<12>());
    let content = format!("{form}.{}.{nonce}", core.clock.now().timestamp_millis());
    let signature = sign(core, &content);
    format!("{content}.{signature}")
}

fn sign(core: &Core, content: &str) -> String {
    let key = core.keyring.derive("form-ticket");
    Hmac::<Sha256>::new_from_slice(&key).map_or_else(
        |_| String::new(),
        |mut mac| {
            mac.update(content.as_bytes());
            URL_SAFE_NO_PAD.encode(mac.finalize().into_bytes())
        },
    )
}

/// Verifies that a ticket was issued for a form and has not expired; returns its age and nonce.
///
/// # Errors
/// `form_expired`.
pub(crate) fn verify<'a>(core: &Core, form: FormId, ticket: &'a str) -> CoreResult<(TimeDelta, &'a str)> {
    let expired = || CoreError::field("ticket", FieldCode::FormExpired);
    let (content, signature) = ticket.rsplit_once('.').ok_or_else(expired)?;
    if !crate::secrets::constant_time_eq(sign(core, content).as_bytes(), signature.as_bytes()) {
        return Err(expired());
    }
    let mut parts = content.split('.');
    let (Some(ticket_form), Some(at), Some(nonce), None) = (parts.next(), parts.next(), parts.next(), parts.next())
    else {
        return Err(expired());
    };
    let issued_at = at
        .parse()
        .ok()
        .and_then(DateTime::<Utc>::from_timestamp_millis)
        .ok_or_else(expired)?;
    let age = core.clock.now() - issued_at;
    if ticket_form != form.to_string() || age > TICKET_TTL || age < TimeDelta::zero() {
        return Err(expired());
    }
    Ok((age, nonce))
}

/// Verifies a ticket and its proof of work, and returns the nonce.
///
/// # Errors
/// `form_expired` for an invalid or old ticket; `form_too_fast` with the number of seconds to wait.
pub(crate) fn check<'a>(core: &Core, form: FormId, ticket: &'a str, proof: Option<u64>) -> CoreResult<&'a str> {
    let (age, nonce) = verify(core, form, ticket)?;
    let is_proven = proof.is_some_and(|number| proof::is_solved(ticket, number));
    let min_age = if is_proven {
        MIN_FILL_TIME
    } else {
        MIN_FILL_TIME_WITHOUT_PROOF
    };
    if age < min_age {
        let seconds = u64::try_from((min_age - age).num_milliseconds() / 1000 + 1).unwrap_or(1);
        return Err(CoreError::field("ticket", FieldCode::FormTooFast { seconds }));
    }
    Ok(nonce)
}
