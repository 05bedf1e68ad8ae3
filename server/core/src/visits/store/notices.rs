//! Statements for what technicians tell dispatch before a visit.

use chrono::{DateTime, Utc};
use domain::ids::{AppointmentId, AppointmentKind, TargetId, TargetKind, VisitNoticeId, VisitNoticeKind};
use domain::jobs::targets::AppointmentStatus;
use domain::visits::notices::{CannotDoReason, NoticeKind};
use sqlx::FromRow;

use crate::db::{Key, OptionalName, StoreError, TenantTx};
use crate::identity::actors::Staff;

/// What a technician has told dispatch about a visit.
#[derive(Debug, Clone, PartialEq, Eq, FromRow)]
pub struct VisitNotice {
    #[sqlx(try_from = "Key<VisitNoticeKind>")]
    pub id: VisitNoticeId,
    #[sqlx(try_from = "Key<TargetKind>")]
    pub target_id: TargetId,
    #[sqlx(try_from = "Key<AppointmentKind>")]
    pub appointment_id: AppointmentId,
    /// The job's number.
    pub number: i64,
    pub customer_name: Option<String>,
    pub technician: String,
    pub starts_at: DateTime<Utc>,
    pub ends_at: DateTime<Utc>,
    pub zone: String,
    #[sqlx(try_from = "String")]
    pub kind: NoticeKind,
    #[sqlx(try_from = "OptionalName<CannotDoReason>")]
    pub reason: Option<CannotDoReason>,
    /// For dispatch only.
    pub text: Option<String>,
    pub minutes: Option<i64>,
    /// When it was written, according to the device's clock.
    pub noted_at: DateTime<Utc>,
    /// Whether dispatch still has to deal with it.
    pub is_open: bool,
}

/// A notice to insert.
pub(crate) struct NewVisitNotice<'a> {
    pub id: VisitNoticeId,
    pub target: TargetId,
    pub appointment: AppointmentId,
    pub kind: NoticeKind,
    pub reason: Option<CannotDoReason>,
    pub text: Option<&'a str>,
    pub minutes: Option<i64>,
    /// Whether the visit is the technician's when the notice arrives.
    pub was_current: bool,
    pub noted_at: DateTime<Utc>,
}

const INSERT_NOTICE: &str = r"
    INSERT INTO visit_notice (
        tenant_id, id, target_id, appointment_id, technician_id, kind, reason, text, minutes, was_current,
        noted_at, created_at
    )
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)
";
/// A notice is open until dispatch resolves it, or until the visit that it is about is moved, cancelled or begun. One that
/// arrived after that always waits for dispatch.
macro_rules! is_open {
    () => {
        r"
            visit_notice.resolved_at IS NULL AND (
                NOT visit_notice.was_current
                OR (
                    appointment.status = 'planned'
                    AND (
                        target.status IN ('scheduled', 'dispatched')
                        OR (visit_notice.kind = 'late' AND target.status = 'en_route')
                    )
                )
            )
        "
    };
}
macro_rules! select_notice {
    ($rest:expr) => {
        concat!(
            r"
                SELECT
                    visit_notice.id, visit_notice.target_id, visit_notice.appointment_id, target.number,
                    customer.name AS customer_name, staff_account.display_name AS technician,
                    appointment.starts_at, appointment.ends_at, appointment.zone, visit_notice.kind,
                    visit_notice.reason, visit_notice.text, visit_notice.minutes, visit_notice.noted_at,
                    (
            ",
            is_open!(),
            r"
                    ) AS is_open
                FROM visit_notice
                JOIN appointment ON appointment.tenant_id = visit_notice.tenant_id
                    AND appointment.id = visit_notice.appointment_id
                JOIN target ON target.tenant_id = visit_notice.tenant_id AND target.id = visit_notice.target_id
                JOIN staff_account ON staff_account.tenant_id = visit_notice.tenant_id
                    AND staff_account.id = visit_notice.technician_id
                LEFT JOIN customer ON customer.tenant_id = target.tenant_id AND customer.id = target.customer_id
                WHERE visit_notice.tenant_id = $1
            ",
            $rest
        )
    };
}
const SELECT_NOTICE: &str = select_notice!("AND visit_notice.id = $2");
const SELECT_OPEN_NOTICES: &str = select_notice!(concat!(
    "AND ",
    is_open!(),
    "ORDER BY visit_notice.created_at, visit_notice.id LIMIT 100"
));
const SELECT_OWN_OPEN_NOTICES: &str = select_notice!(concat!(
    "AND visit_notice.technician_id = $2 AND ",
    is_open!(),
    "ORDER BY visit_notice.created_at DESC, visit_notice.id DESC LIMIT 100"
));
const SELECT_NOTICES_OF_TARGET: &str = select_notice!(
    "AND visit_notice.target_id = $2 ORDER BY visit_notice.created_at DESC, visit_notice.id DESC LIMIT 50"
);
const SELECT_NOTICE_OWNER: &str = "SELECT technician_id FROM visit_notice WHERE tenant_id = $1 AND id = $2";
/// The technician's latest appointment of a job, whatever became of it.
const SELECT_ANY_APPOINTMENT: &str = r"
    SELECT id, status, starts_at, ends_at
    FROM appointment
    WHERE tenant_id = $1
      AND technician_id = $2
      AND target_id = $3
    ORDER BY status = 'planned' DESC, created_at DESC, id DESC
    LIMIT 1
