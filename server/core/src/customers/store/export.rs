//! Statements for the export of customers.

use domain::ids::CustomerId;
use sqlx::types::Json;

use crate::customers::export::{ExportedContact, ExportedLocation};
use crate::db::bulk::hex;
use crate::db::{EngineSql, StoreError, TenantTx};
use crate::identity::actors::Staff;

static SELECT_LOCATIONS: EngineSql = EngineSql::new(
    r"
    SELECT id, customer_id, name, street, postal_code, city, country, zone, access_notes, latitude, longitude
    FROM location
    WHERE tenant_id = $1
      AND archived_at IS NULL
      AND customer_id = ANY (ARRAY(SELECT jsonb_array_elements_text($2)::UUID))
    ORDER BY customer_id, name, id
",
);
static SELECT_CONTACTS: EngineSql = EngineSql::new(
    r"
    SELECT id, customer_id, location_id, display_name, email, phone
    FROM contact
    WHERE tenant_id = $1
      AND archived_at IS NULL
      AND customer_id = ANY (ARRAY(SELECT jsonb_array_elements_text($2)::UUID))
    ORDER BY customer_id, display_name, id
",
);

fn texts(customers: &[CustomerId]) -> Json<Vec<String>> {
    Json(customers.iter().map(|id| hex(id.uuid())).collect())
}

impl TenantTx<'_, Staff> {
    pub(crate) async fn exported_locations(
        &mut self,
        customers: &[CustomerId],
    ) -> Result<Vec<ExportedLocation>, StoreError> {
        let tenant = self.tenant();
        self.tx.fetch_all(&SELECT_LOCATIONS, (tenant, texts(customers))).await
    }

    pub(crate) async fn exported_contacts(
        &mut self,
        customers: &[CustomerId],
    ) -> Result<Vec<ExportedContact>, StoreError> {
        let tenant = self.tenant();
        self.tx.fetch_all(&SELECT_CONTACTS, (tenant, texts(customers))).await
    }
}
