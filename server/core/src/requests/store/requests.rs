//! Requests, as the staff see them: the review queue and one request with what decisions change about it.

use chrono::{DateTime, Utc};
use domain::ids::{ContactId, CustomerId, Id, LocationId, RequestId, StaffId, TargetId};
use domain::requests::{Channel, Priority, RequestStatus, ServiceType};
use domain::text::name_for_comparison;

use crate::db::TenantTx;
use crate::db::bulk::escape_like;
use crate::db::{StoreError, all, maybe, one, run};
use crate::identity::actors::{Administrator, Operator, Staff};
use crate::requests::model::{ContactHint, RequestLine, RequestView};

/// Whose requests a list shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum AssignedTo {
    /// Anybody's and nobody's.
    #[default]
    Anybody,
    /// Those that nobody has taken.
    Nobody,
    /// Those of one person.
    Person(StaffId),
}

/// What a list of requests is narrowed to.
#[derive(Debug, Clone, Default)]
pub struct RequestFilter {
    /// One state; without it everything that waits for dispatch.
    pub status: Option<RequestStatus>,
    /// One channel.
    pub channel: Option<Channel>,
    /// One kind of service.
    pub service_type: Option<ServiceType>,
    /// One priority.
    pub priority: Option<Priority>,
    /// One region.
    pub region: Option<String>,
    /// Whose.
    pub assigned: AssignedTo,
    /// Only those whose customer is not known yet.
    pub unmatched: bool,
    /// Only those that were put off; otherwise only those that were not.
    pub snoozed: bool,
    /// Only those whose requester has answered.
    pub answered: bool,
    /// A number, or a part of what was written.
    pub text: String,
}

macro_rules! line {
    () => {
        "SELECT r.id, r.number, r.channel, r.status, r.service_type, r.priority, r.description, r.submitted_at, r.updated_at, r.requester, r.place, r.asked_at, r.answered_at, r.cancel_asked_at, r.snoozed_until, r.region, \
         c.name AS customer_name, l.name AS location_name, s.display_name AS assignee_name \
         FROM request r LEFT JOIN customer c ON c.tenant_id = r.tenant_id AND c.id = r.customer_id \
         LEFT JOIN location l ON l.tenant_id = r.tenant_id AND l.id = r.location_id \
         LEFT JOIN staff_account s ON s.tenant_id = r.tenant_id AND s.id = r.assignee_id \
         WHERE r.tenant_id = $1 AND "
    };
}
macro_rules! narrowed {
    () => {
        " AND (r.submitted_at, r.id) > ($2, $3) AND ($4 IS NULL OR r.channel = $4) AND ($5 IS NULL OR r.service_type = $5) AND ($6 IS NULL OR r.priority = $6) \
          AND ($7 = 'anybody' OR ($7 = 'nobody' AND r.assignee_id IS NULL) OR r.assignee_id = $8) AND (NOT $9 OR r.customer_id IS NULL) \
          AND ($10 = (r.snoozed_until IS NOT NULL AND r.snoozed_until > $11)) AND (NOT $12 OR r.answered_at IS NOT NULL) \
          AND ($13 = '' OR r.number = $14 OR r.search_key LIKE $13 ESCAPE '!' OR c.name_key LIKE $13 ESCAPE '!') \
          AND ($15 IS NULL OR r.region = $15) ORDER BY r.submitted_at, r.id LIMIT $16"
    };
}
const WAITING: &str = concat!(
    line!(),
    "r.status IN ('submitted', 'in_review', 'accepted') AND r.target_id IS NULL",
    narrowed!()
);
/// Answers are read wherever the request stands: also a job's requester writes.
const ANSWERED: &str = concat!(line!(), "r.answered_at IS NOT NULL", narrowed!());
const COUNT_ANSWERED: &str = "SELECT count(*) FROM (SELECT 1 FROM request WHERE tenant_id = $1 AND answered_at IS NOT NULL LIMIT $2) AS answered";
const IN_STATE: &str = concat!(line!(), "r.status = $17", narrowed!());
/// Counted up to a limit: whether it is a thousand or fifty thousand changes nothing for who reads it.
const COUNT_WAITING: &str = "SELECT count(*) FROM (SELECT 1 FROM request WHERE tenant_id = $1 AND status IN ('submitted', 'in_review', 'accepted') AND target_id IS NULL AND (snoozed_until IS NULL OR snoozed_until <= $2) LIMIT $3) AS waiting";
const VIEW: &str = "SELECT r.id, r.number, r.channel, r.status, r.service_type, r.priority, r.description, r.preferred, r.preferred_windows, r.rejection_reason, r.submitted_at, r.updated_at, r.target_id, \
    r.source_system_id, r.customer_id, r.location_id, r.contact_id, r.requester, r.place, r.asked_at, r.answered_at, r.cancel_asked_at, r.snoozed_until, r.assignee_id, r.classification, r.receipt_code, \
    c.name AS customer_name, c.customer_number, l.name AS location_name, l.street, l.postal_code, l.city, l.zone AS location_zone, \
    k.display_name AS contact_name, k.phone AS contact_phone, k.email AS contact_email, s.display_name AS assignee_name \
    FROM request r LEFT JOIN customer c ON c.tenant_id = r.tenant_id AND c.id = r.customer_id \
    LEFT JOIN location l ON l.tenant_id = r.tenant_id AND l.id = r.location_id \
    LEFT JOIN contact k ON k.tenant_id = r.tenant_id AND k.id = r.contact_id \
    LEFT JOIN staff_account s ON s.tenant_id = r.tenant_id AND s.id = r.assignee_id \
    WHERE r.tenant_id = $1 AND r.id = $2";
