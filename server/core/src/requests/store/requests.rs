//! Statements for single requests and for decisions about them.

use chrono::{DateTime, Utc};
use domain::ids::{ContactId, CustomerId, Id, LocationId, RequestId, StaffId, TargetId};
use domain::requests::{Channel, Priority, RequestStatus, ServiceType};
use sqlx::types::Json;

use crate::db::StoreError;
use crate::db::TenantTx;
use crate::identity::actors::{Administrator, Operator, Staff};
use crate::portal_access::{in_force, reaches, reaches_own, reading_account};
use crate::requests::model::{ContactHint, RequestChange, RequestView};

const SELECT_REQUEST: &str = r"
    SELECT
        request.id, request.number, request.channel, request.status, request.service_type, request.priority,
        request.description, request.internal_notes, request.preferred, request.preferred_windows,
        request.rejection_reason,
        request.submitted_at, request.updated_at, request.target_id, request.source_system_id,
        request.customer_id, request.location_id, request.contact_id, request.requester, request.place,
        request.proposed_change, request.asked_at, request.answered_at, request.cancellation_requested_at,
        request.reschedule_requested_at, request.snoozed_until,
        request.assignee_id, request.classification, request.receipt_code, customer.name AS customer_name,
        customer.customer_number, location.name AS location_name, location.street, location.postal_code,
        location.city, location.zone AS location_zone, contact.display_name AS contact_name,
        contact.phone AS contact_phone, contact.email AS contact_email,
        staff_account.display_name AS assignee_name
    FROM request
    LEFT JOIN customer ON customer.tenant_id = request.tenant_id AND customer.id = request.customer_id
    LEFT JOIN location ON location.tenant_id = request.tenant_id AND location.id = request.location_id
    LEFT JOIN contact ON contact.tenant_id = request.tenant_id AND contact.id = request.contact_id
    LEFT JOIN staff_account ON staff_account.tenant_id = request.tenant_id
        AND staff_account.id = request.assignee_id
    WHERE request.tenant_id = $1
      AND request.id = $2
";
/// A converted request is cancelled only together with its target.
const UPDATE_STATUS: &str = r"
    UPDATE request
    SET status = $3, rejection_reason = $4, updated_at = $5
    WHERE tenant_id = $1
      AND id = $2
      AND status = $6
      AND (
          target_id IS NULL OR $3 <> 'cancelled' OR EXISTS (
              SELECT 1
              FROM target
              WHERE target.tenant_id = $1
                AND target.id = request.target_id
                AND target.status = 'cancelled'
          )
      )
";
const APPLY_CHANGE: &str = r"
    UPDATE request
    SET
        service_type = $3, priority = $4, description = $5, preferred = $6, preferred_windows = $7,
        internal_notes = $9, proposed_change = NULL, updated_at = $8, search_key = $11
    WHERE tenant_id = $1
      AND id = $2
      AND proposed_change IS NOT NULL
      AND updated_at = $10
";
const DISCARD_CHANGE: &str = r"
    UPDATE request
    SET proposed_change = NULL, updated_at = $3
    WHERE tenant_id = $1
      AND id = $2
      AND proposed_change IS NOT NULL
      AND updated_at = $4
";
const UPDATE_TARGET: &str = r"
    UPDATE request
    SET target_id = $3, updated_at = $4
    WHERE tenant_id = $1
      AND id = $2
      AND target_id IS NULL
      AND status = 'accepted'
      AND updated_at = $5
";
const SELECT_REQUEST_OF_TARGET: &str = r"
    SELECT request.id, request.channel
    FROM request
    WHERE request.tenant_id = $1
      AND request.target_id = $2
";
/// The customer can be changed until the request is converted to a target.
/// A request of a contact whose portal account can read it is that account's own, unless a partner has sent it.
const UPDATE_CUSTOMER: &str = concat!(
    r"
    UPDATE request
    SET
        customer_id = $3, location_id = $4, contact_id = $5, updated_at = $6,
        portal_account_id = CASE
            WHEN channel = 'api' THEN portal_account_id
            ELSE
    ",
    reading_account!("$5", "$3", "$4", "$6"),
    r"
        END
    WHERE tenant_id = $1
      AND id = $2
      AND target_id IS NULL
    "
);
/// A new appointment answers the wish for another time.
const CLEAR_RESCHEDULE_REQUEST: &str = r"
    UPDATE request
    SET reschedule_requested_at = NULL
    WHERE tenant_id = $1
      AND target_id = $2
      AND reschedule_requested_at IS NOT NULL
