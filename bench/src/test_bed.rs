//! The test bed: a complete server on loopback with its own database, and a direct connection to the same database.

use std::path::PathBuf;
use std::time::Duration;

use ordinavo::config::Config;
use ordinavo::serve::{AppState, router, run_on_listener};
use ordinavo_core::clock::Clock;
use ordinavo_core::demo;
use ordinavo_core::demo::{DemoAccounts, DemoSize};
use ordinavo_core::files::FileStore;
use ordinavo_core::randomness::Randomness;
use ordinavo_core::secrets::Keyring;
use ordinavo_core::{Core, Settings, Store};
use sqlx::AssertSqlSafe;
use tokio::net::TcpListener;

/// Number of targets that were inserted directly; their target numbers are in use.
static FILLED: std::sync::atomic::AtomicUsize = std::sync::atomic::AtomicUsize::new(0);

/// A direct connection with the same durability settings.
pub enum Raw {
    Sqlite(sqlx::SqlitePool),
    Postgres(sqlx::PgPool),
}

impl Raw {
    pub async fn run(&self, sql: &str) {
        let sql = AssertSqlSafe(sql.to_owned());
        match self {
            Self::Sqlite(pool) => drop(sqlx::raw_sql(sql).execute(pool).await.unwrap()),
            Self::Postgres(pool) => drop(sqlx::raw_sql(sql).execute(pool).await.unwrap()),
        }
    }

    /// Inserts rows of the size of a target, in one transaction or in one transaction each.
    pub async fn insert(&self, count: usize, in_one_transaction: bool) {
        const INSERT: &str = "INSERT INTO bench_raw (body) VALUES ($1)";
        let body = "x".repeat(400);
        match self {
            Self::Sqlite(pool) if in_one_transaction => {
                let mut tx = pool.begin().await.unwrap();
                for _ in 0..count {
                    sqlx::query(INSERT).bind(&body).execute(&mut *tx).await.unwrap();
                }
                tx.commit().await.unwrap();
            }
            Self::Postgres(pool) if in_one_transaction => {
                let mut tx = pool.begin().await.unwrap();
                for _ in 0..count {
                    sqlx::query(INSERT).bind(&body).execute(&mut *tx).await.unwrap();
                }
                tx.commit().await.unwrap();
            }
            Self::Sqlite(pool) => {
                for _ in 0..count {
                    sqlx::query(INSERT).bind(&body).execute(pool).await.unwrap();
                }
            }
            Self::Postgres(pool) => {
                for _ in 0..count {
                    sqlx::query(INSERT).bind(&body).execute(pool).await.unwrap();
                }
            }
        }
    }

    /// Reads rows by primary key, one after another.
    pub async fn read(&self, count: usize) {
        const READ: &str = "SELECT body FROM bench_raw WHERE id = $1";
        for id in 1..=i64::try_from(count).unwrap() {
            match self {
                Self::Sqlite(pool) => drop(sqlx::query(READ).bind(id).fetch_optional(pool).await.unwrap()),
                Self::Postgres(pool) => drop(sqlx::query(READ).bind(id).fetch_optional(pool).await.unwrap()),
            }
        }
    }
}

pub struct TestBed {
    pub engine: &'static str,
    pub url: String,
    pub core: Core,
    pub book: DemoAccounts,
    pub raw: Raw,
    folder: PathBuf,
}

pub fn settings() -> Settings {
    Settings {
        webhook_allow_http: true,
        webhook_allow_nets: vec!["127.0.0.0/8".parse().unwrap()],
        ..Settings::default()
    }
}

