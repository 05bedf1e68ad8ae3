//! The history of the fields of customers, locations and contacts, which the database itself writes (decision 0036).

use std::collections::{BTreeSet, HashMap};

use domain::ids::{CustomerId, uuid_of};
use uuid::Uuid;

use crate::customers::model::RecordChange;
use crate::db::bulk::hex;
use crate::db::{EngineSql, StoreError, TenantTx};
use crate::identity::actors::Staff;

macro_rules! select_changes {
    () => {
        r"
            SELECT
                change.kind, COALESCE(location.name, contact.display_name) AS record_name, change.field, change.old_value,
                change.new_value, change.at, change.changed_by
            FROM record_change AS change
            LEFT JOIN location ON location.tenant_id = change.tenant_id AND location.id = change.record_id
            LEFT JOIN contact ON contact.tenant_id = change.tenant_id AND contact.id = change.record_id
            WHERE change.tenant_id = $1
              AND change.customer_id = $2
        "
    };
}
const SELECT_CHANGES_OF_CUSTOMER: &str = concat!(
    select_changes!(),
    " ORDER BY change.at DESC, change.kind, change.field, change.id LIMIT $3"
);
const SELECT_CHANGES_OF_RECORD: &str = concat!(
    select_changes!(),
    " AND change.record_id = $4 ORDER BY change.at DESC, change.field, change.id LIMIT $3"
);
static SELECT_ACTORS: EngineSql = EngineSql::new(
    r"
    SELECT id, display_name AS name
    FROM staff_account
    WHERE tenant_id = $1
      AND id = ANY (ARRAY(SELECT jsonb_array_elements_text($2)::UUID))
    UNION ALL
    SELECT id, name
    FROM integration_client
    WHERE tenant_id = $1
      AND id = ANY (ARRAY(SELECT jsonb_array_elements_text($2)::UUID))
    UNION ALL
    SELECT id, display_name AS name
    FROM partner_account
    WHERE tenant_id = $1
      AND id = ANY (ARRAY(SELECT jsonb_array_elements_text($2)::UUID))
",
);

/// The names of staff, clients and partners by ID.
pub(crate) struct ActorNames(HashMap<Uuid, String>);

impl ActorNames {
    /// Returns the name of an actor.
    pub(crate) fn of(&self, label: &str) -> Option<String> {
        self.0.get(&id_of(label)?).cloned()
    }
}

/// Returns the ID in a label, which is the kind of an actor and its ID, such as `staff:stf_…`.
fn id_of(label: &str) -> Option<Uuid> {
    let (_, id) = label.split_once(':')?;
    uuid_of(id).ok()
}

impl TenantTx<'_, Staff> {
    /// Returns the latest changes of a customer with its locations and contacts, or of one of these records.
    pub(crate) async fn record_changes(
        &mut self,
        customer: CustomerId,
        record: Option<Uuid>,
        limit: i64,
    ) -> Result<Vec<RecordChange>, StoreError> {
        let tenant = self.tenant();
        let mut changes: Vec<RecordChange> = match record {
            Some(record) => {
                let arguments = (tenant, customer.uuid(), limit, record);
                self.tx.fetch_all(SELECT_CHANGES_OF_RECORD, arguments).await?
            }
            None => {
                let arguments = (tenant, customer.uuid(), limit);
                self.tx.fetch_all(SELECT_CHANGES_OF_CUSTOMER, arguments).await?
            }
        };
        if changes.is_empty() {
            return Ok(changes);
        }
        let labels = changes.iter().filter_map(|change| change.changed_by.as_deref());
        let actors = self.actor_names(labels).await?;
        for change in &mut changes {
            change.actor_name = change.changed_by.as_deref().and_then(|label| actors.of(label));
        }
        Ok(changes)
    }

    /// Returns the names of actors by their labels.
    pub(crate) async fn actor_names(&mut self, labels: impl Iterator<Item = &str>) -> Result<ActorNames, StoreError> {
        let ids: BTreeSet<String> = labels.filter_map(id_of).map(hex).collect();
        if ids.is_empty() {
            return Ok(ActorNames(HashMap::new()));
        }
        let values = (self.tenant(), sqlx::types::Json(ids));
        let names = self.tx.fetch_all::<(Uuid, String)>(&SELECT_ACTORS, values).await?;
        Ok(ActorNames(names.into_iter().collect()))
    }
}
