//! Storage: one trait, two engines. Nothing outside this module knows which engine is in use.

mod postgres;
mod sqlite;
#[cfg(test)]
mod tests;

use std::sync::Arc;

use async_trait::async_trait;
use sqlx::migrate::{MigrateError, Migrator};
use thiserror::Error;

use crate::models::{Block, Document, Workspace};

use self::postgres::PostgresStore;
use self::sqlite::SqliteStore;

/// The migrations, compiled in: one SQL text for both engines.
static MIGRATOR: Migrator = sqlx::migrate!("./migrations");

/// What can go wrong between the program and its database.
#[derive(Debug, Error)]
pub enum StorageError {
    #[error("the database URL must begin with sqlite: or postgres:")]
    UnknownEngine,
    #[error("the database refused: {0}")]
    Database(#[from] sqlx::Error),
    #[error("the schema could not be migrated: {0}")]
    Migration(#[from] MigrateError),
}

/// Everything that the program asks of a database.
#[async_trait]
pub trait Database: Send + Sync {
    /// The engine's name, for the health check.
    fn engine(&self) -> &'static str;

    /// Brings the schema up to date.
    async fn run_migrations(&self) -> Result<(), StorageError>;

    /// The version of the newest migration applied, as sqlx records it (CX-STO-020, CX-STO-030).
    async fn schema_version(&self) -> Result<Option<i64>, StorageError>;

    async fn create_workspace(&self, workspace: &Workspace) -> Result<(), StorageError>;

    async fn create_document(&self, document: &Document) -> Result<(), StorageError>;

    /// The documents of a workspace, pinned ones first, then by title.
    async fn list_documents(&self, workspace_id: &str) -> Result<Vec<Document>, StorageError>;

    async fn add_block(&self, block: &Block) -> Result<(), StorageError>;

    /// The blocks of a document, in order.
    async fn list_blocks(&self, document_id: &str) -> Result<Vec<Block>, StorageError>;

    /// Forgets which migrations ran and keeps what they made, so that a test can run them again.
    #[cfg(test)]
    async fn forget_migrations(&self) -> Result<(), StorageError>;

    /// Undoes every migration, newest first. Downs destroy data, so the server has no way to call them.
    #[cfg(test)]
    async fn undo_migrations(&self) -> Result<(), StorageError>;

    /// What the schema holds, sqlx's own table aside: names with definitions, sorted.
    #[cfg(test)]
    async fn schema_objects(&self) -> Result<Vec<(String, String)>, StorageError>;
}

/// Connects to the engine that the URL names.
pub async fn connect(url: &str) -> Result<Arc<dyn Database>, StorageError> {
    match url.split_once(':').map(|(scheme, _)| scheme) {
        Some("sqlite") => Ok(Arc::new(SqliteStore::connect(url).await?)),
        Some("postgres" | "postgresql") => Ok(Arc::new(PostgresStore::connect(url).await?)),
        _ => Err(StorageError::UnknownEngine),
    }
}
