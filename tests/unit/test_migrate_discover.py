"""Discovery: layouts, versions, engines, and the misfits that make it an error."""

from collections.abc import Iterable, Iterator, Sequence

import pytest

from gatekeeper.migrate.discover import Discovery, discover, takes_part, version_of
from gatekeeper.migrate.source import migration_files
from gatekeeper.model.changes import PathTest, Side
from gatekeeper.model.errors import UsageError
from gatekeeper.model.finding import Severity
from gatekeeper.model.plain import plain
from gatekeeper.model.proof import SourceFile
from gatekeeper.model.settings import MigrationSettings


def found(names: list[str], settings: MigrationSettings | None = None, text: bytes = b"SELECT 1;") -> Discovery:
    return discover([SourceFile(name, text) for name in names], settings or MigrationSettings())


def pairs(discovery: Discovery, engine: str = "sqlite") -> list[tuple[str, str, str | None]]:
    sets = {str(name): own for name, own in discovery.sets.items()}
    return [(m.version.text, m.path, m.down.path if m.down else None) for m in sets[engine].migrations]


@pytest.mark.parametrize(
    ("name", "text", "key"),
    [
        ("0001_init.sql", "0001", 1),
        ("7.sql", "7", 7),
        ("V0012.Name.sql", "0012", 12),
        ("V2__flyway.sql", "2", 2),
        ("20240102_day.sql", "20240102", 20240102 * 10**12),
        ("20240102030405_second.sql", "20240102030405", 20240102030405 * 10**6),
        ("2024-01-02-030405_dashes", "20240102030405", 20240102030405 * 10**6),
    ],
)
def test_a_version_is_the_digits_before_the_first_separator(name: str, text: str, key: int) -> None:
    version = version_of(name)
    assert version is not None
    assert (version.text, version.key) == (text, key)


@pytest.mark.parametrize("name", ["seed.sql", "v.sql", "a1_x.sql", "_1.sql", "-_x.sql"])
def test_a_name_without_digits_has_no_version(name: str) -> None:
    assert version_of(name) is None


def test_timestamps_order_after_numbers_and_by_time_whatever_their_length() -> None:
    names = ["20240102030405_b", "20240102_a", "0100_old", "20240103_c"]
    ordered = sorted(names, key=lambda name: getattr(version_of(name), "key", 0))
    assert ordered == ["0100_old", "20240102_a", "20240102030405_b", "20240103_c"]


@pytest.mark.parametrize(
    ("layout", "names"),
    [
        ("suffix", ["migrations/0001_a.sql", "migrations/0001_a.down.sql"]),
        ("up-down", ["migrations/0001_a.up.sql", "migrations/0001_a.down.sql"]),
        ("folder", ["migrations/0001_a/up.sql", "migrations/0001_a/down.sql"]),
    ],
)
def test_each_layout_is_recognised_and_its_downs_paired(layout: str, names: list[str]) -> None:
    discovery = found(names)
    assert discovery.layout == layout
    assert layout in discovery.reason
    assert pairs(discovery) == [("0001", names[0], names[1])]
    assert pairs(found(names, plain(MigrationSettings, {"layout": layout}))) == pairs(discovery)


@pytest.mark.parametrize(
    ("up", "down"),
    [
        ("-- +goose Up\n-- +goose StatementBegin", "-- +goose Down"),
        ("-- migrate:up transaction:false", "-- migrate:down"),
        ("-- +migrate Up notransaction", "-- +migrate Down"),
        ("-- Up", "-- Down"),
    ],
)
def test_one_file_may_hold_both_directions(up: str, down: str) -> None:
    text = f"{up}\nCREATE TABLE a (x TEXT);\n\n{down}\nDROP TABLE a;\n"
    discovery = found(["migrations/1_a.sql"], text=text.encode())
    (migration,) = discovery.sets["sqlite"].migrations
    assert discovery.layout == "sections"
    assert migration.down is not None
    ups = migration.up.split("sqlite").statements
    downs = migration.down.split("sqlite").statements
    assert [s.text for s in ups] == ["CREATE TABLE a (x TEXT);"]
    assert [(s.text, s.line) for s in downs] == [("DROP TABLE a;", text.count("\n"))]
    assert migration.up.no_transaction is ("alse" in up or "notrans" in up)
    assert migration.down.no_transaction is False


def test_a_comment_that_mentions_up_makes_no_sections() -> None:
    discovery = found(["migrations/1_a.sql"], text=b"-- Up\n-- Down to earth\nSELECT 1;")
    assert discovery.layout == "suffix"


def test_mixed_layouts_are_an_error_that_names_the_misfits() -> None:
    names = ["migrations/1_a.up.sql", "migrations/2_b.up.sql", "migrations/3_c.sql", "migrations/4_d/up.sql"]
    with pytest.raises(UsageError) as error:
        found(names)
    assert "These don't fit: migrations/3_c.sql, migrations/4_d/up.sql." in error.value.message
    assert "up-down" in error.value.message


def test_a_configured_layout_is_held_to() -> None:
    with pytest.raises(UsageError, match=r"migrations/1_a\.sql"):
        found(["migrations/1_a.sql"], MigrationSettings(layout="folder"))


