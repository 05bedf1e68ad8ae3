//! Secrets for the one page that shows them: closed, so that they rest nowhere in the open, not even in a session, and
//! opened for the same person only.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use domain::problems::Problem;
use secrecy::{ExposeSecret as _, SecretString};

use crate::identity::actors::{Actor as _, Contact, Staff};
use crate::secrets::Place;
use crate::{Core, CoreError, CoreResult};

/// Whose secret it is: the two kinds of people have tables, and so ids, of their own.
pub trait Reader {
    /// What the closed secret is bound to.
    fn place(&self) -> Place<'static>;
}

impl Reader for Staff {
    fn place(&self) -> Place<'static> {
        Place {
            tenant: self.tenant().uuid(),
            kind: "shown-once",
            row: self.id().uuid(),
        }
    }
}

impl Reader for Contact {
    fn place(&self) -> Place<'static> {
        Place {
            tenant: self.tenant().uuid(),
            kind: "portal-shown-once",
            row: self.id().uuid(),
        }
    }
}

/// Closes a secret.
///
/// # Errors
/// Never for a text of ordinary size.
pub fn seal(core: &Core, reader: &impl Reader, secret: &SecretString) -> CoreResult<String> {
    let closed = core
        .keyring
        .close(secret.expose_secret().as_bytes(), &reader.place(), &core.randomness)
        .map_err(|error| {
            tracing::error!(%error, "a secret could not be closed");
            CoreError::new(Problem::InternalError, "Something went wrong on our side.")
        })?;
    Ok(STANDARD.encode(closed))
}

/// Opens what [`seal`] closed, for the same person only.
pub fn unseal(core: &Core, reader: &impl Reader, sealed: &str) -> Option<String> {
    let closed = STANDARD.decode(sealed).ok()?;
    let plain = core.keyring.open_value(&closed, &reader.place()).ok()?;
    String::from_utf8(plain).ok()
}
