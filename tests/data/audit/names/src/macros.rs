use sqlx::query as q;

macro_rules! ask {
    ($text:expr) => {
        sqlx::query($text) //~ 010
    };
}

lazy_static! {
    static ref POOL: Pool = sqlx::PgPool::connect_lazy("postgres://localhost"); //~ 010
}

async fn reach(state: &State) {
    tokio::select! {
        row = sqlx::query_as::<_, Row>("SELECT 1").fetch_one(state.handle()) => drop(row), //~ 010
        _ = state.closed() => {}
    }
    assert!(q("SELECT 1").execute(state.handle()).await.is_ok()); //~ 010
    println!("{}", state.q("SELECT 1"));
    log!("sqlx::query(\"SELECT 1\")");
}
