-- What the lists of documents and the canvas view look up.
CREATE INDEX idx_documents_workspace ON documents (workspace_id, is_pinned, title);
CREATE INDEX idx_canvases_workspace ON canvases (workspace_id);
CREATE INDEX idx_canvas_nodes_canvas ON canvas_nodes (canvas_id);
CREATE INDEX idx_canvas_edges_canvas ON canvas_edges (canvas_id);
