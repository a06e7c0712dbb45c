-- The kinds of job that the server can run.
INSERT INTO job_kinds (name, description) VALUES
    ('summarize', 'Write a summary block at the head of a document'),
    ('link', 'Find documents that mention each other'),
    ('layout', 'Arrange the nodes of a canvas')
ON CONFLICT (name) DO NOTHING;
