-- Undoes 0009_work_indexes.sql. For development, tests and CI: it destroys data.
DROP INDEX IF EXISTS idx_workflow_runs_job;
DROP INDEX IF EXISTS idx_jobs_status;
