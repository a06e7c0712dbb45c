//! What the server stores and what it answers with.

use serde::{Deserialize, Serialize};

/// A workspace; the client chooses its id, as it does for everything below it.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub struct Workspace {
    pub id: String,
    pub name: String,
}

/// A document of a workspace; its text lives in blocks.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub struct Document {
    pub id: String,
    pub workspace_id: String,
    pub title: String,
    #[serde(default)]
    pub is_pinned: bool,
}

/// A block of a document, in the order of its position.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub struct Block {
    pub id: String,
    pub document_id: String,
    pub position: i64,
    pub content: String,
}

/// The answer of the health check.
#[derive(Debug, Serialize)]
pub struct Health {
    pub status: &'static str,
    pub engine: &'static str,
}
