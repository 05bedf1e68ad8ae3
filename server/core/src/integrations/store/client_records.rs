//! Records and results that an integration client may read, limited to its own source system.

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

macro_rules! select_customer {
    () => {
        r"
            SELECT
                customer.id, reference.external_id, customer.customer_number, customer.name,
                (customer.archived_at IS NOT NULL) AS is_archived, customer.merged_into,
                customer.created_at, customer.updated_at
            FROM external_reference AS reference
            JOIN customer ON customer.tenant_id = reference.tenant_id AND customer.id = reference.entity_id
            WHERE reference.tenant_id = $1
              AND reference.source_system_id = $2
              AND reference.entity_type = 'customer'
        "
    };
}
const SELECT_CUSTOMERS: &str = concat!(
    select_customer!(),
    r"
      AND reference.external_id > $3
    ORDER BY reference.external_id
    LIMIT $4
"
);
const SELECT_CUSTOMERS_BY_NUMBER: &str = concat!(
    select_customer!(),
    "AND reference.external_id > $3 AND customer.number_key = $5 ORDER BY reference.external_id LIMIT $4"
);
const SELECT_CUSTOMER: &str = concat!(
    select_customer!(),
    "AND reference.entity_id = $3 ORDER BY reference.external_id LIMIT 1"
);
const SELECT_CUSTOMER_BY_EXTERNAL_ID: &str = concat!(select_customer!(), "AND reference.external_id = $3");
macro_rules! select_location {
    () => {
        r"
            SELECT
                location.id, reference.external_id, location.customer_id, location.name, location.street,
                location.postal_code, location.city, location.country, location.latitude,
                location.longitude, location.zone, (location.archived_at IS NOT NULL) AS is_archived,
                location.created_at, location.updated_at
            FROM external_reference AS reference
            JOIN location ON location.tenant_id = reference.tenant_id AND location.id = reference.entity_id
            WHERE reference.tenant_id = $1
              AND reference.source_system_id = $2
              AND reference.entity_type = 'location'
        "
    };
}
const SELECT_LOCATIONS: &str = concat!(
    select_location!(),
    r"
      AND reference.external_id > $3
    ORDER BY reference.external_id
    LIMIT $4
"
);
const SELECT_LOCATION: &str = concat!(
    select_location!(),
    "AND reference.entity_id = $3 ORDER BY reference.external_id LIMIT 1"
);
const SELECT_LOCATION_BY_EXTERNAL_ID: &str = concat!(select_location!(), "AND reference.external_id = $3");
macro_rules! select_contact {
    () => {
        r"
            SELECT
                contact.id, reference.external_id, contact.customer_id, contact.location_id,
                contact.display_name, contact.email, contact.phone, contact.created_at, contact.updated_at
            FROM external_reference AS reference
            JOIN contact ON contact.tenant_id = reference.tenant_id AND contact.id = reference.entity_id
            WHERE reference.tenant_id = $1
              AND reference.source_system_id = $2
              AND reference.entity_type = 'contact'
        "
    };
}
const SELECT_CONTACTS: &str = concat!(
    select_contact!(),
    "AND reference.external_id > $3 ORDER BY reference.external_id LIMIT $4"
);
const SELECT_CONTACT: &str = concat!(
    select_contact!(),
    "AND reference.entity_id = $3 ORDER BY reference.external_id LIMIT 1"
);
const SELECT_CONTACT_BY_EXTERNAL_ID: &str = concat!(select_contact!(), "AND reference.external_id = $3");
/// SQLite has a single writer and needs no lock.
const LOCK_KEY_SQLITE: &str = "SELECT $1";
const LOCK_KEY_POSTGRES: &str = "SELECT pg_advisory_xact_lock(hashtextextended($1, 0))";
const SELECT_CUSTOMER_WITH_NUMBER: &str = r"
    SELECT id
    FROM customer
    WHERE tenant_id = $1
      AND number_key = $2
    LIMIT 1
";
const UPDATE_LOCATION: &str = r"
    UPDATE location
    SET
        name = $3, street = $4, postal_code = $5, city = $6, country = $7, latitude = $8, longitude = $9,
        updated_at = $10
    WHERE tenant_id = $1
      AND id = $2
";
const UPDATE_CONTACT: &str = r"
    UPDATE contact
    SET display_name = $3, email = $4, phone = $5, updated_at = $6
    WHERE tenant_id = $1
      AND id = $2
