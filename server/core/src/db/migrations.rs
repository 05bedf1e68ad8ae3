//! Schema migrations: the same numbers and names for both engines, applied under a lock, each in its own transaction.

use sqlx::migrate::Migrator;

use crate::db::Store;
use crate::db::engine::Pools;
use crate::db::{Engine, StoreError};

static SQLITE: Migrator = sqlx::migrate!("../../migrations/sqlite");
static POSTGRES: Migrator = sqlx::migrate!("../../migrations/postgres");

/// The migration that gives the audit log keys.
const AUDIT_KEYS: i64 = 28;

/// The schema of the database, compared with the one that this binary needs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Schema {
    Current,
    /// The number of pending migrations.
    Missing(usize),
    /// A newer binary has migrated the database; this one does not know its schema.
    Newer,
}

impl Store {
    /// Applies pending migrations; safe to call from several servers at once.
    ///
    /// # Errors
    /// A migration failed or the schema is newer than this binary.
    pub async fn migrate(&self) -> Result<(), StoreError> {
        let broken = |error: sqlx::migrate::MigrateError| StoreError::Broken(error.to_string());
        match &self.pools {
            Pools::Sqlite { writer, .. } => SQLITE.run(writer).await.map_err(broken),
            Pools::Postgres(pool) => {
                let mut connection = pool.acquire().await?;
                // Building an index, or waiting for another server that migrates, may take longer than a page may.
                sqlx::query("SET statement_timeout = 0")
                    .execute(&mut *connection)
                    .await?;
                let outcome = POSTGRES.run(&mut *connection).await.map_err(broken);
                let _ = connection.close().await;
                outcome
            }
        }
    }

    /// Compares the schema of the database with the one that this binary needs.
    ///
    /// # Errors
    /// The database cannot be reached.
    pub async fn schema(&self) -> Result<Schema, StoreError> {
        self.ensure_file()?;
        let known: Vec<i64> = match self.engine() {
            Engine::Sqlite => &SQLITE,
            Engine::Postgres => &POSTGRES,
        }
        .iter()
        .map(|migration| migration.version)
        .collect();
        let applied = self.applied_versions().await?;
        Ok(if applied.iter().any(|version| !known.contains(version)) {
            Schema::Newer
        } else if applied.len() == known.len() {
            Schema::Current
        } else {
            Schema::Missing(known.len() - applied.len())
        })
    }

    /// Returns whether the migration that gives the audit log keys is applied.
    ///
    /// # Errors
    /// The database cannot be reached.
    pub async fn has_audit_keys(&self) -> Result<bool, StoreError> {
        Ok(self.applied_versions().await?.contains(&AUDIT_KEYS))
    }

    /// Returns the applied migrations; none if there is no schema.
    async fn applied_versions(&self) -> Result<Vec<i64>, StoreError> {
        const APPLIED: &str = "SELECT version FROM _sqlx_migrations WHERE success";
        let applied: Result<Vec<i64>, sqlx::Error> = match &self.pools {
            Pools::Sqlite { readers, .. } => sqlx::query_scalar(APPLIED).fetch_all(readers).await,
            Pools::Postgres(pool) => sqlx::query_scalar(APPLIED).fetch_all(pool).await,
        };
        match applied.map_err(StoreError::from) {
            // The table does not exist yet.
            Err(StoreError::Broken(_)) => Ok(Vec::new()),
            found => found,
        }
    }

    /// Returns whether no migration was ever applied.
    ///
    /// # Errors
    /// The database cannot be reached.
    pub async fn has_no_schema(&self) -> Result<bool, StoreError> {
        Ok(self.schema().await? == Schema::Missing(SQLITE.iter().count()))
    }

    /// Returns the number of pending migrations.
    ///
    /// # Errors
    /// The database cannot be reached.
    pub async fn missing_migrations(&self) -> Result<usize, StoreError> {
        Ok(match self.schema().await? {
            Schema::Missing(missing) => missing,
            Schema::Current | Schema::Newer => 0,
        })
    }
}
