async fn outside_storage(state: &State) {
    let text = "SELECT id::text FROM jobs"; //~ 011
    state.fetch_all(text).await; //~ 010
}
