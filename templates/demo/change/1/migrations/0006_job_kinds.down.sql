-- Undoes 0006_job_kinds.sql. For development, tests and CI: it destroys data.
DELETE FROM job_kinds WHERE name IN ('summarize', 'link', 'layout');