def test_other_files_are_left_alone_and_those_that_look_like_migrations_are_told() -> None:
    left = ["migrations/README.md", "migrations/1_a.rows.sql", "migrations/sub/more.sql", "src/3_c.sql"]
    old = ["migrations/sub/2_b.sql", "migrations/sub/2_b.down.sql", "migrations/sub/2_b.rows.sql"]
    discovery = found([*left, *old, "migrations/1_a.sql", "migrations/seed.sql"])
    assert pairs(discovery) == [("1", "migrations/1_a.sql", None)]
    assert [(finding.rule, finding.severity, finding.path) for finding in discovery.findings] == [
        ("migration.unversioned", Severity.WARNING, "migrations/seed.sql"),
        ("migration.unread", Severity.NOTE, "migrations/sub/2_b.down.sql"),
        ("migration.unread", Severity.NOTE, "migrations/sub/2_b.sql"),
    ]


def test_a_folder_in_a_folder_is_read_where_it_is_named_itself() -> None:
    names = ["migrations/2_b.sql", "migrations/old/1_a.sql"]
    both = found(names, MigrationSettings(paths=("migrations", "migrations/old")))
    assert [path for _, path, _ in pairs(both)] == ["migrations/old/1_a.sql", "migrations/2_b.sql"]
    assert both.findings == ()
    apart = found(names, MigrationSettings(paths=("migrations",), postgres=("migrations/old",)))
    assert [path for _, path, _ in pairs(apart, "postgres")] == ["migrations/old/1_a.sql"]
    assert apart.findings == ()


def test_a_name_may_be_for_one_engine() -> None:
    discovery = found(
        ["migrations/1_a.sqlite.sql", "migrations/1_a.postgres.sql", "migrations/1_a.down.sql"],
    )
    assert pairs(discovery) == [("1", "migrations/1_a.sqlite.sql", "migrations/1_a.down.sql")]
    assert pairs(discovery, "postgres") == [("1", "migrations/1_a.postgres.sql", "migrations/1_a.down.sql")]
    assert discovery.findings == ()


def test_ups_and_downs_pair_by_version_and_differing_names_are_a_note() -> None:
    discovery = found(["migrations/0001_a.sql", "migrations/1_b.down.sql"])
    assert pairs(discovery) == [("0001", "migrations/0001_a.sql", "migrations/1_b.down.sql")]
    assert [(f.rule, f.severity) for f in discovery.findings] == [("migration.names-differ", Severity.NOTE)]


@pytest.mark.parametrize(
    "path", ["db/*/migrations", "db/a/migrations/", "./db/a/migrations", "db/a/migrations/1_x.sql"]
)
def test_paths_are_folders_globs_or_files(path: str) -> None:
    assert takes_part("db/a/migrations/1_x.sql", MigrationSettings(paths=(path,)))
    assert not takes_part("db/1_x.sql", MigrationSettings(paths=(path,)))


def test_the_root_can_be_the_folder() -> None:
    assert pairs(found(["1_a.sql"], MigrationSettings(paths=(".",)))) == [("1", "1_a.sql", None)]


class Tree:
    """A tree that refuses to read what isn't asked for."""

    def __init__(self, files: dict[str, bytes]) -> None:
        self.entries = {path: Side("120000" if "link" in path else "100644", "0" * 40) for path in files}
        self._files = files

    def read(self, path: str) -> bytes:
        assert path.startswith("migrations/1")
        return self._files[path]

    def read_each(self, paths: Iterable[str], limit: int) -> Iterator[tuple[str, bytes | None]]:
        return ((path, self.read(path)[:limit]) for path in paths)

    def named(self, test: PathTest) -> Sequence[str]:
        return sorted(filter(test, self.entries))

    def is_folder(self, path: str) -> bool:
        return any(name.startswith(f"{path}/") for name in self._files)


def test_only_migrations_are_read_from_a_tree() -> None:
    tree = Tree({"src/big.bin": b"", "migrations/1_a.sql": b"SELECT 1;", "migrations/2_link.sql": b"1_a.sql"})
    assert migration_files(tree, MigrationSettings()) == [SourceFile("migrations/1_a.sql", b"SELECT 1;")]


def test_each_engine_may_have_a_folder_of_its_own_with_versions_of_its_own() -> None:
    names = ["migrations/sqlite/0001_a.sql", "migrations/sqlite/0001_a.down.sql"]
    theirs = ["migrations/postgres/20240101_b/up.sql", "migrations/postgres/20240101_b/down.sql"]
    same = ["migrations/postgresql/0003_b.sql", "migrations/postgresql/0003_b.down.sql"]
    discovery = found(names + same)
    assert pairs(discovery) == [("0001", *names)]
    assert pairs(discovery, "postgres") == [("0003", *same)]
    assert [own.shared for own in discovery.sets.values()] == [False, False]
    assert discovery.findings == ()
    assert pairs(found(theirs, MigrationSettings(engines=("postgres",))), "postgres") == [("20240101", *theirs)]


def test_a_shared_folder_beside_engine_folders_is_run_on_both() -> None:
    names = ["migrations/1_a.sql", "migrations/sqlite/2_b.sql", "migrations/postgres/2_b.sql"]
    discovery = found(names)
    assert [path for _, path, _ in pairs(discovery)] == [names[0], names[1]]
    assert [path for _, path, _ in pairs(discovery, "postgres")] == [names[0], names[2]]
    assert [own.shared for own in discovery.sets.values()] == [True, True]


def test_a_folder_named_like_an_engine_elsewhere_means_nothing() -> None:
    assert pairs(found(["sqlite/1_a.sql", "migrations/old/sqlite/1_a.sql"])) == []
    own = MigrationSettings(paths=("db/postgres",))
    assert pairs(found(["db/postgres/1_a.sql"], own)) == [("1", "db/postgres/1_a.sql", None)]
