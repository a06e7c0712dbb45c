mod database {
    pub use sqlx::query as run;
    pub mod deeper {
        pub use sqlx::sqlite::*;
    }
}

use self::database::run as go;
pub use sqlx::raw_sql; //~ 010
pub use sqlx::Error;

async fn reach() {
    database::run("SELECT 1"); //~ 010
    crate::reexport::database::run("not resolved: a path from the crate's root");
    self::database::deeper::SqlitePool::connect("sqlite::memory:").await; //~ 010
    go("SELECT 1"); //~ 010
}

mod sibling {
    fn reach() {
        super::database::run("SELECT 1"); //~ 010
        super::go("SELECT 1"); //~ 010
        run("this name isn't imported here");
    }
}
