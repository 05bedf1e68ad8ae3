//! Milestones of the portal's timeline, which join the user's grants.

use chrono::{DateTime, Utc};
use domain::public::PublicMilestone;
use domain::public_language::Milestone;
use uuid::Uuid;

use crate::db::StoreError;
use crate::db::TenantTx;
use crate::identity::actors::Contact;
use crate::portal_access::store::granted::{granted, has_grant, in_force, may_read_request, reaches, reaches_own};

/// Each milestone requires the capability and the visibility of the object it refers to, and that a grant reaches the
/// location that it names.
const SELECT_MILESTONES: &str = concat!(
    r"
        SELECT entry.id, entry.kind, entry.at, location.name AS location, request.number AS request_number
        FROM timeline_entry AS entry
        LEFT JOIN request ON request.tenant_id = entry.tenant_id AND request.id = entry.request_id
        LEFT JOIN target ON target.tenant_id = entry.tenant_id AND target.id = entry.target_id
        LEFT JOIN location ON location.tenant_id = entry.tenant_id AND location.id = entry.location_id
        WHERE entry.tenant_id = $1
          AND (entry.at, entry.id) < ($4, $5)
          AND
    ",
    has_grant!(reaches_own!("portal_grant", "entry.customer_id", "entry.location_id")),
    r"
          AND (
              (
                  entry.kind IN (
                      'request_submitted', 'request_accepted', 'request_rejected', 'request_cancelled'
                  )
                  AND
    ",
    may_read_request!(),
    r"
              )
              OR (
                entry.kind IN (
                    'appointment_scheduled', 'appointment_moved', 'appointment_cancelled', 'visit_completed'
                )
                AND
    ",
    granted!("may_see_appointments", "target.customer_id", "target.location_id"),
    r"
                AND EXISTS (
                    SELECT 1
                    FROM appointment
                    WHERE appointment.tenant_id = entry.tenant_id
                      AND appointment.target_id = entry.target_id
                      AND appointment.is_shared
                )
            )
            OR (
                entry.kind IN (
                    'report_shared', 'report_replaced', 'follow_up_required', 'follow_up_planned'
                )
                AND
    ",
    granted!("may_see_reports", "target.customer_id", "target.location_id"),
    r"
                AND EXISTS (
                    SELECT 1
                    FROM visit_report AS report
                    JOIN portal_release ON portal_release.tenant_id = report.tenant_id
                        AND portal_release.visit_report_id = report.id
                        AND portal_release.status = 'published'
                    WHERE report.tenant_id = entry.tenant_id
                      AND report.target_id = entry.target_id
                      AND (
                          entry.kind NOT IN ('follow_up_required', 'follow_up_planned')
                          OR portal_release.follow_up IS NOT NULL
                      )
                )
            )
          )
        ORDER BY entry.at DESC, entry.id DESC
        LIMIT $6
    "
);

impl TenantTx<'_, Contact> {
    /// Returns milestones, newest first.
    pub(crate) async fn milestones(
        &mut self,
        before: Option<(DateTime<Utc>, Uuid)>,
        limit: i64,
    ) -> Result<Vec<PublicMilestone>, StoreError> {
        let (tenant, account, now) = self.scope();
        let (at, id) = before.unwrap_or((crate::db::far_future(), Uuid::max()));
        let rows = self
            .tx
            .fetch_all::<(Uuid, String, DateTime<Utc>, Option<String>, Option<i64>)>(
                SELECT_MILESTONES,
                (tenant, account, now, at, id, limit),
            )
            .await?;
        Ok(rows
            .into_iter()
            .filter_map(|(id, kind, at, location, request_number)| {
                Some(PublicMilestone {
                    place: id,
                    milestone: Milestone::from_name(&kind)?,
                    at,
                    location,
                    request_number,
                })
            })
            .collect())
    }
}
