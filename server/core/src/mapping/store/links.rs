//! What came of a reference: the targets that were linked through it and the records that imports made under it, and the
//! way back.

use domain::ids::TargetId;
use uuid::Uuid;

use crate::db::TenantTx;
use crate::db::{StoreError, all, maybe, one, run};
use crate::identity::actors::Staff;
use crate::imports::ReferenceKind;
use crate::mapping::model::{LinkLine, MadeRecord, TouchedTarget};

macro_rules! link_of {
    ($kind:literal, $name:literal, $joins:literal) => {
        concat!(
            "SELECT s.id AS source_system_id, s.key AS source_key, r.entity_id, ",
            $name,
            " AS name, c.id AS customer_id, c.name AS customer_name, r.made_by, r.created_at FROM external_reference r \
             JOIN source_system s ON s.tenant_id = r.tenant_id AND s.id = r.source_system_id ",
            $joins,
            " WHERE r.tenant_id = $1 AND s.key = $2 AND r.entity_type = '",
            $kind,
            "' AND r.external_id = $3"
        )
    };
}
const CUSTOMER_LINK: &str = link_of!(
    "customer",
    "c.name",
    "JOIN customer c ON c.tenant_id = r.tenant_id AND c.id = r.entity_id"
);
const LOCATION_LINK: &str = link_of!(
    "location",
    "l.name",
    "JOIN location l ON l.tenant_id = r.tenant_id AND l.id = r.entity_id JOIN customer c ON c.tenant_id = l.tenant_id AND c.id = l.customer_id"
);
const CONTACT_LINK: &str = link_of!(
    "contact",
    "k.display_name",
    "JOIN contact k ON k.tenant_id = r.tenant_id AND k.id = r.entity_id JOIN customer c ON c.tenant_id = k.tenant_id AND c.id = k.customer_id"
);

/// Targets of a source that are linked to a record and were sent with the external id that stands for it.
macro_rules! touched {
    ($columns:literal, $kind:literal, $also:literal, $more:literal) => {
        concat!(
            "SELECT ", $columns, " FROM target t WHERE t.tenant_id = $1 AND t.source_system_id = $2 AND t.", $kind, "_id = $3 \
             AND (EXISTS (SELECT 1 FROM import_item i JOIN import_job j ON j.tenant_id = i.tenant_id AND j.id = i.job_id \
               WHERE i.tenant_id = t.tenant_id AND i.target_id = t.id AND i.", $kind, "_external_id = $4 AND NOT j.dry_run)", $also, ")", $more
        )
    };
}
macro_rules! touched_lines {
    ($kind:literal, $also:literal) => {
        touched!(
            "t.id, t.number, t.external_id, t.status",
            $kind,
            $also,
            " ORDER BY t.created_at, t.id LIMIT 1000"
        )
    };
}
/// Work on these has not begun, so they can be taken back.
macro_rules! touched_open {
    ($kind:literal, $also:literal) => {
        touched!(
            "t.id, t.number, t.external_id, t.status",
            $kind,
            $also,
            " AND t.status IN ('open', 'scheduled', 'dispatched') ORDER BY t.created_at, t.id LIMIT 500"
        )
    };
}
macro_rules! touched_count {
    ($kind:literal, $also:literal) => {
        touched!("count(*)", $kind, $also, "")
    };
}
/// A customer's link also touches the jobs that were sent without a customer to a place that an import made under it (L2).
macro_rules! of_customer {
    ($form:ident) => {
        $form!("customer", " OR EXISTS (SELECT 1 FROM external_reference r JOIN import_item i ON i.tenant_id = r.tenant_id AND i.location_external_id = r.external_id AND i.customer_external_id = $4 AND i.mapping -> 'location' ->> 'status' = 'created' \
               JOIN import_job j ON j.tenant_id = i.tenant_id AND j.id = i.job_id AND j.source_system_id = r.source_system_id AND NOT j.dry_run \
               WHERE r.tenant_id = t.tenant_id AND r.source_system_id = $2 AND r.entity_type = 'location' AND r.entity_id = t.location_id)")
    };
}
const CUSTOMER_TOUCHED: &str = of_customer!(touched_lines);
const LOCATION_TOUCHED: &str = touched_lines!("location", "");
const CONTACT_TOUCHED: &str = touched_lines!("contact", "");
const CUSTOMER_OPEN: &str = of_customer!(touched_open);
const LOCATION_OPEN: &str = touched_open!("location", "");
const CONTACT_OPEN: &str = touched_open!("contact", "");
const CUSTOMER_COUNT: &str = of_customer!(touched_count);
const LOCATION_COUNT: &str = touched_count!("location", "");
const CONTACT_COUNT: &str = touched_count!("contact", "");

