//! What an integration client may read of records and results: always its own source system's share.

use chrono::{DateTime, Utc};
use domain::customers::{Address, Coordinates};
use domain::ids::{BillingTriggerId, ContactId, CustomerId, FollowUpId, Id, LocationId, RequestId, VisitReportId};
use domain::requests::{Priority, ServiceType};
use domain::text::CustomerNumber;
use sqlx::types::Json;
use uuid::Uuid;

use crate::billing::model::ClientBillingTrigger;
use crate::customers::model::{ClientContact, ClientCustomer, ClientLocation};
use crate::db::TenantTx;
use crate::db::bulk::listed;
use crate::db::far_future;
use crate::db::{StoreError, all, maybe, run};
use crate::follow_ups::model::ClientFollowUp;
use crate::identity::actors::{Actor as _, ApiClient};
use crate::jobs::model::ClientTarget;
use crate::requests::model::ClientRequest;
use crate::visits::model::ClientReport;

macro_rules! customer {
    () => {
        "SELECT c.id, r.external_id, c.customer_number, c.name, (c.archived_at IS NOT NULL) AS is_archived, c.merged_into, c.created_at, c.updated_at \
         FROM external_reference r JOIN customer c ON c.tenant_id = r.tenant_id AND c.id = r.entity_id \
         WHERE r.tenant_id = $1 AND r.source_system_id = $2 AND r.entity_type = 'customer' "
    };
}
const CUSTOMERS: &str = concat!(customer!(), "AND r.external_id > $3 ORDER BY r.external_id LIMIT $4");
const CUSTOMERS_BY_NUMBER: &str = concat!(
    customer!(),
    "AND r.external_id > $3 AND c.number_key = $5 ORDER BY r.external_id LIMIT $4"
);
const CUSTOMER: &str = concat!(customer!(), "AND r.entity_id = $3 ORDER BY r.external_id LIMIT 1");
const CUSTOMER_BY_EXTERNAL_ID: &str = concat!(customer!(), "AND r.external_id = $3");
macro_rules! location {
    () => {
        "SELECT l.id, r.external_id, l.customer_id, l.name, l.street, l.postal_code, l.city, l.country, l.latitude, l.longitude, l.zone, (l.archived_at IS NOT NULL) AS is_archived, l.created_at, l.updated_at \
         FROM external_reference r JOIN location l ON l.tenant_id = r.tenant_id AND l.id = r.entity_id \
         WHERE r.tenant_id = $1 AND r.source_system_id = $2 AND r.entity_type = 'location' "
    };
}
const LOCATIONS: &str = concat!(location!(), "AND r.external_id > $3 ORDER BY r.external_id LIMIT $4");
const LOCATION: &str = concat!(location!(), "AND r.entity_id = $3 ORDER BY r.external_id LIMIT 1");
const LOCATION_BY_EXTERNAL_ID: &str = concat!(location!(), "AND r.external_id = $3");
macro_rules! contact {
    () => {
        "SELECT c.id, r.external_id, c.customer_id, c.location_id, c.display_name, c.email, c.phone, c.created_at, c.updated_at \
         FROM external_reference r JOIN contact c ON c.tenant_id = r.tenant_id AND c.id = r.entity_id \
         WHERE r.tenant_id = $1 AND r.source_system_id = $2 AND r.entity_type = 'contact' "
    };
}
const CONTACTS: &str = concat!(contact!(), "AND r.external_id > $3 ORDER BY r.external_id LIMIT $4");
const CONTACT: &str = concat!(contact!(), "AND r.entity_id = $3 ORDER BY r.external_id LIMIT 1");
const CONTACT_BY_EXTERNAL_ID: &str = concat!(contact!(), "AND r.external_id = $3");
/// There is one writer at a time anyway.
const LOCK_TEXT_SQLITE: &str = "SELECT $1";
const LOCK_TEXT_POSTGRES: &str = "SELECT pg_advisory_xact_lock(hashtextextended($1, 0))";
const NUMBER_TAKEN: &str = "SELECT id FROM customer WHERE tenant_id = $1 AND number_key = $2 LIMIT 1";
const SET_LOCATION: &str = "UPDATE location SET name = $3, street = $4, postal_code = $5, city = $6, country = $7, latitude = $8, longitude = $9, updated_at = $10 WHERE tenant_id = $1 AND id = $2";
const SET_CONTACT: &str =
    "UPDATE contact SET display_name = $3, email = $4, phone = $5, updated_at = $6 WHERE tenant_id = $1 AND id = $2";

