pub mod helpers;
#[cfg(test)]
mod fixtures;
mod tests_of_production;

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn reads() {
        sqlx::query("SELECT 1").execute(&pool()).await;
    }

    async fn pool() -> sqlx::SqlitePool {
        sqlx::SqlitePool::connect("sqlite::memory:").await
    }
}

pub fn after() {
    sqlx::query("production again"); //~ 010
}

#[cfg(not(test))]
mod production {
    pub fn reach() {
        sqlx::query("never in a test"); //~ 010
    }
}

#[cfg(all(test, feature = "postgres"))]
fn needs_both() {
    sqlx::query("SELECT 1");
}

#[cfg(any(test, feature = "fixtures"))]
fn needs_either() {
    sqlx::query("a feature brings it into production"); //~ 010
}

#[cfg(not(not(test)))]
fn twice_not() {
    sqlx::query("SELECT 1");
}

#[cfg_attr(test, allow(dead_code))]
fn always() {
    sqlx::query("production"); //~ 010
}

#[sqlx::test]
async fn with_a_pool(pool: sqlx::PgPool) {
    sqlx::query("SELECT 1");
}

#[test]
// a comment between
#[ignore = "slow"]
fn ignored() {
    sqlx::query("SELECT 1");
}

pub fn mixed(kind: Kind) {
    #[cfg(test)]
    sqlx::query("only in tests");
    match kind {
        #[cfg(test)]
        Kind::Fake => sqlx::query("only in tests"),
        Kind::Real => sqlx::query("production"), //~ 010
    };
}
