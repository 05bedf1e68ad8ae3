//! Statements for drafts. All of them filter by the person.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use domain::drafts::DraftKey;
use sqlx::FromRow;
use sqlx::types::Json;

use crate::db::purpose::Purge;
use crate::db::{StoreError, SystemTx, TenantTx};
use crate::drafts::Draft;
use crate::identity::actors::Author;

#[derive(FromRow)]
struct DraftRow {
    form: String,
    fields: Json<BTreeMap<String, String>>,
    updated_at: DateTime<Utc>,
}

const UPSERT: &str = r"
    INSERT INTO draft (tenant_id, realm, person_id, page, form, fields, updated_at)
    VALUES ($1, $2, $3, $4, $5, $6, $7)
    ON CONFLICT (tenant_id, realm, person_id, page, form)
    DO UPDATE SET fields = excluded.fields, updated_at = excluded.updated_at
";
const DELETE_OLDEST: &str = r"
    DELETE FROM draft
    WHERE tenant_id = $1
      AND realm = $2
      AND person_id = $3
      AND updated_at < (
          SELECT min(updated_at)
          FROM (
              SELECT updated_at
              FROM draft
              WHERE tenant_id = $1
                AND realm = $2
                AND person_id = $3
              ORDER BY updated_at DESC
              LIMIT $4
          ) AS newest
      )
";
const DELETE: &str = r"
    DELETE FROM draft
    WHERE tenant_id = $1
      AND realm = $2
      AND person_id = $3
      AND page = $4
      AND form = $5
";
const SELECT_OF_PAGE: &str = r"
    SELECT form, fields, updated_at
    FROM draft
    WHERE tenant_id = $1
      AND realm = $2
      AND person_id = $3
      AND page = $4
    ORDER BY form
";
const SELECT_PAGES_BELOW: &str = r"
    SELECT DISTINCT page
    FROM draft
    WHERE tenant_id = $1
      AND realm = $2
      AND person_id = $3
      AND page >= $4
      AND page < $5
    ORDER BY page
    LIMIT 200
";
const PURGE: &str = "DELETE FROM draft WHERE updated_at < $1";

impl<A: Author> TenantTx<'_, A> {
    pub(crate) async fn upsert_draft(
        &mut self,
        key: &DraftKey,
        values: &BTreeMap<String, String>,
    ) -> Result<(), StoreError> {
        let (tenant, now) = (self.tenant(), self.now);
        let (realm, person) = (self.actor.realm().name(), self.actor.person());
        self.tx
            .execute(
                UPSERT,
                (tenant, realm, person, key.page(), key.form(), Json(values), now),
            )
            .await
            .map(drop)
    }

    /// Deletes all drafts of the person but the newest `kept`.
    pub(crate) async fn delete_oldest_drafts(&mut self, kept: i64) -> Result<(), StoreError> {
        let (tenant, realm, person) = (self.tenant(), self.actor.realm().name(), self.actor.person());
        self.tx
            .execute(DELETE_OLDEST, (tenant, realm, person, kept))
            .await
            .map(drop)
    }

    /// Returns whether there was a draft.
    pub(crate) async fn delete_draft(&mut self, key: &DraftKey) -> Result<bool, StoreError> {
        let (tenant, realm, person) = (self.tenant(), self.actor.realm().name(), self.actor.person());
        let deleted = self
            .tx
            .execute(DELETE, (tenant, realm, person, key.page(), key.form()))
            .await?;
        Ok(deleted > 0)
    }

    pub(crate) async fn drafts_of_page(&mut self, page: &str) -> Result<Vec<Draft>, StoreError> {
        let (tenant, realm, person) = (self.tenant(), self.actor.realm().name(), self.actor.person());
        let rows = self
            .tx
            .fetch_all::<DraftRow>(SELECT_OF_PAGE, (tenant, realm, person, page))
            .await?;
        let drafts = rows.into_iter().map(|row| Draft {
            form: row.form,
            values: row.fields.0,
            updated_at: row.updated_at,
        });
        Ok(drafts.collect())
    }

    pub(crate) async fn draft_pages_below(&mut self, path: &str) -> Result<Vec<String>, StoreError> {
        let (tenant, realm, person) = (self.tenant(), self.actor.realm().name(), self.actor.person());
        // Paths are ASCII, so every path below this one sorts before the path with a tilde.
        let end = format!("{path}~");
        let rows = self
            .tx
            .fetch_all::<(String,)>(SELECT_PAGES_BELOW, (tenant, realm, person, path, &end))
            .await?;
        Ok(rows.into_iter().map(|(page,)| page).collect())
    }
}

impl SystemTx<'_, Purge> {
    pub(crate) async fn purge_drafts(&mut self, before: DateTime<Utc>) -> Result<u64, StoreError> {
        self.tx.execute(PURGE, (before,)).await
    }
}
