//! Who can see what in the portal: for one thing, everybody whose grants and whose release make it visible. The conditions
//! are those of the portal's own statements, turned around; a test compares the two for every thing and every account.

use domain::ids::{AttachmentId, AttachmentKind, PortalUserKind, RequestId, TargetId, VisitReportId};

use crate::db::Key;
use crate::db::TenantTx;
use crate::db::{StoreError, all};
use crate::identity::actors::Staff;

/// Somebody who can see a thing.
#[derive(Debug, Clone, sqlx::FromRow)]
pub struct Viewer {
    /// The account.
    pub id: Key<PortalUserKind>,
    /// The name.
    pub display_name: String,
    /// The address.
    pub email: String,
}

/// Accounts with a grant in force for the place of a thing: $1 tenant, $2 thing, $3 now.
macro_rules! viewers {
    ($from:literal, $place:literal, $and:literal) => {
        concat!(
            "SELECT DISTINCT a.id, c.display_name, a.email FROM ",
            $from,
            " JOIN portal_grant g ON g.tenant_id = x.tenant_id AND g.revoked_at IS NULL AND g.valid_from <= $3 AND (g.valid_until IS NULL OR g.valid_until > $3) AND ",
            $place,
            " JOIN portal_account a ON a.tenant_id = g.tenant_id AND a.id = g.portal_account_id AND a.locked_at IS NULL AND a.activated_at IS NOT NULL \
             JOIN contact c ON c.tenant_id = a.tenant_id AND c.id = a.contact_id WHERE x.tenant_id = $1 AND ",
            $and,
            " ORDER BY c.display_name, a.email LIMIT 500"
        )
    };
}
const OF_REQUEST: &str = viewers!(
    "request x",
    "g.customer_id = x.customer_id AND (g.location_id IS NULL OR x.location_id IS NULL OR g.location_id = x.location_id) AND (x.portal_account_id = g.portal_account_id OR g.sees_all_requests)",
    "x.id = $2"
);
const OF_APPOINTMENT: &str = viewers!(
    "appointment x JOIN target t ON t.tenant_id = x.tenant_id AND t.id = x.target_id",
    "g.customer_id = t.customer_id AND (g.location_id IS NULL OR g.location_id = t.location_id) AND g.may_see_appointments",
    "x.target_id = $2 AND x.is_shared AND t.location_id IS NOT NULL"
);
/// The same of a job, whether it has an appointment yet or not.
const OF_JOB: &str = viewers!(
    "target x",
    "g.customer_id = x.customer_id AND (g.location_id IS NULL OR g.location_id = x.location_id) AND g.may_see_appointments",
    "x.id = $2 AND x.location_id IS NOT NULL"
);
const OF_REPORT: &str = viewers!(
    "portal_release x JOIN visit_report r ON r.tenant_id = x.tenant_id AND r.id = x.visit_report_id JOIN target t ON t.tenant_id = r.tenant_id AND t.id = r.target_id",
    "g.customer_id = t.customer_id AND (g.location_id IS NULL OR g.location_id = t.location_id) AND g.may_see_reports",
    "x.visit_report_id = $2 AND x.status = 'published'"
);
const OF_FILE: &str = viewers!(
    "attachment x JOIN released_attachment y ON y.tenant_id = x.tenant_id AND y.attachment_id = x.id JOIN portal_release p ON p.tenant_id = y.tenant_id AND p.id = y.release_id AND p.status = 'published' \
     JOIN visit_report r ON r.tenant_id = p.tenant_id AND r.id = p.visit_report_id AND r.id = x.visit_report_id JOIN target t ON t.tenant_id = r.tenant_id AND t.id = r.target_id",
    "g.customer_id = t.customer_id AND (g.location_id IS NULL OR g.location_id = t.location_id) AND g.may_see_reports AND g.may_download",
    "x.id = $2"
);
const RELEASED_FILES: &str = "SELECT x.attachment_id FROM released_attachment x JOIN portal_release p ON p.tenant_id = x.tenant_id AND p.id = x.release_id AND p.status = 'published' \
    WHERE x.tenant_id = $1 AND p.visit_report_id = $2 ORDER BY x.attachment_id LIMIT 1";

impl TenantTx<'_, Staff> {
    pub(crate) async fn viewers_of_request(&mut self, id: RequestId) -> Result<Vec<Viewer>, StoreError> {
        let (tenant, now) = (self.tenant(), self.now);
        all!(&mut self.tx, Viewer, OF_REQUEST, tenant, id.uuid(), now)
    }

    /// Of the appointments of a job that are shared.
    pub(crate) async fn viewers_of_appointments(&mut self, target: TargetId) -> Result<Vec<Viewer>, StoreError> {
        let (tenant, now) = (self.tenant(), self.now);
        all!(&mut self.tx, Viewer, OF_APPOINTMENT, tenant, target.uuid(), now)
    }

    /// Who would see an appointment of a job, were it shared.
    pub(crate) async fn viewers_of_job(&mut self, target: TargetId) -> Result<Vec<Viewer>, StoreError> {
        let (tenant, now) = (self.tenant(), self.now);
        all!(&mut self.tx, Viewer, OF_JOB, tenant, target.uuid(), now)
    }

    pub(crate) async fn viewers_of_report(&mut self, id: VisitReportId) -> Result<Vec<Viewer>, StoreError> {
        let (tenant, now) = (self.tenant(), self.now);
        all!(&mut self.tx, Viewer, OF_REPORT, tenant, id.uuid(), now)
    }

    pub(crate) async fn viewers_of_file(&mut self, id: AttachmentId) -> Result<Vec<Viewer>, StoreError> {
        let (tenant, now) = (self.tenant(), self.now);
        all!(&mut self.tx, Viewer, OF_FILE, tenant, id.uuid(), now)
    }

    /// One of the files that a report's release carries; the others are seen by the same people.
    pub(crate) async fn a_released_file(&mut self, report: VisitReportId) -> Result<Option<AttachmentId>, StoreError> {
        let tenant = self.tenant();
        let rows = all!(
            &mut self.tx,
            (Key<AttachmentKind>,),
            RELEASED_FILES,
            tenant,
            report.uuid()
        )?;
        Ok(rows.first().map(|(id,)| id.0))
    }
}
