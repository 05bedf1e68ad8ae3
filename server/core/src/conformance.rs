//! Tests that run on both database engines, each with new databases. `ORDINAVO_TEST_POSTGRES` is the URL of a PostgreSQL
//! server on which databases may be created; `make test` starts one.

use chrono::{TimeZone as _, Utc};
use serde_json::json;

use crate::audit::NewAuditEntry;
use crate::clock::Clock;
use crate::db::engine::Pools;
use crate::db::{Store, all, maybe, run};
use crate::demo;
use crate::demo::{DemoAccounts, DemoSize};
use crate::files::FileStore;
use crate::identity::actors::{Actor as _, Staff, TenantId};
use crate::identity::sessions::SessionId;
use crate::identity::{Realm, authentication, demo as demo_actors, sign_in};
use crate::randomness::Randomness;
use crate::secrets::Keyring;
use crate::{Core, Settings};

/// Creates a new, migrated database on each engine.
pub(crate) async fn new_stores(clock: &Clock) -> Vec<Store> {
    let randomness = Randomness::from_system();
    let name = format!("t{}", randomness.uuid_v7(clock.now()).simple());
    let mut addresses = vec![format!(
        "sqlite://{}/{name}.db",
        std::env::temp_dir().join("ordinavo-tests").display()
    )];
    if let Ok(server) = std::env::var("ORDINAVO_TEST_POSTGRES") {
        let (base, _) = server.rsplit_once('/').expect("URL has a database name");
        let admin = sqlx::PgPool::connect(&server).await.expect("test server is reachable");
        sqlx::query(sqlx::AssertSqlSafe(format!("CREATE DATABASE {name}")))
            .execute(&admin)
            .await
            .expect("database is created");
        admin.close().await;
        addresses.push(format!("{base}/{name}"));
    }
    let mut stores = Vec::new();
    for address in addresses {
        let store = Store::open(&address, clock.clone(), randomness.clone())
            .await
            .expect("database opens");
        store.migrate().await.expect("schema is migrated");
        stores.push(store);
    }
    stores
}

/// Creates a system with the small demo on each engine.
pub(crate) async fn demo_systems() -> Vec<(Core, DemoAccounts)> {
    let clock = Clock::manual(
        Utc.with_ymd_and_hms(2026, 11, 23, 8, 30, 0)
            .single()
            .expect("time is valid"),
    );
    let mut systems = Vec::new();
    for store in new_stores(&clock).await {
        let randomness = Randomness::from_system();
        let keyring = Keyring::generate(&randomness);
        let files = FileStore::open("memory:///").expect("file store opens");
        let settings = Settings {
            webhook_allow_http: true,
            webhook_allow_nets: vec!["127.0.0.0/8".parse().expect("network is valid")],
            ..Settings::default()
        };
        let core = Core::new(store, clock.clone(), randomness, keyring, files, settings);
        let book = demo::fill(&core, "http://127.0.0.1:3000", DemoSize::Small, false)
            .await
            .expect("demo data is created");
        systems.push((core, book));
    }
    systems
}

/// Signs in the demo staff account with a role.
pub(crate) async fn staff(core: &Core, book: &DemoAccounts, role: &str) -> Staff {
    let account = book.tenants[0].staff(role).expect("demo has an account with this role");
    let session = demo_actors::sign_in(core, Realm::Staff, &account.email, &account.password).await;
    authentication::staff(core, session)
        .await
        .expect("session is read")
        .expect("session belongs to a staff member")
}

