use sqlx::{Pool as P, Sqlite as S, SqliteConnection, types::Json};
use sqlx::postgres as pg;

pub struct State {
    pub pool: P<S>, //~ 012
    pub json: Json<Value>,
    #[cfg(test)]
    pub fixture: sqlx::SqlitePool,
    pub other: sqlx::PgPool, //~ 012
}

pub enum Handle {
    Open(pg::PgPool), //~ 012
    Named { connection: SqliteConnection }, //~ 012
    Closed,
}

type Shared = std::sync::Arc<sqlx::SqlitePool>; //~ 012

pub trait Storage {
    type Driver;
    fn pool(&self) -> &sqlx::SqlitePool; //~ 012
    fn names(&self) -> Result<Vec<String>, sqlx::Error>;
}

impl Storage for sqlx::MySqlPool { //~ 012
    type Driver = sqlx::MySql; //~ 012
    fn names(&self) -> Result<Vec<String>, sqlx::Error> { self.all() }
}

pub async fn list<'a, E>(executor: E) -> sqlx::Result<()>
where
    E: sqlx::Executor<'a, Database = sqlx::Postgres>, //~ 012
{
    fn inner(pool: &sqlx::AnyPool) {} //~ 012
    Ok(())
}

static POOL: OnceCell<sqlx::PgPool> = OnceCell::new(); //~ 012
pub use sqlx::SqlitePool; //~ 012
