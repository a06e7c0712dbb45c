-- Undoes 0002_documents.sql. For development, tests and CI: it destroys data.
DROP TABLE IF EXISTS documents;