/// A request that was converted at the same time is not cancelled under its target; it ends with it.
const SET_STATUS: &str = "UPDATE request SET status = $3, rejection_reason = $4, updated_at = $5 WHERE tenant_id = $1 AND id = $2 AND status = $6 \
    AND (target_id IS NULL OR $3 <> 'cancelled' OR EXISTS (SELECT 1 FROM target t WHERE t.tenant_id = $1 AND t.id = request.target_id AND t.status = 'cancelled'))";
const SET_TARGET: &str = "UPDATE request SET target_id = $3, updated_at = $4 WHERE tenant_id = $1 AND id = $2 AND target_id IS NULL AND status = 'accepted' AND updated_at = $5";
const OF_TARGET: &str = "SELECT r.id, r.channel FROM request r WHERE r.tenant_id = $1 AND r.target_id = $2";
/// Who and where may change as long as no target carries it.
const SET_CUSTOMER: &str = "UPDATE request SET customer_id = $3, location_id = $4, contact_id = $5, updated_at = $6 WHERE tenant_id = $1 AND id = $2 AND target_id IS NULL";
const SET_TRIAGE: &str = "UPDATE request SET priority = $3, service_type = $4, assignee_id = $5, snoozed_until = $6, updated_at = $7 WHERE tenant_id = $1 AND id = $2 AND updated_at = $8";
const RESTORE: &str = "UPDATE request SET status = $3, rejection_reason = $4, priority = $5, service_type = $6, assignee_id = $7, snoozed_until = $8, updated_at = $9 WHERE tenant_id = $1 AND id = $2 AND updated_at = $10 AND target_id IS NULL";
const AT_LOCATION: &str = concat!(
    line!(),
    "r.location_id = $2 AND r.id <> $3 AND r.status IN ('submitted', 'in_review', 'accepted') AND r.target_id IS NULL ORDER BY r.submitted_at, r.id LIMIT 5"
);
/// Contacts with the same e-mail address: a hint for a person, never an identity.
const SAME_EMAIL: &str = "SELECT k.id AS contact_id, k.display_name, k.customer_id, c.name AS customer_name, c.customer_number, k.location_id, l.name AS location_name \
    FROM contact k JOIN customer c ON c.tenant_id = k.tenant_id AND c.id = k.customer_id AND c.archived_at IS NULL \
    LEFT JOIN location l ON l.tenant_id = k.tenant_id AND l.id = k.location_id \
    WHERE k.tenant_id = $1 AND lower(k.email) = $2 ORDER BY c.name, k.id LIMIT 5";