listed!(text STATUS_SQLITE, STATUS_POSTGRES,
    "SELECT t.id, t.external_id, t.status, t.priority, t.service_type, t.needs_mapping, t.duration_minutes, t.window_start, t.window_end, t.window_zone, \
     t.created_at, t.updated_at, a.starts_at, a.ends_at, a.zone AS appointment_zone \
     FROM target t LEFT JOIN appointment a ON a.tenant_id = t.tenant_id AND a.id = (SELECT x.id FROM appointment x WHERE x.tenant_id = t.tenant_id AND x.target_id = t.id \
           AND (x.status = 'planned' OR (x.status = 'done' AND t.status IN ('completed', 'not_completed'))) ORDER BY CASE x.status WHEN 'planned' THEN 0 ELSE 1 END, x.starts_at DESC, x.id DESC LIMIT 1) \
     WHERE t.tenant_id = $1 AND t.source_system_id = $2 AND t.external_id ", "$3", " ORDER BY t.external_id");
listed!(id STATUS_BY_ID_SQLITE, STATUS_BY_ID_POSTGRES,
    "SELECT t.id, t.external_id, t.status, t.priority, t.service_type, t.needs_mapping, t.duration_minutes, t.window_start, t.window_end, t.window_zone, \
     t.created_at, t.updated_at, a.starts_at, a.ends_at, a.zone AS appointment_zone \
     FROM target t LEFT JOIN appointment a ON a.tenant_id = t.tenant_id AND a.id = (SELECT x.id FROM appointment x WHERE x.tenant_id = t.tenant_id AND x.target_id = t.id \
           AND (x.status = 'planned' OR (x.status = 'done' AND t.status IN ('completed', 'not_completed'))) ORDER BY CASE x.status WHEN 'planned' THEN 0 ELSE 1 END, x.starts_at DESC, x.id DESC LIMIT 1) \
     WHERE t.tenant_id = $1 AND t.source_system_id = $2 AND t.id ", "$3", " ORDER BY t.id");

macro_rules! request {
    () => {
        "SELECT r.id, r.number, r.external_id, r.status, r.service_type, r.priority, r.description, r.preferred, r.preferred_windows, r.rejection_reason, r.target_id, r.customer_id, r.location_id, r.contact_id, \
         r.submitted_at, r.updated_at FROM request r WHERE r.tenant_id = $1 AND r.source_system_id = $2 "
    };
}
const REQUESTS: &str = concat!(
    request!(),
    "AND (r.submitted_at, r.id) > ($3, $4) ORDER BY r.submitted_at, r.id LIMIT $5"
);
const REQUEST: &str = concat!(request!(), "AND r.id = $3");
const REQUEST_BY_EXTERNAL_ID: &str = concat!(request!(), "AND r.external_id = $3");
const INSERT_REQUEST: &str = "INSERT INTO request (tenant_id, id, number, channel, status, service_type, priority, description, preferred, customer_id, location_id, contact_id, source_system_id, external_id, preferred_windows, search_key, submitted_at, updated_at) \
    VALUES ($1, $2, $3, 'api', 'submitted', $4, $5, $6, $7, $8, $9, $10, $11, $12, $14, $15, $13, $13) ON CONFLICT (tenant_id, source_system_id, external_id) DO NOTHING";

