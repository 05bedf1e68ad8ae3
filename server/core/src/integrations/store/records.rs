//! Queries that are the same for every kind of record of an integration client.

use chrono::{DateTime, Utc};
use domain::ids::{Id, Kind};
use uuid::Uuid;

use crate::db::{Row, StoreError, TenantTx, far_future};
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
    pub(crate) async fn find_record<R: Row>(
        &mut self,
        key: RecordKey<'_>,
        by_id: &'static str,
        by_external_id: &'static str,
    ) -> Result<Option<R>, StoreError> {
        let (tenant, source) = (self.actor.tenant().uuid(), self.actor.source_system().uuid());
        match key {
            RecordKey::Id(id) => self.tx.fetch_optional(by_id, (tenant, source, id)).await,
            RecordKey::ExternalId(external_id) => {
                self.tx
                    .fetch_optional(by_external_id, (tenant, source, external_id))
                    .await
            }
        }
    }

    /// Returns a page of the records of the client's source. The statement takes tenant, source system, time and ID of
    /// the last record of the previous page, and a limit.
    pub(crate) async fn list_records<R: Row>(
        &mut self,
        sql: &'static str,
        (at, id): (DateTime<Utc>, Uuid),
        limit: i64,
    ) -> Result<Vec<R>, StoreError> {
        let (tenant, source) = (self.actor.tenant().uuid(), self.actor.source_system().uuid());
        self.tx.fetch_all(sql, (tenant, source, at, id, limit)).await
    }
}
