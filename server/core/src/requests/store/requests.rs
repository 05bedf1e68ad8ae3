//! SQL statements for the inbox and for decisions about requests.

use chrono::{DateTime, Utc};
use domain::ids::{ContactId, CustomerId, Id, LocationId, RequestId, StaffId, TargetId};
use domain::requests::{Channel, Priority, RequestStatus, ServiceType};
use domain::text::name_for_comparison;

use crate::db::TenantTx;
use crate::db::bulk::escape_like;
use crate::db::{StoreError, all, maybe, one, run};
use crate::identity::actors::{Administrator, Operator, Staff};
use crate::requests::model::{ContactHint, RequestLine, RequestView};

/// Filter by assignee.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum AssignedTo {
    /// Any assignee or none.
    #[default]
    Any,
    /// Unassigned requests.
    Unassigned,
    Person(StaffId),
}

/// Filter of a list of requests.
#[derive(Debug, Clone, Default)]
pub struct RequestFilter {
    /// Without a status, all requests that await dispatch.
    pub status: Option<RequestStatus>,
    pub channel: Option<Channel>,
    pub service_type: Option<ServiceType>,
    pub priority: Option<Priority>,
    pub region: Option<String>,
    pub assigned: AssignedTo,
    /// Only requests without a customer.
    pub unmatched: bool,
    /// Only snoozed requests; otherwise only those that are not.
    pub snoozed: bool,
    /// Only requests with an unread answer.
    pub answered: bool,
    /// A request number, or part of the searchable text.
    pub text: String,
}

macro_rules! select_line {
    () => {
        r"
            SELECT
                request.id, request.number, request.channel, request.status, request.service_type,
                request.priority, request.description, request.submitted_at, request.updated_at,
                request.requester, request.place, request.asked_at, request.answered_at,
                request.cancel_asked_at, request.snoozed_until, request.region,
                customer.name AS customer_name, location.name AS location_name,
                staff_account.display_name AS assignee_name
            FROM request
            LEFT JOIN customer ON customer.tenant_id = request.tenant_id
                AND customer.id = request.customer_id
            LEFT JOIN location ON location.tenant_id = request.tenant_id
                AND location.id = request.location_id
            LEFT JOIN staff_account ON staff_account.tenant_id = request.tenant_id
                AND staff_account.id = request.assignee_id
            WHERE request.tenant_id = $1 AND
        "
    };
}
macro_rules! filter_and_page {
    () => {
        r"
              AND (request.submitted_at, request.id) > ($2, $3)
              AND ($4 IS NULL OR request.channel = $4)
              AND ($5 IS NULL OR request.service_type = $5)
              AND ($6 IS NULL OR request.priority = $6)
              AND (
                  $7 = 'anybody'
                  OR ($7 = 'nobody' AND request.assignee_id IS NULL)
                  OR request.assignee_id = $8
              )
              AND (NOT $9 OR request.customer_id IS NULL)
              AND ($10 = (request.snoozed_until IS NOT NULL AND request.snoozed_until > $11))
              AND (NOT $12 OR request.answered_at IS NOT NULL)
              AND (
                  $13 = ''
                  OR request.number = $14
                  OR request.search_key LIKE $13 ESCAPE '!'
                  OR customer.name_key LIKE $13 ESCAPE '!'
              )
              AND ($15 IS NULL OR request.region = $15)
            ORDER BY request.submitted_at, request.id
            LIMIT $16
        "
    };
}
const SELECT_WAITING_REQUESTS: &str = concat!(
    select_line!(),
    "request.status IN ('submitted', 'in_review', 'accepted') AND request.target_id IS NULL",
    filter_and_page!()
);
/// Includes requests of any status, since requesters also write about converted requests.
const SELECT_ANSWERED_REQUESTS: &str = concat!(select_line!(), "request.answered_at IS NOT NULL", filter_and_page!());
const COUNT_ANSWERED_REQUESTS: &str = r"
    SELECT count(*)
    FROM (SELECT 1 FROM request WHERE tenant_id = $1 AND answered_at IS NOT NULL LIMIT $2) AS answered
";
const SELECT_REQUESTS_WITH_STATUS: &str = concat!(select_line!(), "request.status = $17", filter_and_page!());
/// Counts up to a limit, which keeps the query fast for large queues.
const COUNT_WAITING_REQUESTS: &str = r"
    SELECT count(*)
    FROM (
        SELECT 1
        FROM request
        WHERE tenant_id = $1
          AND status IN ('submitted', 'in_review', 'accepted')
          AND target_id IS NULL
          AND (snoozed_until IS NULL OR snoozed_until <= $2)
        LIMIT $3
    ) AS waiting
