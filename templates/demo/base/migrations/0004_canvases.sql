-- Canvases with their nodes and edges. A node outlives the document it shows; an edge no node of its own.
CREATE TABLE canvases (
    id TEXT NOT NULL PRIMARY KEY,
    workspace_id TEXT NOT NULL REFERENCES workspaces (id) ON DELETE CASCADE,
    title TEXT NOT NULL,
    created_at TIMESTAMP NOT NULL DEFAULT CURRENT_TIMESTAMP
);

CREATE TABLE canvas_nodes (
    id TEXT NOT NULL PRIMARY KEY,
    canvas_id TEXT NOT NULL REFERENCES canvases (id) ON DELETE CASCADE,
    document_id TEXT REFERENCES documents (id) ON DELETE SET NULL,
    x DOUBLE PRECISION NOT NULL DEFAULT 0,
    y DOUBLE PRECISION NOT NULL DEFAULT 0
);

CREATE TABLE canvas_edges (
    id TEXT NOT NULL PRIMARY KEY,
    canvas_id TEXT NOT NULL REFERENCES canvases (id) ON DELETE CASCADE,
    source_id TEXT NOT NULL REFERENCES canvas_nodes (id) ON DELETE CASCADE,
    target_id TEXT NOT NULL REFERENCES canvas_nodes (id) ON DELETE CASCADE,
    label TEXT NOT NULL DEFAULT ''
);
