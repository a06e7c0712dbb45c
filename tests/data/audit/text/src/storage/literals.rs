use sqlx::query as q;

const BY_ID: &str = "SELECT id FROM jobs WHERE id = ?1"; //~ 011
const HELP: &str = "Really? Use ?1 or strftime( at your own risk.";

async fn literals(pool: &Pool) -> Result<()> {
    sqlx::query("UPDATE jobs SET a = ?1, b = ?2 WHERE c = ?").execute(pool).await?; //~ 011
    sqlx::query_as::<_, Job>(r#"SELECT "id" FROM jobs
        WHERE made < strftime('%s', 'now') --~ 011
          AND name <> 'what?' -- not a parameter: ?3
          AND made > DateTime('now')"#) //~ 011
        .fetch_all(pool).await?;
    sqlx::query_as!(Job, "SELECT id FROM jobs WHERE id = ?", id).fetch_one(pool).await?; //~ 011
    q("SELECT id FROM jobs \
       WHERE id = ?1").fetch_one(pool).await?; //~ 011
    sqlx::query("-- a comment ends here\nSELECT ?1").execute(pool).await?; //~ 011
    sqlx::query("SELECT '\"?' FROM jobs WHERE id = $1 /* ?1 */").bind("?1").execute(pool).await?;
    sqlx::query(BY_ID).fetch_one(pool).await?;
    let text = format!("SELECT {} FROM jobs WHERE id = ?1", columns); //~ 011
    sqlx::query(&text).fetch_one(pool).await?;
    let mut built = sqlx::QueryBuilder::new("SELECT id FROM jobs WHERE 1 = 1");
    built.push(" AND made < datetime('now')"); //~ 011
    let mut grown = String::from("SELECT id FROM jobs");
    grown.push_str(" WHERE id = ?7"); //~ 011
    grown += " AND name = ?8"; //~ 011
    sqlx::query(&grown).fetch_one(pool).await?;
    for statement in ["DELETE FROM a", "INSERT OR IGNORE INTO b VALUES (1)"] { //~ 011
        sqlx::query(statement).execute(pool).await?;
    }
    pool.execute("DELETE FROM jobs WHERE made < datetime('now')").await?; //~ 011
    println!("deleted? ?1 {}", "SELECT id FROM jobs WHERE id = ?1");
    sqlx::query("CREATE TRIGGER t AFTER INSERT ON jobs BEGIN SELECT NEW.id; END").execute(pool).await?; //~ 011
    Ok(())
}
