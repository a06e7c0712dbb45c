-- Undoes 0004_canvases.sql. For development, tests and CI: it destroys data.
DROP TABLE IF EXISTS canvas_edges;
DROP TABLE IF EXISTS canvas_nodes;
DROP TABLE IF EXISTS canvases;
