use sqlx as db;
use sqlx::query_as as q;
use sqlx::{postgres::{PgPoolOptions as Options, types as pg_types}, raw_sql as raw, Error, FromRow};
extern crate sqlx as driver;

#[derive(FromRow)]
struct Row(i64);

async fn reach(state: &State) -> Result<(), Error> {
    db::query("SELECT 1").execute(state.handle()).await?; //~ 010
    q::<_, Row>("SELECT 1").fetch_one(state.handle()).await?; //~ 010
    raw("SELECT 1").execute(state.handle()).await?; //~ 010
    let options = Options::new(); //~ 010
    driver::query_scalar("SELECT 1").fetch_one(state.handle()).await?; //~ 010
    let money: pg_types::PgMoney = money();
    drop((options, money));
    Ok(())
}
