-- Undoes 0001_workspaces.sql. For development, tests and CI: it destroys data.
DROP TABLE IF EXISTS workspaces;
