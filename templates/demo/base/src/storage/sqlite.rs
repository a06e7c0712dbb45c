//! Storage on SQLite.

use std::str::FromStr;

use async_trait::async_trait;
use sqlx::sqlite::{SqliteConnectOptions, SqlitePool, SqlitePoolOptions};

use crate::models::{Block, Document, Workspace};

use super::{Database, StorageError, MIGRATOR};

/// A database file, or memory.
pub struct SqliteStore {
    pool: SqlitePool,
}

impl SqliteStore {
    pub async fn connect(url: &str) -> Result<Self, StorageError> {
        let options = SqliteConnectOptions::from_str(url)?
            .create_if_missing(true)
            .foreign_keys(true);
        // SQLite has one writer, and a second connection to `sqlite::memory:` is a second database.
        let pool = SqlitePoolOptions::new()
            .max_connections(1)
            .connect_with(options)
            .await?;
        Ok(Self { pool })
    }
}

#[async_trait]
impl Database for SqliteStore {
    fn engine(&self) -> &'static str {
        "sqlite"
    }

    async fn run_migrations(&self) -> Result<(), StorageError> {
        Ok(MIGRATOR.run(&self.pool).await?)
    }

    async fn ping(&self) -> Result<(), StorageError> {
        sqlx::query("SELECT 1").execute(&self.pool).await?;
        Ok(())
    }

    async fn create_workspace(&self, workspace: &Workspace) -> Result<(), StorageError> {
        sqlx::query("INSERT INTO workspaces (id, name) VALUES ($1, $2)")
            .bind(&workspace.id)
            .bind(&workspace.name)
            .execute(&self.pool)
            .await?;
        Ok(())
    }

    async fn create_document(&self, document: &Document) -> Result<(), StorageError> {
        sqlx::query(
            "INSERT INTO documents (id, workspace_id, title, is_pinned)
             VALUES ($1, $2, $3, $4)",
        )
        .bind(&document.id)
        .bind(&document.workspace_id)
        .bind(&document.title)
        .bind(i64::from(document.is_pinned))
        .execute(&self.pool)
        .await?;
        Ok(())
    }

    async fn list_documents(&self, workspace_id: &str) -> Result<Vec<Document>, StorageError> {
        let rows: Vec<(String, String, String, i64)> = sqlx::query_as(
            "SELECT id, workspace_id, title, is_pinned FROM documents
             WHERE workspace_id = $1 ORDER BY is_pinned DESC, title, id",
        )
        .bind(workspace_id)
        .fetch_all(&self.pool)
        .await?;
        let documents = rows
            .into_iter()
            .map(|(id, workspace_id, title, is_pinned)| Document {
                id,
                workspace_id,
                title,
                is_pinned: is_pinned != 0,
            });
        Ok(documents.collect())
    }

    async fn add_block(&self, block: &Block) -> Result<(), StorageError> {
        sqlx::query(
            "INSERT INTO blocks (id, document_id, position, content)
             VALUES ($1, $2, $3, $4)",
        )
        .bind(&block.id)
        .bind(&block.document_id)
        .bind(block.position)
        .bind(&block.content)
        .execute(&self.pool)
        .await?;
        Ok(())
    }

    async fn list_blocks(&self, document_id: &str) -> Result<Vec<Block>, StorageError> {
        let rows: Vec<(String, String, i64, String)> = sqlx::query_as(
            "SELECT id, document_id, position, content FROM blocks
             WHERE document_id = $1 ORDER BY position",
        )
        .bind(document_id)
        .fetch_all(&self.pool)
        .await?;
        let blocks = rows
            .into_iter()
            .map(|(id, document_id, position, content)| Block {
                id,
                document_id,
                position,
                content,
            });
        Ok(blocks.collect())
    }
}
