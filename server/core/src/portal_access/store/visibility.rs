//! Queries for who can see an object in the portal. Their conditions mirror those of the portal's own statements; a test
//! compares the two for every object and account.

use domain::ids::{AttachmentId, AttachmentKind, PortalUserId, PortalUserKind, RequestId, TargetId, VisitReportId};

use crate::db::Key;
use crate::db::StoreError;
use crate::db::TenantTx;
use crate::identity::actors::Staff;
use crate::portal_access::store::granted::{in_force, reaches, reaches_own};

/// A portal user who can see an object.
#[derive(Debug, Clone, sqlx::FromRow)]
pub struct Viewer {
    #[sqlx(try_from = "Key<PortalUserKind>")]
    pub id: PortalUserId,
    pub display_name: String,
    pub email: String,
}

/// Selects the accounts with a grant in force for an object: $1 tenant, $2 object, $3 now. `$from` names the object
/// `viewed`, `$covers` says when a grant covers it, `$and` says which object it is.
macro_rules! viewers {
    ($from:literal, $covers:expr, $and:literal) => {
        concat!(
            "SELECT DISTINCT account.id, contact.display_name, account.email FROM ",
            $from,
            r"
                JOIN portal_grant ON portal_grant.tenant_id = viewed.tenant_id
                    AND
            ",
            in_force!("portal_grant", "$3"),
            " AND ",
            $covers,
            r"
                JOIN portal_account AS account ON account.tenant_id = portal_grant.tenant_id
                    AND account.id = portal_grant.portal_account_id
                    AND account.locked_at IS NULL
                    AND account.activated_at IS NOT NULL
                JOIN contact ON contact.tenant_id = account.tenant_id AND contact.id = account.contact_id
                WHERE viewed.tenant_id = $1
                  AND
            ",
            $and,
            r"
                ORDER BY contact.display_name, account.email
                LIMIT 500
            "
        )
    };
}
const SELECT_VIEWERS_OF_REQUEST: &str = viewers!(
    "request AS viewed JOIN request ON request.tenant_id = viewed.tenant_id AND request.id = viewed.id",
    concat!(
        "((request.portal_account_id = portal_grant.portal_account_id AND ",
        reaches_own!("portal_grant", "request.customer_id", "request.location_id"),
        ") OR (portal_grant.sees_all_requests AND ",
        reaches!("portal_grant", "request.customer_id", "request.location_id"),
        "))"
    ),
    "viewed.id = $2"
);
const SELECT_VIEWERS_OF_APPOINTMENTS: &str = viewers!(
    r"
        appointment AS viewed
        JOIN target ON target.tenant_id = viewed.tenant_id AND target.id = viewed.target_id
    ",
    concat!(
        reaches!("portal_grant", "target.customer_id", "target.location_id"),
        " AND portal_grant.may_see_appointments"
    ),
    "viewed.target_id = $2 AND viewed.is_shared AND target.location_id IS NOT NULL"
);
/// The same for a job, whether or not it has an appointment.
const SELECT_VIEWERS_OF_JOB: &str = viewers!(
    "target AS viewed",
    concat!(
        reaches!("portal_grant", "viewed.customer_id", "viewed.location_id"),
        " AND portal_grant.may_see_appointments"
    ),
    "viewed.id = $2 AND viewed.location_id IS NOT NULL"
);
const SELECT_VIEWERS_OF_REPORT: &str = viewers!(
    r"
        portal_release AS viewed
        JOIN visit_report AS report ON report.tenant_id = viewed.tenant_id
            AND report.id = viewed.visit_report_id
        JOIN target ON target.tenant_id = report.tenant_id AND target.id = report.target_id
    ",
    concat!(
        reaches!("portal_grant", "target.customer_id", "target.location_id"),
        " AND portal_grant.may_see_reports"
    ),
    "viewed.visit_report_id = $2 AND viewed.status = 'published'"
);
const SELECT_VIEWERS_OF_FILE: &str = viewers!(
    r"
        attachment AS viewed
        JOIN released_attachment ON released_attachment.tenant_id = viewed.tenant_id
            AND released_attachment.attachment_id = viewed.id
        JOIN portal_release ON portal_release.tenant_id = released_attachment.tenant_id
            AND portal_release.id = released_attachment.release_id
            AND portal_release.status = 'published'
        JOIN visit_report AS report ON report.tenant_id = portal_release.tenant_id
            AND report.id = portal_release.visit_report_id
            AND report.id = viewed.visit_report_id
        JOIN target ON target.tenant_id = report.tenant_id AND target.id = report.target_id
    ",
    concat!(
        reaches!("portal_grant", "target.customer_id", "target.location_id"),
        " AND portal_grant.may_see_reports AND portal_grant.may_download"
    ),
    "viewed.id = $2"
);
const SELECT_RELEASED_FILE: &str = r"
    SELECT released_attachment.attachment_id
    FROM released_attachment
    JOIN portal_release ON portal_release.tenant_id = released_attachment.tenant_id
        AND portal_release.id = released_attachment.release_id
        AND portal_release.status = 'published'
    WHERE released_attachment.tenant_id = $1
      AND portal_release.visit_report_id = $2
    ORDER BY released_attachment.attachment_id
    LIMIT 1
";

impl TenantTx<'_, Staff> {
    pub(crate) async fn viewers_of_request(&mut self, id: RequestId) -> Result<Vec<Viewer>, StoreError> {
        let (tenant, now) = (self.tenant(), self.now);
        self.tx
            .fetch_all::<Viewer>(SELECT_VIEWERS_OF_REQUEST, (tenant, id.uuid(), now))
            .await
    }

    /// Returns who can see the shared appointments of a job.
    pub(crate) async fn viewers_of_appointments(&mut self, target: TargetId) -> Result<Vec<Viewer>, StoreError> {
        let (tenant, now) = (self.tenant(), self.now);
        self.tx
            .fetch_all::<Viewer>(SELECT_VIEWERS_OF_APPOINTMENTS, (tenant, target.uuid(), now))
            .await
    }

    /// Returns who would see an appointment of a job if it were shared.
    pub(crate) async fn viewers_of_job(&mut self, target: TargetId) -> Result<Vec<Viewer>, StoreError> {
        let (tenant, now) = (self.tenant(), self.now);
        self.tx
            .fetch_all::<Viewer>(SELECT_VIEWERS_OF_JOB, (tenant, target.uuid(), now))
            .await
    }

    pub(crate) async fn viewers_of_report(&mut self, id: VisitReportId) -> Result<Vec<Viewer>, StoreError> {
        let (tenant, now) = (self.tenant(), self.now);
        self.tx
            .fetch_all::<Viewer>(SELECT_VIEWERS_OF_REPORT, (tenant, id.uuid(), now))
            .await
    }

    pub(crate) async fn viewers_of_file(&mut self, id: AttachmentId) -> Result<Vec<Viewer>, StoreError> {
        let (tenant, now) = (self.tenant(), self.now);
        self.tx
            .fetch_all::<Viewer>(SELECT_VIEWERS_OF_FILE, (tenant, id.uuid(), now))
            .await
    }

    /// Returns one released file of a report; the others have the same viewers.
    pub(crate) async fn any_released_file(
        &mut self,
        report: VisitReportId,
    ) -> Result<Option<AttachmentId>, StoreError> {
        let tenant = self.tenant();
        let rows = self
            .tx
            .fetch_all::<(Key<AttachmentKind>,)>(SELECT_RELEASED_FILE, (tenant, report.uuid()))
            .await?;
        Ok(rows.first().map(|(id,)| id.0))
    }
}
