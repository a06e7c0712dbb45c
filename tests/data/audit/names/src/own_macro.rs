use sqlx::*;

macro_rules! query {
    ($text:expr) => {
        $text
    };
}

fn no_reach() {
    query!("this file's own macro");
    query_as!(Row, "SELECT 1"); //~ 010
}
