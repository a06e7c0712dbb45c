CREATE TABLE IF NOT EXISTS orders (
    id TEXT PRIMARY KEY,
    user_id TEXT NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    total NUMERIC(10, 2) NOT NULL DEFAULT 0,
    placed_at TIMESTAMP NOT NULL DEFAULT CURRENT_TIMESTAMP,
    UNIQUE (user_id, id)
);
CREATE INDEX IF NOT EXISTS orders_by_user ON orders (user_id);
INSERT INTO orders (id, user_id) VALUES ('o1', 'u1') ON CONFLICT (id) DO NOTHING;
