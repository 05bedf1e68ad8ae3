//! What must hold on both engines. Each test gets a new database of each; PostgreSQL comes from
//! `ORDINAVO_TEST_POSTGRES` (the address of a server where databases may be made), which `make test` starts.

use chrono::{TimeZone as _, Utc};
use serde_json::json;

use crate::audit::NewAudit;
use crate::clock::Clock;
use crate::db::engine::Pools;
use crate::db::{Store, all, maybe, run};
use crate::demo;
use crate::demo::{DemoBook, DemoSize};
use crate::files::FileStore;
use crate::identity::actors::{Staff, TenantId};
use crate::identity::sessions::SessionId;
use crate::identity::{Door, SessionRow};
use crate::identity::{authentication, sign_in};
use crate::randomness::Randomness;
use crate::secrets::Keyring;
use crate::{Core, Settings};

/// New databases, one of each engine, with the schema in place.
pub(crate) async fn new_stores(clock: &Clock) -> Vec<Store> {
    let randomness = Randomness::from_system();
    let name = format!("t{}", randomness.uuid_v7(clock.now()).simple());
    let mut addresses = vec![format!(
        "sqlite://{}/{name}.db",
        std::env::temp_dir().join("ordinavo-tests").display()
    )];
    if let Ok(server) = std::env::var("ORDINAVO_TEST_POSTGRES") {
        let (base, _) = server.rsplit_once('/').expect("an address with a database");
        let admin = sqlx::PgPool::connect(&server).await.expect("the test server answers");
        sqlx::query(sqlx::AssertSqlSafe(format!("CREATE DATABASE {name}")))
            .execute(&admin)
            .await
            .expect("a new database");
        admin.close().await;
        addresses.push(format!("{base}/{name}"));
    }
    let mut stores = Vec::new();
    for address in addresses {
        let store = Store::open(&address, clock.clone(), randomness.clone())
            .await
            .expect("opens");
        store.migrate().await.expect("migrates");
        stores.push(store);
    }
    stores
}

/// Systems with the small demo, one on each engine.
pub(crate) async fn demo_systems() -> Vec<(Core, DemoBook)> {
    let clock = Clock::manual(Utc.with_ymd_and_hms(2026, 11, 23, 8, 30, 0).single().expect("a moment"));
    let mut systems = Vec::new();
    for store in new_stores(&clock).await {
        let randomness = Randomness::from_system();
        let keyring = Keyring::generate(&randomness);
        let files = FileStore::open("memory:///").expect("files");
        let settings = Settings {
            webhook_allow_http: true,
            webhook_allow_nets: vec!["127.0.0.0/8".parse().expect("a network")],
            ..Settings::default()
        };
        let core = Core::new(store, clock.clone(), randomness, keyring, files, settings);
        let book = demo::fill(&core, "http://127.0.0.1:3000", DemoSize::Small, false)
            .await
            .expect("demo data");
        systems.push((core, book));
    }
    systems
}

/// A member of the staff, signed in like anybody.
pub(crate) async fn staff(core: &Core, book: &DemoBook, role: &str) -> Staff {
    let account = book.tenants[0].staff(role).expect("an account");
    let signed_in = sign_in::sign_in(
        core,
        Door::Staff,
        &account.email,
        account.password.clone().into(),
        "test",
    )
    .await
    .expect("signs in");
    let sign_in::Admission::Granted(admitted) = &signed_in[0].admission else {
        panic!("the staff give no codes");
    };
    let session = SessionId(i128::from_be_bytes(core.randomness.bytes()));
    crate::identity::sessions::create(
        core,
        Door::Staff,
        session,
        json!({ "account": admitted }),
        core.clock.now() + authentication::IDLE,
    )
    .await
    .expect("a session");
    authentication::staff(core, session)
        .await
        .expect("answers")
        .expect("a member of the staff")
}

