pub fn fill() { sqlx::query("SELECT 1"); } //~ 010
#[cfg(test)]
mod inner {
    #![allow(dead_code)]
    fn fill() { sqlx::query("SELECT 1"); }
}
mod whole {
    #![cfg(test)]
    fn fill() { sqlx::query("SELECT 1"); }
}
