"""Rules of the migration lint. An example is an up, or the files that its ``-- file: NAME`` lines name.

The tests run the lint on every example: what breaks a rule is found, what keeps it is not.
"""

from gatekeeper.model.rules.engine_forms import ENGINE_FORMS
from gatekeeper.model.rules.rule import Case, Rule

_SEVERITY = "a note for versions older than since"
_WARNING = f"warning; {_SEVERITY}"

LINT: tuple[Rule, ...] = (
    Rule(
        id="lint.placeholder",
        title="A placeholder that isn't $1",
        severity=f"error; {_SEVERITY}",
        what="The file holds ?, ?1, :name, @name, $name, %s, %(name)s or ${name} outside strings and comments.",
        why="Nothing binds values when a migration runs, and where a runner does, $1 is what both engines read.",
        bad="UPDATE jobs SET kind = ? WHERE id = ?;",
        good="UPDATE jobs SET kind = $1 WHERE id = $2;",
        mend="Write the value itself; where your runner binds values, number them $1, $2.",
    ),
    Rule(
        id="lint.engine-specific",
        title="SQL of one engine in a file that both run",
        severity=f"error; {_SEVERITY}",
        what="Both engines run the file, and the statement holds a form that one of them refuses or takes for "
        "something else. A statement under -- gate: when engine sqlite (or postgres) may hold it.",
        why="It passes on the laptop's engine and stops the server's, or leaves another schema there.",
        bad="CREATE TABLE IF NOT EXISTS jobs (id INTEGER PRIMARY KEY AUTOINCREMENT, at TEXT DEFAULT "
        "(datetime('now')));",
        good="CREATE TABLE IF NOT EXISTS jobs (\n    id BIGINT NOT NULL PRIMARY KEY,\n"
        "    at TIMESTAMP NOT NULL DEFAULT CURRENT_TIMESTAMP\n);",
        mend="Write what both engines read, guard the statement, or give each engine a file of its own.",
        cases=tuple(Case(title=form.title, bad=form.bad, good=form.good) for form in ENGINE_FORMS),
    ),
    Rule(
        id="lint.if-not-exists",
        title="Something is made or added without a test whether it is there",
        severity=_WARNING,
        what="An up makes a table, index, view or the like without IF NOT EXISTS (or OR REPLACE, or a DROP IF "
        "EXISTS "
        "ahead of it), or adds a column without a guard. Not judged with replay = off.",
        why="Where a crash comes between the schema change and its record, the runner runs the file again.",
        bad="CREATE TABLE jobs (id BIGINT PRIMARY KEY);",
        good="CREATE TABLE IF NOT EXISTS jobs (id BIGINT PRIMARY KEY);",
        mend="Add IF NOT EXISTS. A column gets a guard, or, for runners that don't know guards, the table is "
        "made anew.",
        cases=(
            Case(
                title="an index",
                bad="CREATE TABLE IF NOT EXISTS jobs (kind TEXT);\nCREATE INDEX jobs_kind ON jobs (kind);",
                good="CREATE TABLE IF NOT EXISTS jobs (kind TEXT);\n"
                "CREATE INDEX IF NOT EXISTS jobs_kind ON jobs (kind);",
            ),
            Case(
                title="a view",
                bad="CREATE VIEW numbers AS SELECT 1 AS n;",
                good="DROP VIEW IF EXISTS numbers;\nCREATE VIEW numbers AS SELECT 1 AS n;",
            ),
            Case(
                title="a column",
                bad="CREATE TABLE IF NOT EXISTS jobs (id BIGINT PRIMARY KEY);\n"
                "ALTER TABLE jobs ADD COLUMN kind TEXT;",
                good="CREATE TABLE IF NOT EXISTS jobs (id BIGINT PRIMARY KEY);\n"
                "-- gate: when column-missing jobs.kind\nALTER TABLE jobs ADD COLUMN kind TEXT;",
            ),
            Case(
                title="a column, for runners that don't know guards",
                bad="CREATE TABLE IF NOT EXISTS jobs (id BIGINT PRIMARY KEY);\n"
                "ALTER TABLE jobs ADD kind TEXT NOT NULL DEFAULT '';",
                good="CREATE TABLE IF NOT EXISTS jobs (id BIGINT PRIMARY KEY);\nDROP TABLE IF EXISTS jobs_new;\n"
                "CREATE TABLE jobs_new (id BIGINT PRIMARY KEY, kind TEXT NOT NULL DEFAULT '');\n"
                "INSERT INTO jobs_new (id) SELECT id FROM jobs;\nDROP TABLE jobs;\n"
                "ALTER TABLE jobs_new RENAME TO jobs;",
            ),
        ),
    ),
    Rule(
        id="lint.if-exists",
        title="Something is dropped without a test whether it is there",
        severity=_WARNING,
        what="A DROP without IF EXISTS, or a column dropped without a guard, of what the file didn't make "
        "itself. Ups "
        "are not judged with replay = off.",
        why="A down is needed where an up stopped midway, and then half of what it drops isn't there.",
        bad="-- file: 0001_jobs.sql\nCREATE TABLE IF NOT EXISTS jobs (id BIGINT PRIMARY KEY);\n"
        "-- file: 0001_jobs.down.sql\nDROP TABLE jobs;",
        good="-- file: 0001_jobs.sql\nCREATE TABLE IF NOT EXISTS jobs (id BIGINT PRIMARY KEY);\n"
        "-- file: 0001_jobs.down.sql\nDROP TABLE IF EXISTS jobs;",
        mend="Add IF EXISTS; guard a dropped column with -- gate: when column-present TABLE.COLUMN.",
    ),
    Rule(
        id="lint.seed-and-schema",
        title="An up changes the schema and inserts rows",
        severity=_WARNING,
        what="An up makes, alters or drops something and inserts values that stand in the file. Rows that are "
        "copied "
        "from other tables don't count.",
        why="Where a row fails, the schema goes back with it; and who wants the schema alone can't have it.",
        bad="CREATE TABLE IF NOT EXISTS kinds (name TEXT PRIMARY KEY);\n"
        "INSERT INTO kinds (name) VALUES ('import') ON CONFLICT (name) DO NOTHING;",
        good="-- file: 0001_kinds.sql\nCREATE TABLE IF NOT EXISTS kinds (name TEXT PRIMARY KEY);\n"
        "-- file: 0002_kinds_seed.sql\n"
        "INSERT INTO kinds (name) VALUES ('import') ON CONFLICT (name) DO NOTHING;",
        mend="Give the rows a version of their own.",
    ),
    Rule(
        id="lint.destructive",
        title="An up drops or empties what holds data",
        severity=_WARNING,
        what="An up drops a table or a column, truncates, or deletes or updates without WHERE. What the file "
        "itself "
        "made, the rebuild of a table, and what -- gate: loses TABLE[.COLUMN] REASON declares don't count.",
        why="No down brings rows back.",
        bad="DROP TABLE IF EXISTS jobs;",
        good="-- gate: loses jobs moved to tasks in version 0004, and nothing reads it since 0006\n"
        "DROP TABLE IF EXISTS jobs;",
        mend="Drop it in a later version, when no code reads it any more, and declare the loss.",
        cases=(
            Case(
                title="a column",
                bad="-- gate: when column-present jobs.kind\nALTER TABLE jobs DROP COLUMN kind;",
                good="-- gate: loses jobs.kind the kinds are rows of job_kinds since version 0003\n"
                "-- gate: when column-present jobs.kind\nALTER TABLE jobs DROP COLUMN kind;",
            ),
            Case(
                title="a DELETE or UPDATE of every row",
                bad="DELETE FROM jobs;",
                good="DELETE FROM jobs WHERE kind = 'import';",
            ),
        ),
    ),
    Rule(
        id="lint.transaction",
        title="The file begins or ends transactions",
        severity=_WARNING,
        what="A statement is BEGIN, COMMIT, ROLLBACK or the like. Files that say -- gate: no-transaction "
        "aren't judged.",
        why="The runner runs each file in one transaction, so that it is applied as a whole or not at all.",
        bad="BEGIN;\nCREATE TABLE IF NOT EXISTS jobs (id BIGINT PRIMARY KEY);\nCOMMIT;",
        good="CREATE TABLE IF NOT EXISTS jobs (id BIGINT PRIMARY KEY);",
        mend="Delete them; write -- gate: no-transaction where a statement can't run in one.",
    ),
    Rule(
        id="lint.version-table",
        title="The schema's version is kept by hand",
        severity=_WARNING,
        what="An up makes or writes to a table in which runners record versions, or sets SQLite's user_version.",
        why="The runner records what it applied. A second record will say something else some day.",
        bad="CREATE TABLE IF NOT EXISTS schema_version (version BIGINT NOT NULL);",
        good="CREATE TABLE IF NOT EXISTS document_versions (version BIGINT NOT NULL);",
        mend="Delete the statement.",
    ),
    Rule(
        id="lint.empty-down",
        title="A down holds comments alone",
        severity=_WARNING,
        what="The down has no statement, though its up makes something that it could take back.",
        why="The comment says that there is nothing to take back, and there is.",
        bad="-- file: 0001_jobs.sql\nCREATE TABLE IF NOT EXISTS jobs (id BIGINT PRIMARY KEY);\n"
        "-- file: 0001_jobs.down.sql\n-- nothing to do",
        good="-- file: 0001_jobs.sql\nCREATE TABLE IF NOT EXISTS jobs (id BIGINT PRIMARY KEY);\n"
        "-- file: 0001_jobs.down.sql\nDROP TABLE IF EXISTS jobs;",
        mend="Take back what the up makes, in reverse order.",
    ),
    Rule(
        id="lint.name",
        title="A name that says nothing, or that isn't safe everywhere",
        severity=_WARNING,
        what="The file's name holds a version and nothing else, or characters other than letters, digits, _, "
        "- and .",
        why="The name is what is read in a list of migrations; blanks and other characters break scripts.",
        bad="-- file: 0001.sql\nCREATE TABLE IF NOT EXISTS jobs (id BIGINT PRIMARY KEY);",
        good="-- file: 0001_jobs.sql\nCREATE TABLE IF NOT EXISTS jobs (id BIGINT PRIMARY KEY);",
        mend="Rename it, up and down, before it was applied anywhere.",
    ),
    Rule(
        id="lint.numbering",
        title="A number with fewer digits than others",
        severity=_WARNING,
        what="Ordered by name, the file stands at another place than ordered by its number.",
        why="Tools and people who list files by name run, or read, them in another order.",
        bad="-- file: 9_jobs.sql\nCREATE TABLE IF NOT EXISTS jobs (id BIGINT PRIMARY KEY);\n"
        "-- file: 10_kinds.sql\nCREATE TABLE IF NOT EXISTS kinds (name TEXT PRIMARY KEY);",
        good="-- file: 09_jobs.sql\nCREATE TABLE IF NOT EXISTS jobs (id BIGINT PRIMARY KEY);\n"
        "-- file: 10_kinds.sql\nCREATE TABLE IF NOT EXISTS kinds (name TEXT PRIMARY KEY);",
        mend="Fill the number up with zeros.",
    ),
    Rule(
        id="lint.allow-reason",
        title="Something is allowed without a reason",
        severity=_WARNING,
        what="A line -- gate: allow RULE has no reason after the rule. It allows nothing.",
        why="Who reads it in a year wants to know why.",
        bad="-- gate: allow lint.destructive\nDROP TABLE IF EXISTS jobs;",
        good="-- gate: allow lint.destructive its rows are in tasks since version 0004\n"
        "DROP TABLE IF EXISTS jobs;",
        mend="Write the reason after the rule.",
    ),
    Rule(
        id="lint.allow-unused",
        title="Something is allowed that nothing needs",
        severity=_WARNING,
        what="A line -- gate: allow RULE REASON stands before a statement of which the rule has nothing to "
        "say, before "
        "none, or names no rule of the lint.",
        why="It would hide the next finding, which nobody has judged.",
        bad="-- gate: allow lint.destructive nothing is lost\nCREATE TABLE IF NOT EXISTS jobs (id BIGINT "
        "PRIMARY KEY);",
        good="CREATE TABLE IF NOT EXISTS jobs (id BIGINT PRIMARY KEY);",
        mend="Delete the line.",
    ),
    Rule(
        id="lint.directive",
        title="A directive that can't be read",
        severity=_WARNING,
        what="A line -- gate: WORD has a word that means nothing, a guard has an unknown condition or target, "
        "or no "
        "statement follows a guard.",
        why="Where guards are honoured the file fails; where they aren't, what it was to guard runs unguarded.",
        bad="-- gate: when colum-missing jobs.kind\nALTER TABLE jobs ADD COLUMN kind TEXT;",
        good="-- gate: when column-missing jobs.kind\nALTER TABLE jobs ADD COLUMN kind TEXT;",
        mend="Write when, allow, loses or no-transaction, and after when a condition with its target.",
    ),
    Rule(
        id="lint.guards-off",
        title="The file has guards, and they aren't honoured",
        severity=_WARNING,
        what="A statement stands under -- gate: when, and [migrations] guards is false.",
        why="The proof, like every runner that doesn't know guards, takes the line for a comment and runs the "
        "statement anyway.",
        bad="-- guards = false\n-- gate: when column-missing jobs.kind\nALTER TABLE jobs ADD COLUMN kind TEXT;",
        good="-- guards = true\n-- gate: when column-missing jobs.kind\nALTER TABLE jobs ADD COLUMN kind TEXT;",
        mend="Set [migrations] guards = true where gate's runner applies the migrations; else write what "
        "needs no "
        "guard.",
    ),
    Rule(
        id="lint.unread",
        title="A migration that could not be linted",
        severity=_WARNING,
        what="The file is no UTF-8 text, holds a NUL, or is larger than 10 MB.",
        why="What was not read was not judged.",
        bad="a file with the byte 0xff",
        good="a file with SQL text in UTF-8",
        mend="Write it as SQL text in UTF-8.",
    ),
    Rule(
        id="lint.not-run",
        title="Rules that were not applied",
        severity="note",
        what="The linter squawk isn't installed, or doesn't understand the file's SQL, so its rules for "
        "PostgreSQL's locks were not applied.",
        why="What was skipped has not passed.",
        bad="pip install gatekeeper",
        good="pip install 'gatekeeper[lint]'",
        mend="Install the extra lint.",
    ),
    Rule(
        id="lint.squawk.*",
        title="PostgreSQL's lock and safety rules, by their own ids",
        severity=_WARNING,
        what="An up that runs on PostgreSQL holds something that locks a table for long, or that breaks those "
        "who use it. The part after lint.squawk. is the id of squawk's rule, and the message its own.",
        why="A lock that waits, or that lasts, stops everything that needs the table.",
        bad="-- file: 0001_jobs.sql\nCREATE TABLE IF NOT EXISTS jobs (id BIGINT PRIMARY KEY, kind TEXT);\n"
        "-- file: 0002_work.sql\nALTER TABLE jobs RENAME TO work;",
        good="-- file: 0001_jobs.sql\nCREATE TABLE IF NOT EXISTS jobs (id BIGINT PRIMARY KEY, kind TEXT);\n"
        "-- file: 0002_work.sql\nDROP VIEW IF EXISTS work;\nCREATE VIEW work AS SELECT id, kind FROM jobs;",
        mend="Do what squawk's message says, in a file for PostgreSQL alone where SQLite doesn't know the form "
        "(NAME.postgres.sql); or allow it: -- gate: allow lint.squawk.ID REASON.",
    ),
)
