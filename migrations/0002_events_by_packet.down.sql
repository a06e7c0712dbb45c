DROP INDEX IF EXISTS events_by_kind;
DROP INDEX IF EXISTS events_by_packet;
