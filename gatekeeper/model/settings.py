"""The configuration as values, with the contract's defaults (section 4)."""

from dataclasses import field
from pathlib import PurePosixPath
from typing import Annotated, Any, ClassVar, Literal

from gatekeeper.model.value import Held, Through, Value


def dashed(name: str) -> str:
    """The key that a file has for a field."""
    return name.replace("_", "-")


class _Table(Value):
    # Unknown keys are errors; a file's keys have dashes.
    __pydantic_config__: ClassVar[dict[str, Any]] = {
        "extra": "forbid",
        "alias_generator": dashed,
        "populate_by_name": True,
    }


def _folder(value: str) -> str:
    """A folder of the repository: relative, ``/`` between segments, no trailing slash; ``.`` is the root."""
    path = PurePosixPath(value)
    if path.is_absolute() or ".." in path.parts or "\\" in value:
        raise ValueError(f"{value!r} must be a folder inside the repository, written with /")
    return str(path)


Folder = Annotated[str, Through(_folder)]
_Switch = Annotated[bool, Held("strict", True)]
_Count = Annotated[int, Held("strict", True)]
_Seconds = Annotated[int, Held("strict", True), Held("gt", 0)]


class PacketSettings(_Table):
    """``[packets]``."""

    dir: Folder = "packets"
    refinements: Folder = "packets/refinements"
    refinement: Literal["required", "off"] = "required"
    exempt: tuple[str, ...] = ()


class SpecSettings(_Table):
    """``[spec]``."""

    pointer: str = ""


class GitSettings(_Table):
    """``[git]``."""

    main: str = "main"


class AuthoritySettings(_Table):
    """``[authority]``."""

    strict: _Switch = False


class KindSettings(_Table):
    """``[kinds]``: globs that tell a manifest entry's kind."""

    migration: tuple[str, ...] = ("migrations/**",)
    storage: tuple[str, ...] = ()


class ParityException(_Table):
    """One declared difference between the engines."""

    object: str
    reason: str


class MigrationSettings(_Table):
    """``[migrations]``; ``sqlite`` and ``postgres`` replace ``paths`` where each engine has a set of its own."""

    paths: tuple[str, ...] = ("migrations",)
    sqlite: tuple[str, ...] = ()
    postgres: tuple[str, ...] = ()
    layout: Literal["auto", "suffix", "up-down", "folder", "sections"] = "auto"
    engines: tuple[Literal["sqlite", "postgres"], ...] = ("sqlite", "postgres")
    require_down: _Switch = True
    contiguous: _Switch = True
    replay: Literal["required", "off"] = "required"
    since: str = ""
    guards: _Switch = False
    sqlite_functions: dict[str, _Count] = field(default_factory=dict)
    postgres_extensions: tuple[str, ...] = ()
    parity_exceptions: tuple[ParityException, ...] = ()
    statement_timeout: _Seconds = 60


class TraceFields(_Table):
    """Names that every function which logs has to name, in the files of these globs."""

    paths: tuple[str, ...]
    fields: tuple[str, ...]


class AuditSettings(_Table):
    """``[audit]``."""

    packs: tuple[str, ...] = ("rust-sqlx", "sql-portability", "hygiene")
    sources: tuple[str, ...] = ("src/**", "**/migrations/**")
    storage: tuple[str, ...] = ("**/storage/**",)
    rules: tuple[Folder, ...] = ()
    tests: _Switch = False
    trace: tuple[TraceFields, ...] = ()


class EvidenceSettings(_Table):
    """``[evidence]``; ``timeout`` is in seconds a command, ``environment`` names variables or globs of them."""

    logs: Literal["ledger", "packet"] = "ledger"
    timeout: _Seconds = 1800
    environment: tuple[str, ...] = ()


class LedgerSettings(_Table):
    """``[ledger]``."""

    url: str = ""
    separate_duties: _Switch = False


class PostgresSettings(_Table):
    """``[postgres]``: an empty ``url`` means an embedded server, ``bin`` a directory of server binaries to use."""

    url: str = ""
    bin: str = ""


class Settings(_Table):
    """The whole configuration; no file is needed."""

    packets: PacketSettings = field(default_factory=PacketSettings)
    spec: SpecSettings = field(default_factory=SpecSettings)
    git: GitSettings = field(default_factory=GitSettings)
    authority: AuthoritySettings = field(default_factory=AuthoritySettings)
    kinds: KindSettings = field(default_factory=KindSettings)
    migrations: MigrationSettings = field(default_factory=MigrationSettings)
    audit: AuditSettings = field(default_factory=AuditSettings)
    evidence: EvidenceSettings = field(default_factory=EvidenceSettings)
    ledger: LedgerSettings = field(default_factory=LedgerSettings)
    postgres: PostgresSettings = field(default_factory=PostgresSettings)
