use sqlx;
mod nested {
    use sqlx::{self, sqlite::{self as lite}};
    fn reach() {
        sqlx::query("SELECT 1"); //~ 010
        lite::SqlitePool::connect_lazy("sqlite::memory:"); //~ 010
    }
}

fn reach() {
    sqlx::query("SELECT 1"); //~ 010
}
