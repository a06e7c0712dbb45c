-- Undoes 0003_blocks.sql. For development, tests and CI: it destroys data.
DROP INDEX IF EXISTS idx_blocks_position;
DROP TABLE IF EXISTS blocks;
