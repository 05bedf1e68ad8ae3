//! Statements that read the text of records for the search index.

use std::collections::HashMap;

use domain::search::Kind;
use serde_json::Value;
use sqlx::FromRow;
use sqlx::types::Json;
use uuid::Uuid;

use crate::db::bulk::hex;
use crate::db::purpose::SearchIndexing;
use crate::db::{EngineSql, StoreError, SystemTx};
use crate::identity::actors::TenantId;

/// What a record can be found by.
pub(crate) struct Document {
    pub record_id: Uuid,
    /// The number of a job or request.
    pub number: Option<i64>,
    pub texts: Vec<String>,
    /// Identifiers and phone numbers.
    pub numbers: Vec<String>,
}

/// A record of any kind; what it does not have is null.
#[derive(FromRow)]
struct DocumentRow {
    id: Uuid,
    number: Option<i64>,
    title: Option<String>,
    body: Option<String>,
    customer_name: Option<String>,
    location_name: Option<String>,
    street: Option<String>,
    postal_code: Option<String>,
    city: Option<String>,
    email: Option<String>,
    code: Option<String>,
    phone: Option<String>,
    #[sqlx(json(nullable))]
    details: Option<Value>,
    #[sqlx(json(nullable))]
    place: Option<Value>,
}

macro_rules! of_records {
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
        customer.id, NULL::BIGINT AS number, customer.name AS title, NULL::TEXT AS body, NULL::TEXT AS customer_name,
        NULL::TEXT AS location_name, NULL::TEXT AS street, NULL::TEXT AS postal_code, NULL::TEXT AS city,
        NULL::TEXT AS email, customer.customer_number AS code, NULL::TEXT AS phone,
        NULL::JSONB AS details, NULL::JSONB AS place
    FROM customer
",
    of_records!("customer")
));
static SELECT_LOCATIONS: EngineSql = EngineSql::new(concat!(
    r"
    SELECT
        location.id, NULL::BIGINT AS number, location.name AS title, NULL::TEXT AS body, customer.name AS customer_name,
        NULL::TEXT AS location_name, location.street, location.postal_code, location.city, NULL::TEXT AS email,
        NULL::TEXT AS code, NULL::TEXT AS phone, NULL::JSONB AS details, NULL::JSONB AS place
    FROM location
    JOIN customer ON customer.tenant_id = location.tenant_id AND customer.id = location.customer_id
",
    of_records!("location")
));
static SELECT_CONTACTS: EngineSql = EngineSql::new(concat!(
    r"
    SELECT
        contact.id, NULL::BIGINT AS number, contact.display_name AS title, NULL::TEXT AS body,
        customer.name AS customer_name, NULL::TEXT AS location_name, NULL::TEXT AS street, NULL::TEXT AS postal_code,
        NULL::TEXT AS city, contact.email, NULL::TEXT AS code, contact.phone,
        NULL::JSONB AS details, NULL::JSONB AS place
    FROM contact
    JOIN customer ON customer.tenant_id = contact.tenant_id AND customer.id = contact.customer_id
",
    of_records!("contact")
));
static SELECT_JOBS: EngineSql = EngineSql::new(concat!(
    r"
    SELECT
        target.id, target.number, NULL::TEXT AS title, target.notes AS body, customer.name AS customer_name,
        location.name AS location_name, location.street, location.postal_code, location.city,
        NULL::TEXT AS email, target.external_id AS code, NULL::TEXT AS phone, NULL::JSONB AS details, target.place
    FROM target
    LEFT JOIN customer ON customer.tenant_id = target.tenant_id AND customer.id = target.customer_id
    LEFT JOIN location ON location.tenant_id = target.tenant_id AND location.id = target.location_id
",
    of_records!("target")
));
static SELECT_REQUESTS: EngineSql = EngineSql::new(concat!(
    r"
    SELECT
        request.id, request.number, NULL::TEXT AS title, request.description AS body, customer.name AS customer_name,
        location.name AS location_name, location.street, location.postal_code, location.city,
        NULL::TEXT AS email, request.external_id AS code, NULL::TEXT AS phone, request.requester AS details,
        request.place
    FROM request
    LEFT JOIN customer ON customer.tenant_id = request.tenant_id AND customer.id = request.customer_id
    LEFT JOIN location ON location.tenant_id = request.tenant_id AND location.id = request.location_id
",
    of_records!("request")
));
static SELECT_REPORTS: EngineSql = EngineSql::new(concat!(
    r"
    SELECT
        visit_report.id, target.number, NULL::TEXT AS title, visit_report.summary AS body,
        customer.name AS customer_name, location.name AS location_name, NULL::TEXT AS street,
        NULL::TEXT AS postal_code, location.city, NULL::TEXT AS email,
        target.external_id AS code, NULL::TEXT AS phone, NULL::JSONB AS details, NULL::JSONB AS place
    FROM visit_report
    JOIN target ON target.tenant_id = visit_report.tenant_id AND target.id = visit_report.target_id
    LEFT JOIN customer ON customer.tenant_id = target.tenant_id AND customer.id = target.customer_id
    LEFT JOIN location ON location.tenant_id = target.tenant_id AND location.id = target.location_id
",
    of_records!("visit_report")
));
static SELECT_EXTERNAL_IDS: EngineSql = EngineSql::new(
    r"
    SELECT entity_id, external_id
    FROM external_reference
    WHERE tenant_id = $1
      AND entity_type = $3
      AND entity_id = ANY (ARRAY(SELECT jsonb_array_elements_text($2)::UUID))
    ORDER BY external_id
",
);

