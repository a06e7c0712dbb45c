pub async fn reach(state: &State) -> ::sqlx::Result<()> {
    ::sqlx::query("SELECT 1").execute(state.handle()).await?; //~ 010
    sqlx::query_as::<_, (i64,)>("SELECT 1") //~ 010
        .fetch_one(state.handle())
        .await?;
    sqlx::query!("SELECT 1 AS one").fetch_one(state.handle()).await?; //~ 010
    sqlx::query_as!(Row, "SELECT 1 AS one").fetch_one(state.handle()).await?; //~ 010
    sqlx::query_file!("queries/one.sql").fetch_one(state.handle()).await?; //~ 010
    sqlx::migrate!("./migrations").run(state.handle()).await?; //~ 010
    let pool = sqlx::Pool::<sqlx::Sqlite>::connect("sqlite::memory:").await?; //~ 010
    let pool = sqlx::sqlite::SqlitePoolOptions::new().connect("sqlite::memory:").await?; //~ 010
    let handle = <sqlx::SqlitePool as Opens>::open(); //~ 010
    let names = ids.map(sqlx::query); //~ 010
    state.handle().execute("DELETE FROM stale").await?; //~ 010
    state.engine().execute("go");
    let error: sqlx::Error = failed();
    Ok(())
}
