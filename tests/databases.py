"""Databases for the runner's tests: made empty, looked into with the engines' own drivers."""

import sqlite3
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg

from gatekeeper.model.proof import SourceFile

OWN = "gate_migrations"
_TABLES = {
    "sqlite": "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\'",
    "postgres": "SELECT table_name FROM information_schema.tables WHERE table_schema = 'public'",
}
_SCHEMA = {
    "sqlite": ["SELECT name, sql FROM sqlite_master WHERE sql IS NOT NULL ORDER BY 1"],
    "postgres": [
        """SELECT table_name, column_name, data_type FROM information_schema.columns
        WHERE table_schema = 'public' ORDER BY 1, ordinal_position""",
        "SELECT tablename, indexname, indexdef FROM pg_indexes WHERE schemaname = 'public' ORDER BY 2",
    ],
}


@dataclass(frozen=True, slots=True)
class Live:
    """One database: its engine and the URL under which the runner and the tests reach it."""

    engine: str
    url: str

    def empty(self) -> None:
        """Take everything out of it."""
        if self.engine == "sqlite":
            for ending in ("", "-journal", "-wal", "-shm"):
                Path(self._path + ending).unlink(missing_ok=True)
        else:
            self.run("DROP SCHEMA public CASCADE; CREATE SCHEMA public")

    def run(self, script: str) -> None:
        """Run statements, each committed by itself."""
        if self.engine == "sqlite":
            with closing(sqlite3.connect(self._path, isolation_level=None)) as connection:
                connection.executescript(script)
        else:
            with psycopg.connect(self.url, autocommit=True) as connection:
                connection.execute(script.encode())

    @contextmanager
    def _asking(self) -> Iterator[Callable[[str], list[tuple[Any, ...]]]]:
        if self.engine == "sqlite":
            with closing(sqlite3.connect(self._path)) as connection:
                yield lambda query: connection.execute(query).fetchall()
        else:
            with psycopg.connect(self.url) as connection:
                yield lambda query: connection.execute(query.encode()).fetchall()

    def ask(self, query: str) -> list[tuple[Any, ...]]:
        """The rows of a query."""
        with self._asking() as ask:
            return ask(query)

    @property
    def _path(self) -> str:
        return self.url.removeprefix("sqlite:")

    @property
    def _is_there(self) -> bool:
        return self.engine == "postgres" or Path(self._path).exists()

    def versions(self) -> list[str]:
        """What the runner's table records as applied."""
        if OWN not in self.tables():
            return []
        return [
            version for (version,) in self.ask(f"SELECT version FROM {OWN} WHERE state = 'applied' ORDER BY 1")
        ]

    def tables(self) -> set[str]:
        """The names of its tables, the runner's own included."""
        return {name for (name,) in self.ask(_TABLES[self.engine])} if self._is_there else set()

    def content(self, *, own: bool = False) -> list[object]:
        """Schema and rows of all tables, those of the runner's only with ``own``."""
        if not self._is_there:
            return []
        with self._asking() as ask:
            schema = [row for query in _SCHEMA[self.engine] for row in ask(query)]
            names = sorted(name for (name,) in ask(_TABLES[self.engine]) if own or name != OWN)
            rows = [(name, sorted(ask(f'SELECT * FROM "{name}"'), key=repr)) for name in names]
        return [*(row for row in schema if own or OWN not in str(row)), *rows]


def until(happened: Callable[[], object]) -> None:
    """Wait for something that another process or thread does."""
    end = time.monotonic() + 60
    while not happened():
        assert time.monotonic() < end
        time.sleep(0.02)


def sources(texts: Mapping[str, str | bytes]) -> list[SourceFile]:
    """Migration files by name, below ``migrations/``."""
    return [
        SourceFile(f"migrations/{name}", text.encode() if isinstance(text, str) else text)
        for name, text in texts.items()
    ]
