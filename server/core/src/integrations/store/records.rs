//! Queries that are the same for every kind of record of an integration client.

use chrono::{DateTime, Utc};
use domain::ids::{Id, Kind};
use sqlx::FromRow;
use sqlx::postgres::PgRow;
use sqlx::sqlite::SqliteRow;
use uuid::Uuid;

use crate::db::{StoreError, TenantTx, all, far_future, maybe};
use crate::identity::actors::{Actor as _, ApiClient};

/// The key of a record: its ID, or its external ID in the client's source.
#[derive(Debug, Clone, Copy)]
pub(crate) enum RecordKey<'a> {
    Id(Uuid),
    ExternalId(&'a str),
}

/// Returns the upper bound of a list in descending order.
pub(crate) fn start_before<K: Kind>(before: Option<(DateTime<Utc>, Id<K>)>) -> (DateTime<Utc>, Uuid) {
    before.map_or((far_future(), Uuid::max()), |(at, id)| (at, id.uuid()))
}

impl TenantTx<'_, ApiClient> {
    /// Returns a record of the client's source. Both statements take tenant, source system and key.
    pub(crate) async fn find_record<Row>(
        &mut self,
        key: RecordKey<'_>,
        by_id: &'static str,
        by_external_id: &'static str,
    ) -> Result<Option<Row>, StoreError>
    where
        Row: for<'r> FromRow<'r, SqliteRow> + for<'r> FromRow<'r, PgRow> + Send + Unpin,
    {
        let (tenant, source) = (self.actor.tenant().uuid(), self.actor.source_system.uuid());
        match key {
            RecordKey::Id(id) => maybe!(&mut self.tx, Row, by_id, tenant, source, id),
            RecordKey::ExternalId(external_id) => {
                maybe!(&mut self.tx, Row, by_external_id, tenant, source, external_id)
            }
        }
    }

    /// Returns a page of the records of the client's source. The statement takes tenant, source system, time and ID of
    /// the last record of the previous page, and a limit.
    pub(crate) async fn list_records<Row>(
        &mut self,
        sql: &'static str,
        (at, id): (DateTime<Utc>, Uuid),
        limit: i64,
    ) -> Result<Vec<Row>, StoreError>
    where
        Row: for<'r> FromRow<'r, SqliteRow> + for<'r> FromRow<'r, PgRow> + Send + Unpin,
    {
        let (tenant, source) = (self.actor.tenant().uuid(), self.actor.source_system.uuid());
        all!(&mut self.tx, Row, sql, tenant, source, at, id, limit)
    }
}
