//! Responses stored under an `Idempotency-Key`, in the same transaction as the work they report.

use domain::problems::Cause;

use crate::db::{StoreError, TenantTx};
use crate::identity::actors::ApiClient;
use crate::integrations::store::idempotency::StoredResponse;
use crate::secrets::sha256;
use crate::{Core, CoreError, CoreResult};

/// An `Idempotency-Key` with the request it belongs to.
#[derive(Debug, Clone)]
pub struct IdempotencyKey {
    /// The method and path, path parameters included.
    pub route: String,
    pub key: String,
    /// The SHA-256 hash of the raw body.
    pub fingerprint: Vec<u8>,
}

/// Maximum length of an idempotency key.
const MAX_KEY_CHARS: usize = 255;

impl IdempotencyKey {
    /// Binds a key to a route and a body.
    ///
    /// # Errors
    /// `idempotency_key_invalid` unless the key is 1 to 255 printable ASCII characters.
    pub fn new(route: &str, key: &str, body: &[u8]) -> CoreResult<Self> {
        if key.is_empty() || key.len() > MAX_KEY_CHARS || !key.bytes().all(|byte| (0x20..=0x7e).contains(&byte)) {
            return Err(CoreError::new(Cause::IdempotencyKeyInvalid { max: MAX_KEY_CHARS }));
        }
        Ok(Self {
            route: route.to_owned(),
            key: key.to_owned(),
            fingerprint: sha256(body),
        })
    }
}

/// An HTTP response of the API, stored byte by byte under an idempotency key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ApiResponse {
    pub status: u16,
    /// The `Location` header.
    pub location: Option<String>,
    pub body: String,
    /// Whether this is the stored response of an earlier request.
    pub replayed: bool,
}

impl ApiResponse {
    /// Creates a response that is not a replay.
    pub fn new(status: u16, location: Option<String>, body: String) -> Self {
        Self {
            status,
            location,
            body,
            replayed: false,
        }
    }
}

/// An error of one attempt. Separates a lost race, which is retried, from a rejection, which is not.
pub(crate) enum AttemptError {
    Store(StoreError),
    Core(CoreError),
}

impl From<StoreError> for AttemptError {
    fn from(error: StoreError) -> Self {
        Self::Store(error)
    }
}
impl From<CoreError> for AttemptError {
    fn from(error: CoreError) -> Self {
        Self::Core(error)
    }
}

impl From<AttemptError> for CoreError {
    fn from(failed: AttemptError) -> Self {
        match failed {
            AttemptError::Store(error) => error.into(),
            AttemptError::Core(error) => error,
        }
    }
}

/// How often work is attempted when it loses a race.
pub(crate) const MAX_ATTEMPTS: usize = 8;

/// Retries work that lost a race. A macro instead of a function, because the compiler cannot prove for every lifetime
/// that a future borrowing from the closure's environment is `Send`.
macro_rules! with_retries {
    ($attempt:block) => {{
        let mut last_conflict = $crate::db::StoreError::Conflict(String::new());
        let mut result = None;
        for _ in 0..$crate::integrations::idempotency::MAX_ATTEMPTS {
            let attempt: Result<_, $crate::integrations::idempotency::AttemptError> = async { $attempt }.await;
            match attempt {
                Err($crate::integrations::idempotency::AttemptError::Store($crate::db::StoreError::Conflict(text))) => {
                    last_conflict = $crate::db::StoreError::Conflict(text);
                }
                outcome => {
                    result = Some(outcome.map_err($crate::CoreError::from));
                    break;
                }
            }
        }
        result.unwrap_or_else(|| Err(last_conflict.into()))
    }};
}
pub(crate) use with_retries;

/// Retries a call that failed with `concurrent_modification`; the next attempt sees what the other transaction wrote.
macro_rules! retry_on_conflict {
    ($call:expr) => {{
        let mut attempts = 1;
        loop {
            match $call.await {
                Err(error)
                    if error.problem == domain::problems::Problem::ConcurrentModification
                        && attempts < $crate::integrations::idempotency::MAX_ATTEMPTS =>
                {
                    attempts += 1;
                }
                result => break result,
            }
        }
    }};
}
pub(crate) use retry_on_conflict;

/// Returns the stored response of a key, if there is one.
///
/// # Errors
/// `idempotency_key_reused` if the key was used with another body.
pub(crate) async fn replay_response(
    tx: &mut TenantTx<'_, ApiClient>,
    key: Option<&IdempotencyKey>,
) -> Result<Option<ApiResponse>, AttemptError> {
    let Some(key) = key else { return Ok(None) };
    let Some(stored) = tx.find_stored_response(&key.route, &key.key).await? else {
        return Ok(None);
    };
    if stored.fingerprint != key.fingerprint {
        return Err(CoreError::new(Cause::IdempotencyKeyReused).into());
    }
    Ok(Some(ApiResponse {
        status: u16::try_from(stored.response_status).unwrap_or(200),
        location: stored.response_location,
        body: stored.response_body,
        replayed: true,
    }))
}

/// Stores a response under its key.
pub(crate) async fn store_response(
    tx: &mut TenantTx<'_, ApiClient>,
    key: Option<&IdempotencyKey>,
    response: &ApiResponse,
) -> Result<(), AttemptError> {
    let Some(key) = key else { return Ok(()) };
    let stored = StoredResponse {
        fingerprint: key.fingerprint.clone(),
        response_status: i64::from(response.status),
        response_location: response.location.clone(),
        response_body: response.body.clone(),
    };
    if tx.insert_stored_response(&key.route, &key.key, &stored).await? {
        Ok(())
    } else {
        Err(StoreError::Conflict("idempotency key used concurrently".to_owned()).into())
    }
}

/// Responds to a read-only request under a key: the first response is stored and replayed, as for any other POST.
///
/// # Errors
/// `idempotency_key_reused`, and those of `request`.
pub async fn respond_once(
    core: &Core,
    client: &ApiClient,
    key: Option<&IdempotencyKey>,
    request: impl Future<Output = CoreResult<ApiResponse>> + Send,
) -> CoreResult<ApiResponse> {
    if key.is_none() {
        return request.await;
    }
    let mut tx = core.store.read(client).await?;
    match replay_response(&mut tx, key).await {
        Ok(Some(response)) => return Ok(response),
        Ok(None) => {}
        Err(AttemptError::Core(error)) => return Err(error),
        Err(AttemptError::Store(error)) => return Err(error.into()),
    }
    drop(tx);
    let response = request.await?;
    with_retries!({
        let mut tx = core.store.begin(client).await?;
        if let Some(response) = replay_response(&mut tx, key).await? {
            return Ok(response);
        }
        store_response(&mut tx, key, &response).await?;
        tx.commit().await?;
        Ok(response.clone())
    })
}
