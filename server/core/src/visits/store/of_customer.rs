//! Statements for the visits at a customer.

use chrono::{DateTime, Utc};
use domain::ids::CustomerId;

use crate::db::{EngineSql, StoreError, TenantTx};
use crate::identity::actors::Staff;
use crate::visits::model::CustomerVisit;

/// Of the latest jobs, because a customer may have hundreds of thousands of them. A visit did not complete its job if another one
/// followed.
static SELECT_VISITS_OF_CUSTOMER: EngineSql = EngineSql::new(
    r"
    SELECT
        target.id AS target_id, target.number, target.service_type, target.notes, target.status, target.location_id,
        target.window_start, target.window_end, location.name AS location_name, appointment.starts_at,
        appointment.zone, technician.display_name AS technician, visit_report.id AS report_id,
        visit_report.status AS report_status,
        EXISTS (
            SELECT 1
            FROM portal_release
            WHERE portal_release.tenant_id = visit_report.tenant_id
              AND portal_release.visit_report_id = visit_report.id
              AND portal_release.status = 'published'
        ) AS is_released,
        NOT EXISTS (
            SELECT 1
            FROM appointment AS later
            WHERE later.tenant_id = appointment.tenant_id
              AND later.target_id = appointment.target_id
              AND later.status = 'done'
              AND later.starts_at > appointment.starts_at
        ) AS is_last
    FROM (
        SELECT latest.*
        FROM target AS latest
        WHERE latest.tenant_id = $1
          AND latest.customer_id = $2
        ORDER BY latest.created_at DESC, latest.id DESC
        LIMIT $4
    ) AS target
    JOIN appointment ON appointment.tenant_id = target.tenant_id AND appointment.target_id = target.id
        AND appointment.status = 'done' AND appointment.starts_at >= $3
    JOIN staff_account AS technician ON technician.tenant_id = appointment.tenant_id
        AND technician.id = appointment.technician_id
    LEFT JOIN location ON location.tenant_id = target.tenant_id AND location.id = target.location_id
    LEFT JOIN visit_report ON visit_report.tenant_id = appointment.tenant_id
        AND visit_report.appointment_id = appointment.id
    WHERE target.tenant_id = $1
    ORDER BY appointment.starts_at DESC, appointment.id DESC
",
);

impl TenantTx<'_, Staff> {
    /// Returns the visits that took place since a time, for the latest jobs of a customer; the latest visit first.
    pub(crate) async fn visits_of_customer(
        &mut self,
        customer: CustomerId,
        since: DateTime<Utc>,
        max_jobs: i64,
    ) -> Result<Vec<CustomerVisit>, StoreError> {
        let tenant = self.tenant();
        self.tx
            .fetch_all::<CustomerVisit>(&SELECT_VISITS_OF_CUSTOMER, (tenant, customer.uuid(), since, max_jobs))
            .await
    }
}
