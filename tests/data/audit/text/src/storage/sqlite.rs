async fn own(pool: &SqlitePool) {
    sqlx::query("PRAGMA foreign_keys = ON").execute(pool).await;
    sqlx::query("SELECT now()").execute(pool).await; //~ 011
    sqlx::query("SELECT strftime('%s', 'now')").execute(pool).await; //~ 011
}
