-- Blocks, in the order of their position. The index keeps two blocks off one position.
CREATE TABLE IF NOT EXISTS blocks (
    id TEXT NOT NULL PRIMARY KEY,
    document_id TEXT NOT NULL REFERENCES documents (id) ON DELETE CASCADE,
    position BIGINT NOT NULL,
    kind TEXT NOT NULL DEFAULT 'paragraph',
    content TEXT NOT NULL DEFAULT ''
);

CREATE UNIQUE INDEX idx_blocks_position ON blocks (document_id, position);
