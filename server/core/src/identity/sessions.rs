//! Sessions: opaque IDs, hashed at rest. The web server carries the ID to the browser and keeps the messages for its next page
//! with the session; what the session is allowed to do is written here only.

use std::sync::Arc;

use chrono::{DateTime, Utc};
use domain::identity::permissions::ViewIntegrations;
use domain::network::Network;
use domain::problems::Cause;
use futures::future::BoxFuture;

use crate::db::purpose::{Purge, SignIn};
use crate::identity::actors::{Partner, Staff};
use crate::identity::admission::Admission;
use crate::identity::session_data::{OpenSession, SessionData};
pub use crate::identity::store::sessions::Realm;
use crate::identity::store::sessions::SessionRow;
use crate::secrets::sha256;
use crate::{Core, CoreError, CoreResult};

/// The session ID that the browser presents.
#[derive(Debug, Clone, Copy)]
pub struct SessionId(pub i128);

impl SessionId {
    pub(crate) fn hash(self) -> Vec<u8> {
        sha256(&self.0.to_be_bytes())
    }
}

/// Carries the session ID between server and browser.
pub trait SessionCarrier: Send + Sync {
    /// Returns the ID that the browser presented, if any.
    fn id(&self) -> Option<SessionId>;

    /// Ends the session and starts an empty one with a new ID, so that an ID planted in the browser is worthless.
    fn renew(&self) -> BoxFuture<'_, CoreResult<SessionId>>;

    /// Ends the session.
    fn end(&self) -> BoxFuture<'_, CoreResult<()>>;
}

/// The session of a request.
#[derive(Clone)]
pub struct RequestSession {
    realm: Realm,
    /// The browser's user agent, for the list of sessions.
    user_agent: String,
    /// The network of the browser, for the throttle.
    network: Network,
    carrier: Arc<dyn SessionCarrier>,
}

impl std::fmt::Debug for RequestSession {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "RequestSession({:?})", self.realm)
    }
}

impl RequestSession {
    pub fn new(realm: Realm, user_agent: String, network: Network, carrier: Arc<dyn SessionCarrier>) -> Self {
        Self {
            realm,
            user_agent,
            network,
            carrier,
        }
    }

    /// Returns the ID that the browser presented, if any.
    pub fn id(&self) -> Option<SessionId> {
        self.carrier.id()
    }

    pub(in crate::identity) const fn realm(&self) -> Realm {
        self.realm
    }

    pub(in crate::identity) const fn network(&self) -> Network {
        self.network
    }

    /// Reads the data; no session and an expired one count as anonymous.
    pub(in crate::identity) async fn data(&self, core: &Core) -> CoreResult<SessionData> {
        let Some(id) = self.id() else {
            return Ok(SessionData::Anonymous);
        };
        let mut tx = core.store.read_system().await?;
        let data = tx.session_data(self.realm, &id.hash()).await?;
        Ok(data.unwrap_or_default())
    }

    /// Stores data under a new ID.
    pub(in crate::identity) async fn restart(&self, core: &Core, data: &SessionData) -> CoreResult<()> {
        let id = self.carrier.renew().await?;
        set_data(core, self.realm, id, data).await
    }

    /// Opens a session of the admitted account under a new ID.
    ///
    /// # Errors
    /// The session cannot be stored.
    pub async fn open(&self, core: &Core, admission: Admission) -> CoreResult<()> {
        let open = OpenSession::new(admission, self.user_agent.clone());
        self.restart(core, &SessionData::Open(open)).await
    }

    /// Signs out.
    ///
    /// # Errors
    /// The session cannot be deleted.
    pub async fn end(&self) -> CoreResult<()> {
        self.carrier.end().await
    }

    async fn set_test_mode(&self, core: &Core, is_on: bool) -> CoreResult<()> {
        let internal_error = || CoreError::new(Cause::Internal);
        let id = self.id().ok_or_else(internal_error)?;
        match self.data(core).await? {
            SessionData::Open(mut open) => {
                open.is_test = is_on;
                set_data(core, self.realm, id, &SessionData::Open(open)).await
            }
            _ => Err(internal_error()),
        }
    }
}

