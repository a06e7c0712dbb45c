-- strftime( and ?1 in a comment, CREATE TRIGGER, OLD.id
/* datetime('now') */
CREATE TABLE jobs (
    id INTEGER PRIMARY KEY autoincrement, --~ 011
    "new" TEXT DEFAULT 'strftime( ?1 NEW.x',
    made TEXT DEFAULT (strftime('%s', 'now')), --~ 011
    seen TEXT DEFAULT (datetime ( 'now' )), --~ 011
    done TIMESTAMP DEFAULT CURRENT_TIMESTAMP
);
Create  Temp --~ 011
  trigger jobs_touched after update on jobs begin
    update jobs set seen = old.seen where id = new . id; --~ 011
end;
create trigger again after delete on jobs begin select OLD.id; end; --~ 011
DROP TRIGGER again; --~ 011
INSERT OR REPLACE INTO jobs (id) VALUES (?); --~ 011
SELECT id FROM [jobs]; --~ 011
ALTER TABLE jobs ALTER COLUMN id SET NOT NULL; --~ 011
CREATE TABLE steps (id BIGSERIAL, at TIMESTAMPTZ DEFAULT now()); --~ 011
SELECT id::text FROM jobs; --~ 011
