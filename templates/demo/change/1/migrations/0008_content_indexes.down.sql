-- Undoes 0008_content_indexes.sql. For development, tests and CI: it destroys data.
DROP INDEX IF EXISTS idx_canvas_edges_canvas;
DROP INDEX IF EXISTS idx_canvas_nodes_canvas;
DROP INDEX IF EXISTS idx_canvases_workspace;
DROP INDEX IF EXISTS idx_documents_workspace;
