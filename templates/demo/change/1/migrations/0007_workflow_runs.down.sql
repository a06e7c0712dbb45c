-- Undoes 0007_workflow_runs.sql. For development, tests and CI: it destroys data.
DROP TABLE IF EXISTS workflow_steps;
DROP TABLE IF EXISTS workflow_runs;