#[tokio::test]
async fn both_engines_have_the_same_tables_and_columns() {
    const SQLITE: &str = "SELECT m.name || '.' || p.name || CASE WHEN p.\"notnull\" = 1 OR p.pk > 0 THEN '!' ELSE '' END FROM sqlite_master m, pragma_table_info(m.name) p \
        WHERE m.type = 'table' AND m.name NOT LIKE '\\_sqlx%' ESCAPE '\\' AND m.name NOT LIKE 'sqlite%'";
    const POSTGRES: &str = "SELECT table_name || '.' || column_name || CASE WHEN is_nullable = 'NO' THEN '!' ELSE '' END FROM information_schema.columns \
        WHERE table_schema = 'public' AND table_name NOT LIKE '\\_sqlx%'";
    const SQLITE_INDEXES: &str = "SELECT name FROM sqlite_master WHERE type = 'index' AND name NOT LIKE 'sqlite_autoindex%' AND name NOT LIKE '\\_sqlx%' ESCAPE '\\'";
    const POSTGRES_INDEXES: &str = "SELECT indexname::text FROM pg_indexes WHERE schemaname = 'public' AND indexname NOT LIKE '%\\_key' AND indexname NOT LIKE '%\\_pkey' AND indexname NOT LIKE '\\_sqlx%'";
    let stores = new_stores(&Clock::system()).await;
    let mut shapes = Vec::new();
    for store in &stores {
        let mut tx = store.begin_reading().await.expect("begins");
        let columns = tx.dialect(SQLITE, POSTGRES);
        let indexes = tx.dialect(SQLITE_INDEXES, POSTGRES_INDEXES);
        let mut shape: Vec<(String,)> = all!(&mut tx, (String,), columns).expect("columns");
        shape.extend(all!(&mut tx, (String,), indexes).expect("indexes"));
        shape.sort();
        assert!(shape.len() > 200);
        shapes.push(shape);
    }
    assert!(
        shapes.windows(2).all(|pair| pair[0] == pair[1]),
        "the schemas differ: {:?}",
        shapes[0]
            .iter()
            .filter(|part| !shapes.last().expect("one").contains(part))
            .collect::<Vec<_>>()
    );
}

#[tokio::test]
async fn migrations_have_the_same_numbers_and_names() {
    let names = |folder: &str| {
        let mut names: Vec<_> = std::fs::read_dir(format!("{}/../../migrations/{folder}", env!("CARGO_MANIFEST_DIR")))
            .expect("a folder")
            .map(|entry| entry.expect("an entry").file_name())
            .collect();
        names.sort();
        names
    };
    assert_eq!(names("sqlite"), names("postgres"));
}

#[tokio::test]
async fn sessions_of_one_door_are_nothing_at_the_other() {
    for (core, book) in demo_systems().await {
        let member = staff(&core, &book, "dispatcher").await;
        let id = SessionId(7);
        let row = SessionRow {
            id_hash: id.hash(),
            tenant: Some(member.tenant.uuid()),
            account: Some(member.id.uuid()),
            data: json!({}),
            expires_at: core.clock.now() + authentication::IDLE,
        };
        let mut tx = core.store.begin_system().await.expect("begins");
        assert!(tx.insert_session(Door::Staff, &row).await.expect("inserts"));
        assert!(
            !tx.insert_session(Door::Staff, &row).await.expect("answers"),
            "a taken id is not overwritten"
        );
        tx.commit().await.expect("commits");
        assert!(authentication::staff(&core, id).await.expect("answers").is_some());
        assert!(authentication::contact(&core, id).await.expect("answers").is_none());
        core.clock.advance(authentication::IDLE);
        assert!(
            authentication::staff(&core, id).await.expect("answers").is_none(),
            "an idle session ends"
        );
    }
}