";

listed!(text SELECT_TARGETS_BY_EXTERNAL_ID_SQLITE, SELECT_TARGETS_BY_EXTERNAL_ID_POSTGRES,
    r"
        SELECT
            target.id, target.external_id, target.status, target.priority, target.service_type,
            target.needs_mapping, target.duration_minutes, target.window_start, target.window_end,
            target.window_zone, target.created_at, target.updated_at, appointment.starts_at,
            appointment.ends_at, appointment.zone AS appointment_zone
        FROM target
        LEFT JOIN appointment ON appointment.tenant_id = target.tenant_id AND appointment.id = (
            SELECT latest.id
            FROM appointment AS latest
            WHERE latest.tenant_id = target.tenant_id
              AND latest.target_id = target.id
              AND (
                  latest.status = 'planned'
                  OR (latest.status = 'done' AND target.status IN ('completed', 'not_completed'))
              )
            ORDER BY CASE latest.status WHEN 'planned' THEN 0 ELSE 1 END, latest.starts_at DESC,
                latest.id DESC
            LIMIT 1
        )
        WHERE target.tenant_id = $1
          AND target.source_system_id = $2
          AND target.external_id
    ", "$3", " ORDER BY target.external_id");
listed!(id SELECT_TARGETS_BY_ID_SQLITE, SELECT_TARGETS_BY_ID_POSTGRES,
    r"
        SELECT
            target.id, target.external_id, target.status, target.priority, target.service_type,
            target.needs_mapping, target.duration_minutes, target.window_start, target.window_end,
            target.window_zone, target.created_at, target.updated_at, appointment.starts_at,
            appointment.ends_at, appointment.zone AS appointment_zone
        FROM target
        LEFT JOIN appointment ON appointment.tenant_id = target.tenant_id AND appointment.id = (
            SELECT latest.id
            FROM appointment AS latest
            WHERE latest.tenant_id = target.tenant_id
              AND latest.target_id = target.id
              AND (
                  latest.status = 'planned'
                  OR (latest.status = 'done' AND target.status IN ('completed', 'not_completed'))
              )
            ORDER BY CASE latest.status WHEN 'planned' THEN 0 ELSE 1 END, latest.starts_at DESC,
                latest.id DESC
            LIMIT 1
        )
        WHERE target.tenant_id = $1
          AND target.source_system_id = $2
          AND target.id
    ", "$3", " ORDER BY target.id");

macro_rules! select_request {
    () => {
        r"
            SELECT
                request.id, request.number, request.external_id, request.status, request.service_type,
                request.priority, request.description, request.preferred, request.preferred_windows,
                request.rejection_reason, request.target_id, request.customer_id, request.location_id,
                request.contact_id, request.submitted_at, request.updated_at
            FROM request
            WHERE request.tenant_id = $1
              AND request.source_system_id = $2
        "
    };
}
const SELECT_REQUESTS: &str = concat!(
    select_request!(),
    "AND (request.submitted_at, request.id) > ($3, $4) ORDER BY request.submitted_at, request.id LIMIT $5"
);
const SELECT_REQUEST: &str = concat!(select_request!(), "AND request.id = $3");
const SELECT_REQUEST_BY_EXTERNAL_ID: &str = concat!(select_request!(), "AND request.external_id = $3");
const INSERT_REQUEST: &str = r"
    INSERT INTO request (
        tenant_id, id, number, channel, status, service_type, priority, description, preferred, customer_id,
        location_id, contact_id, source_system_id, external_id, preferred_windows, search_key, submitted_at,
        updated_at
    )
    VALUES ($1, $2, $3, 'api', 'submitted', $4, $5, $6, $7, $8, $9, $10, $11, $12, $14, $15, $13, $13)
    ON CONFLICT (tenant_id, source_system_id, external_id) DO NOTHING
";

macro_rules! select_report {
    () => {
        r"
            SELECT
                report.id, report.target_id, target.external_id AS target_external_id, report.summary,
                report.work_minutes, report.billable, report.submitted_at, report.decided_at,
                (
                    SELECT follow_up.id
                    FROM follow_up
                    WHERE follow_up.tenant_id = report.tenant_id
                      AND follow_up.visit_report_id = report.id
                ) AS follow_up_id
            FROM visit_report AS report
            JOIN target ON target.tenant_id = report.tenant_id AND target.id = report.target_id
            WHERE report.tenant_id = $1
              AND target.source_system_id = $2
              AND report.status = 'approved'
        "
    };
}
const SELECT_REPORTS: &str = concat!(
    select_report!(),
    r"
          AND (report.submitted_at, report.id) < ($3, $4)
        ORDER BY report.submitted_at DESC, report.id DESC
        LIMIT $5
    "
);
const SELECT_REPORT: &str = concat!(select_report!(), "AND report.id = $3");
macro_rules! select_follow_up {
    () => {
        r"
            SELECT
                follow_up.id, follow_up.target_id, target.external_id AS target_external_id,
                follow_up.visit_report_id, follow_up.status, follow_up.title, follow_up.created_at,
                follow_up.updated_at
            FROM follow_up
            JOIN target ON target.tenant_id = follow_up.tenant_id AND target.id = follow_up.target_id
            WHERE follow_up.tenant_id = $1
              AND target.source_system_id = $2
        "
    };
}
const SELECT_FOLLOW_UPS: &str = concat!(
    select_follow_up!(),
    r"
          AND (follow_up.created_at, follow_up.id) < ($3, $4)
        ORDER BY follow_up.created_at DESC, follow_up.id DESC
        LIMIT $5
    "
);
const SELECT_FOLLOW_UP: &str = concat!(select_follow_up!(), "AND follow_up.id = $3");
macro_rules! select_billing_trigger {
    () => {
        r"
            SELECT
                billing_trigger.id, billing_trigger.visit_report_id, billing_trigger.target_id,
                target.external_id AS target_external_id, billing_trigger.work_minutes,
                billing_trigger.raised_at, billing_trigger.acknowledged_at, billing_trigger.reference
            FROM billing_trigger
            JOIN target ON target.tenant_id = billing_trigger.tenant_id
                AND target.id = billing_trigger.target_id
            WHERE billing_trigger.tenant_id = $1
              AND target.source_system_id = $2
        "
    };
}
const SELECT_BILLING_TRIGGERS: &str = concat!(
    select_billing_trigger!(),
    r"
          AND (billing_trigger.raised_at, billing_trigger.id) < ($3, $4)
        ORDER BY billing_trigger.raised_at DESC, billing_trigger.id DESC
        LIMIT $5
    "
);
const SELECT_BILLING_TRIGGER: &str = concat!(select_billing_trigger!(), "AND billing_trigger.id = $3");
const ACKNOWLEDGE_BILLING_TRIGGER: &str = r"
    UPDATE billing_trigger
    SET acknowledged_at = $3, reference = $4
    WHERE tenant_id = $1
      AND id = $2
      AND acknowledged_at IS NULL
";

/// A request to insert for a client.
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

/// The key of a record: its ID, or its external ID in the client's source.
#[derive(Debug, Clone, Copy)]
pub(crate) enum RecordKey<'a> {
    Id(Uuid),
    ExternalId(&'a str),
}

macro_rules! find_record {
    ($tx:expr, $row:ty, $which:expr, $by_id:expr, $by_external_id:expr) => {{
        let (tenant, source) = ($tx.actor.tenant().uuid(), $tx.actor.source_system().uuid());
        match $which {
            RecordKey::Id(id) => maybe!(&mut $tx.tx, $row, $by_id, tenant, source, id),
            RecordKey::ExternalId(external_id) => {
                maybe!(&mut $tx.tx, $row, $by_external_id, tenant, source, external_id)
            }
        }
    }};
}
macro_rules! list_page {
    ($tx:expr, $row:ty, $sql:expr, $at:expr, $id:expr, $limit:expr) => {{
        let (tenant, source) = ($tx.actor.tenant().uuid(), $tx.actor.source_system().uuid());
        all!(&mut $tx.tx, $row, $sql, tenant, source, $at, $id, $limit)
    }};
}

/// Returns the upper bound of a list in descending order.
fn start_before<K: domain::ids::Kind>(before: Option<(DateTime<Utc>, Id<K>)>) -> (DateTime<Utc>, Uuid) {
    before.map_or((far_future(), Uuid::max()), |(at, id)| (at, id.uuid()))
}

impl TenantTx<'_, ApiClient> {
    /// Returns a page of the customers that are linked in the client's source, by external ID.
    pub(crate) async fn list_client_customers(
        &mut self,
        number: Option<&str>,
        after: &str,
        limit: i64,
    ) -> Result<Vec<ClientCustomer>, StoreError> {
        let (tenant, source) = (self.actor.tenant().uuid(), self.actor.source_system().uuid());
        match number {
            None => all!(
                &mut self.tx,
                ClientCustomer,
                SELECT_CUSTOMERS,
                tenant,
                source,
                after,
                limit
            ),
            Some(key) => all!(
                &mut self.tx,
                ClientCustomer,
                SELECT_CUSTOMERS_BY_NUMBER,
                tenant,
                source,
                after,
                limit,
                key
            ),
        }
    }

    pub(crate) async fn find_client_customer(
        &mut self,
        which: RecordKey<'_>,
    ) -> Result<Option<ClientCustomer>, StoreError> {
        find_record!(
            self,
            ClientCustomer,
            which,
            SELECT_CUSTOMER,
            SELECT_CUSTOMER_BY_EXTERNAL_ID
        )
    }

    pub(crate) async fn list_client_locations(
        &mut self,
        after: &str,
        limit: i64,
    ) -> Result<Vec<ClientLocation>, StoreError> {
        let (tenant, source) = (self.actor.tenant().uuid(), self.actor.source_system().uuid());
        all!(
            &mut self.tx,
            ClientLocation,
            SELECT_LOCATIONS,
            tenant,
            source,
            after,
            limit
        )
    }

    pub(crate) async fn find_client_location(
        &mut self,
        which: RecordKey<'_>,
    ) -> Result<Option<ClientLocation>, StoreError> {
        find_record!(
            self,
            ClientLocation,
            which,
            SELECT_LOCATION,
            SELECT_LOCATION_BY_EXTERNAL_ID
        )
    }

    pub(crate) async fn list_client_contacts(
        &mut self,
        after: &str,
        limit: i64,
    ) -> Result<Vec<ClientContact>, StoreError> {
        let (tenant, source) = (self.actor.tenant().uuid(), self.actor.source_system().uuid());
        all!(
            &mut self.tx,
            ClientContact,
            SELECT_CONTACTS,
            tenant,
            source,
            after,
            limit
        )
    }

    pub(crate) async fn find_client_contact(
        &mut self,
        which: RecordKey<'_>,
    ) -> Result<Option<ClientContact>, StoreError> {
        find_record!(
            self,
            ClientContact,
            which,
            SELECT_CONTACT,
            SELECT_CONTACT_BY_EXTERNAL_ID
        )
    }

    /// Locks a customer number against concurrent assignment until the transaction ends.
    pub(crate) async fn lock_customer_number(&mut self, number: &CustomerNumber) -> Result<(), StoreError> {
        let key = format!("{}:{}", self.tenant(), CustomerNumber::for_comparison(number));
        let sql = self.tx.dialect(LOCK_KEY_SQLITE, LOCK_KEY_POSTGRES);
        run!(&mut self.tx, sql, &key).map(drop)
    }

    /// Returns whether a customer of the tenant has this number.
    pub(crate) async fn is_customer_number_used(&mut self, number: &CustomerNumber) -> Result<bool, StoreError> {
        let tenant = self.tenant();
        let key = CustomerNumber::for_comparison(number);
        Ok(maybe!(&mut self.tx, (Uuid,), SELECT_CUSTOMER_WITH_NUMBER, tenant, &key)?.is_some())
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
            UPDATE_LOCATION,
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
            UPDATE_CONTACT,
            tenant,
            id.uuid(),
            display_name,
            email,
            phone,
            now
        )
        .map(drop)
    }

    /// Returns targets of the client's source by external IDs, and by IDs.
    pub(crate) async fn list_client_targets_by_keys(
        &mut self,
        external_ids: &[String],
        ids: &[String],
    ) -> Result<Vec<ClientTarget>, StoreError> {
        let (tenant, source) = (self.actor.tenant().uuid(), self.actor.source_system().uuid());
        let mut rows: Vec<ClientTarget> = Vec::new();
        if !external_ids.is_empty() {
            let sql = self.tx.dialect(
                SELECT_TARGETS_BY_EXTERNAL_ID_SQLITE,
                SELECT_TARGETS_BY_EXTERNAL_ID_POSTGRES,
            );
            rows = all!(&mut self.tx, ClientTarget, sql, tenant, source, Json(external_ids))?;
        }
        if !ids.is_empty() {
            let sql = self
                .tx
                .dialect(SELECT_TARGETS_BY_ID_SQLITE, SELECT_TARGETS_BY_ID_POSTGRES);
            let more: Vec<ClientTarget> = all!(&mut self.tx, ClientTarget, sql, tenant, source, Json(ids))?;
            rows.extend(more);
        }
        Ok(rows)
    }

    pub(crate) async fn list_client_requests(
        &mut self,
        after: Option<(DateTime<Utc>, RequestId)>,
        limit: i64,
    ) -> Result<Vec<ClientRequest>, StoreError> {
        let (submitted_after, id_after) = after.map_or((DateTime::UNIX_EPOCH, Uuid::nil()), |(at, id)| (at, id.uuid()));
        list_page!(self, ClientRequest, SELECT_REQUESTS, submitted_after, id_after, limit)
    }

    pub(crate) async fn find_client_request(
        &mut self,
        which: RecordKey<'_>,
    ) -> Result<Option<ClientRequest>, StoreError> {
        find_record!(
            self,
            ClientRequest,
            which,
            SELECT_REQUEST,
            SELECT_REQUEST_BY_EXTERNAL_ID
        )
    }

    /// Inserts a request; false if its external ID already exists in the source.
    pub(crate) async fn insert_client_request(&mut self, new: &NewClientRequest<'_>) -> Result<bool, StoreError> {
        let number = self.next_number("request").await?;
        let (tenant, source, now) = (self.tenant(), self.actor.source_system().uuid(), self.now);
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

    /// Returns a page of the approved visit reports of the source's targets, newest first.
    pub(crate) async fn list_client_reports(
        &mut self,
        before: Option<(DateTime<Utc>, VisitReportId)>,
        limit: i64,
    ) -> Result<Vec<ClientReport>, StoreError> {
        let (created_before, id_before) = start_before(before);
        list_page!(self, ClientReport, SELECT_REPORTS, created_before, id_before, limit)
    }

    pub(crate) async fn find_client_report(&mut self, id: VisitReportId) -> Result<Option<ClientReport>, StoreError> {
        let (tenant, source) = (self.actor.tenant().uuid(), self.actor.source_system().uuid());
        maybe!(&mut self.tx, ClientReport, SELECT_REPORT, tenant, source, id.uuid())
    }

    pub(crate) async fn list_client_follow_ups(
        &mut self,
        before: Option<(DateTime<Utc>, FollowUpId)>,
        limit: i64,
    ) -> Result<Vec<ClientFollowUp>, StoreError> {
        let (created_before, id_before) = start_before(before);
        list_page!(
            self,
            ClientFollowUp,
            SELECT_FOLLOW_UPS,
            created_before,
            id_before,
            limit
        )
    }

    pub(crate) async fn find_client_follow_up(&mut self, id: FollowUpId) -> Result<Option<ClientFollowUp>, StoreError> {
        let (tenant, source) = (self.actor.tenant().uuid(), self.actor.source_system().uuid());
        maybe!(
            &mut self.tx,
            ClientFollowUp,
            SELECT_FOLLOW_UP,
            tenant,
            source,
            id.uuid()
        )
    }

    pub(crate) async fn list_client_billing_triggers(
        &mut self,
        before: Option<(DateTime<Utc>, BillingTriggerId)>,
        limit: i64,
    ) -> Result<Vec<ClientBillingTrigger>, StoreError> {
        let (created_before, id_before) = start_before(before);
        list_page!(
            self,
            ClientBillingTrigger,
            SELECT_BILLING_TRIGGERS,
            created_before,
            id_before,
            limit
        )
    }

    pub(crate) async fn find_client_billing_trigger(
        &mut self,
        id: BillingTriggerId,
    ) -> Result<Option<ClientBillingTrigger>, StoreError> {
        let (tenant, source) = (self.actor.tenant().uuid(), self.actor.source_system().uuid());
        maybe!(
            &mut self.tx,
            ClientBillingTrigger,
            SELECT_BILLING_TRIGGER,
            tenant,
            source,
            id.uuid()
        )
    }

    /// Marks a billing trigger as acknowledged; false if it already was.
    pub(crate) async fn acknowledge_billing(
        &mut self,
        id: BillingTriggerId,
        reference: &str,
    ) -> Result<bool, StoreError> {
        let (tenant, now) = (self.tenant(), self.now);
        Ok(run!(
            &mut self.tx,
            ACKNOWLEDGE_BILLING_TRIGGER,
            tenant,
            id.uuid(),
            now,
            reference
        )? == 1)
    }
}
