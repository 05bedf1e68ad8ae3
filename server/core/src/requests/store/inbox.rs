//! Statements for the lists of requests in the inbox.

use chrono::{DateTime, Utc};
use domain::ids::{CustomerId, LocationId, RequestId, StaffId};
use domain::lateness::{Urgency, review_allowance};
use domain::requests::{Channel, Priority, RequestStatus, ServiceType};
use domain::text::name_for_comparison;

use crate::db::StoreError;
use crate::db::TenantTx;
use crate::db::bulk::escape_like;
use crate::identity::actors::Staff;
use crate::requests::model::RequestSummary;

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

/// How far the review of a request has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Stage {
    #[default]
    Any,
    /// Not decided, and not waiting for the customer.
    New,
    /// A question to the customer is open.
    Asked,
    /// Accepted, and not yet a job.
    Accepted,
}

impl Stage {
    /// Returns the name that queries use.
    const fn name(self) -> &'static str {
        match self {
            Self::Any => "any",
            Self::New => "new",
            Self::Asked => "asked",
            Self::Accepted => "accepted",
        }
    }
}

/// The number of requests of each stage that await dispatch; together at most the limit of the count.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, sqlx::FromRow)]
pub struct StageCounts {
    pub new: i64,
    pub asked: i64,
    pub accepted: i64,
    pub snoozed: i64,
}

/// The position of a request in the inbox, besides its age.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct InboxPlace {
    pub urgency: Urgency,
    pub request: RequestId,
}

impl std::fmt::Display for InboxPlace {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "{}.{}", self.urgency.rank(), self.request)
    }
}

impl std::str::FromStr for InboxPlace {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        let (rank, request) = text.split_once('.').ok_or(())?;
        let rank = rank.parse().map_err(|_| ())?;
        Ok(Self {
            urgency: Urgency::of_rank(rank).ok_or(())?,
            request: request.parse().map_err(|_| ())?,
        })
    }
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
    pub stage: Stage,
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
                request.cancellation_requested_at, request.reschedule_requested_at, request.snoozed_until,
                request.region,
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
                  OR ($7 = 'unassigned' AND request.assignee_id IS NULL)
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
              AND (
                  $22 = 'any'
                  OR ($22 = 'new' AND request.status IN ('submitted', 'in_review') AND request.asked_at IS NULL)
                  OR ($22 = 'asked' AND request.asked_at IS NOT NULL)
                  OR ($22 = 'accepted' AND request.status = 'accepted' AND request.asked_at IS NULL)
              )
              AND $17 = CASE
                  WHEN request.status NOT IN ('submitted', 'in_review', 'accepted') THEN 2
                  WHEN request.asked_at IS NULL
                      AND (
                          (request.priority = 'urgent' AND request.submitted_at < $18)
                          OR (request.priority = 'high' AND request.submitted_at < $19)
                          OR (request.priority = 'low' AND request.submitted_at < $20)
                          OR (request.priority = 'normal' AND request.submitted_at < $21)
                      ) THEN 0
                  WHEN request.priority = 'urgent' THEN 1
                  ELSE 2
              END
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
const SELECT_REQUESTS_WITH_STATUS: &str = concat!(select_line!(), "request.status = $23", filter_and_page!());
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
/// The same requests by stage; a snoozed one counts as snoozed only.
const COUNT_STAGES: &str = r"
    SELECT
        CAST(coalesce(sum(CASE WHEN stage = 'new' THEN 1 ELSE 0 END), 0) AS BIGINT) AS new,
        CAST(coalesce(sum(CASE WHEN stage = 'asked' THEN 1 ELSE 0 END), 0) AS BIGINT) AS asked,
        CAST(coalesce(sum(CASE WHEN stage = 'accepted' THEN 1 ELSE 0 END), 0) AS BIGINT) AS accepted,
        CAST(coalesce(sum(CASE WHEN stage = 'snoozed' THEN 1 ELSE 0 END), 0) AS BIGINT) AS snoozed
    FROM (
        SELECT
            CASE
                WHEN snoozed_until > $2 THEN 'snoozed'
                WHEN asked_at IS NOT NULL THEN 'asked'
                WHEN status = 'accepted' THEN 'accepted'
                ELSE 'new'
            END AS stage
        FROM request
        WHERE tenant_id = $1
          AND status IN ('submitted', 'in_review', 'accepted')
          AND target_id IS NULL
        LIMIT $3
    ) AS waiting
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
const SELECT_WAITING_REQUESTS_OF_CUSTOMER: &str = concat!(
    select_line!(),
    r"
        request.customer_id = $2
          AND request.status IN ('submitted', 'in_review', 'accepted')
          AND request.target_id IS NULL
        ORDER BY request.submitted_at, request.id
        LIMIT $3
    "
);
const SELECT_REVIEWERS: &str = r"
    SELECT id, display_name
    FROM staff_account
    WHERE tenant_id = $1
      AND role IN ('admin', 'manager', 'dispatcher')
      AND locked_at IS NULL
    ORDER BY display_name, id
    LIMIT 200
";

