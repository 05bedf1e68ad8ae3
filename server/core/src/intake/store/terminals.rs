//! Terminals: made, paired, seen and unpaired, and the request behind one of their receipts.

use chrono::{DateTime, Utc};
use domain::ids::{FormId, LocationId, TerminalId, TerminalKind};
use domain::intake::form::FormSettings;
use domain::public_words::OwnWords;
use sqlx::FromRow;
use sqlx::types::Json;
use uuid::Uuid;

use crate::db::Key;
use crate::db::{StoreError, all, maybe, run};
use crate::db::{SystemTx, TenantTx};
use crate::identity::actors::{Administrator, TenantId, Terminal};
use crate::intake::model::TerminalView;
use crate::intake::store::requests::ClosedToken;

/// The terminal behind a device token, with what its pages need.
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
    pub words: Option<Json<OwnWords>>,
}

macro_rules! view {
    () => {
        "SELECT t.id, t.name, t.pairing_code, t.pairing_expires_at, t.device_hash IS NOT NULL AS is_paired, t.paired_at, t.last_seen_at, l.name AS location_name, c.name AS customer_name, f.name AS form_name \
         FROM terminal t JOIN location l ON l.tenant_id = t.tenant_id AND l.id = t.location_id \
         JOIN customer c ON c.tenant_id = l.tenant_id AND c.id = l.customer_id \
         JOIN intake_form f ON f.tenant_id = t.tenant_id AND f.id = t.form_id WHERE t.tenant_id = $1"
    };
}
const LIST: &str = concat!(view!(), " ORDER BY t.name, t.id LIMIT 500");
const ONE: &str = concat!(view!(), " AND t.id = $2");
const LOCATION: &str = "SELECT id FROM location WHERE tenant_id = $1 AND id = $2 AND archived_at IS NULL";
const INSERT: &str = "INSERT INTO terminal (tenant_id, id, name, location_id, form_id, created_at, updated_at) VALUES ($1, $2, $3, $4, $5, $6, $6)";
const SET_CODE: &str = "UPDATE terminal SET pairing_hash = $3, pairing_code = $4, pairing_expires_at = $5, updated_at = $6 WHERE tenant_id = $1 AND id = $2";
/// A code works once; the device that was paired before is replaced.
const PAIR: &str = "UPDATE terminal SET pairing_hash = NULL, pairing_code = NULL, pairing_expires_at = NULL, device_hash = $3, paired_at = $4, last_seen_at = $4, updated_at = $4 \
    WHERE tenant_id = $1 AND id = $2 AND pairing_hash = $5";
const UNPAIR: &str = "UPDATE terminal SET pairing_hash = NULL, pairing_code = NULL, pairing_expires_at = NULL, device_hash = NULL, updated_at = $3 WHERE tenant_id = $1 AND id = $2";
const DELETE: &str = "DELETE FROM terminal WHERE tenant_id = $1 AND id = $2";
const BY_CODE: &str = "SELECT tenant_id, id FROM terminal WHERE pairing_hash = $1 AND pairing_expires_at > $2";
const BY_DEVICE: &str = "SELECT t.tenant_id, t.id, t.location_id, l.customer_id, l.name AS location_name, t.form_id, f.settings, f.closed_at IS NOT NULL AS is_closed, n.name AS tenant_name, n.zone, t.last_seen_at, w.words \
    FROM terminal t JOIN tenant n ON n.id = t.tenant_id LEFT JOIN portal_look w ON w.tenant_id = n.id JOIN location l ON l.tenant_id = t.tenant_id AND l.id = t.location_id \
    JOIN intake_form f ON f.tenant_id = t.tenant_id AND f.id = t.form_id WHERE t.device_hash = $1";
const SEEN: &str = "UPDATE terminal SET last_seen_at = $3 WHERE tenant_id = $1 AND id = $2";
const TOKEN_USE: &str = "SELECT tenant_id, origin_id, nonce FROM request WHERE tracking_hash = $1";
const RECEIPT: &str = "SELECT receipt_code FROM request WHERE tenant_id = $1 AND origin_id = $2 AND tracking_hash = $3 AND submitted_at > $4";

