//! Statements for terminals and their receipts.

use chrono::{DateTime, Utc};
use domain::ids::{FormId, LocationId, TerminalId, TerminalKind};
use domain::intake::form::FormSettings;
use domain::terminology::Terminology;
use sqlx::FromRow;
use sqlx::types::Json;
use uuid::Uuid;

use crate::db::Key;
use crate::db::StoreError;
use crate::db::purpose::KeyRotation;
use crate::db::{SystemTx, TenantTx};
use crate::identity::actors::{Administrator, TenantId, Terminal};
use crate::intake::model::TerminalView;
use crate::intake::store::requests::SealedToken;

/// The terminal of a device token with what its pages need.
#[derive(Debug, FromRow)]
pub(crate) struct TerminalIdentity {
    pub tenant_id: Uuid,
    pub id: Key<TerminalKind>,
    pub location_id: Uuid,
    pub customer_id: Uuid,
    pub location_name: String,
    pub form_id: Uuid,
    pub settings: Json<FormSettings>,
    pub is_closed: bool,
    pub tenant_name: String,
    pub zone: String,
    pub last_seen_at: Option<DateTime<Utc>>,
    pub words: Option<Json<Terminology>>,
}

macro_rules! select_terminal {
    () => {
        r"
            SELECT
                terminal.id, terminal.name, terminal.pairing_code, terminal.pairing_expires_at,
                terminal.device_hash IS NOT NULL AS is_paired, terminal.paired_at, terminal.last_seen_at,
                location.name AS location_name, customer.name AS customer_name,
                intake_form.name AS form_name
            FROM terminal
            JOIN location ON location.tenant_id = terminal.tenant_id AND location.id = terminal.location_id
            JOIN customer ON customer.tenant_id = location.tenant_id AND customer.id = location.customer_id
            JOIN intake_form ON intake_form.tenant_id = terminal.tenant_id
                AND intake_form.id = terminal.form_id
            WHERE terminal.tenant_id = $1
        "
    };
}
const SELECT_TERMINALS: &str = concat!(select_terminal!(), " ORDER BY terminal.name, terminal.id LIMIT 500");
const SELECT_TERMINAL: &str = concat!(select_terminal!(), " AND terminal.id = $2");
const SELECT_ACTIVE_LOCATION: &str = "SELECT id FROM location WHERE tenant_id = $1 AND id = $2 AND archived_at IS NULL";
const INSERT_TERMINAL: &str = r"
    INSERT INTO terminal (tenant_id, id, name, location_id, form_id, created_at, updated_at)
    VALUES ($1, $2, $3, $4, $5, $6, $6)
";
const REVOKE_ALL_CODES: &str = r"
    UPDATE terminal
    SET pairing_hash = NULL, pairing_code = NULL, pairing_expires_at = NULL
    WHERE pairing_hash IS NOT NULL
";
const UPDATE_PAIRING_CODE: &str = r"
    UPDATE terminal
    SET pairing_hash = $3, pairing_code = $4, pairing_expires_at = $5, updated_at = $6
    WHERE tenant_id = $1
      AND id = $2
";
/// A code can be used once; it replaces the previously paired device.
const PAIR_DEVICE: &str = r"
    UPDATE terminal
    SET
        pairing_hash = NULL, pairing_code = NULL, pairing_expires_at = NULL, device_hash = $3,
        paired_at = $4, last_seen_at = $4, updated_at = $4
    WHERE tenant_id = $1
      AND id = $2
      AND pairing_hash = $5
";
const UNPAIR_DEVICE: &str = r"
    UPDATE terminal
    SET
        pairing_hash = NULL, pairing_code = NULL, pairing_expires_at = NULL, device_hash = NULL,
        updated_at = $3
    WHERE tenant_id = $1
      AND id = $2
";
const DELETE_TERMINAL: &str = "DELETE FROM terminal WHERE tenant_id = $1 AND id = $2";
const SELECT_TERMINAL_BY_CODE: &str =
    "SELECT tenant_id, id FROM terminal WHERE pairing_hash = $1 AND pairing_expires_at > $2";
const SELECT_TERMINAL_BY_DEVICE: &str = r"
    SELECT
        terminal.tenant_id, terminal.id, terminal.location_id, location.customer_id,
        location.name AS location_name, terminal.form_id, intake_form.settings,
        (
            intake_form.closed_at IS NOT NULL
            OR location.archived_at IS NOT NULL
            OR customer.archived_at IS NOT NULL
        ) AS is_closed, tenant.name AS tenant_name, tenant.zone,
        terminal.last_seen_at, portal_branding.words
    FROM terminal
    JOIN tenant ON tenant.id = terminal.tenant_id
    LEFT JOIN portal_branding ON portal_branding.tenant_id = tenant.id
    JOIN location ON location.tenant_id = terminal.tenant_id AND location.id = terminal.location_id
    JOIN customer ON customer.tenant_id = location.tenant_id AND customer.id = location.customer_id
    JOIN intake_form ON intake_form.tenant_id = terminal.tenant_id AND intake_form.id = terminal.form_id
    WHERE terminal.device_hash = $1
";
const UPDATE_LAST_SEEN: &str = "UPDATE terminal SET last_seen_at = $3 WHERE tenant_id = $1 AND id = $2";
const SELECT_TOKEN_USE: &str = "SELECT tenant_id, origin_id, nonce FROM request WHERE tracking_hash = $1";
const SELECT_RECEIPT_CODE: &str = r"
    SELECT receipt_code
    FROM request
    WHERE tenant_id = $1
      AND origin_id = $2
      AND tracking_hash = $3
      AND submitted_at > $4
";