macro_rules! report {
    () => {
        "SELECT r.id, r.target_id, t.external_id AS target_external_id, r.summary, r.work_minutes, r.billable, r.submitted_at, r.decided_at, \
         (SELECT f.id FROM follow_up f WHERE f.tenant_id = r.tenant_id AND f.visit_report_id = r.id) AS follow_up_id \
         FROM visit_report r JOIN target t ON t.tenant_id = r.tenant_id AND t.id = r.target_id \
         WHERE r.tenant_id = $1 AND t.source_system_id = $2 AND r.status = 'approved' "
    };
}
const REPORTS: &str = concat!(
    report!(),
    "AND (r.submitted_at, r.id) < ($3, $4) ORDER BY r.submitted_at DESC, r.id DESC LIMIT $5"
);
const REPORT: &str = concat!(report!(), "AND r.id = $3");
macro_rules! follow_up {
    () => {
        "SELECT f.id, f.target_id, t.external_id AS target_external_id, f.visit_report_id, f.status, f.title, f.created_at, f.updated_at \
         FROM follow_up f JOIN target t ON t.tenant_id = f.tenant_id AND t.id = f.target_id \
         WHERE f.tenant_id = $1 AND t.source_system_id = $2 "
    };
}
const FOLLOW_UPS: &str = concat!(
    follow_up!(),
    "AND (f.created_at, f.id) < ($3, $4) ORDER BY f.created_at DESC, f.id DESC LIMIT $5"
);
const FOLLOW_UP: &str = concat!(follow_up!(), "AND f.id = $3");
macro_rules! billing {
    () => {
        "SELECT b.id, b.visit_report_id, b.target_id, t.external_id AS target_external_id, b.work_minutes, b.raised_at, b.acknowledged_at, b.reference \
         FROM billing_trigger b JOIN target t ON t.tenant_id = b.tenant_id AND t.id = b.target_id \
         WHERE b.tenant_id = $1 AND t.source_system_id = $2 "
    };
}
const BILLING: &str = concat!(
    billing!(),
    "AND (b.raised_at, b.id) < ($3, $4) ORDER BY b.raised_at DESC, b.id DESC LIMIT $5"
);
const BILLING_ONE: &str = concat!(billing!(), "AND b.id = $3");
const ACKNOWLEDGE: &str = "UPDATE billing_trigger SET acknowledged_at = $3, reference = $4 WHERE tenant_id = $1 AND id = $2 AND acknowledged_at IS NULL";

/// A request that a client submits.
pub(crate) struct NewClientRequest<'a> {
    pub id: RequestId,
    pub external_id: Option<&'a str>,
    pub service_type: ServiceType,
    pub priority: Priority,
    pub description: &'a str,
    pub preferred: Option<&'a str>,
    pub windows: &'a [domain::intake::PreferredWindow],
    pub customer: CustomerId,
    pub location: Option<LocationId>,
    pub contact: Option<ContactId>,
}

/// How one record is asked for.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Which<'a> {
    Id(Uuid),
    ExternalId(&'a str),
}

macro_rules! one_of {
    ($tx:expr, $row:ty, $which:expr, $by_id:expr, $by_external_id:expr) => {{
        let (tenant, source) = ($tx.actor.tenant().uuid(), $tx.actor.source_system.uuid());
        match $which {
            Which::Id(id) => maybe!(&mut $tx.tx, $row, $by_id, tenant, source, id),
            Which::ExternalId(external_id) => maybe!(&mut $tx.tx, $row, $by_external_id, tenant, source, external_id),
        }
    }};
}
macro_rules! page_of {
    ($tx:expr, $row:ty, $sql:expr, $at:expr, $id:expr, $limit:expr) => {{
        let (tenant, source) = ($tx.actor.tenant().uuid(), $tx.actor.source_system.uuid());
        all!(&mut $tx.tx, $row, $sql, tenant, source, $at, $id, $limit)
    }};
}

/// Where a list that runs backwards begins.
fn place<K: domain::ids::Kind>(before: Option<(DateTime<Utc>, Id<K>)>) -> (DateTime<Utc>, Uuid) {
    before.map_or((far_future(), Uuid::max()), |(at, id)| (at, id.uuid()))
}

