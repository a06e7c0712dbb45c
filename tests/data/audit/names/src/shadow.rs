mod sqlx {
    pub fn query(text: &str) {}
}

fn no_reach() {
    sqlx::query("this file's own");
    self::sqlx::query("this file's own");
    ::sqlx::query("the crate"); //~ 010
}
