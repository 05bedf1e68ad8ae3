//! Statements for what needs attention today. Each list is counted up to a limit, which keeps a long one fast.

use crate::db::{EngineSql, StoreError, TenantTx};
use crate::identity::actors::Staff;
use crate::requests::inbox::MAX_COUNTED;
use crate::requests::is_gone_option;
use crate::today::{Attention, SHOWN_ROWS, TodayRow};

static SELECT_LATE: EngineSql = EngineSql::new(
    r"
    SELECT
        target.id, target.number, customer.name AS customer, target.service_type, NULL::TEXT AS text,
        technician.display_name AS person, contact.phone, appointment.ends_at AS at, appointment.starts_at,
        appointment.zone
    FROM appointment
    JOIN target ON target.tenant_id = appointment.tenant_id AND target.id = appointment.target_id
    JOIN staff_account AS technician ON technician.tenant_id = appointment.tenant_id
        AND technician.id = appointment.technician_id
    LEFT JOIN customer ON customer.tenant_id = target.tenant_id AND customer.id = target.customer_id
    LEFT JOIN contact ON contact.tenant_id = target.tenant_id AND contact.id = target.contact_id
    WHERE appointment.tenant_id = $1
      AND appointment.status = 'planned'
      AND appointment.ends_at < $2
      AND target.status IN ('scheduled', 'dispatched', 'en_route')
    ORDER BY appointment.ends_at, target.id
    LIMIT $3
",
);
const COUNT_LATE: &str = r"
    SELECT count(*)
    FROM (
        SELECT 1
        FROM appointment
        JOIN target ON target.tenant_id = appointment.tenant_id AND target.id = appointment.target_id
        WHERE appointment.tenant_id = $1
          AND appointment.status = 'planned'
          AND appointment.ends_at < $2
          AND target.status IN ('scheduled', 'dispatched', 'en_route')
        LIMIT $3
    ) AS late
";
static SELECT_URGENT: EngineSql = EngineSql::new(
    r"
    SELECT
        target.id, target.number, customer.name AS customer, target.service_type, target.notes AS text,
        NULL::TEXT AS person, contact.phone, coalesce(target.window_end, target.created_at) AS at,
        target.window_start AS starts_at, target.window_zone AS zone
    FROM target
    LEFT JOIN customer ON customer.tenant_id = target.tenant_id AND customer.id = target.customer_id
    LEFT JOIN contact ON contact.tenant_id = target.tenant_id AND contact.id = target.contact_id
    WHERE target.tenant_id = $1
      AND target.status = 'open'
      AND (CASE target.priority WHEN 'urgent' THEN 0 WHEN 'high' THEN 1 WHEN 'normal' THEN 2 ELSE 3 END) = 0
    ORDER BY target.created_at, target.id
    LIMIT $2
",
);
const COUNT_URGENT: &str = r"
    SELECT count(*)
    FROM (
        SELECT 1
        FROM target
        WHERE tenant_id = $1
          AND status = 'open'
          AND (CASE priority WHEN 'urgent' THEN 0 WHEN 'high' THEN 1 WHEN 'normal' THEN 2 ELSE 3 END) = 0
        LIMIT $2
    ) AS urgent
