//! Statements that read found records for display.

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use domain::search::Kind;
use domain::text::name_for_comparison;
use sqlx::FromRow;
use sqlx::types::Json;
use uuid::Uuid;

use crate::db::bulk::{escape_like, hex};
use crate::db::{EngineSql, StoreError, TenantTx};
use crate::identity::actors::Staff;
use crate::search::{Hit, State};

/// A record of any kind; what it does not have is null.
#[derive(FromRow)]
struct HitRow {
    id: Uuid,
    number: Option<i64>,
    title: Option<String>,
    service_type: Option<String>,
    first_detail: Option<String>,
    second_detail: Option<String>,
    third_detail: Option<String>,
    status: Option<String>,
    at: Option<DateTime<Utc>>,
}

macro_rules! of_hits {
    ($table:literal) => {
        concat!(
            " WHERE ",
            $table,
            ".tenant_id = $1 AND ",
            $table,
            ".id = ANY (ARRAY(SELECT jsonb_array_elements_text($2)::UUID))"
        )
    };
}

static SELECT_CUSTOMERS: EngineSql = EngineSql::new(concat!(
    r"
    SELECT
        customer.id, NULL::BIGINT AS number, customer.name AS title, NULL::TEXT AS service_type,
        customer.customer_number AS first_detail, NULL::TEXT AS second_detail, NULL::TEXT AS third_detail,
        NULL::TEXT AS status, customer.archived_at AS at
    FROM customer
",
    of_hits!("customer")
));
static SELECT_LOCATIONS: EngineSql = EngineSql::new(concat!(
    r"
    SELECT
        location.id, NULL::BIGINT AS number, location.name AS title, NULL::TEXT AS service_type,
        customer.name AS first_detail, location.street AS second_detail, location.city AS third_detail,
        NULL::TEXT AS status, location.archived_at AS at
    FROM location
    JOIN customer ON customer.tenant_id = location.tenant_id AND customer.id = location.customer_id
",
    of_hits!("location")
));
static SELECT_CONTACTS: EngineSql = EngineSql::new(concat!(
    r"
    SELECT
        contact.id, NULL::BIGINT AS number, contact.display_name AS title, NULL::TEXT AS service_type,
        customer.name AS first_detail, contact.phone AS second_detail, contact.email AS third_detail,
        NULL::TEXT AS status, contact.archived_at AS at
    FROM contact
    JOIN customer ON customer.tenant_id = contact.tenant_id AND customer.id = contact.customer_id
",
    of_hits!("contact")
));
static SELECT_JOBS: EngineSql = EngineSql::new(concat!(
    r"
    SELECT
        target.id, target.number, NULL::TEXT AS title, target.service_type, customer.name AS first_detail,
        coalesce(location.name, location.city) AS second_detail, target.external_id AS third_detail, target.status,
        appointment.ends_at AS at
    FROM target
    LEFT JOIN customer ON customer.tenant_id = target.tenant_id AND customer.id = target.customer_id
    LEFT JOIN location ON location.tenant_id = target.tenant_id AND location.id = target.location_id
    LEFT JOIN appointment ON appointment.tenant_id = target.tenant_id AND appointment.target_id = target.id
        AND appointment.status = 'planned'
",
    of_hits!("target")
));
static SELECT_REQUESTS: EngineSql = EngineSql::new(concat!(
    r"
    SELECT
        request.id, request.number, request.description AS title, request.service_type,
        coalesce(customer.name, request.requester->>'organisation', request.requester->>'name') AS first_detail,
        coalesce(location.name, location.city, request.place->>'city') AS second_detail, NULL::TEXT AS third_detail,
        request.status, request.submitted_at AS at
    FROM request
    LEFT JOIN customer ON customer.tenant_id = request.tenant_id AND customer.id = request.customer_id
    LEFT JOIN location ON location.tenant_id = request.tenant_id AND location.id = request.location_id
",
    of_hits!("request")
));
static SELECT_REPORTS: EngineSql = EngineSql::new(concat!(
    r"
    SELECT
        visit_report.id, target.number, visit_report.summary AS title, target.service_type,
        customer.name AS first_detail, technician.display_name AS second_detail, NULL::TEXT AS third_detail,
        visit_report.status, visit_report.submitted_at AS at
    FROM visit_report
    JOIN target ON target.tenant_id = visit_report.tenant_id AND target.id = visit_report.target_id
    JOIN staff_account AS technician ON technician.tenant_id = visit_report.tenant_id
        AND technician.id = visit_report.technician_id
    LEFT JOIN customer ON customer.tenant_id = target.tenant_id AND customer.id = target.customer_id
",
    of_hits!("visit_report")
));
const SELECT_JOB_WITH_NUMBER: &str = "SELECT id FROM target WHERE tenant_id = $1 AND number = $2";
const SELECT_REQUEST_WITH_NUMBER: &str = "SELECT id FROM request WHERE tenant_id = $1 AND number = $2";
const SELECT_CUSTOMERS_FROM: &str = r"
    SELECT id
    FROM customer
    WHERE tenant_id = $1
      AND name_key LIKE $2 ESCAPE '!'
    ORDER BY name_key, id
    LIMIT $3
