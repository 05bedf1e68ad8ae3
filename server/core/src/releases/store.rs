//! Statements for the releases of a visit report.

use std::collections::{BTreeSet, HashMap};

use chrono::{DateTime, Utc};
use domain::ids::{AttachmentId, CustomerId, LocationId, PortalUserId, PortalUserKind, ReleaseId, VisitReportId};
use domain::visits::reports::ReleaseStatus;
use sqlx::types::Json;

use crate::db::EngineSql;
use crate::db::Key;
use crate::db::StoreError;
use crate::db::TenantTx;
use crate::db::bulk::hex_id;
use crate::identity::actors::{Actor as _, Staff};
use crate::portal_access::{in_force, reaches};
use crate::releases::model::{Recipient, ReleaseView};

const UPDATE_PUBLISHED_STATUS: &str = r"
    UPDATE portal_release
    SET status = $3, ended_at = $4
    WHERE tenant_id = $1
      AND visit_report_id = $2
      AND status = 'published'
";
const SELECT_NEXT_REVISION: &str = r"
    SELECT coalesce(max(revision), 0) + 1
    FROM portal_release
    WHERE tenant_id = $1
      AND visit_report_id = $2
";
const INSERT_RELEASE: &str = r"
    INSERT INTO portal_release (
        tenant_id, id, visit_report_id, revision, status, title, summary, message, follow_up, published_by,
        published_at
    )
    VALUES ($1, $2, $3, $4, 'published', $5, $6, $7, $8, $9, $10)
";
/// Inserts nothing if the file does not belong to the report.
const INSERT_ATTACHMENT: &str = r"
    INSERT INTO released_attachment (tenant_id, release_id, attachment_id)
    SELECT tenant_id, $3, id
    FROM attachment
    WHERE tenant_id = $1
      AND visit_report_id = $2
      AND id = $4
";
const SELECT_RELEASES_OF_REPORT: &str = r"
    SELECT
        portal_release.id, portal_release.revision, portal_release.status, portal_release.title,
        portal_release.summary, portal_release.message, portal_release.follow_up,
        portal_release.published_at, publisher.display_name AS published_by,
        (
            SELECT count(*)
            FROM released_attachment AS file
            WHERE file.tenant_id = portal_release.tenant_id
              AND file.release_id = portal_release.id
        ) AS files
    FROM portal_release
    JOIN staff_account AS publisher ON publisher.tenant_id = portal_release.tenant_id
        AND publisher.id = portal_release.published_by
    WHERE portal_release.tenant_id = $1
      AND portal_release.visit_report_id = $2
    ORDER BY portal_release.revision DESC
    LIMIT 50
";
/// Accounts that have not been activated are no recipients. The conditions match those of the portal's statements.
const SELECT_RECIPIENTS: &str = concat!(
    r"
    SELECT
        contact.display_name, account.email, coalesce(account.locale, tenant.locale) AS locale,
        max(CASE WHEN portal_grant.may_download THEN 1 ELSE 0 END) > 0 AS may_download
    FROM portal_grant
    JOIN portal_account AS account ON account.tenant_id = portal_grant.tenant_id
        AND account.id = portal_grant.portal_account_id
    JOIN contact ON contact.tenant_id = account.tenant_id AND contact.id = account.contact_id
    JOIN tenant ON tenant.id = account.tenant_id
    WHERE portal_grant.tenant_id = $1
      AND
    ",
    reaches!("portal_grant", "$2", "$3"),
    " AND portal_grant.may_see_reports AND ",
    in_force!("portal_grant", "$4"),
    r"
      AND account.locked_at IS NULL
      AND account.activated_at IS NOT NULL
    GROUP BY account.id, contact.display_name, account.email, account.locale, tenant.locale
    ORDER BY contact.display_name, account.email
    "
);

static SELECT_DOWNLOADS: EngineSql = EngineSql::new(
    r"
        SELECT at, actor, subject
        FROM audit_entry
        WHERE tenant_id = $1
          AND action = 'attachment.downloaded'
          AND subject = ANY (ARRAY(SELECT jsonb_array_elements_text($2)))
        ORDER BY at DESC, sequence DESC
        LIMIT 50
    ",
);
static SELECT_ACCOUNT_NAMES: EngineSql = EngineSql::new(
    r"
        SELECT account.id, contact.display_name
        FROM portal_account AS account
        JOIN contact ON contact.tenant_id = account.tenant_id AND contact.id = account.contact_id
        WHERE account.tenant_id = $1
          AND account.id = ANY (ARRAY(SELECT jsonb_array_elements_text($2)::UUID))
    ",
);

