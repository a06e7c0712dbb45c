//! sqlx::query("SELECT 1") in the head of a file.

/* one /* two /* three: sqlx::query("x") */ sqlx::query("y") */ sqlx::query("z") */
/// Documentation: `sqlx::query("SELECT 1")`, a SqlitePool.
#[doc = "sqlx::query(\"SELECT 1\")"]
pub fn help() -> &'static str {
    // sqlx::query("SELECT 1")
    let raw = r#"sqlx::query("SELECT 1")"#;
    let deeper = r##"r#"sqlx::query_as!(Row, "x")"# and SqlitePool::connect"##;
    let bytes = b"sqlx::query";
    let quote = '"'; sqlx::query("after a quote"); //~ 010
    let plain = "\"sqlx::query(\\"; sqlx::query("after an escape"); //~ 010
    let lifetime: &'static str = r"sqlx::query";
    raw
}