impl TenantTx<'_, Staff> {
    /// Lists a page of requests: the late ones, then the urgent ones, then all others, each the oldest first.
    pub(crate) async fn requests(
        &mut self,
        filter: &RequestFilter,
        after: Option<(DateTime<Utc>, InboxPlace)>,
        limit: i64,
    ) -> Result<Vec<RequestSummary>, StoreError> {
        let first = after.map_or(Urgency::Late, |(_, place)| place.urgency);
        let mut rows = Vec::new();
        for urgency in Urgency::ALL.into_iter().filter(|urgency| *urgency >= first) {
            let missing = limit - i64::try_from(rows.len()).unwrap_or(limit);
            if missing <= 0 {
                break;
            }
            let after = after.filter(|(_, place)| place.urgency == urgency);
            let after = after.map(|(at, place)| (at, place.request));
            rows.extend(self.requests_of_urgency(filter, urgency, after, missing).await?);
        }
        Ok(rows)
    }

    async fn requests_of_urgency(
        &mut self,
        filter: &RequestFilter,
        urgency: Urgency,
        after: Option<(DateTime<Utc>, RequestId)>,
        limit: i64,
    ) -> Result<Vec<RequestSummary>, StoreError> {
        let (tenant, now) = (self.tenant(), self.now);
        let (at, id) = after.map_or((DateTime::UNIX_EPOCH, uuid::Uuid::nil()), |(at, id)| (at, id.uuid()));
        let (assigned, assignee) = match filter.assigned {
            AssignedTo::Any => ("anybody", None),
            AssignedTo::Unassigned => ("unassigned", None),
            AssignedTo::Person(id) => ("person", Some(id.uuid())),
        };
        let text = name_for_comparison(&filter.text);
        let number: i64 = text.trim_start_matches("req-").parse().unwrap_or(-1);
        let like = if text.is_empty() {
            String::new()
        } else {
            format!("%{}%", escape_like(&text))
        };
        let late_before = |priority: Priority| now - review_allowance(priority);
        let sql = match (filter.status, filter.answered) {
            (Some(_), _) => SELECT_REQUESTS_WITH_STATUS,
            (None, true) => SELECT_ANSWERED_REQUESTS,
            (None, false) => SELECT_WAITING_REQUESTS,
        };
        macro_rules! values {
            ($($last:expr)?) => {
                (
                    tenant,
                    at,
                    id,
                    filter.channel.map(Channel::name),
                    filter.service_type.map(ServiceType::name),
                    filter.priority.map(Priority::name),
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
                    urgency.rank(),
                    late_before(Priority::Urgent),
                    late_before(Priority::High),
                    late_before(Priority::Low),
                    late_before(Priority::Normal),
                    filter.stage.name(),
                    $($last)?
                )
            };
        }
        match filter.status {
            None => self.tx.fetch_all::<RequestSummary>(sql, values!()).await,
            Some(status) => self.tx.fetch_all::<RequestSummary>(sql, values!(status.name())).await,
        }
    }

    /// Counts requests with an unread answer, up to `max`.
    pub(crate) async fn count_answered_requests(&mut self, max: i64) -> Result<i64, StoreError> {
        let tenant = self.tenant();
        let (count,) = self
            .tx
            .fetch_one::<(i64,)>(COUNT_ANSWERED_REQUESTS, (tenant, max))
            .await?;
        Ok(count)
    }

    /// Counts requests that await dispatch, up to `max`.
    pub(crate) async fn count_waiting_requests(&mut self, max: i64) -> Result<i64, StoreError> {
        let (tenant, now) = (self.tenant(), self.now);
        let (count,) = self
            .tx
            .fetch_one::<(i64,)>(COUNT_WAITING_REQUESTS, (tenant, now, max))
            .await?;
        Ok(count)
    }

    /// Counts the requests that await dispatch by stage, up to `max` of all.
    pub(crate) async fn count_stages(&mut self, max: i64) -> Result<StageCounts, StoreError> {
        let (tenant, now) = (self.tenant(), self.now);
        self.tx.fetch_one::<StageCounts>(COUNT_STAGES, (tenant, now, max)).await
    }

    /// Lists other requests at the same location that await dispatch.
    pub(crate) async fn waiting_requests_at(
        &mut self,
        location: LocationId,
        except: RequestId,
    ) -> Result<Vec<RequestSummary>, StoreError> {
        let tenant = self.tenant();
        self.tx
            .fetch_all::<RequestSummary>(
                SELECT_WAITING_REQUESTS_AT_LOCATION,
                (tenant, location.uuid(), except.uuid()),
            )
            .await
    }

    /// Lists the oldest requests of a customer that await dispatch.
    pub(crate) async fn waiting_requests_of_customer(
        &mut self,
        customer: CustomerId,
        limit: i64,
    ) -> Result<Vec<RequestSummary>, StoreError> {
        let tenant = self.tenant();
        self.tx
            .fetch_all::<RequestSummary>(SELECT_WAITING_REQUESTS_OF_CUSTOMER, (tenant, customer.uuid(), limit))
            .await
    }

    /// Lists staff members who can be assigned to requests.
    pub(crate) async fn reviewers(&mut self) -> Result<Vec<crate::scheduling::model::TechnicianChoice>, StoreError> {
        let tenant = self.tenant();
        self.tx
            .fetch_all::<crate::scheduling::model::TechnicianChoice>(SELECT_REVIEWERS, (tenant,))
            .await
    }
}
