//! Portal releases, as the staff make them.

use std::collections::{BTreeSet, HashMap};

use chrono::{DateTime, Utc};
use domain::ids::{AttachmentId, CustomerId, LocationId, PortalUserId, PortalUserKind, ReleaseId, VisitReportId};
use domain::visit_reports::ReleaseStatus;
use sqlx::types::Json;

use crate::db::Key;
use crate::db::TenantTx;
use crate::db::bulk::{hex_id, listed};
use crate::db::{StoreError, all, one, run};
use crate::identity::actors::{Actor as _, Staff};
use crate::releases::model::{Recipient, ReleaseView};

const END_PUBLISHED: &str = "UPDATE portal_release SET status = $3, ended_at = $4 WHERE tenant_id = $1 AND visit_report_id = $2 AND status = 'published'";
const NEXT_REVISION: &str =
    "SELECT coalesce(max(revision), 0) + 1 FROM portal_release WHERE tenant_id = $1 AND visit_report_id = $2";
const INSERT: &str = "INSERT INTO portal_release (tenant_id, id, visit_report_id, revision, status, title, summary, message, follow_up, published_by, published_at) \
    VALUES ($1, $2, $3, $4, 'published', $5, $6, $7, $8, $9, $10)";
/// Only files of this very report can be released with it.
const INSERT_ATTACHMENT: &str = "INSERT INTO released_attachment (tenant_id, release_id, attachment_id) \
    SELECT tenant_id, $3, id FROM attachment WHERE tenant_id = $1 AND visit_report_id = $2 AND id = $4";
const OF_REPORT: &str = "SELECT p.id, p.revision, p.status, p.title, p.summary, p.message, p.follow_up, p.published_at, s.display_name AS published_by, \
    (SELECT count(*) FROM released_attachment x WHERE x.tenant_id = p.tenant_id AND x.release_id = p.id) AS files \
    FROM portal_release p JOIN staff_account s ON s.tenant_id = p.tenant_id AND s.id = p.published_by \
    WHERE p.tenant_id = $1 AND p.visit_report_id = $2 ORDER BY p.revision DESC LIMIT 50";
/// Whoever has not come in yet is no recipient; the conditions are those of the portal's own statements.
const RECIPIENTS: &str = "SELECT c.display_name, a.email, coalesce(a.locale, t.locale) AS locale, max(CASE WHEN g.may_download THEN 1 ELSE 0 END) > 0 AS may_download FROM portal_grant g JOIN portal_account a ON a.tenant_id = g.tenant_id AND a.id = g.portal_account_id \
    JOIN contact c ON c.tenant_id = a.tenant_id AND c.id = a.contact_id JOIN tenant t ON t.id = a.tenant_id \
    WHERE g.tenant_id = $1 AND g.customer_id = $2 AND (g.location_id IS NULL OR g.location_id = $3) AND g.may_see_reports AND g.revoked_at IS NULL \
    AND g.valid_from <= $4 AND (g.valid_until IS NULL OR g.valid_until > $4) AND a.locked_at IS NULL AND a.activated_at IS NOT NULL \
    GROUP BY a.id, c.display_name, a.email, a.locale, t.locale ORDER BY c.display_name, a.email";

listed!(
    text DOWNLOADS_SQLITE, DOWNLOADS_POSTGRES,
    "SELECT at, actor, subject FROM audit_entry WHERE tenant_id = $1 AND action = 'attachment.downloaded' AND subject ",
    "$2",
    " ORDER BY sequence DESC LIMIT 50"
);
listed!(
    id NAMES_SQLITE, NAMES_POSTGRES,
    "SELECT a.id, c.display_name FROM portal_account a JOIN contact c ON c.tenant_id = a.tenant_id AND c.id = a.contact_id WHERE a.tenant_id = $1 AND a.id ",
    "$2",
    ""
);

/// What the customer gets.
pub(crate) struct NewRelease<'a> {
    pub report: VisitReportId,
    pub title: &'a str,
    pub summary: &'a str,
    pub message: Option<&'a str>,
    pub follow_up: Option<&'a str>,
    pub attachments: &'a [AttachmentId],
}

