"""Rules of the audits: how storage code and SQL are written where two databases have to be served."""

from gatekeeper.model.rules.rule import Rule

AUDIT: tuple[Rule, ...] = (
    Rule(
        id="CX-DBP-VAL-010",
        title="The database is reached outside storage",
        severity="error",
        what="Code outside the configured storage folders calls the database: a query function or macro, a "
        "pool, a "
        "connection, under whatever name it was imported.",
        why="One door to the data is one place to change when the database changes. Each further door is found "
        "late.",
        bad='// src/api/search.rs\nsqlx::query("SELECT id FROM documents").fetch_all(&pool).await?;',
        good="// src/api/search.rs\nstorage.documents().await?;",
        mend="Move the access into a storage folder ([audit] storage) and call it from here.",
    ),
    Rule(
        id="CX-DBP-VAL-011",
        title="SQL that only one engine understands",
        severity="error",
        what="SQL that both engines share, in a migration or in a string passed to a query, uses a form of one "
        "engine "
        "alone: ?1 or ? as a parameter, strftime(, datetime('now'), a trigger with OLD. or NEW.",
        why="It runs on the laptop's engine and fails, or means something else, on the server's.",
        bad="UPDATE jobs SET done_at = datetime('now') WHERE id = ?1;",
        good="UPDATE jobs SET done_at = $1 WHERE id = $2;",
        mend="Write what both engines understand ($1 parameters, values from the application), or give each "
        "engine a "
        "file of its own.",
    ),
    Rule(
        id="CX-DBP-VAL-012",
        title="A concrete pool or driver type outside storage",
        severity="error",
        what="A signature or a field outside storage names SqlitePool, PgPool, Pool<Sqlite>, a connection type "
        "or the "
        "like, also under another name.",
        why="A type that names the engine spreads the choice of engine through everything that holds it.",
        bad="pub struct AppState { pool: sqlx::SqlitePool }",
        good="pub struct AppState { storage: Arc<dyn Database> }",
        mend="Hold the project's own storage interface instead of the driver's type.",
    ),
    Rule(
        id="CX-DBP-VAL-013",
        title="The migrations have gaps or lack downs",
        severity="error",
        what="Version numbers are missing or doubled, or an up has no down, seen over the whole set.",
        why="A gap is a migration that somebody has and others lack. An up without a down cannot be stepped "
        "back from.",
        bad="migrations/0001_init.sql\nmigrations/0003_jobs.sql",
        good="migrations/0001_init.sql\nmigrations/0001_init.down.sql\nmigrations/0002_jobs.sql\n"
        "migrations/0002_jobs.down.sql",
        mend="Renumber or add what is missing; gate migrations prove names each fault with its own rule.",
    ),
    Rule(
        id="CX-DBP-VAL-014",
        title="No test runs on both engines",
        severity="error",
        what="The project serves two engines, and no test names both in code. A word in a comment does not count.",
        why="What is tested on one engine only works on one engine only.",
        bad="#[test]\nfn saves() { let db = open_sqlite(); } // TODO: postgres",
        good="#[test]\nfn saves() { for db in [open_sqlite(), open_postgres()] { check(db); } }",
        mend="Let the storage tests run on SQLite and on PostgreSQL, and name both where they are opened.",
    ),
)
