use sqlx::*;
use std::collections::HashMap;

fn reach(names: HashMap<String, String>) {
    query("SELECT 1"); //~ 010
    let n = row.get("query");
    scanned(names);
}

mod local {
    fn query(text: &str) -> String { text.to_owned() }

    fn no_reach() {
        query("SELECT 1");
    }
}

fn block() {
    use crate::search::query;
    query("not a database");
}

mod child {
    use super::*;

    fn reach() {
        query("SELECT 1"); //~ 010
    }
}