/// Records of a customer that imports made while its external id was sent with them.
macro_rules! made_by_imports {
    ($kind:literal, $name:literal) => {
        concat!(
            "SELECT e.id, e.", $name, " AS name, r.external_id FROM ", $kind, " e JOIN external_reference r ON r.tenant_id = e.tenant_id AND r.source_system_id = $2 AND r.entity_type = '", $kind, "' AND r.entity_id = e.id \
             WHERE e.tenant_id = $1 AND e.customer_id = $3 AND EXISTS (SELECT 1 FROM import_item i JOIN import_job j ON j.tenant_id = i.tenant_id AND j.id = i.job_id \
               WHERE i.tenant_id = e.tenant_id AND i.customer_external_id = $4 AND i.", $kind, "_external_id = r.external_id AND i.mapping -> '", $kind, "' ->> 'status' = 'created' \
               AND j.source_system_id = r.source_system_id AND NOT j.dry_run) \
             ORDER BY e.", $name, ", e.id LIMIT 1000"
        )
    };
}
const LOCATIONS_MADE: &str = made_by_imports!("location", "name");
const CONTACTS_MADE: &str = made_by_imports!("contact", "display_name");
/// Only if nothing else of the organisation has to do with it.
const DELETE_CONTACT: &str = "DELETE FROM contact WHERE tenant_id = $1 AND id = $2 \
    AND NOT EXISTS (SELECT 1 FROM target t WHERE t.tenant_id = $1 AND t.contact_id = $2) AND NOT EXISTS (SELECT 1 FROM request q WHERE q.tenant_id = $1 AND q.contact_id = $2) \
    AND NOT EXISTS (SELECT 1 FROM portal_account p WHERE p.tenant_id = $1 AND p.contact_id = $2) \
    AND NOT EXISTS (SELECT 1 FROM external_reference r WHERE r.tenant_id = $1 AND r.entity_type = 'contact' AND r.entity_id = $2)";
const DELETE_LOCATION: &str = "DELETE FROM location WHERE tenant_id = $1 AND id = $2 \
    AND NOT EXISTS (SELECT 1 FROM target t WHERE t.tenant_id = $1 AND t.location_id = $2) AND NOT EXISTS (SELECT 1 FROM request q WHERE q.tenant_id = $1 AND q.location_id = $2) \
    AND NOT EXISTS (SELECT 1 FROM contact c WHERE c.tenant_id = $1 AND c.location_id = $2) AND NOT EXISTS (SELECT 1 FROM portal_grant g WHERE g.tenant_id = $1 AND g.location_id = $2) \
    AND NOT EXISTS (SELECT 1 FROM external_reference r WHERE r.tenant_id = $1 AND r.entity_type = 'location' AND r.entity_id = $2)";
const TAKE_FROM_CUSTOMER: &str =
    "UPDATE timeline_entry SET customer_id = NULL, location_id = NULL WHERE tenant_id = $1 AND target_id = $2";
const TAKE_FROM_LOCATION: &str = "UPDATE timeline_entry SET location_id = NULL WHERE tenant_id = $1 AND target_id = $2";