impl SystemTx<'_, SearchIndexing> {
    /// Returns what the given records can be found by.
    pub(crate) async fn documents(
        &mut self,
        tenant: TenantId,
        kind: Kind,
        ids: &[Uuid],
    ) -> Result<Vec<Document>, StoreError> {
        let sql = match kind {
            Kind::Customer => &SELECT_CUSTOMERS,
            Kind::Location => &SELECT_LOCATIONS,
            Kind::Contact => &SELECT_CONTACTS,
            Kind::Job => &SELECT_JOBS,
            Kind::Request => &SELECT_REQUESTS,
            Kind::Report => &SELECT_REPORTS,
        };
        let list = Json(ids.iter().copied().map(hex).collect::<Vec<_>>());
        let mut rows = self
            .tx
            .fetch_all::<DocumentRow>(sql, (tenant.uuid(), list.clone()))
            .await?;
        // IDs are in the order in which the records were created.
        rows.sort_by_key(|row| row.id);
        let mut external_ids: HashMap<Uuid, Vec<String>> = HashMap::new();
        if matches!(kind, Kind::Customer | Kind::Location | Kind::Contact) {
            let found = self
                .tx
                .fetch_all::<(Uuid, String)>(&SELECT_EXTERNAL_IDS, (tenant.uuid(), list, kind.name()))
                .await?;
            for (record, external_id) in found {
                external_ids.entry(record).or_default().push(external_id);
            }
        }
        let documents = rows.into_iter().map(|row| {
            let external_ids = external_ids.remove(&row.id).unwrap_or_default();
            document(kind, row, external_ids)
        });
        Ok(documents.collect())
    }
}

fn document(kind: Kind, row: DocumentRow, external_ids: Vec<String>) -> Document {
    let mut numbers = external_ids;
    if let Some(number) = row.number {
        let prefixes: &[&str] = if kind == Kind::Request { &["REQ"] } else { &["J", "TGT"] };
        numbers.extend(prefixes.iter().map(|prefix| format!("{prefix}-{number}")));
    }
    numbers.extend(row.code);
    numbers.extend(row.phone);
    let mut texts: Vec<String> = [
        row.title,
        row.customer_name,
        row.location_name,
        row.street,
        row.postal_code,
        row.city,
        row.email,
    ]
    .into_iter()
    .flatten()
    .collect();
    for value in [row.details, row.place].into_iter().flatten() {
        let fields = value.as_object().into_iter().flatten();
        for (name, value) in fields {
            let list = if name == "phone" { &mut numbers } else { &mut texts };
            list.extend(value.as_str().map(str::to_owned));
        }
    }
    // Last, since a long text is cut.
    texts.extend(row.body);
    Document {
        record_id: row.id,
        number: row.number.filter(|_| kind != Kind::Report),
        texts,
        numbers,
    }
}
