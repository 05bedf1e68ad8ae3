//! Schema migrations: the same numbers and names for both engines, applied under a lock, each in its own transaction.

use sqlx::migrate::Migrator;

use crate::db::Store;
use crate::db::engine::Pools;
use crate::db::{Engine, StoreError};

static SQLITE: Migrator = sqlx::migrate!("../../migrations/sqlite");
static POSTGRES: Migrator = sqlx::migrate!("../../migrations/postgres");

impl Store {
    /// Applies pending migrations; safe to call from several servers at once.
    ///
    /// # Errors
    /// A migration failed or the schema is newer than this binary.
    pub async fn migrate(&self) -> Result<(), StoreError> {
        match &self.pools {
            Pools::Sqlite { writer, .. } => SQLITE.run(writer).await,
            Pools::Postgres(pool) => POSTGRES.run(pool).await,
        }
        .map_err(|error| StoreError::Broken(error.to_string()))
    }

    /// Returns the number of pending migrations.
    pub async fn missing_migrations(&self) -> Result<usize, StoreError> {
        let known = match self.engine() {
            Engine::Sqlite => &SQLITE,
            Engine::Postgres => &POSTGRES,
        }
        .iter()
        .count();
        let applied: Result<i64, sqlx::Error> = match &self.pools {
            Pools::Sqlite { readers, .. } => {
                sqlx::query_scalar("SELECT count(*) FROM _sqlx_migrations WHERE success")
                    .fetch_one(readers)
                    .await
            }
            Pools::Postgres(pool) => {
                sqlx::query_scalar("SELECT count(*) FROM _sqlx_migrations WHERE success")
                    .fetch_one(pool)
                    .await
            }
        };
        match applied {
            Ok(applied) => Ok(known.saturating_sub(usize::try_from(applied).unwrap_or_default())),
            Err(sqlx::Error::Database(_)) => Ok(known),
            Err(error) => Err(error.into()),
        }
    }
}
