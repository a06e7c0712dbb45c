-- one text for both engines; the semicolon in this comment; ends nothing
CREATE TABLE IF NOT EXISTS users (
    id TEXT PRIMARY KEY,
    name TEXT NOT NULL DEFAULT 'no; body',
    age INTEGER CHECK (age >= 0)
);
INSERT INTO users (id, name) VALUES ('u1', 'it''s one'), ('u2', 'two') ON CONFLICT (id) DO NOTHING;
