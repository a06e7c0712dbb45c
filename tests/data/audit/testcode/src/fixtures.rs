pub fn fill() {
    sqlx::query("declared under cfg(test)");
}