const HERE: &str = "INSERT INTO request_presence (tenant_id, request_id, staff_id, seen_at) VALUES ($1, $2, $3, $4) ON CONFLICT (tenant_id, request_id, staff_id) DO UPDATE SET seen_at = excluded.seen_at";
const GONE: &str = "DELETE FROM request_presence WHERE tenant_id = $1 AND request_id = $2 AND staff_id = $3";
const OTHERS: &str = "SELECT s.display_name FROM request_presence p JOIN staff_account s ON s.tenant_id = p.tenant_id AND s.id = p.staff_id \
    WHERE p.tenant_id = $1 AND p.request_id = $2 AND p.staff_id <> $3 AND p.seen_at > $4 ORDER BY s.display_name LIMIT 5";
const REVIEWERS: &str = "SELECT id, display_name FROM staff_account WHERE tenant_id = $1 AND role IN ('admin', 'manager', 'dispatcher') AND locked_at IS NULL ORDER BY display_name, id LIMIT 200";

impl<A: Operator> TenantTx<'_, A> {
    /// Moves a request on if it is still in the state in which it was read.
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
            SET_STATUS,
            tenant,
            id.uuid(),
            to.name(),
            reason,
            now,
            from.name()
        )? == 1)
    }

    /// The request that a target came from, and its channel.
    pub(crate) async fn origin_of_target(
        &mut self,
        target: TargetId,
    ) -> Result<Option<(RequestId, Channel)>, StoreError> {
        let tenant = self.tenant();
        let row = maybe!(&mut self.tx, (uuid::Uuid, String), OF_TARGET, tenant, target.uuid())?;
        Ok(row.and_then(|(id, channel)| Some((RequestId::from_uuid(id), Channel::from_name(&channel)?))))
    }

    /// Ties a request to its target, once, if it is as it was read: what changed meanwhile is not in the target.
    pub(crate) async fn set_request_target(
        &mut self,
        id: RequestId,
        target: TargetId,
        read_at: DateTime<Utc>,
    ) -> Result<bool, StoreError> {
        let (tenant, now) = (self.tenant(), self.now);
        Ok(run!(&mut self.tx, SET_TARGET, tenant, id.uuid(), target.uuid(), now, read_at)? == 1)
    }
}

impl<A: Administrator> TenantTx<'_, A> {
    pub(crate) async fn request_view(&mut self, id: RequestId) -> Result<Option<RequestView>, StoreError> {
        let tenant = self.tenant();
        maybe!(&mut self.tx, RequestView, VIEW, tenant, id.uuid())
    }

    pub(crate) async fn request_of_target(&mut self, target: TargetId) -> Result<Option<RequestView>, StoreError> {
        let Some((id, _)) = self.origin_of_target(target).await? else {
            return Ok(None);
        };
        self.request_view(id).await
    }
}

/// What triage changes about a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub(crate) struct Triage {
    pub priority: Priority,
    pub service_type: ServiceType,
    pub assignee: Option<StaffId>,
    pub snoozed_until: Option<DateTime<Utc>>,
}