impl TenantTx<'_, Staff> {
    /// What an external id stands for.
    pub(crate) async fn link(
        &mut self,
        kind: ReferenceKind,
        source_key: &str,
        external_id: &str,
    ) -> Result<Option<LinkLine>, StoreError> {
        let tenant = self.tenant();
        let sql = match kind {
            ReferenceKind::Customer => CUSTOMER_LINK,
            ReferenceKind::Location => LOCATION_LINK,
            ReferenceKind::Contact => CONTACT_LINK,
        };
        maybe!(&mut self.tx, LinkLine, sql, tenant, source_key, external_id)
    }

    /// Targets of a link, oldest first; as many as a page shows.
    pub(crate) async fn touched_by_link(
        &mut self,
        kind: ReferenceKind,
        link: &LinkLine,
        external_id: &str,
    ) -> Result<Vec<TouchedTarget>, StoreError> {
        let sql = match kind {
            ReferenceKind::Customer => CUSTOMER_TOUCHED,
            ReferenceKind::Location => LOCATION_TOUCHED,
            ReferenceKind::Contact => CONTACT_TOUCHED,
        };
        self.touched(sql, link, external_id).await
    }

    /// The oldest targets of a link that can still be taken back.
    pub(crate) async fn touched_and_open(
        &mut self,
        kind: ReferenceKind,
        link: &LinkLine,
        external_id: &str,
    ) -> Result<Vec<TouchedTarget>, StoreError> {
        let sql = match kind {
            ReferenceKind::Customer => CUSTOMER_OPEN,
            ReferenceKind::Location => LOCATION_OPEN,
            ReferenceKind::Contact => CONTACT_OPEN,
        };
        self.touched(sql, link, external_id).await
    }

    async fn touched(
        &mut self,
        sql: &'static str,
        link: &LinkLine,
        external_id: &str,
    ) -> Result<Vec<TouchedTarget>, StoreError> {
        let tenant = self.tenant();
        let (source, entity) = (link.source_system_id, link.entity_id);
        all!(&mut self.tx, TouchedTarget, sql, tenant, source, entity, external_id)
    }

    /// How many targets came through a link.
    pub(crate) async fn count_touched(
        &mut self,
        kind: ReferenceKind,
        link: &LinkLine,
        external_id: &str,
    ) -> Result<i64, StoreError> {
        let tenant = self.tenant();
        let sql = match kind {
            ReferenceKind::Customer => CUSTOMER_COUNT,
            ReferenceKind::Location => LOCATION_COUNT,
            ReferenceKind::Contact => CONTACT_COUNT,
        };
        let (source, entity) = (link.source_system_id, link.entity_id);
        let (count,) = one!(&mut self.tx, (i64,), sql, tenant, source, entity, external_id)?;
        Ok(count)
    }

    /// Locations or contacts that imports made under the customer of a link; none for other links.
    pub(crate) async fn made_through_link(
        &mut self,
        kind: ReferenceKind,
        link: &LinkLine,
        external_id: &str,
    ) -> Result<Vec<MadeRecord>, StoreError> {
        let tenant = self.tenant();
        let sql = match kind {
            ReferenceKind::Customer => return Ok(Vec::new()),
            ReferenceKind::Location => LOCATIONS_MADE,
            ReferenceKind::Contact => CONTACTS_MADE,
        };
        let (source, customer) = (link.source_system_id, link.customer_id);
        all!(&mut self.tx, MadeRecord, sql, tenant, source, customer, external_id)
    }

    /// Removes a location or contact that nothing else of the organisation has to do with; says whether it did.
    pub(crate) async fn delete_unused(&mut self, kind: ReferenceKind, id: Uuid) -> Result<bool, StoreError> {
        let tenant = self.tenant();
        let sql = match kind {
            ReferenceKind::Customer => return Ok(false),
            ReferenceKind::Location => DELETE_LOCATION,
            ReferenceKind::Contact => DELETE_CONTACT,
        };
        Ok(run!(&mut self.tx, sql, tenant, id)? == 1)
    }

    /// Takes what happened to a target out of the history of its customer, or of its location alone, which the portal
    /// shows.
    pub(crate) async fn take_history(&mut self, kind: ReferenceKind, target: TargetId) -> Result<(), StoreError> {
        let tenant = self.tenant();
        let sql = match kind {
            ReferenceKind::Customer => TAKE_FROM_CUSTOMER,
            ReferenceKind::Location => TAKE_FROM_LOCATION,
            ReferenceKind::Contact => return Ok(()),
        };
        run!(&mut self.tx, sql, tenant, target.uuid()).map(drop)
    }
}