async fn set_data(core: &Core, realm: Realm, id: SessionId, data: &SessionData) -> CoreResult<()> {
    let mut tx = core.store.begin_system::<SignIn>().await?;
    if !tx.set_session_data(realm, &id.hash(), data).await? {
        return Err(CoreError::new(Cause::Internal));
    }
    Ok(tx.commit().await?)
}

/// Turns test mode of a staff session on or off. It requires permission to view integrations; leaving it is always
/// allowed.
///
/// # Errors
/// `permission_denied`.
pub async fn set_staff_test_mode(core: &Core, session: &RequestSession, staff: &Staff, is_on: bool) -> CoreResult<()> {
    if !staff.is_test() {
        staff.may::<ViewIntegrations>()?;
    }
    session.set_test_mode(core, is_on).await
}

/// Turns test mode of a partner's session on or off.
///
/// # Errors
/// The session cannot be stored.
pub async fn set_partner_test_mode(core: &Core, session: &RequestSession, _: &Partner, is_on: bool) -> CoreResult<()> {
    session.set_test_mode(core, is_on).await
}

/// Stores a new anonymous session with what the web server keeps in it; false if the ID is taken.
pub async fn create(
    core: &Core,
    realm: Realm,
    id: SessionId,
    web_state: &str,
    expires_at: DateTime<Utc>,
) -> CoreResult<bool> {
    insert(core, realm, id, SessionData::Anonymous, web_state, expires_at).await
}

/// Stores a session that is open from the start, where no browser is involved.
pub(in crate::identity) async fn create_open(core: &Core, realm: Realm, admission: Admission) -> CoreResult<SessionId> {
    let id = SessionId(i128::from_be_bytes(core.randomness.bytes()));
    let data = SessionData::Open(OpenSession::new(admission, String::new()));
    let expires_at = core.clock.now() + crate::identity::authentication::IDLE_TIMEOUT;
    insert(core, realm, id, data, "{}", expires_at).await?;
    Ok(id)
}

async fn insert(
    core: &Core,
    realm: Realm,
    id: SessionId,
    data: SessionData,
    web_state: &str,
    expires_at: DateTime<Utc>,
) -> CoreResult<bool> {
    let row = SessionRow {
        id_hash: id.hash(),
        data,
        web_state: web_state.to_owned(),
        expires_at,
    };
    let mut tx = core.store.begin_system::<SignIn>().await?;
    let written = tx.insert_session(realm, &row).await?;
    tx.commit().await?;
    Ok(written)
}

/// Updates what the web server keeps in a session; a session that was deleted in the meantime is not restored.
pub async fn save(
    core: &Core,
    realm: Realm,
    id: SessionId,
    web_state: &str,
    expires_at: DateTime<Utc>,
) -> CoreResult<()> {
    let mut tx = core.store.begin_system::<SignIn>().await?;
    tx.set_web_state(realm, &id.hash(), web_state, expires_at).await?;
    Ok(tx.commit().await?)
}

/// Reads what the web server keeps in a session that has not expired.
pub async fn load(core: &Core, realm: Realm, id: SessionId) -> CoreResult<Option<(String, DateTime<Utc>)>> {
    let mut tx = core.store.read_system().await?;
    Ok(tx.web_state(realm, &id.hash()).await?)
}

/// Deletes a session.
pub async fn delete(core: &Core, realm: Realm, id: SessionId) -> CoreResult<()> {
    let mut tx = core.store.begin_system::<SignIn>().await?;
    tx.delete_session(realm, &id.hash()).await?;
    Ok(tx.commit().await?)
}

/// Deletes expired sessions, sign-in attempts, tokens and idempotency records. The worker calls this periodically.
pub async fn delete_expired(core: &Core) -> CoreResult<u64> {
    let mut tx = core.store.begin_system::<Purge>().await?;
    let deleted = tx.delete_expired_sessions().await?
        + tx.purge_attempts().await?
        + tx.purge_known_networks().await?
        + tx.delete_expired_tokens().await?
        + tx.purge_stored_responses().await?;
    tx.commit().await?;
    Ok(deleted)
}
