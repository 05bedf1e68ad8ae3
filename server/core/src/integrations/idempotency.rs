//! Answers that are kept under an `Idempotency-Key`, in the transaction of the work they tell of.

use domain::problems::Problem;

use crate::db::{StoreError, TenantTx};
use crate::identity::actors::ApiClient;
use crate::integrations::store::idempotency::StoredAnswer;
use crate::secrets::fingerprint;
use crate::{Core, CoreError, CoreResult};

/// An `Idempotency-Key` with what it is bound to.
#[derive(Debug, Clone)]
pub struct IdempotencyKey {
    /// Method and path, path parameters included.
    pub route: String,
    /// The key.
    pub key: String,
    /// SHA-256 of the raw body.
    pub fingerprint: Vec<u8>,
}

impl IdempotencyKey {
    /// Binds a key to a route and a body.
    ///
    /// # Errors
    /// `idempotency_key_invalid` unless it is 1 to 255 printable ASCII characters.
    pub fn new(route: &str, key: &str, body: &[u8]) -> CoreResult<Self> {
        if key.is_empty() || key.len() > 255 || !key.bytes().all(|byte| (0x20..=0x7e).contains(&byte)) {
            return Err(CoreError::new(
                Problem::IdempotencyKeyInvalid,
                "1 to 255 printable ASCII characters are required.",
            ));
        }
        Ok(Self {
            route: route.to_owned(),
            key: key.to_owned(),
            fingerprint: fingerprint(body),
        })
    }
}

/// An answer as it goes out; kept under an idempotency key byte by byte.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer {
    /// HTTP status.
    pub status: u16,
    /// `Location`.
    pub location: Option<String>,
    /// Body.
    pub body: String,
    /// Whether it was given before.
    pub replayed: bool,
}

impl Answer {
    /// A first answer.
    pub fn new(status: u16, location: Option<String>, body: String) -> Self {
        Self {
            status,
            location,
            body,
            replayed: false,
        }
    }
}

/// Keeps a lost race apart from a refusal: only the first is tried again.
pub(crate) enum Failed {
    Store(StoreError),
    Core(CoreError),
}

impl From<StoreError> for Failed {
    fn from(error: StoreError) -> Self {
        Self::Store(error)
    }
}
impl From<CoreError> for Failed {
    fn from(error: CoreError) -> Self {
        Self::Core(error)
    }
}

impl From<Failed> for CoreError {
    fn from(failed: Failed) -> Self {
        match failed {
            Failed::Store(error) => error.into(),
            Failed::Core(error) => error,
        }
    }
}

/// How often work is tried again when somebody else was faster.
pub(crate) const TRIES: usize = 8;

/// Repeats work that lost a race. A macro and not a function, because a future that borrows from a closure's surroundings
/// cannot yet be shown to be `Send` for every lifetime.
macro_rules! with_tries {
    ($attempt:block) => {{
        let mut last = $crate::db::StoreError::Conflict(String::new());
        let mut answer = None;
        for _ in 0..$crate::integrations::idempotency::TRIES {
            let attempt: Result<_, $crate::integrations::idempotency::Failed> = async { $attempt }.await;
            match attempt {
                Err($crate::integrations::idempotency::Failed::Store($crate::db::StoreError::Conflict(text))) => {
                    last = $crate::db::StoreError::Conflict(text);
                }
                other => {
                    answer = Some(other.map_err($crate::CoreError::from));
                    break;
                }
            }
        }
        answer.unwrap_or_else(|| Err(last.into()))
    }};
}
pub(crate) use with_tries;

/// Repeats a call that was refused because somebody else wrote at the same time: the next look finds what was written.
macro_rules! while_contested {
    ($call:expr) => {{
        let mut tries = 1;
        loop {
            match $call.await {
                Err(error)
                    if error.problem == domain::problems::Problem::ConcurrentModification
                        && tries < $crate::integrations::idempotency::TRIES =>
                {
                    tries += 1;
                }
                other => break other,
            }
        }
    }};
}
pub(crate) use while_contested;

/// The answer that was given before under this key, if there is one.
///
/// # Errors
/// `idempotency_key_reused` if it was used with another body.
pub(crate) async fn replay(
    tx: &mut TenantTx<'_, ApiClient>,
    key: Option<&IdempotencyKey>,
) -> Result<Option<Answer>, Failed> {
    let Some(key) = key else { return Ok(None) };
    let Some(stored) = tx.stored_answer(&key.route, &key.key).await? else {
        return Ok(None);
    };
    if stored.fingerprint != key.fingerprint {
        return Err(CoreError::new(
            Problem::IdempotencyKeyReused,
            "This Idempotency-Key was used with another body.",
        )
        .into());
    }
    Ok(Some(Answer {
        status: u16::try_from(stored.response_status).unwrap_or(200),
        location: stored.response_location,
        body: stored.response_body,
        replayed: true,
    }))
}

/// Keeps an answer under its key.
pub(crate) async fn keep(
    tx: &mut TenantTx<'_, ApiClient>,
    key: Option<&IdempotencyKey>,
    answer: &Answer,
) -> Result<(), Failed> {
    let Some(key) = key else { return Ok(()) };
    let stored = StoredAnswer {
        fingerprint: key.fingerprint.clone(),
        response_status: i64::from(answer.status),
        response_location: answer.location.clone(),
        response_body: answer.body.clone(),
    };
    if tx.store_answer(&key.route, &key.key, &stored).await? {
        Ok(())
    } else {
        Err(StoreError::Conflict("the idempotency key was used at the same time".to_owned()).into())
    }
}

/// Answers a question that changes nothing under a key: the first answer is kept and repeated like that of any other POST.
///
/// # Errors
/// `idempotency_key_reused`, or those of the question.
pub async fn answer_once(
    core: &Core,
    client: &ApiClient,
    key: Option<&IdempotencyKey>,
    question: impl Future<Output = CoreResult<Answer>> + Send,
) -> CoreResult<Answer> {
    if key.is_none() {
        return question.await;
    }
    let mut tx = core.store.read(client).await?;
    match replay(&mut tx, key).await {
        Ok(Some(answer)) => return Ok(answer),
        Ok(None) => {}
        Err(Failed::Core(error)) => return Err(error),
        Err(Failed::Store(error)) => return Err(error.into()),
    }
    drop(tx);
    let answer = question.await?;
    with_tries!({
        let mut tx = core.store.begin(client).await?;
        if let Some(answer) = replay(&mut tx, key).await? {
            return Ok(answer);
        }
        keep(&mut tx, key, &answer).await?;
        tx.commit().await?;
        Ok(answer.clone())
    })
}
