//! Typed IDs as columns: UUID on PostgreSQL, BLOB on SQLite.

use domain::ids::{Id, Kind};
use sqlx::decode::Decode;
use sqlx::encode::{Encode, IsNull};
use sqlx::error::BoxDynError;
use sqlx::{Database, Type};
use uuid::Uuid;

/// An [`Id`] as a column value.
pub struct Key<K: Kind>(pub Id<K>);

impl<K: Kind> Clone for Key<K> {
    fn clone(&self) -> Self {
        *self
    }
}
impl<K: Kind> Copy for Key<K> {}
impl<K: Kind> std::fmt::Debug for Key<K> {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.fmt(formatter)
    }
}
impl<K: Kind> std::fmt::Display for Key<K> {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.fmt(formatter)
    }
}
impl<K: Kind> PartialEq for Key<K> {
    fn eq(&self, other: &Self) -> bool {
        self.0 == other.0
    }
}
impl<K: Kind> From<Id<K>> for Key<K> {
    fn from(id: Id<K>) -> Self {
        Self(id)
    }
}
impl<K: Kind> From<Key<K>> for Id<K> {
    fn from(key: Key<K>) -> Self {
        key.0
    }
}

impl<K: Kind, DB: Database> Type<DB> for Key<K>
where
    Uuid: Type<DB>,
{
    fn type_info() -> DB::TypeInfo {
        Uuid::type_info()
    }
    fn compatible(info: &DB::TypeInfo) -> bool {
        Uuid::compatible(info)
    }
}
impl<'r, K: Kind, DB: Database> Decode<'r, DB> for Key<K>
where
    Uuid: Decode<'r, DB>,
{
    fn decode(value: DB::ValueRef<'r>) -> Result<Self, BoxDynError> {
        Uuid::decode(value).map(|uuid| Self(Id::from_uuid(uuid)))
    }
}
impl<'q, K: Kind, DB: Database> Encode<'q, DB> for Key<K>
where
    Uuid: Encode<'q, DB>,
{
    fn encode_by_ref(&self, buffer: &mut DB::ArgumentBuffer) -> Result<IsNull, BoxDynError> {
        self.0.uuid().encode_by_ref(buffer)
    }
}
