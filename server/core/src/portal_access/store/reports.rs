//! Portal queries for reports, their files and follow-ups. Every statement joins the user's grants, so an object outside
//! them is not found.

use chrono::{DateTime, Utc};
use domain::files::FileScan;
use domain::ids::{
    AppointmentId, AttachmentId, AttachmentKind, FollowUpId, FollowUpKind, LocationId, ReleaseId, ReleaseKind,
    RequestId,
};
use domain::public::{PublicAttachment, PublicFollowUp, PublicReport};
use uuid::Uuid;

use crate::db::Key;
use crate::db::StoreError;
use crate::db::TenantTx;
use crate::identity::actors::Contact;
use crate::portal_access::store::granted::{granted, has_grant, in_force, reaches};
use crate::visits::FileRow;

macro_rules! select_reports {
    () => {
        concat!(
            r"
                SELECT
                    portal_release.id, portal_release.revision, portal_release.title,
                    portal_release.summary, portal_release.message, portal_release.follow_up,
                    portal_release.published_at, coalesce(location.name, '') AS location,
                    coalesce(location.zone, tenant.zone) AS zone,
                    (
                        SELECT attachment.id
                        FROM released_attachment
                        JOIN attachment ON attachment.tenant_id = released_attachment.tenant_id
                            AND attachment.id = released_attachment.attachment_id
                            AND attachment.visit_report_id = report.id
                            AND attachment.media_type LIKE 'image/%'
                        JOIN blob ON blob.tenant_id = attachment.tenant_id
                            AND blob.digest = attachment.content_hash
                            AND blob.scan IN ('exempt', 'clean')
                        WHERE released_attachment.tenant_id = portal_release.tenant_id
                          AND released_attachment.release_id = portal_release.id
                          AND
            ",
            granted!(
                "may_see_reports AND portal_grant.may_download",
                "target.customer_id",
                "target.location_id"
            ),
            r"
                        ORDER BY attachment.id
                        LIMIT 1
                    ) AS cover
                FROM portal_release
                JOIN visit_report AS report ON report.tenant_id = portal_release.tenant_id
                    AND report.id = portal_release.visit_report_id
                JOIN target ON target.tenant_id = report.tenant_id AND target.id = report.target_id
                JOIN tenant ON tenant.id = portal_release.tenant_id
                LEFT JOIN location ON location.tenant_id = target.tenant_id
                    AND location.id = target.location_id
                WHERE portal_release.tenant_id = $1
                  AND portal_release.status = 'published'
                  AND
            ",
            granted!("may_see_reports", "target.customer_id", "target.location_id"),
            "\n"
        )
    };
}
const SELECT_REPORTS: &str = concat!(
    select_reports!(),
    r"
          AND (portal_release.published_at, portal_release.id) < ($4, $5)
          AND ($7 IS NULL OR target.location_id = $7)
        ORDER BY portal_release.published_at DESC, portal_release.id DESC
        LIMIT $6
    "
);
/// The ID of a replaced revision resolves to its replacement, so that bookmarks and links in mails keep working.
const SELECT_REPORT: &str = concat!(
    select_reports!(),
    r"
          AND portal_release.visit_report_id = (
              SELECT original.visit_report_id
              FROM portal_release AS original
              WHERE original.tenant_id = $1
                AND original.id = $4
                AND original.status IN ('published', 'replaced')
          )
    "
);

/// The reports of the job of a request that the user can read.
const SELECT_REPORTS_OF_REQUEST: &str = concat!(
    select_reports!(),
    r"
          AND target.id = (
              SELECT request.target_id
              FROM request
              WHERE request.tenant_id = $1
                AND request.id = $4
          )
        ORDER BY portal_release.published_at DESC, portal_release.id DESC
        LIMIT 20
    "
);

/// The report of the visit of a shared appointment.
const SELECT_REPORT_OF_APPOINTMENT: &str = concat!(
    select_reports!(),
    r"
          AND report.appointment_id = (
              SELECT appointment.id
              FROM appointment
              WHERE appointment.tenant_id = $1
                AND appointment.id = $4
                AND appointment.is_shared
          )
    "
);

