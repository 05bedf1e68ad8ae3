//! Isolation of the tenants.

use crate::clock::Clock;
use crate::conformance::{demo_systems, new_stores, staff};
use crate::db::engine::Pools;
use crate::db::purpose::Administration;
use crate::identity::actors::Actor as _;

#[tokio::test]
async fn reference_across_tenants_is_a_conflict() {
    for (core, _) in demo_systems().await {
        let mut tx = core
            .store
            .begin_system::<Administration>()
            .await
            .expect("transaction begins");
        let tenants = tx.tenant_ids().await.expect("tenants are read");
        let (customer,): (uuid::Uuid,) = tx
            .tx
            .fetch_optional::<(uuid::Uuid,)>(
                "SELECT id FROM customer WHERE tenant_id = $1 LIMIT 1",
                (tenants[0].uuid(),),
            )
            .await
            .expect("query succeeds")
            .expect("demo has a customer");
        let foreign = tx.tx.execute("INSERT INTO location (tenant_id, id, customer_id, name, zone, created_at, updated_at) VALUES ($1, $2, $3, 'x', 'UTC', $4, $4)", (tenants[1].uuid(), uuid::Uuid::from_u128(1), customer, core.clock.now())).await;
        assert!(
            matches!(foreign, Err(crate::db::StoreError::Conflict(_))),
            "{foreign:?}"
        );
    }
}

#[tokio::test]
async fn row_level_security_missing_filter_hides_other_tenants() {
    for (core, book) in demo_systems().await {
        if matches!(core.store.pools, Pools::Sqlite { .. }) {
            continue;
        }
        let member = staff(&core, &book, "dispatcher").await;
        let mut tx = core.store.read(&member).await.expect("transaction begins");
        let tenants: Vec<(uuid::Uuid,)> = tx
            .tx
            .fetch_all::<(uuid::Uuid,)>("SELECT DISTINCT tenant_id FROM customer", ())
            .await
            .expect("query succeeds");
        assert_eq!(tenants, [(member.tenant().uuid(),)]);
        let mut without_tenant = core.store.begin_reading().await.expect("transaction begins");
        let rows: Vec<(uuid::Uuid,)> = without_tenant
            .fetch_all::<(uuid::Uuid,)>("SELECT id FROM customer", ())
            .await
            .expect("query succeeds");
        assert!(rows.is_empty(), "a transaction without a tenant finds nothing");
    }
}

#[tokio::test]
async fn row_level_security_every_tenant_table_is_protected() {
    const UNPROTECTED_TABLES: &str = "SELECT c.relname::text FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid AND a.attname = 'tenant_id' \
        WHERE c.relkind = 'r' AND c.relnamespace = 'public'::regnamespace AND NOT (c.relrowsecurity AND c.relforcerowsecurity) ORDER BY 1";
    for store in new_stores(&Clock::system()).await {
        if matches!(store.pools, Pools::Postgres(_)) {
            let mut tx = store.begin_reading().await.expect("transaction begins");
            let rows: Vec<(String,)> = tx
                .fetch_all::<(String,)>(UNPROTECTED_TABLES, ())
                .await
                .expect("query succeeds");
            // Sessions are found by a 256-bit hash before the tenant is known.
            assert_eq!(
                rows,
                [
                    ("partner_session".to_owned(),),
                    ("portal_session".to_owned(),),
                    ("staff_session".to_owned(),)
                ]
            );
        }
    }
}
