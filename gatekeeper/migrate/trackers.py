"""Migrations that reach for the table in which a runner records what it ran (contract, section 5)."""

from collections.abc import Collection, Iterable, Iterator

from gatekeeper.engines.base import EngineName
from gatekeeper.migrate.scripts import Script
from gatekeeper.migrate.tracking import TABLE
from gatekeeper.model.finding import Finding
from gatekeeper.sql import Kind, unquoted

# Of sqlx, Rails and golang-migrate and dbmate, diesel, goose, Flyway, Alembic, Knex, refinery, and our own.
TRACKING_TABLES = frozenset(
    {
        *("_sqlx_migrations", "schema_migrations", "__diesel_schema_migrations", "goose_db_version"),
        *("flyway_schema_history", "alembic_version", "knex_migrations", "refinery_schema_history"),
        *("django_migrations", "gorp_migrations", TABLE),
    }
)
_VERBS = {("DROP", "TABLE"), ("DELETE", "FROM"), ("TRUNCATE", "TABLE"), ("ALTER", "TABLE")}


def tracking(engine: EngineName, scripts: Iterable[Script], own: Collection[str]) -> Iterator[Finding]:
    """A finding for each statement that empties, drops or alters a tracking table that is none of the ``own``."""
    made: set[str] = set()
    every = ((script, statement) for script in scripts for statement in script.split(engine).statements)
    for script, statement in every:
        names = [unquoted(t, engine).lower() for t in statement.tokens if t.kind in {Kind.WORD, Kind.QUOTED}]
        touched = next((name for name in names if name in TRACKING_TABLES), None)
        if touched is None or touched in own or touched in made:
            continue
        if statement.words[:2] in _VERBS or statement.words[:1] == ("TRUNCATE",):
            yield Finding(
                rule="migration.tracking",
                message=f"The statement changes {touched}, in which a runner records what it ran.",
                path=script.path,
                line=statement.line,
                hint="Leave the tracking table to the runner; remove the statement.",
                engine=engine,
            )
        elif statement.words[:1] == ("CREATE",):
            made.add(touched)
