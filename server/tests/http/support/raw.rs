//! Direct database access for setup and comparison.

use sqlx::{AssertSqlSafe, Column as _, PgPool, Postgres, SqlitePool, Transaction};
use uuid::Uuid;

/// A small connection pool.
pub enum Raw {
    Sqlite(SqlitePool),
    Postgres(PgPool),
}

impl Raw {
    pub async fn open(address: &str) -> Self {
        if address.starts_with("sqlite:") {
            Self::Sqlite(SqlitePool::connect(address).await.expect("database opens"))
        } else {
            Self::Postgres(PgPool::connect(address).await.expect("database opens"))
        }
    }

    /// Row-level security applies to test connections too, so select all tenants.
    async fn every_tenant(pool: &PgPool) -> Transaction<'static, Postgres> {
        let mut tx = pool.begin().await.expect("transaction begins");
        sqlx::query("SELECT set_config('ordinavo.tenant', '*', true)")
            .execute(&mut *tx)
            .await
            .expect("statement succeeds");
        tx
    }

    pub async fn close(&self) {
        match self {
            Self::Sqlite(pool) => pool.close().await,
            Self::Postgres(pool) => pool.close().await,
        }
    }

    /// Runs statements in one transaction.
    pub async fn run(&self, statements: &str) {
        let statements = sqlx::raw_sql(AssertSqlSafe(statements.to_owned()));
        match self {
            Self::Sqlite(pool) => {
                let mut tx = pool.begin().await.expect("transaction begins");
                statements.execute(&mut *tx).await.expect("statement succeeds");
                tx.commit().await.expect("transaction commits");
            }
            Self::Postgres(pool) => {
                let mut tx = Self::every_tenant(pool).await;
                statements.execute(&mut *tx).await.expect("statement succeeds");
                tx.commit().await.expect("transaction commits");
            }
        }
    }

    /// Returns pairs of IDs.
    pub async fn pairs(&self, query: &str) -> Vec<(Uuid, Uuid)> {
        let query = AssertSqlSafe(query.to_owned());
        match self {
            Self::Sqlite(pool) => sqlx::query_as(query).fetch_all(pool).await.expect("query succeeds"),
            Self::Postgres(pool) => {
                let mut tx = Self::every_tenant(pool).await;
                sqlx::query_as(query).fetch_all(&mut *tx).await.expect("query succeeds")
            }
        }
    }

    /// Returns rows whose columns are all text.
    pub async fn texts(&self, query: &str) -> Vec<Vec<String>> {
        fn read<R: sqlx::Row>(row: &R) -> Vec<String>
        where
            for<'a> String: sqlx::Decode<'a, R::Database> + sqlx::Type<R::Database>,
            usize: sqlx::ColumnIndex<R>,
        {
            row.columns()
                .iter()
                .map(|column| row.get::<String, usize>(column.ordinal()))
                .collect()
        }
        match self {
            Self::Sqlite(pool) => sqlx::query(AssertSqlSafe(query.to_owned()))
                .fetch_all(pool)
                .await
                .expect("query succeeds")
                .iter()
                .map(read)
                .collect(),
            Self::Postgres(pool) => {
                let mut tx = Self::every_tenant(pool).await;
                sqlx::query(AssertSqlSafe(query.to_owned()))
                    .fetch_all(&mut *tx)
                    .await
                    .expect("query succeeds")
                    .iter()
                    .map(read)
                    .collect()
            }
        }
    }
}
