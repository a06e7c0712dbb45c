-- Undoes 0005_jobs.sql. For development, tests and CI: it destroys data.
DROP TABLE IF EXISTS jobs;
DROP TABLE IF EXISTS job_kinds;
