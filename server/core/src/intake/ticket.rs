//! The ticket of a public form: signed when the page is made, shown again when the form is sent. It says when and for which
//! form it was made, and its number makes a repetition recognisable, so nothing is stored before somebody has sent
//! something.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chrono::{DateTime, TimeDelta, Utc};
use domain::ids::FormId;
use domain::intake::proof;
use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::Sha256;

use crate::{Core, CoreError, CoreResult};

/// Nobody fills in a form faster than this.
pub const SHORTEST: TimeDelta = TimeDelta::seconds(3);
/// Without a proof of work (no JavaScript) a form takes at least so long.
pub const SHORTEST_WITHOUT_PROOF: TimeDelta = TimeDelta::seconds(20);
/// A page that was left open longer needs a new ticket; what was typed stays.
pub const LONGEST: TimeDelta = TimeDelta::hours(24);

/// A new ticket for a form.
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

/// Checks a ticket and the proof that came with it; the answer is its number.
///
/// # Errors
/// `form_expired`, `form_too_fast` (with the seconds to wait).
pub(crate) fn check<'a>(core: &Core, form: FormId, ticket: &'a str, proof: Option<u64>) -> CoreResult<&'a str> {
    let expired = || CoreError::field("ticket", "form_expired", "This page was open too long; send it again.");
    let (content, signature) = ticket.rsplit_once('.').ok_or_else(expired)?;
    if !crate::secrets::same(sign(core, content).as_bytes(), signature.as_bytes()) {
        return Err(expired());
    }
    let mut parts = content.split('.');
    let (Some(of), Some(at), Some(nonce), None) = (parts.next(), parts.next(), parts.next(), parts.next()) else {
        return Err(expired());
    };
    let made = at
        .parse()
        .ok()
        .and_then(DateTime::<Utc>::from_timestamp_millis)
        .ok_or_else(expired)?;
    let age = core.clock.now() - made;
    if of != form.to_string() || age > LONGEST || age < TimeDelta::zero() {
        return Err(expired());
    }
    let proven = proof.is_some_and(|number| proof::is_solved(ticket, number));
    let shortest = if proven { SHORTEST } else { SHORTEST_WITHOUT_PROOF };
    if age < shortest {
        let wait = ((shortest - age).num_milliseconds() / 1000 + 1).to_string();
        return Err(CoreError::field("ticket", "form_too_fast", wait));
    }
    Ok(nonce)
}