impl TenantTx<'_, Staff> {
    /// Ends the published revision; the answer says whether there was one.
    pub(crate) async fn end_published_release(
        &mut self,
        report: VisitReportId,
        end: ReleaseStatus,
    ) -> Result<bool, StoreError> {
        let (tenant, now) = (self.tenant(), self.now);
        Ok(run!(&mut self.tx, END_PUBLISHED, tenant, report.uuid(), end.name(), now)? == 1)
    }

    /// Publishes the next revision. An attachment of another report is a conflict.
    pub(crate) async fn insert_release(&mut self, new: &NewRelease<'_>) -> Result<(ReleaseId, i64), StoreError> {
        let (tenant, own, now, id): (_, _, _, ReleaseId) = (
            self.actor.tenant().uuid(),
            self.actor.id().uuid(),
            self.now,
            self.new_id(),
        );
        let (revision,): (i64,) = one!(&mut self.tx, (i64,), NEXT_REVISION, tenant, new.report.uuid())?;
        run!(
            &mut self.tx,
            INSERT,
            tenant,
            id.uuid(),
            new.report.uuid(),
            revision,
            new.title,
            new.summary,
            new.message,
            new.follow_up,
            own,
            now
        )?;
        for attachment in new.attachments {
            if run!(
                &mut self.tx,
                INSERT_ATTACHMENT,
                tenant,
                new.report.uuid(),
                id.uuid(),
                attachment.uuid()
            )? != 1
            {
                return Err(StoreError::Conflict("an attachment of another report".to_owned()));
            }
        }
        Ok((id, revision))
    }

    pub(crate) async fn releases_of(&mut self, report: VisitReportId) -> Result<Vec<ReleaseView>, StoreError> {
        let tenant = self.tenant();
        all!(&mut self.tx, ReleaseView, OF_REPORT, tenant, report.uuid())
    }

    /// Who downloaded which of these files, the latest first: when, who, and the file's id as the log names it. What was
    /// downloaded by an account that is gone has no name.
    pub(crate) async fn downloads(
        &mut self,
        files: &[AttachmentId],
    ) -> Result<Vec<(DateTime<Utc>, Option<String>, String)>, StoreError> {
        let tenant = self.tenant();
        let sql = self.tx.dialect(DOWNLOADS_SQLITE, DOWNLOADS_POSTGRES);
        let files: Vec<String> = files.iter().map(ToString::to_string).collect();
        let rows = all!(&mut self.tx, (DateTime<Utc>, String, String), sql, tenant, Json(&files))?;
        let account = |actor: &str| actor.strip_prefix("portal:")?.parse::<PortalUserId>().ok();
        let accounts: BTreeSet<String> = rows
            .iter()
            .filter_map(|(_, actor, _)| account(actor))
            .map(hex_id)
            .collect();
        let sql = self.tx.dialect(NAMES_SQLITE, NAMES_POSTGRES);
        let names: HashMap<_, _> = all!(
            &mut self.tx,
            (Key<PortalUserKind>, String),
            sql,
            tenant,
            Json(&accounts)
        )?
        .into_iter()
        .map(|(id, name)| (id.0, name))
        .collect();
        Ok(rows
            .into_iter()
            .map(|(at, actor, file)| (at, account(&actor).and_then(|id| names.get(&id).cloned()), file))
            .collect())
    }

    /// Who would see a release for that place, by the same conditions as the portal's own statements.
    pub(crate) async fn recipients(
        &mut self,
        customer: CustomerId,
        location: Option<LocationId>,
    ) -> Result<Vec<Recipient>, StoreError> {
        let (tenant, now) = (self.tenant(), self.now);
        all!(
            &mut self.tx,
            Recipient,
            RECIPIENTS,
            tenant,
            customer.uuid(),
            location.map(domain::ids::Id::uuid),
            now
        )
    }
}
