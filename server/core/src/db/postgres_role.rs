//! What the role of the connection may do on PostgreSQL. Row-level security is the second wall between tenants; it does not
//! apply to every role.

use chrono::{DateTime, Utc};

use crate::db::engine::Pools;
use crate::db::{Store, StoreError};

/// The rights of the role of the connection.
#[derive(Debug, Clone, PartialEq, Eq, sqlx::FromRow)]
pub struct DatabaseRole {
    pub name: String,
    pub is_superuser: bool,
    pub bypasses_row_security: bool,
    /// Whether the role owns tables: it can remove their protection.
    pub owns_tables: bool,
    /// Whether the role may create tables, which migrations do.
    pub may_create_tables: bool,
    /// Whether there are tables in the schema.
    pub has_tables: bool,
}

impl DatabaseRole {
    /// Returns why the role has more rights than a server needs, if it does.
    pub fn excess(&self) -> Option<&'static str> {
        if self.is_superuser {
            Some("is a superuser")
        } else if self.bypasses_row_security {
            Some("bypasses row-level security")
        } else if self.owns_tables {
            Some("owns the tables")
        } else {
            None
        }
    }

    /// Returns whether the role reads the rows of all tenants, as a dump must.
    pub fn reads_all_rows(&self) -> bool {
        self.is_superuser || self.bypasses_row_security
    }
}

const SELECT_DATABASE_TIME: &str = "SELECT clock_timestamp()";
const SELECT_DATABASE_ROLE: &str = r"
    SELECT
        role.rolname::text AS name,
        role.rolsuper AS is_superuser,
        role.rolbypassrls AS bypasses_row_security,
        EXISTS (
            SELECT 1
            FROM pg_class AS relation
            WHERE relation.relnamespace = to_regnamespace('public')
              AND relation.relkind = 'r'
              AND pg_has_role(current_user, relation.relowner, 'USAGE')
        ) AS owns_tables,
        coalesce(has_schema_privilege(to_regnamespace('public'), 'CREATE'), false) AS may_create_tables,
        EXISTS (
            SELECT 1
            FROM pg_class AS relation
            WHERE relation.relnamespace = to_regnamespace('public')
              AND relation.relkind = 'r'
        ) AS has_tables
    FROM pg_roles AS role
    WHERE role.rolname = current_user
";

impl Store {
    /// Returns the time of the database server; `None` on SQLite.
    ///
    /// # Errors
    /// The database cannot be reached.
    pub(crate) async fn database_time(&self) -> Result<Option<DateTime<Utc>>, StoreError> {
        match &self.pools {
            Pools::Sqlite { .. } => Ok(None),
            Pools::Postgres(pool) => Ok(Some(sqlx::query_scalar(SELECT_DATABASE_TIME).fetch_one(pool).await?)),
        }
    }

    /// Returns the rights of the role of the connection; `None` on SQLite.
    ///
    /// # Errors
    /// The database cannot be reached.
    pub async fn role(&self) -> Result<Option<DatabaseRole>, StoreError> {
        match &self.pools {
            Pools::Sqlite { .. } => Ok(None),
            Pools::Postgres(pool) => Ok(Some(sqlx::query_as(SELECT_DATABASE_ROLE).fetch_one(pool).await?)),
        }
    }
}