";
const SELECT_REQUEST: &str = r"
    SELECT
        request.id, request.number, request.channel, request.status, request.service_type, request.priority,
        request.description, request.preferred, request.preferred_windows, request.rejection_reason,
        request.submitted_at, request.updated_at, request.target_id, request.source_system_id,
        request.customer_id, request.location_id, request.contact_id, request.requester, request.place,
        request.asked_at, request.answered_at, request.cancel_asked_at, request.snoozed_until,
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
const UPDATE_CUSTOMER: &str = r"
    UPDATE request
    SET customer_id = $3, location_id = $4, contact_id = $5, updated_at = $6
    WHERE tenant_id = $1
      AND id = $2
      AND target_id IS NULL
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
const SELECT_WAITING_REQUESTS_AT_LOCATION: &str = concat!(
    select_line!(),
    r"
        request.location_id = $2
          AND request.id <> $3
          AND request.status IN ('submitted', 'in_review', 'accepted')
          AND request.target_id IS NULL
        ORDER BY request.submitted_at, request.id
        LIMIT 5
    "
);
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
    ORDER BY customer.name, contact.id
    LIMIT 5
";
const UPSERT_PRESENCE: &str = r"
    INSERT INTO request_presence (tenant_id, request_id, staff_id, seen_at)
    VALUES ($1, $2, $3, $4)
    ON CONFLICT (tenant_id, request_id, staff_id)
    DO UPDATE SET seen_at = excluded.seen_at
";
const DELETE_PRESENCE: &str = "DELETE FROM request_presence WHERE tenant_id = $1 AND request_id = $2 AND staff_id = $3";
const SELECT_OTHERS_PRESENT: &str = r"
    SELECT staff_account.display_name
    FROM request_presence
    JOIN staff_account ON staff_account.tenant_id = request_presence.tenant_id
        AND staff_account.id = request_presence.staff_id
    WHERE request_presence.tenant_id = $1
      AND request_presence.request_id = $2
      AND request_presence.staff_id <> $3
      AND request_presence.seen_at > $4
    ORDER BY staff_account.display_name
    LIMIT 5
";
const SELECT_REVIEWERS: &str = r"
    SELECT id, display_name
    FROM staff_account
    WHERE tenant_id = $1
      AND role IN ('admin', 'manager', 'dispatcher')
      AND locked_at IS NULL
    ORDER BY display_name, id
    LIMIT 200
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
        Ok(run!(
            &mut self.tx,
            UPDATE_STATUS,
            tenant,
            id.uuid(),
            to.name(),
            reason,
            now,
            from.name()
        )? == 1)
    }

    /// Finds the request from which a target was created, and its channel.
    pub(crate) async fn origin_of_target(
        &mut self,
        target: TargetId,
    ) -> Result<Option<(RequestId, Channel)>, StoreError> {
        let tenant = self.tenant();
        let row = maybe!(
            &mut self.tx,
            (uuid::Uuid, String),
            SELECT_REQUEST_OF_TARGET,
            tenant,
            target.uuid()
        )?;
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
        Ok(run!(
            &mut self.tx,
            UPDATE_TARGET,
            tenant,
            id.uuid(),
            target.uuid(),
            now,
            read_at
        )? == 1)
    }
}

