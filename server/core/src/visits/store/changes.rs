//! Statements for what technicians have seen of their visits.

use chrono::{DateTime, Utc};
use domain::ids::{AppointmentId, AppointmentKind, TargetId, TargetKind};
use domain::jobs::targets::AppointmentStatus;
use serde_json::json;
use sqlx::FromRow;
use sqlx::types::Json;

use crate::db::bulk::hex_id;
use crate::db::purpose::Administration;
use crate::db::{EngineSql, Key, StoreError, SystemTx, TenantTx};
use crate::identity::actors::{Staff, TenantId};

/// A visit that is no longer the technician's, until they confirm it.
#[derive(Debug, Clone, FromRow)]
pub struct RemovedStop {
    #[sqlx(try_from = "Key<AppointmentKind>")]
    pub appointment_id: AppointmentId,
    #[sqlx(try_from = "String")]
    pub appointment_status: AppointmentStatus,
    #[sqlx(try_from = "Key<TargetKind>")]
    pub target_id: TargetId,
    pub number: i64,
    pub service_type: Option<String>,
    pub customer_name: Option<String>,
    pub starts_at: DateTime<Utc>,
    pub ends_at: DateTime<Utc>,
    pub zone: String,
    /// Whether the job was cancelled; otherwise the visit was given to another technician or has no time yet.
    pub is_cancelled: bool,
}

/// Only what has reached the device is reported: a visit that came and went unseen is no news.
const SELECT_OWN_REMOVED_STOPS: &str = r"
    SELECT
        appointment.id AS appointment_id, appointment.status AS appointment_status, appointment.target_id,
        target.number, target.service_type, customer.name AS customer_name, appointment.starts_at,
        appointment.ends_at, appointment.zone, target.status = 'cancelled' AS is_cancelled
    FROM appointment
    JOIN target ON target.tenant_id = appointment.tenant_id AND target.id = appointment.target_id
    LEFT JOIN customer ON customer.tenant_id = target.tenant_id AND customer.id = target.customer_id
    WHERE appointment.tenant_id = $1
      AND appointment.technician_id = $2
      AND appointment.status IN ('moved', 'cancelled')
      AND appointment.seen_status IN ('none', 'planned')
      AND appointment.shown_at IS NOT NULL
      AND appointment.ends_at > $3
      AND NOT EXISTS (
          SELECT 1
          FROM appointment AS later
          WHERE later.tenant_id = appointment.tenant_id
            AND later.target_id = appointment.target_id
            AND later.technician_id = appointment.technician_id
            AND (later.created_at, later.id) > (appointment.created_at, appointment.id)
      )
    ORDER BY appointment.starts_at, appointment.id
    LIMIT 100
";
static MARK_SHOWN: EngineSql = EngineSql::new(
    r"
    UPDATE appointment
    SET shown_at = $4
    WHERE tenant_id = $1
      AND technician_id = $2
      AND id = ANY (ARRAY(SELECT jsonb_array_elements_text($3)::UUID))
      AND shown_at IS NULL
",
);
/// A visit that has changed again since the page was shown stays unconfirmed.
static CONFIRM: EngineSql = EngineSql::new(
    r"
    UPDATE appointment
    SET seen_status = input.status, seen_at = $4
    FROM jsonb_to_recordset($3) AS input (id UUID, status TEXT)
    WHERE appointment.tenant_id = $1
      AND appointment.technician_id = $2
      AND appointment.id = input.id
      AND appointment.status = input.status
",
);
const CONFIRM_ALL: &str =
    "UPDATE appointment SET seen_status = status, seen_at = $2, shown_at = $2 WHERE tenant_id = $1";

impl TenantTx<'_, Staff> {
    /// Lists the visits that are no longer the signed-in technician's and end after a time.
    pub(crate) async fn own_removed_stops(&mut self, since: DateTime<Utc>) -> Result<Vec<RemovedStop>, StoreError> {
        let (tenant, own) = (self.tenant(), self.own());
        self.tx
            .fetch_all::<RemovedStop>(SELECT_OWN_REMOVED_STOPS, (tenant, own, since))
            .await
    }

    /// Records that appointments have reached the signed-in technician's device.
    pub(crate) async fn mark_stops_shown(&mut self, ids: &[AppointmentId]) -> Result<(), StoreError> {
        let ids = Json(ids.iter().copied().map(hex_id).collect::<Vec<_>>());
        let (tenant, own, now) = (self.tenant(), self.own(), self.now);
        self.tx.execute(&MARK_SHOWN, (tenant, own, ids, now)).await.map(drop)
    }

    /// Records that the signed-in technician has seen appointments in a status; returns how many have not changed since.
    pub(crate) async fn confirm_stops(
        &mut self,
        seen: &[(AppointmentId, AppointmentStatus)],
        seen_at: DateTime<Utc>,
    ) -> Result<u64, StoreError> {
        let rows = seen
            .iter()
            .map(|(id, status)| json!({ "id": hex_id(*id), "status": status.name() }));
        let rows = Json(rows.collect::<Vec<_>>());
        let (tenant, own) = (self.tenant(), self.own());
        self.tx.execute(&CONFIRM, (tenant, own, rows, seen_at)).await
    }
}

impl SystemTx<'_, Administration> {
    /// Marks all appointments of demo data as seen: its technicians have been at work for weeks.
    pub(crate) async fn confirm_all_stops(&mut self, tenant: TenantId, now: DateTime<Utc>) -> Result<(), StoreError> {
        self.tx.execute(CONFIRM_ALL, (tenant.uuid(), now)).await.map(drop)
    }
}