impl TestBed {
    pub async fn new(engine: &'static str, postgres: Option<&str>) -> Self {
        let (clock, randomness) = (Clock::system(), Randomness::from_system());
        let folder = std::env::temp_dir().join(format!("ordinavo-bench-{engine}-{}", std::process::id()));
        std::fs::create_dir_all(&folder).unwrap();
        let database_url = match postgres {
            None => format!("sqlite://{}", folder.join("bench.db").display()),
            Some(server) => {
                let name = format!("bench{}", std::process::id());
                let created = std::process::Command::new("psql")
                    .args([server, "-qc", &format!("CREATE DATABASE {name}")])
                    .status()
                    .unwrap();
                assert!(created.success());
                format!("{}/{name}", server.rsplit_once('/').unwrap().0)
            }
        };
        let store = Store::open(&database_url, clock.clone(), randomness.clone())
            .await
            .unwrap();
        store.migrate().await.unwrap();
        let core = Core::new(
            store,
            clock,
            randomness.clone(),
            Keyring::generate(&randomness),
            FileStore::open("memory:///").unwrap(),
            settings(),
        );
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let book = demo::fill(&core, &url, DemoSize::Small, false).await.unwrap();
        let config = Config {
            public_url: url.clone(),
            worker: false,
            api_rate_client: "1000000/1000000".to_owned(),
            api_rate_tenant: "1000000/1000000".to_owned(),
            ..Config::default()
        };
        let cookies = Keyring::generate(&randomness);
        let state = AppState::new(core.clone(), config, &cookies);
        let routes = router(&state);
        tokio::spawn(run_on_listener(listener, state, routes, std::future::pending()));
        let raw = match postgres {
            None => Raw::Sqlite(
                sqlx::sqlite::SqlitePoolOptions::new()
                    .max_connections(1)
                    .connect_with(
                        sqlx::sqlite::SqliteConnectOptions::new()
                            .filename(folder.join("bench.db"))
                            .synchronous(sqlx::sqlite::SqliteSynchronous::Full)
                            .busy_timeout(Duration::from_secs(30)),
                    )
                    .await
                    .unwrap(),
            ),
            Some(_) => Raw::Postgres(
                sqlx::postgres::PgPoolOptions::new()
                    .max_connections(1)
                    .after_connect(|connection, _| {
                        Box::pin(async move {
                            // Row-level security applies to this connection, too; `*` allows all tenants.
                            sqlx::query("SELECT set_config('ordinavo.tenant', '*', false)")
                                .execute(connection)
                                .await
                                .map(drop)
                        })
                    })
                    .connect(&database_url)
                    .await
                    .unwrap(),
            ),
        };
        let key = if postgres.is_some() { "BIGSERIAL" } else { "INTEGER" };
        raw.run(&format!(
            "CREATE TABLE bench_raw (id {key} PRIMARY KEY, body TEXT NOT NULL)"
        ))
        .await;
        Self {
            engine,
            url,
            core,
            book,
            raw,
            folder,
        }
    }

    pub fn key(&self, client: &str) -> String {
        self.book.tenants[0].client(client).unwrap().api_key.clone()
    }

    /// Returns an HTTP client that is signed in as a dispatcher of a tenant.
    pub async fn dispatcher(&self, tenant: usize) -> reqwest::Client {
        let account = self.book.tenants[tenant].staff("dispatcher").unwrap();
        let browser = reqwest::Client::builder().cookie_store(true).build().unwrap();
        let signed_in = browser
            .post(format!("{}/app/fn/sign-in", self.url))
            .header("accept", "text/html")
            .header("sec-fetch-site", "same-origin")
            .form(&[("email", &account.email), ("password", &account.password)])
            .send()
            .await
            .unwrap();
        assert!(signed_in.status().is_success());
        browser
    }

    /// Inserts targets of a source system directly into the database.
    pub async fn fill_targets(&self, source: &str, count: usize) {
        let (id, numbers, at) = match self.raw {
            Raw::Sqlite(_) => (
                "randomblob(16)",
                format!(
                    "(WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {count}) SELECT i FROM n)"
                ),
                "strftime('%Y-%m-%dT%H:%M:%f', 1700000000 + g.i, 'unixepoch') || '+00:00'",
            ),
            Raw::Postgres(_) => (
                "gen_random_uuid()",
                format!("generate_series(1, {count})"),
                "to_timestamp(1700000000 + g.i)",
            ),
        };
        let series = match self.raw {
            Raw::Sqlite(_) => format!("{numbers} g"),
            Raw::Postgres(_) => format!("{numbers} AS g(i)"),
        };
        self.raw
            .run(&format!(
                "INSERT INTO target (tenant_id, id, number, source_system_id, external_id, status, needs_mapping, priority, duration_minutes, required_skills, attributes, place, created_at, updated_at) \
                 SELECT s.tenant_id, {id}, 10000000 + {before} + g.i, s.id, 'FILL-' || g.i, 'completed', {sql_false}, 'normal', 60, '[]', '{{}}', '{{}}', {at}, {at} \
                 FROM source_system s JOIN tenant t ON t.id = s.tenant_id AND t.slug = 'nordlicht', {series} WHERE s.key = '{source}'; ANALYZE",
                before = FILLED.fetch_add(count, std::sync::atomic::Ordering::Relaxed),
                sql_false = if matches!(self.raw, Raw::Sqlite(_)) { "0" } else { "false" },
            ))
            .await;
    }

    pub fn clean(&self) {
        let _ = std::fs::remove_dir_all(&self.folder);
    }
}