#[tokio::test]
async fn schema_both_engines_same_tables_and_columns() {
    const SQLITE: &str = "SELECT m.name || '.' || p.name || CASE WHEN p.\"notnull\" = 1 OR p.pk > 0 THEN '!' ELSE '' END FROM sqlite_master m, pragma_table_info(m.name) p \
        WHERE m.type = 'table' AND m.name NOT LIKE '\\_sqlx%' ESCAPE '\\' AND m.name NOT LIKE 'sqlite%'";
    const POSTGRES: &str = "SELECT table_name || '.' || column_name || CASE WHEN is_nullable = 'NO' THEN '!' ELSE '' END FROM information_schema.columns \
        WHERE table_schema = 'public' AND table_name NOT LIKE '\\_sqlx%'";
    const SQLITE_INDEXES: &str = "SELECT name FROM sqlite_master WHERE type = 'index' AND name NOT LIKE 'sqlite_autoindex%' AND name NOT LIKE '\\_sqlx%' ESCAPE '\\'";
    const POSTGRES_INDEXES: &str = "SELECT indexname::text FROM pg_indexes WHERE schemaname = 'public' AND indexname NOT LIKE '%\\_key' AND indexname NOT LIKE '%\\_pkey' AND indexname NOT LIKE '\\_sqlx%'";
    let stores = new_stores(&Clock::system()).await;
    let mut schemas = Vec::new();
    for store in &stores {
        let mut tx = store.begin_reading().await.expect("transaction begins");
        let columns = tx.dialect(SQLITE, POSTGRES);
        let indexes = tx.dialect(SQLITE_INDEXES, POSTGRES_INDEXES);
        let mut schema: Vec<(String,)> = all!(&mut tx, (String,), columns).expect("columns are read");
        schema.extend(all!(&mut tx, (String,), indexes).expect("indexes are read"));
        schema.sort();
        assert!(schema.len() > 200);
        schemas.push(schema);
    }
    assert!(
        schemas.windows(2).all(|pair| pair[0] == pair[1]),
        "the schemas differ: {:?}",
        schemas[0]
            .iter()
            .filter(|part| !schemas.last().expect("there is a schema").contains(part))
            .collect::<Vec<_>>()
    );
}

#[tokio::test]
async fn migrations_both_engines_same_numbers_and_names() {
    let names = |engine: &str| {
        let mut names: Vec<_> = std::fs::read_dir(format!("{}/../../migrations/{engine}", env!("CARGO_MANIFEST_DIR")))
            .expect("migrations directory exists")
            .map(|entry| entry.expect("directory entry is readable").file_name())
            .collect();
        names.sort();
        names
    };
    assert_eq!(names("sqlite"), names("postgres"));
}

#[tokio::test]
async fn session_other_realm_or_idle_is_not_valid() {
    for (core, book) in demo_systems().await {
        let member = staff(&core, &book, "dispatcher").await;
        let id = SessionId(7);
        let row = demo_actors::session_row(&core, &member, id);
        let mut tx = core.store.begin_system().await.expect("transaction begins");
        assert!(tx.insert_session(Realm::Staff, &row).await.expect("row is inserted"));
        assert!(
            !tx.insert_session(Realm::Staff, &row).await.expect("query succeeds"),
            "an existing session is not overwritten"
        );
        tx.commit().await.expect("transaction commits");
        assert!(
            authentication::staff(&core, id)
                .await
                .expect("query succeeds")
                .is_some()
        );
        assert!(
            authentication::contact(&core, id)
                .await
                .expect("query succeeds")
                .is_none()
        );
        core.clock.advance(authentication::IDLE_TIMEOUT);
        assert!(
            authentication::staff(&core, id)
                .await
                .expect("query succeeds")
                .is_none(),
            "an idle session expires"
        );
    }
}