impl TenantTx<'_, Staff> {
    /// A page of requests, oldest first.
    pub(crate) async fn requests(
        &mut self,
        filter: &RequestFilter,
        after: Option<(DateTime<Utc>, RequestId)>,
        limit: i64,
    ) -> Result<Vec<RequestLine>, StoreError> {
        let (tenant, now) = (self.tenant(), self.now);
        let (at, id) = after.map_or((DateTime::UNIX_EPOCH, uuid::Uuid::nil()), |(at, id)| (at, id.uuid()));
        let (assigned, person) = match filter.assigned {
            AssignedTo::Anybody => ("anybody", None),
            AssignedTo::Nobody => ("nobody", None),
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
        let everywhere = if filter.answered { ANSWERED } else { WAITING };
        match filter.status {
            None => all!(
                &mut self.tx,
                RequestLine,
                everywhere,
                tenant,
                at,
                id,
                channel,
                service,
                priority,
                assigned,
                person,
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
                    IN_STATE,
                    tenant,
                    at,
                    id,
                    channel,
                    service,
                    priority,
                    assigned,
                    person,
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

    /// How many answers nobody has read yet, counted up to `most`.
    pub(crate) async fn count_answered_requests(&mut self, most: i64) -> Result<i64, StoreError> {
        let tenant = self.tenant();
        let (count,) = one!(&mut self.tx, (i64,), COUNT_ANSWERED, tenant, most)?;
        Ok(count)
    }

    /// How many requests wait for dispatch, counted up to `most`.
    pub(crate) async fn count_waiting_requests(&mut self, most: i64) -> Result<i64, StoreError> {
        let (tenant, now) = (self.tenant(), self.now);
        let (count,) = one!(&mut self.tx, (i64,), COUNT_WAITING, tenant, now, most)?;
        Ok(count)
    }

    /// Says whose request it is; false once a target carries it.
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
            SET_CUSTOMER,
            tenant,
            id.uuid(),
            customer.map(Id::uuid),
            location.map(Id::uuid),
            contact.map(Id::uuid),
            now
        )? == 1)
    }

    /// Changes what triage decides if the request is as it was read.
    pub(crate) async fn set_triage(
        &mut self,
        id: RequestId,
        read_at: DateTime<Utc>,
        to: Triage,
    ) -> Result<bool, StoreError> {
        let (tenant, now) = (self.tenant(), self.now);
        Ok(run!(
            &mut self.tx,
            SET_TRIAGE,
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

    /// Puts a request back as it was, unless it has changed since `changed_at` or became a target.
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
            RESTORE,
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

    /// Other requests that wait for the same place.
    pub(crate) async fn waiting_requests_at(
        &mut self,
        location: LocationId,
        except: RequestId,
    ) -> Result<Vec<RequestLine>, StoreError> {
        let tenant = self.tenant();
        all!(
            &mut self.tx,
            RequestLine,
            AT_LOCATION,
            tenant,
            location.uuid(),
            except.uuid()
        )
    }

    pub(crate) async fn contacts_with_email(&mut self, email: &str) -> Result<Vec<ContactHint>, StoreError> {
        let tenant = self.tenant();
        all!(&mut self.tx, ContactHint, SAME_EMAIL, tenant, email)
    }

    /// Notes that this person has a request open, or has left it.
    pub(crate) async fn set_presence(&mut self, request: RequestId, here: bool) -> Result<(), StoreError> {
        let (tenant, now, own) = (self.tenant(), self.now, self.actor.id.uuid());
        if here {
            run!(&mut self.tx, HERE, tenant, request.uuid(), own, now).map(drop)
        } else {
            run!(&mut self.tx, GONE, tenant, request.uuid(), own).map(drop)
        }
    }

    /// The names of others who had a request open after a moment.
    pub(crate) async fn others_at(
        &mut self,
        request: RequestId,
        since: DateTime<Utc>,
    ) -> Result<Vec<String>, StoreError> {
        let (tenant, own) = (self.tenant(), self.actor.id.uuid());
        let rows = all!(&mut self.tx, (String,), OTHERS, tenant, request.uuid(), own, since)?;
        Ok(rows.into_iter().map(|(name,)| name).collect())
    }

    /// People who may decide about requests.
    pub(crate) async fn reviewers(&mut self) -> Result<Vec<crate::scheduling::model::TechnicianChoice>, StoreError> {
        let tenant = self.tenant();
        all!(
            &mut self.tx,
            crate::scheduling::model::TechnicianChoice,
            REVIEWERS,
            tenant
        )
    }
}
