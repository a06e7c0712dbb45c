//! The server: routes in, storage behind one trait.

mod models;
mod storage;

use std::sync::Arc;

use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::routing::{get, post};
use axum::{Json, Router};

use crate::models::{Block, Document, Health, Workspace};
use crate::storage::{Database, StorageError};

type Storage = Arc<dyn Database>;

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    tracing_subscriber::fmt().init();
    let url = std::env::var("DATABASE_URL").unwrap_or_else(|_| "sqlite://slate.db".to_owned());
    let database = storage::connect(&url).await?;
    database.run_migrations().await?;

    let listener = tokio::net::TcpListener::bind("127.0.0.1:8080").await?;
    let address = listener.local_addr()?;
    tracing::info!(engine = database.engine(), "listening on {address}");
    axum::serve(listener, routes(database)).await?;
    Ok(())
}

fn routes(database: Storage) -> Router {
    Router::new()
        .route("/health", get(health))
        .route("/workspaces", post(create_workspace))
        .route("/workspaces/{id}/documents", get(list_documents))
        .route("/documents", post(create_document))
        .route("/documents/{id}/blocks", get(list_blocks))
        .route("/blocks", post(add_block))
        .with_state(database)
}

async fn health(State(database): State<Storage>) -> (StatusCode, Json<Health>) {
    let engine = database.engine();
    match database.schema_version().await {
        Ok(schema_version) => (
            StatusCode::OK,
            Json(Health {
                status: "ok",
                engine,
                schema_version,
            }),
        ),
        Err(error) => {
            tracing::error!(%error, "the database does not answer");
            let health = Health {
                status: "unavailable",
                engine,
                schema_version: None,
            };
            (StatusCode::SERVICE_UNAVAILABLE, Json(health))
        }
    }
}

async fn create_workspace(
    State(database): State<Storage>,
    Json(workspace): Json<Workspace>,
) -> Result<StatusCode, StatusCode> {
    database
        .create_workspace(&workspace)
        .await
        .map_err(failed)?;
    Ok(StatusCode::CREATED)
}

async fn create_document(
    State(database): State<Storage>,
    Json(document): Json<Document>,
) -> Result<StatusCode, StatusCode> {
    database.create_document(&document).await.map_err(failed)?;
    Ok(StatusCode::CREATED)
}

async fn list_documents(
    State(database): State<Storage>,
    Path(workspace_id): Path<String>,
) -> Result<Json<Vec<Document>>, StatusCode> {
    database
        .list_documents(&workspace_id)
        .await
        .map(Json)
        .map_err(failed)
}

async fn add_block(
    State(database): State<Storage>,
    Json(block): Json<Block>,
) -> Result<StatusCode, StatusCode> {
    database.add_block(&block).await.map_err(failed)?;
    Ok(StatusCode::CREATED)
}

async fn list_blocks(
    State(database): State<Storage>,
    Path(document_id): Path<String>,
) -> Result<Json<Vec<Block>>, StatusCode> {
    database
        .list_blocks(&document_id)
        .await
        .map(Json)
        .map_err(failed)
}

fn failed(error: StorageError) -> StatusCode {
    tracing::error!(%error, "the request could not be served");
    StatusCode::INTERNAL_SERVER_ERROR
}
