//! Imports with each kind of mapping warning.

use serde_json::{Value, json};

use super::import_payload;
use crate::demo::tenants::DemoWorld;
use crate::identity::actors::ApiClient;
use crate::{Core, CoreResult};

/// Imports targets that cause each kind of mapping warning, through all clients.
pub(super) async fn import_special_cases(core: &Core, world: &DemoWorld) -> CoreResult<()> {
    let cases: [(&ApiClient, Value); 16] = [
        (
            &world.import_only,
            json!({ "customer": { "externalId": "X-1", "name": "Whoever" } }),
        ),
        (
            &world.erp_strict,
            json!({ "customer": { "externalId": "NEW-1", "name": "Neue Firma" } }),
        ),
        (
            &world.erp_strict,
            json!({ "customer": { "externalId": "CUST-10042", "customerNumber": "NL-1001" } }),
        ),
        (
            &world.erp_strict,
            json!({ "customer": { "externalId": "CUST-10042", "customerNumber": "RRM-999" } }),
        ),
        (
            &world.erp,
            json!({ "customer": { "externalId": "NEW-7", "customerNumber": "dup-7" } }),
        ),
        (
            &world.erp,
            json!({ "customer": { "externalId": "NEW-8", "customerNumber": "OLD-1" } }),
        ),
        (
            &world.erp,
            json!({ "customer": { "externalId": "CUST-OTHER", "customerNumber": "RRM-001" } }),
        ),
        (
            &world.erp,
            json!({ "customer": { "customerNumber": "UNKNOWN-1", "name": "Unbekannt" } }),
        ),
        (
            &world.erp,
            json!({ "customer": { "name": "Rhein-Ruhr Medical Supply" } }),
        ),
        (
            &world.erp_strict,
            json!({ "customer": { "externalId": "n/a", "customerNumber": "RRM-001", "name": "Rhein-Ruhr Medical" } }),
        ),
        (&world.erp, json!({ "customer": { "externalId": "NEW-9" } })),
        (
            &world.erp,
            json!({ "customer": { "externalId": "CUST-20002" }, "location": { "externalId": "LOC-ESSEN-01" } }),
        ),
        (
            &world.erp,
            json!({ "customer": { "externalId": "CUST-10042" }, "location": { "name": "Somewhere", "city": "Essen" }, "contact": { "displayName": "Anna Weber" } }),
        ),
        (&world.erp, json!({ "location": { "externalId": "LOC-ESSEN-02" } })),
        (
            &world.erp,
            json!({ "customer": { "externalId": "NEW-10", "customerNumber": "ZZ-1", "name": "Bäckerei Kornfeld" }, "location": { "externalId": "LOC-NEW-10", "city": "Witten" } }),
        ),
        (
            &world.partner,
            json!({ "customer": { "externalId": "CUST-10042" }, "location": { "externalId": "LOC-NOWHERE" }, "contact": { "externalId": "CONT-NOBODY", "displayName": "Nobody" } }),
        ),
    ];
    for (index, (client, mut payload)) in cases.into_iter().enumerate() {
        payload["externalId"] = json!(format!("ODD-{:03}", index + 1));
        payload["notes"] = json!("Sent by a partner system");
        import_payload(core, client, &payload).await?;
    }
    Ok(())
}