";

impl TenantTx<'_, Staff> {
    /// Returns the job or request with a number.
    pub(crate) async fn record_with_number(&mut self, kind: Kind, number: i64) -> Result<Option<Uuid>, StoreError> {
        let sql = match kind {
            Kind::Job => SELECT_JOB_WITH_NUMBER,
            Kind::Request => SELECT_REQUEST_WITH_NUMBER,
            Kind::Customer | Kind::Location | Kind::Contact | Kind::Report => return Ok(None),
        };
        let arguments = (self.tenant(), number);
        Ok(self.tx.fetch_optional::<(Uuid,)>(sql, arguments).await?.map(|(id,)| id))
    }

    /// Returns the customers whose name begins with a text that is too short for the index.
    pub(crate) async fn customers_starting_with(&mut self, text: &str, limit: i64) -> Result<Vec<Uuid>, StoreError> {
        let pattern = format!("{}%", escape_like(&name_for_comparison(text)));
        let arguments = (self.tenant(), pattern, limit);
        let rows = self.tx.fetch_all::<(Uuid,)>(SELECT_CUSTOMERS_FROM, arguments).await?;
        Ok(rows.into_iter().map(|(id,)| id).collect())
    }

    /// Returns records for display, in the given order; those that no longer exist are left out.
    pub(crate) async fn hits(&mut self, kind: Kind, ids: Vec<Uuid>) -> Result<Vec<Hit>, StoreError> {
        if ids.is_empty() {
            return Ok(Vec::new());
        }
        let sql = match kind {
            Kind::Customer => &SELECT_CUSTOMERS,
            Kind::Location => &SELECT_LOCATIONS,
            Kind::Contact => &SELECT_CONTACTS,
            Kind::Job => &SELECT_JOBS,
            Kind::Request => &SELECT_REQUESTS,
            Kind::Report => &SELECT_REPORTS,
        };
        let list = Json(ids.iter().copied().map(hex).collect::<Vec<_>>());
        let rows = self.tx.fetch_all::<HitRow>(sql, (self.tenant(), list)).await?;
        let mut rows: HashMap<Uuid, HitRow> = rows.into_iter().map(|row| (row.id, row)).collect();
        ids.iter()
            .filter_map(|id| rows.remove(id))
            .map(|row| hit(kind, row))
            .collect()
    }
}

fn hit(kind: Kind, row: HitRow) -> Result<Hit, StoreError> {
    let status = row.status.unwrap_or_default();
    let state = match kind {
        Kind::Customer | Kind::Location | Kind::Contact => State::Record {
            is_archived: row.at.is_some(),
        },
        Kind::Job => State::Job {
            status: status.try_into()?,
            ends_at: row.at,
        },
        Kind::Request => State::Request(status.try_into()?),
        Kind::Report => State::Report(status.try_into()?),
    };
    Ok(Hit {
        kind,
        id: row.id,
        number: row.number,
        title: row.title,
        service_type: row.service_type,
        details: [row.first_detail, row.second_detail, row.third_detail]
            .into_iter()
            .flatten()
            .collect(),
        state,
    })
}
