//! Milestones of the portal's timeline, which join the user's grants.

use chrono::{DateTime, Utc};
use domain::ids::{AppointmentKind, LocationId, ReleaseKind, RequestId, RequestKind};
use domain::public::PublicMilestone;
use domain::public_language::Milestone;
use domain::requests::ServiceType;
use uuid::Uuid;

use crate::db::Key;
use crate::db::StoreError;
use crate::db::TenantTx;
use crate::identity::actors::Contact;
use crate::portal_access::store::granted::{granted, has_grant, in_force, may_read_request, reaches, reaches_own};

/// Each milestone requires the capability and the visibility of the object it refers to, and that a grant reaches the
/// location that it names.
macro_rules! select_milestones {
    ($which:literal) => {
        concat!(
            r"
        SELECT
            entry.id, entry.kind, entry.at, location.name AS location, request.number AS request_number,
            entry.request_id, coalesce(target.service_type, request.service_type) AS service_type,
            (
                SELECT appointment.id
                FROM appointment
                WHERE appointment.tenant_id = entry.tenant_id
                  AND appointment.target_id = entry.target_id
                  AND appointment.is_shared
                  AND target.location_id IS NOT NULL
                ORDER BY appointment.created_at DESC, appointment.id DESC
                LIMIT 1
            ) AS appointment_id,
            (
                SELECT portal_release.id
                FROM visit_report AS report
                JOIN portal_release ON portal_release.tenant_id = report.tenant_id
                    AND portal_release.visit_report_id = report.id
                    AND portal_release.status = 'published'
                WHERE report.tenant_id = entry.tenant_id
                  AND report.target_id = entry.target_id
                ORDER BY portal_release.published_at DESC, portal_release.id DESC
                LIMIT 1
            ) AS release_id
        FROM timeline_entry AS entry
        LEFT JOIN request ON request.tenant_id = entry.tenant_id AND request.id = entry.request_id
        LEFT JOIN target ON target.tenant_id = entry.tenant_id AND target.id = entry.target_id
        LEFT JOIN location ON location.tenant_id = entry.tenant_id AND location.id = entry.location_id
        WHERE entry.tenant_id = $1
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
    ",
            $which
        )
    };
}
/// A family of milestones is filtered by the beginnings of their kinds; `''` means all.
const SELECT_MILESTONES: &str = select_milestones!(
    r"
          AND (entry.at, entry.id) < ($4, $5)
          AND ($7 IS NULL OR entry.location_id = $7)
          AND ($8 = '' OR $8 = CASE
              WHEN entry.kind LIKE 'request_%' THEN 'requests'
              WHEN entry.kind LIKE 'report_%' THEN 'reports'
              WHEN entry.kind LIKE 'follow_up_%' THEN 'follow-ups'
              ELSE 'appointments'
          END)
        ORDER BY entry.at DESC, entry.id DESC
        LIMIT $6
    "
);
/// The milestones of a request and of its job.
const SELECT_MILESTONES_OF_REQUEST: &str = select_milestones!(
    r"
          AND (
              entry.request_id = $4
              OR entry.target_id = (
                  SELECT own.target_id
                  FROM request AS own
                  WHERE own.tenant_id = $1
                    AND own.id = $4
              )
          )
        ORDER BY entry.at, entry.id
        LIMIT 200
    "
);

#[derive(sqlx::FromRow)]
struct MilestoneRow {
    id: Uuid,
    kind: String,
    at: DateTime<Utc>,
    location: Option<String>,
    request_number: Option<i64>,
    request_id: Option<Key<RequestKind>>,
    service_type: Option<String>,
    appointment_id: Option<Key<AppointmentKind>>,
    release_id: Option<Key<ReleaseKind>>,
}

impl MilestoneRow {
    /// Returns the milestone with the record that it is about; `None` for internal entries.
    fn into_public(self) -> Option<PublicMilestone> {
        use Milestone::{
            AppointmentCancelled, AppointmentMoved, AppointmentScheduled, FollowUpPlanned, FollowUpRequired,
            ReportReplaced, ReportShared, RequestAccepted, RequestCancelled, RequestRejected, RequestSubmitted,
            VisitCompleted,
        };
        let milestone = Milestone::from_name(&self.kind)?;
        let (mut request, mut appointment, mut report) = (None, None, None);
        match milestone {
            RequestSubmitted | RequestAccepted | RequestRejected | RequestCancelled => {
                request = self.request_id.map(|id| id.0);
            }
            AppointmentScheduled | AppointmentMoved | AppointmentCancelled | VisitCompleted => {
                appointment = self.appointment_id.map(|id| id.0);
            }
            ReportShared | ReportReplaced | FollowUpRequired | FollowUpPlanned => {
                report = self.release_id.map(|id| id.0);
            }
        }
        Some(PublicMilestone {
            place: self.id,
            milestone,
            at: self.at,
            location: self.location,
            request_number: self.request_number,
            request,
            appointment,
            report,
            service_type: self.service_type.as_deref().and_then(ServiceType::from_name),
        })
    }
}

impl TenantTx<'_, Contact> {
    /// Returns milestones, newest first: those at a location and of a family, where these are given.
    pub(crate) async fn milestones(
        &mut self,
        location: Option<LocationId>,
        family: &str,
        before: Option<(DateTime<Utc>, Uuid)>,
        limit: i64,
    ) -> Result<Vec<PublicMilestone>, StoreError> {
        let (tenant, account, now) = self.scope();
        let (at, id) = before.unwrap_or((crate::db::far_future(), Uuid::max()));
        let location = location.map(LocationId::uuid);
        let rows = self
            .tx
            .fetch_all::<MilestoneRow>(
                SELECT_MILESTONES,
                (tenant, account, now, at, id, limit, location, family),
            )
            .await?;
        Ok(rows.into_iter().filter_map(MilestoneRow::into_public).collect())
    }

    /// Returns the milestones of a request and of its job, earliest first.
    pub(crate) async fn milestones_of_request(&mut self, id: RequestId) -> Result<Vec<PublicMilestone>, StoreError> {
        let (tenant, account, now) = self.scope();
        let rows = self
            .tx
            .fetch_all::<MilestoneRow>(SELECT_MILESTONES_OF_REQUEST, (tenant, account, now, id.uuid()))
            .await?;
        Ok(rows.into_iter().filter_map(MilestoneRow::into_public).collect())
    }
}