";
macro_rules! select_requests {
    () => {
        r"
            SELECT
                request.id, request.number,
                coalesce(customer.name, request.requester->>'organisation', request.requester->>'name') AS customer,
                request.service_type, request.description AS text, assignee.display_name AS person,
                coalesce(contact.phone, request.requester->>'phone') AS phone,
                coalesce(request.asked_at, request.submitted_at) AS at, NULL::TIMESTAMPTZ AS starts_at, NULL::TEXT AS zone
            FROM request
            LEFT JOIN customer ON customer.tenant_id = request.tenant_id AND customer.id = request.customer_id
            LEFT JOIN contact ON contact.tenant_id = request.tenant_id AND contact.id = request.contact_id
            LEFT JOIN staff_account AS assignee ON assignee.tenant_id = request.tenant_id
                AND assignee.id = request.assignee_id
        "
    };
}
/// Whether a time of `slot_offer` can still be chosen: $2 now.
macro_rules! has_free_time {
    () => {
        concat!(
            r"
                slot_offer.expires_at > $2
                AND EXISTS (
                    SELECT 1
                    FROM slot_option
                    WHERE slot_option.tenant_id = slot_offer.tenant_id
                      AND slot_option.offer_id = slot_offer.id
                      AND NOT
            ",
            is_gone_option!("$2"),
            ")"
        )
    };
}
/// Offers of open jobs of which no time can be chosen any more: they ended without an answer, or every time was taken.
macro_rules! from_ended_offers {
    () => {
        concat!(
            r"
                FROM slot_offer
                JOIN target ON target.tenant_id = slot_offer.tenant_id AND target.id = slot_offer.target_id
                    AND target.status = 'open'
                JOIN request ON request.tenant_id = slot_offer.tenant_id AND request.id = slot_offer.request_id
                LEFT JOIN customer ON customer.tenant_id = target.tenant_id AND customer.id = target.customer_id
                LEFT JOIN contact ON contact.tenant_id = target.tenant_id AND contact.id = target.contact_id
                WHERE slot_offer.tenant_id = $1
                  AND slot_offer.status = 'open'
                  AND NOT (
            ",
            has_free_time!(),
            ")"
        )
    };
}
static SELECT_ENDED_OFFERS: EngineSql = EngineSql::new(concat!(
    r"
        SELECT
            target.id, target.number, customer.name AS customer, target.service_type, request.description AS text,
            NULL::TEXT AS person, coalesce(contact.phone, request.requester->>'phone') AS phone,
            slot_offer.created_at AS at, NULL::TIMESTAMPTZ AS starts_at, slot_offer.zone
    ",
    from_ended_offers!(),
    " ORDER BY slot_offer.created_at, slot_offer.id LIMIT $3"
));
const COUNT_ENDED_OFFERS: &str = concat!(
    "SELECT count(*) FROM (SELECT 1",
    from_ended_offers!(),
    " LIMIT $3) AS ended"
);
/// A question without an answer, or offered times of which none is chosen yet.
macro_rules! waiting_for_customer {
    () => {
        concat!(
            r"
            WHERE request.tenant_id = $1
              AND request.id IN (
                  SELECT asked.id
                  FROM request AS asked
                  WHERE asked.tenant_id = $1
                    AND asked.target_id IS NULL
                    AND asked.status IN ('submitted', 'in_review', 'accepted')
                    AND asked.asked_at IS NOT NULL
                    AND asked.answered_at IS NULL
                  UNION
                  SELECT slot_offer.request_id
                  FROM slot_offer
                  WHERE slot_offer.tenant_id = $1
                    AND slot_offer.status = 'open'
                    AND
        ",
            has_free_time!(),
            ")"
        )
    };
}
macro_rules! to_review {
    () => {
        r"
            WHERE request.tenant_id = $1
              AND request.target_id IS NULL
              AND request.status IN ('submitted', 'in_review')
              AND request.asked_at IS NULL
              AND (request.snoozed_until IS NULL OR request.snoozed_until <= $2)
        "
    };
}
static SELECT_WAITING_FOR_CUSTOMER: EngineSql = EngineSql::new(concat!(
    select_requests!(),
    waiting_for_customer!(),
    " ORDER BY request.submitted_at, request.id LIMIT $3"
));
const COUNT_WAITING_FOR_CUSTOMER: &str = concat!(
    "SELECT count(*) FROM (SELECT 1 FROM request",
    waiting_for_customer!(),
    "LIMIT $3) AS waiting"
);
static SELECT_TO_REVIEW: EngineSql = EngineSql::new(concat!(
    select_requests!(),
    to_review!(),
    " ORDER BY request.submitted_at, request.id LIMIT $3"
));
const COUNT_TO_REVIEW: &str = concat!(
    "SELECT count(*) FROM (SELECT 1 FROM request",
    to_review!(),
    "LIMIT $3) AS waiting"
);
static SELECT_REPORTS: EngineSql = EngineSql::new(
    r"
    SELECT
        visit_report.id, target.number, customer.name AS customer, target.service_type,
        visit_report.summary AS text, technician.display_name AS person, NULL::TEXT AS phone,
        visit_report.submitted_at AS at, NULL::TIMESTAMPTZ AS starts_at, NULL::TEXT AS zone
    FROM visit_report
    JOIN target ON target.tenant_id = visit_report.tenant_id AND target.id = visit_report.target_id
    JOIN staff_account AS technician ON technician.tenant_id = visit_report.tenant_id
        AND technician.id = visit_report.technician_id
    LEFT JOIN customer ON customer.tenant_id = target.tenant_id AND customer.id = target.customer_id
    WHERE visit_report.tenant_id = $1
      AND visit_report.status = 'submitted'
    ORDER BY visit_report.submitted_at, visit_report.id
    LIMIT $2
",
);
const COUNT_REPORTS: &str = r"
    SELECT count(*)
    FROM (SELECT 1 FROM visit_report WHERE tenant_id = $1 AND status = 'submitted' LIMIT $2) AS submitted
";
static SELECT_TO_MAP: EngineSql = EngineSql::new(
    r"
    SELECT
        target.id, target.number, customer.name AS customer, target.service_type, target.external_id AS text,
        source_system.key AS person, NULL::TEXT AS phone, target.created_at AS at, NULL::TIMESTAMPTZ AS starts_at, NULL::TEXT AS zone
    FROM target
    LEFT JOIN source_system ON source_system.tenant_id = target.tenant_id
        AND source_system.id = target.source_system_id
    LEFT JOIN customer ON customer.tenant_id = target.tenant_id AND customer.id = target.customer_id
    WHERE target.tenant_id = $1
      AND target.needs_mapping
      AND target.status IN ('open', 'scheduled', 'dispatched')
      AND (target.mapping_snoozed_until IS NULL OR target.mapping_snoozed_until <= $2)
    ORDER BY target.created_at, target.id
    LIMIT $3
",
);
const COUNT_TO_MAP: &str = r"
    SELECT count(*)
    FROM (
        SELECT 1
        FROM target
        WHERE tenant_id = $1
          AND needs_mapping
          AND status IN ('open', 'scheduled', 'dispatched')
          AND (mapping_snoozed_until IS NULL OR mapping_snoozed_until <= $2)
        LIMIT $3
    ) AS waiting
";

impl TenantTx<'_, Staff> {
    pub(crate) async fn late_visits(&mut self) -> Result<Attention, StoreError> {
        self.attention_now(&SELECT_LATE, COUNT_LATE).await
    }

    pub(crate) async fn urgent_jobs(&mut self) -> Result<Attention, StoreError> {
        self.attention(&SELECT_URGENT, COUNT_URGENT).await
    }

    pub(crate) async fn requests_waiting_for_customer(&mut self) -> Result<Attention, StoreError> {
        self.attention_now(&SELECT_WAITING_FOR_CUSTOMER, COUNT_WAITING_FOR_CUSTOMER)
            .await
    }

    pub(crate) async fn ended_offers(&mut self) -> Result<Attention, StoreError> {
        self.attention_now(&SELECT_ENDED_OFFERS, COUNT_ENDED_OFFERS).await
    }

    pub(crate) async fn requests_to_review(&mut self) -> Result<Attention, StoreError> {
        self.attention_now(&SELECT_TO_REVIEW, COUNT_TO_REVIEW).await
    }

    pub(crate) async fn reports_to_approve(&mut self) -> Result<Attention, StoreError> {
        self.attention(&SELECT_REPORTS, COUNT_REPORTS).await
    }

    pub(crate) async fn jobs_to_map(&mut self) -> Result<Attention, StoreError> {
        self.attention_now(&SELECT_TO_MAP, COUNT_TO_MAP).await
    }

    pub(crate) async fn requests_to_review_count(&mut self) -> Result<i64, StoreError> {
        let values = (self.tenant(), self.now, MAX_COUNTED);
        Ok(self.tx.fetch_one::<(i64,)>(COUNT_TO_REVIEW, values).await?.0)
    }

    pub(crate) async fn reports_to_approve_count(&mut self) -> Result<i64, StoreError> {
        let values = (self.tenant(), MAX_COUNTED);
        Ok(self.tx.fetch_one::<(i64,)>(COUNT_REPORTS, values).await?.0)
    }

    pub(crate) async fn jobs_to_map_count(&mut self) -> Result<i64, StoreError> {
        let values = (self.tenant(), self.now, MAX_COUNTED);
        Ok(self.tx.fetch_one::<(i64,)>(COUNT_TO_MAP, values).await?.0)
    }

    /// Reads the first rows of a list and counts all.
    async fn attention(&mut self, select: &'static EngineSql, count: &'static str) -> Result<Attention, StoreError> {
        let tenant = self.tenant();
        let rows = self.tx.fetch_all::<TodayRow>(select, (tenant, SHOWN_ROWS)).await?;
        let (count,) = self.tx.fetch_one::<(i64,)>(count, (tenant, MAX_COUNTED)).await?;
        Ok(Attention { count, rows })
    }

    /// As [`Self::attention`], for a list that depends on the time.
    async fn attention_now(
        &mut self,
        select: &'static EngineSql,
        count: &'static str,
    ) -> Result<Attention, StoreError> {
        let (tenant, now) = (self.tenant(), self.now);
        let rows = self.tx.fetch_all::<TodayRow>(select, (tenant, now, SHOWN_ROWS)).await?;
        let (count,) = self.tx.fetch_one::<(i64,)>(count, (tenant, now, MAX_COUNTED)).await?;
        Ok(Attention { count, rows })
    }
}
