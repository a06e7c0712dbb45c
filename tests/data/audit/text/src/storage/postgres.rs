async fn own(pool: &PgPool) {
    sqlx::query("SELECT id::text FROM jobs WHERE name ILIKE $1 FOR UPDATE").execute(pool).await;
    sqlx::query("SELECT id FROM jobs WHERE id = ?1").execute(pool).await; //~ 011
    sqlx::query("PRAGMA user_version").execute(pool).await; //~ 011
}
