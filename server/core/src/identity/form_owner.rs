//! Whose form it is: every form of an app carries a token of the account for which it was rendered, so that it is never
//! sent in the name of another account that has signed in since.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hmac::{Hmac, KeyInit as _, Mac as _};
use serde::{Deserialize, Serialize};
use sha2::Sha256;
use uuid::Uuid;

use crate::Core;
use crate::identity::actors::{Author, FormOwner, TenantId};
use crate::identity::sessions::Realm;
use crate::secrets::constant_time_eq;

/// How long a token proves its account; longer than any session.
const VALID_FOR_DAYS: i64 = 60;

#[derive(Serialize, Deserialize)]
struct Content {
    realm: String,
    tenant: String,
    person: String,
    name: String,
    /// Days since 1970. A page is the same all day.
    issued_on: i64,
}

/// Issues the token of the forms on a page.
pub fn issue<A: Author>(core: &Core, author: &A) -> String {
    let content = Content {
        realm: author.realm().name().to_owned(),
        tenant: author.tenant().uuid().simple().to_string(),
        person: author.person().simple().to_string(),
        name: author.person_name().to_owned(),
        issued_on: days(core),
    };
    let content = URL_SAFE_NO_PAD.encode(serde_json::to_vec(&content).unwrap_or_default());
    let signature = sign(core, &content);
    format!("{content}.{signature}")
}

/// Returns the account that a token was issued for; `None` for anything but a valid token.
pub fn verify(core: &Core, token: &str) -> Option<FormOwner> {
    let (content, signature) = token.split_once('.')?;
    if !constant_time_eq(sign(core, content).as_bytes(), signature.as_bytes()) {
        return None;
    }
    let content: Content = serde_json::from_slice(&URL_SAFE_NO_PAD.decode(content).ok()?).ok()?;
    let is_valid = (0..VALID_FOR_DAYS).contains(&(days(core) - content.issued_on));
    is_valid.then_some(FormOwner {
        realm: Realm::from_name(&content.realm)?,
        tenant: TenantId::from_uuid(Uuid::try_parse(&content.tenant).ok()?),
        person: Uuid::try_parse(&content.person).ok()?,
        name: content.name,
    })
}

fn days(core: &Core) -> i64 {
    core.clock.now().timestamp().div_euclid(86_400)
}

fn sign(core: &Core, content: &str) -> String {
    let key = core.keyring.derive("form-owner");
    Hmac::<Sha256>::new_from_slice(&key).map_or_else(
        |_| String::new(),
        |mut mac| {
            mac.update(content.as_bytes());
            URL_SAFE_NO_PAD.encode(&mac.finalize().into_bytes()[..16])
        },
    )
}