/// A release to insert.
pub(crate) struct NewRelease<'a> {
    pub report: VisitReportId,
    pub title: &'a str,
    pub summary: &'a str,
    pub message: Option<&'a str>,
    pub follow_up: Option<&'a str>,
    pub attachments: &'a [AttachmentId],
}

impl TenantTx<'_, Staff> {
    /// Sets the final status of the published revision. Returns whether there was one.
    pub(crate) async fn close_published_release(
        &mut self,
        report: VisitReportId,
        status: ReleaseStatus,
    ) -> Result<bool, StoreError> {
        let (tenant, now) = (self.tenant(), self.now);
        Ok(self
            .tx
            .execute(UPDATE_PUBLISHED_STATUS, (tenant, report.uuid(), status.name(), now))
            .await?
            == 1)
    }

    /// Returns the number of the next revision, from 1.
    pub(crate) async fn next_revision(&mut self, report: VisitReportId) -> Result<i64, StoreError> {
        let tenant = self.tenant();
        let (revision,) = self
            .tx
            .fetch_one::<(i64,)>(SELECT_NEXT_REVISION, (tenant, report.uuid()))
            .await?;
        Ok(revision)
    }

    /// Inserts the next revision as published.
    ///
    /// # Errors
    /// A conflict if an attachment belongs to another report.
    pub(crate) async fn insert_release(&mut self, new: &NewRelease<'_>) -> Result<(ReleaseId, i64), StoreError> {
        let (tenant, staff, now, id): (_, _, _, ReleaseId) = (
            self.actor.tenant().uuid(),
            self.actor.id().uuid(),
            self.now,
            self.new_id(),
        );
        let revision = self.next_revision(new.report).await?;
        self.tx
            .execute(
                INSERT_RELEASE,
                (
                    tenant,
                    id.uuid(),
                    new.report.uuid(),
                    revision,
                    new.title,
                    new.summary,
                    new.message,
                    new.follow_up,
                    staff,
                    now,
                ),
            )
            .await?;
        for attachment in new.attachments {
            if self
                .tx
                .execute(
                    INSERT_ATTACHMENT,
                    (tenant, new.report.uuid(), id.uuid(), attachment.uuid()),
                )
                .await?
                != 1
            {
                return Err(StoreError::Conflict(
                    "an attachment belongs to another report".to_owned(),
                ));
            }
        }
        Ok((id, revision))
    }

    pub(crate) async fn list_releases(&mut self, report: VisitReportId) -> Result<Vec<ReleaseView>, StoreError> {
        let tenant = self.tenant();
        self.tx
            .fetch_all::<ReleaseView>(SELECT_RELEASES_OF_REPORT, (tenant, report.uuid()))
            .await
    }

    /// Returns the downloads of the files, latest first, as `(time, account name, file ID)`. The name is `None` if the
    /// account was deleted.
    pub(crate) async fn list_downloads(
        &mut self,
        files: &[AttachmentId],
    ) -> Result<Vec<(DateTime<Utc>, Option<String>, String)>, StoreError> {
        let tenant = self.tenant();
        let sql = &SELECT_DOWNLOADS;
        let files: Vec<String> = files.iter().map(ToString::to_string).collect();
        let rows = self
            .tx
            .fetch_all::<(DateTime<Utc>, String, String)>(sql, (tenant, Json(&files)))
            .await?;
        let account_of = |actor: &str| actor.strip_prefix("portal:")?.parse::<PortalUserId>().ok();
        let accounts: BTreeSet<String> = rows
            .iter()
            .filter_map(|(_, actor, _)| account_of(actor))
            .map(hex_id)
            .collect();
        let sql = &SELECT_ACCOUNT_NAMES;
        let names: HashMap<_, _> = self
            .tx
            .fetch_all::<(Key<PortalUserKind>, String)>(sql, (tenant, Json(&accounts)))
            .await?
            .into_iter()
            .map(|(id, name)| (id.0, name))
            .collect();
        Ok(rows
            .into_iter()
            .map(|(at, actor, file)| (at, account_of(&actor).and_then(|id| names.get(&id).cloned()), file))
            .collect())
    }

    /// Returns the accounts that would see a release for the customer and location.
    pub(crate) async fn list_recipients(
        &mut self,
        customer: CustomerId,
        location: Option<LocationId>,
    ) -> Result<Vec<Recipient>, StoreError> {
        let (tenant, now) = (self.tenant(), self.now);
        self.tx
            .fetch_all::<Recipient>(
                SELECT_RECIPIENTS,
                (tenant, customer.uuid(), location.map(domain::ids::Id::uuid), now),
            )
            .await
    }
}
