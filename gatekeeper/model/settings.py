"""The configuration as values, with the contract's defaults (section 4)."""

from pathlib import PurePosixPath
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StrictBool, StrictInt


def _dashed(name: str) -> str:
    return name.replace("_", "-")


class _Table(BaseModel):
    # What isn't used isn't built: all of these would cost each command 20 ms.
    model_config = ConfigDict(
        frozen=True, extra="forbid", alias_generator=_dashed, populate_by_name=True, defer_build=True
    )


def _folder(value: str) -> str:
    """A folder of the repository: relative, ``/`` between segments, no trailing slash; ``.`` is the root."""
    path = PurePosixPath(value)
    if path.is_absolute() or ".." in path.parts or "\\" in value:
        raise ValueError(f"{value!r} must be a folder inside the repository, written with /")
    return str(path)


Folder = Annotated[str, AfterValidator(_folder)]


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

    strict: StrictBool = False


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
    require_down: StrictBool = True
    contiguous: StrictBool = True
    replay: Literal["required", "off"] = "required"
    since: str = ""
    guards: StrictBool = False
    sqlite_functions: dict[str, StrictInt] = Field(default_factory=dict)
    postgres_extensions: tuple[str, ...] = ()
    parity_exceptions: tuple[ParityException, ...] = ()
    statement_timeout: StrictInt = Field(default=60, gt=0)


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
    tests: StrictBool = False
    trace: tuple[TraceFields, ...] = ()


class EvidenceSettings(_Table):
    """``[evidence]``; ``timeout`` is in seconds a command, ``environment`` names variables or globs of them."""

    logs: Literal["ledger", "packet"] = "ledger"
    timeout: StrictInt = Field(default=1800, gt=0)
    environment: tuple[str, ...] = ()


class LedgerSettings(_Table):
    """``[ledger]``."""

    url: str = ""
    separate_duties: StrictBool = False


class PostgresSettings(_Table):
    """``[postgres]``: an empty ``url`` means an embedded server, ``bin`` a directory of server binaries to use."""

    url: str = ""
    bin: str = ""


_TABLE: Any = Field(default={}, validate_default=True)  # so that a table's own class needn't be built for itself


class Settings(_Table):
    """The whole configuration; no file is needed."""

    packets: PacketSettings = _TABLE
    spec: SpecSettings = _TABLE
    git: GitSettings = _TABLE
    authority: AuthoritySettings = _TABLE
    kinds: KindSettings = _TABLE
    migrations: MigrationSettings = _TABLE
    audit: AuditSettings = _TABLE
    evidence: EvidenceSettings = _TABLE
    ledger: LedgerSettings = _TABLE
    postgres: PostgresSettings = _TABLE
