pub fn fill() {
    sqlx::query("named like tests, declared like production"); //~ 010
}
