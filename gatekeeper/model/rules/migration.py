"""Rules of the migration proof (contract, section 5)."""

from gatekeeper.model.rules.rule import Rule

MIGRATION: tuple[Rule, ...] = (
    Rule(
        id="migration.gap",
        title="A version number is missing",
        severity="error; a note for versions older than since",
        what="Between two versions a number is left out. Timestamps (eight digits and more) have no gaps.",
        why="A gap is a migration that somebody has and others lack, or one that was lost in a merge.",
        bad="0001_init.sql\n0003_jobs.sql",
        good="0001_init.sql\n0002_jobs.sql",
        mend="Renumber it, add what is missing, or set [migrations] contiguous = false.",
    ),
    Rule(
        id="migration.duplicate",
        title="A version is there twice",
        severity="error; it ends the proof",
        what="Two ups, or two downs, have the same version.",
        why="Which of them runs first, or at all, depends on the runner.",
        bad="0004_jobs.sql\n0004_blocks.sql",
        good="0004_jobs.sql\n0005_blocks.sql",
        mend="Give one of them a version number of its own.",
    ),
    Rule(
        id="migration.missing-down",
        title="An up has no down",
        severity="error; a note for versions older than since",
        what="The up has no down file, or the down holds neither a statement nor a comment.",
        why="Nobody can step back from a branch that added it, in development or after a failed release.",
        bad="0004_jobs.sql alone",
        good="0004_jobs.sql\n0004_jobs.down.sql: DROP TABLE IF EXISTS jobs;",
        mend="Write a down that takes back what the up makes; where there is nothing to take back, say so in a "
        "comment.",
    ),
    Rule(
        id="migration.orphan-down",
        title="A down has no up",
        severity="error; a note for versions older than since",
        what="A down's version has no up.",
        why="It would never run, and its up was probably renamed without it.",
        bad="0005_jobs.down.sql beside 0004_jobs.sql",
        good="0004_jobs.down.sql beside 0004_jobs.sql",
        mend="Add the up, correct the down's version number, or delete it.",
    ),
    Rule(
        id="migration.unversioned",
        title="An SQL file has no version",
        severity="warning",
        what="A file in the migrations folder has no digits before the first _ or . in its name, so it is not "
        "run.",
        why="Somebody may think that it runs.",
        bad="migrations/seed.sql",
        good="migrations/0010_seed.sql",
        mend="Give it a version number, or move it out of the folder.",
    ),
    Rule(
        id="migration.names-differ",
        title="Up and down have different names",
        severity="note",
        what="Up and down pair by version, and the rest of their names differs.",
        why="Mostly a slip; now and then the down of another migration.",
        bad="0004_jobs.sql\n0004_job_queue.down.sql",
        good="0004_jobs.sql\n0004_jobs.down.sql",
        mend="Give both the same name.",
    ),
    Rule(
        id="migration.up-fails",
        title="An up fails",
        severity="error; a note for versions older than since",
        what="On an empty database, with all earlier versions applied, the up raises an error. It ends that "
        "engine's run.",
        why="Whoever sets up the project anew gets the same error.",
        bad="CREATE TABLE jobs (id BIGINT PRIMARY KEY, kind JSONB DEFAULT '{}'::jsonb);  -- fails on SQLite",
        good="CREATE TABLE jobs (id BIGINT PRIMARY KEY, kind TEXT DEFAULT '{}');",
        mend="Mend the statement at the line named; the versions after it were not run on that engine.",
    ),
    Rule(
        id="migration.down-fails",
        title="A down fails",
        severity="error; a note for versions older than since",
        what="The down raises an error, by itself or when all downs run in reverse order.",
        why="A down is needed when something has gone wrong already.",
        bad="DROP TABLE jobs;  -- while job_logs refers to it",
        good="DROP TABLE IF EXISTS job_logs;\nDROP TABLE IF EXISTS jobs;",
        mend="Let the down take back exactly what its up makes, in reverse order.",
    ),
    Rule(
        id="migration.replay-fails",
        title="An up cannot be run a second time",
        severity="error; a note for versions older than since",
        what="Run again on the database that holds its result, the up raises an error.",
        why="After a crash between the schema change and its record, the runner runs it again, and the server "
        "stays down.",
        bad="CREATE TABLE jobs (id BIGINT PRIMARY KEY);",
        good="CREATE TABLE IF NOT EXISTS jobs (id BIGINT PRIMARY KEY);",
        mend='Make it safe to run again (IF NOT EXISTS, ON CONFLICT), or set [migrations] replay = "off" where a '
        "tracking table is relied on.",
    ),
    Rule(
        id="migration.replay-schema",
        title="A second run changes the schema",
        severity="error; a note for versions older than since",
        what="Run again, the up raises no error but leaves another schema.",
        why="The schema then depends on how often the migrations ran.",
        bad="ALTER TABLE jobs RENAME COLUMN kind TO old_kind;\nALTER TABLE jobs ADD COLUMN kind TEXT;",
        good="CREATE INDEX IF NOT EXISTS jobs_kind ON jobs (kind);",
        mend="Let each statement leave what it finds done as it is.",
    ),
    Rule(
        id="migration.replay-data",
        title="A second run changes rows",
        severity="error; a note for versions older than since",
        what="Run again, the up inserts, changes or removes rows.",
        why="Seeds that come twice and sums that double are found by users.",
        bad="INSERT INTO kinds (name) VALUES ('import');",
        good="INSERT INTO kinds (id, name) VALUES (1, 'import') ON CONFLICT (id) DO NOTHING;",
        mend="Insert with ON CONFLICT DO NOTHING under a fixed key; update only rows that still need it.",
    ),
    Rule(
        id="migration.trace",
        title="A down leaves or takes too much",
        severity="error; a note for versions older than since",
        what="After up and down, the schema is not what it was before: an object was left, changed or taken.",
        why="Up and down that do not cancel out make every database a different one.",
        bad="up: CREATE TABLE jobs ...; CREATE TABLE job_logs ...;\ndown: DROP TABLE job_logs;",
        good="down: DROP TABLE IF EXISTS job_logs; DROP TABLE IF EXISTS jobs;",
        mend="Let the down take back exactly what the up makes; the message names the object.",
    ),
    Rule(
        id="migration.redo",
        title="An up gives another result after its down",
        severity="error; a note for versions older than since",
        what="Up, down, up: the second up fails, or ends in another schema than the first.",
        why="Stepping back and forth is what downs are for.",
        bad="down: ALTER TABLE jobs RENAME TO jobs_old;",
        good="down: DROP TABLE IF EXISTS jobs;",
        mend="Compare what the down leaves with what was there before the up, and mend the down.",
    ),
    Rule(
        id="migration.shadowed",
        title="IF NOT EXISTS found the object there",
        severity="error where its shape differs, else a warning",
        what="On the first, ordered run an IF NOT EXISTS finds its object in place and does nothing.",
        why="A table of another shape stays as it is, unnoticed, and the next query that needs the new column "
        "fails.",
        bad="0001: CREATE TABLE jobs (id BIGINT);\n0004: CREATE TABLE IF NOT EXISTS jobs (id BIGINT, kind TEXT);",
        good="0004: ALTER TABLE jobs ADD COLUMN kind TEXT;",
        mend="Change the object as it is, or make another one; where the shape is the same, remove the statement.",
    ),
    Rule(
        id="migration.diverges",
        title="The engines end with different schemas",
        severity="error; a warning for an exception that nothing needs",
        what="After all ups, a table, column, type class, default, key or index differs between SQLite and "
        "PostgreSQL.",
        why="Code that is tested on one schema runs on the other.",
        bad="one engine's file has documents.rank, the other's has not",
        good="both files have documents.rank",
        mend="Make the engines agree, or declare the object in [migrations] parity-exceptions with a reason.",
    ),
    Rule(
        id="migration.data-lost",
        title="Rows or values are lost",
        severity="error; a note for versions older than since",
        what="With rows in every table, the up, or the down and the up after it, loses some in a table or column "
        "that stays: a row whose key is gone (without a key, one missing in the count), a value that became NULL "
        "or the default. Other changes of a value are no loss, and a default that differs from row to row, "
        "such as the time, doesn't count. What the up itself puts in, its down may take out.",
        why="The schema is the same before and after, so nothing but the rows shows it, and rows are what a "
        "database is for.",
        bad="CREATE TABLE jobs_new (id BIGINT PRIMARY KEY, kind TEXT);\n"
        "INSERT INTO jobs_new (id) SELECT id FROM jobs;  -- kind is forgotten\n"
        "DROP TABLE jobs;\nALTER TABLE jobs_new RENAME TO jobs;",
        good="INSERT INTO jobs_new (id, kind) SELECT id, kind FROM jobs;",
        mend="Copy what stays. Where the loss is meant, say so in the file: -- gate: loses jobs.kind It moved to "
        "job_kinds.",
    ),
    Rule(
        id="migration.data-fails",
        title="A statement fails only because of rows",
        severity="error for a fixture's rows, a warning for made rows; a note for versions older than since",
        what="The up or the down runs on tables without rows and raises an error on tables with some.",
        why="It passes on every developer's empty database and fails in production.",
        bad="ALTER TABLE jobs ADD COLUMN kind TEXT NOT NULL;",
        good="ALTER TABLE jobs ADD COLUMN kind TEXT NOT NULL DEFAULT 'import';",
        mend="Let it work on tables that are in use: fill a new column before it must hold something, make values "
        "unique before an index says that they are.",
    ),
    Rule(
        id="migration.loses",
        title="A declared loss is not whole, or was not needed",
        severity="error without a table or a reason; a warning if nothing was lost",
        what="The comment -- gate: loses TABLE[.COLUMN] REASON in an up excuses what the up loses; in an up or a "
        "down, what the down and the up after it lose. It needs a reason, and a loss.",
        why="An excuse that nobody can follow, or that lies in wait for the next loss, hides what it should tell.",
        bad="-- gate: loses jobs",
        good="-- gate: loses jobs Finished jobs are kept in the archive from now on.",
        mend="Give the reason, correct the name, or remove the line.",
    ),
    Rule(
        id="migration.fixture",
        title="A fixture can't be used",
        severity="error if it fails or changes the schema; a warning if it belongs to no version",
        what="NNNN_name.rows.sql beside the migrations holds rows that the proof puts in directly after the up of "
        "that version.",
        why="A fixture that isn't used proves nothing, and nobody sees it.",
        bad="0004_jobs.rows.sql: INSERT INTO job (id) VALUES (1);",
        good="0004_jobs.rows.sql: INSERT INTO jobs (id, kind) VALUES (1, 'import'), (2, 'export');",
        mend="Write statements that put rows into the schema as its version leaves it, and name it after its up.",
    ),
    Rule(
        id="migration.unfilled",
        title="No rows can be made for a table",
        severity="note",
        what="The proof made fewer than two rows of this table: a constraint or a trigger, which the note names, "
        "refused all that it tried.",
        why="What a migration does to rows of this table is then not proven.",
        bad="CREATE TABLE codes (code TEXT PRIMARY KEY CHECK (code ~ '^Q[0-9]{3}-[XYZ]$'));",
        good="0004_codes.rows.sql: INSERT INTO codes (code) VALUES ('Q100-X'), ('Q200-Y');",
        mend="Write two rows into the fixture that the note names.",
    ),
    Rule(
        id="migration.transaction",
        title="The file has transactions of its own",
        severity="warning; a note for versions older than since",
        what="The file holds BEGIN, COMMIT or the like and is run as written.",
        why="If it fails midway, what it had committed stays: a state that no version describes.",
        bad="BEGIN;\nCREATE TABLE IF NOT EXISTS jobs (id BIGINT PRIMARY KEY);\nCOMMIT;",
        good="CREATE TABLE IF NOT EXISTS jobs (id BIGINT PRIMARY KEY);",
        mend="Leave transactions to the runner, which runs each file in one.",
    ),
    Rule(
        id="migration.tracking",
        title="The migration changes the runner's own table",
        severity="error; a note for versions older than since",
        what="A statement drops, empties or alters the table in which a runner records the migrations that ran, "
        "and that no migration of the set made.",
        why="The next start runs every migration again, or none.",
        bad="DROP TABLE IF EXISTS _sqlx_migrations;",
        good="the runner alone writes to _sqlx_migrations",
        mend="Remove the statement; to mark a migration as run or not run, use the runner's own command.",
    ),
    Rule(
        id="migration.edited",
        title="An applied migration was changed",
        severity="error; a note for versions older than since",
        what="The runner applied the version from another text than its file holds now. Line ends don't count. "
        "Of the files of sqlx its own digest is held against the file's bytes.",
        why="Databases that were made before and after the edit differ, and no version says how.",
        bad="0004_jobs.sql, applied last week, now also makes job_logs",
        good="0005_job_logs.sql makes job_logs",
        mend="Put the file back as it was and make the change in a new version; if the edit changes nothing "
        "(a comment), gate migrations apply --baseline VERSION records it.",
    ),
    Rule(
        id="migration.unknown",
        title="The database holds a version that has no file",
        severity="error",
        what="A tracking table names a version that none of the files has: the database is newer, or the file is "
        "gone.",
        why="An older release on a newer database reads and writes columns that are no longer there.",
        bad="the database is at 0007, the newest file is 0006_jobs.sql",
        good="the database is at 0006, the newest file is 0006_jobs.sql",
        mend="Get the files of the release that applied it, or put the file back.",
    ),
    Rule(
        id="migration.out-of-order",
        title="A version is missing below the newest applied one",
        severity="error; a note for versions older than since",
        what="A version was never applied, and a later one was.",
        why="It was written against a schema that is no longer the one it would meet; after a merge of two "
        "branches that is the rule.",
        bad="applied: 0001, 0003; the file 0002_kinds.sql came with a merge",
        good="the merged file is 0004_kinds.sql",
        mend="Give it a number after the newest one, or apply it late:"
        " gate migrations apply --allow-out-of-order.",
    ),
    Rule(
        id="migration.incomplete",
        title="A version that runs outside a transaction did not end",
        severity="error",
        what="The run of a file with transactions of its own, or one that asks for none"
        " (-- gate: no-transaction), failed or was killed. A part of it may be in the database.",
        why="Nothing undoes the statements that had run; going on would build on a state that no version "
        "describes.",
        bad="-- gate: no-transaction\n"
        "CREATE INDEX CONCURRENTLY jobs_kind ON jobs (kind);  -- and the server stops",
        good="gate migrations apply --rerun",
        mend="Run it again from its first statement (gate migrations apply --rerun), run its down, or finish it"
        " by hand and record it with --baseline VERSION.",
    ),
    Rule(
        id="migration.dirty",
        title="Another tool left a version half done",
        severity="error",
        what="The tracking table of another tool marks a version as begun and not ended.",
        why="Part of a migration is in the database; nobody should run another one on top of it.",
        bad="schema_migrations: version 4, dirty true",
        good="schema_migrations: version 4, dirty false",
        mend="Finish or take back its statements by hand and clear the mark with that tool.",
    ),
    Rule(
        id="migration.untracked",
        title="A database is not empty and gate has no record of it",
        severity="error; a warning in status",
        what="There are tables, and no table of gate's says which versions made them, or another tool's says so.",
        why="Running all versions on it could fail midway, and two runners on one database don't see each other.",
        bad="gate migrations apply, on a database that another tool migrated to version 0009",
        good="gate migrations apply --baseline 0009",
        mend="Record the version that the database holds with --baseline VERSION; 0 where its tables have nothing "
        "to do with the migrations.",
    ),
)