#[tokio::test]
async fn reference_across_tenants_is_a_conflict() {
    for (core, _) in demo_systems().await {
        let mut tx = core.store.begin_system().await.expect("transaction begins");
        let tenants = tx.tenant_ids().await.expect("tenants are read");
        let (customer,): (uuid::Uuid,) = maybe!(
            &mut tx.tx,
            (uuid::Uuid,),
            "SELECT id FROM customer WHERE tenant_id = $1 LIMIT 1",
            tenants[0].uuid()
        )
        .expect("query succeeds")
        .expect("demo has a customer");
        let foreign = run!(
            &mut tx.tx,
            "INSERT INTO location (tenant_id, id, customer_id, name, zone, created_at, updated_at) VALUES ($1, $2, $3, 'x', 'UTC', $4, $4)",
            tenants[1].uuid(),
            uuid::Uuid::from_u128(1),
            customer,
            core.clock.now()
        );
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
        let tenants: Vec<(uuid::Uuid,)> =
            all!(&mut tx.tx, (uuid::Uuid,), "SELECT DISTINCT tenant_id FROM customer").expect("query succeeds");
        assert_eq!(tenants, [(member.tenant().uuid(),)]);
        let mut without_tenant = core.store.begin_reading().await.expect("transaction begins");
        let rows: Vec<(uuid::Uuid,)> =
            all!(&mut without_tenant, (uuid::Uuid,), "SELECT id FROM customer").expect("query succeeds");
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
            let rows: Vec<(String,)> = all!(&mut tx, (String,), UNPROTECTED_TABLES).expect("query succeeds");
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

#[tokio::test]
async fn audit_chain_modified_row_verify_returns_its_sequence() {
    for (core, book) in demo_systems().await {
        let auditor = staff(&core, &book, "auditor").await;
        let verify = async || {
            crate::audit::verify(&core, auditor.may().expect("role has the permission"))
                .await
                .expect("query succeeds")
        };
        assert_eq!(verify().await, None);
        let mut tx = core.store.begin_system().await.expect("transaction begins");
        let refused = run!(&mut tx.tx, "UPDATE audit_entry SET action = 'x' WHERE sequence = 5");
        assert!(refused.is_err(), "the log is append-only");
        drop(tx);
        let mut tx = core.store.begin_system().await.expect("transaction begins");
        let disable_trigger = tx.tx.dialect(
            "DROP TRIGGER audit_entry_no_update",
            "ALTER TABLE audit_entry DISABLE TRIGGER audit_entry_append_only",
        );
        run!(&mut tx.tx, disable_trigger).expect("trigger is disabled");
        run!(
            &mut tx.tx,
            "UPDATE audit_entry SET action = 'x' WHERE tenant_id = $1 AND sequence = 5",
            auditor.tenant().uuid()
        )
        .expect("row is modified");
        tx.commit().await.expect("transaction commits");
        assert_eq!(verify().await, Some(5));
    }
}

#[tokio::test]
async fn audit_chain_concurrent_writers_is_valid() {
    for (core, book) in demo_systems().await {
        let auditor = staff(&core, &book, "auditor").await;
        let writers = (0..12).map(|number| {
            let (core, tenant) = (core.clone(), auditor.tenant());
            tokio::spawn(async move { write_audit(&core, tenant, number).await })
        });
        for writer in writers.collect::<Vec<_>>() {
            writer.await.expect("task finishes");
        }
        assert_eq!(
            crate::audit::verify(&core, auditor.may().expect("role has the permission"))
                .await
                .expect("query succeeds"),
            None
        );
    }
}

async fn write_audit(core: &Core, tenant: TenantId, number: i64) {
    let mut tx = core.store.begin_system().await.expect("transaction begins");
    let entry = |part| NewAuditEntry {
        actor: "test".to_owned(),
        action: "test.written",
        subject: format!("{number}.{part}"),
        details: json!({ "z": 1, "a": [number] }),
    };
    crate::audit::write(&mut tx.tx, tenant, core.clock.now(), vec![entry(1), entry(2)])
        .await
        .expect("audit rows are written");
    tx.commit().await.expect("transaction commits");
}

#[tokio::test]
async fn sign_in_wrong_or_unknown_same_error_and_throttled() {
    for (core, book) in demo_systems().await {
        let account = book.tenants[0].staff("manager").expect("demo has a manager").clone();
        let attempt = async |email: &str, password: &str| {
            sign_in::sign_in(&core, Realm::Staff, email, password.to_owned().into(), "10.0.0.9").await
        };
        let wrong = attempt(&account.email, "not the password")
            .await
            .expect_err("wrong password is rejected");
        let unknown = attempt("nobody@nordlicht.example", "not the password")
            .await
            .expect_err("unknown address is rejected");
        assert_eq!(wrong, unknown);
        let locked = attempt(&account.email, &account.password)
            .await
            .expect_err("attempts are locked");
        assert_eq!(locked.problem, domain::problems::Problem::RateLimited);
        core.clock.advance(chrono::TimeDelta::seconds(2));
        assert!(
            attempt(&account.email, &account.password).await.is_ok(),
            "the lock expires"
        );
        // Staff credentials are not valid in the portal.
        assert!(
            sign_in::sign_in(
                &core,
                Realm::Portal,
                &account.email,
                account.password.clone().into(),
                "x"
            )
            .await
            .is_err()
        );
    }
}

/// A target copies the request's data, so a request that changed after it was read must not be linked.
#[tokio::test]
async fn request_target_stale_request_is_not_linked() {
    for (core, book) in demo_systems().await {
        let dispatcher = staff(&core, &book, "dispatcher").await;
        let filter = crate::requests::RequestFilter {
            status: Some(domain::requests::RequestStatus::Submitted),
            ..crate::requests::RequestFilter::default()
        };
        let mut tx = core.store.read(&dispatcher).await.expect("transaction begins");
        let line = tx.requests(&filter, None, 1).await.expect("query succeeds").pop();
        let request = line.expect("demo has a submitted request").id.0;
        drop(tx);
        let permit = dispatcher.may().expect("role has the permission");
        crate::requests::review::decide(&core, permit, request, crate::requests::review::Decision::Accept)
            .await
            .expect("request is accepted");
        let mut tx = core.store.begin(&dispatcher).await.expect("transaction begins");
        let read = tx
            .request_view(request)
            .await
            .expect("request is read")
            .expect("request exists");
        let target = crate::jobs::TargetRecord::open(
            tx.new_id(),
            tx.next_number("target").await.expect("number is allocated"),
        );
        assert!(tx.insert_target(&target).await.expect("row is inserted"));
        let stale = read.updated_at - chrono::TimeDelta::seconds(1);
        assert!(
            !tx.set_request_target(request, target.id.0, stale)
                .await
                .expect("query succeeds")
        );
        assert!(
            tx.set_request_target(request, target.id.0, read.updated_at)
                .await
                .expect("query succeeds")
        );
    }
}

/// Path and text of every SQL constant of the stores, with runs of white space as one space.
fn statements() -> Vec<(String, String)> {
    fn collect(directory: &std::path::Path, found: &mut Vec<std::path::PathBuf>) {
        for entry in std::fs::read_dir(directory).expect("source directory exists") {
            let path = entry.expect("directory entry is readable").path();
            if path.is_dir() {
                collect(&path, found);
            } else if path.components().any(|part| part.as_os_str() == "store") || path.ends_with("store.rs") {
                found.push(path);
            }
        }
    }
    let mut files = Vec::new();
    collect(
        &std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("src"),
        &mut files,
    );
    let mut statements = Vec::new();
    for path in files {
        let source = std::fs::read_to_string(&path).expect("source file is readable");
        for constant in source.split("\nconst ").skip(1) {
            let text = constant.split("\";\n").next().unwrap_or_default();
            let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
            let text = text.replace("( ", "(").replace(" )", ")");
            statements.push((path.display().to_string(), text));
        }
    }
    assert!(statements.len() > 300, "only {} constants were found", statements.len());
    statements
}

/// Without `MATERIALIZED`, SQLite evaluates the list for each row and scans the tenant's rows instead of using the key.
#[test]
fn bulk_update_sqlite_materializes_the_list() {
    let mut updates = 0;
    for (path, text) in statements() {
        let Some((before, after)) = text.split_once("UPDATE ") else {
            continue;
        };
        let is_sqlite = before.split(':').next().is_some_and(|name| name.contains("_SQLITE"));
        if is_sqlite || before.contains("MATERIALIZED") {
            assert!(
                !after.contains("json_each") || after.contains("IN (SELECT"),
                "{path}: {text}"
            );
            updates += usize::from(before.contains("MATERIALIZED"));
        }
    }
    assert!(updates >= 10, "only {updates} bulk updates were found");
}

/// Keyset pagination compares rows, `(a, b) > ($1, $2)`: PostgreSQL then starts at that index entry. Written with OR, it
/// scans everything before the cursor.
#[test]
fn keyset_pagination_compares_rows() {
    let mut rows = 0;
    for (path, text) in statements() {
        let uses_or = text.split(" OR (").skip(1).any(|rest| {
            rest.split_once(" AND ").is_some_and(|(equal, after)| {
                equal.contains(" = $") && (after.contains(" > $") || after.contains(" < $")) && after.contains("))")
            })
        });
        assert!(!uses_or, "{path}: {text}");
        rows += text.matches(") > ($").count() + text.matches(") < ($").count();
    }
    assert!(rows >= 20, "only {rows} keyset comparisons were found");
}