#[tokio::test]
async fn a_reference_across_tenants_is_a_constraint_error() {
    for (core, _) in demo_systems().await {
        let mut tx = core.store.begin_system().await.expect("begins");
        let tenants = tx.tenant_ids().await.expect("tenants");
        let (customer,): (uuid::Uuid,) = maybe!(
            &mut tx.tx,
            (uuid::Uuid,),
            "SELECT id FROM customer WHERE tenant_id = $1 LIMIT 1",
            tenants[0].uuid()
        )
        .expect("answers")
        .expect("a customer");
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
async fn the_second_wall_hides_other_tenants_from_a_forgotten_filter() {
    for (core, book) in demo_systems().await {
        if matches!(core.store.pools, Pools::Sqlite { .. }) {
            continue;
        }
        let member = staff(&core, &book, "dispatcher").await;
        let mut tx = core.store.read(&member).await.expect("begins");
        let tenants: Vec<(uuid::Uuid,)> =
            all!(&mut tx.tx, (uuid::Uuid,), "SELECT DISTINCT tenant_id FROM customer").expect("answers");
        assert_eq!(tenants, [(member.tenant.uuid(),)]);
        let mut nobody = core.store.begin_reading().await.expect("begins");
        let rows: Vec<(uuid::Uuid,)> = all!(&mut nobody, (uuid::Uuid,), "SELECT id FROM customer").expect("answers");
        assert!(rows.is_empty(), "a transaction without a tenant finds nothing");
    }
}

#[tokio::test]
async fn every_tenant_table_stands_behind_the_second_wall() {
    const WITHOUT: &str = "SELECT c.relname::text FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid AND a.attname = 'tenant_id' \
        WHERE c.relkind = 'r' AND c.relnamespace = 'public'::regnamespace AND NOT (c.relrowsecurity AND c.relforcerowsecurity) ORDER BY 1";
    for store in new_stores(&Clock::system()).await {
        if matches!(store.pools, Pools::Postgres(_)) {
            let mut tx = store.begin_reading().await.expect("begins");
            let rows: Vec<(String,)> = all!(&mut tx, (String,), WITHOUT).expect("answers");
            // Sessions are found before the tenant is known, by a hash of 256 bits.
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
async fn the_audit_chain_holds_and_shows_where_it_was_broken() {
    for (core, book) in demo_systems().await {
        let auditor = staff(&core, &book, "auditor").await;
        let verify = async || {
            crate::audit::verify(&core, auditor.may().expect("may"))
                .await
                .expect("answers")
        };
        assert_eq!(verify().await, None);
        let mut tx = core.store.begin_system().await.expect("begins");
        let refused = run!(&mut tx.tx, "UPDATE audit_entry SET action = 'x' WHERE sequence = 5");
        assert!(refused.is_err(), "the log is append-only");
        drop(tx);
        let mut tx = core.store.begin_system().await.expect("begins");
        let lift = tx.tx.dialect(
            "DROP TRIGGER audit_entry_no_update",
            "ALTER TABLE audit_entry DISABLE TRIGGER audit_entry_append_only",
        );
        run!(&mut tx.tx, lift).expect("lifted");
        run!(
            &mut tx.tx,
            "UPDATE audit_entry SET action = 'x' WHERE tenant_id = $1 AND sequence = 5",
            auditor.tenant.uuid()
        )
        .expect("forged");
        tx.commit().await.expect("commits");
        assert_eq!(verify().await, Some(5));
    }
}

#[tokio::test]
async fn audit_rows_of_simultaneous_writers_make_one_chain() {
    for (core, book) in demo_systems().await {
        let auditor = staff(&core, &book, "auditor").await;
        let writers = (0..12).map(|number| {
            let (core, tenant) = (core.clone(), auditor.tenant);
            tokio::spawn(async move { write_audit(&core, tenant, number).await })
        });
        for writer in writers.collect::<Vec<_>>() {
            writer.await.expect("runs");
        }
        assert_eq!(
            crate::audit::verify(&core, auditor.may().expect("may"))
                .await
                .expect("answers"),
            None
        );
    }
}

async fn write_audit(core: &Core, tenant: TenantId, number: i64) {
    let mut tx = core.store.begin_system().await.expect("begins");
    let entry = |part| NewAudit {
        actor: "test".to_owned(),
        action: "test.written",
        subject: format!("{number}.{part}"),
        details: json!({ "z": 1, "a": [number] }),
    };
    crate::audit::write(&mut tx.tx, tenant, core.clock.now(), vec![entry(1), entry(2)])
        .await
        .expect("writes");
    tx.commit().await.expect("commits");
}

#[tokio::test]
async fn sign_in_is_throttled_and_says_the_same_for_everybody() {
    for (core, book) in demo_systems().await {
        let account = book.tenants[0].staff("manager").expect("an account").clone();
        let attempt = async |email: &str, password: &str| {
            sign_in::sign_in(&core, Door::Staff, email, password.to_owned().into(), "10.0.0.9").await
        };
        let wrong = attempt(&account.email, "not the password").await.expect_err("refused");
        let unknown = attempt("nobody@nordlicht.example", "not the password")
            .await
            .expect_err("refused");
        assert_eq!(wrong, unknown);
        let locked = attempt(&account.email, &account.password).await.expect_err("locked");
        assert_eq!(locked.problem, domain::problems::Problem::RateLimited);
        core.clock.advance(chrono::TimeDelta::seconds(2));
        assert!(
            attempt(&account.email, &account.password).await.is_ok(),
            "the lock ends by itself"
        );
        // A staff password is nothing at the portal's door.
        assert!(
            sign_in::sign_in(
                &core,
                Door::Portal,
                &account.email,
                account.password.clone().into(),
                "x"
            )
            .await
            .is_err()
        );
    }
}

/// A request that changed after it was read is not tied to a target that carries what it was before.
#[tokio::test]
async fn a_target_carries_the_request_as_it_is() {
    for (core, book) in demo_systems().await {
        let dispatcher = staff(&core, &book, "dispatcher").await;
        let filter = crate::requests::RequestFilter {
            status: Some(domain::requests::RequestStatus::Submitted),
            ..crate::requests::RequestFilter::default()
        };
        let mut tx = core.store.read(&dispatcher).await.expect("begins");
        let line = tx.requests(&filter, None, 1).await.expect("answers").pop();
        let request = line.expect("the demo has requests that nobody has decided").id.0;
        drop(tx);
        let permit = dispatcher.may().expect("may");
        crate::requests::review::decide(&core, permit, request, crate::requests::review::Decision::Accept)
            .await
            .expect("accepts");
        let mut tx = core.store.begin(&dispatcher).await.expect("begins");
        let read = tx.request_view(request).await.expect("answers").expect("a request");
        let target = crate::jobs::TargetRecord::open(tx.new_id(), tx.next_number("target").await.expect("a number"));
        assert!(tx.insert_target(&target).await.expect("inserts"));
        let stale = read.updated_at - chrono::TimeDelta::seconds(1);
        assert!(
            !tx.set_request_target(request, target.id.0, stale)
                .await
                .expect("answers")
        );
        assert!(
            tx.set_request_target(request, target.id.0, read.updated_at)
                .await
                .expect("answers")
        );
    }
}

/// SQLite would read a list again for each row of the table, and the table by its tenant instead of by its key: with
/// `MATERIALIZED` it reads the list once and finds each row by its key.
#[test]
fn an_update_from_a_list_reads_the_list_once() {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("src/store");
    let mut updates = 0;
    for entry in std::fs::read_dir(folder).expect("the store") {
        let path = entry.expect("a file").path();
        let source = std::fs::read_to_string(&path).expect("a source");
        for constant in source.split("\nconst ").skip(1) {
            let text = constant.split("\";\n").next().unwrap_or_default();
            let Some((before, after)) = text.split_once("UPDATE ") else {
                continue;
            };
            if before.contains("_SQLITE") && !before.contains('\n') || before.contains("MATERIALIZED") {
                assert!(
                    !after.contains("json_each") || after.contains("IN (SELECT"),
                    "{}: {text}",
                    path.display()
                );
                updates += usize::from(before.contains("MATERIALIZED"));
            }
        }
    }
    assert!(updates >= 10, "the updates are found: {updates}");
}

/// A place in a list is compared as a row, `(a, b) > ($1, $2)`: PostgreSQL begins there in the index. Written out with OR
/// it reads everything before the place again.
#[test]
fn a_place_in_a_list_is_compared_as_a_row() {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("src/store");
    let mut rows = 0;
    for entry in std::fs::read_dir(folder).expect("the store") {
        let path = entry.expect("a file").path();
        let source = std::fs::read_to_string(&path).expect("a source");
        for (index, line) in source.lines().enumerate() {
            let written_out = line.split(" OR (").skip(1).any(|rest| {
                rest.split_once(" AND ").is_some_and(|(equal, after)| {
                    equal.contains(" = $") && (after.contains(" > $") || after.contains(" < $")) && after.contains("))")
                })
            });
            let is_keyset = written_out && !path.ends_with("conformance.rs");
            assert!(!is_keyset, "{}:{}", path.display(), index + 1);
            rows += usize::from(line.contains(") > ($") || line.contains(") < ($"));
        }
    }
    assert!(rows >= 20, "the places are found: {rows}");
}
