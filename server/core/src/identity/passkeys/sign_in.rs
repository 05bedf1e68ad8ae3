//! Sign-in with a passkey.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use uuid::Uuid;
use webauthn_rs::prelude::{DiscoverableAuthentication, Passkey, PublicKeyCredential};

use super::{CHALLENGE_LIFETIME, Challenge, open, rejected, relying_party, require_relying_party, seal, serialize};
use crate::db::purpose::SignIn;
use crate::identity::account::AccountKey;
use crate::identity::actors::TenantId;
use crate::identity::admission::SignedIn;
use crate::identity::sign_in::{Verified, home_of};
use crate::identity::store::sessions::Realm;
use crate::secrets::AssociatedData;
use crate::{Core, CoreResult};

/// A challenge that a page for sign-in contains.
#[derive(Serialize, Deserialize)]
struct Pending {
    from: DateTime<Utc>,
    authentication: DiscoverableAuthentication,
}

fn context<'a>(realm: Realm) -> AssociatedData<'a> {
    AssociatedData {
        tenant: Uuid::nil(),
        kind: match realm {
            Realm::Staff => "staff_passkey.sign_in",
            Realm::Portal => "portal_passkey.sign_in",
            Realm::Partner => "partner_passkey.sign_in",
        },
        row: Uuid::nil(),
    }
}

/// Creates a challenge for the sign-in page; `None` if there are no passkeys at the address of this installation.
///
/// # Errors
/// The challenge cannot be sealed.
pub fn sign_in_challenge(core: &Core, realm: Realm) -> CoreResult<Option<Challenge>> {
    let Some(relying_party) = relying_party(core) else {
        return Ok(None);
    };
    let (challenge, authentication) = relying_party
        .start_discoverable_authentication()
        .map_err(crate::CoreError::internal)?;
    let pending = Pending {
        from: core.clock.now(),
        authentication,
    };
    Ok(Some(Challenge {
        name: String::new(),
        options: serde_json::to_string(&challenge.public_key).map_err(crate::CoreError::internal)?,
        state: seal(core, &context(realm), &pending)?,
    }))
}

/// Verifies an answer to a challenge and completes the sign-in of the passkey's owner.
///
/// # Errors
/// `invalid_credentials` for anything but a new answer of a passkey of this realm.
pub(crate) async fn sign_in(core: &Core, realm: Realm, sealed: &str, credential: &str) -> CoreResult<SignedIn> {
    let pending: Pending = open(core, &context(realm), sealed).ok_or_else(rejected)?;
    if core.clock.now() - pending.from > CHALLENGE_LIFETIME {
        return Err(rejected());
    }
    let response: PublicKeyCredential = serde_json::from_str(credential).map_err(|_| rejected())?;
    let relying_party = require_relying_party(core)?;
    let (account, credential_id) = relying_party
        .identify_discoverable_authentication(&response)
        .map_err(|_| rejected())?;
    let mut tx = core.store.begin_system::<SignIn>().await?;
    let found = tx.passkey_of_account(realm, credential_id, account).await?;
    let found = found.ok_or_else(rejected)?;
    let mut passkey: Passkey = serde_json::from_value(found.credential).map_err(crate::CoreError::internal)?;
    let result = relying_party
        .finish_discoverable_authentication_v2(&response, pending.authentication, &passkey)
        .map_err(|error| {
            tracing::info!(%error, "passkey was not accepted");
            rejected()
        })?;
    if !result.user_verified() {
        return Err(rejected());
    }
    passkey.update_credential(&result);
    let account = AccountKey {
        realm,
        tenant: TenantId::from_uuid(found.tenant_id),
        id: account,
    };
    if !tx
        .use_passkey(account, found.id, &serialize(&passkey)?, pending.from)
        .await?
    {
        return Err(rejected());
    }
    let home = home_of(&mut tx, account).await?;
    let verified = Verified {
        account,
        epoch: found.epoch,
        tenant_name: &found.tenant_name,
        home,
        // The device has verified its owner, which is the second factor.
        must_set_up: false,
    };
    let signed_in = verified.complete(&mut tx).await?;
    tx.commit().await?;
    Ok(signed_in)
}
