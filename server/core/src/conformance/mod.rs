//! Tests that run on both database engines, each with new databases. `ORDINAVO_TEST_POSTGRES` is the URL of a PostgreSQL
//! server on which databases may be created; `make test` starts one.

#![expect(
    clippy::disallowed_methods,
    reason = "the tests prepare and run statements of their own"
)]

mod audit_chain;
mod cancellation;
mod dialect;
mod reach;
mod requests;
mod rust_source;
mod schema;
mod sessions;
mod statements;
mod tenants;

use chrono::{TimeZone as _, Utc};

use crate::clock::Clock;
use crate::db::Store;
use crate::demo;
use crate::demo::{DemoAccounts, DemoSize, DemoTenant};
use crate::files::FileStore;
use crate::identity::actors::Staff;
use crate::identity::{Realm, authentication, demo as demo_actors};
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
    staff_of(core, &book.tenants[0], role).await
}

/// Signs in a staff member of a tenant of the demo.
pub(crate) async fn staff_of(core: &Core, tenant: &DemoTenant, role: &str) -> Staff {
    let account = tenant.staff(role).expect("demo has an account with this role");
    let session = demo_actors::sign_in(core, Realm::Staff, &account.email, &account.password).await;
    authentication::staff(core, session)
        .await
        .expect("session is read")
        .expect("session belongs to a staff member")
}
