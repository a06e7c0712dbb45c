"""Forms of SQL that one engine alone understands, as data: how each is found, what to write instead, an example.

``pattern`` and ``within`` are regular expressions over a statement's tokens, one space between two of them: words
in upper case, ``''`` for a string, ``""`` for a quoted name, two backticks and ``[]`` for names quoted so, runs of
operator characters in one piece. ``within`` is matched at the statement's start. Every ``bad`` example runs on
``engine`` and, unless ``differs`` says how it differs there, fails on the other; every ``good`` one runs on both.
The tests hold them to that.
"""

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field


class EngineForm(BaseModel):
    """One form.

    Where replacing the matched tokens mends it, ``replace`` takes their place (two quotes: the same name in
    quotes), or ``words`` what stands for single words of theirs; ``append`` then goes to the statement's end.
    ``whole`` says that the statement as a whole is the engine's own, so that nothing more is looked for in it.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", defer_build=True)

    title: str
    engine: Literal["sqlite", "postgres"]
    pattern: str
    bad: str
    good: str
    mend: str
    within: str = ""
    whole: bool = False
    differs: str = ""
    replace: str | None = None
    words: dict[str, str] = Field(default_factory=dict)
    append: str = ""


_TABLE = r"(CREATE (TEMP |TEMPORARY )?TABLE|ALTER TABLE)\b"
_NAME = r"(\w+|\"\"|``|\[\])"
_TYPED = rf"(?:(?<=\( )|(?<=, )|(?<=COLUMN )|(?<=ADD )){_NAME} "
# What stands before a call, and not before the columns of a table that is called so.
_CALL = r"(?<!\. )(?<!INTO )(?<!TABLE )(?<!EXISTS )(?<!ON )(?<!REFERENCES )\b"
_OWN_FILE = "Give each engine a file of its own (NAME.sqlite.sql, NAME.postgres.sql), or guard the statement."
_NOW = "Write CURRENT_TIMESTAMP, or let the application hand the time in."
_ARITHMETIC = "Compute the time in the application and hand it in."

SQLITE_FORMS: tuple[EngineForm, ...] = (
    EngineForm(
        title="PRAGMA, ATTACH and VACUUM INTO",
        engine="sqlite",
        pattern=r"^(PRAGMA|ATTACH|DETACH|VACUUM INTO)\b",
        whole=True,
        bad="PRAGMA foreign_keys = ON;",
        good="-- gate: when engine sqlite\nPRAGMA foreign_keys = ON;",
        mend=_OWN_FILE,
    ),
    EngineForm(
        title="triggers with a body of statements",
        engine="sqlite",
        pattern=r"^CREATE (TEMP |TEMPORARY )?TRIGGER\b.* BEGIN\b",
        whole=True,
        bad="CREATE TABLE jobs (id BIGINT PRIMARY KEY, runs BIGINT);\n"
        "CREATE TRIGGER IF NOT EXISTS jobs_run AFTER UPDATE ON jobs BEGIN\n"
        "    UPDATE jobs SET runs = runs + 1 WHERE id = NEW.id;\nEND;",
        good="CREATE TABLE jobs (id BIGINT PRIMARY KEY, runs BIGINT);\n-- storage code counts the runs",
        mend=f"Do in storage code what the trigger does. {_OWN_FILE}",
    ),
    EngineForm(
        title="virtual tables",
        engine="sqlite",
        pattern=r"^CREATE VIRTUAL TABLE\b",
        whole=True,
        bad="CREATE VIRTUAL TABLE IF NOT EXISTS pages USING fts5(body);",
        good="CREATE TABLE IF NOT EXISTS pages (id BIGINT PRIMARY KEY, body TEXT NOT NULL);",
        mend=_OWN_FILE,
    ),
    EngineForm(
        title="DROP TRIGGER without its table",
        engine="sqlite",
        pattern=r"^DROP TRIGGER (IF EXISTS )?\S+( \. \S+)?$",
        whole=True,
        bad="DROP TRIGGER IF EXISTS jobs_run;",
        good="-- gate: when engine sqlite\nDROP TRIGGER IF EXISTS jobs_run;",
        mend=_OWN_FILE,
    ),
    EngineForm(
        title="IF NOT EXISTS for a view",
        engine="sqlite",
        pattern=r"(?<=VIEW) IF NOT EXISTS",
        within=r"CREATE VIEW\b",
        bad="CREATE VIEW IF NOT EXISTS one AS SELECT 1 AS n;",
        good="DROP VIEW IF EXISTS one;\nCREATE VIEW one AS SELECT 1 AS n;",
        mend="Drop the view first (DROP VIEW IF EXISTS), then make it.",
        replace="",
    ),
    EngineForm(
        title="AUTOINCREMENT",
        engine="sqlite",
        pattern=r"\bAUTOINCREMENT\b",
        within=_TABLE,
        bad="CREATE TABLE jobs (id INTEGER PRIMARY KEY AUTOINCREMENT);",
        good="CREATE TABLE jobs (id BIGINT NOT NULL PRIMARY KEY);",
        mend=f"Let the application make the key. {_OWN_FILE}",
        replace="",
    ),
    EngineForm(
        title="datetime, strftime and the like",
        engine="sqlite",
        pattern=rf"{_CALL}(DATETIME|STRFTIME|JULIANDAY|UNIXEPOCH) \( '' \)",
        bad="CREATE TABLE jobs (id BIGINT PRIMARY KEY, at TEXT DEFAULT (datetime('now')));",
        good="CREATE TABLE jobs (id BIGINT PRIMARY KEY, at TIMESTAMP DEFAULT CURRENT_TIMESTAMP);",
        mend=_NOW,
        replace="CURRENT_TIMESTAMP",
    ),
    EngineForm(
        title="datetime, strftime and the like with a format or a modifier",
        engine="sqlite",
        pattern=rf"{_CALL}((DATETIME|STRFTIME|JULIANDAY|UNIXEPOCH) \((?! '' \))|(DATE|TIME) \( '' ,)",
        bad="CREATE TABLE jobs (id BIGINT PRIMARY KEY, at TEXT);\n"
        "DELETE FROM jobs WHERE at < strftime('%Y-%m-%d', 'now');",
        good="CREATE TABLE jobs (id BIGINT PRIMARY KEY, at TIMESTAMP);\n"
        "DELETE FROM jobs WHERE at < CURRENT_TIMESTAMP;",
        mend=_ARITHMETIC,
    ),
    EngineForm(
        title="INSERT OR IGNORE",
        engine="sqlite",
        pattern=r"^INSERT OR IGNORE",
        bad="CREATE TABLE kinds (name TEXT PRIMARY KEY);\nINSERT OR IGNORE INTO kinds (name) VALUES ('a');",
        good="CREATE TABLE kinds (name TEXT PRIMARY KEY);\n"
        "INSERT INTO kinds (name) VALUES ('a') ON CONFLICT DO NOTHING;",
        mend="Write ON CONFLICT DO NOTHING at its end.",
        replace="INSERT",
        append=" ON CONFLICT DO NOTHING",
    ),
    EngineForm(
        title="INSERT OR REPLACE and its kin",
        engine="sqlite",
        pattern=r"^(INSERT OR (REPLACE|ABORT|FAIL|ROLLBACK)|UPDATE OR (REPLACE|IGNORE|ABORT|FAIL|ROLLBACK))"
        r"|^REPLACE INTO",
        bad="CREATE TABLE kinds (name TEXT PRIMARY KEY, text TEXT);\n"
        "INSERT OR REPLACE INTO kinds (name, text) VALUES ('a', 'b');",
        good="CREATE TABLE kinds (name TEXT PRIMARY KEY, text TEXT);\n"
        "INSERT INTO kinds (name, text) VALUES ('a', 'b') ON CONFLICT (name) DO UPDATE SET text = "
        "excluded.text;",
        mend="Write INSERT ... ON CONFLICT (KEY) DO NOTHING, or DO UPDATE SET COLUMN = excluded.COLUMN.",
    ),
    EngineForm(
        title="ON CONFLICT in a constraint",
        engine="sqlite",
        pattern=r"\bON CONFLICT (REPLACE|IGNORE|ABORT|FAIL|ROLLBACK)\b",
        within=_TABLE,
        bad="CREATE TABLE kinds (name TEXT PRIMARY KEY ON CONFLICT IGNORE);",
        good="CREATE TABLE kinds (name TEXT PRIMARY KEY);",
        mend="Leave it out, and write ON CONFLICT where rows are inserted.",
        replace="",
    ),
    EngineForm(
        title="WITHOUT ROWID and STRICT",
        engine="sqlite",
        pattern=r"(?<=\)) (WITHOUT ROWID|STRICT)( , (WITHOUT ROWID|STRICT))?$",
        within=_TABLE,
        bad="CREATE TABLE kinds (name TEXT NOT NULL PRIMARY KEY) WITHOUT ROWID;",
        good="CREATE TABLE kinds (name TEXT NOT NULL PRIMARY KEY);",
        mend="Leave it out.",
        replace="",
    ),
    EngineForm(
        title="GLOB, REGEXP and MATCH",
        engine="sqlite",
        pattern=r"\b(GLOB|MATCH) ''",
        bad="CREATE TABLE jobs (kind TEXT CHECK (kind GLOB 'a*'));",
        good="CREATE TABLE jobs (kind TEXT CHECK (kind LIKE 'a%'));",
        mend="Write LIKE.",
    ),
    EngineForm(
        title="names in backticks",
        engine="sqlite",
        pattern=r"(?<!\S)``(?!\S)",
        bad="CREATE TABLE `jobs` (`id` BIGINT PRIMARY KEY);",
        good='CREATE TABLE "jobs" ("id" BIGINT PRIMARY KEY);',
        mend='Write names plainly, or in double quotes ("name").',
        replace='""',
    ),
    EngineForm(
        title="names in brackets",
        engine="sqlite",
        pattern=r"(?<!\S)\[\](?!\S)",
        bad="CREATE TABLE [jobs] ([id] BIGINT PRIMARY KEY);",
        good='CREATE TABLE "jobs" ("id" BIGINT PRIMARY KEY);',
        mend='Write names plainly, or in double quotes ("name").',
        replace='""',
    ),
    EngineForm(
        title="a default in double quotes",
        engine="sqlite",
        pattern=r"(?<=DEFAULT )\"\"",
        within=_TABLE,
        bad='CREATE TABLE jobs (id BIGINT PRIMARY KEY, kind TEXT DEFAULT "import");',
        good="CREATE TABLE jobs (id BIGINT PRIMARY KEY, kind TEXT DEFAULT 'import');",
        mend="Write texts in single quotes; double quotes are for names.",
    ),
    EngineForm(
        title="types that PostgreSQL doesn't have",
        engine="sqlite",
        pattern=rf"{_TYPED}(BLOB|DATETIME|TINYINT|MEDIUMINT|LONGTEXT|MEDIUMTEXT|CLOB|NVARCHAR"
        r"|STRING|DOUBLE(?! PRECISION)|(BIG|SMALL)?INT(EGER)? UNSIGNED)\b",
        within=_TABLE,
        bad="CREATE TABLE files (id BIGINT PRIMARY KEY, made_at DATETIME);",
        good="CREATE TABLE files (id BIGINT PRIMARY KEY, made_at TIMESTAMP);",
        mend="Write TIMESTAMP for DATETIME, TEXT for CLOB and STRING, SMALLINT for TINYINT; BLOB is BYTEA "
        "there, "
        "which SQLite takes too.",
        words={
            "DATETIME": "TIMESTAMP",
            "BLOB": "BYTEA",
            "TINYINT": "SMALLINT",
            "MEDIUMINT": "INTEGER",
            "LONGTEXT": "TEXT",
            "MEDIUMTEXT": "TEXT",
            "CLOB": "TEXT",
            "STRING": "TEXT",
            "NVARCHAR": "VARCHAR",
            "DOUBLE": "DOUBLE PRECISION",
            "INT UNSIGNED": "BIGINT",
            "INTEGER UNSIGNED": "BIGINT",
            "BIGINT UNSIGNED": "BIGINT",
            "SMALLINT UNSIGNED": "INTEGER",
        },
    ),
    EngineForm(
        title="a number as the default of a BOOLEAN",
        engine="sqlite",
        pattern=r"\b(BOOLEAN|BOOL)( NOT NULL| NULL)* DEFAULT (\( )?[01]\b",
        within=_TABLE,
        bad="CREATE TABLE jobs (id BIGINT PRIMARY KEY, done BOOLEAN NOT NULL DEFAULT 0);",
        good="CREATE TABLE jobs (id BIGINT PRIMARY KEY, done BOOLEAN NOT NULL DEFAULT FALSE);",
        mend="Write TRUE or FALSE, which SQLite reads as 1 and 0.",
        words={"0": "FALSE", "1": "TRUE"},
    ),
    EngineForm(
        title="functions that PostgreSQL doesn't have",
        engine="sqlite",
        pattern=rf"{_CALL}(IFNULL|GROUP_CONCAT|LAST_INSERT_ROWID|RANDOMBLOB|ZEROBLOB|HEX|INSTR|PRINTF|IIF"
        rf"|TYPEOF|TOTAL"
        r"|JSON_EXTRACT|JSON_GROUP_ARRAY|JSON_GROUP_OBJECT|JSON_PATCH|JSON_INSERT|JSON_REPLACE|JSON_SET) \(",
        bad="CREATE TABLE jobs (id BIGINT PRIMARY KEY, kind TEXT);\nCREATE VIEW kinds AS\n"
        "    SELECT ifnull(kind, 'none') AS kind FROM jobs;",
        good="CREATE TABLE jobs (id BIGINT PRIMARY KEY, kind TEXT);\nCREATE VIEW kinds AS\n"
        "    SELECT COALESCE(kind, 'none') AS kind FROM jobs;",
        words={"IFNULL": "COALESCE"},
        mend="Write what both have: COALESCE for IFNULL, CASE for IIF, or compute it in the application.",
    ),
    EngineForm(
        title="SQLite's own catalog",
        engine="sqlite",
        pattern=r"\b(SQLITE_MASTER|SQLITE_SCHEMA|SQLITE_SEQUENCE|PRAGMA_\w+)\b",
        bad="CREATE VIEW own_tables AS SELECT name FROM sqlite_master;",
        good="-- gate: when engine sqlite\nCREATE VIEW own_tables AS SELECT name FROM sqlite_master;",
        mend=_OWN_FILE,
    ),
    EngineForm(
        title="COLLATE NOCASE and RTRIM",
        engine="sqlite",
        pattern=r"\bCOLLATE (NOCASE|RTRIM|BINARY)\b",
        bad="CREATE TABLE users (name TEXT NOT NULL COLLATE NOCASE);",
        good="CREATE TABLE users (name TEXT NOT NULL);\nCREATE UNIQUE INDEX users_name ON users (LOWER(name));",
        mend="Leave it out, and compare or index LOWER(COLUMN).",
        replace="",
    ),
    EngineForm(
        title="a generated column without GENERATED ALWAYS",
        engine="sqlite",
        pattern=rf"(?:(?<=\( )|(?<=, )){_NAME} \w+ AS \(",
        within=_TABLE,
        bad="CREATE TABLE jobs (id BIGINT PRIMARY KEY, name TEXT, label TEXT AS (name || '!') STORED);",
        good="CREATE TABLE jobs (\n    id BIGINT PRIMARY KEY,\n    name TEXT,\n"
        "    label TEXT GENERATED ALWAYS AS (name || '!') STORED\n);",
        mend="Write GENERATED ALWAYS AS (...) STORED.",
    ),
    EngineForm(
        title="binary literals",
        engine="sqlite",
        pattern=r"\bX''",
        bad="CREATE TABLE files (id BIGINT PRIMARY KEY, body BYTEA DEFAULT x'00');",
        good="CREATE TABLE files (id BIGINT PRIMARY KEY, body BYTEA);",
        mend="Let the application write the bytes; x'00' is a string of bits to PostgreSQL.",
    ),
    EngineForm(
        title="== for =",
        engine="sqlite",
        pattern=r"(?<= )==(?= )",
        bad="CREATE TABLE jobs (id BIGINT PRIMARY KEY, n BIGINT CHECK (n == 1));",
        good="CREATE TABLE jobs (id BIGINT PRIMARY KEY, n BIGINT CHECK (n = 1));",
        mend="Write =.",
        replace="=",
    ),
    EngineForm(
        title="LIMIT with a comma",
        engine="sqlite",
        pattern=r"\bLIMIT \d+ , \d+",
        bad="CREATE TABLE jobs (id BIGINT PRIMARY KEY);\n"
        "CREATE VIEW few AS SELECT id FROM jobs ORDER BY id LIMIT 5, 10;",
        good="CREATE TABLE jobs (id BIGINT PRIMARY KEY);\n"
        "CREATE VIEW few AS SELECT id FROM jobs ORDER BY id LIMIT 10 OFFSET 5;",
        mend="Write LIMIT COUNT OFFSET START.",
    ),
)

POSTGRES_FORMS: tuple[EngineForm, ...] = (
    EngineForm(
        title="DO blocks",
        engine="postgres",
        pattern=r"^DO (LANGUAGE \S+ )?(\$\$|'')",
        whole=True,
        bad="DO $$ BEGIN PERFORM 1; END $$;",
        good="-- gate: when engine postgres\nDO $$ BEGIN PERFORM 1; END $$;",
        mend=_OWN_FILE,
    ),
    EngineForm(
        title="extensions, types, functions, sequences, schemas and other things that SQLite doesn't have",
        engine="postgres",
        pattern=r"^(CREATE|ALTER|DROP) (OR REPLACE )?(EXTENSION|TYPE|FUNCTION|PROCEDURE|AGGREGATE|SEQUENCE"
        r"|SCHEMA|DOMAIN"
        r"|MATERIALIZED VIEW|POLICY|ROLE|USER|RULE|OPERATOR|CAST|COLLATION|STATISTICS|PUBLICATION|SERVER"
        r"|FOREIGN TABLE|EVENT TRIGGER|DATABASE|TABLESPACE|TEXT SEARCH)\b",
        whole=True,
        bad="CREATE TYPE mood AS ENUM ('good', 'bad');",
        good="CREATE TABLE days (id BIGINT PRIMARY KEY, mood TEXT CHECK (mood IN ('good', 'bad')));",
        mend=f"For a type, write TEXT with a CHECK. {_OWN_FILE}",
    ),
    EngineForm(
        title="CREATE OR REPLACE",
        engine="postgres",
        pattern=r"^CREATE OR REPLACE( TEMP| TEMPORARY)? VIEW\b",
        bad="CREATE OR REPLACE VIEW one AS SELECT 1 AS n;",
        good="DROP VIEW IF EXISTS one;\nCREATE VIEW one AS SELECT 1 AS n;",
        mend="Drop the view first (DROP VIEW IF EXISTS), then make it.",
        replace="CREATE VIEW",
    ),
    EngineForm(
        title="triggers that call a function",
        engine="postgres",
        pattern=r"^CREATE (OR REPLACE |CONSTRAINT )*TRIGGER\b.* EXECUTE (FUNCTION|PROCEDURE)\b"
        r"|^DROP TRIGGER (IF EXISTS )?\S+ ON\b",
        whole=True,
        bad="CREATE TABLE jobs (id BIGINT PRIMARY KEY);\nDROP TRIGGER IF EXISTS jobs_run ON jobs;",
        good="CREATE TABLE jobs (id BIGINT PRIMARY KEY);\n"
        "-- gate: when engine postgres\nDROP TRIGGER IF EXISTS jobs_run ON jobs;",
        mend=f"Do in storage code what the trigger does. {_OWN_FILE}",
    ),
    EngineForm(
        title="statements that SQLite doesn't have",
        engine="postgres",
        pattern=r"^(COMMENT ON|GRANT|REVOKE|TRUNCATE|COPY|LOCK|SET|RESET|REFRESH MATERIALIZED|NOTIFY|LISTEN"
        r"|CALL|CLUSTER"
        r"|MERGE INTO|SECURITY LABEL|DISCARD|ALTER (INDEX|VIEW|DEFAULT|SYSTEM|TRIGGER))\b",
        whole=True,
        bad="CREATE TABLE jobs (id BIGINT PRIMARY KEY);\nCOMMENT ON TABLE jobs IS 'what is to be done';",
        good="-- what is to be done\nCREATE TABLE jobs (id BIGINT PRIMARY KEY);",
        mend=f"For TRUNCATE write DELETE FROM, for COMMENT ON a comment. {_OWN_FILE}",
    ),
    EngineForm(
        title="CONCURRENTLY",
        engine="postgres",
        pattern=r"(?<=INDEX) CONCURRENTLY\b",
        within=r"(CREATE|DROP)\b",
        bad="CREATE TABLE jobs (id BIGINT PRIMARY KEY);\nCREATE INDEX CONCURRENTLY jobs_id ON jobs (id);",
        good="CREATE TABLE jobs (id BIGINT PRIMARY KEY);\nCREATE INDEX IF NOT EXISTS jobs_id ON jobs (id);",
        mend=f"Leave it out; where the table is large, give PostgreSQL a file of its own. {_OWN_FILE}",
        replace="",
    ),
    EngineForm(
        title="an index without a name, with a method, or with more columns",
        engine="postgres",
        pattern=r"^CREATE (UNIQUE )?INDEX (CONCURRENTLY )?ON\b|\bUSING (BTREE|GIN|GIST|HASH|BRIN|SPGIST)\b"
        r"|\bINCLUDE \(",
        within=r"CREATE (UNIQUE )?INDEX\b",
        bad="CREATE TABLE jobs (id BIGINT PRIMARY KEY, kind TEXT);\n"
        "CREATE INDEX IF NOT EXISTS jobs_kind ON jobs USING btree (kind);",
        good="CREATE TABLE jobs (id BIGINT PRIMARY KEY, kind TEXT);\n"
        "CREATE INDEX IF NOT EXISTS jobs_kind ON jobs (kind);",
        mend=f"Write a plain index with a name. {_OWN_FILE}",
    ),
    EngineForm(
        title="NULLS FIRST and NULLS LAST in an index",
        engine="postgres",
        pattern=r"\bNULLS (FIRST|LAST)\b",
        within=r"CREATE (UNIQUE )?INDEX\b",
        bad="CREATE TABLE jobs (id BIGINT PRIMARY KEY);\nCREATE INDEX IF NOT EXISTS i ON jobs (id DESC NULLS "
        "LAST);",
        good="CREATE TABLE jobs (id BIGINT PRIMARY KEY);\nCREATE INDEX IF NOT EXISTS i ON jobs (id DESC);",
        mend="Leave it out.",
        replace="",
    ),
    EngineForm(
        title="changes to a column or a constraint",
        engine="postgres",
        pattern=r"\bALTER (COLUMN )?(\w+|\"\") (TYPE|SET|DROP|ADD)\b|\bADD (CONSTRAINT (\w+|\"\") )?(UNIQUE"
        r"|PRIMARY KEY"
        r"|FOREIGN KEY|CHECK|EXCLUDE)\b|\b(DROP|RENAME|VALIDATE|ALTER) CONSTRAINT\b"
        r"|\b(OWNER TO|SET SCHEMA|(ENABLE|DISABLE) (ROW LEVEL|TRIGGER)|ATTACH PARTITION|REPLICA IDENTITY)\b",
        within=r"ALTER TABLE\b",
        bad="CREATE TABLE jobs (id BIGINT PRIMARY KEY, kind TEXT);\n"
        "ALTER TABLE jobs ALTER COLUMN kind TYPE VARCHAR(40);",
        good="CREATE TABLE jobs_new (id BIGINT PRIMARY KEY, kind VARCHAR(40));",
        mend="Make the table anew with the change, copy the rows, drop the old one and rename the new one; or "
        "give "
        "each engine a file of its own (NAME.sqlite.sql, NAME.postgres.sql), or guard the statement.",
    ),
    EngineForm(
        title="IF EXISTS and IF NOT EXISTS within ALTER TABLE",
        engine="postgres",
        pattern=r"\b(ADD|DROP) (COLUMN )?IF (NOT )?EXISTS\b|^ALTER TABLE IF EXISTS\b",
        within=r"ALTER TABLE\b",
        bad="CREATE TABLE jobs (id BIGINT PRIMARY KEY);\nALTER TABLE jobs ADD COLUMN IF NOT EXISTS kind TEXT;",
        good="CREATE TABLE jobs (id BIGINT PRIMARY KEY);\n"
        "-- gate: when column-missing jobs.kind\nALTER TABLE jobs ADD COLUMN kind TEXT;",
        mend="Leave it out and guard the statement: -- gate: when column-missing TABLE.COLUMN (column-present "
        "for a "
        "drop).",
    ),
    EngineForm(
        title="several changes in one ALTER TABLE",
        engine="postgres",
        pattern=r", (ADD|DROP|ALTER|RENAME) (COLUMN )?(\w+|\"\")",
        within=r"ALTER TABLE\b",
        bad="CREATE TABLE jobs (id BIGINT PRIMARY KEY);\nALTER TABLE jobs ADD COLUMN a TEXT, ADD COLUMN b TEXT;",
        good="CREATE TABLE jobs (id BIGINT PRIMARY KEY);\n"
        "ALTER TABLE jobs ADD COLUMN a TEXT;\nALTER TABLE jobs ADD COLUMN b TEXT;",
        mend="Write one ALTER TABLE for each change.",
    ),
    EngineForm(
        title="CASCADE, RESTRICT and several names in a DROP",
        engine="postgres",
        pattern=r"\b(CASCADE|RESTRICT)$|(?<=\S) , \S+",
        within=r"DROP (TABLE|VIEW|INDEX)\b",
        bad="DROP TABLE IF EXISTS jobs, job_logs CASCADE;",
        good="DROP TABLE IF EXISTS job_logs;\nDROP TABLE IF EXISTS jobs;",
        mend="Write one DROP for each name, what refers to others first.",
    ),
    EngineForm(
        title="names with a schema",
        engine="postgres",
        pattern=r"(?<!\. )\b(PUBLIC|INFORMATION_SCHEMA|PG_CATALOG) \. ",
        bad="CREATE TABLE public.jobs (id BIGINT PRIMARY KEY);",
        good="CREATE TABLE jobs (id BIGINT PRIMARY KEY);",
        mend="Leave the schema out.",
        replace="",
    ),
    EngineForm(
        title="SERIAL",
        engine="postgres",
        pattern=rf"{_TYPED}(BIGSERIAL|SMALLSERIAL|SERIAL[248]?)\b",
        within=_TABLE,
        differs="SQLite takes it as the name of a type and makes no number, so the key stays NULL.",
        bad="CREATE TABLE jobs (id SERIAL PRIMARY KEY);",
        good="CREATE TABLE jobs (id BIGINT NOT NULL PRIMARY KEY);",
        mend=f"Let the application make the key. {_OWN_FILE}",
        words={"BIGSERIAL": "BIGINT", "SMALLSERIAL": "SMALLINT", "SERIAL": "INTEGER"},
    ),
    EngineForm(
        title="GENERATED AS IDENTITY",
        engine="postgres",
        pattern=r"\bGENERATED (ALWAYS|BY DEFAULT) AS IDENTITY\b",
        within=_TABLE,
        bad="CREATE TABLE jobs (id BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY);",
        good="CREATE TABLE jobs (id BIGINT NOT NULL PRIMARY KEY);",
        mend=f"Let the application make the key. {_OWN_FILE}",
        replace="NOT NULL",
    ),
    EngineForm(
        title="casts with ::",
        engine="postgres",
        pattern=r"(?<= )::(?= )",
        bad="CREATE TABLE jobs (id BIGINT PRIMARY KEY, kind TEXT DEFAULT 'none'::text);",
        good="CREATE TABLE jobs (id BIGINT PRIMARY KEY, kind TEXT DEFAULT 'none');",
        mend="Leave the cast out, or write CAST(VALUE AS TYPE).",
    ),
    EngineForm(
        title="now()",
        engine="postgres",
        pattern=rf"{_CALL}(NOW|TRANSACTION_TIMESTAMP|STATEMENT_TIMESTAMP|CLOCK_TIMESTAMP) \( \)",
        bad="CREATE TABLE jobs (id BIGINT PRIMARY KEY, at TIMESTAMP DEFAULT now());",
        good="CREATE TABLE jobs (id BIGINT PRIMARY KEY, at TIMESTAMP DEFAULT CURRENT_TIMESTAMP);",
        mend=_NOW,
        replace="CURRENT_TIMESTAMP",
    ),
    EngineForm(
        title="functions that SQLite doesn't have",
        engine="postgres",
        pattern=rf"{_CALL}(GEN_RANDOM_UUID|UUID_GENERATE_V[145]|UUIDV7|TO_CHAR|TO_TIMESTAMP|TO_DATE"
        rf"|DATE_TRUNC|DATE_PART"
        r"|MAKE_DATE|ARRAY_AGG|UNNEST|GENERATE_SERIES|NEXTVAL|SETVAL|CURRVAL|REGEXP_REPLACE|REGEXP_MATCHES|MD5"
        r"|SPLIT_PART|GREATEST|LEAST|TO_TSVECTOR|TO_TSQUERY|TO_JSONB?|JSONB_BUILD_OBJECT|JSONB_BUILD_ARRAY"
        r"|JSONB_AGG"
        r"|JSONB_ARRAY_ELEMENTS|JSONB_SET|JSON_BUILD_OBJECT|JSON_AGG|CURRENT_SETTING|SET_CONFIG|LPAD|RPAD"
        r"|INITCAP"
        r"|BOOL_AND|BOOL_OR|ARRAY_LENGTH|ENCODE|DECODE|CHAR_LENGTH|LEFT|RIGHT) \(|\bEXTRACT \( \w+ FROM\b",
        bad="CREATE TABLE jobs (id UUID PRIMARY KEY DEFAULT gen_random_uuid());",
        good="CREATE TABLE jobs (id UUID NOT NULL PRIMARY KEY);",
        mend="Compute it in the application, or write what both have (CASE, COALESCE, SUBSTR, REPLACE).",
    ),
    EngineForm(
        title="ILIKE, SIMILAR TO and regular expressions",
        engine="postgres",
        pattern=r"\bILIKE\b|\bSIMILAR TO\b|(?<= )!?~\*?(?= '')",
        bad="CREATE TABLE jobs (kind TEXT);\nCREATE VIEW imports AS SELECT kind FROM jobs WHERE kind ILIKE "
        "'imp%';",
        good="CREATE TABLE jobs (kind TEXT);\n"
        "CREATE VIEW imports AS SELECT kind FROM jobs WHERE LOWER(kind) LIKE 'imp%';",
        mend="Write LOWER(COLUMN) LIKE 'pattern in lower case'.",
    ),
    EngineForm(
        title="operators of JSON and arrays",
        engine="postgres",
        pattern=r"(?<= )(@>|<@|\?\||\?&|#>>?|@\?|@@|&&)(?= )|(?<=[\w\")\]]) \? ''",
        bad="CREATE TABLE jobs (id BIGINT PRIMARY KEY, body JSONB);\n"
        "CREATE VIEW late AS SELECT id FROM jobs WHERE body ? 'late';",
        good="CREATE TABLE jobs (id BIGINT PRIMARY KEY, body JSONB, late BOOLEAN);\n"
        "CREATE VIEW late AS SELECT id FROM jobs WHERE late;",
        mend="Keep what is asked for in a column of its own, or ask in storage code.",
    ),
    EngineForm(
        title="arrays",
        engine="postgres",
        pattern=r"\bARRAY \[|\b\w+ \[ (\d+ )?\]|= (ANY|ALL) \((?! SELECT)",
        bad="CREATE TABLE jobs (id BIGINT PRIMARY KEY, tags TEXT[] DEFAULT '{}');",
        good="CREATE TABLE jobs (id BIGINT PRIMARY KEY);\n"
        "CREATE TABLE job_tags (job_id BIGINT NOT NULL REFERENCES jobs (id), tag TEXT NOT NULL);",
        mend="Make a table for the values, and write IN (...) for = ANY (...).",
        differs="SQLite reads TEXT[] as TEXT with a name in brackets after it, and refuses the other forms.",
    ),
    EngineForm(
        title="DISTINCT ON, LATERAL and FOR UPDATE",
        engine="postgres",
        pattern=r"\bDISTINCT ON \(|\b(JOIN|,) LATERAL\b|\bFOR (NO KEY )?UPDATE$|\bFOR (KEY )?SHARE$",
        within=r"(CREATE VIEW|INSERT|WITH|SELECT|UPDATE|DELETE|CREATE TABLE)\b",
        bad="CREATE TABLE jobs (id BIGINT, kind TEXT);\n"
        "CREATE VIEW firsts AS SELECT DISTINCT ON (kind) kind, id FROM jobs ORDER BY kind, id;",
        good="CREATE TABLE jobs (id BIGINT, kind TEXT);\n"
        "CREATE VIEW firsts AS SELECT kind, MIN(id) AS id FROM jobs GROUP BY kind;",
        mend="Write GROUP BY, or a join.",
    ),
    EngineForm(
        title="INTERVAL and AT TIME ZONE",
        engine="postgres",
        pattern=r"\bINTERVAL ''|\bAT TIME ZONE\b",
        bad="CREATE TABLE jobs (id BIGINT, at TIMESTAMP);\n"
        "DELETE FROM jobs WHERE at < CURRENT_TIMESTAMP - INTERVAL '7 days';",
        good="CREATE TABLE jobs (id BIGINT, at TIMESTAMP);\nDELETE FROM jobs WHERE at < CURRENT_TIMESTAMP;",
        mend=_ARITHMETIC,
    ),
    EngineForm(
        title="strings in dollars and with E",
        engine="postgres",
        pattern=r"(?<= )(\$\$|E'')(?!\S)",
        bad="CREATE TABLE jobs (kind TEXT DEFAULT E'a\\tb');",
        good="CREATE TABLE jobs (kind TEXT DEFAULT 'a b');",
        mend="Write a plain string in single quotes, quotes in it doubled.",
    ),
    EngineForm(
        title="options of a table",
        engine="postgres",
        pattern=r"^CREATE UNLOGGED TABLE\b|(?<=\)) (INHERITS \(|PARTITION BY|TABLESPACE|WITH \()"
        r"|\bPARTITION OF\b"
        r"|\( LIKE \S+( INCLUDING \w+)* \)|\bEXCLUDE USING\b|\bNULLS NOT DISTINCT\b",
        within=r"CREATE (UNLOGGED )?TABLE\b(?!.* AS (SELECT|WITH)\b)",
        bad="CREATE TABLE jobs (id BIGINT PRIMARY KEY) WITH (fillfactor = 70);",
        good="CREATE TABLE jobs (id BIGINT PRIMARY KEY);",
        mend=f"Leave them out. {_OWN_FILE}",
    ),
    EngineForm(
        title="ON CONFLICT ON CONSTRAINT",
        engine="postgres",
        pattern=r"\bON CONFLICT ON CONSTRAINT\b",
        bad="CREATE TABLE kinds (name TEXT CONSTRAINT one UNIQUE);\n"
        "INSERT INTO kinds (name) VALUES ('a') ON CONFLICT ON CONSTRAINT one DO NOTHING;",
        good="CREATE TABLE kinds (name TEXT CONSTRAINT one UNIQUE);\n"
        "INSERT INTO kinds (name) VALUES ('a') ON CONFLICT (name) DO NOTHING;",
        mend="Name the columns: ON CONFLICT (COLUMN).",
    ),
    EngineForm(
        title="ON CONFLICT straight after a SELECT's tables",
        engine="postgres",
        pattern=r"\bFROM (?:(?!WHERE |GROUP |HAVING |ORDER |LIMIT |FROM )\S+ )*ON CONFLICT\b",
        within=r"INSERT INTO\b(?!.*\bVALUES\b)",
        bad="CREATE TABLE old_kinds (name TEXT);\nCREATE TABLE kinds (name TEXT PRIMARY KEY);\n"
        "INSERT INTO kinds (name) SELECT name FROM old_kinds ON CONFLICT (name) DO NOTHING;",
        good="CREATE TABLE old_kinds (name TEXT);\nCREATE TABLE kinds (name TEXT PRIMARY KEY);\n"
        "INSERT INTO kinds (name) SELECT name FROM old_kinds WHERE true ON CONFLICT (name) DO NOTHING;",
        mend="Write WHERE true before ON CONFLICT; SQLite takes ON for a join otherwise.",
    ),
    EngineForm(
        title="DELETE ... USING",
        engine="postgres",
        pattern=r"^DELETE FROM \S+( AS)?( \w+)? USING\b",
        bad="CREATE TABLE jobs (id BIGINT);\nCREATE TABLE gone (id BIGINT);\n"
        "DELETE FROM jobs USING gone WHERE gone.id = jobs.id;",
        good="CREATE TABLE jobs (id BIGINT);\nCREATE TABLE gone (id BIGINT);\n"
        "DELETE FROM jobs WHERE id IN (SELECT id FROM gone);",
        mend="Write WHERE KEY IN (SELECT ...).",
    ),
)

ENGINE_FORMS: tuple[EngineForm, ...] = (*SQLITE_FORMS, *POSTGRES_FORMS)
