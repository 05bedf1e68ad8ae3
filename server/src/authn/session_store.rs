//! The session store of `tower-sessions`, backed by the database, with one table per realm.

use async_trait::async_trait;
use ordinavo_core::Core;
use ordinavo_core::identity::sessions;
use ordinavo_core::identity::sessions::{Realm, SessionId};
use serde_json::Value;
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

fn data(record: &Record) -> Value {
    Value::Object(
        record
            .data
            .iter()
            .map(|(name, value)| (name.clone(), value.clone()))
            .collect(),
    )
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
            data(record),
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
            data(record),
            expiry(record),
        )
        .await
        .map_err(backend)
    }

    async fn load(&self, id: &Id) -> Result<Option<Record>> {
        let found = sessions::load(&self.core, self.realm, SessionId(id.0))
            .await
            .map_err(backend)?;
        Ok(found.map(|(data, expires_at)| Record {
            id: *id,
            data: data
                .as_object()
                .into_iter()
                .flatten()
                .map(|(name, value)| (name.clone(), value.clone()))
                .collect(),
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