";
const RESOLVE_NOTICE: &str = r"
    UPDATE visit_notice
    SET resolved_at = $3, resolved_by = $4
    WHERE tenant_id = $1
      AND id = $2
      AND resolved_at IS NULL
";

#[derive(FromRow)]
pub(crate) struct OwnAppointment {
    #[sqlx(try_from = "Key<AppointmentKind>")]
    pub id: AppointmentId,
    #[sqlx(try_from = "String")]
    pub status: AppointmentStatus,
    pub starts_at: DateTime<Utc>,
    pub ends_at: DateTime<Utc>,
}

impl TenantTx<'_, Staff> {
    /// Inserts a notice; a second one with the same key is a [`StoreError::Conflict`].
    pub(crate) async fn insert_visit_notice(&mut self, new: &NewVisitNotice<'_>) -> Result<(), StoreError> {
        let (tenant, own, now) = (self.tenant(), self.own(), self.now);
        self.tx
            .execute(
                INSERT_NOTICE,
                (
                    tenant,
                    new.id.uuid(),
                    new.target.uuid(),
                    new.appointment.uuid(),
                    own,
                    new.kind.name(),
                    new.reason.map(CannotDoReason::name),
                    new.text,
                    new.minutes,
                    new.was_current,
                    new.noted_at,
                    now,
                ),
            )
            .await
            .map(drop)
    }

    /// Returns whether a notice with this key exists, and whether it is the signed-in technician's.
    pub(crate) async fn is_own_visit_notice(&mut self, id: VisitNoticeId) -> Result<Option<bool>, StoreError> {
        let (tenant, own) = (self.tenant(), self.own());
        let owner = self
            .tx
            .fetch_optional::<(uuid::Uuid,)>(SELECT_NOTICE_OWNER, (tenant, id.uuid()))
            .await?;
        Ok(owner.map(|(owner,)| owner == own))
    }

    pub(crate) async fn visit_notice(&mut self, id: VisitNoticeId) -> Result<Option<VisitNotice>, StoreError> {
        let tenant = self.tenant();
        self.tx
            .fetch_optional::<VisitNotice>(SELECT_NOTICE, (tenant, id.uuid()))
            .await
    }

    /// Lists the notices that dispatch has to deal with, oldest first.
    pub(crate) async fn open_visit_notices(&mut self) -> Result<Vec<VisitNotice>, StoreError> {
        let tenant = self.tenant();
        self.tx.fetch_all::<VisitNotice>(SELECT_OPEN_NOTICES, (tenant,)).await
    }

    /// Lists the open notices of the signed-in technician, newest first.
    pub(crate) async fn own_open_visit_notices(&mut self) -> Result<Vec<VisitNotice>, StoreError> {
        let (tenant, own) = (self.tenant(), self.own());
        self.tx
            .fetch_all::<VisitNotice>(SELECT_OWN_OPEN_NOTICES, (tenant, own))
            .await
    }

    /// Lists all notices about a job, newest first.
    pub(crate) async fn visit_notices_of(&mut self, target: TargetId) -> Result<Vec<VisitNotice>, StoreError> {
        let tenant = self.tenant();
        self.tx
            .fetch_all::<VisitNotice>(SELECT_NOTICES_OF_TARGET, (tenant, target.uuid()))
            .await
    }

    /// Finds the signed-in technician's latest appointment of a job, whatever became of it.
    pub(crate) async fn own_latest_appointment(
        &mut self,
        target: TargetId,
    ) -> Result<Option<OwnAppointment>, StoreError> {
        let (tenant, own) = (self.tenant(), self.own());
        self.tx
            .fetch_optional::<OwnAppointment>(SELECT_ANY_APPOINTMENT, (tenant, own, target.uuid()))
            .await
    }

    /// Marks a notice as resolved; returns false if it was before.
    pub(crate) async fn resolve_visit_notice(&mut self, id: VisitNoticeId) -> Result<bool, StoreError> {
        let (tenant, own, now) = (self.tenant(), self.own(), self.now);
        Ok(self.tx.execute(RESOLVE_NOTICE, (tenant, id.uuid(), now, own)).await? == 1)
    }
}
