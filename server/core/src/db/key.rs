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

/// An optional [`Id`] as a column value.
pub(crate) struct OptionalKey<K: Kind>(Option<Id<K>>);

impl<K: Kind> From<OptionalKey<K>> for Option<Id<K>> {
    fn from(key: OptionalKey<K>) -> Self {
        key.0
    }
}

impl<K: Kind, DB: Database> Type<DB> for OptionalKey<K>
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
impl<'r, K: Kind, DB: Database> Decode<'r, DB> for OptionalKey<K>
where
    Option<Uuid>: Decode<'r, DB>,
{
    fn decode(value: DB::ValueRef<'r>) -> Result<Self, BoxDynError> {
        <Option<Uuid> as Decode<'r, DB>>::decode(value).map(|uuid| Self(uuid.map(Id::from_uuid)))
    }
}

/// An optional stored name, such as that of a status, as a column value.
pub(crate) struct OptionalName<T>(Option<T>);

impl<T> From<OptionalName<T>> for Option<T> {
    fn from(name: OptionalName<T>) -> Self {
        name.0
    }
}

impl<T, DB: Database> Type<DB> for OptionalName<T>
where
    String: Type<DB>,
{
    fn type_info() -> DB::TypeInfo {
        String::type_info()
    }
    fn compatible(info: &DB::TypeInfo) -> bool {
        String::compatible(info)
    }
}
impl<'r, T, DB: Database> Decode<'r, DB> for OptionalName<T>
where
    T: TryFrom<String, Error: Into<BoxDynError>>,
    Option<String>: Decode<'r, DB>,
{
    fn decode(value: DB::ValueRef<'r>) -> Result<Self, BoxDynError> {
        let name = <Option<String> as Decode<'r, DB>>::decode(value)?;
        Ok(Self(name.map(T::try_from).transpose().map_err(Into::into)?))
    }
}
