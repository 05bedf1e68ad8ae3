//! Statements for the row of the installation.

use crate::db::TenantTx;
use crate::identity::actors::Staff;
use crate::installation::first_steps::FirstSteps;
use chrono::{DateTime, Utc};

use crate::db::purpose::{Administration, KeyRotation};
use crate::db::{StoreError, SystemTx};

const SELECT_SEALED_CHECK: &str = r"
    SELECT sealed_check
    FROM installation
    WHERE id = 1
";
const INSERT_SEALED_CHECK: &str = r"
    INSERT INTO installation (id, sealed_check, created_at, key_changed_at)
    VALUES (1, $1, $2, $2)
    ON CONFLICT (id)
    DO NOTHING
";
const UPDATE_SEALED_CHECK: &str = r"
    UPDATE installation
    SET sealed_check = $1,
        key_changed_at = $2
    WHERE id = 1
";

const SELECT_LATEST_AUDIT_TIME: &str = r"
    SELECT max(entry.at)
    FROM counter
    JOIN audit_entry AS entry ON entry.tenant_id = counter.tenant_id AND entry.sequence = counter.value
    WHERE counter.name = 'audit'
";

impl<P> SystemTx<'_, P> {
    /// Returns the time of the latest entry of all audit logs.
    pub(crate) async fn latest_audit_time(&mut self) -> Result<Option<DateTime<Utc>>, StoreError> {
        let (latest,) = self
            .tx
            .fetch_one::<(Option<DateTime<Utc>>,)>(SELECT_LATEST_AUDIT_TIME, ())
            .await?;
        Ok(latest)
    }

    pub(crate) async fn sealed_check(&mut self) -> Result<Option<Vec<u8>>, StoreError> {
        let row = self.tx.fetch_optional::<(Vec<u8>,)>(SELECT_SEALED_CHECK, ()).await?;
        Ok(row.map(|(sealed,)| sealed))
    }
}

const SELECT_HAS_SETUP: &str = r"
    SELECT first_organization_at IS NULL AND NOT EXISTS (SELECT 1 FROM tenant)
    FROM installation
    WHERE id = 1
";
const CLOSE_SETUP: &str = r"
    UPDATE installation
    SET first_organization_at = $1
    WHERE id = 1
      AND first_organization_at IS NULL
";

impl<P> SystemTx<'_, P> {
    /// Returns whether there is no organization and never was one of the setup page.
    pub(crate) async fn is_setup_open(&mut self) -> Result<bool, StoreError> {
        let row = self.tx.fetch_optional::<(bool,)>(SELECT_HAS_SETUP, ()).await?;
        Ok(row.is_some_and(|(is_open,)| is_open))
    }
}

impl SystemTx<'_, Administration> {
    /// Ends the setup; returns false if it has ended.
    pub(crate) async fn close_setup(&mut self) -> Result<bool, StoreError> {
        let now = self.now;
        Ok(self.tx.execute(CLOSE_SETUP, (now,)).await? == 1)
    }
}

const LOCK_SEALED_CHECK: &str = r"
    UPDATE installation
    SET key_changed_at = key_changed_at
    WHERE id = 1
";

impl SystemTx<'_, KeyRotation> {
    /// Locks the row until the commit and returns the sealed value.
    pub(crate) async fn lock_sealed_check(&mut self) -> Result<Option<Vec<u8>>, StoreError> {
        self.tx.execute(LOCK_SEALED_CHECK, ()).await?;
        self.sealed_check().await
    }

    /// Stores the sealed value unless there is one.
    pub(crate) async fn insert_sealed_check(&mut self, sealed: &[u8]) -> Result<(), StoreError> {
        let now = self.now;
        self.tx.execute(INSERT_SEALED_CHECK, (sealed, now)).await.map(drop)
    }

    pub(crate) async fn update_sealed_check(&mut self, sealed: &[u8]) -> Result<(), StoreError> {
        let now = self.now;
        self.tx.execute(UPDATE_SEALED_CHECK, (sealed, now)).await.map(drop)
    }
}

const SELECT_FIRST_STEPS: &str = r"
    SELECT
        (SELECT count(*) > 1 FROM staff_account WHERE tenant_id = $1) AS has_team,
        EXISTS (SELECT 1 FROM technician WHERE tenant_id = $1 AND revision > 1) AS has_hours,
        EXISTS (SELECT 1 FROM customer WHERE tenant_id = $1) AS has_customer,
        EXISTS (SELECT 1 FROM appointment WHERE tenant_id = $1) AS has_appointment,
        (
            EXISTS (SELECT 1 FROM portal_account WHERE tenant_id = $1)
            OR EXISTS (SELECT 1 FROM intake_form WHERE tenant_id = $1)
            OR EXISTS (SELECT 1 FROM terminal WHERE tenant_id = $1)
        ) AS has_way_in,
        (start_list_hidden_at IS NOT NULL OR is_demo) AS is_hidden
    FROM tenant
    WHERE id = $1
";
const UPDATE_FIRST_STEPS: &str = "UPDATE tenant SET start_list_hidden_at = $2 WHERE id = $1";

impl TenantTx<'_, Staff> {
    pub(super) async fn first_steps(&mut self) -> Result<FirstSteps, StoreError> {
        let tenant = self.tenant();
        self.tx.fetch_one(SELECT_FIRST_STEPS, (tenant,)).await
    }

    pub(super) async fn hide_first_steps(&mut self, is_hidden: bool) -> Result<(), StoreError> {
        let (tenant, at) = (self.tenant(), is_hidden.then_some(self.now));
        self.tx.execute(UPDATE_FIRST_STEPS, (tenant, at)).await.map(drop)
    }
}
