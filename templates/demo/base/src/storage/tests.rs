//! The same behaviour on both engines. PostgreSQL's tests need a server: `cargo test -- --include-ignored`.

use std::sync::Arc;

use super::{connect, Database};
use crate::models::{Block, Document, Workspace};

type Failure = Box<dyn std::error::Error>;
type TestResult = Result<(), Failure>;

async fn on_sqlite() -> Result<Arc<dyn Database>, Failure> {
    Ok(connect("sqlite::memory:").await?)
}

/// Each test works in a schema of its own, so that they can run side by side on one server.
async fn on_postgres(schema: &str) -> Result<Arc<dyn Database>, Failure> {
    let url = std::env::var("POSTGRES_TEST_URL")?;
    let admin = sqlx::PgPool::connect(&url).await?;
    for statement in [
        format!("DROP SCHEMA IF EXISTS {schema} CASCADE"),
        format!("CREATE SCHEMA {schema}"),
    ] {
        sqlx::query(&statement).execute(&admin).await?;
    }
    Ok(connect(&format!("{url}?options[search_path]={schema}")).await?)
}

async fn stores_documents_and_blocks(database: &dyn Database) -> TestResult {
    database.run_migrations().await?;
    database
        .create_workspace(&Workspace {
            id: "w1".into(),
            name: "Notes".into(),
        })
        .await?;
    let document = |id: &str, title: &str, is_pinned| Document {
        id: id.into(),
        workspace_id: "w1".into(),
        title: title.into(),
        is_pinned,
    };
    let (plain, pinned) = (
        document("d1", "Apples", false),
        document("d2", "Pears", true),
    );
    database.create_document(&plain).await?;
    database.create_document(&pinned).await?;
    assert_eq!(database.list_documents("w1").await?, [pinned, plain]);

    let block = |id: &str, position| Block {
        id: id.into(),
        document_id: "d1".into(),
        position,
        content: format!("Block {id}"),
    };
    database.add_block(&block("b2", 2)).await?;
    database.add_block(&block("b1", 1)).await?;
    assert_eq!(
        database.list_blocks("d1").await?,
        [block("b1", 1), block("b2", 2)]
    );
    assert!(database.add_block(&block("b3", 2)).await.is_err());
    Ok(())
}

#[tokio::test]
async fn sqlite_stores_documents_and_blocks() -> TestResult {
    stores_documents_and_blocks(&*on_sqlite().await?).await
}

#[tokio::test]
#[ignore = "needs POSTGRES_TEST_URL"]
async fn postgres_stores_documents_and_blocks() -> TestResult {
    stores_documents_and_blocks(&*on_postgres("slate_documents").await?).await
}