";
const UPDATE_TRIAGE: &str = r"
    UPDATE request
    SET priority = $3, service_type = $4, assignee_id = $5, snoozed_until = $6, updated_at = $7
    WHERE tenant_id = $1
      AND id = $2
      AND updated_at = $8
";
const RESTORE_REQUEST: &str = r"
    UPDATE request
    SET
        status = $3, rejection_reason = $4, priority = $5, service_type = $6, assignee_id = $7,
        snoozed_until = $8, updated_at = $9
    WHERE tenant_id = $1
      AND id = $2
      AND updated_at = $10
      AND target_id IS NULL
";
/// Only a hint for staff: the same email address does not identify a contact.
const SELECT_CONTACTS_WITH_EMAIL: &str = r"
    SELECT
        contact.id AS contact_id, contact.display_name, contact.customer_id, customer.name AS customer_name,
        customer.customer_number, contact.location_id, location.name AS location_name
    FROM contact
    JOIN customer ON customer.tenant_id = contact.tenant_id
        AND customer.id = contact.customer_id AND customer.archived_at IS NULL
    LEFT JOIN location ON location.tenant_id = contact.tenant_id AND location.id = contact.location_id
    WHERE contact.tenant_id = $1
      AND lower(contact.email) = $2
      AND contact.archived_at IS NULL
    ORDER BY customer.name, contact.id
    LIMIT 5
";
impl<A: Operator> TenantTx<'_, A> {
    /// Changes the status of a request if it is still the expected one.
    pub(crate) async fn set_request_status(
        &mut self,
        id: RequestId,
        from: RequestStatus,
        to: RequestStatus,
        reason: Option<&str>,
    ) -> Result<bool, StoreError> {
        let (tenant, now) = (self.tenant(), self.now);
        Ok(self
            .tx
            .execute(UPDATE_STATUS, (tenant, id.uuid(), to.name(), reason, now, from.name()))
            .await?
            == 1)
    }

    /// Marks the wish for another time as answered, if there is one.
    pub(crate) async fn clear_reschedule_request(&mut self, target: TargetId) -> Result<(), StoreError> {
        let tenant = self.tenant();
        self.tx
            .execute(CLEAR_RESCHEDULE_REQUEST, (tenant, target.uuid()))
            .await
            .map(drop)
    }

    /// Finds the request from which a target was created, and its channel.
    pub(crate) async fn origin_of_target(
        &mut self,
        target: TargetId,
    ) -> Result<Option<(RequestId, Channel)>, StoreError> {
        let tenant = self.tenant();
        let row = self
            .tx
            .fetch_optional::<(uuid::Uuid, String)>(SELECT_REQUEST_OF_TARGET, (tenant, target.uuid()))
            .await?;
        Ok(row.and_then(|(id, channel)| Some((RequestId::from_uuid(id), Channel::from_name(&channel)?))))
    }

    /// Links an accepted request to its target, once. Returns false if the request was changed after `read_at`, since
    /// the target would not contain the change.
    pub(crate) async fn set_request_target(
        &mut self,
        id: RequestId,
        target: TargetId,
        read_at: DateTime<Utc>,
    ) -> Result<bool, StoreError> {
        let (tenant, now) = (self.tenant(), self.now);
        Ok(self
            .tx
            .execute(UPDATE_TARGET, (tenant, id.uuid(), target.uuid(), now, read_at))
            .await?
            == 1)
    }
}

