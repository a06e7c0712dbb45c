DROP VIEW IF EXISTS totals;
CREATE VIEW totals AS SELECT user_id, SUM(total) AS total FROM orders GROUP BY user_id;
