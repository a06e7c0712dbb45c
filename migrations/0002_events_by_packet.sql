-- A packet's history is what is asked for most; the kind alone serves the board of what stands where.
CREATE INDEX IF NOT EXISTS events_by_packet ON events (wp_id, seq);
CREATE INDEX IF NOT EXISTS events_by_kind ON events (kind, seq);
