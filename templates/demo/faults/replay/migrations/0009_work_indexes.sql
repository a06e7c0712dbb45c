-- What the queue looks up: the jobs that wait, and the runs of a job.
CREATE INDEX IF NOT EXISTS idx_jobs_status ON jobs (status, created_at);
CREATE INDEX idx_workflow_runs_job ON workflow_runs (job_id, started_at);
