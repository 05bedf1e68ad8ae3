//! The session store of `tower-sessions`, backed by the database, with one table per realm. It keeps what the session
//! layer needs; who is signed in is stored by the use cases of sign-in.

use async_trait::async_trait;
use ordinavo_core::Core;
use ordinavo_core::identity::sessions;
use ordinavo_core::identity::sessions::{Realm, SessionId};
use time::OffsetDateTime;
use tower_sessions::SessionStore;
use tower_sessions::session::{Id, Record};
use tower_sessions::session_store::{Error, Result};

/// The sessions of one realm.
#[derive(Clone)]
pub struct RealmSessions {
    core: Core,
    realm: Realm,
}

impl RealmSessions {
    pub const fn new(core: Core, realm: Realm) -> Self {
        Self { core, realm }
    }
}

impl std::fmt::Debug for RealmSessions {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "RealmSessions({:?})", self.realm)
    }
}

fn backend(error: impl std::fmt::Display) -> Error {
    Error::Backend(error.to_string())
}

/// Returns what the session layer keeps: the messages for the next page.
fn web_state(record: &Record) -> Result<String> {
    serde_json::to_string(&record.data).map_err(|error| Error::Encode(error.to_string()))
}

fn expiry(record: &Record) -> chrono::DateTime<chrono::Utc> {
    chrono::DateTime::from_timestamp(record.expiry_date.unix_timestamp(), 0).unwrap_or_default()
}

#[async_trait]
impl SessionStore for RealmSessions {
    async fn create(&self, record: &mut Record) -> Result<()> {
        while !sessions::create(
            &self.core,
            self.realm,
            SessionId(record.id.0),
            &web_state(record)?,
            expiry(record),
        )
        .await
        .map_err(backend)?
        {
            record.id = Id::default();
        }
        Ok(())
    }

    async fn save(&self, record: &Record) -> Result<()> {
        sessions::save(
            &self.core,
            self.realm,
            SessionId(record.id.0),
            &web_state(record)?,
            expiry(record),
        )
        .await
        .map_err(backend)
    }

    async fn load(&self, id: &Id) -> Result<Option<Record>> {
        let found = sessions::load(&self.core, self.realm, SessionId(id.0))
            .await
            .map_err(backend)?;
        Ok(found.map(|(web_state, expires_at)| Record {
            id: *id,
            // Messages that cannot be read are lost; the session stays.
            data: serde_json::from_str(&web_state).unwrap_or_default(),
            expiry_date: OffsetDateTime::from_unix_timestamp(expires_at.timestamp())
                .unwrap_or(OffsetDateTime::UNIX_EPOCH),
        }))
    }

    async fn delete(&self, id: &Id) -> Result<()> {
        sessions::delete(&self.core, self.realm, SessionId(id.0))
            .await
            .map_err(backend)
    }
}