impl<A: Administrator> TenantTx<'_, A> {
    pub(crate) async fn request_view(&mut self, id: RequestId) -> Result<Option<RequestView>, StoreError> {
        let tenant = self.tenant();
        self.tx
            .fetch_optional::<RequestView>(SELECT_REQUEST, (tenant, id.uuid()))
            .await
    }

    pub(crate) async fn request_of_target(&mut self, target: TargetId) -> Result<Option<RequestView>, StoreError> {
        let Some((id, _)) = self.origin_of_target(target).await? else {
            return Ok(None);
        };
        self.request_view(id).await
    }
}

/// The fields of a request that triage changes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub(crate) struct Triage {
    pub priority: Priority,
    pub service_type: ServiceType,
    pub assignee: Option<StaffId>,
    pub snoozed_until: Option<DateTime<Utc>>,
}

impl TenantTx<'_, Staff> {
    /// Applies the proposed content of a request with its searchable text, or discards it; false if the request was changed
    /// after `read_at`.
    pub(crate) async fn settle_request_change(
        &mut self,
        id: RequestId,
        change: Option<(&RequestChange, &str)>,
        read_at: DateTime<Utc>,
    ) -> Result<bool, StoreError> {
        let (tenant, now) = (self.tenant(), self.now);
        let written = match change {
            None => {
                self.tx
                    .execute(DISCARD_CHANGE, (tenant, id.uuid(), now, read_at))
                    .await?
            }
            Some((change, search_key)) => {
                self.tx
                    .execute(
                        APPLY_CHANGE,
                        (
                            tenant,
                            id.uuid(),
                            change.service_type.name(),
                            change.priority.name(),
                            &change.description,
                            change.preferred.as_deref(),
                            Json(&change.windows),
                            now,
                            change.internal_notes.as_deref(),
                            read_at,
                            search_key,
                        ),
                    )
                    .await?
            }
        };
        Ok(written == 1)
    }

    /// Assigns the customer; returns false once the request is converted to a target.
    pub(crate) async fn set_request_customer(
        &mut self,
        id: RequestId,
        customer: Option<CustomerId>,
        location: Option<LocationId>,
        contact: Option<ContactId>,
    ) -> Result<bool, StoreError> {
        let (tenant, now) = (self.tenant(), self.now);
        Ok(self
            .tx
            .execute(
                UPDATE_CUSTOMER,
                (
                    tenant,
                    id.uuid(),
                    customer.map(Id::uuid),
                    location.map(Id::uuid),
                    contact.map(Id::uuid),
                    now,
                ),
            )
            .await?
            == 1)
    }

    /// Updates the triage fields; returns false if the request was changed after `read_at`.
    pub(crate) async fn set_triage(
        &mut self,
        id: RequestId,
        read_at: DateTime<Utc>,
        to: Triage,
    ) -> Result<bool, StoreError> {
        let (tenant, now) = (self.tenant(), self.now);
        Ok(self
            .tx
            .execute(
                UPDATE_TRIAGE,
                (
                    tenant,
                    id.uuid(),
                    to.priority.name(),
                    to.service_type.name(),
                    to.assignee.map(Id::uuid),
                    to.snoozed_until,
                    now,
                    read_at,
                ),
            )
            .await?
            == 1)
    }

    /// Restores an earlier state; returns false if the request was changed after `changed_at` or converted to a target.
    pub(crate) async fn restore_request(
        &mut self,
        id: RequestId,
        changed_at: DateTime<Utc>,
        status: RequestStatus,
        reason: Option<&str>,
        to: Triage,
    ) -> Result<bool, StoreError> {
        let (tenant, now) = (self.tenant(), self.now);
        Ok(self
            .tx
            .execute(
                RESTORE_REQUEST,
                (
                    tenant,
                    id.uuid(),
                    status.name(),
                    reason,
                    to.priority.name(),
                    to.service_type.name(),
                    to.assignee.map(Id::uuid),
                    to.snoozed_until,
                    now,
                    changed_at,
                ),
            )
            .await?
            == 1)
    }

    pub(crate) async fn contacts_with_email(&mut self, email: &str) -> Result<Vec<ContactHint>, StoreError> {
        let tenant = self.tenant();
        self.tx
            .fetch_all::<ContactHint>(SELECT_CONTACTS_WITH_EMAIL, (tenant, email))
            .await
    }
}
