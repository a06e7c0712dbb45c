use crate::database::SqlitePool;
use super::everything::*;
use diesel::PgConnection;

pub struct State {
    one: SqlitePool, //~ 012
    two: PgPool, //~ 012
    three: Pool<Job>,
    four: PgConnection,
    five: MySqlPool,
}

struct MySqlPool;
