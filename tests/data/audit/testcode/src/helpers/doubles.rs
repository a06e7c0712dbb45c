pub fn fill() { sqlx::query("SELECT 1"); }
