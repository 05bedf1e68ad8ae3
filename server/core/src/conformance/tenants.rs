//! Isolation of the tenants.

use crate::clock::Clock;
use crate::conformance::{demo_systems, new_stores, staff};
use crate::db::engine::Pools;
use crate::db::purpose::Administration;
use crate::identity::actors::Actor as _;
use crate::identity::administration;

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

/// Returns the names of all tables with rows of tenants.
async fn tenant_tables(core: &crate::Core) -> Vec<String> {
    let sql = match core.store.pools {
        Pools::Sqlite { .. } => {
            "SELECT object.name FROM sqlite_master AS object JOIN pragma_table_info(object.name) AS info \
             WHERE object.type = 'table' AND info.name = 'tenant_id'"
        }
        Pools::Postgres(_) => {
            "SELECT table_name::text FROM information_schema.columns \
             WHERE column_name = 'tenant_id' AND table_schema = current_schema()"
        }
    };
    let mut tx = core
        .store
        .begin_system::<Administration>()
        .await
        .expect("transaction begins");
    let rows = tx.tx.fetch_all::<(String,)>(sql, ()).await.expect("tables are listed");
    rows.into_iter().map(|(name,)| name).collect()
}

/// Returns the number of rows of a tenant in each table.
async fn count_rows(core: &crate::Core, tables: &[String], tenant: uuid::Uuid) -> Vec<(String, i64)> {
    let mut tx = core
        .store
        .begin_system::<Administration>()
        .await
        .expect("transaction begins");
    let mut counts = Vec::new();
    for table in tables {
        // The test leaks the text, because statements are constants.
        let sql: &'static str = format!("SELECT count(*) FROM {table} WHERE tenant_id = $1").leak();
        let (count,) = tx
            .tx
            .fetch_one::<(i64,)>(sql, (tenant,))
            .await
            .expect("rows are counted");
        counts.push((table.clone(), count));
    }
    counts
}

#[tokio::test]
async fn tenant_deleted_leaves_no_row_and_other_tenants_unchanged() {
    for (core, book) in demo_systems().await {
        let member = staff(&core, &book, "dispatcher").await;
        let tenant = member.tenant();
        let mut tx = core
            .store
            .begin_system::<Administration>()
            .await
            .expect("transaction begins");
        let other = tx
            .tenant_by_slug(&book.tenants[1].slug)
            .await
            .expect("tenant is read")
            .expect("demo has two tenants");
        tx.tx
            .execute(
                "INSERT INTO draft (tenant_id, realm, person_id, page, form, fields, updated_at) VALUES ($1, 'staff', $2, '/app', 'x', $3, $4)",
                (
                    tenant.uuid(),
                    member.id().uuid(),
                    sqlx::types::Json(serde_json::json!({})),
                    core.clock.now(),
                ),
            )
            .await
            .expect("draft is inserted");
        tx.commit().await.expect("commits");
        let tables = tenant_tables(&core).await;
        assert!(tables.len() > 60, "{tables:?}");
        let before = count_rows(&core, &tables, other.uuid()).await;
        let slug = &book.tenants[0].slug;
        administration::delete_tenant(&core, slug, "another")
            .await
            .expect_err("the slug was not confirmed");
        administration::delete_tenant(&core, slug, slug)
            .await
            .expect("tenant is deleted");
        let left: Vec<_> = count_rows(&core, &tables, tenant.uuid())
            .await
            .into_iter()
            // The worker deletes the content of files, and then its register.
            .filter(|(table, count)| *count > 0 && !["blob", "file_usage"].contains(&table.as_str()))
            .collect();
        assert!(left.is_empty(), "{left:?}");
        assert_eq!(count_rows(&core, &tables, other.uuid()).await, before);
    }
}
