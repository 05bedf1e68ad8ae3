//! Statements with their arguments. They run on either engine, so a store writes each statement once.

use sqlx::encode::Encode;
use sqlx::error::BoxDynError;
use sqlx::postgres::{PgArguments, PgRow};
use sqlx::sqlite::{SqliteArguments, SqliteRow};
use sqlx::{Arguments, FromRow, Postgres, Sqlite, Type};

use crate::db::dialect::Sql;
use crate::db::engine::count_statement;
use crate::db::{Engine, StoreError, Tx};

/// A row that can be read from both engines.
pub(crate) trait Row: for<'r> FromRow<'r, SqliteRow> + for<'r> FromRow<'r, PgRow> + Send + Unpin {}

impl<T> Row for T where T: for<'r> FromRow<'r, SqliteRow> + for<'r> FromRow<'r, PgRow> + Send + Unpin {}

/// A value that both engines can store.
pub(crate) trait Value<'q>: Encode<'q, Sqlite> + Type<Sqlite> + Encode<'q, Postgres> + Type<Postgres> {}

impl<'q, T> Value<'q> for T where T: Encode<'q, Sqlite> + Type<Sqlite> + Encode<'q, Postgres> + Type<Postgres> {}

/// The arguments of a statement in the order of `$1`, `$2`, …: a tuple of values.
pub(crate) trait Bind<'q> {
    fn sqlite(self) -> Result<SqliteArguments, BoxDynError>;
    fn postgres(self) -> Result<PgArguments, BoxDynError>;
}

/// Implements [`Bind`] for tuples. The language has no way to write a function over tuples of any length.
macro_rules! bind_tuples {
    ($first:ident $($rest:ident)*) => {
        impl<'q, $first: Value<'q>, $($rest: Value<'q>),*> Bind<'q> for ($first, $($rest,)*) {
            fn sqlite(self) -> Result<SqliteArguments, BoxDynError> {
                #[expect(non_snake_case, reason = "the names of the types also name the fields")]
                let ($first, $($rest,)*) = self;
                let mut arguments = SqliteArguments::default();
                Arguments::add(&mut arguments, $first)?;
                $(Arguments::add(&mut arguments, $rest)?;)*
                Ok(arguments)
            }

            fn postgres(self) -> Result<PgArguments, BoxDynError> {
                #[expect(non_snake_case, reason = "the names of the types also name the fields")]
                let ($first, $($rest,)*) = self;
                let mut arguments = PgArguments::default();
                Arguments::add(&mut arguments, $first)?;
                $(Arguments::add(&mut arguments, $rest)?;)*
                Ok(arguments)
            }
        }
        bind_tuples!($($rest)*);
    };
    () => {
        impl Bind<'_> for () {
            fn sqlite(self) -> Result<SqliteArguments, BoxDynError> {
                Ok(SqliteArguments::default())
            }

            fn postgres(self) -> Result<PgArguments, BoxDynError> {
                Ok(PgArguments::default())
            }
        }
    };
}
bind_tuples!(A B C D E F G H I J K L M N O P Q R S T U V W X Y Z);

/// The text of a statement is static, so that it never contains a value.
impl Tx {
    /// Returns all rows of a query.
    pub(crate) async fn fetch_all<'q, R: Row>(
        &mut self,
        sql: impl Sql,
        arguments: impl Bind<'q>,
    ) -> Result<Vec<R>, StoreError> {
        count_statement();
        Ok(match self {
            Self::Sqlite(tx) => {
                let sql = sql.text(Engine::Sqlite);
                let arguments = arguments.sqlite().map_err(sqlx::Error::Encode)?;
                sqlx::query_as_with(sql, arguments).fetch_all(&mut **tx).await?
            }
            Self::Postgres(tx) => {
                let sql = sql.text(Engine::Postgres);
                let arguments = arguments.postgres().map_err(sqlx::Error::Encode)?;
                sqlx::query_as_with(sql, arguments).fetch_all(&mut **tx).await?
            }
        })
    }

    /// Returns the row of a query, if there is one.
    pub(crate) async fn fetch_optional<'q, R: Row>(
        &mut self,
        sql: impl Sql,
        arguments: impl Bind<'q>,
    ) -> Result<Option<R>, StoreError> {
        count_statement();
        Ok(match self {
            Self::Sqlite(tx) => {
                let sql = sql.text(Engine::Sqlite);
                let arguments = arguments.sqlite().map_err(sqlx::Error::Encode)?;
                sqlx::query_as_with(sql, arguments).fetch_optional(&mut **tx).await?
            }
            Self::Postgres(tx) => {
                let sql = sql.text(Engine::Postgres);
                let arguments = arguments.postgres().map_err(sqlx::Error::Encode)?;
                sqlx::query_as_with(sql, arguments).fetch_optional(&mut **tx).await?
            }
        })
    }

    /// Returns the only row of a query.
    pub(crate) async fn fetch_one<'q, R: Row>(
        &mut self,
        sql: impl Sql,
        arguments: impl Bind<'q>,
    ) -> Result<R, StoreError> {
        count_statement();
        Ok(match self {
            Self::Sqlite(tx) => {
                let sql = sql.text(Engine::Sqlite);
                let arguments = arguments.sqlite().map_err(sqlx::Error::Encode)?;
                sqlx::query_as_with(sql, arguments).fetch_one(&mut **tx).await?
            }
            Self::Postgres(tx) => {
                let sql = sql.text(Engine::Postgres);
                let arguments = arguments.postgres().map_err(sqlx::Error::Encode)?;
                sqlx::query_as_with(sql, arguments).fetch_one(&mut **tx).await?
            }
        })
    }

    /// Executes a statement and returns the number of affected rows.
    pub(crate) async fn execute<'q>(&mut self, sql: impl Sql, arguments: impl Bind<'q>) -> Result<u64, StoreError> {
        count_statement();
        Ok(match self {
            Self::Sqlite(tx) => {
                let sql = sql.text(Engine::Sqlite);
                let arguments = arguments.sqlite().map_err(sqlx::Error::Encode)?;
                let done = sqlx::query_with(sql, arguments).execute(&mut **tx).await?;
                done.rows_affected()
            }
            Self::Postgres(tx) => {
                let sql = sql.text(Engine::Postgres);
                let arguments = arguments.postgres().map_err(sqlx::Error::Encode)?;
                let done = sqlx::query_with(sql, arguments).execute(&mut **tx).await?;
                done.rows_affected()
            }
        })
    }
}