impl TenantTx<'_, ApiClient> {
    /// A page of the customers that the own source knows, by external id.
    pub(crate) async fn own_customers(
        &mut self,
        number: Option<&str>,
        after: &str,
        limit: i64,
    ) -> Result<Vec<ClientCustomer>, StoreError> {
        let (tenant, source) = (self.actor.tenant().uuid(), self.actor.source_system.uuid());
        match number {
            None => all!(&mut self.tx, ClientCustomer, CUSTOMERS, tenant, source, after, limit),
            Some(key) => all!(
                &mut self.tx,
                ClientCustomer,
                CUSTOMERS_BY_NUMBER,
                tenant,
                source,
                after,
                limit,
                key
            ),
        }
    }

    pub(crate) async fn own_customer(&mut self, which: Which<'_>) -> Result<Option<ClientCustomer>, StoreError> {
        one_of!(self, ClientCustomer, which, CUSTOMER, CUSTOMER_BY_EXTERNAL_ID)
    }

    pub(crate) async fn own_locations(&mut self, after: &str, limit: i64) -> Result<Vec<ClientLocation>, StoreError> {
        let (tenant, source) = (self.actor.tenant().uuid(), self.actor.source_system.uuid());
        all!(&mut self.tx, ClientLocation, LOCATIONS, tenant, source, after, limit)
    }

    pub(crate) async fn own_location(&mut self, which: Which<'_>) -> Result<Option<ClientLocation>, StoreError> {
        one_of!(self, ClientLocation, which, LOCATION, LOCATION_BY_EXTERNAL_ID)
    }

    pub(crate) async fn own_contacts(&mut self, after: &str, limit: i64) -> Result<Vec<ClientContact>, StoreError> {
        let (tenant, source) = (self.actor.tenant().uuid(), self.actor.source_system.uuid());
        all!(&mut self.tx, ClientContact, CONTACTS, tenant, source, after, limit)
    }

    pub(crate) async fn own_contact(&mut self, which: Which<'_>) -> Result<Option<ClientContact>, StoreError> {
        one_of!(self, ClientContact, which, CONTACT, CONTACT_BY_EXTERNAL_ID)
    }

    /// Makes others who would give this number away wait until this transaction ends.
    pub(crate) async fn lock_number(&mut self, number: &CustomerNumber) -> Result<(), StoreError> {
        let key = format!("{}:{}", self.tenant(), CustomerNumber::for_comparison(number));
        let sql = self.tx.dialect(LOCK_TEXT_SQLITE, LOCK_TEXT_POSTGRES);
        run!(&mut self.tx, sql, &key).map(drop)
    }

    /// Whether any customer of the tenant has a number.
    pub(crate) async fn is_number_taken(&mut self, number: &CustomerNumber) -> Result<bool, StoreError> {
        let tenant = self.tenant();
        let key = CustomerNumber::for_comparison(number);
        Ok(maybe!(&mut self.tx, (Uuid,), NUMBER_TAKEN, tenant, &key)?.is_some())
    }

    pub(crate) async fn set_location(
        &mut self,
        id: LocationId,
        name: &str,
        address: &Address,
        coordinates: Option<Coordinates>,
    ) -> Result<(), StoreError> {
        let (tenant, now) = (self.tenant(), self.now);
        run!(
            &mut self.tx,
            SET_LOCATION,
            tenant,
            id.uuid(),
            name,
            address.street.as_deref(),
            address.postal_code.as_deref(),
            address.city.as_deref(),
            address.country.as_deref(),
            coordinates.map(|place| place.lat),
            coordinates.map(|place| place.lon),
            now
        )
        .map(drop)
    }

    pub(crate) async fn set_contact(
        &mut self,
        id: ContactId,
        display_name: &str,
        email: Option<&str>,
        phone: Option<&str>,
    ) -> Result<(), StoreError> {
        let (tenant, now) = (self.tenant(), self.now);
        run!(
            &mut self.tx,
            SET_CONTACT,
            tenant,
            id.uuid(),
            display_name,
            email,
            phone,
            now
        )
        .map(drop)
    }

    /// Own targets by external ids, or by ids.
    pub(crate) async fn own_target_states(
        &mut self,
        external_ids: &[String],
        ids: &[String],
    ) -> Result<Vec<ClientTarget>, StoreError> {
        let (tenant, source) = (self.actor.tenant().uuid(), self.actor.source_system.uuid());
        let mut rows: Vec<ClientTarget> = Vec::new();
        if !external_ids.is_empty() {
            let sql = self.tx.dialect(STATUS_SQLITE, STATUS_POSTGRES);
            rows = all!(&mut self.tx, ClientTarget, sql, tenant, source, Json(external_ids))?;
        }
        if !ids.is_empty() {
            let sql = self.tx.dialect(STATUS_BY_ID_SQLITE, STATUS_BY_ID_POSTGRES);
            let more: Vec<ClientTarget> = all!(&mut self.tx, ClientTarget, sql, tenant, source, Json(ids))?;
            rows.extend(more);
        }
        Ok(rows)
    }

    pub(crate) async fn own_requests(
        &mut self,
        after: Option<(DateTime<Utc>, RequestId)>,
        limit: i64,
    ) -> Result<Vec<ClientRequest>, StoreError> {
        let (at, id) = after.map_or((DateTime::UNIX_EPOCH, Uuid::nil()), |(at, id)| (at, id.uuid()));
        page_of!(self, ClientRequest, REQUESTS, at, id, limit)
    }

    pub(crate) async fn own_request(&mut self, which: Which<'_>) -> Result<Option<ClientRequest>, StoreError> {
        one_of!(self, ClientRequest, which, REQUEST, REQUEST_BY_EXTERNAL_ID)
    }

    /// Inserts a request; false if its external id is taken in the source.
    pub(crate) async fn insert_client_request(&mut self, new: &NewClientRequest<'_>) -> Result<bool, StoreError> {
        let number = self.next_number("request").await?;
        let (tenant, source, now) = (self.tenant(), self.actor.source_system.uuid(), self.now);
        Ok(run!(
            &mut self.tx,
            INSERT_REQUEST,
            tenant,
            new.id.uuid(),
            number,
            new.service_type.name(),
            new.priority.name(),
            new.description,
            new.preferred,
            new.customer.uuid(),
            new.location.map(Id::uuid),
            new.contact.map(Id::uuid),
            source,
            new.external_id,
            now,
            Json(new.windows),
            crate::intake::search_key(new.description, None, None, None)
        )? == 1)
    }

    /// A page of the approved reports of own targets, newest first.
    pub(crate) async fn own_reports(
        &mut self,
        before: Option<(DateTime<Utc>, VisitReportId)>,
        limit: i64,
    ) -> Result<Vec<ClientReport>, StoreError> {
        let (at, id) = place(before);
        page_of!(self, ClientReport, REPORTS, at, id, limit)
    }

    pub(crate) async fn own_report(&mut self, id: VisitReportId) -> Result<Option<ClientReport>, StoreError> {
        let (tenant, source) = (self.actor.tenant().uuid(), self.actor.source_system.uuid());
        maybe!(&mut self.tx, ClientReport, REPORT, tenant, source, id.uuid())
    }

    pub(crate) async fn own_follow_ups(
        &mut self,
        before: Option<(DateTime<Utc>, FollowUpId)>,
        limit: i64,
    ) -> Result<Vec<ClientFollowUp>, StoreError> {
        let (at, id) = place(before);
        page_of!(self, ClientFollowUp, FOLLOW_UPS, at, id, limit)
    }

    pub(crate) async fn own_follow_up(&mut self, id: FollowUpId) -> Result<Option<ClientFollowUp>, StoreError> {
        let (tenant, source) = (self.actor.tenant().uuid(), self.actor.source_system.uuid());
        maybe!(&mut self.tx, ClientFollowUp, FOLLOW_UP, tenant, source, id.uuid())
    }

    pub(crate) async fn own_billing_triggers(
        &mut self,
        before: Option<(DateTime<Utc>, BillingTriggerId)>,
        limit: i64,
    ) -> Result<Vec<ClientBillingTrigger>, StoreError> {
        let (at, id) = place(before);
        page_of!(self, ClientBillingTrigger, BILLING, at, id, limit)
    }

    pub(crate) async fn own_billing_trigger(
        &mut self,
        id: BillingTriggerId,
    ) -> Result<Option<ClientBillingTrigger>, StoreError> {
        let (tenant, source) = (self.actor.tenant().uuid(), self.actor.source_system.uuid());
        maybe!(
            &mut self.tx,
            ClientBillingTrigger,
            BILLING_ONE,
            tenant,
            source,
            id.uuid()
        )
    }

    /// Notes that the client has taken a trigger over; false if that was noted before.
    pub(crate) async fn acknowledge_billing(
        &mut self,
        id: BillingTriggerId,
        reference: &str,
    ) -> Result<bool, StoreError> {
        let (tenant, now) = (self.tenant(), self.now);
        Ok(run!(&mut self.tx, ACKNOWLEDGE, tenant, id.uuid(), now, reference)? == 1)
    }
}
