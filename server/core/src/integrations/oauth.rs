//! OAuth 2.0 for machines: the client credentials grant (RFC 6749, section 4.4) and revocation (RFC 7009). Tokens are
//! opaque and kept as hashes, so that revoking one is deleting a row.

use chrono::TimeDelta;
use domain::ids::ClientId;
use domain::scopes::Scope;
use secrecy::{ExposeSecret as _, SecretString};

use crate::integrations::store::clients::SecretIdentity;
use crate::secrets::{fingerprint, hex, same};
use crate::{Core, CoreError};

/// How access tokens begin.
pub const TOKEN_PREFIX: &str = "oat_";
/// How long a token holds.
pub const LIFETIME: TimeDelta = TimeDelta::seconds(3_600);

/// Why no token is given, as RFC 6749, section 5.2 names it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Refusal {
    /// The client is not known or its secret is wrong.
    InvalidClient,
    /// A scope was asked for that the client does not hold or that does not exist.
    InvalidScope,
    /// Our side cannot answer.
    Unavailable(CoreError),
}

impl From<CoreError> for Refusal {
    fn from(error: CoreError) -> Self {
        Self::Unavailable(error)
    }
}

/// A token that was just made.
#[derive(Debug)]
pub struct Token {
    /// What the client sends from now on.
    pub text: SecretString,
    /// What it may do.
    pub scopes: Vec<Scope>,
}

async fn authenticated(
    core: &Core,
    client_id: &str,
    secret: &SecretString,
) -> Result<(ClientId, SecretIdentity), Refusal> {
    let client: ClientId = client_id.parse().map_err(|_| Refusal::InvalidClient)?;
    let mut tx = core.store.read_system().await.map_err(CoreError::from)?;
    let secrets = tx.secrets_of(client).await.map_err(CoreError::from)?;
    let presented = fingerprint(secret.expose_secret().as_bytes());
    let mut matching = None;
    for candidate in secrets {
        if same(&presented, &candidate.secret_hash) {
            matching = Some(candidate);
        }
    }
    matching.map(|secret| (client, secret)).ok_or(Refusal::InvalidClient)
}

/// Gives a token to a client whose secret is right. Without `scope` it may do everything that the client may; asking for
/// more is refused, never silently narrowed.
///
/// # Errors
/// [`Refusal`].
pub async fn token(core: &Core, client_id: &str, secret: &SecretString, scope: Option<&str>) -> Result<Token, Refusal> {
    let (client, identity) = authenticated(core, client_id, secret).await?;
    let held: Vec<Scope> = identity
        .scopes
        .0
        .iter()
        .filter_map(|name| Scope::from_name(name))
        .collect();
    let scopes = match scope.map(str::trim).filter(|scope| !scope.is_empty()) {
        None => held,
        Some(wanted) => {
            let mut scopes = wanted
                .split(' ')
                .map(|name| Scope::from_name(name).filter(|scope| held.contains(scope)))
                .collect::<Option<Vec<_>>>()
                .ok_or(Refusal::InvalidScope)?;
            scopes.sort();
            scopes.dedup();
            scopes
        }
    };
    let bytes: [u8; 32] = core.randomness.bytes();
    let text = format!("{TOKEN_PREFIX}{}", hex(&bytes));
    let mut tx = core.store.begin_system().await.map_err(CoreError::from)?;
    // A secret that was revoked, or a scope that was taken, since it was looked at makes no token any more.
    if !tx.still_grants(&identity, client).await.map_err(CoreError::from)? {
        return Err(Refusal::InvalidClient);
    }
    tx.insert_token(
        &identity,
        client,
        &fingerprint(text.as_bytes()),
        &scopes,
        core.clock.now() + LIFETIME,
    )
    .await
    .map_err(CoreError::from)?;
    tx.commit().await.map_err(CoreError::from)?;
    Ok(Token {
        text: text.into(),
        scopes,
    })
}

/// Ends a token of the client; a token that is unknown, or another client's, is answered the same and left alone.
///
/// # Errors
/// [`Refusal`].
pub async fn revoke(core: &Core, client_id: &str, secret: &SecretString, token: &str) -> Result<(), Refusal> {
    let (client, _) = authenticated(core, client_id, secret).await?;
    let mut tx = core.store.begin_system().await.map_err(CoreError::from)?;
    tx.delete_token(&fingerprint(token.as_bytes()), client)
        .await
        .map_err(CoreError::from)?;
    Ok(tx.commit().await.map_err(CoreError::from)?)
}
