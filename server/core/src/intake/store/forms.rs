//! Statements for the public forms.

use domain::ids::FormId;
use domain::intake::form::FormSettings;
use sqlx::types::Json;

use crate::db::{StoreError, TenantTx};
use crate::identity::actors::Administrator;
use crate::intake::model::FormSummary;

const SELECT_FORMS: &str =
    "SELECT id, slug, name, settings, closed_at FROM intake_form WHERE tenant_id = $1 ORDER BY name, id LIMIT 200";
const SELECT_FORM: &str = r"
    SELECT id, slug, name, settings, closed_at
    FROM intake_form
    WHERE tenant_id = $1
      AND id = $2
";
const INSERT_FORM: &str = r"
    INSERT INTO intake_form (tenant_id, id, slug, name, settings, created_at, updated_at)
    VALUES ($1, $2, $3, $4, $5, $6, $6)
    ON CONFLICT (slug) DO NOTHING
";
const UPDATE_FORM: &str =
    "UPDATE intake_form SET name = $3, settings = $4, updated_at = $5 WHERE tenant_id = $1 AND id = $2";
const CLOSE_FORM: &str = "UPDATE intake_form SET closed_at = $3, updated_at = $4 WHERE tenant_id = $1 AND id = $2";
const COUNT_FORMS: &str = "SELECT count(*) FROM intake_form WHERE tenant_id = $1";

impl<A: Administrator> TenantTx<'_, A> {
    /// Inserts a form; returns false if the slug is already used.
    pub(crate) async fn insert_form(
        &mut self,
        id: FormId,
        slug: &str,
        name: &str,
        settings: &FormSettings,
    ) -> Result<bool, StoreError> {
        let (tenant, now) = (self.tenant(), self.now);
        Ok(self
            .tx
            .execute(INSERT_FORM, (tenant, id.uuid(), slug, name, Json(settings), now))
            .await?
            == 1)
    }

    pub(crate) async fn update_form(
        &mut self,
        id: FormId,
        name: &str,
        settings: &FormSettings,
    ) -> Result<bool, StoreError> {
        let (tenant, now) = (self.tenant(), self.now);
        Ok(self
            .tx
            .execute(UPDATE_FORM, (tenant, id.uuid(), name, Json(settings), now))
            .await?
            == 1)
    }

    /// Closes or reopens a form.
    pub(crate) async fn close_form(&mut self, id: FormId, closed: bool) -> Result<bool, StoreError> {
        let (tenant, now) = (self.tenant(), self.now);
        Ok(self
            .tx
            .execute(CLOSE_FORM, (tenant, id.uuid(), closed.then_some(now), now))
            .await?
            == 1)
    }

    pub(crate) async fn forms(&mut self) -> Result<Vec<FormSummary>, StoreError> {
        let tenant = self.tenant();
        self.tx.fetch_all::<FormSummary>(SELECT_FORMS, (tenant,)).await
    }

    pub(crate) async fn form(&mut self, id: FormId) -> Result<Option<FormSummary>, StoreError> {
        let tenant = self.tenant();
        self.tx
            .fetch_optional::<FormSummary>(SELECT_FORM, (tenant, id.uuid()))
            .await
    }

    pub(crate) async fn count_forms(&mut self) -> Result<i64, StoreError> {
        let tenant = self.tenant();
        let (count,) = self.tx.fetch_one::<(i64,)>(COUNT_FORMS, (tenant,)).await?;
        Ok(count)
    }
}
