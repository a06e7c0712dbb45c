-- NAME
--
-- Write each statement so that it can be run a second time:
--   CREATE TABLE IF NOT EXISTS jobs (id BIGINT PRIMARY KEY);
--   INSERT INTO kinds (id, name) VALUES (1, 'import') ON CONFLICT (id) DO NOTHING;
GUARDS
