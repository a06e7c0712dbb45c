-- The ledger: what happened to which work packet, in the order in which it happened. Rows are only ever added.
-- One text for SQLite and PostgreSQL.
CREATE TABLE IF NOT EXISTS events (
    -- The place in the chain, given by the writer and not by a sequence: a number can't be skipped unseen.
    seq BIGINT NOT NULL PRIMARY KEY,
    kind TEXT NOT NULL,
    -- NULL for what concerns no single packet.
    wp_id TEXT,
    actor TEXT NOT NULL,
    -- UTC, ISO 8601: both engines order such text as they order time, and neither changes it.
    at TEXT NOT NULL,
    tool_version TEXT NOT NULL,
    -- SHA-256 of the packet as it was judged, NULL where none was read.
    packet_digest TEXT,
    -- JSON as the writer formed it: the digest covers this very text, so no engine may reformat it.
    payload TEXT NOT NULL,
    -- The digest of the event before, sixty-four zeros for the first. UNIQUE makes a fork of the chain impossible:
    -- two events can't follow the same one, whoever writes at the same time.
    previous_digest TEXT NOT NULL,
    digest TEXT NOT NULL,
    CONSTRAINT events_one_successor UNIQUE (previous_digest),
    CONSTRAINT events_one_digest UNIQUE (digest),
    CONSTRAINT events_numbered CHECK (seq >= 1),
    CONSTRAINT events_known_kind CHECK (
        kind IN ('signed', 'approved', 'gate-run', 'evidence', 'reviewed', 'superseded')
    ),
    CONSTRAINT events_whole_digests CHECK (length(previous_digest) = 64 AND length(digest) = 64)
);