impl<A: Administrator> TenantTx<'_, A> {
    pub(crate) async fn terminals(&mut self) -> Result<Vec<TerminalView>, StoreError> {
        let tenant = self.tenant();
        self.tx.fetch_all::<TerminalView>(SELECT_TERMINALS, (tenant,)).await
    }

    pub(crate) async fn terminal(&mut self, id: TerminalId) -> Result<Option<TerminalView>, StoreError> {
        let tenant = self.tenant();
        self.tx
            .fetch_optional::<TerminalView>(SELECT_TERMINAL, (tenant, id.uuid()))
            .await
    }

    /// Checks that a location exists and is not archived.
    pub(crate) async fn is_active_location(&mut self, location: LocationId) -> Result<bool, StoreError> {
        let tenant = self.tenant();
        Ok(self
            .tx
            .fetch_optional::<(Uuid,)>(SELECT_ACTIVE_LOCATION, (tenant, location.uuid()))
            .await?
            .is_some())
    }

    pub(crate) async fn insert_terminal(
        &mut self,
        id: TerminalId,
        name: &str,
        location: LocationId,
        form: FormId,
    ) -> Result<(), StoreError> {
        let (tenant, now) = (self.tenant(), self.now);
        self.tx
            .execute(
                INSERT_TERMINAL,
                (tenant, id.uuid(), name, location.uuid(), form.uuid(), now),
            )
            .await
            .map(drop)
    }

    /// Sets a new pairing code, which invalidates the previous one.
    pub(crate) async fn set_pairing_code(
        &mut self,
        id: TerminalId,
        code: &SealedToken,
        expires_at: DateTime<Utc>,
    ) -> Result<bool, StoreError> {
        let (tenant, now) = (self.tenant(), self.now);
        Ok(self
            .tx
            .execute(
                UPDATE_PAIRING_CODE,
                (tenant, id.uuid(), &code.hash, &code.closed, expires_at, now),
            )
            .await?
            == 1)
    }

    /// Revokes the pairing code and the device token.
    pub(crate) async fn unpair_terminal(&mut self, id: TerminalId) -> Result<bool, StoreError> {
        let (tenant, now) = (self.tenant(), self.now);
        Ok(self.tx.execute(UNPAIR_DEVICE, (tenant, id.uuid(), now)).await? == 1)
    }

    pub(crate) async fn delete_terminal(&mut self, id: TerminalId) -> Result<bool, StoreError> {
        let tenant = self.tenant();
        Ok(self.tx.execute(DELETE_TERMINAL, (tenant, id.uuid())).await? == 1)
    }

    /// Stores the device token; returns false if the code was used concurrently.
    pub(crate) async fn pair_terminal(
        &mut self,
        id: TerminalId,
        code_hash: &[u8],
        device_hash: &[u8],
    ) -> Result<bool, StoreError> {
        let (tenant, now) = (self.tenant(), self.now);
        Ok(self
            .tx
            .execute(PAIR_DEVICE, (tenant, id.uuid(), device_hash, now, code_hash))
            .await?
            == 1)
    }
}

impl TenantTx<'_, Terminal> {
    /// Updates the last seen time of the terminal.
    pub(crate) async fn set_terminal_seen(&mut self) -> Result<(), StoreError> {
        let (tenant, now, own) = (self.tenant(), self.now, self.actor.id().uuid());
        self.tx.execute(UPDATE_LAST_SEEN, (tenant, own, now)).await.map(drop)
    }

    /// Finds the code of a receipt that this terminal issued after a time.
    pub(crate) async fn receipt(
        &mut self,
        token_hash: &[u8],
        since: DateTime<Utc>,
    ) -> Result<Option<String>, StoreError> {
        let (tenant, own) = (self.tenant(), self.actor.id().uuid());
        let row = self
            .tx
            .fetch_optional::<(Option<String>,)>(SELECT_RECEIPT_CODE, (tenant, own, token_hash, since))
            .await?;
        Ok(row.and_then(|(code,)| code))
    }
}

impl<P> SystemTx<'_, P> {
    /// Finds the terminal with a valid pairing code.
    pub(crate) async fn terminal_by_code(
        &mut self,
        code_hash: &[u8],
    ) -> Result<Option<(TenantId, TerminalId)>, StoreError> {
        let now = self.now;
        let row = self
            .tx
            .fetch_optional::<(Uuid, Uuid)>(SELECT_TERMINAL_BY_CODE, (code_hash, now))
            .await?;
        Ok(row.map(|(tenant, id)| (TenantId::from_uuid(tenant), TerminalId::from_uuid(id))))
    }

    /// Finds tenant, origin and nonce of the request with a tracking token.
    pub(crate) async fn token_use(
        &mut self,
        token_hash: &[u8],
    ) -> Result<Option<(Uuid, Option<Uuid>, Option<String>)>, StoreError> {
        self.tx
            .fetch_optional::<(Uuid, Option<Uuid>, Option<String>)>(SELECT_TOKEN_USE, (token_hash,))
            .await
    }

    /// Finds the terminal with a device token.
    pub(crate) async fn terminal_by_device(
        &mut self,
        device_hash: &[u8],
    ) -> Result<Option<TerminalIdentity>, StoreError> {
        self.tx
            .fetch_optional::<TerminalIdentity>(SELECT_TERMINAL_BY_DEVICE, (device_hash,))
            .await
    }
}

impl SystemTx<'_, KeyRotation> {
    /// Revokes the pairing codes of all terminals: a new master key no longer finds them.
    pub(crate) async fn revoke_all_pairing_codes(&mut self) -> Result<(), StoreError> {
        self.tx.execute(REVOKE_ALL_CODES, ()).await.map(drop)
    }
}