macro_rules! select_attachments {
    ($columns:literal) => {
        concat!(
            "SELECT ",
            $columns,
            r"
                FROM attachment
                JOIN released_attachment ON released_attachment.tenant_id = attachment.tenant_id
                    AND released_attachment.attachment_id = attachment.id
                JOIN portal_release ON portal_release.tenant_id = released_attachment.tenant_id
                    AND portal_release.id = released_attachment.release_id
                    AND portal_release.status = 'published'
                JOIN visit_report AS report ON report.tenant_id = portal_release.tenant_id
                    AND report.id = portal_release.visit_report_id
                    AND report.id = attachment.visit_report_id
                JOIN target ON target.tenant_id = report.tenant_id AND target.id = report.target_id
                WHERE attachment.tenant_id = $1
                  AND
            ",
            granted!(
                "may_see_reports AND portal_grant.may_download",
                "target.customer_id",
                "target.location_id"
            ),
            "\n"
        )
    };
}
const SELECT_ATTACHMENTS: &str = concat!(
    select_attachments!(
        "attachment.id, attachment.file_name, attachment.media_type, attachment.size_bytes,
        coalesce((SELECT blob.scan FROM blob WHERE blob.tenant_id = attachment.tenant_id
            AND blob.digest = attachment.content_hash), 'exempt')"
    ),
    "AND portal_release.id = $4 ORDER BY attachment.id LIMIT 50"
);
const SELECT_ATTACHMENT_FILE: &str = concat!(
    select_attachments!("attachment.file_name, attachment.media_type, attachment.content_hash"),
    "AND attachment.id = $4"
);

/// A follow-up is visible only through the published release of its report, with the released text.
macro_rules! select_follow_ups {
    () => {
        concat!(
            r"
                SELECT
                    follow_up.id, follow_up.status, portal_release.follow_up AS title,
                    coalesce(location.name, '') AS location, follow_up.created_at,
                    portal_release.id AS report
                FROM follow_up
                JOIN portal_release ON portal_release.tenant_id = follow_up.tenant_id
                    AND portal_release.visit_report_id = follow_up.visit_report_id
                    AND portal_release.status = 'published' AND portal_release.follow_up IS NOT NULL
                JOIN target ON target.tenant_id = follow_up.tenant_id AND target.id = follow_up.target_id
                LEFT JOIN location ON location.tenant_id = target.tenant_id
                    AND location.id = target.location_id
                WHERE follow_up.tenant_id = $1
                  AND (follow_up.created_at, follow_up.id) < ($4, $5)
                  AND
            ",
            granted!("may_see_reports", "target.customer_id", "target.location_id"),
            "\n"
        )
    };
}
const SELECT_FOLLOW_UPS: &str = concat!(
    select_follow_ups!(),
    r"
          AND follow_up.status <> 'dismissed'
          AND ($7 IS NULL OR target.location_id = $7)
        ORDER BY follow_up.created_at DESC, follow_up.id DESC
        LIMIT $6
    "
);
const SELECT_OPEN_FOLLOW_UPS: &str = concat!(
    select_follow_ups!(),
    r"
          AND follow_up.status IN ('required', 'planned')
          AND ($7 IS NULL OR target.location_id = $7)
        ORDER BY follow_up.created_at DESC, follow_up.id DESC
        LIMIT $6
    "
);

/// What remains to be done after the visits for a request: $6 request.
const SELECT_FOLLOW_UPS_OF_REQUEST: &str = concat!(
    select_follow_ups!(),
    r"
          AND follow_up.status <> 'dismissed'
          AND target.id = (
              SELECT request.target_id
              FROM request
              WHERE request.tenant_id = $1
                AND request.id = $6
          )
        ORDER BY follow_up.created_at DESC, follow_up.id DESC
        LIMIT 20
    "
);
const SELECT_FOLLOW_UPS_OF_REPORT: &str = concat!(
    select_follow_ups!(),
    r"
          AND follow_up.status <> 'dismissed'
          AND portal_release.id = $6
        ORDER BY follow_up.created_at DESC, follow_up.id DESC
        LIMIT 20
    "
);

#[derive(sqlx::FromRow)]
struct ReportRow {
    id: Key<ReleaseKind>,
    revision: i64,
    title: String,
    summary: String,
    message: Option<String>,
    follow_up: Option<String>,
    published_at: DateTime<Utc>,
    location: String,
    zone: String,
    cover: Option<Key<AttachmentKind>>,
}

impl From<ReportRow> for PublicReport {
    fn from(row: ReportRow) -> Self {
        Self {
            id: row.id.0,
            revision: row.revision,
            title: row.title,
            summary: row.summary,
            message: row.message,
            follow_up: row.follow_up,
            published_at: row.published_at,
            location: row.location,
            zone: row.zone,
            cover: row.cover.map(|id| id.0),
            attachments: Vec::new(),
        }
    }
}

#[derive(sqlx::FromRow)]
struct FollowUpRow {
    id: Key<FollowUpKind>,
    #[sqlx(try_from = "String")]
    status: domain::follow_ups::FollowUpStatus,
    title: String,
    location: String,
    created_at: DateTime<Utc>,
    report: Key<ReleaseKind>,
}

impl From<FollowUpRow> for PublicFollowUp {
    fn from(row: FollowUpRow) -> Self {
        Self {
            id: row.id.0,
            status: row.status,
            title: row.title,
            location: row.location,
            created_at: row.created_at,
            report: row.report.0,
        }
    }
}