impl<A: Administrator> TenantTx<'_, A> {
    pub(crate) async fn request_view(&mut self, id: RequestId) -> Result<Option<RequestView>, StoreError> {
        let tenant = self.tenant();
        maybe!(&mut self.tx, RequestView, SELECT_REQUEST, tenant, id.uuid())
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
    /// Lists a page of requests, oldest first.
    pub(crate) async fn requests(
        &mut self,
        filter: &RequestFilter,
        after: Option<(DateTime<Utc>, RequestId)>,
        limit: i64,
    ) -> Result<Vec<RequestLine>, StoreError> {
        let (tenant, now) = (self.tenant(), self.now);
        let (at, id) = after.map_or((DateTime::UNIX_EPOCH, uuid::Uuid::nil()), |(at, id)| (at, id.uuid()));
        let (assigned, assignee) = match filter.assigned {
            AssignedTo::Any => ("anybody", None),
            AssignedTo::Unassigned => ("nobody", None),
            AssignedTo::Person(id) => ("person", Some(id.uuid())),
        };
        let text = name_for_comparison(&filter.text);
        let number: i64 = text.trim_start_matches("req-").parse().unwrap_or(-1);
        let like = if text.is_empty() {
            String::new()
        } else {
            format!("%{}%", escape_like(&text))
        };
        let channel = filter.channel.map(Channel::name);
        let service = filter.service_type.map(ServiceType::name);
        let priority = filter.priority.map(Priority::name);
        let sql = if filter.answered {
            SELECT_ANSWERED_REQUESTS
        } else {
            SELECT_WAITING_REQUESTS
        };
        match filter.status {
            None => all!(
                &mut self.tx,
                RequestLine,
                sql,
                tenant,
                at,
                id,
                channel,
                service,
                priority,
                assigned,
                assignee,
                filter.unmatched,
                filter.snoozed,
                now,
                filter.answered,
                &like,
                number,
                &filter.region,
                limit
            ),
            Some(status) => {
                all!(
                    &mut self.tx,
                    RequestLine,
                    SELECT_REQUESTS_WITH_STATUS,
                    tenant,
                    at,
                    id,
                    channel,
                    service,
                    priority,
                    assigned,
                    assignee,
                    filter.unmatched,
                    filter.snoozed,
                    now,
                    filter.answered,
                    &like,
                    number,
                    &filter.region,
                    limit,
                    status.name()
                )
            }
        }
    }

    /// Counts requests with an unread answer, up to `max`.
    pub(crate) async fn count_answered_requests(&mut self, max: i64) -> Result<i64, StoreError> {
        let tenant = self.tenant();
        let (count,) = one!(&mut self.tx, (i64,), COUNT_ANSWERED_REQUESTS, tenant, max)?;
        Ok(count)
    }

    /// Counts requests that await dispatch, up to `max`.
    pub(crate) async fn count_waiting_requests(&mut self, max: i64) -> Result<i64, StoreError> {
        let (tenant, now) = (self.tenant(), self.now);
        let (count,) = one!(&mut self.tx, (i64,), COUNT_WAITING_REQUESTS, tenant, now, max)?;
        Ok(count)
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
        Ok(run!(
            &mut self.tx,
            UPDATE_CUSTOMER,
            tenant,
            id.uuid(),
            customer.map(Id::uuid),
            location.map(Id::uuid),
            contact.map(Id::uuid),
            now
        )? == 1)
    }

    /// Updates the triage fields; returns false if the request was changed after `read_at`.
    pub(crate) async fn set_triage(
        &mut self,
        id: RequestId,
        read_at: DateTime<Utc>,
        to: Triage,
    ) -> Result<bool, StoreError> {
        let (tenant, now) = (self.tenant(), self.now);
        Ok(run!(
            &mut self.tx,
            UPDATE_TRIAGE,
            tenant,
            id.uuid(),
            to.priority.name(),
            to.service_type.name(),
            to.assignee.map(Id::uuid),
            to.snoozed_until,
            now,
            read_at
        )? == 1)
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
        Ok(run!(
            &mut self.tx,
            RESTORE_REQUEST,
            tenant,
            id.uuid(),
            status.name(),
            reason,
            to.priority.name(),
            to.service_type.name(),
            to.assignee.map(Id::uuid),
            to.snoozed_until,
            now,
            changed_at
        )? == 1)
    }

    /// Lists other requests at the same location that await dispatch.
    pub(crate) async fn waiting_requests_at(
        &mut self,
        location: LocationId,
        except: RequestId,
    ) -> Result<Vec<RequestLine>, StoreError> {
        let tenant = self.tenant();
        all!(
            &mut self.tx,
            RequestLine,
            SELECT_WAITING_REQUESTS_AT_LOCATION,
            tenant,
            location.uuid(),
            except.uuid()
        )
    }

    pub(crate) async fn contacts_with_email(&mut self, email: &str) -> Result<Vec<ContactHint>, StoreError> {
        let tenant = self.tenant();
        all!(&mut self.tx, ContactHint, SELECT_CONTACTS_WITH_EMAIL, tenant, email)
    }

    /// Records whether the signed-in staff member has a request open.
    pub(crate) async fn set_presence(&mut self, request: RequestId, here: bool) -> Result<(), StoreError> {
        let (tenant, now, own) = (self.tenant(), self.now, self.actor.id().uuid());
        if here {
            run!(&mut self.tx, UPSERT_PRESENCE, tenant, request.uuid(), own, now).map(drop)
        } else {
            run!(&mut self.tx, DELETE_PRESENCE, tenant, request.uuid(), own).map(drop)
        }
    }

    /// Lists the names of other staff members who had a request open after a time.
    pub(crate) async fn others_at(
        &mut self,
        request: RequestId,
        since: DateTime<Utc>,
    ) -> Result<Vec<String>, StoreError> {
        let (tenant, own) = (self.tenant(), self.actor.id().uuid());
        let rows = all!(
            &mut self.tx,
            (String,),
            SELECT_OTHERS_PRESENT,
            tenant,
            request.uuid(),
            own,
            since
        )?;
        Ok(rows.into_iter().map(|(name,)| name).collect())
    }

    /// Lists staff members who can be assigned to requests.
    pub(crate) async fn reviewers(&mut self) -> Result<Vec<crate::scheduling::model::TechnicianChoice>, StoreError> {
        let tenant = self.tenant();
        all!(
            &mut self.tx,
            crate::scheduling::model::TechnicianChoice,
            SELECT_REVIEWERS,
            tenant
        )
    }
}