impl<A: Administrator> TenantTx<'_, A> {
    pub(crate) async fn terminals(&mut self) -> Result<Vec<TerminalView>, StoreError> {
        let tenant = self.tenant();
        all!(&mut self.tx, TerminalView, LIST, tenant)
    }

    pub(crate) async fn terminal(&mut self, id: TerminalId) -> Result<Option<TerminalView>, StoreError> {
        let tenant = self.tenant();
        maybe!(&mut self.tx, TerminalView, ONE, tenant, id.uuid())
    }

    /// Whether a terminal can stand there.
    pub(crate) async fn is_place(&mut self, location: LocationId) -> Result<bool, StoreError> {
        let tenant = self.tenant();
        Ok(maybe!(&mut self.tx, (Uuid,), LOCATION, tenant, location.uuid())?.is_some())
    }

    pub(crate) async fn insert_terminal(
        &mut self,
        id: TerminalId,
        name: &str,
        location: LocationId,
        form: FormId,
    ) -> Result<(), StoreError> {
        let (tenant, now) = (self.tenant(), self.now);
        run!(
            &mut self.tx,
            INSERT,
            tenant,
            id.uuid(),
            name,
            location.uuid(),
            form.uuid(),
            now
        )
        .map(drop)
    }

    /// Sets a new code, which makes an older one useless.
    pub(crate) async fn set_pairing_code(
        &mut self,
        id: TerminalId,
        code: &ClosedToken,
        expires_at: DateTime<Utc>,
    ) -> Result<bool, StoreError> {
        let (tenant, now) = (self.tenant(), self.now);
        Ok(run!(
            &mut self.tx,
            SET_CODE,
            tenant,
            id.uuid(),
            &code.hash,
            &code.closed,
            expires_at,
            now
        )? == 1)
    }

    /// Ends code and device token alike.
    pub(crate) async fn unpair_terminal(&mut self, id: TerminalId) -> Result<bool, StoreError> {
        let (tenant, now) = (self.tenant(), self.now);
        Ok(run!(&mut self.tx, UNPAIR, tenant, id.uuid(), now)? == 1)
    }

    pub(crate) async fn delete_terminal(&mut self, id: TerminalId) -> Result<bool, StoreError> {
        let tenant = self.tenant();
        Ok(run!(&mut self.tx, DELETE, tenant, id.uuid())? == 1)
    }

    /// Gives a device its token; false if the code was used at the same time.
    pub(crate) async fn pair_terminal(
        &mut self,
        id: TerminalId,
        code_hash: &[u8],
        device_hash: &[u8],
    ) -> Result<bool, StoreError> {
        let (tenant, now) = (self.tenant(), self.now);
        Ok(run!(&mut self.tx, PAIR, tenant, id.uuid(), device_hash, now, code_hash)? == 1)
    }
}

impl TenantTx<'_, Terminal> {
    /// Notes that the device gave a sign of life.
    pub(crate) async fn set_terminal_seen(&mut self) -> Result<(), StoreError> {
        let (tenant, now, own) = (self.tenant(), self.now, self.actor.id.uuid());
        run!(&mut self.tx, SEEN, tenant, own, now).map(drop)
    }

    /// The code of a receipt that this terminal gave after a moment.
    pub(crate) async fn receipt(
        &mut self,
        token_hash: &[u8],
        since: DateTime<Utc>,
    ) -> Result<Option<String>, StoreError> {
        let (tenant, own) = (self.tenant(), self.actor.id.uuid());
        let row = maybe!(&mut self.tx, (Option<String>,), RECEIPT, tenant, own, token_hash, since)?;
        Ok(row.and_then(|(code,)| code))
    }
}

impl SystemTx<'_> {
    /// The terminal that waits for this code.
    pub(crate) async fn terminal_by_code(
        &mut self,
        code_hash: &[u8],
    ) -> Result<Option<(TenantId, TerminalId)>, StoreError> {
        let now = self.now;
        let row = maybe!(&mut self.tx, (Uuid, Uuid), BY_CODE, code_hash, now)?;
        Ok(row.map(|(tenant, id)| (TenantId::from_uuid(tenant), TerminalId::from_uuid(id))))
    }

    /// Which request a tracking token belongs to: tenant, origin and nonce.
    pub(crate) async fn use_of_token(
        &mut self,
        token_hash: &[u8],
    ) -> Result<Option<(Uuid, Option<Uuid>, Option<String>)>, StoreError> {
        maybe!(
            &mut self.tx,
            (Uuid, Option<Uuid>, Option<String>),
            TOKEN_USE,
            token_hash
        )
    }

    /// The terminal behind a device token.
    pub(crate) async fn terminal_by_device(
        &mut self,
        device_hash: &[u8],
    ) -> Result<Option<TerminalIdentity>, StoreError> {
        maybe!(&mut self.tx, TerminalIdentity, BY_DEVICE, device_hash)
    }
}