impl TenantTx<'_, Contact> {
    pub(crate) async fn reports(
        &mut self,
        location: Option<LocationId>,
        before: Option<(DateTime<Utc>, ReleaseId)>,
        limit: i64,
    ) -> Result<Vec<PublicReport>, StoreError> {
        let (tenant, account, now) = self.scope();
        let (at, id) = before.map_or((crate::db::far_future(), Uuid::max()), |(at, id)| (at, id.uuid()));
        Ok(self
            .tx
            .fetch_all::<ReportRow>(
                SELECT_REPORTS,
                (tenant, account, now, at, id, limit, location.map(LocationId::uuid)),
            )
            .await?
            .into_iter()
            .map(Into::into)
            .collect())
    }

    /// Returns the published reports of the job of a request, newest first.
    pub(crate) async fn reports_of_request(&mut self, id: RequestId) -> Result<Vec<PublicReport>, StoreError> {
        let (tenant, account, now) = self.scope();
        Ok(self
            .tx
            .fetch_all::<ReportRow>(SELECT_REPORTS_OF_REQUEST, (tenant, account, now, id.uuid()))
            .await?
            .into_iter()
            .map(Into::into)
            .collect())
    }

    /// Returns the published report of the visit of an appointment, without its files.
    pub(crate) async fn report_of_appointment(
        &mut self,
        id: AppointmentId,
    ) -> Result<Option<PublicReport>, StoreError> {
        let (tenant, account, now) = self.scope();
        Ok(self
            .tx
            .fetch_optional::<ReportRow>(SELECT_REPORT_OF_APPOINTMENT, (tenant, account, now, id.uuid()))
            .await?
            .map(Into::into))
    }

    /// Returns a published report with the files that may be downloaded.
    pub(crate) async fn report(&mut self, id: ReleaseId) -> Result<Option<PublicReport>, StoreError> {
        let (tenant, account, now) = self.scope();
        let Some(row) = self
            .tx
            .fetch_optional::<ReportRow>(SELECT_REPORT, (tenant, account, now, id.uuid()))
            .await?
        else {
            return Ok(None);
        };
        let files = self
            .tx
            .fetch_all::<(Key<AttachmentKind>, String, String, i64, String)>(
                SELECT_ATTACHMENTS,
                (tenant, account, now, row.id.0.uuid()),
            )
            .await?;
        let attachments = files
            .into_iter()
            .map(|(id, file_name, media_type, bytes, scan)| PublicAttachment {
                id: id.0,
                file_name,
                media_type,
                bytes,
                scan: FileScan::from_name(&scan).unwrap_or(FileScan::Unchecked),
            })
            .collect();
        Ok(Some(PublicReport {
            attachments,
            ..row.into()
        }))
    }

    pub(crate) async fn released_file(&mut self, id: AttachmentId) -> Result<Option<FileRow>, StoreError> {
        let (tenant, account, now) = self.scope();
        self.tx
            .fetch_optional::<FileRow>(SELECT_ATTACHMENT_FILE, (tenant, account, now, id.uuid()))
            .await
    }

    /// Returns what remains to be done after the visits for a request, newest first.
    pub(crate) async fn follow_ups_of_request(&mut self, id: RequestId) -> Result<Vec<PublicFollowUp>, StoreError> {
        self.follow_ups_with(SELECT_FOLLOW_UPS_OF_REQUEST, id.uuid()).await
    }

    /// Returns what remains to be done after the visit of a report.
    pub(crate) async fn follow_ups_of_report(&mut self, id: ReleaseId) -> Result<Vec<PublicFollowUp>, StoreError> {
        self.follow_ups_with(SELECT_FOLLOW_UPS_OF_REPORT, id.uuid()).await
    }

    async fn follow_ups_with(&mut self, sql: &'static str, id: Uuid) -> Result<Vec<PublicFollowUp>, StoreError> {
        let (tenant, account, now) = self.scope();
        let start = (crate::db::far_future(), Uuid::max());
        Ok(self
            .tx
            .fetch_all::<FollowUpRow>(sql, (tenant, account, now, start.0, start.1, id))
            .await?
            .into_iter()
            .map(Into::into)
            .collect())
    }

    /// Returns follow-ups, newest first: all of them or only the open ones.
    pub(crate) async fn follow_ups(
        &mut self,
        only_open: bool,
        location: Option<LocationId>,
        before: Option<(DateTime<Utc>, FollowUpId)>,
        limit: i64,
    ) -> Result<Vec<PublicFollowUp>, StoreError> {
        let (tenant, account, now) = self.scope();
        let (at, id) = before.map_or((crate::db::far_future(), Uuid::max()), |(at, id)| (at, id.uuid()));
        let sql = if only_open {
            SELECT_OPEN_FOLLOW_UPS
        } else {
            SELECT_FOLLOW_UPS
        };
        Ok(self
            .tx
            .fetch_all::<FollowUpRow>(
                sql,
                (tenant, account, now, at, id, limit, location.map(LocationId::uuid)),
            )
            .await?
            .into_iter()
            .map(Into::into)
            .collect())
    }
}
