"""Five repositories of different shape, as they are before anybody has heard of the gate."""

from collections.abc import Callable, Mapping
from pathlib import Path

from application import commit, git

UP = "CREATE TABLE IF NOT EXISTS {0} (id BIGINT NOT NULL PRIMARY KEY, name TEXT NOT NULL);\n"
DOWN = "DROP TABLE IF EXISTS {0};\n"
PACKET = "# Work Packet: {0}\n\n## METADATA\n- WP_ID: {0}\n- **Status:** Done\n"

Files = Mapping[str, str]


def rust_sqlx() -> dict[str, str]:
    """The layout of the reference packet: task packets under docs, Rust with sqlx under src."""
    core = "src/backend/core"
    files = {
        "docs/SPEC_CURRENT.md": "The current specification is Spec_v1.md.\n",
        "docs/Spec_v1.md": "# Spec\n\n## Storage [CX-STO-001]\n\n- Two engines.\n",
        "docs/task_packets/WP-1-Start.md": PACKET.format("WP-1-Start"),
        "docs/task_packets/stubs/WP-2-Later.md": "A stub.\n",
        "docs/refinements/WP-1-Start.md": "## TECHNICAL_REFINEMENT\n",
        f"{core}/Cargo.toml": '[dependencies]\nsqlx = { version = "0.8", features = ["sqlite", "postgres"] }\n',
        f"{core}/src/main.rs": "fn main() {}\n",
        f"{core}/src/storage/mod.rs": "pub mod sqlite;\n",
        f"{core}/src/storage/sqlite.rs": "// SQLite\n",
    }
    for number, table in enumerate(("documents", "blocks"), start=1):
        files[f"{core}/migrations/{number:04d}_{table}.sql"] = UP.format(table)
        files[f"{core}/migrations/{number:04d}_{table}.down.sql"] = DOWN.format(table)
    return files


def python_two_sets() -> dict[str, str]:
    """A Python application with one set of migrations for each engine."""
    files = {
        "pyproject.toml": '[project]\nname = "app"\nversion = "1"\ndependencies = ["psycopg"]\n',
        "app/__init__.py": "",
        "app/db/__init__.py": "import sqlite3\n",
        "app/web.py": "print('hello')\n",
        "tests/test_web.py": "def test_web(): pass\n",
    }
    for engine in ("sqlite", "postgres"):
        files[f"app/migrations/{engine}/0001_jobs.sql"] = UP.format("jobs")
        files[f"app/migrations/{engine}/0001_jobs.down.sql"] = DOWN.format("jobs")
    return files


def typescript() -> dict[str, str]:
    """A TypeScript service on PostgreSQL alone: *.up.sql, an old migration that can't pass, files of its own."""
    return {
        "package.json": '{"name": "service", "dependencies": {"pg": "^8.0.0"}}\n',
        "server/index.ts": "export const port = 1;\n",
        "server/database/pool.ts": 'import pg from "pg";\n',
        "db/migrations/20240101120000_users.up.sql": "CREATE TABLE users (id BIGINT PRIMARY KEY, tags JSONB);\n",
        "db/migrations/20240101120000_users.down.sql": DOWN.format("users"),
        "db/migrations/20240215093000_teams.up.sql": UP.format("teams"),
        "db/migrations/20240215093000_teams.down.sql": DOWN.format("teams"),
        "justfile": "build:\n    npm run build\n\npost-work wp:\n    echo {{wp}}",
        ".pre-commit-config.yaml": "repos:\n- repo: local\n  hooks:\n  - id: format\n    name: format\n"
        "    entry: npm run format\n    language: system\n",
        "AGENTS.md": "# Agents\r\n\r\nBe kind.\r\n",
    }


def no_migrations() -> dict[str, str]:
    """A Go tool without a database, on a branch that is called master."""
    return {"go.mod": "module example/tool\n", "cmd/tool/main.go": "package main\n", "README.md": "A tool.\n"}


def packets_only() -> dict[str, str]:
    """Nothing but plans."""
    names = ("WP-1-Plan", "WP-1-Plan-v2", "WP-2-Other")
    return {f"packets/{name}.md": PACKET.format(name) for name in names}


REPOSITORIES: Mapping[str, tuple[Callable[[], Files], str]] = {
    "Rust and sqlx": (rust_sqlx, "main"),
    "Python with two sets": (python_two_sets, "main"),
    "TypeScript with up.sql": (typescript, "main"),
    "no migrations": (no_migrations, "master"),
    "packets only": (packets_only, "main"),
}


def made(repo: Path, files: Files, main: str = "main") -> Path:
    """A repository with these files in one commit."""
    repo.mkdir(parents=True)
    git(repo, "init", "-q", "--template=", "-b", main)
    commit(repo, "What there is", {name: text.encode() for name, text in files.items()})
    return repo
