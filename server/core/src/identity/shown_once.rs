//! Secrets that are shown once, on the page after the action: sealed, so that the session contains no plaintext, and
//! unsealed for the same person only.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use secrecy::{ExposeSecret as _, SecretString};

use crate::identity::actors::{Actor as _, Contact, Partner, Staff};
use crate::secrets::AssociatedData;
use crate::{Core, CoreError, CoreResult};

/// A person to whom a secret can be shown. Staff and portal users have separate ID spaces, so their contexts differ.
pub trait SecretOwner {
    /// Returns the associated data that binds the secret to the person.
    fn associated_data(&self) -> AssociatedData<'static>;
}

impl SecretOwner for Staff {
    fn associated_data(&self) -> AssociatedData<'static> {
        AssociatedData {
            tenant: self.tenant().uuid(),
            kind: "shown-once",
            row: self.id().uuid(),
        }
    }
}

impl SecretOwner for Partner {
    fn associated_data(&self) -> AssociatedData<'static> {
        AssociatedData {
            tenant: self.live_tenant().uuid(),
            kind: "partner-shown-once",
            row: self.id.uuid(),
        }
    }
}

impl SecretOwner for Contact {
    fn associated_data(&self) -> AssociatedData<'static> {
        AssociatedData {
            tenant: self.tenant().uuid(),
            kind: "portal-shown-once",
            row: self.id().uuid(),
        }
    }
}

/// Seals a secret for a person.
pub fn seal(core: &Core, owner: &impl SecretOwner, secret: &SecretString) -> CoreResult<String> {
    let sealed = core
        .keyring
        .seal(
            secret.expose_secret().as_bytes(),
            &owner.associated_data(),
            &core.randomness,
        )
        .map_err(CoreError::internal)?;
    Ok(STANDARD.encode(sealed))
}

/// Unseals what [`seal`] returned, for the same person only.
pub fn unseal(core: &Core, owner: &impl SecretOwner, sealed: &str) -> Option<String> {
    let sealed = STANDARD.decode(sealed).ok()?;
    let plaintext = core.keyring.unseal(&sealed, &owner.associated_data()).ok()?;
    String::from_utf8(plaintext).ok()
}
