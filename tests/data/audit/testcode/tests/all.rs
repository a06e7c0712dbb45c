#[test]
fn reads() { sqlx::query("SELECT ?1"); }
fn on_sqlite_and_postgres() {}
