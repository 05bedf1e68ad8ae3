//! OAuth 2.0 for machines: the client credentials grant (RFC 6749, section 4.4) and revocation (RFC 7009). Tokens are
//! opaque and stored as hashes, so that deleting a row revokes a token.

use chrono::TimeDelta;
use domain::ids::ClientId;
use domain::scopes::Scope;
use secrecy::{ExposeSecret as _, SecretString};

use crate::db::purpose::SignIn;
use crate::integrations::store::credentials::SecretIdentity;
use crate::secrets::{constant_time_eq, hex, sha256};
use crate::{Core, CoreError};

/// The prefix of access tokens.
pub const TOKEN_PREFIX: &str = "oat_";
/// How long an access token is valid.
pub const TOKEN_LIFETIME: TimeDelta = TimeDelta::seconds(3_600);

/// The reason why no token is issued, as in RFC 6749, section 5.2.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Refusal {
    /// The client is unknown or its secret is wrong.
    InvalidClient,
    /// A requested scope does not exist or is not granted to the client.
    InvalidScope,
    /// The request could not be processed.
    Unavailable(CoreError),
}

impl From<CoreError> for Refusal {
    fn from(error: CoreError) -> Self {
        Self::Unavailable(error)
    }
}

/// A new access token.
#[derive(Debug)]
pub struct Token {
    /// The bearer token.
    pub text: SecretString,
    pub scopes: Vec<Scope>,
}

async fn authenticate(
    core: &Core,
    client_id: &str,
    secret: &SecretString,
) -> Result<(ClientId, SecretIdentity), Refusal> {
    let client: ClientId = client_id.parse().map_err(|_| Refusal::InvalidClient)?;
    let mut tx = core.store.read_system().await.map_err(CoreError::from)?;
    let secrets = tx.list_secrets(client).await.map_err(CoreError::from)?;
    let presented = sha256(secret.expose_secret().as_bytes());
    let mut matching = None;
    for candidate in secrets {
        if constant_time_eq(&presented, &candidate.secret_hash) {
            matching = Some(candidate);
        }
    }
    matching.map(|secret| (client, secret)).ok_or(Refusal::InvalidClient)
}

/// Issues a token to a client with a valid secret. Without `scope` it has all scopes of the client. A request for a
/// scope that is not granted is rejected instead of narrowed.
pub async fn token(core: &Core, client_id: &str, secret: &SecretString, scope: Option<&str>) -> Result<Token, Refusal> {
    let (client, identity) = authenticate(core, client_id, secret).await?;
    let granted: Vec<Scope> = identity
        .scopes
        .0
        .iter()
        .filter_map(|name| Scope::from_name(name))
        .collect();
    let scopes = match scope.map(str::trim).filter(|scope| !scope.is_empty()) {
        None => granted,
        Some(requested) => {
            let mut scopes = requested
                .split(' ')
                .map(|name| Scope::from_name(name).filter(|scope| granted.contains(scope)))
                .collect::<Option<Vec<_>>>()
                .ok_or(Refusal::InvalidScope)?;
            scopes.sort();
            scopes.dedup();
            scopes
        }
    };
    let bytes: [u8; 32] = core.randomness.bytes();
    let text = format!("{TOKEN_PREFIX}{}", hex(&bytes));
    let mut tx = core.store.begin_system::<SignIn>().await.map_err(CoreError::from)?;
    // The secret or the scopes may have been revoked since they were read above.
    if !tx
        .lock_unchanged_secret(&identity, client)
        .await
        .map_err(CoreError::from)?
    {
        return Err(Refusal::InvalidClient);
    }
    tx.insert_token(
        &identity,
        client,
        &sha256(text.as_bytes()),
        &scopes,
        core.clock.now() + TOKEN_LIFETIME,
    )
    .await
    .map_err(CoreError::from)?;
    tx.commit().await.map_err(CoreError::from)?;
    Ok(Token {
        text: text.into(),
        scopes,
    })
}

/// Revokes a token of the client. An unknown token, or one of another client, is ignored and gets the same response.
pub async fn revoke(core: &Core, client_id: &str, secret: &SecretString, token: &str) -> Result<(), Refusal> {
    let (client, _) = authenticate(core, client_id, secret).await?;
    let mut tx = core.store.begin_system::<SignIn>().await.map_err(CoreError::from)?;
    tx.delete_token(&sha256(token.as_bytes()), client)
        .await
        .map_err(CoreError::from)?;
    Ok(tx.commit().await.map_err(CoreError::from)?)
}
